"""Promises of teams: each is found by any name that people and feeds use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.catalog import (
    as_typed,
    code_in,
    find_teams,
    fold,
    longest_name,
    may_be_a_person,
    professional,
    team_names,
    teams,
)
from tracker.domain.league import LEAGUES
from tracker.language import find_in, parse_pick
from tracker.language.vocabulary import NEVER_IN_A_NAME

SHIPPED = tuple(teams("nba").values())


def test_the_league_is_complete() -> None:
    """The NBA has thirty teams, each with its own code, name and full name."""
    assert len(SHIPPED) == 30
    assert len({x.name for x in SHIPPED}) == len({x.full_name for x in SHIPPED}) == 30
    assert all(len(x.code) == 3 and x.code.isupper() for x in SHIPPED)
    assert not teams("no such league")


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("GS", "GSW"),
        ("NO", "NOP"),
        ("NY", "NYK"),
        ("SA", "SAS"),
        ("UTAH", "UTA"),
        ("WSH", "WAS"),
        ("BRK", "BKN"),
        ("CHO", "CHA"),
        ("PHO", "PHX"),
        ("Sixers", "PHI"),
        ("Wolves", "MIN"),
        ("t-wolves", "MIN"),
        ("Trail  Blazers", "POR"),
        ("Blazers", "POR"),
        ("C's", "BOS"),
        ("C\u2019s", "BOS"),
        ("Los Angeles Lakers", "LAL"),
        ("LA Clippers", "LAC"),
        ("LA", "LAC LAL"),
        ("Los Angeles", "LAC LAL"),
        ("Nuggéts", "DEN"),
        ("Déñver", "DEN"),
        ("Seattle", ""),
        ("", ""),
    ],
)
def test_teams_are_found_as_people_and_feeds_write_them(written: str, codes: str) -> None:
    """Codes of other feeds, nicknames and accents find the team; an ambiguous name finds two."""
    assert sorted(x.code for x in find_teams(written, ("nba",))) == codes.split()


@given(st.sampled_from(SHIPPED), st.sampled_from([str.upper, str.lower, str.title, str]))
def test_every_name_of_every_team_leads_to_it(team: object, case: object) -> None:
    """A team is found by code, city, nickname, full name and aliases, in any case."""
    assert team in SHIPPED
    assert callable(case)
    for found in SHIPPED:
        if found == team:
            for name in (found.code, found.city, found.name, found.full_name, *found.aliases):
                assert found in find_teams(case(name), ("nba",))


def test_the_longest_name_wins() -> None:
    """`LA Lakers -4.5` names the Lakers with two words."""
    count, found = longest_name(["LA", "Lakers", "-4.5"], ("nba",))
    assert (count, [x.code for x in found]) == (2, ["LAL"])
    assert longest_name(["over", "224.5"], ("nba",)) == (0, ())
    assert longest_name([], ("nba",)) == (0, ())


@given(st.text(max_size=30))
def test_folding_is_done_once(text: str) -> None:
    """Folding folded text changes nothing, up to Unicode's compatibility forms."""
    assert fold(fold(text)) == fold(fold(fold(text)))
    assert all(fold(x) == x for x in team_names(("nba",)))


def test_every_league_has_its_teams() -> None:
    """The WNBA has fifteen teams; both teams of a college share a row."""
    assert len(teams("wnba")) == 15
    assert len(teams("ncaam")) == len(teams("ncaaw")) > 350
    assert teams("ncaaw")["CONN"].league == "ncaaw"
    for league in ("wnba", "ncaam"):
        names = [x.full_name for x in teams(league).values()]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("HOU", "nba HOU"),
        ("Houston Cougars", "ncaam HOU, ncaaw HOU"),
        ("Duke", "ncaam DUKE, ncaaw DUKE"),
        ("Wings", "wnba DAL"),
        ("WSH", "nba WAS, wnba WAS"),
        ("Hawaii", "ncaam HAW, ncaaw HAW"),
        ("San Jose St", "ncaam SJSU, ncaaw SJSU"),
        ("Lady Vols", "ncaaw TENN"),
        ("Michigan Lady Wolverines", "ncaaw MICH"),
        ("Techsters", "ncaaw LT"),
        ("Albany Great Danes", "ncaam UALB, ncaaw UALB"),
    ],
)
def test_a_professional_team_comes_before_a_college(written: str, found: str) -> None:
    """`HOU` never finds the college; teams of two professional leagues are both found."""
    leagues = ("nba", "wnba", "ncaam", "ncaaw")
    assert ", ".join(f"{x.league} {x.code}" for x in find_teams(written, leagues)) == found


def test_a_wide_search_gives_colleges_too() -> None:
    """A wide search also finds colleges, for a game whose two teams tell the league together."""
    found = find_teams("HOU", ("nba", "ncaam"), wide=True)
    assert [(x.league, x.code) for x in found] == [("nba", "HOU"), ("ncaam", "HOU")]
    assert professional(found) == found[:1]
    assert professional(found[1:]) == found[1:]
    assert [x.code for x in find_teams("Miami OH RedHawks", ("ncaam",))] == ["M-OH"]


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Washington", True),
        ("Houston", True),
        ("Brown", True),
        ("Butler", True),
        ("Mia", True),
        ("MIA", False),
        ("den", False),
        ("Nuggets", False),
        ("New York", False),
        ("Cavs", False),
        ("76ers", False),
    ],
)
def test_some_cities_and_schools_are_names_of_people(name: str, person: bool) -> None:
    """A city or school may be a person's name; a nickname, a code or two words may not."""
    leagues = ("nba", "wnba", "ncaam", "ncaaw")
    assert may_be_a_person(name, find_teams(name, leagues)) == person


