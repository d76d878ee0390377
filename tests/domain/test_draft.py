"""Promises of drafts: a bet that is read again is recognised, and each leg finds its game."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import BadBet
from tracker.domain.bet import Parlay
from tracker.domain.catalog import guests_of
from tracker.domain.draft import (
    AmbiguousGame,
    Draft,
    NoSuchGame,
    RostersUnknown,
    choose_games,
)
from tracker.domain.game import Game, GameState, Listing, Phase, Score, Side
from tracker.domain.market import Moneyline
from tracker.domain.money import parse_odds, parse_stake
from tracker.domain.player import Player
from tracker.domain.policy import parse_rule
from tracker.language import (
    find_in,
    parse_bet,
    parse_matchup,
    parse_pick,
    read_legs,
    read_line,
    still_written,
)
from tracker.store.bet_rows import pack_written, written_of

FIND = find_in("nba")
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def draft(pick: str, game: str | None = None, **more: object) -> Draft:
    """A draft as the commands and the bets file make it."""
    read = parse_pick(pick, FIND)
    matchup = read.matchup if game is None else parse_matchup(game, FIND)
    made = Draft(read, matchup=matchup, game_text=game, odds=read.odds)
    for name, value in more.items():
        object.__setattr__(made, name, value)
    return made


def game(number: str, away: str, home: str, hours: float) -> Game:
    """A game that tips off `hours` from now."""
    return Game(number, "nba", home, away, NOW + timedelta(hours=hours))


def at(phase: Phase, of: Game) -> GameState:
    """A state of a game in this phase."""
    return GameState(
        of, phase, 0 if phase in (Phase.SCHEDULED, Phase.POSTPONED) else 1, 0, Score(0, 0)
    )


def choose_game(of: Draft, games: Iterable[Listing], now: datetime) -> Game:
    """The game that a draft means; of a parlay, the first leg's."""
    return choose_games(of, games, now)[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("DEN -1.5", "DEN -15"),
        ("DEN over 22.5", "DEN over 225"),
        ("DEN -4.5", "DEN +4.5"),
        ("DEN -4.5", "LAL -4.5"),
        ("DEN -4.5", "Q3 DEN -4.5"),
        ("DEN ML +135", "DEN ML +150"),
        ("DEN ML 1.91", "DEN ML 19.1"),
        ("DEN ML #one", "DEN ML #two"),
    ],
)
def test_different_bets_are_told_apart(one: str, other: str) -> None:
    """Bets whose lines, prices or tags differ, even by a dot, have different identities."""
    assert draft(one).identity != draft(other).identity


def test_the_same_bet_is_known_again() -> None:
    """Case and blanks do not change an identity; stake, odds, game, book and occasion do."""
    base = draft("DEN -4.5", "LAL@DEN")
    assert base.identity == draft("den   -4.5 ", "lal@den").identity
    others = [
        draft("DEN -4.5", "LAL@DEN 2026-11-20"),
        draft("DEN -4.5", "LAL@DEN", stake_cents=2000),
        draft("DEN -4.5", "LAL@DEN", odds=parse_odds("-110")),
        draft("DEN -4.5", "LAL@DEN", book="b"),
        draft("DEN -4.5", "LAL@DEN", occasion="0022600001"),
        draft("DEN -4.5", "LAL@DEN", name="mine"),
    ]
    assert len({x.identity for x in [base, *others]}) == len(others) + 1


def test_an_own_id_outlives_a_change_of_words() -> None:
    """A bet with the person's own id keeps its identity whatever else changes."""
    one, other = draft("DEN -4.5", name="mine"), draft("LAL ML +150", name="mine")
    assert one.identity == other.identity == "id:mine"


def test_an_identity_is_stable() -> None:
    """The same words always have the same identity, since databases keep it."""
    assert draft("DEN -4.5 -110", "LAL@DEN").identity == draft("DEN -4.5 -110", "LAL@DEN").identity
    assert draft("DEN -4.5").identity.startswith("content:")


@given(st.text(max_size=20))
def test_any_tag_has_an_identity(tag: str) -> None:
    """Any draft that can be read has an identity, whatever its tag."""
    try:
        made = draft(f"DEN ML #{tag}")
    except BadBet:
        return
    assert len(made.identity) == len("content:") + 32


