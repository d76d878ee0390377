"""`/api/v1/price`: what `tracker price` does, for one state or many; `/players`: one, or fifty."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from tracker.app.contracts.market import PlayerJson, PlayersJson
from tracker.domain.errors import TrackerError
from tracker.domain.player import Stat
from tracker.web.guard import Pricer, Reader
from tracker.web.problems import Json, Problem, answers
from tracker.web.site import OfSite, Site

if TYPE_CHECKING:
    from tracker.app.player import PlayerQuestion, PlayerSheet

from typing import Any

from fastapi import Request, Response
from fastapi.responses import PlainTextResponse

from tracker.app.contracts.market import PriceAnswerJson

Pmf = Annotated[
    int, Query(ge=0, le=1, description="1: also the chance of every final margin, total and score.")
]

MOST_STATES = 1000
"""States that one batch may bring."""

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
"""A state as docs/commands.md describes it: `tracker price` has the last word on each field."""

_LINES = {"application/x-ndjson": {"schema": {"type": "string"}}}

router = APIRouter(prefix="/price", tags=["price"])


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"content": content, "required": True}}


@router.post(
    "",
    openapi_extra=_body({"application/json": {"schema": _STATE}}),
    **answers(PriceAnswerJson),
)
async def price(_: Pricer, site: OfSite, request: Request, pmf: Pmf = 0) -> Json:
    """Price bets in a given state of a game: the state of `tracker price`, and its answer."""
    from tracker.app.price_batch import price_lines

    line = " ".join((await _text(request)).split())
    ((answer, good),) = tuple(price_lines([line or "{}"], pmf=bool(pmf), load=site.load))
    found: Json = json.loads(answer)
    if not good:
        raise Problem(422, found["error"]["message"], found["error"]["field"])
    return found


@router.post(
    "/batch",
    response_class=PlainTextResponse,
    responses={200: {"content": _LINES, "description": "A line for each state, by their order."}},
    openapi_extra=_body(_LINES),
)
async def price_batch(_: Pricer, site: OfSite, request: Request, pmf: Pmf = 0) -> Response:
    """Price up to a thousand states: JSON lines in, JSON lines out, errors in their place."""
    from tracker.app.price_batch import price_lines

    lines = [x for x in (await _text(request)).splitlines() if x.strip()]
    if len(lines) > MOST_STATES:
        raise Problem(413, f"{len(lines)} states are more than the {MOST_STATES} of one batch")
    answers = price_lines(lines, pmf=bool(pmf), load=site.load)
    body = "".join(f"{answer}\n" for answer, _good in answers)
    return PlainTextResponse(body, media_type="application/x-ndjson")


async def _text(request: Request) -> str:
    return (await request.body()).decode("utf-8", errors="replace")


# ----------------------------------------------------------------------------------------- players

MOST_PLAYERS = 50
"""Players that one request may ask about."""

players_router = APIRouter(prefix="/players", tags=["players"])


class PlayerAsked(BaseModel):
    """Whom a batch asks about: a name, a figure such as `reb`, and a line on it or none."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1, max_length=100, examples=["Tyrese Maxey"])
    stat: str = Field("pts", max_length=20)
    line: float | None = Field(None, gt=0, lt=500)


class PlayersAsked(BaseModel):
    """A batch of players."""

    model_config = ConfigDict(extra="forbid", strict=True)

    players: list[PlayerAsked] = Field(min_length=1, max_length=MOST_PLAYERS)


@players_router.get("/{name}", **answers(PlayerJson))
async def player(
    _: Reader,
    site: OfSite,
    name: Annotated[str, Path(min_length=1, max_length=100)],
    stat: Annotated[str, Query(max_length=20, description="Such as reb, ast, pra.")] = "pts",
    line: Annotated[float | None, Query(gt=0, lt=500)] = None,
) -> Json:
    """A player's figures as `tracker player --json` gives them; 404 for one of whom none are kept.

    With a line also the chance that he goes over it in his next game.
    """
    (found,) = await _sheets(site, [_ask(PlayerAsked(name=name, stat=stat, line=line))])
    if isinstance(found, TrackerError):
        raise Problem(404, str(found))
    from tracker.app.player import sheet_json

    return sheet_json(found)


@players_router.post("", **answers(PlayersJson))
async def players(_: Pricer, site: OfSite, wanted: PlayersAsked) -> Json:
    """Up to fifty players at once: a sheet for each by their order, or why there is none."""
    from tracker.app.player import answers_json

    asks = [_ask(x) for x in wanted.players]
    return {"players": answers_json(asks, await _sheets(site, asks))}


async def _sheets(site: Site, asks: list[PlayerQuestion]) -> list[PlayerSheet | TrackerError]:
    from tracker.app.player import sheets

    return await sheets(await site.store(), asks, site.given, site.load, await site.now())


def _ask(wanted: PlayerAsked) -> PlayerQuestion:
    from tracker.app.player import PlayerQuestion

    try:
        stat = Stat(wanted.stat.strip().lower())
    except ValueError:
        known = ", ".join(x.value for x in Stat)
        raise Problem(422, f"{wanted.stat!r} is not counted: use one of {known}", "stat") from None
    return PlayerQuestion(wanted.name, stat, wanted.line)
