"""The leagues' own CDN as a source: the NBA's, and the same documents on the WNBA's host.

This module also reads from the play-by-play who has the ball, who had it first, and which free
throws are to come. All other documents are read by `nba_reading`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from pydantic import Field

from tracker.domain.catalog import code_in
from tracker.domain.game import Score
from tracker.domain.league import NBA, WNBA
from tracker.feeds import Ball, FeedMalformed, Source, nba_reading, strict
from tracker.feeds.nba_reading import GameId
from tracker.feeds.strict import MOST_PERIODS, MOST_POINTS, Strict, Text, read_json, read_object

_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:158.0) Gecko/20100101 Firefox/158.0"

_LIVE = "/static/json/liveData"

_SCHEDULE = "/static/json/staticData/scheduleLeagueV2"

_CAP = 1 << 20
"""Most bytes of a document. A board has about 40 kB, a box score 90 kB, a play-by-play 500 kB."""

_GAME_ID = re.compile(r"[0-9]{10}")


def cdn_source(league: str, site: str, number: str) -> Source:
    """The source of a league whose site is `site`, such as `https://www.nba.com`.

    `number` is the league's two digits, with which its game ids start and its board's name ends.
    Without a Referer of the site and a browser's User-Agent, the CDN answers 403 to every request.
    """
    headers = {
        "User-Agent": _BROWSER,
        "Referer": f"{site}/",
        "Origin": site,
        "Accept": "application/json,text/html;q=0.9,*/*;q=0.8",
        "Accept-Language": "en-US,en;q=0.9",
        "Accept-Encoding": "gzip, deflate",
    }
    board = f"{_LIVE}/scoreboard/todaysScoreboard_{number}.json"

    def board_path(day: date) -> str:  # noqa: ARG001 - one board, of the league's current date
        return board

    def owns(game_id: str) -> bool:
        return game_id.startswith(number) and _GAME_ID.fullmatch(game_id) is not None

    return Source(
        name=league,
        league=league,
        headers=headers,
        board_path=board_path,
        box_path=box_path,
        schedule_paths=(f"{_SCHEDULE}.json", f"{_SCHEDULE}_1.json"),
        parse_board=partial(nba_reading.parse_board, league=league),
        parse_box=partial(nba_reading.parse_box, league=league),
        parse_schedule=partial(nba_reading.parse_schedule, league=league),
        owns=owns,
        board_cap=_CAP,
        box_cap=_CAP,
        plays_path=plays_path,
        parse_plays=partial(parse_plays, league=league),
    )


def box_path(game_id: str) -> str:
    """The path of a game's box score. Raises ValueError for what is no game id."""
    return f"{_LIVE}/boxscore/boxscore_{_checked_id(game_id)}.json"


def plays_path(game_id: str) -> str:
    """The path of a game's play-by-play. Raises ValueError for what is no game id."""
    return f"{_LIVE}/playbyplay/playbyplay_{_checked_id(game_id)}.json"


def _checked_id(game_id: str) -> str:
    if not _GAME_ID.fullmatch(game_id):
        raise ValueError(f"{game_id!r} is not a game id of ten digits")
    return game_id


_LAST = 60
"""Actions at the end of the play-by-play that are put in order: late entries stand a few places
off."""

_OPENING = 12
"""Actions at the start of the play-by-play in which the first possession is looked for."""

_SHOTS = ("2pt", "3pt")

_LOOSE = ("block", "heave")

_THROW = re.compile(r"([1-3]) of ([1-3])", re.ASCII)

_GIVEN = re.compile(r"([1-3])freethrow", re.ASCII)
"""The qualifier of a foul that gives free throws."""

_COMMON = (None, "shooting", "loose ball")
"""The kinds of personal fouls after whose last free throw the ball is in play. After others, such
as a flagrant one, the side at the line gets it."""

_TECHNICAL = "technical"
"""A foul after whose free throw the side that had the ball has it. Such a throw is described so,
too."""

_AT_REST = ("substitution", "timeout", "stoppage", "violation", "instantreplay", "ejection")
"""Actions between a foul and its last free throw, while which the clock stands."""

_CHALLENGE = "challenge"
"""A time-out by which a coach has a foul reviewed: it may be taken back."""

