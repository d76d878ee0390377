"""Changes what a person may change of a bet, and leaves a row of audit for each."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain.bet import Result, Settlement
from tracker.domain.draft import Draft
from tracker.domain.errors import BadBet
from tracker.domain.poll import FINAL_CHECKS
from tracker.domain.rule import Rule
from tracker.domain.tracking import Tracked
from tracker.engine.settle.grading import Unsettleable
from tracker.engine.settle.payout import Outcome, payout
from tracker.engine.settle.regrade import regrade as graded
from tracker.store import queries as q
from tracker.store.bets import last_defaults, settlement_of, withdraw
from tracker.store.codec.bets import draft_of, facts, pack_meaning
from tracker.store.codec.values import moment, stamp, state_of
from tracker.store.database.connection import Database
from tracker.store.memory import keep_legs
from tracker.store.reading import reviews
from tracker.store.recording import settlement_columns
from tracker.store.restoring import tracked
from tracker.store.views import BetView
from tracker.store.wagers import Wagers


@dataclass(frozen=True, slots=True)
class Audit:
    """A change by a person: `who` is the way it came (`cli`, `chat`, `file`), `what` it changed."""

    bet: int
    at: datetime
    who: str
    what: str
    before: str | None
    after: str | None


class ByHand:
    """What a person changes and decides, of an open database."""

    def __init__(self, database: Database) -> None:
        """Made by the store."""
        self._db = database

    async def draft(self, number: int) -> Draft:
        """A bet as it was written, to be changed and given to `edit`; BadBet without such a bet."""
        return await self._db.read(lambda db: draft_of(_row(db, number)))

    async def edit(self, number: int, new: Draft, at: datetime, who: str = "cli") -> list[Audit]:
        """Change what a person may change of a bet; what was changed. BadBet when it may not be.

        That is its odds, stake, tags, book, rules and lines, and its pick before it has a history.
        A bet of the bets file is changed there. A settled bet is paid anew.
        """
        return await self._db.write(lambda db: _edit(db, number, new, who, at))

    async def settle(self, settlement: Settlement, who: str = "cli") -> Settlement:
        """Record a result that a person decided, as official; its revision is chosen here."""
        return await self._db.write(lambda db: _settled_by_hand(db, settlement, who))

    async def void(self, number: int, reason: str, at: datetime, who: str = "cli") -> Settlement:
        """Return the stake of a bet; official at once. BadBet before its game is known."""
        return await self._db.write(lambda db: _void(db, number, reason, who, at))

    async def regrade(self, number: int, at: datetime, who: str = "cli") -> Settlement:
        """Grade a bet once more from the last states of its games, whoever decided it before.

        Raises BadBet with the reason where its result cannot be told.
        """
        return await self._db.write(lambda db: _regrade(db, number, who, at))

    async def audits(self, number: int) -> list[Audit]:
        """What a person changed of a bet, in order."""
        return await self._db.read(lambda db: _audits(db, number))

    async def reviews(self, defaults: tuple[Rule, ...] | None = None) -> list[BetView]:
        """The bets whose result a person must decide, by number."""
        return await self._db.read(lambda db: reviews(db, defaults))


def _audits(db: sqlite3.Connection, number: int) -> list[Audit]:
    return [
        Audit(x["bet"], moment(x["at"]), x["who"], x["what"], x["before"], x["after"])
        for x in db.execute(q.AUDITS, (number,))
    ]


def _edit(db: sqlite3.Connection, number: int, new: Draft, who: str, at: datetime) -> list[Audit]:
    """Give a bet other odds, stake, tags, book, rules or lines; before its history another pick.

    A settled bet is paid anew. Raises BadBet for a bet of the bets file, for a pick that comes too
    late, and for one that would be the same as another bet. Returns what was changed.
    """
    row = _row(db, number)
    old = draft_of(row)
    new = replace(new, name=old.name, from_file=old.from_file, occasion=old.occasion)
    if old.from_file:
        raise BadBet(f"bet {number} stands in the bets file: change it there")
    _check_twin(db, number, new)
    columns = {"pick": new.pick.text, "game_text": new.game_text, "meaning": pack_meaning(new)}
    before = dict(zip(row.keys(), row, strict=True))
    changed = {k: v for k, v in (facts(new) | columns).items() if before[k] != v}
    if _means(new) != _means(old):
        if db.execute(q.HAS_HISTORY, {"bet": number}).fetchone()[0]:
            raise BadBet(
                f"bet {number}, {row['pick']!r}, has a history, which would be another bet's: "
                "withdraw it, and add the right one"
            )
        db.execute(q.FORGET_GAME, (number,))
        db.execute(q.FORGET_LEGS, (number,))
    if changed:
        db.execute(q.CHANGE_BET, facts(new) | columns | {"number": number})
        db.execute(q.RENAME_BET, (new.identity, number))
    told = {k: v for k, v in changed.items() if k not in ("meaning", "odds_decimal")}
    for what, after in told.items():
        _note(db, at, who, (number, what, before[what], after))
    if new.placed_at != old.placed_at:
        told["placed_at"] = new.placed_at
        _note(db, at, who, (number, "placed_at", old.placed_at, new.placed_at))
    if {"odds", "stake_cents", "book"} & told.keys():
        _pay_anew(db, number, at)
    return _audits(db, number)[-len(told) :] if told else []


def withdrawn(db: sqlite3.Connection, number: int, who: str, at: datetime) -> bool:
    """Stop following a bet, with a row of audit; False when it is over, or withdrawn already."""
    ended = withdraw(db, number, at)
    if ended:
        _note(db, at, who, (number, "withdrawn", None, stamp(at)))
    return ended


def _void(db: sqlite3.Connection, number: int, reason: str, who: str, at: datetime) -> Settlement:
    """Return the stake of a bet for a reason that a person gives; official at once."""
    bet = _tracked(db, number).bet
    given = Settlement(number, 1, Result.VOID, payout(bet, Result.VOID), at, reason, by_hand=True)
    return _settled_by_hand(db, given, who)


def _settled_by_hand(db: sqlite3.Connection, given: Settlement, who: str) -> Settlement:
    """Record a result that a person decided, as official; its revision is chosen here.

    The result that the bet has already is only confirmed.
    """
    before = _result(db, given.bet)
    row = _settle(db, replace(given, by_hand=True), official=True)
    _note(db, given.at, who, (given.bet, "result", before, given.result.value))
    return settlement_of(row)


def _regrade(db: sqlite3.Connection, number: int, who: str, at: datetime) -> Settlement:
    """Grade a bet once more from the last states of its games, whatever was decided before.

    Raises BadBet with the reason where its result cannot be told.
    """
    before = _result(db, number)
    seen = _tracked(db, number)
    rows = _games(db, seen)
    ended = _graded(db, seen, rows)
    given = _settlement(number, ended, at)
    checked = all(x["checks"] >= FINAL_CHECKS for x in rows.values())
    row = _settle(db, given, official=checked, force=True)
    _note(db, at, who, (number, "regraded", before, given.result.value))
    return settlement_of(row)


def _pay_anew(db: sqlite3.Connection, number: int, at: datetime) -> None:
    """Make the next revision of a result whose payout is another by the new stake or odds."""
    row = db.execute(q.LAST_SETTLEMENT, (number,)).fetchone()
    if row is None:
        return
    seen = _tracked(db, number)
    if row["by_hand"]:
        known = settlement_of(row)
        given = replace(known, at=at, payout_cents=payout(seen.bet, known.result))
    else:
        given = _settlement(number, _graded(db, seen, _games(db, seen)), at)
    _settle(db, given, official=row["official_at"] is not None, force=True)


def _settle(
    db: sqlite3.Connection, given: Settlement, *, official: bool, force: bool = False
) -> sqlite3.Row:
    """Write a result, and confirm it; the row as it then is."""
    columns = settlement_columns(given) | {"poll": None, "force": force or given.by_hand}
    db.execute(q.SETTLE, columns)
    row: sqlite3.Row = db.execute(q.LAST_SETTLEMENT, (given.bet,)).fetchone()
    if official:
        db.execute(q.CONFIRM, (given.bet, row["revision"], stamp(given.at), None))
    return row


def _graded(db: sqlite3.Connection, seen: Tracked, rows: Mapping[str, sqlite3.Row]) -> Outcome:
    games = {x.id: x for x in seen.bet.games}
    found = {k: state_of(x["state"], games[k]) for k, x in rows.items()}
    try:
        ended, legs = graded(seen, {k: x for k, x in found.items() if x is not None})
    except Unsettleable as why:
        raise BadBet(f"bet {seen.bet.number}: {why}") from None
    keep_legs(db, legs if seen.legs else ())
    return ended


def _settlement(number: int, ended: Outcome, at: datetime) -> Settlement:
    return Settlement(number, 1, ended.result, ended.payout_cents, at, ended.reason, ended.evidence)


def _games(db: sqlite3.Connection, seen: Tracked) -> dict[str, sqlite3.Row]:
    return {x.id: db.execute(q.GAME, (x.id,)).fetchone() for x in seen.bet.games}


def _tracked(db: sqlite3.Connection, number: int) -> Tracked:
    row = _row(db, number)
    if row["game_id"] is None:
        raise BadBet(f"bet {number}: its game is not known yet")
    return tracked(db, Wagers(db, last_defaults(db)).bet(row))


def _row(db: sqlite3.Connection, number: int) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute(q.BET, (number,)).fetchone()
    if row is None:
        raise BadBet(f"there is no bet {number}; `tracker bets` lists them")
    return row


def _result(db: sqlite3.Connection, number: int) -> str | None:
    row = db.execute(q.LAST_SETTLEMENT, (number,)).fetchone()
    return None if row is None else row["result"]


def _check_twin(db: sqlite3.Connection, number: int, new: Draft) -> None:
    twin = db.execute(q.BET_BY_IDENTITY, (new.identity,)).fetchone()
    if twin is not None and twin["number"] != number:
        raise BadBet(f"bet {number} would then be the same as bet {twin['number']}")


def _means(x: Draft) -> tuple[object, ...]:
    return x.pick.meaning, x.matchup


def _note(
    db: sqlite3.Connection, at: datetime, who: str, row: tuple[int, str, object, object]
) -> None:
    """Add a row of audit: the bet, what was changed, and its value before and after."""
    number, what, *values = row
    shown = [None if x is None else str(x) for x in values]
    db.execute(q.ADD_AUDIT, (number, stamp(at), who, what, *shown))
