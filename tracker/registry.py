"""The model registry: the model files beside the database, which is in use, and rollback.

A folder holds `<league>/<name>.json` (parameters as `tracker fit` writes them) and
`<league>/active.json`, the list of models put in use, newest last. Player figures and calibrations
are kept in the same form one folder down, in `<league>/players/` and `<league>/calibration/`. A
file with a wrong checksum is never used; the newest readable model of the list is used instead,
else the shipped one. The list is written twice: when `active.json` cannot be read, `active.copy`
is.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from tracker.domain import TrackerError
from tracker.forecast.documents import About, BadParameters
from tracker.host import own_as

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tracker.forecast.calibration import Calibrations
    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.players import PlayerFigures

SHIPPED = "shipped"
"""The name of the parameters that come with the program."""

_CHOICE = ("active.json", "active.copy")
"""The files of the list of models put in use: the list and its copy."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


FOLDER = "models"
"""The folder of models, beside the database."""


class Fitted(Protocol):
    """What every kind of model has: a league, a checksum and an origin."""

    @property
    def league(self) -> str:
        """The league that it is for."""
        ...

    @property
    def checksum(self) -> str:
        """The SHA-256 of its figures."""
        ...

    @property
    def about(self) -> About:
        """When it was fitted and on what, and how it did on a season held out from the fit."""
        ...


M = TypeVar("M", bound=Fitted)


@dataclass(frozen=True, slots=True)
class Kind(Generic[M]):
    """A kind of model: its folder under a league, how to decode a file, and the shipped model.

    `decode` takes a file's text and name. `version` gives the version that a forecast records, and
    `seasons` the seasons that a model was fitted on.
    """

    name: str
    folder: str
    decode: Callable[[str, str], M]
    shipped: Callable[[str], M]
    version: Callable[[M], str]
    seasons: Callable[[M], tuple[str, ...]]


# The decoders are imported when the first model is read, since few commands need one.
def _games(text: str, name: str) -> Parameters:
    from tracker.forecast.game.parameters import decode

    return decode(text, name)


def _shipped_games(league: str) -> Parameters:
    from tracker.forecast.game.parameters import load_parameters

    return load_parameters(league)


def _players(text: str, name: str) -> PlayerFigures:
    from tracker.forecast.players import decode_players

    return decode_players(text, name)


def _shipped_players(league: str) -> PlayerFigures:
    from tracker.forecast.players import load_player_figures

    return load_player_figures(league)


def _calibrations(text: str, name: str) -> Calibrations:
    from tracker.forecast.calibration import decode_calibrations

    return decode_calibrations(text, name)


def _no_calibrations(_league: str) -> Calibrations:
    from tracker.forecast.calibration import NO_CALIBRATIONS

    return NO_CALIBRATIONS


GAMES: Kind[Parameters] = Kind(
    "games", "", _games, _shipped_games, lambda x: x.model_version, lambda x: x.fitted_on
)
PLAYERS: Kind[PlayerFigures] = Kind(
    "players", "players", _players, _shipped_players,
    lambda x: x.model_version, lambda x: x.fitted_on,
)  # fmt: skip
CALIBRATION: Kind[Calibrations] = Kind(
    "calibration", "calibration", _calibrations, _no_calibrations, lambda x: x.name, lambda _: ()
)

KINDS: tuple[Kind[Any], ...] = (GAMES, PLAYERS, CALIBRATION)
"""Every kind of model."""


def registry_beside(database: Path) -> Registry[Parameters]:
    """The registry of game models in the folder beside a database."""
    return Registry(database.parent / FOLDER, GAMES)


