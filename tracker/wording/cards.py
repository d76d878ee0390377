"""The live card of a game: one message with all bets on it, edited in place during the game.

A card has one row for each bet: a mark, its chance and arrow, where it stands, what it needs, and a
parlay's legs below it. An edit makes no sound, so a card may show what is not worth an alert. Each
channel formats the card in its own way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from math import floor
from string import ascii_lowercase

from tracker.domain.bet import ASK_BOOK, Bet, Leg, Parlay, Result, Wager
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.market import Direction, PlayerTotal, TeamTotal, Total
from tracker.domain.money import plural, profit_cents
from tracker.domain.player import box_line, figure
from tracker.domain.policy import Snooze, SnoozeScope
from tracker.domain.poll import still_since
from tracker.domain.tracking import GameTracking, LegStanding, Tracked
from tracker.wording import counted, needs, progress, short, short_market, standing
from tracker.wording.figures import (
    RESULT_MARKS,
    clock_text,
    money_for,
    percent,
    score_text,
    signed_money,
    span_text,
    whole_points,
)

BEHIND = timedelta(minutes=5)
"""The time over which the arrows show a change of chance."""

_LIKELY = 0.60
"""The chance of winning from which a bet is shown green."""

_UNLIKELY = 0.35
"""The chance of winning below which a bet is shown red; between the two it is yellow."""

BAR_CELLS = 12
"""Cells of a progress bar: with more, the text after it would wrap on a small phone."""

_UNKNOWN = "⚪"


@dataclass(frozen=True, slots=True)
class Row:
    """One bet on a card. `figure` is its chance or result, `under` what it needs.

    `word` is what the bet is counted as when there is no room for its row. Rows with a higher
    `weight` are kept first. `legs` are the rows of a parlay's legs.
    """

    mark: str
    label: str
    figure: str
    stand: str
    under: str
    word: str
    weight: float
    legs: tuple[Row, ...] = ()


MOST_BETS = 20
"""The most bets that a card shows one by one: more cannot be read at a glance."""


@dataclass(frozen=True, slots=True)
class Card:
    """A card's lines, top to bottom; a line with nothing to say is empty.

    `head` holds the score, `warning` says that the data are old, `rest` counts the bets that had no
    room, `verdict` sums up the results, `quiet` says that alerts are held back, `note` is about the
    message itself, `foot` says how fresh the data are. `closed` is whether every bet has its result
    or waits for a person.
    """

    head: str
    warning: str
    rows: tuple[Row, ...]
    rest: str
    verdict: str
    quiet: str
    foot: str
    closed: bool
    note: str = ""

    def tells_the_same(self, other: Card) -> bool:
        """Whether both cards differ in nothing but the time, so that no edit is needed."""
        return self._news == other._news

    @property
    def _news(self) -> tuple[object, ...]:
        rows = tuple(replace(x, weight=0.0) for x in self.rows)
        return (
            self.head, bool(self.warning), rows, self.verdict, self.quiet, self.note, self.closed
        )  # fmt: skip


def card(
    tracking: GameTracking,
    earlier: Mapping[int, float],
    now: datetime,
    zone: tzinfo,
    *,
    quiet: str = "",
    most: int = MOST_BETS,
) -> Card:
    """Make the card of a game at `now`, with times in the person's `zone` and at most `most` bets.

    `earlier` holds, by the bet's number, the chance of winning (0 to 1) some minutes ago: the
    arrows show the change since then. A bet that is not in it has no arrow. `quiet` is the line
    which says that alerts on the game are held back.
    """
    old, closed = (tracking.stale or tracking.lost) and _in_play(tracking), _is_closed(tracking)
    rows = tuple(
        row(x, tracking.game, tracking.state, earlier.get(x.bet.number), old=old)
        for x in tracking.tracked
    )
    made = Card(
        head=_head(tracking, zone),
        warning=_warning(tracking, now) if old else "",
        rows=rows,
        rest="",
        verdict=_verdict(tracking.tracked),
        quiet="" if closed else quiet,
        foot=_foot(tracking, now, zone, old=old),
        closed=closed,
    )
    return folded(made, lambda _: True, most)


def as_shown(tracking: GameTracking, delay: float) -> GameTracking:
    """A game with its times put back by the person's delay, in seconds: its data are that old."""
    late = timedelta(seconds=delay)
    seen, changed = tracking.seen_at, tracking.changed_at
    if not late or seen is None:
        return tracking
    return replace(
        tracking, seen_at=seen - late, changed_at=None if changed is None else changed - late
    )


