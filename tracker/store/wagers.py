"""Reads bets with all of their legs, and each of their games once."""

from __future__ import annotations

import sqlite3

from tracker.domain.bet import Bet
from tracker.domain.game import Game
from tracker.domain.policy import Rule
from tracker.store import queries as q
from tracker.store.codec.bets import bet_of
from tracker.store.codec.values import game_of


class Wagers:
    """The bets of one consistent state of the database."""

    def __init__(self, db: sqlite3.Connection, defaults: tuple[Rule, ...]) -> None:
        """`defaults` are the rules of bets that bring none."""
        self._db = db
        self._defaults = defaults
        self._rows: dict[str, sqlite3.Row] = {}
        self._games: dict[str, Game] = {}

    def bet(self, row: sqlite3.Row) -> Bet:
        """The bet of a row whose game is known."""
        legs = [(x, self.game(x["game_id"])) for x in self._db.execute(q.LEGS, (row["number"],))]
        return bet_of(row, legs, self._defaults)

    def game(self, number: str) -> Game:
        """A game by its id."""
        if number not in self._games:
            self._games[number] = game_of(self.about(number))
        return self._games[number]

    def about(self, number: str) -> sqlite3.Row:
        """The row of a game, with what is believed of it."""
        if number not in self._rows:
            self._rows[number] = self._db.execute(q.GAME, (number,)).fetchone()
        return self._rows[number]
