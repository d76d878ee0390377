"""Promises of the close: which quotes count, how old they may be, and a bet's value by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tracker.app.market.value import closing_values
from tracker.app.player_priors import PlayerBeliefs
from tracker.domain.bet import Bet, Leg, Parlay, Result, Settlement
from tracker.domain.game import Game, GameState, Phase, Score, Side
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
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, Stat
from tracker.domain.quote import (
    ESPN_LINE,
    Closing,
    Quote,
    Selection,
    TwoSided,
    after_fee,
    before_fee,
    two_sided,
)
from tracker.domain.tracking import Tracked
from tracker.domain.value import ClosingValue, Grade
from tracker.engine.market import GameClose, QuoteBoard, best_quote, close, tip_off
from tracker.engine.market.clv import Placed
from tracker.forecast import load_parameters
from tracker.forecast.players import load_player_figures
from tracker.forecast.players.priors import PlayerPriors, player_prior

TIP = datetime(2026, 11, 21, 3, 10, tzinfo=UTC)
GAME = Game("0022600001", "nba", "DEN", "LAL", TIP - timedelta(minutes=10))
JOKIC = Player("Nikola Jokić", Side.HOME)
HOME = Selection("moneyline", "home")
SPREAD = Selection("spread", "home", -5.5)
OVER = Selection("total", "over", 225.5)
POINTS = Selection("player_points", "over", 27.5, JOKIC.name)


def pair(
    book: str, selection: Selection, odds: tuple[float, float], minutes: float = 2.0
) -> list[Quote]:
    """One book's quotes of both sides of a line, `minutes` before tip-off."""
    at = TIP - timedelta(minutes=minutes)
    return [
        Quote(GAME.id, book, selection, at, odds[0]),
        Quote(GAME.id, book, selection.opposite, at, odds[1]),
    ]


def market(*books: str, minutes: float = 2.0) -> list[TwoSided]:
    """The usual lines, quoted by each of these books."""
    return two_sided(
        [
            quote
            for book in books
            for selection, odds in (
                (HOME, (1.45, 2.85)), (SPREAD, (1.91, 1.91)), (OVER, (1.95, 1.87)),
                (POINTS, (1.80, 2.02)),
            )
            for quote in pair(book, selection, odds, minutes)
        ]
    )  # fmt: skip


def bet(wager: Market | Parlay, odds: str | None = "-110", minutes: float = 60.0) -> Bet:
    """A bet that was placed `minutes` before tip-off."""
    placed = TIP - timedelta(minutes=minutes)
    price = None if odds is None else parse_odds(odds)
    return Bet(1, "x", wager, GAME, (), placed, odds=price, stake_cents=1000)


class Known(PlayerBeliefs):
    """A source of player priors that knows only the players it is given."""

    def __init__(self, *names: Player) -> None:
        super().__init__()
        self.names = names

    def of(self, bets: Sequence[Bet], game: Game, *_: object) -> PlayerPriors | None:  # noqa: ARG002
        """Average priors for the known players."""
        figures = load_player_figures(game.league)
        known = {(x.side, x.key): player_prior((), figures) for x in self.names}
        return PlayerPriors(figures, known, guess=False)

    def knows_player(self, player: Player, game: Game) -> bool:  # noqa: ARG002
        """Whether the player is one of those given."""
        return player in self.names


def value(made: GameClose, *bets: Bet, known: Known | None = None) -> ClosingValue:
    """The closing line value of the first of these bets."""
    placed = [Placed(x) for x in bets]
    found = closing_values(placed, {GAME.id: made}, {}, load_parameters, known or Known(), TIP)
    return found[0]


def test_the_tip_off_is_when_the_clock_began_to_run() -> None:
    """The tip-off is the time of the first live poll less the game clock that had run."""
    state = GameState(GAME, Phase.LIVE, 1, 690.0, Score(2, 0))
    assert tip_off(state, TIP + timedelta(seconds=30)) == TIP


