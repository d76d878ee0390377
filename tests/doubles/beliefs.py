"""What is believed of a game after answers of its feeds, judged as the daemon does."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.domain.game import GameState
from tracker.domain.poll import GameStanding, Origin, Poll
from tracker.domain.tracking import Change, GameTracking
from tracker.engine.decide.advance import advance, note
from tracker.engine.decide.belief import judge_poll
from tracker.feeds.polling import FeedAnswer


@dataclass
class Beliefs:
    """A game that is followed without forecasts."""

    tracking: GameTracking

    @property
    def standing(self) -> GameStanding:
        """The standing that decides when to poll next."""
        return self.tracking.standing

    @property
    def state(self) -> GameState | None:
        """What is believed of the game."""
        return self.tracking.state

    def take(self, answer: FeedAnswer | Poll) -> Change:
        """Take an answer; returns what it changes."""
        if isinstance(answer.reading, GameState):
            origin = Origin(answer.source, answer.path)
            judged = judge_poll(self.tracking, answer.reading, origin, answer.at, answer.digest)
            change = advance(self.tracking, judged, None, answer.at)
        else:
            change = note(self.tracking, answer.reading, answer.at)
        self.tracking = change.tracking
        return change
