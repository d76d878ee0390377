"""Lets the demo buzz the person's own phone: a handful of its alerts go through their channels."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tracker.domain.alert import Sent
from tracker.domain.money import plural
from tracker.notify.channel import Channel, Message

MOST = 6
"""Messages that the phone gets: enough to see how they look, too few to be a nuisance."""

_KINDS = {"▲": "chance", "▼": "chance", "✅": "result", "❌": "result", "↔": "result"}
_HEAD = "demo · "


@dataclass(slots=True)
class Phone:
    """The person's channels, and what came of what was sent through them."""

    channels: Sequence[Channel]
    sent: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)

    async def show(self, message: str) -> None:
        """Send a message of the demo on, while there is room for one of its kind."""
        kind = _KINDS.get(message.lstrip()[:1], "")
        if not self.channels or not kind or self.kinds[kind] >= MOST // 2:
            return
        self.kinds[kind] += 1
        body = f"{_HEAD}{message.strip()}"
        outcomes = await asyncio.gather(*(x.send(Message(body, ())) for x in self.channels))
        for channel, outcome in zip(self.channels, outcomes, strict=True):
            if isinstance(outcome, Sent):
                self.sent[channel.name] += 1
            else:
                self.failed[channel.name] = outcome.why

    def report(self) -> list[str]:
        """What became of it, a line a channel."""
        took = [
            f"{name} took {plural(count, 'message')}" for name, count in sorted(self.sent.items())
        ]
        return took + [f"{name} did not: {why}" for name, why in sorted(self.failed.items())]
