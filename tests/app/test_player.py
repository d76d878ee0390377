"""Promises of a player's sheet: his games as played, and a line's chance by the forecast."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, keep_games, tonight
from tracker.app.player import PlayerQuestion, PlayerSheet, sheets
from tracker.app.pricing import PricingBasis
from tracker.domain import Misused, TrackerError
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.player import Availability, Injury, Stat
from tracker.domain.poll import Document
from tracker.domain.quote import Quote, Selection
from tracker.store import Store

POINTS = (31, 20, 25, 28, 17, 30, 24, 26, 22, 27, 33, 19)


@pytest.fixture
def season(config: Path) -> Path:
    """Twelve games of a player, every second one at home, and the next one tonight."""
    now = datetime.now(UTC)
    database = config.parent / "state" / "tracker.db"

    async def fill() -> None:
        async with await Store.open(database, now=now, durable=False) as store:
            for n, points in enumerate(POINTS):
                home, away = ("DEN", "LAL") if n % 2 else ("BOS", "DEN")
                start = now - timedelta(days=2 * (n + 1))
                game = Game(f"0022590{n:03d}", "nba", home, away, start)
                stats = (("pts", points), ("reb", 8), ("ast", 6), ("stl", 1), ("blk", 1),
                         ("3pm", 2), ("to", 3))  # fmt: skip
                side = Side.HOME if n % 2 else Side.AWAY
                who = PlayerLine("1", "Nikola Jokic", side, stats, 34.0, starter=True, played=True)
                final = GameState(game, Phase.FINAL, 4, 0.0, Score(110, 100), players=(who,))
                await store.save_games([(game, None)], now)
                await store.players.keep_finished(final)

    asyncio.run(fill())
    keep_games(config, (Game("0022600999", "nba", "DEN", "LAL", tonight()),))
    return database


def test_a_players_games_are_told_and_a_line_has_a_chance(cli: Cli, season: Path) -> None:
    """A sheet has means by window, place and opponent; a line's chance falls as the line rises."""
    assert season.is_file()
    ran = cli("player", "nikola jokic", "--line", "24.5", "--json")
    assert ran.status == 0, ran.err
    found = ran.json
    means = {x["of"]: (x["games"], round(x["mean"], 2)) for x in found["rolling"]}
    assert means["last 3"] == (3, round(sum(POINTS[:3]) / 3, 2))
    assert means["season"][0] >= 10
    assert means["against LAL"][0] == 6
    assert found["next_game"] == "0022600999"
    assert found["over"] == {"games": sum(x > 24.5 for x in POINTS), "of": 12}
    chances = [
        cli("player", "Jokic", "--line", x, "--json").json["chance"]["win"]
        for x in ("14.5", "24.5", "34.5")
    ]
    assert chances == sorted(chances, reverse=True)
    assert 0.3 < chances[1] < 0.7
    assert "chance of the over" in cli("player", "Jokic", "--line", "24.5").out


def rule_out(database: Path) -> None:
    """Let the injury list rule the player out."""

    async def hurt() -> None:
        now = datetime.now(UTC)
        async with await Store.open(database, now=now) as store:
            out = Injury("nba", "DEN", "Nikola Jokic", Availability.OUT, "Ankle")
            await store.seasons.keep_injuries("nba", [out], now)

    asyncio.run(hurt())


def test_who_is_out_has_no_chance(cli: Cli, season: Path) -> None:
    """A player who is out has no chance, as a bet on him would be void."""
    rule_out(season)
    assert cli("player", "Jokic", "--line", "24.5", "--json").json["chance"] is None
    assert "would be void" in cli("player", "Jokic", "--line", "24.5").out


def test_what_the_next_opponent_allows_stands_beside_the_league(cli: Cli, season: Path) -> None:
    """The sheet gives what the next opponent allows of the figure, and the league's mean."""
    assert season.is_file()
    allowed = cli("player", "Jokic", "--json").json["allowed"]
    against = [x for n, x in enumerate(POINTS) if n % 2]
    assert allowed == {
        "team": "LAL",
        "games": len(against),
        "mean": pytest.approx(sum(against) / len(against)),
        "league": pytest.approx(sum(POINTS) / len(POINTS)),
    }
    assert "LAL      allows" in cli("player", "Jokic").out


