"""Three odds providers in replay: The Odds API with its credits, Kalshi and Polymarket.

Every path and document has the shape of the real one. The prices are modelled, are no real quotes,
and say so (`"modelled": true`). Before tip-off they move by half points from an opening line to the
recorded closing line; in play, the chance of winning follows score and time as a normal variable.
The Odds API counts credits for each key, and gives every error that it has a code for.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tracker.replay import RecordedPhase
from tracker.replay.playback import Page, Showing
from tracker.replay.words import EASTERN

_SPORT = "basketball_nba"

_FEATURED = ("h2h", "spreads", "totals")

_REGIONS = ("us", "us2", "uk", "eu", "au")

_FREE_CREDITS = 500
"""Credits that each key starts with: those of the free plan."""

_MOST_A_SECOND = 30
"""Requests a second for one key. The source answers 429 to more."""

_DETAILS = "https://the-odds-api.com/liveapi/guides/v4/api-error-codes.html"

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")

_PLAYERS = re.compile(r"player_[a-z_]+|alternate_[a-z]+|[a-z0-9]+_(h[12]|q[1-4])|team_totals")

_TICK = 0.01

_STATUSES = {
    "MISSING_KEY": 401, "INVALID_KEY": 401, "DEACTIVATED_KEY": 401, "OUT_OF_USAGE_CREDITS": 401,
    "HISTORICAL_UNAVAILABLE_ON_FREE_USAGE_PLAN": 401, "UNKNOWN_SPORT": 404,
    "EVENT_NOT_FOUND": 404, "INVALID_MARKET": 422, "INVALID_REGION": 422,
    "INVALID_SCORES_DAYS_FROM": 422, "MISSING_REGION": 422, "EXCEEDED_FREQ_LIMIT": 429,
}  # fmt: skip
"""Every error that can be answered, with its HTTP status, by its code."""


def is_odds(path: str) -> bool:
    """Whether a path belongs to one of these providers."""
    return path.startswith(("/v4/", "/trade-api/")) or path in ("/events", "/book", "/price")


class OddsSite:
    """The documents of the odds providers."""

    def __init__(self, showings: Sequence[Showing]) -> None:
        self._showings = tuple(showings)
        self._used: dict[str, int] = defaultdict(int)
        self._asked: dict[str, deque[datetime]] = defaultdict(deque)

    @property
    def used(self) -> Mapping[str, int]:
        """The credits that each key has used."""
        return dict(self._used)

    def page(self, path: str, query: Mapping[str, str], now: datetime) -> Page | None:
        """The document at an address at an instant; None where there is none."""
        if path.startswith("/v4/"):
            return self._the_odds_api(path, query, now)
        if path == "/trade-api/v2/markets":
            return _page({"markets": self._kalshi(query, now), "cursor": ""}, now)
        if path == "/events":
            return _page(self._events(query.get("slug", ""), now), now)
        return self._token(path, query, now)

    # -------------------------------------------------------------------------------- The Odds API

    def _the_odds_api(self, path: str, query: Mapping[str, str], now: datetime) -> Page:
        key = query.get("apiKey", query.get("api_key", ""))
        wrong = self._wrong_key(key, now)
        if wrong:
            return self._error(wrong, key, now)
        parts = path.strip("/").split("/")
        match parts[1:]:
            case ["sports"]:
                return self._paid(
                    [{"key": _SPORT, "group": "Basketball", "active": True}], key, 0, now
                )
            case ["sports", sport, *_] if sport != _SPORT:
                return self._error("UNKNOWN_SPORT", key, now)
            case ["sports", _, "events"]:
                events = [_event(x) for x in self._listed(now)]
                return self._paid(events, key, 0, now)
            case ["sports", _, "scores"]:
                return self._scores(query, key, now)
            case ["sports", _, "odds"]:
                return self._odds(query, key, now)
            case ["sports", _, "events", event, "odds"]:
                return self._event_odds(event, query, key, now)
            case _:
                return self._error("HISTORICAL_UNAVAILABLE_ON_FREE_USAGE_PLAN", key, now)

    def _wrong_key(self, key: str, now: datetime) -> str:
        if not key:
            return "MISSING_KEY"
        if key in ("invalid", "deactivated"):
            return f"{key.upper()}_KEY"
        recent = self._asked[key]
        while recent and now - recent[0] >= timedelta(seconds=1):
            recent.popleft()
        recent.append(now)
        return "EXCEEDED_FREQ_LIMIT" if len(recent) > _MOST_A_SECOND else ""

    def _odds(self, query: Mapping[str, str], key: str, now: datetime) -> Page:
        markets = tuple(dict.fromkeys(query.get("markets", "h2h").split(",")))
        if not set(markets) <= set(_FEATURED):
            return self._error("INVALID_MARKET", key, now)
        places = _places(query)
        if isinstance(places, str):
            return self._error(places, key, now)
        games = [_event(x) | {"bookmakers": _books(x, markets, now)} for x in self._listed(now)]
        cost = len(markets) * places if any(x["bookmakers"] for x in games) else 0
        return self._paid(games, key, cost, now)

    def _event_odds(self, event: str, query: Mapping[str, str], key: str, now: datetime) -> Page:
        markets = tuple(dict.fromkeys(query.get("markets", "h2h").split(",")))
        if not all(x in _FEATURED or _PLAYERS.fullmatch(x) for x in markets):
            return self._error("INVALID_MARKET", key, now)
        places = _places(query)
        if isinstance(places, str):
            return self._error(places, key, now)
        showing = next((x for x in self._listed(now) if _id(x) == event), None)
        if showing is None:
            return self._error("EVENT_NOT_FOUND", key, now)
        books = _books(showing, markets, now)
        returned = {market["key"] for book in books for market in book["markets"]}
        return self._paid(_event(showing) | {"bookmakers": books}, key, len(returned) * places, now)

    def _scores(self, query: Mapping[str, str], key: str, now: datetime) -> Page:
        days = query.get("daysFrom")
        if days not in (None, "1", "2", "3"):
            return self._error("INVALID_SCORES_DAYS_FROM", key, now)
        return self._paid(
            [_event(x) for x in self._listed(now)], key, 1 if days is None else 2, now
        )

    def _paid(self, value: Any, key: str, cost: int, now: datetime) -> Page:
        if _FREE_CREDITS - self._used[key] < cost:
            return self._error("OUT_OF_USAGE_CREDITS", key, now)
        self._used[key] += cost
        return _page(value, now, 200, self._counted(key, cost))

    def _error(self, code: str, key: str, now: datetime) -> Page:
        document = {"message": code.replace("_", " ").capitalize(), "error_code": code,
                "details_url": f"{_DETAILS}#{code.casefold()}"}  # fmt: skip
        return _page(document, now, _STATUSES[code], self._counted(key, 0))

    def _counted(self, key: str, cost: int) -> dict[str, str]:
        used = self._used[key]
        return {
            "x-requests-used": str(used),
            "x-requests-remaining": str(_FREE_CREDITS - used),
            "x-requests-last": str(cost),
        }

    def _listed(self, now: datetime) -> list[Showing]:
        return [x for x in self._showings if _prices(x, now) is not None]

    # -------------------------------------------------------------------------------- the exchanges

    def _kalshi(self, query: Mapping[str, str], now: datetime) -> list[dict[str, Any]]:
        series = query.get("series_ticker", "")
        found = []
        for showing in self._listed(now):
            prices = _prices(showing, now)
            if prices is not None:
                found += _contracts(showing, prices, series)
        return found

    def _events(self, slug: str, now: datetime) -> list[dict[str, Any]]:
        for showing in self._listed(now):
            prices = _prices(showing, now)
            if prices is not None and _slug(showing) == slug:
                return [_polymarket(showing, prices, now)]
        return []

    def _token(self, path: str, query: Mapping[str, str], now: datetime) -> Page | None:
        token = query.get("token_id", "")
        for showing in self._listed(now):
            prices = _prices(showing, now)
            for chance, known in () if prices is None else _tokens(showing, prices):
                if known == token:
                    return _page(_answer(path, query, chance), now)
        return None


def _page(
    value: Any, now: datetime, status: int = 200, headers: Mapping[str, str] | None = None
) -> Page:
    body = json.dumps(value, separators=(",", ":")).encode()
    return Page(body, now, status, tuple((headers or {}).items()))


def _places(query: Mapping[str, str]) -> int | str:
    """How many regions are charged, or the error code of what is wrong with them."""
    if query.get("bookmakers"):
        return -(-len(query["bookmakers"].split(",")) // 10)
    regions = [x for x in query.get("regions", "").split(",") if x]
    if not regions:
        return "MISSING_REGION"
    return len(regions) if set(regions) <= set(_REGIONS) else "INVALID_REGION"


def _id(showing: Showing) -> str:
    return hashlib.sha256(showing.playback.recording.id.encode()).hexdigest()[:32]


def _event(showing: Showing) -> dict[str, Any]:
    recording = showing.playback.recording
    return {
        "id": _id(showing),
        "sport_key": _SPORT,
        "sport_title": "NBA",
        "commence_time": _iso(showing.tip_off),
        "home_team": f"{recording.home.city} {recording.home.name}",
        "away_team": f"{recording.away.city} {recording.away.name}",
        "modelled": True,
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _books(showing: Showing, markets: Sequence[str], now: datetime) -> list[dict[str, Any]]:
    prices = _prices(showing, now)
    if prices is None:
        return []
    found = []
    for key, (opinion, margin) in _BOOKS.items():
        listed = [
            {"key": x, "last_update": _iso(now), "outcomes": outcomes}
            for x in markets
            if (outcomes := _outcomes(showing, prices, x, opinion, margin))
        ]
        if listed:
            found.append(
                {"key": key, "title": _TITLES[key], "last_update": _iso(now), "markets": listed}
            )
    return found


def _outcomes(
    showing: Showing, prices: _ModelledPrices, market: str, opinion: float, margin: float
) -> list[dict[str, Any]]:
    event = _event(showing)
    home, away = event["home_team"], event["away_team"]
    sides: list[tuple[str, float, float | None]]
    match market:
        case "h2h":
            chance = min(max(prices.home_chance + opinion, 0.01), 0.99)
            sides = [(home, chance, None), (away, 1 - chance, None)]
        case "spreads" if prices.home_spread is not None:
            sides = [
                (home, 0.5 + opinion, prices.home_spread),
                (away, 0.5 - opinion, -prices.home_spread),
            ]
        case "totals" if prices.total is not None:
            sides = [("Over", 0.5 + opinion, prices.total), ("Under", 0.5 - opinion, prices.total)]
        case _:
            return []
    return [
        {"name": name, "price": asked(chance, margin)}
        | ({} if points is None else {"point": points})
        for name, chance, points in sorted(sides)
    ]


def _contracts(showing: Showing, prices: _ModelledPrices, series: str) -> list[dict[str, Any]]:
    recording, local = showing.playback.recording, showing.tip_off.astimezone(EASTERN)
    home, away = recording.home.tricode, recording.away.tricode
    day = f"{local:%y}{_MONTHS[local.month - 1]}{local:%d}"
    event = f"{series}-{day}{away}{home}"
    sides: list[tuple[str, float, float | None]]
    match series:
        case "KXNBAGAME":
            sides = [(home, prices.home_chance, None), (away, 1 - prices.home_chance, None)]
        case "KXNBASPREAD" if prices.home_spread:
            team, chance = (home, 0.5) if prices.home_spread < 0 else (away, 0.5)
            sides = [(f"{team}{abs(prices.home_spread):.0f}", chance, abs(prices.home_spread))]
        case "KXNBATOTAL" if prices.total is not None:
            sides = [(f"{prices.total:.0f}", 0.5, prices.total)]
        case _:
            return []
    return [
        _contract(f"{event}-{suffix}", event, chance, strike) for suffix, chance, strike in sides
    ]


def _contract(ticker: str, event: str, chance: float, strike: float | None) -> dict[str, Any]:
    bid, ask = _around(chance)
    found = {
        "ticker": ticker, "event_ticker": event, "status": "active", "result": "",
        "yes_bid_dollars": f"{bid:.4f}", "yes_ask_dollars": f"{ask:.4f}",
        "no_bid_dollars": f"{1 - ask:.4f}", "no_ask_dollars": f"{1 - bid:.4f}",
        "yes_bid_size_fp": "500.00", "yes_ask_size_fp": "500.00", "modelled": True,
    }  # fmt: skip
    return found if strike is None else found | {"floor_strike": strike, "strike_type": "greater"}


def _around(chance: float) -> tuple[float, float]:
    """A bid and an ask around a chance, in whole cents and two cents apart."""
    bid = min(max(round(chance - _TICK, 2), 0.01), 0.97)
    return bid, round(bid + 2 * _TICK, 2)


def _slug(showing: Showing) -> str:
    recording, local = showing.playback.recording, showing.tip_off.astimezone(EASTERN)
    return f"nba-{recording.away.tricode}-{recording.home.tricode}-{local:%Y-%m-%d}".casefold()


def _tokens(showing: Showing, prices: _ModelledPrices) -> list[tuple[float, str]]:
    """The chance and the token of each outcome of a game's only market."""
    seed = _id(showing)
    return [(1 - prices.home_chance, f"{seed}0"), (prices.home_chance, f"{seed}1")]


