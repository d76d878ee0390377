"""Promises over an hour of recorded games: through every fault the score is known and moves on."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests.doubles.beliefs import Beliefs
from tests.feeds.serving import dice
from tracker.clock import LeapingClock
from tracker.domain.events import SystemEvent
from tracker.domain.game import GameState
from tracker.domain.poll import Poll, behind
from tracker.domain.tracking import GameTracking, Ordering
from tracker.feeds.feeds import open_feeds
from tracker.feeds.polling.poller import GamePoller
from tracker.replay import find_recording
from tracker.replay.faults import Fault, FaultKind
from tracker.replay.playback import Playback
from tracker.replay.server import Options, serving
from tracker.settings.models import FeedSettings, FeedsSettings

TIP_OFF = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
FAULTY = timedelta(minutes=12)
WELL_AGAIN = TIP_OFF + timedelta(minutes=15) + FAULTY
ENDS = TIP_OFF + timedelta(minutes=40)
NBA, WNBA, MEN = "LAC@LAL 2023-11-01", "LVA@SEA 2022-09-04", "UCF@VILL 2025-04-05"


async def evening(recording: str, fault: Fault) -> tuple[list[Poll], list[str], Counter[str]]:
    """Follow a game until `ENDS`. Returns its polls, the events, and the requests by host."""
    played = find_recording(recording)
    clock = LeapingClock(TIP_OFF - timedelta(minutes=2))
    events: list[str] = []
    polls: list[Poll] = []

    def tell(event: SystemEvent) -> None:
        events.append(event.name)

    options = Options(faults=[fault])
    async with serving([Playback(played, TIP_OFF)], clock, options=options) as running:
        host = FeedSettings(base_url=running.url, requests_per_minute=6000)
        settings = FeedsSettings(nba=host, wnba=host, espn=host)
        async with open_feeds(settings, clock, tell=tell, deadline_s=1.0) as feeds:
            slates = feeds.slates(lambda: (played.league,))
            (game,) = (await slates.read(schedule=False)).games
            poller = GamePoller(game, feeds, clock, dice(3))
            beliefs = Beliefs(GameTracking(game))
            while clock.now() < ENDS:
                poll = await poller.next(beliefs.standing)
                if beliefs.take(poll).ordering is Ordering.BEHIND:
                    # What is not believed leaves the score as old as it was.
                    continue
                polls.append(poll)
        return polls, events, Counter(x.source for x in running.answers)


@pytest.mark.parametrize(
    ("recording", "source", "kind", "status"),
    [
        (NBA, "nba", FaultKind.BLOCKED, None),
        (NBA, "nba", FaultKind.STATUS, 500),
        (NBA, "nba", FaultKind.STALE, None),
        (NBA, "nba", FaultKind.NO_SCORE, None),
        (WNBA, "wnba", FaultKind.HTML, None),
        (MEN, "espn", FaultKind.BLOCKED, None),
    ],
)
async def test_a_fault_in_the_middle_of_a_game(
    recording: str, source: str, kind: FaultKind, status: int | None
) -> None:
    """Nothing goes back, the stand-in leaves no gap, and the primary is soon used again."""
    fault = Fault(kind, WELL_AGAIN - FAULTY, FAULTY, source=source, status=status)
    polls, events, asked = await evening(recording, fault)
    states = [(x.at, x.source, x.reading) for x in polls if isinstance(x.reading, GameState)]
    for (_, _, before), (_, _, after) in pairwise(states):
        assert not behind(after, before)
    silent = max(y - x for (x, *_), (y, *_) in pairwise(states))
    alone = recording == MEN
    assert silent <= (FAULTY + timedelta(seconds=45) if alone else timedelta(seconds=120))
    assert min(x for x, told, _ in states if x >= WELL_AGAIN and told == source) - WELL_AGAIN <= (
        timedelta(seconds=45)
    )
    assert states[-1][1] == source
    assert all(count <= 1 for name, count in Counter(events).items() if name != "feed.switched")
    assert events.count("feed.switched") in (0, 2)
    assert asked.total() <= 2 * len(polls) + 20
