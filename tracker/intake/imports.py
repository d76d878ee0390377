"""Imports: reads the exports of other bet trackers, CSV or JSON, with columns of any name."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any

from tracker.domain import BadBet, TrackerError
from tracker.domain.bet import Result
from tracker.domain.catalog import Team
from tracker.domain.catalog.books import book_name
from tracker.domain.draft import Draft
from tracker.domain.money import (
    Odds,
    in_cents,
    money_text,
    parlay_odds,
    parse_stake,
    payout_if_won,
    plain_signs,
)
from tracker.domain.pick import Matchup, tags_of
from tracker.domain.same_bet import TICKET
from tracker.domain.value import comes_back
from tracker.intake.columns import (
    BadFile,
    BetColumns,
    Dates,
    Numbers,
    Prices,
    Row,
    RowTime,
    csv_rows,
    with_side,
)

_AMOUNTS = ("stake", "payout", "profit")
_TIMES = ("placed", "day")
_OWN = "markettext"
"""A column that only this program's own export has."""

_FAR_OFF = 0.1
"""The share by which a payout may differ from what the odds pay before a doubt is reported."""

_AGAINST = frozenset({"lay", "against", "sell", "sold", "short"})
_FREE = re.compile(r"\b(?:free|bonus|promo|token|site credit|bet credit)", re.IGNORECASE)
_OWN_MONEY = re.compile(r"risk.?free|no.?sweat|insur|boost|second chance", re.IGNORECASE)
_YES = frozenset({"yes", "y", "true", "1", "x"})


class UnsureDates(BadFile):
    """A file whose dates may begin with the day or with the month; `example` is one of them."""

    def __init__(self, message: str, example: str) -> None:
        """`message` says how to tell the program which it is."""
        super().__init__(message)
        self.example = example


@dataclass(frozen=True, slots=True)
class ImportedBet:
    """A bet that was read from one row, or from one row a leg.

    `line` is its first line; in a file that is not read by lines (`listed`) its place in the file.
    `result` is None while the bet is open. `paid` is the payout in cents, by the file or by the
    odds, None where neither gives it; `said` is the result as the file writes it. `day` is the
    league's date of the game, or of the placing, None without either. `before` is the occasion that
    the first version of this program gave the bet. `withdrawn` is whether the bet had been
    withdrawn. `price` is the one at which it pays, None where that is not known. `placed_loosely`
    is whether its time of placing is a date alone, or in the only column that may tell its game's.
    """

    line: int
    draft: Draft
    result: Result | None
    paid: int | None
    said: str
    day: date | None = None
    before: str = ""
    withdrawn: bool = False
    price: Odds | None = None
    placed_loosely: bool = False
    listed: bool = False

    @property
    def place(self) -> str:
        """Where it stands in its file, for a message."""
        return f"{'bet' if self.listed else 'line'} {self.line}"


@dataclass(frozen=True, slots=True)
class ImportedBets:
    """The bets of a file. `mistakes` has a sentence for each bet that could not be read.

    `elsewhere` counts the bets on leagues that are not followed here, by the leagues' names.
    `columns` maps each column that was read to its meaning here; `unused` names the other columns.
    `doubts` has a sentence for each bet that was read although its figures do not fit together.
    """

    slips: tuple[ImportedBet, ...]
    mistakes: tuple[str, ...]
    elsewhere: Mapping[str, int]
    columns: Mapping[str, str]
    unused: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manner:
    """What a person says about a file: the meaning of its columns, and the order of its dates.

    `columns` maps the file's names of columns to this program's. `guests` are teams of feeds that
    the catalog does not list.
    """

    columns: Mapping[str, str]
    day_first: bool | None = None
    guests: tuple[Team, ...] = ()


_PARTS = {",": "a comma, such as 4,5 or a note,", "\t": "a tab"}
"""What parts the cells of a line, in words."""


