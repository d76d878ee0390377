"""Makes recordings from the raw bodies of the league's documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tracker.domain import TrackerError
from tracker.replay import (
    Actions,
    FeedReading,
    Format,
    Official,
    OfficialTeam,
    PlayerStatLine,
    Readings,
    RecordedPhase,
    RecordedTeam,
    Recording,
    RosterPlayer,
    SideReading,
    StatLine,
    TeamLine,
    Venue,
)

Json = Mapping[str, Any]


class UnrecordableError(TrackerError):
    """The documents do not make a game. The message says which field is wrong."""


def _raise(problem: UnrecordableError) -> None:
    raise problem


def recording_from_bodies(
    bodies: Iterable[tuple[datetime, str, bytes]],
    on_bad: Callable[[UnrecordableError], None] = _raise,
) -> list[Recording]:
    """The recordings of all games in a sequence of raw bodies, each with its time and URL.

    Scoreboards and box scores are read; other documents, and bodies that cannot be parsed, are
    skipped. A game's course comes from its box scores, or from the scoreboards where no box score
    showed it in play. Games that were never seen in play or over are left out. The result is in
    order of tip-off. `on_bad` is called for a game whose bodies cannot be used, and may raise;
    otherwise that game is left out.
    """
    games: dict[str, _Seen] = {}
    for at, url, body in sorted(bodies, key=lambda item: item[0]):
        for kind, game in _games_of(url, body):
            seen = games.setdefault(str(game.get("gameId")), _Seen())
            (seen.boxes if kind == "box" else seen.boards).append((at, game))
    recordings = []
    for game_id, seen in games.items():
        try:
            recordings.append(_of_game(game_id, seen))
        except UnrecordableError as problem:
            on_bad(problem)
    return sorted((r for r in recordings if r is not None), key=lambda r: (r.tip_off, r.id))


@dataclass(frozen=True, slots=True)
class _Seen:
    boxes: list[tuple[datetime, Json]] = field(default_factory=list)
    boards: list[tuple[datetime, Json]] = field(default_factory=list)


@contextmanager
def _named(what: str) -> Iterator[None]:
    try:
        yield
    except KeyError as error:
        raise UnrecordableError(f"The {what} have no field {error}.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise UnrecordableError(f"The {what} cannot be read: {error}.") from error


def _games_of(url: str, body: bytes) -> list[tuple[str, Json]]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if "/boxscore/" in url:
        game = document.get("game") if isinstance(document, dict) else None
        return [("box", game)] if isinstance(game, dict) else []
    if "/scoreboard/" in url:
        board = document.get("scoreboard") if isinstance(document, dict) else None
        games = board.get("games") if isinstance(board, dict) else None
        return [("board", game) for game in games or [] if isinstance(game, dict)]
    return []


def _of_game(game_id: str, seen: _Seen) -> Recording | None:
    with _named(f"bodies of game {game_id}"):
        for polls, build in ((seen.boxes, _recording_of_box), (seen.boards, _recording_of_board)):
            if polls and any(int(game["gameStatus"]) > 1 for _, game in polls):
                last = polls[-1][1]
                tip_off = _parse_instant(last["gameTimeUTC"])
                return build(last, Readings("readings", _readings(polls, tip_off)))
    return None


def _readings(polls: list[tuple[datetime, Json]], tip_off: datetime) -> tuple[FeedReading, ...]:
    rows: list[FeedReading] = []
    known: dict[int, StatLine] = {}
    for instant, game in polls:
        at = (instant - tip_off) // timedelta(milliseconds=1)
        period, clock = int(game["period"]), _parse_clock(str(game["gameClock"]))
        phase = _phase(game, clock)
        if phase is RecordedPhase.BEFORE:
            continue
        home, away = _side(game["homeTeam"], known), _side(game["awayTeam"], known)
        row = FeedReading(at, phase, period, clock, home, away)
        if rows and not home.lines and not away.lines and _same(row, rows[-1]):
            continue
        rows.append(row)
    return tuple(rows)


def _same(row: FeedReading, last: FeedReading) -> bool:
    def bare(side: SideReading) -> SideReading:
        return side._replace(lines=())

    was = last._replace(at=row.at, home=bare(last.home), away=bare(last.away))
    return row == was


def _phase(game: Json, clock: int) -> RecordedPhase:
    status = int(game["gameStatus"])
    if status == _FINAL:
        return RecordedPhase.OVER
    if status == 1:
        return RecordedPhase.BEFORE
    return RecordedPhase.PLAYING if clock else RecordedPhase.BREAK


def _side(raw: Json, known: dict[int, StatLine]) -> SideReading:
    players = raw.get("players", [])
    changed = []
    for player in players:
        person, line = int(player["personId"]), _parse_line(player["statistics"])
        if known.get(person, StatLine()) != line:
            known[person] = line
            changed.append(PlayerStatLine(person, line))
    return SideReading(
        periods=tuple(int(period["score"]) for period in raw["periods"]),
        timeouts=int(raw["timeoutsRemaining"]),
        bonus=raw["inBonus"] == "1",
        on_court=tuple(int(p["personId"]) for p in players if p["oncourt"] == "1"),
        lines=tuple(changed),
    )


_FINAL = 3
"""The feed's number for a game that is over."""

