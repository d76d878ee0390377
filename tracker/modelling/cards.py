"""Makes the model card and the player card from recorded games.

    python -m tracker.modelling.cards DATA [--out docs] [--fits FOLDER] [--only games|players]

Every season is judged by a fit on the others. Fits are kept in FOLDER and used again: remove it
after a change of the model.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.forecast.game.parameters import Parameters, decode
from tracker.modelling import Progress
from tracker.modelling.games import Dataset, read
from tracker.modelling.games.evaluate import evaluate_games, judged_alone
from tracker.modelling.games.fit import fit_text, only
from tracker.modelling.games.report import NAMES, SCORES, grid, scores
from tracker.modelling.players import report
from tracker.modelling.shipped import PLANS, PLAYERS, each_step_once

# ----------------------------------------------------------- the texts of the model card

INTRODUCTION = """\
# Model card

At any moment of a basketball game the forecast gives the joint chances of the final score, and from
them the chance of every bet on the game. [model.md](model.md) describes how it works; this page
shows how good it is. `python -m tracker.modelling.cards` makes the tables again.

**For**: telling a person how likely their bets are to win, and how sure that is.
**Not for**: finding bets that beat a market, staking, or anything that moves money by itself. It
matches the live market's chances and does not beat its closing lines. If its price differs from a
book's, the mistake is more often the forecast's than the book's.

## Data

Play-by-play of NBA games 2020-21 … 2023-24 with closing lines (games whose recorded line cannot be
a closing line are left out), and of WNBA games 2015 … 2022 and NCAA men's games 2024-25, both
without lines. No model here was fitted on the season that it is judged on, unless the text says so;
the shipped files are fitted on all seasons. Each game has weight 1 at each moment. Overtime counts.
Brier scores and calibration are of bets that did not push; intervals are 95 %, by bootstrap over
games.
"""

LIMITS = """\
## Limits and known weaknesses

- A closing line is taken as the truth before tip-off. A lineup that becomes known late, an injury
  during the game or a coach who rests his starters shows only in the score.
- Quarters and halves that do not end the game are normal in margin and total until their last
  minute, which is a table of possessions. Each is independent of what it leaves of the game.
- Before the endgame, margin and total depend on each other only by how clear the favourite is. Home
  teams' points vary a little more than visitors' (correlation .03); the model treats both alike.
- The possession chain has the habits of the league, not of a team: a good free-throw team is not
  better at holding a lead. Fouls to give count only as bonus or no bonus.
- The figures are of states at whole seconds of play. While the clock stands, a possession is about
  to begin, and half a possession less is to come: until 1:00 of the last quarter, final totals of
  NBA games seen at a time-out, or from 5:00 on at a foul, are .2 to .5 points lower than said.
  From 5:00 to 2:00 their median was passed after 42 % of 4,297 time-outs (46 % said), 44 % of 4,544
  fouls (47 %) and 47 % of 4,869 whole seconds (46 %). Right after a basket they are .6 ± .1 points
  lower. Within 1:00 the tables count what is seen while play stands. Half a point less after each
  of 1,600 baskets from 5:00 to 1:00 would have helped totals by .0006 Brier there, after 363
  time-outs by .0001: too little for a state that says how long a possession has lasted.
- In the first minutes of a period expected totals of NBA games stay within .4 points of what they
  were at its start, on average, and those of quarters within .6: nobody scores for ten seconds,
  and the weights of flow and spans are linear in the clock.
- Unknown possession costs .0001 to .0014 Brier late in a game. No live box score has it.
- There is one season of NCAA men's games: early-season priors are vague, and drift between seasons
  is untested. Without lines, hosts are far too low then, since strong teams invite weak ones: where
  a team has no earlier game, the ratings give the home side 4.4 points, and it won by 28.9 ± 1.9
  (515 games); 15.6 and 21.1 ± 2.3 after one game of each; from the fifth on both agree.
- The recorded college games do not say which courts were neutral, so that the home edge misleads
  there. Most such games are in March; they cause the drifts in the NCAA table. In use, the edge is
  left out where the feed reports a neutral court.
- WNBA and NCAA priors come from results alone; with closing lines they would be sharper than shown.
- G League and NCAA women use another league's parameters, marked `transferred`, and are not
  judged.
- Seasons differ more than models do: the same model's Brier at half-time was .153 in 2023-24 and
  .173 in 2022-23. Compare models by paired differences only.
