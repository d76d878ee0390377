"""Retraining: recorded seasons to a candidate that says how good its form is on an unseen one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.documents import sealed
from tracker.forecast.game.parameters import decode
from tracker.modelling.games.dataset import BadDataset, read
from tracker.modelling.games.evaluate import scored
from tracker.modelling.games.fit import fit_text, only
from tracker.modelling.players.dataset import seasons_with_players
from tracker.modelling.players.evaluate import evaluate_players
from tracker.modelling.players.fit import MODEL, fit_players, written
from tracker.modelling.players.known import know

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

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
    told = [x for x in fitted if found[x] >= LEAST_UNSEEN]
    return SeasonsToFit(fitted, told[-1] if told else fitted[-1])


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
    told = scored(last, without, chosen.unseen)
    if chosen.unseen not in champion.fitted_on or champion.transferred:
        plain = replace(champion, players=None)
        told["in_use"] = scored(last, plain, chosen.unseen)["moments"]
    del last
    return fit_text(data, chosen.fitted, progress, {"fitted_at": day, "unseen": told})


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
    told = {"fitted_at": day, "unseen": _in_short(judged)}
    whole = document | {"about": document["about"] | told}
    return written(sealed(whole, MODEL))


def _in_short(judged: dict[str, Any]) -> dict[str, Any]:
    """Brier scores by moment and statistic of an evaluation, as a model file keeps them."""
    moments = {
        name: {f"{stat} Brier": round(x["all"]["brier"], 4) for stat, x in told["stats"].items()}
        for name, told in judged["moments"].items()
    }
    about = judged["parameters"]
    season = ", ".join(about["judged_on"])
    return {"season": season, "games": about["games"], "moments": moments}


def seasons_of(text: str) -> tuple[str, ...]:
    """The seasons that a model's file says it was fitted on."""
    return tuple(json.loads(text)["fitted_on"])
