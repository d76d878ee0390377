"""Promises of `tracker import`: columns of any name are read, no bet is lost or doubled."""

from __future__ import annotations

import asyncio
import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import Cli, keep_games, tonight
from tracker.domain.game import Game
from tracker.domain.market import Direction, Span
from tracker.domain.money import parse_odds
from tracker.domain.pick import Asked, Handicap, OverUnder, PlayerFigure, Tens, ToWin
from tracker.domain.player import Stat
from tracker.intake.columns import BadFile
from tracker.intake.imports import ImportedBets, Manner, read_slips
from tracker.store import Store

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
    """A file as a bet tracker exports it."""
    file = tmp_path / "transactions.csv"
    file.write_text(TRACKER, "utf-8")
    return file


def test_an_export_of_a_tracker_comes_in_with_its_results(
    cli: Cli, slate: tuple[Game, ...], exported: Path
) -> None:
    """Five NBA bets come in, four with results to the cent; the football bet is counted.

    A bet of last year without a result is not open, but in review.
    """
    assert slate
    ran = cli("import", exported, "--json")
    assert ran.status == 0
    assert ran.json == {
        "added": 5, "known": 0, "settled": 4, "needs_review": 1, "mistakes": 0,
        "other_sports": {"NFL": 1}, "doubts": [],
        "unused": ["closing_line", "ev", "time_placed"],
    }  # fmt: skip
    found = cli("profit", "--json").json
    assert (found["won"], found["lost"], found["push"]) == (2, 1, 1)
    assert found["staked_cents"] == 2422 + 2000 + 500 + 1000
    assert found["profit_cents"] == 3076 - 2000 + 410
    assert list(found["months"]) == ["2025-12"]
    listed = cli("bets", "--json").json
    assert [x["status"] for x in listed] == ["official"] * 4 + ["needs_review"]
    assert "tells no result" in cli("review").out


def test_bringing_in_the_same_file_again_changes_nothing(
    cli: Cli, slate: tuple[Game, ...], exported: Path
) -> None:
    """Each row is recognised by its own id."""
    assert slate
    cli("import", exported)
    before = cli("export", "archive").out
    assert cli("import", exported, "--json").json["known"] == 5
    assert cli("export", "archive").out == before


