"""The recorded games that a command is about."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.domain.errors import Misused

if TYPE_CHECKING:
    from tracker.replay.playback import Playback

Games = Annotated[
    list[str] | None,
    typer.Argument(metavar="GAME", help="Games by name, id or file; else all that come with it."),
]


def playbacks_of(
    names: list[str], same_night: datetime | None, league: str | None = None
) -> list[Playback]:
    """The games of these names, else all that come with the program, of one league or of any.

    With `same_night` all tip off at that time. Raises Misused and UnknownGameError.
    """
    from tracker.replay.files import find_recording, shipped
    from tracker.replay.playback import Playback

    known = (game for game in shipped() if league in (None, game.league))
    recordings = [find_recording(name) for name in names] if names else list(known)
    ids = [x.id for x in recordings]
    if len(set(ids)) < len(ids):
        raise Misused("a game is named twice: name each once")
    return [Playback(x, same_night) for x in recordings]
