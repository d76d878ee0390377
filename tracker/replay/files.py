"""Recording files: reading, writing, and finding them by name among the shipped games."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from tracker.domain import TrackerError
from tracker.host import whole_file
from tracker.replay import RecordedPhase, Recording
from tracker.replay.timeline import Timeline, timeline
from tracker.settings.reading import plain_words

SUFFIX = ".json.gz"

MAX_BYTES = 32 * 1024 * 1024
"""Largest decompressed recording that is read: some fifty times a long game."""


class RecordingError(TrackerError):
    """The file is not a recording that can be played. The message says what is wrong and where."""


class UnknownGameError(TrackerError):
    """No shipped game and no file has this name. The message lists what there is."""


@cache
def _adapter() -> TypeAdapter[Recording]:
    # Built at the first use only: building it takes longer than reading a game.
    return TypeAdapter(Recording)


def _decode(data: bytes) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    text = unzip.decompress(data, MAX_BYTES)
    if unzip.unconsumed_tail or not unzip.eof:
        raise zlib.error("cut off, or larger than any game")
    return text


def parse_recording(data: bytes, name: str) -> Recording:
    """Read a recording from the bytes of its file.

    Raises `RecordingError`, with `name` in its message, for anything that is not a complete and
    consistent recording of this version.
    """
    try:
        return _adapter().validate_json(_decode(data))
    except zlib.error as error:
        raise RecordingError(
            f"{name} is not a recording: its gzip data is broken ({error}). Record it again."
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the game"
        what = plain_words(first)
        raise RecordingError(
            f"{name} is not a recording of version 1: {where}: {what}. Record it again."
        ) from error


def format_recording(recording: Recording) -> bytes:
    """The bytes of a recording's file. Equal recordings give equal bytes."""
    return gzip.compress(_adapter().dump_json(recording), 9, mtime=0)


def read_recording(path: Path) -> Recording:
    """Read a recording file. Raises `RecordingError`, or `OSError` from the system."""
    return parse_recording(path.read_bytes(), str(path))


def write_recording(recording: Recording, path: Path) -> None:
    """Write a recording file, replacing an existing one."""
    with whole_file(path) as file:
        file.write_bytes(format_recording(recording))


def file_name(recording: Recording) -> str:
    """The customary name of a recording's file: `2026-01-29_SAC_at_PHI.json.gz`."""
    return f"{_day(recording)}_{recording.away.tricode}_at_{recording.home.tricode}{SUFFIX}"


def shipped() -> Iterator[Recording]:
    """The games that come with the program, in the order of their file names."""
    folder = resources.files("tracker.replay") / "games"
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(SUFFIX):
            yield parse_recording(entry.read_bytes(), entry.name)


def find_recording(name: str) -> Recording:
    """The game with a name: a path, a game id, or `AWAY@HOME` with or without a date.

    Raises `UnknownGameError` when no game or more than one has the name.
    """
    if name.endswith(SUFFIX) or "/" in name:
        path = Path(name)
        if not path.is_file():
            raise UnknownGameError(f"There is no recording file {name}.")
        return read_recording(path)
    games = list(shipped())
    words = name.upper().split()
    hits = [game for game in games if _is_called(game, words)]
    if len(hits) == 1:
        return hits[0]
    known = ", ".join(f"{game.name} ({game.id})" for game in games)
    what = "More than one recorded game" if hits else "No recorded game"
    raise UnknownGameError(f"{what} is called {name!r}. There are: {known}.")


def _is_called(game: Recording, words: list[str]) -> bool:
    return words in ([game.id], [game.name], [game.name, _day(game)])


def _day(game: Recording) -> str:
    return game.tip_off.astimezone(ZoneInfo(game.venue.zone)).date().isoformat()


_BLOWOUT = 15
_COMEBACK = 10


@dataclass(frozen=True, slots=True)
class Story:
    """A summary of how a game went.

    `comeback` is the most points by which the winner was ever behind. `lead_changes` counts how
    often the lead went from one team to the other. `over` is false for a recording that ends before
    its game.
    """

    home: int
    away: int
    overtimes: int
    comeback: int
    lead_changes: int
    over: bool

    @property
    def margin(self) -> int:
        """Home's points less away's."""
        return self.home - self.away


def story(game: Timeline) -> Story:
    """The summary of a game, from its states."""
    final = game.final
    home, away = final.home.score, final.away.score
    winner = 1 if home > away else -1
    margins = [state.home.score - state.away.score for state in game.states]
    leaders = [margin > 0 for margin in margins if margin]
    return Story(
        home=home,
        away=away,
        overtimes=max(0, final.period - game.recording.rules.periods),
        comeback=max(0, *(-winner * margin for margin in margins)),
        lead_changes=sum(a != b for a, b in pairwise(leaders)),
        over=final.phase is RecordedPhase.OVER,
    )


def describe(recording: Recording) -> str:
    """One line for a list: `SAC 111 @ PHI 113: won from 11 behind, 9 lead changes`."""
    course = story(timeline(recording))
    parts = []
    if not course.over:
        parts.append("not recorded to its end")
    if course.overtimes:
        parts.append("overtime" if course.overtimes == 1 else f"{course.overtimes} overtimes")
    if abs(course.margin) >= _BLOWOUT:
        parts.append("a blowout")
    if course.comeback >= _COMEBACK:
        parts.append(f"won from {course.comeback} behind")
    parts.append(f"{course.lead_changes} lead change{'' if course.lead_changes == 1 else 's'}")
    parts += _pushes(recording, course)
    home, away = recording.home.tricode, recording.away.tricode
    return f"{away} {course.away} @ {home} {course.home}: {', '.join(parts)}"


def _pushes(recording: Recording, course: Story) -> list[str]:
    lines = recording.lines
    if lines is None or not course.over:
        return []
    pushes = []
    if lines.home_spread is not None and course.margin + lines.home_spread == 0:
        pushes.append("a push on the closing spread")
    if lines.total is not None and course.home + course.away == lines.total:
        pushes.append("a push on the closing total")
    return pushes
