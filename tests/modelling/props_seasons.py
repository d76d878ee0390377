"""Small simulated seasons with players, in the format of a dataset."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path
from typing import Any

Rows = dict[str, list[Any]]

EVENTS = (
    "game_id", "season", "period", "clock_s", "home_score", "away_score", "action", "made", "side",
    "person_id", "assister_id", "players_on",
)  # fmt: skip

PLAYED = (
    "game_id", "person_id", "season", "date", "min", "pts", "reb", "ast", "stl", "blk", "tov",
    "fg3m", "name", "team",
)  # fmt: skip

LISTED = (
    "game_id", "season", "game_date", "close_total", "close_spread_home", "lines_ok",
    "team_id_home", "team_id_road",
)  # fmt: skip

SIDES = ("home", "away")


class Told:
    """A simulated game in progress: seven players a side, five on the court."""

    def __init__(self, game: str, season: str, teams: list[int], rng: random.Random) -> None:
        self.game, self.season, self.rng = game, season, rng
        self.players = {
            side: [100 * team + i for i in range(1, 8)]
            for side, team in zip(SIDES, teams, strict=True)
        }
        self.on = {side: self.players[side][:5] for side in SIDES}
        self.score = {"home": 0, "away": 0}
        self.box: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self.rows: Rows = {name: [] for name in EVENTS}
        self.period, self.clock = 0, 0.0

    def tell(self, action: str, side: str, who: int, *, made: bool = False, by: int = 0) -> None:
        """Add an event."""
        on = "|".join(map(str, sorted(self.on["home"] + self.on["away"])))
        row = (
            self.game, self.season, self.period, self.clock, self.score["home"], self.score["away"],
            action, made, side, who, by or None, on,
        )  # fmt: skip
        for column, value in zip(self.rows.values(), row, strict=True):
            column.append(value)

    def run(self, seconds: float) -> None:
        """Let the clock run."""
        self.clock -= seconds
        for side in SIDES:
            for who in self.on[side]:
                self.box[who]["min"] += seconds / 60

    def possess(self, side: str) -> None:
        """Play one possession: a shot, and what follows."""
        rng, other = self.rng, SIDES[1 - SIDES.index(side)]
        # The first player of a team shoots most.
        who = rng.choice([*self.on[side], self.on[side][0], self.on[side][0]])
        points = rng.choice([0, 0, 0, 2, 2, 3])
        if points:
            mate = rng.choice([x for x in self.on[side] if x != who])
            self.score[side] += points
            self.box[who]["pts"] += points
            self.box[who]["fg3m"] += points == 3
            self.box[mate]["ast"] += 1
            self.tell("3pt" if points == 3 else "2pt", side, who, made=True, by=mate)
            return
        self.tell("2pt", side, who)
        taker = rng.choice(self.on[other])
        self.box[taker]["reb"] += 1
        self.tell("rebound", other, taker)
        if rng.random() < 0.3:
            self.tell("foul", other, rng.choice(self.on[other]))
        if rng.random() < 0.2:
            thief = rng.choice(self.on[other])
            self.box[who]["tov"] += 1
            self.box[thief]["stl"] += 1
            self.tell("turnover", side, who)
            self.tell("steal", other, thief)

    def change(self, side: str) -> None:
        """Substitute one of the five players by one from the bench."""
        bench = [x for x in self.players[side] if x not in self.on[side]]
        off = self.rng.choice(self.on[side])
        on = self.rng.choice(bench)
        self.on[side] = [x for x in self.on[side] if x != off]
        self.tell("substitution", side, off)
        self.on[side].append(on)
        self.tell("substitution", side, on)

    def play(self) -> None:
        """Play four quarters, and overtimes until one team is ahead."""
        side = "home"
        while self.period < 4 or self.score["home"] == self.score["away"]:
            self.period += 1
            self.clock = 720.0 if self.period <= 4 else 300.0
            while True:
                seconds = self.rng.randint(8, 22)
                if seconds >= self.clock:
                    self.run(self.clock)
                    break
                self.run(seconds)
                self.possess(side)
                side = SIDES[1 - SIDES.index(side)]
                if self.rng.random() < 0.12:
                    self.change(self.rng.choice(SIDES))


def write_players(folder: Path, seasons: dict[str, tuple[int, int]]) -> None:
    """Write a season for each name, with games drawn from a seed."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    events: Rows = {name: [] for name in EVENTS}
    played: Rows = {name: [] for name in PLAYED}
    listed: Rows = {name: [] for name in LISTED}
    for season, (seed, games) in seasons.items():
        rng = random.Random(seed)  # noqa: S311 - made-up games
        for k in range(games):
            game, date = f"{season}-{k:03d}", f"{season[:4]}-11-{1 + k:02d}"
            teams = rng.sample([1, 2, 3, 4], 2)
            told = Told(game, season, teams, rng)
            told.play()
            for name, column in told.rows.items():
                events[name].extend(column)
            for who, box in told.box.items():
                counts = [float(box[x]) for x in PLAYED[4:12]]
                row = (game, who, season, date, *counts, f"player {who}", str(who // 100))
                for column, value in zip(played.values(), row, strict=True):
                    column.append(value)
            facts = (game, season, date, 224.5, -2.0, True, *map(str, teams))
            for column, value in zip(listed.values(), facts, strict=True):
                column.append(value)
    home = folder / "nba"
    home.mkdir(parents=True, exist_ok=True)
    for name, rows in (("events", events), ("player_games", played), ("games", listed)):
        pq.write_table(pa.table(rows), home / f"{name}.parquet")
