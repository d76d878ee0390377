"""Explains why a bet's chance moved: rebuilds two moments from the store, and finds the causes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations, product
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tracker.app.axes import place
from tracker.app.pricing import (
    LinesFor,
    PricingBasis,
    bet_of,
    bets_on,
    live_lines,
    markets_in,
    pricing_of,
)
from tracker.app.views import clock_digits, game_name_json, part, prior_json
from tracker.domain import Misused, TrackerError
from tracker.domain.bet import Bet, GameSnapshot, Snapshot
from tracker.domain.chance import Chance, Unpriceable
from tracker.domain.game import (
    MOST_FREE_THROWS,
    FreeThrows,
    Game,
    GameState,
    Phase,
    PlayerLine,
    Score,
    Side,
)
from tracker.domain.market import PlayerMarket
from tracker.domain.policy import Rule
from tracker.domain.poll import Document, Origin
from tracker.domain.tracking import GameTracking, Group, Tracked
from tracker.engine.decide.belief import judge_poll, with_poll
from tracker.engine.decide.parlays import combined
from tracker.feeds import FeedError
from tracker.feeds.feeds import SOURCES
from tracker.feeds.identity import state_under
from tracker.feeds.polling.boxes import ball_counts
from tracker.forecast import Parameters
from tracker.forecast.calibration import NO_CALIBRATIONS, Calibrations
from tracker.forecast.explain import Seen, Whole, why, won
from tracker.forecast.priors import Believed
from tracker.registry import CALIBRATION, Registry, in_use

if TYPE_CHECKING:
    from tracker.store import Store
    from tracker.store.views import ShowView, SnapshotView

EXACT = 1e-9
"""How far a chance that is worked out again may be from the recorded one."""

UNKNOWN = "not known"
"""The cause of what cannot be worked out again, since a model, lines or raw bodies are gone."""

OF_NOTE = 0.05
"""The smallest change of p(hit) that is explained without being asked for by time."""

WITHIN = timedelta(minutes=5)
"""The longest time that such a change may have taken."""

LOOK_BACK = (timedelta(minutes=20), timedelta(hours=2))
"""How far back raw bodies are searched for a box score, first and second try: the body of the
moment itself may not hold one."""

WHOLE_GAME = (timedelta(hours=5),)
"""How far back raw bodies are searched for bets on players: when each player was last on the court
follows from all box scores since tip-off."""

Causes = tuple[tuple[str, float], ...]
"""What moved a chance, each cause with its share of the change."""


class NothingMoved(TrackerError):
    """There is no change to explain; the text says why."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Two moments of a bet, and the causes of the change between them.

    `games` are the games whose clock and score the two moments show. `prior` is that of the later
    one. Where a single game moved a parlay, both moments are of that game, with the chance of the
    whole parlay.
    """

    view: ShowView
    first: Snapshot
    last: Snapshot
    games: tuple[Game, Game]
    causes: Causes
    prior: Believed

    @property
    def change(self) -> float:
        """By how much p(hit) moved."""
        return self.last.known.win - self.first.known.win


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the bets of one database. `given` looks up the lines of the configuration."""

    store: Store
    rules: tuple[Rule, ...]
    given: LinesFor
    registry: Registry[Parameters]

    def in_use(self, league: str) -> Parameters:
        """The parameters in use for a league."""
        return in_use(self.registry, league)[0]

    @property
    def basis(self) -> PricingBasis:
        """What a bet is priced by now."""
        return PricingBasis(self.store, self.given, self.in_use)

    async def history(self, number: int) -> ShowView:
        """A bet with at least two snapshots. Raises NothingMoved for another."""
        found = await self.store.show_view(number, self.rules)
        view = None if found is None else found.priced
        if view is None or view.bet.game is None or view.bet.market is None:
            name = number if found is None else found.bet.id
            raise NothingMoved(f"bet {name} has no game yet, so nothing has moved")
        if len(view.snapshots) < 2:  # noqa: PLR2004 - a change has two ends
            later = "" if view.bet.result else " yet: ask again once its chance has moved"
            raise NothingMoved(f"bet {view.bet.id} has no change to explain{later}")
        return view

    async def explain(self, view: ShowView, places: tuple[int, int] | None = None) -> Explained:
        """Split the change between two snapshots of a history into causes.

        `places` are their indices; None for the last change of note. Raises NothingMoved for a bet
        without a game.
        """
        bet = bet_of(view.bet)
        if bet is None:
            raise NothingMoved(f"bet {view.bet.id} has no game yet, so nothing has moved")
        shots = [x.snapshot for x in view.snapshots]
        begin, end = last_of_note(shots) if places is None else places
        rebuild = _Rebuild(self, view, bet)
        games = tuple(dict.fromkeys(leg.game for leg in bet.legs))
        ends = begin, end
        if len(games) == 1:
            causes = await rebuild.within(games[0], begin, end)
        else:
            causes, ends = await rebuild.across(games, begin, end)
        change = shots[end].known.win - shots[begin].known.win
        first, last = (
            replace(shots[own], chance=shots[place].chance)
            for own, place in zip(ends, (begin, end), strict=True)
        )
        one, other = (view.game_at(view.snapshots[x]) or games[0] for x in ends)
        prior = await rebuild.prior(other)
        return Explained(view, first, last, (one, other), exactly(causes, change), prior)