def _polymarket(showing: Showing, prices: _ModelledPrices, now: datetime) -> dict[str, Any]:
    recording = showing.playback.recording
    (away, first), (home, second) = _tokens(showing, prices)
    bid, ask = _around(away)
    market = {
        "conditionId": f"0x{_id(showing)}", "sportsMarketType": "moneyline", "line": None,
        "outcomes": json.dumps([recording.away.name, recording.home.name]),
        "outcomePrices": json.dumps([f"{away:.3f}", f"{home:.3f}"]),
        "clobTokenIds": json.dumps([first, second]), "bestBid": bid, "bestAsk": ask,
        "closed": False, "acceptingOrders": True,
    }  # fmt: skip
    return {
        "slug": _slug(showing), "title": f"{recording.away.name} vs. {recording.home.name}",
        "startTime": _iso(showing.tip_off), "live": now >= showing.starts, "ended": False,
        "closed": False, "markets": [market], "modelled": True,
    }  # fmt: skip


def _answer(path: str, query: Mapping[str, str], chance: float) -> dict[str, Any]:
    bid, ask = _around(chance)
    if path == "/price":
        return {"price": f"{bid if query.get('side') == 'BUY' else ask:g}"}
    levels = {
        "bids": [(bid - _TICK, "900"), (bid, "400")],
        "asks": [(ask + _TICK, "900"), (ask, "400")],
    }
    return {
        side: [{"price": f"{price:g}", "size": size} for price, size in listed]
        for side, listed in levels.items()
    }


