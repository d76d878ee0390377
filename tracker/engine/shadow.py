"""Shadow forecasts: what champion and challenger say of one state, and the loss of each later.

Forecasts are kept as plain numbers. A figure has the chances of the whole numbers from `first` on,
and its central 80 % interval as `[low, high, part of low, part of high]`. The parts say how much of
the chance at each end point lies within the interval, so that an interval of whole numbers holds
exactly 80 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracker.domain.game import GameState, Phase, Side
from tracker.domain.market import Moneyline
from tracker.domain.player import Player, Stat
from tracker.engine.promotion import Loss
from tracker.forecast.pricing.markets import chance_of
from tracker.forecast.pricing.player_lines import of_player

if TYPE_CHECKING:
    from tracker.forecast import Outlook
    from tracker.forecast.game.lattice import Pmf

MOMENTS = ("half", "end Q3", "5:00", "2:00")
"""The moments of a game at which the models are compared, by the time left in regulation."""

LATE = 60.0
"""Seconds of game clock after a moment within which a state still counts as that moment's."""

STATS = (Stat.PTS, Stat.REB, Stat.AST)
"""The players' statistics that are compared."""

CHAMPION, CHALLENGER = "champion", "challenger"

_LOW, _HIGH = 0.1, 0.9
_PLACES = 6
_LEAST = 5e-7

ShadowFigures = Mapping[str, Any]
"""Forecasts as they are stored, by name: of one model, or of both for the same game or player."""


def moment_of(state: GameState) -> str | None:
    """The moment of MOMENTS that a state belongs to; None for any other state."""
    if not state.phase.in_play or state.overtime or state.period == 0:
        return None
    whole = state.game.rules.regulation_seconds
    clocks = (whole / 2, whole / 4, 300.0, 120.0)
    left = state.seconds_left
    named = zip(MOMENTS, clocks, strict=True)
    return next((name for name, clock in named if clock - LATE < left <= clock), None)


def half_line(value: float) -> float:
    """The half-point line nearest to a value, so that nothing pushes."""
    return math.floor(value) + 0.5


def of_game(champion: Outlook, challenger: Outlook, lines: tuple[float, float]) -> ShadowFigures:
    """What both models forecast of a game's end; `lines` are half points for margin and total."""
    margin, total = lines
    return {
        "margin": margin,
        "total": total,
        CHAMPION: _game(champion, margin, total),
        CHALLENGER: _game(challenger, margin, total),
    }


def _game(outlook: Outlook, margin: float, total: float) -> ShadowFigures:
    final = outlook.final
    first, chances = _trimmed(final.total)
    return {
        "win": _of_two(chance_of(Moneyline(Side.HOME), outlook).win),
        "spread": _of_two(1 - final.margin.less_than(math.ceil(margin))),
        "over": _of_two(1 - final.total.less_than(math.ceil(total))),
        "first": first,
        "chances": chances,
        "margin80": _interval(final.margin),
        "total80": _interval(final.total),
    }


def _of_two(p: float) -> float:
    return round(min(max(p, 0.0), 1.0), _PLACES)


def _trimmed(pmf: Pmf) -> tuple[int, list[float]]:
    """The first value and the chances of a distribution, without the negligible tails."""
    chances = pmf.chances.tolist()
    kept = [i for i, x in enumerate(chances) if x >= _LEAST]
    low, high = (kept[0], kept[-1]) if kept else (0, len(chances) - 1)
    return pmf.first + low, [round(x, _PLACES) for x in chances[low : high + 1]]


def _interval(pmf: Pmf) -> list[float]:
    low, high = pmf.quantile(_LOW), pmf.quantile(_HIGH)
    below, above = pmf.less_than(low), pmf.less_than(high)
    at_low, at_high = pmf.less_than(low + 1) - below, pmf.less_than(high + 1) - above
    if low == high:
        part = min((_HIGH - _LOW) / at_low, 1.0) if at_low > 0 else 1.0
        return [low, high, part, part]
    return [
        low,
        high,
        round(min(max((below + at_low - _LOW) / at_low, 0.0), 1.0), _PLACES) if at_low else 1.0,
        round(min(max((_HIGH - above) / at_high, 0.0), 1.0), _PLACES) if at_high else 1.0,
    ]


def of_players(
    champion: Outlook, challenger: Outlook, lines: Mapping[Player, Mapping[Stat, float]]
) -> dict[Player, ShadowFigures]:
    """What both models forecast of players' statistics; `lines` are half points for each of them.

    Raises Unpriceable when a player's statistic cannot be forecast.
    """
    return {
        player: {
            "lines": {x.value: line for x, line in asked.items()},
            CHAMPION: _player(champion, player, asked),
            CHALLENGER: _player(challenger, player, asked),
        }
        for player, asked in lines.items()
    }


def _player(outlook: Outlook, player: Player, lines: Mapping[Stat, float]) -> ShadowFigures:
    seen, found = of_player(player, outlook), {}
    for stat, line in lines.items():
        pmf = seen.pmf(stat)
        over = _of_two(1 - pmf.less_than(math.ceil(line)))
        found[stat.value] = {"over": over, "interval": _interval(pmf)}
    return found


