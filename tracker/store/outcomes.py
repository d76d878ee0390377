"""The outcomes of settled bets, a row each, and the chances and alerts to compare with them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from operator import add
from sqlite3 import Connection, Row
from typing import Any

from tracker.domain.bet import TO_BE_GRADED
from tracker.domain.catalog.books import book_name
from tracker.domain.league import slate_date
from tracker.domain.market import Market
from tracker.domain.money import needed, own_part
from tracker.engine.record import NO_BOOK, NO_TAG, NOTHING, Grouping, Prediction, Tally, ratio_error
from tracker.store import queries as q
from tracker.store.bet_rows import draft_of, market_of
from tracker.store.database import Subject, reads
from tracker.store.database.columns import from_row, in_columns, moment, pack, unpack, upserting

_BET = """
SELECT bet.*, game.league, (
  SELECT max(slate) FROM leg JOIN game ON game.id = leg.game_id WHERE leg.bet = bet.number
) AS slate
FROM bet LEFT JOIN game ON game.id = bet.game_id WHERE bet.number = ?
"""
"""A parlay belongs to the evening of its last game, as in the night's total."""

_PLAYER = "SELECT player FROM leg WHERE bet = ? AND (SELECT count(*) FROM leg WHERE bet = ?) = 1"

_KEEP = upserting(
    "outcome",
    "bet",
    "revision at official day league market player book tags result stake_cents payout_cents "
    "break_even",
)

_MISSING = """
SELECT DISTINCT bet FROM settlement WHERE bet NOT IN (SELECT bet FROM outcome) ORDER BY bet
"""

_LAST = """
SELECT outcome.bet FROM outcome JOIN bet ON bet.number = outcome.bet
LEFT JOIN game ON game.id = bet.game_id
ORDER BY coalesce(game.start_at, bet.added_at) DESC, outcome.bet DESC LIMIT ?
"""

_FILLED = "outcomes"
"""The row of `meta` that says that every settled bet has its outcome."""

_SUMS = """
SELECT ifnull(
    (SELECT ifnull(game_id, game_text || ' ' || outcome.day) FROM bet WHERE number = outcome.bet),
    outcome.bet
  ) AS game, count(*),
  sum(result = 'won'), sum(result = 'lost'), sum(result = 'push'), sum(result = 'void'),
  sum(iif({counted}, stake_cents, 0)), sum(iif({counted}, payout_cents - stake_cents, 0)),
  sum({counted}), total(iif(result IN ('won', 'lost'), break_even, NULL)),
  count(iif(result IN ('won', 'lost'), break_even, NULL)), {columns}
FROM outcome {source}
WHERE (:since IS NULL OR day >= :since) AND (:until IS NULL OR day <= :until)
GROUP BY game, {columns}
"""
"""The bets of each game that are alike in some columns, added up: the errors of a return are those
of games. An imported bet, whose game is not known, goes by the game and the day that its row names.
One query serves several groupings: the tallies of each are added up from its rows."""
_COUNTED = "stake_cents IS NOT NULL AND payout_cents IS NOT NULL AND result <> 'void'"


_FIRST = """outcome CROSS JOIN snapshot AS first ON (first.game_snapshot, first.bet) = ((
  SELECT min((
    SELECT whole.id FROM game_snapshot AS whole
    CROSS JOIN snapshot ON (snapshot.game_snapshot, snapshot.bet) = (whole.id, outcome.bet)
    WHERE whole.game = leg.game_id {usable} ORDER BY whole.poll LIMIT 1
  )) FROM leg WHERE leg.bet = outcome.bet
), outcome.bet)"""
"""Each settled bet with its first snapshot, or the first that is usable. It is found by those of
the bet's games: to group all snapshots by bet would read millions of rows."""

_FIRST_MODEL = f"""LEFT JOIN (
  SELECT outcome.bet, min(first.leg), whole.model_version
    || iif(first.calibration_id = 'none', '', ' + ' || first.calibration_id) AS model
  FROM {_FIRST.format(usable="")} JOIN game_snapshot AS whole ON whole.id = first.game_snapshot
  GROUP BY outcome.bet
) AS first USING (bet)"""  # noqa: S608 - constants alone
"""The model that gave each bet its first chance: SQLite takes the other columns from the row that
has the minimum."""