def read_slips(
    text: str, source: str, *, unit_cents: int, zone: tzinfo, manner: Manner
) -> ImportedBets:
    """Read an export of another bet tracker, or a person's own spreadsheet.

    `zone` is the zone of times without one. Raises BadFile when there are no rows or no column says
    what was bet on, and UnsureDates when the order of the dates is ambiguous.
    """
    is_json = text.lstrip()[:1] in ("[", "{")
    rows, mark, wide = (_json_rows(text), ",", []) if is_json else csv_rows(text)
    mistakes = [
        f"{source}, line {line}: it has more cells than the first line has headings: put what "
        f"holds {_PARTS.get(mark, repr(mark))} in quotes"
        for line in wide
    ]
    if not rows:
        raise BadFile(mistakes[0] if mistakes else f"{source}: there are no rows in it")
    columns = _columns(rows[0][1], manner.columns, source)
    listed = [row for _, row in rows]
    reader = _Reader.of(listed, columns, unit_cents, zone, manner, points=mark == ",")
    _check_dates(reader, listed, source)
    slips: list[ImportedBet] = []
    doubts: list[str] = []
    elsewhere: Counter[str] = Counter()
    for line, group in _bets_of(rows, reader):
        league = reader.league(group[0])
        if league is None:
            elsewhere[reader.text(group[0], "league") or reader.text(group[0], "sport")] += 1
            continue
        try:
            slip = replace(reader.slip(line, group, league), listed=is_json)
        except TrackerError as why:
            mistakes.append(f"{source}, {'bet' if is_json else 'line'} {line}: {why}")
            continue
        slips.append(slip)
        doubts += [f"{source}, {slip.place}: {x}" for x in _doubts(slip)]
    read = {v: k for k, v in columns.items()}
    unused = tuple(x for x in rows[0][1] if x not in read and any(row.get(x) for row in listed))
    return ImportedBets(tuple(slips), tuple(mistakes), elsewhere, read, unused, tuple(doubts))


def _check_dates(reader: _Reader, rows: Sequence[Row], source: str) -> None:
    for name in _TIMES:
        values = [reader.text(row, name) for row in rows]
        if (unsure := reader.dates[name].unsure(values)) is not None:
            raise UnsureDates(
                f"{source}: the dates in {reader.columns[name]!r}, such as {unsure}, may begin "
                "with the day or the month: say which with `tracker import FILE --dates day-first` "
                "or `--dates month-first`",
                unsure,
            )


def _bets_of(rows: Sequence[tuple[int, Row]], reader: _Reader) -> list[tuple[int, list[Row]]]:
    """Group the rows by bet, with each bet's first line: rows that share an id are its legs."""
    found: dict[object, tuple[int, list[Row]]] = {}
    for line, row in rows:
        key = reader.text(row, "id") or line
        known = found.setdefault(key, (line, []))
        if row not in known[1]:
            known[1].append(row)
    return list(found.values())


def _doubts(slip: ImportedBet) -> list[str]:
    """Report a payout that differs much from what the odds pay."""
    draft, paid, price = slip.draft, slip.paid, slip.price
    if price is None or draft.stake_cents is None or paid is None:
        return []
    ended = slip.result or Result.VOID
    due = comes_back(ended, draft.stake_cents, price, free=draft.free) or 0
    cashed = any(x in slip.said.casefold() for x in ("cash", "half"))
    if slip.result is None or cashed or abs(paid - due) <= max(5, _FAR_OFF * due):
        return []
    stake = money_text(draft.stake_cents)
    doubt = (
        f"{draft.pick.text!r} was paid {money_text(paid)}, where {stake} at {price.text} pays "
        f"{money_text(due)} when {slip.result.value}: it was taken as written"
    )
    return [doubt]


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


@cache
def _names() -> Mapping[str, Mapping[str, Sequence[str]]]:
    text = resources.files("tracker.intake").joinpath("data/trackers.toml").read_text("utf-8")
    return tomllib.loads(text)


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
    if isinstance(value, list | dict):
        parts = value.values() if isinstance(value, dict) else value
        return " ".join(filter(None, map(_flat, parts)))
    return "" if value is None else str(value)


def _value(row: Row, column: str | None) -> str:
    """A row's value in one of its columns, of which one may have no name; empty without one."""
    return "" if column is None else row.get(column, "").strip()


def _columns(row: Row, given: Mapping[str, str], source: str) -> dict[str, str]:
    """Map this program's names of columns to the file's. Raises BadFile.

    `given` are the columns that the person named, from the file's name to this program's.
    """
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
    if _OWN in there:
        # In this program's own export the pick says all of the bet.
        found = {mine: theirs for mine, theirs in found.items() if mine not in ("market", "line")}
    if not found:
        raise BadFile(
            f"{source}: its first line names no known columns ({', '.join(row)}): write a line "
            "such as Date,Bet,Odds,Stake,Result above the bets, or say which they are with "
            "`tracker import FILE --map 'their name=pick'`"
        )
    if "pick" not in found:
        raise BadFile(
            f"{source}: no column tells what was bet on (there are {', '.join(row)}): "
            "say which with `tracker import FILE --map 'their name=pick'`"
        )
    return found


