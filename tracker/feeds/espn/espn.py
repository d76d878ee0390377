"""ESPN's site API: one board a day for every league, and a summary of each game."""

from __future__ import annotations

import re
from datetime import date
from functools import partial

from tracker.domain.league import GLEAGUE, NBA, NCAAM, NCAAW, WNBA
from tracker.feeds.errors import FeedMalformed
from tracker.feeds.espn import reading
from tracker.feeds.source import Listing, Source

NAME = "espn"
"""What the source is called in the settings and in polls."""

HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
"""Without a User-Agent, so that the HTTP library gives its own, which is let in: a browser's is
refused, and so is a bare name."""

SECOND_HEADERS = {**HEADERS, "User-Agent": "curl/8.7.1"}
"""With that of another plain client, where the library's is refused."""

BOARD_CAP = 16 << 20
"""Most bytes of a board: the busiest college day has about 150 games of 20 kB."""

PATHS = {
    NBA.id: "nba",
    WNBA.id: "wnba",
    NCAAM.id: "mens-college-basketball",
    NCAAW.id: "womens-college-basketball",
    GLEAGUE.id: "nba-development",
}
"""Each league's name in the paths."""

_ALL_COLLEGES = "&groups=50"
_EVENT_ID = re.compile(r"[0-9]{1,9}")


def espn_source(league: str) -> Source:
    """ESPN as a source of a league.

    A board is asked for by one day and without a limit: ranges are refused, and a limit that is too
    high cuts the answer to 25 games without a word. Without a group, only colleges that are ranked
    would be on it.
    """
    base = f"/apis/site/v2/sports/basketball/{PATHS[league]}"
    every = _ALL_COLLEGES if league in (NCAAM.id, NCAAW.id) else ""

    def board_path(day: date) -> str:
        return f"{base}/scoreboard?dates={day:%Y%m%d}{every}"

    def box_path(event_id: str) -> str:
        if not _owns(event_id):
            raise ValueError(f"{event_id!r} is not an event id of up to nine digits")
        return f"{base}/summary?event={event_id}"

    return Source(
        name=NAME,
        league=league,
        headers=HEADERS,
        board_path=board_path,
        box_path=box_path,
        schedule_paths=(),
        parse_board=partial(reading.parse_board, league=league),
        parse_box=partial(reading.parse_summary, league=league),
        parse_schedule=_no_schedule,
        owns=_owns,
        dated=True,
        board_cap=BOARD_CAP,
        second_headers=SECOND_HEADERS,
    )


def _owns(game_id: str) -> bool:
    return _EVENT_ID.fullmatch(game_id) is not None


def _no_schedule(body: bytes) -> tuple[Listing, ...]:
    raise FeedMalformed(
        "body", f"of {len(body)} bytes is no schedule: there are boards of each day"
    )
