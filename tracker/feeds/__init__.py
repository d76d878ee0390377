"""What a source is, and what can go wrong with one.

A source says where its documents lie, how it wants to be asked, and how they are read: adding one,
or a league, is one more file with a `Source` in it; nothing else here knows of paths, headers or
formats. An error is named by what the caller can do about it, and its text is one sentence for a
person: no address with a query, no secret, nothing of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import ClassVar

from tracker.domain import TrackerError
from tracker.domain.game import Game, GameState, Score
from tracker.domain.league import League
from tracker.domain.poll import Trouble, Unreadable

BODY_CAP = 4 << 20
"""Most bytes of a document once decoded. A board of the league has about 40 kB, a box 90 kB."""


Listing = tuple[Game, GameState | None]
"""A game of the season, and its state where the schedule is enough to know it."""


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """One scoreboard. `day` is the league's date that it shows, where it says so.

    `spoilt` says of entries that do not even tell which game they are what is wrong with each.
    """

    day: date | None
    games: tuple[tuple[Game, GameState | Unreadable], ...]
    spoilt: tuple[str, ...] = ()

    def find(self, game_id: str) -> tuple[Game, GameState | Unreadable] | None:
        """The entry of a game, or None when the board does not show it."""
        return next((entry for entry in self.games if entry[0].id == game_id), None)


@dataclass(frozen=True, slots=True)
class Ball:
    """Where the ball was after the last action of a game, which came at this score and clock.

    `team` is our code of the team that has it, or None while nobody does; `tip` that of the team
    which had the ball first.
    """

    game: str
    period: int
    clock: float
    score: Score
    team: str | None
    tip: str | None = None


def _no_plays(body: bytes) -> Ball | None:
    raise FeedMalformed("body", f"of {len(body)} bytes is of no use: no plays are read here")


@dataclass(frozen=True, slots=True)
class Source:
    """A source of games of one league.

    `name` is the table of its settings, and what polls call it: sources of one host share a name,
    and with it a session and a budget. Paths start with a slash and go after the scheme and host of
    the settings. The parsers are pure and raise FeedMalformed, never anything else.

    `owns` is whether an id of a game is one of its own. `dated` is whether there is a board for
    each day, by US Eastern calendar date; else there is one, of the league's current date, and the
    other days are in the schedule, whose paths are tried in order. `board_cap` is the most bytes of
    a board, `box_cap` of a game's own documents. `second_headers` are sent once more in place of
    `headers` where those are refused; a value of None leaves a header to the library. `plays_path`
    is where a game's play-by-play lies, if there is one that tells who has the ball.
    """

    name: str
    league: str
    headers: Mapping[str, str]
    board_path: Callable[[date], str]
    box_path: Callable[[str], str]
    schedule_paths: tuple[str, ...]
    parse_board: Callable[[bytes], Scoreboard]
    parse_box: Callable[[bytes], GameState]
    parse_schedule: Callable[[bytes], tuple[Listing, ...]]
    owns: Callable[[str], bool]
    dated: bool = False
    board_cap: int = BODY_CAP
    box_cap: int = BODY_CAP
    second_headers: Mapping[str, str] | None = None
    plays_path: Callable[[str], str] | None = None
    parse_plays: Callable[[bytes], Ball | None] = _no_plays

    @property
    def label(self) -> str:
        """The source and its league, as health is told: `nba`, `espn wnba`."""
        return self.name if self.name == self.league else f"{self.name} {self.league}"


def league_of(label: str) -> str:
    """The league of a source by its label."""
    return label.rpartition(" ")[2]


class FeedError(TrackerError):
    """A source that did not give what was asked. `trouble` is its word in polls and in health."""

    trouble: ClassVar[Trouble] = Trouble.DOWN

    def __init__(
        self,
        message: str,
        retry_after: float | None = None,
        *,
        code: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`message` is one sentence, `retry_after` for how many seconds to leave the source alone.

        `code` is the source's own name for what is wrong, where its answer has one, and `headers`
        those by which it counts requests.
        """
        super().__init__(message)
        self.retry_after, self.code, self.headers = retry_after, code, headers

    @property
    def unreadable(self) -> Unreadable:
        """The same as a poll tells it."""
        return Unreadable(self.trouble, str(self))


class FeedUnavailable(FeedError):
    """No whole answer came: ask again later, after `retry_after` seconds where it says so."""

    trouble = Trouble.DOWN


class FeedRateLimited(FeedError):
    """The source wants to be asked less often: wait `retry_after` seconds, or back off."""

    trouble = Trouble.RATE_LIMITED


class FeedRefused(FeedError):
    """The source refuses us: asking again soon does not help, other headers or a network may."""

    trouble = Trouble.BLOCKED


class FeedNotPublished(FeedError):
    """There is no such document yet: ask again at the ordinary pace."""

    trouble = Trouble.NOT_PUBLISHED


class FeedMalformed(FeedError):
    """The answer cannot be believed. `field` is where in it, such as `homeTeam.score`."""

    trouble = Trouble.MALFORMED

    def __init__(self, field: str, problem: str) -> None:
        """`problem` reads after the field's name: `is missing`."""
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem

    def inside(self, place: str) -> FeedMalformed:
        """The same, with the field's name seen from further out."""
        return FeedMalformed(f"{place}.{self.field}", self.problem)


class FeedUnbelieved(FeedMalformed):
    """The answer tells an end that cannot be: a person decides, unless a better one comes.

    `claim` is what it tells, as a person is told it: `said to be final in Q1`.
    """

    def __init__(self, field: str, problem: str, claim: str) -> None:
        """`problem` reads after the field's name, `told` by itself."""
        super().__init__(field, problem)
        self.claim = claim

    @property
    def unreadable(self) -> Unreadable:
        """The same as a poll tells it."""
        return Unreadable(self.trouble, str(self), self.claim)

    def inside(self, place: str) -> FeedUnbelieved:
        """The same, with the field's name seen from further out."""
        return FeedUnbelieved(f"{place}.{self.field}", self.problem, self.claim)


def believable_end(fields: tuple[str, str], period: int, score: Score, rules: League) -> None:
    """Raise FeedUnbelieved for a final that no game can have.

    `fields` are the names of the period's and the score's, should one be at fault.
    """
    if period < rules.periods:
        claim = f"said to be final in {rules.period_name(period)}" if period else "said to be final"
        problem = f"is {period} in a game that is said to be final"
        raise FeedUnbelieved(fields[0], problem, claim)
    if score.margin == 0:
        claim = f"said to be final at {score.text}"
        raise FeedUnbelieved(fields[1], "is a tie in a game that is said to be final", claim)
