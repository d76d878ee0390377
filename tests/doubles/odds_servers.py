"""The hosts of a made-up night: the league, ESPN, The Odds API, Kalshi and Polymarket.

They were written from recorded answers alone, and import nothing of the program. Every price that
they serve is kept, so that closes can be computed from them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from tests.doubles.odds_night import (
    BOOKS,
    ESPN_CODES,
    MINUTE,
    TEAMS,
    Contest,
    Night,
    Priced,
    Shown,
    half,
    name_of,
    opinion,
    shown,
)

EASTERN = ZoneInfo("America/New_York")
QUARTER = timedelta(minutes=12)
BREAKS = (timedelta(minutes=2), timedelta(minutes=15), timedelta(minutes=2))
FEATURED = ("h2h", "spreads", "totals")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True)
class Told:
    """What one answer said of a game: its source, its time, and each line with both prices."""

    at: datetime
    game: str
    source: str
    shown: Shown


@dataclass
class Hosts:
    """All hosts on one port, on a given clock."""

    night: Night
    now: Callable[[], datetime]
    told: list[Told] = field(default_factory=list)
    charged: list[tuple[datetime, str, int]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    used: int = 0
    keys: set[str] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.Response:
        """Serve the document at an address."""
        now, path, query = self.now(), request.path, dict(request.query)
        self.asked[path] += 1
        if path.startswith("/v4/"):
            return self._the_odds_api(path, query, now)
        if path == "/trade-api/v2/markets":
            if self.asked[path] % 17 == 0:
                return _json({"error": "too many requests"}, 429)
            return _json(
                {"markets": self._kalshi(query.get("series_ticker", ""), now), "cursor": ""}
            )
        if path == "/events":
            return _json(self._polymarket(query.get("slug", ""), now))
        if path in ("/book", "/price"):
            return _json(self._token(path, query, now))
        if path.endswith("/scoreboard") and "/apis/" in path:
            return _json({"events": self._espn(query.get("dates", ""), now)})
        if path.endswith("todaysScoreboard_00.json"):
            return _json(self._board(now))
        if "/boxscore_" in path:
            wanted = path.rpartition("_")[2].removesuffix(".json")
            game = next((x for x in self.night.contests if x.id == wanted), None)
            return _text(403) if game is None else _json({"meta": {}, "game": box(game, now)})
        if "scheduleLeagueV2" in path:
            return _json(self._schedule(now))
        return _text(404)

    # ------------------------------------------------------------------------------------- league

    def _board(self, now: datetime) -> Any:
        day = f"{(now - timedelta(hours=10)).astimezone(EASTERN):%Y-%m-%d}"
        games = [head(x, now) for x in self.night.contests]
        return {"meta": {"code": 200, "time": now.isoformat()},
                "scoreboard": {"gameDate": day, "leagueId": "00", "games": games}}  # fmt: skip

    def _schedule(self, now: datetime) -> Any:
        days: dict[str, list[Any]] = {}
        for x in self.night.contests:
            days.setdefault(f"{_local(x, now):%m/%d/%Y 00:00:00}", []).append(
                {
                    "gameId": x.id, "gameCode": _code(x, now), "gameStatus": 1,
                    "gameStatusText": "", "gameDateTimeUTC": _iso(x.start(now)), "isNeutral": False,
                    "homeTeam": {"teamTricode": x.home}, "awayTeam": {"teamTricode": x.away},
                }
            )  # fmt: skip
        dates = [{"gameDate": day, "games": games} for day, games in days.items()]
        return {"meta": {}, "leagueSchedule": {"seasonYear": "2026-27", "gameDates": dates}}

    def _espn(self, day: str, now: datetime) -> list[Any]:
        listed = self.night.contests
        today = [x for x in listed if f"{_local(x, now):%Y%m%d}" == day]
        return [self._event(x, now) for x in today]

    def _event(self, x: Contest, now: datetime) -> Any:
        status, score = _espn_status(x, now), _score(x, now)
        sides = [
            {
                "id": str(i), "homeAway": side, "score": str(points), "winner": False,
                "team": {"id": str(i), "displayName": name_of(code),
                         "abbreviation": ESPN_CODES.get(code, code)},
            }
            for i, (side, code, points) in enumerate(
                (("home", x.home, score[0]), ("away", x.away, score[1])), 1
            )
        ]  # fmt: skip
        match: dict[str, Any] = {"id": f"4{x.id[3:]}", "date": f"{x.start(now):%Y-%m-%dT%H:%MZ}",
                                 "competitors": sides, "status": status}  # fmt: skip
        if status["type"]["state"] == "pre" and x.trouble("espn", now) is None:
            match["odds"] = [self._espn_lines(x, now)]
        return {"id": match["id"], "date": match["date"], "name": x.name, "status": status,
                "season": {"year": 2027, "type": 2}, "competitions": [match]}  # fmt: skip

    def _espn_lines(self, x: Contest, now: datetime) -> Any:
        told = opinion(x, now)
        spread, total = -half(told.margin), half(told.total)
        home = -round(100 * told.home / (1 - told.home)) - 15 if told.home > 0.5 else 135
        away = -145 if told.home <= 0.5 else round(100 * told.home / (1 - told.home)) - 10
        away = max(away, 101) if away > 0 else away
        favourite, points = (x.home, spread) if spread < 0 else (x.away, -spread)
        first, second = (1 + (a / 100 if a > 0 else 100 / -a) for a in (home, away))
        usual = 1 + 100 / 110
        lines = (
            Priced("h2h", None, first, second), Priced("spreads", spread, usual, usual),
            Priced("totals", total, usual, usual),
        )  # fmt: skip
        self.told.append(Told(now, x.id, "espn", Shown("espn", now, lines)))
        return {
            "provider": {"id": "58", "name": "ESPN BET"},
            "details": f"{ESPN_CODES.get(favourite, favourite)} {points:g}", "overUnder": total,
            "spread": spread, "overOdds": -110, "underOdds": -110,
            "homeTeamOdds": {"moneyLine": home, "spreadOdds": -110},
            "awayTeamOdds": {"moneyLine": away, "spreadOdds": -110},
        }  # fmt: skip

    # ------------------------------------------------------------------------------- The Odds API

    def _the_odds_api(self, path: str, query: dict[str, str], now: datetime) -> web.Response:
        key = query.get("apiKey", "")
        self.keys.add(key)
        if not key:
            return self._error(401, "MISSING_KEY", now, path)
        if self.asked[path] % 13 == 5:
            return self._error(429, "EXCEEDED_FREQ_LIMIT", now, path)
        match path.strip("/").split("/")[1:]:
            case ["sports"]:
                return self._paid([{"key": "basketball_nba"}], 0, now, path)
            case ["sports", _, "events"]:
                events = [self._listed(x, (), now, event_id(x, now)) for x in self.night.contests]
                return self._paid(events, 0, now, path)
            case ["sports", _, "events", wanted, "odds"]:
                return self._one(wanted, query, now, path)
            case _:
                return self._all(query, now, path)

    def _one(self, wanted: str, query: dict[str, str], now: datetime, path: str) -> web.Response:
        game = next((x for x in self.night.contests if event_id(x, now) == wanted), None)
        if game is None:
            return self._error(404, "EVENT_NOT_FOUND", now, path)
        event = self._listed(game, query.get("markets", "h2h").split(","), now, wanted)
        returned = {m["key"] for b in event["bookmakers"] for m in b["markets"]}
        return self._paid(event, len(returned) * _places(query), now, path)

    def _all(self, query: dict[str, str], now: datetime, path: str) -> web.Response:
        markets = query.get("markets", "h2h").split(",")
        if not set(markets) <= set(FEATURED):
            return self._error(422, "INVALID_MARKET", now, path)
        events = []
        for x in self.night.contests:
            if x.put_off(now):
                continue
            if x.twice:
                again = self._listed(x, (), now, "f" * 24 + f"{x.number:08d}")
                events.append(again | {"commence_time": _iso(x.listed + timedelta(hours=5))})
            events.append(self._listed(x, markets, now, event_id(x, now)))
        return self._paid(events, len(markets) * _places(query), now, path)

    def _listed(self, x: Contest, markets: Iterable[str], now: datetime, number: str) -> Any:
        books = []
        for book in BOOKS if markets else ():
            told = shown(x, book, now)
            if told is None:
                continue
            kept = tuple(y for y in told.lines if y.market in markets)
            if kept:
                self.told.append(Told(now, x.id, "the_odds_api", Shown(book, told.at, kept)))
                books.append(book_document(x, book, told.at, kept))
        return {
            "id": number, "sport_key": "basketball_nba", "sport_title": "NBA",
            "commence_time": _iso(x.start(now)), "home_team": name_of(x.home),
            "away_team": name_of(x.away), "bookmakers": books,
        }  # fmt: skip

    def _paid(self, value: Any, cost: int, now: datetime, path: str) -> web.Response:
        if self.used + cost > self.night.credits:
            return self._error(401, "OUT_OF_USAGE_CREDITS", now, path)
        self.used += cost
        self.charged.append((now, path, cost))
        return _json(value, 200, self._counted(cost))

    def _error(self, status: int, code: str, now: datetime, path: str) -> web.Response:
        self.charged.append((now, f"{path} {code}", 0))
        told = {"message": code, "error_code": code, "details_url": "https://the-odds-api.com"}
        return _json(told, status, {} if code == "EXCEEDED_FREQ_LIMIT" else self._counted(0))

    def _counted(self, cost: int) -> dict[str, str]:
        return {"x-requests-used": str(self.used), "x-requests-last": str(cost),
                "x-requests-remaining": str(self.night.credits - self.used)}  # fmt: skip

    # ----------------------------------------------------------------------------------- exchanges

    def _kalshi(self, series: str, now: datetime) -> list[Any]:
        found: list[Any] = [_contract("KXMVENBA-26X-1", 0.995, 1.0, None)]
        for x in self.night.contests:
            wrong = x.trouble("kalshi", now)
            kind = "" if wrong is None else wrong.kind
            if kind == "suspended":
                continue
            told, day = opinion(x, now), _local(x, now)
            event = f"{series}-{day:%y}{MONTHS[day.month - 1]}{day:%d}{x.away}{x.home}"
            lines, markets = _kalshi_lines(x, series, told.home, told.margin, told.total)
            if kind == "thin":
                found += [_contract(f"{event}-{s}", 0.0, 1.0, k) for s, _, _, k in markets]
                continue
            found += [_contract(f"{event}-{s}", bid, ask, k) for s, bid, ask, k in markets]
            if lines:
                self.told.append(Told(now, x.id, "kalshi", Shown("kalshi", now, tuple(lines))))
        return found

    def _polymarket(self, slug: str, now: datetime) -> list[Any]:
        game = next((x for x in self.night.contests if _slug(x, now) == slug), None)
        if game is None or game.trouble("polymarket", now) is not None:
            return []
        market = {
            "conditionId": "0x1", "sportsMarketType": "moneyline", "line": None,
            "outcomes": json.dumps([TEAMS[game.away][1], TEAMS[game.home][1]]),
            "outcomePrices": json.dumps(["0.5", "0.5"]),
            "clobTokenIds": json.dumps([f"7{game.id}1", f"7{game.id}2"]),
            "bestBid": None, "bestAsk": None, "closed": False, "acceptingOrders": True,
        }  # fmt: skip
        return [{"slug": slug, "closed": False, "ended": False, "live": game.begun(now),
                 "startTime": _iso(game.start(now)), "markets": [market]}]  # fmt: skip

    def _token(self, path: str, query: dict[str, str], now: datetime) -> Any:
        token = query.get("token_id", "")
        game = next((x for x in self.night.contests if token.startswith(f"7{x.id}")), None)
        if game is None:
            return {"error": "no such token"}
        away = 1 - opinion(game, now).home
        bid = floor(min(max(away - 0.005, 0.02), 0.97) * 1000) / 1000
        ask = round(bid + 0.01, 3)
        if path == "/price":
            if query.get("side") == "SELL":
                # The second side's price is the last to be asked for: the quote is complete now.
                line = Priced("h2h", None, 1 / (1 - bid), 1 / ask)
                self.told.append(
                    Told(now, game.id, "polymarket", Shown("polymarket", now, (line,)))
                )
            return {"price": str(bid if query.get("side") == "BUY" else ask)}
        return {
            "bids": [{"price": "0.01", "size": "900"}, {"price": str(bid), "size": "400"}],
            "asks": [{"price": "0.99", "size": "900"}, {"price": str(ask), "size": "400"}],
        }


def _kalshi_lines(
    x: Contest, series: str, home: float, margin: float, total: float
) -> tuple[list[Priced], list[tuple[str, float, float, float | None]]]:
    """The lines of a series, and its contracts: suffix, bid, ask, strike."""

    def around(chance: float) -> tuple[float, float]:
        bid = floor(min(max(chance - 0.01, 0.02), 0.96) * 100) / 100
        return bid, round(bid + 0.02, 2)

    listed: list[tuple[str, float, float, float | None]] = []
    lines: list[Priced] = []
    match series:
        case "KXNBAGAME":
            bid, ask = around(home)
            lines = [Priced("h2h", None, 1 / ask, 1 / round(1 - bid, 2))]
            return lines, [(x.home, bid, ask, None),
                           (x.away, round(1 - ask, 2), round(1 - bid, 2), None)]  # fmt: skip
        case "KXNBASPREAD":
            code, lead = (x.home, margin) if margin >= 0 else (x.away, -margin)
            for strike in (1.5, 4.5, 7.5, 10.5):
                bid, ask = around(0.5 + 0.03 * (lead - strike))
                listed.append((f"{code}{strike:.0f}", bid, ask, strike))
                yes, no = 1 / ask, 1 / round(1 - bid, 2)
                if code == x.home:
                    lines.append(Priced("spreads", -strike, yes, no))
                else:
                    lines.append(Priced("spreads", strike, no, yes))
            return lines, listed
        case "KXNBATOTAL":
            for strike in (half(total) - 4, half(total), half(total) + 4):
                bid, ask = around(0.5 + 0.02 * (total - strike))
                listed.append((f"{strike:.0f}", bid, ask, strike))
                lines.append(Priced("totals", strike, 1 / ask, 1 / round(1 - bid, 2)))
            return lines, listed
    return [], []


def _contract(ticker: str, bid: float, ask: float, strike: float | None) -> Any:
    found: dict[str, Any] = {
        "ticker": ticker, "event_ticker": ticker.rpartition("-")[0], "status": "active",
        "result": "", "yes_bid_dollars": f"{bid:.4f}", "yes_ask_dollars": f"{ask:.4f}",
        "no_bid_dollars": f"{1 - ask:.4f}", "no_ask_dollars": f"{1 - bid:.4f}",
        "yes_bid_size_fp": "500.00", "yes_ask_size_fp": "300.00", "volume_fp": "1883.84",
    }  # fmt: skip
    return found if strike is None else found | {"floor_strike": strike, "strike_type": "greater"}


def _places(query: dict[str, str]) -> int:
    return len(query.get("regions", "us").split(","))


def event_id(x: Contest, now: datetime) -> str:
    """The Odds API's id of a game at a time."""
    epoch = int(x.new_id is not None and now >= x.new_id)
    return hashlib.sha256(f"{x.id} {epoch}".encode()).hexdigest()[:32]


