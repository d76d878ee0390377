"""The outlook: the joint distribution of how a game ends, and the figures read off it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tracker.domain import Lazy
from tracker.domain.bet import ScoreMoments
from tracker.domain.market import Span
from tracker.domain.prior import Basis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from tracker.domain.chance import Chance
    from tracker.domain.market import PlayerMarket
    from tracker.domain.player import Player
    from tracker.domain.prior import SourcedPrior
    from tracker.forecast.calibration import Calibrations
    from tracker.forecast.game.lattice import Lattice, Points
    from tracker.forecast.game.spans import Periods
    from tracker.forecast.players import PlayerFigures
    from tracker.forecast.players.model import PlayerOutlook, Scene
    from tracker.forecast.players.priors import PlayerPriors

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Intervals:
    """Central 80 % intervals in points: P(below low) and P(above high) are at most .1."""

    home: tuple[int, int]
    away: tuple[int, int]
    margin: tuple[int, int]
    total: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Outlook:
    """The joint distribution of how a game ends.

    `final` counts overtime. `regulation` is the score after the last regulation period, or None in
    overtime if the points by period are unknown. `over` is true once nothing can change. `players`
    are the priors of the game's players; without them everybody is an average player, by `figures`
    or by the shipped figures. `calibrations` correct the chances that are read off the outlook.
    """

    final: Lattice
    regulation: Lattice | None
    over: bool
    model_version: str
    feature_version: str
    calibrations: Calibrations
    periods: Periods = field(repr=False)
    players: PlayerPriors | None = field(default=None, repr=False)
    figures: PlayerFigures | None = field(default=None, repr=False)
    prior: SourcedPrior | None = None
    """The prior that the outlook rests on, with its sources; None if the caller gave none."""

    @property
    def calibration_id(self) -> str:
        """The name of the calibrations that correct its chances."""
        return self.calibrations.name

    @Lazy
    def basis(self) -> Basis:
        """Everything the outlook rests on but the state: a change of it is no event of the game."""
        known = () if self.players is None else tuple(sorted(self.players.known.items()))
        state = self.periods.state
        out = frozenset((x.side.value, x.name) for x in state.players if x.out)
        versions = (self.model_version, self.feature_version, self.calibration_id)
        return Basis(self.prior, versions, known, out if state.players else None)

    @Lazy
    def mu(self) -> ScoreMoments:
        """Expected points, with home + away = total and home - away = margin."""
        home, away = self.final.home.mean, self.final.away.mean
        return ScoreMoments(home=home, away=away, margin=home - away, total=home + away)

    @Lazy
    def sigma(self) -> ScoreMoments:
        """Standard deviations in points."""
        final = self.final
        return ScoreMoments(
            home=final.home.sd, away=final.away.sd, margin=final.margin.sd, total=final.total.sd
        )

    @Lazy
    def pi80(self) -> Intervals:
        """Central 80 % intervals."""
        final = self.final
        return Intervals(
            *(
                (x.quantile(0.1), x.quantile(0.9))
                for x in (final.home, final.away, final.margin, final.total)
            )
        )

    @property
    def pmf(self) -> Mapping[str, Mapping[int, float]]:
        """The chance of every final margin, total, and number of home and away points."""
        final = self.final
        parts = {
            "margin": final.margin,
            "total": final.total,
            "home": final.home,
            "away": final.away,
        }
        return {name: dict(part.items()) for name, part in parts.items()}

    @Lazy
    def _spans(self) -> dict[Span, Points]:
        return {}

    def of(self, span: Span) -> Points:
        """The joint distribution of the points of a part of the game. Raises Unpriceable."""
        if span is Span.GAME:
            return self.final
        found = self._spans.get(span)
        if found is None:
            found = self._spans[span] = self.periods.points(span)
        return found

    @Lazy
    def _coming(self) -> dict[int, Points]:
        return {}

    def coming(self, period: int) -> Points:
        """The points that a period brings from now on, before the last one is played."""
        found = self._coming.get(period)
        if found is None:
            found = self._coming[period] = self.periods.coming(period)
        return found

    def player(self, player: Player) -> PlayerOutlook:
        """The distribution of a player's final box line. Raises Unpriceable."""
        found = self._players.get(player)
        if found is None:
            from tracker.forecast.players.model import player_outlook

            found = self._players[player] = player_outlook(
                player, self.periods.state, self.scene, self.player_priors
            )
        return found

    @Lazy
    def _players(self) -> dict[Player, PlayerOutlook]:
        return {}

    @Lazy
    def player_chances(self) -> dict[PlayerMarket, Chance]:
        """Chances of player lines, kept because many bets can be on one line."""
        return {}

    @Lazy
    def priced(self) -> dict[object, Sequence[Chance | None]]:
        """Chances of lists of markets by their `Sheet`, kept for the decision that follows."""
        return {}

    @Lazy
    def sums(self) -> dict[object, tuple[Floats, Floats]]:
        """What spans leave of a longer one, and the sums of both, kept for the parlays on them."""
        return {}

    @Lazy
    def player_priors(self) -> PlayerPriors:
        """The given priors of the players, else priors from the league's figures alone."""
        if self.players is not None:
            return self.players
        from tracker.forecast.players import load_player_figures
        from tracker.forecast.players.priors import PlayerPriors

        return PlayerPriors(self.figures or load_player_figures(self.periods.state.game.league))

    @Lazy
    def scene(self) -> Scene:
        """What the forecasts of all players of the state share."""
        from tracker.forecast.players.model import scene

        periods = self.periods
        average = periods.parameters.average.total
        return scene(periods.state, self.final, average, self.player_priors)
