"""Puts faults into a document: wrong clocks, scores, states and lists of games.

It works on the finished bytes, so that a wrong document keeps the shape of the right one. It is
pure.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from tracker.replay.espn_site import FEW_EVENTS
from tracker.replay.faults import BOX_STATS, EARLIER, Fault, FaultKind
from tracker.replay.playback import as_json
from tracker.replay.words import event_id

Json = dict[str, Any]

_COUNTDOWN = "PT27M33.00S"
_POSTPONED = {
    "id": "6",
    "name": "STATUS_POSTPONED",
    "state": "post",
    "completed": False,
    "description": "Postponed",
    "detail": "Postponed",
    "shortDetail": "Postponed",
}


def spoiled(
    body: bytes, faults: Sequence[Fault], earlier: Callable[[Fault], bytes | None]
) -> bytes:
    """The document with all these faults in it.

    `earlier` gives a fault's older document, or None.
    """
    document: Json = json.loads(body)
    for fault in faults:
        if fault.kind in EARLIER:
            old = earlier(fault)
            document = document if old is None else _with_old(document, json.loads(old), fault)
        elif fault.kind in _LISTS:
            _LISTS[fault.kind](document)
        elif fault.kind in _SPOILERS:
            for game in _games(document, fault.game):
                _SPOILERS[fault.kind](game, fault)
    text = as_json(document)
    if any(fault.kind is FaultKind.NAN for fault in faults):
        text = text.replace(b'"score":"NaN"', b'"score":NaN')
    return text


def _lists(document: Json) -> Iterator[list[Json]]:
    """The list of games in a scoreboard of the NBA or of ESPN; none in other documents."""
    if "scoreboard" in document:
        yield document["scoreboard"]["games"]
    elif "events" in document:
        yield document["events"]


def _is(game: Json, wanted: str) -> bool:
    if "gameId" in game:
        return bool(game["gameId"] == wanted)
    return game.get("id") in {wanted, event_id("nba", wanted)}


def _games(document: Json, wanted: str | None) -> list[Json]:
    """The games of a document, or only the one that is wanted."""
    if "game" in document and "actions" not in document["game"]:
        found = [document["game"]]
    elif "header" in document:
        found = [document["header"]]
    else:
        found = [game for games in _lists(document) for game in games]
    return [game for game in found if wanted is None or _is(game, wanted)]


def _with_old(document: Json, old: Json, fault: Fault) -> Json:
    if fault.game is None:
        return old
    before = _games(old, fault.game)
    for game in _games(document, fault.game) if before else []:
        game.clear()
        game.update(before[0])
    return document


def _sides(game: Json) -> list[Json]:
    """Both teams of a game, home first, each with its `score`."""
    if "homeTeam" in game:
        return [game["homeTeam"], game["awayTeam"]]
    competitors: list[Json] = game["competitions"][0]["competitors"]
    return sorted(competitors, key=lambda side: str(side["homeAway"]), reverse=True)


def _statuses(game: Json) -> list[Json]:
    """The places of a game's status in ESPN's documents: two on a scoreboard, one in a summary."""
    places = [game, game["competitions"][0]]
    return [place["status"] for place in places if "status" in place]


def _nan(game: Json, _fault: Fault) -> None:
    for side in _sides(game):
        side["score"] = "NaN"


def _no_score(game: Json, _fault: Fault) -> None:
    for side in _sides(game):
        del side["score"]


def _clock(game: Json, text: str) -> None:
    if "gameClock" in game:
        game["gameClock"] = text
    else:
        for status in _statuses(game):
            if "displayClock" in status:
                status["displayClock"] = text


def _blank(game: Json, fault: Fault) -> None:
    _clock(game, "   " if fault.text is None else fault.text)


def _countdown(game: Json, _fault: Fault) -> None:
    if game.get("gameStatus") == 1:
        _clock(game, _COUNTDOWN)


def _padded(game: Json, _fault: Fault) -> None:
    if "gameStatusText" in game:
        game["gameStatusText"] = f"{game['gameStatusText'].strip():20}"
    else:
        for status in _statuses(game):
            for key in ("detail", "shortDetail"):
                status["type"][key] = f"{status['type'][key]:20}"


def _postponed(game: Json, _fault: Fault) -> None:
    if "gameStatus" not in game:
        for status in _statuses(game):
            status.update(status | {"clock": 0.0, "displayClock": "0.0", "type": _POSTPONED})
        for side in _sides(game):
            side["score"] = "0"
        return
    game.update(gameStatus=1, gameStatusText="PPD", period=0, gameClock="")
    for side in _sides(game):
        side["score"] = 0
        for period in side["periods"]:
            period["score"] = 0


def _corrected(game: Json, fault: Fault) -> None:
    side = _sides(game)[0 if fault.side == "home" else 1]
    if fault.stat == "points":
        _score(side, fault.by)
    players = [x for x in side.get("players", []) if x["played"] == "1"]
    if players:
        _figures(max(players, key=lambda x: int(x["statistics"]["points"])), fault)
    if fault.stat == "points" and "statistics" in side and isinstance(side["statistics"], dict):
        side["statistics"]["points"] += fault.by


def _score(side: Json, by: int) -> None:
    if isinstance(side["score"], str):
        side["score"] = str(max(0, int(side["score"]) + by))
        return
    # The points are added to, or taken from, the last period that has enough of them.
    period = next((x for x in reversed(side["periods"]) if x["score"] > -by and x["score"]), None)
    if period is not None:
        period["score"] += by
        side["score"] += by


def _figures(player: Json, fault: Fault) -> None:
    figures = player["statistics"]
    for key in ("points",) if fault.stat == "points" else BOX_STATS[fault.stat]:
        figures[key] = max(0, figures[key] + fault.by)


def _no_games(document: Json) -> None:
    for games in _lists(document):
        games.clear()


def _next_day(document: Json) -> None:
    if "scoreboard" in document:
        board = document["scoreboard"]
        day = date.fromisoformat(board["gameDate"]) + timedelta(days=1)
        board["gameDate"] = day.isoformat()
    _no_games(document)


def _few_events(document: Json) -> None:
    for games in _lists(document):
        del games[FEW_EVENTS:]


_LISTS: dict[FaultKind, Callable[[Json], None]] = {
    FaultKind.NO_GAMES: _no_games,
    FaultKind.NEXT_DAY: _next_day,
    FaultKind.FEW_EVENTS: _few_events,
}

_SPOILERS: dict[FaultKind, Callable[[Json, Fault], None]] = {
    FaultKind.NAN: _nan,
    FaultKind.NO_SCORE: _no_score,
    FaultKind.BLANK: _blank,
    FaultKind.COUNTDOWN: _countdown,
    FaultKind.PADDED: _padded,
    FaultKind.POSTPONED: _postponed,
    FaultKind.CORRECTED: _corrected,
}
