"""Messages and cards in each channel's form: HTML, Markdown or plain text, within its length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import partial
from html import escape
from itertools import takewhile

from tracker.notify.channels import Message
from tracker.wording.cards import Card, Row, folded

TEXT_LIMIT = 4096
"""Most characters of one message, counted without its markup (Bot API, sendMessage)."""

_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_LONGEST_JOIN = 16
"""Most characters that a cut gives up to keep an emoji or an accented letter whole."""

_NAMED = 5
"""Most alerts that a shortened message lists."""


def length(text: str) -> int:
    """Length as Telegram counts it, in UTF-16 units: most emoji are two."""
    return len(text) + sum(character > "\uffff" for character in text)


def plain(message: Message) -> str:
    """The message without markup, at most TEXT_LIMIT long."""
    return "\n".join(_parts(message))


def marked_up(message: Message) -> str:
    """The message in Telegram's HTML, at most TEXT_LIMIT long without the markup.

    The first line is bold, and so is the first line after each empty one, as several alerts may
    come as one message. The text is cut before it is marked up, so that no tag or entity is cut.
    """
    lines = _parts(message)
    heads = [at == 0 or not lines[at - 1].strip() for at in range(len(lines))]
    return "\n".join(_line(line, head=head) for line, head in zip(lines, heads, strict=True))


def _line(line: str, *, head: bool) -> str:
    text = escape(line, quote=False)
    return f"<b>{text}</b>" if head and line.strip() else text


def _parts(message: Message) -> list[str]:
    return shortened(_sendable(message.text), ending(message.alert_ids)).split("\n")


def _sendable(text: str) -> str:
    """The text without what no message can hold: half characters and control characters."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    lines = "\n".join(whole.splitlines())
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def ending(alert_ids: tuple[int, ...]) -> str:
    """The end of a message that was cut short, with the numbers of its alerts."""
    named = ", ".join(str(number) for number in alert_ids[:_NAMED])
    more = f" and {len(alert_ids) - _NAMED} more" if len(alert_ids) > _NAMED else ""
    plural = "s" if len(alert_ids) > 1 else ""
    numbers = f" · alert{plural} {named}{more}" if named else ""
    return f"\n… cut short{numbers} · the rest: tracker alerts"


