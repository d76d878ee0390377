"""`tracker add`: a line of text becomes a bet, matched to its games where those are known."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tracker.app.bets import Beside, Registered, draft_of
from tracker.app.views import iso
from tracker.cli.bets.choose import chooser
from tracker.cli.screen import asks, say_json
from tracker.cli.session import session
from tracker.domain.bet import wager_text
from tracker.domain.catalog.teams import guests_of
from tracker.domain.errors import BadBet
from tracker.domain.money import payout_if_won

if TYPE_CHECKING:
    from tracker.cli.scope import Scope
    from tracker.domain.draft import Draft
    from tracker.domain.game import Game


def add(scope: Scope, line: str, beside: Beside, *, as_json: bool, chance: bool | None) -> None:
    """Register a bet and say what it was understood as; `chance` None is yes on a terminal."""
    wanted = asks() and not as_json if chance is None else chance
    asyncio.run(_add(scope, line, beside, as_json, wanted))


async def _add(scope: Scope, line: str, beside: Beside, as_json: bool, with_chance: bool) -> None:
    draft = await draft_for(scope, line, beside)
    async with session(scope, write=True) as at:
        outcome = await at.bets.add(draft, await chooser(at).choose(draft), at.now)
        if as_json:
            say_json(_as_json(outcome))
            return
        from tracker.cli.bets.add_message import tell_bet, tell_chance, tell_rest

        tell_bet(outcome, at)
        if with_chance and outcome.wager is not None:
            await tell_chance(outcome, at, scope)
        tell_rest(outcome, at)


async def draft_for(scope: Scope, line: str, beside: Beside) -> Draft:
    """What a line means; a team that no list has is known by the games that are known."""
    from tracker.store import StoreMissing

    unit = scope.basics().stake_unit_cents
    try:
        return draft_of(line, beside, unit)
    except BadBet:
        try:
            async with session(scope) as at:
                guests = guests_of(x for game, _ in await at.store.games() for x in game.teams)
        except StoreMissing:
            guests = ()
        if not guests:
            raise
        return draft_of(line, beside, unit, guests)


def _as_json(x: Registered) -> dict[str, object]:
    odds, stake = x.draft.odds, x.draft.stake_cents
    first = x.first_game
    placed = x.draft.placed_at
    return {
        "id": x.added.number if x.draft.name is None else x.draft.name,
        "number": x.added.number,
        "created": x.added.created,
        "pick": x.draft.pick.text,
        "market": None if x.wager is None else x.text,
        "game": None if first is None else _game_json(first),
        "legs": [
            {
                "market": wager_text(leg.market, leg.game),
                "game": _game_json(leg.game),
                "odds": None if leg.odds is None else leg.odds.text,
            }
            for leg in x.legs
        ],
        "waiting": x.waiting,
        "odds": None if odds is None else odds.text,
        "stake_cents": stake,
        "to_win_cents": None
        if odds is None or stake is None
        else payout_if_won(stake, odds) - stake,
        "break_even": None if odds is None else odds.break_even,
        "rules": [rule.text for rule in x.rules],
        "placed_at": None if placed is None else iso(placed),
    }


def _game_json(game: Game) -> dict[str, object]:
    return {
        "id": game.id,
        "league": game.league,
        "away": game.away,
        "home": game.home,
        "start": iso(game.start),
    }
