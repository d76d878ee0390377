"""What a bot hears: the kinds of answers that Telegram gives, and what people write and press."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tracker.domain.alert import Outcome
from tracker.notify.channels import Gone, Shown


@dataclass(frozen=True, slots=True)
class ChatPlace:
    """Where messages are written: a chat, and the topic of it where the group has topics."""

    chat: int
    topic: int | None = None


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


@dataclass(frozen=True, slots=True)
class NoTopic:
    """Nothing was written: the topic is closed or is not there. `why` is Telegram's sentence."""

    why: str


Answer = Shown | Gone | Outcome | Moved | BadMarkup | NoTopic | Conflict


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
    topic: int | None = None

    @property
    def place(self) -> ChatPlace:
        """Where to answer it."""
        return ChatPlace(self.chat, self.topic)


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button that somebody pressed: `data` is what the button carries, `query` what to answer.

    `line` is the message that the one with the button replies to, where that is still known.
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
class Other:
    """Something that means nothing to us."""

    update: int


Heard = Written | Pressed | Other


@dataclass(frozen=True, slots=True)
class Updates:
    """What was heard since the last time, in order."""

    heard: tuple[Heard, ...]
