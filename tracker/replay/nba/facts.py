"""Reads the league's play-by-play and box into the facts of a recording."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tracker.replay.recording import (
    Action,
    Actions,
    Format,
    Line,
    Official,
    OfficialTeam,
    Player,
    PlayerLine,
    Readings,
    Recording,
    Side,
    Team,
    TeamLine,
    Venue,
    What,
)

Json = Mapping[str, Any]

FINAL = 3
"""The feed's number for a game that is over."""

NBA = Format(periods=4, period_s=720, overtime_s=300)
"""Four periods of twelve minutes, overtimes of five."""

_ZONES = {"CHI": "America/Chicago", "DAL": "America/Chicago", "DEN": "America/Denver",
"GSW": "America/Los_Angeles", "HOU": "America/Chicago", "LAC": "America/Los_Angeles",
"LAL": "America/Los_Angeles", "MEM": "America/Chicago", "MIL": "America/Chicago",
"MIN": "America/Chicago", "NOP": "America/Chicago", "OKC": "America/Chicago",
"PHX": "America/Phoenix", "POR": "America/Los_Angeles", "SAC": "America/Los_Angeles",
"SAS": "America/Chicago", "UTA": "America/Denver"}  # fmt: skip


def parse_clock(text: str) -> int:
    """`PT11M55.00S`, or `11:55 ` as on older boards, in hundredths of a second; blanks are 0."""
    plain = text.strip().removeprefix("PT").removesuffix("S").replace("M", ":")
    if not plain:
        return 0
    minutes, seconds = plain.split(":")
    return 6000 * int(minutes) + round(100 * float(seconds))


def parse_instant(text: str) -> datetime:
    """An instant of the feed (`2026-01-30T00:11:19.7Z`), aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def recording_of_box(game: Json, course: Actions | Readings) -> Recording:
    """A recording with the teams, rosters and official figures of a box's `game` object."""
    arena = game.get("arena") or {}
    home, away = game["homeTeam"], game["awayTeam"]
    over = int(game["gameStatus"]) == FINAL
    recording = recording_of_board(game, course)
    return replace(
        recording,
        venue=replace(
            recording.venue,
            arena=str(arena.get("arenaName") or recording.venue.arena),
            city=str(arena.get("arenaCity") or recording.venue.city),
            state=str(arena.get("arenaState") or recording.venue.state),
            zone=str(arena.get("arenaTimezone") or recording.venue.zone),
        ),
        official=Official(_official(home), _official(away)) if over else None,
    )


def recording_of_board(game: Json, course: Actions | Readings) -> Recording:
    """A recording with what one game of a scoreboard tells: the teams, no more."""
    home, away = game["homeTeam"], game["awayTeam"]
    return Recording(
        format="tracker-recording",
        version=1,
        league="nba",
        id=str(game["gameId"]),
        tip_off=parse_instant(game["gameTimeUTC"]),
        wall_clock="recorded",
        rules=NBA,
        venue=Venue("", "", "", zone=_zone(home), away_zone=_zone(away)),
        lines=None,
        home=_team(home),
        away=_team(away),
        course=course,
        official=None,
    )


def _zone(team: Json) -> str:
    return _ZONES.get(str(team["teamTricode"]), "America/New_York")


def _team(raw: Json) -> Team:
    return Team(
        id=int(raw["teamId"]),
        tricode=str(raw["teamTricode"]),
        city=str(raw["teamCity"]),
        name=str(raw["teamName"]),
        wins=int(raw.get("wins", 0)),
        losses=int(raw.get("losses", 0)),
        players=tuple(_player(player) for player in raw.get("players", [])),
    )


def _player(raw: Json) -> Player:
    return Player(
        id=int(raw["personId"]),
        first=str(raw["firstName"]),
        last=str(raw["familyName"]),
        jersey=str(raw["jerseyNum"]),
        position=str(raw.get("position", "")),
        active=raw["status"] == "ACTIVE",
        starter=raw["starter"] == "1",
        absent=str(raw.get("notPlayingReason", "")),
    )


def _official(raw: Json) -> OfficialTeam:
    players = raw["players"]
    return OfficialTeam(
        periods=tuple(int(period["score"]) for period in raw["periods"]),
        timeouts=int(raw["timeoutsRemaining"]),
        bonus=raw["inBonus"] == "1",
        on_court=tuple(int(p["personId"]) for p in players if p["oncourt"] == "1"),
        team=parse_team_line(raw["statistics"]),
        lines=tuple(
            PlayerLine(int(p["personId"]), parse_line(p["statistics"]))
            for p in players
            if p["played"] == "1"
        ),
    )


def parse_line(raw: Json) -> Line:
    """A player's line from the `statistics` of a box."""
    return Line(
        time=parse_clock(raw["minutes"]),
        **{name: int(raw[key]) for name, key in LINE_KEYS.items()},
    )


def parse_team_line(raw: Json) -> TeamLine:
    """A team's own figures from its `statistics` in a box."""
    return TeamLine(
        **{name: int(raw.get(key) or 0) for name, key in TEAM_KEYS.items()},
        **_score_at("lead", raw.get("biggestLeadScore")),
        **_score_at("run", raw.get("biggestScoringRunScore")),
        leading=parse_clock(raw.get("timeLeading") or ""),
    )


def _score_at(name: str, text: str | None) -> dict[str, int]:
    away, home = (text or "0-0").split("-")
    return {f"{name}_away": int(away), f"{name}_home": int(home)}


