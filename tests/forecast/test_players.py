"""What the forecast of a player's box line promises."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.domain.chance import WON, Unpriceable
from tracker.domain.game import (
    TWO_TECHNICALS,
    FreeThrows,
    Game,
    GameState,
    Phase,
    PlayerLine,
    Score,
    Side,
)
from tracker.domain.market import Direction, DoubleDouble, Market, PlayerTotal
from tracker.domain.player import Player, PlayerGame, Stat, player_key
from tracker.domain.prior import Prior, PriorSource
from tracker.forecast import (
    Outlook,
    forecast,
    load_parameters,
    parlay,
    price,
    price_all,
)
from tracker.forecast.game.endgame import PlayedOn
from tracker.forecast.game.flow import MADE, TAKEN_BACK
from tracker.forecast.game.lattice import Pmf
from tracker.forecast.players import load_player_figures
from tracker.forecast.players.lineup import LEAGUE_RATES, Bulk, Mate, brings
from tracker.forecast.players.model import PlayerOutlook
from tracker.forecast.players.model import work_out as work_out_together
from tracker.forecast.players.priors import (
    LARGEST_PULL,
    PlayerPrior,
    PlayerPriors,
    PlayerQuote,
    from_averages,
    player_prior,
    with_quote,
)
from tracker.forecast.players.remainder import BASIC, PLACE, Habits, Remainder, means_of
from tracker.forecast.pricing.markets import own_figure, work_out

NBA = load_parameters("nba")
FIGURES = load_player_figures("nba")
EVEN = Prior(0.0, 226.0, PriorSource.LINES)
GAME = Game("x", "nba", "DEN", "LAL", datetime(2026, 1, 1, tzinfo=UTC))
STAR = from_averages(34, {Stat.PTS: 26, Stat.REB: 8, Stat.AST: 6, Stat.THREES: 2}, FIGURES, 48)


def box(
    name: str = "Nikola Jokić",
    side: Side = Side.HOME,
    *,
    pts: int = 12,
    minutes: float = 17.0,
    fouls: int = 1,
    on_court: bool = True,
    note: str | None = None,
) -> PlayerLine:
    """A starter's line with 5 rebounds and 4 assists."""
    counts = {"pts": pts, "reb": 5, "ast": 4, "stl": 1, "blk": 0, "3pm": 1, "to": 2}
    played = minutes > 0
    return PlayerLine(
        "1", name, side, tuple((x, n if played else 0) for x, n in counts.items()),
        minutes, fouls, on_court, starter=True, played=played, note=note,
    )  # fmt: skip


def half_time(*lines: PlayerLine, home: int = 56, away: int = 56) -> GameState:
    """Half-time."""
    return GameState(GAME, Phase.BREAK, 2, 0.0, Score(home, away), players=lines)


def late(*lines: PlayerLine, clock: float = 300.0, lead: int = 0) -> GameState:
    """In the fourth quarter."""
    return GameState(GAME, Phase.LIVE, 4, clock, Score(95 + lead, 95), players=lines)


def look(state: GameState, prior: PlayerPrior = STAR) -> Outlook:
    """The outlook, everybody a star."""
    known = {(x.side, player_key(x.name)): prior for x in state.players}
    return forecast(state, EVEN, NBA, players=PlayerPriors(FIGURES, known))


def one(state: GameState, prior: PlayerPrior = STAR) -> PlayerOutlook:
    """The first player of a state."""
    line = state.players[0]
    return look(state, prior).player(Player(line.name, line.side))


def reaches(state: GameState, categories: int) -> float:
    """The chance that the first player of a state has ten or more in so many categories."""
    line = state.players[0]
    market = DoubleDouble(Player(line.name, line.side), categories=categories)
    return price(market, look(state)).win


def minutes_of(seen: PlayerOutlook) -> float:
    """Expected minutes still to come, by what he adds and his rates."""
    return float(seen.remainder.chances @ seen.remainder.means[0]) / float(seen.rates[0])


