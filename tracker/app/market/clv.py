"""How bets fared by the closing line: means with their standard errors, for all and by group."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

from tracker.app.market import closing_json
from tracker.app.views import chance_parts, part
from tracker.domain.bet import Parlay, Result, wager_kind
from tracker.domain.catalog.books import book_name
from tracker.domain.market import PlayerMarket
from tracker.domain.policy import Rule
from tracker.domain.quote import Closing
from tracker.domain.value import ClosingValue, Grade
from tracker.engine.record import NO_BOOK, NO_TAG, mean_error, ratio_error
from tracker.wording.closes import mean_text

if TYPE_CHECKING:
    from tracker.store import Store
    from tracker.store.quotes import ValueSum
    from tracker.store.views import BetView

NOT_YET = 30
"""Fewer bets than this give no mean worth showing: one bet's value has an sd of .107 units."""


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of some bets' closing line values, and its standard error; None for too few.

    The error is over games: the values of bets on one game move together.
    """

    key: str
    n: int
    mean: float | None
    se: float | None

    @property
    def text(self) -> str:
        """The mean in words, with its error; for too few bets, that nothing can be told yet."""
        return mean_text(self.mean, self.se, self.n, enough=NOT_YET)


@dataclass(frozen=True, slots=True)
class ClvReport:
    """How bets fared by the close. `n` counts all bets, `coverage` is the share that has a value.

    The mean is over single bets whose close was quoted or converted. Parlays, and values that rest
    on our own model, are kept apart.
    """

    n: int
    covered: int
    all: Mean
    parlays: Mean
    model: Mean
    missing: Mapping[str, int]
    groups: tuple[Mean, ...]
    rows: tuple[tuple[BetView, ClosingValue], ...]

    @property
    def singles(self) -> list[float]:
        """The values that the mean is taken over."""
        kept = (v for x, v in self.rows if v.grade.by_quotes and not isinstance(x.market, Parlay))
        return [x.value for x in kept if x.value is not None]

    @property
    def coverage(self) -> float | None:
        """The share of the bets that have a value; None without any bets."""
        return self.covered / self.n if self.n else None


KeysOf = Callable[["BetView"], Sequence[str]]


def _players(x: BetView) -> Sequence[str]:
    if isinstance(x.market, PlayerMarket):
        return (x.market.player.name,)
    return ()


BY: Mapping[str, KeysOf] = {
    "market": lambda x: () if x.market is None else (wager_kind(x.market).replace("_", " "),),
    "book": lambda x: (book_name(x.draft.book) or NO_BOOK,),
    "tag": lambda x: x.draft.tags or (NO_TAG,),
    "league": lambda x: () if x.game is None else (x.game.league,),
    "month": lambda x: () if x.game is None else (x.game.slate.isoformat()[:7],),
    "day": lambda x: () if x.game is None else (x.game.slate.isoformat(),),
    "player": _players,
}
"""What bets can be grouped by, under the keys of the record."""


def clv_report(
    bets: Iterable[BetView], values: Mapping[int, ClosingValue], by: str | None = None
) -> ClvReport:
    """How bets fared by the close, grouped by one of `BY` if one is given."""
    found = [(x, by_result(x, values.get(x.number))) for x in bets]
    rows = [(x, v) for x, v in found if v is not None]
    good = [(x, v) for x, v in rows if v.grade.by_quotes]
    singles = [(x, v) for x, v in good if not isinstance(x.market, Parlay)]
    missing = Counter(v.reason.partition(":")[0] for _, v in rows if v.grade is Grade.MISSING)
    groups: dict[str, list[ValuedBet]] = defaultdict(list)
    for x, v in singles if by is not None else ():
        for key in BY[by or ""](x):
            groups[key].append((x, v))
    return ClvReport(
        n=len(rows),
        covered=len(good),
        all=mean_of("all", singles),
        parlays=mean_of("parlays", [(x, v) for x, v in good if isinstance(x.market, Parlay)]),
        model=mean_of("model", [(x, v) for x, v in rows if v.grade is Grade.MODEL]),
        missing=dict(sorted(missing.items())),
        groups=tuple(mean_of(key, groups[key]) for key in sorted(groups)),
        rows=tuple(rows),
    )


async def read_clv(store: Store, rules: tuple[Rule, ...], by: str | None = None) -> ClvReport:
    """How all bets of a database fared by the close, as `clv_report` has it."""
    return clv_report(await store.bets_view(rules), await store.quotes.values(), by)


def clv_summary(sums: Sequence[ValueSum], unclosed: Mapping[bool, int]) -> ClvReport:
    """How bets fared by the close, from sums: without rows and groups, for any number of bets.

    `unclosed` are the numbers of bets that ended without a close, by whether they are void.
    """
    from tracker.engine.market.clv import NO_CLOSE, VOID

    kept = [x for x in sums if not x.void]
    good = [x for x in kept if x.grade.by_quotes]
    missing = Counter({VOID if void else NO_CLOSE: n for void, n in unclosed.items()})
    for x in sums:
        if x.grade is Grade.MISSING:
            missing[x.why] += x.n
        elif x.void:
            missing[VOID] += x.n
    return ClvReport(
        n=sum(x.n for x in sums) + sum(unclosed.values()),
        covered=sum(x.n for x in good),
        all=_mean_in("all", [x for x in good if not x.parlay]),
        parlays=_mean_in("parlays", [x for x in good if x.parlay]),
        model=_mean_in("model", [x for x in kept if x.grade is Grade.MODEL]),
        missing=dict(sorted(missing.items())),
        groups=(),
        rows=(),
    )


def _mean_in(key: str, sums: Sequence[ValueSum]) -> Mean:
    n = sum(x.n for x in sums)
    if not n:
        return Mean(key, 0, None, None)
    whole, games = math.fsum(x.whole for x in sums), sum(x.games for x in sums)
    sizes, both, squares = (math.fsum(x.products[i] for x in sums) for i in range(3))
    return Mean(key, n, whole / n, ratio_error(games, n, whole, (sizes, both, squares)))


def by_result(x: BetView, value: ClosingValue | None) -> ClosingValue | None:
    """The closing line value of a bet, given its result; None where it has no close yet.

    A void bet has no value. A bet that was added before tip-off and ended without a close counts as
    missing.
    """
    from tracker.engine.market.clv import NO_CLOSE, VOID

    void = x.result is Result.VOID
    if value is not None and void and value.grade is not Grade.MISSING:
        return replace(value, grade=Grade.MISSING, chance=None, value=None, reason=VOID)
    if value is None and x.result is not None and x.game is not None and x.game.start > x.added_at:
        reason = VOID if void else f"{NO_CLOSE}: {_NOT_THERE}"
        return ClosingValue(x.number, 0, Grade.MISSING, x.game.start, reason=reason)
    return value


async def worth_at_close(store: Store, x: BetView) -> ClosingValue | None:
    """What a bet was worth at the closing line, given its result."""
    return by_result(x, (await store.quotes.values(x.number)).get(x.number))


_NOT_THERE = "nobody watched at the tip-off"


def judged(report: ClvReport) -> tuple[int, int]:
    """How many bets have a value by quotes, and how many could have one."""
    from tracker.engine.market.clv import CALLED_OFF, LIVE, NO_PRICE, VOID

    # However well closes are taken, such a bet can have no value.
    excused = sum(report.missing.get(x, 0) for x in (LIVE, NO_PRICE, CALLED_OFF, VOID))
    return report.covered, report.n - excused - report.model.n


ValuedBet = tuple["BetView", ClosingValue]
"""A bet with its closing line value."""


def mean_of(key: str, valued: Sequence[ValuedBet]) -> Mean:
    """The mean value of some bets with its standard error."""
    if not valued:
        return Mean(key, 0, None, None)
    values = [(x.number if x.game is None else x.game.id, v.value or 0.0) for x, v in valued]
    return Mean(key, len(values), fmean(v for _, v in values), mean_error(values))


def clv_json(x: ClvReport, closings: Mapping[str, Closing]) -> dict[str, Any]:
    """How bets fared by the close, as `tracker clv --json` gives it."""
    return {
        **part(x, "n", "coverage"),
        **part(x.all, "mean", "se"),
        "missing": dict(x.missing),
        **part(x, "groups", "parlays", "model"),
        "bets": [
            {
                "id": bet.id,
                "grade": value.grade.value,
                "clv": value.value,
                **chance_parts(value.chance),
                "reason": value.reason,
                "close": None if bet.game is None else closing_json(closings.get(bet.game.id)),
            }
            for bet, value in x.rows
        ],
    }
