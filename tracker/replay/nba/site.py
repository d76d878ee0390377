"""Which document stands at which path of cdn.nba.com, or cdn.wnba.com, at an instant.

Pure: no network, no clock. A document is rendered once for each change and kept until the next.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta

from tracker.replay.nba.board import schedule, scoreboard
from tracker.replay.nba.box import boxscore
from tracker.replay.nba.plays import playbyplay
from tracker.replay.nba.words import EASTERN, LEAGUES, Json
from tracker.replay.playback import Page, Playback, Showing, View
from tracker.replay.recording import Phase

LIVE = "/static/json/liveData"
SCOREBOARD = f"{LIVE}/scoreboard/todaysScoreboard_00.json"
WNBA_SCOREBOARD = f"{LIVE}/scoreboard/todaysScoreboard_10.json"
SCHEDULES = (
    "/static/json/staticData/scheduleLeagueV2.json",
    "/static/json/staticData/scheduleLeagueV2_1.json",
)

BOX_OPENS = timedelta(hours=1)
"""How long before the scheduled tip-off a box and a play-by-play can first be had."""

ROLLS_OVER = timedelta(hours=12)
"""When after midnight Eastern the scoreboard turns to a new day: captures put it about noon."""

COUNTDOWN_STEP = timedelta(seconds=10)
"""How often a box before tip-off is written anew, its clock counting down."""


class Site:
    """All documents of the games of one league; games of others are left out.

    `refresh` writes live documents anew that often, else never.
    """

    def __init__(
        self,
        playbacks: Sequence[Playback | Showing],
        refresh: timedelta | None = None,
        league: str = "nba",
    ) -> None:
        all_games = [Showing(x) if isinstance(x, Playback) else x for x in playbacks]
        showings = [x for x in all_games if x.playback.recording.league == league]
        self._showings = sorted(showings, key=lambda s: (s.tip_off, s.playback.recording.id))
        self._by_id = {s.playback.recording.id: s for s in self._showings}
        if len(self._by_id) < len(self._showings):
            raise ValueError("a game can be played only once at a time: give each game once")
        self._league = league
        self._board = f"{LIVE}/scoreboard/todaysScoreboard_{LEAGUES[league].id}.json"
        self._refresh = refresh
        self._kept: dict[str, Page] = {}

    @property
    def games(self) -> tuple[Showing, ...]:
        """The games in the order of their tip-offs."""
        return tuple(self._showings)

    def page(self, path: str, now: datetime) -> Page | None:
        """What stands at `path` at `now`; None when there is nothing, or nothing yet."""
        if path == self._board:
            return self._scoreboard(path, now)
        if path in SCHEDULES:
            return self._schedule(path, now)
        for kind in ("boxscore", "playbyplay"):
            start = f"{LIVE}/{kind}/{kind}_"
            if path.startswith(start) and path.endswith(".json"):
                showing = self._by_id.get(path.removeprefix(start).removesuffix(".json"))
                return self._game(path, kind, showing, now) if showing else None
        return None

    def _scoreboard(self, path: str, now: datetime) -> Page | None:
        day = (now.astimezone(EASTERN) - ROLLS_OVER).date()
        noon = datetime.combine(day, time(), EASTERN) + ROLLS_OVER
        views = [
            showing.view(now)
            for showing in self._showings
            if showing.tip_off.astimezone(EASTERN).date() == day
        ]
        changed = max([noon, *(view.changed for view in views)])
        changed = self._refreshed(changed, now, views)
        return self._keep(path, changed, lambda: scoreboard(views, day, changed, self._league))

    def _schedule(self, path: str, now: datetime) -> Page | None:
        views = [showing.view(now) for showing in self._showings]
        changed = max((view.changed for view in views), default=now)
        return self._keep(path, changed, lambda: schedule(views, changed, self._league))

    def _game(self, path: str, kind: str, showing: Showing, now: datetime) -> Page | None:
        opens = showing.tip_off - BOX_OPENS
        if now < opens:
            return None
        view = showing.view(now)
        changed = max(view.changed, opens)
        if kind == "playbyplay":
            if not view.state.seen:
                return None
            return self._keep(path, changed, lambda: playbyplay(view, changed))
        if not view.recording.home.players and view.recording.official is None:
            return None
        if view.state.phase is Phase.BEFORE:
            changed = max(changed, opens + (now - opens) // COUNTDOWN_STEP * COUNTDOWN_STEP)
        changed = self._refreshed(changed, now, [view])
        return self._keep(path, changed, lambda: boxscore(view, changed))

    def _refreshed(self, changed: datetime, now: datetime, views: Sequence[View]) -> datetime:
        live = any(view.state.phase in {Phase.PLAYING, Phase.BREAK} for view in views)
        if self._refresh is None or not live:
            return changed
        return changed + (now - changed) // self._refresh * self._refresh

    def _keep(self, path: str, changed: datetime, build: Callable[[], Json | None]) -> Page | None:
        kept = self._kept.get(path)
        if kept is not None and kept.changed == changed:
            return kept
        document = build()
        if document is None:
            return None
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        self._kept[path] = Page(body, changed)
        return self._kept[path]
