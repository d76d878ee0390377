"""What every command is given: the configuration, the store and the time that it goes by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.cli.basics import Basics, read_basics

if TYPE_CHECKING:
    import typer

    from tracker.settings import Settings


@dataclass(frozen=True, slots=True)
class Scope:
    """The options that stand before the verb. `config` is the file, where one was named."""

    config: Path | None = None

    def basics(self) -> Basics:
        """What most commands need of the configuration. Raises ConfigError."""
        return read_basics(self.config)

    def settings(self) -> Settings:
        """The whole configuration. Raises ConfigError."""
        from tracker.settings import load_settings

        return load_settings(self.config)


def scope_of(context: typer.Context) -> Scope:
    """The scope that the options before the verb have made."""
    found = context.obj
    return found if isinstance(found, Scope) else Scope()
