"""Polling a game: when to ask, which document to ask for, and what it reported."""
