"""Offline modelling: fits models on recorded games, judges them, and back-tests strategies."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

Progress = Callable[[str, float], None]
"""Reports progress: takes the name of the step and its finished part, 0 to 1."""


def silent(_step: str, _part: float) -> None:
    """Report nothing."""
