"""The axes that a course is drawn on.

Across: periods, the minutes of one period, or the wall clock, and which place on it a person means.
Up, beside the chance: the figure that decides the bet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, assert_never
from zoneinfo import ZoneInfo

from tracker.domain import Misused
from tracker.domain.bet import OwnFigure, Parlay, Wager
from tracker.domain.game import Game, Side
from tracker.domain.league import LEAGUES, League
from tracker.domain.market import (
    DoubleDouble,
    Moneyline,
    OddEven,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)

if TYPE_CHECKING:
    from tracker.domain.bet import Snapshot
    from tracker.domain.market import GameMarket
    from tracker.store.views import SnapshotView

_STEPS_S = (300, 600, 900, 1800, 3600, 7200, 4 * 3600, 12 * 3600, 24 * 3600)
"""Seconds between two times on an axis of the wall clock; the least that fits is taken."""

_MOST_TIMES = 6
"""Times on such an axis."""

_ONE_DAY_S = 18 * 3600
"""Above, a time on the axis says its day too."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A name on the axis, centred at `at`; at `line` (None for none) something begins.

    `score` is that at its end (away, home); None where there is none to tell.
    """

    at: float
    name: str
    line: float | None
    score: tuple[int, int] | None = None


def game_seconds(league: League, period: int, clock: float) -> float:
    """Seconds of game time played when `clock` seconds are left of a period; 0 before tip-off."""
    if period == 0:
        return 0.0
    before = min(period - 1, league.periods) * league.period_seconds
    before += max(0, period - 1 - league.periods) * league.overtime_seconds
    return before + max(0.0, league.length_of(period) - clock)


def periods(market: Wager, league: League, shots: Sequence[Snapshot]) -> tuple[int, int]:
    """The first and the last period that are drawn: those of the bet's part of the game.

    Until that part begins it is the whole game.
    """
    played = max(x.period for x in shots)
    whole = 1, max(league.periods, played)
    if isinstance(market, Parlay) or market.span in (Span.GAME, Span.REGULATION):
        return whole
    span = market.span.periods(league)
    if played < span.start:
        return whole
    last = span.stop - 1
    return span.start, max(last, played) if market.span.counts_overtime else last


def game_ticks(
    league: League, first: int, last: int, shots: Sequence[Snapshot]
) -> tuple[Tick, ...]:
    """The periods from one to another with the score at their ends; of one alone its clock."""
    if first == last:
        return _minutes(league, first)
    begin = game_seconds(league, first, league.length_of(first))
    found = []
    for number in range(first, last + 1):
        begins = game_seconds(league, number, league.length_of(number)) - begin
        ends = game_seconds(league, number, 0.0) - begin
        inside = [x.score for x in shots if x.period == number]
        score = (inside[-1].away, inside[-1].home) if inside else None
        line = begins if number > first else None
        found.append(Tick((begins + ends) / 2, league.period_name(number), line, score))
    return tuple(found)


def _minutes(league: League, period: int) -> tuple[Tick, ...]:
    """The clock of one period, at its quarters."""
    length, name = league.length_of(period), league.period_name(period)
    found = [Tick(0.0, name, None)]
    for part in (1, 2, 3):
        left = length * (4 - part) / 4
        text = f"{int(left // 60)}:{int(left % 60):02d}"
        found.append(Tick(length - left, text, length - left))
    return (*found, Tick(float(length), "0:00", None))


def wall_ticks(begin: datetime, end: float, zone: tzinfo) -> tuple[Tick, ...]:
    """Full times of the person's clock."""
    step = next((x for x in _STEPS_S if end / x <= _MOST_TIMES), _STEPS_S[-1])
    local = begin.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = (local - midnight).total_seconds()
    at, form = step - passed % step, "%H:%M" if end <= _ONE_DAY_S else "%a %H:%M"
    found = []
    while at <= end:
        moment = begin + timedelta(seconds=at)
        found.append(Tick(at, moment.astimezone(zone).strftime(form), at))
        at += step
    return tuple(found)


# ------------------------------------------------------------------------- the figure that decides


def own_figure(shot: Snapshot, market: Wager) -> OwnFigure | None:
    """The figure that decides a bet: kept with the snapshot, or read off the final score."""
    if shot.own is not None:
        return shot.own
    if isinstance(market, Parlay | PlayerTotal | DoubleDouble) or market.span is not Span.GAME:
        return None
    score, mu, sigma = shot.score, shot.mu, shot.sigma
    match market:
        case Moneyline() | Spread() | ThreeWay():
            sign = -1 if market.side is Side.AWAY else 1
            return OwnFigure(sign * score.margin, sign * mu.margin, sigma.margin)
        case Total() | OddEven(side=None):
            return OwnFigure(score.total, mu.total, sigma.total)
        case TeamTotal() | OddEven():
            home = market.side is Side.HOME
            points = score.home if home else score.away
            return OwnFigure(points, *((mu.home, sigma.home) if home else (mu.away, sigma.away)))
        case _:
            assert_never(market)


