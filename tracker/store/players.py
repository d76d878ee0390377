"""Players: their teams, and what each did in games whose final box score was read."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from tracker.domain.game import GameState, Phase
from tracker.domain.player import PlayerGame, Stat, player_key
from tracker.store.database import Database
from tracker.store.database.columns import moment, pack, stamp, stamp_or_none, unpack

REMEMBERED = timedelta(days=60)
"""How long a player counts as playing for the team that he was last seen with."""

SAME_DAYS = timedelta(days=3)
"""A player seen with another team at least this much later has changed teams; otherwise there are
two players of that name."""

Team = tuple[str, str]
"""A league and a team's code."""

Who = tuple[str, str]
"""A league and a player's key."""

_KEEP_PLAYER_GAME = """
INSERT INTO player_game (
  league, player, start_at, game_id, team, name, minutes, starter, stats, margin
) VALUES (
  :league, :player, :start_at, :game_id, :team, :name, :minutes, :starter, :stats, :margin
)
ON CONFLICT (league, game_id, team, player) DO UPDATE SET
  start_at = excluded.start_at, name = excluded.name, minutes = excluded.minutes,
  starter = excluded.starter, stats = excluded.stats, margin = excluded.margin
"""

_PLAYER_GAMES = """
SELECT * FROM player_game
WHERE league = :league AND player = :player AND (:before IS NULL OR start_at < :before)
ORDER BY start_at DESC, game_id LIMIT :most
"""

_NAMED = """
SELECT league, player, name, max(start_at) FROM player_game
WHERE player = :key OR player LIKE :part GROUP BY league, player ORDER BY max(start_at) DESC
"""

_LOG = """
SELECT player_game.*, game.home, game.away FROM player_game
LEFT JOIN game ON game.id = player_game.game_id
WHERE player_game.league = ? AND player = ? ORDER BY player_game.start_at DESC LIMIT ?
"""

_TEAM_GAMES = """
SELECT * FROM player_game WHERE league = :league AND team = :team
AND (:before IS NULL OR start_at < :before) AND start_at >= ifnull((
  SELECT start_at FROM player_game WHERE league = :league AND team = :team
  AND (:before IS NULL OR start_at < :before)
  GROUP BY game_id ORDER BY start_at DESC LIMIT 1 OFFSET :most - 1
), '')
"""

_COUNTED = "SELECT count(*) FROM player_game"

_OPPONENTS = """
SELECT * FROM player_game WHERE league = :league AND team <> :team AND game_id IN (
  SELECT game_id FROM player_game WHERE league = :league AND team = :team
  AND (:before IS NULL OR start_at < :before)
  GROUP BY game_id ORDER BY max(start_at) DESC LIMIT :most
)
"""

_AGAINST = """
SELECT game_id, iif(:team IS NULL, team, '') AS whose, stats FROM player_game
WHERE league = :league AND (:team IS NULL OR team <> :team) AND game_id IN (
  SELECT id FROM game WHERE league = :league AND (:team IS NULL OR :team IN (home, away))
  AND id IN (SELECT game_id FROM player_game WHERE league = :league)
  ORDER BY start_at DESC LIMIT :most
)
"""

_MEET = """
INSERT INTO roster (league, team, player, name, seen_at)
VALUES (:league, :team, :player, :name, :at)
ON CONFLICT (league, team, player) DO UPDATE SET
  name = excluded.name, seen_at = max(seen_at, excluded.seen_at)
"""

_ROSTERS = "SELECT * FROM roster WHERE seen_at >= ? ORDER BY league, team, name"


class Players:
    """The players of an open database."""

    def __init__(self, database: Database) -> None:
        """The store makes one."""
        self._db = database

    async def meet(self, rosters: Mapping[Team, Sequence[str]], at: datetime) -> None:
        """Remember the players seen with each team, with names as in the box.

        `rosters` goes by league and team code.
        """
        await self._db.write(lambda db: _meet(db, rosters, at))

    async def named(self, key: str) -> tuple[tuple[str, str, str], ...]:
        """The players whose key equals or contains `key`: league, key, and name as in the box."""
        values = {"key": key, "part": f"%{key}%"}
        return await self._db.read(
            lambda db: tuple((x[0], x[1], x[2]) for x in db.execute(_NAMED, values))
        )

    async def log(
        self, league: str, key: str, most: int
    ) -> tuple[tuple[PlayerGame, str | None, str | None], ...]:
        """A player's games, newest first, each with its home and away team where known."""
        values = (league, key, most)
        return await self._db.read(
            lambda db: tuple((_game(x), x["home"], x["away"]) for x in db.execute(_LOG, values))
        )

    async def against(self, league: str, team: str | None, most: int) -> list[dict[Stat, int]]:
        """The sums of the opponents' figures in each of a team's last `most` games.

        Without a team, the sums of either side in the league's last games.
        """
        return await self._db.read(lambda db: _against(db, league, team, most))

    async def keep_finished(self, state: GameState) -> None:
        """Keep what each player did, from the final box score of a game.

        Other states are ignored.
        """
        games = player_games(state)
        if games:
            await self._db.write(lambda db: keep_games(db, state.game.league, games))

    async def rosters(self, now: datetime) -> dict[Team, tuple[str, ...]]:
        """The players of each team, by name as in the box, as last seen."""
        return await self._db.read(lambda db: _rosters(db, now))

    async def recent_games(
        self, whom: Iterable[Who], most: int = 40, before: datetime | None = None
    ) -> dict[Who, tuple[PlayerGame, ...]]:
        """The last games of players, newest first, at most `most` each.

        Players without any are left out.

        With `before`, only games that began before then count: what was known before a game that is
        over.
        """
        listed, until = list(whom), stamp_or_none(before)
        return await self._db.read(lambda db: _recent_games(db, listed, most, until))

    async def team_games(
        self, teams: Iterable[Team], most: int = 30, before: datetime | None = None
    ) -> dict[Team, dict[str, tuple[PlayerGame, ...]]]:
        """What every player did in the last `most` games of teams, by team and player key.

        `before` is as in `recent_games`.
        """
        listed, until = list(teams), stamp_or_none(before)
        return await self._db.read(lambda db: {x: _team_games(db, x, most, until) for x in listed})

    async def counted(self) -> int:
        """The number of players' games that are stored."""
        return await self._db.read(lambda db: int(db.execute(_COUNTED).fetchone()[0]))

    async def opponents(
        self, teams: Iterable[Team], most: int = 30, before: datetime | None = None
    ) -> dict[Team, tuple[PlayerGame, ...]]:
        """What the opponents' players did in the last `most` games of teams.

        `before` is as in `recent_games`.
        """
        listed, until = list(teams), stamp_or_none(before)
        return await self._db.read(lambda db: {x: _opponents(db, x, most, until) for x in listed})


