"""Bets from elsewhere: whatever the columns are called, nothing is lost and nothing comes twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tracker.domain.game import Game

TRACKER = """\
bet_id,sportsbook,type,status,odds,closing_line,ev,amount,profit,time_placed,time_settled,\
time_placed_iso,time_settled_iso,bet_info,tags,sports,leagues
a1,ProphetX,straight,SETTLED_WIN,2.27,2.2,0.0305,24.22,30.76,12/27/2025 22:55:44 GMT,,\
2025-12-27T22:55:44.000Z,,over 34.5 Lauri Markkanen Points \
Utah Jazz at San Antonio Spurs,,Basketball,NBA
a2,Novig,straight,SETTLED_LOSS,1.91,,,20,-20,12/28/2025 01:00:00 GMT,,2025-12-28T01:00:00.000Z,,\
Denver Nuggets -4.5 Spread Los Angeles Lakers at Denver Nuggets,,Basketball,NBA
a3,Fliff,parlay,SETTLED_PUSH,3.4,,,5,0,12/28/2025 01:00:00 GMT,,2025-12-28T01:00:00.000Z,,\
Denver Nuggets Moneyline Los Angeles Lakers @ Denver Nuggets | Over 224.5 Total Points Los Angeles \
Lakers @ Denver Nuggets,,Basketball,NBA
a4,Dabble,straight,SETTLED_WIN,1.9,,,10,9,12/28/2025 01:00:00 GMT,,2025-12-28T01:00:00.000Z,,\
Tyler Nubin over 2.5 Player Assists Dallas Cowboys @ New York Giants,,Football,NFL
a5,Novig,straight,SETTLED_CASHOUT,2.5,,,10,4.10,12/28/2025 01:00:00 GMT,,2025-12-28T01:00:00.000Z,,\
Boston Celtics Moneyline Miami Heat @ Boston Celtics,,Basketball,NBA
a6,Novig,straight,PENDING,-110,,,11,0,12/28/2025 01:00:00 GMT,,2025-12-28T01:00:00.000Z,,\
Denver Nuggets over 114.5 Team Total Los Angeles Lakers @ Denver Nuggets,,Basketball,NBA
"""


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """What a bet tracker exports."""
    file = tmp_path / "transactions.csv"
    file.write_text(TRACKER, "utf-8")
    return file


def test_an_export_of_a_tracker_comes_in_with_its_results(
    cli: Cli, slate: tuple[Game, ...], exported: Path
) -> None:
    """Five bets on the NBA, four of them over, to the cent; the one on football is counted."""
    assert slate
    ran = cli("import", exported, "--json")
    assert ran.status == 0
    assert ran.json == {
        "added": 5, "known": 0, "settled": 4, "mistakes": 0, "other_sports": {"NFL": 1},
    }  # fmt: skip
    found = cli("profit", "--json").json
    assert (found["won"], found["lost"], found["push"]) == (2, 1, 1)
    assert found["staked_cents"] == 2422 + 2000 + 500 + 1000
    assert found["profit_cents"] == 3076 - 2000 + 410
    assert list(found["months"]) == ["2025-12"]
    listed = cli("bets", "--json").json
    assert [x["status"] for x in listed] == ["official"] * 4 + ["scheduled"]


def test_bringing_in_the_same_file_again_changes_nothing(
    cli: Cli, slate: tuple[Game, ...], exported: Path
) -> None:
    """Each row is known by its own id."""
    assert slate
    cli("import", exported)
    before = cli("export", "archive").out
    assert cli("import", exported, "--json").json["known"] == 5
    assert cli("export", "archive").out == before


def test_a_dry_run_shows_what_would_come_and_writes_nothing(
    cli: Cli, config: Path, exported: Path
) -> None:
    """The bets as they were understood, the columns as they were read, and no database."""
    ran = cli("import", exported, "--dry-run")
    assert "5 bets would be brought in: 1 open, 4 with a result" in ran.out
    assert "'bet_info' as pick" in ran.out
    assert "1 NFL" in ran.err
    bets = cli("import", exported, "--dry-run", "--json").json["bets"]
    assert [x["result"] for x in bets] == ["won", "lost", "push", "won", None]
    assert not (config.parent / "state" / "tracker.db").exists()


@pytest.mark.parametrize(
    "text",
    [
        "Date,Event,Selection,Odds,Stake,Result\n11/20/2025,LAL@DEN,DEN -4.5,-110,$20.00,W\n",
        "date;match;bet;price;risk;outcome\n2025-11-20;LAL@DEN;DEN -4.5;1.91;20;won\n",
        '[{"pick": "DEN -4.5", "odds": "-110", "stake": 20, "result": "win"}]',
        '{"bets": [{"bet": "DEN -4.5", "american_odds": -110, "amount": "20", "status": "Won"}]}',
        "Bet Name\tMarket Type\tOdds (American)\tUnits\tW/L\nDEN -4.5\tSpread\t-110\t2\tW\n",
    ],
)
def test_sheets_of_ones_own_are_understood(
    cli: Cli, slate: tuple[Game, ...], tmp_path: Path, text: str
) -> None:
    """Commas, semicolons, tabs or JSON; $20 at -110 or 1.91 wins about $18."""
    assert slate
    file = tmp_path / "mine.csv"
    file.write_text(text, "utf-8")
    ran = cli("import", file, "--json")
    assert (ran.status, ran.json["added"], ran.json["settled"]) == (0, 1, 1)
    found = cli("profit", "--json").json
    assert (found["staked_cents"], found["profit_cents"] in (1818, 1820)) == (2000, True)


def test_a_column_can_be_named(cli: Cli, slate: tuple[Game, ...], tmp_path: Path) -> None:
    """--map says what it means; what is not there, or not known, is said with what is."""
    assert slate
    file = tmp_path / "mine.csv"
    file.write_text("Quoi,Cote,Mise\nDEN -4.5,1.91,20\n", "utf-8")
    assert "--map 'their name=pick'" in cli("import", file).sentence
    given = ("--map", "Quoi=pick", "--map", "Cote=odds", "--map", "Mise=stake")
    assert cli("import", file, *given, "--json").json["added"] == 1
    assert "Qui" in cli("import", file, "--map", "Qui=pick").sentence
    assert "no column of ours" in cli("import", file, "--map", "Quoi=what").sentence
    assert "write it like" in cli("import", file, "--map", "Quoi").sentence


def test_a_bad_row_never_spoils_the_others(
    cli: Cli, slate: tuple[Game, ...], tmp_path: Path
) -> None:
    """Each is told with its line; the exit status says that something was left out."""
    assert slate
    rows = ("DEN -4.5,-110,20,W", "DEN -4,5", "gibberish,-110,20,W", "DEN ML,-110,20,perhaps",
            "DEN ML,7,x,W", "BOS ML,+135,10,L")  # fmt: skip
    file = tmp_path / "mine.csv"
    file.write_text("pick,odds,stake,result\n" + "\n".join(rows), "utf-8")
    ran = cli("import", file, "--json")
    assert ran.status == 1
    assert ran.json["added"] + ran.json["mistakes"] == len(rows)
    assert ran.json["added"] >= 2
    assert "line 4" in ran.err
    assert "'perhaps' is not understood" in ran.err
    assert "Traceback" not in ran.err


def test_an_archive_is_restored_exactly(cli: Cli, night: Path, tmp_path: Path) -> None:
    """Export, import into an empty database, export: the same bytes."""
    out = tmp_path / "all.jsonl"
    cli("export", "archive", "--out", out)
    told = cli("bets", "--json").out
    assert "has bets or polls already" in cli("import", out).sentence
    for part in night.parent.glob("tracker.db*"):
        part.unlink()
    assert cli("import", out, "--dry-run", "--json").json["archive"]
    assert cli("import", out, "--json").json["rows"] == len(out.read_text("utf-8").splitlines()) - 1
    assert cli("export", "archive").out == out.read_text("utf-8")
    assert cli("bets", "--json").out == told


def test_a_bets_file_can_be_brought_in_once(
    cli: Cli, slate: tuple[Game, ...], tmp_path: Path
) -> None:
    """Its bets are then the database's own."""
    assert slate
    file = tmp_path / "bets.toml"
    file.write_text('[[bet]]\npick = "DEN -4.5"\nodds = -110\nstake = 20\n', "utf-8")
    assert cli("import", file, "--tag", "old", "--book", "FanDuel", "--json").json["added"] == 1
    shown = cli("show", "1", "--json").json
    assert (shown["tags"], shown["book"]) == (["old"], "FanDuel")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"", "no rows"),
        (b"pick,odds\n", "no rows"),
        (b"[1, 2]", "no list of bets"),
        (b"[" * 20_000, "no JSON"),
        (b'{"file":"tracker archive","schema":999}\n', "schema 999"),
    ],
)
def test_what_is_no_file_of_bets_is_one_sentence(
    cli: Cli, config: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    """Exit status 1, and nothing is written."""
    assert config.exists()
    file = tmp_path / "wrong"
    file.write_bytes(content)
    ran = cli("import", file)
    assert ran.status == 1
    assert said in ran.sentence


def test_a_missing_file_is_one_sentence(cli: Cli, config: Path, tmp_path: Path) -> None:
    """With its name."""
    assert config.exists()
    assert "none.csv" in cli("import", tmp_path / "none.csv").sentence


def test_the_example_in_the_book_is_one_that_works(
    cli: Cli, slate: tuple[Game, ...], tmp_path: Path
) -> None:
    """What `tracker bets --json` prints can be brought in again."""
    assert slate
    cli("add", "DEN -4.5 -110 $20", "--json")
    file = tmp_path / "bets.json"
    file.write_text(json.dumps(cli("bets", "--json").json), "utf-8")
    ran = cli("import", file, "--dry-run", "--json")
    [bet] = ran.json["bets"]
    assert bet["pick"].startswith("DEN -4.5 -110 $20")
    assert (bet["odds"], bet["stake_cents"], bet["result"]) == ("-110", 2000, None)
