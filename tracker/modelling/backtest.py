"""The bets that a season's recorded lines offered: the candidates of a back-test.

A candidate is a bet at a recorded line, with the chance that the model gave
it and its outcome. The chance rests on ratings from the results of earlier days alone, never on the
line that is bet on: a chance that is taken from a price cannot find that price wrong. Prices are
those of the data set; where it has none, the usual -110.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tracker.app.market.backtest import BetOutcome, Candidate
from tracker.domain import TrackerError
from tracker.domain.bet import excess_of
from tracker.domain.chance import Chance
from tracker.domain.game import Game, Side
from tracker.domain.market import Direction, GameMarket, Moneyline, Spread, Total, describe, kind
from tracker.domain.money import decimal_of
from tracker.domain.prior import NO_LINES, Finished, Lines, Prior
from tracker.domain.value import edge
from tracker.forecast.game.parameters import Parameters
from tracker.forecast.market import before_tip
from tracker.forecast.model import forecast
from tracker.forecast.outlook import Outlook
from tracker.forecast.pricing.markets import chance_of
from tracker.forecast.priors import GAME_SDS, Known, devig, prior_from
from tracker.modelling import Progress

USUAL = 1 + 100 / 110
"""Decimal odds where the data set has none: -110."""

_COLUMNS = (
    "game_id", "game_date", "season", "team_abbreviation_home", "team_abbreviation_road",
    "pts_home", "pts_road", "close_total", "close_spread_home", "ml_home", "ml_away",
    "open_total", "open_spread_home", "lines_ok",
)  # fmt: skip


class NoSeason(TrackerError):
    """The data for a season's back-test is missing or cannot be read; the text says what to do."""


@dataclass(frozen=True, slots=True)
class SeasonGame:
    """A game with its lines. Moneylines are decimal odds."""

    season: str
    game: Game
    home_points: int
    away_points: int
    closing: Lines
    opening: Lines

    @property
    def finished(self) -> Finished:
        """The game's result, as ratings take it."""
        game = self.game
        return Finished(
            game.league, game.slate, game.home, game.away, self.home_points, self.away_points
        )


def read_rows(folder: Path) -> list[SeasonGame]:
    """The games in a folder's `games.parquet`, by date. Raises NoSeason."""
    import pyarrow.parquet as pq

    file = folder / "games.parquet"
    if not file.exists():
        raise NoSeason(f"{file}: there is no such file; name another folder of recorded games")
    try:
        table = pq.read_table(file, columns=list(_COLUMNS)).to_pydict()
    except (OSError, ValueError, KeyError) as why:
        raise NoSeason(f"{file}: it cannot be read as games with lines ({why})") from None
    rows = [_row({name: table[name][i] for name in _COLUMNS}) for i in range(len(table["game_id"]))]
    return sorted((x for x in rows if x is not None), key=lambda x: (x.game.slate, x.game.id))


def _row(x: dict[str, Any]) -> SeasonGame | None:
    if x["pts_home"] is None or x["pts_road"] is None or x["pts_home"] == x["pts_road"]:
        return None
    day = date.fromisoformat(x["game_date"])
    # The data has no tip-off: take 23:30 UTC, an evening in the east.
    start = datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)
    home, away = x["team_abbreviation_home"], x["team_abbreviation_road"]
    game = Game(x["game_id"], "nba", home, away, start, day)
    good = bool(x["lines_ok"])
    closing = Lines(
        _number(x["close_spread_home"]), _number(x["close_total"]), _decimal(x["ml_home"]),
        _decimal(x["ml_away"]),
    ) if good else NO_LINES  # fmt: skip
    opening = Lines(_number(x["open_spread_home"]), _number(x["open_total"])) if good else NO_LINES
    return SeasonGame(x["season"], game, int(x["pts_home"]), int(x["pts_road"]), closing, opening)


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _decimal(value: Any) -> float | None:
    odds = _number(value)
    return None if odds is None else decimal_of(odds)


