"""Players: who a line is about and what it counts, whether he can play, whom words mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache

from tracker.domain import BadBet
from tracker.domain.catalog import fold, longest_name, shipped
from tracker.domain.game import Game, GameState, PlayerLine, Side
from tracker.domain.league import slate_date

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
        return _SUMS.get(self) or (self,)


_SUMS = {
    Stat.PRA: (Stat.PTS, Stat.REB, Stat.AST),
    Stat.PR: (Stat.PTS, Stat.REB),
    Stat.PA: (Stat.PTS, Stat.AST),
    Stat.RA: (Stat.REB, Stat.AST),
}


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
    found: Mapping[str, Sequence[str]] = shipped("players")[part]
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
    side, key = player.side, player.key
    found = [x for x in state.players if x.side is side and player_key(x.name) == key]
    return found[0] if len(found) == 1 else None


def box_lines(state: GameState) -> dict[tuple[Side, str], PlayerLine]:
    """The lines of the box by side and `player_key`; a name that a side has twice is left out."""
    keys = [(x.side, player_key(x.name)) for x in state.players]
    found = dict(zip(keys, state.players, strict=True))
    if len(found) < len(keys):
        found = {who: line for who, line in found.items() if keys.count(who) == 1}
    return found


_MERELY_NOT_IN = re.compile(r"coach|^(dnp|did not play)$", re.IGNORECASE)


def rules_out(reason: str | None) -> bool:
    """Whether a document's reason for not playing says that a player is not there at all.

    Any reason does but the coach's decision: such a player sits on the bench and may come in.
    """
    return bool(reason) and _MERELY_NOT_IN.search(reason or "") is None


def figure(line: PlayerLine, stat: Stat) -> int | None:
    """What a player has of a statistic; None when the box lacks it, or a part of a sum."""
    known = dict(line.stats)
    made = 0
    for part in stat.parts:
        counted = known.get(part)
        if counted is None:
            return None
        made += counted
    return made


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


BY_BOX = "box"
"""The source of a word that a box score gave; it is about the game of that box alone."""

TELLS_AHEAD = timedelta(days=1)
"""A list tells of the games of its own date and of the next: beyond that much may change."""


class Availability(StrEnum):
    """A source's word on a player: `other` is one that is not known here."""

    AVAILABLE = "available"
    PROBABLE = "probable"
    QUESTIONABLE = "questionable"
    DOUBTFUL = "doubtful"
    OUT = "out"
    OTHER = "other"

    @property
    def rules_out(self) -> bool:
        """Whether he will not play."""
        return self is Availability.OUT


@dataclass(frozen=True, slots=True)
class Injury:
    """What a source says of a player: `team` is our code, `detail` its reason and comment.

    `returns` is the date on which he is expected back, where it says one. A list may say `out` of a
    player whom it expects back tonight: he is then only out until tonight.
    """

    league: str
    team: str
    name: str
    status: Availability
    detail: str
    returns: date | None = None
    source: str = "espn"

    def keeps_out_on(self, slate: date, read_on: date) -> bool:
        """Whether he will not play on a league's date, by a list that was read on another.

        Without a date of return a word is about the next game, and says nothing of later ones.
        """
        if not self.status.rules_out:
            return False
        return slate < self.returns if self.returns is not None else slate <= read_on + TELLS_AHEAD


@dataclass(frozen=True, slots=True)
class Absences:
    """What is said of a league's players, by team code and player's key, as last read.

    `read_at` is when the list was read.
    """

    read_at: datetime
    words: Mapping[tuple[str, str], tuple[Injury, ...]]

    def tells_of(self, game: Game) -> bool:
        """Whether the list is of about the game's date, so that who is not on it may play."""
        return game.slate <= slate_date(self.read_at) + TELLS_AHEAD

    def out_of(self, game: Game, team: str) -> dict[str, Injury]:
        """Who of a team will not play in a game, by his key, with what is said of him."""
        read_on = slate_date(self.read_at)
        found = {}
        for (code, key), words in self.words.items():
            out = [x for x in words if x.keeps_out_on(game.slate, read_on)]
            if code == team and out:
                found[key] = out[0]
        return found


@cache
def _nicknames() -> Mapping[str, frozenset[str]]:
    """What is written to the keys of who may be meant, as shipped in `data/players.toml`."""
    found: dict[str, frozenset[str]] = {}
    for name, others in other_names("nicknames").items():
        for written in others:
            key = plain_name(written)
            found[key] = found.get(key, frozenset()) | {player_key(name)}
    return found


def nicknamed(written: str) -> frozenset[str]:
    """The keys of those who go by a nickname; empty when nobody is known to."""
    return _nicknames().get(plain_name(written), frozenset())


Roster = Sequence[Player]
"""The players of both teams of a game, as far as they are known; empty when they are not."""

RosterOf = Callable[[Game], Roster]
"""Gives what is known of the players of a game."""

_MOST_LISTED = 6

_INITIAL = re.compile(r"^([^\W\d_])\.(?=[^\W\d_]{2})")
"""A first name cut to a letter, without a blank after its dot: `N.Jokic`."""


