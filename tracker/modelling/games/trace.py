"""Infers possessions from recorded events: who had the ball, when, and the points of each.

A made shot or free throw, a turnover, or a foul by the side with the ball gives the ball to the
other side; a rebound or a steal gives it to the side that made it. Events at the same clock are
taken together, so that a shot with its free throw is one change. Technical fouls are not
distinguished, since they are rare. `draw` then makes samples of states at chosen clocks, with an
array for each figure that the forecast uses.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from tracker.domain.game import ENDING_FREE_THROWS
from tracker.modelling import Array
from tracker.modelling.games import Act, Dataset

WINDOW = 310
"""Seconds before the end of the last period, and of overtimes, for which possessions are kept."""

BREAK_WINDOW = 70
"""Seconds before the end of an earlier period for which possessions are kept."""

BONUS_AFTER = {"nba": (4, 3, 120), "wnba": (4, 4, 60), "ncaam": (6, 6, 0)}
"""Team fouls after which the next one gives free throws, in a period and in overtime, and the
seconds at a period's end in which a single foul is enough."""


@dataclass(frozen=True, eq=False)
class Seconds:
    """The state of every game at every second of regulation: arrays [game, seconds played]."""

    home: Array
    away: Array
    ball: Array
    bonus_home: Array
    bonus_away: Array
    event: Array
    """The index of the game's last event up to each second, -1 before the first."""
    box: Array
    """Running sums of both teams' figures up to each event, [event + 1, side, BOX]; home first.

    They run on over all games and overflow 16 bits, so only differences within a game have a
    meaning."""
    first: Array
    """The first row of each game in `box`."""
    tip: Array
    """The side that had the ball first in each game: 1 home, -1 away, 0 unknown."""

    def boxes(self, games: Array, at: int) -> Array:
        """The figures of both teams, [game, side, BOX], after `at` seconds."""
        events, first = self.event[games, at].astype(int), self.first[games]
        found: Array = (self.box[first + events + 1] - self.box[first]).astype(int)
        return np.where((events < 0)[:, None, None], 0, found)

    def possessions(self, games: Array, at: int) -> Array:
        """Possessions of a team, as the mean of both teams', after `at` seconds."""
        fga, fta, oreb, to, _ = np.moveaxis(self.boxes(games, at), 2, 0)
        found: Array = (fga + ENDING_FREE_THROWS * fta - oreb + to).mean(axis=1)
        return found

    def fouls(self, games: Array, at: int) -> Array:
        """The sum of both teams' fouls after `at` seconds."""
        found: Array = self.boxes(games, at)[:, :, 4].sum(axis=1)
        return found


BOX = ("fga", "fta", "oreb", "to", "fouls")
"""The figures of a team's box, in the order of `TeamBox`."""


@dataclass(frozen=True, eq=False)
class Possessions:
    """Possessions from some moment in each until its end, one row each.

    `left` is the clock at that moment and `until` the one at the end of the possession; `last` says
    that it ran to the end of the period. `lead` is the lead of the side with the ball, `own` its
    points in the rest of the possession, and `other` the opponent's.
    """

    left: Array
    until: Array
    last: Array
    lead: Array
    own: Array
    other: Array


@dataclass(frozen=True, eq=False)
class Trace:
    """The possessions of a dataset, and its states by second."""

    seconds: Seconds
    starts: Possessions
    """One row for each possession near the end of the game, from its beginning."""
    glances: Possessions
    """One row for each whole second of that time, from that second of its possession."""
    break_starts: Possessions
    """Possessions near the ends of the earlier periods, from their beginnings."""
    break_glances: Possessions
    """One row for each whole second near the ends of the earlier periods."""


