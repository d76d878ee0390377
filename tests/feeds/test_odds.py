"""Promises of the odds providers: each known trap is handled and counted, nothing is guessed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.feeds.odds_pages import GAME, START, polymarket_answer
from tests.feeds.serving import document, encoded, fixture
from tracker.domain.game import Game, Side
from tracker.domain.player import Player
from tracker.domain.quote import Quote, Selection
from tracker.feeds import FeedMalformed
from tracker.feeds.odds import (
    CERTAIN,
    FROZEN,
    NAMELESS,
    ONE_SIDED,
    SECOND_ID,
    SWAPPED,
    UNKNOWN_TEAM,
    UNUSABLE,
    Matched,
    kalshi,
    match,
    polymarket,
    the_odds_api,
)
from tracker.feeds.odds.asking import read_countdown

NOW = datetime(2026, 7, 9, 20, 40, tzinfo=UTC)
HOME = Selection("moneyline", "home")


def odds() -> Any:
    """A recorded answer: Seattle at Atlanta, and another game."""
    return document("odds_api_odds")


def read(told: Any, *games: Game, at: datetime = NOW) -> Matched:
    """The quotes and faults of an answer of The Odds API for some games."""
    return match(the_odds_api.parse(encoded(told)), games or (GAME,), at)


def of(found: Matched, selection: Selection) -> dict[str, Quote]:
    """The quotes of a side, by book."""
    return {x.book: x for x in found.quotes if x.selection == selection}


def test_american_prices_are_read_by_the_sign_that_some_of_them_bear() -> None:
    """In a document with a negative price, all prices are American."""
    found = read(odds())
    home = of(found, HOME)["fanduel"]
    assert home.odds == pytest.approx(1 + 100 / 700)
    assert of(found, HOME.opposite)["fanduel"].odds == pytest.approx(5.7)
    assert home.told_at == datetime(2026, 7, 9, 20, 39, 38, tzinfo=UTC)
    assert of(found, Selection("spread", "home", -11.5))["fanduel"].open
    assert of(found, Selection("total", "under", 168.5))["fanduel"].open


def test_a_game_is_matched_by_league_teams_and_time() -> None:
    """A game is matched under any id; one of the same teams a day later is another."""
    assert (
        read(odds(), Game("1022600201", "wnba", "ATL", "SEA", START + timedelta(hours=13))).quotes
        == ()
    )
    assert read(
        odds(), Game("1022600201", "wnba", "ATL", "SEA", START + timedelta(hours=11))
    ).quotes
    turned = read(odds(), Game("1022600201", "wnba", "SEA", "ATL", START))
    assert of(turned, HOME.opposite)["fanduel"].odds == pytest.approx(1 + 100 / 700)
    assert turned.faults[SWAPPED] == 1


def test_of_two_ids_the_one_with_prices_and_nearer_in_time_is_taken() -> None:
    """The better of two ids of one game is used, and the other counted as a fault."""
    told = odds()
    again = json.loads(json.dumps(told[0]))
    again |= {"id": "f" * 32, "bookmakers": [], "commence_time": "2026-07-10T00:00:00Z"}
    found = read([again, *told])
    assert found.faults[SECOND_ID] == 1
    assert found.ids[GAME.id] == told[0]["id"]
    assert of(found, HOME)


def test_a_price_of_one_is_no_price() -> None:
    """A price of 1.0 is dropped, and the other side alone gives no close."""
    told = odds()
    book = told[0]["bookmakers"][0]
    for outcome in book["markets"][0]["outcomes"]:
        outcome["price"] = 1.0 if outcome["name"] == "Atlanta Dream" else 13.0
    told[0]["bookmakers"], told[1]["bookmakers"] = [{**book, "markets": book["markets"][:1]}], []
    found = read(told)
    assert found.faults[CERTAIN] == 1
    assert found.faults[ONE_SIDED] == 1


def test_two_prices_that_no_book_can_mean_are_not_open() -> None:
    """Both sides at 4.0 give money away, and both at 1.01 stand for no price."""
    for price in (300, -10000):
        told = odds()
        for outcome in told[0]["bookmakers"][0]["markets"][0]["outcomes"]:
            outcome["price"] = price
        found = read(told)
        assert found.faults[UNUSABLE] == 1
        assert not of(found, HOME)[told[0]["bookmakers"][0]["key"]].open


def test_a_book_that_stood_still_for_ten_minutes_is_not_open() -> None:
    """A quote that its book last confirmed ten minutes ago is not open."""
    found = read(odds(), at=NOW + timedelta(minutes=33))
    assert found.faults[FROZEN] > 0
    assert not of(found, HOME)["fanduel"].open


def test_a_book_with_its_sides_swapped_is_not_open() -> None:
    """Neither its moneyline nor its spread counts as open."""
    told = odds()
    last = told[0]["bookmakers"][-1]
    told[0]["bookmakers"] += [json.loads(json.dumps(last)) | {"key": x} for x in ("b", "c")]
    book = told[0]["bookmakers"][0]
    for market in book["markets"][:2]:
        first, second = market["outcomes"]
        first["name"], second["name"] = second["name"], first["name"]
    found = read(told)
    assert found.faults[SWAPPED] >= 1
    assert not of(found, HOME)["fanduel"].open
    assert all(
        not x.open for x in found.quotes if x.book == "fanduel" and x.selection.plain == "spread"
    )


def test_an_unknown_team_is_counted_and_not_guessed() -> None:
    """The game is counted as a fault, and the other games are read."""
    told = odds()
    told[0]["home_team"] = "Atlanta Nightmare"
    found = read(told)
    assert (found.quotes, found.faults[UNKNOWN_TEAM]) == ((), 1)


@pytest.mark.parametrize("body", [b"", b"[", b"7", b"<html>"])
def test_a_body_that_is_no_answer_is_malformed(body: bytes) -> None:
    """A malformed body raises FeedMalformed and nothing else."""
    for parse in (the_odds_api.parse, kalshi.parse, polymarket.parse):
        with pytest.raises(FeedMalformed):
            parse(body)


@pytest.mark.parametrize("entry", [None, 7, [], {}, {"id": 3}, {"id": "x", "sport_key": "y"}])
def test_an_entry_that_makes_no_sense_spoils_only_itself(entry: object) -> None:
    """A malformed entry is left out, and the game beside it is read."""
    assert of(read([entry, *odds()]), HOME)


def test_players_are_found_on_the_rosters_of_the_game_or_kept_as_written() -> None:
    """Players match without accents, hyphens and suffixes; unknown names stay as written."""
    told = document("odds_api_props")
    game = Game("1022600300", "wnba", "DAL", "ATL", datetime(2026, 7, 30, tzinfo=UTC))
    roster = (Player("Jessica Shepard Jr.", Side.HOME),)
    at = datetime(2026, 7, 29, 16, 9, tzinfo=UTC)
    found = match(the_odds_api.parse(encoded(told)), [game], at, lambda _: roster)
    names = {x.selection.about for x in found.quotes}
    assert "Jessica Shepard Jr." in names
    assert "Jordin Canada" in names
    assert found.faults[NAMELESS] > 0
    line = Selection("player_assists", "over", 4.5, "Jessica Shepard Jr.")
    assert of(found, line)["fanduel"].odds == pytest.approx(1 + 100 / 162)


def test_kalshis_markets_are_read_off_their_tickers() -> None:
    """Both sides have prices after the fee; two markets on one game make one line."""
    found = kalshi.parse(fixture("kalshi_markets"))
    event = next(x for x in found.events if (x.away, x.home) == ("IND", "PHX"))
    assert (event.league, event.day) == ("wnba", date(2026, 7, 9))
    sides = {x.selection.side: x.odds for x in event.offers}
    assert sides["home"] == pytest.approx(1 / (0.41 + 0.07 * 0.41 * 0.59))
    assert sides["away"] == pytest.approx(1 / (0.60 + 0.07 * 0.6 * 0.4))


@pytest.mark.parametrize(
    "change",
    [
        {"status": "finalized", "result": "yes"},
        {"yes_bid_dollars": "0.0000", "yes_ask_dollars": "1.0000"},
        {"yes_bid_dollars": "0.3000"},
        {"yes_ask_size_fp": "3.00"},
        {"yes_bid_dollars": None},
        {"yes_bid_dollars": "1.0000", "yes_ask_dollars": "1.0000"},
        {"ticker": "KXMVENBASINGLEGAME-S2026-0001"},
        {"ticker": "KXNBAGAME-26XXX13NYKSAS-SAS"},
        {"yes_bid_dollars": 40, "yes_ask_dollars": 41},
    ],
)
def test_a_market_that_means_nothing_is_left_out(change: dict[str, object]) -> None:
    """Settled, empty, too wide, too thin or malformed markets are left out and counted."""
    told = document("kalshi_markets")
    told["markets"] = [told["markets"][0] | change]
    found = kalshi.parse(encoded(told))
    assert all(not x.offers for x in found.events)
    assert sum(found.faults.values()) == 1


def test_kalshis_lines_say_how_many_points_are_needed() -> None:
    """`More than 4` and `4.5` are one contract; the strike nearest to even is the main line."""
    base = document("kalshi_markets")["markets"][0]
    spreads = [
        base | {"ticker": f"KXNBASPREAD-26JUN13NYKSAS-SAS{n}", "floor_strike": strike,
                "yes_bid_dollars": bid, "yes_ask_dollars": ask}
        for n, strike, bid, ask in ((4, 4, "0.4900", "0.5100"), (9, 9.5, "0.3000", "0.3200"))
    ]  # fmt: skip
    (event,) = kalshi.parse(encoded({"markets": spreads})).events
    assert {x.selection for x in event.offers} == {
        Selection("spread", "home", -4.5), Selection("spread", "away", 4.5),
        Selection("alternate_spread", "home", -9.5), Selection("alternate_spread", "away", 9.5),
    }  # fmt: skip


def test_polymarkets_lists_in_text_belong_together_by_place() -> None:
    """The first token belongs to the first outcome; selling it is buying the other."""
    found = match(polymarket.parse(polymarket_answer()), [GAME], NOW)
    assert of(found, HOME.opposite)["polymarket"].odds == pytest.approx(1 / 0.21)
    assert of(found, HOME)["polymarket"].odds == pytest.approx(1 / 0.81)


def test_a_book_that_differs_from_its_price_is_dropped() -> None:
    """An order book of .01 and .99 is dropped while the price differs."""
    wide = {"bids": [{"price": "0.01", "size": "9"}], "asks": [{"price": "0.99", "size": "9"}]}
    found = polymarket.parse(polymarket_answer(**wide))
    assert found.events[0].offers == ()
    assert found.faults == {polymarket.OUT_OF_STEP: 1}


def test_the_countdown_of_a_box_is_read_before_the_tip_off_alone() -> None:
    """In play the same field is the game clock and gives no countdown."""
    told = document("box_pregame_countdown_0022300682")
    assert read_countdown(encoded(told)) == timedelta(minutes=27, seconds=33)
    told["game"] |= {"gameStatus": 2, "period": 1}
    assert read_countdown(encoded(told)) is None
    assert read_countdown(b"<html>") is None


@pytest.mark.parametrize(
    "change",
    [
        {"outcomes": "not a list"},
        {"clobTokenIds": '["111"]'},
        {"outcomes": '["Yes", "No"]'},
        {"closed": True},
        {"sportsMarketType": "first_half_moneyline"},
        {"sportsMarketType": "spreads", "line": None},
    ],
)
def test_a_market_of_polymarket_that_cannot_be_understood_is_left_out(
    change: dict[str, object],
) -> None:
    """Malformed lists, one token, unknown sides and closed markets are left out."""
    told = json.loads(polymarket_answer())
    told["events"][0]["markets"][0] |= change
    found = polymarket.parse(encoded(told))
    assert all(not x.offers for x in found.events)


@pytest.mark.parametrize("change", [{"ended": True}, {"closed": True}])
def test_an_event_of_polymarket_that_is_over_quotes_nothing(change: dict[str, object]) -> None:
    """An event that is over gives no quotes, even if its markets are still active."""
    told = json.loads(polymarket_answer())
    told["events"][0] |= change
    assert all(not x.offers for x in polymarket.parse(encoded(told)).events)


def test_a_book_that_prices_the_draw_too_sells_another_bet() -> None:
    """Where a tie loses, the prices of both teams are none of a winner's market that returns it."""
    told = odds()
    book = next(x for x in told[0]["bookmakers"] if x["key"] == "fanduel")
    market = next(x for x in book["markets"] if x["key"] == "h2h")
    before = of(read(told), HOME)
    assert "fanduel" in before
    market["outcomes"].append({"name": "Draw", "price": 1400})
    assert of(read(told), HOME).keys() == before.keys() - {"fanduel"}
    assert read(told).faults[UNUSABLE] == 1
