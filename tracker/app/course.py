"""A bet's course, ready to draw: its chance and the figure that decides it, on one axis.

The axis is game time over the part of the game that the bet is about; for a parlay over several
games it is wall-clock time. `series` gives the same history as columns, thinned but with every
spike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from itertools import accumulate
from typing import TYPE_CHECKING, Any, assert_never

from tracker.app.axes import (
    Tick,
    game_seconds,
    game_ticks,
    own_figure,
    periods,
    quantity,
    so_far,
    wall_ticks,
)
from tracker.app.views import iso
from tracker.domain.alert import Alert
from tracker.domain.bet import OwnFigure, Parlay, Result, Snapshot, Wager
from tracker.domain.game import Game
from tracker.domain.league import LEAGUES
from tracker.domain.policy import (
    EdgeRule,
    EventRule,
    LevelRule,
    MoveRule,
    SwingRule,
    parse_rule,
)
from tracker.domain.tracking import LegStanding
from tracker.wording import short_market

if TYPE_CHECKING:
    from tracker.store.views import ShowView, SnapshotView


_WARM_UP = timedelta(minutes=10)
"""How long before the first tip-off a wall-clock axis begins at the earliest."""

RETURNED = 0.5
"""Height at which a push or a void bet ends on the chance's axis: neither won nor lost."""

_AFTER = timedelta(hours=4)
"""A result that comes later than this after the last snapshot was decided by hand or corrected."""

FEWEST, MOST = 10, 2000
"""Fewest and most points that a series may be asked for."""


@dataclass(frozen=True, slots=True)
class Point:
    """One snapshot. `x` is in seconds on the axis, `win` is 0 to 1.

    `own` is the figure that decides the bet, in its own unit; None where it is unknown. `home` and
    `away` are the score.
    """

    x: float
    win: float
    own: OwnFigure | None
    home: int
    away: int


@dataclass(frozen=True, slots=True)
class Mark:
    """An alert on the course, and its rule; `way` is -1 if it points down, 1 if up, else 0."""

    x: float
    win: float
    rule: str
    way: int


@dataclass(frozen=True, slots=True)
class Lane:
    """The legs of a parlay that are settled together, by name, and their result.

    `result` is None while it is open. `points` are places and chances of these legs alone; empty
    where only the parlay's own chance was stored.
    """

    name: str
    result: Result | None
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """A bet's result and its place on the course; `win` is its height: 1, 0, or RETURNED."""

    x: float
    win: float
    result: Result


@dataclass(frozen=True, slots=True)
class Course:
    """All that a chart of one bet shows. The axis runs from 0 to `end`.

    `levels` are the levels of the bet's rules, 0 to 1. `quantity` names the figure that decides the
    bet, empty where there is none. `line` is the bet's own value of it, and `so_far` whether the
    figure so far is drawn beside the expected one. `away` and `home` are the teams, empty for
    several games. `lanes` are the legs of a parlay.
    """

    title: str
    subtitle: str
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    levels: tuple[float, ...]
    ticks: tuple[Tick, ...]
    end: float
    lanes: tuple[Lane, ...]
    ending: Ending | None
    ranged: tuple[float, float] | None
    """The lowest and highest chance that the bet had while it was open."""
    quantity: str = ""
    line: float | None = None
    so_far: bool = False
    away: str = ""
    home: str = ""


def course_of(view: ShowView, title: str, subtitle: str, zone: tzinfo) -> Course:
    """The course of a bet that has a game and snapshots; ValueError for another.

    Moments without a chance are left out. `zone` is the person's, for a wall-clock axis.
    """
    bet = view.bet
    known = [x for x in view.snapshots if x.snapshot.chance is not None]
    if bet.game is None or bet.market is None or not known:
        raise ValueError("a course needs a game and a history")
    if isinstance(bet.market, Parlay) and len(bet.market.games) > 1:
        return _over_games(view, bet.market, known, title, subtitle, zone)
    return _over_one(view, bet.market, bet.game, known, title, subtitle)


def _over_one(
    view: ShowView,
    market: Wager,
    game: Game,
    known: Sequence[SnapshotView],
    title: str,
    subtitle: str,
) -> Course:
    """The course on the clock of one game, over the part of it that the bet is about."""
    league = LEAGUES[game.league]
    shots = [x.snapshot for x in known]
    first, last = periods(market, league, shots)
    begin = game_seconds(league, first, league.length_of(first))
    end = game_seconds(league, last, 0.0) - begin
    # The curve must not turn back where a clock is corrected by a second or two.
    played = accumulate(
        (game_seconds(league, x.game.period, x.game.clock) - begin for x in shots), max
    )
    places, shots = _within(list(played), shots, end)
    raw = tuple(
        Point(x, s.known.win, own_figure(s, market), s.game.score.home, s.game.score.away)
        for x, s in zip(places, shots, strict=True)
    )
    ending = _ending(view.bet.result, shots, raw)
    points = _until(raw, shots, ending)
    marks = tuple(_mark(x.alert, shots, points) for x in view.alerts if x.alert.text)
    about, line = quantity(market, game)
    figured = any(x.own is not None for x in points)
    return Course(
        title=title,
        subtitle=subtitle,
        points=points,
        marks=marks,
        levels=_levels(view),
        ticks=game_ticks(league, first, last, shots),
        end=end,
        quantity=about if figured else "",
        line=line if figured else None,
        so_far=so_far(market),
        away=game.away,
        home=game.home,
        lanes=_legs(view, market),
        ending=ending,
        ranged=_ranged(view),
    )


