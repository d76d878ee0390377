"""Mistakes in the configuration, each told in one sentence: where it is, what, and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tracker.domain.errors import TrackerError
from tracker.settings.models import known_keys

EX_CONFIG = 78
"""Exit status for a bad configuration (sysexits.h); systemd does not restart after it."""

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


class ConfigError(TrackerError):
    """The configuration cannot be used. `mistakes` holds one sentence for each thing to mend."""

    exit_status = EX_CONFIG

    def __init__(self, *mistakes: str) -> None:
        """Keep the sentences; the error's text is all of them, one a line."""
        self.mistakes = mistakes
        super().__init__("\n".join(self.mistakes))


def _place(loc: Sequence[int | str]) -> tuple[str, str]:
    """The dotted table or key, without numbers, and the place as a person finds it in the file."""
    names = [part for part in loc if isinstance(part, str)]
    numbers = [part + 1 for part in loc if isinstance(part, int)]
    dotted = ".".join(names)
    if names[:1] == ["lines"] and numbers:
        key = f" {names[1]}" if len(names) > 1 else ""
        return dotted, f"[[lines]] number {numbers[0]}{key}"
    table, key = ".".join(names[:-1]), names[-1]
    place = f"[{table}] {key}" if table else key
    return dotted, f"{place}, entry {numbers[0]}" if numbers else place


def _unknown(dotted: str) -> str:
    keys = known_keys()
    table, _, leaf = dotted.rpartition(".")
    depth = len(table) + 1 if table else 0
    siblings = {key[depth:].split(".")[0] for key in keys if key.startswith(table)}
    near = difflib.get_close_matches(leaf, sorted(siblings), n=1)
    if near:
        return f"is not a known key; did you mean {near[0]}?"
    elsewhere = [key for key in keys if key.rpartition(".")[2] == leaf]
    if elsewhere:
        home = elsewhere[0].rpartition(".")[0]
        return "is not known here; " + (f"move it under [{home}]" if home else "move it to the top")
    return f"is not a known key; known here: {', '.join(sorted(siblings))}"


def _what(error: ErrorDetails, dotted: str) -> str:
    return _unknown(dotted) if error["type"] == "extra_forbidden" else plain_words(error)


def plain_words(error: ErrorDetails) -> str:
    """What is wrong with a value, to follow its name; none of pydantic's own words, nor the value.

    They would be those of another trade, and might show a secret.
    """
    words = _WANTED.get(error["type"], _NOT_UNDERSTOOD)
    return words.format(**error.get("ctx", {}))


def told(found: ValidationError, source: Path | str) -> ConfigError:
    """What pydantic found in `source`, as sentences. No value of the file is repeated by it."""
    sentences = []
    for error in found.errors(include_url=False, include_input=False):
        dotted, place = _place(error["loc"])
        # A key of the file may be anything, line breaks included.
        sentence = " ".join(f"{place}: {_what(error, dotted)}".splitlines())
        sentences.append(f"{source}: {sentence}")
    return ConfigError(*sentences)
