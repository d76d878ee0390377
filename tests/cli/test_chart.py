"""Promises of charts: they fit the terminal, mark the game, and give the same picture again."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from tests.cli.conftest import Cli, Terminal
from tracker.app.axes import game_seconds
from tracker.app.course import Course, Lane
from tracker.cli.charts.plot import Canvas, axis, draw_clv, draw_profit, histogram
from tracker.cli.demo import conclude
from tracker.cli.demo.night import SLOWEST, SPEED, TIP_OFF, NightResult, pace, starts
from tracker.domain.bet import Result
from tracker.domain.league import NBA, NCAAM
from tracker.store import Store
from tracker.web.charts import of_clv, of_profit


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize("bet", ["1", "2", "3", "4"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_chart_fits_its_width(cli: Cli, bet: str, width: int) -> None:
    """A chart has periods, levels, alerts and the score, and no line wider than asked."""
    out = cli("chart", bet, "--width", str(width)).out
    assert max(len(x) for x in out.splitlines()[2:]) <= width
    assert out.count("Q4") == 2
    assert "80 %" in out
    assert "111–113" in out
    # The one alert of the last bet, 5 s before its end, stands in front of the result's sign.
    assert any(sign in out for sign in "▲▼◆")


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_same_history_gives_the_same_picture(cli: Cli, tmp_path: Path, form: str) -> None:
    """Two pictures of one history are equal byte for byte."""
    pytest.importorskip("matplotlib")
    files = [tmp_path / f"{name}.{form}" for name in "ab"]
    for file in files:
        assert cli("chart", "2", "--out", file).status == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    head = {"png": b"\x89PNG", "svg": b"<?xml"}[form]
    assert files[0].read_bytes().startswith(head)


@pytest.mark.usefixtures("slate")
def test_a_bet_without_a_history_says_so(cli: Cli, tmp_path: Path) -> None:
    """A bet without snapshots gives a sentence; only a picture that is asked for is a failure."""
    cli("add", "DEN ML")
    cli("add", "PHI ML")
    for bet, why in (("1", "when the daemon first sees the game"), ("2", "its game is not known")):
        ran = cli("chart", bet)
        assert ran.status == 0
        assert why in ran.out
        asked = cli("chart", bet, "--out", tmp_path / "a.png")
        assert (asked.status, why in asked.sentence) == (1, True)


def test_game_time_counts_every_period() -> None:
    """Overtimes are shorter and halves longer than quarters; before tip-off is time 0."""
    assert game_seconds(NBA, 0, 0.0) == 0
    assert game_seconds(NBA, 1, 720.0) == 0
    assert game_seconds(NBA, 3, 251.0) == 2 * 720 + 469
    assert game_seconds(NBA, 4, 0.0) == 2880
    assert game_seconds(NBA, 6, 0.0) == 2880 + 600
    assert game_seconds(NCAAM, 2, 60.0) == 2340


def test_a_curve_keeps_its_value_until_the_next_point() -> None:
    """A curve is drawn as steps of dots."""
    canvas = Canvas(4, 2, 0.0, 7.0, 0.0, 7.0)
    canvas.steps([(0.0, 0.0), (4.0, 7.0), (7.0, 7.0)], "")
    assert canvas.lines(lambda text, _: text) == ["  ⡏⠉", "⣀⣀⡇"]


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 9)), min_size=1, max_size=9))
def test_labels_of_short_periods_never_run_into_each_other(
    given_spans: list[tuple[int, int]],
) -> None:
    """However many overtimes there are, each label is whole or omitted; the last is shown."""
    spans, begins = [], 0
    for number, (length, letters) in enumerate(given_spans):
        spans.append((begins + length / 2, "abcdefghi"[number] * letters))
        begins += length
    drawn = axis(Canvas(73, 10, 0.0, float(begins), 0.0, 1.0), spans)
    assert len(drawn) <= 73
    assert set(drawn.split()) <= {name for _, name in spans}
    assert spans[-1][1] in drawn.split()


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("kind", ["--profit", "--calibration"])
def test_a_record_is_drawn(cli: Cli, kind: str, width: int) -> None:
    """The chart of a record is as wide as the terminal and no wider."""
    ran = cli("chart", kind, "--width", str(width))
    assert ran.status == 0
    assert max(map(len, ran.out.splitlines()[1:])) <= width
    assert {"--profit": "over 1 night", "--calibration": "  75 %"}[kind] in ran.out


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize("kind", ["--profit", "--calibration"])
def test_a_record_is_a_picture(cli: Cli, tmp_path: Path, kind: str) -> None:
    """Two pictures of one record are equal byte for byte."""
    pytest.importorskip("matplotlib")
    files = [tmp_path / f"{name}.png" for name in "ab"]
    for file in files:
        assert cli("chart", kind, "--out", file).status == 0
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.usefixtures("config")
def test_a_record_of_nothing_says_so(cli: Cli) -> None:
    """Each chart of an empty record gives a sentence, even without a database."""
    for kind in ("--profit", "--calibration", "--clv"):
        ran = cli("chart", kind)
        assert ran.status == 0
        assert ran.out.startswith("No ")
        assert cli("chart", kind, "--out", "record.png").status == 1


def test_many_legs_and_games_stay_within_the_picture() -> None:
    """A long subtitle goes on below, broken between legs, and no leg is lost."""
    picture = pytest.importorskip("tracker.cli.charts.picture")
    lanes = tuple(Lane(f"Tyrese Maxey o{n}.5 pts (SAC@PHI)", Result.WON) for n in range(12))
    games = ", ".join(["SAC@PHI"] * 12)
    course = Course("", games, (), (), (), (), 1.0, lanes, None, None)
    told = picture.subtitle(course)
    assert max(map(len, told.splitlines())) <= 84
    assert told.replace("\N{NBSP}", " ").count("Tyrese Maxey o") == 12
    assert [x.partition(" ")[0] for x in told.splitlines()[2:]] == [
        f"Tyrese\N{NBSP}Maxey\N{NBSP}o{n}.5\N{NBSP}pts\N{NBSP}(SAC@PHI):\N{NBSP}won"
        for n in range(0, 12, 2)
    ]


def test_a_profit_of_one_night_names_it_once() -> None:
    """The axis of a single night has its date once."""
    assert "".join(draw_profit([("2026-11-20", 500)], 80)).count("2026-11-20") == 1


def test_a_loss_of_cents_is_no_loss_of_nothing() -> None:
    """An axis in whole dollars has no -0, on the terminal or on the page."""
    days = [("2026-11-20", -40), ("2026-11-21", 900)]
    assert "-0" not in "".join(draw_profit(days, 80)).replace("-01", "").replace("-1", "")
    assert ">-0<" not in of_profit(days)


def test_the_outermost_bars_of_the_page_hold_all_beyond_them() -> None:
    """Closing values of −35 % and +29 % are told as beyond the axis, not as on its edge."""
    drawn = of_clv([(-18, 2), (-2, 3), (14, 1)])
    assert re.findall("<title>(\\d[^<]*)", drawn) == [
        "2 below −18 %", "3 from −4 % to −2 %", "1 from +18 %"
    ]  # fmt: skip


def test_one_thing_is_drawn_at_a_time(cli: Cli) -> None:
    """A chart is of one bet or of one record; none or two at once are refused."""
    for words in ((), ("1", "--profit"), ("--profit", "--clv")):
        ran = cli("chart", *words)
        assert ran.status == 2
        assert "name one bet, or one of" in ran.sentence


@given(st.lists(st.integers(-150, 150).map(lambda x: x / 100), min_size=1, max_size=40))
def test_a_histogram_counts_every_bet_once(values: list[float]) -> None:
    """Every value is in one bin; the bins are adjacent, and none crosses 0."""
    bins = histogram(values)
    assert sum(count for _, _, count in bins) == len(values)
    assert all(low < high and not low < -1e-9 < 1e-9 < high for low, high, _ in bins)
    assert [high for _, high, _ in bins[:-1]] == pytest.approx([low for low, _, _ in bins[1:]])


def test_what_the_close_says_is_drawn_in_bars() -> None:
    """The highest count has the longest bar, and no line is wider than asked."""
    lines = draw_clv([-0.032, -0.031, 0.02], "+1 %", 80)
    assert lines[0].endswith("+1 %")
    assert max(map(len, lines)) <= 80
    bars = {x.split("%")[0].strip(): x.count("█") for x in lines[1:]}
    assert bars["-4 to -3"] > bars["+2 to +3"] > 0


@pytest.mark.parametrize("width", [80, 120])
async def test_the_demos_charts_are_whole_on_a_colour_terminal(
    night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    """Colour codes take no width: each row of a chart stays on one line."""
    async with await Store.open(night, now=datetime.now(UTC), readonly=True) as store:
        view = await store.show_view(1)
    assert view is not None
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    console = Console(file=terminal, force_terminal=True, width=width, highlight=False)
    conclude(NightResult((view,), (), 1, 0, ""), tmp_path, console)
    drawn = terminal.getvalue()
    assert "\x1b[36m" in drawn
    lines = [Text.from_ansi(x).plain.rstrip() for x in drawn.splitlines()]
    assert max(map(len, lines)) <= width
    first = next(i for i, x in enumerate(lines) if x.startswith("p(hit)"))
    assert [lines[first + i][:7].strip() for i in (1, 12)] == ["100 %", "0 %"]
    assert lines[first + 13].split() == ["Q1", "Q2", "Q3", "Q4"]


def test_a_slow_machine_is_given_time() -> None:
    """On a slow machine the demo starts the daemon earlier and plays the games more slowly."""
    assert pace(1.0) == pace(2.0) == SPEED
    assert SLOWEST < pace(6.0) < SPEED
    assert pace(600.0) == SLOWEST
    for load_s in (0.2, 2.0, 20.0):
        speed = pace(load_s)
        real = (TIP_OFF - starts(load_s, speed)).total_seconds() / speed
        assert real >= max(3.0, 2 * load_s)
