"""The API under `/api/v1`: the JSON of the command line over HTTP, by the same use cases.

This module has the routes of games and their market, of pricing a given state, of players and of
the record; `bets.py` has those of bets.
"""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse
from pydantic import Field

from tracker import __version__
from tracker.app.contracts.market import (
    ClvJson,
    CreditsJson,
    EdgesJson,
    GameJson,
    GamesJson,
    PlayerJson,
    PlayersJson,
    PriceAnswerJson,
    QuotedJson,
)
from tracker.app.contracts.models import ModelsJson, TrialsJson
from tracker.app.contracts.record import (
    CalibrationJson,
    HealthJson,
    MonitorsJson,
    PerformanceJson,
    StatusJson,
)
from tracker.app.health import checks, read_since
from tracker.app.market import credit_report, credits_json, game_odds, named_game, odds_json
from tracker.app.market.clv import clv_json, read_clv
from tracker.app.report import calibration_json, tally_json
from tracker.app.views import game_json, status_json
from tracker.domain import BadBet, TrackerError
from tracker.domain.game import MOST_FREE_THROWS, Listing
from tracker.domain.league import LEAGUES
from tracker.engine.record import NOTHING, Grouping
from tracker.settings import load_secrets
from tracker.web import live
from tracker.web.api import bets
from tracker.web.guard import (
    PROBLEM,
    Json,
    Pricer,
    Problem,
    Reader,
    StrictBody,
    answers,
    field_of,
    only_known_parameters,
)
from tracker.web.site import OfSite, Site

if TYPE_CHECKING:
    from tracker.app.player import PlayerQuestion, PlayerSheet


# --------------------------------------------------------------------------- games and their market

OfGame = Annotated[
    str, Path(min_length=1, max_length=100, description="A game's id, or such as `LAL@DEN`.")
]
games_api = APIRouter(tags=["market"])


@games_api.get("/games", **answers(GamesJson))
async def games(_: Reader, site: OfSite, day: Annotated[date | None, Query()] = None) -> Json:
    """The known games by tip-off; with `day` only those of that league date."""
    found = await (await site.store()).games(day)
    return {"games": [game_json(game, state) for game, state in found]}


async def found_game(site: Site, text: str) -> Listing:
    """The game that a text names. Raises Problem with 404 when there is none."""
    try:
        return await named_game(await site.store(), text, await site.now())
    except BadBet as why:
        raise Problem(404, str(why)) from None


@games_api.get("/games/{game}", **answers(GameJson))
async def game(_: Reader, site: OfSite, game: OfGame) -> Json:
    """One game, by its id or a name such as `LAL@DEN`."""
    return game_json(*await found_game(site, game))


@games_api.get("/games/{game}/quotes", **answers(QuotedJson))
async def quotes(_: Reader, site: OfSite, game: OfGame) -> Json:
    """A game's quotes: the best price of each side, every price, each line's path, the close."""
    one, state = await found_game(site, game)
    now, settings = await site.now(), site.settings.odds
    return odds_json(await game_odds(await site.store(), one, state, settings, now))


@games_api.get("/edges", **answers(EdgesJson))
async def edges(_: Reader, site: OfSite) -> Json:
    """Prices that can be had now and pay more than the model says they should. Facts, no advice."""
    from tracker.app.market.edges import edges_json

    return edges_json(await site.edges())


@games_api.get("/clv", **answers(ClvJson))
async def clv(
    _: Reader,
    site: OfSite,
    by: Annotated[Literal["market", "book", "tag", "month", "player"] | None, Query()] = None,
) -> Json:
    """The closing line values of bets: the expected profit of a unit at the closing line."""
    store = await site.store()
    return clv_json(await read_clv(store, site.rules, by), await store.quotes.closings())


@games_api.get("/odds/credits", **answers(CreditsJson))
async def odds_credits(_: Reader, site: OfSite) -> Json:
    """What The Odds API has cost this month, what tonight needs, and what was refused."""
    keyed = load_secrets(site.settings).odds_key is not None
    settings, now = site.settings.odds, await site.now()
    return credits_json(await credit_report(await site.store(), settings, now, keyed=keyed))


# ------------------------------------------------------------------------------------------- prices

Pmf = Annotated[
    int, Query(ge=0, le=1, description="1: also the chance of every final margin, total and score.")
]

MOST_STATES = 1000
"""The most states in one batch."""

