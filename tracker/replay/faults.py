"""Faults that a replayed feed shows on purpose: their kinds, places and times, and their script.

`docs/recordings.md` describes the file of a script. A time may be relative to the games that are
played: `halftime`, `final + 2h`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from tracker.domain import TrackerError
from tracker.replay import RecordedPhase
from tracker.replay.playback import Playback, Showing
from tracker.replay.words import EASTERN

SOURCES = ("nba", "wnba", "espn")
"""The sources whose answers a fault can break: cdn.nba.com, cdn.wnba.com and ESPN's site API."""

BOX_STATS = {
    "rebounds": ("reboundsTotal", "reboundsDefensive"),
    "assists": ("assists",),
    "steals": ("steals",),
    "blocks": ("blocks",),
    "turnovers": ("turnovers",),
    "threes": ("threePointersMade",),
}

STATS = ("points", *BOX_STATS)
"""The figures that `corrected` can change."""


class FaultKind(StrEnum):
    """What a fault does to an answer. The value is the fault's name in a script."""

    BLOCKED = "blocked"
    """Answer 403 with the error page of the CDN's guard."""
    NO_BOX = "no-box"
    """Answer 403 with that page for box scores alone: not published, or withdrawn."""
    HTML = "web-page"
    """Answer `status` (200 unless given) with a web page."""
    STATUS = "status"
    """Answer `status` with an empty body, and `Retry-After` where `retry_after` is given."""
    BUSY = "busy"
    """Answer 429 with an empty body, and `Retry-After` where `retry_after` is given."""
    BAD_REQUEST = "bad-request"
    """Answer 400 with the message that ESPN gives for a range of dates."""
    REDIRECT = "redirect"
    """Redirect to the address in `text`, or without one to the same address for ever."""
    RESET = "reset"
    """Reset the connection instead of answering."""
    HANG = "hang"
    """Send no answer until the fault is over."""
    DRIP = "drip"
    """Send the document in small pieces over `seconds`."""
    TRUNCATED = "truncated"
    """Send the first half of the document as if it were all."""
    EMPTY = "nothing"
    """Answer 200 with an empty body."""
    HUGE = "huge"
    """Send `size` bytes that begin like a document."""
    BOMB = "bomb"
    """Send `size` bytes that begin like a document, compressed by gzip to a thousandth."""
    STALE = "stale"
    """Keep sending the document, or one game in it, as it was when the fault began."""
    REGRESS = "regress"
    """Send the document, or one game in it, as it was `seconds` earlier."""
    NAN = "nan"
    """Replace every score with NaN."""
    NO_SCORE = "no-score"
    """Leave out every score."""
    BLANK = "blank-clock"
    """Replace every game clock with `text`, or with blanks where none is given."""
    COUNTDOWN = "countdown"
    """Show a countdown to tip-off as the game clock, on the board too, in a game that has not
    begun."""
    PADDED = "padded"
    """Pad every status text with blanks, as seen on real finals."""
    POSTPONED = "postponed"
    """Call games off, in the words of the source."""
    CORRECTED = "corrected"
    """Change the `points` of a `side`, or another figure of its top scorer, by `by`."""
    NO_GAMES = "empty-board"
    """Send a scoreboard without games."""
    NEXT_DAY = "next-day"
    """Send the scoreboard of the next day, as at noon Eastern: without tonight's games."""
    FEW_EVENTS = "few-events"
    """Send only the first 25 games, without saying that there are more (ESPN)."""


WHOLE = frozenset(
    {
        FaultKind.BLOCKED, FaultKind.NO_BOX, FaultKind.HTML, FaultKind.STATUS, FaultKind.BUSY,
        FaultKind.BAD_REQUEST, FaultKind.REDIRECT, FaultKind.RESET, FaultKind.HANG, FaultKind.DRIP,
        FaultKind.TRUNCATED, FaultKind.EMPTY, FaultKind.HUGE, FaultKind.BOMB,
    }
)  # fmt: skip
"""Faults that replace the whole answer. All others change the content of the document."""

