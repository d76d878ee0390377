"""Leave one season out, over leagues and seasons: fit, judge and back-test, piece by piece.

The pieces know nothing of each other, so that they run side by side: on the cores of this machine
through joblib, or on a Dask cluster that is there already. Each works on one core, whose sums are
then the same wherever it runs.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tracker.domain.errors import TrackerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tracker.engine.market.strategy import Strategy
    from tracker.forecast import Parameters

P = TypeVar("P")
F = TypeVar("F")

CLUSTER_S = 20
"""Seconds in which a cluster must answer."""


class NoCluster(TrackerError):
    """A cluster cannot be reached, or its client is not installed; the text says which."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A league's season that is judged by a fit on the others of `seasons`.

    With a strategy that season is back-tested too, by the lines in the folder's table of games.
    """

    folder: Path
    league: str
    seasons: tuple[str, ...]
    unseen: str
    strategy: Strategy | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a piece: the parameters' text, how good they were, and the back-test's figures.

    `backtest` is None where none was wanted.
    """

    league: str
    season: str
    parameters: str
    judged: dict[str, Any]
    backtest: dict[str, Any] | None

    @property
    def document(self) -> str:
        """All but the parameters, as JSON that is the same for the same figures."""
        told = {
            "league": self.league,
            "season": self.season,
            "parameters_sha256": hashlib.sha256(self.parameters.encode()).hexdigest(),
            "judged": self.judged,
            "backtest": self.backtest,
        }
        return json.dumps(told, sort_keys=True, indent=1) + "\n"


def pieces_of(
    folder: Path, leagues: Iterable[str], named: tuple[str, ...], strategy: Strategy | None
) -> list[Piece]:
    """A piece for each season of each league. Raises BadDataset where there are fewer than two."""
    from tracker.modelling.games.dataset import seasons_played
    from tracker.modelling.retrain import seasons_to_fit

    found = []
    for league in leagues:
        seasons = seasons_to_fit(seasons_played(folder, league), named).fitted
        found += [Piece(folder, league, seasons, x, strategy) for x in seasons]
    return found


def run(
    work: Callable[[P], F],
    pieces: Iterable[P],
    *,
    jobs: int = -1,
    cluster: str | None = None,
    wait_s: float = CLUSTER_S,
    done: Callable[[F], None] = lambda _: None,
) -> list[F]:
    """Work all pieces out, in their order; `done` is told of each as it comes, in that order too.

    `work` is a function of a module, so that another process finds it. `jobs` is how many run at
    once on this machine, -1 for one a core; with `cluster`, the address of a Dask scheduler such as
    tcp://10.0.0.5:8786, they run there, and it must answer within `patience` seconds. Raises
    NoCluster, and what a piece raises.
    """
    from joblib import Parallel, delayed, parallel_config

    with ExitStack() as stack:
        if cluster is None:
            stack.enter_context(parallel_config("loky", n_jobs=jobs))
        else:
            stack.enter_context(_client(cluster, wait_s))
            stack.enter_context(parallel_config("dask"))
        found = []
        for one in Parallel(return_as="generator")(delayed(work)(x) for x in pieces):
            found.append(one)
            done(one)
    return found


def _client(address: str, wait_s: float) -> AbstractContextManager[object]:
    try:
        from distributed import Client
    except ImportError:
        raise NoCluster(
            'a cluster needs dask: install with `pip install "ingame-tracker[cluster]"`'
        ) from None
    try:
        client: AbstractContextManager[object] = Client(  # type: ignore[no-untyped-call]
            address, timeout=wait_s
        )
    except (OSError, TimeoutError, ValueError) as why:
        raise NoCluster(
            f"no Dask scheduler answers at {address} ({type(why).__name__}): start one with "
            "`dask scheduler`, and workers of this program's environment beside it"
        ) from None
    return client


def work_out(piece: Piece) -> Finding:
    """Fit without a season, judge on it, and back-test it; on one core."""
    from threadpoolctl import threadpool_limits

    from tracker.forecast.game.parameters import decode
    from tracker.modelling.games.dataset import read
    from tracker.modelling.games.evaluate import scored
    from tracker.modelling.games.fit import fit_text

    with threadpool_limits(1):
        data = read(piece.folder, piece.league)
        rest = [x for x in piece.seasons if x != piece.unseen]
        text = fit_text(data, rest, lambda _step, _part: None)
        parameters = decode(text, f"the fit without {piece.unseen}")
        judged = scored(data, parameters, piece.unseen)
        tried = None if piece.strategy is None else _backtest(piece, piece.strategy, parameters)
    return Finding(piece.league, piece.unseen, text, judged, tried)


def _backtest(piece: Piece, strategy: Strategy, parameters: Parameters) -> dict[str, Any]:
    from tracker.app.market.backtest import backtest
    from tracker.modelling.backtest.seasons import candidates, read_rows

    rows = read_rows(piece.folder / piece.league)
    pairs = list(
        candidates(rows, piece.unseen, strategy.lines, parameters, lambda _step, _part: None)
    )
    report = backtest(strategy, [x for x, _ in pairs], dict(pairs), piece.unseen)
    return {
        "strategy": strategy.name,
        "n": report.all.n,
        "staked": report.all.staked,
        "profit": report.all.profit,
        "roi": report.all.roi,
        "roi_95": [report.all.low, report.all.high],
        "clv": report.clv,
    }
