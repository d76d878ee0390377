"""Measures what a bets file of 2,000 bets costs: reading it, matching its bets, and later changes.

`python -m benchmarks.bets_file [COUNT ...]`. The bets are on twelve games, at one stake, with and
without ids of their own. With `--beside FOLDER` the code in that folder is measured too, turn about
in the same run. Times are CPU of all threads, which a busy machine changes little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.doubles.clock import FakeClock
from tracker.daemon.watchers.followed_bets import FollowedBets
from tracker.domain.catalog import teams
from tracker.domain.game import Game, GameState, Phase, PlayerLine, Score, Side
from tracker.host import memory_settled
from tracker.settings import settings_of
from tracker.store import Store

HERE = Path(__file__).resolve()
GAMES, COUNT, REPEATS, PLAYERS = 12, 2000, 3, 10
START = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
_HALVES = 60
"""How many half points a spread of the file may have."""

_CHANGES = (
    ("one price changed", "odds = -110", "odds = -115", 1),
    ("one line changed", "over 150.5", "over 151", 1),
    ("every stake changed", "stake = 10.0", "stake = 15.0", -1),
)


def games() -> list[Game]:
    """Twelve games of one night."""
    codes = sorted(teams("nba"))
    return [
        Game(f"00226000{n:02d}", "nba", codes[2 * n], codes[2 * n + 1], START) for n in range(GAMES)
    ]


def _player(n: int, side: Side) -> str:
    first = ("Abel", "Bram", "Cato", "Dirk", "Egon", "Finn", "Gus", "Hugo", "Ivo", "Jan")
    return f"{first[n]} {side.value.title()}ley"


def _state(game: Game) -> GameState:
    players = tuple(
        PlayerLine(f"{side.value}{n}", _player(n, side), side, (), played=True)
        for side in Side
        for n in range(PLAYERS)
    )
    return GameState(game, Phase.LIVE, 1, 700.0, Score(2, 0), players=players)


def bets_toml(count: int, *, ids: bool) -> str:
    """A bets file of different bets, with parlays and player lines among them."""
    played, rows = games(), []
    for number in range(count):
        game, own = played[number % GAMES], number // GAMES
        (way, own), over = (own % 5, own // 5), 150.5 + own // 5 % 100
        match way:
            case 0:
                pick = f"{game.home} {own % _HALVES / 2 - 15:+g}"
            case 1:
                pick = f"over {over}"
            case 2:
                who = _player(own % PLAYERS, list(Side)[own // PLAYERS % 2])
                pick = f"{who} over {own % 31}.5 pts"
            case 3:
                pick = f"1H {game.away} {own % _HALVES / 2 - 15:+g}"
            case _:
                pick = f"parlay: {game.home} ML; over {over}"
        name = f'id = "b{number}"\n' if ids else ""
        rows.append(
            f'[[bet]]\n{name}pick = "{pick}"\ngame = "{game.away}@{game.home}"\n'
            f"odds = {-110 - own // _HALVES}\nstake = 10.0\n"
        )
    return "\n".join(rows)


async def measure(count: int, *, ids: bool) -> dict[str, float]:
    """Seconds of CPU of each thing that happens to a bets file."""
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        file, database = Path(folder) / "bets.toml", Path(folder) / "tracker.db"
        text = bets_toml(count, ids=ids)
        file.write_text(text, "utf-8")
        settings = settings_of(
            {"store": {"path": str(database)}, "bets": {"file": str(file)}}, file
        )
        clock = FakeClock(START - timedelta(hours=1))
        async with await Store.open(database, now=clock.now()) as store:

            async def refresh(name: str, followed: FollowedBets, *, slate: bool = False) -> None:
                begun = time.process_time()
                await followed.refresh(slate_changed=slate)
                took[name] = time.process_time() - begun

            def started() -> FollowedBets:
                return FollowedBets(store, clock, settings, lambda *_: None)

            await refresh("read", started())
            await refresh("restart, no game known", started())
            await store.save_games([(x, None) for x in games()], clock.now())
            followed = started()
            await followed.refresh()
            for game in games():
                followed.meet(_state(game))
            followed.know_slate()
            await refresh("matched to games", followed, slate=True)
            assert followed.waiting == 0, followed.waiting
            bets = {y.bet.number for x in followed.trackings() for y in x.tracked}
            assert len(bets) == count, len(bets)
            await refresh("unchanged", followed)
            followed = started()
            followed.know_slate()
            await refresh("restart", followed)
            for name, old, new, times in _CHANGES:
                assert old in text
                file.write_text(text.replace(old, new, times), "utf-8")
                await followed.refresh()
                await refresh(name, followed)
    return took


def _elsewhere(folder: Path, count: int, *, ids: bool) -> dict[str, float]:
    """What the code in a folder takes, in a process of its own."""
    command = [sys.executable, "-P", str(HERE), str(count), "--once", f"--ids={int(ids)}"]
    env = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(command, env=env, cwd=folder, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(done.stdout))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[COUNT])
    parser.add_argument("--beside", type=Path)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--ids", type=int, default=1, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        with memory_settled():
            print(json.dumps(asyncio.run(measure(given.counts[0], ids=bool(given.ids)))))
        return
    folders = [x for x in (given.beside, HERE.parent.parent) if x is not None]
    for count in given.counts:
        for ids in (True, False):
            found: list[list[dict[str, float]]] = [[] for _ in folders]
            for _ in range(REPEATS):
                for one, folder in zip(found, folders, strict=True):
                    one.append(_elsewhere(folder, count, ids=ids))
            print(f"{count} bets, {'each with an id' if ids else 'without ids'}, seconds of CPU")
            for name in found[0][0]:
                middle = (statistics.median(x[name] for x in one) for one in found)
                print(f"  {name:24}", *(f"{x:8.3f}" for x in middle))


if __name__ == "__main__":
    main()
