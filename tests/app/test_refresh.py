"""Promises of the daily refresh: results are stored, asked for once, and gaps are reported."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.doubles.clock import FakeClock
from tests.feeds.serving import FIXTURES as FEEDS
from tests.store.values import started
from tracker.app.refresh import Part, Refresh
from tracker.domain.game import Phase
from tracker.domain.league import slate_date
from tracker.domain.player import Availability, Injury
from tracker.domain.prior import Finished, form_of
from tracker.feeds import FeedMalformed, espn
from tracker.feeds.espn import parse_injuries
from tracker.feeds.feeds import open_feeds
from tracker.forecast import load_parameters
from tracker.replay import find_recording
from tracker.replay.faults import Fault, FaultKind
from tracker.replay.playback import Playback
from tracker.replay.server import Running, serving
from tracker.settings.models import FeedSettings, FeedsSettings
from tracker.store import Store
from tracker.store.known import SlateCheck

MORNING = datetime(2026, 1, 30, 11, 30, tzinfo=UTC)
"""06:30 in New York, after a night of four games."""

NIGHT = ("CHA@DAL", "HOU@ATL", "MIL@WAS", "SAC@PHI")
GAMES = frozenset(("results", "players", "ratings", "form", "ends"))


@asynccontextmanager
async def round_of(
    path: Path, kind: str = "002"
) -> AsyncIterator[tuple[Refresh, Store, Running, FakeClock]]:
    """A refresh against a server that played the night, with an empty store.

    `kind` is how the games' ids begin: 001 in the preseason.
    """
    clock = FakeClock(MORNING)
    night = [find_recording(f"{x} 2026-01-29") for x in NIGHT]
    plays = [Playback(replace(x, id=kind + x.id[3:])) for x in night]
    async with (
        serving(plays, clock) as server,
        await Store.open(started(path), now=MORNING, durable=False) as store,
    ):
        own = FeedSettings(base_url=server.url, requests_per_minute=6000)
        settings = FeedsSettings(nba=own, wnba=own, espn=own)
        async with open_feeds(settings, clock) as feeds:
            yield Refresh(store, feeds, clock, load_parameters), store, server, clock


def of_games() -> list[Part]:
    """The parts that look up games."""
    return [x for x in Part if x.value in GAMES]


async def test_a_night_is_there_in_the_morning_and_is_not_asked_for_again(tmp_path: Path) -> None:
    """A night's results, quarters and players are stored, counted, and not asked for again."""
    async with round_of(tmp_path / "t.db") as (work, store, server, _):
        found = await work.run("nba", of_games())
        night = next(x for x in found if "2026-01-29" in x.text)
        assert night.text == "2026-01-29: 4 of 4 games are over"
        assert night.whole
        states = [state for _, state in await store.games(date(2026, 1, 29)) if state]
        assert {x.phase for x in states} == {Phase.FINAL}
        assert {len(x.periods or ()) for x in states} == {4}
        who = await store.players.recent_games([("nba", "tyrese maxey")])
        assert who
        before, once = sum(server.requests.values()), await store.exports.hash()
        again = await work.run("nba", of_games())
        assert all(x.whole for x in again)
        assert sum(server.requests.values()) == before
        assert await store.exports.hash() == once


async def test_a_game_without_its_box_is_a_gap_that_is_told_and_filled(tmp_path: Path) -> None:
    """A game without a box score is reported as a gap, and the next refresh asks only for it."""
    async with round_of(tmp_path / "t.db") as (work, store, server, clock):
        box = "/static/json/liveData/boxscore/boxscore_0022500680.json"
        span = (MORNING - timedelta(hours=1), timedelta(hours=2))
        server.faults.append(Fault(FaultKind.NO_BOX, *span, game="0022500680"))
        (night,) = [x for x in await work.run("nba", of_games()) if "01-29" in x.text]
        assert not night.whole
        (check,) = await store.seasons.checks(date(2026, 1, 29))
        assert (check.games, check.finals) == (4, 3)
        server.faults.clear()
        await clock.advance(3600)
        before = server.requests[box]
        (night,) = [x for x in await work.run("nba", of_games()) if "01-29" in x.text]
        assert night.whole
        assert server.requests[box] == before + 1


