"""ESPN's documents: the scoreboard of a day, the summary of one game, and who is hurt."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tracker.replay.espn.words import (
    LEAGUES,
    Json,
    athlete_id,
    event_id,
    minute_utc,
    season,
    status,
    team_ids,
)
from tracker.replay.nba.words import MINUTE
from tracker.replay.playback import View
from tracker.replay.recording import Line, Phase, Player, Recording, Team
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


def injuries(league: str, recordings: Sequence[Recording], told: datetime) -> Json:
    """The list of a day: who is unfit for one of these games is out until the day after."""
    back = (told + timedelta(days=1)).date().isoformat()
    return {
        "timestamp": minute_utc(told),
        "status": "success",
        "injuries": [
            {
                "id": team_ids(team, league)[0],
                "displayName": full_name(team),
                "injuries": [_injury(x, told, back) for x in hurt],
            }
            for recording in recordings
            for team in (recording.away, recording.home)
            if (hurt := [x for x in team.players if "INJURY" in x.absent])
        ],
    }


def _injury(player: Player, told: datetime, back: str) -> Json:
    name = f"{player.first} {player.last}".strip()
    return {
        "id": str(player.id),
        "status": "Out",
        "date": minute_utc(told),
        "shortComment": f"{player.last} will not play.",
        "athlete": {"displayName": name},
        "type": {"id": "4", "name": "INJURY_STATUS_OUT", "description": "out", "abbreviation": "O"},
        "details": {"type": "Undisclosed", "returnDate": back},
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


_COLUMNS = (
    ("MIN", "minutes", "Minutes"),
    ("PTS", "points", "Points"),
    ("FG", "fieldGoalsMade-fieldGoalsAttempted", "Field Goals Made/Attempted"),
    (
        "3PT",
        "threePointFieldGoalsMade-threePointFieldGoalsAttempted",
        "3-Point Field Goals Made/Attempted",
    ),
    ("FT", "freeThrowsMade-freeThrowsAttempted", "Free Throws Made/Attempted"),
    ("REB", "rebounds", "Rebounds"),
    ("AST", "assists", "Assists"),
    ("TO", "turnovers", "Turnovers"),
    ("STL", "steals", "Steals"),
    ("BLK", "blocks", "Blocks"),
    ("OREB", "offensiveRebounds", "Offensive Rebounds"),
    ("DREB", "defensiveRebounds", "Defensive Rebounds"),
    ("PF", "fouls", "Personal Fouls"),
    ("+/-", "plusMinus", "Points of the team less the other's with the player on court"),
)

_POSITIONS = {"G": "Guard", "F": "Forward", "C": "Center", "": "Not Available"}

_FILLER = "COACH'S DECISION"
"""What stands as the reason of everybody, also of those who play."""


def summary(view: View) -> Json:
    """The document; it has no `boxscore` before tip-off."""
    recording, state = view.recording, view.state
    number = event_id(recording.league, recording.id)
    words = LEAGUES[recording.league]
    uid = f"s:40~l:{words.number}~e:{number}"
    year = season(view)
    begun = state.phase is not Phase.BEFORE
    header = {
        "id": number,
        "uid": uid,
        "season": {"year": year["year"], "current": True, "type": year["type"]},
        "timeValid": True,
        "competitions": [
            {
                "id": number,
                "uid": f"{uid}~c:{number}",
                "date": minute_utc(view.tip_off),
                "neutralSite": False,
                "conferenceCompetition": False,
                "boxscoreAvailable": begun,
                "recent": begun,
                "competitors": [
                    _summed_competitor(view, recording.home, state.home, state.away),
                    _summed_competitor(view, recording.away, state.away, state.home),
                ],
                "status": _status(view),
                "broadcasts": [],
            }
        ],
        "links": [],
        "league": {
            "id": words.number,
            "uid": f"s:40~l:{words.number}",
            "name": words.name,
            "abbreviation": words.short,
            "slug": words.slug,
        },
    }
    result: Json = {"header": header}
    if begun:
        pairs = ((recording.away, state.away, "away"), (recording.home, state.home, "home"))
        result["boxscore"] = {
            "teams": [
                {
                    "team": _box_team(view, team),
                    "statistics": _team_statistics(side),
                    "displayOrder": order,
                    "homeAway": where,
                }
                for order, (team, side, where) in enumerate(pairs, start=1)
            ],
        }
        if recording.home.players:
            result["boxscore"]["players"] = [
                {
                    "team": _box_team(view, team),
                    "statistics": [_players(team, side, recording.league)],
                    "displayOrder": order,
                }
                for order, (team, side, _) in enumerate(pairs, start=1)
            ]
    return result | {"gameInfo": {"venue": venue(view), "attendance": 0}}


def _status(view: View) -> Json:
    stands = status(view)
    # The summary of a game that is over tells neither its period nor a clock.
    return {"type": stands["type"]} if stands["type"]["state"] == "post" else stands


def _box_team(view: View, team: Team) -> Json:
    words = team_words(team, view.recording.league)
    return words | {"slug": full_name(team).lower().replace(" ", "-")}


def _summed_competitor(view: View, team: Team, state: TeamState, against: TeamState) -> Json:
    words = team_words(team, view.recording.league)
    words.pop("shortDisplayName")
    record = f"{team.wins}-{team.losses}"
    at_home = team is view.recording.home
    return {
        "id": words["id"],
        "uid": words["uid"],
        "order": int(not at_home),
        "homeAway": "home" if at_home else "away",
        "winner": won(view, state, against),
        "team": words | {"logos": [], "links": []},
        "score": str(state.score),
        "linescores": [{"displayValue": str(x)} for x in state.periods[: view.state.period]],
        "record": [{"type": "total", "summary": record, "displayValue": record}],
        "possession": False,
    }


def _players(team: Team, state: TeamState, league: str) -> Json:
    total = Line(*map(sum, zip(*state.lines, strict=True)))
    stats = _figures(total)
    return {
        "names": [column[0] for column in _COLUMNS],
        "keys": [column[1] for column in _COLUMNS],
        "labels": [column[0] for column in _COLUMNS],
        "descriptions": [column[2] for column in _COLUMNS],
        "athletes": [
            _athlete(player, line, state, league)
            for player, line in zip(team.players, state.lines, strict=True)
        ],
        "totals": ["", *stats[1:-1], ""],
    }


def _athlete(player: Player, line: Line, state: TeamState, league: str) -> Json:
    played = player.id in state.played
    name = f"{player.first} {player.last}".strip()
    place = player.position[-1:]
    return {
        "active": player.id in state.on_court,
        "athlete": {
            "id": athlete_id(player.id),
            "uid": f"s:40~l:{LEAGUES[league].number}~a:{athlete_id(player.id)}",
            "displayName": name,
            "shortName": f"{player.first[:1]}. {player.last}",
            "jersey": player.jersey,
            "position": {
                "name": _POSITIONS[place],
                "displayName": _POSITIONS[place],
                "abbreviation": place,
            },
        },
        "starter": player.starter,
        "didNotPlay": not played,
        "reason": _reason(player),
        "ejected": False,
        "stats": _figures(line) if played else [],
    }


def _reason(player: Player) -> str:
    return player.absent.removeprefix("INACTIVE_").replace("_", " ") or _FILLER


def _figures(line: Line) -> list[str]:
    made, tried = line.twos + line.threes, line.twos_tried + line.threes_tried
    balance = line.plus - line.minus
    return [
        str(-(-line.time // MINUTE)),
        str(line.points),
        f"{made}-{tried}",
        f"{line.threes}-{line.threes_tried}",
        f"{line.frees}-{line.frees_tried}",
        str(line.rebounds),
        str(line.assists),
        str(line.turnovers),
        str(line.steals),
        str(line.blocks),
        str(line.rebounds_off),
        str(line.rebounds_def),
        str(line.fouls),
        f"{balance:+d}" if balance else "0",
    ]


def _team_statistics(state: TeamState) -> list[Json]:
    total = Line(*map(sum, zip(*state.lines, strict=True))) if state.lines else Line()
    own = state.team
    made, tried = total.twos + total.threes, total.twos_tried + total.threes_tried
    shots = (
        ("fieldGoal", "FG", "Field Goal", made, tried),
        ("threePointFieldGoal", "3PT", "Three Point", total.threes, total.threes_tried),
        ("freeThrow", "FT", "Free Throw", total.frees, total.frees_tried),
    )
    rows: list[Json] = []
    for name, short, words, hits, attempts in shots:
        share = round(100 * hits / attempts) if attempts else 0
        both = f"{name}sMade-{name}sAttempted"
        rows.append({"name": both, "displayValue": f"{hits}-{attempts}", "label": short})
        rows.append(_row(f"{name}Pct", share, f"{short}%".replace("PT%", "P%"), f"{words} %"))
    return [
        *rows,
        _row("totalRebounds", total.rebounds, "REB", "Rebounds"),
        _row("offensiveRebounds", total.rebounds_off, "OR", "Offensive Rebounds"),
        _row("defensiveRebounds", total.rebounds_def, "DR", "Defensive Rebounds"),
        _row("assists", total.assists, "AST", "Assists"),
        _row("steals", total.steals, "STL", "Steals"),
        _row("blocks", total.blocks, "BLK", "Blocks"),
        _row("turnovers", total.turnovers, "TO", "Turnovers"),
        _row("teamTurnovers", own.turnovers, "TTO", "Team Turnovers"),
        _row("totalTurnovers", total.turnovers + own.turnovers, "ToTO", "Total Turnovers"),
        _row("fouls", total.fouls, "PF", "Fouls"),
        _row("largestLead", own.lead, "LL", "Largest Lead"),
    ]


def _row(name: str, value: int, short: str, words: str) -> Json:
    return {"name": name, "displayValue": str(value), "abbreviation": short, "label": words}
