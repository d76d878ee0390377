"""The closing line: what each book last quoted at tip-off, and what all of them say is fair.

A close of a line is the median, over three books or more, of the chances in their last open quotes
of both sides, none older than ten minutes at tip-off. With fewer books an exchange's price stands
in, then ESPN's line, and is named as such.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from tracker.domain.game import GameState
from tracker.domain.prior import NO_LINES, Lines
from tracker.domain.quote import (
    AGE,
    ESPN,
    EXCHANGES,
    MONEYLINE,
    SPREAD,
    TOTAL,
    UNSTAMPED,
    Closing,
    Fair,
    Selection,
    TwoSided,
)
from tracker.forecast.priors.lines import even_margin, even_total

if TYPE_CHECKING:
    from tracker.forecast.priors.fusion import LiveLines

LEAST_BOOKS = 3
"""Of fewer a median can be the one that is wrong."""

FAR = 0.1
"""A book whose chance differs from the median by more is swapped or not of this moment."""


def tip_off(state: GameState, at: datetime) -> datetime:
    """When a game tipped off, by the first look that showed it live: less what the clock had run.

    `at` is when that answer came.
    """
    rules = state.game.rules
    before = sum(rules.length_of(x) for x in range(1, state.period))
    return at - timedelta(seconds=before + rules.length_of(state.period) - state.clock)


@dataclass(frozen=True, slots=True)
class GameClose:
    """The close of one game with all that was quoted: `fairs` are by the first side of each line.

    `lines` are the expected margin and total that the quotes speak of, as lines at even odds. `why`
    says what was missing, by the name of the market.
    """

    closing: Closing
    fairs: Mapping[Selection, Fair] = field(default_factory=dict)
    lines: Lines = NO_LINES
    why: Mapping[str, str] = field(default_factory=dict)

    def fair(self, selection: Selection) -> Fair | None:
        """What is fair of exactly this line; None where it was not quoted so."""
        main = selection.main
        return self.fairs.get(main) or self.fairs.get(main.opposite)


def standing(
    lines: Iterable[TwoSided], at: datetime, oldest: timedelta = AGE.close
) -> dict[tuple[str, Selection], TwoSided]:
    """What each book quoted of each market when it last did up to `at`, none older than `oldest`.

    A line that a book has left for another is not quoted any more, however short a time ago.
    """
    usable = [x for x in lines if x.at <= at and at - x.stood_at <= oldest]
    newest: dict[tuple[str, str, str, str], datetime] = {}
    for one in usable:
        key = _market(one)
        newest[key] = max(one.at, newest.get(key, one.at))
    return {(x.book, x.selection): x for x in usable if x.at == newest[_market(x)]}


def _market(x: TwoSided) -> tuple[str, str, str, str]:
    return x.book, x.selection.market, x.selection.about, x.selection.span


def fairs(quoted: Iterable[TwoSided]) -> dict[Selection, Fair]:
    """What is fair of each line that enough books quote, or that somebody who stands in quotes."""
    by_line: dict[Selection, dict[str, TwoSided]] = defaultdict(dict)
    # A book's main line goes before an alternate one with the same points.
    for one in sorted(quoted, key=lambda x: (not x.selection.alternate, x.book)):
        by_line[one.selection.main][one.book] = one
    told = {line: _fair(line, books) for line, books in by_line.items()}
    return {line: fair for line, fair in told.items() if fair is not None}


def counted(quoted: Iterable[TwoSided]) -> list[TwoSided]:
    """The quotes of books, of which a median is taken; those without a time where others lack."""
    books = [x for x in quoted if x.book not in (ESPN, *EXCHANGES)]
    stamped = [x for x in books if not x.book.startswith(UNSTAMPED)]
    return stamped if len({x.book for x in stamped}) >= LEAST_BOOKS else books


def _fair(line: Selection, quoted: Mapping[str, TwoSided]) -> Fair | None:
    books = counted(quoted.values())
    if len(books) >= LEAST_BOOKS:
        middle = median(x.chance for x in books)
        near = [x for x in books if abs(x.chance - middle) <= FAR]
        if len(near) >= LEAST_BOOKS:
            return _told(line, near, f"{len(near)} books")
    for name in (*EXCHANGES, ESPN):
        if name in quoted:
            return _told(line, [quoted[name]], name)
    return None


def _told(line: Selection, quoted: Sequence[TwoSided], by: str) -> Fair:
    return Fair(
        selection=line,
        chance=median(x.chance for x in quoted),
        books=len(quoted),
        by=by,
        stood_at=min(x.stood_at for x in quoted),
        poll=max(x.poll for x in quoted),
    )


@dataclass(frozen=True, slots=True)
class MainLine:
    """The line that books lay most weight on: the median of theirs, and that at even odds."""

    points: float
    even: float
    books: int
    by: str
    stood_at: datetime
    poll: int


def main_line(quoted: Iterable[TwoSided], market: str) -> MainLine | None:
    """The main spread (of the home side) or total; None where nobody who counts quotes it."""
    own = [
        x for x in quoted
        if x.selection.market == market and x.selection.span == "game"
    ]  # fmt: skip
    books = counted(own)
    if len(books) >= LEAST_BOOKS:
        # A line that is far from even is some other line's, or a swapped one.
        near = [x for x in books if abs(_points(x) - median(map(_points, books))) <= FAR * 50]
        if len(near) >= LEAST_BOOKS:
            return _main(near, market, f"{len(near)} books")
    for name in (*EXCHANGES, ESPN):
        one = [x for x in own if x.book == name]
        if one:
            return _main([min(one, key=lambda x: abs(x.chance - 0.5))], market, name)
    return None


def _main(quoted: Sequence[TwoSided], market: str, by: str) -> MainLine:
    even = even_margin if market == SPREAD else even_total
    return MainLine(
        points=median(map(_points, quoted)),
        even=median(even(_points(x), x.chance) for x in quoted),
        books=len(quoted),
        by=by,
        stood_at=min(x.stood_at for x in quoted),
        poll=max(x.poll for x in quoted),
    )


def _points(one: TwoSided) -> float:
    return one.selection.points or 0.0


def consensus(quoted: Sequence[TwoSided]) -> tuple[Lines, str, datetime] | None:
    """The lines that the market speaks of, who says so, and when the oldest of it stood."""
    spread, total = main_line(quoted, SPREAD), main_line(quoted, TOTAL)
    money = fairs(x for x in quoted if x.selection.market == MONEYLINE).get(_HOME_WINS)
    told = [x for x in (spread, total, money) if x is not None]
    if not told:
        return None
    lines = Lines(
        home_spread=None if spread is None else spread.even,
        total=None if total is None else total.even,
        home_ml=None if money is None else 1 / money.chance,
        away_ml=None if money is None else 1 / (1 - money.chance),
    )
    return lines, ", ".join(dict.fromkeys(x.by for x in told)), min(x.stood_at for x in told)


_HOME_WINS = Selection(MONEYLINE, "home")


def close(game: str, revision: int, tip_at: datetime, lines: Sequence[TwoSided]) -> GameClose:
    """The close of a game out of all that was quoted of it lately."""
    quoted = list(standing(lines, tip_at).values())
    known = fairs(quoted)
    spread, total = main_line(quoted, SPREAD), main_line(quoted, TOTAL)
    money = known.get(_HOME_WINS)
    told = [x for x in (spread, total, money) if x is not None]
    found = consensus(quoted)
    closing = Closing(
        game=game,
        revision=revision,
        tip_at=tip_at,
        home_spread=None if spread is None else spread.points,
        total=None if total is None else total.points,
        home_chance=None if money is None else money.chance,
        books=max((x.books for x in told), default=0),
        age_s=max(((tip_at - x.stood_at).total_seconds() for x in told), default=None),
        by=None if found is None else found[1],
        poll=max((x.poll for x in told), default=0) or None,
    )
    return GameClose(
        closing, known, NO_LINES if found is None else found[0], _why(lines, known, tip_at)
    )


def _why(
    lines: Iterable[TwoSided], known: Mapping[Selection, Fair], tip_at: datetime
) -> dict[str, str]:
    """Why there is no close of a market that somebody had quoted before."""
    closed = {(x.plain, x.about, x.span) for x in known}
    last: dict[tuple[str, str, str], list[TwoSided]] = defaultdict(list)
    for one in lines:
        if one.at <= tip_at:
            last[(one.selection.plain, one.selection.about, one.selection.span)].append(one)
    why = {}
    for key, quoted in last.items():
        if key in closed:
            continue
        stood = max(x.stood_at for x in quoted)
        books = {x.book for x in quoted if tip_at - x.stood_at <= AGE.close}
        name = f"{key[0]} {key[1]}".strip()
        if not books:
            why[name] = f"suspended since {stood:%H:%M} UTC"
        else:
            why[name] = f"{len(books)} book{'s' * (len(books) != 1)} quoted it, {LEAST_BOOKS} count"
    return why


AT_BET = timedelta(seconds=60)
"""How far an exchange's price may lie from the moment that it is to speak of."""


def exchange_lines(lines: Sequence[TwoSided], at: datetime) -> LiveLines | None:
    """An exchange's moneyline at a time as a live line, no older than a minute then."""
    from tracker.forecast.priors.fusion import LiveLines

    fresh = [
        x for x in standing(lines, at, AT_BET).values()
        if x.book in EXCHANGES and x.selection.plain == MONEYLINE and x.selection.span == "game"
    ]  # fmt: skip
    for name in EXCHANGES:
        for line in fresh:
            if line.book == name:
                home = line.chance if line.selection.side == "home" else 1 - line.chance
                lines_told = Lines(home_ml=1 / home, away_ml=1 / (1 - home))
                return LiveLines(lines_told, max(0.0, (at - line.stood_at).total_seconds()))
    return None
