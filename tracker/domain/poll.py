"""Polls: one answer of a feed about one game, and what it lets us believe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tracker.domain.game import Game, GameState


class Trouble(StrEnum):
    """Why a poll tells nothing of the game. Each asks for a different patience."""

    DOWN = "down"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    NOT_PUBLISHED = "not_published"
    MALFORMED = "malformed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A poll that gives no game state. `why` is one sentence without secrets or query strings."""

    trouble: Trouble
    why: str


@dataclass(frozen=True, slots=True)
class Poll:
    """One answer about one game. Polls of games that share a response share path, time and body.

    `at` is when the answer arrived; `path` names the resource without host or secrets; `digest` is
    the SHA-256 of the body in hex, empty when there was none.
    """

    source: str
    path: str
    at: datetime
    body: bytes
    digest: str
    reading: GameState | Unreadable


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides when a game is to be looked at next.

    `final_at` is when we first saw the game final. `settled` is whether two polls have agreed on
    it; `checks` counts the later looks at the box: 1 after about 2 h 15 min, 2 after noon Eastern.
    """

    game: Game
    state: GameState | None = None
    final_at: datetime | None = None
    settled: bool = False
    checks: int = 0
