"""Reads Telegram's HTML as Telegram does, and refuses what Telegram would refuse."""

from __future__ import annotations

import json
from html.parser import HTMLParser

_TAGS = frozenset({"a", "b", "blockquote", "code", "em", "i", "pre", "s", "strong", "tg-spoiler"})


class _Markup(HTMLParser):
    """Raises ValueError in Telegram's words for markup that Telegram would refuse."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.bold = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - html's own
        if tag not in _TAGS:
            raise ValueError(f'Unsupported start tag "{tag}" at byte offset {len(self.text)}')
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError(f'Unmatched end tag at byte offset {len(self.text)}, found "</{tag}>"')

    def handle_data(self, data: str) -> None:
        self.text += data
        if "b" in self.open:
            self.bold += data


def read_html(html: str) -> tuple[str, str]:
    """The text without markup, and the parts of it that are bold."""
    markup = _Markup()
    markup.feed(html)
    markup.close()
    if markup.open:
        raise ValueError(
            f"Can't find end tag corresponding to start tag {json.dumps(markup.open[-1])}"
        )
    return markup.text, markup.bold
