"""Promises of one call to `record`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.store.values import (
    CHANNELS,
    DEFAULTS,
    GAME,
    T0,
    a_book,
    after,
    alert,
    draft,
    full_change,
    give,
    poll,
    settlement,
    snapshot,
    state,
)
from tracker.app.bets import Bets
from tracker.domain.alert import DeliveryState
from tracker.domain.bet import Result, Status
from tracker.domain.poll import Trouble, Unreadable
from tracker.domain.tracking import Change, Review
from tracker.intake import Changes
from tracker.store import Store


async def test_a_recorded_change_is_read_back_as_it_was(store: Store) -> None:
    """All of a change is there after a restart."""
    tracking = await a_book(store)
    change = full_change(tracking, after(10))
    number = await store.record(poll(after(10)), change, CHANNELS)
    shown = await store.show_view(1)
    assert shown is not None
    assert [x.snapshot for x in shown.snapshots] == list(change.snapshots)
    assert [x.alert for x in shown.alerts] == list(change.alerts)
    assert [x.settlement for x in shown.settlements] == list(change.settlements)
    assert {x.poll for x in shown.snapshots} == {number}
    assert [x.channel for x in shown.alerts[0].deliveries] == ["console", "sink"]
    assert {x.state for x in shown.alerts[0].deliveries} == {DeliveryState.DUE}
    assert shown.bet.status is Status.OFFICIAL


async def test_a_book_is_restored_whole(path: Path) -> None:
    """A game's tracking is the same after a restart."""
    async with await Store.open(path, now=T0) as store:
        tracking = await a_book(store)
        change = full_change(tracking, after(10))
        await store.record(poll(after(10)), change, CHANNELS)
    async with await Store.open(path, now=T0) as store:
        [restored] = await store.trackings(DEFAULTS)
    [tracked] = restored.tracked
    assert replace(restored, tracked=()) == replace(change.tracking, tracked=())
    assert tracked.bet == tracking.tracked[0].bet
    assert tracked.rules[0] == change.rules[0]
    assert tracked.chance == change.snapshots[0].chance
    assert (tracked.peak, tracked.low) == (0.6, 0.6)
    assert (tracked.settlement, tracked.official) == (change.settlements[0], True)


async def test_recording_the_same_again_adds_nothing(store: Store) -> None:
    """A call whose answer was lost may be repeated."""
    tracking = await a_book(store)
    change = full_change(tracking, after(10))
    first = await store.record(poll(after(10)), change, CHANNELS)
    before = await store.exports.hash(), await store.exports.rows("deliveries")
    assert await store.record(poll(after(10)), change, CHANNELS) == first
    assert (await store.exports.hash(), await store.exports.rows("deliveries")) == before


async def test_an_episode_is_delivered_once(store: Store) -> None:
    """An alert that is decided again after a restart makes no second delivery."""
    tracking = await a_book(store)
    await store.record(poll(after(1)), Change(tracking, alerts=(alert(1, after(1)),)), CHANNELS)
    await store.record(poll(after(2)), Change(tracking, alerts=(alert(1, after(2)),)), CHANNELS)
    [only] = await store.alerts_view()
    assert only.alert.at == after(1)
    assert len(only.deliveries) == len(CHANNELS)


async def test_a_repeated_body_is_kept_once(store: Store) -> None:
    """Polls with the same bytes are separate rows of `poll` with one body."""
    tracking = await a_book(store)
    for second in range(3):
        await store.record(poll(after(second), body=b"same"), Change(tracking), ())
    kept = [x async for x in store.upkeep.bodies("nba", T0, after(60))]
    assert [x.body for x in kept] == [b"same"] * 3
    assert await store.upkeep.prune(after(60)) == 1


async def test_games_that_share_a_response_share_its_poll(store: Store) -> None:
    """A scoreboard that serves two games is one row."""
    tracking = await a_book(store)
    shared = poll(after(5))
    first = await store.record(shared, Change(tracking), ())
    other = replace(shared, reading=Unreadable(Trouble.ABSENT, "not on the board"))
    assert await store.record(other, Change(tracking), ()) == first
    assert len(await store.exports.rows("polls")) == 1


async def test_a_poll_without_an_answer_says_why(store: Store) -> None:
    """A source that is down leaves a poll with its trouble and no body."""
    tracking = await a_book(store)
    down = replace(poll(T0), body=b"", digest="", reading=Unreadable(Trouble.DOWN, "timed out"))
    await store.record(down, Change(tracking), ())
    [row] = await store.exports.rows("polls")
    assert (row["trouble"], row["why"], row["digest"]) == ("down", "timed out", "")


async def test_a_revision_is_made_only_by_another_result(store: Store) -> None:
    """Won, won, lost makes two revisions."""
    tracking = await a_book(store)
    decided = ((1, Result.WON), (1, Result.WON), (2, Result.LOST))
    for second, (revision, result) in enumerate(decided):
        settled = replace(settlement(1, after(second), result), revision=revision)
        await store.record(poll(after(second)), Change(tracking, settlements=(settled,)), ())
    shown = await store.show_view(1)
    assert shown is not None
    assert [(x.settlement.revision, x.settlement.result) for x in shown.settlements] == [
        (1, Result.WON),
        (2, Result.LOST),
    ]
    assert shown.bet.status is Status.PROVISIONAL


