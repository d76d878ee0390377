"""How much of what is left of a game a player will play: the first part of his forecast.

The share of the time left that he plays is put into classes, from none at all (done for the night)
to every second, by an ordered logistic model: a location and a width, both linear in what the state
tells of him, against bounds that run along the game.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Value = TypeVar("Value", float, "NDArray[Any]")

EDGES = (0.0001, 0.08, 0.16, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 0.9985)
"""Where the classes of the share end: nothing at all, ten parts between, all of it."""

LEAST_SHARE, MOST_SHARE = 0.06, 0.88
"""No player is expected to play less or more of a game than this."""

LONG_SPELL = 30.0
"""Minutes: from here on, what he has played says no more of how much his coach needs him."""

SHARE_FEATURES = (
    "usual", "starter", "usual*starter",
    "ahead_of_plan", "not_yet", "not_yet*usual", "fouls", "near_limit", "at_limit", "played*usual",
    "blowout", "blowout*usual", "blowout*starter", "lead", "lead*usual", "margin*usual*blowout",
    "ten", "ten*usual", "ten*starter", "twenty", "twenty*usual", "twenty*starter",
    "on", "on*usual", "on*starter", "on*blowout", "on*ahead_of_plan", "on*fouls",
    "usual_squared", "usual_squared*blowout", "ahead*usual", "ahead_squared", "ahead*size_of_ahead",
    "ahead*blowout", "ahead*size", "size", "size*usual", "played", "played*blowout",
    "played*starter",
    "min_gap", "unseen", "star", "star*blowout",
)  # fmt: skip
"""What moves the share's location. `usual`: log-odds of his usual share of a game. `ahead_of_plan`:
minutes / 10 that he has played beyond the usual. `fouls` / 3, and whether one or two more put him
out. `blowout`: the chance that regulation ends with 15 points or more between the teams. `lead` and
`margin`: his team's, now and expected, / 10; `ten`, `twenty`: how far a lead is beyond that, / 10.
`on`: whether he is on the court, 0 in breaks. `size`: that of the expected margin. `played`: his
minutes / 30, no more than 1. `min_gap`: minutes that missing team-mates leave. `unseen`: a regular
who has not been on the court for a quarter. `star`: who usually plays 30 minutes or more."""

UNSEEN, REGULAR, STAR = (9.0, 15.0), (16.0, 24.0), (28.0, 32.0)
"""Minutes between which a player counts as unseen, as a regular and as a star: not at all below the
first, wholly from the second on."""

WIDTH_FEATURES = (
    "usual", "starter", "blowout", "blowout*starter", "on", "on*starter", "not_yet", "near_limit",
)  # fmt: skip
"""What moves the log of the share's width."""


@dataclass(frozen=True, slots=True)
class Standing(Generic[Value]):
    """A player at a moment, as the figures see him: single numbers, or arrays of them."""

    usual: Value
    starter: Value
    ahead_of_plan: Value
    not_yet: Value
    fouls: Value
    near_limit: Value
    at_limit: Value
    played: Value
    """Minutes, no more than LONG_SPELL, over LONG_SPELL."""
    blowout: Value
    lead: Value
    margin: Value
    on: Value
    min_gap: Value
    """`lineup.Gaps`: minutes, and points for each minute, that the line-up of tonight lacks."""
    use_gap: Value
    unseen: Value
    star: Value


@dataclass(frozen=True, slots=True)
class Shares:
    """Figures of a moment, as in `figures.Moments`, for the share of what is left."""

    done: float
    bounds: Floats
    weights: list[float]
    widths: list[float]


def log_odds(share: float) -> float:
    """The log-odds of a share of the game, kept within what players play."""
    share = min(max(share, LEAST_SHARE), MOST_SHARE)
    return math.log(share / (1 - share))


def ramp(value: Value, between: tuple[float, float]) -> Value:
    """0 below the first bound, 1 above the second, and in proportion in between."""
    low, high = between
    share = (value - low) / (high - low)
    return (abs(share) - abs(share - 1) + 1) / 2


def _beyond(value: Value, limit: float) -> Value:
    """What a value exceeds a limit by, 0 below it."""
    over = value - limit
    return (over + abs(over)) / 2


def share_features(x: Standing[Value]) -> tuple[Value, ...]:
    """The values of SHARE_FEATURES."""
    usual, starter, on, blowout = x.usual, x.starter, x.on, x.blowout
    size, far, ahead = abs(x.lead), abs(x.margin), x.ahead_of_plan
    ten, twenty = _beyond(size, 1.0), _beyond(size, 2.0)
    return (
        usual, starter, usual * starter,
        ahead, x.not_yet, x.not_yet * usual, x.fouls, x.near_limit, x.at_limit,
        x.played * usual,
        blowout, blowout * usual, blowout * starter, x.lead, x.lead * usual,
        x.margin * usual * blowout,
        ten, ten * usual, ten * starter, twenty, twenty * usual, twenty * starter,
        on, on * usual, on * starter, on * blowout, on * ahead, on * x.fouls,
        usual * usual, usual * usual * blowout, ahead * usual, ahead * ahead, ahead * abs(ahead),
        ahead * blowout, ahead * far, far, far * usual, x.played, x.played * blowout,
        x.played * starter,
        x.min_gap, x.unseen, x.star, x.star * blowout,
    )  # fmt: skip


def width_features(x: Standing[Value]) -> tuple[Value, ...]:
    """The values of WIDTH_FEATURES."""
    return (
        x.usual, x.starter, x.blowout, x.blowout * x.starter, x.on, x.on * x.starter, x.not_yet,
        x.near_limit,
    )  # fmt: skip


def share_chances(standings: Sequence[Standing[float]], told: Shares) -> Floats:
    """The chance of each class of the share, one more than there are bounds: a row a player."""
    location = np.array([share_features(x) for x in standings]) @ told.weights
    width = np.array([width_features(x) for x in standings]) @ told.widths
    sums = np.empty((len(standings), told.bounds.size + 2))
    sums[:, 0], sums[:, -1] = 0.0, 1.0
    expit((told.bounds - location[:, None]) * np.exp(-width)[:, None], out=sums[:, 1:-1])
    chances: Floats = (sums[:, 1:] - sums[:, :-1]) * (1 - told.done)
    chances[:, 0] += told.done
    return chances


def overtime_share(
    weights: tuple[float, ...], usual: Value, starter: Value, shares: Floats
) -> Floats:
    """The share of an overtime that he plays, for each share of what was left of regulation.

    The log-odds are linear in 1, `usual`, `starter` and the share.
    """
    one, by_usual, by_starter, by_share = weights
    told: Floats = expit(one + by_usual * usual + by_starter * starter + by_share * shares)
    return told
