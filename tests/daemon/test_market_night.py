"""Promises of a night with quotes: closes, values, credits and their reports, end to end."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from contextlib import closing, redirect_stdout
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.daemon import night
from tests.doubles.clock import FakeClock
from tests.doubles.leap import DATABASE, play
from tests.engine.build import GAME, SCHEDULED, bet, live
from tracker.__main__ import run as command
from tracker.clock import Clock
from tracker.daemon.forecaster import Forecaster
from tracker.daemon.run import Setup, run
from tracker.daemon.watchers.buying import Buyer, MarketParts
from tracker.daemon.watchers.market import MarketWatch
from tracker.domain.alert import PLAIN, Decision
from tracker.domain.bet import Bet
from tracker.domain.chance import Chance
from tracker.domain.draft import Draft
from tracker.domain.events import OddsRefused, SystemEvent
from tracker.domain.game import Game
from tracker.domain.player import nobody
from tracker.domain.policy import parse_rule
from tracker.domain.poll import Credit, Document, Purchase, Purpose
from tracker.domain.quote import MONEYLINE, Quote, Selection
from tracker.domain.tracking import Change
from tracker.feeds.odds import BookPrice, OfferedGame, Parsed, the_odds_api
from tracker.feeds.odds.asking import Asked, Bought, OddsSources
from tracker.forecast import load_parameters
from tracker.language import find_in_game, parse_pick
from tracker.settings import load_secrets, load_settings
from tracker.settings.models import OddsSettings
from tracker.store import Store

KEY = "a-key-that-must-not-show-0123456789"
GAMES = ("LAC@LAL", "HOU@ATL")
UNTIL = night.TIP_OFF + timedelta(minutes=20)
"""By then both games have tipped off, and their closes have been taken."""


def write_files(folder: Path, url: str) -> Path:
    """A configuration with every provider on the local server, and bets of each kind."""
    picks = {
        "ml": ("LAL ML", "LAC@LAL", -160), "moved": ("LAL -4.5", "LAC@LAL", 110),
        "player": ("LeBron James over 26.5 pts", "LAC@LAL", -115),
        "bare": ("over 227.5", "LAC@LAL", 0),
        "plain": ("under 226.5", "HOU@ATL", -105),
    }  # fmt: skip
    rows = [
        f'[[bet]]\nid = "{name}"\npick = "{pick}"\ngame = "{game}"\n'
        + (f"odds = {odds}\nstake = 11.0\n" if odds else "")
        for name, (pick, game, odds) in picks.items()
    ]
    rows.append('[[bet]]\nid = "parlay"\npick = "parlay: LAL ML; HOU ML"\nodds = 260\nstake = 5\n')
    (folder / "bets.toml").write_text("\n".join(rows), "utf-8")
    config = folder / "tracker.toml"
    config.touch(mode=0o600)
    config.write_text(
        f"""timezone = "America/New_York"
