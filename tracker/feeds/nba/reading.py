"""Reading the league CDN's documents: board, box and schedule into what we believe of each game.

A board and a box of the same moment give equal states: what only one of them tells is left out, and
what no longer means anything before tip-off and after the buzzer is given one form.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tracker.domain.catalog.teams import code_in
from tracker.domain.game import Box, Game, GameState, Pair, Phase, PlayerLine, Score, Side, TeamBox
from tracker.domain.league import LEAGUES, League
from tracker.domain.player import rules_out
from tracker.domain.poll import Unreadable
from tracker.feeds import strict
from tracker.feeds.errors import FeedMalformed, FeedUnbelieved, believable_end
from tracker.feeds.nba import documents as told
from tracker.feeds.nba import status_text as words
from tracker.feeds.source import Board, Listing
from tracker.feeds.strict import MOST_PERIODS, at_zero, plausible, read_json, read_object

_SCHEDULED, _LIVE, _FINAL = 1, 2, 3
_YES_NO = {"1": True, "0": False}
_MOST_TIMEOUTS = 20
_ADJACENT_DAYS = 1


def parse_board(body: bytes, league: str) -> Board:
    """A scoreboard. A game that cannot be read spoils only itself; FeedMalformed if it is none."""
    board = read_json(told.BoardBody, body).scoreboard
    day = strict.day(board.day, "scoreboard.gameDate")
    games: list[tuple[Game, GameState | Unreadable]] = []
    spoilt: list[str] = []
    for number, entry in enumerate(board.games):
        place = f"scoreboard.games[{number}]"
        try:
            game = _game(read_object(told.GameHead, entry), league)
        except FeedMalformed as wrong:
            spoilt.append(str(wrong.inside(place)))
            continue
        try:
            games.append((game, _state(game, read_object(told.GameDocument, entry))))
        except FeedMalformed as wrong:
            games.append((game, wrong.inside(place).unreadable))
    return Board(day, tuple(games), tuple(spoilt))


def parse_box(body: bytes, league: str) -> GameState:
    """A box score, with the players; FeedMalformed names the field that is wrong."""
    entry = read_json(told.BoxBody, body).game
    try:
        game = _game(read_object(told.GameHead, entry), league)
        return _state(game, read_object(told.GameDocument, entry))
    except FeedMalformed as wrong:
        raise wrong.inside("game") from None


def parse_schedule(body: bytes, league: str) -> tuple[Listing, ...]:
    """A season's games whose teams are known, each with its state while it has not been played.

    A game that cannot be read is left out; FeedMalformed when none of them can be.
    """
    dates = read_json(told.ScheduleBody, body).schedule.dates
    found: list[Listing] = []
    first: FeedMalformed | None = None
    for entry in (game for date in dates for game in date.games):
        if not entry.home.code or not entry.away.code:
            continue
        try:
            found.append(_listing(entry, league))
        except FeedMalformed as wrong:
            first = first or wrong
    if first is not None and not found:
        raise first.inside("leagueSchedule.gameDates.games")
    return tuple(found)


def _listing(entry: told.ScheduledGame, league: str) -> Listing:
    head: dict[str, Any] = {
        "gameId": entry.id,
        "gameTimeUTC": entry.start,
        "gameCode": entry.code,
        "isNeutral": entry.neutral,
        "homeTeam": {"teamTricode": entry.home.code},
        "awayTeam": {"teamTricode": entry.away.code},
    }
    game = _game(read_object(told.GameHead, head), league)
    text = strict.squeezed(entry.text) if isinstance(entry.text, str) else ""
    called_off = words.off(text)
    if called_off is not None:
        return game, _quiet(game, called_off)
    return game, _quiet(game, Phase.SCHEDULED) if entry.status == _SCHEDULED else None


def _game(head: told.GameHead, league: str) -> Game:
    start = strict.instant(head.start, "gameTimeUTC")
    home, away = code_in(league, head.home.code), code_in(league, head.away.code)
    if home == away:
        raise FeedMalformed("awayTeam.teamTricode", f"is {home}, as the home team")
    game = Game(head.id, league, home, away, start)
    day = words.day_of_code(head.code)
    if day is None or abs((day - game.slate).days) > _ADJACENT_DAYS:
        day = game.slate
    return Game(game.id, league, game.home, game.away, start, day, head.neutral is True)


def _state(game: Game, entry: told.GameDocument) -> GameState:
    """What an entry tells of a game that is already known."""
    rules = LEAGUES[game.league]
    if entry.regulation is not None and entry.regulation != rules.periods:
        raise FeedMalformed("regulationPeriods", f"is not {rules.periods}: other rules of time")
    text = strict.squeezed(entry.text)
    called_off = words.off(text)
    if called_off is not None:
        return _quiet(game, called_off, _roster(entry))
    if words.forfeited(text):
        raise FeedUnbelieved("gameStatusText", "is a forfeit", "a forfeit")
    entry = _as_worded(entry, text, rules)
    scored = (entry.home.score or 0) + (entry.away.score or 0)
    if entry.status not in (_SCHEDULED, _LIVE, _FINAL):
        raise FeedMalformed("gameStatus", "is none of 1, 2 and 3")
    if entry.status == _FINAL:
        return _final(game, entry, rules)
    if entry.status == _LIVE and scored and not entry.period:
        raise FeedMalformed("period", "is 0 in a game with points")
    # The status may lag behind: a game with a period and points is in play.
    if entry.period and (entry.status == _LIVE or scored):
        return _in_play(game, entry, rules, text)
    return _quiet(game, Phase.SCHEDULED, _roster(entry))


def _as_worded(entry: told.GameDocument, text: str, rules: League) -> told.GameDocument:
    """An entry whose overtimes are counted from one, counted on from regulation.

    FeedMalformed where period and words cannot both be right; at the turn of a period the one may
    lag behind the other.
    """
    overtime, period = words.overtime_in(text), words.period_in(text)
    if overtime is not None and entry.period <= rules.periods:
        return entry.model_copy(update={"period": min(rules.periods + overtime, MOST_PERIODS)})
    playing = entry.status == _LIVE and entry.period
    if playing and period is not None and abs(period - entry.period) > 1:
        raise FeedMalformed("period", f"is {entry.period} beside the words {text[:20]!r}")
    return entry


def _quiet(game: Game, phase: Phase, players: tuple[PlayerLine, ...] = ()) -> GameState:
    """A game that is not being played. Its clock may be a countdown, which is no game time."""
    clock = float(LEAGUES[game.league].period_seconds)
    return GameState(game, phase, 0, clock, Score(0, 0), periods=(), players=players)


def _final(game: Game, entry: told.GameDocument, rules: League) -> GameState:
    score = _score(entry)
    believable_end(("period", "homeTeam.score"), entry.period, score, rules)
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


def _in_play(game: Game, entry: told.GameDocument, rules: League, text: str) -> GameState:
    score = _score(entry)
    told = strict.seconds(entry.clock, "gameClock")
    # A clock that was not set, or was rounded to nothing, stands beside a text that has it.
    shown = told or words.clock_in(text)
    clock = shown or 0.0
    phase = Phase.LIVE
    length = float(rules.length_of(entry.period))
    if words.interrupted(text):
        phase = Phase.SUSPENDED
    elif words.ended(text, entry.period, rules):
        phase, clock = Phase.BREAK, 0.0
    elif clock == 0:
        blank, untouched = told is None and shown is None, _untouched(entry, score)
        phase, clock = at_zero(
            "gameClock", entry.period, score, rules, blank=blank, untouched=untouched
        )
    if clock > length:
        raise FeedMalformed("gameClock", f"is more than period {entry.period} has")
    return GameState(
        game,
        phase,
        entry.period,
        clock,
        score,
        periods=_periods(entry, score),
        bonus=_bonus(entry),
        timeouts=_timeouts(entry),
        players=plausible(_players(entry), score),
        box=_box(entry, game, clock),
    )


def _score(entry: told.GameDocument) -> Score:
    """The score of a game that has begun; a missing one is never taken for nothing-nothing."""
    if entry.home.score is None:
        raise FeedMalformed("homeTeam.score", "is missing")
    if entry.away.score is None:
        raise FeedMalformed("awayTeam.score", "is missing")
    return Score(entry.home.score, entry.away.score)


def _told_periods(entry: told.GameDocument) -> tuple[Score, ...] | None:
    """Points of each started period, or None when the sides' lists are not whole and in order."""
    home, away = entry.home.periods or [], entry.away.periods or []
    if min(len(home), len(away)) < entry.period:
        return None
    pairs = list(zip(home, away, strict=False))[: entry.period]
    if any(h.period != n or a.period != n for n, (h, a) in enumerate(pairs, start=1)):
        return None
    return tuple(Score(h.score, a.score) for h, a in pairs)


