"""`tracker bets`, `show`, `withdraw` and `rules`: the registered bets, their state and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tracker.app.bets.bets_file import withdraw_left
from tracker.app.choose_game import why_waits
from tracker.app.health import read_since
from tracker.app.views import bet_json, prior_words, show_json
from tracker.cli import CommandEnded, Scope, Session, scope_of, session
from tracker.cli.app import AsJson, Reference
from tracker.cli.bets.worth import decision_lines
from tracker.cli.models import basis_of
from tracker.cli.screen import (
    chance_text,
    fits,
    leg_lines,
    money_result,
    named,
    note,
    paint,
    say,
    say_json,
    shown_as,
    status_text,
    table,
    when,
)
from tracker.domain import Misused
from tracker.domain.bet import Status
from tracker.domain.game import Game
from tracker.domain.money import money_text, odds_text, plural, stake_in_table, stake_text
from tracker.domain.policy import parse_rules
from tracker.domain.value import BetDecision, ClosingValue
from tracker.settings import find_config
from tracker.store import StoreMissing
from tracker.store.views import BetView, SettlementView, ShowView
from tracker.wording.closes import value_text
from tracker.wording.figures import FILE_WINS, deciding, ranged, score_text, span_text

NO_BETS = "No bets yet: add one, such as `tracker add 'DEN -4.5 -110 $20'`."

_PAGE = 100
"""Bets on a page."""

_LATELY = 10
"""Latest bets that are listed when no bet is followed."""


async def bets(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Also those that are over or withdrawn.")
    ] = False,
    page: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="A hundred of all; page 1 has the newest."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List your bets: those that are followed or were settled lately.

    In JSON every bet that was ever added is listed, or those of a page.
    """
    try:
        async with session(scope_of(context)) as at:
            found, count = await _listed(at, everything, page, as_json)
            now = at.now
            shown = [x.aged(read_since(at.daemon, now)) for x in found]
    except StoreMissing:
        say_json([]) if as_json else say(NO_BETS)
        return
    if as_json:
        say_json([bet_json(x) for x in shown])
        return
    if not shown:
        say(f"Page {page} is empty: you have {plural(count, 'bet')}." if count else NO_BETS)
        return
    rows = [_row(x, at, _game_cell(x, now, at.settings.zone)) for x in shown]
    if not fits(_HEADS, rows):
        rows = [_row(x, at, _brief_game(x, now, at.settings.zone)) for x in shown]
    table(_HEADS, rows, right=(3, 4, 5))
    if everything or page is not None:
        number = page or 1
        if older := count - _PAGE * (number - 1) - len(shown):
            note(f"{older} older: `tracker bets --page {number + 1}`")
    elif hidden := count - len(shown):
        note(f"{hidden} more: `tracker bets --all`")


async def _listed(
    at: Session, everything: bool, page: int | None, as_json: bool
) -> tuple[list[BetView], int]:
    """The bets to show, and the number of all bets."""
    store, rules = at.store, at.settings.default_rules
    if as_json and page is None:
        found = await store.bets_view(rules)
        return found, len(found)
    if everything or page is not None:
        return await store.bets_page(_PAGE, _PAGE * ((page or 1) - 1), rules)
    found = await store.open_bets(rules)
    last, count = await store.bets_page(0 if found else _LATELY, 0, rules)
    return found or last, count


_HEADS = ("ID", "Bet", "Game", "Odds", "Stake", "p(hit)", "State")


def _row(x: BetView, at: Session, game: str) -> tuple[str, ...]:
    return (
        str(x.id),
        shown_as(x),
        game,
        odds_text(x.draft.odds, at.settings.odds_format),
        stake_in_table(x.draft.stake_cents, free=x.draft.free),
        chance_text(x, short=True),
        status_text(x, short=True),
    )


def _game_cell(bet: BetView, now: datetime, zone: ZoneInfo) -> str:
    if bet.game is None:
        return ""
    return f"{bet.place} {when(bet.game.start, now, zone, short=True)}"


def _brief_game(bet: BetView, now: datetime, zone: ZoneInfo) -> str:
    """A short form of the game: no day for a game today, and no time once it has begun."""
    if bet.game is None or bet.game.start <= now:
        return bet.place
    day, *clock = when(bet.game.start, now, zone, short=True).split()
    if day == "tomorrow":
        day = f"{bet.game.start.astimezone(zone):%a}"
    return " ".join((bet.place, *([] if day in ("tonight", "today") else [day]), *clock))


