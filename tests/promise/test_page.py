"""Promises of docs/promise.md: whatever the figures are, all of them are there."""

from __future__ import annotations

from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "promise.md").read_text("utf-8")

KILLS = (
    "random `kill -9`",
    "alerts recorded",
    "alerts lost",
    "alerts that came too late and were told in a digest",
    "flagged repeats",
    "unflagged repeats",
    "bets settled",
    "bets with a wrong result, or none",
    "settlements doubled",
    "integrity failures",
    "stops by SIGTERM that were not clean",
    "recovery from cold, kill to first poll",
)
POINTS = ("at which it died", "deaths", "alerts recorded", "flagged repeats", "broken promises")


def rows(begin: str, end: str) -> list[list[str]]:
    """The cells of the rows of a table between two markers."""
    _, _, rest = PAGE.partition(f"<!-- {begin} -->")
    table, found, _ = rest.partition(f"<!-- {end} -->")
    assert found
    lines = [x for x in table.splitlines() if x.startswith("|")]
    assert lines[:2] == ["| figure | value |", "| --- | --- |"]
    return [[cell.strip() for cell in x.strip("|").split("|")] for x in lines[2:]]


@pytest.mark.parametrize(
    ("begin", "end", "promised"),
    [
        ("kills: made by benchmarks/kills.py", "end of kills", KILLS),
        ("points: made by tests/promise/points.py", "end of points", POINTS),
        ("all points: made by tests/promise/points.py", "end of all points", POINTS),
    ],
)
def test_every_promised_figure_is_on_the_page(
    begin: str, end: str, promised: tuple[str, ...]
) -> None:
    """Each table is between its markers, and has each row with a figure."""
    found = rows(begin, end)
    assert len(found) == len(promised)
    for (label, value), words in zip(found, promised, strict=True):
        assert words in label
        assert any(x.isdigit() for x in value)


@pytest.mark.parametrize(
    "words",
    [
        "Recorded once.",
        "Never lost.",
        "Never silently repeated.",
        "Settled once.",
        "Never confident on stale data.",
        "Not promised:",
    ],
)
def test_the_promise_is_whole(words: str) -> None:
    """The page has all five parts of the promise, and what is not promised."""
    assert words in PAGE
