"""The vocabulary of bettors: words for spans, markets and statistics, and words to skip.

Below it: the forms of the figures that are no words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import TypeVar

from tracker.domain.catalog import Index, index, team_names
from tracker.domain.league import LEAGUES
from tracker.domain.market import Direction, Span
from tracker.domain.player import SUFFIXES, Stat

T = TypeVar("T")


def _listed(text: str) -> tuple[str, ...]:
    """The phrases of a text, which commas part."""
    return tuple(x.strip() for x in text.split(","))


def _phrases(text: str) -> frozenset[str]:
    """The phrases of a text, in no order."""
    return frozenset(_listed(text))


def _by_phrase(lists: Mapping[T, str]) -> dict[str, T]:
    """The phrases of some texts, each with what its text is listed under."""
    return {phrase: what for what, text in lists.items() for phrase in _listed(text)}


_FIRST_SECOND = {
    Span.H1: _listed("1h, h1, 1st half, first half, fh, 1 half, half 1"),
    Span.H2: _listed("2h, h2, 2nd half, second half, 2 half, half 2"),
    Span.Q1: _listed("q1, 1q, 1st quarter, first quarter, 1st q, 1st qtr, quarter 1, 1qtr"),
    Span.Q2: _listed("q2, 2q, 2nd quarter, second quarter, 2nd q, 2nd qtr, quarter 2, 2qtr"),
    Span.Q3: _listed("q3, 3q, 3rd quarter, third quarter, 3rd q, 3rd qtr, quarter 3, 3qtr"),
    Span.Q4: _listed("q4, 4q, 4th quarter, fourth quarter, 4th q, 4th qtr, quarter 4, 4qtr"),
    Span.REGULATION: _listed("""
        regulation, reg, regulation time, in regulation, reg time, excluding ot, excl ot, no ot,
        without ot, excluding overtime, excl overtime, regular time, ot excluded, overtime excluded,
        ot excl, ot not included, overtime not included
    """),
    Span.GAME: _listed("""
        full game, game, incl ot, including ot, inc ot, incl overtime, inc overtime,
        including overtime, full time, ft, match, ot included, overtime included, ot incl, with ot,
        with overtime, fg
    """),
}
SPANS = {
    f"{before}{word}": span
    for span, words in _FIRST_SECOND.items()
    for word in words
    for before in ("", "for ", "for the ", "in ", "in the ")
} | {
    f"{half} {overtime}": span
    for half in _FIRST_SECOND[Span.H2]
    for without, span in ((Span.REGULATION, Span.H2_REGULATION), (Span.GAME, Span.H2))
    for overtime in _FIRST_SECOND[without]
}

OVER_UNDER = _by_phrase(
    {
        Direction.OVER: "over, ov, o, more than, more, higher than, higher, overs, tto",
        Direction.UNDER: "under, un, u, less than, less, lower than, lower, unders, ttu",
    }
)


STATS = _by_phrase(
    {
        Stat.PTS: "pts, points, point, pt, pts scored, points scored",
        Stat.REB: "reb, rebs, rebounds, rebound, boards, total rebounds, trb",
        Stat.AST: "ast, asts, assists, assist, dimes, assts, asst",
        Stat.THREES: """
            3pm, 3s, 3pt, 3pts made, 3pt made, 3 pt made, 3 pts made, threes, three, threes made,
            made threes, 3ptm, 3 pointers, 3 pointers made, 3pointers, 3fg, 3pointers made,
            three pointers, three pointers made, made three pointers, made 3 pointers, made 3s,
            made 3pt, 3 point field goals, 3 point fg, 3pt fg, 3 pt fg, 3pt field goals,
            three point field goals, three point field goals made, 3pters, 3 point field goals made,
            3 point made, 3ptrs, triples, treys, 3 pt fg made, 3 pm, 3fgm, 3 pointer,
            3pt shots made, 3pfg, 3s made, 3pms, 3 ptm
        """,
        Stat.STL: "stl, stls, steals, steal",
        Stat.BLK: "blk, blks, blocks, block, blocked shots",
        Stat.TO: "to, tos, tov, tovs, turnovers, turnover, turn overs",
        Stat.PRA: "pra, pras, par, points rebounds assists",
        Stat.PR: "pr",
        Stat.PA: "pa",
        Stat.RA: "ra",
    }
)


LETTERS = {"p": Stat.PTS, "r": Stat.REB, "a": Stat.AST, "s": Stat.STL, "b": Stat.BLK}
"""The statistic of each letter within a sum such as `P+R+A`."""

SUMS = {frozenset(stat.parts): stat for stat in (Stat.PRA, Stat.PR, Stat.PA, Stat.RA)}

UNKNOWN_STATS = _by_phrase(
    {
        "fantasy points": "fantasy, fpts, fantasy score",
        "fouls": "fouls, foul, personal fouls, personals",
        "minutes": "minutes",
        "dunks": "dunks",
        "steals and blocks together": "stocks",
        "field goals": "fgm, fga, field goals, fg made, fg attempted, fg attempts, fgs",
        "free throws": "ftm, fta, free throws, fts, ft made, fts made, free throws made",
        "threes attempted": """
            3pa, 3pt attempts, 3 pt attempts, 3 pt attempted, 3pt attempted, threes attempted,
            3 pointers attempted, three pointers attempted
        """,
        "the first basket": "basket, first basket",
        "a bench's points": "bench, bench points",
        "offensive rebounds": "offensive rebounds, off reb, off rebs",
        "defensive rebounds": "defensive rebounds, def reb, def rebs",
        "points in the paint": "paint, paint points, points in the paint",
        "fast breaks": "fast break, fast break points, fastbreak points",
        "two-pointers": "two pointers, 2 pointers, 2pm, two pointers made",
    }
)
"""Statistics that books offer lines on and that this program does not follow."""

TENS = _by_phrase(
    {
        2: """
            double double, doubledouble, dd, dbl dbl, dub dub, double dub, dubdub, dbldbl,
            dub double, double doubles
        """,
        3: """
            triple double, tripledouble, td, trip dub, triple dub, trip dbl, tripdub, trip double,
            triple doubles
        """,
    }
)

MONEYLINE = _phrases("""
    ml, moneyline, money line, win, wins, to win, m/l, su, straight up, outright, winner, h2h,
    head to head, to win game, to win the game, match winner, game winner, draw no bet, dnb, money,
    moneyline winner, to win outright, win outright
