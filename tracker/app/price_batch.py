"""JSON lines in, JSON lines out: prices the states given to `tracker price`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from tracker.app.views import chance_parts, part
from tracker.domain import TrackerError
from tracker.domain.game import Game, GameState
from tracker.domain.market import Market
from tracker.domain.player import Player
from tracker.domain.value import as_paid, part_paid
from tracker.forecast.game.parameters import Parameters, load_parameters
from tracker.forecast.market import forecast_with
from tracker.forecast.outlook import Outlook
from tracker.forecast.players.priors import PlayerPriors
from tracker.forecast.pricing.markets import chance_of, parlay
from tracker.intake.states import (
    NO_TIME,
    BadState,
    Json,
    read_live,
    read_player_priors,
    read_players,
    read_prior,
    read_state,
)
from tracker.language import find_in_game, parse_bet

_LONGEST_TEXT = 1_000_000
"""Most characters of one state."""

_PLACES = 9
"""Decimals of the figures and chances of an answer."""


def price_lines(
    lines: Iterable[str], *, pmf: bool = False, load: Callable[[str], Parameters] = load_parameters
) -> Iterator[tuple[str, bool]]:
    """Answer each line; the flag is whether it could be priced. Empty lines are skipped."""
    for line in lines:
        if line.strip():
            answer, good = _answer(line, pmf=pmf, load=load)
            yield json.dumps(answer, ensure_ascii=False, separators=(",", ":")), good


def _answer(line: str, *, pmf: bool, load: Callable[[str], Parameters]) -> tuple[Json, bool]:
    name: Any = None
    try:
        given = _object(line)
        name = _name(given.get("id"))
        return _price(given, pmf=pmf, load=load), True
    except BadState as why:
        return {"id": name, "error": {"field": why.field, "message": str(why)}}, False


def _object(line: str) -> Json:
    if len(line) > _LONGEST_TEXT:
        raise BadState("", "the line is longer than a million characters: give one state a line")
    try:
        given = json.loads(line.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as why:
        raise BadState("", f"the line is not JSON: {why}") from None
    if not isinstance(given, dict):
        raise BadState("", "the line is not a JSON object: write one state a line")
    return given


def _name(found: Any) -> Any:
    """The id of a state, which comes back in the answer: so it must be one that JSON can hold."""
    try:
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise BadState("id", "the id cannot be given back: write a text or a number") from None
    return found


def _price(given: Json, *, pmf: bool, load: Callable[[str], Parameters]) -> Json:
    state = read_state(given)
    try:
        parameters = load(state.game.league)
    except TrackerError as why:
        raise BadState("league", str(why)) from None
    picks = given.get("bets") or []
    if not isinstance(picks, list):
        raise BadState("bets", "bets is a list of texts such as 'DEN -4.5'")
    state, players = _with_players(given, state, parameters)
    prior, live = read_prior(given, parameters), read_live(given)
    outlook = forecast_with(state, prior, parameters, live, players)
    answer: Json = {"id": given.get("id")} | outlook_json(outlook)
    answer["prior"] = {
        "margin": round(prior.margin, 3),
        "total": round(prior.total, 3),
        "source": prior.source.value,
    }
    answer["bets"] = [_bet(pick, i, state, outlook) for i, pick in enumerate(picks)]
    answer |= part(outlook, "model_version", "feature_version", "calibration_id")
    if players is not None:
        answer["player_model_version"] = players.figures.model_version
    if pmf:
        answer["pmf"] = {
            name: {str(value): round(chance, _PLACES) for value, chance in part.items()}
            for name, part in outlook.pmf.items()
        }
    return answer


def _with_players(
    given: Json, state: GameState, parameters: Parameters
) -> tuple[GameState, PlayerPriors | None]:
    """The state with the players that the line gives, and their priors; None without players."""
    rules = state.game.rules
    lines = read_players(given, rules)
    if not lines:
        return state, None
    try:
        figures = parameters.player_figures
    except TrackerError as why:
        raise BadState("players", str(why)) from None
    return replace(state, players=lines), read_player_priors(given, lines, figures, rules)


def outlook_json(outlook: Outlook) -> Json:
    """mu, sigma and pi80 of the final score."""
    mu, sigma, pi80 = outlook.mu, outlook.sigma, outlook.pi80
    names = ("home", "away", "total", "margin")
    return {
        "mu": {x: round(getattr(mu, x), _PLACES) for x in names},
        "sigma": {x: round(getattr(sigma, x), _PLACES) for x in names},
        "pi80": {x: list(getattr(pi80, x)) for x in names},
    }


def _bet(pick: Any, i: int, state: GameState, outlook: Outlook) -> Json:
    where = f"bets[{i}]"
    if not isinstance(pick, str):
        raise BadState(where, "a bet is a text such as 'DEN -4.5'")
    try:
        markets = _asked(pick, state)
        chance, paid = parlay(markets, outlook), 1.0
        if len(markets) > 1 and not chance.decided:
            paid = part_paid((None, chance_of(x, outlook)) for x in markets)
    except TrackerError as why:
        raise BadState(where, str(why)) from None
    return {"bet": pick, **chance_parts(chance), "fair_odds": as_paid(chance, paid).fair_odds}


def _asked(pick: str, state: GameState) -> tuple[Market, ...]:
    game = state.game
    roster = tuple(Player(x.name, x.side) for x in state.players)
    return _markets(pick, (game.league, game.home, game.away), roster)


@cache
def _markets(
    text: str, where: tuple[str, str, str], roster: tuple[Player, ...]
) -> tuple[Market, ...]:
    """The market of a line, or the markets of a parlay's legs."""
    game = Game("priced", *where, NO_TIME)
    legs = parse_bet(text, find_in_game(game), staked=True).legs
    return tuple(leg.market_for(game, roster) for leg in legs)
