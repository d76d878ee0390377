"""Promises of rules: one fires when its level is crossed, and again only when that is news."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.build import after, rng
from tracker.domain.alert import Reason
from tracker.domain.chance import log_odds
from tracker.domain.policy import LevelRule, SwingRule, parse_rule
from tracker.domain.tracking import Readings, RulePhase, RuleState
from tracker.engine.rules.state_machine import (
    BAND,
    BUDGET,
    BUDGET_SPAN,
    COOLDOWN,
    HOLD_POLLS,
    RuleReading,
    caught_up,
    idle_range,
    rebase,
    step,
    unmoved,
)

REARMED = 0.74
"""A chance past the band below 0.80, so that the rule arms again."""


@dataclass
class Watch:
    """One rule that is stepped by readings, ten seconds apart by default."""

    rule: LevelRule | SwingRule
    state: RuleState
    at: float = 0.0
    fired: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)

    def see(self, *chances: float, every: float = 10, hurried: bool = False) -> Watch:
        """Step the rule by these chances, one after another."""
        for p in chances:
            self.at += every
            verdict = step(self.rule, self.state, RuleReading(p, after(self.at), hurried))
            self.reasons.append(verdict.reason.value)
            if verdict.worth_noting(self.state):
                self.noted.append(verdict.reason.value)
            if verdict.fires:
                self.fired.append(self.at)
                assert verdict.state.episode == self.state.episode + 1
            self.state = verdict.state
        return self


def watch(text: str) -> Watch:
    """A rule without any memory."""
    rule = parse_rule(text)
    assert isinstance(rule, LevelRule | SwingRule)
    return Watch(rule, RuleState(1, rule.text))


def test_a_level_fires_at_the_second_reading_beyond_it() -> None:
    """A level arms on the safe side, fires at the second reading beyond, and then is silent."""
    seen = watch("p >= 0.80").see(0.6, 0.81, 0.82, 0.85, 0.9)
    assert seen.fired == [30]
    assert seen.reasons == ["below", "holding", "crossed", "not_rearmed", "not_rearmed"]
    assert seen.see(0.5, every=300).reasons[-1] == "rearmed"
    assert watch("p <= 0.30").see(0.6, 0.29, 0.28, 0.2).fired == [30]


def test_the_level_itself_is_beyond() -> None:
    """`p >= 0.80` fires at exactly 80 %, despite rounding errors."""
    assert watch("p >= 0.80").see(0.6, 0.8, 0.8).fired == [30]
    assert watch("p <= 0.30").see(0.6, 0.3, 0.1 + 0.2).fired == [30]


def test_one_reading_beyond_is_not_enough() -> None:
    """A chance that falls back at once never fires, however often it returns."""
    assert watch("p >= 0.80").see(0.6, *[0.85, 0.75] * 50).fired == []


def test_when_hurried_one_reading_is_enough() -> None:
    """A hurried reading (last two minutes, or a decided bet) fires without a second one."""
    assert watch("p >= 0.80").see(0.6).see(0.85, hurried=True).fired == [20]


def test_a_bet_added_beyond_its_level_makes_no_noise() -> None:
    """A bet added beyond its level fires only after its chance was back past the band."""
    seen = watch("p >= 0.80").see(*[0.9] * 10, 0.79, 0.9, 0.9)
    assert seen.fired == []
    assert seen.noted == ["beyond_when_added"]
    assert seen.see(REARMED, 0.81, 0.81).fired == [160]


def test_it_arms_again_only_past_the_band() -> None:
    """A level arms again only past a band in log-odds, such as below 0.75 for 0.80."""
    seen = watch("p >= 0.80").see(0.6, 0.81, 0.81)
    assert seen.see(*[0.76, 0.85] * 60).fired == [30]
    seen.see(0.7499)
    assert seen.state.phase is RulePhase.ARMED
    assert seen.see(0.91, 0.91).fired == [30, seen.at]
    high = watch("p >= 0.98").see(0.9, 0.985, 0.985, every=100)
    assert high.see(0.975, 0.995, 0.995, every=200).fired == [300]
    assert high.see(0.973, 0.995, 0.995, every=200).fired == [300, high.at]
    assert math.isclose(BAND, log_odds(0.8) - log_odds(0.75))


def test_it_cools_down_between_two_firings() -> None:
    """Two firings are at least five minutes apart."""
    seen = watch("p <= 0.30").see(0.6, 0.29, 0.29).see(*[0.6, 0.25, 0.25] * 9)
    assert seen.fired == [30]
    assert "cooling_down" in seen.noted
    seen.see(0.14, 0.14, 0.14, 0.14)
    assert seen.fired == [30, 320]


def test_a_level_passed_while_cooling_is_told_from_what_was_told_last() -> None:
    """A way back that happened in the cooldown is no rise from a chance on the same side."""
    seen = watch("p crosses 0.50").see(0.45, 0.55, 0.55).see(*[0.42] * 28, 0.4)
    last = step(seen.rule, seen.state, RuleReading(0.44, after(seen.at + 10), False, before=0.4))
    assert last.reason is Reason.HOLDING
    at = after(seen.at + 20)
    fired = step(seen.rule, last.state, RuleReading(0.45, at, hurried=False, before=0.44))
    assert (fired.fires, fired.was) == (True, 0.55)


def test_a_level_that_was_told_is_told_again_only_further_out() -> None:
    """A level fires again only further out than the last message: after 81 % at 91 %, not 85 %."""
    seen = watch("p >= 0.80").see(0.6, 0.81, 0.81)
    seen.see(*[0.6] * 40).see(0.85, 0.85, 0.85)
    assert seen.fired == [30]
    assert "told_before" in seen.noted
    seen.see(*[0.6] * 40).see(0.91, 0.91)
    assert seen.fired == [30, seen.at]
    assert seen.see(*[0.6] * 40).see(0.92, 0.92, 0.95).fired[2:] == []
    down = watch("p <= 0.30").see(0.6, 0.29, 0.29).see(*[0.6] * 40).see(0.26, 0.26, 0.26)
    assert down.fired == [30]
    assert down.see(*[0.6] * 40).see(0.14, 0.14).fired == [30, down.at]


def test_a_chance_that_goes_much_further_breaks_the_cooldown() -> None:
    """A chance that goes much further fires within the cooldown, once it has held."""
    seen = watch("p <= 0.30").see(0.6, 0.29, 0.29, 0.5, 0.1)
    assert seen.fired == [30]
    assert seen.see(0.1).fired == [30, 60]
    assert seen.see(0.5, 0.1, 0.1, 0.1).fired == [30, 60]
    assert watch("p <= 0.30").see(0.6, 0.29, 0.29, 0.5, *[0.2] * 20).fired == [30]


def test_a_single_reading_further_out_leaves_the_cooldown_as_it_was() -> None:
    """A reading far out that does not last neither ends the cooldown nor hides what was sent."""
    seen = watch("p >= 0.60").see(0.5, 0.8, 0.8, 0.5, 0.95, 0.1)
    assert seen.see(0.97, 0.96).fired == [30, 80]
    back = watch("p >= 0.80").see(0.5, 0.8, 0.8, 0.5, 0.95, 0.9, 0.5)
    assert back.see(0.8, 0.95).fired == [30]
    assert back.see(0.95).fired == [30, 100]


def test_a_chance_that_stays_on_its_level_has_not_crossed_it() -> None:
    """A bet at exactly the level crosses it once the chance has passed it, in either direction."""
    assert watch("p crosses 0.50").see(*[0.5] * 9).fired == []
    assert watch("p crosses 0.50").see(0.5, 0.5, 0.49, 0.49).fired == [40]
    assert watch("p crosses 0.50").see(0.4, 0.5, 0.5).fired == [30]


def test_a_clock_that_is_set_back_does_not_silence_a_rule() -> None:
    """The cooldown and the budget end although the wall clock was set back a day."""
    seen = watch("p >= 0.80").see(0.6, 0.81, 0.81)
    seen.at -= 86_400
    assert len(seen.see(0.5, 0.5, 0.92, 0.92).fired) == 2
    spent = watch("p >= 0.80").see(0.5)
    for p in (0.81, 0.91, 0.96, 0.985):
        spent.see(p, p, 0.5, 0.5)
    spent.at -= 86_400
    assert len(spent.see(0.5, 0.5, 0.995, 0.995).fired) == BUDGET + 1


def test_a_clock_that_is_set_back_does_not_lengthen_a_swing() -> None:
    """A swing is not measured from readings of before the clock was set back an hour."""
    drifts = watch("swing 0.15 in 5m").see(*[0.4 + i / 200 for i in range(10)], every=60)
    drifts.at -= 3600
    assert drifts.see(*[0.45 + i / 200 for i in range(60)], every=60).fired == []


@pytest.mark.parametrize("text", ["p >= 0.80", "p <= 0.80", "p crosses 0.80"])
def test_dancing_on_the_level_is_told_a_few_times_at_most(text: str) -> None:
    """Three hours of readings around the level fire once."""
    seen = watch(text).see(0.5 if ">" in text else 0.9, *[0.81, 0.82, 0.78, 0.79] * 270)
    assert len(seen.fired) == 1


def test_four_times_an_hour_at_most() -> None:
    """A rule fires at most four times an hour, and once more when it may."""
    seen = watch("p >= 0.80").see(0.5)
    for p in (0.81, 0.91, 0.96, 0.985, 0.995):
        seen.see(p, p, *[0.5] * 2)
    times = [after(x) for x in seen.fired]
    assert len(times) == BUDGET == 4
    assert seen.noted.count("over_budget") == 1
    seen.see(*[0.995] * 400)
    assert len(seen.fired) == 5
    assert after(seen.fired[-1]) - times[0] >= BUDGET_SPAN


def test_a_crossing_is_told_both_ways() -> None:
    """A crossing fires once each way, and then only further out."""
    for first, second, out in ((0.4, 0.6, 0.8), (0.6, 0.4, 0.2)):
        seen = watch("p crosses 0.50").see(first, *[second] * 40)
        assert len(seen.fired) == 1
        assert len(seen.see(*[first] * 40).fired) == 2
        assert len(seen.see(*[second] * 40).see(*[first] * 40).fired) == 2
        assert len(seen.see(*[out] * 40).fired) == 3


def test_a_crossing_that_is_taken_back_is_told() -> None:
    """A crossing that goes back fires again for the way back."""
    seen = watch("p crosses 0.50").see(0.45, 0.52, 0.52).see(*[0.1] * 40)
    assert seen.fired[0] == 30
    assert len(seen.fired) == 2


def test_a_swing_is_measured_within_its_time() -> None:
    """A swing fires for its size within its time, not beyond, and says where it began."""
    slow = watch("swing 0.15 in 5m").see(*(0.4 + i / 200 for i in range(60)), every=30)
    assert slow.fired == []
    rule = parse_rule("swing 0.15 in 5m")
    assert isinstance(rule, SwingRule)
    state = RuleState(1, rule.text)
    for seconds, p in ((0, 0.4), (60, 0.45), (120, 0.56)):
        state = step(rule, state, RuleReading(p, after(seconds), hurried=False)).state
    verdict = step(rule, state, RuleReading(0.58, after(130), hurried=False))
    assert (verdict.fires, verdict.was, verdict.reason) == (True, 0.4, Reason.SWUNG)
    assert len(watch("swing 0.15 in 5m").see(0.4).see(0.6, every=300, hurried=True).fired) == 1
    assert not watch("swing 0.15 in 5m").see(0.4).see(0.6, every=301, hurried=True).fired


def test_a_swing_is_told_once() -> None:
    """After a firing a swing is measured anew; a way back within the told range does not fire."""
    seen = watch("swing 0.15 in 5m").see(0.4, 0.6, 0.6, *[0.6] * 60)
    assert seen.fired == [30]
    assert len(seen.see(0.4, 0.4).fired) == 1
    assert len(seen.see(0.2, 0.2, every=60).fired) == 2
    assert watch("swing 0.15 in 5m").see(0.4, *[0.6, 0.6, 0.4, 0.4] * 7).fired == [30]
    assert watch("swing 0.2 in 5m").see(0.3, 0.5, hurried=True).fired == [20]


@pytest.mark.parametrize("back", [0.4, 0.5, 0.3])
def test_a_single_wrong_reading_is_no_swing(back: float) -> None:
    """A chance that one poll alone shows fires nothing, neither there nor on its way back."""
    seen = watch("swing 0.15 in 5m").see(0.4, 0.4, 0.6, back, back, 0.6, *[back] * 40)
    assert seen.fired == []
    assert seen.see(back + 0.2, back + 0.2).fired == [480]


@pytest.mark.parametrize("text", ["p >= 0.60", "p crosses 0.50", "swing 0.15 in 5m"])
@pytest.mark.parametrize(("every", "confirmed"), [(3, 15), (5, 20), (7, 28), (9, 27)])
def test_the_polls_of_several_games_confirm_each_other_after_eight_seconds(
    text: str, every: int, confirmed: int
) -> None:
    """A parlay over several games fires at the first reading 8 s after the one beyond."""
    rule, at, fired, before = parse_rule(text), 0, [], None
    assert isinstance(rule, LevelRule | SwingRule)
    state = RuleState(1, rule.text)
    for p in [0.4] + [0.65] * 12:
        at += every
        reading = RuleReading(p, after(at), hurried=False, before=before, shared=True)
        verdict = step(rule, state, reading)
        state, before = verdict.state, p
        if verdict.fires:
            fired.append(at)
    assert fired == [confirmed]


@pytest.mark.parametrize("text", ["p >= 0.60", "p crosses 0.50"])
def test_what_is_learnt_while_a_level_cools_down_is_no_news(text: str) -> None:
    """A level that new knowledge passes after a message fires once the chance has crossed it."""
    seen = watch(text).see(0.4, 0.65, 0.65, 0.2)
    assert (seen.state.phase, seen.fired) == (RulePhase.COOLING, [30])
    learnt = RuleReading(0.95, after(seen.at + 10), hurried=False)
    seen.state = rebase(seen.rule, seen.state, learnt).state
    assert seen.see(*[0.95] * 40).fired == [30]
    assert len(seen.see(*[0.2] * 2, *[0.95] * 2).fired) == 2
    again = watch(text).see(0.4, 0.65, 0.65, 0.2)
    again.state = rebase(again.rule, again.state, learnt).state
    assert again.see(0.2, 0.2, 0.2).fired == [30]


def test_what_is_learnt_disarms_only_a_rule_whose_level_it_passes() -> None:
    """New knowledge leaves a rule armed on its safe side, and as it is once it has fired."""

    def learnt(seen: Watch, p: float) -> Watch:
        verdict = rebase(seen.rule, seen.state, RuleReading(p, after(seen.at + 5), hurried=False))
        return replace(seen, state=verdict.state)

    safe, fired = watch("p >= 0.80").see(0.6), watch("p >= 0.80").see(0.6, 0.81, 0.81)
    assert learnt(safe, 0.77).see(0.85, 0.85).fired == [30]
    assert learnt(fired, 0.9).state == fired.state
    assert learnt(watch("p >= 0.80").see(0.6, 0.81), 0.9).see(*[0.9] * 9).fired == []


def test_a_swing_that_outlasts_the_cooldown_is_told() -> None:
    """A swing within the cooldown fires after it, if it is still one within its time."""
    seen = watch("swing 0.15 in 5m").see(0.4, *[0.6] * 18, *[0.95] * 20)
    assert (seen.fired, seen.noted.count("cooling_down")) == ([30, 340], 1)


def test_a_rule_that_is_done_stays_silent() -> None:
    """A rule that is done never fires and stays as it is, whatever is read or learnt."""
    for text in ("p >= 0.80", "swing 0.15 in 5m"):
        seen = watch(text)
        seen.state = done = replace(seen.state, phase=RulePhase.DONE, reason=Reason.CROSSED)
        assert seen.see(0.1, 0.9, 0.9, 0.1, 0.1).fired == []
        learnt = rebase(seen.rule, done, RuleReading(0.9, after(99), hurried=False))
        assert (seen.state, learnt.state, learnt.reason) == (done, done, Reason.CROSSED)


def stored(state: RuleState) -> RuleState:
    """A rule's state after it was written as text and read again, as in a restart."""
    text = json.dumps(
        {
            "phase": state.phase.value,
            "episode": state.episode,
            "streak": state.streak,
            "reason": state.reason and state.reason.value,
            "fired": [x.isoformat() for x in state.fired],
            "window": [(t.isoformat(), p) for t, p in state.window],
            "flipped": state.flipped,
            "told": state.extremes,
        }
    )
    found = json.loads(text)
    return RuleState(
        state.bet,
        state.rule,
        RulePhase(found["phase"]),
        found["episode"],
        found["streak"],
        None if found["reason"] is None else Reason(found["reason"]),
        tuple(datetime.fromisoformat(x) for x in found["fired"]),
        tuple((datetime.fromisoformat(t), p) for t, p in found["window"]),
        found["flipped"],
        found["told"] and tuple(found["told"]),
    )


