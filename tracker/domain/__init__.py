"""The program's vocabulary as frozen values: games, bets, chances, alerts and results.

This file holds the errors that a person can act on, each of which says what is wrong, where, and
what to do; and `Lazy`, a value of a frozen object that is computed on first access.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

Value = TypeVar("Value")


class TrackerError(Exception):
    """An error that is shown to a person; its text is one clear sentence."""


class BadBet(TrackerError):
    """A bet that cannot be understood. `at` is the offset of the wrong text, None if not known."""

    def __init__(self, message: str, at: int | None = None) -> None:
        """`message` is one sentence; `at` counts characters from the start of the line."""
        super().__init__(message)
        self.at = at


class BadRule(TrackerError):
    """An alert rule that cannot be understood."""


class BadTime(TrackerError):
    """A time that cannot be understood, or that cannot be the end of a snooze."""


class Misused(TrackerError):
    """The arguments contradict each other; the text says which to change."""

    exit_status = 2


class Impossible(TrackerError):
    """What was asked for cannot be done; the text says what to do instead."""


class Lazy(Generic[Value]):
    """A property whose value is kept in the instance's dictionary after the first access.

    It does what functools.cached_property does, without the lock that costs a microsecond a value
    on Python 3.11. The lock is not needed: no object here is shared between threads before its
    first access, and computing a value twice gives the same value.
    """

    def __init__(self, work: Callable[[Any], Value]) -> None:
        self.work = work
        self.__doc__ = work.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any]) -> Value: ...

    def __get__(self, instance: object | None, owner: type[Any]) -> Value | Self:
        """Compute the value and keep it; the next access finds it without coming here."""
        if instance is None:
            return self
        value = instance.__dict__[self.work.__name__] = self.work(instance)
        return value
