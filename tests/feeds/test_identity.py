"""Promises of identity: a game has one id, whichever sources report it in whatever order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.game import (
    FreeThrows,
    Game,
    GameState,
    Pair,
    Phase,
    PlayerLine,
    Score,
    Side,
    same_meeting,
)
from tracker.domain.player import player_key
from tracker.feeds import nba
from tracker.feeds.espn import espn_source
from tracker.feeds.identity import Register, nearest, recognised, state_under
from tracker.replay import shipped
from tracker.replay.espn_site import EspnSite
from tracker.replay.nba_site import LIVE, NbaSite
from tracker.replay.playback import Playback, Showing
from tracker.replay.words import event_id

START = datetime(2026, 1, 30, 0, 30, tzinfo=UTC)
GAME = Game("0022500680", "nba", "PHI", "SAC", START)
AT_ESPN = Game("401810500", "nba", "PHI", "SAC", START + timedelta(minutes=10))
NEXT_NIGHT = Game("0022500695", "nba", "PHI", "SAC", START + timedelta(days=1))


def test_the_same_meeting() -> None:
    """League, teams and date make a meeting; sides may differ; the next night is another one."""
    assert same_meeting(GAME, AT_ESPN)
    assert same_meeting(GAME, replace(AT_ESPN, home="SAC", away="PHI"))
    assert not same_meeting(GAME, NEXT_NIGHT)
    assert not same_meeting(GAME, replace(AT_ESPN, league="gleague"))
    assert not same_meeting(GAME, replace(AT_ESPN, away="SAS"))
    late = replace(GAME, start=datetime(2026, 1, 30, 10, tzinfo=UTC))
    later = replace(AT_ESPN, start=datetime(2026, 1, 30, 12, tzinfo=UTC))
    assert late.slate != later.slate
    assert same_meeting(late, later)


def test_a_team_that_its_source_renames_is_the_same_team() -> None:
    """Under the same id and on the same night, a code that no team of the league has is a name."""
    renamed = replace(GAME, home="PHS")
    assert recognised(GAME, renamed) == GAME
    for other in (replace(GAME, home="BOS"), replace(GAME, home="PHS", away="BOS")):
        assert recognised(GAME, other) == other
    assert recognised(GAME, replace(NEXT_NIGHT, home="PHS")).home == "PHS"
    school = replace(GAME, league="ncaam")
    assert recognised(school, replace(school, home="PHS")).home == "PHS"
    assert recognised(school, replace(school, home="TBD")) == school
    assert recognised(replace(school, home="TBD"), school) == school
    register = Register([GAME], lambda: {GAME.id})
    assert register.own("nba", renamed) == GAME
    live = GameState(renamed, Phase.LIVE, 1, 700.0, Score(5, 2))
    assert state_under(GAME, live).score == Score(5, 2)


def test_of_several_the_nearest() -> None:
    """When two teams meet twice on a date, the tip-offs tell the games apart."""
    early, late = (
        replace(AT_ESPN, id="1"),
        replace(AT_ESPN, id="2", start=START + timedelta(hours=6)),
    )
    assert nearest(GAME, [late, early]) == early
    assert nearest(replace(GAME, start=late.start), [late, early]) == late
    assert nearest(GAME, [NEXT_NIGHT]) is None


@given(st.permutations(["nba", "espn nba", "nba", "espn nba"]))
def test_one_id_whoever_comes_first(order: list[str]) -> None:
    """The first source to report a game gives its id, which stays."""
    register = Register()
    told = {"nba": GAME, "espn nba": AT_ESPN}
    ids = {register.own(source, told[source]).id for source in order}
    assert ids == {told[order[0]].id}


def test_ids_that_are_in_force_already_stay() -> None:
    """After a restart the stored games keep their ids, whichever source reports first."""
    register = Register([AT_ESPN])
    assert register.own("nba", GAME).id == AT_ESPN.id
    assert register.own("nba", NEXT_NIGHT).id == NEXT_NIGHT.id
    assert register.own("espn nba", AT_ESPN).id == AT_ESPN.id


def test_only_the_source_of_the_id_moves_a_tip_off() -> None:
    """Another source's tip-off changes nothing; the one of the id's own source does."""
    register = Register()
    register.own("nba", GAME)
    assert register.own("espn nba", AT_ESPN).start == START
    moved = replace(GAME, start=START + timedelta(hours=2))
    assert register.own("nba", moved).start == moved.start
    assert register.own("espn nba", AT_ESPN).start == moved.start


def test_a_postponed_game_finds_its_second_event() -> None:
    """The league moves the game under its id; ESPN's new event for it is matched."""
    register = Register()
    register.own("nba", GAME)
    assert register.own("espn nba", AT_ESPN).id == GAME.id
    moved = replace(GAME, start=START + timedelta(days=30))
    register.own("nba", moved)
    again = Game("401999999", "nba", "PHI", "SAC", moved.start)
    assert register.own("espn nba", again).id == GAME.id


