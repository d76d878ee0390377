"""The table of verbs, and the application made of it: declares the verbs and runs one command."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from tracker import __version__
from tracker.cli import USAGE, Scope, outcome, run_async
from tracker.cli.screen import complain

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
    """A verb: the code that defines it, and the heading above it in the help (`panel`).

    `work` is `module:function`. For a verb with sub-commands or its own reading of arguments it is
    a module alone, whose `attach` declares the verb.
    """

    name: str
    work: str
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
    Verb("init", "setup.config:init", _START),
    Verb("demo", "setup.run:demo", _START),
    Verb("doctor", "setup.doctor:doctor", _START),
    Verb("add", "bets.add", _BETS),
    Verb("import", "bets.transfer:bring_in", _BETS),
    Verb("bets", "bets.register:bets", _BETS),
    Verb("show", "bets.register:show", _BETS),
    Verb("withdraw", "bets.register:withdraw", _BETS),
    Verb("rules", "bets.rules", _BETS),
    Verb("edit", "bets.corrections:edit", _BETS),
    Verb("settle", "bets.corrections:settle", _BETS),
    Verb("void", "bets.corrections:void", _BETS),
    Verb("regrade", "bets.corrections:regrade", _BETS),
    Verb("review", "bets.corrections:review", _BETS),
    Verb("cashout", "bets.worth", _BETS),
    Verb("hedge", "bets.worth", _BETS),
    Verb("check", "bets.worth", _BETS),
    Verb("odds", "market:odds", _BETS),
    Verb("edges", "market:edges", _BETS),
    Verb("recommend", "market:edges", _BETS),
    Verb("clv", "market:clv", _BETS),
    Verb("profit", "watch.record:profit", _BETS),
    Verb("performance", "watch.record:performance", _BETS),
    Verb("calibration", "watch.record:calibration", _BETS),
    Verb("report", "watch.record:report", _BETS),
    Verb("run", "setup.run:run", _WATCH),
    Verb("status", "watch.status:status", _WATCH),
    Verb("watch", "watch.status:watch", _WATCH),
    Verb("games", "watch.games:games", _WATCH),
    Verb("alerts", "watch.alerts:alerts", _WATCH),
    Verb("snooze", "watch.alerts:snooze", _WATCH),
    Verb("why", "charts:why", _WATCH),
    Verb("chart", "charts:chart", _WATCH),
    Verb("player", "watch.games:player", _WATCH),
    Verb("web", "setup.web", _WATCH),
    Verb("price", "market:price", _DATA),
    Verb("fit", "models.fit:fit", _MODEL),
    Verb("evaluate", "models.evaluate:evaluate", _MODEL),
    Verb("study", "models.backtest:study", _MODEL),
    Verb("history", "models.history:history", _MODEL),
    Verb("model", "models.model", _MODEL),
    Verb("export", "bets.transfer:export", _DATA),
    Verb("backtest", "models.backtest:backtest", _MODEL),
    Verb("replay", "replay", _DATA),
    Verb("config", "setup.config", _CARETAKING),
    Verb("monitors", "models.trial:monitors", _MODEL),
    Verb("refresh", "setup.chores:refresh", _CARETAKING),
    Verb("chores", "setup.chores:chores", _CARETAKING),
    Verb("backup", "setup.chores:backup", _CARETAKING),
    Verb("restore", "setup.chores:restore", _CARETAKING),
    Verb("service", "setup.run", _CARETAKING),
    Verb("telegram", "setup.channels", _CARETAKING),
    Verb("test-alert", "setup.channels:try_channels", _CARETAKING),
)
"""Every verb, in the order of the help."""


def build(verbs: Sequence[Verb] = VERBS) -> typer.Typer:
    """The application with these verbs. Only the modules of these verbs are imported."""
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
        module, _, work = verb.work.partition(":")
        found = import_module(f"tracker.cli.{module}")
        if work:
            declare(app, verb.name, getattr(found, work), verb.panel)
        else:
            found.attach(app, verb.name, verb.panel)
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
            readable=False,  # what reads it says why it cannot
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
    """The verb that the arguments name, alone in a list; every verb when they name none."""
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
    """Run one command and return its exit status; a person's mistake never shows a traceback.

    0 is success, 1 a failure, 2 wrong usage, 3 a daemon that is already running and 78 a
    configuration that cannot be used.
    """
    given = _config_first(args)
    completing = "_TRACKER_COMPLETE" in os.environ

    def work() -> object:
        # Built inside `outcome`, so that Ctrl-C during the imports is handled like later on.
        app = build(VERBS if completing else _wanted(given))
        try:
            return app(args=given, prog_name="tracker", standalone_mode=False)
        except typer.TyperException as wrong:
            return _misused(wrong, given)
        except typer.Abort:
            raise KeyboardInterrupt from None

    return outcome(work)


_MEANT = {
    word: verb
    for verb, words in {
        "withdraw": "delete remove rm cancel del drop",
        "bets": "list ls open all",
        "performance": "stats record results statistics roi",
        "profit": "money pnl bankroll balance",
        "status": "live tonight now scores",
        "edit": "change update fix undo",
        "settle": "grade result won lost",
        "chart": "graph plot",
        "run": "start daemon",
        "config show": "settings configuration",
        "--help": "help commands",
    }.items()
    for word in words.split()
}
"""The command that is meant by another word for it."""


def _verb_of(given: Sequence[str]) -> str:
    return next((x for x in given if not x.startswith("-")), "")


def _misused(wrong: typer.TyperException, given: Sequence[str]) -> int:
    """Print what is wrong with the arguments and where the help is; returns the exit status."""
    context: typer.Context | None = getattr(wrong, "ctx", None)
    message = wrong.format_message()
    if not message.strip() or type(wrong).__name__ == "NoArgsIsHelpError":
        typer.echo(message)
        return USAGE
    if message.startswith("No such command") and (meant := _MEANT.get(_verb_of(given))):
        complain(f"there is no command {_verb_of(given)!r}: you may mean `tracker {meant}`")
        return USAGE
    verb = next((x for x in given if any(x == y.name for y in VERBS)), "")
    path = context.command_path if context is not None else f"tracker {verb}".rstrip()
    # The library puts these words before what a check of its own says.
    message = message.replace("Value error, ", "")
    stop = "" if message.endswith("?") else ";"
    complain(f"{message.rstrip('.')}{stop} see `{path} --help`")
    return int(wrong.exit_code)


# ------------------------------------------------------------------------ how a command is declared

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
"""The option `--json`, which every command that reads has."""

Reference = Annotated[
    str, typer.Argument(metavar="ID", help="The number of the bet, or its own id.")
]
"""The bet that a command is about."""

Work = Callable[..., None] | Callable[..., Coroutine[Any, Any, None]]
"""The function of a command; a coroutine function where it reads the database."""


def declare(
    app: typer.Typer,
    name: str,
    work: Work,
    panel: str | None = None,
    context_settings: dict[str, object] | None = None,
    cls: type[TyperCommand] | None = None,
) -> None:
    """Add a command to `app`; its help is the docstring of `work`, paragraph by paragraph.

    `cls` is for a command that reads its arguments itself.
    """
    text = inspect.cleandoc(work.__doc__ or "")
    # An unescaped bracket would begin rich's markup.
    paragraphs = [" ".join(x.split()).replace("[", "\\[") for x in text.split("\n\n")]
    app.command(
        name,
        help="\n\n".join(paragraphs),
        short_help=paragraphs[0].rstrip("."),
        rich_help_panel=panel,
        context_settings=context_settings,
        cls=cls,
    )(_to_its_end(work) if inspect.iscoroutinefunction(work) else work)


def _to_its_end(work: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A plain function with the options of a coroutine function, which it runs to its end."""

    @wraps(work)
    def run_it(*args: object, **options: object) -> None:
        run_async(work(*args, **options))

    return run_it


def declare_group(
    app: typer.Typer, name: str, text: str, words: Mapping[str, Work], panel: str | None = None
) -> typer.Typer:
    """Add a verb with sub-commands, such as `tracker config show`, and return its application.

    `text` is its help, which is also shown when no sub-command is given. `words` are the
    sub-commands by name.
    """
    group = typer.Typer(name=name, help=text, no_args_is_help=True)
    for word, work in words.items():
        declare(group, word, work)
    app.add_typer(group, rich_help_panel=panel)
    return group
