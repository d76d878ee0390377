"""What the daemon does with channels that can do more than carry alerts: cards, and commands."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial

from tracker.clock import Clock, ScaledClock, SystemClock
from tracker.daemon.bot.bet_commands import BetCommands
from tracker.daemon.bot.commands import BotCommands
from tracker.daemon.bot.listener import Listener
from tracker.daemon.bot.subprocesses import Verbs
from tracker.daemon.cards.editor import CardLoop, keep_cards
from tracker.daemon.cards.live_view import LiveView
from tracker.daemon.watchdog import Watchdog
from tracker.daemon.watchers.loops import GRACE
from tracker.domain.events import Tell
from tracker.notify.channel import Board, Channel
from tracker.notify.channels.discord import DiscordChannel
from tracker.notify.channels.ntfy import NtfyChannel
from tracker.notify.channels.telegram.channel import TelegramBoard, TelegramChannel
from tracker.store import Store

Job = Coroutine[None, None, None]


LISTENING_GRACE = 180.0
"""Real seconds that the listening may be late: adding a bet in the chat may take its time."""


@dataclass(frozen=True, slots=True)
class ChatBoards:
    """What the loops beside the alerts work with. `verbs` runs commands, None where there is none.

    `bets` carries out what is asked about bets. `zone` is the person's.
    """

    channels: Sequence[Channel]
    store: Store
    live_view: LiveView
    clock: Clock
    zone: tzinfo
    tell: Tell
    progress: Watchdog
    bets: BetCommands
    verbs: Verbs | None = None

    def jobs(self) -> Iterator[Job]:
        """The loops to run: one for each board that keeps cards, one for a bot that listens."""
        for channel in self.channels:
            board = _board(channel)
            loop = None if board is None else self._loop(board)
            if isinstance(channel, TelegramChannel):
                yield self._keep_moves(channel)
                if channel.use.commands:
                    yield self._listen(channel, loop)
            if loop is not None:
                beat = partial(self.progress.expect, f"cards {loop.board.name}", GRACE)
                yield keep_cards(loop, self.store.alerting.snoozes, beat)

    async def _keep_moves(self, channel: TelegramChannel) -> None:
        """Write down, for ever, by which number a chat goes from then on."""
        while True:
            was, now = await channel.line.moved()
            await self.store.pairing.move(was, now)

    def _loop(self, board: Board) -> CardLoop:
        speed = self.clock.speed if isinstance(self.clock, ScaledClock) else 1.0
        return CardLoop(board, self.live_view, self.store.cards, self.clock, self.tell, speed)

    def _listen(self, channel: TelegramChannel, loop: CardLoop | None) -> Job:
        real = SystemClock()
        bot_commands = BotCommands(
            store=self.store,
            live_view=self.live_view,
            clock=self.clock,
            zone=self.zone,
            line=channel.line,
            bets=self.bets,
            verbs=self.verbs,
            refresh=_nothing if loop is None else loop.ask,
            real=real,
            fixed_chat=channel.use.fixed,
        )
        listener = Listener(channel.line, self.store.pairing, bot_commands, real, self.tell)
        return listener.listen(partial(self.progress.expect, "telegram", LISTENING_GRACE))


def _nothing(_game: str) -> None:
    """There is no card to show anew."""


def _board(channel: Channel) -> Board | None:
    """Where a channel keeps cards; None when it cannot, or is not to."""
    if isinstance(channel, TelegramChannel):
        return TelegramBoard(channel.line) if channel.use.cards else None
    if isinstance(channel, DiscordChannel | NtfyChannel):
        return channel if channel.cards else None
    return None
