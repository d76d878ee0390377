"""The tables and keys of the configuration file: their types, ranges and defaults."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tracker.domain import BadBet, BadRule
from tracker.domain.alert import MessageStyle
from tracker.domain.catalog import find_teams
from tracker.domain.game import Game
from tracker.domain.league import LEAGUES
from tracker.domain.money import Odds, parse_money, parse_odds
from tracker.domain.policy import Policy, QuietHours, Rule, parse_rule, parse_rules
from tracker.domain.prior import LIKELY_SPREADS, LIKELY_TOTALS, NO_LINES, Lines
from tracker.domain.quote import STAT_MARKETS
from tracker.settings.alerting import AlertsSettings, clock_time, known_templates, zone_name
from tracker.settings.reading import (
    ByName,
    Nested,
    Secret,
    Several,
    file_path,
    folder_path,
    is_host,
    number,
    one_of,
    reader_of,
    secret,
    setting,
    text,
    then,
    truth,
    whole,
)

OddsFormat = Literal["as-written", "american", "decimal", "fractional"]

DEFAULT_RULES = ("p >= 0.80", "p <= 0.30", "hit", "dead", "out", "settled")
"""The rules of a bet that has none of its own, unless the person sets others."""

NBA_FEED: dict[str, Any] = {"base_url": "https://cdn.nba.com", "requests_per_minute": 120}

WNBA_FEED: dict[str, Any] = {"base_url": "https://cdn.wnba.com", "requests_per_minute": 120}

ESPN_FEED: dict[str, Any] = {"base_url": "https://site.api.espn.com", "requests_per_minute": 60}


def _host_only(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text, in quotes")
    try:
        parts = urlsplit(value)
        sound = parts.port != 0 and is_host(parts.hostname or "")
    except ValueError:
        parts, sound = urlsplit(""), False
    if parts.scheme not in ("http", "https") or not sound:
        raise ValueError("must be a scheme and a host, such as https://cdn.nba.com")
    if "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
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


def on_this_machine(address: str) -> bool:
    """Whether an address leads to this machine; False for an invalid address."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_HOST = reader_of(_host_only)

_MOST_ID = 1 << 63
"""The ids of chats and topics are smaller."""


