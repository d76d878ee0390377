"""Talks to Telegram through python-telegram-bot, and finds the exact outcome of each request.

Importing this takes half a second and 20 MB. Import it in a thread, and only where a bot is
configured.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from datetime import UTC, timedelta
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from telegram import (
    Bot,
    BotCommand,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
    Update,
)
from telegram.constants import ChatType, ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.error import Conflict as TwoReaders
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.network import (
    LONGEST_WAIT,
    PROXIES,
    UnusableProxy,
    certificate_trouble,
    proxy_for,
    trusted,
)
from tracker.notify.channels import Gone, Shown
from tracker.notify.channels.telegram import (
    Answer,
    BadMarkup,
    ButtonPress,
    ChatMessage,
    ChatPlace,
    ChatUpdate,
    Conflict,
    Moved,
    NoTopic,
    OtherUpdate,
    Updates,
)
from tracker.settings import Secret

ANSWER_LIMIT = 4 << 20
"""Most bytes of an answer; a hundred updates of the longest kind are shorter."""

READ_LIMIT = 15.0
"""Most real seconds without a byte of an answer; a poll may be held open longer."""

KEPT_OPEN = 90.0
"""Seconds that an unused connection is kept: cards and polls use it again sooner."""

Button = tuple[str, str]
"""A button's label and its data, at most 64 bytes."""

_T = TypeVar("_T")

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_QUOTED = 160
"""Most characters that are quoted from a server's own words."""

_LOGS = (
    "httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy", "httpcore.socks",
    "telegram.Bot", "telegram.request.BaseRequest", "telegram.request.HTTPXRequest",
)  # fmt: skip
"""Loggers that write addresses, which hold the token, and what servers say."""

_PROXIES = (*PROXIES, "socks5", "socks5h")

_WRITTEN = ("sendMessage", "sendPhoto")


class _Silence(logging.Filter):
    """Drops log records that hold a secret."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self._secret = secret

    def filter(self, record: logging.LogRecord) -> bool:
        return self._secret not in record.getMessage()


class _Capped(httpx.AsyncByteStream):
    """The bytes of an answer, up to the most that an answer may have."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = ANSWER_LIMIT
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise httpx.ReadError("the answer is too long")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _capped(response: httpx.Response) -> None:
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Capped(response.stream)


