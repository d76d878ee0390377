"""How a bet is named, where it stands and what it needs, in a person's words.

The modules of this room word messages, cards, prices and figures with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import assert_never

from tracker.domain.bet import Bet, Parlay, Result, Wager
from tracker.domain.game import Game, GameState, Phase, Score
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
    line_text,
    multiple_text,
)
from tracker.domain.player import Stat, box_line, figure
from tracker.domain.tracking import LegStanding
from tracker.wording.figures import hit_text


def player_standing(market: PlayerMarket, state: GameState) -> str:
    """A player's figure so far: `24 now`, `12 pts 9 reb now`; empty when the box lacks it."""
    line = box_line(state, market.player)
    if line is None or not (state.phase.in_play or state.phase is Phase.FINAL):
        return ""
    if not line.played:
        return "did not play" if state.phase is Phase.FINAL else "has not played yet"
    match market:
        case PlayerTotal():
            made = figure(line, market.stat)
            return "" if made is None else f"{made} now"
        case DoubleDouble():
            best = _best(market, state)
            return f"{' '.join(f'{made} {name}' for made, name in best)} now" if best else ""
        case _:
            assert_never(market)


LONG_REST = 8.0
"""Minutes of play that a player usually spends on the bench at most before he plays again."""


def resting(market: Wager, state: GameState) -> str:
    """Why a bet's player may not come back: `two technical fouls`, `off the court for 12 min`.

    Empty where he is on it, or sits no longer than is usual. It is told as of the last box: since
    then he may have come back.
    """
    if not isinstance(market, PlayerMarket) or not state.phase.in_play:
        return ""
    line = box_line(state, market.player)
    if line is None or line.on_court or not line.played:
        return ""
    if line.perhaps_ejected:
        return line.note or ""
    if line.seen is None or state.overtime:
        return ""
    left = state.seconds_left if state.box is None else state.box.left
    played = (state.game.rules.regulation_seconds - left) / 60
    away = played - line.seen
    return f"off the court for {away:.0f} min" if away >= LONG_REST else ""


_MANY_FOULS = 5
"""Fouls that put a player out in a college game; a professional one has six."""


def plays_no_more(market: Wager, state: GameState) -> str:
    """Why the player of a decided bet plays no more: `ejected`, `6 fouls`; else empty."""
    line = box_line(state, market.player) if isinstance(market, PlayerMarket) else None
    if line is None or not (state.phase.in_play and line.played):
        return ""
    if isinstance(market, PlayerTotal) and (figure(line, market.stat) or 0) > market.points:
        # His figure has decided it, and five fouls are not enough everywhere.
        return ""
    return line.note or (f"{line.fouls} fouls" if line.fouls >= _MANY_FOULS else "")


def player_needs(market: PlayerMarket, state: GameState) -> str:
    """What a player market needs from here: `needs 7 more`, `needs 1 reb more`; may be empty."""
    line = box_line(state, market.player)
    match market:
        case PlayerTotal():
            # A box score from before tip-off lists the players without figures.
            made = 0 if state.phase is Phase.SCHEDULED else None
            if line is not None and made is None:
                made = figure(line, market.stat)
            return "" if made is None else points_needed(market.direction, market.points, made)
        case DoubleDouble():
            best = _best(market, state)
            missing = [(CATEGORY_REACHED - made, name) for made, name in best]
            short = " and ".join(f"{left} {name}" for left, name in missing if left > 0)
            if not best:
                return ""
            if not market.happens:
                return "holds until then" if short else "has happened"
            return f"needs {short} more" if short else "has it"
        case _:
            assert_never(market)


_SCARCE = {Stat.STL: 3, Stat.BLK: 3}
"""How many more of these than of others a player must have to be as near to ten."""


def _best(market: DoubleDouble, state: GameState) -> list[tuple[int, str]]:
    """The player's nearest categories, as many as the market asks for, with their names.

    Ten steals or blocks are rare: one of them is not nearer than no assist.
    """
    line = box_line(state, market.player)
    if line is None:
        return []
    known = [(made, x) for x in CATEGORIES if (made := figure(line, x)) is not None]
    known.sort(key=lambda x: (x[0] < CATEGORY_REACHED, _SCARCE.get(x[1], 0) - x[0]))
    return [(made, x.value) for made, x in known[: market.categories]]


