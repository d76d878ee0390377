"""Recorded games as ESPN's site API tells them: scoreboards of a day, summaries of a game."""
