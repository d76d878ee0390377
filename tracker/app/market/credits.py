"""What The Odds API has cost, what tonight's closes will cost, and what was not bought and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tracker.app.views import part
from tracker.domain.bet import Bet
from tracker.domain.game import Game
from tracker.domain.poll import Credit, Purchase, Purpose
from tracker.domain.quote import MONEYLINE, Selection, selection_of
from tracker.engine.market import credits as plans
from tracker.engine.market.credits import Refusal, Tariff, Tip
from tracker.feeds.odds.the_odds_api import NAME, SPORTS, market_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracker.settings.models import OddsSettings
    from tracker.store import Store

TONIGHT = timedelta(hours=18)
"""Games that tip off within this time count as tonight's, and their closes are planned."""

SINCE = timedelta(hours=12)
"""Purchases and refusals no older than this count as tonight's."""


@dataclass(frozen=True, slots=True)
class CreditReport:
    """The month's credits by the source's own count, and tonight's.

    `games` is the number of games with bets that are still to begin.
    """

    provider: str
    used: int | None
    remaining: int | None
    planned_tonight: int
    games: int
    refused: tuple[tuple[str, str], ...]
    bought: tuple[Credit, ...]


def tip_of(game: Game, bets: Iterable[Bet], markets: Sequence[str] = ()) -> Tip:
    """A game whose close is wanted, with the markets that its bets need.

    `markets` are those of the settings: an alternate line is bought only if it is among them.
    """
    own: set[str] = set()
    for leg in (y for x in bets for y in x.legs):
        selection = selection_of(leg.market) if leg.game.id == game.id else None
        if selection is None:
            continue
        keys = {market_key(selection), *map(market_key, _alternates(selection))}
        own |= {x for x in keys if x is not None} - set(plans.FEATURED)
    wanted = {x for x in own if "alternate" not in x or x in markets}
    return Tip(game.id, game.league, game.name, game.start, tuple(sorted(wanted)))


def _alternates(x: Selection) -> tuple[Selection, ...]:
    """The keys of the same line as an alternate line beside the main one."""
    if x.plain == MONEYLINE:
        return ()
    name = f"{x.plain}_alternate" if x.of_player else f"alternate_{x.plain}"
    return (replace(x, market=name),)


async def credit_report(
    store: Store, settings: OddsSettings, now: datetime, *, keyed: bool
) -> CreditReport:
    """The credits of the month and of tonight; `keyed` is whether there is a key."""
    api = settings.the_odds_api
    tariff = Tariff.of(api.markets, api.regions, api.bookmakers)
    rows = await store.quotes.credits(now - SINCE)
    balance = await store.quotes.balance(NAME)
    remaining = None if balance is None else balance.remaining
    tips = await _tips_tonight(store, api.markets, now)
    done = {x.purpose for x in rows if x.refused is None}
    wanted = [x for x in plans.plan(tips, tariff) if x.what not in done]
    planned, refused = _afforded(wanted, remaining, tariff)
    if not keyed:
        planned, refused = 0, [(x.what, "there is no key of The Odds API") for x in wanted]
    earlier = [(x.purpose, x.refused) for x in rows if x.refused is not None]
    return CreditReport(
        NAME,
        None if balance is None else balance.used,
        remaining,
        planned,
        len(tips),
        tuple(dict.fromkeys((*earlier, *refused))),
        tuple(x for x in rows if x.refused is None),
    )


async def _tips_tonight(store: Store, markets: Sequence[str], now: datetime) -> list[Tip]:
    """The games with bets that tip off tonight, or have just done so."""
    return [
        tip_of(x.game, [y.bet for y in x.tracked], markets)
        for x in await store.trackings(())
        if x.tracked
        and x.game.league in SPORTS
        and timedelta(0) <= x.game.start - now + plans.LASTS <= TONIGHT
        and (x.state is None or x.state.phase.rank == 0)
    ]


def _afforded(
    wanted: Sequence[Purchase], left: int | None, tariff: Tariff
) -> tuple[int, list[tuple[str, str]]]:
    """The credits that the purchases cost, and those that are refused, each with the reason.

    `left` are the credits that remain, None where the source has not told.
    """
    planned, refused = 0, []
    closes = sum(x.planned for x in wanted if x.purpose is Purpose.CLOSE)
    for one in wanted:
        closes -= one.planned if one.purpose is Purpose.CLOSE else 0
        found = plans.afford(one, left, tariff, closes)
        if isinstance(found, Refusal):
            refused.append((one.what, found.why))
            continue
        planned += found.planned
        left = None if left is None else left - found.planned
    return planned, refused


def credits_json(x: CreditReport) -> dict[str, Any]:
    """The credits of the month and of tonight, as `tracker odds credits --json` gives them."""
    return {
        **part(x, "provider", "used", "remaining", "planned_tonight"),
        "refused": [{"what": what, "why": why} for what, why in x.refused],
        "bought": [
            part(one, "at", "purpose", "planned", "cost", "used", "remaining", "path")
            for one in x.bought
        ],
    }
