"""Priors of the players whom bets are about, from their games, from lines and from averages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import is_
from typing import TYPE_CHECKING, Any

from tracker.domain.bet import Bet
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Side
from tracker.domain.market import PlayerMarket, PlayerTotal
from tracker.domain.money import plural
from tracker.domain.player import (
    FEW_GAMES,
    Absences,
    Injury,
    Player,
    PlayerGame,
    Stat,
    enough,
    of_team,
    player_key,
)
from tracker.domain.tracking import GameTracking

if TYPE_CHECKING:
    from tracker.forecast.players import PlayerFigures
    from tracker.forecast.players.lineup import Mate
    from tracker.forecast.players.priors import PlayerPrior, PlayerPriors, PlayerQuote

Team = tuple[str, str]
"""A league and a team's code."""

Who = tuple[str, str]
"""A league and a player's key."""

_LATELY = 5
"""A player who was in one of this many last games of his team is expected in the next one, unless
he is out."""

_KEPT = 256
"""Most priors that are kept: working one out from a line takes as long as some forecasts."""

_Key = tuple[str, Side, str]
"""A game's id, a side and a player's key."""

_Found = tuple["PlayerPrior", str]
"""A prior, and in a few words what it rests on."""

_Asked = tuple[str, datetime, tuple[float, ...]]
"""A game's id, its tip-off, and the league's shipped level."""

_RestsOn = tuple[tuple[PlayerGame, ...], tuple[object, ...], str]
"""The games, quotes and figures that a prior was worked out from."""