def _periods(entry: told.GameDocument, score: Score) -> tuple[Score, ...] | None:
    found = _told_periods(entry)
    if found is None:
        return None
    sums = sum(x.home for x in found), sum(x.away for x in found)
    return found if sums == (score.home, score.away) else None


def _untouched(entry: told.GameDocument, score: Score) -> bool:
    periods = _told_periods(entry)
    if periods is None:
        return entry.period == 1 and score.total == 0
    return periods[-1].total == 0


def _bonus(entry: told.GameDocument) -> Pair[bool] | None:
    home, away = (
        _YES_NO.get(x) if isinstance(x, str) else None for x in (entry.home.bonus, entry.away.bonus)
    )
    return None if home is None or away is None else Pair(home, away)


def _timeouts(entry: told.GameDocument) -> Pair[int] | None:
    home, away = entry.home.timeouts, entry.away.timeouts
    if type(home) is not int or type(away) is not int:
        return None
    sane = min(home, away) >= 0 and max(home, away) <= _MOST_TIMEOUTS
    return Pair(home, away) if sane else None


def _box(entry: told.GameDocument, game: Game, clock: float) -> Box | None:
    """Both teams' figures; None where they are not told."""
    if entry.home.statistics is None or entry.away.statistics is None:
        return None
    try:
        home, away = (
            read_object(told.TeamStatistics, x.statistics) for x in (entry.home, entry.away)
        )
    except FeedMalformed:
        return None
    teams = [
        TeamBox(fga=x.fga, fta=x.fta, oreb=x.oreb, to=x.to, fouls=x.fouls) for x in (home, away)
    ]
    return Box(teams[0], teams[1], game.rules.seconds_left(entry.period, clock))


def _players(entry: told.GameDocument) -> tuple[PlayerLine, ...]:
    return tuple(
        _line(player, side)
        for side, team in ((Side.HOME, entry.home), (Side.AWAY, entry.away))
        for player in team.players or ()
    )


def _roster(entry: told.GameDocument) -> tuple[PlayerLine, ...]:
    """The players of a game that is not being played: figures left in the document mean nothing."""
    return tuple(
        replace(PlayerLine(x.id, x.name, x.side, ()), starter=x.starter, note=x.note, out=x.out)
        for x in _players(entry)
    )


def _line(player: told.PlayerDocument, side: Side) -> PlayerLine:
    stats = player.statistics or told.StatisticsDocument()
    figures = {
        "pts": stats.points,
        "reb": stats.rebounds,
        "ast": stats.assists,
        "stl": stats.steals,
        "blk": stats.blocks,
        "3pm": stats.threes,
        "to": stats.turnovers,
    }
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
        note=strict.printable(player.description or player.reason) or None,
        out=player.played != "1" and (player.status == "INACTIVE" or rules_out(player.reason)),
    )
