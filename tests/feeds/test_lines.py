"""Promises of pregame lines: a book's lines are read as meant, and absurd ones are left out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.doubles.clock import FakeClock
from tests.feeds.espn_pages import board, event, kind
from tests.feeds.serving import Site, encoded, fixture
from tracker.domain.game import Game
from tracker.domain.prior import Lines
from tracker.domain.quote import ESPN_LINE, Selection, two_sided
from tracker.engine.market import consensus
from tracker.feeds import FeedError, FeedMalformed, espn_reading
from tracker.feeds.feeds import Feeds
from tracker.feeds.odds import espn as espn_lines
from tracker.feeds.odds import match
from tracker.feeds.odds import nba as nba_odds
from tracker.feeds.odds.asking import OddsSources, open_odds
from tracker.feeds.odds.espn import summary_lines
from tracker.settings.models import OddsSettings

ODDS = {
    "provider": {"id": "58", "name": "Some Book", "priority": 1},
    "details": "UTAH -2.5",
    "overUnder": 229,
    "spread": 2.5,
    "homeTeamOdds": {"moneyLine": 120},
    "awayTeamOdds": {"moneyLine": -140},
}
ESPN = "/apis/site/v2/sports/basketball/nba/scoreboard"


GAME = Game("0022400913", "nba", "TOR", "UTA", datetime(2025, 3, 7, tzinfo=UTC))


def entry(**odds: object) -> dict[str, object]:
    """A book's lines on UTA at TOR; `key=...` leaves one out."""
    return {k: v for k, v in (ODDS | odds).items() if v is not ...}


def waiting() -> dict[str, Any]:
    """UTA at TOR, not begun, with a book's lines."""
    return event(
        status__period=0,
        status__displayClock="0.0",
        status__type=kind("STATUS_SCHEDULED", "pre"),
        home__score="0",
        away__score="0",
        home__linescores=[],
        away__linescores=[],
        game__odds=[ODDS],
    )


def read(**odds: object) -> tuple[Lines, str]:
    """The lines of a book and its name, as the game's summary has them."""
    return read_for(GAME, **odds)


def read_for(game: Game, **odds: object) -> tuple[Lines, str]:
    """The lines that a game takes from the summary of UTA at TOR."""
    header = event(game__date="2025-03-07T00:00Z")
    body = encoded({"header": header, "pickcenter": [entry(**odds)]})
    return summary_lines(body, game) or (Lines(), "")


def offered(*events: object) -> set[str]:
    """The home teams of a board's games with lines."""
    body = board(*events)
    return {
        x.home
        for x in espn_lines.parse(body, espn_reading.parse_board(body, "nba")).events
        if x.offers
    }


def test_a_books_lines_are_read_from_the_home_teams_side() -> None:
    """UTAH -2.5 at Toronto is +2.5 points for the home team."""
    lines, by = read()
    assert (lines.home_spread, lines.total) == (2.5, 229.0)
    assert lines.home_ml == pytest.approx(2.2)
    assert lines.away_ml == pytest.approx(1 + 100 / 140)
    assert by == "ESPN (Some Book)"


def test_a_summarys_lines_are_those_of_its_own_meeting_and_teams() -> None:
    """An id that now names another meeting gives no lines; exchanged sides exchange the lines."""
    lines, _ = read()
    turned, _ = read_for(replace(GAME, home="UTA", away="TOR"))
    assert turned == Lines(-2.5, 229.0, lines.away_ml, lines.home_ml)
    assert read_for(replace(GAME, start=GAME.start + timedelta(days=2)))[0].empty
    assert read_for(replace(GAME, away="BOS"))[0].empty


def test_the_older_form_has_details_and_total_alone() -> None:
    """The spread is read from the details where its number is missing."""
    bare, _ = read(spread=..., homeTeamOdds=..., awayTeamOdds=..., details="TOR -11")
    assert bare == Lines(home_spread=-11.0, total=229.0)
    assert read(details="EVEN", spread=0)[0].home_spread == 0


@pytest.mark.parametrize(
    "odds",
    [
        {"details": "TOR -2.5"},
        {"spread": -2.5},
        {"details": "UTAH -65.5", "spread": 65.5},
        {"details": "BOS -2.5"},
        {"details": 2.5},
        {"details": "UTAH -2.3"},
    ],
)
def test_a_spread_that_contradicts_itself_is_left_out(odds: dict[str, object]) -> None:
    """The total is kept."""
    lines = read(**odds)[0]
    assert lines.home_spread is None
    assert lines.total == 229


