"""The NBA's own feed: its addresses, the headers that it insists on, and its three documents."""

from __future__ import annotations

import re
from types import MappingProxyType

from tracker.domain.game import GameState
from tracker.domain.league import NBA
from tracker.feeds import cdn
from tracker.feeds.source import Board, Listing, Source

HEADERS = MappingProxyType(
    {
        "User-Agent": (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:158.0) Gecko/20100101 Firefox/158.0"
        ),
        "Referer": "https://www.nba.com/",
        "Origin": "https://www.nba.com",
        "Accept": "application/json,text/html;q=0.9,*/*;q=0.8",
        "Accept-Language": "en-US,en;q=0.9",
        "Accept-Encoding": "gzip, deflate",
    }
)
"""Without the Referer and a browser's User-Agent the CDN answers 403 to everything."""

_LIVE = "/static/json/liveData"
_SCHEDULES = (
    "/static/json/staticData/scheduleLeagueV2.json",
    "/static/json/staticData/scheduleLeagueV2_1.json",
)
_GAME_ID = re.compile(r"[0-9]{10}")


def board_path() -> str:
    """Where the scoreboard of the league's current date lies; it changes over at about noon ET."""
    return f"{_LIVE}/scoreboard/todaysScoreboard_00.json"


def box_path(game_id: str) -> str:
    """Where a game's box score lies; ValueError for what is no game id."""
    if not _GAME_ID.fullmatch(game_id):
        raise ValueError(f"{game_id!r} is not an NBA game id of ten digits")
    return f"{_LIVE}/boxscore/boxscore_{game_id}.json"


def schedule_path() -> str:
    """Where the season's schedule lies, first of its variants."""
    return _SCHEDULES[0]


def parse_board(body: bytes) -> Board:
    """The scoreboard; FeedMalformed when it is none."""
    return cdn.parse_board(body, NBA.id)


def parse_box(body: bytes) -> GameState:
    """A box score; FeedMalformed when it is none."""
    return cdn.parse_box(body, NBA.id)


def parse_schedule(body: bytes) -> tuple[Listing, ...]:
    """The season's schedule; FeedMalformed when it is none."""
    return cdn.parse_schedule(body, NBA.id)


SOURCE = Source(
    name="nba",
    league=NBA.id,
    headers=HEADERS,
    board_path=board_path,
    box_path=box_path,
    schedule_paths=_SCHEDULES,
    parse_board=parse_board,
    parse_box=parse_box,
    parse_schedule=parse_schedule,
)
