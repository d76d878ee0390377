"""What becomes of alerts and notices: settings, snoozes and what was sent lately, in one place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tracker.clock import Clock
from tracker.domain.alert import Decision, Notice
from tracker.domain.policy import (
    DAEMON,
    RESULTS,
    USUAL,
    Level,
    PastMessage,
    Policy,
    Snooze,
    TopicMode,
    topic_of,
)
from tracker.domain.tracking import Change
from tracker.engine.rules.routing import BUDGET_SPAN, route
from tracker.store import Store

SNOOZES_EVERY = 2.0
"""Seconds between two readings of what a person has snoozed."""

NOTICE_USEFUL_FOR = timedelta(hours=6)
"""How long a notice of the program about itself is worth sending."""


class AlertPolicy:
    """The one place that decides what becomes of alerts, for all games together."""

    def __init__(self, policy: Policy = USUAL) -> None:
        self._policy = policy
        self._snoozes: tuple[Snooze, ...] = ()
        self._sent: tuple[PastMessage, ...] = ()
        self._lost: frozenset[str] = frozenset()

    async def recall(self, store: Store, now: datetime) -> None:
        """Load what was sent lately and what is snoozed, after a restart."""
        self._sent = await store.alerting.sent_since(now - BUDGET_SPAN)
        await self.refresh(store, now)

    async def refresh(self, store: Store, now: datetime) -> None:
        """Load what is snoozed."""
        self._snoozes = await store.alerting.snoozes(now)

    async def tend(self, store: Store, clock: Clock) -> None:
        """Reload what is snoozed every SNOOZES_EVERY seconds, for ever."""
        while True:
            await self.refresh(store, clock.now())
            await clock.sleep(SNOOZES_EVERY)

    def policy(self, now: datetime) -> Policy:
        """The policy at this moment: settings, snoozes, recent messages and games without data."""
        self._sent = tuple(x for x in self._sent if abs(now - x.at) < BUDGET_SPAN)
        return replace(self._policy, snoozes=self._snoozes, recent=self._sent, lost=self._lost)

    def route(self, change: Change, now: datetime) -> Change:
        """Decide what becomes of each alert of a change, and count what is sent."""
        game = change.tracking.game.id
        self._lost = self._lost | {game} if change.tracking.lost else self._lost - {game}
        routed = route(change, self.policy(now), now)
        sent = [topic_of(x.rule) for x in routed.alerts if x.decision is Decision.FIRED]
        if sent:
            counted = any(x not in RESULTS for x in sent)
            self._sent = (*self._sent, PastMessage(game, now, counted))
        return routed

    def notice(self, kind: str, text: str, now: datetime, level: Level) -> Notice | None:
        """A notice of the program about itself, due when quiet hours allow; None when unwanted."""
        loud = self.loudness(level)
        if loud is None:
            return None
        until = self.audible_from(level, now)
        due = until if until > now else None
        expires = now + NOTICE_USEFUL_FOR if due is None else None
        return Notice(kind, int(now.timestamp()), now, text, loud, expires, due)

    def audible_from(self, level: Level, at: datetime) -> datetime:
        """From when on a notice may be sent that is usually this loud."""
        return self._policy.audible_from(self.loudness(level) or level, at)

    def loudness(self, level: Level) -> Level | None:
        """How loud a notice is that is usually this loud; None where notices are switched off.

        A level that the settings give to them replaces `level`, except where that is urgent.
        """
        mode = self._policy.modes.get(DAEMON)
        if level is Level.URGENT:
            return level
        if mode is TopicMode.OFF:
            return None
        set_for_all = mode is TopicMode.SILENT or DAEMON in self._policy.levels
        return self._policy.level(DAEMON) if set_for_all else level
