"""Turns what a person wrote of a bet into columns and back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from tracker.domain.bet import Bet
from tracker.domain.draft import Draft
from tracker.domain.game import Game
from tracker.domain.grammar import Matchup, Pick
from tracker.domain.market import Direction, Span
from tracker.domain.money import Odds
from tracker.domain.prior import Lines
from tracker.domain.rule import Rule
from tracker.domain.team import Team, teams
from tracker.store.codec import Json, moment, pack, pack_rules, rules_of, unpack
from tracker.store.codec_market import market_of, odds_columns, odds_of


def pack_meaning(draft: Draft) -> str:
    """What the words of a draft mean before the game is known."""
    return pack(
        {
            "pick": _pick(draft.pick),
            "matchup": _matchup(draft.matchup),
            "occasion": draft.occasion,
        }
    )


def facts(draft: Draft) -> dict[str, object]:
    """The columns of a draft that may change while the bet stays the same."""
    lines = draft.lines
    return odds_columns(draft.odds) | {
        "stake_cents": draft.stake_cents,
        "tags": pack(list(draft.tags)),
        "book": draft.book,
        "rules": pack_rules(draft.rules),
        "lines": pack([lines.home_spread, lines.total, lines.home_ml, lines.away_ml]),
    }


def draft_of(row: Any) -> Draft:
    """The draft of a row that has the columns of `bet`."""
    meaning = unpack(row["meaning"])
    return Draft(
        pick=_pick_of(meaning["pick"]),
        matchup=_matchup_of(meaning["matchup"]),
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
    )


def bet_of(row: Any, legs: Sequence[tuple[Any, Game]], defaults: tuple[Rule, ...]) -> Bet:
    """The bet of a row that has the columns of `bet`.

    `legs` are the rows that have the columns of `leg`, in their order, each with its game.
    """
    rules = rules_of(row["rules"])
    [(leg, game)] = legs
    return Bet(
        number=row["number"],
        pick=row["pick"],
        market=market_of(leg),
        game=game,
        rules=defaults if rules is None else rules,
        added_at=moment(row["added_at"]),
        odds=odds_of(row),
        stake_cents=row["stake_cents"],
        name=row["name"],
        tags=tuple(unpack(row["tags"])),
        book=row["book"],
        lines=Lines(*unpack(row["lines"])),
    )


def _pick(pick: Pick) -> Json:
    return {
        "text": pick.text,
        "span": pick.span.value,
        "team": [_team(x) for x in pick.team],
        "direction": None if pick.direction is None else pick.direction.value,
        "points": pick.points,
        "matchup": _matchup(pick.matchup),
        "odds": None if pick.odds is None else [pick.odds.text, str(pick.odds.decimal)],
        "stake_cents": pick.stake_cents,
        "units": None if pick.units is None else str(pick.units),
        "tags": pick.tags,
    }


def _pick_of(found: Json) -> Pick:
    odds = found["odds"]
    return Pick(
        text=found["text"],
        span=Span(found["span"]),
        team=tuple(_team_of(x) for x in found["team"]),
        direction=None if found["direction"] is None else Direction(found["direction"]),
        points=found["points"],
        matchup=_matchup_of(found["matchup"]),
        odds=None if odds is None else Odds(odds[0], Fraction(odds[1])),
        stake_cents=found["stake_cents"],
        units=None if found["units"] is None else Fraction(found["units"]),
        tags=tuple(found["tags"]),
    )


def _matchup(matchup: Matchup | None) -> Json:
    if matchup is None:
        return None
    return {
        "away": [_team(x) for x in matchup.away],
        "home": [_team(x) for x in matchup.home],
        "day": None if matchup.day is None else matchup.day.isoformat(),
    }


def _matchup_of(found: Json) -> Matchup | None:
    if found is None:
        return None
    return Matchup(
        tuple(_team_of(x) for x in found["away"]),
        tuple(_team_of(x) for x in found["home"]),
        None if found["day"] is None else date.fromisoformat(found["day"]),
    )


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
