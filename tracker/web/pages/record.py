"""The pages of the record, the models, the program's health, the API's keys and its reference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from tracker.app.health import checks, read_since
from tracker.app.market import credit_report
from tracker.app.market.clv import ClvReport, clv_summary
from tracker.app.report import raw_reliability
from tracker.domain.money import money_text, plural
from tracker.engine.record import NOTHING, Grouping, Tally, reliability
from tracker.settings import load_secrets
from tracker.web import charts
from tracker.web.pages import Inside, at_text, page, share
from tracker.web.pages.bets import listed
from tracker.web.site import OfSite
from tracker.wording.figures import percent, record_text, signed_money

if TYPE_CHECKING:
    from tracker.store.upkeep import Backup

_PAGE = 50
"""Bets on one page of the history."""

_FAULT_DAYS = timedelta(days=2)
"""Quotes that could not be used are counted over this time."""

_CHORES = 12
"""The most chores that are listed, the latest first."""

_BACKUPS = 5
"""The most back-ups that are listed, the latest first."""

_TABLES = (Grouping.MARKET, Grouping.BOOK, Grouping.TAG, Grouping.MONTH)
"""The groupings of which the history has a table."""

router = APIRouter(include_in_schema=False)


@router.get("/history")
async def history(
    _: Inside, site: OfSite, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> Response:
    """The page of the record: profit, results by kind of bet, calibration, and all bets."""
    store = await site.store()
    outcomes = store.outcomes
    tallies = await outcomes.grouped((Grouping.ALL, Grouping.DAY, *_TABLES))
    whole = tallies[Grouping.ALL].get("all", NOTHING)
    predictions = await outcomes.first_predictions()
    reliable = reliability(predictions)
    raw = raw_reliability(predictions)
    found = await store.bets_before(before, _PAGE + 1, site.rules)
    at = await site.daemon()
    since = read_since(at.daemon, at.now)
    per_night = [(day, x.profit) for day, x in tallies[Grouping.DAY].items() if x.counted]
    closes = clv_summary(await store.quotes.value_sums(), await store.quotes.unclosed())
    bins = await store.quotes.value_bins(charts.CLV_BIN)
    return page(
        "history.html", "History", "/history", whole=whole, strip=_strip(whole, closes),
        profit=charts.of_profit(per_night) if per_night else None,
        tables=[
            (by.value, [_row(key, x) for key, x in tallies[by].items()]) for by in _TABLES
        ],
        reliability=charts.of_reliability(reliable) if reliable else None,
        raw=charts.of_reliability(raw, "What the forecast had") if raw else None,
        clv=charts.of_clv(bins) if bins else None, missing=sorted(closes.missing.items()),
        bets=[listed(x.aged(since)) for x in found[:_PAGE]],
        next=found[_PAGE - 1].number if len(found) > _PAGE else None,
    )  # fmt: skip


def _strip(x: Tally, closes: ClvReport) -> list[tuple[str, str]]:
    found = [("Record", record_text(x.won, x.lost, x.pushed))]
    if x.counted:
        found += [("Profit", signed_money(x.profit)), ("Staked", money_text(x.staked))]
    if x.roi is not None:
        found.append(("ROI", _roi(x)))
    if x.uncounted:
        found.append(("Stake or payout not known", plural(x.uncounted, "bet")))
    if closes.n:
        found.append(("CLV of singles", closes.all.text))
        found.append(("With a close", f"{closes.covered} of {closes.n}"))
    return found


def _roi(x: Tally) -> str:
    error = "" if x.roi_se is None else f" ± {x.roi_se * 100:.1f} %"
    return f"{share(x.roi)}{error}"


def _row(name: str, x: Tally) -> tuple[str, ...]:
    return (
        name,
        str(x.bets),
        record_text(x.won, x.lost, x.pushed),
        "" if x.hit_rate is None else percent(x.hit_rate, 1),
        signed_money(x.profit) if x.counted else "",
        _roi(x) if x.roi is not None else "",
    )


# ------------------------------------------------------------------------------------------ models


@router.get("/models")
async def models(_: Inside, site: OfSite) -> Response:
    """The page of the models in use, their challengers on trial, and the monitors of drift."""
    from tracker.app.models import models_json

    store, zone = await site.store(), site.settings.zone
    found = await models_json(store, site.registry)
    standing = await store.monitoring.standing()
    leagues = {x.game.league for x in await store.open_bets(site.rules) if x.game is not None}
    used = [
        x for x in found["models"]
        if x["stage"] != "retired" and (x["name"] != "shipped" or x["league"] in leagues | {"nba"})
    ]  # fmt: skip
    return page(
        "models.html", "Models", "/models",
        models=[_model(x) for x in used],
        retired=[_model(x) for x in found["models"] if x["stage"] == "retired"],
        trials=[_trial(x) for x in found["trials"]],
        monitors=[
            (x.league.upper(), x.name, x.state.value, f"{x.value:.2f}" if x.level else "",
             f"{x.level:g}" if x.level else "", at_text(x.at, zone),
             x.advice if x.state.value != "well" else "")
            for x in standing
        ],
    )  # fmt: skip


def _model(x: dict[str, Any]) -> dict[str, Any]:
    return {
        "what": f"{x['league'].upper()} {x['kind']}",
        "name": x["name"],
        "stage": x["stage"],
        "version": x["model_version"],
        "calibration": x["calibration_id"],
        "fitted": _fitted(x),
        "fault": x["fault"] or "",
        "figures": _figures(x["unseen"]),
        "evidence": [f"{name}: {_flat(y)}" for name, y in (x.get("evidence") or {}).items()],
    }


def _fitted(x: dict[str, Any]) -> str:
    seasons = x["fitted_on"]
    span = "" if not seasons else f"{seasons[0]} … {seasons[-1]}" if seasons[1:] else seasons[0]
    return " · ".join(t for t in (span, x["fitted_at"] and f"on {x['fitted_at']}") if t)


def _figures(unseen: dict[str, Any] | None) -> list[str]:
    """The scores of a model's form on an unseen season, a line for each moment; may be empty."""
    if unseen is None:
        return []
    return [f"{unseen['season']}, {unseen['games']} games, by a fit without it"] + [
        f"{moment}: " + ", ".join(f"{name} {value:.4f}" for name, value in scores.items())
        for moment, scores in unseen["moments"].items()
    ]