_KEYS: Mapping[Grouping, tuple[str, Callable[[Any], Sequence[str]]]] = {
    Grouping.ALL: ("NULL", lambda _: ("all",)),
    Grouping.TAG: ("outcome.tags", lambda x: unpack(x) or (NO_TAG,)),
    Grouping.MARKET: ("market", lambda x: ((x or "(unknown)").replace("_", " "),)),
    Grouping.PLAYER: ("player", lambda x: () if x is None else (x,)),
    Grouping.BOOK: ("book", lambda x: (book_name(x) or NO_BOOK,)),
    Grouping.LEAGUE: ("league", lambda x: (x or "(unknown)",)),
    Grouping.MONTH: ("day", lambda x: (x[:7],)),
    Grouping.DAY: ("day", lambda x: (x,)),
    Grouping.MODEL: ("first.model", lambda x: (x or "(no chance)",)),
}
"""For each grouping: the column to group by, and the groups of a bet with a value in it."""

_TIMES = frozenset({Grouping.MONTH, Grouping.DAY})
"""Groupings by time. They are shown in their own order, from first to last."""


@dataclass(frozen=True, slots=True)
class OfficialChance:
    """A chance shown for a single bet that now has an official result.

    `p` is the chance of winning, given no push, before calibration where that was stored.
    """

    bet: int
    game: str
    market: Market
    p: float
    won: bool


class Outcomes(Subject):
    """The outcomes of an open database."""

    async def tallies(
        self, by: Grouping, since: date | None = None, until: date | None = None
    ) -> Mapping[str, Tally]:
        """The record of each group over games from one day to another, the largest group first.

        Days and months come in their own order. A bet with several tags counts under each.
        """
        return (await self.grouped([by], since, until))[by]

    @reads
    def grouped(
        self,
        db: Connection,
        by: Sequence[Grouping],
        since: date | None = None,
        until: date | None = None,
    ) -> Mapping[Grouping, Mapping[str, Tally]]:
        """The tallies of several groupings, read at once."""
        return _tallies(db, by, since, until)

    async def total(self, since: date | None = None, until: date | None = None) -> Tally:
        """The record of all bets on games from one day to another."""
        return (await self.tallies(Grouping.ALL, since, until)).get("all", NOTHING)

    @reads
    def last(self, db: Connection, most: int) -> tuple[list[int], int]:
        """The numbers of the last `most` bets with a result, newest first; and of all how many."""
        found = [x["bet"] for x in db.execute(_LAST, (most,))]
        return found, db.execute("SELECT count(*) FROM outcome").fetchone()[0]

    @reads
    def judged_rules(
        self, db: Connection, since: date | None = None, until: date | None = None
    ) -> tuple[JudgedRule, ...]:
        """How alerts that were sent turned out, by rule."""
        rows = db.execute(_ALERTS, in_columns(since=since, until=until))
        return tuple(from_row(JudgedRule, x) for x in rows)

    @reads
    def predictions(self, db: Connection) -> list[Prediction]:
        """The chances shown for bets that were won or lost, one for each game minute.

        Chances of 0 and 1, of bets that were decided already, are left out.
        """
        return [_prediction(x) for x in db.execute(_PREDICTIONS)]

    @reads
    def first_predictions(
        self, db: Connection, since: date | None = None, until: date | None = None
    ) -> list[Prediction]:
        """The first chance shown for each bet that was won or lost."""
        return [
            _prediction(x)
            for x in db.execute(_FIRST_PREDICTIONS, in_columns(since=since, until=until))
        ]

    @reads
    def official_chances(self, db: Connection, league: str) -> tuple[OfficialChance, ...]:
        """The chances shown for a league's official single bets, one for each game minute.

        They are in order of the games' start; bets on one game follow each other.
        """
        return tuple(map(_official_chance, db.execute(_OFFICIAL_CHANCES, (league,))))


