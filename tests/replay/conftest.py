"""The shipped games, read once for all replay tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tracker.replay import Recording, shipped
from tracker.replay.timeline import Timeline, timeline

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def games() -> dict[str, Recording]:
    """Every shipped game by its short name; the one at Golden State in April is NOP@GSW."""
    return {game.name: game for game in shipped()}


@pytest.fixture(scope="session")
def timelines(games: dict[str, Recording]) -> list[Timeline]:
    """The timeline of every shipped game."""
    return [timeline(game) for game in games.values()]


@pytest.fixture(scope="session")
def rosters(timelines: list[Timeline]) -> list[Timeline]:
    """The shipped games whose players are known."""
    return [game for game in timelines if game.recording.home.players]


@pytest.fixture(scope="session")
def real() -> Callable[[str], Any]:
    """A trimmed real document of the NBA's CDN, by name."""

    def load(name: str) -> Any:
        return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))

    return load
