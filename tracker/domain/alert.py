"""Alerts: each decision of a rule, fired or held, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.domain.game import Score


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
    COOLING_DOWN = "cooling_down"
    STALE = "stale"
    OVER_BUDGET = "over_budget"


class Decision(StrEnum):
    """What came of a rule at one moment."""

    FIRED = "fired"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Alert:
    """One decision about one rule of one bet.

    (`bet`, `rule`, `episode`) names a firing for ever: episode counts a rule's firings from 1, and
    a held decision carries the episode that it would have been. `p` and `was` are chances of
    winning. `text` is the message as it was worded when decided; empty when held.
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