""")
THREE_WAY = _phrases("""
    3 way, 3way, three way, threeway, 1x2, 3 way ml, 3 way moneyline, 3 ways, 3way ml, three way ml,
    3 way result, regulation winner, 3 way winner
""")
TIE = _phrases("tie, draw, ties, tied, drawn, the tie, the draw")
PARITIES = {"odd": "odd", "even": "even"}
COUNTED = _phrases("total, totals, tt, score, odd, odd/even")
"""Words beside `even` by which it is about points, and not the price."""
EVEN_OF_WHAT = "'even' may be its price or its points: write 'DEN ML even' or 'DEN points even'"
PICKEM = _phrases("pk, pick, pickem, pick em, pks")
TEAM_TOTAL = _phrases("tt, team total, tm total, team tot, team totals, tts")
TOTAL = _phrases("total, totals, game total, o/u, ou, over/under, total points")

SCORES = frozenset({"to score", "will score", "scores"})
"""Words which say that a player's points are counted, where no statistic is named."""

OR_MORE = _phrases("or more, plus, or higher, or greater, or over, and up")
"""Words which say that a number is the least that wins."""

VERBS = _phrases("record, score, make, grab, dish, get, collect, notch, have")
"""Words before what the player of the leg before is to reach: `25+ points & record 10+ reb`."""

