"""Turns what a person wrote of a bet into columns and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.domain.bet import Bet, Leg, Parlay, Wager
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.policy import Rule
from tracker.domain.prior import Lines
from tracker.store.codec.markets import market_of, odds_columns, odds_of
from tracker.store.codec.picks import matchup_of, pack_matchup, pack_written, written_of
from tracker.store.codec.values import moment, pack, pack_rules, rules_of, stamp, unpack


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
