"""Strict shapes for documents, and parsers of their small texts: clocks, instants, dates, names.

A wrong type, NaN or an absurd figure is an error that names its field. Unknown keys are ignored,
and optional ones may be missing.
"""

from __future__ import annotations

import json
import math
import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AliasPath, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from tracker.domain.game import Phase, PlayerLine, Score
from tracker.domain.league import League
from tracker.feeds import FeedMalformed
from tracker.settings.reading import plain_words

M = TypeVar("M", bound=BaseModel)

MOST_POINTS = 500
"""No team scores more in a game. The most ever in the NBA is 186."""

MOST_PERIODS = 14
"""Four quarters and ten overtimes. The most overtimes ever in an NBA game is six."""

Points = Annotated[int, Field(ge=0, le=MOST_POINTS)]
Text = Annotated[str, StringConstraints(max_length=400)]

BASKET = 4
"""Most points by which a player may be ahead of his team's score: a source updates the two one
after the other."""

MOST_COUNT = 100
"""No player has more rebounds, assists or the like in a game. The most ever of any in the NBA is
55."""

MOST_MINUTES = 100
"""No player is on the court for longer: MOST_PERIODS periods of the NBA have 98 minutes."""


def plausible(players: tuple[PlayerLine, ...], score: Score) -> tuple[PlayerLine, ...]:
    """Return the players, or raise FeedMalformed for a figure that no box score can have."""
    for line in players:
        if line.minutes > MOST_MINUTES:
            raise FeedMalformed(f"players[{line.name}].minutes", f"is {line.minutes:.0f}")
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


def unplayed(line: PlayerLine) -> PlayerLine:
    """A player of a game that is not being played, without figures left in the document."""
    return PlayerLine(
        line.id, line.name, line.side, (), starter=line.starter, note=line.note, out=line.out
    )


class Strict(BaseModel):
    """Base of every part of a document: strict types, no NaN, unknown keys ignored."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore", frozen=True)


def field_at(*path: str, default: Any = ...) -> Any:
    """A field that stands deeper in a document, at this path. Without a `default` it must exist."""
    return Field(default, validation_alias=AliasPath(*path))


def read_json(model: type[M], body: bytes) -> M:
    """Parse a body as a model. Raises FeedMalformed with the first field that is wrong."""
    try:
        return model.model_validate_json(body.removeprefix(BOM_UTF8))
    except ValidationError as wrong:
        raise _malformed(wrong) from None


def read_object(model: type[M], value: object) -> M:
    """Check a part of a parsed body as a model. Raises FeedMalformed with the first wrong field."""
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        raise _malformed(wrong) from None


def read_any(body: bytes | str) -> Any:
    """Parse JSON of any shape. Raises FeedMalformed, also where it is nested too deep."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise FeedMalformed("body", "is not JSON that can be read") from None


def number(value: object) -> float | None:
    """A number of a document as a finite float; None for anything else, such as text."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def number_in(value: object) -> float | None:
    """A number, also one that is written as text; None for anything else."""
    if not isinstance(value, str):
        return number(value)
    try:
        return number(float(value))
    except ValueError:
        return None


def _malformed(wrong: ValidationError) -> FeedMalformed:
    first = wrong.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return FeedMalformed("body", "is not JSON that can be read")
    field = "".join(f"[{x}]" if isinstance(x, int) else f".{x}" for x in first["loc"])
    if first["type"] == "missing":
        return FeedMalformed(field.lstrip(".") or "body", "is missing")
    return FeedMalformed(field.lstrip(".") or "body", plain_words(first))


_ISO = re.compile(r"PT(?=\d)(?:(\d{1,3})M)?(?:(\d{1,2}(?:\.\d{1,9})?)S)?", re.ASCII)
_PLAIN = re.compile(r"(\d{0,3}):(\d{2}(?:\.\d{1,3})?)|(\d{1,2}(?:\.\d{1,3})?)", re.ASCII)
_EARLIEST, _LATEST = 2000, 2100
_LONGEST_NAME = 80


def squeezed(text: str | None) -> str:
    """A status text in the form in which texts are compared: lower case, single spaces."""
    return " ".join((text or "").casefold().split())


def printable(text: str | None) -> str:
    """A name or note that is safe to print: no control characters, at most 80 characters."""
    kept = text or ""
    if not kept.isprintable():
        kept = "".join(x if x.isprintable() else " " for x in kept)
    return " ".join(kept.split())[:_LONGEST_NAME]


def seconds(text: str | None, field: str) -> float | None:
    """The seconds in `PT07M15.00S`, `7:15 ` or `:12.3`. None when blank; else FeedMalformed."""
    plain = (text or "").strip()
    if not plain:
        return None
    if found := _ISO.fullmatch(plain):
        return int(found[1] or 0) * 60 + float(found[2] or 0)
    if found := _PLAIN.fullmatch(plain):
        return int(found[1] or 0) * 60 + float(found[2] or found[3])
    raise FeedMalformed(field, "is no clock")


def instant(text: str, field: str) -> datetime:
    """An instant such as `2023-04-21T02:00:00Z`, in UTC. Raises FeedMalformed."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise FeedMalformed(field, "is no instant") from None
    if found.tzinfo is None or not _EARLIEST <= found.year <= _LATEST:
        raise FeedMalformed(field, "is no instant of this century with a time zone")
    return found.astimezone(UTC)


