"""Real NBA finals, from the league's box scores: points by period and every player's figures."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from tests.engine.build import decide
from tracker.domain.alert import Alert
from tracker.domain.bet import Bet
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.policy import Fact
from tracker.domain.tracking import Change, GameTracking, Tracked
from tracker.forecast import Outlook

Box = dict[str, Any]
"""A final as the file holds it: `id`, `start`, `home`, `away`, `periods`, `players`."""

FIGURES = ("pts", "reb", "ast", "3pm", "stl", "blk", "to")
"""The statistics in a player's row, after side, name, starter, played and minutes."""


@cache
def boxes() -> tuple[Box, ...]:
    """The finals that are shipped with the tests, four of them with overtime."""
    body = (Path(__file__).parent / "fixtures" / "finals.json.gz").read_bytes()
    return tuple(json.loads(gzip.decompress(body)))


@cache
def _game(game_id: str, home: str, away: str, start: str) -> Game:
    return Game(game_id, "nba", home, away, datetime.fromisoformat(start))


def game_of(box: Box) -> Game:
    """The game of a final."""
    return _game(box["id"], box["home"], box["away"], box["start"])


def final_of(box: Box) -> GameState:
    """The game state of a final box score."""
    periods = tuple(Score(home, away) for home, away in box["periods"])
    score = Score(sum(x.home for x in periods), sum(x.away for x in periods))
    lines = tuple(
        PlayerLine(
            id=f"{box['id']}-{i}",
            name=row[1],
            side=Side(row[0]),
            stats=tuple(zip(FIGURES, row[5:], strict=True)),
            minutes=row[4],
            starter=bool(row[2]),
            played=bool(row[3]),
        )
        for i, row in enumerate(box["players"])
    )
    return GameState(
        game_of(box), Phase.FINAL, len(periods), 0, score, periods=periods, players=lines
    )


def off_state(box: Box) -> GameState:
    """The state of the same game, had it been postponed."""
    return GameState(game_of(box), Phase.POSTPONED, 0, 0, Score(0, 0))


@dataclass
class Slate:
    """Games with bets, polled one at a time; a bet on several games is tracked in each of them."""

    trackings: dict[str, GameTracking]
    last: Change | None = None
    alerts: list[Alert] = field(default_factory=list)

    @staticmethod
    def of(games: list[Game], bets: list[Bet]) -> Slate:
        """Trackings of these bets of which no poll has been read."""
        fresh = {x.number: Tracked.fresh(x) for x in bets}
        return Slate(
            {
                game.id: GameTracking(game, tuple(fresh[x.number] for x in bets if game in x.games))
                for game in games
            }
        )

    def poll(self, state: GameState, at: datetime, outlook: Outlook | None = None) -> None:
        """Poll one game, and hand the shared bets as they now stand to the other games."""
        change = decide(self.trackings[state.game.id], state, outlook, at)
        self.last = change
        self.alerts += change.alerts
        self.trackings[state.game.id] = change.tracking
        shared = {x.bet.number: x for x in change.tracking.tracked if len(x.groups) > 1}
        for game_id, tracking in self.trackings.items():
            if game_id != state.game.id and shared:
                newest = tuple(shared.get(x.bet.number, x) for x in tracking.tracked)
                self.trackings[game_id] = replace(tracking, tracked=newest)

    def fired(self, event: Fact) -> list[Alert]:
        """Every alert of a fact so far that sends a message."""
        return [x for x in self.alerts if x.rule == event.value and x.notifies]

    def tracked(self) -> dict[int, Tracked]:
        """Every bet as it stands, by its number."""
        return {x.bet.number: x for tracking in self.trackings.values() for x in tracking.tracked}


def ended(game: Game) -> datetime:
    """A time after the end of a game."""
    return game.start + timedelta(hours=2, minutes=30)


def without_players(state: GameState) -> GameState:
    """A final state without players, as the source's board gives it."""
    return replace(state, players=())