RULES = st.sampled_from(
    [
        "p >= 0.80",
        "p <= 0.30",
        "p crosses 0.50",
        "p >= 0.99",
        "swing 0.15 in 5m",
        "swing 0.4 in 20s",
    ]
)
READINGS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.25, 0.29, 0.31, 0.45, 0.5, 0.55, 0.74, 0.79, 0.8, 0.85, 0.995, 1.0])
        | st.floats(0, 1),
        st.sampled_from([5.0, 10.0, 60.0, 400.0]),
        st.sampled_from([False, False, False, True]),
    ),
    max_size=60,
)


@given(RULES, READINGS)
def test_a_restart_at_any_reading_changes_nothing(
    text: str, readings: list[tuple[float, float, bool]]
) -> None:
    """A rule that is stored and read after each reading decides like one that ran on."""
    on, again = watch(text), watch(text)
    for p, every, hurried in readings:
        on.see(p, every=every, hurried=hurried)
        again.see(p, every=every, hurried=hurried)
        again.state = stored(again.state)
        assert again.state == on.state
    assert (again.fired, again.reasons) == (on.fired, on.reasons)


@given(RULES, READINGS)
def test_what_holds_for_every_rule_over_any_readings(
    text: str, readings: list[tuple[float, float, bool]]
) -> None:
    """Firings keep their episode, hold, cooldown and hourly budget over any readings."""
    seen = watch(text)
    for p, every, hurried in readings:
        before = seen.state
        seen.see(p, every=every, hurried=hurried)
        fired = bool(seen.fired) and seen.fired[-1] == seen.at
        if fired:
            assert hurried or before.streak + 1 >= HOLD_POLLS
            assert before.phase is not RulePhase.UNARMED
        assert seen.state.episode == len(seen.fired)
        assert len(seen.state.fired) <= BUDGET
    gaps = [b - a for a, b in zip(seen.fired, seen.fired[1:], strict=False)]
    if "swing" in text or "crosses" in text:
        assert all(x >= COOLDOWN.total_seconds() for x in gaps)
    for first in seen.fired:
        hour = BUDGET_SPAN / timedelta(seconds=1)
        assert sum(first <= x < first + hour for x in seen.fired) <= BUDGET


