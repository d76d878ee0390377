"""Changes that a person makes to a bet, each with a row of audit.

The decisions come from the caller: a function that is passed in runs inside the transaction, which
reads what the decision needs and writes what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection, Row
from typing import TypeVar

from tracker.domain import BadBet
from tracker.domain.bet import Settlement
from tracker.domain.draft import Draft
from tracker.domain.game import GameState
from tracker.domain.policy import Rule
from tracker.domain.poll import FINAL_CHECKS
from tracker.domain.same_bet import Kept, twin_of
from tracker.engine.settle.by_hand import Case, Decide, Ruling
from tracker.store import queries as q
from tracker.store.bet_rows import Wagers, draft_of, keep_legs, said_of
from tracker.store.bets import (
    PRICE,
    Added,
    Registration,
    add,
    alike,
    audit,
    change,
    keep_defaults,
    last_defaults,
    renew_rules,
    revive,
    rules_text,
    settlement_of,
    withdraw,
)
from tracker.store.database import Subject, reads, writes
from tracker.store.database.columns import from_row, pack, pack_rules, rules_of, stamp, state_of
from tracker.store.outcomes import keep as keep_outcome
from tracker.store.reading import reviews, tracked
from tracker.store.recording import settle
from tracker.store.views import BetView

PAYOUT = "payout_cents"
"""The name, in audits, of a settled bet's payout that changed because the price changed."""

T = TypeVar("T")
Twin = Callable[[Draft, list[Kept]], int | None]
"""Finds the other bet that an edited bet would repeat; None where it stays one of its own."""


@dataclass(frozen=True, slots=True)
class Audit:
    """A change by a person: `who` says how it came (`cli`, `chat`, `file`), `what` the field."""

    bet: int
    at: datetime
    who: str
    what: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit of a bet: the draft that it becomes, who asked, and what must be decided meanwhile.

    `twin` finds a bet that it would then repeat. `paid` decides a settled bet's new payout.
    """

    number: int
    draft: Draft
    who: str
    paid: Decide
    twin: Twin = twin_of


class ByHand(Subject):
    """A person's changes and decisions, on an open database."""

    @reads
    def draft(self, db: Connection, number: int) -> Draft:
        """A bet as it was written, to be changed and passed to `edit`.

        Raises BadBet without such a bet.
        """
        return said_of(_row(db, number))

    @writes
    def edit(self, db: Connection, wanted: Edit, at: datetime) -> list[Audit]:
        """Change a bet. Returns the rows of audit. Raises BadBet when the change is not allowed.

        The pick can change only before the bet has a history. A settled bet is paid anew.
        """
        return _edited(db, wanted, at)

    @writes
    def edit_all(
        self, db: Connection, wanted: Collection[Edit], at: datetime
    ) -> list[list[Audit] | BadBet]:
        """Change many bets in one transaction, each as by `edit`.

        A bet that cannot be changed stays as it is and leaves its error in its place.
        """
        return [_or_why_not(db, partial(_edited, db, x, at)) for x in wanted]

    @writes
    def decide(
        self,
        db: Connection,
        number: int,
        decide: Decide,
        at: datetime,
        who: str = "cli",
        what: str = "result",
    ) -> Settlement | None:
        """Run a decision about a bet's result and write it.

        Returns the result in force, or None.
        """
        return _decided(db, number, decide, (who, what), at)

    @writes
    def watch_for(
        self, db: Connection, number: int, rules: tuple[Rule, ...] | None, who: str, at: datetime
    ) -> None:
        """Replace a bet's own rules; None restores the defaults."""
        before = rules_of(_row(db, number)["rules"])
        db.execute(q.SET_RULES, (pack_rules(rules), stamp(at), number))
        if before != rules:
            renew_rules(db, number, followed=before)
            audit(db, at, who, (number, "rules", rules_text(before), rules_text(rules)))

    @writes
    def watch_usually_for(self, db: Connection, defaults: tuple[Rule, ...]) -> None:
        """Replace the rules of bets without their own."""
        keep_defaults(db, defaults)

    @writes
    def take_up(self, db: Connection, number: int, who: str, at: datetime) -> bool:
        """Follow a withdrawn bet again; False where it was not withdrawn."""
        gone = _row(db, number)["withdrawn_at"]
        if gone is not None:
            revive(db, number, from_file=False)
            audit(db, at, who, (number, "withdrawn", gone, None))
        return gone is not None

    @writes
    def ask(self, db: Connection, asked: Mapping[int, str], at: datetime) -> None:
        """Put bets without a result up for review by a person, each with its reason."""
        for number, why in asked.items():
            db.execute(q.ADD_REVIEW, (number, stamp(at), why, None))

    @writes
    def decide_all(
        self, db: Connection, decided: Mapping[int, Decide], at: datetime, who: str = "cli"
    ) -> list[int]:
        """Run and write decisions about many bets in one transaction.

        Returns the bets that were decided.
        """
        how = (who, "result")
        return [
            number
            for number, decide in decided.items()
            if _decided(db, number, decide, how, at) is not None
        ]

    @reads
    def audits(self, db: Connection, number: int) -> list[Audit]:
        """The changes that a person made to a bet, in order."""
        return _audits(db, [number])[number]

    @reads
    def audits_of(self, db: Connection, numbers: Collection[int]) -> dict[int, list[Audit]]:
        """The changes that a person made to each of these bets, in order."""
        return _audits(db, numbers)

    @reads
    def reviews(self, db: Connection, defaults: tuple[Rule, ...] | None = None) -> list[BetView]:
        """The bets whose result a person must decide, by number."""
        return reviews(db, defaults)


