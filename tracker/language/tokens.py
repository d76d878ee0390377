"""The words of a line of text with their places, and a cursor that the readers move."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache
from typing import NamedTuple, Protocol, TypeVar

from tracker.domain import BadBet
from tracker.domain.catalog import Team, fold, nearest
from tracker.domain.catalog.books import book_names
from tracker.domain.money import plain_signs
from tracker.language.vocabulary import (
    AMERICAN,
    ANY_NUMBER,
    COLLEGE,
    HALF_STEPS,
    LEAGUE,
    LETTERS,
    MONEYLINE,
    NEVER_IN_A_NAME,
    NO_CODES,
    NOISE,
    NUMBER,
    OPENING,
    RANK,
    STATS,
    SUGGESTED,
    first_words,
    leagues_of,
    spelt,
)

T = TypeVar("T")

_LONGEST_SHOWN = 100
_LEG_ENDS = re.compile(r"[;\n]| \+ ")
_HEADING, _WORD_ALONE = re.compile(r":(?!\d)"), re.compile(r"\S+[ \t]*(?:\n|$)")
_LONGEST_PHRASE = 5

_TAG = re.compile(r"#[^\s;,()\[\]{}]+(?:,#?[^\W\d_][^\s;,()\[\]{}]*)*")
"""Finds a tag, or several joined by commas: `#model,live`."""
_CHUNK = re.compile(
    r"\n|[;,|:()\[\]{}\"“”„«»_*•·—@]|(?:(?!\d,\d)[^\s;,|:()\[\]{}\"“”„«»_*•·—@]|\d,(?=\d))+"
)
_SIGNS = {"+": "+", "-": "-", "plus": "+", "minus": "-", "$": "$"}
_LONG_MINUS = re.compile(
    r"(?<=[\s\d½(])—(?=(?:\d{3,6}|\d{0,2}(?:\.5|½)|\d{1,2})"
    r"(?![\d.]|\s*(?:[$€£]|u(?:nits?)?\b|dollars?\b)))"
)
"""Finds what a phone makes of `--` before a figure."""

_CODES = re.compile(r"[A-Z]{2,4}-[A-Z]{2,4}")
"""Finds two team codes joined by a hyphen: `LAL-DEN`."""

_LINE = re.compile(r"(?:\d{1,3}|\d,\d{3}|\d{1,5})?(?:\.[05]?)?")
"""Finds a number whose sign may be written apart from it; not a price such as `1.95`."""
_AMOUNT = re.compile(r"[0-9][0-9,]*(?:\.[0-9]{1,2})?")
_SOFT = frozenset(",|:•·—-=")
_HIDDEN = frozenset('()[]{}"“”„«»_*')
_ATTACHED = re.compile(rf"(?P<head>.*[^\W_]|.*[.\d])(?P<tail>[+\-](?:{NUMBER}))", re.DOTALL)
_DECIMAL_COMMA = re.compile(r"[a-zA-Z@$+\-]*\d{1,3},\d{1,2}(?:\$|u)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONEY = re.compile(r"[€£₺₹₽₴¥₱]|(?<![^\W\d_])(?:US|CA|AU|NZ|C|A|R)\$", re.IGNORECASE)
"""Other currencies are read as dollars: a stake is an amount of the person's own money."""

_HALF = re.compile(
    r"(?:½|and (?:a half|1/2|½)|point (?:5|five))(?![^\s;,)])(?!\s+(?:an? )?u(?:nits?)?\b)",
    re.IGNORECASE,
)
"""Finds half a point apart from its line: `u 220 ½`, `25 and a half`, `25 point 5`; no half a
unit."""
_HALF_BEGINS = frozenset("½aApP")

_WHOLE = re.compile(r"[^\W\d_]*[+-]?[0-9]{1,3}")
_STARS = re.compile(r"(?<![^\s(\[])\d{1,2}\*(?!\*)")
"""Finds a tipster's rating, such as `5*`. Marks for bold text come in pairs."""

_STOP = re.compile(r"(?<=.)(?:(?<=\d)[.!?]+|[!?]+)$")
_BULLET = re.compile(r"\d{1,2}\.")


