"""Quotes on the board now, fair prices, and the close: the fair prices at tip-off.

A price stands as long as the next answer of the same document still has it. A price that the next
answer leaves out, or shows as suspended, can no longer be taken; that is stored as a row of its
own.

The close of a line is the median, over three books or more, of the fair chances in their last open
quotes of both sides, none older than ten minutes at tip-off. With fewer books an exchange's price
stands in, or else ESPN's line, and the close names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

from tracker.domain.game import GameState, Phase
from tracker.domain.prior import NO_LINES, Lines
from tracker.domain.quote import (
    AGE,
    ESPN,
    ESPN_LINE,
    EXCHANGES,
    MONEYLINE,
    SPREAD,
    TOTAL,
    UNSTAMPED,
    Closing,
    Fair,
    Quote,
    Selection,
    TwoSided,
    two_sided,
)
from tracker.forecast.priors import even_margin, even_total

if TYPE_CHECKING:
    from tracker.forecast.market import LiveLines


LEAST_BOOKS = 3
"""Books that a median needs: with fewer, one wrong book can be the median."""

FAR = 0.1
"""A book whose chance differs from the median by more is left out: its sides are swapped, or its
quote is not of this moment."""

KEPT = timedelta(minutes=40)
"""How long a line's two-sided quotes are kept, except the last one, which is always kept: longer
than any close looks back."""


Key = tuple[str, str, Selection]
"""A game's id, a book and a selection: what has one current price."""

SEEN_AT_ONCE = timedelta(minutes=2)
"""How much of the game clock may have run when a game is first seen in play, for its tip-off to be
known from that: from then on the clock's stops add up to minutes."""

SLOWEST = 3
"""Minutes that a minute of the game clock takes at most, with time-outs and breaks: the 48 of a
game take two hours and a quarter."""

USUALLY_LATE = timedelta(minutes=8)
"""How long after its listed time a game tips off at least, as a rule."""

AT_BET = timedelta(seconds=60)
"""How far the time of an exchange's price may be from the moment that it is used for."""

_HOME_WINS = Selection(MONEYLINE, "home")


class QuoteBoard:
    """The current price of each book for each side, and the recent history of two-sided lines.

    `scope` names the document and request that a price came in: only an answer of the same scope
    can show that the price is gone.
    """

    def __init__(self) -> None:
        """Start with no quotes."""
        self._last: dict[Key, Quote] = {}
        self._scope: dict[Key, str] = {}
        self._by_game: dict[str, set[Key]] = defaultdict(set)
        self._lines: dict[str, dict[tuple[str, Selection], list[TwoSided]]] = defaultdict(dict)

    def changed(
        self,
        quotes: Sequence[Quote],
        scope: str,
        at: datetime,
        covers: Callable[[Selection], bool] = lambda _: True,
    ) -> list[Quote]:
        """The rows to store of an answer: prices that changed, and prices that are gone.

        `covers` says whether the answer would have held a selection if it were still quoted.
        """
        by_key = {_key(x): x for x in quotes}
        rows = [x for key, x in by_key.items() if self._news(key, x)]
        for key, last in self._last.items():
            gone = self._scope.get(key) == scope and key not in by_key and last.open
            if gone and covers(last.selection):
                rows.append(replace(last, at=at, told_at=None, open=False))
        return rows

    def _news(self, key: Key, quote: Quote) -> bool:
        last = self._last.get(key)
        if last is None:
            return quote.open
        return (last.odds, last.open) != (quote.odds, quote.open)

    def take(self, quotes: Sequence[Quote], rows: Iterable[Quote], scope: str, poll: int) -> None:
        """Take an answer in. Its `rows` were stored under the number `poll`."""
        for row in rows:
            self._put(replace(row, poll=poll), scope)
        known = []
        for quote in quotes:
            last = self._last.get(_key(quote))
            if last is not None and quote.open:
                seen = replace(quote, poll=last.poll)
                self._put(seen, scope)
                known.append(seen)
        for game, listed in _by_game(known).items():
            for line in two_sided(listed):
                self._append(game, line)

    def _put(self, quote: Quote, scope: str) -> None:
        key = _key(quote)
        self._last[key] = quote
        self._scope[key] = scope
        self._by_game[quote.game].add(key)

    def _append(self, game: str, line: TwoSided) -> None:
        kept = self._lines[game].setdefault((line.book, line.selection), [])
        while kept and line.at - kept[0].at > KEPT:
            kept.pop(0)
        kept.append(line)

    def restore(self, kept: Iterable[tuple[Quote, datetime, str]]) -> None:
        """Take in the prices from before a restart: each price, when it last stood, its scope."""
        listed = list(kept)
        for quote, stood, scope in listed:
            self._put(replace(quote, told_at=stood, at=max(quote.at, stood)), scope)
        open_ones = [self._last[_key(x)] for x, _, _ in listed if x.open]
        for game, some in _by_game(open_ones).items():
            for line in two_sided(some):
                self._append(game, line)

    def quotes(self, game: str) -> list[Quote]:
        """The open prices of a game."""
        keys = self._by_game.get(game, set())
        return sorted(
            (self._last[x] for x in keys if self._last[x].open),
            key=lambda x: (x.book, x.selection.market, x.selection.side, x.selection.points or 0),
        )

    def lines(self, game: str) -> list[TwoSided]:
        """The recent two-sided quotes of a game by every book."""
        return [x for kept in self._lines.get(game, {}).values() for x in kept]

    def standing(self, game: str) -> list[TwoSided]:
        """The last two-sided quote of each line whose two prices are both still open."""
        found = []
        for (book, selection), kept in self._lines.get(game, {}).items():
            sides = [self._last.get((game, book, x)) for x in (selection, selection.opposite)]
            if all(x is not None and x.open for x in sides):
                found.append(kept[-1])
        return found

    def forget(self, games: Iterable[str]) -> None:
        """Drop the quotes of games that are over."""
        for game in games:
            for key in self._by_game.pop(game, ()):
                self._last.pop(key, None)
                self._scope.pop(key, None)
            self._lines.pop(game, None)

    @property
    def games(self) -> frozenset[str]:
        """The ids of the games that have quotes."""
        return frozenset(self._by_game)


