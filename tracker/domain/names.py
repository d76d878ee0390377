"""Names of people: one key a person, whatever a source or a bettor calls them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from tracker.domain.player import player_key


@cache
def _table(part: str) -> Mapping[str, str]:
    """What is written to the key of who is meant, as shipped in `data/players.toml`."""
    text = resources.files("tracker.domain").joinpath("data/players.toml").read_text("utf-8")
    rows = tomllib.loads(text)[part]
    return {
        player_key(written): player_key(name) for name, others in rows.items() for written in others
    }


def person_key(name: str) -> str:
    """The same for every full name that a source gives a person: `Nic Claxton`, `Nicolas Claxton`.

    Beside what `player_key` folds away, sources differ in short forms of first names.
    """
    key = player_key(name)
    return _table("same").get(key, key)


def same_player(one: str, other: str) -> bool:
    """Whether two full names, of whatever sources, are one person's."""
    return player_key(one) == player_key(other) or person_key(one) == person_key(other)


def nickname_key(written: str) -> str | None:
    """The key of the person who goes by a nickname, such as `SGA`; None when nobody is known to."""
    found = _table("nicknames").get(player_key(written))
    return None if found is None else person_key(found)
