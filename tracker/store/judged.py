"""Reads what was said of settled bets, so that it can be held against what came."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date

from tracker.engine.record import Said

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


_ALERTS = """
SELECT alert.rule, count(*) AS alerts,
  avg(CASE WHEN alert.rule LIKE 'p >=%' THEN alert.p WHEN alert.rule LIKE 'p <=%'
    THEN 1 - alert.p END) AS promised,
  avg(CASE WHEN outcome.result IN ('won', 'lost') THEN
    CASE WHEN alert.rule LIKE 'p >=%' THEN outcome.result = 'won'
      WHEN alert.rule LIKE 'p <=%' THEN outcome.result = 'lost' END END) AS held,
  sum(alert.rule LIKE 'p _=%' AND outcome.result IN ('won', 'lost')) AS decided,
  avg((julianday(game.final_at) - julianday(alert.at)) * 1440) AS early,
  sum(alert.episode > 1) AS repeats
FROM alert JOIN outcome ON outcome.bet = alert.bet JOIN game ON game.id = alert.game
WHERE alert.decision = 'fired' AND (:since IS NULL OR outcome.day >= :since)
  AND (:until IS NULL OR outcome.day <= :until)
GROUP BY alert.rule ORDER BY alerts DESC, alert.rule
"""


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """What came of the alerts of one rule, on bets that are settled.

    `promised` is how often the alerts' own chances said that they would come true, `held` how often
    the `decided` ones did; both are None for rules that promise nothing. `early` is the mean number
    of minutes before the end of the game. `repeats` are alerts that came again after the chance had
    gone back: with hindsight the earlier one was too soon.
    """

    rule: str
    alerts: int
    promised: float | None
    held: float | None
    decided: int
    early: float | None
    repeats: int


def judged_rules(
    db: sqlite3.Connection, since: date | None, until: date | None
) -> tuple[JudgedRule, ...]:
    """What came of the alerts that were sent on games from one day to another, by rule."""
    values = {
        "since": None if since is None else since.isoformat(),
        "until": None if until is None else until.isoformat(),
    }
    return tuple(
        JudgedRule(
            x["rule"],
            x["alerts"],
            x["promised"],
            x["held"],
            x["decided"],
            x["early"],
            x["repeats"],
        )
        for x in db.execute(_ALERTS, values)
    )


_FIRST_SAID = """
SELECT said.bet, said.p, said.won FROM (
  SELECT snapshot.bet, snapshot.win / (snapshot.win + snapshot.lose) AS p,
    outcome.result = 'won' AS won, min(snapshot.poll)
  FROM snapshot JOIN outcome ON outcome.bet = snapshot.bet
  WHERE outcome.result IN ('won', 'lost') AND snapshot.win > 0 AND snapshot.lose > 0
    AND (:since IS NULL OR outcome.day >= :since) AND (:until IS NULL OR outcome.day <= :until)
  GROUP BY snapshot.bet
) AS said ORDER BY said.bet
"""


def first_said(db: sqlite3.Connection, since: date | None, until: date | None) -> list[Said]:
    """The first chance that was told of each bet on games from one day to another."""
    values = {
        "since": None if since is None else since.isoformat(),
        "until": None if until is None else until.isoformat(),
    }
    return [Said(x["bet"], x["p"], bool(x["won"])) for x in db.execute(_FIRST_SAID, values)]
