"""The league's own CDN as a source: the NBA's, and the same documents under the WNBA's host.

Of a play-by-play it is read who has the ball, last and first; `nba_reading` reads all the rest.
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
"""Most bytes of a document: a board has about 40 kB, a box 90 kB, a play-by-play 500 kB."""


_GAME_ID = re.compile(r"[0-9]{10}")


def cdn_source(league: str, site: str, number: str) -> Source:
    """The source of a league whose site is `site`, such as `https://www.nba.com`.

    `number` is the league's two digits, with which its games' ids and its board's name are made.
    Without a Referer of the site and a browser's User-Agent the CDN answers 403 to everything.
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
    """Where a game's box score lies; ValueError for what is no game id."""
    return f"{_LIVE}/boxscore/boxscore_{_sound(game_id)}.json"


def plays_path(game_id: str) -> str:
    """Where a game's play-by-play lies; ValueError for what is no game id."""
    return f"{_LIVE}/playbyplay/playbyplay_{_sound(game_id)}.json"


def _sound(game_id: str) -> str:
    if not _GAME_ID.fullmatch(game_id):
        raise ValueError(f"{game_id!r} is not a game id of ten digits")
    return game_id


_LAST = 60
"""Actions from the end among which the order is looked for: late entries come a few places off."""


_OPENING = 12
"""Actions from the start among which the first ball is looked for."""


_SHOTS = ("2pt", "3pt")


_LOOSE = ("block", "heave")


_LAST_THROW = re.compile(r"(\d) of \1", re.ASCII)


_POINTS = re.compile(r"[0-9]{1,3}", re.ASCII)


_MADE = "Made"


class _PlaysDocument(Strict):
    """The inside of a play-by-play; each action is read by itself."""

    id: GameId = Field(alias="gameId")
    actions: list[Any]


class _PlaysBody(Strict):
    """A whole play-by-play."""

    game: _PlaysDocument


class _ActionDocument(Strict):
    """One action, as far as it is used. `possession` is the id of the team with the ball, or 0."""

    order: int = Field(alias="orderNumber")
    clock: Text
    period: int = Field(ge=1, le=MOST_PERIODS)
    kind: Text = Field(alias="actionType")
    sub: Text | None = Field(None, alias="subType")
    team: int = Field(0, alias="teamId")
    code: Text | None = Field(None, alias="teamTricode")
    possession: int = 0
    result: Text | None = Field(None, alias="shotResult")
    home: Text = Field(alias="scoreHome")
    away: Text = Field(alias="scoreAway")


class _OpeningDocument(Strict):
    """One of the first actions."""

    period: int
    team: int | None = Field(None, alias="teamId")
    code: Text | None = Field(None, alias="teamTricode")
    possession: int = 0


def parse_plays(body: bytes, league: str) -> Ball | None:
    """Where the ball is after the last action; None before the first. FeedMalformed otherwise."""
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
    return Ball(game.id, last.period, clock, score, _holder(actions, league), _tip(game, league))


def _tip(game: _PlaysDocument, league: str) -> str | None:
    """The code of the team that had the ball first; None where the opening does not tell."""
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


def _holder(actions: Sequence[_ActionDocument], league: str) -> str | None:
    """The code of the team with the ball after these actions; None while it is loose."""
    last = actions[-1]
    codes = {x.team: x.code for x in actions if x.team and x.code}
    team: int | None = last.possession
    made = last.result == _MADE
    if last.kind == "freethrow" and not _LAST_THROW.fullmatch(last.sub or ""):
        team = last.team
    elif last.kind in _LOOSE or (last.result is not None and not made):
        return None
    elif last.kind in (*_SHOTS, "freethrow", "turnover"):
        # The ball goes to the other team, whose actions are among these if its name is known.
        team = next((x for x in codes if x != last.team), None)
    code = codes.get(team) if team else None
    return None if code is None else code_in(league, code)


SOURCE = cdn_source(NBA.id, "https://www.nba.com", "00")
"""cdn.nba.com, the primary source of the NBA."""


WNBA_SOURCE = cdn_source(WNBA.id, "https://www.wnba.com", "10")
"""cdn.wnba.com, the primary source of the WNBA: another host, which blocks with 200 and a page."""


def board_path() -> str:
    """Where the scoreboard of the league's current date lies; it changes over at about noon ET."""
    return SOURCE.board_path(date.min)
