"""Credits: what the answers of a source that is paid by the request cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Credit:
    """What one answer of a paid source cost, or why nothing was asked: `refused` says why.

    `planned` is what it was meant to cost; `used` and `remaining` are what the source says of the
    month, where it says anything.
    """

    provider: str
    at: datetime
    purpose: str
    planned: int
    cost: int = 0
    used: int | None = None
    remaining: int | None = None
    path: str = ""
    refused: str | None = None
