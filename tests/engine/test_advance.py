"""Promises of a poll's change to the bets on a game, from before tip-off to the official result."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.build import (
    EVENTS,
    GAME,
    SCHEDULED,
    T0,
    a_book,
    a_game,
    after,
    bet,
    decided,
    final,
    live,
    look,
    market,
    off,
    rng,
)
from tracker.domain import BadBet
from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import TO_BE_GRADED, Leg, Parlay, Result, Settlement, Status
from tracker.domain.chance import Chance
from tracker.domain.events import GameBack, GameChecked, GameLost, PollDropped, PollHeld
from tracker.domain.game import GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import Player, Stat
from tracker.domain.policy import Fact
from tracker.domain.poll import STOOD_STILL, Trouble, Unreadable, check_times
from tracker.domain.tracking import Change, GameTracking, Ordering, RuleState, Tracked
from tracker.engine.decide.advance import note
from tracker.engine.decide.facts import fact_alert
from tracker.engine.rules.stepping import GameUpdate, apply_rules, idle_after
from tracker.engine.settle import by_hand
from tracker.engine.settle.by_hand import Case, graded_again
from tracker.engine.settle.certainty import rules_as_added

DOWN = Unreadable(Trouble.DOWN, "no answer")
Q1 = live(1, 400, (14, 12))
END = final((30, 20), (20, 30), (30, 20), (30, 20))


class Evening:
    """A game tracking that is followed over polls, with all changes that they made."""

    def __init__(self, tracking: GameTracking) -> None:
        """Start from a tracking."""
        self.tracking = tracking
        self.changes: list[Change] = []

    def see(self, state: GameState, seconds: float) -> Change:
        """Take a poll that can be read."""
        return self._keep(look(self.tracking, state, seconds))

    def fail(self, seconds: float) -> Change:
        """Take a poll that fails."""
        return self._keep(note(self.tracking, DOWN, after(seconds)))

    def _keep(self, change: Change) -> Change:
        self.tracking = change.tracking
        self.changes.append(change)
        return change

    @property
    def fired(self) -> list[Alert]:
        """Every alert that fired."""
        return [a for c in self.changes for a in c.alerts if a.decision is Decision.FIRED]

    def names(self) -> list[str]:
        """The rules that fired, in order."""
        return [x.rule for x in self.fired]


def test_a_repeated_state_leaves_nothing() -> None:
    """A poll of the same state makes no snapshot, alert, rule state or note."""
    evening = Evening(a_book(bet(1, "DEN ML", *EVENTS, "p >= 0.10", "swing 0.05 in 5m")))
    assert len(evening.see(Q1, 10).snapshots) == 1
    for seconds in range(20, 80, 10):
        change = evening.see(Q1, seconds)
        assert change.empty
        assert change.ordering is Ordering.SAME
        assert not change.notes


@settings(max_examples=12)
@given(st.integers(0, 10**6))
def test_one_snapshot_for_each_bet_and_changed_state(seed: int) -> None:
    """Each bet gets one snapshot for each new state, despite repeats, old boards and outages."""
    draw = rng(seed)
    states = list(a_game(draw, step=300))
    tracking = a_book(bet(1, "DEN -4.5"), bet(2, "Q3 LAL ML"), bet(3, "LAL@DEN over 224.5"))
    evening = Evening(tracking)
    for number, state in enumerate(states):
        at = number * 60
        evening.see(state, at)
        if draw.random() < 0.5:
            evening.see(state, at + 10)
        if number and draw.random() < 0.5:
            evening.see(states[number - 1], at + 20)
            evening.see(state, at + 30)
        if draw.random() < 0.2:
            evening.fail(at + 40)
    taken = [x for change in evening.changes for x in change.snapshots]
    assert len(taken) == 3 * len(states)
    for number in (1, 2, 3):
        mine = [x for x in taken if x.bet == number]
        assert [(x.game.period, x.game.clock, x.game.score) for x in mine] == [
            (x.period, x.clock, x.score) for x in states
        ]
        tracked = evening.tracking.tracked[number - 1]
        while_open = [x.known.win for x in mine if not x.known.decided]
        assert (tracked.peak, tracked.low) == (max(while_open), min(while_open))
        assert tracked.chance == mine[-1].chance


@settings(max_examples=12)
@given(st.integers(0, 10**6))
def test_what_is_known_to_be_idle_changes_no_decision(seed: int) -> None:
    """Polls that come, are lost or go back leave the same rows as where every rule is stepped."""
    draw, seconds = rng(seed), 0.0
    rules = (*EVENTS, "p >= 0.60", "p <= 0.40", "p crosses 0.50", "swing 0.10 in 5m")
    tracking = a_book(
        *(bet(n, "DEN ML", *draw.sample(rules, 5)) for n in (1, 2, 3)),
        bet(4, "2H LAL +2.5", *rules),
        bet(5, "LAL@DEN over 224.5", "p >= 0.60", "p <= 0.40", "swing 0.20 in 5m"),
    )
    states = list(a_game(draw, step=90))
    for number, newest in enumerate(states):
        seconds += draw.choice((8, 12, 30, 200))
        ago = states[max(number - 8, 0)]
        for state in (newest, ago, newest) if draw.random() < 0.2 else (newest,):
            forgetful = tuple(replace(x, idle=None) for x in tracking.tracked)
            change = look(tracking, state, seconds)
            again = look(replace(tracking, tracked=forgetful), state, seconds)
            assert decided(change, tracking) == decided(again, tracking)
            tracking, seconds = change.tracking, seconds + 3
        if draw.random() < 0.1:
            tracking = note(tracking, DOWN, after(seconds + 5)).tracking


def test_a_poll_by_which_no_rule_changes_stores_the_chance_alone() -> None:
    """What a swing is measured from is in the snapshots, and not stored again at each poll."""
    evening = Evening(a_book(bet(1, "DEN ML", "p >= 0.80", "swing 0.15 in 5m")))
    evening.see(live(3, 700, (30, 28), (28, 25), (2, 2)), 0)
    for n in range(1, 4):
        change = evening.see(live(3, 700 - 12 * n, (30, 28), (28, 25), (2, 2)), 12 * n)
        assert (len(change.snapshots), change.rules) == (1, ())
    change = evening.see(live(3, 640, (30, 28), (28, 25), (2, 22)), 48)
    [swing] = [x for x in change.rules if x.rule.startswith("swing")]
    assert len(swing.window) == len(evening.changes)


def test_a_swing_that_cools_down_is_not_stored_again_at_each_poll() -> None:
    """While a swing waits out its cooldown, its readings are those of the snapshots too."""
    evening = Evening(a_book(bet(1, "DEN ML", "swing 0.05 in 5m")))
    for n in range(3):
        evening.see(live(3, 700 - 12 * n, (30, 28), (28, 25), (2 + 15 * (n > 0), 2)), 12 * n)
    assert [x.rule for x in evening.fired] == ["swing 0.05 in 5m"]
    evening.see(live(3, 664, (30, 28), (28, 25), (17, 17)), 36)
    for n in range(4, 9):
        change = evening.see(live(3, 700 - 12 * n, (30, 28), (28, 25), (17, 17)), 12 * n)
        assert (len(change.snapshots), change.rules, change.alerts) == (1, (), ())


def test_a_decision_leaves_nothing_for_the_garbage_collector() -> None:
    """What a poll works out refers to itself nowhere, so that old states are freed at once."""
    evening = Evening(a_book(bet(1, "DEN ML", "p >= 0.80"), bet(2, "1H DEN -1.5", "hit")))
    for n in range(2):
        evening.see(live(3, 700 - 12 * n, (30, 28), (28, 25), (2, 2)), 12 * n)
    gc.collect()
    gc.disable()
    try:
        evening.see(live(3, 650, (30, 28), (28, 25), (4, 2)), 24)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_break_at_which_a_bet_has_no_chance_hides_no_swing() -> None:
    """A swing is measured from what was read before a break whose poll could not be priced."""
    one, seen = Tracked.fresh(bet(1, "DEN ML", "swing 0.15 in 5m", "quarter")), Q1
    told: list[tuple[str, float | None]] = []
    ended, begun = live(1, 0, (14, 12), phase=Phase.BREAK), live(2, 700, (14, 12), (0, 0))
    polls = ((0.5, Q1), (0.55, Q1), (0.6, Q1), (None, ended), (0.44, begun), (0.44, begun))
    for n, (win, state) in enumerate(polls):
        chance = None if win is None else Chance(win, 0.0, 1 - win)
        update, seen = GameUpdate(seen, state, after(10 * n)), state
        idle = None if chance is None else idle_after(one, one, chance, update)
        if chance is not None and idle is not None:
            one = one.seen_at(chance, *idle)
            continue
        now = one if chance is None else one.seen_at(chance)
        one, _, alerts = apply_rules(one, now, chance, update)
        told += [(x.rule, x.was) for x in alerts if x.decision is Decision.FIRED]
    assert told == [("quarter", None), ("swing 0.15 in 5m", 0.6)]


@settings(max_examples=12)
@given(st.integers(0, 10**6))
def test_no_alert_is_fired_twice(seed: int) -> None:
    """Bet, rule and episode identify a firing, and no two firings share them."""
    states = list(a_game(rng(seed), step=120))
    rules = (*EVENTS, "p >= 0.60", "p <= 0.40", "p crosses 0.50", "swing 0.10 in 5m")
    evening = Evening(a_book(bet(1, "DEN ML", *rules), bet(2, "2H LAL +2.5", *rules)))
    for number, state in enumerate(states):
        evening.see(state, number * 60)
        evening.see(state, number * 60 + 10)
    evening.see(states[-1], len(states) * 60 + 60)
    names = [(x.bet, x.rule, x.episode) for x in evening.fired]
    assert len(names) == len(set(names))
    for number in (1, 2):
        rules_fired = [x.rule for x in evening.fired if x.bet == number]
        assert rules_fired.count("start") == rules_fired.count("halftime") == 1
        assert rules_fired.count("settled") == 1
        assert rules_fired[-1] == "settled"


def test_the_facts_of_a_game_are_told_as_they_happen() -> None:
    """The start, each quarter and halftime are announced once each."""
    evening = Evening(a_book(bet(1, "DEN ML", "start", "quarter", "halftime", "settled")))
    q1, q2, q3 = (30, 20), (20, 31), (30, 20)
    for seconds, state in enumerate(
        (
            SCHEDULED,
            live(1, 720, (0, 0)),
            live(1, 0, q1),
            live(1, 0, q1, phase=Phase.BREAK),
            live(1, 0, q1),
            live(1, 0, q1, phase=Phase.BREAK),
            live(2, 720, q1, (0, 0)),
            live(2, 0, q1, q2, phase=Phase.BREAK),
            live(3, 720, q1, q2, (0, 0)),
            live(3, 0, q1, q2, q3, phase=Phase.BREAK),
        )
    ):
        evening.see(state, seconds * 60)
    assert evening.names() == ["start", "quarter", "halftime", "quarter"]


@pytest.mark.parametrize(("points", "told"), [((30, 30), ["quarter"]), ((31, 30), [])])
def test_the_end_of_the_fourth_is_a_quarter_only_before_overtime(
    points: tuple[int, int], told: list[str]
) -> None:
    """The fourth quarter is announced only when overtime follows, else the result is."""
    done = ((30, 30), (30, 30), (30, 30))
    evening = Evening(a_book(bet(1, "DEN ML", "quarter")))
    evening.see(live(4, 5, *done, points), 0)
    evening.see(live(4, 0, *done, points, phase=Phase.BREAK), 10)
    assert evening.names() == told


def test_a_break_is_told_after_an_outage_that_began_in_another() -> None:
    """Halftime is announced though the whole second quarter was missed."""
    evening = Evening(a_book(bet(1, "DEN ML", "quarter", "halftime")))
    first = (30, 20)
    evening.see(live(1, 5, first), 0)
    evening.see(live(1, 0, first, phase=Phase.BREAK), 10)
    evening.see(live(2, 0, first, (20, 31), phase=Phase.BREAK), 2400)
    assert evening.names() == ["quarter", "halftime"]


@pytest.mark.parametrize(
    ("done", "event"), [(((30, 20),), "quarter"), (((30, 20), (20, 31)), "halftime")]
)
def test_a_break_is_told_once_though_the_clock_is_put_back(
    done: tuple[tuple[int, int], ...], event: str
) -> None:
    """Half a second put back on the clock does not announce the end of a period again."""
    evening = Evening(a_book(bet(1, "DEN ML", "quarter", "halftime")))
    period = len(done)
    pause, back = live(period, 0, *done, phase=Phase.BREAK), live(period, 0.5, *done)
    evening.see(live(period, 5, *done), 0)
    for seconds, state in enumerate((pause, back, back, back, pause, pause)):
        evening.see(state, 60 + seconds * 10)
    assert evening.names() == [event]
    assert Ordering.CORRECTION in {x.ordering for x in evening.changes}


def test_a_bet_that_can_no_longer_lose_is_hit_by_two_polls() -> None:
    """A passed line fires `hit` for the over and `dead` for the under, once, at the second poll."""
    over, under = (
        bet(n, f"LAL@DEN {d} 100", "hit", "dead") for n, d in ((1, "over"), (2, "under"))
    )
    evening = Evening(a_book(over, under))
    evening.see(live(3, 300, (30, 30), (30, 9), (0, 0)), 0)
    evening.see(live(3, 290, (30, 30), (30, 9), (1, 0)), 10)
    assert evening.names() == []
    evening.see(live(3, 280, (30, 30), (30, 9), (2, 0)), 20)
    assert evening.names() == []
    evening.see(live(3, 280, (30, 30), (30, 9), (2, 0)), 30)
    assert [(x.bet, x.rule) for x in evening.fired] == [(1, "hit"), (2, "dead")]
    evening.see(live(3, 270, (30, 30), (30, 9), (4, 0)), 40)
    assert len(evening.fired) == 2


def test_a_bet_that_is_sure_to_push_is_neither_hit_nor_dead() -> None:
    """A first quarter that ends on the line fires neither `hit` nor `dead`."""
    evening = Evening(a_book(bet(1, "Q1 DEN -2", "hit", "dead")))
    evening.see(live(1, 10, (20, 18)), 0)
    evening.see(live(1, 0, (20, 18), phase=Phase.BREAK), 10)
    assert evening.tracking.tracked[0].chance is not None
    assert evening.tracking.tracked[0].chance.push == 1
    assert evening.names() == []


def test_a_result_needs_two_polls_a_minute_apart() -> None:
    """A second agreeing poll makes the result provisional and announces it, once."""
    evening = Evening(a_book(bet(1, "DEN -4.5", "settled", "p >= 0.80")))
    evening.see(live(4, 5, (30, 20), (20, 30), (30, 20), (30, 19)), 0)
    assert not evening.see(END, 10).settlements
    assert not evening.see(END, 20).settlements
    change = evening.see(END, 70)
    [settlement] = change.settlements
    assert (settlement.revision, settlement.result, settlement.payout_cents) == (
        1,
        Result.WON,
        3818,
    )
    assert [x.rule for x in change.alerts] == ["settled"]
    assert evening.tracking.tracked[0].status(evening.tracking.state) is Status.PROVISIONAL
    assert evening.see(END, 130).empty
    assert evening.tracking.standing.settled
    assert not evening.tracking.settled


def test_a_result_is_official_once_the_box_has_been_read_again() -> None:
    """The first check of the box makes a result official; after the last the game is done."""
    evening = Evening(a_book(bet(1, "DEN -4.5", "settled")))
    evening.see(END, 0)
    evening.see(END, 60)
    first, last = ((x - after(0)).total_seconds() for x in check_times(after(0)))
    assert evening.see(END, first - 1).empty
    [confirmation] = evening.see(END, first).confirmations
    assert (confirmation.bet, confirmation.revision) == (1, 1)
    assert evening.tracking.tracked[0].status(evening.tracking.state) is Status.OFFICIAL
    done = [evening.tracking.settled, evening.see(END, last).empty, evening.tracking.settled]
    assert done == [False, True, True]
    notes = [x for change in evening.changes for x in change.notes]
    assert notes[1:] == [GameChecked("LAL@DEN", "1 of 2"), GameChecked("LAL@DEN", "2 of 2")]
    assert evening.names() == ["settled"]


@pytest.mark.parametrize("lower", [False, True])
def test_a_corrected_final_makes_a_revision(lower: bool) -> None:
    """A box that changes the result makes a revision, announced once and then confirmed."""
    fixed = final((30, 20), (20, 30), (30, 20), (13 if lower else 30, 20 if lower else 37))
    first = END if lower else final((30, 20), (20, 30), (30, 20), (30, 20))
    evening = Evening(a_book(bet(1, "DEN -4.5", "settled", "regraded"), bet(2, "DEN +30", *EVENTS)))
    evening.see(first, 0)
    evening.see(first, 60)
    check = (check_times(after(0))[0] - after(0)).total_seconds()
    polls = [evening.see(fixed, check + x * 60) for x in range(5)]
    [revision] = [x for change in polls for x in change.settlements]
    assert (revision.bet, revision.revision, revision.result) == (1, 2, Result.LOST)
    assert revision.payout_cents == 0
    assert sorted(evening.names()) == ["regraded", "settled", "settled"]
    confirmed = {(x.bet, x.revision) for change in polls for x in change.confirmations}
    assert (1, 2) in confirmed
    assert (1, 1) not in confirmed
    assert all(x.official for x in evening.tracking.tracked)


def test_a_correction_is_told_to_whoever_asked_for_results() -> None:
    """A correction is announced, with the old result, also where only `settled` is a rule."""
    fixed = final((30, 20), (20, 30), (30, 20), (30, 37))
    evening = Evening(a_book(bet(1, "DEN -4.5", "settled"), bet(2, "DEN -4.5")))
    for state, seconds in ((END, 0), (END, 60), (fixed, 9000), (fixed, 9060)):
        evening.see(state, seconds)
    told = [(x.bet, x.rule, x.episode, x.detail) for x in evening.fired]
    assert told == [(1, "settled", 1, ""), (1, "regraded", 2, "won")]


def test_a_revision_of_an_official_result_is_confirmed_too() -> None:
    """A correction after the first check is made official by the second."""
    fixed = final((30, 20), (20, 30), (30, 20), (30, 37))
    evening = Evening(a_book(bet(1, "DEN -4.5")))
    first, last = ((x - after(0)).total_seconds() for x in check_times(after(0)))
    for state, seconds in ((END, 0), (END, 60), (END, first), (fixed, last), (fixed, last + 60)):
        evening.see(state, seconds)
    confirmed = [(x.bet, x.revision) for c in evening.changes for x in c.confirmations]
    assert confirmed == [(1, 1), (1, 2)]
    assert evening.tracking.settled


def test_a_flicker_of_an_older_final_changes_no_result() -> None:
    """A single old board after the end changes nothing."""
    evening = Evening(a_book(bet(1, "DEN -4.5", "settled", "regraded")))
    evening.see(END, 0)
    evening.see(END, 60)
    assert evening.see(live(4, 5, (30, 20), (20, 30), (30, 20), (30, 19)), 120).empty
    assert evening.see(END, 180).empty
    assert evening.tracking.state == END


def test_a_postponed_game_is_void_once_several_polls_have_said_so() -> None:
    """A postponed game voids a bet only after several polls, even from the very first poll."""
    evening = Evening(a_book(bet(1, "DEN -4.5", "settled")))
    evening.see(SCHEDULED, 0)
    for seconds in (60, 120, 180):
        assert evening.see(off(), seconds).empty
    [settlement] = evening.see(off(), 360).settlements
    assert (settlement.result, settlement.payout_cents) == (Result.VOID, 2000)
    fresh = Evening(a_book(bet(1, "DEN -4.5", "settled")))
    assert fresh.see(off(), 0).empty
    assert fresh.see(off(), 1800).settlements[0].result is Result.VOID


Q4 = live(4, 300, (30, 20), (20, 30), (30, 20), (20, 15))


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        pytest.param(off(), Result.VOID, id="postponed"),
        pytest.param(replace(Q4, phase=Phase.FINAL, clock=0), Result.WON, id="called over"),
    ],
)
def test_bets_on_a_game_that_goes_on_after_all_are_open_again(
    ended: GameState, told: Result
) -> None:
    """A game called off or over by mistake costs no alert: its results are taken back."""
    evening = Evening(
        a_book(
            bet(1, "DEN -4.5", "p >= 0.80", "p <= 0.20", "settled"),
            bet(2, "1H over 90.5", "settled"),
            bet(3, "over 150.5", "hit"),
        )
    )
    first = Q4 if told is Result.WON else SCHEDULED
    for seconds, state in ((0, first), (60, ended), (120, ended), (360, ended), (420, ended)):
        evening.see(state, seconds)
    tracked = evening.tracking.tracked[0]
    assert tracked.settlement is not None
    assert tracked.settlement.result is told
    evening.changes.clear()
    for seconds in (480, 490, 500):
        evening.see(Q4, seconds)
    [opened] = [x for x in evening.fired if x.bet == 1]
    assert (opened.rule, opened.reason) == ("dead", Reason.TAKEN_BACK)
    certain = told is Result.WON
    assert [x.ended for x in evening.tracking.tracked] == [False, certain, certain]
    evening.changes.clear()
    for clock in (200, 190):
        evening.see(live(4, clock, (30, 20), (20, 30), (30, 20), (20, 35)), 800 - clock)
    assert "p <= 0.20" in [x.rule for x in evening.fired]


def test_a_game_that_was_called_off_before_it_begins_is_told_to_begin() -> None:
    """The start is told once, also where the feed took it for postponed until then."""
    evening = Evening(a_book(bet(1, "DEN -4.5", "start"), bet(2, "1H over 90.5", "start")))
    for seconds, state in enumerate((SCHEDULED, *[off()] * 4, *[live(1, 600, (4, 2))] * 4)):
        evening.see(state, 120.0 * seconds)
    assert [x.rule for x in evening.fired if x.reason is Reason.HAPPENED] == ["start", "start"]


def test_a_postponed_game_that_is_played_after_all_is_graded_again() -> None:
    """The void is revised, and the result waits for the checks after the real end."""
    evening = Evening(a_book(bet(1, "DEN -4.5", "settled", "regraded")))
    evening.see(SCHEDULED, 0)
    for seconds in (60, 120, 360):
        evening.see(off(), seconds)
    day = 86_400.0 * 3
    for seconds in range(4):
        evening.see(END, day + seconds * 60)
    [first, second] = [x for c in evening.changes for x in c.settlements]
    assert (first.result, second.result, second.revision) == (Result.VOID, Result.WON, 2)
    assert not evening.tracking.tracked[0].official
    assert evening.tracking.checks == 0
    assert evening.names() == ["settled", "regraded"]


def test_what_cannot_be_settled_for_sure_is_for_the_person() -> None:
    """Periods that do not add up ask for review; a later box that adds up settles the bet."""
    blind = replace(END, periods=None)
    evening = Evening(a_book(bet(1, "Q3 DEN ML", *EVENTS), bet(2, "DEN ML", *EVENTS)))
    evening.see(replace(live(3, 60, (30, 20), (20, 30), (25, 20)), periods=None), 0)
    evening.see(blind, 10)
    change = evening.see(blind, 70)
    assert [x.bet for x in change.reviews] == [1]
    assert [x.bet for x in change.settlements] == [2]
    assert evening.tracking.tracked[0].status(blind) is Status.NEEDS_REVIEW
    assert evening.tracking.standing.settled
    assert evening.see(blind, 130).empty
    evening.see(END, 9000)
    [settlement] = evening.see(END, 9060).settlements
    assert (settlement.bet, settlement.result) == (1, Result.WON)
    assert evening.tracking.tracked[0].status(END) is not Status.NEEDS_REVIEW


def test_points_by_period_that_no_document_gives_are_told_by_the_breaks() -> None:
    """A small college's game has none: all points are of the first period until that is over."""
    evening = Evening(a_book(bet(1, "2H DEN ML", *EVENTS)))
    played = END.periods or ()
    for number in range(1, len(played)):
        ended = live(number, 0, *((x.home, x.away) for x in played[:number]), phase=Phase.BREAK)
        evening.see(replace(ended, periods=None), 1800 * number)
    blind, over = replace(END, periods=None), 1800 * len(played)
    settled = [x.bet for s in (0, 70) for x in evening.see(blind, over + s).settlements]
    assert settled == [1]


