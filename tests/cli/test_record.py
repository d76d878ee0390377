"""Promises of the record, of a live bet's worth, and of copies of the database."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.store.values import give
from tracker.cli import run_async
from tracker.domain.bet import Result
from tracker.domain.game import Game
from tracker.store import Store


def test_profit_adds_up_what_was_paid(cli: Cli, night: Path) -> None:
    """Three bets won and one lost give stakes and profit to the cent, in all and by month."""
    found = cli("profit", "--json").json
    assert (found["bets"], found["won"], found["lost"]) == (4, 3, 1)
    with closing(sqlite3.connect(night)) as db:
        rows = db.execute(
            "SELECT stake_cents, payout_cents FROM bet JOIN settlement ON bet = number "
            "WHERE stake_cents IS NOT NULL AND payout_cents IS NOT NULL"
        ).fetchall()
    assert found["staked_cents"] == sum(stake for stake, _ in rows)
    assert found["profit_cents"] == sum(payout - stake for stake, payout in rows)
    assert sum(x["bets"] for x in found["months"].values()) == 4


def test_free_bets_are_in_the_profit_of_their_month(cli: Cli, config: Path) -> None:
    """The profits of months, tags and nights add up to that of all bets; unknown money is said."""
    rows = (
        "date,pick,matchup,odds,stake,result,payout,tags,free",
        "2025-10-25,DEN ML,LAL@DEN,+150,10,won,15,promo,yes",
        "2025-11-02,BOS ML,NYK@BOS,-110,20,won,38.18,own,",
        "2025-11-03,BOS ML,PHI@BOS,-110,20,lost,0,own,",
        "2025-11-04,BOS ML,MIA@BOS,,20,won,,own,",
    )
    (config.parent / "bets.csv").write_text("\n".join(rows), "utf-8")
    assert cli("import", config.parent / "bets.csv").status == 0
    told = cli("profit")
    profits = [
        [x for x in line.split() if x.endswith((".00", ".18"))] for line in told.out.splitlines()
    ]
    assert profits == [[], ["$0.00", "+$15.00"], ["$40.00"], ["$40.00", "+$13.18"]]
    lacking = "In no sum of money: 1 bet of unknown stake or payout."
    assert lacking in told.err
    assert lacking in cli("performance").err
    assert lacking in cli("performance", "--by", "all").err
    assert lacking in cli("report", "--season", "--until", "2025-11-30").out
    assert (
        "promo     1     1–0  100.0 %           $0.00  +$15.00"
        in cli("performance", "--by", "tag").out
    )
    assert cli("chart", "--profit").out.startswith("Profit  +$13.18 over 3 nights")
    assert cli("profit", "--json").json["counted"] == 3


def test_profit_can_be_asked_for_some_days(cli: Cli, night: Path) -> None:
    """Days after the game have no bets."""
    assert night.exists()
    none = "No bet on a game since 2030-01-01 has a result.\n"
    assert cli("profit", "--since", "2030-01-01").out == none
    assert cli("performance", "--until", "2000-01-01").out.startswith("No bet on a game until 2000")
    swapped = cli("profit", "--since", "2026-02-01", "--until", "2026-01-01")
    assert (swapped.status, "swap them" in swapped.sentence) == (2, True)
    assert cli("profit", "--until", "2030-01-01", "--json").json["bets"] == 4


def test_a_wrong_date_is_one_sentence(cli: Cli, night: Path) -> None:
    """A bad date gives one sentence with the right form."""
    assert night.exists()
    ran = cli("profit", "--since", "yesterday")
    assert ran.status == 2
    assert "2026-11-20" in ran.sentence


@pytest.mark.parametrize("by", ["tag", "market", "player", "book", "league", "month", "model"])
def test_performance_groups_every_bet(cli: Cli, night: Path, by: str) -> None:
    """Every grouping has all bets; only player lines have a player."""
    assert night.exists()
    groups = cli("performance", "--by", by, "--json").json["groups"]
    assert [x["clv"] is None for x in groups.values()] == [by == "model"] * len(groups)
    assert sum(x["bets"] for x in groups.values()) == (0 if by == "player" else 4)
    assert cli("performance", "--by", by).status == 0


def test_calibration_tells_what_was_said_and_what_came(cli: Cli, night: Path) -> None:
    """Each bet counts once in a range, and the text has a line for each range."""
    assert night.exists()
    found = cli("calibration", "--json").json
    assert found["bets"] == 4
    assert all(x["bets"] <= 4 and x["low"] <= x["said"] <= x["high"] for x in found["bins"])
    assert len(cli("calibration").out.splitlines()) == len(found["bins"]) + 2


def test_without_a_result_there_is_nothing_to_tell(cli: Cli, config: Path) -> None:
    """Without results the text says so, and the JSON is an empty record."""
    assert config.exists()
    for verb, bet in (("profit", ""), ("performance", ""), ("calibration", " that had a chance")):
        assert cli(verb).out.startswith(f"No bet{bet} has a result yet")
    assert cli("performance", "--by", "player").out == "No bet on a player has a result yet.\n"
    assert cli("profit", "--json").json["bets"] == 0
    empty: dict[str, object] = {"bets": 0, "brier": None, "log_loss": None, "ece": None, "bins": []}
    told = cli("calibration", "--json").json
    first = told.pop("first")
    assert (first["bets"], first["bins"]) == (0, [])
    assert told == {**empty, "calibrated": 0, "raw": empty}


@pytest.fixture
def live(night: Path) -> Path:
    """The night's database as it was before the results, with the last chances."""
    with closing(sqlite3.connect(night)) as db:
        for table in ("settlement", "confirmation", "review"):
            db.execute(f"DROP TRIGGER {table}_stays")
            db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand above
        db.execute("UPDATE latest SET win = 0.8, push = 0, lose = 0.2 WHERE bet = 1")
        db.commit()
    return night


