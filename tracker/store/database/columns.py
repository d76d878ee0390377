"""Turns values into columns and back, so that what is read equals what was written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from sqlite3 import Row
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from tracker.domain.chance import Chance
from tracker.domain.game import (
    OWN_DIGITS,
    UNCOUNTED,
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
from tracker.domain.policy import (
    Comparison,
    EdgeRule,
    EventRule,
    Fact,
    LevelRule,
    MoveRule,
    Moving,
    Rule,
    SwingRule,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

D = TypeVar("D", bound="DataclassInstance")

Json = Any
"""What `json` reads and writes."""


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


_COUNTS = re.compile(r"counts\(([\w.]+)\)")


def counting(statement: str) -> str:
    """A statement in which `counts(column)` says that the game of that id counts: `Game.counts`."""
    bare = f"(length(\\1) = {OWN_DIGITS} AND substr(\\1, 3, 1) IN {UNCOUNTED})"
    return _COUNTS.sub(f"NOT {bare}", statement)


def inserting(table: str, columns: str, conflict: str = "") -> str:
    """The statement that adds a row to a table: each of the columns gets the value of its name.

    The names are separated by blanks. `conflict` says what is done where the row is there already.
    """
    names = columns.split()
    values = ", ".join(f":{x}" for x in names)
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values}) {conflict}"  # noqa: S608 - our names


def upserting(table: str, key: str, columns: str) -> str:
    """`inserting`, by which a row with the same key gets these other columns."""
    changed = ", ".join(f"{x} = excluded.{x}" for x in columns.split())
    conflict = f"ON CONFLICT ({', '.join(key.split())}) DO UPDATE SET {changed}"
    return inserting(table, f"{key} {columns}", conflict)


def stamp(at: datetime) -> str:
    """An aware time as UTC text of fixed width, so that texts sort by time."""
    # As a key, one hour of the night on which the clock goes back would be the other.
    return _text_of(at.astimezone(UTC))


@lru_cache(maxsize=64)
def _text_of(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def stamp_or_none(at: datetime | None) -> str | None:
    """`stamp` of a time, or None."""
    return None if at is None else stamp(at)


def moment(text: str) -> datetime:
    """The aware UTC time that `stamp` wrote."""
    return datetime.fromisoformat(text)


def moment_or_none(text: str | None) -> datetime | None:
    """`moment` of a text, or None."""
    return None if text is None else datetime.fromisoformat(text)


_READERS: dict[type, dict[str, Callable[[Any], object]]] = {}
"""How the columns of each type that was read are read, by field."""


def from_row(kind: type[D], row: Row, **known: object) -> D:
    """A value from a row that has a column for each of its fields, by the fields' types.

    The fields in `known` are given, and need no column.
    """
    readers = _READERS.get(kind)
    if readers is None:
        types = get_type_hints(kind)
        readers = _READERS[kind] = {x.name: _reader(types[x.name]) for x in fields(kind)}
    read = {name: reader(row[name]) for name, reader in readers.items() if name not in known}
    return kind(**read, **known)


def to_columns(value: DataclassInstance) -> dict[str, object]:
    """The fields of a value as columns: times, dates and enums as texts. `from_row` reads them."""
    return {x.name: _stored(getattr(value, x.name)) for x in fields(value)}


def in_columns(**values: object) -> dict[str, object]:
    """The values as columns: times, dates and enums as texts."""
    return {name: _stored(value) for name, value in values.items()}


def _stored(value: object) -> object:
    match value:
        case datetime():
            return stamp(value)
        case date():
            return value.isoformat()
        case Enum():
            return value.value
        case _:
            return value


def _reader(kind: Any) -> Callable[[Any], object]:
    """How a column of this type is read; `X | None` reads NULL as None."""
    known = [x for x in get_args(kind) if x is not type(None)]
    if known:
        read = _reader(known[0])
        return lambda value: None if value is None else read(value)
    if kind is datetime:
        return moment
    if kind is date:
        return date.fromisoformat
    made = isinstance(kind, type) and issubclass(kind, Enum | bool)
    return kind if made else lambda value: value


def pack(value: Json) -> str:
    """A value as JSON without spaces. NaN and infinities are refused."""
    return _ENCODER.encode(value)


def unpack(text: str) -> Json:
    """The value that `pack` wrote."""
    return json.loads(text)


_RESULTS = ("win", "push", "lose")


def chance_columns(chance: Chance | None, prefix: str = "") -> dict[str, object]:
    """The columns of a chance; all None where there is none. Their names begin with `prefix`."""
    return {prefix + x: None if chance is None else getattr(chance, x) for x in _RESULTS}


def stored_chance(row: Any, prefix: str = "") -> Chance | None:
    """The chance that `chance_columns` wrote."""
    win, push, lose = (row[prefix + x] for x in _RESULTS)
    return None if win is None else Chance(win, push, lose)


def game_of(row: Any) -> Game:
    """The game in a row that has the columns of `game`."""
    day = None if row["day"] is None else date.fromisoformat(row["day"])
    start = moment(row["start_at"])
    home, away, neutral = row["home"], row["away"], bool(row["neutral"])
    return Game(row["id"], row["league"], home, away, start, day, neutral)


def pack_state(state: GameState) -> str:
    """A game state as JSON, without its game."""
    return pack(
        {
            "phase": state.phase.value,
            "period": state.period,
            "clock": state.clock,
            "score": _score(state.score),
            "periods": None if state.periods is None else [_score(x) for x in state.periods],
            "possession": None if state.possession is None else state.possession.value,
            "bonus": _pair(state.bonus),
            "timeouts": _pair(state.timeouts),
            "players": [_player(x) for x in state.players],
        }
        | _later_fields(state)
    )


def state_of(text: str | None, game: Game) -> GameState | None:
    """The state that `pack_state` wrote, with this game."""
    if text is None:
        return None
    found = unpack(text)
    periods = found["periods"]
    return GameState(
        game=game,
        phase=Phase(found["phase"]),
        period=found["period"],
        clock=found["clock"],
        score=Score(*found["score"]),
        periods=None if periods is None else tuple(Score(*x) for x in periods),
        possession=None if found["possession"] is None else Side(found["possession"]),
        bonus=None if found["bonus"] is None else Pair(*found["bonus"]),
        timeouts=None if found["timeouts"] is None else Pair(*found["timeouts"]),
        players=tuple(_player_of(x) for x in found["players"]),
        box=box_of(found.get("box")),
        tip=None if "tip" not in found else Side(found["tip"]),
        throws=_throws_of(found.get("throws")),
    )


def _later_fields(state: GameState) -> dict[str, Json]:
    """The fields that earlier releases did not store. They are left out where they are unknown."""
    found: dict[str, Json] = {}
    if state.box is not None:
        home, away = _team_box(state.box.home), _team_box(state.box.away)
        found["box"] = [home, away, state.box.left]
    if state.tip is not None:
        found["tip"] = state.tip.value
    if state.throws is not None:
        throws = state.throws
        kept = None if throws.kept is None else throws.kept.value
        found["throws"] = [throws.side.value, throws.left, throws.shooter, kept, throws.reviewed]
    return found


def _throws_of(found: Json) -> FreeThrows | None:
    if found is None:
        return None
    side, left, shooter, kept, reviewed = (*found, None, False)[:5]
    return FreeThrows(Side(side), left, shooter, None if kept is None else Side(kept), reviewed)


def box_of(found: Json) -> Box | None:
    """Both teams' figures that `pack_state` wrote; None where they were unknown."""
    if found is None:
        return None
    home, away, left = found
    return Box(TeamBox(*home), TeamBox(*away), left)


