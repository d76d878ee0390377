"""`tracker init` and `config`: writes, shows and checks the configuration.

Only its owner can read the file, and its secrets are never shown.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer

from tracker.cli import CommandEnded, Scope, guests, run_async, scope_of
from tracker.cli.app import CARE, AsJson, declare_group
from tracker.cli.screen import asks, complain, note, paint, progress, say, say_json
from tracker.domain import BadBet, Impossible, Misused, TrackerError
from tracker.domain.events import tell_nobody
from tracker.domain.money import money_text, parse_money, plural
from tracker.settings import (
    ConfigError,
    Secrets,
    Settings,
    default_config_toml,
    find_config,
    load_secrets,
    parse_settings,
)
from tracker.settings.alerting import zone_name
from tracker.settings.reading import as_plain

_MASK = "***"
T = TypeVar("T")

_NTFY = "ntfy"

_TELEGRAM = "telegram"

_CONSOLE = "console"

_LOCALTIME = Path("/etc/localtime")


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Declare the verb and its sub-commands."""
    declare_group(
        app,
        name,
        "Show, check or find the configuration.",
        {"show": show, "check": check, "path": path},
        panel,
    )


def init(
    context: typer.Context,
    *,
    channel: Annotated[
        str | None,
        typer.Option(
            help="ntfy (a random topic, no account), telegram, console, or an Apprise address."
        ),
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For telegram: a file with the bot's token.")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Your zone, such as America/New_York.")
    ] = None,
    stake_unit: Annotated[
        str | None, typer.Option(metavar="AMOUNT", help="What one unit of stake is worth.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: take the defaults.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a configuration that is there.")
    ] = False,
    message: Annotated[
        bool | None,
        typer.Option(
            "--message/--no-message",
            help="Send a real message and ask whether it arrived. Done on a terminal.",
        ),
    ] = None,
) -> None:
    """Write a configuration: where alerts go, your time zone, and what a unit of stake is worth.

    Alerts can go to a phone by ntfy with a random topic, which needs no account, to a Telegram
    chat that is paired with a code, to the daemon's own output, or to any Apprise address.
    """
    scope = scope_of(context)
    target = find_config(scope.config)
    if target.exists() and not force:
        raise Impossible(f"{target} is there already: change it, or replace it with --force")
    if not yes and not asks() and None in (channel, timezone, stake_unit):
        raise Misused("there is no terminal to ask on: add --yes for the defaults")
    ask = asks() and not yes
    where = "Where to send alerts (ntfy, telegram, console, or an Apprise address)"
    answers = _Answers(
        channel=_with_token(_chosen(channel, _channel, where, _NTFY, ask=ask), token_file),
        timezone=_chosen(timezone, _zone, "Your time zone", local_zone(), ask=ask),
        unit_cents=_chosen(stake_unit, _unit, "What one unit of stake is worth", "10.00", ask=ask),
    )
    _write(target, answers, force=force)
    _tell(target, answers)
    try:
        if (ask if message is None else message) and answers.channel.name != _CONSOLE:
            _first_message(Scope(target), answers.channel)
    finally:
        _tell_next()


@dataclass(frozen=True, slots=True)
class _Channel:
    """The channel for alerts: its kind, and its URL, topic or token, kept out of the repr."""

    name: str
    url: str | None = field(default=None, repr=False)
    topic: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Answers:
    channel: _Channel
    timezone: str
    unit_cents: int


def _chosen(
    given: str | None, read: Callable[[str], T], question: str, default: str, *, ask: bool
) -> T:
    """What an option gives, else the answer of a person, who is asked until it can be read."""
    if given is not None or not ask:
        return read(default if given is None else given)
    while True:
        try:
            return read(str(typer.prompt(question, default=default)).strip())
        except TrackerError as wrong:
            complain(str(wrong))


def _channel(text: str) -> _Channel:
    if text.casefold() in (_CONSOLE, _TELEGRAM):
        return _Channel(text.casefold())
    if text.casefold() == _NTFY:
        topic = f"tracker-{secrets.token_hex(8)}"
        return _Channel(_NTFY, topic=topic)
    from tracker.notify.channels.apprise import check_urls

    try:
        check_urls([text], place="")
    except ConfigError as wrong:
        what = str(wrong).removeprefix(": entry 1 ")
        raise Misused(f"the channel {what}; or say ntfy, telegram or console") from None
    return _Channel("address", text)


def _with_token(channel: _Channel, file: Path | None) -> _Channel:
    """The channel with its bot's token, read from a file or typed without echo."""
    if channel.name != _TELEGRAM:
        if file is not None:
            raise Misused("--token-file is for --channel telegram")
        return channel
    from tracker.notify.channels.telegram.connection import is_token

    if file is not None:
        try:
            token = file.read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            raise Misused(f"{file}: the token cannot be read from there") from None
        if not is_token(token):
            raise Misused(f"{file}: holds no token; @BotFather gives one such as 123456:AA...")
        return replace(channel, token=token)
    if not asks():
        raise Misused("there is no terminal to ask for the bot's token: name a --token-file")
    say("In Telegram, write /newbot to @BotFather; it gives you a token.")
    while True:
        token = str(typer.prompt("The bot's token", hide_input=True)).strip()
        if is_token(token):
            return replace(channel, token=token)
        complain("that is no token: it is a number, a colon and letters, such as 123456:AA...")


def _first_message(scope: Scope, channel: _Channel) -> None:
    """Send a real message the way that alerts will go, and ask whether it arrived."""
    if channel.name == _TELEGRAM:
        from tracker.cli.setup.channels import pair_chat

        run_async(pair_chat(scope))
        return
    if channel.topic is not None and asks():
        typer.prompt("Subscribe to it, then press Enter", default="", show_default=False)
    run_async(_try_first(scope, channel))


