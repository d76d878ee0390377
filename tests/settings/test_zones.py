"""Promises of time zones: they are read as people write them, and an ambiguous one is refused."""

from __future__ import annotations

import pytest

from tracker.settings.alerting import zone_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ET", "America/New_York"), ("Eastern", "America/New_York"),
        ("eastern time", "America/New_York"), ("US/Eastern", "America/New_York"),
        ("america/new_york", "America/New_York"), ("America/New York", "America/New_York"),
        ("new york", "America/New_York"), ("Denver", "America/Denver"),
        (" Pacific ", "America/Los_Angeles"), ("arizona", "America/Phoenix"),
        ("utc", "UTC"), ("Europe/Berlin", "Europe/Berlin"), ("berlin", "Europe/Berlin"),
        ("CET", "CET"), ("Etc/GMT+5", "Etc/GMT+5"),
    ],
)  # fmt: skip
def test_a_zone_is_understood_as_people_write_it(text: str, name: str) -> None:
    """A zone is read from its name in any case, a city, or North American words."""
    assert zone_name(text) == name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("EST", "write America/New_York for Eastern time, summer and winter"),
        ("pdt", "write America/Los_Angeles for Pacific time"),
        ("CST", "write America/Chicago"), ("BST", "write Europe/London"),
        ("Mars", "is no time zone; write one like America/New_York"), ("", "is no time zone"),
        ("../etc/passwd", "is no time zone"), ("GMT+5", "is no time zone"),
    ],
)  # fmt: skip
def test_what_may_mean_two_things_is_asked_about(text: str, words: str) -> None:
    """An ambiguous zone is refused in one sentence that says what to write."""
    with pytest.raises(ValueError, match=r"time zone|summer and winter") as caught:
        zone_name(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
