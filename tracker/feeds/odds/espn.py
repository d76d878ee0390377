"""The pregame lines on ESPN's scoreboard: one book's prices for each game that has not begun.

They need no key and come in two forms: `details` ("UTAH -2.5") with `overUnder`, and prices by
side. A line that contradicts itself, or that no basketball game can have, is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tracker.domain.catalog import code_in
from tracker.domain.game import Game, GameState, Phase, same_meeting
from tracker.domain.money import decimal_of
from tracker.domain.prior import Lines
from tracker.domain.quote import ESPN_LINE, MONEYLINE, SPREAD, TOTAL, Selection
from tracker.feeds import FeedError, Scoreboard
from tracker.feeds.espn_reading import parse_summary
from tracker.feeds.odds import UNUSABLE, BookPrice, OfferedGame, Parsed
from tracker.feeds.strict import Strict, number, read_json

LARGEST_SPREAD = 50.0
"""Points. No closing spread was ever larger, in any league."""

TOTALS = (90.0, 320.0)
"""Points. No total is below the lowest of college games or above what any league comes near."""

MARGINS = (1.0, 1.25)
"""Range for the sum of both sides' implied chances. Below 1 the book would give money away."""

CLEAR = 3.0
"""Points of spread from which on both sides' odds must agree with it on who is favoured."""

_DETAILS = re.compile(r"([A-Z0-9&'.\- ]{1,12}?) ?([+-][0-9]{1,2}(?:\.[05])?)", re.ASCII)
_EVEN = ("EVEN", "PK", "PICK")
_LONGEST_NAME = 40

NAME = "espn"
"""The source's name in the settings and in polls, and the name of its book."""

EVEN = 2.0
"""Decimal odds of both sides of a line that is shown without prices."""


class OddsDocument(Strict):
    """A book's lines. Fields may have any type here and are checked when they are used."""

    provider: Any = None
    details: Any = None
    overUnder: Any = None  # noqa: N815 - as the document names it
    spread: Any = None
    homeTeamOdds: Any = None  # noqa: N815 - as the document names it
    awayTeamOdds: Any = None  # noqa: N815 - as the document names it
    overOdds: Any = None  # noqa: N815 - as the document names it
    underOdds: Any = None  # noqa: N815 - as the document names it


class EntryLines(Strict):
    """The part of a board's entry that has the lines."""

    odds: list[Any] | None = None


class BoardEntry(Strict):
    """An entry of the board."""

    id: str
    competitions: list[EntryLines]


class LinesBody(Strict):
    """The part of a board that has lines."""

    events: list[BoardEntry]


def parse(body: bytes, board: Scoreboard) -> Parsed:
    """The lines of the board's games that have not begun, as prices of one book.

    `board` is the scoreboard parsed from the same `body`. Raises FeedMalformed when no lines can be
    read.
    """
    faults: Counter[str] = Counter()
    events = []
    for game, document in _waiting(body, board):
        offers = _offers(_lines(document, game), _document(document))
        faults[UNUSABLE] += not offers
        event = OfferedGame(game.id, game.league, game.home, game.away, tuple(offers), game.start)
        events.append(event)
    return Parsed(tuple(events), faults)


def _offers(lines: Lines, document: OddsDocument) -> list[BookPrice]:
    found = []
    if lines.home_ml is not None and lines.away_ml is not None:
        found += _pair(Selection(MONEYLINE, "home"), lines.home_ml, lines.away_ml)
    if lines.home_spread is not None:
        prices = (
            _side(document.homeTeamOdds, "spreadOdds"),
            _side(document.awayTeamOdds, "spreadOdds"),
        )
        found += _priced(Selection(SPREAD, "home", lines.home_spread), *prices)
    if lines.total is not None:
        found += _priced(
            Selection(TOTAL, "over", lines.total), document.overOdds, document.underOdds
        )
    return found


def _priced(selection: Selection, first: object, second: object) -> list[BookPrice]:
    """Both sides of a line at their prices, or the line alone where these make no sense."""
    one, other = _decimal(first), _decimal(second)
    if one is None or other is None or not agree(one, other, None):
        return _pair(selection, EVEN, EVEN, ESPN_LINE)
    return _pair(selection, one, other)


