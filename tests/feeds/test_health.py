"""Promises of the health reports."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracker.domain.events import tell_nobody
from tracker.domain.poll import Trouble
from tracker.feeds import FeedRefused, FeedUnavailable
from tracker.feeds.health import SourceHealth, advice, ignore_status

AT = datetime(2026, 1, 30, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[2] / "docs" / "feeds.md"


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_has_advice_and_is_documented(trouble: Trouble) -> None:
    """Every trouble comes with advice for a person, and is documented."""
    assert advice(trouble)
    assert f"| `{trouble.value}` |" in DOCUMENT.read_text("utf-8")


def test_blocked_is_said_again_after_a_recovery() -> None:
    """Each period of trouble is reported anew; a block after an outage is reported, too."""
    told: list[str] = []

    health = SourceHealth("nba", lambda event: told.append(event.name), ignore_status)
    for start in (0.0, 1000.0):
        health.bad(FeedUnavailable("down"), AT, start)
        health.bad(FeedUnavailable("down"), AT, start + 10)
        health.bad(FeedRefused("no"), AT, start + 30)
        health.bad(FeedRefused("no"), AT, start + 70)
        health.good(AT, start + 150)
    assert told == ["feed.lost", "feed.blocked", "feed.recovered"] * 2


def test_nobody_needs_to_listen() -> None:
    """A command that runs once may ignore events and status words."""
    health = SourceHealth("nba", tell_nobody, ignore_status)
    health.bad(FeedRefused("no"), AT, 0.0)
    health.good(AT, 1.0)
