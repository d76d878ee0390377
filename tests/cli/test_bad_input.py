"""Promises about mistakes: one clear sentence, the right exit status, and nothing lost."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

GOOD = "DEN -4.5 -110 $20"


@pytest.mark.usefixtures("slate")
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("DEN", "ends too early"),
        ("DEN -4.5 -110 $20 what", "'what' at column 19"),
        ("DENN -4.5", "did you mean Den?"),
        ("over", "the line, such as 224.5"),
        ("DEN -4.5 -50", "odds"),
        ("DEN -4.5 1/0", "divide by zero"),
        ("DEN -4.5 0.9", "write Hong Kong odds with the stake, as 1.9"),
        ("DEN -4.3", "whole or half"),
        ("LAL@BOS over 220", "LAL@BOS"),
        ("DEN ML $twenty", "not an amount"),
        ("", "an empty bet"),
    ],
)
def test_a_line_that_cannot_be_understood_says_where(cli: Cli, line: str, told: str) -> None:
    """A bad line is refused with status 2, and the stored bets stay as they are."""
    cli("add", GOOD)
    ran = cli("add", line)
    if line == "LAL@BOS over 220":
        # This line can be read, but no such game is known and no feed answers.
        assert ran.status == 0
        return
    assert ran.status == 2
    assert told in ran.sentence
    assert ran.out == ""
    assert len(cli("bets", "--json").json) == 1


@pytest.mark.usefixtures("slate")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--odds", "two to one"), "is not a price"),
        (("--odds", "1.5"), "given twice"),
        (("--stake", "lots"), "is not an amount"),
        (("--rule", "p > 0.8"), "is not a rule"),
        (("--rule", "p >= 80"), "between 0 and 1"),
        (("--game", "LAL"), "'@'"),
        (("--id", " "), "the id is empty"),
        (("--id", "two\nlines"), "at most 64 characters on one line"),
        (("--book", "B" * 65), "at most 64 characters on one line"),
        (("--tag", "t" * 65), "at most 64 characters on one line"),
        (("--oddz", "2"), "there is no option --oddz"),
    ],
)
def test_an_option_that_cannot_be_understood_says_so(
    cli: Cli, options: tuple[str, ...], told: str
) -> None:
    """A bad value of an option is refused with status 2, whatever else is in the line."""
    line = "DEN -4.5 -110" if options == ("--odds", "1.5") else "DEN -4.5"
    ran = cli("add", line, *options)
    assert ran.status == 2
    assert told in ran.sentence


@pytest.mark.usefixtures("slate")
@pytest.mark.parametrize(
    ("line", "options", "told"),
    [
        ("over 224.5 LAL@DEN", ("--game", "MIA@BOS"), "names another game than MIA@BOS"),
        ("DEN ML vs LAL", ("--game", "MIA@DEN"), "names another game than MIA@DEN"),
        ("DEN ML 2026-11-20", ("--game", "LAL@DEN 2026-11-21"), "of 2026-11-21: drop one"),
        ("DEN ML on DK", ("--book", "FanDuel"), "the book is given twice, as DK"),
    ],
)
def test_a_line_and_what_stands_beside_it_never_differ(
    cli: Cli, line: str, options: tuple[str, ...], told: str
) -> None:
    """Two games, two days or two books are refused: neither is taken without a word."""
    ran = cli("add", line, *options)
    assert ran.status == 2
    assert told in ran.sentence
    assert cli("add", line, "--game", "Nuggets Lakers", "--book", "draftkings").status == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('timezone = "Mars"', "'Mars' is no time zone"),
        ("timezone = ", "not valid TOML"),
        ('[store]\npaht = "x.db"', "did you mean path?"),
        ('[rules]\ndefault = ["p > 1"]', "is not a rule"),
        ('[notify]\nurls = ["ntfy://secret-topic"]', "chmod 600"),
        ("[feeds.nba]\nbase_url = 'cdn.nba.com'", "a scheme and a host"),
    ],
)
@pytest.mark.parametrize("verb", [("bets",), ("add", GOOD), ("run",), ("config", "check")])
def test_every_command_refuses_a_bad_configuration_alike(
    cli: Cli, config: Path, verb: tuple[str, ...], text: str, told: str
) -> None:
    """Every command ends with status 78, and names file, place and remedy, but no secret."""
    config.write_text(text, "utf-8")
    config.chmod(0o644)
    ran = cli(*verb)
    assert ran.status == 78
    assert told in ran.sentence
    assert str(config) in ran.sentence
    assert "secret-topic" not in ran.err


def test_a_configuration_that_is_not_there_is_told(cli: Cli, tmp_path: Path) -> None:
    """A missing file is an error if it was named; otherwise the defaults are in force."""
    ran = cli("--config", tmp_path / "no.toml", "bets")
    assert ran.status == 78
    assert "tracker init" in ran.sentence
    assert cli("bets").status == 0


def test_a_missing_folder_is_made_and_one_that_cannot_be_is_told(cli: Cli, config: Path) -> None:
    """A file in the place of a folder gives a sentence and no traceback."""
    config.write_text('[store]\npath = "not/there/yet/t.db"', "utf-8")
    assert cli("rules").status == 0
    in_the_way = config.with_name("file")
    in_the_way.touch()
    config.write_text('[store]\npath = "file/t.db"\n[feeds.nba]\nbase_url = "http://127.0.0.1:9"')
    ran = cli("add", GOOD)
    assert ran.status == 1
    assert ran.sentence.startswith(f"{in_the_way}: a file stands where a folder is needed")


@pytest.mark.usefixtures("slate")
def test_a_database_from_the_future_is_refused_and_left_alone(cli: Cli, config: Path) -> None:
    """Readers and writers refuse a newer database, and do not change a byte of it."""
    cli("add", GOOD)
    database = config.parent / "state" / "tracker.db"
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    before = database.read_bytes()
    for verb in (("bets",), ("add", "DEN ML"), ("run",), ("status",), ("export",)):
        ran = cli(*verb)
        assert ran.status == 1
        assert "later version" in ran.sentence
    assert database.read_bytes() == before
    assert "✘" in cli("doctor", "--offline").out


@pytest.mark.usefixtures("config")
def test_a_file_that_is_no_database_is_told(cli: Cli, config: Path) -> None:
    """A file that is no database gives a sentence, and is left as it is."""
    database = config.parent / "state" / "tracker.db"
    database.parent.mkdir()
    database.write_text("shopping list", "utf-8")
    ran = cli("bets")
    assert ran.status == 1
    assert str(database) in ran.sentence
    assert database.read_text("utf-8") == "shopping list"


def test_a_port_in_use_is_told(cli: Cli) -> None:
    """A port in use gives a sentence that says how to choose another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ran = cli("replay", "serve", "SAC@PHI", "--port", str(port))
    assert ran.status == 1
    assert f"Port {port}" in ran.sentence


