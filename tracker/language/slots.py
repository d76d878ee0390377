"""The slots of one bet: what its words have said so far, in any order, and the pick made of them.

Words for a day (`Sat`, `tonight`) say one only on the person's own clock, `now` of the line.
Anything that a pick lacks or says twice raises BadBet.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

from tracker.domain import BadBet
from tracker.domain.catalog import Team, may_be_a_person
from tracker.domain.league import own_day, slate_on
from tracker.domain.market import Direction, Parity, Span
from tracker.domain.money import Odds, parse_odds
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
from tracker.language import vocabulary as say
from tracker.language.tokens import (
    DAY,
    KNOWN,
    Line,
    Word,
    day_of,
    is_near,
    skip_time,
    slashed,
)
from tracker.language.vocabulary import AGAINST, COUNTED, EVEN_OF_WHAT

_ODDS = "odds such as -110, a stake such as $20, or a #tag"
LINE = "a line in whole or half points, such as 224.5"
LEGS = " (';' stands between a parlay's legs, or 'parlay:' before them)"
SPREAD = "'ML', a spread such as -4.5, or 'over 114.5'"
_ABOUT = "a team, a player, a game such as LAL@DEN, 'over' or 'under'"


@dataclass(slots=True)
class Slots:
    """What has been read of one bet. `start`, `end` and fields that end in `_at` are word indices.

    `many` is whether the line holds several bets. `names` are the indices of the words of a
    player's name. `stranger` is the first of these that is no team, with what was expected in its
    place in case it is no name. `to_win_cents` and `payout_cents` are what a won bet pays, without
    its stake and with it. `bare_at` is the index of a price that may be a stake: a whole number
    without a sign or a word, or `10.00` beside +900. `weekday` counts from Monday, as 0.
    """

    start: int
    many: bool = False
    end: int = 0
    span: Span | None = None
    team: tuple[Team, ...] = ()
    team_words: range = range(0)
    names: list[int] = field(default_factory=list)
    stranger: tuple[int, str] | None = None
    matchup: Matchup | None = None
    matchup_at: int = 0
    day: date | None = None
    weekday: int | None = None
    direction: Direction | None = None
    number: float | None = None
    number_at: int = 0
    or_more: bool = False
    at_least: bool = False
    handicap: float | None = None
    moneyline: bool = False
    parity: Parity | None = None
    three_way: bool = False
    tie: bool = False
    stat: Stat | None = None
    stat_at: int = 0
    tens: int | None = None
    negated: bool = False
    scores: bool = False
    team_total: bool = False
    prices: list[tuple[int, Odds]] = field(default_factory=list)
    stake_cents: int | None = None
    stake_at: int = 0
    to_win_cents: int | None = None
    payout_cents: int | None = None
    bare_at: int | None = None
    units: Fraction | None = None
    tags: list[str] = field(default_factory=list)
    free: bool = False
    book: str | None = None

    @property
    def market_known(self) -> bool:
        """Whether the market is known, so that a bare number can only be a price."""
        line = self.number is not None and (self.direction is not None or self.or_more)
        plain = self.handicap is not None or self.moneyline or self.tie or self.three_way
        return line or plain or self.parity is not None or self.tens is not None

    @property
    def ready(self) -> bool:
        """Whether the bet may be complete, so that a mark after it may end it."""
        counted = self.stat is not None or self.tens is not None or self.scores
        return self.market_known and (counted or not self.names)

    @property
    def empty(self) -> bool:
        """Whether there is nothing but a price, a stake or tags."""
        about = self.team or self.names or self.matchup or self.span or self.stat
        return not (about or self.market_known or self.number is not None or self.direction)

    @property
    def expected(self) -> str:
        """What is expected next, in words for an error."""
        if self.direction is not None and self.number is None:
            return "the line, such as 224.5"
        if self.market_known:
            return _ODDS
        return SPREAD if self.team else _ABOUT


# ---------------------------------------------------------------------------------------- days


def read_day(line: Line, slots: Slots) -> bool:
    """Read the day of the game: `2026-11-20`, `Nov 20`, `20.11.2026`, `Sat`, `tonight`.

    A word such as `tonight` says a day only on the person's own clock. A time of day is skipped.
    """
    player = slots.names or (slots.number is not None and slots.number < _LEAST_TEAM_TOTAL)
    of_game = not player and (slots.market_known or slots.day is not None)
    threes = slots.stat is None and not of_game
    if _weekday(line, slots) or _relative(line, slots) or skip_time(line, threes):
        return True
    count, day = _date(line, slots)
    if day is None:
        return False
    if slots.weekday is not None and day.weekday() == slots.weekday:
        slots.day = None
    _take_day(line, slots, day)
    slots.weekday = None
    line.at += count
    return True


def _relative(line: Line, slots: Slots) -> bool:
    count, ahead = line.look_up(say.RELATIVE_DAYS)
    if ahead is None:
        return False
    if line.now is not None:
        _take_day(line, slots, slate_on(own_day(line.now) + timedelta(ahead), line.now.tzinfo))
    elif ahead:
        raise line.wrong(f"{line.peek()!r} is another day tomorrow: {DAY}", line.at)
    line.at += count
    return True


def _weekday(line: Line, slots: Slots) -> bool:
    count, weekday = line.look_up(say.WEEKDAYS)
    # `Sun` alone is a team, unless the bet is on another one or a date or time follows.
    said = slots.team or slots.names or slots.matchup or line.peek() != "sun"
    if weekday is None or not (said or _day_follows(line, slots)):
        return False
    if slots.day is not None and slots.day.weekday() == weekday:
        line.at += count
        return True
    if line.now is None:
        raise line.wrong(f"{line.peek()!r} is another day each week: {DAY}", line.at)
    today = own_day(line.now)
    day = today + timedelta((weekday - today.weekday()) % 7)
    _take_day(line, slots, slate_on(day, line.now.tzinfo))
    slots.weekday = weekday
    line.at += count
    return True


def _day_follows(line: Line, slots: Slots) -> bool:
    """Whether a date or a time of day stands behind the next word."""
    kept = line.at
    line.at += 2 if line.peek(1) == "," else 1
    found = _date(line, slots)[1] is not None or skip_time(line, False)
    line.at = kept
    return found


def _take_day(line: Line, slots: Slots, day: date) -> None:
    if slots.day not in (None, day):
        raise line.wrong(f"two days are named, {slots.day} and {day}: {DAY}", line.at)
    slots.day = day


def _date(line: Line, slots: Slots) -> tuple[int, date | None]:
    """How many of the next words are a date, and the date; or (0, None)."""
    low = line.peek()
    if say.ISO_DATE.fullmatch(low):
        return 1, day_of(line, *(int(x) for x in low.split("-")))
    if found := say.DOTTED.fullmatch(low):
        return 1, day_of(line, int(found[3]), int(found[2]), int(found[1]))
    if (found := say.SLASHED.fullmatch(low)) and (
        found[3] or not slots.market_known or _no_price(line, slots, found)
    ):
        return 1, slashed(line, found)
    month, number = say.MONTHS.get(low.rstrip(".")), say.ORDINAL.fullmatch(line.peek(1))
    if month is None:
        month, number = say.MONTHS.get(line.peek(1).rstrip(".")), say.ORDINAL.fullmatch(low)
    if month is None or number is None or line.peek(2) == "+":
        return 0, None
    year = 3 if line.peek(2) == "," else 2
    if re.fullmatch("20[0-9]{2}", line.peek(year)):
        return year + 1, day_of(line, int(line.peek(year)), month, int(number[1]))
    return 2, day_of(line, None, month, int(number[1]))


def _no_price(line: Line, slots: Slots, found: re.Match[str]) -> bool:
    """Whether `12/1` is a day of this week, since the bet has its price elsewhere: `-110 12/1`."""
    if slots.many or not is_near(line, found):
        return False
    if slots.prices:
        return not said_before(line, slots)
    paid = 1 + Fraction(int(found[1]), int(found[2]) or 1)
    prices = [_odds(x.low).decimal for x in _rest(line) if say.AMERICAN.fullmatch(x.low)]
    return bool(prices) and all(abs(x - paid) > _SAME_PRICE for x in prices)


_SAME_PRICE = Fraction(1, 50)


def check_no_date(line: Line) -> None:
    """Raise BadBet for fractional odds that may as well be a date of these days: `12/1`."""
    found = say.SLASHED.fullmatch(line.peek())
    if found is None or line.peek(-1) in say.PRICE_LABELS | say.AT:
        return
    if is_near(line, found):
        raise line.wrong(
            f"{found[0]!r} may be a date or the odds: write '@ {found[0]}', or {DAY}", line.at
        )


# -------------------------------------------------------------------------------------- prices


def take_price(line: Line, slots: Slots) -> bool:
    """Take the next word as the price; one that is there already in another form is skipped.

    Returns True. Raises BadBet where it cannot be a price, or another one is there.
    """
    if line.peek() == "1/2" and _half_a_point(line, slots):
        return True
    if said_before(line, slots):
        both = {x: line.words[x].place for x in (slots.prices[-1][0], line.at)}
        stakes = (x for x in both if say.PERHAPS_A_STAKE.match(line.text, both[x]))
        slots.bare_at = next(stakes, slots.bare_at)
        line.at += 1
        return True
    if len(slots.prices) > int(slots.many):
        raise line.wrong("a bet has one price, and another figure stands behind it", line.at)
    if say.is_second_line(line.peek(), slots.number):
        raise line.wrong("two lines are named: leave one out", line.at)
    if line.peek().strip("0.") == "":
        # A shell turns $20 within double quotes into 0.
        raise line.bad("a stake such as $20 (within single quotes, on a command line)")
    if line.peek(-1) == "for" and line.peek().isdigit() and slots.stake_cents is not None:
        raise line.wrong(f"write what a won bet brings as 'to win ${line.peek()}'", line.at)
    check_no_date(line)
    slots.prices.append((line.at, line.figure(_odds)))
    said = (say.PRICE_LABELS | say.AT | {"of"}) - {"for"}
    if line.peek().isdigit() and not said & {line.peek(-1), line.peek(-2) * (line.peek(-1) == ":")}:
        slots.bare_at = line.at
    line.at += 1
    return True


def _odds(text: str) -> Odds:
    return parse_odds(text.rstrip("xX").replace(",", ""))


def _half_a_point(line: Line, slots: Slots) -> bool:
    """Take a `1/2` right after a whole line as half a point: `DEN -4 1/2 -110`.

    Raises BadBet where no price follows: then it may be the price itself.
    """
    points = slots.handicap if slots.number is None else slots.number
    if slots.number_at != line.at - 1 or points is None or points != int(points) or slots.or_more:
        return False
    whole = line.written(slots.number_at)
    rest = _rest(line)
    later = any(say.SURE_PRICE.fullmatch(x.low) or say.DECIMAL_PRICE.fullmatch(x.low) for x in rest)
    if not later and not line.later(say.EVEN_MONEY):
        raise line.wrong(
            f"'{whole} 1/2' may be the line {whole}.5, or {whole} at the price 1/2: write "
            f"'{whole}.5' or '{whole} @ 1/2'",
            line.at,
        )
    if slots.number is not None:
        slots.number += 0.5
    else:
        below = line.words[slots.number_at].text.startswith("-")
        slots.handicap = points - 0.5 if below else points + 0.5
    line.at += 1
    return True


def said_before(line: Line, slots: Slots) -> bool:
    """Whether the next word is the price before it in another form: `-110 (1.91)`, `1.91 -110`."""
    low = line.peek()
    decimal, first = say.DECIMAL_PRICE.fullmatch(low), slots.prices[-1][1] if slots.prices else None
    if first is None or not (decimal or say.SURE_PRICE.fullmatch(low)):
        return False
    other = say.DECIMAL_PRICE.fullmatch(first.text)
    if decimal and other:
        return False  # the second may be the stake
    with suppress(BadBet):
        digits = len((decimal or other or ("", ""))[1])
        apart = abs(_odds(low).decimal - first.decimal)
        return apart <= Fraction(1, 10**digits) * bool(digits)
    return False


def priced_later(line: Line) -> bool:
    """Whether a price follows the next word, a number that can then only be the stake.

    `12.50` may be a price itself, and is a stake only before `@ 1.91`. Raises BadBet where what
    follows may be either, too, as in `20 1.91` and `110 for 100`.
    """
    if line.peek(1) in say.AT and say.DECIMAL_PRICE.fullmatch(line.peek(2)):
        return True
    if not line.peek().isdigit():
        return False
    if any(say.SURE_PRICE.fullmatch(x.low) for x in _rest(line)) or line.later(say.EVEN_MONEY):
        return True
    if line.peek(1) == "for" or say.DECIMAL_PRICE.fullmatch(line.peek(1)):
        raise _unclear(line, line.at)
    return False


def _rest(line: Line) -> list[Word]:
    """The words of the bet behind the next one."""
    words = line.words[line.at + 1 :]
    return words[: next((i for i, x in enumerate(words) if x.ends_leg), None)]


# --------------------------------------------------------------------------------------- picks


_LEAST_TEAM_TOTAL = 60.0
"""Where a name may be a person's or a team's, or none is given, a line on points below this is a
player's."""


