"""The vocabulary of bettors: words for spans, markets and statistics, and words to skip.

Below it: the forms of the figures that are no words.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from tracker.domain.catalog import Index, index, team_names
from tracker.domain.league import LEAGUES
from tracker.domain.market import Direction, Span
from tracker.domain.player import SUFFIXES, Stat

_FIRST_SECOND = {
    Span.H1: ("1h", "h1", "1st half", "first half", "fh", "1 half", "half 1"),
    Span.H2: ("2h", "h2", "2nd half", "second half", "2 half", "half 2"),
    Span.Q1: ("q1", "1q", "1st quarter", "first quarter", "1st q", "1st qtr", "quarter 1", "1qtr"),
    Span.Q2: ("q2", "2q", "2nd quarter", "second quarter", "2nd q", "2nd qtr", "quarter 2", "2qtr"),
    Span.Q3: ("q3", "3q", "3rd quarter", "third quarter", "3rd q", "3rd qtr", "quarter 3", "3qtr"),
    Span.Q4: ("q4", "4q", "4th quarter", "fourth quarter", "4th q", "4th qtr", "quarter 4", "4qtr"),
    Span.REGULATION: (
        "regulation", "reg", "regulation time", "in regulation", "reg time", "excluding ot",
        "excl ot", "no ot", "without ot", "excluding overtime", "excl overtime", "regular time",
        "ot excluded", "overtime excluded", "ot excl", "ot not included", "overtime not included",
    ),
    Span.GAME: (
        "full game", "game", "incl ot", "including ot", "inc ot", "incl overtime", "inc overtime",
        "including overtime", "full time", "ft", "match", "ot included", "overtime included",
        "ot incl", "with ot", "with overtime", "fg",
    ),
}  # fmt: skip
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

DIRECTIONS = {
    Direction.OVER: (
        "over", "ov", "o", "more than", "more", "higher than", "higher", "overs", "tto",
    ),
    Direction.UNDER: (
        "under", "un", "u", "less than", "less", "lower than", "lower", "unders", "ttu",
    ),
}  # fmt: skip
OVER_UNDER = {word: way for way, words in DIRECTIONS.items() for word in words}

_STATS = {
    Stat.PTS: ("pts", "points", "point", "pt", "pts scored", "points scored"),
    Stat.REB: ("reb", "rebs", "rebounds", "rebound", "boards", "total rebounds", "trb"),
    Stat.AST: ("ast", "asts", "assists", "assist", "dimes", "assts", "asst"),
    Stat.THREES: (
        "3pm", "3s", "3pt", "3pts made", "3pt made", "3 pt made", "3 pts made", "threes", "three",
        "threes made", "made threes", "3ptm", "3 pointers", "3 pointers made", "3pointers", "3fg",
        "3pointers made", "three pointers", "three pointers made", "made three pointers",
        "made 3 pointers", "made 3s", "made 3pt", "3 point field goals", "3 point fg", "3pt fg",
        "3 pt fg",
        "3pt field goals", "three point field goals", "three point field goals made", "3pters",
        "3 point field goals made", "3 point made", "3ptrs", "triples", "treys", "3 pt fg made",
        "3 pm", "3fgm", "3 pointer", "3pt shots made", "3pfg", "3s made", "3pms", "3 ptm",
    ),
    Stat.STL: ("stl", "stls", "steals", "steal"),
    Stat.BLK: ("blk", "blks", "blocks", "block", "blocked shots"),
    Stat.TO: ("to", "tos", "tov", "tovs", "turnovers", "turnover", "turn overs"),
    Stat.PRA: ("pra", "pras", "par", "points rebounds assists"),
    Stat.PR: ("pr",),
    Stat.PA: ("pa",),
    Stat.RA: ("ra",),
}  # fmt: skip
STATS = {word: stat for stat, words in _STATS.items() for word in words}

LETTERS = {"p": Stat.PTS, "r": Stat.REB, "a": Stat.AST, "s": Stat.STL, "b": Stat.BLK}
"""The statistic of each letter within a sum such as `P+R+A`."""

SUMS = {frozenset(stat.parts): stat for stat in (Stat.PRA, Stat.PR, Stat.PA, Stat.RA)}

UNKNOWN_STATS = {
    "fantasy": "fantasy points", "fouls": "fouls", "foul": "fouls", "fpts": "fantasy points",
    "personal fouls": "fouls", "personals": "fouls", "fantasy score": "fantasy points",
    "minutes": "minutes", "dunks": "dunks", "stocks": "steals and blocks together",
    "fgm": "field goals", "ftm": "free throws", "fga": "field goals", "fta": "free throws",
    "free throws": "free throws", "field goals": "field goals", "3pa": "threes attempted",
    "basket": "the first basket", "first basket": "the first basket",
    "bench": "a bench's points", "bench points": "a bench's points",
    **dict.fromkeys(("offensive rebounds", "off reb", "off rebs"), "offensive rebounds"),
    **dict.fromkeys(("defensive rebounds", "def reb", "def rebs"), "defensive rebounds"),
    **dict.fromkeys(("paint", "paint points", "points in the paint"), "points in the paint"),
    **dict.fromkeys(("fast break", "fast break points", "fastbreak points"), "fast breaks"),
    **dict.fromkeys(("two pointers", "2 pointers", "2pm", "two pointers made"), "two-pointers"),
    **dict.fromkeys(("fts", "ft made", "fts made", "free throws made"), "free throws"),
    **dict.fromkeys(("fg made", "fg attempted", "fg attempts", "fgs"), "field goals"),
    **dict.fromkeys(
        ("3pt attempts", "3 pt attempts", "3 pt attempted", "3pt attempted", "threes attempted",
         "3 pointers attempted", "three pointers attempted"),
        "threes attempted",
    ),
}  # fmt: skip
"""Statistics that books offer lines on and that this program does not follow."""

TENS = {
    "double double": 2, "doubledouble": 2, "dd": 2, "dbl dbl": 2, "dub dub": 2, "double dub": 2,
    "dubdub": 2, "dbldbl": 2, "triple double": 3, "tripledouble": 3, "td": 3, "trip dub": 3,
    "triple dub": 3, "trip dbl": 3, "tripdub": 3, "trip double": 3, "dub double": 2,
    "double doubles": 2, "triple doubles": 3,
}  # fmt: skip

MONEYLINE = frozenset(
    {
        "ml", "moneyline", "money line", "win", "wins", "to win", "m/l", "su", "straight up",
        "outright", "winner", "h2h", "head to head", "to win game", "to win the game",
        "match winner", "game winner", "draw no bet", "dnb", "money", "moneyline winner",
        "to win outright", "win outright",
    }
)  # fmt: skip
THREE_WAY = frozenset(
    {
        "3 way", "3way", "three way", "threeway", "1x2", "3 way ml", "3 way moneyline", "3 ways",
        "3way ml", "three way ml", "3 way result", "regulation winner", "3 way winner",
    }
)  # fmt: skip
TIE = frozenset({"tie", "draw", "ties", "tied", "drawn", "the tie", "the draw"})
PARITIES = {"odd": "odd", "even": "even"}
COUNTED = frozenset({"total", "totals", "tt", "score", "odd", "odd/even"})
"""Words beside `even` by which it is about points, and not the price."""
EVEN_OF_WHAT = "'even' may be its price or its points: write 'DEN ML even' or 'DEN points even'"
PICKEM = frozenset({"pk", "pick", "pickem", "pick em", "pks"})
TEAM_TOTAL = frozenset({"tt", "team total", "tm total", "team tot", "team totals", "tts"})
TOTAL = frozenset({"total", "totals", "game total", "o/u", "ou", "over/under", "total points"})

SCORES = frozenset({"to score", "will score", "scores"})
"""Words which say that a player's points are counted, where no statistic is named."""

