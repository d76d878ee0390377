"""Follows bets on live games: how likely each is to win, what changed, and how it ended."""

__version__ = "0.1.0"
