"""Records a poll with all that it changed, down to the deliveries, in one transaction."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

from tracker.domain.bet import GameSnapshot, Settlement, Snapshot
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState
from tracker.domain.policy import Fact
from tracker.domain.poll import Document, Origin, Poll, Unreadable, Usage
from tracker.domain.tracking import Change, GameTracking, RuleState
from tracker.store import queries as q
from tracker.store.alerting import keep_alert
from tracker.store.bet_rows import keep_legs, keep_standing, odds_of
from tracker.store.database import Subject, writes
from tracker.store.database.columns import (
    pack,
    pack_state,
    stamp,
    stamp_or_none,
    to_columns,
    upserting,
)
from tracker.store.outcomes import keep as keep_outcome
from tracker.store.players import keep_games, player_games
from tracker.store.views import DaemonView

_LEVEL = 6
"""zlib's default level: it packs a box score of 100 kB to a tenth in about 2 ms."""


_OF_A_RESULT = frozenset({Fact.SETTLED.value, Fact.REGRADED.value})
"""The rules whose alerts tell a result."""


_SOURCE_STATUS = """
INSERT INTO pulse (source, last_ok_at, last_try_at, word)
VALUES (:source, iif(:word = 'ok', :at, NULL), :at, :word)
ON CONFLICT (source) DO UPDATE SET
  last_ok_at = coalesce(excluded.last_ok_at, last_ok_at),
  last_try_at = excluded.last_try_at, word = excluded.word
"""

_SEEN = """
UPDATE game SET seen_at = :at, stale = :stale
WHERE id = :game AND state IS NOT NULL AND coalesce(seen_at, '') <= :at
"""

_END_CHANCES = """
UPDATE delivery SET expires_at = :at WHERE state IN ('due', 'unknown') AND EXISTS (
  SELECT 1 FROM alert WHERE id = delivery.alert AND bet = :bet
    AND rule NOT IN (SELECT value FROM json_each(:facts)))
"""

_KEEP_DAEMON = upserting(
    "daemon", "one", "pid started_at version clock_start clock_speed clock_anchor"
)


Followed = Mapping[int, int]
"""The bets on a game that are not withdrawn, each with its first leg on that game."""


class RecordedPolls(Subject):
    """What polls bring, on an open database."""

    async def record(self, poll: Poll, change: Change, channels: Sequence[str]) -> int:
        """Write one poll with all that it changed, deliveries included. Returns the poll's id.

        Recording the same poll again adds nothing, so a call whose answer was lost may be repeated.
        A change with an alert to send goes before other waiting work.
        """
        return (await self.record_all([(poll, change)], channels))[0]

    async def record_all(
        self, decided: Sequence[tuple[Poll, Change]], channels: Sequence[str]
    ) -> list[int]:
        """Write several polls with their changes in one transaction, in the order of decision.

        Returns the polls' ids. Bets that have been withdrawn meanwhile are left out, and so are
        those that were settled by a price which was changed meanwhile: the next poll settles them
        by the new one.
        """
        urgent = any(x.notifies for _, change in decided for x in change.alerts)

        def work(db: Connection) -> list[int]:
            return [_record(db, poll, change, channels) for poll, change in decided]

        return await self._db.write(work, urgent=urgent)

    @writes
    def keep_answers(
        self,
        db: Connection,
        answers: Mapping[str, tuple[datetime, str]],
        looks: Mapping[str, tuple[datetime, bool]],
        usages: Mapping[str, Usage],
        at: datetime,
    ) -> None:
        """Write down, in one transaction, the answers of sources that changed no game.

        `answers` has each source's last answer: its time, and `ok` or the trouble. `looks` has, by
        game id, when the game was last reported and whether it is stale. `usages` has the requests
        sent to each host up to `at`, by the name of its settings; when empty, the last counts stay.
        """
        from tracker.store.upkeep import keep_usage

        told = [{"source": x, "at": stamp(at), "word": word} for x, (at, word) in answers.items()]
        db.executemany(_SOURCE_STATUS, told)
        seen = [{"game": x, "at": stamp(at), "stale": stale} for x, (at, stale) in looks.items()]
        db.executemany(_SEEN, seen)
        if usages:
            keep_usage(db, usages, at)

    @writes
    def keep_daemon(self, db: Connection, daemon: DaemonView) -> None:
        """Write down which daemon works on this database, and on which clock."""
        db.execute(_KEEP_DAEMON, to_columns(daemon) | {"one": 1})


