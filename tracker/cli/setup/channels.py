"""`tracker test-alert` and `telegram`: sends a test message, and pairs Telegram chats."""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, assert_never
from urllib.parse import urlsplit

import typer

from tracker.app.channels import open_channels
from tracker.cli import CommandEnded, Scope, run_async, scope_of, session
from tracker.cli.app import AsJson, declare_group
from tracker.cli.screen import asks, note, paint, progress, question, say, say_json
from tracker.clock import Clock, SystemClock
from tracker.domain import Impossible
from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.events import tell_nobody
from tracker.domain.policy import Level
from tracker.settings import ConfigError, Settings, find_config, load_secrets, parse_settings

if TYPE_CHECKING:
    from tracker.notify.channels import Channel
    from tracker.notify.channels.telegram import Answer, Updates
    from tracker.notify.channels.telegram.bot import BotApi
    from tracker.notify.channels.telegram.channel import TelegramChannel
    from tracker.notify.channels.telegram.connection import TelegramConnection
    from tracker.store import Store
    from tracker.store.access import Paired


TEST_BODY = "▲ A test of tracker: alerts on your bets will look like this.\nNo bet is meant by it."

_NO_BOT = (
    "there is no bot yet: ask @BotFather for one with /newbot, and write its token under "
    "[notify.telegram] token, or let `tracker init --channel telegram` ask for it"
)

_TRIES = 3

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""The letters of a pairing code, without I, O, 0 and 1, which look alike."""

VALID_FOR = timedelta(minutes=10)
"""Time for which a pairing code is accepted."""

_CODE_LENGTH = 8

_POLL_SECONDS = 5
"""Seconds that Telegram holds one poll for messages open."""

_POLL_LIMIT = 20.0
"""Seconds after which a poll for messages is given up."""

_LOOK_SECONDS = 1.0
"""Seconds between two checks whether the running daemon has paired the chat."""


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Declare the verb and its sub-commands."""
    declare_group(
        app,
        name,
        "Pair a Telegram chat with a code, list who may give commands, or unpair all.",
        {"pair": pair, "chats": chats, "forget": forget},
        panel,
    )


