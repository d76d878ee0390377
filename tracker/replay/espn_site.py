"""ESPN's site API in replay: the document at each address at an instant, and who is refused.

The documents are a day's scoreboard, a game's summary and the injuries. This module is pure: it
uses no network and no clock. A document is rendered once for each change and then kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from tracker.replay import RecordedPhase, RecordedTeam, Recording, RosterPlayer, StatLine
from tracker.replay.playback import Page, Pages, Showing, View
from tracker.replay.timeline import TeamState
from tracker.replay.words import (
    EASTERN,
    ESPN_LEAGUES,
    MINUTE,
    Json,
    athlete_id,
    event_id,
    minute_utc,
    season,
    status,
    team_ids,
)

ROOT = "/apis/site/v2/sports/basketball/"

_MOST_EVENTS = 500
"""A `limit` above this gives only `FEW_EVENTS` games, without saying that there are more."""

FEW_EVENTS = 25

_ROLLS_OVER = timedelta(hours=6)
"""Time after midnight Eastern when a scoreboard without a date changes to the new day."""

BAD_REQUEST = json.dumps({"code": 400, "message": "Failed to get events endpoint."}).encode()

_WELCOME = re.compile(
    r"(?:curl|python-requests|python-httpx|Go-http-client|okhttp|axios)/.+|Python/\S+ aiohttp/.+"
    r"|\S+ \(\+https?://.+\)"
)


def welcome(user_agent: str) -> bool:
    """Whether ESPN answers this `User-Agent`.

    It answers plain libraries and programs that say where they come from. It refuses browsers, bare
    names, and requests without a User-Agent.
    """
    return _WELCOME.fullmatch(user_agent.strip()) is not None


class EspnSite:
    """The scoreboards, summaries and injuries documents of all leagues' games."""

    def __init__(self, showings: Sequence[Showing]) -> None:
        """`showings` are the games, in the order in which scoreboards list them."""
        self._showings = tuple(showings)
        self._slugs = {words.slug: league for league, words in ESPN_LEAGUES.items()}
        self._pages = Pages()

    def page(self, path: str, query: Mapping[str, str], now: datetime) -> Page | None:
        """The answer to a request at `now`: None where there is no document, a 400 for nonsense."""
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
        today = (now.astimezone(EASTERN) - _ROLLS_OVER).strftime("%Y%m%d")
        dates = query.get("dates", today)
        limit = query.get("limit", "100")
        if not re.fullmatch(r"\d{4}(?:\d{2}){0,2}", dates) or not limit.isascii():
            return Page(BAD_REQUEST, now, status=400)
        shown = [x for x in games if f"{x.tip_off.astimezone(EASTERN):%Y%m%d}".startswith(dates)]
        if limit.isdigit():
            shown = shown[: FEW_EVENTS if int(limit) > _MOST_EVENTS else int(limit)]
        views = [showing.view(now) for showing in shown]
        midnight = datetime.combine(now.astimezone(EASTERN).date(), time(), EASTERN)
        changed = max([midnight.astimezone(UTC), *(view.changed for view in views)])
        return self._pages.page(
            f"{league} {dates} {limit}", changed, lambda: scoreboard(league, views)
        )

    def _summary(
        self, league: str, games: list[Showing], query: Mapping[str, str], now: datetime
    ) -> Page | None:
        wanted = query.get("event", "")
        hits = [x for x in games if event_id(league, x.playback.recording.id) == wanted]
        if not hits:
            return Page(BAD_REQUEST, now, status=404)
        view = hits[0].view(now)
        return self._pages.page(f"{league} {wanted}", view.changed, lambda: summary(view))

    def _injuries(self, league: str, games: list[Showing], now: datetime) -> Page:
        """The players who do not play in the games of the day, unchanged until the next morning."""
        today = (now.astimezone(EASTERN) - _ROLLS_OVER).date()
        shown = [
            x.playback.recording for x in games if x.tip_off.astimezone(EASTERN).date() == today
        ]
        morning = datetime.combine(today, time(), EASTERN) + _ROLLS_OVER
        told_at = morning.astimezone(UTC)
        return self._pages.page(
            f"{league} injuries", told_at, lambda: injuries(league, shown, told_at)
        )


