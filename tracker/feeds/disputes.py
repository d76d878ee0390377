"""Disputes: the primary source is compared with a second one, and contradictions are reported.

Scores that contradict each other are never averaged: the primary's stay in use.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from tracker.clock import Clock
from tracker.domain.events import FeedAgreement, FeedDisagreement, Tell
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.poll import CLOCK_S, order_key
from tracker.feeds.fetch import keep_newest
from tracker.feeds.polling import Feed

EVERY_S = 5 * 60.0
"""Seconds between two comparisons with a second source while all is well. One request serves all
games of a league."""

AFTER_CHECKS = 6
"""Comparisons in a row that must differ before a dispute is reported. For half a minute or so, one
source may merely be late with the points of a free throw."""

FINAL_CHECKS = 6
"""Polls of a final at which the second source is compared before the comparison is given up."""

_COMPARED_WITHIN_S = 75.0
"""Oldest board of a second source, in seconds, that is compared: an older state is merely an
earlier one. It is longer than the pause between two polls of a final."""

_COMPARED_WITHIN_DIFFERING_S = 20.0
"""Oldest board of a second source, in seconds, that is compared while the two differ."""


KEPT_GAMES = 512
"""Most games whose comparison, and whose last state, is remembered."""


@dataclass(slots=True)
class _Case:
    """The comparisons of one game so far.

    `checked` is the last one, in monotonic seconds. `differing` counts those in a row that
    differed. `ends` words two finals that contradict each other. `finals` counts the polls of a
    final, and `agreed` is whether both sources have the same final.
    """

    checked: float | None = None
    differing: int = 0
    reported: bool = False
    ends: str = ""
    finals: int = 0
    agreed: bool = False


class Disputes:
    """Compares the primary source with a second one, now and then and at the end of a game.

    It reports `FeedDisagreement` once for each dispute, and `FeedAgreement` when the dispute is
    over. The primary's answer stays in use all the while.
    """

    def __init__(self, clock: Clock, tell: Tell) -> None:
        self._clock = clock
        self._tell = tell
        self._cases: OrderedDict[str, _Case] = OrderedDict()

    def check(self, game: Game, state: GameState, primary: Feed, others: Sequence[Feed]) -> None:
        """Compare the state that the primary has just reported, if a comparison is due.

        It waits for nothing. A board of the second source that must be fetched first is compared at
        a later poll.
        """
        case = self._cases.get(game.id) or _Case()
        keep_newest(self._cases, game.id, case, KEPT_GAMES)
        if not others or not self._due(case, state):
            return
        soon = case.differing and not case.ends
        other = others[0].peek(game, _COMPARED_WITHIN_DIFFERING_S if soon else _COMPARED_WITHIN_S)
        if other is None:
            return
        case.checked = self._clock.monotonic()
        self._compared(game, case, state, other, (primary, others[0]))

    def open(self, game: Game) -> bool:
        """Whether a dispute about a game has been reported and is not over."""
        case = self._cases.get(game.id)
        return case is not None and case.reported

    def ends(self, game: Game) -> str:
        """Both sources' final scores in words, where they contradict each other; else empty."""
        case = self._cases.get(game.id)
        return "" if case is None else case.ends

    def _due(self, case: _Case, state: GameState) -> bool:
        if state.phase is Phase.FINAL:
            case.finals += 1
            return not case.agreed and (bool(case.ends) or case.finals <= FINAL_CHECKS)
        if not state.phase.in_play:
            return False
        if case.checked is None:
            case.checked = self._clock.monotonic()
            return False
        pause = 0.0 if case.differing else EVERY_S
        return self._clock.monotonic() - case.checked >= pause

    def _compared(
        self, game: Game, case: _Case, one: GameState, two: GameState, feeds: tuple[Feed, Feed]
    ) -> None:
        final = one.phase is Phase.FINAL and two.phase is Phase.FINAL
        if not contradict(one, two):
            case.agreed, case.ends = final, ""
            case.differing = 0
            if case.reported:
                case.reported = False
                self._tell(FeedAgreement(game.name))
            return
        case.differing += 1
        (name, other), (told, theirs) = (
            (x.source.label for x in feeds),
            map(_score_and_clock, (one, two)),
        )
        case.ends = f"{name} tells {told}, {other} {theirs}" if final else ""
        if case.reported or (not final and case.differing < AFTER_CHECKS):
            return
        case.reported = True
        self._tell(FeedDisagreement(game.name, name, told, other, theirs))


def _score_and_clock(state: GameState) -> str:
    """A state's score and game clock."""
    return f"{state.score.text} at {state.game_clock}"


def contradict(one: GameState, other: GameState) -> bool:
    """Whether two states cannot both be true, however far one source lags behind the other."""
    if one.phase.off or other.phase.off:
        return False
    if Phase.SCHEDULED in (one.phase, other.phase):
        return False
    mine, theirs = order_key(one), order_key(other)
    if one.phase is Phase.FINAL and other.phase is Phase.FINAL:
        return one.score != other.score
    if mine[:2] == theirs[:2] and abs(one.clock - other.clock) <= CLOCK_S:
        return one.score != other.score
    early, late = (one, other) if mine[:3] < theirs[:3] else (other, one)
    return early.score.home > late.score.home or early.score.away > late.score.away
