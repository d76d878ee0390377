"""Promises of rules on the market: an edge, a price that moves, a line that moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tracker.app.market.value import Quoted, decision, market_chance, market_reading
from tracker.domain import BadRule
from tracker.domain.alert import Decision
from tracker.domain.bet import Bet
from tracker.domain.chance import Chance
from tracker.domain.game import Game, Side
from tracker.domain.market import Direction, Span, Spread, TeamTotal
from tracker.domain.policy import parse_rule
from tracker.domain.quote import SPREAD, TEAM_TOTAL, Quote, Selection
from tracker.domain.tracking import GameTracking, RuleState, Tracked
from tracker.engine.rules.stepping import MarketReading, step_market
from tracker.store.database.columns import pack_rules, rules_of
from tracker.wording.alerts import compose

NOW = datetime(2026, 11, 21, 1, tzinfo=UTC)
GAME = Game("0022600001", "nba", "DEN", "LAL", NOW + timedelta(hours=2))


class Watch:
    """One bet with one rule, stepped by readings of the market."""

    def __init__(self, text: str) -> None:
        bet = Bet(1, "DEN -4.5", Spread(Side.HOME, -4.5), GAME, (parse_rule(text),), NOW)
        self.tracked = Tracked.fresh(bet).seen_at(Chance(0.53, 0.0, 0.47))
        self.tracking = GameTracking(GAME, (self.tracked,))
        self.states: dict[str, RuleState] = {}
        self.at = NOW
        self.fired: list[str] = []

    def read(self, *values: float, every: float = 60.0) -> list[str]:
        """Step the rule by these values; return the words of the alerts that fired."""
        before = len(self.fired)
        for value in values:
            self.at += timedelta(seconds=every)
            reading = MarketReading(self.at, value, value, value, "2.05 at betmgm")
            changed, alerts = step_market(self.tracked, self.states, reading, self.tracking)
            self.states |= {x.rule: x for x in changed}
            self.fired += [x.detail for x in alerts if x.decision is Decision.FIRED]
        return self.fired[before:]


def test_an_edge_fires_at_the_second_reading_and_again_only_further_out() -> None:
    """An edge rule has the hold, the band and the cooldown of a level rule."""
    watch = Watch("edge >= 0.05")
    assert watch.read(0.02, 0.055) == []
    assert watch.read(0.056) == ["edge +5.6 %, 2.05 at betmgm"]
    assert watch.read(0.045, 0.06, 0.06) == []
    assert watch.read(0.03, 0.03, every=400.0) == []
    assert watch.read(0.12, 0.12) == ["edge +12.0 %, 2.05 at betmgm"]


def test_an_edge_that_is_there_when_the_bet_is_added_makes_no_noise() -> None:
    """An edge that is there when the bet is added does not fire."""
    assert Watch("edge >= 0.05").read(0.08, 0.08, 0.08) == []


def test_what_moves_is_measured_within_its_time() -> None:
    """A move fires only within the rule's time: a price by its chance, a line by its points."""
    price = Watch("price moves 0.03 in 10m")
    assert price.read(0.50, 0.51, 0.52, every=400.0) == []
    assert price.read(0.55, 0.55) == ["the market moved from 51.0 % to 55.0 %"]
    line = Watch("line moves 1.5 in 30m")
    assert line.read(-4.5, -5.0, -6.0, -6.0) == ["the line moved from -4.5 to -6"]


@pytest.mark.parametrize(
    ("rule", "first", "step"),
    [("line moves 1.5 in 30m", x, 2.0) for x in (220.5, -3.5, 0.5)]
    + [("price moves 0.03 in 30m", 0.5, 0.04)],
)
@pytest.mark.parametrize("way", [1, -1])
def test_what_moves_is_told_whenever_it_leaves_what_was_told(
    rule: str, first: float, step: float, way: int
) -> None:
    """What goes on by as much as the rule waits for is told again; what comes back is not."""
    watch = Watch(rule)
    for steps in (0, 1, 2, 2.5, 2, 1, 0):
        watch.read(*[first + way * steps * step] * 20, every=120.0)
    assert len(watch.fired) == 2
    if "line" in rule:
        last, now = (f"{first + way * x * step:g}" for x in (1, 2))
        assert watch.fired[1] == f"the line moved from {last} to {now}"
    assert len(watch.read(*[first - way * step] * 2)) == 1


