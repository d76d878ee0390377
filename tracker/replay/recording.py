"""What a recorded game is made of: teams, who did what and when, and the official final box.

Facts only. A recording holds no text, picture or ordering of anybody else's, and knows nothing of
a feed's format. `docs/recordings.md` is the schema of the file that these values are read from.
The rows that it holds, and their units, are in `rows`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, with_config

from tracker.replay.rows import Action, PlayerLine, Reading, TeamLine

VERSION = 1
"""The version of the file format that this code writes and reads."""


@dataclass(frozen=True, slots=True)
class Player:
    """One name of a roster, in the order of the box.

    `position` is empty but for starters. `absent` is the league's word for why an inactive or
    unfit player does not play (`INACTIVE_INJURY`), empty for all who may.
    """

    id: int
    first: str
    last: str
    jersey: str
    position: str
    active: bool
    starter: bool
    absent: str


@dataclass(frozen=True, slots=True)
class Team:
    """One team of a game. `wins` and `losses` are before the game, 0 and 0 where unknown."""

    id: int
    tricode: str
    city: str
    name: str
    wins: int
    losses: int
    players: tuple[Player, ...]


@dataclass(frozen=True, slots=True)
class OfficialTeam:
    """One team in the official final box. `lines` names those who entered the game, no others."""

    periods: tuple[int, ...]
    timeouts: int
    bonus: bool
    on_court: tuple[int, ...]
    team: TeamLine
    lines: tuple[PlayerLine, ...]

    @property
    def score(self) -> int:
        """The final score, the sum of the periods."""
        return sum(self.periods)


@dataclass(frozen=True, slots=True)
class Official:
    """The official final box."""

    home: OfficialTeam
    away: OfficialTeam


@dataclass(frozen=True, slots=True)
class Actions:
    """A course known action by action."""

    kind: Literal["actions"]
    rows: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """A course known as what a feed showed, change by change."""

    kind: Literal["readings"]
    rows: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Closing lines. `home_spread` is negative when home is favoured; moneylines are American."""

    home_spread: float | None
    total: float | None
    home_moneyline: int | None
    away_moneyline: int | None


@dataclass(frozen=True, slots=True)
class Format:
    """How long a game is: periods of regulation, their length and an overtime's, in seconds."""

    periods: int
    period_s: int
    overtime_s: int

    def length(self, period: int) -> int:
        """Length of a period in hundredths of a second."""
        return 100 * (self.period_s if period <= self.periods else self.overtime_s)


@dataclass(frozen=True, slots=True)
class Venue:
    """Where the game was, with the zones of the arena and of the away team (IANA names)."""

    arena: str
    city: str
    state: str
    zone: str
    away_zone: str


@with_config(ConfigDict(extra="forbid", strict=True))
@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded game.

    `wall_clock` says whether the instants of the actions were recorded or are modelled.
    Raises `ValueError` when its parts contradict each other.
    """

    format: Literal["tracker-recording"]
    version: Literal[1]
    league: Literal["nba", "wnba", "ncaam"]
    id: str
    tip_off: datetime
    wall_clock: Literal["recorded", "modelled"]
    rules: Format
    venue: Venue
    lines: Lines | None
    home: Team
    away: Team
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
        """Short name for people: `SAC@PHI`."""
        return f"{self.away.tricode}@{self.home.tricode}"
