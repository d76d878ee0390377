"""Values for the store's tests: a game, bets on it, and changes that polls make."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import (
    Confirmation,
    GameSnapshot,
    Result,
    ScoreMoments,
    Settlement,
    Snapshot,
)
from tracker.domain.chance import Chance
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.policy import Rule, parse_rule
from tracker.domain.poll import Poll
from tracker.domain.tracking import Change, GameTracking, RulePhase, RuleState
from tracker.engine.settle.by_hand import Case, Ruling, given
from tracker.language import find_in, parse_pick
from tracker.store import Store
from tracker.store.database.migrate import prepare

T0 = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DEFAULTS: tuple[Rule, ...] = (parse_rule("p >= 0.80"), parse_rule("settled"))
GAME = Game("0022600001", "nba", "DEN", "LAL", T0 - timedelta(hours=1))
OTHER = Game("0022600002", "nba", "BOS", "NYK", T0 + timedelta(hours=2))
CHANNELS = ("console", "sink")


@cache
def _new_database() -> bytes:
    with TemporaryDirectory() as folder:
        file = Path(folder, "new.db")
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            prepare(db, file, T0)
        return file.read_bytes()


def started(path: Path) -> Path:
    """The path, with the empty database of a program's first start where it has none yet.

    The database is made once and copied: to take all of its steps anew costs a twentieth of a
    second.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(_new_database())
    return path


def after(seconds: float) -> datetime:
    """The moment this many seconds into the test."""
    return T0 + timedelta(seconds=seconds)


def draft(line: str = "DEN -4.5 -110 $20", **changes: object) -> Draft:
    """The draft of a line, as the command line makes it."""
    pick = parse_pick(line, find_in("nba"))
    made = Draft(pick, pick.matchup, odds=pick.odds, stake_cents=pick.stake_cents, tags=pick.tags)
    return replace(made, **changes)  # type: ignore[arg-type]


def state(seconds: int = 0, *, phase: Phase = Phase.LIVE) -> GameState:
    """The game this many seconds into its third quarter."""
    clock = 0.0 if phase is Phase.FINAL else 720.0 - seconds
    period = 4 if phase is Phase.FINAL else 3
    return GameState(GAME, phase, period, clock, Score(60 + seconds, 55))


def poll(at: datetime, reading: GameState | None = None, body: bytes | None = None) -> Poll:
    """A readable poll at a moment; by default each has a body of its own."""
    data = body if body is not None else f'{{"at": "{at}"}}'.encode()
    digest = hashlib.sha256(data).hexdigest()
    return Poll("nba", "boxscore/0022600001", at, data, digest, reading or state())


def snapshot(bet: int, at: datetime, win: float = 0.6) -> Snapshot:
    """A snapshot at a moment."""
    mu, sigma = ScoreMoments(112.5, 108.25, 4.25, 220.75), ScoreMoments(7.0, 7.1, 9.3, 11.2)
    chance = Chance(win, 0.0, 1.0 - win)
    game = GameSnapshot(at, 3, 611.3, "Q3 10:12", Score(61, 55), mu, sigma, "m1", "f1")
    return Snapshot(bet, game, chance, "c0")


def alert(bet: int, at: datetime, episode: int = 1, *, fired: bool = True) -> Alert:
    """A decision of the rule `p >= 0.80`, worth sending for ten minutes."""
    return Alert(
        bet=bet,
        rule="p >= 0.80",
        episode=episode,
        at=at,
        decision=Decision.FIRED if fired else Decision.HELD,
        reason=Reason.CROSSED if fired else Reason.HOLDING,
        game_clock="Q3 10:12",
        score=Score(61, 55),
        p=0.81,
        was=0.72,
        text="▲ 81 % DEN -4.5" if fired else "",
        expires_at=at + timedelta(minutes=10) if fired else None,
    )


def settlement(bet: int, at: datetime, result: Result = Result.WON) -> Settlement:
    """A first result."""
    return Settlement(bet, 1, result, 3818, at, "LAL 100, DEN 110 (Final)")


def rule_state(bet: int, at: datetime) -> RuleState:
    """A rule that has just fired."""
    return RuleState(
        bet, "p >= 0.80", RulePhase.FIRING, 1, 0, Reason.CROSSED, (at,), extremes=(1.0, 0.81)
    )


def full_change(tracking: GameTracking, at: datetime) -> Change:
    """A change with something of every kind for every bet of a tracking."""
    bets = [x.bet.number for x in tracking.tracked]
    believed = replace(tracking, state=state(9), changed_at=at, seen_at=at, final_at=at, checks=1)
    return Change(
        believed,
        snapshots=tuple(snapshot(n, at) for n in bets),
        rules=tuple(rule_state(n, at) for n in bets),
        alerts=tuple(alert(n, at, fired=f) for n in bets for f in (True, False)),
        settlements=tuple(settlement(n, at) for n in bets),
        confirmations=tuple(Confirmation(n, 1, at) for n in bets),
    )


async def a_book(store: Store, *lines: str) -> GameTracking:
    """The tracking of the game with a bet for each line."""
    for line in lines or ("DEN -4.5 -110 $20",):
        await store.add(draft(line), game=GAME, defaults=DEFAULTS, at=T0)
    [tracking] = await store.trackings(DEFAULTS)
    return tracking


async def give(
    store: Store, number: int, result: Result, paid: int | None, at: datetime
) -> Settlement | None:
    """Let a person give a bet a result, whatever its game and its stake say."""

    def decide(case: Case) -> Ruling:
        bare = replace(case, tracked=None, stake_cents=None)
        return given(bare, result, paid, "by hand: a test", at)

    return await store.by_hand.decide(number, decide, at)
