"""The common form of every odds provider's answer, and how it is matched with our own games.

A provider names teams and players in its own words and has ids of its own. A game is matched by its
league, its two teams and a tip-off within twelve hours; a player by the rosters of that game. What
cannot be matched for sure is counted as a fault and never guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from statistics import median

from tracker.domain.game import Game
from tracker.domain.player import RosterOf, nobody, players_meant
from tracker.domain.quote import (
    AGE,
    MONEYLINE,
    SPREAD,
    TEAM_TOTAL,
    TOTAL,
    Quote,
    Selection,
    two_sided,
)

SAME_GAME = timedelta(hours=12)
"""Most by which two sources' tip-offs of one game may differ."""

FAR = 0.1
"""A book whose home chance differs from the median by more than this has its sides swapped or is
out of date."""

FAR_POINTS = 5.0
"""A book whose spread differs from the median by more than this many points is out of date."""

LONGEST_ODDS = 1001.0
"""Longest decimal odds: no book offers a longer price on a game."""

SPREADS, TOTALS = 60.0, (90.0, 400.0)
"""Points that no whole game's line lies outside of, in any league: the largest spread, and the
range of totals."""

MARGINS = (0.95, 1.3)
"""Range of the sum of both sides' implied chances. All recorded prices lie from 1.00 to 1.19; below
1 a book gives money away, and far above it both prices stand for none, such as 1.01 and 1.01."""

LEAST_BOOKS = 3
"""Fewest books from which one of them can be seen to be wrong."""

CERTAIN, ONE_SIDED, FROZEN, SWAPPED, FAR_OFF, SECOND_ID, NAMELESS, UNUSABLE, UNKNOWN_TEAM = (
    "a price of 1.0", "one side only", "frozen for ten minutes", "home and away swapped",
    "far from the other books", "a second id of one game", "a player who is on no roster",
    "no line that can be used", "a team that is not known",
)  # fmt: skip
"""What can be wrong in a provider's answer, in the words under which it is counted."""

WIDEST = 0.06
"""Dollars between an exchange's bid and ask above which a price means nothing."""

THIN, CLOSED = "a book that is too thin or too wide", "a market that is not active"
"""What can be wrong in an exchange's market besides."""


@dataclass(frozen=True, slots=True)
class BookPrice:
    """A price of one side in a provider's answer. `told_at` is when the book last confirmed it."""

    book: str
    selection: Selection
    odds: float
    told_at: datetime | None = None
    size: float | None = None


@dataclass(frozen=True, slots=True)
class OfferedGame:
    """A game in a provider's answer, with our codes of its teams.

    `day` is given where `start` is not.
    """

    id: str
    league: str
    home: str
    away: str
    offers: tuple[BookPrice, ...] = ()
    start: datetime | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A parsed answer: its games, and how often each fault was found in it."""

    events: tuple[OfferedGame, ...] = ()
    faults: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Matched:
    """The part of an answer that is about our games. `ids` maps our game ids to the provider's."""

    quotes: tuple[Quote, ...]
    games: frozenset[str]
    ids: Mapping[str, str]
    faults: Mapping[str, int]


def match(
    parsed: Parsed, games: Iterable[Game], at: datetime, roster_of: RosterOf = nobody
) -> Matched:
    """The quotes of our games in an answer that came at the time `at`."""
    faults: Counter[str] = Counter(parsed.faults)
    chosen: dict[str, tuple[Game, OfferedGame]] = {}
    listed = tuple(games)
    for event in parsed.events:
        game = _game(event, listed)
        if game is None:
            continue
        known = chosen.get(game.id)
        if known is not None:
            faults[SECOND_ID] += 1
            if not _nearer(event, known[1], game):
                continue
        chosen[game.id] = game, event
    quotes = [
        quote
        for game, event in chosen.values()
        for quote in _quotes(game, event, at, roster_of, faults)
    ]
    ids = {game: event.id for game, (_, event) in chosen.items()}
    return Matched(tuple(quotes), frozenset(chosen), ids, faults)


def _game(event: OfferedGame, games: Sequence[Game]) -> Game | None:
    """The game that an event is about, even where the provider has home and away exchanged."""
    if not event.home:
        # Only the NBA's own list names no teams. Its ids are ours.
        return next((x for x in games if x.id == event.id), None)
    teams = {event.home, event.away}
    near = [
        x
        for x in games
        if x.league == event.league and {x.home, x.away} == teams and _near(event, x)
    ]
    return min(near, key=lambda x: _distance(event, x), default=None)


def _near(event: OfferedGame, game: Game) -> bool:
    if event.start is None:
        return event.day == game.slate
    return abs(event.start - game.start) <= SAME_GAME


