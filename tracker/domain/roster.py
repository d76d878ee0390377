"""Finds the player that a bettor's words mean among those of a game."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tracker.domain.catalog.nicknames import nicknamed
from tracker.domain.catalog.teams import fold, longest_name
from tracker.domain.errors import BadBet
from tracker.domain.game import Game, Side
from tracker.domain.player import Player, plain_name, player_key

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
