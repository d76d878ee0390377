"""The readers of a line: each puts the next words into the slots of a bet, or leaves them.

The readers of figures come first: lines and statistics; `slots` reads days, prices and stakes. Then
come those of terms and of names: teams, games, players. A reader returns whether it took any.
"""

from __future__ import annotations

import re

from tracker.domain import BadBet
from tracker.domain.catalog import Team, may_be_a_person, professional
from tracker.domain.catalog.books import book_names
from tracker.domain.market import LARGEST_SPREAD, LARGEST_TOTAL, Direction, Parity, Span
from tracker.domain.pick import Matchup
from tracker.domain.player import Stat, nicknamed
from tracker.language import vocabulary as say
from tracker.language.slots import (
    LEGS,
    LINE,
    SPREAD,
    Slots,
    priced_later,
    read_stake,
    said_before,
    take_price,
)
from tracker.language.tokens import Line, Word, is_initial


def read_book(line: Line, slots: Slots) -> bool:
    """Read the name of a sportsbook whose rules are known: `DraftKings`, `on FD`."""
    by = int(line.peek() in say.BY)
    line.at += by
    count = line.phrase(book_names()) or line.phrase(say.OTHER_BOOKS)
    name = " ".join(x.text for x in line.words[line.at : line.at + count])
    if not count or slots.book not in (None, name):
        line.at -= by
        return False
    slots.book = name
    line.at += count
    return True


def read_tag(line: Line, slots: Slots) -> bool:
    """Read a tag such as `#props`."""
    low = line.peek()
    if not low.startswith("#") or len(low) == 1:
        return False
    slots.tags.append(line.words[line.at].text[1:])
    line.at += 1
    return True


def read_over_under(line: Line, slots: Slots) -> bool:
    """Read a direction, mostly with its line: `over 224.5`, `o224.5`."""
    found = say.SIDE_AND_LINE.fullmatch(line.peek())
    count, way = (0, say.OVER_UNDER[found[1]]) if found else line.look_up(say.OVER_UNDER)
    text = found[2] if found else line.peek(count)
    letter = line.peek().rstrip(".") in ("o", "u") and not say.ANY_NUMBER.fullmatch(text)
    behind = slots.number is not None and slots.number_at == line.at - 1  # `224.5 o`
    if way is None or (letter and not (behind and slots.direction is None)):
        return False
    if not found and _stands_as_team(line, slots):
        return False
    said_otherwise = slots.direction not in (None, way)
    if said_otherwise or slots.or_more or (slots.direction and slots.number is not None):
        raise line.bad(slots.expected)
    slots.direction = way
    line.at += count
    if slots.number is not None and say.LINE_FORM.fullmatch(text):
        first = line.written(slots.number_at)
        raise line.wrong(f"two lines are named, {first} and {text}: leave one out", line.at)
    if slots.number is None and say.ANY_NUMBER.fullmatch(text):
        _line_of(line, slots, text)
    elif found:
        raise line.bad(slots.expected)
    return True


def _line_of(line: Line, slots: Slots, text: str) -> None:
    """Take the next word's number as the line."""
    value = float(text.replace(",", ""))
    if not 0 < value <= LARGEST_TOTAL or value * 2 != int(value * 2):
        raise _no_line(line, value)
    if slots.number is not None:
        raise line.bad(f"{slots.expected}{LEGS}")
    slots.number, slots.number_at = value, line.at
    line.at += 1


def _no_line(line: Line, value: float) -> BadBet:
    """The error about a number that is not in whole or half points."""
    if value <= LARGEST_TOTAL and value * 4 % 2 == 1:
        halves = f"{value - 0.25:g} and {value + 0.25:g}"
        return line.bad(f"{LINE} (a quarter line is two bets, of half the stake, at {halves})")
    return line.bad(f"{LINE} (a price stands behind it, or behind 'ML')")


