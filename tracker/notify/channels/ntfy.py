"""The ntfy channel: alerts and live cards on a topic, updated in place where the server can.

A message with the sequence id of an earlier one replaces it (ntfy 2.16 and later). An older server
would show each as a new message; its answer gives it away.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlencode

from tracker.domain.alert import NotSent, Outcome, Refused, Sent, Unknown
from tracker.domain.policy import Level
from tracker.notify.channels import Edited, HeldOpen, Message, Pace, Posted, Shown
from tracker.notify.channels.text import NTFY_LIMIT, card_plain, ending, for_ntfy, shortened
from tracker.notify.channels.web_service import SEND_LIMIT, ServiceReply, WebService
from tracker.settings import Secret
from tracker.settings.reading import ConfigError
from tracker.wording.cards import Card

NAME = "ntfy"

PACE = Pace(each=60.0, between=5.0, idle=300.0)
"""ntfy.sh takes a few hundred messages a day from one address: a card is updated once a minute."""

TOO_OLD = (
    "the ntfy server is older than 2.16 and cannot update a message: set [notify.ntfy] cards = "
    "false, or update it"
)

_PRIORITY = {
    Level.INFO: "1",
    Level.LOW: "2",
    Level.DEFAULT: "3",
    Level.HIGH: "4",
    Level.URGENT: "5",
}
_SILENT = "1"
_TOPIC = re.compile(r"[\w-]{1,64}", re.ASCII)
_BYTES_EACH = 3
_LONGEST_NAME = 64
_REMEDY = "look at [notify.ntfy] topic, token and api_url"


class NtfyChannel(HeldOpen):
    """One topic."""

    def __init__(
        self,
        topic: Secret,
        api_url: str,
        *,
        token: Secret | None = None,
        cards: bool = False,
        limit: float = SEND_LIMIT,
    ) -> None:
        """`api_url` is scheme and host. Raises ConfigError when the topic is not a possible one."""
        if not _TOPIC.fullmatch(topic.get_secret_value()):
            raise ConfigError(
                "[notify.ntfy] topic: is none; it has up to 64 letters, digits, - and _"
            )
        self.name = NAME
        self.same_name = True
        self.pace = PACE
        self.cards = cards
        self._url = f"{api_url}/{topic.get_secret_value()}"
        self._salt = topic.get_secret_value()
        self._headers = (
            {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
        )
        self._service = WebService("ntfy", limit=limit)
        self._too_old = False

    async def aclose(self) -> None:
        """Close the connections; a later request would open them again."""
        await self._service.aclose()

    async def send(self, message: Message) -> Outcome:
        """Publish one message; another attempt at the same alerts replaces it.

        Its first line becomes the title, where a phone would else show the topic's name.
        """
        title, text = message.title, message.body
        if not title and "\n" in text:
            title, _, text = text.partition("\n")
        # The limit is in bytes, of which a UTF-16 unit takes up to three.
        room = NTFY_LIMIT if text.isascii() else NTFY_LIMIT // _BYTES_EACH
        cut = shortened(text, ending(message.alert_ids), room)
        name = _alert_name(message.key) if message.key else ""
        found = await self._publish(cut, _PRIORITY[message.level], name, title)
        return Sent() if isinstance(found, ServiceReply) else found

    async def post(self, card: Card, number: int, game: str) -> Posted:  # noqa: ARG002 - a board's
        """Publish a card without a sound, under a sequence id made from its game."""
        if self._too_old:
            return Refused(TOO_OLD)
        name = "card-" + hashlib.sha256(f"{self._salt} {game}".encode()).hexdigest()[:16]
        found = await self._publish(card_plain(for_ntfy(card)), _SILENT, name)
        if not isinstance(found, ServiceReply):
            return found
        self._too_old = (found.body or {}).get("sequence_id") != name
        return Refused(TOO_OLD) if self._too_old else Shown(name)

    async def edit(self, message: str, card: Card, number: int) -> Edited:  # noqa: ARG002 - a board's
        """Publish a card under its sequence id again."""
        found = await self._publish(card_plain(for_ntfy(card)), _SILENT, message)
        return Sent() if isinstance(found, ServiceReply) else found

    async def _publish(
        self, text: str, priority: str, name: str, title: str = ""
    ) -> ServiceReply | NotSent:
        headers = {**self._headers, "X-Priority": priority}
        if name:
            headers["X-Sequence-ID"] = name
        # The title goes into the address, which may hold any letter; a header takes only ASCII.
        url = f"{self._url}?{urlencode({'title': title})}" if title else self._url
        found = await self._service.ask("POST", url, headers=headers, text=text)
        if not isinstance(found, ServiceReply):
            return found
        if not found.good:
            return self._service.refusal(found, _REMEDY)
        if "id" not in (found.body or {}):
            return Unknown(f"answered {found.status}, but not as ntfy does: {_REMEDY}")
        return found


def _alert_name(key: str) -> str:
    """The sequence id of a message: the same for every attempt, at most 64 characters."""
    plain_name = f"alert-{key}"
    if len(plain_name) <= _LONGEST_NAME:
        return plain_name
    return "alert-" + hashlib.sha256(key.encode()).hexdigest()[:32]
