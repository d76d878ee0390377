"""Polls: a feed's answers about a game, when a game is polled again, and the cost of requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.league import LEAGUE_ZONE
from tracker.domain.player import player_key, points_lacking


class Trouble(StrEnum):
    """Why a poll gives no game state. Each kind has its own wait before the next poll.

    `UNPRICED` is this program's own trouble: the poll was read, but its forecast failed.
    """

    DOWN = "down"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    NOT_PUBLISHED = "not_published"
    MALFORMED = "malformed"
    ABSENT = "absent"
    UNPRICED = "unpriced"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A poll that gives no game state. `why` is one sentence without secrets or query strings.

    `claim` describes, for a person, an end of the game that the poll claims and that is not
    believed: in the first period, with a level score, by forfeit, or contradicted by another
    document.
    """

    trouble: Trouble
    why: str
    claim: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A source's answer as it arrived, of whatever kind. Its fields are as in `Poll`."""

    source: str
    path: str
    at: datetime
    body: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Origin:
    """The document that a state was read from: a source and a `path` as in `Poll`."""

    source: str
    path: str


@dataclass(frozen=True, slots=True)
class Poll:
    """One answer about one game. Polls of games that share a response share path, time and body.

    `at` is when the answer arrived; `path` names the resource without host or secrets; `digest` is
    the SHA-256 of the body in hex, empty when there was no body.
    """

    source: str
    path: str
    at: datetime
    body: bytes
    digest: str
    reading: GameState | Unreadable

    @property
    def origin(self) -> Origin:
        """The document that the poll was read from."""
        return Origin(self.source, self.path)


@dataclass(frozen=True, slots=True)
class GameStanding:
    """What decides when a game is polled next.

    `final_at` is when a poll first showed the game final. `settled` is whether the game need not be
    polled for results any more. `checks` counts the later readings of the box score: 1 after about
    2 h 15 min, 2 after noon Eastern. `players` is whether a bet is on a player of the game, so that
    its box score is needed. `changed` is whether the last poll of a game that is over changed it.
    """

    game: Game
    state: GameState | None = None
    final_at: datetime | None = None
    settled: bool = False
    checks: int = 0
    players: bool = False
    changed: bool = False


FINAL_CHECKS = 2
"""How often the box score is read again after the game: once it has been rewritten, and after noon
Eastern."""

FIRST_CHECK_AFTER = timedelta(hours=2, minutes=15)
"""Time from the final to the first check. The league rewrites a box score about two hours after the
buzzer (three recorded finals: 1:58 to 2:06 h)."""

LAST_CHECK_AT = time(12, 10)
"""Eastern time of day of the last check: by then the league has published its corrections."""


def check_times(final_at: datetime) -> tuple[datetime, datetime]:
    """When to read the box score again: after its rewrite, and after the next noon Eastern."""
    local = final_at.astimezone(LEAGUE_ZONE)
    noon = datetime.combine(local.date(), LAST_CHECK_AT, LEAGUE_ZONE)
    if noon <= local:
        noon = datetime.combine(local.date() + timedelta(days=1), LAST_CHECK_AT, LEAGUE_ZONE)
    first = final_at + FIRST_CHECK_AFTER
    return first, max(first, noon)


def next_check(standing: GameStanding) -> datetime | None:
    """When to read a finished game's box score next; None when all checks are done."""
    if standing.final_at is None or standing.checks >= FINAL_CHECKS:
        return None
    return check_times(standing.final_at)[min(standing.checks, 1)]


NOT_BEGUN_AFTER = timedelta(hours=12)
"""How long after the scheduled tip-off a person decides the bets of a game that no source has
reported as played."""

AGREE_AFTER = timedelta(seconds=45)
"""The shortest time between the two polls that must agree on a final score; they are due a minute
apart."""


# ---------------------------------------------------- states that are older than the believed one

AGREEING_POLLS = 3
"""Consecutive polls that must agree on an older or doubtful state before it is believed."""

SOURCE_HELD = timedelta(seconds=90)
"""For how long polls must agree on an older state when the believed state came from another source:
a feed is 10 to 30 s late, a bad one a minute."""

DOCUMENT_HELD = timedelta(seconds=30)
"""For how long polls must agree on an older state when the believed state came from the source's
other document: its box and its board are never of quite the same moment."""

