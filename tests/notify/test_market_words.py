"""Every market in a person's words: its name, its standing, and what it still needs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.notify.values import GAME, NOW, bet, state
from tracker.domain.bet import Bet, Leg, Parlay, Result
from tracker.domain.catalog.books import HouseRules
from tracker.domain.chance import LOST, WON, Chance
from tracker.domain.game import GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    ThreeWay,
    describe,
    kind,
)
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, Stat
from tracker.domain.quote import Closing
from tracker.domain.tracking import LegStanding
from tracker.domain.value import BetDecision, ClosingValue, Grade
from tracker.engine.settle.grading import judge
from tracker.wording import counted, needs, progress, short, short_market, standing
from tracker.wording.closes import (
    closing_text,
    decision_facts,
    mean_text,
    settled_line,
    share_text,
    value_text,
)
from tracker.wording.figures import digits_apart, in_percent, percent, whole_points

JOKIC = Player("Nikola Jokić", Side.HOME)
LIVE = state(
    "Q3 4:11", 61, 58, periods=(Score(28, 30), Score(20, 19), Score(13, 9))
)  # fmt: skip


def made(pts: int, reb: int = 0, ast: int = 0, **others: int) -> GameState:
    """The game with a line of the player."""
    stats = {"pts": pts, "reb": reb, "ast": ast, "3pm": 0, "stl": 0, "blk": 0, "to": 0} | others
    line = PlayerLine("1", JOKIC.name, JOKIC.side, tuple(stats.items()), 20.0, played=True)
    return replace(LIVE, players=(line,))


@pytest.mark.parametrize(
    ("market", "name", "long", "called"),
    [
        (OddEven(Parity.ODD), "LAL@DEN odd", "LAL@DEN odd", "odd_even"),
        (
            OddEven(Parity.EVEN, Side.AWAY, Span.Q1),
            "Q1 LAL points even",
            "Q1 LAL points even",
            "odd_even",
        ),
        (
            ThreeWay(Side.HOME, Span.REGULATION),
            "regulation DEN 3-way",
            "regulation DEN 3-way",
            "three_way",
        ),
        (ThreeWay(None, Span.Q3), "Q3 LAL@DEN tie", "Q3 LAL@DEN tie", "three_way"),
        (
            PlayerTotal(JOKIC, Stat.PRA, Direction.OVER, 44.5),
            "Jokić o44.5 pra",
            "Nikola Jokić over 44.5 pra",
            "player_total",
        ),
        (DoubleDouble(JOKIC), "Jokić double-double", "Nikola Jokić double-double", "double_double"),
        (
            DoubleDouble(JOKIC, happens=False, categories=3),
            "Jokić no triple-double",
            "Nikola Jokić no triple-double",
            "double_double",
        ),
    ],
)
def test_a_market_has_its_names(market: Market, name: str, long: str, called: str) -> None:
    """A market has a short name for a lock screen, a long one for lists, and one for programs."""
    assert short_market(market, GAME) == name
    assert describe(market, GAME.home, GAME.away) == long
    assert kind(market) == called


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Tim Hardaway Jr.", "Hardaway"),
        ("Trey Murphy III", "Murphy"),
        ("Tristan da Silva", "da Silva"),
        ("Shai Gilgeous-Alexander", "Gilgeous-Alexander"),
        ("Nene", "Nene"),
    ],
)
def test_a_player_goes_by_his_last_name(name: str, called: str) -> None:
    """A player's short name is his last name."""
    assert Player(name, Side.HOME).surname == called


@pytest.mark.parametrize(
    ("market", "stands", "wants"),
    [
        (OddEven(Parity.ODD), "119 now", "needs an odd total"),
        (OddEven(Parity.EVEN, Side.HOME, Span.Q3), "13 now", "needs an even number"),
        (ThreeWay(Side.HOME, Span.Q3), "leads Q3 by 4", "needs to win Q3, a tie loses"),
        (ThreeWay(None, Span.H2), "4 apart in 2H", "needs a tie at the end of 2H"),
        (ThreeWay(None, Span.Q1), "Q1 ended 30 – 28", ""),
        (ThreeWay(Side.AWAY, Span.Q4), "Q4 not begun", "needs to win Q4, a tie loses"),
    ],
)
def test_points_say_where_a_market_stands(market: Market, stands: str, wants: str) -> None:
    """A market says its points so far, and what it needs from here."""
    assert standing(market, LIVE) == stands
    assert needs(market, LIVE) == wants


