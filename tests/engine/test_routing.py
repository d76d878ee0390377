"""Promises of routing: each step holds an alert with its reason, and results always arrive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.build import GAME, T0, a_book, after, bet, live
from tracker.domain.alert import Alert, Decision, Reason
from tracker.domain.bet import Leg, Parlay
from tracker.domain.chance import LOST, WON, Chance
from tracker.domain.game import Game, Phase
from tracker.domain.policy import (
    DAEMON,
    TOGETHER,
    USUAL,
    Level,
    PastMessage,
    Policy,
    QuietHours,
    Snooze,
    SnoozeScope,
    TopicMode,
    topic_of,
)
from tracker.domain.tracking import Change, GameTracking, RulePhase, RuleState
from tracker.engine.decide.facts import TAKEN_BACK
from tracker.engine.rules.routing import route
from tracker.engine.rules.stepping import USEFUL_FOR
from tracker.wording.alerts import compose

NIGHT = QuietHours(time(23), time(8), ZoneInfo("America/Denver"))
LATE = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
"""Midnight in Denver."""


def fired(rule: str = "p >= 0.80", at: datetime = T0, number: int = 1) -> Alert:
    """An alert of a rule that fired."""
    score = live(3, 600.0, (30, 20), (20, 25), (5, 5)).score
    return Alert(
        number, rule, 1, at, Decision.FIRED, Reason.CROSSED, "Q3 10:00", score, 0.81,
        expires_at=at + USEFUL_FOR,
    )  # fmt: skip


def routed(*alerts: Alert, policy: Policy = USUAL, at: datetime = T0) -> list[Alert]:
    """The rows that firings of bet 1 become."""
    return list(route(Change(a_book(bet(1, "DEN -4.5")), alerts=alerts), policy, at).alerts)


def held(policy: Policy, rule: str = "p >= 0.80", at: datetime = T0) -> Alert:
    """The one held row that a firing becomes."""
    [row] = routed(fired(rule, at), policy=policy, at=at)
    assert row.decision is Decision.HELD
    return row


def test_without_a_policy_everything_is_told_at_its_level() -> None:
    """By default every topic is sent at its own level."""
    loud, low = routed(fired(), fired("halftime"))
    assert (loud.decision, loud.level, loud.due_at) == (Decision.FIRED, Level.HIGH, None)
    assert (low.decision, low.level) == (Decision.FIRED, Level.LOW)


def test_one_chance_is_told_once_however_many_rules_it_fires() -> None:
    """Of several rules about one chance the loudest sends, for a quarter's end too."""
    rules = ("p >= 0.80", "swing 0.2 in 5m", "p >= 0.70", "quarter", "halftime")
    told = routed(*(fired(x) for x in rules))
    assert [x.rule for x in told if x.decision is Decision.FIRED] == ["p >= 0.80", "halftime"]
    assert {(x.reason, x.detail) for x in told if x.decision is Decision.HELD} == {
        (Reason.TOLD, "told by p >= 0.80")
    }
    louder = Policy(levels={"swing": Level.URGENT})
    [level, swing] = routed(fired(), fired("swing 0.2 in 5m"), policy=louder)
    assert (level.decision, swing.decision) == (Decision.HELD, Decision.FIRED)


@pytest.mark.parametrize(
    ("first", "told", "then", "p", "seconds", "sent"),
    [
        ("p >= 0.80", 0.82, "swing 0.15 in 5m", 0.81, 10, False),
        ("p >= 0.80", 0.82, "swing 0.15 in 5m", 0.81, 400, True),
        ("p >= 0.80", 0.82, "swing 0.15 in 5m", 0.95, 10, True),
        ("swing 0.15 in 5m", 0.82, "p >= 0.80", 0.81, 10, False),
        ("swing 0.15 in 5m", 0.79, "p >= 0.80", 0.81, 10, True),
        ("p >= 0.50", 0.51, "swing 0.15 in 5m", 0.67, 10, True),
    ],
)
def test_a_chance_that_another_rule_has_just_told_is_not_told_again(
    first: str, told: float, then: str, p: float, seconds: int, sent: bool
) -> None:
    """The same 82 % does not come twice within minutes, unless it passes a level only now."""
    (known,) = a_book(bet(1, "DEN -4.5", first, then)).tracked
    memory = RuleState(1, first, RulePhase.FIRING, 1, fired=(T0,), window=((T0, told),))
    alert = replace(fired(then, after(seconds)), p=p)
    for extremes, goes in (((1.0, told), sent), (None, True)):
        rules = (replace(memory, extremes=extremes), known.rules[1])
        tracking = GameTracking(GAME, (known.with_rules(rules),))
        (row,) = route(Change(tracking, alerts=(alert,)), USUAL, after(seconds)).alerts
        assert (row.decision is Decision.FIRED) == goes
    heard = (replace(memory, extremes=(1.0, told)), known.rules[1])
    tracking = GameTracking(GAME, (known.with_rules(heard),))
    louder = Policy({topic_of(then): Level.URGENT})
    (row,) = route(Change(tracking, alerts=(alert,)), louder, after(seconds)).alerts
    assert row.decision is Decision.FIRED, "what is louder is heard where the first was not"


