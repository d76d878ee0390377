"""A player's prior: the minutes, and the figures a minute, expected of him before tip-off.

Three sources are blended: his recent games, older ones with less weight; the league's average for
the share of the game that he plays; and a betting line with odds, if there is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tracker.domain import Lazy
from tracker.domain.chance import LittleKnown
from tracker.domain.chance import log_odds as logit
from tracker.domain.game import Side
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import PlayerGame, Stat
from tracker.forecast.players import GAME_MINUTES, PlayerFigures
from tracker.forecast.players.lineup import Mate
from tracker.forecast.players.remainder import (
    BASIC,
    PLACE,
    STAR,
    Remainder,
    Shares,
    Standing,
    log_odds,
    means_of,
    ramp,
    share_chances,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Value = TypeVar("Value", float, "NDArray[Any]")

PLAIN_GAMES = 1.0
"""The number of games of the average player by which a player's minutes are shrunk."""

ROLE_GAMES = 2.0
"""The number of games at the usual minutes of a role by which his minutes in it are shrunk."""

ROLE_DECAY = 0.9
"""The weight of a game in a role beside the next game in it."""

ROLE_MINUTES = 20.0
"""Minutes of the average player, towards which the short memories shrink."""

ROLE_STARTS = 0.45
"""How often the average player starts."""

FEWEST, MOST = 3.0, 42.0
"""Minutes of a 48-minute game: the least and the most that anybody is expected to play."""

PLAYOFF_MINUTES = 1.25
"""In the play-offs, the log-odds of a player's share of the game over those by his games: regulars
play more, all others less. By least squares 1.25 to 1.30 in each of four NBA seasons."""

PLAYOFF_RATES = (0.957, 1.0, 0.915, 0.933, 1.0, 0.949, 0.934)
"""In the play-offs, the figures a minute over those by a player's games, in the order of BASIC,
beside what their totals say. From 6,970 player-games of four NBA seasons."""

MARKET_WEIGHT = 0.7
"""The weight of a betting line in the log of a rate, 0 to 1. Books see injuries and match-ups that
past games do not show. Assumed: no recorded player lines were at hand to fit it."""

VIG = 0.955
"""The fair part of the chance implied by a player line's odds, with a book's usual margin."""

LARGEST_PULL = 1.6
"""The largest factor by which a line moves a known player's rate."""

QUOTED_MINUTES = 28.0
"""Minutes of a 48-minute game of a player of whom only a line is known that does not count points.
Assumed: books set lines on regulars."""

FARTHEST_PULL = 8.0
"""The largest factor by which a line moves the rate of a player of whom nothing else is known."""

LEAST_RATE = 1e-4
"""The least rate a minute, so that its log exists."""

BEFORE_TIP = 1.0
"""In log-odds: a line that is added during the game counts as one from before tip-off if the chance
in its odds lies no further from the chance by the player's games. Chosen: lines lie some .45 from
it before a game and 1.2 in play, and three in four are from before."""

_STEPS = 30
"""The most secants until a line is fair."""

_NEAR = 1e-7
"""The log odds by which a solved chance may be off."""


@dataclass(frozen=True, slots=True)
class PlayerQuote:
    """A bet's line on a player at decimal `odds`.

    `late`: the bet was added during the game without saying when it was placed. `whose` names the
    bet in words.
    """

    market: PlayerTotal
    odds: float
    late: bool = False
    whose: str = "the bet's own line"


