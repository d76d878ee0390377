"""One scripted night: the decisive polls of a recorded game, and a channel that has a bad hour.

The real loop, forecast, store and outbox play it on a clock that is moved by hand. The step that
the night has reached is kept in a file beside the database, so that a program that is started again
goes on at that moment.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path

from tests.doubles.clock import FakeClock
from tests.engine.build import decide
from tracker.daemon.alert_policy import AlertPolicy
from tracker.daemon.forecaster import Forecaster
from tracker.daemon.track import TrackContext, deciding, track
from tracker.domain.alert import Outcome
from tracker.domain.draft import Draft
from tracker.domain.events import tell_nobody
from tracker.domain.game import Game, GameState
from tracker.domain.player import Player
from tracker.domain.policy import Policy, QuietHours, parse_rule
from tracker.domain.poll import GameStanding, Poll
from tracker.domain.prior import Lines
from tracker.domain.tracking import GameTracking
from tracker.feeds import nba
from tracker.forecast import forecast, load_parameters
from tracker.forecast.players import load_player_figures
from tracker.forecast.priors import average_prior
from tracker.intake.bets_file import parse_bets
from tracker.notify import dispatch
from tracker.notify.channels import Message
from tracker.notify.channels.apprise import AppriseChannel, _service
from tracker.replay import find_recording
from tracker.replay.nba_site import NbaSite
from tracker.replay.playback import Correction, Playback
from tracker.store import Store

TIP_OFF = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
RULES = tuple(map(parse_rule, ("p >= 0.80", "p <= 0.20", "start", "hit", "settled", "regraded")))
SLIP = "parlay: PHI ML; Oubre over 4.5 pts"
FEW = ("over 224", "1H PHI -1.5", SLIP)
MANY = (*FEW, "PHI ML", "PHI -2", "Oubre over 4.5 pts")
RESULTS = {
    (SLIP, 1): "lost",
    (SLIP, 2): "won",
    ("Oubre over 4.5 pts", 1): "lost",
    ("Oubre over 4.5 pts", 2): "won",
    ("PHI ML", 1): "won",
    ("over 224", 1): "push",
    ("over 224", 2): "won",
    ("PHI -2", 1): "push",
    ("PHI -2", 2): "won",
    ("1H PHI -1.5", 1): "won",
}
"""The result of each pick by revision: first by the final of 111-113, then by the corrected box,
which gives a home player who had four points a fifth."""

BEFORE, START, HALF = (-60.0,), (690.0,), (3750.0, 3780.0, 3783.0, 4320.0)
DOWN, LATE = (7500.0, 7530.0, 7800.0), (9270.0, 9330.0, 9390.0)
CHECKS = (17_600.0, 17_660.0, 62_400.0)
STEPS = (*BEFORE, *START, *HALF, *DOWN, *LATE, *CHECKS)
"""Seconds after the scheduled tip-off at which the game is polled: before it, at its start, twice
beyond a level and once soon after, at the half, at two levels while the channel is down, at the
end, to confirm it, twice with the corrected box, and for the last check."""

ANSWERS_LOST = (3780.0, 3783.0)
CHANNEL_DOWN = (7500.0, 8600.0)
"""Seconds in which the webhook loses its answers, and in which nobody listens; the latter is long
enough for alerts to expire."""

QUIET = QuietHours(time(0, 5), time(0, 20))
"""Quiet hours that hold the start of the game, so that its alert is sent in a digest after them."""

_DRAIN = 12
"""Checks of the outbox after the last poll, ten seconds apart."""

_QUIET = 2
_GAME = "SAC@PHI 2026-01-29"

Step = Callable[[str], None]
"""Called with the name of each operation just before it: the process may die there."""


@cache
def site() -> NbaSite:
    """The documents of the game; one player has a point more once the box is corrected."""
    recording = find_recording(_GAME)
    scorer = recording.home.players[0].id
    return NbaSite([Playback(recording, TIP_OFF, corrections=(Correction(scorer, "points", 1),))])


def at(seconds: float) -> datetime:
    """A moment of the night, `seconds` after tip-off."""
    return TIP_OFF + timedelta(seconds=seconds)


def look(step: int) -> Poll:
    """The poll of a step of the night."""
    path = nba.box_path(find_recording(_GAME).id)
    page = site().page(path, at(STEPS[step]))
    assert page is not None
    digest = hashlib.sha256(page.body).hexdigest()
    reading = nba.SOURCE.parse_box(page.body)
    return Poll("nba", path, at(STEPS[step]), page.body, digest, reading)


@cache
def polls() -> tuple[Poll, ...]:
    """The polls of every step, worked out once."""
    return tuple(look(step) for step in range(len(STEPS)))


def drafts(picks: Sequence[str]) -> tuple[Draft, ...]:
    """The drafts of the night's bets."""
    rows = [
        f'[[bet]]\nid = "{p}"\npick = "{p}"\ngame = "SAC@PHI"\nodds = -110\nstake = 11.0\n'
        for p in picks
    ]
    return tuple(parse_bets("\n".join(rows), "bets.toml", 1000).drafts)


def roster_of(_: Game) -> tuple[Player, ...]:
    """The players of the game."""
    reading = polls()[0].reading
    assert isinstance(reading, GameState)
    return tuple(Player(x.name, x.side) for x in reading.players)


