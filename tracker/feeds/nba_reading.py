"""Reading the league CDN's documents: board, box score and schedule, into games and game states.

A board and a box score of the same moment give states that compare equal. What means nothing before
tip-off or after the buzzer is given one fixed form.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from tracker.domain.catalog import code_in
from tracker.domain.game import (
    TWO_TECHNICALS,
    Box,
    Game,
    GameState,
    Listing,
    Pair,
    Phase,
    PlayerLine,
    Score,
    Side,
    TeamBox,
    clock_text,
)
from tracker.domain.league import LEAGUES, League
from tracker.domain.player import rules_out
from tracker.domain.poll import Unreadable
from tracker.feeds import FeedMalformed, FeedUnbelieved, Scoreboard, believable_end, strict
from tracker.feeds.strict import (
    MOST_PERIODS,
    Points,
    Strict,
    Text,
    at_zero,
    day,
    field_at,
    plausible,
    read_json,
    read_object,
    seconds,
    unplayed,
    when_stopped,
)

_IN_TEXT = re.compile(r"(?:q\d|ot\d?)\s+(\d{0,2}:\d{2}(?:\.\d)?|\d{1,2}\.\d)", re.ASCII)
_OVERTIME = re.compile(r"\b(\d?)ot(\d?)\b", re.ASCII)
_PERIOD = re.compile(r"q(\d)\b", re.ASCII)
_END = re.compile(r"end\b.*?(ot|\d)", re.ASCII)


def _clock_in(text: str) -> float | None:
    """Seconds on the clock of a squeezed status text such as `q2 07:15`; None where it has none."""
    found = _IN_TEXT.fullmatch(text)
    return seconds(found[1], "gameStatusText") if found else None


def _overtime_in(text: str) -> int | None:
    """The overtime that a squeezed status text names: 1 for `ot 03:00`, 2 for `final/ot2`."""
    found = _OVERTIME.search(text)
    return int(found[1] or found[2] or 1) if found else None


def _period_in(text: str) -> int | None:
    """The quarter that a squeezed status text names: 3 for `q3 07:15`."""
    found = _PERIOD.match(text)
    return int(found[1]) if found else None


def _off(text: str) -> Phase | None:
    """The phase of a game that a squeezed status text calls off.

    The status number does not show it.
    """
    if text.startswith(("ppd", "postponed")):
        return Phase.POSTPONED
    return Phase.CANCELLED if text.startswith("cancel") else None


def _ended(text: str, period: int, rules: League) -> bool:
    """Whether a squeezed status text says that this period is over: `half`, `end q3`."""
    if text in ("half", "halftime"):
        return period * 2 == rules.periods
    found = _END.match(text)
    if not found:
        return False
    if found[1] == "ot":
        return period > rules.periods
    return period == int(found[1])


def _day_of_code(code: str | None) -> date | None:
    """The league's date in a game code such as `20230420/SACGSW`, or None where it has none."""
    try:
        return day((code or "")[:8], "gameCode")
    except FeedMalformed:
        return None


_Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,5}$")]
GameId = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]


class _GameHead(Strict):
    """The part of a board's or box score's entry that identifies the game."""

    id: GameId = Field(alias="gameId")
    start: Text = Field(alias="gameTimeUTC")
    code: Text | None = Field(None, alias="gameCode")
    home: _Code = field_at("homeTeam", "teamTricode")
    away: _Code = field_at("awayTeam", "teamTricode")
    neutral: Any = Field(None, alias="isNeutral")


class _PeriodDocument(Strict):
    """One team's points in a period. Periods still to come are listed with 0."""

    period: Annotated[int, Field(ge=1, le=MOST_PERIODS)]
    score: Points


class _StatisticsDocument(Strict):
    """A player's figures so far."""

    points: Points | None = None
    rebounds: Points | None = Field(None, alias="reboundsTotal")
    assists: Points | None = None
    steals: Points | None = None
    blocks: Points | None = None
    threes: Points | None = Field(None, alias="threePointersMade")
    turnovers: Points | None = None
    fouls: Points | None = Field(None, alias="foulsPersonal")
    technicals: Any = Field(None, alias="foulsTechnical")
    minutes: Text | None = None


