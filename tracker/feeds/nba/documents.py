"""The shapes of the league CDN's documents, as far as they are used."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from tracker.feeds.strict import MOST_PERIODS, Points, Strict, Text

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,5}$")]
GameId = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]


class TeamHead(Strict):
    """Which team it is."""

    code: Code = Field(alias="teamTricode")


class GameHead(Strict):
    """Which game it is, in a board or a box."""

    id: GameId = Field(alias="gameId")
    start: Text = Field(alias="gameTimeUTC")
    code: Text | None = Field(None, alias="gameCode")
    home: TeamHead = Field(alias="homeTeam")
    away: TeamHead = Field(alias="awayTeam")
    neutral: Any = Field(None, alias="isNeutral")


class PeriodDocument(Strict):
    """One team's points in a period. Periods still to come stand there with 0."""

    period: Annotated[int, Field(ge=1, le=MOST_PERIODS)]
    score: Points


class StatisticsDocument(Strict):
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


class PlayerDocument(Strict):
    """A player of a box. What is yes or no comes as the strings "1" and "0"."""

    id: Annotated[int, Field(ge=1)] = Field(alias="personId")
    name: Text | None = None
    starter: Text | None = None
    on_court: Text | None = Field(None, alias="oncourt")
    played: Text | None = None
    status: Text | None = None
    reason: Text | None = Field(None, alias="notPlayingReason")
    description: Text | None = Field(None, alias="notPlayingDescription")
    statistics: StatisticsDocument | None = None


class TeamStatistics(Strict):
    """A team's figures so far, as far as the forecast looks at them."""

    fga: Points = Field(alias="fieldGoalsAttempted")
    fta: Points = Field(alias="freeThrowsAttempted")
    oreb: Points = Field(alias="reboundsOffensive")
    to: Points = Field(alias="turnovers")
    fouls: Points = Field(alias="foulsPersonal")


class TeamDocument(Strict):
    """A team's side of a game. What is not worth losing a score for may have any form."""

    score: Points | None = None
    periods: list[PeriodDocument] | None = None
    bonus: Any = Field(None, alias="inBonus")
    timeouts: Any = Field(None, alias="timeoutsRemaining")
    statistics: Any = None
    players: list[PlayerDocument] | None = None


class GameDocument(Strict):
    """A game's progress in a board or a box."""

    status: int = Field(alias="gameStatus")
    text: Text | None = Field(None, alias="gameStatusText")
    period: Annotated[int, Field(ge=0, le=MOST_PERIODS)]
    clock: Text | None = Field(None, alias="gameClock")
    regulation: int | None = Field(None, alias="regulationPeriods")
    home: TeamDocument = Field(alias="homeTeam")
    away: TeamDocument = Field(alias="awayTeam")


class Scoreboard(Strict):
    """The inside of a board; each game is read by itself."""

    day: Text = Field(alias="gameDate")
    games: list[Any]


class BoardBody(Strict):
    """A whole board."""

    scoreboard: Scoreboard


class BoxBody(Strict):
    """A whole box; the game is read like one of a board."""

    game: dict[str, Any]


class ScheduledTeam(Strict):
    """A team of the schedule: blank while the opponent is to be decided."""

    code: Any = Field(None, alias="teamTricode")


class ScheduledGame(Strict):
    """A game of the schedule, taken as it comes and then read by itself."""

    id: Any = Field(None, alias="gameId")
    start: Any = Field(None, alias="gameDateTimeUTC")
    code: Any = Field(None, alias="gameCode")
    neutral: Any = Field(None, alias="isNeutral")
    status: Any = Field(None, alias="gameStatus")
    text: Any = Field(None, alias="gameStatusText")
    home: ScheduledTeam = Field(alias="homeTeam")
    away: ScheduledTeam = Field(alias="awayTeam")


class GameDate(Strict):
    """A day of the schedule."""

    games: list[ScheduledGame]


class LeagueSchedule(Strict):
    """The season's days."""

    dates: list[GameDate] = Field(alias="gameDates")


class ScheduleBody(Strict):
    """A whole schedule."""

    schedule: LeagueSchedule = Field(alias="leagueSchedule")