@pytest.mark.parametrize("stat", list(Stat))
def test_figures_start_from_what_he_has(stat: Stat) -> None:
    """No chance lies below his figure so far; all chances add up to 1."""
    pmf = one(half_time(box())).pmf(stat)
    has = {"pts": 12, "reb": 5, "ast": 4, "stl": 1, "blk": 0, "3pm": 1, "to": 2}
    assert pmf.first == sum(has[x.value] for x in stat.parts)
    assert pmf.chances.min() >= 0
    assert pmf.chances.sum() == pytest.approx(1)
    assert pmf.chances.size > 1


def test_sums_have_the_mean_of_their_parts() -> None:
    """Points + rebounds + assists are expected to be what the three are, and vary together."""
    seen = one(half_time(box()))
    parts = [seen.pmf(x) for x in Stat.PRA.parts]
    whole = seen.pmf(Stat.PRA)
    assert whole.mean == pytest.approx(sum(x.mean for x in parts), abs=1e-6)
    assert whole.sd**2 > sum(x.sd**2 for x in parts)


@pytest.mark.parametrize(
    "state",
    [
        GameState(GAME, Phase.FINAL, 4, 0.0, Score(99, 95), players=(box(pts=31),)),
        half_time(box(pts=31, fouls=6)),
        half_time(box(pts=31, note="Ejected - flagrant foul 2")),
        half_time(box(pts=31, note="Left knee sprain, will not return")),
    ],
    ids=["final", "fouled out", "ejected", "hurt"],
)
def test_what_cannot_grow_is_certain(state: GameState) -> None:
    """Nothing can be added after the final, a last foul, an ejection or an injury."""
    seen = one(state)
    assert list(seen.pmf(Stat.PTS).items()) == [(31, 1.0)]
    over = PlayerTotal(Player("Nikola Jokic", Side.HOME), Stat.PTS, Direction.OVER, 30.5)
    assert price(over, look(state)).win == 1.0
    assert reaches(state, 2) == 0.0


def test_two_technical_fouls_mostly_end_a_players_game_but_not_surely() -> None:
    """A quarter of his chances to add something is left until he is back on the court."""
    over = PlayerTotal(Player("Nikola Jokic", Side.HOME), Stat.PTS, Direction.OVER, 20.5)
    resting, perhaps = (
        late(box(pts=19, note=x, minutes=30.0, on_court=False)) for x in (None, TWO_TECHNICALS)
    )
    assert price(over, look(perhaps)).win == pytest.approx(price(over, look(resting)).win / 4)
    assert reaches(perhaps, 2) == pytest.approx(reaches(resting, 2) / 4, rel=1e-3)


def test_players_who_cannot_be_priced_are_named() -> None:
    """A state without players, an unknown name, and a player who is out each say so."""
    nobody = GameState(GAME, Phase.LIVE, 2, 300.0, Score(40, 41))
    with pytest.raises(Unpriceable, match="no player figures of LAL@DEN"):
        forecast(nobody, EVEN, NBA).player(Player("Nikola Jokic", Side.HOME))
    with pytest.raises(Unpriceable, match="Jamal Murray is not in the box score of DEN"):
        look(half_time(box())).player(Player("Jamal Murray", Side.HOME))
    with pytest.raises(Unpriceable, match=r"listed as out \(INACTIVE_INJURY\)"):
        one(half_time(box(minutes=0.0, note="INACTIVE_INJURY")))
    bare = replace(box(), stats=(("pts", 3),))
    with pytest.raises(Unpriceable, match="does not give reb of Nikola"):
        one(half_time(bare)).pmf(Stat.REB)


def test_names_are_found_however_they_are_accented() -> None:
    """`Jokic` without its accent is the Jokić of the box."""
    assert look(half_time(box())).player(Player("Nikola Jokic", Side.HOME)).line.name == box().name


def test_a_star_rests_in_a_blowout() -> None:
    """Up 30 with nine minutes to play, a star is expected to play less than half as much."""
    level = minutes_of(one(late(box(minutes=28), clock=540.0)))
    ahead = minutes_of(one(late(box(minutes=28), clock=540.0, lead=30)))
    behind = minutes_of(one(late(box(minutes=28), clock=540.0, lead=-30)))
    assert ahead < level / 2
    assert behind < level / 2


