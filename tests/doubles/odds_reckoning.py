"""Closes and closing line values of a made-up night, computed from what its hosts served.

They follow the definition alone: each book's last open quote of both sides before tip-off, no older
than ten minutes then; the margin removed in proportion; the median of three books, else an
exchange, else ESPN. Nothing of the program is imported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from tests.doubles.odds_night import Contest, Priced, Wager
from tests.doubles.odds_servers import Told

OLDEST = timedelta(minutes=10)
STAND_IN = ("kalshi", "polymarket", "espn")

Line = tuple[str, str, float | None]
"""A market, the player it is about, and the points of home or over."""


@dataclass
class Reckoned:
    """The close of a game: each line's fair chance of home or over, and its source."""

    spread: float | None = None
    total: float | None = None
    home: float | None = None
    fair: dict[Line, tuple[float, str]] = field(default_factory=dict)


def chance(first: float, second: float) -> float:
    """The chance of the first side, with the margin removed in proportion."""
    return (1 / first) / (1 / first + 1 / second)


def last_quotes(game: Contest, told: Iterable[Told]) -> dict[tuple[str, str, str], list[Priced]]:
    """Each book's last quote of both sides of each market before tip-off."""
    found: dict[tuple[str, str, str], tuple[datetime, list[Priced]]] = {}
    for answer in told:
        book = answer.shown.book
        if answer.game != game.id or answer.at > game.tip or game.tip - answer.shown.at > OLDEST:
            continue
        wrong = game.trouble(book, answer.at)
        swapped = wrong is not None and wrong.kind == "swapped"
        for line in answer.shown.lines:
            if swapped and line.market in ("h2h", "spreads"):
                continue
            if line.first is None or line.second is None or min(line.first, line.second) <= 1:
                continue
            key = book, line.market, line.about
            known = found.get(key)
            if known is None or answer.at > known[0]:
                found[key] = answer.at, [line]
            elif answer.at == known[0]:
                known[1].append(line)
    return {key: lines for key, (_, lines) in found.items()}


def reckon(game: Contest, told: Sequence[Told]) -> Reckoned:
    """The close of a game, from everything that was served about it."""
    quotes = last_quotes(game, told)
    by_line: dict[Line, dict[str, float]] = {}
    for (book, market, about), lines in quotes.items():
        for x in lines:
            assert x.first is not None
            assert x.second is not None
            by_line.setdefault((market, about, x.points), {})[book] = chance(x.first, x.second)
    result = Reckoned()
    for line, said in by_line.items():
        books = [p for book, p in said.items() if book not in STAND_IN]
        if len(books) >= 3:
            result.fair[line] = median(books), "books"
            continue
        for name in STAND_IN:
            if name in said:
                result.fair[line] = said[name], name
                break
    result.home = result.fair.get(("h2h", "", None), (None, ""))[0]
    result.spread, result.total = (_main(quotes, x) for x in ("spreads", "totals"))
    return result


def _main(quotes: dict[tuple[str, str, str], list[Priced]], market: str) -> float | None:
    points = [
        x.points for (book, kind, _), lines in quotes.items()
        if kind == market and book not in STAND_IN
        for x in lines if x.points is not None
    ]  # fmt: skip
    if len(points) >= 3:
        return median(points)
    for name in STAND_IN:
        lines = quotes.get((name, market, ""), [])
        if lines:
            even = min(lines, key=lambda x: abs(chance(x.first or 1, x.second or 1) - 0.5))
            return even.points
    return None


def expected(bet: Wager, close: Reckoned) -> tuple[str, float | None, str]:
    """The grade of a bet on a game at its close, its value if that needs no model, and the reason.

    The reason is how the program's must begin where there is no value.
    """
    if bet.game.off is not None and bet.game.on is None:
        return "missing", None, "called off"
    if bet.placed is not None and bet.placed >= bet.game.tip:
        return "missing", None, "live bet"
    if bet.decimal is None:
        return "missing", None, "no price"
    points = bet.points
    if bet.market == "spreads" and bet.side == "away" and points is not None:
        points = -points
    told = close.fair.get((bet.market, bet.about, points))
    if told is not None:
        win = told[0] if bet.side in ("home", "over") else 1 - told[0]
        return "quoted", win * bet.decimal - 1, ""
    if bet.market == "player_points":
        quoted = any(m == bet.market and a == bet.about for m, a, _ in close.fair)
        return ("converted", None, "") if quoted else ("missing", None, "little known")
    needed = close.spread is not None or close.home is not None
    if bet.market not in ("spreads", "h2h"):
        needed = close.total is not None and (needed or bet.market == "totals")
    return ("converted", None, "") if needed else ("missing", None, "no close: ")
