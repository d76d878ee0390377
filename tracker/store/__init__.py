"""The store: everything that the program remembers in one SQLite file, behind one object.

Each method that writes is one transaction. It raises StoreBusy or StoreUnavailable when nothing was
written and the same call may succeed later; the store goes on working.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TextIO

from tracker.domain import BadBet
from tracker.domain.alert import Delivery, DeliveryState, Outcome
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState
from tracker.domain.player import RosterOf, nobody
from tracker.domain.policy import Rule
from tracker.domain.poll import Document, Poll, Usage
from tracker.domain.same_bet import Kept
from tracker.domain.tracking import Change, GameTracking
from tracker.engine.record import Said
from tracker.store import (
    alerting,
    auditing,
    bets,
    outcomes,
    reading,
    recording,
)
from tracker.store import queries as q
from tracker.store.alerting import Alerting, Cards
from tracker.store.auditing import ByHand
from tracker.store.bets import Added, Registration
from tracker.store.database import (
    Database,
    StoreBroken,
    StoreBusy,
    StoreError,
    StoreMissing,
    StoreTooNew,
    StoreTooOld,
    StoreUnavailable,
    WaitOut,
    migrate,
    open_database,
)
from tracker.store.database.migrate import prepare, require_current
from tracker.store.players import Players
from tracker.store.quotes import Quotes
from tracker.store.views import AlertView, BetView, DaemonView, ShowView, StatusView

if TYPE_CHECKING:
    from tracker.store.access import Pairing, WebAccess
    from tracker.store.known import KnownGames, Seasons
    from tracker.store.trials import Trials
    from tracker.store.upkeep import KeptUsage, Monitoring, Upkeep

__all__ = [
    "Store",
    "StoreBroken",
    "StoreBusy",
    "StoreError",
    "StoreMissing",
    "StoreTooNew",
    "StoreTooOld",
    "StoreUnavailable",
]


class Store:
    """One database file, open. Make it with `Store.open`, and close it in any case.

    It follows and reads bets, and is the queue of deliveries. What stands on its own has an object
    of its own here: what is held back and said beside the bets, what a person changes, the live
    cards, past games, the paired chats, the players, the market's quotes, trials of models, and
    chores and back-ups.
    """

    def __init__(self, database: Database) -> None:
        """Made by `open`."""
        self._db = database
        self.alerting = Alerting(database)
        self.by_hand = ByHand(database)
        self.cards = Cards(database)
        self.outcomes = outcomes.Outcomes(database)
        self.players = Players(database)
        self.quotes = Quotes(database)

    # What few commands need is imported by those alone.

    @cached_property
    def monitoring(self) -> Monitoring:
        """Figures of each day and of each model, and how often hosts were asked."""
        from tracker.store.upkeep import Monitoring

        return Monitoring(self._db)

    @cached_property
    def known(self) -> KnownGames:
        """Quoted lines and results of games."""
        from tracker.store.known import KnownGames

        return KnownGames(self._db)

    @cached_property
    def seasons(self) -> Seasons:
        """Dates that were checked, teams' form, players' health."""
        from tracker.store.known import Seasons

        return Seasons(self._db)

    @cached_property
    def pairing(self) -> Pairing:
        """The paired chats."""
        from tracker.store.access import Pairing

        return Pairing(self._db)

    @cached_property
    def web(self) -> WebAccess:
        """Who may look at the page and ask the API."""
        from tracker.store.access import WebAccess

        return WebAccess(self._db)

    @cached_property
    def trials(self) -> Trials:
        """Trials of models."""
        from tracker.store.trials import Trials

        return Trials(self._db)

    @cached_property
    def upkeep(self) -> Upkeep:
        """Chores and back-ups."""
        from tracker.store.upkeep import Upkeep

        return Upkeep(self._db)

    # ----------------------------------------------------------------------------------- opening

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        now: datetime,
        readonly: bool = False,
        durable: bool = True,
        wait_out: WaitOut | None = None,
    ) -> Store:
        """Open the database at `path`, bringing it up to date (or refusing that, when `readonly`).

        A writer makes a missing folder (0700) and file (0600). Raises StoreMissing, StoreTooOld,
        StoreTooNew, StoreBroken, StoreBusy or StoreUnavailable. `durable=False` lets a power cut
        take the last commits; it is for rehearsals. `wait_out` is asked where a write would raise:
        it waits for a full disk or a lock to pass, or raises what it is told.
        """
        database = await open_database(path, readonly=readonly, durable=durable, wait_out=wait_out)
        try:
            if readonly:
                await database.bare(partial(require_current, path=path))
            else:
                await database.exclusive(partial(prepare, path=path, now=now))
                await database.write(outcomes.fill)
        except BaseException:
            await database.close()
            raise
        return cls(database)

    async def close(self) -> None:
        """Let running transactions finish and close; calling it again does nothing."""
        await self._db.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # --------------------------------------------------------------------------------- recording

    async def record(self, poll: Poll, change: Change, channels: Sequence[str]) -> int:
        """Write one poll and all that it changed, deliveries included; returns the poll's id.

        Recording the same again adds nothing, so a call whose answer was lost may be repeated. What
        a person is waiting to be told goes before what is only to be kept.
        """
        return (await self.record_all([(poll, change)], channels))[0]

    async def record_all(
        self, decided: Sequence[tuple[Poll, Change]], channels: Sequence[str]
    ) -> list[int]:
        """The same for several polls, in the order in which they were decided on: all or none."""
        urgent = any(x.notifies for _, change in decided for x in change.alerts)

        def work(db: sqlite3.Connection) -> list[int]:
            return [recording.record(db, poll, change, channels) for poll, change in decided]

        return await self._db.write(work, urgent=urgent)

    async def heard(
        self,
        answers: Mapping[str, tuple[datetime, str]],
        looks: Mapping[str, tuple[datetime, bool]],
        usages: Mapping[str, Usage],
        at: datetime,
    ) -> None:
        """Remember what brought nothing else to record, in one transaction.

        `answers` are how sources answered last: when, and `ok` or the trouble. `looks` are when
        games were last told of, by id, and whether they are stale. `usages` are what has been asked
        of each host, by the name of its settings, `at` this time; none leaves the last ones.
        """
        from tracker.store import upkeep

        def work(db: sqlite3.Connection) -> None:
            recording.saw(db, answers)
            recording.seen(db, looks)
            if usages:
                upkeep.keep_usage(db, usages, at)

        await self._db.write(work)

    # ----------------------------------------------------------------------------- games and bets

    async def save_games(
        self, games: Iterable[tuple[Game, GameState | None]], at: datetime
    ) -> None:
        """Keep what a slate says; what polls have made us believe of a game stays as it is."""
        listed = list(games)
        await self._db.write(lambda db: bets.save_games(db, listed, at))

    async def games(
        self, day: date | None = None, *, since: date | None = None
    ) -> list[tuple[Game, GameState | None]]:
        """The games by tip-off, of one slate or of all `since` one, each as it is best known."""
        return await self._db.read(lambda db: bets.games(db, day, since))

    async def add(
        self,
        draft: Draft,
        *,
        game: bets.Games | None,
        defaults: tuple[Rule, ...],
        at: datetime,
        roster_of: RosterOf = nobody,
        who: str = "cli",
    ) -> Added:
        """Register a bet, or find the one that it is; BadBet when it cannot be.

        A bet with an id of its own may come again with other odds, stake or rules, and until it
        has a history with another pick. `game` is that of every leg, or those of the legs in their
        order, where known; `roster_of` finds their players. `defaults` are the rules of bets that
        bring none: they are remembered for readers that do not know them.
        """
        wanted = Registration(draft, game, roster_of, who=who)
        return await self._db.write(lambda db: bets.add(db, wanted, defaults, at))

    async def register(
        self, wanted: Iterable[Registration], defaults: tuple[Rule, ...], at: datetime
    ) -> list[Added | BadBet]:
        """Register many bets in one transaction; a bad one's error stands in its place."""
        listed = list(wanted)
        return await self._db.write(lambda db: auditing.register(db, listed, defaults, at))

    async def bind(
        self, number: int, game: bets.Games, at: datetime, roster_of: RosterOf = nobody
    ) -> int:
        """Say which game each leg of a bet is about; BadBet when a game lacks its market.

        Returns its number; where it turns out to be the same as another bet, that one's.
        """
        return (await self.bind_all([(number, game)], at, roster_of))[0]

    async def bind_all(
        self,
        matched: Iterable[tuple[int, bets.Games]],
        at: datetime,
        roster_of: RosterOf = nobody,
    ) -> list[int]:
        """Say of many bets which games they are about, in one transaction; as `bind` of each."""
        listed = list(matched)

        def work(db: sqlite3.Connection) -> list[int]:
            return [bets.bind(db, number, games, roster_of, at) for number, games in listed]

        return await self._db.write(work)

    async def unbind(self, numbers: Iterable[int]) -> None:
        """Let bets without a result find their games anew, in one transaction."""
        listed = list(numbers)
        await self._db.write(lambda db: bets.unbind(db, listed))

    async def held_games(self) -> frozenset[str]:
        """The ids of the games that are bet on."""
        return await self._db.read(bets.held_games)

    async def unbound(self) -> list[tuple[int, Draft]]:
        """The bets whose game is not known yet, by number."""
        return await self._db.read(bets.unbound)

    async def withdraw(self, number: int, at: datetime, who: str = "cli") -> bool:
        """Stop following a bet; False when it has its result or was withdrawn already."""
        return await self._db.write(lambda db: auditing.withdrawn(db, number, who, at))

    async def update_rules(self, number: int, rules: tuple[Rule, ...] | None, at: datetime) -> bool:
        """Replace a bet's own rules; None asks for the defaults. False without such a bet."""
        return await self._db.write(lambda db: bets.update_rules(db, number, rules, at))

    async def file_bets(self) -> dict[str, int]:
        """The bets that the bets file holds, as last read: identity to number."""
        return await self._db.read(bets.file_bets)

    async def find(self, reference: str) -> int | None:
        """The number of the bet that a person means: their own id first, then the number."""
        return await self._db.read(lambda db: bets.find(db, reference))

    async def kept_in_file(self) -> list[Kept]:
        """The bets that the bets file holds, as last read, by number."""
        return await self._db.read(bets.kept_in_file)

    async def numbers_of(self, identities: Iterable[str]) -> dict[str, int]:
        """The bets that were once added in these words, by the identity of the words."""
        listed = list(identities)
        return await self._db.read(lambda db: bets.numbers_of(db, listed))

    async def next_number(self) -> int:
        """The number that the next bet gets."""
        return await self._db.read(lambda db: int(db.execute(q.NEXT_NUMBER).fetchone()[0]))

    async def keep_note(self, name: str, text: str) -> None:
        """Keep a text under a name, in the place of the one before."""
        await self._db.write(lambda db: bets.keep_note(db, name, text))

    async def note(self, name: str) -> str | None:
        """The text that was kept under a name."""
        return await self._db.read(lambda db: bets.note(db, name))

    async def trackings(self, defaults: tuple[Rule, ...]) -> list[GameTracking]:
        """Everything that is still to be followed, restored as it was last recorded."""
        return await self._db.read(lambda db: reading.trackings(db, defaults))

    # ------------------------------------------------------------------------------------ outbox

    async def recover(self, at: datetime) -> int:
        """After a start: what was being sent may have arrived. Returns how many that is."""

        def work(db: sqlite3.Connection) -> int:
            alerting.recover_cards(db, at)
            return alerting.recover(db, at)

        return await self._db.write(work)

    async def claim(self, channel: str, at: datetime, limit: int) -> list[Delivery]:
        """Take deliveries of a channel that are due, oldest first, marking them as being sent.

        This and `next_due` go before everything else that waits for the connection.
        """
        return await self._db.write(lambda db: alerting.claim(db, channel, at, limit), urgent=True)

    async def finish(
        self,
        alert_id: int,
        channel: str,
        outcome: Outcome,
        at: datetime,
        *,
        due_at: datetime | None = None,
    ) -> DeliveryState:
        """Write down what came of sending; `due_at` is when to try again, else at once."""
        key = (alert_id, channel)
        return await self._db.write(lambda db: alerting.finish(db, key, outcome, at, due_at))

    async def expire(self, at: datetime, channel: str | None = None) -> list[Delivery]:
        """End what is too late to be useful; returns those of which a digest is to tell."""
        return await self._db.write(lambda db: alerting.expire(db, at, channel))

    async def finish_digest(self, expired: Iterable[Delivery], outcome: Outcome) -> None:
        """Write down what came of the digest of these; on `Failed` they come again."""
        listed = list(expired)
        await self._db.write(lambda db: alerting.finish_digest(db, listed, outcome))

    async def shift(self, channel: str, seconds: float) -> None:
        """Take it that the wall clock was set: what waits on a channel keeps its wait and age."""
        await self._db.write(lambda db: alerting.shift(db, channel, seconds), urgent=True)

    async def next_due(self, channel: str) -> datetime | None:
        """When a channel next has something to send or to expire; None when it has nothing."""
        return await self._db.read(lambda db: alerting.next_due(db, channel), urgent=True)

    # ----------------------------------------------------------------------------------- reading

    async def bets_view(self, defaults: tuple[Rule, ...] | None = None) -> list[BetView]:
        """Every bet that was ever added, by number. Without `defaults`, those last known apply."""
        return await self._db.read(lambda db: reading.bets_view(db, defaults))

    async def bets_before(
        self, before: int | None, most: int, defaults: tuple[Rule, ...] | None = None
    ) -> list[BetView]:
        """A page of the bets, the newest first: at most so many with a number below `before`."""
        return await self._db.read(lambda db: reading.bets_before(db, before, most, defaults))

    async def open_bets(self, defaults: tuple[Rule, ...] | None = None) -> list[BetView]:
        """The bets that are not over: neither withdrawn nor with an official result."""
        return await self._db.read(lambda db: reading.open_bets(db, defaults))

    async def bets_on(self, game: str, defaults: tuple[Rule, ...] | None = None) -> list[BetView]:
        """The bets with a leg on a game, by number; those that were withdrawn are among them."""
        return await self._db.read(lambda db: reading.bets_on(db, game, defaults))

    async def bets_a_game(self) -> dict[str, int]:
        """How many bets are on each game, by its id: a parlay counts with its first game."""
        return await self._db.read(lambda db: {x[0]: x[1] for x in db.execute(q.BETS_A_GAME)})

    async def bets_page(
        self, most: int, left_out: int = 0, defaults: tuple[Rule, ...] | None = None
    ) -> tuple[list[BetView], int]:
        """The newest bets but for the first `left_out`, by number, and how many there are."""
        return await self._db.read(lambda db: reading.bets_page(db, defaults, most, left_out))

    async def bet_view(
        self, number: int, defaults: tuple[Rule, ...] | None = None
    ) -> BetView | None:
        """One bet as it stands; None when there is no such bet."""
        return await self._db.read(lambda db: reading.bet_view(db, number, defaults))

    async def show_view(
        self, number: int, defaults: tuple[Rule, ...] | None = None
    ) -> ShowView | None:
        """A bet with its whole history; None when there is no such bet."""
        return await self._db.read(lambda db: reading.show_view(db, number, defaults))

    async def alerts_view(self, explain: bool = False, bet: int | None = None) -> list[AlertView]:
        """Firings in order; with `explain` the decisions that held back as well."""
        return await self._db.read(lambda db: reading.alerts_view(db, explain=explain, bet=bet))

    async def status_view(self, defaults: tuple[Rule, ...] | None = None) -> StatusView:
        """The state of the whole at a glance."""
        return await self._db.read(lambda db: reading.status_view(db, defaults))

    async def export(self, table: str) -> list[dict[str, Any]]:
        """The rows of one of `rows.TABLES` in a fixed order, without row ids."""
        from tracker.store import exporting

        return await self._db.read(lambda db: exporting.export(db, table))

    async def write_archive(self, to: TextIO) -> int:
        """Write all that is remembered as text from which `restore` makes it again; rows written.

        Raw responses are left out.
        """
        from tracker.store import exporting

        return await self._db.read(lambda db: exporting.write(db, to))

    async def restore(self, lines: Iterable[str]) -> int:
        """Bring an archive's rows into this empty database; how many. Raises BadArchive."""
        from tracker.store import exporting

        return await self._db.write(lambda db: exporting.restore(db, lines))

    async def said(self) -> list[Said]:
        """The chances that were told of bets that were won or lost, one for each game minute."""
        return await self._db.read(outcomes.said)

    async def export_hash(self) -> str:
        """SHA-256 in hex over the exported tables: equal runs give equal hashes."""
        from tracker.store import exporting

        return await self._db.read(exporting.export_hash)

    async def bodies(
        self, source: str | None, since: datetime, until: datetime
    ) -> AsyncIterator[Document]:
        """Raw responses of a source (or all) in [since, until), in order."""
        from tracker.store import upkeep

        place: upkeep.Place | None = upkeep.first_place(since)
        while place is not None:
            page = partial(upkeep.read_page, source=source, after=place, until=until)
            found, place = await self._db.read(page)
            for item in found:
                yield item

    # ---------------------------------------------------------------------------------- upkeep

    async def keep_daemon(self, daemon: DaemonView) -> None:
        """Write down which daemon works on this database, and on which clock."""
        await self._db.write(lambda db: recording.keep_daemon(db, daemon))

    async def daemon(self) -> DaemonView | None:
        """The daemon that last worked on this database; None when none ever did."""
        return await self._db.read(reading.daemon_view)

    async def usage(self) -> KeptUsage | None:
        """What had been asked of each host when it was written down last, and when that was."""
        from tracker.store import upkeep

        return await self._db.read(upkeep.last_usage)

    async def data_version(self) -> int:
        """A number that changes when another process has written; it costs a few microseconds."""
        return await self._db.bare(lambda db: int(db.execute("PRAGMA data_version").fetchone()[0]))

    async def prune(self, before: datetime) -> int:
        """Drop raw responses that only polls before this time brought; returns how many."""
        from tracker.store import upkeep

        dropped = 0
        while found := await self._db.write(lambda db: upkeep.drop_batch(db, before)):
            dropped += found
        return dropped

    async def back_up(self, target: Path) -> None:
        """Write a checked copy of the database to `target`, while others may write."""
        await self._db.bare(lambda db: migrate.back_up(db, target))

    async def check(self) -> str:
        """SQLite's own quick check: `ok`, or the first fault."""
        return await self._db.bare(
            lambda db: str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        )
