"""Alerts: a rule's decision, its delivery through a channel, and the templates of its message."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from string import Formatter

from tracker.domain.game import Score
from tracker.domain.policy import CHANCE, SWING, TOPICS, Fact, Level, topic_of


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


NO_HOLD = frozenset({Reason.REARMED, Reason.BELOW})
"""Decisions that held no alert back: a rule was re-armed, or the chance fell back during a hold."""


_WITH_CHANCE = frozenset({CHANCE, SWING, Fact.START, Fact.QUARTER, Fact.HALFTIME})
_CERTAIN = frozenset({Fact.HIT, Fact.DEAD})


class Decision(StrEnum):
    """What a rule decided at one moment."""

    FIRED = "fired"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Alert:
    """One decision about one rule of one bet.

    (`bet`, `rule`, `episode`) identifies a firing for ever: `episode` counts a rule's firings from
    1, and a held decision carries the episode that its firing would have had. `p` and `was` are the
    chances of winning now and before. `text` is the message as worded at the decision; it is empty
    when nothing is to be sent. `due_at` is the earliest time to send it, None for at once; a held
    decision with a `due_at` is sent then, in a digest. `leg` is the index of the leg that moved a
    parlay and `leg_was` that leg's chance before: only the wording uses them, they are not stored.
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
    def notifies(self) -> bool:
        """Whether a message is sent for it: at once, or in a digest later."""
        return self.decision is Decision.FIRED or self.due_at is not None

    @property
    def tells_chance(self) -> bool:
        """Whether its message tells the chance of the bet, or that the bet is certain."""
        if self.decision is Decision.HELD or self.reason is Reason.TAKEN_BACK or self.p is None:
            return False
        topic = topic_of(self.rule)
        return topic in _WITH_CHANCE or (topic in _CERTAIN and self.leg is None)


@dataclass(frozen=True, slots=True)
class Notice:
    """A message about the program itself: a start, a stop, a lost feed, the digest of a night.

    (`kind`, `episode`) identifies it for ever, so that recording it again adds nothing.
    """

    kind: str
    episode: int
    at: datetime
    text: str
    level: Level = Level.LOW
    expires_at: datetime | None = None
    due_at: datetime | None = None


class DeliveryState(StrEnum):
    """Where a delivery stands.

    A `due` message has certainly not been delivered, an `unknown` one may have been; both are tried
    again. `sent`, `refused` and `expired` are final: every recorded alert reaches one of them on
    every channel.
    """

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    EXPIRED = "expired"

    @property
    def over(self) -> bool:
        """Whether the state is final, so that nothing more is tried."""
        return self in (DeliveryState.SENT, DeliveryState.REFUSED, DeliveryState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver one alert through one channel.

    `alert_id` stays the same when the message is sent again. `text` is what the person reads;
    `level` is how loud it is. `attempts` includes this one. `possible_repeat` is whether an earlier
    attempt may have arrived: the message must then say so. A message about the program itself has
    no `game` (a game's id). `reason` is why the alert fired or was held.
    """

    alert_id: int
    channel: str
    text: str
    level: Level
    created_at: datetime
    attempts: int
    possible_repeat: bool
    rule: str
    game: str | None = None
    reason: Reason = Reason.HAPPENED

    @property
    def held(self) -> bool:
        """Whether the alert was held back on purpose, to be sent in a digest."""
        return self.reason in (Reason.QUIET, Reason.SNOOZED, Reason.OVER_BUDGET)


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel has taken the message."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The channel refused the message for good. `why` is one sentence without secrets."""

    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The message certainly did not arrive; it may be tried again after `retry_after` seconds."""

    why: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The message may have arrived: the channel's answer was lost."""

    why: str


NotSent = Refused | Failed | Unknown
Outcome = Sent | NotSent


PLACEHOLDERS = {
    "mark": "the sign at the beginning, such as ▲",
    "p": "the chance of winning, such as 80 %",
    "was": "the chance before, such as 71 %",
    "bet": "the bet in short, such as DEN -4.5",
    "id": "the bet's number or your own name for it",
    "pick": "the bet as you wrote it",
    "stands": "where it stands, such as leads by 7",
    "need": "what it needs, such as needs to win by 5",
    "score": "the score, such as LAL 91 – 98 DEN",
    "game": "the game, such as LAL@DEN",
    "clock": "the game clock, such as Q4 7:02",
    "time": "the time in your zone, such as 21:14",
    "age": "how old the data are, such as data 5 s old",
    "fair": "what the bet is worth, such as fair cash-out $29.90",
    "odds": "your price, such as -115",
    "rule": "the rule that fired, such as p >= 0.80",
    "result": "WON, LOST, PUSH or VOID",
    "money": "what the result did to the stake, such as +$17.39",
    "course": "how the chance ranged, such as peak 96 %, low 48 %",
    "detail": "what else is to be said, such as why a feed is away",
}
"""The placeholders that a template may hold in braces, and what replaces each in the message."""


class BadTemplate(ValueError):
    """A template that cannot be used; the text says why and what to do, in one sentence."""


def check_template(topic: str, text: str) -> None:
    """Raise BadTemplate unless every placeholder of a template for a topic is known."""
    if topic not in TOPICS:
        near = difflib.get_close_matches(topic, TOPICS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(TOPICS)}"
        raise BadTemplate(f"there are no messages called {topic!r}: {hint}")
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        raise BadTemplate(
            f"a brace stands alone in {text!r}: write {{{{ or }}}} for one that is to be seen"
        ) from None
    if not text.strip():
        raise BadTemplate("must hold something; leave the key out for the usual words")
    for _, name, form, turn in parts:
        if name is None:
            continue
        if name not in PLACEHOLDERS:
            near = difflib.get_close_matches(name, PLACEHOLDERS, n=1)
            hint = f"did you mean {{{near[0]}}}?" if near else f"known are {_known()}"
            raise BadTemplate(f"{{{name}}} is no placeholder: {hint}")
        if form or turn:
            raise BadTemplate(f"{{{name}}} takes nothing behind its name: write {{{name}}} alone")


def _known() -> str:
    return ", ".join(f"{{{x}}}" for x in PLACEHOLDERS)


@dataclass(frozen=True, slots=True)
class MessageStyle:
    """How messages are worded. `delay` is the number of seconds by which all data are held back.

    `odds_format` is `as-written`, `american`, `decimal` or `fractional`; `templates` are by topic.
    """

    zone: tzinfo = UTC
    odds_format: str = "as-written"
    delay: float = 0.0
    templates: Mapping[str, str] = field(default_factory=dict)


PLAIN = MessageStyle()
"""The default style: UTC, odds as written, the usual words."""
