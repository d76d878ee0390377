"""What was believed of a game before its tip-off, and who says so.

The best that is known counts: lines that the person gave with a bet or in the configuration, then
those that a source quoted, then what the bets on the game speak of, then ratings from the results
of earlier games, then the league's average. Margin and total are looked up each for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scipy.special import ndtri

from tracker.domain.game import Side
from tracker.domain.league import season_name
from tracker.domain.market import Direction, Moneyline, Span, Spread, Total
from tracker.domain.money import plural
from tracker.domain.prior import Finished, Lines, PregameLines, Prior, PriorSource
from tracker.forecast.teams import EndsBelief, GameResult, Ratings, lean, rate

if TYPE_CHECKING:
    from datetime import date

    from tracker.domain.bet import Bet, Leg
    from tracker.domain.game import Game
    from tracker.domain.market import Market
    from tracker.forecast.game.parameters import Parameters


MARGIN_OF_CHANCE = (12.80, -0.79)
"""Points: a win chance of Φ(z) goes with a closing spread of 12.80 z - 0.79 z³. Least squares on
4,890 NBA games of 2020-24; what is left has an sd of 0.6 points."""

HALF_MARGIN = 1.019
"""By how much one side's odds overstate its chance: half of a book's margin of 3.8 %, the median of
21,308 pairs of closing NBA moneylines."""

BET_LINE_SD = 2.5
"""Points: how far the line of a single bet may lie from the closing one. Assumed: lines move by 1.6
points (sd) from opening to close, and a bet's may be an alternate one."""

SUREST_MONEYLINE = 0.99
"""No odds are taken to say more than this chance: beyond it they hold little but margin."""


def devig(home: float, away: float) -> float:
    """The home team's chance in decimal odds of both sides, the book's margin taken out.

    By proportion: on 21,302 closing NBA moneylines its chances are calibrated (slope 1.009, log
    loss .58899), while Shin's (.954, .58920) and a power's (.921, .58966) are too sure of
    favourites. Raises ValueError for odds that are not above 1.
    """
    if home <= 1 or away <= 1:
        raise ValueError(f"decimal odds are above 1, not {min(home, away):g}")
    return away / (home + away)


def margin_of(chance: float) -> float:
    """The expected margin, in points, that goes with a chance of winning."""
    z = float(ndtri(min(max(chance, 1 - SUREST_MONEYLINE), SUREST_MONEYLINE)))
    straight, bent = MARGIN_OF_CHANCE
    return straight * z + bent * z**3


def prior_from(
    lines: Lines | None,
    parameters: Parameters,
    bet: tuple[Market, float | None] | None = None,
    rated: Prior | None = None,
) -> Prior:
    """The prior of a game: its lines, completed by a bet's own line, and by ratings or the average.

    `bet` is a market and its decimal odds, evidence where the lines say nothing of the same thing;
    `rated` is what ratings say, else the league's average stands.
    """
    start = rated or average_prior(parameters)
    lines = lines or Lines()
    margin, margin_sd = told_margin(lines), 0.0
    total, total_sd = lines.total, 0.0
    if margin is None and bet is not None:
        margin, margin_sd = margin_of_bet(*bet), min(BET_LINE_SD, start.margin_sd)
    if total is None and bet is not None:
        total, total_sd = total_of_bet(bet[0]), min(BET_LINE_SD, start.total_sd)
    source = start.source if margin is None and total is None else PriorSource.LINES
    if margin is None:
        margin, margin_sd = start.margin, start.margin_sd
    if total is None:
        total, total_sd = start.total, start.total_sd
    return Prior(margin, total, source, margin_sd, total_sd)


def average_prior(parameters: Parameters) -> Prior:
    """What is believed of a game of which nothing is known."""
    average = parameters.average
    return Prior(
        average.margin, average.total, PriorSource.LEAGUE, average.margin_sd, average.total_sd
    )


def told_margin(lines: Lines) -> float | None:
    """The home margin that lines tell of: by the spread, else by both moneylines."""
    if lines.home_spread is not None:
        return -lines.home_spread
    if lines.home_ml is not None and lines.away_ml is not None:
        return margin_of(devig(lines.home_ml, lines.away_ml))
    return None


def margin_of_bet(market: Market, odds: float | None) -> float | None:
    """The home margin that a single bet speaks of."""
    match market:
        case Spread(Side.HOME, points, Span.GAME):
            return -points
        case Spread(Side.AWAY, points, Span.GAME):
            return points
        case Moneyline(side, Span.GAME) if odds is not None:
            margin = margin_of(1 / odds / HALF_MARGIN)
            return margin if side is Side.HOME else -margin
        case _:
            return None


def total_of_bet(market: Market) -> float | None:
    """The total that a single bet speaks of."""
    match market:
        case Total(Direction(), points, Span.GAME):
            return points
        case _:
            return None


GAME_SDS = (12.80, 18.3)
"""Points: how far the final margin and total lie from the closing line (sd): the margin as above,
the total over 4,700 NBA games of 2020-24."""


def even_margin(home_spread: float, chance: float) -> float:
    """The home spread at even odds that goes with one at other odds: `chance` is of covering it."""
    return home_spread - GAME_SDS[0] * _normal(chance)


def even_total(total: float, chance: float) -> float:
    """The total at even odds that goes with one at other odds: `chance` is of going over it."""
    return total + GAME_SDS[1] * _normal(chance)


def _normal(chance: float) -> float:
    return float(ndtri(min(max(chance, 1 - SUREST_MONEYLINE), SUREST_MONEYLINE)))


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
        seen, speaking = self._lines(game, bets), _speaking(bets, game)
        margin = _first(
            [(told_margin(lines), 0.0, whose) for lines, whose in seen]
            + [(margin_of_bet(x, odds), BET_LINE_SD, whose) for x, odds, whose in speaking],
            (rated.margin, rated.margin_sd, by),
        )
        total = _first(
            [(lines.total, 0.0, whose) for lines, whose in seen]
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
                GameResult(
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


def _first(values: Sequence[tuple[float | None, float, str]], else_: Told) -> Told:
    """The first that tells anything, else what stands without it."""
    for value, sd, by in values:
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
