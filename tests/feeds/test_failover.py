"""Promises of two sources: one answers at a time, its age is known, and nothing goes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from tests.doubles.beliefs import Beliefs
from tests.doubles.clock import FakeClock
from tests.doubles.log import log_line
from tests.feeds.espn_pages import board, event, kind
from tests.feeds.serving import Site, box_of, changed, encoded, live_game, serving
from tracker.domain.events import PollHeld, SystemEvent
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.poll import Origin, Trouble, Unreadable
from tracker.domain.tracking import GameTracking, Ordering
from tracker.feeds import nba
from tracker.feeds.feeds import Feeds, open_feeds
from tracker.feeds.polling import FeedAnswer, LookUp
from tracker.settings.models import FeedSettings, FeedsSettings

GAME = nba.SOURCE.parse_box(box_of(live_game())).game
BOARD, BOX = nba.board_path(), nba.box_path(GAME.id)
AT_ESPN = "/apis/site/v2/sports/basketball/nba/scoreboard"
SUMMARY = "/apis/site/v2/sports/basketball/nba/summary"
Events = list[tuple[str, dict[str, str]]]


def theirs(clock: str, score: str, period: int = 2, **more: object) -> dict[str, Any]:
    """The game in ESPN's form."""
    home, away = score.split("-")
    return event(
        **{
            "game__date": "2023-04-21T02:00Z",
            "home_team__abbreviation": "GS",
            "home_team__displayName": "Golden State Warriors",
            "away_team__abbreviation": "SAC",
            "away_team__displayName": "Sacramento Kings",
            "home__score": home,
            "away__score": away,
            "home__linescores": [],
            "away__linescores": [],
            "status__displayClock": clock,
            "status__period": period,
            **more,
        }
    )


def ours(clock: str, score: str, period: int = 2) -> dict[str, Any]:
    """The game in the league's form."""
    home, away = (int(x) for x in score.split("-"))
    minutes, seconds = clock.split(":")
    return changed(
        live_game(),
        gameClock=f"PT{int(minutes):02}M{int(seconds):02}.00S",
        gameStatusText=f"Q{period} {clock}",
        period=period,
        home__score=home,
        away__score=away,
        home__periods=None,
        away__periods=None,
    )


class Pair:
    """Both sources on real servers, with a clock that the test moves."""

    def __init__(self, feeds: Feeds, league: Site, espn: Site, clock: FakeClock) -> None:
        self.feeds, self.league, self.espn, self.clock = feeds, league, espn, clock
        self.beliefs = Beliefs(GameTracking(GAME))

    async def read(self, after: float = 0.0, ask: LookUp = LookUp.EITHER) -> FeedAnswer:
        """Poll the game this many seconds later."""
        await self.clock.advance(after)
        answer = await self.feeds.read(GAME, ask, 5.0, self.beliefs.state)
        self.change = self.beliefs.take(answer)
        await self.settle()
        return answer

    async def settle(self) -> None:
        """Let a probe in the background finish."""
        for _ in range(50):
            if all(x.board.idle for listed in self.feeds.by_league.values() for x in listed):
                break
            await asyncio.wait({asyncio.create_task(asyncio.to_thread(lambda: None))}, timeout=0.05)

    async def told(self, after: float = 0.0) -> str:
        """The outcome of one poll: the source with clock and score, or the trouble.

        `behind` stands for a state that is not believed.
        """
        answer = await self.read(after)
        if isinstance(answer.reading, Unreadable):
            return answer.reading.trouble.value
        if self.change.ordering is Ordering.BEHIND:
            return "behind"
        score = answer.reading.score
        return f"{answer.source} {answer.reading.game_clock} {score.home}-{score.away}"


@pytest.fixture
async def pair(clock: FakeClock, events: list[tuple[str, dict[str, str]]]) -> AsyncIterator[Pair]:
    """The NBA's feed with ESPN as its stand-in."""

    def tell(event: SystemEvent) -> None:
        events.append(log_line(event))

    async with serving() as league, serving() as espn:
        settings = FeedsSettings(
            nba=FeedSettings(base_url=league.url, requests_per_minute=6000),
            espn=FeedSettings(base_url=espn.url, requests_per_minute=6000),
        )
        async with open_feeds(settings, clock, tell=tell, deadline_s=2.0) as feeds:
            yield Pair(feeds, league, espn, clock)