NBA = Format(periods=4, period_s=720, overtime_s=300)
"""Four periods of twelve minutes, and overtimes of five."""

WNBA = Format(periods=4, period_s=600, overtime_s=300)
"""Four periods of ten minutes."""

_OF_WNBA = "10"
"""The first digits of the id of a WNBA game."""

_ZONES = {"CHI": "America/Chicago", "DAL": "America/Chicago", "DEN": "America/Denver",
"GSW": "America/Los_Angeles", "HOU": "America/Chicago", "LAC": "America/Los_Angeles",
"LAL": "America/Los_Angeles", "MEM": "America/Chicago", "MIL": "America/Chicago",
"MIN": "America/Chicago", "NOP": "America/Chicago", "OKC": "America/Chicago",
"PHX": "America/Phoenix", "POR": "America/Los_Angeles", "SAC": "America/Los_Angeles",
"SAS": "America/Chicago", "UTA": "America/Denver"}  # fmt: skip


def _parse_clock(text: str) -> int:
    """Hundredths of a second in `PT11M55.00S`, or in `11:55 ` as on older boards; 0 for blanks."""
    plain = text.strip().removeprefix("PT").removesuffix("S").replace("M", ":")
    if not plain:
        return 0
    minutes, seconds = plain.split(":")
    return 6000 * int(minutes) + round(100 * float(seconds))


def _parse_instant(text: str) -> datetime:
    """An instant of the feed (`2026-01-30T00:11:19.7Z`) as aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _recording_of_box(game: Json, course: Actions | Readings) -> Recording:
    """A recording with the teams, rosters and official figures of a box score's `game` object."""
    arena = game.get("arena") or {}
    home, away = game["homeTeam"], game["awayTeam"]
    over = int(game["gameStatus"]) == _FINAL
    recording = _recording_of_board(game, course)
    return replace(
        recording,
        venue=replace(
            recording.venue,
            arena=str(arena.get("arenaName") or recording.venue.arena),
            city=str(arena.get("arenaCity") or recording.venue.city),
            state=str(arena.get("arenaState") or recording.venue.state),
            zone=str(arena.get("arenaTimezone") or recording.venue.zone),
        ),
        official=Official(_official(home), _official(away)) if over else None,
    )


def _recording_of_board(game: Json, course: Actions | Readings) -> Recording:
    """A recording with what a scoreboard has of a game: the teams, and no rosters or figures."""
    home, away, number = game["homeTeam"], game["awayTeam"], str(game["gameId"])
    summer = number.startswith(_OF_WNBA)
    return Recording(
        format="tracker-recording",
        version=1,
        league="wnba" if summer else "nba",
        id=number,
        tip_off=_parse_instant(game["gameTimeUTC"]),
        wall_clock="recorded",
        rules=WNBA if summer else NBA,
        venue=Venue("", "", "", zone=_zone(home), away_zone=_zone(away)),
        lines=None,
        home=_team(home),
        away=_team(away),
        course=course,
        official=None,
    )


def _zone(team: Json) -> str:
    return _ZONES.get(str(team["teamTricode"]), "America/New_York")


