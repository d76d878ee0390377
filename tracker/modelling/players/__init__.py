"""Reads recorded players into arrays: their figures at chosen moments of every game.

In addition to the dataset that `games` describes it needs

- in `events.parquet`: `person_id`, `assister_id` and `players_on` (the ids of the ten players on
  the court after the event, joined by `|`);
- `player_games.parquet`: one row for each player of each game that he played in: `game_id`,
  `person_id`, `min`, `pts`, `reb`, `ast`, `stl`, `blk`, `tov`, `fg3m`.

Only players who played have rows: bets on all others are void.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tracker.domain.league import LEAGUES, League
from tracker.modelling import Array
from tracker.modelling.games import arrow_column, columns_of, rows_of

COLUMNS = ("pts", "reb", "ast", "stl", "blk", "tov", "fg3m")
"""The figures of a player, in the order of `BASIC` in `forecast.players.remainder`."""

LIVE = (1, 3, 6, 9, 11, 13, 15, 18, 21, 23, 25, 27, 30, 33, 35, 37, 39, 41, 43, 45, 46, 47)
"""The moments during play, in minutes of a 48-minute game."""

MOST_POINTS = 3
"""The most points at one instant; more count as this."""

BREAKS = (0, 12, 24, 36, 48)
"""The moments out of play, in minutes of a 48-minute game: tip-off, breaks, end of regulation."""


@dataclass(frozen=True, eq=False)
class PlayerMoment:
    """All games at one moment: `live` during play, else before tip-off or in a break.

    `at` is the part of regulation that is over. Rows are player-games. `stats` are the figures so
    far in the order of COLUMNS, `on` whether he is on the court, and `unseen` the minutes since he
    last was, or since tip-off. `score` is (home, away), with one row for each game.
    """

    name: str
    at: float
    live: bool
    stats: Array
    minutes: Array
    fouls: Array
    on: Array
    unseen: Array
    score: Array


@dataclass(frozen=True, eq=False)
class PlayerRows:
    """All player-games of a league, one row each, with their figures at every moment.

    `games` holds the ids of the games, and `game` each row's index in it. `home` is whether he
    plays for the home team. `minutes` and `final` are those of the whole game, overtime included.
    """

    league: League
    games: Array
    periods: Array
    game: Array
    person: Array
    season: Array
    date: Array
    home: Array
    starter: Array
    minutes: Array
    final: Array
    moments: dict[str, PlayerMoment]
    trips: Array
    """How often players scored 0, 1, 2 or 3 points at one instant, threes left out; a row a game.
    """


def digest(rows: PlayerRows, used: Array) -> str:
    """The SHA-256 of the figures and dates of the player-games `used`."""
    sums = hashlib.sha256()
    for name in ("person", "minutes", "final", "starter", "home"):
        sums.update(np.ascontiguousarray(getattr(rows, name)[used]).tobytes())
    sums.update("\n".join(rows.date[used].tolist()).encode())
    return sums.hexdigest()


def read_players(folder: Path, league: str) -> PlayerRows:
    """Read a league's recorded players. Raises BadDataset."""
    rules = LEAGUES[league]
    raw = _events(folder / league / "events.parquet")
    games, game_of = raw["game_ids"], raw["game_id"]
    played = _played(folder / league / "player_games.parquet")
    played = rows_of(played, np.isin(played.game_id, games))
    index = _Index(np.searchsorted(games, played.game_id), played.person)
    names, ats, live = _moments(rules)
    clocks = ats * rules.regulation_seconds
    moment_of = np.searchsorted(clocks, raw["elapsed"], side="left").astype(np.int16)
    counts = _counts(raw, game_of, index, moment_of, len(names))
    starts = np.flatnonzero(np.r_[True, game_of[1:] != game_of[:-1], True])
    court = _court(raw, starts, index, clocks, live, rules)
    scores = _scores(raw, starts, clocks)
    moments = {
        name: PlayerMoment(
            name, float(ats[c]), bool(live[c]), counts.stats[c], court.minutes[c], counts.fouls[c],
            court.on[c], court.unseen[c], scores[c],
        )
        for c, name in enumerate(names)
    }  # fmt: skip
    return PlayerRows(
        league=rules,
        games=games,
        periods=raw["period"][starts[1:] - 1],
        game=index.game,
        person=played.person,
        season=played.season,
        date=played.date,
        home=counts.side > 0,
        starter=court.starter,
        minutes=played.minutes,
        final=played.final,
        moments=moments,
        trips=counts.trips,
    )


