"""What is known before tip-off: pregame lines, results, checked dates, teams' form, injuries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from sqlite3 import Connection, Row

from tracker.domain.game import Score, halves_of
from tracker.domain.league import LEAGUES
from tracker.domain.player import BY_BOX, Absences, Availability, Injury, player_key
from tracker.domain.prior import Finished, Form, Lines, PregameLines
from tracker.store import queries as q
from tracker.store.database import Subject, reads, writes
from tracker.store.database.columns import (
    box_of,
    counting,
    from_row,
    inserting,
    moment,
    stamp,
    to_columns,
    unpack,
    upserting,
)

_KEEP_QUOTE = """
INSERT INTO pregame_lines (game, at, by, home_spread, total, home_ml, away_ml)
SELECT :game, :at, :by, :home_spread, :total, :home_ml, :away_ml
WHERE EXISTS (SELECT 1 FROM game WHERE id = :game AND start_at >= :at)
ON CONFLICT (game) DO UPDATE SET
  at = excluded.at, by = excluded.by, home_spread = excluded.home_spread,
  total = excluded.total, home_ml = excluded.home_ml, away_ml = excluded.away_ml
WHERE (
  excluded.by, excluded.home_spread, excluded.total, excluded.home_ml, excluded.away_ml
) IS NOT (by, home_spread, total, home_ml, away_ml)
"""
"""Only lines from before tip-off are stored: a later one is a live line."""

_QUOTES = "SELECT * FROM pregame_lines WHERE :game IS NULL OR game = :game"

_KEEP_FINISHED = """
INSERT INTO finished (league, day, home, away, home_points, away_points, first_half, second_half)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET
  home_points = excluded.home_points, away_points = excluded.away_points,
  first_half = coalesce(excluded.first_half, first_half),
  second_half = coalesce(excluded.second_half, second_half)
"""

_FINISHED = counting("""
SELECT league, slate AS day, home, away,
  told ->> '$.score[0]' AS home_points, told ->> '$.score[1]' AS away_points,
  told -> '$.periods' AS periods, told -> '$.box' AS box, told ->> '$.period' AS period,
  NULL AS first_half, NULL AS second_half, neutral
FROM (
  SELECT *, iif(slate_state ->> '$.phase' = 'final', slate_state, state) AS told FROM game
  WHERE :league IS NULL OR league = :league
)
WHERE told ->> '$.phase' = 'final' AND counts(id)
UNION ALL
SELECT league, day, home, away, home_points, away_points, NULL, NULL, NULL,
  first_half, second_half, 0
FROM finished AS kept
WHERE (:league IS NULL OR league = :league) AND NOT EXISTS (
  SELECT 1 FROM game WHERE game.league = kept.league AND game.slate = kept.day
  AND game.home = kept.home AND game.away = kept.away
  AND 'final' IN (slate_state ->> '$.phase', state ->> '$.phase')
)
ORDER BY day, league, home, away
""")


class KnownGames(Subject):
    """Pregame lines and results of games, on an open database."""

    @writes
    def keep_quotes(self, db: Connection, quotes: Mapping[str, PregameLines]) -> None:
        """Keep each game's last lines before tip-off, by game id.

        Lines from after tip-off are dropped.
        """
        rows = [
            {"game": game, "at": stamp(quote.at), "by": quote.by, **asdict(quote.lines)}
            for game, quote in quotes.items()
        ]
        db.executemany(_KEEP_QUOTE, rows)

    @reads
    def quotes(self, db: Connection, game: str | None = None) -> dict[str, PregameLines]:
        """The pregame lines by game id, of one game or of all."""
        return {row["game"]: _quote(row) for row in db.execute(_QUOTES, {"game": game})}

    @writes
    def keep_finished(self, db: Connection, games: Collection[Finished]) -> None:
        """Keep results of games that were on no slate. They are used for ratings."""
        rows = [
            (x.league, x.day.isoformat(), x.home, x.away, x.home_points, x.away_points)
            + (x.halves or (None, None))
            for x in games
        ]
        db.executemany(_KEEP_FINISHED, rows)

    @reads
    def finished(self, db: Connection, league: str | None = None) -> tuple[Finished, ...]:
        """The finished games that count for ratings, in order of play."""
        return tuple(map(_finished, db.execute(_FINISHED, {"league": league})))


def _quote(row: Row) -> PregameLines:
    lines = Lines(row["home_spread"], row["total"], row["home_ml"], row["away_ml"])
    return PregameLines(lines, row["by"], moment(row["at"]))


def _finished(row: Row) -> Finished:
    day = date.fromisoformat(row["day"])
    points = int(row["home_points"]), int(row["away_points"])
    return Finished(row["league"], day, row["home"], row["away"], *points, _halves(row), _pace(row))


def _pace(row: Row) -> float | None:
    """Possessions a team in the length of regulation; None where no box score has the figures."""
    box = None if row["box"] is None else box_of(unpack(row["box"]))
    if box is None or box.left > 0:
        return None
    rules = LEAGUES[row["league"]]
    overtimes = max(int(row["period"]) - rules.periods, 0)
    whole = rules.regulation_seconds
    return box.possessions * whole / (whole + overtimes * rules.overtime_seconds)


def _halves(row: Row) -> tuple[int, int] | None:
    """Both teams' points in each half of regulation; None if unknown or on a neutral court."""
    if row["neutral"]:
        return None
    if row["periods"] is None:
        halves = row["first_half"], row["second_half"]
        return None if None in halves else halves
    return halves_of(row["league"], [Score(*x) for x in unpack(row["periods"]) or ()])


