"""Promises of outcomes: one row for each settled bet, in step with its result, with right sums."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.conftest import Cli, cli, config, home, night, played
from tests.store.reckoned import Ended, tally
from tests.store.values import T0, a_book, after, alert, poll, settlement, started
from tracker.app.market.clv import clv_summary
from tracker.domain.alert import Reason
from tracker.domain.bet import Result
from tracker.domain.league import slate_date
from tracker.domain.money import needed
from tracker.domain.tracking import Change
from tracker.engine.record import Grouping
from tracker.store import Store
from tracker.store.outcomes import _FIRST_MODEL, _FIRST_PREDICTIONS
from tracker.store.views import BetView

__all__ = ["cli", "config", "home", "night", "played"]

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def as_ended(x: BetView) -> Ended | None:
    """A settled bet as the record counts it, computed from its view."""
    if x.result is None:
        return None
    asked = needed(x.draft.odds, free=x.draft.free)
    day = x.games[-1].slate if x.games else slate_date(x.draft.placed_at or x.added_at)
    game = x.games[0].id if x.games else None
    return Ended(x.result, day, x.own_cents, x.payout_cents, asked, game)


async def agree(path: Path) -> int:
    """Compare the database's sums with those over the bets. Returns how many bets counted."""
    async with await Store.open(path, now=NOW) as store:
        views = await store.bets_view()
        ended = [e for x in views if (e := as_ended(x)) is not None]
        assert await store.outcomes.total() == tally(ended)
        together = await store.outcomes.grouped((*Grouping, Grouping.ALL))
        assert together == {x: await store.outcomes.tallies(x) for x in Grouping}
        for month, found in (await store.outcomes.tallies(Grouping.MONTH)).items():
            assert found == tally(x for x in ended if f"{x.day:%Y-%m}" == month)
        for tag, found in (await store.outcomes.tallies(Grouping.TAG)).items():
            chosen = [as_ended(x) for x in views if tag in (x.draft.tags or ("(no tag)",))]
            assert found == tally(x for x in chosen if x is not None)
        return len(ended)


def test_the_outcomes_of_a_night_are_those_of_its_bets(cli: Cli, night: Path) -> None:
    """They stay right after a changed stake, a decision by hand, a regrade and a free bet."""
    assert asyncio.run(agree(night)) == 4
    assert cli("edit", "1", "--stake", "55", "--tag", "late").status == 0
    assert asyncio.run(agree(night)) == 4
    assert cli("settle", "2", "lost", "--reason", "misread").status == 0
    assert asyncio.run(agree(night)) == 4
    assert cli("void", "3", "--reason", "called off").status == 0
    assert asyncio.run(agree(night)) == 4
    assert cli("regrade", "2").status == 0
    assert asyncio.run(agree(night)) == 4
    asked = cli("performance", "--json").json["groups"]
    assert cli("edit", "1", "--free").status == 0
    assert asyncio.run(agree(night)) == 4
    assert cli("performance", "--json").json["groups"] != asked


async def test_a_report_values_bets_at_the_close_as_the_record_does(tmp_path: Path) -> None:
    """Void bets, parlays and values by our own model are in neither mean."""
    rows = [
        ("won", "total", "quoted", 0.05),
        ("lost", "spread", "converted", -0.01),
        ("won", None, "quoted", 0.02),
        ("won", "total", "model", 0.5),
        ("void", "total", "quoted", 0.2),
        ("lost", "parlay", "quoted", 0.3),
    ]
    async with await Store.open(started(tmp_path / "t.db"), now=NOW, durable=False) as store:
        with closing(sqlite3.connect(tmp_path / "t.db")) as db, db:
            for bet, (result, market, grade, value) in enumerate(rows):
                db.execute(
                    "INSERT INTO outcome (bet, revision, at, official, day, market, tags, result) "
                    "VALUES (?, 1, '', 1, '2026-01-29', ?, '[]', ?)",
                    (bet, market, result),
                )
                db.execute(
                    "INSERT INTO clv (bet, revision, ev, grade, reason, at) "
                    "VALUES (?, 1, ?, ?, '', '')",
                    (bet, value, grade),
                )
        mean, count = await store.monitoring.closing_value(None, NOW.date())
        whole = clv_summary(await store.quotes.value_sums(), {}).all
    assert (count, whole.n) == (3, 3)
    assert [mean, whole.mean] == pytest.approx([0.02, 0.02])


async def test_an_alert_came_again_where_its_bet_had_one_before(tmp_path: Path) -> None:
    """A result's number of revisions, or the time of a question, is no count of alerts."""
    async with await Store.open(started(tmp_path / "t.db"), now=T0) as store:
        tracking = await a_book(store)
        told = [
            ("p >= 0.80", 1),
            ("p >= 0.80", 2),
            ("settled", 3),
            ("review", 1769738400),
            ("hit", 1),
        ]
        alerts = [replace(alert(1, after(n)), rule=x, episode=n) for x, n in told]
        back = replace(alerts[-1], episode=2, reason=Reason.TAKEN_BACK)
        change = Change(tracking, alerts=(*alerts, back), settlements=(settlement(1, after(9)),))
        await store.record(poll(after(9)), change, ())
        found = {x.rule: x.repeats for x in await store.outcomes.judged_rules()}
    assert found == {"p >= 0.80": 1, "settled": 0, "review": 0, "hit": 0}


