"""Picks: a parsed line of text, before it is known which of tonight's games it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import assert_never

from tracker.domain import BadBet
from tracker.domain.catalog import Team
from tracker.domain.game import Game, Side
from tracker.domain.league import NBA, WNBA
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)
from tracker.domain.money import Odds, parlay_odds
from tracker.domain.player import Roster, Stat, find_player, players_meant


@dataclass(frozen=True, slots=True)
class Matchup:
    """A game as written: the teams that each name may mean, and the date.

    A side without teams fits any team. `day` is None where no date is written. `any_order` is
    whether the line leaves open which team is at home. `game_id` is the feed's id of the game, None
    where the person does not give it. `leagues` are those that the line names without a team; empty
    where it names none.
    """

    away: tuple[Team, ...]
    home: tuple[Team, ...]
    day: date | None = None
    any_order: bool = False
    game_id: str | None = None
    leagues: frozenset[str] = frozenset()

    @property
    def names_a_team(self) -> bool:
        """Whether the text names a team, and with it a league."""
        return bool(self.away or self.home)

    @property
    def names_a_game(self) -> bool:
        """Whether the text says more than a date."""
        return self.names_a_team or self.game_id is not None

    def side(self, word: str) -> tuple[Team, ...]:
        """The teams that `home` or `away` means; none where the text leaves that open."""
        sides = {} if self.any_order else {"home": self.home, "away": self.away}
        return sides.get(word.casefold(), ())

    def fits(self, game: Game) -> bool:
        """Whether this may be the game that the text means."""
        if self.game_id is not None:
            return self.game_id == game.id
        if self.leagues and game.league not in self.leagues:
            return False
        if self.day is not None and self.day != game.slate:
            return False
        as_written = _may_be(self.away, game, Side.AWAY) and _may_be(self.home, game, Side.HOME)
        if as_written or not self.any_order:
            return as_written
        return _may_be(self.away, game, Side.HOME) and _may_be(self.home, game, Side.AWAY)


def _may_be(teams: tuple[Team, ...], game: Game, side: Side) -> bool:
    if not teams:
        return True
    code, league = game.code(side), game.league
    return any(x.code == code and x.league == league for x in teams)


@dataclass(frozen=True, slots=True)
class ToWin:
    """A moneyline: the team wins."""


@dataclass(frozen=True, slots=True)
class Handicap:
    """A spread: the team wins with `points` added to its score."""

    points: float


@dataclass(frozen=True, slots=True)
class OverUnder:
    """A total of the team, or of both teams where none is named."""

    direction: Direction
    points: float


@dataclass(frozen=True, slots=True)
class OddOrEven:
    """Odd or even points of the team, or of both teams where none is named."""

    parity: Parity


@dataclass(frozen=True, slots=True)
class OneOfThree:
    """A 3-way result: the team wins, or neither team does where none is named."""


@dataclass(frozen=True, slots=True)
class PlayerFigure:
    """A player's statistic is over or under `points`."""

    stat: Stat
    direction: Direction
    points: float


@dataclass(frozen=True, slots=True)
class Tens:
    """A player reaches ten in `categories` statistics, or does not where `happens` is False."""

    categories: int
    happens: bool