async def show(context: typer.Context, bet: Reference, as_json: AsJson = False) -> None:
    """Show one bet with its history: how its chance moved, its alerts and its results."""
    from tracker.app.market.clv import worth_at_close
    from tracker.app.market.value import Valued, decision_on
    from tracker.app.pricing import believed_of

    async with session(scope_of(context)) as at:
        found = await at.bets.history(bet)
        found = replace(found, bet=found.bet.aged(read_since(at.daemon, at.now)))
        view, basis = found.bet, basis_of(at)
        priors = {x: await believed_of(basis, x, at.now) for x in view.games}
        made = await decision_on(basis, view, at.settings.odds, at.now)
        value = await worth_at_close(at.store, view)
        if as_json:
            prior = None if view.game is None else priors[view.game]
            say_json(show_json(found) | Valued(prior, made, value).as_json())
            return
        before = [
            f"{x.name}: {prior_words(y, x)}" if len(priors) > 1 else prior_words(y, x)
            for x, y in priors.items()
        ]
        where = "" if view.game is None else _game_line(view, view.game, at)
        where = where or await why_waits(at.store, view, at.now, at.settings.zone)
        _tell(found, at, where, before, made, value)


def _chance_line(found: ShowView) -> str:
    """The chance (or why there is none), its range and the number of snapshots; may be empty."""
    bet = found.bet
    parts = [chance_text(bet)]
    if found.snapshots:
        parts.append(ranged(bet.peak, bet.low))
        parts.append(plural(len(found.snapshots), "snapshot"))
    return " · ".join(x for x in parts if x)


def _tell(
    found: ShowView,
    at: Session,
    where: str,
    before: Sequence[str],
    made: BetDecision | None,
    value: ClosingValue | None,
) -> None:
    bet, zone, now = found.bet, at.settings.zone, at.now
    say(f"{paint(f'#{bet.id}', 'bold')} {paint(shown_as(bet), 'bold')} · {status_text(bet)}")
    say(f"Game     {where}")
    money = [x for x in (odds_text(bet.draft.odds, at.settings.odds_format), _stake(bet)) if x]
    if money:
        say(f"Price    {' · '.join(money)}")
    for line in (*(f"Before   {x}" for x in before), *_worth(bet, at, made, value)):
        say(line)
    if chance := _chance_line(found):
        say(f"Chance   {chance}")
    for place, line in enumerate(leg_lines(found), 1):
        say(f"{f'Leg {place}':<9}{line}")
    say(f"Rules    {' · '.join(x.text for x in bet.rules) or 'none'}")
    if bet.review is not None:
        asked = deciding(bet.id, payout=bet.asks_payout)
        say(f"Review   {bet.review} · decide it with `tracker {asked}`")
    for one in found.settlements:
        say(f"Result   {_result_line(one, now, zone)}")
    fired = [x for x in found.alerts if x.alert.text]
    if fired:
        say()
        for x in fired:
            say(f"{x.alert.at.astimezone(zone):%H:%M:%S}  {x.alert.text.splitlines()[0]}")
    if found.snapshots:
        note(f"Its course: `tracker chart {bet.id}`")


def _result_line(one: SettlementView, now: datetime, zone: ZoneInfo) -> str:
    done = one.settlement
    made = f"revision {done.revision}, {when(done.at, now, zone)}"
    if done.taken_back:
        return f"open again ({made}): {done.reason}"
    state = f"official {one.official_why}".strip() if one.official_at else "provisional"
    if done.payout_cents and done.revision > 1:
        state = f"pays {money_text(done.payout_cents)}, {state}"
    return f"{done.result.value} ({state}, {made}): {done.reason}"


def _worth(
    bet: BetView, at: Session, made: BetDecision | None, value: ClosingValue | None
) -> list[str]:
    """Lines with what the bet was worth when it was made, and at the closing line."""
    lines = [] if made is None else decision_lines(made, "When made", at.settings.odds_format)
    if value is not None and bet.market is not None:
        lines.append(f"Close    {value_text(bet.market, bet.draft.odds, value)}")
    return lines


def _stake(bet: BetView) -> str:
    if bet.draft.stake_cents is None:
        return ""
    return stake_text(bet.draft.stake_cents, free=bet.draft.free) + money_result(bet)


