"""What readers of the store get, as values: bets, their history, alerts, and a summary of all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from tracker.domain.alert import Alert, DeliveryState
from tracker.domain.bet import (
    ASK_BOOK,
    Parlay,
    Result,
    Settlement,
    Snapshot,
    Status,
    Wager,
    price_of,
)
from tracker.domain.chance import Chance, NoChance
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState
from tracker.domain.money import Odds, own_part, plural
from tracker.domain.policy import Rule
from tracker.domain.tracking import GameTracking, LegStanding
from tracker.language import still_written


@dataclass(frozen=True, slots=True)
class OnlyBets:
    """Which bets are wanted: with a tag, of a market by its name, and `open` or `settled` ones.

    A bet that was withdrawn without a result is neither.
    """

    tag: str | None = None
    market: str | None = None
    state: str = "all"


EVERY_BET = OnlyBets()


@dataclass(frozen=True, slots=True)
class BetView:
    """A bet in its present state. `draft` is the bet as it was written.

    `game`, `state`, `market` and `market_text` are None until the game is known. `state`, `seen_at`
    and `stale` are what is believed of the game. `rules` are those in force. `chance` and
    `chance_at` come from the last snapshot; `no_chance` says why there is no chance at present.
    `out` has the places of the legs whose player is out, `dropped` those of all legs that no longer
    count; `may_drop` is whether an open leg may well push. `revision` counts results, 0 before any.
    """

    number: int
    draft: Draft
    market: Wager | None
    market_text: str | None
    game: Game | None
    state: GameState | None
    seen_at: datetime | None
    stale: bool
    rules: tuple[Rule, ...]
    added_at: datetime
    withdrawn_at: datetime | None
    status: Status
    result: Result | None
    payout_cents: int | None
    revision: int
    chance: Chance | None
    no_chance: NoChance | None
    chance_at: datetime | None
    peak: float | None
    low: float | None
    review: str | None
    out: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()
    may_drop: bool = False

    @property
    def id(self) -> int | str:
        """The person's own id, else the number."""
        return self.number if self.draft.name is None else self.draft.name

    @property
    def games(self) -> tuple[Game, ...]:
        """The games of the bet, each once, in order of tip-off; none until they are known."""
        if isinstance(self.market, Parlay):
            return self.market.games
        return () if self.game is None else (self.game,)

    @property
    def place(self) -> str:
        """The name of its game, or `3 games`; empty while they are not known."""
        games = self.games
        return plural(len(games), "game") if len(games) > 1 else games[0].name if games else ""

    def aged(self, since: datetime) -> BetView:
        """The bet, stale where its game goes on and was not read after `since`."""
        return replace(self, stale=self.stale or unread(self, since))

    @property
    def called(self) -> str:
        """The bet in full, as it was understood; until that is known, as it was written.

        Either is without a price or a stake that was corrected since.
        """
        if self.market_text is not None:
            return self.market_text
        said = self.draft
        return still_written(said.pick, said.odds, said.stake_cents, said.matchup)

    @property
    def asks_payout(self) -> bool:
        """Whether the bet needs a person to say what the book paid, and not what the result is."""
        asked = self.review is not None and self.review.endswith(ASK_BOOK)
        return asked and self.payout_cents is None

    @property
    def price(self) -> Odds | None:
        """The odds that the bet pays.

        None where unknown, and for a free bet, which risks nothing.
        """
        return None if self.draft.free else price_of(self.market, self.draft.odds)

    @property
    def own_cents(self) -> int | None:
        """The part of the stake that is the person's own money; None where the stake is unknown."""
        known = self.draft.stake_cents
        return None if known is None else own_part(known, free=self.draft.free)


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A snapshot, the number of its poll, and the id of that poll's game."""

    snapshot: Snapshot
    poll: int
    game: str = ""


@dataclass(frozen=True, slots=True)
class SettlementView:
    """A result, its evidence (None when decided by hand), and when it was confirmed.

    `official_why` says what the confirmation rests on where the box score could not be read again.
    """

    settlement: Settlement
    evidence_poll: int | None
    official_at: datetime | None
    official_why: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """The state of an alert on one channel; `at` is when it last changed.

    `digest` is whether a digest has reported it.
    """

    channel: str
    state: DeliveryState
    attempts: int
    at: datetime
    detail: str
    possible_repeat: bool
    digest: bool


