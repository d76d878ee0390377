"""Grading: the result of each market from a game state, by the rules of the book.

Markets on the game are graded from its points by period, markets on a player from his figures in
the final box score. A state in play grades only a market that nothing can change any more, such as
a half at its end or an over that is passed; the final state grades it again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import is_
from typing import NamedTuple, assert_never

from tracker.domain import Lazy
from tracker.domain.bet import Bet, Parlay, Result, excess_of, excess_over
from tracker.domain.catalog.books import HouseRules, house_of
from tracker.domain.game import GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import (
    CATEGORIES,
    CATEGORY_REACHED,
    Direction,
    DoubleDouble,
    GameMarket,
    Market,
    Moneyline,
    OddEven,
    PlayerMarket,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)
from tracker.domain.player import UNREAD, Player, Stat, box_line, box_lines, figure
from tracker.domain.tracking import Tracked

_MINUTE = 60


class Unsettleable(Exception):
    """The state does not decide the bet's result; the text says why, in one sentence."""


class NotYet(Unsettleable):
    """The state does not decide the result yet, because the box score may still come."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one market: `reason` in a few words, `evidence` the figures and the rules."""

    result: Result
    reason: str
    evidence: str


def judge(market: Market, state: GameState, house: HouseRules) -> Verdict:
    """Grade a market by the state of a game that is final, postponed or cancelled.

    A game that was not played, or was cut too short, voids the bet. A tie pushes a moneyline, and a
    line that is met exactly pushes. Raises Unsettleable when the state does not decide the market,
    and NotYet while the box score has no players or contradicts itself.
    """
    if not state.phase.over:
        raise Unsettleable("the game is not over")
    if cut := _cut_short(market, state, house):
        sure = Sure(state).passed(market, house) if house.decided else None
        return sure or Verdict(Result.VOID, f"{cut}: void, stake returned", _rules(house))
    if isinstance(market, PlayerMarket):
        return _player_verdict(market, state, house)
    sure = Sure(state).level(market, house)
    if sure is not None:
        return sure
    score = _span_score(market.span, state, house)
    words = _words(market.span, state, house, score)
    return Verdict(_by_points(market, score), *words)


@dataclass(frozen=True, slots=True)
class _Part:
    """A span in one state, by one book's rules: whether it is over, and its points so far.

    `score` is None where the points by period are not known.
    """

    over: bool
    score: Score | None


