"""`tracker edges` (also `recommend`): prices that pay more than the model says they should."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import typer

from tracker.app.views import iso
from tracker.cli.declare import AsJson, declare
from tracker.cli.look import table
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import note, progress, say, say_json, wait_text
from tracker.cli.session import Session, session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from tracker.app.edges import Edge, Gate, Track
    from tracker.domain.game import Game, GameState
    from tracker.domain.player import Player
    from tracker.forecast import Parameters
    from tracker.settings import Settings

_AHEAD = timedelta(hours=18)
_MOST = 30


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, edges, panel)


def edges(context: typer.Context, as_json: AsJson = False) -> None:
    """List prices that can be had now and pay more than the model says they should.

    Facts, no advice: rows pass the limits of the configuration and are no older than two minutes.
    Where model and market are far apart, a row is listed apart, since that is usually our mistake.
    Every row is kept, and the list says how such rows did so far.
    """
    asyncio.run(_edges(scope_of(context), as_json))


async def _edges(scope: Scope, as_json: bool) -> None:
    from tracker.app.edges import track

    settings = scope.settings()
    async with session(scope, write=True) as at:
        games = await at.store.games(since=(at.now - timedelta(days=1)).date())
        open_games = [(g, s) for g, s in games if _open(g, s, at.now)]
        with progress("forecasting"):
            gates = [await _of_game(g, s, at, scope, settings) for g, s in open_games]
        listed = [x for gate in gates for x in gate.listed]
        apart = [x for gate in gates for x in gate.disagreements]
        await at.store.quotes.keep_edges(x.seen(at.now) for x in (*listed, *apart))
        seen = await at.store.quotes.edges()
        states = {g.id: s for g, s in await at.store.games()}
        did = track(seen, states.get, lambda _: ())
        now = at.now
    left_out: Counter[str] = Counter()
    for gate in gates:
        left_out.update(gate.left_out)
    if as_json:
        say_json(
            {
                "at": iso(now),
                "edges": [edge_json(x) for x in listed],
                "disagreements": [edge_json(x) for x in apart],
                "left_out": dict(sorted(left_out.items())),
                "so_far": {"n": did.n, "said": did.said, "came": did.came, "profit": did.profit},
            }
        )
        return
    _tell(listed, apart, left_out, did)


def _open(game: Game, state: GameState | None, now: datetime) -> bool:
    if state is not None and (state.phase.off or state.phase.rank > 1):
        return False
    return -timedelta(hours=4) < game.start - now < _AHEAD


async def _of_game(
    game: Game, state: GameState | None, at: Session, scope: Scope, settings: Settings
) -> Gate:
    from tracker.app.edges import Gate
    from tracker.app.edges import edges as find_edges
    from tracker.app.market import game_odds
    from tracker.app.pricing import pricing_of
    from tracker.cli.bets.believed import given_lines, models_of
    from tracker.forecast.closing import before_tip

    odds = await game_odds(at.store, game, state, settings.odds, at.now)
    if not odds.best:
        return Gate((), (), {})
    players = await _players(game, at)
    pricing = await pricing_of(at.store, [game], [], given_lines(scope), models_of(at))
    told = pricing.believed(game, []).by
    seen = state if state is not None and state.phase.in_play else before_tip(game, players)
    plain = pricing.seen(seen, [])
    priors = await _priors(players, game, at, plain.parameters)
    outlook = replace(plain, players=priors).outlook()
    return find_edges(odds, state, outlook, told, players, settings.odds)


async def _players(game: Game, at: Session) -> tuple[Player, ...]:
    """The players of both teams of whom recent games are kept."""
    from tracker.domain.game import Side
    from tracker.domain.player import Player

    rosters = await at.store.players.rosters(at.now)
    named = [
        Player(name, side) for side in Side
        for name in rosters.get((game.league, game.code(side)), ())
    ]  # fmt: skip
    recent = await at.store.players.recent_games({(game.league, x.key) for x in named})
    return tuple(x for x in named if recent.get((game.league, x.key)))


async def _priors(
    players: Sequence[Player], game: Game, at: Session, parameters: Parameters
) -> Any:
    from tracker.forecast.players.priors import PlayerPriors, player_prior
    from tracker.forecast.shipped import player_figures

    if not players:
        return None
    figures = player_figures(parameters)
    recent = await at.store.players.recent_games({(game.league, x.key) for x in players})
    minutes = game.rules.regulation_seconds / 60
    known = {
        (x.side, x.key): player_prior(recent[game.league, x.key], figures, regulation=minutes)
        for x in players
    }
    return PlayerPriors(figures, known)


def edge_json(x: Edge) -> dict[str, Any]:
    """A row of the list as other programs read it."""
    from tracker.domain.value import MOST_KELLY

    profit = x.odds - 1
    decided = x.chance.win + x.chance.lose
    share = (x.chance.win * profit - x.chance.lose) / (profit * decided) if decided else 0.0
    return {
        "game": x.game.name, "game_id": x.game.id, "market": x.selection.market,
        "span": x.selection.span.value, "about": x.selection.about,
        "points": x.selection.points, "side": x.selection.side, "p": x.chance.win,
        "fair_odds": x.chance.fair_odds, "odds_decimal": x.odds, "book": x.book,
        "edge": x.edge, "kelly": min(max(share, 0.0), MOST_KELLY), "age_s": round(x.age_s, 3),
        "market_chance": x.market, "prior": x.prior,
    }  # fmt: skip


def _tell(listed: list[Edge], apart: list[Edge], left_out: Counter[str], did: Track) -> None:
    if listed:
        _table(listed)
    else:
        say("No price that can be had passes your limits at this moment.")
    if apart:
        say()
        say("Disagreements: the market says something else, and is usually right.")
        _table(apart)
    for why, n in sorted(left_out.items()):
        note(f"{n} left out: {why}")
    if did.n and did.said is not None and did.came is not None and did.profit is not None:
        say(
            f"So far {did.n} such rows: said {did.said:.1%}, came {did.came:.1%}, "
            f"{did.profit:+.1%} a unit"
        )
    else:
        say("So far no such row has ended: nothing can be said of how they do.")


def _table(rows: list[Edge]) -> None:
    from tracker.wording.closes import selection_text, share_text

    table(
        ("Bet", "p(hit)", "Fair", "Odds", "Where", "Edge", "Age"),
        [
            (
                f"{x.game.name} {selection_text(x.selection, x.game.home, x.game.away)}",
                f"{x.chance.win:.1%}",
                "" if x.chance.fair_odds is None else f"{x.chance.fair_odds:.2f}",
                f"{x.odds:.2f}",
                x.book,
                share_text(x.edge),
                wait_text(x.age_s),
            )
            for x in rows[:_MOST]
        ],
        right=(1, 2, 3, 5, 6),
    )