def _key(quote: Quote) -> Key:
    return quote.game, quote.book, quote.selection


def _by_game(quotes: Iterable[Quote]) -> dict[str, list[Quote]]:
    found: dict[str, list[Quote]] = defaultdict(list)
    for quote in quotes:
        found[quote.game].append(quote)
    return found


def best_quote(
    quotes: Iterable[Quote],
    selection: Selection,
    mine: Sequence[str],
    anchors: Sequence[str],
    at: datetime,
    oldest: timedelta | None = None,
) -> Quote | None:
    """The best open price of exactly this side at the books that count; None without one.

    `mine` and `anchors` are as in `counts`. `oldest` is the greatest age of a price at `at`, None
    for any age.
    """
    main = selection.main
    fit = [
        x for x in quotes
        if x.open and x.selection.main == main and counts(x.book, mine, anchors)
        and (oldest is None or at - x.stood_at <= oldest)
    ]  # fmt: skip
    return max(fit, key=lambda x: (x.odds, x.book), default=None)


def counts(book: str, mine: Sequence[str], anchors: Sequence[str]) -> bool:
    """Whether a bet could be placed at a book.

    Where the person named books (`mine`), only those count; else all books but the `anchors`, which
    are used only for fair prices. ESPN takes no bets: it counts only where the person named it.
    """
    name = book.rpartition(":")[2]
    if book == ESPN_LINE:
        return False
    if mine:
        return book in mine or name in mine
    return name not in anchors and name != "espn"


def tip_off(state: GameState, at: datetime) -> datetime:
    """The time of tip-off: the first live poll's time less what the game clock had run.

    `at` is when that poll came. Where it came so late that the stops of the clock matter, the
    tip-off is taken to be as early as a game with its breaks may make it, but not before the usual
    time: a close may be a few minutes early, and a price from play is none of it.
    """
    rules = state.game.rules
    before = sum(rules.length_of(x) for x in range(1, state.period))
    run = timedelta(seconds=before + rules.length_of(state.period) - state.clock)
    if run <= SEEN_AT_ONCE:
        return at - run
    usual = state.game.start + USUALLY_LATE
    # How long a game has been over is not known.
    over = state.phase is Phase.FINAL
    return min(at - run, usual if over else max(at - SLOWEST * run, usual))


@dataclass(frozen=True, slots=True)
class GameClose:
    """The close of one game. `fairs` are the fair chances by the first side of each line.

    `lines` are the market's expected margin and total, as lines at even odds. `why` says, by the
    name of a market, why it has no close. `quoted` is the last quote of each line before tip-off:
    `close` makes the same of them again.
    """

    closing: Closing
    fairs: Mapping[Selection, Fair] = field(default_factory=dict)
    lines: Lines = NO_LINES
    why: Mapping[str, str] = field(default_factory=dict)
    quoted: tuple[TwoSided, ...] = ()

    def fair(self, selection: Selection) -> Fair | None:
        """The fair chance of exactly this line; None where it was not quoted."""
        main = selection.main
        return self.fairs.get(main) or self.fairs.get(main.opposite)


