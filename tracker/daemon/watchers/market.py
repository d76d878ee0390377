"""The loops of the market's side: read quotes, step market rules, take closes at tip-off.

A close is a game's last lines before tip-off. Bets are valued by it as soon as all their games have
one.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tracker.app.market.value import Quoted, closing_values, decision, made_again, market_reading
from tracker.clock import wait_for_event
from tracker.daemon.track import worded
from tracker.daemon.watchers.buying import NEAR, OVERDUE, STEP_S, Buyer, MarketParts
from tracker.domain.alert import Alert
from tracker.domain.bet import Bet
from tracker.domain.chance import Chance
from tracker.domain.events import MarketClosed, OddsLost, OddsRecovered
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.policy import EdgeRule, MoveRule
from tracker.domain.poll import Credit
from tracker.domain.prior import PregameLines
from tracker.domain.quote import ESPN, EXCHANGES, Closing
from tracker.domain.tracking import Change, GameTracking, RuleState, Tracked
from tracker.domain.value import BetDecision, ClosingValue, part_paid
from tracker.engine.decide.belief import is_stale
from tracker.engine.market import GameClose, QuoteBoard, close, consensus, exchange_lines, tip_off
from tracker.engine.market.clv import Placed
from tracker.engine.rules.stepping import MarketReading, step_market
from tracker.feeds import FeedError
from tracker.feeds.odds import match
from tracker.feeds.odds.asking import Asked
from tracker.forecast.market import LiveLines

FAR_S, NEAR_S = 600.0, 120.0
"""Seconds between two readings of a free source's lines: for games far off, and for games about to
begin."""

EXCHANGE_FAR_S, EXCHANGE_NEAR_S, EXCHANGE_LIVE_S = 300.0, 60.0, 30.0
"""Seconds between two readings of an exchange: for games far off, about to begin, and in play. In
play its price is used only while it is younger than a minute."""

AHEAD = timedelta(hours=36)
"""Games that begin later than this have no line yet that would last."""

PRIOR_AGE = timedelta(minutes=30)
"""A prior is made of quotes no older than this; where there are none, of the day's quotes."""

DAY = timedelta(hours=24)

FAILED_S = (60.0, 900.0)
"""Shortest and longest seconds until a source that failed is tried again."""

FIRST_QUOTES = timedelta(minutes=2)
"""How long a new bet waits for the first quotes of its game, which give its best price."""

LAST_DECISION = timedelta(minutes=20)
"""The age from which a bet's first chance in play no longer says what the bet was worth when it was
made. The age is counted from when the bet was added or its game was to begin, whichever is later.
Play begins about ten minutes after the scheduled tip-off."""

SLATE_S = 60.0
"""Seconds between two readings of the list of games."""


