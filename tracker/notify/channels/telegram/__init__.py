"""The values of the Telegram channel: the answers to requests, and the updates of a chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracker.domain.alert import Outcome
from tracker.notify.channels import Gone, Shown


@dataclass(frozen=True, slots=True)
class ChatPlace:
    """Where to write: a chat, and a topic of it if the group has topics."""

    chat: int
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Nothing was written: the group has become a supergroup, with another id."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class BadMarkup:
    """Nothing was written: Telegram cannot read the HTML. `why` is Telegram's own sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another program reads the bot's updates. `why` is Telegram's own sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class NoTopic:
    """Nothing was written: the topic is closed or gone. `why` is Telegram's own sentence."""

    why: str


Answer = Shown | Gone | Outcome | Moved | BadMarkup | NoTopic | Conflict


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message that a user wrote. `update` is its place in the queue.

    `group` is false in a private chat. `user` is 0 for a message without a sender, as in a channel.
    """

    update: int
    chat: int
    user: int
    message: int
    text: str
    at: datetime
    group: bool
    topic: int | None = None

    @property
    def place(self) -> ChatPlace:
        """Where to answer it."""
        return ChatPlace(self.chat, self.topic)


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """A button that a user pressed: `data` is the button's, `query` the id to answer.

    `line` is the message that the one with the button replies to; empty where it is not known.
    """

    update: int
    chat: int
    user: int
    message: int
    query: str
    data: str
    topic: int | None = None
    line: str = ""

    @property
    def place(self) -> ChatPlace:
        """Where to answer it."""
        return ChatPlace(self.chat, self.topic)


@dataclass(frozen=True, slots=True)
class OtherUpdate:
    """An update that is of no use to us."""

    update: int


ChatUpdate = ChatMessage | ButtonPress | OtherUpdate


@dataclass(frozen=True, slots=True)
class Updates:
    """The updates since the last poll, in order."""

    heard: tuple[ChatUpdate, ...]