_POINTS = {"type": "integer", "minimum": 0, "maximum": 400}
_SIDES: dict[str, Any] = {"type": "object", "properties": {"home": {}, "away": {}}}
_STATE: dict[str, Any] = {
    "type": "object",
    "required": ["league", "home", "away", "period", "score"],
    "properties": {
        "id": {"description": "Comes back in the answer."},
        "league": {"type": "string", "examples": ["nba"]},
        "home": {"type": "string", "examples": ["DEN"]},
        "away": {"type": "string", "examples": ["LAL"]},
        "period": {
            "type": "integer",
            "minimum": 0,
            "maximum": 30,
            "description": "0 before tip-off; above the regulation count it is overtime.",
        },
        "clock": {
            "type": ["string", "number"],
            "description": "What is left of the period: `04:11`, or seconds.",
        },
        "score": {
            "type": "object",
            "required": ["home", "away"],
            "properties": {"home": _POINTS, "away": _POINTS},
        },
        "lines": {
            "type": "object",
            "properties": {"home_spread": {"type": "number"}, "total": {"type": "number"}},
        },
        "periods": _SIDES,
        "possession": {"enum": ["home", "away", None]},
        "throws": {
            "type": "object",
            "required": ["side", "left"],
            "properties": {
                "side": {"enum": ["home", "away"]},
                "left": {"type": "integer", "minimum": 1, "maximum": MOST_FREE_THROWS},
            },
            "description": "Free throws to come, in the last period or overtime.",
        },
        "bonus": _SIDES,
        "timeouts": _SIDES,
        "players": {"type": "array", "items": {"type": "object"}},
        "bets": {"type": "array", "items": {"type": "string"}, "examples": [["DEN -4.5"]]},
    },
    "examples": [
        {
            "id": "x", "league": "nba", "home": "DEN", "away": "LAL", "period": 3,
            "clock": "04:11", "score": {"home": 61, "away": 58},
            "lines": {"home_spread": -4.5, "total": 228.5}, "bets": ["DEN -4.5", "over 224.5"],
        }
    ],
}  # fmt: skip
"""The schema of a game state, for the API's document; `price_lines` checks each field itself."""

_LINES = {"application/x-ndjson": {"schema": {"type": "string"}}}

prices_api = APIRouter(prefix="/price", tags=["price"])


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": content, "required": True}}


@prices_api.post(
    "", openapi_extra=_body({"application/json": {"schema": _STATE}}), **answers(PriceAnswerJson)
)
async def price(_: Pricer, site: OfSite, request: Request, pmf: Pmf = 0) -> Json:
    """Price bets in a given state of a game: the state of `tracker price`, and its answer."""
    line = " ".join((await _text(request)).split())
    ((answer, good),) = await _priced([line or "{}"], site, pmf)
    found: Json = json.loads(answer)
    if not good:
        raise Problem(422, found["error"]["message"], found["error"]["field"])
    return found


@prices_api.post(
    "/batch",
    response_class=PlainTextResponse,
    responses={200: {"content": _LINES, "description": "A line for each state, by their order."}},
    openapi_extra=_body(_LINES),
)
async def price_batch(_: Pricer, site: OfSite, request: Request, pmf: Pmf = 0) -> Response:
    """Price up to a thousand states: JSON lines in, JSON lines out, errors in their place."""
    lines = [x for x in (await _text(request)).splitlines() if x.strip()]
    if len(lines) > MOST_STATES:
        raise Problem(413, f"{len(lines)} states are more than the {MOST_STATES} of one batch")
    body = "".join(f"{answer}\n" for answer, _good in await _priced(lines, site, pmf))
    return PlainTextResponse(body, media_type="application/x-ndjson")


async def _priced(lines: list[str], site: Site, pmf: int) -> list[tuple[str, bool]]:
    """The answers to some states, worked out in a thread: a batch may take seconds."""
    from tracker.app.price_batch import price_lines

    return await asyncio.to_thread(lambda: list(price_lines(lines, pmf=bool(pmf), load=site.load)))


async def _text(request: Request) -> str:
    return (await request.body()).decode("utf-8", errors="replace")


# ----------------------------------------------------------------------------------------- players

MOST_PLAYERS = 50
"""The most players in one request."""

players_api = APIRouter(prefix="/players", tags=["players"])


class PlayerAsked(StrictBody):
    """A player to ask about: a name, a statistic such as `reb`, and a line on it or none."""

    name: str = Field(min_length=1, max_length=100, examples=["Tyrese Maxey"])
    stat: str = Field("pts", max_length=20)
    line: float | None = Field(None, gt=0, lt=500)


class PlayersAsked(StrictBody):
    """A batch of players."""

    players: list[PlayerAsked] = Field(min_length=1, max_length=MOST_PLAYERS)


@players_api.get("/{name}", **answers(PlayerJson))
async def player(
    _: Reader,
    site: OfSite,
    name: Annotated[str, Path(min_length=1, max_length=100)],
    stat: Annotated[str, Query(max_length=20, description="Such as reb, ast, pra.")] = "pts",
    line: Annotated[float | None, Query(gt=0, lt=500)] = None,
) -> Json:
    """A player's figures as `tracker player --json` gives them; 404 for a player without any.

    With a line also the chance that he goes over it in his next game.
    """
    (found,) = await _sheets(site, [_ask(PlayerAsked(name=name, stat=stat, line=line))])
    if isinstance(found, TrackerError):
        raise Problem(404, str(found))
    from tracker.app.player import sheet_json

    return sheet_json(found)


