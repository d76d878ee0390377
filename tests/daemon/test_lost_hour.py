"""Promises of a lost hour: a game whose feed is gone that long is followed and settled right.

Also of a daemon's end: nothing of it stays in the process.
"""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.daemon.night import STARTS, TIP_OFF, expected, picks_for, write_files
from tests.doubles.clock import FakeClock
from tests.doubles.leap import DATABASE, play
from tests.engine.build import T0, a_book, bet, live, outlook
from tracker.clock import Clock
from tracker.daemon.run import Setup, run
from tracker.daemon.track import TrackContext, deciding, track
from tracker.domain.alert import Outcome, Sent
from tracker.domain.events import SystemEvent
from tracker.domain.game import GameState
from tracker.domain.poll import GameStanding, Poll, Trouble, Unreadable
from tracker.domain.tracking import GameTracking
from tracker.forecast import Outlook
from tracker.notify.channels import Message
from tracker.replay import find_recording
from tracker.replay.faults import Fault, FaultKind
from tracker.replay.playback import Playback
from tracker.replay.server import Options, serving
from tracker.settings import load_settings
from tracker.store import Store

GAME = "SAC@PHI"
LOST = TIP_OFF + timedelta(minutes=40)
FOUND = LOST + timedelta(hours=1)
OVER = TIP_OFF + timedelta(hours=2, minutes=50)
DOWN = Unreadable(Trouble.DOWN, "the network is not up yet")


async def followed(folder: Path, faults: list[Fault], clock: Clock) -> tuple[Counter[str], Store]:
    """Follow a whole game with these faults: the reported events, and the store at the end."""
    events: Counter[str] = Counter()

    def tell(event: SystemEvent) -> None:
        events[event.name] += 1

    playing = [Playback(find_recording(f"{GAME} 2026-01-29"), TIP_OFF)]
    async with serving(playing, clock, options=Options(faults=faults)) as feed:
        settings = load_settings(write_files(folder, feed.url, [GAME], []))
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run(Setup(settings, [], clock, tell, seed=1), stop))
            await clock.sleep((OVER - clock.now()).total_seconds())
            stop.set()
    return events, await Store.open(settings.store.path, now=clock.now(), readonly=True)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.BLOCKED,
        pytest.param(FaultKind.NO_GAMES, marks=pytest.mark.soak),
        pytest.param(FaultKind.STALE, marks=pytest.mark.soak),
    ],
)
def test_an_hour_without_a_board_in_the_middle_of_a_game(kind: FaultKind, tmp_path: Path) -> None:
    """With boards empty, blocked or old, no game is dropped, and no result is early or wrong."""

    async def night(clock: Clock) -> None:
        hour = Fault(kind, LOST, FOUND - LOST)
        no_box = Fault(FaultKind.NO_BOX, LOST, FOUND - LOST)
        faults = [hour] if kind is not FaultKind.NO_GAMES else [hour, no_box]
        events, store = await followed(tmp_path, faults, clock)
        async with store:
            found = await store.bets_view()
            assert {x.draft.pick.text: x.result and x.result.value for x in found} == {
                pick: expected(GAME, pick) for pick in picks_for(GAME)
            }
            assert not [x for x in found if x.withdrawn_at is not None or x.review is not None]
            view = await store.show_view(found[0].number)
            assert view is not None
            told = [x.snapshot.game.at for x in view.snapshots]
            assert not _between(told, LOST + timedelta(minutes=2), FOUND)
            assert _between(told, FOUND, FOUND + timedelta(seconds=45))
            assert view.settlements[-1].settlement.at > FOUND
        assert events["game.followed"] == 1
        assert events["feed.lost"] + events["feed.blocked"] <= 2

    play(night, STARTS, DATABASE)


@dataclass
class Waking:
    """Polls of one game every ten seconds; the machine sleeps for hours before the last few."""

    clock: FakeClock
    readings: list[GameState | Unreadable]
    asleep_before: int

    async def next(self, _: GameStanding) -> Poll:
        """The next poll."""
        self.clock.set(self.clock.now() + timedelta(seconds=10))
        if len(self.readings) == self.asleep_before:
            self.clock.suspend(4 * 3600)
        return Poll("nba", "/", self.clock.now(), b"", "x", self.readings.pop(0))


class Nowhere:
    """Stores nothing; the forecasts are the real ones."""

    async def forecast(self, _: GameTracking, state: GameState) -> Outlook:
        """The outlook of a state."""
        return outlook(state)

    async def record_all(self, *_: object) -> None:
        """Nothing is kept."""


@pytest.mark.parametrize("first", [DOWN, None])
async def test_a_sleep_in_the_middle_of_a_game_is_no_outage(first: Unreadable | None) -> None:
    """After a sleep no first poll, failed or unchanged, reports a game without data or end."""
    game = live(1, 300, (20, 18))
    clock, nowhere, told = FakeClock(T0), Nowhere(), list[str]()
    polls = Waking(clock, [game, game, first or game, game], 2)
    context = TrackContext(nowhere, nowhere, clock, (), lambda: None, lambda x: told.append(x.name))
    with pytest.raises(IndexError):
        async with deciding(context) as decisions:
            await track(a_book(bet(1, "DEN ML", "feed_down")), polls, decisions)
    assert not polls.readings
    assert told == ["game.phase"]


def test_a_daemon_that_has_ended_leaves_nothing_to_a_second_one(tmp_path: Path) -> None:
    """Objects that a daemon hid from the garbage collector are released at its end."""

    async def minute(clock: Clock) -> None:
        settings = load_settings(write_files(tmp_path, "http://127.0.0.1:9", [GAME], []))
        stop = asyncio.Event()
        frozen = []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run(Setup(settings, [], clock, lambda _: None, seed=1), stop))
            await clock.sleep(60)
            frozen.append(gc.get_freeze_count())
            stop.set()
        assert frozen[0] > 0 == gc.get_freeze_count()

    play(minute, STARTS, DATABASE)


class Phone:
    """A channel that keeps the texts that it is sent."""

    name = "phone"

    def __init__(self) -> None:
        self.got: list[str] = []

    async def send(self, message: Message) -> Outcome:
        """Accept a message."""
        self.got.append(message.body)
        return Sent()


def test_the_first_start_tells_the_games_of_its_bets(tmp_path: Path) -> None:
    """The notice of a start waits for the first slate: without it, every new bet has no game."""
    phone = Phone()

    async def start(clock: Clock) -> None:
        playing = [Playback(find_recording(f"{GAME} 2026-01-29"), TIP_OFF)]
        async with serving(playing, clock) as feed:
            settings = load_settings(write_files(tmp_path, feed.url, [GAME], []))
            stop = asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(run(Setup(settings, [phone], clock, lambda _: None), stop))
                await clock.sleep(15)
                stop.set()

    play(start, STARTS, DATABASE)
    assert phone.got[0].endswith("has started, following 1 game")


def _between(times: list[datetime], first: datetime, last: datetime) -> list[datetime]:
    return [x for x in times if first <= x < last]
