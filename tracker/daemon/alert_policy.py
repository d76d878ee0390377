"""Where alerts are sent on or held: the policy, in step with snoozes and with what was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from tracker.clock import Clock
from tracker.domain.alert import Decision, Notice
from tracker.domain.policy import DAEMON, USUAL, Level, PastMessage, Policy, Say, Snooze
from tracker.domain.tracking import Change
from tracker.engine.rules.routing import BUDGET_SPAN, route
from tracker.store import Store

SNOOZES_EVERY = 2.0
"""Seconds between two looks at what a person has snoozed."""

NOTICE_USEFUL_FOR = timedelta(hours=6)
"""How long something that the program says of itself is worth sending."""


class AlertPolicy:
    """The one place that decides what becomes of alerts, for all games together."""

    def __init__(self, policy: Policy = USUAL) -> None:
        """`policy` is the part of it that the settings give."""
        self._policy = policy
        self._snoozes: tuple[Snooze, ...] = ()
        self._told: tuple[PastMessage, ...] = ()
        self._lost: frozenset[str] = frozenset()

    async def recall(self, store: Store, now: datetime) -> None:
        """Take up what was told before a restart, and what is snoozed."""
        self._told = await store.alerting.told_since(now - BUDGET_SPAN)
        await self.refresh(store, now)

    async def refresh(self, store: Store, now: datetime) -> None:
        """Take up what is snoozed."""
        self._snoozes = await store.alerting.snoozes(now)

    async def tend(self, store: Store, clock: Clock) -> None:
        """Keep in step with what is snoozed, for ever."""
        while True:
            await self.refresh(store, clock.now())
            await clock.sleep(SNOOZES_EVERY)

    def policy(self, now: datetime) -> Policy:
        """What holds at this moment."""
        self._told = tuple(x for x in self._told if abs(now - x.at) < BUDGET_SPAN)
        return replace(self._policy, snoozes=self._snoozes, recent=self._told, lost=self._lost)

    def route(self, change: Change, now: datetime) -> Change:
        """Say of each alert what becomes of it, and remember what is told."""
        game = change.tracking.game.id
        self._lost = self._lost | {game} if change.tracking.lost else self._lost - {game}
        routed = route(change, self.policy(now), now)
        if any(x.decision is Decision.FIRED for x in routed.alerts):
            self._told = (*self._told, PastMessage(game, now))
        return routed

    def notice(self, kind: str, text: str, now: datetime, level: Level) -> Notice | None:
        """What the program says of itself, at the moment at which it may; None when unwanted.

        A level that is set for the program's own words goes before `level`, but for what is urgent.
        """
        says = self._policy.says.get(DAEMON)
        if says is Say.OFF and level is not Level.URGENT:
            return None
        set_for_all = says is Say.SILENT or DAEMON in self._policy.levels
        own = self._policy.level(DAEMON)
        loud = own if set_for_all and level is not Level.URGENT else level
        quiet = self._policy.quiet
        due = None
        if quiet is not None and loud.rank < quiet.through.rank:
            due = quiet.until(now)
        expires = now + NOTICE_USEFUL_FOR if due is None else None
        return Notice(kind, int(now.timestamp()), now, text, loud, expires, due)
