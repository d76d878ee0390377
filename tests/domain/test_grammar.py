"""Promises of the grammar: a line is read as bettors write it, and an error names its place."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker.domain import BadBet
from tracker.domain.bet import Leg, Parlay, excluding, wager_text
from tracker.domain.catalog import teams
from tracker.domain.draft import Draft, choose_games, parse_placed_at
from tracker.domain.game import Game, Side
from tracker.domain.league import LEAGUES
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
    describe,
    kind,
    largest_of_player,
    largest_spread,
    offered,
)
from tracker.domain.money import parse_odds
from tracker.domain.pick import Handicap, OverUnder, Pick, ToWin
from tracker.domain.player import Player, Roster, Stat
from tracker.language import (
    find_in,
    find_in_game,
    parse_bet,
    parse_matchup,
    parse_pick,
    still_written,
)

GAME = Game("1", "nba", "DEN", "LAL", datetime(2026, 11, 21, 2, tzinfo=UTC))
COLLEGE = Game("2", "ncaam", "DUKE", "UNC", datetime(2026, 11, 21, 2, tzinfo=UTC))
FIND = find_in("nba")

SPREADS = [
    ("DEN -4.5", "DEN -4.5"),
    ("den -4.5", "DEN -4.5"),
    ("Denver -4.5", "DEN -4.5"),
    ("Nuggets -4.5", "DEN -4.5"),
    ("NUGGETS -4.5", "DEN -4.5"),
    ("Denver Nuggets -4.5", "DEN -4.5"),
    ("denver   nuggets   -4.5", "DEN -4.5"),
    ("  DEN -4.5  ", "DEN -4.5"),
    ("DEN - 4.5", "DEN -4.5"),
    ("DEN \u22124.5", "DEN -4.5"),
    ("DEN \u20134.5", "DEN -4.5"),
    ("DEN -4½", "DEN -4.5"),
    ("DEN -½", "DEN -0.5"),
    ("DEN -4 1/2 -110", "DEN -4.5"),
    ("DEN - 0 1/2 @ 1.91", "DEN -0.5"),
    ("LAL +4 1/2 evens $10", "LAL +4.5"),
    ("DEN -.5", "DEN -0.5"),
    ("DEN -4", "DEN -4"),
    ("DEN -4.0", "DEN -4"),
    ("DEN -15", "DEN -15"),
    ("DEN +1.5", "DEN +1.5"),
    ("DEN + 1.5", "DEN +1.5"),
    ("LAL +4.5", "LAL +4.5"),
    ("Lakers +4½", "LAL +4.5"),
    ("LA Lakers +4.5", "LAL +4.5"),
    ("Los Angeles Lakers +4.5", "LAL +4.5"),
    ("DEN PK", "DEN PK"),
    ("DEN pick", "DEN PK"),
    ("DEN pickem", "DEN PK"),
    ("DEN +0", "DEN PK"),
    ("DEN -0", "DEN PK"),
    ("LAL@DEN DEN -4.5", "DEN -4.5"),
    ("LAL @ DEN LAL +4.5", "LAL +4.5"),
    ("LAL @DEN LAL +4.5", "LAL +4.5"),
    ("LAL@ DEN LAL +4.5", "LAL +4.5"),
    ("Lakers@Nuggets Nuggets -4.5", "DEN -4.5"),
    ("Los Angeles Lakers @ Denver Nuggets DEN -4.5", "DEN -4.5"),
    ("LAL@DEN 2026-11-20 DEN -4.5", "DEN -4.5"),
    ("Déñver -4.5", "DEN -4.5"),
    ("Nugs -4.5", "DEN -4.5"),
]
MONEYLINES = [
    ("DEN ML", "DEN ML"),
    ("den ml", "DEN ML"),
    ("Denver moneyline", "DEN ML"),
    ("Nuggets win", "DEN ML"),
    ("Nuggets wins", "DEN ML"),
    ("LAL ML", "LAL ML"),
    ("LA ML", "LAL ML"),
    ("Los Angeles ML", "LAL ML"),
    ("LAL@DEN DEN ML", "DEN ML"),
    ("Q1 DEN ML", "Q1 DEN ML"),
    ("DEN Q1 ML", "Q1 DEN ML"),
    ("DEN ML Q1", "Q1 DEN ML"),
    ("1H DEN ML", "1H DEN ML"),
    ("DEN 1h ml", "1H DEN ML"),
    ("DEN ML regulation", "regulation DEN ML"),
    ("reg DEN ML", "regulation DEN ML"),
]
TOTALS = [
    ("LAL@DEN over 224.5", "LAL@DEN over 224.5"),
    ("LAL@DEN OVER 224.5", "LAL@DEN over 224.5"),
    ("lal@den o224.5", "LAL@DEN over 224.5"),
    ("LAL@DEN o 224.5", "LAL@DEN over 224.5"),
    ("LAL@DEN O224½", "LAL@DEN over 224.5"),
    ("LAL@DEN ov 224.5", "LAL@DEN over 224.5"),
    ("LAL@DEN over 224", "LAL@DEN over 224"),
    ("LAL@DEN total over 224.5", "LAL@DEN over 224.5"),
    ("over 224.5", "LAL@DEN over 224.5"),
    ("o224.5", "LAL@DEN over 224.5"),
    ("under 224.5", "LAL@DEN under 224.5"),
    ("u224.5", "LAL@DEN under 224.5"),
    ("U 224.5", "LAL@DEN under 224.5"),
    ("un 224.5", "LAL@DEN under 224.5"),
    ("total under 224.5", "LAL@DEN under 224.5"),
    ("Lakers @ Nuggets under 224.5", "LAL@DEN under 224.5"),
    ("LA @ Denver under 224.5", "LAL@DEN under 224.5"),
    ("LAL@DEN 2026-11-20 under 224.5", "LAL@DEN under 224.5"),
    ("LAL@DEN under 224.5 2026-11-20", "LAL@DEN under 224.5"),
    ("LAL@DEN 1H under 112.5", "1H LAL@DEN under 112.5"),
    ("1H LAL@DEN under 112.5", "1H LAL@DEN under 112.5"),
    ("LAL@DEN under 112.5 1H", "1H LAL@DEN under 112.5"),
    ("LAL@DEN h1 u112.5", "1H LAL@DEN under 112.5"),
    ("LAL@DEN 2H over 110", "2H LAL@DEN over 110"),
    ("LAL@DEN h2 o110", "2H LAL@DEN over 110"),
    ("Q3 over 55.5", "Q3 LAL@DEN over 55.5"),
    ("3Q over 55.5", "Q3 LAL@DEN over 55.5"),
    ("LAL@DEN q4 under 56", "Q4 LAL@DEN under 56"),
    ("LAL@DEN regulation over 224.5", "regulation LAL@DEN over 224.5"),
]
TEAM_TOTALS = [
    ("DEN over 114.5", "DEN over 114.5"),
    ("Nuggets o114.5", "DEN over 114.5"),
    ("Denver Nuggets total over 114.5", "DEN over 114.5"),
    ("DEN u114.5", "DEN under 114.5"),
    ("lakers under 110", "LAL under 110"),
    ("LAL@DEN LAL under 110", "LAL under 110"),
    ("1H DEN over 57.5", "1H DEN over 57.5"),
    ("DEN 1H over 57.5", "1H DEN over 57.5"),
    ("DEN over 57½ 1H", "1H DEN over 57.5"),
    ("LAL@DEN Q2 DEN over 28.5", "Q2 DEN over 28.5"),
    ("2Q DEN over 28.5", "Q2 DEN over 28.5"),
]
SPANS = [
    ("Q3 DEN -1.5", "Q3 DEN -1.5"),
    ("DEN Q3 -1.5", "Q3 DEN -1.5"),
    ("DEN -1.5 Q3", "Q3 DEN -1.5"),
    ("den -1.5 3q", "Q3 DEN -1.5"),
    ("LAL@DEN Q3 DEN -1.5", "Q3 DEN -1.5"),
    ("LAL@DEN DEN Q3 -1.5", "Q3 DEN -1.5"),
    ("1H DEN PK", "1H DEN PK"),
    ("2H LAL +2½", "2H LAL +2.5"),
    ("2nd Half (incl OT) LAL +2.5", "2H LAL +2.5"),
    ("Q1 LAL +0.5", "Q1 LAL +0.5"),
    ("1q Lakers +½", "Q1 LAL +0.5"),
    ("Q4 DEN -2", "Q4 DEN -2"),
    ("regulation DEN -4.5", "regulation DEN -4.5"),
]
TAILS = [
    ("DEN -4.5 -110 $20", "-110", 2000, None, ()),
    ("DEN -4.5 $20 -110", "-110", 2000, None, ()),
    ("DEN -4.5 @-110", "-110", None, None, ()),
    ("DEN -4.5 @ -110", "-110", None, None, ()),
    ("DEN -4.5 \u2212110", "-110", None, None, ()),
    ("DEN -4.5 - 110", "-110", None, None, ()),
    ("DEN -4.5 +100", "+100", None, None, ()),
    ("DEN -4 @ 1/2", "1/2", None, None, ()),
    ("DEN ML 1/2 $10", "1/2", 1000, None, ()),
    ("DEN ML -1,000 $10", "-1000", 1000, None, ()),
    ("DEN -4.5 + 100", "+100", None, None, ()),
    ("DEN -4.5 1.91", "1.91", None, None, ()),
    ("DEN -4.5 @1.91", "1.91", None, None, ()),
    ("DEN -4.5 @ 1.91", "1.91", None, None, ()),
    ("DEN -4.5 12.50 @ 1.91", "1.91", 1250, None, ()),
    ("DEN ML 1.91 @ 10/11", "1.91", None, None, ()),
    ("DEN -4.5 10/11", "10/11", None, None, ()),
    ("DEN -4.5 EVEN", "EVEN", None, None, ()),
    ("DEN -4.5 @evens", "evens", None, None, ()),
    ("DEN -4.5 ev", "ev", None, None, ()),
    ("DEN ML +135 $10", "+135", 1000, None, ()),
    ("DEN ML 2 $10", "2", 1000, None, ()),
    ("DEN ML $10.50", None, 1050, None, ()),
    ("DEN ML $1,000", None, 100_000, None, ()),
    ("DEN ML 2u", None, None, Fraction(2), ()),
    ("DEN ML 1.5U", None, None, Fraction(3, 2), ()),
    ("DEN ML 0.25units", None, None, Fraction(1, 4), ()),
    ("DEN ML 1unit", None, None, Fraction(1), ()),
    ("DEN ML #live", None, None, None, ("live",)),
    ("DEN ML #live #Big-One", None, None, None, ("live", "Big-One")),
    ("DEN ML (#live, #Big-One)", None, None, None, ("live", "Big-One")),
    ("LAL@DEN over 224.5 -110 $20 #tag", "-110", 2000, None, ("tag",)),
    ("o224.5 -105 0.5u #a #b", "-105", None, Fraction(1, 2), ("a", "b")),
]


def read(text: str) -> Pick:
    """Read a line with the teams of the NBA."""
    return parse_pick(text, FIND)


@pytest.mark.parametrize(("written", "meant"), SPREADS + MONEYLINES + TOTALS + TEAM_TOTALS + SPANS)
def test_markets_are_read_as_bettors_write_them(written: str, meant: str) -> None:
    """Each of these spellings means this market of LAL@DEN, and the pick keeps its own text."""
    pick = read(written)
    assert pick.text == written.strip()
    assert pick.fits(GAME)
    assert describe(pick.market_for(GAME), GAME.home, GAME.away) == meant


@pytest.mark.parametrize(("written", "odds", "stake", "units", "tags"), TAILS)
def test_odds_stakes_and_tags_follow_the_market(
    written: str,
    odds: str | None,
    stake: int | None,
    units: Fraction | None,
    tags: tuple[str, ...],
) -> None:
    """Odds, stakes and tags come in any order, and odds keep the form as written."""
    pick = read(written)
    assert (None if pick.odds is None else pick.odds.text) == odds
    assert (pick.stake_cents, pick.units, pick.tags) == (stake, units, tags)


@pytest.mark.parametrize(
    ("written", "free"),
    [
        ("DEN -4.5 -110 $20 free bet", True),
        ("free bet: DEN -4.5 -110 $20", True),
        ("bonus bet DEN -4.5 -110 $20", True),
        ("DEN -4.5 -110 free play $20", True),
        ("parlay: DEN ML; over 224.5 -110 $20 (bonus bet)", True),
        ("DEN -4.5 -110 $20 Bonus Bet Token", True),
        ("DEN -4.5 -110 $20 (stake not returned)", True),
        ("DEN -4.5 -110 (boost) $20", False),
        ("Boosted: DEN -4.5 -110 $20", False),
        ("DEN -4.5 odds boost -110 $20", False),
        ("parlay: DEN ML; over 224.5 boosted -110 $20", False),
    ],
)
def test_slips_say_whose_the_stake_is_and_that_a_price_is_boosted(written: str, free: bool) -> None:
    """A free or bonus bet has the book's stake; a boosted price is the price that is written."""
    found = parse_bet(written, find_in("nba"))
    assert found.free is free
    assert found.odds is not None
    assert (found.odds.text, found.stake_cents) == ("-110", 2000)


