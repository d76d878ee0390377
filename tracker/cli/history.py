"""`tracker history`: recorded games out of the feed, for a model of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.bar import Advance, bar
from tracker.cli.declare import declare
from tracker.cli.ending import Ended, Impossible, Misused
from tracker.cli.models import DEFAULT_LEAGUE, LeagueOf, known_league
from tracker.cli.scope import Scope, scope_of
from tracker.cli.screen import note, say
from tracker.cli.seasons import need_modelling
from tracker.cli.session import session
from tracker.clock import SystemClock
from tracker.domain.game import Game, GameState, Phase

if TYPE_CHECKING:
    from tracker.cli.history_folder import HistoryFolder
    from tracker.cli.plays import Event
    from tracker.feeds.feed import Feed

    Whole = tuple[GameState, list[Event]]

DEADLINE_S = 75.0
"""Real seconds for a document, waiting for the budget of requests included."""

SAVED_EVERY = 25
"""Games after which what was read is written, so that little is lost by a stop."""

_MOST_FAILURES = 3
_COUNTED = "2456"
"""The third digit of a game's id: regular season, playoffs, play-in, cup final."""

_PLAYS = "/static/json/liveData/playbyplay/playbyplay_{}.json"


def attach(app: typer.Typer, name: str, panel: str) -> None:
    """Make the verb known."""
    declare(app, name, history, panel)


def history(
    context: typer.Context,
    *,
    begin: Annotated[
        str, typer.Option("--from", metavar="DATE", help="The first of the league's dates.")
    ],
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="The last; else today's.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the games go.")],
    league: LeagueOf = DEFAULT_LEAGUE,
) -> None:
    """Collect the finished games of the running season from the feed, for `tracker fit`.

    Schedule, box scores and play-by-play are asked for within the budget of the configuration,
    about a game a second. Games that the folder has are not asked for again, so that a stop costs
    nothing and the same command goes on.
    """
    wanted = known_league(league)
    if wanted not in ("nba", "wnba"):
        raise Misused(f"no feed gives the play-by-play of {wanted}: choose nba or wnba")
    from tracker.domain.league import slate_date

    first = _date(begin)
    last = slate_date(SystemClock().now()) if end is None else _date(end)
    if last < first:
        raise Misused(f"{last} is before {first}: swap --from and --to")
    need_modelling("writing a dataset", "pyarrow")
    from tracker.cli.history_folder import HistoryFolder

    folder = HistoryFolder(out, wanted)
    with bar() as advance:
        work = Collecting(folder, advance)
        asyncio.run(_collect(scope_of(context), wanted, (first, last), work))
    for line in work.left_out:
        note(line)
    say(f"{work.added} games added to {out / wanted}, {len(folder.known)} in all")
    asyncio.run(_keep(scope_of(context), folder))
    if work.stopped is not None:
        raise Impossible(f"{work.stopped}; what was read is kept, the same command goes on")
    if not folder.known:
        raise Ended


async def _keep(scope: Scope, folder: HistoryFolder) -> None:
    """Results rate the teams of games without lines: the database knows them from here on."""
    async with session(scope, write=True) as at:
        await at.store.known.keep_finished(folder.finished())


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Misused(f"{text!r} is not a date: write one such as 2025-10-21") from None


@dataclass(slots=True)
class Collecting:
    """How far the collecting has come. `stopped` says why it ended early."""

    folder: HistoryFolder
    advance: Advance
    added: int = 0
    left_out: list[str] = field(default_factory=list)
    stopped: str | None = None


async def _collect(scope: Scope, league: str, days: tuple[date, date], work: Collecting) -> None:
    from tracker.feeds.feeds import open_feeds
    from tracker.feeds.leagues import SOURCES

    source = next(x for x in SOURCES[league] if x.name == league)
    clock = SystemClock()
    feeds = scope.settings().feeds
    async with open_feeds(
        feeds, clock, deadline_s=DEADLINE_S, sources={league: (source,)}
    ) as opened:
        (feed,) = opened.by_league[league]
        work.advance("the schedule", 0.0)
        games = await _games(feed, days)
        missing = [x for x in games if x.id not in work.folder.known]
        await _read_all(feed, missing, work)


async def _games(feed: Feed, days: tuple[date, date]) -> list[Game]:
    """The games of these dates that have begun. Raises Impossible when the schedule has none."""
    from tracker.feeds.errors import FeedError
    from tracker.feeds.fetch import SCHEDULE_CAP

    trouble = ""
    for path in feed.source.schedule_paths:
        try:
            body = (await feed.fetcher.get(path, SCHEDULE_CAP)).body
            listed = feed.source.parse_schedule(body)
        except FeedError as why:
            trouble = str(why)
            continue
        slates = sorted(game.slate for game, _ in listed)
        found = [
            game
            for game, state in listed
            if days[0] <= game.slate <= days[1] and state is None and game.id[2] in _COUNTED
        ]
        if not found:
            covers = f"it covers {slates[0]} to {slates[-1]}" if slates else "it is empty"
            raise Impossible(
                f"the schedule has no game that was played from {days[0]} to {days[1]}: {covers}"
            )
        return sorted(found, key=lambda x: (x.slate, x.id))
    raise Impossible(f"the schedule could not be read ({trouble}): try again later")


async def _read_all(feed: Feed, games: Sequence[Game], work: Collecting) -> None:
    from tracker.feeds.errors import FeedError, FeedMalformed, FeedNotPublished

    whole: list[Whole] = []
    failures = 0
    try:
        for number, game in enumerate(games):
            work.advance(f"{number + 1} of {len(games)} games", number / len(games))
            named = f"{game.name} {game.slate}"
            try:
                found = await _read(feed, game)
            except (FeedMalformed, FeedNotPublished) as why:
                work.left_out.append(f"{named} is left out: {why}")
                continue
            except FeedError as why:
                failures += 1
                work.left_out.append(f"{named} could not be read: {why}")
                if failures >= _MOST_FAILURES:
                    work.stopped = str(why)
                    return
                continue
            failures = 0
            if found is not None:
                whole.append(found)
            if len(whole) >= SAVED_EVERY:
                _save(whole, work)
    finally:
        _save(whole, work)


def _save(whole: list[Whole], work: Collecting) -> None:
    work.folder.add(whole)
    work.added += len(whole)
    whole.clear()


async def _read(feed: Feed, game: Game) -> Whole | None:
    """A game with its events; None while it is not over. Raises FeedError."""
    from tracker.cli.plays import events_of

    box = await feed.fetcher.get(feed.source.box_path(game.id))
    final = feed.source.parse_box(box.body)
    if final.phase is not Phase.FINAL:
        return None
    plays = await feed.fetcher.get(_PLAYS.format(game.id))
    return final, events_of(plays.body, final)
