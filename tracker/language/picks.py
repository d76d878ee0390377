"""What is made of the slots of a line: the pick of one bet, or a parlay with its price and stake.

Anything that a pick lacks or says twice raises BadBet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from tracker.domain import BadBet
from tracker.domain.catalog import Team, may_be_a_person
from tracker.domain.market import Direction, Parity, Span, largest_of_player
from tracker.domain.money import Odds, money_text, payout_if_won
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
)
from tracker.domain.player import Stat
from tracker.language.readers import KNOWN
from tracker.language.slots import ABOUT, LEAST_TEAM_TOTAL, SPREAD, Slots
from tracker.language.tokens import Line
from tracker.language.vocabulary import (
    AGAINST,
    COUNTED,
    DECIMAL_PRICE,
    EVEN_OF_WHAT,
    ON_A_SEASON,
    PERHAPS_A_STAKE,
    SAME_GAME,
)


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
    _check_won(line, slots)
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
    """The price as written, else the one that `risk $22 to win $20` or `1.1u to win 1u` implies."""
    stake, won = slots.stake_cents, slots.to_win_cents
    if won is None and slots.payout_cents is not None and stake is not None:
        won = slots.payout_cents - stake
    staked, gained = (stake, won) if slots.units is None else (slots.units, slots.units_won)
    if slots.prices or not staked or gained is None or gained <= 0:
        return slots.prices[0][1] if slots.prices else None
    paid = Odds("", 1 + Fraction(gained) / Fraction(staked))
    return Odds(paid.american, paid.decimal)


def stake_of(slots: Slots) -> int | None:
    """The stake as written, in cents, else the stake that `-110 to win $20` implies."""
    if slots.stake_cents is not None or slots.units is not None or not slots.prices:
        return slots.stake_cents
    decimal = slots.prices[0][1].decimal
    if slots.to_win_cents is not None:
        return round(slots.to_win_cents / (decimal - 1))
    return None if slots.payout_cents is None else round(slots.payout_cents / decimal)


_ALIKE, _ROUNDED = 0.02, 5
"""How far what a won bet brings may be from what its price pays: a share, or cents. A price such as
1.05 is rounded, too: books that show it pay -1900."""


def _check_won(line: Line, slots: Slots) -> None:
    """Raise BadBet where the price, the stake and what a won bet brings contradict one another.

    What is won may be said with the stake or without it, by whichever word.
    """
    units, gained = (round(100 * x) if x else None for x in (slots.units, slots.units_won))
    stake, odds = stake_of(slots), odds_of(slots)
    for staked, brings, whole, show in (
        (stake, slots.to_win_cents, False, money_text),
        (stake, slots.payout_cents, True, money_text),
        (units, gained, False, _in_units),
    ):
        if not staked or brings is None or odds is None:
            continue
        full, rounded = payout_if_won(staked, odds), DECIMAL_PRICE.fullmatch(odds.text)
        least = max(_ROUNDED, staked / 2 / 10 ** len(rounded[1]) if rounded else 0)
        if all(abs(brings - x) > max(least, x * _ALIKE) for x in (full, full - staked)):
            due = f"pays {show(full)}" if whole else f"wins {show(full - staked)}"
            told = f"{show(staked)} at {odds.text} {due}, not {show(brings)}"
            raise line.wrong(f"{told}: mend the price or an amount, or leave one out", slots.start)


def _in_units(hundredths: int) -> str:
    return f"{hundredths / 100:g}u"


_DOLLARS_AS_ODDS = range(101, 1000)
"""Amounts in cents by which some books write odds: `$1.91`."""

_CENTS = range(11, 100)
"""Whole numbers by which some books write the odds of one bet, as the price of a share."""

_LEAST_DOLLARS = 1000
"""A number alone that is a stake says dollars from here on, in cents; below, it may be of units."""

_WITH_CENTS = re.compile(r"[.,]\d0$")
"""The end of a small number that says dollars all the same: nobody counts in `7.50` units."""


def check_clear(line: Line, whole: Slots, priced: Slots) -> None:
    """Raise BadBet for a bare number that may be the price or the stake.

    `whole` has the stake of the bet, `priced` the price: they differ for a leg of a parlay.
    """
    stake = whole.stake_cents or 0
    if priced is whole and stake in _DOLLARS_AS_ODDS and stake % 50 and odds_of(whole) is None:
        written = line.written(whole.stake_at)
        how = f"write '@ {stake / 100:.2f}', or the odds too"
        raise line.wrong(f"{written!r} may be the odds or the stake: {how}", whole.stake_at)
    written = line.words[whole.stake_at].text if whole.bare_stake else ""
    if written and 0 < stake < _LEAST_DOLLARS and not _WITH_CENTS.search(written):
        how = f"write ${written} or {written}u"
        raise line.wrong(f"{written!r} may be dollars or units: {how}", whole.stake_at)
    if whole.unstaked and (whole.to_win_cents or whole.payout_cents):
        # In `20.00 payout 50` the stake stands before what it brings.
        _check_no_stake(line, whole)
    at = priced.bare_at
    if at is None:
        return
    if whole.unstaked:
        raise line.unclear(at)
    written = line.written(at)
    if priced is whole and not whole.many and written.isdigit() and int(written) in _CENTS:
        how = f"write {written}.0 or, of a share at {written} cents, {100 / int(written):.2f}"
        raise line.wrong(f"{written!r} may be the odds or the price of a share: {how}", at)


def _check_no_stake(line: Line, slots: Slots) -> None:
    """Raise BadBet for a price such as `20.00` that is written as an amount of money is."""
    for at, _ in slots.prices:
        if PERHAPS_A_STAKE.match(line.text, line.words[at].place):
            raise line.unclear(at)


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
    of_a_team = points and not (slots.number is not None and slots.number < LEAST_TEAM_TOTAL)
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
    many = slots.number is None or slots.number > LEAST_TEAM_TOTAL or slots.span is not None
    misspelt = many and "did you mean" in str(bad)
    if slots.number is None or misspelt or expected not in (ABOUT, SPREAD):
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
    if slots.number > largest_of_player(slots.stat):
        meant = slots.number / 10
        example = f", as in {meant:g}" if meant * 2 == int(meant * 2) else ""
        raise line.wrong(
            f"no book offers a line of {slots.number:g} on a player: is a decimal point "
            f"missing{example}, or a team or game misspelt?",
            slots.number_at,
        )
    return PlayerFigure(slots.stat, slots.direction or Direction.OVER, slots.number)


# ------------------------------------------------------------------------------------- games


_EVEN_MONEY = 2


def is_uneven(odds: Odds | None) -> bool:
    """Whether there is a price other than even money, so that the word `even` is not the price."""
    return odds is not None and odds.decimal != _EVEN_MONEY


def _asked_of_game(line: Line, slots: Slots) -> Asked:
    if slots.tie or slots.three_way:
        if bool(slots.team) == slots.tie:
            raise line.wrong("a 3-way bet is on one team, or on the tie: name one", slots.start)
        return OneOfThree()
    if slots.parity is not None:
        said = {x.low for x in line.words[slots.start : slots.end]} & COUNTED
        priced = line.priced or any(is_uneven(x) for _, x in slots.prices)
        bare = slots.team or (slots.many and slots.matchup is None)
        if slots.parity is Parity.EVEN and bare and not (priced or slots.stat or said):
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
        return line.bad(ABOUT, slots.end)
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
    of_wins = slots.moneyline and slots.direction and not slots.names and slots.stat is None
    if of_wins and 0 < (slots.number or 0) < LEAST_TEAM_TOTAL:
        raise line.wrong(ON_A_SEASON, slots.number_at)  # `MIL over 48.5 wins`
    if sum(said) > 1:
        raise line.wrong(
            "two bets in one: separate the legs of a parlay by ';', and write a price behind",
            slots.number_at or slots.start,
        )


# ------------------------------------------------------------------------------------- parlays


@dataclass(slots=True)
class Heading:
    """The words before a parlay's legs: its kind, its stated number of legs, price and stake."""

    same_game: bool
    count: int | None
    price: Slots


