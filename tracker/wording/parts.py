"""The parts that messages are made of: standing, score, worth, age of the data, course of a bet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from tracker.domain.alert import Alert, MessageStyle
from tracker.domain.bet import Bet, Parlay, Settlement
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState
from tracker.domain.market import PlayerTotal, Span, line_text
from tracker.domain.money import money_text, payout_if_won
from tracker.domain.player import box_line, figure
from tracker.domain.value import fair_value
from tracker.wording.figures import (
    LegSeen,
    counted,
    needs,
    percent,
    percent_change,
    progress,
    score_text,
    short,
    short_market,
    span_text,
    standing,
)

FRESH_SECONDS = 1
"""Data younger than this are not given an age."""


class LegMoved(LegSeen, Protocol):
    """What a message needs to know of a leg of a parlay."""

    @property
    def chance(self) -> Chance | None:
        """Its chance alone."""
        ...


class Followed(Protocol):
    """What a message needs to know of a tracked bet."""

    @property
    def bet(self) -> Bet:
        """The bet."""
        ...

    @property
    def chance(self) -> Chance | None:
        """The chance of its last snapshot."""
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
    def legs(self) -> Sequence[LegMoved]:
        """Where each leg of a parlay stands; none for a single bet."""
        ...

    @property
    def out(self) -> Sequence[int]:
        """The places of the legs whose player is out."""
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


def moved(alert: Alert, *, falling: bool) -> tuple[str, str, str]:
    """The sign of a chance that moved, the chance, and the one before; empty where not known.

    `falling` is what a chance that has not moved, or of which no more is known, is taken for.
    """
    p = alert.p if alert.p is not None else 0.0
    shown, was = percent(p), None
    if alert.was is not None:
        shown, was = percent_change(p, alert.was)
        falling = alert.was > p or (alert.was == p and falling)
    return "▼" if falling else "▲", shown, was or ""


def stands(tracked: Followed, book: Belief) -> str:
    """Where a bet stands: `leads by 7`, `2 alive, 1 hit`; may be empty."""
    if tracked.legs:
        return progress(tracked.legs)
    return "" if book.state is None else standing(tracked.bet.market, book.state)


def leg_moved(alert: Alert, tracked: Followed) -> str:
    """Which leg moved a parlay, and to what: `leg 2 DEN -4.5 up to 71 %`; empty where none did."""
    if alert.leg is None or alert.leg_was is None:
        return ""
    leg, chance = tracked.bet.legs[alert.leg], tracked.legs[alert.leg].chance
    if chance is None:
        return ""
    way = "up" if chance.win > alert.leg_was else "down"
    name = short_market(leg.market, leg.game)
    return f"leg {alert.leg + 1} {name} {way} to {percent(chance.win)}"


def needed(tracked: Followed, book: Belief) -> str:
    """What a bet needs: `needs to win by 5`; may be empty."""
    return "" if book.state is None else needs(tracked.bet.market, book.state)


def score(alert: Alert, tracked: Followed, book: Belief) -> str:
    """The score, and the points of the bet's own part of the game where it is about one."""
    market, state = tracked.bet.market, book.state
    whole = score_text(book.game, alert.score)
    if state is None or isinstance(market, Parlay) or market.span is Span.GAME:
        return whole
    part = counted(market, state)
    return whole if part is None else f"{whole} ({market.span.value} {part.away} – {part.home})"


def how_it_ended(alert: Alert, tracked: Followed, book: Belief) -> str:
    """What a result rests on, and the bet: `LAL 105 – 114 DEN · DEN -4.5`, `Jokić 27 pts (o25.5)`.

    A parlay rests on its legs: `2 hit, 1 dropped · Parlay (3)`.
    """
    bet, state = tracked.bet, book.state
    match bet.market:
        case Parlay():
            rests = progress(tracked.legs)
        case PlayerTotal() as market if state is not None:
            line = box_line(state, market.player)
            made = None if line is None else figure(line, market.stat)
            if made is not None:
                side = f"{market.direction.value[0]}{line_text(market.points)}"
                return f"{market.player.surname} {made} {market.stat.value} ({side})"
            rests = score(alert, tracked, book)
        case _:
            rests = score(alert, tracked, book)
    return " · ".join(x for x in (rests, short(bet)) if x)


def fair(tracked: Followed) -> str:
    """What the bet is worth on average, its stake included; empty once that is no longer open."""
    bet, chance = tracked.bet, tracked.chance
    if chance is None or chance.decided or bet.stake_cents is None or bet.odds is None:
        return ""
    if tracked.out:
        # What the book will pay without the leg is not known.
        return ""
    worth = fair_value(chance, bet.stake_cents, payout_if_won(bet.stake_cents, bet.odds))
    return f"fair cash-out {money_text(worth)}"


def age(alert: Alert, book: Belief, wording: MessageStyle) -> str:
    """How old the data are that a message goes by, a delay that was asked for included."""
    if book.seen_at is None:
        return ""
    seconds = (alert.at - book.seen_at).total_seconds()
    delayed = f"delayed {span_text(wording.delay)}" if wording.delay else ""
    if book.stale:
        told = "data stale"
    elif seconds < FRESH_SECONDS:
        told = f"data {delayed or 'just in'}"
        delayed = ""
    else:
        told = f"data {span_text(seconds + wording.delay)} old"
    return f"{told}, {delayed}" if delayed else told


def course(tracked: Followed) -> str:
    """How far a chance has ranged: `peak 96 %, low 48 %`."""
    if tracked.peak is None or tracked.low is None:
        return ""
    return f"peak {percent(tracked.peak)}, low {percent(tracked.low)}"
