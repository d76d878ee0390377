"""Game trackings: the bets on one game, what is believed of the game, and what one poll changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from tracker.domain.alert import Alert, Reason
from tracker.domain.bet import Bet, Confirmation, Parlay, Result, Settlement, Snapshot, Status
from tracker.domain.chance import Chance, NoChance, maker
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.market import Market, PlayerMarket
from tracker.domain.poll import AGREE_AFTER, DOCUMENT_HELD, FINAL_CHECKS, GameStanding, Origin
from tracker.domain.prior import Basis

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tracker.domain.events import SystemEvent

Readings = tuple[tuple[datetime, float], ...]
"""Readings of a figure such as a bet's chance of winning, in order: the time and the figure."""

BOX_AWAITED = timedelta(minutes=20)
"""How long after the final a game is polled every minute while results still need its box score."""


class RulePhase(StrEnum):
    """The phase of an alert rule.

    An unarmed rule is new, or got beyond its level without crossing it. An armed one waits for its
    level, a pending one for a second reading beyond it. A firing one has fired and has not come
    back past its band, a cooling one has and waits for the end of its cooldown.
    """

    UNARMED = "unarmed"
    ARMED = "armed"
    PENDING = "pending"
    FIRING = "firing"
    COOLING = "cooling"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class RuleState:
    """The memory of one rule of one bet between polls and across restarts.

    `episode` counts firings. `streak` counts consecutive fresh polls beyond the level. `fired` are
    the firings of the last hour. `window` of a swing rule holds the readings that it is measured
    against; of a level rule, the reading that fired until its cooldown is over, and behind it,
    while the rule is pending, the last reading on the safe side. `flipped` is whether a crossing
    rule watches for the way back. `extremes` of a rule about a chance are the lowest that it fired
    at on the way down (1.0 for none) and the highest on the way up (0.0 for none); None before it
    has fired. `announced` of a rule on a fact holds the numbers of what it has announced: of the
    legs, for a parlay's `hit`, else of the game and its period.
    """

    bet: int
    rule: str
    phase: RulePhase = RulePhase.UNARMED
    episode: int = 0
    streak: int = 0
    reason: Reason | None = None
    fired: tuple[datetime, ...] = ()
    window: Readings = ()
    flipped: bool = False
    extremes: tuple[float, float] | None = None
    announced: tuple[int, ...] = ()

    def sent_within(self, span: timedelta, at: datetime) -> float | None:
        """The chance of the rule's last alert before `at`, if it was sent within this time."""
        if not (self.fired and self.extremes and timedelta(0) < at - self.fired[-1] < span):
            return None
        return next((p for then, p in self.window if then == self.fired[-1]), None)

    def with_window(self, window: Readings) -> RuleState:
        """The state with another window of readings."""
        return _RULE_STATE(
            self.bet, self.rule, self.phase, self.episode, self.streak, self.reason, self.fired,
            window, self.flipped, self.extremes, self.announced,
        )  # fmt: skip

    def moved(self, phase: RulePhase, reason: Reason, streak: int = 0) -> RuleState:
        """The state in another phase, with the reason."""
        return _RULE_STATE(
            self.bet, self.rule, phase, self.episode, streak, reason, self.fired, self.window,
            self.flipped, self.extremes, self.announced,
        )  # fmt: skip


_RULE_STATE = maker(RuleState)


class IdleSpan(NamedTuple):
    """The readings of a chance that leave a rule as it is, but for what a swing is measured from.

    These are readings strictly between `low` and `high`, from `after` on and before `until`.
    """

    low: float
    high: float
    after: datetime
    until: datetime

    def holds(self, p: float, at: datetime) -> bool:
        """Whether a reading of chance `p` at time `at` is one of them."""
        return self.low < p < self.high and self.after <= at < self.until


