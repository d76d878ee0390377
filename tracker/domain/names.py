"""Names of people: one key a person, whatever a source or a bettor calls them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from tracker.domain.player import player_key


@cache
def _table(part: str) -> Mapping[str, tuple[str, ...]]:
    """What is written to the keys of who may be meant, as shipped in `data/players.toml`."""
    text = resources.files("tracker.domain").joinpath("data/players.toml").read_text("utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for name, others in tomllib.loads(text)[part].items():
        for written in others:
            key = player_key(written)
            found[key] = (*found.get(key, ()), player_key(name))
    return found


def person_key(name: str) -> str:
    """The same for every full name that a source gives a person: `Nic Claxton`, `Nicolas Claxton`.

    Beside what `player_key` folds away, sources differ in short forms of first names.
    """
    key = player_key(name)
    return _table("same").get(key, (key,))[0]


def same_player(one: str, other: str) -> bool:
    """Whether two full names, of whatever sources, are one person's."""
    return player_key(one) == player_key(other) or person_key(one) == person_key(other)


def nicknamed(written: str) -> frozenset[str]:
    """The keys of those who go by a nickname, such as `SGA`; empty when nobody is known to."""
    return frozenset(person_key(x) for x in _table("nicknames").get(player_key(written), ()))
