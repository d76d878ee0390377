"""What was believed of a game before its tip-off, as the daemon would say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from tracker.cli.screen import note
from tracker.domain.bet import Bet
from tracker.domain.parlay import Parlay

if TYPE_CHECKING:
    from datetime import datetime

    from tracker.cli.scope import Scope
    from tracker.cli.session import Session
    from tracker.daemon.player_priors import PlayerBeliefs
    from tracker.domain.game import Game
    from tracker.forecast.priors.belief import Believed, Known, RoadEnds
    from tracker.store.views import BetView


async def known_of(game: Game, at: Session, scope: Scope) -> Known:
    """The configuration's lines, those that a source quoted, and results for ratings."""
    from tracker.forecast.priors.belief import Known
    from tracker.settings import lines_for

    quotes = await at.store.known.quotes(game.id)
    finished = await at.store.known.finished(game.league)
    return Known(partial(lines_for, scope.settings().lines), quotes, finished)


async def beliefs_of(bets: Sequence[Bet], game: Game, at: Session) -> PlayerBeliefs:
    """What the kept games say of the players whom bets are about in a game."""
    from tracker.daemon.player_priors import PlayerBeliefs, players_in

    beliefs = PlayerBeliefs()
    whom = [(game.league, x.key) for x in players_in(bets, game)]
    if whom:
        beliefs.recent = await at.store.players.recent_games(whom)
        teams = [(game.league, x) for x in (game.home, game.away)]
        beliefs.teams = await at.store.players.team_games(teams)
    return beliefs


def bets_before(views: Sequence[BetView], game: Game, until: datetime) -> list[Bet]:
    """The bets with a leg on a game that a forecast could learn from at a time."""
    return [bet for x in views if (bet := _bet(x, game, until)) is not None]


def _bet(x: BetView, game: Game, until: datetime) -> Bet | None:
    if x.game is None or x.market is None or x.added_at > until:
        return None
    if x.withdrawn_at is not None and x.withdrawn_at <= until:
        return None
    games = x.market.games if isinstance(x.market, Parlay) else (x.game,)
    return None if all(one.id != game.id for one in games) else bet_of(x)


def bet_of(x: BetView) -> Bet | None:
    """A bet as forecasts take it; None while its game is not known."""
    if x.game is None or x.market is None:
        return None
    return Bet(
        number=x.number, pick=x.pick, market=x.market, game=x.game, rules=x.rules,
        added_at=x.added_at, odds=x.odds, stake_cents=x.stake_cents, lines=x.lines, book=x.book,
        placed_at=x.placed_at,
    )  # fmt: skip


async def believed(game: Game, at: Session, scope: Scope) -> Believed:
    """The prior of a game, and who tells it."""
    from tracker.cli.models.in_use import ModelsInUse, registry_beside

    views = await at.store.bets_on(game.id, at.basics.rules)
    bets = bets_before(views, game, min(game.start, at.now))
    parameters = ModelsInUse(registry_beside(at.basics.store), note)(game.league)
    return (await known_of(game, at, scope)).before(game, bets, parameters)


def prior_text(found: Believed, game: Game) -> str:
    """The prior in a bettor's words: `DEN −4.5, total 228.5 · lines that you gave`."""
    prior = found.prior
    team = game.home if prior.margin >= 0 else game.away
    spread = f"{team} −{abs(prior.margin):.1f}" if round(prior.margin, 1) else "level"
    return f"{spread}, total {prior.total:.1f} · {found.by}{_ends_text(found.ends)}"


def _ends_text(ends: RoadEnds | None) -> str:
    """Whether the road team's games bring more points late or early, and how sure that is."""
    if ends is None:
        return ""
    late = ends.chance >= 0.5  # noqa: PLR2004 - more likely than not
    sure = round(100 * (ends.chance if late else 1 - ends.chance))
    return f" · ends: {'late' if late else 'early'} {min(sure, 99)}%"


def prior_json(found: Believed) -> dict[str, Any]:
    """The prior as other programs read it: points, the home team's margin."""
    prior = found.prior
    return {
        "margin": round(prior.margin, 3),
        "total": round(prior.total, 3),
        "margin_sd": round(prior.margin_sd, 3),
        "total_sd": round(prior.total_sd, 3),
        "source": prior.source.value,
        "margin_by": found.margin_by,
        "total_by": found.total_by,
        "ends": None if found.ends is None else asdict(found.ends),
    }
