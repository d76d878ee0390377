"""JSON lines in, JSON lines out: what `tracker price` says of states that are given to it."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from tracker.domain.errors import TrackerError
from tracker.domain.game import Game, GameState, Pair, Phase, Score, Side
from tracker.domain.grammar import find_in_game, parse_pick
from tracker.domain.league import LEAGUES
from tracker.domain.prior import Lines, Prior, PriorSource
from tracker.forecast.fusion import LiveLines, forecast_with
from tracker.forecast.pricing import parlay
from tracker.forecast.priors import prior_from
from tracker.forecast.shipped import load_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tracker.domain.chance import Chance
    from tracker.domain.market import Market
    from tracker.forecast.outlook import Outlook
    from tracker.forecast.parameters import Parameters

Json = dict[str, Any]

PARLAY = "parlay:"
"""How a same-game parlay begins; its legs are separated by semicolons."""

_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_LONGEST_TEXT = 1_000_000
_PLACES = 9


class BadState(TrackerError):
    """A line that cannot be priced: `field` names what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        """`message` is one sentence for a person."""
        super().__init__(message)
        self.field = field


def price_lines(
    lines: Iterable[str],
    *,
    pmf: bool = False,
    load: Callable[[str], Parameters] = load_parameters,
) -> Iterator[tuple[str, bool]]:
    """Answer each line; the flag says whether it could be priced. Empty lines are passed over."""
    for line in lines:
        if line.strip():
            answer, good = _answer(line, pmf=pmf, load=load)
            yield json.dumps(answer, ensure_ascii=False, separators=(",", ":")), good


def _answer(line: str, *, pmf: bool, load: Callable[[str], Parameters]) -> tuple[Json, bool]:
    name: Any = None
    try:
        given = _object(line)
        name = given.get("id")
        return _price(given, pmf=pmf, load=load), True
    except BadState as why:
        return {"id": name, "error": {"field": why.field, "message": str(why)}}, False


def _object(line: str) -> Json:
    if len(line) > _LONGEST_TEXT:
        raise BadState("", "the line is longer than a million characters: give one state a line")
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as why:
        raise BadState("", f"the line is not JSON: {why}") from None
    if not isinstance(given, dict):
        raise BadState("", "the line is not a JSON object: write one state a line")
    return given


def _price(given: Json, *, pmf: bool, load: Callable[[str], Parameters]) -> Json:
    state = read_state(given)
    try:
        parameters = load(state.game.league)
    except TrackerError as why:
        raise BadState("league", str(why)) from None
    picks = given.get("bets") or []
    if not isinstance(picks, list):
        raise BadState("bets", "bets is a list of texts such as 'DEN -4.5'")
    outlook = forecast_with(state, read_prior(given, parameters), parameters, _live(given))
    answer: Json = {"id": given.get("id")} | outlook_json(outlook)
    answer["bets"] = [_bet(pick, i, state, outlook) for i, pick in enumerate(picks)]
    answer |= {
        "model_version": outlook.model_version,
        "feature_version": outlook.feature_version,
        "calibration_id": outlook.calibration_id,
    }
    if pmf:
        answer["pmf"] = {
            name: {str(value): round(chance, _PLACES) for value, chance in part.items()}
            for name, part in outlook.pmf.items()
        }
    return answer


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
        chance = _chance(pick, state, outlook)
    except TrackerError as why:
        raise BadState(where, str(why)) from None
    return {
        "bet": pick,
        "win": chance.win,
        "push": chance.push,
        "lose": chance.lose,
        "fair_odds": chance.fair_odds,
    }


def _chance(pick: str, state: GameState, outlook: Outlook) -> Chance:
    legs = [pick]
    if pick.strip().casefold().startswith(PARLAY):
        legs = [leg for leg in pick.strip()[len(PARLAY) :].split(";") if leg.strip()]
    game = state.game
    markets = [_market(leg.strip(), game.league, game.home, game.away) for leg in legs or [pick]]
    return parlay(markets, outlook, state)


