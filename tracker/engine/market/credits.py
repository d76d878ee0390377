"""Credits: what quotes are bought with, planned so that the closes of tonight's bets come first.

A source that is paid by the request gives no second chance: a price that was not asked for before
tip-off cannot be had afterwards. So closes go before all else, a reserve is kept for those of the
rest of the month, and what cannot be paid is refused in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from tracker.domain.poll import Purchase, Purpose

SHARED = timedelta(minutes=10)
"""Games whose listed tip-offs are no further apart share one request for featured markets."""

AFTER_LISTED = timedelta(minutes=6)
"""When the close is bought where no countdown is told: games tip off 8 to 13 minutes late."""

COUNTDOWN = (timedelta(minutes=2), timedelta(minutes=4))
"""What the countdown shows when the close is bought: the books are open, their prices fresh."""

LASTS = timedelta(minutes=8)
"""How long a close that was bought is good for a tip-off that slides: less than its age may be."""

BOOKS_A_REGION = 10
"""So many named books are charged like one region."""

FEATURED = ("h2h", "spreads", "totals")
"""The markets that one request tells of every game of a league."""

POLLS_A_NIGHT = 4.7
"""Requests that the tips of one night need, of the league's whole slate: 146 in the 31 nights of
January 2024."""

NIGHTS = 31
"""Nights for which a reserve is kept: when a month ends is not told."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """How requests are charged: each market costs `places`, which are regions or tens of books."""

    markets: tuple[str, ...]
    places: int

    @classmethod
    def of(
        cls, markets: Sequence[str], regions: Sequence[str], bookmakers: Sequence[str]
    ) -> Tariff:
        """The tariff of a configuration; books that are named stand in for regions.

        Of the markets only those count that are told of all games at once.
        """
        places = ceil(len(bookmakers) / BOOKS_A_REGION) if bookmakers else len(regions)
        return cls(tuple(x for x in markets if x in FEATURED), places)

    @property
    def featured(self) -> int:
        """What a request for the featured markets of a league costs."""
        return len(self.markets) * self.places


@dataclass(frozen=True, slots=True)
class Tip:
    """A game with bets whose close is wanted. `own` are their markets beside the featured ones."""

    game: str
    league: str
    name: str
    start: datetime
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is not bought, and why in one sentence."""

    purchase: Purchase
    why: str


def plan(tips: Iterable[Tip], tariff: Tariff) -> tuple[Purchase, ...]:
    """What the closes of some games need, in order of time: featured markets, then others."""
    found: list[Purchase] = []
    for group in shared(tips):
        found.append(featured(group, tariff))
        found += [own(x, tariff) for x in group if x.own]
    return tuple(found)


def featured(group: Sequence[Tip], tariff: Tariff, *, again: bool = False) -> Purchase:
    """The request for the featured markets, which tells of every game of the league at once."""
    purpose = Purpose.AGAIN if again else Purpose.CLOSE
    games, names = tuple(x.game for x in group), tuple(x.name for x in group)
    due_at = group[0].start + AFTER_LISTED
    return Purchase(purpose, group[0].league, games, names, tariff.markets, tariff.featured, due_at)


def look(tips: Sequence[Tip], tariff: Tariff, now: datetime) -> Purchase:
    """The same request before the tip-offs, for who wants to see lines move."""
    found = featured(tips, tariff)
    return replace(found, purpose=Purpose.LOOK, due=now)


def own(tip: Tip, tariff: Tariff) -> Purchase:
    """The request for a game's other markets. Each is charged that the source has: this at most."""
    cost = len(tip.own) * tariff.places
    due = tip.start + AFTER_LISTED
    return Purchase(Purpose.OWN, tip.league, (tip.game,), (tip.name,), tip.own, cost, due)


def shared(tips: Iterable[Tip]) -> list[list[Tip]]:
    """Games of one league whose listed tip-offs lie close enough together to share a request."""
    groups: list[list[Tip]] = []
    for tip in sorted(tips, key=lambda x: (x.league, x.start, x.game)):
        last = groups[-1] if groups else None
        if last and last[0].league == tip.league and tip.start - last[0].start <= SHARED:
            last.append(tip)
        else:
            groups.append([tip])
    return sorted(groups, key=lambda x: (x[0].start, x[0].league))


def reserve(tariff: Tariff) -> int:
    """Credits that only closes may spend: what the tips of a whole month may need."""
    return ceil(POLLS_A_NIGHT * NIGHTS * tariff.featured)


def afford(
    wanted: Purchase, remaining: int | None, tariff: Tariff, closes_left: int = 0
) -> Purchase | Refusal:
    """The request as it can be paid, or why it is not bought.

    `remaining` is the balance, None while it is not known; `closes_left` what tonight's
    other closes still need. A close is bought with fewer markets before it is not bought at all.
    """
    if remaining is None:
        return wanted
    if wanted.purpose is Purpose.CLOSE:
        if remaining >= wanted.planned:
            return wanted
        count = remaining // tariff.places
        if count == 0:
            return Refusal(wanted, f"{_left(remaining)}, and it costs {wanted.planned}")
        return replace(wanted, markets=wanted.markets[:count], planned=count * tariff.places)
    kept = closes_left + (reserve(tariff) if wanted.purpose is Purpose.LOOK else 0)
    if remaining - wanted.planned < kept:
        why = f"{_left(remaining)}, and {kept} are kept for closes"
        if remaining < wanted.planned:
            why = f"{_left(remaining)}, and it costs {wanted.planned}"
        return Refusal(wanted, why)
    return wanted


def _left(count: int) -> str:
    return f"{count} credit{'s are' if count != 1 else ' is'} left"


def due(tip: Tip, now: datetime, countdown: timedelta | None) -> bool:
    """Whether the close of a game that has not begun is to be bought now.

    `countdown` is what its box shows before tip-off, where that is told.
    """
    if countdown is not None:
        return countdown <= COUNTDOWN[1]
    return now >= tip.start + AFTER_LISTED


BEGUN = "the game has begun: a price after the tip-off is none of the close"
"""Why the close of a game that is being played is not bought."""
