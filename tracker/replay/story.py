"""What kind of game a recording is, so that a person can choose one to watch."""

from dataclasses import dataclass
from itertools import pairwise

from tracker.replay.recording import Recording
from tracker.replay.rows import Phase
from tracker.replay.timeline import Timeline, timeline

_BLOWOUT = 15
_COMEBACK = 10


@dataclass(frozen=True, slots=True)
class Story:
    """How a game went.

    `comeback` is the most by which the winner was ever behind, `lead_changes` how often the lead
    went from one team to the other. `over` is false for a recording that ends before its game.
    """

    home: int
    away: int
    overtimes: int
    comeback: int
    lead_changes: int
    over: bool

    @property
    def margin(self) -> int:
        """Home's points less away's."""
        return self.home - self.away


def story(game: Timeline) -> Story:
    """How a game went, from its states."""
    final = game.final
    home, away = final.home.score, final.away.score
    winner = 1 if home > away else -1
    margins = [state.home.score - state.away.score for state in game.states]
    leaders = [margin > 0 for margin in margins if margin]
    return Story(
        home=home,
        away=away,
        overtimes=max(0, final.period - game.recording.rules.periods),
        comeback=max(0, *(-winner * margin for margin in margins)),
        lead_changes=sum(a != b for a, b in pairwise(leaders)),
        over=final.phase is Phase.OVER,
    )


def describe(recording: Recording) -> str:
    """One line for a list: `SAC 111 @ PHI 113: won from 11 behind, 9 lead changes`."""
    told = story(timeline(recording))
    parts = []
    if not told.over:
        parts.append("not recorded to its end")
    if told.overtimes:
        parts.append("overtime" if told.overtimes == 1 else f"{told.overtimes} overtimes")
    if abs(told.margin) >= _BLOWOUT:
        parts.append("a blowout")
    if told.comeback >= _COMEBACK:
        parts.append(f"won from {told.comeback} behind")
    parts.append(f"{told.lead_changes} lead change{'' if told.lead_changes == 1 else 's'}")
    parts += _pushes(recording, told)
    home, away = recording.home.tricode, recording.away.tricode
    return f"{away} {told.away} @ {home} {told.home}: {', '.join(parts)}"


def _pushes(recording: Recording, told: Story) -> list[str]:
    lines = recording.lines
    if lines is None or not told.over:
        return []
    pushes = []
    if lines.home_spread is not None and told.margin + lines.home_spread == 0:
        pushes.append("a push on the closing spread")
    if lines.total is not None and told.home + told.away == lines.total:
        pushes.append("a push on the closing total")
    return pushes
