"""Promises of calibration: a snapshot names it, and keeps the chance before it."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.build import PRIOR, a_book, after, bet, decide, live, outlook
from tracker.domain.bet import Leg, Parlay
from tracker.forecast import forecast, load_parameters
from tracker.forecast.calibration import Calibrations, ChanceMap, Family, Method

MILDER = Calibrations("cal-1", "nba", {Family.MARGIN: ChanceMap(Method.TEMPERATURE, (0.5,))})
STATE = live(3, 300.0, (30, 25), (28, 26), (14, 20))


def test_only_what_the_map_is_for_is_moved() -> None:
    """A calibration of margins moves a spread and not a total, and the snapshots say so."""
    tracking = a_book(bet(1, "DEN -4.5"), bet(2, "over 224.5"))
    seen = forecast(STATE, PRIOR, replace(load_parameters("nba"), calibrations=MILDER))
    moved, plain = decide(tracking, STATE, seen, after(5000)).snapshots
    raw, same = decide(tracking, STATE, outlook(STATE), after(5000)).snapshots
    assert (moved.calibration_id, plain.calibration_id) == ("cal-1", "none")
    assert moved.raw == raw.chance
    assert abs(moved.known.win - 0.5) < abs(raw.known.win - 0.5)
    assert (plain.chance, plain.raw) == (same.chance, None)


def test_legs_on_one_game_are_told_as_the_forecast_has_them() -> None:
    """Legs of a same-game parlay are not calibrated, so that none is less likely than it."""
    one, two = bet(1, "DEN -4.5"), bet(2, "DEN ML")
    slip = Parlay((Leg(one.game, one.legs[0].market), Leg(two.game, two.legs[0].market)))
    tracking = a_book(replace(one, market=slip))
    seen = forecast(STATE, PRIOR, replace(load_parameters("nba"), calibrations=MILDER))
    change = decide(tracking, STATE, seen, after(5000))
    (snapshot,) = change.snapshots
    assert (snapshot.calibration_id, snapshot.raw) == ("none", None)
    (tracked,) = change.tracking.tracked
    chances = [x.chance.win for x in tracked.legs if x.chance is not None]
    assert min(chances) >= snapshot.known.win - 1e-12
