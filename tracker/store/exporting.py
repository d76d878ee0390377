"""Exports of the database as text: an archive that restores exactly, and tables as plain rows.

An archive is JSON Lines: a head with the schema version, then one row a line with its table. It
leaves out raw responses of the feeds and what concerns only this machine's daemon. Plain rows name
a poll by source, path and time, and an alert by bet, rule and episode, since row ids depend on
which of two games was written first.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from graphlib import TopologicalSorter
from sqlite3 import Connection
from typing import Any, TextIO

from tracker.domain import TrackerError
from tracker.domain.bet import TO_BE_GRADED
from tracker.store.database import Subject, reads, writes
from tracker.store.database.migrate import migrations, version_of

MARK = "tracker archive"
"""The text by which an archive's head identifies it."""

_LEFT_OUT = frozenset({"body", "daemon", "pulse", "meta"})


class BadArchive(TrackerError):
    """The file cannot be restored. The message says where it is wrong and what to do."""


def is_archive(first: str) -> bool:
    """Whether this is the first line of an archive."""
    return MARK in first


def _tables(db: Connection) -> tuple[str, ...]:
    """The archived tables, each after the tables that it refers to."""
    names = [
        row[0]
        for row in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        if row[0] not in _LEFT_OUT
    ]
    needs = {
        name: {
            row[2]
            for row in db.execute("SELECT * FROM pragma_foreign_key_list(?)", (name,))
            if row[2] != name
        }
        for name in sorted(names)
    }
    return tuple(TopologicalSorter(needs).static_order())


def _columns(db: Connection, table: str) -> tuple[str, ...]:
    return tuple(x[0] for x in db.execute("SELECT name FROM pragma_table_info(?)", (table,)))


