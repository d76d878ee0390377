"""The queue that a channel's loop works off: deliveries on disk, behind a protocol."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from tracker.domain.alert import Delivery, Outcome


class Queue(Protocol):
    """Deliveries on disk. Each call is one transaction; `at` is the time on the program's clock.

    An error that a call raises ends the loop that made it.
    """

    async def claim(self, channel: str, at: datetime, limit: int) -> list[Delivery]:
        """Mark what is due and not too late as being sent, and return it, oldest first."""
        ...

    async def finish(
        self,
        alert_id: int,
        channel: str,
        outcome: Outcome,
        at: datetime,
        *,
        due_at: datetime | None = None,
    ) -> object:
        """Write down what came of an attempt, and when to try again where that is wanted."""
        ...

    async def expire(self, at: datetime, channel: str) -> list[Delivery]:
        """End what is too late to be useful; return all that no digest has told for certain."""
        ...

    async def told(self, expired: Iterable[Delivery], outcome: Outcome) -> object:
        """Write down what came of the digest of these; what may be untold comes again."""
        ...

    async def shift(self, channel: str, seconds: float) -> object:
        """Take it that the wall clock was set: what waits keeps its wait, and its age."""
        ...

    async def next_due(self, channel: str) -> datetime | None:
        """When there is next something to send or to expire; None when nothing waits."""
        ...
