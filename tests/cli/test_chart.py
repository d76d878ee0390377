"""Promises of the chart: it fits the terminal, marks the game, and makes pictures that stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Cli
from tracker.app.course import game_seconds
from tracker.cli.charts.chart import _axis
from tracker.cli.charts.plot import Canvas
from tracker.domain.league import NBA, NCAAM


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize("bet", ["1", "2", "3", "4"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_chart_fits_its_width(cli: Cli, bet: str, width: int) -> None:
    """With the periods, the levels, the alerts and the score."""
    out = cli("chart", bet, "--width", str(width)).out
    assert max(len(x) for x in out.splitlines()[2:]) <= width
    assert out.count("Q4") == 2
    assert "80 %" in out
    assert "111–113" in out
    assert any(sign in out for sign in "▲▼◆")


@pytest.mark.usefixtures("night")
@pytest.mark.parametrize("form", ["png", "svg"])
def test_the_same_history_gives_the_same_picture(cli: Cli, tmp_path: Path, form: str) -> None:
    """Byte for byte."""
    pytest.importorskip("matplotlib")
    files = [tmp_path / f"{name}.{form}" for name in "ab"]
    for file in files:
        assert cli("chart", "2", "--out", file).status == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    head = {"png": b"\x89PNG", "svg": b"<?xml"}[form]
    assert files[0].read_bytes().startswith(head)


@pytest.mark.usefixtures("slate")
def test_a_bet_without_a_history_says_so(cli: Cli) -> None:
    """In a sentence, and no failure."""
    cli("add", "DEN ML")
    cli("add", "PHI ML")
    for bet, why in (("1", "when the daemon first sees the game"), ("2", "its game is not known")):
        ran = cli("chart", bet)
        assert ran.status == 0
        assert why in ran.out


def test_game_time_counts_every_period() -> None:
    """Overtimes are shorter, halves are longer, and before tip-off is the beginning."""
    assert game_seconds(NBA, 0, 0.0) == 0
    assert game_seconds(NBA, 1, 720.0) == 0
    assert game_seconds(NBA, 3, 251.0) == 2 * 720 + 469
    assert game_seconds(NBA, 4, 0.0) == 2880
    assert game_seconds(NBA, 6, 0.0) == 2880 + 600
    assert game_seconds(NCAAM, 2, 60.0) == 2340


def test_a_curve_keeps_its_value_until_the_next_point() -> None:
    """A step, drawn in dots."""
    canvas = Canvas(4, 2, 0.0, 7.0, 0.0, 7.0)
    canvas.steps([(0.0, 0.0), (4.0, 7.0), (7.0, 7.0)], "")
    assert canvas.lines(lambda text, _: text) == ["  ⡏⠉", "⣀⣀⡇"]


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 9)), min_size=1, max_size=9))
def test_labels_of_short_periods_never_run_into_each_other(
    given_spans: list[tuple[int, int]],
) -> None:
    """However many overtimes there are, each label stands whole or not at all; the last stands."""
    spans, begins = [], 0
    for number, (length, letters) in enumerate(given_spans):
        spans.append((float(begins), float(begins + length), "abcdefghi"[number] * letters))
        begins += length
    drawn = _axis(Canvas(73, 10, 0.0, float(begins), 0.0, 1.0), spans)
    assert len(drawn) <= 73
    assert set(drawn.split()) <= {name for _, _, name in spans}
    assert spans[-1][2] in drawn.split()
