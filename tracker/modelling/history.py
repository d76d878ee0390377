"""A folder of recorded games that `tracker history` adds to: by date, and every game once.

The events of a few seasons are millions of rows. They are read and written one group of rows at a
time, so that a folder may be larger than the memory.

An event is one action of the league CDN's play-by-play: what happened, who did it, and the score.
The play-by-play does not say who is on the court. This follows from the box's starters and from
every substitution, including those between periods. It is trusted for a game where the minutes that
it gives each player agree with the box.

No schedule lists the ids of an earlier season's games, so they are tried one after the other. An id
has ten digits: league, kind of game, year in which the season began, number. The numbers of regular
season games count from 1; the last digits of a playoff or play-in game are round, series and game.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from tracker.domain import Impossible, Misused
from tracker.domain.catalog import code_in
from tracker.domain.game import Game, GameState, PlayerLine, Side
from tracker.domain.league import LEAGUES, WNBA
from tracker.domain.prior import Finished
from tracker.feeds import FeedMalformed, strict
from tracker.feeds.strict import MOST_PERIODS, Strict, Text, read_json


class Event(NamedTuple):
    """One row of `events.parquet`.

    `clock_s` is the seconds left of the period, and the scores are those after the event.
    `players_on` holds the ids of the ten players on the court after it, joined by `|`; it is empty
    in a game for which they are not known.
    """

    game_id: str
    game_date: str
    season: str
    seq: int
    period: int
    clock_s: float
    home_score: int
    away_score: int
    action: str
    made: bool
    side: str | None
    person_id: int | None
    assister_id: int | None
    players_on: str | None


class PlayerGameRow(NamedTuple):
    """One row of `player_games.parquet`: the figures of a player in a game that he played in.

    `min` is minutes, `tov` turnovers, `fg3m` threes made; a figure that the box leaves out is 0.
    """

    game_id: str
    person_id: int
    season: str
    date: str
    team: str
    name: str
    min: float
    pts: int
    reb: int
    ast: int
    stl: int
    blk: int
    tov: int
    fg3m: int


FAR_OFF = 0.5
"""Minutes by which a player's time on the court may differ from the box, for a game's players on
the court to be trusted."""


class ActionDocument(Strict):
    """An action of a play-by-play; its scores are texts, blank before the first one."""

    order: Annotated[int, Field(ge=0)] = Field(alias="orderNumber")
    clock: Text
    period: Annotated[int, Field(ge=1, le=MOST_PERIODS)]
    kind: Text = Field(alias="actionType")
    team: Text | None = Field(None, alias="teamTricode")
    result: Text | None = Field(None, alias="shotResult")
    sub: Text | None = Field(None, alias="subType")
    person: Annotated[int, Field(ge=0)] | None = Field(None, alias="personId")
    assister: Annotated[int, Field(ge=0)] | None = Field(None, alias="assistPersonId")
    home: Any = Field(None, alias="scoreHome")
    away: Any = Field(None, alias="scoreAway")


class PlaysDocument(Strict):
    """The value of `game` in a play-by-play document."""

    actions: list[ActionDocument]


class PlaysBody(Strict):
    """A whole play-by-play document."""

    game: PlaysDocument


def events_of(body: bytes, final: GameState) -> list[Event]:
    """The events of a finished game, from its play-by-play.

    Raises FeedMalformed when they do not lead to the final score.
    """
    game = final.game
    named = season_of(game)
    rows: list[Event] = []
    home = away = 0
    actions = sorted(read_json(PlaysBody, body).game.actions, key=lambda x: x.order)
    clocks = [strict.seconds(x.clock, "clock") or 0.0 for x in actions]
    courts = _courts(actions, clocks, final)
    for seq, (x, clock) in enumerate(zip(actions, clocks, strict=True)):
        home, away = _points(x.home, home), _points(x.away, away)
        rows.append(
            Event(
                game.id, game.slate.isoformat(), named, seq, x.period, clock, home, away,
                x.kind, x.result == "Made", _side(x.team, final), x.person or None,
                x.assister or None, courts[seq],
            )
        )  # fmt: skip
    if (home, away) != (final.score.home, final.score.away):
        raise FeedMalformed("game.actions", "do not lead to the final score")
    return rows


def season_of(game: Game) -> str:
    """A game's season, by the year in its id: that of 2019 lasted until October 2020."""
    year = 2000 + int(game.id[3:5])
    return str(year) if game.league == WNBA.id else f"{year}-{(year + 1) % 100:02d}"


