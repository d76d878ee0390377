"""Deliveries: two phases, no loss, no repeat that is not marked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.store.values import CHANNELS, GAME, T0, a_book, after, alert, poll, settlement
from tracker.domain.alert import (
    Delivery,
    DeliveryState,
    Failed,
    Notice,
    Outcome,
    Reason,
    Refused,
    Sent,
    Unknown,
)
from tracker.domain.policy import Level, PastMessage, Snooze, SnoozeScope
from tracker.domain.tracking import Change
from tracker.store import Store

MINUTE = timedelta(minutes=1)


async def fire(store: Store, *moments: datetime) -> None:
    """Fire the bet's rule at each of these moments, on every channel."""
    tracking = await a_book(store)
    for episode, at in enumerate(moments, start=1):
        change = Change(tracking, alerts=(alert(1, at, episode),))
        await store.record(poll(at), change, CHANNELS)


async def claim_one(store: Store, at: datetime) -> Delivery:
    """The only delivery that is due at a moment."""
    [claimed] = await store.claim("sink", at, 10)
    return claimed


async def state(store: Store, channel: str = "sink") -> tuple[DeliveryState, str]:
    """The first alert's state on a channel, with its detail."""
    alerts = await store.alerts_view()
    [found] = [x for x in alerts[0].deliveries if x.channel == channel]
    return found.state, found.detail


async def test_a_claimed_delivery_carries_all_that_a_channel_needs(store: Store) -> None:
    """A delivery has the message as it was worded at the decision, and the alert's lasting name."""
    await fire(store, after(1))
    claimed = await claim_one(store, after(2))
    assert claimed == Delivery(
        alert_id=claimed.alert_id,
        channel="sink",
        text="▲ 81 % DEN -4.5",
        level=Level.DEFAULT,
        created_at=after(1),
        attempts=1,
        possible_repeat=False,
        rule="p >= 0.80",
        game=GAME.id,
        reason=Reason.CROSSED,
    )
    assert await state(store) == (DeliveryState.SENDING, "")
    assert await state(store, "console") == (DeliveryState.DUE, "")


async def test_no_chance_of_a_bet_is_sent_after_its_result(store: Store) -> None:
    """A chance that a channel did not take before the result is told in a digest."""
    await fire(store, after(1))
    await store.finish(
        (await claim_one(store, after(2))).alert_id, "sink", Failed("down"), after(2)
    )
    [tracking] = await store.trackings(())
    won = replace(alert(1, after(90)), rule="settled", reason=Reason.HAPPENED)
    change = Change(tracking, settlements=(settlement(1, after(90)),), alerts=(won,))
    await store.record(poll(after(90)), change, CHANNELS)
    assert [x.rule for x in await store.claim("sink", after(91), 10)] == ["settled"]
    assert [x.rule for x in await store.expire(after(91), "sink")] == ["p >= 0.80"]


async def test_what_is_being_sent_is_not_claimed_again(store: Store) -> None:
    """Two loops cannot send the same delivery."""
    await fire(store, after(1))
    await claim_one(store, after(2))
    assert await store.claim("sink", after(3), 10) == []


async def test_deliveries_come_oldest_first_and_no_more_than_asked(store: Store) -> None:
    """A channel that was away catches up in order."""
    await fire(store, after(1), after(2), after(3))
    first = await store.claim("sink", after(4), 2)
    then = await store.claim("sink", after(4), 2)
    assert [x.created_at for x in first + then] == [after(1), after(2), after(3)]


@pytest.mark.parametrize(
    ("outcome", "ends"),
    [
        (Sent(), DeliveryState.SENT),
        (Refused("chat not found"), DeliveryState.REFUSED),
        (Failed("connection refused"), DeliveryState.DUE),
        (Unknown("no answer in 10 s"), DeliveryState.UNKNOWN),
    ],
)
async def test_each_outcome_has_its_state(
    store: Store, outcome: Outcome, ends: DeliveryState
) -> None:
    """Sent and refused are final; failed and unknown are tried again."""
    await fire(store, after(1))
    claimed = await claim_one(store, after(2))
    assert await store.finish(claimed.alert_id, "sink", outcome, after(3)) is ends
    assert await state(store) == (ends, getattr(outcome, "why", ""))
    again = await store.claim("sink", after(3), 10)
    assert len(again) == (0 if ends.over else 1)


