"""Promises of commands run beside the daemon: output as at the terminal, within a limit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tracker.daemon.bot import CommandRun, Commands


def configured(folder: Path) -> Path:
    """A configuration with a database of its own."""
    config = folder / "tracker.toml"
    feeds = "".join(f'[feeds.{x}]\nbase_url = "http://127.0.0.1:9"\n' for x in ("nba", "espn"))
    config.write_text(f'[store]\npath = "tracker.db"\n{feeds}', "utf-8")
    return config


async def test_a_command_is_run_with_the_daemons_configuration(tmp_path: Path) -> None:
    """A command runs with the daemon's configuration; its output or its refusal is returned."""
    run = Commands(configured(tmp_path))
    ran = await run("add", "--json", "--no-chance", "--", "DEN -4.5 -110 $20")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["number"] == 1
    refused = await run("add", "--json", "--no-chance", "--", "--help")
    assert refused.status != 0
    assert refused.complaint
    assert "Traceback" not in refused.err
    assert (await run("chart", "--", "77")).complaint.startswith("there is no bet 77")


async def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """A command that takes too long is ended, and the result says so."""
    run = Commands(configured(tmp_path), limit=0.01)
    assert await run("doctor") == CommandRun(1, "", "error: it took longer than 0.01 s")
    assert (await run("doctor")).complaint == "it took longer than 0.01 s"


def test_a_failure_without_a_sentence_still_says_something() -> None:
    """A failure without an error sentence still gives a complaint."""
    assert "tracker doctor" in CommandRun(1, "", "Segmentation fault").complaint


async def test_a_command_that_cannot_be_started_is_one_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade that takes the program away, or a NUL in a word, ends no daemon."""
    run = Commands(configured(tmp_path))
    assert (await run("chart", "1\0")).complaint.startswith("it could not be started")
    monkeypatch.setattr("sys.executable", str(tmp_path / "gone"))
    assert (await run("doctor")).complaint.startswith("it could not be started")
