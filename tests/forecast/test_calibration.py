"""A calibrated chance keeps what holds of every chance: sides, lines and certainty agree."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.engine.build import GAME, PRIOR, final, live, market
from tracker.domain.chance import LOST, WON, Chance
from tracker.domain.game import Side
from tracker.domain.market import Direction, Market, Moneyline, Span, Spread, TeamTotal, Total
from tracker.forecast import Outlook, forecast, load_parameters, parlay, price
from tracker.forecast.calibration import (
    NO_CALIBRATIONS,
    Calibrations,
    ChanceMap,
    Family,
    Method,
    decode_calibrations,
    document_of,
)
from tracker.forecast.documents import About, BadParameters

MAPS = (
    ChanceMap(Method.TEMPERATURE, (0.6,)),
    ChanceMap(Method.PLATT, (1.3, -0.4)),
    ChanceMap(Method.BETA, (0.5, 1.4, 0.2)),
    ChanceMap(Method.ISOTONIC, said=(0.0, 0.3, 0.7, 1.0), came=(0.0, 0.45, 0.45, 1.0)),
)
STATE = live(3, 300.0, (30, 25), (28, 26), (14, 20))


def calibrated(one: ChanceMap) -> Calibrations:
    """Every family corrected by the same map."""
    return Calibrations("cal-1", "nba", dict.fromkeys(Family, one))


def outlook(one: ChanceMap | None = None) -> Outlook:
    """The forecast of a state, calibrated or raw."""
    parameters = load_parameters("nba")
    chosen = NO_CALIBRATIONS if one is None else calibrated(one)
    return forecast(STATE, PRIOR, replace(parameters, calibrations=chosen))


def asked(one: Market, of: Outlook) -> Chance:
    """The chance as everybody is told it."""
    return price(one, of)


SIDES = [(Spread(Side.HOME, x), Spread(Side.AWAY, -x)) for x in (-9.5, -4.0, 0.5, 6.0)]
TOTALS = [(Total(Direction.OVER, x), Total(Direction.UNDER, x)) for x in (210.0, 224.5, 240.0)]
TEAMS = [
    (TeamTotal(Side.AWAY, Direction.OVER, x), TeamTotal(Side.AWAY, Direction.UNDER, x))
    for x in (104.5, 112.0)
]


@pytest.mark.parametrize("one", MAPS, ids=lambda x: x.method.value)
@pytest.mark.parametrize(("side", "other"), [*SIDES, *TOTALS, *TEAMS], ids=str)
def test_both_sides_of_a_line_add_up(one: ChanceMap, side: Market, other: Market) -> None:
    """What one side wins the other loses, and both push together."""
    seen = outlook(one)
    here, there = asked(side, seen), asked(other, seen)
    assert (here.win, here.push, here.lose) == pytest.approx((there.lose, there.push, there.win))
    assert here != asked(side, outlook())


@pytest.mark.parametrize("one", MAPS, ids=lambda x: x.method.value)
def test_a_longer_line_is_never_the_likelier_one(one: ChanceMap) -> None:
    """From half point to half point, pushes included."""
    seen = outlook(one)
    chances = [asked(Total(Direction.OVER, x / 2), seen) for x in range(360, 560)]
    for values in ([x.win for x in chances], [x.win + x.push for x in chances]):
        assert all(a >= b - 1e-12 for a, b in pairwise(values))


@pytest.mark.parametrize("one", MAPS, ids=lambda x: x.method.value)
def test_a_moneyline_is_the_spread_of_nothing(one: ChanceMap) -> None:
    """They share a map, so that they cannot disagree."""
    seen = outlook(one)
    assert asked(Moneyline(Side.HOME), seen) == asked(Spread(Side.HOME, -0.5), seen)


@pytest.mark.parametrize("one", MAPS, ids=lambda x: x.method.value)
def test_what_is_decided_stays_decided(one: ChanceMap) -> None:
    """An over that is passed, and a game that is over; what is open stays open."""
    parameters = replace(load_parameters("nba"), calibrations=calibrated(one))
    passed = forecast(STATE, PRIOR, parameters)
    assert price(Total(Direction.OVER, 100.5), passed) == WON
    assert price(Total(Direction.UNDER, 100.5), passed) == LOST
    end = final((30, 25), (28, 26), (24, 30), (27, 27))
    over = forecast(end, PRIOR, parameters)
    assert price(Moneyline(Side.HOME), over) == WON
    assert price(Spread(Side.HOME, -1.0), over) == Chance(0.0, 1.0, 0.0)
    assert not price(Total(Direction.OVER, 330.5), passed).decided


@pytest.mark.parametrize("one", MAPS, ids=lambda x: x.method.value)
def test_parts_of_a_game_and_several_legs_stay_as_the_forecast_has_them(one: ChanceMap) -> None:
    """A tie is a result of a quarter, and legs on one game could not be moved one by one."""
    seen, raw = outlook(one), outlook()
    for other in (Moneyline(Side.HOME, Span.Q4), market("even")):
        assert asked(other, seen) == asked(other, raw)
        assert seen.calibrations.id_for(other) == "none"
    legs: list[Market] = [Moneyline(Side.HOME), Total(Direction.OVER, 220.5)]
    assert parlay(legs, seen) == parlay(legs, raw)
    assert parlay(legs[:1], seen) == asked(legs[0], seen)


@pytest.mark.parametrize(
    ("method", "weights"),
    [
        (Method.TEMPERATURE, (-0.5,)),
        (Method.PLATT, (1.0,)),
        (Method.BETA, (1.0, 0.0, 0.0)),
        (Method.PLATT, (1.0, float("nan"))),
    ],
)
def test_a_map_that_does_not_rise_is_refused(method: Method, weights: tuple[float, ...]) -> None:
    """So is one without the weights that its form has."""
    with pytest.raises(ValueError, match="rise"):
        ChanceMap(method, weights)


def test_a_file_comes_back_as_it_went_and_a_damaged_one_is_refused() -> None:
    """By its checksum; its content names it."""
    document = document_of("nba", {Family.TOTAL: MAPS[3]}, {"total": {"bets": 700}}, About("d"))
    text = json.dumps(document)
    found = decode_calibrations(text, "mine.json")
    assert found.maps == {Family.TOTAL: MAPS[3]}
    assert found.name.startswith("calibration-1-nba-")
    with pytest.raises(BadParameters, match="damaged"):
        decode_calibrations(text.replace("0.45", "0.55"), "mine.json")
    assert GAME.league == found.league
