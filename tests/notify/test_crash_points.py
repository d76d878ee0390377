"""The outbox's promise at its hardest: the program dies at each operation, in one run for each."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from tests.notify.values import NOW
from tests.notify.world import World, night
from tracker.domain.alert import Delivery, Failed, Outcome, Sent, Unknown
from tracker.domain.events import tell_nobody
from tracker.notify import dispatch
from tracker.notify.channels import Message
from tracker.store import Store


class Killed(BaseException):
    """The program is dead."""


@dataclass
class Fate:
    """Counts operations and kills the program just before or just after one of them."""

    at: int
    steps: itertools.count[int] = field(default_factory=itertools.count)

    def step(self) -> None:
        """A moment at which the program may die."""
        if next(self.steps) == self.at:
            raise Killed


@dataclass
class Mortal:
    """A store and a channel that die at the chosen operation."""

    store: Store
    fate: Fate
    arrived: list[tuple[int, bool]]
    answers: list[Outcome]
    name: str = "script"

    async def send(self, message: Message) -> Outcome:
        """Deliver the message unless the answer is a failure; death may come before or after."""
        self.fate.step()
        answer = self.answers.pop(0) if self.answers else Sent()
        if not isinstance(answer, Failed):
            parts = message.body.split("\n\n")
            for number, part in zip(message.alert_ids, itertools.cycle(parts)):
                self.arrived.append((number, "possible repeat" in part))
        self.fate.step()
        return answer

    async def claim(self, channel: str, at: datetime, limit: int) -> list[Delivery]:
        """Claim as the store does, or die."""
        self.fate.step()
        found = await self.store.claim(channel, at, limit)
        self.fate.step()
        return found

    async def finish(
        self,
        alert_id: int,
        channel: str,
        outcome: Outcome,
        at: datetime,
        *,
        due_at: datetime | None = None,
        tried: bool = True,
    ) -> None:
        """Finish as the store does, or die."""
        self.fate.step()
        await self.store.finish(alert_id, channel, outcome, at, due_at=due_at, tried=tried)
        self.fate.step()

    async def expire(self, at: datetime, channel: str) -> list[Delivery]:
        """Expire as the store does, or die."""
        self.fate.step()
        found = await self.store.expire(at, channel)
        self.fate.step()
        return found

    async def finish_digest(
        self, expired: Collection[Delivery], outcome: Outcome, *, tried: bool = True
    ) -> None:
        """Finish the digest as the store does, or die."""
        self.fate.step()
        await self.store.finish_digest(expired, outcome, tried=tried)
        self.fate.step()

    async def shift(self, channel: str, seconds: float, now: datetime, within: float) -> None:
        """Shift as the store does, or die."""
        await self.store.shift(channel, seconds, now, within)

    async def hurry(self, channel: str, at: datetime) -> None:
        """Hurry as the store does, or die."""
        await self.store.hurry(channel, at)

    async def next_due(self, channel: str) -> datetime | None:
        """Look up the next due time as the store does, or die."""
        return await self.store.next_due(channel)


NIGHT: tuple[Outcome, ...] = (Failed("down"), Unknown("?"), Sent(), Failed("down"))


async def live(world: World, mortal: Mortal, *, first: bool) -> bool:
    """Play the night, or the rest of it after a death; whether the program survived."""
    wake = asyncio.Event()
    world.channels = [mortal]
    task = asyncio.create_task(dispatch(mortal, mortal, world.clock, wake, tell_nobody))
    world.tasks.append(task)
    world.wakes.append(wake)
    try:
        if first:
            await world.rest()
            await world.decide("one", "two")
            await world.pass_time(20, step=2)
            await world.decide("three", useful=timedelta(seconds=3))
            await world.decide("four", useful=timedelta(seconds=1))
        await world.pass_time(150, step=10)
    except AssertionError:
        if not (task.done() and isinstance(task.exception(), Killed)):
            raise
        return False
    return True


async def one_death(folder: Path, at: int) -> tuple[bool, list[tuple[int, bool]], list[str]]:
    """Play a night with a death at operation `at`, a new start, and all deliveries."""
    arrived: list[tuple[int, bool]] = []
    async with night(folder, at=NOW) as world:
        mortal = Mortal(world.store, Fate(at), arrived, list(NIGHT))
        lived = await live(world, mortal, first=True)
        wall = world.clock.now()
    async with night(folder, at=wall) as world:
        await live(world, Mortal(world.store, Fate(-1), arrived, []), first=False)
        states = await world.states("script")
    return lived, arrived, states


async def test_at_no_operation_does_a_death_lose_or_double_an_alert(tmp_path: Path) -> None:
    """Every alert reaches its end, and each arrival after the first says it may be a repeat."""
    for at in itertools.count():
        lived, arrived, states = await one_death(tmp_path / str(at), at)
        assert set(states) <= {"sent", "expired"}, f"dying at {at}"
        told = {number for number, _ in arrived}
        assert told == set(range(1, len(states) + 1)), f"dying at {at}"
        unflagged = Counter(number for number, flagged in arrived if not flagged)
        assert max(unflagged.values(), default=0) <= 1, f"dying at {at}"
        if lived:
            assert at > 30
            return