def points_needed(direction: Direction, points: float, now: int) -> str:
    """What an over or under needs at a count of `now`: `needs 36 more`, `has room for 3 more`."""
    whole = points == int(points)
    match direction:
        case Direction.OVER:
            more = floor(points) + 1 - now
            if more <= 0:
                return "is over the line"
            tail = "" if not whole else f", {more - 1} pushes" if more > 1 else ", else pushes"
            return f"needs {more} more{tail}"
        case Direction.UNDER:
            room = ceil(points) - 1 - now
            if room < 0:
                return "pushes at best" if now == points else "is over the line"
            return f"has room for {room} more" + (f", {room + 1} pushes" if whole else "")
        case _:
            assert_never(direction)


def short(bet: Bet) -> str:
    """A bet's name in a message: `DEN -4.5`, `DEN ML`, `LAL@DEN o224.5`, `Q3 DEN u28.5`."""
    game, market = bet.game, bet.market
    if isinstance(market, Parlay):
        return f"Parlay ({len(market.legs)})"
    return short_market(market, game)


def short_market(market: Market, game: Game) -> str:
    """A market's name in a message: `DEN -4.5`, `Jokić o25.5 pts`."""
    prefix = "" if market.span is Span.GAME else f"{market.span.value} "
    match market:
        case Moneyline():
            return f"{prefix}{game.code(market.side)} ML"
        case Spread():
            return f"{prefix}{game.code(market.side)} {line_text(market.points, signed=True)}"
        case Total():
            return f"{prefix}{game.name} {market.direction.value[0]}{line_text(market.points)}"
        case TeamTotal():
            code = game.code(market.side)
            return f"{prefix}{code} {market.direction.value[0]}{line_text(market.points)}"
        case OddEven():
            about = game.name if market.side is None else f"{game.code(market.side)} points"
            return f"{prefix}{about} {market.parity.value}"
        case ThreeWay(side):
            backed = f"{game.name} tie" if side is None else f"{game.code(side)} 3-way"
            return f"{prefix}{backed}"
        case PlayerTotal():
            line = f"{market.direction.value[0]}{line_text(market.points)} {market.stat.value}"
            return f"{market.player.surname} {line}"
        case DoubleDouble():
            return f"{market.player.surname} {multiple_text(market)}"
        case _:
            assert_never(market)


def certain_text(result: Result, reason: str, leg: int | None = None) -> str:
    """Say that a bet, or its leg number `leg`, is certain although its game goes on."""
    who = "" if leg is None else f"leg {leg} "
    match result:
        case Result.WON:
            words = "can no longer lose"
        case Result.LOST:
            words = "can no longer win"
        case _:
            words = f"is a {result.value}"
    return f"{who}{words}: {reason}"


def has_begun(market: Market, state: GameState) -> bool:
    """Whether the market's span of the game has begun."""
    tipped = state.phase.in_play or state.phase is Phase.FINAL
    return tipped and state.period >= market.span.periods(state.game.rules).start


def is_over(market: Market, state: GameState) -> bool:
    """Whether no more points can count for a market."""
    if state.phase is Phase.FINAL:
        return True
    last = market.span.periods(state.game.rules).stop - 1
    ended = state.phase is Phase.BREAK and state.clock == 0
    past = state.period > last or (state.period == last and ended)
    return past and not market.span.counts_overtime


def counted(market: Wager, state: GameState) -> Score | None:
    """The points that count for a market so far; None before its span, or when not known.

    None also for a parlay, whose legs have spans of their own.
    """
    if isinstance(market, Parlay) or not has_begun(market, state):
        return None
    wanted = market.span.periods(state.game.rules)
    return state.points_in(wanted.start, None if market.span.counts_overtime else wanted.stop - 1)


