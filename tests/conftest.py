"""What holds for every test: drawn examples are the same on each run, on machines of any speed."""

from __future__ import annotations

import gc

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
# Other examples each time: `pytest --hypothesis-profile=explore`.
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile("same")


def pytest_collection_finish() -> None:
    """Let no search for garbage look through the tests themselves, which stay to the end."""
    gc.collect()
    gc.freeze()