def test_what_was_kept_back_as_just_told_is_no_telling_itself() -> None:
    """A chance that one message tells keeps no other back for longer than that message does."""
    rules = ("p >= 0.50", "swing 0.15 in 5m", "p >= 0.45")
    (known,) = a_book(bet(1, "DEN -4.5", *rules)).tracked
    memories = [
        RuleState(1, rule, RulePhase.FIRING, 1, fired=(at,), window=((at, p),), extremes=(p, p))
        for rule, at, p in zip(rules, (T0, after(200), after(400)), (0.52, 0.60, 0.58), strict=True)
    ]
    told, again, later = memories

    def row(number: int, *standing: RuleState) -> tuple[Alert, GameTracking]:
        memory = memories[number]
        alert = replace(fired(memory.rule, memory.fired[-1]), p=memory.window[0][1])
        change = Change(GameTracking(GAME, (known.with_rules(standing),)), alerts=(alert,))
        routed = route(change, USUAL, alert.at)
        return routed.alerts[0], routed.tracking

    kept_back, tracking = row(1, told, again, RuleState(1, rules[2]))
    assert (kept_back.decision, kept_back.detail) == (Decision.HELD, "told by p >= 0.50")
    _, unheard, _ = tracking.tracked[0].rules
    assert row(2, told, unheard, later)[0].decision is Decision.FIRED


def test_a_level_that_is_passed_is_told_though_a_swing_to_it_was_just_told() -> None:
    """Of two rules of one poll the one that was just told does not take the other with it."""
    rules = ("p >= 0.90", "swing 0.15 in 5m", "p >= 0.80")
    (known,) = a_book(bet(1, "DEN -4.5", *rules)).tracked
    told = RuleState(1, rules[0], fired=(T0,), window=((T0, 0.79),), extremes=(1.0, 0.79))
    tracking = GameTracking(GAME, (known.with_rules((told, *known.rules[1:])),))
    alerts = tuple(fired(x, after(10)) for x in rules[1:])
    swing, level = route(Change(tracking, alerts=alerts), USUAL, after(10)).alerts
    assert (swing.decision, level.decision) == (Decision.HELD, Decision.FIRED)


FULL = Policy(budget=1, recent=(PastMessage("another", LATE - timedelta(minutes=1)),))


@pytest.mark.parametrize("policy", [Policy(quiet=NIGHT), FULL])
def test_a_digest_too_tells_one_chance_once(policy: Policy) -> None:
    """Of several rules about one chance that all wait for a digest, one is in it."""
    rows = routed(fired(at=LATE), fired("swing 0.2 in 5m", LATE), policy=policy, at=LATE)
    assert [x.rule for x in rows if x.notifies] == ["p >= 0.80"]
    loud = replace(policy, quiet=replace(NIGHT, through=Level.HIGH), budget=30)
    rows = routed(
        fired("swing 0.2 in 5m", LATE), fired(at=LATE), at=LATE,
        policy=replace(loud, levels={"swing": Level.LOW}),
    )  # fmt: skip
    assert [(x.rule, x.decision) for x in rows if x.notifies] == [("p >= 0.80", Decision.FIRED)]


