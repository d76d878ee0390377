"""The demo's night: its games and bets, its configuration, and the check of every result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tracker.domain.bet import Parlay, Result, Wager
from tracker.domain.game import Side
from tracker.domain.market import (
    Direction,
    Market,
    Moneyline,
    PlayerTotal,
    Spread,
    TeamTotal,
    Total,
)
from tracker.domain.player import Stat, player_key
from tracker.domain.value import ClosingValue
from tracker.replay import PlayerStatLine, RecordedTeam, find_recording
from tracker.replay.playback import Playback
from tracker.store.views import ShowView

TIP_OFF = datetime(2026, 1, 30, 0, 0, tzinfo=UTC)
"""Seven in the evening in New York: every game of the demo is moved there."""

PLACED = TIP_OFF - timedelta(hours=12)
"""When the demo's bets were placed: on the games' day, before the clock starts at any speed."""

LASTS = timedelta(hours=8)
"""The longest time after tip-off, on the demo's clock, to wait for the last bet's result."""

SPEED = 400.0
"""Clock seconds for each real second, on a machine that loads the daemon within USUAL_S."""

SLOWEST = 60.0
"""The lowest speed, on the slowest machine."""

USUAL_S = 2.0
"""Seconds to load the daemon's modules on a machine that is fast enough for SPEED."""

_BEGINNINGS = 3.0
"""The daemon starts this many load times before tip-off, so that it runs when the games begin."""


def pace(load_s: float) -> float:
    """The speed of the demo's clock on a machine that loads the daemon in `load_s` seconds."""
    return max(SLOWEST, SPEED * min(1.0, USUAL_S / load_s))


def starts(load_s: float, speed: float) -> datetime:
    """The time at which the demo's clock starts, early enough for the daemon to load."""
    return TIP_OFF - timedelta(seconds=speed * max(3.0, _BEGINNINGS * load_s))


@dataclass(frozen=True, slots=True)
class DemoGame:
    """A recorded game, what makes it worth seeing, and the picks on it with odds and stake."""

    game: str
    story: str
    picks: tuple[tuple[str, int, int], ...]


PAIRINGS = (
    DemoGame(
        "LAC@LAL 2023-11-01",
        "overtime, after LAL trailed by 19",
        (
            ("LAL -3", -110, 20),
            ("LAC ML", 140, 10),
            ("over 227.5", -110, 20),
            ("LeBron over 26.5 pts", -115, 20),
            ("sgp: LAL ML; over 227.5; LeBron o26.5 pts", 450, 10),
        ),
    ),
    DemoGame(
        "NOP@GSW 2024-04-12",
        "a push on the closing total",
        (("over 223", -110, 20), ("NOP ML", 150, 10), ("GSW -4", -110, 20)),
    ),
    DemoGame(
        "SAC@PHI 2026-01-29",
        "won with 1.3 seconds left",
        (
            ("PHI ML", -140, 20),
            ("SAC +4.5", -110, 20),
            ("PHI over 112.5", -115, 10),
            ("Maxey under 7.5 ast", -120, 10),
        ),
    ),
    DemoGame("HOU@ATL 2026-01-29", "a blowout", (("HOU -7.5", 280, 10), ("under 225.5", -110, 20))),
)

ACROSS = (("parlay: PHI ML; HOU -7.5", 550, 10),)
"""Parlays over several of the games, with odds and stake."""

BETS = sum(len(x.picks) for x in PAIRINGS) + len(ACROSS)
"""The number of bets of the night."""


def playbacks() -> tuple[Playback, ...]:
    """The recordings, all tipping off at the same time."""
    return tuple(Playback(find_recording(x.game), TIP_OFF) for x in PAIRINGS)


def bets_toml() -> str:
    """The text of the night's bets file."""
    rows = [
        _bet(pick, odds, stake, f'game = "{pairing.game.split()[0]}"\n')
        for pairing in PAIRINGS
        for pick, odds, stake in pairing.picks
    ]
    return "\n".join([*rows, *(_bet(*x, "") for x in ACROSS)])


def _bet(pick: str, odds: int, stake: int, game: str) -> str:
    placed = f'placed_at = "{PLACED.isoformat()}"\n'
    return f'[[bet]]\npick = "{pick}"\n{game}odds = {odds}\nstake = {stake:.2f}\n{placed}'


def config_toml(feed: str, sink: str, lines: Mapping[str, tuple[float, float]]) -> str:
    """The text of the night's configuration.

    `feed` is the URL of the replay server, `sink` the webhook's, and `lines` the home spread and
    total of each game by name.
    """
    known = "".join(
        f'\n[[lines]]\ngame = "{game}"\nhome_spread = {spread}\ntotal = {total}\n'
        for game, (spread, total) in lines.items()
    )
    return f"""timezone = "America/New_York"

[store]
path = "tracker.db"

[bets]
file = "bets.toml"

[feeds.nba]
base_url = "{feed}"

[odds]
sources = ["kalshi", "polymarket", "the_odds_api"]

[odds.the_odds_api]
key = "a-key-of-the-demo"
base_url = "{feed}"

[odds.kalshi]
base_url = "{feed}"

[odds.polymarket]
base_url = "{feed}"
clob_url = "{feed}"

[notify]
console = false
urls = ["{sink}"]

[rules]
default = ["p >= 0.80", "p <= 0.20", "settled"]
{known}"""


