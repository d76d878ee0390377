"""Drafts: bets whose games are not known yet, and the choice of the game that each leg means."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta, tzinfo

from tracker.domain import BadBet, Lazy
from tracker.domain.bet import Bet, Leg, Parlay, Wager, excluding, legs_of
from tracker.domain.catalog import as_typed, fold
from tracker.domain.catalog.books import house_of
from tracker.domain.game import Game, GameState, Listing
from tracker.domain.league import LEAGUE_ZONE, LEAGUES, NBA, WNBA, coming_evening, slate_date
from tracker.domain.market import (
    Market,
    PlayerMarket,
    Span,
    Spread,
    TeamTotal,
    Total,
    largest_spread,
    offered,
)
from tracker.domain.money import Odds
from tracker.domain.pick import Matchup, ParlayPick, Pick, Written
from tracker.domain.player import Roster, RosterOf, names_both, near_players, nobody, players_meant
from tracker.domain.policy import Rule
from tracker.domain.prior import NO_LINES, Lines

_OVER_AFTER = timedelta(hours=5)
"""A game that was due to tip off longer ago is over, whatever state is believed: the longest games
last less than four hours, and a tip-off is at most one hour late."""

_SHORTEST_GAME = timedelta(minutes=90)
"""A game that began less long ago is not over: two hours are usual, also for colleges."""

_LONG_GAME = timedelta(hours=3)
"""A game that began longer ago is over, but for one of several overtimes or a long interruption."""

_AT_ONCE = timedelta(minutes=5)
"""A bet that was made less long ago is matched with the games as they were then."""

_LONG_ID = 10


@dataclass(frozen=True)
class Draft:
    """A bet as written: one pick, or a parlay of several.

    `matchup` is the game that the person named, in the pick or beside it; it holds for every leg.
    `game_text` is that game as written. `rules` are the bet's own; None asks for the defaults.
    `from_file` is whether the bet comes from the bets file: it is withdrawn when its entry is
    removed. `occasion` tells apart bets of the same words (see `identity`). `placed_at` is when the
    bet was placed, None where the person does not say; `said_at` when it was added, None while it
    is being added or once it was on a game. The stake of a `free` bet is the book's: it
    does not come back, and is not lost.
    """

    pick: Written
    matchup: Matchup | None = None
    game_text: str | None = None
    odds: Odds | None = None
    stake_cents: int | None = None
    name: str | None = None
    rules: tuple[Rule, ...] | None = None
    tags: tuple[str, ...] = ()
    book: str | None = None
    lines: Lines = NO_LINES
    from_file: bool = False
    occasion: str = ""
    placed_at: datetime | None = None
    free: bool = False
    said_at: datetime | None = field(default=None, compare=False)

    @property
    def legs(self) -> tuple[Pick, ...]:
        """The picks of a parlay in the order of the slip; the one pick of any other bet."""
        return self.pick.legs

    @Lazy
    def identity(self) -> str:
        """The key that recognises the bet when it is read again: its own id, else its content.

        `occasion` tells apart two bets of the same words that were added by hand for two games.
        `placed_at` tells apart two bets of the same words that were placed one after the other.
        """
        if self.name is not None:
            return f"id:{self.name}"
        parts = (
            # Not folded: `fold` drops dots, and -1.5 would become the same as -15.
            " ".join(self.pick.text.casefold().split()),
            fold(self.game_text or ""),
            self.odds.text if self.odds else "",
            str(self.stake_cents or ""),
            fold(self.book or ""),
            self.occasion,
            *(() if self.placed_at is None else (self.placed_at.astimezone(UTC).isoformat(),)),
        )
        return "content:" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

    @property
    def matchups(self) -> tuple[Matchup, ...]:
        """The games that the person named, beside the pick or in its legs."""
        named = (self.matchup, *(leg.matchup for leg in self.legs))
        return tuple(x for x in named if x is not None)

    @property
    def last_day(self) -> date | None:
        """The last date that the words name; None where they name none."""
        return max((x.day for x in self.matchups if x.day is not None), default=None)

    @property
    def dated(self) -> bool:
        """Whether the words name a day, or a game by its id."""
        return any(x.day or x.game_id for x in self.matchups)

    @property
    def leagues(self) -> frozenset[str]:
        """The leagues whose games the bet may be about."""
        if self.matchup is None or not self.matchup.names_a_team:
            number = self.matchup.game_id if self.matchup is not None else None
            if number is None or any(leg.names_a_game for leg in self.legs):
                return self.pick.leagues
            # The leagues' own ids have ten digits; ESPN's do not say the league.
            own = {"00": NBA.id, "10": WNBA.id}.get(number[:2]) if len(number) >= _LONG_ID else None
            return frozenset(LEAGUES if own is None else (own,))
        sides = [x for x in (self.matchup.away, self.matchup.home) if x]
        beside = frozenset.intersection(*(frozenset(t.league for t in teams) for teams in sides))
        said = [leg.leagues for leg in self.legs if leg.names_a_game]
        return beside & frozenset.union(*said) if said else beside

    @property
    def kind(self) -> str:
        """The wager's name in the JSON contracts, as far as the words alone tell it."""
        return self.legs[0].kind if len(self.legs) == 1 else "parlay"

    def fits(self, game: Game, roster: Roster = ()) -> bool:
        """Whether the bet, or any leg of a parlay, may be about this game."""
        return any(self.leg_fits(leg, game, roster) for leg in self.legs)

    def leg_fits(self, leg: Pick, game: Game, roster: Roster = ()) -> bool:
        """Whether one leg may be about this game, whose players are `roster`."""
        if self.matchup is None:
            return leg.fits(game, roster)
        if not self.matchup.fits(game):
            return False
        # The person named the game, so the player may be missing from its roster.
        beside = leg.player is not None and self.matchup.names_a_game and not leg.names_a_game
        return beside or leg.fits(game, roster)

    def wager(self, games: Sequence[Game], roster_of: RosterOf = nobody) -> Wager:
        """The market or parlay that the draft means, given the game of each leg in order.

        Raises BadBet when a game does not have the market of its leg, and its subclasses
        NoSuchPlayer and AmbiguousPlayer when a player is not found.
        """
        house = house_of(self.book)
        legs = tuple(
            Leg(game, house.read(leg.market_for(game, roster_of(game))), leg.odds)
            for leg, game in zip(self.legs, games, strict=True)
        )
        for pick, leg in zip(self.legs, legs, strict=True):
            _check_offered(pick, leg)
        if len(legs) == 1:
            return legs[0].market
        if excluded := excluding(legs):
            named = " and ".join(f"{i + 1} ({self.legs[i].text})" for i in excluded)
            raise BadBet(f"{self.pick.text!r}: legs {named} exclude each other: it can never win")
        try:
            return Parlay(legs)
        except ValueError as why:
            raise BadBet(f"{self.pick.text!r}: {why}") from None

    def check_game(self) -> None:
        """Raise BadBet when the named game is not one of a team, or another than a leg names."""
        if self.matchup is None or not (self.matchup.away and self.matchup.home):
            return
        beside = self.game_text or "the game that is named"
        playing = {(x.league, x.code) for x in (*self.matchup.away, *self.matchup.home)}
        for leg in self.legs:
            own = () if leg.matchup is None else (leg.matchup.away, leg.matchup.home)
            if any(x and not {(y.league, y.code) for y in x} & playing for x in own):
                raise BadBet(f"{leg.text!r} names another game than {beside}")
            if leg.team and not any((x.league, x.code) in playing for x in leg.team):
                names = " or ".join(sorted({x.full_name for x in leg.team}))
                raise BadBet(f"{leg.text!r}: {names} does not play in {beside}")

    def means(self, wager: Wager, games: Sequence[Game]) -> bool:
        """Whether the draft's words mean this wager; `games` are the games of its legs in order."""
        roster_of = roster_in(legs_of(wager, games[0]))
        if len(self.legs) != len(games) or not all(
            self.leg_fits(leg, game, roster_of(game))
            for leg, game in zip(self.legs, games, strict=True)
        ):
            return False
        try:
            return _markets(self.wager(games, roster_of)) == _markets(wager)
        except BadBet:
            return False

    def bet(
        self, number: int, wager: Wager, game: Game, rules: tuple[Rule, ...], added_at: datetime
    ) -> Bet:
        """The bet on a wager that the draft means; `game` is the first of its games to tip off."""
        return Bet(
            number=number,
            pick=self.pick.text,
            market=wager,
            game=game,
            rules=rules,
            added_at=added_at,
            odds=self.odds,
            stake_cents=self.stake_cents,
            name=self.name,
            tags=self.tags,
            book=self.book,
            lines=self.lines,
            placed_at=self.placed_at,
            free=self.free,
        )


