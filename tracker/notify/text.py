"""Messages: pure functions from what was decided to what a person reads on a lock screen.

The first line says it all, with the game's own clock; the second gives the score, what the bet
needs, how old the data are, and the bet's number. Facts and chances only, never advice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Protocol, assert_never

from tracker.domain.alert import Alert
from tracker.domain.bet import Bet, Result, Settlement
from tracker.domain.delivery import Delivery
from tracker.domain.game import Game, GameState
from tracker.domain.market import Span
from tracker.domain.parlay import Parlay
from tracker.domain.rule import (
    Comparison,
    Event,
    EventRule,
    LevelRule,
    SwingRule,
    parse_rule,
)
from tracker.notify.words import (
    LegSeen,
    counted,
    money_for,
    needs,
    percent,
    percent_change,
    progress,
    score_text,
    short,
    span_text,
    standing,
)

_MARKS = {Result.WON: "✅", Result.LOST: "❌", Result.PUSH: "↔", Result.VOID: "⊘"}

FRESH_SECONDS = 1
"""Data younger than this are not given an age."""

LATE_SECONDS = 15
"""A message that leaves this long after its alert was decided says how late it is."""

DIGEST_LINES = 20
"""Most alerts that a digest tells one by one."""


class Followed(Protocol):
    """What a message needs to know of a tracked bet."""

    @property
    def bet(self) -> Bet:
        """The bet."""
        ...

    @property
    def peak(self) -> float | None:
        """The best chance of winning that it has had."""
        ...

    @property
    def low(self) -> float | None:
        """The worst."""
        ...

    @property
    def settlement(self) -> Settlement | None:
        """Its latest result."""
        ...

    @property
    def legs(self) -> Sequence[LegSeen]:
        """Where each leg of a parlay stands; none for a single bet."""
        ...


class Belief(Protocol):
    """What a message needs to know of a game."""

    @property
    def game(self) -> Game:
        """The game."""
        ...

    @property
    def state(self) -> GameState | None:
        """What is believed of it."""
        ...

    @property
    def seen_at(self) -> datetime | None:
        """When a poll last was readable."""
        ...

    @property
    def stale(self) -> bool:
        """Whether the feed has stopped changing."""
        ...


def compose(alert: Alert, tracked: Followed, book: Belief) -> str:
    """The message for an alert, given its bet and its game after the change that fired it.

    Plain text of one or two lines; empty for a decision of which nothing is to be said.
    """
    if not alert.told:
        return ""
    rule = parse_rule(alert.rule)
    match rule:
        case LevelRule():
            falling = rule.comparison is Comparison.AT_MOST
            return _chance(alert, tracked, book, falling=falling, span=None)
        case SwingRule():
            return _chance(alert, tracked, book, falling=False, span=rule.seconds)
        case EventRule():
            return _event(rule.event, alert, tracked, book)
        case _:
            assert_never(rule)


def _chance(
    alert: Alert, tracked: Followed, book: Belief, *, falling: bool, span: int | None
) -> str:
    p = alert.p if alert.p is not None else 0.0
    shown, was = percent(p), None
    if alert.was is not None:
        shown, was = percent_change(p, alert.was)
        falling = alert.was > p or (alert.was == p and falling)
    moved = ""
    if span is not None and was is not None:
        moved = f"{'down' if falling else 'up'} from {was} in {span_text(span)}"
    facts = ", ".join(x for x in (moved, _stands(tracked, book), alert.game_clock) if x)
    before = f" (was {was})" if was is not None and span is None else ""
    first = f"{'▼' if falling else '▲'} {shown} {short(tracked.bet)}: {facts}{before}"
    return f"{first}\n{_second(alert, tracked, book)}"


def _stands(tracked: Followed, book: Belief) -> str:
    if tracked.legs:
        return progress(tracked.legs)
    return "" if book.state is None else standing(tracked.bet.market, book.state)


def _second(alert: Alert, tracked: Followed, book: Belief) -> str:
    need = "" if book.state is None else needs(tracked.bet.market, book.state)
    parts = (_score(alert, tracked, book), need, _age(alert, book), f"bet #{alert.bet}")
    return " · ".join(x for x in parts if x)


def _score(alert: Alert, tracked: Followed, book: Belief) -> str:
    """The score, and the points of the bet's own part of the game where it is about one."""
    market, state = tracked.bet.market, book.state
    whole = score_text(book.game, alert.score)
    if state is None or isinstance(market, Parlay) or market.span is Span.GAME:
        return whole
    part = counted(market, state)
    return whole if part is None else f"{whole} ({market.span.value} {part.home} – {part.away})"


def _age(alert: Alert, book: Belief) -> str:
    if book.seen_at is None:
        return ""
    age = (alert.at - book.seen_at).total_seconds()
    if book.stale:
        return "data stale"
    return "data just in" if age < FRESH_SECONDS else f"data {span_text(age)} old"