@given(READINGS)
def test_a_level_fires_only_beyond_it_and_never_first(
    readings: list[tuple[float, float, bool]],
) -> None:
    """A level fires only beyond it, and only after a reading on its safe side."""
    seen = watch("p >= 0.80")
    near = False
    for p, every, hurried in readings:
        count = len(seen.fired)
        seen.see(p, every=every, hurried=hurried)
        if len(seen.fired) > count:
            assert p >= 0.8
            assert near
            near = False
        near = near or p < 0.8


@dataclass
class Told:
    """What docs/alerts.md says of a level rule, as plainly as it can be written down.

    `out` is how far a chance lies beyond the level, in bands of log-odds.
    """

    level: float
    up: bool
    armed: bool | None = None
    beyond: int = 0
    sent: list[tuple[float, float]] = field(default_factory=list)

    def fires(self, p: float, at: float, hurried: bool) -> bool:
        """Whether a message is sent at a reading."""
        out = (log_odds(p) - log_odds(self.level)) / BAND * (1 if self.up else -1)
        last = self.sent[-1] if self.sent else (-math.inf, -math.inf)
        if not self.armed:
            # A bet that is past its level when it is added, or has been told, must clear the band.
            self.armed = out < 0 if self.armed is None else out <= -1
            return False
        waits = at - last[0] < COOLDOWN.total_seconds() and out - last[1] < 3
        self.beyond = 0 if out < 0 or waits else self.beyond + 1
        if self.beyond < (1 if hurried else 2):
            return False
        if out - max([x for _, x in self.sent], default=-math.inf) < 3:
            self.armed, self.beyond = False, 0
            return False
        if sum(at - x < 3600 for x, _ in self.sent) == BUDGET:
            return False
        self.sent.append((at, out))
        self.armed, self.beyond = False, 0
        return True


