"""Plays the demo: serves the night, runs the real daemon beside it, and shows what comes of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from aiohttp import web
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tracker.app.channels import open_channels
from tracker.app.course import Course, course_of
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
from tracker.cli.screen import chance_text, shown_as
from tracker.clock import ScaledClock, SystemClock
from tracker.domain.alert import Sent
from tracker.domain.bet import Result, Status
from tracker.domain.league import LEAGUE_ZONE
from tracker.domain.money import plural, profit_cents
from tracker.domain.value import ClosingValue
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

_STYLES = {
    Result.WON: "green",
    Result.LOST: "red",
    Result.PUSH: "yellow",
    Result.VOID: "yellow",
}

MOST = 6
"""Messages that the phone gets: enough to see how they look, too few to be a nuisance."""

_KINDS = {"▲": "chance", "▼": "chance", "✅": "result", "❌": "result", "↔": "result"}

_HEAD = "demo · "

_LOOKS_PER_SECOND = 4

_GRACE = 15.0

_DONE = (Status.PROVISIONAL, Status.OFFICIAL, Status.NEEDS_REVIEW)


@dataclass(slots=True)
class Phone:
    """The person's channels, and what came of what was sent through them."""

    channels: Sequence[Channel]
    sent: Counter[str] = field(default_factory=Counter)
    failed: dict[str, str] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)

    async def show(self, message: str) -> None:
        """Send a message of the demo on, while there is room for one of its kind."""
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
        """What became of it, a line a channel."""
        took = [
            f"{name} took {plural(count, 'message')}" for name, count in sorted(self.sent.items())
        ]
        return took + [f"{name} did not: {why}" for name, why in sorted(self.failed.items())]


async def _at_once() -> None:
    """Let nobody wait for an answer."""


@dataclass(slots=True)
class Sink:
    """What has arrived: the messages, oldest first. `url` is where to send more, for Apprise.

    `alerts` are, for each message, those that its header names. `linger` is waited for before each
    answer; a message counts as arrived before that.
    """

    linger: Callable[[], Awaitable[None]] = _at_once
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
        await self.linger()
        return web.Response(text="ok")


@asynccontextmanager
async def webhook(linger: Callable[[], Awaitable[None]] = _at_once) -> AsyncIterator[Sink]:
    """A running webhook that takes everything."""
    taking = Sink(linger)
    app = web.Application()
    app.router.add_post("/", taking.take)
    async with served(app) as port:
        # Both have the same lists: what is taken there is seen here.
        yield replace(taking, url=f"json://127.0.0.1:{port}/")


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
    """Run the demo; 0 when every bet was settled as the real final says and an alert was sent.

    `speed` is that of the games, else as fast as this machine can follow. Pictures of the charts go
    to `out`, else to a folder that is named at the end. With `phone`, a
    handful of the alerts goes through the channels of that configuration too.
    """
    folder = Path(tempfile.mkdtemp(prefix="tracker-demo-"))
    pictures = out or folder / "charts"
    console = Console(highlight=False)
    try:
        verdict = asyncio.run(_night(folder, speed, console, phone))
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
    async with (
        serving(playbacks(), clock) as server,
        webhook() as sink,
        _phone(settings) as phone,
    ):
        config = write_files(folder, server.url, sink.url)
        async with _daemon(config, clock, folder) as daemon:
            await _watch(folder, sink, clock, daemon, console, phone)
            status = await _stop(daemon)
        for line in phone.report():
            console.print(line)
        views = await _histories(folder / "tracker.db")
        values = await _values(folder / "tracker.db")
        log = (folder / "daemon.log").read_text("utf-8")
        return judge(views, sink.messages, status, log, values)


async def _loaded(console: Console) -> float:
    """Load what the daemon needs once, so that it starts fast; how many seconds that took."""
    clock = SystemClock()
    began = clock.monotonic()
    with console.status("starting", spinner="line"):
        code = "import tracker.daemon.run, tracker.forecast, tracker.notify.channels.apprise"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        await process.wait()
    return clock.monotonic() - began


@contextlib.asynccontextmanager
async def _phone(settings: Settings | None) -> AsyncIterator[Phone]:
    """The person's own channels, but for the console; none without a configuration."""
    if settings is None:
        yield Phone(())
        return
    async with open_channels(settings, load_secrets(settings), lambda *_: None) as found:
        yield Phone([x for x in found if x.name != "console"])


