"""Routes of bets under `/api/v1/bets`: list, add, show, edit, snooze, settle, and their worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from tracker.app.bets import check_word
from tracker.app.contracts.bets import (
    AddedBetJson,
    AlertsJson,
    BetJson,
    BetsJson,
    CashoutJson,
    ColumnsJson,
    HedgeJson,
    ShownJson,
    SnapshotsJson,
    SnoozedJson,
    WhyJson,
)
from tracker.app.course import FEWEST, MOST, series
from tracker.app.health import read_since
from tracker.app.views import alert_json, bet_json, part, show_json, snapshot_json
from tracker.domain import BadBet
from tracker.domain.bet import Result
from tracker.domain.draft import parse_placed_at
from tracker.domain.money import parse_money, parse_odds, parse_stake
from tracker.domain.policy import Rule, Snooze, SnoozeScope, parse_rule, parse_until
from tracker.intake import Beside, Changes
from tracker.store.views import BetView, OnlyBets, ShowView
from tracker.web.guard import (
    Json,
    Problem,
    Reader,
    StrictBody,
    Writer,
    answers,
    field_of,
    problem_of,
)
from tracker.web.site import OfSite, Site

if TYPE_CHECKING:
    from tracker.app.market.value import HeldBet

Reference = Annotated[
    str, Path(min_length=1, max_length=100, description="The bet's number, or its id of your own.")
]

router = APIRouter(prefix="/bets", tags=["bets"])


class NewBet(StrictBody):
    """A bet to register: a line as in `tracker add`, and the values of its options."""

    line: str = Field(min_length=1, max_length=2000, examples=["DEN -4.5 -110 $20"])
    game: str | None = Field(None, max_length=200)
    id: str | None = Field(None, min_length=1, max_length=100)
    rules: list[str] = Field(default=[], max_length=50)
    tags: list[str] = Field(default=[], max_length=50)
    odds: str | None = Field(None, max_length=50)
    stake: str | None = Field(None, max_length=50)
    book: str | None = Field(None, max_length=100)
    placed_at: str | None = Field(None, max_length=50)
    free: bool = Field(default=False, description="Whether the stake is the book's.")


class BetEdit(StrictBody):
    """The fields of a bet to change; a field that is left out stays as it is.

    `rules` replace those that the bet has; null asks for the defaults.
    """

    pick: str | None = Field(None, max_length=2000)
    game: str | None = Field(None, max_length=200)
    odds: str | None = Field(None, max_length=50)
    stake: str | None = Field(None, max_length=50)
    book: str | None = Field(None, max_length=100)
    tags: list[str] | None = Field(None, max_length=50)
    rules: list[str] | None = Field(None, max_length=50)
    placed_at: str | None = Field(None, max_length=50)
    free: bool | None = None


class Silence(StrictBody):
    """How long to snooze a bet, as in `tracker snooze`: `15m`, `until 22:00`."""

    until: str = Field(alias="for", min_length=1, max_length=100)


class HandResult(StrictBody):
    """A result that a person decides. `paid` is the payout, stake included, if not by the odds."""

    result: str
    why: str = Field("", max_length=500)
    paid: str | None = Field(None, max_length=50)


async def found_bet(site: Site, reference: str) -> BetView:
    """The bet of a number or of a person's own id. Raises Problem with 404 when there is none."""
    store = await site.store()
    number = await store.find(reference)
    view = None if number is None else await store.bet_view(number, site.rules)
    if view is None:
        raise Problem(404, f"there is no bet {reference}: GET /api/v1/bets lists them")
    return view


async def _history(site: Site, reference: str) -> ShowView:
    await found_bet(site, reference)
    return await site.bets(await site.store()).history(reference)


async def _aged(site: Site, bet: BetView) -> BetView:
    """The bet, stale where its game was not read lately."""
    at = await site.daemon()
    return bet.aged(read_since(at.daemon, at.now))


# ------------------------------------------------------------------------------------------- bets


@router.get("", **answers(BetsJson))
async def bets(
    _: Reader,
    site: OfSite,
    state: Annotated[Literal["open", "settled", "all"], Query()] = "all",
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    tag: Annotated[str | None, Query(max_length=100)] = None,
    market: Annotated[str | None, Query(max_length=50)] = None,
) -> Json:
    """The bets, newest first. `next` is the `before` of the page that follows, null at the end."""
    only = OnlyBets(None if tag is None else tag.removeprefix("#"), market, state)
    # One more than the limit is read, to know whether there is another page.
    read = await (await site.store()).bets_before(before, limit + 1, site.rules, only)
    at = await site.daemon()
    shown = [x.aged(read_since(at.daemon, at.now)) for x in read[:limit]]
    following = shown[-1].number if len(read) > limit else None
    return {"bets": [bet_json(x) for x in shown], "next": following}


