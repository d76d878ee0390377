"""What readers get: bets, alerts, the summary, exports and raw bodies."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.doubles.clock import FakeClock
from tests.store.values import (
    CHANNELS,
    DEFAULTS,
    GAME,
    OTHER,
    T0,
    a_book,
    after,
    alert,
    draft,
    full_change,
    poll,
    settlement,
    snapshot,
    started,
    state,
)
from tracker.app.health import AtWork, read_since
from tracker.app.tonight import evening
from tracker.domain.alert import Decision
from tracker.domain.bet import TO_BE_GRADED, Status
from tracker.domain.game import Phase
from tracker.domain.market import Spread
from tracker.domain.policy import parse_rule
from tracker.domain.poll import Document
from tracker.domain.quote import Quote, Selection
from tracker.domain.tracking import Change, GameTracking
from tracker.store import Store
from tracker.store.database.columns import stamp
from tracker.store.database.migrate import migrations
from tracker.store.exporting import TABLES
from tracker.store.reading import _READINGS
from tracker.store.recording import _END_CHANCES
from tracker.store.upkeep import BATCH
from tracker.store.views import DaemonView, SourceStatusView


async def test_a_bet_is_shown_from_the_first_word_to_the_result(store: Store) -> None:
    """A bet is scheduled without a game, then live with a chance."""
    await store.add(draft("DEN -4.5 #a", name="x"), game=None, defaults=DEFAULTS, at=T0)
    [shown] = await store.bets_view()
    assert (shown.id, shown.status, shown.game, shown.chance) == ("x", Status.SCHEDULED, None, None)
    assert (shown.rules, shown.draft.tags, shown.revision) == (DEFAULTS, ("a",), 0)
    await store.bind_all([(1, GAME)], after(1))
    [tracking] = await store.trackings(DEFAULTS)
    live = replace(tracking, state=state(5), seen_at=after(2), changed_at=after(2))
    taken = Change(live, snapshots=(snapshot(1, after(2), 0.7),))
    await store.record(poll(after(2)), taken, ())
    [shown] = await store.bets_view()
    assert (shown.status, shown.market_text, shown.game) == (Status.LIVE, "DEN -4.5", GAME)
    assert isinstance(shown.market, Spread)
    assert shown.chance is not None
    assert (shown.chance.win, shown.chance_at, shown.seen_at) == (0.7, after(2), after(2))
    assert shown.state == state(5)


async def test_the_bets_of_a_game_share_its_state(store: Store) -> None:
    """A game's state is read once for all bets on it, so that a season of bets stays small."""
    for number, text in ((1, "DEN -4.5"), (2, "DEN ML")):
        await store.add(draft(text), game=None, defaults=DEFAULTS, at=T0)
        await store.bind_all([(number, GAME)], after(1))
    [tracking] = await store.trackings(DEFAULTS)
    live = replace(tracking, state=state(5), seen_at=after(2), changed_at=after(2))
    taken = Change(live, snapshots=(snapshot(1, after(2), 0.7),))
    await store.record(poll(after(2)), taken, ())
    one, other = await store.bets_view()
    assert one.state == state(5)
    assert other.state is one.state


async def test_what_goes_on_unread_is_shown_as_stale_whoever_is_to_blame(store: Store) -> None:
    """A daemon that was killed or hangs, or a full disk: nobody was there to call it stale."""
    tracking = await a_book(store)
    live = replace(tracking, state=state(5), seen_at=after(2), changed_at=after(2))
    await store.record(poll(after(2)), Change(live, snapshots=(snapshot(1, after(2)),)), ())
    whole = await store.status_view()
    for since, stale in ((after(1), False), (after(3), True)):
        aged = whole.aged(since)
        assert [x.stale for x in aged.games] == [x.stale for x in aged.bets] == [stale]
        assert [x.game for x in whole.unread(since)] == [GAME] * stale
        clock = FakeClock(since + timedelta(minutes=2))
        [shown] = (await evening(store, DEFAULTS, AtWork(None, clock), UTC, 0.0)).games
        assert bool(shown.card.warning) == stale
    over = replace(live, state=state(0, phase=Phase.FINAL))
    await store.record(poll(after(9)), Change(over), ())
    assert (await store.status_view()).unread(after(60)) == ()