def test_a_bet_has_a_rule_once_and_the_id_that_was_given() -> None:
    """A rule that is given twice is kept once; without an id of its own a bet has its number."""
    twice = (parse_rule("p >= 0.80"), parse_rule("p>=80%"), parse_rule("settled"))
    here = game("1", "LAL", "DEN", 1)
    made = draft("DEN ML").bet(7, Moneyline(Side.HOME), here, twice, NOW)
    assert ([x.text for x in made.rules], made.id) == (["p >= 0.80", "settled"], 7)
    assert draft("DEN ML", name="mine").bet(7, made.market, here, (), NOW).id == "mine"


TONIGHT = game("1", "LAL", "DEN", 1)
LATER = game("2", "BOS", "NYK", 1.5)
TOMORROW = game("3", "DEN", "UTA", 25)
YESTERDAY = game("4", "PHX", "DEN", -23)


def test_the_next_game_of_the_team_is_meant() -> None:
    """Tonight's game comes before tomorrow's, and yesterday's finished game is never chosen."""
    slate = [
        (TOMORROW, None),
        (TONIGHT, at(Phase.SCHEDULED, TONIGHT)),
        (YESTERDAY, at(Phase.FINAL, YESTERDAY)),
        (LATER, None),
    ]
    assert choose_game(draft("DEN ML"), slate, NOW) == TONIGHT
    assert choose_game(draft("UTA ML"), slate, NOW) == TOMORROW
    assert choose_game(draft("DEN ML"), reversed(slate), NOW) == TONIGHT


def test_a_game_in_play_comes_first() -> None:
    """A bet that is added during a game is on that game."""
    running = game("5", "DEN", "SAC", -1)
    slate = [(TONIGHT, None), (running, at(Phase.LIVE, running))]
    assert choose_game(draft("DEN ML"), slate[1:], NOW) == running
    assert choose_game(draft("DEN ML"), [(TOMORROW, None), slate[1]], NOW) == running


def test_a_game_left_in_play_long_ago_is_not_meant() -> None:
    """A game that yesterday's last poll showed in play is not chosen for tonight's bets."""
    slate = [(YESTERDAY, at(Phase.LIVE, YESTERDAY)), (TONIGHT, None)]
    assert choose_game(draft("DEN ML"), slate, NOW) == TONIGHT


def test_what_fits_two_games_of_a_slate_is_asked() -> None:
    """A total that fits two games of a slate is refused, and the error names both of them."""
    asked = r"LAL@DEN 2026-11-20, BOS@NYK 2026-11-20: name .*, such as 'LAL@DEN 2026-11-20'"
    with pytest.raises(AmbiguousGame, match=asked):
        choose_game(draft("over 220.5"), [(TONIGHT, None), (LATER, None)], NOW)
    assert choose_game(draft("over 220.5"), [(TONIGHT, None), (TOMORROW, None)], NOW) == TONIGHT
    assert choose_game(draft("over 220", "BOS@NYK"), [(TONIGHT, None), (LATER, None)], NOW) == LATER
    here = choose_game(draft("BOS@NYK over 220"), [(TONIGHT, None), (LATER, None)], NOW)
    assert here == LATER


def test_a_game_that_is_over_must_be_named_by_its_date() -> None:
    """A finished game of another night is chosen only when the bet names its date."""
    over = [(YESTERDAY, at(Phase.FINAL, YESTERDAY))]
    for slate in (over, []):
        with pytest.raises(NoSuchGame):
            choose_game(draft("DEN ML"), slate, NOW)


def test_a_game_of_tonight_is_meant_though_it_is_off() -> None:
    """Where nothing else fits, tonight's finished or postponed game is chosen."""
    over = [(YESTERDAY, at(Phase.FINAL, YESTERDAY))]
    off = [(TONIGHT, at(Phase.POSTPONED, TONIGHT))]
    assert choose_game(draft("DEN ML"), off, NOW) == TONIGHT
    assert choose_game(draft("PHX@DEN 2026-11-19 DEN ML"), over, NOW) == YESTERDAY
    assert choose_game(draft("DEN ML", "LAL@DEN 2026-11-20"), off, NOW) == TONIGHT