async def test_a_retry_waits_until_it_is_due(store: Store) -> None:
    """`due_at`, else the channel's own `retry_after`, is when to try again."""
    await fire(store, after(1))
    claimed = await claim_one(store, after(2))
    failed = Failed("429", retry_after=30.0)
    await store.finish(claimed.alert_id, "sink", failed, after(3))
    assert await store.next_due("sink") == after(33)
    assert await store.claim("sink", after(32), 10) == []
    claimed = await claim_one(store, after(33))
    assert claimed.attempts == 2
    await store.finish(claimed.alert_id, "sink", failed, after(34), due_at=after(90))
    assert await store.next_due("sink") == after(90)


async def test_a_doubtful_attempt_flags_every_later_one(store: Store) -> None:
    """Once a message may have arrived, each further attempt is marked as a possible repeat."""
    await fire(store, after(1))
    claimed = await claim_one(store, after(2))
    assert not claimed.possible_repeat
    await store.finish(claimed.alert_id, "sink", Unknown("reset"), after(3))
    claimed = await claim_one(store, after(4))
    assert claimed.possible_repeat
    await store.finish(claimed.alert_id, "sink", Failed("refused"), after(5))
    assert (await claim_one(store, after(6))).possible_repeat


async def test_what_was_being_sent_at_a_crash_comes_back_flagged(path: Path) -> None:
    """After a restart it is sent again, marked as a possible repeat."""
    async with await Store.open(path, now=T0) as store:
        await fire(store, after(1))
        await claim_one(store, after(2))
    async with await Store.open(path, now=T0) as store:
        assert await store.recover(after(60)) == 1
        claimed = await claim_one(store, after(60))
        assert (claimed.possible_repeat, claimed.attempts) == (True, 2)
        assert not (await store.claim("console", after(60), 1))[0].possible_repeat


async def test_an_answer_that_comes_too_late_changes_nothing(store: Store) -> None:
    """Only a delivery that is being sent can be finished."""
    await fire(store, after(1))
    claimed = await claim_one(store, after(2))
    await store.finish(claimed.alert_id, "sink", Sent(), after(3))
    late = await store.finish(claimed.alert_id, "sink", Unknown("?"), after(4))
    assert late is DeliveryState.SENT


async def test_what_comes_too_late_is_told_in_a_digest(store: Store) -> None:
    """An expired alert is never sent as it is, and goes into a digest."""
    await fire(store, after(1), after(2))
    late = after(700)
    assert await store.next_due("sink") == after(1)
    assert await store.claim("sink", late, 10) == []
    expired = await store.expire(late, "sink")
    assert [x.created_at for x in expired] == [after(1), after(2)]
    assert await state(store) == (DeliveryState.EXPIRED, "")
    assert await state(store, "console") == (DeliveryState.DUE, "")
    await store.finish_digest(expired, Sent())
    assert await store.expire(late, "sink") == []
    assert await store.next_due("sink") is None


async def test_what_a_digest_told_is_told(store: Store) -> None:
    """What a digest reported counts as sent; a refused digest counts as refused."""
    await fire(store, after(1))
    for channel, outcome in (("sink", Sent()), ("console", Refused("401"))):
        await store.finish_digest(await store.expire(after(700), channel), outcome)
    found = await store.status_view()
    assert found.deliveries == {("sink", "sent"): 1, ("console", "refused"): 1}
    [shown] = await store.alerts_view()
    assert {x.channel: x.digest for x in shown.deliveries} == {"sink": True, "console": False}
    assert await store.expire(after(800)) == []


async def test_a_digest_that_failed_comes_again(store: Store) -> None:
    """What no digest has surely reported is in the next one."""
    await fire(store, after(1))
    expired = await store.expire(after(700), "sink")
    assert await store.expire(after(701), "sink") == []
    await store.finish_digest(expired, Failed("refused"))
    [again] = await store.expire(after(702), "sink")
    assert not again.possible_repeat
    await store.finish_digest([again], Unknown("no answer"))
    [once_more] = await store.expire(after(703), "sink")
    assert once_more.possible_repeat


async def test_a_digest_at_a_crash_comes_back_flagged(store: Store) -> None:
    """A digest that was being sent at a crash comes again, marked as a possible repeat."""
    await fire(store, after(1))
    await store.expire(after(700))
    await store.recover(after(800))
    again = await store.expire(after(800))
    assert {x.channel for x in again} == set(CHANNELS)
    assert all(x.possible_repeat for x in again)


async def test_what_is_being_sent_does_not_expire(store: Store) -> None:
    """A delivery that is being sent ends by its own outcome."""
    await fire(store, after(1))
    claimed = await claim_one(store, after(2))
    assert await store.expire(after(700), "sink") == []
    assert await store.finish(claimed.alert_id, "sink", Sent(), after(701)) is DeliveryState.SENT


