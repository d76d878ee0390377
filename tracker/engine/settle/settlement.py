"""Settlement: results once two polls agree on the end, official once the box has been read again.

No bet stays live or provisional for ever: where the end of a game does not come, or cannot be
believed, what is certain is settled and the rest goes to a person with the reason (`end_unheard`).
A document that comes later and agrees with the earlier polls still settles the bets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from tracker.domain.alert import Reason
from tracker.domain.bet import (
    TO_BE_GRADED,
    Bet,
    Confirmation,
    Leg,
    Parlay,
    Result,
    Settlement,
    result_chance,
)
from tracker.domain.catalog.books import HouseRules, house_of
from tracker.domain.chance import LOST, Chance
from tracker.domain.events import GameChecked, GameLetGo, GameUnfinished
from tracker.domain.game import GameState, Phase
from tracker.domain.policy import Fact
from tracker.domain.poll import (
    AGREE_AFTER,
    FINAL_CHECKS,
    NOT_BEGUN_AFTER,
    Trouble,
    Unreadable,
    check_times,
    earlier,
)
from tracker.domain.tracking import (
    Change,
    GameTracking,
    Gathering,
    LegStanding,
    Ordering,
    Review,
    RulePhase,
    RuleState,
    Tracked,
)
from tracker.engine.decide.facts import ANNOUNCED_AS, reopened, settled_alert
from tracker.engine.decide.parlays import parlay_chance, regrouped, settled_part
from tracker.engine.settle.grading import (
    LastTwo,
    NotYet,
    Sure,
    Unsettleable,
    Verdict,
    certain,
    judge,
)
from tracker.engine.settle.payout import Outcome, outcome

UNBELIEVED_AFTER = timedelta(hours=2)
"""How long a game has not changed, while polls claim an end that is not believed, before a person
decides its bets."""

STILL_AFTER = timedelta(hours=3)
"""How long a game in play has been interrupted, or its polls have brought nothing new, before a
person decides its bets."""

ASKED_FOR = timedelta(hours=1)
"""How long this run of the program must have polled a game before a person is asked, or a result is
official unread: what came while nothing ran, or the machine slept, may be in the next document."""

UNHEARD_AFTER = timedelta(hours=12)
"""How long no poll of a game in play could be read before a person decides its bets: a feed may
fail for a whole night."""

LET_GO_AFTER = timedelta(days=7)
"""How long a game whose bets a person has to decide is still polled, in case it is resumed."""

PARTS_AFTER = timedelta(hours=24)
"""How long after the last change of an unfinished game the results of its finished parts become
official."""

UNREAD_AFTER = timedelta(hours=1)
"""How long after the last check of a final box score was due a result becomes official without it,
where the source answers."""

UNREAD_AWAY_AFTER = timedelta(hours=24)
"""How long after the last check of a final box score was due a result becomes official without it,
while no source answers."""

_ANSWERS = frozenset({Trouble.NOT_PUBLISHED, Trouble.MALFORMED, Trouble.ABSENT, Trouble.UNPRICED})
"""The kinds of trouble in which the source does answer."""


def finish(change: Change, now: datetime) -> Change:
    """Add results, revisions and confirmations to a change, where the game is over.

    A final score counts once a second poll, about a minute later, has brought it again. A game that
    is off counts once several polls have said so and its book's waiting time is over.
    """
    tracking = change.tracking
    state = tracking.state
    if state is None or tracking.changed_at is None or tracking.final_at is None:
        return change
    # The absolute difference, so that a wall clock that was set back does not delay the result.
    again = change.ordering is Ordering.SAME and abs(now - tracking.changed_at) >= AGREE_AFTER
    if not again and not (state.phase.off and change.ordering is Ordering.CORRECTION):
        return change
    checks = _checks_due(tracking, now)

    def graded(bet: Bet, leg: Leg, known: LegStanding) -> LegStanding:
        return _leg_judged(bet, leg, known, state, last=checks > 0)

    found = Gathering(change)
    for tracked in tracking.tracked:
        if may_settle(tracked, state, house_of(tracked.bet.book), now):
            _settle(found, tracking, tracked, graded, now)
    return _confirm(found.change, now, checks)


def settle_parts(change: Change, polls: LastTwo | None, now: datetime) -> Change:
    """Add the results of halves and quarters that are over while their game goes on.

    Two polls must agree on them, and the final state grades them again. `polls` are the believed
    states before this poll and after it.
    """
    if polls is None or not polls.now.state.phase.in_play:
        return change
    sure, state = polls.now, polls.now.state

    def graded(bet: Bet, leg: Leg, known: LegStanding) -> LegStanding:
        house = house_of(bet.book)
        if not sure.over(leg.market, house):
            return known
        verdict = polls.verdict(leg.market, house)
        return known if verdict is None else _with_verdict(known, verdict)

    found = Gathering(change)
    for tracked in polls.concerned(change.tracking.tracked):
        if not _part_is_news(tracked, polls):
            continue
        if may_settle(tracked, state, house_of(tracked.bet.book), now):
            _settle(found, change.tracking, tracked, graded, now)
    return found.change


def _part_is_news(tracked: Tracked, polls: LastTwo) -> bool:
    """Whether a finished part of the game may change a bet's result: a quick test, seldom true."""
    slip, sure = tracked.bet.market, polls.now
    if isinstance(slip, Parlay):
        house, mine = house_of(tracked.bet.book), slip.in_game(sure.state.game.id)
        untouched = all(x.result is None and not x.unclear for x in tracked.legs)
        return not untouched or any(sure.over(slip.legs[i].market, house) for i in mine)
    result = polls.results.get(tracked.bet.number)
    if result is None or ((done := tracked.in_force) is not None and done.result is result):
        return False
    return sure.over(slip, house_of(tracked.bet.book))


