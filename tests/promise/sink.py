"""A webhook that records what a dying program sends, and checks of what is found after it."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from tests.promise.script import RESULTS
from tracker.cli.demo import served

_DIGEST = re.compile("you in time|you wanted silence")


class Message(NamedTuple):
    """A message that was posted, and the alert numbers in its header."""

    text: str
    alerts: tuple[int, ...]


@dataclass
class Sink:
    """A webhook that accepts everything; at `/<n>/lost` it answers 500, so that senders doubt."""

    url: str = ""
    got: defaultdict[int, list[Message]] = field(default_factory=lambda: defaultdict(list))

    async def take(self, request: web.Request) -> web.Response:
        """Take a message in the form of Apprise's `json://`."""
        said = json.loads(await request.text())
        alerts = tuple(int(x) for x in request.headers["Idempotency-Key"].split("-") if x)
        self.got[int(request.match_info["n"])].append(Message(said["message"], alerts))
        return web.Response(status=500 if request.match_info["how"] == "lost" else 200)

    async def keep(self, request: web.Request) -> web.Response:
        """A night that ends at operation n has what the undisturbed one, 0, has taken so far."""
        self.got[int(request.match_info["n"])] = list(self.got[0])
        return web.Response()


@asynccontextmanager
async def sink() -> AsyncIterator[Sink]:
    """Run the webhook."""
    taking = Sink()
    app = web.Application()
    app.router.add_post("/{n}/{how}", taking.take)
    app.router.add_put("/{n}", taking.keep)
    async with served(app) as port:
        taking.url = f"json://127.0.0.1:{port}"
        yield taking


def told(messages: list[Message]) -> Counter[tuple[int, bool]]:
    """How often each alert has arrived, by its number and whether marked a possible repeat."""
    found: Counter[tuple[int, bool]] = Counter()
    for text, alerts in messages:
        parts = [text] if _DIGEST.search(text) else text.split("\n\n")
        for number, part in zip(alerts, cycle(parts), strict=False):
            found[number, "possible repeat" in part] += 1
    return found


async def die_at_every_operation(folder: Path, *words: str) -> tuple[list[dict[str, Any]], Sink]:
    """What was found after a death at each operation; the last is the undisturbed night."""
    async with sink() as taking:
        command = [sys.executable, "-m", "tests.promise.deaths", str(folder), taking.url, *words]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=Path(__file__).parents[2], stdout=asyncio.subprocess.PIPE, limit=1 << 24
        )
        assert process.stdout is not None
        found = [json.loads(line) async for line in process.stdout]
        assert await process.wait() == 0
    return found, taking


def broken(
    one: dict[str, Any], calm: dict[str, Any], taking: Sink, picks: tuple[str, ...]
) -> list[str]:
    """How an interrupted night breaks the promise: losses, silent repeats, other decisions.

    `one` is what was found after the interrupted night, `calm` after the undisturbed one.
    """
    arrived = told(taking.got[one["n"]])
    results = sorted([p, r, x] for (p, r), x in RESULTS.items() if p in picks)
    held = {
        "an unsound file": one["sound"] == "ok",
        "an alert without an end": {x or state for _, state, x in one["ends"]} == {"sent"}
        and sorted(alert for alert, _, _ in one["ends"]) == sorted(one["fired"]),
        "an alert that never arrived": {number for number, _ in arrived} == set(one["fired"]),
        "a silent repeat": all(n == 1 or flagged for (_, flagged), n in arrived.items()),
        "a wrong result": sorted(one["results"]) == results,
        "another decision": one["decided"] == calm["decided"],
    }
    return [f"dying at operation {one['n']}: {what}" for what, so in held.items() if not so]
