"""A folder of recorded games that grows: in order of date, and every game once.

The events of some seasons are millions of rows. They are read and written a group of rows at a
time, each group some games, so that a folder may be larger than the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.domain.errors import Impossible
from tracker.domain.league import LEAGUES, season_name
from tracker.domain.prior import Finished
from tracker.modelling.collect.plays import Event, PlayerGameRow, players_of

if TYPE_CHECKING:
    from tracker.domain.game import GameState

_GAMES = (
    "game_id", "season", "game_date", "team_id_home", "team_id_road", "pts_home", "pts_road",
    "players",
)  # fmt: skip
"""The columns of the list of games; `players` is whether it is known who was on the court."""

_OLD_EVENTS, _OLD_GAMES = Event._fields[:11], _GAMES[:7]
"""The columns of folders that were collected without players."""

_ORDER = [("game_date", "ascending"), ("game_id", "ascending")]
_GROUP = 1 << 16
"""Rows of events at most that are held at once."""


class HistoryFolder:
    """The recorded games of one league, as `tracker fit` reads them."""

    def __init__(self, folder: Path, league: str) -> None:
        """Nothing is written until `add`. Raises Impossible for a folder of another form."""
        home = folder / league
        self._home, self._league = home, league
        self._events, self._players = home / "events.parquet", home / "player_games.parquet"
        _check(self._events, Event._fields, _OLD_EVENTS)
        _check(self._players, PlayerGameRow._fields)
        _check(home / "games.parquet", _GAMES, _OLD_GAMES)
        self._games = _filled(_read(home / "games.parquet"), _games_schema())
        self._player_games = _filled(_read(self._players), _schema(PlayerGameRow))

    @property
    def known(self) -> frozenset[str]:
        """The games that are there, but for those that were collected without their players."""
        if self._games is None:
            return frozenset()
        pairs = zip(*(self._games[x].to_pylist() for x in ("game_id", "players")), strict=True)
        return frozenset(name for name, players in pairs if players is not None)

    @property
    def games(self) -> int:
        """How many games are there."""
        return 0 if self._games is None else int(self._games.num_rows)

    @property
    def latest(self) -> date | None:
        """The date of the last game that is there."""
        days = [] if self._games is None else self._games["game_date"].to_pylist()
        return date.fromisoformat(max(days)) if days else None

    def finished(self) -> tuple[Finished, ...]:
        """The results of the games that are there, with their points by half."""
        rows = [] if self._games is None else self._games.to_pylist()
        half, whole = (self._points_until(x) for x in _halves(self._league))
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
        """Both teams' points at the end of a period, by game."""
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
        """Write finished games with their events beside those that are there, or in their place."""
        if not games:
            return
        import pyarrow as pa

        rows = [event for _, events in games for event in events]
        told = {x.game_id for x in rows if x.players_on}
        heads = [_head(state, self._league, state.game.id in told) for state, _ in games]
        who = [x for state, _ in games if state.game.id in told for x in players_of(state)]
        ids = [state.game.id for state, _ in games]
        self._home.mkdir(parents=True, exist_ok=True)
        self._write_events(_table(rows, Event), ids)
        by_person = _table(who, PlayerGameRow)
        order = [("date", "ascending"), ("game_id", "ascending"), ("person_id", "ascending")]
        self._player_games = _together(self._player_games, by_person, ids).sort_by(order)
        _write(self._player_games, self._players)
        listed = pa.Table.from_pylist(heads, schema=_games_schema())
        # The list comes last: what it does not know is asked for again.
        self._games = _together(self._games, listed, ids).sort_by(_ORDER)
        _write(self._games, self._home / "games.parquet")

    def _write_events(self, fresh: Any, ids: Sequence[str]) -> None:
        """Merge some games' events into those that are there, group by group."""
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


def _halves(league: str) -> tuple[int, int]:
    """The last period of the first half, and that of regulation."""
    periods = LEAGUES[league].periods
    return periods // 2, periods


def _head(state: GameState, league: str, players: bool) -> dict[str, Any]:
    game = state.game
    values = (
        game.id, season_name(league, game.slate), game.slate.isoformat(), game.home, game.away,
        state.score.home, state.score.away, players,
    )  # fmt: skip
    return dict(zip(_GAMES, values, strict=True))


_WHOLE = (
    "seq", "period", "home_score", "away_score", "person_id", "assister_id", "pts_home", "pts_road",
    "pts", "reb", "ast", "stl", "blk", "tov", "fg3m",
)  # fmt: skip


def _schema_of(names: Sequence[str]) -> Any:
    import pyarrow as pa

    types = dict.fromkeys(_WHOLE, pa.int64()) | dict.fromkeys(("clock_s", "min"), pa.float64())
    types |= dict.fromkeys(("made", "players"), pa.bool_())
    return pa.schema([(name, types.get(name, pa.string())) for name in names])


def _schema(row: type[Event | PlayerGameRow]) -> Any:
    return _schema_of(row._fields)


def _games_schema() -> Any:
    return _schema_of(_GAMES)


def _table(rows: Sequence[Event | PlayerGameRow], row: type[Event | PlayerGameRow]) -> Any:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * len(row._fields)
    schema = _schema(row)
    arrays = [pa.array(x, t) for x, t in zip(columns, schema.types, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _filled(table: Any, schema: Any) -> Any:
    """A table in the form of today: nothing is known of what its own form did not have."""
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
    """Rows that are there, those of some games replaced."""
    import pyarrow as pa

    return fresh if old is None else pa.concat_tables([_without(old, ids), fresh])


def _check(path: Path, *forms: Sequence[str]) -> None:
    """Raises Impossible where a file is there that this program did not write."""
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
    """The groups of rows of a file, one after the other; none where there is no file."""
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