def silence(game: str, snoozes: Sequence[Snooze], now: datetime, zone: tzinfo) -> str:
    """Say until when alerts on a whole game are snoozed; empty when they are not."""
    whole = [x for x in snoozes if x.scope in (SnoozeScope.ALL, SnoozeScope.GAME)]
    ends = [x.until for x in whole if x.covers(0, frozenset({game}), now)]
    return f"🔕 alerts are silent until {clock_text(max(ends), now, zone)}" if ends else ""


def bet_silence(number: int, snoozes: Sequence[Snooze], now: datetime, zone: tzinfo) -> str:
    """That alerts on one bet alone are held back, and until when; empty when they are not.

    `snoozes` are those in force.
    """
    own = [x.until for x in snoozes if (x.scope, x.target) == (SnoozeScope.BET, str(number))]
    return f"🔕 silent until {clock_text(max(own), now, zone)}" if own else ""


def _is_closed(tracking: GameTracking) -> bool:
    """Whether every bet on the game has its result or waits for a person."""
    return bool(tracking.tracked) and all(x.ended or x.review is not None for x in tracking.tracked)


def folded(made: Card, fits: Callable[[Card], bool], most: int = MOST_BETS) -> Card:
    """The card with as many rows as `fits` allows, at most `most`; the others are only counted."""
    kept = sorted(range(len(made.rows)), key=lambda at: (-made.rows[at].weight, at))[:most]
    while kept and not fits(_with_rows(made, kept)):
        kept.pop()
    return _with_rows(made, kept)


def _with_rows(made: Card, kept: Sequence[int]) -> Card:
    if len(kept) == len(made.rows):
        return made
    shown = set(kept)
    left = [row for at, row in enumerate(made.rows) if at not in shown]
    count = Counter(row.word for row in left)
    words = ", ".join(f"{number} {word}" for word, number in sorted(count.items()))
    return replace(
        made,
        rows=tuple(row for at, row in enumerate(made.rows) if at in shown),
        rest=f"… and {len(left)} more ({words}): tracker bets",
    )


def _in_play(tracking: GameTracking) -> bool:
    return tracking.state is not None and tracking.state.phase.in_play


def _head(tracking: GameTracking, zone: tzinfo) -> str:
    game, state = tracking.game, tracking.state
    names = f"🏀 {game.away} @ {game.home}{game.of_women}"
    if state is not None and state.phase.off:
        return f"{names} · {state.game_clock}"
    if state is None or state.period == 0:
        return f"{names} · tip-off {game.start.astimezone(zone):%a %H:%M}"
    return f"🏀 {score_text(game, state.score)} · {state.game_clock}"


def _warning(tracking: GameTracking, now: datetime) -> str:
    if tracking.seen_at is None:
        return "⚠ Stale: the game cannot be read. The chances are old."
    still = still_since(tracking.state, tracking.changed_at, tracking.seen_at)
    changed = still if tracking.lost else tracking.changed_at
    if changed is not None:
        same = span_text((now - changed).total_seconds())
        return f"⚠ Stale: nothing has changed for {same}. The chances are from then."
    silent = span_text((now - tracking.seen_at).total_seconds())
    return f"⚠ Stale: no news for {silent}. The chances are from then."


def _foot(tracking: GameTracking, now: datetime, zone: tzinfo, *, old: bool) -> str:
    updated = f"updated {now.astimezone(zone):%H:%M:%S}"
    if _is_closed(tracking):
        return f"closed · {updated}"
    seen, state = tracking.seen_at, tracking.state
    if old or seen is None or state is None or state.phase is Phase.FINAL:
        return updated
    return f"data {span_text((now - seen).total_seconds())} · {updated}"


def _verdict(tracked: Sequence[Tracked]) -> str:
    """The sum of the bets once all of them have a result: `2 won, 1 lost · -$2.61`."""
    done = [x.in_force for x in tracked if x.in_force is not None]
    if len(tracked) < 2 or len(done) < len(tracked):  # noqa: PLR2004 - one bet needs no sum
        return ""
    count = Counter(x.result.value for x in done)
    words = ", ".join(f"{count[x.value]} {x.value}" for x in Result if count[x.value])
    known = [
        profit
        for x in tracked
        if x.settlement is not None
        and (profit := profit_cents(x.settlement.payout_cents, x.bet.own_cents)) is not None
    ]
    money = f" · {signed_money(sum(known))}" if known else ""
    asked = sum(x.asks_payout for x in done)
    return f"{words}{money}" + (f" · {plural(asked, 'payout')} not known" if asked else "")


