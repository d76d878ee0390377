"""What earlier results say about teams: ratings, and the end of the court a road team starts at.

Each team has a strength (its part of a margin) and a tempo (its part of a total), in points above
the league's average. Each is a normal belief: every result narrows it and time widens it (a Kalman
filter with one variance a team). Ratings before a game give its prior where no line is known.

Visitors choose the basket that they attack first. Three road teams in four start at the end where
both defences are far from their own bench, so that more points fall before half-time and fewer
after it; the other teams do the opposite, season after season. No feed reports a team's kind, but
its earlier road games show it: D, the points of both teams in the second half of regulation less
those in the first, is normal with mean +gap for the minority and -gap for the majority. The belief
is Bayes' rule over a team's road games, with a small chance before each that it changed its choice.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from tracker.domain import Lazy
from tracker.domain.league import season_name
from tracker.domain.prior import Prior, PriorSource

if TYPE_CHECKING:
    from datetime import date

    from tracker.domain.prior import Finished


LEVEL_GAMES = 200
"""A game moves the league's mean total by its surprise divided by this, so that the mean follows
within a month of NBA games. Chosen: scoring drifts by a few points within a season."""


@dataclass(frozen=True, slots=True)
class RatingFigures:
    """The figures of the rating filter, in points, fitted by one-step likelihood.

    `home_edge` and `mean_total` are those of two average teams. `noise` is the sd of one game's
    margin or total between teams of known rating, `spread` the sd of ratings at the start of a
    season, `drift` the sd of a rating's change from game to game, and `carry` the part of a rating
    that is kept for the next season (0 to 1, no unit).
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
    """A final score, overtime included. `season` is any name that differs between seasons."""

    season: str
    home: str
    away: str
    home_points: int
    away_points: int

    @staticmethod
    def of(x: Finished) -> GameResult:
        """The result of a finished game."""
        season = season_name(x.league, x.day)
        return GameResult(season, x.home, x.away, x.home_points, x.away_points)


@dataclass(frozen=True, slots=True)
class Belief:
    """A normal belief: its mean in points and its variance in points²."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Rating:
    """The belief about one team's strength and tempo."""

    season: str
    strength: Belief
    tempo: Belief


@dataclass(frozen=True)
class Ratings:
    """All teams' ratings, and the league's mean total, at one moment."""

    figures: RatingFigures
    teams: Mapping[str, Rating]
    mean_total: float

    def of(self, team: str, season: str) -> Rating:
        """A team's rating in a season: average if unknown, shrunk if last season's."""
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
            season, _blurred(known.strength, keep, strength), _blurred(known.tempo, keep, tempo)
        )

    def prior(self, home: str, away: str, season: str) -> Prior:
        """The prior of a game between two teams."""
        a, b = self.of(home, season), self.of(away, season)
        return Prior(
            margin=self.figures.home_edge + a.strength.mean - b.strength.mean,
            total=self.mean_total + a.tempo.mean + b.tempo.mean,
            source=PriorSource.RATINGS,
            margin_sd=math.sqrt(a.strength.variance + b.strength.variance),
            total_sd=math.sqrt(a.tempo.variance + b.tempo.variance),
        )

    def after(self, result: GameResult) -> Ratings:
        """The ratings after one more result."""
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
        return replace(self, teams=teams, mean_total=mean)


def _learned(belief: Belief, surprise: float, variance: float, drift: float) -> Belief:
    gain = belief.variance / variance
    return Belief(belief.mean + gain * surprise, belief.variance * (1 - gain) + drift)


def _blurred(belief: Belief, keep: float, spread: float) -> Belief:
    """A belief carried into a new season: shrunk towards 0 and widened."""
    return Belief(belief.mean * keep, belief.variance * keep**2 + spread * (1 - keep**2))


def rate(results: Iterable[GameResult], figures: RatingFigures) -> Ratings:
    """The ratings after all results, which come in order of play."""
    ratings = Ratings(figures, {}, figures.mean_total)
    for result in results:
        ratings = ratings.after(result)
    return ratings


@dataclass(frozen=True, slots=True)
class EndsFigures:
    """The figures of the filter of D, fitted by likelihood on seasons before the judged ones.

    `gap` and `sd` are in points. `within` is the chance that a team draws its kind anew before a
    game of the same season, `between` that chance before the first game of a new season, and `base`
    the share of teams of the minority's kind.
    """

    gap: float
    sd: float
    within: float
    between: float
    base: float

    def before(self, p: float, *, new_season: bool) -> float:
        """The chance of the minority's kind before a game, given `p` after the last one."""
        change = self.between if new_season else self.within
        return p * (1 - change) + change * self.base

    def after(self, p: float, swing: float) -> float:
        """The chance of that kind after a game with D = `swing` points, given `p` before it."""
        # The ratio of the two normal densities at `swing`.
        odds = math.exp(min(max(2 * self.gap * swing / self.sd**2, -50.0), 50.0))
        return p * odds / (p * odds + 1 - p)


FIGURES = {
    "nba": EndsFigures(gap=5.44, sd=15.96, within=0.0073, between=0.0604, base=0.248),
    "wnba": EndsFigures(gap=4.5, sd=14.5, within=0.0076, between=0.42, base=0.46),
}
"""Fitted on the NBA's seasons 2013-14 … 2019-20 and the WNBA's 2010 … 2015. College has none: its
road teams differ by no more than chance."""


def lean(chance: float) -> float:
    """The belief as the forecast's feature, -1 to 1: 1 is surely the minority's kind, 0 is even."""
    return 2 * chance - 1


def swing_of(halves: tuple[int, int]) -> int:
    """D of a game from the points of both teams in each half of regulation."""
    first, second = halves
    return second - first


@dataclass(frozen=True, slots=True)
class TeamEnds:
    """The chance that a team is of the minority's kind after its last road game of `season`."""

    season: str
    chance: float


@dataclass(frozen=True, eq=False)
class EndsBelief:
    """The belief about all road teams of a league after the games up to a day. Immutable.

    `until` is the league's date of the last game that it includes; `teams` is keyed by team code.
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
        """The belief after further games, which come in order of play.

        Games up to `until`, games on or after the day `before`, and games without points by half
        are left out.
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
        """A name of exactly this belief: the last day and a hash of its figures."""
        text = repr(
            [self.figures, self.until]
            + [(x, y.season, round(y.chance, 9)) for x, y in sorted(self.teams.items())]
        )
        return f"ends-{self.until}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def read_ends(document: Mapping[str, Any] | None) -> EndsBelief | None:
    """The belief in a parameters file; None for a league without one."""
    if document is None:
        return None
    figures = EndsFigures(**{x: float(document[x]) for x in EndsFigures.__dataclass_fields__})
    teams = {
        code: TeamEnds(str(season), float(p)) for code, (season, p) in document["teams"].items()
    }
    return EndsBelief(figures, str(document["until"]), teams)


def write_ends(belief: EndsBelief | None) -> dict[str, Any] | None:
    """The document that `read_ends` reads."""
    if belief is None:
        return None
    teams = {code: [x.season, round(x.chance, 4)] for code, x in sorted(belief.teams.items())}
    return {**asdict(belief.figures), "until": belief.until, "teams": teams}
