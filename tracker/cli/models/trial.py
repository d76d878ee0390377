"""`tracker model trial` and `monitors`: challengers on trial, and the monitors of drift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tracker.app.models import JudgedTrial, judge_all, judged, judged_json, kind_named, trial_json
from tracker.app.models import start as start_trial
from tracker.app.models import stop as stop_trial
from tracker.app.monitors import MonitorsView, monitors_json, monitors_of, watch
from tracker.cli import Scope, Session, read_if_any, scope_of, session
from tracker.cli.app import AsJson, declare_group
from tracker.cli.models import DEFAULT_LEAGUE, LeagueOf, ModelName, known_league, models_of
from tracker.cli.screen import note, progress, say, say_json, table
from tracker.domain.money import plural
from tracker.registry import GAMES, PLAYERS
from tracker.store.trials import Trial
from tracker.store.upkeep import Figure, MonitorStanding

KindOnTrial = Annotated[
    str, typer.Option("--kind", metavar="KIND", help=f"One of {GAMES.name}, {PLAYERS.name}.")
]

_NONE = "No model is on trial: tracker model trial start MODEL"

_NOTHING = "Nothing was worked out yet: the daemon does it every morning, or `--update` now."


def attach_trial(model: typer.Typer) -> None:
    """Declare the sub-commands of `tracker model trial`."""
    declare_group(
        model,
        "trial",
        "Try a model beside the one in use: start, show, judge, stop.",
        {"start": start, "show": show, "judge": judge, "stop": stop},
    )


async def start(
    context: typer.Context,
    name: ModelName,
    league: LeagueOf = DEFAULT_LEAGUE,
    kind: KindOnTrial = GAMES.name,
    as_json: AsJson = False,
) -> None:
    """Let a model forecast beside the one in use, on the games of your bets, without any messages.

    After 300 games and 14 nights the gate says whether it is better. `tracker model activate` puts
    it in use at any time, `trial stop` ends the trial.
    """
    wanted = known_league(league)
    async with session(scope_of(context), write=True) as at:
        trial = await start_trial(at.store, at.registry, wanted, kind_named(kind), name, at.now)
    if as_json:
        say_json(trial_json(trial, None))
        return
    say(f"{trial.league} {trial.kind}: {trial.challenger} ({trial.challenger_version}) is on trial "
        f"beside {trial.champion} ({trial.champion_version})")  # fmt: skip


async def show(
    context: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Also trials that have ended, without their figures.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the trials that are on, and each clause of the gate with its figure."""

    async def read(at: Session) -> tuple[Sequence[Trial], Sequence[JudgedTrial]]:
        trials = await at.store.trials.list(open_only=not every)
        with progress("holding them against the gate"):
            still = [x for x in trials if x.ended_at is None]
            return trials, [await judged(at.store, at.registry, x) for x in still]

    trials, found = await read_if_any(scope_of(context), read, ((), ()))
    _tell_trial(trials, found, as_json)


async def judge(context: typer.Context, as_json: AsJson = False) -> None:
    """Judge every trial by the gate and store the verdict, as the daemon does daily.

    A challenger that fails is dropped. One that passes is reported, or put in use at once where
    `[models] promote = "auto"` is set.
    """
    async with session(scope_of(context), write=True) as at:
        found = await _judge_now(at)
    _tell_trial(tuple(x.trial for x in found), found, as_json)


async def _judge_now(at: Session) -> tuple[JudgedTrial, ...]:
    promote = at.settings.models.promote == "auto"
    return await judge_all(at.store, at.registry, at.now, promote=promote)


async def stop(
    context: typer.Context,
    league: LeagueOf = DEFAULT_LEAGUE,
    kind: KindOnTrial = GAMES.name,
    as_json: AsJson = False,
) -> None:
    """End a trial; its forecasts are kept."""
    wanted = known_league(league)
    async with session(scope_of(context), write=True) as at:
        trial = await stop_trial(at.store, wanted, kind, at.now)
    if as_json:
        say_json(trial_json(trial, None))
        return
    say(f"{trial.league} {trial.kind}: the trial of {trial.challenger} is over")


def _tell_trial(trials: Sequence[Trial], found: Sequence[JudgedTrial], as_json: bool) -> None:
    by_id = {x.trial.id: x for x in found}
    if as_json:
        say_json([judged_json(x, by_id.get(x.id)) for x in trials])
        return
    if not trials:
        say(_NONE)
    for trial in trials:
        one = by_id.get(trial.id)
        outcome = "" if trial.outcome is None else f", {trial.outcome.value}"
        say(f"{trial.league} {trial.kind}: {trial.challenger} beside {trial.champion}, since "
            f"{trial.began_at:%Y-%m-%d}{outcome}")  # fmt: skip
        if one is not None:
            _tell_judgement(one)


def _tell_judgement(one: JudgedTrial) -> None:
    found = one.judgement
    rows = [
        (x.name, x.wanted, "" if x.figure is None else f"{x.figure:.3g}", x.answer.value, x.detail)
        for x in found.clauses
    ]
    table(("Clause", "Wanted", "Is", "Answer", ""), rows, right=(2,))
    say(f"\nVerdict: {found.verdict.value}, by {plural(found.games, 'game')}")
    champion, challenger, bets = one.bets
    if champion is not None and challenger is not None:
        say(f"On {bets} of your bets: Brier {champion:.4f}, challenger {challenger:.4f}")
    if found.more:
        note(f"{found.more} more games until the next look.")


async def monitors(
    context: typer.Context,
    *,
    update: Annotated[bool, typer.Option("--update", help="Work them out now.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Every change, newest first.")] = False,
    figures: Annotated[bool, typer.Option("--figures", help="The figures of each day.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show whether the model, the sources and the record are as they should be.

    A monitor adds up surprises game by game; a five-point drift of totals shows after about six
    weeks of games, a spread that is much too small after one or two.
    """
    scope = scope_of(context)
    if update:
        await _update(scope)
    found = await read_if_any(scope, lambda at: monitors_of(at.store, at.now), MonitorsView())
    if as_json:
        say_json(monitors_json(found))
    elif figures:
        _tell_figures(found.figures)
    else:
        _tell_monitors(found.changes if history else found.standing, scope.settings().zone)


async def _update(scope: Scope) -> None:
    from tracker.app.refresh import followed_leagues

    async with session(scope, write=True) as at:
        leagues = await followed_leagues(at.store, at.now)
        with progress("working out the monitors"):
            await watch(at.store, leagues, models_of(at), at.now)
            # The monitors have just read the games' results; trials are judged by the same ones.
            await _judge_now(at)


def _tell_monitors(found: tuple[MonitorStanding, ...], zone: ZoneInfo) -> None:
    if not found:
        say(_NOTHING)
        return
    rows = [
        (
            x.league,
            x.name,
            x.state.value,
            f"{x.value:.2f}" if x.level else "",
            f"{x.level:g}" if x.level else "",
            f"{x.at.astimezone(zone):%Y-%m-%d}",
            x.advice if x.state.value != "well" else "",
        )
        for x in found
    ]
    heads = ("League", "Monitor", "State", "Value", "Limit", "Since", "What to do")
    table(heads, rows, right=(3, 4))


def _tell_figures(daily: tuple[Figure, ...]) -> None:
    if not daily:
        say(_NOTHING)
        return
    rows = [(x.day.isoformat(), x.league, x.name, f"{x.value:.4g}", str(x.count)) for x in daily]
    table(("Day", "League", "Figure", "Value", "Of"), rows, right=(3, 4))
