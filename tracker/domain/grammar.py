"""The line of text that registers a bet: `LAL@DEN over 224.5 -110 $20 #tag`.

    line   = [game] [span] market [span] [odds] [stake] [tag...]
    game   = team "@" team [date]
    span   = "1H" | "2H" | "Q1".."Q4" | "regulation"
    market = team "ML" | team points | ("over" | "under") points | team ("over" | "under") points

A team is written by code, city, nickname or full name. What is written is parsed without knowing
tonight's games; `Pick.market_for` gives the market once the game is known.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import TypeVar

from tracker.domain.errors import BadBet
from tracker.domain.game import Game, Side
from tracker.domain.league import LEAGUES
from tracker.domain.market import (
    LARGEST_SPREAD,
    LARGEST_TOTAL,
    Direction,
    Market,
    Span,
    describe,
)
from tracker.domain.money import parse_money, parse_odds
from tracker.domain.pick import Asked, Handicap, Matchup, OverUnder, Pick, ToWin
from tracker.domain.team import Team, fold, longest_name, team_names

__all__ = [
    "FindTeam",
    "Matchup",
    "Pick",
    "find_in",
    "find_in_game",
    "parse_matchup",
    "parse_pick",
    "pick_text",
]

T = TypeVar("T")

FindTeam = Callable[[list[str]], tuple[int, tuple[Team, ...]]]
"""Given words, how many of the leading ones name a team, and which teams they may mean."""

_AT = r"@(?=\s*\d*[^\W\d])(?!\s*ev(?:ens?)?\b)"
_TOKEN = re.compile(
    rf"(?i:{_AT}|(?:(?<!\S)[@+\-\u2212\u2013]\s+(?=[+\-\u2212\u2013]?[\d½]))?(?:(?!{_AT})\S)+)"
)
"""A word; the `@` between two teams; or a sign or `@` with the number that follows it."""

_NUMBER = re.compile(r"(\d{1,3}(?:\.\d+)?)")
_SIGNED = re.compile(r"([+-])(\d{1,3}(?:\.\d+)?|\.\d+)")
_OVER = re.compile(r"(over|under|ov|un|o|u)(\d.*)?")
_UNITS = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)u(?:nits?)?")
_PRICE = re.compile(r"@?(?:[+-]\d{3,6}|\d{1,4}\.\d{1,4}|\d{1,2}|\d{1,4}/\d{1,4}|even|evens|ev)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SPANS = {
    "1h": Span.H1, "h1": Span.H1, "2h": Span.H2, "h2": Span.H2,
    "q1": Span.Q1, "1q": Span.Q1, "q2": Span.Q2, "2q": Span.Q2,
    "q3": Span.Q3, "3q": Span.Q3, "q4": Span.Q4, "4q": Span.Q4,
    "regulation": Span.REGULATION, "reg": Span.REGULATION,
}  # fmt: skip
_WORDS = ("over", "under", "total", "moneyline", "regulation")
_MONEYLINE = frozenset({"ml", "moneyline", "win", "wins"})


def find_in(*leagues: str) -> FindTeam:
    """Teams are looked up among the shipped names of these leagues."""
    return lambda words: longest_name(words, leagues)


def find_in_game(game: Game) -> FindTeam:
    """Teams are looked up among the two of a game: by shipped names, codes, `home` and `away`."""

    def find(words: list[str]) -> tuple[int, tuple[Team, ...]]:
        first = fold(words[0]) if words else ""
        for side in Side:
            if first in (fold(game.code(side)), side.value):
                code = game.code(side)
                return 1, (Team(game.league, code, code, code),)
        return longest_name(words, (game.league,))

    return find


@dataclass(slots=True)
class _Reader:
    """The words of a line, and how far they have been read."""

    text: str
    find: FindTeam
    words: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    at: int = 0

    @classmethod
    def over(cls, text: str, find: FindTeam) -> _Reader:
        reader = cls(text, find)
        for found in _TOKEN.finditer(text):
            plain = found[0].replace("\u2212", "-").replace("\u2013", "-").replace("½", ".5")
            reader.words.append("".join(plain.split()))
            reader.places.append(found.start())
        return reader

    @property
    def word(self) -> str:
        """The next word, folded; empty at the end."""
        return self.words[self.at].casefold() if self.at < len(self.words) else ""

    def bad(self, expected: str) -> BadBet:
        """An error at the next word."""
        if self.at >= len(self.words):
            return BadBet(f"{self.text!r} ends too early: expected {expected}", len(self.text))
        place = self.places[self.at]
        known = (*_WORDS, *(x.title() for x in team_names(tuple(LEAGUES))))
        near = difflib.get_close_matches(self.word, [x.casefold() for x in known], n=1)
        meant = next((x for x in known if near and x.casefold() == near[0]), "")
        hint = f" (did you mean {meant}?)" if meant else ""
        where = f"{self.words[self.at]!r} at column {place + 1}"
        return BadBet(f"{self.text!r}: {where} is not understood{hint}: expected {expected}", place)

    def team(self) -> tuple[Team, ...]:
        """The teams that the next words may name; reads them, or nothing."""
        count, found = self.find(self.words[self.at : self.at + 4])
        self.at += count
        return found

    def span(self) -> Span | None:
        """The next word as a span; reads it, or nothing."""
        found = _SPANS.get(self.word)
        self.at += found is not None
        return found

    def points(self, *, signed: bool) -> float | None:
        """The next word as a line; reads it, or nothing."""
        if signed and self.word in ("pk", "pick", "pickem"):
            self.at += 1
            return 0.0
        found = (_SIGNED if signed else _NUMBER).fullmatch(self.word)
        if not found:
            return None
        value = float(found[found.lastindex or 1])
        if signed and value > LARGEST_SPREAD:
            so_far = self.text[: self.places[self.at]].strip()
            raise BadBet(
                f"{self.text!r}: {self.words[self.at]!r} looks like a price: "
                f"write the line first, or '{so_far} ML {self.words[self.at]}'",
                self.places[self.at],
            )
        if value * 2 != int(value * 2) or not (signed or 0 < value <= LARGEST_TOTAL):
            raise self.bad("a line in whole or half points, such as 224.5")
        self.at += 1
        return -value if signed and found[1] == "-" else value

    def figure(self, parse: Callable[[str], T]) -> T:
        """The next word as odds or an amount, whose own errors are told with their place."""
        try:
            return parse(self.words[self.at].removeprefix("@"))
        except BadBet as why:
            raise BadBet(f"{self.text!r}: {why}", self.places[self.at]) from None

    def direction(self) -> tuple[Direction, float] | None:
        """The next words as over or under and a line; reads them, or nothing."""
        found = _OVER.fullmatch(self.word)
        if not found:
            return None
        direction = Direction.OVER if found[1].startswith("o") else Direction.UNDER
        if found[2]:
            self.words[self.at] = found[2]
        else:
            self.at += 1
        value = self.points(signed=False)
        if value is None:
            raise self.bad("the line, such as 224.5")
        return direction, value


def parse_pick(text: str, find: FindTeam) -> Pick:
    """Read one line; raises BadBet that says where and what was expected."""
    if not text.strip():
        raise BadBet("an empty bet: write one like 'DEN -4.5 -110 $20'")
    if any("\ud800" <= x <= "\udfff" for x in text):
        raise BadBet(f"{text!r} holds bytes that are no text: write it in UTF-8")
    reader = _Reader.over(text, find)
    span = reader.span()
    team = reader.team()
    matchup = None
    if team and reader.word == "@":
        matchup, team = _matchup(reader, team), ()
        span = reader.span() or span
        team = reader.team()
    span = reader.span() or span
    asked = _market(reader, named=bool(team))
    span = reader.span() or span
    made = Pick(text.strip(), asked, span or Span.GAME, team, matchup=matchup)
    return _finish(reader, made)


def parse_matchup(text: str, find: FindTeam) -> Matchup:
    """Read a game such as `LAL@DEN` or `LAL@DEN 2026-11-20`; raises BadBet."""
    reader = _Reader.over(text, find)
    away = reader.team()
    if not away:
        raise reader.bad("a game such as LAL@DEN")
    if reader.word != "@":
        raise reader.bad("'@' and the home team, such as LAL@DEN")
    found = _matchup(reader, away)
    if reader.word:
        raise reader.bad("a date such as 2026-11-20, or nothing")
    return found


def _matchup(reader: _Reader, away: tuple[Team, ...]) -> Matchup:
    reader.at += 1
    home = reader.team()
    if not home:
        raise reader.bad("the home team after '@'")
    return Matchup(away, home, _day(reader))


def _day(reader: _Reader) -> date | None:
    if not _DATE.fullmatch(reader.word):
        return None
    try:
        day = date.fromisoformat(reader.word)
    except ValueError:
        raise reader.bad("a date such as 2026-11-20") from None
    reader.at += 1
    return day


def _market(reader: _Reader, *, named: bool) -> Asked:
    if reader.word == "total":
        reader.at += 1
    if found := reader.direction():
        return OverUnder(*found)
    if not named:
        raise reader.bad("a team, a game such as LAL@DEN, 'over' or 'under'")
    if reader.word in _MONEYLINE:
        reader.at += 1
        return ToWin()
    points = reader.points(signed=True)
    if points is None:
        raise reader.bad("'ML', a spread such as -4.5, or 'over 114.5'")
    return Handicap(points)


def _finish(reader: _Reader, pick: Pick) -> Pick:
    odds, stake, units, tags = None, None, None, []
    matchup = pick.matchup
    while reader.word:
        word = reader.word
        if word.startswith("#") and len(word) > 1:
            tags.append(reader.words[reader.at][1:])
        elif word.startswith("$") and stake is None:
            stake = reader.figure(parse_money)
        elif (found := _UNITS.fullmatch(word)) and units is None:
            units = Fraction(found[1])
        elif _PRICE.fullmatch(word) and odds is None:
            odds = reader.figure(parse_odds)
        elif matchup is not None and matchup.day is None and _DATE.fullmatch(word):
            matchup = Matchup(matchup.away, matchup.home, _day(reader))
            continue
        elif word.strip("0.") == "":
            # What a shell makes of $20 in double quotes.
            raise reader.bad("a stake such as $20 (within single quotes, on a command line)")
        else:
            raise reader.bad("odds such as -110, a stake such as $20, or a #tag")
        reader.at += 1
    return replace(
        pick, matchup=matchup, odds=odds, stake_cents=stake, units=units, tags=tuple(tags)
    )


def pick_text(market: Market, game: Game) -> str:
    """The market written so that `parse_pick` reads the same market in this game."""
    return describe(market, game.home, game.away)
