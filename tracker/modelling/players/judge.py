"""The whole evaluation of player lines: fit, judge, and write what came of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tracker.modelling.games import fit as games_fit
from tracker.modelling.players import card, report
from tracker.modelling.players.evaluate import evaluate_players
from tracker.modelling.players.fit import fit_players, written
from tracker.modelling.players.known import know
from tracker.modelling.players.parlays import judge_parlays

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def judge(
    folder: Path,
    league: str,
    fitted: Sequence[str],
    judged: Sequence[str],
    out: Path,
    progress: Callable[[str, float], None] = lambda _step, _part: None,
) -> dict[str, Any]:
    """Fit games and players on `fitted`, judge on `judged`, and write the tables into `out`.

    Raises BadDataset.
    """
    out.mkdir(parents=True, exist_ok=True)
    parameters = games_fit.fit(folder, league, fitted, out / "parameters.json", progress)
    known = know(folder, parameters, progress)
    document = fit_players(known, fitted, progress)
    (out / "players.json").write_text(written(document), "utf-8")
    result = evaluate_players(known, document, judged, progress)
    result["parlays"] = judge_parlays(folder, known, document, parameters, judged, progress)
    (out / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    report.write(result, out / "evaluation.md")
    card.write(result, out / "player-card.md")
    return result
