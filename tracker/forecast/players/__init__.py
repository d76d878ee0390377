"""What was fitted of players: every figure that their forecast uses, with its meaning and unit.

One value of `PlayerFigures` holds a league. All figures come from `tracker fit --props`, by maximum
likelihood on recorded player-games; docs/model.md tells how, docs/player-card.md how well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.forecast.documents import About, decoded, version_in
from tracker.forecast.lazy import Lazy
from tracker.forecast.players.remainder import RATE_FEATURES, SHARE_FEATURES, Habits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


PLAYER_FORMAT = 3
"""The version of the file format; a file of another format is refused, but those of EARLIER."""

EARLIER = (2, 1)
"""The formats before: the last knows nothing of what opponents allow, the one before it nothing of
line-ups, stars and players who were not seen either."""

GAME_MINUTES = 48.0
"""Minutes are counted in games of this length: a league that plays 40 is stretched to it."""


@dataclass(frozen=True, slots=True)
class RateFigures:
    """How a player's figure for each minute is told from his recent games.

    A game counts `decay` times as much as the next one; `minutes` minutes at the rate that players
    with his part of the game have are added. `base` are that rate's weights of
    `priors.base_features`.
    """

    decay: float
    minutes: float
    base: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PriorFigures:
    """How a player's minutes are told from his recent games.

    `decays` are the memories (a game counts `decay` times as much as the next), `minutes` the
    least-squares weights of `priors.minutes_features`. `starting` and `bench` are the usual
    minutes of either role, `average` and `starts` those of anybody, and how often he starts.
    """

    decays: tuple[float, ...]
    minutes: tuple[float, ...]
    starting: float
    bench: float
    average: float
    starts: float


@dataclass(frozen=True, eq=False)
class Moments:
    """Figures that run along the game. `at` is the part of regulation that is played, rising.

    The rest has one row for each: `done` is the chance that a player is done for the night whoever
    he is (an injury, an ejection), `bounds` the log-odds at which the classes of the share of what
    is left that he plays begin, `shares` the mean share of each class, `weights` those of
    `remainder.SHARE_FEATURES`, `widths` those of `remainder.WIDTH_FEATURES`, `usual` the
    part of a team's points that is still to come, `rates` the weights of
    `remainder.RATE_FEATURES`, one row for each of BASIC, and `powers` how much more than in
    proportion each of BASIC grows with the minutes: who plays more than expected is playing well.
    """

    at: Floats
    done: Floats
    bounds: Floats
    shares: Floats
    weights: Floats
    widths: Floats
    usual: Floats
    rates: Floats
    powers: Floats


@dataclass(frozen=True, eq=False)
class PlayerFigures:
    """Everything fitted of players for one league.

    `live` holds while the clock runs, `breaks` before tip-off and between periods. `memory[i]` are
    the minutes that a prior rate of BASIC[i] weighs beside today's own. `spread[i]` is the shape of
    the gamma by which today's rate varies about what is expected of it: smaller is wider. `trips`
    are the chances of 1, 2, 3, ... points each time a player scores other than by a three.
    `ties[i][j]` is the covariance of what is added to BASIC[i] and BASIC[j] beyond what the minutes
    explain, over the root of the product of their means: a rebound of his own miss, say.
    `overtime` are the weights of `remainder.overtime_share`. `fouls` put a player out.
    `transferred` figures are another league's, scaled. `level` are points, rebounds and assists of
    the average player for each minute when the seasons were over; () in `transferred` figures.
    """

    league: str
    model_version: str
    transferred: bool
    fitted_on: tuple[str, ...]
    fouls: int
    prior: PriorFigures
    rates: tuple[RateFigures, ...]
    live: Moments
    breaks: Moments
    memory: tuple[float, ...]
    spread: tuple[float, ...]
    trips: tuple[float, ...]
    ties: tuple[tuple[float, ...], ...]
    overtime: tuple[float, ...]
    level: tuple[float, ...]
    checksum: str
    about: About

    @Lazy
    def memories(self) -> Floats:
        """`memory` as an array."""
        return np.array(self.memory)

    @Lazy
    def bases(self) -> Floats:
        """The weights of the league's rates, one row for each of BASIC."""
        return np.array([x.base for x in self.rates])

    @Lazy
    def habits(self) -> Habits:
        """How counts vary about their means."""
        return Habits(self.spread, self.trips, self.ties)


def decode_players(text: str, where: str) -> PlayerFigures:
    """Figures from a file's text; `where` names the file. Raises BadParameters."""
    wrong = (
        f"{where} holds no player figures of format {PLAYER_FORMAT}: refit them with "
        "`tracker fit --props`"
    )
    return decoded(text, where, ("player_format", (PLAYER_FORMAT, *EARLIER)), wrong, _read)


def _read(document: Mapping[str, Any]) -> PlayerFigures:
    prior = document["prior"]
    return PlayerFigures(
        league=document["league"],
        model_version=version_in(document, earlier=document["player_format"] == min(EARLIER)),
        transferred=document["transferred"],
        fitted_on=tuple(document["fitted_on"]),
        fouls=int(document["fouls"]),
        prior=PriorFigures(
            decays=tuple(map(float, prior["decays"])),
            minutes=tuple(map(float, prior["minutes"])),
            **{name: float(prior[name]) for name in ("starting", "bench", "average", "starts")},
        ),
        rates=tuple(
            RateFigures(float(x["decay"]), float(x["minutes"]), tuple(map(float, x["base"])))
            for x in document["rates"]
        ),
        live=_moments(document["live"]),
        breaks=_moments(document["breaks"]),
        memory=tuple(map(float, document["memory"])),
        spread=tuple(map(float, document["spread"])),
        trips=tuple(map(float, document["trips"])),
        ties=tuple(tuple(map(float, x)) for x in document["ties"]),
        overtime=tuple(map(float, document["overtime"])),
        level=() if document["transferred"] else tuple(map(float, document.get("level", ()))),
        checksum=document["sha256"],
        about=About(**document.get("about") or {}),
    )


def _moments(given: Mapping[str, Any]) -> Moments:
    return Moments(
        **{name: np.array(given[name], dtype=np.float64) for name in Moments.__dataclass_fields__}
        | {"weights": _shares(given["weights"]), "rates": _rates(given["rates"])}
    )


def _shares(given: Any) -> Floats:
    """Weights of SHARE_FEATURES; of those that a file does not know yet they are 0."""
    table = np.array(given, dtype=np.float64)
    found: Floats = np.pad(table, ((0, 0), (0, len(SHARE_FEATURES) - table.shape[1])))
    return found


_NEW = {
    "min_gap": 2, "use_gap": 2, "unseen": 2, "star": 2, "star*blowout": 2, "own_gap": 2,
    "allowed": 3,
}  # fmt: skip
"""The format from which on a feature of RATE_FEATURES is known; the others always were."""


def _rates(given: Any) -> Floats:
    """Weights of RATE_FEATURES likewise: a file of an earlier format has fewer columns."""
    table = np.array(given, dtype=np.float64)
    for form in (PLAYER_FORMAT, *EARLIER):
        columns = [k for k, x in enumerate(RATE_FEATURES) if _NEW.get(x, 1) <= form]
        if len(columns) == table.shape[2]:
            found: Floats = np.zeros((*table.shape[:2], len(RATE_FEATURES)))
            found[:, :, columns] = table
            return found
    raise ValueError(f"{table.shape[2]} weights of a rate")
