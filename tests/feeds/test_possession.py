"""Promises of possession: who has the ball or free throws late, from plays of the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.doubles.clock import FakeClock
from tests.feeds.serving import Site, board_of, changed, document, encoded, live_game, serving
from tracker.domain.game import FreeThrows, GameState, Side
from tracker.feeds import Ball, FeedMalformed, nba
from tracker.feeds.feeds import Feeds, open_feeds
from tracker.feeds.nba import parse_plays, plays_path
from tracker.feeds.polling import LookUp
from tracker.settings.models import FeedSettings, FeedsSettings

PLAYS = document("plays_0022000001")
GSW, BKN = 1610612744, 1610612751


def after(number: int, **values: object) -> bytes:
    """The recorded end of a game up to an action by its position, with the last one changed."""
    actions: list[dict[str, Any]] = [dict(x) for x in PLAYS["game"]["actions"][: number + 1]]
    actions[-1].update(values)
    return encoded({"game": {"gameId": "0022000001", "actions": actions}})


@pytest.mark.parametrize(
    ("number", "team"),
    [
        (2, None),  # a three is in the air
        (3, "GSW"),  # and rebounded
        (4, "BKN"),  # two points for Golden State
        (9, "GSW"),  # three points for Brooklyn
        (15, "GSW"),  # a foul on Golden State
        (16, "GSW"),  # one of two throws
        (18, None),  # the second one missed
        (19, "BKN"),  # and rebounded
        (20, "GSW"),  # Brooklyn lose the ball
        (23, "BKN"),  # the last basket
    ],
)
def test_who_has_the_ball(number: int, team: str | None) -> None:
    """A basket, a last free throw and a turnover give the ball away; after a miss it is loose."""
    ball = parse_plays(after(number), "nba")
    assert ball is not None
    assert (ball.team, ball.period) == (team, 4)


@pytest.mark.parametrize(
    ("number", "values", "throws"),
    [
        (14, {}, 0),  # a basket
        (15, {}, 2),  # a shooting foul
        (15, {"qualifiers": ["inpenalty"]}, 0),  # a foul that gives none
        (15, {"qualifiers": "2freethrow"}, 0),
        (15, {"subType": "technical", "possession": 0}, 0),  # nobody knows whose ball it stays
        (16, {}, 1),  # one of two
        (16, {"subType": "1 of 1"}, 0),
        (16, {"descriptor": "technical"}, 0),
        (17, {}, 1),  # the dead ball after it
        (17, {"qualifiers": ["team"]}, 0),  # a rebound in play
        (17, {"actionType": "timeout", "subType": "full"}, 1),
        (17, {"actionType": "instantreplay", "subType": "request"}, 1),
        (17, {"actionType": "violation", "subType": "delay-of-game"}, 1),
        (17, {"clock": "PT00M37.00S"}, 0),  # the clock has run
        (18, {}, 0),  # two of two
    ],
)
def test_free_throws_to_come(number: int, values: dict[str, object], throws: int) -> None:
    """A foul says how many it gives and a throw how many follow, as long as the clock stands."""
    ball = parse_plays(after(number, **values), "nba")
    assert ball is not None
    assert ball.throws == throws
    assert (ball.shooter == "1630164") == bool(throws)
    assert not throws or ball.team == "GSW"


def then(foul: dict[str, Any], *actions: dict[str, Any]) -> Ball:
    """What is told after a changed foul of Brooklyn, and then other actions at its clock."""
    first = dict(PLAYS["game"]["actions"][15]) | foul
    rest = [
        dict(PLAYS["game"]["actions"][16]) | {"orderNumber": 7000000 + n, "shotResult": None} | x
        for n, x in enumerate(actions)
    ]
    other = dict(PLAYS["game"]["actions"][10])
    body = {"game": {"gameId": "0022000001", "actions": [other, first, *rest]}}
    ball = parse_plays(encoded(body), "nba")
    assert ball is not None
    return ball


FLAGRANT: dict[str, Any] = {"descriptor": "flagrant-type-1", "possession": BKN}
TECHNICAL: dict[str, Any] = {
    "subType": "technical", "qualifiers": ["1freethrow"], "possession": BKN,
}  # fmt: skip
SUBSTITUTION: dict[str, Any] = {"actionType": "substitution", "subType": "in", "possession": BKN}
FIRST: dict[str, Any] = {"actionType": "freethrow", "subType": "1 of 2", "descriptor": "flagrant"}
LAST: dict[str, Any] = {"actionType": "freethrow", "subType": "1 of 1", "shotResult": "Missed"}


@pytest.mark.parametrize(
    ("foul", "actions", "throws", "kept"),
    [
        (FLAGRANT, [], 2, "GSW"),
        (FLAGRANT, [SUBSTITUTION], 2, "GSW"),
        (FLAGRANT, [FIRST], 1, "GSW"),
        ({"descriptor": "away-from-play", "qualifiers": ["1freethrow"]}, [], 1, "GSW"),
        (TECHNICAL, [], 1, "BKN"),
        (TECHNICAL, [SUBSTITUTION], 1, "BKN"),
        ({}, [TECHNICAL | {"actionType": "foul"}], 0, None),  # which are shot first?
    ],
)
def test_throws_after_which_a_side_keeps_the_ball(
    foul: dict[str, Any], actions: list[dict[str, Any]], throws: int, kept: str | None
) -> None:
    """A side that is fouled flagrantly or off the ball keeps it; a technical foul moves no ball."""
    ball = then(foul, *actions)
    assert (ball.throws, ball.kept) == (throws, kept)
    assert not throws or ball.team == "GSW"


@pytest.mark.parametrize(
    ("foul", "actions", "team"),
    [
        (FLAGRANT, [LAST | {"descriptor": "flagrant"}], "GSW"),
        (TECHNICAL, [LAST | {"descriptor": "technical"}], "BKN"),
        (FLAGRANT | {"qualifiers": []}, [], "GSW"),
        ({"actionType": "violation", "subType": "defensive goaltending"}, [], "BKN"),
        ({}, [SUBSTITUTION | {"qualifiers": ["startperiod"], "clock": "PT05M00.00S"}], None),
        ({}, [SUBSTITUTION | {"actionType": "period", "subType": "start"}], None),
    ],
)
def test_whose_ball_it_is_where_the_feed_names_the_other_side(
    foul: dict[str, Any], actions: list[dict[str, Any]], team: str | None
) -> None:
    """A flagrant foul and a goaltending are not theirs who have the ball in the feed's figures."""
    ball = then(foul, *actions)
    assert (ball.team, ball.throws) == (team, 0)


