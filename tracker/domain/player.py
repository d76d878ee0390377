"""Players: their names and statistics, who is out, and which player a person's words mean."""

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

SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "v", "junior", "senior"})
"""What may stand behind a name."""

_DJ = re.compile(r"dj(?=[a-z])")
_BETWEEN = re.compile(r"[\s\-\u2010-\u2015]+")


class Stat(StrEnum):
    """What a player line counts: one statistic of the box score, or a sum of several."""

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
        """The statistics that a sum adds up; a statistic that is no sum gives itself."""
        return _SUMS.get(self) or (self,)


_SUMS = {
    Stat.PRA: (Stat.PTS, Stat.REB, Stat.AST),
    Stat.PR: (Stat.PTS, Stat.REB),
    Stat.PA: (Stat.PTS, Stat.AST),
    Stat.RA: (Stat.REB, Stat.AST),
}


@lru_cache(maxsize=8192)
def plain_name(name: str) -> str:
    """Fold a person's name: no accents, dots, hyphens or suffix (`Jr.`, `II`), and lower case.

    `dj` becomes `d`, because sources write the letter đ as `dj` where they do not have it.
    """
    words = _DJ.sub("d", _BETWEEN.sub(" ", fold(name))).split()
    while len(words) > 1 and words[-1] in SUFFIXES:
        words.pop()
    return " ".join(words)


@lru_cache(maxsize=8192)
def player_key(name: str) -> str:
    """The key of a player by any full name that a source uses: `Nic Claxton`, `Nicolas Claxton`.

    Sources differ in what `plain_name` folds away, and in short forms of first names.
    """
    plain = plain_name(name)
    return _same_people().get(plain, plain)


@cache
def _same_people() -> Mapping[str, str]:
    """Maps the other plain names of a player to the one that is his key (`data/players.toml`)."""
    rows = other_names("same").items()
    return {plain_name(other): plain_name(name) for name, others in rows for other in others}


def other_names(part: str) -> Mapping[str, Sequence[str]]:
    """A table of `data/players.toml`: players' names, and the other names of each."""
    found: Mapping[str, Sequence[str]] = shipped("players")[part]
    return found


@dataclass(frozen=True, slots=True)
class Player:
    """A player of one side of a game, by the name that the box score gives him."""

    name: str
    side: Side

    @property
    def key(self) -> str:
        """The player's key, the same however a feed writes his name."""
        return player_key(self.name)

    @property
    def surname(self) -> str:
        """The name for a short message: without the first name and without `Jr.`."""
        words = self.name.split()
        while len(words) > 1 and fold(words[-1]) in SUFFIXES:
            words.pop()
        return " ".join(words[1:] or words)


UNREAD = "has no line in a final box yet"
"""The `PlayerLine.doubt` of a player who was seen in a game whose final box has not been read."""


def box_line(state: GameState, player: Player) -> PlayerLine | None:
    """A player's figures in the box; None when his side has nobody, or two, of that name."""
    side, key = player.side, player.key
    found = [x for x in state.players if x.side is side and player_key(x.name) == key]
    return found[0] if len(found) == 1 else None


def box_lines(state: GameState) -> dict[tuple[Side, str], PlayerLine]:
    """The box's players by side and `player_key`, without a name that one side has twice."""
    keys = [(x.side, player_key(x.name)) for x in state.players]
    found = dict(zip(keys, state.players, strict=True))
    if len(found) < len(keys):
        found = {who: line for who, line in found.items() if keys.count(who) == 1}
    return found


MOST_AT_ONCE = 4
"""The most points of one possession: a box that lacks more of its side's score is left behind."""


def points_lacking(state: GameState, side: Side) -> int:
    """The points of a side's score that its players do not have yet in the box."""
    had = sum(dict(x.stats).get(Stat.PTS.value, 0) for x in state.players if x.side is side)
    return state.score.of(side) - had


_MERELY_NOT_IN = re.compile(r"coach|^(dnp|did not play)$", re.IGNORECASE)


def rules_out(reason: str | None) -> bool:
    """Whether a source's reason for not playing means that the player cannot come in.

    Any reason means that except the coach's decision: such a player is on the bench.
    """
    return bool(reason) and _MERELY_NOT_IN.search(reason or "") is None


