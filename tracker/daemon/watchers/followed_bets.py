"""The bets to follow: read from the bets file and the database, and matched to their games.

`Rosters` has the players among whom a bet's player is found.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tracker.app.bets import Bets
from tracker.app.bets.bets_file import take
from tracker.app.choose_game import BACK, RECENT, match, strayed, to_move
from tracker.app.player_priors import Team, Who, players_in
from tracker.clock import Clock, SystemClock
from tracker.domain.bet import Bet, Settlement
from tracker.domain.catalog import guests_of
from tracker.domain.draft import superseded
from tracker.domain.events import (
    BetFromFile,
    BetMatched,
    BetMoved,
    BetRewritten,
    BetsMistake,
    BetWithdrawn,
    Tell,
)
from tracker.domain.game import Game, GameState, Phase, Side
from tracker.domain.league import NBA, slate_date
from tracker.domain.player import (
    BY_BOX,
    UNREAD,
    Absences,
    Availability,
    Injury,
    Player,
    PlayerGame,
    player_key,
)
from tracker.domain.tracking import GameTracking, Tracked
from tracker.host import stamp_of
from tracker.intake.bets_file import read_bets
from tracker.settings import Settings
from tracker.store import Store
from tracker.wording.alerts import rewritten

READ_AGAIN = timedelta(days=7)
"""How long after a game its box may still be read again."""

_MOST_TOLD = 5
"""Mistakes of the bets file that one message names; it counts the rest."""


class Rosters:
    """The known players of every team, in step with the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[Team, tuple[str, ...]] = {}
        self._seen: dict[Team, tuple[Game, dict[str, str]]] = {}
        self._unstored: set[Team] = set()
        self.complete: set[str] = set()
        """The ids of the games whose final box score has named the players of both teams, once
        `of` gives these players."""
        self._completed: set[str] = set()
        self._out: dict[tuple[str, Side, str], Injury] = {}
        self._unstored_out: dict[tuple[str, Side, str], Injury] = {}

    async def load(self, now: datetime) -> None:
        """Load the rosters from the store, and forget who was out of games that are long over."""
        self._known = await self._store.players.rosters(now)
        since = slate_date(now) - READ_AGAIN
        self._out = {x: said for x, said in self._out.items() if (said.returns or since) >= since}

    def meet(self, state: GameState) -> None:
        """Learn both teams' players from a box score; what it said before costs nothing."""
        for side in Side:
            team = state.game.league, state.game.code(side)
            game, seen = self._seen.get(team, (state.game, {}))
            if game.slate != state.game.slate:
                # Each night starts anew, so that the store sees who still plays for the team.
                seen = {}
            before = len(seen)
            seen.update({player_key(x.name): x.name for x in state.players if x.side is side})
            if len(seen) > before:
                self._seen[team] = state.game, seen
                self._unstored.add(team)
        self._note(state)
        ended = state.phase is Phase.FINAL and state.game.id not in self.complete
        if ended and {x.side for x in state.players if x.doubt != UNREAD} == set(Side):
            self._completed.add(state.game.id)

    def _note(self, state: GameState) -> None:
        """Note the players whom a box score reports out, where it has not said so before."""
        game = state.game
        said = {
            (game.id, x.side, player_key(x.name)): Injury(
                game.league, game.code(x.side), x.name, Availability.OUT, (x.note or "").strip(),
                game.slate + timedelta(days=1), BY_BOX,
            )
            for x in state.players
            if x.out
        }  # fmt: skip
        fresh = {who: word for who, word in said.items() if self._out.get(who) != word}
        if fresh:
            self._out |= fresh
            self._unstored_out |= fresh

    @property
    def news(self) -> bool:
        """Whether players, players reported out, or a final box are not taken up yet."""
        return bool(self._unstored or self._unstored_out or self._completed)

    async def keep(self, now: datetime) -> None:
        """Store what was learned, and reload the rosters that follow from it."""
        completed, self._completed = self._completed, set()
        out, self._unstored_out = self._unstored_out, {}
        if out:
            await self._store.seasons.keep_box(tuple(out.values()), now)
        teams, self._unstored = self._unstored, set()
        met: dict[datetime, dict[Team, tuple[str, ...]]] = defaultdict(dict)
        for team in teams:
            game, seen = self._seen[team]
            # An old game does not say for whom its players play now.
            met[min(now, game.start)][team] = tuple(seen.values())
        for at, rosters in met.items():
            await self._store.players.meet(rosters, at)
        if teams:
            await self.load(now)
        self.complete |= completed

    def of(self, game: Game) -> tuple[Player, ...]:
        """The players of both teams, as far as they are known."""
        return tuple(Player(name, side) for side in Side for name in self._names(game, side))

    def _names(self, game: Game, side: Side) -> tuple[str, ...]:
        return self._known.get((game.league, game.code(side)), ())


