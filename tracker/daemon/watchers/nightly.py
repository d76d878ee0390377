"""Messages at set times: the nightly digest, a night's total, reports, and news of the models.

The digest also shows that the program is alive: a person notices that it does not come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from tracker.app.report import ReportSpan, report, summary
from tracker.clock import Clock
from tracker.domain.alert import NO_HOLD, Decision, Notice
from tracker.domain.bet import Result, Status
from tracker.domain.game import Phase
from tracker.domain.league import coming_evening
from tracker.domain.money import profit_cents
from tracker.domain.policy import TONIGHT, USUAL, Level
from tracker.domain.tracking import GameTracking, Tracked
from tracker.engine.monitors import State
from tracker.store import Store
from tracker.store.trials import TrialOutcome, UnreportedVerdict
from tracker.store.upkeep import MonitorStanding
from tracker.store.views import BetView
from tracker.wording.figures import needing, record_text, signed_money, to_decide

NIGHTLY = "nightly"
REPORT = "report"
MONITOR = "monitor"
TRIAL = "trial"

REPORT_AT = time(9)
"""The time of a report, unless the nightly digest has a time set."""

STEP = 60.0
"""Most seconds between two readings of the clock: it may be set, and a zone's offset may change."""

LATEST = timedelta(hours=1)
"""A digest whose time passed while the program was down is still sent within this time."""

RESULTS_FIRST = timedelta(minutes=3)
"""How long a digest that is late waits for the results of games that ended meanwhile: two polls
that agree, a minute apart."""

USEFUL_FOR = timedelta(hours=12)
"""How long a digest is worth sending."""

JUST_OVER = timedelta(hours=1)
"""How long after its last result a night's total may still be sent."""

TONIGHT_STEP = 20.0
"""Seconds between two checks for the last result of a night."""

_DAY = timedelta(days=1)

_NIGHT_UNTIL = timedelta(hours=6)
"""The time of day at which a person's night is over, and a game that begins is one of the day."""

_DAYLIGHT = (6, 17)
"""The hours between which a game begins that is not one of the night."""


def digest_due(now: datetime, at: time, zone: tzinfo, late: timedelta = LATEST) -> datetime | None:
    """The moment, in UTC, of the digest that is due at `now`; None when none is."""
    local = now.astimezone(zone)
    moment = datetime.combine(local.date(), at, zone).astimezone(UTC)
    if moment > now:
        moment = datetime.combine(local.date() - _DAY, at, zone).astimezone(UTC)
    return moment if now - moment <= late else None


def digest_text(
    done: Sequence[BetView],
    open_bets: Sequence[BetView],
    review: Sequence[BetView],
    decisions: dict[tuple[str, str], int],
    waiting: int,
) -> str:
    """The digest: record and profit of the bets that are `done`, alerts, and what needs a person.

    `decisions` counts alerts by what was decided and why. `waiting` is the number of the day's
    messages that have not arrived.
    """
    record, money = _record([(x.result, x.payout_cents, x.own_cents) for x in done])
    ended = f"{record} in the last day{money}" if done else "No bet ended in the last day"
    lines = [f"☀ {ended}"]
    fired = sum(n for (what, _), n in decisions.items() if what == Decision.FIRED)
    held = sum(n for (what, why), n in decisions.items()
               if what == Decision.HELD and why not in NO_HOLD)  # fmt: skip
    lines.append(f"Alerts {fired} · held back {held}")
    still = sum(x.status in (Status.LIVE, Status.SCHEDULED) for x in open_bets)
    lines.append(f"Open bets {still}")
    if review:
        lines.append(f"{to_decide([x.id for x in review])} · tracker review")
    if waiting:
        lines.append(f"Messages that did not arrive: {waiting} · tracker status")
    return "\n".join(lines)


def tonight_text(tracked: Sequence[Tracked], gameless: int = 0, night: str = "Tonight") -> str:
    """A night's total in one line: `Tonight 6–5–1, +$7.56 · 1 bet needs you`.

    `gameless` is how many bets on no known game need the person too; `night` names the night.
    """
    record, money = _record(
        [
            (x.in_force.result, x.in_force.payout_cents, x.bet.own_cents)
            for x in tracked
            if x.in_force is not None and x.review is None
        ]
    )
    waiting = sum(x.asks is not None for x in tracked) + gameless
    needs = f" · {needing(waiting)}" if waiting else ""
    return f"{night} {record}{money}{needs}"


