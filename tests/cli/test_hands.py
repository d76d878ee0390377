"""Promises of corrections by hand: bets are edited, voided and regraded, with an audit."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import Cli
from tracker.domain.bet import ASK_BOOK
from tracker.domain.game import Game


def test_odds_stake_book_and_tags_can_be_mended(cli: Cli, slate: tuple[Game, ...]) -> None:
    """Each change is shown with the value before, and recorded in the audit."""
    assert slate
    cli("add", "MIA ML +135 $10", "--json")
    ran = cli(
        "edit", "1", "--odds", "+140", "--stake", "2u", "--book", "FanDuel", "--tag", "a", "--json"
    )
    assert (ran.json["odds"], ran.json["stake_cents"]) == ("+140", 2000)
    assert {x["what"] for x in ran.json["changed"]} >= {"odds", "stake_cents", "book", "tags"}
    shown = cli("show", "1", "--json").json
    assert (shown["book"], shown["tags"]) == ("FanDuel", ["a"])
    rows = cli("export", "audit", "--format", "json").json
    assert [x["before"] for x in rows if x["what"] == "odds"] == ["+135"]
    assert "it was so already" in cli("edit", "1", "--odds", "+140").out
    assert "stake $20.00 → $25.00" in cli("edit", "1", "--stake", "25").out
    again = ("--tag", "b", "--tag", "c", "--tag", "#b")
    assert "tags #a → #b #c" in cli("edit", "1", *again).out
    assert "tags #b #c → none" in cli("edit", "1", "--tag", "").out


def test_a_time_of_placing_is_shown_in_the_persons_zone(cli: Cli, slate: tuple[Game, ...]) -> None:
    """Both times of a change are in the zone in which every other time is shown."""
    assert slate
    cli("add", "MIA ML +135 $10", "--placed-at", "2025-11-20T19:05:00Z", "--json")
    ran = cli("edit", "1", "--placed-at", "2025-11-20 18:30")
    assert "placed at 2025-11-20 14:05 EST → 2025-11-20 18:30 EST" in ran.out


def test_a_result_that_was_a_mistake_is_told_as_open_again(
    cli: Cli, slate: tuple[Game, ...]
) -> None:
    """`regrade` before the end says that the bet is open, and not the result that was wrong."""
    assert slate
    cli("add", "MIA ML +135 $10", "--json")
    cli("void", "1", "--reason", "the wrong bet")
    ran = cli("regrade", "1")
    assert "open again, revision 2" in ran.out
    assert "void" not in ran.out
    assert "Result   open again (revision 2" in cli("show", "1").out


def test_another_pick_is_taken_before_the_bet_has_a_history(cli: Cli, night: Path) -> None:
    """A pick cannot be changed once the bet has a history."""
    assert night.exists()
    ran = cli("edit", "1", "--pick", "SAC ML")
    assert ran.status == 2
    assert "has a history" in ran.sentence


def test_a_pick_can_be_mended_in_time(cli: Cli, slate: tuple[Game, ...]) -> None:
    """Before its history begins a bet's pick can be changed; number, stake and odds stay."""
    assert slate
    cli("add", "MIA ML +135 $10", "--json")
    found = cli("edit", "1", "--pick", "MIA +4.5", "--json").json
    assert (found["id"], found["odds"], found["stake_cents"]) == (1, "+135", 1000)
    assert found["pick"] == "MIA +4.5"


def test_a_settled_bet_is_paid_anew_when_its_stake_was_wrong(cli: Cli, night: Path) -> None:
    """A changed stake makes a new revision: $20 at -140 pays $34.29, $30 pays $51.43."""
    assert night.exists()
    cli("edit", "1", "--stake", "30")
    done = cli("show", "1", "--json").json["settlements"]
    assert [x["payout_cents"] for x in done] == [3429, 5143]
    assert cli("bets", "--json").json[0]["revision"] == 2


def test_a_voided_bet_stays_void_until_it_is_graded_again(cli: Cli, night: Path) -> None:
    """`regrade` brings the box score's result back as a revision."""
    assert night.exists()
    found = cli("void", "1", "--reason", "the book cancelled it", "--json").json
    assert (found["result"], found["payout_cents"], found["by_hand"]) == ("void", 2000, True)
    again = cli("regrade", "1", "--json").json
    assert (again["result"], again["by_hand"], again["revision"]) == ("won", False, 3)
    assert "as it was" in cli("regrade", "1").out
    rows = cli("export", "audit", "--format", "json").json
    assert [x["what"] for x in rows][:2] == ["result", "regraded"]