def _record(db: Connection, poll: Poll, change: Change, channels: Sequence[str]) -> int:
    number = _keep_poll(db, poll)
    db.execute(q.BELIEVE, _belief(change.tracking))
    _keep_players(db, poll, change.tracking)
    if change.empty:
        return number
    repriced = _repriced(db, change)
    followed: Followed = {
        x["bet"]: x["leg"]
        for x in db.execute(q.FOLLOWED, (change.tracking.game.id,))
        if x["bet"] not in repriced
    }
    _keep_snapshots(db, change, number, followed)
    keep_rules(db, (x for x in change.rules if x.bet in followed))
    beaten = _keep_results(db, change, number, followed)
    for alert in change.alerts:
        if alert.bet in followed and not (alert.bet in beaten and alert.rule in _OF_A_RESULT):
            keep_alert(db, alert, change.tracking.game.id, number, followed[alert.bet], channels)
    keep_legs(db, (x for x in change.legs if x.bet in followed))
    touched = _touched(change) & followed.keys()
    known = [x for x in change.tracking.tracked if x.bet.number in touched or x.groups]
    keep_standing(db, (x for x in known if x.bet.number in followed))
    return number


def _repriced(db: Connection, change: Change) -> set[int]:
    """The bets with a new result whose price is not the one by which they were paid."""
    bets = {x.bet.number: x.bet for x in change.tracking.tracked}
    settled = {x.bet for x in change.settlements} & bets.keys()
    rows = [db.execute(q.BET, (number,)).fetchone() for number in settled]
    return {
        x["number"]
        for x in rows
        if (odds_of(x), x["stake_cents"], bool(x["free"]), x["book"]) != bets[x["number"]].terms
    }


def _touched(change: Change) -> set[int]:
    """The bets that the change says anything about."""
    seen = {x.bet for x in change.snapshots} | {x.bet for x in change.rules}
    touched = {x.bet for x in change.alerts} | {x.bet for x in change.legs}
    ended = {x.bet for x in change.settlements} | {x.bet for x in change.confirmations}
    return seen | touched | ended


def game_columns(game: Game) -> dict[str, object]:
    """A game's facts as columns."""
    return {
        "id": game.id,
        "league": game.league,
        "home": game.home,
        "away": game.away,
        "start_at": stamp(game.start),
        "day": None if game.day is None else game.day.isoformat(),
        "slate": game.slate.isoformat(),
        "neutral": game.neutral,
    }


def _keep_poll(db: Connection, poll: Poll) -> int:
    silent = poll.reading if isinstance(poll.reading, Unreadable) and not poll.digest else None
    document = Document(poll.source, poll.path, poll.at, poll.body, poll.digest)
    return keep_document(db, document, silent)


def keep_document(db: Connection, document: Document, silent: Unreadable | None = None) -> int:
    """Write down a source's answer, and its body unless that is stored.

    Returns its number as a poll.
    """
    values = {
        "source": document.source,
        "path": document.path,
        "at": stamp(document.at),
        "digest": document.digest,
        "trouble": None if silent is None else silent.trouble.value,
        "why": None if silent is None else silent.why,
    }
    db.execute(q.ADD_POLL, values)
    number: int = db.execute(q.POLL_ID, values).fetchone()[0]
    if document.digest and db.execute(q.HAS_BODY, (document.digest,)).fetchone() is None:
        packed = zlib.compress(document.body, _LEVEL)
        db.execute(q.ADD_BODY, (document.digest, len(document.body), packed))
    return number


def _origin(origin: Origin | None) -> str | None:
    return None if origin is None else pack([origin.source, origin.path])


def _belief(tracking: GameTracking) -> dict[str, object]:
    held = tracking.held
    return game_columns(tracking.game) | {
        "state": None if tracking.state is None else pack_state(tracking.state),
        "told_by": _origin(tracking.told_by),
        "held": None if held is None else pack_state(held.state),
        "held_polls": 0 if held is None else held.polls,
        "held_by": None if held is None else _origin(held.origin),
        "held_since": None if held is None else stamp(held.since),
        "held_wait_s": 0.0 if held is None else held.wait.total_seconds(),
        "changed_at": stamp_or_none(tracking.changed_at),
        "seen_at": stamp_or_none(tracking.seen_at),
        "final_at": stamp_or_none(tracking.final_at),
        "checks": tracking.checks,
        "stale": tracking.stale,
        "lost": tracking.lost,
        "still_until": stamp_or_none(tracking.still_until),
    }


def _keep_players(db: Connection, poll: Poll, tracking: GameTracking) -> None:
    """Store what the players did, where the poll has the final box of a game believed over."""
    reading = poll.reading
    if isinstance(reading, GameState) and reading == tracking.state:
        keep_games(db, tracking.game.league, player_games(replace(reading, game=tracking.game)))