NOISE = (
    SCORES
    | OR_MORE
    | VERBS
    | _phrases("""
    total, totals, o/u, over/under, spread, spreads, alt, alternate, handicap, result, alternative,
    ah, hc, hcp, odd/even, odd or even, player, the, ats, handikap, hándicap, to go, to reach,
    to record, to have, to get, to make, to hit, to grab, to dish, to record a, to get a, to have a,
    to notch a, to post a, yes, to collect, prop, props, total points, 2 way, asian handicap, asian,
    game total, game line, nba, point spread, wnba, ncaab, cbb, basketball, betting, single,
    straight, bet slip, betslip, game 1, game 2, game 3, game 4, game 5, game 6, game 7, scored,
    made, points spread, live, final score, alt line, alt spread, alt total, market, line,
    game lines, player props, player prop, lines, will record, record a, records a, records, gets,
    has, gets a, wager, bet, on, lock, best bet, lock of the day, lock of the night, bet of the day,
    play of the day, max bet, max play, play, take, to cover, cover, covers, will cover, boost,
    boosted, profit boost, odds boost, price boost, open, pending, u/o, hdp, hdcp, event, fixture,
    sport, league, selection, potd, i bet, i took, i have, i like, ill take, give me, gimme, taking,
    boosted odds, boosted price, super boost, profit boosted, odds boosted
""")
)
"""Words of slips that change nothing."""

CLOCK = (
    "this may be a live bet's clock: leave it out, and the half or quarter too if it goes with it"
)
ON_YOUR_STAKE = (
    "is an offer on a stake of your own: leave the words out, and write the bonus bet that a loss "
    "brings as a bet of its own, with 'free bet'"
)
AGAINST = "a bet against something is not followed: write the other side's line"
_TEASER = (
    "a teaser is followed as a parlay of the lines after the points were added, with its price: "
    "write 'parlay: DEN +1.5; BOS +2.5 -120'"
)
_BOUGHT = "write the line that was bought, with its price, such as 'DEN -4 -120'"
_ONCE_PLACED = "these are several bets: write each as a bet of its own, once it is placed"
_ROUND_ROBIN = "a round robin is several parlays: write each as a bet of its own"
_LADDER = "a ladder is several bets: write each step as a bet of its own"
_PLAY = (
    "write a power play as 'parlay:' with its lines and, such as 'payout $30', all that it pays; "
    "what a flex play pays for a part of its lines is not followed"
)

ON_A_SEASON = "a bet on a season or a series is not followed: only one on a game, or a part of it"
_FIRST = "what comes first in a game is not followed, only what it ends with"
_MARGIN = "a margin is followed as a spread: to win by 6 or more is 'DEN -5.5'"
TOGETHER = "players are not followed against one another or together: write a line of one player"
_OVERTIME = "whether a game has overtime is not followed"
_LIMIT = "how far a line or a price may go is no part of a bet: write those that you got"
_RESULT = "a result is no part of a bet's line: leave it out"
_CUP = "a bet on a cup is not followed: if it is on one game, leave the cup out"
_COURSE = "how a game goes is not followed, only how it, a half or a quarter ends"

_ONES = ("one", "two", "four", "five", "six", "seven", "eight", "nine", "ten")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_FOREIGN = _by_phrase(
    {
        "over": "über, más de, mas de, más, plus de, più di, piu di, oltre, üst",
        "under": "unter, menos de, menos, moins de, moins, meno di",
        "pts": "puntos, punti, punkte, sayı",
        "reb": "rebotes, rebonds, rimbalzi, ribaund",
        "ast": "asistencias, passes décisives, assistenze, asist",
        "ML": "sieg, sieger, gana, ganador, victoire, vainqueur, vincente, kazanır",
        "1H": "halbzeit, mi temps, primera mitad, primo tempo",
        "Q1": "viertel, cuarto, quarto",
        "odds": "cuota, cote, quota, quote, kurs, oran",
        "stake": "einsatz, apuesta, mise, puntata, bahis",
    }
)

