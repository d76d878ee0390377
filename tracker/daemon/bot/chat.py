"""The chat: its live cards, and the commands and buttons of the person who is paired with it.

Telegram delivers an update again until a later one is asked for, so each update is recorded as
handled before the next request. A command that was written while the program was down is answered
only if it is recent, except `/add`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, assert_never

from tracker.clock import Clock, ScaledClock, SystemClock, growing_wait
from tracker.daemon.bot import Verbs
from tracker.daemon.bot.answers import COMMANDS
from tracker.daemon.bot.bet_commands import BetCommands
from tracker.daemon.bot.commands import BotCommands
from tracker.daemon.cards import CardLoop, LiveView, keep_cards
from tracker.daemon.watchers import GRACE, Watchdog
from tracker.domain.alert import Failed, Refused, Unknown
from tracker.domain.events import (
    BotConflict,
    BotDeaf,
    BotListening,
    BotStranger,
    ChatPaired,
    ClockOff,
    Tell,
)
from tracker.network import WRONG_CLOCK_S, clock_trouble
from tracker.notify.channels import Board, Channel
from tracker.notify.channels.discord import DiscordChannel
from tracker.notify.channels.ntfy import NtfyChannel
from tracker.notify.channels.telegram import (
    Answer,
    ButtonPress,
    ChatMessage,
    ChatPlace,
    ChatUpdate,
    Conflict,
    OtherUpdate,
    Updates,
)
from tracker.notify.channels.telegram.channel import TelegramBoard, TelegramChannel
from tracker.notify.channels.telegram.connection import NO_LIBRARY, CannotOpen, TelegramConnection
from tracker.store import Store
from tracker.store.access import Offer, Pairing

if TYPE_CHECKING:
    from tracker.notify.channels.telegram.bot import BotApi


POLL_SECONDS = 25
"""Seconds that Telegram holds a request open when there is nothing new."""

POLL_LIMIT = 40.0
"""Real seconds after which a request for updates is given up."""

CONFLICT_WAIT = 30.0
"""Seconds until the next try while another program reads the bot's messages."""

FIRST_RETRY, LONGEST_RETRY = 2.0, 60.0

STALE = timedelta(minutes=5)
"""A command older than this is not answered any more."""

_MOST_STRANGERS = 100

_MOST_TRIES = 2
"""How often an update is begun: one that ends the program each time must not do so for ever."""

_KEPT_OPEN_S = 2.0

Job = Coroutine[None, None, None]

LISTENING_GRACE = 180.0
"""Real seconds that the listener may be late: adding a bet in the chat may take a while."""


