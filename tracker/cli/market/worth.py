"""What a bet is worth at this moment beside its price, as `add`, `check` and `show` tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracker.cli.screen import paint

if TYPE_CHECKING:
    from tracker.app.value import Worth
    from tracker.cli.session import Scope, Session
    from tracker.domain.bet import Bet
    from tracker.domain.chance import NoChance
    from tracker.domain.value import Decision


async def worth_of(bet: Bet, at: Session, scope: Scope) -> Worth | NoChance | None:
    """What a bet is worth at this moment, or why it has no chance; None where none can say."""
    from tracker.app import value
    from tracker.cli.models.in_use import given_lines, models_of

    limits = scope.settings().odds
    return await value.worth_of(at.store, bet, given_lines(scope), models_of(at), limits, at.now)


def decision_lines(x: Decision, clock: str, odds_format: str) -> list[str]:
    """The same in two lines for a person."""
    from tracker.wording.closes import decision_facts, share_text
    from tracker.wording.figures import percent

    push = f", push {percent(x.chance.push, 1)}" if x.chance.push else ""
    edge = "" if x.edge is None else f", edge {share_text(x.edge)}"
    first = f"{paint(clock + ':', 'dim')} p(hit) {percent(x.chance.win, 1)}{push}{edge}"
    return [first, f"{paint('Worth', 'dim'):<9}{' · '.join(decision_facts(x, odds_format))}"]