class Sure:
    """The results of markets that one state makes certain while its game goes on.

    Each span and each player's figure is worked out once, for any number of bets.
    """

    def __init__(self, state: GameState) -> None:
        """`state` is the state of a game in play, or of one that was cut short."""
        self.state = state
        self._parts: dict[tuple[str, Span], _Part] = {}
        self._made: dict[tuple[Side, str, Stat], int | None] = {}

    @Lazy
    def _lines(self) -> dict[tuple[Side, str], PlayerLine]:
        return box_lines(self.state)

    def result(self, market: Market, house: HouseRules) -> Result | None:
        """The certain result of a market although its game goes on; None while it may still change.

        A span that is over is decided by its points. A total that the points have passed already is
        decided too.
        """
        if isinstance(market, PlayerTotal):
            return self._total_passed(market, house)
        if isinstance(market, DoubleDouble):
            return self._multiple_reached(market, house)
        part = self._part(market.span, house)
        if part.over:
            known = part.score
            return self._level(market, house) if known is None else _by_points(market, known)
        return _passed(market, part)

    def reached(self, market: Market, house: HouseRules) -> float:
        """The figure that a line must be below for its market's result to be certain.

        Markets on the same figure share it. It is infinite where the line does not matter, and
        minus infinity where no result of such a market is certain yet.
        """
        if isinstance(market, PlayerTotal):
            made = self.made(market)
            return -math.inf if made is None else made
        if isinstance(market, DoubleDouble):
            return math.inf
        part = self._part(market.span, house)
        if part.over:
            return math.inf
        if part.score is None or not isinstance(market, Total | TeamTotal):
            return -math.inf
        return _points(market, part.score)

    def denies(self, market: Market, house: HouseRules, result: Result) -> bool:
        """Whether this state contradicts a result that another one makes certain."""
        own = self.result(market, house)
        known = own is not None or math.isfinite(self.reached(market, house))
        return known and own is not result

    def verdict(self, market: Market, house: HouseRules) -> Verdict | None:
        """The certain result with its reason and evidence; None while it may still change."""
        result = self.result(market, house)
        if result is None:
            return None
        if isinstance(market, PlayerMarket):
            line = self._lines[market.player.side, market.player.key]
            return _player_decided(market, line, self.state, house, result)
        return _decided(result, market.span, self._part(market.span, house), self.state, house)

    def level(self, market: GameMarket, house: HouseRules) -> Verdict | None:
        """The verdict on a bet that a level score after regulation decides; None otherwise."""
        result = self._level(market, house)
        if result is None:
            return None
        return Verdict(result, *_words(market.span, self.state, house, None))

    def passed(self, market: Market, house: HouseRules) -> Verdict | None:
        """The verdict on a market whose line the figures so far have passed; None otherwise."""
        if isinstance(market, PlayerMarket):
            return self.verdict(market, house)
        part = _so_far(market.span, self.state, house)
        result = _passed(market, part)
        return None if result is None else _decided(result, market.span, part, self.state, house)

    def over(self, market: Market, house: HouseRules) -> bool:
        """Whether a market is on a part of the game that has been played to its end."""
        return not isinstance(market, PlayerMarket) and self._part(market.span, house).over

    def line(self, player: Player) -> PlayerLine | None:
        """A player's figures in the box score; None where it does not list him, or lists two."""
        return self._lines.get((player.side, player.key))

    def made(self, market: PlayerTotal) -> int | None:
        """The player's value of the market's statistic so far; None where the box lacks it."""
        player, stat = market.player, market.stat
        key = player.side, player.name, stat
        if key not in self._made:
            line = self.line(player)
            self._made[key] = None if line is None else figure(line, stat)
        return self._made[key]

    def _part(self, span: Span, house: HouseRules) -> _Part:
        """A span of the game as it stands in this state, by a book's rules."""
        key = house.name, span
        found = self._parts.get(key)
        if found is None:
            read = _at_its_end if _finished(span, self.state, house) else _so_far
            found = self._parts[key] = read(span, self.state, house)
        return found

    def _level(self, market: GameMarket, house: HouseRules) -> Result | None:
        """The result of a bet on regulation in a game that went to overtime, being level then.

        None where that does not decide the bet, or where the points are known.
        """
        state, span = self.state, market.span
        on_regulation = span.periods(state.game.rules) == Span.REGULATION.periods(state.game.rules)
        overtime = not state.overtime or (span.counts_overtime and house.overtime)
        if overtime or not on_regulation or self._part(span, house).score is not None:
            return None
        match market:
            case Moneyline() | Spread() | ThreeWay() | OddEven(side=None):
                return _by_points(market, Score(0, 0))
            case _:
                return None

    def _total_passed(self, market: PlayerTotal, house: HouseRules) -> Result | None:
        made = self.made(market)
        if made is None or made <= market.points or not self._stands(market.player, house):
            return None
        return _yes(holds=market.direction is Direction.OVER)

    def _multiple_reached(self, market: DoubleDouble, house: HouseRules) -> Result | None:
        line = self.line(market.player)
        if line is None:
            return None
        reached = sum((figure(line, x) or 0) >= CATEGORY_REACHED for x in CATEGORIES)
        if reached < market.categories or not self._stands(market.player, house):
            return None
        return _yes(holds=market.happens)

    def _stands(self, player: Player, house: HouseRules) -> bool:
        """Whether a player's figures count for this book as the box score has them."""
        line = self.line(player)
        if line is None or line.doubt or _absent(line, house):
            return False
        return house.overtime or not self.state.overtime


class _Lined(NamedTuple):
    """A single bet with its line; 0 where it has none, or where that does not matter."""

    line: float
    bet: Bet
    market: Market


