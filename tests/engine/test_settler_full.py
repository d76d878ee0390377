"""Thousands of bets on real finals, settled by the engine and by a settler made from the rules.

The second one knows nothing of the program: it reads the boxes as they are in the file, bets as
plain words and numbers, and pays in whole cents by its own arithmetic.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from tests.engine.build import rng
from tests.engine.finals import FIGURES, Box, Slate, boxes, ended, final_of, game_of, off_state
from tracker.domain.bet import Bet, Leg, Parlay
from tracker.domain.game import Side
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
)
from tracker.domain.money import parse_odds
from tracker.domain.player import Player, Stat

SPANS = ("game", "regulation", "1H", "2H", "2H regulation", "Q1", "Q2", "Q3", "Q4")
SUMS = {"pra": ("pts", "reb", "ast"), "pr": ("pts", "reb"), "pa": ("pts", "ast"),
        "ra": ("reb", "ast")}  # fmt: skip
KINDS = ("moneyline", "spread", "total", "team total", "odd or even", "3-way", "player",
         "double-double")  # fmt: skip
PRICES = ("-110", "+135", "-250", "+900", "1.91", "2.5", "10/11", "7/2", "-115", "1.05")


@dataclass
class Words:
    """A leg as a bettor says it. `half` is the line in half points."""

    box: Box
    kind: str
    span: str = "game"
    side: str | None = None
    way: str = ""
    half: int = 0
    player: list[Any] = field(default_factory=list)
    stat: str = ""
    tens: int = 2
    price: str | None = None


# The settler that reads the rules.


def points_in(box: Box, span: str) -> tuple[int, int]:
    """Home and away points that count: overtime only in the game and its second half."""
    played = box["periods"]
    counted = {
        "game": played,
        "regulation": played[:4],
        "1H": played[:2],
        "2H": played[2:],
        "2H regulation": played[2:4],
        "Q1": played[0:1],
        "Q2": played[1:2],
        "Q3": played[2:3],
        "Q4": played[3:4],
    }[span]
    return sum(x for x, _ in counted), sum(y for _, y in counted)


def by_rules(leg: Words, off: frozenset[str]) -> str:
    """The result of a leg by the written rules."""
    if leg.box["id"] in off:
        return "void"
    if leg.kind in ("player", "double-double"):
        return by_box(leg)
    home, away = points_in(leg.box, leg.span)
    mine, theirs = (home, away) if leg.side == "home" else (away, home)
    if leg.kind == "moneyline":
        return "push" if mine == theirs else "won" if mine > theirs else "lost"
    if leg.kind == "spread":
        return over_or_under(2 * mine + leg.half, 2 * theirs, "over")
    if leg.kind == "total":
        return over_or_under(2 * (home + away), leg.half, leg.way)
    if leg.kind == "team total":
        return over_or_under(2 * mine, leg.half, leg.way)
    if leg.kind == "odd or even":
        number = home + away if leg.side is None else mine
        return "won" if ("even", "odd")[number % 2] == leg.way else "lost"
    if leg.side is None:
        return "won" if home == away else "lost"
    return "won" if mine > theirs else "lost"


def by_box(leg: Words) -> str:
    """The result of a player's leg: void if he never entered, else by his figures."""
    _, _, _, played, minutes, *figures = leg.player
    if not played and minutes == 0:
        return "void"
    box = dict(zip(FIGURES, figures, strict=True))
    if leg.kind == "double-double":
        tens = [x for x in ("pts", "reb", "ast", "stl", "blk") if box[x] >= 10]
        return "won" if (len(tens) >= leg.tens) == (leg.way == "yes") else "lost"
    made = sum(box[x] for x in SUMS.get(leg.stat, (leg.stat,)))
    return over_or_under(2 * made, leg.half, leg.way)


def over_or_under(twice: int, half: int, way: str) -> str:
    """The result of a count against a line, both doubled."""
    if twice == half:
        return "push"
    return "won" if (twice > half) == (way == "over") else "lost"


def ratio(price: str) -> tuple[int, int]:
    """The factor of a stake, as a fraction."""
    if price.startswith("+"):
        return 100 + int(price[1:]), 100
    if price.startswith("-"):
        return int(price[1:]) + 100, int(price[1:])
    if "/" in price:
        over, under = price.split("/")
        return int(over) + int(under), int(under)
    whole, _, rest = price.partition(".")
    return int(whole + rest.ljust(2, "0")), 100


def to_cents(stake: int, over: int, under: int) -> int:
    """A stake times a fraction, rounded half up to the cent."""
    return (2 * stake * over + under) // (2 * under)


