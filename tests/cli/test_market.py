"""Promises of the market's commands: the JSON that others rely on, and the counts of `doctor`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.engine.build import GAME, live, outlook
from tracker.app.market import GameOdds, Offered, credit_report, paths
from tracker.app.market.clv import ClvReport, clv_summary
from tracker.app.market.edges import disagree, edges, edges_now, track
from tracker.app.market.value import Worth
from tracker.app.pricing import Priced, PricingBasis
from tracker.cli.bets.worth import reasons
from tracker.domain.chance import Chance
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.money import parse_odds
from tracker.domain.poll import Credit, Document
from tracker.domain.quote import Closing, Quote, Selection
from tracker.domain.value import BetDecision, ClosingValue, EdgeSeen, Grade, Price, edge
from tracker.language import find_in_game, parse_pick
from tracker.settings.models import OddsSettings
from tracker.store import Store

BOOKS = ("draftkings", "fanduel", "betmgm")
LINES = (
    (Selection("moneyline", "home"), 1.62, 2.45),
    (Selection("spread", "home", -4.5), 1.91, 1.95),
    (Selection("total", "over", 224.5), 1.93, 1.91),
)


def quoted(game: Game, at: datetime) -> list[Quote]:
    """Quotes of three books and an exchange on one game."""
    return [
        Quote(game.id, book, side, at, odds, at)
        for book in (*BOOKS, "kalshi")
        for selection, first, second in LINES
        for side, odds in ((selection, first), (selection.opposite, second))
    ]


@pytest.fixture
def market(cli: Cli, slate: tuple[Game, ...], config: Path) -> Path:
    """A quoted slate, with a bet that has met its close and with credits used."""
    game = slate[0]
    cli("add", "DEN -4.5 -105 $20")

    async def keep() -> None:
        now = datetime.now(UTC)
        async with await Store.open(config.parent / "state" / "tracker.db", now=now) as store:
            document = Document("the_odds_api", "/v4/odds", now, b"[]", "d" * 64)
            paid = Credit("the_odds_api", now, "close LAL@DEN", 3, 3, 120, 380, "/v4/odds")
            faults = {"a price of 1.0": 2, "home and away swapped": 1}
            await store.quotes.record(document, quoted(game, now), paid, faults)
            refused = Credit("the_odds_api", now, "look LAL@DEN", 3, refused="kept for closes")
            await store.quotes.record(None, (), refused)
            odds = (await store.bets_view())[0].draft.odds
            best = Price("fanduel", 1.91)
            chance = Chance(0.55, 0.0, 0.45)
            if not await store.quotes.decisions():
                await store.quotes.decide([BetDecision(1, now, chance, odds, "3 books", best)])
            closing = Closing(game.id, 1, game.start, -5.5, 224.5, 0.61, 3, 20.0, "3 books")
            value = ClosingValue(
                1, 1, Grade.CONVERTED, now, Chance(0.541, 0.0, 0.459), 0.0561, -5.5, "3 books", 1
            )
            await store.quotes.close(closing, [value], [], now)

    asyncio.run(keep())
    return config


CLOSE = {"tip_at", "home_spread", "total", "home_chance", "books", "by", "revision"}


def test_odds_of_a_game_are_the_best_of_each_side_all_quotes_and_the_close(
    cli: Cli, market: Path
) -> None:
    """An exchange is an anchor, and is not among the best prices."""
    told = cli("odds", "MIA@BOS", "--json")
    assert told.json["best"] == []
    assert told.json["close"] is None
    found = cli("odds", "LAL@DEN", "--json").json
    assert found.keys() >= {"game", "at", "best", "quotes", "close"}
    best = {"market", "span", "about", "points", "side", "odds_decimal", "book", "age_s"}
    assert {frozenset(x) for x in found["best"]} == {frozenset(best)}
    assert len(found["best"]) == 6
    assert {x["book"] for x in found["best"]} <= set(BOOKS)
    assert {x["book"] for x in found["quotes"] if x["anchor"]} == {"kalshi"}
    assert found["close"].keys() == CLOSE
    assert found["close"]["home_spread"] == -5.5


def test_the_path_of_a_line_is_the_line_that_the_books_have() -> None:
    """A price that moves at the same points is no other line."""
    at = datetime(2026, 11, 21, 2, tzinfo=UTC)
    steps = ((-5.5, 1.91, 1.91), (-5.5, 1.80, 2.02), (-6.5, 1.91, 1.91))
    history = [
        Quote(GAME.id, book, side, at + timedelta(hours=hour), odds, open=open_)
        for hour, (points, first, second) in enumerate(steps)
        for book in BOOKS
        for line, open_ in ((points, True), (-5.5, points == -5.5))
        for side, odds in (
            (Selection("spread", "home", line), first), (Selection("spread", "away", -line), second)
        )
    ]  # fmt: skip
    assert [x.points for x in paths(history)["spread"]] == [-5.5, -6.5]


def test_closing_line_values_are_told_with_their_coverage(cli: Cli, market: Path) -> None:
    """They can be grouped by any key, and each bet has its grade."""
    found = cli("clv", "--json", "--by", "market").json
    assert found.keys() >= {"n", "coverage", "mean", "se", "missing", "groups", "bets"}
    assert (found["n"], found["coverage"], found["missing"]) == (1, 1.0, {})
    assert found["groups"] == [{"key": "spread", "n": 1, "mean": 0.0561, "se": None}]
    (bet,) = found["bets"]
    assert bet.keys() == {"id", "grade", "clv", "win", "push", "lose", "reason", "close"}
    assert bet["close"].keys() == CLOSE
    said = cli("clv").out
    assert said.startswith("Coverage 1 of 1 bet")
    assert "not yet told" in said
    assert "closed −5.5: your −4.5 was worth +5.6 %" in said


def test_a_price_that_is_mended_is_the_one_that_the_bet_was_made_at(cli: Cli, market: Path) -> None:
    """Correcting a bet's price computes again what the bet was worth when it was made."""
    assert cli("edit", "1", "--odds", "+150").status == 0
    made = cli("show", "1", "--json").json["decision"]
    assert made["break_even"] == pytest.approx(0.4)
    assert made["edge"] == pytest.approx(made["p"] * 2.5 - 1 + made["push"])


