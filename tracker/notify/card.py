"""The live card of a game: one message with all bets on it, to be edited in place as it is played.

Pure text. An edit makes no sound, so a card may say what no alert should be spent on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from math import floor
from typing import Protocol, assert_never

from tracker.domain.bet import Bet, Result, Settlement
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState
from tracker.domain.market import Direction, Market, Moneyline, Spread, TeamTotal, Total
from tracker.notify.words import (
    counted,
    money_for,
    needs,
    percent,
    score_text,
    short,
    span_text,
    standing,
)

LIKELY = 0.60
"""A chance of winning from here on is shown green."""

UNLIKELY = 0.35
"""A chance below is shown red, one between the two yellow."""

BAR_CELLS = 16
"""Cells of a bar: more would wrap on a phone."""

MOST_BETS = 20
"""Most bets that a card shows: with two lines each it stays far below any channel's limit."""

_RESULTS = {Result.WON: "✅", Result.LOST: "❌", Result.PUSH: "↔", Result.VOID: "⊘"}


class CardBet(Protocol):
    """What a card needs to know of a tracked bet."""

    @property
    def bet(self) -> Bet:
        """The bet."""
        ...

    @property
    def chance(self) -> Chance | None:
        """Its chance at the last snapshot."""
        ...

    @property
    def settlement(self) -> Settlement | None:
        """Its latest result."""
        ...

    @property
    def review(self) -> str | None:
        """Why a person must decide the result."""
        ...


class CardBook(Protocol):
    """What a card needs to know of a game and the bets on it."""

    @property
    def game(self) -> Game:
        """The game."""
        ...

    @property
    def tracked(self) -> Sequence[CardBet]:
        """The bets, in the order in which they are shown."""
        ...

    @property
    def state(self) -> GameState | None:
        """What is believed of the game."""
        ...

    @property
    def seen_at(self) -> datetime | None:
        """When a poll last was readable."""
        ...

    @property
    def stale(self) -> bool:
        """Whether the feed has stopped changing."""
        ...


@dataclass(frozen=True, slots=True)
class Card:
    """A card's first line, its lines on the bets, and the one that says how fresh it is."""

    head: str
    rows: tuple[str, ...]
    foot: str

    @property
    def text(self) -> str:
        """The whole card as plain text."""
        return "\n".join((self.head, *self.rows, self.foot))

    def tells_the_same(self, other: Card) -> bool:
        """Whether nothing but the time is different, so that an edit can be saved."""
        return (self.head, self.rows) == (other.head, other.rows)


def card(book: CardBook, earlier: Mapping[int, float], now: datetime, zone: tzinfo) -> Card:
    """The card of a game at `now`, with times in the person's `zone`.

    `earlier` holds the chance of winning (0 to 1) that each bet, by its number, had some minutes
    ago: the arrows are measured against it. A bet that is not in it has no arrow.
    """
    shown = book.tracked[:MOST_BETS]
    width = max((len(_name(x.bet)) for x in shown), default=0)
    rows = [row for x in shown for row in _rows(x, book.state, earlier.get(x.bet.number), width)]
    if len(book.tracked) > MOST_BETS:
        rows.append(f"and {len(book.tracked) - MOST_BETS} more: tracker bets")
    return Card(_head(book, zone), tuple(rows), _foot(book, now, zone))


def _head(book: CardBook, zone: tzinfo) -> str:
    game, state = book.game, book.state
    if state is not None and state.phase.off:
        return f"🏀 {game.away} @ {game.home} · {state.game_clock}"
    if state is None or state.period == 0:
        return f"🏀 {game.away} @ {game.home} · tip-off {game.start.astimezone(zone):%a %H:%M %Z}"
    return f"🏀 {score_text(game, state.score)} · {state.game_clock}"


def _foot(book: CardBook, now: datetime, zone: tzinfo) -> str:
    updated = f"updated {now.astimezone(zone):%H:%M:%S}"
    if book.seen_at is None:
        return updated
    age = span_text((now - book.seen_at).total_seconds())
    return f"⚠ data stale, seen {age} ago · {updated}" if book.stale else f"data {age} · {updated}"


def _rows(one: CardBet, state: GameState | None, was: float | None, width: int) -> list[str]:
    label = f"#{one.bet.number} {_name(one.bet):<{width}}"
    done, chance = one.settlement, one.chance
    if one.review is not None:
        return [f"❔ {label}  needs review: tracker show {one.bet.number}"]
    if done is not None:
        money = money_for(one.bet, done.result, done.payout_cents)
        return [f"{_RESULTS[done.result]} {label}  {done.result.value.upper()}{money}"]
    if chance is None:
        return [f"⚪ {label}"]
    if chance.decided:
        mark, word = _decided(chance)
        return [f"{mark} {label}  {word}"]
    stands = "" if state is None else _stands(one.bet.market, state)
    facts = (f"{percent(chance.win)}{_arrow(chance.win, was)}", stands)
    first = f"{_light(chance.win)} {label}  {'  '.join(x for x in facts if x)}"
    second = "" if state is None else _second(one.bet.market, state)
    return [first, f"   {second}"] if second else [first]


def _name(bet: Bet) -> str:
    """The bet without its game, which the card's head says."""
    market = bet.market
    if isinstance(market, Total):
        return short(bet).replace(f"{bet.game.name} ", "")
    return short(bet)


def _light(p: float) -> str:
    if p >= LIKELY:
        return "🟢"
    return "🟡" if p >= UNLIKELY else "🔴"


def _decided(chance: Chance) -> tuple[str, str]:
    if chance.win == 1:
        return "✅", "HIT"
    return ("❌", "DEAD") if chance.lose == 1 else ("↔", "PUSH")


def _arrow(p: float, was: float | None) -> str:
    """By how many points of a hundred a chance moved: ` ▲9`; empty when by none."""
    moved = 0 if was is None else round(p * 100) - round(was * 100)
    if moved == 0:
        return ""
    return f" {'▲' if moved > 0 else '▼'}{abs(moved)}"


def _stands(market: Market, state: GameState) -> str:
    """Where the bet stands: `119 / 225` for an over, words for the rest."""
    progress = _progress(market, state)
    return standing(market, state) if progress is None else f"{progress[0]} / {progress[1]}"


def _second(market: Market, state: GameState) -> str:
    """What the bet needs, behind a bar where it gathers points."""
    need, progress = needs(market, state), _progress(market, state)
    return need if progress is None else f"{bar(*progress)}  {need}"


def _progress(market: Market, state: GameState) -> tuple[int, int] | None:
    """The points of an over so far and those that win it; None for other bets, or before it."""
    score = counted(market, state)
    match market:
        case Total() | TeamTotal():
            if score is None or market.direction is Direction.UNDER:
                return None
            now = score.total if isinstance(market, Total) else score.of(market.side)
            return now, floor(market.points) + 1
        case Moneyline() | Spread():
            return None
        case _:
            assert_never(market)


def bar(now: int, wanted: int) -> str:
    """A bar of BAR_CELLS cells; the last one is filled only when all is there."""
    filled = min(BAR_CELLS, now * BAR_CELLS // max(wanted, 1))
    return "█" * filled + "░" * (BAR_CELLS - filled)
