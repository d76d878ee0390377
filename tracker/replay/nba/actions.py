"""What happened in a game, action by action, out of an NBA play-by-play."""

from datetime import datetime

from tracker.replay.nba.facts import Json, parse_clock, parse_instant
from tracker.replay.rows import Action, Side, What

_WHAT = {
    "jumpball": What.JUMP,
    "2pt": What.TWO,
    "3pt": What.THREE,
    "freethrow": What.FREE,
    "heave": What.HEAVE,
    "rebound": What.REBOUND,
    "turnover": What.TURNOVER,
    "steal": What.STEAL,
    "block": What.BLOCK,
    "foul": What.FOUL,
    "timeout": What.TIMEOUT,
}

_QUALIFIERS = {
    "pointsinthepaint": "paint",
    "fastbreak": "fast",
    "2ndchance": "second",
    "fromturnover": "fromtov",
}


def course_of_play_by_play(actions: list[Json], tip_off: datetime, home: int) -> tuple[Action, ...]:
    """The rows of a play-by-play's `actions`, in the feed's own order; `home` is a team's id.

    Where wall clocks step back (an action put in afterwards), the earlier action is given the later
    one's time, so that no effect comes before its cause.
    """
    ordered = sorted(actions, key=lambda action: int(action["orderNumber"]))
    instants = [_offset(action["timeActual"], tip_off) for action in ordered]
    for i in range(len(instants) - 2, -1, -1):
        instants[i] = min(instants[i], instants[i + 1])
    rows = [_action(a, at, home) for a, at in zip(ordered, instants, strict=True)]
    return _name_blocked(rows)


def _offset(instant: str, tip_off: datetime) -> int:
    return round((parse_instant(instant) - tip_off).total_seconds() * 1000)


def _action(raw: Json, at: int, home_id: int) -> Action:
    kind, sub = str(raw["actionType"]), str(raw.get("subType", ""))
    what = _WHAT.get(kind, What.OTHER)
    if kind == "period":
        what = What.START if sub == "start" else What.END
    elif kind == "game":
        what = What.OVER
    elif kind == "substitution":
        what = What.IN if sub == "in" else What.OUT
    side: Side | None = None
    if "teamId" in raw:
        side = "home" if int(raw["teamId"]) == home_id else "away"
    return Action(
        at=at,
        period=int(raw["period"]),
        clock=parse_clock(raw["clock"]),
        home=int(raw["scoreHome"]),
        away=int(raw["scoreAway"]),
        what=what,
        side=side,
        player=int(raw["personId"]),
        other=_other(raw, what),
        detail=_detail(raw, what, sub),
    )


def _other(raw: Json, what: What) -> int:
    match what:
        case What.TWO | What.THREE:
            return int(raw.get("assistPersonId") or raw.get("blockPersonId") or 0)
        case What.FOUL:
            return int(raw.get("foulDrawnPersonId") or 0)
        case What.TURNOVER:
            return int(raw.get("stealPersonId") or 0)
        case _:
            return 0


def _detail(raw: Json, what: What, sub: str) -> str:
    words: list[str] = []
    match what:
        case What.TWO | What.THREE | What.FREE:
            words.append(str(raw["shotResult"]).lower())
        case What.REBOUND:
            words.append("off" if sub == "offensive" else "def")
        case What.FOUL:
            words.append(sub if sub in {"offensive", "technical"} else "personal")
            if raw.get("descriptor") == "defensive-3-second":
                words.append("team")
        case What.TIMEOUT:
            words.append("challenge" if sub == "challenge" else "full")
        case _:
            pass
    words += [word for key, word in _QUALIFIERS.items() if key in raw["qualifiers"]]
    return " ".join(words)


def _name_blocked(rows: list[Action]) -> tuple[Action, ...]:
    # A block names the blocker; whose shot it was stands in the shot just before it.
    named: list[Action] = []
    shooter = 0
    for row in rows:
        if row.what in {What.TWO, What.THREE}:
            shooter = row.player
        named.append(row._replace(other=shooter) if row.what is What.BLOCK else row)
    return tuple(named)