_CLOCK = re.compile(r"\d{1,2}:\d{2}")


def parse_placed_at(text: str, now: datetime | None = None) -> datetime:
    """Read the time of placing, such as `2026-11-20T19:05:00-05:00`.

    `now` is the time on the person's own clock: `18:30` is the last such time on it, and
    `2026-11-20 19:05` is in its zone. Without it, as in a file that is read on any day, the text
    needs a date and a zone. Raises BadBet for other text.
    """
    plain = text.strip()
    only_clock = now is not None and _CLOCK.fullmatch(plain) is not None
    try:
        found = datetime.fromisoformat(f"{now:%Y-%m-%d} {plain.zfill(5)}" if only_clock else plain)
    except ValueError:
        found = None
    # A moment of the first or the last year that there is may have no time in UTC.
    edge = found is not None and found.year in (MINYEAR, MAXYEAR)
    if found is None or edge or ":" not in plain or (found.tzinfo is None and now is None):
        short = "" if now is None else "18:30, '2026-11-20 19:05' or "
        zoned = " with its zone" if now is None else ""
        raise BadBet(
            f"{text!r} is not a time{zoned}: write one such as {short}2026-11-20T19:05:00-05:00"
        )
    if now is None or found.tzinfo is not None:
        return found
    found = found.replace(tzinfo=now.tzinfo)
    if not only_clock:
        return found
    # The hour of the change back comes twice: the later of the two is tried first.
    days = (found, found - timedelta(days=1))
    times = (x.replace(fold=fold) for x in days for fold in (1, 0))
    return next(x for x in times if x.astimezone(UTC) <= now)


