"""Whether all is well, as few yes-or-no questions that a watcher can act on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tracker.app.backups import late

if TYPE_CHECKING:
    from tracker.app.at_work import AtWork
    from tracker.settings import Settings
    from tracker.store import Store

_SILENT = timedelta(minutes=2)
"""How long a live game may go without a poll."""


async def checks(store: Store, settings: Settings, at: AtWork) -> dict[str, bool]:
    """Each question by its name, and whether the answer is yes.

    `daemon`: it runs. `polls`: every live game was polled within two minutes. `backup`: the newest
    back-up is not late, where back-ups are made.
    """
    whole = await store.status_view()
    live = [x for x in whole.games if x.state is not None and x.state.phase.in_play and not x.stale]
    fresh = all(x.seen_at is not None and at.now - x.seen_at < _SILENT for x in live)
    return {
        "daemon": at.daemon is not None,
        "polls": fresh,
        "backup": not settings.backup.enabled or await _backed_up(store, at),
    }


async def _backed_up(store: Store, at: AtWork) -> bool:
    since = None if at.daemon is None else at.daemon.started_at
    made = await store.upkeep.backups()
    return not late(next((x for x in made if x.outcome == "ok"), None), since, at.now)
