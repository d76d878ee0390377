"""`tracker add`: a line of text becomes a bet, matched to its game where that is known."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tracker.cli.scope import Scope
from tracker.cli.screen import (
    asks,
    iso,
    note,
    paint,
    progress,
    say,
    say_json,
    wait_text,
    when,
)
from tracker.cli.session import Session, session
from tracker.cli.slate import choose
from tracker.cli.words import odds_text
from tracker.domain.draft import Draft
from tracker.domain.errors import BadBet
from tracker.domain.grammar import Pick, find_in, parse_matchup, parse_pick
from tracker.domain.league import LEAGUES
from tracker.domain.market import describe
from tracker.domain.money import Odds, money_text, parse_money, parse_odds, payout_if_won
from tracker.domain.rule import Rule, parse_rule
from tracker.domain.team import fold

if TYPE_CHECKING:
    from tracker.cli.basics import Basics
    from tracker.domain.chance import Chance
    from tracker.domain.game import Game
    from tracker.store.bets import Added


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


def add(scope: Scope, line: str, given: Given, *, as_json: bool, chance: bool | None) -> None:
    """Register a bet and say what it was understood as; `chance` None is yes on a terminal."""
    wanted = asks() and not as_json if chance is None else chance
    asyncio.run(_add(scope, line, given, as_json, wanted))


def draft_of(line: str, given: Given, unit_cents: int) -> Draft:
    """The draft of a line and its options; BadBet or BadRule when they cannot be understood."""
    find = find_in(*LEAGUES)
    pick = parse_pick(line, find)
    matchup = pick.matchup if given.game is None else parse_matchup(given.game, find)
    rules = {x.text: x for x in map(parse_rule, given.rules)}
    name = None if given.name is None else given.name.strip()
    if name == "":
        raise BadBet("--id is empty: give a text or a number of your own, or leave it out")
    return Draft(
        pick=pick,
        matchup=matchup,
        game_text=given.game,
        odds=_odds(pick, given.odds),
        stake_cents=_stake(pick, given.stake, unit_cents),
        name=name,
        rules=tuple(rules.values()) or None,
        tags=tuple(dict.fromkeys((*pick.tags, *(x.removeprefix("#") for x in given.tags)))),
        book=given.book,
    )


def _odds(pick: Pick, option: str | None) -> Odds | None:
    if option is None:
        return pick.odds
    if pick.odds is not None:
        raise BadBet(f"the odds are given twice, as {pick.odds.text} and as --odds: drop one")
    return parse_odds(option)


def _stake(pick: Pick, option: str | None, unit_cents: int) -> int | None:
    written = pick.stake_cents if pick.units is None else int(pick.units * unit_cents)
    if option is None:
        return written
    if written is not None:
        raise BadBet(f"the stake is given twice, as {money_text(written)} and as --stake: drop one")
    if option.casefold().endswith("u"):
        return int(parse_money(option[:-1]) * unit_cents / 100)
    return parse_money(option)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of adding. `waiting` says why the game is not known yet."""

    added: Added
    draft: Draft
    game: Game | None
    waiting: str | None
    rules: tuple[Rule, ...]


async def _add(scope: Scope, line: str, given: Given, as_json: bool, with_chance: bool) -> None:
    basics = scope.basics()
    draft = draft_of(line, given, basics.stake_unit_cents)
    async with session(scope, write=True) as at:
        found = await choose(draft, at)
        if found.game is not None:
            draft.legs[0].market_for(found.game)
        outcome = await _register(at, draft, found.game, found.why)
        if as_json:
            say_json(_as_json(outcome))
            return
        _tell(outcome, at)
        if with_chance and outcome.game is not None:
            await _tell_chance(outcome, at, scope)


async def _register(at: Session, draft: Draft, game: Game | None, why: str | None) -> _Outcome:
    kept = await at.store.export("bets") if draft.name is None and game is not None else []
    alike = [row for row in kept if _alike(draft, row)]
    elsewhere = any(row["game"] not in (None, game.id if game else None) for row in alike)
    here = next((row for row in alike if game and row["game"] == game.id), None)
    if elsewhere and game is not None:
        # The same words were once said of another game: this is a bet of its own.
        draft = replace(draft, occasion=game.id)
    if here is not None and not here["withdrawn_at"] and draft.rules is None:
        from tracker.store.bets import Added

        added = Added(here["number"], created=False)
    else:
        added = await at.store.add(draft, game=game, defaults=at.basics.rules, at=at.now)
    rules = at.basics.rules if draft.rules is None else draft.rules
    return _Outcome(added, draft, game, why, rules)


