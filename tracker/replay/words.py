"""How the leagues' sites and ESPN write clocks, times, states and ids, with their odd habits."""

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tracker.domain.league import LEAGUE_ZONE, TURN_OF_SEASON
from tracker.replay import RecordedPhase, RecordedTeam
from tracker.replay.playback import View

EASTERN = LEAGUE_ZONE

Json = dict[str, Any]


class NbaLeague(NamedTuple):
    """A league as its own documents write it."""

    id: str
    name: str
    folder: str


NBA_LEAGUES = {
    "nba": NbaLeague("00", "National Basketball Association", "NBA"),
    "wnba": NbaLeague("10", "Women's National Basketball Association", "WNBA"),
}
"""The leagues whose sites have the same form, by the league in a recording."""

MINUTE = 6000
"""A minute in hundredths of a second."""

STATUS = {
    RecordedPhase.BEFORE: 1,
    RecordedPhase.PLAYING: 2,
    RecordedPhase.BREAK: 2,
    RecordedPhase.OVER: 3,
}
"""The feed's number for each phase."""


def duration(hundredths: int) -> str:
    """A duration such as `PT07M15.00S`. Minutes may be more than 60."""
    minutes, rest = divmod(hundredths, MINUTE)
    return f"PT{minutes:02d}M{rest // 100:02d}.{rest % 100:02d}S"


def utc(instant: datetime) -> str:
    """An instant in UTC: `2026-01-30T00:00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(instant: datetime, zone: ZoneInfo = EASTERN) -> str:
    """An instant in a zone: `2026-01-29T19:00:00-05:00`."""
    return instant.astimezone(zone).isoformat(timespec="seconds")


def false_utc(instant: datetime) -> str:
    """Eastern wall time with the mark of UTC: `2026-01-29T19:00:00Z`."""
    return instant.astimezone(EASTERN).strftime("%Y-%m-%dT%H:%M:%SZ")


def tip_off_text(instant: datetime) -> str:
    """The tip-off in words: `7:00 pm ET`."""
    there = instant.astimezone(EASTERN)
    half = "am" if there.hour < 12 else "pm"  # noqa: PLR2004 - noon
    return f"{there.hour % 12 or 12}:{there.minute:02d} {half} ET"


def game_code(view: View) -> str:
    """A game's code: `20260129/SACPHI`."""
    day = view.tip_off.astimezone(EASTERN).strftime("%Y%m%d")
    return f"{day}/{view.recording.away.tricode}{view.recording.home.tricode}"


def period_name(period: int, regulation: int) -> str:
    """A period's short name: `Q3`, `OT1`."""
    return f"Q{period}" if period <= regulation else f"OT{period - regulation}"


def live_text(view: View) -> str:
    """The scoreboard's text while a game is on: `Q2 07:15`, `Q1 12.3`, `Half`, `End Q3`."""
    state, rules = view.state, view.recording.rules
    name = period_name(state.period, rules.periods)
    if state.phase is RecordedPhase.BREAK:
        return "Half" if state.period == rules.periods // 2 else f"End {name}"
    if state.clock < MINUTE:
        return f"{name} {state.clock / 100:.1f}"
    return f"{name} {state.clock // MINUTE:02d}:{state.clock % MINUTE // 100:02d}"


def final_text(view: View) -> str:
    """The scoreboard's text for a final: `Final`, `Final/OT ` with its blank, `Final/OT2`."""
    overtimes = view.state.period - view.recording.rules.periods
    if overtimes < 1:
        return "Final"
    return f"Final/OT{overtimes if overtimes > 1 else ' '}"


def board_time(instant: datetime) -> str:
    """The scoreboard's own time: 12 hours without am or pm, with minutes and seconds repeated."""
    return instant.astimezone(EASTERN).strftime("%Y-%m-%d %I:%M:%S.%M%S")


def box_time(instant: datetime) -> str:
    """The time of a box score or play-by-play: Eastern, 24 hours, microseconds."""
    return instant.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S.%f")


