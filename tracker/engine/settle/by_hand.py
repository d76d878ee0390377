"""Results outside the polls: given by a person, imported, voided, graded again or paid anew.

Each function takes the case of one bet and returns the ruling, or raises BadBet with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain import BadBet
from tracker.domain.bet import TO_BE_GRADED, Bet, Result, Settlement, price_of
from tracker.domain.catalog.books import house_of
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.market import Market
from tracker.domain.money import Odds, money_text, own_part
from tracker.domain.tracking import LegStanding, Tracked
from tracker.domain.value import comes_back
from tracker.engine.settle.grading import Unsettleable, certain, judge
from tracker.engine.settle.payout import outcome


@dataclass(frozen=True, slots=True)
class Case:
    """All that a decision about a bet's result rests on.

    `tracked` is None until the bet's game is known. `states` are the believed states of its games
    by their ids. `checked` is whether the box score of each game has been read again often enough.
    `settlement` is the result that the bet has now, None where it has none, and `official` whether
    that result is official. `name` is the person's own id for the bet.
    """

    number: int
    tracked: Tracked | None
    states: Mapping[str, GameState]
    checked: bool
    settlement: Settlement | None
    official: bool
    stake_cents: int | None
    odds: Odds | None
    free: bool
    name: str | None = None

    @property
    def id(self) -> int | str:
        """By what every sentence names the bet: the person's own id for it, else its number."""
        return self.name or self.number

    @property
    def bet(self) -> Bet:
        """The bet. Raises BadBet while its game is not known."""
        if self.tracked is None:
            raise BadBet(f"bet {self.id}: its game is not known yet")
        return self.tracked.bet


@dataclass(frozen=True, slots=True)
class Ruling:
    """The result that is now in force. `new` is whether it differs from the one before.

    `legs` are the standings of a parlay's legs where they were graded again, else empty.
    """

    settlement: Settlement
    new: bool
    official: bool
    legs: tuple[LegStanding, ...] = ()


Decide = Callable[[Case], Ruling | None]
"""Decides a bet's result; None leaves it as it is. Raises BadBet for a result that cannot be."""


def given(case: Case, result: Result, paid: int | None, why: str, at: datetime) -> Ruling:
    """Take a result that a person gives. `paid` is the payout in cents, None for the odds' payout.

    The result is official. Raises BadBet for a result that cannot be: its game has not begun, or
    the payout does not fit it.
    """
    _check_begun(case, result, at)
    paid = _paid(case, result) if paid is None else paid
    _check_payout(case, result, paid)
    return _decided(case, result, paid, why, at)


def brought(case: Case, result: Result, paid: int | None, why: str, at: datetime) -> Ruling | None:
    """Take a result that an import brought with the bet; None where the bet has a result."""
    if case.settlement is not None:
        return None
    return _decided(case, result, paid, why, at)


def voided(case: Case, why: str, at: datetime) -> Ruling:
    """Void the bet for a reason that a person gives, at any time: the stake is returned."""
    stake = case.stake_cents
    paid = None if stake is None else own_part(stake, free=case.free)
    return _decided(case, Result.VOID, paid, why, at)


def _decided(case: Case, result: Result, paid: int | None, why: str, at: datetime) -> Ruling:
    """Take a result by hand, which is official at once."""
    made = Settlement(case.number, 0, result, paid, at, why, by_hand=True)
    return _next_ruling(case, made, official=True)


def graded_again(case: Case, at: datetime) -> Ruling:
    """Grade the bet by the last states of its games, also where a person gave the result before.

    While a game goes on, a result that a person gave becomes provisional: it is taken back, and the
    end of the game grades the bet. Raises BadBet with the reason where the states do not decide it.
    """
    given = case.settlement
    made, legs = _graded(case, at)
    if made is not None:
        return replace(_next_ruling(case, made, official=case.checked), legs=legs)
    if given is None or not given.by_hand:
        raise BadBet(f"bet {case.id}: a game that it is about is not over")
    back = replace(given, revision=given.revision + 1, at=at, reason=TO_BE_GRADED, by_hand=False)
    # Polls graded no leg while the result stood, and of a game that is over none may come any more.
    return Ruling(back, new=True, official=False, legs=legs)


def paid_anew(case: Case, at: datetime) -> Ruling | None:
    """Work the payout out again after a change of stake, odds or book; None without a result."""
    known = case.settlement
    if known is None:
        return None
    # A result that was taken back keeps its place until the game is over.
    if not (known.by_hand or known.taken_back):
        made, legs = _graded(case, at)
        if made is None:
            made, legs = _as_settled(case, known, at), ()
        return replace(_next_ruling(case, made, official=case.official), legs=legs)
    if case.stake_cents is None:
        return None
    paid = comes_back(known.result, case.stake_cents, case.odds, free=case.free)
    made = replace(known, at=at, payout_cents=known.payout_cents if paid is None else paid)
    return _next_ruling(case, made, official=case.official)


def _next_ruling(case: Case, made: Settlement, *, official: bool) -> Ruling:
    """Make the next revision; keep the one before where result and payout are the same.

    A result that was taken back is not kept: its grade has a reason of its own. Nor is a grade
    where a person gives the same result, or the reverse: it says whether a box may change it.
    """
    before = case.settlement
    if before is not None and _in_force(before) == _in_force(made):
        return Ruling(before, new=False, official=official)
    revision = 1 if before is None else before.revision + 1
    return Ruling(replace(made, revision=revision), new=True, official=official)