def standing(
    lines: Iterable[TwoSided], at: datetime, oldest: timedelta = AGE.close
) -> dict[tuple[str, Selection], TwoSided]:
    """The lines of each book's last quote of each market up to `at`, none older than `oldest`.

    When a book moves its line, its earlier line no longer counts, however recent it is.
    """
    usable = [x for x in lines if x.at <= at and at - x.stood_at <= oldest]
    newest: dict[tuple[str, str, str, str], datetime] = {}
    for one in usable:
        key = _market(one)
        newest[key] = max(one.at, newest.get(key, one.at))
    return {(x.book, x.selection): x for x in usable if x.at == newest[_market(x)]}


def _market(x: TwoSided) -> tuple[str, str, str, str]:
    """The book and market of a quote, whatever its line."""
    return x.book, x.selection.market, x.selection.about, x.selection.span


def fairs(quoted: Iterable[TwoSided]) -> dict[Selection, Fair]:
    """The fair chance of each line that enough books, or else an exchange or ESPN, quote."""
    by_line: dict[Selection, dict[str, TwoSided]] = defaultdict(dict)
    # The last one counts: a book's alternate line gives way to its main line at the same points.
    for one in sorted(quoted, key=lambda x: (not x.selection.alternate, x.book)):
        by_line[one.selection.main][one.book] = one
    found = {line: _fair(line, books) for line, books in by_line.items()}
    return {line: fair for line, fair in found.items() if fair is not None}


def counted(quoted: Iterable[TwoSided]) -> list[TwoSided]:
    """The books' quotes for a median: only those with a time where they are enough, else all.

    A book that both sources quote counts once, by its quote with a time.
    """
    books = [x for x in quoted if x.book not in (ESPN, ESPN_LINE, *EXCHANGES)]
    stamped = [x for x in books if not x.book.startswith(UNSTAMPED)]
    names = {x.book for x in stamped}
    if len(names) >= LEAST_BOOKS:
        return stamped
    return [x for x in books if x.book.removeprefix(UNSTAMPED) not in names or x.book in names]


def _fair(line: Selection, quoted: Mapping[str, TwoSided]) -> Fair | None:
    books = counted(quoted.values())
    if len(books) >= LEAST_BOOKS:
        middle = median(x.chance for x in books)
        near = [x for x in books if abs(x.chance - middle) <= FAR]
        if len(near) >= LEAST_BOOKS:
            return _fair_of(line, near, f"{len(near)} books")
    for name in (*EXCHANGES, ESPN):
        if name in quoted:
            return _fair_of(line, [quoted[name]], name)
    return None


def _fair_of(line: Selection, quoted: Sequence[TwoSided], by: str) -> Fair:
    return Fair(
        selection=line,
        chance=median(x.chance for x in quoted),
        whose=frozenset(x.book for x in quoted),
        by=by,
        stood_at=min(x.stood_at for x in quoted),
        poll=max(x.poll for x in quoted),
    )


@dataclass(frozen=True, slots=True)
class MainLine:
    """The main line: the median of the books' lines (`points`), and the line at even odds (`even`).

    The other fields are as in `Fair`.
    """

    points: float
    even: float
    whose: frozenset[str]
    by: str
    stood_at: datetime
    poll: int

    @property
    def books(self) -> int:
        """How many books it comes from."""
        return len(self.whose)

    @property
    def shown(self) -> float:
        """The line as a person is told of it: the books' own; of an exchange, that at even odds.

        An exchange's main contract is the nearest of a few to even, and jumps by points at a time.
        """
        return round(self.even, 1) if self.whose <= set(EXCHANGES) else self.points


def main_line(quoted: Iterable[TwoSided], market: str) -> MainLine | None:
    """The main spread (of the home side) or total; None where no source that counts quotes it."""
    own = [
        x for x in quoted
        if x.selection.market == market and x.selection.span == "game"
    ]  # fmt: skip
    books = counted(own)
    if len(books) >= LEAST_BOOKS:
        # A line far from the median belongs to another market, or its sides are swapped.
        near = [x for x in books if abs(_points(x) - median(map(_points, books))) <= FAR * 50]
        if len(near) >= LEAST_BOOKS:
            return _main(near, market, f"{len(near)} books")
    for name in (*EXCHANGES, ESPN, ESPN_LINE):
        one = [x for x in own if x.book == name]
        if one:
            return _main([min(one, key=lambda x: abs(x.chance - 0.5))], market, name)
    return None