OTHERS = _by_phrase(
    {
        ON_A_SEASON: """
            championship, champions, title, finals, mvp, fmvp, dpoy, mip, 6moy, smoy,
            rookie of the year, player of the year, coach of the year, playoffs, play in, division,
            conference, win the west, win the east, to win the west, to win the east, series,
            season, seed, win total, win totals, cup winner, lottery, draft, to win series,
            wins series, lead league, lead the league, to lead league, to lead the league,
            final four, final 4, elite eight, elite 8, sweet sixteen, sweet 16, march madness,
            tournament, tourney, acc tournament, sec tournament, acc, sec, big east, big ten,
            big 10, big 12, to advance, advance, advances
        """,
        _FIRST: """
            race to, first to, 1st to, first team to, first to score, first point, first points,
            first field goal, first shot, first rebound, first assist, first three, first 3,
            1st basket, 1st point, 1st fg, first fg, 1st bucket, first bucket, 1st field goal,
            to score first, score first, last to score, tip off, opening tip, jump ball
        """,
        _MARGIN: "winning margin, margin of victory, margin, to win by, win by, wins by, by",
        TOGETHER: """
            combined, combine, each, outscore, to outscore, most points, most rebounds,
            most assists, most threes, top scorer, leading scorer, top rebounder, game high
        """,
        _OVERTIME: "overtime, go to overtime, to go to overtime, to ot, ot",
        _LIMIT: """
            or better, up to, play to, playable to, good to, down to, min odds, minimum odds,
            min price
        """,
        _RESULT: "won, lost, push, pushed, void, voided, cashed, cashed out, graded",
        _CUP: "cup, cup game, emirates cup, commissioners cup, in season tournament",
        _COURSE: """
            wire to wire, largest lead, biggest lead, highest scoring, lowest scoring, both halves,
            all quarters, every quarter, every half, double result, halftime result, comeback,
            lead at, leads at, leading at, lead after, leads after, leading after, quarters, halves,
            both teams, either team, any team, any player, a player, ht / ft, half time / full time,
            halftime / fulltime
        """,
        "'next' may say one of two days: write the date, such as 2026-11-20": "next",
        _TEASER: "4pt, 5pt, 6pt, 6.5pt, 7pt, 10pt, 13pt, teaser, teasers, pleaser, pleasers",
        _ROUND_ROBIN: "round robin, round robins, trixie, lucky 15, lucky 31, each way",
        _LADDER: "ladder, ladders",
        _PLAY: "power play, flex play, flex",
        "write the winner alone, such as 'DEN ML'": "beat, beats, to beat",
        _ONCE_PLACED: "if bet, reverse bet",
        _BOUGHT: "buy half point, buy points, buy, bought",
        AGAINST: "lay, fade, against, to lose, loses, lose",
    }
) | {
    **dict.fromkeys(
        (*_ONES, *_TENS, *(f"{x} {y}" for x in _TENS for y in (*_ONES, "three")), "hundred"),
        "write numbers in figures, such as 25.5 or -4.5",
    ),
    **{x: f"a bet is read in English: write {english!r}" for x, english in _FOREIGN.items()},
}
"""Words for bets of other kinds, with what to write instead."""

SEVERAL = frozenset(
    x for x, what in OTHERS.items() if what in (_TEASER, _ROUND_ROBIN, _LADDER, _PLAY)
)
"""Words by which a whole line is a bet of another kind, wherever they stand."""

OTHER_BOOKS = _phrases("""
    pinnacle, pinny, espn bet, espnbet, thescore bet, hard rock, hard rock bet, hardrock, fanatics,
    fanatics sportsbook, betrivers, bet rivers, bovada, betonline, betparx, bally bet, circa,
    william hill, paddy power, ladbrokes, unibet, betfair, betway, bwin, sportsbet, prophetx, novig,
    fliff, kalshi, polymarket, prizepicks, sporttrade, betanysports, bookmaker, bet105, b365, betus,
    mybookie, pointsbet, borgata, superbook, stationcasinos, rebet
""")
"""Names of books of whose rules nothing is known here."""

BY = _phrases("at, on, @, via, with")
"""Words that may stand before a book's name."""

PERHAPS_A_STAKE = re.compile(r"(?<![(\[/@=])(?<![(\[/@=] )[0-9]+\.00(?![0-9x])")
"""Finds a price in its second form that may be a stake: `+900 10.00`, but not `+900 (10.00)`."""

FREE = _phrases("""
    free bet, free, freebet, free bets, free play, freeplay, bonus bet, bonus bets, bonus cash,
    bet credit, bet credits, free bet token, bonus bet token, bet token, site credit, site credits,
    free wager, stake not returned, snr
""")
"""Words for a stake that is the book's."""

