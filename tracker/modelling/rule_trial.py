"""Tries rules on finished games, and runs recorded games through the whole program.

Both run the daemon's real loop in virtual time. A trial of rules runs over states and keeps its
results in memory; a rehearsal runs over recorded bytes and writes a database, whose rows are the
same on every run. An alert points up, to winning, or down, to losing. It *held* when the bet ended
that way. Its *lead* is the game time from the alert until the chance was settled, which is when it
passed 99 % on that side for good.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import assert_never

from tracker.app.pricing import LinesFor, Load
from tracker.clock import Clock, LeapingClock
from tracker.daemon.forecaster import Forecaster
from tracker.daemon.track import PollSource, TrackContext, deciding, track
from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import Bet, Result, Snapshot
from tracker.domain.draft import Draft
from tracker.domain.events import Tell
from tracker.domain.game import Game, GameState, Phase, Side
from tracker.domain.player import Player
from tracker.domain.policy import Comparison, LevelRule, Rule, SwingRule
from tracker.domain.poll import GameStanding, Poll, Trouble, Unreadable
from tracker.domain.tracking import Change, GameTracking, Tracked
from tracker.engine.rules.state_machine import COOLDOWN
from tracker.feeds import Ball, FeedMalformed, nba
from tracker.feeds.polling import FeedAnswer, LookUp
from tracker.feeds.polling.boxes import Possession
from tracker.feeds.polling.cadence import next_wait
from tracker.feeds.polling.poller import GamePoller
from tracker.forecast import Outlook, load_parameters
from tracker.replay.nba_site import NbaSite
from tracker.replay.playback import Page, Playback
from tracker.store import Store

SETTLED_AT = 0.99
"""A chance that stays beyond this to the end counts as settled from then on."""

Watched = LevelRule | SwingRule
"""The rules whose alerts can be right or wrong; an event rule states a fact."""


@dataclass(frozen=True, slots=True)
class SeenChance:
    """A bet's chance of winning at one poll, and the game time played so far in minutes."""

    at: datetime
    minute: float
    p: float


@dataclass(frozen=True, slots=True)
class TrialCourse:
    """One bet over one whole game: its chances, the decisions of its rules, and its result."""

    seen: tuple[SeenChance, ...]
    alerts: tuple[Alert, ...]
    result: Result


@dataclass(frozen=True, slots=True)
class RuleAlert:
    """An alert that fired: the chance, whether it pointed up, and if it held.

    `held` is None for a bet that was neither won nor lost. `lead` is in game minutes, None for an
    alert that did not hold.
    """

    p: float
    up: bool
    held: bool | None
    lead: float | None


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """The figures of a rule over many bets.

    `alerts` is the number that fired; the bet ended as they pointed for `held`, and the other way
    for `missed`. `promised` is the mean chance that the alerts gave the way they pointed. `lead` is
    the median lead in game minutes of those that held. `naive` is the number that a bare threshold
    would have sent, with one at each poll that crosses it. `again` is the number that would be
    added if a level fired again at every crossing.
    """

    rule: str
    bets: int
    alerts: int
    held: int
    missed: int
    promised: float | None
    lead: float | None
    naive: int
    again: int = 0

    @property
    def share(self) -> float | None:
        """The share of decided alerts that held; None when none was decided."""
        decided = self.held + self.missed
        return self.held / decided if decided else None

    @property
    def spared(self) -> int:
        """The messages of a bare threshold that the rule did not send."""
        return max(0, self.naive - self.alerts)


def figures(rule: Watched, courses: Sequence[TrialCourse]) -> RuleFigures:
    """The figures of a rule over these bets."""
    fired = [x for course in courses for x in _fired(rule, course)]
    decided = [x for x in fired if x.held is not None]
    leads = [x.lead for x in decided if x.lead is not None]
    toward = [x.p if x.up else 1 - x.p for x in decided]
    held = sum(x.held is True for x in decided)
    return RuleFigures(
        rule=rule.text,
        bets=len(courses),
        alerts=len(fired),
        held=held,
        missed=len(decided) - held,
        promised=sum(toward) / len(toward) if toward else None,
        lead=median(leads) if leads else None,
        naive=sum(naive(rule, course.seen) for course in courses),
        again=sum(_again(rule, course) for course in courses),
    )