def _over_games(
    view: ShowView,
    slip: Parlay,
    known: Sequence[SnapshotView],
    title: str,
    subtitle: str,
    zone: tzinfo,
) -> Course:
    """The course of a parlay over several games, in wall-clock time."""
    known = sorted(known, key=lambda x: x.snapshot.game.at)
    first = min(x.start for x in slip.games) - _WARM_UP
    begin = min(max(known[0].snapshot.game.at, first), known[-1].snapshot.game.at)
    before = [x for x in known if x.snapshot.game.at < begin]
    shots = [x.snapshot for x in (*before[-1:], *known[len(before) :])]
    places = [max(0.0, (x.game.at - begin).total_seconds()) for x in shots]
    points = [Point(x, s.known.win, None, 0, 0) for x, s in zip(places, shots, strict=True)]
    ending = _ending(view.bet.result, shots, points)
    cut = list(_until(points, shots, ending))
    if ending is not None and (ended := _ended_at(view, begin)) is not None:
        ending = Ending(max(ended, cut[-1].x), ending.win, ending.result)
        cut.append(replace(cut[-1], x=ending.x, win=ending.win))
    end = max(cut[-1].x, 60.0)
    marks = (
        Mark(min(end, max(0.0, (x.at - begin).total_seconds())), x.p, x.rule, _way(x))
        for x in (one.alert for one in view.alerts)
        if x.text and x.p is not None
    )
    return Course(
        title=title,
        subtitle=subtitle,
        points=tuple(cut),
        marks=tuple(marks),
        levels=_levels(view),
        ticks=wall_ticks(begin, end, zone),
        end=end,
        lanes=_lanes(view, slip, known, begin, end),
        ending=ending,
        ranged=_ranged(view),
    )


def _ranged(view: ShowView) -> tuple[float, float] | None:
    peak, low = view.bet.peak, view.bet.low
    return None if peak is None or low is None else (low, peak)


def _within(
    places: Sequence[float], shots: Sequence[Snapshot], end: float
) -> tuple[list[float], list[Snapshot]]:
    """The snapshots on an axis from 0 to `end`, with the last one before it and the first after.

    These two are moved to the ends of the axis, with the score at those ends.
    """
    inside = [i for i, x in enumerate(places) if 0 <= x <= end] or [len(places) - 1]
    first, last = inside[0], inside[-1]
    kept = list(zip(places[first : last + 1], shots[first : last + 1], strict=True))
    if first > 0:
        kept.insert(0, (0.0, _scored_as(shots[first - 1], shots[first])))
    if last + 1 < len(shots):
        kept.append((end, _scored_as(shots[last + 1], shots[last])))
    return [min(end, max(0.0, x)) for x, _ in kept], [shot for _, shot in kept]


def _scored_as(shot: Snapshot, other: Snapshot) -> Snapshot:
    return replace(shot, game=replace(shot.game, score=other.game.score))


def _levels(view: ShowView) -> tuple[float, ...]:
    return tuple(sorted({x.level for x in view.bet.rules if isinstance(x, LevelRule)}))


# ------------------------------------------------------------------------------------ how it ended


def _ending(
    result: Result | None, shots: Sequence[Snapshot], points: Sequence[Point]
) -> Ending | None:
    """The place of a bet's result: where it became certain, else its last snapshot."""
    if result is None:
        return None
    at = _decided(shots)
    match result:
        case Result.WON | Result.LOST:
            win = 1.0 if result is Result.WON else 0.0
            agrees = at < len(points) and points[at].win == win
            return Ending(points[at if agrees else -1].x, win, result)
        case Result.PUSH | Result.VOID:
            return Ending(points[min(at, len(points) - 1)].x, RETURNED, result)
        case _:
            assert_never(result)


def _decided(shots: Sequence[Snapshot]) -> int:
    """The index from which on the chance was decided; the number of snapshots if it never was."""
    at = len(shots)
    while at > 0 and shots[at - 1].known.decided:
        at -= 1
    return at


def _until(
    points: Sequence[Point], shots: Sequence[Snapshot], ending: Ending | None
) -> tuple[Point, ...]:
    """A bet's points up to its result; those of a push or void keep the last open chance."""
    if ending is None:
        return tuple(points)
    if ending.result in (Result.WON, Result.LOST):
        if points[-1].win == ending.win:
            return tuple(points)
        return (*points, replace(points[-1], x=ending.x, win=ending.win))
    at = _decided(shots)
    last = points[max(0, at - 1)].win
    return (*points[:at], *(replace(x, win=last) for x in points[at:]))


