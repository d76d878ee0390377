"""Models are listed with their stage, and trials with their verdict."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from tests.store.values import started
from tracker.app.models import evidence, models_json
from tracker.domain.game import Game
from tracker.engine.shadow import MOMENTS, of_game
from tracker.forecast import forecast, load_parameters
from tracker.forecast.market import before_tip
from tracker.forecast.priors import average_prior
from tracker.registry import GAMES, Registry
from tracker.store import Store
from tracker.store.trials import Shadow, Shadowed, Trial, TrialOutcome, TrialVerdict

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TRIAL = Trial(0, "nba", "games", "shipped", "a-1", "mine", "b-1", date(2026, 11, 1), NOW)


async def test_every_kind_of_every_league_is_listed(tmp_path: Path) -> None:
    """Every kind of model of every league is listed; the shipped one is in use by default."""
    told = await models_json(None, Registry(tmp_path, GAMES))
    kinds = {(x["league"], x["kind"]) for x in told["models"]}
    assert {("nba", "games"), ("nba", "players"), ("wnba", "calibration")} <= kinds
    assert all(x["name"] == "shipped" and x["active"] for x in told["models"])
    assert {x["stage"] for x in told["models"]} == {"in use"}
    assert told["trials"] == []


async def test_a_trial_is_told_with_its_last_verdict(tmp_path: Path) -> None:
    """A league and kind has one trial, with its last verdict; the same again is not news."""
    async with await Store.open(started(tmp_path / "t.db"), now=NOW) as store:
        assert await store.trials.start(TRIAL)
        assert not await store.trials.start(TRIAL)
        (trial,) = await store.trials.list(open_only=True)
        clause = {"name": "games", "wanted": "at least 300", "figure": 12, "answer": "waiting"}
        hold = TrialVerdict(NOW, "hold", [clause])
        await store.trials.judged(trial.id, hold)
        await store.trials.judged(trial.id, hold)
        (untold,) = await store.trials.unreported()
        assert (untold.challenger, untold.verdict) == ("mine", "hold")
        await store.trials.mark_reported(untold.id)
        assert await store.trials.unreported() == ()
        (told,) = (await models_json(store, Registry(tmp_path, GAMES)))["trials"]
        assert (told["verdict"], told["clauses"]) == ("hold", [clause])
        await store.trials.end(trial.id, TrialOutcome.STOPPED, NOW)
        (told,) = (await models_json(store, Registry(tmp_path, GAMES)))["trials"]
        assert told["outcome"] == "stopped"
        assert await store.trials.start(TRIAL)


def test_a_night_of_games_that_are_not_compared_is_none() -> None:
    """Nights are counted of the games that count: those followed through all moments."""
    parameters = load_parameters("nba")
    game = Game("0022500001", "nba", "DEN", "LAL", NOW)
    outlook = forecast(before_tip(game), average_prior(parameters), parameters)
    said = of_game(outlook, outlook, (2.5, 224.5))

    def rows(name: str, day: int, moments: tuple[str, ...]) -> list[Shadowed]:
        shadows = [Shadow(1, name, x, "", NOW, said) for x in moments]
        return [Shadowed(x, date(2026, 11, day), (110, 100)) for x in shadows]

    told = [*rows("a", 20, MOMENTS), *rows("b", 20, MOMENTS), *rows("c", 22, MOMENTS[1:])]
    found = evidence(TRIAL, told, {}, None)
    assert (found.games, found.nights) == (("a", "b"), 1)