def _named(bets: Sequence[Tracked], now: datetime, zone: tzinfo) -> str:
    """The night of these bets as it is called at `now`, by the clock of the person's zone.

    It begins with its last game: in Tokyo most are played in the morning.
    """
    start = max(x.bet.games[-1].start for x in bets).astimezone(zone)
    begun, today = ((x - _NIGHT_UNTIL).date() for x in (start, now.astimezone(zone)))
    ago, dark = max((today - begun).days, 0), not _DAYLIGHT[0] <= start.hour < _DAYLIGHT[1]
    if ago > 1:
        return f"{begun:%A}"
    return ("Tonight", "Last night")[ago] if dark else ("Today", "Yesterday")[ago]


def _record(ended: Sequence[tuple[Result | None, int | None, int | None]]) -> tuple[str, str]:
    """The record, such as `6–5–1`, and the profit with the void bets: `, +$7.56 · 2 void`.

    `ended` has the result, the payout and the person's own money of each bet, in cents.
    """
    count = Counter(result for result, _, _ in ended)
    profits = [x for _, paid, own in ended if (x := profit_cents(paid, own)) is not None]
    record = record_text(count[Result.WON], count[Result.LOST], count[Result.PUSH])
    money = f", {signed_money(sum(profits))}" if profits else ""
    return record, money + (f" · {count[Result.VOID]} void" if count[Result.VOID] else "")


def nights_over(
    trackings: Sequence[GameTracking], now: datetime
) -> dict[date, tuple[Tracked, ...]]:
    """The bets of each night whose last result has just come, by the league's date.

    A bet belongs to the night of its last game. A night with a single bet, or with nothing but void
    ones, needs no total. A game that was left to a person and is then played on is not over.
    """
    nights: dict[date, dict[int, Tracked]] = {}
    played_on = {x.game.slate for x in trackings if _played_on(x, now)}
    for tracking in trackings:
        for x in tracking.tracked:
            nights.setdefault(x.bet.games[-1].slate, {})[x.bet.number] = x
    found = {}
    for slate, bets in nights.items():
        bets_of_night = tuple(bets.values())
        ended = [x.in_force.at for x in bets_of_night if x.in_force is not None]
        over = all(x.ended or x.review is not None for x in bets_of_night)
        over = over and slate not in played_on and not all(map(_void, bets_of_night))
        if over and len(bets_of_night) > 1 and ended and now - max(ended) <= JUST_OVER:
            found[slate] = bets_of_night
    return found


def _void(tracked: Tracked) -> bool:
    done = tracked.in_force
    return tracked.review is None and done is not None and done.result is Result.VOID


def _played_on(tracking: GameTracking, now: datetime) -> bool:
    """Whether a game with a bet that was left to a person is in play again."""
    live = tracking.state is not None and tracking.state.phase in (Phase.LIVE, Phase.BREAK)
    changed = tracking.changed_at
    moves = live and not tracking.lost and changed is not None and now - changed <= JUST_OVER
    return moves and any(x.review is not None for x in tracking.tracked)


async def tell_tonight(
    trackings: Callable[[], Sequence[GameTracking] | None],
    clock: Clock,
    tell: Callable[[Notice], Awaitable[None]],
    gameless: Callable[[], Awaitable[int]],
    zone: tzinfo,
    audible_from: Callable[[Level, datetime], datetime] = USUAL.audible_from,
) -> None:
    """Queue one message after the last result of each night, for ever.

    `trackings` gives all followed games as they stand; None while one has not been polled.
    `gameless` counts the bets on no known game that need the person. `audible_from` says from when
    on the message may be sent: the night is named as of then, by the clock of `zone`.
    """
    while True:
        await clock.sleep(TONIGHT_STEP)
        followed, now = trackings(), clock.now()
        for slate, bets in nights_over(followed or (), now).items():
            night = _named(bets, audible_from(Level.DEFAULT, now), zone)
            text = tonight_text(bets, await gameless(), night)
            # Once for a night and its number of bets: a bet that is added later changes the total.
            episode = slate.toordinal() * 100_000 + len(bets)
            await tell(Notice(TONIGHT, episode, now, text, Level.DEFAULT, now + USEFUL_FOR))


