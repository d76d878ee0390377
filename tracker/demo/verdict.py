"""Whether the demo's bets ended as the games really did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.demo.night import playbacks
from tracker.domain.bet import Result
from tracker.domain.game import Side
from tracker.domain.market import Direction, Moneyline, Spread, TeamTotal, Total
from tracker.domain.parlay import Wager
from tracker.store.views import ShowView


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the night. `wrong` holds the numbers of bets without their right result."""

    bets: tuple[ShowView, ...]
    wrong: tuple[int, ...]
    alerts: int
    exit_status: int | None
    log: str

    @property
    def good(self) -> bool:
        """Every bet is settled right, an alert has arrived, and the daemon ended cleanly."""
        return bool(self.bets) and not self.wrong and self.alerts > 0 and self.exit_status == 0


def judge(
    bets: Sequence[ShowView], messages: Sequence[str], exit_status: int | None, log: str
) -> Verdict:
    """Compare each bet's result with the official final score of its game."""
    finals = _finals()
    wrong = tuple(
        view.bet.number
        for view in bets
        if view.bet.market is None
        or view.bet.game is None
        or view.bet.result is not _real(view.bet.market, *finals[view.bet.game.id])
    )
    return Verdict(tuple(bets), wrong, len(messages), exit_status, log)


def _finals() -> dict[str, tuple[int, int]]:
    """The official final scores, home and away, by game."""
    found: dict[str, tuple[int, int]] = {}
    for playback in playbacks():
        official = playback.recording.official
        if official is not None:
            found[playback.recording.id] = (official.home.score, official.away.score)
    return found


def _real(market: Wager, home: int, away: int) -> Result:
    """The result that the rules of each market give, worked out apart from the program's own."""
    match market:
        case Moneyline():
            excess: float = home - away if market.side is Side.HOME else away - home
        case Spread():
            excess = (home - away if market.side is Side.HOME else away - home) + market.points
        case Total():
            excess = home + away - market.points
        case TeamTotal():
            excess = (home if market.side is Side.HOME else away) - market.points
        case _:
            raise ValueError(f"the demo has no bet such as {market}")
    if isinstance(market, Total | TeamTotal) and market.direction is Direction.UNDER:
        excess = -excess
    return Result.PUSH if excess == 0 else Result.WON if excess > 0 else Result.LOST
