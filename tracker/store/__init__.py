"""The store: all that the program remembers, in one SQLite file behind one object.

Each method that writes is one transaction. It raises StoreBusy or StoreUnavailable when nothing was
written and the same call may succeed later; the store stays usable. The store writes what others
decided and decides nothing itself.
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
from tracker.engine.record import Prediction
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
from tracker.store.database.migrate import finish_replacing, prepare, require_current
from tracker.store.players import Players
from tracker.store.quotes import Quotes
from tracker.store.views import (
    EVERY_BET,
    AlertView,
    BetView,
    DaemonView,
    OnlyBets,
    ShowView,
    StatusView,
)

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


BETS_AT_ONCE = 100
"""Bets that are read at once, which takes some 10 ms."""


class Store:
    """One open database file. Use `Store.open` to make it, and close it in any case.

    Its own methods record polls, keep and read bets, and serve the queue of deliveries. Other
    subjects have objects of their own here: alerts and snoozes, changes by hand, live cards,
    outcomes, players, quotes, past games, paired chats, web access, trials of models, monitors, and
    chores with back-ups.
    """

    def __init__(self, database: Database) -> None:
        """Use `open` to make one."""
        self._db = database
        self.alerting = Alerting(database)
        self.by_hand = ByHand(database)
        self.cards = Cards(database)
        self.outcomes = outcomes.Outcomes(database)
        self.players = Players(database)
        self.quotes = Quotes(database)

    # These are imported when first used: few commands need them, and imports cost start-up time.

    @cached_property
    def monitoring(self) -> Monitoring:
        """Daily figures, states of the monitors, and counts of requests to hosts."""
        from tracker.store.upkeep import Monitoring

        return Monitoring(self._db)

    @cached_property
    def known(self) -> KnownGames:
        """Pregame lines and results of games."""
        from tracker.store.known import KnownGames

        return KnownGames(self._db)

    @cached_property
    def seasons(self) -> Seasons:
        """Dates that were checked, teams' form, and injuries."""
        from tracker.store.known import Seasons

        return Seasons(self._db)

    @cached_property
    def pairing(self) -> Pairing:
        """The paired chats."""
        from tracker.store.access import Pairing

        return Pairing(self._db)

    @cached_property
    def web(self) -> WebAccess:
        """The API keys, one-time links and browsers that may use the web pages."""
        from tracker.store.access import WebAccess

        return WebAccess(self._db)

    @cached_property
    def trials(self) -> Trials:
        """The trials of models."""
        from tracker.store.trials import Trials

        return Trials(self._db)

    @cached_property
    def upkeep(self) -> Upkeep:
        """The chores and back-ups."""
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
        older: bool = False,
        durable: bool = True,
        wait_out: WaitOut | None = None,
    ) -> Self:
        """Open the database at `path` and bring its schema up to date.

        A writer creates a missing folder (0700) and file (0600). With `readonly`, a missing or
        outdated database is refused; with `older` too, an outdated one is opened as it is, which
        serves only to copy it. Raises StoreMissing, StoreTooOld, StoreTooNew, StoreBroken,
        StoreBusy or StoreUnavailable. With `durable=False` a power cut may lose the last commits;
        this is for rehearsals. `wait_out` is awaited where a write would raise: it returns after a
        wait for the full disk or the lock, and the write is tried again, or it raises the error.
        """
        finish_replacing(path)
        database = await open_database(path, readonly=readonly, durable=durable, wait_out=wait_out)
        try:
            if readonly:
                await database.bare(partial(require_current, path=path, older=older))
            else:
                await database.exclusive(partial(prepare, path=path, now=now))
                await database.write(outcomes.fill)
        except BaseException:
            await database.close()
            raise
        return cls(database)

    async def close(self) -> None:
        """Let running transactions finish, then close. A second call does nothing."""
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
        """Write one poll with all that it changed, deliveries included. Returns the poll's id.

        Recording the same poll again adds nothing, so a call whose answer was lost may be repeated.
        A change with an alert to send goes before other waiting work.
        """
        return (await self.record_all([(poll, change)], channels))[0]

    async def record_all(
        self, decided: Sequence[tuple[Poll, Change]], channels: Sequence[str]
    ) -> list[int]:
        """Write several polls with their changes in one transaction, in the order of decision.

        Returns the polls' ids.
        """
        urgent = any(x.notifies for _, change in decided for x in change.alerts)

        def work(db: sqlite3.Connection) -> list[int]:
            return [recording.record(db, poll, change, channels) for poll, change in decided]

        return await self._db.write(work, urgent=urgent)

    async def keep_answers(
        self,
        answers: Mapping[str, tuple[datetime, str]],
        looks: Mapping[str, tuple[datetime, bool]],
        usages: Mapping[str, Usage],
        at: datetime,
    ) -> None:
        """Write down, in one transaction, the answers of sources that changed no game.

        `answers` has each source's last answer: its time, and `ok` or the trouble. `looks` has, by
        game id, when the game was last reported and whether it is stale. `usages` has the requests
        sent to each host up to `at`, by the name of its settings; when empty, the last counts stay.
        """
        from tracker.store import upkeep

        def work(db: sqlite3.Connection) -> None:
            recording.keep_answers(db, answers)
            recording.keep_looks(db, looks)
            if usages:
                upkeep.keep_usage(db, usages, at)

        await self._db.write(work)

    # ----------------------------------------------------------------------------- games and bets

    async def save_games(
        self, games: Iterable[tuple[Game, GameState | None]], at: datetime
    ) -> None:
        """Keep the games of a slate. What polls made us believe of a game stays as it is."""
        listed = list(games)
        await self._db.write(lambda db: bets.save_games(db, listed, at))

    async def games(
        self, day: date | None = None, *, since: date | None = None
    ) -> list[tuple[Game, GameState | None]]:
        """The games of one slate, or of all slates from `since` on, by tip-off.

        Each comes with the latest state that is known.
        """
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
        """Register a bet, or find the bet that it repeats. Raises BadBet when it cannot be a bet.

        A bet with an id of its own may be added again with other odds, stake or rules, and with
        another pick until it has a history. `game` is the game of all legs, or those of the legs in
        their order, where known. `roster_of` finds their players. `defaults` are the rules of bets
        without their own; they are stored for readers that do not know them.
        """
        wanted = Registration(draft, game, roster_of, who=who)

        def work(db: sqlite3.Connection) -> Added:
            bets.keep_defaults(db, defaults)
            return bets.add(db, wanted, at)

        return await self._db.write(work)

    async def register(
        self, wanted: Iterable[Registration], defaults: tuple[Rule, ...], at: datetime
    ) -> list[Added | BadBet]:
        """Register many bets in one transaction.

        A bad bet's error stands in its place in the result.
        """
        listed = list(wanted)
        return await self._db.write(lambda db: auditing.register(db, listed, defaults, at))

    async def bind_all(
        self,
        matched: Iterable[tuple[int, bets.Games]],
        at: datetime,
        roster_of: RosterOf = nobody,
    ) -> list[int]:
        """Set the game of each leg of many bets in one transaction.

        Returns each bet's number, or that of the bet that it turns out to repeat. Raises BadBet
        when a game lacks the leg's market.
        """
        listed = list(matched)
        return await self._db.write(lambda db: bets.bind_all(db, listed, roster_of, at))

    async def unbind(self, numbers: Iterable[int]) -> None:
        """Forget the games of bets without a result, so that they are matched anew."""
        listed = list(numbers)
        await self._db.write(lambda db: bets.unbind(db, listed))

    async def held_games(self) -> frozenset[str]:
        """The ids of the games that have bets."""
        return await self._db.read(bets.held_games)

    async def unbound(self) -> list[tuple[int, Draft]]:
        """The bets whose game is not known yet, by number."""
        return await self._db.read(bets.unbound)

    async def withdraw(self, number: int, at: datetime, who: str = "cli") -> bool:
        """Stop following a bet. Returns False when it has a result or was withdrawn already."""
        return await self._db.write(lambda db: auditing.withdrawn(db, number, who, at))

    async def find(self, reference: str) -> int | None:
        """The number of the bet that a reference means: a bet's own id comes before a number."""
        return await self._db.read(lambda db: bets.find(db, reference))

    async def file_drafts(self) -> dict[int, Draft]:
        """The bets in the bets file when it was last read, by number."""
        return await self._db.read(bets.file_drafts)

    async def kept(self, numbers: Sequence[int]) -> list[Kept]:
        """The registered bets of these numbers, with their games where these are known."""
        return await self._db.read(lambda db: bets.kept(db, numbers))

    async def numbers_of(self, identities: Iterable[str]) -> dict[str, int]:
        """The numbers of bets that were once added in these words, by the identity of the words."""
        listed = list(identities)
        return await self._db.read(lambda db: bets.numbers_of(db, listed))

    async def next_number(self) -> int:
        """The number that the next bet gets."""
        return await self._db.read(lambda db: int(db.execute(q.NEXT_NUMBER).fetchone()[0]))

    async def keep_note(self, name: str, text: str) -> None:
        """Store a text under a name, in place of an earlier one."""
        await self._db.write(lambda db: bets.keep_note(db, name, text))

    async def note(self, name: str) -> str | None:
        """The text stored under a name, or None."""
        return await self._db.read(lambda db: bets.note(db, name))

    async def trackings(self, defaults: tuple[Rule, ...]) -> list[GameTracking]:
        """Every game that is still to be followed, with its bets, as last recorded."""
        return await self._db.read(lambda db: reading.trackings(db, defaults))

    # ------------------------------------------------------------------------------------ outbox

    async def recover(self, at: datetime, channels: Sequence[str] = ()) -> int:
        """After a start, mark deliveries and cards that were being sent as unknown.

        They may have arrived. Returns the number of deliveries. `channels` are those that there are
        now: what waits for another one goes to a digest of theirs.
        """

        def work(db: sqlite3.Connection) -> int:
            alerting.recover_cards(db, at)
            return alerting.recover(db, at, channels)

        return await self._db.write(work)

    async def claim(self, channel: str, at: datetime, limit: int) -> list[Delivery]:
        """Take the due deliveries of a channel, oldest first, and mark them as being sent.

        This call and `next_due` go before other work that waits for the connection.
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
        tried: bool = True,
    ) -> DeliveryState:
        """Write down the outcome of sending; `due_at` is when to try again, else at once.

        Without `tried`, what was claimed was put back: that counts as no attempt.
        """
        key, done = (alert_id, channel), alerting.Attempt(outcome, at, due_at, tried)
        return await self._db.write(lambda db: alerting.finish(db, key, done))

    async def expire(self, at: datetime, channel: str | None = None) -> list[Delivery]:
        """Expire deliveries that are too late to be useful.

        Returns those that a digest must report.
        """
        return await self._db.write(lambda db: alerting.expire(db, at, channel))

    async def finish_digest(
        self, expired: Iterable[Delivery], outcome: Outcome, *, tried: bool = True
    ) -> None:
        """Write down the outcome of a digest of these deliveries.

        After `Failed` they come again. Without `tried` it counts as no attempt.
        """
        listed = list(expired)
        await self._db.write(lambda db: alerting.finish_digest(db, listed, outcome, tried=tried))

    async def shift(self, channel: str, seconds: float) -> None:
        """Adjust a channel's waiting deliveries after the wall clock was set by `seconds`.

        They keep their remaining wait and their age.
        """
        await self._db.write(lambda db: alerting.shift(db, channel, seconds), urgent=True)

    async def next_due(self, channel: str) -> datetime | None:
        """When a channel next has something to send or to expire, or None."""
        return await self._db.read(lambda db: alerting.next_due(db, channel), urgent=True)

    # ----------------------------------------------------------------------------------- reading

    async def bets_view(self, defaults: tuple[Rule, ...] | None = None) -> list[BetView]:
        """Every bet that was ever added, by number.

        Without `defaults`, the last known ones apply. They are read a page at a time, so that an
        alert does not wait for thousands of them.
        """
        found: list[BetView] = []
        while page := await self.bets_before(
            found[-1].number if found else None, BETS_AT_ONCE, defaults
        ):
            found += page
        return found[::-1]

    async def bets_before(
        self,
        before: int | None,
        most: int,
        defaults: tuple[Rule, ...] | None = None,
        only: OnlyBets = EVERY_BET,
    ) -> list[BetView]:
        """One page of bets, newest first: at most `most` with a number below `before`."""
        return await self._db.read(lambda db: reading.bets_before(db, before, most, defaults, only))

    async def open_bets(self, defaults: tuple[Rule, ...] | None = None) -> list[BetView]:
        """The bets that are neither withdrawn nor over, or that need a person's decision."""
        return await self._db.read(lambda db: reading.open_bets(db, defaults))

    async def bets_on(self, game: str, defaults: tuple[Rule, ...] | None = None) -> list[BetView]:
        """The bets with a leg on a game, withdrawn ones included, by number."""
        return await self._db.read(lambda db: reading.bets_on(db, game, defaults))

    async def bets_a_game(self) -> dict[str, int]:
        """The number of bets on each game, by its id. A parlay counts with its first game."""
        return await self._db.read(lambda db: {x[0]: x[1] for x in db.execute(q.BETS_A_GAME)})

    async def bets_page(
        self, most: int, left_out: int = 0, defaults: tuple[Rule, ...] | None = None
    ) -> tuple[list[BetView], int]:
        """One page of bets, by number, and how many bets there are.

        The page has at most `most` bets: the newest but for the first `left_out`.
        """
        return await self._db.read(lambda db: reading.bets_page(db, defaults, most, left_out))

    async def bets_numbered(
        self, numbers: Sequence[int], defaults: tuple[Rule, ...] | None = None
    ) -> list[BetView]:
        """The bets of these numbers, in their order."""
        return await self._db.read(lambda db: reading.bets_numbered(db, numbers, defaults))

    async def bet_view(
        self, number: int, defaults: tuple[Rule, ...] | None = None
    ) -> BetView | None:
        """One bet in its present state, or None when there is no such bet."""
        return await self._db.read(lambda db: reading.bet_view(db, number, defaults))

    async def show_view(
        self, number: int, defaults: tuple[Rule, ...] | None = None
    ) -> ShowView | None:
        """A bet with its whole history, or None when there is no such bet."""
        return await self._db.read(lambda db: reading.show_view(db, number, defaults))

    async def alerts_view(self, explain: bool = False, bet: int | None = None) -> list[AlertView]:
        """The alerts in order. With `explain`, decisions to hold back are included."""
        return await self._db.read(lambda db: reading.alerts_view(db, explain=explain, bet=bet))

    async def status_view(self, defaults: tuple[Rule, ...] | None = None) -> StatusView:
        """A summary of games, bets, sources and channels."""
        return await self._db.read(lambda db: reading.status_view(db, defaults))

    async def export(self, table: str) -> list[dict[str, Any]]:
        """The rows of one of `exporting.TABLES` in a fixed order, without row ids."""
        from tracker.store import exporting

        return await self._db.read(lambda db: exporting.export(db, table))

    async def write_archive(self, to: TextIO) -> int:
        """Write all that is remembered as text that `restore` can read. Returns the number of rows.

        Raw responses of the feeds are left out.
        """
        from tracker.store import exporting

        return await self._db.read(lambda db: exporting.write(db, to))

    async def restore(self, lines: Iterable[str]) -> int:
        """Write an archive's rows into this empty database.

        Returns their number. Raises BadArchive.
        """
        from tracker.store import exporting

        return await self._db.write(lambda db: exporting.restore(db, lines))

    async def predictions(self) -> list[Prediction]:
        """The chances shown for bets that were won or lost, one for each game minute."""
        return await self._db.read(outcomes.predictions)

    async def export_hash(self) -> str:
        """SHA-256 in hex over the exported tables. Equal runs give equal hashes."""
        from tracker.store import exporting

        return await self._db.read(exporting.export_hash)

    async def bodies(
        self, source: str | None, since: datetime, until: datetime
    ) -> AsyncIterator[Document]:
        """The raw responses of a source (or of all) in [since, until), in order."""
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
        """The daemon that last worked on this database, or None when none ever did."""
        return await self._db.read(reading.daemon_view)

    async def usage(self) -> KeptUsage | None:
        """The last stored counts of requests to each host, with their time; None before any."""
        from tracker.store import upkeep

        return await self._db.read(upkeep.last_usage)

    async def data_version(self) -> int:
        """A number that changes when another process has written. It costs a few microseconds."""
        return await self._db.bare(lambda db: int(db.execute("PRAGMA data_version").fetchone()[0]))

    async def prune(self, before: datetime) -> int:
        """Drop raw responses that only polls before this time brought. Returns their number."""
        from tracker.store import upkeep

        dropped = 0
        row: int | None = 0
        while row is not None:
            found, row = await self._db.write(partial(upkeep.drop_batch, before=before, after=row))
            dropped += found
        return dropped

    async def back_up(self, target: Path) -> None:
        """Write a checked copy of the database to `target`, while others may write."""
        await self._db.bare(lambda db: migrate.back_up(db, target))

    async def check(self) -> str:
        """The result of SQLite's quick check: `ok`, or the first fault."""
        return await self._db.bare(
            lambda db: str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        )
