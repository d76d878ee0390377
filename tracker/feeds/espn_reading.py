"""Reading ESPN's documents: scoreboard and summary, into games and game states.

A scoreboard and a summary of the same moment give states that compare equal. ESPN reports neither
the bonus nor the time-outs left, so both stay unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from tracker.domain.catalog import code_in, fold
from tracker.domain.game import UNDECIDED, Game, GameState, Phase, PlayerLine, Score, Side
from tracker.domain.league import LEAGUE_ZONE, LEAGUES, League
from tracker.domain.player import rules_out
from tracker.domain.poll import Unreadable
from tracker.feeds import FeedMalformed, FeedUnbelieved, Scoreboard, believable_end, strict
from tracker.feeds.strict import (
    MOST_PERIODS,
    MOST_POINTS,
    Strict,
    Text,
    at_zero,
    field_at,
    plausible,
    read_json,
    read_object,
    unplayed,
    when_stopped,
)

_EventId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}$")]
_Period = Annotated[int, Field(ge=0, le=MOST_PERIODS)]


class _TeamDocument(Strict):
    """The team of a side. `id` is unique only within its league."""

    id: Text | None = None
    code: Any = Field(None, alias="abbreviation")
    name: Text | None = Field(None, alias="displayName")


class _LineDocument(Strict):
    """One team's points in a period, as a number or as text."""

    value: Any = None
    display: Any = Field(None, alias="displayValue")


class _CompetitorDocument(Strict):
    """A team's side of a game. The score comes as text."""

    side: Literal["home", "away"] = Field(alias="homeAway")
    team: _TeamDocument
    score: Any = None
    lines: list[_LineDocument] | None = Field(None, alias="linescores")


class _StatusTypeDocument(Strict):
    """The kind of status. `state` is pre, in or post; `post` alone does not mean a final."""

    name: Text
    state: Text
    completed: bool = False
    detail: Text | None = None
    alternative: Text | None = Field(None, alias="altDetail")


class _StatusDocument(Strict):
    """The status of a game. Summaries of finished games have neither period nor clock."""

    type: _StatusTypeDocument
    period: _Period | None = None
    clock: float | None = None
    display: Text | None = Field(None, alias="displayClock")


class _CompetitionDocument(Strict):
    """The game of an event."""

    date: Text | None = None
    time_known: bool | None = Field(None, alias="timeValid")
    competitors: Annotated[list[_CompetitorDocument], Field(min_length=2, max_length=2)]
    status: _StatusDocument | None = None
    regulation: int | None = field_at("format", "regulation", "periods", default=None)
    neutral: Any = Field(None, alias="neutralSite")


class _EventDocument(Strict):
    """An entry of a scoreboard."""

    id: _EventId
    date: Text | None = None
    status: _StatusDocument | None = None
    competitions: Annotated[list[_CompetitionDocument], Field(min_length=1)]


class _ScoreboardBody(Strict):
    """A scoreboard, parsed as a whole: one malformed event makes it fail."""

    day: Text | None = field_at("day", "date", default=None)
    events: list[_EventDocument]


class _LooseScoreboardBody(Strict):
    """A scoreboard whose events are parsed separately."""

    day: Text | None = field_at("day", "date", default=None)
    events: list[Any]


class _PlayerDocument(Strict):
    """A player's figures, in the order of the columns. Those who did not play have none."""

    id: Text = field_at("athlete", "id")
    name: Text | None = field_at("athlete", "displayName", default=None)
    starter: bool = False
    active: bool = False
    missed: bool = Field(False, alias="didNotPlay")
    ejected: Any = None
    reason: Text | None = None
    stats: list[Text] = Field(default_factory=list)


class _ColumnsDocument(Strict):
    """One team's players. `keys` name the columns, or `labels` where there are no keys."""

    keys: list[Text] | None = None
    labels: list[Text] | None = None
    athletes: list[_PlayerDocument] = Field(default_factory=list)


class _PlayerTeamDocument(Strict):
    """A team with its players."""

    team: _TeamDocument
    statistics: list[_ColumnsDocument] = Field(default_factory=list)