def _on_its_games(draft: Draft) -> Draft:
    """The draft without the game beside it, where a parlay has legs on other games too."""
    if len(draft.legs) > 1 and draft.matchup is not None:
        try:
            draft.check_game()
        except BadBet:
            day = draft.matchup.day
            matchup = None if day is None else Matchup((), (), day)
            return replace(draft, matchup=matchup, game_text=None)
    return draft


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rows whose columns are known, each column in the form that its values show.

    `columns` maps this program's names of columns to the file's. `signed_lines` is whether lines
    below 0 have their sign, so that a spread without one is above 0: spreadsheets drop a plus.
    """

    columns: Mapping[str, str]
    unit_cents: int
    numbers: Numbers
    prices: Prices
    dates: Mapping[str, Dates]
    signed_lines: bool
    guests: tuple[Team, ...]

    @staticmethod
    def of(
        rows: Sequence[Row],
        columns: Mapping[str, str],
        unit_cents: int,
        zone: tzinfo,
        manner: Manner,
        *,
        points: bool,
    ) -> _Reader:
        """A reader of a file with these rows; `points` is whether decimal points are likely."""

        def values(name: str) -> list[str]:
            return [_value(row, columns.get(name)) for row in rows]

        amounts = [x for name in _AMOUNTS for x in values(name)]
        points = points or any("$" in x for x in amounts)
        return _Reader(
            columns,
            unit_cents,
            Numbers.of(amounts, points=points),
            Prices.of(values("odds"), columns.get("odds", "")),
            {name: Dates.of(values(name), zone, manner.day_first) for name in _TIMES},
            any(plain_signs(x).startswith("-") for x in values("line")),
            manner.guests,
        )

    def text(self, row: Row, name: str) -> str:
        """A row's value by this program's name of the column; empty when there is none."""
        return _value(row, self.columns.get(name))

    def league(self, row: Row) -> str | None:
        """The row's league; empty for none or several, None where one is not followed."""
        said = [x for x in re.split(r"[|;,]", self.text(row, "league")) if _plain(x)]
        if not said:
            sport = _plain(self.text(row, "sport"))
            if not sport or "basketball" in sport or _league(sport) == "":
                return ""
            return _league(sport)
        leagues = {_league(x) for x in said}
        return None if None in leagues else leagues.pop() if len(leagues) == 1 else ""

    def slip(self, line: int, group: Sequence[Row], league: str) -> ImportedBet:
        """Make the bet of its rows. Raises BadBet, which says what is wrong."""
        row = group[0]
        for one in group:
            self._check_side(one)
        odds, own_odds = self._odds(group)
        stake = self._first(group, self._stake)
        free = any(map(self._free, group))
        said = self.text(row, "result")
        price = self._paying(group, odds, own_odds)
        result, paid = self._result(group, price, stake, free=free)
        number = self.text(row, "id")
        placed, day = self._time(row, "placed"), self._time(row, "day")
        columns = self._described(group, own_odds, league, None if day is None else day.slate)
        pick, matchup = replace(columns, odds=odds).read()
        if odds is not None and pick.odds is not None and odds.text == pick.odds.text:
            # The whole price of a parlay, which its text has only rounded.
            odds = pick.odds
        draft = Draft(
            pick=pick,
            matchup=matchup,
            game_text=(columns.game or None) if matchup is not None else None,
            odds=odds or pick.odds,
            stake_cents=pick.stake_cents if stake is None else stake,
            book=book_name(self.text(row, "book")),
            tags=tags_of(*pick.tags, self.text(row, "tags")),
            occasion=f"{TICKET}{number}" if number else "",
            placed_at=None if placed is None else placed.placed_at,
            free=free or pick.free,
        )
        dated = day or placed
        return ImportedBet(
            line,
            _on_its_games(draft),
            result,
            paid,
            said,
            None if dated is None else dated.slate,
            f"import {number or self.text(row, 'placed') or line}",
            bool(self.text(row, "withdrawn")),
            price or (pick.odds if len(group) == 1 else None),
            placed is not None and (placed.dated or "day" not in self.columns),
        )

    def _described(
        self, group: Sequence[Row], own_odds: Sequence[Odds | None], league: str, day: date | None
    ) -> BetColumns:
        """What the rows say was bet on; the legs of a parlay by their words."""
        rows = [self._columns_of(x, league) for x in group]
        if len(rows) == 1:
            return replace(rows[0], day=day)
        legs = [
            x.leg if odds is None else f"{replace(x, odds=odds).leg} {odds.text}"
            for x, odds in zip(rows, own_odds, strict=True)
        ]
        return BetColumns(" | ".join(legs), league=league, day=day, guests=self.guests)

    def _columns_of(self, row: Row, league: str) -> BetColumns:
        pick, market, line, game = (self.text(row, x) for x in ("pick", "market", "line", "game"))
        away, home = self.text(row, "away"), self.text(row, "home")
        game = game or (f"{away} @ {home}" if away and home else "")
        if self.signed_lines and line[:1].isdigit() and _SPREAD.search(market):
            line = f"+{line}"
        own = any(_plain(x) == _OWN for x in row)
        pick = with_side(pick, self.text(row, "way"), game)
        return BetColumns(pick, market, line, game, league, own=own, guests=self.guests)

    def _check_side(self, row: Row) -> None:
        """Refuse a bet against what the row names: its words would be read as a bet on it."""
        way = _plain(self.text(row, "way"))
        said = {_plain(x) for x in row.values()} & _AGAINST
        if said or way in ("no", "layer") or self.text(row, "pick").casefold().startswith("lay "):
            raise BadBet(
                f"it is a bet against {self.text(row, 'pick')!r} ({way or ', '.join(said)}): write "
                "it as the bet on the other side, with what you can lose as the stake"
            )

    def _free(self, row: Row) -> bool:
        """Whether the stake is the book's money: a free bet, a bonus bet, a token."""
        words = f"{self.text(row, 'kind')} {self.text(row, 'market')}".strip()
        if _OWN_MONEY.search(words):
            return False
        heading = self.columns.get("kind", "")
        named = _FREE.search(heading) is not None and _plain(self.text(row, "kind")) in _YES
        return named or _FREE.search(words) is not None or _plain(words) == "snr"

    def _odds(self, group: Sequence[Row]) -> tuple[Odds | None, list[Odds | None]]:
        """The price of the whole bet, and the price of each leg where they differ."""
        read = [self.prices.read(x) if (x := self.text(row, "odds")) else None for row in group]
        if len({x and x.decimal for x in read}) == 1:
            return read[0], [None] * len(read)
        given = [x for x in read if x is not None]
        return (given[0], [None] * len(read)) if len(given) == 1 else (None, read)

    def _paying(
        self, group: Sequence[Row], odds: Odds | None, own_odds: Sequence[Odds | None]
    ) -> Odds | None:
        """The price at which a bet pays: that of its legs which did not drop out.

        None where it is not known, as where a leg dropped out and only the whole has a price.
        """
        dropped = [_result_meant(self.text(x, "result")) in ("push", "void") for x in group]
        if odds is not None:
            return odds if all(dropped) or not any(dropped) else None
        counted = [x for x, gone in zip(own_odds, dropped, strict=True) if not gone]
        known = [x for x in counted if x is not None]
        return parlay_odds(known) if known and len(known) == len(counted) else None

    def _first(self, group: Sequence[Row], read: Callable[[Row], int | None]) -> int | None:
        """The one value that the rows of a bet share, None without any; BadBet if they differ."""
        found = {x for row in group if (x := read(row)) is not None}
        if len(found) > 1:
            raise BadBet("the rows of this bet differ in stake or payout: keep the whole's")
        return next(iter(found), None)

    def _stake(self, row: Row) -> int | None:
        text = self.text(row, "stake")
        if not text:
            return None
        if text[-1:].isalpha() and _UNITS.search(text):
            return parse_stake(text, self.unit_cents)
        heading = _plain(self.columns["stake"])
        value = abs(self.numbers.read(text))
        if heading == "units":
            return in_cents(value, self.unit_cents)
        cents = round(value) if heading.endswith("cents") else round(value * 100)
        if cents == 0:
            raise BadBet("its stake is 0: leave it empty to keep the bet without one")
        return cents

    def _money(self, row: Row, name: str) -> int | None:
        text = self.text(row, name)
        if not text:
            return None
        if _plain(self.columns[name]).endswith("cents"):
            return round(self.numbers.read(text))
        return self.numbers.cents(text)

    def _result(
        self, group: Sequence[Row], odds: Odds | None, stake: int | None, *, free: bool
    ) -> tuple[Result | None, int | None]:
        """The result, and the payout in cents; (None, None) of an open bet."""
        meant = _result_of_rows([_result_meant(self.text(x, "result")) for x in group])
        if meant == "open":
            return None, None
        payout = self._first(group, lambda row: self._money(row, "payout"))
        profit = self._first(group, lambda row: self._money(row, "profit"))
        paid = _paid(payout, profit, stake, odds, free=free)
        if meant == "cashout":
            if paid is None or stake is None:
                raise BadBet("such a result needs what was paid, which the file does not tell")
            return (Result.WON if paid > stake else Result.LOST), paid
        result = Result(meant)
        shown = profit if payout is None else payout
        if stake is None:
            return result, paid
        due = comes_back(result, stake, odds, free=free)
        if paid is None or _is_of_a_win(shown, result, stake, odds):
            return result, due
        if due is not None and self._counts_units(group[0]):
            worth = Fraction(self.unit_cents, 100)
            payout = None if payout is None else round(payout * worth)
            profit = None if profit is None else round(profit * worth)
            in_money = _paid(payout, profit, stake, odds, free=free)
            if in_money is not None and abs(in_money - due) < abs(paid - due):
                return result, in_money
        return result, paid

    def _counts_units(self, row: Row) -> bool:
        """Whether a row's stake is in units, so that its payout and profit may be, too."""
        text = self.text(row, "stake")
        return _plain(self.columns.get("stake", "")) == "units" or bool(_UNITS.search(text))

    def _time(self, row: Row, name: str) -> RowTime | None:
        text = self.text(row, name)
        return self.dates[name].row_time(text) if text else None