def _again(rule: Watched, course: TrialCourse) -> int:
    """The crossings held only because the level had fired before, at least a cooldown apart."""
    count, last = 0, None
    for x in course.alerts:
        fired = x.decision is Decision.FIRED
        if x.rule != rule.text or not (fired or x.reason is Reason.TOLD_BEFORE):
            continue
        if fired or last is None or x.at - last >= COOLDOWN:
            count, last = count + (not fired), x.at
    return count


def _fired(rule: Watched, course: TrialCourse) -> Iterable[RuleAlert]:
    """The alerts of a rule that fired on one bet."""
    certain = _certain(course)
    for alert in course.alerts:
        if alert.decision is not Decision.FIRED or alert.rule != rule.text or alert.p is None:
            continue
        up = _points_up(rule, alert)
        held = None
        if course.result in (Result.WON, Result.LOST):
            held = (course.result is Result.WON) == up
        lead = max(0.0, certain - _minute(course.seen, alert.at)) if held else None
        yield RuleAlert(alert.p, up, held, lead)


def _points_up(rule: Watched, alert: Alert) -> bool:
    if isinstance(rule, LevelRule):
        match rule.comparison:
            case Comparison.AT_LEAST:
                return True
            case Comparison.AT_MOST:
                return False
            case Comparison.CROSSES:
                return alert.p is not None and alert.p >= rule.level
            case _:
                assert_never(rule.comparison)
    return alert.was is None or alert.p is None or alert.p >= alert.was


def _minute(seen: Sequence[SeenChance], at: datetime) -> float:
    return next((x.minute for x in reversed(seen) if x.at <= at), 0.0)


def _certain(course: TrialCourse) -> float:
    """The game minute from which on the chance stayed beyond 99 % on the side of the result."""
    won = course.result is Result.WON
    minute = course.seen[-1].minute if course.seen else 0.0
    for x in reversed(course.seen):
        if (x.p if won else 1 - x.p) < SETTLED_AT:
            return minute
        minute = x.minute
    return minute


def naive(rule: Watched, seen: Sequence[SeenChance]) -> int:
    """The number of messages of a bare threshold: one at each poll that crosses it, none held back.

    For a swing it is one at each poll whose chance lies far enough from any earlier one within the
    rule's time, unless the poll before did too.
    """
    if isinstance(rule, SwingRule):
        return _naive_swing(rule, seen)
    crossed = 0
    for before, after in pairwise(seen):
        was, now = _beyond(rule, before.p), _beyond(rule, after.p)
        both = rule.comparison is Comparison.CROSSES
        crossed += (was != now) if both else (now and not was)
    return crossed


def _beyond(rule: LevelRule, p: float) -> bool:
    return p <= rule.level if rule.comparison is Comparison.AT_MOST else p >= rule.level


def _naive_swing(rule: SwingRule, seen: Sequence[SeenChance]) -> int:
    span = timedelta(seconds=rule.seconds)
    count, first, was = 0, 0, False
    for i, x in enumerate(seen):
        while x.at - seen[first].at > span:
            first += 1
        far = max((abs(y.p - x.p) for y in seen[first:i]), default=0.0)
        is_far = far >= rule.size
        count += is_far and not was
        was = is_far
    return count


BEFORE = timedelta(minutes=1)
"""Time before tip-off at which a trial begins to poll a game."""

History = Sequence[tuple[datetime, GameState]]
"""A finished game as its states in order, each with the time at which it became known."""


