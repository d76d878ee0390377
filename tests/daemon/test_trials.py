"""Promises of a trial: a challenger forecasts the followed games beside the champion, unseen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from tests.doubles.clock import FakeClock
from tests.engine.build import GAME, T0, a_book, bet, final, live
from tests.store.values import draft
from tracker.app.models import judge_all, judged, open_trial, start
from tracker.app.pricing import Pricing
from tracker.daemon.forecaster import TrialWatch
from tracker.daemon.watchers.nightly import verdict_notice
from tracker.domain import Impossible
from tracker.domain.events import ShadowFailed, SystemEvent
from tracker.domain.game import Game, Phase, PlayerLine, Score, Side
from tracker.domain.player import player_key
from tracker.engine.promotion import LEAST_NIGHTS, LOOKS, GateVerdict
from tracker.engine.shadow import MOMENTS as MOMENTS_JUDGED
from tracker.forecast import load_parameters
from tracker.forecast.documents import sealed
from tracker.forecast.priors import Known
from tracker.registry import GAMES, PLAYERS, SHIPPED, Registry
from tracker.store import Store
from tracker.store.trials import Shadow, TrialOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tracker.domain.game import GameState
    from tracker.forecast import Parameters
    from tracker.store.trials import Trial

MOMENTS = (
    live(2, 0.0, (30, 25), (28, 26), phase=Phase.BREAK),
    live(3, 0.0, (30, 25), (28, 26), (24, 30), phase=Phase.BREAK),
    live(4, 296.0, (30, 25), (28, 26), (24, 30), (12, 14)),
    live(4, 119.0, (30, 25), (28, 26), (24, 30), (20, 22)),
)
END = final((30, 25), (28, 26), (24, 30), (27, 27))
NOW = T0 + timedelta(days=1)


def widened(document: dict[str, Any]) -> None:
    """Figures with totals half as uncertain as they should be."""
    document["flow"]["total_rate"] = [x / 4 for x in document["flow"]["total_rate"]]


def blurred(document: dict[str, Any]) -> None:
    """Figures by which no margin can be foreseen."""
    document["flow"]["margin_rate"] = [x * 12 for x in document["flow"]["margin_rate"]]


def broken(document: dict[str, Any]) -> None:
    """Figures that can be read but not computed with."""
    document["flow"]["margin_rate"] = [-x for x in document["flow"]["margin_rate"]]


def model(change: Callable[[dict[str, Any]], None], league: str = "nba") -> str:
    """The shipped model of a league with a change, sealed again."""
    file = resources.files("tracker.forecast").joinpath(f"parameters/{league}.json")
    document = json.loads(file.read_text("utf-8"))
    change(document)
    return json.dumps(sealed(document, "flow-and-chain-3"))


@pytest.fixture
def registry(tmp_path: Path) -> Registry[Parameters]:
    """Two models beside the shipped one."""
    kept = Registry(tmp_path / "models", GAMES)
    kept.keep("nba", "sure", model(widened))
    kept.keep("nba", "broken", model(broken))
    return kept


class Room:
    """A watch over one game with two bets, and what it reported."""

    def __init__(self, store: Store, registry: Registry[Parameters]) -> None:
        self.store, self.registry = store, registry
        self.told: list[SystemEvent] = []
        self.clock = FakeClock(T0)
        pricing = Pricing(Known(lambda _: None), load=load_parameters)
        self.watch = TrialWatch(store, registry, pricing, self.clock, self.told.append)

    async def see(self, *states: GameState) -> None:
        """Show states one after the other, as polls would."""
        for state in states:
            tracking = replace(a_book(bet(1, "DEN -4.5"), bet(2, "over 224.5")), state=state)
            self.watch.show(tracking)
            await self.watch.work()

    async def try_out(self, name: str) -> Trial:
        """Put a model on trial."""
        return await start(self.store, self.registry, "nba", GAMES, name, T0)


@pytest.fixture
async def room(tmp_path: Path, registry: Registry[Parameters]) -> AsyncIterator[Room]:
    """A store that has the game and two bets on it."""
    async with await Store.open(tmp_path / "t.db", now=T0) as store:
        await store.save_games([(GAME, None)], T0)
        for line in ("DEN -4.5 -110", "LAL@DEN over 224.5 -110"):
            await store.add(draft(line), game=GAME, defaults=(), at=T0)
        yield Room(store, registry)


async def test_both_are_asked_of_the_same_state_once_a_minute(room: Room) -> None:
    """Both models' half-time forecasts are stored once; the same minute again adds nothing."""
    trial = await room.try_out("sure")
    await room.see(MOMENTS[0], MOMENTS[0])
    (row,) = await room.store.trials.shadowed(trial.id)
    said = row.shadow.said
    assert row.shadow.moment == "half"
    narrow, wide = (said[x]["total80"] for x in ("challenger", "champion"))
    assert narrow[1] - narrow[0] < wide[1] - wide[0]
    assert said["champion"]["win"] == pytest.approx(said["challenger"]["win"], abs=0.02)
    assert room.told == []


