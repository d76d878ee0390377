"""Bets from other programs: rows of CSV or JSON, whatever their columns are called, as values."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from tracker.domain.bet import Result
from tracker.domain.draft import Draft
from tracker.domain.errors import BadBet, TrackerError
from tracker.domain.money import Odds, parse_odds, payout_if_won
from tracker.intake.import_bets import draft_from
from tracker.language.drafting import parse_stake

Row = Mapping[str, str]

_DATES = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M %p", "%m/%d/%y %I:%M %p", "%m/%d/%y %H:%M", "%m/%d/%Y", "%m/%d/%y",
)  # fmt: skip
_FIRST_AMERICAN = 100


class BadFile(TrackerError):
    """The file as a whole cannot be read; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class ImportedBet:
    """A row that could be read. `line` is where it stands in the file.

    `result` is None while the bet is open. `paid` is what came back, in cents, where the file
    tells it or it follows from the odds; `said` is the result as the file has it.
    """

    line: int
    draft: Draft
    result: Result | None
    paid: int | None
    said: str


@dataclass(frozen=True, slots=True)
class ImportedBets:
    """What a file holds. `mistakes` has a sentence for each row that could not be read.

    `elsewhere` counts the rows about leagues that are not followed here, by their names.
    `columns` says which column was read as what.
    """

    slips: tuple[ImportedBet, ...]
    mistakes: tuple[str, ...]
    elsewhere: Mapping[str, int]
    columns: Mapping[str, str]


def read_slips(
    text: str, source: str, *, unit_cents: int, zone: tzinfo, given: Mapping[str, str]
) -> ImportedBets:
    """Read an export of another bet tracker, or a spreadsheet of one's own.

    `given` names columns in a person's words: theirs to ours. `zone` is that of times without one.
    Raises BadFile when there are no rows, or none of the columns tells what was bet on.
    """
    rows = _json_rows(text) if text.lstrip()[:1] in ("[", "{") else _csv_rows(text)
    if not rows:
        raise BadFile(f"{source}: there are no rows in it")
    columns = _columns(rows[0][1], given, source)
    reader = _Reader(columns, unit_cents, zone)
    slips: list[ImportedBet] = []
    mistakes: list[str] = []
    elsewhere: Counter[str] = Counter()
    for line, row in rows:
        league = reader.league(row)
        if league is None:
            elsewhere[reader.text(row, "league") or reader.text(row, "sport")] += 1
            continue
        try:
            slips.append(reader.slip(line, row, league))
        except TrackerError as why:
            mistakes.append(f"{source}, line {line}: {why}")
    return ImportedBets(
        tuple(slips), tuple(mistakes), elsewhere, {v: k for k, v in columns.items()}
    )


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


@cache
def _names() -> Mapping[str, Mapping[str, Sequence[str]]]:
    text = resources.files("tracker.intake").joinpath("data/trackers.toml").read_text("utf-8")
    return tomllib.loads(text)


def _csv_rows(text: str) -> list[tuple[int, Row]]:
    first = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    table = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter)
    try:
        return [
            (table.line_num, {k: v or "" for k, v in row.items() if k is not None and v != []})
            for row in table
            if any(row.values())
        ]
    except csv.Error as why:
        raise BadFile(f"line {table.line_num} is no CSV: {why}") from None


