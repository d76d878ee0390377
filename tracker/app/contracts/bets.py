"""The JSON shapes of bets, as the command line and the API give them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Chance = Annotated[float, Field(ge=0, le=1)]
"""A chance, or a share, from 0 to 1."""

Instant = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
"""A time: ISO 8601 in UTC."""

Count = Annotated[int, Field(ge=0)]


class Closed(BaseModel):
    """A shape that has exactly these keys."""

    model_config = ConfigDict(extra="forbid")


class PairJson(Closed):
    """Points of both teams."""

    home: float
    away: float


class SplitJson(Closed):
    """The chance of each result of a bet."""

    win: Chance
    push: Chance
    lose: Chance


class GameNameJson(Closed):
    """A game by its id; every key is null for a bet whose game is not known yet."""

    id: str | None
    league: str | None
    away: str | None
    home: str | None
    start: Instant | None


class MomentsJson(Closed):
    """Expected points (`mu`), or their standard deviations (`sigma`)."""

    home: float
    away: float
    total: float
    margin: float


class BetJson(Closed):
    """A bet as it stands. `id` is the person's own id, or else the bet's number.

    `review` says what a person must decide: the result, or what the book paid; else it is null.
    `stale` says that the data have stopped: the chance is that of the last data.
    """

    id: int | str
    pick: str
    market: str | None
    game: GameNameJson
    odds: str | None
    stake_cents: int | None
    free: bool
    status: Literal["scheduled", "live", "provisional", "official", "withdrawn", "needs_review"]
    result: Literal["won", "lost", "push", "void"] | None
    payout_cents: int | None
    review: str | None
    chance: SplitJson | None
    no_chance: Literal["out", "little_known", "not_in_box"] | None
    stale: bool
    revision: Count
    rules: list[str]


class BetsJson(Closed):
    """A page of bets, newest first; `next` is the `before` of the page that follows."""

    bets: list[BetJson]
    next: int | None


class AddedBetJson(BetJson):
    """A registered bet.

    `created` is false if it was there already; `waiting` says why it has no game yet, `already`
    what was certain about it when it was added.
    """

    created: bool
    waiting: str | None
    already: list[str]


class PriorSeenJson(Closed):
    """The prior that a snapshot was made with."""

    margin: float
    total: float
    by: str


class OwnJson(Closed):
    """The figure that decides a bet: its value now, and its expected final value."""

    now: float | None
    mu: float
    sigma: float


class SnapshotJson(Closed):
    """A bet's chances at one moment."""

    at: Instant
    period: Count
    clock: str
    clock_s: float
    game_clock: str
    score: PairJson
    mu: MomentsJson
    sigma: MomentsJson
    chance: SplitJson | None
    no_chance: str | None
    own: OwnJson | None
    prior: PriorSeenJson | None
    poll: int
    model_version: str
    feature_version: str
    calibration_id: str


class SnapshotsJson(Closed):
    """A page of snapshots, newest first; `next` is the `before` of the page that follows."""

    snapshots: list[SnapshotJson]
    next: int | None


class DeliveryJson(Closed):
    """The delivery of a message on one channel."""

    channel: str
    state: str
    attempts: Count
    at: Instant
    detail: str
    possible_repeat: bool


class AlertJson(Closed):
    """A decision of a rule; `text` is empty where no message was written."""

    id: int
    bet: int | str
    rule: str
    episode: int
    at: Instant
    game_clock: str
    decision: Literal["fired", "held"]
    reason: str
    level: str
    text: str
    p: Chance | None
    was: Chance | None
    score: PairJson
    deliveries: list[DeliveryJson]


class AlertsJson(Closed):
    """The alerts of a bet, and with `explain=1` also those that were held."""

    alerts: list[AlertJson]


class SettledJson(Closed):
    """A revision of a bet's settlement."""

    revision: Count
    result: str
    payout_cents: int | None
    at: Instant
    reason: str
    evidence: str
    by_hand: bool
    poll: int | None
    official_at: Instant | None