class _Alike(NamedTuple):
    """Single bets at one book that one figure, or one part of the game, decides, by their lines."""

    house: HouseRules
    bets: list[_Lined]

    def certain(self, polls: LastTwo) -> Iterator[tuple[Bet, Result]]:
        """The bets whose results the two states make certain: mostly few of them, or none."""
        reached = polls.now.reached(self.bets[0].market, self.house)
        for line, bet, market in self.bets:
            if line >= reached:
                break
            result = polls.agreed(market, self.house)
            if result is not None:
                yield bet, result


def _decided_by(market: Market) -> tuple[object, float]:
    """What decides a market besides the book's rules, and its line."""
    match market:
        case PlayerTotal(player, stat, _, points):
            return (player, stat), points
        case DoubleDouble():
            return market, 0.0
        case TeamTotal(side, _, points, span):
            return (span, side), points
        case Total(_, points, span):
            return (span, None), points
        case _:
            return market.span, 0.0


def _sorted(bets: Iterable[Bet]) -> list[_Alike]:
    found: dict[object, _Alike] = {}
    for bet in bets:
        if not isinstance(bet.market, Parlay):
            house, (what, line) = house_of(bet.book), _decided_by(bet.market)
            alike = found.setdefault((house.name, what), _Alike(house, []))
            alike.bets.append(_Lined(line, bet, bet.market))
    for alike in found.values():
        alike.bets.sort(key=lambda x: x.line)
    return list(found.values())


_KEPT = 64
"""The most games of which sorted bets are kept."""

_known: dict[str, tuple[list[Bet], list[_Alike]]] = {}
"""The bets of games, and the same sorted: from poll to poll they are the same objects."""


def _alike(game: str, bets: list[Bet]) -> list[_Alike]:
    """The single bets on a game, those together that one figure decides."""
    known = _known.get(game)
    if known is None or len(known[0]) != len(bets) or not all(map(is_, known[0], bets)):
        if len(_known) >= _KEPT:
            _known.clear()
        known = _known[game] = bets, _sorted(bets)
    return known[1]


@dataclass(frozen=True, slots=True)
class LastTwo:
    """The believed states before a poll and after it.

    `scored` is whether the poll's document confirms the score, and `boxed` whether it lists the
    players: what it leaves out is in both states, but only one document has reported it. `results`
    are the certain results of single bets that both states agree on, by the bets' numbers; few bets
    have one.
    """

    before: Sure
    now: Sure
    scored: bool
    boxed: bool
    results: dict[int, Result] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        bets: Iterable[Bet],
        before: GameState,
        now: GameState,
        *,
        scored: bool = True,
        boxed: bool = True,
    ) -> LastTwo:
        """Work out the results that two states of a game make certain for the bets on it."""
        polls = cls(Sure(before), Sure(now), scored, boxed)
        if now.phase.in_play:
            for alike in _alike(now.game.id, list(bets)):
                polls.results.update((x.number, result) for x, result in alike.certain(polls))
        return polls

    def concerned(self, tracked: Iterable[Tracked]) -> list[Tracked]:
        """The bets that these states may settle: parlays, and single bets with a certain result."""
        return [x for x in tracked if x.legs or x.bet.number in self.results]

    def covers(self, market: Market) -> bool:
        """Whether the poll's document tells what decides a market."""
        if isinstance(market, PlayerMarket):
            return self.boxed and self.lists(market)
        return self.scored

    def lists(self, market: Market) -> bool:
        """Whether a market's player is in the box: that he is missing corrects no figure of his."""
        return not isinstance(market, PlayerMarket) or self.now.line(market.player) is not None

    def agreed(self, market: Market, house: HouseRules) -> Result | None:
        """The certain result of a market that two polls agree on; None without one."""
        result = self.now.result(market, house)
        if result is None or not self.covers(market):
            return None
        return result if self.before.result(market, house) is result else None

    def verdict(self, market: Market, house: HouseRules) -> Verdict | None:
        """The verdict on a market that two polls agree on; None without one."""
        return None if self.agreed(market, house) is None else self.now.verdict(market, house)


