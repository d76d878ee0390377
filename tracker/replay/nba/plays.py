"""The play-by-play of one game, as `playbyplay_{gameId}.json` tells it up to an instant.

A recording keeps who did what, not where on the floor: places are null, areas absent, and
descriptions are put together from the facts.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from tracker.replay.nba.words import Json, box_time, duration
from tracker.replay.playback import View
from tracker.replay.recording import Action, Actions, Player, Recording, Side, Team, What

_NAMES = {
    What.START: ("period", "start"),
    What.END: ("period", "end"),
    What.OVER: ("game", "end"),
    What.JUMP: ("jumpball", "recovered"),
    What.TWO: ("2pt", "Jump Shot"),
    What.THREE: ("3pt", "Jump Shot"),
    What.FREE: ("freethrow", "1 of 1"),
    What.HEAVE: ("heave", ""),
    What.TURNOVER: ("turnover", "lost ball"),
    What.STEAL: ("steal", ""),
    What.BLOCK: ("block", ""),
    What.IN: ("substitution", "in"),
    What.OUT: ("substitution", "out"),
    What.OTHER: ("violation", ""),
}

_SUB_TYPES = {
    "off": "offensive",
    "def": "defensive",
    "personal": "personal",
    "offensive": "offensive",
    "technical": "technical",
    "full": "full",
    "challenge": "challenge",
}

_QUALIFIERS = {
    "paint": "pointsinthepaint",
    "fast": "fastbreak",
    "second": "2ndchance",
    "fromtov": "fromturnover",
}

_SHOTS = {What.TWO, What.THREE, What.FREE}
_WITH_THE_BALL = _SHOTS | {What.HEAVE, What.REBOUND, What.TURNOVER, What.STEAL, What.JUMP}


def playbyplay(view: View, changed: datetime) -> Json | None:
    """The document, last changed at `changed`; None where a recording knows no actions."""
    recording = view.recording
    if not isinstance(recording.course, Actions):
        return None
    people = {p.id: p for p in (*recording.home.players, *recording.away.players)}
    render = partial(_action, recording, people, view.tip_off)
    rows = recording.course.rows[: view.state.seen]
    balls = possessions(rows)
    return {
        "meta": {
            "version": 1,
            "code": 200,
            "request": f"http://nba.cloud/games/{recording.id}/playbyplay?Format=json",
            "time": box_time(changed),
        },
        "game": {
            "gameId": recording.id,
            "actions": [
                render(number, row, ball)
                for number, (row, ball) in enumerate(zip(rows, balls, strict=True), start=1)
            ],
        },
    }


def possessions(rows: Sequence[Action]) -> list[Side | None]:
    """Whose ball it is during each action, as the feed counts it: a foul is the other's ball."""
    found: list[Side | None] = []
    holder: Side | None = None
    for row in rows:
        other: Side | None = None
        if row.side is not None:
            other = "away" if row.side == "home" else "home"
        if row.what in _WITH_THE_BALL:
            holder = row.side
        elif row.what is What.BLOCK or (row.what is What.FOUL and "personal" in row.detail):
            holder = other
        elif row.what is What.START:
            holder = None
        found.append(holder)
        if row.what is What.TURNOVER or (row.what in _SHOTS and "made" in row.detail):
            holder = other
    return found


def _action(
    recording: Recording,
    people: Mapping[int, Player],
    tip_off: datetime,
    number: int,
    row: Action,
    ball: Side | None,
) -> Json:
    words = row.detail.split()
    kind, sub = _kind(row.what, words)
    instant = (tip_off + timedelta(milliseconds=row.at)).astimezone(UTC)
    team, holder = _team(recording, row.side), _team(recording, ball)
    result: Json = {
        "actionNumber": number,
        "clock": duration(row.clock),
        "timeActual": instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 100000}Z",
        "period": row.period,
        "periodType": "REGULAR" if row.period <= recording.rules.periods else "OVERTIME",
    }
    if team is not None:
        result |= {"teamId": team.id, "teamTricode": team.tricode}
    result |= {
        "actionType": kind,
        "subType": sub,
        "qualifiers": _qualifiers(row, words),
        "personId": row.player,
        "x": None,
        "y": None,
        "possession": 0 if holder is None else holder.id,
        "scoreHome": str(row.home),
        "scoreAway": str(row.away),
        "edited": instant.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "orderNumber": number * 10000,
        "isTargetScoreLastPeriod": False,
        "xLegacy": None,
        "yLegacy": None,
        "isFieldGoal": int(row.what in {What.TWO, What.THREE}),
        "side": None,
    }
    if row.what in _SHOTS:
        result["shotResult"] = "Made" if "made" in words else "Missed"
    result["description"] = _description(row, kind, sub, people, team)
    if row.player:
        player = people[row.player]
        result |= {"playerName": player.last, "playerNameI": _initialled(player)}
    return result | {
        "personIdsFilter": [person for person in (row.player, row.other) if person],
        **_others(row, words, people),
    }


def _kind(what: What, words: list[str]) -> tuple[str, str]:
    if what in _NAMES:
        return _NAMES[what]
    kind = {What.REBOUND: "rebound", What.FOUL: "foul", What.TIMEOUT: "timeout"}[what]
    return kind, next((_SUB_TYPES[word] for word in words if word in _SUB_TYPES), "")


def _team(recording: Recording, side: Side | None) -> Team | None:
    match side:
        case "home":
            return recording.home
        case "away":
            return recording.away
        case None:
            return None


def _qualifiers(row: Action, words: list[str]) -> list[str]:
    known = [_QUALIFIERS[word] for word in words if word in _QUALIFIERS]
    return known if row.player or row.side is None else ["team", *known]


def _others(row: Action, words: list[str], people: Mapping[int, Player]) -> Json:
    if not row.other:
        return {}
    other = people[row.other]
    if row.what in {What.TWO, What.THREE}:
        if "made" in words:
            return {"assistPlayerNameInitial": _initialled(other), "assistPersonId": other.id}
        return {"blockPlayerName": other.last, "blockPersonId": other.id}
    if row.what is What.FOUL:
        return {"foulDrawnPlayerName": other.last, "foulDrawnPersonId": other.id}
    if row.what is What.TURNOVER:
        return {"stealPlayerName": other.last, "stealPersonId": other.id}
    return {}


def _description(
    row: Action, kind: str, sub: str, people: Mapping[int, Player], team: Team | None
) -> str:
    who = "" if team is None else team.tricode
    if row.player:
        who = _initialled(people[row.player])
    missed = "MISS" if "missed" in row.detail.split() else ""
    return " ".join(part for part in (missed, who, sub, kind) if part)


def _initialled(player: Player) -> str:
    return f"{player.first[:1]}. {player.last}"
