"""`tracker alerts` and `snooze`: lists alerts with the reasons of held ones, and sets snoozes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tracker.app.views import alert_json, part
from tracker.cli import Session, scope_of, session
from tracker.cli.app import AsJson
from tracker.cli.screen import note, paint, say, say_json, table, when
from tracker.domain import BadBet, Misused
from tracker.domain.alert import NO_HOLD, Alert, Decision, DeliveryState, Reason
from tracker.domain.game import Game
from tracker.domain.money import plural
from tracker.domain.policy import FORMS, Snooze, SnoozeScope, parse_until, subject
from tracker.domain.tracking import GameTracking
from tracker.store import StoreMissing
from tracker.store.views import AlertView, DeliveryView
from tracker.wording.figures import AHEAD_S

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

_RECENT = timedelta(hours=12)
"""Time after tip-off for which `--game` still finds a game."""


async def alerts(
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
    scope = scope_of(context)
    zone = scope.settings().zone
    found: list[AlertView] = []
    try:
        async with session(scope) as at:
            number = None if bet is None else await at.bets.number(bet)
            found = await at.store.alerts_view(explain, number)
    except StoreMissing:
        if bet is not None:
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
        _explain(shown, zone, several=bet is None)
    else:
        say("\n".join(alert_lines(shown, zone)))
    if len(found) > len(shown):
        asked = ["--explain"] * explain + ([] if bet is None else [f"--bet {bet}"])
        again = " ".join([*asked, f"--last {len(found)}"])
        note(f"{plural(len(found) - len(shown), 'earlier one')}: `tracker alerts {again}`")


def alert_lines(found: Sequence[AlertView], zone: ZoneInfo) -> list[str]:
    """Lines of alerts by day: each alert's text, why it was held if it was, and its deliveries."""
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
        p = "" if alert.p is None else f"p={short_chance(alert.p)}"
        bet = (str(x.bet_id),) if several else ()
        at = f"{alert.at.astimezone(zone):%H:%M:%S}"
        rows.append((at, *bet, alert.rule, p, *_decision(x)))
    heads = ("At", *(("ID",) if several else ()), "Rule", "p(hit)", "Decision", "Why")
    table(heads, rows)


def short_chance(p: float) -> str:
    """A chance in three decimals, 1.000 and .000 only where it is decided."""
    shown = p if p in (0, 1) else min(max(p, 0.001), 0.999)
    return f"{shown:.3f}".removeprefix("0")


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
    """The state of a delivery on one channel in words: `ntfy-1a2b sent in 0.8 s`."""
    text = f"{one.channel} {one.state.value}"
    if alert.decision is Decision.HELD or one.digest:
        # A held alert is sent with the digest, and so is one that was moved into it later.
        return f"{one.channel} digest"
    if one.state is DeliveryState.SENT:
        text += f" in {(one.at - alert.at).total_seconds():.1f} s"
        return text + (" (possible repeat)" if one.possible_repeat else "")
    tries = f", {one.attempts} attempts" if one.attempts > 1 else ""
    why = f" ({one.detail}{tries})" if one.detail or tries else ""
    return paint(text + why, "yellow")