PLAYERS = {
    "1": (Player("Nikola Jokić", Side.HOME), Player("Austin Reaves", Side.AWAY)),
    "2": (Player("Jalen Brunson", Side.HOME), Player("Jaylen Brown", Side.AWAY)),
    "3": (Player("Lauri Markkanen", Side.HOME), Player("Nikola Jokić", Side.AWAY)),
}
EVENING = ((TONIGHT, None), (LATER, None))


def roster_of(game: Game) -> tuple[Player, ...]:
    """The players of each game."""
    return PLAYERS.get(game.id, ())


def parlay(text: str, **more: object) -> Draft:
    """A draft of a line that may hold several legs."""
    made = Draft(parse_bet(text, FIND))
    for name, value in more.items():
        object.__setattr__(made, name, value)
    return made


def chosen(text: str, slate: tuple[tuple[Game, GameState | None], ...] = EVENING) -> list[str]:
    """The names of the games of each leg."""
    return [x.name for x in choose_games(parlay(text), slate, NOW, roster_of)]


def test_a_player_is_looked_for_in_every_game() -> None:
    """A player's next game is chosen; a line that names a team or game need not know him."""
    assert chosen("Jokic o25.5 pts") == ["LAL@DEN"]
    assert chosen("Jokic o25.5 pts", (*EVENING, (TOMORROW, None))) == ["LAL@DEN"]
    assert chosen("Brunson o25.5 pts") == ["BOS@NYK"]
    assert chosen("NYK Whoever o2.5 pts") == ["BOS@NYK"]
    assert chosen("Whoever o2.5 pts vs BOS") == ["BOS@NYK"]
    with pytest.raises(NoSuchGame, match=r"did you mean Jalen Brunson\?"):
        chosen("Brunsen o25.5 pts")
    twins = (*EVENING, (game("5", "PHX", "SAC", 1), None))
    with pytest.raises(AmbiguousGame, match=r"Nikola Jokić in LAL@DEN .*, Nikola Jokić in BOS"):
        choose_games(parlay("Jokic o9.5 reb"), twins, NOW, lambda _: PLAYERS["1"][:1])


def test_a_mere_player_waits_until_every_roster_is_known() -> None:
    """A player alone waits while some roster is unknown; named with his team he does not."""
    slate = (*EVENING, (game("9", "MIA", "CHI", 2), None))
    with pytest.raises(RostersUnknown, match=r"the team or the game before the player to be sure$"):
        chosen("Herro o20.5 pts", slate)
    with pytest.raises(RostersUnknown, match=r"\(did you mean Jalen Brunson\?\); name the team"):
        chosen("Brunsen o25.5 pts", slate)
    assert chosen("Jokic o25.5 pts", slate) == ["LAL@DEN"]
    assert chosen("MIA Herro o20.5 pts", slate) == ["MIA@CHI"]


def test_a_player_of_another_game_is_said_to_be_on_it() -> None:
    """A same-game parlay's player who plays elsewhere is not taken for a mistyped name."""
    with pytest.raises(BadBet, match=r"is on BOS@NYK, another leg on LAL@DEN: the legs of a same"):
        chosen("sgp: Brunson o25.5 pts, Nuggets -4.5")


def test_a_leg_without_a_game_is_of_the_game_before_it() -> None:
    """A total or a player takes the game of the leg before; a leg on a team finds its own."""
    assert chosen("DEN ML; over 224.5; Jokic o25.5 pts") == ["LAL@DEN"] * 3
    assert chosen("NYK ML; over 210; DEN ML; under 230") == [*["BOS@NYK"] * 2, *["LAL@DEN"] * 2]
    assert chosen("DEN ML; Brunson o25.5 pts; over 210") == ["LAL@DEN", "BOS@NYK", "BOS@NYK"]
    with pytest.raises(AmbiguousGame):
        chosen("over 224.5; DEN ML")


def test_all_legs_of_a_same_game_parlay_are_of_one_game() -> None:
    """Any leg may name the game of a same-game parlay, even before rosters are known."""
    assert chosen("sgp: over 224.5; Jokic o25.5 pts; DEN ML") == ["LAL@DEN"] * 3
    unknown = choose_games(parlay("sgp: Jokic DD; DEN ML"), EVENING, NOW)
    assert [x.name for x in unknown] == ["LAL@DEN"] * 2
    with pytest.raises(NoSuchGame):
        chosen("sgp: DEN ML; NYK ML")


