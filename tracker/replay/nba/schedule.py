"""The season's schedule, as `scheduleLeagueV2.json` tells it: here, the games that are played."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from tracker.replay.nba.words import (
    EASTERN,
    LEAGUES,
    STATUS,
    Json,
    false_utc,
    final_text,
    game_code,
    live_text,
    tip_off_text,
    utc,
)
from tracker.replay.playback import View
from tracker.replay.recording import Team
from tracker.replay.rows import Phase
from tracker.replay.timeline import TeamState

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

_FIRST_MONTH = 8
"""A season's games from this month on belong to the year that names it first (`2025-26`)."""


def schedule(views: Sequence[View], changed: datetime, league: str = "nba") -> Json:
    """The document, last changed at `changed`; `views` in the order of their tip-offs."""
    days = [
        {
            "gameDate": day.strftime("%m/%d/%Y 00:00:00"),
            "games": [_game(view, number) for number, view in enumerate(games, start=1)],
        }
        for day, games in groupby(views, key=_day)
    ]
    first = _day(views[0]) if views else changed.astimezone(EASTERN).date()
    year = first.year if first.month >= _FIRST_MONTH else first.year - 1
    season = f"{year}-{(year + 1) % 100:02d}" if league == "nba" else str(first.year)
    number = LEAGUES[league].id
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


def _game(view: View, number: int) -> Json:
    recording = view.recording
    there = view.tip_off.astimezone(EASTERN)
    midnight = datetime(there.year, there.month, there.day, tzinfo=EASTERN)
    # Both clock-only fields hang on a day in 1900, in UTC five hours on whatever the season.
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
        "postponedStatus": "Y" if view.postponed else "A",
        "branchLink": "",
        "gameSubtype": "",
        "isNeutral": False,
        "broadcasters": {name: [] for name in _BROADCASTERS},
        "homeTeam": _team(recording.home, view.state.home),
        "awayTeam": _team(recording.away, view.state.away),
        "pointsLeaders": [],
    }


def _wall(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _status_text(view: View) -> str:
    match view.state.phase:
        case Phase.BEFORE:
            return "PPD" if view.postponed else tip_off_text(view.tip_off)
        case Phase.OVER:
            return final_text(view)
        case _:
            return live_text(view)


def _team(team: Team, state: TeamState) -> Json:
    return {
        "teamId": team.id,
        "teamName": team.name,
        "teamCity": team.city,
        "teamTricode": team.tricode,
        "teamSlug": team.name.lower().replace(" ", ""),
        "wins": team.wins,
        "losses": team.losses,
        "score": state.score,
        "seed": 0,
    }
