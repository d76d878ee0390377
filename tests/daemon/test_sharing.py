"""A parlay over two games has one state, whichever game's poll comes, fails or comes again."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.doubles.clock import FakeClock
from tests.engine.build import GAME, T0, after, bet, live, look, outlook
from tests.store.values import started
from tracker.daemon.track import (
    Decisions,
    PollForecast,
    TrackContext,
    deciding,
    track,
    worth_recording,
)
from tracker.daemon.watchers.followed_bets import FollowedBets
from tracker.domain.alert import Decision, MessageStyle
from tracker.domain.bet import Snapshot
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.money import parse_odds
from tracker.domain.pick import ParlayPick
from tracker.domain.policy import parse_rule
from tracker.domain.poll import GameStanding, Poll, Trouble, Unreadable
from tracker.domain.tracking import Change, GameTracking, Tracked
from tracker.engine.decide.belief import judge_poll
from tracker.forecast import Outlook
from tracker.language import find_in, parse_pick
from tracker.settings import Settings, settings_of
from tracker.store import Store

OTHER = Game("0022600002", "nba", "BOS", "NYK", T0)
RULES = tuple(parse_rule(x) for x in ("p >= 0.70", "settled"))
LINES = ("DEN ML -110", "BOS ML -120")


def quarters(*points: tuple[int, int], clock: float = 360.0) -> GameState:
    """A live state, from each quarter's points."""
    return live(len(points), clock, *points)


def moments(game: Game, *, wins: bool = True) -> list[tuple[float, GameState]]:
    """What polls of a game report and when: pregame, a close half, a rout, the end, checks."""
    rout = ((30, 25), (30, 25), (30, 20), (30, 20))
    points = rout if wins else tuple((b, a) for a, b in rout)
    told = [
        (-60.0, GameState(GAME, Phase.SCHEDULED, 0, 0.0, Score(0, 0))),
        (600.0, quarters((20, 19))),
        (1800.0, quarters(*points[:2])),
        (3600.0, quarters(*points[:3])),
        (3610.0, quarters(*points[:3], clock=350.0)),
        (5400.0, quarters(*points, clock=60.0)),
        (5410.0, quarters(*points, clock=50.0)),
    ]
    final = live(4, 0.0, *points, phase=Phase.FINAL)
    told += [(6000.0 + x, final) for x in (0, 60, 120, 9000, 9060, 90_000, 90_060)]
    return [(at, replace(state, game=game)) for at, state in told]


class Killed(Exception):
    """The program dies here."""


@dataclass
class World:
    """What goes on whether or not the program runs: the time, and both games' scripts."""

    path: Path
    scripts: dict[str, list[tuple[float, GameState]]]
    clock: FakeClock = field(default_factory=lambda: FakeClock(after(-120)))
    together: bool = True
    die_at: int = 0
    early: bool = False
    records: int = 0

    async def live(self) -> None:
        """One life of the program: until every game is left, or a record kills it."""
        async with await Store.open(self.path, now=self.clock.now(), durable=False) as store:
            followed = FollowedBets(store, self.clock, self._settings(), lambda *_: None)
            trackings = await followed.refresh()
            assert trackings is not None
            hall = Hall(self, store, {x.game.id for x in trackings})
            context = TrackContext(
                hall, hall, self.clock, ("sink",), lambda: None, lambda *_: None, followed.wanted
            )
            async with deciding(context) as decisions, asyncio.TaskGroup() as tasks:
                for tracking in trackings:
                    script = Script(hall, tracking.game.id)
                    tasks.create_task(hall.run(tracking, script, decisions))

    async def survive(self) -> bool:
        """Run one life; whether it came to its end by itself."""
        killed = False
        try:
            await self.live()
        except* Killed:
            killed = True
        return not killed

    def _settings(self) -> Settings:
        return settings_of(
            {"store": {"path": str(self.path)}, "bets": {"file": f"{self.path}.bets.toml"}},
            self.path,
        )


@dataclass
class Hall:
    """Makes both games' polls come at one moment, and kills the program at a record."""

    world: World
    store: Store
    playing: set[str]
    _waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    async def run(self, tracking: GameTracking, script: Script, decisions: Decisions) -> None:
        """Follow one game to its end."""
        try:
            await track(tracking, script, decisions)
        finally:
            self.playing.discard(tracking.game.id)
            self._meet()

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook | Unreadable:
        """The real forecast, returned to both games once both have asked for it."""
        told = outlook(replace(state, game=GAME))
        if self.world.together:
            waits = asyncio.get_running_loop().create_future()
            self._waiting[tracking.game.id] = waits
            self._meet()
            await waits
        return told

    def _meet(self) -> None:
        if self.playing <= self._waiting.keys():
            for waits in self._waiting.values():
                if not waits.done():
                    waits.set_result(None)
            self._waiting.clear()

    async def record_all(
        self, decided: Sequence[tuple[Poll, Change]], channels: Sequence[str]
    ) -> None:
        """Write to the real store, unless the program dies at this record."""
        world = self.world
        world.records += 1
        if world.records == world.die_at and world.early:
            raise Killed
        await self.store.record_all(decided, channels)
        if world.records == world.die_at:
            raise Killed