def read_signed(line: Line, slots: Slots) -> bool:
    """Read a signed number: a spread such as `-4.5`, or American odds."""
    found = say.SIGNED.fullmatch(line.peek())
    if not found:
        return False
    value = float(found[2].replace(",", ""))
    if value > LARGEST_SPREAD or slots.market_known:
        return take_price(line, slots)
    if value * 2 != int(value * 2):
        raise _no_line(line, value)
    slots.handicap = -value if found[1] == "-" else value
    slots.number_at = line.at
    line.at += 1
    return True


def read_lone_price(line: Line, slots: Slots) -> bool:
    """Read a decimal price that begins a line of a slip: `4.50`, which is that of the whole."""
    alone = slots.many and slots.empty and say.TWO_DECIMALS.fullmatch(line.peek())
    return bool(alone) and take_price(line, slots)


def read_number(line: Line, slots: Slots) -> bool:
    """Read a number without a sign: `25+`, a price, a stake, or a line whose side follows."""
    if _read_at_least(line, slots):
        return True
    if said_before(line, slots):
        return take_price(line, slots)
    number = bool(say.ANY_NUMBER.fullmatch(line.peek()))
    if number and _can_only_be_stake(line, slots):
        before, after = line.peek(-1), line.peek(1)
        slots.bare_stake = before not in say.STAKE_LABELS and after not in say.MONEY_WORDS
        return read_stake(line, slots)
    if number and not _can_only_be_price(line, slots):
        return _read_bare_line(line, slots)
    return bool(say.PRICE.fullmatch(line.peek())) and take_price(line, slots)


def _read_at_least(line: Line, slots: Slots) -> bool:
    """Read `25+`, or the `+` behind its number."""
    low = line.peek()
    if found := say.AT_LEAST_LINE.fullmatch(low):
        _line_of(line, slots, found[1])
        return _or_more(line, slots)
    if low == "+" and slots.number_at == line.at - 1 and slots.number and not slots.direction:
        line.at += 1
        return _or_more(line, slots)
    return False


def _label(line: Line, slots: Slots) -> str:
    """The word of the bet before the next number where it says that this is a price; or empty."""
    before = line.peek(-1) if line.at > slots.start else ""
    return before if before in say.PRICE_LABELS or before in say.AT else ""


def _can_only_be_stake(line: Line, slots: Slots) -> bool:
    """Whether the next number begins the line, as in `20 on DEN ML`, or its price stands beside."""
    if not slots.unstaked:
        return False
    if line.at == 0 and line.peek(1) == "on":
        return True
    if slots.many or not slots.market_known:
        return False
    return bool(slots.prices) or (_label(line, slots) in ("", "for") and priced_later(line))


def _can_only_be_price(line: Line, slots: Slots) -> bool:
    return bool(_label(line, slots)) or slots.market_known or slots.number is not None


def _read_bare_line(line: Line, slots: Slots) -> bool:
    """Read a line whose side follows, or that wins `or more`."""
    if slots.team and not slots.names and not slots.at_least and not _side_follows(line):
        raise line.bad(SPREAD if slots.direction is None else LINE)
    _line_of(line, slots, line.peek())
    if slots.at_least or line.phrase(say.OR_MORE):
        return _or_more(line, slots)
    return True


def _or_more(line: Line, slots: Slots) -> bool:
    """Turn the number into an over: `25+` is over 24.5, `25.5 or more` over 25.5."""
    if slots.direction is Direction.UNDER:
        raise line.wrong("'under' and '+' say opposite sides: leave one out", slots.number_at)
    slots.or_more = True
    if slots.number is not None and slots.number == int(slots.number):
        slots.number -= 0.5
    return True


def _side_follows(line: Line) -> bool:
    """Whether the next number is a line whose side or statistic stands after it."""
    line.at += 1
    said = line.peek() == "+" or line.phrase((*say.OR_MORE, *say.OVER_UNDER, *say.STATS)) > 0
    line.at -= 1
    return said


def read_even_money(line: Line, slots: Slots) -> bool:
    """Read `EVEN` after a market as a price of even money."""
    count = line.phrase(say.EVEN_MONEY)
    if not count or not slots.market_known:
        return False
    take_price(line, slots)
    line.at += count - 1
    return True


