"""Columns of a sheet: the form in which each is written, and the bet that a row's columns mean.

A single value may be ambiguous: `1,234`, `05/11/2025`, `150`. The other values of its column show
which form is meant; where none does, the person is asked.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from itertools import chain, product
from typing import Any
from zoneinfo import ZoneInfo

from tracker.domain import BadBet, TrackerError
from tracker.domain.catalog import Team
from tracker.domain.league import LEAGUES, slate_date
from tracker.domain.money import Odds, parse_odds, plain_signs
from tracker.domain.pick import Matchup, Written
from tracker.domain.same_bet import NOON
from tracker.language import find_in, parse_bet, parse_matchup
from tracker.language.picks import is_uneven
from tracker.language.tokens import FindTeam
from tracker.language.vocabulary import FREE, STATS, TENS, THREE_WAY, TIE, UNKNOWN_STATS

Row = Mapping[str, str]


class BadFile(TrackerError):
    """A file that cannot be read as a whole; the text says why, and what to do."""


_SEPARATOR = re.compile(r"\"?sep=(.)\"?", re.IGNORECASE)
"""Finds the line by which a spreadsheet names the separator of its columns."""


_FORMULA = re.compile(r'=(?:"([^"]*)"|([+-]?[0-9][0-9.,]*))')
"""Finds a value that a spreadsheet is to take as it is: `="-110"`, `=+150`."""


def _cell(value: str | None) -> str:
    """A cell without the formula around it."""
    found = _FORMULA.fullmatch((value or "").strip())
    return (value or "") if found is None else found[1] or found[2] or ""


def csv_rows(text: str) -> tuple[list[tuple[int, Row]], str, list[int]]:
    """The rows of a CSV with their first lines, the separator of its columns, and wide lines.

    A line with more cells than headings is no row: its cells may belong to other columns.
    """
    text = text.lstrip("\ufeff")
    skipped = 0
    first, _, rest = text.partition("\n")
    if said := _SEPARATOR.fullmatch(first.strip()):
        text, skipped = rest, 1
        first = rest.partition("\n")[0]
    delimiter = said[1] if said else max(",;\t|", key=first.count)
    table = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    found: list[tuple[int, dict[Any, Any], list[Any]]] = []
    try:
        for row in table:
            more = list(row.pop(None, ()))
            broken = sum(x.count("\n") for x in (*row.values(), *more) if x)
            found.append((table.line_num + skipped - broken, row, more))
    except csv.Error as why:
        raise BadFile(f"line {table.line_num + skipped} is no CSV: {why}") from None
    filled = [x for x in found if any(x[1].values()) or any(x[2])]
    # Programs may end each line with a comma; a line with one more than others has parted a value.
    # No value has a tab: what is copied out of a sheet may end in some.
    usual = min((len(more) for _, row, more in filled if None not in row.values()), default=0)
    longest = math.inf if delimiter == "\t" else usual
    wide = [line for line, _, more in filled if any(more) or len(more) > longest]
    rows = [(line, row) for line, row, _ in filled if line not in wide]
    return [(line, {k: _cell(v) for k, v in row.items()}) for line, row in rows], delimiter, wide


# ---------------------------------------------------------------------------------------- amounts


_CURRENCY = re.compile(r"[$€£¥₹]|(?i:\b(?:usd|eur|gbp|cad|aud|us|ca|au)\b)")
_GAPS = re.compile(r"[\s\u00a0\u202f'\u2019_]")
_PLAIN = re.compile(r"\d+")
_POINT = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+|\d*\.(?:\d{1,2}|\d{4,})|\d{1,3}(?:,\d{3}){2,}")
_COMMA = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d*,(?:\d{1,2}|\d{4,})|\d{1,3}(?:\.\d{3}){2,}")
_EITHER = re.compile(r"\d{1,3}([.,])\d{3}")
_LEAST_SERIAL, _MOST_SERIAL = 30_000, 60_000
_SERIAL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - its zone is the sheet's
"""Day 0 of the serial dates of spreadsheets; only serials of the years 1982 to 2064 are read."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the amounts of a file are written.

    `comma` is True for a decimal comma, False for a decimal point, None when not known.
    """

    comma: bool | None

    @staticmethod
    def of(values: Iterable[str], *, points: bool = False) -> Numbers:
        """Find the form from the values of the amounts.

        Where they do not show it, `points` says that the file looks to have decimal points.
        """
        bare = [_bare(x)[1] for x in values]
        point, comma = (any(form.fullmatch(x) for x in bare) for form in (_POINT, _COMMA))
        return Numbers((False if points and not comma else None) if point == comma else comma)

    def read(self, text: str) -> Fraction:
        """Read a number such as `1,234.56`, `1.234,56`, `18,18`, `(20.00)`, `-$5`; else BadBet."""
        below, plain = _bare(text)
        either = _EITHER.fullmatch(plain)
        if either and self.comma is None and either[1] == ",":
            raise BadBet(
                f"{text.strip()!r} may be with a decimal comma or with thousands: write it without "
                "its comma, or with a decimal point"
            )
        if _PLAIN.fullmatch(plain):
            value = Fraction(plain)
        elif either:
            decimal = (either[1] == ",") is bool(self.comma)
            value = Fraction(plain.replace(",", ".")) if decimal else Fraction(_digits(plain))
        elif _POINT.fullmatch(plain):
            value = Fraction(plain.replace(",", "") if "." in plain else _digits(plain))
        elif _COMMA.fullmatch(plain):
            whole, mark, rest = plain.rpartition(",")
            value = Fraction(f"{_digits(whole) or '0'}.{rest}" if mark else _digits(plain))
        else:
            raise BadBet(f"{text.strip()!r} is no amount")
        return -value if below else value

    def cents(self, text: str) -> int:
        """Read an amount into cents, rounded: some programs write 30.693000000000001."""
        return round(self.read(text) * 100)


def _bare(text: str) -> tuple[bool, str]:
    """Split an amount: whether it is below 0, and its digits with their marks."""
    plain = _GAPS.sub("", _CURRENCY.sub("", plain_signs(text.strip())))
    below = plain.startswith(("-", "(")) or plain.endswith("-")
    return below, plain.strip("()+-")


def _digits(text: str) -> str:
    return text.replace(",", "").replace(".", "")


# ------------------------------------------------------------------------------------------ dates

# Not within a longer number: the 26 of 2026-01-29 is no day.
_PARTS = re.compile(r"(?<!\d)(\d{1,2})([/.\-])(\d{1,2})\2(\d{4}|\d{2})\b")
# The P of `19:30 PT` is no half of the day.
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:\s*([ap])\.?(?:m\.?)?(?![a-z]))?", re.IGNORECASE
)
_ZONES = re.compile(r"\s*(?:GMT|UTC|Z)$", re.IGNORECASE)
_AMERICAN_ZONES = re.compile(r"\d\s*(?:[ap]\.?m\.?)?\s*\(?([ECMP])(?:[SD])?T\)?$", re.IGNORECASE)
_AMERICAN = {
    "e": "America/New_York",
    "c": "America/Chicago",
    "m": "America/Denver",
    "p": "America/Los_Angeles",
}
_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+", re.IGNORECASE)
_NAMED = (
    "%b %d %Y",
    "%B %d %Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%Y/%m/%d",
    "%Y-%m-%d",
)
_SECONDS, _MILLISECONDS = re.compile(r"\d{10}"), re.compile(r"\d{13}")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")


def _is_midnight(at: datetime) -> bool:
    return (at.hour, at.minute, at.second) == (0, 0, 0)


@dataclass(frozen=True, slots=True)
class RowTime:
    """A time in a row; `dated` is whether it is only a date, for which its midnight stands."""

    at: datetime
    dated: bool

    @property
    def slate(self) -> date:
        """The league's date."""
        return self.at.date() if self.dated else slate_date(self.at)

    @property
    def placed_at(self) -> datetime:
        """When a bet was placed: noon for a date alone, since midnight is of the night before."""
        return self.at.replace(hour=NOON) if self.dated else self.at


