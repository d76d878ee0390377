"""Fixtures of every daemon test: no process outlives it, and no forecast is late by other work."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.daemon import night
from tracker.daemon import forecaster


@pytest.fixture(autouse=True)
def forecasts_may_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give forecasts a minute: what else a machine does must not fail a test of something else."""
    monkeypatch.setattr(forecaster, "BUDGET_SECONDS", 60.0)


@pytest.fixture(autouse=True)
async def no_daemon_outlives_its_test() -> AsyncIterator[None]:
    """End the daemons that a failed test has left running."""
    yield
    for process in night.STARTED:
        if process.returncode is None:
            process.kill()
            await process.wait()
    night.STARTED.clear()
