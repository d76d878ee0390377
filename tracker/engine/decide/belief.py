"""The judge of polls: which reported state of a game to believe.

`judge_poll` decides whether a poll is newer than the believed state, equal to it, held, behind, or
a correction. It needs only the tracking's `state`, `told_by` and `held`, which are recorded with
every poll that changes them, so that a restart changes no judgement. Feeds choose which source to
ask; only this module decides what is true. The other functions complete a poll: points by period
that it leaves out, and players' figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker.domain.game import GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import PlayerMarket
from tracker.domain.player import (
    MOST_AT_ONCE,
    UNREAD,
    Player,
    player_key,
    points_lacking,
)
from tracker.domain.poll import (
    AGREEING_POLLS,
    DOCUMENT_HELD,
    END_HELD,
    LEAP_HELD,
    LEAP_POINTS,
    LONG_OVER,
    LONGEST_STOP,
    SOURCE_HELD,
    STALE_AFTER,
    Origin,
    at_zero,
    behind,
    clock_run,
    contradiction,
    doubted,
    ends_early,
    exchanged,
    falls,
    goes_back,
    has_fewer_points,
    lacks_points,
    leaps,
    order_key,
    too_fast,
)
from tracker.domain.tracking import GameTracking, Held, Ordering, Tracked

_DIGESTS = 4
"""The documents of a game whose last digest is kept: a board and a box of each of two sources."""

_ON_COURT = 10
"""Players on the court at a time."""

_PUT_BACK = 1.0
"""Minutes that all players lose together where the clock is put back by seconds, at a whistle."""

_MOST_HELD = 99
"""The highest count of polls with the same doubtful state, which can be reported for hours."""


@dataclass(frozen=True, slots=True)
class JudgedPoll:
    """A poll with the judgement on it.

    `state` is the state to decide by: the poll's own, completed from the believed one; or, for a
    document that is behind, the believed state with the document's figures of players, unless they
    are of before the last box. `held` is what is on hold after the poll. `contrary` says what
    contradicts the poll, if it is held for that. `digest` is the document's, if known. `boxed` is
    whether the document's players count.
    """

    ordering: Ordering
    state: GameState
    origin: Origin
    held: Held | None = None
    contrary: str = ""
    digest: str = ""
    boxed: bool = False


def judge_poll(
    tracking: GameTracking, read: GameState, origin: Origin, at: datetime, digest: str = ""
) -> JudgedPoll:
    """Judge whether to believe the state that a document reports.

    `at` is when it is judged, in aware UTC. `digest` is a hash of its body, by which a
    rewritten document is recognised.

    Feeds go back: a cache serves an old board, a score is corrected downwards, a game flickers to
    "postponed", a stand-in source is half a minute late. A state that goes back is believed only
    after AGREEING_POLLS in a row agree. If another document reported the believed state, this one
    must also have had the time to catch up.

    A final that takes back at most LEAP_POINTS, which one mistaken poll may have added, is believed
    after END_HELD. One that contradicts more than that is never believed.

    A state that leaps ahead of what can have been played is believed once AGREEING_POLLS report it
    for LEAP_HELD, an end for END_HELD; a clock at zero never. END_HELD is also the time for a game
    that is called off, teams with each other's points, and a clock too far back for the points.
    A game that has been over for LONG_OVER is in play again only by a document that changes.
    """
    report = _reported(tracking, read, origin, at, digest)
    judged = _contradicts(report) or _compared_with(tracking.state, report)
    behind_box = judged.ordering is Ordering.BEHIND and _earlier_box(tracking.state, read)
    left_out = behind_box or report.misread
    return replace(judged, boxed=True) if read.players and not left_out else judged


@dataclass(frozen=True, slots=True)
class _Report:
    """What a document reports of a game, which the rules of judgement below are about ("it").

    `read` is its state, completed from the believed one; `state` has the players of a box too,
    where `with_box`. `lag` is how far the document may be behind the one that reported the believed
    state. `misread` is whether its own players are left out.
    """

    tracking: GameTracking
    read: GameState
    state: GameState
    origin: Origin
    at: datetime
    digest: str
    lag: timedelta
    with_box: bool
    misread: bool

    @property
    def before(self) -> Held | None:
        """What was on hold before it."""
        return self.tracking.held

    def judged(self, ordering: Ordering, held: Held | None = None) -> JudgedPoll:
        """The judgement that its own state is to be decided by."""
        return JudgedPoll(ordering, self.state, self.origin, held, digest=self.digest)

    def held(self, held: Held, contrary: str = "") -> JudgedPoll:
        """The judgement that it is put on hold."""
        return JudgedPoll(Ordering.HELD, self.state, self.origin, held, contrary)


def _reported(
    tracking: GameTracking, read: GameState, origin: Origin, at: datetime, digest: str
) -> _Report:
    believed = tracking.state
    read = carried(timed(filled(_with_names(tracking, read), believed), believed), believed)
    listed = read.players or (believed is not None and believed.players)
    with_box = bool(listed) and tracking.follows_players
    misread = with_box and _misread(believed, read)
    known = replace(read, players=()) if misread else read
    state = boxed(read, known, believed) if with_box else read
    lag = _lag(tracking.told_by, origin)
    return _Report(tracking, read, state, origin, at, digest, lag, with_box, misread)


def _compared_with(believed: GameState | None, report: _Report) -> JudgedPoll:
    """The judgement of the first of these rules that has one; the last always has."""
    if believed is None:
        read, at = report.read, report.at
        if not ends_early(None, read, (at - report.tracking.game.start).total_seconds()):
            return report.judged(Ordering.NEWER)
        return report.held(_held(report.before, read, report.origin, at, END_HELD))
    return (
        _repeats(believed, report)
        or _goes_on(believed, report)
        or _is_late(believed, report)
        or _is_old_copy(believed, report)
        or _takes_back(believed, report)
    )


def _contradicts(report: _Report) -> JudgedPoll | None:
    """Its end is in doubt or contradicts the game as it was seen: held, mostly for good."""
    believed, read = report.tracking.state, report.read
    played = believed is not None and believed.phase in (Phase.LIVE, Phase.BREAK, Phase.FINAL)
    doubt = read.doubt if played or not read.phase.off else ""
    contrary = doubt or contradiction(believed, read)
    if not contrary:
        return None
    mistaken = not doubt and not contradiction(believed, read, LEAP_POINTS)
    wait = END_HELD if mistaken else timedelta(0)
    held = _doubtful(report.before, read, report.origin, report.at, wait)
    if mistaken and _agreed(held, report.at):
        return report.judged(Ordering.CORRECTION)
    return report.held(held, contrary)


def _repeats(believed: GameState, report: _Report) -> JudgedPoll | None:
    """It repeats the believed state, which ends a hold."""
    if report.read != believed:
        return None
    held_on = _unmoved(report.tracking, report.origin, report.digest)
    return report.judged(Ordering.SAME, report.before if held_on else None)


def _goes_on(believed: GameState, report: _Report) -> JudgedPoll | None:
    """It is further on: believed at once, or held where it leaps ahead."""
    if exchanged(believed, report.read) or goes_back(believed, report.read):
        return None
    held = _leap(report.tracking, report.read, report.origin, report.at)
    return report.judged(Ordering.NEWER) if held is None else report.held(held)


def _is_late(believed: GameState, report: _Report) -> JudgedPoll | None:
    """It is another document's and merely late: the believed state stays.

    It does not confirm an end that it lacks.
    """
    read = report.read
    if not report.lag or exchanged(believed, read):
        return None
    if not _merely_late(believed, read, report.lag):
        return None
    late = believed.phase is Phase.FINAL and read.phase is not Phase.FINAL
    ordering = Ordering.BEHIND if late else Ordering.SAME
    return replace(report.judged(ordering, report.before), state=believed)


def _is_old_copy(believed: GameState, report: _Report) -> JudgedPoll | None:
    """It stands still, though the game is over: before its tip, or in play long after the end."""
    read, over_since = report.read, report.tracking.final_at
    unbegun = read.phase is Phase.SCHEDULED
    if believed.phase is not Phase.FINAL or over_since is None:
        return None
    before = report.before
    moves = before is not None and before.polls >= AGREEING_POLLS - 1 and before.state != read
    if moves or not (unbegun or (report.at - over_since >= LONG_OVER and read.phase.in_play)):
        return None
    held = _held(before, read, report.origin, report.at, report.lag)
    return replace(report.judged(Ordering.BEHIND, held), state=believed)


def _takes_back(believed: GameState, report: _Report) -> JudgedPoll:
    """It takes back what is believed: a correction once polls agree, until then held or behind."""
    read, lag = report.read, report.lag
    unbegun = read.phase is Phase.SCHEDULED and believed.score.total > 0
    off = read.phase.off and not believed.phase.off
    unlikely = off or unbegun or too_fast(read) or exchanged(believed, read)
    wait = END_HELD if unlikely else LEAP_HELD if falls(believed, read) else lag
    held = _held(report.before, read, report.origin, report.at, max(wait, lag))
    stands = bool(lag) and _stands_behind(report.before, believed, read)
    if _agreed(held, report.at) and not stands:
        return report.judged(Ordering.CORRECTION)
    if not lag or (unlikely and not (unbegun and stands)):
        return report.held(held)
    taken = report.with_box and not (report.misread or _earlier_box(believed, read))
    lines = boxed(believed, read, believed) if taken else believed
    return JudgedPoll(Ordering.BEHIND, lines, report.origin, held)


def _unmoved(tracking: GameTracking, origin: Origin, digest: str) -> bool:
    """Whether a report that repeats the believed state leaves another document's on hold.

    Bytes that do not change prove nothing against an end of a game in play, nor against any other
    report that is believed only after END_HELD.
    """
    held, believed = tracking.held, tracking.state
    if held is None or believed is None or held.origin == origin or not digest:
        return False
    if held.wait < END_HELD and not (believed.phase.in_play and held.state.phase is Phase.FINAL):
        return False
    return dict(tracking.digests).get(origin) == digest


def _earlier_box(believed: GameState | None, read: GameState) -> bool:
    """Whether a box is of an earlier moment than the last one: its players have fewer minutes."""
    if believed is None or not read.players:
        return False
    return sum(x.minutes for x in read.players) < sum(x.minutes for x in believed.players)


def _misread(believed: GameState | None, read: GameState) -> bool:
    """Whether a box of a game in play lists its players wrongly.

    Either they have fewer minutes than in the last box, which had no more than had been played; or
    their points do not add up to the box's own score any more, as they did in the last box.
    """
    if believed is None or not (believed.players and read.players and read.phase.in_play):
        return False
    was, now = (sum(x.minutes for x in one.players) for one in (believed, read))
    if now + _PUT_BACK < was <= _ON_COURT * clock_run(read) / 60 + _PUT_BACK:
        return True
    return any(
        abs(points_lacking(read, x)) > MOST_AT_ONCE >= abs(points_lacking(believed, x))
        for x in Side
    )


def disputed(tracking: GameTracking, origin: Origin) -> bool:
    """Whether another document reported fewer points than are believed, at no earlier moment.

    One of the two is wrong or late, so nothing counts as certain by these points.
    """
    held, believed = tracking.held, tracking.state
    if held is None or believed is None or held.origin == origin:
        return False
    return lacks_points(held.state, believed)


def with_poll(tracking: GameTracking, judged: JudgedPoll) -> GameTracking:
    """The tracking with the state that is believed after a poll, and the state on hold."""
    before, state = tracking.state, judged.state
    if judged.digest and (judged.origin, judged.digest) not in tracking.digests:
        kept = [x for x in tracking.digests if x[0] != judged.origin]
        tracking = replace(tracking, digests=((judged.origin, judged.digest), *kept)[:_DIGESTS])
    if judged.ordering in (Ordering.NEWER, Ordering.CORRECTION):
        believed = after_play(state, before)
        return replace(tracking, state=believed, told_by=judged.origin, held=None)
    if before is None or judged.ordering is Ordering.HELD:
        return replace(tracking, held=judged.held)
    known = _compared(before, state.players, before)
    if state.box not in (None, known.box):
        known = replace(known, box=state.box)
    return replace(tracking, state=known, held=judged.held)


def still_until(before: GameTracking, judged: JudgedPoll, now: datetime) -> datetime:
    """Until when a live game may stand still, after this poll, without being stale.

    That is STALE_AFTER from the last change while the clock should run, and LONGEST_STOP while it
    is known to stand. A document with other bytes and the same moment extends it by STALE_AFTER, up
    to LONGEST_STOP in all; identical bytes prove nothing.
    """
    if judged.ordering in (Ordering.NEWER, Ordering.CORRECTION):
        stands = before.told_by == judged.origin and _clock_stands(before.state, judged.state)
        return now + (LONGEST_STOP if stands else STALE_AFTER)
    changed = before.changed_at or now
    until = before.still_until or changed + STALE_AFTER
    was = dict(before.digests).get(judged.origin, judged.digest)
    if judged.ordering is not Ordering.SAME or judged.digest == was:
        return until
    return max(until, min(now + STALE_AFTER, changed + LONGEST_STOP))


def _clock_stands(before: GameState | None, after: GameState) -> bool:
    """Whether two successive states of one document show that the game's clock stands.

    It stands if a time-out was taken, if something changed while the clock did not, if a period is
    called on and has not begun, or at zero.
    """
    if before is None or after.phase is not Phase.LIVE:
        return False
    if after.clock in (0, after.game.rules.length_of(after.period)):
        return True
    if before.phase is not Phase.LIVE or before.period != after.period:
        return False
    had, has = before.timeouts, after.timeouts
    taken = had is not None and has is not None and (has.home < had.home or has.away < had.away)
    return taken or before.clock == after.clock


def dated_by(tracking: GameTracking, now: datetime) -> GameTracking:
    """The tracking with no time after `now`: silence counts anew where the clock was set back."""
    if tracking.seen_at is None or tracking.seen_at <= now:
        return tracking
    until, began = tracking.still_until, tracking.listened_from
    return replace(
        tracking,
        seen_at=now,
        listened_from=None if began is None else min(began, now),
        still_until=None if until is None else min(until, now + LONGEST_STOP),
    )


def is_stale(tracking: GameTracking, now: datetime) -> bool:
    """Whether the state of a live game is too old to be trusted.

    It is if no document has arrived for STALE_AFTER, or if the game has stood still for longer than
    it may. Rules, cards, `status`, pages and messages all use this one judgement.
    """
    if tracking.state is None or tracking.state.phase is not Phase.LIVE:
        return False
    silent = tracking.seen_at is not None and now - tracking.seen_at >= STALE_AFTER
    return silent or (tracking.still_until is not None and now >= tracking.still_until)


def _lag(told_by: Origin | None, origin: Origin) -> timedelta:
    """How far a document may be behind the one that reported the believed state."""
    if told_by is None or told_by == origin:
        return timedelta(0)
    return DOCUMENT_HELD if told_by.source == origin.source else SOURCE_HELD


def _merely_late(believed: GameState, state: GameState, wait: timedelta) -> bool:
    """Whether another document is only late and does not contradict the believed state.

    It shows the same moment by a clock in whole seconds; or the source's other document has
    reported the end, and this one has not reached it yet. One with more points than that end is not
    late: it shows play after it.
    """
    if believed.phase.off or state.phase.off:
        return False
    over = believed.phase is Phase.FINAL and state.phase is not Phase.FINAL
    ends = over and wait == DOCUMENT_HELD and not has_fewer_points(believed, state)
    return ends or not behind(state, believed)


def _stands_behind(held: Held | None, believed: GameState, state: GameState) -> bool:
    """Whether another document shows an earlier moment and does not go on from it.

    A document that is right goes on. One that has stopped shows an old moment for ever, or two of
    them by a source's two documents. One with more points than are believed is not behind.
    """
    if state.phase.off or order_key(state) >= order_key(believed):
        return False
    if has_fewer_points(believed, state):
        return False
    return held is None or held.state == state or goes_back(held.state, state)


def _leap(tracking: GameTracking, state: GameState, origin: Origin, at: datetime) -> Held | None:
    """The hold of a state that leaps ahead of the believed one; None where it may be believed.

    It may be where the machine's clock was set back, as it is not known then how long has passed.
    """
    believed, changed = tracking.state, tracking.changed_at
    if believed is None or changed is None or at < changed:
        return None
    since = max(changed, state.game.start) if believed.phase is Phase.SCHEDULED else changed
    seconds = (at - since).total_seconds()
    early = ends_early(believed, state, seconds)
    if not early and not leaps(believed, state, seconds):
        return None
    wait = END_HELD if state.phase is Phase.FINAL else LEAP_HELD
    held = _held(tracking.held, state, origin, at, wait)
    # A clock that is at zero at once, and stays there, has not run down: the feed keeps none.
    return None if _agreed(held, at) and not (early or at_zero(state)) else held


def _agreed(held: Held, at: datetime) -> bool:
    """Whether enough polls have reported the state on hold, for long enough, to believe it."""
    return held.polls >= AGREEING_POLLS and at - held.since >= held.wait


def _held(
    held: Held | None, state: GameState, origin: Origin, at: datetime, wait: timedelta
) -> Held:
    """The state on hold after another poll that goes back, or leaps ahead."""
    if held is None or leaps(held.state, state, max(0.0, (at - held.since).total_seconds())):
        return Held(state, 1, origin, at, wait)
    since, longest = min(held.since, at), max(held.wait, wait)
    if not goes_back(held.state, state):
        return Held(state, min(held.polls + 1, _MOST_HELD), origin, since, longest)
    if origin != held.origin and not has_fewer_points(state, held.state):
        # Two documents that both go back can be late by different times.
        return replace(held, polls=held.polls + 1, since=since, wait=longest)
    return Held(state, 1, origin, at, wait)


def _doubtful(
    held: Held | None, state: GameState, origin: Origin, at: datetime, wait: timedelta
) -> Held:
    """The hold of a doubtful state, which lasts for as long as that state is reported."""
    if held is None or held.state != state:
        return Held(state, 1, origin, at, wait)
    polls, since = min(held.polls + 1, _MOST_HELD), min(held.since, at)
    return replace(held, polls=polls, since=since, wait=wait)


def boxed(newest: GameState, known: GameState, before: GameState | None) -> GameState:
    """A state with the players of a box, or with those of the last box.

    A game has two documents, its board and its box, and one is always a little behind: the players
    of the one are combined with the score of the other. A final takes no players from before the
    end, and a game in play none from before the tip.
    """
    if known.players:
        lines, box = seen_by(known, () if before is None else before.players), known.box
    elif before is None:
        return newest
    else:
        lines, box, known = before.players, before.box, before
    late = known.phase is not Phase.FINAL if newest.phase is Phase.FINAL else known.period == 0
    if newest.period > 0 and late:
        kept = newest.players if newest is before else ()
        return replace(newest, players=kept, box=newest.box or box)
    return replace(newest, players=lines, box=box)


def seen_by(state: GameState, before: Sequence[PlayerLine]) -> tuple[PlayerLine, ...]:
    """The players of a state, each with the minute at which he was last known to be on the court.

    A player was on the court if the box says so, or if his minutes grew since the lines `before`.
    """
    left = state.game.rules.regulation_seconds - state.seconds_left
    now = max(left, 0.0) / 60 if state.overtime == 0 else None
    known = {(x.side, x.id): x for x in before}

    def seen(line: PlayerLine) -> PlayerLine:
        last = known.get((line.side, line.id))
        if now is None:
            return line
        if line.on_court or line.minutes > (0.0 if last is None else last.minutes):
            return line.seen_at(now)
        return line.seen_at(0.0 if last is None else last.seen)

    return tuple(seen(x) for x in state.players)


def filled(state: GameState, before: GameState | None) -> GameState:
    """A state without points by period, completed from the believed state where possible.

    It is possible if every earlier period was seen to its end: the rest of the score belongs to the
    present period, and in the first all of it.
    """
    if state.periods is None and state.period == 1:
        return replace(state, periods=(state.score,))
    if before is None or state.periods is not None or before.periods is None or state.period < 1:
        return state
    played = state.period - 1
    over = len(before.periods) > played or (
        len(before.periods) == played and before.phase is Phase.BREAK and before.clock == 0
    )
    if not over:
        return state
    earlier = before.periods[:played]
    home = state.score.home - sum(x.home for x in earlier)
    away = state.score.away - sum(x.away for x in earlier)
    if home < 0 or away < 0:
        return state
    return replace(state, periods=(*earlier, Score(home, away)))


def timed(state: GameState, before: GameState | None) -> GameState:
    """An interrupted state without a clock, at the time at which its period was last seen.

    Such a state has the full length of its period left.
    """
    if before is None or state.phase is not Phase.SUSPENDED or before.period != state.period:
        return state
    unknown = state.clock == state.game.rules.length_of(state.period)
    return replace(state, clock=before.clock) if unknown else state


def carried(state: GameState, before: GameState | None) -> GameState:
    """The state of a game that was called off after it began, with everything seen of it.

    Documents then report nothing more of the game, but finished parts of it count by the book's
    rules.
    """
    if before is None or not state.phase.off or before.period < 1:
        return state
    return replace(before, game=state.game, phase=state.phase, doubt=state.doubt)


def players_of(tracked: Tracked, game_id: str) -> tuple[Player, ...]:
    """The players of one game in a bet's legs."""
    markets = [x.market for x in tracked.bet.legs if x.game.id == game_id]
    return tuple(x.player for x in markets if isinstance(x, PlayerMarket))