"""


def write_card(sections: Results, path: Path, seasons: Results = ()) -> None:
    """Write the card from evaluations with their headings, the first one with all its tables.

    `seasons` are evaluations of single seasons of one league, which go into one table.
    """
    lines = [INTRODUCTION]
    for k, (heading, result) in enumerate(sections):
        lines += [f"## {heading}", "", *section(result, full=k == 0), ""]
        if k == 0 and seasons:
            lines += ["## Season by season", "", *beside_one_another(seasons), ""]
    lines.append(LIMITS)
    path.write_text("\n".join(lines), "utf-8")


def section(result: Mapping[str, Any], *, full: bool) -> list[str]:
    """The lines of one evaluation; `full` adds the comparisons with other models."""
    about, overtime = result["parameters"], result["overtime"]
    moments = dict(sorted(result["moments"].items(), key=lambda x: -x[1]["left"]))
    live = {"live overtime": overtime} if overtime["scores"] else {}
    lines = [
        (
            f"`{about['model_version']}`, fitted on {', '.join(about['fitted_on'])}, judged on "
            f"{', '.join(about['judged_on'])}: {about['games']} games."
        ),
        "",
        *scores(moments),
        "",
        (
            "How often the outcome was within the 80 % interval (randomised PIT; the 95 % interval "
            f"of each cell is about ±{_half(moments):.3f}):"
        ),
        "",
        *_coverage(moments | live),
        "",
        "Calibration over all moments:",
        "",
        *_calibration(result["overall"]),
        "",
        _exceptions(moments),
        "",
        *_counts(moments),
        "",
        _joint(result["parlay_log_loss"]),
        "",
        _fair(result["martingale"]),
    ]
    if full:
        lines += [
            "",
            (
                "Brier score of this model less that of each baseline, which is fitted on the same "
                "seasons, paired by game (× 10,000; below 0 is better; * marks an interval that "
                "reaches above +5). " + _against(result["paired"])
            ),
            "",
            *_paired(result["paired"], [x for x in moments if x in _compared(result)]),
        ]
    return lines


def _against(paired: Mapping[str, Any]) -> str:
    """A sentence that counts the comparisons with baselines and names those that one wins."""
    cells = [
        (label, market, name, x)
        for label, moments in paired.items()
        for name, figures in moments.items()
        for market, x in figures.items()
        if market in NAMES
    ]
    behind = [x for x in cells if x[3]["low"] > 0]
    open_ = [x for x in cells if x[3]["high"] > NOTABLE]
    ahead = [x for x in cells if x[3]["high"] < 0]
    worse = "; ".join(
        f"{label}, {NAMES[market]} at {name}: {x['mean'] * 1e4:+.0f} "
        f"({x['low'] * 1e4:+.0f}, {x['high'] * 1e4:+.0f})"
        for label, market, name, x in behind
    )
    return (
        f"Of {len(cells)} comparisons this model is better beyond doubt (interval below 0) in "
        f"{len(ahead)}, a baseline is in {len(behind)}{f' ({worse})' if worse else ''}; in "
        f"{len(open_)} the interval reaches above +5."
    )


NOTABLE = 0.0005
"""A difference in Brier score: a baseline that may be better by more is marked in the table."""


def _coverage(moments: Mapping[str, Any]) -> list[str]:
    rows = [
        [score, *(f"{x['scores'][score]['coverage80']['mean']:.3f}" for x in moments.values())]
        for score in SCORES
    ]
    return grid(["of", *moments], rows)


def _half(moments: Mapping[str, Any]) -> float:
    cells = [x["scores"]["margin"]["coverage80"] for x in moments.values()]
    return float(max(x["high"] - x["low"] for x in cells) / 2)


def _calibration(overall: Mapping[str, Any]) -> list[str]:
    rows = [
        ["ECE", *(f"{x['ece']:.4f}" for x in overall.values())],
        ["slope", *(f"{x['slope']:.3f}" for x in overall.values())],
        ["± (95 %, by game)", *(f"{1.96 * x['slope_error']:.3f}" for x in overall.values())],
    ]
    return grid(["", *overall], rows)


def _exceptions(moments: Mapping[str, Any]) -> str:
    """A sentence on the cells whose ECE is above the 95th percentile of perfect chances."""
    cells = [
        (name, market, x["ece"], x["ece_if_perfect"])
        for name, moment in moments.items()
        for market, x in moment["markets"].items()
    ]
    above = [x for x in cells if x[2] > x[3]]
    listed = ", ".join(
        f"{market} at {name} ({ece:.3f} > {limit:.3f})" for name, market, ece, limit in above
    )
    return (
        f"Of {len(cells)} cells (market × moment), {len(above)} have an ECE above the 95th "
        f"percentile of perfect chances; luck alone gives {len(cells) / 20:.0f}"
        + (f": {listed}." if above else ".")
    )


def _counts(moments: Mapping[str, Any]) -> list[str]:
    def ratio(x: Mapping[str, float]) -> str:
        return f"{x['predicted']:.0f} ± {1.96 * x['spread']:.0f} / {x['observed']:.0f}"

    def gain(x: Mapping[str, float]) -> str:
        return f"{x['mean']:+.4f} ({x['low']:+.4f}, {x['high']:+.4f})"

    rows = [
        ["overtimes, predicted / observed", *(ratio(x["overtimes"]) for x in moments.values())],
        ["pushes of lines at the score", *(ratio(x["pushes"]) for x in moments.values())],
        [
            "parlay log loss, joint less product",
            *(gain(x["parlay_log_loss"]["difference"]) for x in moments.values()),
        ],
    ]
    return grid(["", *moments], rows)


def _joint(x: Mapping[str, float]) -> str:
    return (
        "Over all moments the parlay's log loss by the joint distribution less that by the product "
        f"of its legs is {x['mean']:+.5f} ({x['low']:+.5f}, {x['high']:+.5f}), paired by game."
    )


def _fair(figures: Mapping[str, Any]) -> str:
    """A sentence on whether the chance of a win moves as a martingale must."""
    off = [name for name, x in figures["drift"].items() if x["low"] > 0 or x["high"] < 0]
    squares = figures["squares"]
    return (
        "Whether the win chance moves as a fair chance must: of "
        f"{len(figures['drift'])} steps between these moments, {len(off)} have a mean change whose "
        "95 % interval does not contain 0; its squared changes add up to "
        f"{squares['mean']:.4f} ({squares['low']:.4f}–{squares['high']:.4f}), and "
        f"p (1 − p) at tip-off is {figures['expected']:.4f}."
    )


def _compared(result: Mapping[str, Any]) -> set[str]:
    """The moments at which the model was compared with baselines."""
    return {name for moments in result["paired"].values() for name in moments}


def _paired(paired: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    rows = []
    for label, moments in paired.items():
        for market, title in NAMES.items():
            cells = [moments[name].get(market) for name in names]
            if all(x is None for x in cells):
                continue
            rows.append(
                [
                    f"{label}: {title}",
                    *(
                        ""
                        if x is None
                        else f"{x['mean'] * 1e4:+.0f}{'*' if x['high'] > NOTABLE else ''}"
                        for x in cells
                    ),
                ]
            )
    return grid(["baseline", *names], rows)


Results = Sequence[tuple[str, Mapping[str, Any]]]
"""Evaluations with their headings."""


def beside_one_another(seasons: Results) -> list[str]:
    """The table of one model's figures season by season, each judged by a fit without it."""
    names, rows = tuple(NAMES), []
    for heading, result in seasons:
        overall, moments = result["overall"], result["moments"]
        errors = [overall[x]["ece"] for x in names]
        cells = [x for moment in moments.values() for x in moment["markets"].values()]
        above = sum(x["ece"] > x["ece_if_perfect"] for x in cells)
        covered = [x["scores"][s]["coverage80"]["mean"] for x in moments.values() for s in SCORES]
        rows.append([
            heading,
            *(f"{overall[x]['slope']:.2f} ± {1.96 * overall[x]['slope_error']:.2f}" for x in names),
            f"{min(errors):.4f}–{max(errors):.4f}",
            f"{above} of {len(cells)}",
            f"{min(covered):.3f}–{max(covered):.3f}",
            _ratio([moments["half"]["overtimes"]]),
            *(_ratio([moments[x]["pushes"]]) for x in ("2:00", "0:30", "0:10")),
        ])  # fmt: skip
    every = [x["moments"] for _, x in seasons]
    pooled = [_pooled(seasons, x) for x in names]
    rows.append([
        "together", *pooled, "", "", "", _ratio([x["half"]["overtimes"] for x in every]),
        *(_ratio([x[at]["pushes"] for x in every]) for at in ("2:00", "0:30", "0:10")),
    ])  # fmt: skip
    head = [
        "season", *(f"slope, {NAMES[x]}" for x in names), "ECE", "cells above the 95th percentile",
        "coverage, least and most", "overtimes, predicted over observed", "pushes at 2:00",
        "0:30", "0:10",
    ]  # fmt: skip
    return [
        (
            "The same model, fitted each time without the season that it is judged on. Slopes are "
            "over all moments, with their 95 % interval by game; a slope above 1 in one season is "
            "below 1 in another."
        ),
        "",
        *grid(head, rows),
    ]


