"""Bets move off a game that is no longer theirs: another opponent, another date, a trade."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.engine.build import GAME, T0, a_book, bet
from tracker.daemon.watchers.followed_bets import strayed, to_move
from tracker.domain.bet import Bet
from tracker.domain.draft import Draft
from tracker.domain.game import Game, Side
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import Player, Stat
from tracker.domain.tracking import GameTracking, Tracked
from tracker.language import read_line

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