def figure(line: PlayerLine, stat: Stat) -> int | None:
    """A player's value of a statistic; None when the box lacks it or a part of the sum."""
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
    """A player's figures in one finished game. `minutes` is in minutes, `start` is the tip-off.

    `stats` holds those statistics that the box gave. `margin` is the final margin of his team,
    above 0 when it won.
    """

    name: str
    team: str
    game_id: str
    start: datetime
    minutes: float
    starter: bool
    stats: tuple[tuple[Stat, int], ...]
    margin: int


FEWEST_GAMES = 2
"""Earlier games from which on a player is known. Of 325 players of 2021-24 with one such game,
overs that were given 50 % before tip-off came in 32 of 100 times, and 80 % in 69; with two, in 43
and 81."""

FEW_GAMES = 7
"""Below this a player's figures rest on few games: what was given 50 % came in 42 to 46 of 100
times, with seven games and more in 46 to 50."""


def enough(games: Sequence[PlayerGame]) -> tuple[PlayerGame, ...]:
    """A player's earlier games that he played in, where these are enough to tell of him; else none.

    One game is no form: who plays his first ones is used less than a man of such a game.
    """
    played = tuple(x for x in games if x.minutes > 0)
    return played if len(played) >= FEWEST_GAMES else ()


def of_team(games: Sequence[PlayerGame], team: str) -> tuple[PlayerGame, ...]:
    """The games of the player of a team, of those of all players of his name in the league.

    Who comes from another team played for it before he did for this one. A team that has such a
    name in its games after that has a player of its own.
    """
    first = min((x.start for x in games if x.team == team), default=None)
    others = {x.team for x in games if first is not None and x.start > first} - {team}
    return tuple(x for x in games if x.team not in others)


BY_BOX = "box"
"""The `Injury.source` of a status from a box score; it holds only for the game of that box."""

TELLS_AHEAD = timedelta(days=1)
"""An injury list holds for games of its own date and of the next day; later, much may change."""


class Availability(StrEnum):
    """A player's status by a source; `other` is a status that this program does not know."""

    AVAILABLE = "available"
    PROBABLE = "probable"
    QUESTIONABLE = "questionable"
    DOUBTFUL = "doubtful"
    OUT = "out"
    OTHER = "other"

    @property
    def rules_out(self) -> bool:
        """Whether the player will not play."""
        return self is Availability.OUT


@dataclass(frozen=True, slots=True)
class Injury:
    """One entry of an injury list. `team` is the catalog's code, `detail` the reason and comment.

    `returns` is the date on which he is expected back, None where the list gives none. A list may
    say `out` of a player whom it expects back tonight: he then counts as playing tonight.
    """

    league: str
    team: str
    name: str
    status: Availability
    detail: str
    returns: date | None = None
    source: str = "espn"

    def keeps_out_on(self, slate: date, read_on: date) -> bool:
        """Whether he misses the games of `slate`, by a list that was read on `read_on`.

        An entry without a date of return is about the next game, and says nothing of later games.
        """
        if not self.status.rules_out:
            return False
        return slate < self.returns if self.returns is not None else slate <= read_on + TELLS_AHEAD


@dataclass(frozen=True, slots=True)
class Absences:
    """A league's injury list as last read, at `read_at`: entries by team code and player's key."""

    read_at: datetime
    words: Mapping[tuple[str, str], tuple[Injury, ...]]

    def tells_of(self, game: Game) -> bool:
        """Whether the list holds for the game's date, so that a player not on it may play."""
        return game.slate <= slate_date(self.read_at) + TELLS_AHEAD

    def out_of(self, game: Game, team: str) -> dict[str, Injury]:
        """The players of a team who miss a game: their entries by player's key."""
        read_on = slate_date(self.read_at)
        found = {}
        for (code, key), words in self.words.items():
            out = [x for x in words if x.keeps_out_on(game.slate, read_on)]
            if code == team and out:
                found[key] = out[0]
        return found