async def test_what_is_held_until_a_time_is_told_in_a_digest_then(store: Store) -> None:
    """What quiet hours hold is due in a digest when they end, and not before."""
    tracking = await a_book(store)
    held = replace(
        alert(1, after(1), fired=False), reason=Reason.QUIET, due_at=after(600), text="▲ 81 %"
    )
    await store.record(poll(after(1)), Change(tracking, alerts=(held,)), CHANNELS)
    assert await store.next_due("sink") == after(600)
    assert await store.claim("sink", after(2), 10) == []
    assert await store.expire(after(599), "sink") == []
    [waiting] = await store.expire(after(600), "sink")
    assert (waiting.held, waiting.text) == (True, "▲ 81 %")
    await store.finish_digest([waiting], Sent())
    assert await store.next_due("sink") is None


async def test_a_notice_of_the_program_goes_the_way_of_an_alert(store: Store) -> None:
    """A notice is of no game, and the same notice is queued once."""
    own = Notice("started", 1, after(1), "tracker has started", Level.LOW, after(601))
    assert await store.alerting.notice(own, CHANNELS)
    assert not await store.alerting.notice(own, CHANNELS)
    claimed = await claim_one(store, after(2))
    assert (claimed.game, claimed.text) == (None, "tracker has started")
    await store.finish(claimed.alert_id, "sink", Sent(), after(2))
    assert await store.alerts_view() == []


async def test_what_has_not_arrived_is_counted_whether_it_was_tried_or_not(store: Store) -> None:
    """What waits behind a message that failed has not arrived; what is held for later may wait."""
    await fire(store, after(1), after(2), after(3))
    first, *others = await store.claim("sink", after(4), 10)
    await store.finish(first.alert_id, "sink", Failed("away"), after(5))
    for one in others:
        await store.finish(one.alert_id, "sink", Failed("waits"), after(5), tried=False)
    for one in await store.claim("console", after(4), 10):
        await store.finish(one.alert_id, "console", Sent(), after(5))
    assert await store.alerting.unsent_since(T0) == 3
    held = Notice("held", 1, after(6), "later", Level.LOW, due_at=after(600))
    assert await store.alerting.notice(held, CHANNELS)
    assert await store.alerting.unsent_since(T0) == 3
    told = await store.expire(after(600), "sink")
    assert [x.text for x in told] == ["later"]
    assert await store.alerting.unsent_since(T0) == 3
    await store.finish_digest(told, Failed("away"))
    assert await store.alerting.unsent_since(T0) == 4


async def test_what_is_held_is_told_though_the_clock_was_ahead_by_months(path: Path) -> None:
    """A time of day that a wrong clock put months ahead comes when it does by the right one."""
    ahead = timedelta(days=90)
    async with await Store.open(path, now=T0) as store:
        for n in (1, 2):
            held = Notice("held", n, T0 + ahead, "x", Level.LOW, due_at=T0 + ahead + MINUTE)
            assert await store.alerting.notice(held, (f"c{n}",))
        await store.shift("c1", -ahead.total_seconds() - 20, T0, 10)
        assert await store.next_due("c1") == T0 + MINUTE
        await store.recover(T0)
        assert await store.next_due("c1") == T0 + MINUTE
        assert await store.next_due("c2") == T0
        assert len(await store.expire(T0, "c2")) == 1


async def test_what_waits_for_a_channel_that_is_gone_comes_in_a_digest_of_another(
    store: Store,
) -> None:
    """An alert on no channel that is left reaches its end, and the person by one that is there."""
    await fire(store, *(after(n) for n in range(1, 6)))
    sent, refused, doubtful, late, _ = await store.claim("sink", after(6), 10)
    await store.finish(sent.alert_id, "sink", Sent(), after(7))
    await store.finish(refused.alert_id, "sink", Refused("blocked"), after(7))
    await store.finish(doubtful.alert_id, "sink", Unknown("no answer"), after(7))
    await store.finish(late.alert_id, "sink", Failed("away"), after(7))
    await store.claim("console", after(6), 4)
    await store.recover(after(8), ["sink", "phone"])
    assert [x.alert_id for x in await store.expire(after(8), "phone")] == [refused.alert_id]
    await store.recover(after(9), ["phone"])
    told = {x.alert_id: x.possible_repeat for x in await store.expire(after(9), "phone")}
    assert told == {2: True, 3: True, 4: False, 5: True}
    views = await store.alerts_view()
    ends = {x.state for view in views for x in view.deliveries if x.channel != "phone"}
    assert ends == {DeliveryState.SENT, DeliveryState.REFUSED}


