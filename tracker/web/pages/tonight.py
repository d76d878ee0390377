"""Tonight: every game that is followed, live, a line to add a bet, and silence for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tracker.app.bets import Beside, Bets, draft_of
from tracker.app.choose_game import Chooser
from tracker.domain.bet import wager_text
from tracker.domain.money import stake_text
from tracker.domain.policy import Snooze, SnoozeScope
from tracker.language.snoozes import parse_until
from tracker.web.pages.frame import Inside, OfBell, page
from tracker.web.site import OfSite
from tracker.wording.figures import percent, signed_money

if TYPE_CHECKING:
    from tracker.app.tonight import Evening
    from tracker.store.views import BetView

Line = Annotated[str, Form(min_length=1, max_length=2000)]

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(_: Inside, bell: OfBell) -> Response:
    """Every game that is followed, live, and a line to add a bet."""
    return HTMLResponse(await bell.shown(_home))


def _home(night: Evening) -> bytes:
    made = page(
        "tonight.html", "Tonight", "/", games=night.games, shape=night.shape,
        waiting=[listed(x) for x in night.waiting], trouble=night.trouble,
    )  # fmt: skip
    return bytes(made.body)


@router.post("/bets/check")
async def check(_: Inside, site: OfSite, line: Line) -> Response:
    """Show a bet as it was understood, before anything is saved."""
    draft = draft_of(line, Beside(), site.settings.stake_unit_cents)
    now = await site.now()
    store = await site.store()
    chosen = await Chooser(store, now).choose(draft)
    wager = draft.wager(chosen.games, chosen.roster_of) if chosen.games else None
    understood = draft.pick.text if wager is None else wager_text(wager, chosen.games[0])
    if draft.odds is not None:
        understood += f" · {draft.odds.text}"
    if draft.stake_cents is not None:
        understood += f" · {stake_text(draft.stake_cents, free=draft.free)}"
    zone = site.settings.zone
    where = chosen.why or " · ".join(
        f"{x.away} @ {x.home}, {x.start.astimezone(zone):%a %d %b %H:%M}" for x in chosen.games
    )
    return page("check.html", "Add a bet", "/", line=line, understood=understood, where=where)


@router.post("/bets")
async def add(visitor: Inside, site: OfSite, line: Line) -> Response:
    """Register the bet that was shown."""
    unit = site.settings.stake_unit_cents
    draft = draft_of(line, Beside(), unit)
    now = await site.now()
    async with await site.writing() as store:
        chosen = await Chooser(store, now).choose(draft)
        done = await Bets(store, site.rules, unit, visitor.who).add(draft, chosen, now)
    return RedirectResponse(f"/bets/{done.added.number}", 303)


@router.post("/snooze")
async def snooze(
    _: Inside,
    site: OfSite,
    until: Annotated[str, Form(alias="for", max_length=100)],
    game: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Be silent about a game for a while, or without one about all."""
    now, zone = await site.now(), site.settings.zone
    end = parse_until(until, now, zone)
    scope = SnoozeScope.GAME if game else SnoozeScope.ALL
    async with await site.writing() as store:
        await store.alerting.snooze(Snooze(scope, game, now, end))
    return RedirectResponse("/", 303)


def listed(x: BetView) -> dict[str, Any]:
    """A bet as a row of a list."""
    return {"number": x.number, "id": x.id, "pick": x.pick, "state": state_text(x)}


def state_text(x: BetView) -> str:
    """Where a bet stands, in a few words."""
    if x.result is not None:
        return f"{x.result.value} {money_of(x, x.payout_cents)}".strip()
    if x.withdrawn_at is not None:
        return "withdrawn"
    if x.review is not None:
        return "needs you"
    if x.chance is not None:
        return percent(x.chance.win)
    if x.no_chance is not None:
        return x.no_chance.text
    return "waits for its game" if x.game is None else x.status.value.replace("_", " ")


def money_of(x: BetView, payout: int | None) -> str:
    """What a payout means to the person; empty where the stake is not known."""
    if payout is None or x.own_cents is None:
        return ""
    return signed_money(payout - x.own_cents)