def test_a_game_that_is_first_seen_late_tipped_off_soon_after_its_listed_time() -> None:
    """The clock stands for an hour of a game, and prices from play must not be in the close."""
    third = GameState(GAME, Phase.LIVE, 3, 480.0, Score(61, 58))
    over = GameState(GAME, Phase.FINAL, 4, 0.0, Score(110, 98))
    early = TIP + timedelta(minutes=1)
    for state, at in ((third, TIP + timedelta(minutes=75)), (over, TIP + timedelta(hours=9))):
        assert GAME.start < tip_off(state, at) < TIP
        assert tip_off(state, early) < early
    slid = tip_off(third, TIP + timedelta(minutes=175))
    assert TIP + timedelta(minutes=85) < slid < TIP + timedelta(minutes=100)


def test_the_close_is_the_median_of_fair_chances_of_three_books() -> None:
    """The close is the median of three books' chances, each without the book's margin."""
    lines = market("a", "b", "c")
    lines[0] = lines[0]._replace(odds=1.40, other=3.05)
    made = close(GAME.id, 1, TIP, lines)
    assert made.closing.home_spread == -5.5
    assert made.closing.total == 225.5
    assert made.closing.home_chance == pytest.approx(2.85 / (1.45 + 2.85), abs=1e-12)
    assert (made.closing.books, made.closing.by) == (3, "3 books")
    assert made.closing.age_s == 120


def test_quotes_from_after_the_tip_off_and_old_ones_do_not_count() -> None:
    """Quotes from after tip-off or over ten minutes before it do not count."""
    assert close(GAME.id, 1, TIP, market("a", "b", "c", minutes=-0.1)).closing.books == 0
    assert close(GAME.id, 1, TIP, market("a", "b", "c", minutes=10.1)).closing.books == 0
    stale = close(GAME.id, 1, TIP, market("a", "b", "c", minutes=10.1))
    assert stale.why["spread"].startswith("suspended or not read since 02:59")


def test_with_two_books_an_exchange_stands_in_and_then_espn() -> None:
    """With only two books an exchange makes the close, or else ESPN, and the close names it."""
    two = close(GAME.id, 1, TIP, market("a", "b"))
    assert two.closing.books == 0
    assert two.why["moneyline"] == "2 books quoted it, 3 count"
    assert close(GAME.id, 1, TIP, market("a", "b", "espn")).closing.by == "espn"
    assert close(GAME.id, 1, TIP, market("a", "espn", "kalshi")).closing.by == "kalshi"


def test_a_line_without_prices_is_where_the_market_is_and_no_quote() -> None:
    """A bet on it is converted, nobody sells it, and one with prices goes before it."""
    line = [x for on in (SPREAD, OVER) for x in pair(ESPN_LINE, on, (2.0, 2.0))]
    made = close(GAME.id, 1, TIP, two_sided(line))
    assert (made.closing.home_spread, made.closing.by) == (-5.5, "espn line")
    assert not made.fairs
    worth = value(made, bet(Spread(Side.HOME, -5.5)))
    assert (worth.grade, worth.reason) == (Grade.CONVERTED, "espn line")
    assert worth.chance is not None
    assert worth.chance.win == pytest.approx(0.5, abs=0.02)
    assert best_quote(line, SPREAD, (ESPN_LINE, "espn"), (), TIP) is None
    priced = [*line, *pair("espn", SPREAD, (1.80, 2.05))]
    assert close(GAME.id, 1, TIP, two_sided(priced)).fair(SPREAD) is not None


def test_a_book_that_two_sources_quote_is_one_book() -> None:
    """Two books of one source that the league's own list has too are no three books."""
    listed = market("fanduel", "draftkings", "nba:fanduel", "nba:draftkings")
    assert close(GAME.id, 1, TIP, listed).closing.by is None
    made = close(GAME.id, 1, TIP, [*listed, *market("nba:betmgm")])
    assert (made.closing.by, made.closing.books) == ("3 books", 3)


def test_a_book_with_the_sides_swapped_does_not_move_the_close() -> None:
    """A book whose sides are swapped is far from the median and left out."""
    lines = market("a", "b", "c")
    swapped = [x._replace(book="d", odds=x.other, other=x.odds) for x in lines if x.book == "a"]
    made = close(GAME.id, 1, TIP, lines + swapped)
    assert made.closing.home_chance == close(GAME.id, 1, TIP, lines).closing.home_chance