_KEEP_CHECK = upserting("slate_check", "league day", "games finals called_off no_result no_box at")

_CHECKS = "SELECT * FROM slate_check WHERE day >= ? ORDER BY day, league"

_LEAGUES = """
SELECT DISTINCT game.league FROM leg JOIN game ON game.id = leg.game_id WHERE game.slate >= ?
ORDER BY game.league
"""

_TEAMS = "SELECT league, home FROM game UNION SELECT league, away FROM game"

_BOXED = "SELECT DISTINCT game_id FROM player_game WHERE league = ? AND start_at >= ?"

_KEEP_FORM = upserting(
    "form",
    "league team day",
    "games points_for points_against streak rest_days back_to_back strength tempo version pace",
)

_KEEP_ENDS = upserting("road_ends", "league team day", "chance games version")

_INJURIES = """
SELECT * FROM injury AS last WHERE league = :league AND at = (
  SELECT max(at) FROM injury
  WHERE (league, player, source) = (last.league, last.player, last.source) AND at <= :until
) ORDER BY at DESC, source
"""

_ALWAYS = "9999"
"""A time later than every stored one."""

_READ = "injuries_"
"""The name of the note with the time of a league's last injury list, before the league's id."""

_WRONG_CLOCK = timedelta(days=1)

_FORGET_INJURIES = "DELETE FROM injury WHERE league = ? AND at > ?"
"""What was written down while the clock was far ahead would be the newest entry for as long."""

_KEEP_INJURY = inserting(
    "injury",
    "league player at team name status detail returns source",
    "ON CONFLICT DO NOTHING",
)


@dataclass(frozen=True, slots=True)
class SlateCheck:
    """One of a league's dates, as it was checked: counts of games.

    `finals` are games with a result and a box score. `no_result` and `no_box` count the gaps.
    """

    league: str
    day: date
    games: int
    finals: int
    called_off: int
    no_result: int
    no_box: int

    @property
    def whole(self) -> bool:
        """Whether there are no gaps."""
        return self.no_result == self.no_box == 0


@dataclass(frozen=True, slots=True)
class Rated:
    """A team's form with its rating that morning, in points about the league's average."""

    form: Form
    strength: float
    tempo: float
    version: str


@dataclass(frozen=True, slots=True)
class TeamRoadEnds:
    """The belief, on a morning, about which basket a team attacks first on the road.

    `chance` is that of the kind that begins at the less usual end, whose games have more points
    after half-time. It rests on `games` road games of this season.
    """

    league: str
    team: str
    day: date
    chance: float
    games: int
    version: str