class Listener:
    """Receives one bot's updates, and hands each to the commands once and in order."""

    def __init__(
        self,
        connection: TelegramConnection,
        pairing: Pairing,
        bot_commands: BotCommands,
        real: Clock,
        tell: Tell,
    ) -> None:
        """`real` is the machine's own clock, by which the age of messages is judged."""
        self._connection = connection
        self._pairing = pairing
        self._bot_commands = bot_commands
        self._real = real
        self._tell = tell
        self._strangers: set[tuple[int, int]] = set()
        self._name = ""
        self._trouble: type[BotDeaf | BotConflict] | None = None
        self._tries = 0
        self._answered_at: float | None = None
        self._gap: float | None = None
        self._clock_reported = False

    async def listen(self, beat: Callable[[], None]) -> None:
        """Receive updates for ever; `beat` is called before every poll."""
        beat()
        offset = await self._pairing.offset()
        api = await self._opened(beat)
        if api is None:
            return
        await self._introduce(api)
        async with asyncio.TaskGroup() as tasks:
            self._bot_commands.work_in(tasks)
            while True:
                beat()
                await self._use_paired_chat()
                asked = self._real.uptime()
                found = await self._poll(api, offset)
                if not isinstance(found, Updates):
                    await self._real.sleep(self._wait(found))
                    continue
                self._recover()
                self._note_gap(asked)
                for heard in found.heard:
                    tries = await self._pairing.begin(heard.update)
                    if tries < _MOST_TRIES:
                        await self._handle(heard, api)
                    elif tries == _MOST_TRIES:
                        await self._pass_over(heard, api)
                    offset = heard.update + 1
                    await self._pairing.dealt_with(heard.update)

    async def _opened(self, beat: Callable[[], None]) -> BotApi | None:
        """Open the bot, waiting while its settings cannot be used; None without the library."""
        while True:
            beat()
            try:
                return await self._connection.opened()
            except ImportError:
                self._tell(BotDeaf(NO_LIBRARY))
                return None
            except CannotOpen as why:
                self._report(BotDeaf(str(why)))
                await self._real.sleep(LONGEST_RETRY)

    async def _use_paired_chat(self) -> None:
        """Use a chat that another program has paired, while there is none to write to."""
        if self._connection.place is None and not self._bot_commands.fixed_chat:
            known = await self._pairing.known()
            if known.chat is not None:
                self._connection.write_to(ChatPlace(known.chat, known.topic))

    async def _introduce(self, api: BotApi) -> None:
        """Get the bot's name and offer its commands; a failure of either is ignored."""
        try:
            async with asyncio.timeout(self._connection.limit):
                name = await api.name()
                await api.offer(COMMANDS)
        except TimeoutError:
            return
        self._name = name if isinstance(name, str) else ""

    async def _poll(self, api: BotApi, offset: int | None) -> Updates | Answer:
        try:
            async with asyncio.timeout(POLL_LIMIT):
                return await api.updates(offset, POLL_SECONDS)
        except TimeoutError:
            return Unknown("no answer from Telegram")

    def _wait(self, answer: Answer) -> float:
        """Seconds until the next poll after a failed one; the trouble is reported once."""
        self._tries += 1
        wait = growing_wait(self._tries, FIRST_RETRY, LONGEST_RETRY)
        match answer:
            case Conflict(why):
                warning = _WEBHOOK if "webhook" in why.lower() else _CONFLICT
                self._report(BotConflict(f"{why}; {warning}"))
                return CONFLICT_WAIT
            case Failed(why, retry_after):
                self._report(BotDeaf(why))
                return wait if retry_after is None else retry_after
            case Refused(why):
                self._report(BotDeaf(why))
                return LONGEST_RETRY
            case Unknown(why):
                # Long polls break now and then: a single one is not reported.
                if self._tries > 1:
                    self._report(BotDeaf(why))
                return wait
            case _:
                self._report(BotDeaf(f"answered oddly ({type(answer).__name__})"))
                return wait

    def _report(self, trouble: BotDeaf | BotConflict) -> None:
        """Report a kind of trouble once, however often it repeats."""
        if self._trouble is not type(trouble):
            self._trouble = type(trouble)
            self._tell(trouble)

    def _recover(self) -> None:
        self._tries = 0
        if self._trouble:
            self._trouble = None
            self._tell(BotListening())

    def _note_gap(self, asked: float) -> None:
        """Measure how many seconds old the newly received updates can be at most, if known.

        They were not there at the last answer. Nor were they there when a request began that
        Telegram held open for a while.
        """
        now = self._real.uptime()
        since = self._answered_at if now - asked < _KEPT_OPEN_S else asked
        self._gap = None if since is None else now - since
        self._answered_at = now

    def _too_old(self, heard: ChatMessage) -> bool:
        """Whether a command is too old to answer.

        Where the bot has polled without a long gap, no command is, whatever this machine's clock
        says. A clock that contradicts this is reported once.
        """
        age = (self._real.now() - heard.at).total_seconds()
        if self._gap is None or self._gap > STALE.total_seconds():
            return age > STALE.total_seconds()
        ahead = age - self._gap if age > 0 else age
        if abs(ahead) >= WRONG_CLOCK_S + self._gap and not self._clock_reported:
            self._clock_reported = True
            self._tell(ClockOff(round(ahead), clock_trouble(ahead)))
        return False

    async def _handle(self, heard: ChatUpdate, api: BotApi) -> None:
        match heard:
            case ChatMessage():
                await self._read(heard, api)
            case ButtonPress():
                if await self._admitted(heard):
                    commands = self._bot_commands
                    await commands.alone(commands.pressed(heard, api), heard, api)
                else:
                    await self._answer(api, heard.query, "Only whoever is paired may press this.")
            case OtherUpdate():
                return
            case _:
                assert_never(heard)

    async def _pass_over(self, heard: ChatUpdate, api: BotApi) -> None:
        """Say that a message which ended the program each time is not tried any more."""
        if not isinstance(heard, OtherUpdate) and await self._allowed(heard.chat, heard.user):
            await self._bot_commands.pass_over(heard, api)

    async def _read(self, heard: ChatMessage, api: BotApi) -> None:
        name, rest = self._command(heard.text)
        if not name:
            await self._read_plain(heard, api)
            return
        if name == "start" and rest:
            await self._pair(heard, rest, api)
            return
        if not await self._admitted(heard) or (self._too_old(heard) and name != "add"):
            return
        commands = self._bot_commands
        await commands.alone(commands.asked(heard, name, rest, api), heard, api)

    async def _read_plain(self, heard: ChatMessage, api: BotApi) -> None:
        """Answer a line without a command; ignore an old one, and a command of another bot."""
        if heard.text.lstrip().startswith("/"):
            return
        if await self._admitted(heard) and not self._too_old(heard):
            commands = self._bot_commands
            await commands.alone(commands.read(heard, api), heard, api)

    def _command(self, text: str) -> tuple[str, str]:
        """The command and what follows it; empty for other text and for another bot's command."""
        slash, said = text.lstrip()[:1], text.lstrip()[1:]
        first, *more = said.split(maxsplit=1) or [""]  # a phone may put a blank after the slash
        if slash != "/":
            return "", ""
        word, _, bot = first.partition("@")
        if bot and self._name and bot.casefold() != self._name.casefold():
            return "", ""
        return word.casefold(), more[0].strip() if more else ""

    async def _pair(self, heard: ChatMessage, code: str, api: BotApi) -> None:
        """Try a pairing code that somebody sent; a wrong one is treated as a stranger's message."""
        offer = await self._pairing.offer(
            code, heard.chat, heard.user, self._real.now(), topic=heard.topic
        )
        if offer is not Offer.RIGHT:
            self._refuse(heard.chat, heard.user)
            return
        left = None
        if not self._bot_commands.fixed_chat:
            before = self._connection.place
            left = before if before != heard.place else None
            self._connection.write_to(heard.place)
        self._tell(ChatPaired(heard.chat, heard.user))
        await self._bot_commands.welcome(heard, api, left)

    async def _admitted(self, heard: ChatMessage | ButtonPress) -> bool:
        """Whether a user may command; a stranger is reported."""
        allowed = await self._allowed(heard.chat, heard.user)
        if not allowed:
            self._refuse(heard.chat, heard.user)
        return allowed

    async def _allowed(self, chat: int, user: int) -> bool:
        """Whether a user may command from a chat: paired there, or the configured private chat."""
        own = self._bot_commands.fixed_chat and chat == self._connection.chat_id and chat == user
        return own or (chat, user) in (await self._pairing.known()).users

    def _refuse(self, chat: int, user: int) -> None:
        """Report each stranger once in the log; the stranger gets no answer."""
        if (chat, user) not in self._strangers and len(self._strangers) < _MOST_STRANGERS:
            self._strangers.add((chat, user))
            self._tell(BotStranger(chat, user))

    async def _answer(self, api: BotApi, query: str, text: str) -> None:
        try:
            async with asyncio.timeout(self._connection.limit):
                await api.answer(query, text)
        except TimeoutError:
            return


