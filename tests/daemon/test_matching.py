"""Bets move off a game that is no longer theirs: another opponent, another date, a trade."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.doubles.clock import FakeClock
from tests.engine.build import GAME, T0, a_book, bet, final
from tests.store.values import started
from tracker.app.choose_game import match, strayed, to_move
from tracker.daemon.watchers import Watchdog, tend_bets, watch_slate
from tracker.daemon.watchers.followed_bets import FollowedBets, Rosters
from tracker.domain.bet import Bet
from tracker.domain.draft import Draft
from tracker.domain.events import tell_nobody
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import Player, Stat, nobody
from tracker.domain.policy import Rule
from tracker.domain.tracking import GameTracking, Tracked
from tracker.feeds.slates import SlateReading
from tracker.language import read_line
from tracker.settings import settings_of
from tracker.store import Store

OTHER = replace(GAME, id=f"{GAME.id}-20261120-BOS-DEN", away="BOS")
LATER = replace(GAME, id=f"{GAME.id}-20261125-LAL-DEN", start=T0 + timedelta(days=5))


@pytest.mark.parametrize(
    ("line", "new", "goes"),
    [
        ("DEN ML", OTHER, True),
        ("LAL@DEN over 220.5", OTHER, False),
        ("LAL ML", OTHER, False),
        ("DEN ML", LATER, False),
    ],
)
def test_only_what_names_neither_opponent_nor_date_goes_on(
    line: str, new: Game, goes: bool
) -> None:
    """Only a team's bet moves to another opponent, and to a date for which its book waits."""
    drafts = {1: Draft(*read_line(line))}
    assert bool(to_move([a_book(bet(1, line))], [GAME, new], drafts)) is goes


def test_a_player_who_was_traded_leaves_his_old_teams_game() -> None:
    """A traded player's bet leaves his old team's game before it begins, if its roster is known."""
    line = PlayerTotal(Player("Big Man", Side.HOME), Stat.PTS, Direction.OVER, 20.5)
    tracking = GameTracking(GAME, (Tracked.fresh(Bet(1, "Big Man o20.5 pts", line, GAME, (), T0)),))
    before, mate = T0 - timedelta(hours=2), Player("A Mate", Side.HOME)
    assert strayed([tracking], lambda _: (mate,), before) == (1,)
    assert strayed([tracking], lambda _: (mate, Player("Big Man", Side.HOME)), before) == ()
    assert strayed([tracking], lambda _: (Player("A Guest", Side.AWAY),), before) == ()
    assert strayed([tracking], lambda _: (mate,), T0 + timedelta(minutes=1)) == ()


@pytest.mark.parametrize(
    ("line", "told", "why"),
    [
        (
            f"{GAME.name} Nobody o20.5 pts",
            True,
            "; LAL@DEN is over, so mend the bet's words or decide it",
        ),
        (f"{GAME.name} Man o20.5 pts", True, "'Man' may mean Big Man (DEN) or Old Man (LAL)"),
        (f"{GAME.name} Nobody o20.5 pts", False, ""),
        (f"{GAME.name} 2026-10-01 Nobody o20.5 pts", False, "no game of its date was found"),
        ("Stranger o20.5 pts", True, ""),
    ],
)
def test_a_bet_that_nothing_can_match_any_more_is_left_to_a_person(
    line: str, *, told: bool, why: str
) -> None:
    """Once its game's final box has named the players, or its date is past, a bet is decided."""
    over = final((60, 50), (60, 50))
    roster = (Player("Big Man", Side.HOME), Player("Old Man", Side.AWAY))
    complete = {GAME.id} if told else set[str]()
    drafts, games = [(7, Draft(*read_line(line)))], [(GAME, over)]
    found = match(drafts, games, lambda _: roster, T0 + timedelta(hours=3), None, complete)
    assert not found.matched
    assert why in found.hopeless.get(7, "")
    assert bool(found.hopeless) is bool(why)


