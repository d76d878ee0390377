"""Fixtures of the command line: a home, a configuration, a slate, a night that was played."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import warnings
from collections.abc import Awaitable, Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import made_once
from tests.store.values import started
from tracker.__main__ import run
from tracker.domain.game import Game, GameState
from tracker.domain.league import slate_date
from tracker.notify.channels.apprise import check_urls
from tracker.store import Store

NOBODY = "http://127.0.0.1:9"
"""An address where no feed answers."""

PICKS = ("PHI ML -140 $20", "PHI -3.5 -110 $20", "SAC@PHI under 224.5", "PHI over 112.5 1.91 2u")


@dataclass(frozen=True, slots=True)
class Ran:
    """The outcome of a command: exit status, output and errors."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output of the command, read as JSON."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one error that the command printed; fails when there is none or more than one."""
        (line,) = [x for x in self.err.splitlines() if x.startswith("error: ")]
        assert "Traceback" not in self.err
        return line.removeprefix("error: ")


Cli = Callable[..., Ran]


class Terminal(io.StringIO):
    """A terminal in memory."""

    def isatty(self) -> bool:
        """True, so that colours are used."""
        return True


@pytest.fixture(autouse=True, scope="session")
def _apprise_loaded() -> None:
    """Load Apprise once: importing one of its plugins gives a warning of Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        check_urls(["json://127.0.0.1:1/"])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and no variable of the environment that names another place."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in (
        "TRACKER_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "CONFIGURATION_DIRECTORY",
        "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "TRACKER_NOTIFY_URLS", "NO_COLOR", "COLUMNS",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs one command in this process."""

    def call(*args: str | Path) -> Ran:
        capsys.readouterr()
        status = run([str(x) for x in args])
        said = capsys.readouterr()
        return Ran(status, said.out, said.err)

    return call


@pytest.fixture
def config(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose feed does not answer, named by the environment."""
    file = tmp_path / "tracker.toml"
    feeds = [f'[feeds.{x}]\nbase_url = "{NOBODY}"\n' for x in ("nba", "wnba", "espn")]
    head = 'timezone = "America/New_York"\n[store]\npath = "state/tracker.db"\n'
    file.write_text(head + "".join(feeds), "utf-8")
    monkeypatch.setenv("TRACKER_CONFIG", str(file))
    return file


def tonight(hours: float = 3.0) -> datetime:
    """A full minute some hours from now, moved later if the games would have two dates.

    A league's date changes in the morning; games two to four hours ahead must share one.
    """
    now = datetime.now(UTC)
    if slate_date(now + timedelta(hours=2)) != slate_date(now + timedelta(hours=4.1)):
        now += timedelta(hours=4)
    return (now + timedelta(hours=hours)).replace(second=0, microsecond=0)


@pytest.fixture
def slate(config: Path) -> tuple[Game, ...]:
    """Games in the database: LAL@DEN and MIA@BOS tonight, and LAL@DEN again in two days."""
    games = (
        Game("0022600001", "nba", "DEN", "LAL", tonight()),
        Game("0022600002", "nba", "BOS", "MIA", tonight(2.0)),
        Game("0022600003", "nba", "DEN", "LAL", tonight(50.0)),
    )
    keep_games(config, games)
    return games


def in_store(
    config: Path, work: Callable[[Store], Awaitable[object]], now: datetime | None = None
) -> None:
    """Do something in the database of a configuration, as the daemon would at a time."""

    async def done() -> None:
        path, at = started(config.parent / "state" / "tracker.db"), now or datetime.now(UTC)
        async with await Store.open(path, now=at) as store:
            await work(store)

    asyncio.run(done())


def keep_games(config: Path, games: Sequence[Game | GameState]) -> None:
    """Store games, or their states, in the database of a configuration."""
    listed = [(x.game, x) if isinstance(x, GameState) else (x, None) for x in games]
    in_store(config, lambda store: store.save_games(listed, datetime.now(UTC)))


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a recorded game that was followed to its end; made once for all rooms.

    Beside it, in `replayed.json`, is what the command answered.
    """
    return made_once(tmp_path_factory, "night", play_night) / "night.db"


def play_night(folder: Path) -> None:
    """Follow the recorded game; its database is `night.db`, and the answer `replayed.json`."""
    config = folder / "tracker.toml"
    config.write_text('[rules]\ndefault = ["p >= 0.80", "p <= 0.30", "settled"]\n', "utf-8")
    bets = [x for pick in PICKS for x in ("--bet", pick)]
    keep = ("--keep", str(folder / "night.db"))
    words = ["--config", str(config), "replay", "run", "SAC@PHI", *bets, *keep, "--json"]
    with (folder / "replayed.json").open("w") as answer, redirect_stdout(answer):
        assert run(words) == 0


@pytest.fixture
def night(played: Path, config: Path) -> Path:
    """A copy of the played database, at the place that the configuration names."""
    target = config.parent / "state" / "tracker.db"
    target.parent.mkdir(mode=0o700)
    shutil.copy(played, target)
    return target
