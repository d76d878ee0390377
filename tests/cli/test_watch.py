"""Promises of the screen of `tracker watch`: it shows what the daemon wrote, and can act."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from tests.cli.conftest import Cli
from tests.doubles.clock import FakeClock
from tests.notify.values import NOW, state, tracking
from tracker.app.tonight import BetOnCard, GameOnPage
from tracker.cli import Scope
from tracker.cli.watch.alerts import until_next_poll
from tracker.cli.watch.interactive import WatchScreen
from tracker.cli.watch.live import TonightSeen, rows_of
from tracker.cli.watch.status import TerminalFrame, in_place
from tracker.clock import SystemClock
from tracker.store import Store
from tracker.wording.cards import Card, Row


class Watched(WatchScreen):
    """The screen, which signals whenever it has shown another reading."""

    def __init__(self, scope: Scope) -> None:
        """The clock stands still, so that the database is read only when asked to."""
        super().__init__(scope, FakeClock(datetime.now(UTC)), 2.0)
        self.looked = asyncio.Event()

    async def take(self, seen: TonightSeen | str) -> None:
        """Show a reading as the screen does, then signal it."""
        await super().take(seen)
        self.looked.set()

    def text(self, name: str) -> str:
        """The text of a part of the main screen."""
        return str(self.screen_stack[0].query_one(f"#{name}", Static).visual)

    @property
    def rows(self) -> list[str]:
        """The rows of the list."""
        found = self.screen_stack[0].query_one("#rows", OptionList)
        return [str(x.prompt).rstrip() for x in found.options]


@asynccontextmanager
async def watching(
    config: Path, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Watched, Pilot[None]]]:
    """The screen over the database of a configuration, once it has shown the first reading."""
    app = Watched(Scope(config))
    async with app.run_test(size=size) as pilot:
        await app.looked.wait()
        await pilot.pause()
        yield app, pilot


async def done(app: Watched) -> None:
    """Wait for the work that was started, but not for the endless reader."""
    await asyncio.gather(*(x.wait() for x in app.workers if x.group != "follow"))


async def again(app: Watched, pilot: Pilot[None]) -> None:
    """Wait for the reading that follows an act."""
    await done(app)
    app.looked.clear()
    app.action_again()
    await app.looked.wait()
    await pilot.pause()


async def typed(app: App[None], pilot: Pilot[None], line: str) -> None:
    """Type a line into the dialog and press Enter."""
    app.screen.query_one(Input).value = line
    await pilot.press("enter")
    await pilot.pause()


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12)])
async def test_every_bet_is_shown_with_its_chart(config: Path, size: tuple[int, int]) -> None:
    """Rows fit the terminal and stand under the score of their game."""
    async with watching(config, size) as (app, _):
        assert app.rows[0] == "Last results"
        assert len(app.rows) == 5
        assert max(map(len, app.rows)) <= size[0]
        assert "#4 PHI over 112.5" in app.rows[1]
        assert "p(hit)  won" in app.text("detail")
        assert app.text("top").startswith("Nothing is being watched")


@pytest.mark.parametrize("columns", [38, 50, 64, 78, 120])
def test_a_chance_is_never_cut(columns: int) -> None:
    """On a narrow screen the bet's need is cut first, then its standing, then its name."""
    need = "needs 7 more"
    row = Row("🟡", "#12 Nikola Jokić over 25.5 pts", "71 % ▲12", "19 / 26", need, "open", 1.0)
    card = Card("LAL 58 – 61 DEN", "", (row,), "", "", "", "data 5 s · updated 21:13", False)
    game = GameOnPage("1", "LAL@DEN", card, (BetOnCard(12, row),))
    seen = TonightSeen((game,), (), (), "", "")
    (_, (_, text)) = rows_of(seen, columns)
    assert "71 % ▲12" in text.plain
    assert len(text) <= columns


@pytest.mark.usefixtures("night")
async def test_the_chosen_bet_stays_chosen_when_all_is_read_anew(config: Path) -> None:
    """The lower half stays on the chosen bet too."""
    async with watching(config) as (app, pilot):
        await pilot.press("down", "down")
        await again(app, pilot)
        place = app.place
        assert place is not None
        assert place.bet == 2
        assert "p(hit)" in app.text("detail")


@pytest.mark.usefixtures("night")
async def test_causes_and_alerts_are_told_of_the_chosen_bet(config: Path) -> None:
    """They are in the words of `tracker why` and `tracker alerts`."""
    async with watching(config) as (app, pilot):
        await pilot.press("y")
        await done(app)
        await pilot.pause()
        assert "together" in app.text("detail")
        await pilot.press("l")
        await pilot.pause()
        assert "settled" in app.text("detail") or "WON" in app.text("detail")
        await pilot.press("enter")
        await done(app)
        await pilot.pause()
        whole = str(app.screen.query_one("#whole", Static).visual)
        assert whole.startswith("#4  PHI over 112.5")
        assert "final points of PHI" in whole
        await pilot.press("escape")
        assert len(app.screen_stack) == 1