def keep(db: Connection, number: int) -> None:
    """Store the outcome of a bet by its last result; none where that does not stand any more."""
    settled = db.execute(q.LAST_SETTLEMENT, (number,)).fetchone()
    if settled is None or settled["reason"] == TO_BE_GRADED:
        db.execute("DELETE FROM outcome WHERE bet = ?", (number,))
        return
    bet = db.execute(_BET, (number,)).fetchone()
    draft = draft_of(bet)
    (league,) = draft.leagues if len(draft.leagues) == 1 else (None,)
    named = db.execute(_PLAYER, (number, number)).fetchone()
    player = draft.legs[0].player if len(draft.legs) == 1 else None
    stake = draft.stake_cents
    written = draft.last_day or slate_date(draft.placed_at or moment(bet["added_at"]))
    values = {
        "bet": number,
        "revision": settled["revision"],
        "at": settled["settled_at"],
        "official": settled["official_at"] is not None or bet["game_id"] is None,
        "day": bet["slate"] or written.isoformat(),
        # An imported bet may have no game: league, market and player then come from its words.
        "league": bet["league"] or league,
        "market": bet["market"] or draft.kind,
        "player": player if named is None else named[0],
        "book": bet["book"],
        # Edits of earlier releases kept a tag twice that was given twice.
        "tags": pack(list(dict.fromkeys(draft.tags))),
        "result": settled["result"],
        "stake_cents": None if stake is None else own_part(stake, free=draft.free),
        "payout_cents": settled["payout_cents"],
        # A free bet has no break-even chance: it risks nothing.
        "break_even": needed(draft.odds, free=draft.free),
    }
    db.execute(_KEEP, values)


def fill(db: Connection) -> None:
    """Store, once, the outcomes of bets that were settled before this table existed."""
    if db.execute("SELECT 1 FROM meta WHERE name = ?", (_FILLED,)).fetchone() is not None:
        return
    for (number,) in db.execute(_MISSING).fetchall():
        keep(db, number)
    db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, '1')", (_FILLED,))


@dataclass(slots=True)
class _Sums:
    """A group's sums in the order of `_SUMS`, and those of each of its games: stakes and profit."""

    whole: list[float] = field(default_factory=lambda: [0] * 10)
    games: dict[Hashable, tuple[int, int]] = field(default_factory=dict)

    def add(self, game: Hashable, row: Sequence[Any]) -> None:
        """Add bets on one game; `row` has their sums."""
        self.whole = list(map(add, self.whole, row))
        if row[7]:
            staked, profit = self.games.get(game, (0, 0))
            self.games[game] = staked + row[5], profit + row[6]

    @property
    def tally(self) -> Tally:
        """The group's record."""
        bets, won, lost, pushed, voided, staked, profit, counted = map(int, self.whole[:8])
        asked, priced = self.whole[8:]
        games = self.games.values()
        products = (
            math.fsum(x * x for x, _ in games),
            math.fsum(x * y for x, y in games),
            math.fsum(y * y for _, y in games),
        )
        error = ratio_error(len(games), staked, profit, products)
        mean = asked / priced if priced else None
        return Tally(bets, won, lost, pushed, voided, staked, profit, mean, error, counted)


def _tallies(
    db: Connection, by: Sequence[Grouping], since: date | None, until: date | None
) -> dict[Grouping, Mapping[str, Tally]]:
    columns = list(dict.fromkeys(_KEYS[x][0] for x in by))
    source = _FIRST_MODEL if Grouping.MODEL in by else ""
    text = _SUMS.format(columns=", ".join(columns), source=source, counted=_COUNTED)
    found: dict[Grouping, dict[str, _Sums]] = {x: defaultdict(_Sums) for x in by}
    places = [(y, 11 + columns.index(_KEYS[x][0]), cache(_KEYS[x][1])) for x, y in found.items()]
    for row in map(tuple, db.execute(text, in_columns(since=since, until=until))):
        game, sums = row[0], row[1:11]
        for groups, place, names in places:
            for name in names(row[place]):
                groups[name].add(game, sums)
    return {x: _in_order(x, {k: v.tally for k, v in y.items()}) for x, y in found.items()}


def _in_order(by: Grouping, found: Mapping[str, Tally]) -> Mapping[str, Tally]:
    """The groups with the most bets first; those of a time from first to last."""

    def order(name: str) -> tuple[int, str]:
        return 0 if by in _TIMES else -found[name].bets, name

    return {name: found[name] for name in sorted(found, key=order)}


_LAST_CHANCES = """WITH last AS MATERIALIZED (
  SELECT bet, leg, max(game_snapshot) AS game_snapshot FROM game_snapshot AS whole
  CROSS JOIN snapshot ON snapshot.game_snapshot = whole.id WHERE win > 0 AND lose > 0
  GROUP BY ((bet * 256 + leg) * 64 + period) * 64 + CAST(clock / 60 AS INTEGER)
)"""
"""The last chance in each minute of game time; for a parlay over several games, in each minute of
each game. Grouping by one number takes half the time of sorting millions of rows by several, and
what else is asked is looked up for the few rows that are left."""

