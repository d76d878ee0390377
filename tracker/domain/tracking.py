"""The bets on one game with all that is remembered of them, and what one poll changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker.domain.alert import Alert, Reason
from tracker.domain.bet import Bet, Confirmation, Parlay, Result, Settlement, Snapshot, Status
from tracker.domain.chance import Chance, NoChance, maker
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.poll import DOCUMENT_HELD, FINAL_CHECKS, GameStanding, Origin
from tracker.domain.prior import Basis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker.domain.events import SystemEvent

BOX_AWAITED = timedelta(minutes=20)
"""How long after the end a game is looked at every minute for what a result still lacks."""


class RulePhase(StrEnum):
    """Where an alert rule stands."""

    UNARMED = "unarmed"
    ARMED = "armed"
    PENDING = "pending"
    FIRING = "firing"
    COOLING = "cooling"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class RuleState:
    """What is remembered of one rule of one bet between polls and restarts.

    `episode` counts firings. `streak` counts consecutive fresh polls beyond the level. `fired` are
    the firings of the last hour. `window` holds the readings that a swing is measured against; of a
    level, the last one on its safe side while it is pending, and the one that was told after that.
    `flipped` is whether a crossing rule watches for the way back. `notified` are the lowest and the
    highest chance that were told; empty before the first message.
    """

    bet: int
    rule: str
    phase: RulePhase = RulePhase.UNARMED
    episode: int = 0
    streak: int = 0
    reason: Reason | None = None
    fired: tuple[datetime, ...] = ()
    window: tuple[tuple[datetime, float], ...] = ()
    flipped: bool = False
    notified: tuple[float, ...] = ()

    def with_window(self, window: tuple[tuple[datetime, float], ...]) -> RuleState:
        """The same with other readings."""
        return _RULE_STATE(
            self.bet, self.rule, self.phase, self.episode, self.streak, self.reason, self.fired,
            window, self.flipped, self.notified,
        )  # fmt: skip

    def moved(self, phase: RulePhase, reason: Reason, streak: int = 0) -> RuleState:
        """The same at another place, and why it stands there."""
        return _RULE_STATE(
            self.bet, self.rule, phase, self.episode, streak, reason, self.fired, self.window,
            self.flipped, self.notified,
        )  # fmt: skip


_RULE_STATE = maker(RuleState)


class IdleSpan(NamedTuple):
    """Which readings of a chance let a rule decide nothing.

    Those strictly between `low` and `high`, from `after` and before `until`, leave it as it is, but
    that the window of a swing takes one more.
    """

    low: float
    high: float
    after: datetime
    until: datetime

    def holds(self, p: float, at: datetime) -> bool:
        """Whether a reading is one of them."""
        return self.low < p < self.high and self.after <= at < self.until


class IdleRange(NamedTuple):
    """Which readings let all rules of a bet decide nothing: nearly every one, at nearly every poll.

    `whole` is for all of them together, None where one is about to change. `each` is for each
    alone, in their order; None for one that is about to change, or takes readings. Both hold of
    `rules` alone: of a bet whose rules are other ones they say nothing. `swings` are the places of
    the rules that take readings, each with its time; `size` is the smallest of their moves.
    """

    rules: tuple[RuleState, ...]
    whole: IdleSpan | None
    each: tuple[IdleSpan | None, ...]
    swings: tuple[tuple[int, timedelta], ...] = ()
    size: float = 1.0


LIKELY_PUSH = 0.05
"""The chance of a push from which a leg may well drop out; below it, what the whole is worth is
off by less than the forecast itself may be."""


@dataclass(frozen=True, slots=True)
class LegStanding:
    """Where one leg of a parlay stands. `leg` is its place on the slip, from 0.

    `chance` is the last that was seen of it alone. `result` comes once its game is over; `reason`
    says why, and `evidence` what that rests on. `unclear` says why its result cannot be told.
    `no_chance` says why it has no chance at present.
    """

    bet: int
    leg: int
    chance: Chance | None = None
    result: Result | None = None
    official: bool = False
    reason: str = ""
    evidence: str = ""
    unclear: str = ""
    no_chance: NoChance | None = None

    def seen_at(self, chance: Chance | None, no_chance: NoChance | None) -> LegStanding:
        """The leg with another chance, or with why it has none."""
        return _LEG(
            self.bet, self.leg, chance, self.result, self.official, self.reason, self.evidence,
            self.unclear, no_chance,
        )  # fmt: skip

    @property
    def out(self) -> bool:
        """It will be void: its player is out."""
        return self.result is None and self.no_chance is NoChance.OUT

    @property
    def hit(self) -> bool:
        """It has won, or can no longer lose."""
        if self.result is not None:
            return self.result is Result.WON
        return self.chance is not None and self.chance.lose == 0 < self.chance.win

    @property
    def lost(self) -> bool:
        """It has lost, or must."""
        if self.result is not None:
            return self.result is Result.LOST
        return self.chance is not None and self.chance.lose == 1

    @property
    def dropped(self) -> bool:
        """It counts no more: void, or about to be, or a push."""
        return self.out or self.result in (Result.VOID, Result.PUSH)

    @property
    def alive(self) -> bool:
        """It may still go either way."""
        return not (self.hit or self.lost or self.dropped)


_LEG = maker(LegStanding)


@dataclass(frozen=True, slots=True)
class Group:
    """The legs of a parlay on one game, together: their chance as last seen, or as settled."""

    game: str
    chance: Chance | None = None


@dataclass(frozen=True, slots=True)
class Tracked:
    """A bet that is being followed.

    `rules` are in the order of the bet's own. `chance` is that of the last snapshot; `peak` and
    `low` bound its win part while it was open: what is certain, and a result, is no chance and
    bounds nothing. `no_chance` says why it has none at present. `review` says why a person must
    decide the result. `reported` is the last revision that was announced.

    A parlay has a standing for each leg and a group for each game; one over several games is in the
    tracking of each.
    """

    bet: Bet
    rules: tuple[RuleState, ...] = ()
    chance: Chance | None = None
    peak: float | None = None
    low: float | None = None
    settlement: Settlement | None = None
    official: bool = False
    review: str | None = None
    legs: tuple[LegStanding, ...] = ()
    groups: tuple[Group, ...] = ()
    reported: int = 0
    no_chance: NoChance | None = None
    idle: IdleRange | None = field(default=None, repr=False, compare=False)
    """Where its rules decide nothing, as far as that is known."""

    @classmethod
    def fresh(cls, bet: Bet) -> Tracked:
        """A bet of which nothing has been seen."""
        rules = tuple(RuleState(bet.number, rule.text) for rule in bet.rules)
        if not isinstance(bet.market, Parlay):
            return cls(bet, rules)
        legs = tuple(LegStanding(bet.number, i) for i in range(len(bet.legs)))
        return cls(bet, rules, legs=legs, groups=tuple(Group(x.id) for x in bet.games))

    def seen_at(self, chance: Chance, idle: IdleRange | None = None) -> Tracked:
        """The bet with another chance of the whole, within what it was seen at so far.

        With an idle range, its rules stand as that has them.
        """
        win, peak, low = chance.win, self.peak, self.low
        if not chance.decided:
            peak = win if peak is None or win > peak else peak
            low = win if low is None or win < low else low
        return _TRACKED(
            self.bet, self.rules if idle is None else idle.rules, chance, peak, low,
            self.settlement, self.official, self.review, self.legs, self.groups, self.reported,
            None, idle or self.idle,
        )  # fmt: skip

    def without_chance(self, why: NoChance) -> Tracked:
        """The bet as one of which no chance is known."""
        return replace(self, chance=None, no_chance=why)

    @property
    def out(self) -> tuple[int, ...]:
        """The places of the legs whose player is out."""
        if self.legs:
            return tuple(x.leg for x in self.legs if x.out)
        return (0,) if self.no_chance is NoChance.OUT and self.settlement is None else ()

    @property
    def dropped(self) -> tuple[int, ...]:
        """The places of the legs that count no more: what the book will pay is not its price."""
        return tuple(x.leg for x in self.legs if x.dropped) if self.legs else self.out

    @property
    def may_drop(self) -> bool:
        """Whether a leg of a parlay that is open may well push, and so drop out."""
        return any(
            x.result is None and x.chance is not None and x.chance.push >= LIKELY_PUSH
            for x in self.legs
        )

    def with_rules(self, rules: tuple[RuleState, ...], idle: IdleRange | None = None) -> Tracked:
        """The bet with its rules where they stand now, and where they would decide nothing."""
        return _TRACKED(
            self.bet, rules, self.chance, self.peak, self.low, self.settlement, self.official,
            self.review, self.legs, self.groups, self.reported, self.no_chance, idle,
        )  # fmt: skip

    def with_legs(self, legs: tuple[LegStanding, ...], groups: tuple[Group, ...]) -> Tracked:
        """A parlay with its legs, and those on each game together, as they stand now."""
        return _TRACKED(
            self.bet, self.rules, self.chance, self.peak, self.low, self.settlement, self.official,
            self.review, legs, groups, self.reported, self.no_chance, self.idle,
        )  # fmt: skip

    def done_in(self, game_id: str) -> bool:
        """Whether a game has nothing more to say of it: no result of the bet, or of a leg, waits.

        A lost parlay still takes the results of its other legs: a box may be corrected.
        """
        given = self.settlement is not None and self.settlement.by_hand
        if given or self.review is not None:
            return True
        if not isinstance(self.bet.market, Parlay):
            return self.settlement is not None
        mine = [self.legs[i] for i in self.bet.market.in_game(game_id)]
        return all(x.result is not None or x.unclear for x in mine)

    def met_again(self, stored: Tracked) -> Tracked:
        """This bet as it goes on once it has been read anew from where it is stored.

        Odds, stake and rules may have been changed, and a result given by hand. What has been seen
        of the bet stays. A rule that comes back has its stored memory: no firing counts anew.
        """
        if stored.bet is self.bet and _revision(stored) == 0:
            # Nothing has been read anew, as at nearly every poll.
            return self
        memory = {x.rule: x for x in stored.rules} | {x.rule: x for x in self.rules}
        rules = tuple(
            memory.get(r.text, RuleState(self.bet.number, r.text)) for r in stored.bet.rules
        )
        same = replace(self, bet=stored.bet, rules=rules)
        if _revision(stored) <= _revision(self):
            return same
        return replace(
            same, settlement=stored.settlement, official=stored.official, review=stored.review
        )

    @property
    def asks(self) -> str | None:
        """What a person has to decide of it: its result, or what the book paid."""
        if self.review is not None:
            return self.review
        done = self.settlement
        return done.reason if done is not None and done.asks_payout else None

    def status(self, state: GameState | None) -> Status:
        """Where the bet stands, given what is believed of its game."""
        if self.review is not None:
            return Status.NEEDS_REVIEW
        if self.settlement is not None:
            return Status.OFFICIAL if self.official else Status.PROVISIONAL
        started = state is not None and (state.phase.in_play or state.phase is Phase.FINAL)
        return Status.LIVE if started else Status.SCHEDULED


_TRACKED = maker(Tracked)


def _revision(tracked: Tracked) -> int:
    return 0 if tracked.settlement is None else tracked.settlement.revision


class Ordering(StrEnum):
    """How a poll stands to what we believe.

    `BEHIND` is another document than the one that told it, from an earlier moment: its figures of
    players are taken, and its moment is not.
    """

    NEWER = "newer"
    SAME = "same"
    BEHIND = "behind"
    HELD = "held"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Held:
    """An older or doubtful state that is not believed yet, and how many polls in a row agree.

    `origin` is the document that told it first or furthest, `since` when the first of the polls
    came, and `wait` for how long they must agree at least.
    """

    state: GameState
    polls: int
    origin: Origin
    since: datetime
    wait: timedelta = timedelta(0)

    @property
    def usual(self) -> bool:
        """Whether it is merely a source's box behind its board, or its board behind its box."""
        return self.wait == DOCUMENT_HELD