@pytest.mark.parametrize("text", ["p >= 0.60", "p <= 0.60"])
def test_a_level_is_told_when_the_manual_says(text: str) -> None:
    """On random nights a level fires exactly when docs/alerts.md says."""
    up, draw = ">" in text, rng(7)
    for _ in range(80):
        seen, manual = watch(text), Told(0.6, up)
        for _ in range(draw.randint(5, 60)):
            out = draw.choice((-9.1, -1.1, -1.1, -0.9, 0.1, 0.9, 2.2, 3.3, 5.4, 8.5))
            odds = math.exp(log_odds(0.6) + (out if up else -out) * BAND)
            every, hurried = draw.choice((10.0, 10.0, 10.0, 310.0)), draw.random() < 0.1
            for _ in range(draw.randint(1, 2)):
                count, p = len(seen.fired), odds / (1 + odds)
                seen.see(p, every=every, hurried=hurried)
                assert (len(seen.fired) > count) == manual.fires(p, seen.at, hurried)


WATCHED = ("p >= 0.80", "p <= 0.30", "p crosses 0.50", "swing 0.15 in 5m", "swing 0.05 in 2m")
NEAR = st.sampled_from([0.0, 0.2999, 0.3, 0.35, 0.5, 0.7499, 0.75, 0.8, 0.8001, 0.86, 1.0])
STEPS = st.sampled_from([12.0, 40.0, 0.0, -15.0, 130.0, 299.0, 301.0])


