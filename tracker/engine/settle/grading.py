"""Results: how each market is settled from a final state, by the rules of the house.

A game's markets are settled from its points by period, a player's from his line in the final box.
What was seen on the way settles only what nothing can change any more: a half at its end, an over
that is passed. It is graded again by the final state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

from tracker.domain.bet import Bet, Result, excess_of
from tracker.domain.catalog.books import HouseRules, house_of
from tracker.domain.game import GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import (
    CATEGORIES,
    CATEGORY_REACHED,
    Direction,
    DoubleDouble,
    GameMarket,
    Market,
    PlayerMarket,
    PlayerTotal,
    Span,
    TeamTotal,
    Total,
)
from tracker.domain.player import UNREAD, Player, Stat, box_line, box_lines, figure

_MINUTE = 60


class Unsettleable(Exception):
    """The final state does not say how the bet ended; the text says why, in one sentence."""


class NotYet(Unsettleable):
    """What decides the bet has not been read yet, and may still come."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one market ended: `reason` in a few words, `evidence` the figures and the rules."""

    result: Result
    reason: str
    evidence: str


def grade(bet: Bet, state: GameState) -> Result:
    """The result of a single bet by the rules of its book. Raises Unsettleable, and NotYet."""
    (leg,) = bet.legs
    return judge(leg.market, state, house_of(bet.book)).result


def judge(market: Market, state: GameState, house: HouseRules) -> Verdict:
    """How a market ended in a game that is final, postponed or cancelled.

    A game that was not played, or was cut too short, voids its bets. A tie pushes a moneyline, and
    a line that is met exactly pushes. Raises Unsettleable when the state does not decide the
    market, and NotYet while the box has no players.
    """
    if not state.phase.off and state.phase is not Phase.FINAL:
        raise Unsettleable("the game is not over")
    if cut := _cut_short(market, state, house):
        sure = Sure(state).passed(market, house) if house.decided else None
        return sure or Verdict(Result.VOID, f"{cut}: void, stake returned", _rules(house))
    if isinstance(market, PlayerTotal | DoubleDouble):
        return _player_verdict(market, state, house)
    score = span_score(state, market.span, overtime=house.overtime)
    words = _words(market.span, state, house, score)
    return Verdict(_by_points(market, score), *words)


@dataclass(frozen=True, slots=True)
class _Part:
    """What a state tells of a span by a house: whether it is over, and its points so far.

    `words` are the reason and the evidence of whatever these points decide.
    """

    over: bool
    score: Score | None
    words: tuple[str, str]


class Sure:
    """What a state makes certain of its game's markets while it goes on.

    Each span and each player is looked up once, however many bets ask.
    """

    def __init__(self, state: GameState) -> None:
        """`state` is of a game in play."""
        self.state = state
        self._parts: dict[tuple[Span, str, bool], _Part] = {}
        self._told: dict[tuple[int, str], tuple[Market, Verdict | None]] = {}

    @cached_property
    def _lines(self) -> dict[tuple[Side, str], PlayerLine]:
        return box_lines(self.state)

    def verdict(self, market: Market, house: HouseRules) -> Verdict | None:
        """How a market ended for sure although its game goes on; None while it may still turn.

        A span that is over is decided by its points, and a line that is passed by what has passed
        it.
        """
        # By identity, which the market that is kept guards: to hash it takes longer.
        key = id(market), house.name
        known = self._told.get(key)
        if known is None:
            known = self._told[key] = market, self._verdict(market, house)
        return known[1]

    def _verdict(self, market: Market, house: HouseRules) -> Verdict | None:
        if isinstance(market, PlayerTotal | DoubleDouble):
            return self._player_passed(market, house)
        part = self._part(market.span, house)
        if part.score is not None and part.over:
            return Verdict(_by_points(market, part.score), *part.words)
        return None if part.over else _passed(market, part)

    def passed(self, market: Market, house: HouseRules) -> Verdict | None:
        """How a market stands whose line has been passed; None for any other."""
        if isinstance(market, PlayerTotal | DoubleDouble):
            return self._player_passed(market, house)
        return _passed(market, _so_far(market.span, self.state, house))

    def over(self, market: Market, house: HouseRules) -> bool:
        """Whether a market is about a part of the game that has been played to its end."""
        player = isinstance(market, PlayerTotal | DoubleDouble)
        return not player and self._part(market.span, house).over

    def _part(self, span: Span, house: HouseRules) -> _Part:
        key = span, house.name, house.overtime
        found = self._parts.get(key)
        if found is None:
            over = _finished(span, self.state, house)
            found = (_at_its_end if over else _so_far)(span, self.state, house)
            self._parts[key] = found
        return found

    def _player_passed(self, market: PlayerMarket, house: HouseRules) -> Verdict | None:
        state = self.state
        line = self._lines.get((market.player.side, market.player.key))
        if line is None:
            return None
        match market:
            case PlayerTotal():
                made = figure(line, market.stat)
                passed = made is not None and made > market.points
                holds = market.direction is Direction.OVER
            case DoubleDouble():
                reached = sum((figure(line, x) or 0) >= CATEGORY_REACHED for x in CATEGORIES)
                passed, holds = reached >= market.categories, market.happens
            case _:
                assert_never(market)
        if not passed or line.doubt or _absent(line, house):
            return None
        if state.overtime and not house.overtime:
            return None
        return _player_told(market, line, state, house, _yes(holds=holds))


