"""A property of a frozen object that is computed on first access and then kept.

It does what functools.cached_property does, without the lock that costs a microsecond a value on
Python 3.11. The lock is not needed: no object here is shared between threads before its first
access, and computing a value twice gives the same value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

Value = TypeVar("Value")


class Lazy(Generic[Value]):
    """A property whose value is kept in the instance's dictionary after the first access."""

    def __init__(self, work: Callable[[Any], Value]) -> None:
        """`work` is the method that computes the value."""
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
