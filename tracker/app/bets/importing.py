"""Imports an export of another tracker, with its results; no bet comes in twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker.app.bets import Bets, check, check_placed
from tracker.domain import BadBet
from tracker.domain.bet import Result, Wager
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.league import slate_date
from tracker.domain.same_bet import (
    AGAIN,
    TICKET,
    Duplicate,
    Fresh,
    Kept,
    Meeting,
    agree,
    at_midnight,
    meet,
)
from tracker.engine.settle.by_hand import Case, Decide, Ruling, brought, paid_anew
from tracker.intake.imports import ImportedBet
from tracker.store.bets import Added, Registration

_LONGEST = 10
"""An id with this many digits or more is not the number of a bet here."""

_NEAR = timedelta(days=1)
"""How far a row's date may be from the date of the game that its bet is on."""


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """The result of an import: how many bets are new, were there already, and were settled.

    `asked` counts past bets without a result, which a person must decide.
    """

    added: int
    known: int
    settled: int
    asked: int
    mistakes: tuple[str, ...]


async def bring_in(
    bets: Bets, slips: Sequence[ImportedBet], source: str, now: datetime
) -> BroughtIn:
    """Register the bets of a file, with their results; `source` is the file's name.

    A bet that is there already stays as it is, except that it gets a result if it had none. So a
    file may be imported any number of times. A row that cannot be a bet is reported; the others are
    taken.
    """
    fit, mistakes = possible(slips, source, now)
    rows = Counter[str]()
    words = []
    for slip in fit:
        rows[slip.draft.identity] += 1
        words.append(_identities(slip, rows[slip.draft.identity]))
    numbers = await bets.store.numbers_of({x for some in words for x in some})
    taken = _Taken(set(), set())
    wanted = [
        _registration(slip, {numbers[x] for x in some if x in numbers}, taken, now)
        for slip, some in zip(fit, words, strict=True)
    ]
    registered = await bets.store.register(wanted, bets.rules, now)
    done = [(x, y) for x, y in zip(fit, registered, strict=True) if isinstance(y, Added)]
    mistakes += [
        f"{source}, {x.place}: {y}"
        for x, y in zip(fit, registered, strict=True)
        if isinstance(y, BadBet)
    ]
    decided = {y.number: _decision(x, source, now) for x, y in done if x.result is not None}
    settled = await bets.store.by_hand.decide_all(decided, now, "import")
    late = {
        y.number: f"it is dated {x.day}, and {source} tells no result"
        for x, y in done
        if y.created and _is_past(x, now)
    }
    await bets.store.by_hand.ask(late, now)
    for slip, added in done:
        if slip.withdrawn and added.created:
            await bets.store.withdraw(added.number, now, "import")
    new = sum(x.created for _, x in done)
    return BroughtIn(new, len(done) - new, len(settled), len(late), tuple(mistakes))


def possible(
    slips: Sequence[ImportedBet], source: str, now: datetime
) -> tuple[list[ImportedBet], list[str]]:
    """The bets of a file that can be registered, and a sentence for each that cannot."""
    fit: list[ImportedBet] = []
    mistakes: list[str] = []
    for slip in (_known_by(x, now) for x in slips):
        try:
            check(slip.draft)
            check_placed(slip.draft, now)
        except BadBet as why:
            mistakes.append(f"{source}, {slip.place}: {why}")
        else:
            fit.append(slip)
    return fit, mistakes


def _known_by(slip: ImportedBet, now: datetime) -> ImportedBet:
    """The bet, without a time of placing that is yet to come and is none: the day of its game."""
    placed = slip.draft.placed_at
    if not slip.placed_loosely or placed is None or placed <= now:
        return slip
    return replace(slip, draft=replace(slip.draft, placed_at=None))


def _identities(slip: ImportedBet, times: int) -> list[str]:
    """The identities under which the bet may be registered already, by this or another entry point.

    `times` is how many rows equal to this one there are so far, including it.
    """
    draft = slip.draft
    again = (f"{AGAIN}{x}" for x in range(2, times + 1))
    return list(
        dict.fromkeys(
            replace(draft, occasion=occasion, game_text=game, placed_at=placed).identity
            for occasion in (draft.occasion, slip.before, "", *again)
            for game in (draft.game_text, None)
            for placed in dict.fromkeys((draft.placed_at, at_midnight(draft.placed_at), None))
        )
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """The bets that earlier rows of a file stand for: those found, and those newly registered."""

    numbers: set[int]
    made: set[str]

    def holds(self, kept: Kept) -> bool:
        """Whether an earlier row stands for this bet."""
        return kept.number in self.numbers or kept.draft.identity in self.made

    def make(self, draft: Draft, kept: Sequence[Kept]) -> Draft:
        """A new bet; a bet that was placed twice gets an occasion that tells it from the first."""
        there = self.made | {x.draft.identity for x in kept}
        count, made = 1, draft
        while made.identity in there:
            count += 1
            made = replace(draft, occasion=f"{AGAIN}{count}")
        self.made.add(made.identity)
        return made


def _registration(
    slip: ImportedBet, same_words: set[int], taken: _Taken, now: datetime
) -> Registration:
    """A row's bet as the store registers it; `taken` are the bets of earlier rows."""
    draft = slip.draft

    def decide(wager: Wager | None, game: Game | None, kept: Sequence[Kept]) -> Meeting:
        free = [x for x in kept if not taken.holds(x) and _on_the_day(x, slip)]
        mine = [x for x in free if _same_row(x, draft)]
        found: Meeting
        if mine:
            found = Duplicate(mine[0].number, mine[0].draft)
        else:
            found = meet(draft, wager, game, [replace(x, by_words=False) for x in free])
        if isinstance(found, Duplicate):
            taken.numbers.add(found.number)
            return found
        return Fresh(taken.make(found.draft, kept))

    number = draft.occasion.removeprefix(TICKET)
    plain = number.isascii() and number.isdigit() and len(number) < _LONGEST
    own = {int(number)} if plain else set()
    return Registration(
        draft,
        decide=decide,
        who="import",
        also=frozenset(same_words | own),
        paid=lambda case: paid_anew(case, now),
    )


def _same_row(kept: Kept, draft: Draft) -> bool:
    """Whether a bet came from this row: by its ticket number, or in the same words."""
    if kept.draft.occasion == draft.occasion != "":
        return True
    same = kept.draft.pick.text.casefold() == draft.pick.text.casefold()
    return kept.by_words and same and agree(replace(kept.draft, name=None), draft)


def _on_the_day(kept: Kept, slip: ImportedBet) -> bool:
    if kept.game is None or slip.day is None or kept.draft.occasion == slip.draft.occasion != "":
        return True
    return abs(kept.game.slate - slip.day) <= _NEAR


def _decision(slip: ImportedBet, source: str, now: datetime) -> Decide:
    def decide(case: Case) -> Ruling | None:
        result = slip.result or Result.VOID
        return brought(case, result, slip.paid, f"{slip.said or result.value} in {source}", now)

    return decide


def _is_past(slip: ImportedBet, now: datetime) -> bool:
    return (
        slip.result is None
        and not slip.withdrawn
        and slip.day is not None
        and slip.day < slate_date(now)
    )
