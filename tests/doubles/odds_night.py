"""A made-up night of games and of books' prices, known from minute to minute.

Nothing of the program is imported, so that its results can be compared with an independent source.
Figures follow a seeded random walk; after a game's own tip-off they jump, so that a price from
after it would show. What goes wrong with a book or a game is written beside it.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from math import erf, sqrt

MINUTE = timedelta(minutes=1)

TEAMS = {
    "ATL": ("Atlanta", "Hawks"), "BOS": ("Boston", "Celtics"), "BKN": ("Brooklyn", "Nets"),
    "CHA": ("Charlotte", "Hornets"), "CHI": ("Chicago", "Bulls"), "CLE": ("Cleveland", "Cavaliers"),
    "DAL": ("Dallas", "Mavericks"), "DEN": ("Denver", "Nuggets"), "DET": ("Detroit", "Pistons"),
    "GSW": ("Golden State", "Warriors"), "HOU": ("Houston", "Rockets"),
    "IND": ("Indiana", "Pacers"), "LAC": ("Los Angeles", "Clippers"),
    "LAL": ("Los Angeles", "Lakers"), "MEM": ("Memphis", "Grizzlies"), "MIA": ("Miami", "Heat"),
    "MIL": ("Milwaukee", "Bucks"), "MIN": ("Minnesota", "Timberwolves"),
    "NOP": ("New Orleans", "Pelicans"), "NYK": ("New York", "Knicks"),
    "OKC": ("Oklahoma City", "Thunder"), "ORL": ("Orlando", "Magic"),
    "PHI": ("Philadelphia", "76ers"), "PHX": ("Phoenix", "Suns"),
    "POR": ("Portland", "Trail Blazers"), "SAC": ("Sacramento", "Kings"),
    "SAS": ("San Antonio", "Spurs"), "TOR": ("Toronto", "Raptors"), "UTA": ("Utah", "Jazz"),
    "WAS": ("Washington", "Wizards"),
}  # fmt: skip
ESPN_CODES = {"GSW": "GS", "NOP": "NO", "NYK": "NY", "SAS": "SA", "UTA": "UTAH", "WAS": "WSH"}
BOOKS = {
    # Each book's margin, seconds between two updates, and own difference in points.
    "draftkings": (0.045, 24, 0.1), "fanduel": (0.05, 24, -0.2), "betmgm": (0.055, 67, 0.3),
    "betrivers": (0.06, 45, -0.1), "williamhill_us": (0.05, 60, 0.0), "pinnacle": (0.025, 30, 0.05),
}  # fmt: skip


def name_of(code: str) -> str:
    """A team's full name, as The Odds API gives it."""
    return " ".join(TEAMS[code])


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with a book's prices of a game from a time on.

    `kind` is `frozen`, `suspended`, `swapped`, `certain` (a price of 1.0) or `one-sided`.
    """

    kind: str
    since: datetime
    until: datetime | None = None

    def at(self, now: datetime) -> bool:
        """Whether the trouble is there at a time."""
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(frozen=True)
class Contest:
    """A game: when it was listed, when it tipped off, and what is reported of it wrongly.

    `slides` are the times at which the listed start moved, and the new starts. `troubles` are by
    book, with `espn` and the exchanges among them. `new_id` is when The Odds API gives the game
    another id; `twice` is whether it lists the game a second time without prices. `off` is when the
    game was postponed, `on` when it was listed again.
    """

    number: int
    home: str
    away: str
    listed: datetime
    tip: datetime
    margin: float
    total: float = 226.0
    slides: tuple[tuple[datetime, datetime], ...] = ()
    troubles: tuple[tuple[str, Trouble], ...] = ()
    new_id: datetime | None = None
    twice: bool = False
    off: datetime | None = None
    on: datetime | None = None
    players: tuple[tuple[str, float], ...] = ()

    @property
    def id(self) -> str:
        """The league's id."""
        return f"00226{self.number:05d}"

    @property
    def name(self) -> str:
        """The name that bettors write."""
        return f"{self.away}@{self.home}"

    def start(self, now: datetime) -> datetime:
        """The listed start at a time."""
        told = [to for at, to in self.slides if at <= now]
        return told[-1] if told else self.listed

    def begun(self, now: datetime) -> bool:
        """Whether the game is in play or over."""
        return now >= self.tip and not self.put_off(now)

    def put_off(self, now: datetime) -> bool:
        """Whether the game is called off at a time."""
        return self.off is not None and self.off <= now and (self.on is None or now < self.on)

    def trouble(self, book: str, now: datetime) -> Trouble | None:
        """What is wrong with a book at a time; None where nothing is."""
        return next((x for who, x in self.troubles if who == book and x.at(now)), None)


