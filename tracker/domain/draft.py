"""Bets before their game is known: what a person wrote, and which game it can mean."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.domain.bet import Bet
from tracker.domain.errors import BadBet
from tracker.domain.game import Game, GameState, Phase
from tracker.domain.grammar import Matchup, Pick
from tracker.domain.league import NBA
from tracker.domain.money import Odds
from tracker.domain.prior import NO_LINES, Lines
from tracker.domain.rule import Rule
from tracker.domain.team import fold

_LATE = timedelta(hours=18)
"""A game that should have tipped off longer ago than this is meant only if no other can be."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A bet as written. `matchup` is the game where one was named, in the pick or beside it.

    `game_text` is that game as written. `rules` are the bet's own; None asks for the defaults.
    `from_file` is whether the bets file holds it: such a bet is withdrawn when it is taken out.
    """

    pick: Pick
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

    @property
    def identity(self) -> str:
        """What makes it the same bet when it is read again: its own id, else its content.

        `occasion` tells apart two bets of the same words that were added by hand for two games.
        """
        if self.name is not None:
            return f"id:{self.name}"
        parts = (
            # Not folded: without its dots, -1.5 would be the same as -15.
            " ".join(self.pick.text.casefold().split()),
            fold(self.game_text or ""),
            self.odds.text if self.odds else "",
            str(self.stake_cents or ""),
            fold(self.book or ""),
            self.occasion,
        )
        return "content:" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

    @property
    def leagues(self) -> frozenset[str]:
        """The leagues whose games the bet may be about; the NBA where it names no team."""
        named = [self.pick.team]
        for matchup in (self.matchup, self.pick.matchup):
            named += [] if matchup is None else [matchup.away, matchup.home]
        found = [frozenset(team.league for team in teams) for teams in named if teams]
        return frozenset.intersection(*found) if found else frozenset({NBA.id})

    def fits(self, game: Game) -> bool:
        """Whether the bet may be about this game."""
        return self.pick.fits(game) and (self.matchup is None or self.matchup.fits(game))

    def bet(self, number: int, game: Game, defaults: tuple[Rule, ...], added_at: datetime) -> Bet:
        """The registered bet, once its game is known; BadBet when the game lacks the market."""
        return Bet(
            number=number,
            pick=self.pick.text,
            market=self.pick.market_for(game),
            game=game,
            rules=defaults if self.rules is None else self.rules,
            added_at=added_at,
            odds=self.odds,
            stake_cents=self.stake_cents,
            name=self.name,
            tags=self.tags,
            book=self.book,
            lines=self.lines,
        )


class AmbiguousGame(BadBet):
    """The bet may mean more than one game."""


class NoSuchGame(BadBet):
    """No known game is the one that is meant."""


def choose_game(
    draft: Draft, games: Iterable[tuple[Game, GameState | None]], now: datetime
) -> Game:
    """The game that a draft means: the one in play, else the next to tip off.

    Raises AmbiguousGame with the candidates when two games of one slate fit, and NoSuchGame when
    none does. A game that is over, or off, is meant when the draft names its date, or when it is
    of the present slate and no game to come fits.
    """
    fitting = [(g, s) for g, s in games if draft.fits(g)]
    if draft.matchup is None or draft.matchup.day is None:
        still_open = [(g, s) for g, s in fitting if s is None or _open(s)]
        fitting = still_open or [x for x in fitting if abs(x[0].start - now) <= _LATE]
    if not fitting:
        raise NoSuchGame(f"{draft.pick.text!r}: no game on the slate fits")
    game, _ = min(fitting, key=lambda x: _nearness(x[0], x[1], now))
    same_day = [x for x in fitting if x[0].slate == game.slate]
    if len(same_day) > 1:
        raise AmbiguousGame(
            f"{draft.pick.text!r} may mean any of {_names(same_day)}: "
            "name the game and its date, such as 'LAL@DEN 2026-11-20 over 224.5'"
        )
    return game


def _open(state: GameState) -> bool:
    return state.phase is not Phase.FINAL and not state.phase.off


def _nearness(game: Game, state: GameState | None, now: datetime) -> tuple[int, float, str]:
    away = (game.start - now).total_seconds()
    if away <= -_LATE.total_seconds():
        return 2, -away, game.id
    playing = state is not None and state.phase.in_play
    return (0, abs(away), game.id) if playing else (1, away, game.id)


def _names(games: Iterable[tuple[Game, GameState | None]]) -> str:
    return ", ".join(f"{g.name} {g.slate.isoformat()}" for g, _ in games)
