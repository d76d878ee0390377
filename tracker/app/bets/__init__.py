"""The use cases on bets: add, edit, withdraw, settle, void, regrade.

The terminal, the bets file, an import and the chat all use them, so that the same bet is one bet
however it is entered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker.app.choose_game import Choice
from tracker.domain import BadBet
from tracker.domain.bet import (
    Bet,
    Leg,
    Parlay,
    Result,
    Settlement,
    Status,
    Wager,
    joint_result,
    number_of,
    wager_text,
)
from tracker.domain.catalog import Team, guests_of
from tracker.domain.catalog.books import house_of
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.league import LEAGUE_ZONE
from tracker.domain.policy import Rule
from tracker.domain.same_bet import Fresh, Kept, Meeting, meet
from tracker.engine.settle import by_hand
from tracker.engine.settle.certainty import rules_as_added
from tracker.engine.settle.grading import Sure
from tracker.intake import Beside, Changes, changed, draft_of
from tracker.store import Store
from tracker.store.auditing import Audit, Edit
from tracker.store.bets import Added, Registration
from tracker.store.views import BetView, ShowView
from tracker.wording import certain_text

_BEFORE = timedelta(minutes=30)
"""How long before a tip-off the example of a time of placing lies."""

_PLAYED = timedelta(hours=3)
"""How long after tip-off a game may still be in play, so that a bet may have been placed on it."""


@dataclass(frozen=True, slots=True)
class Already:
    """What is certain about a bet before its games end.

    `results` are those of its legs, None for one that is open; the words also tell which of its
    games are off.
    """

    words: tuple[str, ...] = ()
    results: tuple[Result | None, ...] = ()

    @property
    def decides(self) -> bool:
        """Whether the bet is decided."""
        return joint_result(self.results) is not None


def already(draft: Draft, chosen: Choice) -> Already:
    """What the states of its games make certain about a bet, such as a leg on a past quarter."""
    if not chosen.games:
        return Already()
    states = {x.game.id: Sure(x) for x in chosen.states if x.phase.in_play}
    wager, house = draft.wager(chosen.games, chosen.roster_of), house_of(draft.book)
    found = [
        states[leg.game.id].verdict(leg.market, house) if leg.game.id in states else None
        for leg in _legs(draft, wager, chosen.games)
    ]
    results = tuple(None if x is None else x.result for x in found)
    words = tuple(
        certain_text(x.result, x.reason, place if len(found) > 1 else None)
        for place, x in enumerate(found, 1)
        if x is not None
    )
    off = tuple(f"{x.game.name} is {x.phase.value}" for x in chosen.states if x.phase.off)
    return Already(off + words, results)


def _legs(draft: Draft, wager: Wager, games: Sequence[Game]) -> tuple[Leg, ...]:
    return wager.legs if isinstance(wager, Parlay) else (Leg(games[0], wager, draft.odds),)


def wager_of(draft: Draft, chosen: Choice) -> Wager | None:
    """What a bet is on; None while its games are not known."""
    return draft.wager(chosen.games, chosen.roster_of) if chosen.games else None


def understood(draft: Draft, chosen: Choice) -> str:
    """A bet as it is understood, or as written while its games are not known."""
    return _text(draft, wager_of(draft, chosen), chosen.games)


def _text(draft: Draft, wager: Wager | None, games: Sequence[Game]) -> str:
    return draft.pick.text if wager is None else wager_text(wager, games[0])


@dataclass(frozen=True, slots=True)
class Registered:
    """The result of adding a bet. `wager` is None until its games are known; `waiting` says why.

    `already` is what was certain about the bet when it was added.
    """

    added: Added
    draft: Draft
    wager: Wager | None
    games: tuple[Game, ...]
    waiting: str | None
    rules: tuple[Rule, ...]
    already: Already = Already()

    @property
    def id(self) -> int | str:
        """The person's own id where one was given, else the bet's number."""
        return self.added.number if self.draft.name is None else self.draft.name

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The legs of the bet, as far as they are known."""
        return () if self.wager is None else _legs(self.draft, self.wager, self.games)

    @property
    def first_game(self) -> Game | None:
        """The game that stands for the bet: a parlay's first to tip off."""
        if isinstance(self.wager, Parlay):
            return self.wager.games[0]
        return next(iter(self.games), None)

    def bet(self, added_at: datetime) -> Bet:
        """The bet as it was registered. Raises ValueError while its games are not known."""
        game = self.first_game
        if self.wager is None or game is None:
            raise ValueError("the games of the bet are not known yet")
        return self.draft.bet(self.added.number, self.wager, game, self.rules, added_at)

    @property
    def text(self) -> str:
        """The bet as it was understood, or as written while its games are not known."""
        return _text(self.draft, self.wager, self.games)