def pick_of(line: Line, slots: Slots, text: str, before: Pick | None = None) -> Pick:
    """Make the pick of a bet's slots; `before` is the leg before, whose player it may share.

    Raises BadBet with the place and what was expected.
    """
    if slots.scores and slots.names and slots.stat is None and slots.tens is None:
        slots.stat = Stat.PTS
    if slots.negated and slots.tens is None:
        raise line.wrong(AGAINST, slots.start)
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
        matchup=_matchup(line, slots),
        odds=odds_of(slots),
        stake_cents=stake_of(slots),
        units=slots.units,
        tags=tuple(slots.tags),
        free=slots.free,
        book=slots.book,
    )


def odds_of(slots: Slots) -> Odds | None:
    """The price as written, else the price that `risk $22 to win $20` implies."""
    stake, won = slots.stake_cents, slots.to_win_cents
    if won is None and slots.payout_cents is not None and stake is not None:
        won = slots.payout_cents - stake
    if slots.prices or not stake or won is None or won <= 0:
        return slots.prices[0][1] if slots.prices else None
    paid = Odds("", 1 + Fraction(won, stake))
    return Odds(paid.american, paid.decimal)


def stake_of(slots: Slots) -> int | None:
    """The stake as written, in cents, else the stake that `-110 to win $20` implies."""
    if slots.stake_cents is not None or slots.units is not None or not slots.prices:
        return slots.stake_cents
    decimal = slots.prices[0][1].decimal
    if slots.to_win_cents is not None:
        return round(slots.to_win_cents / (decimal - 1))
    return None if slots.payout_cents is None else round(slots.payout_cents / decimal)