@dataclass(frozen=True, slots=True)
class GameTracking:
    """The tracked bets on one game and what we believe of the game.

    `told_by` is the document that told the belief; it and `held` are all that the next poll is
    judged by. `changed_at` is when the belief last changed, `seen_at` when a poll last was
    readable, and `listened_from` since when this run of the program has asked, where it has.
    `final_at` is when the game was first seen final, or off; `checks` as in `GameStanding`.
    `still_until` is until when it is in order that nothing changes, `digests` those of the last
    documents that told of the game, by which one knows what is written anew. `stale` is whether
    what is believed is too old to be trusted, `lost` whether `feed_down` has been said.
    `basis` is what the chances rested on beside the state when they were last worked out.
    """

    game: Game
    tracked: tuple[Tracked, ...] = ()
    state: GameState | None = None
    changed_at: datetime | None = None
    seen_at: datetime | None = None
    told_by: Origin | None = None
    held: Held | None = None
    final_at: datetime | None = None
    checks: int = 0
    stale: bool = False
    lost: bool = False
    still_until: datetime | None = None
    digests: tuple[tuple[Origin, str], ...] = field(default=(), compare=False, repr=False)
    basis: Basis | None = field(default=None, compare=False)
    listened_from: datetime | None = field(default=None, compare=False)

    @property
    def silent_since(self) -> datetime | None:
        """Since when its sources are silent: only while somebody listens is there any silence.

        None while no poll was ever readable.
        """
        if self.seen_at is None or self.listened_from is None:
            return self.seen_at
        return max(self.seen_at, self.listened_from)

    @property
    def settled(self) -> bool:
        """Every bet has its result and the box score has been checked for the last time."""
        return self.checks >= FINAL_CHECKS and all(x.done_in(self.game.id) for x in self.tracked)

    @property
    def standing(self) -> GameStanding:
        """What the poller needs to know to choose the next poll."""
        done = bool(self.tracked) and all(x.done_in(self.game.id) for x in self.tracked)
        if self.final_at is not None and self.seen_at is not None:
            # What the box still lacks by then comes with a later look at it, or never.
            done = done or self.seen_at - self.final_at >= BOX_AWAITED
        players = self.follows_players
        return GameStanding(self.game, self.state, self.final_at, done, self.checks, players)

    @property
    def follows_players(self) -> bool:
        """Whether a bet is on a player of the game, so that its box is wanted."""
        legs = (leg for x in self.tracked for leg in x.bet.legs if leg.game.id == self.game.id)
        return any(isinstance(x.market, PlayerTotal | DoubleDouble) for x in legs)

    def with_tracked(self, tracked: Tracked) -> GameTracking:
        """The tracking with one bet's entry replaced."""
        number = tracked.bet.number
        return replace(
            self, tracked=tuple(tracked if x.bet.number == number else x for x in self.tracked)
        )

    def with_bets(self, wanted: tuple[Tracked, ...]) -> GameTracking:
        """The tracking with exactly these bets; those already followed keep what is remembered."""
        followed = {x.bet.number: x for x in self.tracked}
        return replace(
            self,
            tracked=tuple(
                followed[x.bet.number].met_again(x) if x.bet.number in followed else x
                for x in wanted
            ),
        )

    def with_all(self, changed: Mapping[int, Tracked]) -> GameTracking:
        """The same with the entries of some bets replaced, by their numbers."""
        if not changed:
            return self
        return replace(self, tracked=tuple(changed.get(x.bet.number, x) for x in self.tracked))