@dataclass(frozen=True, slots=True)
class Edited:
    """A bet after an edit, and what was changed; nothing where it was so already."""

    bet: BetView
    changes: tuple[Audit, ...]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A bet as it was before, and whether it was withdrawn; not if it was over already."""

    bet: BetView
    done: bool

    @property
    def already(self) -> str:
        """Why nothing was done, in words that follow the bet's name."""
        gone = self.bet.status is Status.WITHDRAWN
        return "had been withdrawn already" if gone else "was over already"


@dataclass(frozen=True, slots=True)
class Decided:
    """A bet after a decision on its result, the settlement, and the bet as it was `before`."""

    bet: BetView
    settlement: Settlement
    before: BetView

    @property
    def as_before(self) -> bool:
        """Whether the decision only confirmed the result that was there."""
        return self.before.revision == self.settlement.revision


_LONGEST_NAME = 64
"""The most characters of an id, a book or a tag, which stand in tables and messages."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def check_word(what: str, text: str) -> None:
    """Refuse an id, a book or a tag with BadBet that would not fit on one line of a table."""
    if len(text) > _LONGEST_NAME or _CONTROL.search(text):
        shown = text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"
        wanted = f"at most {_LONGEST_NAME} characters on one line"
        raise BadBet(f"the {what} {shown!r} is no name: give {wanted}")


def check(draft: Draft, before: Draft | None = None) -> None:
    """Refuse with BadBet what cannot be a bet, whatever its games are.

    `before` is the bet before an edit, whose own id, book and tags are not judged again.
    """
    if draft.stake_cents == 0:
        raise BadBet(
            f"{draft.pick.text!r}: a stake of $0.00 is no bet: write one such as $20 (within "
            "single quotes, on a command line), or leave it out to watch only"
        )
    for what, text in _words(draft):
        if before is None or (what, text) not in _words(before):
            check_word(what, text)
    if draft.free and draft.stake_cents is None:
        raise BadBet(f"{draft.pick.text!r}: say how much the free bet is worth, such as $10")
    draft.check_game()


def _words(draft: Draft) -> tuple[tuple[str, str], ...]:
    """What a bet is found by: its id, its book and its tags, each with what it is."""
    named = ("id", draft.name), ("book", draft.book), *(("tag", x) for x in draft.tags)
    return tuple((what, text) for what, text in named if text is not None)


_CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a person's clock may be ahead of this machine's."""


def check_placed(draft: Draft, now: datetime) -> None:
    """Refuse with BadBet a time of placing that is yet to come."""
    if draft.placed_at is not None and draft.placed_at > now + _CLOCKS_DIFFER:
        placed, here = draft.placed_at.isoformat(timespec="minutes"), now.astimezone()
        raise BadBet(
            f"{draft.pick.text!r}: the time of placing, {placed}, is yet to come: by this "
            f"machine's clock it is {here.isoformat(timespec='minutes')}"
        )