LEAP_HELD = timedelta(seconds=60)
"""For how long polls must agree on a state that leaps ahead of the believed one, or that has lost
points by the dozen."""

END_HELD = timedelta(minutes=5)
"""For how long polls must agree on an end that leaps ahead, on a game that is called off, on teams
that have each other's points in every period that is over, or on a clock that was put back too far
for the points: by then a mistake has been noticed, or this is the end of one. Not for longer,
because some feeds tell the points of a game and keep no clock."""

LONG_OVER = timedelta(minutes=30)
"""How long after its end a game is not played on by a document that stands still: a feed that has
called a game over by mistake takes that back within minutes, and an old copy does not move."""

LEAP_POINTS = 15.0
"""Points that a team may seem to score at once, where a source catches up; the most that one has
scored in half a minute is 13."""

STILL_POINTS = 6
"""Points that a team may seem to score at once while the game clock stands: a three-pointer with a
foul, and free throws for another."""

LEAP_POINTS_PER_S = 0.1
"""Points that a team may seem to score in each second of real time: 58 are the most in a quarter,
which lasts 25 minutes and more."""

STALE_AFTER = timedelta(seconds=90)
"""A live game that has not changed for this long is checked with another source, and is shown as
stale if its clock should be running: a possession has 24 s."""

LONGEST_STOP = timedelta(minutes=5)
"""A live game whose clock is known to stand is shown as stale once it has not changed for so long.
In four games recorded by the wall clock a live board stood for 90 s and longer 48 times, for a
time-out, a review or free throws: half of them for more than 180 s, three for 240 s, one for
300 s."""

LOST_STILL_AFTER = timedelta(minutes=15)
"""A live game that has not changed for this long is reported as without data, although documents
arrive: no stop in play lasts that long unless its feed says so."""

STOOD_STILL = "stood_still"
"""The cause of an outage in which documents arrive and tell nothing new."""


def still_since(
    state: GameState | None, changed_at: datetime | None, seen_at: datetime | None
) -> datetime | None:
    """Since when polls of a live game that could be read have told nothing new.

    None where that is less than LOST_STILL_AFTER before the last of them. The times are when the
    state last changed and when a poll could last be read.
    """
    live = state is not None and state.phase is Phase.LIVE
    if not live or changed_at is None or seen_at is None:
        return None
    return changed_at if seen_at - changed_at >= LOST_STILL_AFTER else None


CLOCK_S = 1.0
"""Game clocks at most this many seconds apart are the same moment: one source counts in whole
seconds."""


def order_key(state: GameState) -> tuple[int, int, float, bool]:
    """A sort key of how far a game has come: phase, period, clock, whether the period is over."""
    over = state.phase is Phase.BREAK and state.clock == 0
    return state.phase.rank, state.period, -state.clock, over


def has_fewer_points(state: GameState, other: GameState) -> bool:
    """Whether either team has fewer points than in the other state."""
    return state.score.home < other.score.home or state.score.away < other.score.away


def goes_back(before: GameState, after: GameState) -> bool:
    """Whether `after` cannot follow `before`, since a game only goes forward."""
    if after.phase.off != before.phase.off:
        return True
    return order_key(after) < order_key(before) or has_fewer_points(after, before)


def falls(before: GameState, after: GameState) -> bool:
    """Whether a team has lost more than LEAP_POINTS at once: the clock has not gone back for it."""
    lost = max(before.score.home - after.score.home, before.score.away - after.score.away)
    return lost > LEAP_POINTS and not earlier(after, before)


def leaps(before: GameState, after: GameState, seconds: float) -> bool:
    """Whether `after` is further on than a game in play can get in `seconds` of real time.

    A game clock never runs faster than real time, and over minutes at half its pace: a clock of
    play at zero must have had the time for it. The believed state may itself have come from a
    source that is SOURCE_HELD behind. However much time has passed, as at halftime, points take
    their share of the game clock, and no period passes without any. A clock that stands has none,
    and after an end a score is only corrected.
    """
    scored = max(after.score.home - before.score.home, after.score.away - before.score.away)
    if before.phase is after.phase is Phase.FINAL:
        return scored > CORRECTION
    if not before.phase.in_play or after.phase.off or after.period < 1:
        return False
    played = clock_run(after) - clock_run(before)
    time = min(seconds, 2 * max(played, 0.0))
    stands = played <= CLOCK_S and keeps_clock(before)
    return (
        played * (1 + at_zero(after)) > seconds + SOURCE_HELD.total_seconds()
        or scored > (STILL_POINTS if stands else LEAP_POINTS) + LEAP_POINTS_PER_S * time
        or (played >= after.game.rules.period_seconds and after.score == before.score)
    )


