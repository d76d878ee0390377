"""Reads bets with all of their legs, and keeps what is remembered of them beside their chances."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tracker.domain.bet import Bet, Parlay, Result
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Game
from tracker.domain.policy import Rule
from tracker.domain.tracking import Group, LegStanding, Tracked
from tracker.store import queries as q
from tracker.store.codec.bets import bet_of
from tracker.store.codec.values import game_of

_KEEP_LEG_STANDING = """
INSERT INTO leg_standing (
  bet, leg, win, push, lose, result, official, reason, evidence, unclear, no_chance
) VALUES (
  :bet, :leg, :win, :push, :lose, :result, :official, :reason, :evidence, :unclear, :no_chance
)
ON CONFLICT (bet, leg) DO UPDATE SET
  win = excluded.win, push = excluded.push, lose = excluded.lose, result = excluded.result,
  official = excluded.official, reason = excluded.reason, evidence = excluded.evidence,
  unclear = excluded.unclear, no_chance = excluded.no_chance
"""

_KEEP_LEG_GROUP = """
INSERT INTO leg_group (bet, game, win, push, lose) VALUES (:bet, :game, :win, :push, :lose)
ON CONFLICT (bet, game) DO UPDATE SET
  win = excluded.win, push = excluded.push, lose = excluded.lose
"""

_KEEP_STANDING = """
INSERT INTO standing (bet, turn, told, no_chance) VALUES (:bet, 0, :told, :no_chance)
ON CONFLICT (bet) DO UPDATE SET told = excluded.told, no_chance = excluded.no_chance
WHERE (excluded.told, excluded.no_chance) IS NOT (told, no_chance)
"""

_LEG_STANDINGS = "SELECT * FROM leg_standing WHERE bet = ?"

_LEG_GROUPS = "SELECT * FROM leg_group WHERE bet = ?"

_STANDING = "SELECT * FROM standing WHERE bet = ?"


def keep_legs(db: sqlite3.Connection, changed: Iterable[LegStanding]) -> None:
    """Keep where legs of parlays stand."""
    db.executemany(
        _KEEP_LEG_STANDING,
        (
            parts(x.chance)
            | {
                "bet": x.bet,
                "leg": x.leg,
                "result": None if x.result is None else x.result.value,
                "official": x.official,
                "reason": x.reason,
                "evidence": x.evidence,
                "unclear": x.unclear,
                "no_chance": None if x.no_chance is None else x.no_chance.value,
            }
            for x in changed
        ),
    )


def keep_standing(db: sqlite3.Connection, changed: Iterable[Tracked]) -> None:
    """Keep the groups of parlays, and what was announced of a bet."""
    for x in changed:
        number = x.bet.number
        db.executemany(
            _KEEP_LEG_GROUP,
            (parts(y.chance) | {"bet": number, "game": y.game} for y in x.groups),
        )
        why = None if x.no_chance is None else x.no_chance.value
        values = {"bet": number, "told": x.told, "no_chance": why}
        known = db.execute(_STANDING, (number,)).fetchone()
        if x.told or why or known is not None:
            db.execute(_KEEP_STANDING, values)


def recall(db: sqlite3.Connection, tracked: Tracked) -> Tracked:
    """The bet with all of this."""
    number = tracked.bet.number
    row = db.execute(_STANDING, (number,)).fetchone()
    if row is not None:
        why = _no_chance(row)
        chance = tracked.chance if why is None else None
        tracked = replace(tracked, told=row["told"], no_chance=why, chance=chance)
    if not isinstance(tracked.bet.market, Parlay):
        return tracked
    legs = {x["leg"]: _leg(x) for x in db.execute(_LEG_STANDINGS, (number,))}
    groups = {x["game"]: chance_of(x) for x in db.execute(_LEG_GROUPS, (number,))}
    return replace(
        tracked,
        legs=tuple(legs.get(x.leg, x) for x in tracked.legs),
        groups=tuple(Group(x.game, groups.get(x.game)) for x in tracked.groups),
    )


def parts(chance: Chance | None) -> dict[str, object]:
    """The columns of a chance that may be missing."""
    return {
        "win": None if chance is None else chance.win,
        "push": None if chance is None else chance.push,
        "lose": None if chance is None else chance.lose,
    }


def chance_of(row: Any) -> Chance | None:
    """The chance that `parts` wrote."""
    return None if row["win"] is None else Chance(row["win"], row["push"], row["lose"])


def _leg(row: sqlite3.Row) -> LegStanding:
    return LegStanding(
        bet=row["bet"],
        leg=row["leg"],
        chance=chance_of(row),
        result=None if row["result"] is None else Result(row["result"]),
        official=bool(row["official"]),
        reason=row["reason"],
        evidence=row["evidence"],
        unclear=row["unclear"],
        no_chance=_no_chance(row),
    )


def _no_chance(row: sqlite3.Row) -> NoChance | None:
    return None if row["no_chance"] is None else NoChance(row["no_chance"])


class Wagers:
    """The bets of one consistent state of the database."""

    def __init__(self, db: sqlite3.Connection, defaults: tuple[Rule, ...]) -> None:
        """`defaults` are the rules of bets that bring none."""
        self._db = db
        self._defaults = defaults
        self._rows: dict[str, sqlite3.Row] = {}
        self._games: dict[str, Game] = {}

    def bet(self, row: sqlite3.Row) -> Bet:
        """The bet of a row whose game is known."""
        legs = [(x, self.game(x["game_id"])) for x in self._db.execute(q.LEGS, (row["number"],))]
        return bet_of(row, legs, self._defaults)

    def game(self, number: str) -> Game:
        """A game by its id."""
        if number not in self._games:
            self._games[number] = game_of(self.about(number))
        return self._games[number]

    def about(self, number: str) -> sqlite3.Row:
        """The row of a game, with what is believed of it."""
        if number not in self._rows:
            self._rows[number] = self._db.execute(q.GAME, (number,)).fetchone()
        return self._rows[number]