class _PlayerDocument(Strict):
    """A player in a box score. Yes and no are the strings "1" and "0"."""

    id: Annotated[int, Field(ge=1)] = Field(alias="personId")
    name: Text | None = None
    starter: Text | None = None
    on_court: Text | None = Field(None, alias="oncourt")
    played: Text | None = None
    status: Text | None = None
    reason: Text | None = Field(None, alias="notPlayingReason")
    description: Text | None = Field(None, alias="notPlayingDescription")
    statistics: _StatisticsDocument | None = None


class _TeamStatistics(Strict):
    """The team figures that the forecast uses."""

    fga: Points = Field(alias="fieldGoalsAttempted")
    fta: Points = Field(alias="freeThrowsAttempted")
    oreb: Points = Field(alias="reboundsOffensive")
    to: Points = Field(alias="turnovers")
    fouls: Points = Field(alias="foulsPersonal")


class _TeamDocument(Strict):
    """A team's side of a game. Fields that are not worth losing a score for may have any type."""

    score: Points | None = None
    periods: list[_PeriodDocument] | None = None
    bonus: Any = Field(None, alias="inBonus")
    timeouts: Any = Field(None, alias="timeoutsRemaining")
    statistics: Any = None
    players: list[_PlayerDocument] | None = None


class _GameDocument(Strict):
    """A game's progress in a board or a box score."""

    status: int = Field(alias="gameStatus")
    text: Text | None = Field(None, alias="gameStatusText")
    period: Annotated[int, Field(ge=0, le=MOST_PERIODS)]
    clock: Text | None = Field(None, alias="gameClock")
    regulation: int | None = Field(None, alias="regulationPeriods")
    home: _TeamDocument = Field(alias="homeTeam")
    away: _TeamDocument = Field(alias="awayTeam")


class _BoardBody(Strict):
    """A whole board. Each game is parsed separately."""

    day: Text = field_at("scoreboard", "gameDate")
    games: list[Any] = field_at("scoreboard", "games")


class _BoxBody(Strict):
    """A whole box score. Its game is parsed like a board's."""

    game: dict[str, Any]


class _ScheduledGame(Strict):
    """A game in the schedule.

    Its fields have any type here and are checked one game at a time later. A team's code is blank
    while the opponent is to be decided.
    """

    id: Any = Field(None, alias="gameId")
    start: Any = Field(None, alias="gameDateTimeUTC")
    code: Any = Field(None, alias="gameCode")
    neutral: Any = Field(None, alias="isNeutral")
    status: Any = Field(None, alias="gameStatus")
    text: Any = Field(None, alias="gameStatusText")
    home: Any = field_at("homeTeam", "teamTricode", default=None)
    away: Any = field_at("awayTeam", "teamTricode", default=None)


class _GameDate(Strict):
    """A day of the schedule."""

    games: list[_ScheduledGame]


class _ScheduleBody(Strict):
    """A whole schedule."""

    dates: list[_GameDate] = field_at("leagueSchedule", "gameDates")


_SCHEDULED, _LIVE, _FINAL = 1, 2, 3
_YES_NO = {"1": True, "0": False}
_MOST_TIMEOUTS = 20
_ADJACENT_DAYS = 1


def parse_board(body: bytes, league: str) -> Scoreboard:
    """Parse a scoreboard. Raises FeedMalformed where the document is none.

    A game that cannot be read does not affect the others.
    """
    board = read_json(_BoardBody, body)
    day = strict.day(board.day, "scoreboard.gameDate")
    games: list[tuple[Game, GameState | Unreadable]] = []
    spoilt: list[str] = []
    for number, entry in enumerate(board.games):
        place = f"scoreboard.games[{number}]"
        try:
            game = _game(read_object(_GameHead, entry), league)
        except FeedMalformed as wrong:
            spoilt.append(str(wrong.inside(place)))
            continue
        try:
            games.append((game, _state(game, read_object(_GameDocument, entry))))
        except FeedMalformed as wrong:
            games.append((game, wrong.inside(place).unreadable))
    return Scoreboard(day, tuple(games), tuple(spoilt))


