"""How bets and figures look on the screen: plain columns that fit a terminal."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from tracker.cli.screen import console, paint
from tracker.domain.bet import Leg, Parlay, Result, Status, price_of
from tracker.domain.market import Total, describe
from tracker.domain.money import money_text, payout_if_won

if TYPE_CHECKING:
    from tracker.domain.tracking import LegStanding
    from tracker.store.views import BetView, ShowView


_GAP = 2
"""Spaces between two columns."""

_STYLES = {
    Result.WON: "green",
    Result.LOST: "red",
    Result.PUSH: "yellow",
    Result.VOID: "yellow",
}


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Collection[int] = ()
) -> None:
    """Columns under their heads; those in `right` are aligned to the right, empty ones left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="dim", padding=(0, _GAP, 0, 0))
    used = [i for i in range(len(heads)) if any(row[i] for row in rows)]
    screen = console()
    columns = [[heads[i], *(Text.from_ansi(row[i]).plain for row in rows)] for i in used]
    widths = _widths(columns, [i in right for i in used], screen.width)
    for index, width in zip(used, widths, strict=True):
        grid.add_column(
            heads[index],
            justify="right" if index in right else "left",
            no_wrap=index in right,
            overflow="fold",
            width=width,
        )
    for row in rows:
        grid.add_row(*(Text.from_ansi(row[index]) for index in used))
    screen.print(grid)


def _widths(
    columns: Sequence[Sequence[str]], whole: Sequence[bool], room: int
) -> Sequence[int | None]:
    """How wide each column is to be, so that lines are broken between words alone.

    Those in `whole` are not broken at all. None for each where there is no room for that.
    """
    most = [max(map(len, texts)) for texts in columns]
    least = [
        wide if kept else max((len(word) for text in texts for word in text.split()), default=1)
        for texts, wide, kept in zip(columns, most, whole, strict=True)
    ]
    spare = room - _GAP * len(columns) - sum(least)
    if spare < 0:
        return [None] * len(columns)
    widths = list(least)
    # Who wishes for little gets it before the rest is shared out.
    by_wish = sorted(range(len(columns)), key=lambda i: most[i] - least[i])
    for left, i in zip(range(len(columns), 0, -1), by_wish, strict=True):
        given = min(most[i] - least[i], spare // left)
        widths[i] += given
        spare -= given
    return widths


def shown_as(bet: BetView) -> str:
    """A bet's name: its market as it was understood, else as it was written."""
    if isinstance(bet.market, Parlay):
        return f"Parlay ({len(bet.market.legs)})"
    text = bet.pick if bet.market_text is None else bet.market_text
    if bet.game is not None and isinstance(bet.market, Total):
        # The game has a column of its own.
        return text.replace(f"{bet.game.name} ", "")
    return text


def chance_text(bet: BetView) -> str:
    """The chance of winning at the last snapshot, or why there is none; empty before the first."""
    from tracker.wording.figures import percent

    if bet.result is not None:
        return ""
    if bet.chance is None:
        return "" if bet.no_chance is None else bet.no_chance.text
    return f"{percent(bet.chance.win)}{'*' if bet.stale else ''}"


def needs_decision(waiting: Sequence[BetView]) -> str:
    """A line with the bets whose result a person must decide; empty where there is none."""
    if not waiting:
        return ""
    return f"Needs your decision: {', '.join(f'#{x.id}' for x in waiting)} · tracker review"


def money_result(bet: BetView) -> str:
    """What the stake became, or what it would win."""
    from tracker.wording.figures import signed_money

    if bet.stake_cents is None:
        return ""
    if bet.payout_cents is not None:
        return f", {signed_money(bet.payout_cents - (bet.own_cents or 0))}"
    odds = price_of(bet.market, bet.odds)
    if odds is None:
        return ""
    return f" to win {money_text(payout_if_won(bet.stake_cents, odds) - bet.stake_cents)}"


def status_text(bet: BetView, *, short: bool = False) -> str:
    """Where a bet stands, with its result once it has one; `short` is for a narrow column."""
    from tracker.wording.figures import signed_money

    if bet.result is None:
        return {
            Status.SCHEDULED: "waits for a game" if bet.game is None else "scheduled",
            Status.NEEDS_REVIEW: paint("needs review", "yellow"),
        }.get(bet.status, bet.status.value)
    won = ""
    if bet.payout_cents is not None and bet.stake_cents is not None:
        won = f" {signed_money(bet.payout_cents - (bet.own_cents or 0))}"
    result = paint(f"{bet.result.value}{won}", _STYLES[bet.result], sys.stdout)
    if bet.status is Status.OFFICIAL:
        return result
    if short and bet.status is Status.PROVISIONAL:
        return f"{result} (prov.)"
    return f"{result} ({bet.status.value.replace('_', ' ')})"


def leg_lines(view: ShowView) -> list[str]:
    """A line for each leg of a parlay: what it is, and where it stands; none for other bets."""
    slip = view.bet.market
    if not isinstance(slip, Parlay):
        return []
    return [
        " · ".join(x for x in (leg_text(leg), leg.game.name, _stands(known)) if x)
        for leg, known in zip(slip.legs, view.legs, strict=True)
    ]


def leg_text(leg: Leg) -> str:
    """A leg as it is written: `DEN -4.5 -110`."""
    text = describe(leg.market, leg.game.home, leg.game.away)
    return text if leg.odds is None else f"{text} {leg.odds.text}"


def _stands(known: LegStanding) -> str:
    from tracker.wording.figures import percent

    if known.result is not None:
        return f"{known.result.value} ({known.reason})" if known.reason else known.result.value
    if known.unclear:
        return f"cannot be told: {known.unclear}"
    if known.hit or known.lost:
        return "hit" if known.hit else "lost"
    if known.no_chance is not None:
        return "out: will be void" if known.out else known.no_chance.text
    return "not seen yet" if known.chance is None else percent(known.chance.win)