def shortened(text: str, ending: str, limit: int = TEXT_LIMIT) -> str:
    """The text, or as much as fits together with `ending`: whole lines if possible, else words."""
    if length(text) <= limit:
        return text
    at = _index(text, limit - length(ending))
    for gap in ("\n", " "):
        # Only a gap in the last quarter is used: a cut before that would lose too much text.
        if (found := text.rfind(gap, at * 3 // 4, at + 1)) > 0:
            return text[:found].rstrip() + ending
    return text[: _between_characters(text, at)].rstrip() + ending


def _index(text: str, units: int) -> int:
    """How many characters of the text fit into this many UTF-16 units."""
    used = 0
    for at, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > units:
            return at
    return len(text)


def _between_characters(text: str, at: int) -> int:
    """The last place up to `at` where a cut splits no accented letter, flag or composed emoji."""
    for place in range(at, max(at - _LONGEST_JOIN, 0), -1):
        if not _joined(text, place):
            return place
    return at


def _joined(text: str, place: int) -> bool:
    """Whether the characters on both sides of a place are drawn as one."""
    before, after = text[place - 1], text[place]
    if _ZERO_WIDTH_JOINER in (before, after):
        return True
    if unicodedata.category(after) in ("Mn", "Me", "Mc") or ord(after) in _SKIN_TONES:
        return True
    # Two flag letters make one flag: an even number of them before means a new flag begins.
    letters = takewhile(lambda x: ord(x) in _FLAG_LETTERS, reversed(text[:place]))
    return ord(after) in _FLAG_LETTERS and len(list(letters)) % 2 == 1


DISCORD_LIMIT = 2000
"""Most characters of a webhook's message (Discord, Execute Webhook, `content`)."""

NTFY_LIMIT = 4000
"""Most bytes of a message's body; above 4,096 ntfy turns it into an attachment."""

_INDENT = "     "
_MARKDOWN = re.compile(r"([\\*_~`|>#\[\]()<-])")

Words = Callable[[str], str]


def card_plain(card: Card) -> str:
    """The card without any markup."""
    return _lines(card, str, str)


def card_html(card: Card) -> str:
    """The card in Telegram's HTML; the score and each bet's main figure are bold."""
    quoted = partial(escape, quote=False)
    return _lines(card, quoted, lambda text: f"<b>{quoted(text)}</b>")


def card_markdown(card: Card) -> str:
    """The card in Discord's Markdown."""
    return _lines(card, escaped, lambda text: f"**{escaped(text)}**")


def for_telegram(card: Card) -> Card:
    """As much of the card as one Telegram message holds."""
    return folded(card, lambda x: length(card_plain(x)) <= TEXT_LIMIT)


def for_discord(card: Card) -> Card:
    """As much of the card as one Discord message holds."""
    return folded(card, lambda x: len(card_markdown(x)) <= DISCORD_LIMIT)


def for_ntfy(card: Card) -> Card:
    """As much of the card as one ntfy message holds."""
    return folded(card, lambda x: len(card_plain(x).encode()) <= NTFY_LIMIT)


def _lines(card: Card, words: Words, strong: Words) -> str:
    lines = [strong(card.head)]
    if card.warning:
        lines.append(strong(card.warning))
    for row in card.rows:
        lines += _row(row, words, strong)
    last = (card.rest, card.verdict, card.quiet, card.note, card.foot)
    lines += [words(x) for x in last if x]
    return "\n".join(lines)


def _row(row: Row, words: Words, strong: Words, indent: str = "") -> list[str]:
    parts = [words(row.label)]
    if row.figure:
        parts.append(strong(row.figure))
    if row.stand:
        parts.append(words(row.stand))
    lines = [f"{indent}{row.mark} {'  '.join(parts)}"]
    if row.under:
        lines.append(f"{_INDENT}{words(row.under)}")
    for leg in row.legs:
        lines += _row(leg, words, strong, _INDENT)
    return lines


def escaped(text: str) -> str:
    """Plain text in Discord's Markdown."""
    return _MARKDOWN.sub(r"\\\1", text)


BRIEF = 160
"""Characters of one SMS, if all of them are plain."""

_PLAIN = {
    "▲": "UP", "▼": "DOWN", "▶": "START", "◆": "BREAK", "✔": "HIT", "✘": "DEAD", "⚠": "NO DATA",
    "✓": "BACK", "✅": "WON", "❌": "LOST", "↔": "PUSH", "⊘": "VOID", "↻": "CORRECTED",
    "→": "->", "·": "-", "–": "-", "…": "...", "≥": ">=", "≤": "<=",
}  # fmt: skip


def brief(text: str, limit: int = BRIEF) -> str:
    """A message for one SMS: plain letters, at most `limit` of them.

    The first line stays whole if it can. Of the rest, whole facts are kept from the front; the
    alert's number, which comes last, is always kept.
    """
    first, _, rest = _plain(text).partition("\n")
    facts = [x for x in rest.replace("\n", " - ").split(" - ") if x]
    number = facts.pop() if facts and facts[-1].startswith("alert ") else ""
    if not number and " - alert " in first:
        first, _, number = first.rpartition(" - alert ")
        number = f"alert {number}"
    room = limit - (len(number) + 3 if number else 0)
    joined = first if len(first) <= room else f"{first[: room - 3].rstrip()}..."
    for fact in facts:
        if len(joined) + 3 + len(fact) > room:
            break
        joined = f"{joined} - {fact}"
    return f"{joined} - {number}" if number else joined


def _plain(text: str) -> str:
    spelt = "".join(_PLAIN.get(x, x) for x in text)
    split = unicodedata.normalize("NFKD", spelt)
    return "".join(x for x in split if x.isascii())
