"""Players as a person gives them in JSON: their box lines, and what was expected of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tracker.domain.game import PlayerLine, Side
from tracker.domain.player import player_key
from tracker.forecast.players.counts import BASIC, PLACE
from tracker.forecast.players.figures import GAME_MINUTES
from tracker.forecast.players.lineup import KINDS, Bulk, Mate, brings
from tracker.forecast.players.priors import PlayerPrior, PlayerPriors, from_averages
from tracker.intake.states import BadState, Json

if TYPE_CHECKING:
    from tracker.domain.league import League
    from tracker.forecast.players.figures import PlayerFigures

INACTIVE = "inactive"
"""The note of a player who is said to be missing."""

_MOST_PLAYERS = 60
_MOST_COUNT = 300
_STARTS_FROM = 0.5
"""Of a game: who usually plays more is taken to start where a line does not say."""


def read_players(given: Json, rules: League) -> tuple[PlayerLine, ...]:
    """The box lines that a state gives under `players`; none when it has no such field.

    Raises BadState.
    """
    value = given.get("players")
    if value is None:
        read_inactive(given)
        return ()
    if not isinstance(value, list) or len(value) > _MOST_PLAYERS:
        raise BadState("players", f"players is a list of {_MOST_PLAYERS} box lines at most")
    missing = read_inactive(given)
    lines = tuple(_line(one, f"players[{i}]", rules) for i, one in enumerate(value))
    lines = tuple(
        replace(x, note=x.note or INACTIVE) if (x.side, player_key(x.name)) in missing else x
        for x in lines
    )
    seen = [(x.side, player_key(x.name)) for x in lines]
    for i, name in enumerate(seen):
        if name in seen[:i]:
            raise BadState(f"players[{i}].name", f"{lines[i].name} is given twice")
    return lines


def read_player_priors(
    given: Json, lines: tuple[PlayerLine, ...], figures: PlayerFigures, rules: League
) -> PlayerPriors:
    """What was expected of the players, where a state says so. Raises BadState."""
    known = {}
    for i, (one, line) in enumerate(zip(given.get("players") or (), lines, strict=True)):
        prior = _prior(one.get("prior"), f"players[{i}].prior", figures, rules)
        if prior is not None:
            known[line.side, player_key(line.name)] = prior
    return PlayerPriors(figures, known, mates=_mates(given, lines, known, rules))


def _mates(
    given: Json,
    lines: tuple[PlayerLine, ...],
    known: Mapping[tuple[Side, str], PlayerPrior],
    rules: League,
) -> dict[tuple[Side, str], Mate]:
    """The players as their team-mates see them, where a state says who is missing tonight.

    The usual line-up is then everybody with a prior. Raises BadState.
    """
    missing = read_inactive(given)
    if not missing:
        return {}
    listed = {(x.side, player_key(x.name)) for x in lines}
    for who, where in missing.items():
        if who not in listed:
            raise BadState(where, "he is not among `players`: list him there, with his prior")
    stretch = GAME_MINUTES * 60 / rules.regulation_seconds
    bulks = {
        who: brings(prior.minutes(None) * stretch, (prior.rates[PLACE[x]] for x in KINDS))
        for who, prior in known.items()
    }
    found = {}
    for who, bulk in bulks.items():
        others = Bulk()
        for (side, key), other in bulks.items():
            if side is who[0] and key != who[1]:
                others = others.plus(other)
        found[who] = Mate(bulk, others)
    return found


def read_inactive(given: Json) -> dict[tuple[Side, str], str]:
    """Who is missing tonight, by side and key, and where the state says so. Raises BadState."""
    value = given.get("inactive")
    if value is None:
        return {}
    if not isinstance(value, dict) or not value.keys() <= {x.value for x in Side}:
        raise BadState("inactive", 'inactive is written {"home": ["A. Player"], "away": []}')
    found = {}
    for side in Side:
        names = value.get(side.value, [])
        if not isinstance(names, list) or not all(isinstance(x, str) and x for x in names):
            raise BadState(
                f"inactive.{side.value}", "a side's inactive players are a list of names"
            )
        for i, name in enumerate(names):
            found[side, player_key(name)] = f"inactive.{side.value}[{i}]"
    return found


def _line(one: Any, where: str, rules: League) -> PlayerLine:
    if not isinstance(one, dict):
        raise BadState(where, 'a player is written {"name": "...", "team": "home", "stats": {...}}')
    name = one.get("name")
    if not isinstance(name, str) or not player_key(name):
        raise BadState(f"{where}.name", "name is missing: give it as text")
    try:
        side = Side(str(one.get("team")))
    except ValueError:
        message = f"team is home or away, not {one.get('team')!r}"
        raise BadState(f"{where}.team", message) from None
    stats = _stats(one.get("stats"), f"{where}.stats")
    most = 2.0 * rules.regulation_seconds / 60
    minutes = _amount(one.get("minutes", 0), f"{where}.minutes", most)
    prior = one.get("prior")
    usual = prior.get("minutes") if isinstance(prior, dict) else None
    often = isinstance(usual, int | float) and usual >= _STARTS_FROM * rules.regulation_seconds / 60
    note = one.get("note")
    return PlayerLine(
        id=str(one.get("id", "")),
        name=name,
        side=side,
        stats=stats,
        minutes=minutes,
        fouls=int(_amount(one.get("fouls", 0), f"{where}.fouls", 20)),
        on_court=_flag(one, "oncourt", where, otherwise=False),
        starter=_flag(one, "starter", where, otherwise=often),
        played=_flag(one, "played", where, otherwise=minutes > 0 or any(n for _, n in stats)),
        note=note if isinstance(note, str) else None,
    )


def _stats(value: Any, where: str) -> tuple[tuple[str, int], ...]:
    if value is None:
        return tuple((stat.value, 0) for stat in BASIC)
    if not isinstance(value, dict):
        raise BadState(where, 'stats is written {"pts": 12, "reb": 4, "ast": 3}')
    found = []
    for stat in BASIC:
        if value.get(stat.value) is not None:
            number = _amount(value[stat.value], f"{where}.{stat.value}", _MOST_COUNT)
            if number != int(number):
                raise BadState(f"{where}.{stat.value}", f"{stat.value} is a whole number")
            found.append((stat.value, int(number)))
    return tuple(found)


def _prior(value: Any, where: str, figures: PlayerFigures, rules: League) -> PlayerPrior | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadState(where, 'prior is written {"minutes": 34, "pts": 26.1, "reb": 12}')
    most = rules.regulation_seconds / 60
    if value.get("minutes") is None:
        raise BadState(f"{where}.minutes", "minutes is missing: give his usual minutes of a game")
    minutes = _amount(value["minutes"], f"{where}.minutes", most)
    averages = {
        stat: _amount(value[stat.value], f"{where}.{stat.value}", _MOST_COUNT)
        for stat in BASIC
        if value.get(stat.value) is not None
    }
    return from_averages(minutes, averages, figures, most)


def _amount(value: Any, where: str, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadState(where, f"{where.rsplit('.', 1)[-1]} is a number, not {value!r}")
    if not 0 <= value <= most:
        raise BadState(where, f"{where.rsplit('.', 1)[-1]} is from 0 to {most:g}, not {value:g}")
    return float(value)


def _flag(one: Json, field: str, where: str, *, otherwise: bool) -> bool:
    value = one.get(field)
    if value is None:
        return otherwise
    if not isinstance(value, bool):
        raise BadState(f"{where}.{field}", f"{field} is true or false")
    return value