def _ratio(counts: Sequence[Mapping[str, float]]) -> str:
    predicted, observed = (sum(x[k] for x in counts) for k in ("predicted", "observed"))
    spread = sum(x["spread"] ** 2 for x in counts) ** 0.5
    return f"{predicted / observed:.2f} ± {1.96 * spread / observed:.2f}" if observed else "–"


def _pooled(seasons: Results, market: str) -> str:
    """The mean slope over seasons, each weighted by the inverse of its variance, with its 95 %."""
    figures = [x["overall"][market] for _, x in seasons]
    weights = [x["slope_error"] ** -2 for x in figures]
    mean = sum(w * x["slope"] for w, x in zip(weights, figures, strict=True)) / sum(weights)
    return f"{mean:.2f} ± {1.96 * sum(weights) ** -0.5:.2f}"


# ------------------------------------------------------------------- making the cards

MODEL_CARD = "model-card.md"
"""The name of the model card in the folder of documents."""

BEFORE = "2025-02"
"""The only season of NCAA men is fitted on its games before this month and judged on the others."""


@dataclass(frozen=True, slots=True)
class KeptFits:
    """The fits for the cards, made of the games in `data` and kept in `folder`."""

    data: Path
    folder: Path
    progress: Progress

    def kept(self, name: str, make: Callable[[], str]) -> str:
        """The text of a fit: read from the folder of fits, or made by `make` and kept there."""
        path = self.folder / f"{name}.json"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(make(), "utf-8")
        return path.read_text("utf-8")

    def without(self, data: Dataset, season: str) -> Parameters:
        """The parameters of a league, fitted without one of its seasons."""
        league = data.league.id
        rest = [x for x in PLANS[league].seasons if x != season]
        name = f"{league}-without-{season}"
        return decode(self.kept(name, lambda: fit_text(data, rest, self.progress)), name)


