"""Recordings are made from the bodies of a night's polls."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tracker.replay import Readings, Recording, format_recording, parse_recording
from tracker.replay.nba_site import LIVE, SCOREBOARD, WNBA_SCOREBOARD, NbaSite
from tracker.replay.playback import Playback
from tracker.replay.record import (
    UnrecordableError,
    recording_from_bodies,
)

TIP = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
HOST = "https://cdn.nba.com"
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


def test_a_game_of_the_wnba_is_recorded_as_one(games: dict[str, Recording]) -> None:
    """It has quarters of ten minutes, and is played again at the WNBA's addresses."""
    game = games["LVA@SEA"]
    site = NbaSite([Playback(game)], league="wnba")
    (recording,) = recording_from_bodies(polls(site, [WNBA_SCOREBOARD], step=60, hours=3))
    assert (recording.league, recording.rules) == ("wnba", game.rules)
    again = NbaSite([Playback(recording)], league="wnba")
    assert [x.playback.recording.id for x in again.games] == [game.id]


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
