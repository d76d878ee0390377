"""The words for prices and closes: edges, lines, closing line values, fair prices, priors."""

from __future__ import annotations

from fractions import Fraction

from tracker.domain.bet import Bet, Parlay, Wager
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.market import (
    Market,
    Moneyline,
    PlayerTotal,
    Spread,
    TeamTotal,
    Total,
    line_text,
)
from tracker.domain.money import (
    Odds,
    money_text,
    needed,
    odds_text,
    payout_if_won,
    plural,
    stake_text,
)
from tracker.domain.prior import SourcedPrior
from tracker.domain.quote import MONEYLINE, SPREAD, Closing, Selection
from tracker.domain.value import BetDecision, Cashout, ClosingValue, Grade, Hedge, Hedges
from tracker.language import stake_written
from tracker.wording.figures import in_percent, percent, signed_money


def share_text(value: float, digits: int = 1) -> str:
    """A share of a unit with its sign, in percent: `+4.1 %`, with a true minus sign."""
    return f"{value * 100:+z.{digits}f} %".replace("-", "−")


def closed_line(wager: Wager, odds: Odds | None, value: ClosingValue) -> str:
    """A closing line value in words: `closed −5.5: your −4.5 was worth +4.1 %`.

    `none` and the reason where it is missing.
    """
    if value.value is None:
        return f"none: {value.reason.removeprefix('no close: ')}"
    worth = f"was worth {share_text(value.value)}"
    if value.grade is Grade.MODEL:
        mine = "parlay" if isinstance(wager, Parlay) else _yours(wager, odds)
        return f"by our own model your {mine} {worth}"
    if isinstance(wager, Parlay):
        return f"by the closing lines your parlay {worth}"
    return f"{_closed(wager, value)}: your {_yours(wager, odds)} {worth}"


def settled_line(bet: Bet, value: ClosingValue | None) -> str:
    """A closing line value for the message of a result; empty when the value is missing."""
    if value is None or value.grade is Grade.MISSING:
        return ""
    return closed_line(bet.market, bet.odds, value)


def _closed(market: Market, value: ClosingValue) -> str:
    if value.points is not None:
        signed = isinstance(market, Spread)
        return f"closed {line_text(value.points, signed=signed)}".replace("-", "−")
    if value.chance is None:
        return "no close"
    return f"closed at {percent(value.chance.win, 1)}"


def _yours(market: Market, odds: Odds | None) -> str:
    match market:
        case Spread():
            return line_text(market.points, signed=True).replace("-", "−")
        case Total() | TeamTotal() | PlayerTotal():
            return f"{market.direction.value} {line_text(market.points)}"
        case Moneyline() if odds is not None:
            return odds.text.replace("-", "−")
        case _:
            return "bet"


def selection_text(selection: Selection, home: str, away: str) -> str:
    """A side of a line in a bettor's words, given the team codes: `DEN −4.5`, `over 224.5`."""
    codes = {"home": home, "away": away}
    span = "" if selection.span == "game" else f"{selection.span.value} "
    side = codes.get(selection.side, selection.side)
    if selection.plain == MONEYLINE:
        return f"{span}{side} ML"
    line = line_text(selection.points or 0.0, signed=selection.plain == SPREAD).replace("-", "−")
    about = codes.get(selection.about, selection.about)
    if selection.of_player:
        stat = selection.plain.removeprefix("player_").replace("_", "+")
        return f"{about} {side} {line} {stat}"
    return f"{span}{about} {side} {line}".replace("  ", " ").strip()


def closing_text(x: Closing) -> str:
    """A game's closing lines: `home −5.5 · total 229 · home 68.1 % · by ...`."""
    if x.tip_at is None:
        return "taken back: the game was called off"
    parts = []
    if x.home_spread is not None:
        parts.append(f"home {line_text(x.home_spread, signed=True)}".replace("-", "−"))
    if x.total is not None:
        parts.append(f"total {x.total:g}")
    if x.home_chance is not None:
        parts.append(f"home {percent(x.home_chance, 1)}")
    by = f"by {x.by}, {x.age_s:.0f} s before the tip-off" if x.by and x.age_s is not None else ""
    return " · ".join(x for x in (*parts, by) if x) or "nobody quoted anything that counts"


def value_text(wager: Wager, odds: Odds | None, x: ClosingValue) -> str:
    """A closing line value with its chance, the break-even chance, and how it was found.

    The break-even chance is that of the price which the value counts: of a parlay with a void leg,
    of its other legs.
    """
    line = closed_line(wager, odds, x)
    if x.chance is None or x.value is None or not x.chance.win:
        return line
    # A push returns the stake: what a price needs is the chance to win where the bet does not push.
    win = x.chance.win / (1 - x.chance.push)
    asked = x.chance.win / (x.value + 1 - x.chance.push)
    chances = f"{percent(win, 1)}, you needed {percent(asked, 1)}"
    found = x.reason.removeprefix("our own model: ")
    how = found if x.grade is Grade.MODEL else f"{x.grade.value}, {found}"
    return f"{line}: {chances}{f' ({how})' if how else ''}"


