"""What `tracker add` says of a bet: what it was matched with, its money, its first chance."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tracker.cli.screen import note, paint, progress, say, wait_text, when
from tracker.cli.words import odds_text
from tracker.domain.chance import NoChance
from tracker.domain.game import Game
from tracker.domain.market import DoubleDouble, PlayerTotal
from tracker.domain.money import money_text, payout_if_won

if TYPE_CHECKING:
    from tracker.app.bets import Registered
    from tracker.cli.basics import Basics
    from tracker.cli.scope import Scope
    from tracker.cli.session import Session
    from tracker.domain.draft import Draft


def tell_bet(x: Registered, at: Session) -> None:
    """The games, and the bet as it was understood with its money."""
    added, number = x.added, paint(f"#{x.added.number}", "bold")
    for line in _matches(x, at):
        say(line)
    bet = _bet_words(x, at)
    if added.created or added.revived:
        again = " (followed again)" if added.revived else ""
        say(f"{_label('Bet')}{number} {bet}{again}")
    elif added.changed:
        say(f"{_label('Bet')}{number} {bet} · changed to this")
    else:
        say(f"{_label('Bet')}already registered as {number}: {bet}")


def understood(x: Registered, at: Session) -> list[str]:
    """What a bet that is not registered yet would be: its games, its money, what it waits for."""
    waits = [] if x.waiting is None else [f"{_label('Game')}{x.waiting}"]
    return [*_matches(x, at), f"{_label('Bet')}{_bet_words(x, at)}", *waits]


def _matches(x: Registered, at: Session) -> list[str]:
    lines = dict.fromkeys(_matched(x, game, at.now, at.basics) for game in x.games)
    return [f"{_label('Matched')}{line}" for line in lines]


def _bet_words(x: Registered, at: Session) -> str:
    return " · ".join((x.text, *_money(x.draft, at.basics.odds_format)))


def tell_rest(x: Registered, at: Session) -> None:
    """When the bet speaks, and what it waits for."""
    added = x.added
    rules = " · ".join(rule.text for rule in x.rules) or "none"
    say(f"{_label('Rules')}{rules}{paint(f'  (tracker rules {added.number})', 'dim')}")
    if x.waiting is not None:
        say(f"{_label('Game')}{x.waiting}")
    if at.daemon is None and added.created:
        note("The daemon is not running: `tracker run` follows your bets.")


def _label(text: str) -> str:
    return paint(f"{text:<9}", "dim")


def _matched(x: Registered, game: Game, now: datetime, basics: Basics) -> str:
    """The players of the bet in a game, its teams, and when it tips off."""
    from tracker.domain.catalog.teams import teams

    known = teams(game.league)
    away, home = known.get(game.away), known.get(game.home)
    names = f"{away.full_name} at {home.full_name}" if away and home else game.name
    players = dict.fromkeys(
        f"{leg.market.player.name} ({game.code(leg.market.player.side)})"
        for leg in x.legs
        if leg.game.id == game.id and isinstance(leg.market, PlayerTotal | DoubleDouble)
    )
    who = f"{', '.join(players)} · {game.away} @ {game.home}" if players else names
    left = (game.start - now).total_seconds()
    start = when(game.start, now, basics.zone)
    wait = f"in {wait_text(left)}" if left > 0 else f"{wait_text(-left)} ago"
    return f"{who} · {start} ({wait})"


def _money(draft: Draft, form: str) -> list[str]:
    odds, stake, parts = draft.odds, draft.stake_cents, []
    if odds is not None:
        parts.append(odds_text(odds, form))
    if stake is not None:
        win = f" to win {money_text(payout_if_won(stake, odds) - stake)}" if odds else ""
        parts.append(f"stake {money_text(stake)}{win}")
    if odds is not None:
        parts.append(f"break-even {odds.break_even:.1%}".replace("%", " %"))
    return parts


async def tell_chance(x: Registered, at: Session, scope: Scope) -> None:
    """What the forecast gives it at this moment, beside its price: told, and kept with it."""
    from tracker.app.value import WHY_NONE
    from tracker.cli.market.worth import decision_lines, worth_of

    with progress("forecasting"):
        found = await worth_of(x.bet(at.now), at, scope)
    if found is None:
        return
    if isinstance(found, NoChance):
        say(f"{paint('Chance', 'dim'):<9}none yet: {WHY_NONE[found]}")
        return
    if x.added.created:
        await at.store.quotes.decide([found.decision])
    clock = "Now" if found.live else "Before tip-off"
    for line in decision_lines(found.decision, clock, at.basics.odds_format):
        say(line)