@pytest.mark.parametrize("total", [22.9, 2290, "229", True, None])
def test_a_total_that_no_game_has_is_left_out(total: object) -> None:
    """The spread is kept."""
    lines = read(overUnder=total)[0]
    assert lines.total is None
    assert lines.home_spread == 2.5


@pytest.mark.parametrize("money", [-140, 50, "120", 4000, None])
def test_moneylines_that_cannot_stand_beside_each_other_are_left_out(money: object) -> None:
    """Two favourites, a price within a hundred, or a margin below 1 are refused."""
    lines, _ = read(homeTeamOdds={"moneyLine": money}, awayTeamOdds={"moneyLine": -900})
    assert lines == Lines(home_spread=2.5, total=229.0)


def test_a_game_that_has_begun_has_no_pregame_lines() -> None:
    """Lines shown during a game are not pregame lines."""
    assert offered(event(game__odds=[ODDS])) == set()


@pytest.mark.parametrize("odds", [None, [], [None], [7], [{}], [{"provider": []}]])
def test_games_without_lines_are_passed_over(odds: object) -> None:
    """A game without lines does not stop the rest of the board."""
    assert offered(waiting(), _other(odds)) == {"TOR"}


def _other(odds: object) -> dict[str, Any]:
    """Another game that has not begun."""
    found = waiting()
    found["id"] = "77"
    game = found["competitions"][0]
    game["odds"] = odds
    for side, code in zip(game["competitors"], ("BOS", "MIA"), strict=True):
        side["team"] = {"id": "1", "abbreviation": code}
    return found


@pytest.mark.parametrize("body", [b"", b"[]", b'{"games": 3}', b'{"games": [{"markets": []}]}'])
def test_a_list_that_is_none_is_malformed(body: bytes) -> None:
    """A malformed list raises FeedMalformed and nothing else."""
    with pytest.raises(FeedMalformed):
        nba_odds.parse(body)


def game(clock: FakeClock, hours: float = 2.0) -> Game:
    """UTA at TOR under the league's own id."""
    return Game("0022400913", "nba", "TOR", "UTA", clock.now() + timedelta(hours=hours))


def tonight(clock: FakeClock) -> dict[str, Any]:
    """ESPN's entry of that game."""
    told = waiting()
    told["competitions"][0]["date"] = f"{game(clock).start:%Y-%m-%dT%H:%MZ}"
    return told


@pytest.fixture
async def odds(feeds: Feeds, clock: FakeClock) -> AsyncIterator[OddsSources]:
    """ESPN and the league's list as sources of quotes."""
    async with open_odds(OddsSettings(sources=("espn", "nba")), None, feeds, clock) as opened:
        yield opened


async def test_a_game_gets_its_lines_under_the_id_that_it_has_here(
    odds: OddsSources, espn: Site, clock: FakeClock
) -> None:
    """ESPN's event is matched with our game by teams and tip-off."""
    espn.put(ESPN, board(tonight(clock)))
    (asked,) = (await odds.ask("espn", [game(clock)])).found
    found = match(asked.parsed, [game(clock)], clock.now())
    spread = Selection("spread", "home", 2.5)
    assert {x.game for x in found.quotes} == {"0022400913"}
    assert [x.book for x in found.quotes if x.selection == spread] == [ESPN_LINE]


async def test_the_leagues_list_tells_quotes_of_its_books(
    odds: OddsSources, site: Site, clock: FakeClock
) -> None:
    """A duplicate book counts once; a book with swapped sides is not open."""
    site.put(nba_odds.PATH, fixture("nba_odds_0022400913"))
    (asked,) = (await odds.ask("nba", [game(clock)])).found
    found = match(asked.parsed, [game(clock)], clock.now())
    swapped = {x.book for x in found.quotes if not x.open and x.selection.plain == "moneyline"}
    assert swapped == {"nba:olybet"}
    assert found.faults["home and away swapped"] == 1
    lines, by, _ = consensus(two_sided(list(found.quotes))) or pytest.fail("nothing")
    assert lines.home_ml is not None
    assert 1 / lines.home_ml == pytest.approx(0.70, abs=0.01)
    assert by.endswith("books")


async def test_a_source_that_fails_is_said_to_have_failed(
    odds: OddsSources, clock: FakeClock
) -> None:
    """Each free source that gives nothing raises FeedError."""
    for source in odds.free:
        with pytest.raises(FeedError):
            await odds.ask(source, [game(clock)])
