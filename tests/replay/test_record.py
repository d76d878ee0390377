"""Recordings are made from a feed's own documents, or from the bodies of a night's polls."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tracker.replay import Actions, Readings, Recording, What
from tracker.replay.files import format_recording, parse_recording
from tracker.replay.nba_site import LIVE, SCOREBOARD, NbaSite
from tracker.replay.playback import Playback
from tracker.replay.record import (
    UnrecordableError,
    course_of_play_by_play,
    recording_from_bodies,
    recording_from_play_by_play,
)

TIP = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
HOST = "https://cdn.nba.com"
PHILADELPHIA = 1610612755
MAX_FILE = 60_000

Bodies = list[tuple[datetime, str, bytes]]


def box_path(game: Recording) -> str:
    """The path of a game's box score."""
    return f"{LIVE}/boxscore/boxscore_{game.id}.json"


def polls(site: NbaSite, paths: list[str], step: int, hours: float = 3.5) -> Bodies:
    """The bodies from polling a site every `step` seconds, from before tip-off."""
    bodies = []
    start = site.games[0].tip_off - timedelta(minutes=30)
    for seconds in range(0, int(hours * 3600), step):
        now = start + timedelta(seconds=seconds)
        for path in paths:
            page = site.page(path, now)
            if page is not None:
                bodies.append((now, HOST + path, page.body))
    return bodies


def fetch(site: NbaSite, path: str, now: datetime) -> Any:
    """A parsed document."""
    page = site.page(path, now)
    assert page is not None
    return json.loads(page.body)


@pytest.fixture(scope="module")
def comeback(games: dict[str, Recording]) -> Recording:
    """Sacramento at Philadelphia, with its real wall clocks."""
    return games["SAC@PHI"]


@pytest.fixture(scope="module")
def site(comeback: Recording) -> NbaSite:
    """That game, played at its recorded time."""
    return NbaSite([Playback(comeback)])


def test_real_actions_are_read_as_facts(real: Callable[[str], Any]) -> None:
    """Each kind of action is read: who, for whom, how, and the scores after it."""
    raw = real("playbyplay")["game"]["actions"]
    rows = course_of_play_by_play(raw, TIP, PHILADELPHIA)
    assert len(rows) == len(raw)
    assert rows[0][:9] == (679_700, 1, 72000, 0, 0, What.START, None, 0, 0)
    told = {(row.what, row.detail.split()[0] if row.detail else "") for row in rows}
    assert {
        (What.TWO, "made"), (What.TWO, "missed"), (What.THREE, "made"), (What.FREE, "missed"),
        (What.REBOUND, "off"), (What.REBOUND, "def"), (What.FOUL, "personal"),
        (What.FOUL, "offensive"), (What.FOUL, "technical"), (What.TIMEOUT, "full"),
        (What.BLOCK, ""), (What.STEAL, ""), (What.IN, ""), (What.OUT, ""), (What.OVER, ""),
    } <= told  # fmt: skip
    assert all(one.at <= two.at for one, two in pairwise(rows))


def test_a_game_recorded_from_its_own_documents_is_the_same_game(
    site: NbaSite, comeback: Recording
) -> None:
    """A served play-by-play and box make the recording that they were served from."""
    end = site.games[0].ends
    plays = fetch(site, f"{LIVE}/playbyplay/playbyplay_{comeback.id}.json", end)
    again = recording_from_play_by_play(plays, fetch(site, box_path(comeback), end))
    assert (again.home, again.away, again.tip_off) == (
        comeback.home,
        comeback.away,
        comeback.tip_off,
    )
    assert again.official == comeback.official
    assert isinstance(again.course, Actions)
    assert isinstance(comeback.course, Actions)
    assert [row[:8] for row in again.course.rows] == [row[:8] for row in comeback.course.rows]


def test_documents_that_lack_a_field_are_refused(real: Callable[[str], Any]) -> None:
    """The error names the field."""
    box = real("boxscore_final")
    del box["game"]["gameTimeUTC"]
    with pytest.raises(UnrecordableError, match="no field 'gameTimeUTC'"):
        recording_from_play_by_play(real("playbyplay"), box)


def test_a_night_of_boxes_becomes_a_recording_that_plays_alike(
    site: NbaSite, comeback: Recording
) -> None:
    """Polled every 10 s and recorded, the game plays again poll for poll with the same box."""
    path = box_path(comeback)
    bodies = polls(site, [SCOREBOARD, path], step=10)
    (recording,) = recording_from_bodies(bodies)
    assert isinstance(recording.course, Readings)
    assert recording.official == comeback.official
    data = format_recording(recording)
    assert len(data) < MAX_FILE
    assert parse_recording(data, "night") == recording
    again = NbaSite([Playback(recording)])
    first = site.games[0].starts + timedelta(seconds=10)
    for at, url, body in bodies[::37]:
        if url.endswith(path) and at > first:
            was, now = json.loads(body)["game"], fetch(again, path, at)["game"]
            for key in ("gameStatus", "gameStatusText", "period", "gameClock"):
                assert was[key] == now[key]
            for side in ("homeTeam", "awayTeam"):
                for key in ("score", "periods", "timeoutsRemaining", "inBonus", "players"):
                    assert was[side][key] == now[side][key], (at, key)


def test_a_night_of_scoreboards_becomes_a_recording_of_scores(games: dict[str, Recording]) -> None:
    """Without boxes each game of the board is recorded with scores, but no players and no box."""
    night = [g for g in games.values() if g.id.startswith("00225")]
    site = NbaSite([Playback(game) for game in night])
    bodies = polls(site, [SCOREBOARD], step=30, hours=6)
    recordings = recording_from_bodies(bodies)
    assert {r.id for r in recordings} == {g.id for g in night}
    again = NbaSite([Playback(recording) for recording in recordings])
    when = TIP + timedelta(hours=2)
    was, now = fetch(site, SCOREBOARD, when), fetch(again, SCOREBOARD, when)
    for one, two in zip(was["scoreboard"]["games"], now["scoreboard"]["games"], strict=True):
        for key in ("gameId", "gameStatusText", "period", "gameClock", "homeTeam", "awayTeam"):
            assert one[key] == two[key]
    assert again.page(box_path(night[0]), when) is None


def test_answers_that_are_no_documents_are_passed_over(site: NbaSite, comeback: Recording) -> None:
    """Refusals, truncated bodies and other documents change nothing."""
    path = box_path(comeback)
    bodies = polls(site, [path], step=60)
    noise: Bodies = [
        (TIP, HOST + path, b"<HTML>Access Denied"),
        (TIP, HOST + path, b'{"game": 7}'),
        (TIP, HOST + SCOREBOARD, b'{"scoreboard": {"games": null}}'),
        (TIP, HOST + "/static/json/staticData/scheduleLeagueV2.json", b"{}"),
    ]
    assert recording_from_bodies(noise + bodies) == recording_from_bodies(bodies)


def test_a_game_that_never_began_is_no_recording(site: NbaSite, comeback: Recording) -> None:
    """Polls that saw only the countdown make no recording."""
    assert recording_from_bodies(polls(site, [box_path(comeback)], 60, hours=0.5)) == []


def test_a_body_that_makes_no_sense_is_refused(site: NbaSite, comeback: Recording) -> None:
    """A box without its clock is an error that names the game and the field."""
    end = site.games[0].ends
    document = fetch(site, box_path(comeback), end)
    del document["game"]["period"]
    body = json.dumps(document).encode()
    with pytest.raises(UnrecordableError, match=r"game 0022500680 have no field 'period'"):
        recording_from_bodies([(end, HOST + box_path(comeback), body)])
