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
from tracker.domain.player import UNREAD, Player, box_line, box_lines, player_key, points_lacking
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
    goes_back,
    has_fewer_points,
    leaps,
    order_key,
    too_fast,
)
from tracker.domain.tracking import GameTracking, Held, Ordering, Tracked

CORRECTION = 3
"""The most points that a scorer takes back or moves: a three-pointer. A larger difference is a
contradiction."""

_DIGESTS = 4
"""The documents of a game whose last digest is kept: a board and a box of each of two sources."""

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

    A final that takes back up to LEAP_POINTS, as many as a mistake may have added at once, is
    believed after END_HELD; one that contradicts more than that never.

    A state that leaps ahead, by more than a game can get on since the believed state last changed,
    is believed after AGREEING_POLLS over LEAP_HELD, an end over END_HELD, a clock at zero never. So
    is that a game is called off, that the teams' points are exchanged, and a clock too far back for
    the points. A game that has been over for LONG_OVER is played on only by a document that moves.
    """
    judged = _judged(tracking, read, origin, at, digest)
    left_out = judged.ordering is Ordering.BEHIND and _earlier_box(tracking.state, read)
    return replace(judged, boxed=True) if read.players and not left_out else judged


def _judged(
    tracking: GameTracking, read: GameState, origin: Origin, at: datetime, digest: str
) -> JudgedPoll:
    believed = tracking.state
    read = carried(timed(filled(_with_names(tracking, read), believed), believed), believed)
    known = read.players or (believed is not None and believed.players)
    with_box = bool(known) and tracking.follows_players
    state = boxed(read, read, believed) if with_box else read
    played = believed is not None and believed.phase in (Phase.LIVE, Phase.BREAK, Phase.FINAL)
    doubt = read.doubt if played or not read.phase.off else ""
    contrary = doubt or contradiction(believed, read)
    if contrary:
        mistaken = not doubt and not contradiction(believed, read, LEAP_POINTS)
        wait = END_HELD if mistaken else timedelta(0)
        doubtful = _doubtful(tracking.held, read, origin, at, wait)
        if mistaken and _agreed(doubtful, at):
            return JudgedPoll(Ordering.CORRECTION, state, origin, digest=digest)
        return JudgedPoll(Ordering.HELD, state, origin, doubtful, contrary)
    if read == believed:
        held_on = tracking.held if _unmoved(tracking, origin, digest) else None
        return JudgedPoll(Ordering.SAME, state, origin, held_on, digest=digest)
    exchanged = believed is not None and _exchanged(believed, read)
    if believed is None or not (exchanged or goes_back(believed, read)):
        held = _leap(tracking, read, origin, at)
        ordering = Ordering.NEWER if held is None else Ordering.HELD
        return JudgedPoll(ordering, state, origin, held, digest="" if held else digest)
    wait = _lag(tracking.told_by, origin)
    if wait and not exchanged and _merely_late(believed, read, wait):
        # It does not take the believed state back; nor does it confirm an end that it lacks.
        late = believed.phase is Phase.FINAL and read.phase is not Phase.FINAL
        ordering = Ordering.BEHIND if late else Ordering.SAME
        return JudgedPoll(ordering, believed, origin, tracking.held, digest=digest)
    if _old_copy(tracking, read, at):
        held = _held(tracking.held, read, origin, at, wait)
        return JudgedPoll(Ordering.BEHIND, believed, origin, held, digest=digest)
    unbegun = read.phase is Phase.SCHEDULED and believed.score.total > 0
    off = read.phase.off and not believed.phase.off
    unlikely = exchanged or off or unbegun or too_fast(read)
    held = _held(tracking.held, read, origin, at, END_HELD if unlikely else wait)
    stands = bool(wait) and _stands_behind(tracking.held, believed, read)
    if _agreed(held, at) and not stands:
        return JudgedPoll(Ordering.CORRECTION, state, origin, digest=digest)
    if not wait or (unlikely and not (unbegun and stands)):
        return JudgedPoll(Ordering.HELD, state, origin, held)
    taken = with_box and not _earlier_box(believed, read)
    lines = boxed(believed, read, believed) if taken else believed
    return JudgedPoll(Ordering.BEHIND, lines, origin, held)


def _unmoved(tracking: GameTracking, origin: Origin, digest: str) -> bool:
    """Whether a document that repeats the believed state leaves what another one says on hold.

    It does while it stands still to the byte: that proves nothing against an end of a game in play,
    nor against one that is told for minutes before it is believed.
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
    reported the end, and this one has not reached it yet. More points than the end has tell of play
    after it.
    """
    if believed.phase.off or state.phase.off:
        return False
    over = believed.phase is Phase.FINAL and state.phase is not Phase.FINAL
    ends = over and wait == DOCUMENT_HELD and not has_fewer_points(believed, state)
    return ends or not behind(state, believed)


def _stands_behind(held: Held | None, believed: GameState, state: GameState) -> bool:
    """Whether another document shows an earlier moment and does not go on from it.

    One that is right goes on; one that has stopped shows an old moment for ever, or two of them by
    a source's two documents. More points than the believed state has are no earlier moment.
    """
    if state.phase.off or order_key(state) >= order_key(believed):
        return False
    if has_fewer_points(believed, state):
        return False
    return held is None or held.state == state or goes_back(held.state, state)


def _old_copy(tracking: GameTracking, state: GameState, at: datetime) -> bool:
    """Whether a document shows a game that has been over for long as not over, and stands still."""
    over = tracking.state is not None and tracking.state.phase is Phase.FINAL
    open_again = state.phase.in_play or state.phase is Phase.SCHEDULED
    if not over or not open_again or tracking.final_at is None:
        return False
    held = tracking.held
    moves = held is not None and held.polls >= AGREEING_POLLS - 1 and held.state != state
    return at - tracking.final_at >= LONG_OVER and not moves


def _leap(tracking: GameTracking, state: GameState, origin: Origin, at: datetime) -> Held | None:
    """The hold of a state that leaps ahead of the believed one; None where it may be believed.

    How long ago the believed state changed is not known once the machine's clock was put back.
    """
    believed, changed = tracking.state, tracking.changed_at
    if believed is None or changed is None or at < changed:
        return None
    if not leaps(believed, state, (at - changed).total_seconds()):
        return None
    wait = END_HELD if state.phase is Phase.FINAL else LEAP_HELD
    held = _held(tracking.held, state, origin, at, wait)
    # A clock that is at zero at once, and stays there, has not run down: the feed keeps none.
    return None if _agreed(held, at) and not at_zero(state) else held


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

    def told(line: PlayerLine) -> PlayerLine:
        last = known.get((line.side, line.id))
        if now is None:
            return line
        if line.on_court or line.minutes > (0.0 if last is None else last.minutes):
            return line.seen_at(now)
        return line.seen_at(0.0 if last is None else last.seen)

    return tuple(told(x) for x in state.players)


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


def contradiction(before: GameState | None, state: GameState, most: float = CORRECTION) -> str:
    """How a final contradicts what was seen of the game, in words; empty if it does not.

    Differences of up to CORRECTION points in a period that was over are corrections, and so are up
    to `most` points fewer in the score. A later final may not differ where its own players
    have the points of the earlier one.
    """
    if before is None or state.phase is not Phase.FINAL or not before.phase.rank:
        return ""
    game, seen, score = state.game, before.score, state.score
    if before.phase is Phase.FINAL:
        has = Score(*(max(score.of(x) - points_lacking(state, x), 0) for x in Side))
        return f"the box says {score.text}, its players {has.text}" if score != seen == has else ""
    if max(seen.home - score.home, seen.away - score.away) > most:
        return (
            f"the final says {game.away} {score.away}, {game.home} {score.home}; "
            f"{seen.text} was seen at {before.game_clock}"
        )
    was, now = _over(before, before.periods), _over(before, state.periods)
    if _exchanged(before, state):
        return f"the final exchanges the points of {game.away} and {game.home} as they were seen"
    for number, (old, new) in enumerate(zip(was, now, strict=False), 1):
        if max(abs(old.home - new.home), abs(old.away - new.away)) > CORRECTION:
            name = game.rules.period_name(number)
            return f"the final says {new.text} in {name}; {old.text} was seen"
    return ""


def _over(before: GameState, periods: Sequence[Score] | None) -> tuple[Score, ...]:
    """The points of the periods that were over in the state `before`; none where not known."""
    over = before.period - (0 if before.phase is Phase.BREAK and before.clock == 0 else 1)
    return tuple(periods or ())[: max(over, 0)]


def _exchanged(before: GameState, state: GameState) -> bool:
    """Whether a state gives each team the points of the other in all periods that were over.

    Where none was, as in the first period, the score tells it at a later moment: it has what the
    other had, and one of them more than a correction less than before.
    """
    was, now = _over(before, before.periods), _over(before, state.periods)
    if was and now:
        return was != now and now == tuple(Score(x.away, x.home) for x in was)
    seen, score = before.score, state.score
    fewer = max(seen.home - score.home, seen.away - score.away)
    return (
        fewer > CORRECTION
        and score.home >= seen.away
        and score.away >= seen.home
        and order_key(state) >= order_key(before)
    )


def players_of(tracked: Tracked, game_id: str) -> tuple[Player, ...]:
    """The players of one game in a bet's legs."""
    markets = [x.market for x in tracked.bet.legs if x.game.id == game_id]
    return tuple(x.player for x in markets if isinstance(x, PlayerMarket))


