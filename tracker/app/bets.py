"""What a person does with bets, each written once, whichever way they come in.

The terminal, the file of bets, an import and a chat all register, change and decide bets here, so
that the same bet is one bet whoever brings it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracker.app.choose_game import Choice
from tracker.domain import BadBet
from tracker.domain.bet import Bet, Leg, Parlay, Result, Settlement, Wager, wager_text
from tracker.domain.catalog.books import house_of
from tracker.domain.draft import Draft
from tracker.domain.league import LEAGUES
from tracker.domain.money import Odds, money_text, parse_odds
from tracker.domain.pick import Written
from tracker.domain.policy import Rule, parse_rule
from tracker.domain.same_bet import Fresh, Kept, Meeting, meet
from tracker.engine.settle import by_hand
from tracker.engine.settle.grading import Sure
from tracker.language import (
    find_in,
    parse_bet,
    parse_matchup,
    parse_placed_at,
    parse_stake,
    read_line,
    stake_written,
)
from tracker.store.auditing import Audit, Edit
from tracker.store.bets import Added, Registration
from tracker.wording.figures import certain_text

if TYPE_CHECKING:
    from tracker.domain.catalog import Team
    from tracker.domain.game import Game
    from tracker.store import Store
    from tracker.store.views import BetView

_PLAYED = timedelta(hours=3)
"""How long after its tip-off a game may last that a bet was placed on while it was played."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the line, as a person writes it."""

    game: str | None = None
    odds: str | None = None
    stake: str | None = None
    book: str | None = None
    rules: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    name: str | None = None
    placed_at: str | None = None
    free: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be another of a bet, as a person writes it; None leaves it."""

    pick: str | None = None
    game: str | None = None
    odds: str | None = None
    stake: str | None = None
    book: str | None = None
    tags: tuple[str, ...] | None = None
    placed_at: str | None = None
    free: bool | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is to be changed."""
        return self == Changes()


@dataclass(frozen=True, slots=True)
class Already:
    """What is certain of a bet while its games go on, leg by leg, and whether that decides it."""

    words: tuple[str, ...] = ()
    decides: bool = False


def already(draft: Draft, chosen: Choice) -> Already:
    """What is certain of a bet by the states of its games, such as of a quarter that is over."""
    if not chosen.games:
        return Already()
    states = {x.game.id: Sure(x) for x in chosen.states if x.phase.in_play}
    house, legs = (
        house_of(draft.book),
        _legs(draft, draft.wager(chosen.games, chosen.roster_of), chosen.games),
    )
    found = [
        states[leg.game.id].verdict(leg.market, house) if leg.game.id in states else None
        for leg in legs
    ]
    results = {None if x is None else x.result for x in found}
    words = tuple(
        certain_text(x.result, x.reason, place if len(legs) > 1 else None)
        for place, x in enumerate(found, 1)
        if x is not None
    )
    return Already(words, Result.LOST in results or None not in results)


def _legs(draft: Draft, wager: Wager, games: Sequence[Game]) -> tuple[Leg, ...]:
    return wager.legs if isinstance(wager, Parlay) else (Leg(games[0], wager, draft.odds),)


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of adding. `wager` is None, and `waiting` says why, until the games are known.

    `already` is what was certain of it when it was added.
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
        """The person's own id where one was given, else the number."""
        return self.added.number if self.draft.name is None else self.draft.name

    @property
    def legs(self) -> tuple[Leg, ...]:
        """What must come true, as far as it is known."""
        return () if self.wager is None else _legs(self.draft, self.wager, self.games)

    @property
    def first_game(self) -> Game | None:
        """The game that the bet goes by: of a parlay the first to tip off."""
        if isinstance(self.wager, Parlay):
            return self.wager.games[0]
        return next(iter(self.games), None)

    def bet(self, added_at: datetime) -> Bet:
        """The bet as it was registered; to be asked for once its games are known."""
        game = self.first_game
        if self.wager is None or game is None:
            raise ValueError("the games of the bet are not known yet")
        return Bet(
            self.added.number,
            self.draft.pick.text,
            self.wager,
            game,
            self.rules,
            added_at,
            odds=self.draft.odds,
            stake_cents=self.draft.stake_cents,
            book=self.draft.book,
            lines=self.draft.lines,
            free=self.draft.free,
        )

    @property
    def text(self) -> str:
        """The bet as it is understood, else as it was written."""
        if self.wager is None:
            return self.draft.pick.text
        return wager_text(self.wager, self.games[0])


