"""Counts the points of the night at which the program was killed, for docs/promise.md.

Run as a program: `python -m tests.promise.points`. `--full` walks through every statement,
`--every K` through every k-th only. `--write` puts the figures into docs/promise.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.promise.script import FEW, MANY
from tests.promise.sink import Sink, broken, die_at_every_operation, told

PAGE = Path(__file__).parents[2] / "docs" / "promise.md"
MARKS = {
    False: ("<!-- points: made by tests/promise/points.py -->", "<!-- end of points -->"),
    True: ("<!-- all points: made by tests/promise/points.py -->", "<!-- end of all points -->"),
}


def table(found: list[dict[str, Any]], taking: Sink, full: bool, every: int) -> str:
    """The figures as a Markdown table."""
    picks = MANY if full else FEW
    faults = [line for one in found for line in broken(one, found[-1], taking, picks)]
    arrived = [told(taking.got[one["n"]]) for one in found]
    flagged = sum(n for each in arrived for (_, said), n in each.items() if said)
    alerts = sum(len(one["fired"]) for one in found)
    what = "statements" if full else "operations"
    walked = what if every == 1 else f"{what}, one in {every},"
    rows = {
        f"{walked} at which it died": f"{len(found) - 1:,}",
        "deaths": f"{sum(one['deaths'] for one in found):,}",
        "alerts recorded, all nights together": f"{alerts:,}",
        "flagged repeats": f"{flagged:,}",
        "broken promises (lost, unflagged, settled twice, decided otherwise, unsound)": (
            f"**{len(faults)}**"
        ),
    }
    lines = ["| figure | value |", "| --- | --- |", *(f"| {a} | {b} |" for a, b in rows.items())]
    return "\n".join(lines)


def main() -> int:
    """Walk through all deaths and print; `--write` writes. Returns 1 when the promise broke."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--full", action="store_true")
    words.add_argument("--every", type=int, default=1)
    words.add_argument("--write", action="store_true")
    given = words.parse_args()
    asked = [*(["--full"] if given.full else []), "--every", str(given.every)]
    with tempfile.TemporaryDirectory() as name:
        found, taking = asyncio.run(die_at_every_operation(Path(name), *asked))
    text = table(found, taking, given.full, given.every)
    sys.stdout.write(text + "\n")
    if given.write:
        begin, end = MARKS[given.full]
        page = PAGE.read_text("utf-8")
        head, _, rest = page.partition(begin)
        _, _, tail = rest.partition(end)
        PAGE.write_text(f"{head}{begin}\n\n{text}\n\n{end}{tail}", "utf-8")
    return int("**0**" not in text)


if __name__ == "__main__":
    sys.exit(main())
