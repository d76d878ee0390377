"""Promises of pairing: only who has the code may give commands, and only from that chat."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.store.values import T0, after
from tracker.store import Store
from tracker.store.access import MOST_MISSES, Offer, Paired, paired_in

CHAT, ANN, BOB = 4411, 77, 78
CODE = "K7QM 2XPA"


async def test_the_right_code_pairs_once(store: Store) -> None:
    """Case and blanks in a code do not matter; a second use does nothing."""
    await store.pairing.expect(CODE, after(600))
    assert await store.pairing.offer("k7qm2xpa", CHAT, ANN, after(5)) is Offer.RIGHT
    assert await store.pairing.known() == Paired(CHAT, frozenset({(CHAT, ANN)}))
    assert await store.pairing.offer(CODE, 5, BOB, after(6)) is Offer.NONE_WANTED


async def test_a_code_grows_old(store: Store) -> None:
    """An expired code pairs nobody."""
    await store.pairing.expect(CODE, after(600))
    assert await store.pairing.offer(CODE, CHAT, ANN, after(600)) is Offer.NONE_WANTED
    assert (await store.pairing.known()).chat is None


async def test_codes_cannot_be_tried_out(store: Store) -> None:
    """After a few wrong codes the right one is refused, too."""
    await store.pairing.expect(CODE, after(600))
    for _ in range(MOST_MISSES):
        assert await store.pairing.offer("AAAA AAAA", 5, BOB, after(1)) is Offer.WRONG
    assert await store.pairing.offer(CODE, CHAT, ANN, after(2)) is Offer.NONE_WANTED


async def test_the_code_is_not_kept_in_the_clear(store: Store, path: Path) -> None:
    """Reading the database is not enough to pair."""
    await store.pairing.expect(CODE, after(600))
    rows = await store._db.bare(lambda db: [tuple(x) for x in db.execute("SELECT * FROM pairing")])
    assert "K7QM" not in str(rows)


async def test_alerts_go_to_the_chat_that_was_paired_last(store: Store) -> None:
    """A later pairing moves the alerts; each user may give commands only where they paired."""
    for chat, user, at in ((CHAT, ANN, 1), (-99, BOB, 2), (-99, ANN, 3)):
        await store.pairing.expect(CODE, after(600))
        assert await store.pairing.offer(CODE, chat, user, after(at)) is Offer.RIGHT
    known = await store.pairing.known()
    assert known.chat == -99
    assert known.users == {(CHAT, ANN), (-99, BOB), (-99, ANN)}


async def test_a_group_that_moves_stays_paired(store: Store) -> None:
    """The group's users and alerts move with it."""
    await store.pairing.expect(CODE, after(600))
    await store.pairing.offer(CODE, -99, ANN, after(1))
    await store.pairing.move(-99, -1001)
    assert await store.pairing.known() == Paired(-1001, frozenset({(-1001, ANN)}))


async def test_all_can_be_forgotten(store: Store) -> None:
    """Afterwards nobody may give commands."""
    await store.pairing.expect(CODE, after(600))
    await store.pairing.offer(CODE, CHAT, ANN, after(1))
    assert await store.pairing.forget() == 1
    assert await store.pairing.known() == Paired(None, frozenset())


async def test_an_update_is_dealt_with_once(path: Path) -> None:
    """A handled update is not handled again, even after a restart."""
    async with await Store.open(path, now=T0) as store:
        assert await store.pairing.offset() is None
        await store.pairing.dealt_with(41)
    async with await Store.open(path, now=T0) as store:
        assert await store.pairing.offset() == 42


async def test_the_pairing_is_known_before_the_store_is_open(path: Path) -> None:
    """It is read without a database, from an earlier schema, and beside a working daemon."""
    assert paired_in(path) == Paired(None, frozenset())
    async with await Store.open(path, now=T0) as store:
        await store.pairing.expect(CODE, after(600))
        await store.pairing.offer(CODE, CHAT, ANN, after(1))
        assert paired_in(path).chat == CHAT
    assert paired_in(path).chat == CHAT
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE paired")
    assert paired_in(path) == Paired(None, frozenset())


async def test_a_topic_is_kept_with_its_chat(store: Store, path: Path) -> None:
    """A later code from the group itself, or from another topic, replaces the stored topic."""
    for topic in (17, None, 18):
        await store.pairing.expect(CODE, after(600))
        await store.pairing.offer(CODE, -99, ANN, after(1), topic=topic)
        assert (await store.pairing.known()).topic == topic
    assert paired_in(path) == Paired(-99, frozenset({(-99, ANN)}), 18)
