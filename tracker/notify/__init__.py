"""The outbox: delivers every recorded alert on each channel, through failures and stops.

Each channel has its own loop, so that a dead one delays no other. A delivery is marked on disk
before it is sent, and its outcome is recorded after. Only a kill between the two leaves it open
whether a message arrived; the message is then repeated, and says so. A late message says how late
it is. Messages that came too late are listed in one digest.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol, assert_never

from tracker.clock import Clock, WallSteps, growing_wait, run_out, wait_for_event
from tracker.domain.alert import Delivery, Failed, Outcome, Reason, Refused, Sent, Unknown
from tracker.domain.events import (
    AlertRefused,
    AlertSent,
    ChannelFailing,
    ChannelRecovered,
    ClockStepped,
    DigestRefused,
    DigestSent,
    Tell,
)
from tracker.domain.money import plural
from tracker.domain.policy import RESULTS, TONIGHT, USUAL, Level, PastMessage
from tracker.notify.channels import Channel, Message
from tracker.wording.figures import span_text

_FIRST_RETRY = 2.0
"""Seconds to wait after the first failed attempt; each further failure doubles them. A channel that
asks for less is tried no sooner: one that asks for none would be asked without a pause."""

LONGEST_RETRY = 120.0
"""Most seconds between two attempts, unless the channel itself asks for more."""

FIRST_UNSURE, LONGEST_UNSURE = 10.0, 1800.0
"""Seconds between attempts whose answers are lost, at first and at most: each may have arrived. A
server that takes messages and then fails shows each of them every time."""

_CLAIM_LIMIT = 20
"""Most deliveries that are marked as being sent at a time: after a kill, that many are in doubt."""

IDLE = 10.0
"""Most seconds between two readings of the queue, which also show the watchdog that the loop
moves."""


class Queue(Protocol):
    """Stores deliveries. Each call is one transaction; `at` is the time on the program's clock.

    An error that a call raises ends the loop that called it.
    """

    async def claim(self, channel: str, at: datetime, limit: int) -> list[Delivery]:
        """Mark deliveries that are due and not too late as being sent; return the oldest first."""
        ...

    async def finish(
        self,
        alert_id: int,
        channel: str,
        outcome: Outcome,
        at: datetime,
        *,
        due_at: datetime | None = None,
        tried: bool = True,
    ) -> object:
        """Record the outcome of an attempt, and when to try again if it is not the last.

        Without `tried` it was claimed and then not tried, which counts as no attempt.
        """
        ...

    async def expire(self, at: datetime, channel: str) -> list[Delivery]:
        """End deliveries that are too late; return all that no digest has certainly listed."""
        ...

    async def finish_digest(
        self, expired: Collection[Delivery], outcome: Outcome, *, tried: bool = True
    ) -> object:
        """Record the outcome of their digest; those that may not have been read come again.

        Without `tried` it was not sent, which counts as no attempt.
        """
        ...

    async def shift(self, channel: str, seconds: float, now: datetime, within: float) -> object:
        """Adjust the times of waiting deliveries to a wall clock that was set, by these seconds.

        It was set less than `within` seconds ago; what was decided since has its times by `now`.
        """
        ...

    async def hurry(self, channel: str, at: datetime) -> object:
        """Let what failed before, or was put back, be tried at once."""
        ...

    async def next_due(self, channel: str) -> datetime | None:
        """When there is next something to send or to expire; None when nothing waits."""
        ...


def one_cause(first: Delivery, later: Delivery) -> bool:
    """Whether two are alerts of one game within a few seconds; a program's notice goes alone."""
    if first.game is None or later.game is None:
        return False
    return PastMessage(first.game, first.created_at).goes_with(
        PastMessage(later.game, later.created_at)
    )


CardOf = Callable[[str, tuple[int, ...]], Awaitable[str | None]]
"""Gives the channel's own id of the live card of some alerts' game, by the channel's name."""


async def no_card(channel: str, alerts: tuple[int, ...]) -> str | None:  # noqa: ARG001 - a CardOf
    """None: the default, for a channel without live cards."""
    return None