def test_a_bet_that_cannot_be_priced_does_not_stop_the_others() -> None:
    """A bet that cannot be priced keeps its chance and its facts; the others go on."""
    evening = Evening(a_book(bet(1, "Q3 DEN ML", "quarter", "p >= 0.01"), bet(2, "DEN ML")))
    # No poll showed the end of the second quarter, so the third's points cannot be worked out.
    evening.see(live(2, 60, (30, 20), (20, 30)), 0)
    chance = evening.tracking.tracked[0].chance
    ended = live(3, 0, (30, 20), (20, 30), (27, 20), phase=Phase.BREAK)
    change = evening.see(replace(ended, periods=None), 10)
    assert [x.bet for x in change.snapshots] == [2]
    assert evening.tracking.tracked[0].chance == chance
    assert evening.names() == ["quarter"]


def test_a_lost_feed_is_said_once_and_its_return_too() -> None:
    """After 90 s of failed polls in play, `feed_down` fires once, and `feed_back` on return."""
    evening = Evening(a_book(bet(1, "DEN ML", "feed_down", "feed_back"), bet(2, "LAL ML")))
    evening.see(Q1, 0)
    for seconds in (10, 50, 89):
        assert evening.fail(seconds).empty
    (lost,) = evening.fail(95).alerts
    assert (lost.rule, lost.detail) == ("feed_down", Trouble.DOWN.value)
    for seconds in (120, 300):
        assert evening.fail(seconds).empty
    change = evening.see(Q1, 421)
    assert [(x.rule, x.detail) for x in change.alerts] == [("feed_back", "away for 7 min 1 s")]
    assert change.notes == (GameBack("LAL@DEN", "away for 7 min 1 s"),)
    assert evening.see(Q1, 431).empty
    assert [x.bet for x in evening.fired] == [1, 1]