class IdleRange(NamedTuple):
    """The readings that leave the rules of a bet as they are, so that none has to be stepped.

    Nearly every reading at nearly every poll is one. They are bounded as those of an `IdleSpan`;
    the range is empty when a rule is about to change. `each` has one span for each rule, in order;
    None for a rule that is about to change, and for a swing rule. All of it holds only while the
    bet's rule states are `rules`. `size` is the smallest move that an armed swing fires at, and
    `reach` the longest time over which one is measured, None without such a rule.
    """

    rules: tuple[RuleState, ...]
    low: float
    high: float
    after: datetime
    until: datetime
    each: tuple[IdleSpan | None, ...]
    size: float = 1.0
    reach: timedelta | None = None


LIKELY_PUSH = 0.05
"""The chance of a push from which a leg is expected to drop out. Below it the error in the parlay's
value is smaller than that of the forecast."""

LIKELIEST = 0.5
"""The chance of a push from which a push is the likeliest end of a bet, and its rules wait."""


@dataclass(frozen=True, slots=True)
class LegStanding:
    """Where one leg of a parlay stands. `leg` is its index on the slip, from 0.

    `chance` is the leg's own chance at the last poll. `result` is None until the leg is settled;
    `reason` says why it ended so, and `evidence` what that rests on. `unclear` says why the leg
    cannot be settled, `no_chance` why it has no chance at present. `was` is its chance at the poll
    before.
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
    was: Chance | None = field(default=None, compare=False, repr=False)

    def seen_at(self, chance: Chance | None, no_chance: NoChance | None) -> LegStanding:
        """The leg with another chance, or with the reason why it has none."""
        return _LEG(
            self.bet, self.leg, chance, self.result, self.official, self.reason, self.evidence,
            self.unclear, no_chance, self.chance,
        )  # fmt: skip

    @property
    def out(self) -> bool:
        """Whether its player is out, so that it will be void."""
        return self.result is None and self.no_chance is NoChance.OUT

    @property
    def hit(self) -> bool:
        """Whether it has won or can no longer lose."""
        if self.result is not None:
            return self.result is Result.WON
        return self.chance is not None and self.chance.lose == 0 < self.chance.win

    @property
    def lost(self) -> bool:
        """Whether it has lost or can no longer win."""
        if self.result is not None:
            return self.result is Result.LOST
        return self.chance is not None and self.chance.lose == 1

    @property
    def dropped(self) -> bool:
        """Whether it has dropped out: it is void or a push, or will be void."""
        return self.out or self.result in (Result.VOID, Result.PUSH)

    @property
    def alive(self) -> bool:
        """Whether it may still win or lose."""
        return not (self.hit or self.lost or self.dropped)


_LEG = maker(LegStanding)


@dataclass(frozen=True, slots=True)
class Group:
    """A parlay's legs on one game and their joint chance, as last seen or as settled."""

    game: str
    chance: Chance | None = None


