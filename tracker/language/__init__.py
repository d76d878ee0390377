"""The grammar of a bet's line of text: `LAL@DEN over 224.5 -110 $20 #tag`.

    line   = bet | [heading] bet (";" bet)+ [price] [stake]
    bet    = [game] whom market [span] [price] [stake] [tag...], in any order
    game   = team "@" team [date], or with "vs"
    whom   = a team by code, city, nickname or full name; or a player by name
    market = "ML" | points | ("over" | "under") points | "odd" | "even" | "3-way" | "tie"
           | ("over" | "under") points stat | number "+" stat | "double-double"

Words of betting slips that change nothing are skipped. A line is parsed without knowing tonight's
games; `Pick.market_for` gives the market once the game is known. A bet may also come in parts: its
line, its game, its player, its legs, its stake. This module parses, from the top down: a whole
line, the parts, one bet word by word, a parlay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, lru_cache

from tracker.domain import BadBet
from tracker.domain.catalog import Team, longest_name
from tracker.domain.catalog.books import book_names
from tracker.domain.game import Game
from tracker.domain.league import LEAGUES
from tracker.domain.money import Odds, in_cents
from tracker.domain.pick import Matchup, ParlayPick, Pick, Written
from tracker.language import vocabulary as say
from tracker.language.picks import (
    Heading,
    check_clear,
    is_uneven,
    parlay_of,
    pick_of,
    with_money_beside,
)
from tracker.language.readers import (
    read_book,
    read_counted,
    read_even_money,
    read_game_or_team,
    read_lone_price,
    read_name,
    read_number,
    read_over_under,
    read_signed,
    read_tag,
    read_term,
)
from tracker.language.slots import LEGS, Slots, read_day, read_money, read_units
from tracker.language.tokens import FindTeam, Line, begins_phrase, is_initial

_GAME_ID = re.compile(r"\d{8,10}(?:-[\w&'.-]+)?", re.ASCII)
"""A game's id, as `tracker games --json` shows it."""

_SIDE = re.compile("home|away", re.IGNORECASE)


@lru_cache(maxsize=1024)
def find_in(*leagues: str, guests: tuple[Team, ...] = (), game: Matchup | None = None) -> FindTeam:
    """A lookup of teams among the shipped names of these leagues and among `guests`.

    `home` and `away` are the teams of `game`.
    """

    def find(words: list[str], *, wide: bool = False) -> tuple[int, tuple[Team, ...]]:
        side = game.side(words[0]) if game is not None and words else ()
        return (1, side) if side else _named(tuple(words), leagues, wide, guests)

    return find


@lru_cache(maxsize=8192)
def _named(
    words: tuple[str, ...], leagues: tuple[str, ...], wide: bool, guests: tuple[Team, ...]
) -> tuple[int, tuple[Team, ...]]:
    """The teams that leading words name; the many bets of a file are on few teams."""
    return longest_name(list(words), leagues, wide=wide, guests=guests)


def find_in_game(game: Game) -> FindTeam:
    """A lookup of a game's two teams by their shipped names, codes, `home` and `away`."""
    away, home = (Team(game.league, x, x, x) for x in (game.away, game.home))
    return find_in(game.league, guests=(away, home), game=Matchup((away,), (home,)))


@lru_cache(maxsize=4096)
def parse_bet(
    text: str,
    find: FindTeam,
    *,
    staked: bool = False,
    priced: bool = False,
    now: datetime | None = None,
) -> Written:
    """Read one line: a single bet or a parlay. Raises BadBet with the place and what was expected.

    Several bets are separated by `;` or ` + `, and also by commas and new lines where the line
    begins with a word such as `parlay:`. `staked` is whether the stake is known without the line,
    so that a bare whole number in it can only be the price; `priced` is whether a price other than
    even money is, so that `even` in it is about points. `now` is the time on the person's own
    clock, for words such as `tonight`; None where the line may be read on any day.
    """
    if not text.strip():
        raise BadBet("an empty bet: write one like 'DEN -4.5 -110 $20'")
    if any("\ud800" <= x <= "\udfff" for x in text):
        raise BadBet(f"{text!r} holds bytes that are no text: write it in UTF-8")
    line = Line.over(text, find, now)
    line.priced = priced
    heading = _read_heading(line)
    read = _legs_of(line, many=heading is not None)
    line.leg = None
    if heading is None and len(read) > 1 and sum(not x.empty for x in read) == 1:
        read = [with_money_beside(line, read)]  # `DEN -4.5; -110; $20`
    if heading is None and len(read) == 1:
        if not staked:
            check_clear(line, read[0], read[0])
        return pick_of(line, read[0], text.strip())
    if not read:
        raise line.bad("a bet such as 'DEN -4.5 -110 $20'", len(line.words))
    return parlay_of(line, heading, read, staked=staked)


