"""Writes to a Telegram chat through aiogram, and tells exactly what came of it.

Importing this takes two seconds and well over 100 MB: aiogram builds a model of every type of the
Bot API. Import it in a thread, and only where a bot was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import LinkPreviewOptions
from pydantic import SecretStr

from tracker.domain.delivery import Failed, Outcome, Refused, Sent, Unknown

ANSWER_LIMIT = 1 << 20
"""Most bytes that an answer may have; a real one has about a thousand."""

_QUOTED = 160
"""Most characters of a server's own words that are repeated."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Nothing was written: the group is a supergroup by now, under another number."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class BadMarkup:
    """Nothing was written: Telegram cannot read the HTML. `why` is its own sentence."""

    why: str


Answer = Outcome | Moved | BadMarkup


class _OddAnswer(Exception):
    """The answer is not one of a working Bot API. `status` is that of HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}")
        self.status = status


class _Session(AiohttpSession):
    """aiogram's own session, with a cap on answers and without redirects.

    A redirected request would be repeated without its body, or take the token elsewhere. aiogram
    asks for a subclass where requests are to be made in another way.
    """

    def __init__(self, api: TelegramAPIServer, connect_limit: float) -> None:
        super().__init__(api=api)
        # The whole of a send has its deadline in the channel. That of the connection is apart,
        # because nothing has been sent when it runs out.
        self._limits = aiohttp.ClientTimeout(total=None, connect=connect_limit)

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ARG002, ASYNC109 - aiogram's signature
    ) -> TelegramType:
        """Ask once. Raises aiohttp's errors, _OddAnswer, and aiogram's for answers that say no."""
        client = await self.create_session()
        async with client.post(
            self.api.api_url(token=bot.token, method=method.__api_method__),
            data=self.build_form_data(bot, method),
            timeout=self._limits,
            allow_redirects=False,
        ) as answer:
            status = answer.status
            body = await _read(answer)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _OddAnswer(status)
        try:
            response = self.check_response(bot, method, status, body.decode("utf-8", "replace"))
        except ClientDecodeError as why:
            if status == HTTPStatus.OK and _says_ok(why.data):
                raise
            raise _OddAnswer(status) from None
        result: Any = response.result
        return result  # type: ignore[no-any-return]  # of the type that the method names

    async def close(self) -> None:
        """Close every connection; aiohttp itself waits for them, so there is nothing to add."""
        if self._session is not None:
            await self._session.close()


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises _OddAnswer when it is longer than any answer of the Bot API."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > ANSWER_LIMIT:
            raise _OddAnswer(answer.status)
    return bytes(body)


def _says_ok(data: object) -> bool:
    return isinstance(data, dict) and data.get("ok") is True


class BotApi:
    """One bot at one Bot API. Hand it back with `close`."""

    def __init__(self, token: SecretStr, api_url: str, connect_limit: float) -> None:
        """Nothing is sent yet. `connect_limit` is in seconds, name look-up and TLS included."""
        self._token = token
        api = TelegramAPIServer.from_base(api_url)
        self._bot = Bot(token.get_secret_value(), session=_Session(api, connect_limit))

    async def post(self, chat_id: int, text: str, *, html: bool) -> Answer:
        """Write one message to a chat. It raises nothing but cancellation, and repeats nothing."""
        try:
            await self._bot.send_message(
                chat_id,
                text,
                parse_mode=ParseMode.HTML if html else None,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except ClientDecodeError:
            return Sent()  # it says ok, around a message of a kind that aiogram does not know
        except TelegramAPIError as why:
            return _said_no(why, chat_id, self._quoted(why.message))
        except _OddAnswer as why:
            return _odd(why.status)
        except (aiohttp.InvalidURL, UnicodeError):
            return Refused("there can be no such address: check [notify.telegram] api_url")
        except (aiohttp.ClientError, OSError) as why:
            return _broken(why)
        return Sent()

    async def close(self) -> None:
        """Close the connections."""
        await self._bot.session.close()

    def _quoted(self, said: str | None) -> str:
        """The server's own words in one line, without the token, whoever the server is."""
        words = " ".join((said or "no reason given").split())
        token = self._token.get_secret_value()
        for secret in (token, token.partition(":")[2]):
            words = words.replace(secret, "***")
        return words.removeprefix("Bad Request: ").removeprefix("Forbidden: ")[:_QUOTED]


def _said_no(error: TelegramAPIError, chat_id: int, said: str) -> Answer:
    """What follows from an answer of the Bot API that is not `ok`: the message was not written."""
    match error:
        case TelegramRetryAfter(retry_after=wait):
            return Failed(
                f"Telegram asks to wait {max(wait, 0)} s", float(wait) if wait > 0 else None
            )
        case TelegramMigrateToChat(migrate_to_chat_id=moved_to):
            return Moved(moved_to)
        case TelegramUnauthorizedError() | TelegramNotFound():
            return Refused(
                "Telegram does not know the bot's token: ask @BotFather for it with /token and "
                "write it under [notify.telegram] token, and see that api_url is right"
            )
        case TelegramForbiddenError():
            return Refused(
                f"the bot may not write to chat {chat_id} ({said}): press Start in the chat with "
                "it and unblock it there, or add it to the group again"
            )
        case TelegramBadRequest() if "can't parse" in said.lower():
            return BadMarkup(said)
        case TelegramBadRequest() if "chat not found" in said.lower():
            return Refused(
                f"Telegram knows no chat {chat_id} for this bot: press Start in the chat with it "
                "or add it to the group, and check [notify.telegram] chat_id"
            )
        case TelegramBadRequest() | TelegramEntityTooLarge():
            return Refused(f"Telegram does not take the message for chat {chat_id}: {said}")
        case _:
            return Failed(f"Telegram did not take the message: {said}")


def _odd(status: int) -> Outcome:
    """What follows from an answer that is not the Bot API's.

    After a 5xx the message may have been written, as after a 200 that cannot be read. A redirect
    or a 4xx is a server's word that it did nothing.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(f"Telegram answered {status}")
    told = f"answered {status}, but not as the Bot API does: check [notify.telegram] api_url"
    return Failed(told) if status >= HTTPStatus.MULTIPLE_CHOICES else Unknown(told)


def _broken(error: Exception) -> Outcome:
    """What follows from a request without an answer; the error's text may hold the token."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return Failed("the name of Telegram's server cannot be found")
        case aiohttp.ClientSSLError():
            return Failed("no secure connection to Telegram: its certificate or TLS is not sound")
        case aiohttp.ClientConnectorError():
            return Failed("Telegram's server cannot be reached")
        case aiohttp.ConnectionTimeoutError():
            return Failed("Telegram's server did not take the connection in time")
        case _:
            return Unknown(f"the connection broke before the answer ({type(error).__name__})")