class FindTeam(Hashable, Protocol):
    """A lookup of the team that leading words name."""

    def __call__(self, words: list[str], *, wide: bool = False) -> tuple[int, tuple[Team, ...]]:
        """How many of the words name a team, and which teams they may mean.

        A `wide` lookup finds colleges too where a professional team has the name.
        """


class Word(NamedTuple):
    """A word of a line. `low` is without case; `place` and `end` are offsets in the line."""

    text: str
    place: int
    end: int
    low: str

    @classmethod
    def of(cls, text: str, place: int, end: int) -> Word:
        """A word with its case folded."""
        return cls(text, place, end, text.casefold())

    @property
    def amount(self) -> float:
        """The number of an amount such as `$1,000`; 0 for other text."""
        plain = self.text.removeprefix("$")
        return float(plain.replace(",", "")) if ANY_NUMBER.fullmatch(plain) else 0.0

    @property
    def soft(self) -> bool:
        """Whether it is a mark that only separates words, such as a comma."""
        return self.text in _SOFT

    @property
    def ends_leg(self) -> bool:
        """Whether it is a mark that separates the legs of a parlay."""
        return self.text in (";", "\n")


_INITIAL = re.compile(r"[^\W\d_]\.")


def is_initial(word: Word | None) -> bool:
    """Whether a word is the initial of a first name: `N.`."""
    return word is not None and bool(_INITIAL.fullmatch(word.text))


def words_of(text: str) -> list[Word]:
    """Split a line into words. Brackets and emoji are left out, and `½` becomes `.5`."""
    found: list[Word] = []
    at, rated = 0, text.count("*") % 2 == 1
    while at < len(text):
        first = text[at]
        if first != "\n" and (first.isspace() or first in _HIDDEN or _picture(first)):
            at += 1
        elif first == "#" and (tag := _TAG.match(text, at)):
            found.append(Word.of(tag[0], at, tag.end()))
            at = tag.end()
        elif (
            first in _HALF_BEGINS
            and (half := _HALF.match(text, at))
            and found
            and _WHOLE.fullmatch(found[-1].text)
        ):
            found[-1] = Word.of(f"{found[-1].text}.5", found[-1].place, half.end())
            at = half.end()
        elif rated and (stars := _STARS.match(text, at)):
            found.append(Word.of(stars[0], at, stars.end()))
            at = stars.end()
        else:
            chunk = _CHUNK.match(text, at)
            length, parts = _split_before_pictures(chunk[0] if chunk else first)
            for part, low, begin, stop in parts:
                found.append(Word(part, at + begin, at + stop, low))
            at += length
    return _join_signs(found)


@lru_cache(maxsize=1024)
def _picture(character: str) -> bool:
    """Whether a character is an emoji or part of one."""
    kind = unicodedata.category(character)
    return kind in ("So", "Sk", "Cf", "Cs", "Me") or "\ufe00" <= character <= "\ufe0f"


@lru_cache(maxsize=4096)
def _split_before_pictures(chunk: str) -> tuple[int, tuple[tuple[str, str, int, int], ...]]:
    """The length of text without blanks up to an emoji in it, and that text split into words.

    Each word has its form without case, and its place: a file's lines share most of their words.
    """
    end = next((i for i, x in enumerate(chunk) if i and _picture(x)), len(chunk))
    parts = _split(chunk[:end])
    return end, tuple((part, part.casefold(), begin, stop) for part, begin, stop in parts)


def _split(chunk: str) -> tuple[tuple[str, int, int], ...]:
    """Split text without blanks into words and their places: `DEN-4.5` is two, `LAL/DEN` three."""
    plain = _unstopped(_ascii(chunk))
    end = len(chunk)
    if _DATE.fullmatch(plain):
        return ((plain, 0, end),)
    if found := _ATTACHED.fullmatch(plain):
        cut = next(i for i in range(end) if _ascii(chunk[:i]) == found["head"])
        return *_split(chunk[:cut]), (_figure(found["tail"]), cut, end)
    if (found := _COUNTED.fullmatch(plain)) and _counts(plain, found[2]):
        cut = end - len(found[2])
        stat = LETTERS.get(found[2].casefold())
        return *_split(chunk[:cut]), (stat.value if stat else found[2], cut, end)
    if found := _PRICED.fullmatch(plain):
        cut = end - len(found[2])
        return *_split(chunk[: cut - 1]), (found[2], cut, end)
    mark = "-" if _CODES.fullmatch(plain) else "/"
    first, found_mark, second = plain.partition(mark)
    if not (found_mark and _is_name(first) and _is_name(second)) or _one_term(plain, mark):
        return ((_figure(plain), 0, end),)
    middle = len(first)
    return (first, 0, middle), (mark, middle, middle + 1), (second, middle + 1, end)