def names(events: Events) -> list[str]:
    """The names of the reported events."""
    return [name for name, _ in events]


async def test_while_the_primary_is_well_it_alone_is_asked(pair: Pair, events: Events) -> None:
    """ESPN gets no request while there is nothing to compare."""
    pair.league.board(ours("7:15", "39-30"))
    for _ in range(5):
        assert (await pair.told(10.0)).startswith("nba")
    assert pair.espn.asked == []
    assert events == []


async def test_a_blocked_primary_is_replaced_within_the_same_look(
    pair: Pair, events: Events
) -> None:
    """ESPN answers in the same poll, under the same game id; the primary's box is not asked for."""
    pair.espn.put(AT_ESPN, board(theirs("7:10", "39-30")))
    answer = await pair.read()
    assert isinstance(answer.reading, GameState)
    assert (answer.source, answer.reading.game.id, answer.reading.score) == (
        "espn",
        GAME.id,
        Score(39, 30),
    )
    assert names(events) == ["feed.blocked", "feed.switched"]
    assert events[1][1]["source"] == "espn nba"
    assert pair.league.asked == [BOARD]


async def test_a_slow_stand_in_does_not_delay_the_next_look_at_the_primary(pair: Pair) -> None:
    """The wait for the next poll counts from when this one began, however long it took."""
    pair.espn.put(AT_ESPN, board(theirs("7:10", "39-30")))
    answered = pair.espn.pages[AT_ESPN]

    async def slow(request: web.Request) -> web.StreamResponse:
        pair.clock.set(pair.clock.now() + timedelta(seconds=2))
        return await answered(request)

    pair.espn.pages[AT_ESPN] = slow
    begun = pair.clock.monotonic()
    answer = await pair.read()
    assert (answer.source, answer.heard) == ("espn", begun)
    assert pair.clock.monotonic() == begun + 2


async def test_one_hiccup_switches_nothing(pair: Pair, events: Events) -> None:
    """After one failure the primary's box is read; after a second in a row, ESPN."""
    pair.league.board(ours("7:15", "39-30"))
    pair.league.put(BOX, box_of(ours("7:05", "39-30")))
    pair.espn.put(AT_ESPN, board(theirs("6:50", "41-30")))
    assert await pair.told() == "nba Q2 7:15 39-30"
    pair.league.put(BOARD, b"{}", 500)
    assert await pair.told(10.0) == "nba Q2 7:05 39-30"
    assert pair.espn.asked == []
    assert await pair.told(10.5) == "espn Q2 6:50 41-30"
    assert names(events) == ["feed.lost", "feed.switched"]


async def test_an_entry_that_cannot_be_read_for_a_minute_is_told_once(
    pair: Pair, events: Events
) -> None:
    """ESPN stands in unseen where the league changes its format: the field is named in the log."""
    pair.espn.put(AT_ESPN, board(theirs("7:15", "39-30")))
    pair.league.board(ours("7:15", "39-30") | {"period": "2"})
    for _ in range(9):
        assert (await pair.read(10.0)).source == "espn"
    why = "scoreboard.games[0].period must be a whole number, without quotes"
    lost = {"source": "nba SAC@GSW", "trouble": "malformed", "why": why}
    assert events == [("feed.lost", lost)]
    pair.league.board(ours("7:15", "39-30"))
    await pair.read(10.0)
    assert events[1:] == [("feed.recovered", {"source": "nba SAC@GSW", "after_s": "90"})]


