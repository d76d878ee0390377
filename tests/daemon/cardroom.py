"""A test room for live cards: a live view, a store, a clock moved by hand, and a local chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.doubles.bot_api import CHAT, TOKEN, BotApi, Written
from tests.doubles.clock import FakeClock
from tests.doubles.log import log_line
from tests.notify.values import GAME, NOW, bet, settled, state
from tests.store.values import started
from tracker.daemon.cards import CardLoop, LiveView
from tracker.domain.bet import Result
from tracker.domain.chance import Chance
from tracker.domain.draft import Draft
from tracker.domain.events import SystemEvent
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.tracking import GameTracking, Tracked
from tracker.language import find_in_game, parse_pick
from tracker.notify.channels import Board
from tracker.notify.channels.telegram import ChatPlace
from tracker.notify.channels.telegram.channel import TelegramBoard, TelegramChannel
from tracker.notify.channels.telegram.connection import TelegramConnection
from tracker.settings import Secret
from tracker.store import Store

DENVER = ZoneInfo("America/Denver")


def watched(p: float = 0.71, pick: str = "DEN -4.5") -> Tracked:
    """A tracked bet with this chance to win."""
    return replace(Tracked.fresh(bet(pick)), chance=Chance(p, 0.0, 1.0 - p))


@dataclass
class Room:
    """All that a card loop works with."""

    store: Store
    clock: FakeClock
    live_view: LiveView
    board: Board
    folder: Path = Path()
    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    loop: CardLoop = field(init=False)

    def __post_init__(self) -> None:
        """Start with a new loop."""
        self.start()

    def start(self) -> None:
        """Make a new loop, as after a start."""
        tell = self._tell
        self.loop = CardLoop(self.board, self.live_view, self.store.cards, self.clock, tell)

    def _tell(self, event: SystemEvent) -> None:
        self.told.append(log_line(event))

    @property
    def events(self) -> list[str]:
        """The names of the reported events."""
        return [event for event, _ in self.told]

    async def restart(self) -> None:
        """Start again after a death: only the store is left."""
        self.live_view = LiveView(self.clock, DENVER)
        await self.store.recover(self.clock.now())
        self.start()
        await self.loop.recall()

    def see(
        self, clock: str = "Q4 7:02", home: int = 98, *tracked: Tracked, stale: bool = False
    ) -> None:
        """Show the game as a poll at this moment would."""
        found = state(clock, home, 91)
        self.show(found, *(tracked or (watched(),)), stale=stale)

    def show(self, found: GameState, *tracked: Tracked, stale: bool = False) -> None:
        """Show the game in a given state."""
        now = self.clock.now()
        self.live_view.show(GameTracking(GAME, tracked, found, seen_at=now, stale=stale))

    def end(self) -> None:
        """Show the game as it ended, with its result."""
        over = GameState(GAME, Phase.FINAL, 4, 0.0, Score(114, 105))
        self.show(over, settled("DEN -4.5", Result.WON, 3739))

    async def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass, with a turn whenever the loop asks for one."""
        ends = self.clock.now() + timedelta(seconds=seconds)
        while True:
            wait = await self.loop.turn()
            left = (ends - self.clock.now()).total_seconds()
            if left <= 0:
                return
            self.clock.set(self.clock.now() + timedelta(seconds=min(max(wait, step), left)))


@asynccontextmanager
async def a_room(path: Path, board: Board) -> AsyncIterator[Room]:
    """A room whose store has the game and a bet on it."""
    async with await Store.open(started(path / "tracker.db"), now=NOW, durable=False) as store:
        pick = parse_pick("DEN -4.5", find_in_game(GAME))
        await store.add(Draft(pick), game=GAME, defaults=(), at=NOW)
        clock = FakeClock(NOW)
        yield Room(store, clock, LiveView(clock, DENVER), board, path)


@asynccontextmanager
async def a_chat(
    path: Path, chat_id: int = CHAT, limit: float = 0.5
) -> AsyncIterator[tuple[Room, BotApi]]:
    """A room whose board is a Telegram chat."""
    async with BotApi(chats={chat_id}) as api:
        place = ChatPlace(chat_id)
        line = TelegramConnection(Secret(TOKEN), place, api_url=api.url, limit=limit)
        channel = TelegramChannel(line)
        async with channel, a_room(path, TelegramBoard(channel.connection)) as room:
            await channel.warm_up()
            yield room, api


def only(api: BotApi) -> Written:
    """The only message in the chat."""
    (written,) = api.written
    return written
