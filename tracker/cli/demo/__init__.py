"""`tracker demo`: serves recorded games, runs the real daemon on them, and shows the results."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from aiohttp import web
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tracker.app.channels import open_channels
from tracker.app.course import Course, course_of
from tracker.cli import run_async
from tracker.cli.charts.plot import draw
from tracker.cli.demo.night import (
    BETS,
    LASTS,
    PAIRINGS,
    TIP_OFF,
    NightResult,
    judge,
    pace,
    playbacks,
    starts,
    write_files,
)
from tracker.cli.screen import RESULT_STYLES, chance_text, shown_as, table
from tracker.clock import ScaledClock, SystemClock
from tracker.domain.alert import Sent
from tracker.domain.bet import Status
from tracker.domain.league import LEAGUE_ZONE
from tracker.domain.money import plural, profit_cents
from tracker.notify.channels import Channel, Message
from tracker.replay.server import serving
from tracker.settings import Settings, load_secrets
from tracker.store import Store, StoreError
from tracker.store.views import BetView, ShowView
from tracker.wording.closes import closed_line
from tracker.wording.figures import score_text, signed_money

_WIDE = 88
_LONGEST_BET = 23
"""Columns for a bet's name, so that its money has room on a terminal of 80."""

MOST = 6
"""The most messages sent to a person's own channels: half of them alerts, half results."""

_KINDS = {"▲": "chance", "▼": "chance", "✅": "result", "❌": "result", "↔": "result"}

_HEAD = "demo · "

_LOOKS_PER_SECOND = 4

_GRACE = 15.0

_DONE = (Status.PROVISIONAL, Status.OFFICIAL, Status.NEEDS_REVIEW)


@dataclass(slots=True)
class Phone:
    """The person's own channels, and the outcome of each message that was sent through them."""

    channels: Sequence[Channel]
    sent: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)

    async def show(self, message: str) -> None:
        """Forward a message of the demo, until half of MOST of its kind were sent."""
        kind = _KINDS.get(message.lstrip()[:1], "")
        if not self.channels or not kind or self.kinds[kind] >= MOST // 2:
            return
        self.kinds[kind] += 1
        body = f"{_HEAD}{message.strip()}"
        outcomes = await asyncio.gather(*(x.send(Message(body, ())) for x in self.channels))
        for channel, outcome in zip(self.channels, outcomes, strict=True):
            if isinstance(outcome, Sent):
                self.sent[channel.name] += 1
            else:
                self.failed[channel.name] = outcome.why

    def report(self) -> list[str]:
        """A line for each channel: how many messages it took, or why it failed."""
        took = [
            f"{name} took {plural(count, 'message')}" for name, count in sorted(self.sent.items())
        ]
        return took + [f"{name} did not: {why}" for name, why in sorted(self.failed.items())]


