"""What Telegram's answers mean: every refusal, failure and lost answer told apart."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

import httpx
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

from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.network import certificate_trouble
from tracker.notify.channels import Gone
from tracker.notify.channels.telegram import Answer, BadMarkup, Conflict, Moved, NoTopic

_SAME = "message is not modified"
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message identifier is not specified",
)
_NO_TOPIC = ("message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")


_LONGEST_LABEL = 63


class OddAnswer(TelegramError):
    """The answer is not one of a working Bot API. `status` is that of HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}")
        self.status = status


class UnreadableSuccess(TelegramError):
    """The Bot API did what it was asked, and told of it in a way that nobody knows."""

    def __init__(self) -> None:
        super().__init__("taken")


class RequestTooLarge(TelegramError):
    """The Bot API does not take a request of this size."""


def said_no(error: TelegramError, chat_id: int | None, said: str) -> Answer:
    """What follows from a no, or from no answer at all. `said` is the server's own sentence."""
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


def _asked_to_wait(wait: int | timedelta) -> Failed:
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    return Failed(f"Telegram asks to wait {max(seconds, 0):g} s", seconds if seconds > 0 else None)


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
    """What follows from an answer that is not the Bot API's.

    After a 5xx the message may have been written, as after a 200 that cannot be read. A redirect
    or a 4xx is a server's word that it did nothing.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(f"Telegram answered {status}")
    told = f"answered {status}, but not as the Bot API does: check [notify.telegram] api_url"
    return Failed(told) if status >= HTTPStatus.MULTIPLE_CHOICES else Unknown(told)


def _broken(error: BaseException) -> Outcome:
    """What follows from a request without an answer; the error's text may hold the token."""
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
    """Whether any name server may know a host: no part of a name is longer than this (RFC 1035)."""
    return all(len(part) <= _LONGEST_LABEL for part in host.split("."))


def _not_connected(error: BaseException) -> str:
    """Why no connection came about: nothing has left this machine."""
    causes = tuple(_story(error))
    if any(isinstance(x, socket.gaierror) for x in causes):
        return "the name of Telegram's server cannot be found"
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            why = certificate_trouble(str(cause)) or "it speaks no TLS that can be trusted"
            return f"no secure connection to Telegram: {why}"
    return "Telegram's server cannot be reached"


def _story(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what led to it, and what led to that."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