_SPREAD = re.compile("spread|handicap", re.IGNORECASE)
_UNITS = re.compile(r"\d\s*u(?:nits?)?$", re.IGNORECASE)


def _league(said: str) -> str | None:
    """The id of the league that a file names; None for a league that is not followed."""
    known = {name: league for league, names in _names()["leagues"].items() for name in names}
    if _plain(said) in known:
        return known[_plain(said)]
    words = [_plain(x) for x in re.split(r"[\s\-\u2013:/>.()]+", said) if _plain(x)]
    found = {known[x] for x in words if x in known}
    return found.pop() if len(found) == 1 else None


def _result_meant(said: str) -> str:
    """The result that a word or symbol stands for. Raises BadBet for another word."""
    words = _names()["results"]
    for text in (_plain(said), *(x for x in said.replace("\ufe0f", "").split() if x)):
        if not text and said.strip():
            continue
        meant = next((name for name, names in words.items() if text in names), None)
        if meant is not None:
            return meant
    raise BadBet(f"the result {said!r} is not understood: write won, lost, push or void")


def _result_of_rows(legs: Sequence[str]) -> str:
    """The result of a bet from the results of its rows, which mostly all repeat the whole's."""
    if len(set(legs)) == 1:
        return legs[0]
    for one in ("lost", "open", "cashout", "won", "push"):
        if one in legs:
            return one
    return "void"


def _is_of_a_win(shown: int | None, result: Result, stake: int, odds: Odds | None) -> bool:
    """Whether a payout or profit in the file cannot be this result's own.

    Many files go on showing what a win would have paid. Some put the profit under the payouts: the
    lost stake below 0, and 0 for a push.
    """
    if shown is None or result is Result.WON:
        return False
    won = () if odds is None else (payout_if_won(stake, odds), payout_if_won(stake, odds) - stake)
    return shown in (*won, -stake if result is Result.LOST else 0)


def _paid(
    payout: int | None, profit: int | None, stake: int | None, odds: Odds | None, *, free: bool
) -> int | None:
    """The payout in cents, from the payout or the profit in the file; None without either."""
    if payout is not None:
        full = None if odds is None or stake is None else payout_if_won(stake, odds)
        # Some files add the stake of a free bet to its payout.
        return payout - (stake or 0) if free and payout == full else payout
    if profit is None or stake is None:
        return None
    if free:
        return max(0, profit)
    if stake + profit < 0:
        raise BadBet(
            f"it lost {money_text(-profit)}, which is more than its stake of {money_text(stake)}"
        )
    return stake + profit
