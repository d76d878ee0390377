"""The catalog of teams: one identity for a team, however a feed or a person writes its name.

`data/` holds the shipped tables of teams, players and books; `books` reads how a book settles.
"""

from __future__ import annotations

import pkgutil
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any


def shipped(file: str) -> dict[str, Any]:
    """Read the tables of a file of `data/`: the only place where the core reads a file."""
    found = pkgutil.get_data(__name__, f"data/{file}.toml")
    assert found is not None, file  # noqa: S101 - it is part of the program
    return tomllib.loads(found.decode("utf-8"))


@dataclass(frozen=True, slots=True)
class Team:
    """A team. `code` is the league's own tricode, unique within the league (`DEN`).

    `aliases` are other names of the city or school, `nicknames` of the team.
    """

    league: str
    code: str
    city: str
    name: str
    aliases: tuple[str, ...] = ()
    nicknames: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """City and nickname: `Denver Nuggets`."""
        return f"{self.city} {self.name}"

    @property
    def full_names(self) -> tuple[str, ...]:
        """Each name of the city or school with each nickname; with a college's code too.

        `HOU Cougars` is one name, but `LAL@DEN Nuggets -4.5` is a game and one of its teams.
        """
        code = (self.code,) if self.league in _COLLEGES else ()
        places, nicknames = (self.city, *code, *self.aliases), (self.name, *self.nicknames)
        return tuple(f"{place} {nickname}" for place in places for nickname in nicknames)


_STROKES = str.maketrans(
    {
        "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "ı": "i",
        "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ħ": "h", "Ħ": "h",
        "ŧ": "t", "Ŧ": "t", "þ": "th", "Þ": "th", "ŋ": "n", "Ŋ": "n", "ĸ": "k", "ə": "e", "Ə": "e",
        "ʻ": None, "ʼ": None, "‘": None, "`": None, "´": None, "ʹ": None,
    }
)  # fmt: skip
"""Stroked letters and ligatures, which Unicode does not decompose, and marks like an apostrophe."""


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Fold text for comparing: lower case, without accents, strokes, dots or apostrophes."""
    plain = unicodedata.normalize("NFKD", text.translate(_STROKES))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(kept.replace(".", "").replace("'", "").replace("\u2019", "").casefold().split())


_LISTS = {
    "nba": ("teams", "nba"),
    "wnba": ("teams", "wnba"),
    "ncaam": ("colleges", None),
    "ncaaw": ("colleges", None),
    "gleague": ("gleague", None),
}
"""The file, and the table in it, that list a league's teams. A college's two teams share a row."""

_WOMEN = "ncaaw"
_LADY = re.compile(r"\blady ", re.IGNORECASE)
"""Finds the word that marks a women's team: Tennessee Lady Volunteers, or Lady Vols."""

_BRACKETS = re.compile(r"[()]")
_IN_BRACKETS = re.compile(r"\((.*?)\)")

_COLLEGES = frozenset(league for league, (file, _) in _LISTS.items() if file != "teams")
"""Leagues whose teams share names with better known teams: the colleges and the G League."""


@cache
def teams(league: str) -> Mapping[str, Team]:
    """The shipped teams of a league by code; empty for a league that is not listed.

    A feed may have teams that are not listed: they go by the feed's own code.
    """
    file, table = _LISTS.get(league, ("teams", league))
    found = shipped(file)
    rows = found if table is None else found.get(table, {})
    return {code: _team(league, code, row) for code, row in rows.items()}


def _team(league: str, code: str, row: Mapping[str, Any]) -> Team:
    own = row.get("women", ()) if league == _WOMEN else ()
    return Team(league, code, row["city"], row["name"], tuple(row.get("aliases", ())), tuple(own))


_SHORT = {
    "saint": "st", "state": "st", "mount": "mt", "mtn": "mt", "and": "&", "university": "u",
    "univ": "u", "college": "col", "international": "intl", "northern": "n", "north": "n",
    "southern": "s", "south": "s", "so": "s", "eastern": "e", "east": "e", "western": "w",
    "west": "w", "central": "c", "cent": "c", "southeastern": "se", "southeast": "se",
    "northwestern": "nw", "northwest": "nw", "alabama": "ala", "arkansas": "ark",
    "california": "cal", "carolina": "car", "colorado": "colo", "connecticut": "conn",
    "delaware": "del",
    "florida": "fla", "fl": "fla", "georgia": "ga", "illinois": "ill", "il": "ill",
    "indiana": "ind", "kentucky": "ky", "louisiana": "la", "maryland": "md",
    "massachusetts": "mass", "michigan": "mich", "minnesota": "minn", "mn": "minn",
    "mississippi": "miss", "missouri": "mo", "montana": "mont", "nevada": "nev", "ohio": "oh",
    "pennsylvania": "pa", "tennessee": "tenn", "texas": "tex", "tx": "tex", "virginia": "va",
    "washington": "wash", "wisconsin": "wis", "ca": "cal",
}  # fmt: skip
"""Words of schools' names and their abbreviations; both are compared as the abbreviation."""

