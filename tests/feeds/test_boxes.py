"""Promises for games with player bets: box and board together, never going back, within budget."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import pytest

from tests.doubles.beliefs import Beliefs
from tests.doubles.clock import FakeClock
from tests.engine.build import GAME, T0, after, bet, final, live
from tracker.domain.bet import Bet
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import Player, Stat
from tracker.domain.poll import AGREEING_POLLS, Origin, Trouble, Unreadable
from tracker.domain.tracking import GameTracking, Tracked
from tracker.feeds.polling import FeedAnswer, LookUp
from tracker.feeds.polling.boxes import BoxWatch

SOON = GameState(GAME, Phase.SCHEDULED, 0, 0.0, Score(0, 0))
DOWN = Unreadable(Trouble.DOWN, "no answer")
PLACES = {LookUp.BOX: "box", LookUp.EITHER: "board", LookUp.BOARD: "board"}


def boxed(state: GameState, points: int) -> GameState:
    """The state with a player who has this many points."""
    line = PlayerLine("1", "Nikola Jokić", Side.HOME, (("pts", points),), played=True)
    return replace(state, players=(line,))


@dataclass
class OneGame:
    """A source that returns what the test sets, and remembers what was asked for."""

    clock: FakeClock
    board: GameState | Unreadable = SOON
    box: GameState | Unreadable = SOON
    asked: list[LookUp] = field(default_factory=list)

    async def read(
        self,
        game: Game,  # noqa: ARG002
        ask: LookUp,
        max_age: float,  # noqa: ARG002
        believed: GameState | None = None,  # noqa: ARG002
    ) -> FeedAnswer:
        """The document that the test has set."""
        self.asked.append(ask)
        reading = self.box if ask is LookUp.BOX else self.board
        body = repr(reading).encode()
        digest = hashlib.sha256(body).hexdigest()
        now, heard = self.clock.now(), self.clock.monotonic()
        return FeedAnswer("nba", PLACES[ask], now, heard, body, digest, reading)


STAR = Bet(
    number=1,
    pick="Jokić over 25.5 points",
    market=PlayerTotal(Player("Nikola Jokić", Side.HOME), Stat.PTS, Direction.OVER, 25.5),
    game=GAME,
    rules=(),
    added_at=T0,
)
FOLLOWED = GameTracking(GAME, (Tracked.fresh(STAR),))


@dataclass
class Night:
    """A game that is polled again and again, and what is believed of it."""

    clock: FakeClock
    source: OneGame
    watch: BoxWatch
    room: bool = True
    beliefs: Beliefs = field(default_factory=lambda: Beliefs(FOLLOWED))

    async def look(self, seconds: float = 10.0) -> GameState:
        """Poll this many seconds later; returns what is believed then."""
        self.clock.set(after(self._at() + seconds))
        self.beliefs.take(await self.watch.read(self.beliefs.standing, LookUp.EITHER, 5.0))
        assert self.beliefs.state is not None
        return self.beliefs.state

    def restarted(self, state: GameState) -> None:
        """Restart: of what was believed, only this state, from the board, is stored."""
        self.beliefs = Beliefs(
            replace(FOLLOWED, state=state, told_by=Origin("nba", "board"), changed_at=T0)
        )

    def _at(self) -> float:
        return (self.clock.now() - after(0)).total_seconds()

    def asks(self) -> list[LookUp]:
        """What was asked for since the last call."""
        found, self.source.asked = self.source.asked, []
        return found


def at(seconds: float) -> Night:
    """The game this many seconds after its tip-off."""
    clock = FakeClock(after(seconds))
    source = OneGame(clock)
    made = Night(clock, source, BoxWatch(GAME, source, clock, lambda: made.room))
    return made


@pytest.fixture
def night() -> Night:
    """A game in its first quarter."""
    return at(600)


def points_of(state: GameState) -> int | None:
    """The player's points as believed; None without players, or with doubtful ones only."""
    lines = [x for x in state.players if not x.doubt]
    return dict(lines[0].stats)["pts"] if lines else None