def test_equal_rows_are_known_again_once_their_game_is(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    """Equal rows stay as many bets, even if their game is found between two imports."""
    file = tmp_path / "sheet.csv"
    file.write_text("Date,Pick,Odds,Stake\n" + "2025-11-20,DEN -4.5,-110,$10\n" * 3, "utf-8")
    assert cli("import", file, "--json").json["added"] == 3
    game = Game("0022500200", "nba", "DEN", "LAL", datetime(2025, 11, 21, 0, 0, tzinfo=UTC))

    async def match() -> None:
        now = datetime.now(UTC)
        async with await Store.open(config.parent / "state" / "tracker.db", now=now) as store:
            await store.save_games([(game, None)], now)
            assert await store.bind_all([(x, game) for x in (1, 2, 3)], now) == [1, 2, 3]

    asyncio.run(match())
    again = cli("import", file, "--json").json
    assert (again["added"], again["known"]) == (0, 3)


def test_a_dry_run_shows_what_would_come_and_writes_nothing(
    cli: Cli, config: Path, exported: Path
) -> None:
    """It shows the bets and columns as they were understood, and makes no database."""
    ran = cli("import", exported, "--dry-run")
    assert "5 bets read: 1 open, 4 with a result. Nothing was written;" in ran.out
    assert "'bet_info' as pick" in ran.out
    assert "1 NFL" in ran.err
    bets = cli("import", exported, "--dry-run", "--json").json["bets"]
    assert [x["result"] for x in bets] == ["won", "lost", "push", "won", None]
    assert not (config.parent / "state" / "tracker.db").exists()


def test_a_team_of_the_slate_alone_is_read_in_files_too(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    """A guest that no list has is read in an import, an edit and the file of bets."""
    keep_games(config, (Game("0012500055", "nba", "PHI", "GUA", tonight()),))
    sheet, bets = tmp_path / "sheet.csv", tmp_path / "bets.toml"
    sheet.write_text("Pick,Odds,Note\nGUA +30.5,-110,a guest\n", "utf-8")
    bets.write_text('[[bet]]\npick = "GUA +32.5"\n', "utf-8")
    assert cli("import", sheet, "--json").json["added"] == 1
    assert cli("edit", "1", "--pick", "GUA +31.5").status == 0
    with config.open("a", encoding="utf-8") as file:
        file.write(f'[bets]\nfile = "{bets}"\n')
    assert cli("config", "check").status == 0


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
    """Commas, semicolons, tabs or JSON: $20 at -110 or 1.91 wins about $18."""
    assert slate
    file = tmp_path / "mine.csv"
    file.write_text(text, "utf-8")
    ran = cli("import", file, "--json")
    assert (ran.status, ran.json["added"], ran.json["settled"]) == (0, 1, 1)
    found = cli("profit", "--json").json
    assert (found["staked_cents"], found["profit_cents"] in (1818, 1820)) == (2000, True)


def test_a_column_can_be_named(cli: Cli, slate: tuple[Game, ...], tmp_path: Path) -> None:
    """`--map` says what a column means; an unknown column or meaning lists the known ones."""
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
    """Each bad row is reported with its line, and the exit status is 1."""
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
    """Export, import into an empty database and export again gives the same bytes."""
    out = tmp_path / "all.jsonl"
    cli("export", "archive", "--out", out)
    told = cli("bets", "--json").out
    assert "has worked with this database already" in cli("import", out).sentence
    for part in night.parent.glob("tracker.db*"):
        part.unlink()
    assert cli("import", out, "--dry-run", "--json").json["archive"]
    assert cli("import", out, "--json").json["rows"] == len(out.read_text("utf-8").splitlines()) - 1
    assert cli("export", "archive").out == out.read_text("utf-8")
    assert cli("bets", "--json").out == told


def test_a_bets_file_can_be_brought_in_once(
    cli: Cli, slate: tuple[Game, ...], tmp_path: Path
) -> None:
    """The bets of an imported bets file belong to the database."""
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
        (b"DEN -4.5 -110 $20\nBOS ML -150\n", "its first line names no known columns"),
        (b"[" * 20_000, "no JSON"),
        (b'{"file":"tracker archive","schema":999}\n', "schema 999"),
    ],
)
def test_what_is_no_file_of_bets_is_one_sentence(
    cli: Cli, config: Path, tmp_path: Path, content: bytes, said: str
) -> None:
    """Any other file gives one sentence with status 1, and nothing is written."""
    assert config.exists()
    file = tmp_path / "wrong"
    file.write_bytes(content)
    ran = cli("import", file)
    assert ran.status == 1
    assert said in ran.sentence


def test_a_missing_file_is_one_sentence(cli: Cli, config: Path, tmp_path: Path) -> None:
    """A missing file gives a sentence with its name."""
    assert config.exists()
    assert "none.csv" in cli("import", tmp_path / "none.csv").sentence


def test_the_example_in_the_book_is_one_that_works(
    cli: Cli, slate: tuple[Game, ...], tmp_path: Path
) -> None:
    """What `tracker bets --json` prints can be imported again."""
    assert slate
    cli("add", "DEN -4.5 -110 $20", "--json")
    file = tmp_path / "bets.json"
    file.write_text(json.dumps(cli("bets", "--json").json), "utf-8")
    ran = cli("import", file, "--dry-run", "--json")
    [bet] = ran.json["bets"]
    assert bet["pick"].startswith("DEN -4.5 -110 $20")
    assert (bet["odds"], bet["stake_cents"], bet["result"]) == ("-110", 2000, None)


