"""What a source of games is, and the errors that asking one can raise.

A `Source` says where a league's documents are, which headers to send and how each document is
parsed. To add a source or a league, add one file with a `Source` in it: the rest of this package
knows no paths, headers or formats. An error is named by what the caller can do about it. Its text
is one sentence for a person, without a query string, a secret or any part of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import ClassVar

from tracker.domain import TrackerError
from tracker.domain.game import Game, GameState, Listing, Score
from tracker.domain.league import League
from tracker.domain.poll import Trouble, Unreadable

BODY_CAP = 4 << 20
"""Most bytes of a document after decompression. The NBA's scoreboard has about 40 kB, a box score
90 kB."""


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """One scoreboard. `day` is the league's date that it shows, or None where it does not say.

    `spoilt` has one sentence for each entry that cannot even be matched with a game: what is wrong
    with it.
    """

    day: date | None
    games: tuple[tuple[Game, GameState | Unreadable], ...]
    spoilt: tuple[str, ...] = ()

    def find(self, game_id: str) -> tuple[Game, GameState | Unreadable] | None:
        """The entry of a game, or None when the board does not show it."""
        return next((entry for entry in self.games if entry[0].id == game_id), None)


@dataclass(frozen=True, slots=True)
class Ball:
    """Who had the ball after the last action of a play-by-play.

    `period`, `clock` (seconds left in the period) and `score` are those of that action. `team` is
    our code of the team that has the ball, or None while it is loose. `tip` is our code of the team
    that had the first possession, or None where the plays do not say. `throws` are the free throws
    that `team` is to shoot, 0 where none are known, and `shooter` the id of the player who does.
    `kept` is our code of the team that has the ball after them, None where play goes on from the
    last one, and `reviewed` whether a coach has challenged their foul.
    """

    game: str
    period: int
    clock: float
    score: Score
    team: str | None
    tip: str | None = None
    throws: int = 0
    shooter: str | None = None
    kept: str | None = None
    reviewed: bool = False


def _no_plays(body: bytes) -> Ball | None:
    raise FeedMalformed("body", f"of {len(body)} bytes is of no use: no plays are read here")


@dataclass(frozen=True, slots=True)
class Source:
    """A source of one league's games.

    `name` is the key of its settings and its name in polls. Sources of one host share a name, and
    so a session and a budget of requests. Paths start with a slash and are appended to the
    `base_url` of the settings. The parsers are pure and raise only FeedMalformed.

    `owns` says whether a game id is one of the source's own. A source without schedules
    has a board for each day (a US Eastern calendar date). One with schedules has one board, of the
    league's current date; other days are in the schedule, whose paths are tried in order.
    `board_cap` is the most bytes of a board, `box_cap` of a box score or a play-by-play.
    `second_headers` replace `headers` in one more try after a refusal. `plays_path` gives the path
    of a game's play-by-play, where the source has one that says who has the ball.
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
    board_cap: int = BODY_CAP
    box_cap: int = BODY_CAP
    second_headers: Mapping[str, str] | None = None
    plays_path: Callable[[str], str] | None = None
    parse_plays: Callable[[bytes], Ball | None] = _no_plays

    @property
    def dated(self) -> bool:
        """Whether the source has a board for each day."""
        return not self.schedule_paths

    @property
    def label(self) -> str:
        """The source's name with its league, as health reports show it: `nba`, `espn wnba`."""
        return self.name if self.name == self.league else f"{self.name} {self.league}"


def league_of(label: str) -> str:
    """The league in a source's label."""
    return label.rpartition(" ")[2]


class FeedError(TrackerError):
    """A source did not give the document that was asked for.

    `trouble` is its category in polls and in health reports.
    """

    trouble: ClassVar[Trouble] = Trouble.DOWN

    def __init__(
        self,
        message: str,
        retry_after: float | None = None,
        *,
        code: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`message` is one sentence; `retry_after` is how many seconds to leave the source alone.

        `code` is the error code in the source's answer, where it has one. `headers` are those in
        which the source counts our requests.
        """
        super().__init__(message)
        self.retry_after, self.code, self.headers = retry_after, code, headers

    @property
    def unreadable(self) -> Unreadable:
        """This error as the reading of a poll."""
        return Unreadable(self.trouble, str(self))


class FeedUnavailable(FeedError):
    """No whole answer came.

    Ask again later, after `retry_after` seconds where the source names a time.
    """

    trouble = Trouble.DOWN


class FeedRateLimited(FeedError):
    """The source wants fewer requests. Wait `retry_after` seconds, or back off."""

    trouble = Trouble.RATE_LIMITED


class FeedRefused(FeedError):
    """The source refuses our requests.

    Asking again soon does not help; other headers or another network may.
    """

    trouble = Trouble.BLOCKED


class FeedNotPublished(FeedError):
    """The document does not exist yet. Ask again at the ordinary pace."""

    trouble = Trouble.NOT_PUBLISHED


class FeedMalformed(FeedError):
    """The answer cannot be believed.

    `field` is the place in it that is wrong, such as `homeTeam.score`.
    """

    trouble = Trouble.MALFORMED

    def __init__(self, field: str, problem: str) -> None:
        """`problem` completes a sentence that starts with the field's name: `is missing`."""
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem

    def inside(self, place: str) -> FeedMalformed:
        """This error with `place` put before its field's name, as seen from the whole document."""
        return FeedMalformed(f"{place}.{self.field}", self.problem)


class FeedUnbelieved(FeedMalformed):
    """The answer reports an end that is impossible.

    A person decides, unless a believable answer comes first.

    `claim` is the reported end in words for that person: `said to be final in Q1`.
    """

    def __init__(self, field: str, problem: str, claim: str) -> None:
        """`problem` completes a sentence that starts with the field's name."""
        super().__init__(field, problem)
        self.claim = claim

    @property
    def unreadable(self) -> Unreadable:
        """This error as the reading of a poll, with its claim."""
        return Unreadable(self.trouble, str(self), self.claim)

    def inside(self, place: str) -> FeedUnbelieved:
        """This error with `place` put before its field's name, as seen from the whole document."""
        return FeedUnbelieved(f"{place}.{self.field}", self.problem, self.claim)


def believable_end(fields: tuple[str, str], period: int, score: Score, rules: League) -> None:
    """Raise FeedUnbelieved for a final that no game can have: too few periods, or a tie.

    `fields` are the names of the document's fields for the period and for the score, to be named in
    the error.
    """
    if period < rules.periods:
        claim = f"said to be final in {rules.period_name(period)}" if period else "said to be final"
        problem = f"is {period} in a game that is said to be final"
        raise FeedUnbelieved(fields[0], problem, claim)
    if score.margin == 0:
        claim = f"said to be final at {score.text}"
        raise FeedUnbelieved(fields[1], "is a tie in a game that is said to be final", claim)
