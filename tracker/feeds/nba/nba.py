"""The league's own CDN as a source: the NBA's, and the same documents under the WNBA's host."""

from __future__ import annotations

import re
from datetime import date
from functools import partial

from tracker.domain.game import GameState
from tracker.domain.league import NBA, WNBA
from tracker.feeds.nba import plays, reading
from tracker.feeds.source import Board, Listing, Source

_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:158.0) Gecko/20100101 Firefox/158.0"
_LIVE = "/static/json/liveData"
_SCHEDULE = "/static/json/staticData/scheduleLeagueV2"
_CAP = 1 << 20
"""Most bytes of a document: a board has about 40 kB, a box 90 kB, a play-by-play 500 kB."""

_GAME_ID = re.compile(r"[0-9]{10}")


def cdn_source(league: str, site: str, number: str) -> Source:
    """The source of a league whose site is `site`, such as `https://www.nba.com`.

    `number` is the league's two digits, with which its games' ids and its board's name are made.
    Without a Referer of the site and a browser's User-Agent the CDN answers 403 to everything.
    """
    headers = {
        "User-Agent": _BROWSER,
        "Referer": f"{site}/",
        "Origin": site,
        "Accept": "application/json,text/html;q=0.9,*/*;q=0.8",
        "Accept-Language": "en-US,en;q=0.9",
        "Accept-Encoding": "gzip, deflate",
    }
    board = f"{_LIVE}/scoreboard/todaysScoreboard_{number}.json"

    def board_path(day: date) -> str:  # noqa: ARG001 - one board, of the league's current date
        return board

    def owns(game_id: str) -> bool:
        return game_id.startswith(number) and _GAME_ID.fullmatch(game_id) is not None

    return Source(
        name=league,
        league=league,
        headers=headers,
        board_path=board_path,
        box_path=box_path,
        schedule_paths=(f"{_SCHEDULE}.json", f"{_SCHEDULE}_1.json"),
        parse_board=partial(reading.parse_board, league=league),
        parse_box=partial(reading.parse_box, league=league),
        parse_schedule=partial(reading.parse_schedule, league=league),
        owns=owns,
        board_cap=_CAP,
        box_cap=_CAP,
        plays_path=plays_path,
        parse_plays=partial(plays.parse_plays, league=league),
    )


def box_path(game_id: str) -> str:
    """Where a game's box score lies; ValueError for what is no game id."""
    return f"{_LIVE}/boxscore/boxscore_{_sound(game_id)}.json"


def plays_path(game_id: str) -> str:
    """Where a game's play-by-play lies; ValueError for what is no game id."""
    return f"{_LIVE}/playbyplay/playbyplay_{_sound(game_id)}.json"


def _sound(game_id: str) -> str:
    if not _GAME_ID.fullmatch(game_id):
        raise ValueError(f"{game_id!r} is not a game id of ten digits")
    return game_id


SOURCE = cdn_source(NBA.id, "https://www.nba.com", "00")
"""reading.nba.com, the primary source of the NBA."""

WNBA_SOURCE = cdn_source(WNBA.id, "https://www.wnba.com", "10")
"""cdn.wnba.com, the primary source of the WNBA: another host, which blocks with 200 and a page."""

HEADERS = SOURCE.headers
"""Without them the CDN answers 403 to everything."""


def board_path() -> str:
    """Where the scoreboard of the league's current date lies; it changes over at about noon ET."""
    return SOURCE.board_path(date.min)


def parse_board(body: bytes) -> Board:
    """The scoreboard; FeedMalformed when it is none."""
    return reading.parse_board(body, NBA.id)


def parse_box(body: bytes) -> GameState:
    """A box score; FeedMalformed when it is none."""
    return reading.parse_box(body, NBA.id)


def parse_schedule(body: bytes) -> tuple[Listing, ...]:
    """The season's schedule; FeedMalformed when it is none."""
    return reading.parse_schedule(body, NBA.id)
