"""The daemon's composition root: builds every part and runs all loops in one TaskGroup."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from tracker import __version__
from tracker.app.choose_game import SlateReader
from tracker.app.explain import Explainer
from tracker.app.pricing import Load
from tracker.app.refresh import Refresh
from tracker.app.report import ReportSpan
from tracker.clock import Clock, ScaledClock, SystemClock
from tracker.daemon.alert_policy import AlertPolicy
from tracker.daemon.bot import Verbs
from tracker.daemon.bot.bet_commands import BetCommands
from tracker.daemon.bot.chat import ChannelLoops
from tracker.daemon.cards import LiveView
from tracker.daemon.delay import LateSlate, delayed
from tracker.daemon.forecaster import Forecaster, TrialWatch
from tracker.daemon.track import Decisions, TrackContext, deciding, track
from tracker.daemon.watchers import (
    GRACE,
    SourceStatus,
    Watchdog,
    WriteBackoff,
    beat,
    free_memory,
    keep_alive,
    keep_learning,
    learn,
    report_faults,
    tend_bets,
    tidy,
    time_to_start,
    watch_slate,
)
from tracker.daemon.watchers.buying import MarketParts
from tracker.daemon.watchers.chores import Runners, do_chores, usual_chores
from tracker.daemon.watchers.followed_bets import FollowedBets
from tracker.daemon.watchers.lacking import Lacking, watch_rosters
from tracker.daemon.watchers.market import MarketWatch
from tracker.daemon.watchers.nightly import (
    REPORT_AT,
    tell_changes,
    tell_nightly,
    tell_reports,
    tell_tonight,
)
from tracker.daemon.watchers.system_notices import ReportedEnds, SystemNotices
from tracker.domain.alert import Notice
from tracker.domain.events import DaemonStarted, DaemonStopped, GameFollowed, GameLeft, Tell
from tracker.domain.game import Game, GameState
from tracker.domain.league import slate_date
from tracker.domain.money import plural
from tracker.domain.tracking import GameTracking
from tracker.feeds.feeds import Feeds, open_feeds
from tracker.feeds.identity import KEPT
from tracker.feeds.odds.asking import OddsSources, open_odds
from tracker.feeds.polling.poller import STEP_S, GamePoller
from tracker.feeds.slates import SlateReading, Slates
from tracker.forecast import load_parameters
from tracker.forecast.market import LiveLines
from tracker.host import (
    SystemdNotifier,
    memory_settled,
    say_moving,
    share_one_heap,
    single_instance,
)
from tracker.notify import SendingHabits, dispatch, no_card
from tracker.notify.channels import Channel
from tracker.notify.channels.telegram.channel import TelegramChannel
from tracker.registry import registry_beside
from tracker.settings import Secret, Settings, lines_for
from tracker.store import Store
from tracker.store.views import DaemonView

FIRST_SLATE_S = 10.0
"""Seconds of the clock for which the notice of a start waits for the games of bets without one."""


class _Stop(Exception):
    """Ends the task group: a person or systemd asked the daemon to stop."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a daemon is started with.

    `load` gives the parameters that forecast a league, by default those that come with the program.
    `faults` are sentences about models that it could not use; its threads add to them.
    `verbs` runs a command that a person asks for in a chat; None where no chat may ask. `runners`
    run the chores that are due at set times; None where there are no chores. `odds_key` is the key
    of The Odds API, if there is one, and `heartbeat_url` the address that is requested while all is
    well. `seed` makes the jitter of the polls repeatable.
    """

    settings: Settings
    channels: Sequence[Channel]
    clock: Clock
    tell: Tell
    load: Load = load_parameters
    faults: deque[str] = field(default_factory=deque)
    verbs: Verbs | None = None
    runners: Runners | None = None
    odds_key: Secret | None = None
    heartbeat_url: Secret | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """What a daemon is built of: its setup, and what was opened by it.

    `write_backoff` waits between two tries of a failed write. `progress` knows which loops are
    late, and excuses those that wait for a write. `rng` jitters the times of the polls, so that not
    all games are polled at once.
    """

    setup: Setup
    store: Store
    write_backoff: WriteBackoff
    progress: Watchdog
    feeds: Feeds
    source_status: SourceStatus
    odds: OddsSources
    rng: random.Random


class Daemon:
    """Runs the loops, and knows which games are being followed."""

    def __init__(self, parts: Parts) -> None:
        setup = parts.setup
        self._parts = parts
        self._setup = setup
        self._clock = setup.clock
        self._wakes = {channel.name: asyncio.Event() for channel in setup.channels}
        self._following: dict[str, GamePoller] = {}
        self._begun = asyncio.Event()
        self._changed = asyncio.Event()
        self._progress = parts.progress
        self._alert_policy = AlertPolicy(setup.settings.policy)
        self._notices = SystemNotices(
            parts.store, self._alert_policy, setup.clock, setup.channels, self._wake_channels
        )
        self._tell = self._notices.hearing(setup.tell)
        self._write_backoff = parts.write_backoff
        parts.source_status.listen(self._hear)
        self._followed = FollowedBets(parts.store, setup.clock, setup.settings, self._tell)
        known = partial(lines_for, setup.settings.lines)
        self._forecaster = Forecaster(known, setup.tell, setup.load, self._live_lines)
        delay = setup.settings.alerts.delay
        self._live_view = LiveView(setup.clock, setup.settings.zone, delay)
        self._market = MarketWatch(self._market_parts())
        registry = registry_beside(setup.settings.store.path)
        self._trials = TrialWatch(
            parts.store, registry, self._forecaster.pricing, setup.clock, self._tell
        )
        self._context = TrackContext(
            recorder=parts.store,
            forecasts=self._forecaster,
            clock=setup.clock,
            channels=tuple(self._wakes),
            wake_channels=self._wake_channels,
            tell=self._tell,
            wanted=self._followed.wanted,
            meet=self._followed.meet,
            see=parts.source_status.see,
            show=self._show,
            closed=self._market.values.get,
            route=self._alert_policy.route,
            wording=setup.settings.wording,
        )

    def _market_parts(self) -> MarketParts:
        """What the market's side is built of."""
        parts, setup, followed = self._parts, self._setup, self._followed
        return MarketParts(
            sources=parts.odds,
            store=parts.store,
            forecaster=self._forecaster,
            load=setup.load,
            clock=setup.clock,
            settings=setup.settings.odds,
            tell=self._tell,
            trackings=followed.trackings,
            roster_of=followed.roster_of,
            hear=parts.source_status.hear,
            route=self._alert_policy.route,
            style=setup.settings.wording,
            channels=tuple(self._wakes),
            wake_channels=self._wake_channels,
            behind=timedelta(seconds=setup.settings.alerts.delay),
        )

    def _live_lines(self, game: Game, state: GameState) -> LiveLines | None:
        """The market's lines of a game in play; None where no exchange has fresh ones."""
        return self._market.live_lines(game, state)

    def _show(self, tracking: GameTracking) -> None:
        """Hand what is believed of a game after a poll to the cards, the trials and the market."""
        self._live_view.show(tracking)
        self._trials.show(tracking)
        self._market.show(tracking)

    def _chats(self) -> ChannelLoops:
        """The loops of chats and cards, on the channels that have them."""
        parts, setup = self._parts, self._setup
        zone, verbs = setup.settings.zone, setup.verbs
        return ChannelLoops(
            setup.channels, parts.store, self._live_view, self._clock, zone, self._tell,
            self._progress, self._bet_commands(), verbs,
        )  # fmt: skip

    def _bet_commands(self) -> BetCommands:
        """What a chat may do with bets; a bet that it adds or changes is followed at once."""
        settings, store = self._setup.settings, self._parts.store
        rules = settings.default_rules
        given, registry = partial(lines_for, settings.lines), registry_beside(settings.store.path)
        return BetCommands(
            store, Explainer(store, rules, given, registry),
            settings.stake_unit_cents, self._clock, settings.zone, self._changed.set,
            settings.odds_format, settings.alerts.delay,
            SlateReader(store, settings.feeds, self._clock, settings.alerts.delay > 0),
        )  # fmt: skip

    async def live(self, notifier: SystemdNotifier, stop: asyncio.Event) -> None:
        """Run every loop until `stop` is set; if one loop fails, all of them end with it."""
        with self._write_backoff.telling(self._tell):
            await self._live(notifier, stop)

    async def _live(self, notifier: SystemdNotifier, stop: asyncio.Event) -> None:
        slate = await self._slates()
        followed, store = self._followed, self._parts.store
        await learn(store, self._forecaster.pricing)
        await self._market.restore()
        await self._alert_policy.recall(store, self._clock.now())
        await self._notices.recall(await store.trackings(()))
        async with deciding(self._context) as decisions, asyncio.TaskGroup() as tasks:

            def follow(trackings: tuple[GameTracking, ...]) -> None:
                self._forecaster.pricing.players.learn(
                    followed.recent, followed.teams, followed.absences, followed.against
                )
                self._follow(trackings, tasks, decisions)
                self._begun.set()

            moving = partial(say_moving, self._setup.settings.store.lock)
            alive = keep_alive(
                notifier, self._progress, self._status, moving, SystemClock(), self._tell
            )
            for job in (*self._jobs(slate, follow), *self._messages(), alive):
                tasks.create_task(job)
            notifier.ready(self._status())
            tasks.create_task(self._tell_start(tasks))
            await stop.wait()
            notifier.stopping("stopping")
            await self._notices.send_stopped(SystemClock())
            raise _Stop

    def _jobs(
        self, slate: Slates, follow: Callable[[tuple[GameTracking, ...]], None]
    ) -> Iterator[Coroutine[None, None, None]]:
        """The loops beside the games, which run for ever."""
        parts, followed, clock = self._parts, self._followed, self._clock
        store, feeds, settings = parts.store, parts.feeds, self._setup.settings
        changed, wanted = self._changed, asyncio.Event()
        for channel in self._setup.channels:
            wake, habits = self._wakes[channel.name], self._habits(channel)
            yield dispatch(store, channel, clock, wake, self._tell, habits)
        yield from self._chats().jobs()
        yield tend_bets(followed, changed, wanted, follow, clock, self._progress)
        late = LateSlate(slate.read, settings.alerts.delay, clock)
        read = partial(self._read_slate, late)
        yield watch_slate(read, store, followed, changed, wanted, clock)
        yield keep_learning(store, self._forecaster.pricing, clock)
        yield self._lacking(changed).watch()
        yield from self._market.jobs()
        yield watch_rosters(
            lambda: followed.without_roster, feeds, followed.meet, feeds.has_room, clock
        )
        yield parts.source_status.keep(store, clock, feeds.usage)
        yield self._alert_policy.tend(store, clock)
        yield from self._notices.jobs()
        yield tidy(store, clock, timedelta(days=settings.store.keep_bodies_days))
        yield free_memory(clock)
        yield report_faults(self._setup.faults, clock, self._tell)
        yield self._trials.watch()

    async def _tell_start(self, tasks: asyncio.TaskGroup) -> None:
        """Send the notice that the program has started, once it is known what it follows.

        Where its end was reported and this notice is not due, one that it runs again is sent later.
        """
        real = SystemClock()
        ends = ReportedEnds(self._setup.settings.store.path, real)
        await self._begun.wait()
        if self._followed.waiting:
            # Until the first slate is read, bets on tonight's games wait for theirs.
            await self._clock.sleep(FIRST_SLATE_S)
        await self._notices.started(self._follows(), ends)
        tasks.create_task(self._notices.report_recovery(ends, real, self._follows))

    def _habits(self, channel: Channel) -> SendingHabits:
        """How a channel's sending loop works.

        On Telegram, an alert is a reply to the live card of its game.
        """
        beat = partial(self._progress.expect, f"channel {channel.name}", GRACE)
        replies = isinstance(channel, TelegramChannel)
        under = self._parts.store.cards.under if replies else no_card
        settings = self._setup.settings
        audible = settings.policy.audible_from
        return SendingHabits(beat=beat, zone=settings.zone, card_of=under, audible_from=audible)

    def _lacking(self, changed: asyncio.Event) -> Lacking:
        """The background loop that fetches what bets still lack: lines, players' games, rosters."""
        parts, followed = self._parts, self._followed

        def learned(games: frozenset[str]) -> None:
            changed.set()
            for game_id in games & self._following.keys():
                self._following[game_id].poll_now()

        refresh = Refresh(parts.store, parts.feeds, self._clock, self._setup.load)
        pricing = self._forecaster.pricing
        return Lacking(
            parts.store, parts.feeds, pricing, refresh, self._clock, followed.trackings,
            lambda: followed.without_roster, learned,
        )  # fmt: skip

    async def _slates(self) -> Slates:
        """The slates of the leagues that bets need, with the games known and bet on already."""
        await self._followed.recall()
        known = await self._parts.store.games(since=slate_date(self._clock.now() - KEPT))
        games = (game for game, _ in known)
        return self._parts.feeds.slates(self._followed.leagues, games, lambda: self._followed.held)

    async def _read_slate(self, slate: LateSlate) -> SlateReading:
        """Read the slate; a game that it calls off is polled at once, however far its tip-off."""
        reading = await slate.read()
        for game_id in {x.game.id for x in reading.states if x.phase.off} & self._following.keys():
            self._following[game_id].poll_now()
        return reading

    def _as_they_stand(self) -> tuple[GameTracking, ...] | None:
        """Every followed game as its last poll left it; None while one has not been polled."""
        found = [self._live_view.tracking(x) for x in self._following]
        shown = {x.game.id for x in found if x is not None}
        if len(shown) < len(found) or {x.id for x in self._followed.games()} - shown:
            return None
        return tuple(x for x in found if x is not None)

    def _plays_today(self) -> bool:
        """Whether any bet is on a game of the leagues' current date."""
        today = slate_date(self._clock.now())
        return any(game.slate == today for game in self._followed.games())

    def _messages(self) -> Iterator[Coroutine[None, None, None]]:
        """The loops of what is due at set times: chores, digests and reports, the heartbeat."""
        settings, store, clock = self._setup.settings, self._parts.store, self._clock
        if self._setup.runners is not None:
            chores = usual_chores(settings, self._plays_today)
            yield do_chores(chores, store, clock, self._setup.runners, self._tell)
        wanted, zone = settings.alerts, settings.zone
        names = tuple(self._wakes)
        if wanted.digest_at is not None:
            yield tell_nightly(store, wanted.digest_at, zone, clock, names, self._wake_channels)

        async def asked(notice: Notice) -> None:
            if await store.alerting.notice(notice, names):
                self._wake_channels()

        async def gameless() -> int:
            return sum(x.game is None for x in await store.by_hand.reviews())

        audible = self._alert_policy.audible_from
        yield tell_tonight(self._as_they_stand, clock, self._notices.tell, gameless, zone, audible)
        yield tell_changes(store, clock, self._notices.tell)
        if wanted.report != "off":
            at, span = wanted.digest_at or REPORT_AT, ReportSpan(wanted.report)
            yield tell_reports(store, span, at, zone, clock, asked)
        if self._setup.heartbeat_url is not None:
            url = self._setup.heartbeat_url.get_secret_value()
            yield beat(url, self._healthy, SystemClock(), self._tell)

    def _healthy(self) -> bool:
        """Whether a heartbeat is due: no loop is late, no write waits, and every game has data."""
        return not (
            self._progress.late() or self._write_backoff.waiting or self._notices.has_outage
        )

    def _follow(
        self, trackings: tuple[GameTracking, ...], tasks: asyncio.TaskGroup, decisions: Decisions
    ) -> None:
        """Start a track for each game that has none, and poll at once where bets have changed."""
        for tracking in trackings:
            if tracking.game.id not in self._following and tracking.tracked:
                poller = self._poller(tracking)
                self._following[tracking.game.id] = poller
                tasks.create_task(self._track(tracking, poller, decisions))
        for game_id in self._followed.moved() & self._following.keys():
            self._following[game_id].poll_now()

    def _poller(self, tracking: GameTracking) -> GamePoller:
        speed = self._clock.speed if isinstance(self._clock, ScaledClock) else 1.0

        def beat() -> None:
            self._progress.expect(tracking.game.title, STEP_S / speed + GRACE)

        feeds, has_room = self._parts.feeds, partial(self._parts.feeds.has_room, tracking.game)
        return GamePoller(tracking.game, feeds, self._clock, self._parts.rng, beat, has_room)

    async def _track(
        self, tracking: GameTracking, poller: GamePoller, decisions: Decisions
    ) -> None:
        self._tell(GameFollowed(tracking.game.title, len(tracking.tracked)))
        delay = self._setup.settings.alerts.delay
        async with delayed(poller, delay, self._clock, tracking.standing) as behind:
            await track(tracking, behind, decisions)
        del self._following[tracking.game.id]
        self._live_view.leave(tracking.game.id)
        self._progress.ended(tracking.game.title)
        self._tell(GameLeft(tracking.game.title))

    def _hear(self, source: str) -> None:
        """Let every game of a league poll at once when a fresh board of that league has come."""
        for poller in self._following.values():
            poller.hear(source)

    def _wake_channels(self) -> None:
        """Wake every channel's sending loop: an alert is on disk."""
        for wake in self._wakes.values():
            wake.set()

    def _status(self) -> str:
        """The daemon's state in one line, for systemd."""
        text, late = self._follows(), self._progress.late()
        return f"{text}, stuck: {', '.join(late)}" if late else text

    def _follows(self) -> str:
        """How many games are followed and bets wait: nobody knows it before they have been read."""
        if not self._followed.were_read:
            return "reading the bets"
        games, waiting = len(self._following), self._followed.waiting
        text = f"following {plural(games, 'game')}"
        return f"{text}, {plural(waiting, 'bet')} waiting for a game" if waiting else text


