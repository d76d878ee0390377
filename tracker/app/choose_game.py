"""Finds the games and players that a bet means: in the database, in the feeds, or by asking."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Protocol

from tracker.domain import BadBet
from tracker.domain.catalog import find_teams, fold
from tracker.domain.draft import AmbiguousGame, Draft, NoSuchGame, RostersUnknown, choose_as_said
from tracker.domain.game import Game, Phase, Side
from tracker.domain.league import NCAAM, NCAAW, slate_date
from tracker.domain.player import (
    AmbiguousPlayer,
    NoSuchPlayer,
    Player,
    Roster,
    RosterOf,
    names_both,
    nobody,
)
from tracker.wording.figures import score_text

if TYPE_CHECKING:
    from tracker.domain.game import GameState
    from tracker.store import Store
    from tracker.store.views import BetView

    Listed = list[tuple[Game, GameState | None]]

REACH = timedelta(days=6)
"""Games further ahead than this are not looked for: the daemon's slate does not reach them yet."""

_BACK = timedelta(days=7)
"""Games further back than this before a bet was made, and before the day that it names, are not
meant."""

_LATE = timedelta(hours=18)
"""How long after its tip-off a game without a known end may still be the one that is meant."""

_MOST_LISTED = 15
"""The most games that an error names."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The game of each leg, or in one sentence why they are not known yet.

    `later` is what becomes of a registered bet meanwhile. `roster_of` gives the players of a game
    among whom a leg's player is found. `over` says in a few words that one of the games has ended.
    `states` are the known states of the games.
    """

    games: tuple[Game, ...]
    why: str | None = None
    roster_of: RosterOf = nobody
    over: str = ""
    states: tuple[GameState, ...] = ()
    later: str = ""

    @property
    def waiting(self) -> str | None:
        """Why a registered bet waits, and for what; None where its games are known."""
        return f"{self.why}: {self.later}" if self.why and self.later else self.why

    @property
    def mark(self) -> str:
        """A short text by which this choice of games is recognised; empty where none is known."""
        ids = " ".join(x.id for x in self.games)
        return hashlib.sha256(ids.encode()).hexdigest()[:16] if ids else ""


@dataclass(frozen=True, slots=True)
class GamesRead:
    """The result of reading the slate: `whole` is whether it is complete, `trouble` why not.

    `board` holds the games on the boards, whatever date the machine's clock gives.
    """

    whole: bool
    trouble: str = ""
    board: tuple[tuple[Game, GameState | None], ...] = ()


ReadGames = Callable[[Callable[[Game], bool] | None, frozenset[str]], Awaitable[GamesRead]]
"""Reads the slates of some leagues into the store, and may stop at the first game that is
enough."""


class AskPerson(Protocol):
    """Asks a person which of several games or players is meant."""

    def game(self, games: Sequence[Game]) -> Game:
        """Choose one of these games; BadBet when none is meant."""
        ...

    def player(self, why: AmbiguousPlayer) -> Player:
        """Choose one of the players that a name may mean; BadBet when none is meant."""
        ...