def test_an_offer_is_held_against_the_fair_value(cli: Cli, live: Path) -> None:
    """$20 at -140 pays $34.29: at a chance of 80 % it is worth $27.43."""
    assert live.exists()
    found = cli("cashout", "1", "25", "--json").json
    assert (found["fair_cents"], found["offer_cents"]) == (2743, 2500)
    assert found["fee"] == pytest.approx(1 - 2500 / 2743)
    assert found["break_even"] == pytest.approx(2500 / 3429)
    assert "fair value $27.43" in cli("cashout", "1", "$25.00").out


def test_the_age_of_a_chance_counts_the_delay(cli: Cli, live: Path, config: Path) -> None:
    """A chance that was read a minute ago is, with a delay of two minutes, three minutes behind."""
    age = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-70 seconds')"
    with closing(sqlite3.connect(live)) as db:
        db.execute(f"UPDATE latest SET at = {age} WHERE bet = 1")  # noqa: S608 - stands above
        db.commit()
    assert "The chance is 1 min " in cli("cashout", "1", "$25.00").err
    config.write_text(f'{config.read_text("utf-8")}[alerts]\ndelay = "2m"\n', "utf-8")
    assert "The chance is 3 min " in cli("cashout", "1", "$25.00").err


def test_a_hedge_is_told_for_either_result(cli: Cli, live: Path) -> None:
    """At +250 a stake of $9.80 brings the same with either result."""
    assert live.exists()
    found = cli("hedge", "1", "+250", "--json").json
    assert found["lock"]["stake"] == 980
    assert abs(found["lock"]["if_wins"] - found["lock"]["if_loses"]) <= 2
    assert found["even"]["if_loses"] == 0
    assert "same either way" in cli("hedge", "1", "--", "-150").out
    assert "At -150 on the other side" in cli("hedge", "1", "-150").out