class _Request(HTTPXRequest):
    """Makes a request with the library, and checks the kind of answer before it is parsed.

    It tells a server's statuses apart better than python-telegram-bot's errors do, since the status
    decides whether a message may have been written. Redirects are not followed: a redirected
    request would be repeated without its body, or take the token elsewhere.
    """

    async def do_request(  # noqa: PLR0913, PLR0917 - the library's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one request.

        Raises the library's own errors, UnexpectedAnswer, UnreadableSuccess and RequestTooLarge.
        """
        status, body = await super().do_request(
            url, method, request_data, read_timeout, write_timeout, connect_timeout, pool_timeout
        )
        answer = _read(status, body)
        if not answer["ok"] and status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise RequestTooLarge(str(answer.get("description", "Request Entity Too Large")))
        if not answer["ok"] and status < HTTPStatus.MULTIPLE_CHOICES:
            raise TelegramError(str(answer.get("description", "no reason given")))
        if answer["ok"] and url.rpartition("/")[2] in _WRITTEN and not _is_message(answer):
            raise UnreadableSuccess
        return status, body


def _read(status: int, body: bytes) -> dict[str, Any]:
    """The answer in the Bot API's form. Raises UnexpectedAnswer for what no Bot API answers."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise UnexpectedAnswer(status) from None
    sound = isinstance(answer, dict) and isinstance(answer.get("ok"), bool)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or not sound:
        raise UnexpectedAnswer(status)
    if answer["ok"] and ("result" not in answer or status >= HTTPStatus.MULTIPLE_CHOICES):
        raise UnexpectedAnswer(status)
    found: dict[str, Any] = answer
    return found


def _is_message(answer: dict[str, Any]) -> bool:
    """Whether an answer holds a message with the fields that every message has."""
    found = answer["result"]
    if not isinstance(found, dict) or not isinstance(found.get("chat"), dict):
        return False
    return {"message_id", "date"} <= found.keys() and {"id", "type"} <= found["chat"].keys()


def _request(api_url: str, connect_limit: float) -> _Request:
    """The maker of requests to a Bot API. Raises OSError, UnusableProxy."""
    options: dict[str, Any] = {
        "verify": trusted(),
        "trust_env": False,
        "event_hooks": {"response": [_capped]},
        "limits": httpx.Limits(max_connections=16, keepalive_expiry=KEPT_OPEN),
    }
    try:
        return _Request(
            connect_timeout=connect_limit,
            read_timeout=READ_LIMIT,
            write_timeout=READ_LIMIT,
            proxy=proxy_for(api_url, _PROXIES),
            httpx_kwargs=options,
        )
    except httpx.InvalidURL:
        # The text of this error may hold the proxy's password.
        raise UnusableProxy(
            "the proxy that HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names has no address that can be: "
            "write it as http://HOST:PORT"
        ) from None


class BotApi:
    """One bot at one Bot API. Close it with `close`.

    Proxies and certificates are those of the environment; a proxy may use SOCKS. A request raises
    nothing but cancellation, and is never repeated.
    """

    def __init__(self, token: Secret, api_url: str, connect_limit: float) -> None:
        """Nothing is sent yet. `connect_limit` is in seconds, name look-up and TLS included.

        Raises OSError when the certificates cannot be read, and UnusableProxy.
        """
        self._silence = _Silence(token.get_secret_value().partition(":")[2])
        for name in _LOGS:
            logging.getLogger(name).addFilter(self._silence)
        # The library's own switch to get durations in the form of its next major version.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self._token = token
        self._requests = [_request(api_url, connect_limit) for _ in range(2)]
        self._bot = Bot(
            token.get_secret_value(),
            base_url=f"{api_url}/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )

    async def post(
        self,
        place: ChatPlace,
        text: str,
        *,
        html: bool,
        reply_to: int | None = None,
        buttons: Sequence[Sequence[Button]] = (),
        silent: bool = False,
    ) -> Answer:
        """Write one message to a place, as a reply if the message to reply to is still there."""
        asked = self._bot.send_message(
            place.chat,
            text,
            parse_mode=ParseMode.HTML if html else None,
            link_preview_options=_NO_PREVIEW,
            reply_parameters=_reply(reply_to),
            reply_markup=_keyboard(buttons),
            disable_notification=silent or None,
            message_thread_id=place.topic,
        )
        return _as_shown(await self._ask(asked, place.chat))

    async def edit(
        self,
        chat_id: int,
        message: int,
        text: str,
        *,
        html: bool,
        buttons: Sequence[Sequence[Button]] = (),
    ) -> Answer:
        """Make a message show this text and these buttons; Sent also when it does already."""
        asked = self._bot.edit_message_text(
            text,
            chat_id=chat_id,
            message_id=message,
            parse_mode=ParseMode.HTML if html else None,
            link_preview_options=_NO_PREVIEW,
            reply_markup=_keyboard(buttons),
        )
        return _answer_or(await self._ask(asked, chat_id), Sent())

    async def picture(self, place: ChatPlace, image: bytes, caption: str, reply_to: int) -> Answer:
        """Send a PNG with a caption (at most 1,024 characters) as a reply."""
        asked = self._bot.send_photo(
            place.chat,
            image,
            caption=caption,
            filename="chart.png",
            reply_parameters=_reply(reply_to),
            message_thread_id=place.topic,
        )
        return _as_shown(await self._ask(asked, place.chat))

    async def answer(self, query: str, text: str = "") -> Answer:
        """Answer a pressed button, with a text that fades."""
        asked = self._bot.answer_callback_query(query, text or None)
        return _answer_or(await self._ask(asked, None), Sent())

    async def updates(self, offset: int | None, wait: int) -> Updates | Answer:
        """The messages and pressed buttons from `offset` on; waits up to `wait` seconds."""
        asked = self._bot.get_updates(
            offset, timeout=wait, allowed_updates=[Update.MESSAGE, Update.CALLBACK_QUERY]
        )
        found = await self._ask(asked, None)
        if not isinstance(found, tuple):
            return _answer_or(found, odd(HTTPStatus.OK))
        try:
            return Updates(tuple(_update_of(x) for x in found))
        except TypeError:
            return odd(HTTPStatus.OK)

    async def name(self) -> str | Answer:
        """The bot's own user name."""
        found = await self._ask(self._bot.get_me(), None)
        if isinstance(found, Answer):
            return found
        return odd(HTTPStatus.OK) if found is None or not found.username else found.username

    async def offer(self, commands: Sequence[tuple[str, str]]) -> Answer:
        """Make a person's client offer these commands, each with its description."""
        offered = [BotCommand(name, what) for name, what in commands]
        return _answer_or(await self._ask(self._bot.set_my_commands(offered), None), Sent())

    async def webhook(self) -> str | Answer:
        """The address that Telegram sends the bot's updates to; empty if there is none.

        While there is one, no program can poll.
        """
        found = await self._ask(self._bot.get_webhook_info(), None)
        if isinstance(found, Answer):
            return found
        return odd(HTTPStatus.OK) if found is None else found.url

    async def remove_webhook(self) -> Answer:
        """Remove the webhook, so that updates can be polled; those that wait are kept."""
        return _answer_or(await self._ask(self._bot.delete_webhook(), None), Sent())

    async def close(self) -> None:
        """Close the connections."""
        for request in self._requests:
            await request.shutdown()
        for name in _LOGS:
            logging.getLogger(name).removeFilter(self._silence)

    async def _ask(self, asked: Awaitable[_T], chat_id: int | None) -> _T | Answer | None:
        """The result, an Answer in its place, or None where the result cannot be read."""
        try:
            return await asked
        except UnexpectedAnswer as why:
            return odd(why.status)
        except UnreadableSuccess:
            return Sent()
        except TelegramError as why:
            return said_no(why, chat_id, self._quoted(why.message))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            # python-telegram-bot raises these where an answer holds an unknown value.
            return odd(HTTPStatus.OK)

    def _quoted(self, said: str | None) -> str:
        """The server's own words on one line, without the token, whoever the server is."""
        words = " ".join((said or "no reason given").split())
        token = self._token.get_secret_value()
        for secret in (token, token.partition(":")[2]):
            for form in (secret, secret.lower()):
                words = words.replace(form, "***")
        words = words.removeprefix("Bad Request: ").removeprefix("Forbidden: ")[:_QUOTED]
        return words[:1].lower() + words[1:]


def _answer_or(found: object, otherwise: Answer) -> Answer:
    """The Answer that came in place of a result, or `otherwise` if there is a result."""
    return found if isinstance(found, Answer) else otherwise


def _as_shown(found: Message | Answer | None) -> Answer:
    """A written message by its number; Sent where it was written but its number is unknown."""
    match found:
        case Message():
            return Shown(str(found.message_id))
        case None:
            return Sent()
        case _:
            return found


def _reply(message: int | None) -> ReplyParameters | None:
    return None if message is None else ReplyParameters(message, allow_sending_without_reply=True)


def _keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(text, callback_data=data) for text, data in row] for row in rows]
    )


