"""The one way from the state of a game to the chance of a bet: players and parlays included.

The daemon, adding, `why`, cash-out and hedge go by it, so that a bet has one chance whoever asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tracker.app.player_priors import PlayerBeliefs, players_in
from tracker.domain.bet import Bet
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.prior import SourcedPrior
from tracker.domain.quote import two_sided
from tracker.domain.tracking import Group
from tracker.engine.decide.parlays import combined
from tracker.engine.market import exchange_lines
from tracker.forecast import Parameters, Unpriceable, load_parameters
from tracker.forecast.explain import Seen
from tracker.forecast.market import LiveLines, shift_of, usable
from tracker.forecast.priors import Believed, Known

if TYPE_CHECKING:
    from tracker.domain.market import Market
    from tracker.domain.policy import Rule
    from tracker.domain.prior import Finished, Lines, PregameLines
    from tracker.store import Store
    from tracker.store.views import BetView

LinesFor = Callable[[Game], "Lines | None"]
"""The closing lines that the configuration gives for a game."""

Load = Callable[[str], Parameters]
"""The parameters in use of a league. It may be called from several threads."""


LATE_S = 120.0
"""Seconds left of a game inside of which a chance may be another by the time it is read."""


class Pricing:
    """Prices bets by what is known of games and players before their tip-off.

    Whoever learns more of games tells it by `know` or `learn`, and of players tells `players`.
    """

    def __init__(
        self, known: Known, players: PlayerBeliefs | None = None, load: Load = load_parameters
    ) -> None:
        """`load` gives the parameters of a league."""
        self._known = known
        self.players = PlayerBeliefs() if players is None else players
        self._load = load

    @property
    def known(self) -> Known:
        """What is known of games before their tip-off."""
        return self._known

    def know(self, quotes: Mapping[str, PregameLines], finished: Sequence[Finished]) -> None:
        """Go by these lines, by the game's id, and these games that are over, in order of play."""
        self._known = replace(self._known, quotes=quotes, finished=finished)

    def learn(self, quotes: Mapping[str, PregameLines]) -> None:
        """Go by these lines of some games too, in place of those that were known of them."""
        self._known = replace(self._known, quotes={**self._known.quotes, **quotes})

    def believed(self, game: Game, bets: Sequence[Bet]) -> Believed:
        """What was believed of a game before its tip-off, of all that was known then."""
        return self._believed(game, bets, self._load(game.league))

    def _believed(self, game: Game, bets: Sequence[Bet], parameters: Parameters) -> Believed:
        before = [x for x in bets if x.made_at <= game.start]
        return self._known.before(game, before, parameters)

    def prior_of(self, game: Game, bets: Sequence[Bet]) -> SourcedPrior:
        """The prior of a game as snapshots keep it, with what is known of each player bet on."""
        parameters = self._load(game.league)
        believed = self._believed(game, bets, parameters)
        players = self.players.of(bets, game, parameters.players)
        told_by = {} if players is None else players.told_by
        markets = [leg.market for bet in bets for leg in bet.legs]
        asked = [x.player for x in markets if isinstance(x, PlayerTotal | DoubleDouble)]
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
    ) -> Seen:
        """All that a forecast goes by: the state, the bets on the game, the parameters in use.

        `parameters` are those of another model than the one in use, `live` what the market quotes
        at that moment.
        """
        game = state.game
        used = parameters or self._load(game.league)
        prior = self._believed(game, bets, used).prior
        lined_up = self.players.lined_up(state, bets)
        plain = Seen(lined_up, prior, used, players=self.players.of(bets, game, used.players))
        if live is None or not usable(live, state):
            return plain
        return replace(plain, shift=shift_of(plain.outlook(), state, live))

    def chance(
        self,
        bet: Bet,
        states: Mapping[str, GameState],
        live: Mapping[str, LiveLines | None] | None = None,
    ) -> Chance | NoChance | None:
        """The chance of a bet at the states of its games, by their ids; `live` likewise.

        Or why it has none, as of a player of whom nothing is known; None where none can say.
        """
        groups = []
        for game in bet.games:
            try:
                quoted = (live or {}).get(game.id)
                seen = self.seen(states[game.id], [bet], live=quoted)
                part = seen.chance(markets_in(bet, game.id))
            except Unpriceable as why:
                return why.why
            groups.append(Group(game.id, part))
        return combined(groups)


def markets_in(bet: Bet, game_id: str) -> list[Market]:
    """What must come true of a bet in one game."""
    return [leg.market for leg in bet.legs if leg.game.id == game_id]


@dataclass(frozen=True, slots=True)
class Priced:
    """A bet's chance at this moment, and who told what was believed of its games.

    `live` is whether any of them has begun, `late` whether one is about to end.
    """

    chance: Chance
    prior: str
    live: bool
    late: bool


