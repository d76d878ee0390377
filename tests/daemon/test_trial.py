"""Promises of alerts over real games: no flapping in close finishes, and no storms."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tracker.cli.bets.rules import bets_on
from tracker.domain.alert import Decision
from tracker.domain.chance import log_odds
from tracker.domain.policy import LevelRule, parse_rule
from tracker.engine.rules.state_machine import BAND, COOLDOWN, NEWS
from tracker.modelling.metrics import TrialCourse
from tracker.modelling.rule_trial import follow, rehearsed
from tracker.replay import shipped
from tracker.replay.playback import Playback

RULES = [parse_rule(x) for x in ("p >= 0.80", "p >= 0.50", "p <= 0.50", "p <= 0.20")]
RECORDED = [x for x in shipped() if x.league == "nba"]


async def courses(name: str) -> list[TrialCourse]:
    """The moneyline of a recorded game, followed by the real loop."""
    found = await rehearsed(Playback(next(x for x in RECORDED if x.name == name)))
    assert found is not None
    return await follow(found, bets_on(found.game, None, RULES)[:1], lambda _: None)


@pytest.mark.parametrize("name", [x.name for x in RECORDED])
async def test_a_real_game_gives_no_flaps(name: str) -> None:
    """Between two alerts of a rule the chance has left the band, and minutes have passed."""
    [course] = await courses(name)
    for rule in RULES:
        assert isinstance(rule, LevelRule)
        said = [
            x
            for x in course.alerts
            if x.rule == rule.text and x.decision is Decision.FIRED and x.p is not None
        ]
        assert len(said) <= 8
        for first, then in pairwise(said):
            between = [x.p for x in course.seen if first.at < x.at < then.at]
            safe = min(between) if rule.comparison.value == ">=" else 1 - max(between)
            level = rule.level if rule.comparison.value == ">=" else 1 - rule.level
            assert log_odds(safe) <= log_odds(level) - BAND + 1e-9
            assert first.p is not None
            assert then.p is not None
            further = abs(log_odds(then.p) - log_odds(first.p))
            assert then.at - first.at >= COOLDOWN or further >= NEWS - 0.5


def test_there_are_eight_recorded_games_of_the_nba() -> None:
    """The promised eight recorded games are there."""
    assert len(RECORDED) >= 8
