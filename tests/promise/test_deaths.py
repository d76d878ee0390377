"""The promise at its hardest: a whole night, with a death at every operation of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.promise.script import FEW, MANY
from tests.promise.sink import Sink, broken, die_at_every_operation, told


def check_promise(found: list[dict[str, Any]], taking: Sink, picks: tuple[str, ...]) -> None:
    """Check that every night, the undisturbed one too, keeps the promise."""
    assert [x for one in found for x in broken(one, found[-1], taking, picks)] == []


@pytest.mark.timeout(300)
async def test_a_death_at_any_operation_changes_nothing(tmp_path: Path) -> None:
    """After a death at any poll, transaction or send, alerts and results are the same."""
    found, taking = await die_at_every_operation(tmp_path)
    assert [x["deaths"] for x in found] == [1] * (len(found) - 1) + [0]
    assert len(found) > 70
    check_promise(found, taking, FEW)
    # The night has the hard cases: a lost answer, and alerts that expired.
    last = told(taking.got[found[-1]["n"]])
    assert sum(flagged for _, flagged in last) == 1
    assert any("could not reach you in time" in x.text for x in taking.got[found[-1]["n"]])
    assert sum("while you wanted silence" in x.text for x in taking.got[found[-1]["n"]]) == 1


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_two_deaths_at_any_statement_change_nothing(tmp_path: Path) -> None:
    """A death at any single statement, and another one soon after, change nothing."""
    found, taking = await die_at_every_operation(tmp_path, "--full")
    assert {x["deaths"] for x in found[:-1]} == {1, 2}
    assert len(found) > 500
    check_promise(found, taking, MANY)
