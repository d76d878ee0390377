"""`tracker add` from cold, without the hundred milliseconds and more that typer takes to begin.

Arguments that are plainly right are read here; any others are left to the application, whose
verdict then counts, so that the two can never disagree about a mistake.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_ONCE = {
    "--game": "game",
    "--odds": "odds",
    "--stake": "stake",
    "--book": "book",
    "--id": "name",
    "--placed-at": "placed_at",
    "--config": "config",
}
_OFTEN = {"--rule": "rules", "--tag": "tags"}
_FLAGS = {
    "--json": ("json", True),
    "--chance": ("chance", True),
    "--no-chance": ("chance", False),
    "--free": ("free", True),
}

OPTIONS = frozenset({*_ONCE, *_OFTEN, *_FLAGS}) - {"--config"}
"""The options of `tracker add` that are read here."""


def quick_add(args: Sequence[str]) -> int | None:
    """Do `tracker add` and return its exit status; None when these arguments are not its own."""
    if "_TRACKER_COMPLETE" in os.environ:
        return None
    read = _read(args)
    if read is None:
        return None
    words, once, often, flags = read
    from tracker.app.bets import Beside
    from tracker.cli.bets.add import add
    from tracker.cli.ending import outcome
    from tracker.cli.session import Scope

    config = once.pop("config", None)
    rules, tags = tuple(often["rules"]), tuple(often["tags"])
    given = Beside(**once, rules=rules, tags=tags, free=flags.get("free", False))
    scope = Scope(None if config is None else Path(config))
    as_json, chance = flags.get("json", False), flags.get("chance")
    return outcome(lambda: add(scope, " ".join(words), given, as_json=as_json, chance=chance))


def _read(
    args: Sequence[str],
) -> tuple[list[str], dict[str, str], dict[str, list[str]], dict[str, bool]] | None:
    """The words of the line and the options by name; None for anything out of the ordinary."""
    words: list[str] = []
    once: dict[str, str] = {}
    often: dict[str, list[str]] = {"rules": [], "tags": []}
    flags: dict[str, bool] = {}
    rest = iter(args)
    verb = False
    for word in rest:
        option, equals, value = word.partition("=")
        name = _ONCE.get(option) or _OFTEN.get(option)
        if name is not None:
            given = value if equals else next(rest, None)
            if given is None or name in once:
                return None
            if option in _OFTEN:
                often[name].append(given)
            else:
                once[name] = given
        elif word in _FLAGS:
            flag, on = _FLAGS[word]
            flags[flag] = on
        elif word.startswith("--") or word in ("-h", "-c", "-V"):
            return None
        elif not verb:
            if word != "add":
                return None
            verb = True
        else:
            words.append(word)
    return (words, once, often, flags) if verb and words else None