def test_two_games_of_one_source_are_two() -> None:
    """Two games of one source on one date are never merged."""
    register = Register()
    register.own("nba", GAME)
    second = replace(GAME, id="0022500999", start=START + timedelta(hours=5))
    assert register.own("nba", second).id == second.id
    assert register.own("espn nba", replace(AT_ESPN, start=second.start)).id == second.id
    assert register.own("espn nba", replace(AT_ESPN, id="401810501")).id == GAME.id


def test_old_games_are_forgotten() -> None:
    """A year of games does not fill the register."""
    register = Register()
    for day in range(60):
        reported = replace(GAME, id=f"00225{day:05}", start=START + timedelta(days=day))
        register.own("nba", reported)
        register.prune()
    assert len(register._games) == len(register._reported) == 15


def test_a_state_told_from_the_other_side() -> None:
    """Every figure of a side moves with it; id and sides are those of the game."""
    reported = GameState(
        replace(AT_ESPN, home="SAC", away="PHI"),
        Phase.LIVE,
        1,
        300.0,
        Score(20, 15),
        periods=(Score(20, 15),),
        possession=Side.HOME,
        bonus=Pair(True, False),
        timeouts=Pair(6, 7),
        players=(PlayerLine("espn:1", "A", Side.HOME, ()),),
        throws=FreeThrows(Side.HOME, 2, "8", Side.AWAY),
    )
    found = state_under(GAME, reported)
    assert (found.game.id, found.game.name, found.game.start) == (GAME.id, GAME.name, AT_ESPN.start)
    assert (found.score, found.periods) == (Score(15, 20), (Score(15, 20),))
    assert (found.possession, found.bonus) == (Side.AWAY, Pair(False, True))
    assert (found.timeouts, found.players[0].side) == (Pair(7, 6), Side.AWAY)
    assert found.throws == FreeThrows(Side.AWAY, 2, "8", Side.HOME)


@pytest.mark.parametrize("name", ["SAC@PHI", "LAC@LAL", "CHA@DAL"])
def test_players_go_by_one_name_whoever_tells_of_them(name: str) -> None:
    """The league's box and ESPN's summary of a recorded game give the same players and figures."""
    shown = Showing(Playback(next(x for x in shipped() if x.name == name)))
    game, over = shown.playback.recording.id, shown.ends + timedelta(hours=1)
    box = NbaSite([shown]).page(f"{LIVE}/boxscore/boxscore_{game}.json", over)
    path = "/apis/site/v2/sports/basketball/nba/summary"
    summary = EspnSite([shown]).page(path, {"event": event_id("nba", game)}, over)
    assert box is not None
    assert summary is not None
    ours = nba.SOURCE.parse_box(box.body).players
    theirs = espn_source("nba").parse_box(summary.body).players
    assert figures(ours) == figures(theirs)
    assert len(figures(ours)) >= 16


def figures(players: Iterable[PlayerLine]) -> dict[tuple[Side, str], dict[str, int]]:
    """The figures of everybody who played, by side and the name by which a bet finds him."""
    return {(x.side, player_key(x.name)): dict(x.stats) for x in players if x.played}


@pytest.mark.parametrize(
    "other",
    [
        replace(GAME, away="BOS"),
        replace(GAME, start=START + timedelta(days=5)),
    ],
)
def test_an_id_that_is_given_to_another_meeting_stays_with_the_one_that_is_bet_on(
    other: Game,
) -> None:
    """The new meeting gets an id of its own, the same at every poll and after a restart."""
    register = Register([GAME], held=lambda: {GAME.id})
    made = register.own("nba", other)
    assert made.id != GAME.id
    assert made.id.startswith(f"{GAME.id}-")
    assert register.own("nba", other) == made
    assert Register([GAME, made], held=lambda: {GAME.id}).own("nba", other) == made
    assert Register([GAME]).own("nba", other) == other


def test_the_sides_of_a_game_that_is_bet_on_stay() -> None:
    """A game with bets keeps its sides when a document exchanges them; one without follows it."""
    swapped = replace(GAME, home=GAME.away, away=GAME.home)
    held = Register([GAME], held=lambda: {GAME.id}).own("nba", swapped)
    assert (held.home, held.away) == (GAME.home, GAME.away)
    free = Register([GAME]).own("nba", swapped)
    assert (free.home, free.away) == (GAME.away, GAME.home)