@dataclass(frozen=True, slots=True)
class Dates:
    """How the dates of a column are written; `day_first` is None where no value shows it.

    `zone` is the zone of times without one. `clocked` is whether the column has times of day, so
    that a midnight in it is one too and does not stand for a date alone.
    """

    day_first: bool | None
    zone: tzinfo
    clocked: bool = False

    @staticmethod
    def of(values: Iterable[str], zone: tzinfo, said: bool | None = None) -> Dates:
        """Find the order of day and month: as the person `said`, else as the values show it."""
        values = tuple(values)
        found = [x for x in map(_PARTS.search, values) if x is not None]
        day = any(int(x[1]) > 12 or x[2] == "." for x in found)  # noqa: PLR2004 - months
        month = any(int(x[3]) > 12 for x in found)  # noqa: PLR2004 - months
        made = Dates(said if said is not None else None if day == month else day, zone)
        return replace(made, clocked=any(map(made._after_midnight, filter(None, values))))

    def _after_midnight(self, text: str) -> bool:
        try:
            return not _is_midnight(self.read(text))
        except BadBet:
            return False

    def row_time(self, text: str) -> RowTime:
        """Read a date, with or without a time of day. Raises BadBet as `read`."""
        at, plain = self.read(text), text.strip()
        timed = _CLOCK.search(plain) or _SECONDS.fullmatch(plain) or _MILLISECONDS.fullmatch(plain)
        return RowTime(at, dated=_is_midnight(at) and not (self.clocked and timed))

    def unsure(self, values: Iterable[str]) -> str | None:
        """An ambiguous date among the values; None where all are certain."""
        if self.day_first is not None:
            return None
        found = (x for x in map(_PARTS.search, values) if x is not None)
        return next((x[0] for x in found if x[1] != x[3]), None)

    def read(self, text: str) -> datetime:
        """Read a time in any of the forms that programs write. Raises BadBet for other text.

        A time without a zone is in `zone`.
        """
        plain = " ".join(text.split())
        if _MILLISECONDS.fullmatch(plain):
            return datetime.fromtimestamp(int(plain) / 1000, UTC)
        if _SECONDS.fullmatch(plain):
            return datetime.fromtimestamp(int(plain), UTC)
        found = self._serial(plain) or self._written(plain)
        if found is None:
            raise BadBet(f"{text.strip()!r} is no time: write it like 2026-11-20 19:30")
        if found.tzinfo is not None:
            return found
        return found.replace(tzinfo=UTC if _ZONES.search(plain) else self._zone_of(plain))

    def _zone_of(self, plain: str) -> tzinfo:
        """The zone that a time names, such as `7:30 PM EST`, else that of times without one."""
        said = _AMERICAN_ZONES.search(plain)
        return self.zone if said is None else ZoneInfo(_AMERICAN[said[1].casefold()])

    def _serial(self, plain: str) -> datetime | None:
        if not _SERIAL.fullmatch(plain):
            return None
        days = float(plain.replace(",", "."))
        if not _LEAST_SERIAL <= days < _MOST_SERIAL:
            return None
        return _SERIAL_ZERO + timedelta(seconds=round(days * 86_400))

    def _written(self, plain: str) -> datetime | None:
        bare = _WEEKDAY.sub("", _ZONES.sub("", plain))
        try:
            return datetime.fromisoformat(bare)
        except ValueError:
            pass
        day = self._day(bare)
        clock = _CLOCK.search(bare)
        if day is None:
            return None
        hour, minute, second = _time(clock)
        if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004 - a clock
            return None
        return datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001 - later

    def _day(self, bare: str) -> date | None:
        if parts := _PARTS.match(bare):
            first, second, year = int(parts[1]), int(parts[3]), int(parts[4])
            day, month = (first, second) if self.day_first else (second, first)
            year += 2000 if year < 100 else 0  # noqa: PLR2004 - a year in two digits
            try:
                return date(year, month, day)
            except ValueError:
                return None
        words = _CLOCK.sub("", bare).replace(",", " ").split()
        for form, count in product(_NAMED, (3, 1)):
            with suppress(ValueError):
                return datetime.strptime(" ".join(words[:count]), form).date()  # noqa: DTZ007 - a day
        return None


