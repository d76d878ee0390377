"""The only way from a game's state to a bet's chance, players and parlays included.

The daemon, `add`, `why`, `edges`, cash-out and hedge all use it, so that a bet has one chance
whoever asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracker.app.player_priors import PlayerBeliefs, players_in
from tracker.domain.bet import Bet
from tracker.domain.chance import Chance, NoChance, Unpriceable
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.market import Market, PlayerMarket
from tracker.domain.player import Player
from tracker.domain.prior import Finished, Lines, PregameLines, SourcedPrior
from tracker.domain.quote import two_sided
from tracker.domain.tracking import Group
from tracker.domain.value import part_paid
from tracker.engine.decide.parlays import combined
from tracker.engine.market import exchange_lines
from tracker.forecast import Parameters, load_parameters, price
from tracker.forecast.explain import Seen
from tracker.forecast.market import LiveLines, shift_of, usable
from tracker.forecast.outlook import Outlook
from tracker.forecast.pricing.markets import chance_of, parlay
from tracker.forecast.priors import Believed, Known

if TYPE_CHECKING:
    from tracker.store import Store
    from tracker.store.views import BetView

LinesFor = Callable[[Game], "Lines | None"]
"""Looks up the closing lines that the configuration gives for a game."""

Load = Callable[[str], Parameters]
"""Gives the parameters in use for a league. It may be called from several threads."""


@dataclass(frozen=True, slots=True)
class PricingBasis:
    """What every price rests on: the database, the configuration's lines, the models in use."""

    store: Store
    given: LinesFor
    load: Load = load_parameters


LATE_S = 120.0
"""With no more seconds left of a game, a chance may have changed by the time it is read, and a
price is gone before it can be used."""


class Pricing:
    """Prices bets from the priors of games and players.

    What is learned of games is given to `know` or `learn`, what is learned of players to `players`.
    `known` is what is known of games before their tip-off.
    """

    def __init__(
        self, known: Known, players: PlayerBeliefs | None = None, load: Load = load_parameters
    ) -> None:
        """`load` gives the parameters of a league."""
        self.known = known
        self.players = PlayerBeliefs() if players is None else players
        self._load = load

    def know(self, quotes: Mapping[str, PregameLines], finished: Sequence[Finished]) -> None:
        """Use these lines, by game id, and these finished games, in order of play."""
        self.known = self.known.learnt(quotes, finished)

    def learn(self, quotes: Mapping[str, PregameLines]) -> None:
        """Use these lines too, replacing those that were known of the same games."""
        self.known = self.known.learnt({**self.known.quotes, **quotes}, self.known.finished)

    def believed(self, game: Game, bets: Sequence[Bet]) -> Believed:
        """The prior of a game, from all that was known before its tip-off."""
        return self._believed(game, bets, self._load(game.league))

    def _believed(self, game: Game, bets: Sequence[Bet], parameters: Parameters) -> Believed:
        before = [x for x in bets if x.made_at <= game.start]
        return self.known.before(game, before, parameters)

    def prior_of(self, game: Game, bets: Sequence[Bet]) -> SourcedPrior:
        """The prior of a game as snapshots store it, with what the players' priors rest on."""
        parameters = self._load(game.league)
        believed = self._believed(game, bets, parameters)
        players = self.players.of(bets, game, parameters.players)
        told_by = {} if players is None else players.told_by
        markets = [leg.market for bet in bets for leg in bet.legs]
        asked = [x.player for x in markets if isinstance(x, PlayerMarket)]
        names = {who.key: who.name for who in asked}
        of_players = (f"{names.get(key, key)}: {x}" for (_, key), x in sorted(told_by.items()))
        by = "; ".join((believed.by, *of_players))
        return SourcedPrior(believed.prior.margin, believed.prior.total, by)

    def seen(
        self,
        state: GameState,
        bets: Sequence[Bet],
        parameters: Parameters | None = None,
        live: LiveLines | None = None,
        named: Sequence[Player] = (),
    ) -> Seen:
        """All that a forecast uses: the state, the bets on the game, the parameters.

        `parameters` are those of another model than the one in use. `live` are the market's lines
        at that moment. `named` are players to be priced beside those of the bets.
        """
        game = state.game
        used = parameters or self._load(game.league)
        prior = self._believed(game, bets, used).prior
        lined_up = self.players.lined_up(state, bets, named)
        players = self.players.of(bets, game, used.players, named)
        plain = Seen(lined_up, prior, used, players=players)
        if live is None or not usable(live, state):
            return plain
        return replace(plain, shift=shift_of(plain.outlook(), state, live))

    def worth(
        self,
        bet: Bet,
        states: Mapping[str, GameState],
        live: Mapping[str, LiveLines | None] | None = None,
        beside: Sequence[Bet] = (),
    ) -> tuple[Chance | NoChance | None, float]:
        """The chance of a bet, and the part of its price that it pays on average when it wins.

        `states` and `live` are those of its games and their live lines, by game id. In place of a
        chance stands the reason why it has none, such as a player of whom nothing is known; None
        where no reason is known either. `beside` are the other bets on the games, whose lines tell
        of them too.
        """
        groups, paid, known = [], 1.0, in_order([*beside, bet])
        for game in bet.games:
            legs = [x for x in bet.legs if x.game.id == game.id]
            try:
                quoted = (live or {}).get(game.id)
                outlook = self.seen(states[game.id], known, live=quoted).outlook()
                part = parlay([x.market for x in legs], outlook)
                if len(bet.legs) > 1 and not part.decided:
                    paid *= part_paid((x.odds, chance_of(x.market, outlook)) for x in legs)
            except Unpriceable as why:
                return why.why, 1.0
            groups.append(Group(game.id, part))
        return combined(groups), paid


