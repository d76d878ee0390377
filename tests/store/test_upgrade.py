"""A full database of the first schema, upgraded: nothing in it is lost."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.store.values import CHANNELS, DEFAULTS, GAME, T0, after, alert, draft, poll
from tracker.domain.game import Side
from tracker.domain.market import Direction, Moneyline, Span, Spread, TeamTotal, Total
from tracker.domain.tracking import Change
from tracker.host import single_instance
from tracker.store import Store
from tracker.store.database import StoreTooOld, StoreUnavailable
from tracker.store.database.migrate import APPLICATION_ID, migrations, version_of

TIME = "2026-11-21T03:00:0{}.000000Z"

MARKETS = {
    1: ("spread", "game", "home", None, -4.5),
    2: ("moneyline", "1H", "away", None, None),
    3: ("total", "Q3", None, "over", 55.0),
    4: ("team_total", "game", "away", "under", 114.5),
    5: None,
}
"""Bet 5 waits for its game."""


MEANING = """
{"pick":{"text":"x","span":"game","team":[["nba","DEN"]],"direction":null,"points":null,
 "matchup":null,"odds":null,"stake_cents":null,"units":null,"tags":[]},
 "matchup":null,"occasion":""}
"""
STATE = """
{"phase":"live","period":3,"clock":611.3,"score":[61,55],"periods":null,"possession":null,
 "bonus":null,"timeouts":null,"players":[]}
"""


def fill(db: sqlite3.Connection) -> None:
    """Put rows into every table of the first schema, as the program of that time did."""
    db.execute(
        "INSERT INTO game (id, league, home, away, start_at, slate, state, checks, final_at) "
        "VALUES (?, 'nba', 'DEN', 'LAL', ?, '2026-11-20', ?, 1, ?)",
        (
            GAME.id,
            "2026-11-21T02:00:00.000000Z",
            STATE,
            TIME.format(9),
        ),
    )
    for number, market in MARKETS.items():
        bound = (None,) * 8 if market is None else (TIME.format(1), GAME.id, "text", *market)
        db.execute(
            "INSERT INTO bet (number, identity, name, pick, meaning, odds, odds_decimal, "
            "stake_cents, tags, lines, from_file, added_at, withdrawn_at, bound_at, game_id, "
            "market_text, market, span, side, direction, points) "
            "VALUES (?, ?, ?, 'x', ?, '-110', '21/11', 2000, '[]', '[null,null,null,null]', 1, "
            "?, NULL, ?, ?, ?, ?, ?, ?, ?, ?)",
            (number, f"id:{number}", f"bet {number}", MEANING, TIME.format(0), *bound),
        )
        db.execute(
            "INSERT INTO rule_state VALUES (?, 'p >= 0.80', 'armed', 2, 1, 'below', '[]', '[]', 0)",
            (number,),
        )
    for number in range(1, 4):
        db.execute(
            "INSERT INTO poll VALUES (?, 'nba', 'boxscore/1', ?, ?, NULL, NULL)",
            (number, TIME.format(number), f"{number:064}"),
        )
        db.execute("INSERT INTO body VALUES (?, 3, x'789c030000000001')", (f"{number:064}",))
        db.execute("INSERT INTO game_poll VALUES (?, ?)", (GAME.id, number))
        for bet in range(1, 5):
            db.execute(
                "INSERT INTO snapshot VALUES (?, ?, ?, 3, 611.3, 'Q3 10:12', 61, 55, 112.5, "
                "108.25, 4.25, 220.75, 7.0, 7.1, 9.3, 11.2, 0.6, 0.1, 0.3, 'm', 'f', 'c')",
                (number, bet, TIME.format(number)),
            )
            db.execute(
                "INSERT INTO alert (bet, rule, episode, at, decision, reason, game_clock, home, "
                "away, p, was, detail, text, poll) VALUES (?, 'p >= 0.80', ?, ?, ?, 'crossed', "
                "'Q3', 61, 55, 0.8, 0.7, '', 'said', ?)",
                (bet, number, TIME.format(number), ("fired", "held")[number % 2], number),
            )
    for bet in range(1, 5):
        db.execute(
            "INSERT INTO latest VALUES (?, ?, 0.6, 0.1, 0.3, 0.9, 0.2)", (bet, TIME.format(3))
        )
        db.execute(
            "INSERT INTO settlement VALUES (?, 1, 'won', 3818, 3, ?, 'as it ended')",
            (bet, TIME.format(8)),
        )
    db.execute("INSERT INTO confirmation VALUES (1, 1, ?, 3)", (TIME.format(9),))
    db.execute("INSERT INTO review VALUES (5, ?, 'unclear', 3)", (TIME.format(7),))
    db.execute(
        "INSERT INTO delivery (alert, channel, state, due_at, updated_at) "
        "SELECT id, 'sink', 'due', at, at FROM alert WHERE decision = 'fired'"
    )
    db.execute("INSERT INTO pulse VALUES ('nba', ?, ?, 'ok')", (TIME.format(1), TIME.format(2)))
    db.execute("INSERT INTO meta VALUES ('default_rules', '[]')")


def rows_of(db: sqlite3.Connection) -> dict[str, list[dict[str, object]]]:
    """Every row of every table, by table."""
    db.row_factory = sqlite3.Row
    names = [x[0] for x in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {
        name: [dict(x) for x in db.execute(f"SELECT * FROM {name}")]  # noqa: S608 - our own names
        for name in names
    }


@pytest.fixture
def old(path: Path) -> Iterator[dict[str, list[dict[str, object]]]]:
    """The rows of a database of the first schema, which is at `path`."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(migrations()[0])
        db.execute("PRAGMA user_version = 1")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        fill(db)
        yield rows_of(db)