def _team_box(box: TeamBox) -> list[int]:
    return [box.fga, box.fta, box.oreb, box.to, box.fouls]


def _score(score: Score) -> list[int]:
    return [score.home, score.away]


def _pair(pair: Pair[Any] | None) -> Json:
    return None if pair is None else [pair.home, pair.away]


def _player(line: PlayerLine) -> Json:
    return [
        line.id,
        line.name,
        line.side.value,
        line.stats,
        line.minutes,
        line.fouls,
        line.on_court,
        line.starter,
        line.played,
        line.note,
        line.doubt,
        line.out,
        line.seen,
    ]


def _player_of(found: Json) -> PlayerLine:
    number, name, side, stats, *rest = found
    return PlayerLine(number, name, Side(side), tuple((k, v) for k, v in stats), *rest)


def pack_rules(rules: Iterable[Rule] | None) -> str | None:
    """Rules with their exact figures (their text is rounded); None where the defaults apply."""
    return None if rules is None else pack([_rule(x) for x in rules])


def rules_of(text: str | None) -> tuple[Rule, ...] | None:
    """The rules that `pack_rules` wrote."""
    return None if text is None else tuple(_rule_of(x) for x in unpack(text))


def _rule(rule: Rule) -> Json:
    match rule:
        case LevelRule():
            return ["level", rule.comparison.value, rule.level]
        case SwingRule():
            return ["swing", rule.size, rule.seconds]
        case EventRule():
            return ["event", rule.event.value]
        case EdgeRule():
            return ["edge", rule.level]
        case MoveRule():
            return ["moves", rule.what.value, rule.size, rule.seconds]


def _rule_of(found: Json) -> Rule:
    match found:
        case ["level", comparison, level]:
            return LevelRule(Comparison(comparison), level)
        case ["swing", size, seconds]:
            return SwingRule(size, seconds)
        case ["event", event]:
            return EventRule(Fact(event))
        case ["edge", level]:
            return EdgeRule(level)
        case ["moves", what, size, seconds]:
            return MoveRule(Moving(what), size, seconds)
        case _:
            raise ValueError(f"{found!r} is no stored rule")