def trace(data: Dataset) -> Trace:
    """Infer the possessions and the states by second of all games."""
    rules, events = data.league, data.events
    games = len(data.games.id)
    regulation = rules.regulation_seconds
    shape = (games, regulation + 1)
    seconds = Seconds(
        np.zeros(shape, np.int16), np.zeros(shape, np.int16), np.zeros(shape, np.int8),
        np.zeros(shape, bool), np.zeros(shape, bool),
        np.full(shape, -1, np.int16), _box(data), events.starts[:-1], _tips(data),
    )  # fmt: skip
    starts, glances, break_starts, break_glances = (array("f") for _ in range(4))
    for game in range(games):
        a, b = int(events.starts[game]), int(events.starts[game + 1])
        cuts = np.flatnonzero(np.diff(events.period[a:b])) + 1
        rows: list[tuple[float, ...]] = []
        for c, d in zip([0, *cuts.tolist()], [*cuts.tolist(), b - a], strict=True):
            period = int(events.period[a + c])
            moments = _period(data, a + c, a + d, period)
            rows += [((min(period, 99), *row)) for row in moments]
            if period >= rules.periods:
                starts.extend(chain.from_iterable(_starts(moments, WINDOW)))
                glances.extend(chain.from_iterable(_glances(moments, WINDOW)))
            else:
                break_starts.extend(chain.from_iterable(_starts(moments, BREAK_WINDOW)))
                break_glances.extend(chain.from_iterable(_glances(moments, BREAK_WINDOW)))
        _fill(seconds, game, rows, data)
        _index(seconds, game, (a, b), data)
    return Trace(seconds, *map(_table, (starts, glances, break_starts, break_glances)))


def _box(data: Dataset) -> Array:
    """Running sums of every figure of BOX, by side, over all events of a dataset."""
    events = data.events
    act, side = events.act, events.side
    rows = np.arange(act.size)
    tried = (act == Act.SHOT) | (act == Act.FREE_THROW)
    last = np.maximum.accumulate(np.where(tried, rows, -1))
    again = (act == Act.REBOUND) & events.own & (last >= 0) & (side[last] == side) & (side != 0)
    kinds = (act == Act.SHOT, act == Act.FREE_THROW, again, act == Act.TURNOVER, act == Act.FOUL)
    found = np.zeros((act.size + 1, 2, len(BOX)), dtype=np.int16)
    for who, sign in enumerate((1, -1)):
        for k, kind in enumerate(kinds):
            np.cumsum(kind & (side == sign), dtype=np.int16, out=found[1:, who, k])
    return found


_OPENING = 4
"""The number of first events in which the first possession of a game is looked for."""


def _tips(data: Dataset) -> Array:
    """The side that had the ball first in each game, by the first event that shows it."""
    events = data.events
    found = np.zeros(len(data.games.id), dtype=np.int8)
    for game, start in enumerate(events.starts[:-1].tolist()):
        end = min(start + _OPENING, int(events.starts[game + 1]))
        act, side = events.act[start:end].tolist(), events.side[start:end].tolist()
        clock = events.clock[start:end].tolist()
        for k in range(end - start):
            match act[k]:
                case Act.SHOT | Act.FREE_THROW | Act.TURNOVER:
                    found[game] = side[k]
                case Act.STEAL:
                    found[game] = -side[k]
                case Act.FOUL:
                    found[game] = side[k] if _offensive(act, side, clock, k) else -side[k]
                case _:
                    continue
            break
    return found


def _index(seconds: Seconds, game: int, rows: tuple[int, int], data: Dataset) -> None:
    """Fill in the index of the last event up to each second of regulation, for one game."""
    a, b = rows
    rules, events = data.league, data.events
    period = events.period[a:b]
    played = period * rules.period_seconds - events.clock[a:b]
    played = np.where(period <= rules.periods, played, np.inf)
    # Events within a second may be out of order, which the running sums allow.
    played = np.maximum.accumulate(played)
    grid = np.arange(rules.regulation_seconds + 1)
    at = np.searchsorted(played, grid + 1e-6, side="right") - 1
    seconds.event[game] = at


Moment = tuple[float, int, int, int, bool, bool]
"""The state after all events at one clock: clock, ball, home and away points, bonus of each side.
"""