def day(text: str, field: str) -> date:
    """A date such as `2023-04-20`. Raises FeedMalformed."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise FeedMalformed(field, "is no date") from None
    if not _EARLIEST <= found.year <= _LATEST:
        raise FeedMalformed(field, "is no date of this century")
    return found


_JUST_BEGUN_S = 60.0
"""Seconds of game clock into a period for which words may still be of the one before."""


def agree(field: str, period: int, words: tuple[int, str], left: float, rules: League) -> None:
    """Raise FeedMalformed where the period and the words of a game in play contradict each other.

    `words` are the period that the words name and the words, `left` the seconds on the clock.
    Between two periods one of the two may lag behind the other by one.
    """
    between = left <= 0 or left >= rules.length_of(period) - _JUST_BEGUN_S
    if abs(words[0] - period) > (1 if between else 0):
        raise FeedMalformed(field, f"is {period} beside the words {words[1][:20]!r}")


def check_overtime(field: str, period: int, periods: Sequence[Score] | None, rules: League) -> None:
    """Raise FeedMalformed for an overtime in play after periods that did not end level."""
    if not level_before(period, periods, rules):
        raise FeedMalformed(field, f"is {period}, an overtime, after a score that was not level")


def level_before(period: int, periods: Sequence[Score] | None, rules: League) -> bool:
    """Whether the periods before an overtime ended level; True where that is not known."""
    before = () if periods is None or period <= rules.periods else periods[: period - 1]
    return sum(x.margin for x in before) == 0


def when_stopped(clock: float | None, period: int, rules: League) -> float:
    """Seconds left in a period that is interrupted, by the document's clock.

    A clock that is blank or at zero says nothing then: the period has its full length left, unless
    more of it was seen before.
    """
    return clock or float(rules.length_of(period))


def at_zero(
    field: str, period: int, score: Score, rules: League, *, shown: bool | None, untouched: bool
) -> tuple[Phase, float]:
    """Phase and clock, in seconds, of a game in play at zero that is not said to be in a break.

    `shown` is whether the document still shows a clock of play, at zero; None if it shows none at
    all. `untouched` is whether the period has no point yet: no period passes without one, so such a
    period has not begun and has its full length left. A clock of play at zero ends nothing: a last
    shot or free throws may still count. Without one, a period that leads to another, or to overtime
    at a tie, is over. In a last period with a leader nothing follows; if no clock is shown there,
    nobody knows whether play is on, and FeedMalformed is raised with `field`.
    """
    if untouched:
        return Phase.LIVE, float(rules.length_of(period))
    if shown:
        return Phase.LIVE, 0.0
    if period < rules.periods or score.margin == 0:
        return Phase.BREAK, 0.0
    if shown is None:
        raise FeedMalformed(field, "is blank in a last period that is not level")
    return Phase.LIVE, 0.0