@given(
    st.lists(st.sampled_from(WATCHED), unique=True, min_size=1),
    st.lists(
        st.tuples(st.floats(0.0, 1.0) | NEAR, STEPS, st.booleans(), st.booleans()), max_size=40
    ),
)
def test_a_reading_that_decides_nothing_leaves_what_the_machine_leaves(
    texts: list[str], readings: list[tuple[float, float, bool, bool]]
) -> None:
    """Where the idle range skips a reading, neither it nor new knowledge would decide anything.

    It skips readings for all rules of a bet together, and for each. The windows of swings take what
    was skipped when a rule is stepped again. The chances are near the levels and their bands or
    near the last one, and the clock may be set back.
    """
    rules = [x for x in map(parse_rule, texts) if isinstance(x, LevelRule | SwingRule)]
    states = tuple(RuleState(1, x.text) for x in rules)
    at, before, kept = 0.0, None, idle_range(rules, states)
    skipped: Readings = ()
    for drawn, seconds, hurried, leaps in readings:
        at += seconds
        p = drawn if leaps or before is None else min(max(before + (drawn - 0.5) / 8, 0.0), 1.0)
        reading = RuleReading(p, after(at), hurried, before)
        verdicts = [step(x, y, reading) for x, y in zip(rules, states, strict=True)]
        waits = [x is not None and x.holds(p, reading.at) for x in kept.each]
        for rule, verdict, state, idle in zip(rules, verdicts, states, waits, strict=True):
            assert not idle or verdict.state == state
            assert not idle or not (verdict.fires or verdict.worth_noting(state))
            learnt = rebase(rule, state, reading).state if idle else state
            assert learnt.with_window(()) == state.with_window(())
        short = unmoved(kept, skipped, p, reading.at)
        before, now = p, tuple(x.state for x in verdicts)
        if short is not None:
            told = zip(verdicts, states, strict=True)
            assert not any(x.fires or x.worth_noting(y) for x, y in told)
            assert [x.with_window(()) for x in now] == [x.with_window(()) for x in kept.rules]
            kept, skipped = short
        else:
            late = caught_up(rules, kept.rules, skipped)
            stepped = [step(x, y, reading).state for x, y in zip(rules, late, strict=True)]
            # By a clock that was set back, what had become too old may be in time again.
            assert seconds < 0 or tuple(stepped) == now
            known = [x if idle else None for x, idle in zip(kept.each, waits, strict=True)]
            kept, skipped = idle_range(rules, now, known), ()
        states = now


def test_rules_that_wait_are_idle() -> None:
    """Readings between the levels and within the swing are skipped as idle."""
    rules = [parse_rule(x) for x in WATCHED]
    states = tuple(RuleState(1, x.text) for x in rules)
    first = RuleReading(0.6, after(0), hurried=False)
    for rule in rules:
        assert isinstance(rule, LevelRule | SwingRule)
    states = tuple(
        step(x, y, first).state
        for x, y in zip(rules, states, strict=True)
        if isinstance(x, LevelRule | SwingRule)
    )
    kept = idle_range(rules, states)
    skipped: Readings = ()
    for n, p in enumerate((0.61, 0.59, 0.62, 0.6)):
        closer = unmoved(kept, skipped, p, after(10 * n + 10))
        assert closer is not None
        kept, skipped = closer
    assert [p for _, p in skipped] == [0.61, 0.59, 0.62, 0.6]
    assert unmoved(kept, skipped, 0.7, after(60)) is None
