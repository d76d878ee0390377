"""The outbox: sees every recorded alert to its end on one channel, through failures and stops.

Each channel has its own loop, so that a dead one delays no other. What is to be sent is marked on
disk first; what came of it is written down after. Between the two lies the only moment at which a
kill leaves it open whether a message arrived: it is then repeated, and says so. What comes late
says how late, and what came too late is told in one digest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol, assert_never

from tracker.clock import Clock, WallSteps, wait_for_event
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
from tracker.domain.policy import PastMessage
from tracker.notify.channels import Channel, Message
from tracker.wording.figures import span_text

_FIRST_RETRY = 2.0
"""Seconds after a first attempt that failed; each further one doubles them."""


LONGEST_RETRY = 120.0
"""Most seconds between two attempts, unless the channel itself asks for more."""


_CLAIM_LIMIT = 20
"""Most deliveries that are marked as being sent at a time: a kill puts that many in doubt."""


IDLE = 10.0
"""Most seconds between two looks at the queue, so that whoever watches sees the loop move."""


class Queue(Protocol):
    """Deliveries on disk. Each call is one transaction; `at` is the time on the program's clock.

    An error that a call raises ends the loop that made it.
    """

    async def claim(self, channel: str, at: datetime, limit: int) -> list[Delivery]:
        """Mark what is due and not too late as being sent, and return it, oldest first."""
        ...

    async def finish(
        self,
        alert_id: int,
        channel: str,
        outcome: Outcome,
        at: datetime,
        *,
        due_at: datetime | None = None,
    ) -> object:
        """Write down what came of an attempt, and when to try again where that is wanted."""
        ...

    async def expire(self, at: datetime, channel: str) -> list[Delivery]:
        """End what is too late to be useful; return all that no digest has told for certain."""
        ...

    async def finish_digest(self, expired: Iterable[Delivery], outcome: Outcome) -> object:
        """Write down what came of the digest of these; what may be untold comes again."""
        ...

    async def shift(self, channel: str, seconds: float) -> object:
        """Take it that the wall clock was set: what waits keeps its wait, and its age."""
        ...

    async def next_due(self, channel: str) -> datetime | None:
        """When there is next something to send or to expire; None when nothing waits."""
        ...


Together = Callable[[Delivery, Delivery], bool]
"""Whether a later delivery is to go in the same message as an earlier one."""


def one_cause(first: Delivery, later: Delivery) -> bool:
    """Alerts of one game within a few seconds; what the program says of itself stands alone."""
    if first.game is None or later.game is None:
        return False
    return PastMessage(first.game, first.created_at).goes_with(
        PastMessage(later.game, later.created_at)
    )


CardOf = Callable[[str, tuple[int, ...]], Awaitable[str | None]]
"""Gives a channel's own name of the card of some alerts' game, by the channel's name."""


async def no_card(channel: str, alerts: tuple[int, ...]) -> str | None:  # noqa: ARG001 - a CardOf
    """For a channel that keeps none."""
    return None


def retry_delay(attempts: int) -> float:
    """Seconds to wait after an attempt, the first being 1: 2, 4, 8 ... up to two minutes."""
    return min(_FIRST_RETRY * 2.0 ** min(attempts - 1, 16), LONGEST_RETRY)


@dataclass(frozen=True, slots=True)
class SendingHabits:
    """How a channel's loop goes about its work.

    `beat` is called whenever the loop has moved: at least every IDLE seconds of the clock, and
    after every attempt. `together` says what goes as one message. `zone` is the person's, for the
    times in a digest. `card_of` gives the live card on a channel that alerts belong under.
    """

    beat: Callable[[], None] = lambda: None
    together: Together = one_cause
    zone: tzinfo = UTC
    card_of: CardOf = no_card


USUAL = SendingHabits()


STOP_GRACE = 4.5
"""Real seconds that an attempt under way is given when the program stops: more than a server has
to answer, and little enough for the whole program to be gone within 5."""


async def dispatch(
    queue: Queue,
    channel: Channel,
    clock: Clock,
    wake: asyncio.Event,
    tell: Tell,
    habits: SendingHabits = USUAL,
) -> None:
    """Send a channel's deliveries for ever, each as soon as it is due.

    `wake` is this loop's own, set once an alert is on disk; `tell` hears of what changes with the
    channel. A cancellation gives the attempt under way STOP_GRACE, writes down what came of it
    and puts the rest back, so the queue must outlive this.
    """
    sender = Sender(queue, channel, clock, tell, habits)
    while True:
        wake.clear()
        habits.beat()
        wait = await _whole_turn(sender)
        await wait_for_event(clock, wake, min(wait, IDLE))


