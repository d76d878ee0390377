"""The JSON that other programs rely on: bets and their history, alerts, games, and the status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.domain.bet import Parlay, wager_kind
from tracker.domain.chance import Chance
from tracker.domain.game import Game, GameState
from tracker.domain.market import describe, kind
from tracker.domain.prior import SourcedPrior

if TYPE_CHECKING:
    from tracker.forecast.priors import Believed
    from tracker.store.views import (
        AlertView,
        BetView,
        DaemonView,
        ShowView,
        SnapshotView,
        StatusView,
    )

Json = dict[str, Any]

_MINUTE = 60

_AS_THEY_ARE = frozenset((str, int, float, bool, type(None)))
"""Types whose values need no other form: nearly all of a long history are of these."""


def plain(x: Any) -> Any:
    """A value as every contract writes it, whose keys are the names of the fields.

    Times are in UTC (`iso`), dates in ISO 8601, paths texts, and an enum is its value.
    """
    if type(x) in _AS_THEY_ARE:
        return x
    match x:
        case datetime():
            return iso(x)
        case date():
            return x.isoformat()
        case Enum():
            return x.value
        case list() | tuple():
            return [plain(one) for one in x]
        case _ if is_dataclass(x):
            return part(x, *(one.name for one in fields(x)))
        case Path():
            return str(x)
        case Mapping():
            return {key: plain(value) for key, value in x.items()}
        case _:
            return x


def part(x: object, *names: str) -> Json:
    """Some fields or properties of a value by their names, each as `plain` writes it."""
    return {name: plain(getattr(x, name)) for name in names}


def bet_json(x: BetView) -> Json:
    """A bet as `tracker bets --json` lists it."""
    return {
        "id": x.id,
        "pick": x.draft.pick.text,
        "market": None if x.market is None else wager_kind(x.market),
        "game": game_name_json(x.game),
        "odds": None if x.draft.odds is None else x.draft.odds.text,
        "stake_cents": x.draft.stake_cents,
        "free": x.draft.free,
        **part(x, "status", "result", "payout_cents", "review", "chance", "no_chance"),
        "stale": x.stale and x.result is None,
        "revision": x.revision,
        "rules": [rule.text for rule in x.rules],
    }


def show_json(x: ShowView) -> Json:
    """A bet with its history as `tracker show --json` gives it."""
    bet = x.bet
    return {
        **bet_json(bet),
        "number": bet.number,
        **part(bet.draft, "tags", "book"),
        **part(bet, "added_at", "withdrawn_at", "peak", "low"),
        "legs": legs_json(x),
        "snapshots": [snapshot_json(one) for one in x.snapshots],
        "alerts": [alert_json(one) for one in x.alerts],
        "settlements": [
            part(
                one.settlement,
                "revision",
                "result",
                "payout_cents",
                "at",
                "reason",
                "evidence",
                "by_hand",
            )
            | {"poll": one.evidence_poll, "official_at": plain(one.official_at)}
            for one in x.settlements
        ],
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
            **part(known, "chance", "no_chance", "result", "official"),
            "reason": known.reason or known.unclear,
        }
        for leg, known in zip(slip.legs, view.legs, strict=True)
    ]


def alert_json(x: AlertView) -> Json:
    """A decision of a rule as `tracker alerts --json` lists it."""
    return {
        "id": x.id,
        "bet": x.bet_id,
        **part(
            x.alert,
            "rule",
            "episode",
            "at",
            "game_clock",
            "decision",
            "reason",
            "level",
            "text",
            "p",
            "was",
            "score",
        ),
        "deliveries": [
            part(one, "channel", "state", "attempts", "at", "detail", "possible_repeat")
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
        "score": None if state is None else plain(state.score),
    }


def status_json(x: StatusView, now: datetime, daemon: DaemonView | None) -> Json:
    """The status as `tracker status --json` gives it; ages are in seconds at `now`.

    `daemon` is the one that runs; None when none does.
    """
    return {
        "at": iso(now),
        "daemon": None
        if daemon is None
        else part(daemon, "pid", "started_at", "version")
        | {"clock_speed": daemon.clock_speed or 1.0},
        "games": [
            game_json(one.game, one.state)
            | {
                **part(one, "bets", "seen_at"),
                "age_s": _age(one.seen_at, now),
                **part(one, "stale", "lost"),
            }
            for one in x.games
        ],
        "bets": [bet_json(one) for one in x.bets],
        "waiting_for_a_game": x.unbound,
        "bets_file": list(x.bets_file),
        "sources": [part(one, "source", "word", "last_ok_at") for one in x.sources],
        "deliveries": [
            {"channel": channel, "state": state, "count": count}
            for (channel, state), count in sorted(x.deliveries.items())
        ],
        "decisions": [
            {"decision": decision, "reason": reason, "count": count}
            for (decision, reason), count in sorted(x.decisions.items())
        ],
        **part(x, "schema", "size_bytes"),
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
    return part(game, "id", "league", "away", "home", "start")


def chance_parts(chance: Chance | None) -> Json:
    """The parts of a chance, to put into a row; each None where there is none."""
    names = ("win", "push", "lose")
    return dict.fromkeys(names) if chance is None else part(chance, *names)


_MOMENTS = ("home", "away", "total", "margin")


def snapshot_json(view: SnapshotView) -> Json:
    """A snapshot as `tracker show --json` lists it."""
    x, game = view.snapshot, view.snapshot.game
    return {
        **part(game, "at", "period"),
        "clock": clock_digits(game.clock),
        "clock_s": game.clock,
        **part(game, "game_clock", "score"),
        "mu": part(game.mu, *_MOMENTS),
        "sigma": part(game.sigma, *_MOMENTS),
        **part(x, "chance", "no_chance"),
        "prior": plain(game.prior),
        "own": plain(x.own),
        "poll": view.poll,
        **part(game, "model_version", "feature_version"),
        "calibration_id": x.calibration_id,
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
        "ends": plain(found.ends),
    }


def prior_words(found: Believed, game: Game) -> str:
    """The prior in a bettor's words."""
    from tracker.wording.closes import prior_text

    prior = SourcedPrior(found.prior.margin, found.prior.total, found.by)
    return prior_text(prior, game, None if found.ends is None else found.ends.chance)