def parlay_of(
    line: Line, heading: Heading | None, read: list[Slots], *, staked: bool
) -> ParlayPick:
    """Make a parlay of the bets that were read. Raises BadBet where they do not make one."""
    whole = heading.price if heading is not None else Slots(0, many=True)
    legs = [x for x in read if not x.empty]
    _take_prices_below(whole, read)
    for slots in (x for x in read if x.empty):
        _join(line, whole, slots)
    if heading is not None and len(legs) > 1 and _headed(legs):
        at, price = legs[0].prices.pop()
        if any(x.decimal != price.decimal for _, x in whole.prices):
            said = " and ".join(x.text for x in (whole.prices[0][1], price))
            raise line.wrong(f"the price of the whole is there twice, {said}: leave one out", at)
        whole.prices.append((at, price))
    if legs:
        legs = _with_games_below(line, whole, legs)
        _take_the_whole(line, whole, legs, staked=staked)
    for slots in legs:
        slots.day = slots.day or whole.day
    picks = _picks_of(line, legs)
    for slots in () if staked else (whole, *legs):
        check_clear(line, whole, slots)
    text = line.text.strip()
    if heading is not None and heading.count not in (None, len(picks)):
        raise BadBet(
            f"{text!r}: it says {heading.count} legs, but {len(picks)} could be read: "
            "write ';' between them"
        )
    _check_won(line, whole)
    odds = odds_of(whole) or ParlayPick.product(picks)
    if odds is not None and any(x.odds and x.odds.decimal > odds.decimal for x in picks):
        why = f"a parlay pays more than each of its legs: {odds.text} is no price of the whole"
        raise line.wrong(f"{why}; write a price behind each leg, or behind none", legs[0].start)
    return ParlayPick(
        text=text,
        legs=tuple(picks),
        same_game=(heading is not None and heading.same_game) or _same_game(line, legs),
        odds=odds,
        stake_cents=stake_of(whole),
        units=whole.units,
        tags=tuple(dict.fromkeys((*whole.tags, *(tag for x in legs for tag in x.tags)))),
        free=whole.free or any(x.free for x in legs),
        book=next((x.book for x in (whole, *legs) if x.book), None),
    )