@pytest.mark.parametrize(("paused", "looked"), [(None, 7), (3, 7), (30, 29), (90, 60)])
async def test_a_pause_is_made_up_for_by_up_to_sixty_days(
    tmp_path: Path, paused: int | None, looked: int
) -> None:
    """After a pause that is longer than what is made up for, as much as that is looked up."""
    league = "without sources"
    async with round_of(tmp_path / "t.db") as (work, store, _, _):
        if paused is not None:
            day = slate_date(MORNING) - timedelta(days=paused)
            await store.seasons.keep_check(SlateCheck(league, day, 0, 0, 0, 0, 0), MORNING)
        found = await work.run(league, [Part.RESULTS])
        assert len(found) + (paused == 3) == looked


async def test_the_last_games_of_some_teams_are_read_for_their_players(tmp_path: Path) -> None:
    """For unknown players their teams' last games are read, once; the schedule, once a day."""
    async with round_of(tmp_path / "t.db") as (work, store, server, clock):
        teams = frozenset({"PHI"})
        assert await work.recent("nba", teams, lambda _: False) == 0
        assert await work.recent("nba", teams, lambda _: True) == 1
        assert await store.players.recent_games([("nba", "tyrese maxey")])
        assert "Tyrese Maxey" in (await store.players.rosters(MORNING))["nba", "PHI"]
        boxes = sum(n for path, n in server.requests.items() if "boxscore" in path)
        assert boxes == 1
        for schedules in (1, 2, 3):
            assert await work.recent("nba", teams, lambda _: True) == 0
            assert sum(n for x, n in server.requests.items() if "schedule" in x) == schedules
            await clock.advance(24 * 3600)


async def test_before_a_season_a_preseason_box_names_the_players(tmp_path: Path) -> None:
    """A bet of the opening night finds its player; a game that does not count is never a gap."""
    async with round_of(tmp_path / "t.db", kind="001") as (work, store, _, _):
        assert "2026-01-29: 0 of 0 games are over" in [
            x.text for x in await work.run("nba", of_games())
        ]
        assert await work.recent("nba", frozenset({"PHI"}), lambda _: True) == 1
        assert "Tyrese Maxey" in (await store.players.rosters(MORNING))["nba", "PHI"]
        assert not (await store.players.recent_games([("nba", "tyrese maxey")])).values()


def rows(path: Path, query: str) -> list[sqlite3.Row]:
    """What a query finds in the database."""
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return db.execute(query).fetchall()


async def test_form_is_told_of_every_team_that_has_played(tmp_path: Path) -> None:
    """Every team that has played has points, streak, rest and rating by the morning."""
    async with round_of(tmp_path / "t.db") as (work, _, _, _):
        await work.run("nba", of_games())
    (found,) = rows(tmp_path / "t.db", "SELECT * FROM form WHERE team = 'PHI'")
    assert found["day"] == "2026-01-30"
    assert (found["points_for"], found["points_against"]) == (113, 111)
    assert (found["streak"], found["back_to_back"]) == (1, 1)
    assert 90 < found["pace"] < 115


async def test_the_ends_of_every_road_team_are_believed_by_its_games(tmp_path: Path) -> None:
    """Each road team's ends are learned from its halves, once a morning; colleges have none."""
    async with round_of(tmp_path / "t.db") as (work, _, _, _):
        await work.run("nba", of_games())
        (told,) = await work.run("nba", [Part.ENDS])
        assert told.text == "4 road teams believed by 4 games"
        assert (await work.run("ncaam", [Part.ENDS]))[0].whole
    found = rows(tmp_path / "t.db", "SELECT * FROM road_ends ORDER BY team")
    assert [(x["league"], x["team"], x["games"]) for x in found] == [
        ("nba", "CHA", 1), ("nba", "HOU", 1), ("nba", "MIL", 1), ("nba", "SAC", 1),
    ]  # fmt: skip
    assert all(0 < x["chance"] < 1 for x in found)
    assert len({x["version"] for x in found}) == 1


def finished(day: int, home: str, away: str, home_points: int, away_points: int) -> Finished:
    """A result of November."""
    return Finished("nba", date(2026, 11, day), home, away, home_points, away_points)


