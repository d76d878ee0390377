"""Plays a made-up night against the real daemon in virtual time, and compares two accounts.

One account is what the daemon stored; the other is computed from what the hosts served.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.doubles.leap import DATABASE, play
from tests.doubles.odds_night import Night, Wager
from tests.doubles.odds_reckoning import Reckoned, expected, reckon
from tests.doubles.odds_servers import Hosts, hosts
from tracker.clock import Clock
from tracker.daemon.run import Setup, run
from tracker.domain.events import SystemEvent
from tracker.settings import load_secrets, load_settings

KEY = "a-key-that-must-not-show-0123456789"
CLOSE = 1e-9
FEATURED = ("h2h", "spreads", "totals")


@dataclass
class Trial:
    """What came of a night. `wrong` has a sentence for each difference between the two accounts."""

    hosts: Hosts
    database: Path
    events: list[str] = field(default_factory=list)
    closes: dict[str, Reckoned] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    grades: Counter[str] = field(default_factory=Counter)
    covered: int = 0
    coverable: int = 0

    @property
    def coverage(self) -> float:
        """The share of bets on featured markets that have a value, of games that were quoted."""
        return self.covered / self.coverable


def play_night(night: Night, bets: Sequence[Wager], folder: Path, *, keyed: bool = True) -> Trial:
    """Play a night from an empty database, and compare the two accounts."""
    trial = play(lambda clock: _played(night, bets, folder, clock, keyed), night.start, DATABASE)
    _compare(trial, night, bets)
    return trial


async def _played(
    night: Night, bets: Sequence[Wager], folder: Path, clock: Clock, keyed: bool
) -> Trial:
    async with hosts(night, clock.now) as (served, url):
        settings = load_settings(write_files(folder, url, bets, keyed=keyed))
        trial, stop = Trial(served, settings.store.path), asyncio.Event()

        def tell(event: SystemEvent) -> None:
            trial.events.append(f"{clock.now():%H:%M:%S} {event.name} {event.figures}")

        key = load_secrets(settings).odds_key
        daemon = run(Setup(settings, [], clock, tell, seed=1, odds_key=key), stop)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(daemon)
            for late in sorted((x for x in bets if x.added), key=lambda x: x.added or x.game.tip):
                await clock.sleep(((late.added or clock.now()) - clock.now()).total_seconds())
                with (folder / "bets.toml").open("a", encoding="utf-8") as file:
                    file.write(f"\n{_row(late)}")
            await clock.sleep((night.until - clock.now()).total_seconds())
            stop.set()
    return trial


def write_files(folder: Path, url: str, bets: Sequence[Wager], *, keyed: bool) -> Path:
    """A configuration with every host on one address, and the bets."""
    (folder / "bets.toml").write_text("\n".join(_row(x) for x in bets if x.added is None), "utf-8")
    config = folder / "tracker.toml"
    config.touch(mode=0o600)
    key = f'key = "{KEY}"\n' if keyed else ""
    config.write_text(
        f"""[store]