@dataclass(frozen=True, slots=True)
class Bets:
    """The bets of one database, as one entry point uses them.

    `rules` are those of bets without rules of their own. `unit_cents` is the size of one unit of
    stake. `who` names the entry point for the audit log: `cli`, `chat`, `file` or `import`.
    """

    store: Store
    rules: tuple[Rule, ...]
    unit_cents: int
    who: str = "cli"

    async def draft(self, line: str, beside: Beside, now: datetime) -> Draft:
        """The draft of a line, as `draft_of`; a team in no catalog is looked up in the slate."""
        try:
            return draft_of(line, beside, self.unit_cents, now=now)
        except BadBet:
            if not (guests := await self.guests()):
                raise
            return draft_of(line, beside, self.unit_cents, guests, now=now)

    async def guests(self) -> tuple[Team, ...]:
        """The teams of the slate that are in no catalog."""
        return guests_of(await self.store.seasons.teams())

    async def add(self, draft: Draft, chosen: Choice, now: datetime) -> Registered:
        """Register a bet whose games were chosen, or find the same bet if it is there already.

        Raises BadBet for what cannot be a bet: a stake of nothing, a game that is over, or an id
        that is another bet's number.
        """
        check(draft)
        check_placed(draft, now)
        await self.check_name(draft)
        wager = wager_of(draft, chosen)
        certain = already(draft, chosen)
        wanted = replace(
            self.registration(draft, chosen, now), rule_states=rules_as_added(certain.results)
        )
        (added,) = await self.store.register([wanted], self.rules, now)
        if isinstance(added, BadBet):
            raise added
        rules = self.rules if draft.rules is None else draft.rules
        return Registered(added, draft, wager, chosen.games, chosen.waiting, rules, certain)

    def registration(self, draft: Draft, chosen: Choice, now: datetime) -> Registration:
        """A bet as the store registers it: the same bet that is there, or a new one."""

        def decide(wager: Wager | None, game: Game | None, kept: Sequence[Kept]) -> Meeting:
            found = meet(draft, wager, game, kept)
            if isinstance(found, Fresh):
                check_over(draft, chosen)
            return found

        return Registration(
            draft,
            chosen.games or None,
            chosen.roster_of,
            decide,
            self.who,
            paid=lambda case: by_hand.paid_anew(case, now),
        )

    async def check_name(self, draft: Draft, next_number: int | None = None) -> None:
        """Refuse an id that would hide another bet's number.

        `next_number` is the number that the next bet will get: no bet has a number from there on,
        so many ids can be checked without reading the store for each.
        """
        name = draft.name
        number = None if name is None else number_of(name)
        if number is None or (next_number is not None and number >= next_number):
            return
        other = await self.store.bet_view(number, self.rules)
        if other is not None and other.draft.name != name:
            raise BadBet(
                f"the id {name!r} is the number of another bet, {other.draft.pick.text!r}: give a "
                f"text, such as 'b{name}'"
            )

    async def number(self, reference: str) -> int:
        """The number of the bet that a person refers to; BadBet when there is none."""
        found = await self.store.find(reference)
        if found is None:
            raise BadBet(f"there is no bet {reference}: `tracker bets` lists them")
        return found

    async def bet(self, reference: str) -> BetView:
        """The bet that a person refers to, as it stands; BadBet when there is none."""
        return await self._view(await self.number(reference))

    async def history(self, reference: str) -> ShowView:
        """The bet that a person refers to, with its history; BadBet when there is none."""
        found = await self.store.show_view(await self.number(reference), self.rules)
        if found is None:
            raise RuntimeError("a bet that was just found is gone")
        return found

    async def edit(self, reference: str, changes: Changes, now: datetime) -> Edited:
        """Change a bet; the payout of a settled one is worked out again.

        `now` is on the person's own clock, for words such as `tonight`. Raises BadBet for a bet of
        the bets file, for a pick that is changed too late, and for a change that would make it the
        same as another bet.
        """
        number = await self.number(reference)
        old = await self.store.by_hand.draft(number)
        if old.from_file:
            raise BadBet(f"bet {old.name or number} stands in the bets file: change it there")
        new = changed(old, changes, self.unit_cents, now, await self.guests())
        made = await self.store.by_hand.edit(self.rewriting(number, new, now, old), now)
        return Edited(await self._view(number), tuple(made))

    def rewriting(self, number: int, new: Draft, now: datetime, old: Draft) -> Edit:
        """The edit that makes a bet equal to the draft `new`. Raises BadBet where it is no bet.

        What is as in the draft `old` of the bet is not judged again.
        """
        check(new, old)
        if new.placed_at != old.placed_at:
            check_placed(new, now)
        return Edit(number, new, self.who, lambda case: by_hand.paid_anew(case, now))

    async def watch_for(
        self, reference: str, rules: tuple[Rule, ...] | None, now: datetime
    ) -> BetView:
        """Give a bet rules of its own, or with None the default rules."""
        number = await self.number(reference)
        await self.store.by_hand.watch_for(number, rules, self.who, now)
        return await self._view(number)

    async def withdraw(self, reference: str, now: datetime) -> Withdrawn:
        """Stop following a bet; its history stays."""
        bet = await self.bet(reference)
        return Withdrawn(bet, await self.store.withdraw(bet.number, now, self.who))

    async def take_up(self, reference: str, now: datetime) -> bool:
        """Follow a withdrawn bet again, with its history. Returns whether it was withdrawn."""
        number = await self.number(reference)
        return await self.store.by_hand.take_up(number, self.who, now)

    async def settle(
        self, reference: str, result: Result, why: str, paid: int | None, now: datetime
    ) -> Decided:
        """Give a bet a result, official at once.

        `paid` is the payout in cents where it does not follow from the odds. `why` is the person's
        reason, empty where none was given. Raises BadBet for a result of a game that has not begun,
        and for a payout that does not fit the result.
        """
        before = await self.bet(reference)
        reason = _by_hand(why, before)
        return await self._decided(
            before, lambda case: by_hand.given(case, result, paid, reason, now), "result", now
        )

    async def void(self, reference: str, why: str, now: datetime) -> Decided:
        """Settle a bet as void, official at once, whether or not its game is known."""
        before = await self.bet(reference)
        reason = _by_hand(why, before)
        return await self._decided(
            before, lambda case: by_hand.voided(case, reason, now), "result", now
        )

    async def regrade(self, reference: str, now: datetime) -> Decided:
        """Grade a bet again from the last states of its games, whoever decided it before.

        Raises BadBet with the reason where it cannot be graded.
        """
        before = await self.bet(reference)
        return await self._decided(
            before, lambda case: by_hand.graded_again(case, now), "regraded", now
        )

    async def reviews(self) -> list[BetView]:
        """The bets whose result a person must decide, by number."""
        return await self.store.by_hand.reviews(self.rules)

    async def _decided(
        self, before: BetView, decide: by_hand.Decide, what: str, now: datetime
    ) -> Decided:
        done = await self.store.by_hand.decide(before.number, decide, now, self.who, what)
        if done is None:
            raise RuntimeError("a decision that always decides did not")
        return Decided(await self._view(before.number), done, before)

    async def _view(self, number: int) -> BetView:
        found = await self.store.bet_view(number, self.rules)
        if found is None:
            raise RuntimeError("a bet that was just found is gone")
        return found


