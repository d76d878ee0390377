"""The pages of tonight and of one bet: its chance, charts, explanation, market, and changes."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import BaseModel, Field

from tracker.app.bets import already, check, understood
from tracker.app.choose_game import why_waits
from tracker.app.course import course_of
from tracker.app.market.clv import worth_at_close
from tracker.app.tonight import Evening, extreme_text, players_of
from tracker.app.views import legs_json, prior_words
from tracker.domain import BadBet, BadRule, TrackerError
from tracker.domain.alert import NO_HOLD
from tracker.domain.bet import Result, Settlement, Snapshot
from tracker.domain.game import Game
from tracker.domain.money import money_text, needed, odds_text, parse_money, parse_odds, parse_stake
from tracker.domain.policy import Snooze, SnoozeScope, parse_rules, parse_until
from tracker.domain.value import Cashout
from tracker.intake import Beside, Changes
from tracker.store.views import BetView, ShowView
from tracker.web import charts
from tracker.web.guard import Problem, problem_of
from tracker.web.pages import Inside, OfTonight, at_text, page, share
from tracker.web.site import OfSite, Site
from tracker.wording import leg_standing
from tracker.wording.cards import MOST_BETS, Row, bet_silence
from tracker.wording.closes import (
    decision_facts,
    fair_at,
    fee_text,
    hedge_rows,
    price_facts,
    prior_text,
    value_text,
)
from tracker.wording.figures import (
    FILE_WINS,
    cause_text,
    clock_text,
    hit_text,
    money_for,
    percent,
    points_moved,
    score_text,
    tenths,
)

_OFF = "off"
"""The word in place of a time that ends a snooze."""

Line = Annotated[str, Form(min_length=1, max_length=2000)]

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(_: Inside, tonight: OfTonight) -> Response:
    """The page of tonight: every followed game, updated live, and a form to add a bet."""
    return HTMLResponse(await tonight.shown(_home))


def _home(night: Evening) -> bytes:
    made = page(
        "tonight.html", "Tonight", "/", games=night.games, shape=night.shape,
        waiting=[listed(x) for x in night.waiting], trouble=night.trouble, most=MOST_BETS,
    )  # fmt: skip
    return bytes(made.body)


@router.get("/bets/check")
async def look(
    _: Inside,
    site: OfSite,
    line: Annotated[str, Query(min_length=1, max_length=2000)],
    game: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Show how a bet is understood before it is saved; a line with a mistake can be corrected."""
    try:
        now = (await site.now()).astimezone(site.settings.zone)
        draft = await site.bets(await site.store()).draft(line, Beside(game=game or None), now)
        check(draft)
        chosen = await site.choose(await site.store(), draft)
    except (BadBet, BadRule) as why:
        return _to_mend(line, why)
    facts = price_facts(draft, site.settings.odds_format)
    book = () if draft.book is None else (draft.book,)
    meant = " · ".join((understood(draft, chosen), *facts, *book))
    zone = site.settings.zone
    where = chosen.waiting or " · ".join(
        f"{x.full}, {x.start.astimezone(zone):%a %d %b %H:%M}" for x in chosen.games
    )
    where = " · ".join((where, *(f"already {x}" for x in already(draft, chosen).words)))
    return page(
        "check.html", "Add a bet", "/", line=line, game=game, understood=meant, where=where,
        shown=chosen.mark, wrong=None,
    )  # fmt: skip


def _to_mend(line: str, why: TrackerError) -> Response:
    """The form with a line that is no bet, to correct it, and with the reason."""
    wrong = problem_of(why)
    return page(
        "check.html", "Add a bet", "/", wrong.status, line=line, game="", understood="", where="",
        wrong=wrong,
    )  # fmt: skip


@router.post("/bets")
async def add(
    visitor: Inside,
    site: OfSite,
    line: Line,
    game: Annotated[str, Form(max_length=100)] = "",
    shown: Annotated[str, Form(max_length=16)] = "",
) -> Response:
    """Register a bet and go to its page.

    A line with a mistake is shown again, and one that is on another game by now than was `shown`.
    """
    try:
        now = (await site.now()).astimezone(site.settings.zone)
        draft = await site.bets(await site.store()).draft(line, Beside(game=game or None), now)
        async with await site.writing() as store:
            chosen = await site.choose(store, draft)
            if shown and chosen.mark != shown:
                return RedirectResponse(
                    f"/bets/check?{urlencode({'line': line, 'game': game})}", 303
                )
            done = await site.bets(store, visitor.who).add(draft, chosen, now)
    except (BadBet, BadRule) as why:
        return _to_mend(line, why)
    return RedirectResponse(f"/bets/{done.added.number}", 303)


