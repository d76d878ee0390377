"""The JSON that other programs rely on: bets and their history, alerts, games, and the status."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Any

from tracker.domain.bet import Parlay, wager_kind
from tracker.domain.market import describe, kind

if TYPE_CHECKING:
    from datetime import datetime

    from tracker.domain.bet import ScoreMoments
    from tracker.domain.chance import Chance
    from tracker.domain.game import Game, GameState, Score
    from tracker.forecast.priors import Believed
    from tracker.store.views import (
        AlertView,
        BetView,
        DaemonView,
        SettlementView,
        ShowView,
        SnapshotView,
        StatusView,
    )

Json = dict[str, Any]

_MINUTE = 60


def bet_json(x: BetView) -> Json:
    """A bet as `tracker bets --json` lists it."""
    return {
        "id": x.id,
        "pick": x.pick,
        "market": None if x.market is None else wager_kind(x.market),
        "game": game_name_json(x.game),
        "odds": None if x.odds is None else x.odds.text,
        "stake_cents": x.stake_cents,
        "free": x.free,
        "status": x.status.value,
        "result": None if x.result is None else x.result.value,
        "payout_cents": x.payout_cents,
        "review": x.review,
        "chance": chance_json(x.chance),
        "no_chance": None if x.no_chance is None else x.no_chance.value,
        "revision": x.revision,
        "rules": [rule.text for rule in x.rules],
    }


def show_json(x: ShowView) -> Json:
    """A bet with its history as `tracker show --json` gives it."""
    bet = x.bet
    return bet_json(bet) | {
        "number": bet.number,
        "tags": list(bet.tags),
        "book": bet.book,
        "added_at": iso(bet.added_at),
        "withdrawn_at": _time(bet.withdrawn_at),
        "peak": bet.peak,
        "low": bet.low,
        "legs": legs_json(x),
        "snapshots": [snapshot_json(one) for one in x.snapshots],
        "alerts": [alert_json(one) for one in x.alerts],
        "settlements": [_settlement(one) for one in x.settlements],
    }


def legs_json(view: ShowView) -> list[Json]:
    """The legs of a parlay as `tracker show --json` gives them; none for other bets."""
    slip = view.bet.market
    if not isinstance(slip, Parlay):
        return []
    return [
        {
            "text": describe(leg.market, leg.game.home, leg.game.away),
            "market": kind(leg.market),
            "game": leg.game.id,
            "odds": None if leg.odds is None else leg.odds.text,
            "chance": chance_json(known.chance),
            "no_chance": None if known.no_chance is None else known.no_chance.value,
            "result": None if known.result is None else known.result.value,
            "official": known.official,
            "reason": known.reason or known.unclear,
        }
        for leg, known in zip(slip.legs, view.legs, strict=True)
    ]


def alert_json(x: AlertView) -> Json:
    """A decision of a rule as `tracker alerts --json` lists it."""
    alert = x.alert
    return {
        "id": x.id,
        "bet": x.bet_id,
        "rule": alert.rule,
        "episode": alert.episode,
        "at": iso(alert.at),
        "game_clock": alert.game_clock,
        "decision": alert.decision.value,
        "reason": alert.reason.value,
        "level": alert.level.value,
        "text": alert.text,
        "p": alert.p,
        "was": alert.was,
        "score": _score(alert.score),
        "deliveries": [
            {
                "channel": one.channel,
                "state": one.state.value,
                "attempts": one.attempts,
                "at": iso(one.at),
                "detail": one.detail,
                "possible_repeat": one.possible_repeat,
            }
            for one in x.deliveries
        ],
    }


def game_json(game: Game, state: GameState | None) -> Json:
    """A game of the slate as `tracker games --json` lists it."""
    return {
        **game_name_json(game),
        "slate": game.slate.isoformat(),
        "phase": "unknown" if state is None else state.phase.value,
        "game_clock": None if state is None else state.game_clock,
        "period": None if state is None else state.period,
        "clock": None if state is None else clock_digits(state.clock),
        "score": None if state is None else _score(state.score),
    }


def status_json(x: StatusView, now: datetime, daemon: DaemonView | None) -> Json:
    """The status as `tracker status --json` gives it; ages are in seconds at `now`.

    `daemon` is the one that runs; None when none does.
    """
    return {
        "at": iso(now),
        "daemon": None
        if daemon is None
        else {
            "pid": daemon.pid,
            "started_at": iso(daemon.started_at),
            "version": daemon.version,
            "clock_speed": daemon.clock_speed or 1.0,
        },
        "games": [
            game_json(one.game, one.state)
            | {
                "bets": one.bets,
                "seen_at": _time(one.seen_at),
                "age_s": _age(one.seen_at, now),
                "stale": one.stale,
                "lost": one.lost,
            }
            for one in x.games
        ],
        "bets": [bet_json(one) for one in x.bets],
        "waiting_for_a_game": x.unbound,
        "bets_file": list(x.bets_file),
        "sources": [
            {"source": one.source, "word": one.word, "last_ok_at": _time(one.last_ok_at)}
            for one in x.sources
        ],
        "deliveries": [
            {"channel": channel, "state": state, "count": count}
            for (channel, state), count in sorted(x.deliveries.items())
        ],
        "decisions": [
            {"decision": decision, "reason": reason, "count": count}
            for (decision, reason), count in sorted(x.decisions.items())
        ],
        "schema": x.schema,
        "size_bytes": x.size_bytes,
    }


def iso(at: datetime) -> str:
    """A time as the contracts write it: ISO 8601, UTC, with Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def clock_digits(seconds: float) -> str:
    """The time left of a period in the form that `tracker price` reads: `04:11`, `00:07.4`."""
    if seconds < _MINUTE and round(seconds * 10) % 10:
        return f"00:{round(seconds * 10) / 10:04.1f}"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes:02d}:{rest:02d}"


