"""Promises of `tracker why`: causes add up, moments can be named freely, lost data is reported."""

from __future__ import annotations

import math
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.cli.conftest import Cli
from tests.conftest import made_once
from tracker.__main__ import run
from tracker.app.explain import UNKNOWN, exactly, states_by_plays
from tracker.domain.chance import Chance
from tracker.domain.game import FreeThrows, Game, GameState, Phase, Score, Side
from tracker.forecast.explain import CAUSES
from tracker.wording.figures import percent, points_moved, tenths

LATE = Game("1", "nba", "PHI", "SAC", datetime(2026, 1, 30, tzinfo=UTC))

SHARES = st.lists(st.floats(-1, 1), min_size=len(CAUSES), max_size=len(CAUSES))


@pytest.mark.parametrize("bet", ["1", "2", "3", "4"])
@pytest.mark.parametrize("span", [(), ("--from", "tip"), ("--from", "Q2", "--to", "Q4 3:00")])
def test_causes_add_up_to_what_was_written_down(
    night: Path, cli: Cli, bet: str, span: tuple[str, ...]
) -> None:
    """In every market and span the causes give the stored change exactly, with none unknown."""
    told = cli("why", bet, *span, "--json").json
    assert [x["cause"] for x in told["causes"]] == list(CAUSES)
    total = math.fsum(x["change"] for x in told["causes"])
    assert total == pytest.approx(told["change"], abs=1e-12)
    assert told["change"] == told["to"]["win"] - told["from"]["win"]


