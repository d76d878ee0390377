"""How a person wants messages to be worded: zone, form of odds, delay, words of their own."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from string import Formatter

from tracker.domain.policy import TOPICS

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
"""What a template may hold in braces, and what stands there in the message."""


class BadTemplate(ValueError):
    """A template cannot be used; the text says why and what to do, in one sentence."""


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
    """All that messages are worded by. `delay` is by how many seconds all data are held back.

    `odds_format` is `as-written`, `american`, `decimal` or `fractional`; `templates` are by topic.
    """

    zone: tzinfo = UTC
    odds_format: str = "as-written"
    delay: float = 0.0
    templates: Mapping[str, str] = field(default_factory=dict)


PLAIN = MessageStyle()
"""UTC, odds as written, the usual words."""
