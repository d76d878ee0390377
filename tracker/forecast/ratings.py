"""Team ratings from results alone: a prior where no line is known.

Each team has a strength (its part of a margin) and a tempo (its part of a total), both in points
about the league's average, each a normal belief that every result sharpens and time blurs (a
Kalman filter with one variance a team). Only results before a game speak about it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tracker.domain.prior import Prior, PriorSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
class Result:
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

    def after(self, result: Result) -> Ratings:
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


def rate(results: Iterable[Result], figures: RatingFigures) -> Ratings:
    """Ratings after results in order of play."""
    ratings = Ratings(figures, {}, figures.mean_total, "")
    for result in results:
        ratings = ratings.after(result)
    return ratings