def _distance(event: OfferedGame, game: Game) -> timedelta:
    return timedelta(0) if event.start is None else abs(event.start - game.start)


def _nearer(event: OfferedGame, known: OfferedGame, game: Game) -> bool:
    """Whether the second of two ids of one game is the better: with prices, or nearer in time."""
    if bool(event.offers) != bool(known.offers):
        return bool(event.offers)
    return _distance(event, game) < _distance(known, game)


def _quotes(
    game: Game, event: OfferedGame, at: datetime, roster_of: RosterOf, faults: Counter[str]
) -> list[Quote]:
    turned = (event.home, event.away) == (game.away, game.home)
    faults[SWAPPED] += turned
    found: dict[tuple[str, Selection], Quote] = {}
    name_of = _Names(game, roster_of, faults)
    for offer in event.offers:
        if offer.odds <= 1:
            faults[CERTAIN] += 1
            continue
        if offer.odds > LONGEST_ODDS or not _possible(offer.selection):
            faults[UNUSABLE] += 1
            continue
        selection = _turned(offer.selection) if turned else offer.selection
        if selection.of_player:
            selection = replace(selection, about=name_of(selection.about))
        frozen = offer.told_at is not None and at - offer.told_at > AGE.frozen
        faults[FROZEN] += frozen
        found[offer.book, selection] = Quote(
            game.id, offer.book, selection, at, offer.odds, offer.told_at, offer.size,
            open=not frozen,
        )  # fmt: skip
    quotes = list(found.values())
    faults[ONE_SIDED] += _one_sided(found)
    wrong = _wrong(quotes, faults)
    return [replace(x, open=False) if wrong(x) else x for x in quotes]


def _possible(selection: Selection) -> bool:
    """Whether a line is possible in a basketball game."""
    points = selection.points
    if points is None:
        return True
    if selection.plain == SPREAD:
        return abs(points) <= SPREADS
    whole = selection.plain == TOTAL and selection.span == "game"
    low, high = TOTALS if whole else (0.0, TOTALS[1])
    return low <= points <= high


def _turned(selection: Selection) -> Selection:
    """The selection with home and away exchanged."""
    if selection.side in ("home", "away"):
        side = "away" if selection.side == "home" else "home"
        return replace(selection, side=side)
    if selection.plain == TEAM_TOTAL:
        return replace(selection, about="away" if selection.about == "home" else "home")
    return selection


def _one_sided(found: Mapping[tuple[str, Selection], Quote]) -> int:
    return sum(
        (book, selection.opposite) not in found
        for book, selection in found
        if not selection.alternate
    )


class _Names:
    """Finds a player on the rosters of a game.

    A name that fits no player, or several, stays as it is.
    """

    def __init__(self, game: Game, roster_of: RosterOf, faults: Counter[str]) -> None:
        self._game = game
        self._roster_of = roster_of
        self._faults = faults
        self._known: dict[str, str] = {}

    def __call__(self, written: str) -> str:
        if written not in self._known:
            found = players_meant(written, self._game, self._roster_of(self._game))
            self._faults[NAMELESS] += len(found) != 1
            self._known[written] = found[0].name if len(found) == 1 else written
        return self._known[written]


def _wrong(quotes: list[Quote], faults: Counter[str]) -> Callable[[Quote], bool]:
    """A function that says whether a quote's book contradicts the others on its market.

    Such a book has its sides swapped or is out of date. It is counted as a fault, as is a line
    whose two prices no book can mean.
    """
    lines, void = [], set[tuple[str, Selection]]()
    for x in two_sided(quotes):
        if MARGINS[0] <= 1 / x.odds + 1 / x.other <= MARGINS[1]:
            lines.append(x)
        else:
            faults[UNUSABLE] += 1
            void |= {(x.book, x.selection), (x.book, x.selection.opposite)}
    chances = {x.book: x.chance for x in lines if x.selection == Selection(MONEYLINE, "home")}
    points = {
        x.book: x.selection.points or 0.0
        for x in lines
        if x.selection.market == SPREAD and x.selection.span == "game"
    }
    out: set[tuple[str, str]] = set()
    for market, figures, reach, mirror in (
        (MONEYLINE, chances, FAR, 1.0), (SPREAD, points, FAR_POINTS, 0.0),
    ):  # fmt: skip
        if len(figures) < LEAST_BOOKS:
            continue
        middle = median(figures.values())
        for book, value in figures.items():
            if abs(value - middle) <= reach:
                continue
            swapped = abs(mirror - value - middle) <= reach
            faults[SWAPPED if swapped else FAR_OFF] += 1
            out |= {(book, MONEYLINE), (book, SPREAD)} if swapped else {(book, market)}
    return lambda x: (x.book, x.selection.plain) in out or (x.book, x.selection) in void