CASES = {
    "decimal commas": (
        ("Selection;Odds;Stake;Profit;Result;Date\n"
        "DEN -4.5;-110;20;18,18;W;2025-11-20\nDEN ML;-150;1.500,00;1.000,00;W;2025-11-21\n"),
        [("DEN -4.5", "-110", 2000, "won", 3818), ("DEN ML", "-150", 150_000, "won", 250_000)],
    ),
    "one form of odds a column": (
        "pick,odds,amount,result\nDEN ML,1.91,10,lost\nBOS ML,150,10,lost\n",
        [("DEN ML", "1.91", 1000, "lost", 0), ("BOS ML", "150.0", 1000, "lost", 0)],
    ),
    "emoji and symbols": (
        ("pick,odds,stake,result\nDEN ML,-110,€20,✅\nBOS ML,-110,£20,❌\nMIA ML,-110,20 USD,➖\n"
        "LAL ML,-110,20,🚫\n"),
        [
            ("DEN ML", "-110", 2000, "won", 3818), ("BOS ML", "-110", 2000, "lost", 0),
            ("MIA ML", "-110", 2000, "push", 2000), ("LAL ML", "-110", 2000, "void", 2000),
        ],
    ),
    "one row a leg": (
        ("Bet ID,Date,Selection,Odds,Stake,Payout,Status\n"
        "77,2025-11-20,DEN ML,+264,$10.00,$36.40,Won\n"
        "77,2025-11-20,LAL@BOS over 224.5,+264,$10.00,$36.40,Won\n"),
        [("parlay: DEN ML; LAL@BOS over 224.5", "+264", 1000, "won", 3640)],
    ),
    "the same bet twice": (
        "Date,Pick,Odds,Stake,Result\n" + "2025-11-20,DEN -4.5,-110,$10,W\n" * 2,
        [("DEN -4.5", "-110", 1000, "won", 1909)] * 2,
    ),
    "free bets": (
        ("Pick,Odds,Stake,Payout,Result,Bet type\nDEN ML,+150,$10,$15,Won,Free bet\n"
        "BOS ML,+150,$10,$25,Won,Bonus bet\nLAL ML,+150,$10,$0,Lost,Risk-free bet\n"),
        [
            ("DEN ML", "+150", 1000, "won", 1500), ("BOS ML", "+150", 1000, "won", 1500),
            ("LAL ML", "+150", 1000, "lost", 0),
        ],
    ),
    "what a spreadsheet writes": (
        ('sep=;\nSelection;Odds;Stake;Result;Date\nDEN ML;-110;20;W;"11/20/2025, 7:30:15 PM"\n'
        "BOS ML;-110;20;L;45981\nMIA ML;-110;20;L;1763683200\n"),
        [
            ("DEN ML", "-110", 2000, "won", 3818), ("BOS ML", "-110", 2000, "lost", 0),
            ("MIA ML", "-110", 2000, "lost", 0),
        ],
    ),
}  # fmt: skip