@pytest.mark.parametrize(
    "words", ["no sweat", "No-Sweat Bet", "risk-free bet", "(second chance)", "bet insurance"]
)
def test_an_offer_that_returns_a_lost_stake_is_no_free_bet(words: str) -> None:
    """The stake of such an offer is the person's own: the error says what to write."""
    with pytest.raises(BadBet, match="a stake of your own: leave the words out, and write"):
        parse_bet(f"DEN -4.5 -110 $20 {words}", find_in("nba"))


def test_a_date_is_the_leagues_own() -> None:
    """A pick with a date fits only the slate of that date, wherever the date is written."""
    for text in ("LAL@DEN 2026-11-20 DEN ML", "LAL@DEN DEN ML -110 2026-11-20 $5"):
        pick = read(text)
        assert pick.matchup is not None
        assert pick.matchup.day == date(2026, 11, 20)
        assert pick.fits(GAME)
    assert not read("LAL@DEN 2026-11-21 DEN ML").fits(GAME)


def test_a_nickname_that_begins_with_figures_can_be_at_home() -> None:
    """`BOS @ 76ers` is a game, with or without blanks."""
    game = Game("3", "nba", "PHI", "BOS", GAME.start)
    for text in ("BOS @ 76ers over 220.5", "BOS@76ers over 220.5", "76ers@BOS 76ers ML"):
        pick = read(text)
        assert pick.matchup is not None
    assert read("BOS@76ers over 220.5").fits(game)


def test_a_bet_fits_only_games_with_its_team() -> None:
    """A pick fits no game without its team, and no game with home and away swapped."""
    assert not read("BOS ML").fits(GAME)
    assert not read("DEN@LAL over 220").fits(GAME)
    assert read("over 220").fits(GAME)
    with pytest.raises(BadBet, match="Boston Celtics does not play in LAL@DEN"):
        read("BOS ML").market_for(GAME)


def test_the_29_february_is_that_of_its_year() -> None:
    """Of the years around today only one has it, and mostly none."""
    leap = datetime(2028, 2, 28, 18, tzinfo=UTC)
    assert parse_matchup("LAL@DEN Feb 29", FIND, leap).day == date(2028, 2, 29)
    assert parse_matchup("LAL@DEN 2/29", FIND, leap).day == date(2028, 2, 29)
    with pytest.raises(BadBet, match="a date such as"):
        parse_matchup("LAL@DEN Feb 29", FIND, datetime(2026, 2, 20, 18, tzinfo=UTC))


@pytest.mark.parametrize("day", ["", " tonight", " tomorrow", " Sat", " Nov 30", " 7pm"])
def test_a_price_that_is_no_longer_the_bets_is_not_shown(day: str) -> None:
    """The words of a bet lose it whatever words for a day stand beside it."""
    now = datetime(2026, 11, 27, 18, tzinfo=ZoneInfo("America/New_York"))
    said = parse_bet(f"DEN -4.5{day} -110 $20", FIND, now=now)
    assert still_written(said, parse_odds("-120"), 2000) == f"DEN -4.5{day} $20"
    assert still_written(said, parse_odds("-120"), 2500) == f"DEN -4.5{day}"


