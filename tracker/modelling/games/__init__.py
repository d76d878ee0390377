"""Reads recorded games into arrays, for fitting and evaluation.

A dataset is a folder with a sub-folder for each league (`nba/`, `wnba/`, `ncaam/`), which holds

- `events.parquet`: one row for each event, in order: `game_id`, `period` (overtimes count on after
  regulation), `clock_s` (seconds left in the period), `home_score` and `away_score` (after the
  event), `action` (or `kind`), and who did it: `side` (`home` / `away`) or `team_id`. `made` and
  `season` are optional.
- `games.parquet` (optional): `game_id`, `season`, `game_date`, `team_id_home`, `team_id_road`,
  `close_total`, `close_spread_home` (negative: home favoured), `lines_ok`.

The actions that count are shots, free throws, rebounds, turnovers, fouls, steals and time-outs,
under the names of `ACTIONS`; all others are ignored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from tracker.domain import TrackerError
from tracker.domain.league import LEAGUES, League, season_name
from tracker.forecast.teams import FIGURES, EndsBelief, TeamEnds, lean, swing_of
from tracker.modelling import Array


class BadDataset(TrackerError):
    """A folder is not a dataset, or has too few games; the text says what is missing."""


T = TypeVar("T")


def rows_of(table: T, rows: Array) -> T:
    """Some rows of a dataclass of arrays with one row for each of its things."""
    kind: Any = type(table)
    return cast("T", kind(*(getattr(table, x.name)[rows] for x in fields(kind))))


def check_seasons(wanted: Iterable[str], known: Iterable[str], what: str = "games") -> None:
    """Raise BadDataset when one of the `wanted` seasons is not known."""
    missing = sorted(set(wanted) - set(known))
    if missing:
        raise BadDataset(f"the dataset has no {what} of {', '.join(missing)}: name other seasons")


class Act(IntEnum):
    """The kind of an event, as far as it matters for who has the ball."""

    NOTHING = 0
    SHOT = 1
    FREE_THROW = 2
    REBOUND = 3
    TURNOVER = 4
    FOUL = 5
    STEAL = 6
    TIMEOUT = 7


ACTIONS = {
    "2pt": Act.SHOT, "3pt": Act.SHOT, "made": Act.SHOT, "missed": Act.SHOT, "shot": Act.SHOT,
    "JumpShot": Act.SHOT, "LayUpShot": Act.SHOT, "DunkShot": Act.SHOT, "TipShot": Act.SHOT,
    "freethrow": Act.FREE_THROW, "MadeFreeThrow": Act.FREE_THROW,
    "rebound": Act.REBOUND, "Defensive Rebound": Act.REBOUND, "Offensive Rebound": Act.REBOUND,
    "Dead Ball Rebound": Act.REBOUND,
    "turnover": Act.TURNOVER, "Lost Ball Turnover": Act.TURNOVER,
    "foul": Act.FOUL, "PersonalFoul": Act.FOUL,
    "steal": Act.STEAL, "Steal": Act.STEAL,
    "timeout": Act.TIMEOUT, "ShortTimeOut": Act.TIMEOUT, "RegularTimeOut": Act.TIMEOUT,
}  # fmt: skip
"""The kind of each action by its name in recorded play-by-play."""


@dataclass(frozen=True, eq=False)
class Events:
    """The events of all games, one row each; rows `starts[i] : starts[i + 1]` are those of game i.

    `clock` is the seconds left of the period, `home` and `away` the score after the event, and
    `side` +1 for home, -1 for away, 0 for neither.
    """

    starts: Array
    period: Array
    clock: Array
    home: Array
    away: Array
    act: Array
    made: Array
    side: Array
    own: Array
    """Whether a player is named for it: a rebound may be credited to a team alone."""


@dataclass(frozen=True, eq=False)
class Games:
    """One row for each game. `margin` and `total` are the closing lines, NaN where there are none.

    `home` and `away` are the final score; `ok` says that the closing lines can be trusted.
    """

    id: Array
    season: Array
    date: Array
    home_team: Array
    away_team: Array
    home: Array
    away: Array
    margin: Array
    total: Array
    ok: Array
    ends: Array
    """What was believed before each game about the end that the road team attacks first, -1 to 1;
    0 on neutral courts."""


@dataclass(frozen=True, slots=True)
class Halves:
    """A game's result for the belief of the ends: the road team, and both teams' points by half.

    `road` identifies the team over all seasons; `code` is its code at that time.
    """

    id: str
    season: str
    date: str
    road: str
    code: str
    points: tuple[int, int]
    neutral: bool


@dataclass(frozen=True, eq=False)
class Dataset:
    """Recorded games of one league."""

    league: League
    games: Games
    events: Events
    results: tuple[Halves, ...] = ()
    """Points by half of all games for which they are known, in order of play."""


def read(folder: Path, league: str) -> Dataset:
    """Read a league's recorded games. Raises BadDataset.

    Columns are read one by one, and each is reduced before the next is read: the events of four
    seasons are three million rows.
    """
    rules = LEAGUES[league]
    path = folder / league / "events.parquet"
    names = columns_of(path, "game_id", "period", "clock_s", "home_score", "away_score")
    ids = _column(path, "game_id")
    ids = ids if ids.dtype == object else ids.astype(str)
    fresh = np.r_[True, ids[1:] != ids[:-1]]
    first = np.flatnonzero(fresh)
    act = _acts(_column(path, "action" if "action" in names else "kind"))
    home, away = (_column(path, f"{x}_score").astype(np.int32) for x in ("home", "away"))
    gain_home = np.where(fresh, home, np.diff(home, prepend=0))
    gain_away = np.where(fresh, away, np.diff(away, prepend=0))
    made = (gain_home > 0) | (gain_away > 0)
    if "made" in names:
        made = _column(path, "made").astype(bool)
    side, teams = _sides(path, names, ids, gain_home - gain_away)
    del gain_home, gain_away
    season_of = _column(path, "season")[first] if "season" in names else None
    seasons = _by_id(ids[first].astype(str), season_of)
    kept = act != Act.NOTHING
    kept |= np.r_[fresh[1:], True]
    starts = np.flatnonzero(np.r_[True, ids[kept][1:] != ids[kept][:-1], True])
    played = ids[kept][starts[:-1]].astype(str)
    del ids, fresh
    events = Events(
        starts,
        _column(path, "period")[kept].astype(np.int32),
        np.round(_column(path, "clock_s")[kept].astype(float), 1),
        home[kept],
        away[kept],
        act[kept],
        made[kept],
        side[kept],
        _own(path, names, kept.size)[kept],
    )
    games = _games(_Listed(folder, league, played), seasons, events, teams)
    results = _results(folder / league, rules, games, events)
    return Dataset(rules, with_ends(games, league, results), events, results)


def seasons_played(folder: Path, league: str) -> Array:
    """The season of each recorded game, without reading the events. Raises BadDataset."""
    path = folder / league / "events.parquet"
    names = columns_of(path, "game_id")
    ids = _column(path, "game_id")
    first = np.flatnonzero(np.r_[True, ids[1:] != ids[:-1]])
    played = ids[first].astype(str)
    seasons = _column(path, "season")[first] if "season" in names else None
    return _seasons(_Listed(folder, league, played), _by_id(played, seasons))


def _by_id(ids: Array, values: Array | None) -> dict[str, Any] | None:
    """The value in the first row of each game, by game id; None without values."""
    if values is None:
        return None
    return dict(zip(ids[::-1].tolist(), values[::-1].tolist(), strict=True))


def columns_of(path: Path, *needed: str, kind: str = "events") -> list[str]:
    """The names of a table's columns. Raises BadDataset without pyarrow, or what is `needed`.

    `kind` is what the table is read for, in words for the person.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise BadDataset(
            "reading a dataset needs pyarrow: install the extra `modelling`"
        ) from error
    if not path.is_file():
        raise BadDataset(
            f"there is no {path}: name a folder that holds a league's {kind}, such as one that "
            "`tracker history` fills"
        )
    names = list(pq.read_schema(path).names)
    missing = [x for x in needed if x not in names]
    if missing:
        raise BadDataset(f"{path} has no column {missing[0]!r}: it is needed to tell of {kind}")
    return names


