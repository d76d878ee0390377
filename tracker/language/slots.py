"""The slots of one bet: what its words have said so far, in any order.

Below them: the readers of days, prices and stakes. Words for a day (`Sat`, `tonight`) say one only
on the person's own clock, `now` of the line.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from tracker.domain import BadBet
from tracker.domain.catalog import Team
from tracker.domain.league import own_day, slate_on
from tracker.domain.market import Direction, Parity, Span
from tracker.domain.money import Odds, parse_money, parse_odds
from tracker.domain.pick import Matchup
from tracker.domain.player import Stat
from tracker.language import vocabulary as say
from tracker.language.tokens import Line

_ODDS = "odds such as -110, a stake such as $20, or a #tag"
LINE = "a line in whole or half points, such as 224.5"
LEGS = " (';' stands between a parlay's legs, or 'parlay:' before them)"
SPREAD = "'ML', a spread such as -4.5, or 'over 114.5'"
ABOUT = "a team, a player, a game such as LAL@DEN, 'over' or 'under'"

LEAST_TEAM_TOTAL = 60.0
"""Where a name may be a person's or a team's, or none is given, a line on points below this is a
player's."""


@dataclass(slots=True)
class Slots:
    """What has been read of one bet. `start`, `end` and fields that end in `_at` are word indices.

    `many` is whether the line holds several bets. `names` are the indices of the words of a
    player's name. `stranger` is the first of these that is no team, with what was expected in its
    place in case it is no name. `to_win_cents` or `units_won`, and `payout_cents`, are what a won
    bet pays, without its stake and with it. `bare_at` is the index of a price that may be a stake:
    a whole number without a sign or a word, `1.5`, `22.50`, or `2.00` beside +100. `bare_stake` is
    whether the stake is a number alone. `whole_at` is the word behind which a price is that of the
    whole parlay. `weekday` counts from Monday, as 0.
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
    bare_stake: bool = False
    to_win_cents: int | None = None
    payout_cents: int | None = None
    units_won: Fraction | None = None
    bare_at: int | None = None
    whole_at: int | None = None
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
    def unstaked(self) -> bool:
        """Whether it has no stake so far."""
        return self.stake_cents is None and self.units is None

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
        return SPREAD if self.team else ABOUT


# ---------------------------------------------------------------------------------------- days


def read_day(line: Line, slots: Slots) -> bool:
    """Read the day of the game: `2026-11-20`, `Nov 20`, `20.11.2026`, `Sat`, `tonight`.

    A word such as `tonight` says a day only on the person's own clock. A time of day is skipped.
    """
    player = slots.names or (slots.number is not None and slots.number < LEAST_TEAM_TOTAL)
    of_game = not player and (slots.market_known or slots.day is not None)
    threes = slots.stat is None and not of_game
    if _weekday(line, slots) or _relative(line, slots) or _skip_time(line, threes):
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
        raise line.wrong(f"{line.peek()!r} is another day tomorrow: {_DAY}", line.at)
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
        raise line.wrong(f"{line.peek()!r} is another day each week: {_DAY}", line.at)
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
    found = _date(line, slots)[1] is not None or _skip_time(line, False)
    line.at = kept
    return found


def _take_day(line: Line, slots: Slots, day: date) -> None:
    if slots.day not in (None, day):
        raise line.wrong(f"two days are named, {slots.day} and {day}: {_DAY}", line.at)
    slots.day = day


def _date(line: Line, slots: Slots) -> tuple[int, date | None]:
    """How many of the next words are a date, and the date; or (0, None)."""
    low = line.peek()
    if say.ISO_DATE.fullmatch(low):
        return 1, _day_of(line, *(int(x) for x in low.split("-")))
    if found := say.DOTTED.fullmatch(low):
        return 1, _day_of(line, int(found[3]), int(found[2]), int(found[1]))
    if (found := say.SLASHED.fullmatch(low)) and (
        found[3] or not slots.market_known or _no_price(line, slots, found)
    ):
        return 1, _slashed(line, found)
    month, number = say.MONTHS.get(low.rstrip(".")), say.ORDINAL.fullmatch(line.peek(1))
    if month is None:
        month, number = say.MONTHS.get(line.peek(1).rstrip(".")), say.ORDINAL.fullmatch(low)
    if month is None or number is None or line.peek(2) == "+":
        return 0, None
    year = 3 if line.peek(2) == "," else 2
    if re.fullmatch("20[0-9]{2}", line.peek(year)):
        return year + 1, _day_of(line, int(line.peek(year)), month, int(number[1]))
    return 2, _day_of(line, None, month, int(number[1]))


def _no_price(line: Line, slots: Slots, found: re.Match[str]) -> bool:
    """Whether `12/1` is a day of this week, since the bet has its price elsewhere: `-110 12/1`."""
    if slots.many or not _is_near(line, found):
        return False
    if slots.prices:
        return not said_before(line, slots)
    paid = 1 + Fraction(int(found[1]), int(found[2]) or 1)
    prices = [_odds(x.low).decimal for x in line.rest if say.AMERICAN.fullmatch(x.low)]
    return bool(prices) and all(abs(x - paid) > _SAME_PRICE for x in prices)


_SAME_PRICE = Fraction(1, 50)


def _check_no_date(line: Line) -> None:
    """Raise BadBet for odds that may as well be a date of these days: `12/1`, `20.11`."""
    found = say.SLASHED.fullmatch(line.peek()) or say.DAY_AND_MONTH.fullmatch(line.peek())
    if found is not None and not _marked(line) and _is_near(line, found):
        raise line.wrong(
            f"{found[0]!r} may be a date or the odds: write '@ {found[0]}', or {_DAY}", line.at
        )


_DAY = "write the date, such as 2026-11-20"
"""What to write where a day is not clear."""


def _is_near(line: Line, found: re.Match[str]) -> bool:
    """Whether a date without its year may be one of these days."""
    if line.now is None:
        return False
    ahead = (own_day(line.now) + timedelta(x) for x in range(-1, _NEAR.days + 1))
    said = int(found[1]), int(found[2])
    return any((x.month, x.day) in (said, said[::-1]) for x in ahead)


def _slashed(line: Line, found: re.Match[str]) -> date:
    """A date whose month may come first or second: the one that can be, else the one near today."""
    first, second = int(found[1]), int(found[2])
    months = {(x, y) for x, y in ((first, second), (second, first)) if x <= _MONTHS and y <= _DAYS}
    if not months:
        raise line.wrong(f"{found[0]!r} is no date: odds stand behind the line", line.at)
    year = None if found[3] is None else 2000 + int(found[3]) % 100
    days = [_day_of(line, year, month, day) for month, day in sorted(months)]
    if len(days) > 1:
        days = [x for x in days if line.now and abs(x - own_day(line.now)) <= _NEAR]
    if len(days) != 1:
        raise line.wrong(
            f"{found[0]!r} may be one of two days or the odds: {_DAY}, and odds behind the line",
            line.at,
        )
    return days[0]


_MONTHS, _DAYS = 12, 31
_NEAR = timedelta(days=7)


def _day_of(line: Line, year: int | None, month: int, day: int) -> date:
    """A date; without its year, the one nearest to today. Raises BadBet for none."""
    if year is None and line.now is None:
        raise line.wrong(f"the year is missing: {_DAY}", line.at)
    today = own_day(line.now) if line.now is not None else date(year or 1, 1, 1)
    years = (today.year - 1, today.year, today.year + 1) if year is None else (year,)
    days = []
    for x in years:
        # Of three years, one may have a 29 February.
        with suppress(ValueError):
            days.append(date(x, month, day))
    if not days:
        raise line.bad("a date such as 2026-11-20")
    return min(days, key=lambda x: abs(x - today))


_HALVES = frozenset({"am", "pm", "a.m.", "p.m."})
_HOUR = re.compile(r"[0-9]{1,2}(?:\.?[0-9]{2})?[ap]m")
_MINUTES = re.compile(r"[0-9]{2}(?:[ap]m?)?")


def _skip_time(line: Line, threes: bool) -> bool:
    """Skip a time such as `7pm ET`, and tell whether there was one; `3pm` may be `threes`."""
    words = line.words[line.at : line.at + 3]
    joined = all(x.end == y.place for x, y in pairwise(words))
    hour = line.peek().isdigit()
    if hour and joined and line.peek(1) == ":" and _MINUTES.fullmatch(line.peek(2)):
        line.at += 3
    elif threes and line.phrase(say.STATS) and line.peek(1) not in say.ZONES:
        return False
    elif _HOUR.fullmatch(line.peek()) or (hour and line.peek(1) in _HALVES):
        line.at += 1
    else:
        return False
    line.at += int(line.peek() in _HALVES)
    line.at += int(line.peek() in say.ZONES)
    return True


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
    _check_a_price(line, slots)
    _check_no_date(line)
    slots.prices.append((line.at, line.figure(_odds)))
    before = {line.peek(-1), line.peek(-2) * (line.peek(-1) == ":")}
    marked = before & (say.PRICE_LABELS | say.AT | {"of"}) - {"for"}
    own = slots.moneyline and slots.team and len(slots.prices) == 1 and line.peek(-1) != "for"
    either = not own and line.unbracketed() and say.OF_EITHER.fullmatch(line.peek())
    if (line.peek().isdigit() or either) and not marked:
        slots.bare_at = line.at
    line.at += 1
    return True


def _marked(line: Line) -> bool:
    """Whether the word before says that the next figure is the price: `@ 8/10`, `odds: 126.5`."""
    before = line.peek(-2) if line.peek(-1) == ":" else line.peek(-1)
    return before in say.AT or before in say.PRICE_LABELS


_HOURS = 12


def _check_a_price(line: Line, slots: Slots) -> None:
    """Raise BadBet for a figure behind a bet that may be something else than its price."""
    low, before = line.peek(), line.peek(-1)
    if len(slots.prices) > int(slots.many):
        why = "a bet has one price, and another figure stands behind it"
    elif say.is_second_line(low, slots.number) or (
        say.A_TOTAL.fullmatch(low) and not (slots.many or _marked(line))
    ):
        why = "two lines are named: leave one out"
    elif low.strip("0.") == "":
        # A shell turns $20 within double quotes into 0.
        raise line.bad("a stake such as $20 (within single quotes, on a command line)")
    elif stands := _how_it_stands(line, slots):
        why = f"{stands!r} may be the odds, or how the bet stands: write '@ 5/1', or leave it out"
    elif not low.isdigit():
        return
    elif before == "at" and line.peek(-2) != "priced" and int(low) <= _HOURS:
        why = f"'at {low}' may be the time or the odds: write {low}pm or {low}.0"
    elif before == "—":
        why = f"write the odds as -{low} or +{low}"
    elif before == "for" and slots.stake_cents is not None:
        why = f"write what a won bet brings as 'to win ${low}'"
    else:
        return
    raise line.wrong(why, line.at)


def _how_it_stands(line: Line, slots: Slots) -> str:
    """The next figures where they may be a live bet's: `18 / 25.5`, or the `18/25` of `25+ pts`.

    Empty where they are not. `5:1` is no form of odds here, and may be such figures too.
    """
    low, mark, after = line.peek(), line.peek(1), line.peek(2)
    if low.isdigit() and mark in (":", "/") and say.ANY_NUMBER.fullmatch(after):
        a_stake = line.peek(3) in say.MONEY_WORDS or line.peek(3) in say.UNITS
        return "" if a_stake else f"{low}{mark}{after}"
    found = say.SLASHED.fullmatch(low)
    if found is None or not slots.names or slots.number is None or _marked(line):
        return ""
    # `11/10` behind `10+ reb` is a price of many books, `27/25` behind `25+ pts` of none.
    a_price = int(found[1]) > int(found[2]) and int(found[2]) in _ODDS_OVER
    return low if 0 <= int(found[2]) - slots.number < 1 and not a_price else ""


_ODDS_OVER = frozenset({1, 2, 3, 4, 5, 8, 10, 20})
"""What books write odds against over: `7/2`, `11/10`, `21/20`."""


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
    rest = line.rest
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
    whole, behind = line.peek().isdigit(), line.peek(2) if line.peek(1) in say.PRICED else ""
    if say.DECIMAL_PRICE.fullmatch(behind) or (whole and behind.isdigit()):
        return True
    if not whole:
        return False
    if any(say.SURE_PRICE.fullmatch(x.low) for x in line.rest) or line.later(say.EVEN_MONEY):
        return True
    if line.peek(1) == "for" or say.DECIMAL_PRICE.fullmatch(line.peek(1)):
        raise line.unclear(line.at)
    return False


# -------------------------------------------------------------------------------------- stakes


def read_money(line: Line, slots: Slots) -> bool:
    """Read a stake: `$20`, `20$`, `20 dollars`, `stake 20`, `risk $20 to win $18.18`.

    Raises BadBet for the size of a boost, which does not say whether the price has it.
    """
    low = line.peek()
    if say.SHARE.fullmatch(low):
        boosted = "write the price with the boost, the stake, and leave the percentage out"
        raise line.wrong(f"{line.written(line.at)!r} is no part of a bet: {boosted}", line.at)
    cents = say.SHARE_PRICE.fullmatch(low)
    if cents and (not low[-1].isdigit() or line.peek(1) in ("¢", "cents")):
        odds = f"write the odds, {100 / float(cents[1]):.2f}, and the stake as $20"
        raise line.wrong(f"{line.written(line.at)!r} is the price of a share: {odds}", line.at)
    rated = say.RATING.fullmatch(low) and not ("/" in low and _marked(line))
    if rated or (low.isdigit() and line.peek(1) in ("star", "stars")):
        odds = f", or odds as '@ {low}'" if "/" in low else ""
        raise line.wrong(f"a rating is no stake: write the stake as 2u or $20{odds}", line.at)
    for labels, name in ((say.WIN_LABELS, "to_win_cents"), (say.PAYOUT_LABELS, "payout_cents")):
        if (count := line.phrase(labels)) and _labelled_amount(line, slots, count):
            _take_cents(line, slots, name)
            line.at += 2 if line.peek(1) in say.MONEY_WORDS else 1
            return True
    if (count := line.phrase(say.WIN_LABELS)) and _units_won(line, slots, count):
        return True
    ahead = _past_mark(line, max(1, said := line.phrase(say.STAKE_LABELS)), slots)
    if said and (say.is_amount(line.peek(ahead)) or (low == "stake" and "/" in line.peek(ahead))):
        line.at += ahead
        return read_stake(line, slots)
    if low.startswith("$") and _label_after(line, slots):
        return True
    named = say.ANY_NUMBER.fullmatch(low) and line.peek(1) in say.MONEY_WORDS
    is_money = low.startswith("$") or named or say.DOLLARS.fullmatch(low)
    return bool(is_money) and read_stake(line, slots)


def _units_won(line: Line, slots: Slots, count: int) -> bool:
    """Read `1u` after `to win`: it gives the stake of a price, or the price of a stake in units."""
    found = say.UNITS_FORM.fullmatch(line.peek(count))
    if not found or not slots.market_known or not (slots.prices or slots.units):
        return False
    won = slots.units_won = Fraction(found[1])
    if slots.unstaked:
        slots.units, slots.stake_at = won / (slots.prices[0][1].decimal - 1), line.at
    line.at += count + 1
    return True


def _label_after(line: Line, slots: Slots) -> bool:
    """Read an amount whose label stands behind it: `$69.50 Payout`."""
    kept, line.at = line.at, line.at + 1 + int(line.peek(1) == "\n")
    won, paid = line.phrase(say.WIN_LABELS), line.phrase(say.PAYOUT_LABELS)
    end = line.at = line.at + max(won, paid)
    bare = max(won, paid) == 1 and line.peek(-1) in ("win", "wins", "paid") and slots.unstaked
    stake = bare or line.peek().startswith("boost")  # `$20 win`, `$20 paid`, `$20 profit boost`
    after = next((x for x in line.words[end : end + 2] if x.text != "\n"), None)
    alone = after is None or not after.text.startswith(("$", ":"))
    if after is not None and after.amount and (after is line.word or not alone):
        # In `$10 to win 45` the label is that of the second amount. A bet pays back more than its
        # stake, so that `$38.18 payout $20` has its labels behind.
        alone = not won and line.words[kept].amount >= after.amount
    line.at = kept
    if not (won or paid) or not alone or stake:
        return False
    _take_cents(line, slots, "to_win_cents" if won else "payout_cents")
    line.at = end
    return True


def _take_cents(line: Line, slots: Slots, name: str) -> None:
    """Take the next word as an amount. Raises BadBet where it is none, or another is there."""
    cents = line.figure(lambda text: parse_money(text.rstrip("$")))
    if getattr(slots, name) not in (None, cents):
        raise line.bad(slots.expected)
    setattr(slots, name, cents)


def _labelled_amount(line: Line, slots: Slots, count: int) -> bool:
    """Move to the amount that follows a label of `count` words; False, unmoved, without one."""
    low = line.peek(ahead := _past_mark(line, count))
    staked = slots.stake_cents is not None and slots.stake_at == line.at - 1
    told = slots.prices or not slots.unstaked or line.peek(ahead + 1)[:1] == "$"
    bare = bool(say.ANY_NUMBER.fullmatch(low)) and (staked or (slots.market_known and bool(told)))
    perhaps_odds = slots.moneyline or low[1:2] in ("", ".")
    if bare and perhaps_odds and slots.unstaked and not slots.prices:
        raise line.wrong(f"write odds as '@ {low}', or what is won as 'to win ${low}'", line.at)
    another = slots.market_known and line.at - 1 in slots.team_words  # `Jokic o25.5 PHI to win 3.5`
    found = not another and (bare or low.startswith("$") or bool(say.DOLLARS.fullmatch(low)))
    line.at += ahead * found
    return found


def _past_mark(line: Line, count: int, slots: Slots | None = None) -> int:
    """The count of words up to a label's amount, which may stand below it: `Wager: $20`.

    Where `slots` have a stake, the amount in the line below is not the label's.
    """
    count += int(line.peek(count) == ":")
    return count + int(line.peek(count) == "\n" and (slots is None or slots.unstaked))


def read_stake(line: Line, slots: Slots) -> bool:
    """Take the next word as the stake. Raises BadBet where it is no amount, or another is there."""
    if say.UNITS_FORM.fullmatch(line.peek()) and slots.unstaked:
        return read_units(line, slots)
    low, before, after = line.peek(), line.peek(-1), line.peek(1)
    told = after in say.MONEY_WORDS or before in (":", "for", "risk", "stake", "wager")
    if low == "365" and not told:
        raise line.wrong("'365' may be the book or the stake: write bet365 or $365", line.at)
    if before == "at" and low.isdigit() and int(low) <= _HOURS:
        either = f"'at {low}' may be the time or the stake: write {low}pm or ${low}"
        raise line.wrong(either, line.at)
    if say.STATS.get(after) is Stat.PTS and not low.startswith("$"):
        raise line.wrong(f"write a stake of {low} points as {low}u or ${low}", line.at)
    _take_cents(line, slots, "stake_cents")  # a slip may say it above the bet, and again below it
    slots.units, slots.stake_at = None, line.at  # `1u ($22)` is $22
    line.at += 2 if after in say.MONEY_WORDS else 1
    line.at += int(line.peek() == "stake" and line.peek(1) in ("", "\n"))  # `$20 stake`
    return True


def read_units(line: Line, slots: Slots) -> bool:
    """Read a stake in units: `2u`, `1.5 units`. Beside one in money it says nothing more."""
    low = line.peek()
    if (count := line.phrase(say.HALF_A_UNIT)) and slots.unstaked:
        slots.units, slots.stake_at = Fraction(1, 2), line.at
        line.at += count
        return True
    written = say.UNITS_FORM.fullmatch(low)
    apart = say.ANY_NUMBER.fullmatch(low) and line.peek(1) in say.UNITS
    if not written and (not apart or say.ANY_NUMBER.fullmatch(line.peek(2))):
        return False
    if slots.units is not None:
        raise line.bad(slots.expected)
    if slots.stake_cents is None:
        slots.units = Fraction(written[1] if written else low.replace(",", ""))
        slots.stake_at = line.at
    line.at += 1 if written else 2
    return True