@dataclass
class Script:
    """A game's polls, one after the other."""

    hall: Hall
    game: str

    async def next(self, _: GameStanding) -> Poll:
        """The poll of the script's next moment."""
        await asyncio.sleep(0)
        script = self.hall.world.scripts[self.game]
        seconds, state = script.pop(0)
        if not script:
            script.append((seconds + 60.0, state))
        clock = self.hall.world.clock
        clock.set(max(clock.now(), after(seconds)))
        body = f"{seconds}".encode()
        digest = hashlib.sha256(body).hexdigest()
        return Poll("nba", "board", after(seconds), body, digest, state)


async def prepare(path: Path, other: Game = OTHER) -> None:
    """Store a parlay on both games, with rules of its own."""
    legs = tuple(parse_pick(x, find_in("nba")) for x in LINES)
    made = Draft(ParlayPick("parlay", legs), odds=parse_odds("+260"), stake_cents=1000, rules=RULES)
    async with await Store.open(started(path), now=T0, durable=False) as store:
        await store.add(made, game=(GAME, other), defaults=RULES, at=after(-600))


def world(path: Path, *, wins: bool = True, together: bool = True) -> World:
    """Both games, polled at the same moments."""
    scripts = {GAME.id: moments(GAME), OTHER.id: moments(OTHER, wins=wins)}
    return World(path, scripts, together=together)


async def told(path: Path) -> tuple[list[tuple[str, int]], list[tuple[int, str]], str]:
    """The alerts fired, the revisions of the result, and the bet at the end."""
    async with await Store.open(path, now=T0, readonly=True) as store:
        alerts = [x.alert for x in await store.alerts_view()]
        shown = await store.show_view(1)
    assert shown is not None
    assert all(x.decision is Decision.FIRED for x in alerts)
    fired = [(x.rule, x.episode) for x in alerts]
    results = [(x.settlement.revision, x.settlement.result.value) for x in shown.settlements]
    return fired, results, shown.bet.status.value


ONCE = ([("p >= 0.70", 1), ("settled", 1)], [(1, "won")], "official")


@pytest.mark.parametrize("together", [True, False])
async def test_two_games_polled_at_once_fire_and_settle_once(
    tmp_path: Path, *, together: bool
) -> None:
    """Of two polls that wait together, the second is decided from what the first has left."""
    path = tmp_path / "tracker.db"
    await prepare(path)
    await world(path, together=together).live()
    assert await told(path) == ONCE


async def test_the_chance_of_a_parlay_never_forgets_the_other_game(tmp_path: Path) -> None:
    """When one board reports both games, the later chance covers both."""
    path = tmp_path / "tracker.db"
    await prepare(path)
    await world(path).live()
    async with await Store.open(path, now=T0, readonly=True) as store:
        shown = await store.show_view(1)
    assert shown is not None
    both: dict[int, list[Snapshot]] = defaultdict(list)
    for x in shown.snapshots:
        both[x.poll].append(x.snapshot)
    pairs = [x for x in both.values() if len(x) == 2]
    assert len(pairs) > 5
    for one, other in pairs:
        assert one.part is not None
        assert other.part is not None
        whole = one.part.win * other.part.win
        # An open bet never has a chance of less than a ten-millionth.
        assert min(abs(x.known.win - whole) for x in (one, other)) < 2e-7


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("together", [True, False])
async def test_a_death_at_any_record_of_either_game_changes_nothing_that_is_told(
    tmp_path: Path, *, early: bool, together: bool
) -> None:
    """Killed before or after any record and started again, the parlay fires and settles once."""
    n, before = 0, tmp_path / "before.db"
    await prepare(before)
    while True:
        n += 1
        path = tmp_path / str(n) / "tracker.db"
        path.parent.mkdir()
        shutil.copy(before, path)
        night = world(path, together=together)
        night.die_at, night.early = n, early
        if await night.survive():
            break
        await night.live()
        assert await told(path) == ONCE, n
    assert n > 10


