"""The bot's commands and buttons: read what is known or run a command, and answer."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.clock import Clock
from tracker.daemon.bot import Verbs, answers
from tracker.daemon.bot.answers import MOST_LINES, PROFIT_DAYS, LocalTime
from tracker.daemon.bot.bet_commands import ADD, UNDO, BetCommands, ChatReply
from tracker.daemon.cards import LiveView
from tracker.domain import BadTime, TrackerError
from tracker.domain.alert import Failed
from tracker.domain.bet import number_of
from tracker.domain.events import Severity, SystemEvent, Tell
from tracker.domain.game import Game, GameState
from tracker.domain.policy import FORMS, Snooze, SnoozeScope, parse_until
from tracker.logs import traceback_of
from tracker.notify.channels import Message
from tracker.notify.channels.telegram import Answer, ButtonPress, ChatMessage, ChatPlace
from tracker.notify.channels.telegram.channel import SNOOZE_MINUTES, CardAction, read_button
from tracker.notify.channels.telegram.connection import TelegramConnection
from tracker.notify.channels.text import marked_up
from tracker.store import Store

if TYPE_CHECKING:
    from tracker.notify.channels.telegram.bot import BotApi

MOST_AT_ONCE = 3
"""Most slow commands of the chat that run at the same time."""

LONGEST_WAIT_S = 30.0
"""Longest wait in seconds that Telegram may ask for before an answer is given up."""

REAL_PER_GAME_SECOND = 2.9
"""Real seconds for each second of the game clock, pauses included: 48 minutes take 2 h 20."""

_TRIES = 2
_FAILED = "That did not work\nThe program has a fault here: its log says where."
_GONE = "The line is not to be seen any more: send it again."
_MOVED = (
    "⚠ Another chat was paired\nAlerts and cards go there from now on, and no more to this one."
)
_NOT_HERE = "This needs the running service: ask on the command line instead."


class ChatCommandFailed(SystemEvent, name="telegram.command_failed", severity=Severity.WARNING):
    """A fault of the program kept a message of the chat from being answered.

    `update` is Telegram's number of the message, and `exception` the traceback.
    """

    update: int
    exception: str


def ends_about(game: Game, state: GameState | None, at: Clock) -> timedelta:
    """How long until a game ends, roughly and rather too long, from its clock."""
    left = game.rules.regulation_seconds if state is None else state.seconds_left
    seconds = max(left, 0.0) * REAL_PER_GAME_SECOND + 600
    wait = max(0.0, (game.start - at.now()).total_seconds()) if state is None else 0.0
    return timedelta(minutes=round((seconds + wait) / 60))


@dataclass(slots=True)
class BotCommands:
    """Carries out commands and buttons. `fixed_chat` is whether the configuration names the chat.

    `refresh` edits a game's card at once.
    """

    store: Store
    live_view: LiveView
    clock: Clock
    zone: tzinfo
    connection: TelegramConnection
    bets: BetCommands
    verbs: Verbs | None
    refresh: Callable[[str], None]
    real: Clock
    tell: Tell
    fixed_chat: bool = False
    busy: set[asyncio.Task[None]] = field(default_factory=set)
    _tasks: asyncio.TaskGroup | None = field(default=None, init=False)

    def work_in(self, tasks: asyncio.TaskGroup) -> None:
        """Run slow commands in this task group from now on, beside the receiving of updates."""
        self._tasks = tasks

    @property
    def _local(self) -> LocalTime:
        return LocalTime(self.clock.now(), self.zone, self.bets.odds_format)

    # ---------------------------------------------------------------------------------- commands

    async def welcome(self, heard: ChatMessage, api: BotApi, left: ChatPlace | None) -> None:
        """Say that the chat is paired, and list the commands.

        `left` is another place that was written to until now: whoever reads it must not wait there.
        """
        await self._say(heard, api, f"This chat is paired with tracker\n{answers.help_text()}")
        if left is not None:
            html = marked_up(Message(_MOVED, ()))
            await self._send(lambda: api.post(left, html, html=True))

    async def pass_over(self, heard: ChatMessage | ButtonPress, api: BotApi) -> None:
        """Say that a message at which the program ended is not tried any more."""
        await self._say(
            self._asked_by(heard), api, "Passed over\nThe program ended at this twice: see its log."
        )

    async def alone(
        self, work: Awaitable[None], heard: ChatMessage | ButtonPress, api: BotApi
    ) -> None:
        """Do what a chat asks for; a fault of the program in it costs this answer only."""
        try:
            await work
        except (ArithmeticError, LookupError, ValueError) as why:
            self.tell(ChatCommandFailed(heard.update, traceback_of(why)))
            await self._say(self._asked_by(heard), api, _FAILED)

    async def asked(self, heard: ChatMessage, name: str, rest: str, api: BotApi) -> None:
        """Carry out one command of a user who may give it."""
        quick: dict[str, Callable[[str], Awaitable[str]]] = {
            "start": self._help,
            "help": self._help,
            "status": self._status,
            "bets": self._bets,
            "settled": self._settled,
            "profit": self._profit,
            "snooze": self._snooze,
            "mute": self._snooze,
            "unmute": lambda rest: self._snooze(f"{rest} off".strip()),
        }
        if name in quick:
            await self._say(heard, api, await quick[name](rest))
        elif name in ("why", "chart"):
            if not rest:
                await self._say(heard, api, f"Which bet? /{name} 12\n/bets has the numbers.")
                return
            work = self._why if name == "why" else self._chart
            await self._in_background(lambda: work(heard, rest, api), heard, api)
        elif name in self.bets.verbs:
            await self._reply(heard, api, await self.bets.answer(name, rest))
        else:
            await self._say(heard, api, f"There is no /{name}\n{answers.help_text()}")

    async def _help(self, _rest: str) -> str:
        return answers.help_text()

    async def _status(self, _rest: str) -> str:
        cards = [
            x for game in self.live_view.games() if (x := self.live_view.card(game)) is not None
        ]
        live = [x for x in cards if not x.closed]
        review = await self.store.by_hand.reviews()
        return answers.status_text(live, await self.store.open_bets(), review)

    async def _bets(self, _rest: str) -> str:
        return answers.bets_text(await self.store.open_bets(), self._local)

    async def _settled(self, _rest: str) -> str:
        last, count = await self.store.outcomes.last(MOST_LINES)
        return answers.settled_text(await self.store.bets_numbered(last), count)

    async def _profit(self, _rest: str) -> str:
        total, today = self.store.outcomes.total, self._local.slate
        since = {
            name: None if days is None else today - timedelta(days=days - 1)
            for name, days in PROFIT_DAYS.items()
        }
        tallies = {name: await total(day) for name, day in since.items()}
        review = await self.store.by_hand.reviews()
        return answers.profit_text(tallies, await self.store.open_bets(), review)

    async def read(self, heard: ChatMessage, api: BotApi) -> None:
        """Answer a line without a command with the bet that it describes.

        In a group only a line that is a bet is answered: people talk of other things there.
        """
        try:
            reply = await self.bets.would_be(heard.text)
        except TrackerError as why:
            if not heard.group:
                await self._say(
                    heard,
                    api,
                    f"No bet that is understood\n{answers.in_chat(str(why))}\n"
                    "/help has the commands.",
                )
            return
        await self._reply(heard, api, reply)

    async def _snooze(self, rest: str) -> str:
        now, games = self.clock.now(), await self._names()
        if not rest:
            return answers.snoozes_text(await self.store.alerting.snoozes(now), games, self._local)
        first, _, when = rest.partition(" ")
        scope, target = await self._target(first, games)
        if scope is SnoozeScope.ALL and first.casefold() != "all":
            when = rest
        if when.strip().casefold() in ("off", "end"):
            count = await self.store.alerting.lift_snooze(
                None if scope is SnoozeScope.ALL else scope, target, now
            )
            return f"{count} ended" if count else "Nothing was snoozed"
        if not when:
            return f"Until when? /snooze {first} 2h\nWrite {FORMS}."
        try:
            until = parse_until(when, now, self.zone)
        except BadTime as why:
            return f"Not snoozed\n{why}"
        kept = await self.store.alerting.snooze(Snooze(scope, target, now, until))
        return answers.silent_text(kept, games, self._local)

    async def _target(self, word: str, games: dict[str, str]) -> tuple[SnoozeScope, str]:
        """What the first word of a snooze names: a bet, a game with a bet, or neither."""
        plain = word.removeprefix("#")
        number = await self.store.find(plain)
        if number is not None:
            return SnoozeScope.BET, str(number)
        for game_id, name in games.items():
            if plain.upper() in (name.upper(), *name.upper().split("@")):
                return SnoozeScope.GAME, game_id
        return SnoozeScope.ALL, ""

    async def _names(self) -> dict[str, str]:
        """The names of games with an open bet by game id, those on live cards first."""
        found = {
            x.game.id: x.game.name
            for x in map(self.live_view.tracking, self.live_view.games())
            if x
        }
        for bet in await self.store.open_bets():
            if bet.game is not None and bet.result is None:
                found.setdefault(bet.game.id, bet.game.name)
        return found

    # ------------------------------------------------------------------------------ slow commands

    async def _why(self, heard: ChatMessage, reference: str, api: BotApi) -> None:
        await self._reply(heard, api, await self.bets.answer("why", reference))

    async def _chart(self, heard: ChatMessage, reference: str, api: BotApi) -> None:
        plain = reference.removeprefix("#")
        if self.verbs is None:
            await self._say(heard, api, _NOT_HERE)
            return
        with tempfile.TemporaryDirectory(prefix="tracker-chart-") as folder:
            path = Path(folder, "chart.png")
            ran = await self.verbs("chart", "--out", str(path), "--", plain)
            image = await asyncio.to_thread(_read, path)
        if ran.status or image is None:
            said = ran.complaint if ran.status else ran.out.strip()
            await self._say(heard, api, f"No chart\n{answers.in_chat(said)}")
            return
        await self._send(lambda: api.picture(heard.place, image, f"Bet #{plain}", heard.message))

    async def _in_background(
        self, work: Callable[[], Awaitable[None]], heard: ChatMessage, api: BotApi
    ) -> None:
        """Run something slow beside the receiving of updates, a few at a time."""
        if self._tasks is None or len(self.busy) >= MOST_AT_ONCE:
            await self._say(heard, api, "Still at the last ones: ask again in a moment.")
            return

        task = self._tasks.create_task(self.alone(work(), heard, api))
        self.busy.add(task)
        task.add_done_callback(self.busy.discard)

    # ----------------------------------------------------------------------------------- buttons

    async def pressed(self, heard: ButtonPress, api: BotApi) -> None:
        """Carry out a button; it is answered before anything slow is done."""
        if heard.data.partition(":")[0] in (ADD, UNDO):
            await self._pressed_on_bet(heard, api)
            return
        found = read_button(heard.data)
        card = None if found is None else await self.store.cards.find(found[1])
        tracking = None if card is None else self.live_view.tracking(card.game)
        if found is None or card is None or tracking is None:
            await self._send(lambda: api.answer(heard.query, "This card is not kept any more."))
            return
        action, game = found[0], tracking.game
        if action is CardAction.WHY:
            await self._send(lambda: api.answer(heard.query, "One moment …"))
            await self._why_card(heard, game.id, api)
            return
        said = await self._turn(action, game, tracking.state)
        self.refresh(game.id)
        await self._send(lambda: api.answer(heard.query, said))

    async def _pressed_on_bet(self, heard: ButtonPress, api: BotApi) -> None:
        """Undo a bet that was added, or add the line that the answer was about."""
        number = number_of(heard.data.removeprefix(f"{UNDO}:"))
        if not heard.data.startswith(ADD):
            said = "There is no such bet." if number is None else await self.bets.undo(number)
            await self._send(lambda: api.answer(heard.query, said))
            return
        await self._send(lambda: api.answer(heard.query, "" if heard.line else _GONE))
        if heard.line:
            mark = heard.data.partition(":")[2]
            added = await self.bets.add_shown(heard.line, mark)
            await self._reply(self._asked_by(heard), api, added)

    def _asked_by(self, heard: ChatMessage | ButtonPress) -> ChatMessage:
        """The message to reply to: what was written, or the message that a button is below."""
        if isinstance(heard, ChatMessage):
            return heard
        return ChatMessage(
            heard.update, heard.chat, heard.user, heard.message, "", self.real.now(), group=False,
            topic=heard.topic,
        )  # fmt: skip

    async def _turn(self, action: CardAction, game: Game, state: GameState | None) -> str:
        """Snooze a game or end its snooze; returns what to say."""
        now = self.clock.now()
        if action is CardAction.REFRESH:
            return ""
        if action is CardAction.UNMUTE:
            await self.store.alerting.lift_snooze(SnoozeScope.GAME, game.id, now)
            every = await self.store.alerting.lift_snooze(SnoozeScope.ALL, "", now)
            more = ", and the silence about everything is over" if every else ""
            return f"Alerts on {game.name} are heard again{more}."
        card = self.live_view.card(game.id)
        if card is not None and card.closed:
            return f"The card of {game.name} is closed: nothing is silenced."
        span = timedelta(minutes=SNOOZE_MINUTES)
        if action is CardAction.MUTE:
            span = ends_about(game, state, self.clock)
        kept = await self.store.alerting.snooze(Snooze(SnoozeScope.GAME, game.id, now, now + span))
        self.live_view.snooze(await self.store.alerting.snoozes(now))
        about = ", about when it ends" if action is CardAction.MUTE else ""
        return f"{answers.silent_text(kept, {game.id: game.name}, self._local)}{about}."

    async def _why_card(self, heard: ButtonPress, game_id: str, api: BotApi) -> None:
        """Explain the chance that has moved most on a card."""
        number = self.live_view.most_moved(game_id)
        asked = self._asked_by(heard)
        if number is None:
            await self._say(asked, api, "No open bet on this game has a chance")
            return
        await self._in_background(lambda: self._why(asked, str(number), api), asked, api)

    # ------------------------------------------------------------------------------------ sending

    async def _say(self, heard: ChatMessage, api: BotApi, text: str) -> None:
        """Answer with a text, its first line in bold."""
        await self._reply(heard, api, ChatReply(text))

    async def _reply(self, heard: ChatMessage, api: BotApi, reply: ChatReply) -> None:
        """Answer with a text and its buttons."""
        html = marked_up(Message(reply.text, ()))
        rows = (reply.buttons,) if reply.buttons else ()
        await self._send(
            lambda: api.post(
                heard.place, html, html=True, reply_to=heard.message, buttons=rows, silent=True
            )
        )

    async def _send(self, ask: Callable[[], Awaitable[Answer]]) -> None:
        """Send a request; once more where Telegram asks for a short wait."""
        for _ in range(_TRIES):
            try:
                async with asyncio.timeout(self.connection.limit):
                    answer = await ask()
            except TimeoutError:
                return
            if not isinstance(answer, Failed) or (answer.retry_after or 0.0) > LONGEST_WAIT_S:
                return
            await self.real.sleep(answer.retry_after or 1.0)


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
