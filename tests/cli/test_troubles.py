"""Promises to strangers: odd machines, narrow terminals and small mistakes end in one sentence."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import typer
from aiohttp import web
from rich.text import Text

from tests.cli.conftest import NOBODY, Cli, Terminal
from tracker.cli import outcome, run_async
from tracker.cli.demo import served
from tracker.cli.replay import configuration
from tracker.cli.screen import broken, column_widths, make_printable, question, table
from tracker.cli.setup.doctor import check_clock, check_files, check_running
from tracker.cli.watch.alerts import alerts_line, short_chance
from tracker.domain.money import plural, several
from tracker.settings import (
    SYSTEM_STATE,
    ConfigError,
    default_store,
    feeds_are_local,
    load_settings,
)

HOOK = "https://discord.com/api/webhooks/1/AbC"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[notify.discord]\nwebhook = "https://example.org/hook"', "webhook: is none"),
        (f'[notify.discord]\nwebhook = "{HOOK}?thread=99"', "webhook: is none"),
        ('[notify.ntfy]\ntopic = "my topic"', "topic: is none"),
        ('[notify.ntfy]\ntopic = "https://ntfy.sh/mytopic"', "topic: is none"),
        ('[notify.telegram]\ntoken = "no-token"', "token: is not one"),
        ("[notify.telegram]\nchat_id = 7", "token: is missing beside chat_id"),
        ('[notify]\nurls = ["jsn://x"]', "did you mean"),
    ],
)
def test_what_the_check_passes_the_daemon_takes(
    cli: Cli, config: Path, table: str, words: str
) -> None:
    """`config check` and `run` end with the same sentence and status for a bad channel."""
    told = config.read_text("utf-8").split("[notify]")[0]
    config.write_text(f"{told}\n{table}\n", "utf-8")
    config.chmod(0o600)
    checked, ran = cli("config", "check"), cli("run")
    assert checked.status == ran.status == 78
    assert checked.sentence == ran.sentence
    assert words in checked.sentence


def test_all_mistakes_are_told_at_once(cli: Cli, config: Path) -> None:
    """A wrong key hides no wrong address, wherever they are; check and daemon agree."""
    told = config.read_text("utf-8").split("[notify]")[0].replace("[alerts]", "")
    config.write_text(
        f'{told}\n[alerts]\nquiet_hours = "late"\nper_hour = 7\n'
        '[notify]\nurls = ["jsn://x"]\nconsoul = true\n[notify.ntfy]\ntopic = "my topic"\n',
        "utf-8",
    )
    config.chmod(0o600)
    for ran in (cli("config", "check"), cli("run")):
        assert ran.status == 78
        for part in ("[alerts] quiet_hours:", "[notify] consoul:", "did you mean json", "topic:"):
            assert ran.err.count(part) == 1, part
        assert len(ran.err.splitlines()) == 4


def test_a_good_channel_of_each_kind_passes_the_check(cli: Cli, config: Path) -> None:
    """Addresses of every kind pass, a thread of a webhook included."""
    told = config.read_text("utf-8").split("[notify]")[0]
    config.write_text(
        f'{told}\n[notify.discord]\nwebhook = "{HOOK}?thread_id=99"\n'
        '[notify.ntfy]\ntopic = "mine"\n',
        "utf-8",
    )
    config.chmod(0o600)
    assert cli("config", "check").status == 0


def test_a_user_without_a_home_needs_paths_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a home all works if every path is named; else one sentence says what to name."""

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    file = tmp_path / "tracker.toml"
    file.write_text('[store]\npath = "t.db"\n', "utf-8")
    assert load_settings(file, {}).store.path == tmp_path / "t.db"
    file.write_text("# none\n", "utf-8")
    with pytest.raises(ConfigError, match=r"no home folder: set HOME, or .* \[store\] path"):
        load_settings(file, {})


