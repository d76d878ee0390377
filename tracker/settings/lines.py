"""Closing lines that the person knows, written in the configuration for games still to come."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tracker.domain.catalog.teams import find_teams
from tracker.domain.errors import BadBet
from tracker.domain.game import Game
from tracker.domain.league import LEAGUES
from tracker.domain.money import Odds, parse_odds
from tracker.domain.prior import NO_LINES, Lines
from tracker.settings.reading import number, said, setting, text, then

_FIRST_AMERICAN = 100


def toml_odds(value: object) -> Odds:
    """Odds such as `"-110"`, `-110`, `1.91` or `"10/11"`; BadBet for anything else.

    TOML drops the plus sign of +150, so a whole number from 100 up is American without one.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise BadBet('odds must be a price, such as -110, 1.91 or "10/11"')
    if isinstance(value, int) and abs(value) >= _FIRST_AMERICAN:
        return parse_odds(f"{value:+d}")
    return parse_odds(str(value))


_GAME = re.compile(r"\s*([^@]+?)\s*@\s*([^@]+?)(?:\s+(\d{4}-\d{2}-\d{2}))?\s*")


def _split_game(text: str) -> tuple[str, str, date | None]:
    found = _GAME.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a game; write LAL@DEN, or LAL@DEN 2026-11-20")
    try:
        day = date.fromisoformat(found[3]) if found[3] else None
    except ValueError:
        raise ValueError(f"{found[3]} is not a date; write one such as 2026-11-20") from None
    return found[1], found[2], day


def _price(value: object) -> float:
    try:
        return float(toml_odds(value).decimal)
    except BadBet as why:
        raise ValueError(str(why)) from None


def _two_known_teams(game: str) -> str:
    for name in _split_game(game)[:2]:
        if not find_teams(name, LEAGUES):
            raise ValueError(f"{name!r} names no known team; write codes as in LAL@DEN")
    return game


@dataclass(frozen=True, eq=False, repr=False)
class LineSettings:
    """Closing lines of one game. Points as the home team's handicap; moneylines become decimal."""

    game: str = setting(then(text, _two_known_teams))
    home_spread: float | None = setting(number(-60, 60), None)
    total: float | None = setting(number(80, 400), None)
    home_ml: float | None = setting(said(_price), None)
    away_ml: float | None = setting(said(_price), None)

    def __post_init__(self) -> None:
        """Refuse what says nothing, or half of something."""
        if self.lines.empty:
            raise ValueError("gives no line; add home_spread, total, or home_ml and away_ml")
        if (self.home_ml is None) != (self.away_ml is None):
            raise ValueError("gives one moneyline; give home_ml and away_ml, or neither")

    @property
    def lines(self) -> Lines:
        """The lines as the forecast takes them."""
        return Lines(self.home_spread, self.total, self.home_ml, self.away_ml)

    @property
    def day(self) -> date | None:
        """The league's own date, where the person wrote one."""
        return _split_game(self.game)[2]

    def match(self, game: Game) -> bool:
        """Whether these lines are meant for `game`."""
        away, home, day = _split_game(self.game)
        leagues = (game.league,)
        return (
            day in (None, game.slate)
            and game.away in {team.code for team in find_teams(away, leagues)}
            and game.home in {team.code for team in find_teams(home, leagues)}
        )


def lines_for(known: Iterable[LineSettings], game: Game) -> Lines:
    """The lines known for `game`, empty when there are none. A dated entry beats an undated one."""
    fitting = [entry for entry in known if entry.match(game)]
    dated = [entry for entry in fitting if entry.day is not None]
    return next((entry.lines for entry in (*dated, *fitting)), NO_LINES)
