"""Finds the games and players that bets mean.

A `Chooser` does it for one bet: in the database, in the feeds, or by asking. `match` does it for
bets that wait until their games are known; `to_move` and `strayed` find those to match anew.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Protocol

from tracker.domain import BadBet
from tracker.domain.catalog import find_teams, fold
from tracker.domain.catalog.books import house_of
from tracker.domain.draft import (
    AmbiguousGame,
    Draft,
    NoSuchGame,
    OpponentUnknown,
    RostersUnknown,
    UnknownDay,
    choose_as_said,
    with_both_teams,
)
from tracker.domain.game import Game, GameState, Listing, Phase, Side
from tracker.domain.league import LEAGUES, NBA, NCAAM, NCAAW, slate_date
from tracker.domain.market import PlayerMarket
from tracker.domain.player import (
    AmbiguousPlayer,
    NoSuchPlayer,
    Player,
    Roster,
    RosterOf,
    names_both,
    nobody,
)
from tracker.domain.poll import NOT_BEGUN_AFTER
from tracker.domain.tracking import GameTracking
from tracker.wording.figures import score_text

if TYPE_CHECKING:
    from tracker.clock import Clock
    from tracker.feeds.slates import SlateReading
    from tracker.settings.models import FeedsSettings
    from tracker.store import Store
    from tracker.store.views import BetView

BACK = timedelta(days=7)
"""Games further back than this before a bet was made, and before the day that it names, are not
meant."""

RECENT = timedelta(days=3)
"""How long ago a game may have begun for a waiting bet to be matched with it."""

_MEND = ", so mend the bet's words or decide it"
"""What a person can do about a bet that nothing can match any more."""

_MATCHED_LATER = "it is matched once its game is known"
"""What becomes of a registered bet whose game may still be listed."""

_LATE = timedelta(hours=18)
"""How long after its tip-off a game without a known end may still be the one that is meant."""

_MOST_LISTED = 15
"""The most games that an error names."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The game of each leg, or in one sentence why they are not known yet.

    `later` is what becomes of a registered bet meanwhile. `roster_of` gives the players of a game
    among whom a leg's player is found. `over` says in a few words that one of the games has ended.
    `states` are the known states of the games. `meant` are the games of a bet that waits only for
    their players to be known.
    """

    games: tuple[Game, ...]
    why: str | None = None
    roster_of: RosterOf = nobody
    over: str = ""
    states: tuple[GameState, ...] = ()
    later: str = ""
    meant: tuple[Game, ...] = ()

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
    board: tuple[Listing, ...] = ()


ReadGames = Callable[[Callable[[Game], bool] | None, frozenset[str]], Awaitable[GamesRead]]
"""Reads the slates of some leagues into the store, and may stop at the first game that is
enough."""


ANSWER_WITHIN_S = 4.0
"""Seconds that a person waits for the sources; the daemon asks them again later anyway."""


@dataclass(frozen=True, slots=True)
class SlateReader:
    """Reads what is on from the sources into the store, as a person waits for it.

    With `delayed` no game states are kept, because the daemon shows them late.
    """

    store: Store
    settings: FeedsSettings
    clock: Clock
    delayed: bool = False

    async def __call__(
        self,
        enough: Callable[[Game], bool] | None,
        leagues: frozenset[str] | None,
        wait_s: float = ANSWER_WITHIN_S,
    ) -> GamesRead:
        """Read the boards and then the schedules, for at most `wait_s` real seconds.

        `leagues` are those to ask about; None means the NBA and the leagues of known games. The
        schedules are skipped when `enough` is true of a game on a board. When the feed fails or is
        late, the value returned says why.
        """
        from tracker.feeds.feeds import open_feeds
        from tracker.feeds.identity import KEPT

        now = self.clock.now()
        known = [game for game, _ in await self.store.games(since=slate_date(now - KEPT))]
        held = await self.store.held_games()
        asked = leagues or frozenset({NBA.id, *(game.league for game in known)})
        why = f"the feed did not answer within {wait_s:g} s"
        board: tuple[Listing, ...] = ()
        try:
            async with (
                asyncio.timeout(wait_s),
                open_feeds(self.settings, self.clock, deadline_s=wait_s) as opened,
            ):
                slates = opened.slates(lambda: asked, known, lambda: held)
                boards = await self._keep(await slates.read(schedule=False), now)
                board = tuple((x.game, x) for x in boards.states)
                if enough is not None and any(enough(x) for x in boards.games):
                    return GamesRead(True, board=board)
                if not boards.answered:
                    return GamesRead(False, _lower("; ".join(boards.troubles)) or why, board)
                why = "the schedule could not be read in time"
                reading = await self._keep(await slates.read(), now)
                trouble = _lower("; ".join(reading.troubles)) or why
                return GamesRead(reading.from_schedule, trouble, board)
        except TimeoutError:
            return GamesRead(False, why, board)

    async def _keep(self, read: SlateReading, now: datetime) -> SlateReading:
        reading = replace(read, states=()) if self.delayed else read
        states = {state.game.id: state for state in reading.states}
        await self.store.save_games([(x, states.get(x.id)) for x in reading.games], now)
        return reading


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


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
        if draft.leagues and draft.leagues == self._unlisted(draft):
            return _too_far(draft)
        if self.look is None:
            return self._not_listed(draft, known)
        return await self._on_slate(self.look, draft, roster_of)

    async def _known(self, draft: Draft) -> list[Listing]:
        """The stored games that a draft may mean: of seasons that are over, few are read."""
        named = [x for x in draft.matchups if x.day or x.game_id]
        if any(x.day is None for x in named):
            return await self.store.games()
        days = [slate_date(x) for x in (self.now, draft.said_at) if x is not None]
        days += [x.day for x in named if x.day is not None]
        return await self.store.games(since=min(days) - BACK)

    def _among_known(
        self, draft: Draft, known: list[Listing], roster_of: RosterOf
    ) -> Choice | None:
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
            if self._unlisted(draft):
                return _too_far(draft)
            if not found.whole:
                return self._not_listed(draft, known, found.trouble)
            raise BadBet(self._nothing_fits(draft, why, known)) from None

    def _unlisted(self, draft: Draft) -> frozenset[str]:
        """The leagues of a draft whose games of its last date are not listed yet."""
        day, today = draft.last_day, slate_date(self.now)
        return frozenset(
            x for x in draft.leagues if day and (day - today).days > LEAGUES[x].days_ahead
        )

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

    def _found(self, draft: Draft, known: list[Listing], roster_of: RosterOf) -> Choice:
        """The choice among these games. Raises NoSuchGame where the draft means none of them."""
        try:
            games = self._pick(draft, known, roster_of)
        except OpponentUnknown as why:
            return Choice((), str(why), later="it is matched then")
        over = next((_ended(x, s) for x, s in known if x in games and _is_over(s)), "")
        states = tuple(s for x, s in known if x in games and s is not None)
        return self._choice(draft, Choice(games, None, roster_of, over, states))

    def _pick(self, draft: Draft, known: list[Listing], roster_of: RosterOf) -> tuple[Game, ...]:
        try:
            return choose_as_said(draft, known, self.now, roster_of, self.zone)
        except AmbiguousGame as why:
            if self.ask is None or len(draft.legs) > 1:
                raise
            return (with_both_teams(self.ask.game(why.games)),)

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
            return Choice((), _waits(why), over=made.over, meant=made.games)
        return made

    def _not_listed(self, draft: Draft, known: list[Listing], trouble: str = "") -> Choice:
        """The choice where the game may be listed later; `trouble` says what could not be read."""
        on = self._next_slate(draft, known)
        words = "; ".join(x for x in (trouble, on and f"known are on {on}") if x)
        return Choice((), f"not known yet{words and f' ({words})'}", later=_MATCHED_LATER)

    def _ahead(self, game: Game, state: GameState | None) -> bool:
        off = state is not None and state.phase.off
        return not _is_over(state) and not off and game.start > self.now - _LATE

    def _nothing_fits(self, draft: Draft, why: NoSuchGame, known: list[Listing]) -> str:
        on, college = self._next_slate(draft, known), _college(draft, known)
        hint = f"; the college is written {college!r}" if college else self._later(draft)
        if not on:
            return f"{why}: none is on in the coming days, nothing was added{hint}"
        return f"{why}, nothing was added{hint}; on {on} (`tracker games` lists all)"

    def _later(self, draft: Draft) -> str:
        """How to write a later game, of leagues whose games are listed for few days ahead."""
        ahead = min(LEAGUES[x].days_ahead for x in draft.leagues)
        if draft.dated or ahead == NBA.days_ahead:
            return ""
        last = slate_date(self.now) + timedelta(days=ahead)
        return f"; games are listed until {last}: write the date of a later one"

    def _next_slate(self, draft: Draft, known: list[Listing]) -> str:
        """The next date with known games, best of the draft's leagues; empty without any."""
        ahead = sorted((x for x, s in known if self._ahead(x, s)), key=lambda x: x.start)
        ahead = [x for x in ahead if x.league in draft.leagues] or ahead
        if not ahead:
            return ""
        day = ahead[0].slate
        today = [x for x in ahead if x.slate == day]
        many = len({x.name for x in today}) < len(today)
        listed = (f"{x.name} {x.league.upper()}" if many else x.name for x in today[:_MOST_LISTED])
        more = f" and {len(today) - _MOST_LISTED} more" if len(today) > _MOST_LISTED else ""
        return f"{day}: {', '.join(listed)}{more}"