class _HistoryPoller:
    """A poller that gives the states of a history, at the pace of the daemon's polls."""

    def __init__(self, history: History, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        self._at = 0
        self._first = True

    async def next(self, standing: GameStanding) -> Poll:
        if not self._first:
            await self._clock.sleep(next_wait(standing, self._clock.now()))
        self._first = False
        now = self._clock.now()
        while self._at + 1 < len(self._history) and self._history[self._at + 1][0] <= now:
            self._at += 1
        return Poll("history", "", now, b"", "", self._history[self._at][1])


class _MemoryRecorder:
    """A recorder that keeps snapshots, alerts and results in memory instead of a database."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.alerts: list[Alert] = []
        self.results: dict[int, Result] = {}

    async def record_all(
        self,
        decided: Sequence[tuple[Poll, Change]],
        channels: Sequence[str],  # noqa: ARG002 - it is a Recorder
    ) -> None:
        for _, change in decided:
            self.snapshots += change.snapshots
            self.alerts += change.alerts
            for settled in change.settlements:
                self.results.setdefault(settled.bet, settled.result)


class _LastForecast:
    """Forecasts each state once, even if several polls in a row give it."""

    def __init__(self, forecaster: Forecaster) -> None:
        self._forecaster = forecaster
        self._state: GameState | None = None
        self._outlook: Outlook | Unreadable = Unreadable(Trouble.ABSENT, "nothing was seen yet")

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook | Unreadable:
        if state != self._state:
            self._outlook = await self._forecaster.forecast(tracking, state)
            self._state = state
        return self._outlook


async def try_bets(
    game: Game,
    bets: Sequence[Bet],
    history: History,
    lines_for: LinesFor,
    load: Load = load_parameters,
) -> list[TrialCourse]:
    """Follow bets over a history, from before tip-off to their results.

    Returns a course for each bet that was settled. Rules are stepped as in the daemon; a person's
    quiet hours, budgets and snoozes do not apply.
    """
    clock = LeapingClock(min(game.start, history[0][0]) - BEFORE)
    return await follow(game, bets, _HistoryPoller(history, clock), clock, lines_for, load)


async def follow(
    game: Game,
    bets: Sequence[Bet],
    poller: PollSource,
    clock: Clock,
    lines_for: LinesFor,
    load: Load = load_parameters,
) -> list[TrialCourse]:
    """Follow bets over the polls of a poller, on a clock whose waits take no real time.

    Returns a course for each bet that was settled.
    """
    recorder = _MemoryRecorder()
    forecaster = Forecaster(lines_for, lambda *_: None, load)
    context = TrackContext(
        recorder=recorder,
        forecasts=_LastForecast(forecaster),
        clock=clock,
        channels=(),
        wake_channels=lambda: None,
        tell=lambda *_: None,
    )
    added = [replace(x, added_at=clock.now()) for x in bets]
    async with deciding(context) as decisions:
        tracking = GameTracking(game, tuple(Tracked.fresh(x) for x in added))
        await track(tracking, poller, decisions)
    return [
        TrialCourse(
            seen=tuple(
                _seen(y, game) for y in recorder.snapshots if y.bet == x.number and y.chance
            ),
            alerts=tuple(y for y in recorder.alerts if y.bet == x.number),
            result=recorder.results[x.number],
        )
        for x in bets
        if x.number in recorder.results
    ]


def _seen(x: Snapshot, game: Game) -> SeenChance:
    rules = game.rules
    played = 0.0
    for period in range(1, x.period + 1):
        played += rules.length_of(period) - (x.clock if period == x.period else 0.0)
    return SeenChance(x.at, played / 60.0, x.known.win)


def in_play(history: History) -> bool:
    """Whether a history ends with a final, so that the game was played to its end."""
    return bool(history) and history[-1][1].phase is Phase.FINAL


STARTS_BEFORE = timedelta(minutes=10)
"""Time before tip-off at which a rehearsal begins to poll a game."""


class SiteWatch:
    """Reads games from the documents of a replayed site, as the feeds do over HTTP."""

    def __init__(self, site: NbaSite, clock: Clock) -> None:
        """`clock` says which moment of the site's documents is read."""
        self._site = site
        self._clock = clock
        self._ball = Possession(nba.SOURCE, self._plays, clock)
        self._parsed: tuple[Page, Ball | None] | None = None

    async def read(
        self,
        game: Game,
        ask: LookUp,
        max_age: float,  # noqa: ARG002 - it is a Watch
        believed: GameState | None = None,  # noqa: ARG002 - likewise
    ) -> FeedAnswer:
        """The game as the board, or the box, has it at the clock's time, with the ball."""
        return await self._ball.added(game, await self._read(game, ask))

    async def _plays(self, game: Game) -> Ball | None:
        page = self._site.page(nba.plays_path(game.id), self._clock.now())
        if page is None:
            return None
        if self._parsed is None or self._parsed[0] is not page:
            self._parsed = page, nba.SOURCE.parse_plays(page.body)
        return self._parsed[1]

    async def _read(self, game: Game, ask: LookUp) -> FeedAnswer:
        path = nba.box_path(game.id) if ask is LookUp.BOX else nba.board_path()
        now = self._clock.now()
        page = self._site.page(path, now)
        body = b"" if page is None else page.body
        absent = Unreadable(Trouble.ABSENT, f"{game.name} is not there yet")
        if page is None:
            return self._answer(path, b"", absent)
        try:
            if ask is LookUp.BOX:
                return self._answer(path, body, nba.SOURCE.parse_box(body))
            entry = nba.SOURCE.parse_board(body).find(game.id)
        except FeedMalformed as why:
            return self._answer(path, body, why.unreadable)
        if entry is None and ask is LookUp.EITHER:
            return await self._read(game, LookUp.BOX)
        return self._answer(path, body, absent if entry is None else entry[1])

    def _answer(self, path: str, body: bytes, reading: GameState | Unreadable) -> FeedAnswer:
        digest = hashlib.sha256(body).hexdigest() if body else ""
        now, heard = self._clock.now(), self._clock.monotonic()
        return FeedAnswer("nba", path, now, heard, body, digest, reading)


async def rehearse(
    playbacks: Sequence[Playback],
    drafts: Sequence[Draft],
    database: Path,
    defaults: tuple[Rule, ...],
    lines_for: LinesFor,
    tell: Tell,
) -> str:
    """Run games through the program one after the other, until their bets are official.

    Bets that fit none of the games are left out, and so are parlays over several games. Returns
    a hash over every table, which is the same for the same games and bets.
    """
    starts = min(p.scheduled for p in playbacks) - STARTS_BEFORE
    async with await Store.open(database, now=starts) as store:
        for playback in playbacks:
            await _play(playback, drafts, store, defaults, Forecaster(lines_for, tell), tell)
        return await store.export_hash()


async def _play(
    playback: Playback,
    drafts: Sequence[Draft],
    store: Store,
    defaults: tuple[Rule, ...],
    forecaster: Forecaster,
    tell: Tell,
) -> None:
    clock = LeapingClock(playback.scheduled - STARTS_BEFORE)
    watch = SiteWatch(NbaSite([playback]), clock)
    found = await watch.read(_game_of(playback), LookUp.EITHER, 0.0)
    if isinstance(found.reading, Unreadable):
        return
    game = found.reading.game
    roster = _players(playback)
    for draft in drafts:
        if all(draft.leg_fits(leg, game, roster) for leg in draft.legs):
            await store.add(
                draft, game=game, defaults=defaults, at=clock.now(), roster_of=lambda _: roster
            )
    trackings = await store.trackings(defaults)
    tracking = next((b for b in trackings if b.game.id == game.id), None)
    if tracking is None:
        return
    context = TrackContext(
        recorder=store,
        forecasts=forecaster,
        clock=clock,
        channels=(),
        wake_channels=lambda: None,
        tell=tell,
    )
    poller = GamePoller(game, watch, clock, random.Random(game.id))  # noqa: S311 - jitter is no secret
    async with deciding(context) as decisions:
        await track(tracking, poller, decisions)


def _players(playback: Playback) -> tuple[Player, ...]:
    """The players on both rosters of a recorded game, with the names of its box."""
    teams = ((Side.HOME, playback.recording.home), (Side.AWAY, playback.recording.away))
    return tuple(Player(x.name, side) for side, team in teams for x in team.players)


def _game_of(playback: Playback) -> Game:
    recording = playback.recording
    return Game(
        recording.id,
        recording.league,
        recording.home.tricode,
        recording.away.tricode,
        playback.scheduled,
    )
