"""A recorded game has a state at any instant, and its states never contradict each other."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.replay import Actions, RecordedPhase, Recording, What
from tracker.replay.timeline import RecordedState, TeamState, Timeline, state_at, timeline

DAY = 24 * 3600 * 1000
ORDER = [RecordedPhase.BEFORE, RecordedPhase.PLAYING, RecordedPhase.BREAK, RecordedPhase.OVER]

instants = st.integers(-2 * DAY, 2 * DAY) | st.integers(600_000, 12_000_000)


def sides(state: RecordedState) -> list[TeamState]:
    """Both teams of a state."""
    return [state.home, state.away]


@given(at=instants, later=st.integers(0, DAY))
def test_scores_and_clocks_run_one_way(timelines: list[Timeline], at: int, later: int) -> None:
    """Points never fall, periods never go back, and the clock of a period only runs down."""
    for game in timelines:
        one, two = state_at(game, at), state_at(game, at + later)
        assert two.home.score >= one.home.score
        assert two.away.score >= one.away.score
        assert (two.period, -two.clock) >= (
            one.period,
            -one.clock,
        ) or one.phase is RecordedPhase.BEFORE
        assert one.at <= max(at, game.instants[0])
        assert two.phase is RecordedPhase.OVER or one.phase is not RecordedPhase.OVER


@given(at=instants)
def test_players_add_up_to_the_score(rosters: list[Timeline], at: int) -> None:
    """At any instant the periods and the players sum to the score, and five are on court."""
    for game in rosters:
        state = state_at(game, at)
        for side in sides(state):
            assert side.score == sum(side.periods) == sum(line.points for line in side.lines)
            assert all(
                line.points == 2 * line.twos + 3 * line.threes + line.frees for line in side.lines
            )
            assert len(side.periods) >= game.recording.rules.periods
            assert 0 <= side.timeouts <= 7


def test_five_are_on_court_whenever_the_clock_moves(rosters: list[Timeline]) -> None:
    """After substitutions five a side are on court when play goes on."""
    for game in rosters:
        for one, two in pairwise(game.states):
            if one.phase is RecordedPhase.PLAYING and one.clock > two.clock:
                assert [len(side.on_court) for side in sides(one)] == [5, 5]


def test_the_final_is_the_official_box(timelines: list[Timeline]) -> None:
    """The last state equals the official box in every figure."""
    for game in timelines:
        official = game.recording.official
        assert official is not None
        assert game.final.phase is RecordedPhase.OVER
        for team, side, box in zip(
            (game.recording.home, game.recording.away),
            sides(game.final),
            (official.home, official.away),
            strict=True,
        ):
            assert side.score == box.score
            assert side.periods == box.periods
            assert side.team == box.team
            lines = {p.id: line for p, line in zip(team.players, side.lines, strict=True)}
            assert {person: lines[person] for person in side.played} == dict(box.lines)


@pytest.mark.parametrize("name", ["SAC@PHI", "MIL@WAS", "HOU@ATL", "CHA@DAL", "LAC@LAL", "SAC@GSW"])
def test_what_the_actions_add_up_to_is_the_official_box(
    games: dict[str, Recording], name: str
) -> None:
    """Every figure that a bet may ask for is right even before the official box replaces it."""
    game = timeline(games[name])
    last = game.states[-2]
    counted = ("points", "threes", "assists", "steals", "blocks", "turnovers", "fouls", "rebounds")
    for side, final in zip(sides(last), sides(game.final), strict=True):
        assert side.periods == final.periods
        assert side.played == final.played
        assert side.on_court == final.on_court
        for line, box in zip(side.lines, final.lines, strict=True):
            assert [getattr(line, c) for c in counted] == [getattr(box, c) for c in counted]
            # Where the clock was kept in whole seconds, playing time is right to a second or so.
            slack = 0 if games[name].wall_clock == "recorded" else 110
            assert abs(line.time - box.time) <= slack


def test_timeouts_and_the_bonus_end_as_the_official_box_has_them(
    games: dict[str, Recording],
) -> None:
    """Both are computed from the actions by the rules, and end as the official box has them."""
    for name in ("SAC@PHI", "MIL@WAS", "HOU@ATL", "CHA@DAL", "LAC@LAL", "DET@POR"):
        game = timeline(games[name])
        for side, final in zip(sides(game.states[-2]), sides(game.final), strict=True):
            assert (side.timeouts, side.bonus) == (final.timeouts, final.bonus)


def test_a_break_lasts_until_the_next_period_begins(games: dict[str, Recording]) -> None:
    """At halftime the period is still the second with no time left, despite substitutions."""
    recording = games["LAC@LAL"]
    assert isinstance(recording.course, Actions)
    game = timeline(recording)
    starts = {r.period: r.at for r in recording.course.rows if r.what is What.START}
    ends = {r.period: r.at for r in recording.course.rows if r.what is What.END}
    assert starts[3] - ends[2] == 15 * 60 * 1000
    for at in (ends[2], starts[3] - 1000):
        state = state_at(game, at)
        assert (state.phase, state.period, state.clock) == (RecordedPhase.BREAK, 2, 0)
    assert state_at(game, starts[3]).phase is RecordedPhase.PLAYING


def test_an_overtime_adds_a_period_when_it_begins(games: dict[str, Recording]) -> None:
    """Regulation ends with four entries; the fifth comes with the overtime."""
    game = timeline(games["LAC@LAL"])
    tied = next(s for s in game.states if s.period == 4 and s.phase is RecordedPhase.BREAK)
    assert (tied.home.score, tied.away.score, len(tied.home.periods)) == (117, 117, 4)
    overtime = next(s for s in game.states if s.period == 5)
    assert overtime.home.periods == (24, 24, 39, 30, 0)
    assert game.final.home.periods == (24, 24, 39, 30, 13)


def test_bench_players_who_never_enter_have_not_played(games: dict[str, Recording]) -> None:
    """Players who stay on the bench are not counted as having played."""
    game = timeline(games["SAC@PHI"])
    bench = {p.id for p in games["SAC@PHI"].home.players if p.active} - game.final.home.played
    assert {p.last for p in games["SAC@PHI"].home.players if p.id in bench} == {
        "Gordon",
        "Grimes",
        "Lowry",
        "Walker",
        "Watford",
    }
