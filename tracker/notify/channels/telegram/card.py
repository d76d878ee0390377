"""Live cards in a Telegram chat: posted without a sound, edited in place, with buttons to press."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from tracker.domain.alert import Failed, Refused, Sent, Unknown
from tracker.notify.boards import Edited, Gone, Pace, Posted, Shown
from tracker.notify.channels.card_text import for_telegram, html, plain
from tracker.notify.channels.telegram.channel import NAME, card_name, number_in
from tracker.notify.channels.telegram.connection import TelegramConnection
from tracker.notify.channels.telegram.values import Answer, Place
from tracker.wording.cards import Card

if TYPE_CHECKING:
    from tracker.notify.channels.telegram.bot import BotApi

PRIVATE = Pace(each=12.0, between=1.5, idle=60.0)
"""Telegram takes about one message a second in a private chat."""

GROUP = Pace(each=15.0, between=5.0, idle=60.0)
"""Telegram takes 20 messages a minute in a group: twelve for cards leave room for alerts."""

SNOOZE_MINUTES = 30
"""For how long the button silences a game."""


class Press(StrEnum):
    """What the buttons of a card do."""

    REFRESH = "refresh"
    WHY = "why"
    SNOOZE = "snooze"
    MUTE = "mute"
    UNMUTE = "unmute"


def button_data(press: Press, number: int) -> str:
    """What a button carries: far below the 64 bytes that it may."""
    return f"{press.value}:{number}"


def read_button(data: str) -> tuple[Press, int] | None:
    """What was pressed, and on which card; None for what no button of ours carries."""
    word, _, number = data.partition(":")
    if word not in set(Press) or not (number.isascii() and number.isdecimal()):
        return None
    return Press(word), int(number)


def buttons(card: Card, number: int) -> tuple[tuple[tuple[str, str], ...], ...]:
    """The rows of buttons below a card; a closed one can only be asked why."""
    if card.closed:
        return ((("❓ Why", button_data(Press.WHY, number)),),)
    quiet = (
        (("🔔 Unmute", button_data(Press.UNMUTE, number)),)
        if card.quiet
        else (
            (f"😴 {SNOOZE_MINUTES} min", button_data(Press.SNOOZE, number)),
            ("🔕 Mute", button_data(Press.MUTE, number)),
        )
    )
    return (
        (
            ("🔄 Refresh", button_data(Press.REFRESH, number)),
            ("❓ Why", button_data(Press.WHY, number)),
        ),
        quiet,
    )


class TelegramBoard:
    """The cards of one chat."""

    def __init__(self, line: TelegramConnection) -> None:
        """`line` is that of the channel."""
        self.name = NAME
        self.same_name = False
        self._line = line

    @property
    def pace(self) -> Pace:
        """Groups have negative numbers."""
        chat = self._line.chat_id
        return GROUP if chat is not None and chat < 0 else PRIVATE

    async def post(self, card: Card, number: int, game: str) -> Posted:  # noqa: ARG002 - a board's
        """Post a card with its buttons, without a sound."""
        fitting = for_telegram(card)

        async def ask(api: BotApi, place: Place, marked: bool) -> Answer:
            return await api.post(
                place,
                html(fitting) if marked else plain(fitting),
                html=marked,
                buttons=buttons(card, number),
                silent=True,
            )

        found = await self._line.speak(ask, f"card {number}")
        match found:
            case Sent():
                return Unknown("Telegram took the card and did not say which message it is")
            case Gone(why):
                return Refused(why)
            case Shown(number_in_chat):
                return Shown(card_name(self._line.chat_id or 0, int(number_in_chat)))
            case Refused() | Failed() | Unknown():
                return found

    async def edit(self, message: str, card: Card, number: int) -> Edited:
        """Make a card show this; one in a chat that is no longer ours counts as deleted."""
        number_in_chat = number_in(message, self._line.chat_id)
        if number_in_chat is None:
            return Gone("the card stands in another chat")
        fitting = for_telegram(card)

        async def ask(api: BotApi, place: Place, marked: bool) -> Answer:
            return await api.edit(
                place.chat,
                number_in_chat,
                html(fitting) if marked else plain(fitting),
                html=marked,
                buttons=buttons(card, number),
            )

        found = await self._line.speak(ask, f"card {number}")
        return Sent() if isinstance(found, Shown) else found
