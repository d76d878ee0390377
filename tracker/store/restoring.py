"""Restores what was remembered of every game that is still followed, as if nothing had stopped."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from tracker.domain.alert import Reason
from tracker.domain.bet import Bet
from tracker.domain.chance import Chance
from tracker.domain.policy import Rule
from tracker.domain.poll import FINAL_CHECKS
from tracker.domain.tracking import GameTracking, Held, RulePhase, RuleState, Tracked
from tracker.store import queries as q
from tracker.store.bets import settlement_of
from tracker.store.codec.values import game_of, moment, moment_or_none, state_of, unpack
from tracker.store.memory import recall
from tracker.store.wagers import Wagers


def books(db: sqlite3.Connection, defaults: tuple[Rule, ...]) -> list[GameTracking]:
    """A book for every game with bets to follow: by tip-off, and the bets by number.

    A bet on several games is in the book of each.
    """
    wagers = Wagers(db, defaults)
    known: dict[int, Tracked] = {}
    rows = db.execute(q.OPEN_GAMES, {"checks": FINAL_CHECKS}).fetchall()
    return [_book(db, row, wagers, known) for row in rows]


def _book(
    db: sqlite3.Connection, row: sqlite3.Row, wagers: Wagers, known: dict[int, Tracked]
) -> GameTracking:
    """`known` holds the bets that have been restored, so that each is read once."""
    game = game_of(row)
    bets = db.execute(q.BETS_OF_GAME, (game.id,)).fetchall()
    for bet in bets:
        if bet["number"] not in known:
            known[bet["number"]] = tracked(db, wagers.bet(bet))
    held = state_of(row["held"], game)
    return GameTracking(
        game=game,
        tracked=tuple(known[x["number"]] for x in bets),
        state=state_of(row["state"], game),
        changed_at=moment_or_none(row["changed_at"]),
        seen_at=moment_or_none(row["seen_at"]),
        held=None if held is None else Held(held, row["held_polls"]),
        final_at=moment_or_none(row["final_at"]),
        checks=row["checks"],
        stale=bool(row["stale"]),
        lost=bool(row["lost"]),
    )


def tracked(db: sqlite3.Connection, bet: Bet) -> Tracked:
    """A bet with all that is remembered of it."""
    remembered = {row["rule"]: _rule(row) for row in db.execute(q.RULES_OF_BET, (bet.number,))}
    latest = db.execute(q.LATEST, (bet.number,)).fetchone()
    settled = db.execute(q.LAST_SETTLEMENT, (bet.number,)).fetchone()
    review = db.execute(q.LAST_REVIEW, (bet.number,)).fetchone()
    if settled and review and review["at"] <= settled["settled_at"]:
        review = None
    fresh = Tracked.fresh(bet)
    seen = replace(
        fresh,
        rules=tuple(remembered.get(x.rule, x) for x in fresh.rules),
        chance=None if latest is None else Chance(latest["win"], latest["push"], latest["lose"]),
        peak=None if latest is None else latest["peak"],
        low=None if latest is None else latest["low"],
        settlement=None if settled is None else settlement_of(settled),
        official=settled is not None and settled["official_at"] is not None,
        review=None if review is None else review["why"],
    )
    return recall(db, seen)


def _rule(row: sqlite3.Row) -> RuleState:
    return RuleState(
        bet=row["bet"],
        rule=row["rule"],
        phase=RulePhase(row["phase"]),
        episode=row["episode"],
        streak=row["streak"],
        reason=None if row["reason"] is None else Reason(row["reason"]),
        fired=tuple(moment(t) for t in unpack(row["fired"])),
        window=tuple((moment(t), p) for t, p in unpack(row["swing_window"])),
        flipped=bool(row["flipped"]),
        told=tuple(unpack(row["told"])),
    )
