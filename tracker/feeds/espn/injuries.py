"""ESPN's list of injuries of a league, read into what is said of each player."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tracker.domain.catalog.teams import code_in
from tracker.domain.player import Availability, Injury
from tracker.feeds.errors import FeedMalformed
from tracker.feeds.espn.espn import PATHS
from tracker.settings.reading import plain_words

CAP = 8 << 20
"""Most bytes of the document; a full NBA list has about 400 kB."""

_WORDS = {
    "out": Availability.OUT,
    "injured reserve": Availability.OUT,
    "suspension": Availability.OUT,
    "doubtful": Availability.DOUBTFUL,
    "questionable": Availability.QUESTIONABLE,
    "day-to-day": Availability.QUESTIONABLE,
    "probable": Availability.PROBABLE,
    "available": Availability.AVAILABLE,
    "active": Availability.AVAILABLE,
}


class _Document(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Athlete(_Document):
    displayName: str  # noqa: N815 - theirs


class _Details(_Document):
    type: str = ""
    returnDate: str | None = None  # noqa: N815 - theirs


class _Entry(_Document):
    athlete: _Athlete
    status: str
    shortComment: str = ""  # noqa: N815 - theirs
    details: _Details = _Details()


class _Team(_Document):
    displayName: str  # noqa: N815 - theirs
    injuries: tuple[_Entry, ...] = ()


class _List(_Document):
    injuries: tuple[_Team, ...]


_READ = TypeAdapter(_List)


def injuries_path(league: str) -> str:
    """Where a league's list is."""
    return f"/apis/site/v2/sports/basketball/{PATHS[league]}/injuries"


def parse_injuries(body: bytes, league: str) -> tuple[Injury, ...]:
    """Every player of whom something is said, the last word on each. Raises FeedMalformed."""
    try:
        found = _READ.validate_json(body)
    except ValidationError as why:
        first = why.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise FeedMalformed(where, plain_words(first)) from None
    told: dict[tuple[str, str], Injury] = {}
    for team in found.injuries:
        code = code_in(league, team.displayName, team.displayName)
        for entry in team.injuries:
            said = _injury(entry, league, code)
            told.setdefault((code, said.name), said)
    return tuple(told.values())


def _injury(entry: _Entry, league: str, team: str) -> Injury:
    status = _WORDS.get(entry.status.strip().lower(), Availability.OTHER)
    parts = (entry.details.type, entry.shortComment)
    detail = ": ".join(x for x in parts if x)[:300]
    if status is Availability.OTHER:
        detail = f"{entry.status}: {detail}"[:300]
    return Injury(league, team, entry.athlete.displayName, status, detail, _date(entry.details))


def _date(details: _Details) -> date | None:
    try:
        return None if details.returnDate is None else date.fromisoformat(details.returnDate[:10])
    except ValueError:
        return None
