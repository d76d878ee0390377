"""The models there are and how they stand, and trials: started, judged and promoted.

What a challenger says during its trial is shown to no one. It is stored beside what the champion
says of the same states, and both are compared with what came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from tracker.app.views import part, plain
from tracker.domain import Impossible, TrackerError
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.league import LEAGUES, season_name, slate_date
from tracker.engine.promotion import Evidence, GateVerdict, Judgement, judge
from tracker.engine.shadow import MOMENTS, Cost, cost_of_game, cost_of_players, unlike
from tracker.forecast import Parameters, forecast
from tracker.forecast.calibration import NO_CALIBRATIONS, Calibrations
from tracker.forecast.documents import BadParameters
from tracker.forecast.priors import average_prior
from tracker.registry import (
    CALIBRATION,
    GAMES,
    KINDS,
    PLAYERS,
    Entry,
    Kind,
    NoSuchModel,
    Registry,
    in_use,
)
from tracker.replay import RecordedPhase, Recording, shipped
from tracker.replay.timeline import timeline
from tracker.store import Store
from tracker.store.trials import Shadowed, Trial, TrialOutcome, TrialVerdict

Json = dict[str, Any]

ON_TRIAL: tuple[Kind[Any], ...] = (GAMES, PLAYERS)
"""The kinds of model that can be on trial. A calibration is judged on settled bets when it is
made."""

EVERY_S = 180.0
"""Seconds of game clock between two states of a recorded game on which both models are compared."""


async def models_json(
    store: Store | None, registry: Registry[Parameters], leagues: Sequence[str] = tuple(LEAGUES)
) -> Json:
    """All models by league and kind, and the trials, as `contracts.models.ModelsJson` has them.

    `store` is None where there is no database yet.
    """
    trials = () if store is None else await store.trials.list()
    verdicts = {} if store is None else await store.trials.verdicts()
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
    """One model in the form of `models_json`; `trial` is the open trial that it runs in."""
    about = entry.about
    return {
        **part(entry, "league", "kind", "name", "active"),
        "stage": "shadow" if trial is not None else entry.stage,
        **part(entry, "model_version", "calibration_id", "fitted_on"),
        # `about` repeats some keys, which stay at the top for programs that read them there.
        **part(about, "fitted_at", "data", "games"),
        **part(entry, "checksum", "fault"),
        "unseen": about.unseen_by_clock,
        "trial": trial,
        "about": plain(about),
    }


def _evidence(kept: Registry[Any], entry: Entry) -> Json:
    if entry.kind != CALIBRATION.name or entry.fault is not None:
        return {"evidence": None}
    found: Calibrations = kept.read(entry.league, entry.name)
    return {"evidence": dict(found.evidence) or None}


def trial_json(trial: Trial, verdict: TrialVerdict | None) -> Json:
    """One trial as `contracts.models.TrialJson` has it."""
    return {
        **part(
            trial, "id", "league", "kind", "champion", "champion_version", "challenger",
            "challenger_version", "began_at", "ended_at", "outcome",
        ),
        "verdict": None if verdict is None else verdict.verdict,
        "judged_at": None if verdict is None else plain(verdict.at),
        "clauses": [] if verdict is None else list(verdict.clauses),
    }  # fmt: skip


def kind_named(name: str) -> Kind[Any]:
    """A kind of model by its name. Raises NoSuchModel."""
    found = next((x for x in KINDS if x.name == name), None)
    if found is None:
        known = ", ".join(x.name for x in KINDS)
        raise NoSuchModel(f"there is no kind of model {name!r}: use one of {known}")
    return found


async def start(
    store: Store, registry: Registry[Parameters], league: str, kind: Kind[Any], name: str,
    now: datetime,
) -> Trial:  # fmt: skip
    """Put a model on trial against the one in use.

    Raises NoSuchModel, BadParameters, and Impossible where such a trial makes no sense or one is
    open.
    """
    if kind not in ON_TRIAL:
        raise Impossible(f"a {kind.name} is judged when it is made: there is nothing to try")
    kept = registry.of(kind)
    challenger = kept.read(league, name)
    history = kept.history(league)
    champion, (model, _) = history[-1] if history else "shipped", kept.load(league)
    if champion == name:
        raise Impossible(f"{name!r} is in use in {league} already: name another model")
    if kind.version(model) == kind.version(challenger):
        raise Impossible(
            f"{name!r} has the same parameters as {champion!r}, which is in use: name another model"
        )
    season = season_name(league, slate_date(now))
    fitted = [x for x in (model, challenger) if season in kind.seasons(x) and x.about.fitted_at]
    days = [date.fromisoformat(x.about.fitted_at) for x in fitted]
    trial = Trial(
        0, league, kind.name, champion, kind.version(model), name, kind.version(challenger),
        max(days, default=None), now,
    )  # fmt: skip
    number = await store.trials.start(trial)
    if number is None:
        raise Impossible(
            f"a trial of {league} {kind.name} is on: end it with `tracker model trial stop`"
        )
    return replace(trial, id=number)


async def stop(store: Store, league: str, kind: str, now: datetime) -> Trial:
    """End the open trial of a league and kind. Raises Impossible where there is none."""
    trial = await open_trial(store, league, kind)
    if trial is None:
        raise Impossible(
            f"no trial of {league} {kind} is on: `tracker model trial start NAME` begins one"
        )
    await store.trials.end(trial.id, TrialOutcome.STOPPED, now)
    return trial


async def open_trial(store: Store, league: str, kind: str) -> Trial | None:
    """The open trial of a league and kind; None where there is none."""
    trials = await store.trials.list(open_only=True)
    return next((x for x in trials if (x.league, x.kind) == (league, kind)), None)


async def activate(
    store: Store | None, registry: Registry[Parameters], league: str, kind: Kind[Any], name: str,
    now: datetime,
) -> Entry:  # fmt: skip
    """Put a model in use, which ends an open trial of its league and kind.

    Raises NoSuchModel and BadParameters; nothing is changed then.
    """
    entry = registry.of(kind).activate(league, name)
    trial = None if store is None else await open_trial(store, league, kind.name)
    if store is not None and trial is not None and trial.champion != name:
        promoted = trial.challenger == name
        outcome = TrialOutcome.PROMOTED if promoted else TrialOutcome.STOPPED
        await store.trials.end(trial.id, outcome, now)
    return entry


@dataclass(frozen=True, slots=True)
class JudgedTrial:
    """A trial with the gate's judgement, and how both models did on settled bets.

    `bets` are the Brier scores of champion and challenger, and the number of those bets.
    """

    trial: Trial
    judgement: Judgement
    bets: tuple[float | None, float | None, int]


async def judged(store: Store, registry: Registry[Parameters], trial: Trial) -> JudgedTrial:
    """Judge a trial by all results of its games so far."""
    shadowed = await store.trials.shadowed(trial.id)
    finals = await store.trials.finals(trial.id) if trial.kind == PLAYERS.name else {}
    replays = replays_unlike(registry, trial)
    found = judge(evidence(trial, shadowed, finals, replays))
    return JudgedTrial(trial, found, await store.trials.on_bets(trial.id))


async def judge_all(
    store: Store, registry: Registry[Parameters], now: datetime, *, promote: bool
) -> tuple[JudgedTrial, ...]:
    """Judge every open trial, and record each new verdict.

    The trial of a challenger that fails ends. One that passes replaces the champion at once with
    `promote`; without it, the person is asked. A trial whose champion is no longer in use ends too,
    and so does one whose challenger is gone, or another model by now.

    A model is put in use before that is written down, so that nothing is said of it that is not so:
    where the program ends between the two, the next run finds the challenger in use.
    """
    found = []
    for trial in await store.trials.list(open_only=True):
        kept = registry.of(kind_named(trial.kind))
        used = kept.history(trial.league)[-1:] == (trial.challenger,)
        try:
            there = used or _still_there(kept, trial)
        except BadParameters:
            # It may be readable again tomorrow; that the challenger is not is told at each game.
            continue
        if not there:
            await store.trials.end(trial.id, TrialOutcome.STOPPED, now)
            continue
        one = await judged(store, registry, trial)
        verdict = one.judgement.verdict
        if used and verdict is not GateVerdict.PROMOTE:
            # A person put it in use, whatever the gate says.
            await store.trials.end(trial.id, TrialOutcome.PROMOTED, now)
            continue
        outcome = TrialOutcome.REJECTED if verdict is GateVerdict.REJECT else None
        if used or (verdict is GateVerdict.PROMOTE and promote):
            kept.activate(trial.league, trial.challenger)
            outcome = TrialOutcome.PROMOTED
        row = TrialVerdict(now, verdict.value, plain(one.judgement.clauses))
        await store.trials.judged(trial.id, row, outcome, quiet=verdict is GateVerdict.HOLD)
        ended = trial if outcome is None else replace(trial, ended_at=now, outcome=outcome)
        found.append(replace(one, trial=ended))
    return tuple(found)


def _still_there(kept: Registry[Any], trial: Trial) -> bool:
    """Whether a trial's champion is in use, and its challenger the model that it was.

    Raises BadParameters where one of them cannot be read.
    """
    version, champion = kept.kind.version, kept.load(trial.league)[0]
    try:
        kept.read(trial.league, trial.champion)
        challenger = kept.read(trial.league, trial.challenger)
    except NoSuchModel:
        return False
    known = trial.champion_version, trial.challenger_version
    return (version(champion), version(challenger)) == known


Finals = dict[str, dict[str, dict[str, int]]]
"""The final figures of players, by game, player's key and statistic."""