@dataclass(frozen=True, slots=True)
class Tracked:
    """A bet that is being followed, with all that is remembered of it.

    `rules` are the states of the bet's rules, in their order. `readings` are the chances of winning
    that were read since these were last stepped: the windows of its swing rules lack them. They are
    in the bet's snapshots, so that a poll that changes no rule stores no state of one. `chance` is
    that of the last snapshot. `peak` and `low` are the highest and the lowest chance of winning
    while the bet was open: a decided chance does not count. `no_chance` says why it has no chance
    at present. `review` says why a person must decide the result. `reported` is the last revision
    that was announced.

    A parlay has a standing for each leg and a group for each game; a parlay over several games is
    in the tracking of each of them.
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
    readings: Readings = ()
    idle: IdleRange | None = field(default=None, repr=False, compare=False)
    """The chances at which its rules decide nothing; None where that is not known."""

    @classmethod
    def fresh(cls, bet: Bet) -> Tracked:
        """A tracked bet that no poll has been applied to."""
        rules = tuple(RuleState(bet.number, rule.text) for rule in bet.rules)
        if not isinstance(bet.market, Parlay):
            return cls(bet, rules)
        legs = tuple(LegStanding(bet.number, i) for i in range(len(bet.legs)))
        return cls(bet, rules, legs=legs, groups=tuple(Group(x.id) for x in bet.games))

    def seen_at(
        self, chance: Chance, idle: IdleRange | None = None, readings: Readings | None = None
    ) -> Tracked:
        """The bet with another chance, by which its peak and low may move.

        The idle range of its rules and the readings stay where none are given.
        """
        win, peak, low = chance.win, self.peak, self.low
        if not chance.decided:
            peak = win if peak is None or win > peak else peak
            low = win if low is None or win < low else low
        return _TRACKED(
            self.bet, self.rules, chance, peak, low, self.settlement, self.official, self.review,
            self.legs, self.groups, self.reported, None,
            self.readings if readings is None else readings, idle or self.idle,
        )  # fmt: skip

    def without_chance(self, why: NoChance) -> Tracked:
        """The bet without a chance, and the reason why it has none."""
        if self.chance is None and self.no_chance is why:
            return self
        return replace(self, chance=None, no_chance=why)

    @property
    def out(self) -> tuple[int, ...]:
        """The indices of the legs whose player is out; a single bet counts as one leg."""
        if self.legs:
            return tuple(x.leg for x in self.legs if x.out)
        return (0,) if self.no_chance is NoChance.OUT and not self.ended else ()

    @property
    def by_hand(self) -> bool:
        """Whether a person gave its result, which no poll changes."""
        return self.settlement is not None and self.settlement.by_hand

    @property
    def ended(self) -> bool:
        """Whether it has a result that stands: one that was taken back does not."""
        return self.settlement is not None and not self.settlement.taken_back

    @property
    def in_force(self) -> Settlement | None:
        """The settlement that stands; None without one, and where it was taken back."""
        return self.settlement if self.ended else None

    @property
    def dropped(self) -> tuple[int, ...]:
        """The indices of the legs that have dropped out, which changes the price of the bet."""
        return tuple(x.leg for x in self.legs if x.dropped) if self.legs else self.out

    @property
    def may_drop(self) -> bool:
        """Whether an open leg of a parlay may well push and drop out (LIKELY_PUSH)."""
        return any(
            x.result is None and x.chance is not None and x.chance.push >= LIKELY_PUSH
            for x in self.legs
        )

    def with_rules(
        self,
        rules: tuple[RuleState, ...],
        idle: IdleRange | None = None,
        readings: Readings | None = None,
    ) -> Tracked:
        """The bet with other states of its rules, and the range in which these decide nothing.

        The readings stay where none are given.
        """
        return _TRACKED(
            self.bet, rules, self.chance, self.peak, self.low, self.settlement, self.official,
            self.review, self.legs, self.groups, self.reported, self.no_chance,
            self.readings if readings is None else readings, idle,
        )  # fmt: skip

    def with_legs(self, legs: tuple[LegStanding, ...], groups: tuple[Group, ...]) -> Tracked:
        """A parlay with other standings of its legs and groups."""
        return _TRACKED(
            self.bet, self.rules, self.chance, self.peak, self.low, self.settlement, self.official,
            self.review, legs, groups, self.reported, self.no_chance, self.readings, self.idle,
        )  # fmt: skip

    def done_in(self, game_id: str) -> bool:
        """Whether no result of the bet, or of one of its legs, waits for this game any more.

        A lost parlay still waits for the results of its other legs, because a box score may be
        corrected.
        """
        if self.by_hand or self.review is not None:
            return True
        if not isinstance(self.bet.market, Parlay):
            return self.ended
        mine = [self.legs[i] for i in self.bet.market.in_game(game_id)]
        return all(x.result is not None or x.unclear for x in mine)

    def met_again(self, stored: Tracked) -> Tracked:
        """This bet brought up to date with its stored copy.

        The copy may have other odds, stake and rules, and a result that a person gave. The chances
        and standings in memory are kept, unless the bet is now another: then the copy stands. A
        rule that is added again gets its stored memory back, so that its episodes go on counting.
        """
        if stored.bet is self.bet and _revision(stored) == 0:
            # The bet has not been read again, as at nearly every poll.
            return self
        if stored.bet is not self.bet and _legs(stored.bet) != _legs(self.bet):
            return stored
        unstored = _revision(stored) < _revision(self)
        if unstored and stored.bet.terms != self.bet.terms:
            # Its result was not stored, as it was paid by a price that was changed meanwhile.
            return stored
        memory = {x.rule: x for x in stored.rules} | {x.rule: x for x in self.rules}
        rules = tuple(
            memory.get(r.text, RuleState(self.bet.number, r.text)) for r in stored.bet.rules
        )
        same = replace(self, bet=stored.bet, rules=rules)
        # A person may have decided just when a poll did: then what is stored is the result.
        if _revision(stored) < _revision(self) or stored.settlement == self.settlement:
            return same
        # A regrade decides a parlay leg by leg, also on games whose polls are over.
        legs = tuple(
            x if y.result is None else y for x, y in zip(self.legs, stored.legs, strict=True)
        )
        return replace(
            same,
            settlement=stored.settlement,
            official=stored.official,
            review=stored.review,
            legs=legs,
        )

    @property
    def asks(self) -> str | None:
        """What a person has to decide: the result, or the payout; None where nothing."""
        if self.review is not None:
            return self.review
        done = self.settlement
        return done.reason if done is not None and done.asks_payout else None

    def status(self, state: GameState | None) -> Status:
        """The status of the bet, given the believed state of its game."""
        if self.review is not None:
            return Status.NEEDS_REVIEW
        if self.ended:
            return Status.OFFICIAL if self.official else Status.PROVISIONAL
        started = state is not None and (state.phase.in_play or state.phase is Phase.FINAL)
        return Status.LIVE if started else Status.SCHEDULED


_TRACKED = maker(Tracked)


def _revision(tracked: Tracked) -> int:
    return 0 if tracked.settlement is None else tracked.settlement.revision


def _legs(bet: Bet) -> tuple[tuple[str, Market], ...]:
    """What a bet is about, whenever its games begin."""
    return tuple((x.game.id, x.market) for x in bet.legs)


class Ordering(StrEnum):
    """How a poll compares with the believed state.

    A poll is `BEHIND` when it is from another document than the believed state and from an earlier
    moment: its players' figures are taken, and its score and clock are not.
    """

    NEWER = "newer"
    SAME = "same"
    BEHIND = "behind"
    HELD = "held"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Held:
    """An older or doubtful state that is not believed yet. `polls` counts the polls that agree.

    `origin` is the document that reported it. `since` is when the first of these polls came, and
    `wait` is how long they must go on agreeing.
    """

    state: GameState
    polls: int
    origin: Origin
    since: datetime
    wait: timedelta = timedelta(0)

    @property
    def usual(self) -> bool:
        """Whether it only comes from a source's box being behind its board, or the reverse."""
        return self.wait == DOCUMENT_HELD


