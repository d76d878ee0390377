"""The scoreboard of the day and the season's schedule, as the league's CDN tells them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from tracker.replay.nba.words import (
    EASTERN,
    LEAGUES,
    STATUS,
    Json,
    board_time,
    duration,
    false_utc,
    final_text,
    game_code,
    live_text,
    local,
    periods,
    tip_off_text,
    utc,
)
from tracker.replay.playback import View
from tracker.replay.recording import Phase, Player, Team
from tracker.replay.timeline import TeamState

_HOST = "https://nba-prod-us-east-1-mediaops-stats.s3.amazonaws.com"


def scoreboard(views: Sequence[View], day: date, changed: datetime, league: str = "nba") -> Json:
    """The document: the games of `day` (the league's own date), last changed at `changed`."""
    words = LEAGUES[league]
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
    live = state.phase in {Phase.PLAYING, Phase.BREAK}
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
        "pbOdds": {"team": None, "odds": 0.0, "suspended": int(view.postponed)},
    }


def _status_text(view: View) -> str:
    if view.postponed:
        return "PPD"
    match view.state.phase:
        case Phase.BEFORE:
            return tip_off_text(view.tip_off)
        case Phase.OVER:
            return final_text(view)
        case _:
            return live_text(view)


def _team(team: Team, state: TeamState, view: View, *, live: bool) -> Json:
    return {
        "teamId": team.id,
        "teamName": team.name,
        "teamCity": team.city,
        "teamTricode": team.tricode,
        "wins": team.wins,
        "losses": team.losses,
        "score": state.score,
        "seed": None,
        "inBonus": str(int(state.bonus)) if live else None,
        "timeoutsRemaining": state.timeouts,
        "periods": periods(state.periods, view.recording.rules.periods),
    }


def _leader(team: Team, state: TeamState, *, live: bool) -> Json:
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
        "name": _full_name(player),
        "jerseyNum": player.jersey,
        "position": player.position[-1:],
        "playerSlug": _full_name(player).lower().replace(" ", "-") if live else None,
        "points": line.points,
        "rebounds": line.rebounds,
        "assists": line.assists,
    }


def _full_name(player: Player) -> str:
    return f"{player.first} {player.last}".strip()


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
            "games": [_scheduled(view, number) for number, view in enumerate(games, start=1)],
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


def _scheduled(view: View, number: int) -> Json:
    recording = view.recording
    there = view.tip_off.astimezone(EASTERN)
    midnight = datetime(there.year, there.month, there.day, tzinfo=EASTERN)
    # Both clock-only fields hang on a day in 1900, in UTC five hours on whatever the season.
    clock = datetime(1900, 1, 1, there.hour, there.minute, tzinfo=UTC)
    return {
        "gameId": recording.id,
        "gameCode": game_code(view),
        "gameStatus": STATUS[view.state.phase],
        "gameStatusText": _listed_status(view),
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
        "homeTeam": _scheduled_team(recording.home, view.state.home),
        "awayTeam": _scheduled_team(recording.away, view.state.away),
        "pointsLeaders": [],
    }


def _wall(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _listed_status(view: View) -> str:
    match view.state.phase:
        case Phase.BEFORE:
            return "PPD" if view.postponed else tip_off_text(view.tip_off)
        case Phase.OVER:
            return final_text(view)
        case _:
            return live_text(view)


def _scheduled_team(team: Team, state: TeamState) -> Json:
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