@pytest.mark.parametrize(
    ("league", "code", "name", "expected"),
    [
        ("nba", "WSH", "Washington Wizards", "WAS"),
        ("nba", "UTAH", "", "UTA"),
        ("nba", "LAC", "LA Clippers", "LAC"),
        ("wnba", "LA", "Los Angeles Sparks", "LAS"),
        ("wnba", "GS", "", "GSV"),
        ("wnba", "PHO", "", "PHX"),
        ("wnba", "CLA", "TEAM CLARK", "CLA"),
        ("ncaam", "UTA", "UT Arlington Mavericks", "UTA"),
        ("ncaaw", "TENN", "Tennessee Lady Volunteers", "TENN"),
        ("ncaaw", "TTU", "Texas Tech Lady Raiders", "TTU"),
        ("ncaaw", "LT", "Louisiana Tech Lady Techsters", "LT"),
        ("ncaaw", "SCST", "South Carolina State Lady Bulldogs", "SCST"),
        ("ncaaw", "HAW", "Hawai'i Rainbow Wahine", "HAW"),
        ("ncaam", "X", "Prairie View Panthers", "PV"),
        ("ncaam", "X", "SIUE Cougars", "SIUE"),
        ("ncaam", "X", "Texas A&M-CC Islanders", "AMCC"),
        ("ncaam", "CAL", "Calvary Warriors", "CAL2"),
        ("ncaam", "NEWC", "New College Owls", "NEWC"),
        ("gleague", "AUS", "Austin Spurs", "AUS"),
    ],
)
def test_a_feeds_code_becomes_ours(league: str, code: str, name: str, expected: str) -> None:
    """A feed's team is found by full name, code or alias; an unlisted one keeps the feed's code."""
    assert code_in(league, code, name) == expected


def test_of_a_teams_names_its_code_is_suggested_first() -> None:
    """A hint for a misspelt word is the same on every start: of names as near, the code."""
    names = team_names(("nba",))
    for team in SHIPPED:
        own = [fold(x) for x in team.aliases if len(find_teams(x, ("nba",))) == 1]
        assert all(names.index(fold(team.code)) < names.index(x) for x in own), team


def test_no_name_of_a_team_goes_on_with_a_term_of_bets() -> None:
    """No team's name contains a term at which the parser stops looking for a team."""
    for league in ("nba", "wnba", "ncaam"):
        for name in team_names((league,)):
            assert not NEVER_IN_A_NAME & set(name.split()[1:])


@pytest.mark.parametrize(
    ("text", "league", "code"),
    [
        ("Kings", "nba", "SAC"),
        ("Stockton Kings", "gleague", "STO"),
        ("OKC", "nba", "OKC"),
        ("Sioux Falls Skyforce", "gleague", "SXF"),
        ("Capitanes", "gleague", "MXC"),
    ],
)
def test_second_teams_do_not_take_the_names_of_the_first(text: str, league: str, code: str) -> None:
    """A name of the NBA never finds a G League team, which is found by its own names."""
    assert [(x.league, x.code) for x in find_teams(text, tuple(LEAGUES))] == [(league, code)]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Southeastern Louisiana", "SELA"),
        ("SIU-Edwardsville", "SIUE"),
        ("Mt. St. Mary's", "MSM"),
        ("Saint Johns", "SJU"),
        ("McNeese St.", "MCN"),
        ("N. Dakota St.", "NDSU"),
        ("Ohio University", "OHIO"),
        ("University of Houston", "HOU"),
        ("Boston University", "BU"),
        ("Miami (Ohio)", "M-OH"),
        ("Miami-Florida", "MIA"),
        ("Louisiana–Monroe", "ULM"),
        ("Ark.-Pine Bluff", "UAPB"),
        ("New Haven", "NHVN"),
        ("Loyola", "L-MD LMU LUC"),
        ("St. Francis", "SFBK SFPA"),
        ("PA", ""),
    ],
)
def test_a_school_is_found_by_whatever_it_is_called(text: str, codes: str) -> None:
    """Short words, hyphens and old names find a school; a shared name finds all of its schools."""
    assert " ".join(x.code for x in find_teams(text, ("ncaam",))) == codes


def test_a_code_alone_never_makes_one_school_another() -> None:
    """A feed's code never turns one school into another listed school of another name."""
    assert code_in("ncaam", "LIN", "Lincoln (PA) Lions") == "LIN2"
    assert code_in("ncaam", "PAC", "Pacific (OR) Boxers") == "PAC2"
    assert code_in("ncaam", "LIN", "Lindenwood Lions") == "LIN"
    assert code_in("ncaam", "UTU", "Dixie State Trailblazers") == "UTU"


@pytest.mark.parametrize("league", LEAGUES)
def test_a_team_as_it_is_typed_is_read_as_that_team(league: str) -> None:
    """A hint that names a college does not mean the professional team of the same code."""
    for team in teams(league).values():
        pick = parse_pick(f"{as_typed(league, team.code)} 2H -1.5 -110", find_in(*LEAGUES))
        assert [(x.league, x.code) for x in pick.team] == [(league, team.code)]
    assert as_typed("nba", "LAL", "DEN") == "LAL@DEN"
    assert as_typed("ncaam", "HOU", "UTAH") == "NCAAM HOU@UTAH"