path = "tracker.db"
[feeds.nba]
base_url = "{url}"
[feeds.espn]
base_url = "{url}"
[notify]
console = false
[odds]
sources = ["espn", "kalshi", "polymarket", "the_odds_api"]
[odds.the_odds_api]
base_url = "{url}"
{key}[odds.kalshi]
base_url = "{url}"
[odds.polymarket]
base_url = "{url}"
clob_url = "{url}"
""",
        "utf-8",
    )
    return config


def _row(bet: Wager) -> str:
    price = "" if bet.american is None else f"odds = {bet.american}\nstake = 10.0\n"
    placed = "" if bet.placed is None else f'placed_at = "{bet.placed.isoformat()}"\n'
    return (
        f'[[bet]]\nid = "{bet.name}"\npick = "{bet.pick}"\ngame = "{bet.game.name}"\n'
        f"{price}{placed}"
    )


def rows(database: Path, query: str) -> list[dict[str, Any]]:
    """The rows of a query."""
    with closing(sqlite3.connect(database)) as db, db:
        db.row_factory = sqlite3.Row
        return [dict(x) for x in db.execute(query)]


def _compare(trial: Trial, night: Night, bets: Sequence[Wager]) -> None:
    closings = {
        x["game"]: x for x in rows(trial.database, "SELECT * FROM closing ORDER BY revision")
    }
    for game in night.contests:
        mine = trial.closes[game.id] = reckon(game, trial.hosts.told)
        told = closings.get(game.id)
        if told is None:
            trial.wrong.append(f"{game.name}: no row of a close")
        elif game.off is not None and game.on is None:
            if told["tip_at"] is not None:
                trial.wrong.append(f"{game.name}: was called off and has a close")
        else:
            _compare_close(trial, game.name, told, mine, game.tip)
    by_name = {
        x["name"]: x
        for x in rows(
            trial.database,
            "SELECT bet.name, clv.* FROM bet LEFT JOIN clv ON clv.bet = bet.number "
            "ORDER BY clv.revision",
        )
    }
    for bet in bets:
        _compare_bet(trial, bet, by_name)
    _compare_credits(trial)


def _compare_close(
    trial: Trial, name: str, told: dict[str, Any], mine: Reckoned, tip: datetime
) -> None:
    told_at = datetime.fromisoformat(told["tip_at"])
    if abs(told_at - tip) > timedelta(seconds=1):
        trial.wrong.append(f"{name}: tip-off {told_at}, was {tip}")
    for what, ours, theirs in (
        ("spread", mine.spread, told["home_spread"]), ("total", mine.total, told["total"]),
        ("home chance", mine.home, told["home_chance"]),
    ):  # fmt: skip
        if (ours is None) != (theirs is None) or abs((ours or 0) - (theirs or 0)) > CLOSE:
            trial.wrong.append(f"{name}: {what} is {theirs}, reckoned {ours}")


def _compare_bet(trial: Trial, bet: Wager, by_name: dict[str, dict[str, Any]]) -> None:
    told = by_name.get(bet.name)
    if told is None or told["grade"] is None:
        trial.wrong.append(f"{bet.name}: has no value and no reason")
        return
    grade, value, why = expected(bet, trial.closes[bet.game.id])
    trial.grades[told["grade"]] += 1
    if told["grade"] != grade:
        trial.wrong.append(f"{bet.name}: {told['grade']} ({told['reason']}), reckoned {grade}")
    elif grade == "missing" and not told["reason"].startswith(why):
        trial.wrong.append(f"{bet.name}: missing for {told['reason']}, reckoned {why}")
    elif value is not None and abs(told["ev"] - value) > CLOSE:
        trial.wrong.append(f"{bet.name}: {told['ev']}, reckoned {value}")
    quoted = bool(trial.closes[bet.game.id].fair)
    there = quoted and bet.game.off is None
    if bet.placed is None and bet.american is not None and there and bet.market in FEATURED:
        trial.coverable += 1
        trial.covered += told["grade"] in ("quoted", "converted")


def _compare_credits(trial: Trial) -> None:
    spent = rows(trial.database, "SELECT planned, cost, purpose, refused FROM credit")
    cost = sum(x["cost"] for x in spent)
    if cost != trial.hosts.used:
        trial.wrong.append(f"credits: {cost} by the rows, {trial.hosts.used} were charged")
    trial.wrong += [
        f"credits: {x['purpose']} planned {x['planned']}, cost {x['cost']}"
        for x in spent
        if x["refused"] is None
        and x["planned"] != x["cost"]
        # Markets that the source does not have are not charged.
        and not (x["purpose"].startswith("own") and x["cost"] < x["planned"])
    ]
    everything = b"".join(x.read_bytes() for x in trial.database.parent.iterdir()
                          if x.name != "tracker.toml")  # fmt: skip
    with closing(sqlite3.connect(trial.database)) as db, db:
        everything += "\n".join(db.iterdump()).encode()
    if KEY.encode() in everything or KEY in "\n".join(trial.events):
        trial.wrong.append("the key shows in the database, a file or an event")
