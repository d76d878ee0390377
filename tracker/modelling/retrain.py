"""Retraining, and studies: recorded seasons to fits, each judged on a season that it has not seen.

A retrain makes a candidate that says how good its form is. A study leaves each season out in turn,
over leagues: fit, judge and back-test, piece by piece. The pieces know nothing of each other, so
that they run side by side: on the cores of this machine through joblib, or on a Dask cluster that
is there already. Each works on one core, whose sums are then the same wherever it runs.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tracker.domain import TrackerError
from tracker.forecast.documents import sealed
from tracker.forecast.game.parameters import decode
from tracker.modelling.games import BadDataset, read
from tracker.modelling.games.evaluate import scored
from tracker.modelling.games.fit import fit_text, only
from tracker.modelling.players import seasons_with_players
from tracker.modelling.players.evaluate import evaluate_players
from tracker.modelling.players.fit import MODEL, fit_players, written
from tracker.modelling.players.known import know

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from tracker.engine.market.strategy import Strategy
    from tracker.forecast import Parameters

    Array = NDArray[Any]
    Progress = Callable[[str, float], None]


LEAST_UNSEEN = 100
"""Games of the newest season from which on a fit is judged on it; else on the one before."""


@dataclass(frozen=True, slots=True)
class SeasonsToFit:
    """The seasons that are fitted, and which of them a first fit leaves out to be judged on."""

    fitted: tuple[str, ...]
    unseen: str


def seasons_to_fit(played: Array, named: Sequence[str] = ()) -> SeasonsToFit:
    """The seasons of recorded games (one row each), or those named. BadDataset below two."""
    names, counts = np.unique(played, return_counts=True)
    found = {str(x): int(n) for x, n in zip(names, counts, strict=True) if x}
    missing = sorted(set(named) - set(found))
    if missing:
        raise BadDataset(f"the dataset has no games of {', '.join(missing)}: name other seasons")
    fitted = tuple(sorted(named or found))
    if len(fitted) < 2:  # noqa: PLR2004 - one to fit on, one to judge on
        raise BadDataset(
            "a retrain needs two seasons, one of them to judge on: collect an earlier one with "
            "`tracker history --season`"
        )
    large = [x for x in fitted if found[x] >= LEAST_UNSEEN]
    return SeasonsToFit(fitted, large[-1] if large else fitted[-1])


def retrained_games(
    folder: Path, champion: Parameters, named: Sequence[str], day: str, progress: Progress
) -> str:
    """The text of a candidate's parameters file, fitted at `day` (ISO). Raises BadDataset.

    It is fitted on all seasons. How good its form is says a fit without the newest one, judged on
    that, beside the champion where it has not seen the season either.
    """
    progress("reading", 0.0)
    data = read(folder, champion.league)
    chosen = seasons_to_fit(data.games.season, named)
    rest = [x for x in chosen.fitted if x != chosen.unseen]
    without = decode(fit_text(data, rest, progress), "the fit without that season")
    # Ratings carry over from one season to the next: with the one before, little is lost.
    last = only(data, np.isin(data.games.season, [*rest[-1:], chosen.unseen]))
    scores = scored(last, without, chosen.unseen)
    if chosen.unseen not in champion.fitted_on or champion.transferred:
        plain = replace(champion, players=None)
        scores["in_use"] = scored(last, plain, chosen.unseen)["moments"]
    del last
    return fit_text(data, chosen.fitted, progress, {"fitted_at": day, "unseen": scores})


def retrained_players(
    folder: Path, parameters: Parameters, named: Sequence[str], day: str, progress: Progress
) -> str:
    """The same of figures of players, every state looked at by the games' `parameters`.

    The seasons are those of the games whose players are told.
    """
    chosen = seasons_to_fit(seasons_with_players(folder, parameters.league), named)
    known = know(folder, parameters, progress)
    rest = [x for x in chosen.fitted if x != chosen.unseen]
    without = fit_players(known, rest, progress)
    judged = evaluate_players(known, without, [chosen.unseen], progress)
    return candidate_players(fit_players(known, chosen.fitted, progress), judged, day)


def candidate_players(document: dict[str, Any], judged: dict[str, Any], day: str) -> str:
    """The text of figures fitted at `day`, with the evaluation of a fit without a season on it."""
    about = {"fitted_at": day, "unseen": _in_short(judged)}
    whole = document | {"about": document["about"] | about}
    return written(sealed(whole, MODEL))


def _in_short(judged: dict[str, Any]) -> dict[str, Any]:
    """Brier scores by moment and statistic of an evaluation, as a model file keeps them."""
    moments = {
        name: {f"{stat} Brier": round(x["all"]["brier"], 4) for stat, x in figures["stats"].items()}
        for name, figures in judged["moments"].items()
    }
    about = judged["parameters"]
    season = ", ".join(about["judged_on"])
    return {"season": season, "games": about["games"], "moments": moments}


def seasons_of(text: str) -> tuple[str, ...]:
    """The seasons that a model's file says it was fitted on."""
    return tuple(json.loads(text)["fitted_on"])


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
        document = {
            "league": self.league,
            "season": self.season,
            "parameters_sha256": hashlib.sha256(self.parameters.encode()).hexdigest(),
            "judged": self.judged,
            "backtest": self.backtest,
        }
        return json.dumps(document, sort_keys=True, indent=1) + "\n"


def pieces_of(
    folder: Path, leagues: Iterable[str], named: tuple[str, ...], strategy: Strategy | None
) -> list[Piece]:
    """A piece for each season of each league. Raises BadDataset where there are fewer than two."""
    from tracker.modelling.games import seasons_played

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
    from tracker.modelling.games import read
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
    from tracker.modelling.backtest import candidates, read_rows

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
