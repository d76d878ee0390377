"""What holds for every test: drawn examples are the same on each run, on machines of any speed."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import settings

from tracker.host import COLLECT_EVERY

# The tests share the cores already: threads that wait for one another would only burn them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# As they are the same on each run, twice as many would find little that these do not.
settings.register_profile("same", derandomize=True, deadline=None, max_examples=50)
# Other examples each time: `pytest --hypothesis-profile=explore`.
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile("same")


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one of the processes that share the tests fills, and all only read."""
    base = factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = root / f"shared-{name}"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            new = root / f"new-{name}"
            new.mkdir()
            make(new)
            new.rename(folder)
    return folder


@pytest.fixture(autouse=True)
def _loggers_left_as_they_were() -> Iterator[None]:
    """No test changes what the log of the next one holds: a command sets all loggers up anew."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger in root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


def pytest_collection(session: pytest.Session) -> None:
    """Let each worker import the tests from another file on: what one has compiled, others load.

    In one order, all of the workers would compile each file of a fresh clone at the same time.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    tests = Path(__file__).parent
    if not worker or [Path(x).resolve() for x in session.config.args] != [tests]:
        return
    files = sorted(tests.rglob("test_*.py"))
    first = len(files) * int(worker) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for file in files[first:] + files[:first]:
        with suppress(Exception):  # what is wrong with it is said when it is collected
            import_module(".".join(file.relative_to(tests.parent).with_suffix("").parts))


# Nothing that is made while the tests are collected is garbage.
gc.disable()


def pytest_collection_finish() -> None:
    """Let no search for garbage look through the tests themselves, which stay to the end.

    It is looked for as seldom as in a daemon: frozen values, which most are, need no search.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY)
    gc.enable()
