"""A local Bot API: keeps messages as Telegram would, or fails as Telegram does.

For tests and rehearsals. It knows one bot, reads Telegram's HTML strictly, edits, deletes, keeps
updates for the poller, and allows only one poll at a time.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import count
from typing import Any, Self

from aiohttp import web

from tests.doubles.bot_api_answers import Says, Trouble, answer, meet, no
from tests.doubles.telegram_markup import read_html

TOKEN = "7654321098:AAcanary-dont-tell_anyone-about-this1"
CHAT = 4411
PERSON = 77

TEXT_LIMIT = 4096
DATA_LIMIT = 64
_LONGEST_POLL = 50


@dataclass(frozen=True)
class Written:
    """A message as a person sees it: `text` is without markup.

    `buttons` are labels and data of its buttons; `texts` is every text that it has had.
    """

    chat_id: int
    text: str
    bold: str
    html: bool
    message: int = 0
    reply_to: int | None = None
    silent: bool = False
    buttons: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()
    photo: bytes = b""
    topic: int | None = None


def _bad(description: str) -> Says:
    return no(HTTPStatus.BAD_REQUEST, f"Bad Request: {description}")


def _ok(result: object) -> Says:
    return Says(HTTPStatus.OK, {"ok": True, "result": result})


@dataclass
class BotApi:
    """Knows one bot and the chats that it may write to.

    `troubles` come first, in order. `moved` are groups that became supergroups, with their new ids;
    `topics` are those that any group has. `webhook` is where updates are sent, which forbids
    polling. `poll_troubles` are those of `getUpdates`. `messages` are the messages of all chats, by
    number; `answers` are the texts that answered pressed buttons.
    """

    troubles: deque[Trouble] = field(default_factory=deque)
    poll_troubles: deque[Trouble] = field(default_factory=deque)
    chats: set[int] = field(default_factory=lambda: {CHAT})
    moved: dict[int, int] = field(default_factory=dict)
    topics: set[int] = field(default_factory=set)
    webhook: str = ""
    messages: dict[int, Written] = field(default_factory=dict)
    said: dict[int, str] = field(default_factory=dict)
    requests: list[dict[str, str]] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    answers: list[dict[str, str]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _numbers: count[int] = field(default_factory=lambda: count(1))
    _polling: bool = False
    _heard: asyncio.Event = field(default_factory=asyncio.Event)
    _down: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Scheme and host, as for `[notify.telegram] api_url`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def written(self) -> list[Written]:
        """The messages, oldest first."""
        return list(self.messages.values())

    @property
    def asked(self) -> list[str]:
        """The methods that were called, without polls."""
        return [x for x in self.methods if x != "getUpdates"]

    def say(
        self,
        text: str,
        *,
        chat: int = CHAT,
        user: int = PERSON,
        at: int = 1795231800,
        topic: int | None = None,
    ) -> None:
        """Write something to the bot as a user; `at` is in seconds since 1970."""
        kind = "private" if chat > 0 else "supergroup"
        message = {
            "message_id": next(self._numbers),
            "date": at,
            "chat": {"id": chat, "type": kind},
            "from": {"id": user, "is_bot": False, "first_name": "Ann"},
            "text": text,
        }
        within = {} if topic is None else {"message_thread_id": topic, "is_topic_message": True}
        self.said[int(str(message["message_id"]))] = text
        self._hear({"message": message | within})

    def press(self, data: str, message: int, *, chat: int = CHAT, user: int = PERSON) -> None:
        """Press a button as a user."""
        place = {"id": chat, "type": "private"}
        shown: dict[str, Any] = {"message_id": message, "chat": place, "date": 0}
        to = self.messages[message].reply_to if message in self.messages else None
        if to in self.said:
            shown |= {"date": 1795231800, "text": "?"}
            replied = {"message_id": to, "chat": place, "date": 1795231800, "text": self.said[to]}
            shown["reply_to_message"] = replied
        query = {
            "id": f"q{len(self.updates)}",
            "from": {"id": user, "is_bot": False, "first_name": "Ann"},
            "message": shown,
            "chat_instance": "1",
            "data": data,
        }
        self._hear({"callback_query": query})

    def _hear(self, update: dict[str, Any]) -> None:
        self.updates.append({"update_id": 1000 + len(self.updates), **update})
        self._heard.set()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        # Without an access log: its lines would have the path, and so the token.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._down.set()
        self._heard.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        method = request.path.rpartition("/")[2]
        if request.path != f"/bot{TOKEN}/{method}":
            known = request.path.startswith(f"/bot{TOKEN}/")
            return answer(no(404, "Not Found") if known else no(401, "Unauthorized"))
        asked = await _form(request)
        self.methods.append(method)
        self.requests.append({x: y for x, y in asked.items() if isinstance(y, str)})
        self.connections.add(request.transport)
        self.arrived.set()
        polled = method == "getUpdates"
        troubles = self.poll_troubles if polled else self.troubles
        if not troubles:
            return answer(await self._poll(asked) if polled else self._usual(method, asked))
        trouble = troubles.popleft()
        if trouble.writes:
            self._usual(method, asked)
        return await meet(trouble, request, self._down)

    async def _poll(self, asked: Mapping[str, Any]) -> Says:
        """The updates from the offset on; a poll during another is a conflict."""
        if self.webhook:
            text = (
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook"
            )
            return no(HTTPStatus.CONFLICT, text)
        if self._polling:
            text = "Conflict: terminated by other getUpdates request"
            return no(HTTPStatus.CONFLICT, text)
        self._polling = True
        try:
            offset = int(asked.get("offset", 0))
            limit = min(int(asked.get("timeout", 0)), _LONGEST_POLL)
            found = [x for x in self.updates if x["update_id"] >= offset]
            if not found and limit:
                self._heard.clear()
                try:
                    async with asyncio.timeout(limit):
                        await self._heard.wait()
                except TimeoutError:
                    pass
                found = [x for x in self.updates if x["update_id"] >= offset]
            return _ok(found)
        finally:
            self._polling = False

    def _usual(self, method: str, asked: Mapping[str, Any]) -> Says:
        """What the real Bot API does."""
        known: dict[str, Callable[[Mapping[str, Any]], Says]] = {
            "sendMessage": self._send,
            "sendPhoto": self._send_photo,
            "editMessageText": self._edit,
            "answerCallbackQuery": self._answer_query,
            "setMyCommands": lambda _: _ok(True),
            "getMe": lambda _: _ok(
                {"id": 7654321098, "is_bot": True, "first_name": "T", "username": "my_bets_bot"}
            ),
            "getWebhookInfo": lambda _: _ok(
                {
                    "url": self.webhook,
                    "has_custom_certificate": False,
                    "pending_update_count": len(self.updates),
                }
            ),
            "deleteWebhook": self._delete_webhook,
        }
        found = known.get(method)
        return no(HTTPStatus.NOT_FOUND, "Not Found") if found is None else found(asked)

    def _send(self, asked: Mapping[str, Any]) -> Says:
        wrong = self._wrong_chat(asked)
        if wrong is not None:
            return wrong
        made = _read_message(asked, asked.get("text", ""), TEXT_LIMIT)
        return made if isinstance(made, Says) else self._keep(made, asked)

    def _send_photo(self, asked: Mapping[str, Any]) -> Says:
        wrong = self._wrong_chat(asked)
        if wrong is not None:
            return wrong
        made = _read_message(asked, asked.get("caption", "."), TEXT_LIMIT // 4)
        if isinstance(made, Says):
            return made
        image = asked.get("photo", "")
        if isinstance(image, str):
            image = asked.get(image.removeprefix("attach://"))
        if not isinstance(image, bytes) or not image.startswith(b"\x89PNG"):
            return _bad("IMAGE_PROCESS_FAILED")
        return self._keep(replace(made, photo=image), asked)

    def _delete_webhook(self, _asked: Mapping[str, Any]) -> Says:
        self.webhook = ""
        return _ok(True)

    def _wrong_chat(self, asked: Mapping[str, Any]) -> Says | None:
        chat = int(asked.get("chat_id", "0"))
        if chat in self.moved:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            return no(HTTPStatus.BAD_REQUEST, text, migrate_to_chat_id=self.moved[chat])
        topic = asked.get("message_thread_id")
        if topic is not None and int(topic) not in self.topics:
            return _bad("message thread not found")
        return None if chat in self.chats else _bad("chat not found")

    def _keep(self, made: Written, asked: Mapping[str, Any]) -> Says:
        reply = json.loads(asked.get("reply_parameters", "{}"))
        to = reply.get("message_id")
        if to is not None and to not in self.messages and to not in self.said:
            if not reply.get("allow_sending_without_reply"):
                return _bad("message to be replied not found")
            to = None
        number = next(self._numbers)
        self.messages[number] = replace(made, message=number, reply_to=to)
        return _ok(_message(number, made.chat_id, made.text))

    def _edit(self, asked: Mapping[str, Any]) -> Says:
        wrong = self._wrong_chat(asked)
        if wrong is not None:
            return wrong
        made = _read_message(asked, asked.get("text", ""), TEXT_LIMIT)
        if isinstance(made, Says):
            return made
        number = int(asked.get("message_id", "0"))
        old = self.messages.get(number)
        if old is None or old.chat_id != made.chat_id:
            return _bad("message to edit not found")
        if (old.text, old.bold, old.buttons) == (made.text, made.bold, made.buttons):
            return _bad(
                "message is not modified: specified new message content and reply markup are "
                "exactly the same as a current content and reply markup of the message"
            )
        texts = (*old.texts, made.text)
        self.messages[number] = replace(
            made, message=number, texts=texts, reply_to=old.reply_to, silent=old.silent
        )
        return _ok(_message(number, made.chat_id, made.text))

    def _answer_query(self, asked: Mapping[str, Any]) -> Says:
        self.answers.append({x: str(y) for x, y in asked.items()})
        return _ok(True)


async def _form(request: web.Request) -> dict[str, str | bytes]:
    found: dict[str, str | bytes] = {}
    for name, value in (await request.post()).items():
        found[name] = value if isinstance(value, str) else _file(value)
    return found


def _file(value: object) -> bytes:
    if isinstance(value, web.FileField):
        return value.file.read()
    return bytes(value) if isinstance(value, bytes | bytearray) else b""


def _read_message(asked: Mapping[str, Any], text: str, limit: int) -> Written | Says:
    """A message as it would be shown, or what is wrong with it."""
    html = asked.get("parse_mode") == "HTML"
    try:
        shown, bold = read_html(text) if html else (text, "")
    except ValueError as why:
        return _bad(f"can't parse entities: {why}")
    if not shown.strip():
        return _bad("message text is empty")
    if len(shown.encode("utf-16-le")) // 2 > limit:
        return _bad("message is too long")
    rows = json.loads(asked.get("reply_markup", "{}")).get("inline_keyboard", [])
    buttons = tuple((x["text"], x["callback_data"]) for row in rows for x in row)
    if any(not 1 <= len(data.encode()) <= DATA_LIMIT for _, data in buttons):
        return _bad("BUTTON_DATA_INVALID")
    silent = str(asked.get("disable_notification", "")).lower() == "true"
    chat, topic = int(asked["chat_id"]), asked.get("message_thread_id")
    return Written(
        chat, shown, bold, html, silent=silent, buttons=buttons, texts=(shown,),
        topic=None if topic is None else int(topic),
    )  # fmt: skip


def _message(number: int, chat: int, text: str) -> dict[str, Any]:
    kind = {"type": "private", "first_name": "Ann"} if chat > 0 else {"type": "supergroup"}
    return {
        "message_id": number,
        "date": 1795231800,
        "chat": {"id": chat, **kind},
        "from": {"id": 7654321098, "is_bot": True, "first_name": "Tracker"},
        "text": text,
    }