def last_of_note(shots: Sequence[Snapshot]) -> tuple[int, int]:
    """The indices of the last change of note: the largest in the time WITHIN before its end."""
    for end in range(len(shots) - 1, 0, -1):
        if shots[end].known.win == shots[end - 1].known.win:
            continue
        begin = _window(shots, end)
        away = [abs(shots[end].known.win - x.known.win) for x in shots[begin:end]]
        largest = max(away, default=0.0)
        if largest >= OF_NOTE:
            return begin + away.index(largest), end
    return 0, len(shots) - 1


def _window(shots: Sequence[Snapshot], end: int) -> int:
    begin = end
    while begin > 0 and shots[end].game.at - shots[begin - 1].game.at <= WITHIN:
        begin -= 1
    # A break may last longer than WITHIN: the snapshot before it still counts.
    return min(begin, end - 1)


def exactly(causes: Causes, change: float) -> Causes:
    """The causes with what they leave unexplained, so that they add up to the change.

    A remainder that is only rounding is added to the largest cause.
    """
    rest = change - math.fsum(x for _, x in causes)
    if abs(rest) > EXACT or not causes:
        return (*causes, (UNKNOWN, rest))
    largest = max(range(len(causes)), key=lambda i: abs(causes[i][1]))
    return tuple((name, x + rest if i == largest else x) for i, (name, x) in enumerate(causes))