def book_document(x: Contest, book: str, at: datetime, lines: Iterable[Priced]) -> Any:
    """A book in an answer of The Odds API, with its markets."""
    markets: dict[str, list[Any]] = {}
    for line in lines:
        names: tuple[str, str] = ("Over", "Under")
        margin = line.market.startswith(("h2h", "spreads"))
        if margin:
            names = (name_of(x.home), name_of(x.away))
        for i, (name, price) in enumerate(zip(names, (line.first, line.second), strict=True)):
            if price is None:
                continue
            outcome: dict[str, Any] = {"name": name, "price": price}
            if line.points is not None:
                outcome["point"] = -line.points if i and margin else line.points
            if line.about:
                outcome["description"] = line.about
            markets.setdefault(line.market, []).append(outcome)
    listed = [
        {"key": key, "last_update": _iso(at), "outcomes": sorted(told, key=lambda o: o["name"])}
        for key, told in markets.items()
    ]
    return {"key": book, "title": book, "last_update": _iso(at), "markets": listed}


def _local(x: Contest, now: datetime) -> datetime:
    """The listed start at a time, in the league's zone."""
    return x.start(now).astimezone(EASTERN)


def _slug(x: Contest, now: datetime) -> str:
    return f"nba-{x.away}-{x.home}-{_local(x, now):%Y-%m-%d}".casefold()


