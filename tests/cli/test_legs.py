"""Promises of parlays: each leg is shown with its market and where it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from tests.engine.build import GAME, T0
from tracker.app.views import legs_json
from tracker.cli.screen import leg_lines, money_result
from tracker.domain.bet import Leg, Parlay, Result
from tracker.domain.chance import LOST, WON, Chance, NoChance
from tracker.domain.draft import Draft
from tracker.domain.game import Game, Side
from tracker.domain.market import Direction, Moneyline, Spread, Total
from tracker.domain.money import parse_odds
from tracker.domain.tracking import LegStanding
from tracker.language import read_line
from tracker.store.views import BetView, ShowView

OTHER = Game("0022600002", "nba", "BOS", "NYK", T0)
SLIP = Parlay(
    (
        Leg(GAME, Spread(Side.HOME, -4.5), parse_odds("-110")),
        Leg(GAME, Total(Direction.OVER, 224.5)),
        Leg(OTHER, Moneyline(Side.AWAY)),
    )
)


class _Bet:
    """The one field of a bet that its leg lines are made from."""

    market = SLIP


class _Priced:
    """The fields of a bet that its money is worked out from."""

    result = None
    payout_cents = None

    def __init__(self, odds: str | None, legs: tuple[str, ...], dropped: tuple[int, ...]) -> None:
        prices = [parse_odds(x) if x else None for x in legs]
        bets = [replace(leg, odds=x) for leg, x in zip(SLIP.legs, prices, strict=True)]
        self.market = Parlay(tuple(bets))
        priced = None if odds is None else parse_odds(odds)
        self.draft = Draft(*read_line("DEN ML"), odds=priced, stake_cents=1000)
        self.dropped = dropped


def to_win(odds: str | None, legs: tuple[str, ...], *dropped: int) -> str:
    """The text about what a parlay with a stake of $10 would win."""
    return money_result(cast("BetView", _Priced(odds, legs, dropped)))


def test_a_parlay_with_a_dropped_leg_says_what_it_now_pays() -> None:
    """It pays by the prices of the remaining legs, never by that of the whole."""
    own = ("2.00", "1.50", "3.00")
    assert to_win("9.00", own) == " to win $80.00"
    assert to_win("9.00", own, 2) == " to win $20.00 without 1 leg that dropped out"
    assert to_win(None, own, 0, 2) == " to win $5.00 without 2 legs that dropped out"
    assert to_win("9.00", own, 0, 1, 2) == ""


def test_what_only_the_book_knows_is_not_told_as_a_figure() -> None:
    """Without prices of the legs that make the whole's price, no payout is shown."""
    told = to_win("9.00", ("", "", ""), 1)
    assert told.startswith(" · what it pays only the book knows: leg 2 dropped out")
    assert "$" not in told
    assert "not the product" in to_win("6.00", ("2.00", "1.50", "3.00"), 1)


def view(*legs: LegStanding) -> ShowView:
    """A parlay whose legs have these standings."""
    return ShowView(cast("BetView", _Bet()), (), (), (), legs)


def test_each_leg_says_where_it_stands() -> None:
    """A leg shows its result with the reason, its chance, or that its game was not seen."""
    won = LegStanding(1, 0, WON, Result.WON, official=True, reason="LAL 91, DEN 98 (Final)")
    told = leg_lines(view(won, LegStanding(1, 1, Chance(0.44, 0, 0.56)), LegStanding(1, 2)))
    assert told == [
        "DEN -4.5 -110 · LAL@DEN · won (LAL 91, DEN 98 (Final))",
        "LAL@DEN over 224.5 · LAL@DEN · 44 %",
        "NYK ML · NYK@BOS · not seen yet",
    ]


def test_what_is_decided_is_no_chance() -> None:
    """A leg that can no longer lose is "hit"; one whose result is not known says why."""
    hit, lost = LegStanding(1, 0, WON), LegStanding(1, 1, LOST)
    unclear = replace(LegStanding(1, 2), unclear="the box score lacks a period")
    told = [x.rpartition(" · ")[2] for x in leg_lines(view(hit, lost, unclear))]
    assert told == ["hit", "lost", "cannot be told: the box score lacks a period"]
    out = LegStanding(1, 0, no_chance=NoChance.OUT)
    unknown = LegStanding(1, 1, no_chance=NoChance.LITTLE_KNOWN)
    told = [x.rpartition(" · ")[2] for x in leg_lines(view(out, unknown, LegStanding(1, 2)))]
    assert told == ["out: will be void", "player little known", "not seen yet"]


def test_legs_have_their_contract() -> None:
    """Each leg has every key, and legs are in the order of the slip."""
    first, *_ = legs_json(view(*(LegStanding(1, i) for i in range(3))))
    assert first == {
        "text": "DEN -4.5",
        "market": "spread",
        "game": GAME.id,
        "odds": "-110",
        "chance": None,
        "no_chance": None,
        "result": None,
        "official": False,
        "reason": "",
    }
