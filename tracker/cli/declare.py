"""Puts a command, or a group of them, into an application, with a help that fits any width."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated

import typer
from typer.core import TyperCommand

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
"""The option of everything that reads."""

Reference = Annotated[
    str, typer.Argument(metavar="ID", help="The number of the bet, or its own id.")
]
"""The bet that a command is about."""


def declare(
    app: typer.Typer,
    name: str,
    work: Callable[..., None],
    panel: str | None = None,
    context_settings: dict[str, object] | None = None,
    cls: type[TyperCommand] | None = None,
) -> None:
    """Make a command known; its help is the docstring, paragraph by paragraph.

    `cls` is for a command that reads its arguments itself.
    """
    text = inspect.cleandoc(work.__doc__ or "")
    # A bracket would begin markup.
    paragraphs = [" ".join(x.split()).replace("[", "\\[") for x in text.split("\n\n")]
    app.command(
        name,
        help="\n\n".join(paragraphs),
        short_help=paragraphs[0].rstrip("."),
        rich_help_panel=panel,
        context_settings=context_settings,
        cls=cls,
    )(work)


def declare_group(
    app: typer.Typer,
    name: str,
    text: str,
    words: Mapping[str, Callable[..., None]],
    panel: str | None = None,
) -> typer.Typer:
    """Make a verb known that has words of its own, as `tracker config show`; returns the verb.

    `text` is its help, which is also shown where no word is given.
    """
    group = typer.Typer(name=name, help=text, no_args_is_help=True)
    for word, work in words.items():
        declare(group, word, work)
    app.add_typer(group, rich_help_panel=panel)
    return group
