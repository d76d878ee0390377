"""Data that are not to be trusted neither fire, clear nor re-arm a rule, and a row says so once."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.build import a_book, after, bet, decide, live, outlook
from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.events import GameBack
from tracker.domain.game import GameState
from tracker.domain.poll import STALE_AFTER, Trouble, Unreadable
from tracker.domain.tracking import GameTracking, RulePhase
from tracker.engine.decide.advance import GAME_LOST_AFTER, note

LEVEL = live(3, 600, (25, 25), (25, 25), (5, 5))
AHEAD = live(3, 500, (25, 25), (25, 25), (30, 5))
FURTHER = live(3, 490, (25, 25), (25, 25), (32, 5))
BACK = live(3, 610, (25, 25), (25, 25), (30, 5))
"""A state that lies before `LEVEL` and yet shows a large lead: it is not to be believed."""


class Night:
    """A moneyline with one rule, followed over polls."""

    def __init__(self) -> None:
        self.tracking: GameTracking = a_book(bet(1, "DEN ML", "p >= 0.80"))
        self.rows: list[Alert] = []

    def poll(self, state: GameState, seconds: float) -> Night:
        """A poll that could be read."""
        change = decide(self.tracking, state, outlook(state), after(seconds))
        self.tracking = change.tracking
        self.rows += change.alerts
        return self

    def gap(self, seconds: float) -> Night:
        """One that could not."""
        change = note(self.tracking, Unreadable(Trouble.DOWN, "no answer"), after(seconds))
        self.tracking = change.tracking
        self.rows += change.alerts
        return self

    @property
    def phase(self) -> RulePhase:
        """Where the rule stands."""
        return self.tracking.tracked[0].rules[0].phase

    @property
    def stale(self) -> list[Alert]:
        """The rows that say that something was not acted on."""
        return [x for x in self.rows if x.reason is Reason.STALE]


def test_a_rule_that_would_have_acted_on_a_doubtful_state_says_so_once() -> None:
    """However many doubtful polls there are; it stands as it stood."""
    night = Night().poll(LEVEL, 10)
    assert night.phase is RulePhase.ARMED
    night.poll(BACK, 20)
    [row] = night.stale
    assert row.decision is Decision.HELD
    assert row.detail == "the feed went back to Q3 10:10"
    assert row.p is not None
    assert row.p > 0.8
    night.poll(BACK, 30)
    assert len(night.stale) == 1
    assert night.phase is RulePhase.ARMED
    night.poll(AHEAD, 40).poll(FURTHER, 50)
    assert [x.decision for x in night.rows if x.reason is Reason.CROSSED] == [Decision.FIRED]


def test_a_rule_that_waits_for_its_second_reading_says_so_when_the_feed_stands_still() -> None:
    """And fires when the feed moves on."""
    night = Night().poll(LEVEL, 10).poll(AHEAD, 20)
    assert night.phase is RulePhase.PENDING
    night.poll(AHEAD, 20 + STALE_AFTER.total_seconds())
    night.poll(AHEAD, 40 + STALE_AFTER.total_seconds())
    assert [x.detail for x in night.stale] == ["the feed has stopped changing"]
    assert night.phase is RulePhase.PENDING
    night.poll(FURTHER, 300)
    assert night.rows[-1].decision is Decision.FIRED


def test_a_feed_that_is_away_freezes_a_rule_that_was_about_to_fire() -> None:
    """One row for the rule, whatever the number of polls that failed."""
    night = Night().poll(LEVEL, 10).poll(AHEAD, 20)
    for n in range(1, 6):
        night.gap(20 + n * GAME_LOST_AFTER.total_seconds())
    assert [x.detail for x in night.stale] == ["the feed is away"]
    assert night.phase is RulePhase.PENDING


def test_a_rule_that_fired_or_was_never_armed_has_nothing_to_say() -> None:
    """Only what would have acted is told."""
    beyond = Night().poll(AHEAD, 10).poll(LEVEL, 20)
    assert beyond.stale == []
    fired = Night().poll(LEVEL, 10).poll(AHEAD, 20).poll(FURTHER, 30)
    assert fired.phase is RulePhase.FIRING
    fired.poll(AHEAD, 40)
    assert fired.stale == []
    quiet = replace(fired.tracking, tracked=())
    assert decide(quiet, AHEAD, None, after(50)).alerts == ()


def test_silence_counts_from_the_start_and_the_age_from_the_last_answer() -> None:
    """After a restart a game is lost 90 s on, not at once; how old its data are stays true."""
    night = Night().poll(LEVEL, 10)
    started = after(700)
    night.tracking = replace(night.tracking, listened_from=started)
    lost = [night.gap(700 + x).tracking.lost for x in (10.0, GAME_LOST_AFTER.total_seconds())]
    assert lost == [False, True]
    assert night.tracking.seen_at == after(10)
    back = decide(night.tracking, AHEAD, None, after(900))
    assert back.tracking.seen_at == after(900)
    assert [x.what for x in back.notes if isinstance(x, GameBack)] == ["away for 14 min 50 s"]
