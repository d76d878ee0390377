"""Promises of `tracker history`: the feed's finished games become a dataset, each game once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Cli
from tests.cli.test_run import read_until, started
from tracker.domain.game import Game, GameState, Score, Side
from tracker.domain.league import season_name
from tracker.feeds import FeedMalformed, nba
from tracker.forecast.players.remainder import BASIC
from tracker.modelling.games import Act, read
from tracker.modelling.history import HistoryFolder, events_of, runs, season_of
from tracker.modelling.players import read_players
from tracker.replay import find_recording
from tracker.replay.nba_site import LIVE, NbaSite
from tracker.replay.playback import Playback

NAME = "CHA@DAL"
LATER = datetime(2026, 1, 31, 18, tzinfo=UTC)
SPAN = ("--from", "2026-01-29", "--to", "2026-01-29")


def documents() -> tuple[GameState, bytes]:
    """The final box score of a recorded game, and its play-by-play."""
    game = find_recording(NAME)
    site = NbaSite([Playback(game, None)])
    bodies = []
    for kind in ("boxscore", "playbyplay"):
        page = site.page(f"{LIVE}/{kind}/{kind}_{game.id}.json", LATER)
        assert page is not None
        bodies.append(page.body)
    return nba.SOURCE.parse_box(bodies[0]), bodies[1]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a feed whose games of that night are over."""
    server = started(
        "replay", "serve", NAME, "MIL@WAS", "--port", "0", "--clock-start", "2026-01-30T12:00:00Z"
    )
    try:
        yield read_until(server.stdout, "Playing").split()[-1]
    finally:
        server.terminate()
        server.communicate(timeout=20)


@pytest.fixture
def served(site: str, config: Path) -> None:
    """A configuration that names that feed."""
    config.write_text(f'[store]\npath = "t.db"\n[feeds.nba]\nbase_url = "{site}"\n', "utf-8")


def test_finished_games_become_a_dataset_and_are_asked_for_once(
    served: None, cli: Cli, tmp_path: Path
) -> None:
    """The dataset has finals, dates and sides as a fit needs them; a second run adds nothing."""
    first = cli("history", *SPAN, "--out", tmp_path / "data")
    assert first.status == 0, first.err
    assert first.out.startswith("2 games added")
    data = read(tmp_path / "data", "nba")
    final, _ = documents()
    row = data.games.id.tolist().index(final.game.id)
    assert (data.games.home[row], data.games.away[row]) == (final.score.home, final.score.away)
    assert data.games.home_team[row] == final.game.home
    assert set(data.games.season) == {"2025-26"}
    assert set(data.games.date) == {"2026-01-29"}
    shots = data.events.act == Act.SHOT
    assert set(data.events.side[shots].tolist()) == {1, -1}
    again = cli("history", *SPAN, "--out", tmp_path / "data")
    assert again.out.startswith("0 games added")
    assert "2 in all" in again.out


def test_players_are_collected_with_their_games(served: None, cli: Cli, tmp_path: Path) -> None:
    """Figures and time on the court agree with the box and the play-by-play."""
    assert cli("history", *SPAN, "--out", tmp_path / "data").status == 0
    rows = read_players(tmp_path / "data", "nba")
    final, _ = documents()
    game = rows.games.tolist().index(final.game.id)
    found = {int(x): i for i, x in enumerate(rows.person) if rows.game[i] == game}
    played = {int(x.id): x for x in final.players if x.played}
    assert found.keys() == played.keys()
    end = rows.moments["end"]
    for who, line in played.items():
        row = found[who]
        stats = dict(line.stats)
        assert rows.minutes[row] == pytest.approx(line.minutes)
        assert end.minutes[row] == pytest.approx(line.minutes, abs=0.5)
        assert rows.final[row].tolist() == [stats[x.value] for x in BASIC]
        assert end.stats[row, 0] == stats["pts"]
        assert rows.starter[row] == line.starter
        assert rows.home[row] == (line.side is Side.HOME)


