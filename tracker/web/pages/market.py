"""The pages of the market: quotes of games, edges, and players."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING, Annotated, Any, assert_never

from fastapi import APIRouter, Path, Query, Response

from tracker.app.market import GameOdds, Offered, game_odds, named_game
from tracker.domain import BadBet, Impossible, TrackerError
from tracker.domain.chance import Chance, NoChance
from tracker.domain.game import Game, GameState
from tracker.domain.league import slate_date
from tracker.domain.money import plural
from tracker.domain.player import Stat
from tracker.web import charts
from tracker.web.guard import Problem, field_of
from tracker.web.pages import NOWHERE, Inside, at_text, page, share
from tracker.web.site import OfSite
from tracker.wording.closes import closing_text, selection_text
from tracker.wording.figures import percent, rough_span, score_text

if TYPE_CHECKING:
    from tracker.app.market.edges import Edge
    from tracker.app.player import PlayedGame, PlayerSheet

_SINCE, _AHEAD = timedelta(hours=12), timedelta(days=2)
"""Games that tip off within these times before and after now are listed."""

_OLD_S = 120.0
"""Seconds after which a quote that was not seen again is shown as old."""

_MOST = 60
"""The most edges that are listed."""

router = APIRouter(include_in_schema=False)


@router.get("/odds")
async def games(_: Inside, site: OfSite) -> Response:
    """The page of games around now, with links to their quotes."""
    now, zone = await site.now(), site.settings.zone
    store = await site.store()
    found = [
        {"id": game.id, "name": f"{game.away} @ {game.home}", "league": game.league.upper(),
         "when": _when(game, state, zone)}
        for game, state in await store.games(since=(now - timedelta(days=1)).date())
        if now - _SINCE < game.start < now + _AHEAD
    ]  # fmt: skip
    return page("games.html", "Odds", "/odds", games=found)


def _when(game: Game, state: GameState | None, zone: tzinfo) -> str:
    if state is None or state.period == 0:
        return f"{game.start.astimezone(zone):%a %d %b %H:%M}"
    return f"{score_text(game, state.score)} · {state.game_clock}"


@router.get("/games/{name}")
async def odds(_: Inside, site: OfSite, name: str) -> Response:
    """The page of a game's quotes: best prices of your books, anchors, paths and the close."""
    store, now, zone = await site.store(), await site.now(), site.settings.zone
    try:
        game, state = await named_game(store, name, now)
    except BadBet as why:
        raise Problem(404, str(why)) from None
    found = await game_odds(store, game, state, site.settings.odds, now)
    anchors = [x for x in found.quotes if x.anchor and x.quote.open]
    main = [x for x in found.best if not x.quote.selection.alternate]
    other = [x for x in found.best if x.quote.selection.alternate]
    return page(
        "odds.html", f"{game.away} @ {game.home}", "/odds", game=game,
        when=_when(game, state, zone), at=at_text(now, zone),
        best=[_offer(x, game) for x in main], alternate=[_offer(x, game) for x in other],
        anchors=[_offer(x, game) for x in anchors if not x.quote.selection.alternate],
        closing="" if found.closing is None else closing_text(found.closing),
        paths=_paths(found, zone), mine=", ".join(site.settings.odds.mine),
        bets=[
            {"number": x.number, "id": x.id, "pick": x.called}
            for x in await store.bets_on(game.id, site.rules) if x.withdrawn_at is None
        ],
    )  # fmt: skip


def _offer(x: Offered, game: Game) -> dict[str, Any]:
    return {
        "bet": selection_text(x.quote.selection, game.home, game.away),
        "odds": f"{x.quote.odds:.2f}",
        "book": x.quote.book,
        "age": rough_span(x.age_s),
        "old": x.age_s > _OLD_S,
    }


def _paths(found: GameOdds, zone: tzinfo) -> list[dict[str, Any]]:
    """The path of each main line: first and last value in words, and a chart if it moved."""
    shown = []
    for name, steps in found.paths.items():
        values = [(x.at, x.points if x.points is not None else x.chance) for x in steps]
        first, last = (
            f"{x.points:g}" if x.points is not None else percent(x.chance, 1)
            for x in (steps[0], steps[-1])
        )
        what = {"spread": f"{found.game.home} spread", "moneyline": f"{found.game.home} to win"}
        moved = first != last or len(values) > 2  # noqa: PLR2004 - there and back
        shown.append(
            {
                "name": what.get(name, name),
                "text": (f"{first} → {last}" if moved else last).replace("-", "−"),
                "since": at_text(steps[-1].at, zone),
                "chart": charts.of_path(name, values, found.at) if moved else None,
            }
        )
    return shown


@router.get("/edges")
async def edges(_: Inside, site: OfSite) -> Response:
    """The page of edges: prices that pay more than the model says they should."""
    found = await site.edges()
    did, limits = found.so_far, site.settings.odds
    return page(
        "edges.html", "Edges", "/edges", at=at_text(found.at, site.settings.zone),
        listed=_rows(found.listed), apart=_rows(found.disagreements),
        left_out=list(found.left_out.items()),
        limits=(share(limits.edge_min), percent(limits.p_min)),
        did=None if did.n == 0 else {
            "n": did.n,
            "said": percent(did.said or 0.0, 1),
            "came": percent(did.came or 0.0, 1),
            "profit": share(did.profit),
        },
    )  # fmt: skip


