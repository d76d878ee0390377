"""Play-by-play of games that are over, played again: states, and when each would have been known.

A dataset tells the game clock and no time of day, so dead balls are given their usual length: with
these a game of the NBA takes about two and a quarter hours, as it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tracker.domain.game import Game, GameState, Phase, Score
from tracker.domain.league import LEAGUE_ZONE
from tracker.domain.prior import Lines

if TYPE_CHECKING:
    from tracker.modelling.backtest.rule_trial import History
    from tracker.modelling.games.dataset import Dataset

TIP_OFF = time(19, 30)
"""When a recorded game is played, on the league's clock: its own time is in no dataset."""

FOUL_S, FREE_THROW_S, TIMEOUT_S, TURNOVER_S = 28.0, 14.0, 150.0, 6.0
"""Seconds that play stands after each."""

BREAK_S, HALF_S = 150.0, 900.0


@dataclass(frozen=True, slots=True)
class Played:
    """A game that is over, with the lines at its close where they are known."""

    game: Game
    history: History
    lines: Lines | None


def read_games(
    folder: Path, league: str, season: str | None, most: int, *, with_lines: bool = False
) -> Iterator[Played]:
    """Up to `most` games of a season (or of all), spread evenly over it, in order.

    Raises BadDataset for a folder that holds none.
    """
    from tracker.modelling.games.dataset import read

    data = read(folder, league)
    rows = [
        i
        for i in range(len(data.games.id))
        if (season is None or data.games.season[i] == season)
        and (data.games.ok[i] or not with_lines)
    ]
    step = max(1.0, len(rows) / most)
    for k in range(min(most, len(rows))):
        yield _played(data, rows[int(k * step)])


def _played(data: Dataset, row: int) -> Played:
    games = data.games
    day = date.fromisoformat(str(games.date[row])[:10])
    start = datetime.combine(day, TIP_OFF, ZoneInfo(LEAGUE_ZONE.key)).astimezone(UTC)
    game = Game(
        str(games.id[row]), data.league.id, str(games.home_team[row]), str(games.away_team[row]),
        start, day,
    )  # fmt: skip
    lines = None
    if games.ok[row]:
        lines = Lines(home_spread=-float(games.margin[row]), total=float(games.total[row]))
    return Played(game, _history(data, row, game), lines)


def _history(data: Dataset, row: int, game: Game) -> History:
    from tracker.modelling.games.dataset import Act

    dead = {
        Act.FOUL: FOUL_S, Act.FREE_THROW: FREE_THROW_S, Act.TIMEOUT: TIMEOUT_S,
        Act.TURNOVER: TURNOVER_S,
    }  # fmt: skip
    events, rules = data.events, game.rules
    at = game.start
    found = [(at - timedelta(hours=1), GameState(game, Phase.SCHEDULED, 0, 0.0, Score(0, 0)))]
    ends: list[Score] = []
    period, clock, score = 0, 0.0, Score(0, 0)
    for i in range(int(events.starts[row]), int(events.starts[row + 1])):
        if int(events.period[i]) != period:
            if period:
                at += timedelta(seconds=clock)
                ends.append(score)
                found.append((at, _state(game, Phase.BREAK, period, 0.0, ends)))
                at += timedelta(seconds=HALF_S if period * 2 == rules.periods else BREAK_S)
            period, clock = int(events.period[i]), float(rules.length_of(int(events.period[i])))
            found.append((at, _state(game, Phase.LIVE, period, clock, [*ends, score])))
        left = min(clock, float(events.clock[i]))
        at += timedelta(seconds=clock - left)
        clock = left
        # A handful of scores in recorded play-by-play go back for a moment.
        score = Score(max(score.home, int(events.home[i])), max(score.away, int(events.away[i])))
        found.append((at, _state(game, Phase.LIVE, period, clock, [*ends, score])))
        at += timedelta(seconds=dead.get(Act(int(events.act[i])), 0.0))
    at += timedelta(seconds=clock)
    found.append((at, _state(game, Phase.FINAL, period, 0.0, [*ends, score])))
    return found


def _state(game: Game, phase: Phase, period: int, clock: float, marks: list[Score]) -> GameState:
    """A state from the scores at the end of each period so far, the last being the score."""
    before = [Score(0, 0), *marks[:-1]]
    parts = tuple(
        Score(b.home - a.home, b.away - a.away) for a, b in zip(before, marks, strict=True)
    )
    return GameState(game, phase, period, clock, marks[-1], periods=parts)
