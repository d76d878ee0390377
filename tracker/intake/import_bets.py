"""The bet of a row of another program: its columns put together until our grammar reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from tracker.domain.draft import Draft
from tracker.domain.errors import BadBet
from tracker.domain.league import LEAGUES
from tracker.domain.money import Odds
from tracker.domain.pick import Matchup
from tracker.language.grammar import FindTeam, find_in, parse_bet, parse_matchup

_LEGS = re.compile(r"\s+\|\s+|\s*\n\s*")
_KEY = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")


def draft_from(  # noqa: PLR0913 - the columns of a row
    text: str,
    *,
    market: str = "",
    line: str = "",
    game: str = "",
    league: str = "",
    odds: Odds | None = None,
    stake_cents: int | None = None,
    book: str | None = None,
    tags: tuple[str, ...] = (),
    occasion: str = "",
    placed_at: datetime | None = None,
    day: date | None = None,
    free: bool = False,
) -> Draft:
    """The bet that a row is about; BadBet when no way of reading its words makes one.

    `league` is empty where the row does not say it. `occasion` tells it from another of its words.
    `day` is the league's date of its game, where a column of its own has it.
    """
    if not text:
        raise BadBet("the row does not say what was bet on")
    find = find_in(*([league] if league else LEAGUES))
    first: BadBet | None = None
    for words in _readings(text, market, line):
        try:
            pick = parse_bet(words, find)
        except BadBet as why:
            first = first or why
            continue
        matchup = _matchup(game, find)
        if day is not None:
            own = pick.legs[0].matchup if len(pick.legs) == 1 else None
            matchup = replace(matchup or own or Matchup((), ()), day=day)
        return Draft(
            pick=pick,
            matchup=matchup,
            game_text=(game or None) if matchup is not None else None,
            odds=odds or pick.odds,
            stake_cents=pick.stake_cents if stake_cents is None else stake_cents,
            tags=(*pick.tags, *tags),
            book=book,
            occasion=occasion,
            placed_at=placed_at,
            free=free or pick.free,
        )
    raise first or BadBet(f"{text!r} is not understood")


def _matchup(game: str, find: FindTeam) -> Matchup | None:
    """The game in a column of its own; one that is not understood is left to the bet's words."""
    try:
        return parse_matchup(game, find) if game else None
    except BadBet:
        return None


def _readings(text: str, market: str, line: str) -> Iterator[str]:
    """Lines that the row may mean: with all that it says first, then with less of it."""
    legs = [x for x in _LEGS.split(text.strip()) if x]
    if len(legs) > 1:
        yield "parlay: " + "; ".join(legs)
        return
    # `player_points` is how interfaces name a market.
    words = market.replace("_", " ") if _KEY.fullmatch(market) else market
    with_line = text if not line or line.lstrip("+") in text else f"{text} {line}"
    if words and words.casefold() not in text.casefold():
        yield f"{with_line} {words}"
    yield with_line
    yield text