def _leave_to_person(change: Change, why: str, now: datetime) -> Change:
    """Settle the bets that are certain although the game has no end; leave others to a person.

    By points, or a player's figure, that a document on hold denies nothing is certain.
    """
    tracking, state, held = change.tracking, change.tracking.state, change.tracking.held
    against = None
    if state is not None and held is not None and not earlier(held.state, state):
        against = Sure(held.state)

    def graded(bet: Bet, leg: Leg, known: LegStanding) -> LegStanding:
        if known.result is not None:
            return known
        sure, house = None, house_of(bet.book)
        if state is not None and state.phase.in_play:
            sure = certain(leg.market, state, house)
        if sure and against and against.denies(leg.market, house, sure.result):
            sure = None
        return replace(known, unclear=why) if sure is None else _with_verdict(known, sure)

    found = Gathering(change)
    for tracked in tracking.tracked:
        if not tracked.done_in(tracking.game.id):
            _settle(found, tracking, tracked, graded, now)
    return found.change


def _doubt_results(change: Change, why: str, now: datetime) -> Change:
    """Ask a person about the results that are not official: the last documents contradict them."""
    found = Gathering(change)
    for tracked in change.tracking.tracked:
        if tracked.by_hand or tracked.official or tracked.review is not None:
            continue
        found.put(replace(tracked, review=why))
        found.reviews.append(Review(tracked.bet.number, now, why))
    return found.change


def take_given(change: Change) -> Change:
    """Take up results that a person gave, or took back, since the last poll.

    No alert is sent, as the person knows them. The rules of a bet that is open again begin anew,
    except a `hit` or `dead` that announced the whole bet. Legs are not announced a second time.
    """
    found = Gathering(change)
    for tracked in change.tracking.tracked:
        given = tracked.settlement
        if given is None or tracked.reported >= given.revision:
            continue
        if given.by_hand:
            _with_result(found, tracked, replace(tracked, reported=given.revision))
        elif given.taken_back:
            rules = tuple(_anew(x) if x.phase is RulePhase.DONE else x for x in tracked.rules)
            found.put(replace(tracked, reported=given.revision, rules=rules))
            found.rules += [x for x in rules if x not in tracked.rules]
    return found.change


def _anew(rule: RuleState) -> RuleState:
    """A rule of a bet that is open again. A `hit` or `dead` of the whole bet stays fired."""
    if rule.rule in ANNOUNCED_AS and rule.reason in (Reason.HAPPENED, Reason.BEYOND_WHEN_ADDED):
        return replace(rule, phase=RulePhase.FIRING)
    return replace(rule, phase=RulePhase.UNARMED, reason=None)


def may_settle(tracked: Tracked, state: GameState, house: HouseRules, now: datetime) -> bool:
    """Whether a bet may be settled now.

    Not where a person gave its result, nor while the book still waits for a game that is off.
    """
    if tracked.by_hand:
        return False
    if not state.phase.off:
        return True
    wait = timedelta(hours=house.postponed_hours)
    return now - state.game.start >= wait or wait == timedelta(0)


Grader = Callable[[Bet, Leg, LegStanding], LegStanding]
"""Grades a leg of the game: with its result, with why it is unclear, or unchanged."""