def _ended_at(view: ShowView, begin: datetime) -> float | None:
    """When the result came, in seconds after `begin`; None where that time is not the game's."""
    if not view.settlements:
        return None
    first, last = view.settlements[0].settlement, view.snapshots[-1].snapshot.game.at
    if first.by_hand or first.at - last > _AFTER:
        return None
    return (first.at - begin).total_seconds()


# ------------------------------------------------------------------------------------------ alerts


def _mark(alert: Alert, shots: Sequence[Snapshot], points: Sequence[Point]) -> Mark:
    """An alert at the place of the last snapshot before it."""
    index = max((i for i, x in enumerate(shots) if x.game.at <= alert.at), default=0)
    at = points[index]
    way = _way(alert)
    # A level or a swing is drawn at the chance of its alert, a fact on the curve.
    win = at.win if way == 0 or alert.p is None else alert.p
    return Mark(at.x, win, alert.rule, way)


def _way(alert: Alert) -> int:
    """Which way an alert points: as its rule says, else as the chance moved."""
    rule = parse_rule(alert.rule)
    match rule:
        case LevelRule(comparison) if comparison.upward is not None:
            return 1 if comparison.upward else -1
        case LevelRule() | SwingRule():
            return -1 if (alert.p or 0.0) < (alert.was or 0.0) else 1
        case EventRule() | EdgeRule() | MoveRule():
            return 0
        case _:
            assert_never(rule)


# -------------------------------------------------------------------------------------------- legs


def _legs(view: ShowView, market: Wager) -> tuple[Lane, ...]:
    """A lane for each leg of a parlay on one game: priced together, but settled one by one."""
    if not isinstance(market, Parlay):
        return ()
    return tuple(
        Lane(short_market(leg.market, leg.game), _result(seen))
        for leg, seen in zip(market.legs, view.legs, strict=False)
    )


def _lanes(
    view: ShowView, slip: Parlay, known: Sequence[SnapshotView], begin: datetime, end: float
) -> tuple[Lane, ...]:
    """A lane for each game of a parlay, with the chance of its legs from the snapshots."""
    found = []
    for game in slip.games:
        legs = [i for i, leg in enumerate(slip.legs) if leg.game.id == game.id]
        seen = [view.legs[i] for i in legs if i < len(view.legs)]
        name = " + ".join(short_market(slip.legs[i].market, slip.legs[i].game) for i in legs)
        named = name if game.name in name else f"{name} ({game.name})"
        points = [
            (max(0.0, (x.snapshot.game.at - begin).total_seconds()), x.snapshot.part.win)
            for x in known
            if x.game == game.id and x.snapshot.part is not None
        ]
        early = sum(x == 0 for x, _ in points[1:])
        points = points[early:]
        result = _together(seen)
        if points:
            # Nothing changed after the game's last snapshot: its chance holds to the end.
            points.append((end, points[-1][1]))
        found.append(Lane(named, result, tuple(points)))
    return tuple(found)


def _result(seen: LegStanding) -> Result | None:
    """A leg's result, as soon as it is certain."""
    if seen.hit:
        return Result.WON
    if seen.lost:
        return Result.LOST
    return seen.result or (Result.VOID if seen.out else None)


def _together(seen: Sequence[LegStanding]) -> Result | None:
    """The result of legs that are settled together; None while it is open."""
    results = [_result(x) for x in seen]
    if Result.LOST in results:
        return Result.LOST
    if not results or None in results:
        return None
    return Result.WON if Result.WON in results else results[0]


def series(views: Sequence[SnapshotView], points: int) -> dict[str, list[Any]]:
    """At most `points` snapshots, oldest first, as one list for each figure.

    `win` is 0 to 1; `mu` and `sigma` are of the final total.
    """
    taken = _thinned([x.snapshot for x in views if x.snapshot.chance is not None], points)
    return {
        "at": [iso(x.game.at) for x in taken],
        "win": [round(x.known.win, 4) for x in taken],
        "mu": [round(x.game.mu.total, 1) for x in taken],
        "sigma": [round(x.game.sigma.total, 1) for x in taken],
        "score": [[x.game.score.home, x.game.score.away] for x in taken],
        "clock": [x.game.game_clock for x in taken],
    }


def _thinned(shots: Sequence[Snapshot], points: int) -> Sequence[Snapshot]:
    """The lowest and highest chance of each stretch, and always the first and the last."""
    if len(shots) <= points:
        return shots
    stretches = max(1, (points - 2) // 2)
    inner = range(1, len(shots) - 1)
    kept = {0, len(shots) - 1}
    for k in range(stretches):
        begin = 1 + len(inner) * k // stretches
        end = 1 + len(inner) * (k + 1) // stretches
        stretch = range(begin, end)
        if stretch:
            kept.add(min(stretch, key=lambda i: shots[i].known.win))
            kept.add(max(stretch, key=lambda i: shots[i].known.win))
    return [shots[i] for i in sorted(kept)]