def retry_delay(attempts: int) -> float:
    """Seconds to wait after an attempt, the first being 1: 2, 4, 8 ... up to two minutes."""
    return growing_wait(attempts, _FIRST_RETRY, LONGEST_RETRY)


@dataclass(frozen=True, slots=True)
class SendingHabits:
    """How a channel's loop does its work.

    `beat` is called whenever the loop moves: at least every IDLE seconds of the clock, and after
    every attempt. `zone` is the person's, for the times in a digest. `card_of` gives the live card
    that alerts are a reply to. `audible_from` says from when on a message of a level may be sent:
    what is late must not come in quiet hours.
    """

    beat: Callable[[], None] = lambda: None
    zone: tzinfo = UTC
    card_of: CardOf = no_card
    audible_from: Callable[[Level, datetime], datetime] = USUAL.audible_from


PLAIN_HABITS = SendingHabits()


async def dispatch(
    queue: Queue,
    channel: Channel,
    clock: Clock,
    wake: asyncio.Event,
    tell: Tell,
    habits: SendingHabits = PLAIN_HABITS,
) -> None:
    """Send a channel's deliveries for ever, each as soon as it is due.

    `wake` is this loop's own event, set once an alert is on disk. `tell` reports when the channel
    fails or recovers, and what is sent. A cancelled loop gives the attempt in progress STOP_GRACE,
    records its outcome and puts the rest back, so the queue must be closed after this loop.
    """
    sender = Sender(queue, channel, clock, tell, habits)
    while True:
        wake.clear()
        habits.beat()
        wait = await run_out(sender.turn(), sender.stop)
        await wait_for_event(clock, wake, min(wait, IDLE))