@pytest.mark.parametrize(
    ("rule", "detail", "says"),
    [
        ("hit", TAKEN_BACK, "is open again, not HIT"),
        ("dead", TAKEN_BACK, "is open again, not DEAD"),
        ("review", "", "needs no decision"),
        ("review", "nobody played", "needs your decision"),
    ],
)
def test_a_digest_says_of_what_was_taken_back_that_it_was(
    rule: str, detail: str, says: str
) -> None:
    """What is taken back in quiet hours is not told at their end as if it stood."""
    reason = Reason.HAPPENED if "your" in says else Reason.TAKEN_BACK
    alert = replace(fired(rule, LATE), reason=reason, detail=detail)
    (row,) = routed(alert, policy=Policy(quiet=NIGHT, levels={"review": Level.LOW}), at=LATE)
    assert row.reason is Reason.QUIET
    tracking = a_book(bet(1, "DEN -4.5"))
    assert says in compose(row, tracking.tracked[0], tracking)


def test_what_was_held_already_stays_as_it_is() -> None:
    """A decision that is held already is not routed."""
    row = replace(fired(), decision=Decision.HELD, reason=Reason.HOLDING)
    assert routed(row, policy=Policy(modes={"chance": TopicMode.OFF})) == [row]


def test_a_kind_that_is_off_is_a_row_and_one_that_is_silent_makes_no_sound() -> None:
    """A topic that is off leaves a held row; a silent one is sent without a sound."""
    assert held(Policy(modes={"chance": TopicMode.OFF})).reason is Reason.OFF
    [row] = routed(fired("start"), policy=Policy(modes={"start": TopicMode.SILENT}))
    assert (row.decision, row.level) == (Decision.FIRED, Level.INFO)


@pytest.mark.parametrize(
    ("scope", "target"),
    [(SnoozeScope.BET, "1"), (SnoozeScope.GAME, GAME.id), (SnoozeScope.ALL, "")],
)
def test_a_snooze_silences_until_its_time(scope: SnoozeScope, target: str) -> None:
    """A snooze holds its bet, game or everything, and nothing else, until its end."""
    policy = Policy(snoozes=(Snooze(scope, target, T0, after(60)),))
    row = held(policy)
    assert (row.reason, row.due_at, row.expires_at) == (Reason.SNOOZED, None, None)
    [later] = routed(fired(at=after(60)), policy=policy, at=after(60))
    assert later.decision is Decision.FIRED
    if scope is not SnoozeScope.ALL:
        other = replace(policy.snoozes[0], target="2")
        assert routed(fired(), policy=Policy(snoozes=(other,)))[0].decision is Decision.FIRED


@pytest.mark.parametrize("rule", ["p >= 0.80", "swing 0.15 in 5m", "edge >= 0.05"])
def test_what_a_snooze_has_silenced_is_news_when_it_comes_again(rule: str) -> None:
    """A chance that nobody was told of does not count as told; one that is in a digest does."""
    memory = RuleState(1, rule, RulePhase.FIRING, 1, fired=(T0,), extremes=(1.0, 0.81))
    (known,) = a_book(bet(1, "DEN -4.5", rule)).tracked
    tracking = GameTracking(GAME, (known.with_rules((memory,)),))
    change = Change(tracking, rules=(memory,), alerts=(fired(rule),))
    silence = Policy(snoozes=(Snooze(SnoozeScope.ALL, "", T0, after(60)),))
    night = Policy(quiet=QuietHours(time(1), time(3)))
    for policy, extremes in ((silence, None), (night, (1.0, 0.81)), (USUAL, (1.0, 0.81))):
        assert extremes_after(change, policy) == extremes


def extremes_after(change: Change, policy: Policy = USUAL) -> tuple[float, float] | None:
    """What the first rule of a bet takes for told once its alert is routed."""
    routed = route(change, policy, T0)
    memory = routed.tracking.tracked[0].rules[0]
    assert routed.rules == (memory,)
    return memory.extremes


def test_a_certainty_that_does_not_last_was_not_told() -> None:
    """A chance of 100 % that is left to `hit`, which then does not come, does not count as told."""
    rule = "p >= 0.80"
    memory = RuleState(1, rule, RulePhase.FIRING, 1, fired=(T0,), extremes=(1.0, 1.0))
    (known,) = a_book(bet(1, "DEN -4.5", rule, "hit", "settled")).tracked
    for chance, extremes in ((WON, None), (Chance(0.99, 0, 0.01), (1.0, 1.0))):
        seen = replace(known.with_rules((memory, *known.rules[1:])), chance=chance)
        change = Change(GameTracking(GAME, (seen,)), rules=(memory,), alerts=(fired(rule),))
        assert extremes_after(change) == extremes