class _SummaryBody(Strict):
    """A whole summary: the game that it is about, and its players. Before tip-off it has none."""

    id: _EventId = field_at("header", "id")
    competitions: Annotated[list[_CompetitionDocument], Field(min_length=1)] = field_at(
        "header", "competitions"
    )
    players: list[_PlayerTeamDocument] = field_at("boxscore", "players", default=[])


_COLUMNS = {
    "pts": ("points", "PTS"),
    "reb": ("rebounds", "REB"),
    "ast": ("assists", "AST"),
    "stl": ("steals", "STL"),
    "blk": ("blocks", "BLK"),
    "3pm": ("threePointFieldGoalsMade-threePointFieldGoalsAttempted", "3PT"),
    "to": ("turnovers", "TO"),
}
"""Each statistic with the name of its column in `keys` and in `labels`."""

_MINUTES = ("minutes", "MIN")
_FOULS = ("fouls", "PF")
_FIGURE = re.compile(r"([0-9]{1,3})(?:-[0-9]{1,3})?", re.ASCII)


def _players(
    teams: list[_PlayerTeamDocument], league: str, game: Game, *, in_play: bool
) -> tuple[PlayerLine, ...]:
    """Every player of the two teams. `espn:` before an id keeps it apart from other feeds' ids.

    `in_play` is whether "active" means on the court. After the buzzer it means the last who were
    there.
    """
    found: list[PlayerLine] = []
    for number, team in enumerate(teams):
        side = game.side_of(_code(team.team, league))
        if side is None:
            raise FeedMalformed(f"boxscore.players[{number}].team", "does not play in this game")
        for block in team.statistics[:1]:
            columns = {name: at for at, name in enumerate(block.keys or block.labels or ())}
            for player in block.athletes:
                figures = {
                    stat: value
                    for stat, names in _COLUMNS.items()
                    if (value := _figure(player, columns, names)) is not None
                }
                played = bool(player.stats) and not player.missed
                found.append(
                    PlayerLine(
                        id=f"espn:{player.id}",
                        name=strict.printable(player.name),
                        side=side,
                        stats=tuple(figures.items()),
                        minutes=float(_figure(player, columns, _MINUTES) or 0),
                        fouls=_figure(player, columns, _FOULS) or 0,
                        on_court=player.active and in_play,
                        starter=player.starter,
                        played=played,
                        note=_note(player),
                        out=player.missed and rules_out(player.reason),
                    )
                )
    return tuple(found)


def _note(player: _PlayerDocument) -> str | None:
    """Why a player does not play, or not any more."""
    if player.ejected is True:
        return "ejected"
    # Players who did play may have a reason, too, where it means nothing.
    return (strict.printable(player.reason) or None) if player.missed else None


def _figure(player: _PlayerDocument, columns: dict[str, int], names: tuple[str, ...]) -> int | None:
    """A player's figure: of made and attempted, the made ones. None where it is not shown."""
    at = next((columns[x] for x in names if x in columns), None)
    if at is None or at >= len(player.stats):
        return None
    text = player.stats[at]
    read = _FIGURE.fullmatch(text)
    if read is None:
        if text.strip() in ("", "-", "--"):
            return None
        raise FeedMalformed(f"boxscore.players.stats[{at}]", "is no figure")
    return min(int(read[1]), MOST_POINTS)


_DIGITS = re.compile(r"[0-9]{1,3}", re.ASCII)
_OVERTIMES = re.compile(r"(?<![a-z0-9])([0-9]{0,2})(?:st|nd|rd|th)? ?ot(?![a-z])", re.ASCII)
_PERIOD = re.compile(r"(?<![0-9:])([1-4])(?:st|nd|rd|th) (?:quarter|half)", re.ASCII)
_CLOCK_OF = re.compile(r"[0-9:.]+ - .{1,20}")
_OFF = {
    "STATUS_POSTPONED": Phase.POSTPONED,
    "STATUS_CANCELED": Phase.CANCELLED,
    "STATUS_CANCELLED": Phase.CANCELLED,
}
_STOPPED = ("STATUS_SUSPENDED", "STATUS_DELAYED", "STATUS_RAIN_DELAY")
_HALFTIME = "STATUS_HALFTIME"
_END = ("STATUS_END_PERIOD", "STATUS_END_OF_PERIOD", "STATUS_END_OF_REGULATION")


