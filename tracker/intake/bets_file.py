"""The bets file: reads `[[bet]]` tables into drafts, and reports each mistake with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tracker.domain import BadBet, BadRule, TrackerError
from tracker.domain.catalog import Team
from tracker.domain.draft import Draft, parse_placed_at
from tracker.domain.money import Odds, parse_stake
from tracker.domain.pick import Matchup, Written, tags_of
from tracker.domain.policy import Rule, parse_rules
from tracker.domain.prior import LIKELY_SPREADS, LIKELY_TOTALS, NO_LINES, Lines
from tracker.language import read_legs, read_line, stake_written
from tracker.settings.models import toml_odds
from tracker.settings.reading import toml_fault

_TABLE = re.compile(r"[ \t]*\[\[\s*bet\s*\]\]")
_WORDS = frozenset({"pick", "player", "legs", "game"})
_KNOWN = _WORDS | {"odds", "stake", "id", "rules", "tags", "book", "lines", "placed_at", "free"}
_LINES = frozenset({"home_spread", "total", "home_ml", "away_ml"})


@dataclass(frozen=True, slots=True)
class BetsFile:
    """A bets file as read: the drafts of its bets, and one sentence for each mistake.

    `readable` is whether the file as a whole could be read: only then is a bet that is missing
    from it withdrawn.
    """

    drafts: tuple[Draft, ...]
    mistakes: tuple[str, ...]
    readable: bool = True
    places: tuple[str, ...] = ()
    """Where each draft is written: the file and the line, as a person finds them."""
    text: str = ""
    written_at: datetime | None = None
    """When the file was last written, by this machine's clock; None when not known."""


def read_bets(path: Path, unit_cents: int, guests: Sequence[Team] = ()) -> BetsFile:
    """Read a bets file. `unit_cents` is the worth of one unit of stake.

    `guests` are teams of feeds that the catalog does not list. A missing file is not readable and
    so withdraws no bets: it may have been moved by mistake.
    """
    try:
        text = path.read_text("utf-8-sig")
        written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return BetsFile((), (), readable=False)
    except (OSError, UnicodeDecodeError) as why:
        reason = why.strerror if isinstance(why, OSError) else "it is not UTF-8 text"
        return BetsFile((), (f"{path}: cannot be read: {reason}",), readable=False)
    found = parse_bets(text, str(path), unit_cents, guests)
    return replace(found, written_at=written_at)


def parse_bets(text: str, source: str, unit_cents: int, guests: Sequence[Team] = ()) -> BetsFile:
    """Read the text of a bets file. A mistake in one bet does not affect the others."""
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as why:
        sentence = f"{source}: {toml_fault(text, why)}; nothing in it was changed"
        return BetsFile((), (sentence,), readable=False)
    rows = table.pop("bet", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        wrong = f"{source}: bets are written as [[bet]] tables, with two brackets"
        return BetsFile((), (wrong,), readable=False)
    mistakes = [
        f"{source}: {key!r} is not known here: a bets file holds [[bet]] tables" for key in table
    ]
    lines = [n for n, line in enumerate(text.split("\n"), 1) if _TABLE.match(line)]
    drafts: dict[str, Draft] = {}
    places: list[str] = []
    for index, row in enumerate(rows):
        place = f"line {lines[index]}" if index < len(lines) else f"bet {index + 1}"
        try:
            draft = _draft(row, unit_cents, guests)
        except TrackerError as why:
            mistakes.append(f"{source}, {place}: {why}")
            continue
        if draft.identity in drafts:
            same = drafts[draft.identity] == draft
            what = "the same bet stands above; it is counted once"
            other = f"another bet above has the id {draft.name!r}; give this one its own"
            mistakes.append(f"{source}, {place}: {what if same else other}")
        else:
            drafts[draft.identity] = draft
            places.append(f"{source}, {place}")
    return BetsFile(tuple(drafts.values()), tuple(mistakes), places=tuple(places), text=text)


def _draft(row: dict[str, Any], unit_cents: int, guests: Sequence[Team]) -> Draft:
    unknown = sorted(set(row) - _KNOWN)
    if unknown:
        from difflib import get_close_matches

        near = get_close_matches(unknown[0], sorted(_KNOWN), n=1)
        hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(_KNOWN))}"
        raise BadBet(f"{unknown[0]!r} is not a key of a bet; {hint}")
    odds = toml_odds(row["odds"]) if "odds" in row else None
    written, matchup = _written(row, odds, guests)
    stake = stake_written(written, unit_cents)
    if "stake" in row:
        stake = _stake(row["stake"], unit_cents)
    rules = row.get("rules")
    return Draft(
        pick=written,
        matchup=matchup,
        game_text=_text(row, "game"),
        odds=odds or written.odds,
        stake_cents=stake,
        name=_name(row),
        rules=None if rules is None else _rules(rules),
        tags=tags_of(*written.tags, *_texts(row, "tags")),
        book=_text(row, "book") or written.book,
        lines=_given_lines(row["lines"]) if "lines" in row else NO_LINES,
        from_file=True,
        placed_at=parse_placed_at(str(row["placed_at"])) if "placed_at" in row else None,
        free=_free(row.get("free", written.free)),
    )