def _audits(db: Connection, numbers: Collection[int]) -> dict[int, list[Audit]]:
    found: dict[int, list[Audit]] = {x: [] for x in numbers}
    for row in db.execute(q.AUDITS, (pack(list(numbers)),)):
        found[row["bet"]].append(from_row(Audit, row))
    return found


def _or_why_not(db: Connection, work: Callable[[], T]) -> T | BadBet:
    """Do a piece of work; where it raises BadBet nothing of it is done, and the error returned."""
    db.execute("SAVEPOINT bet")
    try:
        found: T | BadBet = work()
    except BadBet as why:
        db.execute("ROLLBACK TO bet")
        found = why
    db.execute("RELEASE bet")
    return found


def _edited(db: Connection, wanted: Edit, at: datetime) -> list[Audit]:
    number = wanted.number
    row = _row(db, number)
    old = draft_of(row)
    new = replace(wanted.draft, name=old.name, from_file=old.from_file, occasion=old.occasion)
    _check_twin(db, row, new, wanted.twin)
    changes = change(db, row, new, wanted.who, at)
    if changes:
        db.execute(q.RENAME_BET, (new.identity, number))
    changes.pop("meaning", None)
    count = len(changes)
    if PRICE & changes.keys():
        count += _pay_anew(db, number, wanted.paid, wanted.who, at)
    return _audits(db, [number])[number][-count:] if count else []


def _pay_anew(db: Connection, number: int, paid: Decide, who: str, at: datetime) -> bool:
    """Pay a settled bet by its new price, with a row of audit.

    Returns whether the payout changed. A question about the result stands: it was not answered.
    """
    asked = db.execute(q.LAST_REVIEW, (number,)).fetchone()
    row = db.execute(q.LAST_SETTLEMENT, (number,)).fetchone()
    ruling = None if row is None else _rule(db, number, paid, at)
    if ruling is None or not ruling.new:
        return False
    if asked is not None:
        after = stamp(ruling.settlement.at + timedelta.resolution)
        db.execute(q.ADD_REVIEW, (number, after, asked["why"], asked["poll"]))
    change = (number, PAYOUT, row["payout_cents"], ruling.settlement.payout_cents)
    audit(db, at, who, change)
    return True