def test_a_quoted_bet_is_worth_its_price_times_the_fair_chance() -> None:
    """A quoted bet's value is w d + p - 1, without any model."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    found = value(made, bet(Moneyline(Side.AWAY), "+200"))
    w = 1 - 2.85 / (1.45 + 2.85)
    assert found.grade is Grade.QUOTED
    assert found.value == pytest.approx(3 * w - 1, abs=1e-12)
    spread = value(made, bet(Spread(Side.AWAY, 5.5), "-105"))
    assert (spread.grade, spread.points) == (Grade.QUOTED, 5.5)
    assert spread.value == pytest.approx(0.5 * (1 + 100 / 105) - 1, abs=1e-12)


def test_a_line_that_moved_is_converted_by_the_distribution() -> None:
    """A bet at another line than the close is valued by the outlook at the closing lines."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    better = value(made, bet(Spread(Side.HOME, -4.5)))
    assert (better.grade, better.points) == (Grade.CONVERTED, -5.5)
    assert better.chance is not None
    assert 0.52 < better.chance.win < 0.56
    team = value(made, bet(TeamTotal(Side.HOME, Direction.OVER, 112.5)))
    assert team.grade is Grade.CONVERTED
    total = value(made, bet(Total(Direction.UNDER, 226.5)))
    assert total.chance is not None
    # The books lean to the under: .511 at 225.5.
    assert 0.52 < total.chance.win < 0.55


def test_a_players_line_is_read_off_his_closing_line() -> None:
    """A player's other line is valued by an outlook that is fitted to his closing line."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    same = value(made, bet(PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 27.5)))
    assert same.grade is Grade.QUOTED
    lower = value(made, bet(PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 25.5)))
    assert (lower.grade, lower.points) == (Grade.CONVERTED, 27.5)
    assert same.chance is not None
    assert lower.chance is not None
    assert same.chance.win + 0.03 < lower.chance.win < same.chance.win + 0.2


def test_a_player_whom_nobody_quotes_has_our_own_model_or_nothing() -> None:
    """A player without quotes is valued by the model, or not at all when little known."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    line = bet(PlayerTotal(JOKIC, Stat.AST, Direction.OVER, 8.5))
    other = Player("Austin Reaves", Side.AWAY)
    unknown = bet(PlayerTotal(other, Stat.AST, Direction.OVER, 5.5))
    assert value(made, line, known=Known(JOKIC)).grade is Grade.MODEL
    assert value(made, unknown).reason == "little known of the player"


def test_a_parlay_is_worth_its_legs_together() -> None:
    """Legs of one game are valued by their joint chance, not by the product."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    slip = Parlay((Leg(GAME, Moneyline(Side.HOME)), Leg(GAME, Spread(Side.HOME, -5.5))))
    found = value(made, bet(slip, "+150"))
    assert found.grade is Grade.CONVERTED
    assert found.chance is not None
    assert found.chance.win == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("priced", [True, False])
def test_a_leg_that_pushes_leaves_a_parlay_with_the_price_of_the_rest(priced: bool) -> None:
    """Two legs at whole numbers and the usual price lose the margin of both, and gain nothing."""
    quotes = [
        x for book in "abc" for line in (replace(SPREAD, points=-5.0), replace(OVER, points=225.0))
        for x in pair(book, line, (1.91, 1.91))
    ]  # fmt: skip
    made, price = close(GAME.id, 1, TIP, two_sided(quotes)), parse_odds("-110")
    markets = Spread(Side.HOME, -5.0), Total(Direction.OVER, 225.0)
    slip = Parlay(tuple(Leg(GAME, x, price if priced else None) for x in markets))
    found = value(made, bet(slip, "3.6446"))
    assert found.value == pytest.approx((1 - 0.5 / 11) ** 2 - 1, abs=0.012)


def test_what_is_missing_says_why() -> None:
    """A live bet, a bet without a price, a cancelled game and missing quotes say why."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    assert value(made, bet(Moneyline(Side.HOME), minutes=-5)).reason == "live bet"
    assert value(made, bet(Moneyline(Side.HOME), None)).reason == "no price"
    void = GameClose(replace(made.closing, tip_at=None))
    assert value(void, bet(Moneyline(Side.HOME))).reason == "called off"
    empty = close(GAME.id, 1, TIP, [])
    assert value(empty, bet(Moneyline(Side.HOME))).reason == "no close: nobody quoted the moneyline"
    assert value(empty, bet(Spread(Side.HOME, -5.5))).reason.startswith("no close")