@cache
def _market(text: str, league: str, home: str, away: str) -> Market:
    game = Game("priced", league, home, away, _NO_TIME)
    return parse_pick(text, find_in_game(game)).market_for(game)


def read_state(given: Json) -> GameState:
    """The state that a line gives. Raises BadState."""
    league = _text(given, "league")
    if league not in LEAGUES:
        raise BadState("league", f"there is no league {league!r}: use {', '.join(LEAGUES)}")
    home, away = _text(given, "home"), _text(given, "away")
    rules = LEAGUES[league]
    period = _whole(given.get("period"), "period", 0, 30)
    clock = 0.0 if period == 0 and "clock" not in given else _clock(given.get("clock"))
    if period == 0:
        clock = float(rules.period_seconds)
    score = _score(given)
    try:
        return GameState(
            game=Game("priced", league, home, away, _NO_TIME),
            phase=_phase(given, period, clock, score, rules.periods),
            period=period,
            clock=clock,
            score=score,
            periods=_periods(given, period, score),
            possession=_possession(given.get("possession")),
            bonus=_pair(given, "bonus", bool),
            timeouts=_pair(given, "timeouts", int),
        )
    except ValueError as why:
        raise BadState(_blamed(str(why)), str(why)) from None


def _blamed(message: str) -> str:
    for word in ("clock", "seconds", "period", "play itself"):
        if word in message:
            return {"seconds": "clock", "play itself": "home"}.get(word, word)
    return "score"


def _phase(given: Json, period: int, clock: float, score: Score, regulation: int) -> Phase:
    """Said outright, or read off the clock: nothing left of the last period is the end."""
    said = given.get("phase")
    if said is not None:
        try:
            return Phase(said)
        except ValueError:
            names = ", ".join(Phase)
            raise BadState("phase", f"phase is one of {names}, not {said!r}") from None
    if period == 0:
        return Phase.SCHEDULED
    if clock > 0:
        return Phase.LIVE
    return Phase.FINAL if period >= regulation and score.margin else Phase.BREAK


def _text(given: Json, field: str) -> str:
    value = given.get(field)
    if not isinstance(value, str) or not value:
        raise BadState(field, f"{field} is missing: give it as text")
    return value


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
    """Seconds left, from `04:11`, `11.4` or a number."""
    if not isinstance(value, str):
        return _number(value, "clock")
    parts = value.split(":")
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
    """Points of each begun period; the current one may be left out, and is then the rest."""
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


def _possession(value: Any) -> Side | None:
    if value is None:
        return None
    try:
        return Side(value)
    except ValueError:
        raise BadState("possession", f"possession is home, away or null, not {value!r}") from None


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
    """Lines, else ratings, else the league's average. Raises BadState."""
    lines = _lines(given.get("lines"), "lines")
    ratings = given.get("ratings")
    try:
        if lines.empty and ratings is not None:
            return _rated(ratings, parameters)
        return prior_from(lines, parameters)
    except ValueError as why:
        raise BadState("ratings" if lines.empty else "lines", str(why)) from None


def _live(given: Json) -> LiveLines | None:
    value = given.get("live_lines")
    if value is None:
        return None
    lines = _lines(value, "live_lines")
    return LiveLines(lines, _number(value.get("age", 0), "live_lines.age"))


def _lines(value: Any, field: str) -> Lines:
    """Lines as numbers; moneylines are decimal, or American from 100 on."""
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
    if abs(odds) >= 100:  # noqa: PLR2004 - American odds start there
        return 1 + (odds / 100 if odds > 0 else 100 / -odds)
    if odds <= 1:
        raise BadState(field, f"{field} is decimal odds above 1 or American odds, not {odds:g}")
    return odds


def _rated(value: Any, parameters: Parameters) -> Prior:
    """Ratings in points about an average team: a number a side, or offence and defence."""
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