_NEXT_PERIOD = "startperiod"
"""The qualifier of a substitution before a period, which still has the holder of the last one."""

_GOALTENDING = "defensive goaltending"
"""A violation that gives a basket: the side that committed it has the ball next."""

_POINTS = re.compile(r"[0-9]{1,3}", re.ASCII)

_MADE = "Made"


class _PlaysDocument(Strict):
    """The inside of a play-by-play. Each action is parsed separately."""

    id: GameId = Field(alias="gameId")
    actions: list[Any]


class _PlaysBody(Strict):
    """A whole play-by-play."""

    game: _PlaysDocument


class _ActionDocument(Strict):
    """The fields of an action that are used.

    `possession` is the id of the team with the ball, or 0.
    """

    order: int = Field(alias="orderNumber")
    clock: Text
    period: int = Field(ge=1, le=MOST_PERIODS)
    kind: Text = Field(alias="actionType")
    sub: Text | None = Field(None, alias="subType")
    descriptor: Text | None = None
    qualifiers: Any = None
    team: int = Field(0, alias="teamId")
    code: Text | None = Field(None, alias="teamTricode")
    person: int = Field(0, alias="personId")
    fouled: int | None = Field(None, alias="foulDrawnPersonId")
    possession: int = 0
    result: Text | None = Field(None, alias="shotResult")
    home: Text = Field(alias="scoreHome")
    away: Text = Field(alias="scoreAway")

    @property
    def marks(self) -> tuple[str, ...]:
        """The qualifiers; none where they have an unknown form."""
        known = self.qualifiers if isinstance(self.qualifiers, list) else ()
        return tuple(x for x in known if isinstance(x, str))


class _OpeningDocument(Strict):
    """One of the first actions."""

    period: int
    team: int | None = Field(None, alias="teamId")
    code: Text | None = Field(None, alias="teamTricode")
    possession: int = 0


def parse_plays(body: bytes, league: str) -> Ball | None:
    """Who has the ball after the last action; None before the first action.

    Raises FeedMalformed.
    """
    game = read_json(_PlaysBody, body).game
    if not game.actions:
        return None
    first = max(0, len(game.actions) - _LAST)
    try:
        actions = [read_object(_ActionDocument, x) for x in game.actions[first:]]
    except FeedMalformed as wrong:
        raise wrong.inside("game.actions") from None
    actions.sort(key=lambda x: x.order)
    last = actions[-1]
    clock = strict.seconds(last.clock, "game.actions.clock")
    if clock is None:
        raise FeedMalformed("game.actions.clock", "is missing")
    score = Score(_points(last.home, "scoreHome"), _points(last.away, "scoreAway"))
    line = _at_the_line(actions)
    codes = {k: code_in(league, x) for k, x in _codes(actions).items()}
    code = codes.get((line.team if line.throws else _holder(actions)) or 0)
    ball = Ball(game.id, last.period, clock, score, code, _tip(game, league))
    if code is None or not line.throws:
        return ball
    shooter = str(line.shooter or "") or None
    kept = codes.get(line.kept or 0)
    return replace(ball, throws=line.throws, shooter=shooter, kept=kept, reviewed=line.reviewed)


def _tip(game: _PlaysDocument, league: str) -> str | None:
    """The code of the team with the first possession; None where the first actions lack it."""
    codes: dict[int, str] = {}
    first = 0
    for action in game.actions[:_OPENING]:
        try:
            opening = read_object(_OpeningDocument, action)
        except FeedMalformed:
            return None
        if opening.period != 1:
            return None
        first = first or opening.possession
        if opening.team and opening.code:
            codes[opening.team] = code_in(league, opening.code)
    return codes.get(first)


def _points(text: str, field: str) -> int:
    if not _POINTS.fullmatch(text) or int(text) > MOST_POINTS:
        raise FeedMalformed(f"game.actions.{field}", "is no score")
    return int(text)


def _codes(actions: Sequence[_ActionDocument]) -> dict[int, str]:
    """The codes of the teams that have one of these actions, by id."""
    return {x.team: x.code for x in actions if x.team and x.code}


