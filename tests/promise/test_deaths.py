"""The promise at its hardest: a whole night, and a death at every operation of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.promise.script import FEW, MANY, RESULTS
from tests.promise.sink import Sink, die_at_every_operation, told


def check_promise(found: list[dict[str, Any]], taking: Sink, picks: tuple[str, ...]) -> None:
    """Nothing lost, nothing repeated without the words, every result once, every decision the same.

    The undisturbed night is held to it too.
    """
    results = sorted([p, r, x] for (p, r), x in RESULTS.items() if p in picks)
    undisturbed = found[-1]
    for one in found:
        place = f"dying at operation {one['n']}"
        assert one["sound"] == "ok", place
        assert {told or state for _, state, told in one["ends"]} == {"sent"}, place
        assert sorted(alert for alert, _, _ in one["ends"]) == sorted(one["fired"]), place
        arrived = told(taking.got[one["n"]])
        assert {number for number, _ in arrived} == set(one["fired"]), place
        assert [x for (x, flagged), n in arrived.items() if n > 1 and not flagged] == [], place
        assert sorted(one["results"]) == results, place
        assert one["decided"] == undisturbed["decided"], place


@pytest.mark.timeout(300)
async def test_a_death_at_any_operation_changes_nothing(tmp_path: Path) -> None:
    """Polls, transactions, sends: restarted, the night ends with the same alerts and results."""
    found, taking = await die_at_every_operation(tmp_path)
    assert [x["deaths"] for x in found] == [1] * (len(found) - 1) + [0]
    assert len(found) > 70
    check_promise(found, taking, FEW)
    # The night has what makes it hard: a lost answer, and alerts that came too late.
    last = told(taking.got[found[-1]["n"]])
    assert sum(flagged for _, flagged in last) == 1
    assert any("could not reach you in time" in x for x in taking.got[found[-1]["n"]])


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_two_deaths_at_any_statement_change_nothing(tmp_path: Path) -> None:
    """The same at every single statement, with another death soon after each."""
    found, taking = await die_at_every_operation(tmp_path, "--full")
    assert {x["deaths"] for x in found[:-1]} == {1, 2}
    assert len(found) > 700
    check_promise(found, taking, MANY)
