"""Values of a frozen object that are worked out when first asked for.

What functools.cached_property does, without its lock, which costs a microsecond a value on Python
3.11: the objects here are never shared between threads while they are being read for the first
time, and working a value out twice would give the same value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

Value = TypeVar("Value")


class Lazy(Generic[Value]):
    """A property that is replaced by its value in the instance's own dictionary."""

    def __init__(self, work: Callable[[Any], Value]) -> None:
        """`work` is the method that gives the value."""
        self.work = work
        self.__doc__ = work.__doc__

    @overload
    def __get__(self, instance: None, owner: type[Any]) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type[Any]) -> Value: ...

    def __get__(self, instance: object | None, owner: type[Any]) -> Value | Self:
        """The value, which the next look-up finds without coming here."""
        if instance is None:
            return self
        value = instance.__dict__[self.work.__name__] = self.work(instance)
        return value