def so_far(market: Wager) -> bool:
    """Whether what counts so far is worth drawing: a game's points only ever grow to the line."""
    if isinstance(market, Parlay | DoubleDouble):
        return False
    whole = market.span is Span.GAME
    return not (whole and isinstance(market, Total | TeamTotal | OddEven))


def quantity(market: Wager, game: Game) -> tuple[str, float | None]:
    """What the figure is called, and the bet's own place on it."""
    if isinstance(market, Parlay | DoubleDouble):
        return "", None
    if isinstance(market, PlayerTotal):
        return f"{market.player.surname} {market.stat.value}", market.points
    return _of_score(market, game)


def _of_score(market: GameMarket, game: Game) -> tuple[str, float | None]:
    part = "final" if market.span is Span.GAME else market.span.value
    match market:
        case Moneyline():
            return f"{part} margin of {game.code(market.side)}", 0.0
        case ThreeWay(side):
            return f"{part} margin of {game.code(side or Side.HOME)}", 0.0
        case Spread():
            return f"{part} margin of {game.code(market.side)}", -market.points
        case Total():
            return f"{part} total", market.points
        case TeamTotal():
            return f"{part} points of {game.code(market.side)}", market.points
        case OddEven(side=None):
            return f"{part} total", None
        case OddEven():
            return f"{part} points of {game.code(market.side or Side.HOME)}", None
        case _:
            assert_never(market)


# --------------------------------------------------------------------- the moment that is meant

_GAME_CLOCK = re.compile(
    r"(?:Q([1-4])|([12])H|(\d?)OT)(?:\s+(\d{1,2}):(\d\d(?:\.\d)?))?", re.IGNORECASE
)
_WALL_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_HOW = "write a game clock such as 'Q3 4:11', a time such as 21:14, or a poll of `tracker show`"


def place(text: str, views: Sequence[SnapshotView], league: str, zone: ZoneInfo) -> int:
    """The place of the last snapshot at or before what a person wrote. Raises Misused.

    A number is a poll, as `tracker show --json` gives it.
    """
    words = text.strip()
    shots = [x.snapshot for x in views]
    if words.isdecimal():
        found = [i for i, x in enumerate(views) if x.poll == int(words)]
        if not found:
            raise Misused(f"this bet has no snapshot of poll {words}: {_HOW}")
        return found[0]
    if words.casefold() in ("tip", "tip-off", "start"):
        return 0
    if words.casefold() in ("end", "final"):
        return len(views) - 1
    played = _game_time(words, LEAGUES[league])
    if played is not None:
        at = [game_seconds(LEAGUES[league], x.period, x.clock) for x in shots]
        return _last(text, [x <= played for x in at])
    moment = _instant(words, shots[0].at, zone)
    return _last(text, [x.at <= moment for x in shots])


def _last(text: str, before: Sequence[bool]) -> int:
    if not before[0]:
        raise Misused(f"{text!r} is before this bet's first snapshot: name a later moment")
    return max(i for i, x in enumerate(before) if x)


def _game_time(words: str, league: League) -> float | None:
    """Seconds of game time played; None for what is no game clock."""
    if words.casefold() == "half":
        return league.regulation_seconds / 2
    found = _GAME_CLOCK.fullmatch(words)
    if found is None:
        return None
    quarter, half, extra, minutes, seconds = found.groups()
    period = int(quarter or half or 0) or league.periods + int(extra or 1)
    left = 0.0 if minutes is None else int(minutes) * 60 + float(seconds)
    return game_seconds(league, period, left)


def _instant(words: str, first: datetime, zone: ZoneInfo) -> datetime:
    """A time with its zone, or one of the evening of the game in the person's zone."""
    try:
        if _WALL_CLOCK.fullmatch(words):
            local = first.astimezone(zone)
            found = datetime.combine(local.date(), time.fromisoformat(words.zfill(5)), zone)
            return found if found >= local - timedelta(hours=12) else found + timedelta(days=1)
        found = datetime.fromisoformat(words)
    except ValueError:
        raise Misused(f"{words!r} is no moment of a game: {_HOW}") from None
    if found.tzinfo is None:
        raise Misused(f"{words!r} lacks a time zone: end it with Z for UTC")
    return found
