"""Turns the words of a bet, as they were understood, into JSON and back."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import assert_never

from tracker.domain.catalog.teams import Team, teams
from tracker.domain.market import Direction, Parity, Span
from tracker.domain.money import Odds
from tracker.domain.pick import (
    Asked,
    Figure,
    Handicap,
    Matchup,
    OddOrEven,
    OneOfThree,
    OverUnder,
    ParlayPick,
    Pick,
    Tens,
    ToWin,
    Written,
)
from tracker.domain.player import Stat
from tracker.store.codec.values import Json


def pack_written(written: Written) -> Json:
    """A pick or a parlay as JSON."""
    if isinstance(written, Pick):
        return _pick(written)
    return {
        "text": written.text,
        "legs": [_pick(leg) for leg in written.legs],
        "same_game": written.same_game,
    } | _price(written)


def written_of(found: Json) -> Written:
    """What `pack_written` wrote."""
    if "legs" not in found:
        return _pick_of(found)
    return ParlayPick(
        text=found["text"],
        legs=tuple(_pick_of(leg) for leg in found["legs"]),
        same_game=found["same_game"],
        odds=_odds_of(found["odds"]),
        stake_cents=found["stake_cents"],
        units=_units_of(found["units"]),
        tags=tuple(found["tags"]),
    )


def pack_matchup(matchup: Matchup | None) -> Json:
    """A game as it was written."""
    if matchup is None:
        return None
    turned: dict[str, Json] = {"any_order": True} if matchup.any_order else {}
    if matchup.game_id is not None:
        turned["game_id"] = matchup.game_id
    return {
        "away": [_team(x) for x in matchup.away],
        "home": [_team(x) for x in matchup.home],
        "day": None if matchup.day is None else matchup.day.isoformat(),
    } | turned


def matchup_of(found: Json) -> Matchup | None:
    """What `pack_matchup` wrote."""
    if found is None:
        return None
    return Matchup(
        tuple(_team_of(x) for x in found["away"]),
        tuple(_team_of(x) for x in found["home"]),
        None if found["day"] is None else date.fromisoformat(found["day"]),
        any_order=found.get("any_order", False),
        game_id=found.get("game_id"),
    )


def _pick(pick: Pick) -> Json:
    player = {} if pick.player is None else {"player": pick.player}
    return (
        {"text": pick.text, "span": pick.span.value, "team": [_team(x) for x in pick.team]}
        | _asked(pick.asked)
        | player
        | {"matchup": pack_matchup(pick.matchup)}
        | _price(pick)
    )


def _pick_of(found: Json) -> Pick:
    return Pick(
        text=found["text"],
        asked=_asked_of(found),
        span=Span(found["span"]),
        team=tuple(_team_of(x) for x in found["team"]),
        player=found.get("player"),
        matchup=matchup_of(found["matchup"]),
        odds=_odds_of(found["odds"]),
        stake_cents=found["stake_cents"],
        units=_units_of(found["units"]),
        tags=tuple(found["tags"]),
    )


def _asked(asked: Asked) -> Json:
    """What is asked. The first four are told by which figures are there."""
    match asked:
        case ToWin():
            return {"direction": None, "points": None}
        case Handicap(points):
            return {"direction": None, "points": points}
        case OverUnder(direction, points):
            return {"direction": direction.value, "points": points}
        case Figure(stat, direction, points):
            return {"direction": direction.value, "points": points, "stat": stat.value}
        case OddOrEven(parity):
            return {"parity": parity.value}
        case OneOfThree():
            return {"three_way": True}
        case Tens(categories, happens):
            return {"categories": categories, "happens": happens}
        case _:
            assert_never(asked)


def _asked_of(found: Json) -> Asked:
    if "parity" in found:
        return OddOrEven(Parity(found["parity"]))
    if "three_way" in found:
        return OneOfThree()
    if "categories" in found:
        return Tens(found["categories"], found["happens"])
    points = found["points"]
    if found["direction"] is not None:
        direction = Direction(found["direction"])
        if "stat" in found:
            return Figure(Stat(found["stat"]), direction, points)
        return OverUnder(direction, points)
    return ToWin() if points is None else Handicap(points)


def _price(written: Written) -> Json:
    odds, units = written.odds, written.units
    return {
        "odds": None if odds is None else [odds.text, str(odds.decimal)],
        "stake_cents": written.stake_cents,
        "units": None if units is None else str(units),
        "tags": written.tags,
    }


def _odds_of(found: Json) -> Odds | None:
    return None if found is None else Odds(found[0], Fraction(found[1]))


def _units_of(found: Json) -> Fraction | None:
    return None if found is None else Fraction(found)


def _team(team: Team) -> Json:
    """A shipped team by its code, any other whole."""
    if teams(team.league).get(team.code) == team:
        return [team.league, team.code]
    return [team.league, team.code, team.city, team.name, team.aliases]


def _team_of(found: Json) -> Team:
    match found:
        case [league, code]:
            return teams(league).get(code) or Team(league, code, code, code)
        case [league, code, city, name, aliases]:
            return Team(league, code, city, name, tuple(aliases))
        case _:
            raise ValueError(f"{found!r} is no stored team")
