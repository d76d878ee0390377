"""Back-tests: what a strategy would have won on past games, and what luck alone would have.

A bet is decided only on what was known at its time: a `Candidate` holds nothing else, and what came
later is kept apart in a `BetOutcome`. The grid of thresholds is shown whole with the number of
tries. Beside its best cell stands the best cell of shuffles, in which chances and results are
unrelated. Candidates come from recorded seasons, or from the person's own stored quotes
(`candidates`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from tracker.app.market.value import made_again
from tracker.app.pricing import calibrated_or_none
from tracker.domain.bet import Result
from tracker.domain.catalog.books import house_of
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.player import Player
from tracker.domain.prior import Lines
from tracker.domain.quote import MONEYLINE, Closing, Quote, Selection, market_of, two_sided
from tracker.domain.value import edge, kelly
from tracker.engine.market import GameClose, best_quote, consensus
from tracker.engine.record import mean_error
from tracker.engine.settle.grading import Unsettleable, judge
from tracker.forecast.outlook import Outlook
from tracker.wording.closes import selection_text

if TYPE_CHECKING:
    from tracker.engine.market.strategy import Strategy
    from tracker.settings.models import OddsSettings
    from tracker.store import Store

    Floats = NDArray[np.float64]

EDGES = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12)
CHANCES = (0.0, 0.35, 0.45, 0.50, 0.55, 0.60, 0.70)
"""The thresholds of the grid: smallest edge, and smallest chance to win."""

SHUFFLES = 200
"""Shuffles of chances among bets, whose best cells show what luck alone finds."""

RESAMPLES = 2000
"""Resamples of the nights, for the interval of the ROI."""

LEAST_BETS = 30
"""A cell with fewer bets is never the best cell."""

SEED = 20240701
"""Of shuffles and resamples: the same bets give the same report."""

_EVER = timedelta(days=3660)
"""How far back stored quotes are read: further than any can be."""

_EVEN = 2.0
"""Decimal odds of an even chance: a longer moneyline is the underdog's."""