def test_a_result_that_was_snoozed_is_told_when_the_snooze_is_over() -> None:
    """A snoozed result is due after the snooze, and after quiet hours unless it is loud enough."""
    until = LATE - timedelta(minutes=30)
    snoozed = Snooze(SnoozeScope.ALL, "", until - timedelta(hours=1), until)
    now = until - timedelta(minutes=45)
    row = held(Policy(snoozes=(snoozed,)), "settled", now)
    assert (row.reason, row.due_at) == (Reason.SNOOZED, until)
    both = held(Policy(snoozes=(snoozed,), quiet=NIGHT), "settled", now)
    assert both.due_at == datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    loud = Policy(snoozes=(snoozed,), quiet=NIGHT, levels={"settled": Level.URGENT})
    assert held(loud, "settled", now).due_at == until


def test_quiet_hours_keep_what_is_not_loud_enough_for_a_digest() -> None:
    """In quiet hours an alert is due at their end, unless it is loud enough."""
    row = held(Policy(quiet=NIGHT), at=LATE)
    assert (row.reason, row.due_at) == (
        Reason.QUIET,
        datetime(2026, 11, 21, 15, 0, tzinfo=UTC),
    )
    loud = Policy(quiet=NIGHT, levels={"chance": Level.URGENT})
    assert routed(fired(at=LATE), policy=loud, at=LATE)[0].decision is Decision.FIRED
    assert routed(fired(), policy=Policy(quiet=NIGHT))[0].decision is Decision.FIRED


def test_enough_messages_in_an_hour_are_enough() -> None:
    """The budgets hold alerts for a digest at the next room; results pass, a poll counts once."""
    recent = tuple(PastMessage(f"game {n}", after(60 * n)) for n in range(5))
    policy = Policy(recent=recent, budget=5)
    row = held(policy, at=after(400))
    assert row.reason is Reason.OVER_BUDGET
    # An alert over budget is not lost: it comes in a digest once there is room.
    assert row.due_at == after(3600)
    for rule in ("settled", "hit", "dead", "regraded", "out", "review"):
        assert routed(fired(rule), policy=policy, at=after(400))[0].decision is Decision.FIRED
    assert routed(fired(), policy=policy, at=after(3600))[0].decision is Decision.FIRED
    game = Policy(
        recent=tuple(PastMessage(GAME.id, after(60 * n)) for n in range(3)), game_budget=3
    )
    assert held(game, at=after(400)).reason is Reason.OVER_BUDGET
    late = Policy(quiet=NIGHT, recent=(PastMessage("another", LATE),), budget=1)
    loud = replace(late, levels={"chance": Level.URGENT})
    soon = LATE + timedelta(minutes=5)
    assert held(late, at=soon).due_at == datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
    assert held(loud, at=soon).due_at == LATE + timedelta(hours=1)
    several = Policy(budget=1)
    assert {x.decision for x in routed(fired(), fired("halftime"), policy=several)} == {
        Decision.FIRED
    }


def test_a_feed_that_is_away_holds_back_chances() -> None:
    """While a game's feed is lost, alerts about its chances are held."""
    policy = Policy(lost=frozenset({GAME.id}))
    assert held(policy).reason is Reason.FEED_DOWN


@pytest.mark.parametrize("event", ["feed_down", "feed_back"])
def test_that_data_are_away_is_said_once_for_all_games(event: str) -> None:
    """A lost feed is announced once for all games, or by bet where that notice is off."""
    told = routed(fired(event))[0]
    assert (told.decision, told.detail) == (Decision.HELD, "said once for all games")
    silent = Policy(modes={DAEMON: TopicMode.OFF})
    assert routed(fired(event), policy=silent)[0].decision is Decision.FIRED