@router.post("", **answers(AddedBetJson, 201, 200))
async def add(
    visitor: Writer, site: OfSite, wanted: NewBet, request: Request, response: Response
) -> Json:
    """Register a bet. A bet that is there already is not added again: 200, `created` is false.

    The header `Idempotency-Key` is the bet's `id` when the body has none.
    """
    name = wanted.id or request.headers.get("idempotency-key") or None
    for field, text in (("id", name), ("book", wanted.book), *(("tags", x) for x in wanted.tags)):
        if text:
            field_of(field, text, partial(check_word, field))
    beside = Beside(
        game=wanted.game, odds=wanted.odds, stake=wanted.stake, book=wanted.book,
        rules=tuple(wanted.rules), tags=tuple(wanted.tags), name=name,
        placed_at=wanted.placed_at, free=wanted.free,
    )  # fmt: skip
    _read_each(wanted.odds, wanted.stake, wanted.rules, site.settings.stake_unit_cents)
    now = (await site.now()).astimezone(site.settings.zone)
    if wanted.placed_at is not None:
        field_of("placed_at", wanted.placed_at, lambda text: parse_placed_at(text, now))
    try:
        draft = await site.bets(await site.store()).draft(wanted.line, beside, now)
        async with await site.writing() as store:
            chosen = await site.choose(store, draft)
            done = await site.bets(store, visitor.who).add(draft, chosen, now)
            view = await store.bet_view(done.added.number, site.rules)
    except BadBet as why:
        raise problem_of(why, "line") from None
    if view is None:
        raise RuntimeError("a bet that was just added is gone")
    if not done.added.created:
        response.status_code = 200
    return bet_json(await _aged(site, view)) | {
        "created": done.added.created,
        "waiting": done.waiting,
        "already": list(done.already.words),
    }


def _read_each(
    odds: str | None, stake: str | None, rules: Sequence[str], unit_cents: int
) -> list[Rule]:
    """The rules of a request. Raises Problem with the first field that cannot be read."""
    if odds is not None:
        field_of("odds", odds, parse_odds)
    if stake is not None:
        field_of("stake", stake, lambda text: parse_stake(text, unit_cents))
    return [field_of("rules", x, parse_rule) for x in rules]


@router.get("/{reference}", **answers(ShownJson))
async def show(_: Reader, site: OfSite, reference: Reference) -> Json:
    """A bet with its whole history, as `tracker show --json` gives it."""
    from tracker.app.market.value import valued

    view = await _history(site, reference)
    explainer = await site.explainer()
    beside = await valued(explainer, view.bet, site.settings.odds, await site.now())
    aged = replace(view, bet=await _aged(site, view.bet))
    return show_json(aged) | beside.as_json()


@router.patch("/{reference}", **answers(BetJson))
async def edit(visitor: Writer, site: OfSite, reference: Reference, wanted: BetEdit) -> Json:
    """Change fields of a bet; the audit records each change."""
    await found_bet(site, reference)
    given = wanted.model_dump(exclude_unset=True)
    ruled, rules = "rules" in given, given.pop("rules", None)
    if given.get("tags") is not None:
        given["tags"] = tuple(given["tags"])
    changes = Changes(**given)
    read = _read_each(changes.odds, changes.stake, rules or (), site.settings.stake_unit_cents)
    if changes.empty and not ruled:
        raise Problem(
            422,
            "nothing is to be changed: give pick, game, odds, stake, book, tags, rules, placed_at "
            "or free",
        )
    watched = None if rules is None else tuple(dict.fromkeys(read))
    now = (await site.now()).astimezone(site.settings.zone)
    if changes.placed_at is not None:
        field_of("placed_at", changes.placed_at, lambda text: parse_placed_at(text, now))
    async with site.changing(visitor.who) as mine:
        view = await mine.bet(reference)
        if not changes.empty:
            view = (await mine.edit(reference, changes, now)).bet
        if ruled:
            view = await mine.watch_for(reference, watched, now)
    return bet_json(await _aged(site, view))


@router.post("/{reference}/withdraw", **answers(BetJson))
async def withdraw(visitor: Writer, site: OfSite, reference: Reference) -> Json:
    """Stop following a bet; its history stays. 409 for a bet that is over."""
    await found_bet(site, reference)
    async with site.changing(visitor.who) as mine:
        done = await mine.withdraw(reference, await site.now())
    if not done.done:
        raise Problem(409, f"bet {reference} {done.already}: nothing is left to withdraw")
    return bet_json(await _aged(site, await found_bet(site, reference)))


@router.post("/{reference}/snooze", **answers(SnoozedJson))
async def snooze(_: Writer, site: OfSite, reference: Reference, wanted: Silence) -> Json:
    """Snooze a bet until a stated time; alerts held back meanwhile are kept with their reason."""
    bet = await found_bet(site, reference)
    now = await site.now()
    zone = site.settings.zone
    until = field_of("for", wanted.until, lambda text: parse_until(text, now, zone))
    async with await site.writing() as store:
        kept = await store.alerting.snooze(Snooze(SnoozeScope.BET, str(bet.number), now, until))
    return part(kept, "scope", "target", "until")


