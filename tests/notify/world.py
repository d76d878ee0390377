"""A real store with a bet, alerts to record, and channels that answer as a test says."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from tests.doubles.clock import FakeClock
from tests.doubles.log import log_line
from tests.notify.values import GAME, NOW, alert, state
from tests.store.values import started
from tracker.domain.alert import Outcome, Sent
from tracker.domain.draft import Draft
from tracker.domain.events import SystemEvent
from tracker.domain.policy import USUAL, Level, Policy
from tracker.domain.poll import Poll
from tracker.domain.tracking import Change, GameTracking
from tracker.language import find_in_game, parse_pick
from tracker.notify import SendingHabits, dispatch
from tracker.notify.channels import Channel, Message
from tracker.store import Store

Deliveries = dict[int, tuple[str, int]]


@dataclass
class World:
    """One night: a store, a clock moved by hand, and the loops of some channels."""

    store: Store
    clock: FakeClock
    channels: Sequence[Channel]
    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    wakes: list[asyncio.Event] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    decided: int = 0
    beats: int = 0
    policy: Policy = USUAL

    def start(self) -> None:
        """Start a loop for each channel."""
        for channel in self.channels:
            wake = asyncio.Event()
            audible = self.policy.audible_from
            habits = SendingHabits(beat=self._beat, audible_from=audible)
            loop = dispatch(self.store, channel, self.clock, wake, self._tell, habits)
            self.wakes.append(wake)
            self.tasks.append(asyncio.create_task(loop))

    def _beat(self) -> None:
        self.beats += 1

    def _tell(self, event: SystemEvent) -> None:
        self.told.append(log_line(event))

    async def stop(self) -> None:
        """Cancel the loops, as the daemon does when it stops."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks, self.wakes = [], []

    async def decide(
        self,
        *texts: str,
        rule: str = "p >= 0.80",
        useful: timedelta = timedelta(minutes=10),
        level: Level = Level.DEFAULT,
    ) -> None:
        """Record the alerts of one poll, and wake the channels."""
        at, found, alerts = self.clock.now(), state(), []
        for text in texts:
            self.decided += 1
            made = replace(alert(rule, found), bet=1, episode=self.decided, at=at, text=text)
            alerts.append(replace(made, expires_at=at + useful, level=level))
        body = f"{self.decided}".encode()
        poll = Poll("nba", "/a/path", at, body, hashlib.sha256(body).hexdigest(), found)
        change = Change(GameTracking(GAME, state=found), alerts=tuple(alerts))
        await self.store.record(poll, change, [x.name for x in self.channels])
        for wake in self.wakes:
            wake.set()

    async def rest(self, busy: int = 0) -> None:
        """Let real work go on while the clock stands still, until all loops but `busy` wait."""
        for _ in range(100_000):
            await self.store.next_due("nobody")
            waiting = sum(not future.done() for _, _, future in self.clock._sleepers)
            woken = any(x.is_set() for x in self.wakes)
            if waiting >= len(self.tasks) - busy and (busy or not woken):
                return
            if any(x.done() for x in self.tasks):
                raise AssertionError("a loop has ended")
        raise AssertionError("the loops never came to rest")

    async def pass_time(self, seconds: float, step: float = 2.0, busy: int = 0) -> None:
        """Let the clock run, with time for the loops to work at every step."""
        await self.rest(busy)
        passed = 0.0
        while passed < seconds:
            await self.clock.advance(min(step, seconds - passed))
            await self.rest(busy)
            passed += step

    async def deliveries(self, channel: str) -> Deliveries:
        """State and attempts of every delivery of a channel, by alert number."""
        views = await self.store.alerts_view()
        return {
            view.id: (one.state, one.attempts)
            for view in views
            for one in view.deliveries
            if one.channel == channel
        }

    async def states(self, channel: str) -> list[str]:
        """The states of a channel's deliveries, by alert number."""
        found = await self.deliveries(channel)
        return [found[number][0] for number in sorted(found)]


@asynccontextmanager
async def night(path: Path, *channels: Channel, at: datetime = NOW) -> AsyncIterator[World]:
    """A night with one bet; the loops are stopped and the store is closed at its end."""
    async with await Store.open(started(path / "tracker.db"), now=at, durable=False) as store:
        pick = parse_pick("DEN -4.5", find_in_game(GAME))
        await store.add(Draft(pick), game=GAME, defaults=(), at=at)
        await store.recover(at)
        world = World(store, FakeClock(at), channels)
        try:
            yield world
        finally:
            await world.stop()


@dataclass
class Script:
    """A channel that gives these answers, the last one for ever, and keeps its messages."""

    name: str = "script"
    answers: list[Outcome] = field(default_factory=lambda: [Sent()])
    got: list[Message] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def send(self, message: Message) -> Outcome:
        """Keep the message and give the next answer, once the gate (if any) is open."""
        self.got.append(message)
        if self.gate is not None:
            await self.gate.wait()
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def bodies(self) -> list[str]:
        """The texts of its messages."""
        return [x.body for x in self.got]
