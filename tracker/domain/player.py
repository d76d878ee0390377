"""Players: who a player line is about, what it counts, and what a player did in a game."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache, lru_cache
from importlib import resources

from tracker.domain.catalog.teams import fold
from tracker.domain.game import GameState, PlayerLine, Side

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "v"})
_DJ = re.compile(r"dj(?=[a-z])")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015]+")


class Stat(StrEnum):
    """What a player line counts: one figure of the box score, or a sum of several."""

    PTS = "pts"
    REB = "reb"
    AST = "ast"
    THREES = "3pm"
    STL = "stl"
    BLK = "blk"
    TO = "to"
    PRA = "pra"
    PR = "pr"
    PA = "pa"
    RA = "ra"

    @property
    def parts(self) -> tuple[Stat, ...]:
        """The figures that are added up; the figure itself where it is no sum."""
        match self:
            case Stat.PRA:
                return Stat.PTS, Stat.REB, Stat.AST
            case Stat.PR:
                return Stat.PTS, Stat.REB
            case Stat.PA:
                return Stat.PTS, Stat.AST
            case Stat.RA:
                return Stat.REB, Stat.AST
            case _:
                return (self,)


def plain_name(name: str) -> str:
    """A person's name without accents, dots, hyphens, case and `Jr.` or `II`.

    The Balkans' đ is written `dj` where there is no such letter, and read as the same.
    """
    words = _DJ.sub("d", _BETWEEN.sub(" ", fold(name))).split()
    while len(words) > 1 and words[-1] in _SUFFIXES:
        words.pop()
    return " ".join(words)


@lru_cache(maxsize=8192)
def player_key(name: str) -> str:
    """The same for every full name that a source gives a player: `Nic Claxton`, `Nicolas Claxton`.

    Beside what `plain_name` folds away, sources differ in short forms of first names.
    """
    plain = plain_name(name)
    return _same_people().get(plain, plain)


@cache
def _same_people() -> Mapping[str, str]:
    """Other plain names to the one that is the key, as shipped in `data/players.toml`."""
    rows = other_names("same").items()
    return {plain_name(other): plain_name(name) for name, others in rows for other in others}


def other_names(part: str) -> Mapping[str, Sequence[str]]:
    """A table of `data/players.toml`: names, and what else is written for each."""
    text = (
        resources.files("tracker.domain.catalog").joinpath("data/players.toml").read_text("utf-8")
    )
    found: Mapping[str, Sequence[str]] = tomllib.loads(text)[part]
    return found


@dataclass(frozen=True, slots=True)
class Player:
    """A player of one side of a game, by the name that the box score gives him."""

    name: str
    side: Side

    @property
    def key(self) -> str:
        """The same for every way in which a feed may write the name."""
        return player_key(self.name)

    @property
    def surname(self) -> str:
        """What a short message calls him: the name without the first one and without `Jr.`."""
        words = self.name.split()
        while len(words) > 1 and fold(words[-1]) in _SUFFIXES:
            words.pop()
        return " ".join(words[1:] or words)


UNREAD = "has no line in a final box yet"
"""The doubt about a player who was seen in a game whose final box has not been read."""


def box_line(state: GameState, player: Player) -> PlayerLine | None:
    """A player's line in the box; None when the box has none, or two of that name on his side."""
    found = [x for x in state.players if x.side is player.side and player_key(x.name) == player.key]
    return found[0] if len(found) == 1 else None


_MERELY_NOT_IN = re.compile(r"coach|^(dnp|did not play)$", re.IGNORECASE)


def rules_out(reason: str | None) -> bool:
    """Whether a document's reason for not playing says that a player is not there at all.

    Any reason does but the coach's decision: such a player sits on the bench and may come in.
    """
    return bool(reason) and _MERELY_NOT_IN.search(reason or "") is None


def figure(line: PlayerLine, stat: Stat) -> int | None:
    """What a player has of a statistic; None when the box lacks it, or a part of a sum."""
    known = dict(line.stats)
    parts = [known.get(part.value) for part in stat.parts]
    return None if None in parts else sum(x for x in parts if x is not None)


@dataclass(frozen=True, slots=True)
class PlayerGame:
    """What a player did in one finished game. `minutes` is in minutes, `start` the tip-off.

    `stats` holds the figures that the box gave, by their names in `Stat`. `margin` is the final
    margin from his own team's side.
    """

    name: str
    team: str
    game_id: str
    start: datetime
    minutes: float
    starter: bool
    stats: tuple[tuple[Stat, int], ...]
    margin: int