def seasons_with_players(folder: Path, league: str) -> Array:
    """The season of each game with recorded players, one row for each game. Raises BadDataset."""
    path = folder / league / "player_games.parquet"
    columns_of(path, "game_id", "season", kind="players")
    _, first = np.unique(_coded(path, "game_id")[1], return_index=True)
    return _texts(path, "season")[first]


def _moments(rules: League) -> tuple[list[str], Array, Array]:
    """The moments in order, breaks first: name, part of regulation over, and whether in play."""
    moments = sorted([(x / 48, False) for x in BREAKS] + [(x / 48, True) for x in LIVE])
    names = [moment_name(at, rules, live=live) for at, live in moments]
    return names, np.array([at for at, _ in moments]), np.array([live for _, live in moments])


def moment_name(at: float, rules: League, *, live: bool) -> str:
    """The name of a moment: `tip`, `half`, `end Q3`, `6:00 Q2`, `5:00`."""
    if at == 0:
        return "tip"
    if at == 1:
        return "end"
    left = round((1 - at) * rules.regulation_seconds)
    period = rules.periods - (left - 1) // rules.period_seconds
    inside = left % rules.period_seconds
    if not live and inside == 0:
        return "half" if period * 2 == rules.periods + 2 else f"end {rules.period_name(period - 1)}"
    clock = f"{inside // 60}:{inside % 60:02d}"
    return clock if period == rules.periods else f"{clock} {rules.period_name(period)}"


# ------------------------------------------------------------------------------------- the tables


def _numbers(path: Path, name: str) -> Array:
    """A column of whole numbers, 0 where the value is missing."""
    column = arrow_column(path, name).cast("float64").to_numpy(zero_copy_only=False)
    found: Array = np.nan_to_num(column, nan=0.0).astype(np.int64)
    return found


_BATCH = 1 << 16
"""Rows of a text column that are read at once: the line-ups of four seasons are half a gigabyte."""


def _batches(path: Path, name: str) -> Iterator[tuple[list[str], Array]]:
    """The distinct texts of each batch of a column, "" for none, and the index of each row's."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path, read_dictionary=[name]) as file:
        for batch in file.iter_batches(_BATCH, columns=[name], use_threads=False):
            column = batch.column(0)
            if not pa.types.is_dictionary(column.type):
                column = column.cast("string").dictionary_encode()
            # A batch uses few words of its dictionary: only these become Python texts.
            codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            used, which = np.unique(codes, return_inverse=True)
            names = column.dictionary.take(pa.array(used[used >= 0])).to_pylist()
            words = [*([""] if used[0] < 0 else []), *("" if x is None else x for x in names)]
            yield words, which.ravel()


def _coded(path: Path, name: str) -> tuple[list[str], Array]:
    """A column of texts as its distinct texts, sorted, and the index of each row's text."""
    place: dict[str, int] = {}
    parts = []
    for words, which in _batches(path, name):
        at = [place.setdefault(x, len(place)) for x in words]
        parts.append(np.array(at, dtype=np.int32)[which])
    texts = sorted(place)
    order = np.empty(len(texts), dtype=np.int32)
    order[[place[x] for x in texts]] = np.arange(len(texts))
    return texts, order[np.concatenate(parts)]


@dataclass(frozen=True, eq=False)
class _Lineups:
    """Line-ups: the players of line-up k are `ids[starts[k] : starts[k + 1]]`."""

    ids: Array
    starts: Array

    def of(self, k: int) -> list[int]:
        """The ids of the players of a line-up."""
        found: list[int] = self.ids[self.starts[k] : self.starts[k + 1]].tolist()
        return found


def _lineups(path: Path) -> tuple[_Lineups, Array]:
    """The line-ups of a league's events, and the index of each event's.

    A line-up that is found again in a later batch is another one.
    """
    ids, starts, parts = array("q"), array("q", [0]), []
    for words, which in _batches(path, "players_on"):
        parts.append((which + len(starts) - 1).astype(np.int32))
        for text in words:
            ids.extend(int(x) for x in text.split("|") if x)
            starts.append(len(ids))
    return _Lineups(np.frombuffer(ids, np.int64), np.frombuffer(starts, np.int64)), np.concatenate(
        parts
    )


