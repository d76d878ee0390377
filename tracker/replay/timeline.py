"""The state of a recorded game at any instant.

`timeline` works through a recording once and adds up its actions; `state_at` then looks a state up.
Both are pure: an instant is an argument, in milliseconds since the scheduled tip-off. Figures that
the actions do not have (a modelled game has no fast breaks) stay 0 until the official box score
gives them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, assert_never

from tracker.replay import (
    Action,
    Actions,
    FeedReading,
    OfficialTeam,
    Readings,
    RecordedPhase,
    RecordedTeam,
    Recording,
    Side,
    SideReading,
    StatLine,
    TeamLine,
    What,
    other_side,
)

_TIMEOUTS = 7
"""Time-outs of a team for a game (NBA rule 5, section VI)."""

_TIMEOUTS_LAST_PERIOD = 4
"""Most time-outs that may be carried into the last period (the same rule)."""

_TIMEOUTS_LATE = 2
"""Most time-outs for the last three minutes, and the number in an overtime (the same rule)."""

_LATE = 3 * 6000
"""Clock from which on `_TIMEOUTS_LATE` applies, in hundredths of a second."""

_BONUS_FOULS = 5
"""Team foul of a period from which on free throws are given; one less in overtime (NBA rule 12, B,
section V)."""

_BONUS_FOULS_LATE = 2
"""Team foul in the last two minutes of a period from which on free throws are given, whatever came
before."""

_LAST_TWO_MINUTES = 2 * 6000


class TeamState(NamedTuple):
    """One team at an instant. `lines` is in the order of the roster.

    `played` has the ids of those who have entered the game. `bonus` is whether the team shoots free
    throws on the next common foul against it.
    """

    periods: tuple[int, ...]
    timeouts: int
    bonus: bool
    on_court: frozenset[int]
    played: frozenset[int]
    team: TeamLine
    lines: tuple[StatLine, ...]

    @property
    def score(self) -> int:
        """The score, which is the sum of the periods."""
        return sum(self.periods)

    @property
    def total(self) -> StatLine:
        """The sum of all players' lines."""
        return StatLine(*map(sum, zip(*self.lines, strict=True))) if self.lines else StatLine()


class RecordedState(NamedTuple):
    """A game from the instant `at` on; `seen` counts the rows of the course so far.

    `periods` of both teams have an entry for each period of regulation and for each overtime that
    has begun. In a break, `period` is the one that has ended and `clock` is 0.
    """

    at: int
    phase: RecordedPhase
    period: int
    clock: int
    seen: int
    home: TeamState
    away: TeamState


@dataclass(frozen=True, slots=True)
class Timeline:
    """A recording with each state that it passes through, in order of time."""

    recording: Recording
    instants: tuple[int, ...]
    states: tuple[RecordedState, ...]

    @property
    def starts(self) -> int:
        """When play began, in milliseconds since the scheduled tip-off."""
        return next(
            (s.at for s in self.states if s.phase is not RecordedPhase.BEFORE), self.states[-1].at
        )

    @property
    def final(self) -> RecordedState:
        """The last state. Its phase is `OVER` when the recording has the whole game."""
        return self.states[-1]


def timeline(recording: Recording) -> Timeline:
    """Work through a recording once, state by state."""
    match recording.course:
        case Actions():
            states = _from_actions(recording, recording.course)
        case Readings():
            states = _from_readings(recording, recording.course)
        case _:
            assert_never(recording.course)
    return Timeline(recording, tuple(s.at for s in states), states)


def state_at(game: Timeline, at: int) -> RecordedState:
    """The state at an instant: the last one that began by then."""
    return game.states[max(0, bisect_right(game.instants, at) - 1)]


def _before(recording: Recording) -> RecordedState:
    def side(team: RecordedTeam) -> TeamState:
        return TeamState(
            periods=(0,) * recording.rules.periods,
            timeouts=0,
            bonus=False,
            on_court=frozenset(p.id for p in team.players if p.starter),
            played=frozenset(),
            team=TeamLine(),
            lines=(StatLine(),) * len(team.players),
        )

    # A day before tip-off is earlier than any row of a recording.
    day = -24 * 3600 * 1000
    return RecordedState(
        day, RecordedPhase.BEFORE, 0, 0, 0, side(recording.home), side(recording.away)
    )


def _official(recording: Recording, state: RecordedState) -> RecordedState:
    box = recording.official
    if box is None:
        return state

    def side(team: RecordedTeam, official: OfficialTeam) -> TeamState:
        lines = dict(official.lines)
        return TeamState(
            periods=official.periods,
            timeouts=official.timeouts,
            bonus=official.bonus,
            on_court=frozenset(official.on_court),
            played=frozenset(lines),
            team=official.team,
            lines=tuple(lines.get(p.id, StatLine()) for p in team.players),
        )

    return state._replace(home=side(recording.home, box.home), away=side(recording.away, box.away))


