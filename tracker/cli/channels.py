"""The channels that the configuration asks for, and `tracker test-alert`, which tries them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, assert_never

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.ending import Ended, Impossible
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import note, paint, progress, say, say_json
from tracker.domain.delivery import Failed, Outcome, Refused, Sent, Unknown

if TYPE_CHECKING:
    from tracker.notify.channel import Channel
    from tracker.settings import Secrets, Settings

Tell = Callable[[str, dict[str, str]], None]

TEST_BODY = "▲ A test of tracker: alerts on your bets will look like this.\nNo bet is meant by it."


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, try_channels, panel)


@asynccontextmanager
async def open_channels(
    settings: Settings, secrets: Secrets, tell: Tell
) -> AsyncIterator[tuple[Channel, ...]]:
    """Every channel that is configured, closed on the way out. Raises ConfigError for a bad one."""
    from tracker.notify.apprise_channel import channels_for, check_urls
    from tracker.notify.console import Console
    from tracker.notify.telegram import telegram_channel

    urls = [x.get_secret_value() for x in secrets.urls]
    if urls:
        await asyncio.to_thread(check_urls, urls)
    found: list[Channel] = [Console()] if settings.notify.console else []
    found += channels_for(urls)
    async with AsyncExitStack() as open_ones:
        telegram = telegram_channel(settings.notify.telegram, secrets.telegram_token, tell)
        if telegram is not None:
            found.append(await open_ones.enter_async_context(telegram))
        yield tuple(found)


def try_channels(context: typer.Context, as_json: AsJson = False) -> None:
    """Send one real message to every configured channel, and say what each answered."""
    asyncio.run(_test(scope_of(context), as_json))


def _say_nothing(_event: str, _figures: dict[str, str]) -> None:
    """Log nothing: the answers are told."""


async def _test(scope: Scope, as_json: bool) -> None:
    from tracker.notify.channel import Message
    from tracker.settings import load_secrets

    settings = scope.settings()
    secrets = load_secrets(settings)
    for warning in secrets.warnings:
        note(warning)
    answers: list[tuple[str, Outcome]] = []
    async with open_channels(settings, secrets, _say_nothing) as channels:
        if not channels:
            raise Impossible(
                "no channel is configured: write an address under [notify] urls, "
                "or run `tracker init`"
            )
        message = Message(TEST_BODY, alert_ids=(), title="tracker")
        with progress("sending"):
            sent = await asyncio.gather(*(x.send(message) for x in channels))
        answers += zip((x.name for x in channels), sent, strict=True)
    if as_json:
        say_json([{"channel": name, **_answer(outcome)} for name, outcome in answers])
    else:
        for name, outcome in answers:
            told = _answer(outcome)
            mark = paint("✔", "green") if told["sent"] else paint("✘", "red")
            say(f"{mark} {name}: {told['answer']}")
    if not all(isinstance(outcome, Sent) for _, outcome in answers):
        raise Ended


def _answer(outcome: Outcome) -> dict[str, object]:
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
