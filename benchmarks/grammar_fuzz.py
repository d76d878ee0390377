"""Parses a million lines that are almost bets: `python -m benchmarks.grammar_fuzz [LINES]`."""

from __future__ import annotations

import sys
import time

from tests.domain.test_grammar_fuzz import fuzz
from tests.domain.test_grammar_slips import SLIPS
from tracker.domain.league import LEAGUES
from tracker.language import find_in, parse_bet

SLIP_BUDGET_S = 0.0005
"""The most seconds to read a slip, so that a file of two thousand is read within a second."""


def main() -> int:
    """Print the figures; returns 1 when reading a slip takes longer than its budget."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    find = find_in(*LEAGUES)
    written = [text.replace("\\n", "\n") for _, text in SLIPS]
    for text in written:
        parse_bet(text, find)
    parse_bet.cache_clear()
    began = time.perf_counter()
    for text in written:
        parse_bet(text, find)
    each = (time.perf_counter() - began) / len(written)
    print(f"a slip is read in {each * 1e6:.0f} µs on average ({len(written)} slips)")
    began = time.perf_counter()
    understood, slowest = fuzz(2, count)
    took = time.perf_counter() - began
    print(
        f"{count} lines in {took:.0f} s: {understood} read as bets, "
        f"{count - understood} told what is wrong, none failed; slowest {slowest * 1e3:.1f} ms"
    )
    return int(each > SLIP_BUDGET_S)


if __name__ == "__main__":
    sys.exit(main())
