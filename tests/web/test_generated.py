"""Calls generated from the OpenAPI document: nothing breaks, and each answer is as described."""

from __future__ import annotations

import asyncio
import itertools
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as HypothesisPhase
from schemathesis.checks import CHECKS, load_all_checks

from tests.cli.conftest import config, home, night, played  # noqa: F401 - fixtures
from tests.web.conftest import with_a_game_to_come
from tracker.clock import SystemClock
from tracker.forecast.shipped import load_parameters
from tracker.settings import load_settings
from tracker.store import Store
from tracker.store.web_access import KeyScope
from tracker.web.app import build

KEYS = 120
"""Each may ask 120 times a minute."""

CALLS = int(os.environ.get("TRACKER_CALLS", "5000"))

AS_DESCRIBED = (
    "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance",
)  # fmt: skip
ENDLESS, HEALTH = "/api/v1/events", "/api/v1/health"


@pytest.fixture
def served(night: Path, config: Path) -> Iterator[tuple[str, list[str]]]:  # noqa: F811
    """A server in a thread of its own, and many keys that open everything."""
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
    """5,000 calls over all operations: no 5xx, no answer that the document does not tell of."""
    url, keys = served
    load_all_checks()
    checks = [x for x in CHECKS.get_all() if x.__name__ in AS_DESCRIBED]
    assert len(checks) == len(AS_DESCRIBED)
    turn = itertools.cycle(keys)
    schema = schemathesis.openapi.from_url(
        f"{url}/api/v1/openapi.json", headers={"Authorization": f"Bearer {keys[0]}"}
    )
    operations = [x.ok() for x in schema.get_all_operations() if x.ok().path != ENDLESS]
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
        def call(case: schemathesis.Case) -> None:
            headers = {"Authorization": f"Bearer {next(turn)}"}
            answer = case.call(base_url=url, headers=headers, timeout=30)
            seen[case.operation.label, answer.status_code] += 1
            assert answer.status_code < 500 or case.path == HEALTH, answer.text
            case.validate_response(answer, checks=checks, headers=headers)

        try:
            call()
        except Exception as why:
            wrong.append(f"{operation.label}: {why}")
    print(
        *(f"{count:5} {status} {label}" for (label, status), count in sorted(seen.items())),
        sep="\n",
    )  # noqa: T201
    assert not wrong, "\n".join(wrong)
    assert sum(seen.values()) >= CALLS * 0.8
