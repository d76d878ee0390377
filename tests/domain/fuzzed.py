"""Makes random lines that are nearly bets: slips cut, mixed and misspelt, and words shuffled."""

from __future__ import annotations

import random
from collections.abc import Iterator

WORDS = (
    "LAL", "DEN", "@", "LAL@DEN", "FLA@HOU", "76ers", "Los", "Angeles", "Nuggets", "Washington",
    "over", "under", "o224.5", "u", "o", "224.5", "-4.5", "+", "-", "½", "PK", "ML", "Q3", "1H",
    "reg", "total", "-110", "+450", "1.91", "10/11", "$20", "$", "2u", "#x", "#", "2026-11-20",
    "even", "odd", "tie", "3-way", "tt", "٣", "²", "-٤.5", "5/0", "$1,0", "Jokic", "N.", "Jokić",
    "o25.5", "25+", "pts", "reb", "P+R+A", "pts+reb", "threes", "3", "3pm", "dd", "triple-double",
    "no", "not", "to", "score", "record", "a", "parlay:", "sgp:", "3-leg", ";", ",", "&", "and",
    "/", "|", ":", "\n", "vs", "at", "at least", "or more", "(", ")", "=", "risk", "to win", "$22",
    "half", "1st", "quarter", "regulation", "draw", "no bet", "ev", "9" * 400, "\u200d", "🔥", "’",
    "home", "away", "units", "dollars", "2026-02-30", "0", "0.00", ".", "..", "'", "--", "+-", "@@",
)  # fmt: skip
LETTERS = "abDEN lal@+-.,;:/#$½0123456789\n\u0301\u2212\u00a0ÀéıİßЖ漢🔥\ud7ff\uffff\x00\t"


def lines(seed: int, count: int, slips: list[str]) -> Iterator[str]:
    """Make `count` random lines, the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - for variety
    for _ in range(count):
        kind = chance.random()
        if kind < 0.4:
            yield _misspelt(chance, chance.choice(slips))
        elif kind < 0.6:
            yield _mixed(chance, chance.choice(slips), chance.choice(slips))
        elif kind < 0.95:
            picked = chance.choices(WORDS, k=chance.randint(1, 12))
            yield chance.choice((" ", " ", "")).join(picked)
        else:
            yield "".join(chance.choices(LETTERS, k=chance.randint(0, 40)))


def _misspelt(chance: random.Random, text: str) -> str:
    letters = list(text)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(letters) + 1)
        match chance.randrange(4):
            case 0:
                letters.insert(at, chance.choice(LETTERS))
            case 1:
                del letters[at : at + chance.randint(1, 3)]
            case 2 if at + 1 < len(letters):
                letters[at], letters[at + 1] = letters[at + 1], letters[at]
            case _:
                letters[at:at] = f" {chance.choice(WORDS)} "
    return "".join(letters)


def _mixed(chance: random.Random, one: str, other: str) -> str:
    first, second = one.split(), other.split()
    words = first[: chance.randint(0, len(first))] + second[chance.randint(0, len(second)) :]
    if chance.random() < 0.3:
        chance.shuffle(words)
    return " ".join(words)