@pytest.mark.usefixtures("slate")
@pytest.mark.parametrize(
    ("args", "status", "told"),
    [
        (("ad",), 2, "Did you mean 'add'"),
        (("add",), 2, "Missing argument"),
        (("bets", "--jsn"), 2, "--json"),
        (("show", "9"), 2, "there is no bet 9"),
        (("show", "no-such-id"), 2, "there is no bet no-such-id"),
        (("withdraw", "99999999999999999999"), 2, "there is no bet"),
        (("games", "--day", "yesterday"), 2, "is not a date"),
        (("rules", "--set", "hit"), 2, "name the bet"),
        (("settle", "1"), 2, "won|lost|push|void"),
        (("settle", "1", "maybe", "--reason", "x"), 2, "is no result"),
        (("export", "secrets"), 2, "choose one of"),
        (("chart", "1", "--out", "x.pdf"), 2, ".png or .svg"),
        (("run", "--clock-speed", "-1"), 2, "above 0"),
        (("run", "--clock-start", "noon"), 2, "is not a time"),
        (("run", "--clock-start", "2026-01-01T00:00:00"), 2, "lacks a time zone"),
        (("replay", "run", "BOS@BOS"), 1, "No recorded game"),
        (("replay", "record"), 1, "keep_bodies_days"),
        (("price", "/no/such/file"), 1, "/no/such/file: No such file"),
        (("backtest", "/no/such/file"), 1, "/no/such/file: No such file"),
        (("replay", "run", "SAC@PHI", "--bet", "DEN ML"), 1, "is about none of these games"),
        (("demo", "--speed", "0"), 2, "above 0"),
        (("clv", "--by", "moon"), 2, "Invalid value for '--by': 'moon' is not one of 'market'"),
        (("delete", "1"), 2, "there is no command 'delete': you may mean `tracker withdraw`"),
        (("help",), 2, "you may mean `tracker --help`"),
        (("edit", "1", "--tag"), 2, "requires an argument; see `tracker edit --help`"),
    ],
)
def test_wrong_arguments_get_one_sentence(
    cli: Cli, args: tuple[str, ...], status: int, told: str
) -> None:
    """Wrong arguments give one sentence, and the exit status of their kind."""
    ran = cli(*args)
    assert (ran.status, told in ran.sentence) == (status, True), ran.err


def test_a_clock_of_its_own_is_refused_for_a_real_feed(cli: Cli, config: Path) -> None:
    """The clock options are refused before a real feed is asked anything."""
    config.write_text('[store]\npath = "t.db"\n', "utf-8")
    ran = cli("run", "--clock-start", "2026-01-01T00:00:00Z", "--clock-speed", "60")
    assert ran.status == 2
    assert "[feeds.nba] base_url" in ran.sentence


def test_a_bad_bet_in_the_file_spoils_no_other(cli: Cli, config: Path) -> None:
    """A bad bet in the bets file is reported with its line, and the others can be read."""
    config.with_name("bets.toml").write_text(
        '[[bet]]\npick = "DEN ML"\n[[bet]]\npick = "DENNVER ML"\n', "utf-8"
    )
    ran = cli("config", "check")
    assert ran.status == 1
    assert "line 3" in ran.sentence
    assert "The other 1 bet " in ran.err


@pytest.mark.parametrize("line", ["{}", "[]", "nope", '{"league":"nba","home":"DEN"}'])
def test_a_state_that_is_wrong_is_answered_in_its_place(
    cli: Cli, tmp_path: Path, line: str
) -> None:
    """A bad state gives an error in its place, and the exit status is 1 at the end."""
    file = tmp_path / "states.jsonl"
    file.write_text(f"{line}\n", "utf-8")
    ran = cli("price", file)
    assert ran.status == 1
    assert set(ran.json) == {"id", "error"}