def scoreboard(league: str, views: Sequence[View]) -> Json:
    """A scoreboard of one league with these games."""
    return {"leagues": [_league(league)], "events": [event(view) for view in views]}


def _league(league: str) -> Json:
    words = ESPN_LEAGUES[league]
    return {
        "id": words.number,
        "uid": f"s:40~l:{words.number}",
        "name": words.name,
        "abbreviation": words.short,
        "slug": words.slug,
    }


def injuries(league: str, recordings: Sequence[Recording], told_at: datetime) -> Json:
    """The injuries document of a day.

    A player unfit for one of its games is out until the day after.
    """
    back = (told_at + timedelta(days=1)).date().isoformat()
    return {
        "timestamp": minute_utc(told_at),
        "status": "success",
        "injuries": [
            {
                "id": team_ids(team, league)[0],
                "displayName": _full_name(team),
                "injuries": [_injury(x, told_at, back) for x in hurt],
            }
            for recording in recordings
            for team in (recording.away, recording.home)
            if (hurt := [x for x in team.players if "INJURY" in x.absent])
        ],
    }


def _injury(player: RosterPlayer, told_at: datetime, back: str) -> Json:
    return {
        "id": str(player.id),
        "status": "Out",
        "date": minute_utc(told_at),
        "shortComment": f"{player.last} will not play.",
        "athlete": {"displayName": player.name},
        "type": {"id": "4", "name": "INJURY_STATUS_OUT", "description": "out", "abbreviation": "O"},
        "details": {"type": "Undisclosed", "returnDate": back},
    }