def _other(actions: Sequence[_ActionDocument], team: int) -> int | None:
    """The id of the other team; None where it has none of these actions."""
    return next((x for x in _codes(actions) if x != team), None)


def _holder(actions: Sequence[_ActionDocument]) -> int | None:
    """The id of the team with the ball after these actions; None while it is loose or unknown."""
    last = actions[-1]
    made = last.result == _MADE
    match last.kind:
        case "freethrow" if last.descriptor == _TECHNICAL:
            fouls = (x for x in _at_this_clock(actions) if x.sub == _TECHNICAL)
            return next((x.possession for x in fouls), None)
        case "freethrow" if _left(last) or last.descriptor is not None:
            return last.team
        case "freethrow":
            return _other(actions, last.team) if made else None
        case "period":
            return None
        case "substitution" if _NEXT_PERIOD in last.marks:
            return None
        case "violation" if last.sub == _GOALTENDING:
            return last.team
        case "foul" if last.sub == "personal":
            return _other(actions, last.team)
    if last.kind in _LOOSE or (last.result is not None and not made):
        return None
    return _other(actions, last.team) if last.kind in (*_SHOTS, "turnover") else last.possession


def _at_this_clock(actions: Sequence[_ActionDocument]) -> list[_ActionDocument]:
    """The actions at the clock of the last one."""
    last = actions[-1]
    return [x for x in actions if (x.period, x.clock) == (last.period, last.clock)]


def _left(throw: _ActionDocument) -> int:
    """How many free throws follow this one: 2 after `1 of 3`; 1 where it is not numbered."""
    numbered = _THROW.fullmatch(throw.sub or "")
    return 1 if numbered is None else max(int(numbered[2]) - int(numbered[1]), 0)


class _Line(NamedTuple):
    """The team that is to shoot free throws, how many, and what `Ball` says of them.

    `throws` is 0 where none are known.
    """

    team: int | None = None
    throws: int = 0
    shooter: int | None = None
    kept: int | None = None
    reviewed: bool = False


def _at_the_line(actions: Sequence[_ActionDocument]) -> _Line:
    """The free throws to come after these actions.

    Only the last actions at one clock tell: a foul with its throws, or one of these. Two fouls that
    give throws count as unknown.
    """
    now, reviewed = _at_this_clock(actions), False
    fouls = [x for x in now if x.kind == "foul" and _given(x)]
    for x in reversed(now if len(fouls) <= 1 else ()):
        if x.kind == "freethrow":
            numbered = x.descriptor != _TECHNICAL and _THROW.fullmatch(x.sub or "")
            kept = None if x.descriptor is None else x.team
            return _Line(x.team, _left(x), x.person, kept) if numbered else _Line()
        if x.kind == "foul":
            return _by_foul(x, _other(actions, x.team), reviewed=reviewed)
        reviewed = reviewed or x.sub == _CHALLENGE
        dead = x.kind == "rebound" and "deadball" in x.marks
        if not dead and x.kind not in _AT_REST:
            break
    return _Line()


def _by_foul(foul: _ActionDocument, team: int | None, *, reviewed: bool) -> _Line:
    """The free throws that a foul gives a team. Who shoots is known where he was fouled in play."""
    if foul.sub == _TECHNICAL and foul.possession:
        return _Line(team, _given(foul), None, foul.possession)
    if foul.sub != "personal":
        return _Line()
    if foul.descriptor in _COMMON:
        return _Line(team, _given(foul), foul.fouled, None, reviewed)
    return _Line(team, _given(foul), None, team, reviewed)


def _given(foul: _ActionDocument) -> int:
    """How many free throws a foul gives."""
    found = next(filter(None, map(_GIVEN.fullmatch, foul.marks)), None)
    return 0 if found is None else int(found[1])


SOURCE = cdn_source(NBA.id, "https://www.nba.com", "00")
"""cdn.nba.com, the primary source of the NBA."""

WNBA_SOURCE = cdn_source(WNBA.id, "https://www.wnba.com", "10")
"""cdn.wnba.com, the primary source of the WNBA. This host blocks by answering 200 with a web
page."""


def board_path() -> str:
    """The path of the board of the NBA's current date, which changes at about noon ET."""
    return SOURCE.board_path(date.min)
