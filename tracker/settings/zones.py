"""Time zones as people write them: names of places, and the words of North America."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

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
"""Abbreviations that name one half of the year, or several lands."""


def zone_name(text: str) -> str:
    """The name of the zone that a person means, such as America/New_York.

    Raises ValueError with one sentence, which says what to write, for what is none and for what
    may mean two things.
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
    """The zone of this name in other letters, or the only one of this town."""
    known = sorted(available_timezones())
    same = [x for x in known if x.casefold() == wanted]
    town = [x for x in known if "/" in x and x.rpartition("/")[2].casefold() == wanted]
    main = [x for x in town if x.count("/") == 1] or town
    found = same or (main if len(main) == 1 else [])
    if found:
        return found[0]
    raise ValueError(f"{text!r} is no time zone; write one like America/New_York")
