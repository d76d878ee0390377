"""The parameters that come with the program: the one file of this room that reads from disk."""

from __future__ import annotations

from functools import cache
from importlib import resources

from tracker.domain.league import LEAGUES
from tracker.forecast.errors import BadParameters
from tracker.forecast.parameters import Parameters, decode


@cache
def load_parameters(league: str) -> Parameters:
    """The shipped parameters of a league (`nba`). Raises BadParameters when they cannot be used."""
    if league not in LEAGUES:
        raise BadParameters(f"there is no league {league!r}: use one of {', '.join(LEAGUES)}")
    file = resources.files("tracker.forecast").joinpath(f"parameters/{league}.json")
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise BadParameters(f"no parameters are installed for {league}: reinstall") from error
    return decode(text, f"{league}.json")
