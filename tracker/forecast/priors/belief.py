"""What was believed of a game before its tip-off, and who says so.

The best that is known counts: lines that the person gave with a bet or in the configuration, then
those that a source quoted, then what the bets on the game speak of, then ratings from the results
of earlier games, then the league's average. Margin and total are looked up each for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tracker.domain.league import season_name
from tracker.domain.money import plural
from tracker.domain.prior import Finished, Lines, PregameLines, Prior, PriorSource
from tracker.forecast.ends import EndsBelief, lean
from tracker.forecast.priors.lines import (
    BET_LINE_SD,
    average_prior,
    margin_of_bet,
    told_margin,
    total_of_bet,
)
from tracker.forecast.ratings import Ratings, Result, rate

if TYPE_CHECKING:
    from datetime import date

    from tracker.domain.bet import Bet, Leg
    from tracker.domain.game import Game
    from tracker.domain.market import Market
    from tracker.forecast.game.parameters import Parameters

YOURS = "lines that you gave"
"""Who tells a prior where the person does, as it is shown."""


@dataclass(frozen=True, slots=True)
class RoadEnds:
    """The chance that a road team is of the minority's kind, and the belief that says it."""

    team: str
    chance: float
    version: str


@dataclass(frozen=True, slots=True)
class Believed:
    """A prior, and in words who tells its margin and its total."""

    prior: Prior
    margin_by: str
    total_by: str
    ends: RoadEnds | None = None
    """What is believed of the road team's ends; None where it says nothing."""

    @property
    def by(self) -> str:
        """Who tells it, in a few words."""
        if self.margin_by == self.total_by:
            return self.margin_by
        return f"margin from {self.margin_by}, total from {self.total_by}"


@dataclass(frozen=True, eq=False)
class Known:
    """All that may be known of games before their tip-off, apart from the bets on them.

    `given` are the lines of the configuration, `quotes` those of sources by the game's id,
    `finished` the games that are over, in order of play.
    """

    given: Callable[[Game], Lines | None]
    quotes: Mapping[str, PregameLines] = field(default_factory=dict)
    finished: Sequence[Finished] = ()
    _ratings: dict[tuple[str, date, str], tuple[Ratings, int]] = field(
        init=False, default_factory=dict
    )
    _ends: dict[tuple[str, date, str], EndsBelief] = field(init=False, default_factory=dict)

    def before(self, game: Game, bets: Sequence[Bet], parameters: Parameters) -> Believed:
        """What is believed of a game; of several bets those closest to even speak first."""
        rated, by = self._base(game, parameters)
        told, speaking = self._lines(game, bets), _speaking(bets, game)
        margin = _first(
            [(told_margin(lines), 0.0, whose) for lines, whose in told]
            + [(margin_of_bet(x, odds), BET_LINE_SD, whose) for x, odds, whose in speaking],
            (rated.margin, rated.margin_sd, by),
        )
        total = _first(
            [(lines.total, 0.0, whose) for lines, whose in told]
            + [(total_of_bet(x), BET_LINE_SD, whose) for x, _, whose in speaking],
            (rated.total, rated.total_sd, by),
        )
        source = rated.source if margin[2] == total[2] == by else PriorSource.LINES
        ends = self.ends(game, parameters)
        leaning = 0.0 if ends is None else lean(ends.chance)
        prior = Prior(margin[0], total[0], source, margin[1], total[1], leaning)
        return Believed(prior, margin[2], total[2], ends)

    def ends(self, game: Game, parameters: Parameters) -> RoadEnds | None:
        """What earlier games say of the road team's ends; None on a neutral court."""
        if parameters.ends is None or game.neutral:
            return None
        key = (game.league, game.slate, parameters.checksum)
        if key not in self._ends:
            past = (x for x in self.finished if x.league == game.league)
            self._ends[key] = parameters.ends.after(past, before=game.slate)
        belief = self._ends[key]
        season = season_name(game.league, game.slate)
        return RoadEnds(game.away, belief.chance(game.away, season), belief.version)

    def _lines(self, game: Game, bets: Sequence[Bet]) -> list[tuple[Lines, str]]:
        """The lines that are known of a game, best first, and whose they are."""
        own = next(
            (b.lines for b in bets if b.game.id == game.id and not b.lines.empty), None
        ) or self.given(game)
        found = [] if own is None else [(own, YOURS)]
        quote = self.quotes.get(game.id)
        if quote is not None:
            found.append((quote.lines, f"the lines of {quote.by}"))
        return found

    def _base(self, game: Game, parameters: Parameters) -> tuple[Prior, str]:
        """What is believed where nobody tells a line."""
        rated, count = self.rated(game, parameters)
        if rated is None:
            return average_prior(parameters), "the league's average"
        return rated, f"ratings from {plural(count, 'result')}"

    def rated(self, game: Game, parameters: Parameters) -> tuple[Prior | None, int]:
        """What results of earlier days say, where they speak of either team; and their number."""
        key = (game.league, game.slate, parameters.checksum)
        if key not in self._ratings:
            past = [x for x in self.finished if x.league == game.league and x.day < game.slate]
            results = (
                Result(
                    season_name(x.league, x.day), x.home, x.away, x.home_points, x.away_points
                )
                for x in past
            )  # fmt: skip
            self._ratings[key] = rate(results, parameters.ratings), len(past)
        ratings, count = self._ratings[key]
        if not {game.home, game.away} & ratings.teams.keys():
            return None, count
        prior = ratings.prior(game.home, game.away, season_name(game.league, game.slate))
        average = parameters.average
        # Ratings never know less than nothing: the league's average bounds their doubt.
        return replace(
            prior,
            margin_sd=min(prior.margin_sd, average.margin_sd),
            total_sd=min(prior.total_sd, average.total_sd),
        ), count


Told = tuple[float, float, str]
"""A margin or total, its standard error, and who tells it."""


def _first(told: Sequence[tuple[float | None, float, str]], else_: Told) -> Told:
    """The first that tells anything, else what stands without it."""
    for value, sd, by in told:
        if value is not None:
            return value, min(sd, else_[1]), by
    return else_


def _speaking(bets: Sequence[Bet], game: Game) -> list[tuple[Market, float | None, str]]:
    """Markets of a game, decimal odds and whose they are, those closest to even first."""
    legs = [(leg, bet) for bet in bets for leg in bet.legs if leg.game.id == game.id]
    return [
        (leg.market, None if leg.odds is None else float(leg.odds.decimal), line_of(bet))
        for leg, bet in sorted(legs, key=lambda x: _distance_from_even(x[0]))
    ]


def line_of(bet: Bet) -> str:
    """A bet as one whose own line tells what was believed: it need not be the one looked at."""
    return f"the line of bet #{bet.id}" if bet.number else "the bet's own line"


def _distance_from_even(leg: Leg) -> float:
    return 1.0 if leg.odds is None else abs(leg.odds.break_even - 0.5)