def parse_pick(text: str, find: FindTeam) -> Pick:
    """Read one line that holds a single bet. Raises BadBet as `parse_bet`, and for a parlay."""
    found = parse_bet(text, find, staked=True)
    if isinstance(found, ParlayPick):
        raise BadBet(f"{found.text!r} is a parlay of {len(found.legs)} legs: expected a single bet")
    return found


def parse_matchup(text: str, find: FindTeam, now: datetime | None = None) -> Matchup:
    """Read a game such as `LAL@DEN`, `LAL@DEN 2026-11-20`, or its id. Raises BadBet.

    `now` is as of `parse_bet`.
    """
    if _GAME_ID.fullmatch(text.strip()):
        return Matchup((), (), game_id=text.strip())
    line = Line.over(text, find, now)
    slots = Slots(0)
    if line.team()[0] == 0:
        raise line.bad("a game such as LAL@DEN")
    while slots.matchup is None and read_game_or_team(line, slots):
        pass
    if slots.matchup is None:
        raise line.bad("'@' and the home team, such as LAL@DEN")
    while read_day(line, slots):
        line.at += int(line.peek() == ",")
    if line.word is not None:
        raise line.bad("a date such as 2026-11-20, or nothing")
    return Matchup(
        slots.matchup.away, slots.matchup.home, slots.day, any_order=slots.matchup.any_order
    )


def read_line(
    line: str,
    game: str | None = None,
    guests: Sequence[Team] = (),
    *,
    staked: bool = False,
    odds: Odds | None = None,
    now: datetime | None = None,
) -> tuple[Written, Matchup | None]:
    """Read a line, with the game that it names or that `game` names; None where neither does.

    `game` also tells the league, so that `HOU` is a college where its opponent is one. `guests` are
    teams of feeds that the catalog does not list; `odds` is the price that stands beside the line.
    `staked` and `now` are as of `parse_bet`. Raises BadBet.
    """
    matchup, find = _beside(game, tuple(guests), now, sided=bool(_SIDE.search(line)))
    written = parse_bet(line, find, staked=staked, priced=is_uneven(odds), now=now)
    if matchup is None and isinstance(written, Pick):
        matchup = written.matchup
    for day in (x.matchup.day for x in written.legs if x.matchup and x.matchup.day):
        if matchup is not None and matchup.day not in (None, day):
            raise BadBet(f"{line!r} is of {day}, and {game!r} of {matchup.day}: drop one")
    return written, matchup


def read_legs(
    legs: Sequence[str], game: str | None = None, guests: Sequence[Team] = ()
) -> tuple[Written, Matchup | None]:
    """Read a parlay whose legs are given one by one; arguments and result as of `read_line`."""
    matchup, _ = _beside(game, tuple(guests))
    picks: list[Pick] = []
    for number, text in enumerate(legs, 1):
        try:
            _, find = _beside(game, tuple(guests), sided=bool(_SIDE.search(text)))
            pick = parse_pick(text, find)
        except BadBet as why:
            raise BadBet(f"leg {number}: {why}") from None
        if pick.stake_cents is not None or pick.units is not None:
            raise BadBet(f"leg {number}: {text!r}: a parlay has one stake, beside its legs")
        picks.append(pick)
    text = "; ".join(pick.text for pick in picks)
    written = ParlayPick(
        text=f"parlay: {text}",
        legs=tuple(replace(pick, tags=(), free=False, book=None) for pick in picks),
        odds=ParlayPick.product(picks),
        tags=tuple(dict.fromkeys(tag for pick in picks for tag in pick.tags)),
        free=any(pick.free for pick in picks),
        book=next((x.book for x in picks if x.book), None),
    )
    return written, matchup