def _by_hand(why: str, bet: BetView) -> str:
    """The reason that is kept with a person's result: the question that it answers, if no other."""
    asked = f"asked, since {bet.review}" if bet.review else ""
    return ": ".join(x for x in ("by hand", why.strip() or asked) if x)


def unregistered(draft: Draft, chosen: Choice) -> Registered:
    """A bet that is only priced and not registered; BadBet where it could not be made."""
    if chosen.over:
        raise BadBet(f"{draft.pick.text!r}: {chosen.over}, so it is too late to bet on it")
    nothing, certain = Added(0, created=False), already(draft, chosen)
    wager = wager_of(draft, chosen)
    return Registered(nothing, draft, wager, chosen.games, chosen.waiting, (), certain)


def check_over(draft: Draft, chosen: Choice) -> None:
    """Refuse a new bet on a game that is over, unless it says that it was placed in time."""
    if not chosen.over:
        return
    starts = [x.start for x in chosen.games or chosen.meant]
    if draft.placed_at is None or draft.placed_at > max(starts) + _PLAYED:
        before = min(starts).astimezone(LEAGUE_ZONE) - _BEFORE
        raise BadBet(
            f"{draft.pick.text!r}: {chosen.over}, so it is too late to bet on it; if it was placed "
            "in time, say when: placed_at in the bets file, or `tracker add LINE --placed-at "
            f"{before.isoformat(timespec='minutes')}`"
        )