@dataclass(frozen=True, slots=True)
class Review:
    """A bet that cannot be settled for sure, and why."""

    bet: int
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Change:
    """All that one poll changes, to be recorded in one transaction.

    `rules` and `legs` hold only those that changed. `notes` are transitions worth a log line.
    """

    tracking: GameTracking
    ordering: Ordering | None = None
    snapshots: tuple[Snapshot, ...] = ()
    rules: tuple[RuleState, ...] = ()
    alerts: tuple[Alert, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    reviews: tuple[Review, ...] = ()
    notes: tuple[SystemEvent, ...] = ()
    legs: tuple[LegStanding, ...] = ()

    @property
    def empty(self) -> bool:
        """Nothing that would have to be kept."""
        return not (
            self.snapshots
            or self.rules
            or self.alerts
            or self.settlements
            or self.confirmations
            or self.reviews
            or self.legs
        )


class Gathering:
    """What becomes of the bets on a game, bet by bet, put into one change at the end.

    Each list takes what is to be added to the part of the change of that name. To replace a
    tracking and its tuples once for every bet would take the square of their number.
    """

    def __init__(self, change: Change) -> None:
        """`change` is what has come of the poll so far."""
        self._change = change
        self._bets: dict[int, Tracked] = {}
        self.snapshots: list[Snapshot] = []
        self.rules: list[RuleState] = []
        self.alerts: list[Alert] = []
        self.settlements: list[Settlement] = []
        self.confirmations: list[Confirmation] = []
        self.reviews: list[Review] = []
        self.legs: list[LegStanding] = []

    def put(self, tracked: Tracked) -> None:
        """Take a bet as it stands from now."""
        self._bets[tracked.bet.number] = tracked

    @property
    def change(self) -> Change:
        """All of it together; the change itself where nothing was added."""
        change = self._change
        parts: dict[str, Any] = {
            name: (*getattr(change, name), *found)
            for name in _GATHERED
            if (found := getattr(self, name))
        }
        if not (parts or self._bets):
            return change
        return replace(change, tracking=change.tracking.with_all(self._bets), **parts)


_GATHERED = (
    "snapshots", "rules", "alerts", "settlements", "confirmations", "reviews", "legs"
)  # fmt: skip