@dataclass(frozen=True, slots=True)
class GameTracking:
    """The tracked bets on one game and the believed state of the game.

    `told_by` is the document that the believed `state` came from; the next poll is judged by it,
    `state` and `held`. `changed_at` is when the state last changed, `seen_at` when a poll could
    last be read. `listened_from` is when this run of the program began to poll the game, None
    before that. `final_at` is when the game was first seen final, or off; `checks` is as in
    `GameStanding`. Until `still_until` a state that does not change is in order. `digests` are
    those of the last documents about the game, by which a rewritten document is recognised. `stale`
    is whether the state is too old to be trusted, `lost` whether `feed_down` has been announced.
    `basis` is what the chances last rested on besides the state.
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
        """Since when no poll could be read: not before this run of the program began to poll."""
        return max((x for x in (self.seen_at, self.listened_from) if x), default=None)

    @property
    def still_from(self) -> datetime | None:
        """Since when nothing new was told: not before this run of the program began to poll."""
        heard, changed = self.listened_from, self.changed_at
        return changed if changed is None or heard is None else max(changed, heard)

    @property
    def settled(self) -> bool:
        """Whether every bet is done and the box score has been checked for the last time."""
        return self.checks >= FINAL_CHECKS and all(x.done_in(self.game.id) for x in self.tracked)

    @property
    def standing(self) -> GameStanding:
        """What decides when the game is polled next."""
        done = bool(self.tracked) and all(x.done_in(self.game.id) for x in self.tracked)
        changed = False
        if self.final_at is not None and self.seen_at is not None:
            # What the box still lacks then comes at a later check; a change is confirmed at once.
            changed = self.changed_at is not None and self.seen_at - self.changed_at < AGREE_AFTER
            done = done or (self.seen_at - self.final_at >= BOX_AWAITED and not changed)
        follows, checks = self.follows_players, self.checks
        return GameStanding(self.game, self.state, self.final_at, done, checks, follows, changed)

    @property
    def follows_players(self) -> bool:
        """Whether a bet is on a player of the game, so that its box score is needed."""
        legs = (leg for x in self.tracked for leg in x.bet.legs if leg.game.id == self.game.id)
        return any(isinstance(x.market, PlayerMarket) for x in legs)

    def with_tracked(self, tracked: Tracked) -> GameTracking:
        """The tracking with one bet's entry replaced."""
        number = tracked.bet.number
        return replace(
            self, tracked=tuple(tracked if x.bet.number == number else x for x in self.tracked)
        )

    def with_bets(self, wanted: tuple[Tracked, ...]) -> GameTracking:
        """The tracking with exactly these bets; bets that it has already keep their memory."""
        followed = {x.bet.number: x for x in self.tracked}
        return replace(
            self,
            tracked=tuple(
                followed[x.bet.number].met_again(x) if x.bet.number in followed else x
                for x in wanted
            ),
        )

    def with_all(self, changed: Mapping[int, Tracked]) -> GameTracking:
        """The tracking with the entries of some bets replaced, by their numbers."""
        if not changed:
            return self
        return replace(self, tracked=tuple(changed.get(x.bet.number, x) for x in self.tracked))