_COUNTED = re.compile(
    rf"((?:over|under|ov|un|[ou+-])?(?:{NUMBER})\+?)([a-z][a-z+&/]*)", re.IGNORECASE
)
_PRICED = re.compile(r"(.+)/([+-][0-9]{3,6})")


def _counts(word: str, stat: str) -> bool:
    """Whether a word is a line with its statistic: `o25.5pts`, `10+r`; not `3pts`, nor `2.5u`."""
    parts = re.split("[+&/]", stat.casefold())
    return not word[: -len(stat)].isdigit() and all(x in STATS or x in LETTERS for x in parts)


def _ascii(chunk: str) -> str:
    """Replace fractions by decimals, and other currencies by `$`."""
    for fraction, decimal in (("½", ".5"), ("¼", ".25"), ("¾", ".75")):
        chunk = chunk.replace(fraction, decimal)
    return _MONEY.sub("$", chunk)


def _unstopped(plain: str) -> str:
    """Text without the marks that end a sentence: `-110.`, `ML!`. The `1.` of a list keeps its."""
    return plain if _BULLET.fullmatch(plain) else _STOP.sub("", plain)


def _figure(plain: str) -> str:
    """Replace a decimal comma by a point: `224,5`."""
    return plain.replace(",", ".") if _DECIMAL_COMMA.fullmatch(plain) else plain


def _is_name(part: str) -> bool:
    return len(part) > 1 and any(x.isalpha() for x in part)


def _one_term(text: str, mark: str) -> bool:
    """Whether words joined by a mark are one term: `o/u`, `pts/reb`."""
    low = text.casefold()
    return low in NOISE or low in MONEYLINE or all(x in STATS for x in low.split(mark))


_DECIMALS = re.compile(r"\d+\.\d{1,2}")


def _is_amount(before: str, behind: str) -> bool:
    """Whether `€` between two figures is the first one's: `20 € 1.91`, `20.00 € 1.91`."""
    both = _DECIMALS.fullmatch(before) and _DECIMALS.fullmatch(behind)
    return before.isdigit() or (both is not None and float(before) > float(behind))


def _join_signs(words: list[Word]) -> list[Word]:
    """Join a separate sign with the number after it: `DEN - 4.5`, `DEN minus 4.5`, `€ 20`."""
    found: list[Word] = []
    for word in words:
        last = found[-1] if found else None
        sign = _SIGNS.get(last.low) if last is not None else None
        if sign == "$" and found[-2:-1] and _is_amount(found[-2].text, word.text):
            sign = None
        form = _AMOUNT if sign == "$" else _LINE
        if last is not None and sign is not None and word.text and form.fullmatch(word.text):
            found[-1] = Word.of(sign + word.text, last.place, word.end)
        else:
            found.append(word)
    return found


