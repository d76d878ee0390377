"""A league CDN's play-by-play as rows of a dataset: what happened, who did it, and the score.

Who is on the court is told by nobody: it follows from the starters of the box and from every
substitution, those between two periods among them. It is believed where the minutes that come of it
are those of the box.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from tracker.domain.catalog.teams import code_in
from tracker.domain.game import GameState, PlayerLine, Side
from tracker.domain.league import season_name
from tracker.feeds import strict
from tracker.feeds.source import FeedMalformed
from tracker.feeds.strict import MOST_PERIODS, Strict, Text, read_json


class Event(NamedTuple):
    """One row of `events.parquet`. `clock_s` is what is left of the period, scores are after it.

    `players_on` are the ids of the ten on the court after it, joined by `|`; empty where they
    cannot be told of a game.
    """

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
    person_id: int | None
    assister_id: int | None
    players_on: str | None


class PlayerGameRow(NamedTuple):
    """One row of `player_games.parquet`: what a player did in a game that he played in.

    `min` are minutes, `tov` turnovers, `fg3m` threes made; a figure that the box leaves out is 0.
    """

    game_id: str
    person_id: int
    season: str
    date: str
    team: str
    name: str
    min: float
    pts: int
    reb: int
    ast: int
    stl: int
    blk: int
    tov: int
    fg3m: int


FAR_OFF = 0.5
"""Minutes by which those of a player may differ from the box, so that the court is believed."""


class ActionDocument(Strict):
    """An action; scores are texts, and blank where nothing was played yet."""

    order: Annotated[int, Field(ge=0)] = Field(alias="orderNumber")
    clock: Text
    period: Annotated[int, Field(ge=1, le=MOST_PERIODS)]
    kind: Text = Field(alias="actionType")
    team: Text | None = Field(None, alias="teamTricode")
    result: Text | None = Field(None, alias="shotResult")
    sub: Text | None = Field(None, alias="subType")
    person: Annotated[int, Field(ge=0)] | None = Field(None, alias="personId")
    assister: Annotated[int, Field(ge=0)] | None = Field(None, alias="assistPersonId")
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
    clocks = [strict.seconds(x.clock, "clock") or 0.0 for x in actions]
    courts = _courts(actions, clocks, final)
    for seq, (x, clock) in enumerate(zip(actions, clocks, strict=True)):
        home, away = _points(x.home, home), _points(x.away, away)
        rows.append(
            Event(
                game.id, game.slate.isoformat(), named, seq, x.period, clock, home, away,
                x.kind, x.result == "Made", _side(x.team, final), x.person or None,
                x.assister or None, courts[seq],
            )
        )  # fmt: skip
    if (home, away) != (final.score.home, final.score.away):
        raise FeedMalformed("game.actions", "do not lead to the final score")
    return rows


def players_of(final: GameState) -> list[PlayerGameRow]:
    """What each player of a finished game did who played in it."""
    game = final.game
    named, day = season_name(game.league, game.slate), game.slate.isoformat()
    return [
        PlayerGameRow(
            game.id, int(x.id), named, day, game.home if x.side is Side.HOME else game.away,
            x.name, x.minutes, *(dict(x.stats).get(stat, 0) for stat in _FIGURES),
        )
        for x in _played(final)
    ]  # fmt: skip


_FIGURES = ("pts", "reb", "ast", "stl", "blk", "to", "3pm")
"""Figures of a box, in the order of PlayerGameRow."""


def _played(final: GameState) -> Iterator[PlayerLine]:
    return (x for x in final.players if x.played and x.minutes > 0 and x.id.isdecimal())


def _courts(
    actions: Sequence[ActionDocument], clocks: Sequence[float], final: GameState
) -> list[str]:
    """The ten on the court after each action, joined; empty texts where they cannot be told."""
    on = {int(x.id) for x in _played(final) if x.starter}
    rules = final.game.rules
    found: list[str] = []
    seconds = Counter[int]()
    period, last = 1, float(rules.length_of(1))
    for x, clock in zip(actions, clocks, strict=True):
        if x.period != period:
            seconds.update(dict.fromkeys(on, last))
            period, last = x.period, float(rules.length_of(x.period))
        seconds.update(dict.fromkeys(on, max(last - clock, 0.0)))
        last = min(last, clock)
        if x.kind == _SUBSTITUTION and x.person:
            on = on | {x.person} if x.sub == "in" else on - {x.person}
        found.append("|".join(map(str, sorted(on))))
    seconds.update(dict.fromkeys(on, last))
    told = {int(x.id): x.minutes for x in _played(final)}
    sure = told.keys() >= {who for who, x in seconds.items() if x > 60 * FAR_OFF} and all(
        abs(seconds[who] / 60 - minutes) <= FAR_OFF for who, minutes in told.items()
    )
    return found if sure and told else [""] * len(found)


_SUBSTITUTION = "substitution"


def _points(told: Any, before: int) -> int:
    return int(told) if isinstance(told, str) and told.isdecimal() else before


def _side(code: str | None, final: GameState) -> str | None:
    if not code:
        return None
    side = final.game.side_of(code_in(final.game.league, code))
    return None if side is None else side.value