def check_clear(line: Line, whole: Slots, priced: Slots) -> None:
    """Raise BadBet for a bare number that may be the price or the stake.

    `whole` has the stake of the bet, `priced` the price: they differ for a leg of a parlay.
    """
    at = priced.bare_at
    if at is None or whole.stake_cents is not None or whole.units is not None:
        return
    raise _unclear(line, at)


def _unclear(line: Line, at: int) -> BadBet:
    """The error about a bare number that may be the price or the stake."""
    written = line.written(at)
    odds = f"({written})" if "." in written else f"{written}.0"
    odds = f"+{written}" if say.AMERICAN.fullmatch(f"+{written}") else odds
    return line.wrong(f"{written!r} may be the odds or the stake: write {odds} or ${written}", at)


def _matchup(line: Line, slots: Slots) -> Matchup | None:
    if slots.matchup is not None:
        return replace(slots.matchup, day=slots.day)
    # A team says of which league the bet is; a player's name or a total alone does not.
    place = line.words[slots.start].place if not slots.team else None
    leagues = None if place is None else line.leagues_at(place, many=slots.many)
    if slots.day is None and not leagues:
        return None
    return Matchup((), (), slots.day, leagues=leagues or frozenset())


def _team(line: Line, slots: Slots) -> tuple[Team, ...]:
    """The teams that the name may mean; where a game is named, only its teams."""
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
    """The words that name the player; None where the bet is on a team or a game."""
    if slots.stat is None and slots.tens is None:
        if slots.names:
            raise _no_player_line(line, slots)
        return None
    if slots.names:
        return " ".join(line.words[i].text.rstrip(",") for i in slots.names)
    points = slots.stat is Stat.PTS and slots.tens is None
    of_a_team = points and not (slots.number is not None and slots.number < _LEAST_TEAM_TOTAL)
    of_a_team = of_a_team or (points and slots.span not in (None, Span.GAME))
    if slots.team and not of_a_team:
        name = " ".join(line.words[i].text for i in slots.team_words)
        if may_be_a_person(name, slots.team):
            return name
    no_other = not slots.team and slots.matchup is None and not of_a_team
    if no_other and before is not None and before.player is not None:
        return before.player
    if points and (slots.team or of_a_team):
        return None
    what = "double-double" if slots.tens is not None else (slots.stat or Stat.PTS).value
    at = slots.start if slots.stat is None else slots.stat_at
    if slots.team:
        raise line.wrong(f"there are no lines on a team's {what}: name a player", at)
    raise line.wrong(f"whose {what}? Name the player, such as 'Jokic o9.5 reb'", at)