def _pair(selection: Selection, first: float, second: float, book: str = NAME) -> list[BookPrice]:
    return [BookPrice(book, selection, first), BookPrice(book, selection.opposite, second)]


class SummaryDocument(Strict):
    """The part of a summary that has a game's lines."""

    pickcenter: list[Any] | None = None
    odds: list[Any] | None = None


def summary_lines(body: bytes, game: Game) -> tuple[Lines, str] | None:
    """The lines in a game's summary with the name of their book, or None where it has none.

    ESPN keeps the last lines before tip-off in the summary during the game, but may drop them. Nor
    has a summary of another meeting any; one that has home and away exchanged is read as it means.
    """
    try:
        reported = parse_summary(body, game.league).game
        document = read_json(SummaryDocument, body)
    except FeedError:
        return None
    if not same_meeting(game, reported):
        return None
    for one in (*(document.pickcenter or ()), *(document.odds or ())):
        lines = _lines(one, reported)
        if not lines.empty:
            return lines if reported.home == game.home else lines.exchanged, _book(one)
    return None


def _waiting(body: bytes, board: Scoreboard) -> list[tuple[Game, object]]:
    """The games that have not begun, each with its first entry of lines that can be used."""
    waiting = {
        game.id: game
        for game, state in board.games
        if isinstance(state, GameState) and state.phase is Phase.SCHEDULED
    }
    found = []
    for event in read_json(LinesBody, body).events:
        game = waiting.get(event.id)
        listed = event.competitions[0].odds if event.competitions else None
        if game is None or not listed:
            continue
        telling = (x for x in listed if not _lines(x, game).empty)
        found.append((game, next(telling, listed[0])))
    return found


def _document(value: object) -> OddsDocument:
    document = value if isinstance(value, dict) else {}
    return OddsDocument.model_construct(**{k: document.get(k) for k in OddsDocument.model_fields})


def _lines(value: object, game: Game) -> Lines:
    if not isinstance(value, dict):
        return Lines()
    document = _document(value)
    total = number(document.overUnder)
    if total is not None and not TOTALS[0] <= total <= TOTALS[1]:
        total = None
    spread = _spread(document, game)
    home, away = (
        _decimal(_side(x, "moneyLine")) for x in (document.homeTeamOdds, document.awayTeamOdds)
    )
    if home is None or away is None or not agree(home, away, spread):
        home = away = None
    return Lines(spread, total, home, away)


def agree(home: float, away: float, spread: float | None) -> bool:
    """Whether both sides' decimal odds are consistent with each other and with the spread."""
    if not MARGINS[0] <= 1 / home + 1 / away <= MARGINS[1]:
        return False
    return spread is None or abs(spread) < CLEAR or (spread < 0) == (home < away)


def _spread(document: OddsDocument, game: Game) -> float | None:
    """The home team's handicap from the details, which name the team.

    The number, if any, must agree.
    """
    given = number(document.spread)
    named = _named(document.details, game)
    if named is None or (given is not None and given != named):
        return None
    return named if abs(named) <= LARGEST_SPREAD else None


def _named(details: object, game: Game) -> float | None:
    if not isinstance(details, str):
        return None
    text = details.strip().upper()
    if text in _EVEN:
        return 0.0
    written = _DETAILS.fullmatch(text)
    if written is None:
        return None
    code = code_in(game.league, written[1].strip()).replace(" ", "-")
    points = float(written[2])
    return {game.home: points, game.away: -points}.get(code)


def _side(side: object, key: str) -> object:
    return side.get(key) if isinstance(side, dict) else None


def _decimal(american: object) -> float | None:
    """Decimal odds from American ones, or None for what is none."""
    odds = number(american)
    return None if odds is None else decimal_of(odds)


def _book(value: object) -> str:
    provider = value.get("provider") if isinstance(value, dict) else None
    name = provider.get("name") if isinstance(provider, dict) else None
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        return "ESPN"
    return f"ESPN ({name.strip()[:_LONGEST_NAME]})"
