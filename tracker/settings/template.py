"""The configuration file that a person starts from: every key, its default and what it is for."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tracker.settings.models import (
    DEFAULT_RULES,
    ESPN_FEED,
    NBA_FEED,
    ODDS_SOURCES,
    WNBA_FEED,
)


def _value(value: object) -> str:
    # JSON's strings, numbers, truth values and lists of them are TOML's too.
    return json.dumps(value, ensure_ascii=False)


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def default_config_toml(
    *,
    timezone: str = "UTC",
    stake_unit_cents: int = 1000,
    urls: Sequence[str] = (),
    console: bool = True,
    telegram_token: str | None = None,
    ntfy_topic: str | None = None,
) -> str:
    """The text of a `tracker.toml`. Keys left at their default are there as comments.

    `urls` are Apprise addresses, written in the clear like a bot's token and a topic: the file then
    needs mode 0600.
    """
    bot = "# " if telegram_token is None else ""
    token = telegram_token or "123456:the-token-of-your-bot"
    sub = "# " if ntfy_topic is None else ""
    topic = ntfy_topic or "a-topic-that-nobody-guesses"
    mark = "" if urls else "# "
    shown = _value(list(urls) or ["ntfy://a-topic-that-nobody-guesses"])
    return f"""\
# Settings of tracker. Each key is described in docs/configuration.md; those behind a # show their
# default or an example. `tracker config check` tells what is wrong with this file.

# Your own time zone, for what is shown.
timezone = {_value(timezone)}

# How odds are shown: as-written, american, decimal or fractional.
# odds_format = "as-written"

# What one unit of stake is worth.
stake_unit = {_money(stake_unit_cents)}

# Words of your own for the messages: docs/alerts.md says what may stand in braces.
# messages = {{ chance = "{{mark}} {{p}} {{bet}}: {{stands}}, {{clock}}" }}

[store]
# The database. Left out, it lies where programs keep their state.
# path = "tracker.db"

# For how many days the raw answers of the feeds are kept. All else is kept for good.
# keep_bodies_days = 30

[backup]
# A back-up every night, and where to; those of so many days and weeks are kept.
# enabled = true
# folder = "backups"
# at = "05:00"
# daily = 7
# weekly = 8

[refresh]
# Results, ratings, form and players of yesterday, every morning by US Eastern time; injuries too.
# enabled = true
# at = "06:30"

[models]
# Leagues whose models are fitted anew every week ("nba", "wnba"), on what `tracker history` holds.
# A candidate is never put in use by itself; with promote = "auto" one that wins its trial is.
# retrain = ["nba"]
# history = "history"
# promote = "ask"

[bets]
# Bets in a file beside this one, picked up while the daemon runs.
# file = "bets.toml"

[web]
# The page and the API of `tracker web`: where it listens, and further names that it answers to.
# host = "127.0.0.1"
# port = 8377
# hosts = ["tracker.example.ts.net"]
# trusted_proxy = "127.0.0.1"

[rules]
# What to be told of every bet that has no rules of its own.
# default = {_value(list(DEFAULT_RULES))}

[alerts]
# Hold everything back, so that nothing shows before your broadcast does.
# delay = "35s"

# Your night: what is less loud than quiet_through comes in one digest at its end.
# quiet_hours = "23:00-08:00"
# quiet_through = "urgent"

# Most messages about games in an hour, and of one game.
# per_hour = 30
# per_hour_game = 15

# How loud each kind is: info, low, default, high or urgent; whether it is told: on, silent or off.
# level = {{ chance = "high", start = "low" }}
# say = {{ quarter = "silent" }}

# A digest of the night, and an address that is asked for while all is well.
# digest_at = "09:00"
# report = "off"
# heartbeat_url = "https://hc-ping.com/your-own"

[notify]
# Apprise addresses. They are secrets: a file that holds any must have mode 0600.
{mark}urls = {shown}

# Or a file of their own, one address a line, mode 0600.
# urls_file = "notify-urls"

# Say alerts on the daemon's own output too.
console = {_value(console)}

[notify.telegram]
{bot}token = {_value(token)}
# chat_id = 123456789
# topic_id = 17
# cards = true
# commands = true
# api_url = "https://api.telegram.org"

[notify.discord]
# webhook = "https://discord.com/api/webhooks/1234/the-letters-of-your-webhook"
# cards = true

[notify.ntfy]
{sub}topic = {_value(topic)}
# token = "tk_for-a-server-that-asks-for-one"
# api_url = "https://ntfy.sh"
# cards = false

[feeds.nba]
# base_url = {_value(NBA_FEED["base_url"])}
# requests_per_minute = {NBA_FEED["requests_per_minute"]}
# headers = {{ Referer = "https://www.nba.com/" }}

[feeds.wnba]
# base_url = {_value(WNBA_FEED["base_url"])}
# requests_per_minute = {WNBA_FEED["requests_per_minute"]}
# headers = {{ Referer = "https://www.wnba.com/" }}

[feeds.espn]
# base_url = {_value(ESPN_FEED["base_url"])}
# requests_per_minute = {ESPN_FEED["requests_per_minute"]}
# headers = {{ Accept = "application/json" }}

[odds]
# Who is asked for quotes, and the books at which you bet: the best price is theirs.
# sources = {_value(list(ODDS_SOURCES))}
# mine = ["draftkings", "fanduel"]
# anchors = ["pinnacle", "circasports", "kalshi", "polymarket"]

# The least edge (expected profit of a unit) and chance that are marked as worth a look.
# edge_min = 0.03
# p_min = 0.35

[odds.the_odds_api]
# A key makes the closes of several books known. It is a secret: this file then needs mode 0600.
# key = "the-key-of-your-plan"
# monthly_credits = 500
# regions = ["us"]
# bookmakers = ["draftkings", "fanduel", "pinnacle"]
# markets = ["h2h", "spreads", "totals"]
# base_url = "https://api.the-odds-api.com"

[odds.kalshi]
# base_url = "https://api.elections.kalshi.com"

[odds.polymarket]
# base_url = "https://gamma-api.polymarket.com"
# clob_url = "https://clob.polymarket.com"

# Closing lines that you know: they make the forecast better, most of all early in a game.
# [[lines]]
# game = "LAL@DEN 2026-11-20"
# home_spread = -4.5
# total = 228.5
# home_ml = -190
# away_ml = 160
"""
