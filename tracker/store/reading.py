"""Reads what a person asks for: bets, one bet's history, alerts, and the summary of all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from heapq import merge
from sqlite3 import Connection, Row
from typing import Any

from tracker.domain.alert import Alert
from tracker.domain.bet import (
    ASK_BOOK,
    Bet,
    GameSnapshot,
    OwnFigure,
    ScoreMoments,
    Settlement,
    Snapshot,
    Status,
    result_chance,
)
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Game, GameState, Score
from tracker.domain.policy import Fact, Rule, SwingRule
from tracker.domain.poll import FINAL_CHECKS, Origin
from tracker.domain.prior import SourcedPrior
from tracker.domain.tracking import (
    LIKELIEST,
    GameTracking,
    Held,
    Readings,
    RuleState,
    Tracked,
)
from tracker.store import queries as q
from tracker.store.bet_rows import Wagers, draft_of, recall
from tracker.store.bets import BETS_FILE, last_defaults, note, settlement_of
from tracker.store.database import Subject, reads
from tracker.store.database.columns import (
    from_row,
    game_of,
    moment,
    moment_or_none,
    pack,
    rules_of,
    state_of,
    stored_chance,
    unpack,
)
from tracker.store.views import (
    EVERY_BET,
    AlertView,
    BetView,
    DaemonView,
    DeliveryView,
    GameView,
    OnlyBets,
    SettlementView,
    ShowView,
    SnapshotView,
    SourceStatusView,
    StatusView,
)


def _trackings(db: Connection, defaults: tuple[Rule, ...]) -> list[GameTracking]:
    wagers = Wagers(db, defaults)
    known: dict[int, Tracked] = {}
    rows = db.execute(q.OPEN_GAMES, {"checks": FINAL_CHECKS}).fetchall()
    return [_tracking(db, row, wagers, known) for row in rows]


def _tracking(db: Connection, row: Row, wagers: Wagers, known: dict[int, Tracked]) -> GameTracking:
    """The tracking of one game. `known` has the bets restored so far, so that each is read once."""
    game = game_of(row)
    bets = db.execute(q.BETS_OF_GAME, (game.id,)).fetchall()
    new = wagers.bets([x for x in bets if x["number"] not in known])
    # Polls alone need the readings: what only shows a bet is read without.
    known |= {x.bet.number: replace(x, readings=_readings(db, x)) for x in tracked(db, new)}
    return GameTracking(
        game=game,
        tracked=tuple(known[x["number"]] for x in bets),
        state=state_of(row["state"], game),
        changed_at=moment_or_none(row["changed_at"]),
        seen_at=moment_or_none(row["seen_at"]),
        told_by=_origin(row["told_by"]),
        held=_held(row, game),
        final_at=moment_or_none(row["final_at"]),
        checks=row["checks"],
        stale=bool(row["stale"]),
        lost=bool(row["lost"]),
        still_until=moment_or_none(row["still_until"]),
    )


def _held(row: Row, game: Game) -> Held | None:
    """The state that is not believed yet.

    Earlier releases stored none of its origin: it is dropped.
    """
    state, by = state_of(row["held"], game), _origin(row["held_by"])
    if state is None or by is None:
        return None
    wait = timedelta(seconds=row["held_wait_s"])
    return Held(state, row["held_polls"], by, moment(row["held_since"]), wait)


def _origin(text: str | None) -> Origin | None:
    return None if text is None else Origin(*unpack(text))


def tracked(db: Connection, bets: Sequence[Bet]) -> list[Tracked]:
    """The bets with their stored rule states, last chance, result and review, in their order."""
    numbers = (pack([x.number for x in bets]),)
    rules = {(x["bet"], x["rule"]): _rule(x) for x in db.execute(q.RULES_OF_BETS, numbers)}
    latest = {x["bet"]: x for x in db.execute(q.LATEST_OF_BETS, numbers)}
    settled = {x["bet"]: x for x in db.execute(q.SETTLEMENTS_OF_BETS, numbers)}
    asked = {x["bet"]: x for x in db.execute(q.REVIEWS_OF_BETS, numbers)}
    fresh = [
        _tracked(x, rules, latest.get(x.number), settled.get(x.number), asked.get(x.number))
        for x in bets
    ]
    return recall(db, fresh)


_READINGS = """
SELECT whole.poll, whole.at, snapshot.win, snapshot.push FROM game_snapshot AS whole
CROSS JOIN snapshot ON (snapshot.game_snapshot, snapshot.bet, snapshot.leg) = (
  whole.id, :bet, (SELECT min(number) FROM leg WHERE bet = :bet AND game_id = :game)
)
WHERE whole.game = :game ORDER BY whole.poll DESC
"""
"""The chances of a bet on one of its games, the last one first: read as many as are wanted."""


def _readings(db: Connection, bet: Tracked) -> Readings:
    """The readings that the windows of a bet's swing rules lack: those of its later snapshots."""
    swings = [
        (rule, x)
        for rule, x in zip(bet.bet.rules, bet.rules, strict=True)
        if isinstance(rule, SwingRule) and x.window
    ]
    if not swings or bet.ended:
        return ()
    last = {x.window[-1] for _, x in swings}
    since = min(at for at, _ in last)
    reach = timedelta(seconds=max(r.seconds for r, _ in swings))
    polls = [db.execute(_READINGS, {"bet": bet.bet.number, "game": x.id}) for x in bet.bet.games]
    found: list[tuple[datetime, float]] = []
    for row in merge(*polls, key=lambda x: (x["poll"], x["at"]), reverse=True):
        reading = moment(row["at"]), row["win"]
        # What came before may be of the same moment, or of a later one where the clock was set.
        if reading in last or reading[0] < since:
            break
        if row["win"] is not None and row["push"] < LIKELIEST:
            found.append(reading)
    return tuple(x for x in found[::-1] if x[0] >= found[0][0] - reach)