@dataclass(frozen=True, slots=True)
class AlertView:
    """A decision of a rule, and its deliveries where it fired. `bet_name` is the bet's own id."""

    id: int
    alert: Alert
    bet_name: str | None
    deliveries: tuple[DeliveryView, ...]

    @property
    def bet_id(self) -> int | str:
        """The person's own id of the bet, else its number."""
        return self.alert.bet if self.bet_name is None else self.bet_name


@dataclass(frozen=True, slots=True)
class ShowView:
    """A bet with its whole history, oldest first. Decisions to hold back are among the alerts.

    `legs` are the standings of a parlay's legs, in the order of the slip; empty for other bets.
    """

    bet: BetView
    snapshots: tuple[SnapshotView, ...]
    alerts: tuple[AlertView, ...]
    settlements: tuple[SettlementView, ...]
    legs: tuple[LegStanding, ...] = ()

    def game_at(self, moment: SnapshotView) -> Game | None:
        """The game that a snapshot's clock and score belong to: a parlay may have several games."""
        return next((x for x in self.bet.games if x.id == moment.game), self.bet.game)

    def page(self, before: int | None, most: int) -> tuple[tuple[SnapshotView, ...], int | None]:
        """The snapshots of polls before this one, newest first, and the `before` of the next page.

        There are at most `most`, but all of one poll: it may be of several games of a parlay. The
        next page is None at the end.
        """
        found = [x for x in reversed(self.snapshots) if before is None or x.poll < before]
        page = [x for n, x in enumerate(found) if n < most or x.poll == found[most - 1].poll]
        return tuple(page), page[-1].poll if len(page) < len(found) else None

    @property
    def priced(self) -> ShowView:
        """This view without the snapshots at which the bet had no chance."""
        priced = tuple(x for x in self.snapshots if x.snapshot.chance is not None)
        return self if len(priced) == len(self.snapshots) else replace(self, snapshots=priced)


@dataclass(frozen=True, slots=True)
class SourceStatusView:
    """How a source last answered: `word` is `ok` or the trouble."""

    source: str
    last_ok_at: datetime | None
    last_try_at: datetime
    word: str


@dataclass(frozen=True, slots=True)
class DaemonView:
    """The daemon that last worked on this database, and the clock that it ran on.

    `started_at` is the machine's wall time. The clock's values describe a scaled clock; they are
    None for the machine's own. `pid` is None where the reader cannot use it.
    """

    pid: int | None
    started_at: datetime
    version: str
    clock_start: datetime | None = None
    clock_speed: float | None = None
    clock_anchor: datetime | None = None


def unread(view: BetView | GameView | GameTracking, since: datetime) -> bool:
    """Whether a game goes on and was not read after `since`, whoever is to blame."""
    in_play = view.state is not None and view.state.phase.in_play
    return in_play and view.seen_at is not None and view.seen_at < since


@dataclass(frozen=True, slots=True)
class GameView:
    """A game that is followed, and how many bets are on it."""

    game: Game
    state: GameState | None
    seen_at: datetime | None
    changed_at: datetime | None
    stale: bool
    lost: bool
    bets: int

    def aged(self, since: datetime) -> GameView:
        """The game, stale where it goes on and was not read after `since`."""
        return replace(self, stale=self.stale or unread(self, since))


@dataclass(frozen=True, slots=True)
class StatusView:
    """A summary of games, bets, sources and channels.

    `deliveries` counts by (channel, state): `held` waits for its digest, and `sent` includes what a
    digest has reported. `decisions` counts by (decision, reason). `size_bytes` is the size of the
    database without its write-ahead log.
    """

    daemon: DaemonView | None
    games: tuple[GameView, ...]
    bets: tuple[BetView, ...]
    unbound: int
    sources: tuple[SourceStatusView, ...]
    deliveries: dict[tuple[str, str], int]
    decisions: dict[tuple[str, str], int]
    schema: int
    size_bytes: int
    bets_file: tuple[str, ...] = ()
    """The mistakes in the bets file, a sentence each."""

    def aged(self, since: datetime) -> StatusView:
        """The summary, with the games and bets as stale that were not read after `since`."""
        games = tuple(x.aged(since) for x in self.games)
        return replace(self, games=games, bets=tuple(x.aged(since) for x in self.bets))

    def unread(self, since: datetime) -> tuple[GameView, ...]:
        """The games that go on and were not read after `since`."""
        return tuple(x for x in self.games if unread(x, since))
