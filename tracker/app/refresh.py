"""The daily look-ups: results and box scores, ratings, form, injuries, and what rests on them.

Running it again changes nothing, and asks for nothing that is stored already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from tracker.clock import Clock
from tracker.domain.game import Game, GameState, Listing, Phase, Side
from tracker.domain.league import LEAGUE_ZONE, NBA, season_name, slate_date
from tracker.domain.money import plural, several
from tracker.domain.player import Injury
from tracker.domain.prior import form_of
from tracker.feeds import FeedError, FeedNotPublished, espn
from tracker.feeds.feeds import Feeds
from tracker.feeds.identity import Register
from tracker.feeds.polling import Feed, LookUp
from tracker.forecast.game.parameters import Parameters
from tracker.forecast.teams import GameResult, rate
from tracker.store import Store
from tracker.store.known import Rated, SlateCheck, TeamRoadEnds

BACK = 7
"""Days before today that are always checked: what was missing is asked for again."""

MOST_BACK = 60
"""Most days back that are made up for after a time without look-ups."""

FOLLOWED = timedelta(days=60)
"""How long a league stays followed after the last game that a bet was on."""

ENOUGH = 5
"""Games of a player that are enough to know what to expect of him."""

FAR = 14
"""Days back in which ENOUGH games are looked for."""

_NO_BOX = ("ncaam", "ncaaw", "gleague")
"""Leagues without player lines: their boards are enough, and they may have no list of injuries."""


class Part(StrEnum):
    """The parts that can be looked up one by one."""

    RESULTS = "results"
    PLAYERS = "players"
    RATINGS = "ratings"
    FORM = "form"
    INJURIES = "injuries"
    ENDS = "ends"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The result of one part for one league: a sentence, and whether nothing is missing."""

    part: Part
    league: str
    text: str
    whole: bool
    changed: int = 0
    injuries: tuple[Injury, ...] = ()