def test_a_bet_is_shown_with_its_decision_and_its_close(cli: Cli, market: Path) -> None:
    """`show` has what a bet was worth when it was made, and at the closing line."""
    found = cli("show", "1", "--json").json
    decision = {"p", "break_even", "edge", "kelly", "fair_odds", "prior", "best"}
    assert found["decision"].keys() >= decision
    assert found["decision"]["best"].keys() == {"book", "odds_decimal"}
    assert found["decision"]["kelly"] <= 0.25
    assert found["clv"] == {
        "grade": "converted", "value": 0.0561, "win": 0.541, "push": 0.0, "lose": 0.459,
        "reason": "3 books", "revision": 1,
    }  # fmt: skip


def test_credits_are_what_is_used_left_planned_and_refused(cli: Cli, market: Path) -> None:
    """Without a key nothing is planned, and the answer says so."""
    found = cli("odds", "credits", "--json").json
    assert found.keys() >= {"provider", "used", "remaining", "planned_tonight", "refused"}
    assert (found["provider"], found["used"], found["remaining"]) == ("the_odds_api", 120, 380)
    assert {"what": "look LAL@DEN", "why": "kept for closes"} in found["refused"]
    text = cli("odds", "credits").out
    assert "120 used, 380 left" in text
    assert "look LAL@DEN: kept for closes" in text


async def test_a_close_that_was_bought_with_another_is_planned_no_more(tmp_path: Path) -> None:
    """One request for two games has paid for the second, though the first has begun."""
    now = datetime(2026, 11, 21, 1, tzinfo=UTC)
    game = Game("0022600001", "nba", "DEN", "LAL", now - timedelta(minutes=5))
    async with await Store.open(tmp_path / "t.db", now=now) as store:
        await store.save_games([(game, None)], now)
        draft = Draft(parse_pick("DEN ML", find_in_game(game)))
        await store.add(draft, game=game, defaults=(), at=now - timedelta(hours=1))
        for bought, planned in (("close BOS@NYK", 3), ("close BOS@NYK, LAL@DEN", 0)):
            credit = Credit("the_odds_api", now, bought, 3, 3, 120, 380, "/v4/odds")
            await store.quotes.record(None, (), credit)
            found = await credit_report(store, OddsSettings(), now, keyed=True)
            assert (found.games, found.planned_tonight) == (1, planned)


