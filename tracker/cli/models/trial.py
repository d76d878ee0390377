"""`tracker model trial`: a challenger beside the model in use, and what the gate says of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.models.in_use import DEFAULT_LEAGUE, LeagueOf, known_league
from tracker.cli.screen import note, progress, say, say_json
from tracker.cli.session import Scope, Session, scope_of, session
from tracker.registry import GAMES, PLAYERS, registry_beside

if TYPE_CHECKING:
    from tracker.app.trials import JudgedTrial
    from tracker.store.trials import Trial

KindOnTrial = Annotated[
    str, typer.Option("--kind", metavar="KIND", help=f"One of {GAMES.name}, {PLAYERS.name}.")
]

_NONE = "No model is on trial: tracker model trial start MODEL"


def trial_group() -> typer.Typer:
    """The words of `tracker model trial`."""
    group = typer.Typer(
        name="trial",
        help="Try a model beside the one in use: start, show, judge, stop.",
        no_args_is_help=True,
    )
    declare(group, "start", start)
    declare(group, "show", show)
    declare(group, "judge", judge)
    declare(group, "stop", stop)
    return group


def start(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="MODEL", help="A name that `tracker model list` shows.")
    ],
    league: LeagueOf = DEFAULT_LEAGUE,
    kind: KindOnTrial = GAMES.name,
    as_json: AsJson = False,
) -> None:
    """Let a model forecast beside the one in use, on the games of your bets; nobody is told.

    After 300 games and 14 nights the gate says whether it is better. `tracker model activate` puts
    it in use at any time, `trial stop` ends the trial.
    """
    trial = asyncio.run(_start(scope_of(context), known_league(league), kind, name))
    if as_json:
        _say_trial(trial)
        return
    say(f"{trial.league} {trial.kind}: {trial.challenger} ({trial.challenger_version}) is on trial "
        f"beside {trial.champion} ({trial.champion_version})")  # fmt: skip


async def _start(scope: Scope, league: str, kind: str, name: str) -> Trial:
    from tracker.app.trials import kind_named
    from tracker.app.trials import start as start_trial

    async with session(scope, write=True) as at:
        registry = registry_beside(at.basics.store)
        return await start_trial(at.store, registry, league, kind_named(kind), name, at.now)


def show(
    context: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Trials that have ended too, without working them out.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the trials that are on, and each clause of the gate with its figure."""
    asyncio.run(_show(scope_of(context), every, as_json))


async def _show(scope: Scope, every: bool, as_json: bool) -> None:
    from tracker.app.trials import judged
    from tracker.store import StoreMissing

    try:
        async with session(scope) as at:
            trials = await at.store.trials.list(open_only=not every)
            registry = registry_beside(at.basics.store)
            with progress("holding them against the gate"):
                found = [await judged(at.store, registry, x) for x in trials if x.ended_at is None]
    except StoreMissing:
        trials, found = (), []
    _tell(trials, found, as_json)


def judge(context: typer.Context, as_json: AsJson = False) -> None:
    """Hold every trial against the gate and write down the verdict, as the daemon does daily.

    One that fails is let go. One that passes is told of, or put in use at once where
    `[models] promote = "auto"` is set.
    """
    asyncio.run(_judge(scope_of(context), as_json))


async def _judge(scope: Scope, as_json: bool) -> None:
    found = await judge_now(scope)
    _tell(tuple(x.trial for x in found), list(found), as_json)


async def judge_now(scope: Scope, at: Session | None = None) -> tuple[JudgedTrial, ...]:
    """Judge every trial, in a session that is open already or in one of its own."""
    from tracker.app.trials import judge_all

    promote = scope.settings().models.promote == "auto"
    if at is not None:
        return await judge_all(at.store, registry_beside(at.basics.store), at.now, promote=promote)
    async with session(scope, write=True) as own:
        return await judge_now(scope, own)


def stop(
    context: typer.Context,
    league: LeagueOf = DEFAULT_LEAGUE,
    kind: KindOnTrial = GAMES.name,
    as_json: AsJson = False,
) -> None:
    """End a trial; what was said in it stays."""
    trial = asyncio.run(_stop(scope_of(context), known_league(league), kind))
    if as_json:
        _say_trial(trial)
        return
    say(f"{trial.league} {trial.kind}: the trial of {trial.challenger} is over")


async def _stop(scope: Scope, league: str, kind: str) -> Trial:
    from tracker.app.trials import stop as stop_trial

    async with session(scope, write=True) as at:
        return await stop_trial(at.store, league, kind, at.now)


def _say_trial(trial: Trial) -> None:
    from tracker.app.models import trial_json

    say_json(trial_json(trial, None))


def _tell(trials: tuple[Trial, ...], found: list[JudgedTrial], as_json: bool) -> None:
    if as_json:
        say_json([_json(x, found) for x in trials])
        return
    if not trials:
        say(_NONE)
    by_id = {x.trial.id: x for x in found}
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
    say(f"\nVerdict: {found.verdict.value}, by {found.games} games")
    champion, challenger, bets = one.bets
    if champion is not None and challenger is not None:
        say(f"On {bets} of your bets: Brier {champion:.4f}, challenger {challenger:.4f}")
    if found.more:
        note(f"{found.more} more games until the next look.")


def _json(trial: Trial, found: list[JudgedTrial]) -> dict[str, Any]:
    from tracker.app.trials import judged_json

    one = next((x for x in found if x.trial.id == trial.id), None)
    return judged_json(trial, one)
