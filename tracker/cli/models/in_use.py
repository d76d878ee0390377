"""The models that a person keeps beside the database, and which of them forecasts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.domain.errors import Misused
from tracker.domain.league import LEAGUES, NBA
from tracker.registry import KINDS, NoSuchModel, Registry, in_use

if TYPE_CHECKING:
    from tracker.forecast import Parameters

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
