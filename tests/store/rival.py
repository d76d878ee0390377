"""A second process that writes to the same database: `python -m tests.store.rival PATH COUNT`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.store.values import DEFAULTS, GAME, T0, draft
from tracker.store import Store


async def main(path: Path, count: int) -> None:
    """Add this many bets, half of them each in a store of its own, as `tracker add` does."""
    async with await Store.open(path, now=T0) as kept:
        for n in range(count):
            written = draft(f"LAL@DEN over {200 + n}.5")
            if n % 2:
                await kept.add(written, game=GAME, defaults=DEFAULTS, at=T0)
            else:
                async with await Store.open(path, now=T0) as store:
                    await store.add(written, game=GAME, defaults=DEFAULTS, at=T0)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
