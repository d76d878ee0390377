"""What Telegram's answers mean: every refusal, failure and lost answer told apart."""

from __future__ import annotations

from http import HTTPStatus

import aiohttp

from tracker.domain.delivery import Failed, Outcome, Refused, Sent, Unknown
from tracker.notify.boards import Gone
from tracker.notify.channels.telegram.aiogram_light import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from tracker.notify.channels.telegram.values import Answer, BadMarkup, Conflict, Moved

_SAME = "message is not modified"
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message identifier is not specified",
)


class OddAnswer(Exception):
    """The answer is not one of a working Bot API. `status` is that of HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}")
        self.status = status


def said_no(error: TelegramAPIError, chat_id: int | None, said: str) -> Answer:
    """What follows from an answer of the Bot API that is not `ok`: nothing was written."""
    match error:
        case TelegramRetryAfter(retry_after=wait):
            return Failed(
                f"Telegram asks to wait {max(wait, 0)} s", float(wait) if wait > 0 else None
            )
        case TelegramMigrateToChat(migrate_to_chat_id=moved_to):
            return Moved(moved_to)
        case TelegramConflictError():
            return Conflict(said)
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
        case TelegramBadRequest():
            return _bad_request(chat_id, said)
        case TelegramEntityTooLarge():
            return _not_taken(chat_id, said)
        case _:
            return Failed(f"Telegram did not take the message: {said}")


def _bad_request(chat_id: int | None, said: str) -> Answer:
    low = said.lower()
    if _SAME in low:
        return Sent()
    if any(word in low for word in _GONE):
        return Gone(said)
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


def broken(error: Exception) -> Outcome:
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
