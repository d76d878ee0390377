"""Promises of the quick path: it reads what is plainly right, never what the full check refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tracker.cli import app, basics
from tracker.cli.basics import read_basics
from tracker.cli.bets.add import asked_for
from tracker.settings import ConfigError, load_settings
from tracker.settings.models import DEFAULT_RULES, known_keys

PLAIN = """
timezone = "Europe/Berlin"
stake_unit = 25.5
odds_format = "decimal"
[store]
path = "here/t.db"
[bets]
file = "mine.toml"
[rules]
default = ["hit", "p >= 0.7"]
[notify]
console = false
urls = ["json://127.0.0.1:8080/hook"]
[notify.telegram]
api_url = "http://127.0.0.1:8081"
[feeds.nba]
base_url = "http://127.0.0.1:8765"
requests_per_minute = 600
[feeds.espn]
base_url = "http://localhost:8766"
"""

WRONG = (
    "timezone = 3", 'timezone = "Mars/Base"', "stake_unit = 0", "stake_unit = true",
    "stake_unit = nan", 'stake_unit = "x"', 'odds_format = "roman"', "what = 1",
    "store = 3", "[store]\npath = ''", "[store]\npath = 3", "[store]\nkeep_bodies_days = 0",
    "[store]\nkeep_bodies_days = true", "[store]\nwhat = 1", "[bets]\nfile = ''",
    "[rules]\ndefault = 'hit'", "[rules]\ndefault = ['hit', 'p > 2']", "[rules]\ndefault = [1]",
    "[notify]\nurls = 'x'", "[notify]\nconsole = 1", "[notify]\nurls = ['ntfy://secret']",
    "[notify.telegram]\ntoken = '1:secret'", "[notify.telegram]\nchat_id = 'me'",
    "[notify.telegram]\napi_url = 'x'", "[feeds.nba]\nbase_url = 'cdn.nba.com'",
    "[feeds.nba]\nbase_url = 'http://x/y'", "[feeds.nba]\nbase_url = 'http://x:0'",
    "[feeds.nba]\nbase_url = 'http://x:99999'", "[feeds.nba]\nrequests_per_minute = 0",
    "[feeds.nba]\nheaders = { a = 1 }", "[feeds.abc]\nx = 1", "[[lines]]\ngame = 'LAL'",
)  # fmt: skip


def test_plain_files_are_read_as_the_full_check_reads_them(config: Path) -> None:
    """Each value that is read quickly is the one of the settings."""
    for text in ("", PLAIN, "[rules]\ndefault = []"):
        config.write_text(text, "utf-8")
        quick, full = basics._plain(config, {"HOME": "/home/you"}), load_settings(config)
        checked = basics._checked(config, {"HOME": "/home/you"})
        assert quick == checked
        assert quick.zone == full.zone


@pytest.mark.parametrize("text", WRONG)
def test_what_the_full_check_refuses_is_never_read_quickly(config: Path, text: str) -> None:
    """It is left to the full check, which says why."""
    config.write_text(text, "utf-8")
    config.chmod(0o644)
    with pytest.raises(ConfigError):
        load_settings(config)
    with pytest.raises(ConfigError):
        read_basics(config)


def test_the_defaults_are_those_of_the_settings() -> None:
    """They are written twice, and stay the same."""
    assert basics.DEFAULT_RULES == DEFAULT_RULES


def test_only_keys_of_the_settings_are_known() -> None:
    """A key that is renamed there is not read here under its old name."""
    keys = {f"{table}.{key}".lstrip(".") for table, keys in basics._KEYS.items() for key in keys}
    assert keys <= set(known_keys())


@pytest.mark.parametrize(
    "args",
    [("bets",), ("add", "--help"), ("add", "DEN ML", "-h"), ("-V", "add"), ("--config",), ()],
)
def test_what_adds_no_bet_is_left_to_the_application(args: tuple[str, ...]) -> None:
    """Help, versions and other verbs."""
    assert not asked_for(args)


@pytest.mark.usefixtures("slate")
@pytest.mark.parametrize(
    ("args", "why"),
    [
        ((), "write the bet, such as `tracker add 'DEN -4.5 -110 $20'`"),
        (("DEN ML", "--what"), "there is no option --what: see `tracker add --help`"),
        (("DEN ML", "--free=yes"), "there is no option --free: see `tracker add --help`"),
        (("DEN ML", "--odds"), "--odds needs a value behind it: see `tracker add --help`"),
    ],
)
def test_a_mistake_in_the_options_is_told(cli: Cli, args: tuple[str, ...], why: str) -> None:
    """In one sentence, with the status of wrong usage."""
    ran = cli("add", *args)
    assert (ran.status, ran.sentence) == (2, why)


@pytest.mark.usefixtures("slate")
def test_options_may_be_written_either_way_and_the_last_one_counts(cli: Cli) -> None:
    """Before or behind the line, with `=` or a blank; behind `--` all is the line's."""
    one = cli("add", "DEN ML", "--odds=-120", "--odds=+135", "--tag", "a", "--json").json
    same = cli("add", "--odds", "+135", "--tag", "a", "--json", "--", "DEN", "ML").json
    assert one.pop("created")
    assert not same.pop("created")
    assert one == same


@pytest.mark.usefixtures("slate")
def test_the_application_reads_the_options_as_the_program_does(cli: Cli) -> None:
    """They are read in one place, whoever begins."""
    assert app.run(["add", "DEN ML", "--odds", "+135", "--no-chance"]) == 0
    assert not cli("add", "DEN ML +135", "--json").json["created"]


@pytest.mark.usefixtures("slate")
def test_nothing_heavy_is_loaded_to_add_a_bet(config: Path) -> None:
    """So that it takes a fraction of a second from cold."""
    program = (
        "import sys; from tracker.__main__ import run; "
        "status = run(['add', 'DEN ML -150 $10']); "
        "heavy = set('pydantic typer rich aiohttp numpy scipy apprise structlog'.split()); "
        "sys.exit(status or ', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr.splitlines()[1:]) == (0, [])
    assert "Bet      #1" in done.stdout
