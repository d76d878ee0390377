"""What champion and challenger say of one state, and what that cost each once the end is known.

What is said is kept as plain numbers. Of a figure: the chances of whole numbers from `first` on,
and the central 80 % interval as `[low, high, part of low, part of high]`: the parts are how much of
the chance of its end points lies within it, so that an interval of whole numbers holds just 80 %.
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
"""When the two are compared, by what is left of regulation."""

LATE = 60.0
"""Seconds after a moment in which a state still counts as that moment's."""

STATS = (Stat.PTS, Stat.REB, Stat.AST)
"""The figures of players that are compared."""

CHAMPION, CHALLENGER = "champion", "challenger"

_LOW, _HIGH = 0.1, 0.9
_PLACES = 6
_LEAST = 5e-7

Said = Mapping[str, Any]


def moment_of(state: GameState) -> str | None:
    """The moment that a state is of; None for none, and in overtime."""
    if not state.phase.in_play or state.overtime or state.period == 0:
        return None
    whole = state.game.rules.regulation_seconds
    clocks = (whole / 2, whole / 4, 300.0, 120.0)
    left = state.seconds_left
    named = zip(MOMENTS, clocks, strict=True)
    return next((name for name, clock in named if clock - LATE < left <= clock), None)


def half_line(value: float) -> float:
    """The line nearest to a value on which nothing pushes."""
    return math.floor(value) + 0.5


def of_game(champion: Outlook, challenger: Outlook, lines: tuple[float, float]) -> Said:
    """What both say of a game's end; `lines` are those of margin and total, half points."""
    margin, total = lines
    return {
        "margin": margin,
        "total": total,
        CHAMPION: _game(champion, margin, total),
        CHALLENGER: _game(challenger, margin, total),
    }


def _game(outlook: Outlook, margin: float, total: float) -> Said:
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
    """The chances without the ends that are next to nothing."""
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
) -> dict[Player, Said]:
    """What both say of players' figures; `lines` are half points, such as what is usual for each.

    Raises Unpriceable.
    """
    return {
        player: {
            "lines": {x.value: line for x, line in asked.items()},
            CHAMPION: _player(champion, player, asked),
            CHALLENGER: _player(challenger, player, asked),
        }
        for player, asked in lines.items()
    }


def _player(outlook: Outlook, player: Player, lines: Mapping[Stat, float]) -> Said:
    seen, found = of_player(player, outlook), {}
    for stat, line in lines.items():
        pmf = seen.pmf(stat)
        over = _of_two(1 - pmf.less_than(math.ceil(line)))
        found[stat.value] = {"over": over, "interval": _interval(pmf)}
    return found


@dataclass(frozen=True, slots=True)
class Cost:
    """What a shadow of a game cost both, and how much the challenger's intervals held."""

    losses: tuple[Loss, ...]
    covered: tuple[tuple[str, float], ...]


def cost_of_game(game: str, moment: str, said: Said, score: tuple[int, int]) -> Cost:
    """Losses by win, spread and total (Brier) and by the total's CRPS, from the final score."""
    margin, total = score[0] - score[1], score[0] + score[1]
    came = {"win": margin > 0, "spread": margin > said["margin"], "over": total > said["total"]}
    names = {"win": "win", "spread": "spread", "over": "total"}

    def loss(measure: str, of: Mapping[str, float]) -> Loss:
        return Loss(game, measure, moment, of[CHAMPION], of[CHALLENGER])

    both = (CHAMPION, CHALLENGER)
    briers = [
        loss(names[x], {who: (said[who][x] - hit) ** 2 for who in both}) for x, hit in came.items()
    ]
    crps = {who: _crps(said[who]["first"], said[who]["chances"], total) for who in both}
    own = said[CHALLENGER]
    covered = (
        ("margin", _held(own["margin80"], margin)),
        ("total", _held(own["total80"], total)),
    )
    return Cost((*briers, loss("total CRPS", crps)), covered)


def cost_of_players(
    game: str, moment: str, judged: Sequence[tuple[Said, Mapping[str, int]]]
) -> Cost | None:
    """Losses over all players of a game: of lines (Brier) and intervals; None without any player.

    `told` pairs what was said of a player with his final figures, by the statistic's name.
    """
    losses: dict[str, list[tuple[float, float]]] = {}
    held: list[float] = []
    for said, final in judged:
        for stat, line in said["lines"].items():
            if stat not in final:
                continue
            value = final[stat]
            sides = [said[who][stat] for who in (CHAMPION, CHALLENGER)]
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
    """Continuous ranked probability score, in points, of whole-number chances."""
    total = sum(chances)
    score = sum((x / total - (value >= outcome)) ** 2 for value, x in _sums(first, chances))
    last = first + len(chances) - 1
    # An outcome outside of what was kept costs its distance from it.
    return score + max(0, first - outcome) + max(0, outcome - last)


def _sums(first: int, chances: Sequence[float]) -> Iterator[tuple[int, float]]:
    so_far = 0.0
    for value, x in enumerate(chances, first):
        so_far += x
        yield value, so_far


def _held(interval: Sequence[float], outcome: float) -> float:
    """The part of an outcome that an 80 % interval holds."""
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
    """The game minute of a state, counted down; None before the game, after it and in overtime."""
    if state.phase is Phase.FINAL or not state.phase.in_play or state.overtime:
        return None
    return math.ceil(state.seconds_left / 60)


FURTHEST = 0.25
"""A chance that lies further from the champion's is another in kind: no refit moves one so far."""


def unlike(champion: Outlook, challenger: Outlook) -> str | None:
    """What a challenger says otherwise in kind than the champion of the same state; None: nothing.

    A chance has to be one, decided where the champion's is, and nowhere far from it.
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