def register(
    db: Connection, wanted: Iterable[Registration], defaults: tuple[Rule, ...], at: datetime
) -> list[Added | BadBet]:
    """Register many bets.

    A bet that is there already, settled and now with another price, is paid anew. A bet that
    cannot be registered or paid anew changes nothing and leaves its error in its place.
    """
    found = [_or_why_not(db, partial(_registered, db, one, at)) for one in wanted]
    if any(isinstance(x, Added) for x in found):
        keep_defaults(db, defaults)
    return found


def _registered(db: Connection, wanted: Registration, at: datetime) -> Added:
    added = add(db, wanted, at)
    if added.repriced and wanted.paid is not None:
        _pay_anew(db, added.number, wanted.paid, wanted.who, at)
    return added


def withdrawn(db: Connection, number: int, who: str, at: datetime) -> bool:
    """Stop following a bet, with a row of audit.

    Returns False when it is over or withdrawn already.
    """
    ended = withdraw(db, number, at)
    if ended:
        audit(db, at, who, (number, "withdrawn", None, stamp(at)))
    return ended


def _decided(
    db: Connection, number: int, decide: Decide, how: tuple[str, str], at: datetime
) -> Settlement | None:
    row = db.execute(q.LAST_SETTLEMENT, (number,)).fetchone()
    before = None if row is None else settlement_of(row)
    ruling = _rule(db, number, decide, at)
    if ruling is None:
        return None
    who, what = how
    audit(db, at, who, (number, what, _standing(before), _standing(ruling.settlement)))
    return ruling.settlement


def _standing(done: Settlement | None) -> str | None:
    """The result that a bet has by a settlement; None of one that was taken back."""
    return None if done is None or done.taken_back else done.result.value


def _rule(db: Connection, number: int, decide: Decide, at: datetime) -> Ruling | None:
    """Run a decision about a bet's result and write what it returns."""
    ruling = decide(_case(db, number))
    if ruling is None:
        return None
    keep_legs(db, ruling.legs)
    done = ruling.settlement
    if ruling.new:
        settle(db, done, None)
    if ruling.official:
        db.execute(q.CONFIRM, (number, done.revision, stamp(at), None, ""))
    keep_outcome(db, number)
    return ruling


def _case(db: Connection, number: int) -> Case:
    row = _row(db, number)
    seen = None
    if row["game_id"] is not None:
        [seen] = tracked(db, Wagers(db, last_defaults(db)).bets([row]))
    states: dict[str, GameState] = {}
    checked = seen is not None
    for game in () if seen is None else seen.bet.games:
        known = db.execute(q.GAME, (game.id,)).fetchone()
        checked = checked and known["checks"] >= FINAL_CHECKS
        state = state_of(known["state"], game)
        if state is not None:
            states[game.id] = state
    last = db.execute(q.LAST_SETTLEMENT, (number,)).fetchone()
    return Case(
        number,
        seen,
        states,
        checked,
        None if last is None else settlement_of(last),
        official=last is not None and last["official_at"] is not None,
        stake_cents=row["stake_cents"],
        odds=draft_of(row).odds,
        free=bool(row["free"]),
        name=row["name"],
    )


def _row(db: Connection, number: int) -> Row:
    row: Row | None = db.execute(q.BET, (number,)).fetchone()
    if row is None:
        raise BadBet(f"there is no bet {number}; `tracker bets` lists them")
    return row


def _check_twin(db: Connection, row: Row, new: Draft, twin: Twin) -> None:
    games, wager = [], None
    if new.name is None and row["game_id"] is not None:
        bet = Wagers(db, ()).bet(row)
        games = [x.game for x in bet.legs]
        wager = bet.market if new.means(bet.market, games) else None
    others = alike(db, new, games, wager, but=row["number"])
    found = twin(new, others)
    if found is not None:
        names = {x.number: x.draft.name or x.number for x in others}
        mine = row["name"] or row["number"]
        raise BadBet(f"bet {mine} would then be the same as bet {names[found]}")