@dataclass(frozen=True, slots=True)
class PlayerPrior:
    """What is expected of a player before tip-off.

    `starting` and `bench` are his minutes of a regulation game as a starter and as a substitute,
    `starts` the chance that he starts, and `rates` his figures a minute in the order of BASIC.
    `told` are the figures that lines tell of where nothing else is known of him; None otherwise.
    """

    starting: float
    bench: float
    starts: float
    rates: tuple[float, ...]
    told: frozenset[Stat] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for minutes, starts or rates that no player can have."""
        if min(self.starting, self.bench) < 0 or not 0 <= self.starts <= 1:
            raise ValueError("a player's minutes and starts cannot be negative")
        if len(self.rates) != len(BASIC) or min(self.rates) < 0:
            raise ValueError(f"a player has {len(BASIC)} rates, none below 0")

    def minutes(self, starter: bool | None) -> float:
        """Expected minutes of a regulation game; None where it is not known whether he starts."""
        if starter is None:
            return self.starts * self.starting + (1 - self.starts) * self.bench
        return self.starting if starter else self.bench


@dataclass(frozen=True, eq=False)
class PlayerPriors:
    """The priors of a game's players by side and `player_key`, and the league's figures.

    `told_by` says in a few words what each prior rests on. With `guess` an unknown player is taken
    for an average one, as for `tracker price`; without it, as for bets, he has no chance.
    """

    figures: PlayerFigures
    known: Mapping[tuple[Side, str], PlayerPrior] = field(default_factory=dict)
    told_by: Mapping[tuple[Side, str], str] = field(default_factory=dict)
    guess: bool = True
    mates: Mapping[tuple[Side, str], Mate] = field(default_factory=dict)
    """All known players of both teams, as team-mates."""
    allowed: Mapping[Side, tuple[float, ...]] = field(default_factory=dict)
    """What the opponent of each side allows its players (`lineup.allowed`)."""

    def of(self, side: Side, key: str) -> PlayerPrior:
        """A player's prior; with `guess` the average for unknown ones. Raises LittleKnown."""
        found = self.known.get((side, key))
        if found is None and not self.guess:
            raise LittleKnown(
                "little is known of the player: fewer than two games of his have been read"
            )
        return found or self.unknown

    def ask(self, side: Side, key: str, stats: Sequence[Stat]) -> None:
        """Raise LittleKnown where only lines are known of a player, and none on these figures."""
        told = None if self.guess else self.of(side, key).told
        if told is not None and not told.issuperset(stats):
            raise LittleKnown("nothing is known of the player but lines on other figures")

    @Lazy
    def unknown(self) -> PlayerPrior:
        """The prior of a player without recorded games."""
        return player_prior((), self.figures)


def minutes_features(
    starter: Value, memories: Sequence[tuple[Value, Value, Value]], role: Value
) -> tuple[Value | float, ...]:
    """The features of a player's expected minutes.

    `memories` are decayed sums of games, minutes and starts, one for each decay; `role` are his
    usual minutes in tonight's role.
    """
    found: list[Value | float] = [1.0, starter]
    for games, minutes, starts in memories:
        mean = (minutes + PLAIN_GAMES * ROLE_MINUTES) / (games + PLAIN_GAMES)
        found += [
            mean,
            (starts + PLAIN_GAMES * ROLE_STARTS) / (games + PLAIN_GAMES),
            starter * mean,
        ]
    found.append(role)
    return tuple(found)


def base_features(usual: Value, starter: Value) -> tuple[float, Value, Value, Value]:
    """The features of the league's rate for a share of the game; `usual` in log-odds."""
    return 1.0, usual, starter, usual * usual


def playoff_minutes(usual: Value) -> Value:
    """Minutes of a 48-minute game that a player with these usual ones plays in the play-offs."""
    odds: Value = (usual / (GAME_MINUTES - usual)) ** PLAYOFF_MINUTES
    minutes: Value = GAME_MINUTES * odds / (1 + odds)
    return minutes


