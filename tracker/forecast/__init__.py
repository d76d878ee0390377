"""How a game may end: state to outlook, outlook to chance."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracker.forecast.errors import BadParameters, Unpriceable
    from tracker.forecast.game.parameters import Parameters
    from tracker.forecast.model import forecast
    from tracker.forecast.outlook import Outlook
    from tracker.forecast.pricing.markets import (
        own_figure,
        parlay,
        parlay_of,
        price,
        price_all,
        why_none,
    )
    from tracker.forecast.priors import prior_from
    from tracker.forecast.shipped import load_parameters

__all__ = [
    "BadParameters",
    "Outlook",
    "Parameters",
    "Unpriceable",
    "forecast",
    "load_parameters",
    "own_figure",
    "parlay",
    "parlay_of",
    "price",
    "price_all",
    "prior_from",
    "why_none",
]

_HOMES = {
    "BadParameters": "errors",
    "Outlook": "outlook",
    "Parameters": "game.parameters",
    "Unpriceable": "errors",
    "forecast": "model",
    "load_parameters": "shipped",
    "own_figure": "pricing.markets",
    "parlay": "pricing.markets",
    "parlay_of": "pricing.markets",
    "price": "pricing.markets",
    "price_all": "pricing.markets",
    "prior_from": "priors",
    "why_none": "pricing.markets",
}
"""Where each name is defined. Loaded when it is asked for: NumPy and SciPy cost a start dearly."""


def __getattr__(name: str) -> Any:
    """Load what was asked for. Raises AttributeError for a name that is not public."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