@router.post("/snooze")
async def snooze_games(
    _: Inside,
    site: OfSite,
    until: Annotated[str, Form(alias="for", max_length=100)],
    game: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Snooze a game, or everything when none is given; `off` ends it."""
    now, zone = await site.now(), site.settings.zone
    scope = SnoozeScope.GAME if game else SnoozeScope.ALL
    end = None if until == _OFF else parse_until(until, now, zone)
    async with await site.writing() as store:
        if end is not None:
            await store.alerting.snooze(Snooze(scope, game, now, end))
        else:
            # Lift both, so that a snooze of everything does not keep the game silent.
            await store.alerting.lift_snooze(scope, game, now)
            await store.alerting.lift_snooze(SnoozeScope.ALL, "", now)
    return RedirectResponse("/", 303)


def listed(x: BetView) -> dict[str, Any]:
    """A bet as a row of a list."""
    return {"number": x.number, "id": x.id, "pick": x.called, "state": state_text(x)}


def state_text(x: BetView) -> str:
    """A bet's result, chance or status in a few words."""
    if x.result is not None:
        return f"{x.result.value}{money_for(x, x.result, x.payout_cents)}"
    if x.withdrawn_at is not None:
        return "withdrawn"
    if x.review is not None:
        return "needs you"
    if x.chance is not None:
        return f"{hit_text(x.chance)}{' (stale)' if x.stale else ''}"
    if x.no_chance is not None:
        return x.no_chance.text
    return "waits for its game" if x.game is None else x.status.value.replace("_", " ")


# ---------------------------------------------------------------------------------------- one bet

Pairs = list[tuple[str, str]]

_HELD = 200
"""The most held alerts that a page lists."""

_ENDLESS = 2**53
"""No bet has so high a number, which SQLite might not hold."""

_MOMENTS = 50
"""Snapshots on one page of a bet's moments."""


def _no_bet(reference: int | str) -> Problem:
    return Problem(404, f"There is no bet {reference}.")


async def _history(site: Site, number: int) -> ShowView:
    view = await (await site.store()).show_view(number, site.rules) if number < _ENDLESS else None
    if view is None:
        raise _no_bet(number)
    return view


async def _known(site: Site, number: int) -> BetView:
    view = await (await site.store()).bet_view(number, site.rules) if number < _ENDLESS else None
    if view is None:
        raise _no_bet(number)
    return view


@router.get("/bets/{reference}")
async def bet(
    _: Inside,
    site: OfSite,
    tonight: OfTonight,
    reference: str,
    said: str = "",
    offer: Annotated[str, Query(max_length=50)] = "",
    against: Annotated[str, Query(max_length=50)] = "",
) -> Response:
    """The page of one bet: its chance, charts, alerts and results, and forms to change it."""
    number = await (await site.store()).find(reference)
    if number is None:
        raise _no_bet(reference)
    if reference != str(number):
        return RedirectResponse(f"/bets/{number}", 303)
    view = await _history(site, number)
    now, zone, night = await site.now(), site.settings.zone, await tonight.newest()
    silent = bet_silence(number, await (await site.store()).alerting.snoozes(now), now, zone)
    on_card = night.row_of(number)
    row = None if on_card is None else on_card.row
    x = view.bet
    still = x.result is None and x.withdrawn_at is None
    return page(
        "bet.html", x.called, "/", bet=x, said=said, trouble=night.trouble,
        watched=silent if on_card is None else on_card.rules, silent=silent,
        about=players_of(x.market),
        figure=row.figure if row is not None else state_text(x),
        shape="" if on_card is None else on_card.shape,
        live={"Peak": f"b{number}.peak", "Low": f"b{number}.low"},
        stand="" if row is None else row.stand, need="" if row is None else row.under,
        waits=await why_waits(await site.store(), x, now, zone),
        games=x.games, facts=_facts(x, zone, site.settings.odds_format),
        warnings={one.game: one.card.warning for one in night.games},
        market=await _market(site, view, now),
        charts=_charts(view, zone), legs=_legs(view, row), moved=len(view.priced.snapshots) > 1,
        settlements=_settlements(view, zone), open=still, results=[r.value for r in Result],
        rules="\n".join(r.text for r in x.rules) or "none", offer=offer, against=against,
        stake="" if x.draft.stake_cents is None else money_text(x.draft.stake_cents),
        # What needs a person's decision has no chance to be worth something by.
        worth=await _worth(site, number, offer, against) if still and not x.review else None,
        **_alerts(view, zone),
    )  # fmt: skip


def _facts(x: BetView, zone: tzinfo, form: str) -> Pairs:
    stake, asked = x.draft.stake_cents, needed(x.draft.odds, free=x.draft.free)
    hoped = x.result is None and x.no_chance is None
    found = [
        ("Odds", odds_text(x.draft.odds, form)),
        ("Free bet" if x.draft.free else "Stake", "" if stake is None else money_text(stake)),
        ("Break-even", "" if asked is None else percent(asked, 1)),
        ("Peak", extreme_text(x.peak, hoped=hoped)),
        ("Low", extreme_text(x.low, hoped=hoped)),
        ("Book", x.draft.book or ""),
        ("Tags", " ".join(f"#{tag}" for tag in x.draft.tags)),
        ("Added", at_text(x.added_at, zone)),
        ("Needs you", x.review or ""),
    ]
    return [(name, text) for name, text in found if text]


async def _market(site: Site, view: ShowView, now: datetime) -> Pairs:
    """The market's view of a bet: the prior, its worth when it was made, and at the close."""
    from tracker.app.market.value import decision_on

    x, form, found = view.bet, site.settings.odds_format, Pairs()
    for game in x.games:
        name = "Before tip-off" if len(x.games) == 1 else f"Before {game.name}"
        found.append((name, await _prior(site, view, game, now)))
    made = await decision_on(await site.basis(), x, site.settings.odds, now)
    if made is not None:
        push = f", push {percent(made.chance.push, 1)}" if made.chance.push else ""
        edge = "" if made.edge is None else f" · edge {share(made.edge)}"
        asked = "" if made.break_even is None else f" · break-even {percent(made.break_even, 1)}"
        found.append(("When made", f"p(hit) {percent(made.chance.win, 1)}{push}{asked}{edge}"))
        found.append(("Worth then", " · ".join(decision_facts(made, form))))
    closing = await worth_at_close(await site.store(), x)
    if closing is not None and x.market is not None:
        found.append(("By the close", value_text(x.market, x.draft.odds, closing)))
    return found


async def _prior(site: Site, view: ShowView, game: Game, now: datetime) -> str:
    """The prior of a bet's game in words: that of the last snapshot, else the present one."""
    own = [x.snapshot.game.prior for x in view.snapshots if view.game_at(x) == game]
    kept = own[-1] if own else None
    if kept is not None:
        return prior_text(kept, game)
    from tracker.app.pricing import believed_of

    return prior_words(await believed_of(await site.basis(), game, now), game)


def _charts(view: ShowView, zone: tzinfo) -> list[tuple[str, Any]]:
    """Charts of a bet with their titles: its chance, the figure that decides it, and its legs."""
    try:
        course = course_of(view, view.bet.called, "", zone)
    except ValueError:
        return []
    found = [("Chance of winning", charts.of_course(course))]
    if course.quantity:
        name = course.quantity[:1].upper() + course.quantity[1:]
        found.append((name, charts.of_own(course)))
    lanes = [x for x in course.lanes if len(x.points) > 1]
    return found + [(x.name, charts.of_lane(course, x)) for x in lanes]


def _legs(view: ShowView, row: Row | None) -> list[tuple[str, str, str]]:
    """Each leg with where it stands, and the key of that text where a card shows it too."""
    on_card, found = () if row is None else row.legs, []
    for place, (leg, known) in enumerate(zip(legs_json(view), view.legs, strict=False)):
        if place < len(on_card) and not leg["result"] and not known.unclear:
            key = f"b{view.bet.number}.{place}.p"
            found.append((leg["text"], on_card[place].figure, key))
        else:
            found.append((leg["text"], leg_standing(known), ""))
    return found


def _alerts(view: ShowView, zone: tzinfo) -> dict[str, Any]:
    """The alerts of a bet, newest first, and those that were held back."""
    newest = [x.alert for x in reversed(view.alerts)]
    held_back = [x for x in newest if not x.text and x.reason not in NO_HOLD]
    return {
        "alerts": [
            {"at": at_text(x.at, zone), "clock": x.game_clock, "text": x.text, "rule": x.rule}
            for x in newest if x.text
        ],
        "held_count": len(held_back),
        "held": [
            {"at": at_text(x.at, zone), "rule": x.rule, "reason": x.reason.value.replace("_", " ")}
            for x in held_back[:_HELD]
        ],
    }  # fmt: skip


def _settlements(view: ShowView, zone: tzinfo) -> list[dict[str, Any]]:
    return [
        {
            "result": "open" if s.settlement.taken_back else s.settlement.result.value,
            "state": "official" if s.official_at else "provisional",
            "revision": s.settlement.revision,
            "by_hand": s.settlement.by_hand,
            "at": at_text(s.settlement.at, zone),
            "money": _money(view.bet, s.settlement),
            "reason": " · ".join(
                t for t in (s.settlement.reason, s.settlement.evidence, s.official_why) if t
            ),
        }
        for s in reversed(view.settlements)
    ]


def _money(bet: BetView, done: Settlement) -> str:
    """What a result did to the stake.

    Of an earlier one, when the stake may have been another, it is what was paid.
    """
    if done.taken_back or done.payout_cents is None:
        return ""
    if done.revision == bet.revision:
        return money_for(bet, done.result, done.payout_cents).strip()
    return f"paid {money_text(done.payout_cents)}"


# ------------------------------------------------------------------------------- worth right now


async def _worth(site: Site, number: int, offer: str, against: str) -> dict[str, Any]:
    """What a bet is worth now, and compared with an offer or a hedge where one is given.

    `why` says why its worth is not known, or what is wrong with the offer or the odds.
    """
    from tracker.app.market.value import NotHeld, held

    found: dict[str, Any] = {"why": "", "fair": "", "offer": "", "hedges": []}
    try:
        mine = site.bets(await site.store())
        x = await held(mine, str(number), await site.explainer(), await site.now())
        fair = x.offered(0).fair
        zone = site.settings.zone
        found["fair"] = f"{money_text(fair)} by the chance of {at_text(x.at, zone)}"
        if offer:
            found["offer"] = _offer_text(x.offered(parse_money(offer)))
        if against:
            found["hedges"] = hedge_rows(x.hedges(parse_odds(against)))
    except (NotHeld, BadBet) as why:
        found["why"] = str(why)
    return found


def _offer_text(found: Cashout) -> str:
    parts = (f"{money_text(found.offer)} offered", fee_text(found), f"fair at {fair_at(found)}")
    return " · ".join(x for x in parts if x)


# --------------------------------------------------------------------------- why, and the moments


@router.get("/bets/{number}/why")
async def why(
    _: Inside,
    site: OfSite,
    number: int,
    begin: Annotated[str, Query(alias="from", max_length=50)] = "",
    end: Annotated[str, Query(alias="to", max_length=50)] = "",
) -> Response:
    """The page that explains a move of the chance by its causes, which add up to it."""
    from tracker.app.explain import NothingMoved, places_of

    await _history(site, number)
    explainer, zone = await site.explainer(), site.settings.zone
    try:
        view = await explainer.history(number)
        found = await explainer.explain(view, places_of(view, begin or None, end or None, zone))
    except NothingMoved as not_yet:
        raise Problem(409, str(not_yet)) from None
    game = found.games[1]
    ends = zip((found.first, found.last), found.games, strict=True)
    change = points_moved(found.first.known, found.last.known)
    shown = tenths([x for _, x in found.causes], change)
    return page(
        "why.html", f"Why #{view.bet.id} moved", "/", bet=view.bet, begin=begin, end=end,
        ends=[
            (shot.game.game_clock, score_text(x, shot.game.score), hit_text(shot.known, 1))
            for shot, x in ends
        ],
        before=prior_words(found.prior, game), change=_points(change),
        causes=[
            (name, _points(points), cause_text(name, found.first, found.last, game))
            for (name, _), points in zip(found.causes, shown, strict=True) if points
        ],
    )  # fmt: skip


def _points(tenths_of_a_point: int) -> str:
    return f"{tenths_of_a_point / 10:+.1f}".replace("-", "−")


@router.get("/bets/{number}/moments")
async def moments(
    _: Inside, site: OfSite, number: int, before: Annotated[int | None, Query(ge=1)] = None
) -> Response:
    """The page of a bet's snapshots, newest first."""
    view, zone = await _history(site, number), site.settings.zone
    found, following = view.page(before, _MOMENTS)
    rows = [
        (
            at_text(x.snapshot.game.at, zone),
            x.snapshot.game.game_clock,
            "" if (game := view.game_at(x)) is None else score_text(game, x.snapshot.game.score),
            _win(x.snapshot),
            f"{x.snapshot.game.mu.total:.1f} ± {x.snapshot.game.sigma.total:.1f}",
        )
        for x in found
    ]
    return page(
        "moments.html", f"Moments of #{view.bet.id}", "/", bet=view.bet, rows=rows, next=following
    )


def _win(x: Snapshot) -> str:
    if x.chance is not None:
        return hit_text(x.chance, 1)
    return "not known" if x.no_chance is None else x.no_chance.text


# ---------------------------------------------------------------------------------------- changes


@router.post("/bets/{number}/snooze")
async def snooze(
    _: Inside, site: OfSite, number: int, until: Annotated[str, Form(alias="for", max_length=100)]
) -> Response:
    """Snooze a bet; `off` ends it."""
    await _known(site, number)
    now, zone = await site.now(), site.settings.zone
    if until == _OFF:
        async with await site.writing() as store:
            await store.alerting.lift_snooze(SnoozeScope.BET, str(number), now)
        return _back(number, "Its alerts are heard again.")
    end = parse_until(until, now, zone)
    async with await site.writing() as store:
        await store.alerting.snooze(Snooze(SnoozeScope.BET, str(number), now, end))
    return _back(number, f"Silent until {clock_text(end, now, zone)}.")


@router.post("/bets/{number}/withdraw")
async def withdraw(visitor: Inside, site: OfSite, number: int) -> Response:
    """Stop following a bet; its history stays."""
    await _known(site, number)
    async with site.changing(visitor.who) as mine:
        done = await mine.withdraw(str(number), await site.now())
    return _back(number, "Withdrawn." if done.done else f"It {done.already}.")


@router.post("/bets/{number}/follow")
async def follow(visitor: Inside, site: OfSite, number: int) -> Response:
    """Follow a withdrawn bet again; its history goes on."""
    await _known(site, number)
    async with site.changing(visitor.who) as mine:
        done = await mine.take_up(str(number), await site.now())
    return _back(number, "Followed again." if done else "It was followed already.")


@router.post("/bets/{number}/settle")
async def settle(
    visitor: Inside,
    site: OfSite,
    number: int,
    result: Annotated[str, Form(max_length=20)],
    why_: Annotated[str, Form(alias="why", max_length=500)] = "",
    paid: Annotated[str, Form(max_length=50)] = "",
) -> Response:
    """Settle a bet by hand; `paid` is the payout if it is not by the odds."""
    await _known(site, number)
    try:
        decided = Result(result)
    except ValueError:
        raise BadBet("say how it ended: won, lost, push or void") from None
    unit = site.settings.stake_unit_cents
    cents = parse_stake(paid, unit) if paid.strip() else None
    async with site.changing(visitor.who) as mine:
        await mine.settle(str(number), decided, why_, cents, await site.now())
    return _back(number, "Settled by hand.")


@router.post("/bets/{number}/regrade")
async def regrade(visitor: Inside, site: OfSite, number: int) -> Response:
    """Grade a bet again by the latest box score, whoever decided its result before."""
    await _known(site, number)
    async with site.changing(visitor.who) as mine:
        done = await mine.regrade(str(number), await site.now())
    again = "Open again: the end of its game grades it."
    return _back(number, again if done.settlement.taken_back else "Graded again.")


@router.post("/bets/{number}/rules")
async def watch_for(
    visitor: Inside, site: OfSite, number: int, rules: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Set a bet's rules, one on each line; an empty text sets the defaults, `none` no rules."""
    await _known(site, number)
    lines = [x for x in rules.splitlines() if x.strip()]
    wanted = parse_rules(lines) if lines else None
    async with site.changing(visitor.who) as mine:
        bet = await mine.watch_for(str(number), wanted, await site.now())
    done = "The default rules again." if wanted is None else "Watched for by these rules."
    done = done if wanted != () else "No rules: nothing is said of it."
    return _back(number, f"{done} {FILE_WINS}" if bet.draft.from_file else done)


class Corrected(BaseModel):
    """The form that corrects a bet; an empty field stays as it is."""

    pick: str = Field("", max_length=2000)
    odds: str = Field("", max_length=50)
    stake: str = Field("", max_length=50)
    book: str = Field("", max_length=100)


@router.post("/bets/{number}/edit")
async def edit(
    visitor: Inside, site: OfSite, number: int, wanted: Annotated[Corrected, Form()]
) -> Response:
    """Correct the bet's words, price, stake or book."""
    await _known(site, number)
    changes = Changes(**{name: text or None for name, text in wanted})
    if changes.empty:
        return _back(number, "Nothing was changed.")
    async with site.changing(visitor.who) as mine:
        now = (await site.now()).astimezone(site.settings.zone)
        done = await mine.edit(str(number), changes, now)
    return _back(number, "Changed." if done.changes else "It was so already.")


def _back(number: int, said: str) -> Response:
    return RedirectResponse(f"/bets/{number}?{urlencode({'said': said})}", 303)