def _settle(
    found: Gathering, tracking: GameTracking, tracked: Tracked, graded: Grader, now: datetime
) -> None:
    """Grade a bet's legs on a game and add what that changes: a result, or a review."""
    before, state = tracked.settlement, tracking.state
    seen, legs = _judged(tracked, tracking.game.id, graded)
    if seen is not tracked and seen != tracked:
        # Few of a night's bets change at one poll; the others must not be put back needlessly.
        found.put(seen)
        found.legs += [x for x in seen.legs if x not in tracked.legs]
    try:
        ended = outcome(tracked.bet, legs)
    except Unsettleable as why:
        if tracked.review is None and not tracked.official:
            found.put(replace(seen, review=str(why)))
            found.reviews.append(Review(tracked.bet.number, now, str(why)))
        return
    if ended is None:
        if tracked.ended:
            _reopen(found, seen, state, now)
        return
    if before is not None and _same(tracked.bet, before, ended):
        if tracked.review is not None:
            found.put(replace(seen, review=None))
        return
    revision = 1 if before is None else before.revision + 1
    settlement = ended.settles(tracked.bet.number, revision, now)
    done = replace(
        seen,
        chance=result_chance(ended.result),
        settlement=settlement,
        official=False,
        review=None,
        reported=settlement.revision,
    )
    _with_result(found, seen, done)
    found.settlements.append(settlement)
    alert = None if state is None else settled_alert(done, before, state, now)
    if alert is not None:
        found.alerts.append(alert)


def go_on(change: Change, before: GameState | None, now: datetime) -> Change:
    """Take results back where a game that was over, or off, is played on after all.

    What is certain by the state of play stays, and so does a result that a person gave.
    """
    state = change.tracking.state
    if state is None or before is None or not before.phase.over or state.phase.over:
        return change

    def graded(bet: Bet, leg: Leg, known: LegStanding) -> LegStanding:
        sure = certain(leg.market, state, house_of(bet.book)) if state.phase.in_play else None
        if known.result is None or (sure is not None and sure.result is known.result):
            return known
        return LegStanding(bet.number, known.leg, chance=known.chance, no_chance=known.no_chance)

    found = Gathering(change)
    for tracked in change.tracking.tracked:
        if not tracked.by_hand:
            _settle(found, change.tracking, tracked, graded, now)
    return found.change


def take_questions_back(change: Change, now: datetime) -> Change:
    """Take back the questions to a person about a game that goes on after all.

    A parlay stays with the person if another game has left a leg of it open.
    """
    tracking, state = change.tracking, change.tracking.state
    moves = change.ordering in (Ordering.NEWER, Ordering.CORRECTION)
    if not moves or state is None or state.phase not in (Phase.LIVE, Phase.BREAK):
        return change
    found = Gathering(change)
    for tracked in tracking.tracked:
        if tracked.review is None or tracked.ended:
            continue
        seen, legs = _judged(tracked, tracking.game.id, lambda _, __, x: replace(x, unclear=""))
        if all(x.result is not None or x.unclear for x in legs):
            continue
        found.put(replace(seen, review=None))
        found.legs += [x for x in seen.legs if x not in tracked.legs]
        found.reviews.append(Review(tracked.bet.number, now, ""))
    return found.change


def _reopen(found: Gathering, seen: Tracked, state: GameState | None, now: datetime) -> None:
    """Take a bet's result back: the lost leg of a parlay was corrected, or its game goes on.

    It is followed again, and who was told its result is told that it is open.
    """
    before = seen.settlement
    assert before is not None  # noqa: S101 - checked by the caller
    back = replace(before, revision=before.revision + 1, at=now, reason=TO_BE_GRADED, evidence="")
    chance = parlay_chance(seen) if seen.legs else None
    rules = [replace(x, phase=RulePhase.UNARMED, reason=None) for x in seen.rules]
    again = replace(
        seen,
        # Where the game's other legs are open, the next poll prices them.
        chance=chance if isinstance(chance, Chance) and chance != LOST else None,
        settlement=back,
        official=False,
        review=None,
        reported=back.revision,
    )
    if state is not None and seen.bet.asked_facts & {Fact.DEAD, Fact.SETTLED}:
        dead, alert = reopened(again, back.revision, state, now)
        rules = [dead if x.rule == dead.rule else x for x in rules]
        found.alerts.append(alert)
    found.put(replace(again, rules=tuple(rules)))
    found.rules += [x for x in rules if x not in seen.rules]
    found.settlements.append(back)


def _with_result(found: Gathering, before: Tracked, done: Tracked) -> None:
    """Add a bet that has its result, with all its rules done."""
    rules = tuple(replace(x, phase=RulePhase.DONE, streak=0, window=()) for x in done.rules)
    found.put(replace(done, rules=rules))
    found.rules += [x for x in rules if x not in before.rules]


