"""Promises of system events: each has its own name in the log, and trouble is a warning."""

from __future__ import annotations

from dataclasses import fields

from tracker.domain import events
from tracker.domain.events import ChannelRecovered, GameLost, Severity, SystemEvent

EVENTS = [
    x
    for x in vars(events).values()
    if isinstance(x, type) and issubclass(x, SystemEvent) and x is not SystemEvent
]


def test_each_event_has_a_word_of_its_own() -> None:
    """No two events share a name in the log."""
    names = [x.name for x in EVENTS]
    assert len(set(names)) == len(names) > 50
    assert all(len(name.split(".")) == 2 for name in names)


def test_an_event_is_written_with_its_figures() -> None:
    """The log shows an event's fields as text under their names."""
    assert GameLost("LAL@DEN", "down").figures == {"game": "LAL@DEN", "what": "down"}
    assert ChannelRecovered("telegram", 41).figures == {"channel": "telegram", "after_s": "41"}


def test_what_goes_wrong_is_a_warning() -> None:
    """An event with a reason is a warning, unless a person or a source caused it on purpose."""
    explained = {x.name for x in EVENTS if "why" in {y.name for y in fields(x)}}
    quiet = {x.name for x in EVENTS if x.severity is Severity.INFO}
    assert explained & quiet == {
        "bet.withdrawn", "card.gone", "feed.switched", "telegram.plain",
    }  # fmt: skip
