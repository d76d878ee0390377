"""The one function that decides: what a poll changes in a game's bets, and which alerts it fires.

`advance` handles a readable, judged poll and `note` an unreadable one. Both are pure: they take the
game's tracking and return a `Change` with the next tracking and every row to record. `see` applies
a believed state to each bet: its chance, its snapshot, and the decisions of its rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from tracker.domain.alert import Alert
from tracker.domain.bet import GameSnapshot, OwnFigure, Parlay, Snapshot
from tracker.domain.chance import Chance, NoChance, maker
from tracker.domain.events import (
    BoxChanged,
    GameBack,
    GameCorrected,
    GameLost,
    GamePhase,
    PollDropped,
    PollHeld,
    SystemEvent,
)
from tracker.domain.game import GameState, Phase, Side
from tracker.domain.market import DoubleDouble, Market, PlayerMarket
from tracker.domain.player import MOST_AT_ONCE, Player, Stat, box_line, box_lines, points_lacking
from tracker.domain.policy import Fact
from tracker.domain.poll import STALE_AFTER, STOOD_STILL, Trouble, Unreadable, still_since
from tracker.domain.prior import Basis
from tracker.domain.tracking import Change, GameTracking, Gathering, Ordering, Tracked
from tracker.engine.decide.belief import (
    JudgedPoll,
    dated_by,
    disputed,
    is_stale,
    players_of,
    still_until,
    with_poll,
)
from tracker.engine.decide.facts import announce, review_alert
from tracker.engine.decide.parlays import markets_on, parlay_chance, part_of, priced_parlay
from tracker.engine.rules.stepping import (
    GameUpdate,
    apply_rules,
    freeze_doubted,
    freeze_pending,
    idle_after,
    waits,
)
from tracker.engine.settle.certainty import announce_certain, announce_legs
from tracker.engine.settle.grading import LastTwo
from tracker.engine.settle.settlement import (
    confirm_unread,
    end_unheard,
    finish,
    go_on,
    settle_parts,
    take_given,
    take_questions_back,
)
from tracker.forecast import Outlook, own_figures, price_all, why_none
from tracker.forecast.calibration import UNCALIBRATED, Calibrations

TakeSnapshot = Callable[[Tracked, Chance | None, OwnFigure | None], Snapshot]
"""Takes a bet's snapshot, given the bet, its chance before calibration if that differs, and the
figure that decides it."""

GAME_LOST_AFTER = timedelta(seconds=90)
"""How long a game in play, or due to be, may be unreadable before it is reported as lost."""

SURELY_OFF_AFTER = timedelta(hours=1)
"""How long a game must have been called off, unchanged and polled, to count as surely off."""


def advance(
    tracking: GameTracking, judged: JudgedPoll, outlook: Outlook | None, now: datetime
) -> Change:
    """What a readable poll changes in a game's tracking.

    `judged` is the poll with the judgement on it, `outlook` the forecast from its state. Without an
    outlook nothing is priced, and every bet keeps its last chance. `now` is aware UTC.
    """
    ordering, state = judged.ordering, judged.state
    before, was_stale = tracking.state, tracking.stale
    believed, news = with_poll(tracking, judged), ordering in (Ordering.NEWER, Ordering.CORRECTION)
    box = () if news or before is None else _changed_in(believed, before)
    lost, back, returned = _heard(tracking, now, news=news or bool(box))
    sure = not disputed(tracking, judged.origin)
    notes = returned + _of_held(tracking, judged)
    until = still_until(tracking, judged, now)
    tracking = replace(believed, seen_at=now, still_until=until, lost=lost, game=state.game)
    basis, renewed = _basis(tracking, outlook)
    if ordering is Ordering.HELD:
        tracking = replace(tracking, stale=is_stale(tracking, now))
        held = Change(tracking, ordering, alerts=back, notes=notes)
        return _on_hold(held, judged, outlook, now)
    if news:
        tracking = _dated(tracking, before, now)
    elif box:
        until = max(until, now + STALE_AFTER)
        tracking = replace(tracking, changed_at=now, still_until=until)
    # After a start it is not known what the chances rest on, so an unchanged game is priced again.
    renewed = renewed or (tracking.basis is None and before is not None and not news)
    tracking = replace(tracking, stale=is_stale(tracking, now), basis=basis)
    notes += _transitions(tracking.game.name, before, state, ordering)
    if box and state.phase is Phase.FINAL:
        notes += (BoxChanged(tracking.game.name, _clock_and_score(state)),)
    change = go_on(Change(tracking, ordering, alerts=back, notes=notes), before, now)
    change = take_questions_back(change, now)
    if not state.phase.off:
        update = GameUpdate(before, state, now, news, renewed=renewed or _before_tip(before, state))
        again = ordering is Ordering.SAME and update.hurried
        change = see(
            change,
            lambda x: (
                news or renewed or x.chance is None or x.bet.number in box or (again and waits(x))
            ),
            update,
            outlook,
        )
    if tracking.stale and not was_stale:
        change = freeze_pending(change, now, "the feed has stopped changing")
    change = _with_results(change, before if sure else None, now, boxed=judged.boxed)
    if ordering is Ordering.BEHIND:
        # It confirms no score; after the last check there may be no other document.
        late = Unreadable(Trouble.NOT_PUBLISHED, "it does not show the end of the game")
        change = confirm_unread(change, late, now)
    return _asked(end_unheard(change, "", now))


def _on_hold(change: Change, judged: JudgedPoll, outlook: Outlook | None, now: datetime) -> Change:
    """The change of a poll on hold: alerts that it speaks against wait, and so do results."""
    state, contrary = judged.state, judged.contrary
    change = freeze_doubted(change, state, lambda x: chances([x], outlook, state)[0][1], now)
    if contrary:
        change = confirm_unread(change, Unreadable(Trouble.MALFORMED, contrary, contrary), now)
    return _asked(end_unheard(change, contrary, now))


def _with_results(
    change: Change, before: GameState | None, now: datetime, *, boxed: bool
) -> Change:
    """Add the alerts of bets that have become certain, and the results of bets that have ended.

    Without the state `before` nothing is certain in play.
    """
    state, polls = change.tracking.state, None
    if before is not None and state is not None:
        scored = change.ordering is not Ordering.BEHIND
        bets = (x.bet for x in change.tracking.tracked)
        polls = LastTwo.of(bets, before, state, scored=scored, boxed=boxed)
    change = settle_parts(announce_certain(change, polls, now), polls, now)
    return announce_legs(finish(take_given(change), now), polls, now)


def _before_tip(before: GameState | None, state: GameState) -> bool:
    """Whether the game has not begun, so that only new knowledge can have moved a chance."""
    return before is not None and state.phase is Phase.SCHEDULED


def _basis(tracking: GameTracking, outlook: Outlook | None) -> tuple[Basis | None, bool]:
    """What chances rest on from now on, and whether that differs from before."""
    if outlook is None:
        return tracking.basis, False
    if tracking.basis is None:
        return outlook.basis, False
    return outlook.basis.after(tracking.basis), outlook.basis.renews(tracking.basis)


def _asked(change: Change) -> Change:
    """Add an alert for every result that a person must decide, or need not decide any more."""
    said = tuple(review_alert(change.tracking, x) for x in change.reviews)
    return replace(change, alerts=change.alerts + said) if said else change


def _changed_in(tracking: GameTracking, before: GameState) -> tuple[int, ...]:
    """The numbers of the bets on players whose figures changed while the score did not."""
    state = tracking.state
    if state is None or not state.players:
        return ()
    return tuple(x.bet.number for x in tracking.tracked if moved(x, before, state))


def moved(tracked: Tracked, before: GameState, after: GameState) -> bool:
    """Whether the figures of a player in a bet's legs differ between two states."""
    return any(
        _figures(before, x) != _figures(after, x) for x in players_of(tracked, after.game.id)
    )


