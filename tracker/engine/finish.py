"""The end of a game: results once two polls agree, official once the box has been read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tracker.domain.bet import Confirmation, Settlement
from tracker.domain.game import GameState
from tracker.domain.poll import FINAL_CHECKS, check_times
from tracker.engine.announce import settled_alert
from tracker.engine.book import Change, Ordering, Review, RulePhase, Tracked
from tracker.engine.settling import Unsettleable, grade, payout, reason_for

AGREE_AFTER = timedelta(seconds=45)
"""Least time between the two polls that must agree on a final score (they are a minute apart)."""


def finish(change: Change, now: datetime) -> Change:
    """Add results, revisions and confirmations to a change, where the game is over.

    A final score counts once a second poll, about a minute later, has brought it again; a game that
    is off once several polls have told it.
    """
    book = change.book
    state = book.state
    if state is None or book.changed_at is None or book.final_at is None:
        return change
    # A wall clock that was set back must not put the result off.
    again = change.ordering is Ordering.SAME and abs(now - book.changed_at) >= AGREE_AFTER
    if not again and not (state.phase.off and change.ordering is Ordering.CORRECTION):
        return change
    for tracked in book.tracked:
        change = _settle(change, tracked, state, now)
    return _confirm(change, now)


def _settle(change: Change, tracked: Tracked, state: GameState, now: datetime) -> Change:
    before = tracked.settlement
    try:
        result = grade(tracked.bet, state)
    except Unsettleable as why:
        if before is not None or tracked.review is not None:
            return change
        review = Review(tracked.bet.number, now, str(why))
        return replace(
            change,
            book=change.book.with_tracked(replace(tracked, review=str(why))),
            reviews=(*change.reviews, review),
        )
    if before is not None and before.result is result:
        return change
    settlement = Settlement(
        bet=tracked.bet.number,
        revision=1 if before is None else before.revision + 1,
        result=result,
        payout_cents=payout(tracked.bet, result),
        at=now,
        reason=reason_for(tracked.bet, state, result),
    )
    rules = tuple(replace(x, phase=RulePhase.DONE, streak=0, window=()) for x in tracked.rules)
    done = replace(tracked, settlement=settlement, official=False, review=None, rules=rules)
    alert = settled_alert(done, before, state, now)
    return replace(
        change,
        book=change.book.with_tracked(done),
        settlements=(*change.settlements, settlement),
        rules=change.rules + tuple(x for x in rules if x not in tracked.rules),
        alerts=change.alerts + (() if alert is None else (alert,)),
    )


def _confirm(change: Change, now: datetime) -> Change:
    """Make results official when the game is looked at again after the box has been rewritten."""
    book = change.book
    assert book.final_at is not None  # noqa: S101 - asked by the caller
    first, last = check_times(book.final_at)
    checks = 0 if now < first else 1 if now < last else FINAL_CHECKS
    if checks <= book.checks:
        return _confirm_revised(change, now) if book.checks else change
    # The note has the poll recorded, so that a restart knows that the game was looked at again.
    looked = replace(
        change,
        book=replace(book, checks=checks),
        notes=(*change.notes, ("game.checked", f"{checks} of {FINAL_CHECKS}")),
    )
    return _confirm_revised(looked, now)


def _confirm_revised(change: Change, now: datetime) -> Change:
    waiting = [x for x in change.book.tracked if x.settlement is not None and not x.official]
    for tracked in waiting:
        assert tracked.settlement is not None  # noqa: S101 - chosen above
        confirmation = Confirmation(tracked.bet.number, tracked.settlement.revision, now)
        change = replace(
            change,
            book=change.book.with_tracked(replace(tracked, official=True)),
            confirmations=(*change.confirmations, confirmation),
        )
    return change
