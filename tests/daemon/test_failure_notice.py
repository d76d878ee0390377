"""Promises of the failure notice: every end of the daemon is reported, but not all night long."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.doubles.clock import FakeClock
from tracker.daemon.watchers.system_notices import STEADIER_S, STEADY_S, FailureNotice, ReportedEnds
from tracker.domain.alert import Outcome, Sent
from tracker.notify.channels import Message

STORE = Path("/var/lib/tracker/t.db")
WHY = f"{STORE}: its file system has become read-only"


@dataclass
class Channel:
    """A channel that keeps its messages, or fails."""

    broken: bool = False
    name: str = "phone"
    said: list[str] = field(default_factory=list)

    async def send(self, message: Message) -> Outcome:
        """Keep the message."""
        if self.broken:
            raise OSError("gone")
        self.said.append(message.body.partition("\n")[0])
        return Sent()


async def test_every_channel_hears_of_the_end_once_an_hour(tmp_path: Path) -> None:
    """Every working channel gets each of both notices once an hour, however often it comes up."""
    clock, phone = FakeClock(datetime(2026, 11, 21, tzinfo=UTC)), Channel()
    notice = FailureNotice([Channel(broken=True), phone], ReportedEnds(STORE, clock, tmp_path))
    for _ in range(100):
        await notice.send(WHY, running=True)
        await notice.send(WHY, running=False)
        await clock.advance(36.0)
    await notice.send(WHY, running=False)
    ended, cannot = f"⚠ tracker has ended: {WHY}", f"⚠ tracker cannot start: {WHY}"
    assert phone.said == [ended, cannot, cannot]


@pytest.mark.parametrize("mark", ["", "rubbish"])
async def test_what_cannot_be_remembered_is_said(tmp_path: Path, mark: str) -> None:
    """Where no mark can be written, the notice is sent each time."""
    clock, phone = FakeClock(datetime(2026, 11, 21, tzinfo=UTC)), Channel()
    ends = ReportedEnds(STORE, clock, tmp_path)
    missing = ReportedEnds(STORE, clock, tmp_path / "missing")
    await FailureNotice([phone], missing).send(WHY, running=True)
    await FailureNotice([phone], ends).send(WHY, running=True)
    _spoil(tmp_path, mark)
    await FailureNotice([phone], ends).send(WHY, running=True)
    assert len(phone.said) == 3


async def test_an_end_that_was_taken_back_is_news_again(tmp_path: Path) -> None:
    """An end after "it runs again" is reported, but one every minute only seldom."""
    clock, phone = FakeClock(datetime(2026, 11, 21, tzinfo=UTC)), Channel()
    ends = ReportedEnds(STORE, clock, tmp_path)
    assert not ends.unrecovered()
    await FailureNotice([phone], ends).send(WHY, running=True)
    assert ends.unrecovered()
    assert ends.steady_s == STEADY_S
    await clock.advance(60.0)
    ends.mark_recovered()
    assert not ReportedEnds(STORE, clock, tmp_path).unrecovered()
    await clock.advance(60.0)
    await FailureNotice([phone], ends).send(WHY, running=True)
    assert len(phone.said) == 2
    assert (ends.unrecovered(), ends.steady_s) == (True, STEADIER_S)


def _spoil(folder: Path, mark: str) -> None:
    (made,) = folder.iterdir()
    made.write_text(mark)
