"""The parameters shipped with the program. No other module of this room reads from disk."""

from __future__ import annotations

from functools import cache
from importlib import resources

from tracker.domain.league import LEAGUES
from tracker.forecast.documents import BadParameters, resolved
from tracker.forecast.game.parameters import Parameters, decode
from tracker.forecast.players import PlayerFigures, decode_players


@cache
def load_parameters(league: str) -> Parameters:
    """The shipped parameters of a league (`nba`). Raises BadParameters when they cannot be used."""
    if league not in LEAGUES:
        raise BadParameters(f"there is no league {league!r}: use one of {', '.join(LEAGUES)}")
    name = f"{league}.json"
    return decode(_whole("{}.json", league), name)


@cache
def load_player_figures(league: str) -> PlayerFigures:
    """The shipped figures of a league's players. Raises BadParameters when they cannot be used."""
    name = f"players-{league}.json"
    return decode_players(_whole("players-{}.json", league), name)


def player_figures(parameters: Parameters) -> PlayerFigures:
    """The player figures to use with a league's parameters: their own, else the shipped ones."""
    return parameters.players or load_player_figures(parameters.league)


def _whole(form: str, league: str) -> str:
    """The full text of a league's file, with a reference to another league's file resolved."""
    name = form.format(league)
    return resolved(_text(name, league), name, lambda x: _text(form.format(x), x))


def _text(name: str, league: str) -> str:
    file = resources.files("tracker.forecast").joinpath(f"parameters/{name}")
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise BadParameters(f"no {name} is installed for {league}: reinstall") from error