def test_a_namesake_on_another_team_changes_nothing(cli: Cli, season: Path) -> None:
    """A sheet and its chance are of one man, whatever another of his name does for another team.

    What he did for another team before he came to this one is his.
    """
    now = datetime.now(UTC)

    async def fill(away: str, days: list[int]) -> None:
        async with await Store.open(season, now=now, durable=False) as store:
            for n in days:
                start = now - timedelta(days=n, hours=12)
                game = Game(f"00224{away}{n}", "nba", "MIA", away, start)
                stats = (("pts", 2), ("reb", 0), ("ast", 0))
                who = PlayerLine("2", "Nikola Jokic", Side.AWAY, stats, 5.0, played=True)
                final = GameState(game, Phase.FINAL, 4, 0.0, Score(110, 100), players=(who,))
                await store.players.keep_finished(final)

    def told() -> tuple[int, float]:
        found = cli("player", "nikola jokic", "--line", "24.5", "--json").json
        return len(found["games"]), found["chance"]["win"]

    alone = told()
    asyncio.run(fill("PHX", [3 + 2 * n for n in range(10)]))
    assert told() == alone
    asyncio.run(fill("UTA", [40, 42]))
    assert told()[0] == alone[0] + 2


def test_an_edge_has_the_chance_that_everybody_else_gives(cli: Cli, season: Path) -> None:
    """A price is judged by the chance that a bet on it would have; who is out has no edge."""

    async def quote() -> None:
        now = datetime.now(UTC)
        over = Selection("player_points", "over", 24.5, "Nikola Jokic")
        quotes = [
            Quote("0022600999", book, side, now, odds, now)
            for book in ("fanduel", "betmgm")
            for side, odds in ((over, 6.0), (over.opposite, 1.1))
        ]
        async with await Store.open(season, now=now) as store:
            await store.players.meet({("nba", "DEN"): ["Nikola Jokic"]}, now)
            document = Document("the_odds_api", "/v4/odds", now, b"[]", "d" * 64)
            await store.quotes.record(document, quotes, None, {})

    asyncio.run(quote())
    # The line of a bet tells of the game, whoever asks.
    assert cli("add", "LAL@DEN over 250.5 -110").status == 0
    found = cli("edges", "--json").json
    row = (found["edges"] + found["disagreements"])[0]
    checked = cli("check", "LAL@DEN Jokic o24.5 pts", "--json").json
    assert row["p"] == pytest.approx(checked["p"], abs=1e-9)
    rule_out(season)
    found = cli("edges", "--json").json
    assert found["edges"] == found["disagreements"] == []


async def test_fifty_are_answered_at_once_each_for_himself(season: Path) -> None:
    """Fifty questions are answered in order; for an unknown player there is the reason."""
    now = datetime.now(UTC)
    asks = [PlayerQuestion("Nikola Jokic", Stat.PTS, 10.5 + n) for n in range(48)]
    asks += [PlayerQuestion("Nobody Atall"), PlayerQuestion("Nikola Jokic", Stat.REB)]
    async with await Store.open(season, now=now) as store:
        found = await sheets(PricingBasis(store, lambda _: None), asks, now)
        with pytest.raises(Misused, match="ask about 50 at once"):
            await sheets(PricingBasis(store, lambda _: None), [*asks, asks[0]], now)
    wins = [x.chance.win for x in found[:48] if isinstance(x, PlayerSheet)
            and isinstance(x.chance, Chance)]  # fmt: skip
    assert len(wins) == 48
    assert wins == sorted(wins, reverse=True)
    assert isinstance(found[48], TrackerError)
    last = found[49]
    assert isinstance(last, PlayerSheet)
    assert (last.stat, last.line, last.chance) == (Stat.REB, None, None)


def test_what_is_not_known_is_said(cli: Cli, season: Path) -> None:
    """An unknown player, an unknown figure and an impossible line are refused with a reason."""
    assert season.is_file()
    assert "no game of" in cli("player", "Nobody Atall").sentence
    assert "is not counted" in cli("player", "Jokic", "--stat", "fouls").sentence
    assert "write one such as 25.5" in cli("player", "Jokic", "--line", "24.3").sentence
