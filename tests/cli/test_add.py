"""Promises of `tracker add`: one line in, one bet, its game found, and never two of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, keep_games, tonight
from tracker.domain.game import Game

pytestmark = pytest.mark.usefixtures("slate")


def test_a_line_becomes_a_bet_on_the_game_that_it_means(cli: Cli) -> None:
    """The game, the price and what it needs are told back."""
    ran = cli("add", "DEN -4.5 -110 $20")
    assert ran.status == 0
    assert "Los Angeles Lakers at Denver Nuggets" in ran.out
    assert "#1 DEN -4.5 · -110 · stake $20.00 to win $18.18 · break-even 52.4 %" in ran.out
    assert "p >= 0.80 · p <= 0.30 · settled" in ran.out


def test_a_line_need_not_be_quoted(cli: Cli) -> None:
    """Words with a minus are no options."""
    assert cli("add", "DEN", "-4.5", "-110", "--json").json["odds"] == "-110"


def test_the_same_line_again_is_the_same_bet(cli: Cli) -> None:
    """It says so, adds nothing, and is no failure."""
    cli("add", "DEN -4.5 -110 $20")
    again = cli("add", "DEN -4.5 -110 $20")
    assert again.status == 0
    assert "already registered as #1" in again.out
    assert len(cli("bets", "--json").json) == 1


def test_the_same_words_are_another_bet_once_they_mean_another_game(
    cli: Cli, config: Path, slate: tuple[Game, ...]
) -> None:
    """A line that was added for last week's game can be added for tonight's."""
    first = cli("add", "MIA@BOS over 210.5", "--json").json
    past = Game("0022600002", "nba", "BOS", "MIA", tonight(-30.0))
    keep_games(config, (past, Game("0022600009", "nba", "BOS", "MIA", tonight(4.0))))
    second = cli("add", "MIA@BOS over 210.5", "--json").json
    third = cli("add", "MIA@BOS over 210.5", "--json").json
    assert (first["game"]["id"], second["game"]["id"]) == ("0022600002", "0022600009")
    assert second["created"]
    assert not third["created"]
    assert third["number"] == second["number"]


def test_options_say_the_same_as_the_line(cli: Cli) -> None:
    """Price, stake, book, rules, tags and an id of one's own."""
    given = (
        "--game LAL@DEN --odds 1.91 --stake 2u --book acme --rule settled --rule p>=0.9 --tag late"
    )
    bet = cli("add", "over 224.5", *given.split(), "--id", "mine", "--json").json
    assert bet["id"] == "mine"
    assert (bet["odds"], bet["stake_cents"]) == ("1.91", 2000)
    assert bet["rules"] == ["settled", "p >= 0.90"]
    shown = cli("show", "mine", "--json").json
    assert (shown["book"], shown["tags"]) == ("acme", ["late"])
    assert shown["pick"] == "over 224.5"


def test_the_pick_is_kept_as_it_was_written(cli: Cli) -> None:
    """Word for word, tags and price included."""
    cli("add", "Nuggets  ml  +135 $10 #x")
    assert cli("bets", "--json").json[0]["pick"] == "Nuggets  ml  +135 $10 #x"


def test_a_date_chooses_among_games_of_the_same_teams(cli: Cli, slate: tuple[Game, ...]) -> None:
    """Without one, the next is meant."""
    later = slate[2]
    dated = cli("add", f"LAL@DEN {later.slate} over 224.5", "--json").json
    assert dated["game"]["id"] == later.id
    assert cli("add", "LAL@DEN over 224.5", "--json").json["game"]["id"] == slate[0].id


def test_what_may_mean_two_games_is_told_with_both(cli: Cli) -> None:
    """Status 2, and nothing is added, where nobody can be asked."""
    ran = cli("add", "over 224.5")
    assert ran.status == 2
    assert "LAL@DEN" in ran.sentence
    assert "MIA@BOS" in ran.sentence
    assert cli("bets", "--json").json == []


def test_a_bet_is_kept_when_the_feed_does_not_answer(cli: Cli) -> None:
    """It waits for its game, and says so."""
    ran = cli("add", "PHI ML")
    assert ran.status == 0
    assert "the daemon matches it later" in ran.out
    (bet,) = cli("bets", "--json").json
    assert bet["game"] == dict.fromkeys(("id", "league", "away", "home", "start"))
    assert bet["market"] is None
    assert cli("status", "--json").json["waiting_for_a_game"] == 1


def test_a_first_chance_can_be_asked_for(cli: Cli) -> None:
    """It is the forecast's own for the game before tip-off."""
    ran = cli("add", "DEN ML -150", "--chance")
    assert "Before   p(hit)" in ran.out


def test_a_withdrawn_bet_can_be_taken_up_again(cli: Cli) -> None:
    """By adding the same line; its number stays."""
    cli("add", "DEN ML")
    assert "no longer followed" in cli("withdraw", "#1").out
    assert cli("bets", "--json").json[0]["status"] == "withdrawn"
    assert "had been withdrawn already" in cli("withdraw", "1").out
    assert "#1 DEN ML (followed again)" in cli("add", "DEN ML").out
    assert cli("bets", "--json").json[0]["status"] == "scheduled"


def test_rules_can_be_replaced_and_given_back(cli: Cli) -> None:
    """A bet's own in place of the defaults, and the defaults again."""
    cli("add", "DEN ML")
    changed = cli("rules", "1", "--set", "p >= 85%", "--set", "hit", "--json").json
    assert [x["rule"] for x in changed["rules"]] == ["p >= 0.85", "hit"]
    back = cli("rules", "1", "--default", "--json").json
    assert [x["rule"] for x in back["rules"]] == ["p >= 0.80", "p <= 0.30", "settled"]
    assert cli("rules", "--json").json == {"rules": ["p >= 0.80", "p <= 0.30", "settled"]}


def test_the_games_that_are_known_are_listed(cli: Cli, slate: tuple[Game, ...]) -> None:
    """Tonight's, each with its tip-off; another day's when asked."""
    cli("add", "DEN ML")
    tonight_ids = {x["id"] for x in cli("games", "--json").json}
    assert slate[0].id in tonight_ids
    assert slate[2].id not in tonight_ids
    later = cli("games", "--day", slate[2].slate.isoformat(), "--json").json
    assert [x["id"] for x in later] == [slate[2].id]
    assert "LAL@DEN" in cli("games", "--all").out
