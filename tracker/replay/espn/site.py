"""Which document stands at which address of ESPN's site API at an instant, and who is refused.

Pure: no network, no clock. A document is rendered once for each change and kept until the next.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from tracker.replay.espn.documents import injuries, scoreboard, summary
from tracker.replay.espn.words import LEAGUES, Json, event_id
from tracker.replay.nba.words import EASTERN
from tracker.replay.playback import Page, Showing

ROOT = "/apis/site/v2/sports/basketball/"

MOST_EVENTS = 500
"""A `limit` above this gives `FEW_EVENTS` and no word about the rest."""

FEW_EVENTS = 25

ROLLS_OVER = timedelta(hours=6)
"""When after midnight Eastern a scoreboard without a date turns to the new day."""

BAD_REQUEST = json.dumps({"code": 400, "message": "Failed to get events endpoint."}).encode()

_WELCOME = re.compile(
    r"(?:curl|python-requests|python-httpx|Go-http-client|okhttp|axios)/.+|Python/\S+ aiohttp/.+"
    r"|\S+ \(\+https?://.+\)",
)


def welcome(user_agent: str) -> bool:
    """Whether ESPN answers this `User-Agent`.

    It does for plain libraries and for programs that say where they come from, but for no browser,
    no bare name and not without any.
    """
    return _WELCOME.fullmatch(user_agent.strip()) is not None


class EspnSite:
    """The scoreboards, summaries and lists of injuries of games of any league."""

    def __init__(self, showings: Sequence[Showing]) -> None:
        """Games are shown in the order of their tip-offs."""
        self._showings = tuple(showings)
        self._slugs = {words.slug: league for league, words in LEAGUES.items()}
        self._kept: dict[str, Page] = {}

    def page(self, path: str, query: Mapping[str, str], now: datetime) -> Page | None:
        """What a request gives at `now`; None where there is nothing, a 400 for nonsense."""
        slug, _, kind = path.removeprefix(ROOT).partition("/")
        league = self._slugs.get(slug)
        if not path.startswith(ROOT) or league is None:
            return None
        games = [s for s in self._showings if s.playback.recording.league == league]
        if kind == "scoreboard":
            return self._scoreboard(league, games, query, now)
        if kind == "summary":
            return self._summary(league, games, query, now)
        if kind == "injuries":
            return self._injuries(league, games, now)
        return None

    def _scoreboard(
        self, league: str, games: list[Showing], query: Mapping[str, str], now: datetime
    ) -> Page | None:
        today = (now.astimezone(EASTERN) - ROLLS_OVER).strftime("%Y%m%d")
        dates = query.get("dates", today)
        limit = query.get("limit", "100")
        if not re.fullmatch(r"\d{4}(?:\d{2}){0,2}", dates) or not limit.isascii():
            return Page(BAD_REQUEST, now, status=400)
        shown = [x for x in games if f"{x.tip_off.astimezone(EASTERN):%Y%m%d}".startswith(dates)]
        if limit.isdigit():
            shown = shown[: FEW_EVENTS if int(limit) > MOST_EVENTS else int(limit)]
        views = [showing.view(now) for showing in shown]
        midnight = datetime.combine(now.astimezone(EASTERN).date(), time(), EASTERN)
        changed = max([midnight.astimezone(UTC), *(view.changed for view in views)])
        return self._keep(f"{league} {dates} {limit}", changed, lambda: scoreboard(league, views))

    def _summary(
        self, league: str, games: list[Showing], query: Mapping[str, str], now: datetime
    ) -> Page | None:
        wanted = query.get("event", "")
        hits = [x for x in games if event_id(league, x.playback.recording.id) == wanted]
        if not hits:
            return Page(BAD_REQUEST, now, status=404)
        view = hits[0].view(now)
        return self._keep(f"{league} {wanted}", view.changed, lambda: summary(view))

    def _injuries(self, league: str, games: list[Showing], now: datetime) -> Page:
        """Who does not play in the games of the day, from its morning to the next one's."""
        today = (now.astimezone(EASTERN) - ROLLS_OVER).date()
        shown = [
            x.playback.recording for x in games if x.tip_off.astimezone(EASTERN).date() == today
        ]
        morning = datetime.combine(today, time(), EASTERN) + ROLLS_OVER
        told = morning.astimezone(UTC)
        return self._keep(f"{league} injuries", told, lambda: injuries(league, shown, told))

    def _keep(self, key: str, changed: datetime, build: Callable[[], Json]) -> Page:
        kept = self._kept.get(key)
        if kept is None or kept.changed != changed:
            text = json.dumps(build(), ensure_ascii=False, separators=(",", ":"))
            kept = self._kept[key] = Page(text.encode(), changed)
        return kept
