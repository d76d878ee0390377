"""What a game clock that is blank or at zero means: a period over, not begun, or a last shot."""

from __future__ import annotations

from tracker.domain.game import Phase, Score
from tracker.domain.league import League
from tracker.feeds.errors import FeedMalformed


def at_zero(
    field: str, period: int, score: Score, rules: League, *, blank: bool, untouched: bool
) -> tuple[Phase, float]:
    """Phase and clock of a game in play whose clock shows nothing, or no time left.

    `blank` is whether it shows nothing, `untouched` whether the period has no point yet. No period
    passes without a point, so such a one has not begun. A last period that is not level is followed
    by nothing: at zero a last shot or free throws may still count, and of a blank clock nobody
    knows whether play is on, so that FeedMalformed names `field`.
    """
    if untouched:
        return Phase.LIVE, float(rules.length_of(period))
    if period < rules.periods or score.margin == 0:
        return Phase.BREAK, 0.0
    if blank:
        raise FeedMalformed(field, "is blank in a last period that is not level")
    return Phase.LIVE, 0.0
