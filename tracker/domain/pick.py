"""What a line of text registers, before tonight's games are known: a pick, and a game if named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tracker.domain.errors import BadBet
from tracker.domain.game import Game, Side
from tracker.domain.market import (
    Direction,
    Market,
    Moneyline,
    Span,
    Spread,
    TeamTotal,
    Total,
)
from tracker.domain.money import Odds
from tracker.domain.team import Team


@dataclass(frozen=True, slots=True)
class Matchup:
    """A game as written: the teams that each name may mean, and the league's date where given."""

    away: tuple[Team, ...]
    home: tuple[Team, ...]
    day: date | None = None

    def fits(self, game: Game) -> bool:
        """Whether the game may be the one that is meant."""
        return (
            any((t.league, t.code) == (game.league, game.away) for t in self.away)
            and any((t.league, t.code) == (game.league, game.home) for t in self.home)
            and self.day in (None, game.slate)
        )


@dataclass(frozen=True, slots=True)
class Pick:
    """A parsed line. `team` is whom the market is about; `points` and `direction` as it needs.

    With a team and no points it is a moneyline; with a direction it is a total.
    """

    text: str
    span: Span = Span.GAME
    team: tuple[Team, ...] = ()
    direction: Direction | None = None
    points: float | None = None
    matchup: Matchup | None = None
    odds: Odds | None = None
    stake_cents: int | None = None
    units: Fraction | None = None
    tags: tuple[str, ...] = ()

    def fits(self, game: Game) -> bool:
        """Whether the bet may be about this game."""
        if self.matchup is not None and not self.matchup.fits(game):
            return False
        return not self.team or bool(self._sides(game))

    def _sides(self, game: Game) -> frozenset[Side]:
        """The sides of a game that the team as written may mean."""
        codes = {team.code for team in self.team if team.league == game.league}
        return frozenset(side for side in Side if game.code(side) in codes)

    def market_for(self, game: Game) -> Market:
        """The market that is meant in this game; BadBet when the game does not have it."""
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
            return self._market(next(iter(sides), None))
        except ValueError as why:
            raise BadBet(f"{self.text!r}: {why}") from None

    def _market(self, side: Side | None) -> Market:
        if side is None:
            if self.direction is None or self.points is None:
                raise BadBet(f"{self.text!r} names no team and no total")
            return Total(self.direction, self.points, self.span)
        if self.points is None:
            return Moneyline(side, self.span)
        if self.direction is None:
            return Spread(side, self.points, self.span)
        return TeamTotal(side, self.direction, self.points, self.span)