def test_a_date_alone_is_the_day_on_which_the_bet_counts(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    """A bet of the first of January is one of January, here and in an export that comes back."""
    sheet, out = tmp_path / "sheet.csv", tmp_path / "bets.csv"
    sheet.write_text("date,pick,odds,stake,result\n2026-01-01,LAL ML,-120,20,won\n", "utf-8")
    assert cli("import", sheet).status == 0
    assert cli("export", "bets", "--out", out).status == 0
    assert cli("import", out, "--json").json["added"] == 0
    assert [*cli("profit", "--json").json["months"]] == ["2026-01"]
    assert [*cli("performance", "--by", "day", "--json").json["groups"]] == ["2026-01-01"]
    assert config.exists()


def test_a_time_of_placing_that_is_yet_to_come_is_never_taken(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    """Where it is a date, or may be the tip-off, the time is not known; else the row is refused."""
    assert config.exists()
    ahead = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    sheet = tmp_path / "sheet.csv"
    for heading, time, added in (
        ("date,game day", f"{ahead} 19:30,", 0), ("date", f"{ahead} 19:30", 1),
        ("placed,game day", f"{ahead},", 1),
    ):  # fmt: skip
        sheet.write_text(f"{heading},pick,stake\n{time},LAL ML,{len(time)}{added}\n", "utf-8")
        told = cli("import", sheet, "--dry-run", "--json").json
        assert (len(told["bets"]), told["mistakes"]) == (added, 1 - added)
        ran = cli("import", sheet, "--json")
        assert ran.json["added"] == added
        assert ("line 2: 'LAL ML': the time of placing" in ran.err) is (not added)
    out = tmp_path / "bets.csv"
    cli("export", "bets", "--out", out)
    rows = csv.DictReader(out.read_text("utf-8").splitlines())
    assert [x["placed_at"] for x in rows] == ["", ""]


def test_sheets_of_every_land_are_read_right_and_come_once(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    """Every sheet is read to the cent, and each bet is added once in two imports."""
    for name, (text, expected) in CASES.items():
        for part in (config.parent / "state").glob("tracker.db*"):
            part.unlink()
        file = tmp_path / "sheet.csv"
        file.write_text(text, "utf-8")
        first, again = (cli("import", file, "--json").json for _ in range(2))
        assert (first["added"], first["settled"]) == (len(expected), len(expected)), name
        assert (again["added"], again["known"]) == (0, len(expected)), name
        keys = ("pick", "odds", "stake_cents", "result", "payout_cents")
        assert [tuple(x[k] for k in keys) for x in cli("bets", "--json").json] == expected, name
    assert cli("profit", "--json").json["staked_cents"] == 6000


def test_what_cannot_be_read_surely_is_said(cli: Cli, config: Path, tmp_path: Path) -> None:
    """Ambiguous dates, lay bets, a loss beyond the stake and odd payouts are reported."""
    assert config.exists()
    file = tmp_path / "sheet.csv"
    file.write_text("Date,Pick,Odds,Stake,Result\n05/11/2025,DEN ML,1.91,10,W\n", "utf-8")
    assert "--dates day-first` or `--dates month-first`" in cli("import", file).sentence
    day = cli("import", file, "--dates", "day-first", "--dry-run", "--json").json["bets"][0]
    assert day["day"] == "2025-11-05"
    file.write_text(
        "Date,Pick,Odds,Stake,Result\n2026-01-09,DEN ML,1.91,10,W\n01/29/2026,BOS ML,1.91,10,W\n",
        "utf-8",
    )
    clear = cli("import", file, "--dry-run", "--json").json["bets"]
    assert [x["day"] for x in clear] == ["2026-01-09", "2026-01-29"]
    file.write_text(
        "Pick,Bid type,Odds,Stake,Profit,Result,Note\nDEN ML,Lay,1.5,10,5,Won,\n"
        "DEN ML,Back,1.5,10,-20,Lost,\nDEN ML,Back,1.5,10,50,Won,x\nBOS ML,Back,1.5,0,0,Won,\n",
        "utf-8",
    )
    ran = cli("import", file)
    assert ran.status == 1
    for said in ("a bet against", "more than its stake", "its stake is 0", "'Note'", "was paid"):
        assert said in ran.err


def test_a_bet_from_elsewhere_is_one_like_any_other(cli: Cli, config: Path, tmp_path: Path) -> None:
    """It can be edited, counts by market and league, and equals the bet added by hand."""
    assert config.exists()
    file = tmp_path / "sheet.csv"
    file.write_text("Pick,Odds,Stake,Result,Book\nDEN ML,+100,$10,W,DK\n", "utf-8")
    cli("import", file)
    assert "stake $10.00 → $20.00" in cli("edit", "1", "--stake", "20").out
    assert cli("profit", "--json").json["profit_cents"] == 2000
    for by, key in (("market", "moneyline"), ("league", "nba"), ("book", "draftkings")):
        assert list(cli("performance", "--by", by, "--json").json["groups"]) == [key]
    cli("add", "BOS ML +120 $5")
    file.write_text("Pick,Odds,Stake,Result\nCeltics moneyline,+120,$5,\n", "utf-8")
    assert cli("import", file, "--json").json["known"] == 1


def test_exported_bets_come_back_as_they_went(cli: Cli, night: Path, tmp_path: Path) -> None:
    """Date, teams, league, result, payout and profit stay; known bets are not doubled."""
    out = tmp_path / "bets.csv"
    cli("export", "bets", "--out", out)
    head = out.read_text("utf-8").splitlines()[0].split(",")
    columns = {"date", "league", "away", "home", "result", "payout_cents", "profit_cents"}
    assert columns <= set(head)
    told = cli("profit", "--json").json
    assert cli("import", out, "--json").json["added"] == 0
    for part in night.parent.glob("tracker.db*"):
        part.unlink()
    ran = cli("import", out, "--json")
    assert (ran.status, ran.json["mistakes"], ran.json["doubts"]) == (0, 0, [])
    assert cli("profit", "--json").json == told


def test_exported_slips_of_several_lines_and_games_come_back(
    cli: Cli, config: Path, slate: tuple[Game, ...], tmp_path: Path
) -> None:
    """Parlays, by their own price or their legs', and slips as they were pasted are known again."""
    college = Game("401700001", "ncaam", "VILL", "UCF", tonight())
    keep_games(config, (*slate, college))
    slips = (
        "parlay: DEN ML; UCF@VILL over 150.5 +250 $10",
        "DEN ML -150; MIA@BOS over 224.5 -110; LAL@DEN u230 -110 $10",
        "parlay: MIA ML; DEN ML +264 $10",
        "2-leg parlay\nMIA ML\nDEN ML\n+300\nWager: $20.00 Payout: $80.00",
        "Los Angeles Lakers @ Denver Nuggets\nSpread\nDenver Nuggets -4.5\n-110",
    )
    for slip in slips:
        assert cli("add", slip, "--tag", "early, p;q", "--json").json["legs"]
    assert cli("show", "1", "--json").json["tags"] == ["early", "p", "q"]
    to_win = [x["to_win_cents"] for x in (cli("add", y, "--json").json for y in slips)]
    out = tmp_path / "bets.csv"
    cli("export", "bets", "--out", out)
    ran = cli("import", out, "--json")
    assert (ran.status, ran.json["added"], ran.json["known"], ran.json["mistakes"]) == (0, 0, 5, 0)
    for part in (config.parent / "state").glob("tracker.db*"):
        part.unlink()
    ran = cli("import", out, "--json")
    assert (ran.status, ran.json["added"], ran.json["mistakes"]) == (0, 5, 0)
    assert [x["pick"] for x in cli("bets", "--json").json] == list(slips)
    assert [x["to_win_cents"] for x in (cli("add", y, "--json").json for y in slips)] == to_win


def test_a_bet_without_a_known_game_comes_back_with_what_was_written_of_it(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    """Export and import keep the game as written, and a tag once even if it was given twice."""
    sheet, out = tmp_path / "sheet.csv", tmp_path / "bets.csv"
    sheet.write_text(
        "date,pick,game,odds,stake,result,tags\n"
        "2025-10-22,home ML #late,GSW@LAL,-120,20,won,late\n", "utf-8"
    )  # fmt: skip
    seen = []
    for source in (sheet, out, out):
        for part in (config.parent / "state").glob("tracker.db*"):
            part.unlink()
        assert cli("import", source).status == 0
        cli("export", "bets", "--out", out)
        (row,) = csv.DictReader(out.read_text("utf-8").splitlines())
        seen.append((row["matchup"], row["tags"], row["pick"], row["placed_at"]))
    assert seen[0][:2] == ("GSW@LAL", "late")
    assert seen[1:] == [seen[0]] * 2


HEADED = "Date,Selection,Market,Line,Odds,Stake,Result,Payout\n2026-11-20,"


def read_in(*rows: str) -> ImportedBets:
    """A sheet of these rows as it is read in New York."""
    text = HEADED + "\n2026-11-20,".join(rows) + "\n"
    manner = Manner({})
    return read_slips(
        text, "sheet", unit_cents=1000, zone=ZoneInfo("America/New_York"), manner=manner
    )


@pytest.mark.parametrize(
    ("row", "span", "asked"),
    [
        ("Denver Nuggets,spreads_q1,-1.5", Span.Q1, Handicap(-1.5)),
        ("Denver Nuggets -7 1/2,Spread,", Span.GAME, Handicap(-7.5)),
        ("DEN -1.5,2nd Half (incl OT),", Span.H2, Handicap(-1.5)),
        ("No,Nikola Jokic Double Double,", Span.GAME, Tens(2, happens=False)),
        ("NO,Zion Williamson Double Double,", Span.GAME, Tens(2, happens=False)),
        ("DEN ML,Single,", Span.GAME, ToWin()),
    ],
)
def test_the_market_of_a_row_says_which_bet_it_is(row: str, span: Span, asked: Asked) -> None:
    """The part of the game, the half point and the side are those of both columns."""
    (slip,) = read_in(f"{row},-110,10,,").slips
    (pick,) = slip.draft.legs
    assert (pick.span, pick.asked) == (span, asked)


@pytest.mark.parametrize(
    "row",
    [
        "DEN ML,Race to 20 Points,",
        "DEN ML,Winning Margin,",
        "DEN ML,Halftime/Fulltime,",
        "DEN ML,1st 5 minutes,",
        "Over 25.5,player_points,",
        "Over 5.5,Nikola Jokic - 1Q Points,",
    ],
)
def test_a_market_that_is_not_followed_never_becomes_another_bet(row: str) -> None:
    """Its row is reported and not read as a bet on the whole game."""
    found = read_in(f"{row},-110,10,,")
    assert (found.slips, len(found.mistakes)) == ((), 1)


@pytest.mark.parametrize(
    ("ended", "paid"),
    [
        ("lost,19.09", 0),
        ("lost,9.09", 0),
        ("lost,-10", 0),
        ("lost,4", 400),
        ("push,19.09", 1000),
        ("push,0", 1000),
        ("void,9.09", 1000),
        ("won,19.09", 1909),
        ("won,14.50", 1450),
    ],
)
def test_what_a_win_would_have_paid_is_not_paid_by_another_result(ended: str, paid: int) -> None:
    """Files go on showing it; a payout that may be true is taken as written."""
    (slip,) = read_in(f"DEN -4.5,,,-110,10,{ended}").slips
    assert slip.paid == paid


@pytest.mark.parametrize(
    ("ended", "result"),
    [("Half Won,14.55", "won"), ("half-lost,5", "lost"), ("Cashed out,12", "won")],
)
def test_what_was_paid_says_how_half_a_result_counts(ended: str, result: str) -> None:
    """Half a result is won where more than the stake came back; without a payout it is refused."""
    found = read_in(f"DEN -4.5,,,-110,10,{ended}")
    assert ([x.result for x in found.slips], found.doubts) == ([result], ())
    refused = read_in(f"DEN -4.5,,,-110,10,{ended.partition(',')[0]},")
    assert "needs what was paid" in refused.mistakes[0]


def test_prices_with_thousands_and_times_with_their_zone() -> None:
    """1,200 among American odds is +1200, 7:30 PM EST is of New York, a date alone is its noon."""
    text = 'Placed,Pick,Odds\n11/20/2026 7:30 PM EST,DEN ML,"1,200"\n11/21/2026,LAL ML,-110\n'
    berlin = ZoneInfo("Europe/Berlin")
    found = read_slips(text, "sheet", unit_cents=1000, zone=berlin, manner=Manner({}))
    first, second = (x.draft for x in found.slips)
    assert (first.odds, second.placed_at) == (
        parse_odds("1200"), datetime(2026, 11, 21, 12, tzinfo=berlin)
    )  # fmt: skip
    assert first.placed_at == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("profits", ["1,-2,0", "$20,-$40,$0"])
def test_profits_beside_stakes_in_units_may_be_in_units(profits: str) -> None:
    """They are taken as units where that fits the odds better than money does."""
    rows = zip(("1.1,W", "2,L", "1,P"), profits.split(","), strict=True)
    text = "Pick,Odds,Units,Result,Net\n" + "".join(f"DEN -4.5,-110,{x},{y}\n" for x, y in rows)
    zone = ZoneInfo("America/New_York")
    found = read_slips(text, "sheet", unit_cents=2000, zone=zone, manner=Manner({}))
    assert [x.paid for x in found.slips] == [4200, 0, 2000]
    assert found.doubts == ()


def in_new_york(text: str) -> ImportedBets:
    """A sheet as it is read in New York."""
    zone = ZoneInfo("America/New_York")
    return read_slips(text, "sheet", unit_cents=1000, zone=zone, manner=Manner({}))


@pytest.mark.parametrize("others", [["-110.0"], ["120.0"], ["", "-105.0"]])
def test_american_odds_of_a_table_of_floating_point_numbers_stay_american(
    others: list[str],
) -> None:
    """`150.0` is +150: a column that lacks one value is written with points. `1.91` is decimal."""
    rows = [f"DEN ML,{x},10" for x in ("150.0", *others)]
    found = in_new_york("Pick,Odds,Stake\n" + "\n".join(rows) + "\n")
    assert found.slips[0].draft.odds == parse_odds("150")
    decimal = in_new_york("Pick,Odds,Stake\nDEN ML,150.0,10\nLAL ML,1.91,10\n")
    assert [x.draft.odds for x in decimal.slips] == [parse_odds("150.0"), parse_odds("1.91")]


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-01-29 7:30 PM", "19:30-05:00"),
        ("2026-01-29 19:30:00 EST", "19:30-05:00"),
        ("2026-01-29 11:30 PT", "11:30-08:00"),
        ("01/29/2026 9:05 PST", "09:05-08:00"),
        ("01/29/2026 9:05p ET", "21:05-05:00"),
        ("01/29/2026 9:05 a.m. CT", "09:05-06:00"),
    ],
)
def test_a_time_is_read_with_its_half_of_the_day_and_its_zone(written: str, hour: str) -> None:
    """The P of `PT` is no `pm`, and a date that begins with the year may have either."""
    (slip,) = in_new_york(f"Placed,Pick,Odds\n{written},DEN ML,-110\n").slips
    assert slip.draft.placed_at == datetime.fromisoformat(f"2026-01-29T{hour}")


def test_midnight_is_a_time_among_times_and_a_date_among_dates() -> None:
    """A tip-off at 00:00 UTC is of the evening before; a column of midnights holds dates."""
    head = "Event date,Pick,Odds\n"
    times = in_new_york(f"{head}2026-01-29T00:00:00Z,DEN ML,1.9\n2026-01-29T02:30:00Z,LAL ML,1.9\n")
    assert [x.day for x in times.slips] == [date(2026, 1, 28), date(2026, 1, 28)]
    dates = in_new_york(f"{head}2026-01-29T00:00:00Z,DEN ML,1.9\n2026-01-30 00:00,LAL ML,1.9\n")
    assert [x.day for x in dates.slips] == [date(2026, 1, 29), date(2026, 1, 30)]


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        ("76ers,Spread,+6", Handicap(6.0)),
        ("76ers,Point spread,7.0", Handicap(7.0)),
        ("Nuggets,Spread,4.5", Handicap(4.5)),
        ("Nuggets,Spread,-3.5", Handicap(-3.5)),
        ("Nuggets,Team Total Over,112.5", OverUnder(Direction.OVER, 112.5)),
    ],
)
def test_a_line_in_its_own_column_is_that_of_the_bet(row: str, asked: Asked) -> None:
    """The figures of a name are no line, and where minus signs stand a spread without is a plus."""
    found = read_in(f"{row},-110,10,,", "LAL,Spread,-2.5,-110,10,,")
    assert [x.draft.legs[0].asked for x in found.slips[:-1]] == [asked]