async def run(setup: Setup, stop: asyncio.Event | None = None) -> None:
    """Run the daemon until `stop` is set, or SIGTERM, SIGINT or SIGHUP comes.

    Raises AlreadyRunning when another daemon holds the database, and StoreError when the database
    cannot be used. Any other error is a fault: it ends the daemon, and systemd starts it again.
    """
    share_one_heap()
    stop = stop or asyncio.Event()
    settings, clock, tell = setup.settings, setup.clock, setup.tell
    source_status = SourceStatus()
    progress = Watchdog(SystemClock())
    backoff = WriteBackoff(SystemClock(), progress)
    opening = open_feeds(settings.feeds, clock, tell=tell, report_status=source_status.hear)
    settings.store.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    notifier = SystemdNotifier()
    with single_instance(settings.store.lock), _signals(stop):
        async with time_to_start(notifier, SystemClock(), tell):
            opened = await Store.open(
                settings.store.path, now=clock.now(), wait_out=backoff.wait_out
            )
        async with (
            opened as store,
            opening as feeds,
            open_odds(settings.odds, setup.odds_key, feeds, clock) as odds,
        ):
            await store.recover(clock.now(), [x.name for x in setup.channels])
            await store.keep_daemon(_self_view(clock))
            rng = random.Random(setup.seed)  # noqa: S311 - jitter is no secret
            parts = Parts(setup, store, backoff, progress, feeds, source_status, odds, rng)
            tell(DaemonStarted(str(settings.store.path)))
            with memory_settled():
                try:
                    await Daemon(parts).live(notifier, stop)
                except* _Stop:
                    tell(DaemonStopped())


def _self_view(clock: Clock) -> DaemonView:
    scaled = clock if isinstance(clock, ScaledClock) else None
    return DaemonView(
        pid=os.getpid(),
        started_at=SystemClock().now(),
        version=__version__,
        clock_start=scaled.start if scaled else None,
        clock_speed=scaled.speed if scaled else None,
        clock_anchor=scaled.anchor if scaled else None,
    )


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Set the event on SIGTERM and SIGINT, for as long as the block runs.

    A terminal that is closed sends SIGHUP: then too the person is told that nothing is watched any
    more, unless the program was started to outlive its terminal, as by nohup.
    """
    loop = asyncio.get_running_loop()
    caught = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        caught.append(signal.SIGHUP)
    for number in caught:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
