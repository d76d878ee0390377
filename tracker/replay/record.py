"""Makes recordings: of a game's play-by-play and box, or of all that a night's polls brought."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tracker.domain.errors import TrackerError
from tracker.replay.nba.facts import (
    FINAL,
    course_of_play_by_play,
    parse_clock,
    parse_instant,
    parse_line,
    recording_of_board,
    recording_of_box,
)
from tracker.replay.recording import (
    Actions,
    Line,
    Lines,
    Phase,
    PlayerLine,
    Reading,
    Readings,
    Recording,
    SideReading,
)

Json = Mapping[str, Any]


class UnrecordableError(TrackerError):
    """The documents do not make a game; the message says which field is at fault."""


def recording_from_play_by_play(
    play_by_play: Json, box: Json, lines: Lines | None = None
) -> Recording:
    """The recording of one finished game from its two documents.

    `lines` are its closing lines where they are known. Raises `UnrecordableError` when a field is
    missing or is not what it should be.
    """
    with _named("play-by-play and box"):
        game = box["game"]
        rows = course_of_play_by_play(
            play_by_play["game"]["actions"],
            parse_instant(game["gameTimeUTC"]),
            int(game["homeTeam"]["teamId"]),
        )
        return replace(recording_of_box(game, Actions("actions", rows)), lines=lines)


def _raise(problem: UnrecordableError) -> None:
    raise problem


def recording_from_bodies(
    bodies: Iterable[tuple[datetime, str, bytes]],
    on_bad: Callable[[UnrecordableError], None] = _raise,
) -> list[Recording]:
    """The recordings of all games in a sequence of raw bodies, each with its instant and URL.

    Reads scoreboards and boxes; other documents, and answers that are none, are passed over. A
    game's course is told by its boxes, or by the scoreboards where no box showed it being played.
    Games that were never seen being played or over are left out. Ordered by tip-off. `on_bad` is
    told of a game whose bodies cannot be used, and may raise; it is then left out.
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
        for polls, build in ((seen.boxes, recording_of_box), (seen.boards, recording_of_board)):
            if polls and any(int(game["gameStatus"]) > 1 for _, game in polls):
                last = polls[-1][1]
                tip_off = parse_instant(last["gameTimeUTC"])
                return build(last, Readings("readings", _readings(polls, tip_off)))
    return None


def _readings(polls: list[tuple[datetime, Json]], tip_off: datetime) -> tuple[Reading, ...]:
    rows: list[Reading] = []
    known: dict[int, Line] = {}
    for instant, game in polls:
        at = (instant - tip_off) // timedelta(milliseconds=1)
        period, clock = int(game["period"]), parse_clock(str(game["gameClock"]))
        phase = _phase(game, clock)
        if phase is Phase.BEFORE:
            continue
        home, away = _side(game["homeTeam"], known), _side(game["awayTeam"], known)
        row = Reading(at, phase, period, clock, home, away)
        if rows and not home.lines and not away.lines and _same(row, rows[-1]):
            continue
        rows.append(row)
    return tuple(rows)


def _same(row: Reading, last: Reading) -> bool:
    def bare(side: SideReading) -> SideReading:
        return side._replace(lines=())

    was = last._replace(at=row.at, home=bare(last.home), away=bare(last.away))
    return row == was


def _phase(game: Json, clock: int) -> Phase:
    status = int(game["gameStatus"])
    if status == FINAL:
        return Phase.OVER
    if status == 1:
        return Phase.BEFORE
    return Phase.PLAYING if clock else Phase.BREAK


def _side(raw: Json, known: dict[int, Line]) -> SideReading:
    players = raw.get("players", [])
    changed = []
    for player in players:
        person, line = int(player["personId"]), parse_line(player["statistics"])
        if known.get(person, Line()) != line:
            known[person] = line
            changed.append(PlayerLine(person, line))
    return SideReading(
        periods=tuple(int(period["score"]) for period in raw["periods"]),
        timeouts=int(raw["timeoutsRemaining"]),
        bonus=raw["inBonus"] == "1",
        on_court=tuple(int(p["personId"]) for p in players if p["oncourt"] == "1"),
        lines=tuple(changed),
    )
