"""The JSON shapes of games, prices, the market and players."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from tracker.app.contracts.bets import (
    Chance,
    Closed,
    Count,
    GameNameJson,
    Instant,
    MomentsJson,
    PairJson,
    SplitJson,
)


class GameJson(GameNameJson):
    """A game and what is believed of it."""

    slate: date
    phase: str
    game_clock: str | None
    period: Count | None
    clock: str | None
    score: PairJson | None


class GamesJson(Closed):
    """Games in order of tip-off."""

    games: list[GameJson]


class OfferJson(Closed):
    """A price of one side of a line; an exchange's price is the one after its fee."""

    market: str
    span: str
    about: str
    points: float | None
    side: Literal["home", "away", "over", "under"]
    odds_decimal: float
    book: str
    age_s: float


class QuoteJson(OfferJson):
    """A price with its times; an `anchor` is a book that only shows what is fair."""

    at: Instant
    told_at: Instant | None
    size: float | None
    open: bool
    anchor: bool


class StepJson(Closed):
    """A main line from a time on."""

    at: Instant
    points: float | None
    chance: Chance


class ClosingJson(Closed):
    """The market's lines at tip-off."""

    tip_at: Instant
    home_spread: float | None
    total: float | None
    home_chance: Chance | None
    books: int | None
    by: str | None
    revision: Count


class QuotedJson(Closed):
    """A game's quotes: the best of the person's books, all quotes, the lines' paths, the close."""

    game: GameNameJson
    at: Instant
    best: list[OfferJson]
    quotes: list[QuoteJson]
    path: dict[str, list[StepJson]]
    close: ClosingJson | None


class EdgeJson(Closed):
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


class SoFarJson(Closed):
    """How such rows did: their mean chance, the share that won, the mean profit of one unit."""

    n: Count
    said: Chance | None
    came: Chance | None
    profit: float | None


class EdgesJson(Closed):
    """The rows of this moment, disagreements with the market, and how earlier rows did."""

    at: Instant
    edges: list[EdgeJson]
    disagreements: list[EdgeJson]
    left_out: dict[str, int]
    so_far: SoFarJson


class MeanJson(Closed):
    """A mean of closing line values with its standard error."""

    key: str
    n: Count
    mean: float | None
    se: float | None


class ValuedBetJson(Closed):
    """What one bet was worth at the closing line."""

    id: int | str
    grade: str
    clv: float | None
    win: Chance | None
    push: Chance | None
    lose: Chance | None
    reason: str
    close: ClosingJson | None


class ClvJson(Closed):
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


class RefusalJson(Closed):
    """What was not bought, and why."""

    what: str
    why: str


class BoughtJson(Closed):
    """What was bought, and what it cost."""

    at: Instant
    purpose: str
    planned: int
    cost: int | None
    used: int | None
    remaining: int | None
    path: str


class CreditsJson(Closed):
    """The month's credits by the source's own count, and tonight's."""

    provider: str
    used: int | None
    remaining: int | None
    planned_tonight: int
    refused: list[RefusalJson]
    bought: list[BoughtJson]


class PricedBetJson(Closed):
    """A bet's chances in a given state."""

    bet: str
    win: Chance
    push: Chance
    lose: Chance
    fair_odds: float | None


class PriceAnswerJson(Closed):
    """The answer of `tracker price` to a state."""

    id: Any
    mu: MomentsJson
    sigma: MomentsJson
    pi80: dict[str, list[float]]
    prior: dict[str, Any]
    bets: list[PricedBetJson]
    model_version: str
    feature_version: str
    calibration_id: str
    player_model_version: str = ""
    pmf: dict[str, dict[str, Chance]] = Field(default_factory=dict)


class RollingJson(Closed):
    """A player's means over some games."""

    of: str
    games: Count
    mean: float
    minutes: float


class InjuredJson(Closed):
    """A player's injury report."""

    status: str
    detail: str


class HitsJson(Closed):
    """How often a player went over a line."""

    games: Count
    of: Count


class PlayedGameJson(Closed):
    """One game of a player."""

    day: date
    opponent: str | None
    home: bool | None
    minutes: float | None
    starter: bool | None
    value: int | None


class AllowedJson(Closed):
    """A team's opponents' mean per game of a figure; `league` is the mean over all teams."""

    team: str
    games: Count
    mean: float
    league: float


class PlayerJson(Closed):
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


class NoPlayerJson(Closed):
    """Why nothing can be said of a player who was asked about."""

    name: str
    error: str


class PlayersJson(Closed):
    """An answer for each player that was asked about, in their order."""

    players: list[PlayerJson | NoPlayerJson]


class MistakeJson(Closed):
    """What is wrong with a state: the field, and a sentence."""

    field: str
    message: str


class PriceMistakeJson(Closed):
    """The answer to a state that cannot be priced."""

    id: Any
    error: MistakeJson


class ListedGameJson(GameJson):
    """A game, and how many bets are on it."""

    bets: Count


class BetGroupJson(Closed):
    """What a group of bets brought, in units; `low` and `high` bound the ROI (95 %)."""

    key: str
    n: Count
    staked: float
    profit: float
    roi: float | None
    low: float | None
    high: float | None


class DrawdownJson(Closed):
    """The deepest fall in units, and the most nights in a row below an earlier high."""

    units: float
    nights: Count


class LuckJson(Closed):
    """The best cell of the grid when results are shuffled."""

    median: float
    q95: float


class StudiedStrategyJson(Closed):
    """What a strategy would have brought in a season, in units."""

    strategy: str
    n: Count
    staked: float
    profit: float
    roi: float | None
    roi_95: list[float | None]
    clv: float | None


class BacktestJson(StudiedStrategyJson):
    """What a strategy would have brought. Money is in units."""

    source: str
    clv_se: float | None
    clv_n: Count
    sharpe: float | None
    drawdown: DrawdownJson
    by_market: list[BetGroupJson]
    by_month: list[BetGroupJson]
    grid: list[list[BetGroupJson]]
    tries: Count
    best_cell: BetGroupJson | None
    best_of_shuffles: LuckJson | None
