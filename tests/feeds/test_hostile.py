"""Promises of the parsers for any input: a valid value or FeedMalformed, nothing else."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feeds.odds_pages import polymarket_answer
from tests.feeds.serving import box_of, dice, encoded, fixture, live_game
from tracker.domain.game import GameState
from tracker.feeds import Ball, FeedMalformed, Scoreboard, nba
from tracker.feeds.espn import espn_source
from tracker.feeds.feeds import SOURCES
from tracker.feeds.odds import Parsed, kalshi, polymarket, the_odds_api
from tracker.feeds.odds import nba as league_list
from tracker.feeds.odds.asking import read_countdown
from tracker.replay import find_recording
from tracker.replay.nba_site import WNBA_SCOREBOARD, NbaSite
from tracker.replay.playback import Playback, Showing


def wnba_board() -> bytes:
    """The WNBA's board an hour into a recorded game."""
    shown = Showing(Playback(find_recording("LVA@SEA 2022-09-04")))
    page = NbaSite([shown], league="wnba").page(WNBA_SCOREBOARD, shown.starts + timedelta(hours=1))
    assert page is not None
    return page.body


PARSERS: dict[str, tuple[Callable[[bytes], Any], bytes]] = {
    "board": (nba.SOURCE.parse_board, fixture("scoreboard_live_2023-04-20")),
    "box": (nba.SOURCE.parse_box, fixture("box_final_ot_0022500006")),
    "live box": (nba.SOURCE.parse_box, box_of(live_game())),
    "schedule": (nba.SOURCE.parse_schedule, fixture("schedule_2023-24")),
    "plays": (SOURCES["nba"][0].parse_plays, fixture("plays_0022000001")),
    "league's list": (league_list.parse, fixture("nba_odds_0022400913")),
    "the odds api": (the_odds_api.parse, fixture("odds_api_odds")),
    "the odds api, players": (the_odds_api.parse, fixture("odds_api_props")),
    "kalshi": (kalshi.parse, fixture("kalshi_markets")),
    "polymarket": (polymarket.parse, polymarket_answer()),
    "polymarket's events": (polymarket.tokens, encoded(json.loads(polymarket_answer())["events"])),
    "countdown": (read_countdown, fixture("box_pregame_countdown_0022300682")),
    "wnba board": (SOURCES["wnba"][0].parse_board, wnba_board()),
    "espn board": (espn_source("nba").parse_board, fixture("espn_board_nba")),
    "espn college board": (espn_source("ncaam").parse_board, fixture("espn_board_nba")),
    "espn summary": (espn_source("wnba").parse_box, fixture("espn_summary_wnba_final")),
}

STRANGE: tuple[object, ...] = (
    *(None, True, False, 0, 1, 2, 3, 4, 5, 9, 14, 15, -1, 501, 10**40, 10**400, 1.5, -0.0),
    *("", "0", "1", "7", " ", "PPD", "Half", "Final", "Suspended", "Q5 00:00", "NaN"),
    *("STATUS_FINAL", "STATUS_HALFTIME", "STATUS_POSTPONED", "STATUS_X", "post", "in", "pre"),
    *("PT00M00.00S", "PT12M00.00S", "PT99M99.00S", "PT5M", "PTS", "3:37", "99:99", ":", "\ud7ff"),
    *("2:05.3", "0.0", "-1:00", "5-7", "--", "131", "home", "away", "2022-10-02T22:00Z"),
    *("2023-04-21T02:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2023-W01"),
    *("PT9999999999999H", "PT1H999999999999999M", "[" * 9999),
    *([], {}, [[]], [None], {"period": 1}, [{"period": 1, "score": 1}], "x" * 1000),
    *(float("nan"), float("inf")),
)

values = st.one_of(st.sampled_from(STRANGE), st.integers(), st.text(max_size=20), st.floats())


def places(value: object) -> list[tuple[Any, Any]]:
    """Every container in a document, with each of its keys."""
    found: list[tuple[Any, Any]] = []
    keys: Any = value if isinstance(value, dict) else range(len(value))  # type: ignore[arg-type]
    for key in keys:
        found.append((value, key))
        inner = value[key]  # type: ignore[index]
        if isinstance(inner, dict | list):
            found.extend(places(inner))
    return found


def check(parse: Callable[[bytes], Any], body: bytes) -> bool:
    """Parse the body and check the value's type. Returns whether there was a value."""
    try:
        found = parse(body)
    except FeedMalformed as wrong:
        assert str(wrong).startswith(wrong.field)  # noqa: PT017 - either outcome is good
        return False
    assert isinstance(found, Scoreboard | GameState | Ball | Parsed | tuple | timedelta | None)
    return True


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.data())
def test_changed_documents(name: str, data: st.DataObject) -> None:
    """Any values in any places, and any missing keys, give a valid value or FeedMalformed."""
    parse, body = PARSERS[name]
    document = json.loads(body)
    for _ in range(data.draw(st.integers(1, 4))):
        all_places = places(document)
        holder, key = all_places[data.draw(st.integers(0, len(all_places) - 1))]
        if data.draw(st.booleans()):
            holder[key] = copy.deepcopy(data.draw(values))
        else:
            del holder[key]
        if not document:
            break
    check(parse, encoded(document))


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize(
    "value", [10**400, "[" * 9999, "PT9999999999999H", {}], ids=["number", "nested", "clock", "{}"]
)
def test_too_much_in_any_field(name: str, value: object) -> None:
    """A number or a text beyond all measure, in any field, gives a valid value or FeedMalformed."""
    parse, body = PARSERS[name]
    document, tried = json.loads(body), set()
    for holder, key in places(document):
        if key not in tried and isinstance(key, str):
            tried.add(key)
            kept, holder[key] = holder[key], value
            check(parse, encoded(document))
            holder[key] = kept
    check(parse, b"[" * 99_999)


@pytest.mark.parametrize("name", PARSERS)
@given(seed=st.integers(0, 2**32 - 1), text=st.binary(max_size=8))
def test_damaged_bytes(name: str, seed: int, text: bytes) -> None:
    """Bytes replaced, inserted, cut out or cut off give a valid value or FeedMalformed."""
    parse, body = PARSERS[name]
    rng = dice(seed)
    at = rng.randrange(len(body))
    cut = rng.choice([0, 1, len(text), rng.randrange(len(body))])
    check(parse, body[:at] + text + body[at + cut :])


@pytest.mark.parametrize("name", PARSERS)
@given(body=st.binary(max_size=200))
def test_any_bytes(name: str, body: bytes) -> None:
    """Bytes that were never a document give a valid value or FeedMalformed."""
    check(PARSERS[name][0], body)