def _time(clock: re.Match[str] | None) -> tuple[int, int, int]:
    if clock is None:
        return 0, 0, 0
    hour, half = int(clock[1]), (clock[4] or "").casefold()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour, int(clock[2]), int(clock[3] or 0)


# ----------------------------------------------------------------------------------------- prices

_SIGNED = re.compile(r"[+-]\d")
_DECIMAL = re.compile(r"\d{1,4}[.,]\d+")
_THOUSANDS = re.compile(r"\d{1,3},\d{3}")
_ZEROS = re.compile(r"[.,]0+$")
_HUNDREDS = re.compile(r"\d{3,6}[.,]0+")
"""Finds American odds as a table of floating-point numbers writes them: `150.0`."""


@dataclass(frozen=True, slots=True)
class Prices:
    """How the odds of a column are written: `american`, `decimal`, or empty for mixed forms."""

    form: str

    @staticmethod
    def of(values: Iterable[str], heading: str) -> Prices:
        """Find the form: as the heading says it, else as the values show it."""
        said = next((x for x in ("decimal", "american") if x in heading.casefold()), None)
        bare = [_bare_price(x) for x in values]
        signed = any(map(_SIGNED.match, bare))
        # Among American odds, 1,200 is not 1.2.
        decimal = any(
            _DECIMAL.fullmatch(x)
            and not _HUNDREDS.fullmatch(x)
            and not (signed and _THOUSANDS.fullmatch(x))
            for x in bare
        )
        american = signed or any(map(_HUNDREDS.fullmatch, bare))
        shown = "decimal" if decimal and not signed else "american" if american else ""
        shown = "" if decimal and signed else shown
        return Prices(said or shown)

    def read(self, text: str) -> Odds:
        """Read a price. Raises BadBet for other text."""
        plain = _bare_price(text)
        if self.form == "decimal" and not plain.startswith(("+", "-")) and "/" not in plain:
            value = plain.replace(",", ".")
            return parse_odds(f"{value}.0" if value.isdigit() else value)
        plain = _ZEROS.sub("", plain) if _HUNDREDS.fullmatch(plain) else plain
        thousands = self.form == "american" or not _DECIMAL.fullmatch(plain)
        return parse_odds(plain.replace(",", "" if thousands else "."))


