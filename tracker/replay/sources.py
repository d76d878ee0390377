"""The sources that one server plays: whose request it is, who is refused, and the document."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum

from tracker.replay.espn import site as espn
from tracker.replay.nba.site import LIVE, WNBA_SCOREBOARD, Site
from tracker.replay.odds.site import OddsSite, is_odds
from tracker.replay.page import Page
from tracker.replay.playback import Playback, Showing

HOSTS = {
    "nba": "cdn.nba.com",
    "wnba": "cdn.wnba.com",
    "espn": "site.api.espn.com",
    "odds": "api.the-odds-api.com",
}
"""The host that a source has when it is not played."""

_OF_WNBA = re.compile(r".*_10\d{8}\.json")

_REFERERS = {"nba": "https://www.nba.com", "wnba": "https://www.wnba.com"}


class Welcome(Enum):
    """How a source takes a request before it looks at what is wanted."""

    YES = "yes"
    DENIED = "denied"
    WEB_PAGE = "web page"


class Sources:
    """The documents of all sources for one set of games."""

    def __init__(self, playbacks: Sequence[Playback], refresh: timedelta | None) -> None:
        """Raises `ValueError` when a game is given twice."""
        showings = [Showing(playback) for playback in playbacks]
        self.nba = Site(showings, refresh)
        self.wnba = Site(showings, refresh, "wnba")
        self.odds = OddsSite(showings)
        self.espn = espn.EspnSite(sorted(showings, key=lambda x: (x.tip_off, x.playback.scheduled)))

    def page(self, source: str, path: str, query: Mapping[str, str], now: datetime) -> Page | None:
        """What a source has at an address at `now`; None when that is nothing, or nothing yet."""
        match source:
            case "espn":
                return self.espn.page(path, query, now)
            case "wnba":
                return self.wnba.page(path, now)
            case "odds":
                return self.odds.page(path, query, now)
            case _:
                return self.nba.page(path, now)


def source_of(path: str, referer: str) -> str:
    """Whose address it is. The season's schedules lie at the same one: there the referer tells."""
    if path.startswith(espn.ROOT):
        return "espn"
    if is_odds(path):
        return "odds"
    if path == WNBA_SCOREBOARD or _OF_WNBA.fullmatch(path):
        return "wnba"
    if not path.startswith(LIVE) and referer.startswith(_REFERERS["wnba"]):
        return "wnba"
    return "nba"


def welcome(source: str, referer: str, user_agent: str) -> Welcome:
    """Whether a source answers a client with these headers, and how it refuses."""
    if source == "odds":
        return Welcome.YES
    if source == "espn":
        return Welcome.YES if espn.welcome(user_agent) else Welcome.DENIED
    if referer.startswith(_REFERERS[source]):
        return Welcome.YES
    return Welcome.DENIED if source == "nba" else Welcome.WEB_PAGE
