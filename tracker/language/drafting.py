"""Reads a bet that comes in parts: its line, its game, its player, its legs, its stake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from tracker.domain.catalog.teams import Team
from tracker.domain.errors import BadBet
from tracker.domain.league import LEAGUES
from tracker.domain.money import parse_money
from tracker.domain.pick import Matchup, ParlayPick, Pick, Written
from tracker.language.grammar import find_in, parse_bet, parse_matchup, parse_pick

_UNITS = ("units", "unit", "u")


def read_line(
    line: str, game: str | None = None, guests: Sequence[Team] = ()
) -> tuple[Written, Matchup | None]:
    """What a line means, and the game that it is about where one is named: in it, or as `game`.

    A game beside the line says the league, so that `HOU` is a college where it meets one. `guests`
    are teams that no list has, as feeds call them.
    """
    matchup = None if game is None else parse_matchup(game, find_in(*LEAGUES, guests=guests))
    written = parse_bet(line, find_in(*_leagues(matchup), guests=guests))
    if matchup is None and isinstance(written, Pick):
        matchup = written.matchup
    return written, matchup


def read_legs(
    legs: Sequence[str], game: str | None = None, guests: Sequence[Team] = ()
) -> tuple[Written, Matchup | None]:
    """As `read_line`, of a parlay whose legs are given one by one."""
    matchup = None if game is None else parse_matchup(game, find_in(*LEAGUES, guests=guests))
    find = find_in(*_leagues(matchup), guests=guests)
    picks: list[Pick] = []
    for number, text in enumerate(legs, 1):
        try:
            pick = parse_pick(text, find)
        except BadBet as why:
            raise BadBet(f"leg {number}: {why}") from None
        if pick.stake_cents is not None or pick.units is not None:
            raise BadBet(f"leg {number}: {text!r}: a parlay has one stake, beside its legs")
        picks.append(pick)
    text = "; ".join(pick.text for pick in picks)
    written = ParlayPick(
        text=f"parlay: {text}",
        legs=tuple(replace(pick, tags=()) for pick in picks),
        odds=ParlayPick.product(picks),
        tags=tuple(dict.fromkeys(tag for pick in picks for tag in pick.tags)),
    )
    return written, matchup


def _leagues(matchup: Matchup | None) -> tuple[str, ...]:
    if matchup is None or not matchup.names_a_team:
        return tuple(LEAGUES)
    named = {team.league for team in (*matchup.away, *matchup.home)}
    return tuple(x for x in LEAGUES if x in named)


def stake_written(written: Written, unit_cents: int) -> int | None:
    """The stake that a line says, in cents; None when it says none."""
    if written.units is None:
        return written.stake_cents
    return in_cents(written.units, unit_cents)


def parse_stake(text: str, unit_cents: int) -> int:
    """Read a stake such as `20`, `$20.00`, `2u` or `0.5 units` into cents; BadBet for others."""
    plain = text.strip().casefold()
    unit = next((x for x in _UNITS if plain.endswith(x)), None)
    if unit is None:
        return parse_money(text)
    # As many units as there would be dollars, without rounding to their cents first.
    try:
        cents = parse_money(plain.removesuffix(unit).strip())
    except BadBet:
        raise BadBet(f"{text!r} is not a number of units: write a stake like 2u") from None
    return in_cents(Fraction(cents, 100), unit_cents)


def in_cents(units: Fraction, unit_cents: int) -> int:
    """So many units in cents, rounded half up."""
    return int(units * unit_cents + Fraction(1, 2))


def parse_placed_at(text: str) -> datetime:
    """Read when a bet was placed: `2026-11-20T19:05:00-05:00`; BadBet without a time zone."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadBet(
            f"{text!r} is not a time with its zone: write one such as 2026-11-20T19:05:00-05:00, "
            "or 2026-11-21T00:05:00Z"
        )
    return found