def progress(legs: Sequence[LegStanding]) -> str:
    """A parlay's legs counted by how they stand: `2 alive, 1 hit`; empty for a bet without legs."""
    counts = (
        (sum(x.lost for x in legs), "lost"),
        (sum(x.alive for x in legs), "alive"),
        (sum(x.hit for x in legs), "hit"),
        (sum(x.dropped for x in legs), "dropped"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count)


def leg_standing(known: LegStanding) -> str:
    """Where one leg of a parlay stands: its result with the evidence, `hit`, `lost`, or `44 %`."""
    if known.result is not None:
        return f"{known.result.value} ({known.reason})" if known.reason else known.result.value
    if known.unclear:
        return f"cannot be told: {known.unclear}"
    if known.hit or known.lost:
        return "hit" if known.hit else "lost"
    if known.no_chance is not None:
        return "out: will be void" if known.out else known.no_chance.text
    return "not seen yet" if known.chance is None else hit_text(known.chance)


def standing(market: Wager, state: GameState) -> str:
    """Where a bet stands in a few words: `leads by 7`, `189 now`, `Q3 not begun`; may be empty.

    It is empty for a parlay: see `progress`.
    """
    if isinstance(market, Parlay):
        return ""
    if isinstance(market, PlayerMarket):
        return player_standing(market, state)
    score = counted(market, state)
    span = "" if market.span is Span.GAME else market.span.value
    if score is None:
        return f"{span} not begun" if span and not has_begun(market, state) else ""
    if is_over(market, state):
        return f"{span} ended {score.away} – {score.home}" if span else ""
    return _stands(market, score, span)


def _stands(market: GameMarket, score: Score, span: str) -> str:
    match market:
        case Moneyline() | Spread():
            return _lead(score.of(market.side) - score.of(market.side.other), span)
        case Total():
            return f"{score.total} now"
        case TeamTotal():
            return f"{score.of(market.side)} now"
        case OddEven():
            points = score.total if market.side is None else score.of(market.side)
            return f"{points} now"
        case ThreeWay(side):
            if side is not None:
                return _lead(score.of(side) - score.of(side.other), span)
            apart = abs(score.margin)
            return f"{apart} apart in {span}" if apart else f"tied in {span}"
        case _:
            assert_never(market)


def _lead(margin: int, span: str) -> str:
    part = f" {span}" if span else ""
    if margin == 0:
        return f"tied{' in' if part else ''}{part}"
    return f"{'leads' if margin > 0 else 'trails'}{part} by {abs(margin)}"


def needs(market: Wager, state: GameState) -> str:
    """What a bet needs to win: `needs to win by 5`, `needs 36 more`.

    Empty for a parlay, and when its span is over or its game is off.
    """
    if isinstance(market, Parlay) or is_over(market, state) or state.phase.off:
        return ""
    if isinstance(market, PlayerMarket):
        return player_needs(market, state)
    score = counted(market, state)
    if score is None and has_begun(market, state):
        return ""
    return _needed(market, score or Score(0, 0))


def _needed(market: GameMarket, score: Score) -> str:
    can_tie = market.span is not Span.GAME
    part = "" if market.span is Span.GAME else f" {market.span.value}"
    match market:
        case Moneyline():
            return f"needs to win{part}" + (", a tie pushes" if can_tie else "")
        case Spread():
            return _margin_needed(market.points, part, can_tie=can_tie)
        case Total():
            return points_needed(market.direction, market.points, score.total)
        case TeamTotal():
            return points_needed(market.direction, market.points, score.of(market.side))
        case OddEven():
            return f"needs an {market.parity.value} {'total' if market.side is None else 'number'}"
        case ThreeWay(side=None):
            return f"needs a tie at the end of {market.span.value}"
        case ThreeWay():
            return f"needs to win{part}, a tie loses"
        case _:
            assert_never(market)


def _margin_needed(points: float, part: str, *, can_tie: bool) -> str:
    least = floor(-points) + 1
    pushes = least - 1 if points == int(points) else None
    if least < 0:
        tail = "" if pushes is None else f", {-pushes} pushes"
        return f"may lose{part} by up to {-least}{tail}"
    if least == 0:
        tail = "" if pushes is None else f", losing by {-pushes} pushes"
        return f"needs to win{' or tie' if can_tie else ''}{part}{tail}"
    by = f" by {least}" if least > 1 else ""
    if pushes is None or (pushes == 0 and not can_tie):
        return f"needs to win{part}{by}"
    return f"needs to win{part}{by}, {pushes or 'a tie'} pushes"
