"""The line of text that registers a bet: `LAL@DEN over 224.5 -110 $20 #tag`.

    line   = bet | [heading] bet (";" bet)+ [price] [stake]
    bet    = [game] whom market [span] [price] [stake] [tag...], in any order
    game   = team "@" team [date], or with "vs"
    whom   = a team by code, city, nickname or full name; a player by his name
    market = "ML" | points | ("over" | "under") points | "odd" | "even" | "3-way" | "tie"
           | ("over" | "under") points stat | number "+" stat | "double-double"

Words that slips add and that change nothing are passed over. What is written is parsed without
knowing tonight's games; `Pick.market_for` gives the market once the game is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracker.domain.catalog.teams import Team, fold, longest_name
from tracker.domain.errors import BadBet
from tracker.domain.game import Game, Side
from tracker.domain.market import Market, describe
from tracker.domain.pick import Matchup, ParlayPick, Pick, Written
from tracker.language.figures import read_date
from tracker.language.names import read_game_or_team
from tracker.language.parlays import parlay_of, read_heading, read_legs
from tracker.language.picks import pick_of
from tracker.language.slots import Slots
from tracker.language.tokens import FindTeam, Line

__all__ = [
    "FindTeam",
    "Matchup",
    "Pick",
    "find_in",
    "find_in_game",
    "parse_bet",
    "parse_matchup",
    "parse_pick",
    "pick_text",
]


_GAME_ID = re.compile(r"\d{8,10}(?:-[\w&'.-]+)?", re.ASCII)
"""A game's id, as `tracker games --json` gives it."""


def find_in(*leagues: str, guests: Sequence[Team] = ()) -> FindTeam:
    """Teams are looked up among the shipped names of these leagues, and among `guests`."""

    def find(words: list[str], *, wide: bool = False) -> tuple[int, tuple[Team, ...]]:
        return longest_name(words, leagues, wide=wide, guests=guests)

    return find


def find_in_game(game: Game) -> FindTeam:
    """Teams are looked up among the two of a game: by shipped names, codes, `home` and `away`."""

    def find(words: list[str], *, wide: bool = False) -> tuple[int, tuple[Team, ...]]:
        first = fold(words[0]) if words else ""
        for side in Side:
            if first in (fold(game.code(side)), side.value):
                code = game.code(side)
                return 1, (Team(game.league, code, code, code),)
        return longest_name(words, (game.league,), wide=wide)

    return find


def parse_bet(text: str, find: FindTeam) -> Written:
    """Read one line, a single bet or a parlay; raises BadBet that says where and what was expected.

    Several bets are told apart by `;`, by ` + `, and, where the line begins with a word such as
    `parlay:`, by commas and new lines too.
    """
    if not text.strip():
        raise BadBet("an empty bet: write one like 'DEN -4.5 -110 $20'")
    if any("\ud800" <= x <= "\udfff" for x in text):
        raise BadBet(f"{text!r} holds bytes that are no text: write it in UTF-8")
    line = Line.over(text, find)
    heading = read_heading(line)
    read = read_legs(line, many=heading is not None)
    line.leg = None
    if heading is None and len(read) == 1:
        return pick_of(line, read[0], text.strip())
    if not read:
        raise line.bad("a bet such as 'DEN -4.5 -110 $20'", len(line.words))
    return parlay_of(line, heading, read)


def parse_pick(text: str, find: FindTeam) -> Pick:
    """Read one line that holds one bet; raises BadBet that says where and what was expected."""
    found = parse_bet(text, find)
    if isinstance(found, ParlayPick):
        raise BadBet(f"{found.text!r} is a parlay of {len(found.legs)} legs: expected a single bet")
    return found


def parse_matchup(text: str, find: FindTeam) -> Matchup:
    """Read a game such as `LAL@DEN`, `LAL@DEN 2026-11-20` or its id; raises BadBet."""
    if _GAME_ID.fullmatch(text.strip()):
        return Matchup((), (), game_id=text.strip())
    line = Line.over(text, find)
    slots = Slots(0)
    if line.team()[0] == 0:
        raise line.bad("a game such as LAL@DEN")
    read_game_or_team(line, slots)
    if slots.matchup is None:
        raise line.bad("'@' and the home team, such as LAL@DEN")
    read_date(line, slots)
    if line.word is not None:
        raise line.bad("a date such as 2026-11-20, or nothing")
    return Matchup(
        slots.matchup.away, slots.matchup.home, slots.day, any_order=slots.matchup.any_order
    )


def pick_text(market: Market, game: Game) -> str:
    """The market written so that `parse_pick` reads the same market in this game."""
    return describe(market, game.home, game.away)