class MarketWatch:
    """Keeps the quotes of tonight's games, and what they say about the bets."""

    def __init__(self, parts: MarketParts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._store = parts.store.quotes
        self.board = QuoteBoard()
        self._games: dict[str, Game] = {}
        self._states: dict[str, GameState] = {}
        self._shown: dict[str, GameTracking] = {}
        self._closings: dict[str, Closing] = {}
        self._closes: dict[str, GameClose] = {}
        self.values: dict[int, ClosingValue] = {}
        """What each bet was worth at the closing line, by its number."""
        self._decided: set[int] = set()
        self._ids: dict[str, str] = {}
        self._polls: dict[str, int] = {}
        self._taken: dict[str, datetime] = {}
        self._rules: dict[tuple[int, str], RuleState] = {}
        self._readings: defaultdict[str, dict[int, MarketReading]] = defaultdict(dict)
        self._news = asyncio.Event()
        self._buyer = Buyer(parts, self)

    def jobs(self) -> list[Coroutine[None, None, None]]:
        """The loops, to be run side by side."""
        loops = [self._follow(x) for x in self._parts.sources.free]
        return [self._keep_games(), self._reckon(), *loops, *self._buyer.jobs()]

    def show(self, tracking: GameTracking) -> None:
        """Take what is believed of a game, after every poll."""
        state = tracking.state
        if state is None:
            return
        # Games are kept in the order of their last polls: the last has the newest copies of bets.
        self._shown.pop(tracking.game.id, None)
        self._shown[tracking.game.id] = tracking
        before = self._states.get(tracking.game.id)
        self._states[tracking.game.id] = state
        if before is None or before.phase is not state.phase:
            self._news.set()

    async def restore(self) -> None:
        """Load what was known before a restart."""
        now = self._clock.now()
        quotes = await self._store.standing(None, now - DAY, now)
        self.board.restore((x.quote, x.stood_at, x.scope) for x in quotes)
        self._closings = await self._store.closings()
        self.values = await self._store.values()
        self._decided = set(await self._store.decisions())
        await self._look_up_games()

    # ------------------------------------------------------------------------------------- games

    async def _keep_games(self) -> None:
        while True:
            await self._look_up_games()
            await self._clock.sleep(SLATE_S)

    async def _look_up_games(self) -> None:
        now = self._clock.now()
        listed = await self._parts.store.games(since=(now - timedelta(days=1)).date())
        self._games = {x.id: x for x, _ in listed if x.start <= now + AHEAD}
        followed = {x.game.id for x in self._parts.trackings()}
        for game, state in listed:
            # Only the slate tells of a game that is not polled.
            if state is not None and (game.id not in followed or game.id not in self._states):
                self._states[game.id] = state
        self._forget(self._games.keys() | followed)

    def _forget(self, kept: AbstractSet[str]) -> None:
        """Drop games of other days without a followed bet; a close can be loaded again."""
        self.board.forget(self.board.games - kept)
        aged = self._clock.now() - DAY
        self._taken = {scope: at for scope, at in self._taken.items() if at > aged}
        remembered: tuple[dict[str, Any], ...] = (
            self._closes, self._shown, self._states, self._ids, self._polls, self._readings,
        )  # fmt: skip
        for known in remembered:
            for game in known.keys() - kept:
                del known[game]

    def begun(self, game: Game) -> bool:
        """Whether a game has tipped off, as far as is known."""
        state = self._states.get(game.id)
        return state is not None and state.phase.rank > 0

    def _off(self, game: Game) -> bool:
        state = self._states.get(game.id)
        return state is not None and state.phase.off

    def waiting(self) -> list[Game]:
        """The games that have not begun and may still begin tonight, soonest first."""
        now = self._clock.now()
        found = [
            x for x in self._games.values()
            if not self.begun(x) and not self._off(x) and now - x.start < OVERDUE
        ]  # fmt: skip
        return sorted(found, key=lambda x: (x.start, x.id))

    def bet_on(self) -> dict[str, list[Bet]]:
        """The bets on each game that is followed."""
        return {x.game.id: [y.bet for y in x.tracked] for x in self._parts.trackings()}

    # -------------------------------------------------------------------------------- free sources

    async def _follow(self, source: str) -> None:
        """Read one free source, for ever, whenever there are games to ask it about."""
        failed, due = 0.0, 0.0
        while True:
            games = self._wanted(source)
            if games and self._clock.monotonic() >= due:
                why = await self._ask(source, games)
                if not why and failed:
                    self._parts.tell(OddsRecovered(source))
                if why and not failed:
                    self._parts.tell(OddsLost(source, why))
                failed = min(max(failed * 2, FAILED_S[0]), FAILED_S[1]) if why else 0.0
                due = self._clock.monotonic() + (failed or self._pace(source, games))
            await self._clock.sleep(STEP_S)

    def _wanted(self, source: str) -> list[Game]:
        """The games to ask a source about: those to come, and for an exchange those in play."""
        games = self.waiting()
        if source in EXCHANGES:
            bets = self.bet_on()
            games += [x for x in self.in_play() if x.id in bets]
        return games

    def game(self, game_id: str) -> Game | None:
        """A recent or coming game by its id; None for another."""
        return self._games.get(game_id)

    def in_play(self) -> list[Game]:
        """The games that are being played."""
        states = self._states
        return [x for x in self._games.values() if x.id in states and states[x.id].phase.in_play]

    def _pace(self, source: str, games: Sequence[Game]) -> float:
        now = self._clock.now()
        bets = self.bet_on()
        near = any(x.start - now <= NEAR and not self.begun(x) for x in games if x.id in bets)
        if source == ESPN and near:
            # A board read less than FRESH_S ago is reused: this pace causes no more requests.
            return STEP_S
        if source not in EXCHANGES:
            return NEAR_S if near else FAR_S
        if any(self.begun(x) for x in games):
            return EXCHANGE_LIVE_S
        return EXCHANGE_NEAR_S if near else EXCHANGE_FAR_S

    async def _ask(self, source: str, games: Sequence[Game]) -> str:
        """Ask a source once; returns why it failed, empty where it answered."""
        try:
            answers = await self._parts.sources.ask(source, games)
        except FeedError as error:
            self._parts.hear(f"odds {source}", self._clock.now(), error.trouble.value)
            return str(error)
        for asked in answers.found:
            await self.take(asked, paid=None)
        # A source that answers all confirms the prices of documents that are as they were.
        word = "ok" if answers.failure is None else answers.failure.trouble.value
        self._parts.hear(f"odds {source}", self._clock.now(), word)
        return ""

    async def take(self, asked: Asked, paid: Credit | None) -> None:
        """Take an answer's quotes: those that changed are stored with its body and its cost."""
        document = asked.document
        if paid is None and self._taken.get(asked.scope) == document.at:
            return
        self._taken[asked.scope] = document.at
        found = match(asked.parsed, self._games.values(), document.at, self._parts.roster_of)
        if paid is not None:
            self._ids |= found.ids
        rows = self.board.changed(found.quotes, asked.scope, document.at, asked.covers)
        number = 0
        if rows or paid is not None:
            number = await self._store.record(document, rows, paid, found.faults)
        self.board.take(found.quotes, rows, asked.scope, number)
        self._polls |= dict.fromkeys(found.games, number) if number else {}
        if rows:
            await self._believe(found.games)
        await self._step_rules(found.games)

    async def _believe(self, games: Iterable[str]) -> None:
        """Make the market's lines the prior of games whose listed tip-off is to come.

        From then on a game may be in play, as the store judges too.
        """
        now = self._clock.now()
        believed: dict[str, PregameLines] = {}
        for game_id in games:
            game = self._games.get(game_id)
            if game is None or self.begun(game) or game.start <= now:
                continue
            standing = self.board.standing(game_id)
            fresh = [x for x in standing if now - x.stood_at <= PRIOR_AGE]
            lines = consensus(fresh) or consensus(standing)
            if lines is not None:
                believed[game_id] = PregameLines(*lines)
        if believed:
            await self._parts.store.known.keep_quotes(believed)
            self._parts.forecaster.pricing.learn(believed)

    def live_lines(self, game: Game, state: GameState) -> LiveLines | None:
        """An exchange's moneyline of a game in play; None where there is no fresh one.

        Where all that is shown is delayed, the moneyline is as old as the delay.
        """
        if not state.phase.in_play:
            return None
        return exchange_lines(self.board.lines(game.id), self._clock.now() - self._parts.behind)

    # -------------------------------------------------------------------------------------- rules

    async def _step_rules(self, games: Iterable[str]) -> None:
        """Step the market rules of the bets on some games, with the quotes just taken."""
        wanted = {x.game.id: x for x in self._live() if x.game.id in set(games)}
        for game_id, tracking in wanted.items():
            poll = self._polls.get(game_id)
            if poll is None or not any(map(_watches, tracking.tracked)):
                continue
            change = self._stepped(tracking)
            if change.empty:
                continue
            decided = self._parts.route(change, self._clock.now())
            said = worded(decided, self._parts.style)
            await self._store.record_rules(
                game_id, said.rules, said.alerts, poll, self._parts.channels
            )
            self._rules |= {(x.bet, x.rule): x for x in said.rules}
            if any(x.notifies for x in said.alerts):
                self._parts.wake_channels()

    def _stepped(self, tracking: GameTracking) -> Change:
        states: list[RuleState] = []
        alerts: list[Alert] = []
        quoted, readings = self._quoted(tracking), self._readings[tracking.game.id]
        for tracked in filter(_watches, tracking.tracked):
            number = tracked.bet.number
            known = {x.rule: x for x in tracked.rules} | {
                rule: x for (bet, rule), x in self._rules.items() if bet == number
            }
            reading = market_reading(tracked, quoted)
            last = readings.get(number)
            changed, notified = step_market(tracked, known, reading, tracking, last)
            readings[number] = reading.after(last)
            states += changed
            alerts += notified
        return Change(tracking, rules=tuple(states), alerts=tuple(alerts))

    def _quoted(self, tracking: GameTracking) -> Quoted:
        game, settings, now = tracking.game, self._parts.settings, self._clock.now()
        return Quoted(
            self.board.quotes(game.id), now, settings.mine, settings.anchors,
            live=self.begun(game), stale=tracking.lost or is_stale(tracking, now),
        )  # fmt: skip

    def provider_id(self, game: str) -> str | None:
        """The id by which the paid source last knew a game."""
        return self._ids.get(game)

    # ---------------------------------------------------------------------------------- reckoning

    async def _reckon(self) -> None:
        """Take each close once its game has begun, and value the bets on it, for ever."""
        while True:
            self._news.clear()
            await self._decide()
            for tracking in self._live():
                await self._close(tracking)
            await self._value()
            await wait_for_event(self._clock, self._news, STEP_S)

    async def _decide(self) -> None:
        """Record what each new bet was worth when it was made, once it has its first chance."""
        found = []
        for tracking in self._live():
            for tracked in tracking.tracked:
                if tracked.bet.number in self._decided or tracked.chance is None:
                    continue
                if self._early(tracking, tracked.bet):
                    continue
                open_ = tracked.settlement is None and not tracked.dropped
                if open_ and not self._late(tracking, tracked.bet):
                    found.append(self._decision(tracking, tracked, tracked.chance))
                self._decided.add(tracked.bet.number)
        if found:
            await self._store.decide(found)

    def _early(self, tracking: GameTracking, bet: Bet) -> bool:
        """Whether a bet is so new that its game's first quotes may still be on their way."""
        if self.begun(tracking.game) or self.board.quotes(tracking.game.id):
            return False
        return timedelta(0) <= self._clock.now() - bet.added_at < FIRST_QUOTES

    def _late(self, tracking: GameTracking, bet: Bet) -> bool:
        """Whether a bet's first chance came too late to say what it was worth when made."""
        known_from = max(bet.added_at, tracking.game.start)
        return self.begun(tracking.game) and self._clock.now() - known_from > LAST_DECISION

    def _decision(self, tracking: GameTracking, tracked: Tracked, chance: Chance) -> BetDecision:
        bets = [x.bet for x in tracking.tracked]
        believed = self._parts.forecaster.pricing.believed(tracking.game, bets)
        standing = zip(tracked.bet.legs, tracked.legs, strict=False)
        paid = part_paid((leg.odds, x.chance) for leg, x in standing if x.chance is not None)
        return decision(tracked.bet, chance, believed.by, self._quoted(tracking), paid)

    def _live(self) -> list[GameTracking]:
        """What is believed of each followed game, with the bets that are on it now."""
        found = []
        for followed in self._parts.trackings():
            shown = self._shown.get(followed.game.id)
            found.append(followed if shown is None else shown.with_bets(followed.tracked))
        return found

    async def _close(self, tracking: GameTracking) -> None:
        """Take the close of a game that has begun, or void it where the game is called off."""
        game, state = tracking.game, tracking.state
        known = self._closings.get(game.id)
        if state is None:
            return
        revision = 1 if known is None else known.revision + 1
        if state.phase.off:
            if known is None or not known.void:
                await self._keep(GameClose(Closing(game.id, revision, None)))
            return
        if state.phase.rank == 0 or (known is not None and not known.void):
            return
        tip_at = await self._tip(tracking, state)
        if tip_at is not None:
            made = close(game.id, revision, tip_at, self.board.lines(game.id))
            await self._keep(made)
            self._parts.tell(_closed(game, made.closing))

    async def _tip(self, tracking: GameTracking, state: GameState) -> datetime | None:
        """The tip-off by our own feed: from the first poll that showed the game live."""
        seen = await self._store.tipped(tracking.game.id)
        if seen is not None:
            at, period, clock = seen
            return tip_off(
                replace(state, period=period, clock=clock, phase=Phase.LIVE, periods=None), at
            )
        # A game that cannot be priced has no snapshot: its state says when it changed.
        return None if tracking.changed_at is None else tip_off(state, tracking.changed_at)

    async def _keep(self, made: GameClose) -> None:
        """Store a close with the values of the bets that waited only for it."""
        game, now = made.closing.game, self._clock.now()
        self._closings[game] = made.closing
        self._closes[game] = made
        values = await self._values(self._ready({game}))
        polls = {x.poll for x in made.fairs.values()} | {made.closing.poll or 0}
        await self._store.close(made.closing, values, polls, now, made.quoted)
        self._remember(values)

    async def _value(self) -> None:
        """Value bets whose closes are known already: added later, or waiting for another game."""
        values = await self._values(self._ready(None))
        if values:
            await self._store.value(values)
            self._remember(values)

    def _remember(self, values: Iterable[ClosingValue]) -> None:
        self.values |= {x.bet: x for x in values}

    def _ready(self, games: set[str] | None) -> list[Placed]:
        """The bets that have a close for each of their games, but no value by these closes.

        `games` are those whose close was just taken or voided; None for all games. A bet that
        turned out void, has a void leg, or was corrected, is valued again.
        """
        order = {game: place for place, game in enumerate(self._shown)}
        trackings = sorted(self._live(), key=lambda x: order.get(x.game.id, -1))
        newest = {x.bet.number: x for tracking in trackings for x in tracking.tracked}
        return [Placed.of(newest[x]) for x in sorted(newest) if self._waits(newest[x], games)]

    def _waits(self, tracked: Tracked, games: set[str] | None) -> bool:
        ids = {x.id for x in tracked.bet.games}
        closings = [self._closings[x] for x in ids if x in self._closings]
        if len(closings) < len(ids):
            return False
        if games is not None:
            return not games.isdisjoint(ids)
        known = self.values.get(tracked.bet.number)
        last = max(x.revision for x in closings)
        if known is None or (known.closing_revision or 0) < last:
            return True
        placed = Placed.of(tracked)
        tips = (self._closings[x.id].tip_at for x in placed.games)
        return not placed.heeded(known, [x for x in tips if x is not None])

    async def _values(self, placed: list[Placed]) -> list[ClosingValue]:
        if not placed:
            return []
        for game in {y.id for x in placed for y in x.bet.games} - self._closes.keys():
            # It was taken before a restart.
            self._closes[game] = await made_again(self._store, self._closings[game])
        revisions = {x: y.revision for x, y in self.values.items()}
        load, players = self._parts.load, self._parts.forecaster.pricing.players
        now, closes = self._clock.now(), dict(self._closes)
        return await asyncio.to_thread(
            closing_values, placed, closes, revisions, load, players, now
        )


def _watches(tracked: Tracked) -> bool:
    """Whether a bet is open and has a rule on the market."""
    open_one = not tracked.ended
    return open_one and any(isinstance(x, EdgeRule | MoveRule) for x in tracked.bet.rules)


def _closed(game: Game, x: Closing) -> MarketClosed:
    return MarketClosed(game.name, x.by or "nobody", x.home_spread, x.total, x.home_chance)
