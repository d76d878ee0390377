"""The keys of the configuration file: their types, ranges and defaults."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from datetime import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator

from tracker.domain.alert import MessageStyle
from tracker.domain.errors import BadBet, BadRule
from tracker.domain.money import parse_money
from tracker.domain.policy import Policy, QuietHours, parse_rule
from tracker.domain.quote import STAT_MARKETS
from tracker.settings.alerting import AlertsSettings, Templates, clock_time
from tracker.settings.lines import STRICT, LineSettings
from tracker.settings.zones import zone_name

DEFAULT_RULES = ("p >= 0.80", "p <= 0.30", "hit", "dead", "out", "settled")
"""What every bet is watched for, unless the person says otherwise."""

NBA_FEED: dict[str, Any] = {"base_url": "https://cdn.nba.com", "requests_per_minute": 120}
WNBA_FEED: dict[str, Any] = {"base_url": "https://cdn.wnba.com", "requests_per_minute": 120}
ESPN_FEED: dict[str, Any] = {"base_url": "https://site.api.espn.com", "requests_per_minute": 60}


def _anchored(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError('must be a path in quotes, such as "bets.toml"')
    folder: Path = info.context or Path()
    try:
        return folder / Path(value).expanduser()
    except RuntimeError:
        raise ValueError("starts at the home of nobody known here; write it in full") from None


def _host_only(value: str) -> str:
    try:
        parts = urlsplit(value)
        sound = parts.port != 0 and re.fullmatch(r"[\w.:-]+", parts.hostname or "")
    except ValueError:
        parts, sound = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not sound:
        raise ValueError("must be a scheme and a host, such as https://cdn.nba.com")
    if parts.username or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("must end after the host, as in https://cdn.nba.com")
    return f"{parts.scheme}://{parts.netloc}"


def _cents(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("must be an amount of money, such as 10.00")
    try:
        cents = parse_money(str(value))
    except BadBet as why:
        raise ValueError(str(why)) from None
    if cents == 0:
        raise ValueError("must be above 0, such as 10.00")
    return cents


def _over(defaults: dict[str, Any], value: object) -> object:
    return {**defaults, **value} if isinstance(value, dict) else value


def on_this_machine(address: str) -> bool:
    """Whether an address leads to this machine; one that cannot be read does not."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


AnchoredPath = Annotated[Path, BeforeValidator(_anchored)]


