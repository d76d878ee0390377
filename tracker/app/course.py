"""A bet's course over the game, ready to be drawn: pure figures on an axis of game time.

And which moment of it a person means.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, assert_never
from zoneinfo import ZoneInfo

from tracker.domain.bet import Parlay, Wager
from tracker.domain.errors import Misused
from tracker.domain.game import Side
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
from tracker.domain.policy import (
    Comparison,
    EdgeRule,
    EventRule,
    LevelRule,
    MoveRule,
    SwingRule,
    parse_rule,
)

if TYPE_CHECKING:
    from tracker.domain.alert import Alert
    from tracker.domain.bet import Moments, Snapshot
    from tracker.store.views import ShowView, SnapshotView


@dataclass(frozen=True, slots=True)
class Point:
    """One snapshot. `x` is seconds of game time; chances are 0 to 1, the rest is in points.

    `margin` is the backed side's, where the bet is about one; `home` and `away` are the score.
    """

    x: float
    win: float
    mu: float
    sigma: float
    margin: float | None
    home: int
    away: int


@dataclass(frozen=True, slots=True)
class Mark:
    """An alert: where on the course it came, the rule, and which way it looks (-1, 0 or 1)."""

    x: float
    win: float
    rule: str
    way: int


@dataclass(frozen=True, slots=True)
class Period:
    """A period on the axis: where it begins and ends, and the score (away, home) at its end.

    The score is that of the last snapshot in the period, and None when there was none.
    """

    begins: float
    ends: float
    name: str
    score: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Course:
    """All that a chart of one bet shows.

    `periods` are the marks of the axis, and `end` is where it ends. `levels` are those of the bet's
    rules, 0 to 1. `quantity` names what mu and sigma are of, `line` is the bet's own figure on that
    axis, where it is about the whole game. `home` and `away` are the teams.
    """

    title: str
    subtitle: str
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    levels: tuple[float, ...]
    periods: tuple[Period, ...]
    end: float
    quantity: str
    line: float | None
    home: str
    away: str


def game_seconds(league: League, period: int, clock: float) -> float:
    """Seconds of game time played when `clock` seconds are left of a period; 0 before tip-off."""
    if period == 0:
        return 0.0
    before = min(period - 1, league.periods) * league.period_seconds
    before += max(0, period - 1 - league.periods) * league.overtime_seconds
    return before + max(0.0, league.length_of(period) - clock)


def course_of(view: ShowView, title: str, subtitle: str) -> Course:
    """The course of a bet that has a game and snapshots; ValueError when it has not.

    Moments without a chance are left out. A parlay over several games has its course on the clock
    of the one that has told most of it.
    """
    bet = view.bet
    known = [x for x in view.snapshots if x.snapshot.chance is not None]
    if bet.game is None or bet.market is None or not known:
        raise ValueError("a course needs a game and a history")
    told = Counter(x.game for x in known).most_common(1)[0][0]
    slip = bet.market.legs if isinstance(bet.market, Parlay) else ()
    game = next((x.game for x in slip if x.game.id == told), bet.game)
    league = LEAGUES[game.league]
    shots = [x.snapshot for x in known if x.game == told]
    points = tuple(_point(x, league, bet.market) for x in shots)
    last = max(league.periods, *(x.period for x in shots))
    end = game_seconds(league, last, 0.0)
    marks = tuple(_mark(x.alert, shots, points) for x in view.alerts if x.alert.text)
    quantity, line = _axis(bet.market, game.home, game.away)
    return Course(
        title=title,
        subtitle=subtitle,
        points=points,
        marks=marks,
        levels=tuple(sorted({x.level for x in bet.rules if isinstance(x, LevelRule)})),
        periods=tuple(_period(n, league, shots) for n in range(1, last + 1)),
        end=end,
        quantity=quantity,
        line=line,
        home=game.home,
        away=game.away,
    )


def _mark(alert: Alert, shots: list[Snapshot], points: tuple[Point, ...]) -> Mark:
    """An alert where the course stood at its time: at the last snapshot before it."""
    index = max((i for i, x in enumerate(shots) if x.at <= alert.at), default=0)
    at = points[index]
    return Mark(at.x, at.win, alert.rule, _way(alert))


def _way(alert: Alert) -> int:
    """Which way an alert looks: as its rule says, else as the chance moved."""
    rule = parse_rule(alert.rule)
    match rule:
        case LevelRule(Comparison.AT_LEAST):
            return 1
        case LevelRule(Comparison.AT_MOST):
            return -1
        case LevelRule() | SwingRule():
            return -1 if (alert.p or 0.0) < (alert.was or 0.0) else 1
        case EventRule() | EdgeRule() | MoveRule():
            return 0
        case _:
            assert_never(rule)


def _period(number: int, league: League, shots: list[Snapshot]) -> Period:
    inside = [x for x in shots if x.period == number]
    return Period(
        begins=game_seconds(league, number, league.length_of(number)),
        ends=game_seconds(league, number, 0.0),
        name=league.period_name(number),
        score=(inside[-1].score.away, inside[-1].score.home) if inside else None,
    )


def _point(x: Snapshot, league: League, market: Wager) -> Point:
    sign = _sign(market)
    sides = isinstance(market, Moneyline | Spread | ThreeWay)
    return Point(
        x=game_seconds(league, x.period, x.clock),
        win=x.known.win,
        mu=sign * _of(market, x.mu),
        sigma=_of(market, x.sigma),
        margin=sign * x.score.margin if sides else None,
        home=x.score.home,
        away=x.score.away,
    )


def _sign(market: Wager) -> int:
    """Margins are drawn from the side that is backed."""
    backs_away = isinstance(market, Moneyline | Spread | ThreeWay) and market.side is Side.AWAY
    return -1 if backs_away else 1


def _team(market: Wager) -> Side | None:
    """The team whose points are drawn; None for a market of both."""
    match market:
        case PlayerTotal() | DoubleDouble():
            return market.player.side
        case TeamTotal() | OddEven():
            return market.side
        case _:
            return None


def _of(market: Wager, moments: Moments) -> float:
    if isinstance(market, Moneyline | Spread | ThreeWay):
        return moments.margin
    team = _team(market)
    if team is None:
        return moments.total
    return moments.home if team is Side.HOME else moments.away


def _axis(market: Wager, home: str, away: str) -> tuple[str, float | None]:
    """What mu and sigma are of, and the bet's own figure on that axis.

    A player line is drawn over the points of his team.
    """
    if isinstance(market, Parlay):
        return "final total", None
    codes = {Side.HOME: home, Side.AWAY: away, None: home}
    whole = market.span is Span.GAME
    match market:
        case Moneyline() | ThreeWay():
            return f"final margin of {codes[market.side]}", 0.0 if whole else None
        case Spread():
            own = -market.points if whole else None
            return f"final margin of {codes[market.side]}", own
        case Total():
            return "final total", market.points if whole else None
        case TeamTotal():
            return f"final points of {codes[market.side]}", market.points if whole else None
        case OddEven(side=None):
            return "final total", None
        case OddEven() | PlayerTotal() | DoubleDouble():
            return f"final points of {codes[_team(market)]}", None
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