def test_the_legs_of_a_parlay_are_read_with_all_their_columns() -> None:
    """A leg's market, line and game say which bet it is, as those of a bet alone do."""
    found = in_new_york(
        "Bet ID,Selection,Market,Line,Odds,Stake,Event\n"
        "7,Over,1st Half Total,110.5,-110,10,LAL @ DEN\n"
        "7,Nuggets Over 55.5,1st Half Team Total,,-120,10,LAL @ DEN\n"
        "7,Celtics,Moneyline,,-150,10,NYK @ BOS\n"
    )
    (slip,) = found.slips
    first, second, third = slip.draft.legs
    assert first.matchup is not None
    assert [x.code for x in first.matchup.home] == ["DEN"]
    assert (first.span, first.asked) == (Span.H1, OverUnder(Direction.OVER, 110.5))
    assert (second.span, second.asked) == (Span.H1, OverUnder(Direction.OVER, 55.5))
    assert (third.asked, [x.code for x in third.team]) == (ToWin(), ["BOS"])
    assert [x.odds and x.odds.text for x in slip.draft.legs] == ["-110", "-120", "-150"]


@pytest.mark.parametrize(
    ("legs", "paid"),
    [
        (["-150,won", "-120,won", "+100,won"], 6111),
        (["-150,won", "-120,void", "+100,won"], 3333),
        (["-150,push", "-120,void", "+100,push"], 1000),
        (["-150,won", "-120,lost", "+100,void"], 0),
        (["+500,won", "+500,won", "+500,won"], 6000),
        (["+500,won", "+500,push", "+500,won"], None),
        ([",won", ",push", ",won"], None),
    ],
)
def test_a_parlay_is_not_paid_for_a_leg_that_dropped_out(legs: list[str], paid: int | None) -> None:
    """It pays at the prices of the legs that count, and what only the book knows is not known."""
    rows = [f"7,{x} ML,{one},10" for x, one in zip(("DEN", "BOS", "MIA"), legs, strict=True)]
    found = in_new_york("Bet ID,Selection,Odds,Result,Stake\n" + "\n".join(rows) + "\n")
    assert ([x.paid for x in found.slips], found.doubts) == ([paid], ())


