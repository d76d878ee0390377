"""Measures the time to forecast and price one state, beside two normals and a simulation.

    python -m benchmarks.forecast_speed

Prints the median and the 99th percentile in milliseconds of the outlook with all its markets
(1 moneyline, 20 spreads, 20 totals, 10 team totals, 8 period lines, 2 parlays), of 41 markets from
normals, and of markets from 10,000 simulated scores; and the states a second of `tracker price`.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from tracker.app.price_batch import price_lines
from tracker.domain.game import Game, GameState, Phase, Score, Side
from tracker.domain.market import Direction, Market, Moneyline, Span, Spread, TeamTotal, Total
from tracker.domain.prior import Prior, PriorSource
from tracker.forecast import forecast, load_parameters, parlay
from tracker.forecast.pricing.markets import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable

GAME = Game("bench", "nba", "DEN", "LAL", datetime(2024, 1, 1, tzinfo=UTC))
PRIOR = Prior(4.5, 226.5, PriorSource.LINES)
STATES = 1000
DRAWS = 10_000


def a_state(rng: random.Random) -> GameState:
    """A random plausible state of regulation."""
    left = rng.uniform(1, 2880)
    played = 1 - left / 2880
    home, away = (max(0, round(played * 113 + rng.gauss(0, 8) * played**0.5)) for _ in range(2))
    period = min(int((2880 - left) // 720) + 1, 4)
    clock = left - (4 - period) * 720
    each = Score(home // period, away // period)
    rest = Score(home - each.home * (period - 1), away - each.away * (period - 1))
    periods = (*[each] * (period - 1), rest)
    return GameState(GAME, Phase.LIVE, period, clock, Score(home, away), periods=periods)


def markets() -> list[Market]:
    """The single markets that are priced."""
    found: list[Market] = [Moneyline(Side.HOME)]
    found += [Spread(Side.HOME, -9.5 + k) for k in range(20)]
    found += [Total(Direction.OVER, 216.5 + k) for k in range(20)]
    found += [
        TeamTotal(Side.HOME if k % 2 else Side.AWAY, Direction.OVER, 106.5 + k) for k in range(10)
    ]
    for span, total in ((Span.H1, 112.5), (Span.H2, 113.5), (Span.Q3, 56.5), (Span.Q4, 56.5)):
        found += [Total(Direction.OVER, total, span), Spread(Side.HOME, -2.5, span)]
    return found


PARLAYS: tuple[tuple[Market, ...], ...] = (
    (Moneyline(Side.HOME), Total(Direction.OVER, 226.5)),
    (Spread(Side.HOME, -4.5), TeamTotal(Side.HOME, Direction.OVER, 114.5)),
)
LINES = np.arange(-9.5, 10.5)
TOTALS = np.arange(216.5, 236.5)


def normal(state: GameState) -> float:
    """Price moneyline, 20 spreads and 20 totals from a normal margin and a normal total."""
    part = state.seconds_left / 2880
    margin = state.score.margin + part * PRIOR.margin
    total = state.score.total + part * PRIOR.total
    sd_margin, sd_total = 13.5 * part**0.45 + 0.1, 17.5 * part**0.45 + 0.1
    lines = ndtr((margin - LINES) / sd_margin)
    totals = ndtr((total - TOTALS) / sd_total)
    return float(lines.sum() + totals.sum() + ndtr(margin / sd_margin))


def simulation(state: GameState, rng: np.random.Generator) -> float:
    """Price spreads, totals, team totals and a parlay from simulated final scores."""
    part = state.seconds_left / 2880
    margin = np.rint(rng.normal(state.score.margin + part * 4.5, 13.5 * part**0.5, DRAWS))
    total = np.rint(rng.normal(state.score.total + part * 226, 17.5 * part**0.5, DRAWS))
    home = (margin + total) / 2
    found = [np.mean(margin > x) for x in LINES] + [np.mean(total > x) for x in TOTALS]
    found += [np.mean(home > x) for x in range(106, 116)]
    found.append(np.mean((margin > 0) & (total > 226.5)))
    return float(sum(found))


def timed(work: Callable[[GameState], object], states: list[GameState]) -> tuple[float, float]:
    """The median and the 99th percentile, in milliseconds, of `work` on one state."""
    for state in states[:50]:
        work(state)
    times = []
    for state in states:
        start = perf_counter()
        work(state)
        times.append((perf_counter() - start) * 1e3)
    return float(np.median(times)), float(np.quantile(times, 0.99))


def main() -> None:
    """Measure and print."""
    rng = random.Random(0)  # noqa: S311 - states to measure on
    states = [a_state(rng) for _ in range(STATES)]
    parameters = load_parameters("nba")
    sheet = Sheet.of(markets())
    draws = np.random.default_rng(0)

    def ours(state: GameState) -> None:
        outlook = forecast(state, PRIOR, parameters)
        sheet.rows(outlook)
        for legs in PARLAYS:
            parlay(legs, outlook)

    rows: list[tuple[str, Callable[[GameState], object]]] = [
        ("outlook and 61 markets", ours),
        ("outlook alone", lambda state: forecast(state, PRIOR, parameters)),
        ("normal, 41 markets", normal),
        ("simulation, 10,000 draws", lambda state: simulation(state, draws)),
    ]
    for name, work in rows:
        median, high = timed(work, states)
        print(f"{name:26} p50 {median:.3f} ms   p99 {high:.3f} ms")
    each = timed(lambda x: forecast(x, PRIOR, parameters).final.margin.sums, states)[0]
    print(
        f"a season, every 10 s       {each * 1230 * 288 / 1000:.0f} s on one core (354,240 states)"
    )
    lines = [
        json.dumps({
            "id": k, "league": "nba", "home": "DEN", "away": "LAL", "period": x.period,
            "clock": round(x.clock, 1), "score": {"home": x.score.home, "away": x.score.away},
            "lines": {"home_spread": -4.5, "total": 226.5}, "bets": ["DEN -4.5", "over 224.5"],
        })
        for k, x in enumerate(states)
    ]  # fmt: skip
    list(price_lines(lines[:50]))
    start = perf_counter()
    count = sum(1 for _ in price_lines(lines))
    print(f"tracker price              {count / (perf_counter() - start):,.0f} states a second")


if __name__ == "__main__":
    main()
