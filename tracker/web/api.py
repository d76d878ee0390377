"""The API under `/api/v1`: the JSON of the command line over HTTP, thin over the same use cases."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request, Response
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from tracker import __version__
from tracker.app.bets import Beside, Bets, Changes, draft_of
from tracker.app.choose_game import Chooser
from tracker.app.health import checks
from tracker.app.report import reliability_json, tally_json
from tracker.app.series import FEWEST, MOST, series
from tracker.app.views import (
    alert_json,
    bet_json,
    game_json,
    iso,
    show_json,
    snapshot_json,
    status_json,
)
from tracker.domain.bet import Result, wager_kind
from tracker.domain.policy import Scope, Snooze
from tracker.engine.record import Grouping, reliability, tally
from tracker.language.drafting import parse_stake
from tracker.language.snoozes import parse_until
from tracker.web.access import Pricer, Reader, Writer
from tracker.web.live import MOST_STREAMS
from tracker.web.problems import Problem, ProblemBody
from tracker.web.site import Site, site_of

if TYPE_CHECKING:
    from tracker.forecast import Parameters
    from tracker.store import Store
    from tracker.store.views import BetView, ShowView

Json = dict[str, Any]
OfSite = Annotated[Site, Depends(site_of)]
Reference = Annotated[str, Path(min_length=1, max_length=100)]

MOST_STATES = 1000
"""States that one batch may bring."""

_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemBody, "content": {"application/problem+json": {}}}
    for status in (401, 403, 404, 409, 413, 421, 422, 429, 503)
}

router = APIRouter(prefix="/api/v1", responses=_ERRORS)


class _Strict(BaseModel):
    """A body: unknown fields are refused by name, and nothing is taken for something else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewBet(_Strict):
    """A bet to register: a line as on the terminal, and what may stand beside it."""

    line: str = Field(min_length=1, max_length=2000)
    game: str | None = Field(None, max_length=200)
    id: str | None = Field(None, min_length=1, max_length=100)
    rules: list[str] = Field(default=[], max_length=50)
    tags: list[str] = Field(default=[], max_length=50)
    odds: str | None = Field(None, max_length=50)
    stake: str | None = Field(None, max_length=50)
    book: str | None = Field(None, max_length=100)


class Edit(_Strict):
    """What is to be another of a bet; a field that is left out stays."""

    pick: str | None = Field(None, max_length=2000)
    game: str | None = Field(None, max_length=200)
    odds: str | None = Field(None, max_length=50)
    stake: str | None = Field(None, max_length=50)
    book: str | None = Field(None, max_length=100)
    tags: list[str] | None = Field(None, max_length=50)


class Silence(_Strict):
    """How long to be silent, as on the terminal: `15m`, `until 22:00`."""

    until: str = Field(alias="for", min_length=1, max_length=100)


class HandResult(_Strict):
    """A result that a person decides. `paid` is what came back, where it is not by the odds."""

    result: str
    why: str = Field("", max_length=500)
    paid: str | None = Field(None, max_length=50)


def _bets(site: Site, store: Store, who: str) -> Bets:
    return Bets(store, site.rules, site.settings.stake_unit_cents, who)


async def _found(site: Site, reference: str) -> BetView:
    store = await site.store()
    number = await store.find(reference)
    view = None if number is None else await store.bet_view(number, site.rules)
    if view is None:
        raise Problem(404, f"there is no bet {reference}: GET /api/v1/bets lists them")
    return view


async def _history(site: Site, reference: str) -> ShowView:
    store = await site.store()
    view = await store.show_view((await _found(site, reference)).number, site.rules)
    if view is None:
        raise RuntimeError("a bet that was just found is gone")
    return view


# ------------------------------------------------------------------------------------------- bets