OR_MORE = frozenset({"or more", "plus", "or higher", "or greater", "or over", "and up"})
"""Words which say that a number is the least that wins."""

VERBS = frozenset({"record", "score", "make", "grab", "dish", "get", "collect", "notch", "have"})
"""Words before what the player of the leg before is to reach: `25+ points & record 10+ reb`."""

NOISE = SCORES | frozenset(
    {
        "total", "totals", "o/u", "over/under", "spread", "spreads", "alt", "alternate",
        "handicap", "result", "alternative", "ah", "hc", "hcp", "odd/even", "odd or even",
        "player", "the", "ats", "handikap", "hándicap",
        "to go", "to reach", "to record", "to have", "to get", "to make", "to hit", "to grab",
        "to dish", "to record a", "to get a", "to have a", "to notch a", "to post a", "yes",
        "to collect", "prop", "props", "total points",
        "2 way", "asian handicap", "asian", "game total", "game line", "nba",
        "point spread", "wnba", "ncaab", "cbb", "basketball", "betting", "single", "straight",
        "bet slip", "betslip", "game 1", "game 2", "game 3", "game 4", "game 5", "game 6", "game 7",
        "scored", "made", "points spread", "live", "final score", "alt line", "alt spread",
        "alt total", "market", "line", "game lines", "player props", "player prop", "lines",
        "will record", "record a", "records a", "records", "gets", "has",
        "gets a", "wager", "bet", "on",
        "lock", "best bet", "lock of the day", "lock of the night", "bet of the day",
        "play of the day", "max bet", "max play", "play", "take", "to cover", "cover", "covers",
        "will cover", "boost", "boosted", "profit boost", "odds boost",
        "price boost",
        "open", "pending", "u/o",
        "hdp", "hdcp", "event", "fixture", "sport", "league", "selection", "potd", "i bet",
        "i took", "i have", "i like", "ill take", "give me", "gimme", "taking",
        "boosted odds", "boosted price", "super boost", "profit boosted", "odds boosted",
    }
) | OR_MORE | VERBS  # fmt: skip
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