def calibrated_or_none(market: Market, outlook: Outlook) -> Chance | None:
    """The calibrated chance of a market; None where too little is known of its player."""
    try:
        return price(market, outlook)
    except Unpriceable:
        return None


def markets_in(bet: Bet, game_id: str) -> list[Market]:
    """The markets of a bet's legs on one game."""
    return [leg.market for leg in bet.legs if leg.game.id == game_id]


@dataclass(frozen=True, slots=True)
class Priced:
    """A bet's chance by the last known states of its games, and what their priors rest on.

    `paid` is the part of its price that it pays on average when it wins.
    """

    chance: Chance
    prior: str
    states: tuple[GameState, ...]
    paid: float = 1.0

    @property
    def live(self) -> bool:
        """Whether any of the games has begun."""
        return any(x.phase is not Phase.SCHEDULED for x in self.states)

    @property
    def late(self) -> bool:
        """Whether one of the games is about to end."""
        return any(x.phase.in_play and x.seconds_left <= LATE_S for x in self.states)


async def price_now(basis: PricingBasis, bet: Bet, now: datetime) -> Priced | NoChance | None:
    """The chance of a bet as the daemon would give it at this moment, or why it has none.

    None where nothing can be said, such as for a game that is called off.
    """
    store = basis.store
    states: dict[str, GameState] = {}
    for game in bet.games:
        slate = await store.games(game.slate)
        state = next((s for g, s in slate if g.id == game.id and s is not None), None)
        states[game.id] = state or GameState.scheduled(game)
    if any(x.phase.off for x in states.values()):
        return None
    games = [x.game for x in states.values()]
    known = await bets_on(store, games, now)
    beside = [x for x in known if x.number != bet.number]
    together = in_order([*beside, bet])
    pricing = await pricing_of(basis, games, together)
    live = {x: await live_lines(store, y, now) for x, y in states.items()}
    chance, paid = await asyncio.to_thread(pricing.worth, bet, states, live, beside)
    if chance is None or isinstance(chance, NoChance):
        return chance
    told = [pricing.believed(x, together) for x in games]
    # Whose margin and whose total is said of one game alone: of several it would not be clear.
    sources = dict.fromkeys(by for x in told for by in (x.margin_by, x.total_by))
    prior = told[0].by if len(told) == 1 else ", ".join(sources)
    return Priced(chance, prior, tuple(states.values()), paid)


