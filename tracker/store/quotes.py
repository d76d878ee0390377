"""The market's side: quotes, closes, bets' values at the close, edges, and what odds cost."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from sqlite3 import Connection, Row

from tracker.domain.alert import Alert
from tracker.domain.market import Span
from tracker.domain.money import Odds
from tracker.domain.poll import Credit, Document
from tracker.domain.quote import EXCHANGES, Closing, Quote, Selection, TwoSided
from tracker.domain.tracking import RuleState
from tracker.domain.value import BetDecision, ClosingValue, EdgeSeen, Grade, Price
from tracker.store import queries as q
from tracker.store.alerting import keep_alert
from tracker.store.database import Subject, reads, writes
from tracker.store.database.columns import (
    Json,
    chance_columns,
    from_row,
    in_columns,
    inserting,
    moment,
    moment_or_none,
    pack,
    stamp,
    stored_chance,
    to_columns,
    unpack,
)
from tracker.store.recording import keep_document, keep_rules
from tracker.store.views import BetView

_ADD_QUOTE = """
INSERT INTO quote (
  game, book, market, span, about, points, side, at, odds_decimal, told_at, size, open, poll
)
SELECT :game, :book, :market, :span, :about, :points, :side, :at, :odds_decimal, :told_at, :size,
  :open, :poll WHERE EXISTS (SELECT 1 FROM game WHERE id = :game)
"""

_HISTORY = """
SELECT quote.*, poll.source AS source, poll.path AS path FROM quote
JOIN poll ON poll.id = quote.poll
WHERE game IN (SELECT id FROM game WHERE :game IS NULL OR id = :game)
  AND quote.at >= :since AND quote.at <= :until
ORDER BY game, quote.at, book, market, span, about, points, side
"""
"""The games are named by a subquery, so that those of one are found without reading all quotes."""

_STOOD = """
SELECT source, path, max(at) AS at FROM poll INDEXED BY poll_at
WHERE at >= :since AND at <= :until
AND source IN (SELECT value FROM json_each(:sources)) AND digest <> ''
GROUP BY source, path
"""
"""By time, as an exchange that is asked every few seconds has half a million polls in a season."""

_STARTS = """
SELECT id, start_at, EXISTS (
    SELECT 1 FROM leg JOIN bet ON bet.number = leg.bet WHERE leg.game_id = game.id
    AND bet.withdrawn_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.bet = bet.number)
  ) AS followed
FROM game WHERE id IN (SELECT value FROM json_each(?))
"""
"""When games begin, and whether open bets are on them: of such a game an exchange is asked to its
end."""

_SOURCE_STATUSES = "SELECT source, last_ok_at FROM pulse WHERE last_ok_at IS NOT NULL"

_ADD_CLOSING = inserting(
    "closing",
    "game revision tip_at home_spread total home_chance books age_s by poll at quoted",
)

_CLOSINGS = """
SELECT game, revision, tip_at, home_spread, total, home_chance, books, age_s, by, poll FROM closing
WHERE :game IS NULL OR game = :game ORDER BY game, revision
"""
"""Without `quoted`, which is most of a row."""

_MADE_OF = "SELECT quoted FROM closing WHERE (game, revision) = (?, ?) AND quoted IS NOT NULL"

_ADD_CLV = inserting("clv", "bet revision win push lose ev points grade reason closing_revision at")

_CLVS = """
SELECT * FROM clv WHERE (:bet IS NULL OR bet = :bet)
AND revision = (SELECT max(revision) FROM clv AS other WHERE other.bet = clv.bet)
ORDER BY bet
"""

_CLV_SUMS = """
SELECT parlay, void, grade, why, sum(n) AS n, total(whole) AS whole, count(*) AS games,
  total(n * n) AS sizes, total(n * whole) AS both, total(whole * whole) AS squares