@lru_cache(maxsize=1024)
def _beside(
    game: str | None, guests: tuple[Team, ...], now: datetime | None = None, *, sided: bool = False
) -> tuple[Matchup | None, FindTeam]:
    """The game that is named beside a line, and the lookup for the line.

    The many bets of a file are on few games. Only a line that is `sided`, with the word `home` or
    `away`, is read otherwise for each of them.
    """
    every = find_in(*LEAGUES, guests=guests)
    matchup = None if game is None else parse_matchup(game, every, now)
    return matchup, find_in(*_leagues(matchup), guests=guests, game=matchup if sided else None)


def _leagues(matchup: Matchup | None) -> tuple[str, ...]:
    if matchup is None or not matchup.names_a_team:
        return tuple(LEAGUES)
    named = {team.league for team in (*matchup.away, *matchup.home)}
    return tuple(x for x in LEAGUES if x in named)


def still_written(
    pick: Written, odds: Odds | None, stake_cents: int | None, game: Matchup | None = None
) -> str:
    """The words of a bet without a written price or stake that is no longer its own.

    `game` is that which a text beside the words names. A stake in units stays: what a unit was
    worth then is not known.
    """
    words, find = pick.text.split(), find_in(*LEAGUES, game=game)
    for name, known in (("odds", odds), ("stake_cents", stake_cents)):
        if getattr(pick, name) not in (None, known):
            rest = _without(words, find, name)
            if rest == words:  # `20 @ 1.91` and `risk $22 to win $20` say both together
                return " ".join(_without(words, find, *_MONEY))
            words = rest
    return " ".join(words)


_SOME_DAY = datetime(2001, 7, 2, 12, tzinfo=UTC)
"""A time by which words for a day can be read where it does not matter which day they say."""


_COUNTS = (1, 2), (5, 4, 3, 2, 1)
"""How many words may say a price or a stake, and how many both, in the order to be tried."""


def _without(words: list[str], find: FindTeam, *gone: str) -> list[str]:
    """The words but for the few that say these fields of a bet; all where none do."""
    for now in (None, _SOME_DAY):
        rest = _without_by(words, find, gone, now)
        if rest != words:
            return rest
    return words


def _without_by(
    words: list[str], find: FindTeam, gone: Sequence[str], now: datetime | None
) -> list[str]:
    try:
        wanted = _said(parse_bet(" ".join(words), find, staked=True, now=now), gone)
    except BadBet:
        return words
    for many in _COUNTS[len(gone) > 1]:
        for first in reversed(range(len(words) - many + 1)):
            rest = words[:first] + words[first + many :]
            try:
                less = parse_bet(" ".join(rest), find, staked=True, now=now)
            except BadBet:
                continue
            if _said(less) == wanted:
                return rest
    return words


_MONEY = ("odds", "stake_cents", "units")


def _said(pick: Written, gone: Sequence[str] = ()) -> tuple[object, ...]:
    """All that a line says, whatever its words, but for these fields of its money."""
    prices = [leg.odds for leg in pick.legs]
    money = [None if name in gone else getattr(pick, name) for name in _MONEY]
    return (pick.meaning, prices if len(prices) > 1 else None, *money, pick.tags, pick.free)


def stake_written(written: Written, unit_cents: int) -> int | None:
    """The stake in a line, in cents; None when it has none. `unit_cents` is one unit's worth."""
    if written.units is None:
        return written.stake_cents
    return in_cents(written.units, unit_cents)


_Reader = Callable[[Line, Slots], bool]


@cache
def every_reader() -> tuple[tuple[_Reader, bool, frozenset[str]], ...]:
    """The readers of terms and figures, the surest first, each with what it may begin with.

    That is, whether a plain figure, and which words of letters alone. A reader takes the next words
    and returns True, or returns False and takes none.
    """
    labels = say.first_words(say.WIN_LABELS, say.PAYOUT_LABELS, say.STAKE_LABELS)
    books = say.first_words(say.BY, book_names(), say.OTHER_BOOKS)
    return (
        (read_tag, False, frozenset()),
        (read_units, True, say.first_words(say.HALF_A_UNIT)),
        (read_day, True, say.first_words(say.RELATIVE_DAYS, say.WEEKDAYS, say.MONTHS)),
        (read_money, True, labels),
        (read_book, False, books),
        (read_even_money, False, say.first_words(say.EVEN_MONEY)),
        (read_counted, False, say.first_words(say.STATS, say.UNKNOWN_STATS, say.LETTERS)),
        (read_over_under, False, say.first_words(say.OVER_UNDER)),
        (read_term, False, say.first_words(say.PHRASES)),
        (read_signed, False, frozenset()),
        (read_lone_price, True, frozenset()),
        (read_number, True, frozenset()),
    )


