"""Reads TOML into frozen values, key by key, and tells each mistake in one sentence.

A table is a frozen dataclass whose fields are made by `setting`: how the value is read, and what
holds where it is left out. Nothing is bent into another type, and no key goes unnoticed. It costs a
few milliseconds, where a general library costs more than the rest of `tracker add`; tables do
without `eq` and `repr`, which nobody asks for and each start would pay. `plain_words` does the same
for documents of others, which pydantic reads.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tracker.domain import TrackerError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


EX_CONFIG = 78
"""Exit status for a bad configuration (sysexits.h); systemd does not restart after it."""

MASK = "**********"
T = TypeVar("T")

Read = Callable[[Any, Path], Any]
"""Makes a value of what stands in the file, whose folder it is given.

Raises ValueError with what is wanted, or NotRead where that is wrong in several places.
"""


class ConfigError(TrackerError):
    """The configuration cannot be used. `mistakes` holds one sentence for each thing to mend."""

    exit_status = EX_CONFIG

    def __init__(self, *mistakes: str) -> None:
        """Keep the sentences; the error's text is all of them, one a line."""
        self.mistakes = mistakes
        super().__init__("\n".join(self.mistakes))


@dataclass(frozen=True)
class Secret:
    """A text that nobody is shown by chance: it is asked for by name."""

    _value: str

    def get_secret_value(self) -> str:
        """The text in the clear."""
        return self._value

    def __repr__(self) -> str:
        """Stars, however long it is."""
        return f"Secret('{MASK if self._value else ''}')"

    def __str__(self) -> str:
        """Stars, however long it is."""
        return MASK if self._value else ""


Place = tuple[str | int, ...]
"""The keys that lead to a value, and the numbers of entries from 0."""


class NotRead(ValueError):
    """What is wrong with a value, place by place within it; `""` for a key that is not known."""

    def __init__(self, mistakes: Iterable[tuple[Place, str]]) -> None:
        """`mistakes` are told from the value that was being read."""
        self.mistakes = tuple(mistakes)
        super().__init__("several things are wrong")


# ----------------------------------------------------------------------------------------- tables


def setting(
    read: Read, default: Any = MISSING, *, name: str | None = None, factory: Any = MISSING
) -> Any:
    """A field that is a key of the file, called `name` there where that is another word."""
    metadata = {"read": read, "name": name}
    if factory is not MISSING:
        return field(default_factory=factory, metadata=metadata, kw_only=True)
    return field(default=default, metadata=metadata, kw_only=True)


@dataclass(frozen=True)
class Nested:
    """Reads a table of the file into a value of a class. `over` holds under what is given."""

    of: type
    over: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, value: Any, folder: Path) -> Any:
        """The value; NotRead with all that is wrong in the table."""
        if not isinstance(value, dict):
            raise ValueError("must be a table")
        return read_table(self.of, {**self.over, **value}, folder)


@dataclass(frozen=True)
class Several:
    """Reads a list, each entry alike."""

    each: Read

    def __call__(self, value: Any, folder: Path) -> tuple[Any, ...]:
        """The entries; NotRead with all that is wrong in the list."""
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list, in square brackets")
        return _each(enumerate(value), self.each, folder, lambda found: tuple(found.values()))


@dataclass(frozen=True)
class ByName:
    """Reads a table of free keys, each value alike; `check` is asked before that."""

    each: Read
    check: Callable[[dict[str, Any]], object] | None = None

    def __call__(self, value: Any, folder: Path) -> dict[str, Any]:
        """The values by key; NotRead with all that is wrong in the table."""
        if not isinstance(value, dict):
            raise ValueError("must be a table")
        if self.check is not None:
            self.check(value)
        return _each(value.items(), self.each, folder, dict)


