"""What the words of one bet have said so far, in whatever order, and what a player line counts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tracker.domain.catalog.teams import Team
from tracker.domain.market import Direction, Parity, Span
from tracker.domain.money import Odds
from tracker.domain.pick import Matchup
from tracker.domain.player import Stat
from tracker.language.tokens import Line
from tracker.language.vocabulary import LETTERS, STATS, SUMS, UNKNOWN_STATS

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


_JOIN = re.compile(r"[+&/]|-and-")
_JOINERS = frozenset({"+", "&", "and", "/", ","})


def read_stat(line: Line) -> tuple[Stat, int] | None:
    """The statistic that the next words name, and how many they are; None when they name none.

    Raises BadBet for one that no line here counts, such as fantasy points.
    """
    count = line.phrase(UNKNOWN_STATS)
    if count > line.phrase(STATS):
        _, what = line.look_up(UNKNOWN_STATS)
        raise line.wrong(f"there are no lines on {what} here: {KNOWN}", line.at)
    parts, count = _parts(line, 0)
    if not parts:
        return None
    while (joined := _next(line, count)) is not None:
        more, after = joined
        parts |= more
        count = after
    if len(parts) == 1:
        return next(iter(parts)), count
    total = frozenset(parts)
    if total not in SUMS:
        names = " and ".join(sorted(x.value for x in total))
        raise line.wrong(f"there are no lines on {names} together here: {KNOWN}", line.at)
    return SUMS[total], count


KNOWN = f"choose from {' '.join(x.value for x in Stat)}"


def _next(line: Line, count: int) -> tuple[set[Stat], int] | None:
    """The part of a sum that follows, and how many words have been read with it."""
    joined = line.peek(count) in _JOINERS
    follows = count + int(joined)
    if line.peek(count) == "," and line.peek(follows) in ("&", "and"):
        follows += 1
    if not joined and line.peek(follows) in ("to", "point", "pt"):
        return None
    parts, after = _parts(line, follows)
    return (parts, after) if parts else None


def _parts(line: Line, ahead: int) -> tuple[set[Stat], int]:
    """The statistics that a term so far ahead adds up, and how many words have been read then."""
    line.at += ahead
    count, stat = line.look_up(STATS)
    low = line.peek()
    line.at -= ahead
    if stat is not None:
        return set(stat.parts), ahead + count
    pieces = [x for x in _JOIN.split(low) if x]
    if len(pieces) < 2:  # noqa: PLR2004 - a sum of two or more
        return set(), 0
    found = [LETTERS.get(x) or STATS.get(x) for x in pieces]
    if None in found:
        return set(), 0
    return {part for x in found if x is not None for part in x.parts}, ahead + 1