def _is_over(state: GameState | None) -> bool:
    return state is not None and state.phase is Phase.FINAL


def _ended(game: Game, state: GameState | None) -> str:
    score = "" if state is None else f" ({score_text(game, state.score)})"
    return f"{game.name} of {game.slate} is over{score}"


def _college(draft: Draft, known: list[Listing]) -> str:
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


def _too_far(draft: Draft) -> Choice:
    later = "it is matched once the schedule nears it"
    return Choice((), f"{draft.last_day} is too far away", later=later)


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


@dataclass(frozen=True, slots=True)
class Matches:
    """What matching found.

    `matched` are the numbers of matched bets with the game of each leg. `mistakes` are sentences,
    each on a bet that cannot be matched. `without_roster` are the games whose players must be known
    before some bet can be matched. `hopeless` says of each bet that nothing can match any more why
    a person must decide it; these are among the mistakes too.
    """

    matched: tuple[tuple[int, tuple[Game, ...]], ...]
    mistakes: tuple[str, ...]
    without_roster: tuple[Game, ...]
    hopeless: Mapping[int, str]


def to_move(
    trackings: Sequence[GameTracking], games: Sequence[Game], drafts: Mapping[int, Draft]
) -> tuple[int, ...]:
    """The bets that should move to another meeting to which the source has given their game's id.

    Such a bet names neither opponent nor date, only a team. The other meeting has the same id with
    a suffix. It must be on the same date, or begin within the time that the bet's book waits for a
    postponed game.
    """
    found: list[int] = []
    for tracking in trackings:
        game = tracking.game
        new = [x for x in games if x.id.startswith(f"{game.id}-")]
        for tracked in tracking.tracked:
            draft = drafts[tracked.bet.number]
            alone = len(tracked.bet.games) == 1 and tracked.settlement is None
            wait = timedelta(hours=house_of(tracked.bet.book).postponed_hours)
            goes_on = any(
                draft.fits(x) and (x.slate == game.slate or x.start - game.start <= wait)
                for x in new
            )
            if alone and goes_on and not draft.matchups:
                found.append(tracked.bet.number)
    return tuple(found)


