"""Makes a pick of the words of one bet, or says what is missing or too much."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from tracker.domain.catalog.teams import Team, may_be_a_person
from tracker.domain.errors import BadBet
from tracker.domain.market import Direction, Span
from tracker.domain.money import Odds
from tracker.domain.pick import (
    Asked,
    Handicap,
    Matchup,
    OddOrEven,
    OneOfThree,
    OverUnder,
    Pick,
    PlayerFigure,
    Tens,
    ToWin,
)
from tracker.domain.player import Stat
from tracker.language.slots import ABOUT, KNOWN, SPREAD, Slots
from tracker.language.tokens import Line

LEAST_TEAM_TOTAL = 60.0
"""A line on points below this is a player's where the name may be a person's or a team's."""


def pick_of(line: Line, slots: Slots, text: str, before: Pick | None = None) -> Pick:
    """The pick that the words mean; `before` is the leg before it, whose player may be meant.

    Raises BadBet that says where and what was expected.
    """
    if slots.scores and slots.names and slots.stat is None and slots.tens is None:
        slots.stat = Stat.PTS
    player = _player(line, slots, before)
    asked = _asked_of_player(line, slots) if player else _asked_of_game(line, slots)
    _one_market(line, slots)
    span = slots.span or Span.GAME
    if isinstance(asked, OneOfThree) and span is Span.GAME:
        if slots.tie and not slots.three_way and slots.span is None:
            raise line.wrong(
                "a game cannot end tied: say of which half or quarter, or 'regulation tie'",
                slots.start,
            )
        span = Span.REGULATION
    if player and span is not Span.GAME:
        raise line.wrong(f"a player's line is of the whole game, not of {span.value}", slots.start)
    merged = player is not None and not slots.names
    return Pick(
        text=text,
        asked=asked,
        span=span,
        team=() if merged else _team(line, slots),
        player=player,
        matchup=_matchup(slots),
        odds=_odds(slots),
        stake_cents=slots.stake_cents,
        units=slots.units,
        tags=tuple(slots.tags),
    )


def _odds(slots: Slots) -> Odds | None:
    """The price as written, else what `risk $22 to win $20` comes to."""
    if slots.prices or not slots.to_win_cents or not slots.stake_cents:
        return slots.prices[0][1] if slots.prices else None
    paid = Odds("", 1 + Fraction(slots.to_win_cents, slots.stake_cents))
    return Odds(paid.american, paid.decimal)


def _matchup(slots: Slots) -> Matchup | None:
    if slots.day is None:
        return slots.matchup
    if slots.matchup is None:
        return Matchup((), (), slots.day)
    return replace(slots.matchup, day=slots.day)


def _team(line: Line, slots: Slots) -> tuple[Team, ...]:
    """The team that is meant, among those of the game where one is named."""
    if slots.matchup is None or not slots.team:
        return slots.team
    words = [line.words[i].text for i in slots.team_words]
    _, wide = line.find(words, wide=True)
    playing = (*slots.matchup.away, *slots.matchup.home)
    found = tuple(x for x in wide if x in playing) or tuple(x for x in slots.team if x in playing)
    if found or not (slots.matchup.away and slots.matchup.home):
        return found or slots.team
    raise line.wrong(
        f"{' '.join(words)!r} at column {line.words[slots.team_words[0]].place + 1} "
        "is neither team of the game that is named",
        slots.team_words[0],
    )


# ----------------------------------------------------------------------------------- players


def _player(line: Line, slots: Slots, before: Pick | None) -> str | None:
    """The words that name the player; None where the bet is about a team or a game."""
    if slots.stat is None and slots.tens is None:
        if slots.names:
            raise _no_player_line(line, slots)
        return None
    if slots.names:
        return " ".join(line.words[i].text.rstrip(",") for i in slots.names)
    points = slots.stat is Stat.PTS and slots.tens is None
    of_a_team = points and not (slots.number is not None and slots.number < LEAST_TEAM_TOTAL)
    of_a_team = of_a_team or (points and slots.span not in (None, Span.GAME))
    if slots.team and not of_a_team:
        name = " ".join(line.words[i].text for i in slots.team_words)
        if may_be_a_person(name, slots.team):
            return name
    no_other = not slots.team and slots.matchup is None and not of_a_team
    if no_other and before is not None and before.player is not None:
        return before.player
    if points:
        return None
    what = "double-double" if slots.tens is not None else (slots.stat or Stat.PTS).value
    at = slots.start if slots.stat is None else slots.stat_at
    if slots.team:
        raise line.wrong(f"there are no lines on a team's {what}: name a player", at)
    raise line.wrong(f"whose {what}? Name the player, such as 'Jokic o9.5 reb'", at)


