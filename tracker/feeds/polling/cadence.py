"""How long to wait before the next poll of a game, from its state and the failures so far."""

from __future__ import annotations

import math
import random
from datetime import datetime
from typing import assert_never

from tracker.domain.game import GameState, Phase
from tracker.domain.poll import GameStanding, Trouble, next_check

LIVE_S = 10.0
"""Seconds between polls while the clock runs. The feed itself is 10 to 30 s behind the arena."""

CLUTCH_S = 5.0
"""Seconds between polls in the last two minutes of regulation and in overtime, where one shot moves
a bet most."""

BREAK_S = 15.0
"""Seconds between polls in a break between quarters, which lasts about two and a half minutes."""

LAST_BREAK_S = 10.0
"""Seconds between polls after the last period or an overtime, when a result or another overtime is
near."""

HALFTIME_S = 30.0
"""Seconds between polls at halftime, which lasts about fifteen minutes."""

HALFTIME_QUIET_S = 12 * 60.0
"""Seconds of halftime after which play may resume at any poll: from then on `LIVE_S` applies."""

SUSPENDED_S = 60.0
"""Seconds between polls while play is interrupted."""

SUSPENDED_LONG_S = 5 * 60.0
"""Seconds between polls once an interruption has lasted `SUSPENDED_LONG_AFTER_S`."""

SUSPENDED_LONG_AFTER_S = 60 * 60.0
"""Seconds after which an interruption counts as long: one of an hour is not over in the next
minute."""

FINAL_S = 60.0
"""Seconds between polls after the buzzer. The second of two polls a minute apart confirms the
result."""

FINAL_LOOKS_S = 10 * 60.0
"""Seconds after the buzzer for which a game is polled every `FINAL_S` although its result is known:
a document may have called it over by mistake, and points are corrected most in these minutes."""

CORRECTED_S = 30 * 60.0
"""Most seconds between polls of a finished game until the league has rewritten its box score: a
figure may be corrected meanwhile, or the game be played on."""

OFF_S = 30 * 60.0
"""Most seconds between polls of a postponed or cancelled game, which may be called on again."""

OFF_SOON_S = 5 * 60.0
"""Most seconds between polls of a game in the `OFF_SOON_FOR_S` after it was called off, which may
have been a mistake."""

OFF_SOON_FOR_S = 60 * 60.0
"""Seconds after which a game that was called off is hardly called on again on the same night."""

DOUBTED_S = 30.0
"""Most seconds between polls of a game that is believed to be off once a document shows it on
again, of one that a document calls off, or of one that is over once its box tells another score:
several polls must agree on that."""

LATE_S = 20.0
"""Seconds between polls from the scheduled tip-off until play begins: real tip-offs are about ten
minutes later."""

OVERDUE_S = 5 * 60.0
"""Seconds between polls once tip-off is overdue by `OVERDUE_AFTER_S`."""

OVERDUE_AFTER_S = 3 * 60 * 60.0
"""Seconds after its tip-off from which on a game that has not begun is no longer late but
missing."""

AWAKE_BEFORE_S = 5 * 60.0
"""Seconds before tip-off from which on a game is polled every `AWAKE_S`."""

AWAKE_S = 60.0
"""Seconds between polls in the last `AWAKE_BEFORE_S` before tip-off."""

DROWSY_BEFORE_S = 30 * 60.0
"""Seconds before tip-off from which on a game is polled every `DROWSY_S`: tip-off times move."""

DROWSY_S = 5 * 60.0
"""Seconds between polls in the last `DROWSY_BEFORE_S` before tip-off."""

ASLEEP_S = 60 * 60.0
"""Longest wait, in seconds, before a game that is further away."""

CHECK_MARGIN_S = 30.0
"""Seconds after the due time at which a settled game's box is checked again, so that it is never
too early."""

CHECK_RETRY_S = 60.0
"""Shortest wait, in seconds, for the next check of a settled game's box."""

DONE_S = 24 * 60 * 60.0
"""Seconds until the next poll of a game that has no check left."""

BACKOFF_FIRST_S = {
    Trouble.DOWN: 10.0,
    Trouble.MALFORMED: 10.0,
    Trouble.NOT_PUBLISHED: 10.0,
    Trouble.ABSENT: 10.0,
    Trouble.UNPRICED: 10.0,
    Trouble.BLOCKED: 20.0,
    Trouble.RATE_LIMITED: 30.0,
}
"""Seconds to leave a source alone after one failure, by its kind. Each further failure in a row
doubles them. A source that refuses our requests is asked less often."""

BACKOFF_LAST_S = 5 * 60.0
"""Longest wait, in seconds, that failures alone can bring."""

PROBE_S = 8.0
"""Seconds to leave a source alone after any failure while a game is near or in play. They are a
little less than the pace of a live game, so that each of its polls tries the source once and the
first poll after the fault gets an answer."""

PROBE_BUSY_S = 30.0
"""Seconds to leave a source alone, while a game is near or in play, when it wants fewer requests
and does not say for how long."""

RETRY_AFTER_CAP_S = 60 * 60.0
"""Longest `Retry-After` that is obeyed, in seconds: an absurd one must not blind us for the rest of
a game."""

JITTER = 0.1
"""Largest share of a wait by which it is moved, so that many programs do not poll in step."""

JITTER_CAP_S = 30.0
"""Most seconds by which a wait is moved."""

SHORTEST_S = 1.0
"""Shortest wait, in seconds."""

_MOST_DOUBLINGS = 10


