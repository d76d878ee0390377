"""The whole: status, health, the record, calibration, models and the monitors of the numbers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from tracker import __version__
from tracker.app.contracts.models import ModelsJson, TrialsJson
from tracker.app.contracts.record import (
    CalibrationJson,
    HealthJson,
    MonitorsJson,
    PerformanceJson,
    StatusJson,
)
from tracker.app.health import checks
from tracker.app.report import calibration_json, tally_json
from tracker.app.views import status_json
from tracker.domain.league import LEAGUES, slate_date
from tracker.engine.record import Grouping, tally
from tracker.web.guard import Reader
from tracker.web.problems import Json, Problem, answers
from tracker.web.site import OfSite, Site

router = APIRouter(tags=["record"])

FIGURE_DAYS = timedelta(days=14)
"""How far back each day's figures are told."""


@router.get("/status", **answers(StatusJson))
async def status(_: Reader, site: OfSite) -> Json:
    """The state of the whole, as `tracker status --json` gives it."""
    at = await site.daemon()
    whole = await (await site.store()).status_view(site.rules)
    return status_json(whole, at.now, at.daemon)


@router.get("/calibration", **answers(CalibrationJson))
async def calibration(_: Reader, site: OfSite) -> Json:
    """The chances that were told, held against what came: was 80 % really 80 %?"""
    store = await site.store()
    return calibration_json(await store.said(), await store.outcomes.first_said())


@router.get("/performance", **answers(PerformanceJson))
async def performance(
    _: Reader,
    site: OfSite,
    by: Annotated[Grouping, Query()] = Grouping.MARKET,
    since: Annotated[date | None, Query()] = None,
    until: Annotated[date | None, Query()] = None,
) -> Json:
    """The record by tag, market, player, book, league, month, day or model."""
    outcomes = (await site.store()).outcomes
    groups = await outcomes.tallies(by, since, until)
    whole = (await outcomes.tallies(Grouping.ALL, since, until)).get("all", tally(()))
    return {
        "by": by.value,
        "whole": tally_json(whole),
        "groups": {key: tally_json(x) for key, x in groups.items()},
    }


@router.get("/health", **answers(HealthJson, 200, 503))
async def health(site: OfSite, response: Response) -> Json:
    """Whether all is well: 200, or 503 with what is not. Open to whoever reaches this server."""
    found = await checks(await site.store(), site.settings, await site.daemon())
    if not all(found.values()):
        response.status_code = 503
    return {"ok": all(found.values()), "checks": found, "version": __version__}


@router.get("/models", **answers(ModelsJson))
async def models(
    _: Reader, site: OfSite, league: Annotated[str | None, Query(max_length=20)] = None
) -> Json:
    """Every model by league and kind: stage, figures, evidence; and the trials."""
    return await _models(site, league)


@router.get("/models/trial", **answers(TrialsJson))
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


@router.get("/monitors", **answers(MonitorsJson))
async def monitors(_: Reader, site: OfSite) -> Json:
    """Whether the model, the sources and the record are as they should be."""
    from tracker.app.monitors import monitors_json

    store = await site.store()
    changes = await store.monitoring.history()
    since = slate_date(await site.now()) - FIGURE_DAYS
    return dict(monitors_json(changes, await store.monitoring.figures(since)))