def test_a_price_is_followed_by_what_is_paid_for() -> None:
    """An amount behind `for` is the stake."""
    for text in ("DEN -4.5 -110 for $20", "DEN -4.5 for $20 to win $18.18"):
        pick = parse_bet(text, FIND)
        assert pick.odds is not None
        assert (pick.stake_cents, pick.odds.american) == (2000, "-110"), text


@pytest.mark.parametrize("text", ["O. Toppin u8.5 reb", "O. Toppin 5+ reb", "U. Garuba o3.5 reb"])
def test_an_initial_before_a_name_is_no_over_and_no_under(text: str) -> None:
    """`O.` and `U.` mean a direction only before its line."""
    pick = parse_pick(text, FIND)
    assert pick.player == text[: text.index(" ", 3)]
    assert parse_pick("LAL@DEN O. 224.5", FIND).text == "LAL@DEN O. 224.5"


@pytest.mark.parametrize(
    ("text", "code", "asked"),
    [
        ("TTU Lady Raiders -4.5", "TTU", Handicap(-4.5)),
        ("Miami of Ohio -3.5", "M-OH", Handicap(-3.5)),
        ("TTU -4.5 -110", "TTU", Handicap(-4.5)),
        ("TTU 1H ML", "TTU", ToWin()),
        ("TTU o75.5", "TTU", OverUnder(Direction.OVER, 75.5)),
        ("MORE +12", "MORE", Handicap(12.0)),
        ("FOR under 70", "FOR", OverUnder(Direction.UNDER, 70.0)),
        ("HC +14.5", "HC", Handicap(14.5)),
        ("WIN -3", "WIN", Handicap(-3.0)),
        ("DEN TTU 110.5", "DEN", OverUnder(Direction.UNDER, 110.5)),
        ("WIN DEN -110", "DEN", ToWin()),
    ],
)
def test_a_code_in_capitals_is_a_team_though_it_is_a_term_too(
    text: str, code: str, asked: object
) -> None:
    """A term that is a team's code is the team where a line of a team stands after it."""
    pick = parse_pick(text, find_in(*LEAGUES))
    assert ({x.code for x in pick.team}, pick.asked) == ({code}, asked)


@pytest.mark.parametrize(
    ("game", "written", "said"),
    [
        (GAME, "DEN over 224.5", "'LAL@DEN over 224.5'"),
        (GAME, "DEN tt o224.5", "'LAL@DEN over 224.5'"),
        (GAME, "1H DEN under 110", "'1H LAL@DEN under 110'"),
        (GAME, "Q1 LAL o55.5", "'Q1 LAL@DEN over 55.5'"),
        (COLLEGE, "Duke over 140.5", "'NCAAM UNC@DUKE over 140.5'"),
        (GAME, "DEN 5+", "4.5 points are too few for one team in a game"),
        (GAME, "LAL@DEN under 9.5", "too few for both teams in a game"),
        (GAME, "LAL@DEN under 112.5", "too few for both teams in a game"),
        (GAME, "LAL@DEN u215 1h", "too many for both teams in 1H"),
        (GAME, "Q1 LAL@DEN o110.5", "too many for both teams in Q1"),
        (COLLEGE, "UNC@DUKE over 245", "too many for both teams in a game"),
        (GAME, "DEN -45", "no book offers a line of -45: is a decimal point missing, as in -4.5?"),
        (GAME, "LAL +55 1h", "as in +5.5?"),
        (GAME, "DEN Jokic o255 pts", "a line of 255 on a player: is a decimal point missing"),
        (GAME, "DEN Jokic u95 reb", "as in 9.5,"),
        (GAME, "DEN Jokic o25 3pm", "as in 2.5,"),
        (GAME, "Denevr over 224.5 points", "missing, or a team or game misspelt?"),
        (COLLEGE, "Duke -80", "no book offers a line of -80"),
        (COLLEGE, "Duke -45.5", None),
        (GAME, "DEN -25.5", None),
        (GAME, "DEN Jokic 70+ pts", None),
        (GAME, "DEN Jokic o60.5 pra", None),
        (GAME, "Q1 LAL@DEN o55.5", None),
        (COLLEGE, "1H UNC@DUKE under 55.5", None),
        (GAME, "DEN over 150.5", None),
        (GAME, "1H DEN under 61.5", None),
        (COLLEGE, "Duke over 99.5", None),
    ],
)
def test_a_line_that_is_on_something_else_is_not_taken_for_one_on_points(
    game: Game, written: str, said: str | None
) -> None:
    """A line that no book offers is refused, with what to write where that is clear."""

    def roster_of(game: Game) -> Roster:
        return (Player("Nikola Jokić", Side.HOME),)

    def draft() -> Draft:
        return Draft(parse_pick(written, find_in(game.league)))

    if said is None:
        assert draft().means(draft().wager([game], roster_of), [game])
        return
    with pytest.raises(BadBet, match=re.escape(said)):
        draft().wager([game], roster_of)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DEN -4.5 7", r"may be the odds or the stake: write 7\.0 or \$7"),
        ("DEN -4.5 1.5", r"may be the odds or the stake: write \(1\.5\) or 1\.5u"),
        ("DEN -4.5 for 7", r"may be the odds or the stake"),
        ("DEN ML 150", r"write \+150 or \$150"),
        ("parlay: DEN ML -150; over 224.5 20", r"may be the odds or the stake"),
        ("DEN -4.5 7 to win 60", r"may be the odds or the stake"),
        ("DEN ML for 2.5", r"may be the odds or the stake"),
        ("DEN -4.5 25.00", r"may be the odds or the stake"),
        ("parlay: DEN ML -110; BOS ML -110 2.5", r"may be the odds or the stake"),
        ("DEN ML 150 to win $15", r"write \+150 or \$150"),
        ("DEN ML 7 payout $70", r"may be the odds or the stake"),
        ("DEN ML +900 10.00", r"'10\.00' may be the odds or the stake: write \(10\.00\) or \$10"),
        ("DEN ML 5.00 +400", r"'5\.00' may be the odds or the stake"),
        ("parlay: DEN ML; over 224.5 +400 5.00", r"'5\.00' may be the odds or the stake"),
    ],
)
def test_a_bare_number_is_never_guessed_to_be_odds(text: str, said: str) -> None:
    """A whole number without a mark is asked about, unless the stake is known."""
    with pytest.raises(BadBet, match=said):
        parse_bet(text, FIND)
    assert parse_bet(text, FIND, staked=True).odds is not None
    assert parse_bet(f"{text} $10", FIND).stake_cents == 1000


