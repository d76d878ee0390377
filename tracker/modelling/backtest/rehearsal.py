"""Recorded games through the real program in virtual time: the same bytes give the same rows."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from tracker.app.pricing import LinesFor
from tracker.clock import Clock, LeapingClock
from tracker.daemon.forecaster import Forecaster
from tracker.daemon.track import TrackContext, deciding, track
from tracker.domain.draft import Draft
from tracker.domain.events import Tell
from tracker.domain.game import Game, GameState, Side
from tracker.domain.player import Player
from tracker.domain.policy import Rule
from tracker.domain.poll import Trouble, Unreadable
from tracker.feeds import nba
from tracker.feeds.polling.feed import FeedAnswer, LookUp
from tracker.feeds.polling.poller import GamePoller
from tracker.feeds.source import FeedMalformed
from tracker.replay.nba_site import NbaSite
from tracker.replay.playback import Playback
from tracker.store import Store

STARTS_BEFORE = timedelta(minutes=10)
"""How long before its tip-off a replayed game is first looked at."""


class SiteWatch:
    """Looks games up in the documents of a replayed site, as the feed does over HTTP."""

    def __init__(self, site: NbaSite, clock: Clock) -> None:
        """Documents are those of the clock's time."""
        self._site = site
        self._clock = clock

    async def read(self, game: Game, ask: LookUp, max_age: float) -> FeedAnswer:
        """What the board, or the box, says at this moment of the clock."""
        path = nba.box_path(game.id) if ask is LookUp.BOX else nba.board_path()
        now = self._clock.now()
        page = self._site.page(path, now)
        body = b"" if page is None else page.body
        absent = Unreadable(Trouble.ABSENT, f"{game.name} is not there yet")
        if page is None:
            return self._told(path, b"", absent)
        try:
            if ask is LookUp.BOX:
                return self._told(path, body, nba.SOURCE.parse_box(body))
            entry = nba.SOURCE.parse_board(body).find(game.id)
        except FeedMalformed as why:
            return self._told(path, body, why.unreadable)
        if entry is None and ask is LookUp.EITHER:
            return await self.read(game, LookUp.BOX, max_age)
        return self._told(path, body, absent if entry is None else entry[1])

    def _told(self, path: str, body: bytes, reading: GameState | Unreadable) -> FeedAnswer:
        digest = hashlib.sha256(body).hexdigest() if body else ""
        now, heard = self._clock.now(), self._clock.monotonic()
        return FeedAnswer("nba", path, now, heard, body, digest, reading)


async def rehearse(
    playbacks: Sequence[Playback],
    drafts: Sequence[Draft],
    database: Path,
    defaults: tuple[Rule, ...],
    lines_for: LinesFor,
    tell: Tell,
) -> str:
    """Play games one after the other from before tip-off until their bets are official.

    Bets that fit none of the games are left out, and parlays that are about several. Returns a
    hash of every table, which is the same for the same games and bets.
    """
    starts = min(p.scheduled for p in playbacks) - STARTS_BEFORE
    async with await Store.open(database, now=starts) as store:
        for playback in playbacks:
            await _play(playback, drafts, store, defaults, Forecaster(lines_for, tell), tell)
        return await store.export_hash()


async def _play(
    playback: Playback,
    drafts: Sequence[Draft],
    store: Store,
    defaults: tuple[Rule, ...],
    forecaster: Forecaster,
    tell: Tell,
) -> None:
    clock = LeapingClock(playback.scheduled - STARTS_BEFORE)
    watch = SiteWatch(NbaSite([playback]), clock)
    found = await watch.read(_game_of(playback), LookUp.EITHER, 0.0)
    if isinstance(found.reading, Unreadable):
        return
    game = found.reading.game
    roster = _players(playback)
    for draft in drafts:
        if all(draft.leg_fits(leg, game, roster) for leg in draft.legs):
            await store.add(
                draft, game=game, defaults=defaults, at=clock.now(), roster_of=lambda _: roster
            )
    trackings = await store.trackings(defaults)
    tracking = next((b for b in trackings if b.game.id == game.id), None)
    if tracking is None:
        return
    context = TrackContext(
        recorder=store,
        forecasts=forecaster,
        clock=clock,
        channels=(),
        ring=lambda: None,
        tell=tell,
    )
    poller = GamePoller(game, watch, clock, random.Random(game.id))  # noqa: S311 - jitter is no secret
    async with deciding(context) as decisions:
        await track(tracking, poller, decisions)


def _players(playback: Playback) -> tuple[Player, ...]:
    """Everybody on the rosters of the game, by name as its box gives it."""
    teams = ((Side.HOME, playback.recording.home), (Side.AWAY, playback.recording.away))
    return tuple(
        Player(f"{x.first} {x.last}".strip(), side) for side, team in teams for x in team.players
    )


def _game_of(playback: Playback) -> Game:
    recording = playback.recording
    return Game(
        recording.id,
        recording.league,
        recording.home.tricode,
        recording.away.tricode,
        playback.scheduled,
    )
