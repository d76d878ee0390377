"""One bot's connection to Telegram, shared by alerts, live cards and commands.

It uses python-telegram-bot, an optional library that is imported on first use (see `bot`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, assert_never

from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.events import ChatMoved, MarkupRefused, Tell, TopicGone, tell_nobody
from tracker.network import UnusableProxy
from tracker.notify.channels import Gone, Shown, in_thread
from tracker.notify.channels.telegram import Answer, BadMarkup, ChatPlace, Conflict, Moved, NoTopic
from tracker.settings import Secret
from tracker.settings.reading import ConfigError

if TYPE_CHECKING:
    from tracker.notify.channels.telegram.bot import BotApi

API_URL = "https://api.telegram.org"

CONNECT_LIMIT = 5.0
"""Seconds to reach the server, with name look-up and TLS: a message that fails in these was never
sent."""

SEND_LIMIT = 15.0
"""Real seconds for a whole send, with its repetitions for a moved group or for bad markup."""

NO_LIBRARY = (
    "Telegram needs python-telegram-bot, which is not installed: "
    'pip install ".[telegram]" in tracker\'s folder'
)

NO_CHAT = "no chat is paired with the bot yet: tracker telegram pair"

_TOKEN = re.compile(r"\d+:[\w-]+", re.ASCII)
_MOST_REQUESTS = 4
"""One each for a group that has moved, bad markup and a topic that is gone, and one more."""

_UNPAIRED_WAIT = 30.0
"""Seconds until the next try, by when a chat may be paired, or certificates or a proxy mended."""

Ask = Callable[["BotApi", ChatPlace, bool], Awaitable[Answer]]
"""Makes one request of a bot for a place, with markup or without."""

Spoken = Shown | Gone | Outcome
"""The result of a request, once moved groups and bad markup are dealt with."""


class CannotOpen(Exception):
    """Nothing can be sent with the machine's present certificates or proxy."""


def is_token(text: str) -> bool:
    """Whether a text looks like a bot's token."""
    return _TOKEN.fullmatch(text) is not None


class TelegramConnection:
    """A bot and the place that it writes to, which may become known later. Close it in the end."""

    def __init__(
        self,
        token: Secret,
        place: ChatPlace | None,
        *,
        api_url: str = API_URL,
        tell: Tell = tell_nobody,
        limit: float = SEND_LIMIT,
        connect_limit: float = CONNECT_LIMIT,
    ) -> None:
        """`api_url` is scheme and host; limits are in real seconds. Nothing is requested yet.

        Raises ConfigError when `token` is malformed.
        """
        if not is_token(token.get_secret_value()):
            raise ConfigError(
                "[notify.telegram] token: is not one; @BotFather gives them as a number, a colon, "
                "and letters"
            )
        self._place = place
        self.tell = tell
        self.limit = limit
        self._moves: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        self._token = token
        self._api_url = api_url
        self._connect_limit = connect_limit
        self._api: BotApi | None = None
        self._lost_topics: set[int] = set()
        self._opening = asyncio.Lock()

    def __repr__(self) -> str:
        """The chat only: the token is a secret."""
        return f"TelegramConnection({self.chat_id})"

    @property
    def place(self) -> ChatPlace | None:
        """The chat, and the topic in it, to write to; None until a person pairs one."""
        return self._place

    def write_to(self, place: ChatPlace | None) -> None:
        """Write to this place from now on."""
        self._place = place

    @property
    def chat_id(self) -> int | None:
        """The chat that is written to; None until a person pairs one."""
        return None if self.place is None else self.place.chat

    async def aclose(self) -> None:
        """Close the connections; a later request would open them again."""
        api, self._api = self._api, None
        if api is not None:
            await api.close()

    async def opened(self) -> BotApi:
        """The bot, with its library loaded in a thread.

        Raises ImportError when the library is not installed, and CannotOpen when the machine's
        certificates or proxy cannot be used.
        """
        async with self._opening:
            if self._api is None:
                self._api = await in_thread(self._open, "notify-telegram")
            return self._api

    def _open(self) -> BotApi:
        from tracker.notify.channels.telegram.bot import BotApi

        try:
            return BotApi(self._token, self._api_url, self._connect_limit)
        except OSError as why:
            raise CannotOpen(
                f"the certificates that SSL_CERT_FILE names cannot be read: {why.strerror or why}"
            ) from None
        except UnusableProxy as why:
            raise CannotOpen(str(why)) from None

    async def speak(self, ask: Ask, what: str) -> Spoken:
        """Make a request until it has an outcome: it is repeated only if nothing was written.

        `what` names the message in the log.
        """
        if self.place is None:
            return Failed(NO_CHAT, _UNPAIRED_WAIT)
        try:
            api = await self.opened()
        except ImportError:
            return Refused(NO_LIBRARY)
        except CannotOpen as why:
            return Failed(str(why), _UNPAIRED_WAIT)
        try:
            async with asyncio.timeout(self.limit):
                return await self._speak(api, ask, what)
        except TimeoutError:
            return Unknown(f"no answer from Telegram within {self.limit:g} s")

    async def _speak(self, api: BotApi, ask: Ask, what: str) -> Spoken:
        html = in_topic = True
        for _ in range(_MOST_REQUESTS):
            assert self.place is not None  # noqa: S101 - it is never taken away
            place = self.place if in_topic else ChatPlace(self.place.chat)
            answer = await ask(api, place, html)
            match answer:
                case Moved():
                    self._follow(answer.chat_id)
                case NoTopic() if in_topic and place.topic is not None:
                    in_topic = False
                    self._without_topic(place.topic, answer.why)
                case NoTopic():
                    return Refused(f"Telegram does not take the message: {answer.why}")
                case BadMarkup() if html:
                    html = False
                    self.tell(MarkupRefused(what, answer.why))
                case BadMarkup():
                    return Refused(f"Telegram cannot read the message: {answer.why}")
                case Conflict():
                    return Failed(f"Telegram did not take the message: {answer.why}")
                case Shown() | Gone() | Sent() | Refused() | Failed() | Unknown():
                    return answer
                case _:
                    assert_never(answer)
        return Refused(f"the group keeps moving, to chat {self.chat_id} at last: check chat_id")

    def _follow(self, chat_id: int) -> None:
        """Write to the chat's new id from now on, and report that."""
        was = self.chat_id or 0
        self._place = ChatPlace(chat_id)
        self.tell(ChatMoved(was, chat_id, f"write chat_id = {chat_id} under [notify.telegram]"))
        self._moves.put_nowait((was, chat_id))

    async def moved(self) -> tuple[int, int]:
        """Wait for the next move of the chat: its id before and after."""
        return await self._moves.get()

    def _without_topic(self, topic: int, why: str) -> None:
        """Report once for each lost topic that its messages go to the group itself."""
        if topic not in self._lost_topics:
            self._lost_topics.add(topic)
            do = "open the topic again, or pair from another one with tracker telegram pair"
            self.tell(TopicGone(topic, why, do))