_JOIN = re.compile(r"[+&/]|-and-")
_JOINERS = frozenset({"+", "&", "and", "/", ","})


def read_stat(line: Line) -> tuple[Stat, int] | None:
    """The statistic that the next words name, and how many words they are; None when none.

    Raises BadBet for a statistic that is not followed here, such as fantasy points.
    """
    count = line.phrase(say.UNKNOWN_STATS)
    if count > line.phrase(say.STATS):
        _, what = line.look_up(say.UNKNOWN_STATS)
        raise line.wrong(f"there are no lines on {what} here: {KNOWN}", line.at)
    parts, count = _parts(line, 0)
    if not parts:
        return None
    while (joined := _next(line, count)) is not None:
        more, after = joined
        parts |= more
        count = after
    if len(parts) == 1:
        return next(iter(parts)), count
    total = frozenset(parts)
    if total not in say.SUMS:
        names = " and ".join(sorted(x.value for x in total))
        raise line.wrong(f"there are no lines on {names} together here: {KNOWN}", line.at)
    return say.SUMS[total], count


KNOWN = f"choose from {' '.join(x.value for x in Stat)}"
"""The statistics that are followed, for an error."""


def _next(line: Line, count: int) -> tuple[set[Stat], int] | None:
    """The next part of a sum, and the count of words up to its end; None when none follows."""
    joined = line.peek(count) in _JOINERS
    follows = count + int(joined)
    if line.peek(count) == "," and line.peek(follows) in ("&", "and"):
        follows += 1
    if not joined and line.peek(follows) in ("to", "point", "pt"):
        return None
    parts, after = _parts(line, follows)
    return (parts, after) if parts else None


def _parts(line: Line, ahead: int) -> tuple[set[Stat], int]:
    """The statistics of the term `ahead` words on, and the count of words up to its end."""
    line.at += ahead
    count, stat = line.look_up(say.STATS)
    low = line.peek()
    line.at -= ahead
    if stat is not None:
        return set(stat.parts), ahead + count
    pieces = [x for x in _JOIN.split(low) if x]
    if len(pieces) < 2:  # noqa: PLR2004 - a sum of two or more
        return set(), 0
    found = [say.LETTERS.get(x) or say.STATS.get(x) for x in pieces]
    if None in found:
        return set(), 0
    return {part for x in found if x is not None for part in x.parts}, ahead + 1


def read_counted(line: Line, slots: Slots) -> bool:
    """Read what a player line counts, such as `pts`; `points` of a team changes nothing."""
    found = read_stat(line)
    letter = say.LETTERS.get(line.peek()) if slots.number_at == line.at - 1 else None
    if found is None and letter and slots.names and slots.number is not None:
        found = letter, 1  # `Jokic o12.5 R`
    if found is None:
        return False
    stat, count = found
    if line.phrase(say.PHRASES) > count:
        return False
    if slots.stat not in (None, stat):
        first = slots.stat or stat
        a_sum = first is not Stat.PTS and Stat.PTS in first.parts
        before = a_sum and slots.stat_at < slots.number_at  # `PRA o50.5 points`
        if Stat.PTS not in (stat, first) or (slots.number is not None and not before):
            both = f"{first.value} and {stat.value}"
            raise line.wrong(f"two statistics are named, {both}: leave one out", line.at)
        # `Total points` may head a slip which names the statistic later.
        stat = slots.stat if stat is Stat.PTS and slots.stat is not None else stat
    slots.stat, slots.stat_at = stat, line.at
    line.at += count
    return True


def read_term(line: Line, slots: Slots) -> bool:
    """Read the longest term of the vocabulary that the next words form, of any kind."""
    count, term = line.longest(say.PHRASES)
    if term == "total points" and _counts_points(line, slots):
        count, term = 1, "total"
    if not count or is_initial(line.word) or _a_team_after_all(line, slots, count):
        return False
    if term in say.BACKED:
        raise line.wrong(f"{term!r} {say.ON_YOUR_STAKE}", line.at)
    if term in say.OTHERS:
        raise line.wrong(say.OTHERS[term], line.at)
    behind = slots.number is not None and slots.stat_at > slots.number_at
    if term in say.OR_MORE and behind and not (slots.direction or slots.or_more):
        _or_more(line, slots)  # `25 points or more`
    which = _says_which(line, slots, term, line.at + count - 1)
    if not (which or _says_so(slots, term) or _passes(line, slots, term)):
        return False
    line.at += count
    return True


