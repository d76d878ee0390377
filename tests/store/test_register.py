"""Games and bets: adding, finding, binding, withdrawing, and reading the same again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.store.values import (
    CHANNELS,
    DEFAULTS,
    GAME,
    OTHER,
    T0,
    a_book,
    after,
    draft,
    full_change,
    poll,
    settlement,
    snapshot,
    state,
)
from tracker.domain import BadBet, TrackerError
from tracker.domain.bet import Result, Status
from tracker.domain.game import Phase
from tracker.domain.money import parse_odds
from tracker.domain.policy import parse_rule
from tracker.domain.prior import Lines
from tracker.domain.tracking import Change
from tracker.store import Store
from tracker.store.bets import alike


async def test_a_bet_read_again_is_the_same_bet(store: Store) -> None:
    """Reading a file again makes no second bet."""
    first = await store.add(draft(), game=None, defaults=DEFAULTS, at=T0)
    again = await store.add(draft(), game=None, defaults=DEFAULTS, at=after(9))
    assert (first.number, first.created) == (1, True)
    assert (again.number, again.created, again.changed, again.revived) == (1, False, False, False)


async def test_a_draft_is_kept_word_for_word(store: Store) -> None:
    """Until its game is known, a bet is kept exactly as it was written."""
    written = draft(
        "LAL@DEN 2026-11-20 1H under 112.5 10/11 1.5u #live",
        game_text="LAL@DEN 2026-11-20",
        name="mine",
        rules=(parse_rule("p crosses 0.123456"), parse_rule("swing 0.15 in 5m")),
        book="dk",
        lines=Lines(home_spread=-4.5, total=224.5, home_ml=1.6),
        from_file=True,
        occasion="by hand",
    )
    await store.add(written, game=None, defaults=DEFAULTS, at=T0)
    assert await store.unbound() == [(1, written)]


async def test_a_bet_is_bound_once_its_game_is_known(store: Store) -> None:
    """Binding gives the bet its market and adds it to its game's tracking."""
    written = draft("DEN -4.5 -110 $20")
    await store.add(written, game=None, defaults=DEFAULTS, at=T0)
    assert await store.trackings(DEFAULTS) == []
    await store.bind_all([(1, GAME)], after(5))
    assert await store.unbound() == []
    [tracking] = await store.trackings(DEFAULTS)
    assert tracking.game == GAME
    assert [x.bet for x in tracking.tracked] == [
        written.bet(1, written.wager([GAME]), GAME, DEFAULTS, T0)
    ]


async def test_a_bet_on_another_game_is_refused(store: Store) -> None:
    """A bet is never bound to a game in which its team does not play."""
    await store.add(draft("DEN -4.5"), game=None, defaults=DEFAULTS, at=T0)
    with pytest.raises(BadBet, match="does not play"):
        await store.bind_all([(1, OTHER)], T0)
    with pytest.raises(BadBet, match="does not play"):
        await store.add(draft("LAL ML"), game=OTHER, defaults=DEFAULTS, at=T0)
    assert [x.draft.pick.text for x in await store.bets_view()] == ["DEN -4.5"]
    with pytest.raises(BadBet, match="no bet 7"):
        await store.bind_all([(7, GAME)], T0)


async def test_withdrawing_ends_the_tracking_and_keeps_the_history(store: Store) -> None:
    """A withdrawn bet is not tracked, and is revived when it is added again."""
    await store.add(draft(from_file=True), game=GAME, defaults=DEFAULTS, at=T0)
    assert list(await store.file_drafts()) == [1]
    assert await store.withdraw(1, after(1))
    assert not await store.withdraw(1, after(2))
    assert await store.file_drafts() == {}
    assert await store.trackings(DEFAULTS) == []
    [shown] = await store.bets_view()
    assert (shown.status, shown.withdrawn_at) == (Status.WITHDRAWN, after(1))
    back = await store.add(draft(from_file=True), game=None, defaults=DEFAULTS, at=after(3))
    assert (back.number, back.created, back.revived) == (1, False, True)
    left, taken_up = await store.by_hand.audits(1)
    assert (taken_up.what, taken_up.before, taken_up.after) == ("withdrawn", left.after, None)
    assert len(await store.trackings(DEFAULTS)) == 1
    assert list(await store.file_drafts()) == [1]