def _key(db: Connection, table: str) -> tuple[str, ...]:
    rows = db.execute("SELECT name, pk FROM pragma_table_info(?) WHERE pk ORDER BY pk", (table,))
    return tuple(x[0] for x in rows)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def _rows(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError:
                raise BadArchive(
                    f"line {number} is not whole: the file was cut or changed; export it again"
                ) from None


def _check_head(head: Any) -> None:
    if not isinstance(head, dict) or head.get("file") != MARK:
        raise BadArchive(f"this is no archive: its first line does not say {MARK!r}")
    if head.get("schema") != len(migrations()):
        raise BadArchive(
            f"the archive has schema {head.get('schema')} and this program {len(migrations())}: "
            "restore it with the version of tracker that wrote it, and upgrade then"
        )


def _checked(
    number: int, found: Any, known: dict[str, frozenset[str]]
) -> tuple[str, dict[str, Any]]:
    match found:
        case [str(table), dict(row)] if table in known and row.keys() <= known[table] and row:
            return table, row
        case _:
            raise BadArchive(f"line {number} names a table or a column that is not known here")


_POLL = "poll.source AS poll_source, poll.path AS poll_path, poll.at AS poll_at"

TABLES: dict[str, str] = {
    "games": """
        SELECT id, league, home, away, start_at, slate, state, changed_at, final_at, checks
        FROM game ORDER BY id
    """,
    "bets": """
        SELECT bet.number, name, pick, game_text, bet.game_id AS game, bet.market, market_text,
          span, side, direction, points, bet.odds, stake_cents, tags, book, rules, lines, added_at,
          withdrawn_at
        FROM bet LEFT JOIN leg ON leg.bet = bet.number AND leg.market = bet.market
        ORDER BY bet.number
    """,
    "legs": """
        SELECT bet, number, game_id AS game, market, span, side, direction, points, parity, player,
          stat, happens, categories, odds
        FROM leg ORDER BY bet, number
    """,
    "polls": """
        SELECT source, path, at, digest, trouble, why FROM poll
        ORDER BY at, source, path, digest
    """,
    "snapshots": f"""
        SELECT bet, leg, game_snapshot.at, period, clock, game_clock, home, away, mu_home, mu_away,
          mu_margin, mu_total, sigma_home, sigma_away, sigma_margin, sigma_total, win, push, lose,
          model_version, feature_version, calibration_id, no_chance, prior_margin, prior_total,
          prior_by, raw_win, raw_push, raw_lose, own, own_mu, own_sigma,
          {_POLL}
        FROM snapshot JOIN game_snapshot ON game_snapshot.id = snapshot.game_snapshot
          JOIN poll ON poll.id = game_snapshot.poll
        ORDER BY bet, game_snapshot.at, poll.source, poll.path, poll.at, poll.digest, leg
    """,  # noqa: S608 - no value comes from outside
    "alerts": f"""
        SELECT bet, leg, rule, episode, alert.at, decision, reason, game_clock, home, away, p, was,
          detail, text, expires_at, {_POLL}
        FROM alert JOIN poll ON poll.id = alert.poll
        ORDER BY bet, alert.at, rule, episode, decision, leg
    """,  # noqa: S608 - no value comes from outside
    "settlements": f"""
        SELECT settlement.bet, settlement.revision, result, payout_cents, settled_at, reason,
          by_hand, evidence, confirmation.at AS official_at, {_POLL}
        FROM settlement LEFT JOIN confirmation USING (bet, revision)
        LEFT JOIN poll ON poll.id = evidence_poll
        ORDER BY settlement.bet, settlement.revision
    """,  # noqa: S608 - no value comes from outside
    "reviews": f"""
        SELECT bet, review.at, review.why, {_POLL}
        FROM review LEFT JOIN poll ON poll.id = review.poll ORDER BY bet, review.at
    """,  # noqa: S608 - no value comes from outside
    "audit": """
        SELECT bet, at, who, what, before, after FROM audit ORDER BY bet, at, id
    """,
    "player_games": """
        SELECT league, game_id AS game, start_at, team, name, minutes, starter, stats, margin
        FROM player_game ORDER BY league, start_at, game_id, team, player
    """,
    "quotes": f"""
        SELECT game, book, market, span, about, points, side, quote.at, odds_decimal, told_at, size,
          open, {_POLL}
        FROM quote JOIN poll ON poll.id = quote.poll
        ORDER BY game, book, market, span, about, points, side, quote.at
    """,  # noqa: S608 - no value comes from outside
    "closings": """
        SELECT game, revision, tip_at, home_spread, total, home_chance, books, age_s, by, at
        FROM closing ORDER BY game, revision
    """,
    "clv": """
        SELECT bet, revision, win, push, lose, ev, points, grade, reason, closing_revision, at
        FROM clv ORDER BY bet, revision
    """,
    "decisions": """
        SELECT bet, at, win, push, lose, odds_decimal, prior, best_book, best_odds, market_at_bet
        FROM decision ORDER BY bet
    """,
    "credits": """
        SELECT provider, at, purpose, planned, cost, used, remaining, path, refused
        FROM credit ORDER BY id
    """,
    "edges": """
        SELECT at, game, market, span, about, points, side, p, odds_decimal, book, edge, prior
        FROM edge_seen ORDER BY id
    """,
    "deliveries": """
        SELECT bet, rule, episode, channel, state, attempts, repeat, updated_at
        FROM delivery JOIN alert ON alert.id = delivery.alert
        ORDER BY bet, rule, episode, channel
    """,
}
"""The tables that can be exported, by the name that a person types."""

_UNHASHED = frozenset({"deliveries"})
"""Tables that depend on how fast a channel answered, and so are left out of the hash."""


_BETS = """
SELECT bet.number, name, game.slate AS date,
  (SELECT group_concat(DISTINCT one.league) FROM leg AS one_leg
    JOIN game AS one ON one.id = one_leg.game_id WHERE one_leg.bet = bet.number) AS league,
  game.away, game.home,
  coalesce(game.away || '@' || game.home || ' ' || game.slate, game_text) AS matchup, pick,
  bet.market, market_text,
  span, side, direction, points, bet.odds, stake_cents, free,
  last.result, last.payout_cents,
  last.payout_cents - iif(free, 0, stake_cents) AS profit_cents,
  (SELECT group_concat(value, ', ') FROM json_each(tags)) AS tags, book, rules, lines, game_text,
  bet.game_id AS game, json_extract(meaning, '$.placed_at') AS placed_at, added_at, withdrawn_at
FROM bet
LEFT JOIN leg ON leg.bet = bet.number AND leg.market = bet.market
LEFT JOIN game ON game.id = bet.game_id
LEFT JOIN settlement AS last ON last.bet = bet.number AND last.revision = (
  SELECT max(revision) FROM settlement WHERE settlement.bet = bet.number
) AND last.reason <> :taken_back
ORDER BY bet.number
"""
"""Bets as a person reads them in a sheet. `tracker import` can read them back."""


class Exports(Subject):
    """The database as text, on an open database."""

    @reads
    def rows(self, db: Connection, table: str) -> list[dict[str, Any]]:
        """The rows of one of `TABLES` in a fixed order, without row ids. KeyError for another."""
        text = _BETS if table == "bets" else TABLES[table]
        return [dict(row) for row in db.execute(text, {"taken_back": TO_BE_GRADED})]

    @reads
    def hash(self, db: Connection) -> str:
        """SHA-256 in hex over the tables. Two replays of one recording give the same hash."""
        digest = hashlib.sha256()
        for table in sorted(TABLES.keys() - _UNHASHED):
            for row in db.execute(TABLES[table]):
                digest.update(json.dumps([table, *row]).encode())
        return digest.hexdigest()

    @reads
    def write(self, db: Connection, to: TextIO) -> int:
        """Write all that is remembered as text that `restore` can read. Returns the number of rows.

        The order does not depend on insertion. Raw responses of the feeds are left out.
        """
        to.write(_line({"file": MARK, "schema": version_of(db)}))
        count = 0
        for table in _tables(db):
            columns = _columns(db, table)
            order = ", ".join(f'"{x}"' for x in _key(db, table) or columns)
            for row in db.execute(f'SELECT * FROM "{table}" ORDER BY {order}'):  # noqa: S608 - no value comes from outside
                to.write(_line([table, dict(zip(columns, row, strict=True))]))
                count += 1
        return count

    @writes
    def restore(self, db: Connection, lines: Collection[str]) -> int:
        """Write the rows of an archive into this empty database.

        Returns their number. Raises BadArchive.
        """
        known = {table: frozenset(_columns(db, table)) for table in _tables(db)}
        used = [
            x for x in known.keys() - {"game"}
            if db.execute(f'SELECT EXISTS (SELECT 1 FROM "{x}")').fetchone()[0]  # noqa: S608 - ours
        ]  # fmt: skip
        if used:
            raise BadArchive(
                f"tracker has worked with this database already (its table {min(used)} has rows), "
                "and an archive is restored into an empty one: stop the daemon, and name another "
                "[store] path, or move the database away first"
            )
        rows = iter(_rows(lines))
        _check_head(next(rows, (0, None))[1])
        # The new database may have read a slate already: the archive's games replace it.
        db.execute("DELETE FROM game")
        count = 0
        for number, found in rows:
            table, row = _checked(number, found, known)
            names = ", ".join(f'"{x}"' for x in row)
            places = ", ".join("?" * len(row))
            add = f'INSERT INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608 - of its schema
            try:
                db.execute(add, tuple(row.values()))
            except sqlite3.IntegrityError as why:
                raise BadArchive(f"line {number} does not fit the rest: {why}") from None
            count += 1
        return count
