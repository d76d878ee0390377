"""Figures in a person's words: chances, sums, times, records, and why a chance changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Protocol, assert_never

from tracker.domain.bet import Result, Snapshot
from tracker.domain.chance import Chance
from tracker.domain.game import Game, Score
from tracker.domain.money import money_text, plural, profit_cents, several

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
    home = last.game.score.home - first.game.score.home
    away = last.game.score.away - first.game.score.away
    # A break takes no time off the clock, but after it is known who plays on.
    same = first.game.period == last.game.period
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