def _code(x: Contest, now: datetime) -> str:
    return f"{_local(x, now):%Y%m%d}/{x.away}{x.home}"


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


# ---------------------------------------------------------------------------------- game documents


def moment(x: Contest, now: datetime) -> tuple[int, int, timedelta, bool]:
    """The status (1, 2, 3), the period, the time left of it, and whether it is a break."""
    if not x.begun(now):
        return 1, 0, timedelta(0), False
    passed = now - x.tip
    for period in range(1, 5):
        if passed < QUARTER:
            return 2, period, QUARTER - passed, False
        passed -= QUARTER
        if period < 4 and passed < BREAKS[period - 1]:
            return 2, period, timedelta(0), True
        passed -= BREAKS[period - 1] if period < 4 else timedelta(0)
    return 3, 4, timedelta(0), False


def _played(x: Contest, now: datetime) -> list[float]:
    """The share of each quarter that has been played."""
    _, period, left, _ = moment(x, now)
    return [1.0 if q < period else 1 - left / QUARTER if q == period else 0.0 for q in range(1, 5)]


def _quarters(x: Contest, now: datetime) -> list[tuple[int, int]]:
    home, away = (x.total + x.margin) / 8, (x.total - x.margin) / 8
    return [(floor(home * p), floor(away * p) - (q == 3)) if p else (0, 0)
            for q, p in enumerate(_played(x, now))]  # fmt: skip