async def test_restarts_between_all_records_change_nothing_that_is_told(tmp_path: Path) -> None:
    """A program that dies after every second record still fires and settles once."""
    path = tmp_path / "tracker.db"
    await prepare(path)
    night = world(path)
    for _ in range(100):
        night.records, night.die_at = 0, 2
        if await night.survive():
            break
    assert await told(path) == ONCE


async def test_a_lost_leg_loses_the_parlay_once(tmp_path: Path) -> None:
    """The result comes with the first lost leg, and the other game adds none."""
    path = tmp_path / "tracker.db"
    await prepare(path)
    await world(path, wins=False).live()
    fired, results, status = await told(path)
    assert results == [(1, "lost")]
    assert fired == [("settled", 1)]
    assert status == "official"


async def test_a_game_of_tomorrow_counts_before_any_source_tells_of_it(tmp_path: Path) -> None:
    """Tonight's polls give the whole parlay a chance, though no board shows tomorrow's game."""
    path = tmp_path / "tracker.db"
    later = replace(OTHER, start=T0 + timedelta(days=1))
    await prepare(path, later)
    night = world(path, together=False)
    absent = Unreadable(Trouble.ABSENT, "NYK@BOS is not on the board")
    night.scripts[OTHER.id] = [(-60.0, absent)]  # type: ignore[list-item]
    night.scripts[GAME.id] = night.scripts[GAME.id][:4]
    night.die_at = 4
    with pytest.raises(ExceptionGroup):
        await asyncio.wait_for(night.live(), 20)
    async with await Store.open(path, now=T0, readonly=True) as store:
        shown = await store.show_view(1)
    assert shown is not None
    assert len(shown.snapshots) == 3
    assert {x.game for x in shown.snapshots} == {GAME.id}
    assert 0.1 < shown.snapshots[-1].snapshot.known.win < 0.9


@dataclass
class SlowDisk:
    """Keeps what is recorded in one call, and takes a given time for each call."""

    free: asyncio.Event = field(default_factory=asyncio.Event)
    written: list[list[str]] = field(default_factory=list)

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook | Unreadable:
        """No outlook: nothing is priced here."""
        return Unreadable(Trouble.MALFORMED, f"{tracking.game.name} at {state.game_clock}")

    async def record_all(
        self, decided: Sequence[tuple[Poll, Change]], channels: Sequence[str]
    ) -> None:
        """Keep the record once the disk is free."""
        await self.free.wait()
        self.written.append([change.tracking.game.id for _, change in decided] + list(channels))


def on_disk(disk: SlowDisk) -> TrackContext:
    """The queue of decisions, with this disk."""
    return TrackContext(disk, disk, FakeClock(after(0)), (), lambda: None, lambda *_: None)


def broken(game: Game) -> PollForecast:
    """An unreadable poll of a game that is recorded all the same."""
    poll = Poll("nba", "board", after(1), b"x", "00", Unreadable(Trouble.MALFORMED, "is no board"))
    return PollForecast(GameTracking(game), poll)


async def test_what_comes_while_the_disk_is_busy_is_recorded_together() -> None:
    """Polls that wait for a busy disk are recorded in one transaction, in the order they came."""
    disk = SlowDisk()
    games = [replace(GAME, id=f"002260001{n}") for n in range(4)]
    async with deciding(on_disk(disk)) as decisions, asyncio.TaskGroup() as tasks:
        tasks.create_task(decisions.decide(broken(games[0])))
        for _ in range(3):
            await asyncio.sleep(0)
        for game in games[1:]:
            tasks.create_task(decisions.decide(broken(game)))
        for _ in range(3):
            await asyncio.sleep(0)
        disk.free.set()
    assert disk.written == [[games[0].id], [x.id for x in games[1:]]]


@pytest.mark.parametrize(("waits", "delay", "written"), [(10, 0, 2), (40, 35, 2), (60, 35, 1)])
async def test_what_has_waited_too_long_for_the_disk_is_not_news(
    waits: float, delay: float, written: int
) -> None:
    """A poll that has waited for a full disk is not decided on as if it had just come."""
    disk, clock = SlowDisk(), FakeClock(after(1))
    context = replace(on_disk(disk), clock=clock, wording=MessageStyle(delay=delay))
    async with deciding(context) as decisions, asyncio.TaskGroup() as tasks:
        tasks.create_task(decisions.decide(broken(GAME)))
        for _ in range(3):
            await asyncio.sleep(0)
        tasks.create_task(decisions.decide(broken(replace(GAME, id="0022600012"))))
        clock.set(after(1 + waits))
        disk.free.set()
    assert len(disk.written) == written