async def test_the_stand_in_does_not_go_back_behind_what_was_told(pair: Pair) -> None:
    """A late ESPN is not believed until it has caught up; that is reported once."""
    pair.league.board(ours("7:15", "39-30"))
    assert await pair.told() == "nba Q2 7:15 39-30"
    before = pair.beliefs.state
    pair.league.deny(BOARD)
    said: list[SystemEvent] = []
    for clock, score in (("7:40", "37-30"), ("7:31", "37-30"), ("7:20", "39-30")):
        pair.espn.put(AT_ESPN, board(theirs(clock, score)))
        answer = await pair.read(10.0)
        assert (answer.source, answer.retry_after) == ("espn", None)
        assert (pair.change.ordering, pair.beliefs.state) == (Ordering.BEHIND, before)
        said += pair.change.notes
    assert said == [PollHeld("SAC@GSW", "Q2 7:40 30-37")]
    pair.espn.put(AT_ESPN, board(theirs("7:12", "39-30")))
    assert await pair.told(10.0) == "espn Q2 7:12 39-30"


async def test_boards_from_before_a_switch_are_not_told_after_it(pair: Pair) -> None:
    """Boards that the stand-in gave to other games meanwhile do not take a game back in time."""
    _, espn = pair.feeds.by_league["nba"]
    pair.espn.put(AT_ESPN, board(theirs("9:00", "35-30")))
    await espn.read(GAME, LookUp.BOARD, 0.0)
    for clock, score in (("8:20", "37-30"), ("7:40", "37-30"), ("7:00", "39-30")):
        pair.espn.put(AT_ESPN, board(theirs(clock, score)))
        await espn.board.read(0.0)
        pair.league.board(ours(clock, score))
        assert await pair.told(40.0) == f"nba Q2 {clock} {score}"
    pair.league.deny(BOARD)
    pair.espn.put(AT_ESPN, board(theirs("6:50", "39-30")))
    assert await pair.told(10.0) == "espn Q2 6:50 39-30"


async def test_over_a_restart_too_nothing_goes_back(pair: Pair) -> None:
    """A lagging source is not believed after a restart either: the state's origin is stored."""
    before = nba.SOURCE.parse_box(box_of(ours("7:15", "39-30")))
    told_by = Origin("nba", BOARD)
    pair.beliefs = Beliefs(GameTracking(GAME, state=before, told_by=told_by))
    pair.espn.put(AT_ESPN, board(theirs("7:40", "37-30")))
    assert await pair.told() == "behind"
    pair.espn.put(AT_ESPN, board(theirs("7:05", "39-32")))
    assert await pair.told(10.0) == "espn Q2 7:05 39-32"


async def test_nobody_is_held_back_for_ever(pair: Pair) -> None:
    """A score that was corrected downwards is believed after a minute and a half."""
    pair.league.board(ours("7:15", "39-30"))
    await pair.told()
    pair.league.deny(BOARD)
    pair.espn.put(AT_ESPN, board(theirs("6:00", "37-30")))
    assert [await pair.told(10.0) for _ in range(9)] == ["behind"] * 9
    assert await pair.told(10.0) == "espn Q2 6:00 37-30"
    assert pair.change.ordering is Ordering.CORRECTION
    assert not pair.change.tracking.lost


async def test_back_to_the_primary_once_it_is_well(pair: Pair, events: Events) -> None:
    """The primary is probed in the background at each poll and used once it has caught up."""
    pair.espn.put(AT_ESPN, board(theirs("7:00", "41-30")))
    for _ in range(12):
        assert await pair.told(10.0) == "espn Q2 7:00 41-30"
    assert pair.league.count(BOARD) <= 12
    assert pair.league.count(BOX) == 0
    pair.league.board(ours("7:15", "39-30"))
    told = [await pair.told(10.0) for _ in range(5)]
    assert set(told) == {"espn Q2 7:00 41-30"}
    pair.league.board(ours("6:40", "41-32"))
    assert await pair.told(10.0) == "nba Q2 6:40 41-32"
    assert names(events) == ["feed.blocked", "feed.switched", "feed.recovered", "feed.switched"]


async def test_recovery_is_seen_by_the_next_look(pair: Pair) -> None:
    """However long both sources were down, they are asked at the pace of a live game."""
    pair.espn.put(AT_ESPN, b"{}", 500)
    for _ in range(40):
        answer = await pair.read(15.0)
        assert isinstance(answer.reading, Unreadable)
        assert answer.retry_after is None or answer.retry_after <= 8.0
    pair.league.board(ours("7:15", "39-30"))
    assert isinstance((await pair.read(9.0)).reading, GameState)