async def try_channels(
    context: typer.Context,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Send this in place of the usual words.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send one real message to every configured channel, and say what each answered.

    With --text a bad configuration is ignored, and the channels that systemd's credentials or the
    environment name are used: so a service can report that its configuration is bad.
    """
    from tracker.notify.channels import Message

    settings = _settings(scope_of(context), whatever=text is not None)
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
        # With --json nothing else may go to standard output, not even the console channel.
        aside = redirect_stdout(sys.stderr) if as_json else nullcontext()
        with progress("sending"), aside:
            sent = await asyncio.gather(*(x.send(message) for x in channels))
        answers += zip((x.name for x in channels), sent, strict=True)
    if as_json:
        say_json([{"channel": name, **answer_of(outcome)} for name, outcome in answers])
    else:
        for name, outcome in answers:
            answer = answer_of(outcome)
            mark = paint("✔", "green") if answer["sent"] else paint("✘", "red")
            say(f"{mark} {name}: {answer['answer']}")
    if not all(isinstance(outcome, Sent) for _, outcome in answers):
        raise CommandEnded


def _settings(scope: Scope, *, whatever: bool) -> Settings:
    """The settings; with `whatever`, a bad file is reported and the defaults are used.

    Raises ConfigError for a bad file otherwise.
    """
    try:
        return scope.settings()
    except ConfigError as wrong:
        if not whatever:
            raise
        note(str(wrong))
        return parse_settings("", find_config(scope.config))


def answer_of(outcome: Outcome) -> dict[str, object]:
    """JSON of an outcome: whether the message was sent, and the channel's answer in words."""
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


_HINTS = {
    "ntfy": "Is the phone subscribed to the topic as it stands above, and allowed to notify?",
    "telegram": "Is the chat with the bot muted, or the bot blocked there?",
}


async def try_out(channel: Channel) -> None:
    """Send a real message and, on a terminal, ask whether it arrived; may send it again.

    Raises CommandEnded when the channel did not take it.
    """
    from tracker.notify.channels import Message

    kind = channel.name.partition("-")[0]
    for attempt in range(_TRIES):
        with progress("sending a message"):
            outcome = await channel.send(Message(TEST_BODY, alert_ids=(), title=""))
        answer = answer_of(outcome)
        if not isinstance(outcome, Sent):
            say(f"{paint('✘', 'red')} {channel.name}: {answer['answer']}")
            raise CommandEnded
        say(f"{paint('✔', 'green')} {channel.name} took a message.")
        if not asks() or _confirmed("Did it arrive?"):
            return
        note(_HINTS.get(kind, "Look at the service's own settings."))
        if attempt + 1 == _TRIES or not _confirmed("Send it again?"):
            break
    note("`tracker test-alert` sends one whenever you like.")


def _confirmed(what: str) -> bool:
    with question():
        return typer.confirm(what, default=True)


def pair(context: typer.Context) -> None:
    """Show a code; whoever sends it to the bot makes that chat theirs.

    Alerts and cards go to the chat that was paired last, and only who has paired in a chat may
    give commands there. The code is good for ten minutes and for one use. A running daemon takes
    the chat up at once.
    """
    run_async(pair_chat(scope_of(context)))


async def pair_chat(scope: Scope) -> None:
    """Pair a chat with the configured bot, and send it a first message."""
    from tracker.notify.channels.telegram import ChatPlace

    channel = _channel(scope)
    async with channel, session(scope, write=True) as at:
        await channel.warm_up()
        heard = at.daemon is not None and channel.use.commands
        if heard:
            note(
                "The running daemon listens for it. If it was started before the token was "
                "written, start it again first."
            )
        bond = await pair_by_code(at.store, channel.connection, heard_by_daemon=heard)
        where = "" if bond.topic is None else f", topic {bond.topic}"
        say(f"Paired: chat {bond.chat}{where}, user {bond.user}.")
        if channel.use.fixed and (fixed := channel.connection.chat_id) != bond.chat:
            note(
                f"Alerts still go to chat {fixed}, which the configuration names: "
                "take [notify.telegram] chat_id out to send them here."
            )
            return
        channel.connection.write_to(ChatPlace(bond.chat, bond.topic))
        await try_out(channel)


async def chats(context: typer.Context, as_json: AsJson = False) -> None:
    """List the chats and users that are paired."""
    from tracker.store.access import paired_in

    scope = scope_of(context)
    bot = scope.settings().notify.telegram
    fixed = bot.chat_id
    found = await asyncio.to_thread(paired_in, scope.settings().store.path)
    chat, topic = (found.chat, found.topic) if fixed is None else (fixed, bot.topic_id)
    if as_json:
        users = [{"chat": chat, "user": user} for chat, user in sorted(found.users)]
        say_json(
            {
                "alerts_to": chat,
                "topic": topic,
                "by_configuration": fixed is not None,
                "paired": users,
            }
        )
        return
    if chat is None:
        say("No chat is paired: `tracker telegram pair`.")
        return
    named = " (named in the configuration)" if fixed is not None else ""
    within = "" if topic is None else f", topic {topic}"
    say(f"Alerts and cards go to chat {chat}{within}{named}.")
    for where, user in sorted(found.users):
        say(f"User {user} may command from chat {where}.")


async def forget(context: typer.Context) -> None:
    """Unpair every chat: nobody may give commands until somebody pairs again."""
    async with session(scope_of(context), write=True) as at:
        count = await at.store.pairing.forget()
        say(f"{count} parted." if count else "Nobody was paired.")
        if at.daemon is not None and count:
            note("Start the daemon again: it still writes to the chat that it has.")


def _channel(scope: Scope) -> TelegramChannel:
    """The channel of the configured bot. Raises Impossible when there is none."""
    from tracker.notify.channels.telegram.channel import telegram_channel

    settings = scope.settings()
    token = load_secrets(settings).telegram_token
    if token is None:
        raise Impossible(_NO_BOT)
    channel = telegram_channel(settings.notify.telegram, token)
    if channel is None:
        raise Impossible(_NO_BOT)
    return channel


@dataclass(frozen=True, slots=True)
class PairedChat:
    """A paired chat, the user who paired it, and the topic in which, None without topics."""

    chat: int
    user: int
    topic: int | None = None


def new_code() -> str:
    """A random pairing code of 40 bits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))


async def pair_by_code(
    store: Store, connection: TelegramConnection, *, heard_by_daemon: bool
) -> PairedChat:
    """Show a code, wait until somebody sends it to the bot, and return the pairing.

    With `heard_by_daemon` the running daemon reads the bot's messages; this waits until the
    database has the pairing. Raises Impossible when the bot cannot be reached or nobody sends the
    code in time.
    """
    clock = SystemClock()
    before = await store.pairing.known()
    api = await connection.opened()
    name = await _name(api, connection)
    await _free_of_webhook(api, connection)
    code = new_code()
    ends = clock.now() + VALID_FOR
    await store.pairing.expect(code, ends)
    _tell_bond(name, code)
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


async def bot_name(scope: Scope) -> str:
    """The configured bot's user name. Raises Impossible, with what to do, where none is given."""
    async with _channel(scope) as channel:
        await channel.warm_up()
        return await _name(await channel.connection.opened(), channel.connection)


async def _name(api: BotApi, connection: TelegramConnection) -> str:
    """The bot's user name. Raises Impossible, with what to do, when Telegram does not give it."""
    try:
        async with asyncio.timeout(connection.limit):
            found = await api.name()
    except TimeoutError:
        raise Impossible(
            f"no answer from Telegram within {connection.limit:g} s: try again"
        ) from None
    match found:
        case str():
            return found
        case Refused(why) | Failed(why) | Unknown(why):
            raise Impossible(why)
        case _:
            raise Impossible("Telegram answered oddly: see [notify.telegram] api_url")


def _heard_elsewhere(before: Paired, now: Paired) -> PairedChat | None:
    """The pairing that another process stored since `before`; None when there is none.

    The chat may be one that was paired before.
    """
    if now.chat is None or (now.chat, now.topic, now.users) == (
        before.chat, before.topic, before.users,
    ):  # fmt: skip
        return None
    new = now.users - before.users
    chat, user = next(iter(new or {x for x in now.users if x[0] == now.chat}))
    return PairedChat(chat, user, now.topic if chat == now.chat else None)


async def _free_of_webhook(api: BotApi, connection: TelegramConnection) -> None:
    """Remove the bot's webhook, if it has one, and print a note that names its host.

    Telegram refuses polls while a webhook is set, so the code would never be received.
    """
    try:
        async with asyncio.timeout(connection.limit):
            address = await api.webhook()
            if not isinstance(address, str) or not address:
                return
            await _remove_webhook(api, urlsplit(address).hostname or "another server")
    except TimeoutError:
        return


async def _remove_webhook(api: BotApi, host: str) -> None:
    await api.remove_webhook()
    note(f"The bot's messages went to {host} (a webhook): from here on they come to tracker.")


def _tell_bond(name: str, code: str) -> None:
    say(f"Send this to {paint(f'@{name}', 'bold')} in Telegram, within ten minutes:")
    say()
    say(f"  {paint(f'/start {code}', 'bold cyan')}")
    say()
    say(f"or open https://t.me/{name}?start={code} and press Start.")
    say(f"For a group, add the bot to it and send {paint(f'/start@{name} {code}', 'bold')} there.")


@dataclass(slots=True)
class _Listening:
    """Waits for the code: polls the bot, or only waits when another program does (`quiet`)."""

    store: Store
    api: BotApi
    clock: Clock
    quiet: bool
    offset: int | None = None
    freed: bool = False

    async def turn(self) -> PairedChat | None:
        """Wait or poll for some seconds; returns the pairing when the code came, else None."""
        if self.quiet:
            await self.clock.sleep(_LOOK_SECONDS)
            return None
        from tracker.notify.channels.telegram import Conflict, Updates

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

    async def _read(self, found: Updates) -> PairedChat | None:
        from tracker.notify.channels.telegram import ChatMessage
        from tracker.store.access import Offer

        for heard in found.heard:
            self.offset = heard.update + 1
            await self.store.pairing.dealt_with(heard.update)
            if not isinstance(heard, ChatMessage):
                continue
            word, *rest = heard.text.lstrip().removeprefix("/").split(maxsplit=1) or [""]
            code = rest[0] if rest else ""
            if word.partition("@")[0].casefold() != "start" or not code:
                continue
            offer = await self.store.pairing.offer(
                code, heard.chat, heard.user, self.clock.now(), topic=heard.topic
            )
            if offer is Offer.RIGHT:
                return PairedChat(heard.chat, heard.user, heard.topic)
            note("Somebody sent a code that is not this one.")
        return None