@lru_cache(maxsize=8192)
def readers_of(low: str) -> tuple[_Reader, ...]:
    """The readers that may take a word, by how it is written: each word is looked up once."""
    if say.SIGNED.fullmatch(low):
        return (read_signed,)
    if say.ANY_NUMBER.fullmatch(low) and not begins_phrase(low):
        return tuple(reader for reader, figures, _ in every_reader() if figures)
    fits = not low.isalpha()
    kept = (reader for reader, _, words in every_reader() if fits or low in words)
    return (*kept, read_game_or_team, read_name)


_BULLET = re.compile(r"\d{1,2}\.|>+")
"""Finds a mark that may stand before each bet of a list: `1.`, `>`."""

_JOINTS = frozenset({"+", "&", "and"})
"""Words that may separate two bets in any line."""
_PAIRS = _JOINTS | {"or"}

_MARKS = frozenset({",", "|", "/", "•", "·", "-", "—"})
"""Marks that may separate bets in a line which says that it holds several."""


def _read_leg(line: Line, *, many: bool) -> Slots:
    """Read words up to the end of a bet. Raises BadBet at the first word that no reader takes.

    `many` is whether the line says that it holds several bets, so that commas may separate them.
    """
    slots = Slots(line.at, many)
    while (word := line.word) is not None:
        if _ends(line, slots):
            break
        if word.soft or word.text == "\n" or (word.text == "+" and line.peek(1)[:1] == "$"):
            line.at += 1
        elif slots.many and slots.ready and (count := _ends_parlay(line)):
            slots.whole_at = line.at
            line.at += count
        elif word.low in _PAIRS and slots.names[-1:] == [line.at - 1] and not slots.market_known:
            raise line.wrong(say.TOGETHER, line.at)
        elif word.low in _JOINTS and slots.team and not slots.market_known:
            raise line.bad(f"{slots.expected}{LEGS}")
        elif slots.negated and slots.team and not slots.market_known and word.low in say.AT:
            raise line.wrong(say.AGAINST, line.at)  # `Lakers No @ 2.22`
        elif not any(read(line, slots) for read in readers_of(word.low)):
            more = word.low in ("/", "&") or _BULLET.fullmatch(word.low) or _begins(line, slots)
            raise line.bad(f"{slots.expected}{LEGS if slots.ready and more else ''}")
    slots.end = line.at
    return slots


def _ends_parlay(line: Line) -> int:
    """How many words say `parlay` where figures alone stand behind: `DEN ML + BOS ML parlay +264`.

    0 for none.
    """
    count = line.phrase(say.PARLAY)
    behind = line.words[line.at + count :]
    return 0 if any(x.ends_leg or x.text.isalpha() for x in behind) else count


def _ends(line: Line, slots: Slots) -> bool:
    """Whether the bet that is being read ends before the next word."""
    low = line.peek()
    # What is counted of a player may stand in the next line: `To Score 25+`, `Points`.
    below = slots.scores and slots.stat is None and line.peek(1) in say.STATS
    if low == ";" or (low == "\n" and slots.many and (slots.ready or slots.empty)):
        return not below or low == ";"
    if not slots.ready and not (slots.market_known and low in (*_JOINTS, "/")):
        return False
    if slots.many and _BULLET.fullmatch(low):
        return True
    if low not in _JOINTS and not (slots.many and low in _MARKS):
        return False
    kept, line.at = line.at, line.at + 1
    begins = _begins(line, slots)
    line.at = kept
    return begins


def _begins(line: Line, slots: Slots) -> bool:
    """Whether a bet may begin at the next word: a name, a line's side such as over, or a tie."""
    low = line.peek()
    if say.AT_LEAST_LINE.fullmatch(low) or say.SIDE_AND_LINE.fullmatch(low):
        return True
    if line.phrase(say.RELATIVE_DAYS) or (line.phrase(say.WEEKDAYS) and low != "sun"):
        return False
    if not any(x.isalpha() for x in low) or say.UNITS_FORM.fullmatch(low) or low.startswith("#"):
        return False
    count, span = line.look_up(say.SPANS)
    if span is not None:
        line.at += count
        return slots.span is not None or (line.word is not None and _begins(line, slots))
    if any(line.phrase(x) for x in (say.OVER_UNDER, say.TIE, say.TEAM_TOTAL)):
        return True
    if low in say.VERBS:
        line.at += 1
        return _begins(line, slots)
    return is_initial(line.word) or (not line.phrase(say.PHRASES) and low not in say.UNITS)


