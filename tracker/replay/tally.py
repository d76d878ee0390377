"""Adds up a course of actions: scores by period, the players' lines, fouls, timeouts, leads.

Adds up only what the actions tell. What they do not (a modelled game has no fast breaks, say)
stays 0 until the official box gives it.
"""

from collections import Counter

from tracker.replay.recording import Action, Line, Phase, Recording, Side, Team, TeamLine, What

TIMEOUTS = 7
"""Timeouts a team has for a game (NBA rule 5, section VI)."""

TIMEOUTS_LAST_PERIOD = 4
"""Most that may be carried into the last period (the same rule)."""

TIMEOUTS_LATE = 2
"""Most that remain three minutes before the end, and what an overtime gives (the same rule)."""

LATE = 3 * 6000
"""Clock at which `TIMEOUTS_LATE` begins to count, in hundredths of a second."""

BONUS_FOULS = 5
"""Team foul of a period that is shot for; one less in overtime (NBA rule 12, B, section V)."""

BONUS_FOULS_LATE = 2
"""The same within the last two minutes of a period, whatever came before."""

LAST_TWO_MINUTES = 2 * 6000


class TeamTally:
    """What one team has done so far."""

    def __init__(self, team: Team, periods: int) -> None:
        self.periods = [0] * periods
        self.timeouts = TIMEOUTS
        self.on_court = {player.id for player in team.players if player.starter}
        self.fouled_on = frozenset(self.on_court)
        self.played: set[int] = set()
        self.fouls = 0
        self.fouls_late = 0
        self._team: Counter[str] = Counter()
        self._counts: dict[int, Counter[str]] = {p.id: Counter() for p in team.players}
        self._lines = {player.id: Line() for player in team.players}
        self._changed: set[int] = set()

    def add(self, player: int, *names: str, by: int = 1) -> None:
        """Count something for a player; nothing for 0, which is the team itself."""
        if player in self._counts:
            for name in names:
                self._counts[player][name] += by
            self._changed.add(player)

    def add_team(self, name: str, by: int = 1) -> None:
        """Count something that is the team's own."""
        self._team[name] += by

    def most(self, name: str, value: int, away: int, home: int) -> None:
        """Keep the biggest `lead` or `run`, with the score at which it stood."""
        if value > self._team[name]:
            self._team.update({name: value - self._team[name]})
            self._team[f"{name}_away"] = away
            self._team[f"{name}_home"] = home

    def lines(self) -> tuple[Line, ...]:
        """The players' lines, in the order of the roster."""
        for player in self._changed:
            self._lines[player] = Line(**self._counts[player])
        self._changed.clear()
        return tuple(self._lines.values())

    def team_line(self) -> TeamLine:
        """What is the team's own so far."""
        return TeamLine(**self._team)


class Tally:
    """A game added up action by action, in the order in which they are given."""

    def __init__(self, recording: Recording) -> None:
        self.phase = Phase.BEFORE
        self.period = 0
        self.clock = 0
        self._rules = recording.rules
        self._score = (0, 0)
        self._leader = 0
        self._run: tuple[Side, int] = ("home", 0)
        home = TeamTally(recording.home, recording.rules.periods)
        away = TeamTally(recording.away, recording.rules.periods)
        self.sides: dict[Side, TeamTally] = {"home": home, "away": away}

    def bonus(self, side: Side) -> bool:
        """Whether `side` shoots at the next common foul against it."""
        other = self.sides["away" if side == "home" else "home"]
        limit = BONUS_FOULS if self.period <= self._rules.periods else BONUS_FOULS - 1
        return other.fouls >= limit or other.fouls_late >= BONUS_FOULS_LATE

    def take(self, row: Action) -> None:
        """Add one action."""
        between = self.phase is not Phase.PLAYING and row.what in {
            What.IN,
            What.OUT,
            What.TIMEOUT,
            What.OTHER,
        }
        if row.what is What.OVER:
            self.phase = Phase.OVER
        elif not between:
            self._run_clock(row)
        self._take_score(row)
        if row.side is not None:
            self._take_deed(row, row.side)

    def _run_clock(self, row: Action) -> None:
        if row.period != self.period:
            self._start(row.period)
        passed = self.clock - row.clock
        self.clock = row.clock
        self.phase = Phase.BREAK if row.what is What.END else Phase.PLAYING
        lead = self._score[0] - self._score[1]
        for side, team in self.sides.items():
            team.played |= team.on_court
            if passed:
                for player in team.on_court:
                    team.add(player, "time", by=passed)
                if lead and (lead > 0) == (side == "home"):
                    team.add_team("leading", passed)
            if self.period == self._rules.periods and self.clock <= LATE:
                team.timeouts = min(team.timeouts, TIMEOUTS_LATE)

    def _start(self, period: int) -> None:
        self.period = period
        self.clock = self._rules.length(period)
        for team in self.sides.values():
            team.fouls = team.fouls_late = 0
            while len(team.periods) < period:
                team.periods.append(0)
            if period == self._rules.periods:
                team.timeouts = min(team.timeouts, TIMEOUTS_LAST_PERIOD)
            elif period > self._rules.periods:
                team.timeouts = TIMEOUTS_LATE

    def _take_score(self, row: Action) -> None:
        home, away = row.home, row.away
        gained: dict[Side, int] = {"home": home - self._score[0], "away": away - self._score[1]}
        if not any(gained.values()):
            return
        self._score = (home, away)
        for side, points in gained.items():
            if points:
                other: Side = "away" if side == "home" else "home"
                self._take_points(side, other, points, free=row.what is What.FREE)
        self._take_lead(home - away)

    def _take_points(self, side: Side, other: Side, points: int, *, free: bool) -> None:
        team, against = self.sides[side], self.sides[other]
        team.periods[self.period - 1] += points
        # Free throws count for those who stood on court at the foul, whoever came on since.
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

    def _take_deed(self, row: Action, side: Side) -> None:
        team = self.sides[side]
        against = self.sides["away" if side == "home" else "home"]
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
            # A challenge costs a timeout only when it is lost, which no action tells.
            team.timeouts = max(0, team.timeouts - ("challenge" not in words))
        else:
            self._take_substitution(row, team)
        if row.what is What.BLOCK:
            against.add(row.other, "blocked")

    def _take_substitution(self, row: Action, team: TeamTally) -> None:
        if row.what is What.OUT:
            team.on_court.discard(row.player)
        elif row.what is What.IN:
            team.on_court.add(row.player)
            if self.phase is Phase.PLAYING:
                team.played.add(row.player)

    def _take_shot(self, row: Action, team: TeamTally, words: list[str]) -> None:
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
        self, row: Action, team: TeamTally, against: TeamTally, words: list[str]
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
        if row.clock <= LAST_TWO_MINUTES:
            team.fouls_late += 1


def _count(team: TeamTally, player: int, name: str) -> None:
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