async def test_every_second_look_at_a_running_game_is_at_its_box(night: Night) -> None:
    """Box and board are polled in turn; in between, the players are those of the last box."""
    night.source.board = live(1, 400, (10, 8))
    night.source.box = boxed(live(1, 400, (10, 8)), 4)
    assert [points_of(await night.look()) for _ in range(4)] == [4, 4, 4, 4]
    assert night.asks() == [LookUp.BOX, LookUp.EITHER, LookUp.BOX, LookUp.EITHER]


async def test_a_newer_board_keeps_its_score_under_the_players_of_an_older_box(
    night: Night,
) -> None:
    """An older box changes neither score nor clock, but its players are used."""
    night.source.board = live(1, 380, (14, 8))
    night.source.box = boxed(live(1, 400, (10, 8)), 4)
    await night.look()
    reported = await night.look()
    assert (reported.score.home, reported.clock, points_of(reported)) == (14, 380, 4)
    night.source.box = boxed(live(1, 390, (12, 8)), 6)
    reported = await night.look()
    assert (reported.score.home, reported.clock, points_of(reported)) == (14, 380, 6)


async def test_a_newer_box_is_not_taken_back_by_an_older_board(night: Night) -> None:
    """The score never falls because the other document is a few seconds behind."""
    night.source.board = live(1, 400, (10, 8))
    night.source.box = boxed(live(1, 380, (14, 8)), 4)
    reported = [await night.look() for _ in range(4)]
    assert [x.score.home for x in reported] == [14] * 4


async def test_a_correction_that_both_documents_tell_gets_through(night: Night) -> None:
    """A basket that both documents take away is believed after enough polls."""
    night.source.board = night.source.box = boxed(live(1, 380, (14, 8)), 4)
    await night.look()
    await night.look()
    night.source.board = night.source.box = boxed(live(1, 375, (12, 8)), 2)
    reported = [await night.look() for _ in range(6)]
    assert [x.score.home for x in reported[-3:]] == [12] * 3
    assert points_of(reported[-1]) == 2


async def test_a_final_has_no_players_until_its_own_box_tells_them(night: Night) -> None:
    """Figures from before the end never count as final ones."""
    night.source.board = live(4, 5, (30, 20), (30, 20), (30, 20), (30, 20))
    night.source.box = boxed(night.source.board, 24)
    await night.look()
    night.source.board = final((30, 20), (30, 20), (30, 20), (33, 20))
    reported = [await night.look(x) for x in (5, 60, 60)]
    assert [(x.phase, points_of(x)) for x in reported] == [(Phase.FINAL, None)] * 3
    night.asks()
    night.source.box = boxed(night.source.board, 27)
    reported = [await night.look(60)]
    assert [(x.phase, points_of(x)) for x in reported] == [(Phase.FINAL, 27)]
    assert night.asks() == [LookUp.BOX]
    night.source.box = boxed(live(4, 5, (30, 20), (30, 20), (30, 20), (30, 20)), 24)
    assert points_of(await night.look(60)) == 27


async def test_without_room_in_the_budget_the_board_serves_alone(night: Night) -> None:
    """A full budget stops boxes of a game in play, but not the box of the final."""
    night.room = False
    night.source.board = live(1, 400, (10, 8))
    await night.look()
    await night.look()
    assert night.asks() == [LookUp.EITHER, LookUp.EITHER]
    night.source.board = live(4, 5, (30, 20), (30, 20), (30, 20), (30, 20))
    await night.look(7200)
    night.source.board = final((30, 20), (30, 20), (30, 20), (30, 20))
    night.source.box = boxed(night.source.board, 27)
    await night.look()
    assert points_of(await night.look()) == 27


async def test_a_box_that_cannot_be_read_costs_no_poll(night: Night) -> None:
    """The same poll reads the board instead, and the box is not asked for again for a while."""
    night.source.board, night.source.box = live(1, 400, (10, 8)), DOWN
    reported = [await night.look() for _ in range(4)]
    assert {x.score.home for x in reported} == {10}
    assert night.asks() == [LookUp.BOX, *[LookUp.EITHER] * 3, LookUp.BOX, LookUp.EITHER]


async def test_before_tip_off_a_box_is_asked_now_and_then() -> None:
    """Boxes are read from half an hour before tip-off, for the starters and those who are out."""
    night = at(-3600)
    for _ in range(70):
        await night.look(60.0)
        if night.clock.now() >= GAME.start:
            break
    asked = night.asks()
    assert asked.count(LookUp.BOX) == 7
    assert set(asked[:25]) == {LookUp.EITHER}


