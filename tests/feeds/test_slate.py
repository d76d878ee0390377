"""Promises of the slate: the games that are known, and never "no games" for lack of an answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.doubles.clock import FakeClock
from tests.feeds.serving import Site, changed, document, encoded, fixture, live_game
from tracker.feeds import nba
from tracker.feeds.polling import Feed
from tracker.feeds.slates import Slate

BOARD = nba.board_path()
SCHEDULE, VARIANT = nba.SOURCE.schedule_paths


def next_week() -> bytes:
    """The schedule, moved so that it begins on the day after the test's evening."""
    body = document("schedule_2023-24")
    for number, day in enumerate(body["leagueSchedule"]["gameDates"]):
        for game in day["games"]:
            game["gameDateTimeUTC"] = f"2023-04-{22 + 3 * number}T23:30:00Z"
            game["gameCode"] = None
    return encoded(body)


@pytest.fixture
def slate(feed: Feed, clock: FakeClock) -> Slate:
    """The slate of the test's source."""
    return Slate(feed, clock)


async def test_tonight_and_the_days_around_it(site: Site, slate: Slate) -> None:
    """The games of board and schedule, each once, by tip-off; far ones are left out."""
    site.put(BOARD, fixture("scoreboard_live_2023-04-20"))
    site.put(SCHEDULE, next_week())
    reading = await slate.read()
    assert [x.name for x in reading.games[:3]] == ["PHI@BKN", "SAC@GSW", "PHX@LAC"]
    assert len(reading.games) == 8
    assert [x.game_clock for x in reading.states] == ["Q2 7:15", "Q1 6:05", "Final"]
    assert (reading.from_schedule, reading.troubles, reading.blind) == (True, (), False)


async def test_games_far_away_are_not_kept(site: Site, slate: Slate) -> None:
    """Only games within a week of now are kept."""
    site.put(BOARD, fixture("scoreboard_live_2023-04-20"))
    site.put(SCHEDULE, fixture("schedule_2023-24"))
    reading = await slate.read()
    assert len(reading.games) == 3
    assert reading.from_schedule


async def test_the_board_knows_better(site: Site, slate: Slate) -> None:
    """Where board and schedule differ on a tip-off, the board's counts."""
    body = document("schedule_2023-24")
    game = body["leagueSchedule"]["gameDates"][0]["games"][0]
    game.update(gameId="0042200163", gameDateTimeUTC="2023-04-22T01:00:00Z", gameCode=None)
    site.put(SCHEDULE, encoded(body))
    site.board(live_game())
    (found,) = (await slate.read()).games
    assert found.start == datetime(2023, 4, 21, 2, tzinfo=UTC)


async def test_the_other_name_of_the_schedule(site: Site, slate: Slate) -> None:
    """When the schedule is not at its usual path, its second path is tried."""
    site.board(live_game())
    site.put(VARIANT, next_week())
    reading = await slate.read()
    assert site.asked == [BOARD, SCHEDULE, VARIANT]
    assert reading.from_schedule


async def test_the_schedule_is_read_once_an_hour(
    site: Site, slate: Slate, clock: FakeClock
) -> None:
    """The schedule is read once an hour, and again five minutes after a failure."""
    site.board(live_game())
    reading = await slate.read()
    assert not reading.from_schedule
    assert reading.troubles
    await slate.read()
    assert site.count(SCHEDULE) == 1
    await clock.advance(301.0)
    site.put(SCHEDULE, next_week())
    assert (await slate.read()).troubles == ()
    await clock.advance(3590.0)
    await slate.read()
    assert site.count(SCHEDULE) == 2
    await clock.advance(11.0)
    await slate.read()
    assert site.count(SCHEDULE) == 3
    clock.suspend(86_400)
    await slate.read()
    assert site.count(SCHEDULE) == 4, "a sleep counts"


async def test_a_schedule_that_is_not_there_is_asked_for_less_and_less(
    site: Site, slate: Slate, clock: FakeClock
) -> None:
    """Retries come after 5, 10, 20 and 40 minutes, then hourly: a dozen in half a day."""
    site.board(live_game())
    for _ in range(12 * 60):
        await slate.read()
        await clock.advance(60.0)
    assert 12 <= site.count(SCHEDULE) <= 16


async def test_no_answer_is_never_no_games(site: Site, slate: Slate, clock: FakeClock) -> None:
    """Without any answer the slate is blind; later, known games stay, with the trouble."""
    reading = await slate.read()
    assert (reading.blind, reading.games) == (True, ())
    assert len(reading.troubles) == 2
    site.board(live_game())
    await clock.advance(60.0)
    assert not (await slate.read()).blind
    site.deny(BOARD)
    await clock.advance(60.0)
    reading = await slate.read()
    assert [x.name for x in reading.games] == ["SAC@GSW"]
    assert reading.troubles
    assert not reading.blind


async def test_an_empty_board_is_no_trouble(site: Site, slate: Slate) -> None:
    """An empty board is a day without games."""
    site.board()
    site.put(SCHEDULE, fixture("schedule_2023-24"))
    reading = await slate.read()
    assert (reading.games, reading.blind, reading.troubles) == ((), False, ())


async def test_a_game_that_cannot_be_read_is_still_a_game(site: Site, slate: Slate) -> None:
    """A game without a readable state is on the slate, and its problem among the troubles."""
    site.put(SCHEDULE, fixture("schedule_2023-24"))
    site.board(changed(live_game(), home__score=None))
    reading = await slate.read()
    assert ([x.name for x in reading.games], reading.states) == (["SAC@GSW"], ())
    (trouble,) = reading.troubles
    assert trouble == "SAC@GSW: scoreboard.games[0].homeTeam.score is missing"
