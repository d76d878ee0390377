"""What the verbs of models share: which are in use, what they believe, the seasons of a folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.screen import note
from tracker.domain import Impossible, Misused
from tracker.domain.league import LEAGUES, NBA
from tracker.registry import KINDS, NoSuchModel, Registry, in_use

if TYPE_CHECKING:
    from tracker.app.pricing import LinesFor
    from tracker.cli import Scope, Session
    from tracker.domain.game import Game
    from tracker.forecast import Parameters
    from tracker.forecast.priors import Believed
    from tracker.modelling.games import Dataset


LeagueOf = Annotated[
    str, typer.Option("--league", metavar="LEAGUE", help=f"One of {', '.join(LEAGUES)}.")
]
"""The option that names a league; the NBA unless it is given."""

DEFAULT_LEAGUE = NBA.id


def known_league(name: str) -> str:
    """The league's id; Misused when there is none of that name."""
    found = name.strip().lower()
    if found not in LEAGUES:
        raise Misused(f"there is no league {name!r}: choose one of {', '.join(LEAGUES)}")
    return found


def named_model(registry: Registry[Parameters], league: str, name: str) -> Parameters:
    """A model by its name in the registry, or by its file.

    Raises BadParameters, and NoSuchModel when it is neither.
    """
    file = Path(name)
    if not is_file_name(name):
        return registry.read(league, name)
    from tracker.forecast.game.parameters import decode

    if not file.is_file():
        raise NoSuchModel(f"there is no file {name}: `tracker model list` lists what is known")
    return decode(file.read_text("utf-8", errors="replace"), file.name)


def is_file_name(name: str) -> bool:
    """Whether a person means a file, not a name in the registry."""
    return name.endswith(".json") or "/" in name


class ModelsInUse:
    """The parameters that are in use, as `tracker model` last said.

    A file that is damaged is passed over for the last good one, and `tell` hears of it once. What
    is activated while a daemon runs is used from the next forecast on.
    """

    def __init__(self, registry: Registry[Parameters], tell: Callable[[str], None]) -> None:
        """`tell` is given a sentence for what could not be used."""
        self._registry = registry
        self._tell = tell
        self._kept: dict[str, tuple[object, Parameters]] = {}

    def __call__(self, league: str) -> Parameters:
        """The parameters of a league. Raises BadParameters when not even the shipped ones hold."""
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
        """Changes whenever another model is put in use."""
        homes = (self._registry.of(x).home(league) for x in KINDS)
        return tuple(_stat_of(x / "active.json") for x in homes)


def _stat_of(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


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


async def believed(game: Game, at: Session, scope: Scope) -> Believed:
    """The prior of a game, and who tells it."""
    from tracker.app.pricing import believed_of

    given = given_lines(scope)
    return await believed_of(at.store, game, at.basics.rules, given, models_of(at), at.now)


def given_lines(scope: Scope) -> LinesFor:
    """The closing lines that the configuration gives for a game."""
    from tracker.settings import lines_for

    return partial(lines_for, scope.settings().lines)


def models_of(at: Session) -> ModelsInUse:
    """The models in use beside the database; what cannot be used is told on the screen."""
    from tracker.registry import registry_beside

    return ModelsInUse(registry_beside(at.basics.store), note)