def test_fouls_and_the_bench_cost_minutes() -> None:
    """Five fouls cost some, and who sits with five minutes to play has fewer than who plays."""
    third = GameState(GAME, Phase.LIVE, 3, 360.0, Score(70, 70), players=(box(minutes=22),))
    trouble = replace(third, players=(box(minutes=22, fouls=5),))
    assert minutes_of(one(trouble)) < minutes_of(one(third)) - 0.5
    playing, sitting = (minutes_of(one(late(box(minutes=28, on_court=x)))) for x in (True, False))
    assert sitting < playing <= 5 * 1.2


def test_the_tip_is_no_news_of_a_player() -> None:
    """At 12:00 as much is expected as before, and a first second says no more than a minute."""
    for starter in (True, False):
        line = replace(box(minutes=0, on_court=starter), starter=starter, played=False)
        to_come = GameState(GAME, Phase.SCHEDULED, 0, 720.0, Score(0, 0), players=(line,))
        tip = GameState(GAME, Phase.LIVE, 1, 720.0, Score(0, 0), players=(line,))
        assert minutes_of(one(tip)) == pytest.approx(minutes_of(one(to_come)), abs=0.1)
        second, minute = (
            GameState(GAME, Phase.LIVE, 1, 720.0 - 60 * x, Score(0, 0), players=(
                replace(line, minutes=x if starter else 0.0, played=starter),))
            for x in (1 / 60, 1.0)
        )  # fmt: skip
        assert minutes_of(one(second)) == pytest.approx(minutes_of(one(minute)) + 0.5, abs=0.8)


def opening(seconds: float) -> GameState:
    """A level first quarter: five starters on the court since the tip, a bench unseen till 5:00."""
    minutes = seconds / 60
    names = [f"Starter {x}" for x in "ABCDE"] + [f"Reserve {x}" for x in "ABCD"]
    lines = []
    for k, name in enumerate(names):
        first = k < 5
        nothing = tuple((x.value, 0) for x in BASIC)
        played = minutes if first else 0.0
        lines.append(
            PlayerLine(
                str(k), name, Side.HOME, nothing, played, on_court=first, starter=first,
                played=played > 0, seen=minutes if first else 0.0,
            )
        )  # fmt: skip
    level = round(seconds / 12)
    return GameState(GAME, Phase.LIVE, 1, 720 - seconds, Score(level, level), players=tuple(lines))


def test_who_is_no_starter_is_known_once_the_starters_are() -> None:
    """Until his side's five starters are listed, a player may start; then he is a substitute."""
    lines = tuple(replace(x, on_court=False, seen=None) for x in opening(0.0).players)
    prior = PlayerPrior(34.0, 16.0, 0.4, STAR.rates)

    def reserve(side: Side, listed: int = 5) -> float:
        box = tuple(
            replace(x, side=side, starter=k < listed) if x.starter else x
            for k, x in enumerate(lines)
        )
        to_come = GameState(GAME, Phase.SCHEDULED, 0, 720.0, Score(0, 0), players=box)
        return minutes_of(look(to_come, prior).player(Player("Reserve A", Side.HOME)))

    assert reserve(Side.HOME) == pytest.approx(16.0, abs=2.0)
    assert reserve(Side.HOME, 4) == reserve(Side.HOME, 0) > reserve(Side.HOME) + 3.0
    assert reserve(Side.AWAY) > reserve(Side.HOME) + 3.0


@pytest.mark.parametrize("known", [False, True])
def test_expected_minutes_stand_while_the_line_ups_of_the_tip_play(known: bool) -> None:
    """Nobody is expected to play more or less for what the first minutes cannot have told.

    It holds where nothing is known of the line-up as well, which is no line-up that lacks nobody.
    """
    bench = from_averages(18, {Stat.PTS: 7, Stat.REB: 3, Stat.AST: 2, Stat.THREES: 1}, FIGURES, 48)
    priors, mates = {}, {}
    for k, line in enumerate(opening(0.0).players):
        who = line.side, player_key(line.name)
        priors[who] = STAR if k < 5 else bench
        if known:
            mates[who] = Mate(brings(34 if k < 5 else 18, LEAGUE_RATES), Bulk(206, (97, 37, 22)))
    for name, most in (("Starter A", 1.0), ("Reserve A", 1.5)):
        expected = []
        for seconds in range(6, 271, 12):
            state = opening(float(seconds))
            seen = forecast(state, EVEN, NBA, players=PlayerPriors(FIGURES, priors, mates=mates))
            him = seen.player(Player(name, Side.HOME))
            expected.append(minutes_of(him) + him.line.minutes)
        assert max(expected) - min(expected) < most, expected