@pytest.mark.parametrize(
    ("row", "asked", "team"),
    [
        ("Nikola Jokic,Points,Over,25.5", PlayerFigure(Stat.PTS, Direction.OVER, 25.5), ""),
        ("Jokic O 25.5 Points,,Over,", PlayerFigure(Stat.PTS, Direction.OVER, 25.5), ""),
        ("Nikola Jokic,Rebounds,u,12.5", PlayerFigure(Stat.REB, Direction.UNDER, 12.5), ""),
        (",Total,Under,224.5", OverUnder(Direction.UNDER, 224.5), ""),
        (",Spread,Home,-4.5", Handicap(-4.5), "DEN"),
        ("Away,Moneyline,,", ToWin(), "LAL"),
    ],
)
def test_a_side_in_its_own_column_is_that_of_the_bet(row: str, asked: Asked, team: str) -> None:
    """`Over`, `Home` and the two teams each have a column in many sheets."""
    head = "Date,Away,Home,Player,Market,Side,Line,Odds,Wager\n"
    found = in_new_york(f"{head}2026-01-29,LA Lakers,Denver Nuggets,{row},-110,$20.00\n")
    assert (found.mistakes, found.unused) == ((), ())
    (leg,) = found.slips[0].draft.legs
    assert (leg.asked, "".join(x.code for x in leg.team)) == (asked, team)
    assert found.slips[0].draft.stake_cents == 2000