async def _try_first(scope: Scope, channel: _Channel) -> None:
    from tracker.app.channels import open_channels
    from tracker.cli.setup.channels import try_out
    from tracker.notify.channels.apprise import AppriseChannel

    if channel.url is not None:
        await try_out(AppriseChannel(channel.url))
        return
    settings = scope.settings()
    async with open_channels(settings, load_secrets(settings), tell_nobody) as found:
        for own in found:
            if own.name != "console":
                await try_out(own)


def _zone(text: str) -> str:
    try:
        return zone_name(text)
    except ValueError as why:
        raise Misused(str(why)) from None


def _unit(text: str) -> int:
    cents = parse_money(text)
    if cents <= 0:
        raise BadBet("a unit of stake must be worth more than nothing: write one such as 10.00")
    return cents


def local_zone() -> str:
    """The name of the machine's time zone, from TZ or /etc/localtime; UTC when neither names it."""
    named = os.environ.get("TZ", "").removeprefix(":")
    link = str(_LOCALTIME.resolve()).partition("/zoneinfo/")[2]
    for name in (named, link):
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue
        return name
    return "UTC"


def _write(target: Path, answers: _Answers, *, force: bool) -> None:
    text = default_config_toml(
        timezone=answers.timezone,
        stake_unit_cents=answers.unit_cents,
        url=answers.channel.url,
        telegram_token=answers.channel.token,
        ntfy_topic=answers.channel.topic,
    )
    parse_settings(text, target)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        if force:
            partial.replace(target)
            return
        # A link fails if the file was made meanwhile; a rename would replace that file.
        os.link(partial, target)
    except FileExistsError:
        raise Impossible(f"{target} is there already: replace it with --force") from None
    finally:
        partial.unlink(missing_ok=True)


def _tell(target: Path, answers: _Answers) -> None:
    say(f"Wrote {target} (mode 0600).")
    say(f"Time zone {answers.timezone} · one unit is {money_text(answers.unit_cents)}")
    topic = answers.channel.topic
    if topic is not None:
        say(f"Alerts go to the ntfy topic {paint(topic, 'bold')}: keep it to yourself, and")
        say(f"subscribe to it in the ntfy app, or at https://ntfy.sh/{topic}")
    elif answers.channel.name == _TELEGRAM:
        say("Alerts go to the chat that you pair with the bot: `tracker telegram pair`.")
    elif answers.channel.name == _CONSOLE:
        say("Alerts are said on the daemon's own output.")
    else:
        say("Alerts go to the address that you gave.")


def _tell_next() -> None:
    say()
    say("Next")
    steps = (
        ("tracker test-alert", "see that a message reaches you"),
        ("tracker demo", "watch it work on recorded games"),
        ("tracker add 'DEN -4.5 -110 $20'", "register a bet"),
        ("tracker run", "follow your bets; `tracker service install` keeps it running"),
    )
    for command, what in steps:
        say(f"  {command:<33} {what}")
    say()
    note(CARE)


def path(context: typer.Context) -> None:
    """Say which file is read, whether or not it exists."""
    found = find_config(scope_of(context).config)
    say(str(found))
    if not found.exists():
        note("There is no such file: the defaults are in force. `tracker init` writes one.")


def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Show every setting in force, defaults included. Secrets are masked."""
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
    """The settings as plain values with the keys of the file, every secret masked."""
    from tracker.notify.channels.apprise import channel_name

    values: dict[str, Any] = as_plain(settings)
    cents = values.pop("stake_unit")
    values = {"stake_unit": f"{cents // 100}.{cents % 100:02d}", **values}
    urls = [x.get_secret_value() for x in secrets.urls]
    values["backup"]["folder"] = str(settings.backup_folder)
    values["models"]["history"] = str(settings.history_folder)
    values["notify"]["urls"] = [
        f"{url.partition('://')[0]}://{_MASK} ({channel_name(url)})" for url in urls
    ]
    values["notify"]["telegram"]["token"] = None if secrets.telegram_token is None else _MASK
    for name, feed in settings.feeds.by_name.items():
        values["feeds"][name]["headers"] |= dict.fromkeys(feed.secret_headers, _MASK)
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

    scope = scope_of(context)
    settings = scope.settings_checked()
    secrets = load_secrets(settings)
    with progress("checking the addresses"):
        channels_of(settings, secrets)
    for warning in secrets.warnings:
        note(warning)
    source = find_config(scope.config)
    there = "" if source.exists() else ", which is not there: the defaults are in force"
    say(f"{paint('✔', 'green')} configuration: {source}{there}")
    if not check_bets(scope, settings.bets.file, settings.stake_unit_cents):
        raise CommandEnded


def check_bets(scope: Scope, file: Path, unit_cents: int) -> bool:
    """Print whether the bets file can be read; returns False when any of it cannot."""
    from tracker.intake.bets_file import read_bets

    if not file.exists():
        say(f"{paint('✔', 'green')} bets file: {file} is not there, which is fine")
        return True
    found = read_bets(file, unit_cents, run_async(guests(scope)))
    for mistake in found.mistakes:
        complain(mistake)
    count = len(found.drafts)
    if not found.mistakes:
        say(f"{paint('✔', 'green')} bets file: {file} with {plural(count, 'bet')}")
        return True
    if found.readable:
        note(f"The other {plural(count, 'bet')} in {file} can be read.")
    return False