_ON_A_SEASON = "a bet on a season or a series is not followed: only one on a game, or a part of it"
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
_FOREIGN = {
    "over": ("über", "más de", "mas de", "más", "plus de", "più di", "piu di", "oltre", "üst"),
    "under": ("unter", "menos de", "menos", "moins de", "moins", "meno di"),
    "pts": ("puntos", "punti", "punkte", "sayı"),
    "reb": ("rebotes", "rebonds", "rimbalzi", "ribaund"),
    "ast": ("asistencias", "passes décisives", "assistenze", "asist"),
    "ML": ("sieg", "sieger", "gana", "ganador", "victoire", "vainqueur", "vincente", "kazanır"),
    "1H": ("halbzeit", "mi temps", "primera mitad", "primo tempo"),
    "Q1": ("viertel", "cuarto", "quarto"),
    "odds": ("cuota", "cote", "quota", "quote", "kurs", "oran"),
    "stake": ("einsatz", "apuesta", "mise", "puntata", "bahis"),
}

OTHERS = {
    **dict.fromkeys(
        ("championship", "champions", "title", "finals", "mvp", "fmvp", "dpoy", "mip", "6moy",
         "smoy", "rookie of the year", "player of the year", "coach of the year",
         "playoffs", "play in", "division", "conference", "win the west", "win the east",
         "to win the west", "to win the east", "series", "season", "seed", "win total",
         "win totals", "cup winner", "lottery", "draft", "to win series", "wins series",
         "lead league", "lead the league", "to lead league", "to lead the league", "final four",
         "final 4", "elite eight", "elite 8", "sweet sixteen", "sweet 16", "march madness",
         "tournament", "tourney", "acc tournament", "sec tournament", "acc", "sec", "big east",
         "big ten", "big 10", "big 12", "to advance", "advance", "advances"),
        _ON_A_SEASON,
    ),
    **dict.fromkeys(
        ("race to", "first to", "1st to", "first team to", "first to score", "first point",
         "first points", "first field goal", "first shot", "first rebound", "first assist",
         "first three", "first 3", "1st basket", "1st point", "1st fg", "first fg", "1st bucket",
         "first bucket", "1st field goal", "to score first", "score first", "last to score",
         "tip off", "opening tip", "jump ball"),
        _FIRST,
    ),
    **dict.fromkeys(
        ("winning margin", "margin of victory", "margin", "to win by", "win by", "wins by", "by"),
        _MARGIN,
    ),
    **dict.fromkeys(
        ("combined", "combine", "each", "outscore", "to outscore", "most points", "most rebounds",
         "most assists", "most threes", "top scorer", "leading scorer", "top rebounder",
         "game high"),
        TOGETHER,
    ),
    **dict.fromkeys(("overtime", "go to overtime", "to go to overtime", "to ot", "ot"), _OVERTIME),
    **dict.fromkeys(
        ("or better", "up to", "play to", "playable to", "good to", "down to", "min odds",
         "minimum odds", "min price"),
        _LIMIT,
    ),
    **dict.fromkeys(
        ("won", "lost", "push", "pushed", "void", "voided", "cashed", "cashed out", "graded"),
        _RESULT,
    ),
    **dict.fromkeys(
        ("cup", "cup game", "emirates cup", "commissioners cup", "in season tournament"), _CUP
    ),
    **dict.fromkeys(
        ("wire to wire", "largest lead", "biggest lead", "highest scoring", "lowest scoring",
         "both halves", "all quarters", "every quarter", "every half", "double result",
         "halftime result", "comeback", "lead at", "leads at", "leading at", "lead after",
         "leads after", "leading after", "quarters", "halves", "both teams", "either team",
         "any team", "any player", "a player", "ht / ft", "half time / full time",
         "halftime / fulltime"),
        _COURSE,
    ),
    "next": "'next' may say one of two days: write the date, such as 2026-11-20",
    **dict.fromkeys(("4pt", "5pt", "6pt", "6.5pt", "7pt", "10pt", "13pt"), _TEASER),
    **dict.fromkeys(("teaser", "teasers", "pleaser", "pleasers"), _TEASER),
    **dict.fromkeys(
        ("round robin", "round robins", "trixie", "lucky 15", "lucky 31", "each way"), _ROUND_ROBIN
    ),
    **dict.fromkeys(("ladder", "ladders"), _LADDER),
    **dict.fromkeys(("power play", "flex play", "flex"), _PLAY),
    **dict.fromkeys(("beat", "beats", "to beat"), "write the winner alone, such as 'DEN ML'"),
    **dict.fromkeys(
        (*_ONES, *_TENS, *(f"{x} {y}" for x in _TENS for y in (*_ONES, "three")), "hundred"),
        "write numbers in figures, such as 25.5 or -4.5",
    ),
    **{
        word: f"a bet is read in English: write {english!r}"
        for english, words in _FOREIGN.items()
        for word in words
    },
    "if bet": _ONCE_PLACED, "reverse bet": _ONCE_PLACED, "buy half point": _BOUGHT,
    "buy points": _BOUGHT, "buy": _BOUGHT, "bought": _BOUGHT, "lay": AGAINST, "fade": AGAINST,
    "against": AGAINST, "to lose": AGAINST,
    "loses": AGAINST, "lose": AGAINST,
}  # fmt: skip
"""Words for bets of other kinds, with what to write instead."""

