"""Finds the known word that a misspelt one is closest to, fast enough to ask for every mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_LONG = 7
"""Letters from which on two may be wrong."""

_SHORT = 3
"""A word of so few letters is like too many others as short."""

_LONGEST = 40
_CLOSE = 0.6

Index = Mapping[str, tuple[str, ...]]
"""Known words by what is left of them when a letter, or two of a long one, is left out."""


def index(words: Iterable[str]) -> Index:
    """Make words findable. The order breaks ties: the first is suggested."""
    found: dict[str, dict[str, None]] = {}
    for word in words:
        for rest in _shortened(word):
            found.setdefault(rest, {})[word] = None
    return {rest: tuple(of) for rest, of in found.items()}


def nearest(word: str, known: Index) -> str | None:
    """The known word that is likest to `word` but not it; None when none is within two letters."""
    from difflib import SequenceMatcher

    if not _SHORT <= len(word) <= _LONGEST:
        return None
    close = dict.fromkeys(x for rest in _shortened(word) for x in known.get(rest, ()))
    if word in close:
        return None
    if len(word) == _SHORT:
        close = {x: None for x in close if len(x) > _SHORT}
    scored = [(SequenceMatcher(None, word, x).ratio(), x) for x in close]
    best = max(scored, key=lambda x: x[0], default=(0.0, ""))
    return best[1] if best[0] >= _CLOSE else None


def _shortened(word: str) -> set[str]:
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    if len(word) < _LONG:
        return once | {word}
    return {x[:i] + x[i + 1 :] for x in once for i in range(len(x))} | once | {word}