_LAST_SNAPSHOT = """last
CROSS JOIN snapshot
  ON (snapshot.game_snapshot, snapshot.bet, snapshot.leg)
    = (last.game_snapshot, last.bet, last.leg)
JOIN outcome ON outcome.bet = last.bet"""

_PREDICTIONS = f"""
{_LAST_CHANCES}
SELECT last.bet, snapshot.win / (snapshot.win + snapshot.lose) AS p, bet.game_id AS game,
  raw_win / (raw_win + raw_lose) AS raw, outcome.result = 'won' AS won
FROM {_LAST_SNAPSHOT} JOIN bet ON bet.number = last.bet
WHERE outcome.result IN ('won', 'lost')
ORDER BY last.bet, last.game_snapshot
"""  # noqa: S608 - constants alone


def _prediction(x: Row) -> Prediction:
    return Prediction(x["bet"], x["p"], bool(x["won"]), x["raw"], x["game"] or "")


_ALERTS = """
SELECT alert.rule, count(*) AS alerts,
  avg(CASE WHEN outcome.result IN ('won', 'lost') THEN
    CASE WHEN alert.rule LIKE 'p >=%' THEN alert.p
      WHEN alert.rule LIKE 'p <=%' THEN 1 - alert.p END END) AS promised,
  avg(CASE WHEN outcome.result IN ('won', 'lost') THEN
    CASE WHEN alert.rule LIKE 'p >=%' THEN outcome.result = 'won'
      WHEN alert.rule LIKE 'p <=%' THEN outcome.result = 'lost' END END) AS held,
  sum(alert.rule LIKE 'p _=%' AND outcome.result IN ('won', 'lost')) AS decided,
  avg(CASE WHEN alert.at < game.final_at
    THEN (julianday(game.final_at) - julianday(alert.at)) * 1440 END) AS early,
  sum(alert.reason <> 'taken_back')
    - count(DISTINCT iif(alert.reason <> 'taken_back', alert.bet, NULL)) AS repeats
FROM alert JOIN outcome ON outcome.bet = alert.bet JOIN game ON game.id = alert.game
WHERE alert.decision = 'fired' AND (:since IS NULL OR outcome.day >= :since)
  AND (:until IS NULL OR outcome.day <= :until)
GROUP BY alert.rule ORDER BY alerts DESC, alert.rule
"""


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """How the alerts of one rule turned out, on bets that are settled.

    `promised` is the mean chance, by the alerts' own figures, that the `decided` ones would come
    true; `held` is the share of them that did. Both are None for rules that promise nothing.
    `early` is the mean number of minutes before the end of the game. `repeats` are alerts whose bet
    had one of that rule before: with hindsight the earlier alert was too soon.
    """

    rule: str
    alerts: int
    promised: float | None
    held: float | None
    decided: int
    early: float | None
    repeats: int


_OFFICIAL_CHANCES = f"""
{_LAST_CHANCES}
SELECT leg.*, coalesce(raw_win, win) AS win, coalesce(raw_lose, lose) AS lose,
  outcome.result = 'won' AS won
FROM {_LAST_SNAPSHOT} JOIN leg ON leg.bet = last.bet JOIN game ON game.id = leg.game_id
WHERE outcome.official AND outcome.result IN ('won', 'lost') AND game.league = ?
  AND NOT EXISTS (SELECT 1 FROM leg AS other WHERE (other.bet, other.number) = (last.bet, 1))
ORDER BY game.start_at, game.id, last.bet, last.game_snapshot
"""  # noqa: S608 - constants alone


def _official_chance(x: Row) -> OfficialChance:
    p = x["win"] / (x["win"] + x["lose"])
    return OfficialChance(x["bet"], x["game_id"], market_of(x), p, bool(x["won"]))


_FIRST_PREDICTIONS = f"""
SELECT outcome.bet, first.win / (first.win + first.lose) AS p,
  (SELECT game_id FROM bet WHERE number = outcome.bet) AS game,
  raw_win / (raw_win + raw_lose) AS raw, outcome.result = 'won' AS won, min(first.leg)
FROM {_FIRST.format(usable="AND snapshot.win > 0 AND snapshot.lose > 0")}
WHERE outcome.result IN ('won', 'lost') AND first.win > 0 AND first.lose > 0
  AND (:since IS NULL OR outcome.day >= :since) AND (:until IS NULL OR outcome.day <= :until)
GROUP BY outcome.bet ORDER BY outcome.bet
"""  # noqa: S608 - constants alone
