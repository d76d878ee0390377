"""The rows of a live card: each bet's light, chance, way, stand and need, and a parlay's legs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from string import ascii_lowercase
from typing import Protocol

from tracker.domain.bet import Bet, Leg, Parlay, Result, Settlement, Wager
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Game, GameState
from tracker.domain.market import Direction, PlayerTotal, TeamTotal, Total
from tracker.domain.player import box_line, figure
from tracker.wording.figures import (
    LegSeen,
    counted,
    money_for,
    needs,
    percent,
    progress,
    short,
    short_market,
    standing,
)

LIKELY = 0.60
"""A chance of winning from here on is shown green."""

UNLIKELY = 0.35
"""A chance below is shown red, one between the two yellow."""

BAR_CELLS = 12
"""Cells of a bar: with more, what is needed would wrap on a small phone."""

_RESULTS = {Result.WON: "✅", Result.LOST: "❌", Result.PUSH: "↔", Result.VOID: "⊘"}
_UNKNOWN = "⚪"


class CardLeg(LegSeen, Protocol):
    """What a card needs to know of a leg of a parlay."""

    @property
    def chance(self) -> Chance | None:
        """Its chance alone."""
        ...

    @property
    def no_chance(self) -> NoChance | None:
        """Why it has none."""
        ...

    @property
    def out(self) -> bool:
        """It will be void: its player is out."""
        ...


class CardBet(Protocol):
    """What a card needs to know of a tracked bet."""

    @property
    def bet(self) -> Bet:
        """The bet."""
        ...

    @property
    def chance(self) -> Chance | None:
        """Its chance at the last snapshot."""
        ...

    @property
    def no_chance(self) -> NoChance | None:
        """Why it has none at present."""
        ...

    @property
    def settlement(self) -> Settlement | None:
        """Its latest result."""
        ...

    @property
    def official(self) -> bool:
        """Whether that has been confirmed."""
        ...

    @property
    def legs(self) -> Sequence[CardLeg]:
        """Where each leg of a parlay stands; none for a single bet."""
        ...

    @property
    def review(self) -> str | None:
        """Why a person must decide the result."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """A bet on a card: a mark, its name, the figure that counts, where it stands, what it needs.

    `word` is what it is counted as where there is no room for it. `weight` is higher the more it
    is worth being shown. `legs` are the rows of a parlay's legs.
    """

    mark: str
    label: str
    figure: str
    stand: str
    under: str
    word: str
    weight: float
    legs: tuple[Row, ...] = ()


def row(one: CardBet, game: Game, state: GameState | None, was: float | None, *, old: bool) -> Row:
    """The row of a bet on the card of `game`, which is in this state.

    `was` is its chance some minutes ago; `old` is whether the data are.
    """
    label = f"#{one.bet.number} {name_on_card(one.bet)}"
    done, chance = one.settlement, one.chance
    if one.review is not None:
        need = f"see tracker show {one.bet.number}"
        return Row("❔", label, "NEEDS REVIEW", "", need, "to review", 1.5)
    if done is not None:
        money = money_for(one.bet, done.result, done.payout_cents)
        word = done.result.value
        figure = f"{word.upper()}{money}"
        return Row(_RESULTS[done.result], label, figure, "", "", word, 0.1)
    if chance is None:
        why = "" if one.no_chance is None else one.no_chance.text
        return Row(
            _UNKNOWN, label, why, "", "", why or "watched", 0.2, _legs(one, game, state, old)
        )
    if chance.decided:
        mark, word = _decided(chance)
        return Row(mark, label, word, "", "", word.lower(), 0.15)
    market = one.bet.market
    if isinstance(market, Parlay):
        stand, need = progress(one.legs), ""
    else:
        stand = "" if state is None else _stand(market, state)
        need = "" if state is None else _under(market, state)
    return Row(
        mark=_UNKNOWN if old else _light(chance.win),
        label=label,
        figure=f"{percent(chance.win)}{_arrow(chance.win, was)}",
        stand=stand,
        under=need,
        word="watched",
        weight=_weight(chance.win, was),
        legs=_legs(one, game, state, old),
    )


def _legs(one: CardBet, game: Game, state: GameState | None, old: bool) -> tuple[Row, ...]:
    if not isinstance(one.bet.market, Parlay):
        return ()
    return tuple(
        _leg(f"#{one.bet.number}{letter}", leg, seen, game, state if not old else None)
        for letter, leg, seen in zip(ascii_lowercase, one.bet.market.legs, one.legs, strict=False)
    )


def _leg(label: str, leg: Leg, seen: CardLeg, game: Game, state: GameState | None) -> Row:
    """A leg's row. One on another game says which, and its stand is on that game's card."""
    here = leg.game.id == game.id
    name = short_market(leg.market, leg.game)
    name = name.replace(f"{game.name} ", "") if here else _with_game(name, leg.game)
    label = f"{label} {name}"
    for mark, word, holds in (("✅", "HIT", seen.hit), ("❌", "DEAD", seen.lost)):
        if holds:
            return Row(mark, label, word, "", "", word.lower(), 0.0)
    if seen.out:
        return Row("⊘", label, "out", "", "", "out", 0.0)
    if seen.dropped:
        return Row("⊘", label, "DROPPED", "", "", "dropped", 0.0)
    chance = seen.chance
    why = "" if seen.no_chance is None else seen.no_chance.text
    light = _UNKNOWN if chance is None or state is None else _light(chance.win)
    return Row(
        mark=light,
        label=label,
        figure=why if chance is None else percent(chance.win),
        stand=_stand(leg.market, state) if here and state is not None else "",
        under="",
        word="watched",
        weight=0.0,
    )


def _with_game(name: str, game: Game) -> str:
    return name if game.name in name else f"{name} ({game.name})"


def _weight(p: float, was: float | None) -> float:
    """From 0.3 to 1.3: what is open or has moved is looked at first."""
    moved = 0.0 if was is None else abs(p - was)
    return 0.3 + min(1.0, 2 * min(p, 1 - p) + 2 * moved)


def name_on_card(bet: Bet) -> str:
    """The bet without its game, which the card's head says."""
    return short(bet).replace(f"{bet.game.name} ", "")