def test_an_amount_alone_is_no_line_of_a_side() -> None:
    """Where no column says what was bet on, `$220` on the over is no over 220."""
    head = "Date,Game,Side,Odds,Wager\n"
    for wager in ("220", "$220.00"):
        found = in_new_york(f"{head}2026-01-29,LAL @ DEN,Over,-110,{wager}\n")
        assert found.slips == ()
        assert len(found.mistakes) == 1


def test_a_cell_is_read_as_a_spreadsheet_shows_it_and_in_its_own_column() -> None:
    """`="-110"` is -110, and a row whose decimal comma made two cells is refused."""
    found = in_new_york(
        'Date,Pick,Odds,Stake\n2026-01-29,DEN -4.5,="-110",=20\n2026-01-29,DEN ML,=+135,"20,50"\n'
        '2026-01-29,"DEN ML\n",-110,20\n2026-01-29,DEN -4,5,1,91,20\n'
    )
    assert [x.line for x in found.slips] == [2, 3, 4]
    assert [(x.draft.odds and x.draft.odds.text, x.draft.stake_cents) for x in found.slips] == [
        ("-110", 2000), ("+135", 2050), ("-110", 2000),
    ]  # fmt: skip
    (mistake,) = found.mistakes
    assert "line 6: it has more cells than the first line has headings" in mistake
    with pytest.raises(BadFile, match="line 2: it has more cells than the first line has"):
        in_new_york("Date,Pick,Odds,Stake\n2026-01-29,DEN -4,5,1,91,20\n")
    with pytest.raises(BadFile, match="put what holds ';' in quotes"):
        in_new_york("Date;Pick;Odds;Stake\n2026-01-29;DEN -4.5;early; late;-110;20\n")