@given(
    st.integers(0, 60),
    st.integers(1, 120).map(lambda x: x / 2),
    st.sampled_from(Direction),
)
def test_what_a_player_needs_agrees_with_how_it_is_settled(
    pts: int, line: float, direction: Direction
) -> None:
    """A player line's need is the least that wins, or the most that still does."""
    market = PlayerTotal(JOKIC, Stat.PTS, direction, line)
    assert standing(market, made(pts)) == f"{pts} now"
    text = needs(market, made(pts))

    def ends(more: int) -> Result:
        final = replace(
            made(pts + more), phase=Phase.FINAL, period=4, clock=0.0,
            score=Score(pts + more, 40), periods=None,
        )  # fmt: skip
        return judge(market, final, HouseRules()).result

    if text.startswith("needs "):
        more = int(text.split()[1])
        assert (ends(more), ends(more - 1) is Result.WON) == (Result.WON, False)
    elif text.startswith("has room for "):
        more = int(text.split()[3])
        assert (ends(more), ends(more + 1) is Result.WON) == (Result.WON, False)


def test_a_player_needs_all_of_it_before_tip_off_whether_or_not_a_box_names_him() -> None:
    """Before tip-off a player needs the whole line, also where a box score names him already."""
    market = PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 25.5)
    named = (PlayerLine("1", JOKIC.name, JOKIC.side, ()),)
    for players in ((), named):
        before = replace(made(0), phase=Phase.SCHEDULED, period=0, players=players)
        assert needs(market, before) == "needs 26 more"


def test_a_double_double_tells_the_figures_that_are_nearest() -> None:
    """A double-double shows the nearest figures, and what is missing in which."""
    market = DoubleDouble(JOKIC)
    assert standing(market, made(12, 8, 4)) == "12 pts 8 reb now"
    assert needs(market, made(12, 8, 4)) == "needs 2 reb more"
    assert needs(market, made(7, 8, 4)) == "needs 2 reb and 3 pts more"
    assert needs(market, made(12, 11, 4)) == "has it"
    assert needs(market, made(8, stl=1)) == "needs 2 pts and 10 reb more", "few steal ten balls"
    assert needs(market, made(8, 4, blk=8)) == "needs 2 pts and 2 blk more"
    assert needs(market, made(12, 9, blk=10)) == "has it"
    assert needs(replace(market, happens=False), made(12, 8, 4)) == "holds until then"


def test_who_has_not_played_says_so() -> None:
    """A player without minutes is shown as not having played, not as zero."""
    market = PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 25.5)
    bench = PlayerLine("1", JOKIC.name, JOKIC.side, (("pts", 0),))
    assert standing(market, replace(LIVE, players=(bench,))) == "has not played yet"
    assert standing(market, LIVE) == ""
    assert needs(market, LIVE) == ""
    before = GameState(GAME, Phase.SCHEDULED, 0, 0, Score(0, 0))
    assert needs(market, before) == "needs 26 more"


def test_a_parlay_is_told_by_its_legs() -> None:
    """A parlay says how many legs are alive, hit, lost or dropped, and has no figure of its own."""
    slip = Parlay((Leg(GAME, Moneyline(Side.HOME)), Leg(GAME, OddEven(Parity.ODD))))
    one = Bet(1, "a parlay", slip, GAME, (), NOW)
    assert short(one) == "Parlay (2)"
    assert (standing(slip, LIVE), needs(slip, LIVE), counted(slip, LIVE)) == ("", "", None)
    legs = [
        LegStanding(1, 0, WON),
        LegStanding(1, 1, Chance(0.4, 0, 0.6)),
        LegStanding(1, 2),
        LegStanding(1, 3, LOST),
        LegStanding(1, 4, result=Result.VOID),
    ]
    assert progress(legs) == "1 lost, 2 alive, 1 hit, 1 dropped"
    assert progress(()) == ""
    assert short(bet("DEN ML")) == "DEN ML"


def test_what_is_as_good_as_certain_has_no_fair_price() -> None:
    """A chance near 1 has no fair price, as odds of 1.00 cannot be written; 60 % has 1.67."""
    for win, told in ((0.6, ("fair 1.67", "by us")), (0.9999998, ("by us",)), (1.0, ("by us",))):
        made = BetDecision(1, NOW, Chance(win, 0.0, 1 - win), None, "us")
        assert decision_facts(made, "as-written") == told


