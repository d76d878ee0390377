"""Promises of rule trials: alerts that held, promised chances, lead, and bare thresholds."""

from __future__ import annotations

from datetime import timedelta

from tests.engine.build import T0
from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import Result
from tracker.domain.game import Score
from tracker.domain.policy import ChanceRule, parse_rule
from tracker.modelling.metrics import SeenChance, TrialCourse, naive, rule_figures


def rule(text: str) -> ChanceRule:
    """A level or swing rule."""
    found = parse_rule(text)
    assert isinstance(found, ChanceRule)
    return found


def seen(*chances: float, every: float = 10.0) -> tuple[SeenChance, ...]:
    """Polls of these chances; every sixth poll is a minute of the game later."""
    return tuple(
        SeenChance(T0 + timedelta(seconds=i * every), i / 6, p) for i, p in enumerate(chances)
    )


def fired(text: str, poll: int, p: float, was: float | None = None) -> Alert:
    """An alert at a poll."""
    at = T0 + timedelta(seconds=10 * poll)
    return Alert(1, text, 1, at, Decision.FIRED, Reason.CROSSED, "Q1", Score(0, 0), p, was)


def test_an_alert_holds_when_the_bet_ends_where_it_points() -> None:
    """An alert up holds when the bet wins, one down when it loses, and neither on a push."""
    chances = seen(0.5, 0.81, 0.82, 0.9, 0.99, 1.0)
    up, down = fired("p >= 0.80", 2, 0.82), fired("p <= 0.20", 2, 0.18)
    for result, held, missed in ((Result.WON, 1, 0), (Result.LOST, 0, 1), (Result.PUSH, 0, 0)):
        found = rule_figures(rule("p >= 0.80"), [TrialCourse(chances, (up, down), result)])
        assert (found.alerts, found.held, found.missed) == (1, held, missed)
        other = rule_figures(rule("p <= 0.20"), [TrialCourse(chances, (up, down), result)])
        assert (other.held, other.missed) == (missed, held)
    swung = fired("swing 0.15 in 5m", 3, 0.4, was=0.6)
    found = rule_figures(rule("swing 0.15 in 5m"), [TrialCourse(chances, (swung,), Result.LOST)])
    assert (found.held, found.promised) == (1, 0.6)


def test_the_lead_counts_until_the_chance_is_settled_for_good() -> None:
    """The lead ends when the chance is settled for good, not when it only looked so."""
    chances = seen(0.5, 0.81, 0.82, 0.995, 0.9, 0.95, 0.99, 1.0, 1.0)
    found = rule_figures(
        rule("p >= 0.80"), [TrialCourse(chances, (fired("p >= 0.80", 2, 0.82),), Result.WON)]
    )
    assert found.lead is not None
    assert abs(found.lead - (6 - 2) / 6) < 1e-9
    assert found.promised == 0.82
    assert found.share == 1.0


def test_a_bare_threshold_speaks_at_every_crossing() -> None:
    """A bare threshold sends a message at every crossing of its level."""
    dance = seen(*[0.79, 0.81] * 10)
    assert naive(rule("p >= 0.80"), dance) == 10
    assert naive(rule("p <= 0.80"), dance) == 9
    assert naive(rule("p crosses 0.80"), dance) == 19
    assert naive(rule("swing 0.15 in 5m"), seen(0.4, 0.6, 0.6, 0.6)) == 1
    assert naive(rule("swing 0.15 in 20s"), seen(0.4, 0.6, 0.6, 0.6, 0.4)) == 2
    spared = rule_figures(rule("p >= 0.80"), [TrialCourse(dance, (), Result.WON)])
    assert (spared.naive, spared.spared, spared.share, spared.lead) == (10, 10, None, None)