def _with_names(tracking: GameTracking, read: GameState) -> GameState:
    """A state with the names by which bets know its players, where a source has renamed them.

    A player is recognised by the source's id. A new name that a bet uses is kept.
    """
    if tracking.state is None or not read.players:
        return read
    listed = {(x.side, player_key(x.name)) for x in read.players}
    before = {(x.side, player_key(x.name)): x for x in tracking.state.players}
    missing = {(x.side, x.id): x.name for key, x in before.items() if key not in listed}
    if not any((x.side, x.id) in missing for x in read.players):
        return read
    bets = {(x.side, x.key) for one in tracking.tracked for x in players_of(one, read.game.id)}
    kept = before.keys() | bets

    def named(line: PlayerLine) -> PlayerLine:
        if (line.side, player_key(line.name)) in kept:
            return line
        return replace(line, name=missing.get((line.side, line.id), line.name))

    return replace(read, players=tuple(named(x) for x in read.players))


def _compared(state: GameState, players: Sequence[PlayerLine], before: GameState) -> GameState:
    """A state with newer lines of the players; without any it keeps its own.

    Lines of a final box that contradict those of the state `before` are marked as doubtful.
    """
    if not players:
        return state
    box = replace(state, players=tuple(players))
    if state.phase is not Phase.FINAL:
        return box
    return replace(box, players=tuple(doubted(box, before)))


def after_play(state: GameState, before: GameState | None) -> GameState:
    """A final with its players, compared with what was seen of them.

    Without a box the players keep their last lines, marked as doubtful until a box is read.
    """
    if before is None or state.phase is not Phase.FINAL:
        return state
    if state.players:
        return _compared(state, state.players, before)
    if before.phase is Phase.FINAL:
        return replace(state, players=before.players)
    seen = (x for x in before.players if x.played or x.minutes > 0)
    return replace(state, players=tuple(replace(x, doubt=UNREAD) for x in seen))