def pays(legs: list[Words], results: list[str], stake: int, price: str | None) -> tuple[str, int]:
    """The result of a slip and the cents that it returns."""
    if "lost" in results:
        return "lost", 0
    if set(results) == {"void"}:
        return "void", stake
    if "won" not in results:
        return "push", stake
    if price is not None and set(results) == {"won"}:
        return "won", to_cents(stake, *ratio(price))
    over = under = 1
    for leg, result in zip(legs, results, strict=True):
        if result == "won":
            assert leg.price is not None
            more, less = ratio(leg.price)
            over, under = over * more, under * less
    return "won", to_cents(stake, over, under)


# Bets of every kind, whose lines lie near what happened.


def a_leg(draw: random.Random, box: Box) -> Words:
    """A random leg on a game, with a price."""
    kind = draw.choice(KINDS)
    leg = Words(box, kind, price=draw.choice(PRICES))
    if kind in ("player", "double-double"):
        return a_player(draw, leg)
    leg.span = draw.choice(SPANS if kind != "3-way" else SPANS[1:])
    leg.side = draw.choice(("home", "away"))
    home, away = points_in(box, leg.span)
    mine, theirs = (home, away) if leg.side == "home" else (away, home)
    near = draw.randint(-5, 5)
    leg.way = draw.choice(("over", "under"))
    if kind == "spread":
        leg.half = max(-199, min(2 * (theirs - mine) + near, 199))
    elif kind == "total":
        leg.side, leg.half = None, max(1, min(2 * (home + away) + near, 800))
    elif kind == "team total":
        leg.half = max(1, 2 * mine + near)
    elif kind == "odd or even":
        leg.side = draw.choice((None, leg.side))
        leg.way = draw.choice(("odd", "even"))
    elif kind == "3-way":
        leg.side = draw.choice((None, leg.side, leg.side))
    return leg


def a_player(draw: random.Random, leg: Words) -> Words:
    """A random leg on a player; one player in eight did not play."""
    absent = draw.random() < 1 / 8
    rows = [x for x in leg.box["players"] if bool(x[3]) != absent] or leg.box["players"]
    leg.player = draw.choice(rows)
    if leg.kind == "double-double":
        best = sorted(rows, key=lambda x: -sorted(x[5:8])[-2])[:6]
        leg.player = draw.choice(best)
        leg.way, leg.tens = draw.choice(("yes", "no")), draw.choice((2, 2, 3))
        return leg
    leg.stat = draw.choice((*FIGURES, *SUMS))
    box = dict(zip(FIGURES, leg.player[5:], strict=True))
    made = sum(box[x] for x in SUMS.get(leg.stat, (leg.stat,)))
    leg.way, leg.half = draw.choice(("over", "under")), max(1, 2 * made + draw.randint(-4, 4))
    return leg


def market_of(leg: Words) -> Market:
    """The leg as the program's market."""
    span, points = Span(leg.span), leg.half / 2
    side = None if leg.side is None else Side(leg.side)
    if leg.kind in ("player", "double-double"):
        player = Player(leg.player[1], Side(leg.player[0]))
        if leg.kind == "double-double":
            return DoubleDouble(player, leg.way == "yes", leg.tens)
        return PlayerTotal(player, Stat(leg.stat), Direction(leg.way), points)
    if leg.kind == "total":
        return Total(Direction(leg.way), points, span)
    if leg.kind == "odd or even":
        return OddEven(Parity(leg.way), side, span)
    if leg.kind == "3-way":
        return ThreeWay(side, span)
    assert side is not None
    if leg.kind == "moneyline":
        return Moneyline(side, span)
    if leg.kind == "spread":
        return Spread(side, points, span)
    return TeamTotal(side, Direction(leg.way), points, span)


@dataclass
class ImportedBet:
    """A bet with the result and payout that it should have."""

    bet: Bet
    legs: list[Words]
    result: str
    cents: int


def a_slip(
    draw: random.Random, number: int, chosen: list[Words], off: frozenset[str]
) -> ImportedBet | None:
    """A single bet or a parlay; None when two of its legs would be the same."""
    legs = [Leg(game_of(x.box), market_of(x), parse_odds(str(x.price))) for x in chosen]
    stake = draw.randint(1, 100_000)
    results = [by_rules(x, off) for x in chosen]
    if len(legs) == 1:
        market: Market | Parlay = legs[0].market
        price, first = chosen[0].price, legs[0].game
    else:
        if len({(x.game.id, x.market) for x in legs}) < len(legs):
            return None
        market, price = Parlay(tuple(legs)), None
        first = market.games[0]
        if draw.random() < 1 / 2 and set(results) <= {"won", "lost"}:
            # What the slip shows may be boosted: it counts as long as every leg does.
            price = draw.choice(("+450", "+1200", "6.96", "11/2"))
    result, cents = pays(chosen, results, stake, price)
    odds = None if price is None else parse_odds(price)
    bet = Bet(number, "a slip", market, first, (), first.start, odds=odds, stake_cents=stake)
    return ImportedBet(bet, chosen, result, cents)


