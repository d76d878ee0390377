"""Reads whom a bet is about: teams, games, players, and the terms that are no figures."""

from __future__ import annotations

import re

from tracker.domain.catalog.teams import Team, may_be_a_person, professional
from tracker.domain.market import Parity
from tracker.domain.pick import Matchup
from tracker.language import vocabulary as say
from tracker.language.slots import Slots, read_stat
from tracker.language.tokens import Line, Word

_INITIAL = re.compile(r"[^\W\d_]\.")
_PRICE_FOLLOWS = re.compile(r"[+-]?[\d.]|ev")


def read_term(line: Line, slots: Slots) -> bool:
    """The longest term that the next words are, whatever its kind."""
    count, term = line.longest(say.PHRASES)
    if term == "total points" and (slots.names or _a_sum_follows(line)):
        count, term = 1, "total"
    if not count or is_initial(line.word) or _a_team_after_all(line, slots, count):
        return False
    if not (_says_which(line, slots, term) or _says_so(slots, term) or _passes(line, slots, term)):
        return False
    line.at += count
    return True


def _a_sum_follows(line: Line) -> bool:
    """Whether the points of `total points` are the first part of a sum, with rebounds, say."""
    kept, line.at = line.at, line.at + 1
    found = read_stat(line)
    line.at = kept
    return found is not None and len(found[0].parts) > 1


def _says_which(line: Line, slots: Slots, term: str) -> bool:
    """A term that is one of several: a span, a double-double, odd or even, a pick'em."""
    span, tens = say.SPANS.get(term), say.TENS.get(term)
    if span is not None:
        if slots.span not in (None, span):
            raise line.bad(slots.expected)
        slots.span = span
    elif tens is not None:
        if slots.tens not in (None, tens):
            raise line.bad(slots.expected)
        slots.tens = tens
    elif term in say.PARITIES and slots.parity is None and not slots.market_said:
        slots.parity = Parity(say.PARITIES[term])
    elif term in say.PICKEM and slots.team and not slots.market_said:
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
)
"""Terms that are said or not, and the slot that notes it."""


def _says_so(slots: Slots, term: str) -> bool:
    name = next((name for terms, name in _SAYINGS if term in terms), None)
    if name is not None:
        setattr(slots, name, True)
    return name is not None


def _passes(line: Line, slots: Slots, term: str) -> bool:
    """Whether the term changes nothing here."""
    if term in say.NOISE:
        return True
    follows = line.peek(len(term.split()))
    if term in say.PRICE_LABELS and (follows == ":" or _PRICE_FOLLOWS.match(follows)):
        return True
    return term in (say.PICKEM | say.STAKE_LABELS) and line.at == slots.start


def _a_team_after_all(line: Line, slots: Slots, count: int) -> bool:
    """`NO` is New Orleans and `HC` a college where they stand as a team does."""
    if line.phrase(say.NEGATION) == count:
        kept, line.at = line.at, line.at + count
        tens = line.phrase(say.TENS) or line.peek() in ("a", "to")
        line.at = kept
        return not tens and slots.tens is None and bool(line.team()[0])
    word = line.words[line.at]
    stands_as_team = line.peek(1) in say.VERSUS and word.text.isupper() and not slots.team
    return stands_as_team and bool(line.team()[0])


def is_initial(word: Word | None) -> bool:
    """Whether a word is a first name cut to a letter: `N.`."""
    return word is not None and bool(_INITIAL.fullmatch(word.text))


def read_game_or_team(line: Line, slots: Slots) -> bool:
    """A game, a team, or whom a team or a player meets: `LAL@DEN`, `DEN`, `vs LAL`."""
    if line.peek() in say.VERSUS:
        return _opponent(line, slots)
    count, found = line.team()
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
    """Two teams side by side are a game: `lakers nuggets o224.5`."""
    shared = _leagues(slots.team) & _leagues(found)
    if slots.team_words.stop != line.at - count or slots.matchup is not None or not shared:
        line.at -= count
        raise line.bad("one team, or a game such as LAL@DEN")
    first, second = (tuple(x for x in y if x.league in shared) for y in (slots.team, found))
    slots.matchup = Matchup(professional(first), professional(second), any_order=True)
    slots.team, slots.team_words = (), range(0)