def moved(tracked: Tracked, before: GameState, after: GameState) -> bool:
    """Whether the figures of a player in a bet's legs differ between two states."""
    return any(
        _figures(before, x) != _figures(after, x) for x in players_of(tracked, after.game.id)
    )


def first_seen(before: GameState | None, after: GameState) -> frozenset[tuple[Side, str]]:
    """The players whom a box lists for the first time since the tip, by side and key.

    The box shows who starts and who plays, so chances move because of that and not of the game.
    """
    if before is None or not after.phase.in_play:
        return frozenset()
    known = box_lines(before) if before.period else {}
    return frozenset(box_lines(after).keys() - known.keys())


def _with_names(tracking: GameTracking, read: GameState) -> GameState:
    """A state whose players keep the names by which bets know them, where a source renames them.

    Within a game a source's id stands for one player. A bet on the new name keeps that.
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
    return replace(box, players=tuple(_doubted(box, before)))


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


def _last_seen(before: GameState, state: GameState) -> tuple[PlayerLine, ...]:
    """The lines that those of a final box may not contradict.

    A side's lines of an earlier final box are left out where they do not add up to its score and
    those of the box now do.
    """
    if before.phase is not Phase.FINAL:
        return before.players
    was = replace(state, players=before.players)
    in_play = {x.side for x in before.players if x.doubt}
    wrong = {x for x in Side if points_lacking(was, x) and not points_lacking(state, x)}
    return tuple(x for x in before.players if x.side not in wrong - in_play)


def _doubted(box: GameState, before: GameState) -> list[PlayerLine]:
    """The lines of a final box, but those last seen, in doubt, where the box contradicts them."""
    players, seen, over = box.players, _last_seen(before, box), before.phase is Phase.FINAL
    keys = [(x.side, player_key(x.name)) for x in players]
    lines = {key: x for key, x in zip(keys, players, strict=True) if keys.count(key) == 1}
    was = {(x.side, player_key(x.name)): x for x in seen if x.played or x.minutes > 0}
    ids = {x.id for x in players}
    # Who is listed by another name, or with the other team, is not missing.
    was = {k: x for k, x in was.items() if k in lines or (k not in keys and x.id not in ids)}
    doubts = {key: _doubt(x, lines.get(key), over=over) for key, x in was.items()}
    kept = [
        replace(was[key], doubt=doubts[key]) if doubts.get(key) else x
        for key, x in zip(keys, players, strict=True)
    ]
    lost = [replace(x, doubt=doubts[key]) for key, x in was.items() if key not in lines]
    return [*kept, *lost]


def _doubt(was: PlayerLine, now: PlayerLine | None, *, over: bool) -> str:
    """How a player's line in a final box contradicts what was seen, in words; empty if not."""
    points = dict(was.stats).get("pts", 0)
    seen = f"was seen with {points} points in {was.minutes:.0f} min"
    if now is None:
        return f"is not in the final box, and {seen}"
    if not (now.played or now.minutes > 0):
        return f"did not play by the final box, and {seen}"
    last = dict(now.stats)
    # A later final box may correct what no score bears out.
    stats = [x for x in was.stats if x[0] == "pts" or was.doubt or not over]
    fell = [(k, v, last[k]) for k, v in stats if k in last and v - last[k] > CORRECTION]
    return "".join(f"has {n} {k} in the final box, and was seen with {v}" for k, v, n in fell[:1])


def _figures(state: GameState, player: Player) -> object:
    line = box_line(state, player)
    return None if line is None else (line.stats, line.played, line.fouls, line.note)