def test_on_a_fast_clock_a_reading_stays_fresh_for_some_real_seconds() -> None:
    """Two minutes on the clock on the wall; at 60 times as fast two minutes are two seconds."""
    now = after(3600)
    fast = DaemonView(1, T0, "1", T0, 60.0, T0)
    assert now - read_since(None, now) == timedelta(minutes=2)
    assert now - read_since(fast, now) == timedelta(minutes=5)


async def test_a_history_is_in_order_and_of_one_bet(store: Store) -> None:
    """`show` gives a bet's own snapshots, oldest first."""
    tracking = await a_book(store, "DEN -4.5", "DEN ML")
    for n in range(5):
        taken = tuple(snapshot(bet, after(n), 0.1 * bet) for bet in (1, 2))
        await store.record(poll(after(n)), Change(tracking, snapshots=taken), ())
    shown = await store.show_view(2)
    assert shown is not None
    assert [x.snapshot for x in shown.snapshots] == [snapshot(2, after(n), 0.2) for n in range(5)]
    assert await store.show_view(3) is None


async def test_a_history_in_pages_has_every_moment_once(store: Store) -> None:
    """A poll that moved two games of a parlay is on one page, and the pages have all moments."""
    tracking = await a_book(store)
    await store.record(poll(after(1)), full_change(tracking, after(1)), CHANNELS)
    shown = await store.show_view(1)
    assert shown is not None
    [moment] = shown.snapshots
    # Three polls of both games, and one of the first alone.
    polls = (1, 1, 2, 2, 3, 4, 4)
    shown = replace(shown, snapshots=tuple(replace(moment, poll=x) for x in polls))
    for most, pages in ((1, 4), (2, 3), (3, 2), (6, 1), (7, 1), (500, 1)):
        seen, before = [], None
        for left in reversed(range(pages)):
            page, before = shown.page(before, most)
            seen += [x.poll for x in page]
            assert (before is None) is (left == 0)
        assert seen == sorted(polls, reverse=True)
    assert replace(shown, snapshots=()).page(None, 5) == ((), None)


async def test_held_decisions_are_shown_when_asked_for(store: Store) -> None:
    """`alerts` lists fired alerts; `--explain` also what was held back, with the reason."""
    tracking = await a_book(store, "DEN -4.5", "DEN ML")
    held = Change(tracking, alerts=(alert(1, after(1), fired=False), alert(2, after(1))))
    await store.record(poll(after(1)), held, CHANNELS)
    assert [x.alert.bet for x in await store.alerts_view()] == [2]
    explained = await store.alerts_view(explain=True)
    assert [x.alert.decision for x in explained] == [Decision.HELD, Decision.FIRED]
    assert [len(x.deliveries) for x in explained] == [0, 2]
    assert [x.alert.bet for x in await store.alerts_view(explain=True, bet=1)] == [1]


async def test_the_whole_at_a_glance(store: Store) -> None:
    """The summary has the followed games, sources, deliveries and the daemon."""
    tracking = await a_book(store)
    await store.add(draft("NYK ML"), game=None, defaults=DEFAULTS, at=T0)
    await store.record(poll(after(1)), full_change(tracking, after(1)), CHANNELS)
    await store.keep_answers({"nba": (after(1), "ok")}, {}, {}, after(1))
    await store.keep_answers({"nba": (after(5), "blocked")}, {}, {}, after(5))
    daemon = DaemonView(4711, T0, "1.0", after(-600), 60.0, T0)
    await store.keep_daemon(daemon)
    status = await store.status_view()
    assert status.daemon == await store.daemon() == daemon
    assert [(x.game, x.bets, x.state) for x in status.games] == [(GAME, 1, state(9))]
    assert status.sources == (SourceStatusView("nba", after(1), after(5), "blocked"),)
    assert status.deliveries == {("console", "due"): 1, ("sink", "due"): 1}
    assert status.decisions == {("fired", "crossed"): 1, ("held", "holding"): 1}
    schema = len(migrations())
    assert (status.unbound, status.schema) == (1, schema)
    assert status.size_bytes > 0
    assert [x.number for x in status.bets] == [1]


async def test_an_empty_store_can_be_read(store: Store) -> None:
    """An empty store gives empty answers and no error."""
    status = await store.status_view()
    assert (status.daemon, status.games) == (None, ())
    assert not await store.bets_view()
    assert not await store.alerts_view()
    assert not await store.trackings(DEFAULTS)
    assert [await store.exports.rows(x) for x in TABLES] == [[]] * len(TABLES)


