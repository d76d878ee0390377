"""A card in the words of a channel: plain, Telegram HTML, Discord Markdown; never too long."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from html import escape

from tracker.notify.channels.telegram.text import TEXT_LIMIT, length
from tracker.wording.cards import Card, Row, folded

DISCORD_LIMIT = 2000
"""Most characters of a message of a webhook (Discord, Execute Webhook, `content`)."""

NTFY_LIMIT = 4000
"""Most bytes of a message's body; beyond 4,096 ntfy makes a file of it."""

_INDENT = "     "
_MARKDOWN = re.compile(r"([\\*_~`|>#\[\]()<-])")

Words = Callable[[str], str]


def plain(card: Card) -> str:
    """The card without any markup."""
    return _lines(card, str, str)


def html(card: Card) -> str:
    """The card in Telegram's HTML: the score and what counts of each bet are bold."""
    quoted = partial(escape, quote=False)
    return _lines(card, quoted, lambda text: f"<b>{quoted(text)}</b>")


def markdown(card: Card) -> str:
    """The card in Discord's Markdown."""
    return _lines(card, _escaped, lambda text: f"**{_escaped(text)}**")


def for_telegram(card: Card) -> Card:
    """As much of the card as one message of Telegram's holds."""
    return folded(card, lambda x: length(plain(x)) <= TEXT_LIMIT)


def for_discord(card: Card) -> Card:
    """As much of the card as one message of Discord's holds."""
    return folded(card, lambda x: len(markdown(x)) <= DISCORD_LIMIT)


def for_ntfy(card: Card) -> Card:
    """As much of the card as one message of ntfy's holds."""
    return folded(card, lambda x: len(plain(x).encode()) <= NTFY_LIMIT)


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


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)