def event(view: View) -> Json:
    """One game of a scoreboard."""
    recording = view.recording
    number = event_id(recording.league, recording.id)
    uid = f"s:40~l:{ESPN_LEAGUES[recording.league].number}~e:{number}"
    home, away = recording.home, recording.away
    codes = [team_ids(team, recording.league)[1] for team in (away, home)]
    stands = status(view)
    return {
        "id": number,
        "uid": uid,
        "date": minute_utc(view.tip_off),
        "name": f"{_full_name(away)} at {_full_name(home)}",
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
                "recent": view.state.phase is not RecordedPhase.BEFORE,
                "venue": _venue(view),
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


def _full_name(team: RecordedTeam) -> str:
    """A team's full name: `Philadelphia 76ers`."""
    return f"{team.city} {team.name}".strip()


def _venue(view: View) -> Json:
    """A game's venue. Its ESPN id is not known."""
    place = view.recording.venue
    return {
        "id": "0",
        "fullName": place.arena,
        "address": {"city": place.city, "state": place.state},
    }


def _team_words(team: RecordedTeam, league: str) -> Json:
    """The description of a team that all documents share."""
    number, code = team_ids(team, league)
    return {
        "id": number,
        "uid": f"s:40~l:{ESPN_LEAGUES[league].number}~t:{number}",
        "location": team.city,
        "name": team.name,
        "abbreviation": code,
        "displayName": _full_name(team),
        "shortDisplayName": team.name,
    }


def _playing(view: View, team: RecordedTeam, state: TeamState, against: TeamState) -> Json:
    """What scoreboard and summary have of a side alike."""
    words, at_home = _team_words(team, view.recording.league), team is view.recording.home
    return {
        "id": words["id"],
        "uid": words["uid"],
        "order": int(not at_home),
        "homeAway": "home" if at_home else "away",
        "winner": view.state.phase is RecordedPhase.OVER and state.score > against.score,
        "score": str(state.score),
    }


def _competitor(view: View, team: RecordedTeam, state: TeamState, against: TeamState) -> Json:
    words = _team_words(team, view.recording.league)
    result = _playing(view, team, state, against)
    result |= {"type": "team", "team": words | {"isActive": True}}
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
"""The reason that ESPN shows for every player, even for those who play."""


def summary(view: View) -> Json:
    """A game's summary. It has no `boxscore` before tip-off."""
    begun = view.state.phase is not RecordedPhase.BEFORE
    result: Json = {"header": _header(view, begun=begun)}
    if begun:
        result["boxscore"] = _boxscore(view)
    return result | {"gameInfo": {"venue": _venue(view), "attendance": 0}}


def _header(view: View, *, begun: bool) -> Json:
    recording, state = view.recording, view.state
    number = event_id(recording.league, recording.id)
    uid = f"s:40~l:{ESPN_LEAGUES[recording.league].number}~e:{number}"
    year = season(view)
    return {
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
        "league": _league(recording.league),
    }


def _boxscore(view: View) -> Json:
    recording, state = view.recording, view.state
    pairs = ((recording.away, state.away, "away"), (recording.home, state.home, "home"))
    result: Json = {
        "teams": [
            {
                "team": _box_team(view, team),
                "statistics": _team_statistics(side),
                "displayOrder": order,
                "homeAway": where,
            }
            for order, (team, side, where) in enumerate(pairs, start=1)
        ]
    }
    if recording.home.players:
        result["players"] = [
            {
                "team": _box_team(view, team),
                "statistics": [_players(team, side, recording.league)],
                "displayOrder": order,
            }
            for order, (team, side, _) in enumerate(pairs, start=1)
        ]
    return result


def _status(view: View) -> Json:
    stands = status(view)
    # The summary of a game that is over has neither a period nor a clock.
    return {"type": stands["type"]} if stands["type"]["state"] == "post" else stands


def _box_team(view: View, team: RecordedTeam) -> Json:
    words = _team_words(team, view.recording.league)
    return words | {"slug": _full_name(team).lower().replace(" ", "-")}


def _summed_competitor(
    view: View, team: RecordedTeam, state: TeamState, against: TeamState
) -> Json:
    words = _team_words(team, view.recording.league)
    words.pop("shortDisplayName")
    record = f"{team.wins}-{team.losses}"
    return _playing(view, team, state, against) | {
        "team": words | {"logos": [], "links": []},
        "linescores": [{"displayValue": str(x)} for x in state.periods[: view.state.period]],
        "record": [{"type": "total", "summary": record, "displayValue": record}],
        "possession": False,
    }


def _players(team: RecordedTeam, state: TeamState, league: str) -> Json:
    stats = _figures(state.total)
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


def _athlete(player: RosterPlayer, line: StatLine, state: TeamState, league: str) -> Json:
    played = player.id in state.played
    place = player.position[-1:]
    return {
        "active": player.id in state.on_court,
        "athlete": {
            "id": athlete_id(player.id),
            "uid": f"s:40~l:{ESPN_LEAGUES[league].number}~a:{athlete_id(player.id)}",
            "displayName": player.name,
            "shortName": player.initialled,
            "jersey": player.jersey,
            "position": {
                "name": _POSITIONS[place],
                "displayName": _POSITIONS[place],
                "abbreviation": place,
            },
        },
        "starter": player.starter,
        "didNotPlay": not played,
        "reason": player.absent.removeprefix("INACTIVE_").replace("_", " ") or _FILLER,
        "ejected": False,
        "stats": _figures(line) if played else [],
    }


def _figures(line: StatLine) -> list[str]:
    balance = line.plus - line.minus
    return [
        str(-(-line.time // MINUTE)),
        str(line.points),
        f"{line.goals}-{line.goals_tried}",
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
    total, own = state.total, state.team
    shots = (
        ("fieldGoal", "FG", "Field Goal", total.goals, total.goals_tried),
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
