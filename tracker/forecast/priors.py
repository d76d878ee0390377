"""The prior of a game: the margin and total expected before tip-off, and the source of each.

Margin and total each come from the best source that has one, in this order: lines that the person
gave with a bet or in the configuration, lines that a feed quoted, the lines of the bets themselves,
ratings from earlier results, the league's average.
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
from tracker.forecast.model import on_lines
from tracker.forecast.teams import EndsBelief, GameResult, Ratings, lean, rate

if TYPE_CHECKING:
    from datetime import date

    from tracker.domain.bet import Bet, Leg
    from tracker.domain.game import Game
    from tracker.domain.market import Market
    from tracker.forecast.game.parameters import Parameters


MARGIN_OF_CHANCE = (12.80, -0.79)
"""Points: a win chance of Φ(z) goes with a closing spread of 12.80 z - 0.79 z³. Least squares on
4,890 NBA games of 2020-24; the residuals have an sd of 0.6 points."""

MONEYLINE_MARGIN = 1.038
"""The factor by which the odds of one side overstate its chance: a book's margin of 3.8 %, the
median of 21,308 pairs of closing NBA moneylines."""

LINE_MARGIN = 2 * 110 / 210
"""The same of a spread or a total: that of -110 on both sides, so that such a line is even."""

BET_LINE_SD = 2.5
"""Points: the sd of a single bet's line about the closing line. Assumed: lines move by 1.6 points
(sd) from opening to close, and the price of an alternate line says less than an even one's."""

SUREST_MONEYLINE = 0.99
"""The highest chance that is read from odds: shorter odds are mostly the book's margin."""


def devig(home: float, away: float) -> float:
    """The home team's fair chance from the decimal odds of both sides.

    The margin is removed by proportion: on 21,302 closing NBA moneylines that is calibrated (slope
    1.009, log loss .58899), while Shin's way (.954, .58920) and a power (.921, .58966) are too sure
    of favourites. Raises ValueError for odds that are not above 1.
    """
    if home <= 1 or away <= 1:
        raise ValueError(f"decimal odds are above 1, not {min(home, away):g}")
    return away / (home + away)


def margin_of(chance: float) -> float:
    """The expected margin, in points, of a team with this chance of winning."""
    z = float(ndtri(min(max(chance, 1 - SUREST_MONEYLINE), SUREST_MONEYLINE)))
    straight, bent = MARGIN_OF_CHANCE
    return straight * z + bent * z**3


def prior_from(lines: Lines, parameters: Parameters) -> Prior:
    """The prior of a game from its lines; a margin or total without one is the league's average."""
    average = average_prior(parameters)
    margin, total = line_margin(lines), lines.total
    prior = Prior(
        average.margin if margin is None else margin,
        average.total if total is None else total,
        average.source if margin is None and total is None else PriorSource.LINES,
        average.margin_sd if margin is None else 0.0,
        average.total_sd if total is None else 0.0,
    )
    return on_lines(prior, parameters, margin=margin is not None, total=total is not None)


def average_prior(parameters: Parameters) -> Prior:
    """The prior of a game of which nothing is known: the league's average."""
    average = parameters.average
    return Prior(
        average.margin, average.total, PriorSource.LEAGUE, average.margin_sd, average.total_sd
    )


def line_margin(lines: Lines) -> float | None:
    """The home margin in lines: from the spread, else from both moneylines, else None."""
    if lines.home_spread is not None:
        return -lines.home_spread
    if lines.home_ml is not None and lines.away_ml is not None:
        return margin_of(devig(lines.home_ml, lines.away_ml))
    return None


def margin_of_bet(market: Market, odds: float | None) -> float | None:
    """The home margin that a single bet's line and odds imply; None if they imply none."""
    match market:
        case Spread(side, points, Span.GAME):
            margin = -even_margin(points, _fair(odds, LINE_MARGIN))
        case Moneyline(side, Span.GAME) if odds is not None:
            margin = margin_of(_fair(odds, MONEYLINE_MARGIN))
        case _:
            return None
    return margin if side is Side.HOME else -margin