def players_of(final: GameState) -> list[PlayerGameRow]:
    """The figures of each player who played in a finished game."""
    game = final.game
    named, day = season_of(game), game.slate.isoformat()
    return [
        PlayerGameRow(
            game.id, int(x.id), named, day, game.home if x.side is Side.HOME else game.away,
            x.name, x.minutes, *(dict(x.stats).get(stat, 0) for stat in _FIGURES),
        )
        for x in _played(final)
    ]  # fmt: skip


_FIGURES = ("pts", "reb", "ast", "stl", "blk", "to", "3pm")
"""Names of a box's statistics, in the order of the fields of PlayerGameRow."""


def _played(final: GameState) -> Iterator[PlayerLine]:
    return (x for x in final.players if x.played and x.minutes > 0 and x.id.isdecimal())


def _courts(
    actions: Sequence[ActionDocument], clocks: Sequence[float], final: GameState
) -> list[str]:
    """The ids of the players on the court after each action, joined by `|`.

    All texts are empty when the players' times do not agree with the box.
    """
    on = {int(x.id) for x in _played(final) if x.starter}
    rules = final.game.rules
    found: list[str] = []
    seconds = Counter[int]()
    period, last = 1, float(rules.length_of(1))
    for x, clock in zip(actions, clocks, strict=True):
        if x.period != period:
            seconds.update(dict.fromkeys(on, last))
            period, last = x.period, float(rules.length_of(x.period))
        seconds.update(dict.fromkeys(on, max(last - clock, 0.0)))
        last = min(last, clock)
        if x.kind == _SUBSTITUTION and x.person:
            on = on | {x.person} if x.sub == "in" else on - {x.person}
        found.append("|".join(map(str, sorted(on))))
    seconds.update(dict.fromkeys(on, last))
    played = {int(x.id): x.minutes for x in _played(final)}
    sure = played.keys() >= {who for who, x in seconds.items() if x > 60 * FAR_OFF} and all(
        abs(seconds[who] / 60 - minutes) <= FAR_OFF for who, minutes in played.items()
    )
    return found if sure and played else [""] * len(found)


_SUBSTITUTION = "substitution"


def _points(score: Any, before: int) -> int:
    return int(score) if isinstance(score, str) and score.isdecimal() else before


def _side(code: str | None, final: GameState) -> str | None:
    if not code:
        return None
    side = final.game.side_of(code_in(final.game.league, code))
    return None if side is None else side.value


_GAMES = (
    "game_id", "season", "game_date", "team_id_home", "team_id_road", "pts_home", "pts_road",
    "players",
)  # fmt: skip
"""The columns of `games.parquet`; `players` is whether the players on the court are known."""

_OLD_EVENTS, _OLD_GAMES = Event._fields[:11], _GAMES[:7]
"""The columns of a folder that was collected without players."""

_ORDER = [("game_date", "ascending"), ("game_id", "ascending")]
_GROUP = 1 << 16
"""The most rows of events in one group."""


