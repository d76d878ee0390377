"""`tracker alerts`: what was said, and with `--explain` also what was held back and why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.app.views import alert_json
from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.screen import note, paint, say, say_json
from tracker.cli.session import Scope, scope_of, session
from tracker.domain.alert import Alert, Decision, DeliveryState, Reason

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from tracker.store.views import AlertView, DeliveryView

_WORDS = {
    Reason.BELOW: "not reached",
    Reason.BEYOND_WHEN_ADDED: "beyond it when added",
    Reason.HOLDING: "hold 1/2",
    Reason.NOT_REARMED: "not re-armed yet",
    Reason.COOLING_DOWN: "cooling down",
    Reason.STALE: "data not to be trusted",
    Reason.FEED_DOWN: "the feed is away",
    Reason.OVER_BUDGET: "over the hour's budget",
    Reason.PARLAY_DEAD: "the parlay is dead",
    Reason.SNOOZED: "snoozed",
    Reason.QUIET: "quiet hours",
    Reason.OFF: "switched off",
}


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, alerts, panel)


def alerts(
    context: typer.Context,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also what was held back, each with its reason.")
    ] = False,
    bet: Annotated[str | None, typer.Option(metavar="ID", help="Of one bet only.")] = None,
    last: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many to show; in JSON all are given.")
    ] = 40,
    as_json: AsJson = False,
) -> None:
    """List the alerts that fired, and what became of each message.

    Every decision of a rule is kept with its reason: --explain tells why something was not said.
    """
    asyncio.run(_alerts(scope_of(context), explain, bet, last, as_json))


async def _alerts(
    scope: Scope, explain: bool, reference: str | None, last: int, as_json: bool
) -> None:
    from tracker.store import StoreMissing

    zone = scope.basics().zone
    found: list[AlertView] = []
    try:
        async with session(scope) as at:
            number = None if reference is None else await at.number(reference)
            found = await at.store.alerts_view(explain, number)
    except StoreMissing:
        if reference is not None:
            raise
    if as_json:
        say_json([alert_json(x) for x in found])
        return
    if not found:
        hint = "" if explain else " `tracker alerts --explain` tells what was held back."
        say(f"No alerts yet.{hint}")
        return
    shown = found[-last:]
    if explain:
        _explain(shown, zone, several=reference is None)
    else:
        say("\n".join(told_lines(shown, zone)))
    if len(found) > len(shown):
        note(f"{len(found) - len(shown)} earlier ones: `tracker alerts --last {len(found)}`")


def told_lines(found: Sequence[AlertView], zone: ZoneInfo) -> list[str]:
    """Alerts by day, each with the text that was sent or why it was not, and what became of it."""
    lines, day = [], None
    for x in found:
        local = x.alert.at.astimezone(zone)
        if local.date() != day:
            day = local.date()
            lines.append(paint(f"{local:%a %Y-%m-%d}", "dim"))
        first, *rest = x.alert.text.splitlines() or [x.alert.rule]
        if x.alert.decision is Decision.HELD:
            first = f"{first}  {paint(_held(x.alert), 'yellow')}"
        lines.append(f"{local:%H:%M:%S}  {paint(f'#{x.bet_id}', 'bold')}  {first}")
        lines += [f"          {paint(line, 'dim')}" for line in rest]
        if x.deliveries:
            sent = " · ".join(_delivery(one, x.alert) for one in x.deliveries)
            lines.append(f"          {sent}")
    return lines


def _held(alert: Alert) -> str:
    return "re-armed" if alert.reason is Reason.REARMED else f"held: {_word(alert)}"


def _word(alert: Alert) -> str:
    return _WORDS.get(alert.reason, alert.reason.value.replace("_", " "))


def _explain(found: list[AlertView], zone: ZoneInfo, *, several: bool) -> None:
    rows = []
    for x in found:
        alert = x.alert
        p = "" if alert.p is None else f"p={_short(alert.p)}"
        bet = (f"#{x.bet_id}",) if several else ()
        at = f"{alert.at.astimezone(zone):%H:%M:%S}"
        rows.append((at, *bet, alert.rule, p, *_decision(x)))
    heads = ("At", *(("Bet",) if several else ()), "Rule", "p(hit)", "Decision", "Why")
    table(heads, rows)


def _short(p: float) -> str:
    return f"{p:.3f}".removeprefix("0")


def _decision(x: AlertView) -> tuple[str, str]:
    alert = x.alert
    if alert.decision is Decision.FIRED:
        sent = " · ".join(_delivery(one, alert) for one in x.deliveries) or "no channel"
        return paint("FIRED", "green bold"), f"{sent} · {alert.game_clock}"
    if alert.reason is Reason.REARMED:
        return "re-armed", alert.game_clock
    digest = " · ".join(_delivery(one, alert) for one in x.deliveries)
    why = " · ".join(y for y in (_word(alert), alert.detail, digest) if y)
    return "held", f"{why} · {alert.game_clock}"


def _delivery(one: DeliveryView, alert: Alert) -> str:
    """What became of a message on one channel: `ntfy-1a2b sent in 0.8 s`."""
    text = f"{one.channel} {one.state.value}"
    if alert.decision is Decision.HELD:
        # Its way was the digest's from the start.
        return f"{one.channel} digest"
    if one.state is DeliveryState.SENT:
        text += f" in {(one.at - alert.at).total_seconds():.1f} s"
        return text + (" (possible repeat)" if one.possible_repeat else "")
    tries = f", {one.attempts} attempts" if one.attempts > 1 else ""
    why = f" ({one.detail}{tries})" if one.detail or tries else ""
    return paint(text + why, "yellow")
