"""A recording as it is played on a given night: its tip-off, its corrections, its pages."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tracker.replay import RecordedPhase, Recording, Side, StatLine
from tracker.replay.timeline import RecordedState, TeamState, Timeline, state_at, timeline

REWRITTEN_AFTER = timedelta(hours=2)
"""Time after the final when the NBA rewrites a box score (three captures: 1:58, 2:01 and 2:06
h)."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A figure that differs from the recording's, for some time around the end of the game.

    `stat` is a field of `StatLine`. A change of `points` also changes the team's score in `period`
    (the last one begun when None). `after` counts from the end of the game and may be negative: a
    mistake made in play. It is taken back after `until`, which counts from the end, too, or never
    when None.
    """

    player: int
    stat: str
    by: int
    period: int | None = None
    after: timedelta = REWRITTEN_AFTER
    until: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Playback:
    """A recording to play.

    `tip_off` (aware) moves the whole game to that scheduled time; with None it is played at its
    recorded time.
    """

    recording: Recording
    tip_off: datetime | None = None
    corrections: tuple[Correction, ...] = ()

    def __post_init__(self) -> None:
        if self.scheduled.tzinfo is None:
            raise ValueError(f"the tip-off of {self.recording.name} needs a time zone")

    @property
    def scheduled(self) -> datetime:
        """The scheduled tip-off. Play starts some minutes later."""
        return self.tip_off or self.recording.tip_off


class View(NamedTuple):
    """A game as it looks at an instant; `changed` is since when it has looked like this."""

    recording: Recording
    tip_off: datetime
    state: RecordedState
    changed: datetime
    starts: datetime


@dataclass(frozen=True, slots=True)
class Showing:
    """A playback, worked through, that can be asked for any instant.

    Raises `ValueError` for a correction of a player who is not in the game, or of an unknown
    figure.
    """

    playback: Playback
    game: Timeline = field(init=False)
    tip_off: datetime = field(init=False)

    def __post_init__(self) -> None:
        recording = self.playback.recording
        object.__setattr__(self, "game", timeline(recording))
        object.__setattr__(self, "tip_off", self.playback.scheduled)
        people = {p.id for p in (*recording.home.players, *recording.away.players)}
        for correction in self.playback.corrections:
            if correction.player not in people:
                raise ValueError(f"player {correction.player} is not in {recording.name}")
            if correction.stat not in StatLine._fields:
                raise ValueError(f"no line of a player has {correction.stat!r}")

    @property
    def starts(self) -> datetime:
        """When play begins."""
        return self._instant(self.game.starts)

    @property
    def ends(self) -> datetime:
        """When the final buzzer is known."""
        return self._instant(self.game.final.at)

    def view(self, now: datetime) -> View:
        """The game as it looks at `now`."""
        state = state_at(self.game, (now - self.tip_off) // timedelta(milliseconds=1))
        changed = self._instant(state.at)
        if state.phase is not RecordedPhase.BEFORE:
            state, changed = self._revised(state, changed, now)
        return View(self.playback.recording, self.tip_off, state, changed, self.starts)

    def _instant(self, at: int) -> datetime:
        return self.tip_off + timedelta(milliseconds=at)

    def _revised(
        self, state: RecordedState, changed: datetime, now: datetime
    ) -> tuple[RecordedState, datetime]:
        turns = [changed, self.ends + REWRITTEN_AFTER]
        for correction in self.playback.corrections:
            due = self.ends + correction.after
            over = None if correction.until is None else self.ends + correction.until
            turns += [due] if over is None else [due, over]
            if due <= now and (over is None or now < over):
                state = correct(self.playback.recording, state, correction)
        return state, max(turn for turn in turns if turn <= now)


def correct(recording: Recording, state: RecordedState, correction: Correction) -> RecordedState:
    """The state with one figure changed, and the score too when the figure is points."""
    sides: tuple[Side, Side] = ("home", "away")
    for side in sides:
        team = recording.home if side == "home" else recording.away
        ids = [player.id for player in team.players]
        if correction.player in ids:
            was = state.home if side == "home" else state.away
            period = correction.period or max(1, state.period)
            new = _correct_team(was, ids.index(correction.player), correction, period)
            return state._replace(home=new) if side == "home" else state._replace(away=new)
    return state


def _correct_team(team: TeamState, index: int, correction: Correction, period: int) -> TeamState:
    lines = list(team.lines)
    value = getattr(lines[index], correction.stat) + correction.by
    lines[index] = lines[index]._replace(**{correction.stat: value})
    periods = list(team.periods)
    if correction.stat == "points":
        periods[period - 1] += correction.by
    return team._replace(lines=tuple(lines), periods=tuple(periods))


@dataclass(frozen=True, slots=True)
class Page:
    """One document that can be fetched. `changed` is when it last became different."""

    body: bytes
    changed: datetime
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Pages:
    """The documents of a site as JSON, each rendered once and kept until it changes."""

    def __init__(self) -> None:
        self._kept: dict[str, Page] = {}

    def page(self, key: str, changed: datetime, build: Callable[[], Any]) -> Page:
        """The document of a key, last changed at `changed`; `build` renders it."""
        kept = self._kept.get(key)
        if kept is None or kept.changed != changed:
            kept = self._kept[key] = Page(as_json(build()), changed)
        return kept


def as_json(document: Any) -> bytes:
    """A document's bytes, without blanks."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
