"""Promises of the set-up: three questions, a private file, and plain words on what is wrong."""

from __future__ import annotations

import asyncio
import stat
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cli.conftest import NOBODY, Cli
from tests.store.values import started
from tracker.domain.poll import Usage
from tracker.host import single_instance
from tracker.store import Store


def test_init_writes_a_private_file_that_is_valid(cli: Cli, home: Path) -> None:
    """It is at the usual place, has a random topic, and the answer says what comes next."""
    ran = cli("init", "--yes")
    file = home / ".config" / "tracker" / "tracker.toml"
    assert ran.status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    topic = tomllib.loads(file.read_text("utf-8"))["notify"]["ntfy"]["topic"]
    assert len(topic.removeprefix("tracker-")) == 16
    assert str(file) in ran.out
    assert "tracker add" in ran.out
    assert "1-800-GAMBLER" in ran.err
    assert cli("config", "check").status == 0


def test_init_never_overwrites_unless_told_to(cli: Cli, tmp_path: Path) -> None:
    """An existing file stays byte for byte without `--force`."""
    file = tmp_path / "c.toml"
    cli("--config", file, "init", "--yes")
    before = file.read_bytes()
    ran = cli("--config", file, "init", "--yes")
    assert ran.status == 1
    assert "--force" in ran.sentence
    assert file.read_bytes() == before
    assert cli("init", "--yes", "--force", "--config", file).status == 0
    assert file.read_bytes() != before
    assert [x.name for x in tmp_path.iterdir() if x.is_file()] == ["c.toml"]


def test_init_takes_its_answers_as_options(cli: Cli, tmp_path: Path) -> None:
    """With every answer as an option, nothing is asked."""
    answers = ("--channel", "console", "--timezone", "Asia/Tokyo", "--stake-unit", "$5")
    assert cli("--config", tmp_path / "c.toml", "init", *answers).status == 0
    written = tomllib.loads((tmp_path / "c.toml").read_text("utf-8"))
    assert (written["timezone"], written["stake_unit"]) == ("Asia/Tokyo", 5.0)
    assert "urls" not in written["notify"]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (("--timezone", "Mars"), "is no time zone"),
        (("--stake-unit", "0"), "more than nothing"),
        (("--channel", "ntfi://x"), "did you mean ntfy"),
        ((), "--yes"),
    ],
)
def test_init_refuses_an_answer_that_it_cannot_use(
    cli: Cli, tmp_path: Path, answers: tuple[str, ...], told: str
) -> None:
    """A bad answer is refused, and nothing is written."""
    yes = ("--yes",) if answers else ()
    ran = cli("--config", tmp_path / "c.toml", "init", *answers, *yes)
    assert ran.status != 0
    assert told in ran.sentence
    assert not (tmp_path / "c.toml").exists()


def test_the_configuration_is_shown_without_its_secrets(cli: Cli, tmp_path: Path) -> None:
    """Text and JSON of the configuration have no secret."""
    file = tmp_path / "c.toml"
    file.write_text(
        '[notify]\nurls = ["ntfy://hush-hush-topic"]\n'
        '[notify.telegram]\ntoken = "123456:hushhushhushhush"\nchat_id = 5\n'
        '[feeds.nba]\nheaders = { Authorization = "Bearer hush" }\n'
    )
    file.chmod(0o600)
    for words in (("show",), ("show", "--json")):
        ran = cli("--config", file, "config", *words)
        assert ran.status == 0
        assert "hush" not in ran.out + ran.err
        assert "ntfy" in ran.out


def test_the_configuration_that_is_shown_is_the_one_in_force(cli: Cli, config: Path) -> None:
    """It shows the folders that the file does not name, and times as a person writes them."""
    assert cli("config", "show").out.count(f'"{config.parent}/state/') == 3
    told = cli("config", "show", "--json").json
    assert told["backup"]["folder"] == str(config.parent / "state" / "backups")
    assert told["models"]["history"] == str(config.parent / "state" / "history")
    assert (told["backup"]["at"], told["refresh"]["at"]) == ("05:00", "06:30")


def test_the_place_of_the_configuration_is_told(cli: Cli, home: Path, config: Path) -> None:
    """`config path` gives the file that is read, whether it exists or not."""
    assert cli("config", "path").out.strip() == str(config)