@dataclass(slots=True)
class Sender:
    """The work of one channel's loop, and what it remembers between turns.

    `failing_since`, `hold_until` (when the channel may be used again, as it asked) and `digest_at`
    (when a digest may be tried again) are monotonic seconds. `failures` counts the attempts that
    have failed since the last that did not, `unsure` those of them that may have arrived. `behind`
    is whether something may wait that failed before, also before this start. `stepped` is by how
    many seconds the wall clock has been set so far. `digest_wanted` is whether a digest may be
    waiting. Once `stopping`, nothing more is sent.
    """

    queue: Queue
    channel: Channel
    clock: Clock
    tell: Tell
    habits: SendingHabits = PLAIN_HABITS
    stopping: bool = False
    failing_since: float | None = None
    behind: bool = True
    failures: int = 0
    hold_until: float = 0.0
    digest_at: float = 0.0
    digest_wanted: bool = True
    digest_tries: int = 0
    unsure: int = 0
    stepped: float = 0.0
    steps: WallSteps = field(init=False)

    def __post_init__(self) -> None:
        """Start to watch the wall clock: deliveries must not wait longer because it was set."""
        self.steps = WallSteps(self.clock)

    def stop(self) -> None:
        """Send nothing more after the attempt in progress."""
        self.stopping = True

    async def turn(self) -> float:
        """Send what is due, then a digest of what expired; seconds until there is more to do."""
        await self._follow_clock_steps()
        held = self.hold_until - self.clock.monotonic()
        if held > 0:
            return held
        more = False
        if await self._until_due() <= 0:
            self.digest_wanted = True
            claimed = await self.queue.claim(self.channel.name, self.clock.now(), _CLAIM_LIMIT)
            more = len(claimed) == _CLAIM_LIMIT
            await self._deliver(claimed)
        if self.digest_wanted and self._digest_in() <= 0 and not self.stopping:
            await self._send_digest()
        gap = await self._until_due()
        if more or not self.digest_wanted:
            return max(gap, 0.0)
        # An expired delivery is due as well, but waits until its digest may be tried.
        wait = max(self._digest_in(), 0.0)
        return min(gap, wait) if gap > 0 else wait

    async def _follow_clock_steps(self) -> None:
        """When the wall clock has been set, adjust the times of the deliveries on disk."""
        step = self.steps.taken()
        if step:
            self.stepped += step
            self.tell(ClockStepped(self.channel.name, round(step)))
            await self.queue.shift(self.channel.name, step, self.clock.now(), self.steps.apart)

    async def _until_due(self) -> float:
        due = await self.queue.next_due(self.channel.name)
        return IDLE if due is None else (due - self.clock.now()).total_seconds()

    def _digest_in(self) -> float:
        return max(self.digest_at, self.hold_until) - self.clock.monotonic()

    async def _deliver(self, claimed: Sequence[Delivery]) -> None:
        """Send one message after another until one fails; put back those that were not tried."""
        held_back = ""
        claimed_at = self.stepped
        for batch in batches(claimed):
            if self.stopping:
                held_back = "the program stopped before this was tried"
            if held_back:
                await self._finish(batch, Failed(held_back), tried=False)
                continue
            if quiet := self._quiet(batch):
                await self._finish(batch, quiet, tried=False)
                continue
            await self._follow_clock_steps()
            set_since = timedelta(seconds=self.stepped - claimed_at)
            message = _batch_message(batch, self.clock.now() - set_since, self.habits)
            outcome = await self._try(message, digest=False)
            await self._finish(batch, outcome)
            match outcome:
                case Failed(why) | Unknown(why):
                    held_back = f"waits for the channel: {why}"
                case Sent() | Refused():
                    pass
                case _:
                    assert_never(outcome)

    def _quiet(self, batch: Sequence[Delivery]) -> Failed | None:
        """Until when deliveries that are late must wait for quiet hours to end; None if not."""
        now = self.clock.now()
        wait = (self.habits.audible_from(_loudest(batch), now) - now).total_seconds()
        return Failed("waits for the end of quiet hours", wait) if wait > 0 else None

    async def _finish(
        self, batch: Sequence[Delivery], outcome: Outcome, *, tried: bool = True
    ) -> None:
        """Record an outcome. One that was not tried waits as long as the channel does."""
        await self._follow_clock_steps()
        at = self.clock.now()
        own = max(x.attempts for x in batch)
        tries = max(self.failures, own if tried else 1)
        wait = 0.0 if self.stopping else _wait(outcome, tries, min(self.unsure, own))
        due_at = at + timedelta(seconds=wait)
        for one in batch:
            await self.queue.finish(
                one.alert_id, self.channel.name, outcome, at, due_at=due_at, tried=tried
            )

    async def _send_digest(self) -> None:
        """Send one digest of everything that expired, or leave it for a later turn."""
        expired = await self.queue.expire(self.clock.now(), self.channel.name)
        if not expired:
            self.digest_wanted = False
            return
        repeated = any(x.possible_repeat for x in expired)
        message = Message(
            body=digest(expired, self.habits.zone, repeated=repeated),
            alert_ids=tuple(x.alert_id for x in expired),
            level=min(Level.DEFAULT, _loudest(expired), key=lambda x: x.rank),
            possible_repeat=repeated,
        )
        outcome: Outcome | None = self._quiet(expired)
        if self.stopping:
            outcome = Failed("the program stopped before this was tried")
        tried = outcome is None
        if outcome is None:
            outcome = await self._try(message, digest=True)
        await self.queue.finish_digest(expired, outcome, tried=tried)
        match outcome:
            case Sent() | Refused():
                self.digest_wanted, self.digest_tries = False, 0
            case Failed():
                self.digest_tries += tried
                # What expires meanwhile may be louder; `hold_until` has a wait that was asked for.
                wait = min(_wait(outcome, self.digest_tries), LONGEST_RETRY)
                self.digest_at = self.clock.monotonic() + wait
            case Unknown():
                self.digest_at = self.clock.monotonic() + _wait(outcome, unsure=self.unsure)
            case _:
                assert_never(outcome)

    async def _try(self, message: Message, *, digest: bool) -> Outcome:
        """Send a message, and report the outcome."""
        card = await self.habits.card_of(self.channel.name, message.alert_ids)
        began = self.clock.monotonic()
        outcome = await self.channel.send(replace(message, card=card))
        ended = self.clock.monotonic()
        name, alerts = self.channel.name, ",".join(str(x) for x in message.alert_ids)
        if isinstance(outcome, Sent | Refused):
            self.failures = self.unsure = 0
        else:
            self.failures += 1
            self.unsure += isinstance(outcome, Unknown)
            self.behind = True
        match outcome:
            case Sent():
                if self.failing_since is not None:
                    self.tell(ChannelRecovered(name, round(ended - self.failing_since)))
                    self.failing_since = None
                if self.behind:
                    self.behind, self.digest_at = False, ended
                    await self.queue.hurry(name, self.clock.now())
                sent = DigestSent if digest else AlertSent
                self.tell(sent(name, alerts, round((ended - began) * 1000)))
            case Refused(why):
                refused = DigestRefused if digest else AlertRefused
                self.tell(refused(name, alerts, why))
            case Failed(why) | Unknown(why):
                if self.failing_since is None:
                    self.failing_since = ended
                    self.tell(ChannelFailing(name, alerts, why))
                if isinstance(outcome, Failed) and outcome.retry_after is not None:
                    self.hold_until = ended + outcome.retry_after
            case _:
                assert_never(outcome)
        self.habits.beat()
        return outcome