def parse_box(body: bytes, league: str) -> GameState:
    """Parse a box score with its players. Raises FeedMalformed with the field that is wrong."""
    entry = read_json(_BoxBody, body).game
    try:
        game = _game(read_object(_GameHead, entry), league)
        return _state(game, read_object(_GameDocument, entry))
    except FeedMalformed as wrong:
        raise wrong.inside("game") from None


def parse_schedule(body: bytes, league: str) -> tuple[Listing, ...]:
    """The season's games whose teams are known, each with its state while it has not been played.

    A game that cannot be read is left out. Raises FeedMalformed when there are games and none can
    be read.
    """
    dates = read_json(_ScheduleBody, body).dates
    found: list[Listing] = []
    first: FeedMalformed | None = None
    for entry in (game for listed in dates for game in listed.games):
        if not entry.home or not entry.away:
            continue
        try:
            found.append(_listing(entry, league))
        except FeedMalformed as wrong:
            first = first or wrong
    if first is not None and not found:
        raise first.inside("leagueSchedule.gameDates.games")
    return tuple(found)


def _listing(entry: _ScheduledGame, league: str) -> Listing:
    head: dict[str, Any] = {
        "gameId": entry.id,
        "gameTimeUTC": entry.start,
        "gameCode": entry.code,
        "isNeutral": entry.neutral,
        "homeTeam": {"teamTricode": entry.home},
        "awayTeam": {"teamTricode": entry.away},
    }
    game = _game(read_object(_GameHead, head), league)
    text = strict.squeezed(entry.text) if isinstance(entry.text, str) else ""
    called_off = _off(text)
    if called_off is not None:
        return game, _quiet(game, called_off)
    return game, _quiet(game, Phase.SCHEDULED) if entry.status == _SCHEDULED else None


def _game(head: _GameHead, league: str) -> Game:
    start = strict.instant(head.start, "gameTimeUTC")
    home, away = code_in(league, head.home), code_in(league, head.away)
    if home == away:
        raise FeedMalformed("awayTeam.teamTricode", f"is {home}, as the home team")
    game = Game(head.id, league, home, away, start)
    day = _day_of_code(head.code)
    if day is None or abs((day - game.slate).days) > _ADJACENT_DAYS:
        day = game.slate
    return Game(game.id, league, game.home, game.away, start, day, head.neutral is True)


def _state(game: Game, entry: _GameDocument) -> GameState:
    """The state that an entry reports of the game."""
    rules = LEAGUES[game.league]
    if entry.regulation is not None and entry.regulation != rules.periods:
        raise FeedMalformed("regulationPeriods", f"is not {rules.periods}: other rules of time")
    text = strict.squeezed(entry.text)
    called_off = _off(text)
    if called_off is not None:
        return _quiet(game, called_off, _roster(entry))
    if "forfeit" in text:
        raise FeedUnbelieved("gameStatusText", "is a forfeit", "a forfeit")
    entry = _as_worded(entry, text, rules)
    scored = (entry.home.score or 0) + (entry.away.score or 0)
    if entry.status not in (_SCHEDULED, _LIVE, _FINAL):
        raise FeedMalformed("gameStatus", "is none of 1, 2 and 3")
    if entry.status == _FINAL:
        return _final(game, entry, rules, text)
    if entry.status == _LIVE and scored and not entry.period:
        raise FeedMalformed("period", "is 0 in a game with points")
    # The status may lag behind: a game with a period and points is in play.
    if entry.period and (entry.status == _LIVE or scored):
        return _in_play(game, entry, rules, text)
    return _quiet(game, Phase.SCHEDULED, _roster(entry))


