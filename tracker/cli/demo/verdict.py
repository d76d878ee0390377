"""Whether the demo's bets ended as the games really did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tracker.cli.demo.night import BETS, playbacks
from tracker.domain.bet import Parlay, Result, Wager
from tracker.domain.game import Side
from tracker.domain.market import (
    Direction,
    Market,
    Moneyline,
    PlayerTotal,
    Spread,
    TeamTotal,
    Total,
)
from tracker.domain.player import Stat, player_key
from tracker.domain.value import ClosingValue
from tracker.replay.recording import PlayerStatLine, RecordedTeam
from tracker.store.views import ShowView


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of the night. `wrong` holds the numbers of bets without their right result.

    `values` are what the bets were worth by the close, by number.
    """

    bets: tuple[ShowView, ...]
    wrong: tuple[int, ...]
    alerts: int
    exit_status: int | None
    log: str
    values: Mapping[int, ClosingValue] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Every bet is settled right, an alert has arrived, and the daemon ended cleanly."""
        whole = len(self.bets) == BETS and not self.wrong
        return whole and self.alerts > 0 and self.exit_status == 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What the official box of a game says: the score, and what each player who entered did."""

    home: int
    away: int
    figures: Mapping[str, Mapping[Stat, int]]


def judge(
    bets: Sequence[ShowView],
    messages: Sequence[str],
    exit_status: int | None,
    log: str,
    values: Mapping[int, ClosingValue] | None = None,
) -> Verdict:
    """Compare each bet's result with the official box of its games.

    `values` are what the bets were worth by the close, by number.
    """
    facts = _facts()
    wrong = tuple(
        view.bet.number
        for view in bets
        if view.bet.market is None
        or view.bet.game is None
        or view.bet.result is not _real(view.bet.market, view.bet.game.id, facts)
    )
    return Verdict(tuple(bets), wrong, len(messages), exit_status, log, values or {})


def _facts() -> dict[str, Facts]:
    """The official boxes by game."""
    found: dict[str, Facts] = {}
    for playback in playbacks():
        recording = playback.recording
        if recording.official is None:
            continue
        home, away = recording.official.home, recording.official.away
        figures = {
            **_figures(recording.home, home.lines),
            **_figures(recording.away, away.lines),
        }
        found[recording.id] = Facts(home.score, away.score, figures)
    return found


def _figures(team: RecordedTeam, lines: Sequence[PlayerStatLine]) -> dict[str, dict[Stat, int]]:
    names = {x.id: player_key(f"{x.first} {x.last}") for x in team.players}
    return {
        names[x.player]: {
            Stat.PTS: x.line.points,
            Stat.REB: x.line.rebounds_off + x.line.rebounds_def,
            Stat.AST: x.line.assists,
            Stat.THREES: x.line.threes,
        }
        for x in lines
    }


def _real(wager: Wager, game: str, facts: Mapping[str, Facts]) -> Result:
    """The result that the rules of each market give, worked out apart from the program's own."""
    if not isinstance(wager, Parlay):
        return _single(wager, facts[game])
    legs = [_single(leg.market, facts[leg.game.id]) for leg in wager.legs]
    if Result.LOST in legs:
        return Result.LOST
    return Result.WON if Result.WON in legs else Result.VOID


def _single(market: Market, facts: Facts) -> Result:
    excess = _excess(market, facts)
    if excess is None:
        return Result.VOID
    return Result.PUSH if excess == 0 else Result.WON if excess > 0 else Result.LOST


def _excess(market: Market, facts: Facts) -> float | None:
    """By how much a bet won, below 0 when it lost; None when it is void."""
    home, away = facts.home, facts.away
    match market:
        case Moneyline(side) | Spread(side):
            margin = home - away if side is Side.HOME else away - home
            return margin + (market.points if isinstance(market, Spread) else 0)
        case Total(direction):
            return _over(direction, home + away - market.points)
        case TeamTotal(side, direction):
            return _over(direction, (home if side is Side.HOME else away) - market.points)
        case PlayerTotal(player, stat, direction, points):
            figures = facts.figures.get(player.key)
            if figures is None:
                return None
            return _over(direction, sum(figures[x] for x in stat.parts) - points)
        case _:
            raise ValueError(f"the demo has no bet such as {market}")


def _over(direction: Direction, excess: float) -> float:
    return excess if direction is Direction.OVER else -excess
