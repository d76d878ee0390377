"""The leagues' own CDN as a source: the NBA's, and the same documents on the WNBA's host.

This module also reads from the play-by-play who has the ball, who had it first, and which free
throws are to come. All other documents are read by `nba_reading`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

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
"""The kinds of personal fouls after whose last free throw the ball is in play. After others, and
after technical fouls, the side at the line or the one that had it gets the ball."""

_AT_REST = ("substitution", "timeout", "stoppage")
"""Actions between a foul and its last free throw, while which the clock stands."""

_CHALLENGE = "challenge"
"""A time-out by which a coach has a foul reviewed: it may be taken back."""

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
    at_the_line, throws, shooter = _at_the_line(actions)
    team = at_the_line if throws else _holder(actions)
    codes = _codes(actions)
    code = code_in(league, codes[team]) if team in codes else None
    tip = _tip(game, league)
    if code is None or not throws:
        return Ball(game.id, last.period, clock, score, code, tip)
    return Ball(game.id, last.period, clock, score, code, tip, throws, str(shooter or "") or None)


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
    if last.kind == "freethrow" and last.descriptor is not None:
        return None
    if last.kind == "freethrow" and not _left(last):
        return _other(actions, last.team) if made else None
    if last.kind == "freethrow":
        return last.team
    if last.kind in _LOOSE or (last.result is not None and not made):
        return None
    return _other(actions, last.team) if last.kind in (*_SHOTS, "turnover") else last.possession


def _left(throw: _ActionDocument) -> int:
    """How many free throws follow this one: 2 after `1 of 3`; 1 where it is not numbered."""
    numbered = _THROW.fullmatch(throw.sub or "")
    return 1 if numbered is None else max(int(numbered[2]) - int(numbered[1]), 0)


def _at_the_line(actions: Sequence[_ActionDocument]) -> tuple[int | None, int, int | None]:
    """The team that is to shoot free throws, how many, and the player; 0 where none are known.

    Only the last actions at one clock tell: a foul with its throws, or one of these. A foul under
    review and what gives the ball besides count as unknown.
    """
    last = actions[-1]
    for x in reversed(actions):
        if (x.period, x.clock) != (last.period, last.clock):
            break
        if x.kind == "freethrow":
            numbered = x.descriptor is None and _THROW.fullmatch(x.sub or "")
            return (x.team, _left(x), x.person) if numbered else (None, 0, None)
        if x.kind == "foul" and x.sub == "personal" and x.descriptor in _COMMON:
            given = next(filter(None, map(_GIVEN.fullmatch, x.marks)), None)
            return _other(actions, x.team), 0 if given is None else int(given[1]), x.fouled
        dead = x.kind == "rebound" and "deadball" in x.marks
        if not dead and (x.kind not in _AT_REST or x.sub == _CHALLENGE):
            break
    return None, 0, None


SOURCE = cdn_source(NBA.id, "https://www.nba.com", "00")
"""cdn.nba.com, the primary source of the NBA."""

WNBA_SOURCE = cdn_source(WNBA.id, "https://www.wnba.com", "10")
"""cdn.wnba.com, the primary source of the WNBA. This host blocks by answering 200 with a web
page."""


def board_path() -> str:
    """The path of the board of the NBA's current date, which changes at about noon ET."""
    return SOURCE.board_path(date.min)