EARLIER = frozenset({FaultKind.STALE, FaultKind.REGRESS})
"""Faults that show an earlier document."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    `start` is aware; the fault `lasts` from then on. It affects answers of `source` (one of
    `SOURCES`, or all) at paths that match the shell pattern `path` (`*scoreboard*`). With `game`, a
    recording's id, it affects that game alone: its own documents, and its part of others if the
    fault changes content. Each kind uses the further fields that it names. Raises `ValueError` for
    values that could affect nothing.
    """

    kind: FaultKind
    start: datetime
    lasts: timedelta
    path: str = "*"
    source: str | None = None
    game: str | None = None
    status: int | None = None
    retry_after: int | None = None
    seconds: float = 300.0
    size: int = 50_000_000
    text: str | None = None
    side: str = "home"
    stat: str = "points"
    by: int = -2

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("the start of a fault needs a time zone")
        if self.source not in (None, *SOURCES):
            raise ValueError(f"there is no source {self.source!r}: {', '.join(SOURCES)}")
        if self.side not in ("home", "away"):
            raise ValueError(f"a side is home or away, not {self.side!r}")

    @property
    def end(self) -> datetime:
        """The first instant after the fault."""
        return self.start + self.lasts

    @property
    def whole(self) -> bool:
        """Whether the fault replaces the whole answer."""
        return self.kind in WHOLE

    @property
    def name(self) -> str:
        """The kind, with the game's id where the fault leaves other games of a document alone."""
        alone = self.game is not None and not self.whole
        return f"{self.kind.value}:{self.game}" if alone else self.kind.value

    def hits(self, path: str, now: datetime, source: str = "nba") -> bool:
        """Whether a request for `path` of a source at `now` meets this fault."""
        if not self.start <= now < self.end or not fnmatchcase(path, self.path):
            return False
        if self.kind is FaultKind.NO_BOX and "boxscore" not in path and "/summary" not in path:
            return False
        return self.source in (None, source)

    def seen_at(self, now: datetime) -> datetime:
        """The instant whose document is sent for a request at `now`."""
        if self.kind is FaultKind.STALE:
            return self.start
        if self.kind is FaultKind.REGRESS:
            return now - timedelta(seconds=self.seconds)
        return now


def faults_at(faults: Iterable[Fault], path: str, now: datetime, source: str) -> tuple[Fault, ...]:
    """The faults of the list that a request meets, in their order."""
    return tuple(fault for fault in faults if fault.hits(path, now, source))


FOR_GOOD = timedelta(days=3650)
"""The meaning of `for good`: longer than any night."""

_DURATION = re.compile(r"(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+(?:\.\d+)?)s)?")
_MOMENT = re.compile(r"([a-z-]*)\s*(?:([+-])\s*(\S.*))?")
_MOMENTS = ("tip-off", "start", "halftime", "final", "noon")

_NUMBERS = {
    "status": (200, 599),
    "retry_after": (0, 86_400),
    "seconds": (0, 86_400),
    "size": (1, 1_000_000_000),
    "by": (-50, 50),
}
_TEXTS = ("path", "text", "side", "stat", "source", "game")
_KEYS = ("what", "at", "lasts", *_TEXTS, *_NUMBERS)