def _counts_points(line: Line, slots: Slots) -> bool:
    """Whether `points` after `total` are a player's, or begin a sum: points and rebounds."""
    kept, line.at = line.at, line.at + 1
    found = read_stat(line)
    line.at = kept
    player = slots.names or line.peek(-1) == "player"
    return bool(player) or (found is not None and len(found[0].parts) > 1)


def _says_which(line: Line, slots: Slots, term: str, last: int) -> bool:
    """Take a term that has a value: a span, a double-double, odd or even, a pick'em."""
    span, tens = say.SPANS.get(term), say.TENS.get(term)
    if span is not None:
        if slots.span not in (None, span):
            raise line.bad(slots.expected)
        clock = span is not Span.GAME and say.CLOCK_TIME.match(line.text, line.words[last].end)
        if slots.span is None and clock:
            raise line.wrong(say.CLOCK, line.at)
        slots.span = span
    elif tens is not None:
        if slots.tens not in (None, tens):
            raise line.bad(slots.expected)
        slots.tens = tens
    elif term in say.PARITIES and slots.parity is None and not slots.market_known:
        slots.parity = Parity(say.PARITIES[term])
    elif term in say.PICKEM and slots.team and not slots.market_known:
        slots.handicap = 0.0
    else:
        return False
    return True


_SAYINGS = (
    (say.THREE_WAY, "three_way"),
    (say.TIE, "tie"),
    (say.MONEYLINE, "moneyline"),
    (say.TEAM_TOTAL, "team_total"),
    (say.AT_LEAST, "at_least"),
    (say.NEGATION, "negated"),
    (say.SCORES, "scores"),
    (say.FREE, "free"),
)
"""Terms that are either there or not, and the slot of each."""


def _says_so(slots: Slots, term: str) -> bool:
    """Take a term that is either there or not, such as `moneyline`."""
    name = next((name for terms, name in _SAYINGS if term in terms), None)
    if name is not None:
        setattr(slots, name, True)
    return name is not None


def _passes(line: Line, slots: Slots, term: str) -> bool:
    """Whether the term changes nothing here and is skipped."""
    if term in say.NOISE:
        return True
    follows = line.peek(len(term.split()))
    labels = follows[:1] in (":", "$") or say.PRICE_FOLLOWS.match(follows)
    if term in say.PRICE_LABELS and (labels or (term == "odds" and slots.prices)):
        return True
    return term in (say.PICKEM | say.STAKE_LABELS) and (line.at == slots.start or follows == ":")


def _a_team_after_all(line: Line, slots: Slots, count: int) -> bool:
    """Whether a term is a team's name here: `NO` may be New Orleans, `HC` a college."""
    word = line.words[line.at]
    if line.phrase(say.NEGATION) == count:
        kept, line.at = line.at, line.at + count
        tens = line.phrase(say.TENS) or line.peek() in ("a", "to")
        # `No` stands before the name on slips; a code is in capitals.
        tens = tens or (not word.text.isupper() and (line.later(say.TENS) or _may_be_named(line)))
        line.at = kept
        named = word.text.isupper() or not (slots.team or slots.names or slots.market_known)
        return named and not tens and slots.tens is None and bool(line.team()[0])
    return _stands_as_team(line, slots)


def _stands_as_team(line: Line, slots: Slots) -> bool:
    """Whether a term in capitals is a team's code: a game's mark or a team's line stands after it.

    `TTU -4.5` is Texas Tech, and `ttu 110.5` is under a team total.
    """
    if slots.team or slots.names or not line.words[line.at].text.isupper():
        return False
    kept, line.at = line.at, line.at + 1
    line.at += line.phrase(say.SPANS)
    low, named = line.peek(), line.phrase(say.MONEYLINE) or line.phrase(say.OVER_UNDER)
    line.at = kept
    written = say.SPREAD_FORM.fullmatch(low) or say.SIDE_AND_LINE.fullmatch(low)
    return line.team()[0] > (0 if low in say.VERSUS or written or named else 1)


