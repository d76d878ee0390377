"""Counts as a person says them: one way, so that no `1 bets` is ever told."""

from __future__ import annotations

_IRREGULAR = {"is": "are", "has": "have", "was": "were", "waits": "wait", "needs": "need"}


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 bet`, `2 bets`, `0 tries`."""
    return f"{count} {several(count, noun)}"


def several(count: int, word: str) -> str:
    """A noun, or one of a few verbs, as it follows a count: `bet` or `bets`, `waits` or `wait`."""
    if count == 1:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"