class FeedSettings(BaseModel):
    """A source of games. `base_url` is scheme and host; `headers` are sent over the feed's own."""

    model_config = STRICT

    base_url: str
    headers: dict[str, str] = {}
    requests_per_minute: Annotated[int, Field(ge=1, le=6000)]

    _base_url = field_validator("base_url")(_host_only)

    @field_validator("headers")
    @classmethod
    def _one_line_each(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not value.isprintable():
                raise ValueError(
                    f'{name!r} makes no header; write one like Referer = "https://..."'
                )
        return headers

    @property
    def on_loopback(self) -> bool:
        """The feed is a server on this machine."""
        return on_this_machine(self.base_url)


class FeedsSettings(BaseModel):
    """Where games come from: a league's own feed, and ESPN when that is silent or there is none."""

    model_config = STRICT

    nba: Annotated[FeedSettings, BeforeValidator(partial(_over, NBA_FEED))] = FeedSettings(
        **NBA_FEED
    )
    wnba: Annotated[FeedSettings, BeforeValidator(partial(_over, WNBA_FEED))] = FeedSettings(
        **WNBA_FEED
    )
    espn: Annotated[FeedSettings, BeforeValidator(partial(_over, ESPN_FEED))] = FeedSettings(
        **ESPN_FEED
    )

    @property
    def by_name(self) -> dict[str, FeedSettings]:
        """The settings of each host by the name of its table."""
        return {"nba": self.nba, "wnba": self.wnba, "espn": self.espn}


ODDS_SOURCES = ("espn", "nba", "kalshi", "polymarket", "the_odds_api")
"""Who may be asked for quotes. The Odds API is asked only where there is a key."""

ANCHORS = (
    "pinnacle", "circasports", "betfair_ex_eu", "betfair_ex_uk", "betfair_ex_us", "matchbook",
    "novig", "prophetx", "kalshi", "polymarket",
)  # fmt: skip
"""Books whose prices tell most of what is fair: sharp ones, and exchanges."""


ODDS_MARKETS = ("h2h", "spreads", "totals")
"""What The Odds API tells of all games at once."""

ALTERNATE_MARKETS = (
    "alternate_spreads", "alternate_totals", "alternate_team_totals",
    *(f"{x}_alternate" for x in STAT_MARKETS),
)  # fmt: skip
"""What it tells of one game beside the main lines, by its own names."""


class TheOddsApiSettings(BaseModel):
    """The Odds API, paid by the request.

    `monthly_credits` is what the plan gives, `markets` what is bought at each tip-off, of the books
    of `regions`, or of `bookmakers` where those are named. An alternate market is bought for a game
    with a bet of its kind.
    """

    model_config = STRICT

    key: SecretStr | None = None
    base_url: str = "https://api.the-odds-api.com"
    monthly_credits: Annotated[int, Field(ge=1, le=100_000_000)] = 500
    regions: Annotated[tuple[str, ...], Field(strict=False)] = ("us",)
    bookmakers: Annotated[tuple[str, ...], Field(strict=False)] = ()
    markets: Annotated[tuple[str, ...], Field(strict=False)] = ODDS_MARKETS

    _base_url = field_validator("base_url")(_host_only)

    @field_validator("regions", "bookmakers")
    @classmethod
    def _plain_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if not re.fullmatch(r"[a-z0-9_]+", word):
                raise ValueError(f"{word!r} is no key of the API; write one like us or draftkings")
        return words

    @field_validator("markets")
    @classmethod
    def _known_markets(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word not in (*ODDS_MARKETS, *ALTERNATE_MARKETS):
                raise ValueError(
                    f"{word!r} is no market that is bought: choose from {', '.join(ODDS_MARKETS)}, "
                    "or name an alternate one such as alternate_spreads, player_points_alternate"
                )
        if words and not set(words) & set(ODDS_MARKETS):
            raise ValueError(f"names none of {', '.join(ODDS_MARKETS)}, which every close needs")
        return words

    @field_validator("markets", "regions")
    @classmethod
    def _some(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not words:
            raise ValueError("is empty; name one at least, or take the_odds_api out of sources")
        return tuple(dict.fromkeys(words))


class KalshiSettings(BaseModel):
    """Kalshi's market data. `base_url` is scheme and host."""

    model_config = STRICT

    base_url: str = "https://api.elections.kalshi.com"

    _base_url = field_validator("base_url")(_host_only)


class PolymarketSettings(BaseModel):
    """Polymarket's market data: `base_url` tells its events, `clob_url` its order books."""

    model_config = STRICT

    base_url: str = "https://gamma-api.polymarket.com"
    clob_url: str = "https://clob.polymarket.com"

    _urls = field_validator("base_url", "clob_url")(_host_only)


class OddsSettings(BaseModel):
    """The market's side: who is asked, and which books are yours.

    `mine` are the books at which you bet: the best price is theirs; of all books where none is
    named. `edge_min` and `p_min` are the least edge (EV a unit) and chance worth a look.
    """

    model_config = STRICT

    sources: Annotated[
        tuple[Literal["espn", "nba", "kalshi", "polymarket", "the_odds_api"], ...],
        Field(strict=False),
    ] = ODDS_SOURCES  # type: ignore[assignment]
    mine: Annotated[tuple[str, ...], Field(strict=False)] = ()
    anchors: Annotated[tuple[str, ...], Field(strict=False)] = ANCHORS
    edge_min: Annotated[float, Field(ge=0, le=1)] = 0.03
    p_min: Annotated[float, Field(ge=0, le=1)] = 0.35
    the_odds_api: TheOddsApiSettings = TheOddsApiSettings()
    kalshi: KalshiSettings = KalshiSettings()
    polymarket: PolymarketSettings = PolymarketSettings()

    @property
    def holds_secrets(self) -> bool:
        """Whether the file holds a key that opens anything beyond this machine."""
        return self.the_odds_api.key is not None and not on_this_machine(self.the_odds_api.base_url)

    @field_validator("mine", "anchors")
    @classmethod
    def _book_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(re.sub(r"[^a-z0-9]+", "_", x.casefold()).strip("_") for x in names)


class StoreSettings(BaseModel):
    """The database. Raw responses older than `keep_bodies_days` are dropped; all else is kept."""

    model_config = STRICT

    path: AnchoredPath
    keep_bodies_days: Annotated[int, Field(ge=1, le=36500)] = 30

    @property
    def lock(self) -> Path:
        """The file whose lock says that a daemon works on this database."""
        return self.path.with_name(self.path.name + ".lock")


class BackupSettings(BaseModel):
    """Nightly back-ups: where to, when, and of how many days and weeks one is kept."""

    model_config = STRICT

    enabled: bool = True
    folder: AnchoredPath | None = None
    at: Annotated[time, BeforeValidator(clock_time)] = time(5)
    daily: Annotated[int, Field(ge=1, le=1000)] = 7
    weekly: Annotated[int, Field(ge=0, le=1000)] = 8


class RefreshSettings(BaseModel):
    """What is looked up every morning: results, ratings, form, players; injuries more often."""

    model_config = STRICT

    enabled: bool = True
    at: Annotated[time, BeforeValidator(clock_time)] = time(6, 30)


class ModelsSettings(BaseModel):
    """The models that forecast: which leagues are retrained weekly, from what, and who promotes.

    `history` is the folder of recorded games that `tracker history` fills.
    """

    model_config = STRICT

    retrain: Annotated[tuple[Literal["nba", "wnba"], ...], Field(strict=False)] = ()
    history: AnchoredPath | None = None
    promote: Literal["ask", "auto"] = "ask"


class WebSettings(BaseModel):
    """The page and the API. `hosts` are further names that the server answers to.

    `trusted_proxy` is the address of a reverse proxy that may say how it was asked.
    """

    model_config = STRICT

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8377
    hosts: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z0-9.:-]{1,253}$")], ...], Field(strict=False)
    ] = ()
    trusted_proxy: str | None = None


class BetsSettings(BaseModel):
    """Bets in a file, watched while the daemon runs."""

    model_config = STRICT

    file: AnchoredPath


class TelegramSettings(BaseModel):
    """A Telegram bot. `api_url` is scheme and host of the Bot API.

    `topic_id` is a topic of the group that `chat_id` names. `cards` is whether each game gets a
    live card, `commands` whether the bot listens.
    """

    model_config = STRICT

    token: SecretStr | None = None
    chat_id: int | None = None
    topic_id: Annotated[int, Field(gt=0)] | None = None
    api_url: str = "https://api.telegram.org"
    cards: bool = True
    commands: bool = True

    _api_url = field_validator("api_url")(_host_only)


class DiscordSettings(BaseModel):
    """A webhook of a Discord channel: its whole address, whatever the host."""

    model_config = STRICT

    webhook: SecretStr | None = None
    cards: bool = True


class NtfySettings(BaseModel):
    """A topic of ntfy. `api_url` is scheme and host of the server; `token` for one that asks."""

    model_config = STRICT

    topic: SecretStr | None = None
    token: SecretStr | None = None
    api_url: str = "https://ntfy.sh"
    cards: bool = False

    _api_url = field_validator("api_url")(_host_only)


class NotifySettings(BaseModel):
    """Where alerts go. `urls` are Apprise addresses; `urls_file` names a file with one a line."""

    model_config = STRICT

    urls: Annotated[tuple[SecretStr, ...], Field(strict=False)] = ()
    urls_file: AnchoredPath | None = None
    console: bool = True
    telegram: TelegramSettings = TelegramSettings()
    discord: DiscordSettings = DiscordSettings()
    ntfy: NtfySettings = NtfySettings()

    @property
    def holds_secrets(self) -> bool:
        """Whether an address or token opens anything beyond this machine to whoever reads it."""
        bot = self.telegram
        addresses = [url.get_secret_value() for url in self.urls]
        if bot.token is not None:
            addresses.append(bot.api_url)
        if self.ntfy.topic is not None or self.ntfy.token is not None:
            addresses.append(self.ntfy.api_url)
        if self.discord.webhook is not None:
            addresses.append(self.discord.webhook.get_secret_value())
        return not all(on_this_machine(address) for address in addresses)


class RulesSettings(BaseModel):
    """What to watch for in bets that bring no rules of their own."""

    model_config = STRICT

    default: Annotated[tuple[str, ...], Field(strict=False)] = DEFAULT_RULES

    @field_validator("default")
    @classmethod
    def _understood(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        for rule in rules:
            try:
                parse_rule(rule)
            except BadRule as why:
                raise ValueError(str(why)) from None
        return rules


class Settings(BaseModel):
    """The whole configuration. Relative paths were anchored at the file's own folder."""

    model_config = STRICT

    timezone: str = "UTC"
    odds_format: Literal["as-written", "american", "decimal", "fractional"] = "as-written"
    stake_unit_cents: Annotated[int, BeforeValidator(_cents)] = Field(1000, alias="stake_unit")
    store: StoreSettings
    backup: BackupSettings = BackupSettings()
    bets: BetsSettings
    refresh: RefreshSettings = RefreshSettings()
    models: ModelsSettings = ModelsSettings()
    feeds: FeedsSettings = FeedsSettings()
    notify: NotifySettings = NotifySettings()
    web: WebSettings = WebSettings()
    rules: RulesSettings = RulesSettings()
    alerts: AlertsSettings = AlertsSettings()
    odds: OddsSettings = OddsSettings()
    messages: Templates = {}
    lines: Annotated[tuple[LineSettings, ...], Field(strict=False)] = ()

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        return zone_name(name)

    @property
    def zone(self) -> ZoneInfo:
        """The person's own time zone, for what is shown."""
        return ZoneInfo(self.timezone)

    @property
    def backup_folder(self) -> Path:
        """Where back-ups go: beside the database unless another folder is named."""
        return self.backup.folder or self.store.path.parent / "backups"

    @property
    def history_folder(self) -> Path:
        """Where recorded games lie: beside the database unless another folder is named."""
        return self.models.history or self.store.path.parent / "history"

    @property
    def policy(self) -> Policy:
        """What of an alert's route the file decides."""
        said, hours = self.alerts, self.alerts.quiet_hours
        return Policy(
            levels=said.level,
            says=said.say,
            quiet=None if hours is None else QuietHours(*hours, self.zone, said.quiet_through),
            budget=said.per_hour,
            game_budget=said.per_hour_game,
        )

    @property
    def wording(self) -> MessageStyle:
        """How messages are worded."""
        return MessageStyle(self.zone, self.odds_format, self.alerts.delay, self.messages)


def is_loopback(settings: Settings) -> bool:
    """Whether the NBA's feed, and every other that is set, is a server on this machine.

    Time may then be played with. A feed that is not set is left out of such a run.
    """
    feeds = settings.feeds
    given = {"nba", *feeds.model_fields_set}
    return all(getattr(feeds, name).on_loopback for name in given)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> tuple[str, ...]:
    """Every key of the file, dotted: `timezone`, `feeds.nba.base_url`, `lines.total`."""
    found: list[str] = []
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = [sub for part in _models(field.annotation) for sub in known_keys(part, f"{key}.")]
        found += inner or [key]
    return tuple(found)
