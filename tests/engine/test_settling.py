"""Promises of grading: every market ends as its words say, by a settler that only reads words."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.build import GAME, PRIOR, a_game, bet, final, live, market, off, rng
from tracker.domain.bet import Result
from tracker.domain.catalog.books import HouseRules
from tracker.domain.game import GameState, Phase, Score
from tracker.domain.market import describe
from tracker.domain.money import payout_if_won
from tracker.engine.settle.grading import Unsettleable, Verdict, certain, judge
from tracker.engine.settle.payout import payout
from tracker.forecast import forecast, load_parameters, price

SPANS = ("", "regulation ", "1H ", "2H ", "Q1 ", "Q2 ", "Q3 ", "Q4 ")
COUNTED: dict[str, Callable[[list[tuple[int, int]]], list[tuple[int, int]]]] = {
    "": lambda played: played,
    "regulation": lambda played: played[:4],
    "1H": lambda played: played[:2],
    "2H": lambda played: played[2:],
    "Q1": lambda played: played[:1],
    "Q2": lambda played: played[1:2],
    "Q3": lambda played: played[2:3],
    "Q4": lambda played: played[3:4],
}


def verdict(text: str, state: GameState) -> Verdict:
    """The verdict on a market of LAL@DEN by the default rules."""
    return judge(market(text), state, HouseRules())


def by_words(text: str, points: list[tuple[int, int]]) -> str:
    """The result of a pick by its words alone; points are (DEN, LAL) by period."""
    words = text.split()
    span = words.pop(0) if words[0] in COUNTED else ""
    counted = COUNTED[span](points)
    scored = {"DEN": sum(x for x, _ in counted), "LAL": sum(y for _, y in counted)}
    about, *rest = words
    if rest[0] in ("over", "under"):
        have = Fraction(sum(scored.values()) if "@" in about else scored[about])
        ahead = have - Fraction(rest[1])
        ahead = ahead if rest[0] == "over" else -ahead
    else:
        handicap = Fraction(0) if rest[0] in ("ML", "PK") else Fraction(rest[0])
        other = "LAL" if about == "DEN" else "DEN"
        ahead = scored[about] + handicap - scored[other]
    return "won" if ahead > 0 else "lost" if ahead < 0 else "push"


def a_final(draw: random.Random) -> list[tuple[int, int]]:
    """Random points of a game by period; one game in three has overtime."""
    points = [(draw.randint(10, 45), draw.randint(10, 45)) for _ in range(4)]
    level = draw.random() < 1 / 3
    while level:
        home, away = (sum(x) for x in zip(*points, strict=True))
        gap = home - away
        period = len(points)
        h, a = points[-1]
        points[-1] = (h, a + gap) if gap > 0 else (h - gap, a)
        extra = (draw.randint(2, 20), draw.randint(2, 20))
        points.append(extra)
        level = extra[0] == extra[1] and period < 7
    home, away = (sum(x) for x in zip(*points, strict=True))
    if home == away:
        points[-1] = (points[-1][0] + 1, points[-1][1])
    return points


def a_pick(draw: random.Random, points: list[tuple[int, int]]) -> str:
    """A random pick whose line is near the score, so that every result is common."""
    span = draw.choice(SPANS)
    team, other = draw.sample(["DEN", "LAL"], 2)
    counted = COUNTED[span.strip()](points)
    scored = {"DEN": sum(x for x, _ in counted), "LAL": sum(y for _, y in counted)}
    near = draw.randint(-6, 6) / 2
    match draw.randint(0, 3):
        case 0:
            return f"{span}{team} ML"
        case 1:
            line = min(max(scored[other] - scored[team] + near, -99.5), 99.5)
            return f"{span}{team} {f'{line:+g}' if line else 'PK'}"
        case 2:
            line = min(max(sum(scored.values()) + near, 0.5), 400)
            return f"{span}LAL@DEN {draw.choice(['over', 'under'])} {line:g}"
        case _:
            line = max(scored[team] + near, 0.5)
            return f"{span}{team} {draw.choice(['over', 'under'])} {line:g}"


def opposite(text: str) -> str:
    """The other side of a pick."""
    if " over " in text:
        return text.replace(" over ", " under ")
    if " under " in text:
        return text.replace(" under ", " over ")
    turned = text.replace("DEN", "?").replace("LAL", "DEN").replace("?", "LAL")
    return turned.translate(str.maketrans("+-", "-+"))


def test_thousands_of_bets_end_as_their_words_say() -> None:
    """Random bets on random finals, and the other sides of them, end as their words say.

    Each of the 32 kinds (eight spans, four markets) is drawn some thirty times.
    """
    draw = rng(20261121)
    seen = dict.fromkeys(("won", "lost", "push"), 0)
    staked = returned = lost = profit = 0
    for _ in range(1000):
        points = a_final(draw)
        text = a_pick(draw, points)
        odds = draw.choice(["-110", "+135", "1.91", "10/11", "2.5"])
        one = bet(1, text, odds=odds, stake=draw.randint(1, 100_000))
        state = final(*points)
        result = judge(one.legs[0].market, state, HouseRules()).result
        assert result.value == by_words(text, points), (text, points)
        assert describe(one.legs[0].market, GAME.home, GAME.away) == text
        seen[result.value] += 1
        other = verdict(opposite(text), state).result
        assert {result, other} in ({Result.WON, Result.LOST}, {Result.PUSH})
        paid = payout(one, result)
        assert paid is not None
        assert one.stake_cents is not None
        assert one.odds is not None
        staked += one.stake_cents
        returned += paid
        lost += one.stake_cents if result is Result.LOST else 0
        profit += paid - one.stake_cents if result is Result.WON else 0
    assert staked == returned + lost - profit
    assert min(seen.values()) > 50


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_the_forecast_of_a_final_and_its_settlement_agree(seed: int) -> None:
    """At the end of a game a bet's chance is 1 for the result that it gets."""
    draw = rng(seed)
    points = a_final(draw)
    state = final(*points)
    seen = forecast(state, PRIOR, load_parameters("nba"))
    for _ in range(20):
        text = a_pick(draw, points)
        chance = price(market(text), seen)
        won = {"won": chance.win, "push": chance.push, "lost": chance.lose}
        assert won[by_words(text, points)] == 1.0


