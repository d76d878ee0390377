"""Promises of stale data: they neither fire, clear nor re-arm a rule, and a row says so once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

from tests.engine.build import BOARD, a_book, after, bet, decide, live, outlook
from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.events import GameBack
from tracker.domain.game import GameState, Pair, Phase
from tracker.domain.poll import LONGEST_STOP, STALE_AFTER, Trouble, Unreadable
from tracker.domain.tracking import GameTracking, RulePhase
from tracker.engine.decide.advance import GAME_LOST_AFTER, advance, note
from tracker.engine.decide.belief import judge_poll
from tracker.feeds.nba_reading import parse_board
from tracker.replay import find_recording
from tracker.replay.nba_site import NbaSite
from tracker.replay.playback import Playback, Showing

LEVEL = live(3, 600, (25, 25), (25, 25), (5, 5))
AHEAD = live(3, 500, (25, 25), (25, 25), (30, 5))
FURTHER = live(3, 490, (25, 25), (25, 25), (32, 5))
BACK = live(3, 610, (25, 25), (25, 25), (30, 5))
"""A state from before `LEVEL` that shows a large lead: it goes back, so it is held."""


class Night:
    """A moneyline with one rule, followed over polls."""

    def __init__(self) -> None:
        self.tracking: GameTracking = a_book(bet(1, "DEN ML", "p >= 0.80"))
        self.rows: list[Alert] = []

    def poll(self, state: GameState, seconds: float) -> Night:
        """Take a poll that can be read."""
        change = decide(self.tracking, state, outlook(state), after(seconds))
        self.tracking = change.tracking
        self.rows += change.alerts
        return self

    def gap(self, seconds: float) -> Night:
        """Take a poll that fails."""
        change = note(self.tracking, Unreadable(Trouble.DOWN, "no answer"), after(seconds))
        self.tracking = change.tracking
        self.rows += change.alerts
        return self

    @property
    def phase(self) -> RulePhase:
        """The phase of the rule."""
        return self.tracking.tracked[0].rules[0].phase

    @property
    def stale(self) -> list[Alert]:
        """The rows which say that the rule did not act on stale data."""
        return [x for x in self.rows if x.reason is Reason.STALE]


def test_a_rule_that_would_have_acted_on_a_doubtful_state_says_so_once() -> None:
    """A held state leaves one row for a rule that would have acted, and moves no rule."""
    night = Night().poll(LEVEL, 10)
    assert night.phase is RulePhase.ARMED
    night.poll(BACK, 20)
    [row] = night.stale
    assert row.decision is Decision.HELD
    assert (row.episode, row.detail) == (1, "the feed went back to Q3 10:10")
    assert row.p is not None
    assert row.p > 0.8
    night.poll(BACK, 30)
    assert len(night.stale) == 1
    assert night.phase is RulePhase.ARMED
    night.poll(AHEAD, 40).poll(FURTHER, 50)
    assert [x.decision for x in night.rows if x.reason is Reason.CROSSED] == [Decision.FIRED]


def test_a_rule_that_waits_for_its_second_reading_says_so_when_the_feed_stands_still() -> None:
    """A pending rule leaves one row while the feed stands still, and fires when it moves on."""
    night = Night().poll(LEVEL, 10).poll(AHEAD, 20)
    assert night.phase is RulePhase.PENDING
    night.poll(AHEAD, 20 + STALE_AFTER.total_seconds())
    night.poll(AHEAD, 40 + STALE_AFTER.total_seconds())
    assert [x.detail for x in night.stale] == ["the feed has stopped changing"]
    assert night.phase is RulePhase.PENDING
    night.poll(FURTHER, 300)
    assert night.rows[-1].decision is Decision.FIRED


def test_a_feed_that_is_away_freezes_a_rule_that_was_about_to_fire() -> None:
    """Failed polls leave one row for a pending rule, however many they are."""
    night = Night().poll(LEVEL, 10).poll(AHEAD, 20)
    for n in range(1, 6):
        night.gap(20 + n * GAME_LOST_AFTER.total_seconds())
    assert [x.detail for x in night.stale] == ["the feed is away"]
    assert night.phase is RulePhase.PENDING


def test_a_rule_that_fired_or_was_never_armed_has_nothing_to_say() -> None:
    """Only a rule that would have acted leaves a row about stale data."""
    beyond = Night().poll(AHEAD, 10).poll(LEVEL, 20)
    assert beyond.stale == []
    fired = Night().poll(LEVEL, 10).poll(AHEAD, 20).poll(FURTHER, 30)
    assert fired.phase is RulePhase.FIRING
    fired.poll(AHEAD, 40)
    assert fired.stale == []
    quiet = replace(fired.tracking, tracked=())
    assert decide(quiet, AHEAD, None, after(50)).alerts == ()


def test_silence_counts_from_the_start_and_the_age_from_the_last_answer() -> None:
    """After a restart a game is lost only 90 s later; the age counts from the last poll."""
    night = Night().poll(LEVEL, 10)
    started = after(700)
    night.tracking = replace(night.tracking, listened_from=started)
    lost = [night.gap(700 + x).tracking.lost for x in (10.0, GAME_LOST_AFTER.total_seconds())]
    assert lost == [False, True]
    assert night.tracking.seen_at == after(10)
    back = decide(night.tracking, AHEAD, None, after(900))
    assert back.tracking.seen_at == after(900)
    assert [x.what for x in back.notes if isinstance(x, GameBack)] == ["away for 14 min 50 s"]


def stood(states: Sequence[tuple[GameState, float, str]], until: float) -> list[float]:
    """The seconds at which a game is stale when each state is polled from its time on.

    Polls come every ten seconds. The text beside each state is its document's digest; with `*` the
    digest changes at every poll.
    """
    tracking, found, at = a_book(bet(1, "DEN ML")), [], states[0][1]
    while at <= until:
        state, _, digest = [x for x in states if x[1] <= at][-1]
        digest = digest.replace("*", str(at))
        judged = judge_poll(tracking, state, BOARD, after(at), digest)
        tracking = advance(tracking, judged, None, after(at)).tracking
        if tracking.stale:
            found.append(at)
        at += 10
    return found


RUNS = live(3, 510, (25, 25), (25, 25), (5, 5))
STANDS = live(3, 500, (25, 25), (25, 25), (5, 5))
LONGEST = LONGEST_STOP.total_seconds()


def test_a_time_out_a_review_and_free_throws_are_no_stale_data() -> None:
    """A clock that a document shows as stopped makes no stale data for five minutes."""
    full = replace(RUNS, timeouts=Pair(3, 3))
    taken = [full, replace(STANDS, timeouts=Pair(3, 2))]
    by_the_other = [full, replace(STANDS, timeouts=Pair(2, 3))]
    thrown = [STANDS, live(3, 500, (25, 25), (25, 25), (6, 5))]
    called = [live(2, 0, (25, 25), (25, 25), phase=Phase.BREAK), live(3, 720, (25, 25), (25, 25))]
    for before, standing in (taken, by_the_other, thrown, called):
        found = stood([(before, 0, "a"), (standing, 10, "b")], 400)
        assert found[0] == 10 + LONGEST


def test_a_clock_that_should_run_and_stands_is_stale_as_soon_as_ever() -> None:
    """A clock that should run and stands is stale after 90 s, also after a stop that is over."""
    assert stood([(RUNS, 0, "a"), (STANDS, 10, "b")], 200)[0] == 100
    over = live(3, 495, (25, 25), (25, 25), (6, 5))
    thrown = live(3, 500, (25, 25), (25, 25), (6, 5))
    assert stood([(STANDS, 0, "a"), (thrown, 10, "b"), (over, 20, "c")], 200)[0] == 110


def test_a_document_written_anew_vouches_for_what_it_tells_but_not_for_ever() -> None:
    """A rewritten document with the same state keeps it fresh, for five minutes at most."""
    assert stood([(RUNS, 0, "a"), (STANDS, 10, "*")], 400)[0] == 10 + LONGEST
    once = [(RUNS, 0, "a"), (STANDS, 10, "b"), (STANDS, 60, "c")]
    assert stood(once, 400)[0] == 60 + STALE_AFTER.total_seconds()


def test_documents_that_no_longer_come_make_a_time_out_stale_too() -> None:
    """A time-out is stale after 90 s when no poll can be read."""
    night = Night().poll(replace(LEVEL, timeouts=Pair(3, 3)), 0)
    night.poll(replace(LEVEL, timeouts=Pair(3, 2)), 10)
    assert not night.gap(90).tracking.stale
    assert night.gap(100).tracking.stale


def test_ordinary_play_of_a_recorded_game_is_hardly_ever_stale() -> None:
    """A recorded board with ten stops of 90 s or more is stale once at most."""
    playing = Showing(Playback(find_recording("HOU@ATL")))
    site, at = NbaSite([playing]), playing.starts
    tracking: GameTracking | None = None
    stale, stopped = 0, 0
    while at < playing.ends:
        page = site.page("/static/json/liveData/scoreboard/todaysScoreboard_00.json", at)
        assert page is not None
        [(game, state)] = parse_board(page.body, "nba").games
        assert isinstance(state, GameState)
        tracking = tracking or GameTracking(game)
        was, before = tracking.stale, tracking.changed_at or at
        judged = judge_poll(tracking, state, BOARD, at, sha256(page.body).hexdigest())
        tracking = advance(tracking, judged, None, at).tracking
        stale += tracking.stale and not was
        changed = tracking.changed_at == at
        stopped += state.phase is Phase.LIVE and changed and at - before >= STALE_AFTER
        at += timedelta(seconds=10)
    assert stopped >= 10
    assert stale <= 1


def test_a_clock_that_is_set_back_does_not_hide_that_a_feed_is_away() -> None:
    """Silence is counted anew from then, and told a minute and a half later."""
    night = Night()
    night.tracking = a_book(bet(1, "DEN ML", "feed_down", "feed_back"))
    night.poll(LEVEL, 0)
    found = []
    for seconds in (-3590, -3550, -3480):
        night.gap(seconds)
        found.append((night.tracking.stale, night.tracking.lost))
    assert found == [(False, False), (False, False), (True, True)]
    night.poll(AHEAD, -3440)
    assert [(x.rule, x.detail) for x in night.rows] == [
        ("feed_down", "down"), ("feed_back", "away for 2 min 30 s"),
    ]  # fmt: skip