@router.get("/bets")
async def bets(
    _: Reader,
    site: OfSite,
    state: Annotated[str, Query(pattern="^(open|settled|all)$")] = "all",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    tag: Annotated[str | None, Query(max_length=100)] = None,
    market: Annotated[str | None, Query(max_length=50)] = None,
) -> Json:
    """The bets, newest first. `next` is the `before` of the page that follows, null at the end."""
    store = await site.store()
    page: list[BetView] = []
    while len(page) <= limit:
        # One more than fits tells whether there is another page.
        read = await store.bets_before(before, limit + 1, site.rules)
        page += [x for x in read if _fits(x, state, tag, market)]
        if len(read) <= limit:
            break
        before = read[-1].number
    more = len(page) > limit
    shown = page[:limit]
    return {"bets": [bet_json(x) for x in shown], "next": shown[-1].number if more else None}


def _fits(x: BetView, state: str, tag: str | None, market: str | None) -> bool:
    is_open = x.result is None and x.withdrawn_at is None
    kind = None if x.market is None else wager_kind(x.market)
    return (
        (state == "all" or is_open == (state == "open"))
        and (tag is None or tag in x.tags)
        and (market is None or market == kind)
    )


@router.post("/bets", status_code=201)
async def add(
    visitor: Writer, site: OfSite, wanted: NewBet, request: Request, response: Response
) -> Json:
    """Register a bet. The same bet again is the same bet: 200, and `created` is false.

    `Idempotency-Key` stands for `id` where the body has none.
    """
    name = wanted.id or request.headers.get("idempotency-key") or None
    beside = Beside(
        game=wanted.game, odds=wanted.odds, stake=wanted.stake, book=wanted.book,
        rules=tuple(wanted.rules), tags=tuple(wanted.tags), name=name,
    )  # fmt: skip
    draft = draft_of(wanted.line, beside, site.settings.stake_unit_cents)
    now = await site.now()
    async with await site.writing() as store:
        chosen = await Chooser(store, now).choose(draft)
        done = await _bets(site, store, visitor.who).add(draft, chosen, now)
        view = await store.bet_view(done.added.number, site.rules)
    if view is None:
        raise RuntimeError("a bet that was just added is gone")
    if not done.added.created:
        response.status_code = 200
    return bet_json(view) | {"created": done.added.created, "waiting": done.waiting}


@router.get("/bets/{reference}")
async def show(_: Reader, site: OfSite, reference: Reference) -> Json:
    """A bet with its whole history, as `tracker show --json` gives it."""
    return show_json(await _history(site, reference))


@router.patch("/bets/{reference}")
async def edit(visitor: Writer, site: OfSite, reference: Reference, wanted: Edit) -> Json:
    """Change what is wrong with a bet; each change leaves a row of audit."""
    await _found(site, reference)
    given = wanted.model_dump(exclude_unset=True)
    if given.get("tags") is not None:
        given["tags"] = tuple(given["tags"])
    changes = Changes(**given)
    if changes.empty:
        raise Problem(422, "nothing is to be changed: give pick, game, odds, stake, book or tags")
    async with await site.writing() as store:
        done = await _bets(site, store, visitor.who).edit(reference, changes, await site.now())
    return bet_json(done.bet)


@router.post("/bets/{reference}/withdraw")
async def withdraw(visitor: Writer, site: OfSite, reference: Reference) -> Json:
    """Stop following a bet; its history stays. 409 for a bet that is over."""
    await _found(site, reference)
    async with await site.writing() as store:
        done = await _bets(site, store, visitor.who).withdraw(reference, await site.now())
    if not done.done:
        raise Problem(409, f"bet {reference} is over already: nothing is left to withdraw")
    return bet_json(await _found(site, reference))


@router.post("/bets/{reference}/snooze")
async def snooze(_: Writer, site: OfSite, reference: Reference, wanted: Silence) -> Json:
    """Be silent about a bet until a stated time; what would have been said is kept."""
    bet = await _found(site, reference)
    now = await site.now()
    until = parse_until(wanted.until, now, site.settings.zone)
    async with await site.writing() as store:
        kept = await store.alerting.snooze(Snooze(Scope.BET, str(bet.number), now, until))
    return {"scope": kept.scope.value, "target": kept.target, "until": iso(kept.until)}


