"""What was fitted: every figure that the forecast uses, with its meaning, unit and source.

One value of `Parameters` holds a league. All figures are maximum-likelihood or least-squares fits
on recorded games by `tracker fit`; docs/model.md tells how, docs/model-card.md how well.
"""

from __future__ import annotations

import base64
import zlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.calibration import NO_CALIBRATIONS, Calibrations
from tracker.forecast.documents import About, decoded, version_in
from tracker.forecast.game.flow import MARGIN_FEATURES, TOTAL_FEATURES
from tracker.forecast.game.landing import land
from tracker.forecast.game.lattice import each_parity
from tracker.forecast.game.lazy import Lazy
from tracker.forecast.priors.ends import EndsBelief, read_ends
from tracker.forecast.priors.ratings import RatingFigures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.landing import Landing
    from tracker.forecast.players.figures import PlayerFigures

    Floats = NDArray[np.float64]

FORMAT = 3
"""The version of the file format; a file of another format is refused, but that of EARLIER."""

EARLIER = 2
"""The format before: what it does not hold is nothing that a forecast must know."""

FEATURE_VERSION = "score-clock-possession-bonus-prior-ends-box-tip-2"
"""Names what a forecast looks at; it changes when an input is added or read differently."""


@dataclass(frozen=True)
class Average:
    """A game of which nothing is known before tip-off: the league's mean and spread of priors.

    `margin` is the home edge and `total` the mean total, in points; the `_sd` are the standard
    deviations, in points, of what the closing lines (or ratings) of single games say about them.
    `reference` is the total, in points, from which the other figures count a prior's total: the
    league's own, or that of the league from which the figures are transferred.
    """

    margin: float
    total: float
    margin_sd: float
    total_sd: float
    reference: float


@dataclass(frozen=True, eq=False)
class BoxFigures:
    """What a box is expected to show: by the part of regulation played, linear between the rows.

    `possessions` of one team are a row's weights of (1, prior total over `reference`, ends), and
    `fouls` of both teams those of (1, ends).
    """

    played: tuple[float, ...]
    possessions: tuple[tuple[float, float, float], ...]
    fouls: tuple[tuple[float, float], ...]
    reference: float

    def expected(self, played: float, prior_total: float, ends: float) -> tuple[float, float]:
        """Possessions of a team, and fouls of both, that a game has usually had by now."""
        k = min(max(bisect_right(self.played, played) - 1, 0), len(self.played) - 2)
        start, end = self.played[k], self.played[k + 1]
        w = min(max((played - start) / (end - start), 0.0), 1.0)
        beyond = prior_total - self.reference

        def at(row: int) -> tuple[float, float]:
            one, by_total, by_ends = self.possessions[row]
            fouls, fouls_by_ends = self.fouls[row]
            return one + by_total * beyond + by_ends * ends, fouls + fouls_by_ends * ends

        (low, low_fouls), (high, high_fouls) = at(k), at(k + 1)
        return low * (1 - w) + high * w, low_fouls * (1 - w) + high_fouls * w