@dataclass(frozen=True, slots=True)
class _Rebuild:
    """Rebuilds one bet's moments as the forecast saw them."""

    at: Explainer
    view: ShowView
    bet: Bet

    async def prior(self, game: Game) -> Believed:
        """The prior of a game."""
        bets = await bets_on(self.at.store, [game], self.view.snapshots[-1].snapshot.game.at)
        pricing = await pricing_of(self.at.basis, [game], bets)
        return pricing.believed(game, bets)

    async def within(self, game: Game, begin: int, end: int, whole: Whole = won) -> Causes:
        """The causes by which one game changed the bet between two snapshots.

        There are none where what is kept gives no chance any more, such as without the box scores
        that a player's line needs.
        """
        markets = markets_in(self.bet, game.id)
        try:
            first, last = [await self._seen(game, x, whole) for x in (begin, end)]
            # In a thread, so that a daemon's event loop is not blocked.
            return (await asyncio.to_thread(why, markets, first, last, whole)).causes
        except Unpriceable:
            return ()

    async def across(
        self, games: Sequence[Game], begin: int, end: int
    ) -> tuple[Causes, tuple[int, int]]:
        """What each game added to a parlay's change, or the causes in the only game that moved."""
        before, after = ({x.id: self._part(x, place) for x in games} for place in (begin, end))
        moved = [x for x in games if before[x.id] != after[x.id]]
        if len(moved) == 1:
            (game,) = moved
            first, last = (
                self._snapshots_of(game)[self._last_own(game, x)][0] for x in (begin, end)
            )
            causes = await self.within(
                game, first, last, lambda part: win_of_parts({**after, game.id: part})
            )
            return causes, (first, last)
        shares = shares_of(before, after, [x.id for x in moved])
        return tuple((x.name, shares[x.id]) for x in moved), (begin, end)

    def _snapshots_of(self, game: Game) -> list[tuple[int, SnapshotView]]:
        """A game's own snapshots, with their indices in the history."""
        return [(i, x) for i, x in enumerate(self.view.snapshots) if x.game == game.id]

    def _last_own(self, game: Game, place: int) -> int:
        """Which of a game's own snapshots was the last up to an index; the first if none was."""
        return max(
            (k for k, (i, _) in enumerate(self._snapshots_of(game)) if i <= place), default=0
        )

    def _part(self, game: Game, place: int) -> Chance | None:
        """The chance of the legs on a game at that moment."""
        own = self._snapshots_of(game)
        if own:
            return own[self._last_own(game, place)][1].snapshot.part
        legs = [x.chance for x in self.view.legs if self.bet.legs[x.leg].game.id == game.id]
        return legs[0] if len(legs) == 1 else None

    async def _seen(self, game: Game, place: int, whole: Whole) -> Seen:
        """What the forecast of a game saw at a snapshot, by the model that reproduces it best."""
        shot = self.view.snapshots[place].snapshot
        markets = markets_in(self.bet, game.id)
        bets = await self._bets_by(game, shot.game.at)
        pricing = await pricing_of(self.at.basis, [game], bets, shot.game.at)
        state = await self._state(game, place, bets)
        found: tuple[float, Seen] | None = None
        quoted = await live_lines(self.at.store, state, shot.game.at)
        shooters = any(isinstance(x, PlayerMarket) for x in markets)
        for parameters, live, told in product(
            self._models(game.league, shot),
            dict.fromkeys((quoted, None)),
            states_by_plays(state, shooters=shooters),
        ):
            seen = pricing.seen(told, bets, parameters, live)
            said = await asyncio.to_thread(seen.chance, markets)
            error = abs(whole(said) - shot.known.win)
            exact = error <= EXACT
            # A ball that does not give the very chance is a guess, which would be told as a cause.
            if exact or (told is state and (found is None or error < found[0])):
                found = error, seen
            if exact:
                break
        assert found is not None  # noqa: S101 - there is always the shipped model
        return found[1]

    async def _bets_by(self, game: Game, at: datetime) -> list[Bet]:
        """The bets on a game that were followed at a moment, and the one to explain."""
        bets = await bets_on(self.at.store, [game], at)
        # The bet may have been withdrawn by then.
        return bets if self.bet.number in {x.number for x in bets} else [*bets, self.bet]

    async def _state(self, game: Game, place: int, bets: Sequence[Bet]) -> GameState:
        """The state of a game at a snapshot, as these bets on it had it.

        Where one of them is on a player, its box was read, and chances of all rest on it: its
        players, and possessions and fouls of both teams.
        """
        upto = self.view.snapshots[: place + 1]
        shots = [x.snapshot.game for x in upto if x.game in ("", game.id)]
        tracking = GameTracking(game, tuple(map(Tracked.fresh, bets)))
        asks = any(isinstance(x, PlayerMarket) for x in markets_in(self.bet, game.id))
        found: GameState | None = None
        for back in WHOLE_GAME if tracking.follows_players else LOOK_BACK:
            found = await self._from_bodies(shots[-1], tracking, back)
            if found is not None and (found.players or not asks):
                return found
        return found or rebuilt(shots, game)

    async def _from_bodies(
        self, shot: GameSnapshot, tracking: GameTracking, back: timedelta
    ) -> GameState | None:
        """The state of a game by the raw bodies up to a moment, as long as these are stored.

        The bodies are judged as they were then: players and points by period that the last one
        leaves out come from those before. The span reaches just past the snapshot, as a body may
        have come while the snapshot was being decided. A final state without a box score of its own
        takes the last players that are known.
        """
        game = tracking.game
        players: tuple[PlayerLine, ...] = ()
        found: GameState | None = None
        since, until = shot.at - back, shot.at + timedelta(microseconds=1)
        async for answer in self.at.store.upkeep.bodies(None, since, until):
            state = await asyncio.to_thread(_read, answer, game)
            if state is not None:
                origin = Origin(answer.source, answer.path)
                judged = judge_poll(tracking, state, origin, answer.at, answer.digest)
                tracking = with_poll(tracking, judged)
                players = judged.state.players or players
                if tracking.state is not None and _same(tracking.state, shot):
                    found = replace(tracking.state, players=judged.state.players)
        return found if found is None or found.players else replace(found, players=players)

    def _models(self, league: str, shot: Snapshot) -> list[Parameters]:
        """The models that may have made the forecast, the one in use first."""
        registry = self.at.registry
        found = [self.at.in_use(league)]
        for entry in registry.list(league):
            if entry.fault is None and entry.checksum != found[0].checksum:
                try:
                    found.append(registry.read(league, entry.name))
                except TrackerError:
                    continue
        same = [x for x in found if x.model_version == shot.game.model_version] or found[:1]
        calibrations = self._calibrations(league, shot.calibration_id)
        players = found[0].players
        return [replace(x, players=players, calibrations=calibrations) for x in same]

    def _calibrations(self, league: str, name: str) -> Calibrations:
        """The calibrations with that id; none where they are gone."""
        kept = self.at.registry.of(CALIBRATION)
        for entry in kept.list(league):
            if entry.calibration_id == name:
                return kept.read(league, entry.name)
        return NO_CALIBRATIONS