class LegJson(Closed):
    """A leg of a parlay."""

    text: str
    market: str
    game: str
    odds: str | None
    chance: SplitJson | None
    no_chance: str | None
    result: str | None
    official: bool
    reason: str


class PriorJson(Closed):
    """The prior of a game, and the sources it rests on."""

    margin: float
    total: float
    margin_sd: float
    total_sd: float
    source: str
    margin_by: str
    total_by: str
    ends: dict[str, Any] | None


class BestJson(Closed):
    """The best quoted price, and its book."""

    book: str
    odds_decimal: float


class DecidedJson(Closed):
    """What a bet was worth when it was made: our chance against its price."""

    p: Chance
    push: Chance
    break_even: Chance | None
    edge: float | None
    kelly: float | None
    fair_odds: float | None
    prior: str
    best: BestJson | None
    market_at_bet: Chance | None


class ClosingValueJson(Closed):
    """What a bet was worth at the closing line: the expected profit of one unit."""

    grade: Literal["quoted", "converted", "model", "missing"]
    value: float | None
    win: Chance | None
    push: Chance | None
    lose: Chance | None
    reason: str
    revision: Count


class ShownJson(BetJson):
    """A bet with its whole history."""

    number: int
    tags: list[str]
    book: str | None
    added_at: Instant
    withdrawn_at: Instant | None
    peak: Chance | None
    low: Chance | None
    legs: list[LegJson]
    snapshots: list[SnapshotJson]
    alerts: list[AlertJson]
    settlements: list[SettledJson]
    prior: PriorJson | None
    decision: DecidedJson | None
    clv: ClosingValueJson | None


class ColumnsJson(Closed):
    """A bet's history as columns of one length; `mu` and `sigma` are of the total."""

    at: list[Instant]
    win: list[Chance]
    mu: list[float]
    sigma: list[float]
    score: list[list[int]]
    clock: list[str]


class SnoozedJson(Closed):
    """What is snoozed, and until when."""

    scope: Literal["bet", "game", "all"]
    target: str
    until: Instant


class HeldBetJson(Closed):
    """An open bet, with the chance that its worth is worked out from."""

    id: int | str
    number: int
    chance: SplitJson
    chance_at: Instant
    stake_cents: int
    free: bool
    odds: str


class CashoutJson(HeldBetJson):
    """A cash-out offer against the bet's worth. `break_even` is null above any payout."""

    offer_cents: int
    fair_cents: int
    fee: float | None
    break_even: float | None


class HedgeStakeJson(Closed):
    """A second bet on the other side, and what both bets together bring, in cents."""

    stake: int
    if_wins: int
    if_loses: int
    expected: int


class HedgeJson(HeldBetJson):
    """Two stakes on the other side: `lock` for the same either way, `even` to cover the first."""

    against: str
    lock: HedgeStakeJson
    even: HedgeStakeJson


class EndJson(Closed):
    """One of the two moments between which a chance moved, and the game that it is of."""

    game: GameNameJson
    at: Instant
    period: Count
    clock: str
    game_clock: str
    score: PairJson
    win: Chance


class CauseJson(Closed):
    """A cause, and by how much it moved p(hit)."""

    cause: str
    change: float


class WhyJson(Closed):
    """Why a chance moved; the causes add up to the change."""

    id: int | str
    pick: str
    from_: Annotated[EndJson, Field(alias="from")]
    to: EndJson
    change: float
    causes: list[CauseJson]
    prior: PriorJson


class ReviewJson(BetJson):
    """A bet that waits for its result; `review` is null if only its game is over."""


class NewLegJson(Closed):
    """A leg of a registered bet."""

    market: str
    game: GameNameJson
    odds: str | None