def first_seen(before: GameState | None, after: GameState) -> frozenset[tuple[Side, str]]:
    """The players whom a box lists for the first time since the tip, by side and key.

    The box shows who starts and who plays, so chances move because of that and not of the game.
    """
    if before is None or not after.phase.in_play:
        return frozenset()
    known = box_lines(before) if before.period else {}
    return frozenset(box_lines(after).keys() - known.keys())


def _figures(state: GameState, player: Player) -> object:
    line = box_line(state, player)
    return None if line is None else (line.stats, line.played, line.fouls, line.note)


def note(tracking: GameTracking, why: Unreadable, now: datetime) -> Change:
    """What an unreadable poll changes: it is not believed, and a long silence is reported once."""
    tracking = dated_by(tracking, now)
    state = tracking.state
    waiting = state is None or state.phase is Phase.SCHEDULED
    overdue = waiting and now - tracking.game.start >= GAME_LOST_AFTER
    playing = overdue or (state is not None and state.phase.in_play)
    since = tracking.silent_since
    silent = since is not None and now - since >= GAME_LOST_AFTER
    tracking = replace(tracking, stale=is_stale(tracking, now))
    if state is not None and state.phase.off and _surely_off(tracking, now):
        # A game that was called off leaves the board, but its bets must still become void.
        return _asked(finish(Change(tracking, Ordering.SAME), now))
    change = confirm_unread(Change(tracking), why, now)
    change = end_unheard(change, why.claim, now)
    if not playing or not silent or tracking.lost:
        return _asked(change)
    alerts = announce(change.tracking, Fact.FEED_DOWN, now, detail=why.trouble.value)
    change = replace(
        change,
        tracking=replace(change.tracking, lost=True),
        alerts=change.alerts + alerts,
        notes=(*change.notes, GameLost(tracking.game.title, why.trouble.value)),
    )
    return _asked(freeze_pending(change, now, "the feed is away"))