@cache
def _nicknames() -> Mapping[str, frozenset[str]]:
    """Maps each nickname to the keys of the players who have it (`data/players.toml`)."""
    found: dict[str, frozenset[str]] = {}
    for name, others in other_names("nicknames").items():
        # The grammar skips `the`.
        for key in {plain_name(x).removeprefix("the ") for x in others}:
            found[key] = found.get(key, frozenset()) | {player_key(name)}
    return found


def nicknamed(written: str) -> frozenset[str]:
    """The keys of the players who have this nickname; empty when none has."""
    return _nicknames().get(plain_name(written).removeprefix("the "), frozenset())


Roster = Sequence[Player]
"""The known players of both teams of a game; empty when none is known."""

RosterOf = Callable[[Game], Roster]
"""Looks up the roster of a game."""

_MOST_LISTED = 6

_INITIAL = re.compile(r"^([^\W\d_])\.(?=[^\W\d_]{2})")
"""Finds an initial without a blank after its dot: `N.Jokic`."""


class NoSuchPlayer(BadBet):
    """The words mean nobody on the roster of `game`, which may be unknown or incomplete.

    `near` holds names that come close, joined by `or`.
    """

    def __init__(self, message: str, game: Game, near: str = "") -> None:
        super().__init__(message)
        self.game = game
        self.near = near


class AmbiguousPlayer(BadBet):
    """The words may mean several players of the game, which `players` holds."""

    def __init__(self, message: str, game: Game, players: tuple[Player, ...]) -> None:
        super().__init__(message)
        self.game = game
        self.players = players


def nobody(game: Game) -> Roster:  # noqa: ARG001 - it is a RosterOf
    """An empty roster for every game: the default where no players are known."""
    return ()


def names_both(roster: Roster) -> bool:
    """Whether players of both teams are known; one of the other may be anybody."""
    return {x.side for x in roster} == set(Side)


def find_player(written: str, game: Game, roster: Roster, side: Side | None = None) -> Player:
    """The one player whom the words mean, among the players of `side` where that is given.

    Raises NoSuchPlayer with names that come close, or AmbiguousPlayer with the candidates.
    """
    found = players_meant(written, game, roster, side)
    if len(found) > 1:
        names = " or ".join(f"{x.name} ({game.code(x.side)})" for x in found[:_MOST_LISTED])
        how = "write the full name"
        if len({x.name for x in found}) == 1:
            how = f"name the team too, as '{game.code(found[0].side)} {found[0].name}'"
        raise AmbiguousPlayer(f"{written!r} may mean {names} in {game.name}: {how}", game, found)
    if found:
        return found[0]
    where = game.name if side is None else f"{game.code(side)} in {game.name}"
    near = near_players(written, roster)
    met = names_both(roster) if side is None else any(x.side is side for x in roster)
    if not met and not near:
        raise NoSuchPlayer(f"{written!r}: the players of {where} are not known yet", game)
    hint = f" (did you mean {near}?)" if near else ": write the full name"
    raise NoSuchPlayer(f"{written!r} is not among the players of {where}{hint}", game, near)


def players_meant(
    written: str, game: Game, roster: Roster, side: Side | None = None
) -> tuple[Player, ...]:
    """All players whom the words may mean, by the best reading that fits anybody.

    The readings from best to worst: the full name, a nickname, an initial or short first name with
    the last name, the last name, the first name. When no reading fits, a team's name before or
    after the words is left out: `Denver Jokic`.
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
    """The players whom the words name, by the first reading that fits anybody."""
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
        # People write or leave out the blanks and hyphens of a name.
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
    """Whether the words are a shortened first name and the whole last name: `N Jokic`."""
    if len(written) < 2 or len(name) < 2:  # noqa: PLR2004 - a first and a last name
        return False
    return name[0].startswith(written[0]) and name[-len(written) + 1 :] == written[1:]


def _without_team(written: str, game: Game) -> list[tuple[str, Side]]:
    """Each way to drop a team's name from either end: the words that are left, the team's side."""
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
    """The names that come close to the words, joined by `or`; empty when none does."""
    from difflib import get_close_matches

    plain = {x.name: plain_name(x.name) for x in roster}
    names = {name: x for x, whole in plain.items() for name in (whole, whole.split()[-1])}
    close = get_close_matches(plain_name(written), names, n=3, cutoff=0.75)
    return " or ".join(dict.fromkeys(names[x] for x in close))
