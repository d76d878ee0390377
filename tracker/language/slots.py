"""What the words of one bet have said so far, in whatever order they came."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tracker.domain.catalog.teams import Team
from tracker.domain.market import Direction, Parity, Span
from tracker.domain.money import Odds
from tracker.domain.pick import Matchup
from tracker.domain.player import Stat

ODDS = "odds such as -110, a stake such as $20, or a #tag"
LINE = "a line in whole or half points, such as 224.5"
SPREAD = "'ML', a spread such as -4.5, or 'over 114.5'"
ABOUT = "a team, a player, a game such as LAL@DEN, 'over' or 'under'"


@dataclass(slots=True)
class Slots:
    """What has been read of one bet. Places are those of words in the line.

    `many` is whether the line holds several bets. `stranger` is the first word that may be a
    player's name, and what would have made sense in its place if it is none.
    """

    start: int
    many: bool = False
    end: int = 0
    span: Span | None = None
    team: tuple[Team, ...] = ()
    team_words: range = range(0)
    names: list[int] = field(default_factory=list)
    stranger: tuple[int, str] | None = None
    matchup: Matchup | None = None
    day: date | None = None
    direction: Direction | None = None
    number: float | None = None
    number_at: int = 0
    or_more: bool = False
    at_least: bool = False
    handicap: float | None = None
    moneyline: bool = False
    parity: Parity | None = None
    three_way: bool = False
    tie: bool = False
    stat: Stat | None = None
    stat_at: int = 0
    tens: int | None = None
    negated: bool = False
    scores: bool = False
    team_total: bool = False
    prices: list[tuple[int, Odds]] = field(default_factory=list)
    stake_cents: int | None = None
    stake_at: int = 0
    to_win_cents: int | None = None
    units: Fraction | None = None
    tags: list[str] = field(default_factory=list)

    @property
    def market_said(self) -> bool:
        """Whether a market is there, so that a bare number can only be a price."""
        line = self.number is not None and (self.direction is not None or self.or_more)
        plain = self.handicap is not None or self.moneyline or self.tie or self.three_way
        return line or plain or self.parity is not None or self.tens is not None

    @property
    def ready(self) -> bool:
        """Whether this may be the whole of a bet, so that a mark after it may end it."""
        if self.names and self.stat is None and self.tens is None:
            return False
        return self.market_said

    @property
    def empty(self) -> bool:
        """Whether nothing but a price, a stake or tags is there."""
        about = self.team or self.names or self.matchup or self.span or self.stat
        return not (about or self.market_said or self.number is not None or self.direction)

    @property
    def expected(self) -> str:
        """What would have made sense at this point."""
        if self.direction is not None and self.number is None:
            return "the line, such as 224.5"
        if self.market_said:
            return ODDS
        return SPREAD if self.team else ABOUT
