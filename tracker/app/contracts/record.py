"""The shape of what is told of the whole in JSON: its state, the record, and its upkeep."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from tracker.app.contracts.bets import BetJson, Chance, Closed, Count, Instant
from tracker.app.contracts.market import GameJson, MeanJson


class DaemonJson(Closed):
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


class SourceJson(Closed):
    """How a source answered last."""

    source: str
    word: str
    last_ok_at: Instant | None


class SentJson(Closed):
    """Messages of a channel in a state."""

    channel: str
    state: str
    count: Count


class CountedJson(Closed):
    """Decisions of rules by their reason."""

    decision: str
    reason: str
    count: Count


class StatusJson(Closed):
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


class ReportBinJson(Closed):
    """A range of chances: what was said, and what came."""

    low: Chance
    high: Chance
    bets: Count
    said: Chance
    came: Chance
    fits: bool


class BinJson(ReportBinJson):
    """A range of chances: what was said, what came, and where the true share lies (95 %)."""

    least: Chance
    most: Chance


class RawCalibrationJson(Closed):
    """Chances beside what came; ECE is the expected calibration error."""

    bets: Count
    brier: float | None
    log_loss: float | None
    bins: list[BinJson]
    ece: float | None


class ToldCalibrationJson(RawCalibrationJson):
    """What was told beside what came, and `raw` the same as the forecast had it."""

    raw: RawCalibrationJson


class CalibrationJson(ToldCalibrationJson):
    """The same of every chance that was told, and `first` of the first chance of each bet.

    `calibrated` is the number of bets with a chance that a calibration has moved.
    """

    calibrated: Count
    first: ToldCalibrationJson


class TallyJson(Closed):
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


class PerformanceJson(Closed):
    """The record as a whole and by group."""

    by: str
    whole: TallyJson
    groups: dict[str, TallyJson]


class HealthJson(Closed):
    """Whether all is well; `checks` says which is not."""

    ok: bool
    checks: dict[str, bool]
    version: str


class MonitorJson(Closed):
    """How a watcher of the numbers stands, and since when."""

    name: str
    league: str
    since: Instant
    value: float
    level: float
    state: str
    advice: str


class FigureJson(Closed):
    """One figure of one day."""

    day: date
    league: str
    name: str
    value: float
    count: int


class MonitorsJson(Closed):
    """Whether the model, the sources and the record are as they should be."""

    monitors: list[MonitorJson]
    changes: list[MonitorJson]
    figures: list[FigureJson]


class ProfitJson(TallyJson):
    """The record in all, and by month."""

    months: dict[str, TallyJson]


class WholeWorthJson(MeanJson):
    """What all bets were worth by the close; `coverage` is the share that has a value."""

    coverage: Chance | None


class GroupTallyJson(TallyJson):
    """The record of a group, and what its bets were worth by the close."""

    clv: MeanJson


class PerformanceByJson(Closed):
    """The record by group."""

    by: str
    groups: dict[str, GroupTallyJson]
    clv: WholeWorthJson


class ReportCalibrationJson(Closed):
    """Chances beside what came."""

    bets: Count
    brier: float
    log_loss: float
    bins: list[ReportBinJson]


class ReportClosesJson(Closed):
    """What bets were worth by the close, on average."""

    bets: Count
    mean_ev: float | None


class JudgedRuleJson(Closed):
    """What the alerts of a rule were worth."""

    rule: str
    alerts: Count
    promised: Chance | None
    held: Chance | None
    decided: Count
    minutes_early: float | None
    repeats: Count


class ReportJson(Closed):
    """The record of a week, a month or a season."""

    span: Literal["week", "month", "season"]
    since: date
    until: date
    record: TallyJson
    by: dict[str, dict[str, TallyJson]]
    clv: ReportClosesJson
    calibration: ReportCalibrationJson | None
    alerts: list[JudgedRuleJson]


class CheckUpJson(Closed):
    """One thing that was looked at."""

    check: str
    health: Literal["good", "warning", "bad"]
    text: str


class RefreshedJson(Closed):
    """What was looked up of a league; `whole` is false where something is missing."""

    part: Literal["results", "players", "ratings", "form", "ends", "injuries"]
    league: str
    text: str
    whole: bool
    changed: Count


class ChoreJson(Closed):
    """A chore that was due: `outcome` is null while it is at work."""

    chore: str
    due: Instant
    attempt: Count
    began_at: Instant
    ended_at: Instant | None
    outcome: str | None
    detail: str


class BackupJson(Closed):
    """A back-up that was made."""

    at: Instant
    path: str
    size_bytes: Count
    sha256: str
    rows: Count
    drilled_at: Instant | None
    outcome: str


class MadeBackupJson(BackupJson):
    """A back-up, and the older ones that were dropped for it."""

    dropped: list[str]


class CopiedJson(Closed):
    """A copy of the database alone."""

    file: str
    size_bytes: Count


class RestoredJson(Closed):
    """What was put back; `moved` is where the old database lies now."""

    rows: Count
    hash: str
    moved: str | None
    brought: list[str]
    kept: list[str]
    credentials: list[str]


class SettingsJson(Closed):
    """Every setting in force; docs/configuration.md says what each is. Secrets are masked."""

    stake_unit: str
    timezone: str
    odds_format: str
    store: dict[str, Any]
    backup: dict[str, Any]
    bets: dict[str, Any]
    refresh: dict[str, Any]
    models: dict[str, Any]
    feeds: dict[str, Any]
    notify: dict[str, Any]
    web: dict[str, Any]
    rules: dict[str, Any]
    alerts: dict[str, Any]
    odds: dict[str, Any]
    messages: dict[str, str]
    lines: list[dict[str, Any]]


class ApiKeyJson(Closed):
    """A key of the API; the key itself is not kept."""

    name: str
    scopes: list[Literal["price", "read", "write"]]
    made_at: Instant
    revoked_at: Instant | None


class PairedUserJson(Closed):
    """A user who may command, and from which chat."""

    chat: int
    user: int


class ChatsJson(Closed):
    """The chat that alerts go to, and who may command."""

    alerts_to: int | str | None
    topic: int | None
    by_configuration: bool
    paired: list[PairedUserJson]


class TestAlertJson(Closed):
    """What a channel answered to a message that was sent to try it."""

    channel: str
    sent: bool
    answer: str


class RecordingJson(Closed):
    """A recorded game that comes with the program."""

    id: str
    name: str
    start: Instant
    wall_clock: Literal["recorded", "modelled"]
    story: str


class ReplayedBetJson(Closed):
    """How a bet on recorded games ended."""

    id: int
    game: str
    bet: str
    result: Literal["", "won", "lost", "push", "void"]
    snapshots: Count
    alerts: Count


class ReplayedJson(Closed):
    """A run over recorded games: one SHA-256 over all tables, and how each bet ended."""

    hash: str
    bets: list[ReplayedBetJson]