def test_a_parlay_becomes_one_wager() -> None:
    """A parlay's game is the first of its games, and each leg keeps its market and price."""
    draft = parlay("LAL@DEN over 224.5 -110; NYK ML -120; Jokic o25.5 pts -115")
    games = choose_games(draft, EVENING, NOW, roster_of)
    bet = draft.wager(games, roster_of)
    assert isinstance(bet, Parlay)
    assert (bet.games[0], [x.game.name for x in bet.legs]) == (
        TONIGHT,
        ["LAL@DEN", "BOS@NYK", "LAL@DEN"],
    )
    assert [x.odds and x.odds.text for x in bet.legs] == ["-110", "-120", "-115"]
    unknown = parlay("DEN ML; DEN Nobody o2.5 pts")
    with pytest.raises(BadBet, match="Nobody"):
        unknown.wager((TONIGHT, TONIGHT), roster_of)


def test_a_game_beside_a_line_says_its_league() -> None:
    """`HOU` is a college when its opponent is one, in the line or in the game beside it."""
    for written, matchup in (
        read_line("FLA@HOU HOU -4.5"),
        read_line("HOU -4.5", "FLA@HOU"),
        read_line("over 140.5", "FLA@HOU"),
        read_legs(["HOU -4.5", "over 140.5"], "FLA@HOU"),
    ):
        draft = Draft(written, matchup)
        assert draft.leagues == {"ncaam", "ncaaw"}
        college = Game("8", "ncaam", "HOU", "FLA", NOW + timedelta(hours=1))
        assert [x.id for x in choose_games(draft, [(college, None)], NOW)] == ["8"] * len(
            draft.legs
        )
    assert Draft(*read_line("HOU -4.5")).leagues == {"nba"}
    assert Draft(*read_line("Jokic o25.5 pts")).leagues == {"nba", "wnba"}


def test_the_time_of_placing_makes_another_bet() -> None:
    """The time of placing is part of the identity; a bet without one keeps the old identity."""
    base = draft("DEN -4.5 -110", "LAL@DEN")
    assert base.identity == "content:38f66658fb93391a1b993ce4202d2c53"
    at = draft("DEN -4.5 -110", "LAL@DEN", placed_at=NOW)
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert at.identity != base.identity
    assert at.identity == draft("DEN -4.5 -110", "LAL@DEN", placed_at=elsewhere).identity


@pytest.mark.parametrize(
    ("text", "cents"),
    [("20", 2000), ("$20.50", 2050), ("2u", 2000), ("0.5 units", 500), (".5u", 500), ("u", None)],
)
def test_stakes_are_money_or_units(text: str, cents: int | None) -> None:
    """A stake may be in units, each worth what the configuration says (here ten dollars)."""
    if cents is None:
        with pytest.raises(BadBet, match="number of units"):
            parse_stake(text, 1000)
    else:
        assert parse_stake(text, 1000) == cents


def meant(pick: str, *games: Game, now: datetime = NOW, zone: str | None = None) -> str:
    """The id of the game that a line of any league means."""
    made = Draft(*read_line(pick))
    place = None if zone is None else ZoneInfo(zone)
    return choose_games(made, [(x, None) for x in games], now, zone=place)[0].id


def test_a_date_is_the_leagues_the_calendars_or_the_persons() -> None:
    """A game is found by the league's date, the Eastern calendar date or the person's."""
    late = Game("401800001", "ncaam", "HAW", "UCSB", datetime(2026, 3, 8, 5, 30, tzinfo=UTC))
    before = datetime(2026, 3, 7, 20, tzinfo=UTC)
    for day in ("2026-03-07", "2026-03-08"):
        assert meant(f"UCSB@HAW {day} over 140.5", late, now=before) == late.id
    evening = Game("1", "nba", "DEN", "LAL", datetime(2026, 11, 21, 2, tzinfo=UTC))
    with pytest.raises(NoSuchGame):
        meant("LAL@DEN 2026-11-21 over 220.5", evening)
    assert meant("LAL@DEN 2026-11-21 over 220.5", evening, zone="Europe/Berlin") == "1"


