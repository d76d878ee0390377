"""`tracker chart` and `why`: draws a bet's chance over its game, and explains why it moved."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from tracker.app.course import Course, course_of
from tracker.app.views import prior_words
from tracker.cli import Scope, Session, read_if_any, run_async, scope_of, session
from tracker.cli.app import AsJson, Reference
from tracker.cli.charts.plot import draw, draw_clv, draw_profit, draw_reliability
from tracker.cli.models import explainer_of
from tracker.cli.screen import paint, progress, say, say_json, shown_as, status_text, when
from tracker.domain import Impossible, Misused
from tracker.domain.bet import Parlay
from tracker.engine.record import Grouping, reliability
from tracker.wording.figures import cause_text, hit_text, points_moved, score_text, tenths

if TYPE_CHECKING:
    from tracker.app.explain import Explained
    from tracker.store.views import BetView, ShowView


_FORMS = (".png", ".svg")
_WIDEST = 120
_NARROWEST = 40

_NOTHING = {
    "profit": "No bet with a stake has a result yet, so there is no profit to draw.",
    "calibration": "No bet was won or lost yet, so there is nothing to hold the chances against.",
    "clv": "No single bet has met its close yet: `tracker clv` says why.",
}


def chart(
    context: typer.Context,
    *,
    bet: Annotated[
        str | None, typer.Argument(metavar="ID", help="The bet: its number, or your own id.")
    ] = None,
    profit: Annotated[
        bool, typer.Option("--profit", help="What all bets brought, night by night.")
    ] = False,
    calibration: Annotated[
        bool, typer.Option("--calibration", help="The chances that were told beside what came.")
    ] = False,
    clv: Annotated[
        bool, typer.Option("--clv", help="How many bets were worth how much by the close.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Write a picture: FILE.png or FILE.svg."),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(metavar="N", min=40, help="Columns on the terminal; else as wide as it is."),
    ] = None,
) -> None:
    """Draw a bet's p(hit), and the figure that decides it: margin, total, or a player's own.

    The axis is game time, of the part of the game that the bet is about; of a parlay over several
    games the clock on the wall, with its legs below. Dotted lines are the levels of the bet's
    rules, ▲ and ▼ are alerts. --profit, --calibration and --clv draw your record instead.
    """
    if out is not None and out.suffix.lower() not in _FORMS:
        raise Misused(f"{out}: a picture is written as .png or .svg: name the file so")
    if (bet is not None) + profit + calibration + clv != 1:
        raise Misused("name one bet, or one of --profit, --calibration and --clv")
    scope, columns = scope_of(context), width or _columns()
    if bet is not None:
        _chart_bet(scope, bet, out, columns)
        return
    kind = "profit" if profit else "calibration" if calibration else "clv"
    _chart_record(scope, kind, out, columns)


# ------------------------------------------------------------------------------------------- a bet


def _chart_bet(scope: Scope, reference: str, out: Path | None, columns: int) -> None:
    view, now = run_async(_view(scope, reference))
    empty = why_empty(view)
    if empty is not None:
        _tell_empty(f"#{view.bet.id} {shown_as(view.bet)} has no history yet: {empty}.", out)
        return
    course = course_for(view, now, scope.settings().zone)
    if out is None:
        say("\n".join(draw(course, columns)))
        return
    with progress("drawing"):
        _pictures().write_picture(course, out)
    say(f"Wrote {out}")


def _tell_empty(why: str, out: Path | None) -> None:
    """Say why nothing is drawn. Raises Impossible when a picture was asked for."""
    if out is not None:
        raise Impossible(f"{why.removesuffix('.')}; {out} was not written")
    say(why)


def why_empty(view: ShowView) -> str | None:
    """Why a bet has nothing to draw yet, as part of a sentence; None when it has."""
    if view.bet.game is None:
        return "its game is not known"
    if view.snapshots and not view.priced.snapshots:
        why = view.bet.no_chance
        return "it has had no chance yet" if why is None else f"its player: {why.text}"
    return None if view.snapshots else "it begins when the daemon first sees the game"


async def _view(scope: Scope, reference: str) -> tuple[ShowView, datetime]:
    async with session(scope) as at:
        return await at.bets.history(reference), at.now


def course_for(view: ShowView, now: datetime, zone: ZoneInfo) -> Course:
    """The course of a bet with snapshots, for its chart, titled with its name and status."""
    title = f"#{view.bet.id}  {shown_as(view.bet)}"
    return course_of(view, title, _subtitle(view.bet, now, zone), zone)


def _subtitle(bet: BetView, now: datetime, zone: ZoneInfo) -> str:
    from rich.text import Text

    game, state = bet.game, bet.state
    if game is None:
        return ""
    result = Text.from_ansi(status_text(bet)).plain
    if isinstance(bet.market, Parlay) and len(bet.market.games) > 1:
        names = ", ".join(x.name for x in bet.market.games)
        return f"{names}  ·  {when(game.start, now, zone)}  ·  {result}"
    parts = [game.name, when(game.start, now, zone)]
    if state is not None and state.period > 0:
        parts = [when(game.start, now, zone), score_text(game, state.score)]
        parts.append(state.game_clock)
    return "  ·  ".join((*parts, result))


def _columns() -> int:
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS"):
        return 100
    return min(_WIDEST, max(_NARROWEST, shutil.get_terminal_size().columns))


def _pictures() -> ModuleType:
    try:
        from tracker.cli.charts import picture
    except ImportError:
        raise Impossible(
            'pictures need matplotlib, which is not installed: pip install ".[charts]" '
            "in tracker's folder"
        ) from None
    return picture


# ---------------------------------------------------------------------------------------- a record


@dataclass(frozen=True, slots=True)
class _Record:
    """The chart of a record: its lines for a terminal of so many columns, or a picture of it."""

    draw: Callable[[int], list[str]]
    write: Callable[[Path], None]


def _chart_record(scope: Scope, kind: str, out: Path | None, columns: int) -> None:
    found = run_async(read_if_any(scope, lambda at: _record(at, kind), None))
    if found is None:
        _tell_empty(_NOTHING[kind], out)
        return
    if out is None:
        say("\n".join(found.draw(columns)))
        return
    with progress("drawing"):
        found.write(out)
    say(f"Wrote {out}")


async def _record(at: Session, kind: str) -> _Record | None:
    """The chart of the profit, the calibration or the closing line values; None without any."""
    match kind:
        case "profit":
            days = await at.store.outcomes.tallies(Grouping.DAY)
            if nights := [(day, x.profit) for day, x in sorted(days.items()) if x.counted]:
                return _Record(
                    partial(draw_profit, nights), lambda out: _pictures().write_profit(nights, out)
                )
        case "calibration":
            if found := reliability(await at.store.outcomes.predictions()):
                return _Record(
                    partial(draw_reliability, found),
                    lambda out: _pictures().write_reliability(found, out),
                )
        case _:
            from tracker.app.market.clv import read_clv

            report = await read_clv(at.store, at.settings.default_rules)
            worth, mean = report.singles, report.all.text
            if worth:
                return _Record(
                    partial(draw_clv, worth, mean),
                    lambda out: _pictures().write_clv(worth, mean, out),
                )
    return None


def why(
    context: typer.Context,
    bet: Reference,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="MOMENT", help="'Q3 4:11', 21:14, a time or a poll."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="MOMENT", help="The same; else the last one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say why a bet's p(hit) moved: each side's points, the clock, the ball and the rest.

    The causes add up to the change. Without --from and --to it is the last change of 5 points or
    more within five minutes, else the whole history.
    """
    scope = scope_of(context)
    with progress("looking back"):
        found = run_async(explained(scope, bet, begin, end))
    if as_json:
        from tracker.app.explain import why_json

        say_json(why_json(found))
    else:
        say("\n".join(why_lines(found)))