def read_game_or_team(line: Line, slots: Slots) -> bool:
    """Read a game, a team, or the opponent of a team or player: `LAL@DEN`, `DEN`, `vs LAL`."""
    if line.peek() in say.VERSUS:
        return _opponent(line, slots)
    count, found = line.team()
    if not count and line.peek() in ("home", "away"):
        count, found = 1, slots.matchup.side(line.peek()) if slots.matchup else ()
        if not found:
            raise line.wrong(f"write a game as LAL@DEN, so that {line.peek()!r} is a team", line.at)
    if not count:
        return False
    words = [x.text for x in line.words[line.at : line.at + count]]
    in_a_name = bool(slots.names) and slots.names[-1] == line.at - 1
    if may_be_a_person(" ".join(words), found) and (in_a_name or _name_follows(line, count)):
        _take_name(line, slots, count)
        return True
    line.at += count
    if line.peek() in say.VERSUS and _versus_team(line):
        _matchup(line, slots, count, found)
    elif not slots.team:
        slots.team, slots.team_words = professional(found), range(line.at - count, line.at)
    elif both := tuple(x for x in slots.team if x in found):
        slots.team = both
    else:
        _second_team(line, slots, count, found)
    return True


def _second_team(line: Line, slots: Slots, count: int, found: tuple[Team, ...]) -> None:
    """Take a second team right after the first as a game: `lakers nuggets o224.5`."""
    shared = _leagues(slots.team) & _leagues(found)
    if slots.team_words.stop != line.at - count or slots.matchup is not None or not shared:
        raise line.bad(f"one team, or a game such as LAL@DEN{LEGS}", line.at - count)
    first, second = (tuple(x for x in y if x.league in shared) for y in (slots.team, found))
    slots.matchup = Matchup(professional(first), professional(second), any_order=True)
    slots.matchup_at = slots.team_words.start
    slots.team, slots.team_words = (), range(0)


def _name_follows(line: Line, ahead: int) -> bool:
    """Whether the word `ahead` words on can only be part of a name, as in `Orlando Robinson`.

    Two words that may each be a school or a name, as in `Troy Brown`, are a player's name where the
    rest of the bet counts a player's statistic.
    """
    kept, line.at = line.at, line.at + ahead
    counts = not line.team()[0] or line.later(say.STATS) or line.later(say.TENS)
    follows = counts and _may_be_named(line)
    follows = follows and not _whole_name(line, line.words[line.at - 1])
    line.at = kept
    return follows


def _may_be_named(line: Line) -> bool:
    """Whether the next word may be one of a person's names: no term, and no team but a city."""
    word = line.word
    if word is None or word.soft or not _nameable(word) or word.low in say.VERSUS:
        return False
    if say.is_day(word.low, line.peek(1)) or (line.phrase(say.PHRASES) and not is_initial(word)):
        return False
    count, found = line.team()
    return not count or (count == 1 and may_be_a_person(word.text, found))


def _whole_name(line: Line, team: Word) -> bool:
    """Whether the next two words are a name (`Reaves LAL` is none); after `UConn` one does."""
    first = line.words[line.at]
    if not team.text.islower() | team.text.istitle() | (team.text.isupper() & first.text.isupper()):
        return True
    line.at += 1
    return _may_be_named(line) and line.peek().rstrip(".") not in say.NO_SURNAMES


def _versus_team(line: Line) -> bool:
    """Whether a team follows the next word."""
    line.at += 1
    # `Win` is a college's code too: it is one in `Duke vs Win`, and not in `Nuggets - Win`.
    won = line.peek(-1) == "-" and line.phrase(say.MONEYLINE)
    count = 0 if won and not line.words[line.at].text.isupper() else line.team()[0]
    line.at -= 1
    if not count and line.peek() == "@" and not say.PRICE_FOLLOWS.match(line.peek(1)):
        raise line.bad("the home team after '@'", line.at + 1)
    return count > 0