FROM (
  SELECT coalesce(outcome.market, bet.market) IS 'parlay' AS parlay,
    outcome.result IS 'void' AS void, iif(grade = 'quoted', 'converted', grade) AS grade,
    iif(grade = 'missing', substr(reason, 1, instr(reason || ':', ':') - 1), '') AS why,
    count(*) AS n, total(ev) AS whole
  FROM clv LEFT JOIN outcome USING (bet) LEFT JOIN bet ON bet.number = clv.bet
  WHERE clv.revision = (SELECT max(revision) FROM clv AS other WHERE other.bet = clv.bet)
  GROUP BY 1, 2, 3, 4, ifnull(bet.game_id, clv.bet)
)
GROUP BY 1, 2, 3, 4
"""

_CLV_BINS = """
SELECT CAST(floor(ev / :width + 1e-9) AS INTEGER) AS bin, count(*) AS n FROM clv
WHERE ev IS NOT NULL AND grade <> 'model'
AND revision = (SELECT max(revision) FROM clv AS other WHERE other.bet = clv.bet)
AND NOT EXISTS (SELECT 1 FROM outcome WHERE outcome.bet = clv.bet AND result = 'void')
AND NOT EXISTS (SELECT 1 FROM bet WHERE number = clv.bet AND market = 'parlay')
GROUP BY 1 ORDER BY 1
"""

_UNCLOSED = """
SELECT result = 'void' AS void, count(*) AS n FROM outcome JOIN bet ON bet.number = outcome.bet
JOIN game ON game.id = bet.game_id
WHERE game.start_at > bet.added_at AND outcome.bet NOT IN (SELECT bet FROM clv) GROUP BY 1
"""

_ADD_DECISION = inserting(
    "decision",
    "bet at win push lose odds_decimal prior best_book best_odds market_at_bet paid",
)

_DECISIONS = "SELECT * FROM decision WHERE :bet IS NULL OR bet = :bet ORDER BY bet"

_ADD_CREDIT = inserting("credit", "provider at purpose planned cost used remaining path refused")

_CREDITS = "SELECT * FROM credit WHERE at >= ? ORDER BY id"

_BALANCE = """
SELECT id, provider, at, purpose, planned, cost, path, refused, remaining,
  (
    SELECT used FROM credit AS other
    WHERE other.provider = credit.provider AND used IS NOT NULL ORDER BY id DESC LIMIT 1
  ) AS used
