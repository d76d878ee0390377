"""Reads TOML into frozen values, key by key, and reports each mistake in one sentence.

A table is a frozen dataclass whose fields are made by `setting`: the reader of the value, and its
default. No value is converted to another type, and no unknown key is ignored. Reading takes a few
milliseconds, where a general library takes longer than the rest of `tracker add`. The dataclasses
have no `eq` and `repr`, because making these would slow down every start and nothing uses them.
`plain_words` words the mistakes in other documents, which pydantic reads.
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import time
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tracker.domain import TrackerError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


EX_CONFIG = 78
"""The exit status for a bad configuration (sysexits.h); systemd does not restart after it."""

MASK = "**********"

LEFT_OUT = "left-out-of-the-back-up"
"""What a back-up holds in place of a secret. It is written anew before the settings are used."""
T = TypeVar("T")

Read = Callable[[Any, Path], Any]
"""Makes a setting of a value in the file, given the file's folder.

Raises ValueError, which says what is wanted, or NotRead where the value has several mistakes.
"""


class ConfigError(TrackerError):
    """A configuration that cannot be used. `mistakes` holds one sentence for each mistake."""

    exit_status = EX_CONFIG

    def __init__(self, *mistakes: str) -> None:
        """Keep the sentences; the error's text has one on each line."""
        self.mistakes = mistakes
        super().__init__("\n".join(self.mistakes))


@dataclass(frozen=True)
class Secret:
    """A text that is shown as stars unless it is asked for by `get_secret_value`."""

    _value: str

    def get_secret_value(self) -> str:
        """The text in the clear."""
        return self._value

    def __repr__(self) -> str:
        """Stars, the same number for every secret."""
        return f"Secret('{MASK if self._value else ''}')"

    def __str__(self) -> str:
        """Stars, the same number for every secret; empty for an empty one."""
        return MASK if self._value else ""


Place = tuple[str | int, ...]
"""The path to a value: keys of tables, and indices of list entries."""


class NotRead(ValueError):
    """The mistakes in a value, each with its place; the sentence is `""` for an unknown key."""

    def __init__(self, mistakes: Iterable[tuple[Place, str]]) -> None:
        """The places of `mistakes` are relative to the value that was being read."""
        self.mistakes = tuple(mistakes)
        super().__init__("several things are wrong")


# ----------------------------------------------------------------------------------------- tables


def setting(
    read: Read, default: Any = MISSING, *, name: str | None = None, factory: Any = MISSING
) -> Any:
    """Make a dataclass field that is a key of the file; `name` is the key where it differs."""
    metadata = {"read": read, "name": name}
    if factory is not MISSING:
        return field(default_factory=factory, metadata=metadata, kw_only=True)
    return field(default=default, metadata=metadata, kw_only=True)


@dataclass(frozen=True)
class Nested:
    """Reads a table of the file into a value of a class. `over` holds defaults of its keys."""

    of: type
    over: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, value: Any, folder: Path) -> Any:
        """Read the table. Raises NotRead with all its mistakes."""
        if not isinstance(value, dict):
            raise ValueError("must be a table")
        return read_table(self.of, {**self.over, **value}, folder)


@dataclass(frozen=True)
class Several:
    """Reads a list, each entry by the same reader."""

    each: Read

    def __call__(self, value: Any, folder: Path) -> tuple[Any, ...]:
        """Read the entries. Raises NotRead with all mistakes in the list."""
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list, in square brackets")
        return _each(enumerate(value), self.each, folder, lambda found: tuple(found.values()))


@dataclass(frozen=True)
class ByName:
    """Reads a table with any keys, each value by the same reader; `check` first tests the table."""

    each: Read
    check: Callable[[dict[str, Any]], object] | None = None

    def __call__(self, value: Any, folder: Path) -> dict[str, Any]:
        """Read the values by key. Raises NotRead with all mistakes in the table."""
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
    """The fields of a table's class by the keys of the file."""
    return {x.metadata["name"] or x.name: x for x in fields(cls) if "read" in x.metadata}


def read_table(cls: type[T], rows: Mapping[str, Any], folder: Path) -> T:
    """Read a table of the file into a value. Raises NotRead with all its mistakes."""
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
    """All keys of a table's class, dotted, each behind `prefix`."""
    found: list[str] = []
    for name, one in keys_of(cls).items():
        read = one.metadata["read"]
        inner = read.each if isinstance(read, Several) else read
        found += (
            all_keys(inner.of, f"{prefix}{name}.") if isinstance(inner, Nested) else [prefix + name]
        )
    return tuple(found)