def price_facts(draft: Draft, form: str, *, as_written: bool = False) -> list[str]:
    """A bet's price, its stake with what it would win, and the chance at which it breaks even.

    `as_written` is whether they follow the line as it was written: what stands in it is left out.
    A bare number is still told as the stake: of `$15` a shell may have left the 5.
    """
    odds, stake, facts = draft.odds, draft.stake_cents, []
    if odds is not None and not (as_written and draft.pick.odds is not None):
        facts.append(odds_text(odds, form))
    if stake is not None:
        signed = draft.pick.units is not None or any(x in draft.pick.text for x in "$€£")
        in_line = signed and as_written and not draft.free and stake_written(draft.pick, stake)
        risked = "" if in_line else stake_text(stake, free=draft.free)
        won = "" if odds is None else f"to win {money_text(payout_if_won(stake, odds) - stake)}"
        facts.append(f"{risked} {won}".strip())
    asked = needed(odds, free=draft.free)
    if asked is not None:
        facts.append(f"break-even {percent(asked, 1)}")
    return [x for x in facts if x]


def decision_facts(x: BetDecision, odds_format: str) -> tuple[str, ...]:
    """The value of a bet when it was made, in short facts: fair price, Kelly share, best price."""
    fair = None if x.fair_odds is None else _price(x.fair_odds, odds_format)
    facts = (
        "" if fair in (None, NO_PRICE) else f"fair {fair}",
        "" if not x.kelly else f"Kelly share {in_percent(x.kelly)}",
        "" if x.best is None else f"best {_price(x.best.odds, odds_format)} at {x.best.book}",
        f"by {x.prior}",
        "" if x.market_at_bet is None else f"the exchange said {percent(x.market_at_bet, 1)}",
    )
    return tuple(f for f in facts if f)


NO_PRICE = "no price"
"""Stands for the fair price of a bet that is nearly certain: its odds would round to 1."""


def _price(decimal: float, form: str) -> str:
    if round(decimal, 2) <= 1:
        return NO_PRICE
    text = odds_text(Odds(f"{decimal:.2f}", Fraction(decimal).limit_denominator(10_000)), form)
    return f"{decimal:.2f}" if form == "fractional" else text


def mean_text(mean: float | None, se: float | None, n: int, *, enough: int) -> str:
    """A mean with its standard error: `+1.2 % ± 0.9 % (52 bets)`.

    With fewer than `enough` bets it adds that nothing can be told yet.
    """
    if mean is None:
        return "none"
    count = f"({plural(n, 'bet')})"
    error = "" if se is None else f" ± {se * 100:.1f} %"
    early = ": not yet told" if n < enough else ""
    return f"{share_text(mean)}{error} {count}{early}"


def prior_text(prior: SourcedPrior, game: Game, late: float | None = None) -> str:
    """A prior in a bettor's words: `DEN −4.5, total 228.5 · lines that you gave`.

    `late` is the chance that the road team is of the kind whose games bring more points after
    half-time; None where it is not known.
    """
    team = game.home if prior.margin >= 0 else game.away
    spread = f"{team} −{abs(prior.margin):.1f}" if round(prior.margin, 1) else "level"
    return f"{spread}, total {prior.total:.1f} · {prior.by}{_ends_text(late)}"


def _ends_text(late: float | None) -> str:
    if late is None:
        return ""
    sure = round(100 * max(late, 1 - late))
    when = "late" if late >= 0.5 else "early"  # noqa: PLR2004 - half
    return f" · more points {when} ({min(sure, 99)} %)"


def fee_text(x: Cashout) -> str:
    """What a cash-out offer keeps back: `keeps back $2.10 (8.0 %)`; empty where that is unknown."""
    if x.fee is None:
        return ""
    word = "keeps back" if x.fee >= 0 else "pays more by"
    return f"{word} {money_text(abs(x.fair - x.offer))} ({in_percent(abs(x.fee))})"


def fair_at(x: Cashout) -> str:
    """The chance at which a cash-out offer is fair; more than the bet can pay never is."""
    return "more than the bet can pay" if x.break_even > 1 else percent(x.break_even, 1)


def hedge_rows(x: Hedges) -> list[tuple[str, ...]]:
    """Each hedge by name: its stake, the profit if the bet wins and if it loses, and the mean."""
    return [_hedge("none", x.none), *named_hedges(x)]


def named_hedges(x: Hedges) -> list[tuple[str, ...]]:
    """The rows of the two hedges that have a stake."""
    return [_hedge("same either way", x.lock), _hedge("first stake covered", x.even)]


def _hedge(name: str, x: Hedge) -> tuple[str, ...]:
    profits = (x.if_wins, x.if_loses, x.expected)
    return (name, money_text(x.stake), *map(signed_money, profits))
