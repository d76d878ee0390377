"""Recordings of games: teams, actions in order of time, the official final box score; and files.

A recording has facts only: no text, picture or arrangement of anybody else's, and nothing of a
feed's format. `docs/recordings.md` describes the file that these values are read from. Units in
this room: `at` is in milliseconds since the scheduled tip-off, clocks and playing time are in
hundredths of a second, scores are in points.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config

from tracker.domain import TrackerError
from tracker.host import whole_file
from tracker.settings.reading import plain_words


class What(StrEnum):
    """The kind of an action."""

    START = "start"
    END = "end"
    OVER = "over"
    JUMP = "jump"
    TWO = "2pt"
    THREE = "3pt"
    FREE = "ft"
    HEAVE = "heave"
    REBOUND = "reb"
    TURNOVER = "tov"
    STEAL = "stl"
    BLOCK = "blk"
    FOUL = "foul"
    IN = "in"
    OUT = "out"
    TIMEOUT = "timeout"
    OTHER = "other"


class RecordedPhase(StrEnum):
    """The phase of a recorded game."""

    BEFORE = "before"
    PLAYING = "playing"
    BREAK = "break"
    OVER = "over"

    @property
    def in_play(self) -> bool:
        """Whether the game has begun and is not over."""
        return self in (RecordedPhase.PLAYING, RecordedPhase.BREAK)


Side = Literal["home", "away"]


def other_side(side: Side) -> Side:
    """The opponent's side."""
    return "away" if side == "home" else "home"


class Action(NamedTuple):
    """One thing that happened, with the scores after it.

    `player` is 0 for what belongs to the team (a team rebound, a shot-clock turnover). `other` is
    the assister of a made shot, the blocker of a missed one or the player who was fouled, else 0.
    `detail` has words separated by blanks: `made` or `missed`; `off` or `def`; `personal`,
    `offensive` or `technical` (with `team` when it is charged to the team); `full` or `challenge`;
    and `paint`, `fast`, `second`, `fromtov` where they are known.
    """

    at: int
    period: int
    clock: int
    home: int
    away: int
    what: What
    side: Side | None
    player: int
    other: int
    detail: str


class StatLine(NamedTuple):
    """One player's figures so far: counts, and `time` on court in hundredths of a second."""

    time: int = 0
    points: int = 0
    twos: int = 0
    twos_tried: int = 0
    threes: int = 0
    threes_tried: int = 0
    frees: int = 0
    frees_tried: int = 0
    rebounds_off: int = 0
    rebounds_def: int = 0
    assists: int = 0
    steals: int = 0
    blocks: int = 0
    blocked: int = 0
    turnovers: int = 0
    fouls: int = 0
    fouls_offensive: int = 0
    fouls_technical: int = 0
    fouls_drawn: int = 0
    plus: int = 0
    minus: int = 0
    points_paint: int = 0
    points_fast: int = 0
    points_second: int = 0

    @property
    def rebounds(self) -> int:
        """Offensive and defensive rebounds together."""
        return self.rebounds_off + self.rebounds_def

    @property
    def goals(self) -> int:
        """Field goals made, of two and of three points."""
        return self.twos + self.threes

    @property
    def goals_tried(self) -> int:
        """Field goals attempted."""
        return self.twos_tried + self.threes_tried


class TeamLine(NamedTuple):
    """The figures of a team that are not sums over its players.

    `lead` and `run` are the biggest of the game, each with the score at which it stood (away, home;
    both 0 when there was none). `leading` is in hundredths of a second.
    """

    rebounds_off: int = 0
    rebounds_def: int = 0
    turnovers: int = 0
    technicals: int = 0
    heaves: int = 0
    points_from_turnovers: int = 0
    fast: int = 0
    fast_tried: int = 0
    paint: int = 0
    paint_tried: int = 0
    second: int = 0
    second_tried: int = 0
    lead: int = 0
    lead_away: int = 0
    lead_home: int = 0
    run: int = 0
    run_away: int = 0
    run_home: int = 0
    lead_changes: int = 0
    ties: int = 0
    leading: int = 0


class PlayerStatLine(NamedTuple):
    """One player's line, by player id."""

    player: int
    line: StatLine


class SideReading(NamedTuple):
    """One team in a reading. `lines` has only the lines that changed since the reading before."""

    periods: tuple[int, ...]
    timeouts: int
    bonus: bool
    on_court: tuple[int, ...]
    lines: tuple[PlayerStatLine, ...]


class FeedReading(NamedTuple):
    """A game as a feed showed it at one moment."""

    at: int
    phase: RecordedPhase
    period: int
    clock: int
    home: SideReading
    away: SideReading


@dataclass(frozen=True, slots=True)
class RosterPlayer:
    """One player of a roster, in the order of the box score.

    `position` is empty except for starters. `absent` is the league's word for why a player does not
    play (`INACTIVE_INJURY`); it is empty for all who may.
    """

    id: int
    first: str
    last: str
    jersey: str
    position: str
    active: bool
    starter: bool
    absent: str

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.first} {self.last}".strip()

    @property
    def initialled(self) -> str:
        """The last name after an initial: `D. Fox`."""
        return f"{self.first[:1]}. {self.last}"