SEVERAL = frozenset(
    x for x, what in OTHERS.items() if what in (_TEASER, _ROUND_ROBIN, _LADDER, _PLAY)
)
"""Words by which a whole line is a bet of another kind, wherever they stand."""

OTHER_BOOKS = frozenset(
    {
        "pinnacle", "pinny", "espn bet", "espnbet", "thescore bet", "hard rock", "hard rock bet",
        "hardrock", "fanatics", "fanatics sportsbook", "betrivers", "bet rivers", "bovada",
        "betonline", "betparx", "bally bet", "circa", "william hill", "paddy power", "ladbrokes",
        "unibet", "betfair", "betway", "bwin", "sportsbet", "prophetx", "novig", "fliff", "kalshi",
        "polymarket", "prizepicks", "sporttrade", "betanysports", "bookmaker", "bet105", "b365",
        "betus", "mybookie", "pointsbet", "borgata", "superbook", "stationcasinos", "rebet",
    }
)  # fmt: skip
"""Names of books of whose rules nothing is known here."""

BY = frozenset({"at", "on", "@", "via", "with"})
"""Words that may stand before a book's name."""

PERHAPS_A_STAKE = re.compile(r"(?<![(\[/@=])(?<![(\[/@=] )[0-9]+\.00(?![0-9x])")
"""Finds a price in its second form that may be a stake: `+900 10.00`, but not `+900 (10.00)`."""

