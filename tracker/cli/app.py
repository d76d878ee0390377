"""The table of verbs, and what becomes of what they raise: one sentence and an exit status."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from tracker import __version__
from tracker.cli.screen import complain
from tracker.cli.session import USAGE, Scope, outcome

_HELP = """Says how likely your bets on tonight's games are to win, while the games are played.

Start with `tracker init`, then `tracker add 'DEN -4.5 -110 $20'` and `tracker run`.
`tracker demo` shows the whole program on recorded games, with no set-up at all.
"""

CARE = (
    "Bet only what you can lose without harm. If it stops being fun, help is free and private: "
    "in the US call or text 1-800-GAMBLER; elsewhere see gamblingtherapy.org."
)


@dataclass(frozen=True, slots=True)
class Verb:
    """Where a verb is defined, and the heading that it stands under in the help.

    `attach` in the module takes the application and the heading.
    """

    name: str
    module: str
    panel: str


_START, _BETS, _WATCH, _DATA, _MODEL, _CARETAKING = (
    "Getting started",
    "Your bets",
    "Watching",
    "Figures and recordings",
    "The model",
    "Looking after it",
)

VERBS = (
    Verb("init", "setup.config", _START),
    Verb("demo", "setup.run", _START),
    Verb("doctor", "setup.doctor", _START),
    Verb("add", "bets.add", _BETS),
    Verb("import", "bets.transfer", _BETS),
    Verb("bets", "bets.register", _BETS),
    Verb("show", "bets.register", _BETS),
    Verb("withdraw", "bets.register", _BETS),
    Verb("rules", "bets.rules", _BETS),
    Verb("edit", "bets.corrections", _BETS),
    Verb("settle", "bets.corrections", _BETS),
    Verb("void", "bets.corrections", _BETS),
    Verb("regrade", "bets.corrections", _BETS),
    Verb("review", "bets.corrections", _BETS),
    Verb("cashout", "bets.worth", _BETS),
    Verb("hedge", "bets.worth", _BETS),
    Verb("check", "bets.worth", _BETS),
    Verb("odds", "market", _BETS),
    Verb("edges", "market", _BETS),
    Verb("recommend", "market", _BETS),
    Verb("clv", "market", _BETS),
    Verb("profit", "watch.record", _BETS),
    Verb("performance", "watch.record", _BETS),
    Verb("calibration", "watch.record", _BETS),
    Verb("report", "watch.record", _BETS),
    Verb("run", "setup.run", _WATCH),
    Verb("status", "watch.status", _WATCH),
    Verb("watch", "watch.watch", _WATCH),
    Verb("games", "watch.games", _WATCH),
    Verb("alerts", "watch.alerts", _WATCH),
    Verb("snooze", "watch.alerts", _WATCH),
    Verb("why", "charts.chart", _WATCH),
    Verb("chart", "charts.chart", _WATCH),
    Verb("player", "watch.games", _WATCH),
    Verb("web", "setup.web", _WATCH),
    Verb("price", "models.price", _DATA),
    Verb("fit", "models.fit", _MODEL),
    Verb("evaluate", "models.evaluate", _MODEL),
    Verb("study", "models.backtest", _MODEL),
    Verb("history", "models.history", _MODEL),
    Verb("model", "models.model", _MODEL),
    Verb("export", "bets.transfer", _DATA),
    Verb("backtest", "models.backtest", _MODEL),
    Verb("replay", "replay", _DATA),
    Verb("config", "setup.config", _CARETAKING),
    Verb("monitors", "models.trial", _MODEL),
    Verb("refresh", "setup.chores", _CARETAKING),
    Verb("chores", "setup.chores", _CARETAKING),
    Verb("backup", "setup.chores", _CARETAKING),
    Verb("restore", "setup.chores", _CARETAKING),
    Verb("service", "setup.run", _CARETAKING),
    Verb("telegram", "setup.channels", _CARETAKING),
    Verb("test-alert", "setup.channels", _CARETAKING),
)
"""Every verb, in the order of the help."""


def build(verbs: Sequence[Verb] = VERBS) -> typer.Typer:
    """The application with these verbs; a verb's module is imported only when it is among them."""
    app = typer.Typer(
        help=_HELP,
        epilog=CARE,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_options)
    for verb in verbs:
        attach: Callable[[typer.Typer, str, str], None] = import_module(
            f"tracker.cli.{verb.module}"
        ).attach
        attach(app, verb.name, verb.panel)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tracker {__version__}")
        raise typer.Exit


def _options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            envvar="TRACKER_CONFIG",
            show_envvar=True,
            help="The configuration file; else the usual place (`tracker config path`).",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 - its callback has answered already
        bool,
        typer.Option(
            "--version", "-V", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    context.obj = Scope(config)


def _wanted(args: Sequence[str]) -> Sequence[Verb]:
    """The one verb that is asked for, or all of them for help, completion and mistakes."""
    words = iter(args)
    for word in words:
        if word in ("--config", "-c"):
            next(words, None)
        elif not word.startswith("-"):
            return [verb for verb in VERBS if verb.name == word] or VERBS
    return VERBS


def _config_first(args: Sequence[str]) -> list[str]:
    """The arguments with `--config FILE` before the verb, wherever it was written."""
    first: list[str] = []
    rest: list[str] = []
    words = iter(args)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--config":
            first += [word, *(x for x in [next(words, None)] if x is not None)]
        elif word.startswith("--config="):
            first.append(word)
        else:
            rest.append(word)
    return first + rest


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit status. No mistake of a person's shows a traceback.

    0 is success, 1 a failure, 2 wrong usage, 3 an instance that is already running and 78 a
    configuration that cannot be used.
    """
    given = _config_first(args)
    completing = "_TRACKER_COMPLETE" in os.environ

    def work() -> object:
        # Built in here too: whoever stops it while it loads is answered as at any other time.
        app = build(VERBS if completing else _wanted(given))
        try:
            return app(args=given, prog_name="tracker", standalone_mode=False)
        except typer.TyperException as wrong:
            return _misused(wrong)
        except typer.Abort:
            raise KeyboardInterrupt from None

    return outcome(work)


def _misused(wrong: typer.TyperException) -> int:
    """Say what is wrong with the arguments, and where the help is."""
    context: typer.Context | None = getattr(wrong, "ctx", None)
    message = wrong.format_message()
    if not message.strip() or type(wrong).__name__ == "NoArgsIsHelpError":
        typer.echo(message)
        return USAGE
    path = context.command_path if context is not None else "tracker"
    complain(f"{message.rstrip('.')}; see `{path} --help`")
    return int(wrong.exit_code)