async def test_a_lost_primary_is_asked_as_soon_as_it_may_be(pair: Pair) -> None:
    """A poll that comes too early to probe the primary has it probed once that may be."""
    pair.espn.put(AT_ESPN, board(theirs("7:15", "39-30")))
    for after in (0.0, 10.0):
        assert (await pair.told(after)).startswith("espn")
    asked = pair.league.count(BOARD)
    await pair.clock.advance(4.0)
    assert (await pair.feeds.read(GAME, LookUp.EITHER, 5.0)).source == "espn"
    assert pair.league.count(BOARD) == asked
    await pair.clock.advance(4.5)
    await pair.settle()
    assert pair.league.count(BOARD) == asked + 1


async def test_a_source_that_flaps_is_trusted_slowly(pair: Pair, events: Events) -> None:
    """A source that fails again soon after its return needs three good answers instead of one."""
    good, other = ours("7:15", "39-30"), board(theirs("7:15", "39-30"))
    pair.espn.put(AT_ESPN, other)
    await pair.told()
    pair.league.board(good)
    while (await pair.told(10.0)).startswith("espn"):
        pass
    pair.league.deny(BOARD)
    assert (await pair.told(10.0)).startswith("espn")
    pair.league.board(good)
    asked = pair.league.count(BOARD)
    while (await pair.told(10.0)).startswith("espn"):
        pass
    assert pair.league.count(BOARD) - asked >= 3
    assert names(events).count("feed.switched") == 4


async def test_a_hanging_probe_delays_nobody(pair: Pair) -> None:
    """While ESPN stands in, no poll waits for a primary that never answers."""

    async def hang(_: object) -> Any:
        await asyncio.Event().wait()

    pair.espn.put(AT_ESPN, board(theirs("7:15", "39-30")))
    await pair.told()
    pair.league.pages[BOARD] = hang
    await pair.clock.advance(40.0)
    answer = await asyncio.wait_for(pair.feeds.read(GAME, LookUp.EITHER, 5.0), 1.0)
    assert answer.source == "espn"


async def test_an_empty_board_and_no_box(pair: Pair) -> None:
    """When the primary shows no games in the middle of one, ESPN answers."""
    pair.league.board()
    pair.espn.put(AT_ESPN, board(theirs("7:15", "39-30")))
    assert await pair.told() == "espn Q2 7:15 39-30"


async def test_before_tip_off_a_game_that_is_not_there_is_no_reason_to_ask_twice(
    pair: Pair,
) -> None:
    """ESPN is not asked about a game whose box is not published yet."""
    pair.league.board()
    early = Game(GAME.id, "nba", "GSW", "SAC", pair.clock.now() + timedelta(minutes=9))
    answer = await pair.feeds.read(early, LookUp.EITHER, 5.0)
    assert isinstance(answer.reading, Unreadable)
    assert answer.reading.trouble is Trouble.NOT_PUBLISHED
    assert pair.espn.asked == []


async def test_a_frozen_board_is_seen_through(pair: Pair, events: Events) -> None:
    """A live game that stands still for 90 s is read from ESPN until the board moves on."""
    pair.league.board(ours("7:15", "39-30"))
    for _ in range(9):
        pair.espn.put(AT_ESPN, board(theirs("5:30", "43-36")))
        assert await pair.told(10.0) == "nba Q2 7:15 39-30"
    assert pair.espn.asked == []
    assert await pair.told(10.0) == "espn Q2 5:30 43-36"
    pair.espn.put(AT_ESPN, board(theirs("5:05", "45-36")))
    assert await pair.told(10.0) == "espn Q2 5:05 45-36"
    pair.league.board(ours("4:50", "45-38"))
    assert await pair.told(10.0) == "nba Q2 4:50 45-38"
    assert names(events) == ["feed.frozen", "feed.thawed"]


