"""What results tell of teams: their ratings, and at which end a road team begins.

Each team has a strength (its part of a margin) and a tempo (its part of a total), both in points
about the league's average, each a normal belief that every result sharpens and time blurs (a
Kalman filter with one variance a team). Only results before a game speak about it: they give the
prior where no line is known.

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
from tracker.domain.prior import Prior, PriorSource
from tracker.forecast.lazy import Lazy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from tracker.domain.prior import Finished


LEVEL_GAMES = 200
"""A game moves the league's mean total by one part in so many of its surprise: the level follows in
a month of NBA games. Chosen: scoring drifts by a few points within a season."""


@dataclass(frozen=True, slots=True)
class RatingFigures:
    """How results speak of teams; points unless said otherwise, fitted by one-step likelihood.

    `noise` is what a single game's margin or total differs by from two known teams; `spread` the
    standard deviation of teams at a season's start; `drift` what a team changes by from game to
    game; `carry` the part of a rating that lasts into the next season (0 to 1).
    """

    home_edge: float
    mean_total: float
    margin_noise: float
    total_noise: float
    margin_spread: float
    total_spread: float
    drift: float
    carry: float


@dataclass(frozen=True, slots=True)
class GameResult:
    """A finished game, overtime included; `season` is any name that changes between seasons."""

    season: str
    home: str
    away: str
    home_points: int
    away_points: int


@dataclass(frozen=True, slots=True)
class Belief:
    """A mean and a variance, in points and points²."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Rating:
    """What is believed of a team."""

    season: str
    strength: Belief
    tempo: Belief


@dataclass(frozen=True)
class Ratings:
    """All teams' ratings, and the league's mean total, at one moment."""

    figures: RatingFigures
    teams: Mapping[str, Rating]
    mean_total: float
    season: str

    def of(self, team: str, season: str) -> Rating:
        """A team's rating; an unknown team is an average one, a new season blurs an old one."""
        figures = self.figures
        strength = figures.margin_spread**2
        tempo = figures.total_spread**2
        known = self.teams.get(team)
        if known is None:
            return Rating(season, Belief(0.0, strength), Belief(0.0, tempo))
        if known.season == season:
            return known
        keep = figures.carry
        return Rating(
            season,
            _blurred(known.strength, keep, strength),
            _blurred(known.tempo, keep, tempo),
        )

    def prior(self, home: str, away: str, season: str | None = None) -> Prior:
        """What is expected of a game between two teams."""
        season = season or self.season
        a, b = self.of(home, season), self.of(away, season)
        return Prior(
            margin=self.figures.home_edge + a.strength.mean - b.strength.mean,
            total=self.mean_total + a.tempo.mean + b.tempo.mean,
            source=PriorSource.RATINGS,
            margin_sd=math.sqrt(a.strength.variance + b.strength.variance),
            total_sd=math.sqrt(a.tempo.variance + b.tempo.variance),
        )

    def after(self, result: GameResult) -> Ratings:
        """The ratings once a result is known."""
        figures, season = self.figures, result.season
        home, away = self.of(result.home, season), self.of(result.away, season)
        prior = self.prior(result.home, result.away, season)
        margin = result.home_points - result.away_points - prior.margin
        total = result.home_points + result.away_points - prior.total
        drift = figures.drift**2
        by_margin = prior.margin_sd**2 + figures.margin_noise**2
        by_total = prior.total_sd**2 + figures.total_noise**2
        teams = dict(self.teams)
        for name, rating, sign in ((result.home, home, 1), (result.away, away, -1)):
            teams[name] = Rating(
                season,
                _learned(rating.strength, sign * margin, by_margin, drift),
                _learned(rating.tempo, total, by_total, drift),
            )
        mean = self.mean_total + total / LEVEL_GAMES
        return replace(self, teams=teams, mean_total=mean, season=season)


def _learned(belief: Belief, surprise: float, variance: float, drift: float) -> Belief:
    gain = belief.variance / variance
    return Belief(belief.mean + gain * surprise, belief.variance * (1 - gain) + drift)


def _blurred(belief: Belief, keep: float, spread: float) -> Belief:
    """A belief carried into a new season."""
    return Belief(belief.mean * keep, belief.variance * keep**2 + spread * (1 - keep**2))


def rate(results: Iterable[GameResult], figures: RatingFigures) -> Ratings:
    """Ratings after results in order of play."""
    ratings = Ratings(figures, {}, figures.mean_total, "")
    for result in results:
        ratings = ratings.after(result)
    return ratings


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