NOT_OF_THE_BET = re.compile(
    r"""^[^\S\n]*(?:(?:bet|slip|bet[ ]slip|ticket|receipt|coupon)[ ]?(?:id|no\.?|number|\#)|id
        |reference|ref|placed|bet[ ]placed|date[ ]placed|placed[ ](?:on|at)|confirmation)
        [ ]*[:#](?![^\n]*[$€£])[^\n]*$
    |^[^\S\n]*includes:?[ ][^\n]*\b(?:selection|leg|pick|parlay)s?[^\S\n]*$
    |^[^\S\n]*cash[ ]?out(?:[ ]value)?[ ]*[:$€£][^\n]*$
    |^[^\S\n]*(?:\d{1,2}\)|\d\ufe0f?\u20e3)(?=\s)
    |(?<=\w[ ])\((?:[GFC]|[PS][GF])(?:[-/](?:[GFC]|[PS][GF]))?(?=\)|[ ]?[-,/|•·])
    |(?<=[A-Z]{3})[ ]?[-,/|•·][ ]?(?:[GFC]|[PS][GF])(?=\)|[ ]*$)
    |\b(?:(?:(?:(?:east|west)(?:ern)?[ ])?conf(?:erence|\.)?[ ])?(?:semi-?)?finals?|playoffs?
        |(?:first|second|1st|2nd)[ ]round|round[ ][12])[ ,-]+game[ ][1-7]\b[ ]*[:,-]?
    |\b(?:tip(?:-?[ ]?off|s)?|starts?)[ ]*(?:at|:)?[ ]*
        (?=\d{1,2}(?::\d{2}|(?::\d{2})?[ ]?[ap]\.?m\b))
    |^(?:(?:nba|wnba|ncaab?|cbb|basketball)[\s-]*)?\[\d{3,6}\](?=\s+\S)""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
"""Finds what a slip says of itself (`Placed: Nov 20, 2026`), a bet's number (`2)`, `[503]`), a
player's position (`(PG)`), which game of a series it is (`Finals Game 3:`), and the word before the
time of a tip-off. A line with an
amount, such as `Placed: $20`, is kept: that may be the stake."""

_NUMBERED = re.compile(r"(?:^|(?<=[;:]))[^\S\n]*#(\d{1,2})(?=[^\S\n])", re.MULTILINE)


def only_the_bet(text: str) -> str:
    """The text with blanks for what `NOT_OF_THE_BET` finds, and for the numbers of legs: `#1`."""
    text = NOT_OF_THE_BET.sub(lambda x: " " * len(x[0]), text)
    numbers = [int(x[1]) for x in _NUMBERED.finditer(text)]
    in_order = len(numbers) > 1 and numbers == list(range(1, len(numbers) + 1))
    return _NUMBERED.sub(lambda x: " " * len(x[0]), text) if in_order else text


FREE = frozenset(
    {
        "free bet", "free", "freebet", "free bets", "free play", "freeplay", "bonus bet",
        "bonus bets", "bonus cash", "bet credit", "bet credits", "free bet token",
        "bonus bet token", "bet token", "site credit", "site credits", "free wager",
        "stake not returned", "snr",
    }
)  # fmt: skip
"""Words for a stake that is the book's."""

BACKED = frozenset(
    {
        "no sweat", "no sweat bet", "no sweat token", "no sweat first bet", "nosweat",
        "nosweat bet", "risk free", "risk free bet", "riskfree", "riskfree bet", "riskless",
        "riskless bet", "second chance", "second chance bet", "2nd chance", "2nd chance bet",
        "insured", "insured bet", "bet insurance", "insurance", "parlay insurance", "money back",
        "moneyback", "bonus back", "safety net", "first bet safety net",
        "safety net bet", "stake back", "bet protection",
    }
)  # fmt: skip
"""Words for an offer that gives a lost stake back as a bonus bet: the stake is the person's."""

LABELS = frozenset(
    {"pick", "bet", "potd", "play", "selection", "single", "lock", "leg", "wager", "open"}
)
"""Words that may stand before a colon at the beginning of a bet."""

PRICE_LABELS = frozenset({"odds", "price", "at", "priced at", "odds of", "for"})
STAKE_LABELS = frozenset(
    {"stake", "risk", "risking", "wager", "wagered", "bet", "staked", "wager amount", "bet amount",
     "risk amount", "stake amount", "amount"}
)  # fmt: skip
WIN_LABELS = frozenset(
    {"to win", "win", "wins", "potential win", "potential winnings", "winnings", "profit",
     "potential profit", "est win", "towin"}
)  # fmt: skip
"""Words before an amount that a won bet pays beside its stake."""

PAYOUT_LABELS = frozenset(
    {"payout", "total payout", "potential payout", "est payout", "estimated payout", "to pay",
     "to return", "returns", "return", "potential return", "potential returns", "est returns",
     "total return", "est return", "estimated return", "pays", "payouts", "returned",
     "total returned", "paid", "total paid"}
)  # fmt: skip
"""Words before an amount that a won bet pays with its stake."""

UNITS = frozenset({"u", "unit", "units", "un"})
HALF_A_UNIT = frozenset(
    {"half unit", "half a unit", "1/2 unit", "1/2 a unit", "1/2u", "1/2 u", "half u", "halfunit"}
)
MONEY_WORDS = frozenset(
    {"dollars", "dollar", "usd", "bucks", "$", "cad", "aud", "eur", "euro", "euros", "gbp", "quid",
     "pounds", "nzd", "chf", "kr", "zł", "pln", "tl", "sek", "nok", "dkk", "brl", "mxn"}
)  # fmt: skip
AT_LEAST = frozenset({"at least", "minimum"})
AT = frozenset({"@", "at"})
VERSUS = frozenset({"vs", "vs.", "v", "v.", "versus", "vrs", "vrs.", "/", "-", "x"}) | AT
EVEN_MONEY = frozenset({"even", "evens", "ev", "evs", "even money", "em"})
NEGATION = frozenset({"no", "not", "without a", "not to record a", "no to"})

PARLAY = frozenset(
    {
        "parlay", "parlays", "parley", "sgp", "sgpx", "sgp+", "same game parlay", "multi", "acca",
        "same game multi", "accumulator", "bet builder", "betbuilder", "combo", "parlayed", "sgm",
        "same game parlay plus", "same game parlay+", "parlay+", "sgps", "same game",
    }
)  # fmt: skip
SAME_GAME = frozenset(
    {
        "sgp", "same game parlay", "same game multi", "bet builder", "betbuilder", "sgm", "sgps",
        "same game",
    }
)  # fmt: skip
HEADINGS = PARLAY | SEVERAL
COUNTERS = frozenset(
    {"leg", "legs", "team", "teams", "legger", "pick", "picks", "leger", "man", "selection",
     "selections", "fold", "folds"}
)  # fmt: skip
NUMBERS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "double": 2, "treble": 3,
}  # fmt: skip

