"""The keys of the configuration about alerts: how loud, how often, when not, in what words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import time
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator

from tracker.domain.alert import check_template
from tracker.domain.policy import TOPICS, Level, Say
from tracker.settings.lines import STRICT

LONGEST_DELAY = 600
"""Most seconds by which all that is shown may be held back."""

_SPAN = re.compile(r"(\d{1,5})\s*(s|m|min)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_HOURS = re.compile(r"(\S+?)\s*(?:-|–|to)\s*(\S+)")

_Word = TypeVar("_Word", Level, Say)


def _seconds(value: object) -> float:
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = 0 if found is None else int(found[1]) * (1 if found[2] == "s" else 60)
    if found is None or seconds > LONGEST_DELAY:
        raise ValueError('must be a time in quotes, such as "35s" or "2m", at most 10 minutes')
    return float(seconds)


def clock_time(value: object) -> time:
    """A time of day out of the file; ValueError for what is none."""
    found = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError('must be a time of day in quotes, such as "09:00"')
    return time(int(found[1]), int(found[2]))


def _hours(value: object) -> tuple[time, time]:
    found = _HOURS.fullmatch(value.strip()) if isinstance(value, str) else None
    wanted = 'must be two times of day, such as "23:00-08:00"'
    if found is None:
        raise ValueError(wanted)
    try:
        start, end = clock_time(found[1]), clock_time(found[2])
    except ValueError:
        raise ValueError(wanted) from None
    if start == end:
        raise ValueError(f"{wanted}, that differ")
    return start, end


def _one_of(words: Iterable[_Word], value: object) -> _Word:
    listed = list(words)
    for word in listed:
        if value == word.value:
            return word
    raise ValueError(f"must be one of {', '.join(repr(x.value) for x in listed)}")


def _level(value: object) -> Level:
    return _one_of(Level, value)


def _say(value: object) -> Say:
    return _one_of(Say, value)


def _by_topic(value: object) -> object:
    if isinstance(value, dict):
        for key in value:
            if key not in TOPICS:
                raise ValueError(f"{key!r} is nothing that is told: known are {', '.join(TOPICS)}")
    return value


AnyLevel = Annotated[Level, BeforeValidator(_level)]
AnySay = Annotated[Say, BeforeValidator(_say)]


class AlertsSettings(BaseModel):
    """How alerts come: how loud, how many, when not, and how late on purpose."""

    model_config = STRICT

    delay: Annotated[float, BeforeValidator(_seconds)] = 0.0
    quiet_hours: Annotated[tuple[time, time] | None, BeforeValidator(_hours)] = None
    quiet_through: AnyLevel = Level.URGENT
    per_hour: Annotated[int, Field(ge=1, le=10_000)] = 30
    per_hour_game: Annotated[int, Field(ge=1, le=10_000)] = 15
    digest_at: Annotated[time | None, BeforeValidator(clock_time)] = None
    report: Literal["off", "week", "month"] = "off"
    heartbeat_url: SecretStr | None = None
    say: Annotated[dict[str, AnySay], BeforeValidator(_by_topic)] = {}
    level: Annotated[dict[str, AnyLevel], BeforeValidator(_by_topic)] = {}

    @field_validator("heartbeat_url")
    @classmethod
    def _address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value.get_secret_value())
            sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            sound = False
        if not sound:
            raise ValueError('must be an address in quotes, such as "https://hc-ping.com/..."')
        return value


def _templates(value: object) -> object:
    if isinstance(value, dict):
        for topic, text in value.items():
            if isinstance(text, str):
                check_template(topic, text)
    return value


Templates = Annotated[dict[str, str], BeforeValidator(_templates)]
"""Words of the person's own, by what the message is about."""
