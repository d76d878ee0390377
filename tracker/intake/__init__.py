"""Bets as a person gives them: a typed line with what stands beside it, and changes of a bet.

The modules beside this one read the bets file, files of other programs, and game states in JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain import BadBet
from tracker.domain.catalog import Team
from tracker.domain.catalog.books import book_name
from tracker.domain.draft import Draft, parse_placed_at
from tracker.domain.league import LEAGUES
from tracker.domain.money import Odds, money_text, parse_odds, parse_stake
from tracker.domain.pick import Written, tags_of
from tracker.domain.policy import parse_rules
from tracker.language import find_in, parse_bet, parse_matchup, read_line, stake_written
from tracker.language.picks import is_uneven


@dataclass(frozen=True, slots=True)
class Beside:
    """What a person gives beside the line of a bet, as written."""

    game: str | None = None
    odds: str | None = None
    stake: str | None = None
    book: str | None = None
    rules: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    name: str | None = None
    placed_at: str | None = None
    free: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change about a bet, as a person writes it; None leaves a field as it is."""

    pick: str | None = None
    game: str | None = None
    odds: str | None = None
    stake: str | None = None
    book: str | None = None
    tags: tuple[str, ...] | None = None
    placed_at: str | None = None
    free: bool | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to change."""
        return self == Changes()


def draft_of(
    line: str,
    beside: Beside,
    unit_cents: int,
    guests: Sequence[Team] = (),
    *,
    now: datetime | None = None,
) -> Draft:
    """The draft of a line and what is given beside it.

    `unit_cents` is the size of one unit of stake; `guests` are teams of the slate that are in no
    catalog; `now` is the time on the person's own clock, for words such as `tonight`. Raises BadBet
    or BadRule when something is not understood.
    """
    staked = beside.stake is not None
    odds = None if beside.odds is None else parse_odds(beside.odds)
    written, matchup = read_line(line, beside.game, guests, staked=staked, odds=odds, now=now)
    name = None if beside.name is None else beside.name.strip()
    if name == "":
        raise BadBet("the id is empty: give a text or a number of your own, or leave it out")
    return Draft(
        pick=written,
        matchup=matchup,
        game_text=beside.game,
        odds=_odds(written, odds),
        stake_cents=_stake(written, beside.stake, unit_cents),
        name=name,
        rules=parse_rules(beside.rules) if beside.rules else None,
        tags=tags_of(*written.tags, *beside.tags),
        book=_book(written, beside.book),
        placed_at=None if beside.placed_at is None else parse_placed_at(beside.placed_at, now),
        free=beside.free or written.free,
    )


def _odds(written: Written, beside: Odds | None) -> Odds | None:
    if beside is None:
        return written.odds
    if written.odds is not None:
        raise BadBet(
            f"the odds are given twice, as {written.odds.text} and beside the line: drop one"
        )
    return beside


def _book(written: Written, beside: str | None) -> str | None:
    if beside and written.book and book_name(beside) != book_name(written.book):
        raise BadBet(f"the book is given twice, as {written.book} and beside the line: drop one")
    return beside or written.book


def _stake(written: Written, beside: str | None, unit_cents: int) -> int | None:
    said = stake_written(written, unit_cents)
    if beside is None:
        return said
    if said is not None:
        raise BadBet(
            f"the stake is given twice, as {money_text(said)} and beside the line: drop one"
        )
    return parse_stake(beside, unit_cents)


def changed(
    old: Draft, changes: Changes, unit_cents: int, now: datetime, guests: tuple[Team, ...]
) -> Draft:
    """A draft with the changes made; the rest and what is raised are as of `draft_of`."""
    find, new = find_in(*LEAGUES, guests=guests), old
    odds = None if changes.odds is None else parse_odds(changes.odds)
    if changes.pick is not None:
        staked = old.stake_cents is not None or changes.stake is not None
        read = parse_bet(changes.pick, find, staked=staked, priced=is_uneven(odds), now=now)
        said = stake_written(read, unit_cents)
        new = replace(
            new,
            pick=read,
            matchup=None if len(read.legs) > 1 else read.legs[0].matchup,
            game_text=None,
            odds=read.odds or new.odds,
            book=read.book or new.book,
            tags=tags_of(*new.tags, *read.tags),
            free=read.free or new.free,
            stake_cents=new.stake_cents if said is None else said,
        )
    if changes.game is not None:
        new = replace(new, matchup=parse_matchup(changes.game, find, now), game_text=changes.game)
    if odds is not None:
        new = replace(new, odds=odds)
    if changes.stake is not None:
        new = replace(new, stake_cents=parse_stake(changes.stake, unit_cents))
    if changes.book is not None:
        new = replace(new, book=changes.book.strip() or None)
    if changes.tags is not None:
        new = replace(new, tags=tags_of(*changes.tags))
    if changes.placed_at is not None:
        new = replace(new, placed_at=parse_placed_at(changes.placed_at, now))
    if changes.free is not None:
        new = replace(new, free=changes.free)
    return new
