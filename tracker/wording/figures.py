"""A bet's figures in a person's words: its name, where it stands, what it needs, sums and times.

It also words the causes of a chance's change, whose shares are rounded so that they add up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo
from math import ceil, floor
from typing import Protocol, assert_never

from tracker.domain.bet import Bet, Parlay, Result, Snapshot, Wager
from tracker.domain.chance import Chance
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
from tracker.domain.money import money_text, plural, profit_cents, several
from tracker.domain.player import box_line, figure
from tracker.domain.tracking import LegStanding


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
    """That a bet's player sits longer than is usual: `off the court for 12 min`; else empty.

    It is told as of the last box: since then he may have come back.
    """
    if not isinstance(market, PlayerTotal | DoubleDouble) or not state.phase.in_play:
        return ""
    line = box_line(state, market.player)
    if line is None or line.on_court or not line.played or line.seen is None or state.overtime:
        return ""
    left = state.seconds_left if state.box is None else state.box.left
    played = (state.game.rules.regulation_seconds - left) / 60
    away = played - line.seen
    return f"off the court for {away:.0f} min" if away >= LONG_REST else ""


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


def _best(market: DoubleDouble, state: GameState) -> list[tuple[int, str]]:
    """The player's highest categories, as many as the market asks for, with their names."""
    line = box_line(state, market.player)
    if line is None:
        return []
    known = [(made, x.value) for x in CATEGORIES if (made := figure(line, x)) is not None]
    return sorted(known, key=lambda x: -x[0])[: market.categories]


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


AHEAD_S = 5.0
"""Seconds by which a moment may lie ahead of the clock and be now: two clocks, or a small step of
one. What lies further ahead was stamped before the clock was set back."""

_MINUTE = 60
_HOUR = 3600
_DAY = 86_400

RESULT_MARKS = {Result.WON: "✅", Result.LOST: "❌", Result.PUSH: "↔", Result.VOID: "⊘"}
"""The sign before a result in a message or on a card."""


def percent(p: float, digits: int = 0) -> str:
    """A chance (0 to 1) as a percentage: `80 %`.

    Only a decided bet shows 0 % or 100 %: a chance that rounds to them shows as `<1 %` or `>99 %`.
    """
    share = round(p * 100, digits)
    step = 10.0**-digits
    if share >= 100 and p < 1:  # noqa: PLR2004 - per cent
        return f">{100 - step:.{digits}f} %"
    if share <= 0 < p:
        return f"<{step:.{digits}f} %"
    return f"{share:.{digits}f} %"


def in_percent(share: float, digits: int = 1) -> str:
    """A share as a percentage, plainly rounded: `18.1 %`, `0.0 %`. Live chances use `percent`."""
    return f"{share:z.{digits}%}".replace("%", " %")


def digits_apart(one: float, other: float) -> int:
    """The decimals, one or more, at which two different shares do not look the same in percent."""
    return next((x for x in (1, 2, 3, 4) if in_percent(one, x) != in_percent(other, x)), 5)


def hit_text(chance: Chance, digits: int = 0) -> str:
    """The chance of winning: `44 %`; `push` where a push is certain, since 0 % would say lost."""
    return "push" if chance.push == 1 else percent(chance.win, digits)


def ranged(peak: float | None, low: float | None) -> str:
    """The range of a chance so far: `peak 96 %, low 48 %`; a dash for one that is not known."""
    shown = ("–" if x is None else percent(x) for x in (peak, low))
    return "peak {}, low {}".format(*shown)


NEAR_LEVEL = 0.03
"""A move beyond a level by less than this shows decimals where the chance before looks like it."""


def percent_change(p: float, was: float, level: float | None = None) -> tuple[str, str | None]:
    """A chance and the chance before it, with a decimal where they would otherwise look the same.

    Near the `level` that was reached, decimals also tell the chance before from it. The second is
    None when they look the same even so.
    """
    near = level not in (None, was) and abs(p - was) < NEAR_LEVEL
    for digits in range(2 if level is None else 3):
        shown = percent(p, digits), percent(was, digits)
        reached = near and shown[1] == percent(level or 0.0, digits)
        if shown[0] != shown[1] and not reached:
            return shown
    return percent(p), None


def whole_points(p: float, was: float) -> int:
    """The change of a chance in percentage points, between its ends as they are shown."""
    return round(p * 100) - round(was * 100)


def signed_money(cents: int) -> str:
    """A profit or a loss: `+$17.39`, `-$20.00`."""
    return f"+{money_text(cents)}" if cents > 0 else money_text(cents)


_WHOSE = ("own money", "free bet")
"""Whose money the stake is, by whether the bet is free."""


FILE_WINS = "The bets file takes this back when it is next read: change the bet's line there too."
"""What to say of a change by hand to a bet of the bets file."""


def change_text(what: str, before: str | None, after: str | None, zone: tzinfo) -> str:
    """A change of a bet's figure in a person's words: `stake $10.00 → $25.00`.

    `what` is the field's name in the audit; one that ends in `_cents` is shown as money, one that
    ends in `_at` as a time in `zone`.
    """
    if what == "free":
        whose = (_WHOSE[x in ("1", "True")] for x in (before, after))
        return " → ".join(whose)
    name = what.removesuffix("_cents").removesuffix("_text").replace("_", " ")

    def shown(value: str | None) -> str:
        if not value:
            return "none"
        if what.endswith("_cents"):
            return money_text(int(value))
        if what.endswith("_at"):
            return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M %Z}"
        return value

    return f"{name} {shown(before)} → {shown(after)}"