def ends_early(before: GameState | None, after: GameState, seconds: float) -> bool:
    """Whether a game is said to be over before its clock can have run down.

    `seconds` of real time have passed since the state `before`, or since the tip-off was due where
    that has not begun or is not known. In play it is so while no point has been made since: what
    was left of the clock, SOURCE_HELD apart, then takes twice its time. A clock that leaves no time
    for the points before it is not kept.
    """
    if after.phase is not Phase.FINAL:
        return False
    if before is None or before.phase is Phase.SCHEDULED:
        return seconds < after.game.rules.regulation_seconds
    if not before.phase.in_play or after.score != before.score or not keeps_clock(before):
        return False
    left = clock_run(after) - clock_run(before) - SOURCE_HELD.total_seconds()
    return 2 * left > seconds


def keeps_clock(state: GameState) -> bool:
    """Whether the clock of a game in play leaves time for its points, as far as that can be told.

    Some feeds tell the points of a game and keep no clock.
    """
    best = max(state.score.home, state.score.away)
    return best <= _most_points(clock_run(state)) and not too_fast(state)


def at_zero(state: GameState) -> bool:
    """Whether a game is in play and its clock shows 0:00."""
    return state.phase is Phase.LIVE and state.clock == 0


def too_fast(state: GameState) -> bool:
    """Whether a team has more points in the present period than its clock leaves time for.

    It may have LEAP_POINTS at once, and LEAP_POINTS_PER_S twice over: a game clock takes half of
    the real time.
    """
    if not state.periods or len(state.periods) != state.period:
        return False
    played = state.game.rules.length_of(state.period) - state.clock
    return max(state.periods[-1].home, state.periods[-1].away) > _most_points(played)


def _most_points(played: float) -> float:
    """The most points of a team that fit into some seconds of the game clock."""
    return LEAP_POINTS + 2 * LEAP_POINTS_PER_S * played


def clock_run(state: GameState) -> float:
    """The seconds for which a game's clock has run, overtimes included."""
    rules, clock = state.game.rules, 0.0 if state.phase is Phase.FINAL else state.clock
    return sum(map(rules.length_of, range(1, state.period + 1))) - clock


def behind(state: GameState, other: GameState) -> bool:
    """Whether a state from another document is of an earlier moment, or has fewer points.

    Clocks up to CLOCK_S apart count as the same moment, and so does a period called over or not.
    """
    if has_fewer_points(state, other):
        return True
    return earlier(state, other)


def earlier(state: GameState, other: GameState) -> bool:
    """Whether a state from another document is of an earlier moment by its period and clock."""
    mine, theirs = order_key(state), order_key(other)
    if mine[:2] != theirs[:2]:
        return mine[:2] < theirs[:2]
    return state.clock > other.clock + CLOCK_S


def lacks_points(state: GameState, believed: GameState) -> bool:
    """Whether another document's state has fewer points than are believed, of no earlier moment.

    An end that the game has been played beyond, or is far from, tells nothing of its points.
    """
    if not has_fewer_points(state, believed):
        return False
    if not state.phase.over:
        return not earlier(state, believed)
    return -CLOCK_S <= clock_run(state) - clock_run(believed) <= SOURCE_HELD.total_seconds()


# ------------------------------------------------- what contradicts the game as it was seen

CORRECTION = 3
"""The most points that a scorer takes back or moves: a three-pointer. A larger difference is a
contradiction."""


