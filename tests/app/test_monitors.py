"""Promises of monitors: a drift is reported once and soon, chance is not, and limits hold."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import NormalDist

import pytest

from tests.cli.conftest import Cli
from tests.store.values import started
from tracker.app.bets import Bets
from tracker.app.choose_game import Chooser
from tracker.app.monitors import NOT_FOLLOWED, Surprise, by_game, fit_of, sums_of, watch
from tracker.app.refresh import followed_leagues
from tracker.daemon.watchers.nightly import monitor_notice
from tracker.domain.game import Game
from tracker.domain.league import slate_date
from tracker.domain.poll import Usage
from tracker.domain.prior import Finished
from tracker.engine.monitors import (
    LEAST_CALIBRATED,
    NO_FIGURE,
    Figures,
    State,
    cusum,
    limits,
    of_chances,
)
from tracker.engine.record import Prediction
from tracker.forecast import load_parameters
from tracker.intake import Beside
from tracker.store import Store
from tracker.store.known import SlateCheck
from tracker.store.upkeep import Figure, MonitorStanding
from tracker.store.views import DaemonView

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def season(name: str, seed: int, change: Callable[[float], float] = lambda x: x) -> list[Surprise]:
    """A season of surprises like the NBA's, with sd of 17 points in totals and 12 in margins."""
    rng = random.Random(seed)  # noqa: S311 - a simulation
    return [Surprise(name, change(rng.gauss(0, 12)), change(rng.gauss(0, 17))) for _ in range(1230)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("what", ["margin", "total"])
def test_a_season_like_the_last_gives_no_alarm(seed: int, what: str) -> None:
    """A season like the one before gives no alarm."""
    games = season("2024-25", seed) + season("2025-26", seed + 100)
    found = sums_of(games, "close", what)
    assert found is not None
    assert {x.state for x in found} == {State.WELL}


@pytest.mark.parametrize("seed", range(8))
def test_totals_eight_points_off_are_told_of(seed: int) -> None:
    """Totals eight points off give an alarm within half a season; see benchmarks/monitors.py."""
    games = season("2024-25", seed) + season("2025-26", seed + 100, lambda x: x + 8)
    found = sums_of(games, "close", "total")
    assert found is not None
    assert found[0].state is State.DRIFTING
    assert found[0].told_at is not None
    assert found[0].told_at < 615


@pytest.mark.parametrize("seed", range(8))
def test_a_spread_that_is_far_too_small_is_told_of(seed: int) -> None:
    """Surprises that vary far too little give an alarm within weeks."""
    games = season("2024-25", seed) + season("2025-26", seed + 100, lambda x: x / 0.7)
    found = sums_of(games, "close", "total")
    assert found is not None
    assert found[1].state is State.DRIFTING
    assert found[1].told_at is not None
    assert found[1].told_at < 300


def test_a_first_season_is_unknown_and_not_well() -> None:
    """A first season has an unknown state, as there is none before to compare with."""
    assert sums_of(season("2025-26", 1), "close", "total") is None
    assert cusum([], 20.0).state is State.UNKNOWN


def test_a_monitor_that_told_is_well_when_its_sum_has_come_down() -> None:
    """A drifting monitor is well once its sum has come down, not at the first good game."""
    up = [1.0] * 40
    assert cusum(up, 20.0).state is State.DRIFTING
    assert cusum([*up, -1.0], 20.0).state is State.DRIFTING
    assert cusum([*up, *[0.0] * 100], 20.0).state is State.WELL


def told(seed: int, off: float = 0.0) -> list[Prediction]:
    """A season's bets, three on each of two games a night, with chances that are `off` by so much.

    Bets on one game are mostly won and lost together.
    """
    rng, share = random.Random(seed), NormalDist().cdf  # noqa: S311 - a simulation
    found = []
    for game in range(340):
        common = rng.gauss()
        for n in range(3):
            p, mood = rng.uniform(0.3, 0.7), share(0.9 * common + 0.19**0.5 * rng.gauss())
            found.append(Prediction(game * 3 + n, p + off, mood < p, game=str(game)))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_right_chances_raise_no_alarm_however_many_bets_a_game_has(seed: int) -> None:
    """A season of right chances, looked at every ten days, gives no alarm by its bets."""
    season = told(seed)
    for count in range(60, len(season), 60):
        sofar = season[:count]
        reliable = fit_of(sofar)
        assert reliable is not None
        assert all(x.fits for x in reliable.bins if x.bets >= LEAST_CALIBRATED)
        assert of_chances(by_game(sofar)).state is State.WELL


def test_one_upset_raises_no_alarm() -> None:
    """A bet that is lost at a chance of 99.95 % is one surprise; ten of them are a drift."""
    upsets = [Prediction(n, 0.9995, won=False) for n in range(10)]
    assert of_chances(by_game(upsets[:1])).state is State.WELL
    assert of_chances(by_game(upsets)).state is State.DRIFTING


@pytest.mark.parametrize("seed", range(6))
def test_chances_that_promise_far_too_much_are_told_of(seed: int) -> None:
    """Chances that are 20 points too high give an alarm within a season."""
    assert of_chances(by_game(told(seed, 0.2))).state is State.DRIFTING


@pytest.mark.parametrize(
    ("figures", "bad"),
    [
        (Figures(missing=0.15), {"missing boxes"}),
        (Figures(missing=0.09, failures=0.06), {"failures"}),
        (Figures(idle_hours=25.0), {"no new data"}),
        (Figures(losing_nights=6), set()),
        (Figures(losing_nights=7), {"losing nights"}),
        (Figures(off=("80%–90%",)), {"calibration"}),
    ],
)
def test_a_days_figures_are_held_to_their_limits(figures: Figures, bad: set[str]) -> None:
    """A figure beyond its limit is named with a remedy; an unknown one is neither good nor bad."""
    found = {x.name: x for x in limits(figures)}
    assert {k for k, x in found.items() if x.state is State.DRIFTING} == bad
    assert all(x.advice for x in found.values())
    assert found["failures"].state is not State.WELL or figures.failures is not None
    unknown = [x for x in found.values() if x.state is State.UNKNOWN]
    assert {(x.value, x.level, x.advice) for x in unknown} <= {(0.0, 0.0, NO_FIGURE)}
    assert (found["losing nights"].level, found["calibration"].level) == (7, 1)


async def test_a_source_that_loses_boxes_is_told_once_and_once_more_when_it_is_well(
    tmp_path: Path,
) -> None:
    """A source that loses box scores is reported once, and once more when it is well."""
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        day = date(2026, 11, 27)
        for whole, told in ((15, []), (12, ["drifting"]), (12, []), (15, ["well"])):
            check = SlateCheck("nba", day, 15, whole, 0, 0, 15 - whole)
            await store.seasons.keep_check(check, NOW)
            news = await watch(store, ["nba"], load_parameters, NOW)
            assert [x.state.value for x in news] == told
        untold = await store.monitoring.unreported()
        assert [x.state.value for x in untold] == ["drifting", "well"]
        text = monitor_notice(untold[0], NOW).text
        assert text.startswith("⚠ missing boxes: 0.2, beyond 0.1")
        await store.monitoring.mark_reported(untold[0].id)
        assert len(await store.monitoring.unreported()) == 1


async def test_a_day_without_games_ends_no_drift_and_the_value_is_the_last(tmp_path: Path) -> None:
    """What is unknown is not well; in between, a monitor shows its value of the last round."""
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:

        async def missing(day: int, games: int, bare: int) -> tuple[State, float, int]:
            at = NOW + timedelta(days=day)
            slate = slate_date(at) - timedelta(days=1)
            check = SlateCheck("nba", slate, games, games - bare, 0, 0, bare)
            await store.seasons.keep_check(check, at)
            news = await watch(store, [], load_parameters, at)
            (now,) = [x for x in await store.monitoring.standing() if x.name == "missing boxes"]
            return now.state, now.value, len(news)

        assert await missing(0, 10, 5) == (State.DRIFTING, 0.5, 1)
        assert await missing(1, 10, 2) == (State.DRIFTING, 0.2, 0)
        assert await missing(2, 0, 0) == (State.DRIFTING, 0.2, 0)
        assert await missing(3, 10, 0) == (State.WELL, 0.0, 1)
        assert await missing(4, 0, 0) == (State.UNKNOWN, 0.0, 0)


async def figures(store: Store, now: datetime) -> tuple[Figure, ...]:
    """The figures of the day that a round at `now` is about."""
    await watch(store, [], load_parameters, now)
    return await store.monitoring.figures(slate_date(now) - timedelta(days=1))


async def test_failed_requests_are_counted_by_those_that_went_out(tmp_path: Path) -> None:
    """The share of failures is of a day's requests, whatever of them changed a game.

    A second round of a day has the same figure, and a restart counts from its start. Boxes that are
    not published yet are no failures.
    """
    daemon = DaemonView(1, NOW - timedelta(days=3), "1")

    async def rounds(now: datetime, asked: int, down: int) -> list[tuple[str, float, int]]:
        troubles = (("down", down), ("not_published", 50))
        usage = Usage("cdn.nba.com", 60, asked, asked - down - 50, 0, 0, 0, troubles)
        await store.keep_answers({}, {}, {"nba": usage}, now)
        found = await figures(store, now)
        return [(x.name, x.value, x.count) for x in found if x.name.startswith("failures")]

    async with await Store.open(tmp_path / "t.db", now=NOW) as store:
        assert await figures(store, NOW) == ()
        await store.keep_daemon(daemon)
        assert await rounds(NOW, 1000, 100) == [("failures of nba", 0.1, 1000)]
        tomorrow = NOW + timedelta(days=1)
        assert await rounds(tomorrow, 3000, 200) == [("failures of nba", 0.05, 2000)]
        assert await rounds(tomorrow, 3500, 575) == [("failures of nba", 0.19, 2500)]
        assert await rounds(tomorrow + timedelta(days=1), 3500, 575) == []
        await store.keep_daemon(replace(daemon, started_at=tomorrow))
        assert await rounds(tomorrow + timedelta(days=2), 4000, 0) == [("failures of nba", 0, 4000)]


@pytest.mark.parametrize(("asked", "told"), [(20, False), (200, True)])
async def test_a_start_before_the_network_is_up_is_no_drift(
    tmp_path: Path, asked: int, told: bool
) -> None:
    """A few requests that failed before the machine was connected tell nothing of a source."""
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        await store.keep_daemon(DaemonView(1, NOW - timedelta(minutes=9), "1"))
        usage = Usage("cdn.nba.com", 60, asked, asked // 2, 0, 0, 0, (("down", asked // 2),))
        await store.keep_answers({}, {}, {"nba": usage}, NOW)
        news = await watch(store, [], load_parameters, NOW)
        assert [x.name for x in news] == ["failures"] * told


async def test_a_round_at_the_start_counts_the_requests_of_the_run_before(tmp_path: Path) -> None:
    """Where the daemon has just begun, the figure is of its last run; the next is of this one."""

    async def failures(now: datetime) -> list[tuple[float, int]]:
        found = await figures(store, now)
        return [(x.value, x.count) for x in found if x.name == "failures of nba"]

    async def sent(now: datetime, asked: int, down: int) -> None:
        usage = Usage("cdn.nba.com", 60, asked, asked - down, 0, 0, 0, (("down", down),))
        await store.keep_answers({}, {}, {"nba": usage}, now)

    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        for day, (asked, down) in enumerate([(1000, 300), (1200, 12), (1500, 30)]):
            begun = NOW + timedelta(days=day)
            await store.keep_daemon(DaemonView(day, begun, "1"))
            before = [] if day == 0 else [[(0.3, 1000)], [(0.01, 1200)]][day - 1]
            assert await failures(begun) == before
            await sent(begun + timedelta(hours=5), asked, down)
        assert await failures(NOW + timedelta(days=3)) == [(0.02, 1500)]


async def test_ratings_that_have_drifted_ask_for_a_retrain(tmp_path: Path) -> None:
    """A season with scores that scatter much more than before asks for a retrain."""
    rng = random.Random(4)  # noqa: S311 - a simulation
    teams = [f"T{n:02d}" for n in range(30)]
    games = []
    for year, sd in ((2024, 12), (2025, 20)):
        for n in range(700):
            home, away = rng.sample(teams, 2)
            day = date(year, 11, 1) + timedelta(days=n // 8)
            ours, theirs = round(rng.gauss(114, sd)), round(rng.gauss(114, sd))
            games.append(Finished("nba", day, home, away, ours, theirs))
    async with await Store.open(started(tmp_path / "t.db"), now=NOW, durable=False) as store:
        await store.known.keep_finished(games)
        await watch(store, ["nba"], load_parameters, NOW)
        by_name = {x.name: x for x in await store.monitoring.history()}
    assert by_name["total spread by ratings"].state is State.DRIFTING
    assert "tracker model retrain" in by_name["total spread by ratings"].advice
    assert by_name["total mean by close"].state is State.UNKNOWN


def test_the_monitors_of_a_night_are_shown(cli: Cli, night: Path) -> None:
    """`tracker monitors` shows every monitor and the day's figures."""
    assert night.is_file()
    assert "Nothing was worked out yet" in cli("monitors").out
    found = cli("monitors", "--update", "--json").json
    assert {"failures", "missing boxes", "losing nights", "calibration"} <= {
        x["name"] for x in found["monitors"]
    }
    assert cli("monitors").status == cli("monitors", "--figures").status == 0
    with closing(sqlite3.connect(night)) as db:
        count = db.execute("SELECT count(*) FROM monitor").fetchone()
    cli("monitors", "--update")
    with closing(sqlite3.connect(night)) as db:
        assert db.execute("SELECT count(*) FROM monitor").fetchone() == count


def test_a_message_says_that_a_monitor_is_well_again() -> None:
    """The message that a monitor is well again is a quiet one."""
    bad = MonitorStanding(3, "failures", "", NOW, 0.2, 0.05, State.DRIFTING, "tracker doctor")
    good = monitor_notice(replace(bad, state=State.WELL), NOW)
    assert (good.text, good.episode) == ("✓ failures is well again", 3)


async def test_the_monitors_of_a_league_that_is_left_are_unknown(tmp_path: Path) -> None:
    """What drifted when a league was last bet on is no news of it months later, and no message."""
    drifting = MonitorStanding(
        0, "total mean by close", "wnba", NOW, 25.0, 20.0, State.DRIFTING, ""
    )
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        await store.monitoring.keep([drifting])
        for leagues, state in (({"nba", "wnba"}, State.DRIFTING), ({"nba"}, State.UNKNOWN)):
            await store.monitoring.leave(leagues, NOW, NOT_FOLLOWED)
            (now,) = await store.monitoring.standing()
            assert now.state is state
        assert [x.state for x in await store.monitoring.unreported()] == [State.DRIFTING]
        assert await store.monitoring.keep([drifting])


async def test_a_league_is_watched_for_weeks_after_a_bet(tmp_path: Path) -> None:
    """The morning's monitors watch the leagues of last night's bets, as the look-ups do."""
    game = Game("1022600100", "wnba", "SEA", "LVA", NOW - timedelta(hours=9))
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        await store.save_games([(game, None)], NOW)
        bets, then = Bets(store, (), 1000, "cli"), NOW - timedelta(hours=12)
        draft = await bets.draft("SEA ML", Beside(game="WNBA LVA@SEA"), then)
        await bets.add(draft, await Chooser(store, then).choose(draft), then)
        assert await followed_leagues(store, NOW) == ("nba", "wnba")
        assert await followed_leagues(store, NOW + timedelta(days=70)) == ("nba",)
