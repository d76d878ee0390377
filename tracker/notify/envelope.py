"""What goes around a message: how late it is, and whether it may have come before."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from tracker.domain.alert import Delivery, Reason
from tracker.domain.money import plural
from tracker.wording.figures import span_text

LATE_SECONDS = 15
"""A message that leaves this long after its alert was decided says how late it is."""

DIGEST_LINES = 20
"""Most alerts that a digest tells one by one."""

BRIEF = 160
"""Characters of a text message, where only plain ones are in it."""

_PLAIN = {
    "▲": "UP", "▼": "DOWN", "▶": "START", "◆": "BREAK", "✔": "HIT", "✘": "DEAD", "⚠": "NO DATA",
    "✓": "BACK", "✅": "WON", "❌": "LOST", "↔": "PUSH", "⊘": "VOID", "↻": "CORRECTED",
    "→": "->", "·": "-", "–": "-", "…": "...", "≥": ">=", "≤": "<=",
}  # fmt: skip


def dated(text: str, late_seconds: float = 0.0) -> str:
    """A message, and how late it is where that matters."""
    late = f" · {span_text(late_seconds)} late" if late_seconds >= LATE_SECONDS else ""
    return f"{text}{late}"


def possible_repeat(text: str, alert_id: int, late_seconds: float = 0.0) -> str:
    """The message again, saying first that it may have come before, with its alert's number."""
    return f"possible repeat · {dated(text, late_seconds)} · alert {alert_id}"


def worded(delivery: Delivery, now: datetime) -> str:
    """What is sent for a delivery: its text, and its number where it may be a repeat."""
    late = (now - delivery.created_at).total_seconds()
    if delivery.possible_repeat:
        return possible_repeat(delivery.text, delivery.alert_id, late)
    return dated(delivery.text, late)


def digest(waiting: Sequence[Delivery], zone: tzinfo = UTC, *, repeated: bool = False) -> str:
    """One message for all alerts that were held back until now, or that could not leave in time.

    `zone` is the person's, for the times; `repeated` is whether it may have arrived already.
    """
    held = [x for x in waiting if x.held]
    late = [x for x in waiting if not x.held]
    fate = "may not have reached" if repeated else "could not reach"
    parts = []
    if late:
        parts.append(_listed(f"{_alerts(len(late))} {fate} you in time", late, zone, repeated))
    many = [x for x in held if x.reason is Reason.OVER_BUDGET]
    asked = [x for x in held if x.reason is not Reason.OVER_BUDGET]
    for some, why in ((asked, "while you wanted silence"), (many, "beyond the hour's budget")):
        if some:
            parts.append(_listed(f"{_alerts(len(some))} {why}", some, zone, repeated))
    text = "\n".join(parts)
    return f"possible repeat · {text}" if repeated else text


def _alerts(count: int) -> str:
    return plural(count, "alert")


def _listed(head: str, told: Sequence[Delivery], zone: tzinfo, repeated: bool) -> str:
    shown = sorted(told, key=lambda x: (x.created_at, x.alert_id))[-DIGEST_LINES:]
    lines = [head, *(_told_late(one, zone, repeated) for one in shown)]
    if len(told) > len(shown):
        lines.append(f"and {len(told) - len(shown)} before these: tracker alerts")
    return "\n".join(lines)


def _told_late(delivery: Delivery, zone: tzinfo, repeated: bool) -> str:
    first = delivery.text.partition("\n")[0]
    number = f" · alert {delivery.alert_id}" if repeated else ""
    return f"{delivery.created_at.astimezone(zone):%H:%M %Z} · {first}{number}"


def brief(text: str, limit: int = BRIEF) -> str:
    """A message as one text message takes it: plain letters, and no more of them than `limit`.

    The first line stays whole if it can; of the rest, whole facts are kept from the front, and the
    alert's number, which stands last, always.
    """
    first, _, rest = _plain(text).partition("\n")
    facts = [x for x in rest.replace("\n", " - ").split(" - ") if x]
    number = facts.pop() if facts and facts[-1].startswith("alert ") else ""
    if not number and " - alert " in first:
        first, _, number = first.rpartition(" - alert ")
        number = f"alert {number}"
    room = limit - (len(number) + 3 if number else 0)
    told = first if len(first) <= room else f"{first[: room - 3].rstrip()}..."
    for fact in facts:
        if len(told) + 3 + len(fact) > room:
            break
        told = f"{told} - {fact}"
    return f"{told} - {number}" if number else told


def _plain(text: str) -> str:
    spelt = "".join(_PLAIN.get(x, x) for x in text)
    split = unicodedata.normalize("NFKD", spelt)
    return "".join(x for x in split if x.isascii())
