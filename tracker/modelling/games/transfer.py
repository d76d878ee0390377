"""Leagues without recorded games: another league's figures about their own level, and flagged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracker.forecast.game import parameters as figures

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Level:
    """What is known of a league without fitting: whose figures it takes, and its averages."""

    source: str
    margin: float
    total: float
    margin_sd: float
    total_sd: float


LEVELS = {
    "gleague": Level("nba", margin=2.0, total=228.0, margin_sd=6.5, total_sd=10.0),
    "ncaaw": Level("wnba", margin=3.5, total=132.0, margin_sd=16.0, total_sd=11.0),
}
"""Home edge, mean total and how far single games lie from them, points. The G League plays by NBA
clocks at about its own pace; NCAA women play WNBA quarters, score less, and differ far more in
strength. Rounded season averages of both leagues, not fitted."""


def transfer(source: Path, league: str, out: Path) -> figures.Parameters:
    """Write the parameters of `league` as a reference to those of the league that it is like."""
    level = LEVELS[league]
    document: dict[str, Any] = json.loads(source.read_text("utf-8"))
    whole = json.loads(source.read_text("utf-8"))
    document |= {"league": league, "transferred": True, "calibration_id": "transferred"}
    document["average"] |= {
        "margin": level.margin,
        "total": level.total,
        "margin_sd": level.margin_sd,
        "total_sd": level.total_sd,
    }
    # Whose teams choose which end, and what a box usually shows, is not the other league's.
    document["ends"] = None
    document["flow"]["box"] = None
    document["ratings"] |= {
        "home_edge": level.margin,
        "mean_total": level.total,
        "margin_spread": round(level.margin_sd / 2**0.5, 3),
        "total_spread": round(level.total_sd / 2**0.5, 3),
    }
    form = str(whole["model_version"]).split(f"-{whole['league']}-")[0]
    document = figures.sealed(document, form)
    told = figures.reference(document, whole)
    out.write_text(json.dumps(told, sort_keys=True, separators=(",", ":")) + "\n", "utf-8")
    return figures.decode(json.dumps(document), out.name)