async def explained(
    scope: Scope, bet: str, begin: str | None = None, end: str | None = None
) -> Explained:
    """The causes of a bet's move between two moments.

    Without them it is the last notable move. Raises Impossible when there is nothing to explain.
    """
    from tracker.app.explain import NothingMoved, places_of

    async with session(scope) as at:
        number, explainer = await at.bets.number(bet), explainer_of(at)
        try:
            view = await explainer.history(number)
            return await explainer.explain(view, places_of(view, begin, end, at.settings.zone))
        except NothingMoved as why_not:
            raise Impossible(str(why_not)) from None


def why_lines(explained: Explained) -> list[str]:
    """The lines of `tracker why`: both moments, the prior, and the causes, which add up."""
    bet, causes = explained.view.bet, explained.causes
    first, last = explained.first, explained.last
    names = dict.fromkeys(x.name for x in explained.games)
    lines = [f"#{bet.id} {shown_as(bet)} · {', '.join(names)}"]
    for x, game in zip((first, last), explained.games, strict=True):
        score = score_text(game, x.game.score)
        lines.append(f"  {x.game.game_clock:<10} {score:<18} p(hit) {hit_text(x.known, 1):>7}")
    lines += [
        paint(f"  {'before':<10} {prior_words(explained.prior, explained.games[1])}", "dim"),
        "",
    ]
    change = points_moved(first.known, last.known)
    shown = tenths([x for _, x in causes], change)
    for (name, _), points in zip(causes, shown, strict=True):
        if points:
            text = cause_text(name, first, last, explained.games[1])
            lines.append(f"  {name:<15} {_signed(points):>16}   {paint(text, 'dim')}")
    total = _signed(change)
    return [*lines, f"  {'together':<15} {total:>16}   points of p(hit)"]


def _signed(points: int) -> str:
    colour = "green" if points > 0 else "red" if points < 0 else "dim"
    return paint(f"{points / 10:+7.1f}".replace("-", "−"), colour)