def _flat(figures: Any) -> str:
    if not isinstance(figures, dict):
        return str(figures)
    return ", ".join(
        f"{name.replace('_', ' ')} {value:.4f}" if isinstance(value, float)
        else f"{name.replace('_', ' ')} {value}"
        for name, value in figures.items()
    )  # fmt: skip


def _trial(x: dict[str, Any]) -> dict[str, Any]:
    return {
        "what": f"{x['league'].upper()} {x['kind']}",
        "sides": f"{x['challenger']} against {x['champion']}",
        "state": x["outcome"] or "running",
        "verdict": x["verdict"] or "not judged yet",
        "since": x["began_at"][:10],
        "clauses": [
            (c.get("name", ""), str(c.get("wanted", "")), str(c.get("figure", "")),
             c.get("answer", ""))
            for c in x["clauses"]
        ],
    }  # fmt: skip


# -------------------------------------------------------------------------------- health and keys

_CHECKS = {
    "daemon": "The daemon runs",
    "moves": "All of it moves",
    "polls": "Every live game whose source answers was read within two minutes",
    "backup": "No back-up is overdue",
}


@router.get("/health")
async def health(_: Inside, site: OfSite) -> Response:
    """The page of the program's health: checks, sources, channels, chores and back-ups."""
    from tracker.app.backups import listed as backups_in

    store, at, zone = await site.store(), await site.daemon(), site.settings.zone
    whole = await store.status_view(site.rules)
    found = await checks(store, site.settings, at)
    made = backups_in(site.settings.backup_folder, await store.upkeep.backups())
    return page(
        "health.html", "Health", "/health",
        checks=[(_CHECKS.get(name, name), good) for name, good in found.items()],
        sources=[
            {
                "source": x.source, "word": x.word, "good": x.word == "ok",
                "at": "never" if x.last_ok_at is None else at_text(x.last_ok_at, zone),
            }
            for x in whole.sources
        ],
        deliveries=[(c, s, n) for (c, s), n in sorted(whole.deliveries.items())],
        chores=[
            (x.name, at_text(x.due, zone), "running" if x.outcome is None else x.outcome.value,
             x.detail)
            for x in await store.upkeep.chores(most=_CHORES)
        ],
        backups=_backups(made, zone),
        credits=await _credits(site, at.now),
        faults=await store.quotes.faults(at.now - _FAULT_DAYS),
        monitors=[
            (x.name, x.league.upper(), x.state.value, x.advice)
            for x in await store.monitoring.standing()
            if x.state.value not in ("well", "unknown")
        ],
        size=f"{whole.size_bytes / 1e6:.1f} MB, schema {whole.schema}",
    )  # fmt: skip