class Seasons(Subject):
    """Checked dates, form, road ends and injuries of the leagues, on an open database."""

    @reads
    def leagues(self, db: Connection, since: date) -> tuple[str, ...]:
        """The leagues that have bets on games from a date on."""
        return tuple(x[0] for x in db.execute(_LEAGUES, (since.isoformat(),)))

    @reads
    def teams(self, db: Connection) -> tuple[tuple[str, str], ...]:
        """League and code of every team of the games that are known."""
        return tuple((league, code) for league, code in db.execute(_TEAMS))

    @writes
    def keep_check(self, db: Connection, check: SlateCheck, at: datetime) -> None:
        """Write down the check of a date."""
        db.execute(_KEEP_CHECK, to_columns(check) | {"at": stamp(at)})

    @reads
    def checks(self, db: Connection, since: date) -> tuple[SlateCheck, ...]:
        """The checks of dates from `since` on."""
        return tuple(from_row(SlateCheck, x) for x in db.execute(_CHECKS, (since.isoformat(),)))

    @reads
    def boxed(self, db: Connection, league: str, since: datetime) -> frozenset[str]:
        """The ids of the games whose box score is stored."""
        return frozenset(x[0] for x in db.execute(_BOXED, (league, stamp(since))))

    @writes
    def keep_form(self, db: Connection, teams: Collection[Rated]) -> None:
        """Write down teams' form and ratings on a morning."""
        db.executemany(_KEEP_FORM, (to_columns(x.form) | to_columns(x) for x in teams))

    @writes
    def keep_ends(self, db: Connection, teams: Collection[TeamRoadEnds]) -> None:
        """Write down the beliefs about teams' road ends on a morning."""
        db.executemany(_KEEP_ENDS, map(to_columns, teams))

    @reads
    def injuries(
        self, db: Connection, league: str, day: date | None = None
    ) -> Mapping[str, Injury]:
        """The latest entry on each player who is less than available, by his key.

        With a date, what a box score said of an earlier game is left out.
        """
        last: dict[str, Injury] = {}
        for key, x in _words(db, league):
            back = x.returns
            if not (x.source == BY_BOX and day and back and back <= day):
                last.setdefault(key, x)
        return {key: x for key, x in last.items() if x.status is not Availability.AVAILABLE}

    @reads
    def absences(
        self, db: Connection, leagues: Collection[str], at: datetime | None = None
    ) -> dict[str, Absences]:
        """The injury entries of each league's players, last or as of `at`.

        Leagues whose list was never read are left out.
        """
        found, until = {}, _ALWAYS if at is None else stamp(at)
        for league in leagues:
            row = db.execute(q.META, (_READ + league,)).fetchone()
            said: dict[tuple[str, str], tuple[Injury, ...]] = {}
            for key, x in _words(db, league, until):
                said[x.team, key] = (*said.get((x.team, key), ()), x)
            if row is not None:
                read_at = moment(row["value"])
                found[league] = Absences(read_at if at is None else min(read_at, at), said)
        return found

    @writes
    def keep_box(
        self, db: Connection, injuries: Sequence[Injury], at: datetime
    ) -> tuple[Injury, ...]:
        """Keep box scores' entries on players who are out. Returns those that were new."""
        news: list[Injury] = []
        for league in dict.fromkeys(x.league for x in injuries):
            known = {key: x for key, x in _words(db, league) if x.source == BY_BOX}
            mine = {player_key(x.name): x for x in injuries if x.league == league}
            changed = {k: x for k, x in mine.items() if known.get(k) != x}
            db.executemany(_KEEP_INJURY, (_columns(key, x, at) for key, x in changed.items()))
            news += changed.values()
        return tuple(news)

    @writes
    def keep_injuries(
        self, db: Connection, league: str, injuries: Sequence[Injury], at: datetime
    ) -> tuple[Injury, ...]:
        """Keep what is new in a source's whole list. Returns the changed entries in its order.

        A player who is no longer on the list is available again.
        """
        db.execute(_FORGET_INJURIES, (league, stamp(at + _WRONG_CLOCK)))
        known = {key: x for key, x in _words(db, league) if x.source != BY_BOX}
        fresh = {player_key(x.name): x for x in injuries}
        db.execute(q.KEEP_META, (_READ + league, stamp(at)))
        gone = {
            key: Injury(league, x.team, x.name, Availability.AVAILABLE, "", None, x.source)
            for key, x in known.items()
            if key not in fresh and x.status is not Availability.AVAILABLE
        }
        changed = {k: x for k, x in (fresh | gone).items() if known.get(k) != x}
        db.executemany(_KEEP_INJURY, (_columns(key, x, at) for key, x in changed.items()))
        return tuple(changed.values())


def _words(db: Connection, league: str, until: str = _ALWAYS) -> list[tuple[str, Injury]]:
    """The latest entry of each source on each player with his key, the newest first."""
    values = {"league": league, "until": until}
    return [(x["player"], from_row(Injury, x)) for x in db.execute(_INJURIES, values)]


def _columns(key: str, x: Injury, at: datetime) -> dict[str, object]:
    return to_columns(x) | {"player": key, "at": stamp(at)}