_HEADS = say.first_words(say.HEADINGS)
_FARTHEST = 12
"""A line that is a parlay says so within this many words."""


def _read_heading(line: Line) -> Heading | None:
    """Read a heading such as `sgp:` or `3-leg parlay +450 $10:`; None when there is none.

    Raises BadBet for a word that makes the line another kind of bet, such as a teaser.
    """
    said = say.OF_LEGS.match(line.text) is not None
    for place, word in enumerate(line.words[:_FARTHEST]):
        if word.low.isalpha() and word.low not in _HEADS:
            continue
        line.at = place
        _, kind = line.longest(say.HEADINGS)
        if kind in say.SEVERAL:
            raise line.wrong(say.OTHERS[kind], place)
        said = said or bool(kind)
    line.at = 0
    return _heading(line) if said else None


def _heading(line: Line) -> Heading | None:
    """Read the words before the first leg; None, and nothing read, where they name no parlay."""
    found: Heading = Heading(same_game=False, count=None, price=Slots(0, many=True))
    called = say.OF_LEGS.match(line.text) is not None
    while (word := line.word) is not None and word.text != ";":
        counted = say.COUNT.fullmatch(word.low) if found.count is None else None
        number = _number(word.low.lstrip("-"))
        bracketed = called and line.text[word.place - 1 : word.place] == "("
        if count := line.phrase(say.PARLAY):
            called = True
            found.same_game |= line.phrase(say.SAME_GAME) == count
            line.at += count
        elif counted:
            found.count = int(counted[1])
            line.at += 1
        elif number is not None and (bracketed or line.peek(1) in say.COUNTERS):
            found.count = number
            line.at += 1 + int(line.peek(1) in say.COUNTERS)
        elif word.low in say.LABELS or word.soft or word.text == "\n" or word.low in ("my", "a"):
            line.at += 1
            while line.peek() == line.peek(-1) == "\n":
                line.at += 1
            more = say.COUNT.fullmatch(line.peek()) or line.peek(1) in (*say.COUNTERS, "\n")
            if called and word.text in (":", "\n") and not more:
                return found
        elif not (_priced(line, found.price) or read_day(line, found.price)):
            break
    if not called:
        line.at = 0
        return None
    return found


def _number(low: str) -> int | None:
    return int(low) if low.isascii() and low.isdigit() and len(low) < 3 else say.NUMBERS.get(low)  # noqa: PLR2004 - no count has three digits


def _priced(line: Line, slots: Slots) -> bool:
    """Read one word of the whole parlay's price, stake or tags; False when it is none."""
    paid = line.phrase(say.WIN_LABELS | say.PAYOUT_LABELS)
    if read_book(line, slots):
        return True
    if not paid and line.peek() in ("+", "=", "@", "odds", "total"):
        line.at += 1
        return True
    if not paid and line.peek()[:1] not in "+-$#" and not line.peek()[:1].isdigit():
        return False
    kept = slots.handicap, slots.number
    slots.moneyline = True  # so that a number can only be a price
    read = any(r(line, slots) for r in (read_tag, read_money, read_units, read_signed, read_number))
    slots.handicap, slots.number = kept
    slots.moneyline = False
    return read


def _legs_of(line: Line, *, many: bool) -> list[Slots]:
    """Read the bets of a line in order; one with only a price or stake is about the whole line."""
    found: list[Slots] = []
    while line.word is not None:
        if (
            line.word.soft
            or line.word.text in ("\n", ";", "+", "&", "/")
            or (found and line.peek() == "and")
        ):
            line.at += 1
            continue
        _skip_bullet(line)
        if found:
            line.leg = len(found) + 1
        found.append(_read_leg(line, many=many or bool(found)))
    return found


def _skip_bullet(line: Line) -> None:
    """Skip `1.`, `Leg 2:` or `Pick:` before a bet."""
    if line.peek(1) and _BULLET.fullmatch(line.peek()):
        line.at += 1
    if line.peek() in say.LABELS:
        ahead = 2 if line.peek(1).isdigit() else 1
        if line.peek(ahead) == ":":
            line.at += ahead + 1
