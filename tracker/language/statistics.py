"""Reads what a player line counts: `pts`, `made threes`, `P+R+A`, `points rebounds assists`."""

from __future__ import annotations

import re

from tracker.domain.player import Stat
from tracker.language.tokens import Line
from tracker.language.vocabulary import LETTERS, STATS, SUMS, UNKNOWN_STATS

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
