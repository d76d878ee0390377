"""What was fitted: every figure that the forecast uses, with its meaning, unit and source.

One value of `Parameters` holds a league. All figures are maximum-likelihood or least-squares fits
on recorded games by `tracker fit`; docs/model.md tells how, docs/model-card.md how well.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.errors import BadParameters
from tracker.forecast.landing import land

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.landing import Landing

    Floats = NDArray[np.float64]

FORMAT = 1
"""The version of the file format; a file of another format is refused."""

FEATURE_VERSION = "score-clock-possession-bonus-prior-1"
"""Names what a forecast looks at; it changes when an input is added or read differently."""


@dataclass(frozen=True)
class Average:
    """A game of which nothing is known before tip-off: the league's mean and spread of priors.

    `margin` is the home edge and `total` the mean total, in points; the `_sd` are the standard
    deviations, in points, of what the closing lines (or ratings) of single games say about them.
    """

    margin: float
    total: float
    margin_sd: float
    total_sd: float


@dataclass(frozen=True, eq=False)
class Flow:
    """From a moment to the endgame layer: means and variances of what is scored in between.

    `layer` and `knots` are seconds left in regulation; coefficients between knots are interpolated
    linearly. `margin[k, f]` and `total[k, f]` are least-squares weights of the features listed in
    `flow.MARGIN_FEATURES` and `flow.TOTAL_FEATURES`. `margin_rate` and `total_rate` are variances
    per second to the layer (points² / s). `total_pace` is the power with which the variance of the
    total follows the prior's total over the league's.
    """

    layer: float
    knots: Floats
    margin: Floats
    total: Floats
    margin_rate: Floats
    total_rate: Floats
    total_pace: float


@dataclass(frozen=True, eq=False)
class Endgame:
    """Joint chances of both teams' points from a clock to the end of the last period.

    `tables[k][d + leads]` belongs to `clocks[k]` seconds left and to the team with the ball leading
    by d; its cell [x, y] is the chance that this team scores x and the other y. They come from a
    chain of possessions fitted to recorded ones. `ball[k, d + leads]` is the chance that a team
    which leads by d has the ball, for states whose possession is unknown. `tilt[k]` holds the
    weights of `endgame.TILT_FEATURES` by which the log-odds of a further point shift.
    """

    clocks: Floats
    leads: int
    tables: tuple[Floats, ...]
    ball: Floats
    tilt: Floats


@dataclass(frozen=True, eq=False)
class Overtime:
    """All overtimes together: chances of the final margin and of the points added.

    `margin[i]` is P(margin = i - (n - 1) / 2), without a tie; `total[i]` is P(points = i).
    `edge` is the log-odds that a point of prior margin adds to a point of overtime margin.
    """

    margin: Floats
    total: Floats
    edge: float


@dataclass(frozen=True, eq=False)
class Spans:
    """Points of single periods: shares and variances for quarter and half lines.

    `margin_share[p]` and `total_share[p]` are the parts of the prior's margin and total that fall
    into period p + 1; `margin_sd[p]` and `total_sd[p]` are standard deviations of a whole period
    that has not begun, in points. `recall` is the part of the lead so far that a coming period is
    expected to take back, per period. `links[p, q]` are correlations between periods' margins.
    """

    margin_share: Floats
    total_share: Floats
    margin_sd: Floats
    total_sd: Floats
    recall: float


@dataclass(frozen=True, eq=False)
class Parameters:
    """Everything fitted for one league, and the names under which its forecasts are stored."""

    league: str
    model_version: str
    feature_version: str
    calibration_id: str
    transferred: bool
    fitted_on: tuple[str, ...]
    average: Average
    flow: Flow
    endgame: Endgame
    overtime: Overtime
    spans: Spans
    checksum: str

    @cached_property
    def landing(self) -> Landing:
        """The endgame's tables at the flow's layer, summed over where a game may stand there."""
        return land(self.endgame, self.flow.layer)


def checksum_of(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a parameters document without its own `sha256`, in hexadecimal."""
    body = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def decode(text: str, where: str) -> Parameters:
    """Parameters from a file's text; `where` names the file. Raises BadParameters."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadParameters(f"{where} is not JSON ({error}): restore or refit it") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BadParameters(f"{where} is not of format {FORMAT}: refit it with this program")
    if document.get("sha256") != checksum_of(document):
        raise BadParameters(f"{where} is damaged, its checksum differs: restore or refit it")
    try:
        return _read(document)
    except (KeyError, TypeError, ValueError) as error:
        raise BadParameters(f"{where} lacks or misstates a figure ({error}): refit it") from error


def _read(document: Mapping[str, Any]) -> Parameters:
    def floats(part: str, name: str) -> Floats:
        return np.array(document[part][name], dtype=np.float64)

    flow, endgame = document["flow"], document["endgame"]
    return Parameters(
        league=document["league"],
        model_version=document["model_version"],
        feature_version=document["feature_version"],
        calibration_id=document["calibration_id"],
        transferred=document["transferred"],
        fitted_on=tuple(document["fitted_on"]),
        average=Average(**document["average"]),
        flow=Flow(
            layer=float(flow["layer"]),
            total_pace=float(flow["total_pace"]),
            **{
                name: floats("flow", name)
                for name in ("knots", "margin", "total", "margin_rate", "total_rate")
            },
        ),
        endgame=Endgame(
            clocks=floats("endgame", "clocks"),
            leads=int(endgame["leads"]),
            tables=unpack_tables(endgame["sizes"], 2 * int(endgame["leads"]) + 1, endgame["cells"]),
            ball=floats("endgame", "ball"),
            tilt=floats("endgame", "tilt"),
        ),
        overtime=Overtime(
            margin=floats("overtime", "margin"),
            total=floats("overtime", "total"),
            edge=float(document["overtime"]["edge"]),
        ),
        spans=Spans(
            **{
                name: floats("spans", name)
                for name in ("margin_share", "total_share", "margin_sd", "total_sd")
            },
            recall=float(document["spans"]["recall"]),
        ),
        checksum=document["sha256"],
    )


_SCALE = 65535
"""Table cells are kept as 16-bit fractions: half a unit is a chance of 0.000008."""


def pack_tables(tables: tuple[Floats, ...]) -> tuple[list[int], str]:
    """The sizes of square tables `[lead, n, n]`, and their cells compressed as base64 text."""
    cells = [np.rint(np.clip(x, 0, 1) * _SCALE).astype("<u2").tobytes() for x in tables]
    packed = base64.b64encode(zlib.compress(b"".join(cells), 9)).decode("ascii")
    return [x.shape[1] for x in tables], packed


def unpack_tables(sizes: list[int], leads: int, text: str) -> tuple[Floats, ...]:
    """Undo `pack_tables`; every table adds up to 1 again."""
    flat = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype="<u2").astype(np.float64)
    tables, start = [], 0
    for n in sizes:
        count = leads * n * n
        table = flat[start : start + count].reshape(leads, n, n)
        tables.append(table / table.sum(axis=(1, 2), keepdims=True))
        start += count
    if start != flat.size:
        raise ValueError("the endgame tables do not have the size that is stated")
    return tuple(tables)
