"""What is said of prices and closes: shares of a unit, lines, and worth by the closing line."""

from __future__ import annotations

from tracker.domain.bet import Bet, Parlay, Wager
from tracker.domain.market import (
    Market,
    Moneyline,
    PlayerTotal,
    Spread,
    TeamTotal,
    Total,
    line_text,
)
from tracker.domain.money import Odds
from tracker.domain.quote import MONEYLINE, SPREAD, Selection
from tracker.domain.value import ClosingValue, Grade


def share_text(value: float, digits: int = 1) -> str:
    """A signed share of a unit: `+4.1 %`, with a true minus."""
    text = f"{value * 100:+.{digits}f} %"
    return text.replace("-", "−")


def closed_line(wager: Wager, odds: Odds | None, value: ClosingValue) -> str:
    """What a bet was worth by the close: `closed −5.5: your −4.5 was worth +4.1 %`."""
    if value.value is None:
        return f"no closing line value: {value.reason}"
    worth = f"was worth {share_text(value.value)}"
    if isinstance(wager, Parlay):
        return f"by the closing lines your parlay {worth}"
    return f"{_closed(wager, value)}: your {_yours(wager, odds)} {worth}"


def settled_line(bet: Bet, value: ClosingValue | None) -> str:
    """The same for the message of a result; empty where there is nothing to be told."""
    if value is None or value.grade is Grade.MISSING:
        return ""
    line = closed_line(bet.market, bet.odds, value)
    return f"{line} (our own model)" if value.grade is Grade.MODEL else line


def _closed(market: Market, value: ClosingValue) -> str:
    if value.points is not None:
        signed = isinstance(market, Spread)
        return f"closed {line_text(value.points, signed=signed)}".replace("-", "−")
    if value.chance is None or value.grade is Grade.MODEL:
        return "no close"
    return f"closed at {value.chance.win * 100:.1f} %"


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