def win_of_parts(parts: Mapping[str, Chance | None]) -> float:
    """The chance of a parlay to win, by those of its games."""
    whole = combined([Group(game, part) for game, part in parts.items()])
    return 0.0 if whole is None else whole.win


def shares_of(
    before: Mapping[str, Chance | None], after: Mapping[str, Chance | None], moved: Sequence[str]
) -> dict[str, float]:
    """What each game added, averaged over all orders in which the games could have moved."""

    def at(done: frozenset[str]) -> float:
        return win_of_parts({game: (after if game in done else before)[game] for game in before})

    count = len(moved)
    known = {
        frozenset(x): at(frozenset(x))
        for size in range(count + 1)
        for x in combinations(moved, size)
    }
    weight = [
        math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
        for size in range(count)
    ]
    return {
        game: math.fsum(
            weight[len(done)] * (known[done | {game}] - value)
            for done, value in known.items()
            if game not in done
        )
        for game in moved
    }


def states_by_plays(state: GameState, *, shooters: bool = True) -> list[GameState]:
    """The state with each ball, tip and free throws that it may have had.

    Only play-by-plays tell them, which are not kept; the chance that was recorded tells them apart.
    Of rare throws no shooter is tried, and a tip counts while quarters are to come. `shooters` is
    whether it matters who shoots, as it does for players' lines alone.
    """
    found = [state]
    if 1 <= state.period < state.game.rules.periods:
        found += [replace(state, tip=side) for side in Side]
    if ball_counts(state):
        for side in Side:
            found.append(replace(state, possession=side))
            kinds: list[tuple[str | None, Side | None, bool]] = [
                (None, None, False),
                *((x.id, None, False) for x in state.players if shooters and x.side is side),
                (None, None, True),
                (None, side, False),
                (None, side.other, False),
            ]
            found += [
                replace(state, possession=side, throws=FreeThrows(side, left, *kind))
                for left, kind in product(range(1, MOST_FREE_THROWS + 1), kinds)
            ]
    return found


