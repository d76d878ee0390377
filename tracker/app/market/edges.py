"""Edges: prices that can be had now and pay more than the model says they should. Never advice.

A price is listed if it passes limits of age, number of books and chance. Where model and market are
far apart it is listed as a disagreement instead, since that is usually our mistake. Every row that
was shown is stored, so that the list can say how such rows did.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tracker.app.market import GameOdds, Offered, game_odds
from tracker.app.market.value import NEWEST
from tracker.app.player_priors import players_in
from tracker.app.pricing import (
    LATE_S,
    Pricing,
    PricingBasis,
    beliefs_of,
    bets_on,
    calibrated_or_none,
    known_of,
    live_lines,
)
from tracker.app.views import part, plain
from tracker.domain.bet import Result
from tracker.domain.catalog.books import house_of
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState, Phase, Side
from tracker.domain.player import Player, enough
from tracker.domain.poll import STALE_AFTER
from tracker.domain.quote import UNSTAMPED, Selection, market_of, two_sided
from tracker.domain.tracking import GameTracking
from tracker.domain.value import MOST_KELLY, EdgeSeen, edge, kelly
from tracker.engine.decide.belief import is_stale
from tracker.engine.market import fairs
from tracker.engine.settle.grading import Unsettleable, judge
from tracker.forecast.outlook import Outlook

if TYPE_CHECKING:
    from tracker.settings.models import OddsSettings
    from tracker.store import Store

OLDEST = timedelta(minutes=2)
"""A price that no source has confirmed for longer than this may be gone."""

LEAST_BOOKS = 2
"""Books that must quote a market: a single one may be in error."""

DISAGREES = 0.08
"""A model whose chance differs more than this from the market's fair one has usually missed
something."""


def disagree(chance: Chance, market: float | None) -> bool:
    """Whether model and market are too far apart for the model to be trusted.

    `market` is a fair chance of a bet that does not push; None where there is none.
    """
    settled = chance.win + chance.lose
    return market is not None and abs(market * settled - chance.win) > DISAGREES * settled


@dataclass(frozen=True, slots=True)
class Edge:
    """A price with the model's chance, and the market's fair chance (`market`) where known."""

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
        return edge(self.chance, self.odds)

    def seen(self, at: datetime) -> EdgeSeen:
        """The row as it is stored."""
        return EdgeSeen(
            at, self.game.id, self.selection, self.chance.win, self.odds, self.book, self.edge,
            self.prior, self.poll or None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class GameEdges:
    """The prices of one game that are listed, and how many were left out for each reason."""

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
) -> GameEdges:
    """The edges of one game. `players` are those of its rosters whose recent games are known."""
    left_out: dict[str, int] = defaultdict(int)
    late = state is not None and state.phase.in_play and state.seconds_left <= LATE_S
    if late:
        return GameEdges((), (), {"less than two minutes are left": len(odds.best)})
    begun = state is not None and state.phase.rank > 0
    oldest = (OLDEST if begun else NEWEST).total_seconds()
    current = [x for x in odds.quotes if x.quote.open and x.age_s <= oldest]
    known = fairs(two_sided([x.quote for x in current]))
    books = _books(current)
    listed: list[Edge] = []
    apart: list[Edge] = []
    for one in odds.best:
        selection = one.quote.selection.main
        if why := _left_out(one, books[selection]):
            left_out[why] += 1
            continue
        market = market_of(selection, tuple(players))
        chance = None if market is None else calibrated_or_none(market, outlook)
        if chance is None:
            left_out["little is known of the player"] += 1
            continue
        fair = known.get(selection) or known.get(selection.opposite)
        edge = Edge(
            odds.game, selection, chance, one.quote.odds, one.quote.book, one.age_s,
            None if fair is None else fair.of(selection), prior, one.quote.poll,
        )  # fmt: skip
        if edge.edge < limits.edge_min or chance.win < limits.p_min:
            continue
        (apart if disagree(chance, edge.market) else listed).append(edge)
    return GameEdges(_by_edge(listed), _by_edge(apart), left_out)


def _by_edge(found: Iterable[Edge]) -> tuple[Edge, ...]:
    return tuple(sorted(found, key=lambda x: (-x.edge, x.selection.market, x.selection.side)))


def _books(quotes: Iterable[Offered]) -> Mapping[Selection, set[str]]:
    found: dict[Selection, set[str]] = defaultdict(set)
    for one in quotes:
        # A book that two sources quote is one book.
        found[one.quote.selection.main].add(one.quote.book.removeprefix(UNSTAMPED))
    return found


def _left_out(one: Offered, books: set[str]) -> str:
    if one.age_s > OLDEST.total_seconds():
        return "older than two minutes"
    return "" if len(books) >= LEAST_BOOKS else "quoted by one book alone"


@dataclass(frozen=True, slots=True)
class Track:
    """How listed rows that did not push did.

    `said` is their mean chance, given no push, and `came` the share that won.
    """

    n: int
    said: float | None
    came: float | None
    profit: float | None


def track(seen: Sequence[EdgeSeen], finals: Mapping[str, GameState | None]) -> Track:
    """How all rows that were ever shown did; each side of a game's line counts once.

    `finals` are the last states of games. `profit` is the mean profit of one unit on each.
    """
    first: dict[tuple[str, Selection], EdgeSeen] = {}
    for row in seen:
        first.setdefault((row.game, row.selection), row)
    said, came, profit = [], [], []
    for row in first.values():
        result = _result(row, finals.get(row.game))
        if result in (Result.WON, Result.LOST):
            won = result is Result.WON
            said.append(row.decided_p)
            came.append(float(won))
            profit.append(row.odds - 1 if won else -1.0)
    n = len(said)
    if not n:
        return Track(0, None, None, None)
    return Track(n, sum(said) / n, sum(came) / n, sum(profit) / n)


def _result(row: EdgeSeen, state: GameState | None) -> Result | None:
    if state is None or state.phase is not Phase.FINAL:
        return None
    market = market_of(row.selection, tuple(Player(x.name, x.side) for x in state.players))
    if market is None:
        return None
    try:
        return judge(market, state, house_of(row.book)).result
    except Unsettleable:
        return None


# --------------------------------------------------------------------------------- the whole list

_AHEAD = timedelta(hours=18)
"""How long before its tip-off a game is looked at."""

_SINCE = timedelta(hours=4)
"""How long after its tip-off a game may still be in play."""


@dataclass(frozen=True, slots=True)
class EdgesNow:
    """The list at a moment: its rows, the disagreements, and how earlier rows did.

    `unseen` are the rows that no list has shown yet at their price, and that are to be stored.
    """

    at: datetime
    listed: tuple[Edge, ...]
    disagreements: tuple[Edge, ...]
    left_out: Mapping[str, int]
    so_far: Track
    unseen: tuple[EdgeSeen, ...]


async def edges_now(basis: PricingBasis, limits: OddsSettings, now: datetime) -> EdgesNow:
    """The edges of every game in play or about to begin."""
    store, by_game = basis.store, []
    followed = {x.game.id: x for x in await store.trackings(())}
    for game, state in await store.games(since=(now - timedelta(days=1)).date()):
        if _to_look_at(game, state, now):
            odds = await game_odds(store, game, state, limits, now)
            if odds.best and not _known(followed.get(game.id), game, now):
                by_game.append(
                    GameEdges((), (), {"the game is not followed just now": len(odds.best)})
                )
            elif odds.best:
                by_game.append(await _edges_of(basis, odds, state, limits))
    seen = await store.quotes.edges()
    finals = {game.id: state for game, state in await store.games(ids={x.game for x in seen})}
    listed = tuple(x for one in by_game for x in one.listed)
    apart = tuple(x for one in by_game for x in one.disagreements)
    left_out: Counter[str] = Counter()
    for one in by_game:
        left_out.update(one.left_out)
    known = {(x.game, x.selection, x.book, x.odds) for x in seen}
    shown = [x.seen(now) for x in (*listed, *apart)]
    unseen = tuple(x for x in shown if (x.game, x.selection, x.book, x.odds) not in known)
    did = track([*seen, *unseen], finals)
    return EdgesNow(now, listed, apart, dict(sorted(left_out.items())), did, unseen)


def _to_look_at(game: Game, state: GameState | None, now: datetime) -> bool:
    if state is not None and (state.phase.off or state.phase.rank > 1):
        return False
    return -_SINCE < game.start - now < _AHEAD


def _known(tracking: GameTracking | None, game: Game, now: datetime) -> bool:
    """Whether it is known how a game stands at this moment: it is to come, or polled and fresh.

    From its listed tip-off on a game may be in play, and a price of that moment says nothing
    against a chance from before.
    """
    if game.start > now:
        return True
    if tracking is None or tracking.lost or tracking.seen_at is None:
        return False
    waits = tracking.state is None or tracking.state.phase is Phase.SCHEDULED
    unseen = waits and now - tracking.seen_at >= STALE_AFTER
    return not (unseen or is_stale(tracking, now))


async def _edges_of(
    basis: PricingBasis, odds: GameOdds, state: GameState | None, limits: OddsSettings
) -> GameEdges:
    store, game, now = basis.store, odds.game, odds.at
    players = await _players(store, game, now)
    bets = await bets_on(store, [game], now)
    whom = {game.id: (*players_in(bets, game), *players)}
    beliefs = await beliefs_of(store, [game], whom)
    pricing = Pricing(await known_of(basis, [game]), beliefs, basis.load)
    seen = state or GameState.scheduled(game)
    live = await live_lines(store, seen, now)
    asked = pricing.seen(seen, bets, live=live, named=players)
    outlook = await asyncio.to_thread(asked.outlook)
    return edges(odds, state, outlook, pricing.believed(game, bets).by, players, limits)


async def _players(store: Store, game: Game, now: datetime) -> tuple[Player, ...]:
    """The players of both teams whose recent games are stored."""
    rosters = await store.players.rosters(now)
    named = [
        Player(name, side) for side in Side
        for name in rosters.get((game.league, game.code(side)), ())
    ]  # fmt: skip
    recent = await store.players.recent_games({(game.league, x.key) for x in named})
    return tuple(x for x in named if enough(recent.get((game.league, x.key), ())))


def edges_json(x: EdgesNow) -> dict[str, Any]:
    """The list as `tracker edges --json` gives it."""
    return {
        "at": plain(x.at),
        "edges": [edge_json(one) for one in x.listed],
        "disagreements": [edge_json(one) for one in x.disagreements],
        "left_out": dict(x.left_out),
        "so_far": plain(x.so_far),
    }


def edge_json(x: Edge) -> dict[str, Any]:
    """A row of the list as other programs read it."""
    return {
        "game": x.game.name,
        "game_id": x.game.id,
        **part(x.selection, "market", "span", "about", "points", "side"),
        "p": x.chance.win,
        "fair_odds": x.chance.fair_odds,
        "odds_decimal": x.odds,
        "book": x.book,
        "edge": x.edge,
        "kelly": min(kelly(x.chance, x.odds), MOST_KELLY),
        "age_s": round(x.age_s, 3),
        "market_chance": x.market,
        "prior": x.prior,
    }
