"""Bets as rows: values turned into columns and back, with legs and their standings.

A bet's row has what was written, how it was understood, and what it is about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from sqlite3 import Connection, Row
from typing import Any, NamedTuple, assert_never

from tracker.domain.bet import Bet, Leg, Parlay, Wager
from tracker.domain.catalog import Team, teams
from tracker.domain.chance import NoChance
from tracker.domain.draft import Draft
from tracker.domain.game import Game, GameState, Side
from tracker.domain.market import (
    MARKETS,
    Direction,
    Market,
    Parity,
    PlayerMarket,
    Span,
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
from tracker.domain.tracking import Group, LegStanding, Tracked
from tracker.store import queries as q
from tracker.store.database.columns import (
    Json,
    chance_columns,
    from_row,
    game_of,
    moment,
    pack,
    pack_rules,
    rules_of,
    stamp,
    state_of,
    stored_chance,
    to_columns,
    unpack,
    upserting,
)


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
    """The pick or parlay that `pack_written` wrote."""
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
    """A game, as a person wrote it, as JSON."""
    if matchup is None:
        return None
    turned: dict[str, Json] = {"any_order": True} if matchup.any_order else {}
    if matchup.game_id is not None:
        turned["game_id"] = matchup.game_id
    if matchup.leagues:
        turned["leagues"] = sorted(matchup.leagues)
    return {
        "away": [_team(x) for x in matchup.away],
        "home": [_team(x) for x in matchup.home],
        "day": None if matchup.day is None else matchup.day.isoformat(),
    } | turned


def matchup_of(found: Json) -> Matchup | None:
    """The matchup that `pack_matchup` wrote."""
    if found is None:
        return None
    return Matchup(
        tuple(_team_of(x) for x in found["away"]),
        tuple(_team_of(x) for x in found["home"]),
        None if found["day"] is None else date.fromisoformat(found["day"]),
        any_order=found.get("any_order", False),
        game_id=found.get("game_id"),
        leagues=frozenset(found.get("leagues", ())),
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
    """What a pick asks as JSON. The figures that are present tell the first four kinds apart."""
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
    """A team of the catalogue by its code, any other team in full."""
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
    """A market as columns. Columns that it does not use are None."""
    found = _NONE | to_columns(market) | {"market": kind(market), "span": market.span.value}
    if isinstance(market, PlayerMarket):
        found |= {"player": market.player.name, "side": market.player.side.value}
    return found


def market_of(row: Any) -> Market:
    """The market that `market_columns` wrote. Raises ValueError for an unknown name."""
    name = row["market"]
    if name not in MARKETS:
        raise ValueError(f"{name!r} is no stored market")
    about = {} if row["player"] is None else {"player": Player(row["player"], Side(row["side"]))}
    found: Market = from_row(MARKETS[name], row, **about)
    return found


def odds_columns(odds: Odds | None) -> Columns:
    """Odds as they were written, and as a decimal fraction."""
    return {
        "odds": None if odds is None else odds.text,
        "odds_decimal": None if odds is None else str(odds.decimal),
    }


def odds_of(row: Any) -> Odds | None:
    """The odds that `odds_columns` wrote."""
    return None if row["odds"] is None else _odds(row["odds"], row["odds_decimal"])


@lru_cache(maxsize=1024)
def _odds(text: str, decimal: str) -> Odds:
    return Odds(text, Fraction(decimal))


def pack_meaning(draft: Draft) -> str:
    """The meaning of a draft's words, before its game is known, as JSON."""
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


@lru_cache(maxsize=1024)
def _tags_of(text: str) -> tuple[str, ...]:
    return tuple(unpack(text))


@lru_cache(maxsize=1024)
def _lines_of(text: str) -> Lines:
    return Lines(*unpack(text))


class _Meaning(NamedTuple):
    pick: Written
    matchup: Matchup | None
    occasion: str
    placed_at: datetime | None


@lru_cache(maxsize=4096)
def _meaning_of(text: str) -> _Meaning:
    """What `pack_meaning` wrote.

    It is cached, since a new bet is compared with all that are alike.
    """
    found = unpack(text)
    placed_at = moment(found["placed_at"]) if "placed_at" in found else None
    pick, matchup = written_of(found["pick"]), matchup_of(found["matchup"])
    return _Meaning(pick, matchup, found["occasion"], placed_at)


def draft_of(row: Any, said_at: datetime | None = None) -> Draft:
    """The draft in a row that has the columns of `bet`."""
    meaning = _meaning_of(row["meaning"])
    return Draft(
        pick=meaning.pick,
        matchup=meaning.matchup,
        game_text=row["game_text"],
        odds=odds_of(row),
        stake_cents=row["stake_cents"],
        name=row["name"],
        rules=rules_of(row["rules"]),
        tags=_tags_of(row["tags"]),
        book=row["book"],
        lines=_lines_of(row["lines"]),
        from_file=bool(row["from_file"]),
        occasion=meaning.occasion,
        placed_at=meaning.placed_at,
        free=bool(row["free"]),
        said_at=said_at,
    )


def said_of(row: Any) -> Draft:
    """The draft in a row of `bet`, with the time at which it was added."""
    return draft_of(row, moment(row["added_at"]))


def bet_of(row: Any, legs: Sequence[tuple[Any, Game]], defaults: tuple[Rule, ...]) -> Bet:
    """The bet in a row that has the columns of `bet`.

    `legs` are rows that have the columns of `leg`, in their order, each with its game.
    """
    draft = draft_of(row)
    wager, game = _wager(legs)
    rules = defaults if draft.rules is None else draft.rules
    return draft.bet(row["number"], wager, game, rules, moment(row["added_at"]))