[store]
path = "tracker.db"
[feeds.nba]
base_url = "{url}"
[feeds.espn]
base_url = "{url}"
[notify]
console = false
[odds]
mine = ["betmgm", "kalshi"]
[odds.the_odds_api]
key = "{KEY}"
base_url = "{url}"
[odds.kalshi]
base_url = "{url}"
[odds.polymarket]
base_url = "{url}"
clob_url = "{url}"
""",
        "utf-8",
    )
    return config


async def played(folder: Path, clock: Clock) -> tuple[list[str], int]:
    """Run the daemon until the games are on: what it logged, and the credits that were used."""
    stop, logged = asyncio.Event(), list[str]()

    def tell(event: SystemEvent) -> None:
        logged.append(f"{event.name} {event.figures}")

    async with night.feed(GAMES, clock) as server:
        settings = load_settings(write_files(folder, server.url))
        key = load_secrets(settings).odds_key
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run(Setup(settings, [], clock, tell, seed=1, odds_key=key), stop))
            await clock.sleep((UNTIL - clock.now()).total_seconds())
            stop.set()
        return logged, server.odds.used[KEY]


@pytest.mark.timeout(180)
def test_a_night_with_quotes_ends_in_closes_and_values(tmp_path: Path) -> None:
    """Every bet has a close or a reason, credits are charged as planned, and the key is nowhere."""
    logged, used = play(lambda clock: played(tmp_path, clock), night.STARTS, DATABASE)

    def said(*words: str) -> Any:
        out = io.StringIO()
        with redirect_stdout(out):
            assert command(["--config", str(tmp_path / "tracker.toml"), *words, "--json"]) == 0
        return json.loads(out.getvalue())

    asked = (("clv",), ("odds", "LAC@LAL"), ("odds", "credits"), ("show", "ml"))
    found, odds, credit, show = [said(*words) for words in asked]
    assert found["n"] == 6
    assert {x["id"]: x["grade"] for x in found["bets"]} == {
        "ml": "quoted", "moved": "converted", "player": "missing", "bare": "missing",
        "plain": "quoted", "parlay": "converted",
    }  # fmt: skip
    assert found["missing"] == {"little known of the player": 1, "no price": 1}
    assert found["coverage"] == 4 / 6
    ml = next(x for x in found["bets"] if x["id"] == "ml")
    close = ml["close"]
    assert (close["home_spread"], close["total"], close["by"]) == (-3.0, 227.5, "6 books")
    assert ml["win"] == close["home_chance"]
    assert abs(ml["clv"] - (ml["win"] * (1 + 100 / 160) - 1)) < 1e-9
    assert odds["close"] == close
    assert credit["used"] == used
    assert paid(tmp_path) == used
    assert show["clv"]["grade"] == "quoted"
    assert show["decision"]["best"] is None or show["decision"]["best"]["book"] == "kalshi"
    assert show["decision"]["prior"]
    leaks(tmp_path, logged)


def paid(folder: Path) -> int:
    """The credits that the rows say were spent: as planned, less players whom no book quotes."""
    with closing(sqlite3.connect(folder / "tracker.db")) as db, db:
        rows = db.execute("SELECT purpose, planned, cost FROM credit WHERE refused IS NULL")
        listed = rows.fetchall()
    assert all(planned == cost or "own markets" in what for what, planned, cost in listed)
    return sum(cost for _, _, cost in listed)


def leaks(folder: Path, logged: list[str]) -> None:
    """Fail where the key is in the database or the log; bodies are searched in full."""
    kept = b"".join(x.read_bytes() for x in folder.iterdir() if x.name != "tracker.toml")
    assert KEY.encode() not in kept
    assert KEY not in "".join(logged)
    with closing(sqlite3.connect(folder / "tracker.db")) as db, db:
        assert KEY not in "\n".join(db.iterdump())
        assert db.execute("SELECT count(*) FROM kept_body").fetchone()[0] >= 1


def ignored(_: object) -> None:
    """Take an event or a notice, and do nothing."""


def market_parts(store: Store, clock: FakeClock, **given: Any) -> MarketParts:
    """The parts of the market's loops; what is not given is empty, or not to be used."""
    usual: dict[str, Any] = dict.fromkeys(x.name for x in fields(MarketParts)) | {
        "store": store, "clock": clock, "settings": OddsSettings(), "tell": ignored,
        "forecaster": Forecaster(lambda _: None, ignored), "load": load_parameters,
        "trackings": tuple, "roster_of": nobody, "style": PLAIN, "channels": (),
        "wake_channels": lambda: None, "behind": timedelta(0),
    }  # fmt: skip
    return MarketParts(**usual | given)


class PaidSource(OddsSources):
    """A paid source with a balance, which sells lines that nobody looks at."""

    paid = True

    def __init__(self, clock: FakeClock, left: int) -> None:
        """`left` are the credits of the month."""
        self.clock, self.left = clock, left
        self.sold: list[str] = []

    async def balance(self) -> Credit:
        """Tell what is left."""
        return Credit(the_odds_api.NAME, self.clock.now(), "balance", 0, remaining=self.left)

    async def countdown(self, game: Game) -> timedelta | None:  # noqa: ARG002 - the source's
        """Know no countdown."""
        return None

    async def buy(self, purchase: Purchase, event: str | None = None) -> Bought:  # noqa: ARG002
        """Take the credits."""
        self.left -= purchase.planned
        self.sold.append(purchase.what)
        what, planned = purchase.what, purchase.planned
        spent = Credit(the_odds_api.NAME, self.clock.now(), what, planned, planned, None, self.left)
        return Bought(
            spent,
            Asked(Document("odds", "/", self.clock.now(), b"", ""), Parsed(), "", lambda _: True),
        )


ON_DENVER, ON_ITS_TOTAL = bet(1, "DEN ML"), bet(1, "DEN over 114.5")