def _each(
    rows: Iterable[tuple[Any, Any]], each: Read, folder: Path, make: Callable[[dict[Any, Any]], T]
) -> T:
    found: dict[Any, Any] = {}
    mistakes: list[tuple[Place, str]] = []
    for name, value in rows:
        try:
            found[name] = each(value, folder)
        except ValueError as why:
            mistakes += _within(name, why)
    if mistakes:
        raise NotRead(mistakes)
    return make(found)


def _within(name: str | int, why: ValueError) -> list[tuple[Place, str]]:
    inner = why.mistakes if isinstance(why, NotRead) else (((), str(why)),)
    return [((name, *place), problem) for place, problem in inner]


def keys_of(cls: type) -> dict[str, Field[Any]]:
    """The fields of a table by the keys of the file."""
    return {x.metadata["name"] or x.name: x for x in fields(cls) if "read" in x.metadata}


def read_table(cls: type[T], rows: Mapping[str, Any], folder: Path) -> T:
    """A table of the file as a value; NotRead with everything that is wrong in it."""
    known, values = keys_of(cls), {}
    mistakes: list[tuple[Place, str]] = []
    for name, one in known.items():
        if name in rows:
            try:
                values[one.name] = one.metadata["read"](rows[name], folder)
            except ValueError as why:
                mistakes += _within(name, why)
        elif one.default is MISSING and one.default_factory is MISSING:
            mistakes.append(((name,), "is missing; add it"))
    mistakes += [((name,), "") for name in rows if name not in known]
    if mistakes:
        raise NotRead(mistakes)
    return cls(**values)


def all_keys(cls: type, prefix: str = "") -> tuple[str, ...]:
    """Every key of the file, dotted: `timezone`, `feeds.nba.base_url`, `lines.total`."""
    found: list[str] = []
    for name, one in keys_of(cls).items():
        read = one.metadata["read"]
        inner = read.each if isinstance(read, Several) else read
        found += (
            all_keys(inner.of, f"{prefix}{name}.") if isinstance(inner, Nested) else [prefix + name]
        )
    return tuple(found)


def as_plain(value: Any) -> Any:
    """Settings in the file's own words, as JSON has them; secrets are stars."""
    known = keys_of(type(value)) if hasattr(value, "__dataclass_fields__") else {}
    match value:
        case Secret() | Path():
            return str(value)
        case Enum():
            return value.value
        case time():
            return value.isoformat()
        case _ if known:
            return {name: as_plain(getattr(value, x.name)) for name, x in known.items()}
        case dict():
            return {name: as_plain(x) for name, x in value.items()}
        case tuple():
            return [as_plain(x) for x in value]
        case _:
            return value


# ---------------------------------------------------------------------------------------- mistakes


def error_of(found: NotRead, cls: type, source: Path | str) -> ConfigError:
    """What was wrong in `source`, as sentences. No value of the file is repeated by it."""
    sentences = []
    for place, what in found.mistakes:
        dotted, where = _place(place)
        # A key of the file may be anything, line breaks included.
        sentence = " ".join(f"{where}: {what or _unknown(dotted, cls)}".splitlines())
        sentences.append(f"{source}: {sentence}")
    return ConfigError(*sentences)


def _place(place: Place) -> tuple[str, str]:
    """The dotted table or key, without numbers, and the place as a person finds it in the file."""
    names = [part for part in place if isinstance(part, str)]
    numbers = [part + 1 for part in place if isinstance(part, int)]
    dotted = ".".join(names)
    if names[:1] == ["lines"] and numbers:
        leaf = f" {names[1]}" if len(names) > 1 else ""
        return dotted, f"[[lines]] number {numbers[0]}{leaf}"
    table, leaf = ".".join(names[:-1]), names[-1]
    where = f"[{table}] {leaf}" if table else leaf
    return dotted, f"{where}, entry {numbers[0]}" if numbers else where