def certain(market: Market, state: GameState, house: HouseRules) -> Verdict | None:
    """The verdict on one market that a state makes certain; None while it may still change."""
    return Sure(state).verdict(market, house)


def _finished(span: Span, state: GameState, house: HouseRules) -> bool:
    """Whether a span is over while its game goes on; never where overtime may still add to it."""
    if span.counts_overtime and house.overtime:
        return False
    return span.periods(state.game.rules).stop - 1 <= _past(state)


def _past(state: GameState) -> int:
    """How many periods are over. A live one at 0:00 is not: its last shot may still count."""
    return state.period - (0 if state.clock == 0 and state.phase is not Phase.LIVE else 1)


def _at_its_end(span: Span, state: GameState, house: HouseRules) -> _Part:
    try:
        return _Part(over=True, score=_span_score(span, state, house))
    except Unsettleable:
        return _Part(over=True, score=None)


def _so_far(span: Span, state: GameState, house: HouseRules) -> _Part:
    return _Part(over=False, score=_counted(span, state, house))


def _counted(span: Span, state: GameState, house: HouseRules) -> Score | None:
    """The points so far that count for a span by a book's rules; None where they are not known."""
    covered = span.periods(state.game.rules)
    last = None if span.counts_overtime and house.overtime else covered.stop - 1
    return state.points_in(covered.start, last)


def _passed(market: GameMarket, part: _Part) -> Result | None:
    """The result of a total that the points so far have passed; None for any other market."""
    if part.score is None or not isinstance(market, Total | TeamTotal):
        return None
    if _points(market, part.score) <= market.points:
        return None
    return _yes(holds=market.direction is Direction.OVER)


def _points(market: Total | TeamTotal, score: Score) -> int:
    return score.total if isinstance(market, Total) else score.of(market.side)


def _decided(
    result: Result, span: Span, part: _Part, state: GameState, house: HouseRules
) -> Verdict:
    """The verdict for a result that a span's points decide, or that they were level."""
    return Verdict(result, *_words(span, state, house, part.score))


def _words(span: Span, state: GameState, house: HouseRules, score: Score | None) -> tuple[str, str]:
    """The reason and the evidence of a result; `score` is None where it was level and no more."""
    name = "" if span is Span.GAME else f"{span.value} "
    game = state.game
    points = (
        f"{game.name} level at the end of regulation"
        if score is None
        else f"{game.away} {score.away}, {game.home} {score.home}"
    )
    reason = f"{name}{points} ({state.game_clock})"
    return reason, f"{_by_period(state)}; {_rules(house)}"


def _player_decided(
    market: PlayerMarket, line: PlayerLine, state: GameState, house: HouseRules, result: Result
) -> Verdict:
    if isinstance(market, PlayerTotal):
        figures = f"{figure(line, market.stat)} {market.stat.value}"
    else:
        figures = ", ".join(f"{figure(line, x)} {x.value}" for x in CATEGORIES)
    evidence = f"{_figures(line)}; {_rules(house)}"
    return Verdict(result, f"{line.name} {figures} ({state.game_clock})", evidence)


def _span_score(span: Span, state: GameState, house: HouseRules) -> Score:
    """The points that count for a span that is over. Raises Unsettleable when not known."""
    found, last = _counted(span, state, house), span.periods(state.game.rules).stop - 1
    if found is None:
        raise Unsettleable("the box score gives no points by period that add up to its final score")
    if span is not Span.GAME and state.periods is not None and len(state.periods) < last:
        raise Unsettleable("the box score lacks a period that the bet is about")
    return found


def _cut_short(market: Market, state: GameState, house: HouseRules) -> str:
    """Why a game that was off, or ended early, voids a market; empty where the market stands."""
    game = state.game.rules
    left = _left(state)
    if state.phase.off and state.period == 0:
        return f"the game was {state.phase.value}"
    if left <= house.unplayed_minutes * _MINUTE:
        return ""
    if house.finished_parts and market.span.periods(game).stop - 1 <= _past(state):
        return ""
    played = (game.regulation_seconds - left) / _MINUTE
    return f"the game ended after {played:.0f} of {game.regulation_seconds // _MINUTE} minutes"


