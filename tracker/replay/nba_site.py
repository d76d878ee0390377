"""The site of cdn.nba.com or cdn.wnba.com in replay: the document at each path at an instant.

The day's scoreboard and the season's schedule are made here; `nba_game` makes the documents of one
game. This module is pure: it uses no network and no clock. A document is rendered once for each
change and then kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from tracker.domain.league import season_name
from tracker.replay import Actions, RecordedPhase, RecordedTeam
from tracker.replay.nba_game import boxscore, playbyplay
from tracker.replay.playback import Page, Pages, Playback, Showing, View
from tracker.replay.timeline import TeamState
from tracker.replay.words import (
    EASTERN,
    NBA_LEAGUES,
    STATUS,
    Json,
    board_time,
    duration,
    false_utc,
    final_text,
    game_code,
    live_text,
    local,
    named,
    periods,
    tip_off_text,
    utc,
)

LIVE = "/static/json/liveData"

SCOREBOARD = f"{LIVE}/scoreboard/todaysScoreboard_00.json"

WNBA_SCOREBOARD = f"{LIVE}/scoreboard/todaysScoreboard_10.json"

SCHEDULES = (
    "/static/json/staticData/scheduleLeagueV2.json",
    "/static/json/staticData/scheduleLeagueV2_1.json",
)

_BOX_OPENS = timedelta(hours=1)
"""Time before the scheduled tip-off from which on a box score and a play-by-play exist."""

_ROLLS_OVER = timedelta(hours=12)
"""Time after midnight Eastern when the scoreboard changes to the new day: about noon in
captures."""

_COUNTDOWN_STEP = timedelta(seconds=10)
"""Time between two versions of a box score before tip-off, while its clock counts down."""


class NbaSite:
    """The documents of one league's games. Games of other leagues are left out."""

    def __init__(self, playbacks: Sequence[Playback | Showing], league: str = "nba") -> None:
        all_games = [Showing(x) if isinstance(x, Playback) else x for x in playbacks]
        showings = [x for x in all_games if x.playback.recording.league == league]
        self._showings = sorted(showings, key=lambda s: (s.tip_off, s.playback.recording.id))
        self._by_id = {s.playback.recording.id: s for s in self._showings}
        if len(self._by_id) < len(self._showings):
            raise ValueError("a game can be played only once at a time: give each game once")
        self._league = league
        self._board = f"{LIVE}/scoreboard/todaysScoreboard_{NBA_LEAGUES[league].id}.json"
        self._pages = Pages()
        self._rendered: dict[str, list[Json]] = {}
        """The actions of each game's last play-by-play."""

    @property
    def games(self) -> tuple[Showing, ...]:
        """The games in the order of their tip-offs."""
        return tuple(self._showings)

    def page(self, path: str, now: datetime) -> Page | None:
        """The document at `path` at `now`; None when there is none, or none yet."""
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
        day = (now.astimezone(EASTERN) - _ROLLS_OVER).date()
        noon = datetime.combine(day, time(), EASTERN) + _ROLLS_OVER
        views = [
            showing.view(now)
            for showing in self._showings
            if showing.tip_off.astimezone(EASTERN).date() == day
        ]
        changed = max([noon, *(view.changed for view in views)])
        return self._pages.page(
            path, changed, lambda: scoreboard(views, day, changed, self._league)
        )

    def _schedule(self, path: str, now: datetime) -> Page | None:
        views = [showing.view(now) for showing in self._showings]
        changed = max((view.changed for view in views), default=now)
        return self._pages.page(path, changed, lambda: schedule(views, changed, self._league))

    def _game(self, path: str, kind: str, showing: Showing, now: datetime) -> Page | None:
        opens = showing.tip_off - _BOX_OPENS
        if now < opens:
            return None
        view = showing.view(now)
        changed = max(view.changed, opens)
        if kind == "playbyplay":
            if not view.state.seen or not isinstance(view.recording.course, Actions):
                return None
            course, known = view.recording.course, self._rendered.setdefault(path, [])
            return self._pages.page(path, changed, lambda: playbyplay(view, course, changed, known))
        if not view.recording.home.players and view.recording.official is None:
            return None
        if view.state.phase is RecordedPhase.BEFORE:
            changed = max(changed, opens + (now - opens) // _COUNTDOWN_STEP * _COUNTDOWN_STEP)
        return self._pages.page(path, changed, lambda: boxscore(view, changed))


_HOST = "https://nba-prod-us-east-1-mediaops-stats.s3.amazonaws.com"


def scoreboard(views: Sequence[View], day: date, changed: datetime, league: str = "nba") -> Json:
    """The scoreboard with the games of `day` (the league's date), last changed at `changed`."""
    words = NBA_LEAGUES[league]
    request = f"{_HOST}/{words.folder}/liveData/scoreboard/todaysScoreboard_{words.id}.json"
    return {
        "meta": {"version": 1, "request": request, "time": board_time(changed), "code": 200},
        "scoreboard": {
            "gameDate": day.isoformat(),
            "leagueId": words.id,
            "leagueName": words.name,
            "games": [_game(view) for view in views],
        },
    }


def _game(view: View) -> Json:
    recording, state = view.recording, view.state
    live = state.phase.in_play
    return {
        "gameId": recording.id,
        "gameCode": game_code(view),
        "gameStatus": STATUS[state.phase],
        "gameStatusText": _status_text(view),
        "period": state.period,
        "gameClock": duration(state.clock) if live else "",
        "gameTimeUTC": utc(view.tip_off),
        "gameEt": local(view.tip_off) if live else false_utc(view.tip_off),
        "regulationPeriods": recording.rules.periods,
        "ifNecessary": False,
        "seriesGameNumber": "",
        "gameLabel": "",
        "gameSubLabel": "",
        "seriesText": "",
        "seriesConference": "",
        "poRoundDesc": "",
        "gameSubtype": "",
        "isNeutral": False,
        "homeTeam": _team(recording.home, state.home, view, live=live),
        "awayTeam": _team(recording.away, state.away, view, live=live),
        "gameLeaders": {
            "homeLeaders": _leader(recording.home, state.home, live=live),
            "awayLeaders": _leader(recording.away, state.away, live=live),
        },
        "pbOdds": {"team": None, "odds": 0.0, "suspended": 0},
    }


def _status_text(view: View) -> str:
    match view.state.phase:
        case RecordedPhase.BEFORE:
            return tip_off_text(view.tip_off)
        case RecordedPhase.OVER:
            return final_text(view)
        case _:
            return live_text(view)


def _team(team: RecordedTeam, state: TeamState, view: View, *, live: bool) -> Json:
    return {
        **named(team),
        "wins": team.wins,
        "losses": team.losses,
        "score": state.score,
        "seed": None,
        "inBonus": str(int(state.bonus)) if live else None,
        "timeoutsRemaining": state.timeouts,
        "periods": periods(state.periods, view.recording.rules.periods),
    }


def _leader(team: RecordedTeam, state: TeamState, *, live: bool) -> Json:
    lines = zip(team.players, state.lines, strict=True)
    best = max(lines, key=lambda pair: (pair[1].points, pair[1].rebounds), default=None)
    leader: Json = {
        "personId": 0,
        "name": "",
        "jerseyNum": "",
        "position": "",
        "teamTricode": team.tricode,
        "playerSlug": None,
        "points": 0,
        "rebounds": 0,
        "assists": 0,
    }
    if best is None or not state.played:
        return leader
    player, line = best
    return leader | {
        "personId": player.id,
        "name": player.name,
        "jerseyNum": player.jersey,
        "position": player.position[-1:],
        "playerSlug": player.name.lower().replace(" ", "-") if live else None,
        "points": line.points,
        "rebounds": line.rebounds,
        "assists": line.assists,
    }


_BROADCASTERS = tuple(
    f"{where}{medium}Broadcasters"
    for where, media in (
        ("national", ("Tv", "Radio", "Ott")),
        ("home", ("Tv", "Radio", "Ott")),
        ("away", ("Tv", "Radio", "Ott")),
        ("intl", ("Radio", "Tv", "Ott")),
    )
    for medium in media
)


def schedule(views: Sequence[View], changed: datetime, league: str = "nba") -> Json:
    """The schedule, last changed at `changed`; `views` are in the order of their tip-offs."""
    days = [
        {
            "gameDate": day.strftime("%m/%d/%Y 00:00:00"),
            "games": [_scheduled(view, number) for number, view in enumerate(games, start=1)],
        }
        for day, games in groupby(views, key=_day)
    ]
    first = _day(views[0]) if views else changed.astimezone(EASTERN).date()
    season = season_name(league, first)
    number = NBA_LEAGUES[league].id
    return {
        "meta": {
            "version": 1,
            "request": f"http://nba.cloud/league/{number}/{season}/scheduleleaguev2?Format=json",
            "time": changed.astimezone(UTC).strftime("%Y-%m-%dT%I:%M:%S.%M%SZ"),
        },
        "leagueSchedule": {
            "seasonYear": season,
            "leagueId": number,
            "gameDates": days,
            "weeks": [],
            "broadcasterList": [],
        },
    }


def _day(view: View) -> date:
    return view.tip_off.astimezone(EASTERN).date()


def _scheduled(view: View, number: int) -> Json:
    recording = view.recording
    there = view.tip_off.astimezone(EASTERN)
    midnight = datetime(there.year, there.month, there.day, tzinfo=EASTERN)
    # The two fields with a time of day only have a date in 1900; UTC is always five hours ahead.
    clock = datetime(1900, 1, 1, there.hour, there.minute, tzinfo=UTC)
    return {
        "gameId": recording.id,
        "gameCode": game_code(view),
        "gameStatus": STATUS[view.state.phase],
        "gameStatusText": _status_text(view),
        "gameSequence": number,
        "gameDateEst": there.strftime("%Y-%m-%dT00:00:00Z"),
        "gameTimeEst": utc(clock),
        "gameDateTimeEst": false_utc(view.tip_off),
        "gameDateUTC": utc(midnight),
        "gameTimeUTC": utc(clock + timedelta(hours=5)),
        "gameDateTimeUTC": utc(view.tip_off),
        "awayTeamTime": _wall(view.tip_off, recording.venue.away_zone),
        "homeTeamTime": _wall(view.tip_off, recording.venue.zone),
        "day": there.strftime("%a"),
        "monthNum": there.month,
        "weekNumber": 0,
        "weekName": "",
        "ifNecessary": False,
        "seriesGameNumber": "",
        "gameLabel": "",
        "gameSubLabel": "",
        "seriesText": "",
        "arenaName": recording.venue.arena,
        "arenaState": recording.venue.state,
        "arenaCity": recording.venue.city,
        "postponedStatus": "A",
        "branchLink": "",
        "gameSubtype": "",
        "isNeutral": False,
        "broadcasters": {name: [] for name in _BROADCASTERS},
        "homeTeam": _scheduled_team(recording.home, view.state.home),
        "awayTeam": _scheduled_team(recording.away, view.state.away),
        "pointsLeaders": [],
    }


def _wall(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _scheduled_team(team: RecordedTeam, state: TeamState) -> Json:
    return {
        **named(team),
        "teamSlug": team.name.lower().replace(" ", ""),
        "wins": team.wins,
        "losses": team.losses,
        "score": state.score,
        "seed": 0,
    }