def slips_on(
    draw: random.Random, games: list[Box], count: int, off: frozenset[str]
) -> list[ImportedBet]:
    """Random single bets and parlays, on one game and on several."""
    found: list[ImportedBet] = []
    while len(found) < count:
        size = draw.choice((1, 1, 1, 2, 3, 4, 6))
        on = [draw.choice(games)] * size if draw.random() < 1 / 3 else draw.choices(games, k=size)
        slip = a_slip(draw, len(found) + 1, [a_leg(draw, x) for x in on], off)
        found += [] if slip is None else [slip]
    return found


def settle(
    draw: random.Random, games: list[Box], slips: list[ImportedBet], off: frozenset[str]
) -> Slate:
    """Poll every final twice, with the games in random order."""
    slate = Slate.of([game_of(x) for x in games], [x.bet for x in slips])
    polls = [(x, step) for x in games for step in range(2)]
    draw.shuffle(polls)
    seen: Counter[str] = Counter()
    start = max(ended(game_of(x)) for x in games)
    for i, (box, _) in enumerate(polls):
        state = off_state(box) if box["id"] in off else final_of(box)
        seen[box["id"]] += 1
        slate.poll(state, start + timedelta(minutes=i))
    return slate


def differences(slate: Slate, slips: list[ImportedBet]) -> list[str]:
    """Where the engine and the settler disagree; empty when they agree."""
    found = []
    tracked = slate.tracked()
    for slip in slips:
        one = tracked[slip.bet.number]
        got = one.settlement
        told = ("review", one.review) if got is None else (got.result.value, got.payout_cents)
        if told != (slip.result, slip.cents):
            found.append(f"{slip.legs}: {told}, not {(slip.result, slip.cents)}")
    return found


@pytest.mark.parametrize("seed", range(4))
def test_every_bet_ends_as_the_rules_say(seed: int) -> None:
    """Engine and settler agree on result and cents of any market and parlay."""
    draw = rng(seed)
    games = list(boxes())[seed::4]
    off = frozenset({games[0]["id"]}) if seed % 2 else frozenset()
    slips = slips_on(draw, games, 700, off)
    slate = settle(draw, games, slips, off)
    assert differences(slate, slips) == []
    settled = [x.settlement for x in slate.tracked().values()]
    staked = sum(x.bet.stake_cents or 0 for x in slips)
    back = sum(x.payout_cents or 0 for x in settled if x is not None)
    lost = sum(x.bet.stake_cents or 0 for x in slips if x.result == "lost")
    profit = sum(x.cents - (x.bet.stake_cents or 0) for x in slips if x.result == "won")
    assert staked + profit == back + lost


def test_the_bets_cover_what_can_happen() -> None:
    """Pushes, overtimes, players who did not enter and dropped legs are all common."""
    draw = rng(7)
    slips = slips_on(draw, list(boxes()), 3000, frozenset())
    results = Counter(x.result for x in slips)
    assert min(results[x] for x in ("won", "lost", "push", "void")) >= 20
    legs = [by_rules(x, frozenset()) for slip in slips for x in slip.legs]
    assert min(Counter(legs).values()) >= 200
    dropped = [
        x for x in slips
        if x.result == "won" and any(by_rules(y, frozenset()) != "won" for y in x.legs)
    ]  # fmt: skip
    assert len(dropped) >= 20
    late = [x for slip in slips for x in slip.legs if len(x.box["periods"]) > 4]
    assert {x.kind for x in late} == set(KINDS)


def test_results_become_official_with_the_box() -> None:
    """After two checks of every box each bet is official, also parlays over games."""
    draw = rng(11)
    games = list(boxes())[:5]
    slips = slips_on(draw, games, 200, frozenset())
    slate = settle(draw, games, slips, frozenset())
    for hours in (3, 30):
        for box in draw.sample(games, len(games)):
            for minute in (0, 2):
                at = max(ended(game_of(x)) for x in games) + timedelta(hours=hours, minutes=minute)
                slate.poll(final_of(box), at)
    assert all(x.official for x in slate.tracked().values())
    assert all(tracking.settled for tracking in slate.trackings.values())
    assert differences(slate, slips) == []
