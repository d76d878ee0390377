"""A recording file is read completely and strictly, or refused with one sentence."""

import gzip
import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.replay import (
    Recording,
    RecordingError,
    UnknownGameError,
    file_name,
    find_recording,
    format_recording,
    parse_recording,
    read_recording,
    shipped,
    write_recording,
)
from tracker.replay.timeline import describe

MAX_FILE = 60_000


def spoiled(game: Recording, *path: str | int, value: Any) -> bytes:
    """The file of a game with one value replaced."""
    document = json.loads(gzip.decompress(format_recording(game)))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return gzip.compress(json.dumps(document).encode())


def test_a_recording_comes_back_as_it_was_written(
    games: dict[str, Recording], tmp_path: Path
) -> None:
    """Writing and reading loses nothing, and equal games give equal bytes."""
    for game in games.values():
        write_recording(game, tmp_path / "game.json.gz")
        assert read_recording(tmp_path / "game.json.gz") == game
        assert format_recording(game) == (tmp_path / "game.json.gz").read_bytes()


def test_shipped_games_are_small() -> None:
    """A game fits in 60 kB, so that a repository can have many."""
    files = list((resources.files("tracker.replay") / "games").iterdir())
    assert len(files) >= 5
    assert {file.name for file in files} == {file_name(game) for game in shipped()}
    assert all(len(file.read_bytes()) < MAX_FILE for file in files)


def test_the_shipped_set_makes_good_demos(games: dict[str, Recording]) -> None:
    """It has a comeback, a blowout, an overtime and a push, and four real wall clocks."""
    told = "\n".join(describe(game) for game in games.values())
    assert "LAC 125 @ LAL 130: overtime, won from 19 behind, 10 lead changes" in told
    assert "a blowout" in told
    assert "a push on the closing total" in told
    assert sum(game.wall_clock == "recorded" for game in games.values()) == 4
    nba = [game for game in games.values() if game.league == "nba"]
    assert all(game.lines for game in nba if game.wall_clock == "modelled")


def test_games_of_three_leagues_are_shipped(games: dict[str, Recording]) -> None:
    """A WNBA game has four short quarters; college games have two halves, one with an overtime."""
    told = {name: describe(game) for name, game in games.items() if game.league != "nba"}
    assert told == {
        "LVA@SEA": "LVA 110 @ SEA 98: overtime, 6 lead changes",
        "UCF@VILL": "UCF 104 @ VILL 98: overtime, 4 lead changes",
        "FLA@HOU": "FLA 65 @ HOU 63: won from 12 behind, 3 lead changes",
    }
    assert (games["LVA@SEA"].rules.periods, games["LVA@SEA"].rules.period_s) == (4, 600)
    assert (games["FLA@HOU"].rules.periods, games["FLA@HOU"].rules.period_s) == (2, 1200)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("version",), 2, "version"),
        (("league",), "mlb", "league"),
        (("surprise",), 1, "surprise"),
        (("tip_off",), "2026-01-30T00:00:00-05:00", "tip_off must be in UTC"),
        (("course", "rows"), [], "the course is empty"),
        (("course", "rows", 3, 0), 10**9, "goes back in time"),
        (("course", "rows", 3, 2), 10**9, "no game has period 1"),
        (("course", "rows", 3, 4), "7", "course.actions.rows.3.4"),
        (("course", "rows", 3, 7), 42, "player 42"),
        (("course", "rows", -1, 3), 999, "official box"),
        (("home", "players", 0, "first"), None, "home.players.0.first"),
        (("venue", "zone"), "Mars/Olympus", "no time zone 'Mars/Olympus'"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(
    games: dict[str, Recording], path: tuple[str | int, ...], value: Any, says: str
) -> None:
    """A wrong value is refused with one sentence naming file, place and remedy."""
    with pytest.raises(RecordingError) as caught:
        parse_recording(spoiled(games["SAC@PHI"], *path, value=value), "night.json.gz")
    message = str(caught.value)
    assert message.startswith("night.json.gz is not a recording")
    assert says in message
    assert "\n" not in message
    assert message.endswith(".")


def test_a_file_that_was_cut_off_is_refused(games: dict[str, Recording]) -> None:
    """Half a file is no recording."""
    whole = format_recording(games["SAC@PHI"])
    with pytest.raises(RecordingError, match="gzip data is broken"):
        parse_recording(whole[: len(whole) // 2], "half.json.gz")


def test_a_file_that_unpacks_without_end_is_refused() -> None:
    """A small file cannot fill the memory."""
    with pytest.raises(RecordingError, match="larger than any game"):
        parse_recording(gzip.compress(b" " * 40_000_000), "bomb.json.gz")


@given(st.binary(max_size=200))
def test_noise_is_refused_and_never_more(noise: bytes) -> None:
    """Any bytes, plain or compressed, raise RecordingError."""
    for data in (noise, gzip.compress(noise)):
        with pytest.raises(RecordingError):
            parse_recording(data, "noise.json.gz")


def test_a_game_is_found_by_what_people_call_it(tmp_path: Path) -> None:
    """A game is found by teams, by teams and date, by id or by path."""
    game = find_recording("lac@lal")
    assert game.id == "0022300127"
    assert find_recording("LAC@LAL 2023-11-01") == game
    assert find_recording("0022300127") == game
    write_recording(game, tmp_path / "mine.json.gz")
    assert find_recording(str(tmp_path / "mine.json.gz")) == game


def test_an_unknown_game_is_answered_with_those_there_are() -> None:
    """The error lists the games to choose from."""
    with pytest.raises(UnknownGameError, match=r"No recorded game is called 'BOS@NYK'.*SAC@PHI"):
        find_recording("BOS@NYK")
    with pytest.raises(UnknownGameError, match=r"no recording file nowhere/x\.json\.gz"):
        find_recording("nowhere/x.json.gz")
    assert len(list(shipped())) == 11
