"""After the last result of a night, one line gives the total and what needs the person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.doubles.clock import FakeClock
from tests.engine.build import GAME, T0, bet, live
from tracker.clock import LeapingClock
from tracker.daemon.alert_policy import AlertPolicy
from tracker.daemon.watchers.followed_bets import FollowedBets
from tracker.daemon.watchers.nightly import nights_over, tell_tonight, tonight_text
from tracker.domain.alert import Notice
from tracker.domain.bet import ASK_BOOK, Result, Settlement
from tracker.domain.draft import Draft
from tracker.domain.events import tell_nobody
from tracker.domain.policy import DAEMON, Level, Policy, QuietHours
from tracker.domain.tracking import GameTracking, Tracked
from tracker.engine.settle.by_hand import Ruling
from tracker.language import find_in_game, parse_pick
from tracker.settings import settings_of
from tracker.store import Store

OVER = T0 + timedelta(hours=3)


def ended(number: int, result: Result, paid: int) -> Tracked:
    """A settled bet of twenty dollars."""
    done = Settlement(number, 1, result, paid, OVER, "the box")
    return replace(Tracked.fresh(bet(number, "DEN ML")), settlement=done)


NIGHT = (
    ended(1, Result.WON, 3756),
    ended(2, Result.LOST, 0),
    ended(3, Result.WON, 3000),
    ended(4, Result.PUSH, 2000),
    ended(5, Result.VOID, 2000),
    replace(Tracked.fresh(bet(6, "DEN -4.5")), review="the box lacks a period"),
)


def test_the_line_has_the_record_the_money_and_what_needs_the_person() -> None:
    """The line has record, money and open decisions; pushes and voids only if there are any."""
    assert tonight_text(NIGHT) == "Tonight 2–1–1, +$7.56 · 1 void · 1 bet needs you"
    assert tonight_text(NIGHT[:2]) == "Tonight 1–1, -$2.44"
    assert tonight_text((*NIGHT[:2], *(NIGHT[5],) * 2)).endswith(" · 2 bets need you")


def test_a_payout_that_only_the_book_knows_needs_the_person() -> None:
    """A won parlay with a dropped leg is left out of the sum, and counted as needing the person."""
    done = Settlement(9, 1, Result.WON, None, OVER, f"leg 2 dropped out: {ASK_BOOK}")
    unpaid = replace(Tracked.fresh(bet(9, "DEN ML")), settlement=done)
    assert tonight_text((NIGHT[0], unpaid)) == "Tonight 2–0, +$17.56 · 1 bet needs you"


def test_a_free_bet_costs_nothing_and_brings_what_is_paid() -> None:
    """The stake of a free bet is no part of the night's total."""
    won = ended(7, Result.WON, 1800)
    lost = ended(8, Result.LOST, 0)
    free = [replace(x, bet=replace(x.bet, free=True)) for x in (won, lost)]
    assert tonight_text(free) == "Tonight 1–1, +$18.00"


def test_a_night_is_over_with_its_last_result_and_not_before() -> None:
    """A night's total comes with its last result, not long after it, and not for one bet alone."""
    trackings = [GameTracking(GAME, NIGHT)]
    assert nights_over(trackings, OVER).keys() == {GAME.slate}
    assert nights_over(trackings, OVER + timedelta(hours=2)) == {}
    still = GameTracking(GAME, (*NIGHT, Tracked.fresh(bet(7, "LAL ML"))))
    assert nights_over([still], OVER) == {}
    assert nights_over([GameTracking(GAME, NIGHT[:1])], OVER) == {}
    assert nights_over([GameTracking(GAME, (NIGHT[4], ended(7, Result.VOID, 2000)))], OVER) == {}
    state = live(3, 400, (30, 25), (25, 25), (9, 12))
    resumed = GameTracking(GAME, NIGHT, state=state, changed_at=OVER)
    assert nights_over([resumed], OVER) == {}
    assert nights_over([replace(resumed, lost=True)], OVER).keys() == {GAME.slate}


