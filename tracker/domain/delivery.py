"""Deliveries: an alert on its way through one channel, and what can come of sending it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.domain.alert import Reason
from tracker.domain.policy import Level


class DeliveryState(StrEnum):
    """Where a delivery stands.

    `due` has certainly not been delivered, `unknown` may have been; both are tried again. `sent`,
    `refused` and `expired` are ends: every recorded alert reaches one of them on every channel.
    """

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    EXPIRED = "expired"

    @property
    def over(self) -> bool:
        """Nothing more will be tried."""
        return self in (DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert on its way through one channel.

    `alert_id` is the number that a repeat carries too. `text` is what the person reads; `level` is
    how loud. `attempts` counts this one. `possible_repeat` is whether an earlier attempt may have
    arrived: the message must then say so. After `expires_at` it is no longer worth sending; None is
    never. `bet` is the short number: with `rule` and `episode` it names the alert. What the program
    says of itself has neither `bet` nor `game` (an id). `reason` is that of the decision.
    """

    alert_id: int
    channel: str
    text: str
    level: Level
    created_at: datetime
    expires_at: datetime | None
    attempts: int
    possible_repeat: bool
    bet: int | None
    rule: str
    episode: int
    game: str | None = None
    reason: Reason = Reason.HAPPENED

    @property
    def held(self) -> bool:
        """Whether it was held back on purpose, to be told in a digest."""
        return self.reason in (Reason.QUIET, Reason.SNOOZED, Reason.OVER_BUDGET)


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel has taken the message."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel said no for good. `why` is one sentence without secrets."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The message certainly did not arrive; it may be tried again after `retry_after` seconds."""

    why: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The message may have arrived: the answer was lost."""

    why: str


Outcome = Sent | Refused | Failed | Unknown