@dataclass(frozen=True, slots=True)
class Cost:
    """The losses of both models on one game, and how much the challenger's intervals held."""

    losses: tuple[Loss, ...]
    covered: tuple[tuple[str, float], ...]


def cost_of_game(game: str, moment: str, forecasts: ShadowFigures, score: tuple[int, int]) -> Cost:
    """The losses on win, spread and total (Brier) and the total's CRPS, by the final `score`.

    `score` is the home and away points.
    """
    margin, total = score[0] - score[1], score[0] + score[1]
    came = {
        "win": margin > 0,
        "spread": margin > forecasts["margin"],
        "over": total > forecasts["total"],
    }
    names = {"win": "win", "spread": "spread", "over": "total"}

    def loss(measure: str, of: Mapping[str, float]) -> Loss:
        return Loss(game, measure, moment, of[CHAMPION], of[CHALLENGER])

    both = (CHAMPION, CHALLENGER)
    briers = [
        loss(names[x], {who: (forecasts[who][x] - hit) ** 2 for who in both})
        for x, hit in came.items()
    ]
    crps = {who: _crps(forecasts[who]["first"], forecasts[who]["chances"], total) for who in both}
    own = forecasts[CHALLENGER]
    covered = (("margin", _held(own["margin80"], margin)), ("total", _held(own["total80"], total)))
    return Cost((*briers, loss("total CRPS", crps)), covered)


def cost_of_players(
    game: str, moment: str, judged: Sequence[tuple[ShadowFigures, Mapping[str, int]]]
) -> Cost | None:
    """The mean losses over a game's players: of lines (Brier) and intervals; None without players.

    `judged` pairs the forecast of a player with his final statistics, by their names.
    """
    losses: dict[str, list[tuple[float, float]]] = {}
    held: list[float] = []
    for forecasts, final in judged:
        for stat, line in forecasts["lines"].items():
            if stat not in final:
                continue
            value = final[stat]
            sides = [forecasts[who][stat] for who in (CHAMPION, CHALLENGER)]
            a, b = ((x["over"] - (value > line)) ** 2 for x in sides)
            losses.setdefault(f"{stat} over", []).append((a, b))
            a, b = (_interval_score(x["interval"], value) for x in sides)
            losses.setdefault("interval", []).append((a, b))
            held.append(_held(sides[1]["interval"], value))
    if not losses:
        return None
    found = (
        Loss(game, measure, moment, *(sum(x) / len(pairs) for x in zip(*pairs, strict=True)))
        for measure, pairs in losses.items()
    )
    return Cost(tuple(found), (("players", sum(held) / len(held)),))


def _crps(first: int, chances: Sequence[float], outcome: int) -> float:
    """The continuous ranked probability score, in points, of chances of whole numbers."""
    total = sum(chances)
    score = sum((x / total - (value >= outcome)) ** 2 for value, x in _sums(first, chances))
    last = first + len(chances) - 1
    # An outcome outside the kept range costs its distance from it.
    return score + max(0, first - outcome) + max(0, outcome - last)


def _sums(first: int, chances: Sequence[float]) -> Iterator[tuple[int, float]]:
    so_far = 0.0
    for value, x in enumerate(chances, first):
        so_far += x
        yield value, so_far


def _held(interval: Sequence[float], outcome: float) -> float:
    """How much of an outcome an 80 % interval holds: 0 to 1."""
    low, high, at_low, at_high = interval
    if outcome == low:
        return at_low
    if outcome == high:
        return at_high
    return float(low < outcome < high)


def _interval_score(interval: Sequence[float], outcome: float) -> float:
    """The score of an 80 % interval: its width, and ten times what lies outside (Winkler 1972)."""
    low, high = interval[:2]
    outside = max(low - outcome, 0.0) + max(outcome - high, 0.0)
    return (high - low) + 2 / (1 - (_HIGH - _LOW)) * outside


def minutes_left(state: GameState) -> int | None:
    """Minutes left in regulation, rounded up; None before the game, after it and in overtime."""
    if state.phase is Phase.FINAL or not state.phase.in_play or state.overtime:
        return None
    return math.ceil(state.seconds_left / 60)


FURTHEST = 0.25
"""A chance that differs from the champion's by more is different in kind: no refit moves one so
far."""


def unlike(champion: Outlook, challenger: Outlook) -> str | None:
    """How a challenger's forecast of a state differs in kind from the champion's; None if not.

    Its chances must add up to 1, be decided where the champion's are, and be near them.
    """
    a, b = (x.final for x in (champion, challenger))
    if abs(float(b.cells.sum()) - 1) > _SLACK or not math.isfinite(challenger.mu.total):
        return "its chances do not add up to 1"
    if a.sure != b.sure:
        return "it is sure of an end that is open, or not of one that is certain"
    home = Moneyline(Side.HOME)
    was, is_now = (chance_of(home, x).win for x in (champion, challenger))
    if abs(was - is_now) > FURTHEST:
        return f"the home team wins with {is_now:.2f}, and with {was:.2f} by the champion"
    return None


_SLACK = 1e-6
