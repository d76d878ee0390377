"""Trials of models: what a champion and a challenger predicted side by side, and the verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from sqlite3 import Connection, Row
from typing import Any

from tracker.domain.chance import Chance
from tracker.store.database import Subject, reads, writes
from tracker.store.database.columns import (
    chance_columns,
    from_row,
    inserting,
    moment,
    stamp,
    to_columns,
    unpack,
)

_START = inserting(
    "trial",
    "league kind champion champion_version challenger challenger_version fitted_until began_at",
    "ON CONFLICT DO NOTHING",
)

_END = "UPDATE trial SET ended_at = ?, outcome = ? WHERE id = ? AND ended_at IS NULL"

_TRIALS = "SELECT * FROM trial WHERE :open = 0 OR ended_at IS NULL ORDER BY id DESC"

_SHADOW = inserting("shadow", "trial game moment subject at said why", "ON CONFLICT DO NOTHING")

_SHADOW_BET = inserting(
    "shadow_bet",
    "trial bet game minutes_left at champion win push lose",
    "ON CONFLICT DO NOTHING",
)

_SHADOWS = """
SELECT shadow.*, game.slate AS day, iif(
  slate_state ->> '$.phase' = 'final', slate_state, state) AS told
FROM shadow JOIN game ON game.id = shadow.game
WHERE trial = ? ORDER BY game.start_at, game, shadow.at, subject
"""


_FINALS = """
SELECT game_id, player, stats FROM player_game
WHERE game_id IN (SELECT game FROM shadow WHERE trial = ?)
"""

_BETS = """
SELECT avg((shadow_bet.champion - won) * (shadow_bet.champion - won)) AS champion,
  avg((p - won) * (p - won)) AS challenger, count(DISTINCT bet) AS bets
FROM (
  SELECT shadow_bet.*, win / (win + lose) AS p, outcome.result = 'won' AS won
  FROM shadow_bet JOIN outcome USING (bet)
  WHERE trial = ? AND outcome.official AND result IN ('won', 'lost') AND win + lose > 0
) AS shadow_bet
"""

_VERDICT = """
INSERT INTO trial_verdict (trial, at, verdict, clauses, told)
SELECT :trial, :at, :verdict, :clauses, :told WHERE :ends OR :verdict IS NOT (
  SELECT verdict FROM trial_verdict WHERE trial = :trial ORDER BY id DESC LIMIT 1
)
"""

_LAST_VERDICTS = """
SELECT * FROM trial_verdict WHERE id IN (SELECT max(id) FROM trial_verdict GROUP BY trial)
"""

_UNREPORTED = """
SELECT trial_verdict.*, trial.league, trial.kind, trial.champion, trial.challenger, trial.outcome
FROM trial_verdict JOIN trial ON trial.id = trial_verdict.trial
WHERE NOT told ORDER BY trial_verdict.id
"""


class TrialOutcome(StrEnum):
    """How a trial ended."""

    PROMOTED = "promoted"
    REJECTED = "rejected"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial of a challenger beside the champion of a league and kind (`games`, `players`).

    Both are named as in the registry, with the version of their content when the trial began. Games
    up to and including the day `fitted_until` are no evidence: one of the models may have been
    fitted on them.
    """

    id: int
    league: str
    kind: str
    champion: str
    champion_version: str
    challenger: str
    challenger_version: str
    fitted_until: date | None
    began_at: datetime
    ended_at: datetime | None = None
    outcome: TrialOutcome | None = None


@dataclass(frozen=True, slots=True)
class Shadow:
    """Both models' predictions for a game at a moment, or why the challenger made none.

    `subject` is empty for the game, or a player's key. `said` has plain numbers and lists by name.
    """

    trial: int
    game: str
    moment: str
    subject: str
    at: datetime
    said: Mapping[str, Any]
    why: str = ""