async def _whole_turn(sender: Sender) -> float:
    """One turn, which a cancellation may shorten but does not tear."""
    turn = asyncio.ensure_future(sender.turn())
    try:
        return await asyncio.shield(turn)
    except asyncio.CancelledError:
        sender.stop()
        await asyncio.wait({turn}, timeout=STOP_GRACE)
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)
        raise


@dataclass(slots=True)
class Sender:
    """One channel's turns at its queue, and what it remembers between them.

    `failing_since`, `hold_until` (the channel asked for patience) and `digest_at` (when a digest
    may be tried) are monotonic seconds, `stepped` those by which the wall clock was set so far.
    `digest_wanted` is whether one may be waiting. Once `stopping`, nothing further is sent.
    """

    queue: Queue
    channel: Channel
    clock: Clock
    tell: Tell
    habits: SendingHabits = USUAL
    stopping: bool = False
    failing_since: float | None = None
    hold_until: float = 0.0
    digest_at: float = 0.0
    digest_wanted: bool = True
    digest_tries: int = 0
    stepped: float = 0.0
    steps: WallSteps = field(init=False)

    def __post_init__(self) -> None:
        """Begin to watch the wall clock: what waits must not wait longer when it is set."""
        self.steps = WallSteps(self.clock)

    def stop(self) -> None:
        """Send nothing further: what is under way is the last."""
        self.stopping = True

    async def turn(self) -> float:
        """Send what is due, then tell what came too late; the seconds until there is more."""
        await self._mind_the_clock()
        held = self.hold_until - self.clock.monotonic()
        if held > 0:
            return held
        more = False
        if await self._gap() <= 0:
            self.digest_wanted = True
            claimed = await self.queue.claim(self.channel.name, self.clock.now(), _CLAIM_LIMIT)
            more = len(claimed) == _CLAIM_LIMIT
            await self._deliver(claimed)
        if self.digest_wanted and self._digest_in() <= 0 and not self.stopping:
            await self._tell_expired()
        gap = await self._gap()
        if more or not self.digest_wanted:
            return max(gap, 0.0)
        # What has expired is due too, but waits for its digest.
        wait = max(self._digest_in(), 0.0)
        return min(gap, wait) if gap > 0 else wait

    async def _mind_the_clock(self) -> None:
        """Keep the waits of what is on disk when the wall clock has been set."""
        step = self.steps.taken()
        if step:
            self.stepped += step
            self.tell(ClockStepped(self.channel.name, round(step)))
            await self.queue.shift(self.channel.name, step)

    async def _gap(self) -> float:
        due = await self.queue.next_due(self.channel.name)
        return IDLE if due is None else (due - self.clock.now()).total_seconds()

    def _digest_in(self) -> float:
        return max(self.digest_at, self.hold_until) - self.clock.monotonic()

    async def _deliver(self, claimed: Sequence[Delivery]) -> None:
        """Send one parcel after another until one fails, and put back what was not tried."""
        held_back = ""
        claimed_at = self.stepped
        for batch in batches(claimed, self.habits.together):
            if self.stopping:
                held_back = "the program stopped before this was tried"
            if held_back:
                await self._finish(batch, Failed(held_back))
                continue
            await self._mind_the_clock()
            set_since = timedelta(seconds=self.stepped - claimed_at)
            message = _batch_message(batch, self.clock.now() - set_since)
            outcome = await self._try(message, digest=False)
            await self._finish(batch, outcome)
            match outcome:
                case Failed(why) | Unknown(why):
                    held_back = f"waits for the channel: {why}"
                case Sent() | Refused():
                    pass
                case _:
                    assert_never(outcome)

    async def _finish(self, batch: Sequence[Delivery], outcome: Outcome) -> None:
        await self._mind_the_clock()
        at = self.clock.now()
        wait = 0.0 if self.stopping else _wait(outcome, max(x.attempts for x in batch))
        for one in batch:
            await self.queue.finish(
                one.alert_id, self.channel.name, outcome, at, due_at=at + timedelta(seconds=wait)
            )

    async def _tell_expired(self) -> None:
        """Tell all that came too late in one message, or leave it for another time."""
        expired = await self.queue.expire(self.clock.now(), self.channel.name)
        if not expired:
            self.digest_wanted = False
            return
        repeated = any(x.possible_repeat for x in expired)
        message = Message(
            body=digest(expired, self.habits.zone, repeated=repeated),
            alert_ids=tuple(x.alert_id for x in expired),
            possible_repeat=repeated,
        )
        outcome: Outcome = Failed("the program stopped before this was tried")
        if not self.stopping:
            outcome = await self._try(message, digest=True)
        await self.queue.finish_digest(expired, outcome)
        match outcome:
            case Sent() | Refused():
                self.digest_wanted, self.digest_tries = False, 0
            case Failed() | Unknown():
                self.digest_tries += 1
                wait = _wait(outcome, self.digest_tries)
                self.digest_at = self.clock.monotonic() + wait
            case _:
                assert_never(outcome)

    async def _try(self, message: Message, *, digest: bool) -> Outcome:
        """Send a message, and tell what became of it and the channel."""
        card = await self.habits.card_of(self.channel.name, message.alert_ids)
        began = self.clock.monotonic()
        outcome = await self.channel.send(replace(message, card=card))
        ended = self.clock.monotonic()
        name, alerts = self.channel.name, ",".join(str(x) for x in message.alert_ids)
        match outcome:
            case Sent():
                if self.failing_since is not None:
                    self.tell(ChannelRecovered(name, round(ended - self.failing_since)))
                    self.failing_since = None
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