def _check_offered(pick: Pick, leg: Leg) -> None:
    """Refuse a line that no book offers: one for both teams' points, for a part, or misspelt."""
    market, game = leg.market, leg.game
    if isinstance(market, Spread) and abs(market.points) > largest_spread(game.rules):
        raise BadBet(
            f"{pick.text!r}: no book offers a line of {market.points:+g}: is a decimal point "
            f"missing, as in {market.points / 10:+g}?"
        )
    if not isinstance(market, Total | TeamTotal):
        return
    of_one = isinstance(market, TeamTotal)
    least, most = offered(market.span, game.rules, teams=1 if of_one else 2)
    if least <= market.points <= most:
        return
    part = "" if market.span is Span.GAME else f"{market.span.value} "
    name = as_typed(game.league, game.away, game.home)
    whose = "one team" if of_one else "both teams"
    why = f"{pick.text!r}: {market.points:g} points are too {{}} for {whose}"
    if market.points > most and of_one:
        line = f"{part}{name} {market.direction.value} {market.points:g}"
        raise BadBet(f"{why.format('many')}: for both teams' points write {line!r}")
    much = "many" if market.points > most else "few"
    in_part = f" in {market.span.value}" if part else " in a game"
    raise BadBet(f"{why.format(much)}{in_part}: is it on a part of it, or on something else?")


def roster_in(legs: Sequence[Leg]) -> RosterOf:
    """Gives the players of a game whom the legs of a bet are about."""

    def roster_of(game: Game) -> Roster:
        mine = [x.market for x in legs if x.game.id == game.id]
        found = {x.player.key: x.player for x in mine if isinstance(x, PlayerMarket)}
        return tuple(found.values())

    return roster_of


def _markets(wager: Wager) -> tuple[Market, ...]:
    """The markets of a wager without the legs' prices."""
    return tuple(x.market for x in wager.legs) if isinstance(wager, Parlay) else (wager,)


class AmbiguousGame(BadBet):
    """The bet may mean any of several games, which `games` holds."""

    def __init__(self, message: str, games: tuple[Game, ...]) -> None:
        super().__init__(message)
        self.games = games