def test_doctor_tells_what_is_wrong_and_what_to_do(cli: Cli, config: Path) -> None:
    """A feed that does not answer, or a database that is gone, gives status 1 with the rest."""
    ran = cli("doctor")
    assert ran.status == 1
    assert f"{NOBODY} cannot be reached" in ran.out
    assert "the daemon is not running" in ran.out
    checks = cli("doctor", "--offline", "--json")
    assert checks.status == 0
    assert {x["health"] for x in checks.json} <= {"good", "warning"}
    (config.parent / "state").mkdir(exist_ok=True)
    with single_instance(config.parent / "state" / "tracker.db.lock"):
        ran = cli("doctor", "--offline")
    assert ran.status == 1
    assert "was taken away while the daemon runs" in ran.out


def test_doctor_tells_no_requests_of_a_daemon_that_has_ended(cli: Cli, config: Path) -> None:
    """What its last minute held, perhaps months ago on another machine, is not so now."""

    async def kept() -> None:
        at = datetime(2026, 1, 30, tzinfo=UTC)
        async with await Store.open(started(config.parent / "state/tracker.db"), now=at) as store:
            counted = Usage("cdn.nba.com", 120, 7, 5, 6, 7, 90_000, ())
            await store.keep_answers({}, {}, {"nba": counted}, at)

    asyncio.run(kept())
    told = {x["check"] for x in cli("doctor", "--offline", "--json").json}
    assert "database" in told
    assert "nba requests" not in told


def test_a_test_alert_says_what_each_channel_answered(cli: Cli, config: Path) -> None:
    """A channel that nobody listens at fails, and the exit status is 1."""
    assert cli("test-alert").out.endswith("✔ console: sent\n")
    with config.open("a") as file:
        file.write('[notify]\nconsole = false\nurls = ["json://127.0.0.1:9/"]\n')
    ran = cli("test-alert", "--json")
    assert ran.status == 1
    (answer,) = ran.json
    assert "refuses connections" in answer["answer"]


def test_colour_is_for_terminals(cli: Cli, night: Path) -> None:
    """Every reading command gives plain text into a pipe."""
    for words in (("bets",), ("status",), ("show", "1"), ("alerts", "--explain"), ("chart", "1")):
        assert "\x1b" not in cli(*words).out


@pytest.mark.usefixtures("slate")
@pytest.mark.parametrize(
    ("form", "shown"), [("american", "+150"), ("decimal", "2.50"), ("fractional", "3/2")]
)
def test_odds_are_shown_in_the_form_that_is_asked_for(
    cli: Cli, config: Path, form: str, shown: str
) -> None:
    """Odds are shown in the configured format, and stored as they were written."""
    config.write_text(f'odds_format = "{form}"\n{config.read_text("utf-8")}', "utf-8")
    assert shown in cli("add", "DEN ML 6/4").out
    assert shown in cli("bets").out
    assert cli("bets", "--json").json[0]["odds"] == "6/4"


def test_words_of_ones_own_are_sent_although_the_configuration_is_bad(
    cli: Cli, config: Path
) -> None:
    """`test-alert --text` works then, so that a service can report the bad configuration."""
    config.write_text("nonsense = 1\n", "utf-8")
    assert cli("test-alert").status == 78
    ran = cli("test-alert", "--text", "tracker.service has failed")
    assert ran.status == 0
    assert "tracker.service has failed" in ran.out
    assert "nonsense" in ran.err


def test_a_service_without_a_home_folder_reports_its_bad_configuration(
    cli: Cli, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's service has no home: where its database is follows from its settings' place."""

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("TRACKER_CONFIG")
    monkeypatch.setenv("CONFIGURATION_DIRECTORY", str(config.parent))
    monkeypatch.setattr("tracker.settings.ETC", config.parent)
    monkeypatch.setattr(Path, "home", nobody)
    monkeypatch.delenv("HOME")
    config.write_text("nonsense = 1\n", "utf-8")
    ran = cli("test-alert", "--text", "tracker.service has failed")
    assert (ran.status, "nonsense" in ran.err) == (0, True)
    assert "tracker.service has failed" in ran.out
