"""Promises of the pages in a real browser, while the real daemon plays a recorded night."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from tracker.cli.demo.night import playbacks, starts, write_files
from tracker.clock import ScaledClock, SystemClock
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.forecast.game.parameters import load_parameters
from tracker.replay.server import serving
from tracker.settings import load_settings
from tracker.store import Store
from tracker.store.access import KeyScope
from tracker.web import build
from tracker.web.guard import POLICY
from tracker.wording.figures import percent

if TYPE_CHECKING:
    # Every run of the tests reads this file, and few of them start a browser.
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        shutil.which("chromium") is None, reason="there is no chromium here: apt install chromium"
    ),
]

SPEED = 40.0
"""Clock seconds for each real one: a game takes almost four minutes, longer than the tests."""

LOADS_S = 1.0
"""Seconds in which the daemon should start; if it takes longer, it joins games in play."""

NETWORK = "tracker.home"
"""A name of the server that is not this machine's own, as on a phone of the same network: over
plain HTTP browsers treat it otherwise than 127.0.0.1."""

CANARY = "canary-4f1c9d"
"""A text in every secret of the configuration, which no page and no answer may contain."""

PAGES = (
    "/", "/bets/1", "/bets/5", "/bets/15", "/bets/1/why", "/bets/1/moments", "/odds",
    "/games/LAC@LAL", "/players/LeBron%20James?stat=pts&line=26.5",
    "/edges", "/history", "/models", "/health", "/keys", "/api/v1/docs",
)  # fmt: skip

WIDTHS = (360, 768, 1280)
FAULTS = "axe.run(%s).then(found => found.violations.map(x => x.id))"
"""The script that returns the accessibility faults that axe finds in a page."""

LOOKED_AT = {"light": "{resultTypes: ['violations']}", "dark": "{runOnly: ['color-contrast']}"}
"""Options of axe by colour scheme: in the dark scheme only colours are checked again."""


@dataclass(frozen=True, slots=True)
class Night:
    """A night in play: the URL of its pages, a key, two links, and the server's doorbell."""

    url: str
    key: str
    link: str
    network_link: str
    streams: Callable[[], int]

    def api(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer of the API at a path."""
        asked = urllib.request.Request(  # noqa: S310 - our own server
            f"{self.url}/api/v1{path}",
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - the same
            return json.loads(answer.read())


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """Feed and pages in a thread, and the daemon as a process, until the module ends."""
    folder = tmp_path_factory.mktemp("night")
    ready, over = threading.Event(), threading.Event()
    found: list[Night] = []
    playing = threading.Thread(target=lambda: asyncio.run(_play(folder, found, ready, over)))
    playing.start()
    try:
        assert ready.wait(60), (folder / "daemon.log").read_text("utf-8")[-2000:]
        yield found[0]
    finally:
        over.set()
        playing.join()


async def _play(
    folder: Path, found: list[Night], ready: threading.Event, over: threading.Event
) -> None:
    clock = ScaledClock(starts(LOADS_S, SPEED), SPEED)
    async with serving(playbacks(), clock) as feed:
        config = write_files(folder, feed.url, f"json://{CANARY}@127.0.0.1:9/")
        said = config.read_text("utf-8").replace("a-key-of-the-demo", CANARY)
        said += f'\n[notify.telegram]\ntoken = "1:{CANARY}"\n\n[web]\nhosts = ["{NETWORK}"]\n'
        config.write_text(said, "utf-8")
        daemon = await _daemon(config, clock)
        app = build(load_settings(config), SystemClock(), load_parameters)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
        running = asyncio.create_task(server.serve())
        try:
            key, code, second = await _let_in(folder / "tracker.db")
            while not server.started:
                await SystemClock().sleep(0.05)
            port = server.servers[0].sockets[0].getsockname()[1]
            url, network = f"http://127.0.0.1:{port}", f"http://{NETWORK}:{port}"
            tonight = app.app.state.tonight  # type: ignore[attr-defined]
            links = f"{url}/in#{code}", f"{network}/in#{second}"
            found.append(Night(url, key, *links, lambda: int(tonight.streams)))
            await _until_played(folder / "tracker.db")
            ready.set()
            await asyncio.to_thread(over.wait)
        finally:
            server.should_exit = True
            await running
            daemon.kill()
            await daemon.wait()


async def _daemon(config: Path, clock: ScaledClock) -> asyncio.subprocess.Process:
    words = ["--clock-start", clock.start.isoformat(), "--clock-speed", str(clock.speed)]
    words += ["--clock-anchor", clock.anchor.isoformat()]
    with config.with_name("daemon.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tracker", "--config", str(config), "run", *words,
            stdout=log, stderr=log,
        )  # fmt: skip


async def _let_in(database: Path) -> tuple[str, str, str]:
    now = SystemClock().now()
    async with await Store.open(database, now=now) as store:
        for n in range(6):
            await store.players.keep_finished(_earlier(now, n))
        key = await store.web.add_key("all", frozenset(KeyScope), now)
        return key, await store.web.make_link(now), await store.web.make_link(now)


def _earlier(now: datetime, n: int) -> GameState:
    """Store an earlier game of a player of tonight's bets."""
    game = Game(f"002259000{n}", "nba", "LAL", "DEN", now - timedelta(days=400 + n))
    stats = (("pts", 24 + n), ("reb", 8), ("ast", 7), ("stl", 1), ("blk", 1), ("3pm", 2), ("to", 3))
    who = PlayerLine("2544", "LeBron James", Side.HOME, stats, 35.0, starter=True, played=True)
    return GameState(game, Phase.FINAL, 4, 0.0, Score(110, 100), players=(who,))


async def _until_played(database: Path) -> None:
    """Wait until games are in play and a bet's chance has moved."""
    async with await Store.open(database, now=SystemClock().now(), readonly=True) as store:
        while True:
            view = await store.show_view(1)
            if view is not None and len(view.priced.snapshots) > 3:
                return
            await SystemClock().sleep(0.1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playing:
        found = playing.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", f"--host-resolver-rules=MAP {NETWORK} 127.0.0.1"],
        )
        yield found
        found.close()


@pytest.fixture(scope="module")
def state(night: Night, browser: Browser) -> Any:
    """The cookies of a browser that used the link and confirmed the notice."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(night.link)
    page.get_by_role("button", name="I am of age").click()
    page.get_by_role("heading", name="Tonight").wait_for()
    found = context.storage_state()
    context.close()
    return found


@pytest.fixture
def context(browser: Browser, state: Any) -> Iterator[BrowserContext]:
    """A browser of a phone's size, with these cookies."""
    found = browser.new_context(storage_state=state, viewport={"width": 390, "height": 844})
    yield found
    found.close()


def wait_until(page: Page, holds: Callable[[], bool], what: str) -> None:
    """Check again, for as long as a person would wait, until something holds."""
    from playwright.sync_api import Error as PlaywrightError

    for _ in range(100):
        # A page that reloads itself is checked again.
        with contextlib.suppress(PlaywrightError):
            if holds():
                return
        page.wait_for_timeout(100)
    pytest.fail(what)


def figures(page: Page) -> dict[str, str]:
    """The chance of each bet as the page shows it, by the bet's number."""
    found = page.locator(".figure[data-k]").evaluate_all(
        "all => all.map(x => [x.dataset.k, x.textContent])"
    )
    return {key[1:-2]: text for key, text in found if key.count(".") == 1}


def told(night: Night) -> dict[str, str]:
    """The chance of each open bet from the API, in the page's words."""
    bets = night.api("/bets?state=open&limit=100")["bets"]
    return {str(x["id"]): percent(x["chance"]["win"]) for x in bets if x["chance"] is not None}


def agree(page: Page, night: Night) -> bool:
    """Whether every chance on the page is the API's, while none changes."""
    before, shown, after = told(night), figures(page), told(night)
    known = {x: p for x, p in before.items() if len(shown.get(x, "")) > 0 and "%" in shown[x]}
    return before == after and bool(known) and all(shown[x].startswith(p) for x, p in known.items())


def test_the_numbers_are_those_of_the_api(context: BrowserContext, night: Night) -> None:
    """Every chance on the page is the one that the API gives, while chances move."""
    page = context.new_page()
    page.goto(night.url)
    first = told(night)
    wait_until(page, lambda: told(night) != first, "no chance has moved")
    wait_until(page, lambda: agree(page, night), f"{figures(page)} are not {told(night)}")


def test_a_bet_is_added_changed_and_settled_from_the_page(
    context: BrowserContext, night: Night
) -> None:
    """A bet is shown, added, snoozed, edited, given rules and settled; another is withdrawn.

    Going back after adding it shows its preview again; the browser does not ask to resend a form.
    """
    page = context.new_page()
    for line in ("LAC +5.5 -110 $20", "under 250.5 -110 $20"):
        page.goto(night.url)
        page.get_by_label("Add a bet").fill(f"LAC@LAL {line}" if line[0] == "u" else line)
        page.get_by_role("button", name="Show it to me").click()
        page.get_by_role("heading", name="Is this your bet?").wait_for()
        page.get_by_role("button", name="Add it").click()
        page.get_by_role("heading", name="Change it").wait_for()
    number = int(page.url.rpartition("/")[2])
    page.go_back()
    page.get_by_role("heading", name="Is this your bet?").wait_for()
    page.go_forward()
    page.get_by_role("button", name="Snooze").click()
    page.get_by_role("button", name="End its silence").click()
    page.get_by_text("Its alerts are heard again.").wait_for()
    page.get_by_label("Rules, one a line").fill("p >= 0.9\ndead")
    page.get_by_role("button", name="Set rules").click()
    page.get_by_text("Watched for by these rules.").wait_for()
    page.reload()
    page.get_by_role("heading", name="Change it").wait_for()
    assert not page.get_by_text("Watched for by these rules.").count()
    page.get_by_label("Stake").fill("$30")
    page.get_by_role("button", name="Mend").click()
    page.get_by_text("Changed.").wait_for()
    assert night.api(f"/bets/{number}")["stake_cents"] == 3000
    assert night.api(f"/bets/{number}")["rules"] == ["p >= 0.90", "dead"]
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_text("Withdrawn.").wait_for()
    assert night.api(f"/bets/{number}")["status"] == "withdrawn"
    page.goto(f"{night.url}/bets/{number - 1}")
    page.get_by_label("Result by hand").select_option("won")
    page.get_by_label("because").fill("the book has paid")
    page.get_by_role("button", name="Settle").click()
    page.get_by_text("Settled by hand.").wait_for()
    assert night.api(f"/bets/{number - 1}")["result"] == "won"


def test_a_phone_on_the_network_comes_in_over_plain_http(browser: Browser, night: Night) -> None:
    """It is let in by its link, hears of changes, and may make some."""
    found = browser.new_context()
    page = found.new_page()
    page.goto(night.network_link)
    page.get_by_role("button", name="I am of age").click()
    page.get_by_role("heading", name="Tonight").wait_for()
    wait_until(page, lambda: agree(page, night), "the page does not hear")
    page.goto(f"{page.url}bets/2")
    page.get_by_role("button", name="Snooze").click()
    page.get_by_role("button", name="End its silence").click()
    page.get_by_text("Its alerts are heard again.").wait_for()
    found.close()


def test_a_bet_on_a_player_leads_to_how_he_has_played(
    context: BrowserContext, night: Night
) -> None:
    """Tonight links to the player with the bet's line; another statistic can be chosen."""
    page = context.new_page()
    page.goto(night.url)
    page.get_by_role("link", name="LeBron James: how he has played").first.click()
    page.get_by_role("heading", name="LeBron James: pts").wait_for()
    assert page.get_by_label("Line").input_value() == "26.5"
    page.get_by_label("Figure").select_option("reb")
    page.get_by_label("Line").fill("7.5")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("heading", name="LeBron James: reb").wait_for()
    page.get_by_text("Over 7.5 so far").wait_for()


def test_two_tabs_share_one_stream(context: BrowserContext, night: Night) -> None:
    """Any number of tabs uses one stream; when the tab that holds it closes, another takes over."""
    first, second = context.new_page(), context.new_page()
    first.goto(night.url)
    second.goto(night.url)
    wait_until(second, lambda: night.streams() == 1, f"{night.streams()} streams")
    wait_until(second, lambda: agree(second, night), "the second tab does not hear")
    first.close()
    wait_until(second, lambda: night.streams() == 1, f"{night.streams()} streams")
    wait_until(second, lambda: agree(second, night), "the next tab does not listen")


def test_after_a_minute_of_sleep_the_numbers_are_the_newest(
    context: BrowserContext, night: Night
) -> None:
    """A page without news turns grey and says so; when it wakes it shows the present numbers."""
    page = context.new_page()
    page.clock.install()
    page.goto(night.url)
    wait_until(page, lambda: agree(page, night), "the page does not hear")
    context.set_offline(True)
    page.evaluate("source.close()")  # as a phone does, in silence
    page.clock.fast_forward("01:00")
    wait_until(page, lambda: "stale" in (page.locator("html").get_attribute("class") or ""), "grey")
    assert page.get_by_role("status").filter(has_text="hears nothing").is_visible()
    old = told(night)
    wait_until(page, lambda: told(night) != old, "no chance has moved")
    context.set_offline(False)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(page, lambda: agree(page, night), "the numbers are old")
    assert "stale" not in (page.locator("html").get_attribute("class") or "")
    assert not page.get_by_text("hears nothing").is_visible()


def test_a_bets_page_follows_what_is_done_elsewhere(context: BrowserContext, night: Night) -> None:
    """Where a program settles or withdraws the bet, its open page shows that, and what may be done.

    A figure of it is never left empty.
    """
    done = {"settle": {"result": "won", "why": "the book has paid"}, "withdraw": {}}
    shown = {"settle": "WON", "withdraw": "withdrawn"}
    offered = {"settle": "It ended otherwise", "withdraw": "Follow it again"}
    page = context.new_page()
    for place, (verb, body) in enumerate(done.items()):
        number = night.api("/bets", {"line": f"LAC@LAL over {190 + place}.5 -110 $5"})["id"]
        page.goto(f"{night.url}/bets/{number}")
        page.get_by_role("heading", name="Change it").wait_for()
        night.api(f"/bets/{number}/{verb}", body)
        page.get_by_text(offered[verb]).wait_for()
        assert shown[verb] in page.locator(".big").inner_text()
        assert not page.get_by_role("heading", name="Change it").count()


def test_the_figures_of_a_parlays_page_are_of_one_moment(
    context: BrowserContext, night: Night
) -> None:
    """The chances of its legs, its peak and its low move with its chance, as tonight has them."""
    page, other = context.new_page(), context.new_page()
    page.goto(f"{night.url}/bets/5")
    other.goto(night.url)
    keys = ["b5.p", "b5.0.p", "b5.1.p", "b5.2.p"]
    places = "keys => keys.map(x => document.querySelector(`[data-k='${x}']`)?.textContent)"
    first = page.evaluate(places, keys)
    assert None not in first
    wait_until(page, lambda: page.evaluate(places, keys)[1:] != first[1:], "no leg has moved")
    wait_until(
        page, lambda: page.evaluate(places, keys) == other.evaluate(places, keys), "they differ"
    )
    assert page.locator("[data-k='b5.peak']").inner_text().endswith("%")


def test_markup_in_a_book_is_text(context: BrowserContext, night: Night) -> None:
    """`<b>` in a book's name is shown as text."""
    line = {"line": "LAC@LAL over 199.5 -110 $5", "book": "<b>bold</b>"}
    number = night.api("/bets", line)["id"]
    page = context.new_page()
    page.goto(f"{night.url}/bets/{number}")
    page.get_by_text("<b>bold</b>", exact=True).wait_for()
    assert page.locator("main b").count() == 0


def test_no_secret_is_on_any_page(context: BrowserContext, night: Night) -> None:
    """The tokens and keys of the configuration are on no page and in no answer."""
    answers = ("openapi.json", "metrics", "status", "odds/credits", "health", "bets/1", "models")
    for path in (*PAGES, *(f"/api/v1/{x}" for x in answers)):
        text = context.request.get(night.url + path).text()
        assert CANARY not in text, path
        assert night.key not in text, path


def test_every_page_is_right_at_every_width(browser: Browser, state: Any, night: Night) -> None:
    """No page has errors, accessibility faults or sideways scrolling; headers are strict."""
    from axe_playwright_python.sync_playwright import Axe

    wrong: list[str] = []
    axe = Axe().axe_script
    for scheme, wanted in LOOKED_AT.items():
        found = browser.new_context(storage_state=state, color_scheme=scheme)  # type: ignore[arg-type]
        page = found.new_page()
        page.on(
            "console", lambda x: wrong.append(x.text) if x.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda x: wrong.append(str(x)))
        for path in PAGES:
            answer = page.goto(night.url + path)
            assert answer is not None
            if answer.status != 200 or answer.headers["content-security-policy"] != POLICY:
                wrong.append(f"{path}: {answer.status} {answer.headers}")
            page.evaluate(axe)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                over = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth"
                )
                faults = page.evaluate(FAULTS % wanted)
                if over or faults:
                    wrong.append(f"{path} at {width} in {scheme}: {over} px too wide, {faults}")
        found.close()
    assert wrong == []