def test_an_exchanges_fee_is_in_its_price_and_not_in_what_is_fair() -> None:
    """An exchange's price includes its fee, and its fair chance does not."""
    assert after_fee("kalshi", 0.5) == pytest.approx(1 / 0.5175)
    assert before_fee("kalshi", after_fee("kalshi", 0.37)) == pytest.approx(1 / 0.37)
    (line,) = two_sided(pair("kalshi", HOME, (after_fee("kalshi", 0.62), after_fee("kalshi", 0.4))))
    assert line.chance == pytest.approx(0.62 / 1.02)


def test_a_row_is_written_only_where_a_price_has_changed() -> None:
    """A row is stored for a changed price and a missing one, and again when it comes back."""
    board, scope = QuoteBoard(), "here"
    first = pair("a", HOME, (1.45, 2.85), 5)
    rows = board.changed(first, scope, first[0].at)
    board.take(first, rows, scope, 1)
    assert rows == first
    again = pair("a", HOME, (1.45, 2.85), 4)
    assert board.changed(again, scope, again[0].at) == []
    board.take(again, [], scope, 0)
    gone = board.changed([], scope, TIP)
    assert [x.open for x in gone] == [False, False]
    board.take([], gone, scope, 2)
    assert board.quotes(GAME.id) == []
    assert [x.open for x in board.changed(again, scope, TIP)] == [True, True]
    # The quotes from before the suspension are still the last ones in the history.
    assert [x.at for x in board.lines(GAME.id)] == [first[0].at, again[0].at]
    assert board.standing(GAME.id) == []


def test_the_best_quote_is_over_your_books_and_anchors_stand_apart() -> None:
    """The best price is at the person's books, or at any book that is no anchor."""
    quotes = [
        Quote(GAME.id, book, HOME, TIP, odds)
        for book, odds in (("a", 1.45), ("b", 1.50), ("pinnacle", 1.55), ("espn", 1.60))
    ]
    anchors = ("pinnacle", "kalshi")
    best = best_quote(quotes, HOME, (), anchors, TIP)
    assert best is not None
    assert (best.book, best.odds) == ("b", 1.50)
    mine = best_quote(quotes, HOME, ("a", "pinnacle"), anchors, TIP)
    assert mine is not None
    assert mine.book == "pinnacle"


def test_a_line_that_a_book_has_left_is_quoted_no_more() -> None:
    """A line that the books have moved from does not count for the close."""
    left = [x._replace(at=x.at - timedelta(minutes=7)) for x in market("a", "b", "c")]
    moved = replace(SPREAD, points=-6.5)
    lines = left + two_sided([x for book in "abc" for x in pair(book, moved, (1.91, 1.91))])
    made = close(GAME.id, 1, TIP, lines)
    assert made.fair(SPREAD) is None
    assert made.closing.home_spread == -6.5
    assert value(made, bet(Spread(Side.HOME, -5.5))).grade is Grade.CONVERTED
    # The totals were not quoted again and still count.
    assert made.closing.total == 225.5


def test_a_bet_that_came_back_whole_has_no_value() -> None:
    """A void bet has no closing line value, and an earlier value is replaced."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    line = bet(Moneyline(Side.HOME))
    before = value(made, line)
    gone = Placed.of(replace(Tracked.fresh(line), settlement=void_settlement()))
    assert not gone.heeded(before)
    (after,) = closing_values([gone], {GAME.id: made}, {1: 1}, load_parameters, Known(), TIP)
    assert (after.grade, after.reason, after.revision) == (Grade.MISSING, "void", 2)
    assert gone.heeded(after)


def test_a_bet_that_was_corrected_after_the_close_is_valued_anew() -> None:
    """Its value counts the price as it is by now, and whether it was placed before the tip-off."""
    made, line = close(GAME.id, 1, TIP, market("a", "b", "c")), Moneyline(Side.HOME)
    known = {x: value(made, bet(line, *x)) for x in (("-110", 60), ("-120", 60), (None, 60))}
    known["-110", -5] = value(made, bet(line, "-110", -5))
    for now in known:
        heeded = [x for x, v in known.items() if Placed(bet(line, *now)).heeded(v, [TIP])]
        assert heeded == [now]


def void_settlement() -> Settlement:
    """A settlement that returns the stake."""
    return Settlement(1, 1, Result.VOID, 1000, TIP, "he did not play")


def test_a_leg_that_is_void_drops_out_of_a_parlays_value() -> None:
    """A parlay with a void leg is valued by its other legs and the product of their prices."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    legs = (
        Leg(GAME, Moneyline(Side.HOME), parse_odds("1.50")),
        Leg(GAME, PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 27.5), parse_odds("1.90")),
    )
    slip = bet(Parlay(legs), None)
    whole = value(made, slip)
    tracked = Tracked.fresh(slip)
    gone = replace(tracked, legs=(tracked.legs[0], replace(tracked.legs[1], result=Result.VOID)))
    placed = Placed.of(gone)
    assert not placed.heeded(whole)
    (rest,) = closing_values([placed], {GAME.id: made}, {1: 1}, load_parameters, Known(), TIP)
    assert rest.reason == "3 books; leg 2 void"
    assert rest.chance is not None
    assert whole.chance is not None
    assert rest.chance.win > whole.chance.win
    assert rest.value == pytest.approx(1.5 * rest.chance.win - 1, abs=1e-12)
    assert placed.heeded(rest)


