"""The NBA's own feed: its address, and its three documents."""

from __future__ import annotations

from datetime import date

from tracker.domain.game import GameState
from tracker.domain.league import NBA
from tracker.feeds.nba import cdn_source, reading
from tracker.feeds.source import Board, Listing

SOURCE = cdn_source.cdn_source(NBA.id, "https://www.nba.com", "00")
"""reading.nba.com, the primary source of the NBA."""

HEADERS = SOURCE.headers
"""Without them the CDN answers 403 to everything."""


def board_path() -> str:
    """Where the scoreboard of the league's current date lies; it changes over at about noon ET."""
    return SOURCE.board_path(date.min)


def box_path(game_id: str) -> str:
    """Where a game's box score lies; ValueError for what is no game id."""
    return cdn_source.box_path(game_id)


def parse_board(body: bytes) -> Board:
    """The scoreboard; FeedMalformed when it is none."""
    return reading.parse_board(body, NBA.id)


def parse_box(body: bytes) -> GameState:
    """A box score; FeedMalformed when it is none."""
    return reading.parse_box(body, NBA.id)


def parse_schedule(body: bytes) -> tuple[Listing, ...]:
    """The season's schedule; FeedMalformed when it is none."""
    return reading.parse_schedule(body, NBA.id)