def test_time_runs_out() -> None:
    """With a second to play almost nothing is added, and in a level game overtime may be."""
    ahead = one(late(box(minutes=30), clock=1.0, lead=6)).pmf(Stat.PTS)
    assert ahead.chances[0] > 0.95
    overtime = GameState(GAME, Phase.LIVE, 5, 150.0, Score(96, 104), players=(box(minutes=37),))
    assert 0.5 < minutes_of(one(overtime)) <= 2.6


@pytest.mark.parametrize("period", [4, 5])
def test_an_overtime_to_come_brings_what_it_will(period: int) -> None:
    """Seen a second before it, in the break and at its start, by the chance that it is played."""

    def more(phase: Phase, period: int, clock: float, score: int) -> tuple[float, float]:
        line = box(minutes=36).seen_at(48.0 + 5 * (period - 4) - clock / 60)
        state = GameState(GAME, phase, period, clock, Score(score, score), players=(line,))
        outlook = look(state)
        pmf = outlook.player(Player(line.name, line.side)).pmf(Stat.PTS)
        end = outlook.final.level if isinstance(outlook.final, PlayedOn) else outlook.final
        return pmf.mean - pmf.first, end.margin.split(0)[1]

    second, level = more(Phase.LIVE, period, 1.0, 100)
    pause, _ = more(Phase.BREAK, period, 0.0, 100)
    start, _ = more(Phase.LIVE, period + 1, 300.0, 100)
    assert second == pytest.approx(level * start, rel=0.15)
    assert pause == pytest.approx(start, rel=0.15)


def test_a_hot_half_moves_the_rest_a_little() -> None:
    """Ten points more by half-time are worth less than two more after it."""
    cold, hot = (one(half_time(box(pts=x))) for x in (8, 18))
    more = (hot.pmf(Stat.PTS).mean - 18) - (cold.pmf(Stat.PTS).mean - 8)
    assert -0.5 < more < 2


def test_sides_are_alike() -> None:
    """A player of the visitors is forecast as one of the home team in the mirrored state."""
    home = one(half_time(box(), home=60, away=52))
    away = one(half_time(box(side=Side.AWAY), home=52, away=60))
    assert minutes_of(home) == pytest.approx(minutes_of(away), rel=0.01)
    assert home.pmf(Stat.PTS).mean == pytest.approx(away.pmf(Stat.PTS).mean, rel=0.03)


def test_ten_or_more_is_counted_class_by_class() -> None:
    """A triple-double is a double-double; what he has already is reached; no chance leaves 0..1."""
    near = half_time(replace(box(), stats=tuple((x.value, 9) for x in BASIC)))
    assert 0 < reaches(near, 3) < reaches(near, 2) <= 1
    made = look(half_time(replace(box(), stats=tuple((x.value, 10) for x in BASIC))), STAR)
    assert price(DoubleDouble(Player("Nikola Jokić", Side.HOME)), made) == WON


def test_a_double_double_goes_with_the_figures_that_make_it() -> None:
    """With the tens that it needs it is as likely as alone, and without any it is next to none."""
    big = from_averages(34, {Stat.PTS: 20, Stat.REB: 11, Stat.AST: 4}, FIGURES, 48)
    outlook, who = look(half_time(box(pts=9)), big), Player("Nikola Jokić", Side.HOME)
    double, triple = DoubleDouble(who), DoubleDouble(who, categories=3)
    alone = price(double, outlook).win

    def with_ten(*stats: Stat, over: bool = True, leg: Market = double) -> float:
        way = Direction.OVER if over else Direction.UNDER
        return parlay([leg, *(PlayerTotal(who, x, way, 9.5) for x in stats)], outlook).win

    made = price(PlayerTotal(who, Stat.REB, Direction.OVER, 9.5), outlook).win
    assert with_ten(Stat.REB) == pytest.approx(made, rel=0.02)
    assert with_ten(Stat.REB) + with_ten(Stat.REB, over=False) == pytest.approx(alone)
    assert with_ten(Stat.REB, Stat.AST, over=False) < 1e-3
    not_made = with_ten(Stat.REB, leg=replace(double, happens=False))
    assert with_ten(Stat.REB) + not_made == pytest.approx(made)
    assert parlay([double, triple], outlook).win == pytest.approx(price(triple, outlook).win)