BACKED = _phrases("""
    no sweat, no sweat bet, no sweat token, no sweat first bet, nosweat, nosweat bet, risk free,
    risk free bet, riskfree, riskfree bet, riskless, riskless bet, second chance, second chance bet,
    2nd chance, 2nd chance bet, insured, insured bet, bet insurance, insurance, parlay insurance,
    money back, moneyback, bonus back, safety net, first bet safety net, safety net bet, stake back,
    bet protection
""")
"""Words for an offer that gives a lost stake back as a bonus bet: the stake is the person's."""

LABELS = _phrases("pick, bet, potd, play, selection, single, lock, leg, wager, open")
"""Words that may stand before a colon at the beginning of a bet."""

PRICE_LABELS = _phrases("odds, price, at, priced at, odds of, for")
STAKE_LABELS = _phrases("""
    stake, risk, risking, wager, wagered, bet, staked, wager amount, bet amount, risk amount,
    stake amount, amount
""")
WIN_LABELS = _phrases("""
    to win, win, wins, potential win, potential winnings, winnings, profit, potential profit,
    est win, towin
""")
"""Words before an amount that a won bet pays beside its stake."""

PAYOUT_LABELS = _phrases("""
    payout, total payout, potential payout, est payout, estimated payout, to pay, to return,
    returns, return, potential return, potential returns, est returns, total return, est return,
    estimated return, pays, payouts, returned, total returned, paid, total paid
""")
"""Words before an amount that a won bet pays with its stake."""

UNITS = frozenset({"u", "unit", "units", "un"})
HALF_A_UNIT = _phrases("""
    half unit, half a unit, 1/2 unit, 1/2 a unit, 1/2u, 1/2 u, half u, halfunit
""")
MONEY_WORDS = _phrases("""
    dollars, dollar, usd, bucks, $, cad, aud, eur, euro, euros, gbp, quid, pounds, nzd, chf, kr, zł,
    pln, tl, sek, nok, dkk, brl, mxn
""")
AT_LEAST = frozenset({"at least", "minimum"})
AT = frozenset({"@", "at"})
PRICED = AT | {"odds", "price"}
"""Words that may stand between a stake and its price: `12.50 odds 1.91`."""

VERSUS = _phrases("vs, vs., v, v., versus, vrs, vrs., /, -, x") | AT
EVEN_MONEY = _phrases("even, evens, ev, evs, even money, em")
NEGATION = _phrases("no, not, without a, not to record a, no to")

PARLAY = _phrases("""
    parlay, parlays, parley, sgp, sgpx, sgp+, same game parlay, multi, acca, same game multi,
    accumulator, bet builder, betbuilder, combo, parlayed, sgm, same game parlay plus,
    same game parlay+, parlay+, sgps, same game
""")
SAME_GAME = _phrases("""
    sgp, same game parlay, same game multi, bet builder, betbuilder, sgm, sgps, same game
""")
HEADINGS = PARLAY | SEVERAL
COUNTERS = _phrases("""
    leg, legs, team, teams, legger, pick, picks, leger, man, selection, selections, fold, folds
""")
NUMBERS = {"double": 2, "treble": 3} | dict(
    zip(_listed("two, three, four, five, six, seven, eight, nine, ten"), range(2, 11), strict=True)
)

_DAYS = _by_phrase(
    {
        0: "today, tonight, tonite, 2night, this evening, later today",
        1: "tomorrow, tomorrow night, tmrw, tmr, tmw, tomorow, tommorow, tommorrow",
        -1: "yesterday, last night",
    }
)
RELATIVE_DAYS = _DAYS | {f"for {word}": ahead for word, ahead in _DAYS.items()}
"""Words for a day, by how many days it is from today."""

_NAMES_OF_DAYS = (
    "mon, monday", "tue, tues, tuesday", "wed, weds, wednesday", "thu, thur, thurs, thursday",
    "fri, friday", "sat, saturday", "sun, sunday",
)  # fmt: skip
WEEKDAYS = {
    f"{this}{word}{part}": day
    for day, names in enumerate(_NAMES_OF_DAYS)
    for word in _listed(names)
    for this in ("", "this ", "for ")
    for part in ("", " night", " evening", " afternoon")
}
"""Names of weekdays, from Monday as 0."""

