"""Shared by the verbs of models: models in use and by name, leagues, seasons, and priors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli import Session
from tracker.cli.screen import note
from tracker.domain import Impossible, Misused
from tracker.domain.league import LEAGUES, NBA
from tracker.host import stamp_of
from tracker.registry import KINDS, NoSuchModel, Registry, in_use
from tracker.settings import lines_for

if TYPE_CHECKING:
    from tracker.app.explain import Explainer
    from tracker.app.pricing import LinesFor, PricingBasis
    from tracker.forecast import Parameters
    from tracker.modelling.games import Dataset


LeagueOf = Annotated[
    str, typer.Option("--league", metavar="LEAGUE", help=f"One of {', '.join(LEAGUES)}.")
]
"""The option that names a league; the NBA unless it is given."""

DEFAULT_LEAGUE = NBA.id

Seasons = Annotated[
    list[str] | None,
    typer.Option(metavar="SEASONS", help="Such as 2021-22,2022-23; else all that are there."),
]
"""The option that names seasons; all unless it is given."""

ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="A name that `tracker model list` shows.")
]
"""The argument that names a model of the registry."""


def known_league(name: str) -> str:
    """The id of the league that a person named. Raises Misused when there is none."""
    found = name.strip().lower()
    if found not in LEAGUES:
        raise Misused(f"there is no league {name!r}: choose one of {', '.join(LEAGUES)}")
    return found


def named_model(registry: Registry[Parameters], league: str, name: str) -> Parameters:
    """The model of a name in the registry, or of a file.

    Raises BadParameters, and NoSuchModel when there is no such model or file.
    """
    from tracker.forecast.game.parameters import decode

    file = Path(name)
    if not is_file_name(name):
        return registry.read(league, name)
    if not file.is_file():
        raise NoSuchModel(f"there is no file {name}: `tracker model list` lists what is known")
    return decode(file.read_text("utf-8", errors="replace"), file.name)


def is_file_name(name: str) -> bool:
    """Whether a name is that of a file: it ends in `.json` or has a `/`; else it is a model's."""
    return name.endswith(".json") or "/" in name


class ModelsInUse:
    """Gives the parameters in use of a league, read again when another model is put in use.

    A damaged model is replaced by the newest good one, and `tell` is called with the reason each
    time the models are read. A model activated while a daemon runs is used from the next forecast.
    """

    def __init__(self, registry: Registry[Parameters], tell: Callable[[str], None]) -> None:
        """`tell` is called with a sentence for each model that could not be used."""
        self._registry = registry
        self._tell = tell
        self._kept: dict[str, tuple[object, Parameters]] = {}

    def __call__(self, league: str) -> Parameters:
        """The parameters of a league. Raises BadParameters when not even the shipped ones load."""
        mark = self._mark(league)
        kept = self._kept.get(league)
        if kept is not None and kept[0] == mark:
            return kept[1]
        found, faults = in_use(self._registry, league)
        for fault in faults:
            self._tell(fault)
        self._kept[league] = mark, found
        return found

    def _mark(self, league: str) -> object:
        """A value that changes whenever a model of any kind is put in use."""
        homes = (self._registry.of(x).home(league) for x in KINDS)
        return tuple(stamp_of(x / "active.json") for x in homes)


Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Recorded games: docs/commands.md tells the form.")
]
"""The argument that names a folder of recorded games."""

_NEEDED = {"pyarrow": "pyarrow", "sklearn": "scikit-learn", "matplotlib": "matplotlib"}


def need_modelling(what: str, *modules: str) -> None:
    """Check that the packages of the extra `modelling` are installed.

    Raises Impossible with the command that installs them. `what` needs them, in words; `modules`
    are those to check, by default all.
    """
    missing = [_NEEDED[x] for x in modules or _NEEDED if find_spec(x) is None]
    if missing:
        raise Impossible(
            f"{what} needs {' and '.join(missing)}: "
            'install with `pip install ".[modelling]"` in tracker\'s folder'
        )


def seasons_of(given: Sequence[str] | None) -> tuple[str, ...]:
    """The seasons that a person named, sorted, each once; an option may list several by commas."""
    listed = [x.strip() for one in given or () for x in one.split(",")]
    return tuple(sorted({x for x in listed if x}))


def seasons_in(data: Dataset) -> tuple[str, ...]:
    """The seasons of a dataset, sorted. Raises Impossible when its games name none."""
    found = tuple(sorted({str(x) for x in data.games.season} - {""}))
    if not found:
        raise Impossible("the dataset does not tell the season of its games: give it `season`")
    return found


def unseen(judged: Sequence[str], fitted: Sequence[str]) -> None:
    """Check that no judged season was fitted on, which would flatter the figures.

    Raises Misused.
    """
    both = sorted(set(judged) & set(fitted))
    if both:
        raise Misused(
            f"the model was fitted on {', '.join(both)}: judge it on other seasons, or fit one "
            "without them"
        )


def given_lines(at: Session) -> LinesFor:
    """A function that gives the closing lines in the configuration for a game, if any."""
    return partial(lines_for, at.settings.lines)


def basis_of(at: Session) -> PricingBasis:
    """What bets of an open database are priced by."""
    from tracker.app.pricing import PricingBasis

    return PricingBasis(at.store, given_lines(at), models_of(at))


def explainer_of(at: Session) -> Explainer:
    """What explains the bets of an open database: why a chance moved, and what a bet is worth."""
    from tracker.app.explain import Explainer

    return Explainer(at.store, at.settings.default_rules, given_lines(at), at.registry)


def models_of(at: Session) -> ModelsInUse:
    """The models in use beside the database; models that cannot be used are noted on the screen."""
    return ModelsInUse(at.registry, note)
