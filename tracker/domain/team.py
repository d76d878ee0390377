"""Teams: one identity a team across feeds and the ways in which people write it."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Team:
    """A team. `code` is the league's own tricode, unique within the league (`DEN`)."""

    league: str
    code: str
    city: str
    name: str
    aliases: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """City and nickname: `Denver Nuggets`."""
        return f"{self.city} {self.name}"


def fold(text: str) -> str:
    """Text as it is compared: lower case, without accents, dots or apostrophes."""
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(kept.replace(".", "").replace("'", "").replace("\u2019", "").casefold().split())


@cache
def teams(league: str) -> Mapping[str, Team]:
    """The teams of a league by code, as shipped in `data/teams.toml`; empty when not listed."""
    text = resources.files("tracker.domain").joinpath("data/teams.toml").read_text("utf-8")
    table = tomllib.loads(text).get(league, {})
    return {
        code: Team(league, code, row["city"], row["name"], tuple(row.get("aliases", ())))
        for code, row in table.items()
    }


@cache
def _names(league: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for team in teams(league).values():
        written = (team.code, team.city, team.name, team.full_name, *team.aliases)
        for name in {fold(x) for x in written}:
            found.setdefault(name, []).append(team.code)
    return {name: tuple(sorted(codes)) for name, codes in found.items()}


def find_teams(text: str, leagues: Iterable[str]) -> tuple[Team, ...]:
    """Every team that `text` may name (code, city, nickname, full name, alias), in order."""
    wanted = fold(text)
    return tuple(
        teams(league)[code] for league in leagues for code in _names(league).get(wanted, ())
    )


def longest_name(words: list[str], leagues: Iterable[str]) -> tuple[int, tuple[Team, ...]]:
    """How many leading words name a team, and the teams meant; `(0, ())` when none do."""
    listed = tuple(leagues)
    for count in range(min(4, len(words)), 0, -1):
        found = find_teams(" ".join(words[:count]), listed)
        if found:
            return count, found
    return 0, ()


def team_names(leagues: Iterable[str]) -> tuple[str, ...]:
    """All names that are understood, for suggestions."""
    return tuple(name for league in leagues for name in _names(league))
