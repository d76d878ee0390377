"""Promises of `tracker games`: games of any league with live scores and the number of bets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, keep_games
from tests.cli.test_run import read_until, started
from tracker.domain.game import Game, GameState, Phase, Score

TIP_OFF = "2026-01-30T00:00:00Z"
AN_HOUR_LATER = "2026-01-30T01:00:00Z"


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A configuration: all recorded games an hour into play, and a daemon on the same clock."""
    folder = tmp_path_factory.mktemp("evening")
    config = folder / "tracker.toml"
    server = started(
        "replay", "serve", "--port", "0", "--tip-off", TIP_OFF, "--clock-start", AN_HOUR_LATER
    )
    daemon = None
    try:
        url = read_until(server.stdout, "Playing").split()[-1]
        tables = "".join(f'[feeds.{x}]\nbase_url = "{url}"\n' for x in ("nba", "wnba", "espn"))
        store = f'[store]\npath = "{folder / "t.db"}"\n'
        config.write_text(f'timezone = "UTC"\n{store}{tables}', "utf-8")
        words = read_until(server.stdout, "--clock-start").split(" run ", 1)[1].split()
        daemon = started("--config", str(config), "run", *words)
        read_until(daemon.stderr, "daemon.started")
        yield config.read_text("utf-8")
    finally:
        for process in (daemon, server):
            if process is not None:
                process.terminate()
                process.communicate(timeout=20)


@pytest.fixture
def playing(evening: str, config: Path) -> None:
    """A configuration of one's own for that evening, whose database and daemon are shared."""
    config.write_text(evening, "utf-8")


def test_games_with_scores_and_bets(playing: None, cli: Cli) -> None:
    """Tonight's games of a league are listed with clock, score and number of bets."""

    def listed() -> dict[str, Any]:
        return {x["id"]: x for x in cli("games", "--league", "nba", "--json").json}

    before = listed()["0022500680"]["bets"]
    assert cli("add", "SAC@PHI PHI ML").status == 0
    nba = listed()
    assert nba["0022500680"]["bets"] == before + 1
    assert nba["0022500680"]["phase"] == "live"
    assert nba["0022500680"]["score"]["home"] > 20
    shown = cli("games", "-l", "NBA").out
    assert "SAC@PHI" in shown
    assert f"SAC {nba['0022500680']['score']['away']}" in shown


def test_a_bet_that_is_decided_when_it_is_added_is_told_as_that(playing: None, cli: Cli) -> None:
    """A bet on a quarter that is over gets no chance, edge or Kelly share."""
    cli("games", "--league", "nba")
    added = cli("add", "SAC@PHI Q1 SAC ML -110 $10", "--chance")
    assert added.status == 0
    assert "Already  can no longer win: Q1 SAC 25, PHI 28" in added.out
    assert "p(hit)" not in added.out
    asked = cli("check", "SAC@PHI Q1 over 40.5 -110")
    assert asked.status == 1
    assert "it is decided: can no longer lose: Q1 SAC 25, PHI 28" in asked.sentence
    parlay = cli("add", "parlay: PHI ML; Q1 PHI ML; over 180.5 +300 $10")
    assert "Already  leg 2 can no longer lose" in parlay.out


def test_scores_that_are_held_back_are_said_to_be(playing: None, cli: Cli, config: Path) -> None:
    """With a delay the feed's own scores are not shown, and a note says so."""
    cli("games", "--league", "nba", "--refresh")
    config.write_text(f'{config.read_text("utf-8")}[alerts]\ndelay = "35s"\n', "utf-8")
    ran = cli("games", "--league", "nba")
    assert "Scores are shown 35 s late, by `alerts.delay`." in ran.err


@pytest.mark.parametrize(("league", "game"), [("wnba", "LVA@SEA"), ("ncaam", "UCF@VILL")])
def test_another_league(playing: None, cli: Cli, league: str, game: str) -> None:
    """A named league is asked about even if no bet is on it."""
    told = cli("games", "--league", league, "--json")
    assert game in {f"{x['away']}@{x['home']}" for x in told.json}
    assert {x["league"] for x in told.json} == {league}
    assert {x["phase"] for x in told.json} <= {"live", "break"}


def test_the_doctor_holds_each_host_to_its_budget(playing: None, cli: Cli) -> None:
    """`doctor` shows each source's answer, and the daemon's requests to each host so far."""
    told: dict[str, str] = {}
    for _ in range(100):
        # The daemon stores its counts within a second of its first answer.
        told = {x["check"]: x["text"] for x in cli("doctor", "--json").json}
        if "nba requests" in told:
            break
    assert "games" in told["nba"]
    assert "asked at most 120 times a minute" in told["nba"]
    assert "asked at most 60 times a minute" in told["espn nba"]
    assert "in the busiest, of 120 at most" in told["nba requests"]
    assert "since the daemon started, 0 failed" in told["nba requests"]


def test_all_games_are_those_of_the_days_around(config: Path, cli: Cli) -> None:
    """`--all` lists no game of weeks ago; its date does."""
    now = datetime.now(UTC)
    old, near = (
        Game(f"002260000{n}", "nba", "DEN", "LAL", now - timedelta(days=n)) for n in (60, 2)
    )
    keep_games(config, [GameState(x, Phase.FINAL, 4, 0.0, Score(100, 99)) for x in (old, near)])
    assert [x["id"] for x in cli("games", "--all", "--json").json] == [near.id]
    assert [x["id"] for x in cli("games", "--day", str(old.slate), "--json").json] == [old.id]


def test_a_league_that_there_is_not(config: Path, cli: Cli) -> None:
    """An unknown league gives a sentence that lists the known ones."""
    told = cli("games", "--league", "nfl")
    assert told.status == 2
    assert "nba, wnba, ncaam, ncaaw, gleague" in told.sentence