def test_a_dead_parlay_says_nothing_of_its_legs() -> None:
    """A dead parlay sends that it is dead, by its chance without a `dead`, and its result."""
    other = Game("0022600002", "nba", "BOS", "NYK", T0)
    one = bet(1, "DEN -4.5", "dead")
    legs = (Leg(GAME, one.market), Leg(other, one.market))  # type: ignore[arg-type]
    tracking = a_book(replace(one, market=Parlay(legs)))
    dead = replace(tracking, tracked=tuple(replace(x, chance=LOST) for x in tracking.tracked))
    alerts = tuple(fired(x) for x in ("quarter", "hit", "dead", "settled"))
    rows = route(Change(dead, alerts=alerts), Policy(), T0).alerts
    assert [x.reason for x in rows[:2]] == [Reason.PARLAY_DEAD] * 2
    assert [x.decision for x in rows[2:]] == [Decision.FIRED] * 2
    alive = route(Change(tracking, alerts=alerts), Policy(), T0).alerts
    assert {x.decision for x in alive} == {Decision.FIRED}
    (gone,) = dead.tracked
    off, silent = Policy(modes={"dead": TopicMode.OFF}), replace(gone.bet, rules=())
    for asked, policy in ((gone.bet, Policy()), (gone.bet, off), (silent, Policy())):
        change = Change(replace(dead, tracked=(replace(gone, bet=asked),)), alerts=(fired(),))
        (row,) = route(change, policy, T0).alerts
        assert (row.decision is Decision.HELD) == (asked.rules != () and policy is not off)
    quiet = Policy(snoozes=(Snooze(SnoozeScope.GAME, other.id, T0, after(60)),))
    asleep = route(Change(tracking, alerts=alerts), quiet, T0).alerts
    assert {x.reason for x in asleep} == {Reason.SNOOZED}


def test_what_is_certain_is_told_as_that_and_not_as_a_chance_too() -> None:
    """A bet whose rules announce certainty sends no alert of a chance of 100 %."""

    def told(rules: str, policy: Policy = USUAL) -> Decision:
        mine = bet(1, "DEN -4.5", *rules.split(", "))
        book = a_book(mine)
        sure = replace(book, tracked=tuple(replace(x, chance=WON) for x in book.tracked))
        return route(Change(sure, alerts=(fired(),)), policy, T0).alerts[0].decision

    assert told("p >= 0.80, hit, settled") is Decision.HELD
    assert told("p >= 0.80, dead, settled") is Decision.FIRED
    assert told("p >= 0.80, hit") is Decision.FIRED
    off = Policy(modes={"hit": TopicMode.OFF})
    assert told("p >= 0.80, hit, settled", off) is Decision.FIRED


@pytest.mark.parametrize("rule", ["quarter", "halftime"])
def test_a_break_after_a_bets_end_is_no_news_of_it(rule: str) -> None:
    """A quarter's bet that was told as `hit` or `dead` is silent at each later break."""
    for fact in ("hit", "dead"):
        told = RuleState(1, fact, RulePhase.FIRING, reason=Reason.HAPPENED)
        tracking = a_book(bet(1, "Q1 DEN -4.5"))
        ended = tracking.with_tracked(tracking.tracked[0].with_rules((told,)))
        for policy, reason in ((USUAL, Reason.TOLD), (Policy(modes={fact: TopicMode.OFF}), None)):
            (row,) = route(Change(ended, alerts=(fired(rule),)), policy, T0).alerts
            assert (row.reason if row.decision is Decision.HELD else None) is reason


def test_what_can_wait_comes_with_what_has_just_been_said_of_the_game() -> None:
    """A quiet alert right after a message of its game waits; a loud one does not."""
    policy = Policy(recent=(PastMessage(GAME.id, T0),))
    loud, low = routed(fired(), fired("halftime"), policy=policy, at=after(1))
    assert (loud.due_at, low.due_at) == (None, T0 + TOGETHER)
    [later] = routed(fired("halftime"), policy=policy, at=after(4))
    assert later.due_at is None


ZONES = st.sampled_from(
    ["America/New_York", "Europe/London", "Australia/Lord_Howe", "UTC", "America/St_Johns"]
)
TIMES = st.times().map(lambda x: x.replace(second=0, microsecond=0))


