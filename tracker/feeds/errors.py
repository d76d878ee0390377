"""What can go wrong with a source, named by what the caller can do about it.

Each text is one sentence for a person: no address with a query, no secret, nothing of the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from tracker.domain.errors import TrackerError
from tracker.domain.game import Score
from tracker.domain.league import League
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


class FeedUnbelieved(FeedMalformed):
    """The answer tells an end that cannot be: a person decides, unless a better one comes.

    `told` is what it tells, as a person is told it: `said to be final in Q1`.
    """

    def __init__(self, field: str, problem: str, told: str) -> None:
        """`problem` reads after the field's name, `told` by itself."""
        super().__init__(field, problem)
        self.told = told

    @property
    def unreadable(self) -> Unreadable:
        """The same as a poll tells it."""
        return Unreadable(self.trouble, str(self), self.told)

    def inside(self, place: str) -> FeedUnbelieved:
        """The same, with the field's name seen from further out."""
        return FeedUnbelieved(f"{place}.{self.field}", self.problem, self.told)


def believable_end(fields: tuple[str, str], period: int, score: Score, rules: League) -> None:
    """Raise FeedUnbelieved for a final that no game can have.

    `fields` are the names of the period's and the score's, should one be at fault.
    """
    if period < rules.periods:
        told = f"said to be final in {rules.period_name(period)}" if period else "said to be final"
        problem = f"is {period} in a game that is said to be final"
        raise FeedUnbelieved(fields[0], problem, told)
    if score.margin == 0:
        told = f"said to be final at {score.away}-{score.home}"
        raise FeedUnbelieved(fields[1], "is a tie in a game that is said to be final", told)