def _from_actions(recording: Recording, course: Actions) -> tuple[RecordedState, ...]:
    tally = _Tally(recording)
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
        state = RecordedState(
            row.at, tally.phase, tally.period, tally.clock, seen, side("home"), side("away")
        )
        states.append(_official(recording, state) if row.what is What.OVER else state)
    return tuple(states)


def _from_readings(recording: Recording, course: Readings) -> tuple[RecordedState, ...]:
    state = _before(recording)
    states = [state]
    for seen, row in enumerate(course.rows, start=1):
        state = RecordedState(
            row.at,
            row.phase,
            row.period,
            row.clock,
            seen,
            _take_reading(recording.home, state.home, row, row.home),
            _take_reading(recording.away, state.away, row, row.away),
        )
        states.append(
            _with_team_lines(recording, state) if row.phase is RecordedPhase.OVER else state
        )
    return tuple(states)


def _with_team_lines(recording: Recording, state: RecordedState) -> RecordedState:
    # Readings have all the players' lines. The team's own are only in the official box score.
    box = recording.official
    if box is None:
        return state
    return state._replace(
        home=state.home._replace(team=box.home.team), away=state.away._replace(team=box.away.team)
    )


def _take_reading(
    team: RecordedTeam, was: TeamState, row: FeedReading, side: SideReading
) -> TeamState:
    changed = dict(side.lines)
    lines = tuple(
        changed.get(player.id, line) for player, line in zip(team.players, was.lines, strict=True)
    )
    entered = frozenset(changed)
    if row.phase is not RecordedPhase.BEFORE:
        entered |= frozenset(side.on_court)
    return was._replace(
        periods=side.periods,
        timeouts=side.timeouts,
        bonus=side.bonus,
        on_court=frozenset(side.on_court),
        played=was.played | entered,
        lines=lines,
    )


class _TeamTally:
    """The figures of one team so far."""

    def __init__(self, team: RecordedTeam, periods: int) -> None:
        self.periods = [0] * periods
        self.timeouts = _TIMEOUTS
        self.on_court = {player.id for player in team.players if player.starter}
        self.fouled_on = frozenset(self.on_court)
        self.played: set[int] = set()
        self.fouls = 0
        self.fouls_late = 0
        self._team: Counter[str] = Counter()
        self._counts: dict[int, Counter[str]] = {p.id: Counter() for p in team.players}
        self._lines = {player.id: StatLine() for player in team.players}
        self._changed: set[int] = set()

    def add(self, player: int, *names: str, by: int = 1) -> None:
        """Add to a player's counts. Player 0 is the team itself and gets nothing here."""
        if player in self._counts:
            for name in names:
                self._counts[player][name] += by
            self._changed.add(player)

    def add_team(self, name: str, by: int = 1) -> None:
        """Add to one of the team's own counts."""
        self._team[name] += by

    def most(self, name: str, value: int, away: int, home: int) -> None:
        """Keep the biggest `lead` or `run`, with the score at which it stood."""
        if value > self._team[name]:
            self._team.update({name: value - self._team[name]})
            self._team[f"{name}_away"] = away
            self._team[f"{name}_home"] = home

    def lines(self) -> tuple[StatLine, ...]:
        """The players' lines, in the order of the roster."""
        for player in self._changed:
            self._lines[player] = StatLine(**self._counts[player])
        self._changed.clear()
        return tuple(self._lines.values())

    def team_line(self) -> TeamLine:
        """The team's own figures so far."""
        return TeamLine(**self._team)