def test_a_foul_under_a_challenge_may_be_taken_back() -> None:
    """Its throws are told as reviewed, until the first of them is shot."""
    challenge = {"actionType": "timeout", "subType": "challenge"}
    ball = then({}, challenge, SUBSTITUTION)
    assert (ball.team, ball.throws, ball.reviewed) == ("GSW", 2, True)
    ball = then({}, challenge, FIRST | {"descriptor": None})
    assert (ball.team, ball.throws, ball.reviewed) == ("GSW", 1, False)


def test_the_order_is_not_that_of_the_document() -> None:
    """Actions are ordered by their order number, even those that were entered late."""
    late = {"orderNumber": 6725000, "actionType": "substitution", "teamId": BKN}
    ball = parse_plays(after(3, **late), "nba")
    assert ball is not None
    assert (ball.team, ball.clock) == (None, 127.0)


def test_before_the_first_action() -> None:
    """Nobody has the ball, and that is no error."""
    assert parse_plays(encoded({"game": {"gameId": "0022000001", "actions": []}}), "nba") is None


@pytest.mark.parametrize(
    "values",
    [{"scoreHome": 125}, {"scoreAway": "x"}, {"clock": ""}, {"period": 0}, {"orderNumber": None}],
)
def test_what_cannot_be_believed_names_its_field(values: dict[str, object]) -> None:
    """A score that is no text, or a missing clock, is an error that names its field."""
    with pytest.raises(FeedMalformed, match=next(iter(values))):
        parse_plays(after(5, **values), "nba")


GAME = nba.SOURCE.parse_board(board_of(live_game())).games[0][0]
PATH = plays_path(GAME.id)
LATE: dict[str, object] = {
    "period": 4,
    "home__periods": None,
    "away__periods": None,
    "gameClock": "PT01M50.00S",
    "gameStatusText": "Q4 01:50",
}


def plays(clock: str, home: int, away: int, what: dict[str, object] | None = None) -> bytes:
    """A rebound by Sacramento, the visitors, or something else, at a clock and a score."""
    action = dict(PLAYS["game"]["actions"][3])
    action |= {"clock": clock, "scoreHome": str(home), "scoreAway": str(away)}
    action |= {"teamId": 7, "teamTricode": "SAC", "possession": 7} | (what or {})
    return encoded({"game": {"gameId": GAME.id, "actions": [action]}})


@pytest.fixture
async def feeds(site: Site, clock: FakeClock) -> AsyncIterator[Feeds]:
    """The league's source alone, with a budget of twenty requests a minute."""
    host = FeedSettings(base_url=site.url, requests_per_minute=20)
    async with serving() as other:
        espn = FeedSettings(base_url=other.url, requests_per_minute=20)
        settings = FeedsSettings(nba=host, wnba=host, espn=espn)
        async with open_feeds(settings, clock, deadline_s=2.0) as opened:
            yield opened


async def polled(feeds: Feeds, clock: FakeClock) -> GameState:
    """What a poll one second later reports."""
    await clock.advance(1.0)
    answer = await feeds.read(GAME, LookUp.EITHER, 0.0)
    assert isinstance(answer.reading, GameState), answer
    return answer.reading


