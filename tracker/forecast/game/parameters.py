"""A league's parameters: the whole of what was fitted, and the file that holds it.

One value of `Parameters` holds a league. All figures are maximum-likelihood or least-squares fits
on recorded games by `tracker fit`; docs/model.md tells how, docs/model-card.md how well.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tracker.forecast.ends import EndsBelief, read_ends
from tracker.forecast.errors import BadParameters
from tracker.forecast.game.endgame import land
from tracker.forecast.game.figures import (
    CORRECTIONS,
    NO_CALIBRATION,
    Average,
    BoxFigures,
    Calibration,
    Endgame,
    Flow,
    Overtime,
    SpanFigures,
)
from tracker.forecast.game.flow import MARGIN_FEATURES, TOTAL_FEATURES
from tracker.forecast.lazy import Lazy
from tracker.forecast.ratings import RatingFigures

T = TypeVar("T")

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tracker.forecast.game.endgame import Landing

    Floats = NDArray[np.float64]

FORMAT = 3
"""The version of the file format; a file of another format is refused, but that of EARLIER."""

EARLIER = 2
"""The format before: what it does not hold is nothing that a forecast must know."""

FEATURE_VERSION = "score-clock-possession-bonus-prior-ends-box-tip-2"
"""Names what a forecast looks at; it changes when an input is added or read differently."""


@dataclass(frozen=True, slots=True)
class About:
    """Where a model comes from: `fitted_at` is the day, `data` the SHA-256 of the games' figures.

    `stage` is what it was made for (STAGES); `unseen` tells how good its form was on a season that
    the fit had not seen: the season, its games, and scores by moment and name. An older file says
    nothing of these.
    """

    fitted_at: str = ""
    data: str = ""
    games: int = 0
    stage: str = "candidate"
    unseen: Mapping[str, Any] | None = None


STAGES = ("candidate", "shadow", "in use", "retired")
"""What a model may be: fitted, running beside the one in use, that one, and one of earlier days."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """Everything fitted for one league, and the names under which its forecasts are stored."""

    league: str
    model_version: str
    feature_version: str
    calibration: Calibration
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

    @property
    def calibration_id(self) -> str:
        """The name of the calibration in use."""
        return self.calibration.name

    @Lazy
    def landing(self) -> Landing:
        """The endgame's tables at the flow's layer, summed over where a game may stand there."""
        return land(self.endgame, self.flow.layer)


_NAMES = ("sha256", "model_version", "about")
"""What of a document is no part of what it forecasts."""


def content_of(document: Mapping[str, Any]) -> str:
    """Eight digits that name what a document forecasts with: other figures have others."""
    return checksum_of({key: x for key, x in document.items() if key not in _NAMES})[:8]


def sealed(document: Mapping[str, Any], form: str) -> dict[str, Any]:
    """The document with a version that names the model's form and its content, and its checksum."""
    found = dict(document)
    found["model_version"] = f"{form}-{document['league']}-{content_of(document)}"
    found["sha256"] = checksum_of(found)
    return found


def reference(document: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """A document as what it has otherwise than another league's: figures are never kept twice."""
    changes = {
        key: value
        if not isinstance(value, dict) or not isinstance(source.get(key), dict)
        else {x: y for x, y in value.items() if source[key].get(x) != y}
        for key, value in document.items()
        if key != "sha256" and source.get(key) != value
    }
    found = {"like": source["league"], "like_sha256": source["sha256"], "changes": changes}
    return {**found, "sha256": checksum_of(found)}


def resolved(text: str, where: str, find: Callable[[str], str]) -> str:
    """A file's text; of a reference that of the document that it stands for.

    `find` gives the text of the league that it is like. Raises BadParameters.
    """
    if not text.startswith('{"changes":'):
        return text
    told = json.loads(text)
    if told.get("sha256") != checksum_of(told):
        raise BadParameters(f"{where} is damaged, its checksum differs: restore or refit it")
    document: dict[str, Any] = json.loads(find(told["like"]))
    if document["sha256"] != told["like_sha256"]:
        raise BadParameters(f"{where} is like another fit of {told['like']}: make it anew")
    for key, value in told["changes"].items():
        inside = isinstance(value, dict) and isinstance(document.get(key), dict)
        document[key] = document[key] | value if inside else value
    document["sha256"] = checksum_of(document)
    return json.dumps(document)


def checksum_of(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a parameters document without its own `sha256`, in hexadecimal."""
    body = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def decode(text: str, where: str) -> Parameters:
    """Parameters from a file's text; `where` names the file. Raises BadParameters."""
    wrong = f"{where} is not of format {FORMAT}: refit it with this program"
    return decoded(text, where, ("format", (FORMAT, EARLIER)), wrong, _read)


def decoded(
    text: str,
    where: str,
    form: tuple[str, tuple[int, ...]],
    wrong: str,
    read: Callable[[Mapping[str, Any]], T],
) -> T:
    """What `read` makes of a file's text, once it is known to be whole. Raises BadParameters.

    `form` is the key that tells the format, and those that can be read; `wrong` says that it is
    another.
    """
    key, versions = form
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadParameters(f"{where} is not JSON ({error}): restore or refit it") from error
    if not isinstance(document, dict) or document.get(key) not in versions:
        raise BadParameters(wrong)
    if document.get("sha256") != checksum_of(document):
        raise BadParameters(f"{where} is damaged, its checksum differs: restore or refit it")
    try:
        return read(document)
    except (KeyError, TypeError, ValueError) as error:
        raise BadParameters(f"{where} lacks or misstates a figure ({error}): refit it") from error


def version_in(document: Mapping[str, Any], *, earlier: bool) -> str:
    """The version of a document; those of the format before did not name their content."""
    told = str(document["model_version"])
    return f"{told}-{content_of(document)}" if earlier else told


def _read(document: Mapping[str, Any]) -> Parameters:
    def floats(part: str, name: str) -> Floats:
        return np.array(document[part][name], dtype=np.float64)

    flow, endgame = document["flow"], document["endgame"]
    return Parameters(
        league=document["league"],
        model_version=version_in(document, earlier=document["format"] == EARLIER),
        feature_version=document["feature_version"],
        calibration=_calibration(document),
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


def _calibration(document: Mapping[str, Any]) -> Calibration:
    given = document.get("calibration")
    if given is None:
        return replace(NO_CALIBRATION, name=str(document["calibration_id"]))
    parts = {name: tuple(map(float, given[name])) for name in ("clocks", *CORRECTIONS)}
    return Calibration(name=str(document["calibration_id"]), **parts)


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