def test_a_line_is_checked_without_registering_it(cli: Cli, market: Path) -> None:
    """`check` gives chance, prices, edge, Kelly share, and whether it is worth a look."""
    found = cli("check", "DEN -4.5 +105", "--json").json
    assert found["best"]["odds_decimal"] == 1.91
    assert found.keys() >= {"p", "break_even", "edge", "kelly", "fair_odds", "prior", "best"}
    assert len(cli("bets", "--all", "--json").json) == 1
    text = cli("check", "DEN -4.5 -300").out
    assert "not worth a look: the edge" in text


def test_edges_are_listed_and_each_row_is_kept(cli: Cli, market: Path) -> None:
    """`edges` and `recommend` list edges; a game that is not known gives a sentence."""
    found = cli("edges", "--json").json
    assert cli("recommend", "--json").status == 0
    assert isinstance(found, dict | list)
    assert "is no game that is known; known are " in cli("odds", "XXX@YYY").sentence


def test_doctor_counts_what_sources_told_that_could_not_be_used(cli: Cli, market: Path) -> None:
    """It counts unusable quotes by source, and bets that met their close, if quotes are wanted."""
    told = cli("doctor", "--offline").out
    assert "a price of 1.0 2, home and away swapped 1" in told
    assert "closing line values: 1 of 1 bets" in told
    market.write_text(f"{market.read_text('utf-8')}\n[odds]\nsources = []\n", "utf-8")
    assert "closing line values" not in cli("doctor", "--offline").out


def test_a_bet_that_came_back_has_no_closing_line_value(cli: Cli, market: Path) -> None:
    """A void bet has none, whoever settled it, since no price was taken."""
    assert cli("settle", "1", "void", "--reason", "he was out").status == 0
    found = cli("clv", "--json").json
    assert found["missing"] == {"void": 1}
    assert cli("show", "1", "--json").json["clv"]["grade"] == "missing"
    # One of a game that has not begun has missed no tip-off.
    number = cli("add", "LAL@DEN under 230.5 -110", "--json").json["number"]
    assert cli("void", number, "--reason", "the book took it back").status == 0
    assert cli("clv", "--json").json["missing"] == {"void": 2}
    assert "Close    none: void" in cli("show", number).out


def test_an_open_parlay_is_in_no_mean_and_no_chart_of_singles(cli: Cli, market: Path) -> None:
    """The page's sums and its chart keep parlays apart as `clv` does, before their results too."""
    assert cli("add", "parlay: MIA ML; DEN ML +264 $10").status == 0

    async def told() -> tuple[ClvReport, list[tuple[int, int]]]:
        now = datetime.now(UTC)
        async with await Store.open(market.parent / "state" / "tracker.db", now=now) as store:
            chance = Chance(0.3, 0.0, 0.7)
            await store.quotes.value(
                [ClosingValue(2, 1, Grade.CONVERTED, now, chance, 0.092, None, "3 books", 1)]
            )
            sums = await store.quotes.value_sums()
            return clv_summary(sums, {}), await store.quotes.value_bins(0.01)

    summed, bins = asyncio.run(told())
    found = cli("clv", "--json").json
    assert (summed.all.n, summed.parlays.n, summed.covered) == (1, 1, 2)
    assert (summed.all.mean, summed.parlays.mean) == (found["mean"], found["parlays"]["mean"])
    assert bins == [(5, 1)]


@pytest.mark.parametrize(("minutes", "listed"), [(-30, True), (30, False)])
async def test_a_price_from_play_is_no_edge_over_a_chance_from_before(
    tmp_path: Path, minutes: int, listed: bool
) -> None:
    """A game that is not followed may be in play from its listed tip-off on."""
    now = datetime(2026, 11, 21, 2, tzinfo=UTC)
    game = Game("0022600001", "nba", "DEN", "LAL", now - timedelta(minutes=minutes))
    prices = [
        Quote(game.id, book, Selection("moneyline", side), now, odds, now)
        for book in BOOKS
        for side, odds in (("home", 2.2), ("away", 1.7))
    ]
    async with await Store.open(tmp_path / "t.db", now=now) as store:
        await store.save_games([(game, None)], now)
        document = Document("the_odds_api", "/v4/odds", now, b"[]", "d" * 64)
        await store.quotes.record(document, prices)
        found = await edges_now(PricingBasis(store, lambda _: None), OddsSettings(), now)
    assert bool(found.listed or found.disagreements) is listed
    assert ("the game is not followed just now" in found.left_out) is not listed


