"""Damages recorded documents and parses them: each must give a valid value or a named error.

`python -m benchmarks.fuzz [COUNT [NAME ...]]` parses COUNT (by default 100,000) damaged bodies of
each document, or of those that are named. For each it prints how many could be read, the CPU time,
and the memory in use.
"""

from __future__ import annotations

import copy
import json
import random
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.feeds.test_hostile import PARSERS, STRANGE, check, places  # noqa: E402

COUNT = 100_000
SEED = 20260129
SLOWEST_S = 0.25
"""The most seconds of CPU that one body may take."""


def main() -> int:
    """Damage and parse every document; returns 1 when a body took too long.

    A parser that breaks raises.
    """
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    print("| document | read | malformed | mean | slowest | memory |")
    print("| --- | --- | --- | --- | --- | --- |")
    bad = 0
    for name in sys.argv[2:] or PARSERS:
        parse, body = PARSERS[name]
        rng = random.Random(SEED)  # noqa: S311 - the same damage on every run
        read, times = 0, []
        for _ in range(count):
            wrong = damaged(body, rng)
            began = time.thread_time()
            read += check(parse, wrong)
            times.append(time.thread_time() - began)
        slowest = max(times)
        bad += slowest > SLOWEST_S
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        mean = sum(times) / count * 1000
        print(
            f"| {name} | {read:,} | {count - read:,} | {mean:.2f} ms | {slowest * 1000:.0f} ms | "
            f"{memory:.0f} MB |",
            flush=True,
        )
    return int(bad > 0)


def damaged(body: bytes, rng: random.Random) -> bytes:
    """A body with random bytes changed, or its document with values changed or removed."""
    if rng.random() < 0.4:
        at = rng.randrange(len(body))
        cut = rng.choice([0, 1, 4, rng.randrange(len(body))])
        return body[:at] + rng.randbytes(rng.randrange(5)) + body[at + cut :]
    changed = json.loads(body)
    for _ in range(rng.randint(1, 4)):
        every = places(changed)
        if not every:
            break
        holder, key = rng.choice(every)
        if rng.random() < 0.6:
            holder[key] = copy.deepcopy(rng.choice(STRANGE))
        else:
            del holder[key]
    return json.dumps(changed).encode()


if __name__ == "__main__":
    sys.exit(main())