def _light(p: float) -> str:
    if p >= LIKELY:
        return "🟢"
    return "🟡" if p >= UNLIKELY else "🔴"


def _decided(chance: Chance) -> tuple[str, str]:
    if chance.win == 1:
        return "✅", "HIT"
    return ("❌", "DEAD") if chance.lose == 1 else ("↔", "PUSH")


def _arrow(p: float, was: float | None) -> str:
    """By how many points of a hundred a chance moved: ` ▲9`; empty when by none."""
    moved = 0 if was is None else round(p * 100) - round(was * 100)
    if moved == 0:
        return ""
    return f" {'▲' if moved > 0 else '▼'}{abs(moved)}"


def _stand(market: Wager, state: GameState) -> str:
    """Where the bet stands: `119 / 225` for an over, words for the rest."""
    count = _progress(market, state)
    return standing(market, state) if count is None else f"{count[0]} / {count[1]}"


def _under(market: Wager, state: GameState) -> str:
    """What the bet needs, behind a bar where it gathers points."""
    need, count = needs(market, state), _progress(market, state)
    return need if count is None else f"{bar(*count)} {need}"


def _progress(market: Wager, state: GameState) -> tuple[int, int] | None:
    """What an over has so far and what wins it; None for other bets, or before it can count."""
    if not isinstance(market, Total | TeamTotal | PlayerTotal):
        return None
    now = _count(market, state)
    if now is None or market.direction is Direction.UNDER:
        return None
    return now, floor(market.points) + 1


def _count(market: Total | TeamTotal | PlayerTotal, state: GameState) -> int | None:
    if isinstance(market, PlayerTotal):
        line = box_line(state, market.player)
        return None if line is None or not line.played else figure(line, market.stat)
    score = counted(market, state)
    if score is None:
        return None
    return score.total if isinstance(market, Total) else score.of(market.side)


def bar(now: int, wanted: int) -> str:
    """A bar of BAR_CELLS cells; the last one is filled only when all is there."""
    filled = min(BAR_CELLS, max(now, 0) * BAR_CELLS // max(wanted, 1))
    return "█" * filled + "░" * (BAR_CELLS - filled)