@pytest.mark.parametrize(
    ("text", "said", "written", "cents"),
    [
        (
            "DEN -4.5 -110 2",
            r"'2' may be dollars or units: write \$2 or 2u",
            "DEN -4.5 -110 $2",
            200,
        ),
        (
            "1.5 on DEN ML +120",
            r"dollars or units: write \$1\.5 or 1\.5u",
            "20 on DEN ML +120",
            2000,
        ),
        ("DEN -4.5 5 @ 1.91", r"write \$5 or 5u", "DEN ML -110 stake 5", 500),
        ("DEN -4.5 -110 7.5", r"write \$7\.5 or 7\.5u", "DEN -4.5 -110 7.50", 750),
        ("DEN ML 61 $50", r"price of a share: write 61\.0 or, .* 1\.64", "DEN ML (1.5) $50", 5000),
        ("DEN ML 20.00 payout 50", r"write \(20\.00\) or \$20", "DEN ML $20.00 payout 50", 2000),
        (
            "parlay: DEN ML; BOS ML +260 20.00",
            r"'20\.00' may be the odds or the stake",
            "parlay: DEN ML; BOS ML +260 $20.00",
            2000,
        ),
        ("DEN ML 0.61 $50", r"as 1\.61, or a share's price as 1\.64", "DEN ML 61.0 $50", 5000),
        (
            "SGP +450\nLAL@DEN +600\nDEN ML\nover 224.5",
            "the price of the whole is there twice",
            "SGP +450\nLAL@DEN +450\nDEN ML\nover 224.5\n$5",
            500,
        ),
    ],
)
def test_money_in_two_readings_is_asked_about(
    text: str, said: str, written: str, cents: int
) -> None:
    """A stake that may be of units and a price that may be another are refused with both forms."""
    with pytest.raises(BadBet, match=said):
        parse_bet(text, FIND)
    assert parse_bet(written, FIND).stake_cents == cents


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not DEN ML", "against something is not followed"),
        ("Jokic not over 25.5 points", "against something is not followed"),
        ("DEN to lose", "against something is not followed"),
        ("lay DEN -4.5", "write the other side's line"),
        ("teaser: DEN +1.5; LAL +10.5 -120", "write 'parlay: "),
        ("6 point teaser: DEN +1.5, over 218.5 -120", "after the points were added"),
        ("DEN ML +150 $10 profit boost 50%", "write the price with the boost"),
        ("30% boost DEN ML +150", "leave the percentage out"),
        ("round robin: DEN ML; over 224.5; LAL +4.5", "write each as a bet of its own"),
        ("6pt teaser: DEN +1.5; LAL +10.5 -120", "after the points were added"),
        ("race to 20+ DEN", "what comes first in a game is not followed"),
        ("DEN first to 20 points", "what comes first in a game is not followed"),
        ("DEN to win by 6 or more", "'DEN -5.5'"),
        ("DEN over 48.5 wins -110", "a season or a series is not followed"),
        ("Lakers No @ 2.22", "a bet against something is not followed"),
        ("DEN -4.5 -110 $50 to win 90", r"\$50\.00 at -110 wins \$45\.45, not \$90\.00"),
        ("DEN -4.5 -110 to win 50 payout 70", r"\$55\.00 at -110 pays \$105\.00, not \$70\.00"),
        ("DEN -4.5 -110 2u to win 5u", "2u at -110 wins 1.82u, not 5u"),
        ("parlay: DEN ML; over 224.5 -140; BOS ML -300 $10", "-300 is no price of the whole"),
        ("parlay: DEN ML; BOS ML +260 $10 payout $50", r"pays \$36\.00, not \$50\.00"),
        ("DEN -4.5 $20 to win $18.18 payout $90", r"\$20\.00 at -110 pays \$38\.18, not"),
        ("DEN -4.5 to win 1.91 $20", "write odds as '@ 1.91'"),
        ("DEN -4.5 12.50 payout $24.40", r"write \(12\.50\) or \$12\.50"),
        ("DEN -4.5 -110 $20 win", "two bets in one"),
        ("LAL@DEN u220 @ 5.00\nDEN to win 2.20", "two bets in one"),
        ("DEN ML Jokic o25.5 pts -110", "two bets in one"),
        (
            "DEN ML to win 18.18 $20",
            r"write odds as '@ 18\.18', or what is won as 'to win \$18\.18'",
        ),
        ("DEN winning margin 6-10", "a margin is followed as a spread"),
        ("LAL@DEN to go to overtime +1400", "overtime is not followed"),
        ("Nuggets to win the championship +450", "a season or a series is not followed"),
        ("NBA Finals: DEN", "a season or a series is not followed"),
        ("DEN ML tip-off", "what comes first in a game is not followed"),
        ("DEN even $20", "write 'DEN ML even' or 'DEN points even'"),
        ("DEN EVEN +100", "write 'DEN ML even' or 'DEN points even'"),
        ("DEN -4.5 cuota 1,91", "write 'odds'"),
        ("parlay: 1H DEN even; over 224.5 +450", "leg 1: 'even' may be its price or its points"),
        ("DEN win total o54.5", "a season or a series is not followed"),
        ("Jokic MVP +200", "a season or a series is not followed"),
        ("DEN to make the Final Four +250", "a season or a series is not followed"),
        ("Jokic + Murray over 50.5 points", "write a line of one player"),
        ("Jokic and Murray o50.5 pts", "write a line of one player"),
        ("DEN largest lead o14.5", "how a game goes is not followed"),
        ("Jokic over 1.5 personal fouls", "no lines on fouls here"),
        ("DEN -4.5 -110 5*", "a rating is no stake"),
        ("5* DEN -4.5 -110", "a rating is no stake"),
        ("DEN -4.5 -110 (2 stars)", "a rating is no stake"),
        ("DEN -4.5 @ 1.91 stake 5/10", "'5/10' is not an amount"),
        ("DEN ML x BOS ML", "stands between a parlay's legs"),
        ("DEN ML/BOS ML +120", "stands between a parlay's legs"),
        ("DEN ML vs BOS ML", "stands between a parlay's legs"),
        ("DEN & over 224.5", "stands between a parlay's legs"),
        ("DEN -4.5 / over 224.5 +264", "stands between a parlay's legs"),
        ("Jokic over 26.5 points no", "write the other side's line"),
        ("Jokic vs LeBron points over 26.5", "not followed against one another"),
        ("Both Teams To Score 110+ Points", "how a game goes is not followed"),
        ("HT/FT: DEN/DEN +150", "how a game goes is not followed"),
        ("DEN bench over 35.5 points", "no lines on a bench's points here"),
        ("DEN fast break points o12.5", "no lines on fast breaks here"),
        ("Jokic over 3.5 offensive rebounds", "no lines on offensive rebounds here"),
        ("Jokic 1st FG +500", "what comes first in a game is not followed"),
        ("DEN by 5+", "'DEN -5.5'"),
        ("NBA Cup: DEN ML", "leave the cup out"),
        ("DEN -4.5 (-110 or better)", "write those that you got"),
        ("DEN -4.5 -110 up to -120", "write those that you got"),
        ("DEN -4.5 (bought 1/2 pt) -120", "write the line that was bought"),
        ("Over 224, 224.5 -110", "two lines are named"),
        ("DEN -4.5 -110 (Q3 5:32)", "may be a live bet's clock"),
        ("Q4 07:02 DEN ML", "may be a live bet's clock"),
        ("DEN -4.5 110 for 100", r"write \+110 or \$110"),
        ("DEN -4.5 $110 for 100", r"as 'to win \$100'"),
        ("LAL@GSW 3pm Curry o25.5 pts", "two statistics are named, 3pm and pts"),
        ("DEN -4.5 -110 WON", "a result is no part of a bet's line"),
        ("2-team teaser DEN +1.5, BOS +2.5 -120", "a teaser is followed as a parlay"),
        ("2-Pick Power Play $10\nJokic More 25.5 Points", "write a power play as 'parlay:'"),
        ("Jokic ladder 25/30/35 pts", "a ladder is several bets"),
        ("Jokic or Murray 30+ pts", "write a line of one player"),
        ("No Jokic 25+ pts", "a bet against something is not followed"),
        ("DEN to beat LAL", "write the winner alone"),
        ("DEN Yes 62¢", "write the odds, 1.61"),
        ("DEN -4.25 1.91", "a quarter line is two bets, of half the stake, at 4 and 4.5"),
        ("lebron over twenty five points", "write numbers in figures"),
        ("Jokic más de 25,5 puntos", "write 'over'"),
        ("LAL - DEN Unter 224,5", "write 'under'"),
        ("LAL vs DEN away -4.5", "write a game as LAL@DEN, so that 'away' is a team"),
        ("Jokic pts o25.5 reb", "two statistics are named, pts and reb"),
        ("Player Points - Jokic over 12.5 rebounds", "two statistics are named, pts and reb"),
        ("DEN ML tonight at 7", r"'at 7' may be the time or the odds: write 7pm or 7\.0"),
        ("DEN ML -110 at 7", r"'at 7' may be the time or the stake: write 7pm or \$7"),
        ("DEN ML 20 at 2", r"'at 2' may be the time or the odds: write 2pm or 2\.0"),
        ("DEN ML 5:1", "'5:1' may be the odds, or how the bet stands: write '@ 5/1'"),
        ("Jokic over 25.5 pts 18 / 25.5", "'18/25.5' may be the odds, or how the bet stands"),
        ("Jokic 25+ pts 18/25", "'18/25' may be the odds, or how the bet stands"),
        ("DEN -4.5 (W)", "'W' at column 11 is not understood"),
        ("DEN -4.5 $1.91", r"may be the odds or the stake: write '@ 1\.91', or the odds too"),
        ("DEN -4.5 224.5", "two lines are named"),
        ("DEN -4.5 -115 365", r"may be the book or the stake: write bet365 or \$365"),
        ("DEN -4.5 -110 2 pts", r"write a stake of 2 points as 2u or \$2"),
        ("DEN -4.5 8/10", "a rating is no stake: .*, or odds as '@ 8/10'"),
        ("Jokic 5+ ast 4/5", "'4/5' may be the odds, or how the bet stands"),
        ("DEN ML; over 224.5; even $20", "leg 3: 'even' may be its price or its points"),
        ("2-leg parlay: DEN ML; over 224.5 $1.91", r"'\$1\.91' may be the odds or the stake"),
        ("DEN ML $1.91 1u", r"'\$1\.91' may be the odds or the stake"),
        ("DEN -4¼ 1.91", "a quarter line is two bets, of half the stake, at 4 and 4.5"),
        ("parlay: DEN ML / Jokic 25+ / over 224.5", "what of 'Jokic' is counted is not said"),
        ("Bron 25+", "what of 'Bron' is counted is not said"),
    ],
)
def test_a_bet_of_another_kind_is_refused_with_what_to_write(text: str, said: str) -> None:
    """What is not followed is never read as the bet without the word that changes it."""
    with pytest.raises(BadBet, match=said):
        parse_bet(text, FIND)


