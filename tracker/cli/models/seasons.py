"""What the commands that read recorded seasons have in common."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.domain.errors import Impossible, Misused

if TYPE_CHECKING:
    from tracker.modelling.games.dataset import Dataset

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Recorded games: docs/commands.md tells the form.")
]
"""The dataset that a command is about."""

_NEEDED = {"pyarrow": "pyarrow", "sklearn": "scikit-learn", "matplotlib": "matplotlib"}


def need_modelling(what: str, *modules: str) -> None:
    """Impossible, with the command that mends it, unless the packages of the extra are there."""
    missing = [_NEEDED[x] for x in modules or _NEEDED if find_spec(x) is None]
    if missing:
        raise Impossible(
            f"{what} needs {' and '.join(missing)}: "
            'install with `pip install "ingame-tracker[modelling]"`'
        )


def seasons_of(given: Sequence[str] | None) -> tuple[str, ...]:
    """The seasons that a person named, several options or several in one, each once."""
    listed = [x.strip() for one in given or () for x in one.split(",")]
    return tuple(sorted({x for x in listed if x}))


def seasons_in(data: Dataset) -> tuple[str, ...]:
    """The seasons of a dataset that has any; Impossible else."""
    found = tuple(sorted({str(x) for x in data.games.season} - {""}))
    if not found:
        raise Impossible("the dataset does not tell the season of its games: give it `season`")
    return found


def unseen(judged: Sequence[str], fitted: Sequence[str]) -> None:
    """Misused when a season is both fitted on and judged: the figures would flatter."""
    both = sorted(set(judged) & set(fitted))
    if both:
        raise Misused(
            f"the model was fitted on {', '.join(both)}: judge it on other seasons, or fit one "
            "without them"
        )
