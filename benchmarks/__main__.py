"""Runs benchmarks one after the other, by default all: `python -m benchmarks [NAME ...]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run the benchmarks named, or all; returns 1 when one of them failed."""
    known = sorted(x.stem for x in HERE.iterdir() if not x.stem.startswith("_"))
    wanted = sys.argv[1:] or known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"there is no benchmark {unknown[0]!r}: choose from {', '.join(known)}")
        return 2
    failed = 0
    for name in wanted:
        print(f"\n== {name}", flush=True)
        failed |= subprocess.call([sys.executable, "-m", f"benchmarks.{name}"]) != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