def test_the_league_s_date_goes_before_any_other() -> None:
    """Of games on two nights in a row, the one with that date in the league is chosen."""
    first = Game("1", "nba", "DEN", "LAL", datetime(2026, 11, 21, 2, tzinfo=UTC))
    second = Game("2", "nba", "DEN", "LAL", datetime(2026, 11, 22, 2, tzinfo=UTC))
    for games in ((first, second), (second, first)):
        assert meant("LAL@DEN 2026-11-21 over 220.5", *games, zone="Europe/Berlin") == "2"


def test_teams_written_the_other_way_round_are_found_where_only_that_is_played() -> None:
    """A game is found with its teams swapped when no game fits as written."""
    tonight, later = game("1", "SAC", "PHI", 1), game("2", "PHI", "SAC", 50)
    assert meant("PHI@SAC over 220.5", tonight) == "1"
    assert meant("PHI@SAC over 220.5", tonight, later) == "2"


def test_a_game_of_last_night_is_never_tonights() -> None:
    """Last night's game is chosen only by its date, whatever its last known state."""
    last, next_one = game("1", "LAC", "UTA", -16), game("2", "GSW", "UTA", 8)
    for state in (None, at(Phase.LIVE, last), at(Phase.FINAL, last)):
        slated = [(last, state), (next_one, None)]
        assert choose_game(draft("UTA ML"), slated, NOW) == next_one
        assert choose_game(draft(f"LAC@UTA {last.slate} over 220.5"), slated, NOW) == last
        with pytest.raises(NoSuchGame):
            choose_game(draft("UTA ML"), slated[:1], NOW)


def test_an_id_that_was_given_to_another_meeting_is_not_bet_on_anew() -> None:
    """When a source reuses a game's id, the new meeting, with an id of its own, is chosen."""
    old = game("0022500680", "BOS", "PHI", 2)
    new = game("0022500680-20261120-SAC-PHI", "SAC", "PHI", 2)
    assert meant("PHI ML", old, new) == new.id


def test_men_and_women_of_one_name_are_told_apart() -> None:
    """A word in the line or the game's id tells them apart; without one the error names both."""
    men, women = (
        Game(number, league, "LSU", "SC", NOW + timedelta(hours=2))
        for number, league in (("401900001", "ncaam"), ("401900002", "ncaaw"))
    )
    for line in ("LSU women -3.5", "LSU (W) -3.5", "NCAAW LSU -3.5", "SC@LSU (w) LSU -3.5"):
        assert meant(line, men, women) == women.id
    assert meant("LSU men's -3.5", men, women) == men.id
    with pytest.raises(AmbiguousGame, match=r"NCAAM.*NCAAW.*the league as well"):
        meant("SC@LSU LSU -3.5", men, women)
    by_id = Draft(*read_line("LSU -3.5", "401900002"))
    assert choose_games(by_id, [(men, None), (women, None)], NOW) == (women,)
    over = replace(women, start=NOW - timedelta(hours=20))
    assert choose_games(by_id, [(men, None), (over, at(Phase.FINAL, over))], NOW) == (over,)
    assert "ncaaw" in Draft(*read_line("over 130.5", "401900002")).leagues
    assert Draft(*read_line("over 230.5", "0022600301")).leagues == {"nba"}
    assert (men.full, women.full) == ("SC @ LSU (NCAA men)", "SC @ LSU (NCAA women)")
    assert game("1", "LAL", "DEN", 1).full == "LAL @ DEN"


def test_a_player_tells_his_school_s_two_teams_apart() -> None:
    """Of a school's two teams that play on one day, the one is meant whose player is named."""
    men, women = (
        Game(number, league, "LSU", "SC", NOW + timedelta(hours=2))
        for number, league in (("401900001", "ncaam"), ("401900002", "ncaaw"))
    )
    line = Draft(*read_line("LSU Flau'jae Johnson over 17.5 pts"))

    def roster_of(game: Game) -> tuple[Player, ...]:
        return (Player("Flau'jae Johnson" if game is women else "Jalen Reed", Side.HOME),)

    slated = [(men, None), (women, None)]
    assert choose_games(line, slated, NOW, roster_of) == (women,)
    with pytest.raises(AmbiguousGame, match="the league as well"):
        choose_games(line, slated, NOW)


