"""Edges: prices that can be had now and pay more than the model says they should. Facts, no advice.

Past a gate of age, books and chances a row is listed; where model and market are far apart it is
listed as a disagreement instead, for that is usually our mistake. Every row that was shown is kept,
so that the list can say how such rows did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracker.domain.bet import Result
from tracker.domain.catalog.books import house_of
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.player import Player
from tracker.domain.quote import Fair, Selection, market_of, two_sided
from tracker.domain.value import EdgeSeen
from tracker.engine.market.closing import fairs
from tracker.engine.settle.grading import Unsettleable, judge
from tracker.forecast.errors import Unpriceable
from tracker.forecast.pricing.markets import calibrated

if TYPE_CHECKING:
    from tracker.app.market import GameOdds, Offered
    from tracker.domain.chance import Chance
    from tracker.forecast.game.outlook import Outlook
    from tracker.settings.models import OddsSettings

OLDEST = timedelta(minutes=2)
"""A price that nobody has stood by for longer may be gone."""

LEAST_BOOKS = 2
"""Books that must quote a market: one alone may be in error."""

DISAGREES = 0.08
"""A model that differs more from the market's fair chance has usually missed something."""

LATE_S = 120.0
"""Seconds left of a game inside of which prices are gone before they are read."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A price, what the model says of it, and what the market says is fair, where that is known."""

    game: Game
    selection: Selection
    chance: Chance
    odds: float
    book: str
    age_s: float
    market: float | None
    prior: str
    poll: int

    @property
    def edge(self) -> float:
        """The expected profit of one unit."""
        return self.chance.win * self.odds + self.chance.push - 1

    @property
    def disagrees(self) -> bool:
        """Whether model and market are too far apart for the model to be believed."""
        return self.market is not None and abs(self.market - self.chance.win) > DISAGREES

    def seen(self, at: datetime) -> EdgeSeen:
        """The row as it is kept."""
        return EdgeSeen(
            at, self.game.id, self.selection, self.chance.win, self.odds, self.book, self.edge,
            self.prior, self.poll or None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gate:
    """Why prices were not listed, counted."""

    listed: tuple[Edge, ...]
    disagreements: tuple[Edge, ...]
    left_out: Mapping[str, int]


def edges(
    odds: GameOdds,
    state: GameState | None,
    outlook: Outlook,
    prior: str,
    players: Sequence[Player],
    limits: OddsSettings,
) -> Gate:
    """The edges of one game. `players` are those of its rosters of whom something is known."""
    left_out: dict[str, int] = defaultdict(int)
    late = state is not None and state.phase.in_play and state.seconds_left <= LATE_S
    if late:
        return Gate((), (), {"less than two minutes are left": len(odds.best)})
    known = fairs(two_sided([x.quote for x in odds.quotes if x.quote.open]))
    books = _books(odds.quotes)
    listed: list[Edge] = []
    apart: list[Edge] = []
    for one in odds.best:
        selection = one.quote.selection.main
        why = _left_out(one, books[selection])
        market = market_of(selection, tuple(players))
        if not why and market is None:
            why = "nothing is known of the player"
        if why:
            left_out[why] += 1
            continue
        try:
            chance = calibrated(market, outlook)  # type: ignore[arg-type]
        except Unpriceable:
            left_out["nothing is known of the player"] += 1
            continue
        fair = known.get(selection) or known.get(selection.opposite)
        edge = Edge(
            odds.game, selection, chance, one.quote.odds, one.quote.book, one.age_s,
            None if fair is None else _of(fair, selection), prior, one.quote.poll,
        )  # fmt: skip
        if edge.edge < limits.edge_min or chance.win < limits.p_min:
            continue
        (apart if edge.disagrees else listed).append(edge)
    by_edge = lambda x: (-x.edge, x.selection.market, x.selection.side)  # noqa: E731
    return Gate(tuple(sorted(listed, key=by_edge)), tuple(sorted(apart, key=by_edge)), left_out)


def _of(fair: Fair, selection: Selection) -> float:
    return fair.of(selection)


def _books(quotes: Iterable[Offered]) -> Mapping[Selection, set[str]]:
    found: dict[Selection, set[str]] = defaultdict(set)
    for one in quotes:
        if one.quote.open:
            found[one.quote.selection.main].add(one.quote.book)
    return found


def _left_out(one: Offered, books: set[str]) -> str:
    if one.age_s > OLDEST.total_seconds():
        return "older than two minutes"
    return "" if len(books) >= LEAST_BOOKS else "quoted by one book alone"


@dataclass(frozen=True, slots=True)
class Track:
    """How rows that were shown did: `said` is the mean chance, `came` the share that won."""

    n: int
    said: float | None
    came: float | None
    profit: float | None


def track(
    seen: Sequence[EdgeSeen],
    final: Callable[[str], GameState | None],
    players: Callable[[str], Sequence[Player]],
) -> Track:
    """How the rows that were ever shown did, each side of a line of a game counted once.

    `final` gives the state of a game that is over. `profit` is the mean of one unit each.
    """
    first: dict[tuple[str, Selection], EdgeSeen] = {}
    for row in seen:
        first.setdefault((row.game, row.selection), row)
    said, came, profit = [], [], []
    for row in first.values():
        result = _result(row, final(row.game), players(row.game))
        if result in (Result.WON, Result.LOST):
            won = result is Result.WON
            said.append(row.p)
            came.append(float(won))
            profit.append(row.odds - 1 if won else -1.0)
    n = len(said)
    if not n:
        return Track(0, None, None, None)
    return Track(n, sum(said) / n, sum(came) / n, sum(profit) / n)


def _result(row: EdgeSeen, state: GameState | None, players: Sequence[Player]) -> Result | None:
    market = market_of(row.selection, tuple(players))
    if state is None or state.phase is not Phase.FINAL or market is None:
        return None
    try:
        return judge(market, state, house_of(row.book)).result
    except Unsettleable:
        return None