def _game_line(bet: BetView, game: Game, at: Session) -> str:
    state, alone = bet.state, len(bet.games) == 1
    names = ", ".join(f"{x.name}{x.of_league}" for x in bet.games)
    parts = [names, when(game.start, at.now, at.settings.zone)]
    # What one game shows says nothing of a parlay over several.
    if alone and state is not None and state.period > 0:
        parts += [score_text(game, state.score), state.game_clock]
    if bet.stale:
        parts.append("data stale")
    elif alone and bet.seen_at is not None and bet.status is Status.LIVE:
        delay, age = at.settings.alerts.delay, (at.now - bet.seen_at).total_seconds()
        behind = f", delayed {span_text(delay)}" if delay else ""
        parts.append(f"data {span_text(age + delay)} old{behind}")
    return " · ".join(parts)


async def withdraw(
    context: typer.Context,
    bet: Annotated[
        str | None, typer.Argument(metavar="ID", help="The number of the bet, or its own id.")
    ] = None,
    gone: Annotated[
        bool, typer.Option("--gone", help="Those that have left the bets file, as `status` says.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Stop following a bet. Its history stays, and adding it again takes it up again."""
    if (bet is None) != gone:
        raise Misused("name the bet, as in `tracker withdraw 12`, or say --gone, but not both")
    async with session(scope_of(context), write=True) as at:
        if bet is None:
            _tell_gone(await withdraw_left(at.bets, at.now), as_json)
            return
        made = await at.bets.withdraw(bet, at.now)
    view = made.bet
    name = f"#{view.id} {shown_as(view)}"
    if as_json:
        say_json({"id": view.id, "number": view.number, "withdrawn": made.done})
    elif made.done:
        say(f"Withdrew {name}: it is no longer followed, its history stays.")
        if view.draft.from_file:
            note(
                f"Its line in {at.settings.bets.file} is passed over from now on; changed, or "
                "taken out and written again, it counts anew."
            )
    elif view.status is Status.WITHDRAWN:
        say(f"{name} had been withdrawn already.")
    else:
        say(f"{name} has its result ({status_text(view)}): it stays.")
        raise CommandEnded


def _tell_gone(done: Sequence[int], as_json: bool) -> None:
    if as_json:
        say_json({"withdrawn": list(done)})
    else:
        numbers = ", ".join(f"#{x}" for x in done)
        say(f"Withdrew {numbers}." if done else "No bet has left the bets file.")


async def rules(
    context: typer.Context,
    bet: Annotated[
        str | None, typer.Argument(metavar="ID", help="A bet; without one, the defaults.")
    ] = None,
    replace: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Replace the bet's rules, such as --set 'p >= 0.80'; none for no alerts.",
        ),
    ] = None,
    default: Annotated[
        bool, typer.Option("--default", help="Go back to the default rules.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show a bet's rules and the state of each, or the default rules; --set changes a bet's rules.

    Rules are 'p >= 0.80', 'p <= 30%', 'p crosses 0.50', 'swing 0.15 in 5m', and the events start,
    quarter, halftime, hit, dead, settled, regraded, feed_down and feed_back.
    """
    if bet is None and (replace or default):
        raise Misused("name the bet whose rules are to change: tracker rules ID --set RULE")
    if replace and default:
        raise Misused("--set and --default contradict each other: give one of them")
    scope = scope_of(context)
    if bet is None:
        _show_default_rules(scope, as_json=as_json)
        return
    wanted, change = parse_rules(replace) if replace else None, bool(replace) or default
    async with session(scope, write=change) as at:
        if change:
            changed = await at.bets.watch_for(bet, wanted, at.now)
            if changed.draft.from_file:
                note(FILE_WINS)
        found = await at.bets.history(bet)
        trackings = await at.store.trackings(at.settings.default_rules)
    memory = {
        x.rule: x
        for tracking in trackings
        for tracked in tracking.tracked
        if tracked.bet.number == found.bet.number
        for x in tracked.rules
    }
    rows = []
    for rule in found.bet.rules:
        known = memory.get(rule.text)
        fired = sum(x.alert.rule == rule.text and bool(x.alert.text) for x in found.alerts)
        rows.append((rule.text, "" if known is None else known.phase.value, fired))
    if as_json:
        keys = ("rule", "state", "fired")
        say_json({"id": found.bet.id, "rules": [dict(zip(keys, x, strict=True)) for x in rows]})
        return
    say(named(found.bet))
    if not rows:
        say("no rules: nothing is said of this bet")
        return
    table(("Rule", "State", "Fired"), [(r, s, str(n)) for r, s, n in rows], right=(2,))


def _show_default_rules(scope: Scope, *, as_json: bool) -> None:
    texts = [x.text for x in scope.settings().default_rules]
    if as_json:
        say_json({"rules": texts})
        return
    say("\n".join(texts) or "none")
    note(f"These are the defaults; change them under [rules] in {find_config(scope.config)}.")