def test_a_league_that_a_line_names_is_never_left_for_another() -> None:
    """Where the teams of two leagues share a city, the league's word tells which one is meant."""
    pro = Game("0022600001", "nba", "WAS", "BKN", NOW + timedelta(hours=2))
    women = Game("1022600001", "wnba", "WAS", "NYL", NOW + timedelta(hours=2))
    for line in ("WNBA Washington +4.5", "Washington ML WNBA", "WNBA\nWashington ML"):
        assert meant(line, pro, women) == women.id
        with pytest.raises(NoSuchGame):
            meant(line, pro)
    assert meant("NBA Washington ML", pro, women) == pro.id
    assert meant("Washington ML #wnba", pro) == pro.id
    college = Game("401900003", "ncaam", "HOU", "FLA", NOW + timedelta(hours=2))
    assert meant("NCAAB Houston -4.5", college) == college.id
    assert meant("CBB parlay: FLA ML; Houston over 70.5", college) == college.id
    rockets = replace(pro, home="HOU")
    assert meant("Houston men -4.5", rockets, college) == college.id
    assert meant("Houston Rockets men -4.5", rockets, college) == rockets.id


def test_a_side_is_a_team_of_the_game_beside_a_line() -> None:
    """`home` is one in a line and in a leg, and the words are shown without an earlier stake."""
    line, game = read_line("home -4.5 -110 $20", "LAL@DEN")
    legs, _ = read_legs(["home -4.5", "over 224.5"], "LAL@DEN")
    assert [x.code for y in (line, legs) for x in y.legs[0].team] == ["DEN", "DEN"]
    assert still_written(line, parse_odds("-110"), 2500, game) == "home -4.5 -110"


def test_a_league_of_one_leg_is_not_that_of_the_next() -> None:
    """Only a league before all legs holds for each of them."""
    women = Game("401900001", "ncaaw", "HAMP", "HOW", NOW + timedelta(hours=1))
    men = Game("401900002", "ncaam", "WCU", "VMI", NOW + timedelta(hours=2))
    slated = [(women, None), (men, None)]
    mixed = Draft(*read_line("parlay: Howard women ML; VMI ML +300"))
    assert choose_games(mixed, slated, NOW) == (women, men)
    headed = Draft(*read_line("women's parlay: Howard ML; VMI ML +300"))
    with pytest.raises(NoSuchGame):
        choose_games(headed, slated, NOW)


def test_a_league_holds_for_a_line_that_names_no_team() -> None:
    """A player or a total alone is looked for in the league that the line names."""
    pro = Game("0022600001", "nba", "ATL", "BKN", NOW + timedelta(hours=2))
    women = Game("1022600001", "wnba", "LVA", "NYL", NOW + timedelta(hours=2))

    def roster_of(game: Game) -> tuple[Player, ...]:
        return (Player("Trae Young" if game is pro else "Jackie Young", Side.HOME),)

    slated = [(pro, None), (women, None)]
    for line, game in (("NBA Young o15.5 pts", pro), ("WNBA Young o15.5 pts", women)):
        made = Draft(*read_line(line))
        assert choose_games(made, slated, NOW, roster_of) == (game,)
        assert made.leagues == {game.league}
        assert written_of(pack_written(made.pick)) == made.pick
    assert meant("WNBA over 160.5", pro, women) == women.id


def test_a_team_that_no_list_has_goes_by_the_code_of_its_feed() -> None:
    """A guest that the catalog does not list is found by its feed's code."""
    guest = Game("0012500055", "nba", "PHI", "GUA", NOW + timedelta(hours=1))
    guests = guests_of(guest.teams)
    assert [x.code for x in guests] == ["GUA"]
    for line, beside in (("GUA +10.5", None), ("GUA@PHI over 220.5", None), ("o221.5", "GUA@PHI")):
        made = Draft(*read_line(line, beside, guests))
        assert choose_games(made, [(guest, None)], NOW) == (guest,)
        made.wager((guest,))
    with pytest.raises(BadBet):
        read_line("GUA +10.5")