class NoSuchGame(BadBet):
    """No known game is one that the bet may mean.

    `near` are the players who come close to the one that is named, joined by `or`.
    """

    def __init__(self, message: str, near: str = "") -> None:
        super().__init__(message)
        self.near = near


class RostersUnknown(NoSuchGame):
    """The bet names only a player, and the players of some games are not known yet."""


class OpponentUnknown(NoSuchGame):
    """A game of a bracket is meant whose other team is not known yet."""


def with_both_teams(game: Game) -> Game:
    """The game itself; raises OpponentUnknown where it lacks a team."""
    if game.undecided:
        raise OpponentUnknown(f"the opponent in {game.name} of {game.slate} is not known yet")
    return game


class UnknownDay(NoSuchGame):
    """The bet was made on an earlier day, and which day's game it means is not known."""


def superseded(games: Iterable[Game]) -> frozenset[str]:
    """The ids of games whose id the source has since given to another meeting.

    The other meeting goes by the same id with `-` and a suffix.
    """
    ids = {x.id for x in games}
    return frozenset(x.partition("-")[0] for x in ids if "-" in x) & ids


def choose_games(
    draft: Draft,
    games: Iterable[Listing],
    now: datetime,
    roster_of: RosterOf = nobody,
    zone: tzinfo | None = None,
) -> tuple[Game, ...]:
    """Choose the game of each leg of a draft: one in play, else the next to tip off.

    A date is tried as the league's own date, then as the calendar date in the league's zone, then
    as the calendar date in the person's `zone`. A game whose teams are written the other way round
    is taken only when no other game fits.

    A leg that names no game takes the game of the leg before it. A leg that names only a player is
    first looked for in the games of the legs before it. A game that is over or off is chosen only
    when the draft names its date, or when it is on today's slate and no coming game fits.

    Raises AmbiguousGame with the candidates when two games of one slate fit, OpponentUnknown when
    the one that does lacks a team, and NoSuchGame when no game does.
    """
    listed = tuple(games)
    gone = superseded(game for game, _ in listed)
    search = _Search(draft, tuple(x for x in listed if x[0].id not in gone), now, roster_of, zone)
    if isinstance(draft.pick, ParlayPick) and draft.pick.same_game:
        return (search.game_of(draft.legs),) * len(draft.legs)
    found: list[Game] = []
    for leg in draft.legs:
        before = _of_legs_before(leg, found, roster_of)
        found.append(before or search.game_of((leg,)))
    return tuple(found)


def choose_as_said(
    draft: Draft,
    games: Iterable[Listing],
    now: datetime,
    roster_of: RosterOf = nobody,
    zone: tzinfo | None = None,
) -> tuple[Game, ...]:
    """Choose the games of a draft as `choose_games` would have when the bet was made.

    Which of two games is meant does not depend on which is over by now, as far as that can be told:
    a game that was on for less than _SHORTEST_GAME was in play. Raises UnknownDay where a
    bet of an earlier day would be on a game of a later one, unless that day's games are known and
    its words fit none of them; and where the game before it may have been in play or over.
    """
    listed, said = tuple(games), draft.said_at
    if said is None or draft.dated:
        return choose_games(draft, listed, now, roster_of, zone)
    day = coming_evening(said)
    same_day = day >= slate_date(now)

    def known_then(game: Game, state: GameState | None) -> bool:
        if state is not None and state.phase.off:
            return same_day or game.start <= said
        return game.start <= said - _SHORTEST_GAME

    as_then = [(game, state if known_then(game, state) else None) for game, state in listed]
    chosen = choose_games(draft, as_then, said, roster_of, zone)
    perhaps = [
        game
        for game, state in as_then
        if state is not None and not state.phase.off and _perhaps_on(game, said, now)
    ]
    for leg, game in zip(draft.legs, chosen, strict=True):
        on = next((x for x in perhaps if x != game and draft.leg_fits(leg, x, roster_of(x))), None)
        if on is not None and game.start > said:
            raise UnknownDay(
                f"{draft.pick.text!r}: whether {on.name} of {on.slate} was over when it was made "
                f"is not known: name its date, such as '{_dated(on)}'"
            )
    if same_day:
        return chosen
    of_that_day = [game for game, _ in listed if game.slate == day]
    for leg, game in zip(draft.legs, chosen, strict=True):
        known = any(x.league == game.league for x in of_that_day)
        fits = any(draft.leg_fits(leg, x, roster_of(x)) for x in of_that_day)
        if game.slate != day and (fits or not known):
            raise UnknownDay(
                f"{draft.pick.text!r}: it was made on {day}, and whether it means {game.name} of "
                f"{game.slate} is not known: name its date, such as '{_dated(game)}'"
            )
    return chosen