_NOT_OF_THE_BET = re.compile(
    r"""^[^\S\n]*(?:(?:bet|slip|bet[ ]slip|ticket|receipt|coupon)[ ]?(?:id|no\.?|number|\#)|id
        |reference|ref|placed|bet[ ]placed|date[ ]placed|placed[ ](?:on|at)|confirmation)
        [ ]*[:#](?![^\n]*[$€£])[^\n]*$
    |^[^\S\n]*includes:?[ ][^\n]*\b(?:selection|leg|pick|parlay)s?[^\S\n]*$
    |^[^\S\n]*cash[ ]?out(?:[ ]value)?[ ]*[:$€£][^\n]*$
    |^[^\S\n]*(?:\d{1,2}\)|\d\ufe0f?\u20e3)(?=\s)
    |(?<=\w[ ])\((?:[GFC]|[PS][GF])(?:[-/](?:[GFC]|[PS][GF]))?(?=\)|[ ]?[-,/|•·])
    |(?<=[A-Z]{3})[ ]?[-,/|•·][ ]?(?:[GFC]|[PS][GF])(?=\)|[ ]*$)
    |\b(?:(?:(?:(?:east|west)(?:ern)?[ ])?conf(?:erence|\.)?[ ])?(?:semi-?)?finals?|playoffs?
        |(?:first|second|1st|2nd)[ ]round|round[ ][12])[ ,-]+game[ ][1-7]\b[ ]*[:,-]?
    |\b(?:tip(?:-?[ ]?off|s)?|starts?)[ ]*(?:at|:)?[ ]*
        (?=\d{1,2}(?::\d{2}|(?::\d{2})?[ ]?[ap]\.?m\b))
    |^(?:(?:nba|wnba|ncaab?|cbb|basketball)[\s-]*)?\[\d{3,6}\](?=\s+\S)""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
"""Finds what a slip says of itself (`Placed: Nov 20, 2026`), a bet's number (`2)`, `[503]`), a
player's position (`(PG)`), which game of a series it is (`Finals Game 3:`), and the word before the
time of a tip-off. A line with an amount, such as `Placed: $20`, is kept: that may be the stake."""

_NUMBERED = re.compile(r"(?:^|(?<=[;:]))[^\S\n]*#(\d{1,2})(?=[^\S\n])", re.MULTILINE)


def _only_the_bet(text: str) -> str:
    """The text with blanks for what `_NOT_OF_THE_BET` finds, and for the numbers of legs: `#1`."""
    text = _NOT_OF_THE_BET.sub(lambda x: " " * len(x[0]), text)
    numbers = [int(x[1]) for x in _NUMBERED.finditer(text)]
    in_order = len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1))
    return _NUMBERED.sub(lambda x: " " * len(x[0]), text) if in_order else text


def _in_a_name(said: re.Match[str], words: Sequence[Word], find: FindTeam) -> bool:
    """Whether a word for a league is part of a team's name: Boston College, College Park."""
    if said[0].casefold() != "college":
        return False
    at = next((i for i, x in enumerate(words) if x.place == said.start()), 0)
    first = max(0, at - 2)
    names = [[x.text for x in words[i : i + 4]] for i in range(first, at + 1)]
    return any(find(x, wide=True)[0] > at - i for i, x in enumerate(names, first))


def _ranked(rank: re.Match[str], words: Sequence[Word], find: FindTeam) -> bool:
    """Whether a school's name follows what may be its rank; `#1 DEN` is no rank, nor `#2 Suns`."""
    names = [x.text for x in words if x.place >= rank.start("name")][:4]
    count, found = find(names, wide=True)
    name = fold(" ".join(names[:count]))
    codes = [fold(x.code) for x in found if x.league not in COLLEGE]
    return name not in codes and any(fold(x.name) != name for x in found if x.league in COLLEGE)


@dataclass(slots=True)
class Line:
    """The words of a line and how far they have been read: `at` is the index of the next word.

    `leg` is the number of the parlay leg that is being read, for errors; None for a single bet.
    `now` is the time on the person's own clock; None where a line may be read on any day.
    """

    text: str
    find: FindTeam
    words: list[Word] = field(default_factory=list)
    at: int = 0
    leg: int | None = None
    now: datetime | None = None
    priced: bool = False
    """Whether a price other than even money stands beside the line."""
    league_words: list[tuple[int, frozenset[str]]] = field(default_factory=list)
    """Offsets of the words found by `LEAGUE`, with the leagues that each allows."""
    ranked: frozenset[int] = frozenset()
    """Offsets of the names of schools that have a rank."""
    _phrases: dict[int, tuple[tuple[int, str], ...]] = field(default_factory=dict)

    @classmethod
    def over(cls, text: str, find: FindTeam, now: datetime | None = None) -> Line:
        """A line that is split into words, with the cursor at its start."""
        plain = plain_signs(text)
        words = words_of(bare := _only_the_bet(_LONG_MINUS.sub("-", plain)))
        said = [x for x in LEAGUE.finditer(plain) if not _in_a_name(x, words, find)]
        ranks = [x for x in RANK.finditer(bare) if _ranked(x, words, find)]
        for one in (*said, *ranks):
            words = [x for x in words if not one.start() <= x.place < one.end()]
        leagues = [(x.start(), leagues_of(x)) for x in said]
        ranked = frozenset(x.start("name") for x in ranks if x["sure"])
        return cls(text, find, words, now=now, league_words=leagues, ranked=ranked)

    @property
    def word(self) -> Word | None:
        """The next word; None at the end."""
        return self.words[self.at] if self.at < len(self.words) else None

    def peek(self, ahead: int = 0) -> str:
        """The word `ahead` words on, in lower case; empty beyond either end."""
        place = self.at + ahead
        return self.words[place].low if 0 <= place < len(self.words) else ""

    def phrase(self, among: Collection[str]) -> int:
        """How many words the longest phrase of `among` that comes next has; 0 for none."""
        count, _ = self.longest(among)
        return count

    def later(self, among: Collection[str]) -> bool:
        """Whether the rest of the bet has one of these phrases."""
        kept, found = self.at, False
        while (word := self.word) is not None and not word.ends_leg and not found:
            found = self.phrase(among) > 0
            self.at += 1
        self.at = kept
        return found

    def look_up(self, table: Mapping[str, T]) -> tuple[int, T | None]:
        """How many of the next words are a phrase of the table, and its value; or (0, None)."""
        count, phrase = self.longest(table)
        return count, table[phrase] if count else None

    def longest(self, among: Collection[str]) -> tuple[int, str]:
        """The number of words of the longest phrase of `among` that comes next, and that phrase."""
        if self.at not in self._phrases:
            self._phrases[self.at] = self._begun_here()
        for count, phrase in self._phrases[self.at]:
            if phrase in among:
                return count, phrase
        return 0, ""

    def _begun_here(self) -> tuple[tuple[int, str], ...]:
        """The phrases that the next words may form, the longest first."""
        found: list[tuple[int, str]] = []
        phrase = ""
        if not begins_phrase(self.peek()):
            return ()
        for count, word in enumerate(self.words[self.at : self.at + _LONGEST_PHRASE], 1):
            if word.ends_leg:
                break
            plain = word.low.rstrip(".").replace("\u2019", "").replace("'", "")
            phrase = f"{phrase} {plain}" if phrase else plain
            if "-" in phrase:
                found.append((count, phrase.replace("-", " ")))
            found.append((count, phrase))
        return tuple(reversed(found))

    def team(self, *, wide: bool = False, twice: bool = True) -> tuple[int, tuple[Team, ...]]:
        """How many of the next words name a team, and the teams that they may mean.

        With `twice`, a code and a name after it are one team, as some books print them:
        `DEN Nuggets`.
        """
        names: list[str] = []
        for word in self.words[self.at : self.at + 4]:
            if word.soft or word.ends_leg:
                break
            # William & Mary, Raptors 905.
            goes_on = bool(names) and (word.text == "&" or word.text.isdigit())
            if not goes_on and not any(x.isalpha() for x in word.text):
                break
            # A term cannot continue a team's name; stopping here saves a search of all colleges.
            if names and (word.low in NEVER_IN_A_NAME or is_initial(word)):
                break
            names.append(word.text)
        if not names:
            return 0, ()
        place = self.words[self.at].place
        leagues = self.leagues_at(place)
        if place in self.ranked:
            leagues = COLLEGE & (leagues or COLLEGE)
        if leagues is not None:
            count, found = self._named(names, wide=True, twice=twice)
            schools = tuple(x for x in found if x.league in leagues & COLLEGE)  # `Houston men`
            meant = schools or tuple(x for x in found if x.league in leagues)
            return (count, meant) if meant else (0, ())
        # A league word before the legs, as in `NBA parlay:`, prefers its teams in all of them.
        heads = [leagues for at, leagues in self.league_words if at < place and self._heads(at)]
        for headed in heads[-1:]:
            count, found = self._named(names, wide=True, twice=twice)
            if meant := tuple(x for x in found if x.league in headed):
                return count, meant
        return self._named(names, wide=wide, twice=twice)

    def _named(self, names: list[str], *, wide: bool, twice: bool) -> tuple[int, tuple[Team, ...]]:
        count, found = self.find(names, wide=wide)
        if count == 1 and names[0] in NO_CODES:
            return 0, ()
        code = fold(names[0])
        known = any(code in map(fold, (x.code, *x.aliases)) for x in found)
        if not twice or count != 1 or not known:
            return count, found
        more, second = self.find(names[1:], wide=wide) if names[1:] else (0, ())
        both = tuple(x for x in found if x in second and fold(names[1]) != code)
        return (1 + more, both) if both else (count, found)

    def _heads(self, at: int) -> bool:
        """Whether a league word is no leg's own: it begins the text, or heads the legs."""
        before, colon = self.text[:at], _HEADING.search(self.text)
        alone = _WORD_ALONE.match(self.text, at) and not before.rpartition("\n")[2].strip()
        return not before.strip() or bool(alone) or (colon is not None and at < colon.start())

    def leagues_at(self, place: int, *, many: bool = True) -> frozenset[str] | None:
        """The leagues that the nearest league word allows; None without one.

        Of a line with `many` bets, only words of the same leg count.
        """
        near = [
            x
            for x in self.league_words
            if not (many and _LEG_ENDS.search(self.text, *sorted((x[0], place))))
        ]
        return min(near, key=lambda x: abs(x[0] - place))[1] if near else None

    def written(self, at: int) -> str:
        """A word as the person typed it, with the original currency, dashes and fractions."""
        word = self.words[at]
        return self.text[word.place : word.end]

    def bad(self, expected: str, at: int | None = None) -> BadBet:
        """Make an error at a word, by default the next one, that says what was expected."""
        place = self.at if at is None else at
        if place >= len(self.words):
            return self.wrong(f"ends too early: expected {expected}", None)
        word = self.words[place]
        near = nearest(fold(word.text), spelt())
        meant = near.title() if near and near not in SUGGESTED else near
        hint = f" (did you mean {meant}?)" if meant else ""
        shown = "the end of the line" if word.text == "\n" else repr(_cut(self.written(place)))
        where = f"{shown} at column {word.place + 1}"
        return self.wrong(f"{where} is not understood{hint}: expected {expected}", place)

    def wrong(self, what: str, at: int | None) -> BadBet:
        """Make an error of one sentence about a word; `at` is None for the end of the line."""
        place = len(self.text) if at is None else self.words[at].place
        leg = "" if self.leg is None else f" leg {self.leg}:"
        colon = "" if what.startswith("ends ") and not leg else ":"
        where = "" if at is None or " column " in what else f" (at column {place + 1})"
        return BadBet(f"{_cut(self.text)!r}{colon}{leg} {what}{where}", place)

    @property
    def rest(self) -> list[Word]:
        """The words of the bet behind the next one."""
        words = self.words[self.at + 1 :]
        return words[: next((i for i, x in enumerate(words) if x.ends_leg), None)]

    def unbracketed(self) -> bool:
        """Whether no bracket stands before the next word."""
        return self.text[: self.words[self.at].place][-1:] not in ("(", "[")

    def unclear(self, at: int) -> BadBet:
        """The error about a bare number that may be the price or the stake."""
        number = self.words[at].text
        odds = f"({number})" if "." in number else f"{number}.0"
        odds = f"+{number}" if AMERICAN.fullmatch(f"+{number}") else odds
        stake = f"{number}u" if HALF_STEPS.fullmatch(number) else f"${number}"
        why = f"{self.written(at)!r} may be the odds or the stake: write {odds} or {stake}"
        return self.wrong(why, at)

    def figure(self, parse: Callable[[str], T]) -> T:
        """Parse the next word as odds or an amount. A BadBet of `parse` gets the word's place.

        Its text quotes what was typed, not the word after replacements.
        """
        read = self.words[self.at].text
        try:
            return parse(read)
        except BadBet as why:
            typed = str(why).replace(repr(read), repr(self.written(self.at)))
            raise self.wrong(typed, self.at) from None


@lru_cache(maxsize=8192)
def begins_phrase(low: str) -> bool:
    """Whether a word may begin a phrase. Most words may not: they are names or figures."""
    plain = low.rstrip(".").replace("\u2019", "").replace("'", "")
    return not plain or bool({plain, plain.partition("-")[0]} & _openings())


@cache
def _openings() -> frozenset[str]:
    """The first words of all phrases that a line may hold."""
    return OPENING | first_words(book_names())


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
