"""The demo works from start to end, and its exit status says so."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(150)
async def test_the_demo_settles_every_bet_as_the_games_ended(tmp_path: Path) -> None:
    """Four games are played, alerts arrive, bets get their close and settle, charts are drawn."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tracker", "demo", "--speed", "1800", "--out", str(tmp_path),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip
    shown, _ = await demo.communicate()
    text = shown.decode()
    assert demo.returncode == 0, text
    assert "15 of 15 bets settled as the real final boxes say" in text
    assert "daemon exit status 0" in text
    assert text.count("p(hit)") > 11
    assert "live bet" not in text
    assert "was worth" in text.partition("By the closing line")[2]
    assert sum(x.endswith(".png") for x in os.listdir(tmp_path)) == 4  # noqa: PTH208 - async code
