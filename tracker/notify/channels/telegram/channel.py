"""The Telegram channel and board: alerts and live cards in one chat.

An alert is a reply to the live card of its game, where there is one. A card is posted without a
sound and edited in place, and has buttons.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tracker.domain.alert import Failed, Outcome, Refused, Sent, Unknown
from tracker.domain.bet import number_of
from tracker.domain.events import Tell, tell_nobody
from tracker.domain.policy import Level
from tracker.notify.channels import Edited, Gone, HeldOpen, Message, Pace, Posted, Shown
from tracker.notify.channels.telegram import Answer, ChatPlace
from tracker.notify.channels.telegram.connection import NO_LIBRARY, CannotOpen, TelegramConnection
from tracker.notify.channels.text import card_html, card_plain, for_telegram, marked_up, plain
from tracker.settings import Secret
from tracker.settings.models import TelegramSettings
from tracker.settings.reading import ConfigError
from tracker.wording.cards import Card

if TYPE_CHECKING:
    from tracker.notify.channels.telegram.bot import BotApi


NAME = "telegram"


def card_name(chat_id: int, number: int) -> str:
    """The name that a card is stored under: its chat and its message's number there."""
    return f"{chat_id}/{number}"


def number_in(card: str, chat_id: int | None) -> int | None:
    """A card's message number in a chat; None when it is in another chat."""
    chat, _, number = card.partition("/")
    return int(number) if chat == str(chat_id) and number.isdecimal() else None


def telegram_channel(
    settings: TelegramSettings,
    token: Secret | None,
    tell: Tell = tell_nobody,
    *,
    paired: ChatPlace | None = None,
) -> TelegramChannel | None:
    """The channel that the configuration asks for; None when it asks for none.

    `token` is the one in force, from `load_secrets`. `paired` is the place that was paired, for a
    configuration that names no chat. Raises ConfigError when a chat is named without a token, when
    the token is malformed, and when python-telegram-bot is not installed.
    """
    if token is None and settings.chat_id is None:
        return None
    if token is None:
        raise ConfigError(
            "[notify.telegram] token: is missing beside chat_id; write the one that @BotFather gave"
        )
    if find_spec("telegram") is None:
        raise ConfigError(f"[notify.telegram]: {NO_LIBRARY}, or take the table out")
    place = paired if settings.chat_id is None else ChatPlace(settings.chat_id, settings.topic_id)
    connection = TelegramConnection(token, place, api_url=settings.api_url, tell=tell)
    use = Use(settings.cards, settings.commands, fixed=settings.chat_id is not None)
    return TelegramChannel(connection, use)


@dataclass(frozen=True, slots=True)
class Use:
    """What a bot is used for: `cards` are live cards, `commands` is whether it takes commands.

    `fixed` is whether the configuration names the chat.
    """

    cards: bool = True
    commands: bool = True
    fixed: bool = False


USUAL = Use()


class TelegramChannel(HeldOpen):
    """One bot that writes to one chat. Until one is configured or paired, nothing is sent."""

    def __init__(self, connection: TelegramConnection, use: Use = USUAL) -> None:
        """Nothing is requested yet. The channel closes its connection."""
        self.name = NAME
        self.connection = connection
        self.use = use

    async def aclose(self) -> None:
        """Close the connections; a later send would open them again."""
        await self.connection.aclose()

    async def warm_up(self) -> None:
        """Load the library in a thread, so that the first alert does not wait for it.

        Raises ConfigError when it is not installed, or the machine's proxy or certificates cannot
        be used.
        """
        try:
            await self.connection.opened()
        except ImportError:
            raise ConfigError(NO_LIBRARY) from None
        except CannotOpen as why:
            raise ConfigError(f"Telegram cannot be asked: {why}") from None

    async def send(self, message: Message) -> Outcome:
        """Send one message to the chat, and return its outcome."""
        reply_to = (
            None if message.card is None else number_in(message.card, self.connection.chat_id)
        )

        async def ask(api: BotApi, place: ChatPlace, html: bool) -> Answer:
            text = marked_up(message) if html else plain(message)
            silent = message.level is Level.INFO
            return await api.post(place, text, html=html, reply_to=reply_to, silent=silent)

        found = await self.connection.speak(ask, message.key)
        match found:
            case Shown():
                return Sent()
            case Gone(why):
                return Unknown(f"Telegram answered oddly: {why}")
            case _:
                return found


