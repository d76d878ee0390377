"""Pairs a Telegram chat: shows a code, and waits until the person has sent it to the bot."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tracker.cli.screen import note, paint, progress, say
from tracker.clock import Clock, SystemClock
from tracker.domain.alert import Failed, Refused, Unknown
from tracker.domain.errors import Impossible

if TYPE_CHECKING:
    from tracker.notify.channels.telegram.bot import BotApi
    from tracker.notify.channels.telegram.connection import TelegramConnection
    from tracker.notify.channels.telegram.values import Answer, Updates
    from tracker.store import Store
    from tracker.store.access import Paired

VALID_FOR = timedelta(minutes=10)
"""How long a code may be sent."""

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 8
_POLL_SECONDS = 5
_POLL_LIMIT = 20.0
_LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Bond:
    """A chat and the user who paired it, from a topic where it has topics."""

    chat: int
    user: int
    topic: int | None = None


def new_code() -> str:
    """A code that nobody guesses: 40 bits, without letters that are taken for others."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))


async def pair(
    store: Store, line: TelegramConnection, *, heard_by_daemon: bool, real: Clock | None = None
) -> Bond:
    """Show a code and wait until somebody has sent it to the bot.

    With `heard_by_daemon` the running daemon reads the bot's messages, and here its finding is
    waited for. Raises Impossible when the bot cannot be reached or nobody sends the code in time.
    """
    clock = real or SystemClock()
    before = await store.pairing.known()
    api = await line.opened()
    name = await _name(api, line)
    await _free_of_webhook(api, line)
    code = new_code()
    ends = clock.now() + VALID_FOR
    await store.pairing.expect(code, ends)
    _tell(name, code)
    listening = _Listening(store, api, clock, heard_by_daemon)
    with progress("waiting for the code"):
        while clock.now() < ends:
            bond = _heard_elsewhere(before, await store.pairing.known())
            if bond is not None:
                return bond
            bond = await listening.turn()
            if bond is not None:
                return bond
    raise Impossible(
        f"nobody sent the code within {VALID_FOR.seconds // 60} minutes: run `tracker telegram "
        "pair` again"
    )


async def _name(api: BotApi, line: TelegramConnection) -> str:
    """The bot's user name; Impossible, with what to do, when it cannot be had."""
    try:
        async with asyncio.timeout(line.limit):
            found = await api.name()
    except TimeoutError:
        raise Impossible(f"no answer from Telegram within {line.limit:g} s: try again") from None
    match found:
        case str():
            return found
        case Refused(why) | Failed(why) | Unknown(why):
            raise Impossible(why)
        case _:
            raise Impossible("Telegram answered oddly: see [notify.telegram] api_url")


def _heard_elsewhere(before: Paired, now: Paired) -> Bond | None:
    """What the daemon has made of the code, which may come from a chat that was paired before."""
    if now.chat is None or (now.chat, now.topic, now.users) == (
        before.chat, before.topic, before.users,
    ):  # fmt: skip
        return None
    new = now.users - before.users
    chat, user = next(iter(new or {x for x in now.users if x[0] == now.chat}))
    return Bond(chat, user, now.topic if chat == now.chat else None)


async def _free_of_webhook(api: BotApi, line: TelegramConnection) -> None:
    """Take away the address that Telegram sends the bot's messages to, and say so.

    While there is one, nobody can poll for them, and the code would never be heard.
    """
    try:
        async with asyncio.timeout(line.limit):
            address = await api.webhook()
            if not isinstance(address, str) or not address:
                return
            await _remove_webhook(api, urlsplit(address).hostname or "another server")
    except TimeoutError:
        return


async def _remove_webhook(api: BotApi, host: str) -> None:
    await api.remove_webhook()
    note(f"The bot's messages went to {host} (a webhook): from here on they come to tracker.")


def _tell(name: str, code: str) -> None:
    say(f"Send this to {paint(f'@{name}', 'bold')} in Telegram, within ten minutes:")
    say()
    say(f"  {paint(f'/start {code}', 'bold cyan')}")
    say()
    say(f"or open https://t.me/{name}?start={code} and press Start.")
    say(f"For a group, add the bot to it and send {paint(f'/start@{name} {code}', 'bold')} there.")


@dataclass(slots=True)
class _Listening:
    """Reads the bot's messages where no daemon does."""

    store: Store
    api: BotApi
    clock: Clock
    quiet: bool
    offset: int | None = None
    freed: bool = False

    async def turn(self) -> Bond | None:
        """Listen for some seconds; the bond when the code came."""
        if self.quiet:
            await self.clock.sleep(_LOOK_SECONDS)
            return None
        from tracker.notify.channels.telegram.values import Conflict, Updates

        found = await self._poll()
        match found:
            case Updates():
                return await self._read(found)
            case Conflict(why) if "webhook" in why.lower() and not self.freed:
                self.freed = True
                await _remove_webhook(self.api, "another server")
            case Conflict():
                note("Another program reads this bot's messages: the code is looked for there.")
                self.quiet = True
            case Refused(why):
                raise Impossible(why)
            case _:
                await self.clock.sleep(_LOOK_SECONDS)
        return None

    async def _poll(self) -> Updates | Answer:
        if self.offset is None:
            self.offset = await self.store.pairing.offset()
        try:
            async with asyncio.timeout(_POLL_LIMIT):
                return await self.api.updates(self.offset, _POLL_SECONDS)
        except TimeoutError:
            return Unknown("no answer from Telegram")

    async def _read(self, found: Updates) -> Bond | None:
        from tracker.notify.channels.telegram.values import Written
        from tracker.store.access import Offer

        for heard in found.heard:
            self.offset = heard.update + 1
            await self.store.pairing.dealt_with(heard.update)
            if not isinstance(heard, Written):
                continue
            word, *rest = heard.text.split(maxsplit=1)
            code = rest[0] if rest else ""
            if word.partition("@")[0] != "/start" or not code:
                continue
            offer = await self.store.pairing.offer(
                code, heard.chat, heard.user, self.clock.now(), topic=heard.topic
            )
            if offer is Offer.RIGHT:
                return Bond(heard.chat, heard.user, heard.topic)
            note("Somebody sent a code that is not this one.")
        return None
