"""Game states that a person gives in JSON to be priced, with lines and players.

Each field is checked, and a mistake names the field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from tracker.domain import TrackerError
from tracker.domain.catalog import find_teams, teams
from tracker.domain.game import (
    MOST_FREE_THROWS,
    Box,
    FreeThrows,
    Game,
    GameState,
    Pair,
    Phase,
    PlayerLine,
    Score,
    Side,
    TeamBox,
)
from tracker.domain.league import LEAGUES, League
from tracker.domain.money import decimal_of
from tracker.domain.player import player_key
from tracker.domain.prior import Lines, Prior, PriorSource
from tracker.forecast.game.parameters import Parameters
from tracker.forecast.market import LiveLines
from tracker.forecast.players import PlayerFigures
from tracker.forecast.players.lineup import KINDS, Bulk, Mate, brings
from tracker.forecast.players.priors import PlayerPrior, PlayerPriors, from_averages
from tracker.forecast.players.remainder import BASIC, PLACE
from tracker.forecast.priors import prior_from
from tracker.forecast.teams import lean

Json = dict[str, Any]

_FEEDS_CLOCK = re.compile(r"PT(\d+)M(\d+(?:\.\d+)?)S")

_CODE = re.compile(r"[A-Z0-9][A-Z0-9&'.\-]{0,9}")

NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""The tip-off of a priced game, whose time does not matter."""


class BadState(TrackerError):
    """A state that cannot be priced; `field` names the wrong field."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read_state(given: Json) -> GameState:
    """Read the game state of a JSON object, without its players. Raises BadState."""
    league = _text(given, "league")
    if league not in LEAGUES:
        raise BadState("league", f"there is no league {league!r}: use {', '.join(LEAGUES)}")
    home, away = (_team(given, x, league) for x in ("home", "away"))
    rules = LEAGUES[league]
    period = _whole(given.get("period"), "period", 0, 30)
    # Before tip-off the clock may hold anything; the whole first period is left.
    clock = float(rules.period_seconds) if period == 0 else _clock(given.get("clock"))
    score = _score(given)
    phase = _phase(given, period, clock, score, rules.periods)
    throws = _throws(given.get("throws"))
    if throws is not None and (phase is not Phase.LIVE or period < rules.periods):
        raise BadState("throws", "throws count in the last period and in overtime, in play")
    if period == 0 and score.total:
        raise BadState("period", "period is 0 before tip-off, and a game with points has begun")
    try:
        return GameState(
            game=Game("priced", league, home, away, NO_TIME),
            phase=phase,
            period=period,
            clock=clock,
            score=score,
            periods=_periods(given, period, score),
            possession=_side(given.get("possession"), "possession"),
            bonus=_pair(given, "bonus", bool),
            timeouts=_pair(given, "timeouts", int),
            box=_box(given, rules.seconds_left(period, clock)),
            tip=_side(given.get("tip"), "tip"),
            throws=throws,
        )
    except ValueError as why:
        raise BadState(_blamed(str(why)), str(why)) from None


def _blamed(message: str) -> str:
    for word in ("clock", "seconds", "period", "play itself"):
        if word in message:
            return {"seconds": "clock", "play itself": "home"}.get(word, word)
    return "score"


def _phase(given: Json, period: int, clock: float, score: Score, regulation: int) -> Phase:
    """The phase as given, else from the clock: final when the last period has run out.

    With free throws to come, the game is in play although it has.
    """
    said = given.get("phase")
    if said is not None:
        try:
            return Phase(said)
        except ValueError:
            names = ", ".join(Phase)
            raise BadState("phase", f"phase is one of {names}, not {said!r}") from None
    if period == 0:
        return Phase.SCHEDULED
    if clock > 0 or given.get("throws") is not None:
        return Phase.LIVE
    return Phase.FINAL if period >= regulation and score.margin else Phase.BREAK


def _text(given: Json, field: str) -> str:
    value = given.get(field)
    if not isinstance(value, str) or not value:
        raise BadState(field, f"{field} is missing: give it as text")
    return value


def _team(given: Json, field: str, league: str) -> str:
    """A team's code, by its code or any of its names; an unlisted code is taken as written."""
    text = _text(given, field)
    codes = _codes(text, league)
    if len(codes) == 1:
        return codes[0]
    name = LEAGUES[league].name
    if codes:
        raise BadState(field, f"{text!r} may be {' or '.join(codes)}: write the code")
    if _CODE.fullmatch(text) or not teams(league):
        return text
    raise BadState(field, f"no team of the {name} is called {text!r}: write its code or full name")


@cache
def _codes(text: str, league: str) -> tuple[str, ...]:
    """The codes of the teams that a text may name."""
    return (text,) if text in teams(league) else tuple(x.code for x in find_teams(text, (league,)))