def _in_force(made: Settlement) -> tuple[Result, int | None, bool, bool]:
    """What a settlement says besides why and when."""
    return made.result, made.payout_cents, made.taken_back, made.by_hand


def _graded(case: Case, at: datetime) -> tuple[Settlement | None, tuple[LegStanding, ...]]:
    """The result by the last states, None while a game goes on, and a parlay's legs.

    Raises BadBet with the reason where the states cannot decide it.
    """
    bet, tracked = case.bet, case.tracked
    assert tracked is not None  # noqa: S101 - `case.bet` raises without it
    known = tracked.legs or (LegStanding(bet.number, 0),)
    legs = tuple(
        _leg_regraded(leg.market, standing, case.states.get(leg.game.id), bet.book)
        for leg, standing in zip(bet.legs, known, strict=True)
    )
    try:
        ended = outcome(bet, legs)
    except Unsettleable as why:
        raise BadBet(f"bet {bet.id}: {why}") from None
    kept = legs if tracked.legs else ()
    if ended is None:
        return None, kept
    return ended.settles(bet.number, 0, at), kept


def _as_settled(case: Case, known: Settlement, at: datetime) -> Settlement:
    """The result that a bet got while its game goes on, with the payout by the bet as it stands."""
    tracked, bet = case.tracked, case.bet
    single = (LegStanding(bet.number, 0, result=known.result, reason=known.reason),)
    ended = outcome(bet, single if tracked is None or not tracked.legs else tracked.legs)
    if ended is None or ended.result is not known.result:
        return replace(known, at=at)
    return replace(known, at=at, payout_cents=ended.payout_cents, reason=ended.reason)


def _check_begun(case: Case, result: Result, at: datetime) -> None:
    """Refuse a result of a game that has not begun.

    A parlay may be lost once one of its games has begun: one lost leg is enough.
    """
    if case.tracked is None or result is Result.VOID:
        return
    games = case.tracked.bet.games
    ahead = [x for x in games if not _begun(x, case.states.get(x.id), at)]
    if ahead and (result is not Result.LOST or len(ahead) == len(games)):
        raise BadBet(
            f"bet {case.id}: {ahead[0].name} has not begun, so it has no result; "
            f"`tracker void {case.id}` returns the stake"
        )


def _begun(game: Game, state: GameState | None, at: datetime) -> bool:
    if state is None or state.phase is Phase.SCHEDULED:
        return game.start <= at
    return True


def _paid(case: Case, result: Result) -> int | None:
    """What a result pays by the bet's own price, the stake included, in cents.

    Raises BadBet where the person must say it. None without a stake.
    """
    price = case.odds
    if case.tracked is not None:
        price = price_of(case.tracked.bet.market, price)
    if case.stake_cents is None:
        return None
    if result is Result.WON and case.settlement is not None and case.settlement.asks_payout:
        raise BadBet(f"only the book knows what bet {case.id} paid: {_say_what_it_paid(case)}")
    if result is Result.WON and price is None:
        raise BadBet(f"the odds of bet {case.id} are not known: {_say_what_it_paid(case)}")
    return comes_back(result, case.stake_cents, price, free=case.free)


def _say_what_it_paid(case: Case) -> str:
    return f"say it with the result, as in `tracker settle {case.id} won --payout AMOUNT`"


def _check_payout(case: Case, result: Result, paid: int | None) -> None:
    """Refuse a payout that does not fit the result, such as a win that pays less than the stake."""
    if paid is None or case.stake_cents is None:
        return
    own = own_part(case.stake_cents, free=case.free)
    stake = money_text(case.stake_cents)
    match result:
        case Result.WON if paid <= own:
            raise BadBet(
                f"bet {case.id} is won with a payout of {money_text(paid)}, which is no more "
                f"than its stake of {stake}: the payout includes the stake, or it is lost"
            )
        case Result.LOST if paid >= case.stake_cents:
            raise BadBet(
                f"bet {case.id} is lost with a payout of {money_text(paid)}, which is no less "
                f"than its stake of {stake}: leave the payout out, or say won, push or void"
            )
        case Result.PUSH | Result.VOID if paid != own:
            raise BadBet(
                f"bet {case.id}: a {result.value} returns {money_text(own)}, not "
                f"{money_text(paid)}: leave the payout out, or say won or lost"
            )
        case _:
            pass


def _leg_regraded(
    market: Market, known: LegStanding, state: GameState | None, book: str | None
) -> LegStanding:
    """A leg graded anew by its game's state; it stays official only where the result stays.

    In a game in play, a leg on a part that is over keeps its result.
    """
    if state is None:
        return replace(known, result=None, unclear="")
    house = house_of(book)
    try:
        verdict = judge(market, state, house)
    except Unsettleable as why:
        sure = certain(market, state, house) if state.phase.in_play else None
        if sure is not None and sure.result is known.result:
            return known
        return replace(known, result=None, unclear=str(why) if state.phase.over else "")
    same = known.result is verdict.result
    return replace(
        known,
        result=verdict.result,
        reason=verdict.reason,
        evidence=verdict.evidence,
        official=known.official and same,
        unclear="",
    )
