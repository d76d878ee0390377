"""The rows of a recorded game: actions, what a player or a team has done so far, and readings.

Units everywhere in this room: `at` is milliseconds since the scheduled tip-off, clocks and playing
time are hundredths of a second, scores are points.
"""

from enum import StrEnum
from typing import Literal, NamedTuple


class What(StrEnum):
    """What happened in an action."""

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


class Phase(StrEnum):
    """Where a game stands."""

    BEFORE = "before"
    PLAYING = "playing"
    BREAK = "break"
    OVER = "over"


Side = Literal["home", "away"]


class Action(NamedTuple):
    """One thing that happened, with the scores after it.

    `player` is 0 for a team's own deed (a team rebound, a shot-clock turnover); `other` is the
    assister of a made shot, the blocker of a missed one or the player fouled, else 0. `detail`
    holds words with blanks between: `made` or `missed`; `off` or `def`; `personal`, `offensive`
    or `technical` (with `team` when it is charged to the team); `full` or `challenge`; and `paint`,
    `fast`, `second`, `fromtov` where they are known.
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


class Line(NamedTuple):
    """What one player has done so far. All counts; `time` in hundredths of a second on court."""

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


class TeamLine(NamedTuple):
    """What is counted for a team and is not the sum of its players.

    `lead` and `run` are the biggest of the game, each with the score when it stood
    (away, home; both 0 when there was none). `leading` is in hundredths of a second.
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


class PlayerLine(NamedTuple):
    """One player's line, by player id."""

    player: int
    line: Line


class SideReading(NamedTuple):
    """One team in a reading. `lines` holds the lines that changed since the reading before."""

    periods: tuple[int, ...]
    timeouts: int
    bonus: bool
    on_court: tuple[int, ...]
    lines: tuple[PlayerLine, ...]


class Reading(NamedTuple):
    """A game as a feed showed it at one moment."""

    at: int
    phase: Phase
    period: int
    clock: int
    home: SideReading
    away: SideReading