@dataclass(frozen=True, slots=True)
class RecordedTeam:
    """One team of a game. `wins` and `losses` are before the game, both 0 where unknown."""

    id: int
    tricode: str
    city: str
    name: str
    wins: int
    losses: int
    players: tuple[RosterPlayer, ...]


@dataclass(frozen=True, slots=True)
class OfficialTeam:
    """One team in the official final box score.

    `lines` has those who entered the game, no others.
    """

    periods: tuple[int, ...]
    timeouts: int
    bonus: bool
    on_court: tuple[int, ...]
    team: TeamLine
    lines: tuple[PlayerStatLine, ...]

    @property
    def score(self) -> int:
        """The final score, the sum of the periods."""
        return sum(self.periods)


@dataclass(frozen=True, slots=True)
class Official:
    """The official final box score."""

    home: OfficialTeam
    away: OfficialTeam


@dataclass(frozen=True, slots=True)
class Actions:
    """A course of a game that is known action by action."""

    kind: Literal["actions"]
    rows: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """A course of a game that is known from what a feed showed, change by change."""

    kind: Literal["readings"]
    rows: tuple[FeedReading, ...]


@dataclass(frozen=True, slots=True)
class RecordedLines:
    """Closing lines. `home_spread` is negative when home is favoured; moneylines are American."""

    home_spread: float | None
    total: float | None
    home_moneyline: int | None
    away_moneyline: int | None


@dataclass(frozen=True, slots=True)
class Format:
    """The length of a game: periods of regulation, and seconds in a period and in an overtime."""

    periods: int
    period_s: int
    overtime_s: int

    def length(self, period: int) -> int:
        """The length of a period in hundredths of a second."""
        return 100 * (self.period_s if period <= self.periods else self.overtime_s)


@dataclass(frozen=True, slots=True)
class Venue:
    """Where the game was played, with the IANA time zones of the arena and of the away team."""

    arena: str
    city: str
    state: str
    zone: str
    away_zone: str


@with_config(ConfigDict(extra="forbid", strict=True))
@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded game.

    `wall_clock` says whether the times of the actions were recorded or are modelled. Raises
    `ValueError` when the parts contradict each other.
    """

    format: Literal["tracker-recording"]
    version: Literal[1]
    league: Literal["nba", "wnba", "ncaam", "ncaaw", "gleague"]
    id: str
    tip_off: datetime
    wall_clock: Literal["recorded", "modelled"]
    rules: Format
    venue: Venue
    lines: RecordedLines | None
    home: RecordedTeam
    away: RecordedTeam
    course: Annotated[Actions | Readings, Field(discriminator="kind")]
    official: Official | None

    def __post_init__(self) -> None:
        if self.tip_off.utcoffset() != timedelta(0):
            raise ValueError("tip_off must be in UTC")
        if not self.course.rows:
            raise ValueError("the course is empty")
        instants = [row.at for row in self.course.rows]
        if (back := next((b for a, b in pairwise(instants) if b < a), None)) is not None:
            raise ValueError(f"the course goes back in time at {back} ms")
        for zone in (self.venue.zone, self.venue.away_zone):
            try:
                ZoneInfo(zone)
            except (KeyError, ValueError) as error:
                raise ValueError(f"there is no time zone {zone!r}") from error
        if isinstance(self.course, Actions):
            self._check_clocks(self.course.rows)
            self._check_people(self.course.rows)
            self._check_end(self.course.rows[-1])

    def _check_clocks(self, rows: tuple[Action, ...]) -> None:
        for row in rows:
            if row.period < 1 or not 0 <= row.clock <= self.rules.length(row.period):
                raise ValueError(
                    f"no game has period {row.period} with {row.clock / 100} s left, "
                    f"as it stands at {row.at} ms"
                )

    def _check_people(self, rows: tuple[Action, ...]) -> None:
        known = {p.id for p in (*self.home.players, *self.away.players)} | {0}
        for row in rows:
            for person in (row.player, row.other):
                if person not in known:
                    raise ValueError(f"player {person} at {row.at} ms is on neither roster")

    def _check_end(self, last: Action) -> None:
        if self.official is None:
            return
        final = (self.official.home.score, self.official.away.score)
        if (last.home, last.away) != final:
            raise ValueError(
                f"the course ends {last.away}-{last.home}, the official box {final[1]}-{final[0]}"
            )

    @property
    def name(self) -> str:
        """A short name for people: `SAC@PHI`."""
        return f"{self.away.tricode}@{self.home.tricode}"


# ------------------------------------------------------------------------------------------- files

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
    hits = [game for game in games if words in ([game.id], [game.name], [game.name, _day(game)])]
    if len(hits) == 1:
        return hits[0]
    known = ", ".join(f"{game.name} ({game.id})" for game in games)
    what = "More than one recorded game" if hits else "No recorded game"
    raise UnknownGameError(f"{what} is called {name!r}. There are: {known}.")


def _day(game: Recording) -> str:
    return game.tip_off.astimezone(ZoneInfo(game.venue.zone)).date().isoformat()
