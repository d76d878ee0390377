"""Promises of the cadence: how long a game may go without a poll."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feeds.serving import dice
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.poll import FIRST_CHECK_AFTER, GameStanding, Trouble, check_times
from tracker.feeds.polling import cadence
from tracker.feeds.polling.cadence import backoff, jittered, next_wait

START = datetime(2026, 1, 30, 0, 30, tzinfo=UTC)
GAME = Game("0022500680", "nba", "PHI", "SAC", START)
LOOKS = timedelta(seconds=cadence.FINAL_LOOKS_S)
BUZZER = START + timedelta(hours=2, minutes=20)


def standing(phase: Phase, period: int = 0, clock: float = 0.0, **more: object) -> GameStanding:
    """The standing of a game in this state."""
    score = Score(50, 48) if period else Score(0, 0)
    state = GameState(GAME, phase, period, 720.0 if not period else clock, score)
    return replace(GameStanding(GAME, state), **more)  # type: ignore[arg-type]


def wait_before(minutes: float) -> float:
    """The wait this many minutes before tip-off."""
    return next_wait(standing(Phase.SCHEDULED), START - timedelta(minutes=minutes))


def test_asleep_until_shortly_before_tip_off() -> None:
    """Polls come hourly at first, then every five minutes, then every minute before tip-off."""
    assert wait_before(24 * 60) == 3600
    assert wait_before(60) == 30 * 60
    assert wait_before(29) == 5 * 60
    assert wait_before(8) == 3 * 60
    assert wait_before(4) == 60
    assert wait_before(-1) == 20
    assert wait_before(-200) == 5 * 60


def test_a_game_that_nothing_is_known_of_goes_by_its_start() -> None:
    """Without a state, the scheduled tip-off counts."""
    now = START - timedelta(hours=5)
    assert next_wait(GameStanding(GAME), now) == next_wait(standing(Phase.SCHEDULED), now)


def test_a_moved_tip_off_counts() -> None:
    """The tip-off that the feed reported last counts, not the one known when the bet was made."""
    moved = replace(GAME, start=START + timedelta(minutes=90))
    state = GameState(moved, Phase.SCHEDULED, 0, 720.0, Score(0, 0))
    assert next_wait(GameStanding(GAME, state), START) == 60 * 60


@pytest.mark.parametrize(
    ("phase", "period", "clock", "wait"),
    [
        (Phase.LIVE, 1, 600.0, 10),
        (Phase.LIVE, 4, 121.0, 10),
        (Phase.LIVE, 4, 120.0, 5),
        (Phase.LIVE, 3, 20.0, 10),
        (Phase.LIVE, 5, 299.0, 5),
        (Phase.BREAK, 1, 0.0, 15),
        (Phase.BREAK, 2, 0.0, 30),
        (Phase.BREAK, 3, 0.0, 15),
        (Phase.BREAK, 4, 0.0, 10),
        (Phase.BREAK, 5, 0.0, 10),
        (Phase.SUSPENDED, 2, 100.0, 60),
        (Phase.FINAL, 4, 0.0, 60),
        (Phase.POSTPONED, 0, 0.0, 1800),
        (Phase.CANCELLED, 0, 0.0, 1800),
    ],
)
def test_the_pace_of_each_phase(phase: Phase, period: int, clock: float, wait: float) -> None:
    """Ten seconds in play, five at the end and in overtime, slower when the game stands."""
    assert next_wait(standing(phase, period, clock), BUZZER) == wait


def test_long_pauses() -> None:
    """Late in halftime the pace is live again; an hour's suspension slows the polls down."""
    half = standing(Phase.BREAK, 2)
    assert next_wait(half, BUZZER, paused_s=719) == 30
    assert next_wait(half, BUZZER, paused_s=720) == 10
    assert next_wait(standing(Phase.SUSPENDED, 2), BUZZER, paused_s=3600) == 300