def write_files(folder: Path, feed: str, sink: str) -> Path:
    """Write the bets file and the configuration into a folder; returns the configuration's path."""
    lines: dict[str, tuple[float, float]] = {}
    for playback in playbacks():
        game, recorded = playback.recording, playback.recording.lines
        if recorded is not None and recorded.home_spread is not None and recorded.total is not None:
            name = f"{game.away.tricode}@{game.home.tricode}"
            lines[name] = (recorded.home_spread, recorded.total)
    (folder / "bets.toml").write_text(bets_toml(), "utf-8")
    config = folder / "tracker.toml"
    config.touch(mode=0o600)
    config.write_text(config_toml(feed, sink, lines), "utf-8")
    return config


@dataclass(frozen=True, slots=True)
class NightResult:
    """The outcome of the night. `wrong` holds the numbers of bets without the right result.

    `values` are the bets' closing line values by number.
    """

    bets: tuple[ShowView, ...]
    wrong: tuple[int, ...]
    alerts: int
    exit_status: int | None
    log: str
    values: Mapping[int, ClosingValue] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether every bet was settled right, an alert arrived, and the daemon ended cleanly."""
        whole = len(self.bets) == BETS and not self.wrong
        return whole and self.alerts > 0 and self.exit_status == 0


@dataclass(frozen=True, slots=True)
class Facts:
    """The official box score of a game: both scores, and the figures of each player who played."""

    home: int
    away: int
    figures: Mapping[str, Mapping[Stat, int]]


def judge(
    bets: Sequence[ShowView],
    messages: Sequence[str],
    exit_status: int | None,
    log: str,
    values: Mapping[int, ClosingValue] | None = None,
) -> NightResult:
    """Compare each bet's result with the official box scores of its games.

    `values` are the bets' closing line values by number.
    """
    facts = _facts()
    wrong = tuple(
        view.bet.number
        for view in bets
        if view.bet.market is None
        or view.bet.game is None
        or view.bet.result is not _real(view.bet.market, view.bet.game.id, facts)
    )
    return NightResult(tuple(bets), wrong, len(messages), exit_status, log, values or {})


def _facts() -> dict[str, Facts]:
    """The official box scores by game id."""
    found: dict[str, Facts] = {}
    for playback in playbacks():
        recording = playback.recording
        if recording.official is None:
            continue
        home, away = recording.official.home, recording.official.away
        figures = {**_figures(recording.home, home.lines), **_figures(recording.away, away.lines)}
        found[recording.id] = Facts(home.score, away.score, figures)
    return found


def _figures(team: RecordedTeam, lines: Sequence[PlayerStatLine]) -> dict[str, dict[Stat, int]]:
    names = {x.id: player_key(f"{x.first} {x.last}") for x in team.players}
    return {
        names[x.player]: {
            Stat.PTS: x.line.points,
            Stat.REB: x.line.rebounds_off + x.line.rebounds_def,
            Stat.AST: x.line.assists,
            Stat.THREES: x.line.threes,
        }
        for x in lines
    }


def _real(wager: Wager, game: str, facts: Mapping[str, Facts]) -> Result:
    """The right result of a bet, worked out without the program's own grading."""
    if not isinstance(wager, Parlay):
        return _single(wager, facts[game])
    legs = [_single(leg.market, facts[leg.game.id]) for leg in wager.legs]
    if Result.LOST in legs:
        return Result.LOST
    return Result.WON if Result.WON in legs else Result.VOID


def _single(market: Market, facts: Facts) -> Result:
    excess = _excess(market, facts)
    if excess is None:
        return Result.VOID
    return Result.PUSH if excess == 0 else Result.WON if excess > 0 else Result.LOST


def _excess(market: Market, facts: Facts) -> float | None:
    """The points by which a bet won, below 0 when it lost; None when it is void."""
    home, away = facts.home, facts.away
    match market:
        case Moneyline(side) | Spread(side):
            margin = home - away if side is Side.HOME else away - home
            return margin + (market.points if isinstance(market, Spread) else 0)
        case Total(direction):
            return _over(direction, home + away - market.points)
        case TeamTotal(side, direction):
            return _over(direction, (home if side is Side.HOME else away) - market.points)
        case PlayerTotal(player, stat, direction, points):
            figures = facts.figures.get(player.key)
            if figures is None:
                return None
            return _over(direction, sum(figures[x] for x in stat.parts) - points)
        case _:
            raise ValueError(f"the demo has no bet such as {market}")


def _over(direction: Direction, excess: float) -> float:
    return excess if direction is Direction.OVER else -excess
