"""The live card of a game: all bets on it as values, to be edited in place while it is played.

An edit makes no sound, so a card may say what no alert should be spent on. It is put into words by
`card_text`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Protocol

from tracker.domain.bet import Result
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.policy import Snooze, SnoozeScope
from tracker.wording.card_rows import CardBet, Row, row
from tracker.wording.figures import score_text, signed_money, span_text

MOST_BETS = 20
"""Most bets that a card shows one by one: more are not seen at a glance."""


class GameCardBets(Protocol):
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
    book: GameCardBets,
    earlier: Mapping[int, float],
    now: datetime,
    zone: tzinfo,
    *,
    quiet: str = "",
    most: int = MOST_BETS,
) -> Card:
    """The card of a game at `now`, with times in the person's `zone` and at most so many bets.

    `earlier` holds the chance of winning (0 to 1) that each bet, by its number, had some minutes
    ago: the arrows are measured against it. A bet that is not in it has no arrow. `quiet` says that
    alerts on the game are held back, and until when.
    """
    old = (book.stale or book.lost) and _in_play(book)
    rows = tuple(
        row(x, book.game, book.state, earlier.get(x.bet.number), old=old) for x in book.tracked
    )
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
    return folded(made, lambda _: True, most)


def silence(game: str, snoozes: Sequence[Snooze], now: datetime, zone: tzinfo) -> str:
    """That alerts on a whole game are held back, and until when; empty when they are not."""
    whole = [x for x in snoozes if x.scope in (SnoozeScope.ALL, SnoozeScope.GAME)]
    ends = [x.until for x in whole if x.covers(0, frozenset({game}), now)]
    return f"🔕 alerts are silent until {max(ends).astimezone(zone):%H:%M}" if ends else ""


def is_closed(book: GameCardBets) -> bool:
    """Whether every bet on the game has its result, or waits for a person."""
    return bool(book.tracked) and all(
        x.settlement is not None or x.review is not None for x in book.tracked
    )


def folded(made: Card, fits: Callable[[Card], bool], most: int = MOST_BETS) -> Card:
    """The card with as many bets as fit, at most `most`; the least interesting are counted."""
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


def _in_play(book: GameCardBets) -> bool:
    return book.state is not None and book.state.phase.in_play


def _head(book: GameCardBets, zone: tzinfo) -> str:
    game, state = book.game, book.state
    if state is not None and state.phase.off:
        return f"🏀 {game.away} @ {game.home} · {state.game_clock}"
    if state is None or state.period == 0:
        return f"🏀 {game.away} @ {game.home} · tip-off {game.start.astimezone(zone):%a %H:%M}"
    return f"🏀 {score_text(game, state.score)} · {state.game_clock}"


def _warning(book: GameCardBets, now: datetime) -> str:
    if book.seen_at is None:
        return "⚠ Stale: the game cannot be read. The chances are old."
    silent = span_text((now - book.seen_at).total_seconds())
    return f"⚠ Stale: no news for {silent}. The chances are from then."


def _foot(book: GameCardBets, now: datetime, zone: tzinfo, *, old: bool) -> str:
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
        x.settlement.payout_cents - (x.bet.own_cents or 0)
        for x in tracked
        if x.settlement is not None
        and x.settlement.payout_cents is not None
        and x.bet.stake_cents is not None
    ]
    money = f" · {signed_money(sum(known))}" if known else ""
    return f"{words}{money}"
