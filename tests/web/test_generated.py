"""Promises of the API under calls generated from its OpenAPI document."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as HypothesisPhase

from tests.cli.conftest import config, home, night, played  # noqa: F401 - fixtures
from tests.web.conftest import with_a_game_to_come
from tracker.clock import SystemClock
from tracker.forecast.game.parameters import load_parameters
from tracker.settings import load_settings
from tracker.store import Store
from tracker.store.access import KeyScope
from tracker.web import build

if TYPE_CHECKING:
    import schemathesis  # 1.5 s, which the tests of every day need not wait for

KEYS = 120
"""Keys that are used in turn, since each may make 120 requests a minute."""

CALLS = int(os.environ.get("TRACKER_CALLS", "5000"))

ENDLESS, HEALTH = "/api/v1/events", "/api/v1/health"


MEANT: dict[str, tuple[str, ...]] = {
    "reference": ("1", "2", "3", "4", "5", "6"),
    "game": ("LAL@DEN", "0022600001", "SAC@PHI"),
    "amount": ("$5", "12.50", "0"),
    "odds": ("+150", "1.91", "-110"),
    "from": ("Q2 4:11", "tip", "half"),
    "to": ("Q4 1:00", "end"),
    "for": ("15m", "2h", "until 22:00"),
    "result": ("won", "void", "push", "lost"),
    "line": ("DEN -4.5 -110 $20", "LAL@DEN over 224.5", "Q1 DEN ML +120 $5", "DEN ML"),
    "stake": ("$12", "2u"),
}
"""Plausible values by field, without which most generated calls would be refused at once."""


def meant(case: schemathesis.Case[Any], draw: random.Random) -> None:
    """Put values that a person would write into most places of a generated call."""
    for place in (case.path_parameters, case.query, case.body):
        if isinstance(place, dict):
            for key in place.keys() & MEANT.keys():
                if draw.random() < 0.7:
                    place[key] = draw.choice(MEANT[key])


@pytest.fixture
def served(night: Path, config: Path) -> Iterator[tuple[str, list[str]]]:  # noqa: F811
    """A server in a thread of its own, and many keys with every scope."""
    keys = asyncio.run(_keys(night))
    app = build(load_settings(config), SystemClock(), load_parameters)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    running = threading.Thread(target=server.run)
    running.start()
    while not server.started:
        assert running.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}", keys
    server.should_exit = True
    running.join()


async def _keys(database: Path) -> list[str]:
    now = SystemClock().now()
    await with_a_game_to_come(database)
    async with await Store.open(database, now=now) as store:
        return [await store.web.add_key(f"k{n}", frozenset(KeyScope), now) for n in range(KEYS)]


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_every_generated_call_is_answered_as_described(served: tuple[str, list[str]]) -> None:
    """5,000 calls over all routes give no 5xx, and no answer that the document lacks."""
    import schemathesis
    from schemathesis.core.result import Ok
    from schemathesis.specs.openapi import checks

    @schemathesis.serializer("application/x-ndjson")
    def as_lines(_: object, value: Any) -> bytes:
        """A batch with a line for each of the generated values."""
        return value if isinstance(value, bytes) else str(value).encode()

    as_described = [
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
    ]
    url, keys = served
    turn, draw = itertools.cycle(keys), random.Random(7)  # noqa: S311 - a test, repeatable
    schema = schemathesis.openapi.from_url(
        f"{url}/api/v1/openapi.json", headers={"Authorization": f"Bearer {keys[0]}"}
    )
    found = [x.ok() for x in schema.get_all_operations() if isinstance(x, Ok)]
    operations = [x for x in found if x.path != ENDLESS]
    seen: Counter[tuple[str, int]] = Counter()
    wrong: list[str] = []
    for operation in operations:
        wanted = CALLS // len(operations)

        @settings(
            max_examples=wanted,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[HypothesisPhase.explicit, HypothesisPhase.generate],
        )
        @given(case=operation.as_strategy())
        def call(case: schemathesis.Case[Any]) -> None:
            meant(case, draw)
            headers = {"Authorization": f"Bearer {next(turn)}"}
            answer = case.call(base_url=url, headers=headers, timeout=30)
            seen[case.operation.label, answer.status_code] += 1
            assert answer.status_code < 500 or case.path == HEALTH, answer.text
            case.validate_response(answer, checks=as_described, headers=headers)

        try:
            call()
        except Exception as why:
            wrong.append(f"{operation.label}: {why}")
    for (label, status), count in sorted(seen.items()):
        print(f"{count:5} {status} {label}")  # noqa: T201 - what was called, for whoever ran it
    assert not wrong, "\n".join(wrong)
    assert sum(seen.values()) >= CALLS * 0.8