def test_a_folder_from_before_players_were_collected_is_completed(
    served: None, cli: Cli, tmp_path: Path
) -> None:
    """Games without players are collected again, once, and stay in order."""
    data = tmp_path / "data"
    assert cli("history", *SPAN, "--out", data).status == 0
    whole = {x.name: x.read_bytes() for x in (data / "nba").iterdir()}
    for name, most in (("events", 11), ("games", 7)):
        file = data / "nba" / f"{name}.parquet"
        table = pq.read_table(file)
        pq.write_table(table.select(table.column_names[:most]), file)
    (data / "nba" / "player_games.parquet").unlink()
    assert len(read(data, "nba").games.id) == 2
    assert cli("history", *SPAN, "--out", data).out.startswith("2 games added")
    tables = {x.name: pq.read_table(x) for x in (data / "nba").iterdir()}
    (tmp_path / "whole").mkdir()
    for name, body in whole.items():
        (tmp_path / "whole" / name).write_bytes(body)
        assert tables[name].equals(pq.read_table(tmp_path / "whole" / name)), name
    assert cli("history", *SPAN, "--out", data).out.startswith("0 games added")


def test_games_come_in_order_whenever_they_were_collected(tmp_path: Path) -> None:
    """Games collected in any order give the same folder as if collected in one go."""
    final, body = documents()
    games = []
    for day in (1, 2, 3, 4):
        start = final.game.start + timedelta(days=day)
        game = replace(final.game, id=f"002250{day:04d}", start=start, day=start.date())
        state = replace(final, game=game)
        games.append((state, events_of(body, state)))
    one, two = (HistoryFolder(tmp_path / name, "nba") for name in ("one", "two"))
    one.add(games)
    for some in ([games[3], games[1]], [games[2]], [games[0]], [games[1]]):
        two.add(some)
    for name in ("events", "games", "player_games"):
        left, right = (
            pq.read_table(tmp_path / x / "nba" / f"{name}.parquet") for x in ("one", "two")
        )
        assert left.equals(right), name
    assert one.finished() == two.finished()
    assert HistoryFolder(tmp_path / "two", "nba").known == one.known


def test_who_was_on_the_court_is_told_only_where_the_minutes_agree() -> None:
    """If the box has other minutes, players on the court are left out and events are kept."""
    final, body = documents()
    played = [x for x in events_of(body, final) if x.action in ("2pt", "3pt", "rebound")]
    assert {len((x.players_on or "").split("|")) for x in played} == {10}
    other = [replace(x, minutes=x.minutes + 3) if x.starter else x for x in final.players]
    rows = events_of(body, replace(final, players=tuple(other)))
    assert {x.players_on for x in rows} == {""}
    assert len(rows) == len(events_of(body, final))


def test_days_without_games_are_one_sentence(served: None, cli: Cli, tmp_path: Path) -> None:
    """The sentence says which dates the schedule covers."""
    ran = cli("history", "--from", "2025-01-01", "--to", "2025-01-02", "--out", tmp_path / "x")
    assert ran.status == 1
    assert "it covers 2026-01-29" in ran.sentence


def test_the_boards_games_are_listed_whatever_the_machines_clock_says(
    served: None, cli: Cli
) -> None:
    """The league's date counts; a day that the board does not show has no games of its leagues."""
    none = cli("games", "--day", "2026-02-03").out
    assert "No game is on 2026-02-03 in the NBA or a league of your bets" in none
    shown = cli("games", "--json")
    assert shown.status == 0, shown.err
    assert {x["slate"] for x in shown.json} == {"2026-01-29"}