@dataclass(frozen=True, slots=True)
class _Entry:
    """A game's two sides and its status, wherever the document has them."""

    home: _CompetitorDocument
    away: _CompetitorDocument
    status: _StatusDocument


def parse_board(body: bytes, league: str) -> Scoreboard:
    """Parse a scoreboard. Raises FeedMalformed where the document is none.

    A game that cannot be read does not affect the others.
    """
    try:
        whole = read_json(_ScoreboardBody, body)
    except FeedMalformed:
        # Parse the events one by one, to lose only those that are wrong: slower, seldom needed.
        loose = read_json(_LooseScoreboardBody, body)
        return _board(loose.day, loose.events, league)
    return _board(whole.day, whole.events, league)


def parse_summary(body: bytes, league: str) -> GameState:
    """Parse a summary with its players. Raises FeedMalformed with the field that is wrong."""
    summary = read_json(_SummaryBody, body)
    competition = summary.competitions[0]
    try:
        entry = _entry(competition, None)
        game = _game(summary.id, competition, None, league)
        state = _state(game, entry, competition)
    except FeedMalformed as wrong:
        raise wrong.inside("header.competitions[0]") from None
    lines = _players(summary.players, league, game, in_play=state.phase.in_play)
    lines = plausible(lines, state.score) if state.period else tuple(map(unplayed, lines))
    return replace(state, players=lines)


def _board(day: str | None, events: Sequence[object], league: str) -> Scoreboard:
    games: list[tuple[Game, GameState | Unreadable]] = []
    spoilt: list[str] = []
    for number, event in enumerate(events):
        place = f"events[{number}]"
        try:
            read = (
                event if isinstance(event, _EventDocument) else read_object(_EventDocument, event)
            )
            competition = read.competitions[0]
            if all(_undecided(x.team) for x in competition.competitors):
                continue
            game = _game(read.id, competition, read.date, league)
        except FeedMalformed as wrong:
            spoilt.append(str(wrong.inside(place)))
            continue
        try:
            entry = _entry(competition, read.status)
            games.append((game, _state(game, entry, competition)))
        except FeedMalformed as wrong:
            games.append((game, wrong.inside(place).unreadable))
    first = games[0][0].slate if games else None
    slate = first if day is None else strict.day(day, "day.date")
    return Scoreboard(slate, tuple(games), tuple(spoilt))


_FIRST_HOUR = 6
"""No game begins before this hour, Eastern time: an earlier one is of the evening before."""

_NOON = time(12)
"""Stands for an hour that ESPN does not know. Counted from ESPN's own placeholder, midnight
Eastern, a game of the evening would be twelve hours late by noon."""


def _undecided(team: _TeamDocument) -> bool:
    """Whether a bracket has no team here yet: `TBD`, or both that may come, such as `AMER/MSM`.

    The event keeps its id when the team is known.
    """
    shown = team.code if isinstance(team.code, str) else team.name or ""
    return shown.strip().upper() == "TBD" or "/" in shown


def _sides(competition: _CompetitionDocument) -> tuple[_CompetitorDocument, _CompetitorDocument]:
    first, second = competition.competitors
    if {first.side, second.side} != {"home", "away"}:
        raise FeedMalformed("competitors", f"are both {first.side}")
    return (first, second) if first.side == "home" else (second, first)


def _entry(competition: _CompetitionDocument, status: _StatusDocument | None) -> _Entry:
    home, away = _sides(competition)
    found = competition.status or status
    if found is None:
        raise FeedMalformed("status", "is missing")
    return _Entry(home, away, found)