def test_a_reading_that_is_not_known_moves_nothing() -> None:
    """A reading without a quote changes nothing and fires nothing."""
    watch = Watch("edge >= 0.05")
    watch.read(0.02)
    reading = MarketReading(NOW + timedelta(hours=1))
    assert step_market(watch.tracked, watch.states, reading, watch.tracking) == ([], [])


def both_sides(book: str, line: Selection, p: float, at: datetime) -> list[Quote]:
    """Both sides of a line at a book without a margin, as they stood at a time."""
    return [
        Quote(GAME.id, book, line, at, 1 / p, at),
        Quote(GAME.id, book, line.opposite, at, 1 / (1 - p), at),
    ]


@pytest.mark.parametrize(
    ("rule", "line", "further", "said"),
    [
        ("price moves 0.03 in 10m", -4.5, 0.56, "the market moved from 56.2 % to 45.9 %"),
        ("line moves 1 in 10m", -6.5, 0.50, "the line moved from -6.5 to -3.2"),
    ],
)
def test_a_figure_that_other_books_give_has_not_moved(
    rule: str, line: float, further: float, said: str
) -> None:
    """When the books' quotes are too old and an exchange stands in, nothing has moved."""
    watch, last = Watch(rule), None
    own, other = (Selection(SPREAD, "home", x) for x in (-4.5, line))
    books = [quote for book in "abc" for quote in both_sides(book, own, 0.5, NOW)]
    values = []
    for minutes in range(20, 60):
        at = NOW + timedelta(minutes=minutes)
        size = further if minutes < 50 else further - 0.1
        quotes = [*books, *both_sides("kalshi", other, size, at)]
        reading = market_reading(watch.tracked, Quoted(quotes, at))
        changed, alerts = step_market(watch.tracked, watch.states, reading, watch.tracking, last)
        last = reading.after(last)
        watch.states |= {x.rule: x for x in changed}
        watch.fired += [x.detail for x in alerts if x.decision is Decision.FIRED]
        values.append(reading.price if rule.startswith("price") else reading.line)
    assert len(set(values)) > 1
    assert watch.fired == [said]


def test_in_play_the_market_is_what_is_quoted_within_the_minute() -> None:
    """The books' last prices from before the tip-off are not the market of a game in play."""
    own, at = Selection(SPREAD, "home", -4.5), NOW + timedelta(minutes=20)
    bet = Bet(1, "DEN -4.5", Spread(Side.HOME, -4.5), GAME, (), NOW)
    books = [quote for book in "abc" for quote in both_sides(book, own, 0.5, NOW)]
    before = Quoted([*books, *both_sides("kalshi", own, 0.7, at)], at)
    assert market_chance(bet, before) == pytest.approx(0.5)
    assert market_chance(bet, replace(before, live=True)) == pytest.approx(0.7, abs=0.01)
    assert market_chance(bet, replace(before, quotes=books, live=True)) is None


def test_a_bet_made_in_play_keeps_what_an_exchange_gave_in_that_minute() -> None:
    """The fair chance is from the bet's side; a book's price, or an older one, is none."""
    own = Selection(SPREAD, "home", -4.5)
    home = Bet(1, "DEN -4.5", Spread(Side.HOME, -4.5), GAME, (), NOW)
    away = replace(home, market=Spread(Side.AWAY, 4.5))
    exchange = both_sides("kalshi", own, 0.6, NOW)

    def kept(bet: Bet, quotes: list[Quote], *, live: bool = True) -> float | None:
        return decision(
            bet, Chance(0.6, 0.0, 0.4), "", Quoted(quotes, NOW, live=live)
        ).market_at_bet

    assert kept(home, exchange) == pytest.approx(0.6, abs=0.01)
    assert kept(away, exchange) == pytest.approx(0.4, abs=0.01)
    assert kept(home, exchange, live=False) is None
    assert kept(home, both_sides("betmgm", own, 0.6, NOW)) is None
    assert kept(home, both_sides("kalshi", replace(own, points=-7.5), 0.6, NOW)) is None
    assert kept(replace(home, placed_at=NOW - timedelta(minutes=2)), exchange) is None