def evidence(
    trial: Trial, shadowed: Sequence[Shadowed], finals: Finals, replays: str | None
) -> Evidence:
    """What a trial has shown so far, on finished games that neither model was fitted on."""
    failures = sum(bool(x.shadow.why) for x in shadowed)
    counted = [
        x
        for x in shadowed
        if x.score is not None and not x.shadow.why
        and (trial.fitted_until is None or x.day > trial.fitted_until)
    ]  # fmt: skip
    costs: dict[str, list[Cost]] = defaultdict(list)
    days: dict[str, date] = {}
    for (game, moment), group in groupby(counted, lambda x: (x.shadow.game, x.shadow.moment)):
        rows = list(group)
        cost = _cost(trial, game, moment, rows, finals.get(game, {}))
        if cost is not None:
            costs[game].append(cost)
            days[game] = rows[0].day
    # A game counts only if it was followed throughout: all of its moments, or none.
    whole = {game: x for game, x in costs.items() if len(x) == len(MOMENTS)}
    covered: dict[str, list[float]] = defaultdict(list)
    for found in whole.values():
        held: dict[str, list[float]] = defaultdict(list)
        for name, share in (x for cost in found for x in cost.covered):
            held[name].append(share)
        for name, shares in held.items():
            covered[name].append(sum(shares) / len(shares))
    losses = tuple(loss for found in whole.values() for cost in found for loss in cost.losses)
    nights = {days[game] for game in whole}
    return Evidence(losses, len(nights), covered, failures, replays)