@dataclass(frozen=True, slots=True)
class Chooser:
    """Finds the games and players that a bet means.

    `look` reads the slate; None where another process keeps the store up to date. `ask` is None
    where no person can be asked. `zone` is the person's, for the dates that they write.
    """

    store: Store
    now: datetime
    look: ReadGames | None = None
    ask: AskPerson | None = None
    zone: tzinfo | None = None

    async def choose(self, draft: Draft) -> Choice:
        """Find the games that a draft means, and the players that its legs name.

        Raises AmbiguousGame or AmbiguousPlayer when several fit and no person can be asked. Raises
        BadBet with the games that are on when the slate was read and no game fits.
        """
        roster_of = await self._rosters(draft)
        known = await self._known(draft)
        found = self._among_known(draft, known, roster_of)
        if found is not None:
            return found
        day = draft.matchup.day if draft.matchup is not None else None
        if day is not None and day > (self.now + REACH).date():
            near = "it is matched once the schedule nears it"
            return Choice((), f"{day} is too far away", later=near)
        if self.look is None:
            on = self._next_slate(known)
            also = f" (known are on {on})" if on else ""
            return Choice((), f"not known yet{also}", later="it is matched once its game is known")
        return await self._on_slate(self.look, draft, roster_of)

    async def _known(self, draft: Draft) -> Listed:
        """The stored games that a draft may mean: of seasons that are over, few are read."""
        named = [x for x in draft.matchups if x.day or x.game_id]
        if any(x.day is None for x in named):
            return await self.store.games()
        days = [slate_date(x) for x in (self.now, draft.said_at) if x is not None]
        days += [x.day for x in named if x.day is not None]
        return await self.store.games(since=min(days) - _BACK)

    def _among_known(self, draft: Draft, known: Listed, roster_of: RosterOf) -> Choice | None:
        """The choice among the games of the store; None where the slate may have a fitting one."""
        try:
            return self._found(draft, known, roster_of)
        except RostersUnknown as why:
            ahead = any(x.league in draft.leagues and self._ahead(x, s) for x, s in known)
            return Choice((), _waits(why)) if ahead or (why.near and self.look is None) else None
        except NoSuchGame as why:
            return Choice((), str(why)) if why.near and self.look is None else None

    async def _on_slate(self, look: ReadGames, draft: Draft, roster_of: RosterOf) -> Choice:
        """The choice after the slate was read."""
        found = await look(draft.fits if len(draft.legs) == 1 else None, draft.leagues)
        known = await self._known(draft)
        try:
            return self._found(draft, known, roster_of)
        except RostersUnknown as why:
            return Choice((), _waits(why))
        except NoSuchGame as why:
            if not found.whole:
                unread = f"not known yet ({found.trouble})"
                return Choice((), unread, later="the daemon matches it later")
            raise BadBet(self._nothing_fits(draft, why, known)) from None

    async def _rosters(self, draft: Draft) -> RosterOf:
        """Gives the players of a game that box scores have named; read only if a leg needs them."""
        if all(leg.player is None for leg in draft.legs):
            return nobody
        known = await self.store.players.rosters(self.now)

        def roster_of(game: Game) -> Roster:
            return tuple(
                Player(name, side)
                for side in Side
                for name in known.get((game.league, game.code(side)), ())
            )

        return roster_of

    def _found(self, draft: Draft, known: Listed, roster_of: RosterOf) -> Choice:
        games = self._pick(draft, known, roster_of)
        over = next((_ended(x, s) for x, s in known if x in games and _is_over(s)), "")
        states = tuple(s for x, s in known if x in games and s is not None)
        return self._choice(draft, Choice(games, None, roster_of, over, states))

    def _pick(self, draft: Draft, known: Listed, roster_of: RosterOf) -> tuple[Game, ...]:
        try:
            return choose_as_said(draft, known, self.now, roster_of, self.zone)
        except AmbiguousGame as why:
            if self.ask is None or len(draft.legs) > 1:
                raise
            return (self.ask.game(why.games),)

    def _choice(self, draft: Draft, made: Choice) -> Choice:
        """The choice with its players found; an unclear player is asked about.

        A player who is not in any known box score leaves the choice to wait for one.
        """
        try:
            draft.wager(made.games, made.roster_of)
        except AmbiguousPlayer as why:
            if self.ask is None:
                raise
            meant = self.ask.player(why)
            without = _without(made.roster_of, why.players, meant)
            return self._choice(draft, replace(made, roster_of=without))
        except NoSuchPlayer as why:
            if why.near and all(names_both(made.roster_of(x)) for x in made.games):
                raise
            return Choice((), _waits(why))
        return made

    def _ahead(self, game: Game, state: GameState | None) -> bool:
        off = state is not None and state.phase.off
        return not _is_over(state) and not off and game.start > self.now - _LATE

    def _nothing_fits(self, draft: Draft, why: NoSuchGame, known: Listed) -> str:
        on, college = self._next_slate(known), _college(draft, known)
        hint = f"; the college is written {college!r}" if college else ""
        if not on:
            return f"{why}: none is on in the coming days, nothing was added{hint}"
        return f"{why}, nothing was added{hint}; on {on} (`tracker games` lists all)"

    def _next_slate(self, known: Listed) -> str:
        """The date and the games of the next slate that is known; empty without any."""
        ahead = sorted((x for x, s in known if self._ahead(x, s)), key=lambda x: x.start)
        if not ahead:
            return ""
        day = ahead[0].slate
        today = [x for x in ahead if x.slate == day]
        many = len({x.name for x in today}) < len(today)
        listed = (f"{x.name} {x.league.upper()}" if many else x.name for x in today[:_MOST_LISTED])
        names = ", ".join(listed)
        more = f" and {len(today) - _MOST_LISTED} more" if len(today) > _MOST_LISTED else ""
        return f"{day}: {names}{more}"


def _is_over(state: GameState | None) -> bool:
    return state is not None and state.phase is Phase.FINAL


def _ended(game: Game, state: GameState | None) -> str:
    score = "" if state is None else f" ({score_text(game, state.score)})"
    return f"{game.name} of {game.slate} is over{score}"


def _college(draft: Draft, known: Listed) -> str:
    """How the college is written that has a name of a professional team; empty where none has.

    Only of a leg that no known game fits: the other legs of a parlay are understood.
    """
    for leg in draft.legs:
        leagues = draft.leagues if len(draft.legs) == 1 else leg.leagues
        if leagues & {NCAAM.id, NCAAW.id} or any(draft.leg_fits(leg, x) for x, _ in known):
            continue
        for name in dict.fromkeys(y for x in leg.team for y in (x.city, x.code, *x.aliases)):
            as_written = rf"(?i)\b{re.escape(fold(name))}\b"
            if re.search(as_written, fold(leg.text)) and find_teams(name, (NCAAM.id,)):
                return f"{NCAAM.id.upper()} {name}"
    return ""


def _waits(why: BadBet) -> str:
    return f"waits for the box score that names the players ({why})"


def _without(roster_of: RosterOf, candidates: Sequence[Player], meant: Player) -> RosterOf:
    out = frozenset(candidates) - {meant}
    return lambda game: tuple(x for x in roster_of(game) if x not in out)


async def why_waits(store: Store, bet: BetView, now: datetime, zone: tzinfo) -> str:
    """Why the game of a bet is not known yet; empty where it is known."""
    plain = "not known yet"
    if bet.game is not None:
        return ""
    if bet.result is not None or bet.withdrawn_at is not None or bet.review is not None:
        return plain.removesuffix(" yet")
    draft = await store.by_hand.draft(bet.number)
    try:
        waits = (await Chooser(store, now, zone=zone).choose(draft)).waiting
    except BadBet as why:
        waits = str(why)
    if waits is None:
        waits = "the daemon matches it, once it runs"
    return waits if waits.startswith(plain) else f"{plain}: {waits}"