def _score(x: Contest, now: datetime) -> tuple[int, int]:
    told = _quarters(x, now)
    return sum(h for h, _ in told), sum(a for _, a in told)


def _clock(left: timedelta) -> str:
    minutes, seconds = divmod(left.total_seconds(), 60)
    return f"PT{int(minutes):02d}M{seconds:05.2f}S"


def _text_of(x: Contest, now: datetime) -> str:
    status, period, left, pause = moment(x, now)
    if status == 1:
        return "PPD" if x.put_off(now) else f"{x.start(now):%H:%M} ET"
    if status == 3:
        return "Final"
    if pause:
        return "Half" if period == 2 else f"End Q{period}"
    return f"Q{period} {int(left.total_seconds() // 60)}:{int(left.total_seconds() % 60):02d}"


def _team(x: Contest, side: int, now: datetime) -> Any:
    code = (x.home, x.away)[side]
    periods = [{"period": q, "periodType": "REGULAR", "score": told[side]}
               for q, told in enumerate(_quarters(x, now), 1)]  # fmt: skip
    return {
        "teamId": 1610612737 + list(TEAMS).index(code), "teamName": TEAMS[code][1],
        "teamCity": TEAMS[code][0], "teamTricode": code, "score": _score(x, now)[side],
        "inBonus": None, "timeoutsRemaining": 7, "periods": periods,
    }  # fmt: skip


