"""`tracker rules`: the rules of a bet, unless the word behind it asks for something else."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from tracker.cli.bets.register import rules
from tracker.cli.bets.rules_test import try_rules
from tracker.cli.declare import declare

SHOW = "show"
"""What is meant when a bet, an option or nothing at all stands behind `rules`."""


class _Rules(TyperGroup):
    """Takes `tracker rules 12` for `tracker rules show 12`: typer has no other way to say so."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the usual word before arguments that begin with none."""
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "-h")):
            args = [SHOW, *args]
        return super().parse_args(ctx, args)


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb and its words known."""
    group = typer.Typer(
        name=name,
        cls=_Rules,
        help="What is watched for, and how rules would have fared on past games.",
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    declare(group, SHOW, rules)
    declare(group, "test", try_rules)
    app.add_typer(group, rich_help_panel=panel)
