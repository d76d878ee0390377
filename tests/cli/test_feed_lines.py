"""Promises of the line on sources: which one answers, which does not, and since when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tracker.cli.watch.status import feeds_line, source_of
from tracker.store.views import SourceStatusView

NOW = datetime(2026, 1, 30, 1, 0, tzinfo=UTC)


def status(source: str, word: str, ok: float | None, tried: float = 4.0) -> SourceStatusView:
    """A source that last answered `ok` seconds ago, and was last asked `tried` seconds ago."""
    at = None if ok is None else NOW - timedelta(seconds=ok)
    return SourceStatusView(source, at, NOW - timedelta(seconds=tried), word)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch colours off."""
    monkeypatch.setenv("NO_COLOR", "1")


def test_who_told_of_a_league_last() -> None:
    """It is the source that answered last: the league's own, its stand-in, or none before any."""
    well = (
        status("nba", "ok", 4.0),
        status("espn nba", "ok", 200.0),
        status("espn ncaam", "ok", 1.0),
    )
    assert source_of("nba", well) == "nba"
    assert source_of("ncaam", well) == "espn"
    assert (
        source_of("nba", (status("nba", "blocked", 90.0), status("espn nba", "ok", 5.0))) == "espn"
    )
    assert source_of("wnba", well) == ""


def test_one_line_over_all_sources() -> None:
    """Each source has its word and age; sources not asked for long are left out."""
    told = feeds_line(
        (
            status("nba", "rate_limited", 180.0),
            status("espn nba", "ok", 4.0),
            status("wnba", "down", None),
            status("espn wnba", "ok", 7200.0, 7200.0),
        ),
        NOW,
    )
    assert told == (
        "Feeds: nba rate limited, last answer 3 min ago · espn nba ok 4 s ago · "
        "wnba down, no answer yet"
    )
    assert feeds_line((), NOW) is None