Asked = ToWin | Handicap | OverUnder | OddOrEven | OneOfThree | PlayerFigure | Tens
"""The kind of bet that a line is, before its game, team and player are looked up."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A parsed line about one market of one game.

    `team` holds the teams that the team's name may mean. `player` holds the words that name a
    player, who is looked up once the rosters are known. A line may have both
    (`DEN Jokic o25.5 pts`).
    """

    text: str
    asked: Asked
    span: Span = Span.GAME
    team: tuple[Team, ...] = ()
    player: str | None = None
    matchup: Matchup | None = None
    odds: Odds | None = None
    stake_cents: int | None = None
    units: Fraction | None = None
    tags: tuple[str, ...] = ()
    free: bool = False
    book: str | None = None

    def __post_init__(self) -> None:
        """Refuse a player market without a player, and a moneyline or spread without a team."""
        if isinstance(self.asked, PlayerFigure | Tens) != (self.player is not None):
            raise ValueError("a player line needs a player, and no other market has one")
        if isinstance(self.asked, ToWin | Handicap) and not self.team:
            raise ValueError("a moneyline or a spread needs a team")

    @property
    def legs(self) -> tuple[Pick, ...]:
        """The pick itself: a single bet has one leg."""
        return (self,)

    @property
    def meaning(self) -> tuple[object, ...]:
        """What the pick is on, without its wording, price, stake and tags."""
        return self.asked, self.span, self.team, self.player, self.matchup

    @property
    def kind(self) -> str:
        """The market's name in the JSON contracts, as far as the words alone tell it."""
        match self.asked:
            case ToWin():
                return "moneyline"
            case Handicap():
                return "spread"
            case OverUnder():
                return "team_total" if self.team else "total"
            case OddOrEven():
                return "odd_even"
            case OneOfThree():
                return "three_way"
            case PlayerFigure():
                return "player_total"
            case Tens():
                return "double_double"
            case _:
                assert_never(self.asked)

    @property
    def names_a_game(self) -> bool:
        """Whether the line names a team or a game, so that no other leg has to."""
        return bool(self.team) or (self.matchup is not None and self.matchup.names_a_team)

    @property
    def leagues(self) -> frozenset[str]:
        """The leagues whose games it may be about.

        A line without a team is about the NBA; one that names only a player, the NBA or the WNBA.
        """
        named = [self.team]
        if self.matchup is not None:
            named += [self.matchup.away, self.matchup.home]
        found = [frozenset(team.league for team in teams) for teams in named if teams]
        if found:
            return frozenset.intersection(*found)
        if self.matchup is not None and self.matchup.leagues:
            return self.matchup.leagues
        return frozenset({NBA.id} if self.player is None else {NBA.id, WNBA.id})

    def fits(self, game: Game, roster: Roster = ()) -> bool:
        """Whether the pick may be about this game, whose players are `roster`.

        A pick that names a player but no team and no game fits only games whose roster has him.
        """
        if self.matchup is not None and not self.matchup.fits(game):
            return False
        if self.team:
            return bool(self._sides(game))
        if self.player is None or self.names_a_game:
            return True
        return bool(players_meant(self.player, game, roster))

    def _sides(self, game: Game) -> frozenset[Side]:
        """The sides of a game that the team as written may mean."""
        codes = {team.code for team in self.team if team.league == game.league}
        return frozenset(side for side in Side if game.code(side) in codes)

    def market_for(self, game: Game, roster: Roster = ()) -> Market:
        """The market that the pick means in this game, whose players are `roster`.

        Raises BadBet when the game does not have the market, NoSuchPlayer when nobody on the roster
        fits the name, and AmbiguousPlayer when several players do.
        """
        sides = self._sides(game)
        if self.team and not sides:
            names = " or ".join(sorted({t.full_name for t in self.team}))
            raise BadBet(f"{names} does not play in {game.name}")
        if len(sides) > 1:
            raise BadBet(
                f"{self.text!r} may mean either team of {game.name}: "
                f"write {game.away} or {game.home}"
            )
        try:
            self.span.periods(game.rules)
            return self._market(next(iter(sides), None), game, roster)
        except ValueError as why:
            raise BadBet(f"{self.text!r}: {why}") from None

    def _market(self, side: Side | None, game: Game, roster: Roster) -> Market:
        if self.player is not None:
            return self._player_market(self.player, side, game, roster)
        match self.asked:
            case OverUnder(direction, points) if side is not None:
                return TeamTotal(side, direction, points, self.span)
            case OverUnder(direction, points):
                return Total(direction, points, self.span)
            case OddOrEven(parity):
                return OddEven(parity, side, self.span)
            case OneOfThree():
                return ThreeWay(side, self.span)
            case ToWin() if side is not None:
                return Moneyline(side, self.span)
            case Handicap(points) if side is not None:
                return Spread(side, points, self.span)
            case _:
                raise ValueError("it names no team")

    def _player_market(self, name: str, side: Side | None, game: Game, roster: Roster) -> Market:
        player = find_player(name, game, roster, side)
        match self.asked:
            case PlayerFigure(stat, direction, points):
                return PlayerTotal(player, stat, direction, points)
            case Tens(categories, happens):
                return DoubleDouble(player, happens, categories)
            case ToWin() | Handicap() | OverUnder() | OddOrEven() | OneOfThree():
                raise ValueError("it is not about a player")
            case _:
                assert_never(self.asked)


@dataclass(frozen=True, slots=True)
class ParlayPick:
    """A parsed parlay: its legs in the order of the slip, and the price and stake of the whole.

    `same_game` is whether the slip says that all legs are on one game. The legs have no stakes.
    """

    text: str
    legs: tuple[Pick, ...]
    same_game: bool = False
    odds: Odds | None = None
    stake_cents: int | None = None
    units: Fraction | None = None
    tags: tuple[str, ...] = ()
    free: bool = False
    book: str | None = None

    def __post_init__(self) -> None:
        """Refuse fewer than two legs."""
        if len(self.legs) < 2:  # noqa: PLR2004 - one leg is a single bet
            raise BadBet(f"{self.text!r}: a parlay needs two legs or more")

    @staticmethod
    def product(legs: Sequence[Pick]) -> Odds | None:
        """The product of the legs' odds; None when a leg has no odds."""
        odds = [leg.odds for leg in legs if leg.odds is not None]
        return parlay_odds(odds) if odds and len(odds) == len(legs) else None

    @property
    def meaning(self) -> tuple[object, ...]:
        """What its legs are on, in order."""
        return tuple(leg.meaning for leg in self.legs)

    @property
    def leagues(self) -> frozenset[str]:
        """The leagues whose games any leg may be about."""
        return frozenset.union(*(leg.leagues for leg in self.legs))


Written = Pick | ParlayPick
"""What a line of text is read as: a single pick or a parlay."""


def tags_of(*words: str) -> tuple[str, ...]:
    """Tags as a person writes them, each once and without its `#`; commas and bars part them."""
    plain = (x.strip().removeprefix("#") for word in words for x in re.split(r"[|;,]", word))
    return tuple(dict.fromkeys(x for x in plain if x))
