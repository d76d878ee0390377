"""Tonight's games with their bets, as the cards of the chat show them: one wording everywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from tracker.wording.card_rows import Row
from tracker.wording.cards import Card, card, silence

if TYPE_CHECKING:
    from tracker.domain.policy import Rule, Snooze
    from tracker.domain.tracking import GameTracking, Tracked
    from tracker.store import Store

_BEHIND = timedelta(minutes=5)
"""Over which the movement of a chance is shown."""


@dataclass(frozen=True, slots=True)
class BetOnCard:
    """A bet as a row of its game's card; `number` leads to the bet."""

    number: int
    row: Row
    decided: bool


@dataclass(frozen=True, slots=True)
class GameOnPage:
    """A game that is followed: its card, and the bets that the card's rows are of."""

    game: str
    name: str
    card: Card
    bets: tuple[BetOnCard, ...]
    old: bool

    def texts(self) -> dict[str, str]:
        """Every text that changes while the game is played, by the key of its place on the page."""
        game = f"g{self.game}"
        found = {
            f"{game}.head": self.card.head,
            f"{game}.warning": self.card.warning,
            f"{game}.foot": self.card.foot,
            f"{game}.verdict": self.card.verdict,
            f"{game}.quiet": self.card.quiet,
        }
        for one in self.bets:
            found |= _texts(f"b{one.number}", one.row)
            for place, leg in enumerate(one.row.legs):
                found |= _texts(f"b{one.number}.{place}", leg)
        return found


def _texts(key: str, row: Row) -> dict[str, str]:
    return {
        f"{key}.mark": row.mark,
        f"{key}.p": row.figure,
        f"{key}.stand": row.stand,
        f"{key}.need": row.under,
    }


async def tonight(
    store: Store, rules: tuple[Rule, ...], now: datetime, zone: tzinfo
) -> tuple[GameOnPage, ...]:
    """Every game that is followed, by tip-off. `rules` are those of bets that bring none."""
    snoozes = await store.alerting.snoozes(now)
    found = []
    for book in await store.books(rules):
        readings = await store.cards.chances(book.game.id, now - 2 * _BEHIND)
        found.append(_game(book, _earlier(readings, now), snoozes, now, zone))
    return tuple(sorted(found, key=lambda x: (x.card.closed, x.name)))


def _game(
    book: GameTracking,
    earlier: Mapping[int, float],
    snoozes: Sequence[Snooze],
    now: datetime,
    zone: tzinfo,
) -> GameOnPage:
    made = card(book, earlier, now, zone, quiet=silence(book.game.id, snoozes, now, zone))
    numbers = {f"#{x.bet.number} ": x for x in book.tracked}
    bets = [
        BetOnCard(found.bet.number, row, found.settlement is not None)
        for row in made.rows
        if (found := _of(row, numbers)) is not None
    ]
    old = bool(made.warning)
    return GameOnPage(book.game.id, book.game.name, made, tuple(bets), old)


def _of(row: Row, numbers: Mapping[str, Tracked]) -> Tracked | None:
    return next((x for head, x in numbers.items() if row.label.startswith(head)), None)


def _earlier(readings: Sequence[tuple[int, datetime, float]], now: datetime) -> dict[int, float]:
    """Each bet's chance as it was some minutes ago, where it was known by then."""
    since = now - _BEHIND
    return {bet: win for bet, at, win in sorted(readings, key=lambda x: x[1]) if at <= since}