_NAMES_OF_MONTHS = _listed("""
    january, february, march, april, may, june, july, august, september, october, november, december
""")
MONTHS = {
    name: month
    for month, whole in enumerate(_NAMES_OF_MONTHS, 1)
    for name in (whole, whole[:3], whole[:4])
}
"""Names of months, from January as 1."""


_HALF_POINTS = re.compile(r"[0-9]{2,3}\.[05]")


def is_second_line(low: str, number: float | None) -> bool:
    """Whether a word is no price but a second line beside one: the `224.5` of `Over 224, 224.5`."""
    return (
        number is not None and bool(_HALF_POINTS.fullmatch(low)) and abs(float(low) - number) <= 1
    )


def is_day(low: str, after: str) -> bool:
    """Whether a word, with the one after it, says a day: `tonight`, `Sat`, `Dec 1`."""
    dated = low.rstrip(".") in MONTHS and after[:1].isdigit()
    return dated or low in RELATIVE_DAYS or (low in WEEKDAYS and low != "sun")


ZONES = _phrases("et, est, edt, ct, cst, cdt, mt, mst, mdt, pt, pst, pdt, gmt, utc, bst, cet, cest")
"""Names of time zones that may stand behind a time of day."""

PHRASES = frozenset().union(
    SPANS, OVER_UNDER, STATS, UNKNOWN_STATS, TENS, MONEYLINE, THREE_WAY, TIE, PARITIES, PICKEM,
    TEAM_TOTAL, TOTAL, NOISE, OTHERS, FREE, BACKED, NEGATION, AT_LEAST, EVEN_MONEY, PRICE_LABELS,
    STAKE_LABELS,
)  # fmt: skip
"""All terms of the vocabulary: they are recognised before names are looked for."""

NO_CODES = _phrases("but, can, day, for, how, long, me, most")
"""Words that are colleges' codes in capitals only: `for` is not Fordham."""

NO_SURNAMES = PHRASES | SUFFIXES | {"g", "f", "c"}
"""Words that are not the last of a player's names."""

NEVER_IN_A_NAME = PHRASES - {"point", "u"}
"""Terms that cannot continue a team's name; `point` and `u` can, in High Point and Seattle U."""


def first_words(*tables: Collection[str]) -> frozenset[str]:
    """The first word of each phrase of these tables."""
    return frozenset(phrase.split()[0] for table in tables for phrase in table)


OPENING = first_words(
    *(
        [x for x in table if isinstance(x, str)]
        for table in tuple(vars().values())
        if isinstance(table, dict | frozenset)
    )
)
"""The first words of all phrases above. A word of letters alone that is none of them can only be
part of a team's, a player's or a book's name."""

SUGGESTED = _listed("""
    over, under, total, moneyline, regulation, spread, points, rebounds, assists, threes, steals,
    blocks, turnovers, double-double, triple-double, parlay, 3-way, draw, odd, even, half, quarter,
    units, pick, team total
""")
"""The terms to suggest for a misspelt word."""

# -------------------------------------------------------------------------------------- leagues

LEAGUE = re.compile(
    r"(?<![\d)] )(?<!\d)\(\s*(?P<sex>[wm])\s*\)"
    r"|(?<![\w@#'-])(?P<word>w?nba|g[ -]?league|ncaa[bmw]?|[wm]?cbb|[wm]bb"
    r"|college(?:\s+(?:basketball|hoops))?|(?:wo)?men(?:['\u2019]?s)?)(?![\w@'-])",
    re.IGNORECASE,
)
"""Finds a word which says of which league, or of which sex, the team is: `WNBA`, `CBB`, `(W)`."""

_WOMEN, _MEN = frozenset({"wnba", "ncaaw"}), frozenset({"nba", "ncaam", "gleague"})
COLLEGE = frozenset({"ncaam", "ncaaw"})


def leagues_of(found: re.Match[str]) -> frozenset[str]:
    """The leagues that a word found by `LEAGUE` allows."""
    word = (found["sex"] or found["word"]).casefold()
    if word in ("nba", "wnba"):
        return frozenset({word})
    if word.startswith("g"):
        return frozenset({"gleague"})
    if word in ("ncaa", "ncaab", "cbb") or word.startswith("college"):
        return COLLEGE
    said = _WOMEN if word[0] == "w" or word == "ncaaw" else _MEN
    return said & COLLEGE if word.endswith(("bb", "ncaaw", "ncaam")) else said