async def play(path: Path, order: tuple[int, ...]) -> tuple[str, list[dict[str, object]]]:
    """Record the same polls of two games in some order. Returns the hash and the snapshots."""
    async with await Store.open(path, now=T0) as store:
        await store.add(draft("DEN ML"), game=GAME, defaults=DEFAULTS, at=T0)
        await store.add(draft("NYK ML"), game=OTHER, defaults=DEFAULTS, at=T0)
        first, second = await store.trackings(DEFAULTS)
        both = {x.game.id: x for x in (first, second)}
        for n in order:
            tracking: GameTracking = both[GAME.id if n % 2 else OTHER.id]
            path_of = replace(poll(after(n // 2)), path=f"boxscore/{tracking.game.id}")
            await store.record(path_of, full_change(tracking, after(n // 2)), CHANNELS)
        return await store.exports.hash(), await store.exports.rows("snapshots")


async def test_equal_runs_export_equal_rows(tmp_path: Path) -> None:
    """The hash ignores which of two games was written first, but not what was recorded of one."""
    one = await play(tmp_path / "one.db", (0, 1, 2, 3))
    other = await play(tmp_path / "other.db", (1, 0, 3, 2))
    less = await play(tmp_path / "less.db", (0, 1, 2))
    assert one == other
    assert one[0] != less[0]


async def test_what_is_exported_is_named(store: Store) -> None:
    """A table that does not exist raises KeyError and runs no query."""
    with pytest.raises(KeyError):
        await store.exports.rows("sqlite_schema")


async def test_a_result_that_was_taken_back_is_exported_no_more(store: Store) -> None:
    """A bet whose game goes on after all has no result in the sheet, which could be read back."""
    tracking = await a_book(store)
    first = settlement(1, after(1))
    back = replace(first, revision=2, at=after(2), reason=TO_BE_GRADED)
    for one, *exported in ((first, "won", 3818, 1818), (back, None, None, None)):
        change = Change(tracking, settlements=(one,))
        await store.record(poll(one.at), change, CHANNELS)
        [row] = await store.exports.rows("bets")
        assert [row["result"], row["payout_cents"], row["profit_cents"]] == exported
    assert len(await store.exports.rows("settlements")) == 2


async def test_bodies_come_back_in_order_and_by_source(store: Store) -> None:
    """Every body of a span of time comes back in the order of arrival."""
    tracking = await a_book(store)
    sent = [(after(n), f"box/{n % 3}", b"%d" % (n // 2)) for n in range(100)]
    for at, path, body in reversed(sent):
        await store.record(replace(poll(at, body=body), path=path), Change(tracking), ())
    stray = replace(poll(after(3), body=b"other"), source="espn")
    await store.record(stray, Change(tracking), ())

    async def read(source: str | None, since: datetime, until: datetime) -> list[object]:
        return [(x.at, x.path, x.body) async for x in store.upkeep.bodies(source, since, until)]

    assert await read("nba", T0, after(1000)) == sent
    assert await read("nba", after(10), after(20)) == sent[10:20]
    assert len(await read(None, T0, after(1000))) == 101
    assert await read("espn", after(4), after(1000)) == []


async def test_old_bodies_are_dropped_wherever_they_lie(store: Store) -> None:
    """Of more bodies than one transaction looks at, every old one is dropped."""
    tracking, count = await a_book(store), 2 * BATCH + 1
    polls = [poll(after(n % 2 * 100), body=f"{n}".encode()) for n in range(count)]
    await store.record_all([(x, Change(tracking)) for x in polls], ())
    assert await store.upkeep.prune(after(50)) == BATCH + 1
    assert await store.upkeep.prune(after(50)) == 0
    assert len([x async for x in store.upkeep.bodies("nba", T0, after(999))]) == BATCH


async def test_large_bodies_are_dropped_sooner(store: Store) -> None:
    """The board of a full college day, of which a Saturday brings a gigabyte, has its own time."""
    tracking, large = await a_book(store), bytes((1 << 20) + 1)
    for second, body in ((1, b"small"), (1, large), (51, large + b"1")):
        await store.record(poll(after(second), body=body), Change(tracking), ())
    assert await store.upkeep.prune(after(0), after(50)) == 1
    kept = [len(x.body) async for x in store.upkeep.bodies("nba", T0, after(99))]
    assert kept == [5, len(large) + 1]


async def test_only_old_bodies_are_dropped(store: Store) -> None:
    """A body stays while one recent poll brought it, and is stored again when it comes again."""
    tracking = await a_book(store)
    for second, body in ((1, b"old"), (2, b"both"), (50, b"both"), (51, b"young")):
        await store.record(poll(after(second), body=body), Change(tracking), ())
    assert await store.upkeep.prune(after(50)) == 1
    kept = [x.body async for x in store.upkeep.bodies("nba", T0, after(99))]
    assert kept == [b"both", b"both", b"young"]
    await store.record(poll(after(60), body=b"old"), Change(tracking), ())
    kept = [x.body async for x in store.upkeep.bodies("nba", T0, after(99))]
    assert kept == [b"old", b"both", b"both", b"young", b"old"]


async def test_own_rules_are_shown_as_they_are_in_force(store: Store) -> None:
    """Without the configuration, the last known defaults are shown."""
    await store.add(draft("DEN ML"), game=None, defaults=DEFAULTS, at=T0)
    other = (parse_rule("hit"),)
    [shown] = await store.bets_view()
    assert shown.rules == DEFAULTS
    [shown] = await store.bets_view(other)
    assert shown.rules == other


async def test_a_look_that_brought_nothing_keeps_the_age_right(store: Store) -> None:
    """A poll without news updates a game's age and staleness; an older poll does not."""
    tracking = await a_book(store)
    await store.record(poll(after(1)), full_change(tracking, after(1)), CHANNELS)
    await store.keep_answers({}, {GAME.id: (after(60), True)}, {}, T0)
    await store.keep_answers({}, {GAME.id: (after(40), False)}, {}, T0)
    (game,) = (await store.status_view()).games
    assert (game.seen_at, game.stale, game.state) == (after(60), True, state(9))
    await store.keep_answers({}, {"0029999999": (after(60), False)}, {}, T0)
    assert len((await store.status_view()).games) == 1


async def test_a_season_of_polls_makes_no_price_slower_to_read(store: Store) -> None:
    """The prices of a game are read by its own days, however often their source was asked before.

    A price stands since its document was last read.
    """
    await store.save_games([(GAME, None)], T0)
    quote = Quote(GAME.id, "kalshi", Selection("moneyline", "home"), after(1), 1.62)
    for seconds in (1, 61):
        read = Document("kalshi", "/den", after(seconds), b"%d" % seconds, f"{seconds:064}")
        await store.quotes.record(read, [quote] if seconds == 1 else [])
    spent = 0

    def count() -> None:
        nonlocal spent
        spent += 1

    async def taken() -> int:
        nonlocal spent
        spent = 0
        [found] = await store.quotes.standing(GAME.id, after(0), after(90))
        assert found.stood_at == after(61)
        return spent

    await store._db.bare(lambda db: db.set_progress_handler(count, 1))
    before = await taken()
    await store._db.write(
        lambda db: db.executemany(
            "INSERT INTO poll (source, path, at, digest) VALUES ('kalshi', '/old', ?, 'x')",
            [(stamp(T0 - timedelta(minutes=n)),) for n in range(1, 2000)],
        )
    )
    assert await taken() < 2 * before


async def test_an_alert_does_not_wait_for_a_season_of_bets(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bets of `/profit` and of the digest are read in pages, between which alerts go first."""
    monkeypatch.setattr("tracker.store.reading.BETS_AT_ONCE", 2)
    for points in range(1, 10):
        await store.add(draft(f"DEN -{points}.5"), game=GAME, defaults=DEFAULTS, at=T0)
    reading = asyncio.ensure_future(store.bets_view())
    await asyncio.sleep(0)
    await store.claim("phone", after(1), 1)
    assert not reading.done()
    assert [x.number for x in await reading] == [*range(1, 10)]


def test_what_each_poll_and_result_asks_for_is_found_by_an_index(tmp_path: Path) -> None:
    """A bet's last readings are not sorted out of a game's polls, nor its alerts out of all."""
    values = {"bet": 1, "game": GAME.id, "at": "", "facts": "[]"}
    with closing(sqlite3.connect(started(tmp_path / "tracker.db"))) as db:
        for query in (_READINGS, _END_CHANCES):
            plan = [x for *_, x in db.execute(f"EXPLAIN QUERY PLAN {query}", values)]
            assert not [x for x in plan if "TEMP B-TREE" in x or x.startswith("SCAN alert")], plan
