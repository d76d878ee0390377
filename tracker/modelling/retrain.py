"""Retraining and studies: fits on recorded seasons, each judged on a season left out of it.

A retrain makes a candidate with the scores of its form on an unseen season. A study leaves out each
season of each league in turn: it fits on the others, judges on that season and may back-test it.
These pieces are independent, so they run in parallel, on this machine's cores through joblib or on
an existing Dask cluster. Each piece uses one core, so that its sums are the same wherever it runs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from tracker.app.market.backtest import backtest
from tracker.domain import TrackerError
from tracker.domain.league import NBA
from tracker.engine.market.strategy import Strategy
from tracker.forecast import Parameters
from tracker.forecast.documents import sealed, text_of
from tracker.forecast.game.parameters import decode
from tracker.modelling import Array, Progress, silent
from tracker.modelling.backtest import candidates, read_rows
from tracker.modelling.games import BadDataset, check_seasons, read, seasons_played
from tracker.modelling.games.evaluate import scored
from tracker.modelling.games.fit import fit_text, only
from tracker.modelling.players import seasons_with_players
from tracker.modelling.players.evaluate import evaluate_players
from tracker.modelling.players.fit import MODEL, fit_players
from tracker.modelling.players.known import know

LEAST_UNSEEN = 100
"""The least games of a season to judge a fit on; the newest season that has them is taken."""


@dataclass(frozen=True, slots=True)
class SeasonsToFit:
    """The seasons to fit on, and the one that a first fit leaves out to be judged on."""

    fitted: tuple[str, ...]
    unseen: str

    @property
    def judged(self) -> tuple[str, ...]:
        """The unseen season, after the one before it: ratings carry over from that one.

        Older seasons would add little.
        """
        return (*[x for x in self.fitted if x < self.unseen][-1:], self.unseen)


def seasons_to_fit(played: Array, named: Sequence[str] = ()) -> SeasonsToFit:
    """The seasons to fit on: those named, else all of `played`, which holds each game's season.

    Raises BadDataset when a named season has no games, or there are fewer than two seasons.
    """
    names, counts = np.unique(played, return_counts=True)
    found = {str(x): int(n) for x, n in zip(names, counts, strict=True) if x}
    check_seasons(named, found)
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

    It is fitted on all seasons. Its scores are those of a first fit without the newest season,
    judged on that season. The champion's scores are added if it was not fitted on that season.
    """
    progress("reading", 0.0)
    data = read(folder, champion.league)
    chosen = seasons_to_fit(data.games.season, named)
    rest = [x for x in chosen.fitted if x != chosen.unseen]
    without = decode(fit_text(data, rest, progress), "the fit without that season")
    last = only(data, np.isin(data.games.season, list(chosen.judged)))
    scores = scored(last, without, chosen.unseen)
    if chosen.unseen not in champion.fitted_on or champion.transferred:
        plain = replace(champion, players=None)
        scores["in_use"] = scored(last, plain, chosen.unseen, without)["moments"]
    del last
    return fit_text(data, chosen.fitted, progress, {"fitted_at": day, "unseen": scores})


def retrained_players(
    folder: Path, parameters: Parameters, named: Sequence[str], day: str, progress: Progress
) -> str:
    """The text of a candidate's file of player figures, fitted at `day` (ISO).

    States of games are forecast by `parameters`, the model of games. The seasons are those with
    recorded players. Raises BadDataset.
    """
    chosen = seasons_to_fit(seasons_with_players(folder, parameters.league), named)
    known = know(folder, parameters, progress)
    rest = [x for x in chosen.fitted if x != chosen.unseen]
    without = fit_players(known, rest, progress)
    judged = evaluate_players(known, without, [chosen.unseen], progress)
    return candidate_players(fit_players(known, chosen.fitted, progress), judged, day)


def candidate_players(document: dict[str, Any], judged: dict[str, Any], day: str) -> str:
    """The text of a file of player figures fitted at `day`, with the scores `judged` in it."""
    about = {"fitted_at": day, "unseen": _in_short(judged)}
    whole = document | {"about": document["about"] | about}
    return text_of(sealed(whole, MODEL))


def _in_short(judged: dict[str, Any]) -> dict[str, Any]:
    """The Brier scores of an evaluation by moment and statistic, as a model file holds them."""
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
"""Seconds that a cluster has to answer."""


class NoCluster(TrackerError):
    """A cluster cannot be reached, or its client is not installed; the text says which."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a study: the season `unseen`, judged by a fit on the others of `seasons`.

    With a strategy that season is back-tested too, at the lines in the folder's table of games.
    """

    folder: Path
    league: str
    seasons: tuple[str, ...]
    unseen: str
    strategy: Strategy | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a piece: the fitted parameters' text, their scores, and the back-test's.

    `backtest` is None for a piece without a strategy.
    """

    league: str
    season: str
    parameters: str
    judged: dict[str, Any]
    backtest: dict[str, Any] | None

    @property
    def document(self) -> str:
        """The finding as JSON, with the parameters' checksum; equal figures give equal text."""
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
    """A piece for each season of each league. Raises BadDataset for a league with only one.

    Only the NBA's seasons are back-tested: the table of lines has the form of its games.
    """
    found = []
    for league in leagues:
        seasons = seasons_to_fit(seasons_played(folder, league), named).fitted
        tried = strategy if league == NBA.id else None
        found += [Piece(folder, league, seasons, x, tried) for x in seasons]
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
    """Run `work` on every piece in parallel; the results are in the order of the pieces.

    `done` is called with each result in that order, as soon as it is there. `work` must be a
    function of a module, so that another process can import it. `jobs` is the number of processes
    on this machine, -1 for one for each core. With `cluster`, the address of a Dask scheduler such
    as tcp://10.0.0.5:8786, the pieces run there; it must answer within `wait_s` seconds. Raises
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
            'a cluster needs dask: install with `pip install ".[cluster]"` in tracker\'s folder'
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
    """Work on one piece, on one core: fit without its season, judge on it, and back-test it."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        data = read(piece.folder, piece.league)
        rest = [x for x in piece.seasons if x != piece.unseen]
        text = fit_text(data, rest, silent)
        parameters = decode(text, f"the fit without {piece.unseen}")
        judged = scored(data, parameters, piece.unseen)
        tried = None if piece.strategy is None else _backtest(piece, piece.strategy, parameters)
    return Finding(piece.league, piece.unseen, text, judged, tried)


def _backtest(piece: Piece, strategy: Strategy, parameters: Parameters) -> dict[str, Any]:
    rows = read_rows(piece.folder / piece.league)
    pairs = list(candidates(rows, piece.unseen, strategy.lines, parameters, silent))
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
