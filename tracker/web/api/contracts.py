"""The shape of every answer of the API: what the OpenAPI document says of each.

The answers themselves are the JSON of the command line, from `app/`; a test holds each against its
shape here. A key is never taken away or given another type; a new one may come at any time.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from tracker.web.problems import ProblemBody

Chance = Annotated[float, Field(ge=0, le=1)]
"""A chance, or a share of a whole."""

Instant = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")]
"""A time: ISO 8601 in UTC."""

Count = Annotated[int, Field(ge=0)]
Json = dict[str, Any]


PROBLEM: Json = {"application/problem+json": {"schema": ProblemBody.model_json_schema()}}
"""An error as the document describes it."""

_FAULT = 400


def answers(shape: Any, status: int = 200, *others: int) -> Json:
    """What the decorator of a route is given: the answer's shape, described and not made anew."""
    told = {
        one: {
            "model": shape,
            "description": "As described.",
            **({"content": PROBLEM} if one >= _FAULT else {}),
        }
        for one in (status, *others)
    }
    return {"response_model": None, "responses": told, "status_code": status}


class PairJson(BaseModel):
    """Points of both teams."""

    home: float
    away: float


class SplitJson(BaseModel):
    """The chance of each result of a bet."""

    win: Chance
    push: Chance
    lose: Chance


class GameNameJson(BaseModel):
    """A game by its id; all is null of a bet whose game is not known yet."""

    id: str | None
    league: str | None
    away: str | None
    home: str | None
    start: Instant | None


class BetJson(BaseModel):
    """A bet as it stands. `id` is the person's own, else its number."""

    id: int | str
    pick: str
    market: str | None
    game: GameNameJson
    odds: str | None
    stake_cents: int | None
    status: Literal["scheduled", "live", "provisional", "official", "withdrawn", "needs_review"]
    result: Literal["won", "lost", "push", "void"] | None
    payout_cents: int | None
    chance: SplitJson | None
    no_chance: Literal["out", "little_known", "not_in_box"] | None
    revision: Count
    rules: list[str]


class BetsJson(BaseModel):
    """A page of bets, newest first; `next` is the `before` of the page that follows."""

    bets: list[BetJson]
    next: int | None


class AddedBetJson(BetJson):
    """A bet that was registered: `created` is false where it was there, `waiting` why it waits."""

    created: bool
    waiting: str | None


class MomentsJson(BaseModel):
    """Points that are expected, or by how much they may differ."""

    home: float
    away: float
    total: float
    margin: float


class PriorSeenJson(BaseModel):
    """What was believed before tip-off, as a snapshot keeps it."""

    margin: float
    total: float
    by: str


class OwnJson(BaseModel):
    """The figure that decides a bet: what counts so far, and what it is expected to end with."""

    now: float | None
    mu: float
    sigma: float


class SnapshotJson(BaseModel):
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


class SnapshotsJson(BaseModel):
    """A page of snapshots, newest first; `next` is the `before` of the page that follows."""

    snapshots: list[SnapshotJson]
    next: int | None


class DeliveryJson(BaseModel):
    """How far a message has come on one channel."""

    channel: str
    state: str
    attempts: Count
    at: Instant
    detail: str
    possible_repeat: bool


class AlertJson(BaseModel):
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


class AlertsJson(BaseModel):
    """What was said of a bet, and with `explain=1` what was held back."""

    alerts: list[AlertJson]


class SettledJson(BaseModel):
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


class LegJson(BaseModel):
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


class PriorJson(BaseModel):
    """What is believed of the game before its tip-off, and who tells it."""

    margin: float
    total: float
    margin_sd: float
    total_sd: float
    source: str
    margin_by: str
    total_by: str
    ends: dict[str, Any] | None


class BestJson(BaseModel):
    """The best price that was quoted, and where."""

    book: str
    odds_decimal: float


class DecidedJson(BaseModel):
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


class ClosingValueJson(BaseModel):
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


class ColumnsJson(BaseModel):
    """A bet's history as columns of one length; `mu` and `sigma` are of the total."""

    at: list[Instant]
    win: list[Chance]
    mu: list[float]
    sigma: list[float]
    score: list[list[int]]
    clock: list[str]


class SnoozedJson(BaseModel):
    """Until when nothing is said."""

    scope: Literal["bet", "game", "all"]
    target: str
    until: Instant


class CashoutJson(BaseModel):
    """An offer beside what the bet is worth; no `break_even` where it pays more than a bet can."""

    id: int | str
    number: int
    chance: SplitJson
    chance_at: Instant
    stake_cents: int
    odds: str
    offer_cents: int
    fair_cents: int
    fee: float | None
    break_even: float | None


class HedgeStakeJson(BaseModel):
    """A second bet on the other side, and what both bring, in cents."""

    stake: int
    if_wins: int
    if_loses: int
    expected: int


class HedgeJson(BaseModel):
    """Two stakes on the other side: the same either way, and the first stake covered."""

    id: int | str
    number: int
    chance: SplitJson
    chance_at: Instant
    stake_cents: int
    odds: str
    against: str
    lock: HedgeStakeJson
    even: HedgeStakeJson