def _as_worded(entry: _GameDocument, text: str, rules: League) -> _GameDocument:
    """The entry, with a period that counts overtimes from one replaced by one that counts on.

    Raises FeedMalformed where the period and the words cannot both be right.
    """
    overtime, period = _overtime_in(text), _period_in(text)
    if overtime is not None and entry.period <= rules.periods:
        return entry.model_copy(update={"period": min(rules.periods + overtime, MOST_PERIODS)})
    if entry.status == _LIVE and entry.period and period is not None:
        strict.agree("period", entry.period, (period, text), _time_left(entry.clock, text), rules)
    return entry


def _quiet(game: Game, phase: Phase, players: tuple[PlayerLine, ...] = ()) -> GameState:
    """The state of a game that is not being played.

    Its clock in the document may be a countdown.
    """
    clock = float(LEAGUES[game.league].period_seconds)
    return GameState(game, phase, 0, clock, Score(0, 0), periods=(), players=players)


def _final(game: Game, entry: _GameDocument, rules: League, text: str) -> GameState:
    score = _score(entry)
    believable_end(("period", "homeTeam.score"), entry.period, score, rules)
    if (left := _time_left(entry.clock, text)) >= _TENTHS:
        shown = f"{rules.period_name(entry.period)} {clock_text(left)}"
        problem = f"shows {shown} in a game that is said to be final"
        raise FeedUnbelieved("gameClock", problem, f"said to be final at {shown}")
    periods = _periods(entry, score)
    return GameState(
        game,
        Phase.FINAL,
        entry.period,
        0.0,
        score,
        periods=periods,
        players=plausible(_players(entry), score),
        box=_box(entry, game, 0.0),
    )


_TENTHS = 1.0
"""Seconds: less than this may be left on the clock of a game that is over, after its last shot."""


def _time_left(clock: str | None, text: str) -> float:
    """Seconds that a game's clock or its words still show; 0 where they show no clock."""
    try:
        return strict.seconds(clock, "gameClock") or _clock_in(text) or 0.0
    except FeedMalformed:
        return 0.0


def _in_play(game: Game, entry: _GameDocument, rules: League, text: str) -> GameState:
    score = _score(entry)
    clock_left, worded = strict.seconds(entry.clock, "gameClock"), _clock_in(text)
    # When the clock field is unset or rounded to zero, the status text still has the time.
    clock = clock_left or worded or 0.0
    phase = Phase.LIVE
    length = float(rules.length_of(entry.period))
    if text.startswith(("suspended", "delayed")):
        phase, clock = Phase.SUSPENDED, when_stopped(clock, entry.period, rules)
    elif _ended(text, entry.period, rules):
        if _TENTHS <= clock < length:
            raise FeedMalformed("gameClock", f"shows {clock_text(clock)} in a period that is over")
        phase, clock = Phase.BREAK, 0.0
    elif clock == 0:
        shown = None if clock_left is None and worded is None else worded is not None
        untouched = _untouched(entry, score)
        if shown is None and not text and not untouched:
            raise FeedMalformed("gameClock", "is blank, and no words tell whether play is on")
        phase, clock = at_zero(
            "gameClock", entry.period, score, rules, shown=shown, untouched=untouched
        )
    if clock > length:
        raise FeedMalformed("gameClock", f"is more than period {entry.period} has")
    periods = _periods(entry, score)
    strict.check_overtime("period", entry.period, periods, rules)
    return GameState(
        game,
        phase,
        entry.period,
        clock,
        score,
        periods=periods,
        bonus=_bonus(entry),
        timeouts=_timeouts(entry),
        players=plausible(_players(entry), score),
        box=_box(entry, game, clock),
    )


def _score(entry: _GameDocument) -> Score:
    """The score of a game that has begun. A missing score is an error and never taken for 0-0."""
    if entry.home.score is None:
        raise FeedMalformed("homeTeam.score", "is missing")
    if entry.away.score is None:
        raise FeedMalformed("awayTeam.score", "is missing")
    return Score(entry.home.score, entry.away.score)