def test_a_bet_on_a_player_of_a_game_that_was_called_off_is_told_so() -> None:
    """Nobody will name its players, and it is not over."""
    drafts = [(7, Draft(*read_line(f"{GAME.name} Nobody o20.5 pts")))]
    off = GameState(GAME, Phase.POSTPONED, 0, 720.0, Score(0, 0))
    found = match(drafts, [(GAME, off)], nobody, T0)
    assert "; LAL@DEN is postponed, so mend the bet's words or decide it" in found.hopeless[7]


def test_a_player_of_last_nights_game_waits_for_the_box_that_names_him() -> None:
    """A bet that is added late waits for its own game's final box, which is read, or for 12 h."""
    over, later = final((60, 50), (60, 50)), T0 + timedelta(hours=30)
    added = T0 + timedelta(hours=14)
    late = replace(Draft(*read_line(f"{GAME.name} {GAME.slate} Nobody o20.5 pts")), said_at=added)
    for now, complete, asked in (
        (added, frozenset[str](), False),
        (added, {GAME.id}, True),
        (added + timedelta(hours=12), frozenset[str](), True),
    ):
        found = match([(7, late)], [(GAME, over)], nobody, now, None, complete)
        assert (7 in found.hopeless, [x.id for x in found.without_roster]) == (
            asked, [] if asked else [GAME.id],
        )  # fmt: skip
    words = f"parlay: {GAME.name} DEN ML; BOS Nobody o20.5 pts"
    slip = replace(Draft(*read_line(words)), said_at=T0)
    games = [(GAME, over), (replace(ELSEWHERE, start=later), None)]
    found = match([(7, slip)], games, nobody, later - timedelta(hours=5), None, {GAME.id})
    assert not found.hopeless


NEXT = replace(GAME, id="0022600077", start=GAME.start + timedelta(days=1))
ELSEWHERE = replace(GAME, id="0022600078", home="BOS", away="MIA")


@pytest.mark.parametrize(
    ("known", "on", "asked"),
    [
        ((GAME, NEXT), GAME, False),
        ((ELSEWHERE, NEXT), NEXT, False),
        ((NEXT,), None, True),
    ],
)
def test_a_bet_never_follows_the_game_of_a_later_day_than_it_was_made_for(
    known: tuple[Game, ...], on: Game | None, *, asked: bool
) -> None:
    """Without a date it is on its own day's game, also once that is over, or a person is asked.

    The next game is taken where that day's slate is known and has none of the team.
    """
    made = replace(Draft(*read_line("DEN ML")), said_at=GAME.start - timedelta(hours=1))
    over = final((60, 50), (60, 50))
    slated = [(x, over if x is GAME else None) for x in known]
    found = match([(7, made)], slated, nobody, GAME.start + timedelta(hours=14))
    assert found.matched == (() if on is None else ((7, (on,)),))
    assert (7 in found.hopeless) is asked
    if asked:
        assert f"such as '{NEXT.name} {NEXT.slate}', or decide it" in found.hopeless[7]
    dated = Draft(*read_line(f"{NEXT.name} {NEXT.slate} DEN ML"))
    assert match([(7, dated)], [(NEXT, None)], nobody, GAME.start).matched == ((7, (NEXT,)),)


def test_a_bet_that_may_be_on_two_games_of_a_day_is_not_on_the_one_that_is_left() -> None:
    """It is asked about until its words say which, also once one is over, and then left to you."""
    second = replace(GAME, id="0022600009", start=GAME.start + timedelta(hours=4))
    made = replace(Draft(*read_line("DEN ML")), said_at=GAME.start - timedelta(hours=1))
    slated = [(GAME, final((60, 50), (60, 50))), (second, None)]
    found = match([(7, made)], slated, nobody, GAME.start + timedelta(hours=3))
    assert (found.matched, len(found.mistakes), found.hopeless) == ((), 1, {})
    late = replace(made, said_at=GAME.start + timedelta(hours=3))
    assert match([(7, late)], slated, nobody, second.start).matched == ((7, (second,)),)
    assert 7 in match([(7, made)], slated, nobody, second.start + timedelta(hours=12)).hopeless