def _update_of(update: Update) -> ChatUpdate:
    """One update in our own values; TypeError where its numbers are not numbers."""
    number = _whole(update.update_id)
    if update.callback_query is not None:
        return _pressed(number, update.callback_query)
    if update.message is not None:
        return _written(number, update.message)
    return OtherUpdate(number)


def _whole(number: object) -> int:
    """A whole number from the library, which does not check it."""
    if not isinstance(number, int):
        raise TypeError(f"{number!r} is no whole number")
    return number


def _pressed(number: int, query: CallbackQuery) -> ChatUpdate:
    message = query.message
    if query.data is None or message is None:
        return OtherUpdate(number)
    whole = message if isinstance(message, Message) else None
    replied = None if whole is None else whole.reply_to_message
    return ButtonPress(
        update=number,
        chat=_whole(message.chat.id),
        user=_whole(query.from_user.id),
        message=_whole(message.message_id),
        query=query.id,
        data=query.data,
        topic=None if whole is None else _topic(whole),
        line=(replied.text if replied is not None else None) or "",
    )


def _written(number: int, message: Message) -> ChatUpdate:
    if message.text is None:
        return OtherUpdate(number)
    return ChatMessage(
        update=number,
        chat=_whole(message.chat.id),
        user=0 if message.from_user is None else _whole(message.from_user.id),
        message=_whole(message.message_id),
        text=message.text,
        at=message.date.astimezone(UTC),
        group=message.chat.type != ChatType.PRIVATE,
        topic=_topic(message),
    )


def _topic(message: Message) -> int | None:
    """The topic of a message. A thread of replies has such a number too, but is no topic."""
    return message.message_thread_id if message.is_topic_message else None


# -------------------------------------- what an answer means: each refusal and failure told apart

_SAME = "message is not modified"
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message identifier is not specified",
)
_NO_TOPIC = ("message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")