@contextlib.asynccontextmanager
async def _daemon(
    config: Path, clock: ScaledClock, folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The daemon as a person would start it, on the demo's clock, its log in a file."""
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
            with contextlib.suppress(ProcessLookupError):
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
    """Show the night until every bet has its result, the daemon has died, or time is up."""
    real, ends = SystemClock(), TIP_OFF + LASTS
    shown = 0
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while clock.now() < ends and daemon.returncode is None:
            bets = await _bets(folder / "tracker.db")
            for message in sink.messages[shown:]:
                live.console.print(_alert_line(message, clock.now()), soft_wrap=True)
                await phone.show(message)
            shown = len(sink.messages)
            if console.is_terminal:
                live.update(Group(_heading(clock.now(), shown), table(bets)), refresh=True)
            if bets and all(bet.status in _DONE for bet in bets) and _told(bets, sink):
                return
            await real.sleep(1 / _LOOKS_PER_SECOND)


def _told(bets: list[BetView], sink: Sink) -> bool:
    """Whether every result has reached the webhook."""
    text = "\n".join(sink.messages)
    return all(f"#{bet.number} " in text for bet in bets)


async def _bets(database: Path) -> list[BetView]:
    """The bets as the daemon has written them down; none while it is still starting."""
    try:
        async with await Store.open(database, now=SystemClock().now(), readonly=True) as store:
            return await store.bets_view()
    except StoreError:
        return []


async def _histories(database: Path) -> list[ShowView]:
    found = []
    for bet in await _bets(database):
        async with await Store.open(database, now=SystemClock().now(), readonly=True) as store:
            view = await store.show_view(bet.number)
        if view is not None:
            found.append(view)
    return found


async def _values(database: Path) -> dict[int, ClosingValue]:
    """What the bets were worth by the close."""
    async with await Store.open(database, now=SystemClock().now(), readonly=True) as store:
        return await store.quotes.values()


async def _stop(daemon: asyncio.subprocess.Process) -> int | None:
    """Ask the daemon to end, as systemd would; its exit status, None when it had to be killed."""
    if daemon.returncode is None:
        daemon.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_GRACE):
            return await daemon.wait()
    except TimeoutError:
        return None


def _introduce(console: Console, folder: Path) -> None:
    """Say what is about to be seen."""
    console.print(
        "Four recorded NBA games, hundreds of times as fast, from a local server that answers as "
        "the real feed does."
    )
    for pairing in PAIRINGS:
        console.print(f"  {pairing.game}: {pairing.story}")
    console.print("The daemon runs beside it, as `tracker run` would.")
    console.print(f"Its files: {folder}\n", soft_wrap=True)


def _heading(now: datetime, alerts: int) -> Text:
    """The time of the night and what has arrived."""
    clock = now.astimezone(LEAGUE_ZONE).strftime("%H:%M:%S")
    return Text(f"\n{clock} in New York · {alerts} messages sent through Apprise", "bold")


def _alert_line(message: str, now: datetime) -> Text:
    """A message as it arrived, with the time of the night."""
    clock = now.astimezone(LEAGUE_ZONE).strftime("%H:%M")
    return Text(f"{clock}  {message.splitlines()[0]}")


def table(bets: Sequence[BetView]) -> Table:
    """Every bet with its game, chance and result."""
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
    return Text(f"{bet.result.value}{money}", _STYLES[bet.result])


def conclude(verdict: NightResult, pictures: Path, console: Console) -> None:
    """The charts, the results, and whether all was right."""
    for view in verdict.bets:
        if view.snapshots:
            # Its colours are in the text: rich counts them as letters unless it is told.
            console.print(Text.from_ansi("\n".join(_chart(view, min(console.width, _WIDE)))))
            console.print()
    console.print(table([view.bet for view in verdict.bets]))
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
    """What each bet was worth by the closing line; the prices of the night are modelled."""
    closes = [
        (view.bet, value)
        for view in verdict.bets
        if (value := verdict.values.get(view.bet.number)) is not None and view.bet.market
    ]
    if not closes:
        return
    console.print("\nBy the closing line (the prices of this night are modelled):")
    grid = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for bet, value in closes:
        line = value.reason if bet.market is None else closed_line(bet.market, bet.odds, value)
        grid.add_row(f"  #{bet.number}", Text(shown_as(bet)), Text(line))
    console.print(grid)


def _chart(view: ShowView, columns: int) -> list[str]:
    return draw(_course(view), columns, whole=False)


def _course(view: ShowView) -> Course:
    return course_of(view, _title(view.bet), _subtitle(view.bet), LEAGUE_ZONE)


def _title(bet: BetView) -> str:
    return f"#{bet.number}  {bet.market_text or bet.pick}"


def _subtitle(bet: BetView) -> str:
    if bet.state is None or bet.game is None:
        return ""
    return (
        f"{score_text(bet.game, bet.state.score)} · {bet.state.game_clock} · {_result(bet).plain}"
    )


def _draw_pictures(views: Sequence[ShowView], folder: Path) -> bool:
    """A PNG for the first bet of each game; whether it could be drawn (pictures are an extra)."""
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
