"""A bet's snapshots as the forecast saw them: the state, the prior and the model of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from tracker.cli.bets.believed import bets_before, known_of
from tracker.domain.bet import Snapshot
from tracker.domain.game import Game, GameState, Phase, Score

if TYPE_CHECKING:
    from tracker.cli.scope import Scope
    from tracker.cli.session import Session
    from tracker.domain.market import Market
    from tracker.forecast import Parameters
    from tracker.forecast.explain import Seen
    from tracker.forecast.priors.fusion import LiveLines
    from tracker.store.views import BetView, ShowView

EXACT = 1e-9
"""How far a chance that is worked out again may lie from the one that was written down."""


QUOTED = timedelta(hours=4)
"""How far back a quote that still stands may have been told: a game's length."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A snapshot, what the forecast saw, and what it now says less what was written down."""

    snapshot: Snapshot
    seen: Seen
    error: float


class Memory:
    """What is left of a bet's history: raw answers, lines, and the models that are kept."""

    def __init__(self, at: Session, scope: Scope, view: ShowView, bets: Sequence[BetView]) -> None:
        """`view` is the bet, which has a game and a market; `bets` are all there are."""
        self._at = at
        self._scope = scope
        self._shots = [x.snapshot for x in view.snapshots]
        self._view = view
        self._bets = bets

    async def moment(self, index: int, game: Game, market: Market) -> Moment:
        """The moment of a snapshot, by its place in the history."""
        from tracker.forecast import forecast
        from tracker.forecast.explain import Seen
        from tracker.forecast.priors.fusion import shift_of

        shot = self._shots[index]
        known = await known_of(game, self._at, self._scope)
        before = bets_before(self._bets, game, min(game.start, shot.at))
        state = await self._told(shot, game) or rebuilt(self._shots[: index + 1], game)
        found: Moment | None = None
        live = await self._live(game, shot) if state.phase.in_play else None
        for parameters in self._models(game.league, shot):
            prior = known.before(game, before, parameters).prior
            own = forecast(state, prior, parameters)
            seen = Seen(state, prior, parameters, shift_of(live, own, state))
            one = Moment(shot, seen, seen.chance(market) - shot.known.win)
            if found is None or abs(one.error) < abs(found.error):
                found = one
            if abs(found.error) <= EXACT:
                break
        assert found is not None  # noqa: S101 - there is always the shipped model
        return found

    async def _live(self, game: Game, shot: Snapshot) -> LiveLines | None:
        """What the market quoted at that moment, as far as quotes are kept."""
        from tracker.domain.quote import two_sided
        from tracker.forecast.priors.fusion import live_lines

        told = await self._at.store.quotes.standing(game.id, shot.at - QUOTED, shot.at)
        quotes = [replace(x.quote, told_at=x.stood_at) for x in told]
        return live_lines(two_sided(quotes), shot.at)

    async def _told(self, shot: Snapshot, game: Game) -> GameState | None:
        """The state in the raw answer of that moment, while answers are kept."""
        until = shot.at + timedelta(microseconds=1)
        async for _, _, body in self._at.store.bodies(None, shot.at, until):
            state = _read(body, game)
            if state is not None and _same(state, shot):
                return state
        return None

    def _models(self, league: str, shot: Snapshot) -> list[Parameters]:
        """The models that may have forecast then, the one in use first."""
        from tracker.cli.models.in_use import registry_beside
        from tracker.domain.errors import TrackerError

        registry = registry_beside(self._at.basics.store)
        found = [registry.load(league)[0]]
        for entry in registry.list(league):
            if entry.fault is None and entry.checksum != found[0].checksum:
                try:
                    found.append(registry.read(league, entry.name))
                except TrackerError:
                    continue
        named = (shot.model_version, shot.calibration_id)
        same = [x for x in found if (x.model_version, x.calibration_id) == named]
        return same or found[:1]


def _same(state: GameState, shot: Snapshot) -> bool:
    return (state.period, state.clock, state.score) == (shot.period, shot.clock, shot.score)


def _read(body: bytes, game: Game) -> GameState | None:
    """What an answer of any source of the league tells of a game; None when nothing."""
    from tracker.feeds.arbitration.identity import state_under
    from tracker.feeds.errors import FeedError
    from tracker.feeds.leagues import SOURCES

    teams = {game.home, game.away}
    for source in SOURCES[game.league]:
        try:
            state = source.parse_box(body)
        except FeedError:
            pass
        else:
            if {state.game.home, state.game.away} == teams:
                return state_under(game, state)
        try:
            board = source.parse_board(body)
        except FeedError:
            continue
        for told, reading in board.games:
            if {told.home, told.away} == teams and isinstance(reading, GameState):
                return state_under(game, reading)
    return None


def rebuilt(shots: Sequence[Snapshot], game: Game) -> GameState:
    """The state of the last snapshot, as far as snapshots tell.

    Points by period are known where a snapshot was taken in every break before.
    """
    last = shots[-1]
    phase = _phase(last)
    return GameState(
        game, phase, last.period, last.clock, last.score, periods=_periods(shots, last)
    )


def _phase(shot: Snapshot) -> Phase:
    if shot.game_clock.startswith("Final"):
        return Phase.FINAL
    by_name = {x.value.capitalize(): x for x in (Phase.SCHEDULED, Phase.SUSPENDED)}
    if shot.game_clock in by_name:
        return by_name[shot.game_clock]
    return Phase.BREAK if shot.clock == 0 else Phase.LIVE


def _periods(shots: Sequence[Snapshot], last: Snapshot) -> tuple[Score, ...] | None:
    ends = {x.period: x.score for x in shots if x.clock == 0}
    before, found = Score(0, 0), []
    for period in range(1, last.period + 1):
        end = last.score if period == last.period else ends.get(period)
        if end is None or end.home < before.home or end.away < before.away:
            return None
        found.append(Score(end.home - before.home, end.away - before.away))
        before = end
    return tuple(found)
