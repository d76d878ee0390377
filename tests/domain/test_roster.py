"""Promises of names: a player is found by any name that people and sources use, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracker.domain.game import Game, Side
from tracker.domain.league import LEAGUES
from tracker.domain.market import Direction, PlayerTotal
from tracker.domain.player import (
    AmbiguousPlayer,
    NoSuchPlayer,
    Player,
    Stat,
    find_player,
    nicknamed,
    other_names,
    player_key,
    players_meant,
)
from tracker.language import find_in, parse_pick

GAME = Game("1", "nba", "OKC", "DEN", datetime(2026, 11, 21, 2, tzinfo=UTC))
HOME = ("Shai Gilgeous-Alexander", "Jalen Williams", "Jaylin Williams", "Kenrich Williams")
AWAY = (
    "Nikola Jokić", "Michael Porter Jr.", "D'Angelo Russell", "P.J. Washington", "Jabari Smith Jr.",
    "Dorian Finney-Smith", "Kentavious Caldwell-Pope", "Nicolas Claxton", "Jimmy Butler III",
)  # fmt: skip
ROSTER = (*(Player(x, Side.HOME) for x in HOME), *(Player(x, Side.AWAY) for x in AWAY))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Nikola Jokić", "Nikola Jokić"),
        ("nikola jokic", "Nikola Jokić"),
        ("Jokic", "Nikola Jokić"),
        ("N. Jokic", "Nikola Jokić"),
        ("N.Jokic", "Nikola Jokić"),
        ("Nik Jokic", "Nikola Jokić"),
        ("Nikola", "Nikola Jokić"),
        ("Jokic, Nikola", "Nikola Jokić"),
        ("Joker", "Nikola Jokić"),
        ("Denver Jokic", "Nikola Jokić"),
        ("Jokic (DEN)", "Nikola Jokić"),
        ("Nuggets Nikola Jokic", "Nikola Jokić"),
        ("SGA", "Shai Gilgeous-Alexander"),
        ("Shai", "Shai Gilgeous-Alexander"),
        ("Gilgeous-Alexander", "Shai Gilgeous-Alexander"),
        ("Gilgeous Alexander", "Shai Gilgeous-Alexander"),
        ("S. Gilgeous-Alexander", "Shai Gilgeous-Alexander"),
        ("JDub", "Jalen Williams"),
        ("Jalen Williams", "Jalen Williams"),
        ("Jaylin Williams", "Jaylin Williams"),
        ("K. Williams", "Kenrich Williams"),
        ("MPJ", "Michael Porter Jr."),
        ("Porter Jr", "Michael Porter Jr."),
        ("Michael Porter", "Michael Porter Jr."),
        ("DLo", "D'Angelo Russell"),
        ("DAngelo Russell", "D'Angelo Russell"),
        ("PJ Washington", "P.J. Washington"),
        ("P. J. Washington", "P.J. Washington"),
        ("Washington", "P.J. Washington"),
        ("Smith Jr.", "Jabari Smith Jr."),
        ("Finney-Smith", "Dorian Finney-Smith"),
        ("Finney Smith", "Dorian Finney-Smith"),
        ("KCP", "Kentavious Caldwell-Pope"),
        ("Caldwell Pope", "Kentavious Caldwell-Pope"),
        ("Nic Claxton", "Nicolas Claxton"),
        ("Butler", "Jimmy Butler III"),
        ("Jimmy Buckets", "Jimmy Butler III"),
    ],
)
def test_a_player_is_found_as_people_write_him(written: str, name: str) -> None:
    """Accents, dots, hyphens and suffixes do not matter; nicknames and team names help."""
    assert find_player(written, GAME, ROSTER).name == name


def test_what_two_bear_is_told_with_both() -> None:
    """A name of two players is refused with both; a side, initial or full name decides."""
    with pytest.raises(
        AmbiguousPlayer, match=r"Jalen Williams \(OKC\) or Jaylin Williams \(OKC\) or"
    ):
        find_player("Williams", GAME, ROSTER)
    with pytest.raises(AmbiguousPlayer) as caught:
        find_player("J. Williams", GAME, ROSTER)
    assert [x.name for x in caught.value.players] == ["Jalen Williams", "Jaylin Williams"]
    two = (Player("Ish Smith", Side.HOME), Player("Joe Smith", Side.AWAY))
    assert find_player("Smith", GAME, two, Side.AWAY).name == "Joe Smith"
    assert find_player("DEN Smith", GAME, two).name == "Joe Smith"
    same = (Player("Joe Smith", Side.HOME), Player("Joe Smith", Side.AWAY))
    with pytest.raises(AmbiguousPlayer, match="name the team too, as 'OKC Joe Smith'"):
        find_player("Joe Smith", GAME, same)


def test_who_is_not_there_is_told_with_who_is_near() -> None:
    """A missing player is reported with near names; an unknown roster is said to be unknown."""
    with pytest.raises(NoSuchPlayer, match=r"did you mean Nikola Jokić\?") as caught:
        find_player("Jokci", GAME, ROSTER)
    assert caught.value.near == "Nikola Jokić"
    with pytest.raises(NoSuchPlayer, match="among the players of OKC in DEN@OKC"):
        find_player("Jokic", GAME, ROSTER, Side.HOME)
    for side in (None, Side.AWAY):
        with pytest.raises(NoSuchPlayer, match="are not known yet"):
            find_player("Jokic", GAME, ROSTER[: len(HOME)], side)
    with pytest.raises(NoSuchPlayer, match="are not known yet"):
        find_player("Jokic", GAME, ())
    assert players_meant("", GAME, ROSTER) == ()


def test_one_person_has_one_key_in_every_source() -> None:
    """Short first names give the same key; two people with similar names do not."""
    assert player_key("Nic Claxton") == player_key("Nicolas Claxton")
    assert player_key("Herb Jones") == player_key("Herbert Jones")
    assert player_key("PJ Washington") == player_key("P.J. Washington Jr.")
    assert player_key("Jimmy Butler III") == player_key("Jimmy Butler")
    assert player_key("Jalen Williams") != player_key("Jaylin Williams")
    assert player_key("Alex Sarr") == player_key("Alexandre Sarr") == "alexandre sarr"
    assert nicknamed("JB") == {"jalen brunson", "jaylen brown"}
    assert not nicknamed("Nobody")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Durisic", "Nikola Đurišić"),
        ("Djurisic", "Nikola Đurišić"),
        ("Đurišić", "Nikola Djurisic"),
        ("Lapornik", "Žan Łapornik"),
        ("Bakken", "Bjørn Bakken"),
        ("Bjorn Bakken", "Bjørn Bakken"),
        ("Isik", "Ömer Işık"),
        ("Strauss", "Max Strauß"),
        ("Aersand", "Ærsand Olsen"),
    ],
)
def test_letters_with_a_stroke_are_folded(written: str, name: str) -> None:
    """Letters that Unicode does not decompose are folded to their plain forms."""
    assert find_player(written, GAME, [Player(name, Side.HOME)]).name == name


def test_every_nickname_that_is_known_can_be_written_in_a_bet() -> None:
    """A line names a player by any of them, those with figures and with `the` too: CP3."""
    for name, others in other_names("nicknames").items():
        roster = (Player(name, Side.HOME),)
        for written in others:
            pick = parse_pick(f"{written} over 9.5 reb", find_in(*LEAGUES))
            market = pick.market_for(GAME, roster)
            assert market == PlayerTotal(roster[0], Stat.REB, Direction.OVER, 9.5), written
