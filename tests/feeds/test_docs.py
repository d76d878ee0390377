"""The documents about feeds describe what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from tracker.domain.events import ClockOff, ClockRight, SystemEvent
from tracker.feeds.feeds import SOURCES
from tracker.settings.models import FeedsSettings
from tracker.settings.reading import keys_of

ROOT = Path(__file__).parents[2]
FEEDS = (ROOT / "docs" / "feeds.md").read_text("utf-8")
EXTENDING = (ROOT / "docs" / "extending.md").read_text("utf-8")


def test_every_event_is_documented() -> None:
    """docs/feeds.md explains each event that can be logged, and no other."""
    told = {x.name for x in SystemEvent.__subclasses__() if x.name.startswith("feed.")}
    told |= {ClockOff.name, ClockRight.name}
    explained = set(re.findall(r"`((?:feed|clock)\.[a-z_]+)`", FEEDS))
    assert told == explained


def test_every_source_is_documented_and_can_be_configured() -> None:
    """Every source has a table of settings and is named in docs/feeds.md."""
    named = {x.name for listed in SOURCES.values() for x in listed}
    assert named == FeedsSettings().by_name.keys() == keys_of(FeedsSettings).keys()
    assert all(f"`{x}`" in FEEDS for x in named)


def test_the_example_of_a_source_is_the_real_one() -> None:
    """The example in docs/extending.md is the WNBA's source as it is in its file."""
    (example,) = re.findall(r"```python\n(WNBA_SOURCE .*?)```", EXTENDING, flags=re.DOTALL)
    code = (ROOT / "tracker" / "feeds" / "nba.py").read_text("utf-8").splitlines()
    assert all(line in code for line in example.splitlines())


def test_files_that_are_named_exist() -> None:
    """Every file that the documents name exists."""
    for name in re.findall(r"`((?:tracker|tests)/[a-z_/]+\.(?:py|toml))`", FEEDS + EXTENDING):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\(([a-z]+\.md)\)", FEEDS + EXTENDING):
        assert (ROOT / "docs" / name).exists(), name