@dataclass
class Tips:
    """One game at a time, with a bet."""

    games: list[Game]
    taken: list[datetime] = field(default_factory=list)

    def waiting(self) -> list[Game]:
        """The game that is to come."""
        return self.games

    def in_play(self) -> list[Game]:
        """None is played."""
        return []

    def game(self, game_id: str) -> Game | None:
        """The game of this id."""
        return next((x for x in self.games if x.id == game_id), None)

    def bet_on(self) -> dict[str, list[Bet]]:
        """A bet on each."""
        return {x.id: [replace(ON_DENVER, game=x)] for x in self.games}

    def provider_id(self, game: str) -> str | None:  # noqa: ARG002 - the protocol's
        """None is known."""
        return None

    async def take(self, asked: Asked, paid: Credit | None) -> None:  # noqa: ARG002
        """Keep when something was bought."""
        self.taken.append(asked.document.at)


class DownSource(PaidSource):
    """A paid source that is down for the first requests for a game's own markets."""

    down = 3

    async def buy(self, purchase: Purchase, event: str | None = None) -> Bought:
        """Fail, or sell."""
        if purchase.purpose is not Purpose.OWN or self.down == 0:
            return await super().buy(purchase, event)
        self.down -= 1
        now, what = self.clock.now(), purchase.what
        row = Credit(the_odds_api.NAME, now, what, purchase.planned, refused="no answer")
        return Bought(row, passing=True)


class OwnTips(Tips):
    """A bet on a team's total, which is bought for its game alone."""

    def bet_on(self) -> dict[str, list[Bet]]:
        """A bet on each."""
        return {x.id: [replace(ON_ITS_TOTAL, game=x)] for x in self.games}

    def provider_id(self, game: str) -> str | None:
        """The id of every game is known."""
        return game


async def test_a_purchase_that_got_no_answer_is_made_again_before_the_tip_off(
    tmp_path: Path,
) -> None:
    """A source that is down for a minute does not cost the markets of a game's bets."""
    clock = FakeClock(GAME.start - timedelta(hours=1))
    source = DownSource(clock, 500)
    async with await Store.open(tmp_path / "t.db", now=clock.now()) as store:
        parts = market_parts(store, clock, sources=source)
        (job,) = Buyer(parts, OwnTips([GAME])).jobs()
        running = asyncio.create_task(job)
        while clock.now() < GAME.start + timedelta(minutes=9):
            await clock.advance(15)
            await store.next_due("nobody")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [x for x in source.sold if x.startswith("own")] == ["own markets LAL@DEN"]


async def test_credits_of_a_new_month_are_used_without_a_restart(tmp_path: Path) -> None:
    """A daemon that had none left buys closes again, and each game that lacked one is recorded."""
    again = [replace(GAME, id=f"g{x}", start=GAME.start + timedelta(days=x)) for x in range(3)]
    clock = FakeClock(GAME.start - timedelta(hours=2))
    source, tips, refused = PaidSource(clock, 0), Tips(again[:1]), list[SystemEvent]()
    async with await Store.open(tmp_path / "t.db", now=clock.now()) as store:
        parts = market_parts(store, clock, sources=source, tell=refused.append)
        (job,) = Buyer(parts, tips).jobs()
        running = asyncio.create_task(job)
        for game in again:
            tips.games = [game]
            source.left = 0 if game != again[-1] else 500
            while clock.now() < game.start + timedelta(minutes=8):
                await clock.advance(60)
                await store.next_due("nobody")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert [type(x) for x in refused] == [OddsRefused] * 2
    assert min(tips.taken) > again[1].start
    assert source.sold.count("close LAL@DEN") == 1


def exchange_says(at: datetime, home: float, book: str = "kalshi") -> Asked:
    """An exchange's answer on LAL@DEN, in which the home side wins with this chance."""
    offers = tuple(
        BookPrice(book, Selection(MONEYLINE, side), 1 / p)
        for side, p in (("home", home), ("away", 1 - home))
    )
    event = OfferedGame("k", GAME.league, GAME.home, GAME.away, offers, GAME.start)
    document = Document(book, "/markets", at, str(at).encode(), str(at))
    return Asked(document, Parsed((event,)), f"{book} /markets", lambda _: True)