async def test_a_restart_goes_on_from_what_was_told(night: Night) -> None:
    """A lagging box does not take back what was believed before the restart."""
    night.restarted(boxed(live(1, 380, (14, 8)), 6))
    night.source.board = night.source.box = boxed(live(1, 400, (10, 8)), 4)
    reported = await night.look()
    assert reported.score.home == 14


async def test_a_correction_while_the_program_was_off_is_told_after_it(night: Night) -> None:
    """It is passed on from the first poll and believed once enough polls agree."""
    night.restarted(boxed(final((113, 111)), 40))
    night.source.box = night.source.board = boxed(final((112, 111)), 39)
    reported = [await night.look(60.0) for _ in range(AGREEING_POLLS)]
    assert [x.score.home for x in reported] == [113] * (AGREEING_POLLS - 1) + [112]
    assert points_of(reported[-1]) == 39


async def test_of_two_ends_the_one_that_is_told_now_is_passed_on() -> None:
    """Where the board had another final, agreeing polls decide which one is believed."""
    night = at(9000)
    night.source.board = final((113, 111))
    night.source.box = DOWN
    assert (await night.look()).score.home == 113
    night.source.box = boxed(final((112, 111)), 39)
    night.source.board = DOWN
    reported = [await night.look(60.0) for _ in range(AGREEING_POLLS)]
    assert [x.score.home for x in reported] == [113] * (AGREEING_POLLS - 1) + [112]


async def test_an_end_is_confirmed_by_the_board_while_its_box_contradicts_itself() -> None:
    """A wrong score in the box keeps only the bets on players waiting."""
    night = at(9000)
    moneyline = replace(bet(2, "DEN ML"), rules=())
    night.beliefs = Beliefs(GameTracking(GAME, (*FOLLOWED.tracked, Tracked.fresh(moneyline))))
    quarter = (28, 28)
    night.source.board = end = final(quarter, quarter, quarter, (29, 27))
    night.source.box = DOWN
    await night.look()
    other = PlayerLine("2", "LeBron James", Side.AWAY, (("pts", 111),), played=True)
    wrong = boxed(final(quarter, quarter, quarter, (28, 27)), 113)
    night.source.box = replace(wrong, players=(*wrong.players, other))
    for _ in range(3):
        await night.look(60.0)
    star, won = night.beliefs.tracking.tracked
    assert (star.ended, won.ended) == (False, True)
    night.source.box = replace(end, players=night.source.box.players)
    for _ in range(2):
        await night.look(60.0)
    assert night.beliefs.tracking.tracked[0].ended


async def test_a_game_that_goes_on_after_a_restart_is_not_held_at_its_end(night: Night) -> None:
    """A wrong final from before the restart is dropped when no document reports it any more."""
    night.source.board = night.source.box = live(4, 30, (110, 109))
    night.restarted(final((113, 111)))
    found = [(await night.look(15.0)).phase for _ in range(4)]
    assert found[0] is Phase.FINAL
    assert found[-1] is Phase.LIVE


async def test_at_the_scheduled_tip_off_boxes_are_read_at_the_live_pace() -> None:
    """The slow pace ends at tip-off, even a minute after the last box."""
    night = at(-70)
    night.source.box = boxed(SOON, 0)
    for _ in range(13):
        await night.look(10.0)
    assert [x for x in night.asks() if x is LookUp.BOX] == [LookUp.BOX] * 5
    for _ in range(180):
        await night.look(10.0)
    assert night.asks()[-24:].count(LookUp.BOX) == 4


async def test_a_box_from_before_the_tip_is_not_told_under_the_running_clock() -> None:
    """A box from before tip-off gives no players for a game in play; the next box does."""
    night = at(-20)
    night.source.box = boxed(SOON, 0)
    assert points_of(await night.look()) == 0
    night.source.board = reported = live(1, 700, (2, 0))
    for _ in range(4):
        reported = await night.look()
        assert (reported.phase, points_of(reported)) in ((Phase.SCHEDULED, 0), (Phase.LIVE, None))
    assert reported.phase is Phase.LIVE
    night.source.box = boxed(live(1, 690, (2, 0)), 2)
    assert points_of(await night.look(15.0)) == 2