def player_games(state: GameState) -> tuple[PlayerGame, ...]:
    """What each player who was on the court did, from a final state's box score; else empty."""
    if state.phase is not Phase.FINAL:
        return ()
    known = {x.value for x in Stat}
    return tuple(
        PlayerGame(
            name=line.name,
            team=state.game.code(line.side),
            game_id=state.game.id,
            start=state.game.start,
            minutes=line.minutes,
            starter=line.starter,
            stats=tuple((Stat(name), value) for name, value in line.stats if name in known),
            margin=state.score.of(line.side) - state.score.of(line.side.other),
        )
        for line in state.players
        if line.played
    )


def keep_games(db: sqlite3.Connection, league: str, games: Iterable[PlayerGame]) -> None:
    """Store what players did. A later box score of the same game replaces the earlier one."""
    db.executemany(
        _KEEP_PLAYER_GAME,
        (
            {
                "league": league,
                "player": player_key(x.name),
                "start_at": stamp(x.start),
                "game_id": x.game_id,
                "team": x.team,
                "name": x.name,
                "minutes": x.minutes,
                "starter": x.starter,
                "stats": pack([[stat.value, value] for stat, value in x.stats]),
                "margin": x.margin,
            }
            for x in games
        ),
    )


def _recent_games(
    db: sqlite3.Connection, players: Iterable[Who], most: int, before: str | None
) -> dict[Who, tuple[PlayerGame, ...]]:
    def rows(league: str, key: str) -> list[sqlite3.Row]:
        values = {"league": league, "player": key, "most": most, "before": before}
        return db.execute(_PLAYER_GAMES, values).fetchall()

    found = {(league, key): rows(league, key) for league, key in players}
    return {who: tuple(_game(x) for x in rows) for who, rows in found.items() if rows}


def _against(
    db: sqlite3.Connection, league: str, team: str | None, most: int
) -> list[dict[Stat, int]]:
    found: dict[tuple[str, str], dict[Stat, int]] = {}
    for row in db.execute(_AGAINST, {"league": league, "team": team, "most": most}):
        sums = found.setdefault((row["game_id"], row["whose"]), {})
        for name, value in unpack(row["stats"]):
            sums[Stat(name)] = sums.get(Stat(name), 0) + value
    return list(found.values())


def _team_games(
    db: sqlite3.Connection, team: Team, most: int, before: str | None
) -> dict[str, tuple[PlayerGame, ...]]:
    league, code = team
    found: dict[str, list[PlayerGame]] = defaultdict(list)
    values = {"league": league, "team": code, "most": most, "before": before}
    for row in db.execute(_TEAM_GAMES, values):
        found[row["player"]].append(_game(row))
    return {key: tuple(games) for key, games in found.items()}


def _opponents(
    db: sqlite3.Connection, team: Team, most: int, before: str | None
) -> tuple[PlayerGame, ...]:
    league, code = team
    values = {"league": league, "team": code, "most": most, "before": before}
    return tuple(_game(row) for row in db.execute(_OPPONENTS, values))


def _meet(db: sqlite3.Connection, rosters: Mapping[Team, Sequence[str]], at: datetime) -> None:
    db.executemany(
        _MEET,
        (
            {
                "league": league,
                "team": team,
                "player": player_key(name),
                "name": name,
                "at": stamp(at),
            }
            for (league, team), names in rosters.items()
            for name in names
        ),
    )


def _rosters(db: sqlite3.Connection, now: datetime) -> dict[Team, tuple[str, ...]]:
    rows = db.execute(_ROSTERS, (stamp(now - REMEMBERED),)).fetchall()
    last: dict[Who, datetime] = {}
    for row in rows:
        who, seen = (row["league"], row["player"]), moment(row["seen_at"])
        last[who] = max(seen, last.get(who, seen))
    found: dict[Team, list[str]] = defaultdict(list)
    for row in rows:
        if last[row["league"], row["player"]] - moment(row["seen_at"]) < SAME_DAYS:
            found[row["league"], row["team"]].append(row["name"])
    return {team: tuple(names) for team, names in found.items()}


def _game(row: sqlite3.Row) -> PlayerGame:
    return PlayerGame(
        name=row["name"],
        team=row["team"],
        game_id=row["game_id"],
        start=moment(row["start_at"]),
        minutes=row["minutes"],
        starter=bool(row["starter"]),
        stats=tuple((Stat(name), value) for name, value in unpack(row["stats"])),
        margin=row["margin"],
    )