async def test_an_end_with_fewer_points_than_a_frozen_board_is_believed(pair: Pair) -> None:
    """A board that froze on a basket too many does not hide for ever that the game is over."""
    over = {"status__type": kind("STATUS_FINAL", "post", completed=True, detail="Final")}
    pair.league.board(ours("0:12", "110-104", 4))
    pair.league.put(BOX, box_of(ours("0:12", "110-104", 4)))
    pair.espn.put(AT_ESPN, board(theirs("0:00", "108-106", 4, **over)))
    for _ in range(5):
        assert await pair.told(60.0) == "nba Q4 0:12 110-104"
    for _ in range(12):
        await pair.read(5.0, LookUp.BOX)
        await pair.read(10.0)
    assert pair.beliefs.state is not None
    assert (pair.beliefs.state.game_clock, pair.beliefs.state.score) == ("Final", Score(108, 106))
    assert await pair.told(30.0) == "espn Final 108-106"


async def test_a_long_time_out_is_no_frost(pair: Pair, events: Events) -> None:
    """When nothing moves anywhere, the primary's answer stays, and few requests are spent."""
    pair.league.board(ours("7:15", "39-30"))
    pair.espn.put(AT_ESPN, board(theirs("7:15", "39-30")))
    for _ in range(18):
        assert await pair.told(10.0) == "nba Q2 7:15 39-30"
    assert len(pair.espn.asked) <= 4
    assert events == []


async def test_a_board_that_never_sees_the_tip_off(pair: Pair, events: Events) -> None:
    """A game still scheduled a quarter of an hour after its start is checked with ESPN."""
    before = {"gameStatus": 1, "period": 0, "gameStatusText": "10:00 pm ET", "gameClock": ""}
    start = pair.clock.now() - timedelta(minutes=14)
    waiting = {**before, "gameTimeUTC": start.strftime("%Y-%m-%dT%H:%M:%SZ")}
    pair.league.board(changed(live_game(), **waiting))
    pair.espn.put(AT_ESPN, board(theirs("11:10", "3-2", 1)))
    assert await pair.told() == "nba Scheduled 0-0"
    assert await pair.told(59.0) == "nba Scheduled 0-0"
    assert pair.espn.asked == []
    assert await pair.told(20.0) == "espn Q1 11:10 3-2"
    assert names(events) == ["feed.frozen"]


async def test_a_frozen_board_without_a_second_source(
    clock: FakeClock, site: Site, events: Events
) -> None:
    """The league's own box is read instead."""
    settings = FeedsSettings(nba=FeedSettings(base_url=site.url, requests_per_minute=6000))
    site.board(ours("7:15", "39-30"))
    site.put(BOX, box_of(ours("5:30", "43-36")))
    only = {"nba": (nba.SOURCE,)}
    async with open_feeds(settings, clock, deadline_s=2.0, sources=only) as feeds:
        seen: list[int] = []
        beliefs = Beliefs(GameTracking(GAME))
        for _ in range(11):
            await clock.advance(10.0)
            answer = await feeds.read(GAME, LookUp.EITHER, 5.0, beliefs.state)
            beliefs.take(answer)
            assert isinstance(answer.reading, GameState)
            seen.append(answer.reading.score.home)
    assert seen == [39] * 9 + [43] * 2


async def test_the_primary_is_believed_again_where_the_stand_in_had_another_score(
    pair: Pair,
) -> None:
    """Once the league is back, its score counts within two minutes, though ESPN has more points."""
    told = []
    for step in range(20):
        clock = 700 - 10 * step
        text = f"{clock // 60}:{clock % 60:02}"
        if step >= 3:
            pair.league.board(ours(text, "39-30"))
        pair.espn.put(AT_ESPN, board(theirs(text, "41-30")))
        await pair.told(10.0)
        assert pair.beliefs.state is not None
        told.append(pair.beliefs.state.score.home)
    assert told == [41] * 13 + [39] * 7