def _surely_off(tracking: GameTracking, now: datetime) -> bool:
    return tracking.still_from is not None and now - tracking.still_from >= SURELY_OFF_AFTER


def _heard(
    tracking: GameTracking, now: datetime, *, news: bool
) -> tuple[bool, tuple[Alert, ...], tuple[SystemEvent, ...]]:
    """Whether a game is without data although a poll was read, and what is said where that is new.

    It is while no document has told anything new for LOST_STILL_AFTER (`still_since`). A restart
    waits as long before it reports that, and ends no outage.
    """
    since = tracking.changed_at if tracking.lost else tracking.still_from
    if news or still_since(tracking.state, since, now) is None:
        return False, *_feed_back(tracking, now)
    if tracking.lost:
        return True, (), ()
    alerts = announce(tracking, Fact.FEED_DOWN, now, detail=STOOD_STILL)
    return True, alerts, (GameLost(tracking.game.title, STOOD_STILL),)


def _feed_back(
    tracking: GameTracking, now: datetime
) -> tuple[tuple[Alert, ...], tuple[SystemEvent, ...]]:
    """The alerts and the event for a lost game that can be read again."""
    if not tracking.lost or tracking.seen_at is None:
        return (), ()
    still = still_since(tracking.state, tracking.changed_at, tracking.seen_at)
    seconds = int((now - (still or tracking.seen_at)).total_seconds())
    away = f"away for {seconds // 60} min {seconds % 60} s"
    return announce(tracking, Fact.FEED_BACK, now, detail=away), (
        GameBack(tracking.game.title, away),
    )


def _dated(tracking: GameTracking, last: GameState | None, now: datetime) -> GameTracking:
    """The tracking with the times at which its state last changed and its game ended."""
    state = tracking.state
    over = state is not None and state.phase.over
    # A game that was postponed and then played after all gets a new end.
    same_end = over and state is not None and last is not None and last.phase.off == state.phase.off
    ended_at = tracking.final_at if same_end else None
    return replace(
        tracking,
        changed_at=now,
        final_at=(ended_at or now) if over else None,
        checks=tracking.checks if same_end else 0,
    )


