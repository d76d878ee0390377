"""Reading and writing the files of fitted figures: versions, checksums and references.

`shipped_text` reads the files that come with the program: no other module of this room reads one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeVar

from tracker.domain import TrackerError

T = TypeVar("T")


class BadParameters(TrackerError):
    """A parameters file that is damaged or meant for another version of the program."""


@dataclass(frozen=True, slots=True)
class About:
    """Where a model comes from: `fitted_at` is the day, `data` the SHA-256 of the games' figures.

    `stage` is `candidate`, `shadow`, `in use` or `retired`. `unseen` holds the scores of the same
    formulas on a season left out of their fit: the season, its number of games, and scores by
    moment and name. Files of older versions leave these fields empty.
    """

    fitted_at: str = ""
    data: str = ""
    games: int = 0
    stage: str = "candidate"
    unseen: Mapping[str, Any] | None = None

    @property
    def unseen_by_clock(self) -> dict[str, Any] | None:
        """`unseen` with its moments as they follow each other in a game; a file sorts its keys."""
        if self.unseen is None:
            return None
        moments = self.unseen["moments"]
        order = [*(x for x in _MOMENTS if x in moments), *(x for x in moments if x not in _MOMENTS)]
        return {**self.unseen, "moments": {x: moments[x] for x in order}}


_MOMENTS = ("tip", "end Q1", "half", "end Q3")

_NAMES = ("sha256", "model_version", "about")
"""Keys of a document that do not change what it forecasts."""


def text_of(document: Mapping[str, Any]) -> str:
    """The text of a document's file, the same for equal documents. Raises ValueError for NaN."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False) + "\n"


def content_of(document: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits of the SHA-256 of the figures a document forecasts with."""
    return checksum_of({key: x for key, x in document.items() if key not in _NAMES})[:8]


def sealed(document: Mapping[str, Any], form: str) -> dict[str, Any]:
    """The document with its `model_version` (formulas, league, content) and its checksum added."""
    found = dict(document)
    found["model_version"] = f"{form}-{document['league']}-{content_of(document)}"
    found["sha256"] = checksum_of(found)
    return found


def reference(document: Mapping[str, Any], source: Mapping[str, Any]) -> dict[str, Any]:
    """A document stored as its differences from another league's, to keep no figure twice."""
    changes = {
        key: value
        if not isinstance(value, dict) or not isinstance(source.get(key), dict)
        else {x: y for x, y in value.items() if source[key].get(x) != y}
        for key, value in document.items()
        if key != "sha256" and source.get(key) != value
    }
    found = {"like": source["league"], "like_sha256": source["sha256"], "changes": changes}
    return {**found, "sha256": checksum_of(found)}


def shipped_text(form: str, league: str) -> str:
    """The full text of a league's shipped file, a reference to another league's file resolved.

    `form` makes a file's name of a league: `players-{}.json`. Raises BadParameters.
    """
    where = form.format(league)
    text = _shipped(form, league)
    if not text.startswith('{"changes":'):
        return text
    content = json.loads(text)
    if content.get("sha256") != checksum_of(content):
        raise BadParameters(f"{where} is damaged, its checksum differs: restore or refit it")
    document: dict[str, Any] = json.loads(_shipped(form, content["like"]))
    if document["sha256"] != content["like_sha256"]:
        raise BadParameters(f"{where} is like another fit of {content['like']}: make it anew")
    for key, value in content["changes"].items():
        inside = isinstance(value, dict) and isinstance(document.get(key), dict)
        document[key] = document[key] | value if inside else value
    document["sha256"] = checksum_of(document)
    return json.dumps(document)


def _shipped(form: str, league: str) -> str:
    name = form.format(league)
    file = resources.files("tracker.forecast").joinpath(f"parameters/{name}")
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise BadParameters(f"no {name} is installed for {league}: reinstall") from error


def checksum_of(document: Mapping[str, Any]) -> str:
    """The SHA-256 of a parameters document without its own `sha256`, in hexadecimal."""
    body = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def decoded(
    text: str,
    where: str,
    form: tuple[str, tuple[int, ...]],
    wrong: str,
    read: Callable[[Mapping[str, Any]], T],
) -> T:
    """Check a file's text and return what `read` makes of its document. Raises BadParameters.

    `form` is the key of the format's version, and the versions that can be read. `wrong` is the
    message for any other version.
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
    """A document's `model_version`. The `earlier` format's lacked the content, which is added."""
    version = str(document["model_version"])
    return f"{version}-{content_of(document)}" if earlier else version