_WEBHOOK = (
    "its messages go to a web server: `tracker telegram pair` takes that back; alerts and "
    "cards go on"
)
_CONFLICT = (
    "another program reads this bot's messages: stop it, or give each its own bot; alerts and "
    "cards go on"
)


@dataclass(frozen=True, slots=True)
class ChannelLoops:
    """Builds the loops of the channels beside their alerts: live cards, and the chat bot.

    `bets` carries out the commands on bets. `verbs` runs other commands of the program; None where
    there is nothing to run them. `zone` is the person's time zone.
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
        """The loops to run: one for each board that keeps live cards, and those of a Telegram bot.

        A bot's loops record a chat's new id and, where it takes commands, receive updates.
        """
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
        """Record, for ever, the new id of a chat that Telegram has moved."""
        while True:
            was, now = await channel.connection.moved()
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
            connection=channel.connection,
            bets=self.bets,
            verbs=self.verbs,
            refresh=(lambda _: None) if loop is None else loop.ask,
            real=real,
            tell=self.tell,
            fixed_chat=channel.use.fixed,
        )
        listener = Listener(channel.connection, self.store.pairing, bot_commands, real, self.tell)
        return listener.listen(partial(self.progress.expect, "telegram", LISTENING_GRACE))


def _board(channel: Channel) -> Board | None:
    """Where a channel keeps live cards; None where it cannot or is not to."""
    if isinstance(channel, TelegramChannel):
        return TelegramBoard(channel.connection) if channel.use.cards else None
    if isinstance(channel, DiscordChannel | NtfyChannel):
        return channel if channel.cards else None
    return None
