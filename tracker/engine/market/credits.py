"""Credits: plans the paid requests for quotes, so that the closes of tonight's bets come first.

A price that was not requested before tip-off cannot be had afterwards. So closes are bought before
all else, a reserve is kept for the closes of the rest of the month, and a request that cannot be
paid is refused with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from tracker.domain.poll import Credit, Purchase, Purpose

SHARED = timedelta(minutes=10)
"""Games whose listed tip-offs are at most this far apart share one request for featured markets."""

AFTER_LISTED = timedelta(minutes=6)
"""How long after the listed tip-off a close is bought where no countdown is known: games tip off 8
to 13 minutes late."""

COUNTDOWN = timedelta(minutes=4)
"""The countdown to tip-off at which a close is bought: books are open and prices fresh."""

LASTS = timedelta(minutes=8)
"""How long a bought close stays good when the tip-off slides: less than a close's quotes may be
old."""

BOOKS_A_REGION = 10
"""Up to this many named books are charged as one region."""

FEATURED = ("h2h", "spreads", "totals")
"""The markets that one request returns for all games of a league."""

POLLS_A_NIGHT = 4.7
"""Requests that the closes of a league's whole slate need a night: 146 in the 31 nights of January
2024."""

NIGHTS = 31
"""Nights for which a reserve is kept: the source does not say when its month ends."""


@dataclass(frozen=True, slots=True)
class Tariff:
    """How requests are charged: each market costs `places` credits, one a region or ten books.

    `markets` are the featured markets that the configuration asks for.
    """

    markets: tuple[str, ...]
    places: int

    @classmethod
    def of(
        cls, markets: Sequence[str], regions: Sequence[str], bookmakers: Sequence[str]
    ) -> Tariff:
        """The tariff of a configuration. Where books are named, they are charged and not regions.

        Markets that are not featured are left out.
        """
        places = ceil(len(bookmakers) / BOOKS_A_REGION) if bookmakers else len(regions)
        return cls(tuple(x for x in markets if x in FEATURED), places)

    @property
    def featured(self) -> int:
        """The credits that a request for the featured markets of a league costs."""
        return len(self.markets) * self.places


@dataclass(frozen=True, slots=True)
class Tip:
    """A game with bets whose close is wanted. `own` are the bets' markets that are not featured."""

    game: str
    league: str
    name: str
    start: datetime
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is not bought; `why` is one sentence."""

    purchase: Purchase
    why: str


class Spent(NamedTuple):
    """What was bought for tonight's games already, so that nothing is bought twice.

    `closes` holds when each game's close was bought, `leagues` when the featured markets of each
    league were last bought for any purpose, `again` the games whose close was bought a second time,
    and `own` the games whose other markets were bought.
    """

    closes: dict[str, datetime]
    leagues: dict[str, datetime]
    again: set[str]
    own: set[str]


def spent(rows: Iterable[Credit], tips: Sequence[Tip]) -> Spent:
    """What past requests, oldest first, have bought for these games; refused ones nothing."""
    found = Spent({}, {}, set(), set())
    for row in rows:
        for tip in tips:
            # `BC@BU` is no part of `UMBC@BUCK`.
            if row.refused is not None or f" {tip.name}," not in f"{row.purpose},":
                continue
            if row.purpose.startswith(Purpose.OWN.value):
                found.own.add(tip.game)
                continue
            found.leagues[tip.league] = row.at
            if row.purpose.startswith(Purpose.CLOSE.value):
                found.closes[tip.game] = row.at
            if row.purpose.startswith(Purpose.AGAIN.value):
                found.again.add(tip.game)
    return found


def plan(tips: Iterable[Tip], tariff: Tariff) -> tuple[Purchase, ...]:
    """The requests that the closes of some games need, in order of time: featured markets first."""
    found: list[Purchase] = []
    for group in shared(tips):
        found.append(featured(group, tariff))
        found += [own(x, tariff) for x in group if x.own]
    return tuple(found)


def featured(group: Sequence[Tip], tariff: Tariff, *, again: bool = False) -> Purchase:
    """The request for the featured markets of a group of games, which returns the whole league."""
    purpose = Purpose.AGAIN if again else Purpose.CLOSE
    games, names = tuple(x.game for x in group), tuple(x.name for x in group)
    due_at = group[0].start + AFTER_LISTED
    return Purchase(purpose, group[0].league, games, names, tariff.markets, tariff.featured, due_at)


def look(tips: Sequence[Tip], tariff: Tariff, now: datetime) -> Purchase:
    """A request for the featured markets before tip-off, to see lines move."""
    found = featured(tips, tariff)
    return replace(found, purpose=Purpose.LOOK, due=now)


def own(tip: Tip, tariff: Tariff) -> Purchase:
    """The request for a game's own markets. The planned cost is the most: missing ones are free."""
    cost = len(tip.own) * tariff.places
    due = tip.start + AFTER_LISTED
    return Purchase(Purpose.OWN, tip.league, (tip.game,), (tip.name,), tip.own, cost, due)


def shared(tips: Iterable[Tip]) -> list[list[Tip]]:
    """Group games of one league whose listed tip-offs are close enough to share a request."""
    groups: list[list[Tip]] = []
    for tip in sorted(tips, key=lambda x: (x.league, x.start, x.game)):
        last = groups[-1] if groups else None
        if last and last[0].league == tip.league and tip.start - last[0].start <= SHARED:
            last.append(tip)
        else:
            groups.append([tip])
    return sorted(groups, key=lambda x: (x[0].start, x[0].league))


def reserve(tariff: Tariff) -> int:
    """Credits that only closes may spend: what the closes of a whole month may need."""
    return ceil(POLLS_A_NIGHT * NIGHTS * tariff.featured)


def afford(
    wanted: Purchase, remaining: int | None, tariff: Tariff, closes_left: int = 0
) -> Purchase | Refusal:
    """The request as far as it can be paid, or its refusal.

    `remaining` is the balance in credits, None while it is not known: then all is bought.
    `closes_left` is what tonight's other closes still need. A close that is too dear is bought with
    fewer markets, and refused only when not even one can be paid.
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
    """Whether to buy now the close of a game that has not begun.

    `countdown` is the time to tip-off that the game's box score shows, None where it shows none.
    """
    if countdown is not None:
        return countdown <= COUNTDOWN
    return now >= tip.start + AFTER_LISTED


BEGUN = "the game has begun: a price after the tip-off is none of the close"
"""The reason of refusing the close of a game that is in play."""
