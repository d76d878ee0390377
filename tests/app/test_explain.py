"""Promises of an explanation of a parlay over several games: exact shares for each game."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.values import GAME, OTHER, T0, after, snapshot, started
from tracker.app.bets import Bets
from tracker.app.choose_game import Choice
from tracker.app.explain import Explainer, shares_of, why_json, win_of_parts
from tracker.domain.chance import Chance
from tracker.intake import Beside, draft_of
from tracker.registry import GAMES, Registry
from tracker.store import Store
from tracker.store.views import ShowView, SnapshotView

PARTS = st.floats(0.01, 0.99).map(lambda win: Chance(win, 0.0, 1.0 - win))


@given(st.lists(st.tuples(PARTS, PARTS), min_size=2, max_size=5))
def test_the_shares_of_games_add_up(pairs: list[tuple[Chance, Chance]]) -> None:
    """The games' shares add up to the whole change, and a game that did not move has none."""
    before = {str(i): was for i, (was, _) in enumerate(pairs)} | {"still": Chance(0.5, 0.0, 0.5)}
    after_all = {str(i): now for i, (_, now) in enumerate(pairs)} | {"still": Chance(0.5, 0.0, 0.5)}
    shares = shares_of(before, after_all, list(before))
    change = win_of_parts(after_all) - win_of_parts(before)
    assert math.fsum(shares.values()) == pytest.approx(change, abs=1e-12)
    assert shares["still"] == pytest.approx(0.0, abs=1e-12)


async def a_parlay(store: Store) -> ShowView:
    """A parlay over two games, each with two snapshots."""
    await store.save_games([(GAME, None), (OTHER, None)], T0)
    draft = draft_of("parlay: DEN ML; BOS ML +260 $10", Beside(), 1000)
    made = await Bets(store, (), 1000).add(draft, Choice((GAME, OTHER)), T0)
    view = await store.show_view(made.added.number, ())
    assert view is not None
    parts = {GAME.id: 0.5, OTHER.id: 0.6}
    shots = []
    for x, (game, part) in enumerate(((GAME, 0.5), (OTHER, 0.6), (GAME, 0.7), (OTHER, 0.9)), 1):
        parts[game.id] = part
        win = win_of_parts({k: Chance(v, 0.0, 1.0 - v) for k, v in parts.items()})
        shot = replace(snapshot(1, after(x), win=win), part=Chance(part, 0.0, 1.0 - part))
        shots.append(SnapshotView(shot, x, game.id))
    return replace(view, snapshots=tuple(shots))


async def test_games_that_moved_together_share_the_change(tmp_path: Path) -> None:
    """Games that moved together share the change exactly, each under its name."""
    async with await Store.open(started(tmp_path / "t.db"), now=T0, durable=False) as store:
        view = await a_parlay(store)
        explainer = Explainer(store, (), lambda _: None, Registry(tmp_path / "models", GAMES))
        told = await explainer.explain(view, (1, 3))
    assert dict(told.causes).keys() == {"LAL@DEN", "NYK@BOS"}
    assert math.fsum(x for _, x in told.causes) == pytest.approx(told.change, abs=1e-12)
    assert told.change == pytest.approx(0.33, abs=1e-3)
    assert all(x > 0 for _, x in told.causes)


async def test_the_moments_of_a_parlay_are_of_the_game_that_moved_it(tmp_path: Path) -> None:
    """If one game moved a parlay, both moments show that game's score and the whole's chance."""
    async with await Store.open(started(tmp_path / "t.db"), now=T0, durable=False) as store:
        view = await a_parlay(store)
        explainer = Explainer(store, (), lambda _: None, Registry(tmp_path / "models", GAMES))
        told = await explainer.explain(view, (1, 2))
        both = await explainer.explain(view, (0, 3))
    wins = [x.snapshot.known.win for x in view.snapshots]
    assert told.games == (GAME, GAME)
    assert (told.first.game.at, told.last.game.at) == (after(1), after(3))
    assert (told.first.known.win, told.last.known.win) == (wins[1], wins[2])
    assert both.games == (GAME, OTHER)
    shown = why_json(both)
    assert [shown[x]["game"]["id"] for x in ("from", "to")] == [GAME.id, OTHER.id]
    assert [view.game_at(x) for x in view.snapshots] == [GAME, OTHER, GAME, OTHER]