def _same_game(line: Line, legs: Sequence[Slots]) -> bool:
    """Whether the word behind the legs says that all are of one game: `sgp +450`."""
    behind = legs[-1].whole_at if legs else None
    line.at = line.at if behind is None else behind
    return behind is not None and line.phrase(SAME_GAME) > 0


def with_money_beside(line: Line, read: Sequence[Slots]) -> Slots:
    """The one bet of a line, with the price, stake and tags that stand beside it."""
    bet = next(x for x in read if not x.empty)
    for part in read:
        if part is not bet:
            _join(line, bet, part)
    return bet


def _headed(legs: list[Slots]) -> bool:
    """Whether the one price of the legs stands above them, beside the game: that of the whole."""
    first = legs[0]
    at = [*first.names, *first.team_words] + [first.number_at] * (first.number is not None)
    alone = len(first.prices) == 1 and not any(x.prices for x in legs[1:])
    return alone and first.matchup is not None and bool(at) and first.prices[0][0] < min(at)


def _take_prices_below(whole: Slots, read: list[Slots]) -> None:
    """Give each leg of a slip without a price the one in the line below it, where all have one."""
    parts = [x for x in read if x.market_known or (x.empty and x.prices)]
    bare = [x for x in parts if not x.empty and not x.prices]
    below = [(x, y) for x, y in pairwise(parts) if y.empty and not x.empty and not x.prices]
    legs = sum(not x.empty for x in parts)
    others = whole.prices or len(parts) - legs > len(below)
    if legs > 1 and len(below) == len(bare) and (others or len(bare) == legs):
        for leg, part in below:
            leg.prices, part.prices = part.prices, []