async def test_what_is_held_for_a_channel_that_is_gone_is_held_for_another(store: Store) -> None:
    """A digest of quiet hours comes when they end, also where its channel was replaced meanwhile.

    Without any channel it waits for one.
    """
    held = Notice("held", 1, after(1), "later", Level.LOW, due_at=after(600))
    assert await store.alerting.notice(held, ("old",))
    await store.recover(after(2), [])
    assert await store.next_due("old") == after(600)
    await store.recover(after(3), ["new"])
    assert (await store.next_due("old"), await store.next_due("new")) == (None, after(600))
    [told] = await store.expire(after(600), "new")
    assert (told.text, told.possible_repeat) == ("later", False)


async def test_a_snooze_lasts_until_its_time_or_until_it_is_lifted(store: Store) -> None:
    """A later snooze of the same target replaces the earlier one."""
    await store.alerting.snooze(Snooze(SnoozeScope.BET, "1", after(0), after(60)))
    longer = await store.alerting.snooze(Snooze(SnoozeScope.BET, "1", after(1), after(120)))
    everything = await store.alerting.snooze(Snooze(SnoozeScope.ALL, "", after(2), after(90)))
    assert await store.alerting.snoozes(after(3)) == (everything, longer)
    assert await store.alerting.snoozes(after(90)) == (longer,)
    assert await store.alerting.lift_snooze(SnoozeScope.BET, "1", after(4)) == 1
    assert await store.alerting.snoozes(after(5)) == (everything,)
    assert await store.alerting.lift_snooze(None, "", after(6)) == 1
    assert await store.alerting.snoozes(after(7)) == ()


async def test_what_a_snooze_holds_waits_for_the_snooze_as_it_is_now(store: Store) -> None:
    """A result that a snooze holds comes when the snooze is lifted, and waits if it is extended."""
    tracking = await a_book(store)

    async def due() -> datetime | None:
        return await store.next_due("sink")

    async def snooze(scope: SnoozeScope, target: str, until: float) -> None:
        await store.alerting.snooze(Snooze(scope, target, after(2), after(until)))

    held = replace(alert(1, after(1), fired=False), reason=Reason.SNOOZED, due_at=after(600))
    change = Change(tracking, alerts=(replace(held, text="✅ #1 WON", rule="settled"),))
    await snooze(SnoozeScope.BET, "1", 600)
    await store.record(poll(after(1)), change, CHANNELS)
    assert await due() == after(600)
    await snooze(SnoozeScope.GAME, GAME.id, 900)
    assert await due() == after(900)
    await snooze(SnoozeScope.GAME, GAME.id, 700)
    await snooze(SnoozeScope.GAME, "another", 2000)
    assert await due() == after(700)
    await store.alerting.lift_snooze(SnoozeScope.GAME, GAME.id, after(3))
    assert await due() == after(600)
    await store.alerting.lift_snooze(None, "", after(4))
    assert await due() == after(4)


async def test_a_snooze_of_something_else_moves_nothing(store: Store) -> None:
    """A result that waits for the end of quiet hours after its snooze goes on to wait for it."""
    tracking = await a_book(store)
    await store.alerting.snooze(Snooze(SnoozeScope.BET, "1", after(0), after(600)))
    held = replace(alert(1, after(1), fired=False), reason=Reason.SNOOZED, due_at=after(900))
    change = Change(tracking, alerts=(replace(held, text="✅ #1 WON", rule="settled"),))
    await store.record(poll(after(1)), change, CHANNELS)
    for at in (2, 700):
        other = Snooze(SnoozeScope.GAME, "another", after(at), after(2000))
        await store.alerting.snooze(other)
        await store.alerting.lift_snooze(SnoozeScope.GAME, "another", after(at + 1))
        assert await store.next_due("sink") == after(900)


async def test_what_was_told_of_games_within_the_hour_is_known_after_a_restart(
    store: Store,
) -> None:
    """Each message counts once, however many alerts it has."""
    await fire(store, after(1), after(70))
    assert await store.alerting.sent_since(after(0)) == (
        PastMessage(GAME.id, after(1)),
        PastMessage(GAME.id, after(70)),
    )
    assert await store.alerting.sent_since(after(1)) == (PastMessage(GAME.id, after(70)),)