async def snooze(  # noqa: PLR0917 - one for each option
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID] TIME", help="A bet, and for how long: 12 2h, or 12 until 22:00."
        ),
    ] = None,
    game: Annotated[
        str | None, typer.Option(metavar="GAME", help="A whole game, such as LAL@DEN.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything.")] = False,
    listing: Annotated[bool, typer.Option("--list", help="Show what is snoozed.")] = False,
    off: Annotated[
        bool, typer.Option("--off", help="End it before its time: of a bet, a game, or of all.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Be silent about a bet, a game or everything until a stated time.

    Alerts held back meanwhile are kept; results come in one message when the snooze is over.
    """
    wanted = _Wanted.of(list(words or ()), game, everything=everything, listing=listing, off=off)
    async with session(scope_of(context), write=True) as at:
        if wanted.listing:
            names = {game.id: game.name for game in await at.store.every_game()}
            _show(at, await at.store.alerting.snoozes(at.now), names, as_json)
        elif wanted.off:
            await _lift(at, wanted, as_json)
        else:
            await _silence(at, wanted, as_json)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the arguments of `tracker snooze` ask for: neither a bet nor a game means everything."""

    bet: str | None
    game: str | None
    until: str
    off: bool
    listing: bool

    @staticmethod
    def of(
        given: list[str], game: str | None, *, everything: bool, listing: bool, off: bool
    ) -> _Wanted:
        """Raises Misused where the arguments contradict each other, or do not say until when."""
        named = game is not None or everything
        if game is not None and everything:
            raise Misused("--game and --all contradict each other: give one of them")
        if named and not (given or off or listing):
            raise Misused(f"say until when: {FORMS}")
        wanted = _Wanted(
            bet=None if named or listing or not given else given[0],
            game=game,
            until=" ".join(given if named else given[1:]),
            off=off,
            listing=listing or not (given or named or off),
        )
        if wanted.bet is not None and not off and not wanted.until:
            raise Misused(f"say until when bet {wanted.bet} is to be silent: {FORMS}")
        return wanted


async def _lift(at: Session, wanted: _Wanted, as_json: bool) -> None:
    """End a snooze before its time; without a bet and a game all of them."""
    scope, target, _ = await _target(at, wanted)
    every = scope is SnoozeScope.ALL
    lifted = await at.store.alerting.lift_snooze(None if every else scope, target, at.now)
    if as_json:
        say_json({"lifted": lifted})
    else:
        say(f"{plural(lifted, 'snooze')} ended." if lifted else "Nothing was snoozed.")


async def _silence(at: Session, wanted: _Wanted, as_json: bool) -> None:
    scope, target, name = await _target(at, wanted)
    until = parse_until(wanted.until, at.now, at.settings.zone)
    kept = await at.store.alerting.snooze(Snooze(scope, target, at.now, until))
    if as_json:
        say_json(_snooze_json(kept))
        return
    say(f"Silent about {name} until {when(until, at.now, at.settings.zone)}.")
    note("What would have been said is kept: `tracker alerts --explain`.")


async def _target(at: Session, wanted: _Wanted) -> tuple[SnoozeScope, str, str]:
    if wanted.bet is not None:
        number = await at.bets.number(wanted.bet)
        return SnoozeScope.BET, str(number), f"bet #{wanted.bet}"
    if wanted.game is not None:
        game = await _game(at, wanted.game)
        return SnoozeScope.GAME, game.id, game.name
    return SnoozeScope.ALL, "", "everything"


async def _game(at: Session, text: str) -> Game:
    """The earliest recent or coming game of a name, a team or an id. Raises BadBet without one."""
    plain = "".join(text.upper().split())
    games = [x for x in await at.store.every_game() if x.start > at.now - _RECENT]
    fitting = sorted(
        (x for x in games if plain in (x.name.upper(), x.home, x.away, x.id.upper())),
        key=lambda x: x.start,
    )
    if not fitting:
        from tracker.app.market import known_games

        known = known_games(sorted({x.name for x in games}))
        raise BadBet(f"{text!r} is no game that is on or to come; {known}")
    return fitting[0]


def _show(at: Session, found: tuple[Snooze, ...], games: dict[str, str], as_json: bool) -> None:
    if as_json:
        say_json([_snooze_json(x) for x in found])
        return
    if not found:
        say("Nothing is snoozed.")
    for x in found:
        say(f"{subject(x, games)}: silent until {when(x.until, at.now, at.settings.zone)}")


def _snooze_json(x: Snooze) -> dict[str, object]:
    return part(x, "scope", "target", "since", "until")


# ------------------------------------------------------------------- how the night's alerts fared

NOT_WATCHED = "Nothing is being watched: the daemon is not running. `tracker run` starts it."

_BEGINS = 6
"""The hour, in the person's zone, at which a night ends and the next one begins."""

_SHORT = {
    Reason.NOT_REARMED: "band",
    Reason.BEYOND_WHEN_ADDED: "beyond when added",
    Reason.HOLDING: "hold",
    Reason.COOLING_DOWN: "cooldown",
    Reason.OVER_BUDGET: "budget",
    Reason.QUIET: "quiet hours",
}
"""Shorter words for some reasons, for the line of the night's alerts."""

_MOST_REASONS = 4
"""The most reasons that the line of the night's alerts names; the others are counted together."""


def night_began(now: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the night that `now` lies in."""
    local = now.astimezone(zone)
    begun = local.replace(hour=_BEGINS, minute=0, second=0, microsecond=0)
    return begun if begun <= local else begun - timedelta(days=1)


def alerts_line(decisions: dict[tuple[str, str], int], wait: float | None) -> str:
    """`Alerts tonight 2 · held back 5 (band 3, cooldown 2) · next poll 4 s`; may be empty."""
    held: Counter[str] = Counter()
    fired = 0
    for (decision, reason), count in decisions.items():
        if decision == Decision.FIRED:
            fired += count
        elif reason not in NO_HOLD:
            held[_SHORT.get(Reason(reason), reason.replace("_", " "))] += count
    parts = []
    if decisions:
        shown = held.most_common(_MOST_REASONS)
        others = held.total() - sum(count for _, count in shown)
        shown += [("others", others)] if others else []
        reasons = ", ".join(f"{reason} {count}" for reason, count in shown)
        parts.append(f"Alerts tonight {fired}")
        parts.append(f"held back {held.total()}" + (f" ({reasons})" if reasons else ""))
    if wait is not None:
        parts.append(f"next poll {wait:.0f} s")
    return " · ".join(parts)


def until_next_poll(trackings: Sequence[GameTracking], now: datetime) -> float | None:
    """Seconds until the next poll of a game in play; None when there is none.

    A game whose poll is overdue is left out: its source fails and is polled at growing intervals.
    So is one that was polled ahead of a clock that has been set back since.
    """
    from tracker.feeds.polling.cadence import next_wait

    ages = (
        (x, x.seen_at, (now - x.seen_at).total_seconds())
        for x in trackings
        if x.state is not None and x.state.phase.in_play and x.seen_at is not None
    )
    waits = (next_wait(x.standing, seen) - age for x, seen, age in ages if age >= -AHEAD_S)
    return min((x for x in waits if x >= 0), default=None)