LINE_KEYS = {
    "points": "points",
    "twos": "twoPointersMade",
    "twos_tried": "twoPointersAttempted",
    "threes": "threePointersMade",
    "threes_tried": "threePointersAttempted",
    "frees": "freeThrowsMade",
    "frees_tried": "freeThrowsAttempted",
    "rebounds_off": "reboundsOffensive",
    "rebounds_def": "reboundsDefensive",
    "assists": "assists",
    "steals": "steals",
    "blocks": "blocks",
    "blocked": "blocksReceived",
    "turnovers": "turnovers",
    "fouls": "foulsPersonal",
    "fouls_offensive": "foulsOffensive",
    "fouls_technical": "foulsTechnical",
    "fouls_drawn": "foulsDrawn",
    "plus": "plus",
    "minus": "minus",
    "points_paint": "pointsInThePaint",
    "points_fast": "pointsFastBreak",
    "points_second": "pointsSecondChance",
}
"""Where a box keeps each count of a player's line."""

TEAM_KEYS = {
    "rebounds_off": "reboundsTeamOffensive",
    "rebounds_def": "reboundsTeamDefensive",
    "turnovers": "turnoversTeam",
    "technicals": "foulsTeamTechnical",
    "heaves": "teamFieldGoalAttempts",
    "points_from_turnovers": "pointsFromTurnovers",
    "fast": "fastBreakPointsMade",
    "fast_tried": "fastBreakPointsAttempted",
    "paint": "pointsInThePaintMade",
    "paint_tried": "pointsInThePaintAttempted",
    "second": "secondChancePointsMade",
    "second_tried": "secondChancePointsAttempted",
    "lead": "biggestLead",
    "run": "biggestScoringRun",
    "lead_changes": "leadChanges",
    "ties": "timesTied",
}
"""Where a box keeps each of a team's own figures."""


_WHAT = {
    "jumpball": What.JUMP,
    "2pt": What.TWO,
    "3pt": What.THREE,
    "freethrow": What.FREE,
    "heave": What.HEAVE,
    "rebound": What.REBOUND,
    "turnover": What.TURNOVER,
    "steal": What.STEAL,
    "block": What.BLOCK,
    "foul": What.FOUL,
    "timeout": What.TIMEOUT,
}

_QUALIFIERS = {
    "pointsinthepaint": "paint",
    "fastbreak": "fast",
    "2ndchance": "second",
    "fromturnover": "fromtov",
}


def course_of_play_by_play(actions: list[Json], tip_off: datetime, home: int) -> tuple[Action, ...]:
    """The rows of a play-by-play's `actions`, in the feed's own order; `home` is a team's id.

    Where wall clocks step back (an action put in afterwards), the earlier action is given the later
    one's time, so that no effect comes before its cause.
    """
    ordered = sorted(actions, key=lambda action: int(action["orderNumber"]))
    instants = [_offset(action["timeActual"], tip_off) for action in ordered]
    for i in range(len(instants) - 2, -1, -1):
        instants[i] = min(instants[i], instants[i + 1])
    rows = [_action(a, at, home) for a, at in zip(ordered, instants, strict=True)]
    return _name_blocked(rows)


def _offset(instant: str, tip_off: datetime) -> int:
    return round((parse_instant(instant) - tip_off).total_seconds() * 1000)


def _action(raw: Json, at: int, home_id: int) -> Action:
    kind, sub = str(raw["actionType"]), str(raw.get("subType", ""))
    what = _WHAT.get(kind, What.OTHER)
    if kind == "period":
        what = What.START if sub == "start" else What.END
    elif kind == "game":
        what = What.OVER
    elif kind == "substitution":
        what = What.IN if sub == "in" else What.OUT
    side: Side | None = None
    if "teamId" in raw:
        side = "home" if int(raw["teamId"]) == home_id else "away"
    return Action(
        at=at,
        period=int(raw["period"]),
        clock=parse_clock(raw["clock"]),
        home=int(raw["scoreHome"]),
        away=int(raw["scoreAway"]),
        what=what,
        side=side,
        player=int(raw["personId"]),
        other=_other(raw, what),
        detail=_detail(raw, what, sub),
    )


def _other(raw: Json, what: What) -> int:
    match what:
        case What.TWO | What.THREE:
            return int(raw.get("assistPersonId") or raw.get("blockPersonId") or 0)
        case What.FOUL:
            return int(raw.get("foulDrawnPersonId") or 0)
        case What.TURNOVER:
            return int(raw.get("stealPersonId") or 0)
        case _:
            return 0


def _detail(raw: Json, what: What, sub: str) -> str:
    words: list[str] = []
    match what:
        case What.TWO | What.THREE | What.FREE:
            words.append(str(raw["shotResult"]).lower())
        case What.REBOUND:
            words.append("off" if sub == "offensive" else "def")
        case What.FOUL:
            words.append(sub if sub in {"offensive", "technical"} else "personal")
            if raw.get("descriptor") == "defensive-3-second":
                words.append("team")
        case What.TIMEOUT:
            words.append("challenge" if sub == "challenge" else "full")
        case _:
            pass
    words += [word for key, word in _QUALIFIERS.items() if key in raw["qualifiers"]]
    return " ".join(words)


def _name_blocked(rows: list[Action]) -> tuple[Action, ...]:
    # A block names the blocker; whose shot it was stands in the shot just before it.
    named: list[Action] = []
    shooter = 0
    for row in rows:
        if row.what in {What.TWO, What.THREE}:
            shooter = row.player
        named.append(row._replace(other=shooter) if row.what is What.BLOCK else row)
    return tuple(named)