def _same(state: GameState, shot: GameSnapshot) -> bool:
    return (state.period, state.clock, state.score) == (shot.period, shot.clock, shot.score)


def _read(answer: Document, game: Game) -> GameState | None:
    """The state of a game in an answer of a source of its league; None if it is not there."""
    teams, body = {game.home, game.away}, answer.body
    for source in (x for x in SOURCES[game.league] if x.name == answer.source):
        box = source.box_path(game.id) if source.owns(game.id) else ""
        # A night's boxes are many, and those of the other games take as long to read.
        if box and answer.path.startswith(box.partition(game.id)[0]) and answer.path != box:
            return None
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
        for reported, reading in board.games:
            if {reported.home, reported.away} == teams and isinstance(reading, GameState):
                return state_under(game, reading)
    return None


def rebuilt(shots: Sequence[GameSnapshot], game: Game) -> GameState:
    """The state of a game by its snapshots alone.

    Points by period are known only if there is a snapshot of every break before.
    """
    last = shots[-1]
    phase = _phase(last)
    return GameState(
        game, phase, last.period, last.clock, last.score, periods=_periods(shots, last)
    )


def _phase(shot: GameSnapshot) -> Phase:
    if shot.game_clock.startswith("Final"):
        return Phase.FINAL
    by_name = {x.value.capitalize(): x for x in (Phase.SCHEDULED, Phase.SUSPENDED)}
    if shot.game_clock in by_name:
        return by_name[shot.game_clock]
    return Phase.BREAK if shot.clock == 0 else Phase.LIVE


def _periods(shots: Sequence[GameSnapshot], last: GameSnapshot) -> tuple[Score, ...] | None:
    ends = {x.period: x.score for x in shots if x.clock == 0}
    before, found = Score(0, 0), []
    for period in range(1, last.period + 1):
        end = last.score if period == last.period else ends.get(period)
        if end is None or end.home < before.home or end.away < before.away:
            return None
        found.append(Score(end.home - before.home, end.away - before.away))
        before = end
    return tuple(found)


def places_of(
    view: ShowView, begin: str | None, end: str | None, zone: ZoneInfo
) -> tuple[int, int] | None:
    """The indices of the two snapshots that a person names; None for the last change of note.

    Raises Misused where a moment fits none.
    """
    shots, game = [x.snapshot for x in view.snapshots], view.bet.game
    if game is None or (begin is None and end is None):
        return None
    last = len(shots) - 1 if end is None else place(end, view.snapshots, game.league, zone)
    if begin is None:
        return (last_of_note(shots[: last + 1])[0] if last else 0), last
    first = place(begin, view.snapshots, game.league, zone)
    if first >= last:
        raise Misused(f"there is no snapshot between {begin!r} and {end or 'the last one'!r}")
    return first, last


def why_json(explained: Explained) -> dict[str, Any]:
    """A change and its causes, as `tracker why --json` gives them."""
    first, last = explained.first, explained.last
    one, other = explained.games
    return {
        "id": explained.view.bet.id,
        "pick": explained.view.bet.draft.pick.text,
        "from": _end_json(first, one),
        "to": _end_json(last, other),
        "change": explained.change,
        "causes": [{"cause": name, "change": share} for name, share in explained.causes],
        "prior": prior_json(explained.prior),
    }


def _end_json(x: Snapshot, game: Game) -> dict[str, Any]:
    return {
        "game": game_name_json(game),
        **part(x.game, "at", "period"),
        "clock": clock_digits(x.game.clock),
        **part(x.game, "game_clock", "score"),
        "win": x.known.win,
    }