class FollowedBets:
    """The followed games with their bets, in step with the bets file and other processes."""

    def __init__(self, store: Store, clock: Clock, settings: Settings, tell: Tell) -> None:
        self._store = store
        self._clock = clock
        self._file = settings.bets.file
        self._unit_cents = settings.stake_unit_cents
        self._zone = settings.zone
        self._defaults = settings.default_rules
        self._tell = tell
        self._trackings: dict[str, GameTracking] = {}
        self._version = -1
        self._stamp: tuple[int, int, int] | None = None
        self._seen: tuple[int, int, int] | None = None
        self._reported: set[str] = set()
        self._in_file: set[str] = set()
        self._mended: set[str] = set()
        self._moved: set[str] = set()
        self.rosters = Rosters(store)
        self.recent: dict[Who, tuple[PlayerGame, ...]] = {}
        """The last games of each player whom a bet is about."""
        self.teams: dict[Team, dict[str, tuple[PlayerGame, ...]]] = {}
        """What each player of both teams did in their last games, for games with a bet on a
        player."""
        self.against: dict[Team, tuple[PlayerGame, ...]] = {}
        """What the opponents of each team in `teams` did in that team's last games."""
        self._boxes = 0
        self.absences: dict[str, Absences] = {}
        """The players who are reported out, by league, for the leagues whose games are bet on."""
        self.without_roster: tuple[Game, ...] = ()
        """The games whose players must be known before some waiting bet can be matched."""
        self.waiting = 0
        """How many bets have no game yet."""
        self._hoped: frozenset[str] = frozenset()
        self._let_loose: set[int] = set()
        self.held: frozenset[str] = frozenset()
        """The ids of the games that bets are on, whether or not they are over."""
        self._mistaken = False
        self._slate_known = False

    def know_slate(self) -> None:
        """Note that the slate has been read: bets are not matched with an older one before."""
        self._slate_known = True

    async def recall(self) -> None:
        """Load which games were bet on before a restart: no document may change their identity.

        From now on bets without rules of their own have the usual ones.
        """
        await self._store.by_hand.watch_usually_for(self._defaults)
        self.held = await self._store.held_games()

    @property
    def were_read(self) -> bool:
        """Whether the bets file and the database have been read since the start."""
        return self._version >= 0

    def wanted(self, tracking: GameTracking) -> tuple[Tracked, ...]:
        """The bets on a game that are to be followed at this moment, as last read."""
        known = self._trackings.get(tracking.game.id)
        return () if known is None else known.tracked

    def meet(self, state: GameState) -> None:
        """Learn the rosters of a game's teams from its box score."""
        self.rosters.meet(state)

    def moved(self) -> frozenset[str]:
        """The ids of the games whose bets, results by hand or absences the last refresh changed."""
        return frozenset(self._moved)

    def games(self) -> tuple[Game, ...]:
        """The games that are bet on."""
        return tuple(tracking.game for tracking in self._trackings.values())

    def trackings(self) -> tuple[GameTracking, ...]:
        """The bets on each game as last read, without what polls have changed since."""
        return tuple(self._trackings.values())

    def roster_of(self, game: Game) -> tuple[Player, ...]:
        """The players of both teams of a game, as far as they are known."""
        return self.rosters.of(game)

    def leagues(self) -> frozenset[str]:
        """The NBA, and the leagues of the games that are bet on or that waiting bets may be on."""
        return frozenset({NBA.id, *(x.game.league for x in self._trackings.values()), *self._hoped})

    async def refresh(self, *, slate_changed: bool = False) -> tuple[GameTracking, ...] | None:
        """Read the bets file and the database; all followed games, None when nothing changed."""
        if slate_changed and self._mistaken:
            # The slate may have brought a team that a line names and no list has.
            self._stamp = None
        changed = await self._read_file()
        if self._version < 0 or slate_changed:
            await self.rosters.load(self._clock.now())
        if self.rosters.news:
            changed = True
            await self.rosters.keep(self._clock.now())
        version = await self._store.data_version()
        if not changed and not slate_changed and version == self._version:
            return None
        self.held = await self._store.held_games()
        await self._bind()
        trackings = await self._store.trackings(self._defaults)
        absences = await self._store.seasons.absences(sorted({x.game.league for x in trackings}))
        recent = await self._store.players.recent_games(_players(trackings))
        teams, boxes = _teams(trackings), await self._store.players.counted()
        games, against = self.teams, self.against
        if teams != games.keys() or boxes != self._boxes:
            games = await self._store.players.team_games(teams)
            against = await self._store.players.opponents(teams)
        # What another process has written since then is read by the next refresh.
        self._version = version
        # All at once, so that a poll which finds a new bet also finds its players' games.
        self._take_up(trackings, absences)
        self.recent, self.teams, self.against, self._boxes = recent, games, against, boxes
        return tuple(trackings)

    def _take_up(self, trackings: Sequence[GameTracking], absences: dict[str, Absences]) -> None:
        """Follow these bets, and note the games whose bets or absences have changed."""
        before, known = self._trackings, self.absences
        self._trackings = {x.game.id: x for x in trackings}
        self.absences = absences
        self._moved = {
            x for x in self._trackings if _said(before.get(x)) != _said(self._trackings[x])
        }
        self._moved |= before.keys() - self._trackings.keys()
        self._moved |= {
            x
            for x, tracking in self._trackings.items()
            if x in before and _out(known, tracking.game) != _out(absences, tracking.game)
        }

    async def _read_file(self) -> bool:
        """Register what the bets file holds, and withdraw what was taken out of it.

        Returns whether a new version of the file was read.
        """
        stamp = await asyncio.to_thread(stamp_of, self._file)
        # A file may be half written: it is read once two checks in a row find it the same.
        settled, self._seen = stamp == self._seen or self._version < 0, stamp
        if stamp == self._stamp or not settled:
            return False
        known = self._slate_known
        games = await self._store.games(since=slate_date(self._clock.now() - RECENT))
        guests = guests_of(x for game, _ in games for x in game.teams)
        found = await asyncio.to_thread(read_bets, self._file, self._unit_cents, guests)
        self._stamp = stamp
        bets = Bets(self._store, self._defaults, self._unit_cents, "file")
        now, real = self._clock.now(), SystemClock().now()
        taken = await take(bets, found, str(self._file), now, real)
        self._mistaken = bool(taken.standing.mistakes)
        if known:
            # Before that, a line with a team from the slate would be reported as a mistake.
            if found.readable:
                self._mended |= self._in_file.difference(taken.standing.mistakes)
                self._in_file = set(taken.standing.mistakes)
            self._say(taken.standing.mistakes)
        for added, pick in taken.registered:
            how = "changed" if added.changed else "back" if added.revived else "added"
            self._tell(BetFromFile(added.number, pick, how))
        for x in taken.rewritten:
            changes = [(y.what, y.before, y.after) for y in x.changes]
            what = rewritten(
                self._file.name, f"#{x.bet} {x.pick}", changes, self._zone, undone=x.undone
            )
            self._tell(BetRewritten(x.bet, what))
        for number in taken.withdrawn:
            self._tell(BetWithdrawn(number, "taken out of the file"))
        return found.readable

    async def _bind(self) -> None:
        """Match waiting bets to games."""
        if self._slate_known:
            await self._move()
        unbound = [
            (x, replace(draft, said_at=None) if x in self._let_loose else draft)
            for x, draft in await self._store.unbound()
        ]
        self.waiting = len(unbound)
        self._hoped = frozenset(league for _, draft in unbound for league in draft.leagues)
        if not unbound or not self._slate_known:
            self.without_roster = ()
            return
        now = self._clock.now()
        games = await self._store.games(since=slate_date(now - BACK))
        # As they are now, for work in another thread.
        rosters = {game.id: self.rosters.of(game) for game, _ in games}

        def roster_of(game: Game) -> tuple[Player, ...]:
            return rosters.get(game.id, ())

        found = await asyncio.to_thread(
            match, unbound, games, roster_of, now, self._zone, self.rosters.complete
        )
        self._say(found.mistakes)
        await self._store.by_hand.ask(found.hopeless, now)
        self.waiting -= len(found.hopeless)
        self.without_roster = found.without_roster
        bound = await self._store.bind_all(found.matched, now, roster_of)
        self.waiting -= len(found.matched)
        for (number, legs), same in zip(found.matched, bound, strict=True):
            if same != number:
                self._tell(BetWithdrawn(number, f"the same as bet {same}"))
                continue
            named = dict.fromkeys(f"{x.name} {x.slate}" for x in legs)
            self._tell(BetMatched(number, ", ".join(named)))

    async def _move(self) -> None:
        """Unbind the bets whose game has changed, so that they are matched anew.

        These are bets whose game's id now names another meeting that fits them too, and bets on a
        player who now plays for another team.
        """
        games = await self._store.games(since=slate_date(self._clock.now() - RECENT))
        ids = superseded(game for game, _ in games)
        trackings = tuple(self._trackings.values())
        gone = strayed(trackings, self.rosters.of, self._clock.now())
        plain = [x for x in gone if not (await self._store.by_hand.draft(x)).legs[0].names_a_game]
        await self._let_go(plain)
        moving = [tracking for tracking in trackings if tracking.game.id in ids]
        if not moving:
            return
        numbers = sorted({x.bet.number for tracking in moving for x in tracking.tracked})
        drafts = {x: await self._store.by_hand.draft(x) for x in numbers}
        await self._let_go(to_move(moving, [game for game, _ in games], drafts))

    async def _let_go(self, going: Sequence[int]) -> None:
        """Unbind these bets, so that they are matched to games anew."""
        if going:
            await self._store.unbind(going)
            self.held = await self._store.held_games()
        self._let_loose |= set(going)
        for number in going:
            self._tell(BetMoved(number))

    def _say(self, mistakes: tuple[str, ...]) -> None:
        """Report each mistake once, and again where it was mended in the file and made anew.

        The mistakes of one reading share a message.
        """
        fresh = [x for x in mistakes if x not in self._reported or x in self._mended]
        if fresh:
            more = f"\nand {len(fresh) - _MOST_TOLD} more" if len(fresh) > _MOST_TOLD else ""
            shown = "\n".join(fresh[:_MOST_TOLD]).replace(str(self._file), self._file.name)
            self._tell(BetsMistake(shown + more, again=not self._mended.isdisjoint(fresh)))
        self._reported |= set(mistakes)
        self._mended -= set(mistakes)


