"""`tracker rules`: shows and sets a bet's rules, and tries rules on recorded games."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tracker.app.views import part
from tracker.cli import Scope, run_async, scope_of
from tracker.cli.app import AsJson, declare
from tracker.cli.bets.register import rules
from tracker.cli.models import ModelsInUse
from tracker.cli.screen import note, progress, say, say_json, table
from tracker.domain import Impossible, Misused
from tracker.domain.bet import Bet
from tracker.domain.game import Game, Side
from tracker.domain.market import Direction, Market, Moneyline, Spread, Total, line_text
from tracker.domain.money import plural
from tracker.domain.policy import ChanceRule, EventRule, Rule, parse_rule
from tracker.domain.prior import Lines
from tracker.wording.figures import in_percent

if TYPE_CHECKING:
    from tracker.forecast import Parameters
    from tracker.modelling.metrics import RuleFigures, TrialCourse
    from tracker.modelling.rule_trial import Played

    _Loader = Callable[[str], Parameters]


USUAL = ("p >= 0.80", "p <= 0.20", "swing 0.15 in 5m")
"""The rules that are tried when none are given."""

NIGHT = 5
"""Bets in a night, for the count of false alerts a night."""

_NO_LINES = (-2.5, 225.5)
"""The home team's spread and the total to bet on where no closing lines are known."""


def try_rules(  # noqa: PLR0917 - one for each option
    context: typer.Context,
    rules: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RULE]...", help="Rules, such as 'p >= 0.80'; else three usual."),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Play-by-play to try them on, as `tracker history` makes it; else the games that "
            "come with the program.",
        ),
    ] = None,
    league: Annotated[
        str, typer.Option(metavar="LEAGUE", help="The league, in a history.")
    ] = "nba",
    season: Annotated[
        str | None, typer.Option(metavar="SEASON", help="Only this season, such as 2023-24.")
    ] = None,
    games: Annotated[
        int, typer.Option(metavar="N", min=1, help="Most games, spread evenly over the history.")
    ] = 40,
    as_json: AsJson = False,
) -> None:
    """Try rules on past games: how many alerts, how many right, how early, how many flaps spared.

    Three bets on each game (moneyline, spread and total, at the closing lines where they are known)
    are followed by the real program in virtual time, at the pace of real polls.
    """
    wanted = [parse_rule(x) for x in rules or USUAL]
    events = [x.text for x in wanted if isinstance(x, EventRule)]
    if events:
        raise Misused(f"{events[0]!r} is a fact and always right: give rules on p and swings")
    scope = scope_of(context)
    with progress("playing past games"):
        if history is None:
            played, courses = run_async(_shipped(scope, wanted))
        else:
            from tracker.modelling.rule_trial import read_games

            past = read_games(history, league, season, games)
            played, courses = run_async(_history(scope, wanted, past))
    if not courses:
        raise Impossible("no game could be played: name a folder or a season that has some")
    _tell(wanted, courses, played, as_json=as_json)


async def _history(
    scope: Scope, rules: Sequence[Rule], past: Iterable[Played]
) -> tuple[int, list[TrialCourse]]:
    from tracker.modelling.rule_trial import in_play, try_bets

    load = _load(scope)
    courses: list[TrialCourse] = []
    count = 0
    for played in past:
        if in_play(played.history):
            count += 1
            bets = bets_on(played.game, played.lines, rules)
            known = partial(_given, played.lines)
            courses += await try_bets(played.game, bets, played.history, known, load)
    return count, courses


def _given(lines: Lines | None, _: Game) -> Lines | None:
    return lines


async def _shipped(scope: Scope, rules: Sequence[Rule]) -> tuple[int, list[TrialCourse]]:
    """The number of shipped NBA recordings that were played, and the courses of their bets."""
    from tracker.modelling.rule_trial import follow, rehearsed
    from tracker.replay import shipped
    from tracker.replay.playback import Playback

    load = _load(scope)
    courses: list[TrialCourse] = []
    count = 0
    for recording in shipped():
        found = await rehearsed(Playback(recording)) if recording.league == "nba" else None
        if found is not None:
            count += 1
            bets = bets_on(found.game, None, rules)
            courses += await follow(found, bets, lambda _: None, load)
    return count, courses


