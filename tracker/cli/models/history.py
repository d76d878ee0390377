"""`tracker history`: collects finished games from a feed into a folder, to fit models on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli import CommandEnded, Scope, date_of, run_async, scope_of, session
from tracker.cli.models import DEFAULT_LEAGUE, LeagueOf, known_league, need_modelling
from tracker.cli.screen import Advance, bar, note, say
from tracker.clock import SystemClock
from tracker.domain import Impossible, Misused
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.league import slate_date
from tracker.domain.money import plural

if TYPE_CHECKING:
    from tracker.feeds.polling import Feed
    from tracker.modelling.history import Event, HistoryFolder, Run

    Whole = tuple[GameState, list[Event]]

DEADLINE_S = 75.0
"""Real seconds for one document, including the wait for the budget of requests."""

SAVED_EVERY = 25
"""Games read between two writes to the folder, so that a stop loses few."""

_MOST_FAILURES = 3
"""Failed games in a row after which collecting stops."""

_PLAYS = "/static/json/liveData/playbyplay/playbyplay_{}.json"


def history(
    context: typer.Context,
    *,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="The first of the league's dates.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="DATE", help="The last; else today's.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the games go.")],
    season: Annotated[
        str | None,
        typer.Option("--season", metavar="SEASON", help="An earlier season, such as 2024-25."),
    ] = None,
    league: LeagueOf = DEFAULT_LEAGUE,
) -> None:
    """Collect finished games from the feed, for `tracker fit`: by date, or a whole earlier season.

    Schedule, box scores and play-by-play are asked for within the budget of the configuration,
    about a game a second. Games that the folder has are not asked for again, so that a stop costs
    nothing and the same command goes on.
    """
    wanted = known_league(league)
    if wanted not in ("nba", "wnba"):
        raise Misused(f"no feed gives the play-by-play of {wanted}: choose nba or wnba")
    wanted_ids = _season(wanted, season, begin, end)
    days = None if wanted_ids is not None else _days(begin, end)
    need_modelling("writing a dataset", "pyarrow")
    work = _collected(scope_of(context), wanted, out, days, wanted_ids)
    for line in work.left_out:
        note(line)
    say(f"{plural(work.added, 'game')} added to {out / wanted}, {work.folder.games} in all")
    if work.stopped is not None:
        raise Impossible(f"{work.stopped}; what was read is kept, the same command goes on")
    if not work.folder.games:
        raise CommandEnded


def collect_days(scope: Scope, league: str, days: tuple[date, date], out: Path) -> int:
    """Add the games of a range of dates to a folder; returns their number.

    Raises Impossible when the feed fails; games read before are kept.
    """
    work = _collected(scope, league, out, days, None)
    if work.stopped is not None:
        raise Impossible(work.stopped)
    return work.added


def _collected(
    scope: Scope,
    league: str,
    out: Path,
    days: tuple[date, date] | None,
    season: tuple[Run, ...] | None,
) -> Collecting:
    """Collect games into a folder, and store its results, which rate teams without lines."""
    from tracker.modelling.history import HistoryFolder

    async def keep() -> None:
        async with session(scope, write=True) as at:
            await at.store.known.keep_finished(work.folder.finished())

    with bar() as advance:
        work = Collecting(HistoryFolder(out, league), advance)
        run_async(_collect(scope, league, days, season, work))
    run_async(keep())
    return work


def _days(begin: str | None, end: str | None) -> tuple[date, date]:
    first = date_of(begin, "--from")
    if first is None:
        raise Misused("name the first date with --from, or an earlier season with --season")
    last = date_of(end, "--to") or slate_date(SystemClock().now())
    if last < first:
        raise Misused(f"{last} is before {first}: swap --from and --to")
    return first, last


def _season(
    league: str, season: str | None, begin: str | None, end: str | None
) -> tuple[Run, ...] | None:
    if season is None:
        return None
    if begin is not None or end is not None:
        raise Misused("--season is a whole season: leave --from and --to out")
    from tracker.modelling.history import runs

    return tuple(runs(league, season))


@dataclass(slots=True)
class Collecting:
    """The progress of collecting games. `stopped` says why it ended early, None if it did not."""

    folder: HistoryFolder
    advance: Advance
    added: int = 0
    left_out: list[str] = field(default_factory=list)
    stopped: str | None = None


async def _collect(
    scope: Scope,
    league: str,
    days: tuple[date, date] | None,
    season: tuple[Run, ...] | None,
    work: Collecting,
) -> None:
    from tracker.feeds.feeds import SOURCES, open_feeds

    source = next(x for x in SOURCES[league] if x.name == league)
    clock = SystemClock()
    feeds = scope.settings().feeds
    async with open_feeds(
        feeds, clock, deadline_s=DEADLINE_S, sources={league: (source,)}
    ) as opened:
        (feed,) = opened.by_league[league]
        if days is None:
            await _count_through(feed, season or (), work)
            return
        work.advance("the schedule", 0.0)
        games = await _games(feed, days)
        known = work.folder.known
        missing = [x for x in games if x.id not in known]
        await _read_all(feed, missing, work)


async def _games(feed: Feed, days: tuple[date, date]) -> list[Game]:
    """The games of a range of dates that have begun, in order.

    Raises Impossible when the schedule has none or cannot be read.
    """
    from tracker.feeds import FeedError

    try:
        listed = await feed.schedule()
    except FeedError as why:
        raise Impossible(f"the schedule could not be read ({why}): try again later") from None
    found = [
        game
        for game, state in listed
        if days[0] <= game.slate <= days[1] and state is None and game.counts
    ]
    if not found:
        slates = sorted(game.slate for game, _ in listed)
        covers = f"it covers {slates[0]} to {slates[-1]}" if slates else "it is empty"
        raise Impossible(
            f"the schedule has no game that was played from {days[0]} to {days[1]}: {covers}"
        )
    return sorted(found, key=lambda x: (x.slate, x.id))


async def _read_all(feed: Feed, games: Sequence[Game], work: Collecting) -> None:
    from tracker.feeds import FeedError, FeedMalformed, FeedNotPublished

    whole: list[Whole] = []
    failures = 0
    try:
        for number, game in enumerate(games):
            work.advance(f"{number + 1} of {plural(len(games), 'game')}", number / len(games))
            named = f"{game.name} {game.slate}"
            try:
                found = await _read(feed, game.id)
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


async def _count_through(feed: Feed, season: Sequence[Run], work: Collecting) -> None:
    """Collect a season that no schedule lists, by asking for each id that a game may have."""
    from tracker.feeds import FeedError

    whole: list[Whole] = []
    known = work.folder.known
    try:
        for number, run in enumerate(season):
            misses = 0
            for name in run.ids:
                work.advance(name, number / len(season))
                there, found = (True, None) if name in known else await _there(feed, name, work)
                misses = 0 if there else misses + 1
                if misses >= run.most_misses:
                    break
                whole += [] if found is None else [found]
                if len(whole) >= SAVED_EVERY:
                    _save(whole, work)
            if not (number or whole or work.added or known):
                raise Impossible("the feed has no game of that season: name a later one")
    except FeedError as why:
        work.stopped = str(why)
    finally:
        _save(whole, work)


async def _there(feed: Feed, name: str, work: Collecting) -> tuple[bool, Whole | None]:
    """Whether a game has this id, and the game itself if it is over and can be read.

    Raises FeedError.
    """
    from tracker.feeds import FeedMalformed, FeedNotPublished, FeedRefused

    try:
        return True, await _read(feed, name)
    except (FeedNotPublished, FeedRefused):
        # The source refuses a document that does not exist in the same way as a forbidden one.
        return False, None
    except FeedMalformed as why:
        work.left_out.append(f"{name} is left out: {why}")
        return True, None


def _save(whole: list[Whole], work: Collecting) -> None:
    work.folder.add(whole)
    work.added += len(whole)
    whole.clear()


async def _read(feed: Feed, game_id: str) -> Whole | None:
    """A game with its events; None while it is not over. Raises FeedError."""
    from tracker.modelling.history import events_of

    box = await feed.fetcher.get(feed.source.box_path(game_id))
    final = feed.source.parse_box(box.body)
    if final.phase is not Phase.FINAL:
        return None
    plays = await feed.fetcher.get(_PLAYS.format(game_id))
    return final, events_of(plays.body, final)