def test_the_average_player_stands_in_for_an_unknown_one() -> None:
    """Without any prior a starter is still forecast, by the league's average."""
    state = half_time(box())
    seen = forecast(state, EVEN, NBA).player(Player("Nikola Jokic", Side.HOME))
    assert 16 < seen.pmf(Stat.PTS).mean < 24


@pytest.mark.parametrize("shape", [6.0, -60.0])
def test_counts_are_what_drawing_them_gives(shape: float) -> None:
    """Generating functions give the chances of the story that they tell: drawn 200,000 times."""
    rng = np.random.default_rng(7)
    chances, minutes = np.array([0.1, 0.3, 0.6]), np.array([0.0, 6.0, 14.0])
    rates = np.array([0.7, 0.3, 0.2, 0.03, 0.02, 0.06, 0.08])
    means = means_of(rates, np.zeros(7), chances, minutes)
    habits = Habits((shape,) * 7, (0.1, 0.85, 0.05), ((0.0,) * 7,) * 7)
    left = Remainder(chances, means, habits)
    draws = 200_000
    which = rng.choice(3, draws, p=chances)
    worth = 0.1 + 2 * 0.85 + 3 * 0.05
    by_three = means[PLACE[Stat.THREES]][which]
    other = ((means[0] - 3 * means[PLACE[Stat.THREES]]) / worth)[which]
    if shape > 0:
        speed = rng.gamma(shape, 1 / shape, draws)
        threes, trips = rng.poisson(by_three * speed), rng.poisson(other * speed)
    else:
        made = rng.binomial(round(-shape), (by_three + other) / -shape)
        threes = rng.binomial(made, by_three / np.maximum(by_three + other, 1e-9))
        trips = made - threes
    ones, threes_more = rng.binomial(trips, 0.1), np.zeros(draws, dtype=int)
    threes_more = rng.binomial(trips - ones, 0.05 / 0.9)
    points = 3 * threes + 2 * trips - ones + threes_more
    seen = np.bincount(points, minlength=128)[:128] / draws
    told = left.added(Stat.PTS)
    assert np.abs(np.cumsum(told) - np.cumsum(seen)[: told.size]).max() < 0.004


@pytest.mark.parametrize("stat", list(Stat))
def test_many_players_at_once_are_as_each_alone(stat: Stat) -> None:
    """The same chances to the last digits, however unlike they are."""
    lines = [box(f"Player {n}", pts=3 * n, minutes=4.0 + 5 * n, fouls=n % 5) for n in range(7)]
    alone = [look(half_time(*lines)).player(Player(x.name, x.side)) for x in lines]
    seen = look(half_time(*lines))
    together = [seen.player(Player(x.name, x.side)) for x in lines]
    work_out_together((x, stat) for x in together)
    for single, other in zip(alone, together, strict=True):
        one, row = single.pmf(stat), other.pmf(stat)
        assert np.allclose(one.chances, row.chances, rtol=0, atol=1e-12)
        plain = Pmf(row.first, row.chances)
        assert np.allclose(plain.sums, row.sums, rtol=0, atol=1e-12)
        assert (plain.mean, plain.sd) == pytest.approx((row.mean, row.sd), abs=1e-9)