@dataclass(slots=True)
class Refresh:
    """One round of look-ups; teams are rated with the parameters that `load` gives of a league."""

    _store: Store
    _feeds: Feeds
    _clock: Clock
    _load: Callable[[str], Parameters]
    _listings: dict[tuple[str, date], Sequence[Listing]] = field(default_factory=dict)

    async def leagues(self) -> tuple[str, ...]:
        """The followed leagues."""
        return await followed_leagues(self._store, self._clock.now())

    async def run(self, league: str, parts: Iterable[Part]) -> tuple[Refreshed, ...]:
        """Look some parts up; a part that cannot be had is reported, and the others go on."""
        wanted, found = set(parts), []
        if wanted & {Part.RESULTS, Part.PLAYERS}:
            found += await self._results(league, boxes=Part.PLAYERS in wanted)
        if wanted & {Part.RATINGS, Part.FORM}:
            found.append(await self._form(league))
        if Part.ENDS in wanted:
            found.append(await self._ends(league))
        if Part.INJURIES in wanted:
            found.append(await self._injuries(league))
        return tuple(found)

    async def _results(self, league: str, *, boxes: bool) -> list[Refreshed]:
        today = slate_date(self._clock.now())
        checks = await self._store.seasons.checks(date.min)
        mine = [x for x in checks if x.league == league]
        last = max((x.day for x in mine), default=today)
        back = min(max(BACK, (today - last).days - 1), MOST_BACK)
        days = [today - timedelta(days=n) for n in range(back, 0, -1)]
        whole = {x.day for x in mine if x.whole}
        found = []
        for day in (x for x in days if x not in whole):
            try:
                found.append(await self._day(league, day, boxes=boxes))
            except FeedError as why:
                text = f"{day}: the slate could not be read: {why}"
                found.append(Refreshed(Part.RESULTS, league, text, whole=False))
        if not found:
            text = f"{len(days)} days are there already"
            found.append(Refreshed(Part.RESULTS, league, text, whole=True))
        return found

    async def _day(self, league: str, day: date, *, boxes: bool) -> Refreshed:
        """Look up one date: its slate, then what is missing of it."""
        boxes = boxes and league not in _NO_BOX
        listed = await self._slate(league, day)
        morning = datetime.combine(day, time(), LEAGUE_ZONE)
        boxed = await self._store.seasons.boxed(league, morning - timedelta(days=1))
        known = {game.id: state for game, state in await self._store.games(day)}
        counts, changed = Counter[str](), 0
        for game, reported in listed:
            state = _better(known.get(game.id), reported)
            over = state is not None and state.phase is Phase.FINAL
            if not over or (boxes and game.id not in boxed):
                looked = await self._look(game, state)
                changed += await self._keep(looked, before=known.get(game.id))
                state = _better(looked, state)
                if looked is not None and looked.players and looked.phase is Phase.FINAL:
                    boxed |= {game.id}
            elif known.get(game.id) != state:
                changed += await self._keep(state, before=known.get(game.id))
            counts[_standing(state, has_box=not boxes or game.id in boxed)] += 1
        check = SlateCheck(
            league, day, len(listed), counts["final"], counts["off"], counts["open"], counts["bare"]
        )
        await self._store.seasons.keep_check(check, self._clock.now())
        return Refreshed(Part.RESULTS, league, _check_text(check), check.whole, changed)

    async def _slate(self, league: str, day: date) -> list[Listing]:
        """A date's games that count, by the ids in force. Raises FeedError when none has them."""
        register = Register(g for g, _ in await self._store.games(since=day - timedelta(days=2)))
        trouble: FeedError | None = None
        for feed in self._feeds.by_league.get(league, ()):
            try:
                listed = await _listed(feed, day)
            except FeedError as why:
                trouble = why
                continue
            # The others rate no team, and may have rules of time that no source is read by.
            of_day = [x for x in listed if x[0].slate == day and not x[0].undecided]
            counted = [x for x in of_day if x[0].counts]
            return [(feed.own(register, g), s) for g, s in counted]
        if trouble is None:
            return []
        raise trouble

    async def _look(self, game: Game, state: GameState | None) -> GameState | None:
        if state is not None and state.phase.off:
            return state
        answer = await self._feeds.read(game, LookUp.BOX, 0.0)
        return answer.reading if isinstance(answer.reading, GameState) else None

    async def _keep(self, state: GameState | None, before: GameState | None) -> int:
        """Store a state and what its players did; 1 where the game's phase is new, else 0."""
        if state is None:
            return 0
        bare = replace(state, players=())
        await self._store.save_games([(state.game, bare)], self._clock.now())
        await self._store.players.keep_finished(state)
        return int(before is None or before.phase is not state.phase)

    async def recent(
        self, league: str, teams: frozenset[str], has_room: Callable[[Game], bool]
    ) -> int:
        """Read the box scores of some teams' last games, newest first; returns how many were read.

        This makes players known of whom no game was read: ENOUGH games of each team, as long as
        `has_room` allows more requests. Of a team whose season has not begun, one preseason game
        names the players. A source that does not have the games is skipped.
        """
        today = slate_date(self._clock.now())
        morning = datetime.combine(today - timedelta(days=FAR), time(), LEAGUE_ZONE)
        boxed = await self._store.seasons.boxed(league, morning)
        self._listings = {x: y for x, y in self._listings.items() if x[1] >= morning.date()}
        seen, read = Counter[str](), 0
        async for game in self._last_games(league, teams, today):
            most = ENOUGH if game.counts else 1
            wanted = [x for x in (game.home, game.away) if x in teams and seen[x] < most]
            if not wanted or (game.id not in boxed and not has_room(game)):
                continue
            if game.id not in boxed:
                state = await self._look(game, None)
                if state is None or state.phase is not Phase.FINAL or not state.players:
                    continue
                await self._keep(state, None)
                await self._store.players.meet(_met(state), game.start)
                read += 1
            seen.update(wanted)
            if all(seen[x] >= ENOUGH for x in teams):
                break
        return read

    async def _last_games(
        self, league: str, teams: frozenset[str], today: date
    ) -> AsyncIterator[Game]:
        """Games of some teams before today, newest first."""
        register = Register(g for g, _ in await self._store.games(since=today - timedelta(days=2)))
        feeds = self._feeds.by_league.get(league, ())
        for n in range(1, FAR + 1):
            day = today - timedelta(days=n)
            for feed in feeds:
                try:
                    listed = await self._listed_once(feed, day)
                except FeedError:
                    continue
                for game, _ in listed:
                    if {game.home, game.away} & teams:
                        yield feed.own(register, game)
                break

    async def _listed_once(self, feed: Feed, day: date) -> Sequence[Listing]:
        """The games of a day as a source lists them, which is asked once. Raises FeedError."""
        label = feed.source.label
        if (label, day) not in self._listings:
            listed = await _listed(feed, day)
            # Games are still added to the later days of a schedule.
            days = 1 if feed.source.dated else FAR
            for one in (day - timedelta(days=n) for n in range(days)):
                self._listings[label, one] = [x for x in listed if x[0].slate == one]
        return self._listings[label, day]

    async def _form(self, league: str) -> Refreshed:
        today = slate_date(self._clock.now())
        finished = await self._store.known.finished(league)
        parameters = self._load(league)
        results = [GameResult.of(x) for x in finished if x.day < today]
        ratings = rate(results, parameters.ratings)
        season = season_name(league, today)
        recent = [x for x in finished if season_name(league, x.day) == season]
        rows = []
        for team in sorted({name for x in recent for name in (x.home, x.away)}):
            form = form_of(team, league, today, recent)
            if form is not None:
                rating = ratings.of(team, season)
                version = parameters.model_version
                rows.append(Rated(form, rating.strength.mean, rating.tempo.mean, version))
        await self._store.seasons.keep_form(rows)
        text = f"{plural(len(rows), 'team')} rated from {plural(len(results), 'result')}"
        return Refreshed(Part.FORM, league, text, whole=True)

    async def _ends(self, league: str) -> Refreshed:
        belief = self._load(league).ends
        if belief is None:
            text = "road teams show no end of their own in this league"
            return Refreshed(Part.ENDS, league, text, whole=True)
        today = slate_date(self._clock.now())
        season = season_name(league, today)
        finished = await self._store.known.finished(league)
        this = [x for x in finished if season_name(league, x.day) == season and x.day < today]
        games = Counter(x.away for x in this if x.halves is not None)
        known = belief.after(finished, before=today)
        rows = [
            TeamRoadEnds(league, x, today, known.chance(x, season), n, known.version)
            for x, n in sorted(games.items())
        ]
        await self._store.seasons.keep_ends(rows)
        text = f"{plural(len(rows), 'road team')} believed by {plural(games.total(), 'game')}"
        if lacking := len(this) - games.total():
            text += f"; {lacking} without points by quarter, or on a neutral court"
        return Refreshed(Part.ENDS, league, text, whole=True)

    async def _injuries(self, league: str) -> Refreshed:
        feed = self._feeds.of(league, espn.NAME)
        if feed is None:
            text = "no source that tells injuries may be asked"
            return Refreshed(Part.INJURIES, league, text, whole=False)
        try:
            body = (await feed.fetcher.get(espn.injuries_path(league), espn.CAP)).body
            injuries = espn.parse_injuries(body, league)
        except FeedError as why:
            if isinstance(why, FeedNotPublished) and league in _NO_BOX:
                return Refreshed(Part.INJURIES, league, "no list is published", whole=True)
            text = f"the injuries could not be read: {why}"
            return Refreshed(Part.INJURIES, league, text, whole=False)
        news = await self._store.seasons.keep_injuries(league, injuries, self._clock.now())
        out = sum(x.status.rules_out for x in injuries)
        hurt = f"{plural(len(injuries), 'player')} {several(len(injuries), 'is')} hurt"
        text = f"{hurt}, {out} of them out; {plural(len(news), 'change')}"
        return Refreshed(Part.INJURIES, league, text, True, len(news), news)