def total_of_bet(market: Market, odds: float | None) -> float | None:
    """The total that a single bet's line and odds imply; None if they imply none."""
    match market:
        case Total(direction, points, Span.GAME):
            fair = _fair(odds, LINE_MARGIN)
            return even_total(points, fair if direction is Direction.OVER else 1 - fair)
        case _:
            return None


def _fair(odds: float | None, margin: float) -> float:
    """The chance in the odds of one side; a line without odds counts as even."""
    return 0.5 if odds is None else 1 / odds / margin


GAME_SDS = (12.80, 18.3)
"""Points: the sd of the final margin and total about the closing line. The margin as above, the
total from 4,700 NBA games of 2020-24."""


def even_margin(home_spread: float, chance: float) -> float:
    """The spread at even odds equal to `home_spread` with a `chance` of covering it."""
    return home_spread - GAME_SDS[0] * _normal(chance)


def even_total(total: float, chance: float) -> float:
    """The total at even odds equal to `total` with a `chance` of going over it."""
    return total + GAME_SDS[1] * _normal(chance)


def _normal(chance: float) -> float:
    return float(ndtri(min(max(chance, 1 - SUREST_MONEYLINE), SUREST_MONEYLINE)))


AVERAGE = "the league's average"
"""How a prior's source is shown when nothing of the game is known."""

YOURS = "lines that you gave"
"""How a prior's source is shown when its lines come from the person."""


@dataclass(frozen=True, slots=True)
class RoadEnds:
    """The chance that a road team is of the minority's kind, and the version of that belief."""

    team: str
    chance: float
    version: str


@dataclass(frozen=True, slots=True)
class Believed:
    """A prior, and the sources of its margin and its total in words."""

    prior: Prior
    margin_by: str
    total_by: str
    ends: RoadEnds | None = None
    """The belief about the road team's ends; None in leagues and on courts without one."""

    @property
    def by(self) -> str:
        """The source or sources, in a few words."""
        if self.margin_by == self.total_by:
            return self.margin_by
        return f"margin from {self.margin_by}, total from {self.total_by}"