class _Tally:
    """A game added up action by action, in the given order."""

    def __init__(self, recording: Recording) -> None:
        self.phase = RecordedPhase.BEFORE
        self.period = 0
        self.clock = 0
        self._rules = recording.rules
        self._score = (0, 0)
        self._leader = 0
        self._run: tuple[Side, int] = ("home", 0)
        home = _TeamTally(recording.home, recording.rules.periods)
        away = _TeamTally(recording.away, recording.rules.periods)
        self.sides: dict[Side, _TeamTally] = {"home": home, "away": away}

    def bonus(self, side: Side) -> bool:
        """Whether `side` shoots free throws on the next common foul against it."""
        other = self.sides[other_side(side)]
        limit = _BONUS_FOULS if self.period <= self._rules.periods else _BONUS_FOULS - 1
        return other.fouls >= limit or other.fouls_late >= _BONUS_FOULS_LATE

    def take(self, row: Action) -> None:
        """Add one action."""
        between = self.phase is not RecordedPhase.PLAYING and row.what in {
            What.IN,
            What.OUT,
            What.TIMEOUT,
            What.OTHER,
        }
        if row.what is What.OVER:
            self.phase = RecordedPhase.OVER
        elif not between:
            self._run_clock(row)
        self._take_score(row)
        if row.side is not None:
            self._take_action(row, row.side)

    def _run_clock(self, row: Action) -> None:
        if row.period != self.period:
            self._start(row.period)
        passed = self.clock - row.clock
        self.clock = row.clock
        self.phase = RecordedPhase.BREAK if row.what is What.END else RecordedPhase.PLAYING
        lead = self._score[0] - self._score[1]
        for side, team in self.sides.items():
            team.played |= team.on_court
            if passed:
                for player in team.on_court:
                    team.add(player, "time", by=passed)
                if lead and (lead > 0) == (side == "home"):
                    team.add_team("leading", passed)
            if self.period == self._rules.periods and self.clock <= _LATE:
                team.timeouts = min(team.timeouts, _TIMEOUTS_LATE)

    def _start(self, period: int) -> None:
        self.period = period
        self.clock = self._rules.length(period)
        for team in self.sides.values():
            team.fouls = team.fouls_late = 0
            while len(team.periods) < period:
                team.periods.append(0)
            if period == self._rules.periods:
                team.timeouts = min(team.timeouts, _TIMEOUTS_LAST_PERIOD)
            elif period > self._rules.periods:
                team.timeouts = _TIMEOUTS_LATE

    def _take_score(self, row: Action) -> None:
        home, away = row.home, row.away
        gained: dict[Side, int] = {"home": home - self._score[0], "away": away - self._score[1]}
        if not any(gained.values()):
            return
        self._score = (home, away)
        for side, points in gained.items():
            if points:
                self._take_points(side, points, free=row.what is What.FREE)
        self._take_lead(home - away)

    def _take_points(self, side: Side, points: int, *, free: bool) -> None:
        team, against = self.sides[side], self.sides[other_side(side)]
        team.periods[self.period - 1] += points
        # Free throws count for the players on court at the foul, even after substitutions.
        for player in team.fouled_on if free else team.on_court:
            team.add(player, "plus", by=points)
        for player in against.fouled_on if free else against.on_court:
            against.add(player, "minus", by=points)
        home, away = self._score
        self._run = (side, points + (self._run[1] if self._run[0] == side else 0))
        team.most("run", self._run[1], away, home)
        team.most("lead", (home - away) if side == "home" else (away - home), away, home)

    def _take_lead(self, margin: int) -> None:
        teams = self.sides.values()
        if margin == 0:
            for team in teams:
                team.add_team("ties")
            return
        leader = 1 if margin > 0 else -1
        if self._leader == -leader:
            for team in teams:
                team.add_team("lead_changes")
        self._leader = leader

    def _take_action(self, row: Action, side: Side) -> None:
        team = self.sides[side]
        against = self.sides[other_side(side)]
        words = row.detail.split()
        if row.what in _SHOTS:
            self._take_shot(row, team, words)
        elif row.what in _COUNTED:
            _count(team, row.player, _COUNTED[row.what])
        elif row.what is What.REBOUND:
            _count(team, row.player, "rebounds_off" if "off" in words else "rebounds_def")
        elif row.what is What.FOUL:
            self._take_foul(row, team, against, words)
        elif row.what is What.TIMEOUT:
            # A challenge costs a time-out only when it is lost, which no action shows.
            team.timeouts = max(0, team.timeouts - ("challenge" not in words))
        else:
            self._take_substitution(row, team)
        if row.what is What.BLOCK:
            against.add(row.other, "blocked")

    def _take_substitution(self, row: Action, team: _TeamTally) -> None:
        if row.what is What.OUT:
            team.on_court.discard(row.player)
        elif row.what is What.IN:
            team.on_court.add(row.player)
            if self.phase is RecordedPhase.PLAYING:
                team.played.add(row.player)

    def _take_shot(self, row: Action, team: _TeamTally, words: list[str]) -> None:
        kind, worth = _SHOTS[row.what]
        team.add(row.player, f"{kind}_tried")
        made = "made" in words
        for word in ("paint", "fast", "second"):
            if word in words and row.what is not What.FREE:
                team.add_team(f"{word}_tried")
                team.add_team(word, int(made))
        if not made:
            return
        team.add(row.player, kind)
        team.add(row.player, "points", by=worth)
        for word in ("paint", "fast", "second"):
            if word in words:
                team.add(row.player, f"points_{word}", by=worth)
        if "fromtov" in words:
            team.add_team("points_from_turnovers", worth)
        if row.what is not What.FREE:
            team.add(row.other, "assists")

    def _take_foul(
        self, row: Action, team: _TeamTally, against: _TeamTally, words: list[str]
    ) -> None:
        against.add(row.other, "fouls_drawn")
        if "technical" in words:
            if "team" in words:
                team.add_team("technicals")
            else:
                team.add(row.player, "fouls_technical")
            return
        for each in (team, against):
            each.fouled_on = frozenset(each.on_court)
        team.add(row.player, "fouls")
        if "offensive" in words:
            team.add(row.player, "fouls_offensive")
            return
        team.fouls += 1
        if row.clock <= _LAST_TWO_MINUTES:
            team.fouls_late += 1


def _count(team: _TeamTally, player: int, name: str) -> None:
    if player:
        team.add(player, name)
    else:
        team.add_team(name)


_SHOTS = {What.TWO: ("twos", 2), What.THREE: ("threes", 3), What.FREE: ("frees", 1)}

_COUNTED = {
    What.TURNOVER: "turnovers",
    What.STEAL: "steals",
    What.BLOCK: "blocks",
    What.HEAVE: "heaves",
}


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