async def test_a_settled_bet_may_leave_the_file(store: Store) -> None:
    """A result stays after its line has left the file, and is still confirmed."""
    await store.add(draft(from_file=True), game=GAME, defaults=DEFAULTS, at=T0)
    [tracking] = await store.trackings(DEFAULTS)
    change = Change(tracking, settlements=(settlement(1, after(1)),))
    await store.record(poll(after(1)), change, ())
    assert not await store.withdraw(1, after(2))
    assert await store.file_drafts() == {}
    [shown] = await store.bets_view()
    assert (shown.status, shown.result) == (Status.PROVISIONAL, Result.WON)
    assert len(await store.trackings(DEFAULTS)) == 1


async def test_a_named_bet_may_change_its_price(store: Store) -> None:
    """The odds or the stake of a bet with an id can be corrected."""
    named = draft("DEN -4.5 -110 $20", name="a")
    await store.add(named, game=GAME, defaults=DEFAULTS, at=T0)
    again = replace(named, odds=parse_odds("-105"), stake_cents=3000)
    added = await store.add(again, game=None, defaults=DEFAULTS, at=after(1))
    assert (added.number, added.changed) == (1, True)
    [shown] = await store.bets_view()
    assert (shown.draft.odds, shown.draft.stake_cents, shown.game) == (
        parse_odds("-105"),
        3000,
        GAME,
    )


async def test_a_named_bet_becomes_another_only_before_its_history(store: Store) -> None:
    """A mistyped pick can be corrected, but not once the bet has a history."""
    await store.add(draft("DEN -4.5", name="a"), game=GAME, defaults=DEFAULTS, at=T0)
    await store.add(draft("DEN -5.5", name="a"), game=GAME, defaults=DEFAULTS, at=T0)
    [tracking] = await store.trackings(DEFAULTS)
    assert tracking.tracked[0].bet.market == draft("DEN -5.5").wager((GAME,))
    taken = Change(tracking, snapshots=(snapshot(1, after(1)),))
    await store.record(poll(after(1)), taken, ())
    with pytest.raises(BadBet, match=r"belongs to bet 1, 'DEN -5.5', which has a history"):
        await store.add(draft("DEN -6.5", name="a"), game=GAME, defaults=DEFAULTS, at=T0)
    [shown] = await store.bets_view()
    assert shown.draft.pick.text == "DEN -5.5"


async def test_a_bet_is_found_by_its_id_and_by_its_number(store: Store) -> None:
    """A person's own id comes first, even where it looks like a number."""
    await store.add(draft("DEN ML"), game=None, defaults=DEFAULTS, at=T0)
    await store.add(draft("DEN -4.5", name="1"), game=None, defaults=DEFAULTS, at=T0)
    await store.add(draft("LAL ML", name="hope"), game=None, defaults=DEFAULTS, at=T0)
    assert await store.find("1") == 2
    assert await store.find("#1") == 1
    assert await store.find("hope") == 3
    assert await store.find(" 3 ") == 3
    assert await store.find("4") is None
    assert await store.find("9" * 40) is None
    assert await store.find("nothing") is None


async def test_own_rules_replace_the_defaults(store: Store) -> None:
    """A bet without its own rules follows the present defaults; others do not."""
    own = (parse_rule("p <= 0.30"),)
    await store.add(draft("DEN ML"), game=GAME, defaults=DEFAULTS, at=T0)
    await store.add(draft("DEN -4.5", rules=own), game=GAME, defaults=DEFAULTS, at=T0)
    assert [x.rules for x in await store.bets_view()] == [DEFAULTS, own]
    await store.by_hand.watch_for(1, own, "cli", after(1))
    await store.by_hand.watch_for(2, None, "cli", after(1))
    [tracking] = await store.trackings(DEFAULTS)
    assert [x.bet.rules for x in tracking.tracked] == [own, DEFAULTS]


