"""Promises of `tracker add`: its options are read in one place, and nothing heavy is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tracker.cli import app
from tracker.cli.bets.add import asked_for


def ran(program: str) -> subprocess.CompletedProcess[str]:
    """What a program did in an interpreter of its own."""
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30
    )


@pytest.mark.parametrize(
    "args",
    [("bets",), ("add", "--help"), ("add", "DEN ML", "-h"), ("-V", "add"), ("--config",), ()],
)
def test_what_adds_no_bet_is_left_to_the_application(args: tuple[str, ...]) -> None:
    """Help, versions and other verbs are not handled by the quick way of `add`."""
    assert not asked_for(args)


@pytest.mark.usefixtures("slate")
@pytest.mark.parametrize(
    ("args", "why"),
    [
        ((), "Missing argument LINE: write the bet, such as 'DEN -4.5 -110 $20'"),
        (("DEN ML", "--what"), "there is no option --what: see `tracker add --help`"),
        (("DEN ML", "--free=yes"), "there is no option --free: see `tracker add --help`"),
        (("DEN ML", "--odds"), "--odds needs a value behind it: see `tracker add --help`"),
    ],
)
def test_a_mistake_in_the_options_is_told(cli: Cli, args: tuple[str, ...], why: str) -> None:
    """It gives one sentence, with the status of wrong usage."""
    said = cli("add", *args)
    assert (said.status, said.sentence) == (2, why)


@pytest.mark.usefixtures("slate")
def test_options_may_be_written_either_way_and_the_last_one_counts(cli: Cli) -> None:
    """Options stand before or after the bet, with `=` or a blank; after `--` all is the bet."""
    one = cli("add", "DEN ML", "--odds=-120", "--odds=+135", "--tag", "a", "--json").json
    same = cli("add", "--odds", "+135", "--tag", "a", "--json", "--", "DEN", "ML").json
    assert one.pop("created")
    assert not same.pop("created")
    assert one == same


@pytest.mark.usefixtures("slate")
def test_the_application_reads_the_options_as_the_program_does(cli: Cli) -> None:
    """The application and the quick way read the same options in the same way."""
    assert app.run(["add", "DEN ML", "--odds", "+135", "--no-chance"]) == 0
    assert not cli("add", "DEN ML +135", "--json").json["created"]


@pytest.mark.usefixtures("slate")
def test_nothing_heavy_is_loaded_to_add_a_bet(config: Path) -> None:
    """No slow module is imported, so that it takes a fraction of a second from cold."""
    program = (
        "import sys; from tracker.__main__ import run; "
        "status = run(['add', 'DEN ML -150 $10']); "
        "heavy = set('pydantic typer rich aiohttp numpy scipy apprise structlog'.split()); "
        "sys.exit(status or ', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = ran(program)
    assert (done.returncode, done.stderr.splitlines()[1:]) == (0, [])
    assert "Bet      #1" in done.stdout


def test_verbs_that_only_read_or_note_load_no_numeric_library() -> None:
    """NumPy and SciPy cost more than all else that lists bets, games, rules and copies."""
    program = (
        "import sys; from tracker.cli.app import VERBS, build; "
        "numeric = {'market', 'models', 'demo'}; "
        "build([x for x in VERBS if x.work.partition(':')[0].partition('.')[0] not in numeric]); "
        "sys.exit(', '.join({'numpy', 'scipy', 'aiohttp', 'pydantic'} & set(sys.modules)) or 0)"
    )
    done = ran(program)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_while_the_program_loads_shows_no_traceback() -> None:
    """Ctrl-C before the first module is there ends with one sentence, as it does later on."""
    program = (
        "import sys\n"
        "class Pressed:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'tracker.cli': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "from tracker.__main__ import main; main()\n"
    )
    done = ran(program)
    assert (done.returncode, done.stderr) == (130, "error: stopped; nothing more was done\n")
