"""Players: their teams, and what each did in games whose final box score was read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from sqlite3 import Connection, Row

from tracker.domain.catalog import teams
from tracker.domain.game import GameState, Phase
from tracker.domain.player import PlayerGame, Stat, player_key
from tracker.store.database import Subject, reads, writes
from tracker.store.database.columns import (
    counting,
    from_row,
    moment,
    pack,
    stamp,
    stamp_or_none,
    to_columns,
    unpack,
    upserting,
)

REMEMBERED = timedelta(days=60)
"""How long a player counts as playing for the team that he was last seen with."""

SAME_DAYS = timedelta(days=3)
"""A player seen with another team at least this much later has changed teams; otherwise there are
two players of that name."""

Team = tuple[str, str]
"""A league and a team's code."""

Who = tuple[str, str]
"""A league and a player's key."""

_KEEP_PLAYER_GAME = upserting(
    "player_game",
    "league game_id team player",
    "start_at name minutes starter stats margin",
)

_PLAYER_GAMES = counting("""
SELECT * FROM player_game
WHERE league = :league AND player = :player AND (:before IS NULL OR start_at < :before)
AND counts(game_id)
ORDER BY start_at DESC, game_id LIMIT :most
""")

_NAMED = counting("""
SELECT league, player, name, max(start_at) FROM player_game
WHERE (player = :key OR player LIKE :part) AND counts(game_id)
GROUP BY league, player ORDER BY max(start_at) DESC
""")

_LOG = counting("""
SELECT player_game.*, game.home, game.away FROM player_game
LEFT JOIN game ON game.id = player_game.game_id
WHERE player_game.league = ? AND player = ? AND counts(game_id)
ORDER BY player_game.start_at DESC LIMIT ?
""")

_TEAM_GAMES = counting("""
SELECT * FROM player_game WHERE league = :league AND team = :team AND counts(game_id)
AND (:before IS NULL OR start_at < :before) AND start_at >= ifnull((
  SELECT start_at FROM player_game WHERE league = :league AND team = :team AND counts(game_id)
  AND (:before IS NULL OR start_at < :before)
  GROUP BY game_id ORDER BY start_at DESC LIMIT 1 OFFSET :most - 1
), '')
""")

_COUNTED = "SELECT count(*) FROM player_game"

_OPPONENTS = counting("""
SELECT * FROM player_game WHERE league = :league AND team <> :team AND game_id IN (
  SELECT game_id FROM player_game WHERE league = :league AND team = :team AND counts(game_id)
  AND (:before IS NULL OR start_at < :before)
  GROUP BY game_id ORDER BY max(start_at) DESC LIMIT :most
)
""")

_AGAINST = counting("""
SELECT game_id, iif(:team IS NULL, team, '') AS whose, stats FROM player_game
WHERE league = :league AND (:team IS NULL OR team <> :team) AND game_id IN (
  SELECT id FROM game WHERE league = :league AND (:team IS NULL OR :team IN (home, away))
  AND id IN (SELECT game_id FROM player_game WHERE league = :league AND counts(game_id))
  ORDER BY start_at DESC LIMIT :most
)
""")

_MEET = """
INSERT INTO roster (league, team, player, name, seen_at)
VALUES (:league, :team, :player, :name, :at)
ON CONFLICT (league, team, player) DO UPDATE SET
  name = excluded.name, seen_at = max(seen_at, excluded.seen_at)
"""

_ROSTERS = "SELECT * FROM roster WHERE seen_at >= ? ORDER BY league, team, name"