@dataclass
class LateBet:
    """Adds a bet while the first poll is being forecast; keeps which bets were priced."""

    bets: list[Tracked]
    priced: list[list[int]] = field(default_factory=list)

    async def forecast(self, tracking: GameTracking, state: GameState) -> Outlook | Unreadable:
        """The outlook of the bets that were there when it was asked for."""
        if len(tracking.tracked) == len(self.bets) == 1:
            self.bets.append(Tracked.fresh(bet(2, "LAL ML")))
        return outlook(state)

    async def record_all(
        self,
        decided: Sequence[tuple[Poll, Change]],
        channels: Sequence[str],  # noqa: ARG002
    ) -> None:
        """Keep which bets have a chance at each poll."""
        self.priced += [sorted(x.bet for x in change.snapshots) for _, change in decided]


async def test_a_bet_that_comes_while_a_poll_is_forecast_is_priced_by_the_next() -> None:
    """A bet that comes while a poll is being forecast is first priced at the next poll."""
    night = LateBet([Tracked.fresh(bet(1, "DEN ML"))])
    context = TrackContext(
        night, night, FakeClock(after(0)), (), lambda: None, lambda *_: None,
        lambda _: tuple(night.bets),
    )  # fmt: skip
    polls = [
        Poll("nba", "board", after(x), b"x", f"{x:02}", quarters((20, 19), clock=300.0 - x))
        for x in (1, 2)
    ]
    tracking = GameTracking(GAME, tuple(night.bets))
    async with deciding(context) as decisions:
        for poll in polls:
            state = poll.reading
            assert isinstance(state, GameState)
            told = await night.forecast(tracking, state)
            judged = judge_poll(tracking, state, poll.origin, poll.at)
            polled = PollForecast(tracking, poll, judged, outlook=told)
            tracking = (await decisions.decide(polled)).with_bets(tuple(night.bets))
    assert night.priced == [[1], [1, 2]]


@dataclass
class Boxes:
    """Gives polls of these states, ten seconds apart, and then dies."""

    states: list[GameState]
    at: float = 0.0

    async def next(self, standing: GameStanding) -> Poll:  # noqa: ARG002 - a PollSource
        """The poll of the next state."""
        if not self.states:
            raise Killed
        self.at += 10
        return Poll("nba", "box", after(self.at), b"x", f"{self.at}", self.states.pop(0))


async def test_no_roster_is_learned_from_a_box_that_is_not_believed() -> None:
    """A box that exchanges the teams moves no player to the other team."""
    met: list[GameState] = []
    night = LateBet([Tracked.fresh(bet(1, "DEN ML")), Tracked.fresh(bet(2, "LAL ML"))])
    context = TrackContext(
        night, night, FakeClock(after(0)), (), lambda: None, lambda *_: None, meet=met.append
    )
    line = PlayerLine("1", "A", Side.HOME, (("pts", 4),), 5.0)
    right = replace(quarters((28, 19), (2, 4), clock=600.0), players=(line,))
    wrong = replace(
        quarters((19, 28), (4, 2), clock=590.0), players=(replace(line, side=Side.AWAY),)
    )
    polls = Boxes([right, wrong, wrong, right])
    async with deciding(context) as decisions:
        with pytest.raises(Killed):
            await track(GameTracking(GAME, tuple(night.bets)), polls, decisions)
    assert [x.players[0].side for x in met] == [Side.HOME, Side.HOME]


def test_a_box_under_a_moment_that_was_told_is_worth_recording() -> None:
    """New player figures at a known moment are recorded; the same box score again is not."""
    reported = quarters((20, 19))
    boxed = replace(reported, players=(PlayerLine("1", "A", Side.HOME, (("pts", 4),), 5.0),))
    tracking = look(GameTracking(GAME), reported, 1.0).tracking
    for state, news in ((reported, False), (boxed, True), (boxed, False)):
        change = look(tracking, state, 2.0)
        poll = Poll("nba", "box", after(2), b"x", "00", state)
        assert worth_recording(poll, change, tracking) is news
        tracking = change.tracking


async def test_nothing_is_decided_after_a_decision_that_failed() -> None:
    """After a decision has failed, every waiting and later caller gets its error."""
    disk = SlowDisk()
    disk.free.set()
    context = replace(on_disk(disk), route=lambda change, _: {}[change.tracking.game.id])  # type: ignore[index]
    async with deciding(context) as decisions:
        for game in (GAME, OTHER):
            with pytest.raises(KeyError):
                await decisions.decide(broken(game))
    assert disk.written == []