def _left(state: GameState) -> float:
    """Seconds of regulation that were not played."""
    rules = state.game.rules
    if state.period > rules.periods:
        return 0.0
    return state.clock + (rules.periods - state.period) * rules.period_seconds


def _by_sign(excess: float) -> Result:
    if excess == 0:
        return Result.PUSH
    return Result.WON if excess > 0 else Result.LOST


def _yes(*, holds: bool) -> Result:
    return Result.WON if holds else Result.LOST


def _by_points(market: GameMarket, score: Score) -> Result:
    return _by_sign(excess_of(market, score.home, score.away))


def _player_verdict(market: PlayerMarket, state: GameState, house: HouseRules) -> Verdict:
    line = _line(market.player, state)
    evidence = f"{_figures(line)}; {_rules(house)}"
    if absent := _absent(line, house):
        reason = f"{line.name} {absent}: void, stake returned"
        return Verdict(Result.VOID, reason, evidence)
    if state.overtime and not house.overtime:
        raise Unsettleable(f"the box score does not tell {line.name}'s regulation from overtime")
    match market:
        case PlayerTotal():
            made = _made(line, market.stat)
            result = _by_sign(excess_over(market.direction, made, market.points))
        case DoubleDouble():
            result = _multiple(market, line)
        case _:
            assert_never(market)
    return _player_decided(market, line, state, house, result)


def _line(player: Player, state: GameState) -> PlayerLine:
    _check_box(player.side, state)
    line = box_line(state, player)
    if line is None:
        raise Unsettleable(f"the box score has no one line of {player.name}")
    return line


def _check_box(side: Side, state: GameState) -> None:
    """Raise NotYet while a team's box score is missing, or contradicts itself or earlier polls."""
    lines = [x for x in state.players if x.side is side]
    if all(x.doubt == UNREAD for x in lines):
        raise NotYet("no box score with the players has been read")
    doubted = next((x for x in lines if x.doubt), None)
    if doubted is not None:
        raise NotYet(f"{doubted.name} {doubted.doubt}")
    points = [dict(x.stats).get(Stat.PTS.value) for x in lines if x.stats]
    made = sum(x for x in points if x is not None)
    if None not in points and made != state.score.of(side):
        code = state.game.code(side)
        raise NotYet(
            f"the box score contradicts itself: {code} has {state.score.of(side)} points, "
            f"its players {made}"
        )


def _absent(line: PlayerLine, house: HouseRules) -> str:
    """Why the player's part in the game voids a line on him; empty where the line stands."""
    if not (line.played or line.minutes > 0):
        return "did not play"
    if house.must_start and not line.starter:
        return "did not start"
    if line.minutes < house.player_minutes:
        return f"played {line.minutes:.0f} minutes of the {house.player_minutes:g} that it takes"
    return ""


def _made(line: PlayerLine, stat: Stat) -> int:
    made = figure(line, stat)
    if made is None:
        raise Unsettleable(f"the box score lacks the {stat.value} of {line.name}")
    return made


def _multiple(market: DoubleDouble, line: PlayerLine) -> Result:
    made = [figure(line, x) for x in CATEGORIES]
    reached = sum(x is not None and x >= CATEGORY_REACHED for x in made)
    if None in made and reached < market.categories:
        raise Unsettleable(f"the box score lacks a figure of {line.name}")
    return _yes(holds=(reached >= market.categories) == market.happens)


def _by_period(state: GameState) -> str:
    game, periods = state.game, state.periods
    if periods is None:
        return f"final score {game.away} {state.score.away}, {game.home} {state.score.home}"
    away = " ".join(str(x.away) for x in periods)
    home = " ".join(str(x.home) for x in periods)
    return f"by period {game.away} {away}, {game.home} {home}"


def _figures(line: PlayerLine) -> str:
    figures = ", ".join(f"{value} {name}" for name, value in line.stats)
    return f"{line.name}: {figures or 'no figures'} in {line.minutes:.0f} min"


def _rules(house: HouseRules) -> str:
    return f"{house.name} rules"