def _same(bet: Bet, before: Settlement, ended: Outcome) -> bool:
    """Whether an outcome repeats the result. A parlay's payout may change while it stays won."""
    if before.taken_back:
        return False
    paid = not isinstance(bet.market, Parlay) or before.payout_cents == ended.payout_cents
    return before.result is ended.result and paid


def _judged(
    tracked: Tracked, game_id: str, graded: Grader
) -> tuple[Tracked, tuple[LegStanding, ...]]:
    """A bet with its legs on one game graded, and the standings of all its legs."""
    bet = tracked.bet
    if not isinstance(bet.market, Parlay):
        done = tracked.in_force
        known = LegStanding(bet.number, 0, result=None if done is None else done.result)
        return tracked, (graded(bet, bet.legs[0], known),)
    legs = tuple(
        graded(bet, leg, known) if leg.game.id == game_id else known
        for leg, known in zip(bet.legs, tracked.legs, strict=True)
    )
    mine = [legs[i] for i in bet.market.in_game(game_id)]
    return regrouped(replace(tracked, legs=legs), game_id, settled_part(mine)), legs


def _leg_judged(
    bet: Bet, leg: Leg, known: LegStanding, state: GameState, *, last: bool
) -> LegStanding:
    """Grade a leg by its game's final state; a result that it has stays where that decides nothing.

    `last` is whether the box score need not be waited for any longer.
    """
    try:
        verdict = judge(leg.market, state, house_of(bet.book))
    except NotYet as why:
        return replace(known, unclear=str(why)) if last else known
    except Unsettleable as why:
        return known if known.result is not None else replace(known, unclear=str(why))
    return _with_verdict(known, verdict)


def _with_verdict(known: LegStanding, verdict: Verdict) -> LegStanding:
    """A leg with the verdict's result; unchanged where it has that result already."""
    if known.result is verdict.result and known.reason and not known.unclear:
        return known
    return replace(
        known,
        result=verdict.result,
        reason=verdict.reason,
        evidence=verdict.evidence,
        official=False,
        unclear="",
    )


def _checks_due(tracking: GameTracking, now: datetime) -> int:
    """How many checks of the box score are due by now."""
    assert tracking.final_at is not None  # noqa: S101 - checked by the caller
    first, last = check_times(tracking.final_at)
    return 0 if now < first else 1 if now < last else FINAL_CHECKS


def _confirm(change: Change, now: datetime, checks: int) -> Change:
    """Make results official when the box score is read again after the league has rewritten it."""
    tracking = change.tracking
    if checks <= tracking.checks:
        return _confirm_revised(change, now) if tracking.checks else change
    # The note makes the store record this poll, so that a restart knows of the check.
    confirmed = replace(
        change,
        tracking=replace(tracking, checks=checks),
        notes=(*change.notes, GameChecked(tracking.game.name, f"{checks} of {FINAL_CHECKS}")),
    )
    return _confirm_revised(confirmed, now)


def _confirm_revised(change: Change, now: datetime, why: str = "") -> Change:
    """Make the results that bets, or legs of parlays, have on a game official; `why` if not read.

    A parlay is official with the games that decide it.
    """
    found = Gathering(change)
    for tracked in change.tracking.tracked:
        known = _legs_official(tracked, change.tracking.game.id)
        if known is not tracked:
            found.put(known)
            found.legs += [x for x in known.legs if x not in tracked.legs]
        done = known.in_force
        if done is None or known.official or known.review or not _decided_officially(known):
            continue
        found.put(replace(known, official=True))
        found.confirmations.append(Confirmation(known.bet.number, done.revision, now, why))
    return found.change


def _legs_official(tracked: Tracked, game_id: str) -> Tracked:
    """The bet with the results of a parlay's legs on a game marked official."""
    places = tracked.bet.market.in_game(game_id) if isinstance(tracked.bet.market, Parlay) else ()
    if all(tracked.legs[i].official or tracked.legs[i].result is None for i in places):
        return tracked
    legs = tuple(
        replace(x, official=x.result is not None) if x.leg in places else x for x in tracked.legs
    )
    return replace(tracked, legs=legs)


def _decided_officially(tracked: Tracked) -> bool:
    """Whether the legs that decide a parlay's result are official; always true of a single bet."""
    lost = [x for x in tracked.legs if x.result is Result.LOST]
    return any(x.official for x in lost) if lost else all(x.official for x in tracked.legs)


