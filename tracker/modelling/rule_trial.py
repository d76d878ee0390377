"""Tries rules on finished games, and runs recorded games through the whole program.

Both run the daemon's real loop in virtual time. A trial of rules runs over states and keeps its
results in memory, to be scored by `metrics.rule_figures`; a rehearsal runs over recorded bytes and
writes a database, whose rows are the same on every run.

A data set has the game clock but no time of day. So in a history of states each dead ball is given
its usual length; with these an NBA game takes about two and a quarter hours, as it really does.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from tracker.app.pricing import LinesFor, Load
from tracker.clock import Clock, LeapingClock
from tracker.daemon.forecaster import Forecaster
from tracker.daemon.track import PollSource, TrackContext, deciding, track
from tracker.domain.alert import Alert
from tracker.domain.bet import Bet, Result, Snapshot
from tracker.domain.draft import Draft
from tracker.domain.events import Tell
from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.league import LEAGUE_ZONE
from tracker.domain.player import Player
from tracker.domain.policy import Rule
from tracker.domain.poll import GameStanding, Poll, Trouble, Unreadable
from tracker.domain.prior import Lines
from tracker.domain.tracking import Change, GameTracking, Tracked
from tracker.feeds import Ball, FeedMalformed, nba
from tracker.feeds.polling import FeedAnswer, LookUp
from tracker.feeds.polling.boxes import Possession
from tracker.feeds.polling.cadence import next_wait
from tracker.feeds.polling.poller import GamePoller
from tracker.forecast import Outlook, load_parameters
from tracker.modelling.games import Act, Dataset, read
from tracker.modelling.metrics import SeenChance, TrialCourse
from tracker.replay.nba_site import NbaSite
from tracker.replay.playback import Page, Playback
from tracker.store import Store

History = Sequence[tuple[datetime, GameState]]
"""A finished game as its states in order, each with the time at which it became known."""

TIP_OFF = time(19, 30)
"""The tip-off, in the league's zone, that every recorded game is given: no data set has its own."""

FOUL_S, FREE_THROW_S, TIMEOUT_S, TURNOVER_S = 28.0, 14.0, 150.0, 6.0
"""Seconds for which play stands after each of these."""

BREAK_S, HALF_S = 150.0, 900.0
"""Seconds of a break between periods, and of half-time."""


@dataclass(frozen=True, slots=True)
class Played:
    """A finished game with its history of states, and its closing lines where they are known."""

    game: Game
    history: History
    lines: Lines | None


def read_games(
    folder: Path, league: str, season: str | None, most: int, *, with_lines: bool = False
) -> Iterator[Played]:
    """Up to `most` games of a season (None for all seasons), spread evenly over it, in order.

    `with_lines` leaves out games without lines. Raises BadDataset for a folder without games.
    """
    data = read(folder, league)
    rows = [
        i
        for i in range(len(data.games.id))
        if (season is None or data.games.season[i] == season)
        and (data.games.ok[i] or not with_lines)
    ]
    step = max(1.0, len(rows) / most)
    for k in range(min(most, len(rows))):
        yield _as_played(data, rows[int(k * step)])


def _as_played(data: Dataset, row: int) -> Played:
    games = data.games
    day = date.fromisoformat(str(games.date[row])[:10])
    start = datetime.combine(day, TIP_OFF, LEAGUE_ZONE).astimezone(UTC)
    game = Game(
        str(games.id[row]), data.league.id, str(games.home_team[row]), str(games.away_team[row]),
        start, day,
    )  # fmt: skip
    lines = None
    if games.ok[row]:
        lines = Lines(home_spread=-float(games.margin[row]), total=float(games.total[row]))
    return Played(game, _history(data, row, game), lines)


