"""Runs the evaluation of player lines: fits, judges, and writes tables and the player card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tracker.forecast.documents import text_of
from tracker.forecast.game.parameters import Parameters
from tracker.modelling import Progress, silent
from tracker.modelling.games import fit as games_fit
from tracker.modelling.games.report import grid
from tracker.modelling.players.evaluate import evaluate_players, judge_parlays
from tracker.modelling.players.fit import fit_players
from tracker.modelling.players.known import know

PLAYER_CARD = "player-card.md"
"""The name of the player card in the folder of an evaluation and in that of documents."""

SHOWN = ("pts", "reb", "ast", "3pm", "pra")
"""The statistics shown in the tables of coverage and baselines; the JSON has all of them."""

GROUPS = {
    "all": "all with ten games",
    "regulars": "15 minutes and more",
    "stars": "stars: 30 minutes and more",
    "blowouts": "games decided by 20 or more",
    "stars in blowouts": "stars in these",
}


def tables(result: dict[str, Any]) -> list[str]:
    """The tables of an evaluation, as lines of Markdown."""
    about = result["parameters"]
    return [
        f"# Evaluation of {about['model_version']}",
        "",
        (
            f"Fitted on {', '.join(about['fitted_on'])}; judged on "
            f"{', '.join(about['judged_on'])}, {about['games']} games. Each player's line is his "
            "own average of the season so far, for players with ten earlier games in it."
        ),
        "",
        *sections(result, "##"),
    ]


def sections(result: dict[str, Any], head: str) -> list[str]:
    """The tables, under headings that begin with `head`, such as `##`."""
    moments = result["moments"]
    return [
        f"{head} Brier scores",
        "",
        *_scores(moments),
        "",
        f"{head} How often the outcome was within the 80 % interval (randomised PIT)",
        "",
        *_coverage(moments),
        "",
        f"{head} Calibration",
        "",
        *_calibration(result),
        "",
        f"{head} Compared with the others, paired by game",
        "",
        (
            "Brier scores; below each is the model's score less it, × 10,000 (\\*: the 95 % "
            "interval contains 0). The others spread a player's season average over the time left; "
            "today's pace extends his figure so far (at half-time, to twice the half)."
        ),
        "",
        *_rivals(moments),
        "",
        f"{head} Same-game parlays with player lines",
        "",
        "Parlays on the best scorers of each side by their averages, both legs over.",
        "",
        *_parlays(result["parlays"]),
    ]


def _scores(moments: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for group, name in GROUPS.items():
        first = next(iter(next(iter(moments.values()))["stats"].values()))
        if group not in first:
            continue
        rows = [
            [stat, *(f"{x['stats'][stat][group]['brier']:.4f}" for x in moments.values())]
            for stat in next(iter(moments.values()))["stats"]
        ]
        counts = [f"{x['stats']['pts'][group]['players']:,}" for x in moments.values()]
        lines += [f"**{name}**", "", *grid(["", *moments], [["players", *counts], *rows]), ""]
    return lines[:-1]


def _coverage(moments: dict[str, Any]) -> list[str]:
    rows = []
    for stat in next(iter(moments.values()))["stats"]:
        cells = []
        for x in moments.values():
            cover = x["stats"][stat]["all"]["coverage80"]
            cells.append(f"{cover['mean']:.3f} ({cover['low']:.3f}–{cover['high']:.3f})")
        rows.append([stat, *cells])
    lines = grid(["of", *moments], rows)
    rows = []
    for stat in SHOWN:
        cells = [f"{x['stats'][stat]['stars']['coverage80']['mean']:.3f}" for x in moments.values()]
        rows.append([stat, *cells])
    return [*lines, "", "Only stars:", "", *grid(["of", *moments], rows)]


def _calibration(result: dict[str, Any]) -> list[str]:
    moments = result["moments"]
    rows = [
        [stat, f"{x['ece']:.4f}", f"{x['slope']:.3f}", f"{x['intercept']:+.3f}"]
        for stat, x in result["overall"].items()
    ]
    lines = [
        "Over all moments:",
        "",
        *grid(["", "ECE", "slope", "intercept"], rows),
        "",
        "By moment, beside the 95th percentile of perfect chances:",
        "",
    ]
    rows = []
    for stat in result["overall"]:
        figures = [x["stats"][stat]["all"] for x in moments.values()]
        rows.append([stat, *(f"{x['ece']:.4f} / {x['ece_if_perfect']:.4f}" for x in figures)])
    return [*lines, *grid(["ECE of", *moments], rows)]


def _rivals(moments: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for stat in SHOWN:
        names = list(moments["half"]["stats"][stat]["all"]["baselines"])
        own = [f"{x['stats'][stat]['all']['brier']:.4f}" for x in moments.values()]
        rows = [["the model", *own]]
        for name in names:
            scores, gaps = [], []
            for x in moments.values():
                other = x["stats"][stat]["all"]["baselines"].get(name)
                scores.append("–" if other is None else f"{other['brier']:.4f}")
                gaps.append("–" if other is None else _gap(other))
            rows += [[name, *scores], ["", *gaps]]
        lines += [f"**{stat}**", "", *grid(["", *moments], rows), ""]
    return lines[:-1]


def _gap(other: dict[str, float]) -> str:
    star = "\\*" if other["low"] <= 0 <= other["high"] else ""
    return f"{other['difference'] * 10_000:+.0f}{star}"


def _parlays(figures: dict[str, Any]) -> list[str]:
    rows = []
    for name, x in figures.items():
        kind, moment = name.split("|")
        interval = f"{x['difference']:+.4f} ({x['low']:+.4f} to {x['high']:+.4f})"
        rows.append(
            [kind, moment, f"{x['parlays']:,}", f"{x['hit']:.3f}", f"{x['joint']:.3f}",
             f"{x['product']:.3f}", interval]
        )  # fmt: skip
    head = ["both over", "at", "parlays", "won", "joint", "product", "log loss, joint less product"]
    return grid(head, sorted(rows))


INTRODUCTION = """\
# Player card