def candidates(
    rows: Sequence[SeasonGame], season: str, lines: str, parameters: Parameters, progress: Progress
) -> Iterator[tuple[Candidate, BetOutcome]]:
    """Each bet that a season's recorded lines offer, with its chance before tip-off and outcome.

    `lines` is `closing` or `opening`. Raises NoSeason when no game of the season has such lines.
    """
    wanted = [x for x in rows if x.season == season]
    if not wanted:
        raise NoSeason(f"{season}: no game of such a season is there; write one like 2023-24")
    asked = [x.closing if lines == "closing" else x.opening for x in wanted]
    if all(x.empty for x in asked):
        raise NoSeason(
            f"{season}: no game there has {lines} lines, and `tracker history` collects none: name "
            "a folder that has them with `tracker backtest FILE --data FOLDER`, or try your kept "
            'quotes with lines = "quotes"'
        )
    before = [x.finished for x in rows if x.game.slate < wanted[0].game.slate][-RATED:]
    known = Known(lambda _: None, {}, [*before, *(x.finished for x in wanted)])
    for number, (row, at) in enumerate(zip(wanted, asked, strict=True)):
        progress("forecasting", number / len(wanted))
        if at.empty:
            continue
        prior = known.before(row.game, [], parameters).prior
        yield from _of_game(row, at, prior, parameters)


RATED = 1300
"""Earlier games that ratings start from: about the whole season before."""


def _of_game(
    row: SeasonGame, at: Lines, prior: Prior, parameters: Parameters
) -> Iterator[tuple[Candidate, BetOutcome]]:
    state = before_tip(row.game)
    outlook = forecast(state, prior, parameters)
    closed = None
    if not row.closing.empty:
        closed = forecast(state, prior_from(row.closing, parameters), parameters)
    for market, side, odds, underdog in _offers(at):
        chance, text = chance_of(market, outlook), describe(market, row.game.home, row.game.away)
        yield (
            Candidate(
                game=row.game.id,
                day=row.game.slate,
                market=kind(market),
                side=side,
                text=f"{row.game.name} {text.removeprefix(f'{row.game.name} ')}",
                book="recorded",
                win=chance.win,
                push=chance.push,
                odds=odds,
                doubt=_doubt(market, prior),
                underdog=underdog,
            ),
            BetOutcome(_won(market, row), _clv(market, odds, row, closed)),
        )


def _offers(at: Lines) -> Iterator[tuple[GameMarket, str, float, bool]]:
    """The bets that a game's lines offer: market, side, decimal odds, and if on the underdog."""
    spread, money = at.home_spread, {Side.HOME: at.home_ml, Side.AWAY: at.away_ml}
    if spread is not None and spread * 2 == int(spread * 2):
        for side, points in ((Side.HOME, spread), (Side.AWAY, -spread)):
            yield Spread(side, points), side.value, USUAL, points > 0
    for side in Side:
        own, other = money[side], money[side.other]
        if own is not None and other is not None:
            yield Moneyline(side), side.value, own, own > other
    if at.total is not None and at.total * 2 == int(at.total * 2):
        for direction in Direction:
            yield Total(direction, at.total), direction.value, USUAL, False


def _doubt(market: GameMarket, prior: Prior) -> float:
    """The standard error of a chance, from that of the prior.

    A point of the prior moves a chance near 0.5 by the density of a normal at its mean, .3989 / sd.
    """
    total = isinstance(market, Total)
    return (prior.total_sd if total else prior.margin_sd) * 0.3989 / GAME_SDS[total]


def _won(market: GameMarket, row: SeasonGame) -> float | None:
    """1 for a bet that won, 0 for one that lost, None for one that pushed."""
    excess = excess_of(market, row.home_points, row.away_points)
    return None if excess == 0 else float(excess > 0)


def _clv(market: GameMarket, odds: float, row: SeasonGame, closed: Outlook | None) -> float | None:
    """The expected profit of a unit by the closing lines; None where they cannot price the bet."""
    close = row.closing
    match market:
        case Moneyline(side) if close.home_ml is not None and close.away_ml is not None:
            home = devig(close.home_ml, close.away_ml)
            win = home if side is Side.HOME else 1 - home
            chance = Chance(win, 0.0, 1 - win)
        case _ if closed is not None:
            chance = chance_of(market, closed)
        case _:
            return None
    return edge(chance, odds)