def _event(event: Event, alert: Alert, tracked: Followed, book: Belief) -> str:
    name = short(tracked.bet)
    chance = "" if alert.p is None else f"{percent(alert.p)} "
    stands = _stands(tracked, book)
    second = _second(alert, tracked, book)
    match event:
        case Event.START:
            return f"▶ {chance}{name}: tip-off, {alert.game_clock}\n{second}"
        case Event.QUARTER | Event.HALFTIME:
            facts = ", ".join(x for x in (stands, alert.game_clock) if x)
            return f"◆ {chance}{name}: {facts}\n{second}"
        case Event.HIT | Event.DEAD:
            mark, end = ("✔", "lose") if event is Event.HIT else ("✘", "win")
            facts = ", ".join(x for x in (stands, alert.game_clock) if x)
            return f"{mark} {name} {event.value.upper()}: can no longer {end}, {facts}\n{second}"
        case Event.FEED_DOWN:
            return _feed_down(alert, tracked, book)
        case Event.FEED_BACK:
            return _feed_back(alert, tracked, book)
        case Event.SETTLED | Event.REGRADED:
            return _settled(event, alert, tracked, book)
        case _:
            assert_never(event)


def _feed_down(alert: Alert, tracked: Followed, book: Belief) -> str:
    silent = ""
    if book.seen_at is not None:
        silent = f" for {span_text((alert.at - book.seen_at).total_seconds())}"
    why = f" · {alert.detail}" if alert.detail else ""
    return (
        f"⚠ {short(tracked.bet)}: no data{silent}, last seen at {alert.game_clock}\n"
        f"{_score(alert, tracked, book)} then · alerts on its chance wait · bet #{alert.bet}{why}"
    )


def _feed_back(alert: Alert, tracked: Followed, book: Belief) -> str:
    away = f", {alert.detail}" if alert.detail else ""
    state = book.state
    clock = alert.game_clock if state is None else state.game_clock
    score = alert.score if state is None else state.score
    stands = _stands(tracked, book)
    facts = ", ".join(x for x in (stands, clock) if x)
    return (
        f"✓ {short(tracked.bet)}: data are back{away}: {facts}\n"
        f"{score_text(book.game, score)} · alerts on its chance go on · bet #{alert.bet}"
    )


def _settled(event: Event, alert: Alert, tracked: Followed, book: Belief) -> str:
    done = tracked.settlement
    if done is None:
        return f"#{alert.bet} has a result · {short(tracked.bet)}"
    money = money_for(tracked.bet, done.result, done.payout_cents)
    off = book.state is not None and book.state.phase.off
    # A game that is off has no score, and its bets no course worth telling.
    score = f"{book.game.name} {alert.game_clock.lower()}" if off else _score(alert, tracked, book)
    course = "" if off else _course(tracked)
    facts = " · ".join(x for x in (score, short(tracked.bet), course) if x)
    result = done.result.value.upper()
    if event is Event.REGRADED:
        known = alert.detail.casefold() in set(Result)
        step = f"{alert.detail.upper()} → {result}" if known else f"now {result}"
        return (
            f"↻ #{alert.bet} corrected: {step}{money} · {facts}\n"
            f"The box score was corrected: revision {done.revision} of the result"
        )
    first = f"{_MARKS[done.result]} #{alert.bet} {result}{money} · {facts}"
    return first if off else f"{first}\nProvisional until the box score has been read again"


def _course(tracked: Followed) -> str:
    if tracked.peak is None or tracked.low is None:
        return ""
    return f"peak {percent(tracked.peak)}, low {percent(tracked.low)}"


def numbered(text: str, alert_id: int, late_seconds: float = 0.0) -> str:
    """A message with its alert's number at the end, and how late it is where that matters."""
    late = f" · {span_text(late_seconds)} late" if late_seconds >= LATE_SECONDS else ""
    return f"{text}{late} · alert {alert_id}"


def possible_repeat(text: str, alert_id: int, late_seconds: float = 0.0) -> str:
    """The message again, saying first that it may have come before, under the same number."""
    return f"possible repeat · {numbered(text, alert_id, late_seconds)}"


def worded(delivery: Delivery, now: datetime) -> str:
    """What is sent for a delivery: its text, its number, and whether it may be a repeat."""
    late = (now - delivery.created_at).total_seconds()
    make = possible_repeat if delivery.possible_repeat else numbered
    return make(delivery.text, delivery.alert_id, late)


def digest(waiting: Sequence[Delivery], zone: tzinfo = UTC, *, repeated: bool = False) -> str:
    """One message for all alerts that were held back until now, or that could not leave in time.

    `zone` is the person's, for the times; `repeated` is whether it may have arrived already.
    """
    held = [x for x in waiting if x.held]
    late = [x for x in waiting if not x.held]
    fate = "may not have reached" if repeated else "could not reach"
    parts = []
    if late:
        parts.append(_listed(f"{_alerts(len(late))} {fate} you in time", late, zone))
    if held:
        parts.append(_listed(f"{_alerts(len(held))} while you wanted silence", held, zone))
    text = "\n".join(parts)
    return f"possible repeat · {text}" if repeated else text


def _alerts(count: int) -> str:
    return f"{count} alert{'s' if count != 1 else ''}"


def _listed(head: str, told: Sequence[Delivery], zone: tzinfo) -> str:
    shown = sorted(told, key=lambda x: (x.created_at, x.alert_id))[-DIGEST_LINES:]
    lines = [head, *(_told_late(one, zone) for one in shown)]
    if len(told) > len(shown):
        lines.append(f"and {len(told) - len(shown)} before these: tracker alerts")
    return "\n".join(lines)


def _told_late(delivery: Delivery, zone: tzinfo) -> str:
    first = delivery.text.partition("\n")[0]
    return f"{delivery.created_at.astimezone(zone):%H:%M %Z} · {first} · alert {delivery.alert_id}"
