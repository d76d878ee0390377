"""The Discord channel: alerts and live cards through a channel's webhook."""

from __future__ import annotations

import re
from typing import Any

from tracker.domain.alert import NotSent, Outcome, Sent, Unknown
from tracker.domain.policy import Level
from tracker.notify.channels import Edited, Gone, HeldOpen, Message, Pace, Posted, Shown
from tracker.notify.channels.text import (
    DISCORD_LIMIT,
    card_markdown,
    ending,
    escaped,
    for_discord,
    shortened,
)
from tracker.notify.channels.web_service import SEND_LIMIT, ServiceReply, WebService
from tracker.settings import Secret
from tracker.settings.reading import ConfigError
from tracker.wording.cards import Card

NAME = "discord"

PACE = Pace(each=12.0, between=3.0, idle=60.0)
"""Discord takes 30 messages a minute in a channel: 20 for cards leave room for alerts."""

_NO_NUMBER = "Discord did not say which message it wrote"
_UNKNOWN_MESSAGE = 10008
_NO_THREAD = 220001
_SILENT = 1 << 12
_WEBHOOK = re.compile(
    r"(https?://[\w.:-]+(?:/api)?(?:/v\d+)?(?:/api)?/webhooks/\d+/[\w-]+)/?(?:\?thread_id=(\d+))?"
)
_FORUM = "copy the id of a post in it, and write ?thread_id=ID behind [notify.discord] webhook"
_REMEDY = "look whether the webhook is still there, and at [notify.discord] webhook"


class DiscordChannel(HeldOpen):
    """One webhook. It delivers alerts, and keeps live cards, as it can edit its messages."""

    def __init__(self, webhook: Secret, *, cards: bool = True, limit: float = SEND_LIMIT) -> None:
        """`webhook` is its full address, a secret. Raises ConfigError when it is not one."""
        found = _WEBHOOK.fullmatch(webhook.get_secret_value())
        if found is None:
            raise ConfigError(
                "[notify.discord] webhook: is none; in the channel's settings, under Integrations, "
                "make one and copy its URL: https://discord.com/api/webhooks/NUMBER/LETTERS, with "
                "?thread_id=NUMBER behind it for a thread or a post of a forum"
            )
        self.name = NAME
        self.same_name = False
        self.pace = PACE
        self.cards = cards
        self._url = found[1]
        self._thread = f"thread_id={found[2]}" if found[2] else ""
        self._service = WebService("Discord", limit=limit)

    async def aclose(self) -> None:
        """Close the connections; a later request would open them again."""
        await self._service.aclose()

    async def send(self, message: Message) -> Outcome:
        """Send one message, and return its outcome."""
        text = shortened(escaped(message.text), ending(message.alert_ids), DISCORD_LIMIT)
        found = await self._write(text, silent=message.level is Level.INFO)
        return Sent() if isinstance(found, Shown) else found

    async def post(self, card: Card, number: int, game: str) -> Posted:  # noqa: ARG002 - a board's
        """Post a card without a sound."""
        return await self._write(card_markdown(for_discord(card)), silent=True)

    async def _write(self, text: str, *, silent: bool) -> Posted:
        body = _body(text) | ({"flags": _SILENT} if silent else {})
        found = await self._service.ask("POST", self._address("", "wait=true"), json_body=body)
        match found:
            case ServiceReply() if found.good:
                number = _number_in(found)
                return Unknown(_NO_NUMBER) if number is None else Shown(number)
            case ServiceReply():
                return self._refusal(found)
            case _:
                return found

    async def edit(self, message: str, card: Card, number: int) -> Edited:  # noqa: ARG002 - a board's
        """Make a posted card show this."""
        text = card_markdown(for_discord(card))
        url = self._address(f"/messages/{message}")
        found = await self._service.ask("PATCH", url, json_body=_body(text))
        match found:
            case ServiceReply() if found.good:
                return Unknown(_NO_NUMBER) if _number_in(found) is None else Sent()
            case ServiceReply() if (found.body or {}).get("code") == _UNKNOWN_MESSAGE:
                return Gone("the message is not there any more")
            case ServiceReply():
                return self._refusal(found)
            case _:
                return found

    def _address(self, path: str, *queries: str) -> str:
        """The webhook's address, with the thread if there is one."""
        query = "&".join(x for x in (*queries, self._thread) if x)
        return f"{self._url}{path}?{query}" if query else f"{self._url}{path}"

    def _refusal(self, reply: ServiceReply) -> NotSent:
        forum = (reply.body or {}).get("code") == _NO_THREAD
        return self._service.refusal(reply, _FORUM if forum else _REMEDY)


def _body(text: str) -> dict[str, Any]:
    """The body of a message that mentions no one, whatever its text."""
    return {"content": text, "allowed_mentions": {"parse": []}}


def _number_in(reply: ServiceReply) -> str | None:
    """The number of the message that Discord wrote; None in an answer that is not Discord's."""
    number = (reply.body or {}).get("id")
    known = isinstance(number, str) and number.isascii() and number.isdecimal()
    return number if known else None
