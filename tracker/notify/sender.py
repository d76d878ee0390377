"""One channel's lane: what is sent next, what its failures mean for the rest, and the digest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol, assert_never

from tracker.clock import Clock, WallSteps
from tracker.domain.alert import Delivery, Failed, Outcome, Refused, Sent, Unknown
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
from tracker.domain.policy import Told
from tracker.notify.channel import Channel, Message
from tracker.notify.envelope import digest, worded

FIRST_RETRY = 2.0
"""Seconds after a first attempt that failed; each further one doubles them."""

LONGEST_RETRY = 120.0
"""Most seconds between two attempts, unless the channel itself asks for more."""

CLAIM_LIMIT = 20
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

    async def told(self, expired: Iterable[Delivery], outcome: Outcome) -> object:
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
    return Told(first.game, first.created_at).goes_with(Told(later.game, later.created_at))


CardOf = Callable[[str, tuple[int, ...]], Awaitable[str | None]]
"""Gives a channel's own name of the card of some alerts' game, by the channel's name."""


async def no_card(channel: str, alerts: tuple[int, ...]) -> str | None:  # noqa: ARG001 - a CardOf
    """For a channel that keeps none."""
    return None


def retry_delay(attempts: int) -> float:
    """Seconds to wait after an attempt, the first being 1: 2, 4, 8 ... up to two minutes."""
    return min(FIRST_RETRY * 2.0 ** min(attempts - 1, 16), LONGEST_RETRY)


@dataclass(frozen=True, slots=True)
class Habits:
    """How a channel's loop goes about its work.

    `beat` is called whenever the loop has moved: at least every IDLE seconds of the clock, and
    after every attempt. `together` says what goes as one message. `zone` is the person's, for the
    times in a digest. `card_of` gives the live card on a channel that alerts belong under.
    """

    beat: Callable[[], None] = lambda: None
    together: Together = one_cause
    zone: tzinfo = UTC
    card_of: CardOf = no_card


USUAL = Habits()


@dataclass(slots=True)
class Sender:
    """One channel's turns at its queue, and what it remembers between them.

    `failing_since`, `hold_until` (the channel asked for patience) and `digest_at` (when a digest
    may be tried) are monotonic seconds, `stepped` those by which the wall clock was set so far.
    `digest_wanted` is whether one may be waiting. `stopping` is set from outside: nothing further
    is then sent.
    """

    queue: Queue
    channel: Channel
    clock: Clock
    tell: Tell
    habits: Habits = USUAL
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

    async def turn(self) -> float:
        """Send what is due, then tell what came too late; the seconds until there is more."""
        await self._mind_the_clock()
        held = self.hold_until - self.clock.monotonic()
        if held > 0:
            return held
        more = False
        if await self._gap() <= 0:
            self.digest_wanted = True
            claimed = await self.queue.claim(self.channel.name, self.clock.now(), CLAIM_LIMIT)
            more = len(claimed) == CLAIM_LIMIT
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
        for parcel in parcels(claimed, self.habits.together):
            if self.stopping:
                held_back = "the program stopped before this was tried"
            if held_back:
                await self._finish(parcel, Failed(held_back))
                continue
            await self._mind_the_clock()
            set_since = timedelta(seconds=self.stepped - claimed_at)
            message = parcel_message(parcel, self.clock.now() - set_since)
            outcome = await self._try(message, digest=False)
            await self._finish(parcel, outcome)
            match outcome:
                case Failed(why) | Unknown(why):
                    held_back = f"waits for the channel: {why}"
                case Sent() | Refused():
                    pass
                case _:
                    assert_never(outcome)

    async def _finish(self, parcel: Sequence[Delivery], outcome: Outcome) -> None:
        await self._mind_the_clock()
        at = self.clock.now()
        wait = 0.0 if self.stopping else _wait(outcome, max(x.attempts for x in parcel))
        for one in parcel:
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
        await self.queue.told(expired, outcome)
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


def parcels(claimed: Sequence[Delivery], together: Together) -> list[list[Delivery]]:
    """What goes as one message each, the loudest first, then what has been tried least.

    A message that never gets through thus never stands before one that may.
    """
    found: list[list[Delivery]] = []
    for one in claimed:
        parcel = next((x for x in found if together(x[0], one)), None)
        if parcel is None:
            found.append([one])
        else:
            parcel.append(one)
    for parcel in found:
        parcel.sort(key=lambda x: (-x.level.rank, x.alert_id))
    return sorted(
        found,
        key=lambda p: (min(x.attempts for x in p), -p[0].level.rank, p[0].alert_id),
    )


def parcel_message(parcel: Sequence[Delivery], now: datetime) -> Message:
    """One message for what happened at once; each part says for itself if it may be a repeat."""
    return Message(
        body="\n\n".join(worded(x, now) for x in parcel),
        alert_ids=tuple(x.alert_id for x in parcel),
        level=max((x.level for x in parcel), key=lambda x: x.rank),
        possible_repeat=any(x.possible_repeat for x in parcel),
    )


def _wait(outcome: Outcome, attempts: int) -> float:
    """Seconds until another attempt: what the channel asked for, else longer each time."""
    if isinstance(outcome, Failed) and outcome.retry_after is not None:
        return max(outcome.retry_after, 0.0)
    return retry_delay(attempts)
