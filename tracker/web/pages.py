"""The pages: rendered on the server in the words of the messages, thin over the use cases."""

from __future__ import annotations

from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tracker.app.bets import Beside, Bets, draft_of
from tracker.app.choose_game import Chooser
from tracker.app.course import course_of
from tracker.app.health import checks
from tracker.app.tonight import tonight
from tracker.domain.bet import Result, wager_text
from tracker.domain.errors import BadBet
from tracker.domain.money import money_text
from tracker.domain.policy import Scope, Snooze
from tracker.engine.record import Grouping, Tally, reliability, tally
from tracker.language.snoozes import parse_until
from tracker.store.access import BROWSER_LASTS
from tracker.web import charts
from tracker.web.access import COOKIE, Visitor
from tracker.web.problems import Problem
from tracker.web.site import Site, site_of
from tracker.wording.figures import percent, signed_money

if TYPE_CHECKING:
    from tracker.domain.tracking import LegStanding
    from tracker.store.views import BetView, ShowView

CARE = (
    "Bet only what you can lose without harm. If it stops being fun, help is free and private: in "
    "the US call or text 1-800-GAMBLER; elsewhere see gamblingtherapy.org. Odds and facts, never "
    "advice."
)

PAGES = (("/", "Tonight"), ("/history", "History"), ("/health", "Health"), ("/keys", "Keys"))
"""The pages by path, in the order of the head of each."""

_PAGE = 50
"""Bets on one page of the history."""

_STATIC = Path(__file__).parent / "static"

templates = Environment(
    loader=PackageLoader("tracker.web"), autoescape=True, undefined=StrictUndefined
)
router = APIRouter(include_in_schema=False)

OfSite = Annotated[Site, Depends(site_of)]


def page(name: str, title: str, here: str = "", status: int = 200, **values: Any) -> HTMLResponse:
    """A page from its template; `here` is the path that the head shows as the one in view."""
    made = templates.get_template(name).render(
        title=title, here=here, pages=PAGES, care=CARE, **values
    )
    return HTMLResponse(made, status)


class _Outside(Exception):
    """A browser that has not come in."""


async def _inside(request: Request, site: OfSite) -> Visitor:
    found = await request.app.state.door.visitor(request, site)
    if found is None:
        raise _Outside
    return cast(Visitor, found)


Inside = Annotated[Visitor, Depends(_inside)]


# --------------------------------------------------------------------------------------- coming in


@router.get("/in")
async def entrance() -> Response:
    """Where a one-time link leads: its code is sent from here, and the browser is in."""
    return page("entrance.html", "Come in", said="")


@router.post("/in")
async def come_in(
    request: Request, site: OfSite, code: Annotated[str, Form(max_length=100)]
) -> Response:
    """Exchange the code of a link for a cookie."""
    door, now = request.app.state.door, site.clock.monotonic()
    peer = request.client.host if request.client is not None else ""
    if door.misses.full(peer, now) is not None:
        return page(
            "entrance.html", "Come in", status=429, said="Too many wrong codes: wait a minute."
        )
    async with await site.writing() as store:
        cookie = await store.web.come_in(code.strip(), site.machine.now())
    if cookie is None:
        door.misses.count(peer, now)
        said = "This link was used, or is older than ten minutes: `tracker web link` prints one."
        return page("entrance.html", "Come in", status=403, said=said)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        COOKIE, cookie, max_age=int(BROWSER_LASTS.total_seconds()), httponly=True,
        samesite="strict", secure=request.url.scheme == "https",
    )  # fmt: skip
    return answer


# ----------------------------------------------------------------------------------------- tonight


