"""Leagues: the length of their games, and the calendar of their slates and seasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

LEAGUE_ZONE = ZoneInfo("America/New_York")
"""The zone of a league's own date: every league here schedules its games in US Eastern time."""

SLATE_ROLLOVER = timedelta(hours=6)
"""A game that tips off before 6 a.m. Eastern belongs to the slate of the evening before."""


@dataclass(frozen=True, slots=True)
class League:
    """A league's rules of time. Periods are quarters (4) or halves (2); lengths are in seconds."""

    id: str
    name: str
    periods: int
    period_seconds: int
    overtime_seconds: int = 300
    tenths: bool = True
    """Whether feeds show tenths of a second in the last minute of a period."""
    days_ahead: int = 6
    """How many days ahead its games are listed. Where no schedule is published, each day costs a
    request."""

    @property
    def regulation_seconds(self) -> int:
        """Seconds of a game without overtime."""
        return self.periods * self.period_seconds

    @property
    def stretch(self) -> float:
        """The factor from minutes of a game of this league to those of a 48-minute game."""
        return 48 * 60 / self.regulation_seconds

    def length_of(self, period: int) -> int:
        """Seconds of a period; a period above the regulation periods is an overtime."""
        return self.period_seconds if period <= self.periods else self.overtime_seconds

    def seconds_left(self, period: int, clock: float) -> float:
        """Seconds left in regulation, or in the current overtime, with `clock` left in a period."""
        return clock + max(0, self.periods - period) * self.period_seconds

    def period_name(self, period: int) -> str:
        """A period's name on a scoreboard: `Q3`, `2H`, `OT`, `2OT`."""
        if period > self.periods:
            extra = period - self.periods
            return "OT" if extra == 1 else f"{extra}OT"
        return f"{period}H" if self.periods == 2 else f"Q{period}"  # noqa: PLR2004 - two halves


NBA = League("nba", "NBA", 4, 720)
WNBA = League("wnba", "WNBA", 4, 600)
NCAAM = League("ncaam", "NCAA men", 2, 1200, tenths=False, days_ahead=2)
NCAAW = League("ncaaw", "NCAA women", 4, 600, tenths=False, days_ahead=2)
GLEAGUE = League("gleague", "G League", 4, 720, days_ahead=2)

LEAGUES: dict[str, League] = {x.id: x for x in (NBA, WNBA, NCAAM, NCAAW, GLEAGUE)}


TURN_OF_SEASON = 8
"""The month from which a league that plays over the winter counts a new season."""


def season_name(league: str, day: date) -> str:
    """The season that a date belongs to: `2025-26`, or `2025` for a league that plays in summer."""
    if league == WNBA.id:
        return str(day.year)
    first = day.year if day.month >= TURN_OF_SEASON else day.year - 1
    return f"{first}-{(first + 1) % 100:02d}"


def slate_date(start: datetime) -> date:
    """The league's own date of a game that tips off at `start` (aware)."""
    return (start.astimezone(LEAGUE_ZONE) - SLATE_ROLLOVER).date()


_NIGHT_IS_OVER = timedelta(hours=3)
"""How long before the slate turns its games are over: nothing is played from 3 a.m. Eastern on."""


def coming_evening(now: datetime) -> date:
    """The league's date of the evening that is played or comes next; that before it is over."""
    return slate_date(now + _NIGHT_IS_OVER)


_EVENING = time(17)
_PLAYED_FROM, _PLAYED_UNTIL = 18, 3
"""The hours, Eastern time, between which the games of an evening are played."""


def own_day(now: datetime) -> date:
    """The day that a person means by `today`, by their own clock `now`.

    It ends at midnight, or at 6 a.m. while the games of an American evening may still be played.
    """
    hour = now.astimezone(LEAGUE_ZONE).hour
    played = hour >= _PLAYED_FROM or hour < _PLAYED_UNTIL
    return (now - SLATE_ROLLOVER if played else now).date()


def slate_on(day: date, zone: tzinfo | None) -> date:
    """The league's own date of the games that a person in this zone watches on a day.

    East of Europe most games of an American evening are played on the next morning.
    """
    return slate_date(datetime.combine(day, _EVENING, zone or LEAGUE_ZONE))


def slate_today(now: datetime) -> date:
    """The league's own date of the games that a person means by `today`, by their clock `now`."""
    return slate_on(own_day(now), now.tzinfo)