async def _credits(site: OfSite, now: datetime) -> list[tuple[str, str]]:
    keyed = load_secrets(site.settings).odds_key is not None
    x = await credit_report(await site.store(), site.settings.odds, now, keyed=keyed)
    if not keyed and x.used is None:
        return []
    known = ("not known" if y is None else str(y) for y in (x.used, x.remaining))
    shown = list(zip(("Used this month", "Left this month"), known, strict=True))
    games = plural(x.games, "game")
    shown.append(("Planned tonight", f"{x.planned_tonight} for {games} with bets"))
    return shown + [(f"Refused: {what}", why) for what, why in x.refused]


def _backups(made: Sequence[Backup], zone: tzinfo) -> list[tuple[str, str, str, str]]:
    return [
        (
            at_text(x.at, zone),
            f"{x.bytes / 1e6:.1f} MB",
            x.outcome,
            "not yet" if x.drilled_at is None else at_text(x.drilled_at, zone),
        )
        for x in made[:_BACKUPS]
    ]


@router.get("/keys")
async def keys(_: Inside, site: OfSite) -> Response:
    """The page of the API's keys by name; only digests are stored, so no key can be shown."""
    zone = site.settings.zone
    found = await (await site.store()).web.keys()
    return page(
        "keys.html", "Keys", "/keys",
        keys=[
            {
                "name": x.name, "scopes": [s.value for s in x.scopes],
                "made": at_text(x.made_at, zone),
                "revoked": "" if x.revoked_at is None else at_text(x.revoked_at, zone),
            }
            for x in found
        ],
    )  # fmt: skip


@router.get("/api/v1/docs")
async def reference(_: Inside, request: Request) -> Response:
    """The reference of the API, made from its OpenAPI document."""
    found = request.app.openapi()
    calls = [
        {
            "path": path,
            "method": method.upper(),
            "text": call.get("description", ""),
            "asks": [
                (x["name"], x["in"], _what(x, x.get("schema", {})))
                for x in call.get("parameters", ())
            ],
            "gives": _fields(call.get("requestBody", {}), found["components"]["schemas"]),
        }
        for path, calls in found["paths"].items()
        for method, call in calls.items()
    ]
    return page("reference.html", "The API", "/keys", calls=calls)


def _fields(body: dict[str, Any], schemas: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The fields of a JSON body: its name, whether it is needed, and what it is."""
    schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    schema = schemas.get(schema.get("$ref", "").rpartition("/")[2], schema)
    needed = schema.get("required", ())
    return [
        (name, "yes" if name in needed else "", _what(x, x))
        for name, x in schema.get("properties", {}).items()
    ]


def _what(named: dict[str, Any], schema: dict[str, Any]) -> str:
    """What is said of a parameter or a field, else its type."""
    return str(named.get("description", "")).replace("`", "") or _type(schema)


def _type(schema: dict[str, Any]) -> str:
    options = [schema, *schema.get("anyOf", ())]
    if any("enum" in x for x in options):
        return " | ".join(str(v) for x in options for v in x.get("enum", ()))
    return next((str(x["type"]) for x in options if x.get("type") not in (None, "null")), "")
