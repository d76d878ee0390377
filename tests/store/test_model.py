"""Against any order of events: no alert is lost, and none is repeated without saying so."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.store.values import CHANNELS, T0, a_book, alert, poll, started
from tracker.domain.alert import Delivery, Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.tracking import Change, GameTracking
from tracker.store import Store

Key = tuple[int, str]

STEPS = st.lists(
    st.sampled_from(
        [
            "fire",
            "sent",
            "answer_lost",
            "failed",
            "refused",
            "killed",
            "killed_after_sending",
            "wait",
            "digest",
            "digest_answer_lost",
            "killed_before_digest",
            "killed_after_digest",
        ]
    ),
    min_size=8,
    max_size=30,
)


@dataclass(slots=True)
class World:
    """A store, the program that uses it, and the messages that have reached the person."""

    path: Path
    store: Store
    tracking: GameTracking
    now: datetime = T0
    episode: int = 0
    in_hand: list[Delivery] = field(default_factory=list)
    arrived: dict[Key, list[bool]] = field(default_factory=dict)
    refused: set[Key] = field(default_factory=set)
    digested: dict[Key, list[bool]] = field(default_factory=dict)

    async def step(self, what: str) -> None:
        """Let one event happen."""
        self.now += timedelta(seconds=1)
        match what:
            case "fire":
                self.episode += 1
                change = Change(self.tracking, alerts=(alert(1, self.now, self.episode),))
                await self.store.record(poll(self.now), change, CHANNELS)
            case "wait":
                self.now += timedelta(seconds=700)
            case "killed":
                await self.restart()
            case "digest" | "digest_answer_lost" | "killed_before_digest" | "killed_after_digest":
                await self.digest(what)
            case _:
                await self.answer(what)

    async def answer(self, what: str) -> None:
        """Let one message, being sent or due, have its outcome."""
        if not self.in_hand:
            for channel in CHANNELS:
                self.in_hand += await self.store.claim(channel, self.now, 2)
        if not self.in_hand:
            return
        one = self.in_hand.pop(0)
        key = one.alert_id, one.channel
        if what in ("sent", "answer_lost", "killed_after_sending"):
            self.arrived.setdefault(key, []).append(one.possible_repeat)
        if what == "killed_after_sending":
            await self.restart()
            return
        if what == "refused":
            self.refused.add(key)
        outcomes: dict[str, Outcome] = {
            "answer_lost": Unknown("no answer"),
            "failed": Failed("connection refused"),
            "refused": Refused("chat not found"),
        }
        outcome = outcomes.get(what, Sent())
        await self.store.finish(one.alert_id, one.channel, outcome, self.now)

    async def digest(self, what: str) -> None:
        """Send a digest of what came too late; it arrives, whatever becomes of the answer."""
        expired = await self.store.expire(self.now)
        if what == "killed_before_digest":
            await self.restart()
            return
        for one in expired:
            key = one.alert_id, one.channel
            self.digested.setdefault(key, []).append(one.possible_repeat)
        if what == "killed_after_digest":
            await self.restart()
        else:
            lost = what == "digest_answer_lost"
            await self.store.finish_digest(expired, Unknown("no answer") if lost else Sent())

    async def restart(self) -> None:
        """Forget everything that is not on disk, and start again."""
        await self.store.close()
        self.in_hand = []
        self.store = await Store.open(self.path, now=self.now)
        await self.store.recover(self.now)

    async def drain(self) -> None:
        """Restart, and let everything that is left arrive."""
        await self.restart()
        for _ in range(self.episode * len(CHANNELS)):
            await self.step("sent")
        await self.step("wait")
        await self.step("digest")


async def play(steps: list[str]) -> World:
    """The world after these steps and a drain."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracker.db"
        store = await Store.open(started(path), now=T0, durable=False)
        world = World(path, store, await a_book(store))
        try:
            for what in ["fire", *steps]:
                await world.step(what)
            await world.drain()
            alerts = await world.store.alerts_view()
            assert len(alerts) == world.episode
            assert all(x.state.over for y in alerts for x in y.deliveries)
        finally:
            await world.store.close()
        return world


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_no_alert_is_lost_or_silently_repeated(steps: list[str]) -> None:
    """Whatever is killed or lost, each alert reaches an end, and each repeat is marked as one."""
    world = asyncio.run(play(steps))
    keys = {(n, c) for n in range(1, world.episode + 1) for c in CHANNELS}
    assert keys == world.arrived.keys() | world.refused | world.digested.keys()
    for told in (world.arrived, world.digested):
        for flags in told.values():
            assert all(flags[1:])