def games_card(fits: KeptFits, out: Path) -> None:
    """Write the model card. Raises BadDataset."""
    nba = read(fits.data, "nba")
    sections, seasons = [], []
    for season in PLANS["nba"].seasons:
        parameters = fits.without(nba, season)
        rows = _rows(nba, "nba", nba.games.season == season)
        if season == PLANS["nba"].unseen:
            judged = _whole(fits, nba, parameters, rows, f"nba-{season}")
            sections.append((f"NBA {season}", judged))
        else:
            judged = judged_alone(nba, parameters, rows, fits.progress)
        seasons.append((season, judged))
    sections += [_wnba(fits), _ncaa(fits)]
    write_card(sections, out / MODEL_CARD, seasons)


def _wnba(fits: KeptFits) -> tuple[str, dict[str, Any]]:
    data, season = read(fits.data, "wnba"), PLANS["wnba"].unseen
    assert season is not None  # noqa: S101 - the plan says so
    rows = _rows(data, "wnba", data.games.season == season)
    judged = _whole(fits, data, fits.without(data, season), rows, f"wnba-{season}")
    return f"WNBA {season}, ratings as priors", judged


def _ncaa(fits: KeptFits) -> tuple[str, dict[str, Any]]:
    data, seasons = read(fits.data, "ncaam"), PLANS["ncaam"].seasons
    early = data.games.date < BEFORE
    name = f"ncaam-before-{BEFORE}"
    text = fits.kept(name, lambda: fit_text(only(data, early), seasons, fits.progress))
    judged = _whole(fits, data, decode(text, name), (early, ~early), name)
    heading = "NCAA men, February to April 2025, fitted on the months before, ratings as priors"
    return heading, judged


def _rows(
    data: Dataset, league: str, judged: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of the games that baselines are fitted on, and of those that are judged."""
    used = np.isin(data.games.season, PLANS[league].seasons)
    return used & ~judged, judged


def _whole(
    fits: KeptFits,
    data: Dataset,
    parameters: Parameters,
    rows: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    name: str,
) -> dict[str, Any]:
    return evaluate_games(data, parameters, rows, fits.folder / name, fits.progress)


def players_card(fits: KeptFits, out: Path) -> None:
    """Write the player card. Raises BadDataset."""
    plan = PLANS[PLAYERS]
    assert plan.unseen is not None  # noqa: S101 - the plan says so
    fitted = [x for x in plan.seasons if x != plan.unseen]
    parameters = fits.without(read(fits.data, PLAYERS), plan.unseen)
    folder = fits.folder / f"players-without-{plan.unseen}"
    report.judge_with(fits.data, parameters, fitted, [plan.unseen], folder, fits.progress)
    card = (folder / report.PLAYER_CARD).read_text("utf-8")
    (out / report.PLAYER_CARD).write_text(card, "utf-8")


def main() -> None:
    """Make the cards, and print each step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="a folder of recorded games")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="where the cards go")
    parser.add_argument("--fits", type=Path, default=Path("fits"), help="where fits are kept")
    parser.add_argument("--only", choices=("games", "players"), help="one of the two cards")
    given = parser.parse_args()
    # Before the half hour of work rather than after it.
    given.out.mkdir(parents=True, exist_ok=True)
    fits = KeptFits(given.data, given.fits, each_step_once())
    if given.only != "players":
        games_card(fits, given.out)
    if given.only != "games":
        players_card(fits, given.out)


if __name__ == "__main__":
    main()
