"""Promises about priors: commands say which prior a game has, where it is from, and agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.cli.conftest import Cli, in_store
from tracker.domain.game import Game
from tracker.domain.prior import Finished, Lines, PregameLines


def learn(config: Path, game: Game, *, quote: bool) -> None:
    """Store results of both teams and, if wanted, a book's lines, as the daemon would."""
    days = [game.slate - timedelta(days=k) for k in range(1, 21)]
    finished = [Finished("nba", day, "DEN", "LAL", 121, 101) for day in days]
    in_store(config, lambda store: store.known.keep_finished(finished))
    if quote:
        lines = Lines(home_spread=-9.5, total=231.5)
        pregame = {game.id: PregameLines(lines, "ESPN (A Book)", datetime.now(UTC))}
        in_store(config, lambda store: store.known.keep_quotes(pregame))


def test_a_bet_says_what_is_believed_of_its_game(
    cli: Cli, config: Path, slate: tuple[Game, ...]
) -> None:
    """The prior is the league's average, then known results, then a book's lines."""
    cli("add", "DEN over 110.5", "--game", "LAL@DEN", "--json")
    before = cli("show", "1", "--json").json["prior"]
    assert (before["source"], before["margin_by"]) == ("league", "the league's average")
    learn(config, slate[0], quote=False)
    rated = cli("show", "1", "--json").json["prior"]
    assert (rated["source"], rated["total_by"]) == ("ratings", "ratings from 20 results")
    assert rated["margin"] > before["margin"]
    learn(config, slate[0], quote=True)
    quoted = cli("show", "1", "--json").json["prior"]
    assert (quoted["margin"], quoted["total"], quoted["margin_sd"]) == (9.5, 231.5, 0)
    assert "Before   DEN −9.5, total 231.5 · the lines of ESPN (A Book)" in cli("show", "1").out


def test_a_parlay_tells_the_prior_of_each_of_its_games(
    cli: Cli, config: Path, slate: tuple[Game, ...]
) -> None:
    """Each by the game's name, in order of tip-off."""
    learn(config, slate[0], quote=True)
    cli("add", f"parlay: MIA@BOS over 210.5; LAL@DEN {slate[0].slate} over 220.5 +260")
    rows = [x for x in cli("show", "1").out.splitlines() if x.startswith("Before ")]
    games = sorted(slate[:2], key=lambda x: x.start)
    assert [x.split()[1] for x in rows] == [f"{x.name}:" for x in games]
    assert "DEN −9.5, total 231.5" in rows[games.index(slate[0])]


def test_the_first_chance_of_a_bet_is_of_the_same_prior(
    cli: Cli, config: Path, slate: tuple[Game, ...]
) -> None:
    """A team favoured by 9.5 has a higher first chance than an average home team."""
    learn(config, slate[0], quote=True)
    said = cli("add", "DEN ML", "--game", "LAL@DEN", "--chance").out
    (line,) = [x for x in said.splitlines() if "p(hit)" in x]
    assert 70 < float(line.split("p(hit)")[1].split()[0]) < 85


def test_configured_lines_come_before_a_books(
    cli: Cli, config: Path, slate: tuple[Game, ...]
) -> None:
    """Lines in the configuration replace a book's lines as the prior."""
    learn(config, slate[0], quote=True)
    config.write_text(
        config.read_text("utf-8") + '[[lines]]\ngame = "LAL@DEN"\nhome_spread = -2.5\n', "utf-8"
    )
    cli("add", "DEN ML", "--game", "LAL@DEN", "--json")
    prior = cli("show", "1", "--json").json["prior"]
    assert (prior["margin"], prior["margin_by"]) == (2.5, "lines that you gave")
    assert prior["total_by"] == "the lines of ESPN (A Book)"


def test_a_price_of_this_moment_rests_on_all_that_the_daemon_uses(
    cli: Cli, slate: tuple[Game, ...]
) -> None:
    """`check` uses the lines of the other bets on the game as its prior, just as `add` does."""
    assert slate
    cli("add", "DEN -9.5 -110 $20", "--game", "LAL@DEN", "--json")
    cli("add", "LAL@DEN over 231.5 -110 $20", "--json")
    checked = cli("check", "DEN ML -300", "--game", "LAL@DEN", "--json").json
    assert checked["prior"] == "margin from the line of bet #1, total from the line of bet #2"
    cli("add", "DEN ML -300", "--game", "LAL@DEN", "--chance")
    made = cli("show", "3", "--json").json["decision"]
    assert abs(made["p"] - checked["p"]) < 1e-9
    again = cli("check", "DEN -9.5 -110", "--game", "LAL@DEN", "--json").json
    assert abs(again["p"] - 0.5) < 0.05
