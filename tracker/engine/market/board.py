"""What is quoted at this moment, out of one answer after another: a row only for a change.

A price stands as long as the next answer of the same document still tells it. What that leaves out,
or tells as suspended, can no longer be had, and is a row of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tracker.domain.quote import Quote, Selection, TwoSided, two_sided
from tracker.domain.value import Price

KEPT = timedelta(minutes=40)
"""How long what both sides were quoted at is kept, beside the last of each: longer than any close
looks back."""

Key = tuple[str, str, Selection]
"""A game, a book and a side."""


class QuoteBoard:
    """The last price of each book for each side, and both sides of each line lately."""

    def __init__(self) -> None:
        """Nothing is quoted."""
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
        """The rows that an answer makes: prices that changed, and those that are gone."""
        told = {_key(x): x for x in quotes}
        rows = [x for key, x in told.items() if self._news(key, x)]
        for key, last in self._last.items():
            gone = self._scope.get(key) == scope and key not in told and last.open
            if gone and covers(last.selection):
                rows.append(replace(last, at=at, told_at=None, open=False))
        return rows

    def _news(self, key: Key, quote: Quote) -> bool:
        last = self._last.get(key)
        if last is None:
            return quote.open
        return (last.odds, last.open) != (quote.odds, quote.open)

    def take(self, quotes: Sequence[Quote], rows: Iterable[Quote], scope: str, poll: int) -> None:
        """Believe an answer, whose `rows` were written under the number of a poll."""
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

    def restore(self, told: Iterable[tuple[Quote, datetime, str]]) -> None:
        """Take what stood before a restart: each price, when it last stood, and its scope."""
        listed = list(told)
        for quote, stood, scope in listed:
            self._put(replace(quote, told_at=stood, at=max(quote.at, stood)), scope)
        open_ones = [self._last[_key(x)] for x, _, _ in listed if x.open]
        for game, some in _by_game(open_ones).items():
            for line in two_sided(some):
                self._append(game, line)

    def quotes(self, game: str) -> list[Quote]:
        """The prices of a game that can be had."""
        keys = self._by_game.get(game, set())
        return sorted(
            (self._last[x] for x in keys if self._last[x].open),
            key=lambda x: (x.book, x.selection.market, x.selection.side, x.selection.points or 0),
        )

    def lines(self, game: str) -> list[TwoSided]:
        """Both sides of each line as each book quoted them over the last minutes."""
        return [x for kept in self._lines.get(game, {}).values() for x in kept]

    def standing(self, game: str) -> list[TwoSided]:
        """The last of both sides of each line that can still be had."""
        found = []
        for (book, selection), kept in self._lines.get(game, {}).items():
            sides = [self._last.get((game, book, x)) for x in (selection, selection.opposite)]
            if all(x is not None and x.open for x in sides):
                found.append(kept[-1])
        return found

    def forget(self, games: Iterable[str]) -> None:
        """Let go of games that are over."""
        for game in games:
            for key in self._by_game.pop(game, ()):
                self._last.pop(key, None)
                self._scope.pop(key, None)
            self._lines.pop(game, None)

    @property
    def games(self) -> frozenset[str]:
        """The games of which anything is quoted."""
        return frozenset(self._by_game)


def _key(quote: Quote) -> Key:
    return quote.game, quote.book, quote.selection


def _by_game(quotes: Iterable[Quote]) -> dict[str, list[Quote]]:
    found: dict[str, list[Quote]] = defaultdict(list)
    for quote in quotes:
        found[quote.game].append(quote)
    return found


def best_price(
    quotes: Iterable[Quote],
    selection: Selection,
    mine: Sequence[str],
    anchors: Sequence[str],
    at: datetime,
    oldest: timedelta | None = None,
) -> Price | None:
    """The best price of exactly this side over your books, or over all but anchors.

    `oldest` is how long ago a price may have stood last.
    """
    main = selection.main
    fit = [
        x for x in quotes
        if x.open and x.selection.main == main and counts(x.book, mine, anchors)
        and (oldest is None or at - x.stood_at <= oldest)
    ]  # fmt: skip
    best = max(fit, key=lambda x: (x.odds, x.book), default=None)
    return None if best is None else Price(best.book, best.odds)


def counts(book: str, mine: Sequence[str], anchors: Sequence[str]) -> bool:
    """Whether a bet could be placed at a book: yours where they are named, else any but anchors.

    What ESPN shows is no book's counter: it counts only where the person named it.
    """
    name = book.rpartition(":")[2]
    if mine:
        return book in mine or name in mine
    return name not in anchors and name != "espn"