def strayed(
    trackings: Sequence[GameTracking], roster_of: Callable[[Game], Sequence[Player]], now: datetime
) -> tuple[int, ...]:
    """The single bets on a player who, by later box scores, now plays for another team.

    Only bets on games that have not begun count: once a game has, its own box score says who plays.
    """
    found: list[int] = []
    for tracking in (x for x in trackings if now < x.game.start):
        known = {(x.side, x.key) for x in roster_of(tracking.game)}
        sides = {side for side, _ in known}
        for tracked in tracking.tracked:
            market = tracked.bet.market
            player = market.player if isinstance(market, PlayerMarket) else None
            if player is None or player.side not in sides or tracked.settlement is not None:
                continue
            if (player.side, player.key) not in known:
                found.append(tracked.bet.number)
    return tuple(found)


def _of_bet(number: int, draft: Draft) -> str:
    """The beginning of a sentence about a mistake in a bet."""
    return f"#{draft.name or number}: "


def match(
    unbound: Sequence[tuple[int, Draft]],
    games: Sequence[Listing],
    roster_of: RosterOf,
    now: datetime,
    zone: tzinfo | None = None,
    complete: Collection[str] = (),
) -> Matches:
    """Match each bet that can be matched with all of its games.

    `zone` is the person's, for the dates that they write. `complete` are the ids of the games whose
    final box score has named the players.
    """
    matched: list[tuple[int, tuple[Game, ...]]] = []
    mistakes: list[str] = []
    without_roster: dict[str, Game] = {}
    hopeless: dict[int, str] = {}
    for number, draft in unbound:
        try:
            chosen = choose_as_said(draft, games, now, roster_of, zone)
        except NoSuchGame as why:
            if gone := _no_day(draft, why, now):
                hopeless[number] = gone
            elif isinstance(why, RostersUnknown):
                perhaps = (x for x, _ in games if _may_be_on(draft, x, now))
                without_roster |= {x.id: x for x in perhaps if not names_both(roster_of(x))}
            if why.near and number not in hopeless:
                # The words must not depend on which players are known: a mistake is reported once.
                who = f"nobody of that name is known to play (did you mean {why.near}?)"
                mistakes.append(f"{_of_bet(number, draft)}{draft.pick.text!r}: {who}")
            continue
        except BadBet as why:
            hopeless |= _asked_in_vain(number, why, now)
            mistakes.append(f"{_of_bet(number, draft)}{why}")
            continue
        problem = _misfit(draft, chosen, roster_of)
        if problem is None:
            matched.append((number, chosen))
            continue
        if past := _first_past(problem, draft, chosen, games, complete, now):
            hopeless[number] = f"{problem}; {past}{_MEND}"
            continue
        wanted = _boxes_for(problem, chosen, roster_of)
        without_roster |= {x.id: x for x in wanted}
        # The players of both are known, and no final box score is about to name others.
        if all(names_both(roster_of(x)) and now - x.start < NOT_BEGUN_AFTER for x in wanted):
            mistakes.append(f"{_of_bet(number, draft)}{problem}")
    drafts = dict(unbound)
    mistakes += [f"{_of_bet(x, drafts[x])}{why}" for x, why in hopeless.items()]
    return Matches(tuple(matched), tuple(mistakes), tuple(without_roster.values()), hopeless)