def test_a_feed_that_stands_still_for_long_is_a_lost_one() -> None:
    """After 15 min of live play in which documents tell nothing new, `feed_down` fires once."""
    evening = Evening(a_book(bet(1, "DEN ML", "feed_down", "feed_back")))
    evening.see(Q1, 0)
    assert not any(evening.see(Q1, x).alerts for x in range(10, 900, 10))
    change = evening.see(Q1, 900)
    assert [(x.rule, x.detail) for x in change.alerts] == [("feed_down", STOOD_STILL)]
    assert change.notes == (GameLost("LAL@DEN", STOOD_STILL),)
    evening.tracking = replace(evening.tracking, listened_from=after(905))
    assert evening.see(Q1, 910).empty, "a restart ends no outage"
    change = evening.see(live(1, 290, (22, 18)), 920)
    assert [(x.rule, x.detail) for x in change.alerts] == [("feed_back", "away for 15 min 20 s")]
    assert not change.tracking.lost


def test_nothing_is_lost_before_tip_off_or_after_the_end() -> None:
    """Failed polls before tip-off or after the end fire nothing; from the tip on they are told."""
    for state in (None, SCHEDULED, END):
        evening = Evening(a_book(bet(1, "DEN ML", "feed_down")))
        evening.tracking = replace(evening.tracking, listened_from=after(-7200))
        if state is not None:
            evening.see(state, 0 if state is END else -3600)
        assert evening.fail(10 if state is END else -60).empty
        told = [x for seconds in (60, 100, 5000) for x in evening.fail(seconds).notes]
        assert told == ([] if state is END else [GameLost("LAL@DEN", Trouble.DOWN.value)])