def _rows(found: Iterable[Edge]) -> list[dict[str, Any]]:
    return [
        {
            "game": x.game.id,
            "bet": f"{x.game.name} {selection_text(x.selection, x.game.home, x.game.away)}",
            "p": percent(x.chance.win, 1),
            "fair": "" if x.chance.fair_odds is None else f"{x.chance.fair_odds:.2f}",
            "odds": f"{x.odds:.2f}",
            "book": x.book,
            "edge": share(x.edge),
            "market": "" if x.market is None else percent(x.market, 1),
            "age": rough_span(x.age_s),
        }
        for x in list(found)[:_MOST]
    ]


# ----------------------------------------------------------------------------------------- players

_GAMES = 10
"""The most games of a player that are listed."""

_DRAWN = 25
"""The most games of a player in the chart."""

_UNKNOWN = "not known"


@router.get("/players/{name}")
async def player(
    _: Inside,
    site: OfSite,
    name: Annotated[str, Path(min_length=1, max_length=100)],
    stat: Annotated[str, Query(max_length=20)] = "pts",
    line: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """The page of a player: figures of his last games, and the chance of going over a line."""
    from tracker.app.player import PlayerQuestion, sheets, stat_named

    asked = PlayerQuestion(name, field_of("stat", stat, stat_named), _points(line))
    (x,) = await sheets(await site.basis(), [asked], await site.now())
    if isinstance(x, Impossible):
        said = f"No earlier game of {name} is known yet. The daemon reads boxes every morning."
        return page("problem.html", name, NOWHERE, 404, message=said, bet=None)
    if isinstance(x, TrackerError):
        raise Problem(404, str(x))
    bars = [(one.value, one.game) for one in reversed(x.played[:_DRAWN]) if one.value is not None]
    values = [(f"{slate_date(game.start):%d %b}", value) for value, game in bars]
    return page(
        "player.html", x.name, "/odds", x=x, line=line, facts=_player_facts(x),
        stats=[one.value for one in Stat], trends=_trends(x), allowed=_allowed(x),
        rolling=[
            (one.name, str(one.games), f"{one.mean:.1f}", f"{one.minutes:.1f}") for one in x.rolling
        ],
        chart=charts.of_games(f"{x.name}: {x.stat.value}", values, x.line)
        if values else None,
        games=[_played(one) for one in x.played[:_GAMES]],
    )  # fmt: skip


def _points(text: str) -> float | None:
    try:
        return float(text.strip()) if text.strip() else None
    except ValueError:
        raise Problem(422, f"{text!r} is no line: write one such as 25.5", "line") from None


def _player_facts(x: PlayerSheet) -> list[tuple[str, str]]:
    found = [
        ("Team", f"{x.team} · {x.league.upper()}"),
        ("Next game", _UNKNOWN if x.next_game is None else
         f"{x.next_game.away} @ {x.next_game.home}, {x.next_game.slate:%d %b}"),
    ]  # fmt: skip
    if x.injury is not None:
        said = (x.injury.status.value, x.injury.detail)
        found.append(("Health", ": ".join(t for t in said if t)))
    elif x.out:
        found.append(("Health", "out"))
    if x.line is not None and x.hits is not None:
        found.append((f"Over {x.line:g} so far", f"{x.hits[0]} of {x.hits[1]} games"))
        found.append((f"Chance of over {x.line:g}", _over_text(x)))
    return found


def _over_text(x: PlayerSheet) -> str:
    match x.chance:
        case Chance():
            where = "in the next game" if x.next_game is not None else "against an average team"
            return f"{percent(x.chance.win, 1)} {where}"
        case NoChance.OUT:
            return "out: the bet would be void"
        case NoChance():
            return x.chance.text
        case None:
            return _UNKNOWN
        case _:
            assert_never(x.chance)


def _trends(x: PlayerSheet) -> list[tuple[str, str]]:
    def slope(value: float | None) -> str:
        return _UNKNOWN if value is None else f"{value:+z.2f} a game".replace("-", "−")

    fading = _UNKNOWN if x.exponential is None else f"{x.exponential:.1f}"
    return [
        ("Exponential mean", fading),
        (f"Trend of {x.stat.value}", slope(x.trend)),
        ("Trend of minutes", slope(x.minutes_trend)),
    ]


def _allowed(x: PlayerSheet) -> str:
    """A sentence on how much of the statistic the next opponent allows."""
    if x.allowed is None:
        return f"What the next opponent allows is {_UNKNOWN}."
    return (
        f"{x.allowed.team} allow {x.allowed.mean:.1f} {x.stat.value} a game to a whole team over "
        f"{plural(x.allowed.games, 'game')}; the league's mean is {x.allowed.league:.1f}."
    )


def _played(one: PlayedGame) -> tuple[str, ...]:
    where = "" if one.home is None else "vs " if one.home else "@ "
    return (
        f"{slate_date(one.game.start):%d %b}",
        f"{where}{one.opponent or _UNKNOWN}",
        f"{one.game.minutes:.0f}",
        "yes" if one.game.starter else "",
        _UNKNOWN if one.value is None else str(one.value),
    )
