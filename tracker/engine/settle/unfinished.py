"""Games whose end does not come, or cannot be believed: nothing stays live or provisional for ever.

What is certain is settled, and the rest goes to a person with the reason. A document that agrees
with what was seen settles it all the same, however late it comes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tracker.domain.events import GameLetGo, GameUnfinished
from tracker.domain.game import Phase
from tracker.domain.poll import FINAL_CHECKS, Trouble, Unreadable, check_times
from tracker.domain.tracking import Change, GameTracking, Ordering
from tracker.engine.settle.settlement import (
    confirm_parts,
    doubt_results,
    finish,
    leave_to_person,
)

UNBELIEVED_AFTER = timedelta(hours=2)
"""For how long a game stands still under an end that cannot be believed before a person decides."""

STILL_AFTER = timedelta(hours=3)
"""The same for a game that is interrupted, or of which nothing new is told."""

UNHEARD_AFTER = timedelta(hours=12)
"""The same for a game that cannot be read at all: a feed may be away for a night."""

NOT_BEGUN_AFTER = timedelta(hours=12)
"""How long after its tip-off a game of which no play was told is for a person to decide."""

LET_GO_AFTER = timedelta(days=7)
"""How long a game that a person has to decide is still looked at, should it be played on."""

PARTS_AFTER = timedelta(hours=24)
"""How long after a game stood still for good the results of its finished parts are official."""

UNREAD_AFTER = timedelta(hours=1)
"""How long after the last look at a final box was due its result is official without it."""

UNREAD_AWAY_AFTER = timedelta(hours=24)
"""The same while no source answers at all."""

_ANSWERS = frozenset({Trouble.NOT_PUBLISHED, Trouble.MALFORMED, Trouble.ABSENT})
"""Troubles of a source that answers."""


def end_unheard(change: Change, doubt: str, now: datetime) -> Change:
    """Leave the bets on a game to a person whose end has not come for too long.

    `doubt` says why what was told of its end is not believed; empty where nothing was.
    """
    tracking = change.tracking
    why = _why(tracking, doubt, now)
    if not why:
        return change
    if all(x.done_in(tracking.game.id) for x in tracking.tracked):
        return _let_go(change, why, now)
    change = leave_to_person(change, why, now)
    return replace(change, notes=(*change.notes, GameUnfinished(tracking.game.name, why)))


def _let_go(change: Change, why: str, now: datetime) -> Change:
    """Look no longer at a game that has waited for its end for days."""
    tracking = change.tracking
    waited = now - (tracking.changed_at or tracking.game.start)
    if waited >= PARTS_AFTER:
        change = confirm_parts(change, f"by its age: {why}", now)
        tracking = change.tracking
    if waited < LET_GO_AFTER or tracking.settled:
        return change
    left = replace(tracking, checks=FINAL_CHECKS)
    return replace(change, tracking=left, notes=(*change.notes, GameLetGo(tracking.game.name, why)))


def _why(tracking: GameTracking, doubt: str, now: datetime) -> str:
    """Why the end of a game has to be decided by a person; empty while it may still come."""
    state = tracking.state
    if doubt and (state is None or state.phase is Phase.SCHEDULED):
        return doubt if now - tracking.game.start >= UNBELIEVED_AFTER else ""
    if state is None or state.phase is Phase.SCHEDULED:
        late = now - tracking.game.start >= NOT_BEGUN_AFTER
        return "no source has told that it was played" if late else ""
    if not state.phase.in_play or tracking.changed_at is None:
        return ""
    still = now - tracking.changed_at
    at = f"last seen at {state.game_clock}, {state.score.away}-{state.score.home}"
    if doubt:
        return f"{doubt}; {at}" if still >= UNBELIEVED_AFTER else ""
    if tracking.seen_at is not None and tracking.seen_at < now:
        return (
            f"no source tells how it ended; {at}" if now - tracking.seen_at >= UNHEARD_AFTER else ""
        )
    if still < STILL_AFTER:
        return ""
    what = "interrupted and not resumed" if state.phase is Phase.SUSPENDED else "no end was told"
    return f"{what}; {at}"


def confirm_unread(change: Change, why: Unreadable, now: datetime) -> Change:
    """Make a final official by its age whose box cannot be read again, or doubt its results.

    It is official on what two polls told of it; `why` says what came of reading it again.
    """
    tracking = change.tracking
    if (
        tracking.final_at is None
        or tracking.state is None
        or tracking.state.phase is not Phase.FINAL
    ):
        return change
    if tracking.checks >= FINAL_CHECKS:
        return change
    limit = UNREAD_AFTER if why.trouble in _ANSWERS else UNREAD_AWAY_AFTER
    if now < check_times(tracking.final_at)[1] + limit:
        return change
    if why.told:
        doubted = doubt_results(change, why.told, now)
        return replace(doubted, tracking=replace(doubted.tracking, checks=FINAL_CHECKS))
    reason = f"by its age: the box could not be read again ({why.why})"
    aged = finish(replace(change, ordering=Ordering.SAME), now)
    confirmed = tuple(replace(x, why=reason) for x in aged.confirmations)
    return replace(aged, ordering=change.ordering, confirmations=confirmed)