def _may_be_on(draft: Draft, game: Game, now: datetime) -> bool:
    """Whether one of the draft's players may play in a game that has not been over for long.

    Of older games, only those that another leg names.
    """
    if game.league not in draft.leagues:
        return False
    named = (x for x in draft.legs if x.names_a_game)
    return now - game.start < _LATE or any(draft.leg_fits(x, game) for x in named)


def _misfit(draft: Draft, chosen: tuple[Game, ...], roster_of: RosterOf) -> BadBet | None:
    """Why the bet cannot be one on the games that were chosen; None where it is."""
    try:
        draft.wager(chosen, roster_of)
    except BadBet as why:
        return why
    return None


def _boxes_for(problem: BadBet, chosen: Collection[Game], roster_of: RosterOf) -> list[Game]:
    """The games whose box scores may name a player who is not found; none for another problem."""
    if not isinstance(problem, NoSuchPlayer):
        return []
    return [x for x in chosen if x == problem.game or not names_both(roster_of(x))]


def _first_past(
    problem: BadBet,
    draft: Draft,
    chosen: tuple[Game, ...],
    games: Iterable[Listing],
    complete: Collection[str],
    now: datetime,
) -> str:
    """The first game of which nothing that is read will mend the problem, and what it is.

    Where a player is not found, that is his game; its box score may be asked for only once the bet
    has been added.
    """
    of = (problem.game,) if isinstance(problem, NoSuchPlayer | AmbiguousPlayer) else chosen
    for game, state in (x for x in games if x[0] in of):
        phase = None if state is None else state.phase
        if phase is not None and phase.off:
            return f"{game.name} is {phase.value}"
        read = game.id in complete and not (phase is not None and phase.in_play)
        asked = draft.said_at if isinstance(problem, NoSuchPlayer) else None
        since = game.start if asked is None else max(game.start, asked)
        if read or now - since >= NOT_BEGUN_AFTER:
            return f"{game.name} is over"
    return ""


def _asked_in_vain(number: int, why: BadBet, now: datetime) -> dict[int, str]:
    """Why a bet is left to a person: it may be on several games, and all of them are over."""
    may_be = why.games if isinstance(why, AmbiguousGame) else ()
    over = may_be and all(now - x.start >= NOT_BEGUN_AFTER for x in may_be)
    return {number: f"{why}{_MEND}"} if over else {}


def _no_day(draft: Draft, why: NoSuchGame, now: datetime) -> str:
    """Why no slate will bring the bet's game any more; empty while one may."""
    if isinstance(why, UnknownDay):
        return f"{why}, or decide it"  # it says already how to mend the words
    late = draft.last_day is not None and draft.last_day < slate_date(now - RECENT)
    return f"{draft.pick.text!r}: no game of its date was found{_MEND}" if late else ""