def _tracked(
    bet: Bet,
    remembered: Mapping[tuple[int, str], RuleState],
    latest: Row | None,
    settled: Row | None,
    review: Row | None,
) -> Tracked:
    fresh = Tracked.fresh(bet)
    return replace(
        fresh,
        rules=tuple(remembered.get((bet.number, x.rule), x) for x in fresh.rules),
        chance=None if latest is None else Chance(latest["win"], latest["push"], latest["lose"]),
        peak=None if latest is None else latest["peak"],
        low=None if latest is None else latest["low"],
        settlement=None if settled is None else settlement_of(settled),
        official=settled is not None and settled["official_at"] is not None,
        review=None if review is None else review["why"],
    )


_FACTS = frozenset(Fact)


def _rule(row: Row) -> RuleState:
    # The column `told` holds what a rule on a fact has announced, and the extremes of any other.
    told = tuple(unpack(row["told"]))
    on_fact = row["rule"] in _FACTS
    return from_row(
        RuleState,
        row,
        fired=tuple(moment(t) for t in unpack(row["fired"])),
        window=tuple((moment(t), p) for t, p in unpack(row["swing_window"])),
        extremes=None if on_fact else told or None,
        announced=tuple(map(int, told)) if on_fact else (),
    )


_AT_ONCE = 500
"""How many bets are read with one statement on each table."""

Defaults = tuple[Rule, ...] | None
"""The rules of bets without their own; None means the last known ones."""


_BETS_BEFORE = """
SELECT * FROM bet WHERE number < coalesce(:before, 9223372036854775807)
  AND (:market IS NULL OR market = :market)
  AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(bet.tags) WHERE value = :tag))
  AND CASE :state WHEN 'settled' THEN number IN (SELECT bet FROM outcome)
    WHEN 'open' THEN withdrawn_at IS NULL AND number NOT IN (SELECT bet FROM outcome)
    ELSE true END
ORDER BY number DESC LIMIT :most
"""


BETS_AT_ONCE = 100
"""Bets that are read at once, which takes some 10 ms."""


