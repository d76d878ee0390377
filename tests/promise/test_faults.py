"""Promises under faults of the world and of the program, one by one."""

from __future__ import annotations

import asyncio
import math
import os
import random
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon import night
from tests.doubles.log import log_line
from tests.promise.script import RULES, TIP_OFF, drafts, no_lines, site
from tracker.clock import LeapingClock, ScaledClock, SystemClock
from tracker.daemon import forecaster
from tracker.daemon.forecaster import Forecaster
from tracker.daemon.run import Setup, run
from tracker.daemon.track import Forecasts, TrackContext, deciding, track
from tracker.domain.alert import Outcome, Sent
from tracker.domain.events import SystemEvent
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.poll import GameStanding, Poll, Trouble, Unreadable
from tracker.domain.prior import Lines
from tracker.domain.tracking import GameTracking
from tracker.feeds.polling import FeedAnswer, LookUp
from tracker.feeds.polling.poller import GamePoller
from tracker.forecast import Outlook, load_parameters
from tracker.modelling.rule_trial import SiteWatch
from tracker.notify.channels import Message
from tracker.settings import load_settings
from tracker.store import Store, database

REAL = SystemClock()
PICKS = ("over 224", "PHI ML")
GAME = Game(site().games[0].playback.recording.id, "nba", "PHI", "SAC", TIP_OFF)

# ------------------------------------------------------------------- a game in virtual time


