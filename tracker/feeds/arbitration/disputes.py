"""Two sources that tell different scores: seen, said and shown, never averaged."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from tracker.clock import Clock
from tracker.domain.events import FeedAgreement, FeedDisagreement, Tell
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.poll import CLOCK_S, behind, order_key
from tracker.feeds.polling.feed import Feed

EVERY_S = 5 * 60.0
"""Between two looks at a second source while all is well: one request for all games of a league."""

AFTER_CHECKS = 6
"""Comparisons in a row, one at each look, that must differ before it is said: for half a minute or
so one source may only be late with the points of a free throw."""

FINAL_CHECKS = 6
"""Looks at a second source for the final score before it is let be."""

KEPT_GAMES = 512
"""Games of which it is remembered how they compare."""

SHARED_S = 75.0
"""Oldest board of a second source that is good enough to compare with: an older state is merely an
earlier one. It is longer than the pause between two looks at a final."""

SHARED_DIFFERING_S = 20.0
"""The same while they differ."""


@dataclass(slots=True)
class _Case:
    """How the comparisons of a game stand."""

    checked: float | None = None
    differing: int = 0
    told: bool = False
    ends: str = ""
    finals: int = 0
    agreed: bool = False


class Disputes:
    """Compares what the primary source tells with a second one, now and then and at the end.

    It tells `FeedDisagreement`, once for each dispute, and `FeedAgreement` when it is over. What is
    believed stays what the primary tells.
    """

    def __init__(self, clock: Clock, tell: Tell) -> None:
        """Nothing has been compared."""
        self._clock = clock
        self._tell = tell
        self._cases: OrderedDict[str, _Case] = OrderedDict()

    def check(self, game: Game, state: GameState, primary: Feed, others: Sequence[Feed]) -> None:
        """Compare, if it is time to: the primary has just told this state.

        It waits for nothing: what has to be asked for is compared at a later look.
        """
        case = self._cases.setdefault(game.id, _Case())
        while len(self._cases) > KEPT_GAMES:
            self._cases.popitem(last=False)
        if not others or not self._due(case, state):
            return
        soon = case.differing and not case.ends
        other = others[0].peek(game, SHARED_DIFFERING_S if soon else SHARED_S)
        if other is None:
            return
        case.checked = self._clock.monotonic()
        self._compared(game, case, state, other, (primary, others[0]))

    def ends(self, game: Game) -> str:
        """What two sources tell of the end of a game, where both cannot be right; else empty."""
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
            if case.told:
                case.told = False
                self._tell(FeedAgreement(game.name))
            return
        case.differing += 1
        names = [x.source.label for x in feeds]
        case.ends = f"{names[0]} tells {_told(one)}, {names[1]} {_told(two)}" if final else ""
        if case.told or (not final and case.differing < AFTER_CHECKS):
            return
        case.told = True
        labels = [x.source.label for x in feeds]
        self._tell(FeedDisagreement(game.name, labels[0], _told(one), labels[1], _told(two)))


def _told(state: GameState) -> str:
    return f"{state.score.away}-{state.score.home} at {state.game_clock}"


def ahead(state: GameState, other: GameState) -> bool:
    """Whether a state is from a later moment than the other, or has more points at the same one."""
    return behind(other, state) and not behind(state, other)


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
    early, late = (one, other) if _earlier(one, other) else (other, one)
    return early.score.home > late.score.home or early.score.away > late.score.away


def _earlier(one: GameState, other: GameState) -> bool:
    return order_key(one)[:3] < order_key(other)[:3]
