"""The scoreboard of a day, as `/scoreboard?dates=YYYYMMDD` tells it."""

from collections.abc import Sequence

from tracker.replay.espn.words import (
    LEAGUES,
    Json,
    event_id,
    minute_utc,
    season,
    status,
    team_ids,
)
from tracker.replay.playback import View
from tracker.replay.recording import Team
from tracker.replay.rows import Phase
from tracker.replay.timeline import TeamState


def scoreboard(league: str, views: Sequence[View]) -> Json:
    """The document: these games of one league, as they stand."""
    words = LEAGUES[league]
    return {
        "leagues": [
            {
                "id": words.number,
                "uid": f"s:40~l:{words.number}",
                "name": words.name,
                "abbreviation": words.short,
                "slug": words.slug,
            }
        ],
        "events": [event(view) for view in views],
    }


def event(view: View) -> Json:
    """One game of a scoreboard."""
    recording = view.recording
    number = event_id(recording.league, recording.id)
    uid = f"s:40~l:{LEAGUES[recording.league].number}~e:{number}"
    home, away = recording.home, recording.away
    codes = [team_ids(team, recording.league)[1] for team in (away, home)]
    stands = status(view)
    return {
        "id": number,
        "uid": uid,
        "date": minute_utc(view.tip_off),
        "name": f"{full_name(away)} at {full_name(home)}",
        "shortName": " @ ".join(codes),
        "season": season(view),
        "competitions": [
            {
                "id": number,
                "uid": f"{uid}~c:{number}",
                "date": minute_utc(view.tip_off),
                "attendance": 0,
                "type": {"id": "1", "abbreviation": "STD"},
                "timeValid": True,
                "neutralSite": False,
                "conferenceCompetition": False,
                "recent": view.state.phase is not Phase.BEFORE,
                "venue": venue(view),
                "competitors": [
                    _competitor(view, home, view.state.home, view.state.away),
                    _competitor(view, away, view.state.away, view.state.home),
                ],
                "notes": [],
                "status": stands,
                "broadcasts": [],
                "format": {"regulation": {"periods": recording.rules.periods}},
                "startDate": minute_utc(view.tip_off),
            }
        ],
        "links": [],
        "status": stands,
    }


def full_name(team: Team) -> str:
    """`Philadelphia 76ers`."""
    return f"{team.city} {team.name}".strip()


def venue(view: View) -> Json:
    """Where a game is; its number is not known."""
    place = view.recording.venue
    return {
        "id": "0",
        "fullName": place.arena,
        "address": {"city": place.city, "state": place.state},
    }


def team_words(team: Team, league: str) -> Json:
    """A team as every document names it."""
    number, code = team_ids(team, league)
    return {
        "id": number,
        "uid": f"s:40~l:{LEAGUES[league].number}~t:{number}",
        "location": team.city,
        "name": team.name,
        "abbreviation": code,
        "displayName": full_name(team),
        "shortDisplayName": team.name,
    }


def won(view: View, state: TeamState, against: TeamState) -> bool:
    """Whether a team has won."""
    return view.state.phase is Phase.OVER and state.score > against.score


def _competitor(view: View, team: Team, state: TeamState, against: TeamState) -> Json:
    league = view.recording.league
    words = team_words(team, league)
    at_home = team is view.recording.home
    result: Json = {
        "id": words["id"],
        "uid": words["uid"],
        "type": "team",
        "order": int(not at_home),
        "homeAway": "home" if at_home else "away",
        "winner": won(view, state, against),
        "team": words | {"isActive": True},
        "score": str(state.score),
    }
    begun = state.periods[: view.state.period]
    if begun:
        result["linescores"] = [
            {"value": float(points), "displayValue": str(points), "period": number}
            for number, points in enumerate(begun, start=1)
        ]
    record = f"{team.wins}-{team.losses}"
    return result | {
        "statistics": [],
        "records": [
            {"name": "overall", "abbreviation": "Total", "type": "total", "summary": record}
        ],
    }
