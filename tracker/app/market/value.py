"""What a bet is worth against its price: when it is made, while it is open, and at the close."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from tracker.app.market.clv import worth_at_close
from tracker.app.player_priors import PlayerBeliefs, players_in
from tracker.app.pricing import Priced, PricingBasis, believed_of, bet_of, price_now
from tracker.app.views import chance_parts, part, plain, prior_json
from tracker.domain import TrackerError
from tracker.domain.bet import Bet, Parlay, Status, price_of
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Game
from tracker.domain.money import Odds
from tracker.domain.quote import (
    EXCHANGES,
    SPREAD,
    TEAM_TOTAL,
    TOTAL,
    Closing,
    Fair,
    Quote,
    Selection,
    TwoSided,
    selection_of,
    two_sided,
)
from tracker.domain.tracking import Tracked
from tracker.domain.value import (
    BetDecision,
    Cashout,
    ClosingValue,
    Hedges,
    Price,
    Returns,
    cashout,
    edge,
    hedges_of,
    returns_of,
)
from tracker.engine.market import (
    AT_BET,
    GameClose,
    QuoteBoard,
    best_quote,
    close,
    fairs,
    main_line,
    standing,
)
from tracker.engine.market.clv import Placed, closing_lines, value_at_close
from tracker.engine.rules.stepping import MarketReading
from tracker.forecast.game.parameters import Parameters
from tracker.forecast.market import closing_outlook, moved_to
from tracker.forecast.outlook import Outlook
from tracker.forecast.priors import Believed

if TYPE_CHECKING:
    from tracker.app.bets import Bets
    from tracker.app.explain import Explainer
    from tracker.settings.models import OddsSettings
    from tracker.store import Store
    from tracker.store.quotes import Quotes
    from tracker.store.views import BetView

HAD = timedelta(minutes=10)
"""Age of the oldest price that can still be had before a game, as rules see it."""

NEWEST = timedelta(minutes=30)
"""Quotes no older than this are the market's current ones."""

_DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A game's quotes at a moment, and whose prices count.

    `mine` are the person's books, `anchors` those that only tell what is fair. `live` is whether
    the game has begun, `stale` whether what is believed of it is too old to be trusted.
    """

    quotes: Sequence[Quote]
    at: datetime
    mine: Sequence[str] = ()
    anchors: Sequence[str] = ()
    live: bool = False
    stale: bool = False

    @property
    def newest(self) -> timedelta:
        """The age of the oldest quote that is the market's current one."""
        return AT_BET if self.live else NEWEST


def decision(
    bet: Bet, chance: Chance, prior: str, market: Quoted, paid: float = 1.0
) -> BetDecision:
    """What a bet is worth at this moment: our chance against its price and the best price.

    `paid` is the part of its price that it pays on average when it wins.
    """
    selection = selection_of(bet.market)
    best = None
    if selection is not None:
        found = best_quote(
            market.quotes, selection, market.mine, market.anchors, market.at, market.newest
        )
        best = None if found is None else Price(found.book, found.odds)
    at_bet = exchange_chance(market.quotes, bet, bet.made_at) if market.live else None
    price = None if bet.free else price_of(bet.market, bet.odds)
    return BetDecision(bet.number, market.at, chance, price, prior, best, at_bet, paid)


def exchange_chance(quotes: Sequence[Quote], bet: Bet, at: datetime) -> float | None:
    """An exchange's fair chance of a bet close to a time; None where there is none."""
    selection = selection_of(bet.market)
    if selection is None:
        return None
    near: list[TwoSided] = [
        x for x in two_sided([x for x in quotes if x.book in EXCHANGES])
        if abs(x.stood_at - at) <= AT_BET
    ]  # fmt: skip
    for name in EXCHANGES:
        for line in near:
            if line.book == name and selection.main in (
                line.selection.main, line.selection.main.opposite
            ):  # fmt: skip
                same = line.selection.side == selection.side
                return line.chance if same else 1 - line.chance
    return None


def market_fair(bet: Bet, market: Quoted) -> Fair | None:
    """The market's fair chance of the bet's line now; None where too few books quote it.

    In play only the prices of this minute count, which the books of before the tip-off have not.
    """
    selection = selection_of(bet.market)
    if selection is None:
        return None
    lines = two_sided([x for x in market.quotes if x.open])
    known = fairs(standing(lines, market.at, market.newest).values())
    return known.get(selection.main) or known.get(selection.main.opposite)


def market_chance(bet: Bet, market: Quoted) -> float | None:
    """The market's fair chance of a bet at this moment; None where too few books quote it."""
    fair, selection = market_fair(bet, market), selection_of(bet.market)
    return None if fair is None or selection is None else fair.of(selection)