@router.get("/")
async def home(_: Inside, site: OfSite, said: str = "") -> Response:
    """Every game that is followed, live, and a line to add a bet."""
    at = await site.daemon()
    store = await site.store()
    games = await tonight(store, site.rules, at.now, site.settings.zone)
    shown = {x.number for game in games for x in game.bets}
    waiting = [
        _listed(x)
        for x in await store.open_bets(site.rules)
        if x.result is None and x.number not in shown
    ]
    trouble = "" if at.daemon is not None else "The daemon is not running."
    return page(
        "tonight.html", "Tonight", "/", games=games, waiting=waiting, trouble=trouble, said=said
    )


@router.post("/bets/check")
async def check(
    _: Inside, site: OfSite, line: Annotated[str, Form(min_length=1, max_length=2000)]
) -> Response:
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
        understood += f" · {money_text(draft.stake_cents)}"
    zone = site.settings.zone
    where = chosen.why or " · ".join(
        f"{x.away} @ {x.home}, {x.start.astimezone(zone):%a %d %b %H:%M}" for x in chosen.games
    )
    return page("check.html", "Add a bet", "/", line=line, understood=understood, where=where)


@router.post("/bets")
async def add(
    visitor: Inside, site: OfSite, line: Annotated[str, Form(min_length=1, max_length=2000)]
) -> Response:
    """Register the bet that was shown."""
    unit = site.settings.stake_unit_cents
    draft = draft_of(line, Beside(), unit)
    now = await site.now()
    async with await site.writing() as store:
        chosen = await Chooser(store, now).choose(draft)
        done = await Bets(store, site.rules, unit, visitor.who).add(draft, chosen, now)
    return RedirectResponse(f"/bets/{done.added.number}", 303)


# --------------------------------------------------------------------------------------------- bet


async def _history(site: Site, number: int) -> ShowView:
    view = await (await site.store()).show_view(number, site.rules)
    if view is None:
        raise Problem(404, f"There is no bet {number}.")
    return view


@router.get("/bets/{number}")
async def bet(_: Inside, site: OfSite, number: int, said: str = "") -> Response:
    """One bet: its chance, its course, what was said of it, and what can be changed."""
    view = await _history(site, number)
    at = await site.daemon()
    zone = site.settings.zone
    games = await tonight(await site.store(), site.rules, at.now, zone)
    row = next((x.row for g in games for x in g.bets if x.number == number), None)
    x = view.bet
    told = [a.alert for a in view.alerts]
    return page(
        "bet.html", x.pick, "/", bet=x, said=said,
        trouble="" if at.daemon is not None else "The daemon is not running.",
        figure=row.figure if row is not None else _state(x),
        stand="" if row is None else row.stand, need="" if row is None else row.under,
        facts=_facts(x, zone), chart=_chart(view, zone), legs=_legs(view),
        alerts=[
            {"at": _at(a.at, zone), "clock": a.game_clock, "text": a.text}
            for a in reversed(told) if a.text
        ],
        held=[
            {"at": _at(a.at, zone), "rule": a.rule, "reason": a.reason.value}
            for a in reversed(told) if not a.text
        ][:500],
        settlements=[
            {
                "result": s.settlement.result.value, "reason": s.settlement.reason,
                "at": _at(s.settlement.at, zone), "money": _money(x, s.settlement.payout_cents),
            }
            for s in reversed(view.settlements)
        ],
        open=x.result is None and x.withdrawn_at is None,
        results=[r.value for r in Result],
    )  # fmt: skip


@router.post("/bets/{number}/snooze")
async def snooze(
    _: Inside, site: OfSite, number: int, until: Annotated[str, Form(alias="for", max_length=100)]
) -> Response:
    """Be silent about a bet for a while."""
    now, zone = await site.now(), site.settings.zone
    end = parse_until(until, now, zone)
    async with await site.writing() as store:
        await store.alerting.snooze(Snooze(Scope.BET, str(number), now, end))
    return _back(number, f"Silent until {end.astimezone(zone):%H:%M}.")