def end_unheard(change: Change, doubt: str, now: datetime) -> Change:
    """Leave the bets on a game to a person when the game has had no believable end for too long.

    `doubt` says why a reported end is not believed; empty where no end was reported.
    """
    tracking = change.tracking
    why = _reason_to_ask(tracking, doubt, now) if _asked_for(tracking, now) >= ASKED_FOR else ""
    if not why:
        return change
    if all(x.done_in(tracking.game.id) for x in tracking.tracked):
        return _let_go(change, why, now)
    change = _leave_to_person(change, why, now)
    return replace(change, notes=(*change.notes, GameUnfinished(tracking.game.title, why)))


def _let_go(change: Change, why: str, now: datetime) -> Change:
    """Stop following a game, with no bets left to decide, that has had no end for days."""
    tracking = change.tracking
    waited = now - (tracking.changed_at or tracking.game.start)
    if waited >= PARTS_AFTER:
        change = _confirm_revised(change, now, f"by its age: {why}")
        tracking = change.tracking
    if waited < LET_GO_AFTER or tracking.settled:
        return change
    left = replace(tracking, checks=FINAL_CHECKS)
    notes = (*change.notes, GameLetGo(tracking.game.title, why))
    return replace(change, tracking=left, notes=notes)


def _asked_for(tracking: GameTracking, now: datetime) -> timedelta:
    """How long this run of the program has polled a game; for ever where that is not known."""
    began = tracking.listened_from
    return timedelta.max if began is None else now - began


def _reason_to_ask(tracking: GameTracking, doubt: str, now: datetime) -> str:
    """Why a person has to decide a game's bets; empty while its end may still come."""
    state = tracking.state
    if doubt and (state is None or state.phase is Phase.SCHEDULED):
        return doubt if now - tracking.game.start >= UNBELIEVED_AFTER else ""
    if state is None or state.phase is Phase.SCHEDULED:
        late = now - tracking.game.start >= NOT_BEGUN_AFTER
        return "no source has told that it was played" if late else ""
    if not state.phase.in_play or tracking.changed_at is None:
        return ""
    still = now - tracking.changed_at
    at = f"last seen at {state.game_clock}, {state.score.text}"
    if doubt:
        return f"{doubt}; {at}" if still >= UNBELIEVED_AFTER else ""
    if tracking.seen_at is not None and tracking.seen_at < now:
        unheard = now - tracking.seen_at >= UNHEARD_AFTER
        unheard = unheard and _asked_for(tracking, now) >= STILL_AFTER
        return f"no source tells how it ended; {at}" if unheard else ""
    if still < STILL_AFTER:
        return ""
    what = "interrupted and not resumed" if state.phase is Phase.SUSPENDED else "no end was told"
    return f"{what}; {at}"


def confirm_unread(change: Change, why: Unreadable, now: datetime) -> Change:
    """Handle a final game whose box score cannot be read again, once its last check is overdue.

    Its results become official on the two polls that agreed on the final; where a document now
    contradicts that (`why.claim`), a person must decide. `why` is the last poll's trouble.
    """
    tracking = change.tracking
    if (
        tracking.final_at is None
        or tracking.state is None
        or tracking.state.phase is not Phase.FINAL
    ):
        return change
    if tracking.checks >= FINAL_CHECKS:
        return _settle_late(change, tracking.state, why.claim, now)
    limit = UNREAD_AFTER if why.trouble in _ANSWERS else UNREAD_AWAY_AFTER
    overdue = now >= check_times(tracking.final_at)[1] + limit
    if not overdue or _asked_for(tracking, now) < ASKED_FOR:
        return change
    if why.claim:
        doubted = _doubt_results(change, why.claim, now)
        return replace(doubted, tracking=replace(doubted.tracking, checks=FINAL_CHECKS))
    reason = f"by its age: the box could not be read again ({why.why})"
    aged = finish(replace(change, ordering=Ordering.SAME), now)
    confirmed = tuple(replace(x, why=reason) for x in aged.confirmations)
    return replace(aged, ordering=change.ordering, confirmations=confirmed)


def _settle_late(change: Change, state: GameState, claim: str, now: datetime) -> Change:
    """Grade bets that were added after the last check of a game, by the state that was checked.

    No document may tell of the game any more. Where one contradicts its end, a person decides.
    """

    def graded(bet: Bet, leg: Leg, known: LegStanding) -> LegStanding:
        if claim and known.result is None:
            return replace(known, unclear=claim)
        return _leg_judged(bet, leg, known, state, last=True)

    found, tracking = Gathering(change), change.tracking
    late = [x for x in tracking.tracked if not x.done_in(tracking.game.id)]
    for tracked in late:
        _settle(found, tracking, tracked, graded, now)
    return _confirm_revised(found.change, now) if late else change