def _perhaps_on(game: Game, said: datetime, now: datetime) -> bool:
    """Whether a game may have been in play when a bet was made, by the time since its tip-off."""
    return said < now - _AT_ONCE and _SHORTEST_GAME <= said - game.start < _LONG_GAME


def _of_legs_before(leg: Pick, games: list[Game], roster_of: RosterOf) -> Game | None:
    """The game that a leg shares with the legs before it; None when its own words name a game."""
    if leg.names_a_game or not games:
        return None
    if leg.player is None:
        return games[-1] if leg.fits(games[-1]) else None
    return next((x for x in reversed(games) if leg.fits(x, roster_of(x))), None)


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for the games that a draft's legs mean, among the games on the slate."""

    draft: Draft
    games: tuple[Listing, ...]
    now: datetime
    roster_of: RosterOf
    zone: tzinfo | None

    def game_of(self, legs: tuple[Pick, ...]) -> Game:
        """The one game that all of these legs mean. Raises AmbiguousGame or NoSuchGame."""
        fitting = self._fitting(legs)
        text = legs[0].text if len(legs) == 1 else self.draft.pick.text
        if not fitting:
            if self.draft.matchup is None or not self.draft.matchup.names_a_game:
                _raise_for_player(legs, self.games, self.now, self.roster_of)
            raise NoSuchGame(f"{text!r}: no game on the slate fits")
        nearest, _ = min(fitting, key=lambda x: _nearness(x[0], x[1], self.now))
        same_day = tuple(g for g, _ in fitting if g.slate == nearest.slate)
        whole = {x.league for x in same_day if not x.undecided}
        same_day = tuple(x for x in same_day if not x.undecided or x.league not in whole)
        if len(same_day) > 1:
            same_day = tuple(x for x in same_day if self._has_players(legs, x)) or same_day
        if len(same_day) > 1:
            raise AmbiguousGame(
                f"{text!r} may mean any of {_candidates(legs, same_day, self.roster_of)}: "
                f"name {_what_to_add(same_day)}",
                same_day,
            )
        return with_both_teams(same_day[0])

    def _has_players(self, legs: tuple[Pick, ...], game: Game) -> bool:
        """Whether the legs name players, and all of them are known to play in the game."""
        names = [x.player for x in legs if x.player is not None]
        roster = self.roster_of(game)
        return bool(names) and all(players_meant(x, game, roster) for x in names)

    def _fitting(self, legs: tuple[Pick, ...]) -> list[Listing]:
        """The games that fit by the first view that any game fits by."""
        named = (self.draft.matchup, *(leg.matchup for leg in legs))
        dated = any(x is not None and (x.day or x.game_id) for x in named)
        for view in self._views(dated=dated):
            found = [x for x in self.games if self._all_fit(legs, x[0], view)]
            meant = found if dated else [x for x in found if _ahead(*x, self.now)]
            if meant:
                return meant
        today = slate_date(self.now)
        return [x for x in self.games if x[0].slate == today and self._all_fit(legs, x[0], _plain)]

    def _views(self, *, dated: bool) -> tuple[_View, ...]:
        """The ways in which a person may write a game, the usual ones first."""
        zones = (LEAGUE_ZONE, self.zone) if dated else ()
        by_date = (_plain, *(_dated_in(x) for x in zones if x is not None))
        return (*by_date, *(_turned(x) for x in by_date))

    def _all_fit(self, legs: tuple[Pick, ...], game: Game, view: _View) -> bool:
        roster, seen = self.roster_of(game), view(game)
        if all(self.draft.leg_fits(leg, seen, roster) for leg in legs):
            return True
        if len(legs) == 1 or names_both(roster) or not any(leg.names_a_game for leg in legs):
            return False
        # Not all of its players are known yet: another leg of the same-game parlay names the game.
        return all(
            self.draft.leg_fits(leg, seen) or (leg.player is not None and not leg.names_a_game)
            for leg in legs
        )


