"""The shapes of the league CDN's documents, as far as they are used: strict in what they hold.

Unknown keys are no fault and optional ones may be missing; a wrong type, NaN or an absurd figure is
a fault that names its field.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from tracker.feeds.errors import FeedMalformed

M = TypeVar("M", bound=BaseModel)

MOST_POINTS = 500
"""No team scores more in a game; the most ever in the NBA is 186."""

MOST_PERIODS = 14
"""Ten overtimes; the most ever in the NBA is six."""

Points = Annotated[int, Field(ge=0, le=MOST_POINTS)]
Text = Annotated[str, StringConstraints(max_length=400)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,5}$")]
GameId = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore", frozen=True)


class TeamHead(_Strict):
    """Which team it is."""

    code: Code = Field(alias="teamTricode")


class GameHead(_Strict):
    """Which game it is, in a board or a box."""

    id: GameId = Field(alias="gameId")
    start: Text = Field(alias="gameTimeUTC")
    code: Text | None = Field(None, alias="gameCode")
    home: TeamHead = Field(alias="homeTeam")
    away: TeamHead = Field(alias="awayTeam")


class PeriodTold(_Strict):
    """One team's points in a period. Periods still to come stand there with 0."""

    period: Annotated[int, Field(ge=1, le=MOST_PERIODS)]
    score: Points


class StatisticsTold(_Strict):
    """A player's figures so far."""

    points: Points | None = None
    rebounds: Points | None = Field(None, alias="reboundsTotal")
    assists: Points | None = None
    steals: Points | None = None
    blocks: Points | None = None
    threes: Points | None = Field(None, alias="threePointersMade")
    turnovers: Points | None = None
    fouls: Points | None = Field(None, alias="foulsPersonal")
    minutes: Text | None = None


class PlayerTold(_Strict):
    """A player of a box. What is yes or no comes as the strings "1" and "0"."""

    id: Annotated[int, Field(ge=1)] = Field(alias="personId")
    name: Text | None = None
    starter: Text | None = None
    on_court: Text | None = Field(None, alias="oncourt")
    played: Text | None = None
    reason: Text | None = Field(None, alias="notPlayingReason")
    description: Text | None = Field(None, alias="notPlayingDescription")
    statistics: StatisticsTold | None = None


class TeamTold(_Strict):
    """A team's side of a game. Bonus and time-outs are not worth losing a score for: any form."""

    score: Points | None = None
    periods: list[PeriodTold] | None = None
    bonus: Any = Field(None, alias="inBonus")
    timeouts: Any = Field(None, alias="timeoutsRemaining")
    players: list[PlayerTold] | None = None


class GameTold(_Strict):
    """A game's progress in a board or a box."""

    status: int = Field(alias="gameStatus")
    text: Text | None = Field(None, alias="gameStatusText")
    period: Annotated[int, Field(ge=0, le=MOST_PERIODS)]
    clock: Text | None = Field(None, alias="gameClock")
    regulation: int | None = Field(None, alias="regulationPeriods")
    home: TeamTold = Field(alias="homeTeam")
    away: TeamTold = Field(alias="awayTeam")


class Scoreboard(_Strict):
    """The inside of a board; each game is read by itself."""

    day: Text = Field(alias="gameDate")
    games: list[Any]


class BoardBody(_Strict):
    """A whole board."""

    scoreboard: Scoreboard


class BoxBody(_Strict):
    """A whole box; the game is read like one of a board."""

    game: dict[str, Any]


class ScheduledTeam(_Strict):
    """A team of the schedule: blank while the opponent is to be decided."""

    code: Any = Field(None, alias="teamTricode")


class ScheduledGame(_Strict):
    """A game of the schedule, taken as it comes and then read by itself."""

    id: Any = Field(None, alias="gameId")
    start: Any = Field(None, alias="gameDateTimeUTC")
    code: Any = Field(None, alias="gameCode")
    status: Any = Field(None, alias="gameStatus")
    text: Any = Field(None, alias="gameStatusText")
    home: ScheduledTeam = Field(alias="homeTeam")
    away: ScheduledTeam = Field(alias="awayTeam")


class GameDate(_Strict):
    """A day of the schedule."""

    games: list[ScheduledGame]


class LeagueSchedule(_Strict):
    """The season's days."""

    dates: list[GameDate] = Field(alias="gameDates")


class ScheduleBody(_Strict):
    """A whole schedule."""

    schedule: LeagueSchedule = Field(alias="leagueSchedule")


def read_json(model: type[M], body: bytes) -> M:
    """A body as a model; FeedMalformed with the first field that is wrong."""
    try:
        return model.model_validate_json(body)
    except ValidationError as wrong:
        raise _malformed(wrong) from None


def read_object(model: type[M], value: object) -> M:
    """A part of a body, already taken apart, as a model; FeedMalformed likewise."""
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        raise _malformed(wrong) from None


def _malformed(wrong: ValidationError) -> FeedMalformed:
    first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return FeedMalformed("body", "is not JSON that can be read")
    field = "".join(f"[{x}]" if isinstance(x, int) else f".{x}" for x in first["loc"])
    if first["type"] == "missing":
        return FeedMalformed(field.lstrip(".") or "body", "is missing")
    said = first["msg"][:1].lower() + first["msg"][1:]
    return FeedMalformed(field.lstrip(".") or "body", f"is wrong: {said}")
