"""What a bot hears: the kinds of answers that Telegram gives, and what people write and press."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tracker.domain.delivery import Outcome
from tracker.notify.boards import Gone, Shown


@dataclass(frozen=True, slots=True)
class Moved:
    """Nothing was written: the group is a supergroup by now, under another number."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class BadMarkup:
    """Nothing was written: Telegram cannot read the HTML. `why` is its own sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else reads the bot's messages. `why` is Telegram's own sentence."""

    why: str


Answer = Shown | Gone | Outcome | Moved | BadMarkup | Conflict


@dataclass(frozen=True, slots=True)
class Written:
    """A message that somebody wrote. `update` is its place in the queue, `group` no private chat.

    What has no sender, as in a channel, has `user` 0.
    """

    update: int
    chat: int
    user: int
    message: int
    text: str
    at: datetime
    group: bool


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that somebody pressed: `data` is what the button carries, `query` what to answer."""

    update: int
    chat: int
    user: int
    message: int
    query: str
    data: str


@dataclass(frozen=True, slots=True)
class Other:
    """Something that means nothing to us."""

    update: int


Heard = Written | Pressed | Other


@dataclass(frozen=True, slots=True)
class Updates:
    """What was heard since the last time, in order."""

    heard: tuple[Heard, ...]


def heard(update: Mapping[str, Any]) -> Heard:
    """One update as Telegram gives it; KeyError, TypeError or ValueError when it is none."""
    number = int(update["update_id"])
    message, query = update.get("message"), update.get("callback_query")
    if query is not None and "data" in query and "message" in query:
        return Pressed(
            update=number,
            chat=int(query["message"]["chat"]["id"]),
            user=int(query["from"]["id"]),
            message=int(query["message"]["message_id"]),
            query=str(query["id"]),
            data=str(query["data"]),
        )
    if message is not None and "text" in message:
        return Written(
            update=number,
            chat=int(message["chat"]["id"]),
            user=int(message.get("from", {}).get("id", 0)),
            message=int(message["message_id"]),
            text=str(message["text"]),
            at=datetime.fromtimestamp(int(message["date"]), UTC),
            group=message["chat"].get("type") != "private",
        )
    return Other(number)
