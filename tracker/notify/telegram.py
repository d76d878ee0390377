"""The Telegram channel: writes each alert to one chat, natively, so that every outcome is known.

aiogram does the talking. It is an extra, and imported on first use: see `telegram_bot`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from importlib.util import find_spec
from types import TracebackType
from typing import TYPE_CHECKING, Self, assert_never

from pydantic import SecretStr

from tracker.domain.delivery import Failed, Outcome, Refused, Sent, Unknown
from tracker.notify.channel import Message
from tracker.notify.telegram_text import marked_up, plain
from tracker.notify.threads import in_thread
from tracker.settings.mistakes import ConfigError
from tracker.settings.models import TelegramSettings

if TYPE_CHECKING:
    from tracker.notify.telegram_bot import BotApi

CONNECT_LIMIT = 5.0
"""Seconds to reach the server, its name and TLS included: what fails in them never left."""

SEND_LIMIT = 15.0
"""Real seconds for all of a send, what is repeated for a moved group or for markup included."""

NO_AIOGRAM = 'Telegram needs aiogram, which is not installed: pip install "tracker[telegram]"'

_API_URL = "https://api.telegram.org"
_TOKEN = re.compile(r"\d+:[\w-]+", re.ASCII)
_MOST_REQUESTS = 4
"""A group that has moved, markup that is not understood, and one more of each kind."""

Tell = Callable[[str, dict[str, str]], None]
"""Takes an event name and its figures: the log, or nothing."""


def _say_nothing(event: str, figures: dict[str, str]) -> None:
    """Log nothing."""


def telegram_channel(
    settings: TelegramSettings, token: SecretStr | None, tell: Tell = _say_nothing
) -> TelegramChannel | None:
    """The channel that the configuration asks for; None when it asks for none.

    `token` is the one in force, from `load_secrets`. Raises ConfigError when only half is there,
    when the token is not one, and when aiogram is not installed.
    """
    if token is None and settings.chat_id is None:
        return None
    if token is None:
        raise ConfigError(
            "[notify.telegram] token: is missing beside chat_id; write the one that @BotFather gave"
        )
    if settings.chat_id is None:
        raise ConfigError(
            "[notify.telegram] chat_id: is missing beside the token; write the number of the chat, "
            "docs/telegram.md says how to find it"
        )
    if find_spec("aiogram") is None:
        raise ConfigError(f"[notify.telegram]: {NO_AIOGRAM}, or take the table out")
    return TelegramChannel(token, settings.chat_id, api_url=settings.api_url, tell=tell)


class TelegramChannel:
    """One bot that writes to one chat. Close it, or use it in an `async with`."""

    def __init__(
        self,
        token: SecretStr,
        chat_id: int,
        *,
        api_url: str = _API_URL,
        tell: Tell = _say_nothing,
        limit: float = SEND_LIMIT,
        connect_limit: float = CONNECT_LIMIT,
    ) -> None:
        """`api_url` is scheme and host; limits are in real seconds. Nothing is read or sent yet.

        Raises ConfigError when `token` cannot be one.
        """
        if not _TOKEN.fullmatch(token.get_secret_value()):
            raise ConfigError(
                "[notify.telegram] token: is not one; @BotFather gives them as a number, a colon, "
                "and letters"
            )
        self.name = "telegram"
        self._token = token
        self._chat_id = chat_id
        self._api_url = api_url
        self._tell = tell
        self._limit = limit
        self._connect_limit = connect_limit
        self._api: BotApi | None = None
        self._opening = asyncio.Lock()

    def __repr__(self) -> str:
        """The name alone: the token is a secret."""
        return f"TelegramChannel({self.name})"

    async def __aenter__(self) -> Self:
        """Give the channel itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; a later send would open them again."""
        api, self._api = self._api, None
        if api is not None:
            await api.close()

    async def warm_up(self) -> None:
        """Load aiogram in a thread, so that the first alert does not wait for it.

        Raises ConfigError when it is not installed.
        """
        try:
            await self._opened()
        except ImportError:
            raise ConfigError(NO_AIOGRAM) from None

    async def send(self, message: Message) -> Outcome:
        """Write one message to the chat, and say what came of it."""
        try:
            api = await self._opened()
        except ImportError:
            return Refused(NO_AIOGRAM)
        try:
            async with asyncio.timeout(self._limit):
                return await self._post(api, message)
        except TimeoutError:
            return Unknown(f"no answer from Telegram within {self._limit:g} s")

    async def _opened(self) -> BotApi:
        async with self._opening:
            if self._api is None:
                self._api = await in_thread(self._open, f"notify-{self.name}")
            return self._api

    def _open(self) -> BotApi:
        from tracker.notify.telegram_bot import BotApi

        return BotApi(self._token, self._api_url, self._connect_limit)

    async def _post(self, api: BotApi, message: Message) -> Outcome:
        """Ask until there is an outcome: only answers that nothing was written are asked again."""
        from tracker.notify.telegram_bot import BadMarkup, Moved

        html = True
        for _ in range(_MOST_REQUESTS):
            text = marked_up(message) if html else plain(message)
            answer = await api.post(self._chat_id, text, html=html)
            match answer:
                case Moved():
                    self._follow(answer.chat_id)
                case BadMarkup() if html:
                    html = False
                    self._tell("telegram.plain", {"alerts": message.key, "why": answer.why})
                case BadMarkup():
                    return Refused(f"Telegram cannot read the message: {answer.why}")
                case Sent() | Refused() | Failed() | Unknown():
                    return answer
                case _:
                    assert_never(answer)
        return Refused(f"the group keeps moving, to chat {self._chat_id} at last: check chat_id")

    def _follow(self, chat_id: int) -> None:
        """Write to the chat's later number until the program ends, and say so."""
        figures = {
            "was": str(self._chat_id),
            "chat_id": str(chat_id),
            "do": f"write chat_id = {chat_id} under [notify.telegram]",
        }
        self._chat_id = chat_id
        self._tell("telegram.chat_moved", figures)
