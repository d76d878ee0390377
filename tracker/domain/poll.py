"""Polls: one answer of a feed about one game, what it lets us believe, and what asking has cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from tracker.domain.game import Game, GameState, Phase
from tracker.domain.league import LEAGUE_ZONE


class Trouble(StrEnum):
    """Why a poll tells nothing of the game. Each is waited out for a time of its own.

    `UNPRICED` is this program's own: the game was told, and its forecast failed.
    """

    DOWN = "down"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    NOT_PUBLISHED = "not_published"
    MALFORMED = "malformed"
    ABSENT = "absent"
    UNPRICED = "unpriced"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A poll that gives no game state. `why` is one sentence without secrets or query strings.

    `claim` is what is claimed of an end that is not believed, in a person's words: of a game in its
    first period, level, by forfeit, or one that another document contradicts.
    """

    trouble: Trouble
    why: str
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """An answer of a source as it came, whatever it is about; its fields are those of `Poll`."""

    source: str
    path: str
    at: datetime
    body: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Which document of which source tells something: `path` is that of `Poll`."""

    source: str
    path: str


@dataclass(frozen=True, slots=True)
class Poll:
    """One answer about one game. Polls of games that share a response share path, time and body.

    `at` is when the answer arrived; `path` names the resource without host or secrets; `digest` is
    the SHA-256 of the body in hex, empty when there was none.
    """

    source: str
    path: str
    at: datetime
    body: bytes
    digest: str
    reading: GameState | Unreadable

    @property
    def origin(self) -> Origin:
        """The document that it was read from."""
        return Origin(self.source, self.path)


@dataclass(frozen=True, slots=True)
class GameStanding:
    """What decides when a game is to be looked at next.

    `final_at` is when we first saw the game final. `settled` is whether two polls have agreed on
    it; `checks` counts the later looks at the box: 1 after about 2 h 15 min, 2 after noon Eastern.
    `players` is whether a bet is on a player of the game, so that its box is wanted.
    """

    game: Game
    state: GameState | None = None
    final_at: datetime | None = None
    settled: bool = False
    checks: int = 0
    players: bool = False


FINAL_CHECKS = 2
"""Looks at the box after the game: when it is rewritten, and after noon Eastern the next day."""

FIRST_CHECK_AFTER = timedelta(hours=2, minutes=15)
"""The league rewrites a box score about two hours after the buzzer (three recorded finals: 1:58 to
2:06 h)."""

LAST_CHECK_AT = time(12, 10)
"""Eastern time on the next day by which the league has published its own corrections."""


def check_times(final_at: datetime) -> tuple[datetime, datetime]:
    """When the box is to be read again: after its rewrite, and after the first noon Eastern."""
    local = final_at.astimezone(LEAGUE_ZONE)
    noon = datetime.combine(local.date(), LAST_CHECK_AT, LEAGUE_ZONE)
    if noon <= local:
        noon = datetime.combine(local.date() + timedelta(days=1), LAST_CHECK_AT, LEAGUE_ZONE)
    first = final_at + FIRST_CHECK_AFTER
    return first, max(first, noon)


def next_check(standing: GameStanding) -> datetime | None:
    """When a finished game is to be looked at again; None when it never is."""
    if standing.final_at is None or standing.checks >= FINAL_CHECKS:
        return None
    return check_times(standing.final_at)[min(standing.checks, 1)]


# ------------------------------------------------------------- what is older than what is believed

AGREEING_POLLS = 3
"""Consecutive polls that must tell of an older or doubtful state before it is believed."""

SOURCE_HELD = timedelta(seconds=90)
"""For how long they must tell it where another source told what is believed: a feed is 10 to 30 s
late, a bad one a minute."""

DOCUMENT_HELD = timedelta(seconds=30)
"""The same where the source's own other document told it: its box and its board are never of quite
the same moment."""

STALE_AFTER = timedelta(seconds=90)
"""A live game that has not changed for this long is looked up elsewhere, and is shown as stale
where its clock should run: a possession has 24 s."""

LONGEST_STOP = timedelta(minutes=5)
"""The same where its clock is known to stand. In four games recorded by the wall clock a live board
stood for 90 s and longer 48 times, for a time-out, a review or free throws: half of them for more
than 180 s, three for 240 s, one for 300 s."""

CLOCK_S = 1.0
"""Game clocks this close are the same moment: one source counts in whole seconds."""


def order_key(state: GameState) -> tuple[int, int, float, bool]:
    """How far a game has come: phase, period, the game clock run down, the period called over."""
    over = state.phase is Phase.BREAK and state.clock == 0
    return state.phase.rank, state.period, -state.clock, over


def has_fewer_points(state: GameState, other: GameState) -> bool:
    """Whether either team has fewer points than in another state."""
    return state.score.home < other.score.home or state.score.away < other.score.away


def goes_back(before: GameState, after: GameState) -> bool:
    """Whether `after` cannot follow `before` in a game that is only played forward."""
    if after.phase.off != before.phase.off:
        return True
    return order_key(after) < order_key(before) or has_fewer_points(after, before)


def behind(state: GameState, other: GameState) -> bool:
    """Whether a state that another document tells is from an earlier moment, or has fewer points.

    Their clocks may differ by CLOCK_S, and which period is called over does not count.
    """
    if has_fewer_points(state, other):
        return True
    mine, theirs = order_key(state), order_key(other)
    if mine[:2] != theirs[:2]:
        return mine[:2] < theirs[:2]
    return state.clock > other.clock + CLOCK_S


# ------------------------------------------------------------------------- what asking has cost


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests to a host since the start. `budget` is the most in a minute of the clock.

    `last_minute` counts those of the last 60 s, `busiest_minute` the most in any 60 s, `size` the
    bytes of all bodies once decoded, and `troubles` the failures by their word.
    """

    host: str
    budget: int
    asked: int
    answered: int
    last_minute: int
    busiest_minute: int
    size: int
    troubles: tuple[tuple[str, int], ...]

    @property
    def failed(self) -> int:
        """Requests that brought no document."""
        return sum(count for _, count in self.troubles)


@dataclass(frozen=True, slots=True)
class Credit:
    """What one answer of a paid source cost, or why nothing was asked: `refused` says why.

    `planned` is what it was meant to cost; `used` and `remaining` are what the source says of the
    month, where it says anything.
    """

    provider: str
    at: datetime
    purpose: str
    planned: int
    cost: int = 0
    used: int | None = None
    remaining: int | None = None
    path: str = ""
    refused: str | None = None


class Purpose(StrEnum):
    """What a request is bought for, the most needed first.

    `OWN` is for the markets of one game beside the featured ones: players, halves, team totals.
    """

    CLOSE = "close"
    OWN = "own markets"
    AGAIN = "close, as the tip-off slid"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Purchase:
    """A request that is to be bought. `due` is when, where no countdown says better."""

    purpose: Purpose
    league: str
    games: tuple[str, ...]
    names: tuple[str, ...]
    markets: tuple[str, ...]
    planned: int
    due: datetime

    @property
    def what(self) -> str:
        """The request in a few words: `close LAL@DEN, BOS@NYK`."""
        return f"{self.purpose.value} {', '.join(self.names)}"