async def test_it_is_told_under_one_name_for_ever() -> None:
    """A night's total has one fixed key, and counts the bets on no game that need the person."""
    told: list[Notice] = []
    clock = LeapingClock(OVER)

    async def tell(notice: Notice) -> None:
        told.append(notice)
        if len(told) == 2:
            raise TimeoutError

    async def two() -> int:
        return 2

    with pytest.raises(TimeoutError):
        await tell_tonight(lambda: [GameTracking(GAME, NIGHT)], clock, tell, two, UTC)
    assert len({(x.kind, x.episode) for x in told}) == 1
    assert told[0].text == "Tonight 2–1–1, +$7.56 · 1 void · 3 bets need you"


@pytest.mark.parametrize(
    ("hours", "zone", "night"),
    [
        (0, "America/New_York", "Tonight"),
        (2, "America/New_York", "Tonight"),
        (12, "America/New_York", "Last night"),
        (48, "America/New_York", "Friday"),
        (0, "Asia/Tokyo", "Today"),
        (22, "Asia/Tokyo", "Yesterday"),
        (48, "Pacific/Auckland", "Saturday"),
    ],
)
async def test_a_night_is_named_by_the_persons_own_clock(
    hours: float, zone: str, night: str
) -> None:
    """Results of the day after, as the program was down, are last night's; in Tokyo it was day."""
    told: list[Notice] = []
    over = OVER + timedelta(hours=hours)

    async def tell(notice: Notice) -> None:
        told.append(notice)
        raise TimeoutError

    async def none() -> int:
        return 0

    done = [x.settlement and replace(x, settlement=replace(x.settlement, at=over)) for x in NIGHT]
    tracking = GameTracking(GAME, tuple(x for x in done if x))
    with pytest.raises(TimeoutError):
        await tell_tonight(lambda: [tracking], LeapingClock(over), tell, none, ZoneInfo(zone))
    assert told[0].text == f"{night} 2–1–1, +$7.56 · 1 void"


@pytest.mark.parametrize(("level", "named"), [(Level.LOW, "Last night"), (Level.URGENT, "Tonight")])
async def test_a_night_that_ends_in_quiet_hours_is_named_as_it_is_read(
    level: Level, named: str
) -> None:
    """Its total comes when they end, in the morning; one that is loud enough comes at once."""
    told: list[Notice] = []

    async def tell(notice: Notice) -> None:
        told.append(notice)
        raise TimeoutError

    async def none() -> int:
        return 0

    quiet = QuietHours(OVER.time(), (OVER + timedelta(hours=9)).time(), UTC)
    night = tell_tonight(
        lambda: [GameTracking(GAME, NIGHT)], LeapingClock(OVER), tell, none, UTC,
        AlertPolicy(Policy({DAEMON: level}, quiet=quiet)).audible_from,
    )  # fmt: skip
    with pytest.raises(TimeoutError):
        await night
    assert told[0].text.startswith(f"{named} 2–1–1")


async def test_a_result_by_hand_lets_its_game_be_polled_at_once(tmp_path: Path) -> None:
    """The card and the night's total have a result that a person gave, though the game is over."""
    paths = {"store": {"path": str(tmp_path / "t.db")}, "bets": {"file": str(tmp_path / "none")}}
    settings = settings_of(paths, tmp_path / "tracker.toml")
    async with await Store.open(tmp_path / "t.db", now=OVER, durable=False) as store:
        await store.save_games([(GAME, None)], OVER)
        pick = parse_pick("DEN ML", find_in_game(GAME))
        await store.add(Draft(pick), game=GAME, defaults=(), at=T0)
        followed = FollowedBets(store, FakeClock(OVER), settings, tell_nobody)
        await followed.refresh()
        won = Settlement(1, 1, Result.WON, None, OVER, "by hand", by_hand=True)
        async with await Store.open(tmp_path / "t.db", now=OVER, durable=False) as command:
            await command.by_hand.decide(1, lambda _: Ruling(won, new=True, official=True), OVER)
        assert await followed.refresh() is not None
        assert followed.moved() == {GAME.id}
