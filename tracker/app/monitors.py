"""Monitors: the day's figures, running sums of surprises by league, and limits on both."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.app.views import iso, part, plain
from tracker.domain.league import season_name, slate_date
from tracker.domain.poll import Trouble
from tracker.engine.monitors import (
    FAR_OFF,
    LEAST_CALIBRATED,
    NIGHTS_DOWN,
    NO_FIGURE,
    Figures,
    State,
    Sums,
    limits,
    of_chances,
    of_mean,
    of_spread,
    standard,
)
from tracker.engine.record import Grouping, Prediction, Reliability, reliability
from tracker.forecast.game.parameters import Parameters
from tracker.forecast.teams import GameResult, rate
from tracker.store import Store
from tracker.store.upkeep import Close, Figure, MonitorStanding
from tracker.wording.figures import in_percent

NOT_FOLLOWED = "no bet on the league for weeks"
RETRAIN = "the prior has drifted: tracker model retrain, then tracker model trial start"


@dataclass(frozen=True, slots=True)
class Surprise:
    """How far a game's margin and total were from what was expected, and the game's season."""

    season: str
    margin: float | None
    total: float | None


def by_close(league: str, closes: Iterable[Close]) -> list[Surprise]:
    """Surprises against the market's closing lines."""
    return [
        Surprise(
            season_name(league, x.day),
            None if x.margin is None else x.home_points - x.away_points - x.margin,
            None if x.total is None else x.home_points + x.away_points - x.total,
        )
        for x in closes
    ]


def by_ratings(results: Iterable[GameResult], parameters: Parameters) -> list[Surprise]:
    """Surprises against team ratings from the results before each game."""
    ratings, found = rate((), parameters.ratings), []
    for x in results:
        prior = ratings.prior(x.home, x.away, x.season)
        margin, total = x.home_points - x.away_points, x.home_points + x.away_points
        found.append(Surprise(x.season, margin - prior.margin, total - prior.total))
        ratings = ratings.after(x)
    return found


def sums_of(surprises: Sequence[Surprise], by: str, what: str) -> tuple[Sums, Sums] | None:
    """The running sums of the newest season, standardised by the one before; None without it."""
    seasons = list(dict.fromkeys(x.season for x in surprises))
    if len(seasons) < 2:  # noqa: PLR2004 - one to learn from, one to watch
        return None

    def of(season: str) -> list[float]:
        values = (getattr(x, what) for x in surprises if x.season == season)
        return [x for x in values if x is not None]

    usual = standard(of(seasons[-2]))
    if usual is None:
        return None
    zs = [usual.z(x) for x in of(seasons[-1])]
    return of_mean(zs, by, what), of_spread(zs, by, what)


async def watch(
    store: Store, leagues: Collection[str], load: Callable[[str], Parameters], now: datetime
) -> tuple[MonitorStanding, ...]:
    """Work out yesterday's figures and how every monitor stands, and store both.

    Returns the monitors that have changed so that a message is due. Those of a league that is
    not among `leagues` any more are unknown.
    """
    await store.monitoring.leave(leagues, now, NOT_FOLLOWED)
    day = slate_date(now) - timedelta(days=1)
    found: list[MonitorStanding] = []
    for league in leagues:
        found += await _league(store, league, load(league), now)
    predictions = await store.outcomes.first_predictions()
    reliable = fit_of(predictions)
    found.append(_standing("chances of bets", "", now, of_chances(by_game(predictions))))
    figures, seen = await _figures(store, day, now, reliable)
    for x in limits(seen):
        found.append(MonitorStanding(0, x.name, "", now, x.value, x.level, x.state, x.advice))
    await store.monitoring.keep_figures(figures)
    return await store.monitoring.keep(found)


async def _league(
    store: Store, league: str, parameters: Parameters, now: datetime
) -> list[MonitorStanding]:
    results = map(GameResult.of, await store.known.finished(league))
    streams = {
        "close": by_close(league, await store.monitoring.closes(league)),
        "ratings": by_ratings(results, parameters),
    }
    found = []
    for by, surprises in streams.items():
        for what in ("margin", "total"):
            sums = sums_of(surprises, by, what)
            for kind, one in zip(("mean", "spread"), sums or (None, None), strict=True):
                name = f"{what} {kind} by {by}"
                found.append(_standing(name, league, now, one))
    return found


def by_game(predictions: Iterable[Prediction]) -> list[float]:
    """The surprise of each game's bets together, in at least their standard deviation.

    Bets on one game may all be won or lost together: their standard deviations are added up.
    """
    games: dict[int | str, list[Prediction]] = defaultdict(list)
    for x in predictions:
        games[x.cluster].append(x)
    return [
        sum(x.won - x.p for x in some) / sum(math.sqrt(max(x.p * (1 - x.p), 1e-4)) for x in some)
        for some in games.values()
    ]


def fit_of(predictions: Sequence[Prediction]) -> Reliability | None:
    """Chances compared with results, as wide as an alarm that is looked at every day needs it."""
    return reliability(predictions, reach=FAR_OFF)


def _standing(name: str, league: str, now: datetime, x: Sums | None) -> MonitorStanding:
    if x is None:
        why = "a season before is needed"
        return MonitorStanding(0, name, league, now, 0.0, 0.0, State.UNKNOWN, why)
    if x.state is State.UNKNOWN:
        return MonitorStanding(0, name, league, now, 0.0, 0.0, x.state, NO_FIGURE)
    return MonitorStanding(0, name, league, now, x.value, x.level, x.state, RETRAIN)


