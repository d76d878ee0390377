"""aiogram without the cost of the whole Bot API: what a bot that writes to one chat needs of it.

On import aiogram builds a validator for each of its several hundred types, most of them nested in
one another: two seconds and 110 MB. Here they are left unbuilt, and the few that are used are built
one by one. Answers are taken as plain JSON, so that no type of an answer is ever built. Import this
in a thread, and only where a bot was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Optional, Union

from pydantic import BaseModel

_POSTPONED = "aiogram.types."


@contextmanager
def _unbuilt() -> Iterator[None]:
    """Let aiogram define its types without building them; everybody else's are built as ever."""
    real = BaseModel.__dict__["model_rebuild"]

    def later(cls: type[BaseModel], /, **options: Any) -> bool | None:
        if cls.__module__.startswith(_POSTPONED):
            return None
        built: bool | None = real.__func__(cls, **options)
        return built

    BaseModel.model_rebuild = classmethod(later)  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        BaseModel.model_rebuild = real  # type: ignore[method-assign]


with _unbuilt():
    import aiogram.types as _types
    from aiogram import Bot
    from aiogram.client.default import Default as _Default
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.exceptions import (
        ClientDecodeError,
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
    from aiogram.methods import (
        AnswerCallbackQuery,
        EditMessageText,
        GetMe,
        GetUpdates,
        SendMessage,
        SendPhoto,
        SetMyCommands,
        TelegramMethod,
    )
    from aiogram.types import (
        BotCommand,
        BufferedInputFile,
        InlineKeyboardButton,
        InlineKeyboardMarkup,
        LinkPreviewOptions,
        ReplyParameters,
    )

__all__ = [
    "AiohttpSession",
    "AnswerCallbackQuery",
    "AnyAnswer",
    "Bot",
    "BotCommand",
    "BufferedInputFile",
    "ClientDecodeError",
    "EditMessageText",
    "GetMe",
    "GetUpdates",
    "InlineKeyboardButton",
    "InlineKeyboardMarkup",
    "LinkPreviewOptions",
    "ReplyParameters",
    "SendMessage",
    "SendPhoto",
    "SetMyCommands",
    "TelegramAPIError",
    "TelegramAPIServer",
    "TelegramBadRequest",
    "TelegramConflictError",
    "TelegramEntityTooLarge",
    "TelegramForbiddenError",
    "TelegramMethod",
    "TelegramMigrateToChat",
    "TelegramNotFound",
    "TelegramRetryAfter",
    "TelegramUnauthorizedError",
]

_USED: tuple[type[BaseModel], ...] = (
    AnswerCallbackQuery,
    BotCommand,
    EditMessageText,
    GetMe,
    GetUpdates,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
    SendMessage,
    SendPhoto,
    SetMyCommands,
)


class AnyAnswer(TelegramMethod[Any]):
    """Stands in for any method where its answer is read: the result is left as it came."""

    __returning__ = Any
    __api_method__ = ""


def _build() -> None:
    """Build the types that are used, with the names that aiogram itself would give them."""
    names = {
        "List": list,
        "Optional": Optional,
        "Union": Union,
        "Literal": Literal,
        "Default": _Default,
        **{name: getattr(_types, name) for name in _types.__all__},
    }
    for kind in _USED:
        kind.model_rebuild(force=True, _types_namespace=names)


_build()