async def test_a_slate_never_overwrites_what_polls_have_told(store: Store) -> None:
    """A slate updates a followed game's schedule, but not what is believed of its play."""
    tracking = await a_book(store)
    change = full_change(tracking, after(10))
    await store.record(poll(after(10)), change, CHANNELS)
    moved = replace(GAME, start=GAME.start + timedelta(minutes=30))
    older = replace(state(3), game=moved)
    fresh = replace(state(phase=Phase.LIVE), game=OTHER)
    await store.save_games([(moved, older), (OTHER, fresh)], after(20))
    assert await store.games() == [(moved, state(9)), (OTHER, fresh)]
    [restored] = await store.trackings(DEFAULTS)
    assert (restored.game, restored.state) == (moved, state(9))


async def test_a_game_that_nobody_follows_is_as_the_slate_says(store: Store) -> None:
    """The last slate's state counts; a slate without one keeps the earlier state."""
    await store.save_games([(OTHER, None)], after(1))
    assert await store.games(OTHER.slate) == [(OTHER, None)]
    live = replace(state(4), game=OTHER)
    await store.save_games([(OTHER, live)], after(2))
    await store.save_games([(OTHER, None)], after(3))
    assert await store.games(OTHER.slate) == [(OTHER, live)]
    assert await store.games(OTHER.slate + timedelta(days=1)) == []
    assert await store.games(since=OTHER.slate) == [(OTHER, live)]
    assert await store.games(since=OTHER.slate + timedelta(days=1)) == []


async def test_an_unchanged_slate_writes_nothing(store: Store, path: Path) -> None:
    """Reading an unchanged schedule again writes nothing to the disk."""
    listed = [(GAME, state(3)), (OTHER, None)]
    await store.save_games(listed, after(1))
    async with await Store.open(path, now=T0, readonly=True) as reader:
        version = await reader.data_version()
        await store.save_games(listed, after(2))
        assert await reader.data_version() == version
        moved = replace(OTHER, start=after(9000))
        await store.save_games([(moved, None)], after(3))
        assert await reader.data_version() != version
        assert await reader.games() == [(GAME, state(3)), (moved, None)]


async def test_a_leagues_own_date_is_not_forgotten(store: Store) -> None:
    """A feed that gives no date for a game keeps the one that another feed gave."""
    dated = replace(GAME, day=GAME.slate + timedelta(days=1))
    await store.save_games([(dated, None)], after(1))
    await store.save_games([(replace(GAME, start=after(60)), None)], after(2))
    [(kept, _)] = await store.games(dated.slate)
    assert (kept.start, kept.slate) == (after(60), dated.slate)


async def test_a_slate_gives_a_bet_no_belief(store: Store) -> None:
    """A bet on a finished game starts with a poll of its own, so that it settles."""
    over = state(phase=Phase.FINAL)
    await store.save_games([(GAME, over)], after(1))
    tracking = await a_book(store)
    assert (tracking.state, tracking.final_at) == (None, None)


async def test_a_bet_is_compared_only_with_bets_on_its_wager(store: Store) -> None:
    """Of a night's many bets at one price, only those on the same wager may be the same bet."""
    lines = ("LAL@DEN over 224.5 -110", "LAL@DEN over 225.5 -110", "DEN +0.5 -110", "LAL +0.5 -110")
    for number, line in enumerate(lines, 1):
        await store.add(draft(line), game=None, defaults=DEFAULTS, at=T0)
        await store.bind_all([(number, GAME)], after(number))
    for line, same in (
        ("DEN/LAL o224.5 -110", [1]),
        ("Lakers +0.5 -110", [4]),
        ("DEN -1 -110", []),
    ):
        asked = draft(line)
        found = await store._db.read(
            partial(alike, draft=asked, games=[GAME], wager=asked.wager([GAME]))
        )
        assert [x.number for x in found] == same


@pytest.mark.parametrize("field", ["book", "name"])
async def test_bytes_that_are_no_text_are_a_mistake_in_one_sentence(
    store: Store, field: str
) -> None:
    """Such as those of another encoding on a command line: nothing is stored, and it goes on."""
    with pytest.raises(TrackerError, match="holds bytes that are no text: write it in UTF-8"):
        await store.add(draft(**{field: "b\udcff"}), game=None, defaults=DEFAULTS, at=T0)
    assert (await store.add(draft(), game=None, defaults=DEFAULTS, at=T0)).number == 1
