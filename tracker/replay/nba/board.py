"""The scoreboard of a day: every game of it, as `todaysScoreboard_00.json` tells it."""

from collections.abc import Sequence
from datetime import date, datetime

from tracker.replay.nba.words import (
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
from tracker.replay.recording import Player, Team
from tracker.replay.rows import Phase
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