def test_in_play_the_books_of_before_the_tip_off_back_no_edge() -> None:
    """An exchange's price is quoted by one book alone, though three left theirs open."""
    home, now = Selection("moneyline", "home"), datetime(2026, 11, 21, 4, tzinfo=UTC)
    state = live(3, 600, (25, 25), (25, 25), (5, 5))

    def offers(book: str, age: float) -> list[Offered]:
        at = now - timedelta(seconds=age)
        return [
            Offered(Quote(GAME.id, book, side, at, odds, at), age, anchor=False)
            for side, odds in ((home, 2.6), (home.opposite, 1.6))
        ]

    exchange = offers("kalshi", 5.0)
    old = [x for book in BOOKS for x in offers(book, 5400.0)]
    fresh = [x for book in BOOKS for x in offers(book, 60.0)]
    for others, listed in ((old, 0), (fresh, 1)):
        odds = GameOdds(GAME, now, tuple(exchange), (*exchange, *others), {}, None)
        found = edges(odds, state, outlook(state), "lines", (), OddsSettings())
        assert len(found.listed) + len(found.disagreements) == listed
        assert found.left_out == ({} if listed else {"quoted by one book alone": 2})


def test_a_book_that_two_sources_quote_backs_no_edge_of_its_own() -> None:
    """One book under its name and in the league's own list is one book."""
    home, now = Selection("moneyline", "home"), datetime(2026, 11, 21, 2, tzinfo=UTC)
    state = GameState.scheduled(GAME)

    def left_out(*books: str) -> dict[str, int]:
        offers = tuple(
            Offered(Quote(GAME.id, book, side, now, 2.6, now), 5.0, anchor=False)
            for book in books
            for side in (home, home.opposite)
        )
        odds = GameOdds(GAME, now, offers[:2], offers, {}, None)
        return dict(edges(odds, state, outlook(state), "lines", (), OddsSettings()).left_out)

    assert left_out("fanduel", "nba:fanduel") == {"quoted by one book alone": 2}
    assert left_out("fanduel", "nba:betmgm") == {}


def test_a_listed_players_line_counts_in_what_came() -> None:
    """The last state of a followed game has its players' figures, by which his line is known."""
    now = datetime(2026, 11, 21, 2, tzinfo=UTC)
    line = PlayerLine("1", "Nikola Jokić", Side.HOME, (("pts", 100),), minutes=30.0, played=True)
    other = PlayerLine("2", "LeBron James", Side.AWAY, (("pts", 90),), minutes=30.0, played=True)
    final = GameState(GAME, Phase.FINAL, 4, 0.0, Score(100, 90), players=(line, other))
    over = Selection("player_points", "over", 99.5, line.name)
    row = EdgeSeen(now, GAME.id, over, 0.5, 2.1, "fanduel", 0.05, "lines")
    assert track([row], {GAME.id: final}).came == 1.0


def test_a_chance_and_a_fair_price_disagree_on_bets_that_do_not_push() -> None:
    """A push of one in ten is no difference between model and market, nor is it to `check`."""
    at = datetime(2026, 11, 20, 23, tzinfo=UTC)

    def apart(chance: Chance, market: float) -> bool:
        made = BetDecision(0, at, chance, parse_odds("2.6"), "lines")
        why = reasons(Worth(made, Priced(chance, "lines", ()), market), OddsSettings())
        assert [x for x in why if "our mistake" in x] == why
        assert bool(why) == disagree(chance, market)
        return bool(why)

    assert not apart(Chance(0.45, 0.10, 0.45), 0.54)
    assert apart(Chance(0.45, 0.10, 0.45), 0.41)
    assert apart(Chance(0.50, 0.0, 0.50), 0.41)


def test_what_edges_said_is_of_bets_that_did_not_push_as_is_what_came() -> None:
    """At a whole number the chance that is told beside the share that won is given no push."""
    now, chance = datetime(2026, 11, 21, 2, tzinfo=UTC), Chance(0.48, 0.04, 0.48)
    ends: dict[str, GameState | None] = {
        str(n): GameState(GAME, Phase.FINAL, 4, 0.0, Score(100 + n, 100)) for n in (2, 3, 4)
    }
    selection = Selection("spread", "home", -3.0)
    rows = [
        EdgeSeen(now, name, selection, chance.win, 2.1, "fanduel", edge(chance, 2.1), "lines")
        for name in ends
    ]
    did = track(rows, ends)
    assert (did.n, did.came) == (2, 0.5)
    assert did.said == pytest.approx(0.5)
    assert did.profit == pytest.approx(0.05)