def contradiction(before: GameState | None, state: GameState, most: float = CORRECTION) -> str:
    """How an end contradicts what was seen of the game, in words; empty if it does not.

    Differences of up to CORRECTION points in a period that was over are corrections, and so are up
    to `most` points in the last one, or fewer in the score. A later final may not differ where its
    own players have the points of the earlier one. What was seen to its end is not called off, and
    no period passes without points.
    """
    if before is None or before.period < 1:
        return ""
    if played_out(before) and state.phase.off:
        return f"said to be {state.phase.value} after its end"
    if state.phase is not Phase.FINAL:
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
    if exchanged(before, state):
        return f"the final exchanges the points of {game.away} and {game.home} as they were seen"
    return _other_points(before, state, most) or _unplayed(before, state)


def played_out(state: GameState) -> bool:
    """Whether a game is over by what was seen of it, be it called final or not."""
    if state.phase is Phase.FINAL:
        return True
    return state.phase is Phase.BREAK and state.played_out and not state.drawn


def _other_points(before: GameState, final: GameState, most: float) -> str:
    """Which period that was over has other points in a final than were seen; empty if none.

    In the period with which the game ended, up to `most` may be a mistake like that in its score.
    """
    was, now = _over(before, before.periods), _over(before, final.periods)
    last = before.period if before.played_out and final.period == before.period else 0
    for number, (old, new) in enumerate(zip(was, now, strict=False), 1):
        differ = max(abs(old.home - new.home), abs(old.away - new.away))
        if differ > (most if number == last else CORRECTION):
            name = final.game.rules.period_name(number)
            return f"the final says {new.text} in {name}; {old.text} was seen"
    return ""


def _unplayed(before: GameState, final: GameState) -> str:
    """Which period since the state `before` has no points in a final; empty if none."""
    if final.score != before.score or not keeps_clock(before):
        return ""
    for number, points in enumerate(final.periods or (), 1):
        if number > before.period and points.total == 0:
            return f"the final has no points in {final.game.rules.period_name(number)}"
    return ""


def _over(before: GameState, periods: Sequence[Score] | None) -> tuple[Score, ...]:
    """The points of the periods that were over in the state `before`; none where not known."""
    over = before.period - (0 if before.phase is Phase.BREAK and before.clock == 0 else 1)
    return tuple(periods or ())[: max(over, 0)]


def exchanged(before: GameState, state: GameState) -> bool:
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


def doubted(box: GameState, before: GameState) -> list[PlayerLine]:
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


# ------------------------------------------------------------------------- the cost of requests


@dataclass(frozen=True, slots=True)
class Usage:
    """Requests to a host since the start. `budget` is the most in a minute of the clock.

    `asked` counts requests and `answered` those that brought a document. `last_minute` counts the
    requests of the last 60 s, `busiest_minute` the most in any 60 s, `size` the bytes of all bodies
    once decoded, and `troubles` the failures by kind.
    """

    host: str
    budget: int
    asked: int
    answered: int
    last_minute: int
    busiest_minute: int
    size: int
    troubles: tuple[tuple[str, int], ...]

    @property
    def failed(self) -> int:
        """Requests that brought no document."""
        return sum(count for _, count in self.troubles)


@dataclass(frozen=True, slots=True)
class Credit:
    """The cost, in credits, of one request to a paid source; `refused` says why one was not sent.

    `planned` is the expected cost, `cost` the actual one. `used` and `remaining` are the source's
    own count for the month, None where it gives none.
    """

    provider: str
    at: datetime
    purpose: str
    planned: int
    cost: int = 0
    used: int | None = None
    remaining: int | None = None
    path: str = ""
    refused: str | None = None


class Purpose(StrEnum):
    """What a request for quotes is bought for, the most needed first.

    `OWN` is for the markets of one game that are not featured: players, halves, team totals.
    """

    CLOSE = "close"
    OWN = "own markets"
    AGAIN = "close, as the tip-off slid"
    LOOK = "look"


@dataclass(frozen=True, slots=True)
class Purchase:
    """A request for quotes that is to be bought. `due` is when, unless a countdown says better."""

    purpose: Purpose
    league: str
    games: tuple[str, ...]
    names: tuple[str, ...]
    markets: tuple[str, ...]
    planned: int
    due: datetime

    @property
    def what(self) -> str:
        """The purpose and games in a few words: `close LAL@DEN, BOS@NYK`."""
        return f"{self.purpose.value} {', '.join(self.names)}"
