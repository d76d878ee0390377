"""The player card: what the forecast of players is for, how good it was, its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracker.modelling.games.report import grid
from tracker.modelling.players.report import sections

if TYPE_CHECKING:
    from pathlib import Path

INTRODUCTION = """\
# Player card

How good the chances of player lines are. [model.md](model.md#player-lines) tells how they are made;
`tracker evaluate --props` makes this page anew.

**For**: telling a person how likely a line of points, rebounds, assists, threes, steals, blocks,
turnovers or their sums is to go over, at any moment of a game.
**Not for**: finding lines that beat a market. No book's player lines were at hand to compare with.

## What is judged

Play-by-play of the NBA with the ten on the court, and box scores. A player's line is his own
average of the season so far (overtime counts); he needs ten earlier games of the season, has to
have played before the moment, and plays in the game (all other bets are void). A line at a whole
number, which is rare for an average, is beaten by more. Chances of lines that are over already are
1 and count, for every forecast alike. Games are looked at by a game model of the same seasons.
Differences are paired by game: 95 % intervals by bootstrap over games.

The form of the model was chosen while looking at the judged season, its figures were not: they are
fitted on the others. The shipped figures are then fitted on all four seasons.
"""

REFERENCE = {
    ("pts", "half"): (0.158, 0.160, 0.167, 0.190),
    ("pts", "end Q3"): (0.108, 0.110, 0.122, 0.129),
    ("reb", "half"): (0.154, 0.156, None, None),
    ("reb", "end Q3"): (0.100, 0.102, None, None),
    ("ast", "half"): (0.145, 0.146, None, None),
    ("ast", "end Q3"): (0.085, 0.086, None, None),
}
"""Brier scores on 2023-24: what was aimed at, and what a plain negative binomial, a Poisson count
and twice the half were found to have. They are met best by players of 15 minutes and more: there
these three come out within .002 of all of them."""

LIMITS = """\
## Limits and known weaknesses

- Who else plays is not looked at. When a team misses its best player, the others score more: the
  best scorer who is there beats his average more often than is said before tip-off (52 % against
  47 %), and still at half-time. For the same reason two legs of such players win more often than
  their joint chance, which is nevertheless better than the product.
- Stars (30 minutes and more) are said to reach their points at the end of the third quarter a
  little too seldom: by 2 points of chance.
- Threes and blocks vary a little less from player to player than the chances do (slope 1.07, .99).
- Foul trouble, injuries and rest are seen by the minutes, fouls and notes of the feed alone. A
  player who is hurt and sits on the bench without a note is forecast as one who rests.
- On the court is known while the clock runs; in a break nobody knows who comes back.
- A line with odds moves the prior by a share that is a judgement, not a fit.
- Other leagues use the NBA's figures, flagged `transferred`, and are not judged.
"""


def write(result: dict[str, Any], path: Path) -> None:
    """The card of an evaluation."""
    path.write_text(card(result), "utf-8")


def card(result: dict[str, Any]) -> str:
    """The card, as Markdown."""
    about = result["parameters"]
    judged = ", ".join(about["judged_on"])
    head = (
        f"`{about['model_version']}`, fitted on {', '.join(about['fitted_on'])}, judged on "
        f"{judged}: {about['games']} games."
    )
    parts = [INTRODUCTION, f"## The season {judged}", "", head, ""]
    if about["judged_on"] == ["2023-24"]:
        parts += [*_reference(result["moments"]), ""]
    return "\n".join([*parts, *sections(result, "###"), "", LIMITS])


def _reference(moments: dict[str, Any]) -> list[str]:
    rows = []
    for (stat, moment), (goal, *others) in REFERENCE.items():
        told = moments[moment]["stats"][stat]
        cells = [f"{told[x]['brier']:.4f}" for x in ("all", "regulars")]
        rivals = ["–" if x is None else f"{x:.3f}" for x in others]
        rows.append([f"{stat}, {moment}", *cells, f"{goal:.3f}", *rivals])
    head = ["Brier", "all with ten games", "15 minutes and more", "aim", "plain negative binomial",
            "Poisson", "twice the half"]  # fmt: skip
    return [
        (
            "What was aimed at, and plain models by another count of the same season, which comes "
            "nearest to players of 15 minutes and more:"
        ),
        "",
        *grid(head, rows),
    ]
