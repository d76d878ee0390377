"""Settings: what the person's TOML file and the machine's credentials say, checked once."""

from tracker.settings.credentials import Secrets, load_secrets
from tracker.settings.lines import LineSettings, lines_for
from tracker.settings.loading import find_config, load_settings, parse_settings
from tracker.settings.mistakes import EX_CONFIG, ConfigError
from tracker.settings.models import (
    FeedSettings,
    Settings,
    is_loopback,
    known_keys,
)
from tracker.settings.template import default_config_toml

__all__ = [
    "EX_CONFIG",
    "ConfigError",
    "FeedSettings",
    "LineSettings",
    "Secrets",
    "Settings",
    "default_config_toml",
    "find_config",
    "is_loopback",
    "known_keys",
    "lines_for",
    "load_secrets",
    "load_settings",
    "parse_settings",
]