def _load(scope: Scope) -> _Loader:
    return ModelsInUse(scope.registry(), lambda _: None)


def bets_on(game: Game, lines: Lines | None, rules: Sequence[Rule]) -> list[Bet]:
    """The three bets on a game that rules are tried with: moneyline, spread and total."""
    spread, total = _NO_LINES
    if lines is not None:
        spread = spread if lines.home_spread is None else lines.home_spread
        total = total if lines.total is None else lines.total
    markets: tuple[tuple[str, Market], ...] = (
        (f"{game.home} ML", Moneyline(Side.HOME)),
        (f"{game.home} {line_text(spread, signed=True)}", Spread(Side.HOME, spread)),
        (f"{game.name} over {line_text(total)}", Total(Direction.OVER, total)),
    )
    return [
        Bet(number, pick, market, game, tuple(rules), game.start)
        for number, (pick, market) in enumerate(markets, start=1)
    ]


def _tell(
    rules: Sequence[Rule], courses: Sequence[TrialCourse], played: int, *, as_json: bool
) -> None:
    from tracker.modelling.metrics import rule_figures

    found = [rule_figures(x, courses) for x in rules if isinstance(x, ChanceRule)]
    if as_json:
        say_json({"games": played, "bets": len(courses), "rules": [figures_json(x) for x in found]})
        return
    say(f"{plural(played, 'game')}, {plural(len(courses), 'bet')}")
    heads = (
        "Rule", "Alerts", "Every crossing", "A bet", "Held", "Promised", "Lead", "False a night",
        "Flaps spared",
    )  # fmt: skip
    rows = [cells(x) for x in found]
    table(heads, rows, right=tuple(range(1, len(heads))))
    note(
        "Held: the bet ended as the alert pointed; promised: the mean chance that it gave that. "
        f"Lead: game minutes until that was settled. A night: {NIGHT} bets. Every crossing: the "
        "alerts if what was told were told again each time."
    )


def cells(x: RuleFigures) -> tuple[str, ...]:
    """A rule's row of the table."""
    share = "" if x.share is None else in_percent(x.share, 0)
    promised = "" if x.promised is None else in_percent(x.promised, 0)
    lead = "" if x.lead is None else f"{x.lead:.1f} min"
    return (
        x.rule,
        str(x.alerts),
        str(x.alerts + x.again),
        f"{x.alerts / x.bets:.2f}",
        share,
        promised,
        lead,
        f"{x.missed / x.bets * NIGHT:.2f}",
        f"{x.spared} of {x.naive}",
    )


def figures_json(x: RuleFigures) -> dict[str, object]:
    """A rule's figures as JSON."""
    return {
        **part(x, "rule", "bets", "alerts", "held", "missed"),
        "every_crossing": x.alerts + x.again,
        **part(x, "share", "promised"),
        "lead_minutes": x.lead,
        **part(x, "naive", "spared"),
        "false_a_night": x.missed / x.bets * NIGHT,
    }


SHOW = "show"
"""The sub-command that runs when `tracker rules` is followed by none."""


class _Rules(TyperGroup):
    """Reads `tracker rules 12` as `tracker rules show 12`; typer has no default sub-command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Insert the default sub-command before arguments that begin with none."""
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h")):
            args = [SHOW, *args]
        return super().parse_args(ctx, args)


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Declare the verb and its sub-commands."""
    group = typer.Typer(
        name=name,
        cls=_Rules,
        help="Show or set the rules that alert you about a bet, or try rules on past games.",
    )
    declare(group, SHOW, rules)
    declare(group, "test", try_rules)
    app.add_typer(group, rich_help_panel=panel)