async def test_without_a_trial_nothing_is_forecast(room: Room) -> None:
    """Without a trial nothing is forecast, and a stopped trial keeps what was stored."""
    await room.see(*MOMENTS)
    trial = await room.try_out("sure")
    assert await room.store.trials.shadowed(trial.id) == ()


async def test_a_game_that_is_over_counts_with_what_came(room: Room) -> None:
    """A finished game counts with all four moments and four measures; one game decides nothing."""
    trial = await room.try_out("sure")
    await room.see(*MOMENTS)
    before = await judged(room.store, room.registry, trial)
    assert before.judgement.games == 0
    await room.store.save_games([(GAME, END)], NOW)
    found = await judged(room.store, room.registry, trial)
    assert (found.judgement.verdict, found.judgement.games) == (GateVerdict.HOLD, 1)
    clauses = {x.name: x.figure for x in found.judgement.clauses}
    assert clauses["failures"] == 0
    assert {"margin within 80 %", "total within 80 %"} <= clauses.keys()


async def test_games_that_may_have_been_fitted_on_tell_nothing(
    room: Room, registry: Registry[Parameters]
) -> None:
    """Games on or before the day of a model's fit do not count."""

    def fitted_late(document: dict[str, Any]) -> None:
        document["fitted_on"] = ["2025-26", "2026-27"]
        document["about"]["fitted_at"] = GAME.slate.isoformat()

    registry.keep("nba", "late", model(fitted_late))
    trial = await room.try_out("late")
    await room.see(*MOMENTS)
    await room.store.save_games([(GAME, END)], NOW)
    assert trial.fitted_until == GAME.slate
    assert (await judged(room.store, room.registry, trial)).judgement.games == 0


async def test_a_challenger_that_raises_is_let_go_and_told_of(room: Room) -> None:
    """A challenger that raises ends its trial with one report, and the champion goes on."""
    trial = await room.try_out("broken")
    await room.see(MOMENTS[0])
    assert [type(x) for x in room.told] == [ShadowFailed]
    (found,) = await judge_all(room.store, room.registry, NOW, promote=True)
    assert found.judgement.verdict is GateVerdict.REJECT
    assert await open_trial(room.store, "nba", "games") is None
    (verdict,) = await room.store.trials.unreported()
    assert "no better than shipped" in verdict_notice(verdict, NOW).text
    assert room.registry.history("nba") == ()
    assert trial.challenger == "broken"


async def test_a_challenger_that_acts_otherwise_on_recorded_games_is_let_go(room: Room) -> None:
    """A challenger far from the champion on recorded games is rejected before any real game."""
    room.registry.keep("nba", "blurred", model(blurred))
    await room.try_out("blurred")
    (found,) = await judge_all(room.store, room.registry, NOW, promote=True)
    told = {x.name: x.detail for x in found.judgement.clauses}
    assert "home team wins" in told["recorded games"]
    assert found.judgement.verdict is GateVerdict.REJECT


