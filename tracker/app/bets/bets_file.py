"""Keeps bets in step with the bets file: what was added to it, changed, or taken out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from tracker.app.bets import Bets, check, check_placed
from tracker.app.choose_game import Choice, Chooser
from tracker.domain import BadBet
from tracker.domain.bet import Status
from tracker.domain.draft import Draft
from tracker.domain.money import plural, several
from tracker.domain.same_bet import Kept, says
from tracker.intake.bets_file import BetsFile
from tracker.store import Store
from tracker.store.auditing import PAYOUT, Audit, Edit
from tracker.store.bets import BETS_FILE, Added, Registration

OLD = timedelta(days=1)
"""A bets file last written longer ago than this may be about games that are over."""

_MOST_MATCHED = 50
"""If no more bets than this are new, each is matched with its game here; else the daemon does
it."""

_LONGEST_TEXT = 1 << 20
"""Most characters of the file that are kept, to see whether it was cut short."""


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
    changed = [x.number for x, _ in reader.registered if x.changed]
    audits = await bets.store.by_hand.audits_of(changed)
    rewritten = [await _rewritten(bets, x, audits[x], now) for x in changed]
    return replace(
        made,
        registered=tuple(reader.registered),
        withdrawn=tuple(withdrawn),
        rewritten=tuple(x for x in rewritten if x is not None),
    )


async def _rewritten(
    bets: Bets, number: int, audits: Sequence[Audit], now: datetime
) -> Rewritten | None:
    """What the file just changed about a bet, where a person must be told; else None."""
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


@dataclass(slots=True)
class _Reader:
    """Takes the bets of a file one by one; `held` are the bets found in it, by number.

    `old_since` is when the file was written, if that is long ago; else None. `stood` are the bets
    whose lines were in the file when it was last read.
    """

    _bets: Bets
    _now: datetime
    _old_since: datetime | None
    _stood: frozenset[int]
    held: dict[int, str] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    registered: list[tuple[Added, str]] = field(default_factory=list)

    async def read(self, found: BetsFile, kept: Mapping[int, Draft]) -> None:
        """Take all bets of the file; `kept` are those that the last reading found in it."""
        by_words = await self._bets.store.numbers_of([x.identity for x in found.drafts])
        other = kept.keys() - by_words.values()
        spare = {x.number: x for x in await self._bets.store.kept(sorted(other))}
        fresh: list[tuple[Draft, str]] = []
        edits: list[tuple[Edit, str]] = []
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
            if replace(draft, occasion=kept[same].occasion) != kept[same]:
                try:
                    edit = self._bets.rewriting(same, draft, self._now, kept[same])
                except BadBet as why:
                    self.mistakes.append(f"{place}: {why}")
                else:
                    edits.append((edit, place))
        await self._rewrite(edits)
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

    async def _rewrite(self, edits: Sequence[tuple[Edit, str]]) -> None:
        made = await self._bets.store.by_hand.edit_all([x for x, _ in edits], self._now)
        for (edit, place), audits in zip(edits, made, strict=True):
            if isinstance(audits, BadBet):
                self.mistakes.append(f"{place}: {audits}")
            elif audits:
                added = Added(edit.number, created=False, changed=True)
                self.registered.append((added, edit.draft.pick.text))

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
