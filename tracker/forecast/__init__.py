"""How a game may end: state to outlook, outlook to chance."""

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
from tracker.forecast.priors.lines import prior_from
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