@lru_cache(maxsize=100_000)
def walk(seed: str, step: int) -> float:
    """A seeded random walk in steps of three minutes: normal steps of a fifth of a point."""
    if step <= 0:
        return 0.0
    digest = hashlib.sha256(f"{seed} {step}".encode()).digest()
    return walk(seed, step - 1) + 0.2 * (sum(digest[:12]) / 255 - 6)


@dataclass(frozen=True)
class Opinion:
    """The expected margin of the home side and the expected total at a moment."""

    margin: float
    total: float

    @property
    def home(self) -> float:
        """The home side's chance to win."""
        return 0.5 * (1 + erf(self.margin / 13 / sqrt(2)))


def opinion(game: Contest, now: datetime, book: str = "") -> Opinion:
    """A book's expectation of a game at a time; after the tip-off it is far different."""
    step = int((now - (game.listed - timedelta(hours=3))) / (3 * MINUTE))
    own = BOOKS[book][2] if book in BOOKS else 0.0
    live = 9.0 if game.begun(now) else 0.0
    margin = game.margin + walk(f"{game.id} margin", step) + own + live
    return Opinion(margin, game.total + walk(f"{game.id} total", step) - own + 2 * live)


@dataclass(frozen=True)
class Priced:
    """One line of a book: `about` is a player's name. `first` is the price of home or over."""

    market: str
    points: float | None
    first: float | None
    second: float | None
    about: str = ""


def half(value: float) -> float:
    """The nearest half point that is not a whole one."""
    return int(value) + 0.5 if value >= 0 else int(value) - 0.5


def prices(chance: float, margin: float) -> tuple[float, float]:
    """Both sides' decimal odds with a margin, in hundredths."""
    chance = min(max(chance, 0.02), 0.96)
    both = (1 / (chance * (1 + margin)), 1 / ((1 - chance) * (1 + margin)))
    return max(1.01, round(both[0], 2)), max(1.01, round(both[1], 2))


