"""Speaks to Telegram through aiogram, and tells exactly what came of each request.

Importing this takes most of a second and 25 MB. Import it in a thread, and only where a bot was
asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
from pydantic import SecretStr

from tracker.domain.delivery import Refused, Sent
from tracker.notify.boards import Shown
from tracker.notify.channels.telegram.aiogram_light import (
    AiohttpSession,
    AnswerCallbackQuery,
    AnyAnswer,
    Bot,
    BotCommand,
    BufferedInputFile,
    ClientDecodeError,
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
    TelegramAPIError,
    TelegramAPIServer,
    TelegramMethod,
)
from tracker.notify.channels.telegram.answers import OddAnswer, broken, odd, said_no
from tracker.notify.channels.telegram.values import Answer, Updates, heard

ANSWER_LIMIT = 4 << 20
"""Most bytes that an answer may have; a hundred updates of the longest kind have less."""

HTML = "HTML"

Button = tuple[str, str]
"""What a button says, and what it carries: at most 64 bytes."""

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_QUOTED = 160
"""Most characters of a server's own words that are repeated."""


class _Session(AiohttpSession):
    """aiogram's own session, with a cap on answers and without redirects.

    A redirected request would be repeated without its body, or take the token elsewhere. aiogram
    asks for a subclass where requests are to be made in another way.
    """

    def __init__(self, api: TelegramAPIServer, connect_limit: float) -> None:
        super().__init__(api=api)
        # The whole of a request has its deadline where it is asked for. That of the connection is
        # apart, because nothing has been sent when it runs out.
        self._limits = aiohttp.ClientTimeout(total=None, connect=connect_limit)

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[Any],
        timeout: int | None = None,  # noqa: ARG002, ASYNC109 - aiogram's signature
    ) -> Any:
        """Ask once; the answer's `result` as JSON gave it.

        Raises aiohttp's errors, OddAnswer, and aiogram's for answers that say no.
        """
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
            raise OddAnswer(status)
        try:
            response = self.check_response(
                bot, AnyAnswer(), status, body.decode("utf-8", "replace")
            )
        except ClientDecodeError:
            raise OddAnswer(status) from None
        return response.result

    async def close(self) -> None:
        """Close every connection; aiohttp itself waits for them, so there is nothing to add."""
        if self._session is not None:
            await self._session.close()


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body. Raises OddAnswer when it is longer than any answer of the Bot API."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > ANSWER_LIMIT:
            raise OddAnswer(answer.status)
    return bytes(body)


class BotApi:
    """One bot at one Bot API. Hand it back with `close`.

    No request raises anything but cancellation, and none is repeated.
    """

    def __init__(self, token: SecretStr, api_url: str, connect_limit: float) -> None:
        """Nothing is sent yet. `connect_limit` is in seconds, name look-up and TLS included."""
        self._token = token
        api = TelegramAPIServer.from_base(api_url)
        self._bot = Bot(token.get_secret_value(), session=_Session(api, connect_limit))

    async def post(
        self,
        chat_id: int,
        text: str,
        *,
        html: bool,
        reply_to: int | None = None,
        buttons: Sequence[Sequence[Button]] = (),
        silent: bool = False,
    ) -> Answer:
        """Write one message to a chat, as a reply where that message still is."""
        reply = None
        if reply_to is not None:
            reply = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True)
        answer = await self._ask(
            SendMessage(
                chat_id=chat_id,
                text=text,
                parse_mode=HTML if html else None,
                link_preview_options=_NO_PREVIEW,
                reply_parameters=reply,
                reply_markup=_keyboard(buttons),
                disable_notification=silent or None,
            ),
            chat_id,
        )
        return _named(answer)

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
        return await self._done(
            EditMessageText(
                chat_id=chat_id,
                message_id=message,
                text=text,
                parse_mode=HTML if html else None,
                link_preview_options=_NO_PREVIEW,
                reply_markup=_keyboard(buttons),
            ),
            chat_id,
        )

    async def picture(self, chat_id: int, image: bytes, caption: str, reply_to: int) -> Answer:
        """Send a PNG with a caption (at most 1,024 characters) as a reply."""
        answer = await self._ask(
            SendPhoto(
                chat_id=chat_id,
                photo=BufferedInputFile(image, "chart.png"),
                caption=caption,
                reply_parameters=ReplyParameters(
                    message_id=reply_to, allow_sending_without_reply=True
                ),
            ),
            chat_id,
        )
        return _named(answer)

    async def answer(self, query: str, text: str = "", *, alert: bool = False) -> Answer:
        """Answer a button that was pressed, with a word that passes or one to be closed."""
        said = AnswerCallbackQuery(
            callback_query_id=query, text=text or None, show_alert=alert or None
        )
        return await self._done(said, None)

    async def updates(self, offset: int | None, wait: int) -> Updates | Answer:
        """What was written and pressed from `offset` on, waiting up to `wait` seconds for it."""
        asked = GetUpdates(
            offset=offset, timeout=wait, allowed_updates=["message", "callback_query"]
        )
        found = await self._ask(asked, None)
        if not isinstance(found, list):
            return _answer_or(found, odd(HTTPStatus.OK))
        try:
            return Updates(tuple(heard(x) for x in found))
        except (KeyError, TypeError, ValueError, AttributeError):
            return odd(HTTPStatus.OK)

    async def name(self) -> str | Answer:
        """The bot's own user name."""
        found = await self._ask(GetMe(), None)
        if isinstance(found, dict) and "username" in found:
            return str(found["username"])
        return _answer_or(found, odd(HTTPStatus.OK))

    async def offer(self, commands: Sequence[tuple[str, str]]) -> Answer:
        """Make a person's client offer these commands, each with what it does."""
        offered = [BotCommand(command=name, description=what) for name, what in commands]
        return await self._done(SetMyCommands(commands=offered), None)

    async def close(self) -> None:
        """Close the connections."""
        await self._bot.session.close()

    async def _done(self, method: TelegramMethod[Any], chat_id: int | None) -> Answer:
        return _answer_or(await self._ask(method, chat_id), Sent())

    async def _ask(self, method: TelegramMethod[Any], chat_id: int | None) -> Any:
        """The result as JSON gave it, or the Answer that there is in place of one."""
        try:
            return await self._bot(method)
        except TelegramAPIError as why:
            return said_no(why, chat_id, self._quoted(why.message))
        except OddAnswer as why:
            return odd(why.status)
        except (aiohttp.InvalidURL, UnicodeError):
            return Refused("there can be no such address: check [notify.telegram] api_url")
        except (aiohttp.ClientError, OSError) as why:
            return broken(why)

    def _quoted(self, said: str | None) -> str:
        """The server's own words in one line, without the token, whoever the server is."""
        words = " ".join((said or "no reason given").split())
        token = self._token.get_secret_value()
        for secret in (token, token.partition(":")[2]):
            words = words.replace(secret, "***")
        return words.removeprefix("Bad Request: ").removeprefix("Forbidden: ")[:_QUOTED]


def _answer_or(found: object, otherwise: Answer) -> Answer:
    """What was answered in place of a result; with a result, what that means."""
    return found if isinstance(found, Answer) else otherwise


def _named(found: object) -> Answer:
    """A message that was written, by its number; it was written also where that is not told."""
    if isinstance(found, Answer):
        return found
    number = found.get("message_id") if isinstance(found, dict) else None
    return Shown(str(number)) if isinstance(number, int) else Sent()


def _keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup(
        inline_keyboard=[
            [InlineKeyboardButton(text=text, callback_data=data) for text, data in row]
            for row in rows
        ]
    )