def _period(data: Dataset, a: int, b: int, period: int) -> list[Moment]:
    """The states of one period, from the events in rows `a` to `b`."""
    events, rules = data.events, data.league
    after, after_overtime, late = BONUS_AFTER.get(rules.id, BONUS_AFTER["nba"])
    limit = after if period <= rules.periods else after_overtime
    clock, act = events.clock[a:b].tolist(), events.act[a:b].tolist()
    side, made = events.side[a:b].tolist(), events.made[a:b].tolist()
    home, away = events.home[a:b].tolist(), events.away[a:b].tolist()
    fouls, late_fouls = {1: 0, -1: 0, 0: 0}, {1: 0, -1: 0, 0: 0}
    moments: list[Moment] = []
    ball = 0
    for k in range(b - a):
        who = side[k]
        match act[k]:
            case Act.SHOT | Act.FREE_THROW:
                ball = -who if made[k] else who
            case Act.REBOUND | Act.STEAL:
                ball = who
            case Act.TURNOVER:
                ball = -who
            case Act.FOUL:
                ball = -who
                if not _offensive(act, side, clock, k):
                    fouls[who] += 1
                    late_fouls[who] += clock[k] <= late
            case _:
                pass
        if k + 1 == b - a or clock[k + 1] != clock[k]:
            bonus = [fouls[x] >= limit or late_fouls[x] >= 1 for x in (-1, 1)]
            moments.append((clock[k], ball, home[k], away[k], *bonus))
    return moments


def _offensive(act: list[int], side: list[int], clock: list[float], k: int) -> bool:
    """Whether the foul at `k` is an offensive one: a turnover of its side follows at its clock."""
    return any(
        act[j] == Act.TURNOVER and side[j] == side[k] and clock[j] == clock[k]
        for j in range(k + 1, min(k + 4, len(act)))
    )


def _changes(moments: list[Moment]) -> list[int]:
    return [k for k in range(len(moments)) if k == 0 or moments[k][1] != moments[k - 1][1]]


def _ending(moments: list[Moment], changes: list[int], c: int) -> tuple[float, bool, int, int]:
    """The clock at which possession `c` ends, whether the period ends with it, and the score."""
    if c + 1 < len(changes):
        clock, _, home, away, *_ = moments[changes[c + 1]]
        return clock, False, home, away
    return 0.0, True, moments[-1][2], moments[-1][3]


def _row(clock: float, now: Moment, end: tuple[float, bool, int, int]) -> tuple[float, ...]:
    until, last, end_home, end_away = end
    _, ball, home, away, *_ = now
    own, other = (end_home - home, end_away - away)[:: 1 if ball >= 0 else -1]
    return (clock, until, last, (home - away) * ball, own, other)


def _starts(moments: list[Moment], window: int) -> list[tuple[float, ...]]:
    changes = _changes(moments)
    return [
        _row(moments[k][0], moments[k], _ending(moments, changes, c))
        for c, k in enumerate(changes)
        if moments[k][0] <= window and moments[k][1]
    ]


def _glances(moments: list[Moment], window: int) -> list[tuple[float, ...]]:
    rows = []
    changes = _changes(moments)
    k, c = -1, -1
    for clock in range(window, 0, -1):
        while k + 1 < len(moments) and moments[k + 1][0] >= clock:
            k += 1
            if c + 1 < len(changes) and changes[c + 1] == k:
                c += 1
        if k >= 0 and moments[k][1]:
            rows.append(_row(clock, moments[k], _ending(moments, changes, c)))
    return rows