def clock_text(at: datetime, now: datetime, zone: tzinfo) -> str:
    """A time of day in the person's zone, with the weekday when it is on another day than now.

    Its zone is named where the clock is put forward or back in between: one hour may come twice.
    """
    local, here = at.astimezone(zone), now.astimezone(zone)
    day = "" if local.date() == here.date() else f"{local:%a} "
    named = "" if local.utcoffset() == here.utcoffset() else f" {local:%Z}"
    return f"{day}{local:%H:%M}{named}"


def span_text(seconds: float) -> str:
    """A duration: `5 s`, `2 min 5 s`, `1 h 3 min`; `an unknown time` for one below 0.

    That is the age of what was stamped before the clock was set back: nobody knows how old it is.
    """
    if seconds < -AHEAD_S:
        return "an unknown time"
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, rest = divmod(whole // _MINUTE, _MINUTE)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def rough_span(seconds: float) -> str:
    """A duration at a glance: `30 s`, `4 min`, `3 h 12 min`; whole days from two days on."""
    if seconds >= 2 * _DAY:
        return f"{seconds // _DAY:.0f} d"
    return span_text(seconds if seconds < _MINUTE else seconds // _MINUTE * _MINUTE)


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


def score_text(game: Game, score: Score) -> str:
    """The score with the away team first: `LAL 91 – 98 DEN`, of women `LSU 70 – 84 SC (W)`."""
    return f"{game.away} {score.away} – {score.home} {game.home}{game.of_women}"


class Staked(Protocol):
    """Anything with a stake: a bet, or the view of a bet."""

    @property
    def own_cents(self) -> int | None:
        """The part of the stake that is the person's money; None when the stake is not known."""
        ...


def deciding(bet: int | str, *, payout: bool) -> str:
    """The command that decides a bet, to be typed after `tracker` or, in the chat, after a slash.

    `payout` is whether the result is known and only the book's payout is missing.
    """
    return f"settle {bet} won " + ("--payout AMOUNT" if payout else "(or lost, push, void)")


def to_decide(bets: Sequence[int | str]) -> str:
    """A line that names the bets whose result or payout a person must decide; empty for none."""
    return f"Needs your decision: {', '.join(f'#{x}' for x in bets)}" if bets else ""


def record_text(won: int, lost: int, pushed: int) -> str:
    """A record: `6–5–1`, or `6–5` where nothing was pushed."""
    return f"{won}–{lost}" + (f"–{pushed}" if pushed else "")


def needing(count: int) -> str:
    """How many bets need a decision: `1 bet needs you`, `2 bets need you`."""
    return f"{plural(count, 'bet')} {several(count, 'needs')} you"


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


def money_for(bet: Staked, result: Result, payout_cents: int | None) -> str:
    """The money of a result, after a blank: ` +$17.39`, ` $20.00 back`; empty when not known."""
    profit = profit_cents(payout_cents, bet.own_cents)
    if payout_cents is None or profit is None:
        return ""
    match result:
        case Result.WON | Result.LOST:
            return f" {signed_money(profit)}"
        case Result.PUSH | Result.VOID:
            return f" {money_text(payout_cents)} back" if payout_cents else ""
        case _:
            assert_never(result)


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
    if isinstance(market, PlayerTotal | DoubleDouble):
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
    if isinstance(market, PlayerTotal | DoubleDouble):
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


def points_moved(first: Chance, last: Chance) -> int:
    """The change of p(hit) in tenths of a percentage point, between its ends as they are shown."""
    begin, end = (round(round(x.win * 100, 1) * 10) for x in (first, last))
    return end - begin


def tenths(shares: Sequence[float], change: int) -> list[int]:
    """Round shares to tenths of a percentage point so that they add up to a change in tenths."""
    exact = [x * 1000 for x in shares]
    whole = [math.floor(x) for x in exact]
    order = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    each, further = divmod(change - sum(whole), len(exact))
    for place, i in enumerate(order):
        whole[i] += each + (place < further)
    return whole


def cause_text(name: str, first: Snapshot, last: Snapshot, game: Game) -> str:
    """Explain a cause of a chance's change between two snapshots, by the cause's name."""
    home = last.score.home - first.score.home
    away = last.score.away - first.score.away
    # A break takes no time off the clock, but after it is known who plays on.
    same = first.period == last.period
    played = {
        "home points": f"{game.home} scored {home}",
        "away points": f"{game.away} scored {away}",
        "clock": "less time is left" if same else "less time is left, or a break is over",
        "lead reversion": "leads tend to shrink",
        "fouling": "how trailing teams play the end",
        "possession": "who has the ball, free throws, the bonus",
        "player": "what the bet's players did, their minutes and fouls",
        "prior": "what was believed before tip-off",
        "calibration": "another model",
        "ends": f"which end {game.away} attacks first",
        "pace": "possessions and fouls so far",
        "live line": "what the market quotes meanwhile",
        "not known": "cannot be worked out again from what is kept",
    }
    return played.get(name, "what happened in that game")
