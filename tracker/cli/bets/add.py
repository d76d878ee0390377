"""`tracker add`: a line of text becomes a bet, matched to its games where those are known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tracker.cli.bets.choose import Choice, choose
from tracker.cli.scope import Scope
from tracker.cli.screen import asks, iso, say_json
from tracker.cli.session import Session, session
from tracker.domain.bet import Bet
from tracker.domain.catalog.teams import fold
from tracker.domain.draft import Draft
from tracker.domain.errors import BadBet
from tracker.domain.money import Odds, money_text, parse_odds, payout_if_won
from tracker.domain.parlay import Leg, Parlay, Wager, wager_text
from tracker.domain.pick import Written
from tracker.domain.rule import Rule, parse_rule
from tracker.language.drafting import parse_placed_at, parse_stake, read_line, stake_written

if TYPE_CHECKING:
    from tracker.domain.game import Game
    from tracker.store.bets import Added
    from tracker.store.views import BetView


@dataclass(frozen=True, slots=True)
class Given:
    """What stands beside the line, as options."""

    game: str | None = None
    odds: str | None = None
    stake: str | None = None
    book: str | None = None
    rules: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    name: str | None = None
    placed_at: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of adding. `wager` is None, and `waiting` says why, until the games are known."""

    added: Added
    draft: Draft
    wager: Wager | None
    games: tuple[Game, ...]
    waiting: str | None
    rules: tuple[Rule, ...]

    @property
    def legs(self) -> tuple[Leg, ...]:
        """What must come true, as far as it is known."""
        if self.wager is None:
            return ()
        if isinstance(self.wager, Parlay):
            return self.wager.legs
        return (Leg(self.games[0], self.wager, self.draft.odds),)

    def bet(self, added_at: datetime) -> Bet:
        """The bet as it was registered, once its games are known."""
        assert self.wager is not None  # noqa: S101 - asked by whoever tells its chance
        first = self.wager.games[0] if isinstance(self.wager, Parlay) else self.games[0]
        return Bet(
            self.added.number,
            self.draft.pick.text,
            self.wager,
            first,
            self.rules,
            added_at,
            odds=self.draft.odds,
            stake_cents=self.draft.stake_cents,
            lines=self.draft.lines,
        )

    @property
    def text(self) -> str:
        """The bet as it is understood, else as it was written."""
        if self.wager is None:
            return self.draft.pick.text
        return wager_text(self.wager, self.games[0])


def add(scope: Scope, line: str, given: Given, *, as_json: bool, chance: bool | None) -> None:
    """Register a bet and say what it was understood as; `chance` None is yes on a terminal."""
    wanted = asks() and not as_json if chance is None else chance
    asyncio.run(_add(scope, line, given, as_json, wanted))


def draft_of(line: str, given: Given, unit_cents: int) -> Draft:
    """The draft of a line and its options; BadBet or BadRule when they cannot be understood."""
    written, matchup = read_line(line, given.game)
    rules = {x.text: x for x in map(parse_rule, given.rules)}
    name = None if given.name is None else given.name.strip()
    if name == "":
        raise BadBet("--id is empty: give a text or a number of your own, or leave it out")
    return Draft(
        pick=written,
        matchup=matchup,
        game_text=given.game,
        odds=_odds(written, given.odds),
        stake_cents=_stake(written, given.stake, unit_cents),
        name=name,
        rules=tuple(rules.values()) or None,
        tags=tuple(dict.fromkeys((*written.tags, *(x.removeprefix("#") for x in given.tags)))),
        book=given.book,
        placed_at=None if given.placed_at is None else parse_placed_at(given.placed_at),
    )


def _odds(written: Written, option: str | None) -> Odds | None:
    if option is None:
        return written.odds
    if written.odds is not None:
        raise BadBet(f"the odds are given twice, as {written.odds.text} and as --odds: drop one")
    return parse_odds(option)


def _stake(written: Written, option: str | None, unit_cents: int) -> int | None:
    said = stake_written(written, unit_cents)
    if option is None:
        return said
    if said is not None:
        raise BadBet(f"the stake is given twice, as {money_text(said)} and as --stake: drop one")
    return parse_stake(option, unit_cents)


async def _add(scope: Scope, line: str, given: Given, as_json: bool, with_chance: bool) -> None:
    draft = draft_of(line, given, scope.basics().stake_unit_cents)
    async with session(scope, write=True) as at:
        outcome = await _register(at, draft, await choose(draft, at))
        if as_json:
            say_json(_as_json(outcome))
            return
        from tracker.cli.bets.add_message import tell_bet, tell_chance, tell_rest

        tell_bet(outcome, at)
        if with_chance and outcome.wager is not None:
            await tell_chance(outcome, at, scope)
        tell_rest(outcome, at)


async def _register(at: Session, draft: Draft, chosen: Choice) -> Outcome:
    rules = at.basics.rules if draft.rules is None else draft.rules
    wager = draft.wager(chosen.games, chosen.roster_of) if chosen.games else None
    kept = await at.store.bets_view(at.basics.rules) if draft.name is None and wager else []
    if wager is not None and any(_elsewhere(x, draft, wager, chosen.games[0]) for x in kept):
        # The same words were once said of another game: this is a bet of its own.
        draft = replace(draft, occasion=_occasion(chosen.games))
    same = next((x for x in kept if wager is not None and _same(x, draft, wager, chosen)), None)
    if same is not None and draft.rules is None:
        from tracker.store.bets import Added

        added = Added(same.number, created=False)
    else:
        added = await at.store.add(
            draft,
            game=chosen.games or None,
            defaults=at.basics.rules,
            at=at.now,
            roster_of=chosen.roster_of,
        )
    return Outcome(added, draft, wager, chosen.games, chosen.why, rules)


def _occasion(games: tuple[Game, ...]) -> str:
    return " ".join(dict.fromkeys(game.id for game in games))


def _same(x: BetView, draft: Draft, wager: Wager, chosen: Choice) -> bool:
    """Whether a bet that is followed is this one, whatever its words: `DEN ML` and `Nuggets win`.

    A time of placing or a tag of its own makes it another.
    """
    if x.market is None or x.game is None or x.withdrawn_at is not None or x.name is not None:
        return False
    games = wager.games if isinstance(wager, Parlay) else chosen.games
    return (
        draft.placed_at is None
        and (x.market, x.game.id) == (wager, games[0].id)
        and (x.odds and x.odds.decimal) == (draft.odds and draft.odds.decimal)
        and (x.stake_cents or None) == (draft.stake_cents or None)
        and fold(x.book or "") == fold(draft.book or "")
        and set(x.tags) == set(draft.tags)
    )


def _elsewhere(x: BetView, draft: Draft, wager: Wager, game: Game) -> bool:
    """Whether a bet was written in the same words, and was about other games."""
    if x.game is None or x.name is not None or fold(x.pick) != fold(draft.pick.text):
        return False
    if isinstance(x.market, Parlay) and isinstance(wager, Parlay):
        return {y.id for y in x.market.games} != {y.id for y in wager.games}
    return x.game.id != game.id


def _as_json(x: Outcome) -> dict[str, object]:
    odds, stake = x.draft.odds, x.draft.stake_cents
    first = x.wager.games[0] if isinstance(x.wager, Parlay) else next(iter(x.games), None)
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