def _name_follows(line: Line, ahead: int) -> bool:
    """Whether the word so far ahead can only be a name, as in `Orlando Robinson`.

    Where two may be schools or people, as in `Troy Brown`, a player's line makes them a player.
    """
    kept, line.at = line.at, line.at + ahead
    word = line.word
    follows = (
        word is not None
        and not word.soft
        and _nameable(word)
        and (is_initial(word) or not line.phrase(say.PHRASES))
        and word.low not in say.VERSUS
    )
    if follows and word is not None:
        count, found = line.team()
        if count:
            follows = count == 1 and may_be_a_person(word.text, found) and _counts(line)
    line.at = kept
    return follows


def _counts(line: Line) -> bool:
    """Whether what a player does is counted in what is left of the bet."""
    kept, counts = line.at, False
    while (word := line.word) is not None and not word.ends_leg and not counts:
        counts = line.phrase(say.STATS) > 0 or line.phrase(say.TENS) > 0
        line.at += 1
    line.at = kept
    return counts


def _versus_team(line: Line) -> bool:
    """Whether a team stands behind the next word."""
    line.at += 1
    count, _ = line.team()
    line.at -= 1
    if not count and line.peek() == "@" and not _PRICE_FOLLOWS.match(line.peek(1)):
        line.at += 1
        raise line.bad("the home team after '@'")
    return count > 0


def _matchup(line: Line, slots: Slots, count: int, away: tuple[Team, ...]) -> None:
    mark = line.peek()
    line.at += 1
    size, home = line.team()
    shared = _leagues(away) & _leagues(home)
    if not shared:
        line.at -= count + 1
        _, away = line.team(wide=True)
        line.at += count + 1
        _, home = line.team(wide=True)
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
        line.at -= count + 1
        raise line.bad(slots.expected)
    slots.matchup = made
    line.at += size


def _opponent(line: Line, slots: Slots) -> bool:
    """`vs LAL` after a team or a player. An `@` before a price says nothing."""
    if _PRICE_FOLLOWS.match(line.peek(1)) and slots.market_said:
        line.at += 1
        return True
    if slots.matchup is not None or not (slots.team or slots.names) or not _versus_team(line):
        return False
    any_order = line.peek() not in say.AT
    line.at += 1
    count, found = line.team()
    shared = _leagues(slots.team) & _leagues(found) if slots.team else _leagues(found)
    home = tuple(x for x in found if x.league in shared)
    if not home:
        raise line.bad("a team of the league of the one before")
    away = tuple(x for x in slots.team if x.league in shared)
    slots.matchup = Matchup(away, home, any_order=any_order)
    line.at += count
    return True


def _leagues(found: tuple[Team, ...]) -> frozenset[str]:
    return frozenset(x.league for x in found)


def read_name(line: Line, slots: Slots) -> bool:
    """A word that can only be a part of a player's name."""
    word = line.word
    if word is None or not _nameable(word):
        return False
    turned = line.peek(-1) == "," and len(slots.names) == 1 and not slots.many
    adjoining = not slots.names or slots.names[-1] == line.at - (2 if turned else 1)
    if not adjoining:
        raise line.bad(slots.expected)
    _take_name(line, slots, 1)
    return True


def _take_name(line: Line, slots: Slots, count: int) -> None:
    for _ in range(count):
        if slots.stranger is None and not line.team()[0]:
            slots.stranger = line.at, slots.expected
        slots.names.append(line.at)
        line.at += 1


def _nameable(word: Word) -> bool:
    plain = word.text.rstrip(".,'\u2019")
    return plain[:1].isalpha() and all(x.isalpha() or x in ".'\u2019-" for x in plain)
