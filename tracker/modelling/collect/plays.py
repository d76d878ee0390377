"""A league CDN's play-by-play as rows of a dataset: what happened, who did it, and the score."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import Field

from tracker.domain.catalog.teams import code_in
from tracker.domain.game import GameState
from tracker.domain.league import season_name
from tracker.feeds import strict
from tracker.feeds.source import FeedMalformed
from tracker.feeds.strict import MOST_PERIODS, Strict, Text, read_json


class Event(NamedTuple):
    """One row of `events.parquet`. `clock_s` is what is left of the period, scores are after it."""

    game_id: str
    game_date: str
    season: str
    seq: int
    period: int
    clock_s: float
    home_score: int
    away_score: int
    action: str
    made: bool
    side: str | None


class ActionDocument(Strict):
    """An action; scores are texts, and blank where nothing was played yet."""

    order: Annotated[int, Field(ge=0)] = Field(alias="orderNumber")
    clock: Text
    period: Annotated[int, Field(ge=1, le=MOST_PERIODS)]
    kind: Text = Field(alias="actionType")
    team: Text | None = Field(None, alias="teamTricode")
    result: Text | None = Field(None, alias="shotResult")
    home: Any = Field(None, alias="scoreHome")
    away: Any = Field(None, alias="scoreAway")


class PlaysDocument(Strict):
    """The inside of a play-by-play."""

    actions: list[ActionDocument]


class PlaysBody(Strict):
    """A whole play-by-play."""

    game: PlaysDocument


def events_of(body: bytes, final: GameState) -> list[Event]:
    """The rows of a finished game. FeedMalformed when they do not lead to its final score."""
    game = final.game
    named = season_name(game.league, game.slate)
    rows: list[Event] = []
    home = away = 0
    actions = sorted(read_json(PlaysBody, body).game.actions, key=lambda x: x.order)
    for seq, x in enumerate(actions):
        home, away = _points(x.home, home), _points(x.away, away)
        clock = strict.seconds(x.clock, "clock") or 0.0
        rows.append(
            Event(
                game.id, game.slate.isoformat(), named, seq, x.period, clock, home, away,
                x.kind, x.result == "Made", _side(x.team, final),
            )
        )  # fmt: skip
    if (home, away) != (final.score.home, final.score.away):
        raise FeedMalformed("game.actions", "do not lead to the final score")
    return rows


def _points(told: Any, before: int) -> int:
    return int(told) if isinstance(told, str) and told.isdecimal() else before


def _side(code: str | None, final: GameState) -> str | None:
    if not code:
        return None
    side = final.game.side_of(code_in(final.game.league, code))
    return None if side is None else side.value