This page shows how good the chances of player lines are. [model.md](model.md#player-lines)
describes how they are made; `python -m tracker.modelling.cards` makes this page again.

**For**: telling a person how likely a line of points, rebounds, assists, threes, steals, blocks,
turnovers or their sums is to go over, at any moment of a game.
**Not for**: finding lines that beat a market. No book's player lines were available to
compare with.

## What is judged

The data are play-by-play of the NBA with the ten players on the court, and box scores. A player's
line is his own average of the season so far (overtime counts). He must have ten earlier games in
the season, have played before the moment, and play in the game (all other bets are void). A line at
a whole number, which is rare for an average, is won only by more. Lines that are already over count
with a chance of 1, for every forecast alike. The game itself is forecast by a game model of the
same seasons. Differences are paired by game, with 95 % intervals by bootstrap over games.

The form of the model was chosen with the judged season in view; its parameters were not: they are
fitted on the other seasons. The shipped parameters are fitted on all four seasons.
"""

LIMITS = """\
## Limits and known weaknesses

- The best scorer of each team beats his average as often as forecast before tip-off (49.9 % of
  2,324 against 50.3 %), and more often than forecast at half-time (47.4 %) and at the end of the
  third quarter (47.0 %). There the chances of stars (30 minutes and more) to reach their points are
  1 and 2 percentage points too low, and for the same reason two legs of such players win more often
  than their joint chance, which is still better than the product.
- Who plays is known from the list of injuries and the box; until one of them says so, everybody who
  played lately is expected. Here it was known from tip-off on.
- Threes vary a little less from player to player than the chances do (slope 1.06).
- Double-doubles forecast at 40 to 70 % come 2 to 3 points more often, because ten rebounds do: by
  shipped figures, players with 8.5 to 10.5 expected before tip-off had them .4, 1.4, 2.4 and 3.9
  points more often than said in the four seasons. They vary by 3 to 6 % less than the model has it,
  and who has ten points and nine rebounds gets the tenth: nine come 5 to 10 % more seldom, and ten
  8 to 12 % more often, than the counts beside them suggest.
- Foul trouble, injuries and rest show only in the feed's minutes, fouls and notes. A player who is
  hurt and sits on the bench without a note is forecast like a player who rests.
- Who is on the court is known while the clock runs; in a break nobody knows who comes back.
- A line with odds moves the prior by a share that is a judgement, not a fit.
- Other leagues use the NBA's parameters, flagged `transferred`. Only WNBA lines before tip-off were
  looked at, and only their spread is its own.
"""


def card(result: dict[str, Any]) -> str:
    """The player card as Markdown."""
    about = result["parameters"]
    judged = ", ".join(about["judged_on"])
    head = (
        f"`{about['model_version']}`, fitted on {', '.join(about['fitted_on'])}, judged on "
        f"{judged}: {about['games']} games."
    )
    return "\n".join(
        [
            INTRODUCTION,
            f"## The season {judged}",
            "",
            head,
            "",
            *sections(result, "###"),
            "",
            LIMITS,
        ]
    )


def judge(
    folder: Path,
    league: str,
    fitted: Sequence[str],
    judged: Sequence[str],
    out: Path,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fit games and players on the seasons `fitted`, judge players on `judged`, write into `out`.

    Raises BadDataset.
    """
    out.mkdir(parents=True, exist_ok=True)
    parameters = games_fit.fit(folder, league, fitted, out / "parameters.json", progress)
    return judge_with(folder, parameters, fitted, judged, out, progress)


def judge_with(
    folder: Path,
    parameters: Parameters,
    fitted: Sequence[str],
    judged: Sequence[str],
    out: Path,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fit players on the seasons `fitted`, judge them on `judged`, and write into `out`.

    `parameters` are those of the game model, which must not be fitted on the judged seasons.
    Raises BadDataset.
    """
    out.mkdir(parents=True, exist_ok=True)
    known = know(folder, parameters, progress)
    document = fit_players(known, fitted, progress)
    (out / "players.json").write_text(text_of(document), "utf-8")
    result = evaluate_players(known, document, judged, progress)
    result["parlays"] = judge_parlays(folder, known, document, parameters, judged, progress)
    (out / "evaluation.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    (out / "evaluation.md").write_text("\n".join(tables(result)) + "\n", "utf-8")
    (out / PLAYER_CARD).write_text(card(result), "utf-8")
    return result