_COMMON = frozenset(
    {
        "st", "u", "&", "n", "s", "e", "w", "c", "se", "nw", "mt", "tech", "cal", "of", "car",
        "la", "tex", "fla", "ill", "mich",
    }
)  # fmt: skip
"""Words that many schools' names share, so that they do not tell schools apart."""

_BETWEEN = re.compile(r"[-\u2010-\u2015/,()]")
_WHOSE = re.compile(r"(?:the )?(?:univ(?:ersity)? of )?(.+?)(?: univ(?:ersity)?| college)?")
"""Finds a school's name without `University`, `University of` or `College`."""


@lru_cache(maxsize=4096)
def _school(text: str) -> str:
    """Fold a school's name for comparing: hyphens as blanks, usual words abbreviated.

    A single word is not abbreviated, so that `PA` alone does not name a school.
    """
    words = _BETWEEN.sub(" ", fold(text)).replace("&", " & ").split()
    return words[0] if len(words) == 1 else " ".join(_SHORT.get(x, x) for x in words)


@cache
def _schools(league: str) -> Mapping[str, tuple[str, ...]]:
    """The codes of a league's colleges by their folded names."""
    found: dict[str, dict[str, None]] = {}
    for team in teams(league).values():
        for name in (team.city, *team.aliases, *team.full_names):
            found.setdefault(_school(name), {})[team.code] = None
    return {name: tuple(sorted(codes)) for name, codes in found.items()}


def _codes(league: str, wanted: str) -> tuple[str, ...]:
    """The codes of the teams of a league that a name may mean."""
    codes = _names(league).get(fold(wanted), ())
    if codes or league not in _LISTS or _LISTS[league][0] != "colleges":
        return codes
    if _LADY.search(wanted):
        return _codes(league, _LADY.sub("", wanted)) if league == _WOMEN else ()
    schools, name = _schools(league), _school(wanted)
    if name in schools:
        return schools[name]
    shorter = _WHOSE.fullmatch(fold(wanted))
    return schools.get(_school(shorter[1]), ()) if shorter is not None else ()