def test_a_held_state_freezes_everything() -> None:
    """A held state arms, fires and clears nothing, is no outage, and is told once."""
    evening = Evening(a_book(bet(1, "DEN ML", "p >= 0.01", "feed_down")))
    evening.see(Q1, 0)
    before = evening.tracking.tracked
    change = evening.see(live(1, 500, (8, 8)), 60)
    assert change.empty
    assert change.ordering is Ordering.HELD
    assert change.notes == (PollHeld("LAL@DEN", "Q1 8:20 8-8"),)
    assert change.tracking.tracked == before
    assert evening.see(live(1, 490, (8, 8)), 70).notes == ()
    assert evening.fail(140).empty
    assert evening.see(Q1, 145).notes == (PollDropped("LAL@DEN", "Q1 8:10 8-8"),)


def test_a_live_game_that_stands_still_is_stale() -> None:
    """A live game is stale after 90 s without change, until it changes; a break never is."""
    evening = Evening(a_book(bet(1, "DEN ML")))
    evening.see(Q1, 0)
    assert not evening.see(Q1, 80).tracking.stale
    assert evening.see(Q1, 90).tracking.stale
    assert not evening.see(live(1, 390, (14, 12)), 100).tracking.stale
    evening.see(live(1, 0, (14, 12), phase=Phase.BREAK), 110)
    assert not evening.see(live(1, 0, (14, 12), phase=Phase.BREAK), 900).tracking.stale