def row(one: Tracked, game: Game, state: GameState | None, was: float | None, *, old: bool) -> Row:
    """Make the row of a bet on the card of `game`, whose state is `state`.

    `was` is the bet's chance of winning some minutes ago; `old` is whether the data are stale.
    """
    label = f"#{one.bet.id} {name_on_card(one.bet)}"
    done, chance = one.in_force, one.chance
    if one.review is not None:
        need = f"see tracker show {one.bet.id}"
        return Row("❔", label, "NEEDS REVIEW", "", need, "to review", 1.5)
    if done is not None:
        money = money_for(one.bet, done.result, done.payout_cents)
        word = done.result.value
        figure = f"{word.upper()}{money}"
        if done.asks_payout:
            ask = ASK_BOOK[0].upper() + ASK_BOOK[1:]
            return Row("❔", label, figure, "", ask, "to review", 1.5)
        return Row(RESULT_MARKS[done.result], label, figure, "", "", word, 0.1)
    if chance is None:
        why = "" if one.no_chance is None else one.no_chance.text
        stand, need = _facts(one, state)
        return Row(
            _UNKNOWN, label, why, stand, need, why or "watched", 0.2, _legs(one, game, state, old)
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


def _facts(one: Tracked, state: GameState | None) -> tuple[str, str]:
    """Where a bet without a chance stands and what it needs: both are known without a chance.

    Both are empty for a parlay, whose legs have rows of their own, and for a player who is out.
    """
    market = one.bet.market
    if isinstance(market, Parlay) or state is None or not state.phase.in_play:
        return "", ""
    if one.no_chance is not NoChance.LITTLE_KNOWN:
        return "", ""
    return _stand(market, state), _under(market, state)


def _legs(one: Tracked, game: Game, state: GameState | None, old: bool) -> tuple[Row, ...]:
    if not isinstance(one.bet.market, Parlay):
        return ()
    return tuple(
        _leg(f"#{one.bet.id}{letter}", leg, seen, game, state if not old else None)
        for letter, leg, seen in zip(ascii_lowercase, one.bet.market.legs, one.legs, strict=False)
    )


def _leg(label: str, leg: Leg, seen: LegStanding, game: Game, state: GameState | None) -> Row:
    """Make a leg's row. A leg on another game names it; where it stands is on that game's card."""
    here = leg.game.id == game.id
    name = short_market(leg.market, leg.game)
    if here:
        name = name.replace(f"{game.name} ", "")
    elif leg.game.name not in name:
        name = f"{name} ({leg.game.name})"
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
    return Row(
        mark=_UNKNOWN if chance is None or state is None else _light(chance.win),
        label=label,
        figure=why if chance is None else percent(chance.win),
        stand=_stand(leg.market, state) if here and state is not None else "",
        under="",
        word="watched",
        weight=0.0,
    )


def _weight(p: float, was: float | None) -> float:
    """A row's weight, 0.3 to 1.3: higher for a bet that is open or has moved."""
    moved = 0.0 if was is None else abs(p - was)
    return 0.3 + min(1.0, 2 * min(p, 1 - p) + 2 * moved)


def name_on_card(bet: Bet) -> str:
    """The bet's short name without its game, which the card's head names."""
    return short(bet).replace(f"{bet.game.name} ", "")


def _light(p: float) -> str:
    if p >= _LIKELY:
        return "🟢"
    return "🟡" if p >= _UNLIKELY else "🔴"


def _decided(chance: Chance) -> tuple[str, str]:
    if chance.win == 1:
        return "✅", "HIT"
    return ("❌", "DEAD") if chance.lose == 1 else ("↔", "PUSH")


def _arrow(p: float, was: float | None) -> str:
    """The change of a chance in percentage points: ` ▲9`; empty when there is none."""
    moved = 0 if was is None else whole_points(p, was)
    if moved == 0:
        return ""
    return f" {'▲' if moved > 0 else '▼'}{abs(moved)}"


def _stand(market: Wager, state: GameState) -> str:
    """Where the bet stands: `119 / 225` for an over, words for another bet."""
    count = _progress(market, state)
    return standing(market, state) if count is None else f"{count[0]} / {count[1]}"


def _under(market: Wager, state: GameState) -> str:
    """What the bet needs; for an over, after a progress bar."""
    need, count = needs(market, state), _progress(market, state)
    return need if count is None else f"{bar(*count)} {need}"


def _progress(market: Wager, state: GameState) -> tuple[int, int] | None:
    """An over's count so far and the count that wins it; None for other bets or without a count."""
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
    """A bar of BAR_CELLS cells; the last cell is filled only when `now` reaches `wanted`."""
    filled = min(BAR_CELLS, max(now, 0) * BAR_CELLS // max(wanted, 1))
    return "█" * filled + "░" * (BAR_CELLS - filled)