_DAYS = {
    "today": 0, "tonight": 0, "tonite": 0, "2night": 0, "this evening": 0, "later today": 0,
    "tomorrow": 1, "tomorrow night": 1, "tmrw": 1, "tmr": 1, "tmw": 1, "tomorow": 1, "tommorow": 1,
    "tommorrow": 1, "yesterday": -1, "last night": -1,
}  # fmt: skip
RELATIVE_DAYS = _DAYS | {f"for {word}": ahead for word, ahead in _DAYS.items()}
"""Words for a day, by how many days it is from today."""

_NAMES_OF_DAYS = (
    ("mon", "monday"), ("tue", "tues", "tuesday"), ("wed", "weds", "wednesday"),
    ("thu", "thur", "thurs", "thursday"), ("fri", "friday"), ("sat", "saturday"),
    ("sun", "sunday"),
)  # fmt: skip
WEEKDAYS = {
    f"{this}{word}{part}": day
    for day, names in enumerate(_NAMES_OF_DAYS)
    for word in names
    for this in ("", "this ", "for ")
    for part in ("", " night", " evening", " afternoon")
}
"""Names of weekdays, from Monday as 0."""

_NAMES_OF_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
MONTHS = {
    name: month
    for month, whole in enumerate(_NAMES_OF_MONTHS, 1)
    for name in (whole, whole[:3], f"{whole[:4]}")
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


ZONES = frozenset(
    {"et", "est", "edt", "ct", "cst", "cdt", "mt", "mst", "mdt", "pt", "pst", "pdt", "gmt", "utc",
     "bst", "cet", "cest"}
)  # fmt: skip
"""Names of time zones that may stand behind a time of day."""

PHRASES = frozenset().union(
    SPANS, OVER_UNDER, STATS, UNKNOWN_STATS, TENS, MONEYLINE, THREE_WAY, TIE, PARITIES, PICKEM,
    TEAM_TOTAL, TOTAL, NOISE, OTHERS, FREE, BACKED, NEGATION, AT_LEAST, EVEN_MONEY, PRICE_LABELS,
    STAKE_LABELS,
)  # fmt: skip
"""All terms of the vocabulary: they are recognised before names are looked for."""

NO_CODES = frozenset({"but", "can", "day", "for", "how", "long", "me", "most"})
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

SUGGESTED = (
    "over", "under", "total", "moneyline", "regulation", "spread", "points", "rebounds",
    "assists", "threes", "steals", "blocks", "turnovers", "double-double", "triple-double",
    "parlay", "3-way", "draw", "odd", "even", "half", "quarter", "units", "pick", "team total",
)  # fmt: skip
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
A_TOTAL = re.compile(r"[0-9]{3}\.5")
TWO_DECIMALS = re.compile(r"[0-9]{1,4}\.[0-9]{2}")
SPREAD_FORM = re.compile(r"[+-][0-9]{1,2}(?:\.[05])?")
PRICE_FOLLOWS = re.compile(r"[+-]?[\d.]|ev")
ANY_NUMBER = re.compile(NUMBER)
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