_LONGEST_LABEL = 63


class UnexpectedAnswer(TelegramError):
    """The answer is not one of a working Bot API. `status` is the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}")
        self.status = status


class UnreadableSuccess(TelegramError):
    """The Bot API did what was asked, but its answer cannot be read."""

    def __init__(self) -> None:
        super().__init__("taken")


class RequestTooLarge(TelegramError):
    """The Bot API does not take a request of this size."""


def said_no(error: TelegramError, chat_id: int | None, said: str) -> Answer:
    """The meaning of a refusal, or of no answer. `said` is the server's own sentence."""
    match error:
        case RetryAfter(retry_after=wait):
            return _asked_to_wait(wait)
        case ChatMigrated(new_chat_id=moved_to):
            return Moved(moved_to)
        case TwoReaders():
            return Conflict(said)
        case InvalidToken():
            return Refused(
                "Telegram does not know the bot's token: ask @BotFather for it with /token and "
                "write it under [notify.telegram] token, and see that api_url is right"
            )
        case Forbidden():
            return Refused(
                f"the bot may not write to chat {chat_id} ({said}): press Start in the chat with "
                "it and unblock it there, or add it to the group again"
            )
        case BadRequest():
            return _bad_request(chat_id, said)
        case RequestTooLarge():
            return _not_taken(chat_id, said)
        case NetworkError(__cause__=BaseException() as cause):
            return _broken(cause)
        case _:
            return Failed(f"Telegram did not take the message: {said}")


def _asked_to_wait(wait: object) -> Failed:
    """The library makes a duration of a number, and leaves anything else as it came."""
    asked = wait.total_seconds() if isinstance(wait, timedelta) else wait
    seconds = min(max(float(asked), 0.0), LONGEST_WAIT) if isinstance(asked, int | float) else 0.0
    return Failed(f"Telegram asks to wait {seconds:g} s", seconds or None)


def _bad_request(chat_id: int | None, said: str) -> Answer:
    low = said.lower()
    if _SAME in low:
        return Sent()
    if any(word in low for word in _GONE):
        return Gone(said)
    if any(word in low for word in _NO_TOPIC):
        return NoTopic(said)
    if "can't parse" in low:
        return BadMarkup(said)
    if "chat not found" in low:
        return Refused(
            f"Telegram knows no chat {chat_id} for this bot: press Start in the chat with it "
            "or add it to the group, and check [notify.telegram] chat_id"
        )
    return _not_taken(chat_id, said)


def _not_taken(chat_id: int | None, said: str) -> Refused:
    return Refused(f"Telegram does not take the message for chat {chat_id}: {said}")


def odd(status: int) -> Outcome:
    """The outcome of an answer that is not the Bot API's.

    After a 5xx the message may have been written, and after a 200 that cannot be read. A redirect
    or a 4xx says that the server did nothing.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(f"Telegram answered {status}")
    why = f"answered {status}, but not as the Bot API does: check [notify.telegram] api_url"
    return Failed(why) if status >= HTTPStatus.MULTIPLE_CHOICES else Unknown(why)


def _broken(error: BaseException) -> Outcome:
    """The outcome of a request without an answer; the error's text may hold the token."""
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Failed("Telegram's server did not take the connection in time")
        case httpx.ProxyError():
            return Failed("the proxy lets no connection to Telegram through")
        case httpx.ConnectError() if _can_be(error.request.url.host):
            return Failed(_not_connected(error))
        case (
            httpx.ConnectError() | httpx.InvalidURL() | httpx.UnsupportedProtocol() | UnicodeError()
        ):
            return Refused("there can be no such address: check [notify.telegram] api_url")
        case _:
            return Unknown(f"the connection broke before the answer ({type(error).__name__})")


def _can_be(host: str) -> bool:
    """Whether a host's name is possible: no part of a name is longer than this (RFC 1035)."""
    return all(len(part) <= _LONGEST_LABEL for part in host.split("."))


def _not_connected(error: BaseException) -> str:
    """Why no connection was made: nothing has left this machine."""
    causes = tuple(_causes(error))
    if any(isinstance(x, socket.gaierror) for x in causes):
        return "the name of Telegram's server cannot be found"
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            why = certificate_trouble(str(cause)) or "it speaks no TLS that can be trusted"
            return f"no secure connection to Telegram: {why}"
    return "Telegram's server cannot be reached"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, its cause, the cause of that, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
