"""Keeps which message is the live card of which game, so that a restart edits it further.

A card is marked as being sent before it leaves. One that was being sent when the program died, or
whose answer was lost, may stand in the chat without our knowing its name: it is then posted again,
marked as such, and the earlier one is left behind.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.store.database.columns import moment, stamp
from tracker.store.database.connection import Database

_RECOVER = """
UPDATE card SET state = 'unknown', at = :at,
  detail = 'the program stopped while the card was being sent'
WHERE state = 'sending'
"""

_OF_CHANNEL = "SELECT * FROM card WHERE channel = ? ORDER BY id"

_BEGIN = """
INSERT INTO card (channel, game, state, at) VALUES (:channel, :game, 'sending', :at)
ON CONFLICT (channel, game) DO UPDATE SET
  doubtful = max(doubtful, state IN ('unknown', 'sending')), message = NULL, state = 'sending',
  closed = 0, at = excluded.at
RETURNING *
"""

_FINISH = """
UPDATE card SET state = :state, message = :message, detail = :detail, at = :at
WHERE channel = :channel AND game = :game AND state = 'sending'
"""

_CLOSE = """
UPDATE card SET closed = 1, at = :at WHERE channel = :channel AND game = :game AND closed = 0
"""

_BY_ID = "SELECT * FROM card WHERE id = ?"

_OF_ALERTS = """
SELECT card.message FROM alert
JOIN bet ON bet.number = alert.bet
JOIN card ON card.game = bet.game_id AND card.channel = :channel AND card.state = 'shown'
WHERE alert.id = :alert
"""

_EARLIER = """
SELECT snapshot.bet, snapshot.at, snapshot.win FROM game_poll
JOIN poll ON poll.id = game_poll.poll
CROSS JOIN snapshot ON snapshot.poll = poll.id
WHERE game_poll.game = :game AND poll.at >= :since AND snapshot.win IS NOT NULL
ORDER BY poll.id
"""


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card on a channel. `message` is the channel's own name of it, None unless it is shown.

    `state` is one of `due`, `sending`, `shown`, `unknown` and `refused`; `doubtful` is whether an
    earlier card of the game may stand in the chat too.
    """

    id: int
    channel: str
    game: str
    state: str
    message: str | None
    doubtful: bool
    closed: bool
    at: datetime


class Cards:
    """The cards of an open database."""

    def __init__(self, database: Database) -> None:
        """Made by the store."""
        self._db = database

    async def of(self, channel: str) -> list[CardRow]:
        """Every card of a channel, oldest first."""

        def work(db: sqlite3.Connection) -> list[CardRow]:
            return [_card(row) for row in db.execute(_OF_CHANNEL, (channel,))]

        return await self._db.read(work)

    async def find(self, number: int) -> CardRow | None:
        """The card with this id, which a button carries; None when there is none."""

        def work(db: sqlite3.Connection) -> CardRow | None:
            row = db.execute(_BY_ID, (number,)).fetchone()
            return None if row is None else _card(row)

        return await self._db.read(work)

    async def begin(self, channel: str, game: str, at: datetime) -> CardRow:
        """Mark the card of a game as being sent, whatever became of an earlier one."""
        values = {"channel": channel, "game": game, "at": stamp(at)}

        def work(db: sqlite3.Connection) -> CardRow:
            return _card(db.execute(_BEGIN, values).fetchone())

        return await self._db.write(work)

    async def finish(
        self, channel: str, game: str, outcome: Outcome, message: str | None, at: datetime
    ) -> None:
        """Write down what came of sending a card; `message` is its name where it was sent."""
        state, detail = _meaning(outcome)
        values = {
            "channel": channel,
            "game": game,
            "state": state if message is not None or state != "shown" else "unknown",
            "message": message if state == "shown" else None,
            "detail": detail,
            "at": stamp(at),
        }
        await self._db.write(lambda db: db.execute(_FINISH, values))

    async def close(self, channel: str, game: str, at: datetime) -> None:
        """Write down that a card shows the last that there is to show."""
        values = {"channel": channel, "game": game, "at": stamp(at)}
        await self._db.write(lambda db: db.execute(_CLOSE, values))

    async def under(self, channel: str, alert_ids: tuple[int, ...]) -> str | None:
        """The message of the card that the first of these alerts belongs to, where one is shown."""

        def work(db: sqlite3.Connection) -> str | None:
            for alert in alert_ids:
                row = db.execute(_OF_ALERTS, {"channel": channel, "alert": alert}).fetchone()
                if row is not None:
                    return str(row["message"])
            return None

        return await self._db.read(work, urgent=True)

    async def chances(self, game: str, since: datetime) -> list[tuple[int, datetime, float]]:
        """The chances of winning of a game's bets from polls since then: (bet, at, chance)."""

        def work(db: sqlite3.Connection) -> list[tuple[int, datetime, float]]:
            rows = db.execute(_EARLIER, {"game": game, "since": stamp(since)})
            return [(row["bet"], moment(row["at"]), row["win"]) for row in rows]

        return await self._db.read(work)


def recover(db: sqlite3.Connection, at: datetime) -> int:
    """After a start: what was being sent may be shown. Returns how many cards that is."""
    return db.execute(_RECOVER, {"at": stamp(at)}).rowcount


def _meaning(outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Sent():
            return "shown", ""
        case Refused(why):
            return "refused", why
        case Failed(why, _):
            return "due", why
        case Unknown(why):
            return "unknown", why


def _card(row: sqlite3.Row) -> CardRow:
    return CardRow(
        id=row["id"],
        channel=row["channel"],
        game=row["game"],
        state=row["state"],
        message=row["message"],
        doubtful=bool(row["doubtful"]),
        closed=bool(row["closed"]),
        at=moment(row["at"]),
    )
