"""Takes bets from files, with their results where a file has them; no bet comes in twice.

`bring_in` imports an export of another tracker once. `take` keeps the bets in step with the bets
file: what was added to it, changed, or taken out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from tracker.app.bets import Bets, check, check_placed
from tracker.app.choose_game import Choice, Chooser
from tracker.domain import BadBet
from tracker.domain.bet import Result, Status, Wager
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.league import slate_date
from tracker.domain.money import plural, several
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
    says,
)
from tracker.engine.settle.by_hand import Case, Decide, Ruling, brought, paid_anew
from tracker.intake.bets_file import BetsFile
from tracker.intake.imports import ImportedBet
from tracker.store import Store
from tracker.store.auditing import PAYOUT, Audit
from tracker.store.bets import BETS_FILE, Added, Registration

_LONGEST = 10
"""An id with this many digits or more is not the number of a bet here."""

_NEAR = timedelta(days=1)
"""How far a row's date may be from the date of the game that its bet is on."""

OLD = timedelta(days=1)
"""A bets file last written longer ago than this may be about games that are over."""

_MOST_MATCHED = 50
"""If no more bets than this are new, each is matched with its game here; else the daemon does
it."""

_LONGEST_TEXT = 1 << 20


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
    late = {y.number: _late(x, source) for x, y in done if y.created and _is_past(x, now)}
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


def _late(slip: ImportedBet, source: str) -> str:
    return f"it is dated {slip.day}, and {source} tells no result"