def lines(game: Contest, book: str, now: datetime) -> list[Priced]:
    """A book's main lines at a moment, by its expectation then."""
    told, margin = opinion(game, now, book), BOOKS[book][0]
    spread, total = -half(told.margin), half(told.total)
    found = [
        Priced("h2h", None, *prices(told.home, margin)),
        Priced("spreads", spread, *prices(0.5 + 0.03 * (told.margin + spread), margin)),
        Priced("totals", total, *prices(0.5 + 0.02 * (told.total - total), margin)),
    ]
    first, team = half(told.total / 2), half((told.total + told.margin) / 2)
    found += [
        Priced("totals_h1", first, *prices(0.5 + 0.03 * (told.total / 2 - first), margin)),
        Priced("spreads_h1", -half(told.margin / 2), *prices(0.51, margin)),
        Priced("team_totals", team, *prices(0.49, margin), name_of(game.home)),
    ]
    for who, mean in game.players:
        points = half(mean + walk(f"{who}", int(now.timestamp() // 900) % 7))
        chance = 0.5 + 0.05 * (mean - points) + BOOKS[book][2] / 50
        found.append(Priced("player_points", points, *prices(chance, margin), who))
    return found


@dataclass(frozen=True)
class Shown:
    """What a book shows of a game at a time, and when it last confirmed it."""

    book: str
    at: datetime
    lines: tuple[Priced, ...]


def shown(game: Contest, book: str, now: datetime) -> Shown | None:
    """What a book shows at a time; None where it shows nothing."""
    wrong = game.trouble(book, now)
    kind = "" if wrong is None else wrong.kind
    if kind == "suspended":
        return None
    seen = wrong.since if wrong is not None and kind == "frozen" else now
    period = BOOKS[book][1]
    stood = seen - timedelta(seconds=seen.timestamp() % period, microseconds=0)
    stood = stood.replace(microsecond=0)
    if stood < game.tip <= now and kind != "frozen":
        stood = now.replace(microsecond=0)
    told = lines(game, book, seen)
    match kind:
        case "swapped":
            told = [_swapped(x) for x in told]
        case "certain":
            told = [Priced(x.market, x.points, 1.0, x.second, x.about) for x in told]
        case "one-sided":
            told = [Priced(x.market, x.points, x.first, None, x.about) for x in told]
    return Shown(book, stood, tuple(told))


def _swapped(x: Priced) -> Priced:
    if x.market not in ("h2h", "spreads"):
        return x
    points = None if x.points is None else -x.points
    return Priced(x.market, points, x.second, x.first)


@dataclass(frozen=True)
class Night:
    """The games, the night's span, and how many credits are left."""

    contests: tuple[Contest, ...]
    start: datetime
    until: datetime
    credits: int = 500


@dataclass(frozen=True)
class Wager:
    """A bet of the night in the program's own language, and what it is on.

    `side` is home, away, over or under; `points` are that side's; `american` is its price. A bet
    with `added` is entered at that time, not at the beginning.
    """

    name: str
    game: Contest
    pick: str
    market: str
    side: str
    points: float | None
    american: int | None = -110
    about: str = ""
    placed: datetime | None = None
    added: datetime | None = None

    @property
    def decimal(self) -> float | None:
        """The price as a decimal."""
        if self.american is None:
            return None
        a = self.american
        return 1 + (a / 100 if a > 0 else 100 / -a)


def contests(listed: datetime) -> tuple[Contest, ...]:
    """A night with every known kind of trouble, one for each game."""

    def all_of(books: Sequence[str], kind: str, since: datetime) -> tuple[tuple[str, Trouble], ...]:
        return tuple((book, Trouble(kind, since)) for book in books)

    six = tuple(BOOKS)
    first, second, third, late = (listed + k * MINUTE for k in (0, 30, 60, 150))
    half_off, all_off = six[:4], (*six, "kalshi", "polymarket", "espn")
    return (
        Contest(1, "LAL", "LAC", first, first + 9 * MINUTE, 6.4),
        Contest(2, "BOS", "NYK", first, first + 11 * MINUTE, -8.3,
                troubles=all_of(six[:2], "frozen", first - 26 * MINUTE)),
        Contest(3, "DEN", "PHX", first, first + 10 * MINUTE, 5.2,
                troubles=all_of(six, "suspended", first + 2 * MINUTE)),
        Contest(4, "MIA", "ORL", second, second + 9 * MINUTE, 9.6,
                troubles=all_of(("betmgm",), "swapped", first - 120 * MINUTE)),
        Contest(5, "CHI", "DET", second, second + 31 * MINUTE, 4.1, 231.0,
                slides=((second + 5 * MINUTE, second + 22 * MINUTE),)),
        Contest(6, "DAL", "HOU", second, second + 12 * MINUTE, -4.4, twice=True,
                new_id=second - 20 * MINUTE),
        Contest(7, "MIL", "IND", third, third + 10 * MINUTE, 7.3, 238.0,
                troubles=all_of(("fanduel",), "certain", first)),
        Contest(8, "POR", "SAC", third, third + 8 * MINUTE, -3.1,
                troubles=all_of(six[:2], "one-sided", first)),
        Contest(9, "UTA", "SAS", third, third + 13 * MINUTE, 2.4, 222.0,
                troubles=(*all_of(half_off, "suspended", first),
                          *all_of(("kalshi",), "thin", first))),
        Contest(10, "GSW", "MEM", late, late + 9 * MINUTE, 5.7,
                troubles=all_of(all_off, "suspended", late - 12 * MINUTE)),
        Contest(11, "TOR", "CHA", late, late + 9 * MINUTE, 3.3, off=late - 20 * MINUTE),
        Contest(12, "PHI", "CLE", late, late + 10 * MINUTE, 3.9,
                players=(("Ty Rees", 24.2), ("Otto Marsh", 17.7))),
    )  # fmt: skip


def wagers(listed: Sequence[Contest], seed: int = 1) -> list[Wager]:
    """The bets of a person who takes all sides: main lines, moving lines, unpriced lines."""
    rng = random.Random(seed)  # noqa: S311 - made-up bets
    return [bet for game in listed for bet in _bets(game, rng)]


def _bets(game: Contest, rng: random.Random) -> list[Wager]:
    early = opinion(game, game.listed - timedelta(hours=2))
    spread, total = -half(early.margin), half(early.total)
    side, way = rng.choice(("home", "away")), rng.choice(("over", "under"))
    code, mine = (game.home, spread) if side == "home" else (game.away, -spread)
    first, own = half(total / 2), half((total - spread) / 2)
    live = Wager("live", game, f"{code} ML", "h2h", side, None, -115, placed=game.tip + 3 * MINUTE)
    found = [
        Wager("ml", game, f"{code} ML", "h2h", side, None, rng.choice((-150, 120, -105))),
        Wager("spread", game, f"{code} {mine:+g}", "spreads", side, mine),
        Wager("total", game, f"{way} {total:g}", "totals", way, total, -108),
        Wager("moved", game, f"{code} {mine + 2.5:+g}", "spreads", side, mine + 2.5, -140),
        Wager("bare", game, f"{way} {total + 1:g}", "totals", way, total + 1, None),
        Wager("half", game, f"1H {way} {first:g}", "totals_h1", way, first, 105),
        Wager("team", game, f"{game.home} over {own:g}", "team_totals", "over", own, -115,
              name_of(game.home)),
        *([] if game.off else [live]),
    ]  # fmt: skip
    for who, mean in game.players:
        for name, points in (("own", half(mean)), ("lower", half(mean) - 3)):
            pick = f"{who} over {points:g} pts"
            found.append(Wager(name, game, pick, "player_points", "over", points, -130, who))
    return [replace(x, name=f"{game.name} {x.name} {x.about}".strip()) for x in found]
