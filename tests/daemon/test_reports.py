"""Promises of the report message: weekly on a Monday or monthly, if wanted."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.store.values import started
from tracker.app.report import ReportSpan
from tracker.clock import LeapingClock
from tracker.daemon.watchers.nightly import report_due, tell_reports
from tracker.domain.alert import Notice
from tracker.store import Store

WEDNESDAY = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "where", "days", "until"),
    [
        (ReportSpan.WEEK, "America/New_York", [30, 7, 14], "2026-11-29"),
        (ReportSpan.WEEK, "Europe/Berlin", [30, 7, 14], "2026-11-29"),
        # There Sunday's games are played on Monday after nine.
        (ReportSpan.WEEK, "Asia/Tokyo", [1, 8, 15], "2026-11-29"),
        (ReportSpan.MONTH, "America/New_York", [1], "2026-11-30"),
        (ReportSpan.MONTH, "Australia/Sydney", [2], "2026-11-30"),
    ],
)
async def test_a_report_is_told_when_its_span_is_over(
    span: ReportSpan, where: str, days: list[int], until: str, tmp_path: Path
) -> None:
    """A report is sent at nine in the person's zone, once all games of its span are over."""
    clock, told = LeapingClock(WEDNESDAY), list[Notice]()
    zone = ZoneInfo(where)

    async def hear(notice: Notice) -> None:
        told.append(notice)

    async with await Store.open(started(tmp_path / "t.db"), now=WEDNESDAY, durable=False) as store:
        task = asyncio.create_task(tell_reports(store, span, time(9), zone, clock, hear))
        while clock.now() < WEDNESDAY + timedelta(days=20):  # noqa: ASYNC110 - no time is waited
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [x.at.astimezone(zone).day for x in told] == days
    assert {x.at.astimezone(zone).hour for x in told} == {9}
    first, command = told[0].text.splitlines()
    assert first == f"📒 No bet ended this {span}"
    assert command == f"tracker report --{span} --until {until}"


async def test_a_report_whose_hour_was_slept_through_comes_when_the_machine_wakes(
    tmp_path: Path,
) -> None:
    """It comes hours late, once, and under the number of its own hour."""
    afternoon = datetime(2026, 11, 30, 19, tzinfo=UTC)
    clock, told = LeapingClock(afternoon), list[Notice]()

    async def hear(notice: Notice) -> None:
        told.append(notice)

    async with await Store.open(started(tmp_path / "t.db"), now=afternoon, durable=False) as store:
        zone = ZoneInfo("America/New_York")
        task = asyncio.create_task(tell_reports(store, ReportSpan.WEEK, time(9), zone, clock, hear))
        while clock.now() < afternoon + timedelta(hours=20):  # noqa: ASYNC110 - no time is waited
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    nine = datetime(2026, 11, 30, 14, tzinfo=UTC)
    assert [(x.at, x.episode) for x in told] == [(afternoon, int(nine.timestamp()))]


def test_a_week_ends_on_sunday() -> None:
    """A week ends on Sunday, and a month with its last day."""
    assert report_due(ReportSpan.WEEK, date(2026, 11, 30))
    assert not report_due(ReportSpan.WEEK, date(2026, 12, 1))
    assert report_due(ReportSpan.MONTH, date(2026, 12, 1))