def _main(quoted: Sequence[TwoSided], market: str, by: str) -> MainLine:
    even = even_margin if market == SPREAD else even_total
    return MainLine(
        points=median(map(_points, quoted)),
        even=median(even(_points(x), x.chance) for x in quoted),
        whose=frozenset(x.book for x in quoted),
        by=by,
        stood_at=min(x.stood_at for x in quoted),
        poll=max(x.poll for x in quoted),
    )


def _points(one: TwoSided) -> float:
    return one.selection.points or 0.0


def home_wins(quoted: Iterable[TwoSided]) -> Fair | None:
    """The fair chance that the home team wins; None where no source that counts quotes it."""
    return fairs(x for x in quoted if x.selection.market == MONEYLINE).get(_HOME_WINS)


def consensus(quoted: Sequence[TwoSided]) -> tuple[Lines, str, datetime] | None:
    """The market's lines at even odds, their source, and the time of the oldest quote in them.

    None where nothing is quoted.
    """
    spread, total = main_line(quoted, SPREAD), main_line(quoted, TOTAL)
    money = home_wins(quoted)
    known = [x for x in (spread, total, money) if x is not None]
    if not known:
        return None
    lines = Lines(
        home_spread=None if spread is None else spread.even,
        total=None if total is None else total.even,
        home_ml=None if money is None else 1 / money.chance,
        away_ml=None if money is None else 1 / (1 - money.chance),
    )
    return lines, ", ".join(dict.fromkeys(x.by for x in known)), min(x.stood_at for x in known)


def close(game: str, revision: int, tip_at: datetime, lines: Sequence[TwoSided]) -> GameClose:
    """Work out the close of a game from the recent history of its two-sided quotes."""
    last: dict[tuple[str, Selection], TwoSided] = {}
    for one in lines:
        key = one.book, one.selection
        if one.at <= tip_at and (key not in last or last[key].at <= one.at):
            last[key] = one
    quoted = list(standing(last.values(), tip_at).values())
    known = fairs(quoted)
    spread, total = main_line(quoted, SPREAD), main_line(quoted, TOTAL)
    money = known.get(_HOME_WINS)
    agreed = [x for x in (spread, total, money) if x is not None]
    found = consensus(quoted)
    closing = Closing(
        game=game,
        revision=revision,
        tip_at=tip_at,
        home_spread=None if spread is None else spread.points,
        total=None if total is None else total.points,
        home_chance=None if money is None else money.chance,
        books=max((x.books for x in agreed), default=0),
        age_s=max(((tip_at - x.stood_at).total_seconds() for x in agreed), default=None),
        by=None if found is None else found[1],
        poll=max((x.poll for x in agreed), default=0) or None,
    )
    return GameClose(
        closing,
        known,
        NO_LINES if found is None else found[0],
        _missing_closes(last.values(), known, tip_at),
        tuple(last.values()),
    )


def _missing_closes(
    lines: Iterable[TwoSided], known: Mapping[Selection, Fair], tip_at: datetime
) -> dict[str, str]:
    """Say, by market, why a market that was quoted before tip-off has no close."""
    closed = {(x.plain, x.about, x.span) for x in known}
    last: dict[tuple[str, str, str], list[TwoSided]] = defaultdict(list)
    for one in lines:
        last[(one.selection.plain, one.selection.about, one.selection.span)].append(one)
    why = {}
    for key, quoted in last.items():
        if key in closed:
            continue
        stood = max(x.stood_at for x in quoted)
        books = {x.book for x in quoted if tip_at - x.stood_at <= AGE.close}
        name = f"{key[0]} {key[1]}".strip()
        if not books:
            why[name] = f"suspended or not read since {stood:%H:%M} UTC"
        else:
            why[name] = f"{len(books)} book{'s' * (len(books) != 1)} quoted it, {LEAST_BOOKS} count"
    return why


def exchange_lines(lines: Sequence[TwoSided], at: datetime) -> LiveLines | None:
    """An exchange's moneyline as a live line, at most AT_BET old at `at`; None without one."""
    from tracker.forecast.market import LiveLines

    fresh = [
        x for x in standing(lines, at, AT_BET).values()
        if x.book in EXCHANGES and x.selection.plain == MONEYLINE and x.selection.span == "game"
    ]  # fmt: skip
    for name in EXCHANGES:
        for line in fresh:
            if line.book == name:
                home = line.chance if line.selection.side == "home" else 1 - line.chance
                moneyline = Lines(home_ml=1 / home, away_ml=1 / (1 - home))
                return LiveLines(moneyline, max(0.0, (at - line.stood_at).total_seconds()))
    return None