def _transitions(
    game: str, before: GameState | None, state: GameState, ordering: Ordering
) -> tuple[SystemEvent, ...]:
    if ordering is Ordering.CORRECTION:
        return (GameCorrected(game, _clock_and_score(state)),)
    if before is None or before.phase is not state.phase:
        return (GamePhase(game, state.phase.value, state.score.text),)
    return ()


def _of_held(tracking: GameTracking, judged: JudgedPoll) -> tuple[SystemEvent, ...]:
    """The event of a state that is held, or of a held one that is no longer reported.

    Each is reported once. That a source's own box is behind its board, or the reverse, never is.
    """
    game, was, held = tracking.game.name, tracking.held, judged.held
    new = held is not None and held != was and held.polls == 1
    match judged.ordering:
        case Ordering.HELD if new:
            return (PollHeld(game, judged.contrary or _clock_and_score(judged.state)),)
        case Ordering.BEHIND if new and held is not None and not held.usual:
            return (PollHeld(game, _clock_and_score(held.state)),)
        case Ordering.SAME if was is not None and held is None and not was.usual:
            return (PollDropped(game, _clock_and_score(was.state)),)
        case _:
            return ()


def _clock_and_score(state: GameState) -> str:
    return f"{state.game_clock} {state.score.text}"


class PricedBet(NamedTuple):
    """A bet priced by an outlook: its chance, or why it has none.

    A `chance` of None means that the bet keeps its last one. `raw` is the chance before the
    calibration, if one has changed it. `own` is the figure that decides a single bet, where that is
    not the final score.
    """

    tracked: Tracked
    chance: Chance | NoChance | None
    raw: Chance | None = None
    own: OwnFigure | None = None


def see(
    change: Change, fresh: Callable[[Tracked], bool], update: GameUpdate, outlook: Outlook | None
) -> Change:
    """Add the snapshots, rule decisions and alerts of the bets that `fresh` selects.

    A bet that cannot be priced, for lack of the points by period, keeps its last chance, and its
    rules about chances wait. If the state is not new, a bet with an unchanged chance is left out,
    unless a rule waits for a second reading and one is enough.
    """
    tracking = change.tracking
    state = tracking.state
    assert state is not None  # noqa: S101 - a state has just been believed
    concerned = [x for x in tracking.tracked if fresh(x)]
    if not concerned:
        return change
    update = replace(update, state=state)
    renewed = replace(update, renewed=True)
    entered = frozenset() if update.renewed else first_seen(update.before, state)
    take = None if outlook is None else _snapshots(state, outlook, update.now)

    def about(one: Tracked) -> bool:
        return any((x.side, x.key) in entered for x in players_of(one, state.game.id))

    found = Gathering(change)
    for one, priced in zip(concerned, chances(concerned, outlook, state), strict=True):
        if (
            update.news
            or priced.tracked != one
            or priced.chance not in (one.chance, one.no_chance)
            or (update.hurried and waits(one))
        ):
            _see_one(found, one, priced, renewed if entered and about(one) else update, take)
    return found.change


def chances(tracked: list[Tracked], outlook: Outlook | None, state: GameState) -> list[PricedBet]:
    """Price each bet by an outlook, and a parlay's legs on the game too."""
    if outlook is None:
        return [PricedBet(x, None) for x in tracked]
    markets = markets_on(tracked, state.game.id)
    # All markets are priced in one call, which is faster than one call a parlay.
    raw_chances, own = price_all(markets, outlook), own_figures(markets, outlook)
    told = state.phase.in_play and state.last_five_minutes
    late = {x for x in Side if told and 0 < points_lacking(state, x) <= MOST_AT_ONCE}
    if late:
        raw_chances = [
            None if _unscored(x, late) else chance
            for x, chance in zip(markets, raw_chances, strict=True)
        ]
    priced, maps = zip(raw_chances, own, strict=True), outlook.calibrations.maps
    found: list[PricedBet] = []
    for one in tracked:
        market = one.bet.market
        if isinstance(market, Parlay):
            legs = [next(priced)[0] for _ in market.in_game(state.game.id)]
            seen = priced_parlay(one, market, state.game.id, legs, outlook)
            found.append(PricedBet(seen, parlay_chance(seen)))
            continue
        raw, figure = next(priced)
        chance = _single(one, market, raw, outlook) if raw is None or maps else raw
        found.append(PricedBet(one, chance, None if chance is raw else raw, figure))
    return found