@router.post("/{reference}/settle", **answers(BetJson))
async def settle(visitor: Writer, site: OfSite, reference: Reference, wanted: HandResult) -> Json:
    """Settle a bet by hand; the result is official at once."""
    await found_bet(site, reference)
    try:
        result = Result(wanted.result)
    except ValueError:
        known = ", ".join(x.value for x in Result)
        raise Problem(
            422, f"{wanted.result!r} is no result: write one of {known}", "result"
        ) from None
    unit = site.settings.stake_unit_cents
    paid = (
        None if wanted.paid is None
        else field_of("paid", wanted.paid, lambda text: parse_stake(text, unit))
    )  # fmt: skip
    async with site.changing(visitor.who) as mine:
        done = await mine.settle(reference, result, wanted.why, paid, await site.now())
    return bet_json(await _aged(site, done.bet))


@router.post("/{reference}/regrade", **answers(BetJson))
async def regrade(visitor: Writer, site: OfSite, reference: Reference) -> Json:
    """Grade a bet again by the latest box score, whoever decided its result before."""
    await found_bet(site, reference)
    async with site.changing(visitor.who) as mine:
        done = await mine.regrade(reference, await site.now())
    return bet_json(await _aged(site, done.bet))


@router.get("/{reference}/series", **answers(ColumnsJson))
async def bet_series(
    _: Reader,
    site: OfSite,
    reference: Reference,
    points: Annotated[int, Query(ge=FEWEST, le=MOST)] = 400,
) -> Json:
    """A bet's history as columns, thinned to at most `points` without losing a spike."""
    return series((await _history(site, reference)).priced.snapshots, points)


@router.get("/{reference}/snapshots", **answers(SnapshotsJson))
async def snapshots(
    _: Reader,
    site: OfSite,
    reference: Reference,
    before: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Json:
    """The snapshots of a bet, newest first; `next` is the `before` of the page that follows."""
    page, following = (await _history(site, reference)).page(before, limit)
    return {"snapshots": [snapshot_json(x) for x in page], "next": following}


@router.get("/{reference}/alerts", **answers(AlertsJson))
async def bet_alerts(
    _: Reader, site: OfSite, reference: Reference, explain: Annotated[int, Query(ge=0, le=1)] = 0
) -> Json:
    """The alerts of a bet; with `explain=1` also those held back, with their reasons."""
    number = (await found_bet(site, reference)).number
    found = await (await site.store()).alerts_view(explain=bool(explain), bet=number)
    return {"alerts": [alert_json(x) for x in found]}


@router.get("/{reference}/why", **answers(WhyJson))
async def why(
    _: Reader,
    site: OfSite,
    reference: Reference,
    begin: Annotated[str | None, Query(alias="from", max_length=50)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=50)] = None,
) -> Json:
    """Why p(hit) moved, cause by cause, between two moments; without them, at the last big move.

    Moments are written as on the terminal: `Q3 4:11`, `21:14`, a time, or a poll. 409 for a bet
    whose chance has not moved yet.
    """
    from tracker.app.explain import NothingMoved, places_of, why_json

    bet = await found_bet(site, reference)
    explainer = await site.explainer()
    try:
        view = await explainer.history(bet.number)
        places = places_of(view, begin, end, site.settings.zone)
        return why_json(await explainer.explain(view, places))
    except NothingMoved as not_yet:
        raise Problem(409, str(not_yet)) from None


async def _held(site: Site, reference: str) -> HeldBet:
    from tracker.app.market.value import NotHeld, held

    await found_bet(site, reference)
    mine = site.bets(await site.store())
    try:
        return await held(mine, reference, await site.explainer(), await site.now())
    except NotHeld as unknown:
        raise Problem(409, str(unknown)) from None


@router.get("/{reference}/cashout", **answers(CashoutJson))
async def cash_out(
    _: Reader,
    site: OfSite,
    reference: Reference,
    amount: Annotated[str, Query(min_length=1, max_length=50, examples=["$24.50"])],
) -> Json:
    """A cash-out offer compared with the bet's worth by its live chance. Facts, no advice.

    409 for a bet whose worth is not known.
    """
    from tracker.app.market.value import cashout_json

    offer = field_of("amount", amount, parse_money)
    return cashout_json(await _held(site, reference), offer)


@router.get("/{reference}/hedge", **answers(HedgeJson))
async def hedge(
    _: Reader,
    site: OfSite,
    reference: Reference,
    odds: Annotated[str, Query(min_length=1, max_length=50, examples=["+150"])],
) -> Json:
    """What a second bet on the other side would bring at a price. Facts, no advice.

    409 for a bet whose worth is not known.
    """
    from tracker.app.market.value import hedge_json

    against = field_of("odds", odds, parse_odds)
    return hedge_json(await _held(site, reference), against)