async def upgraded(path: Path) -> dict[str, list[dict[str, object]]]:
    """The rows after this program has opened the database."""
    async with await Store.open(path, now=T0) as store:
        assert await store.check() == "ok"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return rows_of(db)


async def test_every_row_of_the_first_schema_is_kept(
    path: Path, old: dict[str, list[dict[str, object]]]
) -> None:
    """Each column of each row is kept, and a bet's market has become its leg."""
    new = await upgraded(path)
    legs = {x["bet"]: x for x in new["leg"]}
    games = {x["id"]: x for x in new["game_snapshot"]}
    new["game_poll"] = [{"game": x["game"], "poll": x["poll"]} for x in games.values()]
    new["snapshot"] = [games[x["game_snapshot"]] | x for x in new["snapshot"]]
    for table, before in old.items():
        # What was filled from older rows is marked as done there.
        new["meta"] = [x for x in new["meta"] if x["name"] != "outcomes"]
        assert len(new[table]) == len(before) > 0 or table == "daemon", table
        for row, was in zip(new[table], before, strict=True):
            kept = legs.get(row["number"], {}) | row if table == "bet" else row
            missing = {k: None for k in was if k not in kept}
            assert {k: (kept | missing)[k] for k in was} == was, table
    assert legs.keys() == {1, 2, 3, 4}
    assert {x["number"] for x in new["leg"]} == {0}