def _players(trackings: Iterable[GameTracking]) -> set[Who]:
    """The players whom bets are about, by league and key."""
    return {
        (tracking.game.league, player.key)
        for tracking in trackings
        for player in players_in((x.bet for x in tracking.tracked), tracking.game)
    }


def _teams(trackings: Iterable[GameTracking]) -> set[Team]:
    """Both teams of every game that a bet on a player is on."""
    return {
        (tracking.game.league, code)
        for tracking in trackings
        if any(players_in((x.bet for x in tracking.tracked), tracking.game))
        for code in (tracking.game.home, tracking.game.away)
    }


def _out(known: Mapping[str, Absences], game: Game) -> frozenset[tuple[Side, str, Injury]]:
    """The players reported out of a game, by side and key, with the report."""
    absences = known.get(game.league)
    if absences is None:
        return frozenset()
    return frozenset(
        (side, key, word)
        for side in Side
        for key, word in absences.out_of(game, game.code(side)).items()
    )


def _said(tracking: GameTracking | None) -> frozenset[tuple[Bet, Settlement | None]]:
    """What a person has said of a game: its bets, each with its result where they gave it."""
    tracked = () if tracking is None else tracking.tracked
    return frozenset((x.bet, x.settlement if x.by_hand else None) for x in tracked)