@dataclass(frozen=True, slots=True)
class Edited:
    """A bet as it stands after a change, and what was changed; nothing where it was so already."""

    bet: BetView
    changes: tuple[Audit, ...]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A bet as it was, and whether it is followed no more; not where it was over already."""

    bet: BetView
    done: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """A bet as it stands after a decision on its result, and the result; `before` as it was."""

    bet: BetView
    settlement: Settlement
    before: BetView

    @property
    def as_before(self) -> bool:
        """Whether the decision confirmed what was there."""
        return self.before.revision == self.settlement.revision


def draft_of(line: str, beside: Beside, unit_cents: int, guests: Sequence[Team] = ()) -> Draft:
    """The draft of a line and what stands beside it; BadBet or BadRule when it is not understood.

    `unit_cents` is what one unit of stake is; `guests` are teams that no list has.
    """
    written, matchup = read_line(line, beside.game, guests)
    rules = {x.text: x for x in map(parse_rule, beside.rules)}
    name = None if beside.name is None else beside.name.strip()
    if name == "":
        raise BadBet("the id is empty: give a text or a number of your own, or leave it out")
    tags = (*written.tags, *(x.removeprefix("#") for x in beside.tags))
    return Draft(
        pick=written,
        matchup=matchup,
        game_text=beside.game,
        odds=_odds(written, beside.odds),
        stake_cents=_stake(written, beside.stake, unit_cents),
        name=name,
        rules=tuple(rules.values()) or None,
        tags=tuple(dict.fromkeys(x for x in tags if x)),
        book=beside.book,
        placed_at=None if beside.placed_at is None else parse_placed_at(beside.placed_at),
        free=beside.free or written.free,
    )


def _odds(written: Written, beside: str | None) -> Odds | None:
    if beside is None:
        return written.odds
    if written.odds is not None:
        raise BadBet(f"the odds are given twice, as {written.odds.text} and as --odds: drop one")
    return parse_odds(beside)


def _stake(written: Written, beside: str | None, unit_cents: int) -> int | None:
    said = stake_written(written, unit_cents)
    if beside is None:
        return said
    if said is not None:
        raise BadBet(f"the stake is given twice, as {money_text(said)} and as --stake: drop one")
    return parse_stake(beside, unit_cents)


def changed(old: Draft, changes: Changes, unit_cents: int) -> Draft:
    """A draft with what was given in the place of what was there; BadBet or as `draft_of`."""
    find = find_in(*LEAGUES)
    new = old
    if changes.pick is not None:
        read = parse_bet(changes.pick, find)
        matchup = None if len(read.legs) > 1 else read.legs[0].matchup
        said = stake_written(read, unit_cents)
        new = replace(
            new,
            pick=read,
            matchup=matchup,
            game_text=None,
            odds=read.odds or new.odds,
            stake_cents=new.stake_cents if said is None else said,
        )
    if changes.game is not None:
        new = replace(new, matchup=parse_matchup(changes.game, find), game_text=changes.game)
    if changes.odds is not None:
        new = replace(new, odds=parse_odds(changes.odds))
    if changes.stake is not None:
        new = replace(new, stake_cents=parse_stake(changes.stake, unit_cents))
    if changes.book is not None:
        new = replace(new, book=changes.book.strip() or None)
    if changes.tags is not None:
        new = replace(new, tags=tuple(x.removeprefix("#") for x in changes.tags if x))
    if changes.placed_at is not None:
        new = replace(new, placed_at=parse_placed_at(changes.placed_at))
    if changes.free is not None:
        new = replace(new, free=changes.free)
    return new


def check(draft: Draft) -> None:
    """Refuse what can be no bet, whatever its games turn out to be: BadBet."""
    if draft.stake_cents == 0:
        raise BadBet(
            f"{draft.pick.text!r}: a stake of $0.00 is no bet: leave the stake out to watch only"
        )
    if draft.free and draft.stake_cents is None:
        raise BadBet(f"{draft.pick.text!r}: say how much the free bet is worth, such as $10")
    draft.check_game()


@dataclass(frozen=True, slots=True)
class Bets:
    """The bets of one database, as one way in sees them.

    `rules` are those of bets that bring none, `unit_cents` what one unit of stake is. `who` is the
    way in, for the audit: `cli`, `chat`, `file` or `import`.
    """

    store: Store
    rules: tuple[Rule, ...]
    unit_cents: int
    who: str = "cli"

    async def add(self, draft: Draft, chosen: Choice, now: datetime) -> Registered:
        """Register a bet whose games were chosen, or find the one that it is.

        Raises BadBet for what can be no bet: without a stake, on a game that is over, under an id
        that is another bet's number.
        """
        check(draft)
        await self.check_name(draft)
        wager = draft.wager(chosen.games, chosen.roster_of) if chosen.games else None
        wanted = self.registration(draft, chosen, now)
        (added,) = await self.store.register([wanted], self.rules, now)
        if isinstance(added, BadBet):
            raise added
        rules = self.rules if draft.rules is None else draft.rules
        certain = already(draft, chosen)
        return Registered(added, draft, wager, chosen.games, chosen.why, rules, certain)

    def registration(self, draft: Draft, chosen: Choice, now: datetime) -> Registration:
        """A bet as the store takes it: one that is there, or a new one on a game to come."""

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

        `next_number` is the number that the next bet gets, where many are checked: none has one
        from there on.
        """
        name = draft.name
        if name is None or not (name.isascii() and name.isdigit()):
            return
        if next_number is not None and int(name) >= next_number:
            return
        other = await self.store.bet_view(min(int(name), 2**62), self.rules)
        if other is not None and other.name != name:
            raise BadBet(
                f"the id {name!r} is the number of another bet, {other.pick!r}: give a text, such "
                f"as 'b{name}'"
            )

    async def number(self, reference: str) -> int:
        """The number of the bet that a person means; BadBet when there is none."""
        found = await self.store.find(reference)
        if found is None:
            raise BadBet(f"there is no bet {reference}: `tracker bets` lists them")
        return found

    async def bet(self, reference: str) -> BetView:
        """The bet that a person means, as it stands; BadBet when there is none."""
        return await self._view(await self.number(reference))

    async def edit(self, reference: str, changes: Changes, now: datetime) -> Edited:
        """Change what is wrong with a bet; a bet that has its result is paid anew.

        Raises BadBet for a bet of the file of bets, for a pick that comes too late, and for one
        that would be the same as another bet.
        """
        number = await self.number(reference)
        old = await self.store.by_hand.draft(number)
        if old.from_file:
            raise BadBet(f"bet {old.name or number} stands in the bets file: change it there")
        made = await self.rewrite(number, changed(old, changes, self.unit_cents), now)
        return Edited(await self._view(number), made)

    async def rewrite(self, number: int, new: Draft, now: datetime) -> tuple[Audit, ...]:
        """Make a bet as `new` says; what was changed."""
        check(new)
        wanted = Edit(number, new, self.who, lambda case: by_hand.paid_anew(case, now))
        return tuple(await self.store.by_hand.edit(wanted, now))

    async def watch_for(
        self, reference: str, rules: tuple[Rule, ...] | None, now: datetime
    ) -> BetView:
        """Give a bet rules of its own, or with None those of bets that bring none."""
        number = await self.number(reference)
        await self.store.by_hand.watch_for(number, rules, self.who, now)
        return await self._view(number)

    async def withdraw(self, reference: str, now: datetime) -> Withdrawn:
        """Stop following a bet; its history stays."""
        bet = await self.bet(reference)
        return Withdrawn(bet, await self.store.withdraw(bet.number, now, self.who))

    async def settle(
        self, reference: str, result: Result, why: str, paid: int | None, now: datetime
    ) -> Decided:
        """Give a bet a result, official at once; `paid` in cents where it is not by the odds.

        Raises BadBet for a result of a game to come, and for a payout that is none of the result.
        """
        before = await self.bet(reference)
        return await self._decided(
            before, lambda case: by_hand.given(case, result, paid, why, now), "result", now
        )

    async def void(self, reference: str, why: str, now: datetime) -> Decided:
        """Return the stake of a bet, official at once; BadBet before its game is known."""
        before = await self.bet(reference)
        return await self._decided(
            before, lambda case: by_hand.voided(case, why, now), "result", now
        )

    async def regrade(self, reference: str, now: datetime) -> Decided:
        """Grade a bet once more by the last states of its games, whoever decided it before.

        Raises BadBet with the reason where its result cannot be told.
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


def unregistered(draft: Draft, chosen: Choice) -> Registered:
    """A bet that is only asked about; BadBet where it could not be made."""
    check_over(draft, chosen)
    wager = draft.wager(chosen.games, chosen.roster_of) if chosen.games else None
    nothing, certain = Added(0, created=False), already(draft, chosen)
    return Registered(nothing, draft, wager, chosen.games, chosen.why, (), certain)


def check_over(draft: Draft, chosen: Choice) -> None:
    """Refuse a new bet on a game that is over, unless it says that it was placed in time."""
    if not chosen.over:
        return
    last = max(x.start for x in chosen.games) + _PLAYED
    if draft.placed_at is None or draft.placed_at > last:
        raise BadBet(
            f"{draft.pick.text!r}: {chosen.over}, so it is too late to bet on it; if it was placed "
            "in time, say when, such as --placed-at 2026-11-20T19:05:00-05:00"
        )