def market_reading(tracked: Tracked, quoted: Quoted) -> MarketReading:
    """What the market says of a bet at this moment, for its market rules."""
    bet, at = tracked.bet, quoted.at
    selection = selection_of(bet.market)
    if selection is None:
        return MarketReading(at)
    oldest = AT_BET if quoted.live else HAD
    best = best_quote(quoted.quotes, selection, quoted.mine, quoted.anchors, at, oldest)
    worth, chance = None, None if quoted.stale else tracked.chance
    if best is not None and chance is not None and not chance.decided:
        worth = edge(chance, best.odds)
    fair = market_fair(bet, quoted)
    lines = two_sided([x for x in quoted.quotes if at - x.stood_at <= quoted.newest])
    line, line_by = _line(selection, lines)
    return MarketReading(
        at,
        worth,
        None if fair is None else fair.of(selection),
        line,
        "" if best is None else f"{best.odds:.2f} at {best.book}",
        edge_at=None if best is None else best.at,
        price_by=frozenset() if fair is None else fair.whose,
        line_by=line_by,
    )


def _line(selection: Selection, lines: Sequence[TwoSided]) -> tuple[float | None, frozenset[str]]:
    """The main line of a bet's market, from the side of the bet, and the books that have it."""
    if selection.span != "game":
        return None, frozenset()
    if selection.of_player or selection.plain == TEAM_TOTAL:
        about = selection.market, selection.about, selection.span
        mine = {
            (x.book, x.selection.points) for x in lines
            if (x.selection.market, x.selection.about, x.selection.span) == about
        }  # fmt: skip
        known = [points for _, points in mine if points is not None]
        return median(known) if known else None, frozenset(book for book, _ in mine)
    market = TOTAL if selection.plain == TOTAL else SPREAD
    found = main_line(lines, market)
    if found is None:
        return None, frozenset()
    away = selection.side == "away" and market == SPREAD
    return -found.shown if away else found.shown, found.whose


@dataclass(slots=True)
class AtTheClose:
    """Outlooks of games at their closing lines, each worked out when a bet first needs it.

    It takes the bets to be valued, and a function that gives the parameters of a league.
    """

    _closes: Mapping[str, GameClose]
    _bets: Sequence[Bet]
    _load: Callable[[str], Parameters]
    _believed: PlayerBeliefs
    _known: dict[str, Outlook | None] = field(default_factory=dict)

    def __call__(self, game_id: str) -> Outlook | None:
        """The outlook of a game; None where the close has no quotes."""
        if game_id not in self._known:
            self._known[game_id] = self._worked_out(game_id)
        return self._known[game_id]

    def _worked_out(self, game_id: str) -> Outlook | None:
        close = self._closes[game_id]
        game = next(x for bet in self._bets for x in bet.games if x.id == game_id)
        named = players_in(self._bets, game)
        if close.lines.empty and not named:
            return None
        closed_at = closing_lines(close, named)
        quoted = {player for player, _ in closed_at}
        # A player without known games or quotes has no chance.
        named = tuple(x for x in named if x in quoted or self._believed.knows_player(x, game))
        players = self._believed.of(self._bets, game)
        if players is not None:
            # A bet's own line must not count as evidence of what the bet was worth.
            kept = {(x.side, x.key) for x in named}
            known = {who: prior for who, prior in players.known.items() if who in kept}
            players = replace(players, known=known)
        outlook = closing_outlook(game, close.lines, self._load(game.league), players, named)
        closed = {
            who: (fair.selection.points or 0.0, fair.of(replace(fair.selection, side="over")))
            for who, fair in closed_at.items()
        }
        return moved_to(outlook, players, closed) if players is not None and closed else outlook


def closing_values(
    placed: Sequence[Placed],
    closes: Mapping[str, GameClose],
    revisions: Mapping[int, int],
    load: Callable[[str], Parameters],
    players: PlayerBeliefs,
    now: datetime,
) -> list[ClosingValue]:
    """What bets were worth at the closes of their games.

    `revisions` is how many values of each bet were stored before, by its number.
    """
    at_the_close = AtTheClose(closes, [x.bet for x in placed], load, players)
    return [
        value_at_close(x, closes, at_the_close, revisions.get(x.bet.number, 0) + 1, now)
        for x in placed
    ]


