"""Documents as strict shapes: a wrong type, NaN or an absurd figure is a fault of a named field.

Unknown keys are no fault, and optional ones may be missing.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from tracker.domain.game import PlayerLine, Score
from tracker.feeds.errors import FeedMalformed
from tracker.settings.mistakes import plain_words

M = TypeVar("M", bound=BaseModel)

MOST_POINTS = 500
"""No team scores more in a game; the most ever in the NBA is 186."""

MOST_PERIODS = 14
"""Ten overtimes; the most ever in the NBA is six."""

Points = Annotated[int, Field(ge=0, le=MOST_POINTS)]
Text = Annotated[str, StringConstraints(max_length=400)]


BASKET = 4
"""Most points by which a player may be ahead of the score beside him: they are written one after
the other."""

MOST_COUNT = 100
"""No player has so many rebounds, assists or the like; the most ever of any in the NBA is 55."""


def plausible(players: tuple[PlayerLine, ...], score: Score) -> tuple[PlayerLine, ...]:
    """The players, where no figure is one that no box can have. Raises FeedMalformed."""
    for line in players:
        team = score.of(line.side)
        for name, value in line.stats:
            most = team + BASKET if name == "pts" else MOST_COUNT
            if name == "3pm":
                most = (team + BASKET) // 3
            if value > most:
                raise FeedMalformed(
                    f"players[{line.name}].{name}", f"is {value} in a team that has {team} points"
                )
    return players


class Strict(BaseModel):
    """A part of a document."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore", frozen=True)


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
    first = wrong.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return FeedMalformed("body", "is not JSON that can be read")
    field = "".join(f"[{x}]" if isinstance(x, int) else f".{x}" for x in first["loc"])
    if first["type"] == "missing":
        return FeedMalformed(field.lstrip(".") or "body", "is missing")
    return FeedMalformed(field.lstrip(".") or "body", plain_words(first))