def _bare_price(text: str) -> str:
    """A price without blanks and `@`, and without the zeros of `-110.0`."""
    plain = _GAPS.sub("", plain_signs(text.strip()).lstrip("@")).removesuffix("x")
    if plain.startswith(("+", "-")):
        plain = re.sub(r"^([+-]\d),(\d{3})$", r"\1\2", plain)
        return _ZEROS.sub("", plain)
    return plain


_LEGS = re.compile(r"\s+\|\s+|\s*\n\s*")
_KEY = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
_HALF = re.compile(r"(?<![\d.,/])(\d{1,3}) 1/2(?![\d/])")
"""Finds half a point as American books write it: `-7 1/2`. A row's price has its own column."""


_AT = re.compile(r"(?P<away>.+?)\s*(?:@|\bat\b)\s*(?P<home>.+)", re.IGNORECASE)


def with_side(pick: str, way: str, game: str) -> str:
    """What was bet on, with the side that a column of its own says: `Over`, `Home`."""
    side = way.strip().casefold()
    if side in ("over", "under", "o", "u") and not _SIDED.search(pick):
        return f"{pick} {'over' if side[0] == 'o' else 'under'}"
    named = pick.strip().casefold() or side
    playing = _AT.fullmatch(game.strip())
    return playing[named] if playing and named in ("home", "away") else pick


_SIDED = re.compile(r"\b(?:over|under)\b|\b[ou] ?\d|\d\+|\A[^A-Za-z]+\Z", re.IGNORECASE)
"""Finds a side that the words say already; a number alone, which may be an amount, gets none."""