def _listed_periods(entry: _GameDocument) -> tuple[Score, ...] | None:
    """Points of each period that has started; None where the sides' lists are not complete."""
    home, away = entry.home.periods or [], entry.away.periods or []
    if min(len(home), len(away)) < entry.period:
        return None
    pairs = list(zip(home, away, strict=False))[: entry.period]
    if any(h.period != n or a.period != n for n, (h, a) in enumerate(pairs, start=1)):
        return None
    return tuple(Score(h.score, a.score) for h, a in pairs)


def _periods(entry: _GameDocument, score: Score) -> tuple[Score, ...] | None:
    found = _listed_periods(entry)
    if found is None:
        return None
    sums = sum(x.home for x in found), sum(x.away for x in found)
    return found if sums == (score.home, score.away) else None


def _untouched(entry: _GameDocument, score: Score) -> bool:
    periods = _listed_periods(entry)
    if periods is None:
        return entry.period == 1 and score.total == 0
    return periods[-1].total == 0


def _bonus(entry: _GameDocument) -> Pair[bool] | None:
    home, away = (
        _YES_NO.get(x) if isinstance(x, str) else None for x in (entry.home.bonus, entry.away.bonus)
    )
    return None if home is None or away is None else Pair(home, away)


def _timeouts(entry: _GameDocument) -> Pair[int] | None:
    home, away = entry.home.timeouts, entry.away.timeouts
    if type(home) is not int or type(away) is not int:
        return None
    sane = min(home, away) >= 0 and max(home, away) <= _MOST_TIMEOUTS
    return Pair(home, away) if sane else None


def _box(entry: _GameDocument, game: Game, clock: float) -> Box | None:
    """Both teams' figures, or None where a team's are missing or malformed."""
    if entry.home.statistics is None or entry.away.statistics is None:
        return None
    try:
        home, away = (read_object(_TeamStatistics, x.statistics) for x in (entry.home, entry.away))
    except FeedMalformed:
        return None
    teams = [
        TeamBox(fga=x.fga, fta=x.fta, oreb=x.oreb, to=x.to, fouls=x.fouls) for x in (home, away)
    ]
    return Box(teams[0], teams[1], game.rules.seconds_left(entry.period, clock))


def _players(entry: _GameDocument) -> tuple[PlayerLine, ...]:
    return tuple(
        _line(player, side)
        for side, team in ((Side.HOME, entry.home), (Side.AWAY, entry.away))
        for player in team.players or ()
    )


def _roster(entry: _GameDocument) -> tuple[PlayerLine, ...]:
    """The players of a game that is not being played, without the figures left in the document."""
    return tuple(map(unplayed, _players(entry)))


_EJECTING = 2
"""Technical fouls with which a player may have been ejected. Those for defensive three seconds are
not among a box's (recorded games)."""


def _line(player: _PlayerDocument, side: Side) -> PlayerLine:
    stats = player.statistics or _StatisticsDocument()
    figures = {
        "pts": stats.points,
        "reb": stats.rebounds,
        "ast": stats.assists,
        "stl": stats.steals,
        "blk": stats.blocks,
        "3pm": stats.threes,
        "to": stats.turnovers,
    }
    note = strict.printable(player.description or player.reason) or None
    fouled = isinstance(stats.technicals, int) and stats.technicals >= _EJECTING
    if fouled and player.on_court != "1":
        note = note or TWO_TECHNICALS
    return PlayerLine(
        id=str(player.id),
        name=strict.printable(player.name),
        side=side,
        stats=tuple((name, value) for name, value in figures.items() if value is not None),
        minutes=(strict.seconds(stats.minutes, "minutes") or 0.0) / 60,
        fouls=stats.fouls or 0,
        on_court=player.on_court == "1",
        starter=player.starter == "1",
        played=player.played == "1",
        note=note,
        out=player.played != "1" and (player.status == "INACTIVE" or rules_out(player.reason)),
    )