class EndJson(BaseModel):
    """One of the two moments between which a chance moved."""

    at: Instant
    period: Count
    clock: str
    game_clock: str
    score: PairJson
    win: Chance


class CauseJson(BaseModel):
    """A cause, and by how much of p(hit) it moved the chance."""

    cause: str
    change: float


class WhyJson(BaseModel):
    """Why a chance moved; the causes add up to the change."""

    id: int | str
    pick: str
    from_: Annotated[EndJson, Field(alias="from")]
    to: EndJson
    change: float
    causes: list[CauseJson]
    prior: PriorJson


class GameJson(GameNameJson):
    """A game and what is believed of it."""

    slate: date
    phase: str
    game_clock: str | None
    period: Count | None
    clock: str | None
    score: PairJson | None


class GamesJson(BaseModel):
    """Games by tip-off."""

    games: list[GameJson]


class OfferJson(BaseModel):
    """A price of one side of a line. Exchanges' prices are those after their fee."""

    market: str
    span: str
    about: str
    points: float | None
    side: Literal["home", "away", "over", "under"]
    odds_decimal: float
    book: str
    age_s: float


class QuoteJson(OfferJson):
    """A price with its times; `anchor` is a book that tells what is fair and takes no bet."""

    at: Instant
    told_at: Instant | None
    size: float | None
    open: bool
    anchor: bool


class StepJson(BaseModel):
    """Where a main line stood from a time on."""

    at: Instant
    points: float | None
    chance: Chance


class ClosingJson(BaseModel):
    """What the market said at tip-off."""

    tip_at: Instant
    home_spread: float | None
    total: float | None
    home_chance: Chance | None
    books: int | None
    by: str | None
    revision: Count


class QuotedJson(BaseModel):
    """All that is quoted of a game: best prices over the person's books, all, paths, the close."""

    game: GameNameJson
    at: Instant
    best: list[OfferJson]
    quotes: list[QuoteJson]
    path: dict[str, list[StepJson]]
    close: ClosingJson | None


class EdgeJson(BaseModel):
    """A price that pays more than the model says it should."""

    game: str
    game_id: str
    market: str
    span: str
    about: str
    points: float | None
    side: str
    p: Chance
    fair_odds: float | None
    odds_decimal: float
    book: str
    edge: float
    kelly: Chance
    age_s: float
    market_chance: Chance | None
    prior: str


class SoFarJson(BaseModel):
    """How such rows did: the mean chance that was said, the share that came, a unit's profit."""

    n: Count
    said: Chance | None
    came: Chance | None
    profit: float | None


class EdgesJson(BaseModel):
    """The rows of this moment, those far from the market apart, and how such rows did so far."""

    at: Instant
    edges: list[EdgeJson]
    disagreements: list[EdgeJson]
    left_out: dict[str, int]
    so_far: SoFarJson


class MeanJson(BaseModel):
    """A mean of closing line values with its standard error."""

    key: str
    n: Count
    mean: float | None
    se: float | None


class ValuedBetJson(BaseModel):
    """What one bet was worth by the close."""

    id: int | str
    grade: str
    clv: float | None
    win: Chance | None
    push: Chance | None
    lose: Chance | None
    reason: str
    close: ClosingJson | None


class ClvJson(BaseModel):
    """How bets fared by the close; `coverage` is the share of them that has a value."""

    n: Count
    coverage: Chance | None
    mean: float | None
    se: float | None
    missing: dict[str, int]
    groups: list[MeanJson]
    parlays: MeanJson
    model: MeanJson
    bets: list[ValuedBetJson]


class RefusalJson(BaseModel):
    """What was not bought, and why."""

    what: str
    why: str


class BoughtJson(BaseModel):
    """What was bought, and what it cost."""

    at: Instant
    purpose: str
    planned: int
    cost: int | None
    used: int | None
    remaining: int | None
    path: str


class CreditsJson(BaseModel):
    """The month's credits by the source's own count, and tonight's."""

    provider: str
    used: int | None
    remaining: int | None
    planned_tonight: int
    refused: list[RefusalJson]
    bought: list[BoughtJson]


class DaemonJson(BaseModel):
    """The daemon that runs."""

    pid: int | None
    started_at: Instant
    version: str
    clock_speed: float


class FollowedGameJson(GameJson):
    """A game that is followed, how many bets are on it, and how old what is known of it is."""

    bets: Count
    seen_at: Instant | None
    age_s: float | None
    stale: bool
    lost: bool


class SourceJson(BaseModel):
    """How a source answered last."""

    source: str
    word: str
    last_ok_at: Instant | None


class SentJson(BaseModel):
    """Messages of a channel in a state."""

    channel: str
    state: str
    count: Count


class CountedJson(BaseModel):
    """Decisions of rules by their reason."""

    decision: str
    reason: str
    count: Count


class StatusJson(BaseModel):
    """The state of the whole."""

    at: Instant
    daemon: DaemonJson | None
    games: list[FollowedGameJson]
    bets: list[BetJson]
    waiting_for_a_game: Count
    bets_file: list[str]
    sources: list[SourceJson]
    deliveries: list[SentJson]
    decisions: list[CountedJson]
    schema_: Annotated[int, Field(alias="schema")]
    size_bytes: Count