def batches(claimed: Sequence[Delivery], together: Together) -> list[list[Delivery]]:
    """What goes as one message each, the loudest first, then what has been tried least.

    A message that never gets through thus never stands before one that may.
    """
    found: list[list[Delivery]] = []
    for one in claimed:
        batch = next((x for x in found if together(x[0], one)), None)
        if batch is None:
            found.append([one])
        else:
            batch.append(one)
    for batch in found:
        batch.sort(key=lambda x: (-x.level.rank, x.alert_id))
    return sorted(
        found,
        key=lambda p: (min(x.attempts for x in p), -p[0].level.rank, p[0].alert_id),
    )


def _batch_message(batch: Sequence[Delivery], now: datetime) -> Message:
    """One message for what happened at once; each part says for itself if it may be a repeat."""
    return Message(
        body="\n\n".join(worded(x, now) for x in batch),
        alert_ids=tuple(x.alert_id for x in batch),
        level=max((x.level for x in batch), key=lambda x: x.rank),
        possible_repeat=any(x.possible_repeat for x in batch),
    )


def _wait(outcome: Outcome, attempts: int) -> float:
    """Seconds until another attempt: what the channel asked for, else longer each time."""
    if isinstance(outcome, Failed) and outcome.retry_after is not None:
        return max(outcome.retry_after, 0.0)
    return retry_delay(attempts)


_LATE_SECONDS = 15
"""A message that leaves this long after its alert was decided says how late it is."""


DIGEST_LINES = 20
"""Most alerts that a digest tells one by one."""


def _dated(text: str, late_seconds: float = 0.0) -> str:
    """A message, and how late it is where that matters."""
    late = f" · {span_text(late_seconds)} late" if late_seconds >= _LATE_SECONDS else ""
    return f"{text}{late}"


def possible_repeat(text: str, alert_id: int, late_seconds: float = 0.0) -> str:
    """The message again, saying first that it may have come before, with its alert's number."""
    return f"possible repeat · {_dated(text, late_seconds)} · alert {alert_id}"


def worded(delivery: Delivery, now: datetime) -> str:
    """What is sent for a delivery: its text, and its number where it may be a repeat."""
    late = (now - delivery.created_at).total_seconds()
    if delivery.possible_repeat:
        return possible_repeat(delivery.text, delivery.alert_id, late)
    return _dated(delivery.text, late)


def digest(waiting: Sequence[Delivery], zone: tzinfo = UTC, *, repeated: bool = False) -> str:
    """One message for all alerts that were held back until now, or that could not leave in time.

    `zone` is the person's, for the times; `repeated` is whether it may have arrived already.
    """
    held = [x for x in waiting if x.held]
    late = [x for x in waiting if not x.held]
    fate = "may not have reached" if repeated else "could not reach"
    parts = []
    if late:
        parts.append(_listed(f"{_alerts(len(late))} {fate} you in time", late, zone, repeated))
    many = [x for x in held if x.reason is Reason.OVER_BUDGET]
    asked = [x for x in held if x.reason is not Reason.OVER_BUDGET]
    for some, why in ((asked, "while you wanted silence"), (many, "beyond the hour's budget")):
        if some:
            parts.append(_listed(f"{_alerts(len(some))} {why}", some, zone, repeated))
    text = "\n".join(parts)
    return f"possible repeat · {text}" if repeated else text


def _alerts(count: int) -> str:
    return plural(count, "alert")


def _listed(head: str, deliveries: Sequence[Delivery], zone: tzinfo, repeated: bool) -> str:
    shown = sorted(deliveries, key=lambda x: (x.created_at, x.alert_id))[-DIGEST_LINES:]
    lines = [head, *(_told_late(one, zone, repeated) for one in shown)]
    if len(deliveries) > len(shown):
        lines.append(f"and {len(deliveries) - len(shown)} before these: tracker alerts")
    return "\n".join(lines)


def _told_late(delivery: Delivery, zone: tzinfo, repeated: bool) -> str:
    first = delivery.text.partition("\n")[0]
    number = f" · alert {delivery.alert_id}" if repeated else ""
    return f"{delivery.created_at.astimezone(zone):%H:%M %Z} · {first}{number}"