@pytest.mark.parametrize("over", [False, True])
def test_many_lines_on_players_are_priced_as_each_alone(over: bool) -> None:
    """Passed or open, met or not, of players known or not, fouled out, not there."""
    lines = [box(f"Player {n}", pts=3 * n, minutes=4.0 + 5 * n, fouls=n) for n in range(7)]
    lines.append(replace(box("Half Told"), stats=(("pts", 9),)))
    state = half_time(*lines)
    state = replace(state, phase=Phase.FINAL, period=4) if over else state
    known = {(x.side, player_key(x.name)): STAR for x in lines[1:]}
    priors = PlayerPriors(FIGURES, known, guess=False)
    asked: list[Market] = []
    for name in (*(x.name for x in lines), "Nobody Atall"):
        who = Player(name, Side.HOME)
        asked += [DoubleDouble(who, happens=True), DoubleDouble(who, happens=False, categories=3)]
        for stat in (Stat.PTS, Stat.REB, Stat.PRA):
            for points in (4.5, 5.0, 15.0, 20.5):
                asked += [PlayerTotal(who, stat, x, points) for x in Direction]
    outlook = forecast(state, EVEN, NBA, players=priors)
    work_out(asked, outlook)
    alone = forecast(state, EVEN, NBA, players=priors)
    for market, chance in zip(asked, price_all(asked, outlook), strict=True):
        if chance is None:
            with pytest.raises(Unpriceable):
                price(market, alone)
        else:
            single = price(market, alone)
            assert chance.decided is single.decided
            assert (chance.win, chance.push) == pytest.approx((single.win, single.push), abs=1e-9)


def test_of_nobody_nothing_is_worked_out() -> None:
    """A game without a bet on players is forecast like any other."""
    work_out_together([])


def test_an_opponent_who_allows_more_brings_more() -> None:
    """Of the figures that are looked at, and of no other team's players."""
    state = half_time(box(), box("LeBron James", Side.AWAY))
    known = {(x.side, player_key(x.name)): STAR for x in state.players}
    plain, soft = (
        forecast(state, EVEN, NBA, players=PlayerPriors(FIGURES, known, allowed=x))
        for x in ({}, {Side.HOME: (0.05, 0.1, 0.0)})
    )
    for stat, more in ((Stat.PTS, True), (Stat.REB, True), (Stat.AST, False), (Stat.STL, False)):
        own = [x.player(Player("Nikola Jokić", Side.HOME)).pmf(stat).mean for x in (plain, soft)]
        assert (own[1] > own[0] + 0.01) == more
        other = [x.player(Player("LeBron James", Side.AWAY)).pmf(stat).mean for x in (plain, soft)]
        assert other[0] == other[1]


def test_ties_keep_the_mean() -> None:
    """Events that count for two figures widen a sum, and change neither mean nor single figure."""
    chances, means = np.array([1.0]), np.array([[9.0], [4], [3], [1], [1], [2], [1]])
    ties = tuple(tuple(0.1 if i != j else 0.0 for j in range(7)) for i in range(7))
    plain = Remainder(chances, means, Habits((50.0,) * 7, (0.1, 0.85, 0.05), ((0.0,) * 7,) * 7))
    other = Remainder(chances, means, Habits((50.0,) * 7, (0.1, 0.85, 0.05), ties))
    for stat in (Stat.PTS, Stat.RA):
        values = [np.arange(x.size) for x in (plain.added(stat), other.added(stat))]
        mean = [float(x.added(stat) @ v) for x, v in zip((plain, other), values, strict=True)]
        square = [float(x.added(stat) @ v**2) for x, v in zip((plain, other), values, strict=True)]
        assert mean[0] == pytest.approx(mean[1], abs=1e-3)
        assert (square[1] > square[0] + 0.1) == (stat is Stat.RA)


def games(
    count: int, *, minutes: float = 30.0, pts: int = 20, starter: bool = True
) -> list[PlayerGame]:
    """So many games on consecutive days, all alike."""
    day = datetime(2025, 11, 1, tzinfo=UTC)
    stats = tuple((x, {Stat.PTS: pts, Stat.REB: 5}.get(x, 1)) for x in BASIC)
    return [
        PlayerGame("A B", "DEN", f"g{i:03d}", day + timedelta(days=i), minutes, starter, stats, 0)
        for i in range(count)
    ]