PRIVATE = Pace(each=12.0, between=1.5, idle=60.0)
"""Telegram takes about one message a second in a private chat."""

GROUP = Pace(each=15.0, between=5.0, idle=60.0)
"""Telegram takes 20 messages a minute in a group: twelve for cards leave room for alerts."""

SNOOZE_MINUTES = 30
"""How long the snooze button silences a game."""


class CardAction(StrEnum):
    """What the buttons of a card do."""

    REFRESH = "refresh"
    WHY = "why"
    SNOOZE = "snooze"
    MUTE = "mute"
    UNMUTE = "unmute"


def button_data(action: CardAction, number: int) -> str:
    """The data of a button: far below the 64 bytes that are allowed."""
    return f"{action.value}:{number}"


def read_button(data: str) -> tuple[CardAction, int] | None:
    """A button's action and its card's number; None for data that no button of ours has.

    A person's client may send any data.
    """
    word, _, text = data.partition(":")
    number = number_of(text)
    return None if number is None or word not in set(CardAction) else (CardAction(word), number)


def buttons(card: Card, number: int) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The rows of buttons below a card; a closed card has only the one that asks why."""

    def button(text: str, action: CardAction) -> tuple[str, str]:
        return text, button_data(action, number)

    why = button("❓ Why", CardAction.WHY)
    if card.closed:
        return ((why,),)
    first = button("🔄 Refresh", CardAction.REFRESH), why
    if card.quiet:
        return first, (button("🔔 Unmute", CardAction.UNMUTE),)
    snooze = button(f"😴 {SNOOZE_MINUTES} min", CardAction.SNOOZE)
    return first, (snooze, button("🔕 Mute", CardAction.MUTE))


class TelegramBoard:
    """The live cards of one chat."""

    def __init__(self, connection: TelegramConnection) -> None:
        """`connection` is the channel's connection."""
        self.name = NAME
        self.same_name = False
        self._connection = connection

    @property
    def pace(self) -> Pace:
        """The pace of a group, which has a negative id, or of a private chat."""
        chat = self._connection.chat_id
        return GROUP if chat is not None and chat < 0 else PRIVATE

    async def post(self, card: Card, number: int, game: str) -> Posted:  # noqa: ARG002 - a board's
        """Post a card with its buttons, without a sound."""
        fitting = for_telegram(card)

        async def ask(api: BotApi, place: ChatPlace, marked: bool) -> Answer:
            return await api.post(
                place,
                card_html(fitting) if marked else card_plain(fitting),
                html=marked,
                buttons=buttons(card, number),
                silent=True,
            )

        found = await self._connection.speak(ask, f"card {number}")
        match found:
            case Sent():
                return Unknown("Telegram took the card and did not say which message it is")
            case Gone(why):
                return Refused(why)
            case Shown(number_in_chat):
                return Shown(card_name(self._connection.chat_id or 0, int(number_in_chat)))
            case Refused() | Failed() | Unknown():
                return found

    async def edit(self, message: str, card: Card, number: int) -> Edited:
        """Make a card show this; one in a chat that is no longer ours counts as deleted."""
        number_in_chat = number_in(message, self._connection.chat_id)
        if number_in_chat is None:
            return Gone("the card stands in another chat")
        fitting = for_telegram(card)

        async def ask(api: BotApi, place: ChatPlace, marked: bool) -> Answer:
            return await api.edit(
                place.chat,
                number_in_chat,
                card_html(fitting) if marked else card_plain(fitting),
                html=marked,
                buttons=buttons(card, number),
            )

        found = await self._connection.speak(ask, f"card {number}")
        return Sent() if isinstance(found, Shown) else found