FROM credit WHERE provider = ? AND remaining IS NOT NULL ORDER BY id DESC LIMIT 1
"""

_ADD_FAULT = """
INSERT INTO odds_fault (source, day, what, n) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET n = n + excluded.n
"""

_FAULTS = """
SELECT source, what, sum(n) AS n FROM odds_fault WHERE day >= ? GROUP BY source, what
ORDER BY source, what
"""

_ADD_EDGE = inserting(
    "edge_seen",
    "at game market span about points side p odds_decimal book edge prior poll",
)

_EDGES = "SELECT * FROM edge_seen ORDER BY id"

_KEEP_BODY = """
INSERT INTO kept_body (digest, why)
SELECT digest, ? FROM poll WHERE id = ? AND digest <> '' ON CONFLICT DO NOTHING
"""

_TIPPED = """
SELECT poll.at AS at, game_snapshot.period AS period, game_snapshot.clock AS clock
FROM game_snapshot JOIN poll ON poll.id = game_snapshot.poll
WHERE game_snapshot.game = ? AND game_snapshot.period >= 1 ORDER BY poll.at LIMIT 1
"""


_MICROSECOND = timedelta(microseconds=1)

_JUST_AFTER = timedelta(minutes=1)
"""How long after a moment a source may have answered for its prices to have stood then."""


@dataclass(frozen=True, slots=True)
class StandingQuote:
    """The last quote of a book on a selection, and when its source last confirmed it.

    `scope` names the document that it came from.
    """

    quote: Quote
    stood_at: datetime
    scope: str = ""


@dataclass(frozen=True, slots=True)
class ValueSum:
    """Bets' values at the close, summed: `n` bets on `games` games, and the sum.

    `void` is whether the bets' results are void. `why` is the reason of a missing value. A quoted
    value has the grade of a converted one. `products` are those of `ratio_error`: of the number of
    bets on a game and the sum of their values.
    """

    parlay: bool
    void: bool
    grade: Grade
    why: str
    n: int
    whole: float
    games: int
    products: tuple[float, float, float]


class Quotes(Subject):
    """Quotes and all that is computed from them, on an open database."""

    @writes
    def record(
        self,
        db: Connection,
        document: Document | None,
        quotes: Sequence[Quote],
        credit: Credit | None = None,
        faults: Mapping[str, int] | None = None,
    ) -> int:
        """Write a provider's answer with its quotes, cost and faults. Returns its number as a poll.

        Without a document only the credit is written: of a purchase that brought nothing to keep.
        """
        number = 0 if document is None else keep_document(db, document)
        db.executemany(_ADD_QUOTE, (_quote_row(x, number) for x in quotes))
        if credit is not None:
            db.execute(_ADD_CREDIT, to_columns(credit))
        if faults and document is not None:
            day = document.at.date().isoformat()
            rows = [(document.source, day, what, n) for what, n in faults.items() if n]
            db.executemany(_ADD_FAULT, rows)
        return number

    @reads
    def history(
        self, db: Connection, game: str | None, since: datetime, until: datetime
    ) -> list[tuple[Quote, str, str]]:
        """The quotes from `since` to `until`, oldest first, each with its source and path."""
        return _history(db, game, since, until)

    @reads
    def standing(
        self, db: Connection, game: str | None, since: datetime, until: datetime
    ) -> list[StandingQuote]:
        """The last price of each book on each selection of a game, open or not."""
        history = _history(db, game, since, until)
        last = {(x.game, x.book, x.selection): (x, source, path) for x, source, path in history}
        stood = _stood(db, {source for _, source, _ in last.values()}, since, until)
        games = json.dumps(sorted({quote.game for quote, _, _ in last.values()}))
        starts = {x["id"]: x for x in db.execute(_STARTS, (games,))}
        found = []
        for quote, source, path in last.values():
            asked, of_game = stood.get((f"odds {source}", "")), starts[quote.game]
            if asked is not None and not (source in EXCHANGES and of_game["followed"]):
                # Of a game in play a source is asked no more, while it answers about others.
                asked = min(asked, moment(of_game["start_at"]))
            stood_at = _newest(quote, stood.get((source, path)), asked, until)
            found.append(StandingQuote(quote, stood_at, f"{source} {path}"))
        return found

    # ------------------------------------------------------------------------------------ closes

    @reads
    def tipped(self, db: Connection, game: str) -> tuple[datetime, int, float] | None:
        """The first poll that showed a game in play: its time, period and clock."""
        row = db.execute(_TIPPED, (game,)).fetchone()
        return None if row is None else (moment(row["at"]), row["period"], row["clock"])

    @writes
    def close(
        self,
        db: Connection,
        closing: Closing,
        values: Collection[ClosingValue],
        polls: Collection[int],
        at: datetime,
        quoted: Collection[TwoSided] = (),
    ) -> None:
        """Write a close with the bets' values at it. The bodies of its polls are kept for good.

        `quoted` is what the close was made of.
        """
        made_of = {"at": stamp(at), "quoted": _packed(quoted, closing.tip_at)}
        db.execute(_ADD_CLOSING, to_columns(closing) | made_of)
        db.executemany(_ADD_CLV, map(_clv_row, values))
        db.executemany(_KEEP_BODY, (("close", x) for x in polls if x))

    @writes
    def value(self, db: Connection, values: Collection[ClosingValue]) -> None:
        """Write bets' values at closes that are stored already."""
        db.executemany(_ADD_CLV, map(_clv_row, values))

    @reads
    def closings(self, db: Connection, game: str | None = None) -> dict[str, Closing]:
        """The last revision of each game's close, of one game or of all."""
        return {x["game"]: from_row(Closing, x) for x in db.execute(_CLOSINGS, {"game": game})}

    @reads
    def made_of(self, db: Connection, closing: Closing) -> list[TwoSided] | None:
        """What a close was made of; None where that was not stored with it."""
        row = db.execute(_MADE_OF, (closing.game, closing.revision)).fetchone()
        if row is None or closing.tip_at is None:
            return None
        return _unpacked(row["quoted"], closing.tip_at)

    @reads
    def values(self, db: Connection, bet: int | None = None) -> dict[int, ClosingValue]:
        """The last revision of each bet's value at the close, of one bet or of all."""
        return {x["bet"]: _clv(x) for x in db.execute(_CLVS, {"bet": bet})}

    @reads
    def value_sums(self, db: Connection) -> list[ValueSum]:
        """Sums of bets' values at the close, by kind of bet, grade, and why one is missing."""
        return [
            from_row(ValueSum, x, products=(x["sizes"], x["both"], x["squares"]))
            for x in db.execute(_CLV_SUMS)
        ]

    @reads
    def unclosed(self, db: Connection) -> dict[bool, int]:
        """How many settled bets, added before tip-off, have no entry about the close.

        They are counted by whether they are void.
        """
        return {bool(x["void"]): x["n"] for x in db.execute(_UNCLOSED)}

    @reads
    def value_bins(self, db: Connection, width: float) -> list[tuple[int, int]]:
        """A histogram of bets' values at the close: each bin's place from 0, and its count.

        Parlays and values that rest on our own model are left out, as in the mean. A value on an
        edge counts to the bin above it, even if rounding puts it just below.
        """
        return [(x["bin"], x["n"]) for x in db.execute(_CLV_BINS, {"width": width})]

    # --------------------------------------------------------------------------------- decisions

    @writes
    def decide(self, db: Connection, decisions: Collection[BetDecision]) -> None:
        """Write what bets were worth when they were made. A value that is stored already stays."""
        db.executemany(_ADD_DECISION, map(_decision_row, decisions))

    @reads
    def decisions(self, db: Connection, bet: int | None = None) -> dict[int, BetDecision]:
        """What bets were worth when they were made, of one bet or of all."""
        return {x["bet"]: _decision(x) for x in db.execute(_DECISIONS, {"bet": bet})}

    async def decision_of(self, bet: BetView) -> BetDecision | None:
        """What a bet was worth when it was made, at its present price.

        The price may have been corrected since.
        """
        kept = (await self.decisions(bet.number)).get(bet.number)
        return None if kept is None else replace(kept, odds=bet.price)

    # -------------------------------------------------------------------------------------- rules

    async def record_rules(
        self,
        game: str,
        rules: Sequence[RuleState],
        alerts: Sequence[Alert],
        poll: int,
        channels: Sequence[str],
    ) -> None:
        """Write, in one transaction, the states and alerts of rules on the market after an answer.

        `poll` is the answer's number as a poll.
        """

        def work(db: Connection) -> None:
            followed = {x["bet"]: x["leg"] for x in db.execute(q.FOLLOWED, (game,))}
            keep_rules(db, (x for x in rules if x.bet in followed))
            for alert in alerts:
                if alert.bet in followed:
                    keep_alert(db, alert, game, poll, followed[alert.bet], channels)

        await self._db.write(work, urgent=any(x.notifies for x in alerts))

    # ----------------------------------------------------------------------------------- credits

    @reads
    def credits(self, db: Connection, since: datetime) -> list[Credit]:
        """Purchases and refusals since a time, oldest first."""
        return [from_row(Credit, x) for x in db.execute(_CREDITS, (stamp(since),))]

    @reads
    def balance(self, db: Connection, provider: str) -> Credit | None:
        """The last answer of a provider that said how many credits are left, or None."""
        row = db.execute(_BALANCE, (provider,)).fetchone()
        return None if row is None else from_row(Credit, row)

    @reads
    def faults(self, db: Connection, since: datetime) -> list[tuple[str, str, int]]:
        """The faults in sources' answers since a day: source, fault, count."""
        day = since.date().isoformat()
        return [(x["source"], x["what"], x["n"]) for x in db.execute(_FAULTS, (day,))]

    # ------------------------------------------------------------------------------------- edges

    @writes
    def keep_edges(self, db: Connection, rows: Collection[EdgeSeen]) -> None:
        """Write down the edges that a list showed."""
        found = (to_columns(x) | to_columns(x.selection) | {"odds_decimal": x.odds} for x in rows)
        db.executemany(_ADD_EDGE, found)

    @reads
    def edges(self, db: Connection) -> list[EdgeSeen]:
        """All edges that lists have ever shown, oldest first."""
        return [
            from_row(EdgeSeen, x, selection=_selection(x), odds=x["odds_decimal"])
            for x in db.execute(_EDGES)
        ]