LastTwo = tuple[Sure, Sure]
"""What was believed until a poll, and what is believed since."""


def certain(market: Market, state: GameState, house: HouseRules) -> Verdict | None:
    """What is certain of one market, as `Sure` tells it."""
    return Sure(state).verdict(market, house)


def agreed(market: Market, before: Sure, now: Sure, house: HouseRules) -> Verdict | None:
    """How a market ended for sure by two polls in a row; None while they do not agree on it."""
    verdict = now.verdict(market, house)
    if verdict is None:
        return None
    earlier = before.verdict(market, house)
    return verdict if earlier is not None and earlier.result is verdict.result else None


def _finished(span: Span, state: GameState, house: HouseRules) -> bool:
    """Whether a span is over before its game is: overtime may still add to one that counts it."""
    if span.counts_overtime and house.overtime:
        return False
    return span.periods(state.game.rules).stop - 1 <= _past(state)


def _past(state: GameState) -> int:
    """How many periods are over; at zero, the last shots of a live one may still count."""
    return state.period - (0 if state.clock == 0 and state.phase is not Phase.LIVE else 1)


def _at_its_end(span: Span, state: GameState, house: HouseRules) -> _Part:
    try:
        score = span_score(state, span, overtime=house.overtime)
    except Unsettleable:
        return _Part(over=True, score=None, words=_UNTOLD)
    return _Part(over=True, score=score, words=_words(span, state, house, score))


def _so_far(span: Span, state: GameState, house: HouseRules) -> _Part:
    """The points that count for a span as they stand."""
    if span is Span.GAME and (house.overtime or not state.overtime):
        score = state.score
    elif state.periods is None:
        return _Part(over=False, score=None, words=_UNTOLD)
    else:
        covered = span.periods(state.game.rules)
        last = None if span.counts_overtime and house.overtime else covered.stop - 1
        counted = state.periods[covered.start - 1 : last]
        score = Score(sum(x.home for x in counted), sum(x.away for x in counted))
    return _Part(over=False, score=score, words=_words(span, state, house, score))


_UNTOLD = "", ""


def _passed(market: GameMarket, part: _Part) -> Verdict | None:
    """How a market stands whose line the points so far have passed; None for any other."""
    if part.score is None or not isinstance(market, Total | TeamTotal):
        return None
    points = part.score.total if isinstance(market, Total) else part.score.of(market.side)
    if points <= market.points:
        return None
    return Verdict(_yes(holds=market.direction is Direction.OVER), *part.words)


def _words(span: Span, state: GameState, house: HouseRules, score: Score) -> tuple[str, str]:
    """The reason and the evidence of a result by the points of a span."""
    name = "" if span is Span.GAME else f"{span.value} "
    game = state.game
    reason = f"{name}{game.away} {score.away}, {game.home} {score.home} ({state.game_clock})"
    return reason, f"{_by_period(state)}; {_rules(house)}"


def _player_told(
    market: PlayerMarket, line: PlayerLine, state: GameState, house: HouseRules, result: Result
) -> Verdict:
    if isinstance(market, PlayerTotal):
        told = f"{figure(line, market.stat)} {market.stat.value}"
    else:
        told = ", ".join(f"{figure(line, x)} {x.value}" for x in CATEGORIES)
    evidence = f"{_figures(line)}; {_rules(house)}"
    return Verdict(result, f"{line.name} {told} ({state.game_clock})", evidence)


def span_score(state: GameState, span: Span, *, overtime: bool = True) -> Score:
    """The points that count for a span, from a final state; Unsettleable when not known.

    `overtime` is whether it counts in spans that hold it.
    """
    if span is Span.GAME and (overtime or not state.overtime):
        return state.score
    if state.periods is None:
        raise Unsettleable("the box score gives no points by period that add up to its final score")
    wanted = span.periods(state.game.rules)
    last = len(state.periods) if span.counts_overtime and overtime else wanted.stop - 1
    if len(state.periods) < wanted.stop - 1:
        raise Unsettleable("the box score lacks a period that the bet is about")
    counted = state.periods[wanted.start - 1 : last]
    return Score(sum(x.home for x in counted), sum(x.away for x in counted))


def _cut_short(market: Market, state: GameState, house: HouseRules) -> str:
    """Why a game that was off, or ended early, voids a market; empty where it stands."""
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


def _signed(direction: Direction, excess: float) -> Result:
    return _by_sign(excess if direction is Direction.OVER else -excess)


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
            result = _signed(market.direction, _made(line, market.stat) - market.points)
        case DoubleDouble():
            result = _multiple(market, line)
        case _:
            assert_never(market)
    return _player_told(market, line, state, house, result)


def _line(player: Player, state: GameState) -> PlayerLine:
    _check_box(player.side, state)
    line = box_line(state, player)
    if line is None:
        raise Unsettleable(f"the box score has no one line of {player.name}")
    return line


def _check_box(side: Side, state: GameState) -> None:
    """Raise NotYet while a team's box is missing, or contradicts itself or what was seen."""
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
    """Why a player line is void, by what the player did; empty where it stands."""
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
    told = ", ".join(f"{value} {name}" for name, value in line.stats)
    return f"{line.name}: {told or 'no figures'} in {line.minutes:.0f} min"


def _rules(house: HouseRules) -> str:
    return f"{house.name} rules"
