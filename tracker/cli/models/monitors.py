"""`tracker monitors`: whether the numbers have gone bad."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.models.in_use import ModelsInUse
from tracker.cli.models.trial import judge_now
from tracker.cli.screen import note, progress, say, say_json
from tracker.cli.session import Scope, scope_of, session
from tracker.domain.league import NBA, slate_date
from tracker.registry import registry_beside

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from tracker.store.monitoring import Figure, Standing

_DAYS = 14
_NOTHING = "Nothing was worked out yet: the daemon does it every morning, or `--update` now."


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, monitors, panel)


def monitors(
    context: typer.Context,
    *,
    update: Annotated[bool, typer.Option("--update", help="Work them out anew.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Every change, newest first.")] = False,
    figures: Annotated[bool, typer.Option("--figures", help="The figures of each day.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show whether the model, the sources and the record are as they should be.

    A monitor adds up surprises game by game; a five-point drift of totals shows after about six
    weeks of games, a spread that is much too small after one or two.
    """
    asyncio.run(_monitors(scope_of(context), update, history, figures, as_json))


async def _monitors(
    scope: Scope, update: bool, history: bool, figures: bool, as_json: bool
) -> None:
    from tracker.app.monitors import last_of, monitors_json
    from tracker.store import StoreMissing

    try:
        if update:
            await _update(scope)
        async with session(scope) as at:
            changes = await at.store.monitoring.history()
            since = slate_date(at.now).toordinal() - _DAYS
            daily = await at.store.monitoring.figures(slate_date(at.now).fromordinal(since))
    except StoreMissing:
        changes, daily = (), ()
    if as_json:
        say_json(monitors_json(changes, daily))
    elif figures:
        _tell_figures(daily)
    else:
        _tell(changes if history else last_of(changes), scope.basics().zone)


async def _update(scope: Scope) -> None:
    from tracker.app.monitors import watch

    async with session(scope, write=True) as at:
        leagues = dict.fromkeys((NBA.id, *await at.store.seasons.leagues(slate_date(at.now))))
        load = ModelsInUse(registry_beside(at.basics.store), note)
        with progress("working out the monitors"):
            await watch(at.store, leagues, load, at.now)
            # What came of the games is known: the models on trial are judged by it too.
            await judge_now(scope, at)


def _tell(found: tuple[Standing, ...], zone: ZoneInfo) -> None:
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