def test_a_letter_and_a_win_may_belong_to_the_team_before_them() -> None:
    """`L.` begins a player's name; `win` behind `vs` is a school, and behind a dash a winner."""
    find = find_in(*LEAGUES)
    assert parse_pick("Los Angeles L. James o25.5 pts", find).player == "L. James"
    assert {x.code for x in parse_pick("Los Angeles L -4.5", find).team} == {"LAL"}
    for text in ("Duke vs Win over 140", "Duke - WIN over 140"):
        game = parse_pick(text, find).matchup
        assert game is not None
        assert {x.code for x in game.home} == {"WIN"}
    assert parse_pick("Duke - Win", find).asked == ToWin()


def test_a_long_dash_before_a_bare_number_is_no_plus() -> None:
    """A phone writes `--` as a long dash: joined with a figure it is a minus, apart it is asked."""
    assert parse_bet("DEN -4.5 —110", FIND, staked=True).odds == parse_odds("-110")
    with pytest.raises(BadBet, match=r"write the odds as -110 or \+110"):
        parse_bet("DEN -4.5 — 110", FIND, staked=True)


def test_a_line_may_say_the_book() -> None:
    """A sportsbook's name is the bet's book, wherever it stands in the line."""
    for text in ("DEN -4.5 -110 $20 DK", "DK: DEN -4.5", "DEN -4.5 -110 @ DK $20", "DEN ML on DK"):
        assert parse_bet(text, FIND).book == "DK"
    assert parse_bet("Draft Kings parlay: DEN ML; over 224.5 +264", FIND).book == "Draft Kings"
    assert parse_bet("DEN -4.5", FIND).book is None


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Boston College -3.5", "BC"),
        ("College of Charleston ML", "COFC"),
        ("Houston college -4.5", "HOU"),
        ("William & Mary ML", "W&M"),
        ("College Park Skyhawks ML", "CPS"),
        ("Raptors 905 ML", "RAP"),
        ("Raptors ML", "TOR"),
        ("FOR ML", "FOR"),
        ("long beach st ml", "LBSU"),
        ("FLA@HOU home o70.5 points", "HOU"),
        ("FLA@HOU home o30.5 points", "HOU"),
        ("Trailblazers +6", "POR"),
    ],
)
def test_a_team_is_named_by_all_of_its_words(written: str, code: str) -> None:
    """`college` in a school's name says no league, and a name may have `&` and figures in it."""
    found = parse_pick(written, find_in(*LEAGUES))
    assert {x.code for x in found.team} == {code}


@pytest.mark.parametrize(
    ("written", "teams", "tags"),
    [
        ("#5 Duke -4.5", "ncaam DUKE, ncaaw DUKE", ()),
        ("No. 5 Duke -4.5 #5", "ncaam DUKE, ncaaw DUKE", ("5",)),
        ("(5) Duke -4.5", "ncaam DUKE, ncaaw DUKE", ()),
        ("#4 Houston -3.5", "ncaam HOU, ncaaw HOU", ()),
        ("[4] Houston -3.5", "nba HOU", ()),
        ("#2 Rockets -3.5", "nba HOU", ("2",)),
    ],
)
def test_a_rank_before_a_college_is_no_tag(written: str, teams: str, tags: tuple[str, ...]) -> None:
    """A number before a school is its rank, and says that no professional team is meant."""
    found = parse_pick(written, find_in(*LEAGUES))
    assert ", ".join(f"{x.league} {x.code}" for x in found.team) == teams
    assert found.tags == tags


@pytest.mark.parametrize(
    ("written", "teams"),
    [
        ("parlay:\n#1 Houston ML\n#2 DEN ML", ["nba:HOU", "nba:DEN"]),
        ("parlay: #1 Houston ML; #2 DEN ML; #3 Duke ML", ["nba:HOU", "nba:DEN", "ncaam:DUKE"]),
        ("parlay:\n#5 Duke ML\n#4 Houston ML", ["ncaam:DUKE", "ncaam:HOU"]),
    ],
)
def test_the_numbers_of_legs_are_no_ranks(written: str, teams: list[str]) -> None:
    """What counts a parlay's legs from 1 says nothing of a team; other figures are ranks."""
    found = parse_bet(written, find_in(*LEAGUES))
    assert [f"{x.team[0].league}:{x.team[0].code}" for x in found.legs] == teams
    assert found.tags == ()


def test_both_teams_of_a_game_may_be_ranked() -> None:
    """Ranks are left out of a game's two names."""
    found = parse_pick("(5) Duke @ (12) Florida over 150.5", find_in(*LEAGUES)).matchup
    assert found is not None
    assert {x.code for x in found.away} == {"DUKE"}
    assert {x.code for x in found.home} == {"FLA"}


@pytest.mark.parametrize(
    ("written", "code", "player"),
    [
        ("Florida Walter Clayton over 17.5 pts", "FLA", "Walter Clayton"),
        ("UConn Fudd over 17.5 pts", "CONN", "Fudd"),
        ("Denver Nikola Jokic over 25.5 pts", "DEN", "Nikola Jokic"),
        ("Troy Brown over 9.5 pts", "", "Troy Brown"),
        ("TROY BROWN OVER 9.5 PTS", "", "TROY BROWN"),
        ("Duke Brennan Jr. over 9.5 reb", "", "Duke Brennan Jr."),
        ("Austin Reaves (LAL) over 17.5 pts", "LAL", "Austin Reaves"),
        ("Orlando Robinson Kings over 5.5 reb", "SAC", "Orlando Robinson"),
        ("austin reaves vs DEN over 17.5 pts", "", "austin reaves"),
        ("Boston Jaylen Brown over 17.5 pts", "BOS", "Jaylen Brown"),
    ],
)
def test_a_team_before_a_players_whole_name_is_his_team(
    written: str, code: str, player: str
) -> None:
    """A school or a city with one more word may be a person, with a whole name it is the team."""
    found = parse_pick(written, find_in(*LEAGUES))
    assert found.player == player
    assert {x.code for x in found.team} == ({code} if code else set())


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("DEN ML tonight", "2026-11-20"),
        ("DEN ML today 10:00PM ET", "2026-11-20"),
        ("DEN ML tomorrow", "2026-11-21"),
        ("DEN ML Sat", "2026-11-21"),
        ("Denver tonight ML", "2026-11-20"),
        ("Denver Nov 22 ML", "2026-11-22"),
        ("DEN ML Friday night -110", "2026-11-20"),
        ("Thu: DEN ML", "2026-11-26"),
        ("DEN ML Sun", "2026-11-22"),
        ("Sun, Nov 22, DEN ML", "2026-11-22"),
        ("LAL@DEN 11/24 over 224.5", "2026-11-24"),
        ("LAL@DEN 24.11.2026 over 224.5", "2026-11-24"),
        ("LAL@DEN 11/24/26 over 224.5 -110", "2026-11-24"),
        ("LAL@DEN Jan 2 over 224.5", "2027-01-02"),
        ("2nd January LAL@DEN over 224.5", "2027-01-02"),
        ("DEN -4.5 -110 11/24", "2026-11-24"),
        ("DEN -4.5 11/24 -110 $20", "2026-11-24"),
        ("DEN ML this Sunday", "2026-11-22"),
        ("Sun 3pm DEN -4.5", "2026-11-22"),
        ("LAL@DEN Sun 3pm over 224.5", "2026-11-22"),
        ("Jokic 25+ pts for tonight", "2026-11-20"),
        ("LAL@DEN over 224.5 for Sunday -110", "2026-11-22"),
        ("DEN -4.5 -110 10/11", None),
        ("Jokic 3+ 3pm", None),
        ("DEN ML 7pm", None),
    ],
)
def test_a_day_is_read_as_people_write_it(text: str, day: str | None) -> None:
    """A word for a day is one on the person's own clock, here that of Friday evening."""
    friday = datetime(2026, 11, 20, 20, tzinfo=ZoneInfo("America/New_York"))
    matchup = parse_bet(text, FIND, now=friday).legs[0].matchup
    found = None if matchup is None or matchup.day is None else matchup.day.isoformat()
    assert found == day