async def made_again(quotes: Quotes, closing: Closing) -> GameClose:
    """The close of a game at the tip-off of `closing`, made from what is stored.

    A close of an earlier release, and one that was never taken, is made from the stored quotes: a
    price that did not change shortly before then is in it only where its source's answers tell.
    """
    tip_at = closing.tip_at
    if tip_at is None:
        return GameClose(closing)
    lines = await quotes.made_of(closing)
    if lines is None:
        known = await quotes.standing(closing.game, tip_at - _DAY, tip_at)
        board = QuoteBoard()
        board.restore((x.quote, x.stood_at, x.scope) for x in known)
        lines = board.lines(closing.game)
    made = close(closing.game, closing.revision, tip_at, lines)
    return replace(made, closing=closing)


# ------------------------------------------------------------------------------------- right now


@dataclass(frozen=True, slots=True)
class Worth:
    """A decision, the chance that it rests on, and the market's fair chance."""

    decision: BetDecision
    priced: Priced
    market: float | None


WHY_NONE = {
    NoChance.OUT: "a player is out, so the lines will be void",
    NoChance.LITTLE_KNOWN: "little is known of the player until recent games are read",
    NoChance.NOT_IN_BOX: "the player is not in the box of this game",
}
"""Why a bet has no chance, in the words shown to a person who asks for it."""


async def worth_of(
    basis: PricingBasis, bet: Bet, limits: OddsSettings, now: datetime
) -> Worth | NoChance | None:
    """What a bet is worth at this moment, or why it has no chance; None where it cannot be priced.

    `limits` says whose prices count.
    """
    found = await price_now(basis, bet, now)
    if found is None or isinstance(found, NoChance):
        return found
    quotes = await _quotes(basis.store, bet.games, now)
    quoted = Quoted(quotes, now, limits.mine, limits.anchors, live=found.live)
    made = decision(bet, found.chance, found.prior, quoted, found.paid)
    return Worth(made, found, market_chance(bet, quoted))


async def _quotes(store: Store, games: Iterable[Game], now: datetime) -> list[Quote]:
    quotes = [
        one for game in games for one in await store.quotes.standing(game.id, now - _DAY, now)
    ]
    return [replace(x.quote, told_at=x.stood_at) for x in quotes if x.quote.open]


async def decision_on(
    basis: PricingBasis, view: BetView, limits: OddsSettings, now: datetime
) -> BetDecision | None:
    """What a bet was worth when it was made; for one before its first decision, what it is now."""
    kept = await basis.store.quotes.decision_of(view)
    if kept is not None or view.game is None or view.game.start <= now:
        return kept
    asked = bet_of(view)
    if asked is None or view.result is not None:
        return None
    worth = await worth_of(basis, asked, limits, now)
    return worth.decision if isinstance(worth, Worth) else None


@dataclass(frozen=True, slots=True)
class Valued:
    """The market's side of a bet: the prior of its game, its decision and its closing value."""

    prior: Believed | None
    decision: BetDecision | None
    closing: ClosingValue | None

    def as_json(self) -> dict[str, Any]:
        """The part of `tracker show --json` that stands beside the history."""
        return {
            "prior": None if self.prior is None else prior_json(self.prior),
            "decision": None if self.decision is None else decision_json(self.decision),
            "clv": None if self.closing is None else value_json(self.closing),
        }


async def valued(
    explainer: Explainer, view: BetView, limits: OddsSettings, now: datetime
) -> Valued:
    """The market's side of a bet at a moment; `limits` says whose prices count."""
    basis, prior = explainer.basis, None
    if view.game is not None:
        prior = await believed_of(basis, view.game, now)
    made = await decision_on(basis, view, limits, now)
    return Valued(prior, made, await worth_at_close(basis.store, view))


def decision_json(x: BetDecision) -> dict[str, Any]:
    """A decision as other programs read it."""
    return {
        "p": x.chance.win,
        "push": x.chance.push,
        **part(x, "break_even", "edge", "kelly"),
        "fair_odds": x.fair_odds,
        "prior": x.prior,
        "best": None if x.best is None else {"book": x.best.book, "odds_decimal": x.best.odds},
        "market_at_bet": x.market_at_bet,
    }


def value_json(x: ClosingValue) -> dict[str, Any]:
    """What a bet was worth at the close, as other programs read it."""
    return {**part(x, "grade", "value"), **chance_parts(x.chance), **part(x, "reason", "revision")}


class NotHeld(TrackerError):
    """The worth of a bet cannot be given; the text says why."""