@players_api.post("", **answers(PlayersJson))
async def players(_: Pricer, site: OfSite, wanted: PlayersAsked) -> Json:
    """Up to fifty players at once: the figures of each in order, or why there are none."""
    from tracker.app.player import answers_json

    asks = [_ask(x) for x in wanted.players]
    return {"players": answers_json(asks, await _sheets(site, asks))}


async def _sheets(site: Site, asks: list[PlayerQuestion]) -> list[PlayerSheet | TrackerError]:
    from tracker.app.player import sheets

    return await sheets(await site.basis(), asks, await site.now())


def _ask(wanted: PlayerAsked) -> PlayerQuestion:
    from tracker.app.player import PlayerQuestion, stat_named

    return PlayerQuestion(wanted.name, field_of("stat", wanted.stat, stat_named), wanted.line)


# ------------------------------------------------------------------------------------------ record

record_api = APIRouter(tags=["record"])


@record_api.get("/status", **answers(StatusJson))
async def status(_: Reader, site: OfSite) -> Json:
    """The games and bets that are followed, as `tracker status --json` gives them."""
    at = await site.daemon()
    whole = await (await site.store()).status_view(site.rules)
    return status_json(whole.aged(read_since(at.daemon, at.now)), at.now, at.daemon)


@record_api.get("/calibration", **answers(CalibrationJson))
async def calibration(_: Reader, site: OfSite) -> Json:
    """The chances that were given, compared with the results: was 80 % really 80 %?"""
    store = await site.store()
    return calibration_json(
        await store.outcomes.predictions(), await store.outcomes.first_predictions()
    )


@record_api.get("/performance", **answers(PerformanceJson))
async def performance(
    _: Reader,
    site: OfSite,
    by: Annotated[Grouping, Query()] = Grouping.MARKET,
    since: Annotated[date | None, Query()] = None,
    until: Annotated[date | None, Query()] = None,
) -> Json:
    """The record by tag, market, player, book, league, month, day or model."""
    outcomes = (await site.store()).outcomes
    found = await outcomes.grouped((Grouping.ALL, by), since, until)
    return {
        "by": by.value,
        "whole": tally_json(found[Grouping.ALL].get("all", NOTHING)),
        "groups": {key: tally_json(x) for key, x in found[by].items()},
    }


@record_api.get("/health", **answers(HealthJson, 200, 503))
async def health(site: OfSite, response: Response) -> Json:
    """Whether all is well: 200, or 503 with what is not. Open to whoever reaches this server."""
    found = await checks(await site.store(), site.settings, await site.daemon())
    if not all(found.values()):
        response.status_code = 503
    return {"ok": all(found.values()), "checks": found, "version": __version__}


@record_api.get("/models", **answers(ModelsJson))
async def models(
    _: Reader, site: OfSite, league: Annotated[str | None, Query(max_length=20)] = None
) -> Json:
    """Every model by league and kind: stage, figures, evidence; and the trials."""
    return await _models(site, league)


@record_api.get("/models/trial", **answers(TrialsJson))
async def trials(
    _: Reader, site: OfSite, league: Annotated[str | None, Query(max_length=20)] = None
) -> Json:
    """The trials of challengers beside champions, with their verdicts and clauses."""
    return {"trials": (await _models(site, league))["trials"]}


async def _models(site: Site, league: str | None) -> Json:
    from tracker.app.models import models_json

    if league is not None and league not in LEAGUES:
        raise Problem(
            422, f"there is no league {league!r}: choose one of {', '.join(LEAGUES)}", "league"
        )
    wanted = tuple(LEAGUES) if league is None else (league,)
    return await models_json(await site.store(), site.registry, wanted)


@record_api.get("/monitors", **answers(MonitorsJson))
async def monitors(_: Reader, site: OfSite) -> Json:
    """Whether the model, the sources and the record are as they should be."""
    from tracker.app.monitors import monitors_json, monitors_of

    return dict(monitors_json(await monitors_of(await site.store(), await site.now())))


# ----------------------------------------------------------------------------------- the whole API

_ERRORS = {
    400: "The request cannot be read",
    401: "No key that opens",
    403: "The key does not open this, or the request comes from another site",
    404: "There is no such thing",
    409: "It cannot be done of this bet any more, or not yet",
    413: "The body is too large",
    421: "The Host is none of this server's",
    422: "What was given cannot be understood",
    429: "Too often: `Retry-After` says for how long",
    503: "The database cannot be read: `Retry-After` says when to ask again",
}


def attach(app: FastAPI) -> None:
    """Add every route of the API to an application."""
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": PROBLEM} for status, text in _ERRORS.items()
    }
    strictly = [Depends(only_known_parameters)]
    # Not by a router of their own: each route in a router in a router is worked out twice.
    for part in (bets.router, games_api, players_api, record_api, prices_api, live.router):
        app.include_router(part, prefix="/api/v1", responses=responses, dependencies=strictly)
