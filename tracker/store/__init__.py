"""What the program remembers: one SQLite file, written in whole transactions."""

from tracker.store.database.connection import (
    StoreBroken,
    StoreBusy,
    StoreError,
    StoreMissing,
    StoreTooNew,
    StoreTooOld,
    StoreUnavailable,
)
from tracker.store.store import Store

__all__ = [
    "Store",
    "StoreBroken",
    "StoreBusy",
    "StoreError",
    "StoreMissing",
    "StoreTooNew",
    "StoreTooOld",
    "StoreUnavailable",
]
