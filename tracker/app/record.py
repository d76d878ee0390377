"""A person's record out of the bets that have results: who fared how, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING

from tracker.domain.league import slate_date
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.parlay import wager_kind
from tracker.domain.record import Ended, Reliability, Tally, tallies

if TYPE_CHECKING:
    from datetime import date

    from tracker.store.views import BetView

    Results = Sequence[tuple[BetView, Ended]]


class Group(StrEnum):
    """What bets are grouped by."""

    TAG = "tag"
    MARKET = "market"
    PLAYER = "player"
    BOOK = "book"
    LEAGUE = "league"
    MONTH = "month"


def results(views: Iterable[BetView]) -> list[tuple[BetView, Ended]]:
    """The bets that have a result, each with what counts of it."""
    return [(x, ended) for x in views if (ended := _as_ended(x)) is not None]


def _as_ended(x: BetView) -> Ended | None:
    if x.result is None:
        return None
    asked = None if x.odds is None else x.odds.break_even
    # A bet that was brought from elsewhere has no game, but a day on which it was placed.
    day = slate_date(x.placed_at or x.added_at) if x.game is None else x.game.slate
    return Ended(x.result, day, x.stake_cents, x.payout_cents, asked)


def by_group(found: Results, group: Group) -> dict[str, Tally]:
    """The record of each group, the largest first; a bet with several tags counts under each."""
    groups = tallies((key, bet) for view, bet in found for key in _keys(view, bet, group))
    return dict(sorted(groups.items(), key=lambda x: (-x[1].bets, x[0])))


def nights(found: Results) -> list[tuple[str, int]]:
    """The profit of each night in cents, by date; nights without a stake are left out."""
    staked = sorted(
        (x.day, x.payout - x.stake)
        for _view, x in found
        if x.payout is not None and x.stake is not None
    )
    return [
        (day.isoformat(), sum(cents for _day, cents in group))
        for day, group in groupby(staked, key=_first)
    ]


def _first(item: tuple[date, int]) -> date:
    return item[0]


def _keys(view: BetView, bet: Ended, group: Group) -> Iterator[str]:
    """The groups that a bet belongs to."""
    match group:
        case Group.TAG:
            yield from view.tags or ("(no tag)",)
        case Group.MARKET:
            yield "(unknown)" if view.market is None else wager_kind(view.market).replace("_", " ")
        case Group.PLAYER:
            if isinstance(view.market, PlayerTotal | DoubleDouble):
                yield view.market.player.name
        case Group.BOOK:
            yield view.book or "(no book)"
        case Group.LEAGUE:
            yield "(unknown)" if view.game is None else view.game.league
        case Group.MONTH:
            yield f"{bet.day:%Y-%m}"


def tally_json(x: Tally) -> dict[str, object]:
    """A record as the contracts give it."""
    return {
        "bets": x.bets,
        "won": x.won,
        "lost": x.lost,
        "push": x.pushed,
        "void": x.voided,
        "staked_cents": x.staked,
        "profit_cents": x.profit,
        "roi": x.roi,
        "hit_rate": x.hit_rate,
        "break_even": x.asked,
    }


def reliability_json(found: Reliability | None) -> Mapping[str, object]:
    """What was told against what came, as the contracts give it."""
    if found is None:
        return {"bets": 0, "brier": None, "log_loss": None, "bins": []}
    bins = [asdict(x) | {"fits": x.fits} for x in found.bins]
    return {"bets": found.bets, "brier": found.brier, "log_loss": found.log_loss, "bins": bins}