def _alike(draft: Draft, row: dict[str, object]) -> bool:
    """Whether a stored bet was written in the same words, whatever game it found."""
    return row["name"] is None and (
        fold(str(row["pick"])),
        fold(str(row["game_text"] or "")),
        row["odds"],
        row["stake_cents"] or None,
        fold(str(row["book"] or "")),
    ) == (
        fold(draft.pick.text),
        fold(draft.game_text or ""),
        draft.odds.text if draft.odds else None,
        draft.stake_cents or None,
        fold(draft.book or ""),
    )


def _as_json(x: _Outcome) -> dict[str, object]:
    game, odds, stake = x.game, x.draft.odds, x.draft.stake_cents
    return {
        "id": x.added.number if x.draft.name is None else x.draft.name,
        "number": x.added.number,
        "created": x.added.created,
        "pick": x.draft.pick.text,
        "game": None
        if game is None
        else {
            "id": game.id,
            "league": game.league,
            "away": game.away,
            "home": game.home,
            "start": iso(game.start),
        },
        "waiting": x.waiting,
        "odds": None if odds is None else odds.text,
        "stake_cents": stake,
        "to_win_cents": None
        if odds is None or stake is None
        else payout_if_won(stake, odds) - stake,
        "break_even": None if odds is None else odds.break_even,
        "rules": [rule.text for rule in x.rules],
    }


def _tell(x: _Outcome, at: Session) -> None:
    added, number = x.added, x.added.number
    if x.game is not None:
        say(f"{_label('Matched')}{_matched(x.game, at.now, at.basics)}")
    bet = " · ".join((_market(x), *_money(x.draft, at.basics.odds_format)))
    if added.created or added.revived:
        again = " (followed again)" if added.revived else ""
        say(f"{_label('Bet')}{paint(f'#{number}', 'bold')} {bet}{again}")
    elif added.changed:
        say(f"{_label('Bet')}{paint(f'#{number}', 'bold')} {bet} · changed to this")
    else:
        say(f"{_label('Bet')}already registered as {paint(f'#{number}', 'bold')}: {bet}")
    rules = " · ".join(rule.text for rule in x.rules) or "none"
    say(f"{_label('Rules')}{rules}{paint(f'  (tracker rules {number})', 'dim')}")
    if x.waiting is not None:
        say(f"{_label('Game')}{x.waiting}")
    if at.daemon is None and added.created:
        note("The daemon is not running: `tracker run` follows your bets.")


def _label(text: str) -> str:
    return paint(f"{text:<9}", "dim")


def _matched(game: Game, now: datetime, basics: Basics) -> str:
    from tracker.domain.team import teams

    known = teams(game.league)
    away, home = known.get(game.away), known.get(game.home)
    names = f"{away.full_name} at {home.full_name}" if away and home else game.name
    left = (game.start - now).total_seconds()
    start = when(game.start, now, basics.zone)
    wait = f"in {wait_text(left)}" if left > 0 else f"{wait_text(-left)} ago"
    return f"{names} · {start} ({wait})"


def _market(x: _Outcome) -> str:
    if x.game is None:
        return x.draft.pick.text
    return describe(x.draft.legs[0].market_for(x.game), x.game.home, x.game.away)


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


async def _tell_chance(x: _Outcome, at: Session, scope: Scope) -> None:
    with progress("forecasting"):
        found = await _first_chance(x, at, scope)
    if found is None:
        return
    chance, clock = found
    from tracker.notify.words import percent

    edge = ""
    if x.draft.odds is not None:
        difference = (chance.win + chance.push * x.draft.odds.break_even) - (
            x.draft.odds.break_even
        )
        edge = f", {difference * 100:+.1f} points against the price"
    push = f", push {percent(chance.push, 1)}" if chance.push else ""
    say(f"{_label(clock)}p(hit) {percent(chance.win, 1)}{push}{edge}")


async def _first_chance(x: _Outcome, at: Session, scope: Scope) -> tuple[Chance, str] | None:
    """The chance as the daemon would give it at this moment, and what moment that is."""
    game = x.game
    if game is None:
        return None
    from tracker.cli.believed import known_of
    from tracker.cli.models import ModelsInUse, registry_beside
    from tracker.domain.game import GameState, Phase, Score
    from tracker.forecast import forecast, parlay

    known = await at.store.games(game.slate)
    state = next((s for g, s in known if g.id == game.id and s is not None), None)
    if state is None:
        state = GameState(game, Phase.SCHEDULED, 0, 0.0, Score(0, 0))
    if state.phase.off:
        return None
    parameters = ModelsInUse(registry_beside(at.basics.store), note)(game.league)
    bet = x.draft.bet(x.added.number, game, x.rules, at.now)
    before = [bet] if at.now <= game.start else []
    prior = (await known_of(game, at, scope)).before(game, before, parameters).prior
    if any(leg.game.id != game.id for leg in bet.legs):
        return None
    outlook = forecast(state, prior, parameters)
    chance = parlay([leg.market for leg in bet.legs], outlook, state)
    clock = "Before" if state.phase is Phase.SCHEDULED else "Now"
    return chance, clock