def test_recent_games_make_the_prior() -> None:
    """Many alike games make the prior, few lean to the league; their order does not matter."""
    many, few = (player_prior(games(x, pts=30), FIGURES) for x in (80, 2))
    nobody = player_prior((), FIGURES)
    assert many.starting == pytest.approx(30, abs=1.5)
    assert many.rates[0] == pytest.approx(1.0, abs=0.05)
    assert nobody.rates[0] < few.rates[0] < many.rates[0]
    assert player_prior(games(20)[::-1], FIGURES) == player_prior(games(20), FIGURES)
    assert many.starts > 0.9 > nobody.starts > 0.2
    idle = [*games(20), replace(games(21)[-1], minutes=0.0)]
    assert player_prior(idle, FIGURES) == player_prior(games(20), FIGURES)


def test_a_role_changes_the_minutes() -> None:
    """Who has come off the bench is expected to play more when he starts."""
    prior = player_prior(games(30, minutes=18.0, starter=False), FIGURES)
    assert prior.bench < prior.starting
    assert prior.minutes(None) < prior.starting
    assert prior.minutes(starter=True) == prior.starting


def test_a_line_pulls_the_prior() -> None:
    """A line above what he averages raises the rate, one below lowers it, none by too much."""
    prior = player_prior(games(40), FIGURES)
    player = Player("A B", Side.HOME)
    for points, sign in ((26.5, 1), (14.5, -1), (90.5, 1)):
        quote = PlayerQuote(PlayerTotal(player, Stat.PTS, Direction.OVER, points), 1.91)
        moved = with_quote(prior, quote, FIGURES).rates[0] / prior.rates[0]
        assert math.copysign(1, moved - 1) == sign
        assert 1 / LARGEST_PULL <= moved <= LARGEST_PULL
    other = with_quote(
        prior, PlayerQuote(PlayerTotal(player, Stat.RA, Direction.UNDER, 3.5), 1.8), FIGURES
    )
    assert other.rates[0] == prior.rates[0]
    assert other.rates[1] < prior.rates[1]


@pytest.mark.parametrize("league", ["nba", "wnba", "ncaam", "ncaaw", "gleague"])
def test_every_league_has_figures(league: str) -> None:
    """Leagues without recorded players use the NBA's, flagged, stretched to their own length."""
    figures = load_player_figures(league)
    assert figures.transferred == (league != "nba")
    assert figures.fouls == (5 if league.startswith("ncaa") else 6)
    game = Game("x", league, "A", "B", GAME.start)
    rules = game.rules
    state = GameState(
        game, Phase.BREAK, rules.periods // 2, 0.0, Score(45, 44),
        players=(box(minutes=rules.regulation_seconds / 60 * 0.35),),
    )  # fmt: skip
    seen = forecast(state, Prior(1, 160, PriorSource.LINES), load_parameters(league)).player(
        Player("Nikola Jokic", Side.HOME)
    )
    half = rules.regulation_seconds / 120
    assert half * 0.4 < minutes_of(seen) < half


@st.composite
def states(draw: st.DrawFn) -> GameState:
    """Any state that a feed may tell, with one player."""
    line = box(
        pts=draw(st.integers(0, 70)),
        minutes=draw(st.floats(0.0, 55.0)),
        fouls=draw(st.integers(0, 6)),
        on_court=draw(st.booleans()),
    )
    score = Score(100 + draw(st.integers(-45, 45)), 100)
    clock = draw(st.floats(0.0, 300.0))
    return GameState(GAME, Phase.LIVE, draw(st.integers(1, 7)), clock, score, players=(line,))


@settings(max_examples=40, deadline=None)
@given(states(), st.floats(0.0, 48.0))
def test_any_state_has_chances(state: GameState, usual: float) -> None:
    """Whatever a feed says, chances are chances and nothing is added below 0."""
    seen = one(state, from_averages(usual, {Stat.PTS: usual / 2}, FIGURES, 48))
    for stat in (Stat.PTS, Stat.PRA, Stat.BLK):
        pmf = seen.pmf(stat)
        assert np.isfinite(pmf.chances).all()
        assert pmf.chances.min() >= 0
        assert pmf.chances.sum() == pytest.approx(1)
    assert 0 <= reaches(state, 2) <= 1