@dataclass(frozen=True, slots=True)
class FileStanding:
    """What the last reading of the bets file found.

    `mistakes` has a sentence for each mistake in it. `left` are bets that it held before and no
    longer holds, but that stay followed until a person says otherwise. `text` is its content.
    `held` are the bets whose lines were in it, followed or not.
    """

    mistakes: tuple[str, ...] = ()
    left: tuple[int, ...] = ()
    text: str = ""
    held: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What the file changed about a bet that was settled, or was edited elsewhere before.

    `undone` is whether it took back an edit made elsewhere.
    """

    bet: int | str
    pick: str
    changes: tuple[Audit, ...]
    undone: bool


@dataclass(frozen=True, slots=True)
class FileTaken:
    """The result of reading the bets file: registered bets with their words, numbers withdrawn.

    `rewritten` are the changes that a person must be told of.
    """

    standing: FileStanding
    registered: tuple[tuple[Added, str], ...] = ()
    withdrawn: tuple[int, ...] = ()
    rewritten: tuple[Rewritten, ...] = ()


async def standing_of(store: Store) -> FileStanding:
    """What the last reading of the bets file found."""
    note = await store.note(BETS_FILE)
    if note is None:
        return FileStanding()
    found = json.loads(note)
    held = tuple(found.get("held", ()))
    return FileStanding(tuple(found["mistakes"]), tuple(found["left"]), found["text"], held)


async def take(
    bets: Bets, found: BetsFile, source: str, now: datetime, real_now: datetime
) -> FileTaken:
    """Register what is new in the bets file, change what was changed, withdraw what was taken out.

    A file that cannot be read, is empty or was cut short withdraws nothing: the bets missing from
    it stay followed until a person says otherwise. `real_now` is this machine's time, by which
    files are dated.
    """
    before = await standing_of(bets.store)
    kept = await bets.store.file_drafts()
    cut = found.readable and _cut(found.text, before.text) and bool(kept)
    if not found.readable or cut:
        mistakes = found.mistakes or ((_missing(source, len(kept)),) if kept and not cut else ())
        mistakes += (f"{source}: it was cut short: nothing of it was taken",) if cut else ()
        return await _kept(bets.store, replace(before, mistakes=mistakes))
    old = found.written_at is not None and real_now - found.written_at > OLD
    reader = _Reader(bets, now, found.written_at if old else None, frozenset(before.held))
    await reader.read(found, kept)
    gone = tuple(x for x in kept if x not in reader.held)
    # A line that cannot be read may be one of the bets that are missing.
    left = gone if found.mistakes or _too_many(len(gone), len(kept)) else ()
    withdrawn = [x for x in gone if not left and await bets.store.withdraw(x, now, "file")]
    mistakes = (*found.mistakes, *reader.mistakes)
    if left:
        names = [kept[x].name or x for x in left]
        mistakes += (_asks(source, names, len(kept)),)
    standing = FileStanding(mistakes, left, found.text[:_LONGEST_TEXT], tuple(reader.held))
    made = await _kept(bets.store, standing)
    rewritten = [await _rewritten(bets, x.number, now) for x, _ in reader.registered if x.changed]
    return replace(
        made,
        registered=tuple(reader.registered),
        withdrawn=tuple(withdrawn),
        rewritten=tuple(x for x in rewritten if x is not None),
    )


async def _rewritten(bets: Bets, number: int, now: datetime) -> Rewritten | None:
    """What the file just changed about a bet, where a person must be told; else None."""
    audits = await bets.store.by_hand.audits(number)
    made = tuple(x for x in audits if (x.at, x.who) == (now, bets.who))
    last = {x.what: x for x in audits if x not in made}
    undone = any(x.what in last and last[x.what].who != bets.who for x in made)
    if not (undone or any(x.what == PAYOUT for x in made)):
        return None
    bet = await bets.bet(str(number))
    return Rewritten(bet.id, bet.called, made, undone)


async def withdraw_left(bets: Bets, now: datetime) -> tuple[int, ...]:
    """Withdraw the bets that have left the file, as a person has asked; returns their numbers."""
    standing = await standing_of(bets.store)
    done = [x for x in standing.left if await bets.store.withdraw(x, now, bets.who)]
    await _kept(bets.store, replace(standing, left=(), mistakes=()))
    return tuple(done)


async def _kept(store: Store, standing: FileStanding) -> FileTaken:
    await store.keep_note(BETS_FILE, json.dumps(asdict(standing), ensure_ascii=False))
    return FileTaken(standing)


def _cut(text: str, before: str) -> bool:
    """Whether a text is the beginning of the one before, cut within a line."""
    return 0 < len(text) < len(before) and before.startswith(text) and not text.endswith("\n")


def _too_many(gone: int, kept: int) -> bool:
    """Whether all bets are gone, or several and at least half: the file may have been cut."""
    return gone > 0 and (gone == kept or (gone > 1 and 2 * gone >= kept))


def _missing(source: str, kept: int) -> str:
    held, stay = plural(kept, "bet"), several(kept, "stays")
    return f"{source}: the file is not there any more: {held} that it held {stay} followed"


def _asks(source: str, left: Sequence[int | str], held: int) -> str:
    numbers = ", ".join(f"#{x}" for x in left)
    if held == 1:
        return (
            f"{source}: its only bet is gone from it and stays followed ({numbers}): "
            "`tracker withdraw --gone` ends it, or write it again"
        )
    gone, stay = several(len(left), "is"), several(len(left), "stays")
    them = "it" if len(left) == 1 else "them"
    return (
        f"{source}: {plural(len(left), 'bet')} {gone} gone from it and {stay} followed "
        f"({numbers}): `tracker withdraw --gone` ends {them}, or write {them} again"
    )


class _Reader:
    """Takes the bets of a file one by one; `held` are the bets found in it, by number."""

    def __init__(
        self, bets: Bets, now: datetime, old_since: datetime | None, stood: frozenset[int]
    ) -> None:
        """`old_since` is when the file was written, if that is long ago; else None.

        `stood` are the bets whose lines were in the file when it was last read.
        """
        self._bets = bets
        self._now = now
        self._old_since = old_since
        self._stood = stood
        self.held: dict[int, str] = {}
        self.mistakes: list[str] = []
        self.registered: list[tuple[Added, str]] = []

    async def read(self, found: BetsFile, kept: Mapping[int, Draft]) -> None:
        """Take all bets of the file; `kept` are those that the last reading found in it."""
        by_words = await self._bets.store.numbers_of([x.identity for x in found.drafts])
        other = kept.keys() - by_words.values()
        spare = {x.number: x for x in await self._bets.store.kept(sorted(other))}
        fresh: list[tuple[Draft, str]] = []
        for draft, place in zip(found.drafts, found.places, strict=True):
            number = by_words.get(draft.identity, 0)
            same = number if number in kept else _earlier_wording(draft, spare.values())
            if same is None:
                if await self._withdrawn_since(number):
                    self._hold(number, place)
                else:
                    fresh.append((draft, place))
                continue
            spare.pop(same, None)
            self._hold(same, place)
            await self._rewrite(same, kept[same], draft, place)
        await self._register(fresh, frozenset(by_words))

    async def _withdrawn_since(self, number: int) -> bool:
        """Whether a person withdrew a bet whose line still stands in the file."""
        if number not in self._stood:
            return False
        bet = await self._bets.store.bet_view(number, self._bets.rules)
        return bet is not None and bet.status is Status.WITHDRAWN

    def _hold(self, number: int, place: str) -> None:
        if number in self.held:
            self.mistakes.append(
                f"{place}: the same bet stands above ({self.held[number]}); it is counted once"
            )
        self.held.setdefault(number, place)

    async def _rewrite(self, number: int, before: Draft, draft: Draft, place: str) -> None:
        if replace(draft, occasion=before.occasion) == before:
            return
        try:
            if await self._bets.rewrite(number, draft, self._now, before):
                added = Added(number, created=False, changed=True)
                self.registered.append((added, draft.pick.text))
        except BadBet as why:
            self.mistakes.append(f"{place}: {why}")

    async def _register(self, fresh: Sequence[tuple[Draft, str]], words: frozenset[str]) -> None:
        wanted: list[Registration] = []
        places: list[str] = []
        few = len(fresh) <= _MOST_MATCHED
        following = await self._bets.store.next_number()
        for draft, place in fresh:
            try:
                check(draft)
                check_placed(draft, self._now)
                await self._bets.check_name(draft, following)
                if draft.identity not in words:
                    self._check_age(draft)
                chosen = await self._chosen(draft) if few else Choice(())
            except BadBet as why:
                self.mistakes.append(f"{place}: {why}")
                continue
            wanted.append(self._bets.registration(draft, chosen, self._now))
            places.append(place)
        registered = await self._bets.store.register(wanted, self._bets.rules, self._now)
        for one, place, added in zip(wanted, places, registered, strict=True):
            if isinstance(added, BadBet):
                self.mistakes.append(f"{place}: {added}")
                continue
            self._hold(added.number, place)
            if added.created or added.revived or added.changed:
                self.registered.append((added, one.draft.pick.text))

    def _check_age(self, draft: Draft) -> None:
        """Refuse a line without a date in a file that was written long ago."""
        dated = draft.matchup is not None and draft.matchup.day is not None
        if self._old_since is None or dated or draft.placed_at is not None:
            return
        raise BadBet(
            f"{draft.pick.text!r} names no date, and the file was last written on "
            f"{self._old_since.date()}: write which game it is about, such as "
            f'game = "LAL@DEN {self._now.date()}"'
        )

    async def _chosen(self, draft: Draft) -> Choice:
        """The game that a line means now, which lets the same bet be found if entered elsewhere."""
        try:
            return await Chooser(self._bets.store, self._now).choose(draft)
        except BadBet as why:
            return Choice((), str(why))


def _earlier_wording(draft: Draft, kept: Iterable[Kept]) -> int | None:
    """The bet that a line stood for before its price, stake or wording was changed; else None."""
    if draft.name is not None:
        return None
    return next((x.number for x in kept if x.draft.name is None and says(draft, x)), None)