def _no_player_line(line: Line, slots: Slots) -> BadBet:
    at, expected = slots.stranger or (slots.names[0], slots.expected)
    bad = line.bad(expected, at)
    if slots.number is None or "did you mean" in str(bad) or expected not in (ABOUT, SPREAD):
        return bad
    name = " ".join(line.words[i].text for i in slots.names)
    number = line.words[slots.number_at]
    return line.wrong(
        f"what of {name!r} is counted is not said after {number.text!r} "
        f"at column {number.place + 1}: {KNOWN}",
        slots.number_at,
    )


def _asked_of_player(line: Line, slots: Slots) -> Asked:
    if slots.tens is not None:
        return Tens(slots.tens, not slots.negated)
    if slots.stat is None or slots.number is None:
        raise line.bad("the line, such as o25.5", slots.end)
    if slots.direction is None and not slots.or_more:
        number = line.words[slots.number_at]
        whole = f", or '{slots.number:g}+'" if slots.number == int(slots.number) else ""
        raise line.wrong(
            f"{number.text!r} at column {number.place + 1} lacks its side: "
            f"expected 'over' or 'under' before it{whole}",
            slots.number_at,
        )
    return PlayerFigure(slots.stat, slots.direction or Direction.OVER, slots.number)


# ------------------------------------------------------------------------------------- games


def _asked_of_game(line: Line, slots: Slots) -> Asked:
    if slots.tie or slots.three_way:
        if bool(slots.team) == slots.tie:
            raise line.wrong("a 3-way bet is on one team, or on the tie: name one", slots.start)
        return OneOfThree()
    if slots.parity is not None:
        return OddOrEven(slots.parity)
    if slots.number is not None or slots.direction is not None:
        return _total(line, slots)
    if not slots.team:
        raise line.bad(ABOUT, slots.start if slots.handicap is not None else slots.end)
    if slots.handicap is not None:
        return Handicap(slots.handicap)
    if slots.moneyline:
        return ToWin()
    if slots.prices and slots.prices[0][1].text[:1] in "+-":
        at, odds = slots.prices[0]
        so_far = line.text[line.words[slots.start].place : line.words[at].place]
        so_far = " ".join(so_far.split())
        raise line.wrong(
            f"{odds.text!r} looks like a price: write the line first, or '{so_far} ML {odds.text}'",
            at,
        )
    raise line.bad(SPREAD, slots.end)


def _total(line: Line, slots: Slots) -> Asked:
    if slots.number is None:
        raise line.bad("the line, such as 224.5", slots.end)
    if slots.direction is None and not slots.or_more:
        number = line.words[slots.number_at]
        raise line.wrong(
            f"{number.text!r} at column {number.place + 1} lacks its side: "
            "expected 'over' or 'under' before it",
            slots.number_at,
        )
    if slots.team_total and not slots.team:
        raise line.wrong("whose team total? Name the team, such as 'DEN tt o114.5'", slots.start)
    return OverUnder(slots.direction or Direction.OVER, slots.number)


def _one_market(line: Line, slots: Slots) -> None:
    """Refuse a bet that says two markets at once."""
    said = (
        slots.handicap is not None,
        slots.moneyline and not slots.three_way and not slots.tie,
        slots.number is not None or slots.direction is not None,
        slots.parity is not None,
        slots.three_way or slots.tie,
        slots.tens is not None,
    )
    if sum(said) > 1:
        raise line.wrong(
            "two bets in one: separate the legs of a parlay by ';', and write a price behind",
            slots.number_at or slots.start,
        )
