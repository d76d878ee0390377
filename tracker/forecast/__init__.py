"""The forecast: a game's state and prior give an outlook, an outlook gives every bet its chance."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker.forecast.game.parameters import Parameters, load_parameters
    from tracker.forecast.model import forecast
    from tracker.forecast.outlook import Outlook
    from tracker.forecast.pricing.markets import (
        own_figures,
        parlay,
        parlay_of,
        price,
        price_all,
        why_none,
    )

__all__ = [
    "Outlook",
    "Parameters",
    "forecast",
    "load_parameters",
    "own_figures",
    "parlay",
    "parlay_of",
    "price",
    "price_all",
    "why_none",
]

_HOMES = {
    "Outlook": "outlook",
    "Parameters": "game.parameters",
    "forecast": "model",
    "load_parameters": "game.parameters",
    "own_figures": "pricing.markets",
    "parlay": "pricing.markets",
    "parlay_of": "pricing.markets",
    "price": "pricing.markets",
    "price_all": "pricing.markets",
    "why_none": "pricing.markets",
}
"""The module that defines each name. A module is imported when one of its names is first used:
NumPy and SciPy would slow the start of every command."""


def __getattr__(name: str) -> Any:
    """Import a public name on first use. Raises AttributeError for any other name."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
