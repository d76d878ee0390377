"""Reads a parlay: what stands before its legs, the legs, and what the whole pays."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tracker.domain.errors import BadBet
from tracker.domain.pick import ParlayPick, Pick
from tracker.language import vocabulary as say
from tracker.language.figures import (
    read_money,
    read_number,
    read_signed,
    read_tag,
    read_units,
)
from tracker.language.legs import BULLET, read_leg
from tracker.language.picks import pick_of
from tracker.language.slots import Slots
from tracker.language.tokens import Line

_COUNT = re.compile(r"(\d{1,2})-?(legs?|teams?|picks?|legger|man|folds?)")


_FARTHEST = 12
"""Within how many words a parlay is called one, if it is."""


@dataclass(slots=True)
class Heading:
    """What stands before the legs: what it is called, how many legs it says, price and stake."""

    same_game: bool
    count: int | None
    price: Slots


def read_heading(line: Line) -> Heading | None:
    """Reads `sgp:`, `3-leg parlay +450 $10:` and the like; nothing where no parlay is said."""
    said = False
    for place in range(min(_FARTHEST, len(line.words))):
        line.at = place
        said = said or line.phrase(say.PARLAY) > 0
    line.at = 0
    return _heading(line) if said else None


def _heading(line: Line) -> Heading | None:
    found: Heading = Heading(same_game=False, count=None, price=Slots(0, many=True))
    called = False
    while (word := line.word) is not None and word.text != ";":
        counted = _COUNT.fullmatch(word.low)
        if count := line.phrase(say.PARLAY):
            called = True
            found.same_game |= line.phrase(say.SAME_GAME) == count
            line.at += count
        elif counted and not called:
            found.count = int(counted[1])
            line.at += 1
        elif line.peek(1) in say.COUNTERS and (number := _number(word.low)) is not None:
            found.count = number
            line.at += 2
        elif word.low in say.LABELS or word.soft or word.text == "\n" or word.low in ("my", "a"):
            if called and word.text in (":", "\n"):
                line.at += 1
                return found
            line.at += 1
        elif not _priced(line, found.price):
            break
    if not called:
        line.at = 0
        return None
    return found


def _number(low: str) -> int | None:
    return int(low) if low.isascii() and low.isdigit() and len(low) < 3 else say.NUMBERS.get(low)  # noqa: PLR2004


def _priced(line: Line, slots: Slots) -> bool:
    """Reads a part of what the whole pays."""
    if line.peek() in ("+", "=", "@", "odds", "total", "payout"):
        line.at += 1
        return True
    if line.peek()[:1] not in "+-$#" and not line.peek()[:1].isdigit():
        return False
    kept = slots.handicap, slots.number
    slots.moneyline = True  # so that a number can only be a price
    read = any(r(line, slots) for r in (read_tag, read_money, read_units, read_signed, read_number))
    slots.handicap, slots.number = kept
    slots.moneyline = False
    return read


def read_legs(line: Line, *, many: bool) -> list[Slots]:
    """The bets of a line, in their order; one that is only a price stands for the whole."""
    found: list[Slots] = []
    while line.word is not None:
        if (
            line.word.soft
            or line.word.text in ("\n", ";", "+", "&", "/")
            or (found and line.peek() == "and")
        ):
            line.at += 1
            continue
        _skip_bullet(line)
        if found:
            line.leg = len(found) + 1
        found.append(read_leg(line, many=many or bool(found)))
    return found


def _skip_bullet(line: Line) -> None:
    """Pass over `1.`, `Leg 2:`, `Pick:` before a bet."""
    if line.peek(1) and BULLET.fullmatch(line.peek()):
        line.at += 1
    if line.peek() in say.LABELS:
        ahead = 2 if line.peek(1).isdigit() else 1
        if line.peek(ahead) == ":":
            line.at += ahead + 1


def parlay_of(line: Line, heading: Heading | None, read: list[Slots]) -> ParlayPick:
    """The parlay of these legs; BadBet where they do not make one."""
    whole = heading.price if heading is not None else Slots(0, many=True)
    legs = [x for x in read if not x.empty]
    for slots in (x for x in read if x.empty):
        _join(line, whole, slots)
    if legs:
        _take_the_whole(line, whole, legs)
    picks: list[Pick] = []
    for number, slots in enumerate(legs, 1):
        line.leg = number
        text = line.text[line.words[slots.start].place : line.words[slots.end - 1].end]
        before = picks[-1] if picks else None
        picks.append(replace(pick_of(line, slots, text.strip(), before), tags=()))
        if any(x.meaning == picks[-1].meaning for x in picks[:-1]):
            raise line.wrong("the same leg stands before", slots.start)
    line.leg = None
    text = line.text.strip()
    if heading is not None and heading.count not in (None, len(picks)):
        raise BadBet(
            f"{text!r}: it says {heading.count} legs, but {len(picks)} could be read: "
            "write ';' between them"
        )
    return ParlayPick(
        text=text,
        legs=tuple(picks),
        same_game=heading is not None and heading.same_game,
        odds=whole.prices[0][1] if whole.prices else ParlayPick.product(picks),
        stake_cents=whole.stake_cents,
        units=whole.units,
        tags=tuple(dict.fromkeys((*whole.tags, *(tag for x in legs for tag in x.tags)))),
    )


def _take_the_whole(line: Line, whole: Slots, legs: list[Slots]) -> None:
    """Tell the price and stake of the whole, which stand after the last leg, from the legs' own."""
    *earlier, last = legs
    for number, slots in enumerate(earlier, 1):
        line.leg = number
        if slots.stake_cents is not None or slots.units is not None:
            raise line.wrong("a parlay has one stake: write it at the end", slots.stake_at)
        if len(slots.prices) > 1:
            raise line.wrong("a leg has one price", slots.prices[1][0])
    line.leg = None
    priced = bool(earlier) and all(x.prices for x in earlier)
    if last.prices and not whole.prices and (len(last.prices) > 1 or not priced):
        whole.prices.append(last.prices.pop())
    _join(line, whole, Slots(last.start, stake_cents=last.stake_cents, units=last.units))
    last.stake_cents, last.units = None, None


def _join(line: Line, whole: Slots, part: Slots) -> None:
    """Add to the price and stake of the whole what another place says of it."""
    twice = (bool(whole.prices) and bool(part.prices)) or len(part.prices) > 1
    staked = part.stake_cents is not None or part.units is not None
    if twice or (staked and (whole.stake_cents is not None or whole.units is not None)):
        raise line.wrong("the price or the stake of the whole is there twice", part.start)
    whole.prices += part.prices
    whole.tags += part.tags
    if staked:
        whole.stake_cents, whole.units = part.stake_cents, part.units