def test_what_has_no_worth_is_said_so(cli: Cli, night: Path) -> None:
    """A settled bet, a bet without a stake and an unknown bet each give a sentence."""
    assert night.exists()
    assert "is over" in cli("cashout", "1", "25").sentence
    assert "has no odds and stake: `tracker edit 3" in cli("hedge", "3", "+100").sentence
    assert "no bet 99" in cli("hedge", "99", "+100").sentence


def test_a_bet_that_was_never_looked_at_is_priced_before_tip_off(
    cli: Cli, slate: tuple[Game, ...]
) -> None:
    """A bet added without a daemon is worth what its prior says."""
    assert slate
    cli("add", "MIA ML +135 $10", "--json")
    told = cli("cashout", "1", "5", "--json")
    assert told.status == 0
    assert 0 < told.json["chance"]["win"] < 1


def test_a_backup_is_a_whole_database(cli: Cli, night: Path, tmp_path: Path) -> None:
    """The copy has the bets, is private to its owner, and never replaces a file."""
    target = tmp_path / "copy.bak"
    found = cli("backup", target, "--json").json
    assert found == {"file": str(target), "size_bytes": target.stat().st_size}
    assert target.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(target)) as db:
        assert db.execute("SELECT count(*) FROM bet").fetchone() == (4,)
    assert "is there already" in cli("backup", target).sentence
    assert "make it first" in cli("backup", night / "no" / "folder").sentence


def test_there_is_nothing_to_copy_before_the_first_bet(cli: Cli, config: Path) -> None:
    """Without a database `backup` gives a sentence and makes none."""
    assert "nothing to copy yet" in cli("backup").sentence
    assert not (config.parent / "state" / "tracker.db").exists()


def test_an_archive_is_text_and_a_file_is_never_half_written(
    cli: Cli, night: Path, tmp_path: Path
) -> None:
    """The archive is the same on standard output and in a file, which has mode 0600."""
    assert night.exists()
    out = tmp_path / "all.jsonl"
    assert cli("export", "archive", "--out", out).status == 0
    assert out.read_text("utf-8") == cli("export", "archive").out
    assert out.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.glob("*.partial")) == []


def test_a_table_can_be_had_as_parquet(cli: Cli, night: Path, tmp_path: Path) -> None:
    """Parquet has the same rows and columns as the other formats."""
    parquet = pytest.importorskip("pyarrow.parquet")
    assert night.exists()
    out = tmp_path / "bets.parquet"
    assert cli("export", "bets", "--format", "parquet", "--out", out).status == 0
    assert parquet.read_table(out).to_pylist() == cli("export", "bets", "--format", "json").json
    assert "--out" in cli("export", "bets", "--format", "parquet").sentence


def test_watching_needs_a_terminal(cli: Cli, night: Path) -> None:
    """Without a terminal `watch` is refused, and `status` is named instead."""
    assert night.exists()
    assert "tracker status" in cli("watch").sentence
    assert "too often" in cli("watch", "--every", "0.1").sentence


def test_a_result_by_hand_counts_in_the_record(cli: Cli, slate: tuple[Game, ...]) -> None:
    """The last revision of a result counts."""
    cli("add", "MIA ML +135 $10", "--json")

    async def settle(path: Path) -> None:
        at = datetime.now(UTC)
        async with await Store.open(path, now=at) as store:
            for result, paid in ((Result.LOST, 0), (Result.WON, 2350)):
                await give(store, 1, result, paid, at)

    path = Path(cli("config", "path").out.strip()).parent / "state" / "tracker.db"
    asyncio.run(settle(path))
    found = cli("profit", "--json").json
    assert (found["won"], found["profit_cents"]) == (1, 1350)
    assert slate


def test_a_parlay_counts_on_the_evening_of_its_last_game(cli: Cli, slate: tuple[Game, ...]) -> None:
    """So the record has it on the day on which the night's total and the digest tell it."""
    assert cli("add", f"MIA ML; LAL@DEN {slate[2].slate} DEN ML +264 $10").status == 0
    assert cli("void", "1", "--reason", "called off").status == 0
    groups = cli("performance", "--by", "day", "--json").json["groups"]
    assert list(groups) == [slate[2].slate.isoformat()]


