"""Promises of the help: every verb and option is in docs/commands.md, and has a help text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.cli.conftest import Cli
from tracker.cli.app import VERBS, build
from tracker.cli.bets.add import OPTIONS

BOOK = Path(__file__).parents[2] / "docs" / "commands.md"
PROGRAM = Path(__file__).parents[2] / "tracker"
FACES = {"cli", "service.py", "__main__.py", "daemon"}
"""The parts of the program that have options of their own, or start commands with options."""
ANYWHERE = {"--help", "--json"}
"""Options that are documented once for all commands."""


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command that does something, by the words that are typed."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield path, command
    else:
        for name, one in inner.items():
            yield from commands(one, f"{path} {name}")


APP = typer.main.get_command(build())
COMMANDS = dict(commands(APP, "tracker"))


def options(command: Any) -> set[str]:
    """The long options of a command."""
    names = {name for x in command.params for name in (*x.opts, *x.secondary_opts)}
    return {name for name in names if name.startswith("--")}


def sections() -> dict[str, str]:
    """The part of docs/commands.md under each heading that names a command."""
    parts = re.split(r"^### `([^`]+)`\n", BOOK.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_is_in_the_book_with_an_example_or_a_sentence(path: str) -> None:
    """Every command has a heading of its own in docs/commands.md, with some text."""
    assert len(sections().get(path, "")) > 40


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_is_in_the_book(path: str) -> None:
    """Every option is named in its command's section, by its long name."""
    told = set(re.findall(r"--[a-z-]+", sections().get(path, "")))
    assert options(COMMANDS[path]) - ANYWHERE <= told


def test_the_book_tells_of_no_command_that_is_not_there() -> None:
    """Every heading that names a command names an existing one."""
    assert set(sections()) == set(COMMANDS)


def test_the_options_before_the_verb_are_in_the_book() -> None:
    """The options before the verb are in the document's first part."""
    first = BOOK.read_text("utf-8").partition("## Getting started")[0]
    assert all(name in first for name in options(APP) - {"--help"})


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(path: str) -> None:
    """Every command and option has a help text."""
    command = COMMANDS[path]
    assert command.help
    helps = [getattr(x, "help", None) for x in command.params]
    assert all(helps)
    # Rich reads `[web]` as a style and omits it.
    assert not [x for x in helps if re.search(r"\[/?[a-z]", str(x).replace("[default", ""))]


@pytest.mark.parametrize("path", COMMANDS)
def test_the_help_of_every_command_can_be_asked_for(path: str, cli: Cli) -> None:
    """`--help` of every command ends with status 0 and shows no traceback."""
    ran = cli(*path.split()[1:], "--help")
    assert ran.status == 0
    assert "Usage" in ran.out


def test_the_help_says_where_to_find_help_with_gambling(cli: Cli) -> None:
    """The program's help names where to find help with gambling."""
    assert "1-800-GAMBLER" in cli("--help").out


def test_the_help_of_add_tells_every_option_that_is_read() -> None:
    """The help of `add` shows every option in the table by which it reads them."""
    assert options(COMMANDS["tracker add"]) - {"--help"} == {x.flag for x in OPTIONS}


def test_every_verb_is_listed_once() -> None:
    """The table of verbs has no name twice."""
    assert len({x.name for x in VERBS}) == len(VERBS)


def test_the_version_is_told_at_once(cli: Cli) -> None:
    """`--version` prints the version, alone or among other arguments."""
    assert cli("--version").out.startswith("tracker ")
    assert cli("-V", "bets").out.startswith("tracker ")


@cache
def sentences(file: Path) -> list[str]:
    """Every text in a module with an option in it, docstrings aside; what is filled in is a `_`."""
    source = file.read_text("utf-8")
    if "--" not in source:
        return []
    nodes = list(ast.walk(ast.parse(source)))
    parts = {x for f in nodes if isinstance(f, ast.JoinedStr) for x in f.values}
    parts |= {x.value for x in nodes if isinstance(x, ast.Expr)}
    found = []
    for node in nodes:
        text = ""
        if isinstance(node, ast.JoinedStr):
            known = (x.value if isinstance(x, ast.Constant) else "_" for x in node.values)
            text = "".join(map(str, known))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            text = node.value
        if re.search(r"(?<![\w-])--[a-z]", text):
            found.append(text)
    return found


HINT = re.compile(r"\btracker ([a-z][^`;:]*)")


def test_a_hint_names_options_of_its_command() -> None:
    """What a sentence tells to type after `tracker VERB` are options that the verb has."""
    wrong = []
    for file in PROGRAM.rglob("*.py"):
        for text in sentences(file):
            for rest in HINT.findall(text):
                known = options(APP) | ANYWHERE
                for path, command in COMMANDS.items():
                    if set(path.split()[1:2]) == set(rest.split()[:1]):
                        known |= options(command)
                wrong += [(text, x) for x in re.findall(r"--[a-z-]+", rest) if x not in known]
    assert not wrong


def test_what_every_face_says_names_no_option_without_its_command() -> None:
    """A sentence of a use case, which chat and page show too, names an option with its verb."""
    wrong = []
    for file in PROGRAM.rglob("*.py"):
        if not FACES & set(file.relative_to(PROGRAM).parts):
            shown = (HINT.sub("", text) for text in sentences(file))
            wrong += [(file.name, x) for x in shown if re.search(r"\w[ (]+--(?!config)[a-z]", x)]
    assert not wrong