def warm_up(url: str) -> None:
    """Load and work out what every life needs, without leaving a thread behind."""
    _service(url)
    game = polls()[0].reading.game  # type: ignore[union-attr]
    parameters, tracking = load_parameters("nba"), GameTracking(game)
    for draft in drafts(MANY):
        draft.wager([game] * len(draft.legs), roster_of)
    load_player_figures("nba")
    for poll in polls():
        assert isinstance(poll.reading, GameState)
        seen = forecast(poll.reading, average_prior(parameters), parameters)
        tracking = decide(tracking, poll.reading, seen, poll.at).tracking


def no_lines(_: Game) -> Lines | None:
    """No lines: the configuration has none."""
    return None


@dataclass
class Webhook:
    """A channel to a local server through the real Apprise, with its bad hours."""

    url: str
    clock: FakeClock
    step: Step
    name: str = "webhook"
    at_rest: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while nothing is being sent."""

    def __post_init__(self) -> None:
        self.at_rest.set()

    async def send(self, message: Message) -> Outcome:
        """Send a message; the process may die just before or after."""
        self.step("before send")
        self.at_rest.clear()
        try:
            outcome = await AppriseChannel(self._address()).send(message)
        finally:
            self.at_rest.set()
        self.step("after send")
        return outcome

    def _address(self) -> str:
        since = (self.clock.now() - TIP_OFF).total_seconds()
        if CHANNEL_DOWN[0] <= since < CHANNEL_DOWN[1]:
            return "json://127.0.0.1:1/"
        lost = ANSWERS_LOST[0] <= since < ANSWERS_LOST[1]
        return f"{self.url}/{'lost' if lost else 'taken'}"


@dataclass
class Life:
    """One run of the program, from its start to the end of the night or to its death."""

    folder: Path
    url: str
    step: Step
    picks: Sequence[str] = FEW
    clock: FakeClock = field(init=False)
    channel: Webhook = field(init=False)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    forecaster: Forecaster = field(default_factory=lambda: Forecaster(no_lines, lambda *_: None))
    alert_policy: AlertPolicy = field(default_factory=lambda: AlertPolicy(Policy(quiet=QUIET)))

    def __post_init__(self) -> None:
        self.clock = FakeClock(at(STEPS[min(self.reached(), len(STEPS) - 1)]))
        self.channel = Webhook(self.url, self.clock, self.step)

    @property
    def database(self) -> Path:
        """The path of the database."""
        return self.folder / "tracker.db"

    def reached(self) -> int:
        """The step that the night has reached, kept beside the database."""
        mark = self.folder / "step"
        return int(mark.read_text("ascii")) if mark.exists() else 0

    def reach(self, step: int) -> None:
        """Store that the night has reached a step."""
        new = self.folder / "new"
        new.write_text(str(step), "ascii")
        new.replace(self.folder / "step")

    async def run(self) -> None:
        """Start as the daemon does, follow the game to its end, and send every message."""
        async with await Store.open(self.database, now=self.clock.now(), durable=False) as store:
            await store.recover(self.clock.now())
            await self.alert_policy.recall(store, self.clock.now())
            game = polls()[0].reading.game  # type: ignore[union-attr]
            await store.save_games([(game, None)], self.clock.now())
            for draft in drafts(self.picks):
                await store.add(
                    draft, game=game, defaults=RULES, at=at(STEPS[0]), roster_of=roster_of
                )
            sending = asyncio.create_task(
                dispatch(store, self.channel, self.clock, self.wake, lambda *_: None)
            )
            async with deciding(self._context(store)) as decisions:
                for tracking in await store.trackings(RULES):
                    await track(tracking, _Script(self, store, sending), decisions)
            for _ in range(_DRAIN):
                if await store.next_due(self.channel.name) is not None:
                    await self.leap(store, sending, 10.0)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def _context(self, store: Store) -> TrackContext:
        return TrackContext(
            recorder=store,
            forecasts=self.forecaster,
            clock=self.clock,
            channels=("webhook",),
            wake_channels=self.wake.set,
            tell=tell_nobody,
            route=self.alert_policy.route,
        )

    async def leap(self, store: Store, sending: asyncio.Task[None], seconds: float) -> None:
        """Once the outbox rests, move the clock on, and wait until it rests again."""
        await self.rest(store, sending)
        self.clock.set(self.clock.now() + timedelta(seconds=seconds))
        await self.clock.advance(0.0)
        await self.rest(store, sending)

    async def rest(self, store: Store, sending: asyncio.Task[None]) -> None:
        """Let real work go on while the clock stands, until the outbox waits for the clock."""
        quiet = 0
        while quiet < _QUIET:
            await self.channel.at_rest.wait()
            # A read lets the threads run, and is no operation that a death could tear.
            await store.next_due("nobody")
            waiting = any(not future.done() for _, _, future in self.clock._sleepers)
            quiet = quiet + 1 if waiting and not self.wake.is_set() else 0
            if sending.done():
                raise AssertionError("the outbox has ended") from sending.exception()


@dataclass
class _Script:
    """A poller that gives one step of the night after the other."""

    life: Life
    store: Store
    sending: asyncio.Task[None]
    step: int | None = None

    async def next(self, _: GameStanding) -> Poll:
        """The next step, once everything before it has been sent."""
        self.step = self.life.reached() if self.step is None else self.step + 1
        self.life.reach(self.step)
        poll = polls()[self.step]
        ahead = (poll.at - self.life.clock.now()).total_seconds()
        await self.life.leap(self.store, self.sending, ahead)
        self.life.step("poll")
        return poll
