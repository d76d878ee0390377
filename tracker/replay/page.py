"""A document as a server gives it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Page:
    """One document as it can be fetched; `changed` is when it last became another."""

    body: bytes
    changed: datetime
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