class PlayerBeliefs:
    """Priors of players, kept as long as what they rest on stays the same."""

    def __init__(self) -> None:
        """No player is known yet."""
        self.recent: Mapping[Who, tuple[PlayerGame, ...]] = {}
        """The last games of players; `remember` adds to them."""
        self.teams: Mapping[Team, Mapping[str, tuple[PlayerGame, ...]]] = {}
        """The last games of a team's players, by the player's key; `learn` replaces them."""
        self.against: Mapping[Team, tuple[PlayerGame, ...]] = {}
        """What a team's opponents did in its last games; `learn` replaces them."""
        self.absences: Mapping[str, Absences] = {}
        """The players reported out, by league; a league whose list was never read is missing."""
        self._mates: dict[Team, tuple[object, datetime, dict[str, Mate]]] = {}
        self._allowed: dict[_Asked, dict[Side, tuple[float, ...]]] = {}
        self._known: dict[_Key, tuple[_RestsOn, _Found]] = {}
        self._of_game: dict[str, tuple[Game, tuple[Any, ...], PlayerPriors | None]] = {}

    def learn(
        self,
        recent: Mapping[Who, tuple[PlayerGame, ...]],
        teams: Mapping[Team, Mapping[str, tuple[PlayerGame, ...]]],
        absences: Mapping[str, Absences] | None = None,
        against: Mapping[Team, tuple[PlayerGame, ...]] | None = None,
    ) -> None:
        """Take the last games of players, of their teams and of the opponents, and who is out."""
        self.recent, self.teams = recent, teams
        if against is not None and against is not self.against:
            self.against, self._allowed = against, {}
        self.absences = {} if absences is None else absences

    def remember(self, recent: Mapping[Who, tuple[PlayerGame, ...]]) -> None:
        """Take the last games of some players, replacing what was known of them."""
        self.recent = {**self.recent, **recent}

    def lined_up(
        self, state: GameState, bets: Sequence[Bet], named: Sequence[Player] = ()
    ) -> GameState:
        """A state with the players reported out and, before tip-off, those expected to play.

        Players of the bets, and those `named` beside them, are expected unless reported out.
        """
        absences = self.absences.get(state.game.league)
        if absences is None or state.phase.over:
            return state
        asked = *players_in(bets, state.game), *named
        lines = [x for side in Side for x in self._side(state, side, absences, asked)]
        return replace(state, players=tuple(lines))

    def _side(
        self, state: GameState, side: Side, absences: Absences, asked: Sequence[Player]
    ) -> list[PlayerLine]:
        game, code = state.game, state.game.code(side)
        boxed = [x for x in state.players if x.side is side]
        out = absences.out_of(game, code)
        lines = [_without(x, out.pop(player_key(x.name), None)) for x in boxed]
        before = state.phase is Phase.SCHEDULED
        if not boxed and before and absences.tells_of(game):
            expected = self._lately(game, code) | {x.key: x.name for x in asked if x.side is side}
            lines = [_line(name, side) for key, name in expected.items() if key not in out]
        if boxed or before:
            lines += [_without(_line(x.name, side), x) for x in out.values()]
        return lines

    def _lately(self, game: Game, code: str) -> dict[str, str]:
        """The players in a team's last games before this one: names by key."""
        games = self.teams.get((game.league, code), {})
        before = {k: _before(own, game) for k, own in games.items()}
        starts = sorted({x.start for own in before.values() for x in own})[-_LATELY:]
        return {k: own[0].name for k, own in before.items() if any(x.start in starts for x in own)}

    def priors(self, tracking: GameTracking) -> PlayerPriors | None:
        """The priors of the players in a game's tracked bets; None without any."""
        return self.of([x.bet for x in tracking.tracked], tracking.game)

    def of(
        self,
        bets: Sequence[Bet],
        game: Game,
        figures: PlayerFigures | None = None,
        named: Sequence[Player] = (),
    ) -> PlayerPriors | None:
        """The priors of the players whom some bets on a game are about; None without any.

        `figures` replace the shipped ones. `named` are players beside those of the bets.
        """
        rests_on = [*bets, *named], figures, self.recent, self.teams, self.against
        known = self._of_game.get(game.id)
        # Between polls these are the same objects: identity is enough, and fast. Only the game is
        # read anew by each.
        if known is None or known[0] != game or not all(map(_same, known[1], rests_on)):
            if len(self._of_game) >= _KEPT:
                self._of_game = {}
            known = self._of_game[game.id] = game, rests_on, self._of(bets, game, figures, named)
        return known[2]

    def _of(
        self,
        bets: Sequence[Bet],
        game: Game,
        figures: PlayerFigures | None,
        named: Sequence[Player],
    ) -> PlayerPriors | None:
        wanted = {(x.side, x.key): x for x in (*players_in(bets, game), *named)}
        if not wanted:
            return None
        from tracker.forecast.players import load_player_figures
        from tracker.forecast.players.priors import PlayerPriors

        figures = figures or load_player_figures(game.league)
        quotes = quotes_in(game, bets)
        found = {
            who: self._prior(x, game, self._games(x, game), quotes.get(who, ()), figures)
            for who, x in wanted.items()
        }
        known = {who: x for who, x in found.items() if x is not None}
        return PlayerPriors(
            figures,
            {who: prior for who, (prior, _) in known.items()},
            {who: told_by for who, (_, told_by) in known.items()},
            guess=False,
            mates=self._line_up(game),
            allowed=self._opponents(game, figures.level),
        )

    def _line_up(self, game: Game) -> dict[tuple[Side, str], Mate]:
        """Both teams' players with what their absence means to team-mates."""
        return {
            (side, key): mate
            for side in Side
            for key, mate in self._team(game, game.code(side)).items()
        }

    def _opponents(self, game: Game, shipped: tuple[float, ...]) -> dict[Side, tuple[float, ...]]:
        """What each side's opponent allows, by the games before this one.

        Only the games of this game's two teams count, so that other bets, and what is known of
        other teams by then, change nothing.
        """
        asked = game.id, game.start, shipped
        known = self._allowed.get(asked)
        if known is None:
            from tracker.forecast.players.lineup import allowed, level_of

            stretch = game.rules.stretch
            read = {
                side: _before(self.against.get((game.league, game.code(side.other)), ()), game)
                for side in Side
            }
            level = level_of((x for games in read.values() for x in games), shipped, stretch)
            known = {side: allowed(games, level, stretch) for side, games in read.items()}
            self._allowed[asked] = known
        return known

    def _team(self, game: Game, code: str) -> dict[str, Mate]:
        team = game.league, code
        games = self.teams.get(team)
        if games is None:
            return {}
        known = self._mates.get(team)
        if known is None or known[0] is not games or known[1] != game.start:
            from tracker.forecast.players.lineup import mates_of

            before = {k: _before(own, game) for k, own in games.items()}
            known = self._mates[team] = games, game.start, mates_of(before, game.rules.stretch)
        return known[2]

    def knows_player(self, player: Player, game: Game) -> bool:
        """Whether enough earlier games of a player are known."""
        return bool(self._games(player, game))

    def strangers(self, bets: Sequence[Bet], game: Game) -> tuple[Player, ...]:
        """The players of these bets on a game of whom too few earlier games are known."""
        return tuple(x for x in players_in(bets, game) if not self._games(x, game))

    def _games(self, player: Player, game: Game) -> tuple[PlayerGame, ...]:
        kept = self.recent.get((game.league, player.key), ())
        return enough(of_team(_before(kept, game), game.code(player.side)))

    def _prior(
        self,
        player: Player,
        game: Game,
        games: tuple[PlayerGame, ...],
        quotes: tuple[PlayerQuote, ...],
        figures: PlayerFigures,
    ) -> _Found | None:
        if not games:
            # Without games nothing shows whether a line given late is from before tip-off.
            quotes = tuple(x for x in quotes if not x.late)
        if not games and not quotes:
            return None
        who, rests_on = (game.id, player.side, player.key), (games, quotes, figures.checksum)
        known = self._known.get(who)
        if known is None or known[0] != rests_on:
            if len(self._known) >= _KEPT:
                self._known = {}
            known = self._known[who] = rests_on, _worked_out(game, games, quotes, figures)
        return known[1]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are one object, or lists of the same objects."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_, one, other))
    return one is other