def test_a_bet_added_at_the_half_gets_one_first_snapshot() -> None:
    """A bet that is added in play gets a snapshot at the next poll, and no alert fires for it."""
    evening = Evening(a_book(bet(1, "DEN ML")))
    half = live(2, 0, (40, 20), (30, 20), phase=Phase.BREAK)
    evening.see(half, 0)
    added = Tracked.fresh(bet(2, "DEN +40.5", *EVENTS, "p >= 0.50", "swing 0.10 in 5m"))
    evening.tracking = evening.tracking.with_bets((*evening.tracking.tracked, added))
    change = evening.see(half, 10)
    assert [x.bet for x in change.snapshots] == [2]
    assert not [x for x in change.alerts if x.decision is Decision.FIRED]
    assert [x.reason for x in change.alerts] == [Reason.BEYOND_WHEN_ADDED]
    assert evening.see(half, 20).empty
    evening.see(live(3, 720, (40, 20), (30, 20), (0, 0)), 30)
    evening.see(live(3, 700, (40, 20), (30, 20), (2, 0)), 40)
    assert evening.names() == []


def test_bets_come_and_go_while_the_others_keep_their_memory() -> None:
    """A withdrawn bet goes, a changed rule starts anew, and all else keeps its memory."""
    evening = Evening(a_book(bet(1, "DEN ML", "p >= 0.80", "p <= 0.10"), bet(2, "LAL ML")))
    evening.see(Q1, 0)
    kept = evening.tracking.tracked[0].rules
    wanted = Tracked.fresh(bet(1, "DEN ML", "p >= 0.80", "p <= 0.20"))
    tracking = evening.tracking.with_bets((wanted,))
    assert [x.bet.number for x in tracking.tracked] == [1]
    assert tracking.tracked[0].chance == evening.tracking.tracked[0].chance
    assert tracking.tracked[0].rules[0] == kept[0]
    assert tracking.tracked[0].rules[1].reason is None