async def test_a_model_that_cannot_be_read_today_ends_no_trial(room: Room) -> None:
    """The weeks of a trial are not lost for a file that is spoilt or shut for a while."""
    trial = await room.try_out("sure")
    file = room.registry.home("nba") / "sure.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    assert await judge_all(room.store, room.registry, NOW, promote=True) == ()
    file.write_bytes(whole)
    (found,) = await judge_all(room.store, room.registry, NOW, promote=True)
    assert (found.trial.id, found.trial.outcome) == (trial.id, None)


@pytest.mark.parametrize("anew", [False, True])
async def test_the_trial_of_a_model_that_is_gone_or_another_is_over(room: Room, anew: bool) -> None:
    """What was told in a trial says nothing of another model under the challenger's name."""
    trial = await room.try_out("sure")
    (room.registry.home("nba") / "sure.json").unlink()
    if anew:
        room.registry.keep("nba", "sure", model(blurred))
    assert await judge_all(room.store, room.registry, NOW, promote=True) == ()
    (ended,) = await room.store.trials.list()
    assert (ended.id, ended.outcome) == (trial.id, TrialOutcome.STOPPED)
    assert room.registry.history("nba") == ()


def sharper(document: dict[str, Any]) -> None:
    """Figures that hardly differ from the shipped ones."""
    document["flow"]["total_rate"] = [x * 0.99 for x in document["flow"]["total_rate"]]


async def won_by(store: Store, trial: Trial) -> None:
    """Store enough finished games for the gate, of which the challenger foresaw the winner."""
    games, shadows = [], []
    for n in range(LOOKS[0]):
        start, home = T0 - timedelta(days=n % (LEAST_NIGHTS + 1), minutes=n), n % 2
        game = Game(f"10226{n:05d}", "wnba", "NY", "LV", start)
        left = (n % 5 == 0) * 100
        games.append(
            (game, replace(END, game=game, score=Score(107 + home, 108 - home), periods=None))
        )
        side = {"spread": 0.5, "over": 0.5, "first": 200, "chances": [0.1] * 10,
                "margin80": [left - 9, left + 9, 1.0, 1.0],
                "total80": [left + 209, left + 221, 1.0, 1.0]}  # fmt: skip
        sure = 0.6 + n % 3 / 10
        said = {"margin": 0.5, "total": 214.5, "champion": side | {"win": 0.5},
                "challenger": side | {"win": sure if home else 1 - sure}}  # fmt: skip
        for k, moment in enumerate(MOMENTS_JUDGED):
            at = start + timedelta(hours=k)
            shadows.append(Shadow(trial.id, game.id, moment, "", at, said))
    await store.save_games(games, T0)
    await store.trials.keep(shadows, ())


async def test_what_is_said_of_a_challenger_that_won_is_so(room: Room) -> None:
    """Where a run ends between putting it in use and writing that down, the next one says it."""
    room.registry.keep("wnba", "sharper", model(sharper, "wnba"))
    await won_by(room.store, await start(room.store, room.registry, "wnba", GAMES, "sharper", T0))
    (asked,) = await judge_all(room.store, room.registry, NOW, promote=False)
    assert (asked.judgement.verdict, asked.trial.outcome) == (GateVerdict.PROMOTE, None)
    (verdict,) = await room.store.trials.unreported()
    assert "model activate sharper" in verdict_notice(verdict, NOW).text
    await room.store.trials.mark_reported(verdict.id)
    assert len(await judge_all(room.store, room.registry, NOW, promote=False)) == 1
    assert await room.store.trials.unreported() == ()

    blocked = room.registry.home("wnba") / "active.copy"
    blocked.mkdir(parents=True)
    with pytest.raises(OSError, match=r"active\.copy"):
        await judge_all(room.store, room.registry, NOW, promote=True)
    assert await room.store.trials.unreported() == ()
    blocked.rmdir()
    room.registry.activate("wnba", "sharper")
    (ended,) = await judge_all(room.store, room.registry, NOW, promote=True)
    assert ended.trial.outcome is TrialOutcome.PROMOTED
    (verdict,) = await room.store.trials.unreported()
    assert "in use" in verdict_notice(verdict, NOW).text
    assert await open_trial(room.store, "wnba", "games") is None


