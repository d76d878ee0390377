"""How ESPN names leagues, teams, events and the state of a game, odd habits included."""

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tracker.replay.nba.words import EASTERN, MINUTE
from tracker.replay.playback import View
from tracker.replay.recording import Phase, Team

Json = dict[str, Any]


class LeagueWords(NamedTuple):
    """A league as ESPN writes it: its part of the path, its number and its name."""

    slug: str
    number: str
    name: str
    short: str


LEAGUES = {
    "nba": LeagueWords("nba", "46", "National Basketball Association", "NBA"),
    "wnba": LeagueWords("wnba", "59", "Women's National Basketball Association", "WNBA"),
    "ncaam": LeagueWords("mens-college-basketball", "41", "NCAA Men's Basketball", "NCAAM"),
    "ncaaw": LeagueWords("womens-college-basketball", "54", "NCAA Women's Basketball", "NCAAW"),
    "gleague": LeagueWords("nba-development", "0", "NBA G League", "G League"),
}
"""By the name of a league; of the last two there are no recordings, and so no events.

The G League's number is not known.
"""

_NBA = {
    "ATL": "1", "BOS": "2", "NOP": "3 NO", "CHI": "4", "CLE": "5", "DAL": "6", "DEN": "7",
    "DET": "8", "GSW": "9 GS", "HOU": "10", "IND": "11", "LAC": "12", "LAL": "13", "MIA": "14",
    "MIL": "15", "MIN": "16", "BKN": "17", "NYK": "18 NY", "ORL": "19", "PHI": "20", "PHX": "21",
    "POR": "22", "SAC": "23", "SAS": "24 SA", "OKC": "25", "UTA": "26 UTAH", "WAS": "27 WSH",
    "TOR": "28", "MEM": "29", "CHA": "30",
}  # fmt: skip
_WNBA = {
    "DAL": "3", "IND": "5", "LAS": "6 LA", "MIN": "8", "NYL": "9 NY", "PHX": "11", "SEA": "14",
    "WAS": "16 WSH", "LVA": "17 LV", "CON": "18", "CHI": "19", "ATL": "20", "GSV": "129689 GS",
}  # fmt: skip
_TEAMS = {"nba": _NBA, "wnba": _WNBA}

_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th"}
_SEASON_TYPES = {"1": (1, "preseason"), "4": (3, "post-season"), "5": (5, "play-in-season")}
_FIRST_MONTH = 8
_HALVES = 2


def team_ids(team: Team, league: str) -> tuple[str, str]:
    """ESPN's number and abbreviation of a team; those of the recording where ESPN's are its own."""
    number, _, code = _TEAMS.get(league, {}).get(team.tricode, str(team.id)).partition(" ")
    return number, code or team.tricode


def event_id(league: str, game_id: str) -> str:
    """ESPN's number of a game, which is another than the league's; college has no other."""
    return game_id if league == "ncaam" else f"401{int(game_id) % 1_000_000:06d}"


def athlete_id(person: int) -> str:
    """ESPN's number of a player, which is another than the league's."""
    return str(3_000_000 + person % 2_000_000)


def minute_utc(instant: datetime) -> str:
    """`2026-01-30T00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def season(view: View) -> Json:
    """The season, named by the year in which it ends."""
    there = view.tip_off.astimezone(EASTERN)
    winter = view.recording.league != "wnba" and there.month >= _FIRST_MONTH
    kind, slug = _SEASON_TYPES.get(view.recording.id[2:3], (2, "regular-season"))
    if view.recording.league == "ncaam":
        kind, slug = 2, "regular-season"
    return {"year": there.year + winter, "type": kind, "slug": slug}


def status(view: View) -> Json:
    """Where a game stands: `clock`, `displayClock`, `period` and the `type` that names it."""
    state, rules = view.state, view.recording.rules
    if view.postponed:
        return _status(0, "0.0", 0, _kind("6", "STATUS_POSTPONED", "post", "Postponed"))
    match state.phase:
        case Phase.BEFORE:
            long, short = _tip_off(view.tip_off)
            kind = _kind("1", "STATUS_SCHEDULED", "pre", "Scheduled", long, short)
            return _status(0, "0.0", 0, kind)
        case Phase.PLAYING:
            text = _clock(state.clock)
            name, short = period_names(state.period, rules.periods)
            long, short = f"{text} - {name}", f"{text} - {short}"
            kind = _kind("2", "STATUS_IN_PROGRESS", "in", "In Watchdog", long, short)
            return _status(state.clock, text, state.period, kind)
        case Phase.BREAK if state.period * 2 == rules.periods:
            kind = _kind("23", "STATUS_HALFTIME", "in", "Halftime")
            return _status(0, "0:00", state.period, kind)
        case Phase.BREAK:
            name, short = period_names(state.period, rules.periods)
            long, short = f"End of {name}", f"End of {short}"
            kind = _kind("22", "STATUS_END_PERIOD", "in", "End of Period", long, short)
            return _status(0, "0:00", state.period, kind)
        case Phase.OVER:
            return _status(0, "0.0", state.period, _final(state.period - rules.periods))


def period_names(period: int, regulation: int) -> tuple[str, str]:
    """A period in full and for short: `2nd Quarter` and `2nd`, `OT` and `OT`."""
    if period > regulation:
        name = _overtime(period - regulation)
        return name, name
    ordinal = _ORDINALS[period]
    return f"{ordinal} {'Half' if regulation == _HALVES else 'Quarter'}", ordinal


def _overtime(number: int) -> str:
    return "OT" if number == 1 else f"{number}OT"


def _final(overtimes: int) -> Json:
    text = "Final" if overtimes < 1 else f"Final/{_overtime(overtimes)}"
    kind = _kind("3", "STATUS_FINAL", "post", "Final", text, text)
    return kind if overtimes < 1 else kind | {"altDetail": _overtime(overtimes)}


def _kind(
    number: str, name: str, state: str, words: str, detail: str = "", short: str = ""
) -> Json:
    return {
        "id": number,
        "name": name,
        "state": state,
        "completed": name == "STATUS_FINAL",
        "description": words,
        "detail": detail or words,
        "shortDetail": short or words,
    }


def _status(clock: int, text: str, period: int, kind: Json) -> Json:
    return {"clock": clock / 100, "displayClock": text, "period": period, "type": kind}


def _clock(hundredths: int) -> str:
    if hundredths < MINUTE:
        return f"{hundredths // 10 / 10:.1f}"
    return f"{hundredths // MINUTE}:{hundredths % MINUTE // 100:02d}"


def _tip_off(instant: datetime) -> tuple[str, str]:
    there = instant.astimezone(EASTERN)
    hour = f"{int(f'{there:%I}')}:{there:%M %p %Z}"
    day = f"{there.day}{_ending(there.day)}"
    return f"{there:%a, %B} {day} at {hour}", f"{there.month}/{there.day} - {hour}"


def _ending(day: int) -> str:
    if re.fullmatch(r"1[123]", str(day)):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