def _game(event: str, competition: _CompetitionDocument, when: str | None, league: str) -> Game:
    home, away = (_code(x.team, league) for x in _sides(competition))
    if home == away:
        raise FeedMalformed("competitors", f"are both {home}")
    text = competition.date or when
    if text is None:
        raise FeedMalformed("date", "is missing")
    start = strict.instant(text, "date")
    there = start.astimezone(LEAGUE_ZONE)
    if competition.time_known is False and there.hour < _FIRST_HOUR:
        start = datetime.combine(there, _NOON, LEAGUE_ZONE).astimezone(UTC)
    return Game(event, league, home, away, start, None, competition.neutral is True)


_CODE = re.compile(r"[A-Z0-9][A-Z0-9&'.\- ]{0,9}", re.ASCII)


def _code(team: _TeamDocument, league: str) -> str:
    """Our code of a team. One without a proper abbreviation goes by the letters of its name."""
    if _undecided(team):
        return UNDECIDED
    code = team.code.upper() if isinstance(team.code, str) else ""
    if not _CODE.fullmatch(code):
        code = re.sub("[^A-Z0-9]", "", fold(team.name or "").upper())[:10]
    if not code:
        raise FeedMalformed("team.abbreviation", "is missing")
    return code_in(league, code, team.name or "").replace(" ", "-")


def _state(game: Game, entry: _Entry, competition: _CompetitionDocument) -> GameState:
    rules = LEAGUES[game.league]
    if competition.regulation not in (None, rules.periods):
        raise FeedMalformed("format.regulation.periods", f"is not {rules.periods}")
    kind = entry.status.type
    if kind.name in _OFF:
        return _quiet(game, _OFF[kind.name])
    if kind.name == "STATUS_FORFEIT":
        raise FeedUnbelieved("status.type.name", "is a forfeit", "a forfeit")
    if kind.state == "post":
        return _final(game, entry, rules)
    if kind.state not in ("pre", "in"):
        raise FeedMalformed("status.type.state", "is none of pre, in and post")
    points = _points(entry.home) or _points(entry.away)
    if entry.status.period and (kind.state == "in" or points):
        return _in_play(game, entry, rules)
    if points:
        raise FeedMalformed("status.period", "is 0 in a game with points")
    return _quiet(game, Phase.SCHEDULED)


def _quiet(game: Game, phase: Phase) -> GameState:
    return GameState(game, phase, 0, float(game.rules.period_seconds), Score(0, 0), periods=())


def _final(game: Game, entry: _Entry, rules: League) -> GameState:
    """The state of a game that is over. ESPN says `post` also of a game that was never played."""
    kind = entry.status.type
    if not kind.completed or not kind.name.startswith("STATUS_FINAL"):
        word = kind.name.removeprefix("STATUS_")[:40]
        problem = f"is neither final nor called off: {word}"
        raise FeedUnbelieved("status.type", problem, f"said to be {word.casefold()}")
    if played := _CLOCK_OF.match(strict.squeezed(kind.detail)):
        at = played[0]
        raise FeedUnbelieved("status.type.detail", f"is {at!r} in a final", f"said final at {at}")
    score = _score(entry)
    period = entry.status.period or _last_period(entry, rules)
    period = max(period, _overtime(entry, rules))
    believable_end(("status.period", "competitors.score"), period, score, rules)
    periods = _periods(entry, period, score)
    return GameState(game, Phase.FINAL, period, 0.0, score, periods=periods)


def _last_period(entry: _Entry, rules: League) -> int:
    """The last period of a finished game whose status does not give it."""
    overtime = _overtime(entry, rules)
    return overtime or max(rules.periods, len(entry.home.lines or ()), len(entry.away.lines or ()))


def _overtime(entry: _Entry, rules: League) -> int:
    """The period of the overtime in the status text, counted on from regulation; 0 for none."""
    found = _OVERTIMES.search(strict.squeezed(entry.status.type.detail))
    return min(rules.periods + int(found[1] or 1), MOST_PERIODS) if found else 0


