"""The slate of a rehearsal: its games, the bets on them, its faults, and the right results."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tracker.domain.catalog import teams
from tracker.domain.game import clock_text
from tracker.domain.league import LEAGUES
from tracker.replay import RecordedPhase, RecordedTeam, Recording, shipped
from tracker.replay.faults import Fault, FaultKind
from tracker.replay.playback import Playback, Showing

TIP_OFF = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
"""Seven in the evening in New York."""

WAVES = timedelta(minutes=10)
"""The time between the three waves of tip-offs."""

RULES = ("p >= 0.80", "p <= 0.20", "settled", "regraded", "feed_down", "feed_back")

_OTHER_NAMES = {
    "LAC@LAL": ("MIN", "DEN"),
    "DET@POR": ("OKC", "PHX"),
    "SAC@PHI": ("BOS", "NYK"),
    "CHA@DAL": ("MIA", "CHI"),
}
"""Recordings that are played a second time, and the teams whose codes they get then."""

_HANGING = (FaultKind.HANG, FaultKind.DRIP)

_GAP = timedelta(seconds=90)
"""The time between two faults of the whole feed, enough to see the recovery."""


def games(count: int) -> list[Playback]:
    """`count` games on one night, each of different teams; at most twelve."""
    known = [game for game in shipped() if game.league == "nba"]
    others = [
        _under_other_names(game, number, *_OTHER_NAMES[game.name])
        for number, game in enumerate((x for x in known if x.name in _OTHER_NAMES), start=1)
    ]
    chosen = [*known, *others][:count]
    return [Playback(x, TIP_OFF + (n % 3) * WAVES) for n, x in enumerate(chosen)]


def _under_other_names(game: Recording, number: int, away: str, home: str) -> Recording:
    def named(team: RecordedTeam, code: str) -> RecordedTeam:
        found = teams("nba")[code]
        number = 1610612700 + sorted(teams("nba")).index(code)
        return replace(team, id=number, tricode=code, city=found.city, name=found.name)

    return replace(
        game,
        id=f"00225009{number:02d}",
        away=named(game.away, away),
        home=named(game.home, home),
    )


@dataclass(frozen=True, slots=True)
class Wager:
    """A bet of the rehearsal, with what it takes to grade it by the points of each period."""

    game: str
    pick: str
    span: int
    side: str
    line: float

    def result(self, home: Sequence[int], away: Sequence[int]) -> str:
        """The result by the points of each period; `span` periods count, 0 means all of them."""
        last = self.span or None
        points = {"home": sum(home[:last]), "away": sum(away[:last])}
        match self.side:
            case "total":
                excess = points["home"] + points["away"] - self.line
            case "home total":
                excess = points["home"] - self.line
            case side:
                other = "away" if side == "home" else "home"
                excess = points[side] - points[other] + self.line
        return "push" if excess == 0 else "won" if excess > 0 else "lost"


def wagers(playback: Playback) -> list[Wager]:
    """Six bets on a game; one is on its final margin and must push."""
    game = playback.recording
    home, away, name = game.home.tricode, game.away.tricode, game.name
    official = game.official
    assert official is not None
    margin = official.away.score - official.home.score
    return [
        Wager(name, f"{home} ML", 0, "home", 0.0),
        Wager(name, f"{away} +4.5", 0, "away", 4.5),
        Wager(name, f"{home} {margin:+d}", 0, "home", float(margin)),
        Wager(name, "over 224.5", 0, "total", 224.5),
        Wager(name, f"{home} over 112.5", 0, "home total", 112.5),
        Wager(name, "1H over 112.5", 2, "total", 112.5),
    ]


def truth(playback: Playback, faults: Sequence[Fault]) -> dict[str, str]:
    """The right result of each bet on a game by pick, after the lasting corrections in `faults`."""
    official = playback.recording.official
    assert official is not None
    sides = {"home": list(official.home.periods), "away": list(official.away.periods)}
    for fault in faults:
        lasting = fault.kind is FaultKind.CORRECTED and fault.lasts > timedelta(days=1)
        if lasting and fault.stat == "points" and fault.game == playback.recording.id:
            sides[fault.side][-1] += fault.by
    return {x.pick: x.result(sides["home"], sides["away"]) for x in wagers(playback)}


def moments(playback: Playback) -> set[tuple[str, int, int]]:
    """Every moment that the game really had: clock as shown, points of away and home."""
    rules = LEAGUES["nba"]
    found = set()
    for state in Showing(playback).game.states:
        match state.phase:
            case RecordedPhase.PLAYING:
                # A status text truncates tenths, while the clock rounds them up.
                exact = state.clock / 100
                clocks = {clock_text(exact), clock_text(float(int(exact)))}
            case RecordedPhase.BREAK:
                clocks = {""}
            case _:
                continue
        name = rules.period_name(state.period)
        for clock in clocks:
            told = f"{name} {clock}" if clock else "Half" if state.period == 2 else f"End {name}"
            found.add((told, state.away.score, state.home.score))
    return found


def bad_night(playbacks: Sequence[Playback], seed: int, *, hanging: bool = True) -> list[Fault]:
    """Every fault at least once.

    Faults of the whole feed come one after the other, those of single games at the same time.
    Without `hanging`, faults that make a client wait are left out.
    """
    rng = random.Random(seed)  # noqa: S311 - the order of faults is no secret
    starts = TIP_OFF + timedelta(minutes=14)
    faults = [*_early(playbacks), *_of_single_games(playbacks)]
    shared = [x for x in _shared() if hanging or x.kind not in _HANGING]
    rng.shuffle(shared)
    for fault in shared:
        starts += timedelta(seconds=rng.uniform(0, 30))
        faults.append(replace(fault, start=starts))
        starts += fault.lasts + _GAP
    return faults


def _shared() -> Iterator[Fault]:
    minutes = timedelta(minutes=1)

    def board(kind: FaultKind, lasts: float = 2.5, **more: object) -> Fault:
        path = "*/todaysScoreboard_00.json"
        return Fault(kind, TIP_OFF, lasts * minutes, path, "nba", **more)  # type: ignore[arg-type]

    def all_of(kind: FaultKind, lasts: float = 2.5, **more: object) -> Fault:
        return Fault(kind, TIP_OFF, lasts * minutes, "*", "nba", **more)  # type: ignore[arg-type]

    yield all_of(FaultKind.BLOCKED)
    yield all_of(FaultKind.HTML)
    yield all_of(FaultKind.STATUS, status=500)
    yield all_of(FaultKind.STATUS, status=503, retry_after=20)
    yield all_of(FaultKind.BUSY)
    yield all_of(FaultKind.BUSY, retry_after=15)
    yield all_of(FaultKind.REDIRECT)
    yield all_of(FaultKind.REDIRECT, text="http://sign-in.example/")
    yield all_of(FaultKind.RESET)
    yield all_of(FaultKind.HANG)
    yield all_of(FaultKind.DRIP, seconds=600)
    yield all_of(FaultKind.TRUNCATED)
    yield all_of(FaultKind.EMPTY)
    yield all_of(FaultKind.HUGE, 1.0, size=20_000_000)
    yield all_of(FaultKind.BOMB, 1.0, size=200_000_000)
    yield all_of(FaultKind.NAN)
    yield all_of(FaultKind.NO_SCORE)
    yield all_of(FaultKind.STALE, 3.0)
    yield all_of(FaultKind.REGRESS, 0.25, seconds=300)
    yield all_of(FaultKind.BLANK, 1.5, text="")
    yield all_of(FaultKind.BLANK, 1.5, text="   ")
    yield board(FaultKind.STATUS, status=502)
    yield board(FaultKind.NO_GAMES)
    yield board(FaultKind.NEXT_DAY)
    yield all_of(FaultKind.NO_BOX)
    short = 2 * minutes
    yield Fault(FaultKind.BLOCKED, TIP_OFF, short)
    yield Fault(FaultKind.RESET, TIP_OFF, short)
    yield Fault(FaultKind.HANG, TIP_OFF, short)
    yield Fault(FaultKind.DRIP, TIP_OFF, short, seconds=600)
    yield Fault(FaultKind.BLOCKED, TIP_OFF, minutes, source="espn")
    yield Fault(FaultKind.BAD_REQUEST, TIP_OFF, minutes, source="espn")
    yield Fault(FaultKind.FEW_EVENTS, TIP_OFF, minutes, source="espn")


def _early(playbacks: Sequence[Playback]) -> Iterator[Fault]:
    start = TIP_OFF - timedelta(minutes=5)
    yield Fault(FaultKind.COUNTDOWN, start, timedelta(minutes=20), source="nba")
    yield Fault(FaultKind.NO_BOX, start, timedelta(minutes=10), game=playbacks[0].recording.id)


def _of_single_games(playbacks: Sequence[Playback]) -> Iterator[Fault]:
    """Faults of single games, as far as possible each in another game."""
    shown = [Showing(x) for x in playbacks]
    ids = [x.playback.recording.id for x in shown]
    two_polls = timedelta(seconds=18)
    halves = [_at_break(x, 2) for x in shown]
    yield Fault(FaultKind.REGRESS, halves[0] + timedelta(minutes=4), two_polls, game=ids[0])
    start = shown[1 % len(ids)].starts + timedelta(minutes=70)
    yield Fault(FaultKind.CORRECTED, start, two_polls, game=ids[1 % len(ids)], by=-2)
    start = shown[2 % len(ids)].starts + timedelta(minutes=40)
    yield Fault(FaultKind.POSTPONED, start, two_polls, game=ids[2 % len(ids)])
    zero = timedelta(minutes=2)
    for number, text in ((3, "PT00M00.00S"), (4, "   ")):
        at, game = halves[number % len(ids)], ids[number % len(ids)]
        yield Fault(FaultKind.BLANK, at, zero, game=game, text=text)
        # Also in the middle of a quarter, and in the last seconds.
        yield Fault(FaultKind.BLANK, at + timedelta(minutes=30), zero, game=game, text=text)
        end = shown[number % len(ids)].ends - timedelta(minutes=1)
        yield Fault(FaultKind.BLANK, end, timedelta(minutes=1), game=game, text=text)
    for number in (0, 5 % len(ids)):
        yield Fault(FaultKind.PADDED, shown[number].ends, timedelta(hours=1), game=ids[number])
    rewritten = shown[1 % len(ids)].ends + timedelta(hours=2)
    yield Fault(FaultKind.CORRECTED, rewritten, timedelta(days=9), game=ids[1 % len(ids)], by=-3)
    number = 6 % len(ids)
    rewritten = shown[number].ends + timedelta(hours=2)
    yield Fault(
        FaultKind.CORRECTED, rewritten, timedelta(days=9), game=ids[number], stat="assists", by=1
    )


def _at_break(shown: Showing, period: int) -> datetime:
    found = next(
        x for x in shown.game.states if x.phase is RecordedPhase.BREAK and x.period == period
    )
    return shown.tip_off + timedelta(milliseconds=found.at)