def batches(claimed: Sequence[Delivery]) -> list[list[Delivery]]:
    """The deliveries of each message, in the order to send: least attempted first, then loudest.

    So a message that never gets through does not stand before one that may. Those of one game keep
    the order in which they were decided, until one was tried MOST_IN_ORDER times: no older chance
    of a bet comes behind a newer one. What is too long for one message comes as several.
    """
    found: list[list[Delivery]] = []
    for one in claimed:
        batch = next((x for x in found if one_cause(x[0], one)), None)
        if batch is None:
            found.append([one])
        else:
            batch.append(one)
    games: dict[tuple[object, bool], list[list[Delivery]]] = {}
    for batch in found:
        batch.sort(key=lambda x: (-x.level.rank, x.alert_id))
        stuck = min(x.attempts for x in batch) > MOST_IN_ORDER
        games.setdefault((batch[0].game or batch[0].alert_id, stuck), []).extend(_fitting(batch))
    in_order = sorted(
        games.values(),
        key=lambda game: (
            min(x.attempts for x in game[0]),
            -max(p[0].level.rank for p in game),
            game[0][0].alert_id,
        ),
    )
    return [part for game in in_order for part in game]


MOST_IN_ORDER = 10
"""Attempts after which a message no longer holds up the later ones of its game: ten minutes."""

MESSAGE_LENGTH = 1700
"""Most characters of alerts in one message. With the heads of a digest that is less than the 2,000
that Discord takes; all others take more. What is cut off would count as sent."""

_NOTES = 60
"""Characters that an alert may get around its text: that it is late, or may be a repeat."""


def _fitting(batch: Sequence[Delivery]) -> list[list[Delivery]]:
    """The deliveries of one cause as messages that no service cuts short."""
    found: list[list[Delivery]] = []
    room = 0
    for one in batch:
        size = len(one.text) + _NOTES
        if not found or size > room:
            found.append([])
            room = MESSAGE_LENGTH
        found[-1].append(one)
        room -= size
    return found


def _loudest(deliveries: Iterable[Delivery]) -> Level:
    return max((x.level for x in deliveries), key=lambda x: x.rank)


def _batch_message(batch: Sequence[Delivery], now: datetime, habits: SendingHabits) -> Message:
    """One message for deliveries of one cause; each part says for itself if it may be a repeat.

    A last line that several parts share stands once, below all of them.
    """
    ends = Counter(_last_line(x.text) for x in batch)
    shared = [end for end, times in ends.items() if end and times > 1]
    parts = []
    for one in batch:
        end = _last_line(one.text)
        text = one.text.removesuffix(f"\n{end}") if end in shared else one.text
        parts.append(worded(replace(one, text=text), now, habits.audible_from))
    return Message(
        body="\n".join(("\n\n".join(parts), *(("—", *shared) if shared else ()))),
        alert_ids=tuple(x.alert_id for x in batch),
        level=_loudest(batch),
        possible_repeat=any(x.possible_repeat for x in batch),
    )


def _last_line(text: str) -> str:
    """The line that ends a text of several; empty for one line, which is the news itself."""
    return text.rpartition("\n")[2] if "\n" in text else ""