@dataclass(frozen=True, slots=True)
class BetColumns:
    """The columns of a row that say what was bet on; those that the file lacks are empty.

    `text` is the pick as written. `day` is the league's date of the game, None without a column for
    it. `own` is whether a person wrote the text for this program, which then says all of the bet.
    `odds` is the price in the row's own column.
    `guests` are teams of feeds that the catalog does not list.
    """

    text: str
    market: str = ""
    line: str = ""
    game: str = ""
    league: str = ""
    day: date | None = None
    own: bool = False
    odds: Odds | None = None
    guests: tuple[Team, ...] = ()

    def read(self) -> tuple[Written, Matchup | None]:
        """The bet that the columns mean, with its game where they name one.

        Raises BadBet when no reading of the words makes a bet.
        """
        pick = self._read()
        return pick, self._matchup(pick)

    @property
    def leg(self) -> str:
        """The words of the bet as the leg of a parlay, with its game where they name none."""
        pick = self._read()
        named = any(x.names_a_game for x in pick.legs) or self._matchup(pick) is None
        return pick.text if named or not self.game else f"{self.game} {pick.text}"

    def _find(self, game: Matchup | None = None) -> FindTeam:
        return find_in(*([self.league] if self.league else LEAGUES), guests=self.guests, game=game)

    def _read(self) -> Written:
        if not self.text:
            raise BadBet("the row does not say what was bet on")
        first: BadBet | None = None
        find = self._find(self._beside())
        readings = _readings(self.text, self.market, self.line)
        for words in chain((self.text,) if self.own else (), readings):
            try:
                plain = _HALF.sub(r"\1.5", words)
                return parse_bet(plain, find, staked=True, priced=is_uneven(self.odds))
            except BadBet as why:
                first = first or why
        raise first or BadBet(f"{self.text!r} is not understood")

    def _beside(self) -> Matchup | None:
        """The game in its own column; None where that is not understood: the bet's words count."""
        with suppress(BadBet):
            return parse_matchup(self.game, self._find()) if self.game else None
        return None

    def _matchup(self, pick: Written) -> Matchup | None:
        """The game in its own column, on its day."""
        found = self._beside()
        if self.day is None:
            return found
        own = pick.legs[0].matchup if len(pick.legs) == 1 else None
        return replace(found or own or Matchup((), ()), day=self.day)


def _readings(text: str, market: str, line: str) -> Iterator[str]:
    """The lines of text that the row may mean: first with all its columns, then with fewer."""
    legs = [x for x in _LEGS.split(text.strip()) if x]
    if len(legs) > 1:
        yield "parlay: " + "; ".join(legs)
        return
    # APIs name a market like `player_points`.
    words = market.replace("_", " ") if _KEY.fullmatch(market) else market
    # The 6 of `76ers` is no line.
    there = not line or re.search(rf"(?<![\d.]){re.escape(line.lstrip('+'))}(?!\d)", text)
    with_line = text if there else f"{text} {line}"
    # A column named "Bet type" may hold "Free bet": that is about the stake, not about the bet.
    if words and words.casefold() not in text.casefold() and words.casefold() not in FREE:
        yield f"{words} {text}" if text.casefold() in ("yes", "no") else f"{with_line} {words}"
        if not there:
            yield f"{text} {words} {line}"
        if _tells(words):
            return
    yield with_line
    yield text


_PART_OR_KIND = re.compile(
    r"\d|half|quarter|qtr|period|minute|race|margin|first|last|exact|range|series|season",
    re.IGNORECASE,
)


def _tells(market: str) -> bool:
    """Whether a market's name may make the bet another one, so that it cannot be left out."""
    said = {x.strip("s") for x in re.findall(r"[a-z]+", market.casefold())}
    counted = (STATS, UNKNOWN_STATS, TENS, THREE_WAY, TIE)
    return _PART_OR_KIND.search(market) is not None or any(
        set(x.split()) <= said for words in counted for x in (w.strip("s") for w in words)
    )