@dataclass(frozen=True, slots=True)
class Review:
    """A bet that only a person can settle, and why. An empty `why` takes the question back."""

    bet: int
    at: datetime
    why: str


_STORED = (
    "snapshots", "rules", "alerts", "settlements", "confirmations", "reviews", "legs"
)  # fmt: skip
"""The fields of a `Change` with rows to store, which a `Gathering` has lists of."""


@dataclass(frozen=True, slots=True)
class Change:
    """All that one poll changes, to be recorded in one transaction.

    All `snapshots` have one `game`. `rules` and `legs` hold what changed, `notes` events to log.
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
        """Whether there is nothing to store apart from the tracking itself."""
        return not any(getattr(self, x) for x in _STORED)


class Gathering:
    """Collects changes bet by bet and makes one change of them at the end.

    Each list is added to the field of the change with the same name. Replacing the tracking and its
    tuples once for every bet would take time that grows with the square of their number.
    """

    def __init__(self, change: Change) -> None:
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
        """Replace a bet's entry in the tracking."""
        self._bets[tracked.bet.number] = tracked

    @property
    def change(self) -> Change:
        """The change with all that was collected; the given one where nothing was."""
        change = self._change
        parts: dict[str, Any] = {
            name: (*getattr(change, name), *found)
            for name in _STORED
            if (found := getattr(self, name))
        }
        if not (parts or self._bets):
            return change
        return replace(change, tracking=change.tracking.with_all(self._bets), **parts)