def _free(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadBet("'free' must be true or false")
    return value


def _written(
    row: dict[str, Any], odds: Odds | None, guests: Sequence[Team]
) -> tuple[Written, Matchup | None]:
    """Read a bet's words: a pick, a player with a pick, or the legs of a parlay."""
    pick, player, game = (_text(row, key) for key in ("pick", "player", "game"))
    if "legs" in row:
        if pick is not None or player is not None:
            raise BadBet("a bet has a pick or legs, not both")
        return read_legs(_texts(row, "legs"), game, guests)
    if not pick:
        raise BadBet('a bet needs a pick, such as pick = "DEN -4.5", or legs')
    line = pick if player is None else f"{player} {pick}"
    return read_line(line, game, guests, staked="stake" in row, odds=odds)


def _text(row: dict[str, Any], key: str) -> str | None:
    value = row.get(key)
    if value is not None and not isinstance(value, str):
        raise BadBet(f"{key!r} must be text, in quotes")
    return value


def _name(row: dict[str, Any]) -> str | None:
    value = row.get("id")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise BadBet("'id' must be a text or a whole number of your own")
    return str(value).strip()


def _texts(row: dict[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key, [])
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        raise BadBet(f'{key!r} must be a list of texts, such as ["a", "b"]')
    return tuple(value)


def _rules(value: object) -> tuple[Rule, ...]:
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        raise BadRule('\'rules\' must be a list of texts, such as ["p >= 0.80", "settled"]')
    return parse_rules(value)


def _number(value: object, key: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise BadBet(f"{key!r} must be a number, without quotes")
    number = Decimal(value)
    if not number.is_finite():
        raise BadBet(f"{key!r} must be a finite number")
    return number


def _stake(value: object, unit_cents: int) -> int:
    if isinstance(value, str):
        return parse_stake(value, unit_cents)
    cents = _number(value, "stake") * 100
    if cents <= 0 or cents != int(cents):
        raise BadBet(f"a stake of {value} is not an amount in whole cents")
    return int(cents)


def _given_lines(value: object) -> Lines:
    if not isinstance(value, dict) or not set(value) <= _LINES:
        raise BadBet(f"'lines' must be a table of {', '.join(sorted(_LINES))}")
    points = {k: float(_number(v, k)) for k, v in value.items() if not k.endswith("_ml")}
    for key, (least, most) in (("home_spread", LIKELY_SPREADS), ("total", LIKELY_TOTALS)):
        if key in points and not least <= points[key] <= most:
            raise BadBet(f"{key!r} must lie between {least} and {most}, not {points[key]:g}")
    if ("home_ml" in value) != ("away_ml" in value):
        raise BadBet("'lines' gives one moneyline; give home_ml and away_ml, or neither")
    prices = {k: float(toml_odds(v).decimal) for k, v in value.items() if k.endswith("_ml")}
    return Lines(**points, **prices)
