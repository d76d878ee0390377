"""Promises of the slates: every wanted league, each game once, whichever source reports it."""

from __future__ import annotations

from typing import Any

from tests.doubles.clock import FakeClock
from tests.feeds.espn_pages import board
from tests.feeds.serving import Site, box_of, changed, fixture, live_game
from tests.feeds.test_failover import AT_ESPN, GAME, theirs
from tracker.domain.game import GameState
from tracker.feeds import nba
from tracker.feeds.espn import espn_source
from tracker.feeds.feeds import Feeds
from tracker.feeds.polling import LookUp

MEN = "/apis/site/v2/sports/basketball/mens-college-basketball/scoreboard"
SCHEDULE = nba.SOURCE.schedule_paths[0]


def ncaa() -> dict[str, Any]:
    """A college game."""
    return theirs(
        "5:00",
        "39-30",
        game__format={"regulation": {"periods": 2}},
        home_team__abbreviation="KU",
        home_team__displayName="Kansas Jayhawks",
        away_team__abbreviation="DUKE",
        away_team__displayName="Duke Blue Devils",
    )


async def test_while_the_league_tells_nobody_else_is_asked(
    site: Site, espn: Site, feeds: Feeds
) -> None:
    """With the NBA's board and schedule read, ESPN is not asked."""
    site.board(live_game())
    site.put(SCHEDULE, fixture("schedule_2023-24"))
    reading = await feeds.slates().read()
    assert [(x.id, x.name) for x in reading.games] == [(GAME.id, "SAC@GSW")]
    assert espn.asked == []


async def test_a_blocked_league_is_told_of_by_espn(site: Site, espn: Site, feeds: Feeds) -> None:
    """Tonight's games and those of the days around come from ESPN, under its ids."""
    espn.put(AT_ESPN, board(theirs("7:15", "39-30")))
    reading = await feeds.slates().read()
    assert [(x.id, x.name) for x in reading.games] == [("401474846", "SAC@GSW")]
    assert [x.game_clock for x in reading.states] == ["Q2 7:15"]
    assert (reading.blind, reading.answered, reading.from_schedule) == (False, True, True)
    assert all(x.startswith("nba: ") for x in reading.troubles)
    assert len(espn.asked) == 4


async def test_one_game_stays_one_when_the_league_comes_back(
    site: Site, espn: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """A game first reported by ESPN keeps its id when the league reports it; both can be asked."""
    espn.put(AT_ESPN, board(theirs("7:15", "39-30")))
    slates = feeds.slates()
    (game,) = (await slates.read()).games
    site.board(live_game())
    site.put(SCHEDULE, fixture("schedule_2023-24"))
    await clock.advance(3600.0)
    reading = await slates.read()
    assert [x.id for x in reading.games] == [game.id]
    assert [x.game.id for x in reading.states] == [game.id]
    answer = await feeds.read(game, LookUp.EITHER, 5.0)
    assert isinstance(answer.reading, GameState)
    assert (answer.source, answer.reading.game.id) == ("nba", game.id)
    site.put(nba.box_path(GAME.id), box_of(live_game()))
    answer = await feeds.read(game, LookUp.BOX, 5.0)
    assert isinstance(answer.reading, GameState)
    assert (answer.source, answer.path) == ("nba", nba.box_path(GAME.id))
    assert answer.reading.game.id == game.id


async def test_ids_hold_over_a_restart(site: Site, feeds: Feeds) -> None:
    """With the stored games given, the league's game is found under ESPN's id."""
    ((reported, _),) = espn_source("nba").parse_board(board(theirs("7:15", "39-30"))).games
    site.board(live_game())
    reading = await feeds.slates(known=[reported]).read()
    assert [x.id for x in reading.games] == [reported.id]


async def test_only_leagues_that_are_wanted_are_asked(
    site: Site, espn: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """Colleges, from ESPN, are asked for only once a bet needs them.

    Their boards are those of yesterday, today and the two days ahead.
    """
    site.board(live_game())
    site.put(SCHEDULE, fixture("schedule_2023-24"))
    espn.put(MEN, board(ncaa()))
    wanted = {"nba"}
    slates = feeds.slates(lambda: wanted)
    assert [x.league for x in (await slates.read()).games] == ["nba"]
    assert espn.asked == []
    wanted.add("ncaam")
    reading = await slates.read()
    assert [x.name for x in reading.games if x.league == "ncaam"] == ["DUKE@KU"]
    assert espn.asked == [MEN] * 4
    answer = await feeds.read(
        next(x for x in reading.games if x.league == "ncaam"), LookUp.EITHER, 5.0
    )
    assert isinstance(answer.reading, GameState)
    assert answer.reading.game_clock == "2H 5:00"


async def test_boards_alone(site: Site, feeds: Feeds) -> None:
    """Without the schedule only the boards are read, so that a person need not wait."""
    site.board(live_game())
    reading = await feeds.slates().read(schedule=False)
    assert [x.name for x in reading.games] == ["SAC@GSW"]
    assert (reading.from_schedule, reading.answered) == (False, True)
    assert len(site.asked) == 1


async def test_nothing_known_is_not_no_games(feeds: Feeds) -> None:
    """When both sources refuse, the slate is blind, with a sentence for each."""
    reading = await feeds.slates().read()
    assert (reading.blind, reading.games, reading.answered) == (True, (), False)
    assert {x.partition(":")[0] for x in reading.troubles} == {"nba", "espn nba"}


async def test_a_board_of_before_tells_no_state_beside_a_newer_one(
    site: Site, espn: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """While the primary does not answer, its last board yields to the stand-in's new one."""
    slates = feeds.slates()
    site.board(live_game())
    site.put(SCHEDULE, fixture("schedule_2023-24"))
    await slates.read()
    site.deny(nba.board_path())
    espn.put(AT_ESPN, board(theirs("2:00", "55-50")))
    await clock.advance(60.0)
    reading = await slates.read(schedule=False)
    assert [(x.game.id, x.game_clock) for x in reading.states] == [(GAME.id, "Q2 2:00")]


async def test_a_date_far_off_makes_no_game_forgotten(
    site: Site, espn: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """One entry with an absurd date leaves the ids of all other games in force."""
    slates = feeds.slates()
    espn.put(AT_ESPN, board(theirs("7:15", "39-30")))
    (first,) = (await slates.read()).games
    far = changed(
        live_game(),
        gameId="0042200999",
        gameTimeUTC="2099-01-01T00:00:00Z",
        gameCode="20990101/BOSNYK",
    )
    site.board(live_game(), changed(far, home__teamTricode="NYK", away__teamTricode="BOS"))
    await clock.advance(60.0)
    await slates.read(schedule=False)
    await clock.advance(60.0)
    reading = await slates.read(schedule=False)
    assert [x.id for x in reading.games] == [first.id]
    assert first.id in [x.game.id for x in reading.states]