async def test_a_result_that_a_person_gave_just_before_is_the_one_that_is_told(
    store: Store, path: Path
) -> None:
    """A poll that decides at the same moment announces nothing, and the daemon takes up the other.

    The person's process and the daemon write the first revision; the first of them is kept.
    """
    tracking = await a_book(store)
    async with await Store.open(path, now=T0) as rival:
        await give(rival, 1, Result.LOST, 0, after(1))
    won = settlement(1, after(2), Result.WON)
    said = [replace(alert(1, after(2)), rule=x, text=x) for x in ("settled", "hit")]
    change = Change(tracking, settlements=(won,), alerts=tuple(said))
    await store.record(poll(after(2)), change, ("phone",))
    assert [x.text for x in await store.claim("phone", after(3), 9)] == ["hit"]
    [stored] = await store.trackings(DEFAULTS)
    [given] = stored.tracked
    assert given.settlement is not None
    assert (given.settlement.result, given.settlement.by_hand) == (Result.LOST, True)
    mine = replace(tracking.tracked[0], settlement=won)
    assert mine.met_again(given).settlement == given.settlement


async def test_a_price_that_is_mended_just_before_the_result_is_the_one_that_is_paid(
    store: Store, path: Path
) -> None:
    """A result that was worked out by the old stake is not kept: the next poll pays the new one."""
    tracking = await a_book(store)
    async with await Store.open(path, now=T0) as rival:
        await Bets(rival, DEFAULTS, 1000).edit("1", Changes(stake="$30"), after(1))
    won, said = settlement(1, after(2)), replace(alert(1, after(2)), rule="settled", text="WON")
    change = Change(tracking, settlements=(won,), alerts=(said,))
    await store.record(poll(after(2)), change, ("phone",))
    assert await store.claim("phone", after(3), 9) == []
    [stored] = await store.trackings(DEFAULTS)
    [anew] = stored.tracked
    assert (anew.settlement, anew.bet.stake_cents) == (None, 3000)
    assert replace(tracking.tracked[0], settlement=won).met_again(anew) == anew
    paid = replace(won, payout_cents=5727)
    await store.record(poll(after(60)), replace(change, tracking=stored, settlements=(paid,)), ())
    view = await store.bet_view(1)
    assert view is not None
    assert view.payout_cents == 5727


async def test_a_correction_by_a_price_that_was_changed_meanwhile_is_decided_again(
    store: Store, path: Path
) -> None:
    """The daemon does not keep in memory a revision that was not stored."""
    tracking = await a_book(store)
    lost = replace(settlement(1, after(1), Result.LOST), payout_cents=0)
    await store.record(poll(after(1)), Change(tracking, settlements=(lost,)), ())
    async with await Store.open(path, now=T0) as rival:
        await Bets(rival, DEFAULTS, 1000).edit("1", Changes(stake="$30"), after(2))
    won = replace(settlement(1, after(3)), revision=2)
    await store.record(poll(after(3)), Change(tracking, settlements=(won,)), ())
    [stored] = await store.trackings(DEFAULTS)
    [anew] = stored.tracked
    assert replace(tracking.tracked[0], settlement=won).met_again(anew).settlement == lost


async def test_a_withdrawn_bet_gets_no_more_history(store: Store) -> None:
    """A bet that was withdrawn while its poll was on the way is left out."""
    tracking = await a_book(store, "DEN -4.5", "DEN ML")
    await store.withdraw(1, after(1))
    await store.record(poll(after(2)), full_change(tracking, after(2)), CHANNELS)
    assert {x["bet"] for x in await store.exports.rows("snapshots")} == {2}
    assert {x["bet"] for x in await store.exports.rows("alerts")} == {2}


async def test_a_review_asks_for_a_person_until_one_decides(store: Store) -> None:
    """A bet that cannot be settled for sure is in review until a decision by hand."""
    tracking = await a_book(store)
    review = Review(1, after(1), "the quarters do not add up")
    await store.record(poll(after(1)), Change(tracking, reviews=(review,)), ())
    [shown] = await store.bets_view()
    assert (shown.status, shown.review) == (Status.NEEDS_REVIEW, review.why)
    decided = await give(store, 1, Result.VOID, 3818, after(2))
    assert decided is not None
    assert decided.revision == 1
    [shown] = await store.bets_view()
    assert (shown.status, shown.result, shown.review) == (Status.OFFICIAL, Result.VOID, None)


async def test_the_last_chance_and_its_extremes_are_remembered(store: Store) -> None:
    """Last chance, peak and low survive a restart; a certain chance counts as no extreme."""
    tracking = await a_book(store)
    for second, win in enumerate((1.0, 0.5, 0.9, 0.0, 0.2, 0.4)):
        taken = snapshot(1, after(second), win)
        await store.record(poll(after(second)), Change(tracking, snapshots=(taken,)), ())
    [restored] = await store.trackings(DEFAULTS)
    [tracked] = restored.tracked
    assert tracked.chance is not None
    assert (tracked.chance.win, tracked.peak, tracked.low) == (0.4, 0.9, 0.2)


async def test_a_game_is_followed_until_its_last_check(store: Store) -> None:
    """A settled bet is tracked until its box has been checked for the last time."""
    tracking = await a_book(store)
    change = full_change(tracking, after(1))
    await store.record(poll(after(1)), change, ())
    assert await store.trackings(DEFAULTS)
    done = replace(change.tracking, checks=2)
    await store.record(poll(after(2)), Change(done), ())
    assert await store.trackings(DEFAULTS) == []
    await store.add(draft("DEN ML"), game=GAME, defaults=DEFAULTS, at=after(3))
    [again] = await store.trackings(DEFAULTS)
    assert {x.bet.number for x in again.tracked} == {1, 2}
    assert again.state == state(9)
