"""Where a recorded game stood at any instant.

`timeline` works a recording through once; `state_at` then answers by looking up. Both are pure:
an instant is an argument, in milliseconds since the scheduled tip-off.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from tracker.replay.recording import (
    Actions,
    Line,
    OfficialTeam,
    Phase,
    Reading,
    Readings,
    Recording,
    Side,
    SideReading,
    Team,
    TeamLine,
    What,
)
from tracker.replay.tally import Tally


class TeamState(NamedTuple):
    """One team at an instant. `lines` is in the order of the roster, on whom it says nothing else.

    `played` holds the ids of those who have entered; `bonus` is whether the team shoots at the
    next common foul against it.
    """

    periods: tuple[int, ...]
    timeouts: int
    bonus: bool
    on_court: frozenset[int]
    played: frozenset[int]
    team: TeamLine
    lines: tuple[Line, ...]

    @property
    def score(self) -> int:
        """The score, which is the sum of the periods."""
        return sum(self.periods)


class GameState(NamedTuple):
    """A game at an instant. `at` is when it became so; `seen` counts the rows of the course so far.

    `periods` of both teams have an entry for each period of regulation, and one more for each
    overtime that has begun. In a break, `period` is the one that has ended and `clock` is 0.
    """

    at: int
    phase: Phase
    period: int
    clock: int
    seen: int
    home: TeamState
    away: TeamState


@dataclass(frozen=True, slots=True)
class Timeline:
    """A recording and each state that it passes through, in order of time."""

    recording: Recording
    instants: tuple[int, ...]
    states: tuple[GameState, ...]

    @property
    def starts(self) -> int:
        """When play began, in milliseconds since the scheduled tip-off."""
        return next((s.at for s in self.states if s.phase is not Phase.BEFORE), self.states[-1].at)

    @property
    def final(self) -> GameState:
        """The last state; its phase is `OVER` when the recording holds the whole game."""
        return self.states[-1]


def timeline(recording: Recording) -> Timeline:
    """Work a recording through once, state by state."""
    match recording.course:
        case Actions():
            states = _from_actions(recording, recording.course)
        case Readings():
            states = _from_readings(recording, recording.course)
        case _:
            assert_never(recording.course)
    return Timeline(recording, tuple(s.at for s in states), states)


def state_at(game: Timeline, at: int) -> GameState:
    """The state at an instant: the last one that had come about by then."""
    return game.states[max(0, bisect_right(game.instants, at) - 1)]


def _before(recording: Recording) -> GameState:
    def side(team: Team) -> TeamState:
        return TeamState(
            periods=(0,) * recording.rules.periods,
            timeouts=0,
            bonus=False,
            on_court=frozenset(p.id for p in team.players if p.starter),
            played=frozenset(),
            team=TeamLine(),
            lines=(Line(),) * len(team.players),
        )

    # The day before tip-off is before anything that a recording knows of.
    day = -24 * 3600 * 1000
    return GameState(day, Phase.BEFORE, 0, 0, 0, side(recording.home), side(recording.away))


def _official(recording: Recording, state: GameState) -> GameState:
    box = recording.official
    if box is None:
        return state

    def side(team: Team, official: OfficialTeam) -> TeamState:
        lines = dict(official.lines)
        return TeamState(
            periods=official.periods,
            timeouts=official.timeouts,
            bonus=official.bonus,
            on_court=frozenset(official.on_court),
            played=frozenset(lines),
            team=official.team,
            lines=tuple(lines.get(p.id, Line()) for p in team.players),
        )

    return state._replace(home=side(recording.home, box.home), away=side(recording.away, box.away))


def _from_actions(recording: Recording, course: Actions) -> tuple[GameState, ...]:
    tally = Tally(recording)
    states = [_before(recording)]

    def side(which: Side) -> TeamState:
        team = tally.sides[which]
        return TeamState(
            periods=tuple(team.periods),
            timeouts=team.timeouts,
            bonus=tally.bonus(which),
            on_court=frozenset(team.on_court),
            played=frozenset(team.played),
            team=team.team_line(),
            lines=team.lines(),
        )

    for seen, row in enumerate(course.rows, start=1):
        tally.take(row)
        state = GameState(
            row.at, tally.phase, tally.period, tally.clock, seen, side("home"), side("away")
        )
        states.append(_official(recording, state) if row.what is What.OVER else state)
    return tuple(states)


def _from_readings(recording: Recording, course: Readings) -> tuple[GameState, ...]:
    state = _before(recording)
    states = [state]
    for seen, row in enumerate(course.rows, start=1):
        state = GameState(
            row.at,
            row.phase,
            row.period,
            row.clock,
            seen,
            _take_reading(recording.home, state.home, row, row.home),
            _take_reading(recording.away, state.away, row, row.away),
        )
        states.append(_with_team_lines(recording, state) if row.phase is Phase.OVER else state)
    return tuple(states)


def _with_team_lines(recording: Recording, state: GameState) -> GameState:
    # Readings tell the players' lines up to the last; the team's own are only in the official box.
    box = recording.official
    if box is None:
        return state
    return state._replace(
        home=state.home._replace(team=box.home.team), away=state.away._replace(team=box.away.team)
    )


def _take_reading(team: Team, was: TeamState, row: Reading, side: SideReading) -> TeamState:
    changed = dict(side.lines)
    lines = tuple(
        changed.get(player.id, line) for player, line in zip(team.players, was.lines, strict=True)
    )
    entered = frozenset(changed)
    if row.phase is not Phase.BEFORE:
        entered |= frozenset(side.on_court)
    return was._replace(
        periods=side.periods,
        timeouts=side.timeouts,
        bonus=side.bonus,
        on_court=frozenset(side.on_court),
        played=was.played | entered,
        lines=lines,
    )