@cache
def _names(league: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for team in teams(league).values():
        written = (team.code, team.city, team.name, *team.aliases, *team.nicknames)
        written += team.full_names
        # `Miami (OH)` is known without brackets too, because a bet line is read without them.
        for name in dict.fromkeys(
            y for x in written for y in (fold(x), fold(_BRACKETS.sub(" ", x)))
        ):
            found.setdefault(name, []).append(team.code)
    return {name: tuple(sorted(codes)) for name, codes in found.items()}


@lru_cache(maxsize=4096)
def find_teams(text: str, leagues: tuple[str, ...], *, wide: bool = False) -> tuple[Team, ...]:
    """Every team that `text` may name (code, city, nickname, full name, alias), in league order.

    A name of a professional team does not name a college: `HOU` is the Houston Rockets, and the
    college goes by `Houston Cougars`. A `wide` search finds both.
    """
    found: tuple[Team, ...] = ()
    for group in (
        [x for x in leagues if x not in _COLLEGES],
        [x for x in leagues if x in _COLLEGES],
    ):
        found += tuple(teams(x)[code] for x in group for code in _codes(x, text))
        if found and not wide:
            return found
    return found


def professional(found: tuple[Team, ...]) -> tuple[Team, ...]:
    """The professional teams among these; all of them when none is professional."""
    return tuple(x for x in found if x.league not in _COLLEGES) or found


def as_typed(league: str, *codes: str) -> str:
    """A team, or the two of a game, as a person types them so that no other league is meant.

    `DEN` is Denver of the NBA, its college `NCAAM DEN`.
    """

    def shared(*, wide: bool) -> set[str]:
        found = (find_teams(code, tuple(_LISTS), wide=wide) for code in codes)
        return set.intersection(*({x.league for x in some} for some in found))

    may_be = shared(wide=False) or shared(wide=True)
    meant, name = may_be - _COLLEGES or may_be, "@".join(codes)
    return name if meant <= {league} else f"{league.upper()} {name}"


def may_be_a_person(name: str, found: tuple[Team, ...]) -> bool:
    """Whether a word that names a team may be a person's name: a city or a school, not `Nuggets`.

    A team's code may be a person's name only when it is capitalised as one: `Mia`.
    """
    wanted = fold(name)
    if " " in wanted or not name.replace("-", "").isalpha() or wanted in ("home", "away"):
        return False
    for team in found:
        if team.league in _COLLEGES:
            if fold(team.full_name) == wanted:
                return False
        elif fold(team.code) == wanted:
            return name.istitle()
        elif fold(team.city) != wanted:
            return False
    return True


def code_in(league: str, code: str, full_name: str = "") -> str:
    """The catalog's code of a feed's team, found by its full name, else by the feed's code.

    A team that is not listed keeps the feed's code. Where that is the code of another listed
    school, a 2 is added, so that one school is never taken for another by its code alone.
    """
    named = _codes(league, full_name) if full_name else ()
    if len(named) == 1:
        return named[0]
    if code in teams(league):
        listed = teams(league)[code]
        return code if not full_name or _may_be(listed, full_name) else f"{code}2"
    coded = _names(league).get(fold(code), ())
    return coded[0] if len(coded) == 1 and not full_name else code


def _may_be(team: Team, full_name: str) -> bool:
    """Whether a feed's full name may be this team's; always true of a team that is no college.

    What stands in brackets tells a school from the better known one: `Pacific (OR)`.
    """
    if team.league not in _COLLEGES:
        return True
    words = _words_of(full_name.removesuffix(team.name))
    known = {x for name in (team.city, *team.aliases) for x in _words_of(name)}
    apart = {x for inside in _IN_BRACKETS.findall(full_name) for x in _words_of(inside)}
    return apart <= known and (bool(words & known - _COMMON) or not words)


def _words_of(name: str) -> frozenset[str]:
    words = _BETWEEN.sub(" ", fold(name)).split()
    return frozenset(_SHORT.get(x, x) for x in words)


def guests_of(playing: Iterable[tuple[str, str]]) -> tuple[Team, ...]:
    """Make teams of those (league, code) that are not listed: guests, All-Star teams, new schools.

    Such a team goes by its feed's code.
    """
    unlisted = (x for x in dict.fromkeys(playing) if x[1] not in teams(x[0]))
    return tuple(Team(league, code, code, code) for league, code in unlisted)


def longest_name(
    words: list[str], leagues: tuple[str, ...], *, wide: bool = False, guests: Sequence[Team] = ()
) -> tuple[int, tuple[Team, ...]]:
    """How many leading words name a team, and the teams that they may mean; `(0, ())` when none do.

    `guests` are unlisted teams that may be named too.
    """
    for count in range(min(4, len(words)), 0, -1):
        name = " ".join(words[:count])
        met = tuple(x for x in guests if x.league in leagues and fold(x.code) == fold(name))
        found = met + find_teams(name, leagues, wide=wide)
        if found:
            return count, found
    return 0, ()


def team_names(leagues: Iterable[str]) -> tuple[str, ...]:
    """The names to suggest for a misspelt team: of a college, only the name of its school."""
    return tuple(
        name
        for league in leagues
        for name in (
            (fold(x.city) for x in teams(league).values())
            if league in _COLLEGES
            else _names(league)
        )
    )


# ------------------------------------------------------------------------------------- spelling

_LONG_WORD = 7
"""In a word of at least this many letters, two may be wrong."""

_SHORT_WORD = 3
"""A word of this many letters is compared only with longer words: too many short ones are alike."""

_LONGEST_WORD = 40
_CLOSE = 0.6

Index = Mapping[str, Mapping[str, int]]
"""Known words, each with its place in the list, by their forms with a letter left out, or two in a
long word."""


def index(words: Iterable[str]) -> Index:
    """Index words for `nearest`. Of words that are equally near, the first is suggested."""
    found: dict[str, dict[str, int]] = {}
    for place, word in enumerate(words):
        for rest in _shortened(word):
            found.setdefault(rest, {})[word] = place
    return found


def nearest(word: str, known: Index) -> str | None:
    """The known word nearest to a misspelt one; None when none is near or the word is known."""
    from difflib import SequenceMatcher

    if not _SHORT_WORD <= len(word) <= _LONGEST_WORD:
        return None
    close = {x: at for rest in _shortened(word) for x, at in known.get(rest, {}).items()}
    if word in close:
        return None
    least = _SHORT_WORD + 1 if len(word) == _SHORT_WORD else 0
    scored = [
        (SequenceMatcher(None, word, x).ratio(), -at, x)
        for x, at in close.items()
        if len(x) >= least
    ]
    alike, _, best = max(scored, default=(0.0, 0, ""))
    return best if alike >= _CLOSE else None


def _shortened(word: str) -> set[str]:
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    if len(word) < _LONG_WORD:
        return once | {word}
    return {x[:i] + x[i + 1 :] for x in once for i in range(len(x))} | once | {word}