async def test_prices_from_play_are_no_prior_of_a_game_without_bets(tmp_path: Path) -> None:
    """The slate tells that it is played; a bet that is added then has the lines from before."""
    clock = FakeClock(GAME.start - timedelta(hours=2))
    forecaster = Forecaster(lambda _: None, ignored)
    async with await Store.open(tmp_path / "t.db", now=clock.now()) as store:
        parts = market_parts(store, clock, forecaster=forecaster)
        watch = MarketWatch(parts)
        await store.save_games([(GAME, SCHEDULED)], clock.now())
        await watch.restore()
        await watch.take(exchange_says(clock.now(), 0.6), paid=None)
        before = forecaster.pricing.believed(GAME, [])
        assert watch.waiting() == [GAME]
        for minutes, home in ((122, 0.7), (140, 0.8)):
            await clock.advance(60 * minutes)
            await watch.take(exchange_says(clock.now(), home), paid=None)
            assert forecaster.pricing.believed(GAME, []) == before
        await store.save_games([(GAME, live(2, 600, (30, 20), (4, 2)))], clock.now())
        await watch.restore()
        assert watch.begun(GAME)
        assert watch.waiting() == []


async def test_a_price_that_was_read_again_after_the_tip_off_is_not_newer_by_that(
    tmp_path: Path,
) -> None:
    """What stood at a time is known from what was read by then, of any source."""
    bought, tip = GAME.start - timedelta(hours=1), GAME.start + timedelta(minutes=9)
    async with await Store.open(tmp_path / "t.db", now=bought) as store:
        await store.save_games([(GAME, SCHEDULED)], bought)
        price = Quote(GAME.id, "betmgm", Selection(MONEYLINE, "home"), bought, 1.6)
        for at, rows in ((bought, [price]), (tip + timedelta(hours=1), [])):
            document = Document(the_odds_api.NAME, "/odds", at, str(at).encode(), str(at))
            await store.quotes.record(document, rows)
        later = tip + timedelta(hours=1)
        await store.keep_answers({f"odds {the_odds_api.NAME}": (later, "ok")}, {}, {}, later)
        (found,) = await store.quotes.standing(GAME.id, bought - timedelta(days=1), tip)
    assert found.stood_at == bought


async def test_what_a_source_says_of_other_games_confirms_no_price_of_one_in_play(
    tmp_path: Path,
) -> None:
    """A source that answers on tomorrow's games is asked no more about one that was begun."""
    read_at, now = GAME.start - timedelta(hours=1), GAME.start + timedelta(hours=1)
    async with await Store.open(tmp_path / "t.db", now=read_at) as store:
        await store.save_games([(GAME, SCHEDULED)], read_at)
        price = Quote(GAME.id, "polymarket", Selection(MONEYLINE, "home"), read_at, 1.6)
        document = Document("polymarket", "/events?x", read_at, b"{}", "d" * 64)
        await store.quotes.record(document, [price])
        await store.keep_answers({"odds polymarket": (now, "ok")}, {}, {}, now)
        (found,) = await store.quotes.standing(GAME.id, read_at - timedelta(days=1), now)
        draft = Draft(parse_pick("DEN ML", find_in_game(GAME)))
        await store.add(draft, game=GAME, defaults=(), at=read_at)
        (asked,) = await store.quotes.standing(GAME.id, read_at - timedelta(days=1), now)
    assert found.stood_at == GAME.start
    assert asked.stood_at == now, "an exchange is asked about a game with open bets to its end"


async def test_an_edge_is_not_confirmed_by_an_answer_that_lacks_its_price(tmp_path: Path) -> None:
    """Another source's answer is no second reading of a book's price."""
    clock = FakeClock(GAME.start - timedelta(hours=2))
    fired: list[str] = []

    def route(change: Change, now: datetime) -> Change:
        fired.extend(f"{now:%H:%M}" for x in change.alerts if x.decision is Decision.FIRED)
        return change

    async with await Store.open(tmp_path / "t.db", now=clock.now()) as store:
        await store.save_games([(GAME, SCHEDULED)], clock.now())
        draft = Draft(parse_pick("DEN ML", find_in_game(GAME)), rules=(parse_rule("edge >= 0.05"),))
        await store.add(draft, game=GAME, defaults=(), at=clock.now())
        (tracking,) = await store.trackings(())
        (tracked,) = tracking.tracked
        followed = replace(tracking, tracked=(tracked.seen_at(Chance(0.6, 0.0, 0.4)),))
        parts = market_parts(
            store, clock, settings=OddsSettings(mine=("kalshi", "polymarket")),
            trackings=lambda: (followed,), route=route,
        )  # fmt: skip
        watch = MarketWatch(parts)
        await watch.restore()
        for book, home in (
            ("kalshi", 0.60), ("polymarket", 0.62), ("kalshi", 0.50), ("polymarket", 0.62),
            ("polymarket", 0.63), ("kalshi", 0.50),
        ):  # fmt: skip
            await clock.advance(60)
            await watch.take(exchange_says(clock.now(), home, book), paid=None)
    assert fired == ["00:06"]