def _players(x: Contest, side: int, now: datetime) -> list[Any]:
    """The players of a side: one with bets scores a third of its points, another the rest."""
    points = _score(x, now)[side]
    names = [who for i, (who, _) in enumerate(x.players) if i % 2 == side] or ["Some Body"]
    told = [(who, points // 3) for who in names]
    told.append((f"Every Body {x.number}{side}", points - len(names) * (points // 3)))
    return [_player(100 * x.number + 10 * side + i, *y, x.begun(now)) for i, y in enumerate(told)]


def _player(number: int, name: str, points: int, begun: bool) -> Any:
    figures = ("reboundsTotal", "assists", "steals", "blocks", "threePointersMade", "turnovers")
    return {
        "status": "ACTIVE", "personId": number, "name": name, "starter": "1", "oncourt": "1",
        "played": "1" if begun else "0",
        "statistics": {
            "points": points, **dict.fromkeys(figures, 0), "foulsPersonal": 0,
            "minutes": "PT05M00.00S" if begun else "PT00M00.00S",
        },
    }  # fmt: skip


def head(x: Contest, now: datetime) -> Any:
    """A game in the form of the league's board."""
    status, period, left, pause = moment(x, now)
    return {
        "gameId": x.id, "gameCode": _code(x, now), "gameStatus": status,
        "gameStatusText": _text_of(x, now), "period": period,
        "gameClock": "" if status != 2 else _clock(timedelta(0) if pause else left),
        "gameTimeUTC": _iso(x.start(now)), "regulationPeriods": 4,
        "homeTeam": _team(x, 0, now), "awayTeam": _team(x, 1, now),
    }  # fmt: skip


def box(x: Contest, now: datetime) -> Any:
    """A game's own document; before tip-off its clock counts down to it."""
    found = head(x, now)
    for side, key in enumerate(("homeTeam", "awayTeam")):
        found[key] |= {"players": _players(x, side, now)}
    if found["gameStatus"] == 1:
        left = timedelta(0) if x.put_off(now) else x.tip - now
        # A tip-off that slides is not reported before it has slid.
        if x.slides and now < x.slides[-1][0]:
            left = x.listed + 10 * MINUTE - now
        found |= {"gameStatusText": "pregame", "gameClock": _clock(max(left, timedelta(0)))}
        if left > timedelta(minutes=40):
            found["gameClock"] = ""
    elif found["gameStatus"] == 3:
        found["gameClock"] = "PT00M00.00S"
    return found


def _espn_status(x: Contest, now: datetime) -> Any:
    status, period, left, pause = moment(x, now)
    kinds = {1: ("1", "STATUS_SCHEDULED", "pre"), 2: ("2", "STATUS_IN_PROGRESS", "in"),
             3: ("3", "STATUS_FINAL", "post")}  # fmt: skip
    number, name, state = kinds[status]
    if status == 1 and x.put_off(now):
        number, name, state = "6", "STATUS_POSTPONED", "post"
    if pause:
        number, name = ("23", "STATUS_HALFTIME") if period == 2 else ("22", "STATUS_END_PERIOD")
    seconds = 0.0 if pause else left.total_seconds()
    clock = f"{int(seconds // 60)}:{int(seconds % 60):02d}"
    return {
        "clock": seconds if status == 2 else 0.0, "period": period,
        "displayClock": clock if status == 2 else "0.0",
        "type": {"id": number, "name": name, "state": state, "completed": status == 3,
                 "description": name, "detail": name, "shortDetail": name},
    }  # fmt: skip


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    body = json.dumps(value, separators=(",", ":")).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _text(status: int) -> web.Response:
    return web.Response(text="<html>no</html>", status=status, content_type="text/html")


@asynccontextmanager
async def hosts(night: Night, now: Callable[[], datetime]) -> AsyncIterator[tuple[Hosts, str]]:
    """Serve all hosts of a night on one local port; gives the hosts and their address."""
    served = Hosts(night, now)
    app = web.Application()
    app.router.add_get("/{path:.*}", served.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield served, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