@pytest.fixture(scope="module")
def props(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of the game with a player's line and two parlays, made once."""
    return made_once(tmp_path_factory, "props", play_props) / "props.db"


def play_props(folder: Path) -> None:
    """Follow the game; its database is `props.db`."""
    config, database = folder / "tracker.toml", folder / "props.db"
    config.write_text('[rules]\ndefault = ["settled"]\n', "utf-8")
    picks = (
        "Maxey over 25.5 pts -110",
        "parlay: PHI ML; over 224.5; Maxey o20.5 pts +450 $10",
        "parlay: PHI ML; SAC over 100.5",
        "over 224.5",
    )
    bets = [x for pick in picks for x in ("--bet", pick)]
    words = ["--config", str(config), "replay", "run", "SAC@PHI", *bets, "--keep", str(database)]
    assert run(words) == 0


@pytest.mark.parametrize("bet", ["1", "2", "3"])
@pytest.mark.parametrize("span", [(), ("--from", "tip")])
def test_players_and_parlays_are_explained_exactly(
    props: Path, config: Path, cli: Cli, bet: str, span: tuple[str, ...]
) -> None:
    """A player's own figures are a cause; all causes add up, and none is unknown."""
    target = config.parent / "state" / "tracker.db"
    target.parent.mkdir(mode=0o700)
    shutil.copy(props, target)
    told = cli("why", bet, *span, "--json").json
    causes = {x["cause"]: x["change"] for x in told["causes"]}
    assert math.fsum(causes.values()) == pytest.approx(told["change"], abs=1e-12)
    assert list(causes) == list(CAUSES)
    if bet == "1":
        assert causes["player"] > 0.05
    if bet == "3":
        assert causes["player"] == 0.0


@pytest.mark.parametrize("bet", ["3", "4"])
@pytest.mark.parametrize("span", [("Q1 10:12", "Q3 2:24"), ("Q2 9:25", "Q2 9:21")])
def test_what_a_bet_on_a_player_had_read_is_a_cause_of_the_other_bets_too(
    props: Path, config: Path, cli: Cli, bet: str, span: tuple[str, str]
) -> None:
    """A box's possessions and fouls move every line of the game; no change is left unexplained."""
    target = config.parent / "state" / "tracker.db"
    target.parent.mkdir(mode=0o700)
    shutil.copy(props, target)
    told = cli("why", bet, "--from", span[0], "--to", span[1], "--json").json
    causes = {x["cause"]: x["change"] for x in told["causes"]}
    assert "not known" not in causes
    assert math.fsum(causes.values()) == pytest.approx(told["change"], abs=1e-9)


def test_it_reads_like_a_story(night: Path, cli: Cli) -> None:
    """The text has both moments with score and chance, who scored what, and the sum."""
    said = cli("why", "1", "--from", "Q4 5:00").out
    assert "#1 PHI ML" in said
    assert "PHI scored" in said
    assert "SAC scored" in said
    assert "together" in said


def test_a_moment_is_a_clock_a_time_or_a_poll(night: Path, cli: Cli) -> None:
    """Game clock, time of day and poll of one moment lead to the same snapshot."""
    shown = cli("show", "1", "--json").json["snapshots"]
    one = next(x for x in shown if x["period"] == 2 and x["clock_s"] < 400)
    wanted = {"--from": one["game_clock"]}, {"--from": one["at"]}, {"--from": str(one["poll"])}
    found = [cli("why", "1", *x.popitem(), "--json").json["from"]["at"] for x in wanted]
    assert found == [one["at"]] * 3
    evening = cli("why", "1", "--from", "20:00", "--json").json["from"]["at"]
    assert evening <= "2026-01-30T01:00:00Z"


@pytest.mark.parametrize(
    "span",
    [("--from", "soon"), ("--from", "99999"), ("--from", "end"), ("--to", "2020-01-01T00:00:00Z")],
)
def test_a_moment_that_is_none_is_one_sentence(
    night: Path, cli: Cli, span: tuple[str, ...]
) -> None:
    """A bad moment gives one sentence with exit status 2."""
    ran = cli("why", "1", *span)
    assert ran.status == 2
    assert ran.sentence


def test_without_raw_answers_the_snapshots_do(night: Path, cli: Cli) -> None:
    """What snapshots do not hold is shown as not known, and the rest still adds up."""
    with closing(sqlite3.connect(night)) as db, db:
        db.execute("DELETE FROM body")
    db.close()
    told = cli("why", "3", "--from", "Q4 1:00", "--to", "Q4 0:10", "--json").json
    causes = {x["cause"]: x["change"] for x in told["causes"]}
    assert math.fsum(causes.values()) == pytest.approx(told["change"], abs=1e-12)
    assert causes[UNKNOWN] != 0
    assert causes["possession"] == 0, "no ball gives the very chance, so that none is told"


def test_the_ball_and_free_throws_of_a_late_moment_are_told_by_its_chance() -> None:
    """No body that is kept holds them: late, each side's ball and throws are tried."""
    late = GameState(LATE, Phase.LIVE, 4, 27.3, Score(109, 111))
    tried = states_by_plays(late)
    assert tried[0] == late
    assert {(x.possession, x.throws) for x in tried[1:]} == {
        (side, throws)
        for side in Side
        for throws in (
            None,
            *(
                FreeThrows(side, left, None, kept, reviewed)
                for left in (1, 2, 3)
                for kept, reviewed in ((None, False), (None, True), *((x, False) for x in Side))
            ),
        )
    }
    assert states_by_plays(replace(late, clock=301.0)) == [replace(late, clock=301.0)]
    assert [x.tip for x in states_by_plays(replace(late, period=3))] == [None, *Side]


@pytest.mark.parametrize("bet", ["1", "2"])
def test_what_nothing_is_kept_of_any_more_is_not_known(
    props: Path, config: Path, cli: Cli, bet: str
) -> None:
    """A player's bet whose box scores are gone keeps its change, as one that is not known."""
    target = config.parent / "state" / "tracker.db"
    target.parent.mkdir(mode=0o700)
    shutil.copy(props, target)
    with closing(sqlite3.connect(target)) as db, db:
        db.execute("DELETE FROM body")
    db.close()
    told = cli("why", bet, "--json").json
    assert [x["cause"] for x in told["causes"]] == ["not known"]
    assert told["causes"][0]["change"] == pytest.approx(told["change"], abs=1e-12)
    assert abs(told["change"]) > 0.01
    assert "not known" in cli("why", bet).out


def test_a_bet_without_a_history_is_one_sentence(cli: Cli, slate: object) -> None:
    """A bet whose chance has not moved gives one sentence."""
    cli("add", "BOS ML", "--json")
    assert "no change to explain yet" in cli("why", "1").sentence
    assert cli("why", "77").status == 2


@given(SHARES, st.floats(-1, 1))
def test_what_is_left_over_is_never_hidden(shares: list[float], change: float) -> None:
    """Rounding goes to the largest cause, and any larger rest is a cause of its own."""
    told = exactly(tuple(zip(CAUSES, shares, strict=True)), change)
    assert math.fsum(x for _, x in told) == pytest.approx(change, abs=1e-12)
    if abs(math.fsum(shares) - change) > 1e-6:
        assert told[-1][0] == UNKNOWN


@given(SHARES, st.floats(0, 1))
def test_rounded_points_add_up_as_shown(shares: list[float], begin: float) -> None:
    """The rounded points of a column add up to the difference of the two chances as shown."""
    end = begin + math.fsum(shares)
    assume(0 <= end <= 1)
    first, last = Chance(begin, 0.0, 1 - begin), Chance(end, 0.0, 1 - end)
    change = points_moved(first, last)
    begins, ends = (percent(x.win, 1) for x in (first, last))
    if begins[0] not in "<>" and ends[0] not in "<>":
        assert change / 10 == pytest.approx(float(ends[:-2]) - float(begins[:-2]), abs=1e-9)
    shown = tenths(shares, change)
    assert sum(shown) == change
    assert all(abs(a - b * 1000) <= 2 for a, b in zip(shown, shares, strict=True))
