"""The fitted figures of the player forecast: the meaning and unit of each, and the file format.

One value of `PlayerFigures` holds a league. All figures come from `tracker fit --props`, by maximum
likelihood on recorded player-games; docs/model.md tells how, docs/player-card.md how well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tracker.domain import Lazy
from tracker.forecast.documents import About, decoded, shipped_text, version_in
from tracker.forecast.players.remainder import RATE_FEATURES, SHARE_FEATURES, Habits, Shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


PLAYER_FORMAT = 3
"""The version of the file format that is written; EARLIER can be read too, no other."""

EARLIER = (2, 1)
"""The formats before. Format 2 lacks what opponents allow; format 1 also lacks line-ups, stars and
unseen regulars."""

GAME_MINUTES = 48.0
"""The length of a game in which minutes are counted: those of a 40-minute league are stretched."""


@dataclass(frozen=True, slots=True)
class RateFigures:
    """How a player's rate (a figure for each minute) is estimated from his recent games.

    A game counts `decay` times as much as the next one. The mean is shrunk by `minutes` minutes at
    the rate of players with his share of the game; `base` are that rate's weights of
    `priors.base_features`.
    """

    decay: float
    minutes: float
    base: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PriorFigures:
    """How a player's minutes are estimated from his recent games.

    `decays` are the weights of a game beside the next one, one a memory; `minutes` the weights of
    `priors.minutes_features`, by least squares. `starting` and `bench` are the usual minutes of a
    starter and of a substitute, `average` those of anybody, and `starts` the share of games
    started.
    """

    decays: tuple[float, ...]
    minutes: tuple[float, ...]
    starting: float
    bench: float
    average: float
    starts: float


@dataclass(frozen=True, eq=False)
class Moments:
    """Figures that change during the game. `at` is the part of regulation played, rising.

    Every other array has one row for each entry of `at`. `done` is the chance that a player is done
    for the night for a reason that the state does not show (an injury, an ejection). He plays a
    share of the time left: `bounds` are the log-odds between the classes of this share, `shares`
    the mean share of each class, `weights` those of `remainder.SHARE_FEATURES` and `widths` those
    of `remainder.WIDTH_FEATURES`. `usual` is the part of a team's points that is still to come.
    `rates` are the weights of `remainder.RATE_FEATURES`, one row for each of BASIC. `powers` say by
    how much more than in proportion each of BASIC grows with the minutes: a player who is given
    more minutes than expected is playing well.
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


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The fitted moments around a clock: figures are between those of `low` and `high`.

    `at` is the part of regulation that is over, `weight` the share of `high`, 0 where `low` is used
    alone.
    """

    moments: Moments
    at: float
    low: int
    high: int
    weight: float

    @staticmethod
    def of(moments: Moments, at: float, *, running: bool) -> Neighbours:
        """Those of a clock: a live one uses moments of its own quarter alone.

        Line-ups change in a break, which has figures of its own and uses the nearest.
        """
        ats = moments.at
        if not running:
            k = int(np.abs(ats - at).argmin())
            return Neighbours(moments, at, k, k, 0.0)
        quarter = min(int(at * 4), 3) / 4
        inside = np.flatnonzero((ats >= quarter) & (ats <= quarter + 0.25))
        first, last = int(inside[0]), int(inside[-1])
        if at <= ats[first]:
            return Neighbours(moments, at, first, first, 0.0)
        if at >= ats[last]:
            return Neighbours(moments, at, last, last, 0.0)
        k = int(np.searchsorted(ats, at, side="right")) - 1
        weight = float((at - ats[k]) / (ats[k + 1] - ats[k]))
        return Neighbours(moments, at, k, k + 1, weight)

    @property
    def usual(self) -> float:
        """The part of a team's points to come; after the last moment it falls with the clock."""
        left = min((1 - self.at) / (1 - float(self.moments.at[self.high])), 1.0)
        return float(self.mixed(self.moments.usual[:, None])[0]) * left

    def mixed(self, values: Floats) -> Floats:
        """A row of figures at the clock, from rows by moment."""
        row: Floats = values[self.low] * (1 - self.weight) + values[self.high] * self.weight
        return row

    @property
    def clocks(self) -> tuple[float, ...]:
        """The parts of regulation that are over at the moments in use."""
        return tuple(float(self.moments.at[k]) for k in self._used)

    @property
    def minute_shares(self) -> Shares:
        """How a player's share of the minutes left is distributed."""
        used = self._used
        return Shares(
            float(self.mixed(self.moments.done[:, None])[0]),
            self.moments.bounds[used],
            self.moments.weights[used],
            self.moments.widths[used],
            np.array([1 - self.weight, self.weight])[: len(used)],
        )

    @property
    def _used(self) -> list[int]:
        return [self.low, self.high] if self.weight else [self.low]


@dataclass(frozen=True, eq=False)
class PlayerFigures:
    """Everything fitted for the players of one league.

    `live` is used while the clock runs, `breaks` before tip-off and between periods. `memory[i]` is
    the weight, in minutes, of a prior rate of BASIC[i] beside tonight's minutes. `spread[i]` is the
    shape of the gamma by which tonight's rate varies about its mean: smaller is wider. A negative
    one is a binomial's number of attempts: his counts vary less than a Poisson's. `trips` are the
    chances of 1, 2, 3, … points each time a player scores other than by a three. `ties[i][j]`
    is the covariance of the figures added to BASIC[i] and BASIC[j] that the minutes do not explain
    (a rebound of his own miss, say), over the root of the product of their means. `overtime` are
    the weights of `remainder.overtime_share`. `fouls` is the number that puts a player out.
    `transferred` figures are another league's, scaled. `level` are points, rebounds and assists a
    minute of the average player at the end of the fitted seasons; () in `transferred` figures.
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


@cache
def load_player_figures(league: str) -> PlayerFigures:
    """The shipped figures of a league's players. Raises BadParameters when they cannot be used."""
    return decode_players(shipped_text("players-{}.json", league), f"players-{league}.json")


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
    """Weights of SHARE_FEATURES, with 0 for features that an earlier file lacks."""
    table = np.array(given, dtype=np.float64)
    found: Floats = np.pad(table, ((0, 0), (0, len(SHARE_FEATURES) - table.shape[1])))
    return found


_NEW = {
    "min_gap": 2, "use_gap": 2, "unseen": 2, "star": 2, "star*blowout": 2, "own_gap": 2,
    "allowed": 3,
}  # fmt: skip
"""The format that introduced a feature of RATE_FEATURES; the others are of format 1."""


def _rates(given: Any) -> Floats:
    """Weights of RATE_FEATURES, with 0 for features that an earlier file lacks."""
    table = np.array(given, dtype=np.float64)
    for form in (PLAYER_FORMAT, *EARLIER):
        columns = [k for k, x in enumerate(RATE_FEATURES) if _NEW.get(x, 1) <= form]
        if len(columns) == table.shape[2]:
            found: Floats = np.zeros((*table.shape[:2], len(RATE_FEATURES)))
            found[:, :, columns] = table
            return found
    raise ValueError(f"{table.shape[2]} weights of a rate")