DELAY = timedelta(seconds=60)
"""Time from a decision to the bet: a person must read, open the book and type."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A price that could be had, with what was known at that time.

    `odds` is what the bet is made at, `asked` what was quoted when it was decided, if that differs.
    `doubt` is the standard error of our own chance.
    """

    game: str
    day: date
    market: str
    side: str
    text: str
    book: str
    win: float
    push: float
    odds: float
    minutes: float = 0.0
    doubt: float = 0.0
    underdog: bool = False
    asked: float | None = None

    @property
    def edge(self) -> float:
        """The expected profit of one unit."""
        return edge(self._chance, self.odds)

    @property
    def kelly(self) -> float:
        """The full Kelly share of a bankroll; 0 without an edge."""
        return kelly(self._chance, self.odds)

    @property
    def _chance(self) -> Chance:
        return Chance(self.win, self.push, 1 - self.push - self.win)

    @property
    def figures(self) -> dict[str, float]:
        """The figures that a strategy's conditions compare."""
        asked = self.asked or self.odds
        gap = self.win - (1 - self.push) / asked
        sure = float(gap > 0) if self.doubt <= 0 else float(ndtr(gap / self.doubt))
        return {
            "edge": edge(self._chance, asked), "p": self.win, "confidence": sure,
            "minutes": self.minutes, "odds": asked,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class BetOutcome:
    """A candidate's result (1 won, 0 lost, None a push) and closing line value."""

    won: float | None
    clv: float | None = None


@dataclass(frozen=True, slots=True)
class MadeBet:
    """A bet that a strategy made, its stake and its profit, in units."""

    candidate: Candidate
    stake: float
    profit: float
    clv: float | None


def decided(strategy: Strategy, candidates: Iterable[Candidate]) -> list[Candidate]:
    """What a strategy bets on, by what was known at that time alone."""
    fit = [
        x for x in candidates
        if _market(x.market) in strategy.markets and _picked(strategy.pick, x)
        and (not strategy.books or x.book in strategy.books) and strategy.holds(x.figures)
    ]  # fmt: skip
    if strategy.pick != "best":
        return fit
    best: dict[tuple[str, str], Candidate] = {}
    for one in fit:
        known = best.get((one.game, one.market))
        if known is None or _before(one, known):
            best[one.game, one.market] = one
    return list(best.values())


def _before(one: Candidate, other: Candidate) -> bool:
    """Whether a price is the one to take: it was decided on sooner, or then had more edge."""
    return (one.minutes, one.figures["edge"]) > (other.minutes, other.figures["edge"])


def _market(name: str) -> str:
    return "player" if name.startswith("player_") else name


def _picked(pick: str, x: Candidate) -> bool:
    match pick:
        case "underdog":
            return x.underdog
        case "favourite":
            return not x.underdog and x.market in ("moneyline", "spread")
        case "home" | "away" | "over" | "under":
            return x.side == pick
        case _:
            return True


def played(
    strategy: Strategy, bets: Sequence[Candidate], outcomes: Mapping[Candidate, BetOutcome]
) -> list[MadeBet]:
    """The bets with their stakes and profits, night by night."""
    bankroll, made = strategy.bankroll, []
    for night in sorted({x.day for x in bets}):
        tonight = [x for x in bets if x.day == night]
        won = 0.0
        for bet in tonight:
            # All bets of a night are staked before any result of it is known.
            stake = strategy.stake(bet.kelly, bankroll)
            came = outcomes[bet]
            profit = 0.0 if came.won is None else stake * (bet.odds * came.won - 1)
            if stake > 0:
                made.append(MadeBet(bet, stake, profit, came.clv))
            won += profit
        bankroll += won
    return made


@dataclass(frozen=True, slots=True)
class BetGroup:
    """What a group of bets brought. `low` and `high` bound the ROI with 95 %, resampling nights."""

    key: str
    n: int
    staked: float
    profit: float
    roi: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """All that a back-test says of a strategy.

    `clv_se` is the standard error of the mean closing line value, over games.
    `sharpe` is the mean profit of a night divided by its standard deviation, times the root of the
    number of nights. `drawdown` is the deepest fall in units, and `drawdown_nights` the most nights
    in a row below an earlier high.
    """

    strategy: Strategy
    source: str
    all: BetGroup
    clv: float | None
    clv_se: float | None
    clv_n: int
    sharpe: float | None
    drawdown: float
    drawdown_nights: int
    by_market: tuple[BetGroup, ...]
    by_month: tuple[BetGroup, ...]
    grid: tuple[tuple[BetGroup, ...], ...]
    best: BetGroup | None
    luck: tuple[float, float] | None
    tries: int
    made: tuple[MadeBet, ...]


def backtest(
    strategy: Strategy,
    candidates: Sequence[Candidate],
    outcomes: Mapping[Candidate, BetOutcome],
    source: str,
) -> BacktestReport:
    """What a strategy would have brought. Repeatable: its random draws are seeded."""
    made = played(strategy, decided(strategy, candidates), outcomes)
    valued = [(x.candidate.game, x.clv) for x in made if x.clv is not None]
    values = [x for _, x in valued]
    nights = list(nights_of(made).values())
    fell, took = _drawdown(nights)
    cells, best, luck = _grid(strategy, candidates, outcomes)
    return BacktestReport(
        strategy=strategy,
        source=source,
        all=_group("all", made),
        clv=float(np.mean(values)) if values else None,
        clv_se=mean_error(valued),
        clv_n=len(values),
        sharpe=_sharpe(nights),
        drawdown=fell,
        drawdown_nights=took,
        by_market=_parts(made, lambda x: x.candidate.market),
        by_month=_parts(made, lambda x: x.candidate.day.isoformat()[:7]),
        grid=cells,
        best=best,
        luck=luck,
        tries=len(EDGES) * len(CHANCES),
        made=tuple(made),
    )


def nights_of(made: Iterable[MadeBet]) -> dict[date, float]:
    """The profit of each night with a bet, in units, oldest first."""
    found: dict[date, float] = defaultdict(float)
    for x in made:
        found[x.candidate.day] += x.profit
    return dict(sorted(found.items()))


def _parts(made: Sequence[MadeBet], key: Callable[[MadeBet], str]) -> tuple[BetGroup, ...]:
    parts: dict[str, list[MadeBet]] = defaultdict(list)
    for x in made:
        parts[key(x)].append(x)
    return tuple(_group(name, parts[name]) for name in sorted(parts))


def _group(key: str, made: Sequence[MadeBet]) -> BetGroup:
    staked, profit = sum(x.stake for x in made), sum(x.profit for x in made)
    roi = profit / staked if staked else None
    low, high = _bounds(made) if staked else (None, None)
    return BetGroup(key, len(made), staked, profit, roi, low, high)


def _bounds(made: Sequence[MadeBet]) -> tuple[float, float]:
    """The 95 % interval of the ROI by resampling nights: bets of one night are not independent."""
    nights: dict[date, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for x in made:
        nights[x.candidate.day][0] += x.profit
        nights[x.candidate.day][1] += x.stake
    table = np.array([nights[x] for x in sorted(nights)])
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(table), size=(RESAMPLES, len(table)))
    sums = table[drawn].sum(axis=1)
    rois = sums[:, 0] / np.maximum(sums[:, 1], 1e-12)
    low, high = np.quantile(rois, (0.025, 0.975))
    return float(low), float(high)


def _sharpe(nights: Sequence[float]) -> float | None:
    if len(nights) < 2 or np.std(nights) == 0:  # noqa: PLR2004 - a spread needs two
        return None
    return float(np.mean(nights) / np.std(nights, ddof=1) * math.sqrt(len(nights)))


def _drawdown(nights: Sequence[float]) -> tuple[float, int]:
    """The deepest fall below an earlier high, and the most nights in a row below one."""
    top = level = worst = 0.0
    since = longest = 0
    for profit in nights:
        level += profit
        if level >= top:
            top, since = level, 0
            continue
        since += 1
        worst = max(worst, top - level)
        longest = max(longest, since)
    return worst, longest


def _grid(
    strategy: Strategy, candidates: Sequence[Candidate], outcomes: Mapping[Candidate, BetOutcome]
) -> tuple[tuple[tuple[BetGroup, ...], ...], BetGroup | None, tuple[float, float] | None]:
    """Flat bets past each pair of thresholds; the best cell, and shuffles' best (median, 95 %)."""
    pool = [
        x for x in candidates
        if _market(x.market) in strategy.markets and _picked(strategy.pick, x)
        and outcomes[x].won is not None
    ]  # fmt: skip
    if not pool:
        return (), None, None
    edges: Floats = np.array([x.figures["edge"] for x in pool])
    p: Floats = np.array([x.win for x in pool])
    profit: Floats = np.array([x.odds * (outcomes[x].won or 0.0) - 1 for x in pool])
    counts, sums = _cells(edges, p, profit)
    rows = tuple(
        tuple(_cell(EDGES[i], CHANCES[j], counts[i, j], sums[i, j]) for j in range(len(CHANCES)))
        for i in range(len(EDGES))
    )
    flat = [cell for row in rows for cell in row if cell.n >= LEAST_BETS]
    best = max(flat, key=lambda x: (x.roi or 0.0, x.n), default=None)
    rng = np.random.default_rng(SEED)
    tops = []
    for _ in range(SHUFFLES):
        order = rng.permutation(len(pool))
        drawn, brought = _cells(edges[order], p[order], profit)
        fit = drawn >= LEAST_BETS
        if fit.any():
            tops.append(float(np.max(brought[fit] / drawn[fit])))
    luck = (float(np.median(tops)), float(np.quantile(tops, 0.95))) if tops else None
    return rows, best, luck


def _cells(edges: Floats, p: Floats, profit: Floats) -> tuple[Floats, Floats]:
    """How many bets pass each pair of thresholds, and their total profit."""
    past_edge = (edges[None, :] >= np.array(EDGES)[:, None]).astype(np.float64)
    past_p = (p[None, :] >= np.array(CHANCES)[:, None]).astype(np.float64)
    counts: Floats = past_edge @ past_p.T
    sums: Floats = (past_edge * profit) @ past_p.T
    return counts, sums


def _cell(edge: float, p: float, count: float, total: float) -> BetGroup:
    n = round(count)
    return BetGroup(f"edge {edge:g}, p {p:g}", n, float(n), float(total), total / n if n else None)


OutlookOf = Callable[[Game, Lines, Sequence[Player]], "Outlook"]
"""Forecasts a game before its tip-off, from the market's lines of a moment."""


@dataclass(frozen=True, slots=True)
class QuotesOfGame:
    """A finished game with its stored quotes, its close, and the players of it that are known."""

    game: Game
    final: GameState
    quotes: tuple[Quote, ...]
    close: GameClose
    players: tuple[Player, ...] = ()

    @property
    def tip_at(self) -> datetime:
        """When it tipped off."""
        return self.close.closing.tip_at or self.game.start


def candidates(
    kept: QuotesOfGame, strategy: Strategy, settings: OddsSettings, outlook_of: OutlookOf
) -> list[tuple[Candidate, BetOutcome]]:
    """Each side that was for sale at your books, at its price one DELAY after the decision.

    The decision falls at the first quote at which the strategy's conditions hold, else at the last
    before tip-off. It knows nothing of what was quoted or played later.
    """
    mine = strategy.books or settings.mine
    times = sorted({x.at for x in kept.quotes if x.at <= kept.tip_at})
    found: dict[Selection, Candidate] = {}
    done: set[Selection] = set()
    outlooks: dict[Lines, Outlook] = {}
    for at in times:
        standing = in_force(kept.quotes, at)
        found_lines = consensus(two_sided(standing))
        if found_lines is None:
            continue
        lines = found_lines[0]
        if lines not in outlooks:
            outlooks[lines] = outlook_of(kept.game, lines, kept.players)
        for selection in {x.selection.main for x in standing} - done:
            one = _candidate(kept, selection, at, outlooks[lines], mine, settings)
            if one is not None:
                found[selection] = one
                if strategy.holds(one.figures):
                    done.add(selection)
    offers = []
    for selection, one in found.items():
        fair = kept.close.fair(selection)
        clv = None if fair is None else fair.of(selection) * one.odds - 1
        result = _result(selection, kept)
        if result not in (None, Result.VOID):
            won = {Result.WON: 1.0, Result.LOST: 0.0}.get(result)
            offers.append((one, BetOutcome(won, clv)))
    return offers


def in_force(quotes: Sequence[Quote], at: datetime) -> list[Quote]:
    """The prices that stood at a time: the last of each book and side up to then, if open."""
    last: dict[tuple[str, Selection], Quote] = {}
    for quote in quotes:
        if quote.at <= at:
            last[quote.book, quote.selection] = quote
    return [x for x in last.values() if x.open]


def _candidate(
    kept: QuotesOfGame, selection: Selection, at: datetime, outlook: Outlook, mine: Sequence[str],
    settings: OddsSettings,
) -> Candidate | None:  # fmt: skip
    market = market_of(selection, kept.players)
    asked = best_quote(in_force(kept.quotes, at), selection, mine, settings.anchors, at)
    later = min(at + DELAY, kept.tip_at)
    had = best_quote(in_force(kept.quotes, later), selection, mine, settings.anchors, later)
    chance = None if market is None else calibrated_or_none(market, outlook)
    if asked is None or had is None or chance is None:
        return None
    return Candidate(
        game=kept.game.id,
        day=kept.game.slate,
        market=selection.plain,
        side=selection.side,
        text=f"{kept.game.name} {selection_text(selection, kept.game.home, kept.game.away)}",
        book=had.book,
        win=chance.win,
        push=chance.push,
        odds=had.odds,
        asked=asked.odds,
        minutes=(kept.game.start - at).total_seconds() / 60,
        underdog=asked.odds > _EVEN
        if selection.plain == MONEYLINE
        else (selection.points or 0) > 0,
    )


def _result(selection: Selection, kept: QuotesOfGame) -> Result | None:
    """How a side came out; None where the final state does not tell it."""
    market = market_of(selection, kept.players)
    try:
        return None if market is None else judge(market, kept.final, house_of(None)).result
    except Unsettleable:
        return None


async def own_games(store: Store, now: datetime) -> list[QuotesOfGame]:
    """The finished games of which quotes are stored.

    The tip-off of a game that was not followed is taken to be the listed one.
    """
    by_game: dict[str, list[Quote]] = defaultdict(list)
    for quote, _, _ in await store.quotes.history(None, now - _EVER, now):
        by_game[quote.game].append(quote)
    closings, found = await store.quotes.closings(), []
    for game, state in await store.games():
        if state is None or state.phase is not Phase.FINAL or game.id not in by_game:
            continue
        known = closings.get(game.id)
        if known is None or known.void:
            known = Closing(game.id, 0, game.start)
        close = await made_again(store.quotes, known)
        final, quotes = replace(state, game=game), tuple(by_game[game.id])
        found.append(QuotesOfGame(game, final, quotes, close))
    return found