class Reading(Subject):
    """What a person or a face asks for. Without `defaults`, the last known ones apply."""

    async def bets_view(self, defaults: Defaults = None) -> list[BetView]:
        """Every bet that was ever added, by number.

        They are read a page at a time, so that an alert does not wait for thousands of them.
        """
        found: list[BetView] = []
        while page := await self.bets_before(
            found[-1].number if found else None, BETS_AT_ONCE, defaults
        ):
            found += page
        return found[::-1]

    @reads
    def bets_before(
        self,
        db: Connection,
        before: int | None,
        most: int,
        defaults: Defaults = None,
        only: OnlyBets = EVERY_BET,
    ) -> list[BetView]:
        """One page of bets, newest first: at most `most` with a number below `before`."""
        asked = {"before": before, "most": most, **asdict(only)}
        return _views(db, db.execute(_BETS_BEFORE, asked).fetchall(), defaults)

    @reads
    def open_bets(self, db: Connection, defaults: Defaults = None) -> list[BetView]:
        """The bets that are not over, or about which a person must decide something, by number."""
        found = {x.number: x for x in _views(db, db.execute(q.OPEN_BETS).fetchall(), defaults)}
        asked = {x.number: x for x in reviews(db, defaults)}
        return [x for _, x in sorted((asked | found).items())]

    @reads
    def bets_on(self, db: Connection, game: str, defaults: Defaults = None) -> list[BetView]:
        """The bets with a leg on a game, withdrawn ones included, by number."""
        return _views(db, db.execute(q.BETS_WITH_GAME, (game,)).fetchall(), defaults)

    @reads
    def bets_a_game(self, db: Connection) -> dict[str, int]:
        """The number of bets on each game, by its id. A parlay counts with its first game."""
        return {x[0]: x[1] for x in db.execute(q.BETS_A_GAME)}

    @reads
    def bets_page(
        self, db: Connection, most: int, left_out: int = 0, defaults: Defaults = None
    ) -> tuple[list[BetView], int]:
        """One page of bets, by number, and how many bets there are.

        The page has at most `most` bets: the newest but for the first `left_out`.
        """
        rows = db.execute(q.PAGE_OF_BETS, {"most": most, "left_out": left_out}).fetchall()
        count = int(db.execute(q.COUNT_BETS).fetchone()[0])
        return _views(db, rows, defaults), count

    @reads
    def bets_numbered(self, db: Connection, numbers: Sequence[int]) -> list[BetView]:
        """The bets of these numbers, in their order."""
        rows = db.execute(q.NUMBERED_BETS, (pack(list(numbers)),)).fetchall()
        found = {x.number: x for x in _views(db, rows, None)}
        return [found[x] for x in numbers if x in found]

    @reads
    def bet_view(self, db: Connection, number: int, defaults: Defaults = None) -> BetView | None:
        """One bet in its present state, or None when there is no such bet."""
        found = _views(db, db.execute(q.BET, (number,)).fetchall(), defaults)
        return found[0] if found else None

    @reads
    def show_view(self, db: Connection, number: int, defaults: Defaults = None) -> ShowView | None:
        """A bet with its whole history, or None when there is no such bet."""
        row = db.execute(q.BET, (number,)).fetchone()
        if row is None:
            return None
        wagers = Wagers(db, _rules(db, defaults))
        followed = None if row["game_id"] is None else tracked(db, wagers.bets([row]))[0]
        [bet] = _bet_views(db, [row], wagers, {} if followed is None else {number: followed})
        return ShowView(
            bet=bet,
            snapshots=tuple(
                SnapshotView(_snapshot(x), x["poll"], x["game"])
                for x in db.execute(q.SNAPSHOTS, {"bet": number})
            ),
            alerts=tuple(_alerts_view(db, explain=True, bet=number)),
            settlements=tuple(
                from_row(
                    SettlementView,
                    x,
                    settlement=settlement_of(x),
                    official_why=x["official_why"] or "",
                )
                for x in db.execute(q.SETTLEMENTS, (number,))
            ),
            legs=() if followed is None else followed.legs,
        )

    @reads
    def alerts_view(
        self, db: Connection, explain: bool = False, bet: int | None = None
    ) -> list[AlertView]:
        """The alerts in order, of one bet or all.

        With `explain`, decisions to hold back are included.
        """
        return _alerts_view(db, explain=explain, bet=bet)

    @reads
    def status_view(self, db: Connection, defaults: Defaults = None) -> StatusView:
        """A summary: the games and bets followed, and the state of sources and channels."""
        rules = _rules(db, defaults)
        open_trackings = _trackings(db, rules)
        games = tuple(
            GameView(x.game, x.state, x.seen_at, x.changed_at, x.stale, x.lost, len(x.tracked))
            for x in open_trackings
        )
        known = {t.bet.number: t for x in open_trackings for t in x.tracked}
        rows = db.execute(q.NUMBERED_BETS, (pack(sorted(known)),)).fetchall()
        return StatusView(
            daemon=_daemon_view(db),
            games=games,
            bets=tuple(_bet_views(db, rows, Wagers(db, rules), known)),
            unbound=len(db.execute(q.UNBOUND).fetchall()),
            sources=tuple(from_row(SourceStatusView, x) for x in db.execute(q.SOURCE_STATUSES)),
            deliveries={(x["channel"], x["state"]): x["n"] for x in db.execute(q.DELIVERY_COUNTS)},
            decisions={(x["decision"], x["reason"]): x["n"] for x in db.execute(q.DECISION_COUNTS)},
            schema=_pragma(db, "user_version"),
            size_bytes=_pragma(db, "page_count") * _pragma(db, "page_size"),
            bets_file=tuple(unpack(note(db, BETS_FILE) or "{}").get("mistakes", ())),
        )

    @reads
    def daemon(self, db: Connection) -> DaemonView | None:
        """The daemon that last worked on this database, or None when none ever did."""
        return _daemon_view(db)

    @reads
    def trackings(self, db: Connection, defaults: tuple[Rule, ...]) -> list[GameTracking]:
        """Every game with bets to follow, by tip-off, with its bets by number, as last recorded.

        A bet on several games is in the tracking of each.
        """
        return _trackings(db, defaults)