def _before(games: Iterable[PlayerGame], game: Game) -> list[PlayerGame]:
    """Those of some games that were played before another."""
    return [x for x in games if x.start < game.start]


def _line(name: str, side: Side) -> PlayerLine:
    return PlayerLine(player_key(name), name, side, ())


def _without(line: PlayerLine, word: Injury | None) -> PlayerLine:
    """A player's line with an injury report; one who starts or plays keeps his box score line."""
    if word is None or line.out or line.played or line.starter or line.on_court:
        return line
    return replace(line, out=True, note=": ".join(x for x in ("out", word.detail) if x))


def players_in(bets: Iterable[Bet], game: Game) -> tuple[Player, ...]:
    """The players whom bets on a game are about, each once."""
    legs = (leg.market for bet in bets for leg in bet.legs if leg.game.id == game.id)
    found = {(x.player.side, x.player.key): x.player for x in legs if isinstance(x, PlayerMarket)}
    return tuple(found.values())


def quotes_in(
    game: Game, bets: Iterable[Bet]
) -> Mapping[tuple[Side, str], tuple[PlayerQuote, ...]]:
    """The lines with odds that bets give on players, by side and key.

    For each statistic the line nearest to even odds counts: one far from even says little of where
    a figure will lie. A line without odds says nothing, as it may be any alternate line. A line
    placed in play is left out: it is about the rest of the game, not about the whole. A line that
    was only added in play may be from before, and counts where there is no other.
    """
    from tracker.forecast.players.priors import PlayerQuote
    from tracker.forecast.priors import line_of

    found: dict[tuple[Side, str], dict[str, PlayerQuote]] = {}
    for bet in bets:
        late = bet.made_at > game.start
        if late and bet.placed_at is not None:
            continue
        for leg in bet.legs:
            market, odds = leg.market, leg.odds
            if not isinstance(market, PlayerTotal) or leg.game.id != game.id or odds is None:
                continue
            stats = found.setdefault((market.player.side, market.player.key), {})
            quote = PlayerQuote(market, float(odds.decimal), late, line_of(bet))
            known = stats.get(market.stat.value)
            if known is None or _rank(quote) < _rank(known):
                stats[market.stat.value] = quote
    return {who: tuple(stats[x] for x in sorted(stats)) for who, stats in found.items()}


def _rank(quote: PlayerQuote) -> tuple[bool, float]:
    return quote.late, abs(quote.odds - 2)


def _told_by(games: tuple[PlayerGame, ...], quotes: tuple[PlayerQuote, ...]) -> str:
    """What a player's prior rests on, in a few words: `12 games and the line of bet #3`."""
    few = "only " if len(games) < FEW_GAMES else ""
    parts = [f"{few}{plural(len(games), 'game')}"] if games else []
    parts += dict.fromkeys(x.whose for x in quotes)
    return " and ".join(parts)


def _worked_out(
    game: Game,
    games: tuple[PlayerGame, ...],
    quotes: tuple[PlayerQuote, ...],
    figures: PlayerFigures,
) -> _Found:
    from tracker.forecast.players.priors import from_before, from_quote, player_prior, with_quote

    minutes = game.rules.regulation_seconds / 60
    if games:
        prior = player_prior(games, figures, regulation=minutes, playoffs=game.playoffs)
        quotes = usable = tuple(x for x in quotes if from_before(prior, x, figures, minutes))
    else:
        # Points say most about a player: start from that line, then move to the others.
        usable = quotes
        first, *rest = sorted(quotes, key=lambda x: Stat.PTS not in x.market.stat.parts)
        prior, quotes = from_quote(first, figures, minutes), tuple(rest)
    for quote in quotes:
        prior = with_quote(prior, quote, figures, minutes)
    return prior, _told_by(games, usable)