def test_a_day_is_that_of_the_games_that_the_person_watches() -> None:
    """In Europe a game of tonight ends in the morning, in Asia it begins on the next one."""
    for zone, hour, word, day in (
        ("Europe/Berlin", 20, "tonight", 20), ("Europe/Berlin", 2, "tonight", 19),
        ("Asia/Tokyo", 20, "tomorrow", 20), ("Asia/Tokyo", 8, "today", 19),
        ("America/Los_Angeles", 23, "tonight", 20), ("America/New_York", 1, "tonight", 19),
        ("America/New_York", 5, "tonight", 20), ("Europe/London", 10, "tomorrow", 21),
    ):  # fmt: skip
        now = datetime(2026, 11, 20, hour, tzinfo=ZoneInfo(zone))
        matchup = parse_bet(f"DEN ML {word}", FIND, now=now).legs[0].matchup
        assert matchup is not None
        assert matchup.day == date(2026, 11, day), (zone, hour)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DEN ML 11/24", "may be a date or the odds: write '@ 11/24', or"),
        ("LAL@DEN over 224.5 20.11", "may be a date or the odds: write '@ 20.11', or"),
        ("LAL@DEN 4/7 over 224.5", "one of two days or the odds"),
        ("LAL@DEN 40/7 over 224.5", "odds stand behind the line"),
        ("DEN ML tonight tomorrow", "two days are named"),
        ("DEN ML Mon Nov 22", "two days are named"),
        ("DEN ML next Sunday", "one of two days"),
    ],
)
def test_a_day_is_never_guessed_nor_taken_for_odds(text: str, said: str) -> None:
    """What may be a day or a price is asked about."""
    now = datetime(2026, 11, 20, 20, tzinfo=ZoneInfo("America/New_York"))
    with pytest.raises(BadBet, match=said):
        parse_bet(text, FIND, now=now)


def test_a_line_that_may_be_read_on_any_day_names_a_date() -> None:
    """A file is read on many days: there `tomorrow` is refused, and `tonight` says nothing."""
    for text in ("DEN ML tomorrow", "DEN ML Sat", "DEN ML Nov 22"):
        with pytest.raises(BadBet, match="write the date"):
            parse_bet(text, FIND)
    assert parse_bet("DEN ML tonight", FIND).legs[0].matchup is None


def test_a_slip_prints_each_game_below_its_leg_or_above_it() -> None:
    """Games below their legs go with these where the last has one, games above with those below."""
    now = datetime(2026, 11, 29, 20, tzinfo=ZoneInfo("America/New_York"))
    first = "DEN Nuggets ML\nLAL Lakers @ DEN Nuggets\nTue 7:10PM ET"
    second = "Over 220.5\nPHI 76ers @ NY Knicks\nWed 8:10PM ET\nWager: $10.00"
    below = f"{first}\n{second}"
    above = "LAL@DEN\nover 224.5\nPHI@NYK\nover 220.5"
    for text, days in ((below, [date(2026, 12, 1), date(2026, 12, 2)]), (above, [None, None])):
        found = parse_bet(f"Parlay +264\n{text}", FIND, now=now)
        games = [x.matchup for x in found.legs]
        assert [x and x.home[0].code for x in games] == ["DEN", "NYK"]
        assert [x and x.day for x in games] == days
    assert parse_bet(f"Parlay +264\n{below}", FIND, now=now).stake_cents == 1000
    for text, said in (
        ("LAL@DEN\nover 224.5\nMIA@BOS", "leg 2: ends too early"),
        ("DEN ML\nTue 7:10PM\nBOS ML\nWed 7:10PM", "write the day of each leg beside it"),
    ):
        with pytest.raises(BadBet, match=said):
            parse_bet(f"Parlay\n{text}", FIND, now=now)


def test_the_day_of_a_parlay_is_that_of_each_leg_without_one() -> None:
    """A day in the heading, or apart from the legs, is the day of every leg without its own."""
    now = datetime(2026, 11, 20, 20, tzinfo=ZoneInfo("America/New_York"))
    for text in ("Saturday parlay: DEN ML; Knicks ML", "parlay: DEN ML; Knicks ML; tomorrow"):
        days = [x.matchup and x.matchup.day for x in parse_bet(text, FIND, now=now).legs]
        assert days == [date(2026, 11, 21)] * 2
    found = parse_bet("parlay: DEN ML tonight, Knicks ML tomorrow", FIND, now=now)
    assert [x.matchup and x.matchup.day for x in found.legs] == [
        date(2026, 11, 20), date(2026, 11, 21)
    ]  # fmt: skip


def test_a_little_word_is_no_colleges_code() -> None:
    """`for` made of a total the points of Fordham, whose code is in capitals."""
    assert not parse_bet("over 75.5 for tonight", find_in(*LEAGUES)).legs[0].team
    with pytest.raises(BadBet, match="'but' at column 20 is not understood"):
        parse_bet("LAL@DEN over 224.5 but -110", find_in(*LEAGUES))


def test_a_city_of_two_teams_is_never_guessed() -> None:
    """When both Los Angeles teams play each other, the line must say which one it means."""
    derby = Game("4", "nba", "LAC", "LAL", GAME.start)
    for text in ("LA ML", "Los Angeles -4.5"):
        with pytest.raises(BadBet, match="either team of LAL@LAC"):
            read(text).market_for(derby)
    assert read("LAC ML").market_for(derby) == Moneyline(Side.HOME)
    assert read("LA Lakers ML").market_for(derby) == Moneyline(Side.AWAY)


def test_the_two_teams_of_a_game_answer_to_its_own_words() -> None:
    """Within a game, its codes, `home` and `away` name its teams, also in an unlisted league."""
    find = find_in_game(COLLEGE)
    assert parse_pick("home -3.5", find).market_for(COLLEGE) == Spread(Side.HOME, -3.5)
    assert parse_pick("UNC ML", find).market_for(COLLEGE) == Moneyline(Side.AWAY)
    assert parse_pick("away o70.5", find_in_game(GAME)).market_for(GAME) == TeamTotal(
        Side.AWAY, Direction.OVER, 70.5
    )
    with pytest.raises(BadBet, match="plays halves, not quarters"):
        parse_pick("Q3 UNC ML", find).market_for(COLLEGE)
    assert parse_pick("2H UNC ML", find).market_for(COLLEGE).span is Span.H2