def _texts(path: Path, name: str) -> Array:
    texts, codes = _coded(path, name)
    found: Array = np.array(texts, dtype=str)[codes]
    return found


def _events(path: Path) -> dict[str, Any]:
    names = (
        "game_id", "period", "clock_s", "home_score", "away_score", "action", "made", "side",
        "person_id", "assister_id", "players_on",
    )  # fmt: skip
    columns_of(path, *names, kind="players")
    # The line-ups come first: they take the most memory to read, when nothing else is held.
    found: dict[str, Any] = dict(zip(("lineups", "players_on"), _lineups(path), strict=True))
    found |= {name: _numbers(path, name) for name in ("person_id", "assister_id")}
    for name in ("period", "home_score", "away_score"):
        found[name] = _numbers(path, name).astype(np.int32)
    for name in ("game_id", "action", "side"):
        found[f"{name}s"], found[name] = _coded(path, name)
    for name in ("game_id", "action"):
        found[f"{name}s"] = np.array(found[f"{name}s"], dtype=str)
    made = arrow_column(path, "made").cast("int8").fill_null(0)
    found["made"] = made.to_numpy(zero_copy_only=False).astype(bool)
    clock = arrow_column(path, "clock_s").cast("float64").to_numpy(zero_copy_only=False)
    rules = LEAGUES[path.parent.name]
    found["elapsed"] = _ends(found["period"], rules) - np.round(clock, 1)
    return found


def _ends(period: Array, rules: League) -> Array:
    """Seconds from tip-off to the end of a period."""
    extra = np.maximum(period - rules.periods, 0)
    ends: Array = (
        np.minimum(period, rules.periods) * rules.period_seconds + extra * rules.overtime_seconds
    ).astype(float)
    return ends


@dataclass(frozen=True, eq=False)
class _Played:
    game_id: Array
    person: Array
    season: Array
    date: Array
    minutes: Array
    final: Array


def _played(path: Path) -> _Played:
    columns_of(path, "game_id", "person_id", "season", "date", "min", *COLUMNS, kind="players")
    final = np.stack([_numbers(path, name) for name in COLUMNS], axis=1)
    found = _Played(
        _texts(path, "game_id"),
        _numbers(path, "person_id"),
        _texts(path, "season"),
        _texts(path, "date"),
        np.asarray(arrow_column(path, "min").to_numpy()).astype(float),
        final,
    )
    return rows_of(found, np.lexsort((found.person, found.game_id)))


class _Index:
    """Finds the row of a player in a game."""

    def __init__(self, game: Array, person: Array) -> None:
        self.game = game.astype(np.int64)
        self.keys = (self.game << 32) + person
        self.rows = {int(key): i for i, key in enumerate(self.keys)}

    def find(self, game: Array, person: Array) -> Array:
        """The rows of players in games; -1 for a player without a row."""
        keys = (game.astype(np.int64) << 32) + person
        at = np.minimum(np.searchsorted(self.keys, keys), self.keys.size - 1)
        found: Array = np.where((self.keys[at] == keys) & (person > 0), at, -1)
        return found


# ------------------------------------------------------------------------------------ box figures


@dataclass(frozen=True, eq=False)
class _Counts:
    stats: Array
    fouls: Array
    side: Array
    trips: Array


def _counts(
    raw: dict[str, Any], game: Array, index: _Index, moment: Array, moments: int
) -> _Counts:
    """The figures and fouls of every player at every moment, his side, and the trips by game."""
    rows, made = index.keys.size, raw["made"]

    def did(name: str) -> Array:
        found: Array = (raw["actions"] == name)[raw["action"]]
        return found

    def summed(which: Array, person: Array, amount: Array) -> Array:
        at = index.find(game[which], person[which])
        known = at >= 0
        held = np.zeros((moments + 1, rows), dtype=np.int16)
        np.add.at(held, (moment[which][known], at[known]), amount[which][known])
        sums: Array = held.cumsum(axis=0, dtype=np.int16)[:moments]
        return sums

    person, ones = raw["person_id"], np.ones(made.size, dtype=np.int16)
    two, three, free = (made & did(x) for x in ("2pt", "3pt", "freethrow"))
    points = (2 * two + 3 * three + free).astype(np.int16)
    stats = np.stack(
        [
            summed(points > 0, person, points),
            summed(did("rebound"), person, ones),
            summed((two | three) & (raw["assister_id"] > 0), raw["assister_id"], ones),
            summed(did("steal"), person, ones),
            summed(did("block"), person, ones),
            summed(did("turnover"), person, ones),
            summed(three, person, ones),
        ],
        axis=2,
    )
    signs = np.array([{"home": 1, "away": -1}.get(x, 0) for x in raw["sides"]])
    sign = signs[raw["side"]]
    at = index.find(game, person)
    side = np.zeros(rows, dtype=np.int64)
    np.add.at(side, at[at >= 0], sign[at >= 0])
    return _Counts(
        stats,
        summed(did("foul"), person, ones),
        np.sign(side),
        _trips(game, raw["elapsed"], at, np.where(three, 0, points)),
    )