@dataclass(frozen=True, eq=False)
class Known:
    """Everything that priors are made of, apart from the bets.

    `given` looks up a game's lines in the configuration, `quotes` holds the lines of feeds by game
    id, and `finished` the games that are over, in order of play.
    """

    given: Callable[[Game], Lines | None]
    quotes: Mapping[str, PregameLines] = field(default_factory=dict)
    finished: Sequence[Finished] = ()
    _ratings: dict[tuple[str, date, str], tuple[Ratings, int]] = field(
        init=False, default_factory=dict
    )
    _ends: dict[tuple[str, date, str], EndsBelief] = field(init=False, default_factory=dict)

    def learnt(self, quotes: Mapping[str, PregameLines], finished: Sequence[Finished]) -> Known:
        """What is known with these quotes and games; ratings are made anew only for other games."""
        made = replace(self, quotes=quotes, finished=finished)
        if finished is self.finished or finished == self.finished:
            made._ratings.update(self._ratings)  # noqa: SLF001 - of its own class
            made._ends.update(self._ends)  # noqa: SLF001 - of its own class
        return made

    def before(self, game: Game, bets: Sequence[Bet], parameters: Parameters) -> Believed:
        """The prior of a game. Of several bets' lines the one closest to even odds counts first."""
        rated, by = self._base(game, parameters)
        seen, speaking = self._lines(game, bets), _speaking(bets, game)
        margin = _first(
            [(line_margin(lines), 0.0, whose) for lines, whose in seen]
            + [(margin_of_bet(x, odds), BET_LINE_SD, whose) for x, odds, whose in speaking],
            (rated.margin, rated.margin_sd, by),
        )
        total = _first(
            [(lines.total, 0.0, whose) for lines, whose in seen]
            + [(total_of_bet(x, odds), BET_LINE_SD, whose) for x, odds, whose in speaking],
            (rated.total, rated.total_sd, by),
        )
        source = rated.source if margin[2] == total[2] == by else PriorSource.LINES
        ends = self.ends(game, parameters)
        leaning = 0.0 if ends is None else lean(ends.chance)
        prior = Prior(margin[0], total[0], source, margin[1], total[1], leaning)
        prior = on_lines(prior, parameters, margin=margin[2] != by, total=total[2] != by)
        return Believed(prior, margin[2], total[2], ends)

    def ends(self, game: Game, parameters: Parameters) -> RoadEnds | None:
        """The belief about the road team's ends from earlier games; None on a neutral court."""
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
        """The known lines of a game, best first, each with its source in words."""
        own = next(
            (b.lines for b in bets if b.game.id == game.id and not b.lines.empty), None
        ) or self.given(game)
        found = [] if own is None else [(own, YOURS)]
        quote = self.quotes.get(game.id)
        if quote is not None:
            found.append((quote.lines, f"the lines of {quote.by}"))
        return found

    def _base(self, game: Game, parameters: Parameters) -> tuple[Prior, str]:
        """The prior of a game without any line, and its source in words."""
        rated, count = self.rated(game, parameters)
        if rated is None:
            return _on_court(game, average_prior(parameters), parameters.average.margin), AVERAGE
        return rated, f"ratings from {plural(count, 'result')}"

    def rated(self, game: Game, parameters: Parameters) -> tuple[Prior | None, int]:
        """The prior by earlier results, or None if neither team has played; and their number."""
        key = (game.league, game.slate, parameters.checksum)
        if key not in self._ratings:
            past = [x for x in self.finished if x.league == game.league and x.day < game.slate]
            results = map(GameResult.of, past)
            self._ratings[key] = rate(results, parameters.ratings), len(past)
        ratings, count = self._ratings[key]
        if not {game.home, game.away} & ratings.teams.keys():
            return None, count
        prior = ratings.prior(game.home, game.away, season_name(game.league, game.slate))
        average = parameters.average
        # A rated team is never less certain than one of which nothing is known.
        return replace(
            _on_court(game, prior, parameters.ratings.home_edge),
            margin_sd=min(prior.margin_sd, average.margin_sd),
            total_sd=min(prior.total_sd, average.total_sd),
        ), count


def _on_court(game: Game, prior: Prior, home_edge: float) -> Prior:
    """A prior without its home edge, in points, where the court is neutral."""
    return replace(prior, margin=prior.margin - home_edge) if game.neutral else prior


Told = tuple[float, float, str]
"""A margin or total, its standard error, and its source in words."""


def _first(values: Sequence[tuple[float | None, float, str]], else_: Told) -> Told:
    """The first value that is known, else the fallback."""
    for value, sd, by in values:
        if value is not None:
            return value, min(sd, else_[1]), by
    return else_


def _speaking(bets: Sequence[Bet], game: Game) -> list[tuple[Market, float | None, str]]:
    """Markets of the bets on a game, their decimal odds and sources, closest to even odds first."""
    legs = [(leg, bet) for bet in bets for leg in bet.legs if leg.game.id == game.id]
    return [
        (leg.market, None if leg.odds is None else float(leg.odds.decimal), line_of(bet))
        for leg, bet in sorted(legs, key=lambda x: _distance_from_even(x[0]))
    ]


def line_of(bet: Bet) -> str:
    """How a bet is named as the source of a prior: its line may serve other bets on the game."""
    return f"the line of bet #{bet.id}" if bet.number else "the bet's own line"


def _distance_from_even(leg: Leg) -> float:
    return 1.0 if leg.odds is None else abs(leg.odds.break_even - 0.5)
