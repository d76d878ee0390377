"""The loop that learns who plays tonight, where a bet waits for its player to be known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from tracker.clock import Clock
from tracker.domain.game import Game, GameState
from tracker.feeds.polling.feed import Ask, Watch

STEP = 30.0
"""Seconds between two looks at what is wanted."""

AGAIN = 300.0
"""Least seconds between two boxes of one game: its players change seldom."""

AT_ONCE = 4
"""Most boxes in one round."""

AHEAD = timedelta(hours=2)
"""How long before tip-off a box is asked for: earlier ones seldom exist."""

LATE = timedelta(hours=6)
"""How long after its tip-off a game may still be played."""


async def watch_faces(
    faceless: Callable[[], Iterable[Game]],
    watch: Watch,
    meet: Callable[[GameState], None],
    roomy: Callable[[Game], bool],
    clock: Clock,
) -> None:
    """Read the boxes of games whose players some bet must know, now and then, for ever.

    `faceless` tells those games, `meet` is given what was read.
    """
    due: dict[str, float] = {}
    while True:
        now, then = clock.now(), clock.monotonic()
        wanted = [
            x
            for x in faceless()
            if -LATE <= x.start - now <= AHEAD and due.get(x.id, then) <= then and roomy(x)
        ]
        for game in sorted(wanted, key=lambda x: (x.start, x.id))[:AT_ONCE]:
            due[game.id] = clock.monotonic() + AGAIN
            look = await watch.look(game, Ask.BOX, 0.0)
            if isinstance(look.reading, GameState):
                meet(look.reading)
        await clock.sleep(STEP)