@dataclass(frozen=True, slots=True)
class ShadowBet:
    """Both models' chances for a bet in one minute of a game.

    `champion` is the champion's chance of winning, given no push; `chance` is the challenger's.
    """

    trial: int
    bet: int
    game: str
    minutes_left: int
    at: datetime
    champion: float
    chance: Chance


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A shadow with the final score as (home, away) points, None before the end."""

    shadow: Shadow
    day: date
    score: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class TrialVerdict:
    """A verdict of the promotion gate and when it was first given. `clauses` are plain values."""

    at: datetime
    verdict: str
    clauses: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class UnreportedVerdict:
    """A verdict that no message has been queued about, with its trial."""

    id: int
    league: str
    kind: str
    champion: str
    challenger: str
    verdict: str
    outcome: TrialOutcome | None


class Trials(Subject):
    """The trials of an open database."""

    @writes
    def start(self, db: Connection, trial: Trial) -> int | None:
        """Begin a trial; its `id` is ignored. Returns the one that it got.

        None while another of its league and kind runs.
        """
        begun = db.execute(_START, to_columns(trial))
        return begun.lastrowid if begun.rowcount > 0 else None

    @writes
    def end(self, db: Connection, number: int, outcome: TrialOutcome, now: datetime) -> None:
        """End a trial. One that has ended stays as it is."""
        db.execute(_END, (stamp(now), outcome.value, number))

    @reads
    def list(self, db: Connection, *, open_only: bool = False) -> tuple[Trial, ...]:
        """The trials, the latest first."""
        rows = db.execute(_TRIALS, {"open": int(open_only)})
        return tuple(from_row(Trial, x) for x in rows)

    @writes
    def keep(self, db: Connection, shadows: Sequence[Shadow], bets: Sequence[ShadowBet]) -> None:
        """Write down predictions. Those that are stored already stay."""
        db.executemany(_SHADOW, map(_shadow_row, shadows))
        db.executemany(_SHADOW_BET, (to_columns(x) | chance_columns(x.chance) for x in bets))

    @reads
    def shadowed(self, db: Connection, number: int) -> tuple[Shadowed, ...]:
        """All predictions of a trial, by game in order of play, with the final scores."""
        return tuple(map(_shadowed, db.execute(_SHADOWS, (number,))))

    @reads
    def finals(self, db: Connection, number: int) -> dict[str, dict[str, dict[str, int]]]:
        """The players' final figures in a trial's games, by game, player key and statistic."""
        found: dict[str, dict[str, dict[str, int]]] = {}
        for x in db.execute(_FINALS, (number,)):
            found.setdefault(x["game_id"], {})[x["player"]] = dict(unpack(x["stats"]))
        return found

    @reads
    def on_bets(self, db: Connection, number: int) -> tuple[float | None, float | None, int]:
        """The Brier scores of champion and challenger on official bets, and the number of bets."""
        row = db.execute(_BETS, (number,)).fetchone()
        return row["champion"], row["challenger"], row["bets"]

    @writes
    def judged(
        self,
        db: Connection,
        number: int,
        found: TrialVerdict,
        outcome: TrialOutcome | None = None,
        *,
        quiet: bool = False,
    ) -> None:
        """Write down a verdict that differs from the last one, or that ends its trial.

        `outcome` is how the trial ends by it, None where it goes on. A `quiet` verdict needs no
        message.
        """
        values = {
            "trial": number,
            "at": stamp(found.at),
            "verdict": found.verdict,
            "clauses": json.dumps([dict(x) for x in found.clauses]),
            "told": int(quiet),
            "ends": outcome is not None,
        }
        db.execute(_VERDICT, values)
        if outcome is not None:
            db.execute(_END, (stamp(found.at), outcome.value, number))

    @reads
    def verdicts(self, db: Connection) -> dict[int, TrialVerdict]:
        """The last verdict on each trial that has one, by its number."""
        return {
            x["trial"]: TrialVerdict(moment(x["at"]), x["verdict"], json.loads(x["clauses"]))
            for x in db.execute(_LAST_VERDICTS)
        }

    @reads
    def unreported(self, db: Connection) -> tuple[UnreportedVerdict, ...]:
        """The verdicts that no message has been queued about."""
        return tuple(from_row(UnreportedVerdict, x) for x in db.execute(_UNREPORTED))

    @writes
    def mark_reported(self, db: Connection, number: int) -> None:
        """Write down that a message about a verdict was queued."""
        db.execute("UPDATE trial_verdict SET told = 1 WHERE id = ?", (number,))


def _shadow_row(x: Shadow) -> dict[str, object]:
    said = json.dumps(x.said, separators=(",", ":"), allow_nan=False)
    return to_columns(x) | {"said": said}


def _shadowed(x: Row) -> Shadowed:
    said = None if x["told"] is None else json.loads(x["told"])
    over = said is not None and said["phase"] == "final"
    return Shadowed(
        from_row(Shadow, x, said=json.loads(x["said"])),
        date.fromisoformat(x["day"]),
        (said["score"][0], said["score"][1]) if over and said is not None else None,
    )
