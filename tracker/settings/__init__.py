"""Settings: the person's TOML file and the machine's credentials, read and checked once."""

from tracker.settings.loading import (
    Secrets,
    default_config_toml,
    find_config,
    load_secrets,
    load_settings,
    parse_settings,
    settings_of,
    sound_settings,
)
from tracker.settings.models import (
    FeedSettings,
    LineSettings,
    Settings,
    feeds_are_local,
    lines_for,
)
from tracker.settings.reading import EX_CONFIG, ConfigError, Secret

__all__ = [
    "EX_CONFIG",
    "ConfigError",
    "FeedSettings",
    "LineSettings",
    "Secret",
    "Secrets",
    "Settings",
    "default_config_toml",
    "feeds_are_local",
    "find_config",
    "lines_for",
    "load_secrets",
    "load_settings",
    "parse_settings",
    "settings_of",
    "sound_settings",
]