def _matchup(line: Line, slots: Slots, count: int, away: tuple[Team, ...]) -> None:
    """Read the mark and the second team of a game, whose first team had `count` words."""
    mark, slots.matchup_at = line.peek(), line.at - count
    line.at += 1
    # In `LAL@DEN Nuggets -4.5` the last name is the team of the bet.
    twice = count > 1
    size, home = line.team(twice=twice)
    shared = _leagues(away) & _leagues(home)
    if not shared:
        line.at -= count + 1
        _, away = line.team(wide=True)
        line.at += count + 1
        _, home = line.team(wide=True, twice=twice)
        shared = _leagues(away) & _leagues(home)
    if not shared:
        raise line.bad("a team of the league of the one before")
    made = Matchup(
        professional(tuple(x for x in away if x.league in shared)),
        professional(tuple(x for x in home if x.league in shared)),
        any_order=mark not in say.AT,
    )
    if made.away == made.home and len(made.home) == 1:
        raise line.bad("another team, for none plays itself")
    if slots.matchup not in (None, made):
        raise line.bad(slots.expected, line.at - count - 1)
    slots.matchup = made
    line.at += size


def _opponent(line: Line, slots: Slots) -> bool:
    """Read an opponent: `vs LAL` after a team or a player. An `@` before a price is skipped."""
    priced = slots.market_known or (slots.many and slots.empty)
    if say.PRICE_FOLLOWS.match(line.peek(1)) and priced:
        line.at += 1
        return True
    if slots.matchup is not None or not (slots.team or slots.names) or not _versus_team(line):
        return False
    mark, any_order = line.peek(), line.peek() not in say.AT
    line.at += 1
    count, found = line.team(twice=slots.market_known)
    shared = _leagues(slots.team) & _leagues(found) if slots.team else _leagues(found)
    home = tuple(x for x in found if x.league in shared)
    if not home:
        raise line.bad("a team of the league of the one before")
    away = tuple(x for x in slots.team if x.league in shared)
    slots.matchup = Matchup(away, home, any_order=any_order)
    line.at += count
    if slots.market_known and (mark in ("x", "/") or line.phrase(say.MONEYLINE)):  # two bets
        raise line.bad(f"one team, or a game such as LAL@DEN{LEGS}", line.at - count)
    return True


def _leagues(found: tuple[Team, ...]) -> frozenset[str]:
    return frozenset(x.league for x in found)


def read_name(line: Line, slots: Slots) -> bool:
    """Read a word that can only be part of a player's name."""
    word = line.word
    if word is None or not _nameable(word):
        return False
    if slots.names and word.low in say.VERSUS:
        raise line.bad(f"the team that he plays against ({say.TOGETHER})", line.at + 1)
    turned = line.peek(-1) == "," and len(slots.names) == 1 and not slots.many
    adjoining = not slots.names or slots.names[-1] == line.at - (2 if turned else 1)
    if not adjoining:
        return _same_name(line, slots)
    _take_name(line, slots, 1)
    return True


def _same_name(line: Line, slots: Slots) -> bool:
    """Skip the player's name where a slip prints it again. Raises BadBet for another name."""
    name = [line.words[i].low.rstrip(",") for i in slots.names]
    if [line.peek(i) for i in range(len(name))] != name:
        raise line.bad(f"{slots.expected}{LEGS if slots.ready else ''}")
    line.at += len(name)
    return True


def _take_name(line: Line, slots: Slots, count: int) -> None:
    for _ in range(count):
        if slots.stranger is None and not line.team()[0]:
            slots.stranger = line.at, slots.expected
        slots.names.append(line.at)
        line.at += 1


def _nameable(word: Word) -> bool:
    plain = word.text.rstrip(".,'\u2019")
    named = plain[:1].isalpha() and all(x.isalpha() or x in ".'\u2019-" for x in plain)
    return named or bool(nicknamed(plain))