async def followed_leagues(store: Store, now: datetime) -> tuple[str, ...]:
    """The followed leagues: the NBA, and those of bets in the last weeks."""
    since = slate_date(now) - FOLLOWED
    return tuple(dict.fromkeys((NBA.id, *await store.seasons.leagues(since))))


async def _listed(feed: Feed, day: date) -> Sequence[Listing]:
    """The games of a day, among others where a source lists a whole season. Raises FeedError."""
    return await (feed.listed_on(day) if feed.source.dated else feed.schedule())


def _met(state: GameState) -> dict[tuple[str, str], tuple[str, ...]]:
    """The players of both teams, by league and team."""
    game = state.game
    return {
        (game.league, game.code(side)): tuple(x.name for x in state.players if x.side is side)
        for side in Side
    }


def _better(first: GameState | None, second: GameState | None) -> GameState | None:
    """The state that knows the end of the game, else the first that is not None."""
    for state in (first, second):
        if state is not None and state.phase.over:
            return state
    return first or second


def _standing(state: GameState | None, *, has_box: bool) -> str:
    if state is None or not state.phase.over:
        return "open"
    if state.phase.off:
        return "off"
    return "final" if has_box else "bare"


def _check_text(check: SlateCheck) -> str:
    over = check.finals + check.no_box
    parts = [f"{over} of {plural(check.games, 'game')} {several(over, 'is')} over"]
    parts += [f"{check.called_off} called off"] if check.called_off else []
    parts += [f"{check.no_result} WITHOUT A RESULT"] if check.no_result else []
    parts += [f"{check.no_box} WITHOUT A BOX"] if check.no_box else []
    return f"{check.day}: {', '.join(parts)}"
