"""The command line's fixtures, for use cases that are tested through it."""

from __future__ import annotations

from tests.cli.conftest import cli, config, home, night, played, slate
from tests.store.conftest import path, store

__all__ = ["cli", "config", "home", "night", "path", "played", "slate", "store"]