def test_an_exchange_whose_main_contract_changes_has_moved_by_what_it_says() -> None:
    """Its contracts are three points apart; its line is where the chances would be even."""
    bet = Bet(1, "DEN -4.5", Spread(Side.HOME, -4.5), GAME, (), NOW)
    lines = [
        market_reading(
            Tracked.fresh(bet),
            Quoted(both_sides("kalshi", Selection(SPREAD, "home", points), p, NOW), NOW),
        ).line
        for points, p in ((-4.5, 0.565), (-7.5, 0.475))
    ]
    before, now = (x for x in lines if x is not None)
    assert -7.5 < min(before, now) <= max(before, now) < -4.5
    assert abs(before - now) < 1


def test_a_stale_chance_has_no_edge_and_an_old_price_is_not_to_be_had() -> None:
    """Neither is what a bet could be made at, as rules see it and as a new bet is kept."""
    own = Selection(SPREAD, "home", -4.5)
    bet = Bet(1, "DEN -4.5", Spread(Side.HOME, -4.5), GAME, (), NOW)
    chance = Chance(0.6, 0.0, 0.4)
    watched = Tracked.fresh(bet).seen_at(chance)
    quoted = Quoted(both_sides("betmgm", own, 0.5, NOW), NOW, live=True)
    assert market_reading(watched, quoted).edge == pytest.approx(0.2)
    assert market_reading(watched, replace(quoted, stale=True)).edge is None
    late = replace(quoted, at=NOW + timedelta(minutes=2))
    assert market_reading(watched, late).edge is None
    assert decision(bet, chance, "", quoted).best is not None
    assert decision(bet, chance, "", late).best is None


def test_the_line_of_a_team_total_is_the_teams_own() -> None:
    """It is not the game's spread, the other team's, or that of a half."""
    bet = Bet(1, "DEN o114.5", TeamTotal(Side.HOME, Direction.OVER, 114.5), GAME, (), NOW)
    own = Selection(TEAM_TOTAL, "over", 115.5, "home")
    others = (replace(own, points=109.5, about="away"), replace(own, points=57.5, span=Span.H1))
    lines = (Selection(SPREAD, "home", -4.5), own, *others)
    quotes = [x for book in "abc" for line in lines for x in both_sides(book, line, 0.5, NOW)]
    assert market_reading(Tracked.fresh(bet), Quoted(quotes, NOW)).line == 115.5
    assert market_reading(Tracked.fresh(bet), Quoted(quotes[:2], NOW)).line is None


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("edge ≥ 5%", "edge >= 0.05"), ("price moves 3% in 10min", "price moves 0.03 in 10m"),
        ("LINE moves 1.5 in 90s", "line moves 1.5 in 90s"),
    ],
)  # fmt: skip
def test_rules_are_known_by_their_text_and_kept_whole(written: str, text: str) -> None:
    """Any spelling of a market rule gives the same text, and is stored whole."""
    rule = parse_rule(written)
    assert rule.text == text
    assert rules_of(pack_rules([rule])) == (rule,)


@pytest.mark.parametrize(
    "text",
    [
        "edge >= 1.5",
        "edge <= 0.05",
        "line moves 3% in 5m",
        "price moves 2 in 5m",
        "line moves 0 in 5m",
    ],
)
def test_what_cannot_be_meant_is_refused(text: str) -> None:
    """A market rule with an impossible figure is refused."""
    with pytest.raises(BadRule):
        parse_rule(text)


def test_the_message_says_the_fact_and_where_the_price_is() -> None:
    """The message gives the edge, the price and the book."""
    watch = Watch("edge >= 0.05")
    watch.read(0.02, 0.06)
    reading = MarketReading(watch.at + timedelta(minutes=1), 0.06, words="2.05 at betmgm")
    _, (alert,) = step_market(watch.tracked, watch.states, reading, watch.tracking)
    text = compose(alert, watch.tracked, watch.tracking)
    assert text.startswith("◈ DEN -4.5: edge +6.0 %, 2.05 at betmgm")