class HistoryFolder:
    """The recorded games of one league, as `tracker fit` reads them."""

    def __init__(self, folder: Path, league: str) -> None:
        """Read what the folder holds; only `add` writes. Raises Impossible for a foreign file."""
        home = folder / league
        self._home, self._league = home, league
        self._events, self._players = home / "events.parquet", home / "player_games.parquet"
        _check(self._events, Event._fields, _OLD_EVENTS)
        _check(self._players, PlayerGameRow._fields)
        _check(home / "games.parquet", _GAMES, _OLD_GAMES)
        self._games = _filled(_read(home / "games.parquet"), _schema(_GAMES))
        self._player_games = _filled(_read(self._players), _schema(PlayerGameRow._fields))

    @property
    def known(self) -> frozenset[str]:
        """The ids of the games in the folder, without those collected without players."""
        if self._games is None:
            return frozenset()
        pairs = zip(*(self._games[x].to_pylist() for x in ("game_id", "players")), strict=True)
        return frozenset(name for name, players in pairs if players is not None)

    @property
    def games(self) -> int:
        """The number of games in the folder."""
        return 0 if self._games is None else int(self._games.num_rows)

    @property
    def latest(self) -> date | None:
        """The date of the latest game in the folder; None when it is empty."""
        days = [] if self._games is None else self._games["game_date"].to_pylist()
        return date.fromisoformat(max(days)) if days else None

    def finished(self) -> tuple[Finished, ...]:
        """The results of the games in the folder, with both teams' points by half."""
        rows = [] if self._games is None else self._games.to_pylist()
        periods = LEAGUES[self._league].periods
        half, whole = (self._points_until(x) for x in (periods // 2, periods))
        return tuple(
            Finished(
                self._league, date.fromisoformat(x["game_date"]), x["team_id_home"],
                x["team_id_road"], x["pts_home"], x["pts_road"],
                (half[x["game_id"]], whole[x["game_id"]] - half[x["game_id"]])
                if x["game_id"] in half else None,
            )
            for x in rows
        )  # fmt: skip

    def _points_until(self, period: int) -> dict[str, int]:
        """The sum of both teams' points at the end of a period, by game id."""
        import pyarrow.compute as pc

        found: dict[str, tuple[int, int]] = {}
        for group in _groups(self._events, ("game_id", "period", "home_score", "away_score")):
            played = group.filter(pc.less_equal(group["period"], period))
            sums = played.group_by("game_id").aggregate(
                [("home_score", "max"), ("away_score", "max")]
            )
            for x in sums.to_pylist():
                home, away = found.get(x["game_id"], (0, 0))
                best = max(home, x["home_score_max"]), max(away, x["away_score_max"])
                found[x["game_id"]] = best
        return {game: sum(points) for game, points in found.items()}

    def add(self, games: Sequence[tuple[GameState, Iterable[Event]]]) -> None:
        """Add finished games with their events; a game that is there already is replaced."""
        if not games:
            return
        import pyarrow as pa

        rows = [event for _, events in games for event in events]
        whole = {x.game_id for x in rows if x.players_on}
        heads = [_head(state, state.game.id in whole) for state, _ in games]
        who = [x for state, _ in games if state.game.id in whole for x in players_of(state)]
        ids = [state.game.id for state, _ in games]
        self._home.mkdir(parents=True, exist_ok=True)
        self._write_events(_table(rows, Event), ids)
        by_person = _table(who, PlayerGameRow)
        order = [("date", "ascending"), ("game_id", "ascending"), ("person_id", "ascending")]
        self._player_games = _together(self._player_games, by_person, ids).sort_by(order)
        _write(self._player_games, self._players)
        listed = pa.Table.from_pylist(heads, schema=_schema(_GAMES))
        # The list of games is written last: after a stop, games not in it are collected again.
        self._games = _together(self._games, listed, ids).sort_by(_ORDER)
        _write(self._games, self._home / "games.parquet")

    def _write_events(self, fresh: Any, ids: Sequence[str]) -> None:
        """Merge the events of some games into the file, one group of rows at a time."""
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        order = [*_ORDER, ("seq", "ascending")]
        fresh = fresh.sort_by(order)
        path = self._events.with_suffix(".new")
        with pq.ParquetWriter(path, fresh.schema) as out:
            for group in _groups(self._events, None):
                old = _without(_filled(group, fresh.schema), ids)
                if not old.num_rows:
                    continue
                end = (old["game_date"][-1].as_py(), old["game_id"][-1].as_py())
                days, names = fresh["game_date"], fresh["game_id"]
                same_day = pc.and_(pc.equal(days, end[0]), pc.less(names, end[1]))
                before = pc.or_(pc.less(days, end[0]), same_day)
                early = fresh.filter(before)
                fresh = fresh.filter(pc.invert(before))
                whole = pa.concat_tables([old, early]).sort_by(order) if early.num_rows else old
                out.write_table(whole, row_group_size=_GROUP)
            if fresh.num_rows:
                out.write_table(fresh, row_group_size=_GROUP)
        path.replace(self._events)


def _head(state: GameState, players: bool) -> dict[str, Any]:
    game = state.game
    values = (
        game.id, season_of(game), game.slate.isoformat(), game.home, game.away,
        state.score.home, state.score.away, players,
    )  # fmt: skip
    return dict(zip(_GAMES, values, strict=True))


_WHOLE = (
    "seq", "period", "home_score", "away_score", "person_id", "assister_id", "pts_home", "pts_road",
    "pts", "reb", "ast", "stl", "blk", "tov", "fg3m",
)  # fmt: skip


def _schema(names: Sequence[str]) -> Any:
    import pyarrow as pa

    types = dict.fromkeys(_WHOLE, pa.int64()) | dict.fromkeys(("clock_s", "min"), pa.float64())
    types |= dict.fromkeys(("made", "players"), pa.bool_())
    return pa.schema([(name, types.get(name, pa.string())) for name in names])


def _table(rows: Sequence[Event | PlayerGameRow], row: type[Event | PlayerGameRow]) -> Any:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * len(row._fields)
    schema = _schema(row._fields)
    arrays = [pa.array(x, t) for x, t in zip(columns, schema.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _filled(table: Any, schema: Any) -> Any:
    """A table cast to a schema; columns that it lacks are added as nulls."""
    if table is None:
        return None
    import pyarrow as pa

    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.cast(schema)


def _without(table: Any, ids: Sequence[str]) -> Any:
    """A table without the rows of some games."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return table.filter(pc.invert(pc.is_in(table["game_id"], pa.array(ids))))


def _together(old: Any, fresh: Any, ids: Sequence[str]) -> Any:
    """The old rows without those of the given games, followed by the fresh rows."""
    import pyarrow as pa

    return fresh if old is None else pa.concat_tables([_without(old, ids), fresh])


def _check(path: Path, *forms: Sequence[str]) -> None:
    """Check that a file has one of the known forms, if it exists. Raises Impossible otherwise."""
    if not path.exists():
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = tuple(pq.read_schema(path).names)
    except pa.ArrowException as why:
        raise Impossible(f"{path} cannot be read ({why}): name another folder") from why
    if found not in forms:
        raise Impossible(f"{path} is a dataset of another form: name another folder")


def _read(path: Path) -> Any:
    if not path.exists():
        return None
    import pyarrow.parquet as pq

    return pq.read_table(path)


def _groups(path: Path, columns: Sequence[str] | None) -> Iterator[Any]:
    """The groups of rows of a file in order; none without the file."""
    if not path.exists():
        return
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for k in range(file.num_row_groups):
            yield file.read_row_group(k, columns=None if columns is None else list(columns))


def _write(table: Any, path: Path) -> None:
    import pyarrow.parquet as pq

    fresh = path.with_suffix(".new")
    pq.write_table(table, fresh)
    fresh.replace(path)


_PREFIX = {"nba": "00", "wnba": "10"}
_REGULAR, _PLAYOFFS, _PLAY_IN, _CUP = "2", "4", "5", "6"
_MOST_GAMES = 1400
_PLAY_IN_GAMES = {"nba": (101, 111, 121, 131, 201, 211), "wnba": (1,)}
"""The numbers of the play-in's games. The WNBA has no play-in: its cup final has the first one."""
_SERIES = {1: 8, 2: 4, 3: 2, 4: 1}
_LONGEST_SERIES = 7
_NAME = re.compile(r"(20[0-9]{2})(?:-([0-9]{2}))?")

MOST_MISSES = 12
"""Ids in a row without a game that end the regular season: fewer are games never played."""


@dataclass(frozen=True, slots=True)
class Run:
    """Ids to try in order, until `most_misses` in a row belong to no game."""

    ids: tuple[str, ...]
    most_misses: int


def runs(league: str, season: str) -> Iterator[Run]:
    """The ids that a season's games may have. Raises Misused for a text that names no season."""
    written = _NAME.fullmatch(season)
    summer = league == WNBA.id
    year = int(written[1]) if written else 0
    if (
        not written
        or (written[2] is None) is not summer
        or (not summer and int(written[2]) != (year + 1) % 100)
    ):
        raise Misused(
            f"{season!r} is no season of the {league.upper()}: write "
            + ("2025" if summer else "one such as 2024-25")
        )
    begun = f"{year % 100:02d}"

    def named(kind: str, number: int) -> str:
        return f"{_PREFIX[league]}{kind}{begun}{number:05d}"

    yield Run(tuple(named(_REGULAR, n) for n in range(1, _MOST_GAMES)), MOST_MISSES)
    yield Run((named(_CUP, 1),), 1)
    yield Run(tuple(named(_PLAY_IN, n) for n in _PLAY_IN_GAMES[league]), 2)
    for number, series in _SERIES.items():
        for one in range(series):
            first = number * 100 + one * 10
            yield Run(tuple(named(_PLAYOFFS, first + g) for g in range(1, _LONGEST_SERIES + 1)), 1)