def _number(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadState(field, f"{field} is a number, not {value!r}")
    return float(value)


def _whole(value: Any, field: str, low: int, high: int) -> int:
    number = _number(value, field)
    if number != int(number) or not low <= number <= high:
        raise BadState(field, f"{field} is a whole number from {low} to {high}, not {value!r}")
    return int(number)


def _clock(value: Any) -> float:
    """Seconds left in the period, from `04:11`, `11.4`, a feed's `PT04M11.00S` or a number."""
    if not isinstance(value, str):
        return _number(value, "clock")
    written = _FEEDS_CLOCK.fullmatch(value)
    parts = list(written.groups()) if written else value.split(":")
    try:
        if len(parts) == 1:
            return _number(float(parts[0]), "clock")
        minutes, seconds = int(parts[0]), float(parts[1])
    except ValueError:
        minutes, seconds = -1, 0.0
    if len(parts) != 2 or minutes < 0 or not 0 <= seconds < 60:  # noqa: PLR2004 - mm:ss
        raise BadState("clock", f"clock is what is left, such as 04:11, not {value!r}")
    return minutes * 60 + seconds


def _score(given: Json) -> Score:
    value = given.get("score")
    if not isinstance(value, dict):
        raise BadState("score", 'score is missing: give it as {"home": 61, "away": 58}')
    home, away = (_whole(value.get(x), f"score.{x}", 0, 400) for x in ("home", "away"))
    return Score(home, away)


def _periods(given: Json, period: int, score: Score) -> tuple[Score, ...] | None:
    """The points of each started period; where the current one is left out, it is the rest."""
    value = given.get("periods")
    if value is None:
        return None
    if not isinstance(value, dict) or not all(
        isinstance(value.get(x), list) for x in ("home", "away")
    ):
        raise BadState("periods", 'periods is written {"home": [28, 25], "away": [30, 22]}')
    home, away = (
        [_whole(x, f"periods.{side}", 0, 400) for x in value[side]] for side in ("home", "away")
    )
    if len(home) != len(away):
        raise BadState("periods", "periods has more entries for one team than for the other")
    if len(home) < period:
        home.append(score.home - sum(home))
        away.append(score.away - sum(away))
        home += [0] * (period - len(home))
        away += [0] * (period - len(away))
    if len(home) > max(period, 1) or min([0, *home, *away]) < 0:
        raise BadState("periods", "the points by period do not fit the period and the score")
    return tuple(Score(h, a) for h, a in zip(home, away, strict=True))


def _throws(value: Any) -> FreeThrows | None:
    """Free throws to come, written `{"side": "home", "left": 2}`."""
    if value is None:
        return None
    side = _side(value.get("side"), "throws.side") if isinstance(value, dict) else None
    if side is None:
        raise BadState("throws", 'throws is written {"side": "home", "left": 2}')
    return FreeThrows(side, _whole(value.get("left"), "throws.left", 1, MOST_FREE_THROWS))


def _side(value: Any, field: str) -> Side | None:
    if value is None:
        return None
    try:
        return Side(value)
    except ValueError:
        raise BadState(field, f"{field} is home, away or null, not {value!r}") from None


_BOX = ("fga", "fta", "oreb", "to", "fouls")
_MOST_IN_BOX = 400


def _box(given: Json, left: float) -> Box | None:
    """Both teams' box figures so far, with `left` seconds to play; None where not given."""
    value = given.get("box")
    if value is None:
        return None
    if not isinstance(value, dict) or not all(
        isinstance(value.get(x), dict) for x in ("home", "away")
    ):
        raise BadState("box", f'box is written {{"home": {{"{_BOX[0]}": 41, ...}}, "away": ...}}')
    home, away = (
        TeamBox(*(_whole(value[side].get(x), f"box.{side}.{x}", 0, _MOST_IN_BOX) for x in _BOX))
        for side in ("home", "away")
    )
    return Box(home, away, left)


def _pair(given: Json, field: str, kind: type[bool | int]) -> Any:
    value = given.get(field)
    if value is None:
        return None
    if not isinstance(value, dict) or "home" not in value or "away" not in value:
        raise BadState(field, f'{field} is written {{"home": ..., "away": ...}}')
    if kind is bool:
        if not all(isinstance(value[x], bool) for x in ("home", "away")):
            raise BadState(field, f"{field} of each side is true or false")
        return Pair(value["home"], value["away"])
    return Pair(*(_whole(value[x], f"{field}.{x}", 0, 20) for x in ("home", "away")))


def read_prior(given: Json, parameters: Parameters) -> Prior:
    """Read the prior: from lines, else from ratings, else the league's average. Raises BadState.

    It includes the belief about the ends (`Prior.ends`).
    """
    return replace(_prior_of(given, parameters), ends=_ends(given, parameters))


def _ends(given: Json, parameters: Parameters) -> float:
    """The belief about the ends, -1 to 1: as given, else what the model knows of the away team."""
    belief = parameters.ends
    if belief is None:
        return 0.0
    if given.get("ends") is not None:
        chance = _number(given["ends"], "ends")
        if not 0 <= chance <= 1:
            raise BadState("ends", f"ends is a chance from 0 to 1, not {chance:g}")
        return lean(chance)
    away = _team(given, "away", parameters.league)
    known = belief.teams.get(away)
    return lean(belief.figures.base if known is None else known.chance)


def _prior_of(given: Json, parameters: Parameters) -> Prior:
    lines = _lines(given.get("lines"), "lines")
    ratings = given.get("ratings")
    try:
        if lines.empty and ratings is not None:
            return _rated(ratings, parameters)
        return prior_from(lines, parameters)
    except ValueError as why:
        raise BadState("ratings" if lines.empty else "lines", str(why)) from None


def read_live(given: Json) -> LiveLines | None:
    """Read the market's live lines and their age; None where not given. Raises BadState."""
    value = given.get("live_lines")
    if value is None:
        return None
    lines = _lines(value, "live_lines")
    return LiveLines(lines, _number(value.get("age", 0), "live_lines.age"))


def _lines(value: Any, field: str) -> Lines:
    """Read lines; moneylines may be decimal, or American from 100 on."""
    if value is None:
        return Lines()
    if not isinstance(value, dict):
        raise BadState(field, f'{field} is written {{"home_spread": -4.5, "total": 228.5}}')
    names = ("home_spread", "total", "home_ml", "away_ml")
    found = {
        name: _number(value[name], f"{field}.{name}")
        for name in names
        if value.get(name) is not None
    }
    for name in ("home_ml", "away_ml"):
        if name in found:
            found[name] = _decimal(found[name], f"{field}.{name}")
    return Lines(**found)


def _decimal(odds: float, field: str) -> float:
    if (american := decimal_of(odds)) is not None:
        return american
    if odds <= 1:
        raise BadState(field, f"{field} is decimal odds above 1 or American odds, not {odds:g}")
    return odds


def _rated(value: Any, parameters: Parameters) -> Prior:
    """The prior from ratings in points above an average team: one number a side, or two.

    Two numbers are offence and defence.
    """
    if not isinstance(value, dict):
        raise BadState("ratings", 'ratings is written {"home": 3.1, "away": -1.2}')
    figures, average = parameters.ratings, parameters.average
    parts = []
    for side in ("home", "away"):
        rating = value.get(side)
        if isinstance(rating, dict):
            offence = _number(rating.get("offence"), f"ratings.{side}.offence")
            defence = _number(rating.get("defence"), f"ratings.{side}.defence")
            parts.append((offence + defence, offence - defence))
        else:
            parts.append((_number(rating, f"ratings.{side}"), 0.0))
    (home, home_tempo), (away, away_tempo) = parts
    return Prior(
        margin=average.margin + home - away,
        total=average.total + home_tempo + away_tempo,
        source=PriorSource.RATINGS,
        margin_sd=min(figures.margin_spread, average.margin_sd),
        total_sd=min(figures.total_spread, average.total_sd),
    )


INACTIVE = "inactive"
"""The note of a player who is listed as inactive."""

_MOST_PLAYERS = 60
_MOST_COUNT = 300
_STARTS_FROM = 0.5
"""Share of a game's minutes: a player who usually plays at least as much is taken to be a starter,
unless the state says."""


def read_players(given: Json, rules: League) -> tuple[PlayerLine, ...]:
    """Read the players' figures under `players`; empty without that field. Raises BadState."""
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
    """Read the players' priors, where the state gives them. Raises BadState.

    `lines` are the players that `read_players` made of the same state.
    """
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
    """What each player and his team-mates usually contribute, where a state lists inactive players.

    The usual line-up is then every player with a prior. Empty without inactive players. Raises
    BadState.
    """
    missing = read_inactive(given)
    if not missing:
        return {}
    listed = {(x.side, player_key(x.name)) for x in lines}
    for who, where in missing.items():
        if who not in listed:
            raise BadState(where, "not among `players`: list the player there, with a prior")
    bulks = {
        who: brings(prior.minutes(None) * rules.stretch, (prior.rates[PLACE[x]] for x in KINDS))
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
    """Read the inactive players: by side and key, the field that names each. Raises BadState."""
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
        raise BadState(f"{where}.minutes", "minutes is missing: give the usual minutes of a game")
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