@pytest.mark.parametrize(
    ("text", "wrong", "said"),
    [
        ("", None, "an empty bet"),
        ("   ", None, "an empty bet"),
        ("DEN", "", "ends too early: expected 'ML', a spread"),
        ("LAL@DEN", "", "ends too early: expected a team, a player, a game"),
        ("LAL@", "", "expected the home team after '@'"),
        ("over 220 1/2", "1/2", "may be the line 220.5, or 220 at the price 1/2"),
        ("over 25.5 points", "points", "Name the player"),
        ("LAL@LAL over 224.5", "LAL over", "another team, for none plays itself"),
        ("LAL@DEN over", "", "ends too early: expected the line"),
        ("Nugets -4.5", "Nugets", r"did you mean Nuggets\?"),
        ("LAL@Nugets over 220", "Nugets", r"did you mean Nuggets\?"),
        ("LAL@DEN ovr 224.5", "ovr", r"did you mean over\?"),
        ("Nuts ML", "Nuts", r"did you mean Nets\?"),
        ("LAL @ DEN over x", "x", "expected the line, such as 224.5"),
        ("LAL@DEN over 224.5 bogus", "bogus", "expected odds such as -110"),
        ("DEN -4½ bogus", "bogus", "column 9"),
        ("Jokic over 25.5 pts, 8 reb", "reb", "column 24"),
        ("DEN 4.5", "4.5", "a spread such as -4.5"),
        ("DEN -110", "-110", "looks like a price: write the line first, or 'DEN ML -110'"),
        ("Q3 DEN +150", "+150", "or 'Q3 DEN ML \\+150'"),
        ("LAL@DEN DEN -110", "-110", "or 'LAL@DEN DEN ML -110'"),
        ("DEN -4.25", "-4.25", "whole or half points"),
        ("LAL@DEN over 0", "0", "whole or half points"),
        ("LAL@DEN over 999", "999", "whole or half points"),
        ("DEN ML $20,500,0", "$20,500,0", "is not an amount"),
        ("DEN ML €2.050,5", "€2.050,5", ": '€2.050,5' is not an amount"),
        ("DEN ML \u2212110 £2o", "£2o", ": '£2o' is not an amount"),
        ("DEN -4½ ½x", "½x", "'½x' at column 9 is not understood"),
        ("LAL@DEN 224½", "224½", "'224½' at column 9 lacks its side"),
        ("DEN ML $", "$", "is not an amount"),
        ("DEN ML $20 $30", "$30", "not understood"),
        ("DEN -4.5 to win $18 -110 to win $25", "$25", "not understood"),
        ("DEN -4.5 -110 $20 paid", "paid", "not understood"),
        ("DEN ML -110 -120", "-120", "a bet has one price"),
        ("DEN ML 1.00", "1.00", "would return no profit"),
        ("DEN ML 0.91", "0.91", "write Hong Kong odds with the stake, as 1.91"),
        ("Jokic 25+ pts, 10+ reb", "10+", "';' stands between a parlay's legs"),
        ("1. DEN ML\n2. LAL ML", None, "';' stands between a parlay's legs"),
        ("DEN ML 5/0", "5/0", "divide by zero"),
        ("LAL@DEN 2026-13-40 over 220", "2026-13-40", "a date such as"),
        ("LAL@DEN over 220 2026-02-30", "2026-02-30", "a date such as"),
        ("LAL@DEN 2026-11-20 over 220 2026-11-21", "2026-11-21", "two days are named"),
        ("DEN ML #", "#", "not understood"),
        ("DEN ML\nPlaced: $20", "Placed", "not understood"),
        ("Bet placed $20\nDEN ML", "placed", "not understood"),
        ("-4.5", "-4.5", "whose -4.5\\? Name the team"),
        ("DEN ML 20 1.91", "20", r"may be the odds or the stake: write 20\.0 or \$20"),
        ("Jokic under 10+ reb", "10+", "'under' and '\\+' say opposite sides"),
        ("3 Jokic over 25.5 pts", "25.5", "two lines are named, 3 and 25.5: leave one out"),
        ("LAL@DEN -4.5", "LAL", "whose -4.5\\? Name the team, such as 'LAL@DEN DEN -4.5'"),
        ("LAL@DEN ML -110", "LAL", "whose moneyline\\? Name the team, such as 'LAL@DEN DEN ML'"),
        ("LAL @ DEN +135", "LAL", "such as 'LAL@DEN DEN ML \\+135'"),
    ],
)
def test_a_wrong_line_says_where_and_why(text: str, wrong: str | None, said: str) -> None:
    """The error points at the first wrong word and says what was expected."""
    with pytest.raises(BadBet, match=said) as caught:
        read(text)
    at = caught.value.at
    if wrong is not None:
        assert at is not None
        assert at == len(text) if wrong == "" else text[at:].startswith(wrong)


def test_a_game_alone_is_read_too() -> None:
    """`LAL@DEN` is read as a game, with or without a date, and other text is refused."""
    assert parse_matchup("Lakers @ Denver", FIND).fits(GAME)
    assert parse_matchup("LAL@DEN 2026-11-20", FIND).fits(GAME)
    assert parse_matchup("nuggets lakers", FIND).fits(GAME)
    assert not parse_matchup("DEN@LAL", FIND).fits(GAME)
    for text in ("", "LAL", "LAL@", "LAL@DEN x", "LAL x", "@DEN", "LAL@DEN 2026-02-30"):
        with pytest.raises(BadBet):
            parse_matchup(text, FIND)


def halves(low: int, high: int) -> st.SearchStrategy[float]:
    """Multiples of 0.5, from `low` to `high` halves."""
    return st.integers(low, high).map(lambda x: x / 2)


SIDES, DIRECTIONS, ALL_SPANS = (st.sampled_from(x) for x in (Side, Direction, Span))
PARITIES, STATS = st.sampled_from(Parity), st.sampled_from(Stat)
PARTS = st.sampled_from([x for x in Span if x is not Span.GAME])
NAMES = (
    "Nikola Jokić", "Shai Gilgeous-Alexander", "Jimmy Butler III", "P.J. Washington",
    "Jaylen Brown", "D'Angelo Russell", "De'Aaron Fox", "Michael Porter Jr.", "Orlando Robinson",
    "Bol Bol", "Kentavious Caldwell-Pope", "Nicolas Claxton", "Houston Mallette",
    "Troy Brown Jr.", "OG Anunoby", "Day'Ron Sharpe", "Ron Holland II", "Vít Krejčí",
    "Trey Murphy III", "Nenê", "Thomas Bryant", "Xavier Tillman",
)  # fmt: skip
PLAYERS = tuple(Player(name, list(Side)[i % 2]) for i, name in enumerate(NAMES))
PLAYED = st.sampled_from(PLAYERS)
MARKETS: st.SearchStrategy[Market] = st.one_of(
    st.builds(Moneyline, SIDES, ALL_SPANS),
    st.builds(Spread, SIDES, halves(-199, 199), ALL_SPANS),
    st.builds(Total, DIRECTIONS, halves(1, 800), ALL_SPANS),
    st.builds(TeamTotal, SIDES, DIRECTIONS, halves(1, 800), ALL_SPANS),
    st.builds(OddEven, PARITIES, st.none() | SIDES, ALL_SPANS),
    st.builds(ThreeWay, st.none() | SIDES, PARTS),
    STATS.flatmap(
        lambda stat: st.builds(
            PlayerTotal, PLAYED, st.just(stat), DIRECTIONS, halves(1, 2 * largest_of_player(stat))
        )
    ),
    st.builds(DoubleDouble, PLAYED, st.booleans(), st.sampled_from([2, 3])),
)
MATCHUPS = st.lists(st.sampled_from(sorted(teams("nba"))), min_size=2, max_size=2, unique=True)


@given(MARKETS, MATCHUPS)
def test_what_is_written_of_a_market_is_read_as_that_market(
    market: Market, codes: list[str]
) -> None:
    """The program's own text of any market is read as the same market."""
    game = Game("1", "nba", codes[0], codes[1], GAME.start)
    text = describe(market, game.home, game.away)
    for find in (FIND, find_in(*LEAGUES), find_in_game(game)):
        pick = parse_pick(text, find)
        assert pick.fits(game, PLAYERS)
        assert pick.market_for(game, PLAYERS) == market
    assert kind(market).replace("_", "") == type(market).__name__.lower()


SLATE = tuple(
    Game(str(i), "nba", home, away, GAME.start + timedelta(minutes=i))
    for i, (away, home) in enumerate((("LAL", "DEN"), ("NYK", "BOS"), ("GSW", "PHX")))
)
PRICES = st.none() | st.sampled_from(["-110", "+135", "1.91", "10/11"]).map(parse_odds)


def roster_of(game: Game) -> tuple[Player, ...]:
    """A roster with a third of the players for each game of the slate."""
    return PLAYERS[int(game.id) * 7 : int(game.id) * 7 + 7]


def legs_of(game: Game) -> st.SearchStrategy[Leg]:
    """Any leg on a game, with its own players and with lines that books offer."""

    def own(market: Market) -> bool:
        if isinstance(market, Total | TeamTotal):
            one = isinstance(market, TeamTotal)
            least, most = offered(market.span, game.rules, teams=1 if one else 2)
            return least <= market.points <= most
        if isinstance(market, Spread) and abs(market.points) > largest_spread(game.rules):
            return False
        return not isinstance(market, PlayerTotal | DoubleDouble) or (
            market.player in roster_of(game)
        )

    return st.builds(Leg, st.just(game), MARKETS.filter(own), PRICES)


