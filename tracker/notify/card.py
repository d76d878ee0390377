"""The live card of a game: all bets on it as values, to be edited in place while it is played.

An edit makes no sound, so a card may say what no alert should be spent on. It is put into words by
`card_text`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from math import floor
from typing import Protocol

from tracker.domain.bet import Bet, Result, Settlement
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.market import Direction, PlayerTotal, TeamTotal, Total
from tracker.domain.parlay import Wager
from tracker.domain.player import box_line, figure
from tracker.notify.words import (
    counted,
    money_for,
    needs,
    percent,
    score_text,
    short,
    signed_money,
    span_text,
    standing,
)

LIKELY = 0.60
"""A chance of winning from here on is shown green."""

UNLIKELY = 0.35
"""A chance below is shown red, one between the two yellow."""

BAR_CELLS = 16
"""Cells of a bar: more would wrap on a phone."""

MOST_BETS = 20
"""Most bets that a card shows one by one: more are not seen at a glance."""

_RESULTS = {Result.WON: "✅", Result.LOST: "❌", Result.PUSH: "↔", Result.VOID: "⊘"}
_UNKNOWN = "⚪"


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
    def settlement(self) -> Settlement | None:
        """Its latest result."""
        ...

    @property
    def official(self) -> bool:
        """Whether that has been confirmed."""
        ...

    @property
    def review(self) -> str | None:
        """Why a person must decide the result."""
        ...


class CardBook(Protocol):
    """What a card needs to know of a game and the bets on it."""

    @property
    def game(self) -> Game:
        """The game."""
        ...

    @property
    def tracked(self) -> Sequence[CardBet]:
        """The bets, in the order in which they are shown."""
        ...

    @property
    def state(self) -> GameState | None:
        """What is believed of the game."""
        ...

    @property
    def seen_at(self) -> datetime | None:
        """When a poll last was readable."""
        ...

    @property
    def stale(self) -> bool:
        """Whether the feed has stopped changing."""
        ...

    @property
    def lost(self) -> bool:
        """Whether the feed has been said to be down."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """A bet on a card: a mark, its name, the figure that counts, where it stands, what it needs.

    `word` is what it is counted as where there is no room for it. `weight` is higher the more it
    is worth being shown.
    """

    mark: str
    label: str
    figure: str
    stand: str
    under: str
    word: str
    weight: float


@dataclass(frozen=True, slots=True)
class Card:
    """A card's lines, top to bottom; those that say nothing are empty.

    `head` is the score, `warning` that the data are old, `rest` what had no room, `verdict` the sum
    of the results, `quiet` that alerts are held back, `note` what is to be known of the message
    itself, `foot` how fresh it all is.
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
        """Whether nothing but the time is different, so that an edit can be saved."""
        return self._news == other._news

    @property
    def _news(self) -> tuple[object, ...]:
        rows = tuple(replace(x, weight=0.0) for x in self.rows)
        return (
            self.head, bool(self.warning), rows, self.verdict, self.quiet, self.note, self.closed
        )  # fmt: skip


def card(
    book: CardBook,
    earlier: Mapping[int, float],
    now: datetime,
    zone: tzinfo,
    *,
    quiet: str = "",
) -> Card:
    """The card of a game at `now`, with times in the person's `zone`.

    `earlier` holds the chance of winning (0 to 1) that each bet, by its number, had some minutes
    ago: the arrows are measured against it. A bet that is not in it has no arrow. `quiet` says that
    alerts on the game are held back, and until when.
    """
    old = (book.stale or book.lost) and _in_play(book)
    rows = tuple(_row(x, book.state, earlier.get(x.bet.number), old=old) for x in book.tracked)
    made = Card(
        head=_head(book, zone),
        warning=_warning(book, now) if old else "",
        rows=rows,
        rest="",
        verdict=_verdict(book.tracked),
        quiet=quiet,
        foot=_foot(book, now, zone, old=old),
        closed=is_closed(book),
    )
    return folded(made, lambda x: len(x.rows) <= MOST_BETS)


def is_closed(book: CardBook) -> bool:
    """Whether every bet on the game has its result, or waits for a person."""
    return bool(book.tracked) and all(
        x.settlement is not None or x.review is not None for x in book.tracked
    )


def folded(made: Card, fits: Callable[[Card], bool]) -> Card:
    """The card with as many bets as fit; the rest, the least interesting, are only counted."""
    kept = sorted(range(len(made.rows)), key=lambda at: (-made.rows[at].weight, at))
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


def _in_play(book: CardBook) -> bool:
    return book.state is not None and book.state.phase.in_play


def _head(book: CardBook, zone: tzinfo) -> str:
    game, state = book.game, book.state
    if state is not None and state.phase.off:
        return f"🏀 {game.away} @ {game.home} · {state.game_clock}"
    if state is None or state.period == 0:
        return f"🏀 {game.away} @ {game.home} · tip-off {game.start.astimezone(zone):%a %H:%M}"
    return f"🏀 {score_text(game, state.score)} · {state.game_clock}"


def _warning(book: CardBook, now: datetime) -> str:
    if book.seen_at is None:
        return "⚠ Stale: the game cannot be read. The chances are old."
    silent = span_text((now - book.seen_at).total_seconds())
    return f"⚠ Stale: no news for {silent}. The chances are from then."


def _foot(book: CardBook, now: datetime, zone: tzinfo, *, old: bool) -> str:
    updated = f"updated {now.astimezone(zone):%H:%M:%S}"
    if is_closed(book):
        return f"closed · {updated}"
    if old or book.seen_at is None or book.state is None or book.state.phase is Phase.FINAL:
        return updated
    return f"data {span_text((now - book.seen_at).total_seconds())} · {updated}"


def _verdict(tracked: Sequence[CardBet]) -> str:
    """What the bets came to once all of them have a result: `2 won, 1 lost · -$2.61`."""
    done = [x.settlement for x in tracked if x.settlement is not None]
    if len(tracked) < 2 or len(done) < len(tracked):  # noqa: PLR2004 - one bet needs no sum
        return ""
    count = Counter(x.result.value for x in done)
    words = ", ".join(f"{count[x.value]} {x.value}" for x in Result if count[x.value])
    known = [
        x.settlement.payout_cents - x.bet.stake_cents
        for x in tracked
        if x.settlement is not None
        and x.settlement.payout_cents is not None
        and x.bet.stake_cents is not None
    ]
    money = f" · {signed_money(sum(known))}" if known else ""
    return f"{words}{money}"


def _row(one: CardBet, state: GameState | None, was: float | None, *, old: bool) -> Row:
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
        return Row(_UNKNOWN, label, "", "", "", "watched", 0.2)
    if chance.decided:
        mark, word = _decided(chance)
        return Row(mark, label, word, "", "", word.lower(), 0.15)
    market = one.bet.market
    return Row(
        mark=_UNKNOWN if old else _light(chance.win),
        label=label,
        figure=f"{percent(chance.win)}{_arrow(chance.win, was)}",
        stand="" if state is None else _stand(market, state),
        under="" if state is None else _under(market, state),
        word="watched",
        weight=_weight(chance.win, was),
    )


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
    progress = _progress(market, state)
    return standing(market, state) if progress is None else f"{progress[0]} / {progress[1]}"


def _under(market: Wager, state: GameState) -> str:
    """What the bet needs, behind a bar where it gathers points."""
    need, progress = needs(market, state), _progress(market, state)
    return need if progress is None else f"{bar(*progress)} {need}"


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
