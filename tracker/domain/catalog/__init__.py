"""What is shipped of teams, players and books: their names, and how a book settles."""

from __future__ import annotations

import pkgutil
import tomllib
from typing import Any


def shipped(file: str) -> dict[str, Any]:
    """The tables of a file of `data/`: the one place where the core reads anything."""
    found = pkgutil.get_data(__name__, f"data/{file}.toml")
    assert found is not None, file  # noqa: S101 - it is part of the program
    return tomllib.loads(found.decode("utf-8"))
