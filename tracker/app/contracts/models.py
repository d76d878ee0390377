"""The JSON shapes of models: which there are, and how good they are."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tracker.app.contracts.bets import Chance, Closed, Count, Instant
from tracker.app.contracts.market import StudiedStrategyJson

Kind = Literal["games", "players", "calibration"]
Scores = dict[str, dict[str, float]]
"""Scores by the moment of a game at which they were computed."""


class UnseenJson(Closed):
    """How good a model's form was on a season it was not fitted on.

    `in_use` has the scores of the model then in use on the same season.
    """

    season: str
    games: Count
    moments: Scores
    in_use: Scores = Field(default_factory=dict)


class AboutModelJson(Closed):
    """When a model was fitted, on what, and how good its form was."""

    fitted_at: str
    data: str
    games: Count
    stage: str
    unseen: UnseenJson | None


class ClauseJson(Closed):
    """A clause of a gate with its figure."""

    name: str
    wanted: str
    figure: float | None
    answer: Literal["met", "waiting", "failed"]
    detail: str


class EstimateJson(Closed):
    """A score, raw and calibrated, and the 95 % interval of the difference."""

    raw: float
    calibrated: float
    low: float
    high: float


class UntaughtJson(Closed):
    """A market from whose results nothing was learned, and why."""

    bets: Count
    used: Literal[False]
    method: None
    why: str


class TaughtJson(Closed):
    """What was learned from the results of a market, judged on later results."""

    bets: Count
    judged_on: Count
    method: Literal["temperature", "platt", "beta", "isotonic"]
    used: bool
    log_loss: EstimateJson
    ece: EstimateJson
    tried: dict[str, float]
    clauses: list[ClauseJson]


Evidence = dict[str, TaughtJson | UntaughtJson]
"""What was learned from results, by market."""


class EntryJson(Closed):
    """A model of the registry. `fault` says why it cannot be used; null if it can."""

    league: str
    kind: Kind
    name: str
    active: bool
    model_version: str
    calibration_id: str
    fitted_on: list[str]
    checksum: str
    fault: str | None
    about: AboutModelJson
    stage: str


class ListedModelJson(EntryJson):
    """A model of the list; `used` is whether forecasts are made with it."""

    used: bool


class AverageJson(Closed):
    """The average game of a league, in points; the margin is the home team's.

    `reference` is the total that the form was fitted around.
    """

    margin: float
    total: float
    margin_sd: float
    total_sd: float
    reference: float


class GamesModelJson(EntryJson):
    """A model of games; `transferred` is whether its form is another league's."""

    feature_version: str
    transferred: bool
    average: AverageJson


class PlayersModelJson(EntryJson):
    """A model of player lines."""

    transferred: bool


class CalibrationModelJson(EntryJson):
    """A calibration, and what it was worth."""

    evidence: Evidence


class CandidateJson(EntryJson):
    """A fitted model, with what `about` says repeated beside it; `trial` is its open trial."""

    fitted_at: str
    data: str
    games: Count
    unseen: UnseenJson | None
    trial: int | None


class ModelJson(CandidateJson):
    """A model of the registry; `evidence` is what a calibration was worth by market."""

    evidence: Evidence | None


class CalibrateJson(Closed):
    """What was learned from official results, by market; no candidate where nothing passes."""

    league: str
    candidate: CandidateJson | None
    segments: Evidence


class TrialJson(Closed):
    """A trial of a challenger against the champion, with its verdict."""

    id: int
    league: str
    kind: str
    champion: str
    champion_version: str
    challenger: str
    challenger_version: str
    began_at: Instant
    ended_at: Instant | None
    outcome: Literal["promoted", "rejected", "stopped"] | None
    verdict: Literal["promote", "hold", "reject"] | None
    judged_at: Instant | None
    clauses: list[ClauseJson]


class TriedBetsJson(Closed):
    """Brier scores of both models of a trial on the person's own bets."""

    n: Count
    champion: float | None
    challenger: float | None


class JudgedTrialJson(TrialJson):
    """A trial with the gate's judgement: games compared, and `more` that it still needs."""

    games: Count | None
    more: Count | None
    bets: TriedBetsJson | None


class TrialsJson(Closed):
    """The trials."""

    trials: list[TrialJson]


class ModelsJson(TrialsJson):
    """The models of the leagues, and the trials."""

    models: list[ModelJson]


class ComparedModelJson(Closed):
    """One of two models that are compared."""

    model: str
    model_version: str
    calibration_id: str
    fitted_on: list[str]
    sha256: str


class TypicalStateJson(Closed):
    """A typical state, with what both models say; `total` is mu and sigma of each."""

    state: str
    home_win: list[Chance]
    total: list[list[float]]


class ComparedJson(Closed):
    """What two models say of the same states."""

    models: list[ComparedModelJson]
    states: list[TypicalStateJson]


class JudgedPairJson(Closed):
    """Brier scores of two models at a moment, and their mean difference with its 95 % interval."""

    at: str
    market: str
    brier: list[float]
    difference: float
    low: float
    high: float


class JudgedPairsJson(Closed):
    """Two models on the same games, paired by game."""

    models: list[str]
    seasons: list[str]
    rows: list[JudgedPairJson]


class FittedJson(Closed):
    """A file of parameters that was written."""

    file: str
    league: str
    model_version: str
    fitted_on: list[str]
    sha256: str


class JudgedModelJson(Closed):
    """The model of games that was judged, and the games it was judged on."""

    league: str
    model_version: str
    calibration_id: str
    fitted_on: list[str]
    judged_on: list[str]
    games: Count


class JudgedFiguresJson(Closed):
    """The figures of players that were judged, and the games they were judged on."""

    model_version: str
    fitted_on: list[str]
    sha256: str
    judged_on: list[str]
    games: Count


class EvaluationJson(Closed):
    """How good a model of games is: every metric by moment, beside every baseline.

    `plots` is whether plots were drawn, which takes matplotlib.
    """

    parameters: JudgedModelJson
    moments: dict[str, dict[str, Any]]
    overall: dict[str, dict[str, float]]
    parlay_log_loss: dict[str, float]
    martingale: dict[str, Any]
    overtime: dict[str, Any]
    without_possession: Annotated[dict[str, dict[str, Any]], Field(alias="without possession")]
    paired: dict[str, dict[str, Any]]
    plots: bool


class PlayerLinesEvaluationJson(Closed):
    """How good the chances of player lines are, by moment and figure."""

    parameters: JudgedFiguresJson
    moments: dict[str, dict[str, Any]]
    overall: dict[str, dict[str, float]]
    parlays: dict[str, dict[str, float]]


class JudgedSeasonJson(Closed):
    """Brier scores and CRPS by moment on one season, by a fit without it."""

    season: str
    games: Count
    moments: Scores


class StudyJson(Closed):
    """A season of a league, judged by a fit on the other seasons."""

    league: str
    season: str
    parameters_sha256: str
    judged: JudgedSeasonJson
    backtest: StudiedStrategyJson | None
