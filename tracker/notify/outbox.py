"""The outbox: sees every recorded alert to its end on one channel, through failures and stops.

Each channel has its own loop, so that a dead one delays no other. What is to be sent is marked on
disk first; what came of it is written down after. Between the two lies the only moment at which a
kill leaves it open whether a message arrived: it is then repeated, and says so.
"""

from __future__ import annotations

import asyncio

from tracker.clock import Clock, wait_for_event
from tracker.domain.events import Tell
from tracker.notify.channel import Channel
from tracker.notify.sender import IDLE, USUAL, Habits, Queue, Sender

__all__ = ["STOP_GRACE", "Habits", "Queue", "dispatch"]

STOP_GRACE = 4.5
"""Real seconds that an attempt under way is given when the program stops: more than a server has
to answer, and little enough for the whole program to be gone within 5."""


async def dispatch(
    queue: Queue,
    channel: Channel,
    clock: Clock,
    wake: asyncio.Event,
    tell: Tell,
    habits: Habits = USUAL,
) -> None:
    """Send a channel's deliveries for ever, each as soon as it is due.

    `wake` is this loop's own, set once an alert is on disk; `tell` hears of what changes with the
    channel. A cancellation gives the attempt under way STOP_GRACE, writes down what came of it
    and puts the rest back, so the queue must outlive this.
    """
    lane = Sender(queue, channel, clock, tell, habits)
    while True:
        wake.clear()
        habits.beat()
        wait = await _whole_turn(lane)
        await wait_for_event(clock, wake, min(wait, IDLE))


async def _whole_turn(lane: Sender) -> float:
    """One turn, which a cancellation may shorten but does not tear."""
    turn = asyncio.ensure_future(lane.turn())
    try:
        return await asyncio.shield(turn)
    except asyncio.CancelledError:
        lane.stopping = True
        await asyncio.wait({turn}, timeout=STOP_GRACE)
        turn.cancel()
        await asyncio.gather(turn, return_exceptions=True)
        raise
