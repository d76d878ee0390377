"""Measures the usual rules over a season: alerts, the share that held, lead, and flaps spared.

    python -m benchmarks.rules --history FOLDER --season 2023-24 --games 240 --write

Three bets on each game (moneyline, spread and total at the closing lines) are followed by the real
loop at the pace of real polls. `--write` puts the table into docs/alerts.md. Without a history it
only prints how to name one.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from functools import partial
from pathlib import Path

from tracker.cli.bets.rules import NIGHT, USUAL, bets_on
from tracker.domain.game import Game
from tracker.domain.policy import ChanceRule, parse_rule
from tracker.domain.prior import Lines
from tracker.modelling.metrics import RuleFigures, TrialCourse, rule_figures
from tracker.modelling.rule_trial import Played, in_play, read_games, try_bets

PAGE = Path(__file__).parent.parent / "docs" / "alerts.md"
RULES = [x for x in map(parse_rule, USUAL) if isinstance(x, ChanceRule)]
MARK = "<!-- rules: made by benchmarks/rules.py -->"
END = "<!-- end of rules -->"


def given(lines: Lines | None, _: Game) -> Lines | None:
    """The lines given; the signature is that of a look-up by game."""
    return lines


async def courses_of(played: Played) -> list[TrialCourse]:
    """Follow the three bets on one game to their results."""
    bets = bets_on(played.game, played.lines, RULES)
    return await try_bets(played.game, bets, played.history, partial(given, played.lines))


def row(x: RuleFigures, games: int) -> str:
    """A rule's row of the table."""
    again = (x.alerts + x.again) / games
    share, promised, lead = x.share or 0.0, x.promised or 0.0, x.lead or 0.0
    return (
        f"| `{x.rule}` | {x.alerts / games:.2f} | {again:.2f} | {share:.0%} | {promised:.0%} | "
        f"{lead:.1f} min | "
        f"{x.missed / x.bets * NIGHT:.2f} | {x.naive / games:.2f} | {x.spared / x.naive:.0%} |"
    ).replace("%", " %")


def table(courses: list[TrialCourse], games: int, season: str) -> str:
    """The table, and a sentence on the games that it is made from."""
    names = (
        "rule", "alerts a game", "told at every crossing", "held", "promised", "median lead",
        "false a night",
        "a bare threshold, a game", "flaps spared",
    )  # fmt: skip
    heads = f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"
    rows = "\n".join(row(rule_figures(x, courses), games) for x in RULES)
    return (
        f"{MARK}\n\n{heads}\n{rows}\n\n{games} games of {season}, three bets each: the home team's "
        f"moneyline and spread and the over, at the closing lines.\n\n{END}"
    )


async def measure(folder: Path, season: str, most: int) -> str:
    """Play up to `most` games of a season, one after the other; returns the table."""
    courses: list[TrialCourse] = []
    games = 0
    for played in read_games(folder, "nba", season, most, with_lines=True):
        if in_play(played.history):
            courses += await courses_of(played)
            games += 1
            if games % 20 == 0:
                print(f"{games} games", flush=True)
    return table(courses, games, season)


def main() -> None:
    """Measure and print the table, and with `--write` put it into the page."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--history", type=Path)
    words.add_argument("--season", default="2023-24")
    words.add_argument("--games", type=int, default=240)
    words.add_argument("--write", action="store_true")
    asked = words.parse_args()
    if asked.history is None:
        print("name a history: python -m benchmarks.rules --history FOLDER")
        return
    told = asyncio.run(measure(asked.history, asked.season, asked.games))
    print(told)
    if asked.write:
        text = PAGE.read_text("utf-8")
        fresh = re.sub(
            re.escape(MARK) + ".*?" + re.escape(END), lambda _: told, text, flags=re.DOTALL
        )
        PAGE.write_text(fresh, "utf-8")


if __name__ == "__main__":
    main()