def _unscored(market: Market, late: set[Side]) -> bool:
    """Whether a market is on what a player scores whose side's last points the box lacks.

    They may be his, so the bet keeps its last chance: by the old box it would fall, and in haste
    one reading is enough for an alert.
    """
    if not isinstance(market, PlayerMarket) or market.player.side not in late:
        return False
    return isinstance(market, DoubleDouble) or not {Stat.PTS, Stat.THREES}.isdisjoint(
        market.stat.parts
    )


def _single(
    one: Tracked, market: Market, raw: Chance | None, outlook: Outlook
) -> Chance | NoChance | None:
    """The calibrated chance of a single bet, or why it has none."""
    if raw is not None:
        return outlook.calibrations.applied(market, raw)
    why = why_none(market, outlook)
    return None if why is None else why.after(one.no_chance)


def _see_one(
    found: Gathering, old: Tracked, priced: PricedBet, update: GameUpdate, take: TakeSnapshot | None
) -> None:
    """Add one bet's snapshot, rule decisions and alerts."""
    seen, chance_or_why, raw, own = priced
    if seen is not old:
        found.legs += [
            x for x, known in zip(seen.legs, old.legs, strict=True)
            if x is not known and (x != known or x.was != known.was)
        ]  # fmt: skip
    if seen.groups and seen.ended:
        found.put(seen)
        return
    chance = None
    if (
        isinstance(chance_or_why, Chance)
        and (idle := idle_after(old, seen, chance_or_why, update)) is not None
    ):
        seen = seen.seen_at(chance_or_why, *idle)
        if take is not None:
            found.snapshots.append(take(seen, raw, own))
        found.put(seen)
        return
    if isinstance(chance_or_why, NoChance):
        seen = seen.without_chance(chance_or_why)
        known = old.no_chance is chance_or_why
    else:
        chance, known = chance_or_why, chance_or_why is None
        seen = seen if chance_or_why is None else seen.seen_at(chance_or_why)
    if take is not None and not known:
        found.snapshots.append(take(seen, raw, own))
    seen, rules, alerts = apply_rules(old, seen, chance, update)
    found.put(seen)
    found.rules += rules
    found.alerts += alerts


def _snapshots(state: GameState, outlook: Outlook, now: datetime) -> TakeSnapshot:
    """A function that takes a bet's snapshot; what the bets share is prepared once."""
    shared = GameSnapshot(
        now, state.period, state.clock, state.game_clock, state.score, outlook.mu, outlook.sigma,
        outlook.model_version, outlook.feature_version, outlook.prior,
    )  # fmt: skip
    game, calibrations = state.game.id, outlook.calibrations

    def take(seen: Tracked, raw: Chance | None, own: OwnFigure | None) -> Snapshot:
        by = calibrations.name if not calibrations.maps else _corrected_by(seen, game, calibrations)
        part = part_of(seen, game) if seen.groups else None
        return _SNAPSHOT(seen.bet.number, shared, seen.chance, by, part, seen.no_chance, raw, own)

    return take


_SNAPSHOT = maker(Snapshot)


def _corrected_by(seen: Tracked, game: str, calibrations: Calibrations) -> str:
    """The `calibration_id` of a bet's chance: only a leg that is alone on its game is corrected."""
    legs = [x.market for x in seen.bet.legs if x.game.id == game]
    return calibrations.id_for(legs[0]) if len(legs) == 1 else UNCALIBRATED
