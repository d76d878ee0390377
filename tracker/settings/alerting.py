"""The settings of alerts (how loud, how many, quiet hours, delay, templates), and time zones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from functools import partial
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from tracker.domain.alert import check_template
from tracker.domain.policy import TOPICS, Level, TopicMode
from tracker.settings.reading import (
    ByName,
    Secret,
    is_host,
    one_of,
    reader_of,
    secret,
    setting,
    then,
    whole,
)

LONGEST_DELAY = 600
"""The most seconds by which all data may be delayed."""

_SPAN = re.compile(r"(\d{1,5})\s*(s|m|min)")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_HOURS = re.compile(r"(\S+?)\s*(?:-|–|to)\s*(\S+)")


def _seconds(value: object) -> float:
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    seconds = 0 if found is None else int(found[1]) * (1 if found[2] == "s" else 60)
    if found is None or seconds > LONGEST_DELAY:
        raise ValueError('must be a time in quotes, such as "35s" or "2m", at most 10 minutes')
    return float(seconds)


def clock_time(value: object) -> time:
    """Read a time of day of the file. Raises ValueError for other values."""
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


def _word(kind: type[StrEnum], value: object) -> StrEnum:
    if value not in [x.value for x in kind]:
        raise ValueError(f"must be one of {', '.join(repr(x.value) for x in kind)}")
    return kind(value)


_LEVEL, _MODE = (reader_of(partial(_word, kind)) for kind in (Level, TopicMode))


def _by_topic(value: Mapping[str, object]) -> None:
    for key in value:
        if key not in TOPICS:
            raise ValueError(f"{key!r} is nothing that is told: known are {', '.join(TOPICS)}")


def checked_address(value: Secret) -> Secret:
    """The heartbeat's address. Raises ValueError unless it is a web address."""
    try:
        parts = urlsplit(value.get_secret_value())
        sound = parts.scheme in ("http", "https") and is_host(parts.hostname or "")
    except ValueError:
        sound = False
    if not sound:
        raise ValueError('must be an address in quotes, such as "https://hc-ping.com/..."')
    return value


@dataclass(frozen=True, eq=False, repr=False)
class AlertsSettings:
    """The table `[alerts]`: how loud alerts are, how many, when they are quiet, and a delay.

    `delay` is in seconds.
    """

    delay: float = setting(reader_of(_seconds), 0.0)
    quiet_hours: tuple[time, time] | None = setting(reader_of(_hours), None)
    quiet_through: Level = setting(_LEVEL, Level.URGENT)
    per_hour: int = setting(whole(1, 10_000), 30)
    per_hour_game: int = setting(whole(1, 10_000), 15)
    digest_at: time | None = setting(reader_of(clock_time), None)
    report: str = setting(one_of(("off", "week", "month")), "off")
    heartbeat_url: Secret | None = setting(then(secret, checked_address), None)
    say: Mapping[str, TopicMode] = setting(ByName(_MODE, _by_topic), factory=dict)
    level: Mapping[str, Level] = setting(ByName(_LEVEL, _by_topic), factory=dict)


def known_templates(value: Mapping[str, object]) -> None:
    """Raise BadTemplate unless the person's templates, by topic, can be used."""
    for topic, text in value.items():
        if isinstance(text, str):
            check_template(topic, text)


_WORDS = {
    "et": "America/New_York", "eastern": "America/New_York",
    "ct": "America/Chicago", "central": "America/Chicago",
    "mt": "America/Denver", "mountain": "America/Denver",
    "pt": "America/Los_Angeles", "pacific": "America/Los_Angeles",
    "akt": "America/Anchorage", "alaska": "America/Anchorage",
    "ht": "Pacific/Honolulu", "hawaii": "Pacific/Honolulu",
    "at": "America/Halifax", "atlantic": "America/Halifax",
    "arizona": "America/Phoenix", "utc": "UTC", "gmt": "UTC", "z": "UTC",
}  # fmt: skip

_ASKED = {
    "est": ("Eastern", "America/New_York"), "edt": ("Eastern", "America/New_York"),
    "cst": ("Central", "America/Chicago"), "cdt": ("Central", "America/Chicago"),
    "mst": ("Mountain", "America/Denver"), "mdt": ("Mountain", "America/Denver"),
    "pst": ("Pacific", "America/Los_Angeles"), "pdt": ("Pacific", "America/Los_Angeles"),
    "hst": ("Hawaii", "Pacific/Honolulu"), "akst": ("Alaska", "America/Anchorage"),
    "bst": ("British", "Europe/London"), "ist": ("Indian", "Asia/Kolkata"),
    "aest": ("Australian Eastern", "Australia/Sydney"),
}  # fmt: skip
"""Abbreviations that hold for one half of the year only, or mean zones of several countries. They
are refused, with the zone to write instead."""


def zone_name(text: str) -> str:
    """The name of the time zone that a person means, such as America/New_York.

    Raises ValueError for a text that is no zone or may mean two; its one sentence says what to
    write.
    """
    wanted = " ".join(text.split()).casefold().removeprefix("us/").removesuffix(" time")
    if wanted in _WORDS:
        return _WORDS[wanted]
    if wanted in _ASKED:
        name, place = _ASKED[wanted]
        raise ValueError(
            f"{text!r} is one half of the year only, or means several lands: write {place} for "
            f"{name} time, summer and winter"
        )
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return _found(text, wanted.replace(" ", "_"))
    return text


def _found(text: str, wanted: str) -> str:
    """The zone of this name in other case, or the only zone of a city of this name."""
    known = sorted(available_timezones())
    same = [x for x in known if x.casefold() == wanted]
    # Etc/GMT+5 is five hours behind: who writes GMT+5 mostly means five hours ahead.
    places = [x for x in known if "/" in x and not x.startswith("Etc/")]
    town = [x for x in places if x.rpartition("/")[2].casefold() == wanted]
    main = [x for x in town if x.count("/") == 1] or town
    found = same or (main if len(main) == 1 else [])
    if found:
        return found[0]
    raise ValueError(f"{text!r} is no time zone; write one like America/New_York")