def _time(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _age(at: datetime | None, now: datetime) -> float | None:
    """Seconds since a moment; None where that is not known.

    So it is of a moment that the clock has not reached: it has been set back since.
    """
    from tracker.wording.figures import AHEAD_S

    age = None if at is None else (now - at).total_seconds()
    return None if age is None or age < -AHEAD_S else max(0.0, round(age, 1))


def game_name_json(game: Game | None) -> Json:
    """A game by its id; every key is null for none."""
    if game is None:
        return dict.fromkeys(("id", "league", "away", "home", "start"))
    return {
        "id": game.id,
        "league": game.league,
        "away": game.away,
        "home": game.home,
        "start": iso(game.start),
    }


def chance_json(chance: Chance | None) -> Json | None:
    """A chance and its parts; None where there is none."""
    return None if chance is None else chance_parts(chance)


def chance_parts(chance: Chance | None) -> Json:
    """The parts of a chance, to put into a row; each None where there is none."""
    if chance is None:
        return {"win": None, "push": None, "lose": None}
    return {"win": chance.win, "push": chance.push, "lose": chance.lose}


def _score(score: Score) -> Json:
    return {"home": score.home, "away": score.away}


def _moments(x: ScoreMoments) -> Json:
    return {"home": x.home, "away": x.away, "total": x.total, "margin": x.margin}


def snapshot_json(view: SnapshotView) -> Json:
    """A snapshot as `tracker show --json` lists it."""
    x = view.snapshot
    return {
        "at": iso(x.at),
        "period": x.period,
        "clock": clock_digits(x.clock),
        "clock_s": x.clock,
        "game_clock": x.game_clock,
        "score": _score(x.score),
        "mu": _moments(x.mu),
        "sigma": _moments(x.sigma),
        "chance": chance_json(x.chance),
        "no_chance": None if x.no_chance is None else x.no_chance.value,
        "prior": None
        if x.prior is None
        else {"margin": x.prior.margin, "total": x.prior.total, "by": x.prior.by},
        "own": None if x.own is None else {"now": x.own.now, "mu": x.own.mu, "sigma": x.own.sigma},
        "poll": view.poll,
        "model_version": x.model_version,
        "feature_version": x.feature_version,
        "calibration_id": x.calibration_id,
    }


def _settlement(view: SettlementView) -> Json:
    x = view.settlement
    return {
        "revision": x.revision,
        "result": x.result.value,
        "payout_cents": x.payout_cents,
        "at": iso(x.at),
        "reason": x.reason,
        "evidence": x.evidence,
        "by_hand": x.by_hand,
        "poll": view.evidence_poll,
        "official_at": _time(view.official_at),
    }


def prior_json(found: Believed) -> dict[str, Any]:
    """The prior as other programs read it, in points; the margin is the home team's."""
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


def prior_words(found: Believed, game: Game) -> str:
    """The prior in a bettor's words."""
    from tracker.domain.prior import SourcedPrior
    from tracker.wording.closes import prior_text

    prior = SourcedPrior(found.prior.margin, found.prior.total, found.by)
    return prior_text(prior, game, None if found.ends is None else found.ends.chance)
