"""A league's parameters: everything that was fitted, and its file format.

One value of `Parameters` holds a league. All figures are maximum-likelihood or least-squares fits
on recorded games by `tracker fit`; docs/model.md tells how, docs/model-card.md how well.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.domain import Lazy
from tracker.domain.league import LEAGUES
from tracker.forecast.calibration import NO_CALIBRATIONS, Calibrations
from tracker.forecast.documents import About, BadParameters, decoded, shipped_text, version_in
from tracker.forecast.game import (
    Average,
    BoxFigures,
    Endgame,
    Flow,
    Overtime,
    PackedTable,
    SpanFigures,
    Table,
    whole,
)
from tracker.forecast.game.endgame import LAST_MINUTE, ending, land
from tracker.forecast.game.flow import MARGIN_FEATURES, TOTAL_FEATURES
from tracker.forecast.game.lattice import Cells, Lattice
from tracker.forecast.teams import EndsBelief, RatingFigures, read_ends

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.endgame import Landing
    from tracker.forecast.players import PlayerFigures

    Floats = NDArray[np.float64]

FORMAT = 3
"""The version of the file format that is written; EARLIER can be read too, no other."""

EARLIER = 2
"""The format before. The figures that it lacks are optional."""

FEATURE_VERSION = "score-clock-possession-bonus-prior-ends-box-tip-2"
"""The name of the inputs that figures are fitted on. It changes when one is added or read
differently."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """Everything fitted for one league, and the versions that its snapshots are stored with.

    `players` replace the shipped figures of the league's players; `calibrations` correct the
    chances that are read off its outlooks.
    """

    league: str
    model_version: str
    feature_version: str
    transferred: bool
    fitted_on: tuple[str, ...]
    average: Average
    flow: Flow
    endgame: Endgame
    overtime: Overtime
    ratings: RatingFigures
    spans: Mapping[str, SpanFigures]
    breaks: Endgame
    """Tables for the ends of earlier periods: one for all leads, as nobody fouls to catch up."""
    ends: EndsBelief | None
    """The belief about road teams' ends; None in leagues where ends have no effect."""
    about: About
    checksum: str
    players: PlayerFigures | None = None
    calibrations: Calibrations = NO_CALIBRATIONS

    @property
    def calibration_id(self) -> str:
        """The name of the calibrations in use."""
        return self.calibrations.name

    @property
    def player_figures(self) -> PlayerFigures:
        """The figures of the league's players: its own, else the shipped ones."""
        from tracker.forecast.players import load_player_figures

        return self.players or load_player_figures(self.league)

    @Lazy
    def landing(self) -> Landing:
        """The endgame's tables from the flow's layer on, summed for every lead at the layer."""
        return land(self.endgame, self.flow.layer)

    @Lazy
    def last_minute(self) -> Lattice:
        """Points of both teams in the last minute of an earlier period."""
        return Cells(0, 0, ending(self.breaks, 0, LAST_MINUTE), (0, 0))


@cache
def load_parameters(league: str) -> Parameters:
    """The shipped parameters of a league (`nba`). Raises BadParameters when they cannot be used."""
    if league not in LEAGUES:
        raise BadParameters(f"there is no league {league!r}: use one of {', '.join(LEAGUES)}")
    return decode(shipped_text("{}.json", league), f"{league}.json")


def decode(text: str, where: str) -> Parameters:
    """Parameters from a file's text; `where` names the file. Raises BadParameters."""
    wrong = f"{where} is not of format {FORMAT}: refit it with this program"
    return decoded(text, where, ("format", (FORMAT, EARLIER)), wrong, _read)


def _read(document: Mapping[str, Any]) -> Parameters:
    def floats(part: str, name: str) -> Floats:
        return np.array(document[part][name], dtype=np.float64)

    flow, tables = document["flow"], _endgame(document["endgame"])
    return Parameters(
        league=document["league"],
        model_version=version_in(document, earlier=document["format"] == EARLIER),
        feature_version=document["feature_version"],
        transferred=document["transferred"],
        fitted_on=tuple(document["fitted_on"]),
        average=Average(**document["average"]),
        flow=Flow(
            layer=float(flow["layer"]),
            total_pace=float(flow["total_pace"]),
            margin_noise=float(flow["margin_noise"]),
            total_noise=float(flow["total_noise"]),
            knots=floats("flow", "knots"),
            margin=_wide(floats("flow", "margin"), len(MARGIN_FEATURES)),
            total=_wide(floats("flow", "total"), len(TOTAL_FEATURES)),
            margin_rate=floats("flow", "margin_rate"),
            total_rate=floats("flow", "total_rate"),
            box=_box(flow.get("box")),
            tie=float(flow.get("tie", 0.0)),
        ),
        endgame=tables,
        overtime=Overtime.of(tables, float(document["overtime"]["tempo"])),
        ratings=RatingFigures(**document["ratings"]),
        spans={name: _span(row) for name, row in document["spans"].items()},
        ends=read_ends(document.get("ends")),
        breaks=_breaks(document["breaks"]),
        checksum=document["sha256"],
        about=About(**document.get("about") or {}),
    )


