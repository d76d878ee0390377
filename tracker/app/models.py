"""Which models there are, how they stand, and which run beside those in use."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tracker.app.views import iso
from tracker.domain.league import LEAGUES
from tracker.registry import CALIBRATION, KINDS, Entry, Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracker.forecast import Parameters
    from tracker.forecast.calibration import Calibrations
    from tracker.store import Store
    from tracker.store.trials import Trial, TrialVerdict

Json = dict[str, Any]


async def models_json(
    store: Store | None, registry: Registry[Parameters], leagues: Sequence[str] = tuple(LEAGUES)
) -> Json:
    """Every model by league and kind, and the trials, as pages and programs read them.

    `{"models": [...], "trials": [...]}`. A model is `{league, kind: games | players | calibration,
    name, active, stage: candidate | shadow | in use | retired, model_version, calibration_id,
    fitted_on: [season], fitted_at: day or "", data: SHA-256 of the games or "", games: number of
    them, checksum, fault: why it cannot be used or null, unseen: null or {season, games, moments:
    {moment: {score: figure}}}, evidence: null or what a calibration was worth by segment, trial:
    id of the open trial that it runs in as the challenger, or null}`.
    A trial is as `trial_json` says. `store` is None where there is no database yet.
    """
    trials = () if store is None else await store.trials.list()
    verdicts = {} if store is None else {x.id: await store.trials.verdict(x.id) for x in trials}
    running = {(x.league, x.kind, x.challenger): x.id for x in trials if x.ended_at is None}
    found = []
    for league in leagues:
        for kind in KINDS:
            kept = registry.of(kind)
            for entry in kept.list(league):
                trial = running.get((league, kind.name, entry.name))
                found.append(model_json(entry, trial) | _evidence(kept, entry))
    return {
        "models": found,
        "trials": [trial_json(x, verdicts.get(x.id)) for x in trials if x.league in leagues],
    }


def model_json(entry: Entry, trial: int | None = None) -> Json:
    """One model, as `models_json` says; `trial` is the open trial that it runs in."""
    about = entry.about
    told = {
        "league": entry.league,
        "kind": entry.kind,
        "name": entry.name,
        "active": entry.active,
        "stage": "shadow" if trial is not None else entry.stage,
        "model_version": entry.model_version,
        "calibration_id": entry.calibration_id,
        "fitted_on": list(entry.fitted_on),
        "fitted_at": about.fitted_at,
        "data": about.data,
        "games": about.games,
        "checksum": entry.checksum,
        "fault": entry.fault,
        "unseen": about.unseen,
        "trial": trial,
    }
    # What an earlier version told goes on to stand where it stood.
    return told | {"about": asdict(about)}


def _evidence(kept: Registry[Any], entry: Entry) -> Json:
    if entry.kind != CALIBRATION.name or entry.fault is not None:
        return {"evidence": None}
    found: Calibrations = kept.read(entry.league, entry.name)
    return {"evidence": dict(found.evidence) or None}


def trial_json(trial: Trial, verdict: TrialVerdict | None) -> Json:
    """One trial.

    `{id, league, kind, champion, champion_version, challenger, challenger_version, began_at,
    ended_at, outcome: promoted | rejected | stopped | null, verdict: promote | hold | reject |
    null, judged_at, clauses: [{name, wanted, figure, answer: met | waiting | failed, detail}]}`.
    """
    return {
        "id": trial.id,
        "league": trial.league,
        "kind": trial.kind,
        "champion": trial.champion,
        "champion_version": trial.champion_version,
        "challenger": trial.challenger,
        "challenger_version": trial.challenger_version,
        "began_at": iso(trial.began_at),
        "ended_at": None if trial.ended_at is None else iso(trial.ended_at),
        "outcome": None if trial.outcome is None else trial.outcome.value,
        "verdict": None if verdict is None else verdict.verdict,
        "judged_at": None if verdict is None else iso(verdict.at),
        "clauses": [] if verdict is None else list(verdict.clauses),
    }