async def test_scores_that_differ_are_said_and_not_averaged(pair: Pair, events: Events) -> None:
    """A difference of a minute is reported once; the league's score stays in use."""
    clock = 700
    for step in range(45):
        clock = 700 - 10 * step
        text = f"{clock // 60}:{clock % 60:02}"
        pair.league.board(ours(text, "39-30"))
        pair.espn.put(AT_ESPN, board(theirs(text, "39-33" if step < 42 else "39-30")))
        assert await pair.told(10.0) == f"nba Q2 {text} 39-30"
    assert names(events) == ["feed.disagreement", "feed.agreement"]
    assert "30-39" in str(events[0][1]["reported"])
    assert "33-39" in str(events[0][1]["other_reported"])


async def test_a_stand_in_with_another_score_does_not_take_over_at_a_hiccup(pair: Pair) -> None:
    """While two sources dispute a score, a minute without the first one moves no chance."""
    text = ""
    for step in range(50):
        clock = 700 - 10 * step
        text = f"{clock // 60}:{clock % 60:02}"
        if step < 44:
            pair.league.board(ours(text, "39-30"))
        pair.espn.put(AT_ESPN, board(theirs(text, "39-33")))
        if step == 44:
            pair.league.deny(BOARD)
        told = await pair.told(10.0)
        assert told == ("malformed" if step >= 44 else f"nba Q2 {text} 39-30")
    await pair.clock.advance(60.0)
    assert await pair.told() == f"espn Q2 {text} 39-33"


async def test_another_final_score_is_said_at_once(pair: Pair, events: Events) -> None:
    """A final that ESPN contradicts is reported at once and doubted until both agree."""
    final = changed(
        live_game(),
        gameStatus=3,
        period=4,
        gameStatusText="Final",
        gameClock="",
        home__score=114,
        away__score=97,
        home__periods=None,
        away__periods=None,
    )
    pair.league.board(final)
    over = kind("STATUS_FINAL", "post", completed=True, detail="Final")
    pair.espn.put(AT_ESPN, board(theirs("0.0", "114-99", 4, status__type=over)))
    for _ in range(4):
        assert await pair.told(60.0) == "nba Final 114-97"
    assert names(events) == ["feed.disagreement"]
    assert len(pair.espn.asked) <= 4
    reading = (await pair.read(60.0)).reading
    assert isinstance(reading, GameState)
    assert reading.doubt == "nba tells 97-114 at Final, espn nba 99-114 at Final"
    pair.espn.put(AT_ESPN, board(theirs("0.0", "114-97", 4, status__type=over)))
    for _ in range(3):
        await pair.read(60.0)
    reading = (await pair.read(60.0)).reading
    assert isinstance(reading, GameState)
    assert not reading.doubt


async def test_the_second_look_at_a_result_does_without_the_primary(pair: Pair) -> None:
    """When the league refuses us, ESPN's summary confirms the score."""
    over = kind("STATUS_FINAL", "post", completed=True, detail="Final")
    final = theirs("0.0", "114-97", 4, status__type=over)
    pair.espn.put(AT_ESPN, board(final))
    header = {"id": final["id"], "competitions": final["competitions"]}
    pair.espn.put(SUMMARY, encoded({"header": header}))
    answer = await pair.read(ask=LookUp.BOX)
    assert isinstance(answer.reading, GameState)
    assert (answer.source, answer.path, answer.reading.score) == ("espn", SUMMARY, Score(114, 97))


@pytest.mark.parametrize(("theirs_is", "doubted"), [("114-97", True), ("114-99", False)])
async def test_a_final_box_is_doubted_where_two_boards_agree_against_it(
    pair: Pair, theirs_is: str, doubted: bool
) -> None:
    """A box with another final score than the board is doubted, unless ESPN's board has that."""
    end = {"gameStatus": 3, "gameStatusText": "Final", "gameClock": ""}
    pair.league.board(changed(ours("0:00", "114-97", 4), **end))
    pair.league.put(BOX, box_of(changed(ours("0:00", "114-99", 4), **end)))
    over = kind("STATUS_FINAL", "post", completed=True, detail="Final")
    pair.espn.put(AT_ESPN, board(theirs("0.0", theirs_is, 4, status__type=over)))
    await pair.told()
    answer = await pair.read(60.0, LookUp.BOX)
    assert isinstance(answer.reading, GameState)
    assert answer.reading.score == Score(114, 99)
    says = "its box tells 99-114, boards 97-114"
    assert answer.reading.doubt == (says if doubted else "")