def as_plain(value: Any) -> Any:
    """Settings under the file's keys as values for JSON; secrets become stars."""
    known = keys_of(type(value)) if hasattr(value, "__dataclass_fields__") else {}
    match value:
        case Secret() | Path():
            return str(value)
        case Enum():
            return value.value
        case time():
            return value.isoformat("minutes")
        case _ if known:
            return {name: as_plain(getattr(value, x.name)) for name, x in known.items()}
        case dict():
            return {name: as_plain(x) for name, x in value.items()}
        case tuple():
            return [as_plain(x) for x in value]
        case _:
            return value


def secrets_in(value: Any) -> Iterator[Secret]:
    """Every secret of some settings, in use or not."""
    match value:
        case Secret():
            yield value
        case tuple():
            for one in value:
                yield from secrets_in(one)
        case _ if hasattr(value, "__dataclass_fields__"):
            for one in keys_of(type(value)).values():
                yield from secrets_in(getattr(value, one.name))
        case _:
            pass


# ---------------------------------------------------------------------------------------- mistakes


def error_of(found: NotRead, cls: type, source: Path | str) -> ConfigError:
    """Word the mistakes in `source` as sentences, which quote none of the file's values."""
    sentences = []
    for place, what in found.mistakes:
        dotted, where = _place(place)
        # A key of the file may hold any character, even a line break.
        sentence = " ".join(f"{where}: {what or _unknown(dotted, cls)}".splitlines())
        sentences.append(f"{source}: {sentence}")
    return ConfigError(*sentences)


def _place(place: Place) -> tuple[str, str]:
    """The dotted key without indices, and the place in words that help to find it in the file."""
    names = [part for part in place if isinstance(part, str)]
    numbers = [part + 1 for part in place if isinstance(part, int)]
    dotted = ".".join(names)
    if names[:1] == ["lines"] and numbers:
        leaf = f" {names[1]}" if len(names) > 1 else ""
        return dotted, f"[[lines]] number {numbers[0]}{leaf}"
    table, leaf = ".".join(names[:-1]), names[-1]
    where = f"[{table}] {leaf}" if table else leaf
    return dotted, f"{where}, entry {numbers[0]}" if numbers else where


_MOST_HOMES = 3
"""The most tables that are offered for a key that stands in none."""


def _unknown(dotted: str, cls: type) -> str:
    keys = all_keys(cls)
    table, _, leaf = dotted.rpartition(".")
    inside = f"{table}." if table else ""
    siblings = {x.removeprefix(inside).split(".")[0] for x in keys if x.startswith(inside)}
    if leaf.lower() in siblings:
        return f"is not a known key; did you mean {leaf.lower()}?"
    homes = [key.rpartition(".")[0] for key in keys if key.rpartition(".")[2] == leaf]
    # A key that several tables have, such as `enabled`, does not tell which one was meant.
    if len(homes) == 1 or (homes and not table):
        tables = " or ".join(f"[{x}]" for x in homes[:_MOST_HOMES])
        return f"is not known here; move it {f'under {tables}' if homes[0] else 'to the top'}"
    near = difflib.get_close_matches(leaf, sorted(siblings), n=1)
    if near:
        return f"is not a known key; did you mean {near[0]}?"
    return f"is not a known key; known here: {', '.join(sorted(siblings))}"


# ----------------------------------------------------------------------------------------- values


def truth(value: Any, _: Path) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def text(value: Any, _: Path) -> str:
    """Read any text."""
    if not isinstance(value, str):
        raise ValueError("must be text, in quotes")
    return value


def secret(value: Any, folder: Path) -> Secret:
    """Read a text that is masked from here on."""
    return Secret(text(value, folder))


def whole(low: int, high: int) -> Read:
    """A reader of a whole number from `low` to `high`."""

    def read(value: Any, _: Path) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("must be a whole number, without quotes")
        return int(_in_range(value, low, high))

    return read


def number(low: float, high: float) -> Read:
    """A reader of a number from `low` to `high`."""

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
    """A reader of one of the given words."""
    listed = f"{', '.join(map(repr, words[:-1]))} or {words[-1]!r}"

    def read(value: Any, _: Path) -> str:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"must be one of {listed}")
        return value

    return read


def then(read: Read, *checks: Callable[[Any], Any]) -> Read:
    """A reader that passes its value on to each of `checks`, which may change it."""

    def work(value: Any, folder: Path) -> Any:
        found = read(value, folder)
        for check in checks:
            found = check(found)
        return found

    return work