class NoSuchPlayer(BadBet):
    """Nobody on the roster is meant. The roster may not be known, or not be whole yet.

    `near` are names that come close, joined by `or`.
    """

    def __init__(self, message: str, near: str = "") -> None:
        """`message` names the game."""
        super().__init__(message)
        self.near = near


class AmbiguousPlayer(BadBet):
    """Two players of the game or more may be meant; `players` are those."""

    def __init__(self, message: str, game: Game, players: tuple[Player, ...]) -> None:
        """`message` names the players."""
        super().__init__(message)
        self.game = game
        self.players = players


def nobody(game: Game) -> Roster:  # noqa: ARG001 - it is a RosterOf
    """The roster of a game whose players are not known."""
    return ()


def find_player(written: str, game: Game, roster: Roster, side: Side | None = None) -> Player:
    """The one player whom the words mean; those of one `side` only, where it is given.

    Raises NoSuchPlayer with near misses, or AmbiguousPlayer with the candidates.
    """
    found = players_meant(written, game, roster, side)
    if len(found) > 1:
        names = " or ".join(f"{x.name} ({game.code(x.side)})" for x in found[:_MOST_LISTED])
        raise AmbiguousPlayer(
            f"{written!r} may mean {names} in {game.name}: write the full name",
            game,
            found,
        )
    if found:
        return found[0]
    where = game.name if side is None else f"{game.code(side)} in {game.name}"
    if not roster:
        raise NoSuchPlayer(f"{written!r}: the players of {where} are not known yet")
    near = near_players(written, roster)
    hint = f" (did you mean {near}?)" if near else ": write the full name"
    raise NoSuchPlayer(f"{written!r} is not among the players of {where}{hint}", near)


def players_meant(
    written: str, game: Game, roster: Roster, side: Side | None = None
) -> tuple[Player, ...]:
    """All players whom the words may mean, those of the best way of reading them alone.

    The full name counts most, then a nickname, an initial or short first name with the last name,
    the last name, and the first name. A team's name before or after is left out: `Denver Jokic`.
    """
    wanted = [x for x in roster if side in (None, x.side)]
    found = _named(written, wanted)
    if found or not wanted:
        return found
    for words, team in _without_team(written, game):
        found = _named(words, [x for x in wanted if x.side is team])
        if found:
            return found
    return ()


def _named(written: str, players: Sequence[Player]) -> tuple[Player, ...]:
    written = _INITIAL.sub(r"\1. ", written.replace(",", " "))
    key = plain_name(written)
    if not key:
        return ()
    person, nicknames, words = player_key(written), nicknamed(written), key.split()
    readings: tuple[Callable[[Player, str], bool], ...] = (
        lambda _, name: name == key,
        lambda x, _: x.key == person,
        lambda x, _: x.key in nicknames,
        lambda _, name: _short(words, name.split()),
        lambda x, _: plain_name(x.surname) == key,
        lambda _, name: name.endswith(f" {key}"),
        lambda _, name: name.startswith(f"{key} "),
        # Blanks and hyphens are written, or not, as one likes.
        lambda _, name: key.replace(" ", "") == name.replace(" ", ""),
        lambda _, name: name.replace(" ", "").endswith(key.replace(" ", "")) and " " in key,
        lambda _, name: sorted(name.split()) == sorted(words),
    )
    for reading in readings:
        found = {(x.key, x.side): x for x in players if reading(x, plain_name(x.name))}
        if found:
            return tuple(found.values())
    return ()


def _short(written: list[str], name: list[str]) -> bool:
    """A first name cut short and the whole last name: `N Jokic`, `Nik Jokic`."""
    if len(written) < 2 or len(name) < 2:  # noqa: PLR2004 - a first and a last name
        return False
    return name[0].startswith(written[0]) and name[-len(written) + 1 :] == written[1:]


def _without_team(written: str, game: Game) -> list[tuple[str, Side]]:
    """The words without the name of one of the game's teams at either end, and its side."""
    words = written.replace("(", " ").replace(")", " ").split()
    found: list[tuple[str, Side]] = []
    for count in range(1, len(words)):
        for team, rest in ((words[:count], words[count:]), (words[-count:], words[:-count])):
            read, named = longest_name(team, (game.league,))
            codes = {x.code for x in named} if read == count else set()
            sides = [x for x in Side if game.code(x) in codes or _says(team, game, x)]
            found += [(" ".join(rest), x) for x in sides]
    return found


def _says(words: list[str], game: Game, side: Side) -> bool:
    return fold(" ".join(words)) in (fold(game.code(side)), side.value)


def near_players(written: str, roster: Roster) -> str:
    """The names that come close to what is written, joined by `or`; empty when none does."""
    from difflib import get_close_matches

    plain = {x.name: plain_name(x.name) for x in roster}
    names = {name: x for x, whole in plain.items() for name in (whole, whole.split()[-1])}
    close = get_close_matches(plain_name(written), names, n=3, cutoff=0.75)
    return " or ".join(dict.fromkeys(names[x] for x in close))
