"""The first message: a real one through a channel, and the question whether it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from tracker.cli.ending import Ended
from tracker.cli.screen import asks, note, paint, progress, say
from tracker.cli.setup.channels import TEST_BODY, answer_of

if TYPE_CHECKING:
    from tracker.notify.channel import Channel

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