@pytest.mark.parametrize(
    ("grade", "value", "reason", "said"),
    [
        (
            Grade.MODEL,
            0.031,
            "our own model: nobody quoted the player",
            (
                "by our own model your over 25.5 was worth +3.1 %: 54.0 %, you needed 52.4 % "
                "(nobody quoted the player)"
            ),
        ),
        (Grade.MISSING, None, "no close: nobody quoted the total", "none: nobody quoted the total"),
        (Grade.MISSING, None, "live bet", "none: live bet"),
    ],
)
def test_why_a_bet_has_no_close_is_said_once(
    grade: Grade, value: float | None, reason: str, said: str
) -> None:
    """A value without a close of its own says what it rests on, or why it is missing, once."""
    line = PlayerTotal(JOKIC, Stat.PTS, Direction.OVER, 25.5)
    chance = None if value is None else Chance(0.54, 0.0, 0.46)
    found = ClosingValue(1, 1, grade, NOW, chance, value, reason=reason)
    assert value_text(line, parse_odds("-110"), found) == said
    told = settled_line(replace(bet("DEN ML"), market=line), found)
    assert told == (said.partition(":")[0] if grade is Grade.MODEL else "")


def test_what_rounds_to_nothing_has_no_minus() -> None:
    """A small loss is told as +0.0 % or 0.0 %, as a small gain is."""
    assert {share_text(x) for x in (-0.0004, -0.0, 0.0, 0.0004)} == {"+0.0 %"}
    assert {in_percent(x) for x in (-0.0004, 0.0, 0.0004)} == {"0.0 %"}
    assert (share_text(-0.041), in_percent(-0.041)) == ("−4.1 %", "-4.1 %")


def test_a_move_is_between_the_chances_that_are_shown() -> None:
    """From 62 % to 70 % are eight points, on the card and in `status`, whatever is rounded off."""
    assert (percent(0.615), percent(0.704), whole_points(0.704, 0.615)) == ("62 %", "70 %", 8)


def test_one_bet_is_told_in_the_singular() -> None:
    """A mean over one bet is one over 1 bet."""
    assert mean_text(0.01, None, 1, enough=30) == "+1.0 % (1 bet): not yet told"


@pytest.mark.parametrize("points", [0.0, -0.0])
def test_a_close_at_level_is_a_pickem(points: float) -> None:
    """A spread of nothing has no sign."""
    assert closing_text(Closing("1", 1, NOW, home_spread=points)) == "home PK"


def test_an_uncertain_chance_at_the_close_is_never_told_as_certain() -> None:
    """Chances that round to 100 % or 0 % at the close, and long odds, are told as what they are."""
    chance = Chance(0.99971, 0.0, 0.00029)
    value = ClosingValue(1, 1, Grade.CONVERTED, NOW, chance, 0.0, None, "3 books")
    told = value_text(Moneyline(Side.HOME), parse_odds("-300000"), value)
    assert "closed at >99.9 %" in told
    assert ": >99.9 %, you needed >99.9 % (" in told
    closing = Closing(GAME.id, 1, NOW, None, None, 0.0002, 3, 9.0, "3 books", 1)
    assert closing_text(closing).startswith("home <0.1 %")


def test_what_a_price_needs_is_told_beside_the_chance_without_a_push() -> None:
    """A bet that is worth its price by the close is told at the chance which that price needs."""
    chance = Chance(0.5, 0.1, 0.4)
    value = ClosingValue(1, 1, Grade.CONVERTED, NOW, chance, 0.0, -5.5, "3 books")
    told = value_text(Spread(Side.HOME, -5.0), parse_odds("-125"), value)
    assert ": 55.6 %, you needed 55.6 % (" in told


def test_a_parlay_that_lost_a_leg_needs_the_price_of_the_others() -> None:
    """What a bet needed is told by the price that its value counts, not by that of the slip."""
    slip = Parlay((Leg(GAME, Moneyline(Side.HOME)), Leg(GAME, OddEven(Parity.ODD))))
    value = ClosingValue(1, 2, Grade.CONVERTED, NOW, Chance(0.7, 0.0, 0.3), 0.05, None, "x")
    told = value_text(slip, parse_odds("+185"), value)
    assert "was worth +5.0 %: 70.0 %, you needed 66.7 % (" in told


def test_what_is_under_a_limit_does_not_look_like_it() -> None:
    """As many decimals are shown as tell a figure from the limit that it misses."""
    assert digits_apart(0.34, 0.35) == 1
    assert digits_apart(0.34998, 0.35) == 3
    assert digits_apart(0.0296, 0.03) == 2