async def ball(feeds: Feeds, clock: FakeClock) -> Side | None:
    """Who has the ball by a poll one second later."""
    return (await polled(feeds, clock)).possession


async def test_in_the_last_five_minutes_the_plays_are_asked(
    site: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """The plays are not asked for earlier, nor in a break, where the ball moves no chance."""
    site.put(PATH, plays("PT04M58.00S", 39, 30))
    site.board(live_game())
    assert await ball(feeds, clock) is None
    site.board(changed(live_game(), **LATE | {"gameClock": "PT05M01.00S"}))
    assert await ball(feeds, clock) is None
    assert site.count(PATH) == 0
    site.board(changed(live_game(), **LATE | {"gameClock": "PT04M57.00S"}))
    assert await ball(feeds, clock) is Side.AWAY
    assert site.count(PATH) == 1


@pytest.mark.parametrize(
    ("clock_told", "home", "away"),
    [
        ("PT01M55.00S", 41, 30),  # a basket that the board does not have yet
        ("PT01M47.00S", 39, 30),  # ahead of the board
        ("PT02M15.00S", 39, 30),  # longer ago than a possession lasts
    ],
)
async def test_plays_of_another_moment_tell_nothing(
    site: Site, feeds: Feeds, clock: FakeClock, clock_told: str, home: int, away: int
) -> None:
    """Where score or clock differ, the ball is unknown."""
    site.board(changed(live_game(), **LATE))
    site.put(PATH, plays(clock_told, home, away))
    assert await ball(feeds, clock) is None


async def test_the_score_never_waits_for_the_ball(
    site: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """Plays that hang or are refused cost at most a second, and are not asked for a minute."""

    async def hang(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    site.board(changed(live_game(), **LATE))
    site.pages[PATH] = hang
    assert await asyncio.wait_for(ball(feeds, clock), 1.9) is None
    site.put(PATH, plays("PT01M55.00S", 39, 30))
    assert await ball(feeds, clock) is None
    await clock.advance(61.0)
    assert await ball(feeds, clock) is Side.AWAY


@pytest.mark.parametrize(("board", "asked"), [("PT01M50.00S", 5), ("PT02M10.00S", 3)])
async def test_the_budget_is_kept_for_scores(
    site: Site, feeds: Feeds, clock: FakeClock, board: str, asked: int
) -> None:
    """Once half of a minute's requests are used, plays are not asked for, and earlier at 2:00."""
    site.board(changed(live_game(), **LATE | {"gameClock": board}))
    site.put(PATH, plays("PT02M15.00S", 39, 30))
    for _ in range(9):
        await ball(feeds, clock)
    assert site.count(PATH) == asked


@pytest.mark.parametrize(
    ("clock_told", "possession", "throws"),
    [
        ("PT01M50.00S", Side.AWAY, FreeThrows(Side.AWAY, 1, "8")),
        ("PT01M50.70S", Side.AWAY, FreeThrows(Side.AWAY, 1, "8")),  # in whole seconds on the board
        ("PT01M55.00S", None, None),  # the clock has run since
    ],
)
async def test_throws_come_only_while_the_clock_stands(
    site: Site,
    feeds: Feeds,
    clock: FakeClock,
    clock_told: str,
    possession: Side | None,
    throws: FreeThrows | None,
) -> None:
    """Where the board's clock has run on, the throws are over and the ball is unknown."""
    site.board(changed(live_game(), **LATE))
    throw = {"actionType": "freethrow", "subType": "1 of 2", "shotResult": "Made", "personId": 8}
    site.put(PATH, plays(clock_told, 39, 30, throw))
    state = await polled(feeds, clock)
    assert (state.possession, state.throws) == (possession, throws)


async def test_free_throws_to_come_hold_while_nothing_moves(
    site: Site, feeds: Feeds, clock: FakeClock
) -> None:
    """Plays that are ahead or cannot be asked move no chance until the board moves."""
    site.board(changed(live_game(), **LATE))
    throw = {"actionType": "freethrow", "subType": "1 of 2", "shotResult": "Made", "personId": 8}
    site.put(PATH, plays("PT01M50.00S", 39, 30, throw))
    before = await polled(feeds, clock)
    site.put(PATH, plays("PT01M50.00S", 39, 31, throw | {"subType": "2 of 2"}))
    assert await polled(feeds, clock) == before
    del site.pages[PATH]
    assert [await polled(feeds, clock) for _ in range(2)] == [before, before]
    site.board(changed(live_game(), **LATE | {"gameClock": "PT01M49.00S"}))
    state = await polled(feeds, clock)
    assert (state.possession, state.throws) == (None, None)
    missed = {**throw, "subType": "2 of 2", "shotResult": "Missed"}
    site.put(PATH, plays("PT01M49.00S", 39, 30, missed))
    await clock.advance(61.0)
    assert (await polled(feeds, clock)).throws is None
