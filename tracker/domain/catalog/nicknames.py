"""Nicknames of players: who is meant by `SGA`, `Wemby` or `LeBron`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from tracker.domain.player import other_names, plain_name, player_key


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