def in_order(bets: Iterable[Bet]) -> list[Bet]:
    """Bets as the daemon prices them, of whose lines one may count: by number, new ones last."""
    return sorted(bets, key=lambda x: (not x.number, x.number))


async def bets_on(store: Store, games: Iterable[Game], until: datetime) -> list[Bet]:
    """The bets with a leg on some games at a time, by number: what the daemon prices together."""
    views = {x.number: x for game in games for x in await store.bets_on(game.id, ())}
    return [bet for x in sorted(views) if (bet := _bet_at(views[x], until)) is not None]


SINCE_TIP = timedelta(hours=5)
"""How far back an exchange may first have quoted a price that stands in play."""


async def live_lines(store: Store, state: GameState, at: datetime) -> LiveLines | None:
    """An exchange's moneyline of a game in play at a time; None where there is none."""
    if not state.phase.in_play:
        return None
    standing = await store.quotes.standing(state.game.id, at - SINCE_TIP, at)
    quotes = [replace(x.quote, at=x.stood_at, told_at=x.stood_at) for x in standing if x.quote.open]
    return exchange_lines(two_sided(quotes), at)


async def pricing_of(
    basis: PricingBasis, games: Sequence[Game], bets: Sequence[Bet], at: datetime | None = None
) -> Pricing:
    """A pricing for some bets, with all that the store knows of their games and players.

    `at` is the moment by whose injury report players are out; None for the last one that was read.
    """
    whom = {game.id: players_in(bets, game) for game in games}
    known, beliefs = await known_of(basis, games), await beliefs_of(basis.store, games, whom, at)
    return Pricing(known, beliefs, basis.load)


async def known_of(basis: PricingBasis, games: Sequence[Game]) -> Known:
    """What the store and the configuration know of games before their tip-off."""
    store = basis.store
    quotes: dict[str, PregameLines] = {}
    finished: list[Finished] = []
    for game in games:
        quotes |= await store.known.quotes(game.id)
    for league in dict.fromkeys(x.league for x in games):
        finished += await store.known.finished(league)
    return Known(basis.given, quotes, finished)


async def beliefs_of(
    store: Store,
    games: Sequence[Game],
    whom: Mapping[str, Sequence[Player]],
    at: datetime | None = None,
) -> PlayerBeliefs:
    """What the store knows of some players of each game, by its id, and of who is out.

    `at` is the moment of the injury report; None for the last one that was read.
    """
    players = PlayerBeliefs()
    asked = [(game.league, x.key) for game in games for x in whom[game.id]]
    absences = await store.seasons.absences(dict.fromkeys(x.league for x in games), at)
    if asked:
        before = max(x.start for x in games)
        recent = await store.players.recent_games(asked, before=before)
        teams = {(game.league, x) for game in games for x in (game.home, game.away)}
        played = await store.players.team_games(teams, before=before)
        against = await store.players.opponents(teams, before=before)
        players.learn(recent, played, absences, against)
    else:
        players.learn({}, {}, absences)
    return players


async def believed_of(basis: PricingBasis, game: Game, now: datetime) -> Believed:
    """The prior of a game as the daemon would give it, and what it rests on."""
    bets = await bets_on(basis.store, [game], now)
    pricing = await pricing_of(basis, [game], bets)
    return pricing.believed(game, bets)


def _bet_at(x: BetView, at: datetime) -> Bet | None:
    """A bet as it is priced, if it was followed at a time."""
    withdrawn = x.withdrawn_at is not None and x.withdrawn_at <= at
    return None if x.added_at > at or withdrawn else bet_of(x)


def bet_of(x: BetView) -> Bet | None:
    """A bet as it is priced, from how it is shown; None before its games are known."""
    if x.game is None or x.market is None:
        return None
    return x.draft.bet(x.number, x.market, x.game, x.rules, x.added_at)