class AddedJson(Closed):
    """A bet as it was understood.

    `created` is false if it was there already; `waiting` says why it has no game yet, `already`
    what is certain about it.
    """

    id: int | str
    number: int
    created: bool
    pick: str
    market: str | None
    game: GameNameJson | None
    legs: list[NewLegJson]
    waiting: str | None
    already: list[str]
    odds: str | None
    stake_cents: int | None
    to_win_cents: int | None
    break_even: Chance | None
    rules: list[str]
    placed_at: Instant | None


class AuditJson(Closed):
    """One change: who made it, of what, and the values before and after."""

    at: Instant
    who: str
    what: str
    before: str | None
    after: str | None


class EditedJson(BetJson):
    """A bet as it stands after a change, and what was changed."""

    changed: list[AuditJson]


class WithdrawnJson(Closed):
    """Whether a bet was withdrawn just now."""

    id: int | str
    number: int
    withdrawn: bool


class WithdrawnGoneJson(Closed):
    """The numbers of the bets that had left the bets file and were withdrawn."""

    withdrawn: list[int]


class DecidedByHandJson(Closed):
    """A result that a person decided, or that was graded again from the box score."""

    id: int | str
    number: int
    result: Literal["won", "lost", "push", "void"]
    payout_cents: int | None
    revision: Count
    reason: str
    evidence: str
    by_hand: bool
    status: str


class RuleStandingJson(Closed):
    """A rule of a bet: its state, and how often it has fired."""

    rule: str
    state: Literal["", "unarmed", "armed", "pending", "firing", "cooling", "done"]
    fired: Count


class RulesJson(Closed):
    """The rules of a bet."""

    id: int | str
    rules: list[RuleStandingJson]


class DefaultRulesJson(Closed):
    """The rules of bets without rules of their own."""

    rules: list[str]


class RuleFiguresJson(Closed):
    """What a rule would have reported in finished games.

    `share` is how often a bet ended as the alert pointed, `promised` the mean chance that the alert
    gave that end, `lead_minutes` the game minutes until the bet was settled.
    """

    rule: str
    bets: Count
    alerts: Count
    held: Count
    missed: Count
    every_crossing: Count
    share: Chance | None
    promised: Chance | None
    lead_minutes: float | None
    naive: Count
    spared: Count
    false_a_night: float


class RulesTestJson(Closed):
    """Rules tried on finished games."""

    games: Count
    bets: Count
    rules: list[RuleFiguresJson]


class SnoozeJson(Closed):
    """A snooze: what it covers, since when, and until when."""

    scope: Literal["bet", "game", "all"]
    target: str
    since: Instant
    until: Instant


class LiftedJson(Closed):
    """How many snoozes were ended."""

    lifted: Count


class ImportedBetJson(Closed):
    """A row of a file, as it would be imported."""

    line: int
    pick: str
    odds: str | None
    stake_cents: int | None
    book: str | None
    tags: list[str]
    placed_at: Instant | None
    day: date | None
    free: bool
    result: Literal["won", "lost", "push", "void"] | None
    payout_cents: int | None


class ImportTrialJson(Closed):
    """What an import would add; nothing was written."""

    bets: list[ImportedBetJson]
    mistakes: Count
    other_sports: dict[str, Count]
    unused: list[str]
    doubts: list[str]


class ImportedJson(Closed):
    """What an import has added."""

    added: Count
    known: Count
    settled: Count
    needs_review: Count
    mistakes: Count
    other_sports: dict[str, Count]
    unused: list[str]
    doubts: list[str]


class CheckedGameJson(Closed):
    """The game of a bet that is checked."""

    id: str
    away: str
    home: str


class CheckJson(DecidedJson):
    """What a bet would be worth now; `why` says which limits keep it from being worth a look.

    `game_clock` are the moments of its games by which it was priced.
    """

    bet: str
    game: CheckedGameJson
    live: bool
    game_clock: list[str]
    market: Chance | None
    worth_a_look: bool
    why: list[str]