class NoSuchModel(TrackerError):
    """No model has this name, or none can have it; the text lists the known ones or says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of the registry, as it is listed. `fault` says why it cannot be used."""

    league: str
    name: str
    active: bool
    model_version: str = ""
    calibration_id: str = ""
    fitted_on: tuple[str, ...] = ()
    checksum: str = ""
    fault: str | None = None
    about: About = field(default_factory=About)
    """When it was fitted, on what, and how this form of model did on a season held out."""
    stage: str = ""
    """`candidate`, `shadow`, `in use` or `retired`. The last two come from the list of models put
    in use, and go before what the file says."""
    kind: str = GAMES.name


N = TypeVar("N", bound=Fitted)


@dataclass(frozen=True, slots=True)
class Registry(Generic[M]):
    """The models of one kind in a folder."""

    folder: Path
    kind: Kind[M]

    def of(self, kind: Kind[N]) -> Registry[N]:
        """The registry of another kind of model in the same folder."""
        return Registry(self.folder, kind)

    def home(self, league: str) -> Path:
        """The folder of a league's files."""
        return self.folder / league / self.kind.folder

    def list(self, league: str) -> tuple[Entry, ...]:
        """All models of a league, the shipped one first."""
        names = [SHIPPED]
        home = self.home(league)
        if home.is_dir():
            names += sorted(x.stem for x in home.glob("*.json") if x.stem != "active")
        return tuple(self.show(league, name) for name in names)

    def show(self, league: str, name: str) -> Entry:
        """The entry of one model, with its fault when it cannot be used. Raises NoSuchModel."""
        from tracker.forecast.calibration import UNCALIBRATED

        in_use = self._in_use(league) == name
        try:
            found = self.read(league, name)
        except BadParameters as why:
            return Entry(league, name, in_use, fault=str(why), kind=self.kind.name)
        return Entry(
            league,
            name,
            in_use,
            self.kind.version(found),
            UNCALIBRATED if self.kind.name != CALIBRATION.name else self.kind.version(found),
            self.kind.seasons(found),
            found.checksum,
            about=found.about,
            stage=self._stage(league, name, found),
            kind=self.kind.name,
        )

    def _stage(self, league: str, name: str, found: M) -> str:
        if self._in_use(league) == name:
            return "in use"
        # The shipped model and models that were in use before have been replaced.
        return "retired" if name in (SHIPPED, *self.history(league)) else found.about.stage

    def read(self, league: str, name: str) -> M:
        """The model of this name, decoded. Raises NoSuchModel and BadParameters."""
        if name == SHIPPED:
            return self.kind.shipped(league)
        path = self._path(league, name)
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as why:
            if path.is_file():
                raise BadParameters(f"{path.name} cannot be read ({why}): refit it") from why
            known = ", ".join(
                [SHIPPED, *sorted(x.stem for x in path.parent.glob("*.json") if x.stem != "active")]
            )
            what = league if self.kind.name == GAMES.name else f"{league} {self.kind.name}"
            raise NoSuchModel(f"there is no {what} model {name!r}: use one of {known}") from None
        found = self.kind.decode(text, path.name)
        if found.league != league:
            raise BadParameters(f"{path.name} is for {found.league}, not {league}: refit it")
        return found

    def keep(self, league: str, name: str, text: str) -> Entry:
        """Add a model, given as the text of its file, without putting it in use.

        A file of another text under the same name is never overwritten. Raises NoSuchModel for a
        name that cannot be used or is taken, and BadParameters for a text that is no model.
        """
        path = self._path(league, name)
        if name == SHIPPED or (path.exists() and path.read_text("utf-8", "replace") != text):
            raise NoSuchModel(f"there is another {league} model {name!r}: choose another name")
        self.kind.decode(text, path.name)
        history = self.history(league)
        if not path.exists() and name in history:
            # Its file was deleted: what was put in use by this name was another model.
            self._write(league, [x for x in history if x != name])
        self._put(path, text)
        return self.show(league, name)

    def activate(self, league: str, name: str) -> Entry:
        """Put a model in use. Raises NoSuchModel and BadParameters, and then changes nothing."""
        self.read(league, name)
        history = self.history(league)
        if not history or history[-1] != name:
            self._write(league, [*history, name])
        return self.show(league, name)

    def rollback(self, league: str) -> Entry:
        """Put the previous model in use again, else the shipped one.

        Raises NoSuchModel when no model was put in use, or all were rolled back.
        """
        history = self.history(league)
        if not history:
            raise NoSuchModel(
                f"there is no {league} model to go back to: the shipped one is in use"
            )
        earlier = history[:-1]
        self._write(league, earlier)
        return self.show(league, earlier[-1] if earlier else SHIPPED)

    def history(self, league: str) -> tuple[str, ...]:
        """Names of the models put in use, newest last, without those that were rolled back."""
        return self._chosen(league)[0]

    def _chosen(self, league: str) -> tuple[tuple[str, ...], str | None]:
        """The names of the models put in use, and what is wrong with their file, else None."""
        main, copy = (_names(self.home(league) / name) for name in _CHOICE)
        if main is not None:
            return main, None
        what = f"{league}/{_CHOICE[0]} cannot be read: choose one with `tracker model activate`"
        return copy or (), what

    def load(self, league: str) -> tuple[M, tuple[str, ...]]:
        """The model to use, and why each newer choice could not be used.

        Raises BadParameters when not even the shipped model can be used.
        """
        chosen, lost = self._chosen(league)
        faults = [] if lost is None else [lost]
        for name in reversed([SHIPPED, *chosen]):
            try:
                return self.read(league, name), tuple(faults)
            except (BadParameters, NoSuchModel) as why:
                faults.append(str(why))
        raise BadParameters(f"no {league} model can be used: {'; '.join(faults)}")

    def _in_use(self, league: str) -> str:
        history = self.history(league)
        return history[-1] if history else SHIPPED

    def _path(self, league: str, name: str) -> Path:
        if not _NAME.fullmatch(name) or name == "active":
            raise NoSuchModel(f"{name!r} cannot be a model's name: use letters, digits, '-', '.'")
        return self.home(league) / f"{name}.json"

    def _write(self, league: str, names: Sequence[str]) -> None:
        for name in reversed(_CHOICE):
            self._put(self.home(league) / name, json.dumps([*names]) + "\n")

    def _put(self, path: Path, text: str) -> None:
        """Write a file whole or not at all, onto the disk; as root, for the database's owner."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".tmp")
        with fresh.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            # The database, which is synced, may say next that this model is in use.
            os.fsync(out.fileno())
        fresh.replace(path)
        own_as(self.folder, self.folder.parent)


def in_use(games: Registry[Parameters], league: str) -> tuple[Parameters, tuple[str, ...]]:
    """The models in use of a league, joined: game parameters, player figures and calibrations.

    The second value says why each model that was chosen could not be used.

    Raises BadParameters when not even the shipped parameters can be used.
    """
    found, faults = _loaded(games, league)
    players: PlayerFigures | None = None
    more: tuple[str, ...] = ()
    if games.of(PLAYERS).history(league):
        # The shipped player figures are loaded only when the first player is forecast.
        players, more = _loaded(games.of(PLAYERS), league)
    calibrations, others = _loaded(games.of(CALIBRATION), league)
    whole = replace(found, players=players, calibrations=calibrations)
    return whole, (*faults, *more, *others)


def _loaded(registry: Registry[M], league: str) -> tuple[M, tuple[str, ...]]:
    found, faults = registry.load(league)
    instead = f"{registry.kind.version(found)} ({found.checksum[:12] or SHIPPED}) is used instead"
    return found, tuple(f"{x}; {instead}" for x in faults)


def _names(path: Path) -> tuple[str, ...] | None:
    """The names that a file lists: an empty tuple without a file, None when it cannot be read.

    The two differ: without a file no model was ever chosen, and an unreadable file lost the choice.
    """
    try:
        names = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError):
        return None
    if not isinstance(names, list) or not all(isinstance(x, str) for x in names):
        return None
    return tuple(names)
