"""Measures the size of a season's quotes: a database with every close of three real months.

For every tip-off of the NBA's November 2023, January 2024 and March 2024, quotes are bought as the
planner does it: one answer of The Odds API for all games that tip off within ten minutes, with
three markets of 24 books. Each answer is handled as in the daemon: parsed, matched, stored where a
price has changed, and made into closes. It prints the size, and that of a season of 1,320 games.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from tests.doubles.odds_night import BOOKS, MINUTE, TEAMS, Contest, lines, name_of
from tests.doubles.odds_servers import book_document
from tracker.domain.game import Game
from tracker.domain.poll import Credit, Document
from tracker.engine.market import QuoteBoard, close
from tracker.engine.market.credits import Tip, shared
from tracker.feeds.odds import Parsed, match, the_odds_api
from tracker.store import Store

TIPS = Path(__file__).parents[1] / "tests" / "engine" / "fixtures" / "tips_2023-24.json"
SEASON = 1320
COPIES = 4
"""Copies of each book of the simulated night, which gives 24 books."""

MOST_MB = 100.0
PATH = "/v4/sports/basketball_nba/odds"


def nights() -> list[list[datetime]]:
    """The tip-offs of the three months, by night."""
    found: dict[object, list[datetime]] = {}
    for month in json.loads(TIPS.read_text("utf-8")).values():
        for text in month:
            at = datetime.fromisoformat(f"{text}+00:00")
            found.setdefault((at - timedelta(hours=10)).date(), []).append(at)
    return [sorted(found[x]) for x in sorted(found, key=str)]


def contests(night: Sequence[datetime], first: int) -> list[Contest]:
    """The simulated games of a night, numbered from `first`."""
    codes = list(TEAMS)
    return [
        Contest(first + i, codes[2 * i % 30], codes[(2 * i + 1) % 30], at, at + 9 * MINUTE,
                (first * 7 + i * 5) % 23 - 11.3)
        for i, at in enumerate(night)
    ]  # fmt: skip


def answer(games: Sequence[Contest], now: datetime) -> bytes:
    """The body of an answer of The Odds API about the given games."""
    told = []
    for game in games:
        books = []
        for copy in range(COPIES):
            for book in BOOKS:
                listed = [x for x in lines(game, book, now - copy * MINUTE) if "_" not in x.market]
                books.append(book_document(game, f"{book}_{copy}", now - 0.5 * MINUTE, listed))
        told.append(
            {
                "id": sha256(game.id.encode()).hexdigest()[:32], "sport_key": "basketball_nba",
                "sport_title": "NBA", "commence_time": f"{game.listed:%Y-%m-%dT%H:%M:%SZ}",
                "home_team": name_of(game.home), "away_team": name_of(game.away),
                "bookmakers": books,
            }
        )  # fmt: skip
    return json.dumps(told, separators=(",", ":")).encode()


async def season(folder: Path) -> tuple[Path, int]:
    """Play the three months into a database; returns its path and the number of games."""
    count, path = 0, folder / "season.db"
    first = nights()[0][0]
    async with await Store.open(path, now=first) as store:
        for night in nights():
            listed = contests(night, count)
            count += len(listed)
            await _night(store, listed)
    with sqlite3.connect(path) as db:
        db.execute("VACUUM")
    return path, count


async def _night(store: Store, listed: list[Contest]) -> None:
    games = {x.id: Game(x.id, "nba", x.home, x.away, x.listed.replace(tzinfo=UTC)) for x in listed}
    await store.save_games([(x, None) for x in games.values()], listed[0].listed)
    board, number = QuoteBoard(), 0
    tips = [Tip(x.id, "nba", x.name, x.listed) for x in listed]
    for group in shared(tips):
        now = group[0].start + 6 * MINUTE
        waiting = [x for x in listed if x.tip > now]
        body = answer(waiting, now)
        document = Document("the_odds_api", PATH, now, body, sha256(body).hexdigest())
        parsed: Parsed = the_odds_api.parse(body)
        found = match(parsed, games.values(), now)
        rows = board.changed(found.quotes, PATH, now)
        paid = Credit("the_odds_api", now, "close", 3, 3, 3, 497, PATH)
        number = await store.quotes.record(document, rows, paid, found.faults)
        board.take(found.quotes, rows, PATH, number)
        for tip in group:
            contest = next(x for x in listed if x.id == tip.game)
            made = close(tip.game, 1, contest.tip, board.lines(tip.game))
            assert made.closing.total is not None
            await store.quotes.close(made.closing, [], {number}, contest.tip, made.quoted)


def main() -> int:
    """Print the size; returns 1 when a season would be larger than MOST_MB."""
    with tempfile.TemporaryDirectory() as folder:
        path, games = asyncio.run(season(Path(folder)))
        size = path.stat().st_size / 2**20
        with sqlite3.connect(path) as db:
            counts = {
                x: db.execute(f"SELECT count(*) FROM {x}").fetchone()[0]  # noqa: S608 - our names
                for x in ("quote", "closing", "credit", "poll", "body")
            }
            packed = db.execute("SELECT sum(length(packed)) FROM body").fetchone()[0] / 2**20
    whole = size * SEASON / games
    print(f"{games} games: {size:.1f} MB, of which {packed:.1f} MB are bodies; rows {counts}")
    print(f"a season of {SEASON} games: {whole:.1f} MB, {MOST_MB:.0f} may be")
    return int(whole > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