def _history(
    db: Connection, game: str | None, since: datetime, until: datetime
) -> list[tuple[Quote, str, str]]:
    values = in_columns(game=game, since=since, until=until)
    return [(_quote(x), x["source"], x["path"]) for x in db.execute(_HISTORY, values)]


def _stood(
    db: Connection, sources: set[str], since: datetime, until: datetime
) -> dict[tuple[str, str], datetime]:
    """When each document of these sources was last read by then, and each source as a whole.

    Of a source only its last answer is known: one long after `until` tells nothing of then.
    """
    asked = in_columns(sources=json.dumps(sorted(sources)), since=since, until=until)
    found = {(x["source"], x["path"]): moment(x["at"]) for x in db.execute(_STOOD, asked)}
    for x in db.execute(_SOURCE_STATUSES):
        if (last := moment(x["last_ok_at"])) <= until + _JUST_AFTER:
            found[x["source"], ""] = last
    return found


def _newest(
    quote: Quote, document: datetime | None, source: datetime | None, until: datetime
) -> datetime:
    """When a price was last confirmed.

    An open price stands as long as its source answers and does not change it.
    """
    times = [quote.stood_at, *(x for x in (document, source) if x is not None)]
    return min(max(times), until) if quote.open else quote.stood_at


def _quote_row(x: Quote, poll: int) -> dict[str, object]:
    known = {"points": x.selection.points or 0.0, "odds_decimal": x.odds, "poll": poll}
    return to_columns(x) | to_columns(x.selection) | known