@dataclass
class Arena:
    """The clock of the recorded game, which goes on with the program's time and cannot be set."""

    program: LeapingClock
    speed: float = math.inf

    def now(self) -> datetime:
        """The time of the game."""
        return TIP_OFF - timedelta(minutes=2) + timedelta(seconds=self.program.monotonic())

    def monotonic(self) -> float:
        """The program's monotonic time."""
        return self.program.monotonic()

    def uptime(self) -> float:
        """The program's monotonic time: no suspend is played."""
        return self.program.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Fail: nothing waits on this clock."""
        raise AssertionError(seconds)


class Enough(Exception):
    """Ends a test that has seen what it needs."""


@dataclass
class Listened:
    """A poller that counts the polls it passes on, and may disturb the world before each."""

    poller: GamePoller
    clock: LeapingClock
    until: Callable[[GameStanding], bool]
    meddle: Callable[[int, LeapingClock], None] = lambda _number, _clock: None
    heard: list[float] = field(default_factory=list)

    async def next(self, standing: GameStanding) -> Poll:
        """The next poll of the poller inside."""
        if self.until(standing):
            raise Enough
        self.meddle(len(self.heard), self.clock)
        poll = await self.poller.next(standing)
        self.heard.append(self.clock.monotonic())
        return poll


@dataclass
class Played:
    """What a game in virtual time has left: gaps between polls, events, and tables."""

    gaps: list[float]
    told: list[tuple[str, dict[str, str]]]
    rows: dict[str, list[dict[str, Any]]]


async def play(
    path: Path,
    *,
    meddle: Callable[[int, LeapingClock], None] = lambda _number, _clock: None,
    until: Callable[[GameStanding], bool] = lambda standing: standing.settled,
    make: Callable[[Any], Forecasts] | None = None,
) -> Played:
    """Follow the recorded game until it is settled, with the real loop, poller and store."""
    clock = LeapingClock(TIP_OFF - timedelta(minutes=2))
    watch = SiteWatch(site(), Arena(clock))
    told: list[tuple[str, dict[str, str]]] = []

    def tell(event: SystemEvent) -> None:
        told.append(log_line(event))

    async with await Store.open(path, now=clock.now(), durable=False) as store:
        first = await watch.read(GAME, LookUp.EITHER, 0.0)
        game = first.reading.game  # type: ignore[union-attr]
        for draft in drafts(PICKS):
            await store.add(draft, game=game, defaults=RULES, at=clock.now())
        [tracking] = await store.trackings(RULES)
        source = GamePoller(game, watch, clock, random.Random(1))  # noqa: S311 - jitter is no secret
        poller = Listened(source, clock, until, meddle)
        forecasts: Forecasts = (make or (lambda said: Forecaster(no_lines, said)))(tell)
        context = TrackContext(store, forecasts, clock, ("c",), lambda: None, tell)
        with pytest.raises(Enough):
            async with deciding(context) as decisions:
                await track(tracking, poller, decisions)
        rows = {
            x: await store.exports.rows(x) for x in ("alerts", "settlements", "snapshots", "polls")
        }
    gaps = [b - a for a, b in zip(poller.heard, poller.heard[1:], strict=False)]
    return Played(gaps, told, rows)


def results(played: Played) -> list[str]:
    """The results in the order of the bets."""
    return [row["result"] for row in played.rows["settlements"]]


async def test_a_wall_clock_that_steps_changes_no_cadence(tmp_path: Path) -> None:
    """If the clock is set by an hour or a day, polls go on as before and results are right."""
    calm = await play(tmp_path / "calm.db")
    assert results(calm) == ["push", "won"]
    steps = {300: timedelta(hours=1), 400: timedelta(hours=-25)}

    def step(number: int, clock: LeapingClock) -> None:
        clock._wall += steps.pop(number, timedelta())

    stepped = await play(tmp_path / "stepped.db", meddle=step)
    assert not steps
    assert results(stepped) == results(calm)
    assert len(stepped.gaps) == pytest.approx(len(calm.gaps), rel=0.01)
    assert max(stepped.gaps) == pytest.approx(max(calm.gaps), abs=10.0)


@dataclass
class Again:
    """A feed that gives the same body again and again, ten seconds apart."""

    answer: FeedAnswer
    clock: LeapingClock
    count: int = 0

    async def next(self, _: GameStanding) -> Poll:
        """The same body once more."""
        self.count += 1
        if self.count > 1000:
            raise Enough
        await self.clock.sleep(10.0)
        answer = self.answer
        return Poll(
            answer.source, answer.path, self.clock.now(), answer.body, answer.digest, answer.reading
        )


async def test_a_thousand_equal_answers_leave_one_trace(tmp_path: Path) -> None:
    """The same body a thousand times gives one snapshot for each bet and no alert.

    It gives one poll, and one more as its game is reported as standing still.
    """
    then = site().games[0].starts + timedelta(minutes=1)
    watch, clock = SiteWatch(site(), LeapingClock(then)), LeapingClock(then)
    async with await Store.open(tmp_path / "t.db", now=then, durable=False) as store:
        found = await watch.read(GAME, LookUp.BOX, 0.0)
        game = found.reading.game  # type: ignore[union-attr]
        for draft in drafts(PICKS):
            await store.add(draft, game=game, defaults=RULES, at=then)
        [tracking] = await store.trackings(RULES)
        forecasts = Forecaster(no_lines, lambda *_: None)
        context = TrackContext(store, forecasts, clock, (), lambda: None, lambda *_: None)
        with pytest.raises(Enough):
            async with deciding(context) as decisions:
                await track(tracking, Again(found, clock), decisions)
        rows = [len(await store.exports.rows(x)) for x in ("polls", "snapshots", "alerts")]
    assert rows == [2, len(PICKS), 0]


@dataclass
class Silent:
    """A feed that does not answer in the two minutes after a start."""

    clock: LeapingClock
    seen: list[datetime | None] = field(default_factory=list)

    async def next(self, _: GameStanding) -> Poll:
        """A failed poll, ten seconds later."""
        if len(self.seen) > 12:
            raise Enough
        await self.clock.sleep(10.0)
        why = Unreadable(Trouble.DOWN, "no answer")
        return Poll("nba", "board", self.clock.now(), b"", "", why)


async def test_the_age_of_data_outlives_a_restart_without_a_feed(tmp_path: Path) -> None:
    """The age counts from the last answer before the restart; the loss is reported after 90 s."""
    then = site().games[0].starts + timedelta(minutes=1)
    watch, clock = SiteWatch(site(), LeapingClock(then)), LeapingClock(then)
    told: list[tuple[str, dict[str, str]]] = []
    async with await Store.open(tmp_path / "t.db", now=then, durable=False) as store:
        found = await watch.read(GAME, LookUp.BOX, 0.0)
        game = found.reading.game  # type: ignore[union-attr]
        await store.add(drafts(PICKS)[0], game=game, defaults=RULES, at=then)
        [tracking] = await store.trackings(RULES)
        silent = Silent(clock)
        forecasts = Forecaster(no_lines, lambda *_: None)
        context = TrackContext(
            store, forecasts, clock, (), lambda: None, lambda event: told.append(log_line(event)),
            show=lambda x: silent.seen.append(x.seen_at),
        )  # fmt: skip
        again = Again(found, clock, count=997)
        with pytest.raises(Enough):
            async with deciding(context) as decisions:
                await track(tracking, again, decisions)
        last = clock.now()
        await clock.sleep(9 * 60)
        silent.seen.clear()
        [tracking] = await store.trackings(RULES)
        with pytest.raises(Enough):
            async with deciding(context) as decisions:
                await track(tracking, silent, decisions)
        [stored] = (await store.status_view()).games
    assert set(silent.seen) == {stored.seen_at}
    assert stored.seen_at is not None
    assert last - stored.seen_at <= timedelta(seconds=30)
    assert stored.lost
    assert [name for name, _ in told].count("game.lost") == 1


@dataclass
class NotTheEnd:
    """A forecaster that fails at the final, and only there."""

    real: Forecaster

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook | Unreadable:
        """The real forecast while the game is in play; none at the final."""
        if state.phase is Phase.FINAL:
            return Unreadable(Trouble.UNPRICED, "the forecast failed; the last one stands")
        return await self.real.forecast(tracking, state)


async def test_a_result_never_waits_for_a_forecast(tmp_path: Path) -> None:
    """A forecast that fails at the end of the game delays no settlement."""
    played = await play(tmp_path / "t.db", make=lambda tell: NotTheEnd(Forecaster(no_lines, tell)))
    assert results(played) == ["push", "won"]


def _raises(_: Game) -> Lines | None:
    raise ValueError("no such line")


def _never(_: Game) -> Lines | None:
    threading.Event().wait(0.5)
    return None


@pytest.mark.parametrize("fault", ["raises", "not a number", "late"])
async def test_a_forecast_that_fails_leaves_the_last_chance(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it raises, gives NaN or never ends, no chance is made up and the loop goes on."""
    monkeypatch.setattr(forecaster, "BUDGET_SECONDS", 0.05 if fault == "late" else 5.0)
    polled = 0

    def enough(_: GameStanding) -> bool:
        nonlocal polled
        polled += 1
        return polled > 8

    def make(tell: Any) -> Forecaster:
        if fault == "not a number":
            return Forecaster(no_lines, tell, _spoilt)
        return Forecaster(_raises if fault == "raises" else _never, tell)

    played = await play(tmp_path / "t.db", until=enough, make=make)
    assert played.rows["snapshots"] == []
    assert Counter(event for event, _ in played.told)["forecast.failed"] == 1