async def tell_nightly(
    store: Store,
    at: time,
    zone: tzinfo,
    clock: Clock,
    channels: Sequence[str],
    wake_channels: Callable[[], None],
) -> None:
    """Queue a digest every day at time `at` in `zone`, for ever."""
    last: datetime | None = None
    while True:
        now = clock.now()
        due = digest_due(now, at, zone)
        if due is not None and due != last:
            last = due
            if now - due > RESULTS_FIRST:
                await clock.sleep(RESULTS_FIRST.total_seconds())
                now = clock.now()
            before = datetime.combine(due.astimezone(zone).date() - _DAY, at, zone).astimezone(UTC)
            if await store.alerting.notice(await _nightly(store, before, due, now), channels):
                wake_channels()
        await clock.sleep(STEP)


async def tell_reports(
    store: Store,
    span: ReportSpan,
    at: time,
    zone: tzinfo,
    clock: Clock,
    tell: Callable[[Notice], Awaitable[None]],
) -> None:
    """Queue a report on each week or month of the leagues' dates, once its last night is over."""
    last: datetime | None = None
    while True:
        now = clock.now()
        # It comes seldom: a machine that slept at its hour still sends it.
        due = digest_due(now, at, zone, USEFUL_FOR)
        if due is not None and due != last and report_due(span, coming_evening(due)):
            last = due
            found = await report(store, span, coming_evening(due) - _DAY)
            text = f"📒 {summary(found)}\ntracker report --{span} --until {found.until}"
            episode = int(due.timestamp())
            await tell(Notice(REPORT, episode, now, text, Level.LOW, due + USEFUL_FOR))
        await clock.sleep(STEP)


async def tell_changes(
    store: Store, clock: Clock, tell: Callable[[Notice], Awaitable[None]]
) -> None:
    """Queue a notice of each monitor that changes state, and of each trial's verdict, for ever."""
    while True:
        for verdict in await store.trials.unreported():
            await tell(verdict_notice(verdict, clock.now()))
            await store.trials.mark_reported(verdict.id)
        for x in await store.monitoring.unreported():
            await tell(monitor_notice(x, clock.now()))
            await store.monitoring.mark_reported(x.id)
        await clock.sleep(STEP)


def monitor_notice(x: MonitorStanding, now: datetime) -> Notice:
    """The notice of a monitor that began to drift, or is well again."""
    what = f"{x.league.upper()} {x.name}".strip()
    if x.state is State.DRIFTING:
        text = f"⚠ {what}: {x.value:.3g}, beyond {x.level:g}\n{x.advice}\ntracker monitors"
        return Notice(MONITOR, x.id, now, text, Level.DEFAULT, now + USEFUL_FOR)
    return Notice(MONITOR, x.id, now, f"✓ {what} is well again", Level.LOW, now + USEFUL_FOR)


def verdict_notice(x: UnreportedVerdict, now: datetime) -> Notice:
    """The notice of a challenger's trial that has been decided."""
    what = f"{x.league.upper()} {x.kind}: {x.challenger}"
    kind = "" if x.kind == "games" else f" --kind {x.kind}"
    league = f" --league {x.league}"
    if x.verdict != "promote":
        text = (
            f"✗ {what} is no better than {x.champion}; its trial is over\n"
            "tracker model trial show --all"
        )
    elif x.outcome is TrialOutcome.PROMOTED:
        text = f"✓ {what} has won its trial and is in use\ntracker model rollback{league}{kind}"
    else:
        text = (
            f"✓ {what} has won its trial against {x.champion}\n"
            f"tracker model activate {x.challenger}{league}{kind}"
        )
    return Notice(TRIAL, x.id, now, text, Level.DEFAULT, now + USEFUL_FOR)


def report_due(span: ReportSpan, today: date) -> bool:
    """Whether a span ended yesterday: a week on a Monday, a month on the first."""
    return today.weekday() == 0 if span is ReportSpan.WEEK else today.day == 1


async def _nightly(store: Store, since: datetime, due: datetime, now: datetime) -> Notice:
    """The digest that is due, of what was from the one before to its time: 23 to 25 hours."""
    settled = await store.bets_numbered(await store.alerting.settled_between(since, due))
    text = digest_text(
        [x for x in settled if x.result is not None],
        await store.open_bets(),
        await store.by_hand.reviews(),
        await store.alerting.decisions_since(since, due),
        await store.alerting.unsent_since(since, due),
    )
    return Notice(NIGHTLY, int(due.timestamp()), now, text, Level.LOW, due + USEFUL_FOR)
