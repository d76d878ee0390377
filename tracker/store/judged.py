"""Reads what was said of settled bets, so that it can be held against what came."""

from __future__ import annotations

import sqlite3

from tracker.domain.record import Said

_SAID = """
SELECT snapshot.bet, snapshot.win / (snapshot.win + snapshot.lose) AS p,
  settlement.result = 'won' AS won, max(snapshot.at) AS last
FROM snapshot JOIN settlement ON settlement.bet = snapshot.bet
WHERE settlement.result IN ('won', 'lost')
  AND settlement.revision = (
    SELECT max(revision) FROM settlement AS later WHERE later.bet = snapshot.bet
  )
  AND snapshot.win > 0 AND snapshot.lose > 0
GROUP BY snapshot.bet, snapshot.leg, snapshot.period, CAST(snapshot.clock / 60 AS INTEGER)
ORDER BY snapshot.bet, last
"""
"""Of each minute of game time the last chance: of each game, where a parlay is over several. SQLite
takes the row that max() comes from."""


def said(db: sqlite3.Connection) -> list[Said]:
    """The chances that were told of bets that were won or lost, one for each game minute.

    What was told of a bet that was decided already, and of one that can no longer be, is left out.
    """
    return [Said(x["bet"], x["p"], bool(x["won"])) for x in db.execute(_SAID)]
