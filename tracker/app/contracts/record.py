"""The JSON shapes of the program's status, the record, and the upkeep."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from tracker.app.contracts.bets import BetJson, Chance, Closed, Count, Instant
from tracker.app.contracts.market import GameJson, MeanJson


class DaemonJson(Closed):
    """The running daemon."""

    pid: int | None
    started_at: Instant
    version: str
    clock_speed: float


class FollowedGameJson(GameJson):
    """A followed game, the number of bets on it, and the age of its last poll."""

    bets: Count
    seen_at: Instant | None
    age_s: float | None
    stale: bool
    lost: bool


class SourceJson(Closed):
    """How a source last answered."""

    source: str
    word: str
    last_ok_at: Instant | None


class SentJson(Closed):
    """The number of a channel's messages in a state."""

    channel: str
    state: str
    count: Count


class CountedJson(Closed):
    """The number of rules' decisions by reason."""

    decision: str
    reason: str
    count: Count


class StatusJson(Closed):
    """The state of the program, its games and bets."""

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


class BinJson(Closed):
    """A range of chances: mean said, share that came, and the 95 % interval of the true share."""

    low: Chance
    high: Chance
    bets: Count
    said: Chance
    came: Chance
    fits: bool
    least: Chance
    most: Chance


class RawCalibrationJson(Closed):
    """Chances against results; ECE is the expected calibration error."""

    bets: Count
    brier: float | None
    log_loss: float | None
    bins: list[BinJson]
    ece: float | None


class ToldCalibrationJson(RawCalibrationJson):
    """Shown chances against results; `raw` is the same for the chances before calibration."""

    raw: RawCalibrationJson


class CalibrationJson(ToldCalibrationJson):
    """Every shown chance against its result; `first` is the same for each bet's first chance.

    `calibrated` is the number of bets with a chance that a calibration has moved.
    """

    calibrated: Count
    first: ToldCalibrationJson


class TallyJson(Closed):
    """A record of bets and money; shares are 0 to 1.

    Stakes and profit are of the `counted` bets: those that are not void and whose stake and payout
    are known.
    """

    bets: Count
    won: Count
    lost: Count
    push: Count
    void: Count
    counted: Count
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
    """Whether all is well; `checks` says which check fails."""

    ok: bool
    checks: dict[str, bool]
    version: str


class MonitorJson(Closed):
    """How a monitor stands, and since when."""

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
    """The record as a whole, and by month."""

    months: dict[str, TallyJson]


class WholeWorthJson(MeanJson):
    """What all bets were worth at the closing line; `coverage` is the share that has a value."""

    coverage: Chance | None


class GroupTallyJson(TallyJson):
    """The record of a group, and what its bets were worth at the closing line.

    By model `clv` is null: closing values are not grouped so.
    """

    clv: MeanJson | None


class PerformanceByJson(Closed):
    """The record by group."""

    by: str
    groups: dict[str, GroupTallyJson]
    clv: WholeWorthJson


class ReportCalibrationJson(Closed):
    """Chances against results."""

    bets: Count
    brier: float
    log_loss: float
    bins: list[BinJson]


class ReportClosesJson(Closed):
    """What bets were worth at the closing line, on average."""

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
    """One thing that was checked."""

    check: str
    health: Literal["good", "warning", "bad"]
    text: str


class RefreshedJson(Closed):
    """What was looked up for a league; `whole` is false where something is missing."""

    part: Literal["results", "players", "ratings", "form", "ends", "injuries"]
    league: str
    text: str
    whole: bool
    changed: Count


class ChoreJson(Closed):
    """A chore that was due: `outcome` is null while it runs."""

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
    """A new back-up, and the older ones that were deleted."""

    dropped: list[str]


class CopiedJson(Closed):
    """A copy of the database alone."""

    file: str
    size_bytes: Count


class RestoredJson(Closed):
    """What was restored; `moved` is where the old database is now."""

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
    """A key of the API; the key itself is not stored."""

    name: str
    scopes: list[Literal["price", "read", "write"]]
    made_at: Instant
    revoked_at: Instant | None


class PairedUserJson(Closed):
    """A user who may give commands, and the chat."""

    chat: int
    user: int


class ChatsJson(Closed):
    """The chat that alerts go to, and the users who may give commands."""

    alerts_to: int | str | None
    topic: int | None
    by_configuration: bool
    paired: list[PairedUserJson]


class TestAlertJson(Closed):
    """A channel's answer to a test message."""

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