@pytest.mark.parametrize(
    "given",
    [("--from", "soon"), ("--from", "2026-01-02", "--to", "2026-01-01"),
     ("--from", "2026-01-01", "--league", "ncaam")],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_sentence(
    given: tuple[str, ...], cli: Cli, config: Path, tmp_path: Path
) -> None:
    """Bad options give one sentence with status 2, before the feed is asked."""
    ran = cli("history", *given, "--out", tmp_path / "x")
    assert ran.status == 2
    assert ran.sentence


def test_a_feed_that_does_not_answer_is_one_sentence(
    cli: Cli, config: Path, tmp_path: Path
) -> None:
    """A failing feed gives one sentence, and a folder of another form is left alone."""
    assert "schedule could not be read" in cli("history", *SPAN, "--out", tmp_path / "x").sentence
    (tmp_path / "y" / "nba").mkdir(parents=True)
    (tmp_path / "y" / "nba" / "events.parquet").write_bytes(b"mine")
    assert "name another folder" in cli("history", *SPAN, "--out", tmp_path / "y").sentence
    assert (tmp_path / "y" / "nba" / "events.parquet").read_bytes() == b"mine"


def test_a_play_by_play_leads_to_the_final_score_or_is_refused() -> None:
    """Events go forward to the final score; a box with another score is a feed fault."""
    final, body = documents()
    rows = events_of(body, final)
    assert (rows[-1].home_score, rows[-1].away_score) == (final.score.home, final.score.away)
    assert [x.period for x in rows] == sorted(x.period for x in rows)
    made = [x for x in rows if x.made and x.action in ("2pt", "3pt", "freethrow")]
    assert {x.side for x in made} == {"home", "away"}
    other = replace(final, score=Score(final.score.home + 1, final.score.away), periods=None)
    with pytest.raises(FeedMalformed, match="final score"):
        events_of(body, other)


def test_seasons_turn_in_august_but_in_summer_leagues() -> None:
    """A season is named by two years and changes in August; in a summer league by one year."""
    assert season_name("nba", datetime(2026, 4, 1, tzinfo=UTC).date()) == "2025-26"
    assert season_name("nba", datetime(1999, 11, 1, tzinfo=UTC).date()) == "1999-00"
    assert season_name("wnba", datetime(2026, 9, 1, tzinfo=UTC).date()) == "2026"


def test_a_collected_game_is_of_the_season_in_its_id() -> None:
    """The season of 2019-20 was played until October 2020, when another usually has begun."""
    late = Game("0041900401", "nba", "LAL", "MIA", datetime(2020, 10, 1, 1, tzinfo=UTC))
    assert season_of(late) == "2019-20"
    assert season_of(replace(late, id="1022000001", league="wnba")) == "2020"


def test_an_earlier_season_is_counted_through_by_id(cli: Cli, config: Path) -> None:
    """The ids cover regular season, cup final, play-in and every series of a season."""
    found = list(runs("nba", "2024-25"))
    assert found[0].ids[:2] == ("0022400001", "0022400002")
    assert ("0062400001",) in [x.ids for x in found]
    play_in = ("101", "111", "121", "131", "201", "211")
    assert tuple(f"0052400{x}" for x in play_in) in [x.ids for x in found]
    assert [x.ids[0] for x in found[-15:]][:2] == ["0042400101", "0042400111"]
    assert found[-1].ids[-1] == "0042400407"
    assert next(runs("wnba", "2025")).ids[0] == "1022500001"
    for season in ("2024", "2024-26", "24-25"):
        assert "is no season" in cli("history", "--season", season, "--out", "x").sentence
    assert cli("history", "--out", "x").status == 2
    assert cli("history", "--season", "2024-25", "--from", "2025-01-01", "--out", "x").status == 2


def test_a_season_of_which_the_feed_has_nothing_is_one_sentence(
    served: None, cli: Cli, tmp_path: Path
) -> None:
    """The command gives such a season up after a few games, not after a thousand."""
    ran = cli("history", "--season", "2023-24", "--out", tmp_path / "x")
    assert ran.status == 1
    assert "no game of that season" in ran.sentence