@given(
    st.lists(st.sampled_from(SLATE).flatmap(legs_of), min_size=2, max_size=5),
    st.sampled_from(["", " +450", " 5.5 $10"]),
)
def test_what_is_written_of_a_parlay_is_read_as_that_parlay(legs: list[Leg], whole: str) -> None:
    """The program's own text of any parlay is read as the same parlay.

    Legs that exclude each other are refused instead: such a parlay can never win. So is a price of
    the last leg alone which would be that of the whole, and is below that of another leg.
    """
    try:
        parlay = Parlay(tuple(legs))
    except ValueError:
        return
    text = wager_text(parlay, parlay.games[0])
    priced, last = all(x.odds for x in legs[:-1]), legs[-1].odds
    higher = [x for x in legs if x.odds and last and last.decimal < x.odds.decimal]
    if higher and not (whole or priced):
        with pytest.raises(BadBet, match="pays more than each"):
            parse_bet(text, find_in(*LEAGUES))
        return
    written = parse_bet(text + whole, find_in(*LEAGUES))
    draft = Draft(written)
    games = choose_games(draft, [(x, None) for x in SLATE], GAME.start, roster_of)
    if excluding(legs):
        with pytest.raises(BadBet, match="exclude each other"):
            draft.wager(games, roster_of)
        return
    read = draft.wager(games, roster_of)
    assert isinstance(read, Parlay)
    assert [(x.game, x.market) for x in read.legs] == [(x.game, x.market) for x in legs]
    if whole or not priced or legs[-1].odds is None:
        assert [x.odds for x in read.legs[:-1]] == [x.odds for x in legs[:-1]]


def test_legs_that_only_a_tie_wins_do_not_exclude_each_other() -> None:
    """A tie of any score is found: here one of 41 to 50 points each."""
    home: list[Market] = [
        TeamTotal(Side.HOME, Direction.OVER, 40.5, Span.H1),
        TeamTotal(Side.HOME, Direction.UNDER, 50.5, Span.H1),
    ]
    assert not excluding([Leg(GAME, x) for x in (ThreeWay(None, Span.H1), *home)])


def test_a_player_can_push_one_line_and_win_another() -> None:
    """At 20 points an over of 20 comes back and an under of 20.5 wins, as for a team's points."""
    who = Player("Nikola Jokic", Side.HOME)
    for over, under, wins in ((20.0, 20.5, True), (20.0, 20.0, False), (20.5, 20.5, False)):
        legs: list[Market] = [
            PlayerTotal(who, Stat.PTS, Direction.OVER, over),
            PlayerTotal(who, Stat.PTS, Direction.UNDER, under),
        ]
        assert bool(excluding([Leg(GAME, x) for x in legs])) is not wins
        teams: list[Market] = [
            Total(Direction.OVER, over, Span.Q1),
            Total(Direction.UNDER, under, Span.Q1),
        ]
        assert bool(excluding([Leg(GAME, x) for x in teams])) is not wins


@pytest.mark.parametrize(
    ("overs", "under", "wins"),
    [
        ((("pts", 20.5), ("reb", 10.5)), ("pr", 31.5), False),
        ((("pts", 20.5), ("reb", 10.5)), ("pr", 32.5), True),
        ((("3pm", 4.5),), ("pts", 14.5), False),
        ((("3pm", 4.5),), ("pts", 15), True),
        ((("pr", 20.5), ("pa", 20.5), ("ra", 20.5)), ("pra", 31.5), False),
        ((("pr", 20.5), ("pa", 20.5), ("ra", 20.5)), ("pra", 32.5), True),
        ((("pra", 80.5),), ("pts", 5.5), True),
        ((("pra", 10.0), ("pts", 12.0)), ("ra", 0.5), True),
    ],
)
def test_what_sums_of_a_players_figures_need_may_be_too_much(
    overs: tuple[tuple[str, float], ...], under: tuple[str, float], wins: bool
) -> None:
    """Points, rebounds and assists that add up to more than an under exclude it."""
    who = Player("Nikola Jokic", Side.HOME)
    legs = [PlayerTotal(who, Stat(x), Direction.OVER, points) for x, points in overs]
    legs.append(PlayerTotal(who, Stat(under[0]), Direction.UNDER, under[1]))
    assert bool(excluding([Leg(GAME, x) for x in legs])) is not wins


@pytest.mark.parametrize("points", [0.25, float("nan"), float("inf"), -401.0, 100.5])
def test_a_line_that_no_book_offers_cannot_be_built(points: float) -> None:
    """Lines that are no whole or half points, or beyond what books offer, are refused."""
    with pytest.raises(ValueError, match="line"):
        Spread(Side.HOME, points)
    for bad in (0.0, -3.5, 400.5):
        with pytest.raises(ValueError, match=r"line|above 0"):
            Total(Direction.OVER, bad)
        with pytest.raises(ValueError, match=r"line|above 0"):
            TeamTotal(Side.HOME, Direction.OVER, bad)


WORDS = st.sampled_from(
    (
        *("LAL", "DEN", "@", "LAL@DEN", "76ers", "Los", "Angeles", "over", "under", "o224.5", "u"),
        *("224.5", "-4.5", "+", "-", "½", "PK", "ML", "Q3", "1H", "reg", "total", "-110", "1.91"),
        *("10/11", "$20", "$", "2u", "#x", "2026-11-20", "even", "٣", "²", "-٤.5", "5/0", "$1,0"),
    )
)


@given(st.text(max_size=40) | st.lists(WORDS, max_size=8).map(" ".join))
@example("DEN ML \udc80")
@example("DEN ML " + "9" * 10_000)
@example("LAL@DEN over 224.5 #\x00")
def test_any_text_is_a_pick_or_a_bad_bet(text: str) -> None:
    """Any text gives a pick or a BadBet, whose place lies within the line."""
    for find in (FIND, find_in_game(GAME)):
        try:
            pick = parse_pick(text, find)
            pick.market_for(GAME)
        except BadBet as why:
            at = why.at
        else:
            at = None
            assert pick.text == text.strip()
        assert at is None or 0 <= at <= len(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("18:30", "2026-11-20T18:30:00-05:00"), ("9:05", "2026-11-20T09:05:00-05:00"),
        ("23:00", "2026-11-19T23:00:00-05:00"),
        ("2026-11-02 01:30", "2026-11-02T01:30:00-05:00"),
        ("2026-10-20 19:05", "2026-10-20T19:05:00-04:00"),
        ("2026-11-20T19:05:00Z", "2026-11-20T19:05:00+00:00"),
    ],
)  # fmt: skip
def test_a_time_of_placing_is_read_on_the_persons_clock(text: str, read: str) -> None:
    """A time of day is the last such one; a date without a zone is in the person's."""
    now = datetime(2026, 11, 21, 0, 45, tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    assert parse_placed_at(text, now).isoformat() == read


def test_a_time_of_placing_in_the_hour_that_comes_twice_is_the_last_such_one() -> None:
    """On the night on which the clocks go back, a bet of minutes ago is not one of yesterday."""
    now = datetime(2026, 11, 1, 6, 10, tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    for text, read in (("1:30", "01:30:00-04:00"), ("1:05", "01:05:00-05:00")):
        assert parse_placed_at(text, now).isoformat() == f"2026-11-01T{read}"


@pytest.mark.parametrize(
    "text", ["yesterday", "25:00", "2026-11-20", "18", "", "0001-01-01T00:00+14:00"]
)
def test_what_is_no_time_of_placing_is_refused(text: str) -> None:
    """One sentence says how to write it: where the day is not known, with a date and a zone."""
    now = datetime(2026, 11, 21, tzinfo=UTC).astimezone(ZoneInfo("America/New_York"))
    with pytest.raises(BadBet, match="is not a time: write one such as 18:30, '2026"):
        parse_placed_at(text, now)
    for wrong in (text, "18:30", "2026-11-20 19:05"):
        with pytest.raises(BadBet, match="is not a time with its zone: write one such as 2026-"):
            parse_placed_at(wrong)