_BOOKS = {
    "draftkings": (0.0, 0.045), "fanduel": (0.004, 0.045), "betmgm": (-0.006, 0.05),
    "williamhill_us": (0.002, 0.048), "betrivers": (-0.003, 0.052), "pinnacle": (0.0, 0.025),
}  # fmt: skip
"""For each book, what it adds to the home side's chance, and its margin."""

_TITLES = {
    "draftkings": "DraftKings", "fanduel": "FanDuel", "betmgm": "BetMGM",
    "williamhill_us": "Caesars", "betrivers": "BetRivers", "pinnacle": "Pinnacle",
}  # fmt: skip

_MOVES = timedelta(minutes=30)
"""How long a line stands before it moves by half a point."""

_SETTLED = timedelta(minutes=20)
"""Time before the listed tip-off when lines have reached their close."""

_USUAL = (-2.5, 226.5)
"""The home spread and the total of a game whose own lines were not recorded."""

_SDS = (12.8, 18.3)
"""Standard deviations, in points, of the final margin and total about their closing lines."""


@dataclass(frozen=True, slots=True)
class _ModelledPrices:
    """What the providers price at an instant: the lines, and the home side's chance of winning."""

    home_spread: float | None
    total: float | None
    home_chance: float
    live: bool


def _prices(showing: Showing, now: datetime) -> _ModelledPrices | None:
    """The prices of a game at an instant; None once the game is over."""
    recorded = showing.playback.recording.lines
    spread, total = _USUAL
    if recorded is not None:
        spread = spread if recorded.home_spread is None else recorded.home_spread
        total = total if recorded.total is None else recorded.total
    view = showing.view(now)
    if view.state.phase is RecordedPhase.BEFORE and now < view.starts:
        steps = _steps(showing, now)
        moved = spread + 0.5 * steps
        return _ModelledPrices(moved, total - 0.5 * steps, _chance(-moved, 1.0), live=False)
    if now >= showing.ends:
        return None
    left = _left(showing, now)
    margin = view.state.home.score - view.state.away.score - spread * left
    return _ModelledPrices(None, None, _chance(margin, left), live=True)


def _steps(showing: Showing, now: datetime) -> int:
    """How many half points a line is from its close. The game's name decides the direction."""
    name = showing.playback.recording.name.encode()
    way = 1 if hashlib.sha256(name).digest()[0] % 2 else -1
    ahead = showing.tip_off - _SETTLED - now
    return way * min(4, max(0, math.ceil(ahead / _MOVES)))


def _left(showing: Showing, now: datetime) -> float:
    """The part of the game that is still to be played, by the wall clock."""
    whole = (showing.ends - showing.starts).total_seconds()
    return max(0.002, min(1.0, (showing.ends - now).total_seconds() / whole))


def _chance(margin: float, left: float) -> float:
    z = margin / (_SDS[0] * math.sqrt(left))
    return min(max(0.5 * (1 + math.erf(z / math.sqrt(2))), 0.004), 0.996)


def asked(chance: float, margin: float) -> float:
    """Decimal odds for a chance with a book's margin in them, rounded to the cent."""
    return max(1.01, round(1 / (min(chance * (1 + margin), 0.99)), 2))
