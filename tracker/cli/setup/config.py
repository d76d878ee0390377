"""`tracker config`: which file is in force, what it amounts to, and what is wrong with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.ending import Ended
from tracker.cli.screen import complain, note, paint, progress, say, say_json
from tracker.cli.session import scope_of
from tracker.domain.money import plural
from tracker.settings.reading import as_plain

if TYPE_CHECKING:
    from pathlib import Path

    from tracker.settings.reading import as_plain
from tracker.settings import Secrets, Settings

_MASK = "***"
_TELLING = ("authorization", "cookie", "key", "token")


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb and its three words known."""
    group = typer.Typer(
        name=name,
        help="Show, check or find the configuration.",
        no_args_is_help=True,
    )
    declare(group, "show", show)
    declare(group, "check", check)
    declare(group, "path", path)
    app.add_typer(group, rich_help_panel=panel)


def path(context: typer.Context) -> None:
    """Say which file is read, whether or not it exists."""
    from tracker.settings import find_config

    found = find_config(scope_of(context).config)
    say(str(found))
    if not found.exists():
        note("There is no such file: the defaults are in force. `tracker init` writes one.")


def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show every setting in force, defaults included. Secrets are masked."""
    from tracker.settings import find_config, load_secrets

    scope = scope_of(context)
    settings = scope.settings()
    secrets = load_secrets(settings)
    values = plain(settings, secrets)
    if as_json:
        say_json(values)
        return
    source = find_config(scope.config)
    say(paint(f"# {source}{'' if source.exists() else ' (not there: defaults)'}", "dim"))
    _tell_table(values, "")
    for warning in secrets.warnings:
        note(warning)


def plain(settings: Settings, secrets: Secrets) -> dict[str, Any]:
    """The settings as plain values in the file's own words, every secret masked."""
    from tracker.notify.channels.apprise import channel_name

    values: dict[str, Any] = as_plain(settings)
    cents = values.pop("stake_unit")
    values = {"stake_unit": f"{cents // 100}.{cents % 100:02d}", **values}
    urls = [x.get_secret_value() for x in secrets.urls]
    values["notify"]["urls"] = [
        f"{url.partition('://')[0]}://{_MASK} ({channel_name(url)})" for url in urls
    ]
    values["notify"]["telegram"]["token"] = None if secrets.telegram_token is None else _MASK
    for feed in values["feeds"].values():
        feed["headers"] = {
            name: _MASK if any(x in name.lower() for x in _TELLING) else value
            for name, value in feed["headers"].items()
        }
    return values


def _tell_table(values: dict[str, Any], table: str) -> None:
    leaves = {k: v for k, v in values.items() if not _is_table(k, v)}
    if table and leaves:
        say(f"\n{paint(f'[{table}]', 'bold')}")
    for key, value in leaves.items():
        if value is None:
            say(paint(f"# {key} is not set", "dim"))
        elif isinstance(value, dict):
            inner = ", ".join(f"{k} = {json.dumps(v)}" for k, v in value.items())
            say(f"{key} = {{ {inner} }}" if inner else f"{key} = {{}}")
        else:
            say(f"{key} = {json.dumps(value, ensure_ascii=False)}")
    for key, value in values.items():
        if _is_table(key, value):
            _tell_table(value, f"{table}.{key}" if table else key)


def _is_table(key: str, value: Any) -> bool:
    return isinstance(value, dict) and key != "headers"


def check(context: typer.Context) -> None:
    """Check the configuration, the channels as `tracker run` builds them, and the bets file.

    Every mistake is told in one sentence with its place and what to do; the exit status is 78 for
    the configuration, and 1 when only bets in the bets file are wrong.
    """
    from tracker.app.channels import channels_of
    from tracker.settings import find_config, load_secrets

    scope = scope_of(context)
    settings = scope.settings()
    secrets = load_secrets(settings)
    with progress("checking the addresses"):
        channels_of(settings, secrets)
    for warning in secrets.warnings:
        note(warning)
    source = find_config(scope.config)
    there = "" if source.exists() else ", which is not there: the defaults are in force"
    say(f"{paint('✔', 'green')} configuration: {source}{there}")
    if not check_bets(settings.bets.file, settings.stake_unit_cents):
        raise Ended


def check_bets(file: Path, unit_cents: int) -> bool:
    """Say how the bets file is; whether all of it could be read."""
    from tracker.intake.bets_file import read_bets

    if not file.exists():
        say(f"{paint('✔', 'green')} bets file: {file} is not there, which is fine")
        return True
    found = read_bets(file, unit_cents)
    for mistake in found.mistakes:
        complain(mistake)
    count = len(found.drafts)
    if not found.mistakes:
        say(f"{paint('✔', 'green')} bets file: {file} with {plural(count, 'bet')}")
        return True
    if found.readable:
        note(f"The other {plural(count, 'bet')} in {file} can be read.")
    return False