@pytest.mark.usefixtures("slate")
async def test_a_bet_is_shown_back_before_it_is_saved(config: Path, cli: Cli) -> None:
    """A bad line says why, a second Enter saves, and a changed line is shown first again."""
    async with watching(config) as (app, pilot):
        await pilot.press("a")
        await typed(app, pilot, "DEN -4.5 -110 $0")
        said = app.screen.query_one("#said", Static)
        assert "is no bet" in str(said.visual)
        await typed(app, pilot, "BOS -4.5 -110 $20")
        assert "Boston Celtics" in str(said.visual)
        await typed(app, pilot, "BOS -5.5 -110 $20")
        assert "BOS -5.5" in str(said.visual)
        await pilot.press("enter")
        await again(app, pilot)
        assert any("#1 BOS -5.5" in x for x in app.rows)
    [bet] = await asyncio.to_thread(lambda: cli("bets", "--json").json)
    assert bet["pick"] == "BOS -5.5 -110 $20"


@pytest.mark.usefixtures("slate")
async def test_what_is_left_is_not_saved(config: Path) -> None:
    """Escape after a line was shown saves nothing."""
    async with watching(config) as (app, pilot):
        await pilot.press("a")
        await typed(app, pilot, "BOS -4.5 -110 $20")
        await pilot.press("escape")
        await again(app, pilot)
        assert app.rows == []
        assert "press a to add a bet" in app.text("detail")


@pytest.mark.usefixtures("slate")
async def test_a_bet_is_silenced_and_withdrawn(config: Path, cli: Cli) -> None:
    """A snooze says its end, and a withdrawal asks first."""
    await asyncio.to_thread(cli, "add", "BOS -4.5 -110 $20")
    async with watching(config) as (app, pilot):
        await pilot.press("s")
        await typed(app, pilot, "2h")
        await again(app, pilot)
        async with await Store.open(
            config.parent / "state" / "tracker.db", now=SystemClock().now(), readonly=True
        ) as store:
            [kept] = await store.alerting.snoozes(datetime.now(UTC))
        assert (kept.scope.value, kept.target) == ("bet", "1")
        await pilot.press("w", "n")
        await again(app, pilot)
        assert len(app.rows) == 2
        await pilot.press("w", "y")
        await again(app, pilot)
        assert app.rows == []


async def test_a_database_that_is_not_there_is_told(config: Path) -> None:
    """The screen says so, goes on, and tries again."""
    async with watching(config) as (app, pilot):
        assert "cannot be read" in app.text("top")
        await pilot.press("s", "w", "y", "enter")
        assert len(app.screen_stack) == 1


def test_a_clock_that_was_set_back_tells_no_next_poll() -> None:
    """An hour back, the next poll was in 3,575 seconds; nobody knows when it is."""
    for ahead, wait in ((0, 10.0), (3600, None)):
        seen = tracking(state(), age=-ahead)
        assert until_next_poll([seen], NOW) == wait


def test_a_text_is_drawn_over_the_one_before_it() -> None:
    """The screen is neither cleared first nor scrolled."""
    drawn = in_place("a\nb\n", 24)
    assert drawn == "\x1b[Ha\x1b[K\nb\x1b[K\x1b[J"
    assert "2J" not in drawn
    long = in_place("\n".join("abcdefgh"), 4)
    assert long.count("\n") == 3
    assert "5 more lines" in long


def test_what_is_drawn_is_as_coloured_as_the_terminal() -> None:
    """The collected output counts as a terminal with the real one's width."""
    frame = TerminalFrame(1)
    assert frame.isatty()
    assert frame.fileno() == 1


def read_until(window: int, wanted: str) -> str:
    """What a terminal was sent, up to and with a text; all of it if the text never comes."""
    drawn = b""
    while wanted.encode() not in drawn:
        try:
            drawn += os.read(window, 65536)
        except OSError:
            # The other end is closed: the program has ended.
            break
    return drawn.decode()


@pytest.mark.usefixtures("slate")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_without_the_extra_it_is_plain_and_says_so(ending: signal.Signals) -> None:
    """It uses the terminal's alternate screen, and leaves it however it ends.

    Ctrl-C ends it even if the shell that started it ignores SIGINT.
    """
    window, inside = pty.openpty()
    ignored = "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);"
    plain = "sys.modules['textual'] = None; from tracker.__main__ import main; main()"
    program = f"{ignored} {plain}"
    with subprocess.Popen(
        [sys.executable, "-c", program, "watch"], stdin=inside, stdout=inside, stderr=inside
    ) as running:
        os.close(inside)
        drawn = read_until(window, "starts it.")
        running.send_signal(ending)
        drawn += read_until(window, "\x1b[?1049l")
        status = running.wait()
    os.close(window)
    assert status == 0
    assert 'pip install ".[screen]"' in " ".join(drawn.split())
    assert "\x1b[?1049h" in drawn
    assert "\x1b[?1049l" in drawn
    assert "Nothing is followed yet" in drawn
    assert "2J" not in drawn
