"""Promises of a study: the same bytes on one core, on all of them, and on a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.modelling.conftest import write_seasons
from tracker.engine.market.strategy import strategy_of
from tracker.modelling.retrain import Finding, NoCluster, pieces_of, run, work_out

pytestmark = pytest.mark.skipif(find_spec("sklearn") is None, reason="needs scikit-learn")
SEASONS = {"2020-21": 1, "2021-22": 2}


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real scheduler with two workers, each a process of its own."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
        local_directory=str(tmp_path_factory.mktemp("dask")),
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address


def where(n: int) -> tuple[int, int]:
    """The piece, and the process that worked on it."""
    return n, os.getpid()


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_pieces_come_back_in_order_from_the_workers_of_a_cluster(scheduler: str) -> None:
    """`done` is called in the order of the pieces, all of which other processes work on."""
    told: list[tuple[int, int]] = []
    found = run(where, range(6), cluster=scheduler, done=told.append)
    assert [n for n, _ in found] == list(range(6))
    assert told == found
    assert os.getpid() not in {pid for _, pid in found}


def test_only_seasons_with_a_table_of_lines_are_back_tested(tmp_path: Path) -> None:
    """A strategy is tried on the NBA's seasons; another league's study goes without it."""
    write_seasons(tmp_path, SEASONS, games=2)
    (tmp_path / "nba").rename(tmp_path / "wnba")
    write_seasons(tmp_path, SEASONS, games=2)
    pieces = pieces_of(tmp_path, ["nba", "wnba"], (), strategy_of({}, "x"))
    assert [(x.league, x.strategy is None) for x in pieces] == [
        ("nba", False), ("nba", False), ("wnba", True), ("wnba", True),
    ]  # fmt: skip


def test_a_cluster_that_is_not_there_is_said() -> None:
    """A missing cluster gives a sentence with its address and what to start."""
    pytest.importorskip("distributed")
    with pytest.raises(NoCluster, match=r"no Dask scheduler answers at 127\.0\.0\.1:9"):
        run(where, range(2), cluster="127.0.0.1:9", wait_s=0.1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_same_bytes_wherever_they_are_made(scheduler: str, tmp_path: Path) -> None:
    """Models and figures are equal on one core, on two, and on two workers of a cluster."""
    write_seasons(tmp_path, SEASONS, games=40)
    pieces = pieces_of(tmp_path, ["nba"], (), None)
    alone = run(work_out, pieces, jobs=1)
    assert [x.season for x in alone] == sorted(SEASONS)
    for x in alone:
        assert f'"{x.season}"' not in x.parameters
        assert x.judged["games"] == 40
    for again in (run(work_out, pieces, jobs=2), run(work_out, pieces, cluster=scheduler)):
        assert _bytes(again) == _bytes(alone)


def _bytes(found: list[Finding]) -> list[tuple[str, str]]:
    return [(x.parameters, x.document) for x in found]
