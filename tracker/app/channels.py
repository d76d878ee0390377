"""Builds the channels that a configuration asks for, for the daemon and for its check."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tracker.domain.events import Tell, tell_nobody

if TYPE_CHECKING:
    from tracker.notify.channels import Channel
    from tracker.notify.channels.telegram.channel import TelegramChannel
    from tracker.settings import ConfigError, Secrets, Settings

T = TypeVar("T")


def channels_of(
    settings: Settings, secrets: Secrets, tell: Tell = tell_nobody
) -> tuple[Channel, ...]:
    """Every configured channel, the console first. Nothing is requested or sent.

    Raises ConfigError with every mistake that keeps any channel from being built. Apprise is
    imported only where an address needs it, as that takes most of a second.
    """
    from tracker.notify.channels import Console
    from tracker.notify.channels.apprise import channels_for, check_urls
    from tracker.notify.channels.discord import DiscordChannel
    from tracker.notify.channels.ntfy import NtfyChannel
    from tracker.settings import ConfigError

    if left_out := _left_out(settings, secrets):
        raise ConfigError(*left_out)
    urls = [x.get_secret_value() for x in secrets.urls]
    mistakes: list[str] = []

    def made(build: Callable[[], T]) -> T | None:
        try:
            return build()
        except ConfigError as wrong:
            mistakes.extend(wrong.mistakes)
            return None

    made(lambda: check_urls(urls) if urls else None)
    discord, ntfy = settings.notify.discord, settings.notify.ntfy
    own: list[Channel | None] = [made(lambda: _telegram(settings, secrets, tell))]
    if discord.webhook is not None:
        own.append(made(partial(DiscordChannel, discord.webhook, cards=discord.cards)))
    if ntfy.topic is not None:
        asked = partial(NtfyChannel, ntfy.topic, ntfy.api_url, token=ntfy.token, cards=ntfy.cards)
        own.append(made(asked))
    if mistakes:
        raise ConfigError(*mistakes)
    console: Iterable[Channel] = [Console()] if settings.notify.console else []
    return (*console, *channels_for(urls), *(x for x in own if x is not None))


def _left_out(settings: Settings, secrets: Secrets) -> list[str]:
    """A sentence for each secret that is not there since the settings were restored.

    What stands in its place could be taken for a topic of ntfy, which anybody may read.
    """
    from tracker.settings.reading import LEFT_OUT

    notify = settings.notify
    used = {
        "[notify.telegram] token": secrets.telegram_token,
        "[notify.discord] webhook": notify.discord.webhook,
        "[notify.ntfy] topic": notify.ntfy.topic,
        "[notify.ntfy] token": notify.ntfy.token,
    }
    return [
        f"{place}: it was left out of the back-up; write it again"
        for place, secret in used.items()
        if secret is not None and secret.get_secret_value() == LEFT_OUT
    ]


def all_mistakes(first: ConfigError, config: Path | None) -> ConfigError:
    """The mistakes of a configuration that cannot be read, with those of its channels.

    `config` names the file, as for `load_settings`.
    """
    from tracker.settings import ConfigError, load_secrets, sound_settings

    settings = sound_settings(config)
    if settings is None:
        return first
    try:
        channels_of(settings, load_secrets(settings))
    except ConfigError as more:
        mistakes = (*first.mistakes, *more.mistakes)
        return ConfigError(*dict.fromkeys(mistakes))
    return first


def _telegram(settings: Settings, secrets: Secrets, tell: Tell) -> TelegramChannel | None:
    from tracker.notify.channels.telegram import ChatPlace
    from tracker.notify.channels.telegram.channel import telegram_channel
    from tracker.store.access import paired_in

    paired = paired_in(settings.store.path)
    place = None if paired.chat is None else ChatPlace(paired.chat, paired.topic)
    return telegram_channel(settings.notify.telegram, secrets.telegram_token, tell, paired=place)


@asynccontextmanager
async def open_channels(
    settings: Settings, secrets: Secrets, tell: Tell
) -> AsyncIterator[tuple[Channel, ...]]:
    """Build the channels of `channels_of`, and close what they hold open on the way out.

    Raises ConfigError.
    """
    found = await asyncio.to_thread(channels_of, settings, secrets, tell)
    async with AsyncExitStack() as open_ones:
        for channel in found:
            if isinstance(channel, AbstractAsyncContextManager):
                await open_ones.enter_async_context(channel)
        yield found