def test_a_copy_that_was_read_before_a_poll_takes_nothing_back() -> None:
    """What a poll decided stands until a later revision is read; odds and stake are the copy's."""
    done = Settlement(1, 2, Result.WON, 3818, after(60), "")
    fresh = Tracked.fresh(bet(1, "DEN ML"))
    mine = replace(fresh.seen_at(Chance(0.9, 0.0, 0.1)), settlement=done, official=True)
    for known, stake, kept in (
        (replace(done, revision=1), 2000, True),
        (done, 2000, True),
        (done, 4000, True),
        (replace(done, revision=3), 4000, False),
    ):
        stored = replace(
            Tracked.fresh(bet(1, "DEN ML", stake=stake)), settlement=known, review="a question"
        )
        met = mine.met_again(stored)
        result = (done, True, None) if kept else (known, False, "a question")
        assert (met.settlement, met.official, met.review) == result
        assert (met.chance, met.bet.stake_cents) == (mine.chance, stake)


def test_one_poll_is_enough_in_the_last_two_minutes() -> None:
    """A level fires at once in the last two minutes and in overtime; before that it is held."""
    done = ((30, 20), (20, 30), (30, 30))
    for period, clock, fires in ((4, 180.0, False), (4, 110.0, True), (5, 200.0, True)):
        evening = Evening(a_book(bet(1, "DEN ML", "p >= 0.85")))
        played = done if period == 4 else (*done, (25, 25))
        evening.see(live(period, clock + 10, *played, (20, 25)), 0)
        change = evening.see(live(period, clock, *played, (40, 25)), 10)
        assert bool(evening.fired) is fires
        [alert] = change.alerts
        assert alert.was is not None
        assert alert.p is not None
        assert alert.was < 0.85 <= alert.p


def test_one_poll_is_enough_for_a_bet_that_is_decided() -> None:
    """A level that a passed line takes to 100 % fires at the first reading."""
    evening = Evening(a_book(bet(1, "LAL@DEN 1H over 100.5", "p >= 0.80")))
    evening.see(live(2, 5, (25, 25), (25, 24)), 0)
    evening.see(live(2, 3, (25, 25), (28, 24)), 10)
    assert evening.names() == ["p >= 0.80"]


def test_an_alert_about_a_chance_is_worth_ten_minutes() -> None:
    """An alert about a chance expires after ten minutes; a held decision has no expiry."""
    evening = Evening(a_book(bet(1, "DEN ML", "p >= 0.60")))
    done = ((30, 20), (20, 30), (30, 25))
    evening.see(live(4, 700, *done, (0, 20)), 0)
    evening.see(live(4, 690, *done, (20, 20)), 10)
    evening.see(live(4, 680, *done, (22, 20)), 20)
    alerts = [x for c in evening.changes for x in c.alerts]
    assert [(x.decision, x.episode) for x in alerts] == [(Decision.HELD, 1), (Decision.FIRED, 1)]
    assert [x.expires_at for x in alerts] == [None, after(20) + timedelta(minutes=10)]
    safe = evening.changes[0].snapshots[0].known.win
    assert [x.was for x in alerts] == [safe, safe]


@pytest.mark.parametrize(
    ("events", "hours"),
    [
        ((Fact.HIT, Fact.DEAD, Fact.SETTLED), 12),
        ((Fact.REGRADED, Fact.REVIEW), 24),
        ((Fact.OUT,), 3),
        ((Fact.START, Fact.QUARTER, Fact.HALFTIME, Fact.FEED_DOWN, Fact.FEED_BACK), 1 / 6),
    ],
)
def test_a_fact_is_worth_telling_for_as_long_as_it_is_of_use(
    events: tuple[Fact, ...], hours: float
) -> None:
    """A result for half a day, a correction or a question for a day, a break for ten minutes."""
    tracked = Tracked.fresh(bet(1, "DEN ML"))
    for event in events:
        _, alert = fact_alert(tracked, RuleState(1, event.value), event, END, T0)
        assert alert.expires_at == T0 + timedelta(hours=hours)