def _team(raw: Json) -> RecordedTeam:
    return RecordedTeam(
        id=int(raw["teamId"]),
        tricode=str(raw["teamTricode"]),
        city=str(raw["teamCity"]),
        name=str(raw["teamName"]),
        wins=int(raw.get("wins", 0)),
        losses=int(raw.get("losses", 0)),
        players=tuple(_player(player) for player in raw.get("players", [])),
    )


def _player(raw: Json) -> RosterPlayer:
    return RosterPlayer(
        id=int(raw["personId"]),
        first=str(raw["firstName"]),
        last=str(raw["familyName"]),
        jersey=str(raw["jerseyNum"]),
        position=str(raw.get("position", "")),
        active=raw["status"] == "ACTIVE",
        starter=raw["starter"] == "1",
        absent=str(raw.get("notPlayingReason", "")),
    )


def _official(raw: Json) -> OfficialTeam:
    players = raw["players"]
    return OfficialTeam(
        periods=tuple(int(period["score"]) for period in raw["periods"]),
        timeouts=int(raw["timeoutsRemaining"]),
        bonus=raw["inBonus"] == "1",
        on_court=tuple(int(p["personId"]) for p in players if p["oncourt"] == "1"),
        team=_parse_team_line(raw["statistics"]),
        lines=tuple(
            PlayerStatLine(int(p["personId"]), _parse_line(p["statistics"]))
            for p in players
            if p["played"] == "1"
        ),
    )


def _parse_line(raw: Json) -> StatLine:
    """A player's line from his `statistics` in a box score."""
    return StatLine(
        time=_parse_clock(raw["minutes"]),
        **{name: int(raw[key]) for name, key in _LINE_KEYS.items()},
    )


def _parse_team_line(raw: Json) -> TeamLine:
    """A team's own figures from its `statistics` in a box score."""
    return TeamLine(
        **{name: int(raw.get(key) or 0) for name, key in _TEAM_KEYS.items()},
        **_score_at("lead", raw.get("biggestLeadScore")),
        **_score_at("run", raw.get("biggestScoringRunScore")),
        leading=_parse_clock(raw.get("timeLeading") or ""),
    )


def _score_at(name: str, text: str | None) -> dict[str, int]:
    away, home = (text or "0-0").split("-")
    return {f"{name}_away": int(away), f"{name}_home": int(home)}


_LINE_KEYS = {
    "points": "points",
    "twos": "twoPointersMade",
    "twos_tried": "twoPointersAttempted",
    "threes": "threePointersMade",
    "threes_tried": "threePointersAttempted",
    "frees": "freeThrowsMade",
    "frees_tried": "freeThrowsAttempted",
    "rebounds_off": "reboundsOffensive",
    "rebounds_def": "reboundsDefensive",
    "assists": "assists",
    "steals": "steals",
    "blocks": "blocks",
    "blocked": "blocksReceived",
    "turnovers": "turnovers",
    "fouls": "foulsPersonal",
    "fouls_offensive": "foulsOffensive",
    "fouls_technical": "foulsTechnical",
    "fouls_drawn": "foulsDrawn",
    "plus": "plus",
    "minus": "minus",
    "points_paint": "pointsInThePaint",
    "points_fast": "pointsFastBreak",
    "points_second": "pointsSecondChance",
}
"""The field of a box score for each count of a player's line."""

_TEAM_KEYS = {
    "rebounds_off": "reboundsTeamOffensive",
    "rebounds_def": "reboundsTeamDefensive",
    "turnovers": "turnoversTeam",
    "technicals": "foulsTeamTechnical",
    "heaves": "teamFieldGoalAttempts",
    "points_from_turnovers": "pointsFromTurnovers",
    "fast": "fastBreakPointsMade",
    "fast_tried": "fastBreakPointsAttempted",
    "paint": "pointsInThePaintMade",
    "paint_tried": "pointsInThePaintAttempted",
    "second": "secondChancePointsMade",
    "second_tried": "secondChancePointsAttempted",
    "lead": "biggestLead",
    "run": "biggestScoringRun",
    "lead_changes": "leadChanges",
    "ties": "timesTied",
}
"""The field of a box score for each of a team's own figures."""