async def test_what_alerts_promised_is_of_the_bets_that_were_decided(tmp_path: Path) -> None:
    """An alert of a bet that pushes is neither right nor wrong: its chance is no promise."""
    async with await Store.open(tmp_path / "t.db", now=T0) as store:
        tracking = await a_book(store, "DEN -4.5", "DEN -4")
        alerts = (replace(alert(1, after(1)), p=0.9), replace(alert(2, after(1)), p=0.8))
        ended = (settlement(1, after(9)), settlement(2, after(9), Result.PUSH))
        change = Change(tracking, alerts=alerts, settlements=ended)
        await store.record(poll(after(9)), change, ())
        (found,) = await store.outcomes.judged_rules()
    assert (found.alerts, found.decided, found.promised, found.held) == (2, 1, 0.9, 1.0)


def test_a_void_says_what_comes_back(cli: Cli, night: Path) -> None:
    """A void's stake comes back, and nothing is won or lost."""
    assert night.is_file()
    assert cli("void", "1", "--reason", "called off").status == 0
    head, *rest = cli("show", "1").out.splitlines()
    assert "void $20.00 back" in head
    assert any("stake $20.00, $20.00 back" in x for x in rest)


def test_bets_that_were_settled_before_there_were_outcomes_get_theirs(night: Path) -> None:
    """They get their outcomes once, when the database is first opened."""
    with closing(sqlite3.connect(night)) as db:
        db.execute("DELETE FROM outcome")
        db.execute("DELETE FROM meta WHERE name = 'outcomes'")
        db.commit()
    assert asyncio.run(agree(night)) == 4


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(Result),
            st.none() | st.integers(1, 10_000),
            st.none() | st.integers(0, 30_000),
            st.none() | st.floats(0.05, 0.95),
        ),
        max_size=30,
    )
)
def test_sums_in_the_database_are_the_sums_of_the_record(
    rows: list[tuple[Result, int | None, int | None, float | None]],
) -> None:
    """A bet with unknown figures counts in the record and not in the money."""

    async def check() -> None:
        from tempfile import TemporaryDirectory

        with TemporaryDirectory() as folder:
            async with await Store.open(
                started(Path(folder, "t.db")), now=NOW, durable=False
            ) as store:
                with closing(sqlite3.connect(Path(folder, "t.db"))) as db:
                    db.executemany(
                        "INSERT INTO outcome (bet, revision, at, official, day, tags, result, "
                        "stake_cents, payout_cents, break_even) "
                        "VALUES (?, 1, '', 1, '2026-01-29', '[]', ?, ?, ?, ?)",
                        [(n, x[0].value, *x[1:]) for n, x in enumerate(rows)],
                    )
                    db.commit()
                found = await store.outcomes.total()
            day = date(2026, 1, 29)
            wanted = tally(Ended(x[0], day, *x[1:]) for x in rows)
            assert (found.bets, found.won, found.lost) == (wanted.bets, wanted.won, wanted.lost)
            assert (found.staked, found.profit) == (wanted.staked, wanted.profit)
            assert (found.asked is None) is (wanted.asked is None)
            assert abs((found.asked or 0) - (wanted.asked or 0)) < 1e-9

    asyncio.run(check())


async def test_days_and_months_come_in_their_order(tmp_path: Path) -> None:
    """Days and months come in time order, other groups by size."""
    days = ["2026-01-29", "2026-01-29", "2025-12-30", "2026-01-21"]
    async with await Store.open(started(tmp_path / "t.db"), now=NOW, durable=False) as store:
        with closing(sqlite3.connect(tmp_path / "t.db")) as db:
            db.executemany(
                "INSERT INTO outcome (bet, revision, at, official, day, tags, result) "
                "VALUES (?, 1, '', 1, ?, '[]', 'won')",
                enumerate(days),
            )
            db.commit()
        by_day = await store.outcomes.tallies(Grouping.DAY)
        by_month = await store.outcomes.tallies(Grouping.MONTH)
    assert list(by_day) == sorted(set(days))
    assert list(by_month) == ["2025-12", "2026-01"]


async def test_the_first_chance_of_a_bet_is_found_without_reading_all(night: Path) -> None:
    """The record's page of a season with millions of snapshots reads each bet's first one."""
    async with await Store.open(night, now=NOW, readonly=True) as store:
        found = {x.bet: x.p for x in await store.outcomes.first_predictions()}
        models = await store.outcomes.tallies(Grouping.MODEL)
        for number, p in found.items():
            view = await store.show_view(number)
            assert view is not None
            chances = [x.snapshot.chance for x in view.snapshots]
            first = next(x for x in chances if x is not None and x.win > 0 and x.lose > 0)
            assert p == first.win / (first.win + first.lose)
    assert found
    assert sum(x.bets for x in models.values()) >= len(found)
    with closing(sqlite3.connect(night)) as db:
        for query in (_FIRST_PREDICTIONS, _FIRST_MODEL):
            whole = query.replace("LEFT JOIN", "SELECT * FROM outcome LEFT JOIN", 1)
            plan = db.execute(f"EXPLAIN QUERY PLAN {whole}", {"since": None, "until": None})
            assert not [x for *_, x in plan if x.startswith(("SCAN snapshot", "SCAN first"))]


def test_bets_are_listed_in_pages(cli: Cli, night: Path) -> None:
    """The first page has the newest bets; each page is in order of number, with the total count."""
    assert night.is_file()
    assert [x["id"] for x in cli("bets", "--page", "1", "--json").json] == [1, 2, 3, 4]
    assert cli("bets", "--page", "2", "--json").json == []
    assert cli("bets", "--page", "2").out == "Page 2 is empty: you have 4 bets.\n"
    assert [x["id"] for x in cli("bets", "--json").json] == [1, 2, 3, 4]