def backoff(
    failures: int,
    retry_after: float | None = None,
    *,
    trouble: Trouble = Trouble.DOWN,
    urgent: bool = False,
) -> float:
    """Seconds to leave a source alone after `failures` failures in a row.

    `urgent` is whether a game is near or in play. The time that the source itself asks for,
    `retry_after` seconds, is always obeyed up to `RETRY_AFTER_CAP_S`.
    """
    asked = min(max(retry_after or 0.0, 0.0), RETRY_AFTER_CAP_S)
    if failures <= 0:
        return asked
    if urgent:
        return max(asked, PROBE_BUSY_S if trouble is Trouble.RATE_LIMITED else PROBE_S)
    grown = BACKOFF_FIRST_S[trouble] * 2.0 ** min(failures - 1, _MOST_DOUBLINGS)
    return max(asked, min(BACKOFF_LAST_S, grown))


def next_wait(
    standing: GameStanding,
    now: datetime,
    failures: int = 0,
    retry_after: float | None = None,
    *,
    paused_s: float = 0.0,
    turned: bool = False,
) -> float:
    """Seconds from `now` until the next poll, before any jitter and at least `SHORTEST_S`.

    `failures` counts the failed polls in a row, `retry_after` is the number of seconds that the
    source asked for, and `paused_s` is how many seconds the game has been in its present break or
    suspension. `turned` is whether the last poll shows otherwise whether the game is off, or
    how it ended.
    """
    ordinary = _ordinary(standing, now, paused_s)
    if turned:
        ordinary = min(ordinary, DOUBTED_S)
    return max(SHORTEST_S, ordinary, backoff(failures, retry_after, urgent=_urgent(standing, now)))


def jittered(seconds: float, rng: random.Random, *, never_early: bool = False) -> float:
    """The wait moved by up to a tenth and `JITTER_CAP_S`.

    It becomes shorter, or with `never_early` longer.
    """
    most = rng.uniform(0.0, min(seconds * JITTER, JITTER_CAP_S))
    return seconds + (most if never_early else -most)


def asleep(standing: GameStanding) -> bool:
    """Whether the next poll depends on a time of day, such as a tip-off, not on an interval."""
    match standing.state:
        case None:
            return True
        case GameState(phase=Phase.SCHEDULED | Phase.POSTPONED | Phase.CANCELLED):
            return True
        case GameState(phase=Phase.FINAL):
            return standing.settled
        case _:
            return False


def surely_over(standing: GameStanding, now: datetime) -> bool:
    """Whether a game has its results and has been over for so long that only its box is read."""
    return standing.settled and _since_end(standing, now) >= FINAL_LOOKS_S


def _since_end(standing: GameStanding, now: datetime) -> float:
    """Seconds since a game was first seen over or off, or for which a clock was put back since."""
    if standing.final_at is None:
        return math.inf
    return abs((now - standing.final_at).total_seconds())


def _urgent(standing: GameStanding, now: datetime) -> bool:
    """Whether a game is in play, may begin at any moment, or is over and not confirmed yet."""
    state = standing.state
    if state is not None and state.phase is not Phase.SCHEDULED:
        return state.phase.in_play or (state.phase is Phase.FINAL and not standing.settled)
    start = standing.game.start if state is None else state.game.start
    return -OVERDUE_AFTER_S <= (start - now).total_seconds() <= AWAKE_BEFORE_S


def _ordinary(standing: GameStanding, now: datetime, paused_s: float) -> float:
    state = standing.state
    if state is None:
        return _before_tip_off((standing.game.start - now).total_seconds())
    match state.phase:
        case Phase.SCHEDULED:
            return _before_tip_off((state.game.start - now).total_seconds())
        case Phase.LIVE:
            return CLUTCH_S if state.last_two_minutes else LIVE_S
        case Phase.BREAK:
            return _break(state, paused_s)
        case Phase.SUSPENDED:
            return SUSPENDED_S if paused_s < SUSPENDED_LONG_AFTER_S else SUSPENDED_LONG_S
        case Phase.FINAL:
            if standing.changed or not surely_over(standing, now):
                return FINAL_S
            check = _until_check(standing, now)
            return check if standing.checks else min(CORRECTED_S, check)
        case Phase.POSTPONED | Phase.CANCELLED:
            soon = _since_end(standing, now) < OFF_SOON_FOR_S
            return min(OFF_SOON_S if soon else OFF_S, _until_check(standing, now))
        case _:
            assert_never(state.phase)


def _before_tip_off(lead: float) -> float:
    """The wait when tip-off is `lead` seconds away.

    It ends where the next pace begins, so that a slow pace never runs into a faster one.
    """
    if lead <= -OVERDUE_AFTER_S:
        return OVERDUE_S
    if lead <= AWAKE_BEFORE_S:
        return max(LATE_S, min(AWAKE_S, lead))
    if lead <= DROWSY_BEFORE_S:
        return max(LATE_S, min(DROWSY_S, lead - AWAKE_BEFORE_S))
    return max(AWAKE_S, min(ASLEEP_S, lead - DROWSY_BEFORE_S))


def _break(state: GameState, paused_s: float) -> float:
    periods = state.game.rules.periods
    if state.period * 2 == periods:
        return HALFTIME_S if paused_s < HALFTIME_QUIET_S else LIVE_S
    return LAST_BREAK_S if state.period >= periods else BREAK_S


def _until_check(standing: GameStanding, now: datetime) -> float:
    due = next_check(standing)
    if due is None:
        return DONE_S
    return max(CHECK_RETRY_S, (due - now).total_seconds() + CHECK_MARGIN_S)
