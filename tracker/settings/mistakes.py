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
}


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
    kind, context = error["type"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return _unknown(dotted)
        case "value_error":
            return str(context["error"])
        case "literal_error":
            return f"must be one of {context['expected']}"
        case "greater_than_equal":
            return f"must be {context['ge']:g} or more"
        case "less_than_equal":
            return f"must be {context['le']:g} or less"
        case _:
            # pydantic's own words name no input, so that a secret cannot show.
            return _WANTED.get(kind, error["msg"][:1].lower() + error["msg"][1:])


def told(found: ValidationError, source: Path | str) -> ConfigError:
    """What pydantic found in `source`, as sentences. No value of the file is repeated by it."""
    sentences = []
    for error in found.errors(include_url=False, include_input=False):
        dotted, place = _place(error["loc"])
        # A key of the file may be anything, line breaks included.
        sentence = " ".join(f"{place}: {_what(error, dotted)}".splitlines())
        sentences.append(f"{source}: {sentence}")
    return ConfigError(*sentences)
