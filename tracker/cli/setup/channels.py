"""`tracker test-alert`: a real message through every channel that is configured."""

from __future__ import annotations

import asyncio
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from tracker.app.channels import open_channels
from tracker.cli.declare import AsJson, declare
from tracker.cli.ending import Ended
from tracker.cli.screen import asks, note, paint, progress, say, say_json
from tracker.cli.session import Scope, scope_of
from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.errors import Impossible
from tracker.domain.events import tell_nobody
from tracker.domain.policy import Level

if TYPE_CHECKING:
    from tracker.notify.channel import Channel
    from tracker.settings import Settings


TEST_BODY = "▲ A test of tracker: alerts on your bets will look like this.\nNo bet is meant by it."


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, try_channels, panel)


def try_channels(
    context: typer.Context,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Send this in place of the usual words.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send one real message to every configured channel, and say what each answered.

    With --text a configuration that cannot be used is passed over, for the channels that systemd's
    credentials or the environment name: so a service can say that its configuration is bad.
    """
    asyncio.run(_test(scope_of(context), text, as_json))


def _settings(scope: Scope, *, whatever: bool) -> Settings:
    """The settings; where those of the file are bad, and `whatever` helps, the defaults."""
    from tracker.settings import ConfigError, parse_settings

    try:
        return scope.settings()
    except ConfigError as wrong:
        if not whatever:
            raise
        note(str(wrong))
        return parse_settings("", scope.config or Path("tracker.toml"))


async def _test(scope: Scope, text: str | None, as_json: bool) -> None:
    from tracker.notify.channel import Message
    from tracker.settings import load_secrets

    settings = _settings(scope, whatever=text is not None)
    secrets = load_secrets(settings)
    for warning in secrets.warnings:
        note(warning)
    answers: list[tuple[str, Outcome]] = []
    async with open_channels(settings, secrets, tell_nobody) as channels:
        if not channels:
            raise Impossible(
                "no channel is configured: write an address under [notify] urls, "
                "or run `tracker init`"
            )
        level = Level.DEFAULT if text is None else Level.URGENT
        message = Message(text or TEST_BODY, alert_ids=(), level=level, title="tracker")
        # Where JSON is asked for it has standard output to itself.
        aside = redirect_stdout(sys.stderr) if as_json else nullcontext()
        with progress("sending"), aside:
            sent = await asyncio.gather(*(x.send(message) for x in channels))
        answers += zip((x.name for x in channels), sent, strict=True)
    if as_json:
        say_json([{"channel": name, **answer_of(outcome)} for name, outcome in answers])
    else:
        for name, outcome in answers:
            told = answer_of(outcome)
            mark = paint("✔", "green") if told["sent"] else paint("✘", "red")
            say(f"{mark} {name}: {told['answer']}")
    if not all(isinstance(outcome, Sent) for _, outcome in answers):
        raise Ended


def answer_of(outcome: Outcome) -> dict[str, object]:
    """Whether a message was sent, and in words what the channel answered."""
    match outcome:
        case Sent():
            return {"sent": True, "answer": "sent"}
        case Refused(why):
            return {"sent": False, "answer": f"refused: {why}"}
        case Failed(why, _):
            return {"sent": False, "answer": f"not sent: {why}"}
        case Unknown(why):
            return {"sent": False, "answer": f"perhaps sent, no good answer: {why}"}
        case _:
            assert_never(outcome)


_TRIES = 3

_HINTS = {
    "ntfy": "Is the phone subscribed to the topic as it stands above, and allowed to notify?",
    "telegram": "Is the chat with the bot muted, or the bot blocked there?",
}


async def try_out(channel: Channel) -> None:
    """Send a real message and ask whether it came; Ended when it certainly did not leave."""
    from tracker.domain.alert import Sent
    from tracker.notify.channel import Message

    kind = channel.name.partition("-")[0]
    for attempt in range(_TRIES):
        with progress("sending a message"):
            outcome = await channel.send(Message(TEST_BODY, alert_ids=(), title=""))
        told = answer_of(outcome)
        if not isinstance(outcome, Sent):
            say(f"{paint('✘', 'red')} {channel.name}: {told['answer']}")
            raise Ended
        say(f"{paint('✔', 'green')} {channel.name} took a message.")
        if not asks() or typer.confirm("Did it arrive?", default=True):
            return
        note(_HINTS.get(kind, "Look at the service's own settings."))
        if attempt + 1 == _TRIES or not typer.confirm("Send it again?", default=True):
            break
    note("`tracker test-alert` sends one whenever you like.")