class BinJson(BaseModel):
    """A range of chances: what was said, what came, and where the true share lies (95 %)."""

    low: Chance
    high: Chance
    said: Chance
    came: Chance
    least: Chance
    most: Chance
    bets: Count
    fits: bool


class RawCalibrationJson(BaseModel):
    """Chances beside what came; ECE is the expected calibration error."""

    bets: Count
    brier: float | None
    log_loss: float | None
    bins: list[BinJson]
    ece: float | None


class CalibrationJson(RawCalibrationJson):
    """What was told beside what came, and `raw` the same as the forecast had it.

    `calibrated` is the number of bets with a chance that a calibration has moved.
    """

    calibrated: Count
    raw: RawCalibrationJson


class TallyJson(BaseModel):
    """A record of bets and money; shares are 0 to 1."""

    bets: Count
    won: Count
    lost: Count
    push: Count
    void: Count
    staked_cents: int
    profit_cents: int
    roi: float | None
    roi_se: float | None
    hit_rate: Chance | None
    break_even: Chance | None


class PerformanceJson(BaseModel):
    """The record as a whole and by group."""

    by: str
    whole: TallyJson
    groups: dict[str, TallyJson]


class HealthJson(BaseModel):
    """Whether all is well; `checks` says which is not."""

    ok: bool
    checks: dict[str, bool]
    version: str


class MonitorJson(BaseModel):
    """How a watcher of the numbers stands, and since when."""

    name: str
    league: str
    since: Instant
    value: float
    level: float
    state: str
    advice: str


class FigureJson(BaseModel):
    """One figure of one day."""

    day: date
    league: str
    name: str
    value: float
    count: int


class MonitorsJson(BaseModel):
    """Whether the model, the sources and the record are as they should be."""

    monitors: list[MonitorJson]
    changes: list[MonitorJson]
    figures: list[FigureJson]


class ModelJson(BaseModel):
    """A model of the registry: `unseen` is what its form was worth on a season not seen."""

    league: str
    kind: Literal["games", "players", "calibration"]
    name: str
    active: bool
    stage: str
    model_version: str
    calibration_id: str
    fitted_on: list[str]
    fitted_at: str
    data: str
    games: Count
    checksum: str
    fault: str | None
    unseen: dict[str, Any] | None
    evidence: dict[str, Any] | None
    trial: int | None
    about: dict[str, Any]


class TrialJson(BaseModel):
    """A challenger beside the champion, and what is said of it."""

    id: int
    league: str
    kind: str
    champion: str
    champion_version: str
    challenger: str
    challenger_version: str
    began_at: Instant
    ended_at: Instant | None
    outcome: str | None
    verdict: str | None
    judged_at: Instant | None
    clauses: list[dict[str, Any]]


class TrialsJson(BaseModel):
    """The trials."""

    trials: list[TrialJson]


class ModelsJson(TrialsJson):
    """The models of the leagues, and the trials."""

    models: list[ModelJson]


class RollingJson(BaseModel):
    """A player's means over some games."""

    of: str
    games: Count
    mean: float
    minutes: float


class InjuredJson(BaseModel):
    """What is said of a player's health."""

    status: str
    detail: str


class HitsJson(BaseModel):
    """How often a player went over a line."""

    games: Count
    of: Count


class PlayedGameJson(BaseModel):
    """One game of a player."""

    day: date
    opponent: str | None
    home: bool | None
    minutes: float | None
    starter: bool | None
    value: int | None


class AllowedJson(BaseModel):
    """What all players together had against the next opponent, a game; `league` is the mean."""

    team: str
    games: Count
    mean: float
    league: float


class PlayerJson(BaseModel):
    """A player's figures, and the chance of a line in his next game."""

    league: str
    name: str
    team: str
    stat: str
    rolling: list[RollingJson]
    exponential: float | None
    trend: float | None
    minutes_trend: float | None
    allowed: AllowedJson | None
    next_game: str | None
    out: bool
    injury: InjuredJson | None
    line: float | None
    over: HitsJson | None
    chance: SplitJson | None
    no_chance: str | None
    games: list[PlayedGameJson]


class NoPlayerJson(BaseModel):
    """Why nothing can be told of one who was asked about."""

    name: str
    error: str


class PlayersJson(BaseModel):
    """An answer for each that was asked about, by their order."""

    players: list[PlayerJson | NoPlayerJson]


class PricedBetJson(BaseModel):
    """A bet's chances in a state."""

    bet: str
    win: Chance
    push: Chance
    lose: Chance
    fair_odds: float | None


class PriceAnswerJson(BaseModel):
    """What `tracker price` says of a state."""

    id: Any
    mu: MomentsJson
    sigma: MomentsJson
    pi80: dict[str, list[float]]
    prior: dict[str, Any]
    bets: list[PricedBetJson]
    model_version: str
    feature_version: str
    calibration_id: str
    player_model_version: str | None = None
    pmf: dict[str, dict[str, Chance]] | None = None
