"""The axes of a bet's chart.

The horizontal axis shows periods, the minutes of one period, or wall-clock times; `place` finds the
snapshot that a person names on it. The vertical axis beside the chance shows the figure that
decides the bet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, assert_never
from zoneinfo import ZoneInfo

from tracker.domain import Misused
from tracker.domain.bet import OwnFigure, Parlay, Snapshot, Wager
from tracker.domain.game import Game, Side
from tracker.domain.league import LEAGUES, League
from tracker.domain.market import (
    DoubleDouble,
    GameMarket,
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
    from tracker.store.views import SnapshotView

_STEPS_S = (300, 600, 900, 1800, 3600, 7200, 4 * 3600, 12 * 3600, 24 * 3600)
"""Possible seconds between two times on a wall-clock axis; the smallest that fits is used."""

_MOST_TIMES = 6
"""Most times on a wall-clock axis."""

_ONE_DAY_S = 18 * 3600
"""On a wall-clock axis longer than this, each time also shows its weekday."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on the horizontal axis, centred at `at`. A line is drawn at `line` if it is not None.

    `score` is the score (away, home) at the end of the period; None where there is none.
    """

    at: float
    name: str
    line: float | None
    score: tuple[int, int] | None = None


def game_seconds(league: League, period: int, clock: float) -> float:
    """Seconds of game time played when `clock` seconds of a period are left; 0 before tip-off."""
    if period == 0:
        return 0.0
    before = min(period - 1, league.periods) * league.period_seconds
    before += max(0, period - 1 - league.periods) * league.overtime_seconds
    return before + max(0.0, league.length_of(period) - clock)


def periods(market: Wager, league: League, shots: Sequence[Snapshot]) -> tuple[int, int]:
    """The first and last period to draw: those of the bet's part of the game.

    The whole game is drawn until that part begins.
    """
    played = max(x.game.period for x in shots)
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
    """The labels of several periods, each with the score at its end; of one period, its clock."""
    if first == last:
        return _minutes(league, first)
    begin = game_seconds(league, first, league.length_of(first))
    found = []
    for number in range(first, last + 1):
        begins = game_seconds(league, number, league.length_of(number)) - begin
        ends = game_seconds(league, number, 0.0) - begin
        inside = [x.game.score for x in shots if x.game.period == number]
        score = (inside[-1].away, inside[-1].home) if inside else None
        line = begins if number > first else None
        found.append(Tick((begins + ends) / 2, league.period_name(number), line, score))
    return tuple(found)


def _minutes(league: League, period: int) -> tuple[Tick, ...]:
    """The clock of one period, labelled at each quarter of it."""
    length, name = league.length_of(period), league.period_name(period)
    found = [Tick(0.0, name, None)]
    for part in (1, 2, 3):
        left = length * (4 - part) / 4
        text = f"{int(left // 60)}:{int(left % 60):02d}"
        found.append(Tick(length - left, text, length - left))
    return (*found, Tick(float(length), "0:00", None))


def wall_ticks(begin: datetime, end: float, zone: tzinfo) -> tuple[Tick, ...]:
    """Round times of the person's clock, from `begin` for `end` seconds."""
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
    """The figure that decides a bet: stored with the snapshot, or worked out from its score."""
    if shot.own is not None:
        return shot.own
    if isinstance(market, Parlay | PlayerTotal | DoubleDouble) or market.span is not Span.GAME:
        return None
    score, mu, sigma = shot.game.score, shot.game.mu, shot.game.sigma
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
    """Whether to draw the figure so far: not for points of a whole game, which only grow."""
    if isinstance(market, Parlay | DoubleDouble):
        return False
    whole = market.span is Span.GAME
    return not (whole and isinstance(market, Total | TeamTotal | OddEven))


def quantity(market: Wager, game: Game) -> tuple[str, float | None]:
    """The name of the figure that decides a bet, and the bet's own value on it."""
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
    """The index of the last snapshot at or before the moment that a person wrote.

    `text` is a game clock, a time, a word such as `half`, or a poll's number as `tracker show
    --json` gives it. Raises Misused where no snapshot fits.
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
        at = [game_seconds(LEAGUES[league], x.game.period, x.game.clock) for x in shots]
        return _last(text, [x <= played for x in at])
    moment = _instant(words, shots[0].game.at, zone)
    return _last(text, [x.game.at <= moment for x in shots])


def _last(text: str, before: Sequence[bool]) -> int:
    if not before[0]:
        raise Misused(f"{text!r} is before this bet's first snapshot: name a later moment")
    return max(i for i, x in enumerate(before) if x)


def _game_time(words: str, league: League) -> float | None:
    """Seconds of game time played at a game clock; None for any other text."""
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
    """The moment of a time with its zone, or of a time of day on the game's evening."""
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
