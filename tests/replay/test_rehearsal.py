"""The rehearsal of a slate in its short form: the real daemon, two games, an hour without feeds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_slate_settles_right_through_an_hour_without_any_source() -> None:
    """Every bet gets the real final's result, each trouble one notice, and no alert is untrue."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.rehearsal", "--quick"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("kept") == 3