def test_a_bet_made_in_play_is_on_no_later_game_once_that_is_over() -> None:
    """It is on the game that was surely in play, or asked about, and not moved to the next one."""
    made = replace(Draft(*read_line("DEN ML")), said_at=GAME.start + timedelta(hours=2))
    slated = [(GAME, final((60, 50), (60, 50))), (NEXT, None)]
    for hours in (3, 14):
        found = match([(7, made)], slated, nobody, GAME.start + timedelta(hours=hours))
        assert (found.matched, list(found.hopeless)) == ((), [7])
    at_once = match([(7, made)], slated, nobody, GAME.start + timedelta(hours=2, minutes=1))
    assert at_once.matched == ((7, (NEXT,)),)
    early = replace(made, said_at=GAME.start + timedelta(hours=1))
    for hours in (3, 14):
        now = GAME.start + timedelta(hours=hours)
        assert match([(7, early)], slated, nobody, now).matched == ((7, (GAME,)),)
    moved = match(
        [(7, replace(made, said_at=None))], slated, nobody, NEXT.start - timedelta(hours=10)
    )
    assert moved.matched == ((7, (NEXT,)),)


async def test_a_final_box_completes_the_players_of_its_game(tmp_path: Path) -> None:
    """Only a final box with players of both teams is the last word, once these are known."""
    over = final((60, 50), (60, 50))
    both = tuple(PlayerLine(side.value, f"A {side.value}", side, ()) for side in Side)
    live, half = replace(over, phase=Phase.LIVE, players=both), replace(over, players=both[:1])
    async with await Store.open(started(tmp_path / "tracker.db"), now=T0) as store:
        rosters = Rosters(store)
        for state, known in (
            (live, set[str]()),
            (half, set()),
            (replace(over, players=both), {GAME.id}),
        ):
            rosters.meet(state)
            assert (rosters.complete, rosters.news) == (set(), bool(known) or state is live)
            await rosters.keep(T0)
            assert rosters.complete == known
    assert len(rosters.of(GAME)) == len(both)


async def test_who_was_out_of_a_game_is_forgotten_when_it_is_long_over(tmp_path: Path) -> None:
    """What a box said is remembered while it may be read again, and not for a whole season."""
    async with await Store.open(started(tmp_path / "tracker.db"), now=T0) as store:
        rosters = Rosters(store)
        hurt = PlayerLine("1", "A", Side.HOME, (), out=True)
        said = replace(final((60, 50), (60, 50)), players=(hurt,))
        for days, again in ((0, True), (1, False), (20, True)):
            await rosters.load(GAME.start + timedelta(days=days))
            rosters.meet(said)
            assert rosters.news is again
            await rosters.keep(GAME.start + timedelta(days=days))


class Overtaken(Store):
    """A store into which another process writes a bet just after the bets were read."""

    rival: Store | None = None

    async def trackings(self, defaults: tuple[Rule, ...]) -> list[GameTracking]:
        """Read the bets; then the other process adds one."""
        found = await super().trackings(defaults)
        rival, self.rival = self.rival, None
        if rival is not None:
            await rival.add(Draft(*read_line("DEN ML")), game=GAME, defaults=(), at=T0)
        return found


async def test_a_bet_is_matched_with_a_game_that_began_within_three_days(tmp_path: Path) -> None:
    """Whatever the hour: the date of the game counts, and not the moment three days ago."""
    now = GAME.start + timedelta(days=3, hours=-1)
    paths = {"store": {"path": str(tmp_path / "t.db")}, "bets": {"file": str(tmp_path / "none")}}
    async with await Store.open(tmp_path / "t.db", now=now) as store:
        await store.save_games([(GAME, None)], now)
        draft = Draft(*read_line("DEN ML", "LAL@DEN 2026-11-20"))
        await store.add(draft, game=None, defaults=(), at=now)
        followed = FollowedBets(store, FakeClock(now), settings_of(paths, tmp_path), tell_nobody)
        followed.know_slate()
        await followed.refresh(slate_changed=True)
        assert await store.unbound() == []