def reader_of(make: Callable[[Any], Any]) -> Read:
    """A reader made of a function of the value; its ValueError says what is wrong."""
    return lambda value, _: make(value)


_TYPED = dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"') | {
    "\u2018": "'", "\u2019": "'", "\u00a0": "blank", "\u202f": "blank", "\u2212": "-",
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-",
}  # fmt: skip
"""Marks that phones, word processors and web pages write, and the key that TOML wants."""

_AT = re.compile(r"at line (\d+), column (\d+)")
_TABLE_NAME = re.compile(r"\('([^']+)',\)")


def toml_fault(text: str, why: Exception) -> str:
    """What makes a text no TOML, in a person's words; `why` is the parser's error.

    A mark that only looks like a minus sign, a quote or a blank is named, for nobody sees it.
    """
    said = _TABLE_NAME.sub(r"[\1]", str(why))
    if said.startswith("Cannot declare [bet]"):
        return f"not valid TOML: {said}; write [[bet]], with two brackets"
    place = _AT.search(said)
    lines = text.split("\n")
    line, column = (lines[int(place[1]) - 1], int(place[2])) if place else ("", 0)
    # A text that begins with a plain quote and ends with a curly one goes on to the line's end.
    near = line[column - 1 : column] or next((x for x in line if _TYPED.get(x) == '"'), "")
    if wanted := _TYPED.get(near):
        return f"not valid TOML: {said}; {near!r} is another sign than the {wanted} of a keyboard"
    quoted = "text, times and fractions"
    return f"not valid TOML: {said}; write `key = value` lines, with {quoted} in quotes"


def path(value: Any, folder: Path) -> Path:
    """Read a path; a relative one starts at the folder of the file."""
    if not isinstance(value, str) or not value:
        raise ValueError('must be a path in quotes, such as "bets.toml"')
    if not value.isprintable():
        why = "in single quotes a backslash is one"
        if any("\ud800" <= x <= "\udfff" for x in value):  # a byte of the system's own
            why = "letters beyond ASCII need a UTF-8 locale, such as LC_ALL=C.UTF-8"
        raise ValueError(f"{value!a} has a character that cannot be printed: {why}")
    try:
        return folder / Path(value).expanduser()
    except RuntimeError:
        raise ValueError("starts at the home of nobody known here; write it in full") from None


_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
"""A part of a host name, as RFC 1123 has it, and an underscore, which some local names hold."""

_LONGEST_HOST = 253


def is_host(text: str) -> bool:
    """Whether a text is a host name or an IP address; what ends in a number is an address."""
    labels = text.split(".")
    if ":" in text or labels[-1].isdigit():
        try:
            ipaddress.ip_address(text)
        except ValueError:
            return False
        return True
    return len(text) <= _LONGEST_HOST and all(_LABEL.fullmatch(x) for x in labels)


def _is_folder(path: Path) -> bool | None:
    """Whether a folder stands there; None where nothing does, or where it cannot be looked at.

    A command without rights to the database's folder can still use the rest of the settings.
    """
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return None


def file_path(value: Any, folder: Path) -> Path:
    """Read the path of a file; it may be missing, but no folder may stand there."""
    found = path(value, folder)
    if _is_folder(found):
        raise ValueError("is a folder; name a file in it")
    return found


def folder_path(value: Any, folder: Path) -> Path:
    """Read the path of a folder; it may be missing, but nothing else may stand there."""
    found = path(value, folder)
    if _is_folder(found) is False:
        raise ValueError("is a file; name a folder")
    return found


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
    "model_attributes_type": "must be a JSON object, sent with Content-Type: application/json",
    "string_unicode": "has half a character, which no text can have",
    "date_from_datetime_parsing": "must be a date such as 2026-11-20",
    "date_parsing": "must be a date such as 2026-11-20",
    "recursion_loop": "is nested too deeply",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "greater_than": "must be more than {gt:g}",
    "less_than": "must be less than {lt:g}",
    "string_too_long": "has more than {max_length} characters",
    "string_too_short": "has too few characters: give {min_length} or more",
    "too_long": "has more than {max_length} entries",
    "too_short": "has too few entries: give {min_length} or more",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "value_error": "{error}",
}

_NOT_UNDERSTOOD = "is written in a way that is not understood"


def plain_words(error: ErrorDetails) -> str:
    """Say what is wrong with a value, to be put after its name.

    The text has neither pydantic's own words, which are for programmers, nor the value, which may
    be a secret.
    """
    words = _WANTED.get(error["type"], _NOT_UNDERSTOOD)
    return words.format(**error.get("ctx", {}))