_View = Callable[[Game], Game]
"""Turns a game into the form in which a person may write it: another date, the teams swapped."""


def _plain(game: Game) -> Game:
    return game


def _dated_in(zone: tzinfo) -> _View:
    return lambda game: replace(game, day=game.start.astimezone(zone).date())


def _turned(view: _View) -> _View:
    return lambda game: replace(view(game), home=game.away, away=game.home)


def _what_to_add(games: tuple[Game, ...]) -> str:
    """Say what the person must add to tell games of one slate apart."""
    leagues = list(dict.fromkeys(x.league for x in games))
    alike = len({x.name for x in games}) < len(games) or any(x.undecided for x in games)
    if len(leagues) > 1 and alike:
        return f"the league as well, such as {leagues[0].upper()} or {leagues[-1].upper()}"
    return f"the game and its date, such as '{_dated(games[0])}'"


def _dated(game: Game) -> str:
    """A game with its date, as a person types it."""
    return f"{as_typed(game.league, game.away, game.home)} {game.slate.isoformat()}"


def _raise_for_player(
    legs: tuple[Pick, ...], games: Sequence[Listing], now: datetime, roster_of: RosterOf
) -> None:
    """Raise a better error for a leg that names only a player, where there is one.

    Raises BadBet for a player of another game, RostersUnknown when the players of some coming game
    are not known, and NoSuchGame with a suggestion when a player's name comes close.
    """
    lone = next((x for x in legs if x.player is not None and not x.names_a_game), None)
    if lone is None or lone.player is None:
        return
    ahead = [g for g, s in games if _ahead(g, s, now)]
    rosters = [roster_of(game) for game in ahead]
    plays = [g for g, x in zip(ahead, rosters, strict=True) if players_meant(lone.player, g, x)]
    named = [g for g in ahead if all(x.fits(g) for x in legs if x.names_a_game)]
    if plays and named and all(names_both(roster_of(g)) for g in named):
        apart = f"on {plays[0].name}, another leg on {named[0].name}"
        raise BadBet(f"{lone.text!r} is {apart}: the legs of a same-game parlay are on one game")
    today = slate_date(now)
    tonight = [x for g, s in games if _ahead(g, s, now) or g.slate == today for x in roster_of(g)]
    near = "" if plays else near_players(lone.player, tonight)
    meant = f" (did you mean {near}?)" if near else ""
    if not rosters or not all(map(names_both, rosters)):
        raise RostersUnknown(
            f"{lone.text!r}: it is not known yet who plays in which game{meant}; "
            "name the team or the game before the player to be sure",
            near,
        )
    if near:
        raise NoSuchGame(f"{lone.text!r}: nobody of that name plays{meant}", near)


def _ahead(game: Game, state: GameState | None, now: datetime) -> bool:
    """Whether a game is still to come or may still be in play."""
    over = state is not None and state.phase.over
    return not over and now - game.start < _OVER_AFTER


def _nearness(game: Game, state: GameState | None, now: datetime) -> tuple[int, float, str]:
    """The sort key of games that fit: games in play first, then games to come, then past games."""
    away = (game.start - now).total_seconds()
    if away <= -_OVER_AFTER.total_seconds():
        return 2, -away, game.id
    playing = state is not None and state.phase.in_play
    return (0, abs(away), game.id) if playing else (1, away, game.id)


def _candidates(legs: tuple[Pick, ...], games: tuple[Game, ...], roster_of: RosterOf) -> str:
    """List the games, each with the player that the leg means in it where it names one."""
    names = [x.player for x in legs if x.player is not None]

    def who(game: Game) -> str:
        found = [y.name for x in names for y in players_meant(x, game, roster_of(game))]
        return f"{' or '.join(found)} in " if found else ""

    many = len({x.league for x in games}) > 1
    where = {x.league: f" {x.league.upper()}" if many else "" for x in games}
    return ", ".join(f"{who(g)}{g.name} {g.slate.isoformat()}{where[g.league]}" for g in games)
