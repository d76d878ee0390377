"""Recorded games as arrays: what fitting and evaluation read.

A dataset is a folder with one sub-folder a league (`nba/`, `wnba/`, `ncaam/`), each with

- `events.parquet`: one row an event, in order: `game_id`, `period` (overtimes above regulation),
  `clock_s` (seconds left in the period), `home_score`, `away_score` (after the event), `action` (or
  `kind`), and who did it: `side` (`home` / `away`) or `team_id`. `made` is optional. `season` too.
- `games.parquet` (optional): `game_id`, `season`, `game_date`, `team_id_home`, `team_id_road`,
  `close_total`, `close_spread_home` (negative: home favoured), `lines_ok`.

Actions that are understood: shots, free throws, rebounds, turnovers, fouls, steals, blocks and
time-outs under the names of `ACTIONS`; all others are passed over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.domain.errors import TrackerError
from tracker.domain.league import LEAGUES, League
from tracker.forecast.ends import FIGURES, EndsBelief, TeamEnds, lean, swing_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Array = NDArray[Any]


class BadDataset(TrackerError):
    """A folder that is not a dataset; the text says what is missing."""


class Act(IntEnum):
    """What an event means for the ball."""

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
"""Names of actions in recorded play-by-play."""


@dataclass(frozen=True, eq=False)
class Events:
    """Events of all games in one row each; `starts[i] : starts[i + 1]` are those of game i."""

    starts: Array
    period: Array
    clock: Array
    home: Array
    away: Array
    act: Array
    made: Array
    side: Array
    own: Array
    """Whether a player did it: rebounds of a team are nobody's."""


@dataclass(frozen=True, eq=False)
class Games:
    """One row a game, in order of date. `margin` and `total` are the closing lines, NaN if none."""

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
    """What was believed of the road team's ends before each game, -1 to 1; 0 on neutral courts."""


@dataclass(frozen=True, slots=True)
class Halves:
    """A game as the belief of the ends sees it: the road team, and both teams' points by half.

    `road` names the team for ever, `code` as it is called at that time.
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
    """Points by half of all games of which they are known, in order of play."""


def read(folder: Path, league: str) -> Dataset:
    """Read a league's recorded games. Raises BadDataset."""
    rules = LEAGUES[league]
    raw = _table(folder / league / "events.parquet", needed=True)
    for name in ("game_id", "period", "clock_s", "home_score", "away_score"):
        if name not in raw:
            raise BadDataset(f"{folder / league / 'events.parquet'} has no column {name!r}")
    ids = raw["game_id"]
    ids = ids if ids.dtype == object else ids.astype(str)
    act = _acts(raw["action"] if "action" in raw else raw["kind"])
    home, away = raw["home_score"].astype(int), raw["away_score"].astype(int)
    fresh = np.r_[True, ids[1:] != ids[:-1]]
    gain_home = np.where(fresh, home, np.diff(home, prepend=0))
    gain_away = np.where(fresh, away, np.diff(away, prepend=0))
    made = raw["made"].astype(bool) if "made" in raw else (gain_home > 0) | (gain_away > 0)
    side, teams = _sides(raw, ids, gain_home - gain_away)
    kept = act != Act.NOTHING
    kept |= np.r_[fresh[1:], True]
    starts = np.flatnonzero(np.r_[True, ids[kept][1:] != ids[kept][:-1], True])
    events = Events(
        starts,
        raw["period"][kept].astype(int),
        np.round(raw["clock_s"][kept].astype(float), 1),
        home[kept],
        away[kept],
        act[kept],
        made[kept],
        side[kept],
        _own(raw)[kept],
    )
    played = ids[kept][starts[:-1]].astype(str)
    games = _games(folder / league, played, raw, events, teams)
    results = _results(folder / league, rules, games, events)
    return Dataset(rules, with_ends(games, league, results), events, results)


def _table(path: Path, *, needed: bool) -> dict[str, Array]:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise BadDataset(
            "reading a dataset needs pyarrow: install the extra `modelling`"
        ) from error
    if not path.is_file():
        if needed:
            raise BadDataset(f"there is no {path}: name a folder that holds a league's events")
        return {}
    skip = {
        "players_on",
        "assister_id",
        "seq",
        "elapsed_s",
        "steal_id",
        "block_id",
        "foul_drawn_id",
    }
    names = [x for x in pq.read_schema(path).names if x not in skip]
    # A column at a time, and of texts each once: a fit has to fit into a gigabyte.
    return {x: _values(pq.read_table(path, columns=[x], use_threads=False), x) for x in names}


