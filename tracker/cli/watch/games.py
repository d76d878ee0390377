"""`tracker games` and `player`: lists games with their scores, and shows a player's last games."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from tracker.app.choose_game import GamesRead
from tracker.app.views import game_json
from tracker.cli import Session, date_of, scope_of, session
from tracker.cli.app import AsJson
from tracker.cli.bets import ASKING, slate_reader
from tracker.cli.models import basis_of, known_league
from tracker.cli.screen import note, paint, progress, say, say_json, table, when
from tracker.domain import Impossible
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Game, GameState, Listing
from tracker.domain.league import LEAGUES, slate_date
from tracker.store import StoreMissing
from tracker.wording.figures import percent, score_text, span_text

if TYPE_CHECKING:
    from tracker.app.player import PlayerSheet


_SCHEDULE_WITHIN_S = 15.0
"""Seconds that the command waits for the schedule, which is large."""

_LONGEST = timedelta(hours=5)
"""Time from tip-off after which every game is over; before it the feed is asked for its score."""

_AROUND = timedelta(days=7)
"""Games further back are listed only by their date; the slate reaches as far ahead."""

_SHOWN = 10
"""Last games of a player that are shown one by one."""

_BLOCKS = "▁▂▃▄▅▆▇█"


async def games(
    context: typer.Context,
    day: Annotated[
        str | None,
        typer.Option("--day", "--date", metavar="DATE", help="A date, such as 2026-11-20."),
    ] = None,
    league: Annotated[
        str | None,
        typer.Option("--league", "-l", metavar="NAME", help=f"One of {', '.join(LEAGUES)}."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", "-a", help="Every game of the days around today.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask the feed, also when games are known.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the games that are on, with their scores: tonight's slate, or the next one.

    They are those that the daemon saw last. Without any, while one may be in play, or with
    --refresh the feed is asked.
    """
    chosen = None if league is None else known_league(league)
    asked = _Asked(date_of(day, "--day"), chosen, everything, refresh)
    async with session(scope_of(context), write=True) as at:
        listed = await _listed(asked, at)
        count = await at.store.bets_a_game()
    if as_json:
        say_json([game_json(x, state) | {"bets": count.get(x.id, 0)} for x, state in listed])
    elif listed:
        _tell_games(listed, count, at)
    else:
        on = "" if asked.day is None else f" {asked.day}"
        others = "" if asked.league else " in the NBA or a league of your bets: --league asks more"
        say(f"No game is on{on}{others}.")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The games that a person asked for, and whether to ask the feed in any case (`refresh`)."""

    day: date | None
    league: str | None
    everything: bool
    refresh: bool


async def _listed(asked: _Asked, at: Session) -> list[Listing]:
    """The games asked for; the feed is asked where none is stored, or a score may be old."""
    listed = await _wanted(asked, at)
    if asked.refresh or not listed:
        leagues = None if asked.league is None else frozenset({asked.league})
        with progress(ASKING):
            reading = await slate_reader(at)(None, leagues, _SCHEDULE_WITHIN_S)
        listed = await _wanted(asked, at) or _on_board(reading, asked.day)
        if not reading.whole and not listed:
            raise Impossible(f"what is on is not known ({reading.trouble}): try again later")
        if not reading.whole:
            note(f"Not all may be listed ({reading.trouble}).")
    elif leagues := _in_play(listed, at):
        with progress(ASKING):
            reading = await slate_reader(at)(lambda _: True, leagues)
        listed = await _wanted(asked, at)
        if at.settings.alerts.delay and reading.whole:
            late = span_text(at.settings.alerts.delay)
            note(f"Scores are shown {late} late, by `alerts.delay`.")
        elif not reading.board:
            note(f"These scores are as they were seen last ({reading.trouble}).")
    return listed


def _tell_games(listed: Sequence[Listing], count: Mapping[str, int], at: Session) -> None:
    several = len({game.league for game, _ in listed}) > 1
    rows = [
        (
            game.name,
            game.rules.name if several else "",
            when(game.start, at.now, at.settings.zone),
            *_state(game, state),
            str(count.get(game.id, "")),
        )
        for game, state in listed
    ]
    table(("Game", "League", "Tip-off", "State", "Score", "Bets"), rows, right=(5,))


def _in_play(listed: Sequence[Listing], at: Session) -> frozenset[str]:
    """The leagues of listed games that may be in play, whose stored scores may be old."""
    return frozenset(
        game.league
        for game, state in listed
        if game.start <= at.now < game.start + _LONGEST and (state is None or not state.phase.over)
    )


async def _wanted(asked: _Asked, at: Session) -> list[Listing]:
    """The stored games of the day asked for, else of today's slate or the next within a week."""
    day, today = asked.day, slate_date(at.now)
    stored = await at.store.games(day, since=None if day is not None else today - _AROUND)
    known = [x for x in stored if asked.league in (None, x[0].league)]
    if asked.everything:
        return known
    if day is None:
        ahead = sorted({game.slate for game, _ in known if game.slate >= today})
        soon = [x for x in ahead if x - today <= _AROUND]
        if not soon:
            return []
        day = soon[0]
    return [(game, state) for game, state in known if game.slate == day]