def test_the_figure_of_a_player_is_his_own() -> None:
    """What he has and how it is expected to end; none for whom the box does not have."""
    outlook = look(half_time(box()))
    market = PlayerTotal(Player("Nikola Jokić", Side.HOME), Stat.PTS, Direction.OVER, 25.5)
    own = own_figure(market, outlook)
    assert own is not None
    assert own.now == 12
    assert 15 < own.mu < 35
    assert own.sigma > 1
    nobody = replace(market, player=Player("Nobody", Side.HOME))
    assert own_figure(nobody, outlook) is None


def test_the_player_at_the_line_has_his_throws_to_come() -> None:
    """His points gain them, made one by one, and no team-mate's do, if the box is up to date."""
    mate = replace(box("Jamal Murray", pts=35), id="2")
    state = replace(late(box(pts=60), mate, clock=9.0), possession=Side.HOME, score=Score(95, 86))
    throws = FreeThrows(Side.HOME, 2, shooter="1")
    now = replace(state, throws=throws)
    his, mates = (look(now).player(Player(x.name, x.side)) for x in state.players)
    assert 1 - his.pmf(Stat.PTS).less_than(62) > MADE**2
    in_play = his.pmf(Stat.PRA).mean - his.pmf(Stat.REB).mean - his.pmf(Stat.AST).mean - 60
    assert in_play == pytest.approx(his.pmf(Stat.PTS).mean - 60, abs=1e-6)
    assert 2 * MADE < in_play < 2 * MADE + 1
    assert (
        mates.pmf(Stat.PTS).mean
        < look(state).player(Player(mate.name, mate.side)).pmf(Stat.PTS).mean + 1e-9
    )
    over = one(replace(now, phase=Phase.FINAL, score=Score(95, 94)))
    assert over.pmf(Stat.PTS).mean == 60
    late_box = one(replace(now, score=Score(96, 86)))
    unknown = one(replace(now, score=Score(96, 86), throws=FreeThrows(Side.HOME, 2)))
    assert late_box.pmf(Stat.PTS).mean == unknown.pmf(Stat.PTS).mean < his.pmf(Stat.PTS).mean


def test_throws_under_review_may_not_come() -> None:
    """What a player is to add is between that with the throws of a challenged foul and without."""
    mate = replace(box("Jamal Murray", pts=35), id="2")
    state = replace(late(box(pts=60), mate, clock=9.0), possession=Side.HOME)
    throws = FreeThrows(Side.HOME, 2, shooter="1")
    given, reviewed = (
        one(replace(state, throws=replace(throws, reviewed=x))).pmf(Stat.PTS) for x in (False, True)
    )
    taken = one(replace(state, possession=None)).pmf(Stat.PTS)
    assert reviewed.mean == pytest.approx(
        TAKEN_BACK * taken.mean + (1 - TAKEN_BACK) * given.mean, abs=0.15
    )
    assert float(reviewed.chances.sum()) == pytest.approx(1)


def test_throws_to_come_count_in_a_parlay_on_their_shooter() -> None:
    """Beside another line of his, his points have the throws that they have alone."""
    mate = replace(box("Jamal Murray", pts=35), id="2")
    state = replace(late(box(pts=60), mate, clock=9.0), possession=Side.HOME)
    seen = look(replace(state, throws=FreeThrows(Side.HOME, 2, shooter="1")))
    his = Player("Nikola Jokić", Side.HOME)
    legs = [PlayerTotal(his, x, Direction.OVER, n) for x, n in ((Stat.PTS, 60.5), (Stat.REB, 5.5))]
    points, rebounds = (price(x, seen).win for x in legs)
    assert parlay(legs, seen).win == pytest.approx(points * rebounds, rel=0.05)


def test_throws_to_come_are_in_all_figures_that_are_worked_out_together() -> None:
    """A figure is the same whether it is computed alone or with others."""
    mate = replace(box("Jamal Murray", pts=35), id="2")
    state = replace(
        late(box(pts=60), mate, clock=9.0), throws=FreeThrows(Side.HOME, 1, shooter="1")
    )
    alone, together = one(state), one(state)
    work_out_together([(together, x) for x in Stat])
    for stat in Stat:
        assert together.pmf(stat).mean == pytest.approx(alone.pmf(stat).mean, abs=1e-6)
