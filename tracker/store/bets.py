"""Keeps the register: games on the slate, and bets from the first word written to withdrawal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.bet import Result, Settlement
from tracker.domain.draft import Draft
from tracker.domain.errors import BadBet
from tracker.domain.game import Game, GameState
from tracker.domain.parlay import Leg, Parlay, wager_kind, wager_text
from tracker.domain.roster import RosterOf, nobody
from tracker.domain.rule import Rule
from tracker.store import queries as q
from tracker.store.codec.bets import draft_of, facts, pack_meaning
from tracker.store.codec.markets import market_columns, odds_columns
from tracker.store.codec.values import (
    game_of,
    moment_or_none,
    pack_rules,
    pack_state,
    rules_of,
    stamp,
    state_of,
)
from tracker.store.recording import game_columns

_DEFAULTS = "default_rules"

Games = Game | Sequence[Game]
"""The game of each leg in the order of the slip, or the one that all legs are about."""


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding a bet. At most one of `created`, `revived` and `changed` holds.

    `revived` is whether it had been withdrawn; `changed` is whether a bet that was there already
    now has other odds, stake, tags, book, rules or lines.
    """

    number: int
    created: bool
    revived: bool = False
    changed: bool = False


def save_games(
    db: sqlite3.Connection, games: Iterable[tuple[Game, GameState | None]], at: datetime
) -> None:
    """Keep what a slate says. What polls have made us believe of a game stays as it is."""
    seen = stamp(at)
    db.executemany(
        q.KEEP_GAME,
        (
            game_columns(game)
            | {"slate_state": None if state is None else pack_state(state), "slate_at": seen}
            for game, state in games
        ),
    )


def games(
    db: sqlite3.Connection, day: date | None, since: date | None
) -> list[tuple[Game, GameState | None]]:
    """The games of a slate, or of all from one on, each with the best that is known of it."""
    values = {
        "slate": None if day is None else day.isoformat(),
        "since": None if since is None else since.isoformat(),
    }
    rows = db.execute(q.GAMES, values)
    return [_known(row) for row in rows]


def _known(row: sqlite3.Row) -> tuple[Game, GameState | None]:
    """A followed game as its polls have it; any other as whoever looked last."""
    game = game_of(row)
    believed, listed = row["seen_at"] or "", row["slate_at"] or ""
    polled = row["state"] is not None and (row["tracked"] or believed >= listed)
    return game, state_of(row["state"] if polled else row["slate_state"], game)


def add(
    db: sqlite3.Connection,
    draft: Draft,
    games: Games | None,
    defaults: tuple[Rule, ...],
    at: datetime,
    roster_of: RosterOf = nobody,
) -> Added:
    """Register a bet, or find the one that it is. `games` are given where they are known.

    A bet with an id of its own may come again with other odds, stake or rules, and until it has a
    history with another pick. Raises BadBet when the game lacks the market, or when a bet that is
    being followed would become another.
    """
    db.execute(q.KEEP_META, (_DEFAULTS, pack_rules(defaults)))
    row = db.execute(q.BET_BY_IDENTITY, (draft.identity,)).fetchone()
    if row is None:
        number = _create(db, draft, at)
        added = Added(number, created=True)
    else:
        number = row["number"]
        added = _meet_again(db, row, draft)
    bound = db.execute(q.BET, (number,)).fetchone()["game_id"] is not None
    if games is not None and not bound:
        _bind(db, number, draft, games, roster_of, at)
    return added


def _create(db: sqlite3.Connection, draft: Draft, at: datetime) -> int:
    values = _written(draft) | {
        "identity": draft.identity,
        "name": draft.name,
        "from_file": draft.from_file,
        "added_at": stamp(at),
    }
    number = db.execute(q.ADD_BET, values).lastrowid
    assert number is not None  # noqa: S101 - a row has just been inserted
    return number


def _written(draft: Draft) -> dict[str, object]:
    return facts(draft) | {
        "pick": draft.pick.text,
        "game_text": draft.game_text,
        "meaning": pack_meaning(draft),
    }


def _meet_again(db: sqlite3.Connection, row: sqlite3.Row, draft: Draft) -> Added:
    number = row["number"]
    if row["withdrawn_at"] is not None:
        db.execute(q.REVIVE, {"number": number, "from_file": draft.from_file})
    written = _written(draft)
    changed = any(row[column] != value for column, value in written.items())
    if changed:
        if draft.name is not None and _means_another(row, draft):
            if db.execute(q.HAS_HISTORY, {"bet": number}).fetchone()[0]:
                raise BadBet(
                    f"{draft.pick.text!r}: the id {draft.name!r} belongs to bet {number}, "
                    f"{row['pick']!r}, which has a history; give the other bet an id of its own"
                )
            db.execute(q.FORGET_GAME, (number,))
            db.execute(q.FORGET_LEGS, (number,))
        db.execute(q.CHANGE_BET, written | {"number": number})
    revived = row["withdrawn_at"] is not None
    return Added(number, created=False, revived=revived, changed=changed and not revived)