def _unknown(dotted: str, cls: type) -> str:
    keys = all_keys(cls)
    table, _, leaf = dotted.rpartition(".")
    depth = len(table) + 1 if table else 0
    siblings = {key[depth:].split(".")[0] for key in keys if key.startswith(table)}
    near = difflib.get_close_matches(leaf, sorted(siblings), n=1)
    if near:
        return f"is not a known key; did you mean {near[0]}?"
    elsewhere = [key for key in keys if key.rpartition(".")[2] == leaf]
    # A key of several tables, such as `enabled`, in yet another is not out of its place.
    if len(elsewhere) == 1 or (elsewhere and not table):
        home = elsewhere[0].rpartition(".")[0]
        return "is not known here; " + (f"move it under [{home}]" if home else "move it to the top")
    return f"is not a known key; known here: {', '.join(sorted(siblings))}"


# ----------------------------------------------------------------------------------------- values


def truth(value: Any, _: Path) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def text(value: Any, _: Path) -> str:
    """Any text."""
    if not isinstance(value, str):
        raise ValueError("must be text, in quotes")
    return value


def secret(value: Any, folder: Path) -> Secret:
    """A text that is masked from here on."""
    return Secret(text(value, folder))


def whole(low: int, high: int) -> Read:
    """A whole number within its range."""

    def read(value: Any, _: Path) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("must be a whole number, without quotes")
        return int(_in_range(value, low, high))

    return read


def number(low: float, high: float) -> Read:
    """A number within its range."""

    def read(value: Any, _: Path) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ValueError("must be a number, without quotes")
        if not math.isfinite(value):
            raise ValueError("must be a number")
        return float(_in_range(value, low, high))

    return read


def _in_range(value: float, low: float, high: float) -> float:
    if value < low:
        raise ValueError(f"must be {low:g} or more")
    if value > high:
        raise ValueError(f"must be {high:g} or less")
    return value


def one_of(words: Sequence[str]) -> Read:
    """One of the words that are known."""
    listed = f"{', '.join(map(repr, words[:-1]))} or {words[-1]!r}"

    def read(value: Any, _: Path) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"must be one of {listed}")
        return value

    return read


def then(read: Read, *checks: Callable[[Any], Any]) -> Read:
    """A value that was read, and is then checked or changed."""

    def work(value: Any, folder: Path) -> Any:
        found = read(value, folder)
        for check in checks:
            found = check(found)
        return found

    return work


def said(make: Callable[[Any], Any]) -> Read:
    """What a function makes of the value alone; its ValueError says what is wrong."""
    return lambda value, _: make(value)


def path(value: Any, folder: Path) -> Path:
    """A path, beside the file unless it is absolute."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError('must be a path in quotes, such as "bets.toml"')
    try:
        return folder / Path(value).expanduser()
    except RuntimeError:
        raise ValueError("starts at the home of nobody known here; write it in full") from None


_WANTED = {
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "finite_number": "must be a number",
    "float_type": "must be a number, without quotes",
    "int_type": "must be a whole number, without quotes",
    "missing": "is missing; add it",
    "model_type": "must be a table",
    "string_type": "must be text, in quotes",
    "tuple_type": "must be a list, in square brackets",
    "list_type": "must be a list, in square brackets",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "none_required": "must be left out",
    "path_type": "must be a path in quotes",
    "json_invalid": "is not JSON that can be read",
    "recursion_loop": "is nested too deeply",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "greater_than": "must be more than {gt:g}",
    "less_than": "must be less than {lt:g}",
    "string_too_long": "has more than {max_length} characters",
    "string_too_short": "has fewer than {min_length} characters",
    "too_long": "has more than {max_length} entries",
    "too_short": "has fewer than {min_length} entries",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "value_error": "{error}",
}

_NOT_UNDERSTOOD = "is written in a way that is not understood"


def plain_words(error: ErrorDetails) -> str:
    """What is wrong with a value, to follow its name; none of pydantic's own words, nor the value.

    They would be those of another trade, and might show a secret.
    """
    words = _WANTED.get(error["type"], _NOT_UNDERSTOOD)
    return words.format(**error.get("ctx", {}))
