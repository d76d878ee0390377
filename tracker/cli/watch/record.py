"""`tracker profit`, `performance` and `calibration`: how bets fared, and whether 80 % was 80 %."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import note, say, say_json
from tracker.cli.session import session
from tracker.domain.errors import Misused
from tracker.domain.league import slate_date
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.money import money_text
from tracker.domain.parlay import wager_kind
from tracker.domain.record import Ended, Reliability, Said, Tally, reliability, tallies, tally

if TYPE_CHECKING:
    from tracker.store.views import BetView

_NONE = "No bet has a result yet."


class By(StrEnum):
    """What `performance` groups by."""

    TAG = "tag"
    MARKET = "market"
    PLAYER = "player"
    BOOK = "book"
    LEAGUE = "league"
    MONTH = "month"


Since = Annotated[
    str | None, typer.Option("--since", metavar="DATE", help="Only games from this day on.")
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Only games up to this day.")
]


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make one of the verbs known."""
    verbs: dict[str, Callable[..., None]] = {
        "profit": profit,
        "performance": performance,
        "calibration": calibration,
    }
    declare(app, name, verbs[name], panel)


def profit(
    context: typer.Context, since: Since = None, until: Until = None, as_json: AsJson = False
) -> None:
    """Show what your settled bets brought, in all and by month.

    Pushes return their stake; void bets count in the record alone.
    """
    ended = _ended(scope_of(context), since, until)
    whole = tally(bet for _, bet in ended)
    months = tallies((f"{bet.day:%Y-%m}", bet) for _, bet in sorted(ended, key=_day))
    if as_json:
        parts = {month: _tally_json(x) for month, x in months.items()}
        say_json(_tally_json(whole) | {"months": parts})
        return
    if not ended:
        say(_NONE)
        return
    rows = [_row(month, x) for month, x in months.items()]
    _table("Month", [*rows, _row("all", whole)] if len(rows) > 1 else rows)


def performance(
    context: typer.Context,
    by: Annotated[By, typer.Option(help="What to group by.")] = By.MARKET,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Show the record and the money by tag, market, player, book, league or month.

    `Asked` is the mean chance at which the bets break even by their price; `Won` is the share of
    the decided ones that were won. A bet with several tags counts under each.
    """
    ended = _ended(scope_of(context), since, until)
    groups = tallies((key, bet) for view, bet in ended for key in _keys(view, bet, by))
    ordered = dict(sorted(groups.items(), key=lambda x: (-x[1].bets, x[0])))
    if as_json:
        say_json({"by": by.value, "groups": {k: _tally_json(x) for k, x in ordered.items()}})
        return
    if not ended:
        say(_NONE)
        return
    _table(by.value.capitalize(), [_row(key, x) for key, x in ordered.items()])


def calibration(context: typer.Context, as_json: AsJson = False) -> None:
    """Hold the chances that were told of your bets against what came: was 80 % really 80 %?

    In each range a bet counts once, with the first chance that it was given there. The last column
    but one is where the true share lies with 95 % confidence, by the number of bets.
    """
    found = reliability(asyncio.run(_said(scope_of(context))))
    if as_json:
        say_json(_reliability_json(found))
        return
    if found is None:
        say(_NONE)
        return
    _tell_reliability(found)


async def _said(scope: Scope) -> list[Said]:
    from tracker.store import StoreMissing

    try:
        async with session(scope) as at:
            return await at.store.said()
    except StoreMissing:
        return []


def _ended(scope: Scope, since: str | None, until: str | None) -> list[tuple[BetView, Ended]]:
    first, last = _date(since, "--since"), _date(until, "--until")
    return [
        (view, bet)
        for view, bet in asyncio.run(_results(scope))
        if (first is None or bet.day >= first) and (last is None or bet.day <= last)
    ]


async def _results(scope: Scope) -> list[tuple[BetView, Ended]]:
    from tracker.store import StoreMissing

    try:
        async with session(scope) as at:
            views = await at.store.bets_view(at.basics.rules)
    except StoreMissing:
        return []
    return [(x, ended) for x in views if (ended := _as_ended(x)) is not None]


def _as_ended(x: BetView) -> Ended | None:
    if x.result is None:
        return None
    asked = None if x.odds is None else x.odds.break_even
    # A bet that was brought from elsewhere has no game, but a day on which it was placed.
    day = slate_date(x.placed_at or x.added_at) if x.game is None else x.game.slate
    return Ended(x.result, day, x.stake_cents, x.payout_cents, asked)


def _date(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misused(f"{option} {text!r} is no date: write it like 2026-11-20") from None


def _day(item: tuple[BetView, Ended]) -> date:
    return item[1].day


def _keys(view: BetView, bet: Ended, by: By) -> Iterator[str]:
    """The groups that a bet belongs to."""
    match by:
        case By.TAG:
            yield from view.tags or ("(no tag)",)
        case By.MARKET:
            yield "(unknown)" if view.market is None else wager_kind(view.market).replace("_", " ")
        case By.PLAYER:
            if isinstance(view.market, PlayerTotal | DoubleDouble):
                yield view.market.player.name
        case By.BOOK:
            yield view.book or "(no book)"
        case By.LEAGUE:
            yield "(unknown)" if view.game is None else view.game.league
        case By.MONTH:
            yield f"{bet.day:%Y-%m}"


def _tally_json(x: Tally) -> dict[str, object]:
    return {
        "bets": x.bets,
        "won": x.won,
        "lost": x.lost,
        "push": x.pushed,
        "void": x.voided,
        "staked_cents": x.staked,
        "profit_cents": x.profit,
        "roi": x.roi,
        "hit_rate": x.hit_rate,
        "break_even": x.asked,
    }


def _row(name: str, x: Tally) -> tuple[str, ...]:
    from tracker.wording.figures import signed_money

    record = f"{x.won}-{x.lost}" + (f"-{x.pushed}" if x.pushed else "")
    return (
        name,
        str(x.bets),
        record,
        _share(x.hit_rate),
        _share(x.asked),
        money_text(x.staked) if x.staked else "",
        signed_money(x.profit) if x.staked else "",
        "" if x.roi is None else f"{x.roi:+.1%}".replace("%", " %"),
    )


def _table(head: str, rows: Sequence[Sequence[str]]) -> None:
    heads = (head, "Bets", "Record", "Won", "Asked", "Staked", "Profit", "ROI")
    table(heads, rows, right=(1, 2, 3, 4, 5, 6, 7))


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}".replace("%", " %")


def _reliability_json(found: Reliability | None) -> Mapping[str, object]:
    if found is None:
        return {"bets": 0, "brier": None, "log_loss": None, "bins": []}
    bins = [asdict(x) | {"fits": x.fits} for x in found.bins]
    return {"bets": found.bets, "brier": found.brier, "log_loss": found.log_loss, "bins": bins}


def _tell_reliability(found: Reliability) -> None:
    rows = [
        (
            f"{x.low:.0%} - {x.high:.0%}".replace("%", " %"),
            str(x.bets),
            _share(x.said),
            _share(x.came),
            f"{x.least:.0%} - {x.most:.0%}".replace("%", " %"),
            "yes" if x.fits else "no",
        )
        for x in found.bins
    ]
    table(("p(hit)", "Bets", "Said", "Came", "95 % range", "Fits"), rows, right=(1, 2, 3, 4))
    say(f"{found.bets} bets · Brier {found.brier:.4f} · log loss {found.log_loss:.4f}")
    note("The range narrows as more bets are settled.")