async def test_a_box_that_stands_still_takes_no_final_back(pair: Pair) -> None:
    """Hours after ESPN told the end, the league's documents still show play: the end stands."""
    over = kind("STATUS_FINAL", "post", completed=True, detail="Final")
    stuck = ours("0:05", "113-97", 4)
    pair.league.board(stuck)
    pair.league.put(BOX, box_of(stuck))
    pair.espn.put(AT_ESPN, board(theirs("0:05", "113-97", 4)))
    await pair.told()
    pair.espn.put(AT_ESPN, board(theirs("0.0", "114-97", 4, status__type=over)))
    for _ in range(12):
        await pair.told(30.0)
    told = [(await pair.read(x, LookUp.BOX)).source for x in (8000.0, 60.0, 60.0)]
    assert told == ["espn"] * 3
    assert pair.beliefs.state is not None
    assert pair.beliefs.state.phase is Phase.FINAL


@pytest.mark.parametrize("blocked", [False, True])
async def test_what_a_night_costs(clock: FakeClock, blocked: bool) -> None:
    """Twelve live games cost as many requests as one, and twice that when the league refuses us."""
    steps = 90
    async with serving() as league, serving() as espn:
        settings = FeedsSettings(
            nba=FeedSettings(base_url=league.url, requests_per_minute=6000),
            espn=FeedSettings(base_url=espn.url, requests_per_minute=6000),
        )
        async with open_feeds(settings, clock, deadline_s=2.0) as feeds:
            games = [Game(f"00422{n:05}", "nba", "GSW", "SAC", GAME.start) for n in range(12)]
            for step in range(steps):
                text = f"{11 - step // 30}:{step % 30 * 2:02}"
                if not blocked:
                    league.board(*(changed(ours(text, "39-30"), gameId=x.id) for x in games))
                espn.put(AT_ESPN, board(theirs(text, "39-30")))
                await clock.advance(10.0)
                await asyncio.gather(*(feeds.read(x, LookUp.EITHER, 5.0) for x in games))
            used = feeds.usage()
    asked = len(league.asked) + len(espn.asked)
    assert asked <= (2 * steps if blocked else steps + 5)
    assert {x: used[x].asked for x in used} == {
        "nba": len(league.asked),
        "wnba": 0,
        "espn": len(espn.asked),
    }
    assert max(x.busiest_minute for x in used.values()) <= 8
    assert dict(used["nba"].troubles) == ({"blocked": len(league.asked)} if blocked else {})


async def test_a_game_that_the_board_does_not_tell_costs_little(pair: Pair) -> None:
    """Its box is read twice; after that, ESPN's board, which all games share."""
    pair.league.board(changed(ours("7:15", "39-30"), home__score="39"))
    pair.league.put(BOX, box_of(ours("7:15", "39-30")))
    pair.espn.put(AT_ESPN, board(theirs("7:15", "39-30")))
    told = [(await pair.told(10.0)).split()[0] for _ in range(6)]
    assert told == ["nba", "nba", "espn", "espn", "espn", "espn"]
    assert pair.league.count(BOX) == 2
    pair.league.board(ours("7:00", "39-30"))
    assert (await pair.told(10.0)).startswith("nba")


async def test_a_host_that_is_down_is_spared_its_boxes(pair: Pair) -> None:
    """With both sources down a box is tried now and then, and at every poll once it helps."""
    pair.league.put(BOARD, b"", 500)
    pair.league.put(BOX, b"", 500)
    pair.espn.put(AT_ESPN, b"", 500)
    for _ in range(12):
        await pair.read(10.0)
    assert pair.league.count(BOX) <= 6
    pair.league.put(BOX, box_of(ours("7:15", "39-30")))
    while await pair.told(10.0) == "down":
        pass
    assert [await pair.told(10.0) for _ in range(3)] == ["nba Q2 7:15 39-30"] * 3