async def price_now(
    store: Store,
    bet: Bet,
    given: LinesFor,
    load: Load = load_parameters,
    now: datetime | None = None,
) -> Priced | NoChance | None:
    """The chance of a bet as the daemon would give it at this moment, or why it has none.

    None where nothing can be said, as of a game that is called off. `given` are the lines of the
    configuration; with `now` the market's live lines of that moment are looked at too.
    """
    states: dict[str, GameState] = {}
    for game in bet.games:
        slate = await store.games(game.slate)
        state = next((s for g, s in slate if g.id == game.id and s is not None), None)
        states[game.id] = state or GameState(game, Phase.SCHEDULED, 0, 0.0, Score(0, 0))
    if any(x.phase.off for x in states.values()):
        return None
    pricing = await pricing_of(store, [x.game for x in states.values()], [bet], given, load)
    live = {} if now is None else {x: await live_lines(store, y, now) for x, y in states.items()}
    chance = await asyncio.to_thread(pricing.chance, bet, states, live)
    if chance is None or isinstance(chance, NoChance):
        return chance
    sources = dict.fromkeys(pricing.believed(x.game, [bet]).by for x in states.values())
    return Priced(
        chance,
        ", ".join(sources),
        live=any(x.phase is not Phase.SCHEDULED for x in states.values()),
        late=any(x.phase.in_play and x.seconds_left <= LATE_S for x in states.values()),
    )


SINCE_TIP = timedelta(hours=5)
"""How far back an exchange's price of a game in play may first have been told."""


async def live_lines(store: Store, state: GameState, at: datetime) -> LiveLines | None:
    """An exchange's moneyline that stood at a time, of a game in play; None where there is none."""
    if not state.phase.in_play:
        return None
    standing = await store.quotes.standing(state.game.id, at - SINCE_TIP, at)
    quotes = [replace(x.quote, at=x.stood_at, told_at=x.stood_at) for x in standing if x.quote.open]
    return exchange_lines(two_sided(quotes), at)


async def pricing_of(
    store: Store,
    games: Sequence[Game],
    bets: Sequence[Bet],
    given: LinesFor,
    load: Load = load_parameters,
    at: datetime | None = None,
) -> Pricing:
    """What prices bets on some games: lines and results, their players' last games, who is out.

    `at` is the moment by which players are said to be out; None for the last that was read.
    """
    quotes: dict[str, PregameLines] = {}
    finished: list[Finished] = []
    for game in games:
        quotes |= await store.known.quotes(game.id)
    for league in dict.fromkeys(x.league for x in games):
        finished += await store.known.finished(league)
    players = PlayerBeliefs()
    whom = [(game.league, x.key) for game in games for x in players_in(bets, game)]
    leagues = dict.fromkeys(x.league for x in games)
    absences = await store.seasons.absences(leagues, at)
    if whom:
        before = max(x.start for x in games)
        recent = await store.players.recent_games(whom, before=before)
        teams = {(game.league, x) for game in games for x in (game.home, game.away)}
        played = await store.players.team_games(teams, before=before)
        against = await store.players.opponents(teams, before=before)
        players.learn(recent, played, absences, against)
    else:
        players.learn({}, {}, absences)
    return Pricing(Known(given, quotes, finished), players, load)


async def believed_of(
    store: Store, game: Game, rules: tuple[Rule, ...], given: LinesFor, load: Load, now: datetime
) -> Believed:
    """The prior of a game as the daemon would say it, and who tells it.

    `rules` are those of bets that bring none, `given` the lines of the configuration.
    """
    views = await store.bets_on(game.id, rules)
    bets = bets_before(views, game, now)
    pricing = await pricing_of(store, [game], bets, given, load)
    return pricing.believed(game, bets)


def bets_before(views: Sequence[BetView], game: Game, until: datetime) -> list[Bet]:
    """The bets with a leg on a game that a forecast could learn from at a time."""
    return [bet for x in views if (bet := _bet_then(x, game, until)) is not None]


def _bet_then(x: BetView, game: Game, until: datetime) -> Bet | None:
    if x.added_at > until or (x.withdrawn_at is not None and x.withdrawn_at <= until):
        return None
    bet = bet_of(x)
    return bet if bet is not None and any(leg.game.id == game.id for leg in bet.legs) else None


def bet_of(x: BetView) -> Bet | None:
    """A bet that is shown, as it is priced; None before its games are known."""
    if x.game is None or x.market is None:
        return None
    return Bet(
        number=x.number, pick=x.pick, market=x.market, game=x.game, rules=x.rules,
        added_at=x.added_at, odds=x.odds, stake_cents=x.stake_cents, lines=x.lines, book=x.book,
        placed_at=x.placed_at, name=x.name,
    )  # fmt: skip