@pytest.mark.parametrize("phase", [Phase.POSTPONED, Phase.CANCELLED])
def test_a_game_that_is_not_played_returns_the_stake(phase: Phase) -> None:
    """A game that is not played voids every market."""
    for text in ("DEN ML", "Q3 DEN -1.5", "LAL@DEN over 224.5"):
        assert verdict(text, off(phase)).result is Result.VOID
    assert payout(bet(1, "DEN ML"), Result.VOID) == 2000
    said = f"the game was {phase.value}: void, stake returned"
    assert said in verdict("DEN ML", off(phase)).reason


def test_what_is_not_known_for_sure_is_not_settled() -> None:
    """A game that goes on and periods that are missing raise Unsettleable."""
    with pytest.raises(Unsettleable, match="not over"):
        verdict("DEN ML", live(4, 1, (30, 20), (30, 20), (30, 20), (30, 20)))
    blind = GameState(GAME, Phase.FINAL, 4, 0, Score(110, 100))
    assert verdict("DEN ML", blind).result is Result.WON
    with pytest.raises(Unsettleable, match="points by period"):
        verdict("Q1 DEN ML", blind)
    short = GameState(GAME, Phase.FINAL, 4, 0, Score(50, 40), (Score(50, 40),))
    assert verdict("Q1 DEN ML", short).result is Result.WON
    for text in ("1H DEN ML", "2H DEN ML", "Q4 DEN ML", "regulation DEN ML"):
        with pytest.raises(Unsettleable, match="lacks a period"):
            verdict(text, short)


def test_overtime_counts_where_a_book_counts_it() -> None:
    """Overtime counts for the game and its second half, and for no other part."""
    played = [(30, 20), (20, 30), (25, 25), (25, 25), (12, 4)]
    ends = {"": "won", "2H ": "won", "regulation ": "push", "Q4 ": "push", "1H ": "push"}
    for span, result in ends.items():
        assert verdict(f"{span}DEN ML", final(*played)).result.value == result
    assert verdict("2H DEN ML", final(*played)).reason == "2H LAL 54, DEN 62 (Final/OT)"


def test_overtime_tells_that_regulation_was_level() -> None:
    """Where no points by period are known, what a level score decides is settled, and no more."""
    blind = GameState(GAME, Phase.FINAL, 5, 0, Score(112, 104))
    own = HouseRules("own", overtime=False)
    wanted = {
        "DEN ML": "push", "DEN -0.5": "lost", "LAL +0.5": "won", "DEN +4.5": "won",
        "LAL PK": "push", "LAL@DEN even": "won", "DEN 3-way": "lost", "LAL@DEN tie": "won",
    }  # fmt: skip
    for text, result in wanted.items():
        said = verdict(f"regulation {text}", blind)
        assert said.result.value == result
        assert "level at the end of regulation" in said.reason
        if "3-way" not in text and "tie" not in text:
            assert judge(market(text), blind, own).result.value == result
            playing = replace(blind, phase=Phase.LIVE, clock=60.0)
            assert certain(market(text), playing, own) is not None
    for text in ("LAL@DEN over 224.5", "DEN over 112.5", "DEN points even", "2H DEN ML"):
        with pytest.raises(Unsettleable, match="points by period"):
            judge(market(text), blind, own)
    assert judge(market("DEN ML"), blind, HouseRules("usual")).result is Result.WON


def test_a_bet_without_odds_or_stake_is_only_watched() -> None:
    """Without odds or stake a payout is unknown, unless the result alone decides it."""
    assert payout(bet(1, "DEN ML", odds=None), Result.WON) is None
    assert payout(bet(1, "DEN ML", odds=None), Result.LOST) == 0
    assert payout(bet(1, "DEN ML", odds=None), Result.PUSH) == 2000
    assert payout(bet(1, "DEN ML", stake=None), Result.WON) is None
    one = bet(1, "DEN ML", odds="-115")
    assert one.odds is not None
    assert payout(one, Result.WON) == payout_if_won(2000, one.odds) == 3739


def test_made_up_games_end_with_a_winner() -> None:
    """The random games of these tests end with a final state and a winner."""
    for seed in range(20):
        last = list(a_game(rng(seed)))[-1]
        assert last.phase is Phase.FINAL
        assert last.score.margin != 0