class Players(Subject):
    """The players of an open database."""

    @writes
    def meet(self, db: Connection, rosters: Mapping[Team, Sequence[str]], at: datetime) -> None:
        """Remember the players seen with each team, with names as in the box.

        `rosters` goes by league and team code.
        """
        rows = (
            {
                "league": league, "team": team, "player": player_key(name), "name": name,
                "at": stamp(at),
            }
            for (league, team), names in rosters.items() for name in names
        )  # fmt: skip
        db.executemany(_MEET, rows)

    @reads
    def named(self, db: Connection, key: str) -> tuple[tuple[str, str, str], ...]:
        """The players whose key equals or contains `key`: league, key, and name as in the box.

        Whoever played no game that counts is not among them.
        """
        values = {"key": key, "part": f"%{key}%"}
        return tuple((x[0], x[1], x[2]) for x in db.execute(_NAMED, values))

    @reads
    def log(
        self, db: Connection, league: str, key: str, most: int
    ) -> tuple[tuple[PlayerGame, str | None, str | None], ...]:
        """A player's games, newest first, each with its home and away team where known."""
        rows = db.execute(_LOG, (league, key, most))
        return tuple((_game(x), x["home"], x["away"]) for x in rows)

    @reads
    def against(
        self, db: Connection, league: str, team: str | None, most: int
    ) -> list[dict[Stat, int]]:
        """The sums of the opponents' figures in each of a team's last `most` games.

        Without a team, the sums of either side in the league's last games.
        """
        found: dict[tuple[str, str], dict[Stat, int]] = {}
        for row in db.execute(_AGAINST, {"league": league, "team": team, "most": most}):
            sums = found.setdefault((row["game_id"], row["whose"]), {})
            for name, value in unpack(row["stats"]):
                sums[Stat(name)] = sums.get(Stat(name), 0) + value
        return list(found.values())

    async def keep_finished(self, state: GameState) -> None:
        """Keep what each player did, from the final box score of a game.

        Other states are ignored.
        """
        games = player_games(state)
        if games:
            await self._db.write(lambda db: keep_games(db, state.game.league, games))

    @reads
    def rosters(self, db: Connection, now: datetime) -> dict[Team, tuple[str, ...]]:
        """The players of each team, by name as in the box, as last seen.

        Whoever plays for a team that is not the league's, as among All-Stars, keeps his own.
        """
        rows = db.execute(_ROSTERS, (stamp(now - REMEMBERED),)).fetchall()
        last: dict[Who, datetime] = {}
        for row in rows:
            who, seen = (row["league"], row["player"]), moment(row["seen_at"])
            if row["team"] in teams(row["league"]):
                last[who] = max(seen, last.get(who, seen))
        found: dict[Team, list[str]] = defaultdict(list)
        for row in rows:
            seen = moment(row["seen_at"])
            if last.get((row["league"], row["player"]), seen) - seen < SAME_DAYS:
                found[row["league"], row["team"]].append(row["name"])
        return {team: tuple(names) for team, names in found.items()}

    @reads
    def recent_games(
        self, db: Connection, whom: Collection[Who], most: int = 40, before: datetime | None = None
    ) -> dict[Who, tuple[PlayerGame, ...]]:
        """The last games of players, newest first, at most `most` each.

        Players without any are left out.

        With `before`, only games that began before then count: what was known before a game that is
        over.
        """
        values = {"most": most, "before": stamp_or_none(before)}
        found: dict[Who, tuple[PlayerGame, ...]] = {}
        for league, key in whom:
            rows = db.execute(_PLAYER_GAMES, values | {"league": league, "player": key})
            if played := tuple(map(_game, rows)):
                found[league, key] = played
        return found

    @reads
    def team_games(
        self,
        db: Connection,
        teams: Collection[Team],
        most: int = 30,
        before: datetime | None = None,
    ) -> dict[Team, dict[str, tuple[PlayerGame, ...]]]:
        """What every player did in the last `most` games of teams, by team and player key.

        `before` is as in `recent_games`.
        """
        found: dict[Team, dict[str, tuple[PlayerGame, ...]]] = {}
        for team in teams:
            games: dict[str, list[PlayerGame]] = defaultdict(list)
            for row in db.execute(_TEAM_GAMES, _of_team(team, most, before)):
                games[row["player"]].append(_game(row))
            found[team] = {key: tuple(x) for key, x in games.items()}
        return found

    @reads
    def counted(self, db: Connection) -> int:
        """The number of players' games that are stored."""
        return int(db.execute(_COUNTED).fetchone()[0])

    @reads
    def opponents(
        self,
        db: Connection,
        teams: Collection[Team],
        most: int = 30,
        before: datetime | None = None,
    ) -> dict[Team, tuple[PlayerGame, ...]]:
        """What the opponents' players did in the last `most` games of teams.

        `before` is as in `recent_games`.
        """
        rows = {x: db.execute(_OPPONENTS, _of_team(x, most, before)) for x in teams}
        return {team: tuple(map(_game, found)) for team, found in rows.items()}


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


def keep_games(db: Connection, league: str, games: Iterable[PlayerGame]) -> None:
    """Store what players did. A later box score of the same game replaces the earlier one."""
    db.executemany(
        _KEEP_PLAYER_GAME,
        (
            to_columns(x)
            | {
                "league": league,
                "player": player_key(x.name),
                "start_at": stamp(x.start),
                "stats": pack([[stat.value, value] for stat, value in x.stats]),
            }
            for x in games
        ),
    )


def _of_team(team: Team, most: int, before: datetime | None) -> dict[str, object]:
    league, code = team
    return {"league": league, "team": code, "most": most, "before": stamp_or_none(before)}


def _game(row: Row) -> PlayerGame:
    stats = tuple((Stat(name), value) for name, value in unpack(row["stats"]))
    return from_row(PlayerGame, row, start=moment(row["start_at"]), stats=stats)
