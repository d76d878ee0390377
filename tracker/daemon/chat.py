"""What the daemon does with channels that can do more than carry alerts: cards in their place."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from tracker.clock import Clock, ScaledClock
from tracker.daemon.cards import CardLoop, keep_cards
from tracker.daemon.loops import GRACE
from tracker.daemon.progress import Progress
from tracker.daemon.wall import Wall
from tracker.notify.cards import Board
from tracker.notify.channel import Channel
from tracker.notify.telegram import TelegramChannel
from tracker.notify.telegram_card import TelegramBoard
from tracker.store import Store

Tell = Callable[[str, dict[str, str]], None]
Job = Coroutine[None, None, None]


@dataclass(frozen=True, slots=True)
class Chats:
    """What the loops beside the alerts work with."""

    channels: Sequence[Channel]
    store: Store
    wall: Wall
    clock: Clock
    tell: Tell
    progress: Progress

    def jobs(self) -> Iterator[Job]:
        """The loops to run: one for each board that keeps cards."""
        for channel in self.channels:
            if isinstance(channel, TelegramChannel):
                channel.card_of = self.store.cards.under
                channel.line.keep_move = self.store.pairing.move
            board = _board(channel)
            if board is not None:
                yield self._cards(board)

    def _cards(self, board: Board) -> Job:
        speed = self.clock.speed if isinstance(self.clock, ScaledClock) else 1.0
        loop = CardLoop(board, self.wall, self.store.cards, self.clock, self.tell, speed)
        beat = partial(self.progress.expect, f"cards {board.name}", GRACE)
        return keep_cards(loop, self.store.snoozes, beat)


def _board(channel: Channel) -> Board | None:
    """Where a channel keeps cards; None when it cannot, or is not to."""
    if isinstance(channel, TelegramChannel):
        return TelegramBoard(channel.line) if channel.cards else None
    return None
