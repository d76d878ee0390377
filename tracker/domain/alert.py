"""Alerts: each decision of a rule, fired or held, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.domain.game import Score
from tracker.domain.policy import Level


class Reason(StrEnum):
    """Why a rule fired, or why it did not."""

    CROSSED = "crossed"
    SWUNG = "swung"
    HAPPENED = "happened"
    BELOW = "below"
    BEYOND_WHEN_ADDED = "beyond_when_added"
    HOLDING = "holding"
    NOT_REARMED = "not_rearmed"
    REARMED = "rearmed"
    TOLD_BEFORE = "told_before"
    RENEWED = "renewed"
    COOLING_DOWN = "cooling_down"
    STALE = "stale"
    FEED_DOWN = "feed_down"
    OVER_BUDGET = "over_budget"
    TOLD = "told"
    TAKEN_BACK = "taken_back"
    PARLAY_DEAD = "parlay_dead"
    SNOOZED = "snoozed"
    QUIET = "quiet"
    OFF = "off"


class Decision(StrEnum):
    """What came of a rule at one moment."""

    FIRED = "fired"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Alert:
    """One decision about one rule of one bet.

    (`bet`, `rule`, `episode`) names a firing for ever: episode counts a rule's firings from 1, and
    a held decision carries the episode that it would have been. `p` and `was` are chances of
    winning. `text` is the message as it was worded when decided; empty when nothing is to be said.
    `due_at` is when it may leave at the earliest, None for at once; a held decision that has one is
    told then, in a digest. `leg` is the place of the leg that moved a parlay, `leg_was` its chance
    before: for the wording, and not stored.
    """

    bet: int
    rule: str
    episode: int
    at: datetime
    decision: Decision
    reason: Reason
    game_clock: str
    score: Score
    p: float | None = None
    was: float | None = None
    detail: str = ""
    text: str = ""
    expires_at: datetime | None = None
    level: Level = Level.DEFAULT
    due_at: datetime | None = None
    leg: int | None = None
    leg_was: float | None = None

    @property
    def told(self) -> bool:
        """Whether there is something to say: at once, or in a digest later."""
        return self.decision is Decision.FIRED or self.due_at is not None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that the program says of itself: started, stopped, a feed lost, a night's digest.

    (`kind`, `episode`) names it for ever, so that recording it again adds nothing.
    """

    kind: str
    episode: int
    at: datetime
    text: str
    level: Level = Level.LOW
    expires_at: datetime | None = None
    due_at: datetime | None = None