def player_prior(
    recent: Sequence[PlayerGame],
    figures: PlayerFigures,
    *,
    regulation: float = GAME_MINUTES,
    playoffs: bool = False,
) -> PlayerPrior:
    """A player's prior from his recent games, in any order.

    `regulation` is the length of the league's game in minutes. Games in which he did not play are
    left out. `playoffs` is whether the game to come is one of the play-offs.
    """
    games = sorted((x for x in recent if x.minutes > 0), key=lambda x: (x.start, x.game_id))
    stretch = GAME_MINUTES / regulation
    minutes = [x.minutes * stretch for x in games]
    starting, bench = (_minutes(games, minutes, figures, starter=x) for x in (True, False))
    prior = figures.prior
    count = len(games)
    fade = [prior.decays[len(prior.decays) // 2] ** (count - 1 - i) for i in range(count)]
    begun = sum(w for w, x in zip(fade, games, strict=True) if x.starter)
    starts = (begun + PLAIN_GAMES * prior.starts) / (sum(fade) + PLAIN_GAMES)
    expected = starts * starting + (1 - starts) * bench
    base = base_features(log_odds(expected / GAME_MINUTES), starts)
    rates = [_rate(i, games, figures, base, stretch) for i in range(len(BASIC))]
    if playoffs:
        starting, bench = playoff_minutes(starting), playoff_minutes(bench)
        rates = [x * part for x, part in zip(rates, PLAYOFF_RATES, strict=True)]
    return PlayerPrior(starting / stretch, bench / stretch, starts, tuple(rates))


def _minutes(
    games: Sequence[PlayerGame], minutes: Sequence[float], figures: PlayerFigures, *, starter: bool
) -> float:
    """Expected minutes of a 48-minute game in one role."""
    prior = figures.prior
    memories = []
    for decay in prior.decays:
        held = [0.0, 0.0, 0.0]
        for x, played in zip(games, minutes, strict=True):
            held = [decay * held[0] + 1, decay * held[1] + played, decay * held[2] + x.starter]
        memories.append((held[0], held[1], held[2]))
    weight = total = 0.0
    for x, played in zip(games, minutes, strict=True):
        same = x.starter == starter
        weight = ROLE_DECAY * weight + same
        total = ROLE_DECAY * total + same * played
    usual = prior.starting if starter else prior.bench
    role = (total + ROLE_GAMES * usual) / (weight + ROLE_GAMES)
    features = minutes_features(float(starter), memories, role)
    expected = sum(w * x for w, x in zip(prior.minutes, features, strict=True))
    return min(max(expected, FEWEST), MOST)


def _rate(
    i: int,
    games: Sequence[PlayerGame],
    figures: PlayerFigures,
    base: Sequence[float],
    stretch: float,
) -> float:
    """A player's rate of BASIC[i] a minute of the league's game."""
    own = figures.rates[i]
    usual = max(sum(w * x for w, x in zip(own.base, base, strict=True)), LEAST_RATE)
    played = counted = 0.0
    for x in games:
        value = dict(x.stats).get(BASIC[i])
        if value is not None:
            played = own.decay * played + x.minutes
            counted = own.decay * counted + value
    weight = own.minutes / stretch
    return (counted + weight * usual) / (played + weight)


def from_averages(
    minutes: float, averages: Mapping[Stat, float], figures: PlayerFigures, regulation: float
) -> PlayerPrior:
    """A prior from given minutes and figures a game.

    Missing figures are those of the average player with such minutes.
    """
    share = min(max(minutes / regulation, 0.02), 1.0)
    base = base_features(log_odds(share), 1.0 if share > 0.5 else 0.0)  # noqa: PLR2004 - half
    rates = []
    for i, stat in enumerate(BASIC):
        given = averages.get(stat)
        if given is None:
            level = sum(w * x for w, x in zip(figures.rates[i].base, base, strict=True))
            rates.append(max(level, LEAST_RATE))
        else:
            rates.append(max(given, 0.0) / max(minutes, 1.0))
    return PlayerPrior(minutes, minutes, 1.0 if share > 0.5 else 0.0, tuple(rates))  # noqa: PLR2004 - in most games


def from_quote(quote: PlayerQuote, figures: PlayerFigures, regulation: float) -> PlayerPrior:
    """The prior of a player of whom nothing is known but a line and its odds.

    He is taken for the average player of the minutes at which the line is fair: a line of 28.5
    points means a star who plays most of the game. The rest is explained by his rates.
    """
    market, most = quote.market, MOST / GAME_MINUTES
    wanted = _over_of(quote)

    def of_minutes(share: float) -> PlayerPrior:
        return from_averages(share * regulation, {}, figures, regulation)

    share = QUOTED_MINUTES / GAME_MINUTES
    if Stat.PTS in market.stat.parts:
        share = _solved(
            lambda x: _over(of_minutes(x), market, figures, regulation),
            wanted, FEWEST / GAME_MINUTES, most,
        )  # fmt: skip
    average = replace(of_minutes(share), told=frozenset())
    return _pulled(average, quote, figures, regulation, most=FARTHEST_PULL)


def with_quote(
    prior: PlayerPrior, quote: PlayerQuote, figures: PlayerFigures, regulation: float = GAME_MINUTES
) -> PlayerPrior:
    """The prior with its rates moved towards those at which a line is fair."""
    return _pulled(prior, quote, figures, regulation, most=LARGEST_PULL, weight=MARKET_WEIGHT)


def from_before(
    prior: PlayerPrior, quote: PlayerQuote, figures: PlayerFigures, regulation: float = GAME_MINUTES
) -> bool:
    """Whether a line can be from before tip-off, judged by the player's games (BEFORE_TIP)."""
    if not quote.late:
        return True
    said = _over(prior, quote.market, figures, regulation)
    return abs(logit(_over_of(quote)) - logit(said)) <= BEFORE_TIP


def _over_of(quote: PlayerQuote) -> float:
    """The fair chance of the over from a line's odds."""
    backed = min(max(VIG / quote.odds, 0.02), 0.98)
    return 1 - backed if quote.market.direction is Direction.UNDER else backed


def _pulled(
    prior: PlayerPrior,
    quote: PlayerQuote,
    figures: PlayerFigures,
    regulation: float,
    *,
    most: float,
    weight: float = 1.0,
) -> PlayerPrior:
    """The prior with the rates that a line counts moved towards those at which it is fair.

    `most` is the largest factor, `weight` the part of its log by which the rates are moved.
    """
    market = quote.market
    factor = _solved(
        lambda x: _over(scaled(prior, market.stat, x), market, figures, regulation),
        _over_of(quote), 1 / most, most,
    )  # fmt: skip
    return scaled(prior, market.stat, factor**weight)


def _solved(rising: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """The argument at which a rising chance has the value `wanted`, within positive bounds.

    The log odds of a figure above a line are nearly straight in the log of its rate, so that a few
    secants suffice (regula falsi by the Illinois rule: an end that stays counts half as much).
    """
    goal, ends = logit(wanted), [math.log(low), math.log(high)]
    off = [logit(rising(x)) - goal for x in (low, high)]
    if off[0] >= 0 or off[1] <= 0:
        return low if off[0] >= 0 else high
    stays, at = None, ends[0]
    for _ in range(_STEPS):
        at = (ends[0] * off[1] - ends[1] * off[0]) / (off[1] - off[0])
        left = logit(rising(math.exp(at))) - goal
        if abs(left) < _NEAR:
            break
        moves = int(left > 0)
        ends[moves], off[moves] = at, left
        if stays == 1 - moves:
            off[stays] /= 2
        stays = 1 - moves
    return math.exp(at)


def scaled(prior: PlayerPrior, stat: Stat, factor: float) -> PlayerPrior:
    """The prior with the rates of a figure, or of all parts of a sum, times `factor`."""
    moved = {PLACE[x] for x in stat.parts}
    if PLACE[Stat.PTS] in moved:
        moved.add(PLACE[Stat.THREES])
    rates = tuple(x * factor if i in moved else x for i, x in enumerate(prior.rates))
    told = None if prior.told is None else prior.told.union(stat.parts)
    return replace(prior, rates=rates, told=told)


def _over(
    prior: PlayerPrior, market: PlayerTotal, figures: PlayerFigures, regulation: float
) -> float:
    """The chance, at tip-off of an even game, of more than the line; pushes left out."""
    start = figures.breaks
    minutes = prior.minutes(None)
    standing = Standing(
        usual=log_odds(minutes / regulation), starter=prior.starts, ahead_of_plan=0.0, not_yet=1.0,
        fouls=0.0, near_limit=0.0, at_limit=0.0, played=0.0, blowout=EVEN_BLOWOUT, lead=0.0,
        margin=0.0, on=0.0, min_gap=0.0, use_gap=0.0, unseen=0.0,
        star=ramp(minutes / regulation * GAME_MINUTES, STAR),
    )  # fmt: skip
    shares = Shares(
        float(start.done[0]), start.bounds[:1], start.weights[:1], start.widths[:1], np.ones(1)
    )
    chances = share_chances([[standing]], shares)[0]
    rates: Floats = np.array(prior.rates)
    minutes_left = start.shares[0] * regulation
    means = means_of(rates, start.powers[0], chances, minutes_left)
    left = Remainder(chances, means, figures.habits)
    added = left.added(market.stat)
    values = np.arange(added.size)
    above, below = added[values > market.points].sum(), added[values < market.points].sum()
    return float(above / max(above + below, 1e-12))


EVEN_BLOWOUT = 0.35
"""The usual chance, at tip-off, that regulation ends with 15 points or more between the teams."""