def _one_line_each(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not re.fullmatch(r"[A-Za-z0-9-]+", name) or not value.isprintable():
            raise ValueError(f'{name!r} makes no header; write one like Referer = "https://..."')
    return headers


def _listening_host(value: str) -> str:
    if not is_host(value):
        raise ValueError("must be the name or address of a host, such as 127.0.0.1")
    return value


def _answering_host(value: str) -> str:
    if not is_host(value) or value != value.lower():
        raise ValueError("must be a host in small letters without a port: bets.example.org")
    return value


def _peer(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValueError('must be an IP address or a network, such as "127.0.0.1"') from None
    return value


_SECRET_WORDS = ("authorization", "cookie", "key", "token")
"""Words in a header's name that mark its value as a secret."""


@dataclass(frozen=True, eq=False, repr=False)
class FeedSettings:
    """A source of games. `base_url` is scheme and host; `headers` override the feed's own."""

    base_url: str = setting(_HOST)
    headers: Mapping[str, str] = setting(then(ByName(text), _one_line_each), factory=dict)
    requests_per_minute: int = setting(whole(1, 6000))

    @property
    def secret_headers(self) -> Mapping[str, str]:
        """The headers whose value is a secret, such as the key of a proxy."""
        marked = (x for x in self.headers if any(word in x.lower() for word in _SECRET_WORDS))
        return {name: self.headers[name] for name in marked}


@dataclass(frozen=True, eq=False, repr=False)
class FeedsSettings:
    """The sources of games: a league's own feed, and ESPN when that fails or there is none."""

    nba: FeedSettings = setting(Nested(FeedSettings, NBA_FEED), FeedSettings(**NBA_FEED))
    wnba: FeedSettings = setting(Nested(FeedSettings, WNBA_FEED), FeedSettings(**WNBA_FEED))
    espn: FeedSettings = setting(Nested(FeedSettings, ESPN_FEED), FeedSettings(**ESPN_FEED))

    @property
    def by_name(self) -> dict[str, FeedSettings]:
        """The settings of each source by the name of its table."""
        return {"nba": self.nba, "wnba": self.wnba, "espn": self.espn}


ODDS_SOURCES = ("espn", "nba", "kalshi", "polymarket", "the_odds_api")
"""The sources of quotes. The Odds API is asked only where there is a key."""

ANCHORS = (
    "pinnacle", "circasports", "betfair_ex_eu", "betfair_ex_uk", "betfair_ex_us", "matchbook",
    "novig", "prophetx", "kalshi", "polymarket",
)  # fmt: skip
"""Books whose prices are nearest to fair: sharp books and exchanges."""

ODDS_MARKETS = ("h2h", "spreads", "totals")
"""The markets that one request to The Odds API returns for all games of a league."""

ALTERNATE_MARKETS = (
    "alternate_spreads", "alternate_totals", "alternate_team_totals",
    *(f"{x}_alternate" for x in STAT_MARKETS),
)  # fmt: skip
"""The markets of alternate lines that The Odds API returns for one game, by its own names."""

REGIONS = ("us", "us2", "us_dfs", "us_ex", "uk", "eu", "au", "fr", "se")
"""The regions by which The Odds API groups its books, by its own names."""


def _plain_words(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if not re.fullmatch(r"[a-z0-9_]+", word):
            raise ValueError(f"{word!r} is no key of the API; write one like draftkings")
    return words


def _known_markets(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if word not in (*ODDS_MARKETS, *ALTERNATE_MARKETS):
            raise ValueError(
                f"{word!r} is no market that is bought: choose from {', '.join(ODDS_MARKETS)}, "
                "or name an alternate one such as alternate_spreads, player_points_alternate"
            )
    if words and not set(words) & set(ODDS_MARKETS):
        raise ValueError(f"names none of {', '.join(ODDS_MARKETS)}, which every close needs")
    return words


def _some(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words:
        raise ValueError("is empty; name one at least, or take the_odds_api out of sources")
    return tuple(dict.fromkeys(words))


def _book_names(names: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(re.sub(r"[^a-z0-9]+", "_", x.casefold()).strip("_") for x in names)
    if not all(found):
        raise ValueError("holds no name of a book; write one such as draftkings")
    return found


def _no_blanks(key: Secret) -> Secret:
    if not re.fullmatch(r"[!-~]+", key.get_secret_value()):
        raise ValueError("must be the key as it was sent to you, without blanks")
    return key


@dataclass(frozen=True, eq=False, repr=False)
class TheOddsApiSettings:
    """The table `[odds.the_odds_api]`: a source that is paid by the request.

    `monthly_credits` is what the plan gives a month. `markets` are the markets to buy at each
    tip-off, from the books of `regions`, or from `bookmakers` where those are named. An alternate
    market is bought only for a game with a bet of its kind.
    """

    key: Secret | None = setting(then(secret, _no_blanks), None)
    base_url: str = setting(_HOST, "https://api.the-odds-api.com")
    monthly_credits: int = setting(whole(1, 100_000_000), 500)
    regions: tuple[str, ...] = setting(then(Several(one_of(REGIONS)), _some), ("us",))
    bookmakers: tuple[str, ...] = setting(then(Several(text), _plain_words), ())
    markets: tuple[str, ...] = setting(then(Several(text), _known_markets, _some), ODDS_MARKETS)


@dataclass(frozen=True, eq=False, repr=False)
class KalshiSettings:
    """The source of Kalshi's market data. `base_url` is scheme and host."""

    base_url: str = setting(_HOST, "https://api.elections.kalshi.com")


@dataclass(frozen=True, eq=False, repr=False)
class PolymarketSettings:
    """The source of Polymarket's data: `base_url` serves its events, `clob_url` its order books."""

    base_url: str = setting(_HOST, "https://gamma-api.polymarket.com")
    clob_url: str = setting(_HOST, "https://clob.polymarket.com")


@dataclass(frozen=True, eq=False, repr=False)
class OddsSettings:
    """The table `[odds]`: the sources of quotes, and the person's books.

    `mine` are the books at which the person bets: the best price is looked for at them, or at all
    books where none is named. `anchors` are books used only for fair prices. `edge_min` is the
    smallest edge (EV a unit staked) and `p_min` the smallest chance that a list of edges marks.
    """

    sources: tuple[str, ...] = setting(Several(one_of(ODDS_SOURCES)), ODDS_SOURCES)
    mine: tuple[str, ...] = setting(then(Several(text), _book_names), ())
    anchors: tuple[str, ...] = setting(then(Several(text), _book_names), ANCHORS)
    edge_min: float = setting(number(0, 1), 0.03)
    p_min: float = setting(number(0, 1), 0.35)
    the_odds_api: TheOddsApiSettings = setting(Nested(TheOddsApiSettings), TheOddsApiSettings())
    kalshi: KalshiSettings = setting(Nested(KalshiSettings), KalshiSettings())
    polymarket: PolymarketSettings = setting(Nested(PolymarketSettings), PolymarketSettings())

    @property
    def holds_secrets(self) -> bool:
        """Whether it holds a key of a service that is not on this machine."""
        return self.the_odds_api.key is not None and not on_this_machine(self.the_odds_api.base_url)


@dataclass(frozen=True, eq=False, repr=False)
class StoreSettings:
    """The database. Raw responses older than `keep_bodies_days` are deleted; all else is kept."""

    path: Path = setting(file_path)
    keep_bodies_days: int = setting(whole(1, 36500), 30)

    @property
    def lock(self) -> Path:
        """The file that a daemon locks while it uses this database."""
        return self.path.with_name(self.path.name + ".lock")


@dataclass(frozen=True, eq=False, repr=False)
class BackupSettings:
    """Nightly back-ups: their folder, their time, and how many daily and weekly ones are kept."""

    enabled: bool = setting(truth, default=True)
    folder: Path | None = setting(folder_path, None)
    at: time = setting(reader_of(clock_time), time(5))
    daily: int = setting(whole(1, 1000), 7)
    weekly: int = setting(whole(0, 1000), 8)


@dataclass(frozen=True, eq=False, repr=False)
class RefreshSettings:
    """The morning refresh of results, ratings, form and players. Injuries are read more often."""

    enabled: bool = setting(truth, default=True)
    at: time = setting(reader_of(clock_time), time(6, 30))


@dataclass(frozen=True, eq=False, repr=False)
class ModelsSettings:
    """The forecasting models: the leagues whose models are retrained weekly, and promotion.

    `history` is the folder of recorded games that `tracker history` fills. `promote` is `auto`
    where a challenger that wins its trial is promoted without asking.
    """

    retrain: tuple[str, ...] = setting(Several(one_of(("nba", "wnba"))), ())
    history: Path | None = setting(folder_path, None)
    promote: str = setting(one_of(("ask", "auto")), "ask")


@dataclass(frozen=True, eq=False, repr=False)
class WebSettings:
    """The web page and the API. `hosts` are further host names that the server answers to.

    `trusted_proxy` is the address of a reverse proxy whose forwarding headers are believed.
    """

    host: str = setting(then(text, _listening_host), "127.0.0.1")
    port: int = setting(whole(1, 65535), 8377)
    hosts: tuple[str, ...] = setting(Several(then(text, _answering_host)), ())
    trusted_proxy: str | None = setting(then(text, _peer), None)


@dataclass(frozen=True, eq=False, repr=False)
class BetsSettings:
    """The bets file, which the daemon watches while it runs."""

    file: Path = setting(file_path)


@dataclass(frozen=True, eq=False, repr=False)
class TelegramSettings:
    """A Telegram bot. `api_url` is scheme and host of the Bot API.

    `topic_id` is a topic of the group that `chat_id` names. `cards` is whether each game gets a
    live card, `commands` whether the bot answers commands.
    """

    token: Secret | None = setting(secret, None)
    chat_id: int | None = setting(whole(-_MOST_ID, _MOST_ID), None)
    topic_id: int | None = setting(whole(1, _MOST_ID), None)
    api_url: str = setting(_HOST, "https://api.telegram.org")
    cards: bool = setting(truth, default=True)
    commands: bool = setting(truth, default=True)


@dataclass(frozen=True, eq=False, repr=False)
class DiscordSettings:
    """A Discord channel. `webhook` is the whole address of its webhook, on any host."""

    webhook: Secret | None = setting(secret, None)
    cards: bool = setting(truth, default=True)


@dataclass(frozen=True, eq=False, repr=False)
class NtfySettings:
    """An ntfy topic. `api_url` is scheme and host; `token` is for a server that asks for one."""

    topic: Secret | None = setting(secret, None)
    token: Secret | None = setting(secret, None)
    api_url: str = setting(_HOST, "https://ntfy.sh")
    cards: bool = setting(truth, default=False)

    def __post_init__(self) -> None:
        """Refuse a token without the topic that it is for."""
        if self.topic is None and self.token is not None:
            raise ValueError("gives a token and no topic; add the topic that it is for")


@dataclass(frozen=True, eq=False, repr=False)
class NotifySettings:
    """The channels of alerts. `urls` are Apprise addresses; `urls_file` has one on each line."""

    urls: tuple[Secret, ...] = setting(Several(secret), ())
    urls_file: Path | None = setting(file_path, None)
    console: bool = setting(truth, default=True)
    telegram: TelegramSettings = setting(Nested(TelegramSettings), TelegramSettings())
    discord: DiscordSettings = setting(Nested(DiscordSettings), DiscordSettings())
    ntfy: NtfySettings = setting(Nested(NtfySettings), NtfySettings())

    @property
    def holds_secrets(self) -> bool:
        """Whether it holds an address or token of a service that is not on this machine."""
        bot = self.telegram
        addresses = [url.get_secret_value() for url in self.urls]
        if bot.token is not None:
            addresses.append(bot.api_url)
        if self.ntfy.topic is not None or self.ntfy.token is not None:
            addresses.append(self.ntfy.api_url)
        if self.discord.webhook is not None:
            addresses.append(self.discord.webhook.get_secret_value())
        return not all(on_this_machine(address) for address in addresses)


_FIRST_AMERICAN = 100


def toml_odds(value: object) -> Odds:
    """Read odds such as `"-110"`, `-110`, `1.91` or `"10/11"`. Raises BadBet for other values.

    TOML drops the plus sign of +150, so a whole number from 100 on is read as American odds.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise BadBet('odds must be a price, such as -110, 1.91 or "10/11"')
    if isinstance(value, int) and abs(value) >= _FIRST_AMERICAN:
        return parse_odds(f"{value:+d}")
    return parse_odds(str(value))


_GAME = re.compile(r"\s*([^@]+?)\s*@\s*([^@]+?)(?:\s+(\d{4}-\d{2}-\d{2}))?\s*")


def _split_game(text: str) -> tuple[str, str, date | None]:
    found = _GAME.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a game; write LAL@DEN, or LAL@DEN 2026-11-20")
    try:
        day = date.fromisoformat(found[3]) if found[3] else None
    except ValueError:
        raise ValueError(f"{found[3]} is not a date; write one such as 2026-11-20") from None
    return found[1], found[2], day


def _price(value: object) -> float:
    try:
        return float(toml_odds(value).decimal)
    except BadBet as why:
        raise ValueError(str(why)) from None


def _two_known_teams(game: str) -> str:
    for name in _split_game(game)[:2]:
        if not find_teams(name, tuple(LEAGUES)):
            raise ValueError(f"{name!r} names no known team; write codes as in LAL@DEN")
    away, home, _ = _split_game(game)
    if find_teams(away, tuple(LEAGUES)) == find_teams(home, tuple(LEAGUES)):
        raise ValueError(f"{game!r} is one team twice; write codes as in LAL@DEN")
    return game


@dataclass(frozen=True, eq=False, repr=False)
class LineSettings:
    """Closing lines of one game (`[[lines]]`). `home_spread` is the home team's handicap.

    Moneylines are kept as decimal odds.
    """

    game: str = setting(then(text, _two_known_teams))
    home_spread: float | None = setting(number(*LIKELY_SPREADS), None)
    total: float | None = setting(number(*LIKELY_TOTALS), None)
    home_ml: float | None = setting(reader_of(_price), None)
    away_ml: float | None = setting(reader_of(_price), None)

    def __post_init__(self) -> None:
        """Refuse an entry without any line, and one with a single moneyline."""
        if self.lines.empty:
            raise ValueError("gives no line; add home_spread, total, or home_ml and away_ml")
        if (self.home_ml is None) != (self.away_ml is None):
            raise ValueError("gives one moneyline; give home_ml and away_ml, or neither")

    @property
    def lines(self) -> Lines:
        """The lines in the form that the forecast takes."""
        return Lines(self.home_spread, self.total, self.home_ml, self.away_ml)

    @property
    def day(self) -> date | None:
        """The league's own date of the game; None where the person wrote none."""
        return _split_game(self.game)[2]

    def match(self, game: Game) -> bool:
        """Whether these lines are for `game`."""
        away, home, day = _split_game(self.game)
        leagues = (game.league,)
        return (
            day in (None, game.slate)
            and game.away in {team.code for team in find_teams(away, leagues)}
            and game.home in {team.code for team in find_teams(home, leagues)}
        )


def lines_for(known: Iterable[LineSettings], game: Game) -> Lines:
    """The lines of `game`; empty when there are none. An entry with a date comes first."""
    fitting = [entry for entry in known if entry.match(game)]
    dated = [entry for entry in fitting if entry.day is not None]
    return next((entry.lines for entry in (*dated, *fitting)), NO_LINES)


def _understood(rule: str) -> str:
    try:
        parse_rule(rule)
    except BadRule as why:
        raise ValueError(str(why)) from None
    return rule


@dataclass(frozen=True, eq=False, repr=False)
class RulesSettings:
    """The alert rules of bets that have none of their own."""

    default: tuple[str, ...] = setting(Several(then(text, _understood)), DEFAULT_RULES)


@dataclass(frozen=True, eq=False, repr=False)
class Settings:
    """The whole configuration. Relative paths start at the folder of the file."""

    timezone: str = setting(then(text, zone_name), "UTC")
    odds_format: OddsFormat = setting(one_of(get_args(OddsFormat)), "as-written")
    stake_unit_cents: int = setting(reader_of(_cents), 1000, name="stake_unit")
    store: StoreSettings = setting(Nested(StoreSettings))
    backup: BackupSettings = setting(Nested(BackupSettings), BackupSettings())
    bets: BetsSettings = setting(Nested(BetsSettings))
    refresh: RefreshSettings = setting(Nested(RefreshSettings), RefreshSettings())
    models: ModelsSettings = setting(Nested(ModelsSettings), ModelsSettings())
    feeds: FeedsSettings = setting(Nested(FeedsSettings), FeedsSettings())
    notify: NotifySettings = setting(Nested(NotifySettings), NotifySettings())
    web: WebSettings = setting(Nested(WebSettings), WebSettings())
    rules: RulesSettings = setting(Nested(RulesSettings), RulesSettings())
    alerts: AlertsSettings = setting(Nested(AlertsSettings), AlertsSettings())
    odds: OddsSettings = setting(Nested(OddsSettings), OddsSettings())
    messages: Mapping[str, str] = setting(ByName(text, known_templates), factory=dict)
    lines: tuple[LineSettings, ...] = setting(Several(Nested(LineSettings)), ())

    @property
    def zone(self) -> ZoneInfo:
        """The person's own time zone, for what is shown."""
        return ZoneInfo(self.timezone)

    @property
    def default_rules(self) -> tuple[Rule, ...]:
        """The rules of bets that have none of their own."""
        return parse_rules(self.rules.default)

    @property
    def backup_folder(self) -> Path:
        """The folder of back-ups: beside the database unless another one is named."""
        return self.backup.folder or self.store.path.parent / "backups"

    @property
    def history_folder(self) -> Path:
        """The folder of recorded games: beside the database unless another one is named."""
        return self.models.history or self.store.path.parent / "history"

    @property
    def policy(self) -> Policy:
        """The alert policy as far as the file decides it: no snoozes and no past messages."""
        alerts, hours = self.alerts, self.alerts.quiet_hours
        return Policy(
            levels=alerts.level,
            modes=alerts.say,
            quiet=None if hours is None else QuietHours(*hours, self.zone, alerts.quiet_through),
            budget=alerts.per_hour,
            game_budget=alerts.per_hour_game,
        )

    @property
    def wording(self) -> MessageStyle:
        """The style of messages."""
        return MessageStyle(self.zone, self.odds_format, self.alerts.delay, self.messages)


def feeds_are_local(settings: Settings) -> bool:
    """Whether the NBA's feed, and every other feed that is set, is a server on this machine.

    The program may then run on a simulated clock, without the feeds that are not set.
    """
    feeds = settings.feeds.by_name
    given = {"nba", *(x for x, feed in feeds.items() if feed is not getattr(FeedsSettings, x))}
    return all(on_this_machine(feeds[name].base_url) for name in given)
