"""ESPN's site API as a source: one scoreboard a day, a summary of each game, and injuries."""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from tracker.domain.catalog import code_in
from tracker.domain.game import Listing
from tracker.domain.league import GLEAGUE, NBA, NCAAM, NCAAW, WNBA
from tracker.domain.player import Availability, Injury
from tracker.feeds import FeedMalformed, Source, espn_reading
from tracker.feeds.strict import Strict, field_at, read_json, read_object

NAME = "espn"
"""The source's name in the settings and in polls."""

HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
"""No User-Agent, so that the HTTP library sends its own. ESPN accepts that one and refuses a
browser's or a bare name."""

SECOND_HEADERS = {**HEADERS, "User-Agent": "curl/8.7.1"}
"""The User-Agent of another plain client, in case ESPN refuses the library's."""

_BOARD_CAP = 16 << 20
"""Most bytes of a board. The busiest college day has about 150 games of 20 kB each."""

PATHS = {
    NBA.id: "nba",
    WNBA.id: "wnba",
    NCAAM.id: "mens-college-basketball",
    NCAAW.id: "womens-college-basketball",
    GLEAGUE.id: "nba-development",
}
"""Each league's name in ESPN's paths."""

_ALL_COLLEGES = "&groups=50"
_EVENT_ID = re.compile(r"[0-9]{1,9}")


def espn_source(league: str) -> Source:
    """ESPN as the source of one league.

    A board is requested for one day and without a limit: ESPN refuses ranges of days, and a limit
    that is too high silently cuts the answer to 25 games. Without a group, a college board shows
    ranked teams only.
    """
    base = f"/apis/site/v2/sports/basketball/{PATHS[league]}"
    every = _ALL_COLLEGES if league in (NCAAM.id, NCAAW.id) else ""

    def board_path(day: date) -> str:
        return f"{base}/scoreboard?dates={day:%Y%m%d}{every}"

    def box_path(event_id: str) -> str:
        if not _owns(event_id):
            raise ValueError(f"{event_id!r} is not an event id of up to nine digits")
        return f"{base}/summary?event={event_id}"

    return Source(
        name=NAME,
        league=league,
        headers=HEADERS,
        board_path=board_path,
        box_path=box_path,
        schedule_paths=(),
        parse_board=partial(espn_reading.parse_board, league=league),
        parse_box=partial(espn_reading.parse_summary, league=league),
        parse_schedule=_no_schedule,
        owns=_owns,
        board_cap=_BOARD_CAP,
        second_headers=SECOND_HEADERS,
    )


def _owns(game_id: str) -> bool:
    return _EVENT_ID.fullmatch(game_id) is not None


def _no_schedule(body: bytes) -> tuple[Listing, ...]:
    raise FeedMalformed(
        "body", f"of {len(body)} bytes is no schedule: there are boards of each day"
    )


CAP = 8 << 20
"""Most bytes of the injuries document. A full NBA list has about 400 kB."""

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


def _said(value: object) -> object:
    return value if isinstance(value, str) else ""


_Words = Annotated[str, BeforeValidator(_said)]
"""A text that may be missing or of another form: a player is no less hurt for that."""


class _Entry(Strict):
    """An entry on one player."""

    name: str = field_at("athlete", "displayName")
    status: _Words = ""
    comment: _Words = Field("", alias="shortComment")
    kind: _Words = field_at("details", "type", default="")
    returns: _Words = field_at("details", "returnDate", default="")


class _Team(Strict):
    """A team's entries. Each is parsed separately."""

    name: str = Field(alias="displayName")
    injuries: list[Any] = Field(default_factory=list)


class _List(Strict):
    """A whole injuries document."""

    injuries: list[_Team]


def injuries_path(league: str) -> str:
    """The path of a league's injuries document."""
    return f"/apis/site/v2/sports/basketball/{PATHS[league]}/injuries"


def parse_injuries(body: bytes, league: str) -> tuple[Injury, ...]:
    """Every player in the injuries document, with the first entry on each, which is the latest.

    An entry that names nobody is left out. Raises FeedMalformed, also where no entry can be read.
    """
    injuries: dict[tuple[str, str], Injury] = {}
    first: FeedMalformed | None = None
    for team in read_json(_List, body).injuries:
        code = code_in(league, team.name, team.name)
        for entry in team.injuries:
            try:
                said = _injury(read_object(_Entry, entry), league, code)
            except FeedMalformed as wrong:
                first = first or wrong
                continue
            injuries.setdefault((code, said.name), said)
    if first is not None and not injuries:
        raise first.inside("injuries")
    return tuple(injuries.values())


def _injury(entry: _Entry, league: str, team: str) -> Injury:
    status = _WORDS.get(entry.status.strip().lower(), Availability.OTHER)
    detail = ": ".join(x for x in (entry.kind, entry.comment) if x)[:300]
    if status is Availability.OTHER:
        detail = f"{entry.status or 'no status'}: {detail}"[:300]
    return Injury(league, team, entry.name, status, detail, _date(entry.returns))


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
