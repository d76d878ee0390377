"""Measures how many challengers pass the gate: equally good ones, better ones, and worse ones.

`python -m benchmarks.promotion [trials]`. Trials are simulated: each model knows the expected
margin of a game up to an error, whose size says how good the model is. It fails when the gate
promotes more than one in twenty equally good challengers, or less than half of those that are 2 %
better.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from tracker.engine.promotion import LOOKS, Evidence, GateVerdict, Loss, judge
from tracker.engine.shadow import MOMENTS

LEFT = dict(zip(MOMENTS, (0.5, 0.25, 0.1, 0.04), strict=True))
"""The part of a game that is left at each moment."""

SD = 13.9
"""The standard deviation of a whole game's margin around its expectation, in points."""

MEASURES = ("win", "spread", "total")


def trial(games: int, champion: float, challenger: float, seed: int = 1) -> Evidence:
    """A simulated trial over `games` games.

    `champion` and `challenger` are the standard deviations of the models' errors about the expected
    margin, in points. The Brier score of a model with an error of 2.3 is 2 % above that with 1.
    """
    rng = np.random.default_rng(seed)
    errors = rng.normal(0, 1, (2, games)) * np.array([[champion], [challenger]])
    briers: dict[tuple[str, str], list[list[float]]] = {}
    for measure in MEASURES:
        expected, left = rng.normal(0, 6, games), 1.0
        for moment, part in LEFT.items():
            expected = expected + rng.normal(0, SD * math.sqrt(left - part), games)
            left, sd = part, SD * math.sqrt(part)
            hit = expected + rng.normal(0, sd, games) > 0
            told = ndtr((expected + errors * math.sqrt(part) * 1.4) / sd)
            briers[measure, moment] = ((told - hit) ** 2).tolist()
    losses = [
        Loss(f"{n:04d}", *key, both[0][n], both[1][n])
        for n in range(games)
        for key, both in briers.items()
    ]
    covered = (rng.random(games) < 0.8).astype(float).tolist()
    return Evidence(losses, 40, {"margin": covered})


def decided(evidence: Evidence) -> tuple[GateVerdict, int]:
    """The gate's verdict on a challenger, and the number of games at which it fell."""
    games = evidence.games
    for look in LOOKS:
        chosen = set(games[:look])
        so_far = replace(evidence, losses=[x for x in evidence.losses if x.game in chosen])
        verdict = judge(so_far).verdict
        if verdict is not GateVerdict.HOLD:
            return verdict, look
    return GateVerdict.HOLD, LOOKS[-1]


def main() -> int:
    """Print a table; returns 1 when the gate is too easy or too hard."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    shares = {}
    print(f"{'challenger':24} {'promoted':>9} {'rejected':>9}  promoted at look")
    for name, champion, challenger in (
        ("equally good", 2.0, 2.0),
        ("better by 2 %", 2.3, 1.0),
        ("better by 4 %", 3.1, 1.0),
        ("worse by 2 %", 1.0, 2.3),
    ):
        found = [decided(trial(LOOKS[-1], champion, challenger, seed)) for seed in range(count)]
        at = [sum(x == (GateVerdict.PROMOTE, look) for x in found) / count for look in LOOKS]
        rejected = sum(x[0] is GateVerdict.REJECT for x in found) / count
        gain = mean_gain(champion, challenger)
        shares[name] = sum(at)
        print(f"{name:24} {sum(at):9.1%} {rejected:9.1%}  "
              f"{', '.join(f'{x:.1%}' for x in at)}  (Brier {gain:+.1%})")  # fmt: skip
    return int(shares["equally good"] > 0.05 or shares["better by 2 %"] < 0.5)


def mean_gain(champion: float, challenger: float) -> float:
    """The challenger's Brier score relative to the champion's, less 1, over many games."""
    losses = trial(20_000, champion, challenger, seed=99).losses
    was, now = sum(x.champion for x in losses), sum(x.challenger for x in losses)
    return now / was - 1


if __name__ == "__main__":
    sys.exit(main())