def test_a_bet_before_its_game_cannot_be_graded(cli: Cli, slate: tuple[Game, ...]) -> None:
    """`regrade` before the game gives the reason why it cannot be done."""
    assert slate
    cli("add", "MIA ML +135 $10", "--json")
    ran = cli("regrade", "1")
    assert ran.status == 2
    assert ran.sentence


def test_what_waits_for_a_person_is_listed_with_its_reason(cli: Cli, night: Path) -> None:
    """`review` lists bets in review with their reasons, and says so when there is none."""
    assert cli("review").out.startswith("Nothing waits")
    with closing(sqlite3.connect(night)) as db:
        for table in ("settlement", "confirmation"):
            db.execute(f"DROP TRIGGER {table}_stays")
            db.execute(f"DELETE FROM {table} WHERE bet = 2")  # noqa: S608 - the names stand above
        db.execute("DELETE FROM outcome WHERE bet = 2")
        db.execute("INSERT INTO review (bet, at, why) VALUES (2, '2026-01-01', 'no box')")
        db.commit()
    [one] = cli("review", "--json").json
    assert (one["id"], one["review"]) == (2, "no box")
    ran = cli("review")
    assert "no box" in ran.out
    assert ran.err == "Decide one: tracker settle 2 won (or lost, push, void)\n"
    assert "`tracker settle 2 won (or lost, push, void)`" in cli("show", "2").out
    # The command in the message works as it is, also without a terminal.
    done = cli("settle", "2", "won", "--json").json
    assert done["reason"] == "by hand: asked, since no box"


def test_what_the_book_paid_is_asked_until_it_is_said(cli: Cli, night: Path) -> None:
    """The review asks for the payout, which is never taken from the price of the whole."""
    with closing(sqlite3.connect(night)) as db:
        db.execute("DROP TRIGGER settlement_kept")
        db.execute(
            "UPDATE settlement SET payout_cents = NULL, reason = ? WHERE bet = 1",
            (f"leg 2 dropped out: {ASK_BOOK}",),
        )
        db.commit()
    cli("add", "LAL@DEN 2030-01-01 over 224.5", "--json")
    row = next(x for x in cli("bets").out.splitlines() if x.startswith("1 "))
    assert row.rstrip().endswith("won (needs review)")
    assert [x["review"] for x in cli("bets", "--json").json][:2] == [
        "leg 2 dropped out: " + ASK_BOOK,
        None,
    ]
    words = "tracker settle 1 won --payout AMOUNT"
    assert words in cli("review").err
    assert words in cli("show", "1").out
    assert "`tracker settle 1 won --payout AMOUNT`" in cli("settle", "1", "won").sentence
    said = cli("settle", "1", "won", "--payout", "30", "--json").json
    assert (said["payout_cents"], said["revision"]) == (3000, 2)
    assert cli("review").out.startswith("Nothing waits")


def test_another_payout_is_no_confirmation(cli: Cli, night: Path) -> None:
    """A result with another payout is a revision; only the same payout confirms it."""
    assert night.exists()
    was = cli("show", "1", "--json").json
    paid = f"{was['payout_cents'] / 100 + 5:.2f}"
    more = cli("settle", "1", was["result"], "--reason", "boosted", "--payout", paid)
    assert f"official, revision {was['revision'] + 1}" in more.out
    same = cli("settle", "1", was["result"], "--reason", "boosted", "--payout", paid)
    assert "it was that already" in same.out
    assert f"(pays ${paid}, official" in cli("show", "1").out


def test_nothing_to_change_is_said(cli: Cli, night: Path) -> None:
    """`edit` without a change gives an example; an unknown bet gives a sentence."""
    assert night.exists()
    assert "say what to change" in cli("edit", "1").sentence
    assert "no bet 99" in cli("edit", "99", "--odds", "-110").sentence
    assert "no bet 99" in cli("void", "99", "--reason", "x").sentence
    assert cli("edit", "1", "--odds", "cheap").status == 2