@router.post("/bets/{number}/withdraw")
async def withdraw(visitor: Inside, site: OfSite, number: int) -> Response:
    """Stop following a bet; its history stays."""
    async with await site.writing() as store:
        mine = Bets(store, site.rules, site.settings.stake_unit_cents, visitor.who)
        done = await mine.withdraw(str(number), await site.now())
    return _back(number, "Withdrawn." if done.done else "It was over already.")


@router.post("/bets/{number}/settle")
async def settle(
    visitor: Inside,
    site: OfSite,
    number: int,
    result: Annotated[str, Form(max_length=20)],
    why: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Give a bet the result that a person decides."""
    try:
        decided = Result(result)
    except ValueError:
        raise BadBet(f"{result!r} is no result") from None
    async with await site.writing() as store:
        mine = Bets(store, site.rules, site.settings.stake_unit_cents, visitor.who)
        await mine.settle(str(number), decided, why, None, await site.now())
    return _back(number, "Settled by hand.")


def _back(number: int, said: str) -> Response:
    from urllib.parse import quote

    return RedirectResponse(f"/bets/{number}?said={quote(said)}", 303)


def _facts(x: BetView, zone: Any) -> list[tuple[str, str]]:
    found = [("Odds", x.odds.text if x.odds is not None else "")]
    found.append(("Stake", money_text(x.stake_cents) if x.stake_cents is not None else ""))
    found.append(("Break-even", percent(x.odds.break_even, 1) if x.odds is not None else ""))
    found.append(("Peak", percent(x.peak) if x.peak is not None else ""))
    found.append(("Low", percent(x.low) if x.low is not None else ""))
    found.append(("Game", x.game.name if x.game is not None else "not known yet"))
    found.append(("Book", x.book or ""))
    found.append(("Rules", " · ".join(r.text for r in x.rules)))
    found.append(("Added", _at(x.added_at, zone)))
    if x.review is not None:
        found.append(("Needs you", x.review))
    return [(name, text) for name, text in found if text]


def _chart(view: ShowView, zone: tzinfo) -> Markup | None:
    try:
        course = course_of(view, view.bet.pick, "", zone)
    except ValueError:
        return None
    return Markup(charts.of_course(course))  # noqa: S704 - made by ourselves, every text escaped


def _legs(view: ShowView) -> list[str]:
    from tracker.app.views import legs_json

    return [
        f"{leg['text']} · {leg['result'] or _chance_word(known)}"
        for leg, known in zip(legs_json(view), view.legs, strict=False)
    ]


def _chance_word(known: LegStanding) -> str:
    if known.unclear:
        return known.unclear
    return "not seen yet" if known.chance is None else percent(known.chance.win)


# ----------------------------------------------------------------------------------------- history


@router.get("/history")
async def history(
    _: Inside, site: OfSite, before: Annotated[int | None, Query(ge=1, le=2**53)] = None
) -> Response:
    """The person's record: profit, how bets fared by their kind, and whether chances held."""
    store = await site.store()
    outcomes = store.outcomes
    whole = (await outcomes.tallies(Grouping.ALL)).get("all", tally(()))
    told = reliability(await outcomes.first_said())
    listed = await store.bets_before(before, _PAGE + 1, site.rules)
    per_night = [
        (day, x.profit) for day, x in sorted((await outcomes.tallies(Grouping.DAY)).items())
    ]
    return page(
        "history.html", "History", "/history", whole=whole, strip=_strip(whole),
        profit=Markup(charts.of_profit(per_night)) if per_night else None,  # noqa: S704 - our own
        tables=[
            (by.value, [_row(key, x) for key, x in (await outcomes.tallies(by)).items()])
            for by in (Grouping.MARKET, Grouping.BOOK, Grouping.TAG, Grouping.MONTH)
        ],
        reliability=Markup(charts.of_reliability(told)) if told else None,  # noqa: S704 - our own
        bets=[_listed(x) for x in listed[:_PAGE]],
        next=listed[_PAGE - 1].number if len(listed) > _PAGE else None,
    )  # fmt: skip


def _strip(x: Tally) -> list[tuple[str, str]]:
    record = f"{x.won}–{x.lost}" + (f"–{x.pushed}" if x.pushed else "")
    found = [("Record", record)]
    if x.staked:
        found += [("Profit", signed_money(x.profit)), ("Staked", money_text(x.staked))]
    if x.roi is not None:
        found.append(("ROI", f"{x.roi:+.1%}".replace("%", " %")))
    return found


def _row(name: str, x: Tally) -> tuple[str, ...]:
    record = f"{x.won}–{x.lost}" + (f"–{x.pushed}" if x.pushed else "")
    return (
        name,
        str(x.bets),
        record,
        "" if x.hit_rate is None else percent(x.hit_rate, 1),
        signed_money(x.profit) if x.staked else "",
        "" if x.roi is None else f"{x.roi:+.1%}".replace("%", " %"),
    )


def _listed(x: BetView) -> dict[str, Any]:
    return {"number": x.number, "pick": x.pick, "state": _state(x)}


def _state(x: BetView) -> str:
    if x.result is not None:
        return f"{x.result.value} {_money(x, x.payout_cents)}".strip()
    if x.withdrawn_at is not None:
        return "withdrawn"
    if x.chance is not None:
        return percent(x.chance.win)
    return "waits for its game" if x.game is None else x.status.value.replace("_", " ")


def _money(x: BetView, payout: int | None) -> str:
    if payout is None or x.stake_cents is None:
        return ""
    return signed_money(payout - x.stake_cents)


def _at(at: datetime, zone: Any) -> str:
    return f"{at.astimezone(zone):%d %b %H:%M:%S}"


# -------------------------------------------------------------------------------- health and keys


@router.get("/health")
async def health(_: Inside, site: OfSite) -> Response:
    """Whether all is well, and how each source and channel fares."""
    store, at, zone = await site.store(), await site.daemon(), site.settings.zone
    whole = await store.status_view(site.rules)
    found = await checks(store, site.settings, at)
    return page(
        "health.html", "Health", "/health",
        checks=[(_CHECKS[name], good) for name, good in found.items()],
        sources=[
            {
                "source": x.source, "word": x.word,
                "at": "never" if x.last_ok_at is None else _at(x.last_ok_at, zone),
            }
            for x in whole.pulses
        ],
        deliveries=[(c, s, n) for (c, s), n in sorted(whole.deliveries.items())],
    )  # fmt: skip


_CHECKS = {
    "daemon": "The daemon runs",
    "polls": "Every live game was read within two minutes",
    "backup": "The newest back-up is not late",
}


@router.get("/keys")
async def keys(_: Inside, site: OfSite) -> Response:
    """The keys of the API; none is shown, since only digests are kept."""
    zone = site.settings.zone
    found = await (await site.store()).web.keys()
    return page(
        "keys.html", "Keys", "/keys",
        keys=[
            {
                "name": x.name, "scopes": [s.value for s in x.scopes], "made": _at(x.made_at, zone),
                "revoked": "" if x.revoked_at is None else _at(x.revoked_at, zone),
            }
            for x in found
        ],
    )  # fmt: skip


@router.get("/api/v1/docs")
async def reference(_: Inside, request: Request) -> Response:
    """What there is to ask, from the same description as the OpenAPI document."""
    calls = [
        (x.path, min(x.methods or {"GET"}), x.description or "")
        for x in request.app.routes
        if isinstance(x, APIRoute) and x.include_in_schema
    ]
    return page("reference.html", "The API", "/keys", calls=calls)


def attach(app: FastAPI) -> None:
    """Put the pages into an application."""

    @app.exception_handler(_Outside)
    async def _send_in(_: Request, __: Exception) -> Response:
        return RedirectResponse("/in", 303)

    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    app.include_router(router)