def _means_another(row: sqlite3.Row, draft: Draft) -> bool:
    """Whether the pick or its game is another than the stored one's."""
    old = draft_of(row)
    return (old.pick.meaning, old.matchup) != (draft.pick.meaning, draft.matchup)


def register(
    db: sqlite3.Connection, drafts: Iterable[Draft], defaults: tuple[Rule, ...], at: datetime
) -> list[Added | BadBet]:
    """Register many bets at once; one that cannot be leaves its reason in its place."""
    found: list[Added | BadBet] = []
    for draft in drafts:
        db.execute("SAVEPOINT bet")
        try:
            found.append(add(db, draft, None, defaults, at))
        except BadBet as why:
            db.execute("ROLLBACK TO bet")
            found.append(why)
        db.execute("RELEASE bet")
    return found


def bind(
    db: sqlite3.Connection, number: int, games: Games, roster_of: RosterOf, at: datetime
) -> None:
    """Say which game each leg of a bet is about; BadBet when a game lacks the market."""
    row = db.execute(q.BET, (number,)).fetchone()
    if row is None:
        raise BadBet(f"there is no bet {number}; `tracker bets` lists them")
    if row["game_id"] is None:
        _bind(db, number, draft_of(row), games, roster_of, at)


def _bind(
    db: sqlite3.Connection,
    number: int,
    draft: Draft,
    games: Games,
    roster_of: RosterOf,
    at: datetime,
) -> None:
    named = (games,) * len(draft.legs) if isinstance(games, Game) else tuple(games)
    wager = draft.wager(named, roster_of)
    legs = wager.legs if isinstance(wager, Parlay) else (Leg(named[0], wager),)
    for game in named:
        db.execute(q.KEEP_GAME, game_columns(game) | {"slate_state": None, "slate_at": None})
    for place, leg in enumerate(legs):
        columns = market_columns(leg.market) | odds_columns(leg.odds)
        db.execute(q.ADD_LEG, columns | {"bet": number, "number": place, "game_id": leg.game.id})
    first = wager.games[0] if isinstance(wager, Parlay) else named[0]
    bound = {
        "number": number,
        "game_id": first.id,
        "market": wager_kind(wager),
        "market_text": wager_text(wager, first),
        "at": stamp(at),
    }
    db.execute(q.BIND, bound)


def unbound(db: sqlite3.Connection) -> list[tuple[int, Draft]]:
    """The bets whose game is not known yet, by number."""
    return [(row["number"], draft_of(row)) for row in db.execute(q.UNBOUND)]


def withdraw(db: sqlite3.Connection, number: int, at: datetime) -> bool:
    """Stop following a bet; its history stays. False when it is over, or withdrawn already.

    A bet that has its result is still confirmed, though its line has left the file.
    """
    ended = db.execute(q.WITHDRAW, {"number": number, "at": stamp(at)}).rowcount == 1
    db.execute(q.LEAVE_FILE, (number,))
    return ended


def update_rules(
    db: sqlite3.Connection, number: int, rules: tuple[Rule, ...] | None, at: datetime
) -> bool:
    """Replace a bet's own rules; None asks for the defaults. False when there is no such bet."""
    return db.execute(q.SET_RULES, (pack_rules(rules), stamp(at), number)).rowcount == 1


def last_defaults(db: sqlite3.Connection) -> tuple[Rule, ...]:
    """The rules of bets that bring none, as they were when a bet was last added."""
    row = db.execute(q.META, (_DEFAULTS,)).fetchone()
    return () if row is None else rules_of(row["value"]) or ()


def file_bets(db: sqlite3.Connection) -> dict[str, int]:
    """The bets that the bets file holds, as last read: identity to number."""
    return {row["identity"]: row["number"] for row in db.execute(q.FILE_BETS)}


def find(db: sqlite3.Connection, reference: str) -> int | None:
    """The number of the bet that a person means: their own id first, then the number."""
    plain = reference.strip().removeprefix("#")
    row = db.execute(q.BET_BY_NAME, (reference.strip(),)).fetchone()
    if row is None and plain.isascii() and plain.isdigit():
        row = db.execute(q.BET, (min(int(plain), 2**62),)).fetchone()
    return None if row is None else row["number"]


def settlement_of(row: sqlite3.Row) -> Settlement:
    """The settlement of a row that has the columns of `settlement`."""
    at = moment_or_none(row["settled_at"])
    assert at is not None  # noqa: S101 - the column is NOT NULL
    return Settlement(
        row["bet"],
        row["revision"],
        Result(row["result"]),
        row["payout_cents"],
        at,
        row["reason"],
        row["evidence"],
        bool(row["by_hand"]),
    )