def reviews(db: Connection, defaults: Defaults) -> list[BetView]:
    """The bets whose result or payout a person must decide, by number."""
    found = _views(db, db.execute(q.IN_REVIEW, {"ask": ASK_BOOK}).fetchall(), defaults)
    return [x for x in found if x.review is not None and x.status is not Status.WITHDRAWN]


def _alerts_view(db: Connection, *, explain: bool, bet: int | None) -> list[AlertView]:
    sent: dict[int, list[DeliveryView]] = defaultdict(list)
    for x in db.execute(q.DELIVERIES, {"bet": bet}):
        sent[x["alert"]].append(
            from_row(
                DeliveryView,
                x,
                at=moment(x["updated_at"]),
                possible_repeat=bool(x["repeat"]),
                digest=x["told"] == "sent",
            )
        )
    return [
        AlertView(x["id"], _alert(x), x["bet_name"], tuple(sent[x["id"]]))
        for x in db.execute(q.ALERTS, {"bet": bet, "held": explain})
    ]


def _daemon_view(db: Connection) -> DaemonView | None:
    row = db.execute(q.DAEMON).fetchone()
    return None if row is None else from_row(DaemonView, row)


def _pragma(db: Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _rules(db: Connection, defaults: Defaults) -> tuple[Rule, ...]:
    return last_defaults(db) if defaults is None else defaults


def _views(db: Connection, rows: Sequence[Row], defaults: Defaults) -> list[BetView]:
    """The bets in these rows in their present state, in their order."""
    wagers = Wagers(db, _rules(db, defaults))
    found: list[BetView] = []
    for first in range(0, len(rows), _AT_ONCE):
        some = rows[first : first + _AT_ONCE]
        bound = wagers.bets([x for x in some if x["game_id"] is not None])
        followed = {x.bet.number: x for x in tracked(db, bound)}
        found += _bet_views(db, some, wagers, followed)
    return found


def _bet_views(
    db: Connection, rows: Sequence[Row], wagers: Wagers, followed: Mapping[int, Tracked]
) -> list[BetView]:
    """The bets in these rows in their present state. `followed` are those whose game is known.

    Another may have a result too, as an imported one, or be left to a person.
    """
    numbers = [x["number"] for x in rows]
    unbound = (pack([x for x in numbers if x not in followed]),)
    last = {x["bet"]: moment(x["at"]) for x in db.execute(q.LATEST_OF_BETS, (pack(numbers),))}
    settled = {x["bet"]: settlement_of(x) for x in db.execute(q.SETTLEMENTS_OF_BETS, unbound)}
    asked = {x["bet"]: str(x["why"]) for x in db.execute(q.REVIEWS_OF_BETS, unbound)}
    return [
        _bet_view(x, wagers, followed.get(n), last.get(n), settled.get(n), asked.get(n))
        for n, x in zip(numbers, rows, strict=True)
    ]


def _bet_view(
    row: Row,
    wagers: Wagers,
    followed: Tracked | None,
    chance_at: datetime | None,
    settled: Settlement | None,
    asked: str | None,
) -> BetView:
    """A bet in its present state. `settled` and `asked` are of one whose game is not known."""
    bound = row["game_id"] is not None
    game = wagers.game(row["game_id"]) if bound else None
    about = wagers.about(row["game_id"]) if bound else None
    state = wagers.state(row["game_id"]) if bound else None
    settlement = settled if followed is None else followed.settlement
    stands = None if settlement is None or settlement.taken_back else settlement
    asked = asked if settlement is None else None
    rules = rules_of(row["rules"])
    return BetView(
        number=row["number"],
        draft=draft_of(row),
        market=None if followed is None else followed.bet.market,
        market_text=row["market_text"],
        game=game,
        state=state,
        seen_at=None if about is None else moment_or_none(about["seen_at"]),
        stale=about is not None and bool(about["stale"]),
        rules=wagers.defaults if rules is None else rules,
        added_at=moment(row["added_at"]),
        withdrawn_at=moment_or_none(row["withdrawn_at"]),
        status=_status(row, followed, state, settlement, asked),
        result=None if stands is None else stands.result,
        payout_cents=None if stands is None else stands.payout_cents,
        revision=0 if settlement is None else settlement.revision,
        chance=_chance(followed),
        no_chance=None if followed is None else followed.no_chance,
        chance_at=chance_at,
        peak=None if followed is None else followed.peak,
        low=None if followed is None else followed.low,
        review=asked or _review(followed, settlement),
        out=() if followed is None else followed.out,
        dropped=() if followed is None else followed.dropped,
        may_drop=followed is not None and followed.may_drop,
    )


def _chance(followed: Tracked | None) -> Chance | None:
    """The last chance of a bet; after its result, the chance that the result amounts to."""
    if followed is None or followed.in_force is None:
        return None if followed is None else followed.chance
    return result_chance(followed.in_force.result)


def _review(followed: Tracked | None, settlement: Settlement | None) -> str | None:
    """What a person has to decide about a bet: its result, or what the book paid."""
    if followed is not None:
        return followed.asks
    return settlement.reason if settlement is not None and settlement.asks_payout else None


def _status(
    row: Row,
    followed: Tracked | None,
    state: GameState | None,
    settlement: Settlement | None,
    asked: str | None,
) -> Status:
    if row["withdrawn_at"] is not None and settlement is None:
        return Status.WITHDRAWN
    if asked is not None:
        return Status.NEEDS_REVIEW
    if followed is None:
        return Status.SCHEDULED if settlement is None else Status.OFFICIAL
    return followed.status(state)


def _snapshot(x: Any) -> Snapshot:
    return Snapshot(
        bet=x["bet"],
        game=GameSnapshot(
            at=moment(x["at"]),
            period=x["period"],
            clock=x["clock"],
            game_clock=x["game_clock"],
            score=Score(x["home"], x["away"]),
            mu=ScoreMoments(x["mu_home"], x["mu_away"], x["mu_margin"], x["mu_total"]),
            sigma=ScoreMoments(
                x["sigma_home"], x["sigma_away"], x["sigma_margin"], x["sigma_total"]
            ),
            model_version=x["model_version"],
            feature_version=x["feature_version"],
            prior=None
            if x["prior_by"] is None
            else SourcedPrior(x["prior_margin"], x["prior_total"], x["prior_by"]),
        ),
        chance=stored_chance(x),
        calibration_id=x["calibration_id"],
        part=None
        if x["part_win"] is None
        else Chance(x["part_win"], x["part_push"], x["part_lose"]),
        no_chance=None if x["no_chance"] is None else NoChance(x["no_chance"]),
        raw=None if x["raw_win"] is None else Chance(x["raw_win"], x["raw_push"], x["raw_lose"]),
        own=None if x["own_mu"] is None else OwnFigure(x["own"], x["own_mu"], x["own_sigma"]),
    )


def _alert(x: Row) -> Alert:
    unstored = dict.fromkeys(("due_at", "leg", "leg_was"))
    return from_row(Alert, x, score=Score(x["home"], x["away"]), **unstored)