@dataclass(frozen=True, slots=True)
class HeldBet:
    """An open bet whose worth can be given.

    `at` is when its chance was read, and `delay` by how many seconds the person sees it late.
    """

    bet: BetView
    chance: Chance
    stake: int
    odds: Odds
    at: datetime
    now: datetime
    delay: float = 0.0

    @property
    def age_s(self) -> float:
        """How many seconds the chance is behind the game."""
        return (self.now - self.at).total_seconds() + self.delay

    @property
    def returns(self) -> Returns:
        """What the bet pays back for each result."""
        return returns_of(self.stake, self.odds, free=self.bet.draft.free)

    def offered(self, cents: int) -> Cashout:
        """An offer to cash the bet out, compared with what it is worth."""
        return cashout(self.chance, self.returns, cents)

    def hedges(self, other: Odds) -> Hedges:
        """What a second bet on the other side would bring at `other` odds."""
        return hedges_of(self.chance, self.returns, other)


async def held(
    bets: Bets, reference: str, explainer: Explainer, now: datetime, delay: float = 0.0
) -> HeldBet:
    """The bet that a person refers to, with its last chance, or one worked out now.

    `delay` is by how many seconds the person sees a game in play late.
    Raises NotHeld, and BadBet when there is no such bet.
    """
    bet = await bets.bet(reference)
    stake, odds = _stake_and_odds(bet)
    _check_worth(bet)
    if bet.chance is not None and bet.chance_at is not None:
        late = delay if bet.status is Status.LIVE else 0.0
        # At half-time nothing changes for a quarter of an hour, and the chance is no older for it.
        alone = bet.seen_at is not None and not bet.stale and not isinstance(bet.market, Parlay)
        seen = bet.seen_at if alone and bet.status is Status.LIVE else None
        at = max(bet.chance_at, seen or bet.chance_at)
        return HeldBet(bet, bet.chance, stake, odds, at, now, late)
    asked, found = bet_of(bet), None
    if asked is not None:
        found = await price_now(explainer.basis, asked, now)
    if not isinstance(found, Priced):
        raise NotHeld(f"bet {bet.id} has no chance yet: it gets one when the daemon sees its game")
    return HeldBet(bet, found.chance, stake, odds, now, now)


def _stake_and_odds(bet: BetView) -> tuple[int, Odds]:
    """The stake in cents and the price. Raises NotHeld for a bet without one of them."""
    stake, odds = bet.draft.stake_cents, price_of(bet.market, bet.draft.odds)
    if stake is not None and odds is not None:
        return stake, odds
    missing = (("odds", odds is None, "-110"), ("stake", stake is None, "20"))
    names = " and ".join(name for name, lacks, _ in missing if lacks)
    given = " ".join(f"--{name} {such}" for name, lacks, such in missing if lacks)
    them = "them" if " and " in names else "it"
    how = f"`tracker edit {bet.id} {given}` says {them}"
    if bet.draft.from_file:
        how = f"write {them} where it stands in the bets file"
    raise NotHeld(f"bet {bet.id} has no {names}: {how}")


def _check_worth(bet: BetView) -> None:
    """Raise NotHeld for a bet that is over, or whose worth is not known."""
    if bet.result is not None or bet.status is Status.WITHDRAWN:
        raise NotHeld(f"bet {bet.id} is over: `tracker show {bet.id}` says how it ended")
    if bet.dropped or bet.no_chance is not None:
        absent = "a player is out" if bet.out else "a leg dropped out, and the price was for all"
        why = absent if bet.no_chance is None else bet.no_chance.text
        raise NotHeld(
            f"what bet {bet.id} is worth is not known ({why}): see `tracker show {bet.id}`"
        )
    if bet.may_drop:
        raise NotHeld(
            f"what bet {bet.id} is worth is not known: a leg may well push, and only the book "
            "knows what it pays without it"
        )


def cashout_json(x: HeldBet, offer_cents: int) -> dict[str, object]:
    """A cash-out offer against the bet's worth, as `tracker cashout --json` gives it."""
    found = x.offered(offer_cents)
    return _held_json(x) | {
        "offer_cents": found.offer,
        "fair_cents": found.fair,
        "fee": found.fee,
        "break_even": found.break_even if math.isfinite(found.break_even) else None,
    }


def hedge_json(x: HeldBet, against: Odds) -> dict[str, object]:
    """A second bet on the other side, as `tracker hedge --json` gives it."""
    found = x.hedges(against)
    return _held_json(x) | {"against": against.text, **part(found, "lock", "even")}


def _held_json(x: HeldBet) -> dict[str, object]:
    return {
        "id": x.bet.id,
        "number": x.bet.number,
        "chance": plain(x.chance),
        "chance_at": plain(x.at),
        "stake_cents": x.stake,
        "free": x.bet.draft.free,
        "odds": x.odds.text,
    }