async def test_forecasts_of_a_college_s_men_and_women_fail_apart() -> None:
    """Two games of one name are two games: neither's failure is taken for the other's."""
    told: list[SystemEvent] = []
    forecasts = Forecaster(_raises, told.append)
    for league in ("ncaam", "ncaaw"):
        game = Game(league, league, "SC", "LSU", TIP_OFF)
        await forecasts.forecast(GameTracking(game), GameState.scheduled(game))
    assert len({str(log_line(x)) for x in told}) == 2


def _spoilt(league: str) -> Any:
    parameters = load_parameters(league)
    flow = parameters.flow
    return replace(
        parameters,
        flow=replace(flow, margin=flow.margin * float("nan"), total=flow.total * float("nan")),
    )


# -------------------------------------------------------------------- the whole daemon, in earnest

PLAY = timedelta(minutes=15)


@dataclass
class Slow:
    """A channel that has the message at once and answers a little later."""

    name: str = "slow"
    got: list[Message] = field(default_factory=list)
    busy: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Message) -> Outcome:
        """Take the message, then answer."""
        self.got.append(message)
        self.busy.set()
        await REAL.sleep(0.5)
        return Sent()


async def until(seen: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until something is true; fails after a while."""
    for _ in range(int(seconds / 0.02)):
        if seen():
            return
        await REAL.sleep(0.02)
    raise AssertionError("it never came")


@dataclass
class Here:
    """The whole daemon inside this process, and the events that it reported."""

    path: Path
    told: list[str] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)

    def count(self, table: str) -> int:
        """The number of rows of a table, read by another connection."""
        try:
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as db:
                return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
        except sqlite3.OperationalError:
            return 0  # it is not made yet


async def _live(
    folder: Path,
    channel: Slow,
    deed: Callable[[Here], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Here:
    """Run the daemon on a game in play, do something to it, stop it and wait for its end."""
    clock = ScaledClock(night.TIP_OFF + PLAY, 60.0)
    async with night.feed(["SAC@PHI"], clock) as feed:
        config = night.write_files(folder, feed.url, ["SAC@PHI"], [])
        text = config.read_text("utf-8")
        config.write_text(text.replace("default = [", 'default = ["swing 0.01 in 10m", '), "utf-8")
        here = Here(folder / "tracker.db")
        opened = Store.open

        async def noted(path: Path, **more: Any) -> Store:
            here.stores.append(await opened(path, **more))
            return here.stores[0]

        monkeypatch.setattr(Store, "open", noted)
        daemon = asyncio.create_task(
            run(Setup(load_settings(config), [channel], clock, lambda x: here.told.append(x.name)))
        )
        try:
            await deed(here)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(daemon, 20.0)
    return here


async def test_sigterm_in_the_middle_of_a_send_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer of the send in progress is stored, and messages not tried are still due."""
    channel = Slow()

    async def deed(_: Here) -> None:
        await asyncio.wait_for(channel.busy.wait(), 30.0)

    here = await _live(tmp_path, channel, deed, monkeypatch)
    sent = {x for message in channel.got for x in message.alert_ids}
    with closing(sqlite3.connect(here.path)) as db:
        ends = list(db.execute("SELECT alert, state FROM delivery"))
    assert {alert for alert, state in ends if state == "sent"} == sent != set()
    assert {state for _, state in ends} <= {"sent", "due"}


@asynccontextmanager
async def locked_by_a_stranger(here: Here) -> AsyncIterator[None]:
    """Another program holds an exclusive lock of the database."""
    with closing(sqlite3.connect(here.path, isolation_level=None)) as stranger:
        stranger.execute("BEGIN EXCLUSIVE")
        yield
        stranger.execute("ROLLBACK")


@asynccontextmanager
async def disk_full(here: Here) -> AsyncIterator[None]:
    """The database file cannot grow by a page."""
    database = here.stores[0]._db
    await database.bare(lambda db: db.execute("PRAGMA max_page_count = 1"))
    yield
    await database.bare(lambda db: db.execute("PRAGMA max_page_count = 1000000"))


@pytest.mark.parametrize("fault", [locked_by_a_stranger, disk_full])
async def test_a_database_that_cannot_be_written_is_waited_for(
    tmp_path: Path,
    fault: Callable[[Here], AbstractAsyncContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Polls wait until they can be written; the daemon reports it once, and runs on."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)

    async def deed(here: Here) -> None:
        await until(lambda: here.count("snapshot") > 0)
        async with fault(here):
            await until(lambda: "store.unavailable" in here.told)
            before = here.count("snapshot")
        await until(lambda: "store.recovered" in here.told and here.count("snapshot") > before)

    here = await _live(tmp_path, Slow(), deed, monkeypatch)
    assert here.told.count("store.unavailable") == 1
    assert "daemon.stopped" in here.told
