"""Promises of credits: closes come first, the planned cost is charged, the rest is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker.app.market import tip_of
from tracker.domain.bet import Bet
from tracker.domain.game import Game, Side
from tracker.domain.market import (
    Direction,
    Market,
    Moneyline,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    Total,
)
from tracker.domain.player import Player, Stat
from tracker.domain.poll import Credit, Purchase, Purpose
from tracker.engine.market import credits as plans
from tracker.engine.market.credits import Refusal, Tariff, Tip, afford, due, plan, reserve

TARIFF = Tariff.of(("h2h", "spreads", "totals"), ("us",), ())
TIPS = json.loads(Path(__file__).with_name("fixtures").joinpath("tips_2023-24.json").read_text())
START = datetime(2024, 1, 2, 0, 30, tzinfo=UTC)


def tip(number: int, start: datetime, *own: str) -> Tip:
    """A game with a bet."""
    return Tip(str(number), "nba", f"AAA@B{number:02d}", start, own)


def charged(purchase: Purchase) -> int:
    """The credits that the provider charges for a request: markets times regions."""
    assert purchase.markets
    return len(purchase.markets) * 1


@pytest.mark.parametrize(("month", "spent"), [("2023-11", 384), ("2024-01", 438), ("2024-03", 432)])
def test_every_close_of_a_real_month_fits_the_free_plan(month: str, spent: int) -> None:
    """500 credits pay every close of a month, and each request costs as planned."""
    starts = [datetime.fromisoformat(f"{x}+00:00") for x in TIPS[month]]
    left = 500
    bought: list[Purchase] = []
    for night in sorted({(x - timedelta(hours=10)).date() for x in starts}):
        tips = [
            tip(i, x) for i, x in enumerate(starts) if (x - timedelta(hours=10)).date() == night
        ]
        for wanted in plan(tips, TARIFF):
            found = afford(wanted, left, TARIFF)
            assert found == wanted
            left -= charged(wanted)
            bought.append(wanted)
    assert sum(x.planned for x in bought) == sum(map(charged, bought)) == spent
    assert left == 500 - spent
    assert sum(len(x.games) for x in bought) == len(starts)


def test_players_of_one_game_cost_each_market_that_is_asked_for() -> None:
    """Each player market is charged; eleven named books count as two regions."""
    two = Tariff.of(("h2h",), ("us",), tuple(f"book{i}" for i in range(11)))
    closes, own = plan([tip(1, START, "player_points", "player_assists")], two)
    assert (closes.planned, own.planned) == (2, 4)
    assert own.purpose is Purpose.OWN


def test_a_close_is_bought_with_fewer_markets_before_it_is_not_bought_at_all() -> None:
    """A close too dear is bought with fewer markets; with no credits it is refused."""
    (wanted,) = plan([tip(1, START)], TARIFF)
    some = afford(wanted, 2, TARIFF)
    assert isinstance(some, Purchase)
    assert (some.markets, some.planned) == (("h2h", "spreads"), 2)
    none = afford(wanted, 0, TARIFF)
    assert none == Refusal(wanted, "0 credits are left, and it costs 3")


def test_nothing_else_takes_what_tonights_closes_need() -> None:
    """Other markets leave tonight's closes their credits; looks leave a whole month's."""
    closes, own = plan([tip(1, START, "player_points")], TARIFF)
    assert closes.planned == 3
    assert isinstance(afford(own, 3, TARIFF, closes_left=3), Refusal)
    assert afford(own, 4, TARIFF, closes_left=3) == own
    look = plans.look([tip(1, START)], TARIFF, START)
    assert reserve(TARIFF) == 438
    assert isinstance(afford(look, 440, TARIFF), Refusal)
    assert afford(look, 441, TARIFF) == look


def test_a_close_is_bought_when_the_countdown_nears_its_end() -> None:
    """A close is due at four minutes to go, or six minutes after the listed tip-off."""
    game = tip(1, START)
    late = START + timedelta(minutes=20)
    assert not due(game, late, timedelta(minutes=5))
    assert due(game, START, timedelta(minutes=4))
    assert not due(game, START + timedelta(minutes=5), None)
    assert due(game, START + timedelta(minutes=6), None)


def test_a_close_asks_for_the_markets_that_bets_are_on_and_no_more() -> None:
    """A close buys the markets of the game's bets, and alternate lines only if configured."""
    game = Game("1", "nba", "DEN", "LAL", START)
    jokic = Player("Nikola Jokić", Side.HOME)
    markets: tuple[Market, ...] = (
        Spread(Side.HOME, -4.5), Total(Direction.OVER, 112.5, Span.H1),
        Moneyline(Side.HOME, Span.Q1), TeamTotal(Side.AWAY, Direction.UNDER, 108.5),
        PlayerTotal(jokic, Stat.PRA, Direction.OVER, 45.5),
    )  # fmt: skip
    bets = [Bet(i, str(i), x, game, (), START) for i, x in enumerate(markets, 1)]
    pra = "player_points_rebounds_assists"
    assert tip_of(game, bets).own == ("h2h_q1", pra, "team_totals", "totals_h1")
    named = tip_of(game, bets, ("h2h", "alternate_spreads", f"{pra}_alternate"))
    assert named.own == (
        "alternate_spreads", "h2h_q1", pra, f"{pra}_alternate", "team_totals", "totals_h1",
    )  # fmt: skip
    assert tip_of(replace(game, id="2"), bets).own == ()


def test_after_a_restart_a_close_is_bought_though_lines_were_bought_before() -> None:
    """Only a close counts as one, a second close as the last, and a refused request as nothing."""
    early, late = START - timedelta(hours=3), START
    one, two = tip(1, START, "player_points"), tip(2, START)

    def row(purpose: Purpose, at: datetime, games: str, refused: str | None = None) -> Credit:
        return Credit("source", at, f"{purpose.value} {games}", 3, refused=refused)

    both = f"{one.name}, {two.name}"
    looked = plans.spent([row(Purpose.LOOK, early, both)], [one, two])
    assert (looked.closes, looked.leagues) == ({}, {"nba": early})
    rows = [
        row(Purpose.LOOK, early, both), row(Purpose.CLOSE, late, one.name),
        row(Purpose.OWN, late, one.name), row(Purpose.AGAIN, late, one.name),
        row(Purpose.CLOSE, late, two.name, refused="no credits are left"),
    ]  # fmt: skip
    found = plans.spent(rows, [one, two])
    assert found == ({"1": late}, {"nba": late}, {"1"}, {"1"})
    college = [replace(one, name=x) for x in ("UMBC@BUCK", "BC@BU")]
    assert plans.spent([row(Purpose.CLOSE, late, college[0].name)], college[1:]).closes == {}