def _keep_snapshots(db: Connection, change: Change, poll: int, followed: Followed) -> None:
    taken = [x for x in change.snapshots if x.bet in followed]
    if not taken:
        return
    shared, key = taken[0].game, {"game": change.tracking.game.id, "poll": poll}
    db.execute(q.ADD_GAME_SNAPSHOT, _game_snapshot(shared) | key)
    number = db.execute(q.GAME_SNAPSHOT_ID, key).fetchone()[0]
    rows: dict[int, list[tuple[object, ...]]] = defaultdict(list)
    for x in taken:
        row = _snapshot(x, number, followed[x.bet])
        rows[len(row)].append(row)
    for size, same in rows.items():
        db.executemany(q.ADD_SNAPSHOT[size], same)
    at = stamp(shared.at)
    db.executemany(q.KEEP_LATEST, (_latest(x, at) for x in taken if x.chance is not None))


def _latest(x: Snapshot, at: str) -> tuple[object, ...]:
    certain = x.chance is None or x.chance.decided
    still_open = None if certain else x.known.win
    return (x.bet, at, *_results(x.chance), still_open, still_open)


def _results(chance: Chance | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if chance is None else (chance.win, chance.push, chance.lose)


def _game_snapshot(x: GameSnapshot) -> dict[str, object]:
    prior = x.prior
    return {
        "at": stamp(x.at),
        "period": x.period,
        "clock": x.clock,
        "game_clock": x.game_clock,
        "home": x.score.home,
        "away": x.score.away,
        "mu_home": x.mu.home,
        "mu_away": x.mu.away,
        "mu_margin": x.mu.margin,
        "mu_total": x.mu.total,
        "sigma_home": x.sigma.home,
        "sigma_away": x.sigma.away,
        "sigma_margin": x.sigma.margin,
        "sigma_total": x.sigma.total,
        "model_version": x.model_version,
        "feature_version": x.feature_version,
        "prior_margin": None if prior is None else prior.margin,
        "prior_total": None if prior is None else prior.total,
        "prior_by": None if prior is None else prior.by,
    }


def _snapshot(x: Snapshot, game_snapshot: int, leg: int) -> tuple[object, ...]:
    """The values of a snapshot, without the last ones that are None where nearly all have none."""
    row = (game_snapshot, x.bet, leg, *_results(x.chance), x.calibration_id)
    own = (None, None, None) if x.own is None else (x.own.now, x.own.mu, x.own.sigma)
    if x.part is None and x.raw is None and x.no_chance is None:
        return row if x.own is None else (*row, *own)
    why = None if x.no_chance is None else x.no_chance.value
    return (*row, *own, why, *_results(x.part), *_results(x.raw))


def settle(db: Connection, settled: Settlement, poll: int | None) -> bool:
    """Write a result, after which the bet's chances are of no use; False if it is there by now."""
    at = stamp(settled.at)
    values = to_columns(settled) | {"evidence_poll": poll, "settled_at": at}
    new = db.execute(q.SETTLE, values).rowcount == 1
    if new:
        facts = pack([x.value for x in Fact])
        db.execute(_END_CHANCES, {"bet": settled.bet, "at": at, "facts": facts})
    return new


def keep_rules(db: Connection, rules: Iterable[RuleState]) -> None:
    """Store the states of rules."""
    db.executemany(q.KEEP_RULE, (_rule(x) for x in rules))


def _rule(x: RuleState) -> dict[str, object]:
    return {
        "bet": x.bet,
        "rule": x.rule,
        "phase": x.phase.value,
        "episode": x.episode,
        "streak": x.streak,
        "reason": None if x.reason is None else x.reason.value,
        "fired": pack([stamp(t) for t in x.fired]),
        "flipped": x.flipped,
        "swing_window": pack([[stamp(t), p] for t, p in x.window]),
        "told": pack(x.extremes or x.announced),
    }


def _keep_results(db: Connection, change: Change, poll: int, followed: Followed) -> frozenset[int]:
    """Store results, confirmations and reviews.

    Returns the bets of which another result stands: a person has given one since the last reading.
    """
    beaten = set()
    for settled in change.settlements:
        # The table ignores a revision that exists already.
        if settled.bet in followed and not settle(db, settled, poll):
            beaten.add(settled.bet)
    confirmed = [x for x in change.confirmations if x.bet in followed]
    db.executemany(q.CONFIRM, ((x.bet, x.revision, stamp(x.at), poll, x.why) for x in confirmed))
    ended = {x.bet for x in change.settlements} | {x.bet for x in confirmed}
    for number in sorted(ended & followed.keys()):
        keep_outcome(db, number)
    reviewed = [x for x in change.reviews if x.bet in followed]
    db.executemany(q.ADD_REVIEW, ((x.bet, stamp(x.at), x.why, poll) for x in reviewed))
    return frozenset(beaten)
