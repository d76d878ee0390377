"""Real lines of slips, posts and exports are read as the bets that they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracker.domain import BadBet
from tracker.domain.game import Game, Side
from tracker.domain.league import LEAGUES
from tracker.domain.market import describe
from tracker.domain.money import parse_odds
from tracker.domain.pick import ParlayPick, Pick, Written
from tracker.domain.player import Player
from tracker.language import every_reader, find_in, parse_bet, readers_of, still_written
from tracker.language.slots import Slots
from tracker.language.tokens import Line

GAME = Game("1", "nba", "DEN", "LAL", datetime(2026, 11, 21, 2, tzinfo=UTC))
AT_HOME = (
    "Nikola Jokić",
    "Jamal Murray",
    "Aaron Gordon",
    "Michael Porter Jr.",
    "Jordan Poole",
    "Brandon Roy",
)
AWAY = (
    "LeBron James", "Luka Dončić", "Austin Reaves", "Shai Gilgeous-Alexander", "D'Angelo Russell",
    "Orlando Robinson", "Thomas Bryant", "PJ Washington",
)  # fmt: skip
ROSTER = (*(Player(x, Side.HOME) for x in AT_HOME), *(Player(x, Side.AWAY) for x in AWAY))

SLIPS = [
    tuple(part.strip() for part in line.split(" = ", 1))
    for line in Path(__file__).with_name("slips.txt").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


def price(written: Written) -> str:
    """The price, the stake and the tags, each after a blank."""
    odds = "" if written.odds is None else f" {written.odds.text}"
    stake = "" if written.stake_cents is None else f" ${written.stake_cents / 100:g}"
    units = "" if written.units is None else f" {float(written.units):g}u"
    return odds + stake + units + "".join(f" #{tag}" for tag in written.tags)


def leg(pick: Pick) -> str:
    """The market of a leg, as the program writes it."""
    assert pick.fits(GAME, ROSTER) or isinstance(pick.player, str)
    return describe(pick.market_for(GAME, ROSTER), GAME.home, GAME.away)


def meaning(written: Written) -> str:
    """The bet in the form of the table of slips."""
    if isinstance(written, ParlayPick):
        legs = " ; ".join(leg(x) + price(x) for x in written.legs)
        whole = price(written)
        return f"{legs} |{whole}" if whole else legs
    return leg(written) + price(written)


@pytest.mark.parametrize(("meant", "written"), SLIPS)
def test_a_slip_is_read_as_the_bet_that_it_means(meant: str, written: str) -> None:
    """Each slip gives its bet, in any order of words and with a book's additions."""
    assert meaning(parse_bet(written.replace("\\n", "\n"), find_in(*LEAGUES))) == meant


def test_a_parlay_is_of_one_game_where_a_word_before_or_behind_its_legs_says_so() -> None:
    """`sgp` may stand behind the legs, before the price of all."""
    for text, one in (
        ("sgp: DEN ML; over 224.5 +264", True),
        ("DEN ML + over 224.5 sgp +264", True),
        ("DEN ML + over 224.5 parlay +264", False),
    ):
        found = parse_bet(text, find_in(*LEAGUES))
        assert isinstance(found, ParlayPick)
        assert found.same_game == one


def test_a_word_is_offered_to_the_reader_that_takes_or_refuses_it() -> None:
    """Before or behind a market, the look of a word rules out no reader that comes first for it."""

    def leaves(reader: Callable[[Line, Slots], bool], line: Line, slots: Slots) -> bool:
        try:
            return not reader(line, slots)
        except BadBet:
            return False

    for number, (_, written) in enumerate(SLIPS[::4]):
        line = Line.over(written.replace("\\n", "\n"), find_in(*LEAGUES))
        for at, word in enumerate(line.words):
            for reader, *_ in every_reader():
                line.at = at
                if not leaves(reader, line, Slots(0, moneyline=number % 2 == 0)):
                    assert reader in readers_of(word.low), (written, word)
                    break


def test_there_are_slips_of_many_kinds() -> None:
    """The table has more than three hundred spellings, none of them twice."""
    assert len({written for _, written in SLIPS}) == len(SLIPS) > 330


@pytest.mark.parametrize(
    ("line", "odds", "stake", "name"),
    [
        ("DEN -4.5 -110 $20", "-110", 2000, "DEN -4.5 -110 $20"),
        ("DEN -4.5 -110 $20", "-110", 3000, "DEN -4.5 -110"),
        ("DEN -4.5 -110 $20", "-120", 2000, "DEN -4.5 $20"),
        ("DEN -4.5 -110 $20", None, None, "DEN -4.5"),
        ("Jokic o25.5 pts $20 at 1.91", "1.95", 2000, "Jokic o25.5 pts $20"),
        ("parlay: DEN ML; BOS ML +260 $10", "+260", 2000, "parlay: DEN ML; BOS ML +260"),
        ("DEN ML 2u -110", "-110", 999, "DEN ML 2u -110"),
        ("DEN ML 20 @ 1.91", "1.95", 2000, "DEN ML"),
        ("DEN -4.5 risk $22 to win $20", "-110", 2500, "DEN -4.5"),
        ("DEN -4.5", "-110", 2000, "DEN -4.5"),
    ],
)
def test_a_bet_is_not_called_by_money_that_was_changed_since(
    line: str, odds: str | None, stake: int | None, name: str
) -> None:
    """Its words stay, but for a written price or stake that is no longer its own."""
    price = None if odds is None else parse_odds(odds)
    assert still_written(parse_bet(line, find_in(*LEAGUES)), price, stake) == name