def named(team: RecordedTeam) -> Json:
    """A team's id and names, as every document of the league's site has them."""
    return {
        "teamId": team.id,
        "teamName": team.name,
        "teamCity": team.city,
        "teamTricode": team.tricode,
    }


def periods(scores: tuple[int, ...], regulation: int) -> list[Json]:
    """The scores by period, with overtimes marked as such."""
    return [
        {
            "period": number,
            "periodType": "REGULAR" if number <= regulation else "OVERTIME",
            "score": score,
        }
        for number, score in enumerate(scores, start=1)
    ]


class EspnLeague(NamedTuple):
    """A league as ESPN writes it: its part of the path, its number and its names."""

    slug: str
    number: str
    name: str
    short: str


ESPN_LEAGUES = {
    "nba": EspnLeague("nba", "46", "National Basketball Association", "NBA"),
    "wnba": EspnLeague("wnba", "59", "Women's National Basketball Association", "WNBA"),
    "ncaam": EspnLeague("mens-college-basketball", "41", "NCAA Men's Basketball", "NCAAM"),
    "ncaaw": EspnLeague("womens-college-basketball", "54", "NCAA Women's Basketball", "NCAAW"),
    "gleague": EspnLeague("nba-development", "0", "NBA G League", "G League"),
}
"""ESPN's names by our league. The last two have no recordings, and so no events. The G League's
number is not known."""

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
_HALVES = 2


def team_ids(team: RecordedTeam, league: str) -> tuple[str, str]:
    """ESPN's number and abbreviation of a team; the recording's own where the tables lack it."""
    number, _, code = _TEAMS.get(league, {}).get(team.tricode, str(team.id)).partition(" ")
    return number, code or team.tricode


def event_id(league: str, game_id: str) -> str:
    """ESPN's number of a game, made of the league's own. A college game's id is already ESPN's."""
    return game_id if league == "ncaam" else f"401{int(game_id) % 1_000_000:06d}"


def athlete_id(person: int) -> str:
    """ESPN's number of a player, made of the league's own."""
    return str(3_000_000 + person % 2_000_000)


def minute_utc(instant: datetime) -> str:
    """An instant in UTC to the minute: `2026-01-30T00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def season(view: View) -> Json:
    """The season, named by the year in which it ends."""
    there = view.tip_off.astimezone(EASTERN)
    winter = view.recording.league != "wnba" and there.month >= TURN_OF_SEASON
    kind, slug = _SEASON_TYPES.get(view.recording.id[2:3], (2, "regular-season"))
    if view.recording.league == "ncaam":
        kind, slug = 2, "regular-season"
    return {"year": there.year + winter, "type": kind, "slug": slug}


def status(view: View) -> Json:
    """A game's status: `clock`, `displayClock`, `period` and the `type` that names it."""
    state, rules = view.state, view.recording.rules
    match state.phase:
        case RecordedPhase.BEFORE:
            long, short = _tip_off(view.tip_off)
            kind = _kind("1", "STATUS_SCHEDULED", "pre", "Scheduled", long, short)
            return _status(0, "0.0", 0, kind)
        case RecordedPhase.PLAYING:
            text = _clock(state.clock)
            name, short = period_names(state.period, rules.periods)
            long, short = f"{text} - {name}", f"{text} - {short}"
            kind = _kind("2", "STATUS_IN_PROGRESS", "in", "In Progress", long, short)
            return _status(state.clock, text, state.period, kind)
        case RecordedPhase.BREAK if state.period * 2 == rules.periods:
            kind = _kind("23", "STATUS_HALFTIME", "in", "Halftime")
            return _status(0, "0:00", state.period, kind)
        case RecordedPhase.BREAK:
            name, short = period_names(state.period, rules.periods)
            long, short = f"End of {name}", f"End of {short}"
            kind = _kind("22", "STATUS_END_PERIOD", "in", "End of Period", long, short)
            return _status(0, "0:00", state.period, kind)
        case RecordedPhase.OVER:
            return _status(0, "0.0", state.period, _final(state.period - rules.periods))


def period_names(period: int, regulation: int) -> tuple[str, str]:
    """A period's long and short name: `2nd Quarter` and `2nd`, `OT` and `OT`."""
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