def test_form_is_of_the_last_five_before_the_day() -> None:
    """Form covers the last five games before the day; a losing streak is negative."""
    games = [finished(x, "BOS", "NYK", 100 + x, 90) for x in range(1, 7)]
    games += [finished(8, "NYK", "BOS", 120, 100), finished(10, "BOS", "MIA", 1, 2)]
    form = form_of("BOS", "nba", date(2026, 11, 10), games)
    assert form is not None
    assert (form.games, form.streak, form.rest_days, form.back_to_back) == (5, -1, 1, False)
    assert form.points_for == pytest.approx((103 + 104 + 105 + 106 + 100) / 5)
    assert form_of("BOS", "nba", date(2026, 11, 1), games) is None


def injuries() -> bytes:
    """A recorded injury list of the WNBA."""
    return (FEEDS / "espn_injuries.json").read_bytes()


def test_the_list_of_injuries_is_read_whole() -> None:
    """Every player of the list is read, with our code of his team and what is reported."""
    told = {x.name: x for x in parse_injuries(injuries(), "wnba")}
    nye = told["Aaliyah Nye"]
    assert (nye.team, nye.status, nye.returns) == ("ATL", Availability.OUT, date(2026, 7, 9))
    assert nye.detail.startswith("Knee: Nye (knee) is questionable")
    assert {x.league for x in told.values()} == {"wnba"}


def test_an_entry_that_cannot_be_read_loses_none_of_the_others() -> None:
    """What is missing or odd in one entry costs no other player; a name is all that is needed."""
    whole = parse_injuries(injuries(), "wnba")
    document = json.loads(injuries())
    listed = document["injuries"][0]["injuries"]
    odd = listed[0] | {"status": None, "shortComment": 5, "details": [], "type": None}
    document["injuries"][0]["injuries"] = [odd, {"athlete": {}}, "?", *listed[1:]]
    found = parse_injuries(json.dumps(document).encode(), "wnba")
    assert found[1:] == whole[1:]
    assert (found[0].name, found[0].status) == (whole[0].name, Availability.OTHER)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"injuries": 5}',
        b'{"injuries": [{"x": 1}]}',
        b'{"injuries": [{"displayName": "Denver Nuggets", "injuries": [{}]}]}',
    ],
)
def test_a_list_of_another_form_is_malformed(body: bytes) -> None:
    """A list of another form is malformed, never empty: that would make all players available."""
    with pytest.raises(FeedMalformed):
        parse_injuries(body, "nba")


async def test_only_what_changed_is_kept_and_who_is_gone_is_available(tmp_path: Path) -> None:
    """Only changes of a list are stored, and a player who is gone from it is available."""
    now = MORNING
    one = Injury("nba", "DEN", "Nikola Jokic", Availability.QUESTIONABLE, "Ankle")
    two = Injury("nba", "DEN", "Jamal Murray", Availability.OUT, "Knee")
    async with await Store.open(tmp_path / "t.db", now=now) as store:
        assert await store.seasons.keep_injuries("nba", [one, two], now) == (one, two)
        later = now + timedelta(hours=1)
        assert await store.seasons.keep_injuries("nba", [one, two], later) == ()
        worse = replace(one, status=Availability.OUT)
        news = await store.seasons.keep_injuries("nba", [worse], later)
        assert [(x.name, x.status.value) for x in news] == [
            ("Nikola Jokic", "out"), ("Jamal Murray", "available"),
        ]  # fmt: skip
        assert await store.seasons.injuries("nba") == {"nikola jokic": worse}


async def test_a_league_may_have_no_list_of_injuries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Colleges and the G League lack nothing where there is no such document; the NBA does."""
    missing = "nba/summary?event=0&for="
    async with round_of(tmp_path / "t.db") as (work, *_):
        for league, whole in (("gleague", True), ("nba", False)):
            monkeypatch.setitem(espn.PATHS, league, missing)
            (found,) = await work.run(league, [Part.INJURIES])
            assert found.whole is whole


def test_what_cannot_be_had_is_said_and_gives_status_1(cli: Cli, config: Path) -> None:
    """When no feed answers, each part says so in a sentence, and the exit status is 1."""
    assert config.is_file()
    ran = cli("refresh", "--json")
    assert ran.status == 1
    assert not any(x["whole"] for x in ran.json if x["part"] not in ("form", "ends"))
    assert "is nothing to look up" in cli("refresh", "--only", "weather").sentence


def test_chores_are_listed(cli: Cli, config: Path) -> None:
    """Chores are listed; before the first run the list is empty."""
    assert config.is_file()
    assert "Nothing was done yet at a set time" in cli("chores").out
    assert cli("chores", "--json").json == []