def arrow_column(path: Path, name: str) -> Any:
    """One column of a table, read alone to save memory: four seasons have three million rows."""
    import pyarrow.parquet as pq

    return pq.read_table(path, columns=[name], use_threads=False).column(name)


def _column(path: Path, name: str) -> Array:
    """A column of a table; equal texts share one object, and a missing one is None."""
    import pyarrow as pa

    column = arrow_column(path, name)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = column.dictionary_encode()
    if not pa.types.is_dictionary(column.type):
        return np.asarray(column.to_numpy())
    coded = column.unify_dictionaries().combine_chunks()
    coded = coded.chunk(0) if hasattr(coded, "chunk") else coded
    words = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    found: Array = words[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return found


def _own(path: Path, names: Sequence[str], rows: int) -> Array:
    """Whether each event names a player; True for all in a dataset that names none."""
    if "person_id" not in names:
        return np.ones(rows, dtype=bool)
    found: Array = np.nan_to_num(_column(path, "person_id").astype(float), nan=0.0) > 0
    return found


def digest(data: Dataset) -> str:
    """The SHA-256 of a dataset's games and events, the same for equal figures.

    Whole numbers are widened to 64 bits first, so that the size they are kept in does not matter.
    """
    sums = hashlib.sha256()
    for part in (data.games, data.events):
        for name in part.__dataclass_fields__:
            values = getattr(part, name)
            if values.dtype.kind in "OU":
                sums.update("\n".join(map(str, values.tolist())).encode())
            else:
                whole = values.astype(np.int64) if values.dtype == np.int32 else values
                sums.update(np.ascontiguousarray(whole).data)
    return sums.hexdigest()


def _acts(names: Array) -> Array:
    return np.array([ACTIONS.get(str(x), Act.NOTHING) for x in names], dtype=np.int8)


def _sides(
    path: Path, names: Sequence[str], ids: Array, gain: Array
) -> tuple[Array, dict[str, tuple[str, str]]]:
    """The side of each event (+1 home, -1 away, 0 neither), and the teams of each game.

    The teams (home, away) are known only where events carry a team's id.
    """
    if "side" in names:
        named = _column(path, "side")
        return (named == "home").astype(np.int8) - (named == "away").astype(np.int8), {}
    whose = _column(path, "team_id")
    teams = np.array([-1 if x != x or x is None else int(x) for x in whose])  # noqa: PLR0124 - NaN
    # The home team of a game is the one whose events add to the home score.
    credit: dict[tuple[str, int], int] = {}
    keys = list(zip(ids.tolist(), teams.tolist(), strict=True))
    for key, points in zip(keys, gain.tolist(), strict=True):
        if points and key[1] > 0:
            credit[key] = credit.get(key, 0) + points
    sides = np.array([np.sign(credit.get(key, 0)) for key in keys], dtype=np.int8)
    found: dict[str, tuple[str, str]] = {}
    for (game, team), points in credit.items():
        home, away = found.get(game, ("", ""))
        found[game] = (str(team), away) if points > 0 else (home, str(team))
    return sides, found


class _Listed:
    """The rows of a league's `games.parquet`, if any, for some games in the order of their ids."""

    def __init__(self, folder: Path, league: str, ids: Array) -> None:
        self._path = folder / league / "games.parquet"
        self.league = league
        self.ids = ids
        self._names = frozenset(columns_of(self._path)) if self._path.is_file() else frozenset()
        known = _column(self._path, "game_id") if "game_id" in self._names else ()
        rows = {str(x): i for i, x in enumerate(known)}
        self._at = [rows.get(x, -1) for x in ids]

    def column(self, names: tuple[str, ...], default: Any) -> Array:
        """The first of these columns that exists; `default` for games that are not listed."""
        for name in names:
            if name in self._names:
                values = _column(self._path, name)
                return np.array([values[i] if i >= 0 else default for i in self._at])
        return np.array([default] * len(self.ids))


def _seasons(listed: _Listed, by_id: dict[str, Any] | None) -> Array:
    """The season of each game, from its events, else the list of games, else its date.

    Empty where none of them is known.
    """
    season = listed.column(("season",), "")
    if by_id is not None:
        season = np.array([str(by_id[x]) for x in listed.ids])
    named = [
        x or (season_name(listed.league, date.fromisoformat(day[:10])) if day else "")
        for x, day in zip(season, _dates(listed), strict=True)
    ]
    return np.array(named).astype(str)


def _dates(listed: _Listed) -> Array:
    return listed.column(("game_date", "date_time_utc"), "").astype(str)


def _games(
    listed: _Listed,
    seasons: dict[str, Any] | None,
    events: Events,
    teams: dict[str, tuple[str, str]],
) -> Games:
    last, ids, column = events.starts[1:] - 1, listed.ids, listed.column
    spread = column(("close_spread_home",), np.nan).astype(float)
    total = column(("close_total",), np.nan).astype(float)
    ok = column(("lines_ok",), default=False).astype(bool)
    ok &= np.isfinite(spread) & np.isfinite(total)
    home_team = column(("team_id_home", "home_team_id"), "").astype(str)
    away_team = column(("team_id_road", "away_team_id"), "").astype(str)
    if teams:
        known = [teams.get(x, ("", "")) for x in ids]
        home_team, away_team = np.array([x[0] for x in known]), np.array([x[1] for x in known])
    return Games(
        id=ids,
        season=_seasons(listed, seasons),
        date=_dates(listed),
        home_team=home_team,
        away_team=away_team,
        home=events.home[last].astype(int),
        away=events.away[last].astype(int),
        margin=np.where(ok, -spread, np.nan),
        total=np.where(ok, total, np.nan),
        ok=ok,
        ends=np.zeros(len(ids)),
    )


def _results(folder: Path, rules: League, games: Games, events: Events) -> tuple[Halves, ...]:
    """All games with known points by half, including listed games without events, in order."""
    path = folder / "games.parquet"
    names = columns_of(path) if path.is_file() else []
    if "pts_qtr1_home" in names:
        wanted = [x for x in names if x.startswith(_OF_HALVES)]
        found = _listed_halves({x: _column(path, x) for x in wanted})
    else:
        found = _played_halves(rules, games, events)
    return tuple(sorted(found, key=lambda x: (x.season, x.date, x.id)))


_OF_HALVES = (
    "pts_qtr", "neutral_site", "team_abbreviation_road", "team_id_road", "game_id", "season",
    "game_date",
)  # fmt: skip
"""Beginnings of the names of the columns that `_listed_halves` reads."""


def _listed_halves(listed: dict[str, Array]) -> list[Halves]:
    quarters = np.stack(
        [
            listed[f"pts_qtr{k}_home"].astype(float) + listed[f"pts_qtr{k}_road"].astype(float)
            for k in (1, 2, 3, 4)
        ]
    )
    known = np.isfinite(quarters).all(axis=0) & (quarters > 0).all(axis=0)
    neutral = listed.get("neutral_site", np.zeros(known.size, dtype=bool))
    codes = listed.get("team_abbreviation_road", listed["team_id_road"])
    return [
        Halves(
            str(listed["game_id"][i]), str(listed["season"][i]), str(listed["game_date"][i]),
            str(listed["team_id_road"][i]), str(codes[i]),
            (int(quarters[:2, i].sum()), int(quarters[2:, i].sum())), bool(neutral[i]),
        )
        for i in np.flatnonzero(known).tolist()
    ]  # fmt: skip


def _played_halves(rules: League, games: Games, events: Events) -> list[Halves]:
    found = []
    total = events.home + events.away
    for i, (a, b) in enumerate(zip(events.starts[:-1], events.starts[1:], strict=True)):
        period = events.period[a:b]
        half, whole = (
            int(total[a:b][period <= last].max(initial=0))
            for last in (rules.periods // 2, rules.periods)
        )
        found.append(
            Halves(
                str(games.id[i]), str(games.season[i]), str(games.date[i]),
                str(games.away_team[i]), str(games.away_team[i]), (half, whole - half),
                neutral=False,
            )
        )  # fmt: skip
    return found


def walk(league: str, results: Iterable[Halves]) -> tuple[dict[str, float], EndsBelief | None]:
    """What is believed of the ends before each game, by its id, and the belief after the last.

    Each belief rests on earlier games alone. Empty and None for a league without figures of it.
    """
    figures = FIGURES.get(league)
    if figures is None:
        return {}, None
    teams: dict[str, TeamEnds] = {}
    beliefs: dict[str, float] = {}
    until = ""
    for x in results:
        known = EndsBelief(figures, until, teams).chance(x.road, x.season)
        beliefs[x.id] = 0.0 if x.neutral else lean(known)
        if not x.neutral:
            teams[x.road] = TeamEnds(x.season, figures.after(known, swing_of(x.points)))
        until = max(until, x.date[:10])
    return beliefs, EndsBelief(figures, until, teams)


def believed_ends(data: Dataset, until: Sequence[str]) -> EndsBelief | None:
    """What is believed of the ends after the last of the seasons `until`, by team code.

    Only teams that played in that season are kept.
    """
    last = max(until)
    results = [x for x in data.results if x.season <= last]
    _, found = walk(data.league.id, results)
    if found is None:
        return None
    codes = {x.road: CODES.get(x.code, x.code) for x in results}
    played = {x.road for x in results if x.season == last}
    teams = {codes[road]: held for road, held in found.teams.items() if road in played}
    # In a dataset without dates, a season counts to the end of the year that it is named for.
    return EndsBelief(found.figures, found.until or f"{last[:4]}-12-31", teams)


CODES = {
    "1611661313": "NYL", "1611661317": "PHX", "1611661319": "LVA", "1611661320": "LAS",
    "1611661321": "DAL", "1611661322": "WAS", "1611661323": "CON", "1611661324": "MIN",
    "1611661325": "IND", "1611661328": "SEA", "1611661329": "CHI", "1611661330": "ATL",
}  # fmt: skip
"""Codes of WNBA teams by the league's number; a dataset may hold only the numbers."""


def with_ends(games: Games, league: str, results: Sequence[Halves]) -> Games:
    """The games with `ends` filled in: what was believed of the ends before each game."""
    beliefs, _ = walk(league, results)
    return replace(games, ends=np.array([beliefs.get(str(x), 0.0) for x in games.id]))
