"""Promises of back-tests: they repeat, know nothing of the future, and show what luck does."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tracker.app.market.backtest import BetOutcome, Candidate, backtest, decided
from tracker.cli.models.backtest import bets_csv, markdown, read_strategy
from tracker.domain.game import Game
from tracker.domain.prior import Lines
from tracker.engine.market.strategy import BadStrategy, Strategy, strategy_of
from tracker.forecast import load_parameters
from tracker.modelling.backtest import NoSeason, SeasonGame, candidates

TEAMS = ("DEN", "LAL", "BOS", "NYK", "MIA", "GSW")
SHIPPED = Path(__file__).parents[2] / "config" / "strategies"


def games(seed: int = 1, nights: int = 12) -> list[SeasonGame]:
    """A simulated part of a season, with lines."""
    rng = random.Random(seed)  # noqa: S311 - made-up games
    rows = []
    for night in range(nights):
        day = date(2023, 11, 1) + timedelta(days=night)
        order = rng.sample(TEAMS, 6)
        for k in range(3):
            home, away = order[2 * k : 2 * k + 2]
            start = datetime(day.year, day.month, day.day, 23, tzinfo=UTC)
            game = Game(f"00223{night:03d}{k:02d}", "nba", home, away, start, day)
            spread = rng.randint(-9, 9) + 0.5
            lines = Lines(spread, rng.randint(215, 235) + 0.5, 1.8, 2.1)
            points = rng.randint(95, 130), rng.randint(95, 130)
            away_points = points[1] + (points[0] == points[1])
            rows.append(SeasonGame("2023-24", game, points[0], away_points, lines, lines))
    return rows


def told(rows: list[SeasonGame]) -> list[tuple[Candidate, BetOutcome]]:
    """The candidates of these games at closing lines, with their outcomes."""
    made = candidates(rows, "2023-24", "closing", load_parameters("nba"), lambda *_: None)
    return list(made)


def test_nothing_that_comes_later_changes_a_decision() -> None:
    """Other results from a night on change no candidate up to that night, to the bit."""
    rows = games()
    cut = rows[15].game.slate
    rng = random.Random(7)  # noqa: S311 - made-up games
    later = [
        row if row.game.slate < cut
        else replace(row, home_points=rng.randint(80, 140), away_points=rng.randint(141, 150))
        for row in rows
    ]  # fmt: skip
    before = [x for x, _ in told(rows) if x.day <= cut]
    after = [x for x, _ in told(later) if x.day <= cut]
    assert before == after
    assert [x for x, _ in told(rows)] != [x for x, _ in told(later)]


def test_a_season_without_lines_is_told_and_where_lines_are() -> None:
    """Games as `tracker history` collects them make no report of 0 bets."""
    bare = [replace(x, closing=Lines(), opening=Lines()) for x in games(nights=1)]
    with pytest.raises(NoSeason, match="2023-24: no game there has closing lines"):
        told(bare)


def test_a_back_test_run_twice_gives_the_same_bytes() -> None:
    """Its random draws have a fixed seed."""
    pairs = told(games())
    strategy = Strategy("EV above 0", strategy_of({}, "x").when)
    one, two = (backtest(strategy, [x for x, _ in pairs], dict(pairs), "made up") for _ in range(2))
    assert markdown(one) == markdown(two)
    assert bets_csv(one) == bets_csv(two)


def flat(n: int, win: float, odds: float, won: list[float]) -> list[tuple[Candidate, BetOutcome]]:
    """One bet a night at a price, with these results."""
    return [
        (
            Candidate(str(i), date(2024, 1, 1) + timedelta(days=i), "spread", "home", "x", "b",
                      win, 0.0, odds),
            BetOutcome(won[i % len(won)], 0.01),
        )
        for i in range(n)
    ]  # fmt: skip


def test_profit_drawdown_and_value_are_what_they_are_by_hand() -> None:
    """Two bets won, then four lost, at even money, give the figures worked out by hand."""
    pairs = flat(6, 0.55, 2.0, [1, 1, 0, 0, 0, 0])
    found = backtest(Strategy("x", ()), [x for x, _ in pairs], dict(pairs), "made up")
    assert (found.all.n, found.all.staked, found.all.profit) == (6, 6.0, -2.0)
    assert found.all.roi == pytest.approx(-1 / 3)
    assert (found.drawdown, found.drawdown_nights) == (4.0, 4)
    assert found.clv == pytest.approx(0.01)


def test_bets_on_one_game_alone_tell_no_error_of_their_value() -> None:
    """The error of the mean closing line value is over games, and left out if it is not known."""
    values = (0.01, 0.03, 0.05, 0.07)
    several = [
        (bet, BetOutcome(1.0, clv))
        for (bet, _), clv in zip(flat(4, 0.55, 2.0, [1]), values, strict=True)
    ]
    of_one = [(replace(bet, game="one"), came) for bet, came in several]
    for pairs, words in (
        (several, "- closing line value +4.00 % ± 1.29 % (4)"),
        (of_one, "- closing line value +4.00 % (4)"),
    ):
        found = backtest(Strategy("x", ()), [x for x, _ in pairs], dict(pairs), "made up")
        assert words in markdown(found).splitlines()


def test_kellys_share_is_of_the_bankroll_of_that_night_and_capped() -> None:
    """A stake is at most a tenth of the bankroll, and falls with it."""
    pairs = flat(2, 0.60, 2.0, [0, 0])
    strategy = Strategy("x", (), kelly=1.0, cap=0.1, bankroll=50.0)
    found = backtest(strategy, [x for x, _ in pairs], dict(pairs), "made up")
    assert [x.stake for x in found.made] == [5.0, 4.5]


def test_the_best_cell_of_noise_is_no_better_than_that_of_shuffles() -> None:
    """For random chances the grid has a best cell, which shuffles explain."""
    rng = random.Random(3)  # noqa: S311 - made-up games
    pairs = [
        (replace(x, win=rng.uniform(0.4, 0.7), game=str(i)), BetOutcome(float(rng.random() < 0.5)))
        for i, (x, _) in enumerate(flat(600, 0.5, 1.91, [1]))
    ]
    found = backtest(Strategy("x", ()), [x for x, _ in pairs], dict(pairs), "made up")
    assert found.best is not None
    assert found.best.roi is not None
    assert found.luck is not None
    assert found.best.roi <= found.luck[1] + 0.1
    assert found.tries == 49


def test_the_strategies_that_ship_are_understood() -> None:
    """All three shipped strategies can be read, each with its name."""
    found = {x.stem: read_strategy(x) for x in SHIPPED.glob("*.toml")}
    assert found.keys() == {"ev", "likely", "underdog"}
    assert found["likely"].holds({"edge": -1.0, "p": 0.7, "confidence": 0, "minutes": 0, "odds": 1})


@pytest.mark.parametrize(
    "told_wrong",
    [
        {"when": "edge is good"}, {"when": "luck > 0"}, {"stake": "all in"}, {"stake": "kelly/0"},
        {"markets": ["corners"]}, {"markets": "spread"}, {"cap": 2}, {"pick": "red"},
        {"whem": "edge > 0"}, {"bankroll": True}, {"lines": "tomorrow's"},
    ],
)  # fmt: skip
def test_a_strategy_that_cannot_be_understood_is_refused(told_wrong: dict[str, object]) -> None:
    """The refusal names the wrong key."""
    with pytest.raises(BadStrategy, match=next(iter(told_wrong))):
        strategy_of(told_wrong, "mine.toml")


def test_a_side_is_bet_on_by_what_its_price_was_when_it_was_decided() -> None:
    """A price that falls within the minute is paid, and does not change the decision."""
    (one, _), *_ = flat(1, 0.55, 1.7, [1])
    fallen = replace(one, asked=1.95)
    strategy = strategy_of({"when": "edge >= 0.05"}, "x")
    assert decided(strategy, [one]) == []
    assert decided(strategy, [fallen]) == [fallen]


def reckoned(
    name: str, rows: list[SeasonGame], chances: dict[tuple[str, str, str], Candidate]
) -> Decimal:
    """What a shipped strategy brings on some games, worked out from scores and lines alone.

    The chances are the model's; all else is reckoned here anew, in exact decimals.
    """
    usual, sum_of = Decimal(1) + Decimal(100) / Decimal(110), Decimal(0)
    for row in rows:
        lines, margin = row.closing, row.home_points - row.away_points
        total = row.home_points + row.away_points
        assert lines.home_spread is not None
        assert lines.total is not None
        offers = [
            ("spread", "home", usual, margin + lines.home_spread, lines.home_spread > 0),
            ("spread", "away", usual, -margin - lines.home_spread, lines.home_spread < 0),
            ("total", "over", usual, total - lines.total, False),
            ("total", "under", usual, lines.total - total, False),
            ("moneyline", "home", Decimal("1.8"), margin, False),
            ("moneyline", "away", Decimal("2.1"), -margin, True),
        ]
        for market, side, odds, excess, underdog in offers:
            asked = chances[row.game.id, market, side]
            edge = asked.win * float(odds) + asked.push - 1
            taken = {"ev": edge > 0, "likely": asked.win >= 0.7, "underdog": underdog}[name]
            if taken and excess:
                sum_of += odds - 1 if excess > 0 else Decimal(-1)
    return sum_of


@pytest.mark.parametrize("name", ["ev", "likely", "underdog"])
def test_the_strategies_that_ship_bring_what_scores_and_lines_say(name: str) -> None:
    """Each gives the right profit to the cent on simulated games."""
    rows = games(seed=5, nights=40)
    pairs = told(rows)
    strategy = read_strategy(SHIPPED / f"{name}.toml")
    found = backtest(strategy, [x for x, _ in pairs], dict(pairs), "made up")
    chances = {(x.game, x.market, x.side): x for x, _ in pairs}
    assert found.all.n > 20
    assert round(found.all.profit, 2) == float(round(reckoned(name, rows, chances), 2))


def test_the_best_price_is_the_best_of_those_that_were_known() -> None:
    """Neither a better one that came later, nor what a price became after the decision, counts."""
    early = Candidate("1", date(2026, 11, 20), "spread", "home", "x", "a", 0.55, 0.0, 1.95, 60.0)
    worse = replace(early, side="away", odds=2.20, asked=1.90)
    late = replace(early, side="away", odds=2.10, minutes=5.0)
    best = strategy_of({"pick": "best"}, "x")
    assert decided(best, (late, worse, early)) == [early]