class FaultScriptError(TrackerError):
    """The script cannot be played. `mistakes` has one sentence for each thing that is wrong."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        """`mistakes` has at least one sentence."""
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


def parse_faults(text: str, playbacks: Sequence[Playback] = ()) -> Sequence[Fault]:
    """The faults of a script, in its order, for a night on which these games are played.

    Raises `FaultScriptError` with all of the script's mistakes, each in one sentence.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FaultScriptError([f"The script is no TOML: {error}."]) from error
    others = sorted(document.keys() - {"fault"})
    mistakes = [f"There is no {key!r} in a script; write [[fault]]." for key in others]
    rows = document.get("fault", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FaultScriptError(["A fault is written under [[fault]], in two brackets."])
    night = _Night(playbacks)
    faults = []
    for number, row in enumerate(rows, start=1):
        try:
            faults.append(_fault(row, night))
        except _MistakeError as wrong:
            mistakes.append(f"Fault {number}: {wrong}.")
    if mistakes:
        raise FaultScriptError(mistakes)
    return tuple(faults)


class _MistakeError(Exception):
    """What is wrong with one fault, as the middle part of a sentence."""


class _Night:
    """The games of the night. A game is only worked through when a fault's time refers to it."""

    def __init__(self, playbacks: Sequence[Playback]) -> None:
        self._playbacks = sorted(playbacks, key=lambda x: x.scheduled)
        self._shown: dict[str, Showing] = {}

    def game(self, name: str) -> Playback:
        wanted = name.upper()
        hits = [x for x in self._playbacks if wanted in (x.recording.name, x.recording.id.upper())]
        if len(hits) == 1:
            return hits[0]
        known = ", ".join(x.recording.name for x in self._playbacks) or "none"
        what = "more than one game" if hits else "no game"
        raise _MistakeError(f"{what} of this night is called {name!r}; there are: {known}")

    def moment(self, word: str, game: Playback | None) -> datetime:
        if game is None and not self._playbacks:
            raise _MistakeError(f"{word!r} needs a game, and none is played; give a time in `at`")
        playback = game or self._playbacks[0]
        if word == "tip-off":
            return playback.scheduled
        shown = self._shown.setdefault(playback.recording.id, Showing(playback))
        match word:
            case "start":
                return shown.starts
            case "halftime":
                return _halftime(shown)
            case "noon":
                local = shown.ends.astimezone(EASTERN)
                noon = local.replace(hour=12, minute=0, second=0, microsecond=0)
                return (noon if noon > local else noon + timedelta(days=1)).astimezone(UTC)
            case _:
                return shown.ends


def _halftime(shown: Showing) -> datetime:
    periods = shown.playback.recording.rules.periods
    for state in shown.game.states:
        if state.phase is RecordedPhase.BREAK and state.period * 2 == periods:
            return shown.tip_off + timedelta(milliseconds=state.at)
    raise _MistakeError(f"{shown.playback.recording.name} is not recorded to its halftime")


def _fault(row: Mapping[str, Any], night: _Night) -> Fault:
    for key in row:
        if key not in _KEYS:
            raise _MistakeError(f"there is no key {key!r}; there are {', '.join(_KEYS)}")
    kind = _kind(row.get("what"))
    more = {key: _text(row, key) for key in _TEXTS if key in row}
    more |= {key: _number(row, key) for key in _NUMBERS if key in row}
    _one_of(more, "source", SOURCES)
    _one_of(more, "side", ("home", "away"))
    _one_of(more, "stat", STATS)
    game = night.game(more["game"]) if "game" in more else None
    if game is not None:
        more["game"] = game.recording.id
    start = _start(row.get("at"), game, night)
    lasts = _lasts(row.get("lasts"))
    known = {field.name for field in fields(Fault)}
    return Fault(kind, start, lasts, **{key: more[key] for key in more if key in known})


def _kind(what: object) -> FaultKind:
    names = [kind.value for kind in FaultKind]
    if what is None:
        raise _MistakeError(f"`what` is missing; write one of {', '.join(names)}")
    if what not in names:
        raise _MistakeError(f"there is no fault {what!r}; there are {', '.join(names)}")
    return FaultKind(what)


def _text(row: Mapping[str, Any], key: str) -> Any:
    if not isinstance(row[key], str):
        raise _MistakeError(f"`{key}` is {row[key]!r}; write it in quotes")
    return row[key]


def _number(row: Mapping[str, Any], key: str) -> Any:
    low, high = _NUMBERS[key]
    value = row[key]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _MistakeError(f"`{key}` is {value!r}; write a whole number from {low} to {high}")
    return value


def _one_of(row: Mapping[str, Any], key: str, words: Sequence[str]) -> None:
    if key in row and row[key] not in words:
        raise _MistakeError(f"`{key}` is {row[key]!r}; write one of {', '.join(words)}")


def _start(at: object, game: Playback | None, night: _Night) -> datetime:
    if at is None:
        raise _MistakeError('`at` is missing; write a time, or such as "halftime + 2m"')
    if isinstance(at, str) and (quoted := _instant(at.strip())) is not None:
        at = quoted
    if isinstance(at, datetime):
        if at.tzinfo is None:
            raise _MistakeError(f"`at` is {at}, without a time zone; end it with Z for UTC")
        return at.astimezone(UTC)
    found = _MOMENT.fullmatch(at.strip()) if isinstance(at, str) else None
    word = found[1] or "tip-off" if found else ""
    if found is None or word not in _MOMENTS or not at:
        moments = ", ".join(_MOMENTS)
        raise _MistakeError(
            f"`at` is {at!r}; write a time such as 2026-01-30T01:00:00Z, or one of {moments}, "
            'with as much before or after it as in "final + 2h"'
        )
    offset = timedelta(0) if found[3] is None else _duration("at", found[3])
    return night.moment(word, game) + (-offset if found[2] == "-" else offset)


def _instant(text: str) -> datetime | None:
    """The time that a quoted text gives; None where it is no time."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _lasts(lasts: object) -> timedelta:
    if lasts is None:
        raise _MistakeError('`lasts` is missing; write such as "90s", "5m" or "for good"')
    if lasts == "for good":
        return FOR_GOOD
    if not isinstance(lasts, str):
        raise _MistakeError(f'`lasts` is {lasts!r}; write it in quotes with its unit, as in "90s"')
    return _duration("lasts", lasts)


def _duration(key: str, text: str) -> timedelta:
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise _MistakeError(f'`{key}` has {text!r} for a duration; write such as "1h30m" or "90s"')
    hours, minutes, seconds = (float(x or 0) for x in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