def _selection(x: Row) -> Selection:
    points = None if x["market"].endswith("moneyline") else x["points"]
    return Selection(x["market"], x["side"], points, x["about"], Span(x["span"]))


def _quote(x: Row) -> Quote:
    return Quote(
        game=x["game"],
        book=x["book"],
        selection=_selection(x),
        at=moment(x["at"]),
        odds=x["odds_decimal"],
        told_at=moment_or_none(x["told_at"]),
        size=x["size"],
        open=bool(x["open"]),
        poll=x["poll"],
    )


def _packed(quoted: Iterable[TwoSided], tip_at: datetime | None) -> str:
    """Two-sided quotes as JSON, without their polls: each line, and the books' quotes of it.

    Their times are written as microseconds before the tip-off, which takes a third of the room.
    """
    lines: dict[Selection, list[Json]] = {}
    for x in quoted:
        before = [((tip_at or t) - t) // _MICROSECOND for t in (x.stood_at, x.at)]
        lines.setdefault(x.selection, []).append([x.book, x.odds, x.other, *before])
    return pack(
        [[x.market, x.side, x.points, x.about, x.span.value, by] for x, by in lines.items()]
    )


def _unpacked(text: str, tip_at: datetime) -> list[TwoSided]:
    found = []
    for market, side, points, about, span, by in unpack(text):
        line = Selection(market, side, points, about, Span(span))
        for book, odds, other, *before in by:
            stood_at, at = (tip_at - x * _MICROSECOND for x in before)
            found.append(TwoSided(book, line, odds, other, stood_at, at))
    return found


def _clv_row(x: ClosingValue) -> dict[str, object]:
    return to_columns(x) | chance_columns(x.chance) | {"ev": x.value}


def _clv(x: Row) -> ClosingValue:
    return from_row(ClosingValue, x, chance=stored_chance(x), value=x["ev"])


def _decision_row(x: BetDecision) -> dict[str, object]:
    known = {
        "odds_decimal": None if x.odds is None else float(x.odds.decimal),
        "best_book": None if x.best is None else x.best.book,
        "best_odds": None if x.best is None else x.best.odds,
    }
    return to_columns(x) | chance_columns(x.chance) | known


def _decision(x: Row) -> BetDecision:
    price = x["odds_decimal"]
    return from_row(
        BetDecision,
        x,
        chance=stored_chance(x),
        odds=None if price is None else Odds(f"{price:g}", Fraction(price)),
        best=None if x["best_book"] is None else Price(x["best_book"], x["best_odds"]),
    )
