"""Fixtures of the store's tests: a store in a folder of its own, closed at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.values import T0, started
from tracker.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the database, in a folder that does not exist yet."""
    return tmp_path / "state" / "tracker.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    """A fresh store."""
    async with await Store.open(started(path), now=T0) as opened:
        yield opened