RANK = re.compile(
    r"""(?<![\w$#.])(?:(?P<sure>(?:\#|no\.?[ ]?\#?)(?:[1-9]|1\d|2[0-5]))
    |[(\[]\#?(?:[1-9]|1\d|2[0-5])[)\]])(?=[ ]+(?P<name>[^\W\d_]))""",
    re.IGNORECASE | re.VERBOSE,
)
"""Finds a rank or a seed that may stand before a college: `#5 Duke`, `(5) Duke`, `No. 5 Duke`. In
brackets it may be a professional team's too."""


@cache
def spelt() -> Index:
    """The terms and the names of teams to suggest for a misspelt word."""
    return index((*SUGGESTED, *dict.fromkeys(team_names(tuple(LEAGUES)))))


# ------------------------------------------------------------------------------------- figures

NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+"
SIDE_AND_LINE = re.compile(rf"(over|under|ov|un|o|u|tto|ttu)({NUMBER})")
AT_LEAST_LINE = re.compile(r"([0-9]{1,3})\+")
UNITS_FORM = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,2})?|\.[0-9]{1,2})(u|units?)")
SHARE = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]+)?%")
RATING = re.compile(r"[0-9]{1,2}(?:\*|-?stars?)|(?:[24568]|10)/10")
CLOCK_TIME = re.compile(
    r"[\s(]+(?:[01]?[0-9]|20):[0-9]{2}\b(?![ ]?(?:[ap]\.?m|[ecmp][sd]?t\b))", re.IGNORECASE
)
SHARE_PRICE = re.compile(r"([1-9][0-9]?(?:\.[0-9]+)?)(?:¢|c)?")
DOLLARS = re.compile(r"[0-9][0-9,]*(?:\.[0-9]{1,2})?\$")
LINE_FORM = re.compile(r"[0-9]{1,3}(?:\.[05])?")
SIGNED = re.compile(rf"([+-])({NUMBER})")
PRICE = re.compile(r"[+-]?[0-9]{3,6}|[0-9]{1,4}\.[0-9]{1,4}x?|[0-9]{1,2}|[0-9]{1,4}/[0-9]{1,4}")
HALF_STEPS = re.compile(r"[1-9]\.5")
OF_EITHER = re.compile(r"[1-9][0-9]*\.5|(?:[5-9]|[1-9][0-9]+)\.[0-9]0")
"""Finds a figure that may be a price or a stake: `1.5`, or `22.50`, as money is written."""

A_TOTAL = re.compile(r"[0-9]{3}\.5")
TWO_DECIMALS = re.compile(r"[0-9]{1,4}\.[0-9]{2}")
SPREAD_FORM = re.compile(r"[+-][0-9]{1,2}(?:\.[05])?")
PRICE_FOLLOWS = re.compile(r"[+-]?[\d.]|ev")
ANY_NUMBER = re.compile(NUMBER)


def is_amount(low: str) -> bool:
    """Whether a word is an amount of money or of units, or a number that may be one."""
    return low.startswith("$") or any(x.fullmatch(low) for x in (ANY_NUMBER, UNITS_FORM))


ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ORDINAL = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?")
SLASHED = re.compile(r"([0-9]{1,2})/([0-9]{1,2})(?:/([0-9]{4}|[0-9]{2}))?")
DAY_AND_MONTH = re.compile(r"([12][0-9]|3[01])\.(0[1-9]|1[0-2])")
DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
AMERICAN = re.compile(r"[+-][1-9][0-9]{2,5}")
SURE_PRICE = re.compile(r"[+-][0-9]{3,6}|[0-9]{1,4}/[0-9]{1,4}")
DECIMAL_PRICE = re.compile(r"[0-9]{1,4}\.([0-9]{1,4})x?")
COUNT = re.compile(r"(\d{1,2})-?(legs?|teams?|picks?|legger|man|folds?)")
OF_LEGS = re.compile(r"\s*\d{1,2}[ -]?(?:leg(?:ger)?s?|folds?)\b", re.IGNORECASE)
