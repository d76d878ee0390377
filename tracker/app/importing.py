"""Bets from elsewhere, brought in with their results: none twice, and none that is over as open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker.app.bets import Bets, check
from tracker.domain.bet import Result, Wager
from tracker.domain.draft import Draft
from tracker.domain.errors import BadBet
from tracker.domain.game import Game
from tracker.domain.league import slate_date
from tracker.domain.same_bet import AGAIN, TICKET, Fresh, Kept, Known, Meeting, agree, meet
from tracker.engine.settle.by_hand import Case, Decide, Ruling, brought
from tracker.intake.imports import ImportedBet
from tracker.store.bets import Added, Registration

_LONGEST = 10
"""Digits from which on an id is no number of a bet here."""

_NEAR = timedelta(days=1)
"""How far the date of a row may lie from that of the game that its bet is on."""


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What came of an import: how many bets are new, were there already, got their result.

    `asked` are those that are dated in the past and have no result: a person is to decide them.
    """

    added: int
    known: int
    settled: int
    asked: int
    mistakes: tuple[str, ...]


async def bring_in(
    bets: Bets, slips: Sequence[ImportedBet], source: str, now: datetime
) -> BroughtIn:
    """Register the bets of a file, with their results; `source` is its name.

    A bet that is there already is left as it is, however often the file is brought in, but for a
    result that it did not have. A row that cannot be is told; the others count.
    """
    fit: list[ImportedBet] = []
    mistakes: list[str] = []
    for slip in slips:
        try:
            check(slip.draft)
        except BadBet as why:
            mistakes.append(f"{source}, line {slip.line}: {why}")
        else:
            fit.append(slip)
    words = [_identities(x) for x in fit]
    numbers = await bets.store.numbers_of({x for some in words for x in some})
    taken = _Taken(set(), set())
    wanted = [
        _registration(slip, {numbers[x] for x in some if x in numbers}, taken)
        for slip, some in zip(fit, words, strict=True)
    ]
    registered = await bets.store.register(wanted, bets.rules, now)
    done = [(x, y) for x, y in zip(fit, registered, strict=True) if isinstance(y, Added)]
    mistakes += [
        f"{source}, line {x.line}: {y}"
        for x, y in zip(fit, registered, strict=True)
        if isinstance(y, BadBet)
    ]
    decided = {y.number: _decision(x, source, now) for x, y in done if x.result is not None}
    settled = await bets.store.by_hand.decide_all(decided, now, "import")
    late = {y.number: _late(x, source) for x, y in done if y.created and _is_past(x, now)}
    await bets.store.by_hand.ask(late, now)
    for slip, added in done:
        if slip.withdrawn and added.created:
            await bets.store.withdraw(added.number, now, "import")
    new = sum(x.created for _, x in done)
    return BroughtIn(new, len(done) - new, len(settled), len(late), tuple(mistakes))


def _identities(slip: ImportedBet) -> list[str]:
    """The words that the bet may have been given in before: by this file, or by another way in."""
    draft = slip.draft
    return list(
        dict.fromkeys(
            replace(draft, occasion=occasion, game_text=game, placed_at=placed).identity
            for occasion in (draft.occasion, slip.before, "")
            for game in (draft.game_text, None)
            for placed in (draft.placed_at, None)
        )
    )


@dataclass(frozen=True, slots=True)
class _Taken:
    """The bets that earlier rows of a file are: those that were there, and those that it made."""

    numbers: set[int]
    made: set[str]

    def holds(self, kept: Kept) -> bool:
        """Whether an earlier row is this bet."""
        return kept.number in self.numbers or kept.draft.identity in self.made

    def make(self, draft: Draft, kept: Sequence[Kept]) -> Draft:
        """A new bet; one that was placed twice is told from the first."""
        there = self.made | {x.draft.identity for x in kept}
        count, made = 1, draft
        while made.identity in there:
            count += 1
            made = replace(draft, occasion=f"{AGAIN}{count}")
        self.made.add(made.identity)
        return made


def _registration(slip: ImportedBet, same_words: set[int], taken: _Taken) -> Registration:
    """A bet of a file; `taken` are those of earlier rows."""
    draft = slip.draft

    def decide(wager: Wager | None, game: Game | None, kept: Sequence[Kept]) -> Meeting:
        free = [x for x in kept if not taken.holds(x) and _on_the_day(x, slip)]
        mine = [x for x in free if _same_row(x, draft)]
        found: Meeting
        if mine:
            found = Known(mine[0].number, mine[0].draft)
        else:
            found = meet(draft, wager, game, [replace(x, by_words=False) for x in free])
        if isinstance(found, Known):
            taken.numbers.add(found.number)
            return found
        return Fresh(taken.make(found.draft, kept))

    number = draft.occasion.removeprefix(TICKET)
    plain = number.isascii() and number.isdigit() and len(number) < _LONGEST
    own = {int(number)} if plain else set()
    return Registration(draft, decide=decide, who="import", also=frozenset(same_words | own))


def _same_row(kept: Kept, draft: Draft) -> bool:
    """Whether a bet came from this row, in these words, or went out with this number."""
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


def _late(slip: ImportedBet, source: str) -> str:
    return f"it is dated {slip.day}, and {source} tells no result"
