"""Turns a bet into columns and back: what was written, how it was understood, what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any, assert_never

from tracker.domain.bet import Bet, Leg, Parlay, Wager
from tracker.domain.catalog.teams import Team, teams
from tracker.domain.draft import Draft
from tracker.domain.game import Game, Side
from tracker.domain.market import (
    Direction,
    DoubleDouble,
    Market,
    Moneyline,
    OddEven,
    Parity,
    PlayerTotal,
    Span,
    Spread,
    TeamTotal,
    ThreeWay,
    Total,
    kind,
)
from tracker.domain.money import Odds
from tracker.domain.pick import (
    Asked,
    Handicap,
    Matchup,
    OddOrEven,
    OneOfThree,
    OverUnder,
    ParlayPick,
    Pick,
    PlayerFigure,
    Tens,
    ToWin,
    Written,
)
from tracker.domain.player import Player, Stat
from tracker.domain.policy import Rule
from tracker.domain.prior import Lines
from tracker.store.codec.values import Json, moment, pack, pack_rules, rules_of, stamp, unpack


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
        case PlayerFigure(stat, direction, points):
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
            return PlayerFigure(Stat(found["stat"]), direction, points)
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


Columns = dict[str, object]

_NONE: Columns = {
    "side": None,
    "direction": None,
    "points": None,
    "parity": None,
    "player": None,
    "stat": None,
    "happens": None,
    "categories": None,
}


def market_columns(market: Market) -> Columns:
    """A market as columns; those that it does not have are None."""
    return _NONE | {"market": kind(market), "span": market.span.value} | _own(market)


def _own(market: Market) -> Columns:
    """The columns that a market fills beside its name and its span."""
    match market:
        case Moneyline():
            return {"side": market.side.value}
        case Spread():
            return {"side": market.side.value, "points": market.points}
        case Total():
            return {"direction": market.direction.value, "points": market.points}
        case TeamTotal():
            return {
                "side": market.side.value,
                "direction": market.direction.value,
                "points": market.points,
            }
        case OddEven():
            return {"side": _side(market.side), "parity": market.parity.value}
        case ThreeWay():
            return {"side": _side(market.side)}
        case PlayerTotal():
            return _player(market.player) | {
                "stat": market.stat.value,
                "direction": market.direction.value,
                "points": market.points,
            }
        case DoubleDouble():
            return _player(market.player) | {
                "happens": market.happens,
                "categories": market.categories,
            }
        case _:
            assert_never(market)


def market_of(row: Any) -> Market:
    """The market that `market_columns` wrote; ValueError for what is none."""
    span, name = Span(row["span"]), row["market"]
    match name:
        case "moneyline":
            return Moneyline(Side(row["side"]), span)
        case "spread":
            return Spread(Side(row["side"]), row["points"], span)
        case "total":
            return Total(Direction(row["direction"]), row["points"], span)
        case "team_total":
            return TeamTotal(Side(row["side"]), Direction(row["direction"]), row["points"], span)
        case "odd_even":
            return OddEven(Parity(row["parity"]), _side_of(row["side"]), span)
        case "three_way":
            return ThreeWay(_side_of(row["side"]), span)
        case "player_total":
            direction, points = Direction(row["direction"]), row["points"]
            return PlayerTotal(_player_of(row), Stat(row["stat"]), direction, points)
        case "double_double":
            return DoubleDouble(_player_of(row), bool(row["happens"]), row["categories"])
        case _:
            raise ValueError(f"{name!r} is no stored market")


def odds_columns(odds: Odds | None) -> Columns:
    """Odds as they were written, and as a decimal."""
    return {
        "odds": None if odds is None else odds.text,
        "odds_decimal": None if odds is None else str(odds.decimal),
    }


def odds_of(row: Any) -> Odds | None:
    """The odds that `odds_columns` wrote."""
    return None if row["odds"] is None else Odds(row["odds"], Fraction(row["odds_decimal"]))


def _player(player: Player) -> Columns:
    return {"player": player.name, "side": player.side.value}


def _player_of(row: Any) -> Player:
    return Player(row["player"], Side(row["side"]))


def _side(side: Side | None) -> str | None:
    return None if side is None else side.value


def _side_of(text: str | None) -> Side | None:
    return None if text is None else Side(text)


def pack_meaning(draft: Draft) -> str:
    """What the words of a draft mean before the game is known."""
    placed = {} if draft.placed_at is None else {"placed_at": stamp(draft.placed_at)}
    return pack(
        {
            "pick": pack_written(draft.pick),
            "matchup": pack_matchup(draft.matchup),
            "occasion": draft.occasion,
        }
        | placed
    )


def facts(draft: Draft) -> dict[str, object]:
    """The columns of a draft that may change while the bet stays the same."""
    lines = draft.lines
    return odds_columns(draft.odds) | {
        "stake_cents": draft.stake_cents,
        "free": draft.free,
        "tags": pack(list(draft.tags)),
        "book": draft.book,
        "rules": pack_rules(draft.rules),
        "lines": pack([lines.home_spread, lines.total, lines.home_ml, lines.away_ml]),
    }


def draft_of(row: Any) -> Draft:
    """The draft of a row that has the columns of `bet`."""
    meaning = unpack(row["meaning"])
    return Draft(
        pick=written_of(meaning["pick"]),
        matchup=matchup_of(meaning["matchup"]),
        game_text=row["game_text"],
        odds=odds_of(row),
        stake_cents=row["stake_cents"],
        name=row["name"],
        rules=rules_of(row["rules"]),
        tags=tuple(unpack(row["tags"])),
        book=row["book"],
        lines=Lines(*unpack(row["lines"])),
        from_file=bool(row["from_file"]),
        occasion=meaning["occasion"],
        placed_at=moment(meaning["placed_at"]) if "placed_at" in meaning else None,
        free=bool(row["free"]),
    )


def bet_of(row: Any, legs: Sequence[tuple[Any, Game]], defaults: tuple[Rule, ...]) -> Bet:
    """The bet of a row that has the columns of `bet`.

    `legs` are the rows that have the columns of `leg`, in their order, each with its game.
    """
    rules, meaning = rules_of(row["rules"]), unpack(row["meaning"])
    wager, game = _wager(legs)
    return Bet(
        number=row["number"],
        pick=row["pick"],
        market=wager,
        game=game,
        rules=defaults if rules is None else rules,
        added_at=moment(row["added_at"]),
        odds=odds_of(row),
        stake_cents=row["stake_cents"],
        name=row["name"],
        tags=tuple(unpack(row["tags"])),
        book=row["book"],
        lines=Lines(*unpack(row["lines"])),
        placed_at=moment(meaning["placed_at"]) if "placed_at" in meaning else None,
        free=bool(row["free"]),
    )


def _wager(legs: Sequence[tuple[Any, Game]]) -> tuple[Wager, Game]:
    """What a bet is on, and the game that it goes by."""
    if len(legs) == 1:
        [(leg, game)] = legs
        return market_of(leg), game
    parlay = Parlay(tuple(Leg(game, market_of(x), odds_of(x)) for x, game in legs))
    return parlay, parlay.games[0]
