"""Recorded player-games to a file of player figures: the same games give the same bytes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.documents import About, sealed
from tracker.forecast.players import figures
from tracker.modelling.games.dataset import BadDataset
from tracker.modelling.players.counts_fit import fit_overtime, fit_spread, fit_ties, sights
from tracker.modelling.players.dataset import digest
from tracker.modelling.players.known import Known, know, league_rates
from tracker.modelling.players.moment_fit import Given, fit_moment
from tracker.modelling.players.prior_fit import fit_memory, fit_minutes, fit_rates
from tracker.modelling.players.shares import Ordered
from tracker.modelling.players.transfer import FOULS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tracker.forecast.game.parameters import Parameters

MODEL = "minutes-and-counts-2"
"""Names the form of the model; it changes when the formulas do."""


def fit(
    folder: Path,
    parameters: Parameters,
    seasons: Sequence[str],
    out: Path,
    progress: Callable[[str, float], None] = lambda _step, _part: None,
) -> figures.PlayerFigures:
    """Fit a league's players on whole seasons, write the file `out`, and return what it holds.

    `parameters` are those of the league's games, by which every state is looked at. Raises
    BadDataset when a season has no players.
    """
    document = fit_players(know(folder, parameters, progress), seasons, progress)
    text = written(document)
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f"{out.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(out)
    return figures.decode_players(text, out.name)


def fit_players(
    known: Known, seasons: Sequence[str], progress: Callable[[str, float], None]
) -> dict[str, Any]:
    """The document of a file of player figures, fitted on the games of `seasons`."""
    rows = known.rows
    missing = sorted(set(seasons) - set(rows.season.tolist()))
    if missing:
        raise BadDataset(f"the dataset has no players of {', '.join(missing)}: name other seasons")
    train = np.isin(rows.season, list(seasons))
    fouls = FOULS.get(rows.league.id, 6)
    prior, usual = fit_minutes(known, train)
    rate_documents, rates = fit_rates(known, train, usual)
    fitted: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    memory = fit_memory(known, train, rates)
    looked = list(known.scenes)
    league = league_rates(known, rate_documents, usual)
    given = Given(known, train, usual, rates, league, fouls, memory)
    near: dict[bool, Ordered | None] = {True: None, False: None}
    for i, name in enumerate(looked):
        progress("minutes and rates", i / len(looked))
        live = rows.moments[name].live
        told, near[live] = fit_moment(given, name, near[live])
        fitted[live].append(told)
    counted = rows.trips[np.unique(rows.game[train])].sum(axis=0)[1:]
    trips = counted / counted.sum()
    document: dict[str, Any] = {
        "player_format": figures.PLAYER_FORMAT,
        "league": rows.league.id,
        "transferred": False,
        "fitted_on": sorted(seasons),
        "fouls": fouls,
        "prior": prior,
        "rates": rate_documents,
        "live": _stacked(fitted[True]),
        "breaks": _stacked(fitted[False]),
        "memory": list(memory),
        "trips": trips.round(4).tolist(),
        "overtime": fit_overtime(known, train, usual),
    }
    progress("spread", 0.0)
    seen = sights(known, train, document)
    document["spread"] = fit_spread(
        seen, tuple(document["trips"]), lambda part: progress("spread", part)
    )
    document["ties"] = fit_ties(seen)
    games = np.unique(rows.game[train])
    document["about"] = asdict(About(data=digest(rows, train), games=int(games.size)))
    progress("done", 1.0)
    return sealed(document, MODEL)


def written(document: dict[str, Any]) -> str:
    """The text of a figures file."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def _stacked(moments: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [x[name] for x in moments] for name in moments[0]}
