"""Puts a command into an application, with a help text that fits any width."""

from __future__ import annotations

import inspect
from collections.abc import Callable
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
