"""Buys quotes from a source that is paid by the request, so that tonight's closes are known.

What it does not buy is recorded with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tracker.app.market import TONIGHT, tip_of
from tracker.app.pricing import Load
from tracker.clock import Clock
from tracker.daemon.forecaster import Forecaster
from tracker.domain.alert import MessageStyle
from tracker.domain.bet import Bet
from tracker.domain.events import OddsRefused, Tell
from tracker.domain.game import Game
from tracker.domain.player import RosterOf
from tracker.domain.poll import Credit, Purchase, Purpose
from tracker.domain.tracking import Change, GameTracking
from tracker.engine.market import credits as plans
from tracker.engine.market.credits import Refusal, Tariff, Tip
from tracker.feeds import FeedError
from tracker.feeds.odds import match, the_odds_api
from tracker.feeds.odds.asking import Asked, Bought, OddsSources
from tracker.settings.models import OddsSettings
from tracker.store import Store

COUNTDOWN_EVERY_S = 45.0
"""Seconds between two readings of the countdown to tip-off in a box score."""

COUNTDOWN_FROM = timedelta(minutes=2)
"""How long before the listed tip-off the countdown is first read."""

MONTH = timedelta(days=31)

BALANCE_EVERY_S = 6 * 3600.0
"""Seconds between two readings of the balance, which is free: the source does not say when its
month ends, and what was used up is there again then."""

REFUSED_FOR_S = 3600.0
"""Seconds until the source is asked again after it refused the key."""

STEP_S = 15.0
"""Seconds between two checks of what is due: the window for buying a close is two minutes."""

NEAR = timedelta(minutes=30)
"""A game with no longer than this to its tip-off is about to begin."""

OVERDUE = timedelta(hours=3)
"""A game that has not begun this long after its listed time will not begin tonight."""

LOOK_AHEAD, LOOK_EVERY = timedelta(hours=6), timedelta(minutes=30)
"""How long before the first tip-off lines are bought ahead of the close, and how often, where
credits are plenty."""


@dataclass(frozen=True, slots=True)
class MarketParts:
    """What the market's loops work with.

    `roster_of` gives the players of a game. `hear` takes the status of a source. `route` decides
    what becomes of each alert, and `wake_channels` is called once one is on disk. `behind` is the
    delay of all that is shown.
    """

    sources: OddsSources
    store: Store
    forecaster: Forecaster
    load: Load
    clock: Clock
    settings: OddsSettings
    tell: Tell
    trackings: Callable[[], Iterable[GameTracking]]
    roster_of: RosterOf
    hear: Callable[[str, datetime, str], None]
    route: Callable[[Change, datetime], Change]
    style: MessageStyle
    channels: Sequence[str]
    wake_channels: Callable[[], None]
    behind: timedelta


class TonightsGames(Protocol):
    """Knows tonight's games, and takes the quotes that were bought."""

    def waiting(self) -> list[Game]:
        """The games that have not begun and may still begin tonight, soonest first."""

    def in_play(self) -> list[Game]:
        """The games that are being played."""

    def game(self, game_id: str) -> Game | None:
        """A recent or coming game by its id; None for another."""

    def bet_on(self) -> dict[str, list[Bet]]:
        """The bets on each game that is followed."""

    def provider_id(self, game: str) -> str | None:
        """The id by which the paid source last knew a game."""

    async def take(self, asked: Asked, paid: Credit | None) -> None:
        """Take an answer's quotes, with what it cost."""