def _wait(outcome: Outcome, tries: int = 1, unsure: int = 1) -> float:
    """Seconds until the next attempt: what the channel asked for, else longer each time.

    `unsure` counts the attempts that may have arrived.
    """
    if isinstance(outcome, Unknown):
        return growing_wait(unsure, FIRST_UNSURE, LONGEST_UNSURE)
    if isinstance(outcome, Failed) and outcome.retry_after is not None:
        return max(outcome.retry_after, _FIRST_RETRY)
    return retry_delay(tries)


_LATE_SECONDS = 15
"""A message that is sent this long after its alert was decided says how late it is."""

DIGEST_LINES = 20
"""Most alerts that a digest lists one by one, where MESSAGE_LENGTH has room for so many."""


def possible_repeat(text: str, alert_id: int) -> str:
    """The message with a note that it may have come before, and its alert's number."""
    return f"possible repeat · {text} · alert {alert_id}"


def worded(
    delivery: Delivery,
    now: datetime,
    audible_from: Callable[[Level, datetime], datetime] = USUAL.audible_from,
) -> str:
    """The text to send for a delivery, with its number where it may be a repeat.

    It is late by the time since it might have been sent: not by quiet hours that the person wanted.
    """
    late = (now - audible_from(delivery.level, delivery.created_at)).total_seconds()
    text = delivery.text
    if late >= _LATE_SECONDS:
        text += f" · {span_text(late)} late"
    return possible_repeat(text, delivery.alert_id) if delivery.possible_repeat else text


def digest(waiting: Sequence[Delivery], zone: tzinfo = UTC, *, repeated: bool = False) -> str:
    """One message for all alerts that were held until now, or that could not be sent in time.

    `zone` is the person's, for the times; `repeated` is whether the digest may have arrived
    already.
    """
    lines = _lines(waiting, zone, repeated)
    held = [x for x in waiting if x.held]
    late = [x for x in waiting if not x.held]
    fate = "may not have reached" if repeated else "could not reach"
    parts = []
    if late:
        parts.append(_listed(f"{plural(len(late), 'alert')} {fate} you in time", late, lines))
    for over, why in ((False, "while you wanted silence"), (True, "beyond the hour's budget")):
        if some := [x for x in held if (x.reason is Reason.OVER_BUDGET) == over]:
            parts.append(_listed(f"{plural(len(some), 'alert')} {why}", some, lines))
    text = "\n".join(parts)
    return f"possible repeat · {text}" if repeated else text


_FIRST = RESULTS | {TONIGHT}
"""What a digest lists before all else: results, and the total of a night."""


def _lines(waiting: Sequence[Delivery], zone: tzinfo, repeated: bool) -> dict[int, str]:
    """The lines that a digest has room for, by alert, the oldest first.

    A night's chances may fill it, but not in place of its results.
    """

    def by_time(x: Delivery) -> tuple[datetime, int]:
        return x.created_at, x.alert_id

    kept: dict[int, str] = {}
    room = MESSAGE_LENGTH
    for one in sorted(waiting, key=lambda x: (x.rule in _FIRST, *by_time(x)), reverse=True):
        line = _digest_line(one, zone, repeated)
        room -= len(line) + 1
        if kept and (room < 0 or len(kept) == DIGEST_LINES):
            break
        kept[one.alert_id] = line
    return {
        x.alert_id: kept[x.alert_id] for x in sorted(waiting, key=by_time) if x.alert_id in kept
    }


def _listed(head: str, deliveries: Sequence[Delivery], lines: Mapping[int, str]) -> str:
    mine = {x.alert_id for x in deliveries}
    kept = [line for number, line in lines.items() if number in mine]
    if not kept:
        return f"{head}: tracker alerts"
    if len(deliveries) > len(kept):
        kept.append(f"and {len(deliveries) - len(kept)} more: tracker alerts")
    return "\n".join((head, *kept))


def _digest_line(delivery: Delivery, zone: tzinfo, repeated: bool) -> str:
    first = delivery.text.partition("\n")[0]
    number = f" · alert {delivery.alert_id}" if repeated else ""
    return f"{delivery.created_at.astimezone(zone):%H:%M %Z} · {first}{number}"