def _worded(entry: _Entry, rules: League) -> int:
    """The period of a game in play.

    It may count overtimes from one; then the status text says which it is. Raises FeedMalformed
    where period and text cannot both be right; between two periods one may lag by one.
    """
    period, text = entry.status.period or 0, strict.squeezed(entry.status.type.detail)
    named = _PERIOD.search(text)
    if named:
        left = _clock(entry.status) or 0.0
        strict.agree("status.period", period, (int(named[1]), text), left, rules)
    return max(period, _overtime(entry, rules))


def _in_play(game: Game, entry: _Entry, rules: League) -> GameState:
    score, name = _score(entry), entry.status.type.name
    period = _worded(entry, rules)
    shown = _clock(entry.status)
    clock = shown or 0.0
    phase = Phase.LIVE
    periods = _periods(entry, period, score)
    if name in _STOPPED:
        phase, clock = Phase.SUSPENDED, when_stopped(shown, period, rules)
    elif name == _HALFTIME:
        if period not in (rules.periods // 2, rules.periods // 2 + 1):
            raise FeedMalformed("status.period", f"is {period} at halftime")
        period, phase, clock = rules.periods // 2, Phase.BREAK, 0.0
        periods = _periods(entry, period, score)
    elif name in _END:
        phase, clock = Phase.BREAK, 0.0
    elif clock == 0:
        untouched = score.total == 0 if periods is None else periods[-1].total == 0
        if shown is None and not untouched:
            # Each kind of break has a status of its own here.
            raise FeedMalformed("status.displayClock", "is blank in a game in play")
        phase, clock = at_zero(
            "status.displayClock", period, score, rules, shown=True, untouched=untouched
        )
    if clock > rules.length_of(period):
        raise FeedMalformed("status.displayClock", f"is more than period {period} has")
    if entry.status.period == _overtime(entry, rules) and not strict.level_before(
        period, periods, rules
    ):
        # The status tells the overtime twice, by number and in words: the lists are misplaced.
        periods = None
    strict.check_overtime("status.period", period, periods, rules)
    return GameState(game, phase, period, clock, score, periods=periods)


def _clock(status: _StatusDocument) -> float | None:
    """Seconds left in the period, from the clock's text or else its number; None without either."""
    shown = strict.seconds(status.display, "status.displayClock")
    if shown:
        return shown
    if status.clock is not None and status.clock < 0:
        raise FeedMalformed("status.clock", "is negative")
    return status.clock or shown


def _points(side: _CompetitorDocument) -> int | None:
    """A side's points, given as text or as a number; None where there are none."""
    field = f"competitors.{side.side}.score"
    match side.score:
        case None | "":
            return None
        case bool() | float():
            raise FeedMalformed(field, "is no whole number")
        case int() as number if 0 <= number <= MOST_POINTS:
            return number
        case str() as text if _DIGITS.fullmatch(text) and int(text) <= MOST_POINTS:
            return int(text)
        case _:
            raise FeedMalformed(field, "is no score")


def _score(entry: _Entry) -> Score:
    """The score of a game that has begun. A missing score is an error and never taken for 0-0."""
    home, away = _points(entry.home), _points(entry.away)
    if home is None or away is None:
        side = Side.HOME if home is None else Side.AWAY
        raise FeedMalformed(f"competitors.{side.value}.score", "is missing")
    return Score(home, away)


def _periods(entry: _Entry, period: int, score: Score) -> tuple[Score, ...] | None:
    """Points by period, where the lists are complete and add up to the score.

    A period that has just begun may be missing from the lists.
    """
    home, away = _line(entry.home), _line(entry.away)
    if home is None or away is None or min(len(home), len(away)) < period - 1:
        return None
    home, away = ([*x, 0][:period] if len(x) < period else x[:period] for x in (home, away))
    if (sum(home), sum(away)) != (score.home, score.away):
        return None
    return tuple(Score(h, a) for h, a in zip(home, away, strict=True))


def _line(side: _CompetitorDocument) -> list[int] | None:
    found: list[int] = []
    for line in side.lines or ():
        value = line.value if line.value is not None else line.display
        text = f"{value:g}" if isinstance(value, float) else str(value)
        if isinstance(value, bool) or not _DIGITS.fullmatch(text):
            return None
        found.append(int(text))
    return found