@dataclass(slots=True)
class Sink:
    """The messages that the webhook has received, oldest first. `url` is its address for Apprise.

    `alerts` holds the alert numbers in each message's Idempotency-Key header.
    """

    messages: list[str] = field(default_factory=list)
    alerts: list[tuple[int, ...]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        """Take one message in the form that Apprise's `json://` posts."""
        said = json.loads(await request.text())
        parts = (said.get("title") or "", said.get("message") or "")
        self.messages.append("\n".join(part for part in parts if part))
        named = request.headers.get("Idempotency-Key", "")
        self.alerts.append(tuple(int(x) for x in named.split("-") if x))
        return web.Response(text="ok")


@asynccontextmanager
async def webhook() -> AsyncIterator[Sink]:
    """Run a webhook that accepts every message; gives the sink that it fills."""
    taking = Sink()
    app = web.Application()
    app.router.add_post("/", taking.take)
    async with served(app) as port:
        taking.url = f"json://127.0.0.1:{port}/"
        yield taking


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[int]:
    """Serve an application on a free port of this machine; gives the port."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def main(speed: float | None = None, out: Path | None = None, phone: Settings | None = None) -> int:
    """Run the demo; returns 0 when every bet has its right result and a message arrived, else 1.

    `speed` is that of its clock, by default as fast as this machine can follow. Charts are written
    to `out`, else to a folder that is named at the end. With the configuration `phone`, a few of
    the messages are sent through its channels too. Interrupted, it returns 130.
    """
    folder = Path(tempfile.mkdtemp(prefix="tracker-demo-"))
    pictures = out or folder / "charts"
    console = Console(highlight=False)
    try:
        verdict = run_async(_night(folder, speed, console, phone))
    except KeyboardInterrupt:
        shutil.rmtree(folder, ignore_errors=True)
        return 130
    conclude(verdict, pictures, console)
    return 0 if verdict.good else 1


async def _night(
    folder: Path, speed: float | None, console: Console, settings: Settings | None
) -> NightResult:
    _introduce(console, folder)
    load_s = await _loaded(console)
    speed = speed or pace(load_s)
    clock = ScaledClock(starts(load_s, speed), speed)
    async with serving(playbacks(), clock) as server, webhook() as sink, _phone(settings) as phone:
        config = write_files(folder, server.url, sink.url)
        async with _daemon(config, clock, folder) as daemon:
            await _watch(folder, sink, clock, daemon, console, phone)
            status = await _stop(daemon)
        for line in phone.report():
            console.print(line)
        async with await _opened(folder / "tracker.db") as store:
            found = [await store.show_view(x.number) for x in await store.bets_view()]
            values = await store.quotes.values()
        views = [x for x in found if x is not None]
        log = (folder / "daemon.log").read_text("utf-8")
        return judge(views, sink.messages, status, log, values)


async def _loaded(console: Console) -> float:
    """Load the daemon's modules once, so that it starts fast; returns the seconds it took."""
    clock = SystemClock()
    began = clock.monotonic()
    with console.status("starting", spinner="line"):
        code = "import tracker.daemon.run, tracker.forecast, tracker.notify.channels.apprise"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        await process.wait()
    return clock.monotonic() - began


@asynccontextmanager
async def _phone(settings: Settings | None) -> AsyncIterator[Phone]:
    """The person's own channels, without the console; no channels without a configuration."""
    if settings is None:
        yield Phone(())
        return
    async with open_channels(settings, load_secrets(settings), lambda *_: None) as found:
        yield Phone([x for x in found if x.name != "console"])


@asynccontextmanager
async def _daemon(
    config: Path, clock: ScaledClock, folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the daemon as a person would, on the demo's clock, with its log in a file."""
    options = ["--clock-start", clock.start.isoformat(), "--clock-speed", str(clock.speed)]
    options += ["--clock-anchor", clock.anchor.isoformat()]
    with (folder / "daemon.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tracker", "--config", str(config), "run", *options,
            stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _watch(
    folder: Path,
    sink: Sink,
    clock: ScaledClock,
    daemon: asyncio.subprocess.Process,
    console: Console,
    phone: Phone,
) -> None:
    """Show the night until every result has arrived, the daemon has died, or time is up."""
    real, ends = SystemClock(), TIP_OFF + LASTS
    shown = 0
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while clock.now() < ends and daemon.returncode is None:
            bets = await _bets(folder / "tracker.db")
            for message in sink.messages[shown:]:
                at = clock.now().astimezone(LEAGUE_ZONE)
                line = Text(f"{at:%H:%M}  {message.splitlines()[0]}")
                live.console.print(line, soft_wrap=True)
                await phone.show(message)
            shown = len(sink.messages)
            if console.is_terminal:
                live.update(Group(_heading(clock.now(), shown), standings(bets)), refresh=True)
            heard = "\n".join(sink.messages)
            if bets and all(x.status in _DONE and f"#{x.number} " in heard for x in bets):
                return
            await real.sleep(1 / _LOOKS_PER_SECOND)


async def _bets(database: Path) -> list[BetView]:
    """The bets in the daemon's database; none while the daemon is still starting."""
    try:
        async with await _opened(database) as store:
            return await store.bets_view()
    except StoreError:
        return []


async def _opened(database: Path) -> Store:
    return await Store.open(database, now=SystemClock().now(), readonly=True)


async def _stop(daemon: asyncio.subprocess.Process) -> int | None:
    """Send the daemon SIGTERM and return its exit status; None if it does not end in time."""
    if daemon.returncode is None:
        daemon.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_GRACE):
            return await daemon.wait()
    except TimeoutError:
        return None


def _introduce(console: Console, folder: Path) -> None:
    """Print what the demo is about to show."""
    console.print(
        "Four recorded NBA games, hundreds of times as fast, from a local server that answers as "
        "the real feed does."
    )
    for pairing in PAIRINGS:
        console.print(f"  {pairing.game}: {pairing.story}")
    console.print("The daemon runs beside it, as `tracker run` would.")
    console.print(f"Its files: {folder}\n", soft_wrap=True)


def _heading(now: datetime, alerts: int) -> Text:
    """The line above the table: the time on the demo's clock, and the number of messages."""
    clock = now.astimezone(LEAGUE_ZONE).strftime("%H:%M:%S")
    return Text(f"\n{clock} in New York · {alerts} messages sent through Apprise", "bold")


def standings(bets: Sequence[BetView]) -> Table:
    """A table of all bets with score, chance and result."""
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for head in ("ID", "Bet", "Score", "Clock", "p(hit)", "Result"):
        most = _LONGEST_BET if head == "Bet" else None
        right = head == "p(hit)"
        grid.add_column(head, no_wrap=True, justify="right" if right else "left", max_width=most)
    for bet in bets:
        grid.add_row(*_row(bet))
    return grid


def _row(bet: BetView) -> tuple[str | Text, ...]:
    state, game = bet.state, bet.game
    score = "" if state is None or game is None else score_text(game, state.score)
    clock = "" if state is None else state.game_clock
    return str(bet.number), shown_as(bet), score, clock, chance_text(bet), _result(bet)


def _result(bet: BetView) -> Text:
    if bet.result is None:
        return Text("")
    gained = profit_cents(bet.payout_cents, bet.own_cents)
    money = f" {signed_money(gained)}" if gained else ""
    return Text(f"{bet.result.value}{money}", RESULT_STYLES[bet.result])


def conclude(verdict: NightResult, pictures: Path, console: Console) -> None:
    """Print the charts, the results and the verdict; write the pictures of the charts."""
    for view in verdict.bets:
        if view.snapshots:
            # Rich would count the colour codes in the text as letters.
            chart = draw(_course(view), min(console.width, _WIDE), whole=False)
            console.print(Text.from_ansi("\n".join(chart)))
            console.print()
    console.print(standings([view.bet for view in verdict.bets]))
    _tell_closes(verdict, console)
    drawn = _draw_pictures(verdict.bets, pictures)
    right = len(verdict.bets) - len(verdict.wrong)
    console.print(
        f"\n{right} of {BETS} bets settled as the real final boxes say, "
        f"{plural(verdict.alerts, 'message')} arrived, "
        f"{sum(len(v.snapshots) for v in verdict.bets)} snapshots kept, "
        f"daemon exit status {verdict.exit_status}."
    )
    if drawn:
        console.print(f"Pictures of a chart of each game: {pictures}")
    if not verdict.good:
        console.print("This is not as it should be. The daemon's log:", style="red")
        console.print(verdict.log[-4000:], markup=False)


def _tell_closes(verdict: NightResult, console: Console) -> None:
    """Print each bet's closing line value; the prices of the night are modelled."""
    closes = [
        (view.bet, value)
        for view in verdict.bets
        if (value := verdict.values.get(view.bet.number)) is not None and view.bet.market
    ]
    if not closes:
        return
    console.print()
    rows = [
        (
            str(bet.number),
            shown_as(bet),
            value.reason if bet.market is None else closed_line(bet.market, bet.draft.odds, value),
        )
        for bet, value in closes
    ]
    table(("ID", "Bet", "By the closing line (the prices are modelled)"), rows)


def _course(view: ShowView) -> Course:
    bet, below = view.bet, ""
    if bet.state is not None and bet.game is not None:
        score = score_text(bet.game, bet.state.score)
        below = f"{score} · {bet.state.game_clock} · {_result(bet).plain}"
    return course_of(
        view, f"#{bet.number}  {bet.market_text or bet.draft.pick.text}", below, LEAGUE_ZONE
    )


def _draw_pictures(views: Sequence[ShowView], folder: Path) -> bool:
    """Write a PNG for the first bet of each game; returns False without matplotlib, an extra."""
    try:
        from tracker.cli.charts.picture import write_picture
    except ImportError:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    first = {view.bet.game.id: view for view in reversed(views) if view.bet.game is not None}
    for view in first.values():
        if view.snapshots:
            write_picture(_course(view), folder / f"bet-{view.bet.number}.png")
    return True