def test_a_wall_clock_that_is_set_back_delays_no_result() -> None:
    """The second agreeing poll settles a bet even when the wall clock was set back a day."""
    evening = Evening(a_book(bet(1, "DEN -4.5", "settled")))
    evening.see(END, 0)
    assert evening.see(END, 60 - 86_400).settlements


def test_a_bet_is_settled_once_however_often_the_end_is_told() -> None:
    """A thousand polls of the final make one result and one announcement."""
    evening = Evening(a_book(bet(1, "DEN -4.5", *EVENTS)))
    for poll in range(1000):
        evening.see(END, poll * 10)
    assert sum(len(x.settlements) for x in evening.changes) == 1
    assert sum(len(x.confirmations) for x in evening.changes) == 1
    assert evening.names() == ["settled"]


def test_a_score_without_periods_is_followed_too() -> None:
    """A whole-game bet is followed without points by period."""
    blind = GameState(GAME, Phase.LIVE, 2, 300, Score(44, 40))
    assert len(look(a_book(bet(1, "DEN -4.5")), blind, 0).snapshots) == 1


def test_a_chance_that_was_told_the_other_way_since_is_news_again() -> None:
    """A level fires again once another message said the opposite in between; a poll is none."""
    apart, mixed = ("p >= 0.80", "p <= 0.30"), ("p <= 0.20", "p crosses 0.50")
    courses = {
        (apart, (-12, 12, -12, 12)): ["p <= 0.30", "p >= 0.80", "p <= 0.30", "p >= 0.80"],
        (apart, (-12, 0, -12, 0)): ["p <= 0.30"],
        (apart, (12, 0, 12, 0)): ["p >= 0.80"],
        (mixed, (-20, 5, -20, 5)): [*mixed, mixed[1]] * 2,
        (mixed, (-3, 3, -3, 3)): [mixed[1]] * 2,
    }
    for (rules, course), told in courses.items():
        evening = Evening(a_book(bet(1, "DEN ML", *rules)))
        evening.see(live(3, 700, (25, 25), (25, 25), (0, 0)), 0)
        for number, margin in enumerate(course, 1):
            points = (20 * number + max(margin, 0), 20 * number - min(margin, 0))
            for second in (0, 10):
                state = live(3, 700 - 60 * number - second, (25, 25), (25, 25), points)
                evening.see(state, 400 * number + second)
        assert evening.names() == told, course
    evening = Evening(a_book(bet(1, "DEN ML", *apart)))
    for minute, margin in enumerate((0, -12, -12, 0, 12, 0, -12, -12)):
        points = (10 * minute + max(margin, 0), 10 * minute - min(margin, 0))
        evening.see(live(3, 700 - 30 * minute, (25, 25), (25, 25), points), 200 * minute)
    assert evening.names() == ["p <= 0.30"]


@pytest.mark.parametrize(
    ("told", "left", "fired"), [(20, 8, 2), (20, 13, 2), (20, 18, 1), (8, 8, 1)]
)
def test_a_level_that_a_wrong_score_told_is_news_when_it_is_reached(
    told: int, left: int, fired: int
) -> None:
    """Points that are taken back made no chance: 80 % is sent again once the score gives it.

    So it is where 78 % is left, and not where 93 % is: that has been told.
    """
    evening = Evening(a_book(bet(1, "DEN ML", "p >= 0.80")))
    course = [(8, 8), (8, 8), *[(told, 8)] * 2, *[(left, 8)] * 6, (left, left), *[(32, 16)] * 3]
    for number, points in enumerate(course):
        state = live(4, 600 - 10 * number, (25, 25), (25, 25), (25, 25), points)
        evening.see(state, 10 * number + 400 * (number > 9))
    assert len(evening.names()) == fired


def test_a_level_that_a_wrong_figure_told_is_news_when_it_is_reached() -> None:
    """A rebound that is taken back, as a scorer does, leaves the level untold."""
    over = PlayerTotal(Player("Big Man", Side.HOME), Stat.REB, Direction.OVER, 9.5)
    one = replace(bet(1, "DEN ML", "p >= 0.60"), market=over)
    evening = Evening(GameTracking(GAME, (Tracked.fresh(one),)))
    for number, rebounds in enumerate((7, 7, 9, 9, *[7] * 6, *[9] * 3)):
        stats = (("pts", 10), ("reb", rebounds))
        line = PlayerLine("7", "Big Man", Side.HOME, stats, 20.0, played=True, starter=True)
        state = live(3, 600 - 10 * number, (30, 25), (25, 25), (10, 10))
        evening.see(replace(state, players=(line,)), 10 * number + 400 * (number > 9))
    assert evening.names() == ["p >= 0.60"] * 2


@pytest.mark.parametrize("given", [Result.WON, Result.LOST, Result.VOID])
def test_a_result_that_was_taken_back_is_graded_at_the_end_as_if_for_the_first_time(
    given: Result,
) -> None:
    """A withdrawn result is graded at the end and announced as a result, not a correction."""
    evening = Evening(a_book(bet(1, "DEN ML", "settled", "regraded")))
    evening.see(Q1, 10)
    (tracked,) = evening.tracking.tracked
    back = Settlement(1, 2, given, None, after(20), TO_BE_GRADED)
    evening.tracking = evening.tracking.with_tracked(replace(tracked, settlement=back))
    for seconds in (100, 160):
        evening.see(END, seconds)
    (tracked,) = evening.tracking.tracked
    done = tracked.settlement
    assert done is not None
    assert (done.result, done.revision) == (Result.WON, 3)
    assert evening.names() == ["settled"]


