"""What a bet is worth at this moment beside its price, as `add`, `check` and `show` tell it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tracker.cli.screen import paint
from tracker.domain.chance import NoChance

if TYPE_CHECKING:
    from tracker.cli.scope import Scope
    from tracker.cli.session import Session
    from tracker.domain.bet import Bet, Wager
    from tracker.domain.game import Game
    from tracker.domain.money import Odds
    from tracker.domain.quote import Quote
    from tracker.domain.value import ClosingValue, Decision

_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Worth:
    """A decision, whether a game of it has begun, and what the market says of the very bet."""

    decision: Decision
    live: bool
    late: bool
    market: float | None


WHY_NONE = {
    NoChance.OUT: "a player is out, so his lines will be void",
    NoChance.LITTLE_KNOWN: "little known of him until his recent games are read",
    NoChance.NOT_IN_BOX: "he is not in the box of this game",
}
"""Why a bet has no chance, as whoever asks for one is told."""


async def worth_of(bet: Bet, at: Session, scope: Scope) -> Worth | NoChance | None:
    """What a bet is worth at this moment, or why it has no chance; None where none can say."""
    from tracker.app.pricing import price_now
    from tracker.app.value import Quoted, decision, market_chance
    from tracker.cli.bets.believed import given_lines, models_of

    found = await price_now(at.store, bet, given_lines(scope), models_of(at), at.now)
    if found is None or isinstance(found, NoChance):
        return found
    settings = scope.settings().odds
    quotes = await _quotes(bet.games, at)
    quoted = Quoted(quotes, at.now, settings.mine, settings.anchors, live=found.live)
    made = decision(bet, found.chance, found.prior, quoted)
    return Worth(made, found.live, found.late, market_chance(bet, quotes, at.now))


async def _quotes(games: Iterable[Game], at: Session) -> list[Quote]:
    told = [
        one for game in games
        for one in await at.store.quotes.standing(game.id, at.now - _DAY, at.now)
    ]  # fmt: skip
    return [replace(x.quote, told_at=x.stood_at) for x in told if x.quote.open]


def decision_json(x: Decision) -> dict[str, Any]:
    """A decision as other programs read it."""
    return {
        "p": x.chance.win,
        "push": x.chance.push,
        "break_even": x.break_even,
        "edge": x.edge,
        "kelly": x.kelly,
        "fair_odds": x.chance.fair_odds,
        "prior": x.prior,
        "best": None if x.best is None else {"book": x.best.book, "odds_decimal": x.best.odds},
        "market_at_bet": x.market_at_bet,
    }


def decision_lines(x: Decision, clock: str, odds_format: str) -> list[str]:
    """The same in two lines for a person."""
    from tracker.wording.closes import share_text
    from tracker.wording.figures import percent

    push = f", push {percent(x.chance.push, 1)}" if x.chance.push else ""
    edge = "" if x.edge is None else f", edge {share_text(x.edge)}"
    first = f"{paint(clock + ':', 'dim')} p(hit) {percent(x.chance.win, 1)}{push}{edge}"
    fair = x.chance.fair_odds
    facts = [
        "" if fair is None else f"fair {_price(fair, odds_format)}",
        "" if not x.kelly else f"Kelly share {x.kelly:.1%}".replace("%", " %"),
        "" if x.best is None else f"best {_price(x.best.odds, odds_format)} at {x.best.book}",
        f"by {x.prior}",
        "" if x.market_at_bet is None else f"the exchange said {percent(x.market_at_bet, 1)}",
    ]
    return [first, f"{paint('Worth', 'dim'):<9}{' · '.join(f for f in facts if f)}"]


def _price(decimal: float, form: str) -> str:
    from fractions import Fraction

    from tracker.domain.money import Odds, odds_text

    if decimal <= 1:
        return "no price"
    text = odds_text(Odds(f"{decimal:.2f}", Fraction(decimal).limit_denominator(10_000)), form)
    return f"{decimal:.2f}" if form == "fractional" else text


def value_json(x: ClosingValue) -> dict[str, Any]:
    """What a bet was worth by the close, as other programs read it."""
    return {
        "grade": x.grade.value,
        "value": x.value,
        "win": None if x.chance is None else x.chance.win,
        "push": None if x.chance is None else x.chance.push,
        "lose": None if x.chance is None else x.chance.lose,
        "reason": x.reason,
        "revision": x.revision,
    }


def value_text(wager: Wager, odds: Odds | None, x: ClosingValue) -> str:
    """The same in a line: by which close, what the bet was worth, and what its price asked for."""
    from tracker.wording.closes import closed_line

    line = closed_line(wager, odds, x)
    if x.chance is None or odds is None:
        return line
    needed = f"{x.chance.win:.1%}, you needed {odds.break_even:.1%}".replace("%", " %")
    return f"{line}: {needed} ({x.grade.value}, {x.reason})"
