"""Fixtures of every daemon test: no process outlives its test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.daemon import night


@pytest.fixture(autouse=True)
async def no_daemon_outlives_its_test() -> AsyncIterator[None]:
    """End the daemons that a failed test has left running."""
    yield
    for process in night.STARTED:
        if process.returncode is None:
            process.kill()
            await process.wait()
    night.STARTED.clear()