def _no_player_line(line: Line, slots: Slots) -> BadBet:
    at, expected = slots.stranger or (slots.names[0], slots.expected)
    bad = line.bad(expected, at)
    many = slots.number is None or slots.number > _LEAST_TEAM_TOTAL or slots.span is not None
    misspelt = many and "did you mean" in str(bad)
    if slots.number is None or misspelt or expected not in (_ABOUT, SPREAD):
        return bad
    name = " ".join(line.words[i].text for i in slots.names)
    number = line.words[slots.number_at]
    return line.wrong(
        f"what of {name!r} is counted is not said after {line.written(slots.number_at)!r} "
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
            f"{line.written(slots.number_at)!r} at column {number.place + 1} lacks its side: "
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
        said = {x.low for x in line.words[slots.start : slots.end]} & COUNTED
        if slots.parity is Parity.EVEN and slots.team and not (slots.prices or slots.stat or said):
            raise line.wrong(EVEN_OF_WHAT, slots.start)
        return OddOrEven(slots.parity)
    if slots.number is not None or slots.direction is not None:
        return _total(line, slots)
    if not slots.team:
        raise _of_no_team(line, slots)
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


def _of_no_team(line: Line, slots: Slots) -> BadBet:
    """The error about a bet that names no team, or both: `LAL@DEN -4.5`."""
    if slots.handicap is not None:
        what, such = line.written(slots.number_at), line.words[slots.number_at].text
    elif slots.moneyline:
        what, such = "moneyline", "ML"
    elif slots.prices and slots.matchup is not None:
        what, such = slots.prices[0][1].text, f"ML {slots.prices[0][1].text}"
    else:
        return line.bad(_ABOUT, slots.end)
    game = "" if slots.matchup is None else "LAL@DEN "
    return line.wrong(f"whose {what}? Name the team, such as '{game}DEN {such}'", slots.start)


def _total(line: Line, slots: Slots) -> Asked:
    if slots.number is None:
        raise line.bad("the line, such as 224.5", slots.end)
    if slots.direction is None and not slots.or_more:
        number = line.words[slots.number_at]
        raise line.wrong(
            f"{line.written(slots.number_at)!r} at column {number.place + 1} lacks its side: "
            "expected 'over' or 'under' before it",
            slots.number_at,
        )
    if slots.team_total and not slots.team:
        raise line.wrong("whose team total? Name the team, such as 'DEN tt o114.5'", slots.start)
    return OverUnder(slots.direction or Direction.OVER, slots.number)


def _one_market(line: Line, slots: Slots) -> None:
    """Raise BadBet for a bet that names two markets."""
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