def _wager(legs: Sequence[tuple[Any, Game]]) -> tuple[Wager, Game]:
    """The market or parlay of a bet, and the game that it counts under: a parlay's first."""
    if len(legs) == 1:
        [(leg, game)] = legs
        return market_of(leg), game
    parlay = Parlay(tuple(Leg(game, market_of(x), odds_of(x)) for x, game in legs))
    return parlay, parlay.games[0]


_KEEP_LEG_STANDING = upserting(
    "leg_standing",
    "bet leg",
    "win push lose result official reason evidence unclear no_chance was_win was_push was_lose",
)

_KEEP_LEG_GROUP = upserting("leg_group", "bet game", "win push lose")

_KEEP_STANDING = """
INSERT INTO standing (bet, turn, told, no_chance) VALUES (:bet, 0, :told, :no_chance)
ON CONFLICT (bet) DO UPDATE SET told = excluded.told, no_chance = excluded.no_chance
WHERE (excluded.told, excluded.no_chance) IS NOT (told, no_chance)
"""

_LEG_STANDINGS = "SELECT * FROM leg_standing WHERE bet IN (SELECT value FROM json_each(?))"

_LEG_GROUPS = "SELECT * FROM leg_group WHERE bet IN (SELECT value FROM json_each(?))"

_STANDINGS = "SELECT * FROM standing WHERE bet IN (SELECT value FROM json_each(?))"


def keep_legs(db: Connection, changed: Iterable[LegStanding]) -> None:
    """Store the standings of parlays' legs."""
    db.executemany(
        _KEEP_LEG_STANDING,
        (to_columns(x) | chance_columns(x.chance) | chance_columns(x.was, "was_") for x in changed),
    )


def keep_standing(db: Connection, changed: Iterable[Tracked]) -> None:
    """Store the groups of parlays, the last announced revision, and why a bet has no chance."""
    bets = {x.bet.number: x for x in changed}
    db.executemany(
        _KEEP_LEG_GROUP,
        (
            chance_columns(y.chance) | {"bet": number, "game": y.game}
            for number, x in bets.items()
            for y in x.groups
        ),
    )
    # Most bets have nothing to tell at most polls, and never had: one query finds the others.
    stored = {row["bet"] for row in db.execute(_STANDINGS, (pack(list(bets)),))}
    told = {
        number: x for number, x in bets.items() if x.reported or x.no_chance or number in stored
    }
    db.executemany(
        _KEEP_STANDING,
        (
            {
                "bet": number,
                "told": x.reported,
                "no_chance": None if x.no_chance is None else x.no_chance.value,
            }
            for number, x in told.items()
        ),
    )


def recall(db: Connection, fresh: Iterable[Tracked]) -> list[Tracked]:
    """The bets with their stored legs, groups, announced revision, and reason for no chance."""
    found = {x.bet.number: x for x in fresh}
    for row in db.execute(_STANDINGS, (pack(list(found)),)):
        bet = found[row["bet"]]
        why = None if row["no_chance"] is None else NoChance(row["no_chance"])
        chance = bet.chance if why is None else None
        found[row["bet"]] = replace(bet, reported=row["told"], no_chance=why, chance=chance)
    parlays = {number: x for number, x in found.items() if isinstance(x.bet.market, Parlay)}
    numbers = (pack(list(parlays)),)
    legs = {(x["bet"], x["leg"]): _leg(x) for x in db.execute(_LEG_STANDINGS, numbers)}
    groups = {(x["bet"], x["game"]): stored_chance(x) for x in db.execute(_LEG_GROUPS, numbers)}
    for number, x in parlays.items():
        found[number] = replace(
            x,
            legs=tuple(legs.get((number, y.leg), y) for y in x.legs),
            groups=tuple(Group(y.game, groups.get((number, y.game))) for y in x.groups),
        )
    return list(found.values())


def _leg(row: Row) -> LegStanding:
    return from_row(LegStanding, row, chance=stored_chance(row), was=stored_chance(row, "was_"))


class Wagers:
    """Reads bets and games from one consistent state of the database, each game once."""

    def __init__(self, db: Connection, defaults: tuple[Rule, ...]) -> None:
        """`defaults` are the rules of bets without their own."""
        self._db = db
        self.defaults = defaults
        self._rows: dict[str, Row] = {}
        self._games: dict[str, Game] = {}
        self._states: dict[str, GameState | None] = {}

    def bet(self, row: Row) -> Bet:
        """The bet in a row whose game is known."""
        return self.bets([row])[0]

    def bets(self, rows: Sequence[Row]) -> list[Bet]:
        """The bets in rows whose games are known, in their order."""
        legs: dict[int, list[tuple[Row, Game]]] = defaultdict(list)
        for x in self._db.execute(q.LEGS, (pack([row["number"] for row in rows]),)):
            legs[x["bet"]].append((x, self.game(x["game_id"])))
        return [bet_of(row, legs[row["number"]], self.defaults) for row in rows]

    def game(self, number: str) -> Game:
        """A game by its id."""
        if number not in self._games:
            self._games[number] = game_of(self.about(number))
        return self._games[number]

    def state(self, number: str) -> GameState | None:
        """What is believed of a game; None before its first poll."""
        if number not in self._states:
            self._states[number] = state_of(self.about(number)["state"], self.game(number))
        return self._states[number]

    def about(self, number: str) -> Row:
        """The row of a game, with what is believed of it."""
        if number not in self._rows:
            self._rows[number] = self._db.execute(q.GAME, (number,)).fetchone()
        return self._rows[number]
