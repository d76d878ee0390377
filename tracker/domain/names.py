"""Nicknames of players: who is meant by `SGA`, `Wemby` or `LeBron`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from tracker.domain.player import plain_name, player_key


@cache
def _nicknames() -> Mapping[str, frozenset[str]]:
    """What is written to the keys of who may be meant, as shipped in `data/players.toml`."""
    text = resources.files("tracker.domain").joinpath("data/players.toml").read_text("utf-8")
    found: dict[str, frozenset[str]] = {}
    for name, others in tomllib.loads(text)["nicknames"].items():
        for written in others:
            key = plain_name(written)
            found[key] = found.get(key, frozenset()) | {player_key(name)}
    return found


def nicknamed(written: str) -> frozenset[str]:
    """The keys of those who go by a nickname; empty when nobody is known to."""
    return _nicknames().get(plain_name(written), frozenset())