def _with_games_below(line: Line, whole: Slots, legs: list[Slots]) -> list[Slots]:
    """The legs with the games of a slip that prints each game below its leg, the last one, too."""
    *others, last = legs
    bare = last.matchup is not None and not (last.team or last.names or last.market_known)
    begun = all(x.matchup is None or x.matchup_at == x.start for x in others)
    if not others or others[0].matchup is not None or not bare or not begun or last.direction:
        return legs
    for leg, behind in pairwise(legs):
        leg.matchup, leg.day, behind.day = behind.matchup, behind.day, None
    _join(line, whole, last)
    return others


def _picks_of(line: Line, legs: Sequence[Slots]) -> list[Pick]:
    """The picks of a parlay's legs; a leg may leave out the player of the leg before it."""
    picks: list[Pick] = []
    for number, slots in enumerate(legs, 1):
        line.leg = number
        text = line.text[line.words[slots.start].place : line.words[slots.end - 1].end]
        before = picks[-1] if picks else None
        pick = pick_of(line, slots, text.strip(), before)
        if pick.tags or pick.free or pick.book:
            pick = replace(pick, tags=(), free=False, book=None)
        picks.append(pick)
        if any(x.meaning == pick.meaning for x in picks[:-1]):
            raise line.wrong("the same leg stands before", slots.start)
    line.leg = None
    return picks


def _take_the_whole(line: Line, whole: Slots, legs: list[Slots], *, staked: bool) -> None:
    """Move the price and stake of the whole parlay, written after the last leg, off that leg."""
    *earlier, last = legs
    for number, slots in enumerate(earlier, 1):
        line.leg = number
        if slots.stake_cents is not None or slots.units is not None:
            raise line.wrong("a parlay has one stake: write it at the end", slots.stake_at)
        if len(slots.prices) > 1:
            raise line.wrong("a leg has one price", slots.prices[1][0])
        _move_won(slots, whole)
    line.leg = None
    apart = last.whole_at is not None and any(at > last.whole_at for at, _ in last.prices)
    priced = bool(earlier) and all(x.prices for x in earlier) and not apart
    if last.prices and not whole.prices and (len(last.prices) > 1 or not priced):
        whole.prices.append(last.prices.pop())
        if last.prices and last.unstaked and whole.unstaked and not staked:
            _check_no_stake(line, whole)
    _move_won(last, whole)
    stake, units, at = last.stake_cents, last.units, last.stake_at
    own = Slots(last.start, stake_cents=stake, units=units, stake_at=at, bare_stake=last.bare_stake)
    _join(line, whole, own)
    last.stake_cents, last.units = None, None


def _move_won(part: Slots, whole: Slots) -> None:
    """Give what a won bet pays, which a part of the line says, to the whole."""
    whole.to_win_cents = whole.to_win_cents or part.to_win_cents
    whole.payout_cents = whole.payout_cents or part.payout_cents
    whole.units_won = whole.units_won or part.units_won
    part.to_win_cents = part.payout_cents = part.units_won = None


def _join(line: Line, whole: Slots, part: Slots) -> None:
    """Add another part's price, stake and tags to those of the whole; BadBet for one twice."""
    twice = (bool(whole.prices) and bool(part.prices)) or len(part.prices) > 1
    staked = part.stake_cents is not None or part.units is not None
    other = whole.units is not None or whole.stake_cents not in (None, part.stake_cents)
    if twice or (staked and other):
        raise line.wrong("the price or the stake of the whole is there twice", part.start)
    whole.prices += part.prices
    whole.tags += part.tags
    whole.free = whole.free or part.free
    whole.book = whole.book or part.book
    if None not in (whole.day, part.day) and whole.day != part.day:
        raise line.wrong("write the day of each leg beside it, for there are two", part.start)
    whole.day = whole.day or part.day
    _move_won(part, whole)
    whole.bare_at = part.bare_at if whole.bare_at is None else whole.bare_at
    if staked:
        whole.stake_cents, whole.units = part.stake_cents, part.units
        whole.stake_at, whole.bare_stake = part.stake_at, part.bare_stake
