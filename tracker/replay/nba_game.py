"""A game's two documents of the league's CDN: its box score, and its play-by-play at an instant.

A recording has no places on the floor: coordinates are null and areas absent. Descriptions are put
together from the recorded facts.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from tracker.replay import (
    Action,
    Actions,
    RecordedPhase,
    RecordedTeam,
    Recording,
    RosterPlayer,
    Side,
    StatLine,
    What,
    other_side,
)
from tracker.replay.playback import View
from tracker.replay.timeline import TeamState
from tracker.replay.words import (
    MINUTE,
    STATUS,
    Json,
    box_time,
    duration,
    game_code,
    live_text,
    local,
    named,
    periods,
    utc,
)


def boxscore(view: View, changed: datetime) -> Json:
    """The box score, last changed at `changed`."""
    recording, state = view.recording, view.state
    home_zone, away_zone = ZoneInfo(recording.venue.zone), ZoneInfo(recording.venue.away_zone)
    return {
        "meta": {
            "version": 1,
            "code": 200,
            "request": f"http://nba.cloud/games/{recording.id}/boxscore?Format=json",
            "time": box_time(changed),
        },
        "game": {
            "gameId": recording.id,
            "gameTimeLocal": local(view.tip_off, home_zone),
            "gameTimeUTC": utc(view.tip_off),
            "gameTimeHome": local(view.tip_off, home_zone),
            "gameTimeAway": local(view.tip_off, away_zone),
            "gameEt": local(view.tip_off),
            "duration": _duration(view),
            "gameCode": game_code(view),
            "gameStatusText": _status_text(view),
            "gameStatus": STATUS[state.phase],
            "regulationPeriods": recording.rules.periods,
            "period": state.period,
            "gameClock": _clock(view, changed),
            "attendance": 0,
            "sellout": "0",
            "arena": {
                "arenaId": 0,
                "arenaName": recording.venue.arena,
                "arenaCity": recording.venue.city,
                "arenaState": recording.venue.state,
                "arenaCountry": "US",
                "arenaTimezone": recording.venue.zone,
            },
            "officials": [],
            "homeTeam": _team(view, recording.home, state.home, state.away),
            "awayTeam": _team(view, recording.away, state.away, state.home),
        },
    }


def _duration(view: View) -> int:
    if view.state.phase is RecordedPhase.BEFORE:
        return 0
    played = view.tip_off + timedelta(milliseconds=view.state.at) - view.starts
    return int(played.total_seconds() // 60)


def _status_text(view: View) -> str:
    match view.state.phase:
        case RecordedPhase.BEFORE:
            return "pregame"
        case RecordedPhase.OVER:
            # Unlike the scoreboard, a box score does not mention overtimes in this text.
            return "Final"
        case _:
            return live_text(view)


def _clock(view: View, changed: datetime) -> str:
    if view.state.phase is not RecordedPhase.BEFORE:
        return duration(view.state.clock)
    left = max(0, int((view.starts - changed).total_seconds()))
    return duration(100 * left)


def _team(view: View, team: RecordedTeam, state: TeamState, against: TeamState) -> Json:
    return {
        **named(team),
        "score": state.score,
        "inBonus": str(int(state.bonus)),
        "timeoutsRemaining": state.timeouts,
        "periods": periods(state.periods, view.recording.rules.periods),
        "players": [
            _player(order, player, line, state)
            for order, (player, line) in enumerate(
                zip(team.players, state.lines, strict=True), start=1
            )
        ],
        "statistics": _team_statistics(team, state, against),
    }


def _player(order: int, player: RosterPlayer, line: StatLine, state: TeamState) -> Json:
    result: Json = {"status": "ACTIVE" if player.active else "INACTIVE"}
    if player.absent:
        result["notPlayingReason"] = player.absent
    result |= {"order": order, "personId": player.id, "jerseyNum": player.jersey}
    if player.starter:
        result["position"] = player.position
    return result | {
        "starter": str(int(player.starter)),
        "oncourt": str(int(player.id in state.on_court)),
        "played": str(int(player.id in state.played)),
        "statistics": _statistics(line),
        "name": player.name,
        "nameI": player.initialled,
        "firstName": player.first,
        "familyName": player.last,
    }


def _share(made: float, tried: float) -> float:
    return round(made / tried, 15) if tried else 0.0


def _shots(name: str, made: int, tried: int) -> Json:
    return {
        f"{name}Attempted": tried,
        f"{name}Made": made,
        f"{name}Percentage": _share(made, tried),
    }


def _whole_minutes(hundredths: int) -> str:
    return f"PT{(hundredths + MINUTE // 2) // MINUTE:02d}M"


def _statistics(line: StatLine) -> Json:
    return {
        "assists": line.assists,
        "blocks": line.blocks,
        "blocksReceived": line.blocked,
        **_shots("fieldGoals", line.goals, line.goals_tried),
        "foulsOffensive": line.fouls_offensive,
        "foulsDrawn": line.fouls_drawn,
        "foulsPersonal": line.fouls,
        "foulsTechnical": line.fouls_technical,
        **_shots("freeThrows", line.frees, line.frees_tried),
        "minus": float(line.minus),
        "minutes": duration(line.time),
        "minutesCalculated": _whole_minutes(line.time),
        "plus": float(line.plus),
        "plusMinusPoints": float(line.plus - line.minus),
        "points": line.points,
        "pointsFastBreak": line.points_fast,
        "pointsInThePaint": line.points_paint,
        "pointsSecondChance": line.points_second,
        "reboundsDefensive": line.rebounds_def,
        "reboundsOffensive": line.rebounds_off,
        "reboundsTotal": line.rebounds,
        "steals": line.steals,
        **_shots("threePointers", line.threes, line.threes_tried),
        "turnovers": line.turnovers,
        **_shots("twoPointers", line.twos, line.twos_tried),
    }


def _team_statistics(team: RecordedTeam, state: TeamState, against: TeamState) -> Json:
    own = state.team
    total = state.total
    made, tried = total.goals, total.goals_tried
    shooting = tried + 0.44 * total.frees_tried
    pairs = zip(team.players, state.lines, strict=True)
    result = {
        "assists": total.assists,
        "assistsTurnoverRatio": _share(total.assists, total.turnovers + own.turnovers),
        "benchPoints": sum(line.points for player, line in pairs if not player.starter),
        "biggestLead": own.lead,
        "biggestLeadScore": f"{own.lead_away}-{own.lead_home}",
        "biggestScoringRun": own.run,
        "biggestScoringRunScore": f"{own.run_away}-{own.run_home}",
        "blocks": total.blocks,
        "blocksReceived": total.blocked,
        **_shots("fastBreakPoints", own.fast, own.fast_tried),
        "fieldGoalsAttempted": tried,
        "fieldGoalsEffectiveAdjusted": _share(made + 0.5 * total.threes, tried),
        "fieldGoalsMade": made,
        "fieldGoalsPercentage": _share(made, tried),
        "foulsOffensive": total.fouls_offensive,
        "foulsDrawn": total.fouls_drawn,
        "foulsPersonal": total.fouls,
        "foulsTeam": total.fouls - total.fouls_offensive,
        "foulsTechnical": total.fouls_technical,
        "foulsTeamTechnical": own.technicals,
        **_shots("freeThrows", total.frees, total.frees_tried),
        "leadChanges": own.lead_changes,
        "minutes": duration(total.time),
        "minutesCalculated": _whole_minutes(total.time),
        "points": state.score,
        "pointsAgainst": against.score,
        "pointsFastBreak": total.points_fast,
        "pointsFromTurnovers": own.points_from_turnovers,
        "pointsInThePaint": total.points_paint,
        **_shots("pointsInThePaint", own.paint, own.paint_tried),
        "pointsSecondChance": total.points_second,
        "reboundsDefensive": total.rebounds_def,
        "reboundsOffensive": total.rebounds_off,
        "reboundsPersonal": total.rebounds,
        "reboundsTeam": own.rebounds_off + own.rebounds_def,
        "reboundsTeamDefensive": own.rebounds_def,
        "reboundsTeamOffensive": own.rebounds_off,
        "reboundsTotal": total.rebounds + own.rebounds_off + own.rebounds_def,
        **_shots("secondChancePoints", own.second, own.second_tried),
        "steals": total.steals,
        "teamFieldGoalAttempts": own.heaves,
        **_shots("threePointers", total.threes, total.threes_tried),
        "timeLeading": duration(own.leading),
        "timesTied": own.ties,
        "trueShootingAttempts": round(shooting, 15),
        "trueShootingPercentage": _share(total.points, 2 * shooting),
        "turnovers": total.turnovers,
        "turnoversTeam": own.turnovers,
        "turnoversTotal": total.turnovers + own.turnovers,
        **_shots("twoPointers", total.twos, total.twos_tried),
    }
    if not state.played:
        del result["biggestLeadScore"], result["biggestScoringRunScore"]
    return result


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


def playbyplay(view: View, course: Actions, changed: datetime, rendered: list[Json]) -> Json:
    """The play-by-play of a recording's actions, last changed at `changed`.

    `rendered` are its first actions as they were made for an earlier document, and gains the rest.
    """
    recording = view.recording
    people = {p.id: p for p in (*recording.home.players, *recording.away.players)}
    render = partial(_action, view, people, _throws(course.rows))
    rows = course.rows[: view.state.seen]
    balls = _possessions(rows)
    fresh = range(len(rendered), len(rows))
    rendered.extend(render(place + 1, rows[place], balls[place]) for place in fresh)
    return {
        "meta": {
            "version": 1,
            "code": 200,
            "request": f"http://nba.cloud/games/{recording.id}/playbyplay?Format=json",
            "time": box_time(changed),
        },
        "game": {"gameId": recording.id, "actions": rendered[: len(rows)]},
    }


def _throws(rows: Sequence[Action]) -> dict[int, str]:
    """What the feed writes of free throws, by the place of the action from 1.

    It is `1 of 2` of a throw, `2freethrow` of the personal foul that gave them, and `deadball` of a
    rebound between them.
    """
    found: dict[int, str] = {}
    foul, run, dead = 0, list[int](), list[int]()
    for place, row in enumerate(rows, start=1):
        by = rows[foul - 1]
        if row.what is What.FOUL:
            foul, run, dead = place, [], []
        elif row.what is What.REBOUND and run:
            dead.append(place)
        elif row.what is What.FREE and (by.period, by.clock) == (row.period, row.clock):
            run.append(place)
            found |= {x: f"{k} of {len(run)}" for k, x in enumerate(run, start=1)}
            found |= dict.fromkeys(dead, "deadball")
            if "personal" in by.detail and by.side != row.side:
                found[foul] = f"{len(run)}freethrow"
    return found


def _possessions(rows: Sequence[Action]) -> list[Side | None]:
    """The side with the ball during each action, as the feed counts it.

    A personal foul counts as the other side's ball.
    """
    found: list[Side | None] = []
    holder: Side | None = None
    for row in rows:
        other = None if row.side is None else other_side(row.side)
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
    view: View,
    people: Mapping[int, RosterPlayer],
    throws: Mapping[int, str],
    number: int,
    row: Action,
    ball: Side | None,
) -> Json:
    recording, words = view.recording, row.detail.split()
    kind, sub = _kind(row.what, words)
    given = throws.get(number)
    if given is not None and row.what is What.FREE:
        sub = given
    instant = (view.tip_off + timedelta(milliseconds=row.at)).astimezone(UTC)
    team, holder = _team_of(recording, row.side), _team_of(recording, ball)
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
        "qualifiers": [
            *_qualifiers(row, words),
            *([] if given is None or row.what is What.FREE else [given]),
        ],
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
        result |= {"playerName": player.last, "playerNameI": player.initialled}
    return result | {
        "personIdsFilter": [person for person in (row.player, row.other) if person],
        **_others(row, words, people),
    }


def _kind(what: What, words: list[str]) -> tuple[str, str]:
    if what in _NAMES:
        return _NAMES[what]
    kind = {What.REBOUND: "rebound", What.FOUL: "foul", What.TIMEOUT: "timeout"}[what]
    return kind, next((_SUB_TYPES[word] for word in words if word in _SUB_TYPES), "")


def _team_of(recording: Recording, side: Side | None) -> RecordedTeam | None:
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


def _others(row: Action, words: list[str], people: Mapping[int, RosterPlayer]) -> Json:
    if not row.other:
        return {}
    other = people[row.other]
    if row.what in {What.TWO, What.THREE}:
        if "made" in words:
            return {"assistPlayerNameInitial": other.initialled, "assistPersonId": other.id}
        return {"blockPlayerName": other.last, "blockPersonId": other.id}
    if row.what is What.FOUL:
        return {"foulDrawnPlayerName": other.last, "foulDrawnPersonId": other.id}
    if row.what is What.TURNOVER:
        return {"stealPlayerName": other.last, "stealPersonId": other.id}
    return {}


def _description(
    row: Action, kind: str, sub: str, people: Mapping[int, RosterPlayer], team: RecordedTeam | None
) -> str:
    who = "" if team is None else team.tricode
    if row.player:
        who = people[row.player].initialled
    missed = "MISS" if "missed" in row.detail.split() else ""
    return " ".join(part for part in (missed, who, sub, kind) if part)