@given(TIMES, TIMES, ZONES, st.integers(0, 366 * 24 * 60))
def test_quiet_hours_always_end_within_a_day_and_in_the_future(
    start: time, end: time, zone: str, minutes: int
) -> None:
    """Quiet hours end in the future, within 25 hours, also over clock changes."""
    hours = QuietHours(start, end, ZoneInfo(zone))
    at = T0 + timedelta(minutes=minutes)
    until = hours.until(at)
    if start == end or until is None:
        return
    assert at < until <= at + timedelta(hours=25)
    assert hours.until(until) is None
    assert all(hours.until(at + (until - at) * n / 50) == until for n in range(50))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-01T04:30:00Z", "2026-11-01T13:00:00Z"),
        ("2026-03-08T06:30:00Z", "2026-03-08T12:00:00Z"),
        ("2026-03-08T03:59:00Z", None),
        ("2026-03-08T12:00:00Z", None),
    ],
)
def test_the_clock_on_the_wall_decides_on_the_days_it_is_put_forward_or_back(
    now: str, until: str | None
) -> None:
    """Quiet hours follow the wall clock on the days on which it is changed."""
    hours = QuietHours(time(23), time(8), ZoneInfo("America/New_York"))
    wanted = None if until is None else datetime.fromisoformat(until)
    assert hours.until(datetime.fromisoformat(now)) == wanted


@pytest.mark.parametrize(
    ("start", "end", "now", "until"),
    [
        pytest.param(23, 2, "2026-03-08T06:30:00Z", "2026-03-08T07:00:00Z", id="in the gap"),
        pytest.param(1, 8, "2026-11-01T05:40:00Z", "2026-11-01T06:00:00Z", id="first pass"),
        pytest.param(1, 8, "2026-11-01T06:40:00Z", "2026-11-01T13:30:00Z", id="second pass"),
        pytest.param(23, 1, "2026-11-01T05:10:00Z", "2026-11-01T05:30:00Z", id="ends twice"),
        pytest.param(23, 1, "2026-11-01T06:10:00Z", "2026-11-01T06:30:00Z", id="ends again"),
    ],
)
def test_quiet_hours_end_when_the_wall_clock_leaves_them(
    start: int, end: int, now: str, until: str
) -> None:
    """Quiet hours that begin or end in an hour that is skipped or repeated follow the clock."""
    hours = QuietHours(time(start, 30), time(end, 30), ZoneInfo("America/New_York"))
    assert hours.until(datetime.fromisoformat(now)) == datetime.fromisoformat(until)


@pytest.mark.parametrize("phase", [Phase.BREAK, Phase.LIVE])
@pytest.mark.parametrize(
    ("lead", "rules", "decision"),
    [
        (2, ("p >= 0.80", "settled"), Decision.HELD),
        (0, ("p >= 0.80", "settled"), Decision.FIRED),
        (2, ("p >= 0.80",), Decision.FIRED),
    ],
)
def test_a_chance_after_the_last_second_is_told_as_the_result(
    lead: int, rules: tuple[str, ...], decision: Decision, phase: Phase
) -> None:
    """Not as 99 % a minute before: unless it goes to overtime, or no result is asked for."""
    quarters = ((25, 25), (25, 25), (25, 25), (25 + lead, 25))
    played = live(4, 0, *quarters, phase=phase)
    tracking = replace(a_book(bet(1, "DEN +2.5", *rules)), state=played)
    (known,) = tracking.tracked
    tracking = tracking.with_tracked(replace(known, chance=Chance(0.99, 0.0, 0.01)))
    [row] = route(Change(tracking, alerts=(fired(),)), USUAL, T0).alerts
    assert row.decision is decision
    if decision is Decision.HELD:
        assert (row.reason, row.detail) == (Reason.TOLD, "told as the result")


def test_a_chance_that_the_end_alone_shows_is_told_as_the_result() -> None:
    """A game whose end is first seen after a sleep tells its results, not also 100 %."""
    ended = live(4, 0, (25, 25), (25, 25), (25, 25), (27, 25), phase=Phase.FINAL)
    tracking = replace(a_book(bet(1, "DEN ML", "p >= 0.80", "settled")), state=ended)
    tracking = tracking.with_tracked(replace(tracking.tracked[0], chance=Chance(1.0, 0.0, 0.0)))
    [row] = route(Change(tracking, alerts=(fired(),)), USUAL, T0).alerts
    assert (row.reason, row.detail) == (Reason.TOLD, "told as the result")
