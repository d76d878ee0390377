"""What every test of the daemon leaves behind: no process."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.daemon import night


@pytest.fixture(autouse=True)
async def no_daemon_outlives_its_test() -> AsyncIterator[None]:
    """Whatever a failed test has started is ended."""
    yield
    for process in night.STARTED:
        if process.returncode is None:
            process.kill()
            await process.wait()
    night.STARTED.clear()