def _trips(game: Array, elapsed: Array, at: Array, points: Array) -> Array:
    """How often players scored 0, 1, 2 or 3 points at one instant, one row for each game."""
    scored = (points > 0) & (at >= 0)
    keys = (at[scored] << 20) + np.round(elapsed[scored] * 10).astype(np.int64)
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    worth = np.bincount(which, weights=points[scored]).astype(int)
    counts = np.zeros((int(game.max()) + 1, MOST_POINTS + 1))
    np.add.at(counts, (game[scored][first], np.minimum(worth, MOST_POINTS)), 1)
    return counts


def _scores(raw: dict[str, Any], starts: Array, clocks: Array) -> Array:
    """The score (home, away) of every game at every moment."""
    found = np.zeros((clocks.size, starts.size - 1, 2), dtype=np.int32)
    for g in range(starts.size - 1):
        part = slice(starts[g], starts[g + 1])
        at = np.searchsorted(raw["elapsed"][part], clocks, side="right") - 1
        known = at >= 0
        found[known, g, 0] = raw["home_score"][part][at[known]]
        found[known, g, 1] = raw["away_score"][part][at[known]]
    return found


@dataclass(frozen=True, eq=False)
class _Court:
    minutes: Array
    on: Array
    unseen: Array
    starter: Array


def _court(
    raw: dict[str, Any], starts: Array, index: _Index, clocks: Array, live: Array, rules: League
) -> _Court:
    """Minutes so far and who is on the court at every moment, from the line-up of each event."""
    rows = index.keys.size
    minutes = np.zeros((clocks.size, rows))
    on = np.zeros((clocks.size, rows), dtype=bool)
    unseen = np.repeat(clocks[:, None] / 60, rows, axis=1)
    starter = np.zeros(rows, dtype=bool)
    which, lineups = raw["players_on"], raw["lineups"]
    for g in range(starts.size - 1):
        part = slice(starts[g], starts[g + 1])
        spells = _spells(raw["period"][part], raw["elapsed"][part], which[part], lineups, rules)
        for person, played in spells.items():
            row = index.rows.get((g << 32) + person)
            if row is None:
                continue
            begun, ended = np.array(played).T[:, :, None]
            minutes[:, row] = np.clip(np.minimum(ended, clocks) - begun, 0, None).sum(axis=0) / 60
            running = ((begun <= clocks) & (ended > clocks)).any(axis=0)
            on[:, row] = running & live
            last = np.where(begun < clocks, np.minimum(ended, clocks), 0.0).max(axis=0)
            unseen[:, row] = (clocks - last) / 60
            starter[row] = bool(begun.min() == 0)
    return _Court(minutes, on, unseen, starter)


def _spells(
    period: Array, elapsed: Array, which: Array, lineups: _Lineups, rules: League
) -> dict[int, list[tuple[float, float]]]:
    """The spells of each player of a game on the court, in seconds since tip-off.

    A period begins with the line-up of its first event; a line-up lasts until the next one.
    """
    found: dict[int, list[tuple[float, float]]] = {}
    for number in np.unique(period).tolist():
        inside = np.flatnonzero(period == number)
        rows = which[inside]
        changed = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        begun = elapsed[inside][changed].copy()
        begun[0] = _ends(np.array([number - 1]), rules)[0]
        ended = np.r_[begun[1:], _ends(np.array([number]), rules)[0]]
        for start, end, lineup in zip(begun, ended, rows[changed], strict=True):
            if end > start:
                for person in lineups.of(lineup):
                    found.setdefault(person, []).append((float(start), float(end)))
    return found