def test_one_configuration_has_one_database(tmp_path: Path) -> None:
    """The system's file means the service's database in a shell too; another file the person's."""
    env = {"HOME": str(tmp_path)}
    assert default_store(env, Path("/etc/tracker/tracker.toml")) == SYSTEM_STATE / "tracker.db"
    assert default_store(env, tmp_path / "x.toml").is_relative_to(tmp_path)
    service = env | {"STATE_DIRECTORY": str(SYSTEM_STATE)}
    assert default_store(service, Path("/etc/tracker/tracker.toml")) == SYSTEM_STATE / "tracker.db"


def test_a_terminal_with_plain_letters_gets_what_it_can_print(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Signs are spelt in ASCII, letters lose their marks, and JSON keeps its meaning."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    make_printable(out)
    from tracker.cli.screen import say, say_json

    say("✔ Dončić ≥ 80 ± 5 % – ⠂⢸⣿ 🏀")
    say_json({"name": "Dončić"})
    out.flush()
    told, found = out.buffer.getvalue().decode("ascii").splitlines()
    assert told == "+ Doncic >= 80 +/- 5 % - .** ?"
    assert json.loads(found) == {"name": "Dončić"}


@pytest.mark.parametrize("width", [80, 120])
def test_no_word_is_broken_on_a_terminal(width: int) -> None:
    """Further lines are indented to the text of the first, and colours take no width."""
    words = " ".join(f"\x1b[1mword{n}\x1b[0m" for n in range(60))
    lines = broken(f"Rules    {words}", width).split("\n")
    assert all(x.startswith(" " * 9) for x in lines[1:])
    assert " ".join(" ".join(lines).split()) == f"Rules {words}"
    assert max(len(x.replace("\x1b[1m", "").replace("\x1b[0m", "")) for x in lines) <= width
    path = "/a/path/" + "x" * 200
    assert broken(f"error: {path} is not there", width).startswith(f"error: {path}\n")


def test_a_label_is_as_wide_in_colour_as_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text behind a label begins in the same column on a terminal as in a file."""
    from tracker.cli.screen import label

    monkeypatch.delenv("NO_COLOR", raising=False)
    told = [label(x) for x in ("Worth", "Chance", "Market")]
    monkeypatch.setattr(sys, "stdout", Terminal())
    drawn = [label(x) for x in ("Worth", "Chance", "Market")]
    assert [Text.from_ansi(x).plain for x in drawn] == told != drawn
    assert set(map(len, told)) == {9}


def test_an_explained_chance_is_certain_only_where_the_bet_is_decided() -> None:
    """`alerts --explain` rounds no open chance to 1 or 0."""
    assert [short_chance(x) for x in (0.0, 0.0002, 0.4471, 0.9997, 1.0)] == [
        ".000", ".001", ".447", ".999", "1.000",
    ]  # fmt: skip


def test_columns_give_way_between_words_only() -> None:
    """Columns that need little get it first; where not even parts of words fit, rich decides."""
    columns = [["Bet", "Gilgeous-Alexander over 31.5 points"], ["Now", "leads by 7"]]
    assert column_widths(columns, [False, False], 40) == [26, 10]
    assert column_widths(columns, [False, True], 32) == [18, 10]
    assert column_widths(columns, [False, False], 20) == [10, 6]
    assert column_widths(columns, [False, False], 12) == [None, None]
    assert column_widths([["Book", "東京ベット"]], [False], 40) == [10], "such letters take two"
    told = [["Bet", "Sabonis double-double"], ["p(hit)", "player little known"]]
    assert column_widths(told, [False, True], 30) == [16, 10], "a figure in words gives way"
    assert column_widths(told, [False, True], 20) == [9, 7]


def test_a_word_is_broken_after_its_hyphens_where_it_has_no_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long name of a bet or model is broken after a hyphen, never inside a syllable."""
    monkeypatch.setenv("COLUMNS", "26")
    table(("Bet", "p(hit)", "Now"), [("Sabonis double-double", "71 %", "behind by")], right=(1,))
    table(("Version", "Kind"), [("games-2023-24-20261105T010203-abc123", "games")])
    assert [x.rstrip() for x in capsys.readouterr().out.splitlines()] == [
        "Bet       p(hit)  Now", "Sabonis     71 %  behind", "double-           by", "double",
        "Version            Kind", "games-2023-24-     games", "20261105T010203-", "abc123",
    ]  # fmt: skip


def test_a_table_that_has_no_room_keeps_every_cell_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a narrow terminal a row has lines of its own: its name, then each cell with its head."""
    monkeypatch.setenv("COLUMNS", "40")
    heads = ("ID", "Bet", "Game", "Odds", "Stake", "p(hit)", "State")
    rows = [
        ("12", "DEN -4.5", "LAL@DEN tonight 22:00", "-110", "$20.00", "71 %", "live"),
        ("bucks", "Nikola Jokić over 25.5 pts", "", "", "", "player little known", "scheduled"),
    ]
    table(heads, rows, right=(3, 4, 5))
    assert [x.rstrip() for x in capsys.readouterr().out.splitlines()] == [
        "12  DEN -4.5",
        "    Game LAL@DEN tonight 22:00 · Odds",
        "    -110 · Stake $20.00 · p(hit) 71 % ·",
        "    State live",
        "bucks  Nikola Jokić over 25.5 pts",
        "    p(hit) player little known · State",
        "    scheduled",
    ]
    monkeypatch.setenv("COLUMNS", "20")
    table(("Market", "Bets", "Record", "Won"), [("spread", "3", "2-1", "66.7 %")], right=(1, 2, 3))
    assert [x.rstrip() for x in capsys.readouterr().out.splitlines()] == [
        "spread", "    Bets 3 · Record", "    2-1 · Won 66.7 %",
    ]  # fmt: skip


def test_a_table_that_has_no_room_dims_its_heads_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person looks for on a narrow terminal, the chance, is as bright as in a table."""
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    table(("ID", "Bet", "Game", "p(hit)"), [("12", "DEN -4.5", "LAL@DEN tonight", "71 %")])
    assert "\x1b[2mGame \x1b[0mLAL@DEN" in capsys.readouterr().out


@pytest.mark.parametrize("width", range(14, 60, 3))
def test_a_percent_sign_stays_on_the_line_of_its_number(
    width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a table, in rows on lines of their own, and in a sentence."""
    monkeypatch.setenv("COLUMNS", str(width))
    close = "closed at 40.7 %: your +140 was worth −2.3 %"
    table(("ID", "Bet", "Won", "By the close"), [("2", "LAC ML", "47.1 %", close)], right=(2,))
    shown = capsys.readouterr().out.splitlines()
    shown += broken(f"Close    {close}", width).split("\n")
    assert not [x for x in shown if x.lstrip().startswith("%")]
    assert " ".join(" ".join(shown).split()).count("40.7 %") == 2


def test_all_that_was_held_back_is_accounted_for() -> None:
    """The four most common reasons are named, and the others are one number."""
    counts = {"not_rearmed": 46, "holding": 42, "told": 17, "off": 9, "quiet": 3}
    line = alerts_line({("held", x): n for x, n in counts.items()}, None)
    assert line == "Alerts tonight 0 · held back 117 (band 46, hold 42, told 17, off 9, others 3)"


def test_the_configuration_that_a_replay_prints_loads(tmp_path: Path) -> None:
    """It loads as a file of its own: every source is on this machine, and so is its database."""
    file = tmp_path / "replay.toml"
    file.write_text(configuration("http://127.0.0.1:8765"), "utf-8")
    found = load_settings(file)
    assert feeds_are_local(found)
    assert found.odds.the_odds_api.base_url == "http://127.0.0.1:8765"
    assert found.store.path == tmp_path / "replay.db"


def test_counts_are_said_right() -> None:
    """A count has the right singular or plural of its word."""
    told = [plural(n, "try") for n in (0, 1, 2)] + [plural(2, "match"), plural(1, "bet")]
    assert told == ["0 tries", "1 try", "2 tries", "2 matches", "1 bet"]
    assert [several(n, "waits") for n in (1, 2)] == ["waits", "wait"]


def test_status_without_a_daemon_says_that_nothing_is_watched(cli: Cli, config: Path) -> None:
    """`status` says so, in addition to how the bets stood last."""
    assert NOBODY in config.read_text("utf-8")
    cli("add", "DEN ML -110 $20")
    assert "Nothing is being watched: the daemon is not running." in cli("status").out


def test_doctor_says_each_thing_once(cli: Cli, config: Path) -> None:
    """No line of `doctor` names a host or gives an advice twice."""
    out = cli("--config", config, "doctor").out
    for line in out.splitlines():
        assert line.count("check the network") <= 1
        assert line.count("127.0.0.1") <= 1
    assert out.count("`tracker service install`") <= 1


async def test_doctor_sees_a_clock_that_is_wrong() -> None:
    """`doctor` compares the clock with the time that the sources send."""
    from tracker.clock import SystemClock
    from tracker.feeds.feeds import open_feeds, probe
    from tracker.settings.models import FeedSettings, FeedsSettings

    async def old(_: web.Request) -> web.Response:
        return web.Response(headers={"Date": "Fri, 20 Nov 2020 03:30:00 GMT"})

    app = web.Application()
    app.router.add_get("/{path:.*}", old)
    async with served(app) as port:
        here = FeedSettings(base_url=f"http://127.0.0.1:{port}", requests_per_minute=600)
        settings = FeedsSettings(nba=here, wnba=here, espn=here)
        async with open_feeds(settings, SystemClock()) as feeds:
            await probe(feeds, ["nba"], SystemClock())
            (check,) = check_clock(feeds.server_time.ahead)
    assert check.health.value == "bad"
    assert "fast: let it set itself" in check.text
    assert check_clock(None) == []


@pytest.mark.parametrize(
    "line",
    [
        'timezone = ["UTC"]', "stake_unit = -3", "[store]\nkeep_bodies_days = 1.5", "lines = 7",
        '[alerts]\nper_hour = "x"', "[feeds.nba]\nrequests_per_minute = 0", "notify = 3",
    ],
)  # fmt: skip
def test_no_word_of_a_library_is_told(cli: Cli, config: Path, line: str) -> None:
    """A mistake in the configuration is reported in words of a settings file."""
    config.write_text(f"{line}\n", "utf-8")
    ran = cli("config", "check")
    assert ran.status == 78
    for word in ("valid", "input", "instance", "expected", "pydantic", "parse", "type"):
        assert word not in ran.sentence.partition(": ")[2]


def test_doctor_finds_a_file_that_somebody_else_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`doctor` names the file, and the command that makes it the person's own."""
    file = tmp_path / "tracker.toml"
    file.write_text('[store]\npath = "t.db"\n', "utf-8")
    made = tmp_path / "t.db.writer"
    made.touch(0o600)
    settings = load_settings(file, {"HOME": str(tmp_path)})
    assert check_files(settings) == []
    monkeypatch.setattr(os, "access", lambda path, _: path != made)
    monkeypatch.setattr(os, "geteuid", lambda: made.stat().st_uid + 1)
    (check,) = check_files(settings)
    assert check.health.value == "bad"
    assert check.text.startswith(f"{made}: it belongs to ")
    assert str(made) in check.text.partition("sudo chown")[2]


def test_doctor_finds_a_file_system_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`doctor` finds it before a daemon is started there."""
    file = tmp_path / "tracker.toml"
    file.write_text('[store]\npath = "t.db"\n', "utf-8")
    (tmp_path / "t.db.lock").touch()

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    check = check_running(load_settings(file, {"HOME": str(tmp_path)}))
    assert check.health.value == "bad"
    assert "[store] path" in check.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_goes_nowhere_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A full disk under `tracker export > file` gives one sentence, and status 1."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert outcome(lambda: print("x", file=full)) == 1
    assert capsys.readouterr().err.count("disk is full") == 1


def test_ctrl_c_and_ctrl_d_at_a_question_end_the_command(capfd: pytest.CaptureFixture[str]) -> None:
    """Either ends a question at once, within a coroutine too, and without a traceback."""

    async def pressed(key: Callable[[], None]) -> None:
        with question():
            key()
        raise AssertionError("the question went on waiting")

    def ctrl_c() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    def ctrl_d() -> None:
        raise typer.Abort

    for key in (ctrl_c, ctrl_d):
        assert outcome(partial(run_async, pressed(key))) == 130
        assert capfd.readouterr().err == "error: stopped; nothing more was done\n"
