"""Promises of the alert policy, which holds for all games together and through a restart."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.notify.values import GAME, NOW, alert, bet, state
from tests.store.values import started
from tracker.daemon.alert_policy import AlertPolicy
from tracker.domain.alert import Decision, Reason
from tracker.domain.draft import Draft
from tracker.domain.policy import Policy, Snooze, SnoozeScope
from tracker.domain.poll import Poll
from tracker.domain.tracking import Change, GameTracking, Tracked
from tracker.language import find_in_game, parse_pick
from tracker.store import Store


def change(episode: int, seconds: float, *, lost: bool = False, rule: str = "p >= 0.80") -> Change:
    """A change with an alert of a rule of bet 1, this many seconds after NOW."""
    at, one = NOW + timedelta(seconds=seconds), bet("DEN -4.5", 1)
    fired = replace(alert(rule, state()), bet=1, episode=episode, at=at, text="▲")
    tracking = GameTracking(GAME, (Tracked.fresh(one),), state=state(), lost=lost)
    return Change(tracking, alerts=(fired,))


async def record(store: Store, made: Change) -> None:
    """Record a change, as a track would."""
    at = made.alerts[0].at
    body = str(at).encode()
    poll = Poll("nba", "/x", at, body, hashlib.sha256(body).hexdigest(), state())
    await store.record(poll, made, ["phone"])


async def opened(folder: Path) -> Store:
    """A store with bet 1."""
    store = await Store.open(started(folder / "t.db"), now=NOW)
    await store.save_games([(GAME, None)], NOW)
    pick = parse_pick("DEN -4.5", find_in_game(GAME))
    await store.add(Draft(pick, pick.matchup), game=GAME, defaults=(), at=NOW)
    return store


async def test_the_budget_of_the_hour_survives_a_restart(tmp_path: Path) -> None:
    """After a restart, alerts of the last hour are counted from disk; older ones do not count."""
    policy = Policy(budget=2)
    async with await opened(tmp_path) as store:
        alert_policy = AlertPolicy(policy)
        await alert_policy.recall(store, NOW)
        for n in (1, 2):
            made = alert_policy.route(change(n, 60.0 * n), NOW + timedelta(seconds=60 * n))
            assert made.alerts[0].decision is Decision.FIRED
            await record(store, made)
        again = AlertPolicy(policy)
        await again.recall(store, NOW + timedelta(seconds=180))
        for each in (alert_policy, again):
            held = each.route(change(3, 180), NOW + timedelta(seconds=180)).alerts[0]
            assert (held.decision, held.reason) == (Decision.HELD, Reason.OVER_BUDGET)
        later = NOW + timedelta(hours=1, seconds=121)
        assert again.route(change(4, 3721), later).alerts[0].decision is Decision.FIRED


async def test_results_use_up_no_budget(tmp_path: Path) -> None:
    """Messages with nothing but results leave room for those about chances, after a restart too."""
    policy = Policy(budget=1, game_budget=1)
    async with await opened(tmp_path) as store:
        alert_policy = AlertPolicy(policy)
        for n, rule in enumerate(("hit", "settled", "review"), 1):
            at = NOW + timedelta(seconds=60 * n)
            await record(store, alert_policy.route(change(n, 60.0 * n, rule=rule), at))
        again = AlertPolicy(policy)
        later = NOW + timedelta(seconds=300)
        await again.recall(store, later)
        for each in (alert_policy, again):
            assert each.route(change(4, 300), later).alerts[0].decision is Decision.FIRED


async def test_a_snooze_by_another_process_is_taken_up(tmp_path: Path) -> None:
    """A snooze set by another process holds after one refresh, and ends after it is lifted."""
    async with await opened(tmp_path) as store:
        alert_policy = AlertPolicy()
        await store.alerting.snooze(Snooze(SnoozeScope.ALL, "", NOW, NOW + timedelta(hours=1)))
        await alert_policy.refresh(store, NOW)
        assert alert_policy.route(change(1, 1), NOW).alerts[0].reason is Reason.SNOOZED
        await store.alerting.lift_snooze(None, "", NOW)
        await alert_policy.refresh(store, NOW)
        assert alert_policy.route(change(2, 2), NOW).alerts[0].decision is Decision.FIRED


def test_a_game_without_data_holds_back_chances_until_it_is_back() -> None:
    """While a game is without data, alerts on chances are held for every bet on it."""
    alert_policy = AlertPolicy()
    assert alert_policy.route(change(1, 1, lost=True), NOW).alerts[0].reason is Reason.FEED_DOWN
    assert alert_policy.route(change(2, 2), NOW).alerts[0].decision is Decision.FIRED
