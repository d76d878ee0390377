"""Which way the points of a road team's games fall between the halves, believed team by team.

Visitors choose the basket that they attack first. Three road teams in four begin at the end where
both defences are far from their own bench: many points before half-time, fewer after it; the others
do the opposite, season after season. Nobody tells which kind a team is, but its earlier road games
do: D, the points of both teams in the second half of regulation less those in the first, is normal
about +gap for the minority's kind and about -gap for the others. The belief is Bayes' rule over a
team's road games, with a small chance before each that the team has changed its mind.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tracker.domain.league import season_name
from tracker.forecast.lazy import Lazy

if TYPE_CHECKING:
    from datetime import date

    from tracker.domain.prior import Finished


@dataclass(frozen=True, slots=True)
class EndsFigures:
    """How D tells the kinds apart: all by likelihood on games before those that are judged.

    `gap` and `sd` are in points; `within` and `between` are the chances that a team changes its
    kind (or draws it anew) before a game of the same season and before the first of a new one;
    `base` is the minority's share.
    """

    gap: float
    sd: float
    within: float
    between: float
    base: float

    def before(self, p: float, *, new_season: bool) -> float:
        """The chance of the minority's kind before a game, from that after the last one."""
        change = self.between if new_season else self.within
        return p * (1 - change) + change * self.base

    def after(self, p: float, swing: float) -> float:
        """The chance after a game with D = `swing` points, from that before it."""
        # The two normals differ by this in log-odds; nothing else of them is needed.
        odds = math.exp(min(max(2 * self.gap * swing / self.sd**2, -50.0), 50.0))
        return p * odds / (p * odds + 1 - p)


FIGURES = {
    "nba": EndsFigures(gap=5.44, sd=15.96, within=0.0073, between=0.0604, base=0.248),
    "wnba": EndsFigures(gap=4.5, sd=14.5, within=0.0076, between=0.42, base=0.46),
}
"""Fitted on the NBA's seasons 2013-14 … 2019-20 and the WNBA's 2010 … 2015. College games show
nothing of the kind: road teams there differ by no more than chance."""


def lean(chance: float) -> float:
    """A belief as the forecast uses it, -1 to 1: 1 is the minority's kind, 0 knows nothing."""
    return 2 * chance - 1


def swing_of(halves: tuple[int, int]) -> int:
    """D of a game, from both teams' points of the first and second half of regulation."""
    first, second = halves
    return second - first


@dataclass(frozen=True, slots=True)
class TeamEnds:
    """The chance that a team is of the minority's kind after its last road game of `season`."""

    season: str
    chance: float


@dataclass(frozen=True, eq=False)
class EndsBelief:
    """What is believed of a league's teams after all games up to a day. A value: it never changes.

    `until` is the league's date of the last game in it; `teams` goes by team code.
    """

    figures: EndsFigures
    until: str
    teams: Mapping[str, TeamEnds]

    def chance(self, team: str, season: str) -> float:
        """The chance that a road team is of the minority's kind, before a game of `season`."""
        known = self.teams.get(team)
        if known is None:
            return self.figures.base
        return self.figures.before(known.chance, new_season=known.season != season)

    def after(self, games: Iterable[Finished], *, before: date | None = None) -> EndsBelief:
        """The belief once later games are over, in order of play; `before` leaves later days out.

        Games up to `until`, and those whose halves are unknown, teach nothing.
        """
        teams, until = dict(self.teams), self.until
        for game in games:
            day = game.day.isoformat()
            if game.halves is None or day <= self.until or (before and game.day >= before):
                continue
            season = season_name(game.league, game.day)
            known = replace(self, teams=teams).chance(game.away, season)
            teams[game.away] = TeamEnds(season, self.figures.after(known, swing_of(game.halves)))
            until = max(until, day)
        return EndsBelief(self.figures, until, teams)

    @Lazy
    def version(self) -> str:
        """A name for exactly this belief."""
        text = repr(
            [self.figures, self.until]
            + [(x, y.season, round(y.chance, 9)) for x, y in sorted(self.teams.items())]
        )
        return f"ends-{self.until}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def read_ends(document: Mapping[str, Any] | None) -> EndsBelief | None:
    """The belief in a parameters file; None for a league where there is nothing of the kind."""
    if document is None:
        return None
    figures = EndsFigures(**{x: float(document[x]) for x in EndsFigures.__dataclass_fields__})
    teams = {
        code: TeamEnds(str(season), float(p)) for code, (season, p) in document["teams"].items()
    }
    return EndsBelief(figures, str(document["until"]), teams)


def write_ends(belief: EndsBelief | None) -> dict[str, Any] | None:
    """What `read_ends` reads."""
    if belief is None:
        return None
    figures = {x: getattr(belief.figures, x) for x in EndsFigures.__dataclass_fields__}
    teams = {code: [x.season, round(x.chance, 4)] for code, x in sorted(belief.teams.items())}
    return {**figures, "until": belief.until, "teams": teams}
