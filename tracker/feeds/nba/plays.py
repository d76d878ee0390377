"""Reading the league CDN's play-by-play for one thing: who has the ball, last and first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from tracker.domain.catalog.teams import code_in
from tracker.domain.game import Score
from tracker.feeds import strict
from tracker.feeds.errors import FeedMalformed
from tracker.feeds.nba.documents import GameId
from tracker.feeds.source import Ball
from tracker.feeds.strict import MOST_PERIODS, MOST_POINTS, Strict, Text, read_json, read_object

_LAST = 60
"""Actions from the end among which the order is looked for: late entries come a few places off."""

_OPENING = 12
"""Actions from the start among which the first ball is looked for."""

_SHOTS = ("2pt", "3pt")
_LOOSE = ("block", "heave")
_LAST_THROW = re.compile(r"(\d) of \1", re.ASCII)
_POINTS = re.compile(r"[0-9]{1,3}", re.ASCII)
_MADE = "Made"


class PlaysDocument(Strict):
    """The inside of a play-by-play; each action is read by itself."""

    id: GameId = Field(alias="gameId")
    actions: list[Any]


class PlaysBody(Strict):
    """A whole play-by-play."""

    game: PlaysDocument


class ActionDocument(Strict):
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


class OpeningDocument(Strict):
    """One of the first actions."""

    period: int
    team: int | None = Field(None, alias="teamId")
    code: Text | None = Field(None, alias="teamTricode")
    possession: int = 0


def parse_plays(body: bytes, league: str) -> Ball | None:
    """Where the ball is after the last action; None before the first. FeedMalformed otherwise."""
    game = read_json(PlaysBody, body).game
    if not game.actions:
        return None
    first = max(0, len(game.actions) - _LAST)
    try:
        told = [read_object(ActionDocument, x) for x in game.actions[first:]]
    except FeedMalformed as wrong:
        raise wrong.inside("game.actions") from None
    told.sort(key=lambda x: x.order)
    last = told[-1]
    clock = strict.seconds(last.clock, "game.actions.clock")
    if clock is None:
        raise FeedMalformed("game.actions.clock", "is missing")
    score = Score(_points(last.home, "scoreHome"), _points(last.away, "scoreAway"))
    return Ball(game.id, last.period, clock, score, _holder(told, league), _tip(game, league))


def _tip(game: PlaysDocument, league: str) -> str | None:
    """The code of the team that had the ball first; None where the opening does not tell."""
    codes: dict[int, str] = {}
    first = 0
    for action in game.actions[:_OPENING]:
        try:
            told = read_object(OpeningDocument, action)
        except FeedMalformed:
            return None
        if told.period != 1:
            return None
        first = first or told.possession
        if told.team and told.code:
            codes[told.team] = code_in(league, told.code)
    return codes.get(first)


def _points(text: str, field: str) -> int:
    if not _POINTS.fullmatch(text) or int(text) > MOST_POINTS:
        raise FeedMalformed(f"game.actions.{field}", "is no score")
    return int(text)


def _holder(told: Sequence[ActionDocument], league: str) -> str | None:
    """The code of the team with the ball after these actions; None while it is loose."""
    last = told[-1]
    codes = {x.team: x.code for x in told if x.team and x.code}
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