async def _figures(
    store: Store, day: date, now: datetime, reliable: Reliability | None
) -> tuple[list[Figure], Figures]:
    """Yesterday's figures, and those of them that have limits."""
    found = []
    money = (await store.outcomes.tallies(Grouping.ALL, day, day)).get("all")
    if money is not None:
        found.append(Figure(day, "", "bets", money.bets, money.bets))
        if money.roi is not None:
            found.append(Figure(day, "", "roi", money.roi, money.bets))
    that_day = reliability(await store.outcomes.first_predictions(day, day))
    if that_day is not None:
        found += [
            Figure(day, "", "brier", that_day.brier, that_day.bets),
            Figure(day, "", "log_loss", that_day.log_loss, that_day.bets),
        ]
    if reliable is not None:
        found.append(Figure(day, "", "ece", reliable.ece, reliable.bets))
    value, bets = await store.monitoring.closing_value(day, day)
    if value is not None:
        found.append(Figure(day, "", "clv", value, bets))
    checks = await store.seasons.checks(day)
    for x in (c for c in checks if c.day == day):
        found += [
            Figure(day, x.league, "games", x.games, x.games),
            Figure(day, x.league, "without a result", x.no_result, x.games),
            Figure(day, x.league, "without a box", x.no_box, x.games),
        ]
    found += [
        Figure(day, "", f"failures of {host}", bad / count, count)
        for host, (count, bad) in (await _requests(store, day)).items()
    ]
    return found, await _limited(store, day, now, reliable, found)


LEAST_ASKED = 100
"""Requests that the share of failures needs: a start before the network is up loses its first few.
A day without games has about three hundred."""

_REQUESTS = "requests_counted"
"""The name of the note with the daemon's requests as the last rounds have counted them."""

Counts = dict[str, tuple[int, int]]
"""By the name of a host's settings, the requests and how many of them failed."""


async def _requests(store: Store, day: date) -> Counts:
    """The daemon's requests since the round of another day, or else since its start.

    The daemon counts from its start, and stores the counts, which may be of an earlier run where
    this one has just begun. A document that is not published yet is no failure.
    """
    kept = await store.monitoring.usage()
    if kept is None:
        return {}
    counts = {
        name: (x.asked, x.failed - dict(x.troubles).get(Trouble.NOT_PUBLISHED, 0))
        for name, x in kept.hosts.items()
    }
    text = await store.note(_REQUESTS)
    known = {} if text is None else json.loads(text)
    begun, today = None if kept.since is None else iso(kept.since), day.isoformat()
    if not known or known["started_at"] != begun:
        known = {"day": today, "since": {}}
    elif known["day"] != today:
        known = {"day": today, "since": known["counts"]}
    since: Counts = known["since"]
    note = known | {"started_at": begun, "counts": counts}
    await store.keep_note(_REQUESTS, json.dumps(note))
    return {
        name: (asked - before, failed - since.get(name, (0, 0))[1])
        for name, (asked, failed) in counts.items()
        if asked > (before := since.get(name, (0, 0))[0])
    }


async def _limited(
    store: Store, day: date, now: datetime, reliable: Reliability | None, found: Sequence[Figure]
) -> Figures:
    games = sum(x.value for x in found if x.name == "games")
    bare = sum(x.value for x in found if x.name == "without a box")
    asked = [x for x in found if x.name.startswith("failures of ")]
    count = sum(x.count for x in asked)
    answer = await store.monitoring.last_answer()
    idle = None if answer is None or not games else (now - answer).total_seconds() / 3600
    nights = await store.monitoring.nights(day, NIGHTS_DOWN)
    lost = next((n for n, x in enumerate(nights) if x >= 0), len(nights))
    bins = () if reliable is None else reliable.bins
    return Figures(
        missing=bare / games if games else None,
        failures=sum(x.value * x.count for x in asked) / count if count >= LEAST_ASKED else None,
        idle_hours=idle,
        losing_nights=lost,
        off=tuple(
            f"{in_percent(x.low, 0)} – {in_percent(x.high, 0)}"
            for x in bins
            if x.bets >= LEAST_CALIBRATED and not x.fits
        ),
    )


FIGURE_DAYS = timedelta(days=14)
"""The days for which the monitors' daily figures are shown."""


@dataclass(frozen=True, slots=True)
class MonitorsView:
    """How each monitor stands, the changes, the last first, and the figures of the last days."""

    standing: tuple[MonitorStanding, ...] = ()
    changes: tuple[MonitorStanding, ...] = ()
    figures: tuple[Figure, ...] = ()


async def monitors_of(store: Store, now: datetime) -> MonitorsView:
    """What the monitors have found."""
    found = store.monitoring
    daily = await found.figures(slate_date(now) - FIGURE_DAYS)
    return MonitorsView(await found.standing(), await found.history(), daily)


def monitors_json(x: MonitorsView) -> dict[str, object]:
    """How the monitors stand, what changed, and each day's figures: `tracker monitors --json`."""
    return {
        "monitors": [_standing_json(y) for y in x.standing],
        "changes": [_standing_json(y) for y in x.changes],
        "figures": plain(x.figures),
    }


def _standing_json(x: MonitorStanding) -> dict[str, object]:
    return {
        "name": x.name,
        "league": x.league,
        "since": iso(x.at),
        **part(x, "value", "level", "state", "advice"),
    }