class Buyer:
    """The one loop that spends credits.

    Closes come first, each bought once, and once more if the tip-off slides.
    """

    def __init__(self, parts: MarketParts, watch: TonightsGames) -> None:
        self._watch = watch
        self._parts = parts
        self._clock = parts.clock
        said = parts.settings.the_odds_api
        self._markets = said.markets
        self._tariff = Tariff.of(said.markets, said.regions, said.bookmakers)
        self._remaining: int | None = None
        self._refused_until = 0.0
        self._balance_due: float | None = None
        self._spent = plans.spent((), ())
        self._considered: dict[str, datetime] = {}
        self._refused: set[tuple[str, tuple[str, ...]]] = set()
        self._countdowns: dict[str, tuple[float, timedelta | None]] = {}

    def jobs(self) -> list[Coroutine[None, None, None]]:
        """The one loop, where there is a paid source."""
        return [self._run()] if self._parts.sources.paid else []

    async def _run(self) -> None:
        last = await self._parts.store.quotes.balance(the_odds_api.NAME)
        self._remaining = None if last is None else last.remaining
        await self._recall()
        while True:
            due = self._balance_due
            if (due is None or self._clock.monotonic() >= due) and self.tips():
                await self._ask_balance()
            if self._clock.monotonic() >= self._refused_until:
                await self._turn()
            await self._clock.sleep(STEP_S)

    async def _recall(self) -> None:
        """Load what was bought before a restart, so that it is not bought twice."""
        rows = await self._parts.store.quotes.credits(self._clock.now() - OVERDUE)
        self._spent = plans.spent(rows, self.tips())

    async def _ask_balance(self) -> None:
        first, self._balance_due = self._balance_due is None, self._clock.monotonic()
        self._balance_due += BALANCE_EVERY_S
        credit = await self._parts.sources.balance()
        if first or credit.remaining is not None:
            self._remaining = credit.remaining
        if credit.remaining is None and credit.refused is None:
            # The source does not report its balance: count from the plan what was bought here.
            rows = await self._parts.store.quotes.credits(self._clock.now() - MONTH)
            plan = self._parts.settings.the_odds_api.monthly_credits
            self._remaining = max(0, plan - sum(x.cost for x in rows))
        await self._parts.store.quotes.record(None, (), credit)

    def tips(self) -> list[Tip]:
        """Tonight's games that have bets and whose close the source can sell."""
        bets, now = self._watch.bet_on(), self._clock.now()
        return [
            tip_of(x, bets[x.id], self._markets)
            for x in self._watch.waiting()
            if bets.get(x.id) and x.league in the_odds_api.SPORTS and x.start - now <= TONIGHT
        ]

    async def _turn(self) -> None:
        tips = self.tips()
        for tip in tips:
            left = await self._countdown(tip)
            if not plans.due(tip, self._clock.now(), left):
                continue
            await self._close(tip, tips, left)
            if tip.own:
                await self._own(tip)
        await self._too_late()
        await self._look(tips)

    async def _close(self, tip: Tip, tips: Sequence[Tip], left: timedelta | None) -> None:
        """Buy the featured markets, unless those bought last are fresh enough."""
        now = self._clock.now()
        tips_off = now + (left or timedelta(0))
        last = self._spent.leagues.get(tip.league)
        if last is not None and tips_off - last <= plans.LASTS:
            self._spent.closes[tip.game] = last
            return
        first = tip.game not in self._spent.closes
        if not first and tip.game in self._spent.again:
            return
        group = next(x for x in plans.shared(tips) if tip in x)
        bought = await self._buy(plans.featured(group, self._tariff, again=not first), tips)
        if not first:
            self._spent.again.add(tip.game)
        if bought is not None and bought.asked is not None:
            self._spent.leagues[tip.league] = now
            for one in group:
                self._spent.closes[one.game] = now

    async def _own(self, tip: Tip) -> None:
        """Buy the markets of one game that its bets need beside the featured ones, once.

        What got no answer is asked for again.
        """
        if tip.game in self._spent.own:
            return
        self._spent.own.add(tip.game)
        wanted, event = plans.own(tip, self._tariff), self._watch.provider_id(tip.game)
        event = event or await self._renamed(tip)
        if event is None:
            await self._refuse(Refusal(wanted, "the source does not list the game"))
            return
        bought = await self._buy(wanted, self.tips(), event)
        if bought is not None and bought.closed:
            # The source changes its ids now and then; asking for its list of games is free.
            other = await self._renamed(tip)
            if other not in (None, event):
                await self._buy(wanted, self.tips(), other)
        elif bought is not None and bought.passing:
            self._spent.own.discard(tip.game)

    async def _renamed(self, tip: Tip) -> str | None:
        """The source's current id of a game, from its list; None if missing or unavailable."""
        game = self._watch.game(tip.game)
        try:
            parsed = await self._parts.sources.listed(tip.league)
        except FeedError:
            return None
        return None if game is None else match(parsed, [game], self._clock.now()).ids.get(game.id)

    async def _look(self, tips: Sequence[Tip]) -> None:
        """Buy all lines ahead of the close, where that leaves enough credits for closes."""
        now = self._clock.now()
        for league in sorted({x.league for x in tips}):
            near = [x for x in tips if x.league == league and x.start > now]
            times = self._spent.leagues.get(league), self._considered.get(league)
            last = max(filter(None, times), default=None)
            if not near or near[0].start - now > LOOK_AHEAD or near[0].start - now < NEAR / 3:
                continue
            if last is not None and now - last < LOOK_EVERY:
                continue
            wanted = plans.look(near, self._tariff, now)
            known = self._remaining is not None
            if known and isinstance(self._affordable(wanted, tips), Purchase):
                bought = await self._buy(wanted, tips)
                if bought is not None and bought.asked is not None:
                    self._spent.leagues[league] = now
            self._considered[league] = now

    async def _too_late(self) -> None:
        """Record that a close was not bought, for games that began before it could be."""
        bets = self._watch.bet_on()
        for game in self._watch.in_play():
            late = game.id in bets and game.league in the_odds_api.SPORTS
            if late and game.id not in self._spent.closes and game.id in self._countdowns:
                tip = tip_of(game, bets[game.id], self._markets)
                self._spent.closes[game.id] = self._clock.now()
                await self._refuse(Refusal(plans.featured([tip], self._tariff), plans.BEGUN))

    def _affordable(self, wanted: Purchase, tips: Sequence[Tip]) -> Purchase | Refusal:
        rest = [x for x in tips if x.game not in self._spent.closes and x.game not in wanted.games]
        left = sum(x.planned for x in plans.plan(rest, self._tariff) if x.purpose is Purpose.CLOSE)
        return plans.afford(wanted, self._remaining, self._tariff, left)

    async def _buy(
        self, wanted: Purchase, tips: Sequence[Tip], event: str | None = None
    ) -> Bought | None:
        """Buy a request, and return what came of it; None where it cannot be paid."""
        found = self._affordable(wanted, tips)
        if isinstance(found, Refusal):
            await self._refuse(found)
            return None
        bought = await self._parts.sources.buy(found, event)
        credit = bought.credit
        if credit.remaining is not None:
            self._remaining = credit.remaining
        elif self._remaining is not None:
            self._remaining = max(0, self._remaining - credit.cost)
        if bought.asked is not None:
            await self._watch.take(bought.asked, credit)
        else:
            await self._parts.store.quotes.record(None, (), credit)
            self._parts.tell(OddsRefused(wanted.what, credit.refused or ""))
        if bought.fatal and self._remaining != 0:
            self._refused_until = self._clock.monotonic() + REFUSED_FOR_S
        return bought

    async def _refuse(self, refusal: Refusal) -> None:
        """Record what is not bought of these games and why, once."""
        what, games = refusal.purchase.what, refusal.purchase.games
        if (what, games) in self._refused:
            return
        self._refused.add((what, games))
        credit = Credit(
            the_odds_api.NAME, self._clock.now(), what, refusal.purchase.planned,
            refused=refusal.why,
        )  # fmt: skip
        await self._parts.store.quotes.record(None, (), credit)
        self._parts.tell(OddsRefused(what, refusal.why))

    async def _countdown(self, tip: Tip) -> timedelta | None:
        """The time to tip-off by the countdown in the box score, read only near the listed time."""
        now, game = self._clock.now(), self._watch.game(tip.game)
        if game is None or now < tip.start - COUNTDOWN_FROM:
            return None
        known = self._countdowns.get(tip.game)
        if known is None or self._clock.monotonic() - known[0] >= COUNTDOWN_EVERY_S:
            countdown = await self._parts.sources.countdown(game)
            known = self._countdowns[tip.game] = self._clock.monotonic(), countdown
        passed = timedelta(seconds=self._clock.monotonic() - known[0])
        return None if known[1] is None else max(known[1] - passed, timedelta(0))