def _cost(
    trial: Trial, game: str, moment: str, rows: Sequence[Shadowed],
    finals: dict[str, dict[str, int]],
) -> Cost | None:  # fmt: skip
    if trial.kind == GAMES.name:
        score = rows[0].score
        return None if score is None else cost_of_game(game, moment, rows[0].shadow.said, score)
    pairs = [(x.shadow.said, finals[x.shadow.subject]) for x in rows if x.shadow.subject in finals]
    return cost_of_players(game, moment, pairs)


def replays_unlike(registry: Registry[Parameters], trial: Trial) -> str | None:
    """How the challenger's forecasts of recorded games are unlike the champion's; None if not.

    A challenger's figures of players are judged by the trial's states alone: None.
    """
    if trial.kind != GAMES.name:
        return None
    champion = replace(in_use(registry, trial.league)[0], calibrations=NO_CALIBRATIONS)
    try:
        challenger = registry.read(trial.league, trial.challenger)
    except TrackerError as why:
        return str(why)
    for state in recorded_states(trial.league):
        prior = average_prior(champion)
        before = forecast(state, prior, champion)
        try:
            after = forecast(state, prior, challenger)
            found = unlike(before, after)
        except (ArithmeticError, ValueError, LookupError) as why:
            found = f"{type(why).__name__}: {why}"
        if found is not None:
            return f"{state.game.name} {state.game_clock}: {found}"
    return None


def recorded_states(league: str) -> Iterator[GameState]:
    """States of the league's recorded games that come with the program, one every EVERY_S."""
    for recording in shipped():
        if recording.league == league:
            yield from _states(recording)


def _states(recording: Recording) -> Iterator[GameState]:
    home, away = recording.home.tricode, recording.away.tricode
    game = Game(recording.id, recording.league, home, away, recording.tip_off)
    last: tuple[int, float] | None = None
    for x in timeline(recording).states:
        if x.phase is RecordedPhase.BEFORE or not x.period:
            continue
        final = x.phase is RecordedPhase.OVER
        at = x.period, (x.clock / 100) // EVERY_S
        if at == last and not final:
            continue
        last = at
        phase = Phase.FINAL if final else Phase.BREAK if x.clock == 0 else Phase.LIVE
        points = zip(x.home.periods, x.away.periods, strict=True)
        periods = tuple(Score(a, b) for a, b in points)[: x.period]
        score = Score(x.home.score, x.away.score)
        yield GameState(game, phase, x.period, x.clock / 100, score, periods=periods)


def judged_json(trial: Trial, found: JudgedTrial | None) -> Json:
    """A trial with the gate's judgement, as `tracker model trial show --json` gives it.

    The form is that of `trial_json`, with `games` that were compared, `more` that the gate
    still waits for, and `bets`: both models' Brier scores on your bets.
    """
    if found is None:
        return trial_json(trial, None) | {"games": None, "more": None, "bets": None}
    judgement = found.judgement
    champion, challenger, count = found.bets
    return trial_json(trial, None) | {
        "verdict": judgement.verdict.value,
        "clauses": plain(judgement.clauses),
        "games": judgement.games,
        "more": judgement.more,
        "bets": {"n": count, "champion": champion, "challenger": challenger},
    }