@pytest.mark.parametrize("answered", [False, True])
def test_a_parlay_that_was_voided_by_mistake_still_tells_its_next_leg(*, answered: bool) -> None:
    """A leg that was told before the mistake, or by the answer, is not told again; the next is."""
    legs = tuple(Leg(GAME, market(x)) for x in ("LAL@DEN over 90", "LAL@DEN over 110", "DEN ML"))
    tracking = a_book(replace(bet(1, "DEN ML", "hit"), market=Parlay(legs)))
    if answered:
        (known,) = rules_as_added([Result.WON, None, None])
        bare = tracking.tracked[0]
        tracking = tracking.with_tracked(bare.with_rules((replace(known, bet=1),)))
    evening = Evening(tracking)
    for n, points in enumerate((40, 45, 45)):
        evening.see(live(2, 300 - 10 * n, (25, 25), (points - 25, 25)), 10 * n)
    for n in (1, 2):
        (tracked,) = evening.tracking.tracked
        why = "by hand: another bet" if n == 1 else TO_BE_GRADED
        made = Settlement(1, n, Result.VOID, None, after(30), why, by_hand=n == 1)
        evening.tracking = evening.tracking.with_tracked(replace(tracked, settlement=made))
        evening.see(live(2, 270 - 10 * n, (25, 25), (20, 25)), 20 + 10 * n)
    for n in range(3):
        evening.see(live(2, 200 - 10 * n, (25, 25), (35, 30)), 100 + 10 * n)
    assert evening.names() == ["hit"] * (1 if answered else 2)


def test_a_bet_whose_result_by_hand_was_taken_back_is_alerted_again() -> None:
    """Its rules begin anew, but for an event that was told before the mistake."""
    evening = Evening(a_book(bet(1, "DEN ML", "p <= 0.30", "halftime")))
    evening.see(live(2, 5, (25, 25), (25, 25)), 10)
    evening.see(live(2, 0, (25, 25), (25, 25), phase=Phase.BREAK), 20)
    evening.see(live(3, 700, (25, 25), (25, 25), (0, 0)), 900)
    assert evening.names() == ["halftime"]
    for revision, reason in ((1, "by hand: the wrong bet"), (2, TO_BE_GRADED)):
        (tracked,) = evening.tracking.tracked
        given = Settlement(
            1, revision, Result.WON, None, after(900), reason, by_hand=reason != TO_BE_GRADED
        )
        evening.tracking = evening.tracking.with_tracked(replace(tracked, settlement=given))
        for second in (10, 20):
            level = (10 * revision + second // 10, 10 * revision + second // 10)
            left = 700 - 60 * revision - second
            evening.see(live(3, left, (25, 25), (25, 25), level), 900 + 60 * revision + second)
    for second in (0, 10):
        evening.see(live(3, 300 - second, (25, 25), (25, 25), (24, 49)), 1500 + second)
    assert evening.names() == ["halftime", "p <= 0.30"]


def test_a_decision_by_hand_names_the_bet_by_its_own_id_in_every_sentence() -> None:
    """The person's id for it where there is one, also of a bet whose game is not known yet."""
    tracked = Tracked.fresh(replace(bet(7, "DEN ML"), name="mine"))
    case = Case(7, tracked, {}, False, None, False, 2000, None, False, "mine")
    early, over = after(-9000), after(9000)
    whys = []
    asks: list[Callable[[], object]] = [
        lambda: by_hand.given(case, Result.WON, None, "", over),
        lambda: by_hand.given(case, Result.WON, None, "", early),
        lambda: by_hand.given(case, Result.WON, 100, "", over),
        lambda: by_hand.given(case, Result.LOST, 9000, "", over),
        lambda: by_hand.given(case, Result.PUSH, 1, "", over),
        lambda: graded_again(replace(case, tracked=None), over),
        lambda: graded_again(case, over),
    ]
    for asked in asks:
        with pytest.raises(BadBet) as why:
            asked()
        whys.append(str(why.value))
    assert all("bet mine" in x and " 7" not in x for x in whys), whys
    assert "`tracker void mine`" in whys[1]
    assert replace(case, name=None).id == 7


def test_a_result_that_was_taken_back_is_replaced_by_a_grade_that_says_the_same() -> None:
    """Grading it by hand after the end makes a revision with the reason of the end."""
    back = Settlement(1, 2, Result.WON, 3818, after(20), TO_BE_GRADED)
    tracked = replace(Tracked.fresh(bet(1, "DEN ML")), settlement=back)
    case = Case(1, tracked, {GAME.id: END}, True, back, False, 2000, tracked.bet.odds, False)
    ruling = graded_again(case, after(9000))
    done = ruling.settlement
    assert (done.result, done.payout_cents, done.revision) == (Result.WON, 3818, 3)
    assert (done.reason, ruling.new) == ("LAL 90, DEN 110 (Final)", True)


@pytest.mark.parametrize(
    ("told", "then"), [(Side.HOME, Side.AWAY), (None, Side.AWAY), (None, None)]
)
def test_points_whose_free_throw_is_not_known_yet_are_no_haste(
    told: Side | None, then: Side | None
) -> None:
    """A level is told a poll later while the play-by-play has not told who has the ball.

    It is no later where nothing moves, as in a time-out.
    """
    quarters = (30, 30), (30, 30), (30, 30)
    tracking = a_book(bet(1, "DEN ML", "p >= 0.60"))
    fired = []
    for n, (clock, points, ball) in enumerate(
        ((30, (8, 10), Side.HOME), (6, (11, 10), told), (6, (11, 10), then), (6, (11, 10), then))
    ):
        state = replace(live(4, clock, *quarters, points), possession=ball)
        change = look(tracking, state, 10.0 * n)
        tracking = change.tracking
        fired += [n for x in change.alerts if x.decision is Decision.FIRED]
    assert fired == [1 if told else 2]