def _values(table: Any, name: str) -> Array:
    """A column; equal texts are one object, None where there is none."""
    import pyarrow as pa

    column = table.column(name)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return np.asarray(column.to_numpy())
    coded = column.dictionary_encode().combine_chunks()
    coded = coded.chunk(0) if hasattr(coded, "chunk") else coded
    words = np.array([*coded.dictionary.to_pylist(), None], dtype=object)
    found: Array = words[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return found


def _own(raw: dict[str, Array]) -> Array:
    """Events that a player is named for; all of them where a dataset names nobody."""
    if "person_id" not in raw:
        return np.ones(raw["period"].size, dtype=bool)
    found: Array = np.nan_to_num(raw["person_id"].astype(float), nan=0.0) > 0
    return found


def digest(data: Dataset) -> str:
    """The SHA-256 of what a dataset's games and events hold: of equal figures it is the same."""
    sums = hashlib.sha256()
    for part in (data.games, data.events):
        for name in part.__dataclass_fields__:
            values = getattr(part, name)
            if values.dtype.kind in "OU":
                sums.update("\n".join(map(str, values.tolist())).encode())
            else:
                sums.update(np.ascontiguousarray(values).tobytes())
    return sums.hexdigest()


def _acts(names: Array) -> Array:
    return np.array([ACTIONS.get(str(x), Act.NOTHING) for x in names], dtype=np.int8)


def _sides(
    raw: dict[str, Array], ids: Array, gain: Array
) -> tuple[Array, dict[str, tuple[str, str]]]:
    """+1, -1 or 0 (home, away, neither) for each event; home and away team where events tell."""
    if "side" in raw:
        names = raw["side"]
        return np.select([names == "home", names == "away"], [1, -1], 0).astype(np.int8), {}
    teams = np.array([-1 if x != x or x is None else int(x) for x in raw["team_id"]])  # noqa: PLR0124
    # A game's home team is the one whose events come with home points.
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


def _games(
    folder: Path,
    ids: Array,
    raw: dict[str, Array],
    events: Events,
    teams: dict[str, tuple[str, str]],
) -> Games:
    last = events.starts[1:] - 1
    listed = _table(folder / "games.parquet", needed=False)
    rows = {str(x): i for i, x in enumerate(listed.get("game_id", ()))}
    at = [rows.get(x, -1) for x in ids]

    def column(names: tuple[str, ...], default: Any) -> Array:
        for name in names:
            if name in listed:
                values = listed[name]
                return np.array([values[i] if i >= 0 else default for i in at])
        return np.array([default] * len(ids))

    season = column(("season",), "")
    if "season" in raw:
        whose, where = np.unique(raw["game_id"].astype(str), return_index=True)
        by_id = dict(zip(whose.tolist(), raw["season"][where].tolist(), strict=True))
        season = np.array([str(by_id[x]) for x in ids])
    date = column(("game_date", "date_time_utc"), "").astype(str)
    season = np.array([x or _season_of(d) for x, d in zip(season, date, strict=True)])
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
        season=season.astype(str),
        date=date,
        home_team=home_team,
        away_team=away_team,
        home=events.home[last],
        away=events.away[last],
        margin=np.where(ok, -spread, np.nan),
        total=np.where(ok, total, np.nan),
        ok=ok,
        ends=np.zeros(len(ids)),
    )


def _results(folder: Path, rules: League, games: Games, events: Events) -> tuple[Halves, ...]:
    """Every game with points by period, those of the list that have no events among them."""
    listed = _table(folder / "games.parquet", needed=False)
    if "pts_qtr1_home" in listed:
        found = _listed_halves(listed)
    else:
        found = _played_halves(rules, games, events)
    return tuple(sorted(found, key=lambda x: (x.season, x.date, x.id)))


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
    """The belief before each game by its id, one step ahead, and that after the last one."""
    figures = FIGURES.get(league)
    if figures is None:
        return {}, None
    teams: dict[str, TeamEnds] = {}
    told: dict[str, float] = {}
    until = ""
    for x in results:
        known = EndsBelief(figures, until, teams).chance(x.road, x.season)
        told[x.id] = 0.0 if x.neutral else lean(known)
        if not x.neutral:
            teams[x.road] = TeamEnds(x.season, figures.after(known, swing_of(x.points)))
        until = max(until, x.date[:10])
    return told, EndsBelief(figures, until, teams)


def believed_ends(data: Dataset, until: Sequence[str]) -> EndsBelief | None:
    """What is to be shipped: the belief after the last of the seasons, by the teams' codes."""
    last = max(until)
    results = [x for x in data.results if x.season <= last]
    _, found = walk(data.league.id, results)
    if found is None:
        return None
    codes = {x.road: CODES.get(x.code, x.code) for x in results}
    played = {x.road for x in results if x.season == last}
    teams = {codes[road]: held for road, held in found.teams.items() if road in played}
    # Where no dates are told, a season is over at the end of the year that it is named for.
    return EndsBelief(found.figures, found.until or f"{last[:4]}-12-31", teams)


CODES = {
    "1611661313": "NYL", "1611661317": "PHX", "1611661319": "LVA", "1611661320": "LAS",
    "1611661321": "DAL", "1611661322": "WAS", "1611661323": "CON", "1611661324": "MIN",
    "1611661325": "IND", "1611661328": "SEA", "1611661329": "CHI", "1611661330": "ATL",
}  # fmt: skip
"""Codes of WNBA teams, of whom a dataset may hold the league's numbers alone."""


def with_ends(games: Games, league: str, results: Sequence[Halves]) -> Games:
    """The games with what was believed of the ends before each."""
    told, _ = walk(league, results)
    return replace(games, ends=np.array([told.get(str(x), 0.0) for x in games.id]))


def _season_of(date: str) -> str:
    """The season, `2024-25`, of a date `2025-01-31…`; seasons turn in August."""
    if not date:
        return ""
    year, month = int(date[:4]), int(date[5:7])
    first = year if month >= 8 else year - 1  # noqa: PLR2004 - August
    return f"{first}-{(first + 1) % 100:02d}"
