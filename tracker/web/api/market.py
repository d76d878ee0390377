"""Games and their market: what is quoted, what pays too much, what closed, what it cost."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from tracker.app.contracts.market import (
    ClvJson,
    CreditsJson,
    EdgesJson,
    GameJson,
    GamesJson,
    QuotedJson,
)
from tracker.app.market.credits import credit_report, credits_json
from tracker.app.market.quotes import clv_json, clv_report, game_odds, named_game, odds_json
from tracker.app.views import game_json
from tracker.domain.errors import BadBet
from tracker.domain.game import Game, GameState
from tracker.settings import load_secrets
from tracker.web.guard import Reader
from tracker.web.problems import Json, Problem, answers
from tracker.web.site import OfSite, Site

OfGame = Annotated[
    str, Path(min_length=1, max_length=100, description="A game's id, or such as `LAL@DEN`.")
]
router = APIRouter(tags=["market"])


@router.get("/games", **answers(GamesJson))
async def games(_: Reader, site: OfSite, day: Annotated[date | None, Query()] = None) -> Json:
    """The games that are known, by tip-off; of one league date where `day` is given."""
    found = await (await site.store()).games(day)
    return {"games": [game_json(game, state) for game, state in found]}


async def found_game(site: Site, text: str) -> tuple[Game, GameState | None]:
    """The game that is meant; Problem with 404 where there is none."""
    try:
        return await named_game(await site.store(), text, await site.now())
    except BadBet as why:
        raise Problem(404, str(why)) from None


@router.get("/games/{game}", **answers(GameJson))
async def game(_: Reader, site: OfSite, game: OfGame) -> Json:
    """One game, by its id, or as it is called."""
    return game_json(*await found_game(site, game))


@router.get("/games/{game}/quotes", **answers(QuotedJson))
async def quotes(_: Reader, site: OfSite, game: OfGame) -> Json:
    """What is quoted of a game: the best price a side, every price, each line's path, the close."""
    one, state = await found_game(site, game)
    now, settings = await site.now(), site.settings.odds
    return odds_json(await game_odds(await site.store(), one, state, settings, now))


@router.get("/edges", **answers(EdgesJson))
async def edges(_: Reader, site: OfSite) -> Json:
    """Prices that can be had now and pay more than the model says they should. Facts, no advice."""
    from tracker.app.market.edges import edges_json

    return edges_json(await site.edges())


@router.get("/clv", **answers(ClvJson))
async def clv(
    _: Reader,
    site: OfSite,
    by: Annotated[Literal["market", "book", "tag", "month", "player"] | None, Query()] = None,
) -> Json:
    """What bets were worth by the closing line: the expected profit of a unit."""
    store = await site.store()
    bets, values = await store.bets_view(site.rules), await store.quotes.values()
    return clv_json(clv_report(bets, values, by), await store.quotes.closings())


@router.get("/odds/credits", **answers(CreditsJson))
async def odds_credits(_: Reader, site: OfSite) -> Json:
    """What The Odds API has cost this month, what tonight needs, and what was refused."""
    keyed = load_secrets(site.settings).odds_key is not None
    settings, now = site.settings.odds, await site.now()
    return credits_json(await credit_report(await site.store(), settings, now, keyed=keyed))
