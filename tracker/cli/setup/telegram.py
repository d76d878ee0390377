"""`tracker telegram`: which chat belongs to the person, and who may give commands there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from tracker.cli.declare import AsJson, declare
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import note, say, say_json
from tracker.cli.session import session
from tracker.domain.errors import Impossible

if TYPE_CHECKING:
    from tracker.notify.channels.telegram.channel import TelegramChannel

_NO_BOT = (
    "there is no bot yet: ask @BotFather for one with /newbot, and write its token under "
    "[notify.telegram] token, or let `tracker init --channel telegram` ask for it"
)


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb and its three words known."""
    group = typer.Typer(
        name=name,
        help="Pair a Telegram chat with a code, list who may command, or part from all.",
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    declare(group, "pair", pair)
    declare(group, "chats", chats)
    declare(group, "forget", forget)
    app.add_typer(group, rich_help_panel=panel)


def pair(context: typer.Context) -> None:
    """Show a code; whoever sends it to the bot makes that chat theirs.

    Alerts and cards go to the chat that was paired last, and only who has paired in a chat may
    give commands there. The code is good for ten minutes and for one use. A running daemon takes
    the chat up at once.
    """
    asyncio.run(pair_chat(scope_of(context)))


def chats(context: typer.Context, as_json: AsJson = False) -> None:
    """List the chats and users that are paired."""
    asyncio.run(_chats(scope_of(context), as_json))


def forget(context: typer.Context) -> None:
    """Part from every chat: nobody may command until somebody pairs again."""
    asyncio.run(_forget(scope_of(context)))


async def pair_chat(scope: Scope) -> None:
    """Pair a chat with the configured bot, and send it a first message."""
    from tracker.cli.setup import pairing
    from tracker.cli.setup.first_message import try_out
    from tracker.notify.channels.telegram.values import Place

    channel = _channel(scope)
    async with channel, session(scope, write=True) as at:
        await channel.warm_up()
        heard = at.daemon is not None and channel.use.commands
        if heard:
            note(
                "The running daemon listens for it. If it was started before the token was "
                "written, start it again first."
            )
        bond = await pairing.pair(at.store, channel.line, heard_by_daemon=heard)
        where = "" if bond.topic is None else f", topic {bond.topic}"
        say(f"Paired: chat {bond.chat}{where}, user {bond.user}.")
        if channel.use.fixed and channel.line.chat_id != bond.chat:
            note(
                f"Alerts still go to chat {channel.line.chat_id}, which the configuration names: "
                "take [notify.telegram] chat_id out to send them here."
            )
            return
        channel.line.place = Place(bond.chat, bond.topic)
        await try_out(channel)


def _channel(scope: Scope) -> TelegramChannel:
    """The configured bot; Impossible when there is none."""
    from tracker.notify.channels.telegram.channel import telegram_channel
    from tracker.settings import load_secrets

    settings = scope.settings()
    token = load_secrets(settings).telegram_token
    if token is None:
        raise Impossible(_NO_BOT)
    channel = telegram_channel(settings.notify.telegram, token)
    if channel is None:
        raise Impossible(_NO_BOT)
    return channel


async def _chats(scope: Scope, as_json: bool) -> None:
    from tracker.store.access import paired_in

    bot = scope.settings().notify.telegram
    fixed = bot.chat_id
    found = await asyncio.to_thread(paired_in, scope.basics().store)
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


async def _forget(scope: Scope) -> None:
    async with session(scope, write=True) as at:
        count = await at.store.pairing.forget()
        say(f"{count} parted." if count else "Nobody was paired.")
        if at.daemon is not None and count:
            note("Start the daemon again: it still writes to the chat that it has.")