async def test_bets_of_the_first_schema_go_on(
    path: Path, old: dict[str, list[dict[str, object]]]
) -> None:
    """Markets, chances, rules, results and snapshots are read as they were written."""
    assert old
    async with await Store.open(path, now=T0) as store:
        [tracking] = await store.trackings(DEFAULTS)
        views = await store.bets_view()
        shown = await store.show_view(3)
        added = await store.add(draft("DEN ML"), game=GAME, defaults=DEFAULTS, at=T0)
        await store.record(
            poll(after(30)), Change(tracking, alerts=(alert(1, after(30), 9),)), CHANNELS
        )
    assert [x.bet.market for x in tracking.tracked] == [
        Spread(Side.HOME, -4.5),
        Moneyline(Side.AWAY, Span.H1),
        Total(Direction.OVER, 55.0, Span.Q3),
        TeamTotal(Side.AWAY, Direction.UNDER, 114.5),
    ]
    assert {(x.peak, x.low, x.official) for x in tracking.tracked[1:]} == {(0.9, 0.2, False)}
    assert [x.revision for x in views] == [1, 1, 1, 1, 0]
    assert shown is not None
    assert [x.poll for x in shown.snapshots] == [1, 2, 3]
    assert added.number == 6


async def test_history_of_the_first_schema_stays_append_only(
    path: Path, old: dict[str, list[dict[str, object]]]
) -> None:
    """Tables that were rebuilt refuse changes as before."""
    assert old
    async with await Store.open(path, now=T0) as store:
        for statement in ("DELETE FROM snapshot", "UPDATE snapshot SET win = 0"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                await store._db.write(lambda db, x=statement: db.execute(x))  # type: ignore[misc]
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            await store._db.write(lambda db: db.execute("DELETE FROM bet WHERE number = 1"))


async def test_what_is_certain_is_not_told_again_after_an_upgrade(
    path: Path, old: dict[str, list[dict[str, object]]]
) -> None:
    """A hit or a dead bet that was told before an upgrade in mid-game stands told after it."""
    assert old
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany(
            "INSERT INTO rule_state VALUES (?, ?, ?, ?, 0, ?, '[]', '[]', 0)",
            [
                (1, "hit", "unarmed", 1, "happened"),
                (1, "dead", "unarmed", 0, None),
                (2, "dead", "unarmed", 2, "happened"),
                (3, "hit", "done", 1, "happened"),
                (4, "halftime", "unarmed", 1, "happened"),
            ],
        )
    rows = (await upgraded(path))["rule_state"]
    phases = {(x["bet"], x["rule"]): x["phase"] for x in rows if x["rule"] != "p >= 0.80"}
    assert phases == {
        (1, "hit"): "firing",
        (1, "dead"): "unarmed",
        (2, "dead"): "firing",
        (3, "hit"): "done",
        (4, "halftime"): "unarmed",
    }


def test_what_the_snapshots_of_a_game_shared_is_kept_once() -> None:
    """Each is as before, also where a poll told of two games, or a forecast of it differed."""
    columns = (
        "at, period, clock, game_clock, home, away, mu_home, mu_away, mu_margin, mu_total, "
        "sigma_home, sigma_away, sigma_margin, sigma_total, model_version, feature_version, "
        "prior_margin, prior_total, prior_by, bet, leg, win, push, lose, calibration_id, "
        "part_win, no_chance, raw_win, own, own_mu"
    )
    rows = f"SELECT poll, {columns} FROM snapshot{{}} ORDER BY poll, bet, leg"  # noqa: S608
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript("\n".join(migrations()[:29]))
        db.executemany(
            "INSERT INTO game_poll VALUES (?, ?)", [("a", 1), ("b", 1), ("a", 2), ("c", 2)]
        )
        # Bet 3 has been given another game since.
        legs = [(1, 0, "a"), (2, 0, "a"), (2, 1, "b"), (3, 0, "d")]
        add_leg = (
            "INSERT INTO leg (bet, number, game_id, market, span) VALUES (?, ?, ?, 'x', 'game')"
        )
        db.executemany(add_leg, legs)
        for poll, bet, leg, total in (
            (1, 1, 0, 220.0), (1, 2, 0, 220.0), (1, 2, 1, 199.0), (1, 3, 0, 220.0),
            (2, 1, 0, 221.0), (2, 2, 0, 222.0), (2, 3, 0, 221.0),
        ):  # fmt: skip
            db.execute(
                "INSERT INTO snapshot VALUES (?, ?, ?, 't', 3, 61.5, 'Q3', 61, 55, 1, 2, 3, ?, 4, "
                "5, 6, 7, .5, 0, .5, 'm', 'f', 'c', .1, .2, .7, NULL, 4.5, ?, iif(? = 1, 'x', "
                "NULL), .4, 0, .6, NULL, 8, 9)",
                (poll, bet, leg, total, total, bet),
            )
        before = db.execute(rows.format("")).fetchall()
        db.executescript(migrations()[29])
        whole = " JOIN game_snapshot ON game_snapshot.id = snapshot.game_snapshot"
        assert db.execute(rows.format(whole)).fetchall() == before
        games = db.execute("SELECT game, poll, count(*) FROM game_snapshot GROUP BY game, poll")
        assert games.fetchall() == [("a", 1, 2), ("a", 2, 3), ("b", 1, 1)]


def taken(step: int, bets: int, polls: int = 8) -> tuple[int, list[tuple[object, ...]]]:
    """What a step costs of a database with bets that were won, in thousands of instructions.

    Also how far it then says that their chances have ranged.
    """
    spent = 0

    def count() -> None:
        nonlocal spent
        spent += 1

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript("\n".join(migrations()[: step - 1]))
        for bet in range(bets):
            chances = [0.5, *(0.6 + 0.01 * x for x in range(polls - 2)), 1.0]
            db.executemany(
                "INSERT INTO snapshot VALUES (?, ?, 0, '', 1, 1, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "
                "?, 0, ?, '', '', '', 0, 0, 0, NULL, 0, 0, '', NULL, NULL, NULL, 0, 0, 0)",
                [(n, bet, win, 1 - win) for n, win in enumerate(chances)],
            )
            db.execute("INSERT INTO latest VALUES (?, '', 1, 0, 0, 1, 0.5)", (bet,))
        db.set_progress_handler(count, 1000)
        db.executescript(migrations()[step - 1])
        return spent, db.execute("SELECT DISTINCT peak, low FROM latest").fetchall()


def test_an_upgrade_takes_time_by_the_size_of_the_database() -> None:
    """Four times as many bets cost some four times as much: a season is upgraded within a start."""
    few, ranged = taken(23, 100)
    many, _ = taken(23, 400)
    assert ranged == [(0.65, 0.5)]
    assert many < 8 * few


async def test_a_database_is_not_upgraded_under_a_daemon_of_the_earlier_version(
    path: Path, old: dict[str, list[dict[str, object]]]
) -> None:
    """While another process holds the daemon's lock, the database stays as it knows it."""
    lock = path.with_name(f"{path.name}.lock")
    with lock.open("w") as daemon:
        fcntl.flock(daemon, fcntl.LOCK_EX)
        with pytest.raises(StoreTooOld, match="the daemon that runs is of the earlier version"):
            await Store.open(path, now=T0)
        with pytest.raises(StoreTooOld, match="the daemon that runs is of the earlier version"):
            await Store.open(path, now=T0, readonly=True)
    with closing(sqlite3.connect(path)) as db:
        assert version_of(db) == 1
        assert rows_of(db) == old
    with path.with_name(f"{path.name}.writer").open("w") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        with pytest.raises(StoreTooOld, match="it is being brought up to date: try again"):
            await Store.open(path, now=T0, readonly=True)
    with single_instance(lock):
        assert (await upgraded(path))["bet"]


async def test_a_disk_that_has_no_room_for_the_copy_is_not_filled(
    path: Path, old: dict[str, list[dict[str, object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade and a back-up say what they need, and touch nothing."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000))
    with pytest.raises(StoreUnavailable, match=r"takes 0\.1 MB, and 0\.0 MB"):
        await Store.open(path, now=T0)
    assert not list(path.parent.glob("*.bak*"))
    with closing(sqlite3.connect(path)) as db:
        assert rows_of(db) == old