def _on_board(reading: GamesRead, day: date | None) -> list[Listing]:
    """The games on the feed's board, of a day if one is given.

    They are shown when no stored game fits, as with a wrong clock on this machine.
    """
    shown = [(game, state) for game, state in reading.board if day in (None, game.slate)]
    return sorted(shown, key=lambda x: (x[0].start, x[0].id))


def _state(game: Game, state: GameState | None) -> tuple[str, str]:
    if state is None or state.period == 0:
        return ("" if state is None else state.game_clock, "")
    return state.game_clock, score_text(game, state.score)


async def player(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as 'Tyrese Maxey'.")],
    *,
    stat: Annotated[str, typer.Option(metavar="STAT", help="Such as reb, ast, pra.")] = "pts",
    line: Annotated[
        float | None, typer.Option(metavar="POINTS", help="A line, such as 25.5.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a player's figures over his last games, and the chance that he goes over a line.

    Means over 3, 5 and 10 games, the season, at home and away, against the next opponent; his
    minutes; which way it goes. They rest on boxes that were read: `tracker refresh` reads more.
    """
    from tracker.app.player import PlayerQuestion, PlayerSheet, sheet_json, sheets, stat_named

    ask = PlayerQuestion(name, stat_named(stat), line)
    try:
        async with session(scope_of(context)) as at:
            (found,) = await sheets(basis_of(at), [ask], at.now)
            if not isinstance(found, PlayerSheet):
                raise found
            if as_json:
                say_json(sheet_json(found))
            else:
                _tell_player(found, at)
    except StoreMissing:
        raise Impossible("no game has been seen yet: `tracker refresh` reads boxes") from None


def _tell_player(x: PlayerSheet, at: Session) -> None:
    say(f"{paint(x.name, 'bold')} · {x.team} · {x.league.upper()} · {x.stat.value}")
    if x.next_game is not None:
        say(f"Next     {x.next_game.name} {when(x.next_game.start, at.now, at.settings.zone)}")
    if x.injury is not None:
        say(paint(f"Health   {x.injury.status.value}: {x.injury.detail}", "yellow"))
    rows = [(r.name, str(r.games), f"{r.mean:.1f}", f"{r.minutes:.1f}") for r in x.rolling]
    table(("", "Games", x.stat.value, "Minutes"), rows, right=(1, 2, 3))
    if x.allowed is not None:
        allowed = f"{x.allowed.mean:.1f} {x.stat.value} a game to a whole team"
        say(f"{x.allowed.team:<8} allows {allowed}, the league {x.allowed.league:.1f}")
    if x.exponential is not None:
        trend = "" if x.trend is None else f", {x.trend:+z.2f} a game lately"
        say(f"Weighted {x.exponential:.1f}{trend}")
    values = [p.value for p in reversed(x.played[:_SHOWN]) if p.value is not None]
    say(f"Last {len(values):2}  {_bars(values)}  {' '.join(map(str, values))}")
    if x.line is None or x.hits is None:
        return
    over = f"over {x.line:g} in {x.hits[0]} of {x.hits[1]} games"
    match x.chance:
        case None:
            say(f"Line     {over}")
            return
        case NoChance.OUT:
            say(f"Line     {over}; the player is out, so that the bet would be void")
            return
        case NoChance():
            say(f"Line     {over}; no chance yet: {x.chance.text}")
            return
        case Chance():
            pass
        case _:
            assert_never(x.chance)
    where = "in the next game" if x.next_game is not None else "against an average team"
    say(f"Line     {over}; chance of the over {percent(x.chance.win, 1)} {where}")


def _bars(values: list[int]) -> str:
    top = max([*values, 1])
    return "".join(_BLOCKS[round(x / top * (len(_BLOCKS) - 1))] for x in values)