def _json_rows(text: str) -> list[tuple[int, Row]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = _json_lines(text)
    if isinstance(found, dict):
        found = next((x for x in found.values() if isinstance(x, list)), [found])
    if not isinstance(found, list) or not all(isinstance(x, dict) for x in found):
        raise BadFile("the JSON is no list of bets")
    return [(n, {str(k): _flat(v) for k, v in row.items()}) for n, row in enumerate(found, 1)]


def _json_lines(text: str) -> list[Any]:
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as why:
        raise BadFile(f"this is no JSON: {why}") from None


def _flat(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(_flat, value))
    return "" if value is None or isinstance(value, dict) else str(value)


def _columns(row: Row, given: Mapping[str, str], source: str) -> dict[str, str]:
    """Our name of each column that is needed, to the file's."""
    ours = _names()["columns"]
    there = {_plain(name): name for name in row}
    found: dict[str, str] = {}
    for theirs, mine in given.items():
        if mine not in ours:
            raise BadFile(f"{mine!r} is no column of ours: {', '.join(ours)}")
        if _plain(theirs) not in there:
            raise BadFile(f"{source}: there is no column {theirs!r}: {', '.join(row)}")
        found[mine] = there[_plain(theirs)]
    for mine, names in ours.items():
        match = next((there[x] for x in names if x in there), None)
        if mine not in found and match is not None and match not in found.values():
            found[mine] = match
    if "pick" not in found:
        raise BadFile(
            f"{source}: no column tells what was bet on (there are {', '.join(row)}): "
            "say which with --map 'their name=pick'"
        )
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rows whose columns are known."""

    columns: Mapping[str, str]
    unit_cents: int
    zone: tzinfo

    def text(self, row: Row, name: str) -> str:
        """A value by our name for its column; empty when there is none."""
        return row.get(self.columns.get(name, ""), "").strip()

    def league(self, row: Row) -> str | None:
        """The league, empty where the row does not say; None for one that is not followed."""
        said = [_plain(x) for x in re.split(r"[|;,]", self.text(row, "league")) if _plain(x)]
        if not said:
            sport = _plain(self.text(row, "sport"))
            said = [sport] if sport and "basketball" not in sport else []
        if not said:
            return ""
        known = {name: league for league, names in _names()["leagues"].items() for name in names}
        leagues = {known.get(x) for x in said}
        return None if None in leagues else next(iter(leagues))

    def slip(self, line: int, row: Row, league: str) -> ImportedBet:
        """The bet of a row; BadBet says what is wrong with it."""
        odds = self._odds(row)
        stake = self._stake(row)
        said = self.text(row, "result")
        result, paid = self._result(row, said, odds, stake)
        draft = draft_from(
            self.text(row, "pick"),
            market=self.text(row, "market"),
            line=self.text(row, "line"),
            game=self.text(row, "game"),
            league=league,
            odds=odds,
            stake_cents=stake,
            book=self.text(row, "book") or None,
            tags=tuple(x.strip() for x in re.split(r"[|;,]", self.text(row, "tags")) if x.strip()),
            occasion=f"import {self.text(row, 'id') or self.text(row, 'placed') or line}",
            placed_at=self._time(self.text(row, "placed")),
        )
        return ImportedBet(line, draft, result, paid, said)

    def _odds(self, row: Row) -> Odds | None:
        text = self.text(row, "odds").removesuffix(".0").removesuffix(".00")
        if not text:
            return None
        decimal = "decimal" in _plain(self.columns["odds"])
        if decimal and text.lstrip("+-").isdigit() and abs(int(text)) >= _FIRST_AMERICAN:
            text = f"{text}.0"
        return parse_odds(text)

    def _stake(self, row: Row) -> int | None:
        text = self.text(row, "stake").removeprefix("-")
        if not text:
            return None
        in_units = _plain(self.columns["stake"]) == "units" and not text[-1:].isalpha()
        return parse_stake(f"{text}u" if in_units else text, self.unit_cents)

    def _result(
        self, row: Row, said: str, odds: Odds | None, stake: int | None
    ) -> tuple[Result | None, int | None]:
        """The result, and what was paid in cents."""
        word = _plain(said)
        words = _names()["results"]
        meant = next((name for name, names in words.items() if word in names), None)
        if meant is None:
            raise BadBet(f"the result {said!r} is not understood: write won, lost, push or void")
        if meant == "open":
            return None, None
        paid = self._paid(row, stake)
        if meant == "cashout":
            if paid is None or stake is None:
                raise BadBet("it was cashed out, and the file does not tell for how much")
            return (Result.WON if paid > stake else Result.LOST), paid
        result = Result(meant)
        if stake is None or paid is not None:
            return result, paid
        match result:
            case Result.LOST:
                return result, 0
            case Result.WON:
                return result, None if odds is None else payout_if_won(stake, odds)
            case Result.PUSH | Result.VOID:
                return result, stake

    def _paid(self, row: Row, stake: int | None) -> int | None:
        if text := self.text(row, "payout"):
            return _signed(text)
        text = self.text(row, "profit")
        return None if not text or stake is None else max(0, stake + _signed(text))

    def _time(self, text: str) -> datetime | None:
        """A time in one of the forms that programs write; BadBet when it is none of them."""
        if not text:
            return None
        plain = text.removesuffix(" GMT").removesuffix(" UTC")
        found: datetime | None = None
        try:
            found = datetime.fromisoformat(plain)
        except ValueError:
            for form in _DATES:
                try:
                    found = datetime.strptime(plain, form)  # noqa: DTZ007 - its zone comes below
                    break
                except ValueError:
                    continue
        if found is None:
            raise BadBet(f"{text!r} is no time: write it like 2026-11-20 19:30")
        if found.tzinfo is not None:
            return found
        return found.replace(tzinfo=self.zone if plain == text else UTC)


def _signed(text: str) -> int:
    """Cents of an amount that may be negative: `-$20.00`, `(20.00)`, `+17.39`."""
    plain = text.replace("$", "").strip()
    below = plain.startswith(("-", "(", "\u2212"))
    # Programs write more digits than a cent has: 30.693000000000001.
    try:
        cents = round(Fraction(plain.strip("()+-\u2212 ").replace(",", "")) * 100)
    except (ValueError, ZeroDivisionError):
        raise BadBet(f"{text!r} is no amount") from None
    return -cents if below else cents