def _fill(seconds: Seconds, game: int, rows: list[tuple[float, ...]], data: Dataset) -> None:
    """Fill in the state at each second of regulation for one game, by its last event so far."""
    rules = data.league
    inside = [row for row in rows if row[0] <= rules.periods]
    if not inside:
        return
    table = np.array(inside, dtype=np.float64)
    period = table[:, 0]
    played = (period - 1) * rules.period_seconds + rules.period_seconds - table[:, 1]
    grid = np.arange(rules.regulation_seconds + 1)
    at = np.searchsorted(played, grid + 1e-6, side="right") - 1
    known = at >= 0
    at = np.maximum(at, 0)
    # Possession and bonus do not carry over into the next period.
    begun = np.minimum(grid // rules.period_seconds + 1, rules.periods)
    same = known & ((period[at] == begun) | (grid % rules.period_seconds == 0))
    seconds.home[game] = np.where(known, table[at, 3], 0)
    seconds.away[game] = np.where(known, table[at, 4], 0)
    seconds.ball[game] = np.where(same, table[at, 2], 0)
    seconds.bonus_home[game] = np.where(same, table[at, 5], 0) > 0
    seconds.bonus_away[game] = np.where(same, table[at, 6], 0) > 0


def _table(rows: array[float]) -> Possessions:
    """Possessions from the flat array of their rows."""
    table = np.frombuffer(rows, dtype=np.float32).reshape(-1, len(Possessions.__dataclass_fields__))
    return Possessions(*table.T)


@dataclass(frozen=True, eq=False)
class Priors:
    """The prior of each game; `use` marks the games that may be fitted on."""

    margin: Array
    total: Array
    margin_sd: Array
    total_sd: Array
    use: Array
    ends: Array
    """What was believed about the end that the road team attacks first, -1 to 1."""


@dataclass(frozen=True, eq=False)
class Sample:
    """States of recorded games, one row each, in points and seconds; + is for the home team."""

    game: Array
    left: Array
    lead: Array
    total: Array
    ball: Array
    bonus_home: Array
    bonus_away: Array
    period_left: Array
    prior_margin: Array
    prior_total: Array
    margin_sd: Array
    total_sd: Array
    end_lead: Array
    """The lead when `until` seconds are left, `until` being the argument of `draw`."""
    end_total: Array
    ends: Array
    possessions: Array
    """Possessions of a team so far."""
    fouls: Array
    """Fouls of both teams so far."""
    tip: Array
    half_lead: Array
    """The lead at half-time; the present lead before it."""
    half_total: Array


def draw(
    data: Dataset,
    seconds: Seconds,
    priors: Priors,
    games: Array,
    clocks: Iterable[int],
    until: int = 0,
) -> Sample:
    """The states of `games` at each of `clocks`, in seconds of regulation left.

    `end_lead` and `end_total` are those with `until` seconds left.
    """
    rules = data.league
    regulation = rules.regulation_seconds
    end = regulation - until
    end_home, end_away = (x[games, end].astype(float) for x in (seconds.home, seconds.away))
    # Filled in place, since all columns of a league's seasons together are 70 MB.
    asked, size = tuple(clocks), len(games)
    columns = [np.empty(len(asked) * size, games.dtype)]
    columns += [np.empty(len(asked) * size) for _ in range(len(Sample.__dataclass_fields__) - 1)]
    half = regulation // 2
    for k, clock in enumerate(asked):
        at = regulation - clock
        middle_home, middle_away = (
            x[games, min(at, half)].astype(float) for x in (seconds.home, seconds.away)
        )
        home, away = (x[games, at].astype(float) for x in (seconds.home, seconds.away))
        in_period = clock % rules.period_seconds
        period_left = 1.0 if clock == regulation else in_period / rules.period_seconds
        values = [
            games, clock, home - away, home + away, seconds.ball[games, at],
            seconds.bonus_home[games, at], seconds.bonus_away[games, at], period_left,
            priors.margin[games], priors.total[games],
            priors.margin_sd[games], priors.total_sd[games],
            end_home - end_away, end_home + end_away,
            priors.ends[games], seconds.possessions(games, at), seconds.fouls(games, at),
            seconds.tip[games], middle_home - middle_away, middle_home + middle_away,
        ]  # fmt: skip
        for column, value in zip(columns, values, strict=True):
            column[k * size : (k + 1) * size] = value
    return Sample(*columns)
