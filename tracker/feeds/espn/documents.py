"""The shapes of ESPN's documents, as far as they are used."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from tracker.feeds.strict import MOST_PERIODS, Strict, Text

EventId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9&'.\- ]{0,9}$")]
Period = Annotated[int, Field(ge=0, le=MOST_PERIODS)]


class TeamDocument(Strict):
    """Which team it is; `id` is unique within its league alone."""

    id: Text | None = None
    code: Code = Field(alias="abbreviation")
    name: Text | None = Field(None, alias="displayName")


class LineDocument(Strict):
    """One team's points in a period, as a number or as text."""

    value: Any = None
    display: Any = Field(None, alias="displayValue")


class CompetitorDocument(Strict):
    """A team's side of a game. The score comes as text."""

    side: Literal["home", "away"] = Field(alias="homeAway")
    team: TeamDocument
    score: Any = None
    lines: list[LineDocument] | None = Field(None, alias="linescores")


class StatusTypeDocument(Strict):
    """What kind of moment it is. `state` is pre, in or post, which alone does not tell a final."""

    name: Text
    state: Text
    completed: bool = False
    detail: Text | None = None
    alternative: Text | None = Field(None, alias="altDetail")


class StatusDocument(Strict):
    """Where a game stands. Summaries of finished games have neither period nor clock."""

    type: StatusTypeDocument
    period: Period | None = None
    clock: float | None = None
    display: Text | None = Field(None, alias="displayClock")


class RegulationDocument(Strict):
    """How many periods a game has without overtime."""

    periods: int | None = None


class FormatDocument(Strict):
    """The rules of time."""

    regulation: RegulationDocument | None = None


class CompetitionDocument(Strict):
    """The game of an event."""

    date: Text | None = None
    time_known: bool | None = Field(None, alias="timeValid")
    competitors: Annotated[list[CompetitorDocument], Field(min_length=2, max_length=2)]
    status: StatusDocument | None = None
    format: FormatDocument | None = None


class EventDocument(Strict):
    """An entry of a scoreboard."""

    id: EventId
    date: Text | None = None
    status: StatusDocument | None = None
    competitions: Annotated[list[CompetitionDocument], Field(min_length=1)]


class DayDocument(Strict):
    """The day that a scoreboard shows."""

    date: Text | None = None


class ScoreboardBody(Strict):
    """A whole scoreboard whose every event can be read."""

    day: DayDocument | None = None
    events: list[EventDocument]


class LooseScoreboardBody(Strict):
    """A whole scoreboard; each event is read by itself."""

    day: DayDocument | None = None
    events: list[Any]


class AthleteDocument(Strict):
    """Who a player is."""

    id: Text
    name: Text | None = Field(None, alias="displayName")


class PlayerDocument(Strict):
    """A player's figures, in the order of the columns; none for those who did not play."""

    athlete: AthleteDocument
    starter: bool = False
    active: bool = False
    missed: bool = Field(False, alias="didNotPlay")
    reason: Text | None = None
    stats: list[Text] = Field(default_factory=list)


class ColumnsDocument(Strict):
    """A team's players. The columns are named by `keys`, or by `labels` where there are none."""

    keys: list[Text] | None = None
    labels: list[Text] | None = None
    athletes: list[PlayerDocument] = Field(default_factory=list)


class PlayerTeamDocument(Strict):
    """Whose players they are."""

    team: TeamDocument
    statistics: list[ColumnsDocument] = Field(default_factory=list)


class BoxscoreDocument(Strict):
    """The players of both teams."""

    players: list[PlayerTeamDocument] = Field(default_factory=list)


class HeaderDocument(Strict):
    """Which game a summary is about, and where it stands."""

    id: EventId
    competitions: Annotated[list[CompetitionDocument], Field(min_length=1)]


class SummaryBody(Strict):
    """A whole summary. Before tip-off it has no box score."""

    header: HeaderDocument
    boxscore: BoxscoreDocument | None = None
