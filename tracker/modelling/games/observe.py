"""Runs the forecast on recorded states, and collects each market's chance with its outcome."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from tracker.domain.chance import Chance
from tracker.domain.game import Box, Game, GameState, Pair, Phase, Score, Side, TeamBox
from tracker.domain.league import League
from tracker.domain.market import Direction, Market, Moneyline, Span, Spread, TeamTotal, Total
from tracker.domain.prior import Prior, PriorSource
from tracker.forecast import Outlook, Parameters, forecast, parlay, price
from tracker.forecast.game.lattice import Lattice, Pmf
from tracker.modelling import Array
from tracker.modelling.games import Dataset
from tracker.modelling.games.trace import Priors, Seconds
from tracker.modelling.metrics import crps_lattice

MARKETS = (
    "win", "spread", "total", "home total", "parlay", "span win", "span spread", "span total",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Recorded:
    """Games to forecast: their states by second, their priors, and their rows in the dataset.

    Lines to bet on are drawn at `lines`: two models are compared on the same lines, since a worse
    prior has lines that are easier to tell from the score.
    """

    data: Dataset
    seconds: Seconds
    priors: Priors
    games: Array
    lines: Priors


@dataclass(eq=False)
class Checkpoint:
    """Forecasts and outcomes of many games at one moment, with one row for each game.

    `p` and `hit` hold chances and outcomes by market, NaN where the line pushed. `crps`, `pit` and
    `width` hold figures by score. `pushes` and `overtime` hold pairs of predicted and observed
    frequencies, `apart` the product of the parlay's legs.
    """

    left: int
    p: dict[str, list[float]] = field(default_factory=dict)
    hit: dict[str, list[float]] = field(default_factory=dict)
    crps: dict[str, list[float]] = field(default_factory=dict)
    pit: dict[str, list[float]] = field(default_factory=dict)
    width: dict[str, list[float]] = field(default_factory=dict)
    pushes: list[tuple[float, float]] = field(default_factory=list)
    overtime: list[tuple[float, float]] = field(default_factory=list)
    apart: list[float] = field(default_factory=list)

    def note(self, market: str, chance: Chance, outcome: float) -> None:
        """Add a chance, given that the bet does not push, and its outcome: 1, 0 or 0.5 (push)."""
        decided = chance.win + chance.lose
        pushed = outcome == 0.5  # noqa: PLR2004 - how a push is written
        known = decided > 0 and not pushed
        self.p.setdefault(market, []).append(chance.win / decided if known else np.nan)
        self.hit.setdefault(market, []).append(outcome if known else np.nan)


def game_of(league: League) -> Game:
    """A game of a league for recorded states, with placeholder teams and time."""
    return Game("recorded", league.id, "HOM", "AWY", datetime(2000, 1, 1, tzinfo=UTC))


def in_order(league: League, home: Array, away: Array, points: Iterable[int]) -> Array:
    """A mask of the games in which no period has fewer points at a moment than at its beginning.

    `home` and `away` are the points after each second, one row a game, and `points` the seconds
    left at which states are wanted. A recording whose events are out of order has no such states.
    """
    length, regulation = league.period_seconds, league.regulation_seconds
    at = np.unique([*range(length, regulation + 1, length), *(regulation - x for x in points)])
    at = at[at > 0]
    begun = (at - 1) // length * length
    grows = (home[:, at] >= home[:, begun]) & (away[:, at] >= away[:, begun])
    return np.asarray(grows.all(axis=1))


def state_of(game: Game, seconds: Seconds, row: int, left: int) -> GameState:
    """The recorded state of a game with `left` seconds of regulation to go."""
    rules = game.rules
    at = rules.regulation_seconds - left
    if left == rules.regulation_seconds:
        return GameState(game, Phase.SCHEDULED, 0, float(rules.period_seconds), Score(0, 0))
    after, clock = divmod(left, rules.period_seconds)
    period = rules.periods - after
    home, away = seconds.home[row], seconds.away[row]
    ends = [k * rules.period_seconds for k in range(1, period)]
    marks = [(0, 0), *((int(home[x]), int(away[x])) for x in (*ends, at))]
    periods = tuple(Score(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(marks))
    ball = int(seconds.ball[row, at])
    return GameState(
        game,
        Phase.BREAK if clock == 0 else Phase.LIVE,
        period,
        float(clock),
        Score(int(home[at]), int(away[at])),
        periods=periods,
        possession={1: Side.HOME, -1: Side.AWAY, 0: None}[ball],
        bonus=Pair(bool(seconds.bonus_home[row, at]), bool(seconds.bonus_away[row, at])),
        box=_box_of(seconds, row, at, left),
        tip={1: Side.HOME, -1: Side.AWAY, 0: None}[int(seconds.tip[row])],
    )


def _box_of(seconds: Seconds, row: int, at: int, left: int) -> Box:
    home, away = seconds.boxes(np.array([row]), at)[0].tolist()
    return Box(TeamBox(*home), TeamBox(*away), float(left))


def prior_of(priors: Priors, row: int) -> Prior:
    """The prior of a recorded game."""
    return Prior(
        float(priors.margin[row]),
        float(priors.total[row]),
        PriorSource.LINES,
        float(priors.margin_sd[row]),
        float(priors.total_sd[row]),
        float(priors.ends[row]),
    )


def checkpoint(
    recorded: Recorded, left: int, parameters: Parameters, seed: int, *, ball: bool = True
) -> Checkpoint:
    """Forecast every game with `left` seconds to go.

    Without `ball` the states hide possession and bonus.
    """
    checkpoint = Checkpoint(left)
    rng = np.random.default_rng([seed, left])
    game = game_of(recorded.data.league)
    for row in recorded.games.tolist():
        state = state_of(game, recorded.seconds, row, left)
        if not ball:
            state = replace(state, possession=None, bonus=None)
        prior = prior_of(recorded.priors, row)
        outlook = forecast(state, prior, parameters)
        home, away = (int(x[row]) for x in (recorded.data.games.home, recorded.data.games.away))
        lines = prior_of(recorded.lines, row)
        _note_markets(checkpoint, outlook, lines, home, away)
        _note_scores(checkpoint, outlook, home, away, rng)
        _note_level(checkpoint, outlook, state, recorded, row)
        _note_spans(checkpoint, outlook, lines, recorded, row)
    return checkpoint


def overtime_checkpoint(recorded: Recorded, parameters: Parameters, seed: int) -> Checkpoint:
    """Forecast every game that went to overtime, at the start of it and with two minutes left."""
    checkpoint = Checkpoint(-1)
    rng = np.random.default_rng([seed, 1])
    data = recorded.data
    game = game_of(data.league)
    last = data.league.regulation_seconds
    for row in recorded.games.tolist():
        home_then, away_then = (
            int(x[row, last]) for x in (recorded.seconds.home, recorded.seconds.away)
        )
        if home_then != away_then:
            continue
        home, away = int(data.games.home[row]), int(data.games.away[row])
        prior, lines = (prior_of(x, row) for x in (recorded.priors, recorded.lines))
        for clock in (300, 120):
            state = _overtime_state(game, data, row, clock, home_then)
            outlook = forecast(state, prior, parameters)
            _note_markets(checkpoint, outlook, lines, home, away)
            _note_scores(checkpoint, outlook, home, away, rng)
    return checkpoint


def _overtime_state(game: Game, data: Dataset, row: int, clock: int, level: int) -> GameState:
    events = data.events
    a, b = int(events.starts[row]), int(events.starts[row + 1])
    first = data.league.periods + 1
    seen = (events.period[a:b] == first) & (events.clock[a:b] >= clock) & (clock < 300)  # noqa: PLR2004 - its start
    if not seen.any():
        return GameState(game, Phase.LIVE, first, float(clock), Score(level, level))
    at = a + int(np.flatnonzero(seen)[-1])
    score = Score(int(events.home[at]), int(events.away[at]))
    return GameState(game, Phase.LIVE, first, float(clock), score)


def _compare(value: float, line: float) -> float:
    return 0.5 if value == line else float(value > line)


def _half(line: float) -> float:
    """A line to the nearest half point."""
    return round(line * 2) / 2


def _note_markets(
    checkpoint: Checkpoint, outlook: Outlook, lines: Prior, home: int, away: int
) -> None:
    line, total = _half(lines.margin), _half(lines.total)
    team = _half((lines.total + lines.margin) / 2)
    win, over = Moneyline(Side.HOME), Total(Direction.OVER, total)
    rows: list[tuple[str, Market, float]] = [
        ("win", win, float(home > away)),
        ("spread", Spread(Side.HOME, -line), _compare(home - away, line)),
        ("total", over, _compare(home + away, total)),
        ("home total", TeamTotal(Side.HOME, Direction.OVER, team), _compare(home, team)),
    ]
    for name, market, outcome in rows:
        checkpoint.note(name, price(market, outlook), outcome)
    # A parlay whose total pushes is graded on the win alone.
    both = parlay((win, over), outlook)
    hit = float(home > away and home + away >= total)
    checkpoint.note("parlay", both, hit)
    apart = price(win, outlook).win * (1 - price(over, outlook).lose)
    checkpoint.apart.append(apart)


def _note_scores(
    checkpoint: Checkpoint, outlook: Outlook, home: int, away: int, rng: np.random.Generator
) -> None:
    final = outlook.final
    outcomes = {"margin": home - away, "total": home + away, "home": home, "away": away}
    for name, outcome in outcomes.items():
        part: Pmf = getattr(final, name)
        checkpoint.crps.setdefault(name, []).append(crps_lattice(part.first, part.chances, outcome))
        below, above = part.less_than(outcome), part.less_than(outcome + 1)
        checkpoint.pit.setdefault(name, []).append(below + rng.random() * (above - below))
        width = part.quantile(0.9) - part.quantile(0.1)
        checkpoint.width.setdefault(name, []).append(float(width))


def _note_level(
    checkpoint: Checkpoint, outlook: Outlook, state: GameState, recorded: Recorded, row: int
) -> None:
    """Add the chance of overtime, and of pushes on lines equal to the present margin and total."""
    level: Lattice | None = outlook.regulation
    assert level is not None  # noqa: S101 - recorded states are of regulation
    last = recorded.data.league.regulation_seconds
    went = recorded.seconds.home[row, last] == recorded.seconds.away[row, last]
    checkpoint.overtime.append((level.margin.split(0)[1], float(went)))
    final, games = outlook.final, recorded.data.games
    margin = int(games.home[row] - games.away[row])
    total = int(games.home[row] + games.away[row])
    if state.score.margin:
        checkpoint.pushes.append(
            (final.margin.split(state.score.margin)[1], float(margin == state.score.margin))
        )
    checkpoint.pushes.append(
        (final.total.split(state.score.total)[1], float(total == state.score.total))
    )


def _spans(left: int, rules: League) -> tuple[Span, ...]:
    """The quarter and half to judge: the current or next quarter, and the half that it is in."""
    period = rules.periods - max((left - 1) // rules.period_seconds, 0)
    half = Span.H1 if period * 2 <= rules.periods else Span.H2
    if rules.periods == 2:  # noqa: PLR2004 - halves
        return (half,)
    return (Span(f"Q{period}"), half)


def _note_spans(
    checkpoint: Checkpoint, outlook: Outlook, lines: Prior, recorded: Recorded, row: int
) -> None:
    rules = recorded.data.league
    seconds, games = recorded.seconds, recorded.data.games
    for span in _spans(checkpoint.left, rules):
        covered = span.periods(rules)
        start, end = (covered[0] - 1) * rules.period_seconds, covered[-1] * rules.period_seconds
        home, away = (int(x[row, end]) - int(x[row, start]) for x in (seconds.home, seconds.away))
        if span.counts_overtime:
            home = int(games.home[row]) - int(seconds.home[row, start])
            away = int(games.away[row]) - int(seconds.away[row, start])
        share = len(covered) / rules.periods
        line = round(lines.margin * share * 0.9) + 0.5
        total = round(lines.total * share) + 0.5
        if span is not Span.H2:
            tie = _compare(home - away, 0)
            checkpoint.note("span win", price(Moneyline(Side.HOME, span), outlook), tie)
        checkpoint.note(
            "span spread", price(Spread(Side.HOME, -line, span), outlook),
            _compare(home - away, line),
        )  # fmt: skip
        checkpoint.note(
            "span total", price(Total(Direction.OVER, total, span), outlook),
            _compare(home + away, total),
        )  # fmt: skip
