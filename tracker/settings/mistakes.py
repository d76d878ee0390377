"""What is wrong with a document or a request that pydantic has refused, in plain words."""

from __future__ import annotations

from pydantic_core import ErrorDetails

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