async def test_a_trial_of_what_a_person_put_in_use_is_over(room: Room) -> None:
    """The gate says nothing of a challenger that is in use before it has won."""
    await room.try_out("sure")
    room.registry.activate("nba", "sure")
    assert await judge_all(room.store, room.registry, NOW, promote=True) == ()
    (ended,) = await room.store.trials.list()
    assert ended.outcome is TrialOutcome.PROMOTED
    assert await room.store.trials.unreported() == ()


async def test_a_challenger_that_is_gone_is_told_of_once(room: Room) -> None:
    """What cannot be tried is reported when it is first looked up, and not every minute."""
    await room.try_out("sure")
    (room.registry.home("nba") / "sure.json").unlink()
    for _ in range(3):
        await room.see(MOMENTS[0])
        room.clock.step_wall(120.0)
    assert [type(x) for x in room.told] == [ShadowFailed]


async def test_one_trial_of_a_kind_at_a_time_and_none_of_what_is_in_use(room: Room) -> None:
    """A second trial, or one of the model in use, is refused in a sentence that says what to do."""
    await room.try_out("sure")
    with pytest.raises(Impossible, match="trial stop"):
        await room.try_out("broken")
    with pytest.raises(Impossible, match="in use"):
        await room.try_out(SHIPPED)


JOKIC = "Nikola Jokic"


def looser(document: dict[str, Any]) -> None:
    """Figures by which bench players play more than they do."""
    document["prior"]["bench"] += 6.0


async def test_figures_of_players_are_tried_on_everybody_in_the_box(room: Room) -> None:
    """Player figures are tried on all players with known games, against the final box score."""
    text = resources.files("tracker.forecast").joinpath("parameters/players-nba.json")
    document = json.loads(text.read_text("utf-8"))
    looser(document)
    sealed_one = json.dumps(sealed(document, "minutes-and-counts-2"))
    room.registry.of(PLAYERS).keep("nba", "looser", sealed_one)
    for n in range(1, 6):
        game = replace(GAME, id=f"002260000{n + 1}", start=GAME.start - timedelta(days=n))
        await room.store.save_games([(game, None)], T0)
        await room.store.players.keep_finished(with_box(replace(END, game=game), 24 + n))
    trial = await start(room.store, room.registry, "nba", PLAYERS, "looser", T0)
    await room.see(*(with_box(x, 12) for x in MOMENTS))
    rows = await room.store.trials.shadowed(trial.id)
    assert [(x.shadow.moment, x.shadow.why) for x in rows if x.shadow.why] == []
    assert {x.shadow.subject for x in rows} == {player_key(JOKIC)}
    await room.store.save_games([(GAME, END)], NOW)
    await room.store.players.keep_finished(with_box(END, 31))
    found = await judged(room.store, room.registry, trial)
    assert (found.judgement.verdict, found.judgement.games) == (GateVerdict.HOLD, 1)
    assert "players within 80 %" in {x.name for x in found.judgement.clauses}


def with_box(state: GameState, points: int) -> GameState:
    """The state with one player in its box score."""
    stats = (("pts", points), ("reb", points // 3), ("ast", points // 4), ("stl", 1), ("blk", 1),
             ("3pm", 2), ("to", 3))  # fmt: skip
    line = PlayerLine("1", JOKIC, Side.HOME, stats, 24.0, starter=True, played=True)
    return replace(state, players=(line,))