def test_a_parlay_whose_legs_have_no_prices_has_no_value_without_one_of_them() -> None:
    """Without the legs' prices a parlay with a void leg has no price and no value."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    slip = Parlay((Leg(GAME, Moneyline(Side.HOME)), Leg(GAME, Spread(Side.HOME, -5.5))))
    placed = Placed(bet(slip, "+150"), dropped=(1,))
    (found,) = closing_values([placed], {GAME.id: made}, {}, load_parameters, Known(), TIP)
    assert found.reason == "no price: leg 2 void"
    empty = close(GAME.id, 1, TIP, ())
    priced = replace(slip, legs=(replace(slip.legs[0], odds=parse_odds("1.5")), slip.legs[1]))
    placed = Placed(bet(priced, "+150"), dropped=(1,))
    (found,) = closing_values([placed], {GAME.id: empty}, {}, load_parameters, Known(), TIP)
    assert found.reason == "no close: nothing was quoted of LAL@DEN; leg 2 void"
    assert placed.heeded(found), "it is not valued again at every turn"


def test_a_leg_of_a_game_that_is_called_off_leaves_the_rest_to_be_valued() -> None:
    """Once the leg of a cancelled game is void, the other legs are valued."""
    made = close(GAME.id, 1, TIP, market("a", "b", "c"))
    other = replace(GAME, id="0022600002", home="BOS", away="NYK")
    off = GameClose(Closing(other.id, 2, None))
    legs = (
        Leg(GAME, Moneyline(Side.HOME), parse_odds("1.50")),
        Leg(other, Moneyline(Side.HOME), parse_odds("1.90")),
    )
    closes = {GAME.id: made, other.id: off}
    whole = Placed(bet(Parlay(legs), None))
    rest = Placed(whole.bet, dropped=(1,))
    before, after = closing_values([whole, rest], closes, {}, load_parameters, Known(), TIP)
    assert before.reason == "called off"
    assert not rest.heeded(before)
    assert after.grade is Grade.CONVERTED


def test_halves_and_alternate_lines_that_are_quoted_need_no_model() -> None:
    """Quoted halves and alternate lines are valued by their quotes, without a model."""
    half = Selection("total", "over", 112.5, span=Span.H1)
    lower = replace(POINTS, market="player_points_alternate", points=24.5)
    quotes = [
        x for book in "abc" for line, odds in ((half, (1.9, 1.95)), (lower, (1.45, 2.8)))
        for x in pair(book, line, odds)
    ]  # fmt: skip
    made = close(GAME.id, 1, TIP, market("a", "b", "c") + two_sided(quotes))
    first = value(made, bet(Total(Direction.OVER, 112.5, Span.H1)))
    assert (first.grade, first.points) == (Grade.QUOTED, 112.5)
    his = value(made, bet(PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 24.5)))
    assert his.grade is Grade.QUOTED
    assert his.chance is not None
    assert his.chance.win == pytest.approx(2.8 / (1.45 + 2.8), abs=1e-12)
    # The quotes of the first half are not quotes of the second.
    second = value(made, bet(Total(Direction.OVER, 112.5, Span.H2)))
    assert second.grade is Grade.CONVERTED