def _endgame(given: Mapping[str, Any]) -> Endgame:
    leads = int(given["leads"])
    return Endgame(
        clocks=np.array(given["clocks"], dtype=np.float64),
        leads=leads,
        tables=read_tables(given["sizes"], 2 * leads + 1, given["cells"]),
        ball=np.array(given["ball"], dtype=np.float64),
        tilt=np.array(given["tilt"], dtype=np.float64),
    )


def _wide(weights: Floats, features: int) -> Floats:
    """Weights by knot and feature, with 0 for features that an earlier file lacks."""
    found: Floats = np.pad(weights, ((0, 0), (0, features - weights.shape[1])))
    return found


EARLIER_SPAN = 8
"""The number of weights of a span in the format before: four of the margin, four of the total."""


def _span(row: Mapping[str, Sequence[float]]) -> SpanFigures:
    """The figures of a span. Features that an earlier file lacks get the weight 0.

    A file that lacks the newest features alone needs no change: they are the last ones.
    """

    def weights(name: str) -> tuple[float, ...]:
        weights = row[name]
        if len(weights) != EARLIER_SPAN:
            return tuple(weights)
        return (*weights[:4], 0.0, *weights[4:], 0.0, 0.0)

    def variances(name: str) -> tuple[float, float, float, float]:
        a, b, c, d = row[f"{name}_variance"]
        return a, b, c, d

    return SpanFigures(weights("inside"), weights("ahead"), variances("inside"), variances("ahead"))


def _box(given: Mapping[str, Any] | None) -> BoxFigures | None:
    if given is None:
        return None
    return BoxFigures(
        played=tuple(map(float, given["played"])),
        possessions=tuple((float(a), float(b), float(c)) for a, b, c in given["possessions"]),
        fouls=tuple((float(d), float(e)) for d, e in given["fouls"]),
        reference=float(given["reference"]),
    )


def _breaks(given: Mapping[str, Any]) -> Endgame:
    clocks = np.array(given["clocks"], dtype=np.float64)
    return Endgame(
        clocks=clocks,
        leads=0,
        tables=unpack_tables(given["sizes"], 1, given["cells"]),
        ball=np.full((clocks.size, 1), 0.5),
        tilt=np.zeros((clocks.size, 5)),
    )


_SCALE = 65535
"""Table cells are kept as 16-bit fractions: half a unit is a chance of 0.000008."""


def pack_tables(tables: Sequence[Table]) -> tuple[list[int], str]:
    """The sizes of square tables `[lead, n, n]`, and their cells compressed as base64 text."""
    cells = b"".join(_cells(x).tobytes() for x in tables)
    packed = base64.b64encode(zlib.compress(cells, 9)).decode("ascii")
    return [x.shape[1] for x in tables], packed


def as_packed(tables: Sequence[Table]) -> tuple[Floats, ...]:
    """Tables with the chances that they have once they are packed and unpacked."""
    return tuple(whole(_packed(_cells(x))) for x in tables)


def _cells(table: Table) -> NDArray[np.uint16]:
    return np.rint(np.clip(whole(table), 0, 1) * _SCALE).astype("<u2")


def _packed(cells: NDArray[np.uint16]) -> PackedTable:
    return PackedTable(cells, cells.sum(axis=(1, 2), dtype=np.int64))


def unpack_tables(sizes: list[int], leads: int, text: str) -> tuple[Floats, ...]:
    """The inverse of `pack_tables`; every table adds up to 1."""
    return tuple(map(whole, read_tables(sizes, leads, text)))


def read_tables(sizes: list[int], leads: int, text: str) -> tuple[PackedTable, ...]:
    """The inverse of `pack_tables`, with each lead unpacked when it is read."""
    flat = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<u2")
    tables, start = [], 0
    for n in sizes:
        count = leads * n * n
        cells = flat[start : start + count].reshape(leads, n, n)
        tables.append(_packed(cells))
        start += count
    if start != flat.size:
        raise ValueError("the endgame tables do not have the size that is stated")
    return tuple(tables)
