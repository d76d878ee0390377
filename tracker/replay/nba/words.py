"""How the NBA's documents write clocks, times and the state of a game, odd habits included."""

from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tracker.replay.playback import View
from tracker.replay.recording import Phase

EASTERN = ZoneInfo("America/New_York")

Json = dict[str, Any]


class LeagueWords(NamedTuple):
    """A league as its own documents write it."""

    id: str
    name: str
    folder: str


LEAGUES = {
    "nba": LeagueWords("00", "National Basketball Association", "NBA"),
    "wnba": LeagueWords("10", "Women's National Basketball Association", "WNBA"),
}
"""The leagues whose sites are alike, by the name of a recording's league."""

MINUTE = 6000
"""A minute in hundredths of a second."""

STATUS = {Phase.BEFORE: 1, Phase.PLAYING: 2, Phase.BREAK: 2, Phase.OVER: 3}
"""The feed's number for each phase."""


def duration(hundredths: int) -> str:
    """`PT07M15.00S`; minutes may be more than 60."""
    minutes, rest = divmod(hundredths, MINUTE)
    return f"PT{minutes:02d}M{rest // 100:02d}.{rest % 100:02d}S"


def utc(instant: datetime) -> str:
    """`2026-01-30T00:00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(instant: datetime, zone: ZoneInfo = EASTERN) -> str:
    """`2026-01-29T19:00:00-05:00`."""
    return instant.astimezone(zone).isoformat(timespec="seconds")


def false_utc(instant: datetime) -> str:
    """Eastern wall time that calls itself UTC: `2026-01-29T19:00:00Z`."""
    return instant.astimezone(EASTERN).strftime("%Y-%m-%dT%H:%M:%SZ")


def tip_off_text(instant: datetime) -> str:
    """`7:00 pm ET`."""
    there = instant.astimezone(EASTERN)
    return f"{there.hour % 12 or 12}:{there.minute:02d} {'am' if there.hour < 12 else 'pm'} ET"  # noqa: PLR2004


def game_code(view: View) -> str:
    """`20260129/SACPHI`."""
    day = view.tip_off.astimezone(EASTERN).strftime("%Y%m%d")
    return f"{day}/{view.recording.away.tricode}{view.recording.home.tricode}"


def period_name(period: int, regulation: int) -> str:
    """`Q3`, `OT1`."""
    return f"Q{period}" if period <= regulation else f"OT{period - regulation}"


def live_text(view: View) -> str:
    """What a scoreboard says while a game is on: `Q2 07:15`, `Q1 12.3`, `Half`, `End Q3`."""
    state, rules = view.state, view.recording.rules
    name = period_name(state.period, rules.periods)
    if state.phase is Phase.BREAK:
        return "Half" if state.period == rules.periods // 2 else f"End {name}"
    if state.clock < MINUTE:
        return f"{name} {state.clock / 100:.1f}"
    return f"{name} {state.clock // MINUTE:02d}:{state.clock % MINUTE // 100:02d}"


def final_text(view: View) -> str:
    """What a scoreboard says at the end: `Final`, `Final/OT ` with its blank, `Final/OT2`."""
    overtimes = view.state.period - view.recording.rules.periods
    if overtimes < 1:
        return "Final"
    return f"Final/OT{overtimes if overtimes > 1 else ' '}"


def board_time(instant: datetime) -> str:
    """The scoreboard's own time: 12 hours without am or pm, minutes and seconds said twice."""
    return instant.astimezone(EASTERN).strftime("%Y-%m-%d %I:%M:%S.%M%S")


def box_time(instant: datetime) -> str:
    """The time of a box or a play-by-play: Eastern, 24 hours, microseconds."""
    return instant.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S.%f")


def periods(scores: tuple[int, ...], regulation: int) -> list[Json]:
    """The scores by period, overtimes under their own name."""
    return [
        {
            "period": number,
            "periodType": "REGULAR" if number <= regulation else "OVERTIME",
            "score": score,
        }
        for number, score in enumerate(scores, start=1)
    ]