def test_a_settled_game_is_looked_at_until_its_box_is_official() -> None:
    """Its box is read every half-hour, after its rewrite and after noon Eastern, then no more."""
    done, now = standing(Phase.FINAL, 4, final_at=BUZZER, settled=True), BUZZER + LOOKS
    polls = []
    while now - BUZZER < FIRST_CHECK_AFTER:
        now += timedelta(seconds=next_wait(done, now))
        polls.append((now - BUZZER).total_seconds() / 60)
    assert polls == [40, 70, 100, 130, 135.5]
    assert next_wait(replace(done, changed=True), BUZZER + timedelta(hours=1)) == 60
    second = now + timedelta(seconds=next_wait(replace(done, checks=1), now))
    assert second == datetime(2026, 1, 30, 17, 10, 30, tzinfo=UTC)
    assert next_wait(replace(done, checks=2), second) == cadence.DONE_S
    assert next_wait(done, BUZZER + timedelta(hours=3)) == 60


def test_a_game_that_was_called_over_is_polled_for_another_ten_minutes() -> None:
    """A `Final` by mistake costs no alert of what is still played, although it was confirmed."""
    done = standing(Phase.FINAL, 4, final_at=BUZZER, settled=True)
    for minutes in (0, 1, 9, -1):
        assert next_wait(done, BUZZER + timedelta(minutes=minutes)) == 60


def test_a_game_that_was_just_called_off_is_looked_at_again_soon() -> None:
    """A `Postponed` by mistake costs five minutes of the game, not half an hour."""
    called_off = standing(Phase.POSTPONED, final_at=BUZZER)
    waits = [next_wait(called_off, BUZZER + timedelta(minutes=x)) for x in (0, 59, 60)]
    assert waits == [300, 300, 1800]


def test_noon_eastern_follows_the_summer_time() -> None:
    """Noon in New York is meant, before and after the clocks change."""
    buzzer = datetime(2026, 3, 8, 3, 0, tzinfo=UTC)
    done = standing(Phase.FINAL, 4, final_at=buzzer, settled=True, checks=1)
    assert check_times(buzzer)[1] == datetime(2026, 3, 8, 16, 10, tzinfo=UTC)
    now = buzzer + timedelta(hours=3)
    assert next_wait(done, now) == timedelta(hours=10, minutes=10, seconds=30).total_seconds()


def test_backing_off() -> None:
    """10 s, doubling to 5 min; 8 s in play; `Retry-After` is obeyed up to an hour."""
    assert [backoff(n) for n in (0, 1, 2, 3, 4, 5, 6, 1000)] == [0, 10, 20, 40, 80, 160, 300, 300]
    blocked = [backoff(n, trouble=Trouble.BLOCKED) for n in (0, 1, 2, 5)]
    assert blocked == [0, 20, 40, 300]
    assert [backoff(n, urgent=True) for n in (0, 1, 2, 9)] == [0, 8, 8, 8]
    assert backoff(1, trouble=Trouble.RATE_LIMITED, urgent=True) == 30
    assert backoff(1, 45) == 45
    assert backoff(9, 45, urgent=True) == 45
    assert backoff(6, 45) == 300
    assert backoff(1, 1e9) == cadence.RETRY_AFTER_CAP_S


standings = st.builds(
    standing,
    st.sampled_from(Phase),
    st.integers(1, 8),
    st.floats(0, 300),
    final_at=st.one_of(st.none(), st.just(BUZZER)),
    settled=st.booleans(),
    checks=st.integers(0, 3),
)
instants = st.datetimes(datetime(2026, 1, 28), datetime(2026, 2, 3), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone


@given(
    standings,
    instants,
    st.integers(0, 50),
    st.one_of(st.none(), st.floats(allow_nan=False)),
    st.floats(0, 1e6),
)
def test_every_wait_is_sane(
    game: GameStanding, now: datetime, failures: int, asked: float | None, paused: float
) -> None:
    """A wait is at least a second, at most a few days, and never shorter for one more failure."""
    waits = [next_wait(game, now, failures + n, asked, paused_s=paused) for n in range(3)]
    assert all(cadence.SHORTEST_S <= x <= 4 * 86400 for x in waits)
    assert all(a <= b for a, b in pairwise(waits))
    assert waits[0] >= next_wait(game, now, 0, None, paused_s=paused)


@given(st.floats(1, 1e5), st.integers())
def test_jitter_is_small(seconds: float, seed: int) -> None:
    """Jitter is at most a tenth and half a minute; a wait that must not be early only grows."""
    moved = jittered(seconds, dice(seed)) - seconds
    assert -min(seconds / 10, 30) - 1e-9 <= moved <= 0
    assert jittered(seconds, dice(seed), never_early=True) >= seconds
