"""Keeps what is known of games before their tip-off: quoted lines, and results of earlier games."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date

from tracker.domain.game import Score, halves_of
from tracker.domain.prior import Finished, Lines, PregameLines
from tracker.store.codec.values import moment, stamp, unpack
from tracker.store.database.connection import Database

_KEEP_QUOTE = """
INSERT INTO pregame_lines (game, at, by, home_spread, total, home_ml, away_ml)
SELECT :game, :at, :by, :home_spread, :total, :home_ml, :away_ml
WHERE EXISTS (SELECT 1 FROM game WHERE id = :game AND start_at > :at)
ON CONFLICT (game) DO UPDATE SET
  at = excluded.at, by = excluded.by, home_spread = excluded.home_spread,
  total = excluded.total, home_ml = excluded.home_ml, away_ml = excluded.away_ml
WHERE (
  excluded.by, excluded.home_spread, excluded.total, excluded.home_ml, excluded.away_ml
) IS NOT (by, home_spread, total, home_ml, away_ml)
"""
"""A line after tip-off is a live one and no longer what was believed before."""

_QUOTES = "SELECT * FROM pregame_lines WHERE :game IS NULL OR game = :game"

_KEEP_FINISHED = """
INSERT INTO finished (league, day, home, away, home_points, away_points, first_half, second_half)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
  home_points = excluded.home_points, away_points = excluded.away_points,
  first_half = coalesce(excluded.first_half, first_half),
  second_half = coalesce(excluded.second_half, second_half)
"""

_FINISHED = """
SELECT league, slate AS day, home, away,
  told ->> '$.score[0]' AS home_points, told ->> '$.score[1]' AS away_points,
  told -> '$.periods' AS periods, NULL AS first_half, NULL AS second_half, neutral
FROM (
  SELECT *, iif(slate_state ->> '$.phase' = 'final', slate_state, state) AS told FROM game
  WHERE :league IS NULL OR league = :league
)
WHERE told ->> '$.phase' = 'final' AND NOT (length(id) = 10 AND substr(id, 3, 1) IN ('1', '3'))
UNION ALL
SELECT league, day, home, away, home_points, away_points, NULL, first_half, second_half, 0
FROM finished AS kept
WHERE (:league IS NULL OR league = :league) AND NOT EXISTS (
  SELECT 1 FROM game WHERE game.league = kept.league AND game.slate = kept.day
  AND game.home = kept.home AND game.away = kept.away
  AND 'final' IN (slate_state ->> '$.phase', state ->> '$.phase')
)
ORDER BY day, league, home, away
"""
"""The leagues' own ids tell a preseason game (1) and an All-Star game (3), which rate nobody."""


class KnownGames:
    """What is known of games apart from what happens in them."""

    def __init__(self, database: Database) -> None:
        """On the database of a store."""
        self._db = database

    async def keep_quotes(self, quotes: Mapping[str, PregameLines]) -> None:
        """Keep lines by the game's id, the last before tip-off; those from later are let go."""
        rows = [
            {"game": game, "at": stamp(quote.at), "by": quote.by, **asdict(quote.lines)}
            for game, quote in quotes.items()
        ]
        await self._db.write(lambda db: db.executemany(_KEEP_QUOTE, rows))

    async def quotes(self, game: str | None = None) -> dict[str, PregameLines]:
        """The lines that sources told before tip-off, by the game's id: of one game, or of all."""
        return await self._db.read(
            lambda db: {row["game"]: _quote(row) for row in db.execute(_QUOTES, {"game": game})}
        )

    async def keep_finished(self, games: Iterable[Finished]) -> None:
        """Keep results of games that no slate brought, for ratings."""
        rows = [
            (x.league, x.day.isoformat(), x.home, x.away, x.home_points, x.away_points)
            + (x.halves or (None, None))
            for x in games
        ]
        await self._db.write(lambda db: db.executemany(_KEEP_FINISHED, rows))

    async def finished(self, league: str | None = None) -> tuple[Finished, ...]:
        """The games that are over and count for ratings, in order of play."""
        return await self._db.read(
            lambda db: tuple(map(_finished, db.execute(_FINISHED, {"league": league})))
        )


def _quote(row: sqlite3.Row) -> PregameLines:
    lines = Lines(row["home_spread"], row["total"], row["home_ml"], row["away_ml"])
    return PregameLines(lines, row["by"], moment(row["at"]))


def _finished(row: sqlite3.Row) -> Finished:
    day = date.fromisoformat(row["day"])
    points = int(row["home_points"]), int(row["away_points"])
    return Finished(row["league"], day, row["home"], row["away"], *points, _halves(row))


def _halves(row: sqlite3.Row) -> tuple[int, int] | None:
    """Both teams' points of each half of regulation; None on a neutral court, or if unknown."""
    if row["neutral"]:
        return None
    if row["periods"] is None:
        halves = row["first_half"], row["second_half"]
        return None if None in halves else halves
    return halves_of(row["league"], [Score(*x) for x in unpack(row["periods"]) or ()])