class NoSlate(Store):
    """A store that keeps no games."""

    async def save_games(self, *_: object) -> None:
        """Return at once, so that no moment passes on a clock that stands."""


@pytest.mark.parametrize(("answers", "most", "longest"), [(False, 150, 60), (True, 20, 600)])
async def test_a_slate_that_bets_wait_for_is_asked_for_soon(
    answers: bool, most: int, longest: float, tmp_path: Path
) -> None:
    """Each minute while no source answers, ever less often while answers do not bring the game.

    A bet that is added meanwhile is looked for at once, and soon again.
    """
    paths = {"store": {"path": str(tmp_path / "t.db")}, "bets": {"file": str(tmp_path / "none")}}
    clock, asked = FakeClock(T0), list[float]()
    async with await NoSlate.open(started(tmp_path / "t.db"), now=T0, durable=False) as store:
        await store.add(Draft(*read_line("DEN ML")), game=None, defaults=(), at=T0)
        followed = FollowedBets(store, clock, settings_of(paths, tmp_path), tell_nobody)
        await followed.refresh()

        async def read() -> SlateReading:
            asked.append(clock.monotonic())
            known = {"from_schedule": answers, "blind": not answers, "answered": answers}
            return SlateReading((), (), troubles=(), **known)

        changed, wanted = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(watch_slate(read, store, followed, changed, wanted, clock))
        await clock.advance(3600)
        wanted.set()
        await clock.advance(3600)
        task.cancel()
    waits = [y - x for x, y in pairwise(asked)]
    assert max(waits) <= longest
    assert len(waits) <= most
    assert min(y - x for x, y in pairwise(asked) if x >= 3600) <= 60


async def test_a_league_that_no_slate_was_asked_for_is_asked_for_at_once(tmp_path: Path) -> None:
    """A college's bet that comes with the NBA's slate does not wait for the next one."""
    paths = {"store": {"path": str(tmp_path / "t.db")}, "bets": {"file": str(tmp_path / "none")}}
    clock, changed, wanted = FakeClock(T0), asyncio.Event(), asyncio.Event()
    async with await Store.open(started(tmp_path / "t.db"), now=T0, durable=False) as store:
        await store.add(Draft(*read_line("Gonzaga ML")), game=None, defaults=(), at=T0)
        followed = FollowedBets(store, clock, settings_of(paths, tmp_path), tell_nobody)
        seen, told = asyncio.Queue[object](), list[bool]()
        follow = seen.put_nowait
        bets = tend_bets(followed, changed, wanted, follow, clock, Watchdog(clock))
        task = asyncio.create_task(bets)
        for _ in range(2):
            changed.set()
            await seen.get()
            told.append(wanted.is_set())
            wanted.clear()
        task.cancel()
    assert told == [True, False]


async def test_a_bet_that_is_added_while_the_bets_are_read_is_followed(tmp_path: Path) -> None:
    """What another process writes during a reading is found by the next one, two seconds later."""
    paths = {"store": {"path": str(tmp_path / "t.db")}, "bets": {"file": str(tmp_path / "none")}}
    settings = settings_of(paths, tmp_path)
    async with (
        await Overtaken.open(tmp_path / "t.db", now=T0) as store,
        await Store.open(tmp_path / "t.db", now=T0) as rival,
    ):
        followed = FollowedBets(store, FakeClock(T0), settings, tell_nobody)
        store.rival = rival
        assert await followed.refresh() == ()
        (tracking,) = await followed.refresh() or ()
        assert [x.bet.pick for x in tracking.tracked] == ["DEN ML"]
        assert await followed.refresh() is None
