"""What can go wrong with a source, named by what the caller can do about it.

Each text is one sentence for a person: no address with a query, no secret, nothing of the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from tracker.domain.errors import TrackerError
from tracker.domain.poll import Trouble, Unreadable


class FeedError(TrackerError):
    """A source that did not give what was asked. `trouble` is its word in polls and in health.

    `code` is the source's own name for what is wrong, where its answer has one, and `headers` those
    by which it counts requests.
    """

    trouble: ClassVar[Trouble] = Trouble.DOWN
    retry_after: float | None = None
    code: str | None = None
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def unreadable(self) -> Unreadable:
        """The same as a poll tells it."""
        return Unreadable(self.trouble, str(self))


class FeedUnavailable(FeedError):
    """No whole answer came: ask again later, after `retry_after` seconds where it says so."""

    trouble = Trouble.DOWN

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """`message` is one sentence."""
        super().__init__(message)
        self.retry_after = retry_after


class FeedRateLimited(FeedError):
    """The source wants to be asked less often: wait `retry_after` seconds, or back off."""

    trouble = Trouble.RATE_LIMITED

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """`message` is one sentence."""
        super().__init__(message)
        self.retry_after = retry_after


class FeedRefused(FeedError):
    """The source refuses us: asking again soon does not help, other headers or a network may."""

    trouble = Trouble.BLOCKED


class FeedNotPublished(FeedError):
    """There is no such document yet: ask again at the ordinary pace."""

    trouble = Trouble.NOT_PUBLISHED


class FeedMalformed(FeedError):
    """The answer cannot be believed. `field` is where in it, such as `homeTeam.score`."""

    trouble = Trouble.MALFORMED

    def __init__(self, field: str, problem: str) -> None:
        """`problem` reads after the field's name: `is missing`."""
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem

    def inside(self, place: str) -> FeedMalformed:
        """The same, with the field's name seen from further out."""
        return FeedMalformed(f"{place}.{self.field}", self.problem)