def _history(data: Dataset, row: int, game: Game) -> History:
    dead = {
        Act.FOUL: FOUL_S, Act.FREE_THROW: FREE_THROW_S, Act.TIMEOUT: TIMEOUT_S,
        Act.TURNOVER: TURNOVER_S,
    }  # fmt: skip
    events, rules = data.events, game.rules
    at = game.start
    found = [(at - timedelta(hours=1), GameState.scheduled(game))]
    ends: list[Score] = []
    period, clock, score = 0, 0.0, Score(0, 0)
    for i in range(int(events.starts[row]), int(events.starts[row + 1])):
        if int(events.period[i]) != period:
            if period:
                at += timedelta(seconds=clock)
                ends.append(score)
                found.append((at, _state(game, Phase.BREAK, period, 0.0, ends)))
                at += timedelta(seconds=HALF_S if period * 2 == rules.periods else BREAK_S)
            period, clock = int(events.period[i]), float(rules.length_of(int(events.period[i])))
            found.append((at, _state(game, Phase.LIVE, period, clock, [*ends, score])))
        left = min(clock, float(events.clock[i]))
        at += timedelta(seconds=clock - left)
        clock = left
        # In a few recorded games the score goes back for a moment.
        score = Score(max(score.home, int(events.home[i])), max(score.away, int(events.away[i])))
        found.append((at, _state(game, Phase.LIVE, period, clock, [*ends, score])))
        at += timedelta(seconds=dead.get(Act(int(events.act[i])), 0.0))
    at += timedelta(seconds=clock)
    found.append((at, _state(game, Phase.FINAL, period, 0.0, [*ends, score])))
    return found


def _state(game: Game, phase: Phase, period: int, clock: float, marks: list[Score]) -> GameState:
    """A state from the scores at the ends of the periods so far, of which the last is the score."""
    before = [Score(0, 0), *marks[:-1]]
    parts = tuple(
        Score(b.home - a.home, b.away - a.away) for a, b in zip(before, marks, strict=True)
    )
    return GameState(game, phase, period, clock, marks[-1], periods=parts)


BEFORE = timedelta(minutes=1)
"""Time before tip-off at which a trial begins to poll a game."""


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
    played = Rehearsed(game, _HistoryPoller(history, clock), clock)
    return await follow(played, bets, lines_for, load)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A game to be followed, what polls it, and its clock, whose waits take no real time."""

    game: Game
    poller: PollSource
    clock: Clock


async def follow(
    played: Rehearsed, bets: Sequence[Bet], lines_for: LinesFor, load: Load = load_parameters
) -> list[TrialCourse]:
    """Follow bets over the polls of a game. Returns a course for each bet that was settled."""
    game, clock = played.game, played.clock
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
        await track(tracking, played.poller, decisions)
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
    for period in range(1, x.game.period + 1):
        played += rules.length_of(period) - (x.game.clock if period == x.game.period else 0.0)
    return SeenChance(x.game.at, played / 60.0, x.known.win)


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


async def rehearsed(playback: Playback) -> Rehearsed | None:
    """A recorded game to be followed in virtual time; None where it cannot be read."""
    recording = playback.recording
    home, away = recording.home.tricode, recording.away.tricode
    named = Game(recording.id, recording.league, home, away, playback.scheduled)
    clock = LeapingClock(playback.scheduled - STARTS_BEFORE)
    watch = SiteWatch(NbaSite([playback]), clock)
    found = (await watch.read(named, LookUp.EITHER, 0.0)).reading
    if not isinstance(found, GameState):
        return None
    jitter = random.Random(found.game.id)  # noqa: S311 - no secret
    return Rehearsed(found.game, GamePoller(found.game, watch, clock, jitter), clock)


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
        return await store.exports.hash()


async def _play(
    playback: Playback,
    drafts: Sequence[Draft],
    store: Store,
    defaults: tuple[Rule, ...],
    forecaster: Forecaster,
    tell: Tell,
) -> None:
    found = await rehearsed(playback)
    if found is None:
        return
    game, clock = found.game, found.clock
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
    async with deciding(context) as decisions:
        await track(tracking, found.poller, decisions)


def _players(playback: Playback) -> tuple[Player, ...]:
    """The players on both rosters of a recorded game, with the names of its box."""
    teams = ((Side.HOME, playback.recording.home), (Side.AWAY, playback.recording.away))
    return tuple(Player(x.name, side) for side, team in teams for x in team.players)