def test_a_parlay_on_no_known_game_counts_on_the_last_day_that_it_names(
    cli: Cli, config: Path
) -> None:
    """So an imported one has the day that it had where its games were known."""
    rows = (
        "date,pick,odds,stake,result",
        "2025-11-02,parlay: NYK@BOS 2025-11-02 BOS ML; LAL@DEN 2025-12-01 DEN ML,+264,10,won",
    )
    (config.parent / "bets.csv").write_text("\n".join(rows), "utf-8")
    assert cli("import", config.parent / "bets.csv").status == 0
    assert list(cli("performance", "--by", "day", "--json").json["groups"]) == ["2025-12-01"]


def test_performance_puts_bets_and_their_closes_under_the_same_groups(
    cli: Cli, night: Path
) -> None:
    """A group's closing line value is of the bets of its record, on the days that are asked for."""
    day = cli("performance", "--by", "day", "--json").json
    assert list(day["groups"]) == ["2026-01-29"]
    with closing(sqlite3.connect(night)) as db:
        db.execute(
            "INSERT INTO clv (bet, revision, ev, grade, reason, at) "
            "SELECT number, 1, .02, 'converted', '', added_at FROM bet"
        )
        db.commit()
    for by in ("market", "book", "tag", "league", "month", "day"):
        found = cli("performance", "--by", by, "--json").json
        assert [x["clv"]["n"] for x in found["groups"].values()] == [
            x["bets"] for x in found["groups"].values()
        ]
        worth = cli("clv", "--by", by, "--json").json if by not in ("league", "day") else None
        assert worth is None or {x["key"] for x in worth["groups"]} == found["groups"].keys()
    assert "By the close" in cli("performance").out
    assert "By the close" not in cli("performance", "--by", "player").out
    assert cli("performance", "--by", "player", "--json").json["clv"]["n"] == 0
    assert "By the close" not in cli("performance", "--since", "2026-01-30").out
    none = cli("performance", "--since", "2026-01-30", "--json").json
    assert (none["groups"], none["clv"]["n"], none["clv"]["coverage"]) == ({}, 0, None)


def test_a_sportsbook_and_a_tag_are_one_group_however_they_are_written(
    cli: Cli, slate: tuple[Game, ...], config: Path
) -> None:
    """A known book is one book by any of its names, and a tag is the same with its `#`."""
    assert slate
    rows = (
        "date,pick,matchup,odds,stake,result,book,tags",
        "2025-11-02,BOS ML,NYK@BOS,-110,20,won,Draft Kings,#late",
        "2025-11-03,BOS ML,PHI@BOS,-110,20,lost,DK,late",
    )
    (config.parent / "bets.csv").write_text("\n".join(rows), "utf-8")
    assert cli("import", config.parent / "bets.csv", "--tag", "#late").status == 0
    assert cli("add", "DEN -4.5 -110 $20 at DK", "--tag", "late").status == 0
    again = cli("add", "DEN -4.5 -110 $20 at DraftKings", "--tag", "late", "--json").json
    assert (again["number"], again["created"]) == (3, False)
    assert cli("void", "3", "--reason", "told").status == 0
    for by, key in (("book", "draftkings"), ("tag", "late")):
        found = cli("performance", "--by", by, "--json").json["groups"]
        assert {name: x["bets"] for name, x in found.items()} == {key: 3}


def test_no_command_writes_out_what_it_has_read() -> None:
    """A command never makes the repr of its data, which for a season would take seconds."""
    written: list[int] = []

    class Season:
        def __repr__(self) -> str:
            written.append(1)
            return "a season"

    async def read() -> Season:
        return Season()

    assert isinstance(run_async(read()), Season)
    assert not written
