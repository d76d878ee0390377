"""Channels: what carries a message to a person, and the one promise that each of them makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tracker.domain.alert import Outcome
from tracker.domain.policy import Level


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel is to carry. `body` is plain text, complete without the title.

    `alert_ids` are the alerts that it tells; a digest of what came too late has them too. `level`
    is how loud it is; `info` makes no sound where that can be asked for. `possible_repeat` is
    whether an earlier attempt at any of them may have arrived; `body` already says so. `card` is
    the channel's own name of the live card that it belongs under, where there is one.
    """

    body: str
    alert_ids: tuple[int, ...]
    level: Level = Level.DEFAULT
    possible_repeat: bool = False
    title: str = ""
    card: str | None = None

    @property
    def alert_id(self) -> int | None:
        """The first alert that is told, where there is one."""
        return self.alert_ids[0] if self.alert_ids else None

    @property
    def key(self) -> str:
        """The same for every attempt at the same alerts, so that a receiver can drop repeats."""
        return "-".join(str(x) for x in self.alert_ids)


class Channel(Protocol):
    """One way to one person. Its loop sends one message at a time."""

    @property
    def name(self) -> str:
        """What the deliveries are stored under: stable between starts, and without secrets."""
        ...

    async def send(self, message: Message) -> Outcome:
        """Try once, within a limit of its own, and say truthfully what came of it.

        `Failed` is only for what certainly did not arrive. Nothing is raised for trouble with the
        world; cancelling stops the waiting, but may not stop the message.
        """
        ...
