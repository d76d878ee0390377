"""Players under `/api/v1/players`: one by his name, or up to fifty at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from tracker.app.contracts.market import PlayerJson, PlayersJson
from tracker.domain.errors import TrackerError
from tracker.domain.player import Stat
from tracker.web.access import Pricer, Reader
from tracker.web.problems import Json, Problem, answers
from tracker.web.site import Site, site_of

if TYPE_CHECKING:
    from tracker.app.player import Ask, PlayerSheet

MOST_PLAYERS = 50
"""Players that one request may ask about."""

OfSite = Annotated[Site, Depends(site_of)]
router = APIRouter(prefix="/players", tags=["players"])


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


@router.get("/{name}", **answers(PlayerJson))
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


@router.post("", **answers(PlayersJson))
async def players(_: Pricer, site: OfSite, wanted: PlayersAsked) -> Json:
    """Up to fifty players at once: a sheet for each by their order, or why there is none."""
    from tracker.app.player import answers_json

    asks = [_ask(x) for x in wanted.players]
    return {"players": answers_json(asks, await _sheets(site, asks))}


async def _sheets(site: Site, asks: list[Ask]) -> list[PlayerSheet | TrackerError]:
    from tracker.app.player import sheets

    return await sheets(await site.store(), asks, site.given, site.load, await site.now())


def _ask(wanted: PlayerAsked) -> Ask:
    from tracker.app.player import Ask

    try:
        stat = Stat(wanted.stat.strip().lower())
    except ValueError:
        known = ", ".join(x.value for x in Stat)
        raise Problem(422, f"{wanted.stat!r} is not counted: use one of {known}", "stat") from None
    return Ask(wanted.name, stat, wanted.line)
