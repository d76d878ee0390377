"""Duplicates: decides whether a new draft is a bet that is registered already.

Two bets are one when they are on the same market of the same game, at one price, for one stake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain.bet import Wager, games_of, legs_of
from tracker.domain.catalog import Team, fold
from tracker.domain.catalog.books import book_name
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.pick import Matchup, Pick
from tracker.domain.player import plain_name

TICKET = "ticket "
"""Begins the `occasion` of an imported bet; the id that the other program gave the bet follows."""

NOON = 12
"""The hour that stands for a date without a time of day: midnight is of the league's day before."""

AGAIN = "again "
"""Begins the `occasion` of a bet that was placed again, exactly as another bet."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A registered bet with all that decides whether a new draft is the same bet.

    `wager` and `game`, the first of its games, are None until they are known. `by_words` is whether
    the bet was once added in exactly the words of the new draft.
    """

    number: int
    draft: Draft
    wager: Wager | None
    game: Game | None
    withdrawn: bool
    by_words: bool = False

    @property
    def games(self) -> tuple[Game, ...]:
        """The game of each leg; empty until the games are known."""
        if self.wager is None or self.game is None:
            return ()
        return tuple(x.game for x in legs_of(self.wager, self.game))


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The draft is a registered bet; `draft` is that bet with what the new draft adds."""

    number: int
    draft: Draft


@dataclass(frozen=True, slots=True)
class Fresh:
    """The draft is a new bet, to be registered as `draft`."""

    draft: Draft


Meeting = Duplicate | Fresh


def meet(draft: Draft, wager: Wager | None, game: Game | None, kept: Sequence[Kept]) -> Meeting:
    """Decide whether a draft is new or one of the `kept` bets.

    `wager` and `game` are what the draft means, None where that is not known. The same words are
    the same bet, unless they now mean another game. Other words are the same bet when they mean the
    same market of the same game and contradict it in nothing that both state.
    """
    named = next((x for x in kept if x.by_words), None)
    if named is not None and (draft.name is not None or not _on_other_games(named, wager, game)):
        return Duplicate(named.number, draft)
    if named is not None and game is not None:
        # The same words were once used for another game: this is a bet of its own.
        draft = replace(draft, occasion=" ".join(x.id for x in games_of(wager, game)))
    twins = [x for x in kept if agree(x.draft, draft) and _same_wager(x, draft, wager, game)]
    twin = min(twins, key=lambda x: (x.withdrawn, x.number), default=None)
    return (
        Fresh(draft) if twin is None else Duplicate(twin.number, _supplemented(twin.draft, draft))
    )


def twin_of(draft: Draft, kept: Sequence[Kept]) -> int | None:
    """The number of the bet, if any, that a bet rewritten as `draft` would duplicate."""
    for x in kept:
        if x.by_words or (agree(x.draft, draft) and not x.withdrawn and says(draft, x)):
            return x.number
    return None


def agree(one: Draft, other: Draft) -> bool:
    """Whether two drafts of one wager may be one bet: nothing that both state differs.

    A price or a stake must be the same in both, or missing in both. A book, tags, the time of
    placing and the id in another program may be missing in one. A draft with the person's own id is
    never the same as another.
    """
    if one.name is not None or other.name is not None:
        return False
    prices = [x.odds and x.odds.decimal for x in (one, other)]
    return (
        prices[0] == prices[1]
        and (one.stake_cents or None, one.free) == (other.stake_cents or None, other.free)
        and _equal_or_missing(*(fold(book_name(x.book) or "") for x in (one, other)))
        and _equal_or_missing(frozenset(one.tags), frozenset(other.tags))
        and _one_time(one.placed_at, other.placed_at)
        and _equal_or_missing(_ticket(one), _ticket(other))
    )


def at_midnight(placed: datetime | None) -> datetime | None:
    """The midnight that stood for a date alone before NOON did; None for a time of day."""
    if placed is None or (placed.hour, placed.minute, placed.second) != (NOON, 0, 0):
        return None
    return placed.replace(hour=0)


def _one_time(one: datetime | None, other: datetime | None) -> bool:
    return _equal_or_missing(one, other) or at_midnight(one) == other or one == at_midnight(other)


def same_meaning(one: Draft, other: Draft) -> bool:
    """Whether two drafts mean the same wager, judged by their words alone."""
    return _meaning(one) == _meaning(other)


def sense(draft: Draft) -> str:
    """A short hash that is the same for all drafts that may be one bet, judged without a game."""
    price = draft.odds and draft.odds.decimal
    parts = (sorted(_meaning(draft)), price, draft.stake_cents or None, draft.free)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _equal_or_missing(one: object, other: object) -> bool:
    return not one or not other or one == other


def _ticket(draft: Draft) -> str:
    return draft.occasion if draft.occasion.startswith(TICKET) else ""


def _on_other_games(kept: Kept, wager: Wager | None, game: Game | None) -> bool:
    """Whether a bet was on other games than those that its words mean now."""
    if wager is None or game is None or kept.wager is None or kept.game is None:
        return False
    return _games(kept.wager, kept.game) != _games(wager, game)


def _games(wager: Wager, game: Game) -> frozenset[str]:
    return frozenset(x.id for x in games_of(wager, game))


def _same_wager(kept: Kept, draft: Draft, wager: Wager | None, game: Game | None) -> bool:
    if wager is None or game is None:
        return kept.wager is None and not kept.withdrawn and same_meaning(kept.draft, draft)
    if kept.wager is None or kept.game is None:
        return False
    return _legs(kept.wager, kept.game) == _legs(wager, game)


def _legs(wager: Wager, game: Game) -> frozenset[tuple[str, object]]:
    """The legs as a set of (game id, market), without their order and prices."""
    return frozenset((leg.game.id, leg.market) for leg in legs_of(wager, game))


def says(draft: Draft, kept: Kept) -> bool:
    """Whether a draft means a registered bet: by its market if its game is known, else by words."""
    if kept.wager is None or kept.game is None:
        return same_meaning(kept.draft, draft)
    return draft.means(kept.wager, kept.games)


def _meaning(draft: Draft) -> frozenset[tuple[str, ...]]:
    return frozenset(_of_pick(x, draft.matchup or x.matchup) for x in draft.legs)


def _of_pick(pick: Pick, matchup: Matchup | None) -> tuple[str, ...]:
    player = "" if pick.player is None else plain_name(pick.player)
    game = () if matchup is None else (*map(_codes, (matchup.away, matchup.home)), matchup.day)
    return repr(pick.asked), pick.span.value, _codes(pick.team), player, repr(game)


def _codes(teams: Sequence[Team]) -> str:
    return " ".join(sorted(f"{x.league}:{x.code}" for x in teams))


def _supplemented(old: Draft, new: Draft) -> Draft:
    """The old draft, with what it leaves out filled in from the new one."""
    return replace(
        old,
        rules=old.rules if new.rules is None else new.rules,
        tags=old.tags or new.tags,
        book=old.book or new.book,
        placed_at=old.placed_at or new.placed_at,
        occasion=old.occasion or (new.occasion if _ticket(new) else ""),
    )