@dataclass(frozen=True, eq=False)
class Flow:
    """From a moment to the endgame layer: means and variances of what is scored in between.

    `layer` and `knots` are seconds left in regulation; coefficients between knots are interpolated
    linearly. `margin[k, f]` and `total[k, f]` are least-squares weights of the features listed in
    `flow.MARGIN_FEATURES` and `flow.TOTAL_FEATURES`. `margin_rate` and `total_rate` are variances
    per second to the layer (points² / s). `total_pace` is the power with which the variance of the
    total follows the prior's total over the league's. The `_noise` are standard deviations, in
    points, of a whole game about a prior that is known for sure.
    """

    layer: float
    knots: Floats
    margin: Floats
    total: Floats
    margin_rate: Floats
    total_rate: Floats
    total_pace: float
    margin_noise: float
    total_noise: float
    box: BoxFigures | None = None
    """What a box is measured against; None where boxes tell nothing."""
    tie: float = 0.0
    """The correlation of a clear favourite's margin with the total beyond what the rest of the
    model gives, until half-time; from there it fades, to nothing at 5:00."""

    @Lazy
    def clocks(self) -> list[float]:
        """The knots as plain numbers."""
        return [float(x) for x in self.knots]

    @Lazy
    def table(self) -> Floats:
        """All that is interpolated, one row a knot: margin, total and both rates."""
        rates = np.stack([self.margin_rate, self.total_rate], axis=1)
        return np.concatenate([self.margin, self.total, rates], axis=1)


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
    `edge` is the log-odds that a point of prior margin adds to a point of overtime margin, `tempo`
    the log-odds of a further point in overtime over those at the same clock in regulation.
    """

    margin: Floats
    total: Floats
    edge: float
    tempo: float

    @Lazy
    def margins(self) -> Floats:
        """The margins that `margin` speaks of."""
        reach = self.margin.size // 2
        return np.arange(-reach, reach + 1, dtype=np.float64)

    @Lazy
    def total_given_parity(self) -> Floats:
        """`total` given the parity of the number of points."""
        return each_parity(self.total, 0)


@dataclass(frozen=True, eq=False)
class SpanFigures:
    """Points of one quarter or half: least-squares weights and variances.

    `inside` holds for a moment within the span, `ahead` for one before it. Both are weights of
    `spans.SPAN_FEATURES`, those of the margin and then those of the total. The variances, points²,
    are (whatever little is left, a whole span) for the margin and then for the total; a moment
    within the span has the first plus the second times the part of the span that is left.
    """

    inside: tuple[float, ...]
    ahead: tuple[float, ...]
    inside_variance: tuple[float, float, float, float]
    ahead_variance: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Parameters:
    """Everything fitted for one league, and the names under which its forecasts are stored.

    `players` are figures of its players other than the shipped ones; `calibrations` correct the
    chances that are read off its forecasts.
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
    """Tables of the ends of periods before the last one: for any lead, there is no fouling."""
    ends: EndsBelief | None
    """What is believed of the road teams' ends; None in a league where they tell nothing."""
    about: About
    checksum: str
    players: PlayerFigures | None = None
    calibrations: Calibrations = NO_CALIBRATIONS

    @property
    def calibration_id(self) -> str:
        """The name of the calibrations in use."""
        return self.calibrations.name

    @Lazy
    def landing(self) -> Landing:
        """The endgame's tables at the flow's layer, summed over where a game may stand there."""
        return land(self.endgame, self.flow.layer)


def decode(text: str, where: str) -> Parameters:
    """Parameters from a file's text; `where` names the file. Raises BadParameters."""
    wrong = f"{where} is not of format {FORMAT}: refit it with this program"
    return decoded(text, where, ("format", (FORMAT, EARLIER)), wrong, _read)


def _read(document: Mapping[str, Any]) -> Parameters:
    def floats(part: str, name: str) -> Floats:
        return np.array(document[part][name], dtype=np.float64)

    flow, endgame = document["flow"], document["endgame"]
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
            tempo=float(document["overtime"]["tempo"]),
        ),
        ratings=RatingFigures(**document["ratings"]),
        spans={name: _span(row) for name, row in document["spans"].items()},
        ends=read_ends(document.get("ends")),
        breaks=_breaks(document["breaks"]),
        checksum=document["sha256"],
        about=About(**document.get("about") or {}),
    )


def _wide(weights: Floats, features: int) -> Floats:
    """Weights by knot and feature; those of features that a file does not know are 0."""
    found: Floats = np.pad(weights, ((0, 0), (0, features - weights.shape[1])))
    return found


EARLIER_SPAN = 8
"""How many weights a span had in the format before: four of the margin, four of the total."""


def _span(row: Mapping[str, Sequence[float]]) -> SpanFigures:
    """The figures of a span; in an earlier file the weights of newer features are 0."""

    def weights(name: str) -> tuple[float, ...]:
        told = row[name]
        if len(told) != EARLIER_SPAN:
            return tuple(told)
        return (*told[:4], 0.0, *told[4:], 0.0, 0.0)

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
