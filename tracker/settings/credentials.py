"""Secrets: where notification addresses and tokens come from, best place first."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from tracker.settings.files import read_text, refuse_shared
from tracker.settings.mistakes import ConfigError
from tracker.settings.models import Settings

URLS_CREDENTIAL = "notify-urls"
TOKEN_CREDENTIAL = "telegram-token"  # noqa: S105 - the name of a file
ODDS_CREDENTIAL = "odds-api-key"
ODDS_VARIABLE = "TRACKER_ODDS_API_KEY"
URLS_VARIABLE = "TRACKER_NOTIFY_URLS"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets in force: `others` are those of channels that speak for themselves.

    `warnings` are sentences for the person about where they came from.
    """

    urls: tuple[SecretStr, ...] = ()
    telegram_token: SecretStr | None = None
    others: tuple[SecretStr, ...] = ()
    odds_key: SecretStr | None = None
    warnings: tuple[str, ...] = ()

    def values(self) -> tuple[str, ...]:
        """Every secret in the clear, for the log to mask."""
        alone = [x for x in (self.telegram_token, self.odds_key) if x is not None]
        known = (*self.urls, *alone, *self.others)
        return tuple(secret.get_secret_value() for secret in known)


def _entries(path: Path) -> list[str]:
    try:
        lines = [line.strip() for line in read_text(path).splitlines()]
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; write it, or drop [notify] urls_file"
        ) from None
    return [line for line in lines if line and not line.startswith("#")]


def _file(path: Path | None) -> list[str]:
    if path is None:
        return []
    found = _entries(path)
    refuse_shared(path)
    return found


def _credential(name: str, env: Mapping[str, str]) -> list[str]:
    # systemd guards this directory itself, so the mode of the files says nothing.
    folder = env.get("CREDENTIALS_DIRECTORY")
    path = Path(folder, name) if folder else None
    return _entries(path) if path and path.is_file() else []


def _addresses(urls: list[str], place: str) -> tuple[SecretStr, ...]:
    # An address is a secret, so a bad one is named by its place alone.
    bad = [number for number, url in enumerate(urls, 1) if "://" not in url]
    if bad:
        mistakes = (
            f"{place}: entry {number} is no Apprise address; write one like ntfy://my-topic"
            for number in bad
        )
        raise ConfigError(*mistakes)
    return tuple(SecretStr(url) for url in urls)


def load_secrets(settings: Settings, env: Mapping[str, str] | None = None) -> Secrets:
    """Take each secret from the first place that has it.

    Addresses: systemd's credential `notify-urls`; the file that `[notify] urls_file` names, which
    only its owner may read; `[notify] urls`; $TRACKER_NOTIFY_URLS, for development. The Telegram
    token: systemd's credential `telegram-token`, then `[notify.telegram] token`. The key of The
    Odds API: the credential `odds-api-key`, `[odds.the_odds_api] key`, $TRACKER_ODDS_API_KEY.
    Raises ConfigError for a file that cannot be read or that others can read, and a bad address.
    """
    env = os.environ if env is None else env
    notify = settings.notify
    file = notify.urls_file
    places = {
        f"the credential {URLS_CREDENTIAL}": _credential(URLS_CREDENTIAL, env),
        str(file): _file(file),
        "[notify] urls": [url.get_secret_value() for url in notify.urls],
        f"${URLS_VARIABLE}": env.get(URLS_VARIABLE, "").split(),
    }
    holding = [place for place, urls in places.items() if urls]
    warnings: list[str] = []
    urls: tuple[SecretStr, ...] = ()
    if holding:
        urls = _addresses(places[holding[0]], holding[0])
    if len(holding) > 1:
        warnings.append(
            f"Notification addresses are taken from {holding[0]}; those in "
            f"{' and '.join(holding[1:])} are left unused."
        )
    if holding[:1] == [f"${URLS_VARIABLE}"]:
        warnings.append(
            f"Notification addresses come from ${URLS_VARIABLE}, which other programs of yours can "
            "read: put them under [notify] urls in a file of mode 0600."
        )
    token = _credential(TOKEN_CREDENTIAL, env)
    return Secrets(
        urls=urls,
        telegram_token=SecretStr(token[0]) if token else notify.telegram.token,
        others=tuple(
            x
            for x in (notify.discord.webhook, notify.ntfy.topic, notify.ntfy.token)
            if x is not None
        ),
        odds_key=_odds_key(settings, env),
        warnings=tuple(warnings),
    )


def _odds_key(settings: Settings, env: Mapping[str, str]) -> SecretStr | None:
    """The key of The Odds API from the first place that has it; None where there is none."""
    kept = _credential(ODDS_CREDENTIAL, env)
    if kept:
        return SecretStr(kept[0])
    given = env.get(ODDS_VARIABLE, "").strip()
    return settings.odds.the_odds_api.key or (SecretStr(given) if given else None)