@pytest.mark.parametrize(
    "parted", ["DEN ML,-110,1,200,", "DEN ML,2,10,20,", "DEN ML,2.10,12,50,", "DEN -4,5,2.10,20,"]
)
def test_a_value_that_its_comma_parted_is_no_other_value(parted: str) -> None:
    """`1,200` or `2,10` without quotes is refused by a cell too many, though the last is empty."""
    table = "Date,Pick,Odds,Stake,Note\n2026-01-29,DEN -4.5,-110,20,"
    found = in_new_york(f"{table}\n2026-01-29,{parted}\n")
    assert [x.line for x in found.slips] == [2]
    assert "line 3: it has more cells" in found.mistakes[0]
    others = ",,,,\n2026-01-30,DEN ML\n2026-01-29,DEN ML,2,150,,"
    ended = in_new_york(f"{table},\n{others}\n")
    assert [x.draft.stake_cents for x in ended.slips] == [2000, None, 15000]
    copied = in_new_york(f"{table}\n2026-01-29,DEN ML,2,150,,\n".replace(",", "\t"))
    assert [x.draft.stake_cents for x in copied.slips] == [2000, 15000]


def test_even_beside_a_price_of_its_own_is_about_points() -> None:
    """`DEN even` at -110 in its own column is about points; at +100 it is asked about."""
    rows = ("2026-01-29,DEN even,-110,20", "2026-01-29,DEN even,+100,20")
    found = in_new_york("Date,Pick,Odds,Stake\n" + "\n".join(rows))
    assert [x.draft.legs[0].kind for x in found.slips] == ["odd_even"]
    assert "line 3: 'DEN even': 'even' may be its price or its points" in found.mistakes[0]


def test_a_column_without_a_name_is_no_other_column() -> None:
    """The numbers of rows, as tables are written with them, are neither a league nor a stake."""
    found = in_new_york(",Date,Bet,Odds\n0,2026-01-29,DEN -4.5,-110\n1,2026-01-30,LAL ML,+120\n")
    assert (len(found.slips), found.mistakes, found.elsewhere) == (2, (), {})
    assert [x.draft.stake_cents for x in found.slips] == [None, None]


def test_figures_within_objects_of_json_are_not_lost() -> None:
    """A price or a stake that has its form beside it is read, or the bet is refused."""
    bet = '{"pick": "DEN -4.5", "odds": {"american": -110}, "stake": {"amount": 20, "unit": "USD"}}'
    (slip,) = in_new_york(f"[{bet}]").slips
    assert (slip.draft.odds and slip.draft.odds.text, slip.draft.stake_cents) == ("-110", 2000)
    twice = in_new_york('[{"pick": "DEN -4.5", "odds": {"american": -110, "decimal": 1.91}}]')
    assert "is not a price" in twice.mistakes[0]
    assert ", bet 1: " in twice.mistakes[0]  # a list has no lines
