"""The shape of what is told of bets in JSON: by the command line, and by the API alike."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Chance = Annotated[float, Field(ge=0, le=1)]
"""A chance, or a share of a whole."""

Instant = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
"""A time: ISO 8601 in UTC."""

Count = Annotated[int, Field(ge=0)]


class Closed(BaseModel):
    """A shape that has these keys and no others."""

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
    """A game by its id; all is null of a bet whose game is not known yet."""

    id: str | None
    league: str | None
    away: str | None
    home: str | None
    start: Instant | None


class MomentsJson(Closed):
    """Points that are expected, or by how much they may differ."""

    home: float
    away: float
    total: float
    margin: float


class BetJson(Closed):
    """A bet as it stands. `id` is the person's own, else its number."""

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
    chance: SplitJson | None
    no_chance: Literal["out", "little_known", "not_in_box"] | None
    revision: Count
    rules: list[str]


class BetsJson(Closed):
    """A page of bets, newest first; `next` is the `before` of the page that follows."""

    bets: list[BetJson]
    next: int | None


class AddedBetJson(BetJson):
    """A bet that was registered: `created` is false where it was there, `waiting` why it waits."""

    created: bool
    waiting: str | None


class PriorSeenJson(Closed):
    """What was believed before tip-off, as a snapshot keeps it."""

    margin: float
    total: float
    by: str


class OwnJson(Closed):
    """The figure that decides a bet: what counts so far, and what it is expected to end with."""

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
    """How far a message has come on one channel."""

    channel: str
    state: str
    attempts: Count
    at: Instant
    detail: str
    possible_repeat: bool


class AlertJson(Closed):
    """A decision of a rule; `text` is empty where nothing was said."""

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
    """What was said of a bet, and with `explain=1` what was held back."""

    alerts: list[AlertJson]


class SettledJson(Closed):
    """A revision of a bet's result."""

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
    """What is believed of the game before its tip-off, and who tells it."""

    margin: float
    total: float
    margin_sd: float
    total_sd: float
    source: str
    margin_by: str
    total_by: str
    ends: dict[str, Any] | None


class BestJson(Closed):
    """The best price that was quoted, and where."""

    book: str
    odds_decimal: float


class DecidedJson(Closed):
    """What a bet was worth when it was made: our chance beside its price."""

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
    """What a bet was worth by the close: the expected profit of one unit."""

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
    review: str | None
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
    """Until when nothing is said."""

    scope: Literal["bet", "game", "all"]
    target: str
    until: Instant


class HeldBetJson(Closed):
    """A bet that is held, and by what chance its worth is told."""

    id: int | str
    number: int
    chance: SplitJson
    chance_at: Instant
    stake_cents: int
    free: bool
    odds: str


class CashoutJson(HeldBetJson):
    """An offer beside what the bet is worth; no `break_even` where it pays more than a bet can."""

    offer_cents: int
    fair_cents: int
    fee: float | None
    break_even: float | None


class HedgeStakeJson(Closed):
    """A second bet on the other side, and what both bring, in cents."""

    stake: int
    if_wins: int
    if_loses: int
    expected: int


class HedgeJson(HeldBetJson):
    """Two stakes on the other side: the same either way, and the first stake covered."""

    against: str
    lock: HedgeStakeJson
    even: HedgeStakeJson


class EndJson(Closed):
    """One of the two moments between which a chance moved."""

    at: Instant
    period: Count
    clock: str
    game_clock: str
    score: PairJson
    win: Chance


class CauseJson(Closed):
    """A cause, and by how much of p(hit) it moved the chance."""

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
    """A bet that waits for its result, and why; `review` is null where its game is over."""

    review: str | None


class NewLegJson(Closed):
    """A leg of a bet that was registered."""

    market: str
    game: GameNameJson
    odds: str | None


class AddedJson(Closed):
    """A bet as it was understood: `created` is false where it was there, `waiting` why it waits."""

    id: int | str
    number: int
    created: bool
    pick: str
    market: str | None
    game: GameNameJson | None
    legs: list[NewLegJson]
    waiting: str | None
    odds: str | None
    stake_cents: int | None
    to_win_cents: int | None
    break_even: Chance | None
    rules: list[str]
    placed_at: Instant | None


class AuditJson(Closed):
    """One change: by whom, of what, from what to what."""

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
    """The numbers of the bets that had left the bets file, and were withdrawn."""

    withdrawn: list[int]


class DecidedByHandJson(Closed):
    """A result that was decided by hand, or graded again from the box score."""

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
    """A rule of a bet: where it stands, and how often it has told."""

    rule: str
    state: Literal["", "unarmed", "armed", "pending", "firing", "cooling", "done"]
    fired: Count


class RulesJson(Closed):
    """The rules of a bet."""

    id: int | str
    rules: list[RuleStandingJson]


class DefaultRulesJson(Closed):
    """The rules of bets that bring none."""

    rules: list[str]


class RuleFiguresJson(Closed):
    """What a rule would have told in games that are over.

    `share` is how often a bet ended as the alert pointed, `promised` the mean chance that it gave
    that, `lead_minutes` game minutes until it was settled.
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
    """Rules tried on games that are over."""

    games: Count
    bets: Count
    rules: list[RuleFiguresJson]


class SnoozeJson(Closed):
    """A snooze: about what, from when, and until when nothing is said."""

    scope: Literal["bet", "game", "all"]
    target: str
    since: Instant
    until: Instant


class LiftedJson(Closed):
    """How many snoozes were ended."""

    lifted: Count


class ImportedBetJson(Closed):
    """A row of a file, as it would be brought in."""

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
    """What an import would bring in; nothing was written."""

    bets: list[ImportedBetJson]
    mistakes: Count
    other_sports: dict[str, Count]
    unused: list[str]
    doubts: list[str]


class ImportedJson(Closed):
    """What an import has brought in."""

    added: Count
    known: Count
    settled: Count
    needs_review: Count
    mistakes: Count
    other_sports: dict[str, Count]
    unused: list[str]
    doubts: list[str]


class CheckedGameJson(Closed):
    """The game of a bet that is looked at."""

    id: str
    away: str
    home: str


class CheckJson(DecidedJson):
    """What a bet would be worth now, and why it is not worth a look by the limits, if so."""

    bet: str
    game: CheckedGameJson
    live: bool
    market: Chance | None
    worth_a_look: bool
    why: list[str]