@router.post("/bets/{reference}/settle")
async def settle(visitor: Writer, site: OfSite, reference: Reference, wanted: HandResult) -> Json:
    """Give a bet the result that a person decides, official at once."""
    await _found(site, reference)
    try:
        result = Result(wanted.result)
    except ValueError:
        known = ", ".join(x.value for x in Result)
        raise Problem(
            422, f"{wanted.result!r} is no result: write one of {known}", "result"
        ) from None
    unit = site.settings.stake_unit_cents
    paid = None if wanted.paid is None else parse_stake(wanted.paid, unit)
    async with await site.writing() as store:
        mine = _bets(site, store, visitor.who)
        done = await mine.settle(reference, result, wanted.why, paid, await site.now())
    return bet_json(done.bet)


@router.get("/bets/{reference}/series")
async def bet_series(
    _: Reader,
    site: OfSite,
    reference: Reference,
    points: Annotated[int, Query(ge=FEWEST, le=MOST)] = 400,
) -> Json:
    """A bet's history as columns, thinned so that no spike is lost."""
    return series((await _history(site, reference)).priced.snapshots, points).columns()


@router.get("/bets/{reference}/snapshots")
async def snapshots(
    _: Reader,
    site: OfSite,
    reference: Reference,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Json:
    """The snapshots of a bet, newest first; `next` is the `before` of the page that follows."""
    found = [
        x for x in reversed((await _history(site, reference)).snapshots)
        if before is None or x.poll < before
    ]  # fmt: skip
    page = found[:limit]
    more = len(found) > limit
    return {
        "snapshots": [snapshot_json(x) for x in page],
        "next": page[-1].poll if more else None,
    }


@router.get("/bets/{reference}/alerts")
async def bet_alerts(
    _: Reader, site: OfSite, reference: Reference, explain: Annotated[int, Query(ge=0, le=1)] = 0
) -> Json:
    """What was said of a bet; with `explain=1` also what was held back, with its reason."""
    number = (await _found(site, reference)).number
    found = await (await site.store()).alerts_view(explain=bool(explain), bet=number)
    return {"alerts": [alert_json(x) for x in found]}


# ------------------------------------------------------------------------------- games and status


@router.get("/games")
async def games(_: Reader, site: OfSite, day: Annotated[date | None, Query()] = None) -> Json:
    """The games that are known, by tip-off; of one league date where `day` is given."""
    found = await (await site.store()).games(day)
    return {"games": [game_json(game, state) for game, state in found]}


@router.get("/games/{game}")
async def game(_: Reader, site: OfSite, game: Reference) -> Json:
    """One game, by its id."""
    found = await (await site.store()).games()
    for one, state in found:
        if one.id == game:
            return game_json(one, state)
    raise Problem(404, f"there is no game {game}: GET /api/v1/games lists them")


@router.get("/status")
async def status(_: Reader, site: OfSite) -> Json:
    """The state of the whole, as `tracker status --json` gives it."""
    at = await site.daemon()
    whole = await (await site.store()).status_view(site.rules)
    return status_json(whole, at.now, at.daemon)


@router.get("/calibration")
async def calibration(_: Reader, site: OfSite) -> Json:
    """The chances that were told, held against what came: was 80 % really 80 %?"""
    found = reliability(await (await site.store()).said())
    return dict(reliability_json(found))


@router.get("/performance")
async def performance(
    _: Reader,
    site: OfSite,
    by: Annotated[Grouping, Query()] = Grouping.MARKET,
    since: Annotated[date | None, Query()] = None,
    until: Annotated[date | None, Query()] = None,
) -> Json:
    """The record by tag, market, player, book, league, month or day."""
    outcomes = (await site.store()).outcomes
    groups = await outcomes.tallies(by, since, until)
    whole = (await outcomes.tallies(Grouping.ALL, since, until)).get("all", tally(()))
    return {
        "by": by.value,
        "whole": tally_json(whole),
        "groups": {key: tally_json(x) for key, x in groups.items()},
    }


@router.get("/health")
async def health(site: OfSite, response: Response) -> Json:
    """Whether all is well: 200, or 503 with what is not. Open to whoever reaches this server."""
    found = await checks(await site.store(), site.settings, await site.daemon())
    if not all(found.values()):
        response.status_code = 503
    return {"ok": all(found.values()), "checks": found, "version": __version__}


# ---------------------------------------------------------------------------------------- pricing


@router.post(
    "/price",
    openapi_extra={
        "requestBody": {
            "content": {"application/json": {"schema": {"type": "object"}}},
            "required": True,
        }
    },
)
async def price(_: Pricer, request: Request, pmf: Annotated[int, Query(ge=0, le=1)] = 0) -> Json:
    """Price bets in a given state of a game: the state of `tracker price`, and its answer."""
    from tracker.app.price_batch import price_lines

    line = " ".join((await _text(request)).split())
    ((answer, good),) = tuple(price_lines([line or "{}"], pmf=bool(pmf), load=_models(request)))
    found: Json = json.loads(answer)
    if not good:
        raise Problem(422, found["error"]["message"], found["error"]["field"])
    return found


@router.post(
    "/price/batch",
    response_class=StreamingResponse,
    openapi_extra={
        "requestBody": {
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
            "required": True,
        }
    },
)
async def price_batch(
    _: Pricer, request: Request, pmf: Annotated[int, Query(ge=0, le=1)] = 0
) -> Response:
    """Price up to a thousand states: JSON lines in, JSON lines out, errors in their place."""
    from tracker.app.price_batch import price_lines

    lines = [x for x in (await _text(request)).splitlines() if x.strip()]
    if len(lines) > MOST_STATES:
        raise Problem(413, f"{len(lines)} states are more than the {MOST_STATES} of one batch")
    answers = price_lines(lines, pmf=bool(pmf), load=_models(request))
    body = "".join(f"{answer}\n" for answer, _good in answers)
    return PlainTextResponse(body, media_type="application/x-ndjson")


async def _text(request: Request) -> str:
    return (await request.body()).decode("utf-8", errors="replace")


def _models(request: Request) -> Callable[[str], Parameters]:
    found: Callable[[str], Parameters] = request.app.state.models
    return found


# ------------------------------------------------------------------------------- events and metrics


@router.get("/events", response_class=StreamingResponse)
async def events(_: Reader, request: Request) -> Response:
    """Tonight's texts as they change, as server-sent events."""
    bell = request.app.state.bell
    if bell.streams >= MOST_STREAMS:
        raise Problem(503, "too many pages are open", headers={"Retry-After": "5"})
    stream: AsyncIterator[str] = bell.events()
    return StreamingResponse(
        stream,
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(_: Reader, site: OfSite, request: Request) -> Response:
    """Figures for Prometheus; never the text of a bet."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    at = await site.daemon()
    whole = await (await site.store()).status_view(site.rules)
    registry = CollectorRegistry()

    def gauge(name: str, text: str, label: str | None = None) -> Gauge:
        return Gauge(f"tracker_{name}", text, [label] if label else [], registry=registry)

    gauge("up", "Whether the daemon runs").set(at.daemon is not None)
    ages = gauge("feed_age_seconds", "Since a source last answered well", "feed")
    for one in whole.pulses:
        if one.last_ok_at is not None:
            ages.labels(one.source).set((at.now - one.last_ok_at).total_seconds())
    counts = gauge("bets", "Bets by where they stand", "state")
    for bet in whole.bets:
        counts.labels(bet.status.value).inc()
    sent = Gauge(
        "tracker_deliveries", "Messages by channel and state", ["channel", "state"],
        registry=registry,
    )  # fmt: skip
    for (channel, state), count in whole.deliveries.items():
        sent.labels(channel, state).set(count)
    gauge("database_bytes", "Size of the database").set(whole.size_bytes)
    body = generate_latest(registry) + generate_latest(request.app.state.requests)
    return PlainTextResponse(body, media_type="text/plain; version=0.0.4; charset=utf-8")


def attach(app: FastAPI) -> None:
    """Put the API into an application."""
    app.include_router(router)
