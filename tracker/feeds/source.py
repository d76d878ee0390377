"""What a source is: where its documents lie, how it wants to be asked, and how they are read.

Adding a source or a league is one more file with a `Source` in it; nothing else here knows of
paths, headers or formats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from tracker.domain.game import Game, GameState, Score
from tracker.domain.poll import Unreadable
from tracker.feeds.errors import FeedMalformed

BODY_CAP = 4 << 20
"""Most bytes of a document once decoded. A board of the league has about 40 kB, a box 90 kB."""

Listing = tuple[Game, GameState | None]
"""A game of the season, and its state where the schedule is enough to know it."""


@dataclass(frozen=True, slots=True)
class Board:
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
    parse_board: Callable[[bytes], Board]
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
