"""Promises of `tracker snooze`: a snooze has an end, can be seen, and can be ended."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import Cli
from tracker.domain import BadTime
from tracker.domain.policy import parse_until

DENVER = ZoneInfo("America/Denver")
NOW = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
"""Half past seven in the evening in Denver."""


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("2h", "2026-11-21T04:30:00Z"),
        ("90m", "2026-11-21T04:00:00Z"),
        ("90 min", "2026-11-21T04:00:00Z"),
        ("1h30m", "2026-11-21T04:00:00Z"),
        ("for 1 h 30 m", "2026-11-21T04:00:00Z"),
        ("1d", "2026-11-22T02:30:00Z"),
        ("until 22:00", "2026-11-21T05:00:00Z"),
        ("22:00", "2026-11-21T05:00:00Z"),
        ("until 9:00", "2026-11-21T16:00:00Z"),
        ("until 2026-11-23 09:00", "2026-11-23T16:00:00Z"),
        ("2 hours", "2026-11-21T04:30:00Z"),
        ("1 hr 30 mins", "2026-11-21T04:00:00Z"),
        ("till 10pm", "2026-11-21T05:00:00Z"),
        ("10:30 PM", "2026-11-21T05:30:00Z"),
        ("12 am", "2026-11-21T07:00:00Z"),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, until: str) -> None:
    """A time of day that has passed is tomorrow's, in the person's zone."""
    assert parse_until(text, NOW, DENVER) == datetime.fromisoformat(until)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-01T05:10:00Z", "2026-11-01T05:30:00Z"),
        ("2026-11-01T05:50:00Z", "2026-11-01T06:30:00Z"),
        ("2026-11-01T06:10:00Z", "2026-11-01T06:30:00Z"),
        ("2026-11-01T06:40:00Z", "2026-11-02T06:30:00Z"),
    ],
)
def test_in_the_hour_that_comes_twice_a_time_is_the_next_such_time(now: str, until: str) -> None:
    """On the night on which the clocks go back, `until 1:30` never silences another day."""
    zone = ZoneInfo("America/New_York")
    for words in ("until 1:30", f"until {until[:10]} 01:30"):
        end = parse_until(words, datetime.fromisoformat(now), zone)
        assert end == datetime.fromisoformat(until)


@pytest.mark.parametrize(
    "text", ["", "soon", "0m", "25:00", "13pm", "31d", "until 2026-11-20 09:00", "-2h"]
)
def test_what_is_no_time_is_told_with_the_forms(text: str) -> None:
    """Anything else is refused with the accepted forms, so nothing is silent for ever."""
    with pytest.raises(BadTime, match=r"write '2h', '90m'"):
        parse_until(text, NOW, DENVER)


@pytest.mark.usefixtures("night")
def test_a_bet_is_silenced_shown_and_ended(cli: Cli) -> None:
    """A bet is snoozed by its number, listed, and heard again with `--off`."""
    said = cli("snooze", "1", "2h")
    assert said.status == 0
    assert said.out.startswith("Silent about bet #1 until ")
    [listed] = cli("snooze", "--list", "--json").json
    assert (listed["scope"], listed["target"]) == ("bet", "1")
    assert "bet #1: silent until" in cli("snooze").out
    assert cli("snooze", "1", "--off").out == "1 snooze ended.\n"
    assert cli("snooze").out == "Nothing is snoozed.\n"


@pytest.mark.usefixtures("night")
def test_everything_is_silenced_and_woken(cli: Cli) -> None:
    """`--all` snoozes everything, and `--off` alone ends every snooze."""
    assert cli("snooze", "--all", "until", "22:00").status == 0
    assert cli("snooze", "2", "30m").status == 0
    assert cli("snooze", "--off", "--json").json == {"lifted": 2}


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("1",), 2, "say until when bet 1 is to be silent"),
        (("--all",), 2, "say until when"),
        (("--all", "--game", "SAC@PHI", "2h"), 2, "contradict each other"),
        (("99", "2h"), 2, "there is no bet 99"),
        (("1", "soon"), 2, "is no time to be silent until"),
        (("--game", "XYZ", "2h"), 2, "on or to come; `tracker games` reads and shows what is on"),
    ],
)
def test_a_mistake_is_one_sentence(
    cli: Cli, words: tuple[str, ...], status: int, said: str
) -> None:
    """A mistake gives one sentence that says what to write."""
    ran = cli("snooze", *words)
    assert ran.status == status
    assert said in ran.err
